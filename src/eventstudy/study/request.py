"""What was asked to be studied: events, and with which symbols."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from pandas.api.types import is_hashable

from eventstudy.dates import read_stamp
from eventstudy.errors import StudyError
from eventstudy.frames import as_pandas, named_levels_as_columns, unflagged
from eventstudy.returns.quality.plausible import DataWarning
from eventstudy.returns.tables.names import plain
from eventstudy.study.who import READ, refuse_timing, security_column, wanted_symbols
from eventstudy.words import brief, in_a_row


@dataclass(frozen=True, slots=True)
class Request:
    """Events as asked for.

    Attributes
    ----------
    event_id : (E,) pandas array
        Ids, in the order of the tables.
    moments : DatetimeIndex or None
        Announcement moments, time-zone aware.
    bars : pandas.Index or None
        Labels of relative day 0, where those were given instead.
    symbol : Series or None
        The symbol of each row; None: every event with every symbol of `crossed`.
    frame : DataFrame
        What else is known of the events, one row an event.
    crossed : tuple of str
        The symbols that every event meets, where rows name none; none: all of the panel.
    """

    event_id: ExtensionArray
    moments: pd.DatetimeIndex | None
    bars: pd.Index | None
    symbol: pd.Series[Any] | None
    frame: pd.DataFrame
    crossed: tuple[str, ...] = ()


def read_request(events: Any, held: Collection[str] = (), symbols: Any = None) -> Request:
    """Read a catalogue or a frame of events or of pairs; `held` are the panel's symbols, `symbols` as in `EventStudy.fit`."""
    crossed, events = wanted_symbols(symbols), as_pandas(events, StudyError)
    if not isinstance(events, pd.DataFrame):
        table = _catalog_frame(events)
        _some_events(len(table))
        symbol = None if crossed is not None else _firms(table)
        return Request(_ids(table.index), moments_of(table["announced_at"]), None, symbol, table, crossed or ())
    frame = _columns_named(unflagged(events))
    _some_events(len(frame))
    given = [name for name in ("announced_at", "bar") if name in frame.columns]
    needs = [] if "event_id" in frame.columns else ["a column 'event_id'"]
    needs += (
        [] if given else ["a column 'announced_at' (time-zone aware moments) or 'bar' (labels of the panel's index)"]
    )
    if needs:
        msg = f"events need {', and '.join(needs)}; {_has(frame, *([] if 'event_id' in frame else ['event_id']), *([] if given else ['announced_at', 'bar']))}"
        raise StudyError(msg)
    bars = pd.Index(frame["bar"]) if "bar" in given else None
    moments = moments_of(frame["announced_at"]) if bars is None else None
    column = security_column(frame, held, crossed=crossed is not None)
    if column is not None and column != "symbol":
        frame = frame.assign(symbol=frame[column])
    symbol = frame["symbol"] if column is not None else None
    if frame["event_id"].isna().any():
        msg = f"column 'event_id' is empty in row {int(np.flatnonzero(pd.isna(frame['event_id']))[0])}"
        raise StudyError(msg)
    _each_once(frame, "bar" if bars is not None else "announced_at", named=column is not None)
    if column is None and crossed is None and len(held) > 1:
        msg = (
            f"the events have no column 'symbol', so that each is studied with each of the {len(held)} symbols of the panel; if that is "
            "meant say so: fit(…, symbols='all')"
        )
        warnings.warn(msg, DataWarning, stacklevel=4)
    if bars is not None:
        refuse_timing(frame)
    return Request(_ids(frame["event_id"]), moments, bars, symbol, frame, crossed or ())


