"""Labels of bars: dates, zones and datetime units are made one here, when data comes in, and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from eventstudy.calendars import SESSION_UNIT, sessions
from eventstudy.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["is_intraday", "normal_index", "session_rows"]


def normal_index(index: pd.Index, *, unique: bool = True) -> pd.Index:
    """Return an index of bars in the project's one form.

    Days become naive midnights (a day that carries a zone keeps its own date: Tokyo's 3 April stays the 3rd);
    moments within a day become UTC; anything that holds no dates is left as it is, if every label stands once.

    Raises
    ------
    eventstudy.errors.DataError
        If a label is missing or stands twice, or zones are mixed.
    """
    if index.dtype == object and len(index) and all(isinstance(label, pd.Timestamp) for label in index):
        zones = {str(label.tzinfo) for label in index}
        if len(zones) > 1:
            msg = f"the dates mix time zones ({', '.join(sorted(zones))}); bring them to one, or drop the zone of daily dates"
            raise DataError(msg)
    if index.hasnans:
        msg = f"row {int(index.isna().argmax()) + 1} has no date; fill it in or drop the row"
        raise DataError(msg)
    result = index
    if isinstance(index, pd.DatetimeIndex):
        wall = index.tz_localize(None)
        if bool((wall == wall.normalize()).all()):
            result = wall.as_unit(SESSION_UNIT)
        else:
            result = (index.tz_convert("UTC") if index.tz is not None else index).as_unit(SESSION_UNIT)
        result = pd.DatetimeIndex(result, name="date")
    twice = result[result.duplicated()]
    if unique and len(twice):
        msg = f"row label {twice[0]} stands {int((result == twice[0]).sum())} times; keep one row for each bar"
        raise DataError(msg)
    return result


def is_intraday(index: pd.Index) -> bool:
    """Whether the bars are moments within days rather than days."""
    return isinstance(index, pd.DatetimeIndex) and (index.tz is not None or bool((index != index.normalize()).any()))


def session_rows(
    frame: pd.DataFrame,
    calendar: str | None,
    calendars: Mapping[str, str],
    span: tuple[pd.Timestamp, pd.Timestamp] | None,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the frame on the sessions of its calendars, and how many prices of each symbol lie outside them.

    Sessions that the frame lacks become rows of NaN, from its first row to its last (within `span`). With several
    calendars the rows are the sessions of any of them, and a symbol has values on those of its own only.
    """
    if span is not None and isinstance(frame.index, pd.DatetimeIndex) and not is_intraday(frame.index):
        frame = frame.loc[(frame.index >= span[0].normalize()) & (frame.index <= span[1])]
    if (calendar is None and not calendars) or frame.empty:
        return frame, {}
    if not isinstance(frame.index, pd.DatetimeIndex):
        msg = f"the rows are labelled {frame.index[0]!r}, not with dates; pass calendar=None to take them as bars"
        raise DataError(msg)
    if is_intraday(frame.index):
        msg = f"the rows are moments within days ({frame.index[0]}); pass calendar=None to take them as bars"
        raise DataError(msg)
    first, last = frame.index[0], frame.index[-1]
    names = {calendars.get(str(symbol), calendar) for symbol in frame.columns}
    days = {name: frame.index if name is None else sessions(name, first, last) for name in sorted(names, key=str)}
    rows = pd.DatetimeIndex([], dtype=f"datetime64[{SESSION_UNIT}]")
    for own in days.values():
        rows = rows.union(own)
    outside: dict[str, int] = {}
    result = frame.reindex(rows)
    for symbol in frame.columns:
        own = days[calendars.get(str(symbol), calendar)]
        stray = frame[symbol].notna() & ~frame.index.isin(own)
        if stray.any():
            outside[str(symbol)] = int(stray.sum())
            result.loc[result.index.isin(frame.index[stray]), symbol] = float("nan")
    result.index = pd.DatetimeIndex(rows, name="date")
    return result, outside
