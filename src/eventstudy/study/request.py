"""What was asked to be studied: events, and with which symbols."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray
from pandas.api.types import is_hashable

from eventstudy.dates import read_stamp
from eventstudy.errors import StudyError
from eventstudy.words import brief


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
        The symbol of each row; None: every event with every symbol of the panel.
    frame : DataFrame
        What else is known of the events, one row an event.
    """

    event_id: ExtensionArray
    moments: pd.DatetimeIndex | None
    bars: pd.Index | None
    symbol: pd.Series[Any] | None
    frame: pd.DataFrame


def read_request(events: Any) -> Request:
    """Read a catalogue or a frame of events or of pairs."""
    if not isinstance(events, pd.DataFrame):
        table = _catalog_frame(events)
        _some_events(len(table))
        return Request(_ids(table.index), moments_of(table["announced_at"]), None, None, table)
    if events.columns.nlevels > 1:
        msg = f"events need one row of column names, not {events.columns.nlevels} ({events.columns[0]!r} …)"
        raise StudyError(msg)
    twice = events.columns[events.columns.duplicated()]
    if len(twice):
        msg = f"events: column {twice[0]!r} stands twice; keep one"
        raise StudyError(msg)
    frame = events if "event_id" in events.columns else events.reset_index()
    _some_events(len(frame))
    if "event_id" not in frame.columns:
        msg = f"events need a column 'event_id'; {_has(events, 'event_id')}"
        raise StudyError(msg)
    given = [name for name in ("announced_at", "bar") if name in frame.columns]
    if not given:
        msg = (
            "events need a column 'announced_at' (time-zone aware moments) or 'bar' (labels of the panel's index); "
            f"{_has(frame, 'announced_at', 'bar')}"
        )
        raise StudyError(msg)
    if "ticker" in frame.columns and "symbol" not in frame.columns:
        msg = (
            "events: column 'ticker' is not read; rename it to 'symbol', or drop it to study every symbol of the panel"
        )
        raise StudyError(msg)
    bars = pd.Index(frame["bar"]) if "bar" in given else None
    moments = moments_of(frame["announced_at"]) if bars is None else None
    symbol = frame["symbol"] if "symbol" in frame.columns else None
    if frame["event_id"].isna().any():
        msg = f"column 'event_id' is empty in row {int(np.flatnonzero(pd.isna(frame['event_id']))[0])}"
        raise StudyError(msg)
    _each_once(frame, "bar" if bars is not None else "announced_at")
    return Request(_ids(frame["event_id"]), moments, bars, symbol, frame)


def _ids(column: pd.Series[Any] | pd.Index) -> ExtensionArray:
    """Return ids as an array of one kind."""
    ids: ExtensionArray = pd.array(column.to_numpy(object)) if column.dtype == object else column.array
    return ids


ALIASES: Final = {
    "event_id": ("id", "event", "eventid"),
    "announced_at": ("announced", "timestamp", "time", "datetime"),
    "bar": ("date", "day", "session", "event_date"),
}
"""What people call these columns."""


def _has(frame: pd.DataFrame, *wanted: str) -> str:
    """Return what columns a frame has, and which of them is perhaps meant."""
    has = f"the frame has {', '.join(map(str, frame.columns))}"
    meant = [(name, want) for want in wanted for name in frame.columns if str(name).lower() in ALIASES[want]]
    return f"{has}: rename {meant[0][0]!r} to {meant[0][1]!r}?" if meant else has


def _each_once(frame: pd.DataFrame, when: str) -> None:
    """Refuse a row that stands twice: it would count as two events."""
    _hashable(frame, "event_id")
    if frame["event_id"].is_unique:
        return
    keys = ["event_id", when, *(["symbol"] if "symbol" in frame.columns else [])]
    for key in keys:
        _hashable(frame, key)
    twice = frame.duplicated(keys).to_numpy()
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        said = ", ".join(f"{key} {frame[key].iloc[row]}" for key in keys)
        msg = f"events: row {row} repeats an earlier one ({said}); {int(twice.sum())} such rows: drop them, or give each event its own id"
        raise StudyError(msg)


def _hashable(frame: pd.DataFrame, key: str) -> None:
    """Refuse a cell that is a list, a mapping or the like, where one is to be told from another."""
    if frame[key].dtype != object:
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
    if not hasattr(events, "to_frame"):
        msg = f"events must be an EventCatalog or a DataFrame, not {type(events).__name__}"
        raise StudyError(msg)
    frame: pd.DataFrame = events.to_frame()
    return frame


def _some_events(count: int) -> None:
    if count == 0:
        msg = "there is no event to study: the catalogue or selection is empty"
        raise StudyError(msg)