def _columns_named(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events with named row labels as columns, and under their own names the columns that are read."""
    if events.columns.nlevels > 1:
        msg = f"events need one row of column names, not {events.columns.nlevels} ({events.columns[0]!r} …)"
        raise StudyError(msg)
    odd = next((name for name in events.columns if not is_hashable(name)), None)
    if odd is not None:
        msg = f"events: {brief(repr(odd))} is a {type(odd).__name__}, which names no column; give it a text"
        raise StudyError(msg)
    labels: list[Any] = events.columns.tolist() if events.columns.dtype == object else []
    if any(name is pd.NA for name in labels):  # it can be compared with no name
        events = events.set_axis([None if name is pd.NA else name for name in labels], axis=1)
    twice = events.columns[events.columns.duplicated()]
    if len(twice):
        msg = f"events: column {twice[0]!r} stands twice; keep one"
        raise StudyError(msg)
    frame = named_levels_as_columns(events, "events", StudyError)
    meant = {plain(name): name for name in READ}
    names = [meant.get(plain(name), name) for name in frame.columns]
    doubled = next((name for name in READ if names.count(name) > 1), None)
    if doubled is not None:
        both = [str(name) for name in frame.columns if plain(name) == plain(doubled)]
        msg = f"events: columns {both[0]!r} and {both[1]!r} are both {doubled!r}; keep one"
        raise StudyError(msg)
    return frame.set_axis(names, axis=1) if names != list(frame.columns) else frame


def _ids(column: pd.Series[Any] | pd.Index) -> ExtensionArray:
    """Return ids as an array of one kind."""
    try:
        ids: ExtensionArray = pd.array(column.to_numpy(object)) if column.dtype == object else column.array
    except UnicodeEncodeError:
        row = next(at for at, value in enumerate(column) if isinstance(value, str) and not value.isprintable())
        msg = f"events: column 'event_id', row {row}: {brief(repr(column.iloc[row]))} is no text that can be written; mend it"  # type: ignore[union-attr]
        raise StudyError(msg) from None
    return ids


ALIASES: Final = {
    "event_id": ("id", "event", "eventid"),
    "announced_at": ("announced", "timestamp", "time", "datetime"),
    "bar": ("date", "day", "session", "event_date"),
}
"""What people call these columns."""


def _has(frame: pd.DataFrame, *wanted: str) -> str:
    """Return what columns a frame has, and which of them is perhaps meant."""
    has = f"the frame has {in_a_row(frame.columns)}"
    meant = [(name, want) for want in wanted for name in frame.columns if str(name).lower() in ALIASES[want]]
    return f"{has}: rename {meant[0][0]!r} to {meant[0][1]!r}?" if meant else has


def _each_once(frame: pd.DataFrame, when: str, *, named: bool) -> None:
    """Refuse a row that stands twice: it would count as two events."""
    _hashable(frame, "event_id")
    if frame["event_id"].is_unique:
        return
    keys = ["event_id", when, *(["symbol"] if named else [])]
    for key in keys:
        _hashable(frame, key)
    twice = frame.duplicated(keys).to_numpy()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        said = ", ".join(f"{key} {brief(frame[key].iloc[row])}" for key in keys)
        msg = f"events: row {row} repeats an earlier one ({said}); {int(twice.sum())} such rows: drop them, or give each event its own id"
        raise StudyError(msg)


def _hashable(frame: pd.DataFrame, key: str) -> None:
    """Refuse a cell that is a list, a mapping or the like, where one is to be told from another."""
    kind = frame[key].dtype
    nested = isinstance(kind, pd.ArrowDtype) and kind.kind == "O"  # lists of Arrow, and dates
    if frame[key].dtype != object and not nested:
        return
    row = next((at for at, value in enumerate(frame[key]) if not is_hashable(value)), None)
    if row is not None:
        value = frame[key].iloc[row]
        msg = (
            f"events: column {key!r}, row {row}: {brief(repr(value))} is a {type(value).__name__}, which names nothing; give "
            "text, a number or a date"
        )
        raise StudyError(msg)


def moments_of(column: pd.Series[Any]) -> pd.DatetimeIndex:
    """Return announcement moments, all with a time zone."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(column)
    else:
        index = pd.DatetimeIndex([_moment(row, value) for row, value in enumerate(column.tolist())])
    if index.hasnans:
        msg = f"column 'announced_at' is empty in row {int(np.flatnonzero(index.isna())[0])}; give a moment or drop the row"
        raise StudyError(msg)
    return index


def _moment(row: int, value: Any) -> Any:
    """Return one announcement in UTC; NaT where there is none."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return pd.NaT
    place = f"column 'announced_at', row {row}: {brief(value)}"
    if isinstance(value, numbers.Real):
        msg = f"{place} is a number, not a moment with its time zone"
        raise StudyError(msg)
    try:
        stamp = read_stamp(value)
    except ValueError as error:
        msg = f"{place} is no moment; write it as 2025-04-02 16:26-04:00, with its time zone"
        raise StudyError(msg) from error
    if stamp.tzinfo is None:
        msg = f"{place} has no time zone; localise the column, such as with .dt.tz_localize('America/New_York')"
        raise StudyError(msg)
    return stamp.tz_convert("UTC")


def _catalog_frame(events: Any) -> pd.DataFrame:
    if not hasattr(events, "to_frame") or isinstance(events, (pd.Series, pd.Index)):
        msg = f"events must be an EventCatalog or a DataFrame, not {type(events).__name__}"
        raise StudyError(msg)
    frame: pd.DataFrame = events.to_frame()
    return frame


def _firms(table: pd.DataFrame) -> pd.Series[Any] | None:
    """Return the security of each event of a catalogue with one firm a row; None where no event names one."""
    if "symbol" not in table.columns:
        return None
    named = (table["symbol"] != "").to_numpy()
    if not named.any():
        return None
    if not named.all():
        msg = (
            f"event {table.index[~named][0]!r} of the catalogue names no symbol, and others do; name one for each, or study each event with "
            "every symbol: fit(…, symbols='all')"
        )
        raise StudyError(msg)
    return table["symbol"]


def _some_events(count: int) -> None:
    if count == 0:
        msg = "there is no event to study: the catalogue or selection is empty"
        raise StudyError(msg)
