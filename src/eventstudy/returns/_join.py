"""Two panels of returns as one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from eventstudy.errors import DataError


def joined(one: Any, other: Any) -> dict[str, Any]:
    """Return the fields of a panel with the symbols of two, each with its source and calendar."""
    if _held(other) != _held(one):
        msg = f"a {type(one).__name__} is joined with another one, not with {type(other).__name__}; make one: ReturnPanel(frame)"
        raise DataError(msg)
    if one.kind != other.kind:
        msg = f"one panel holds {one.kind} returns, the other {other.kind} ones; load both with one kind="
        raise DataError(msg)
    frames, levels = (one.frame, other.frame), (one.levels, other.levels)
    names = [[*frame.columns, *level.columns] for frame, level in zip(frames, levels, strict=True)]
    both = [name for name in names[0] if name in set(names[1])]
    if both:
        msg = f"{both[0]!r} stands in both panels; take it from one: panel.select([…])"
        raise DataError(msg)
    if type(frames[0].index) is not type(frames[1].index) or frames[0].index.dtype != frames[1].index.dtype:
        msg = f"the bars of one panel are {frames[0].index.dtype}, those of the other {frames[1].index.dtype}; bring them to one"
        raise DataError(msg)
    if one.label and other.label and one.label != other.label:
        msg = f"the labels of one panel are the {one.label}s of its bars, those of the other the {other.label}s; bring them to one"
        raise DataError(msg)
    calendars = dict(one.calendars)
    if other.calendar != one.calendar:
        if one.calendar is None or other.calendar is None:
            msg = "one panel lies on the sessions of a calendar and the other on its own bars; load both with one calendar="
            raise DataError(msg)
        calendars |= dict.fromkeys(names[1], other.calendar)
    frame, level = (pair[0].join(pair[1], how="outer").sort_index() for pair in (frames, levels))
    return {
        "frame": frame,
        "levels": level if level.shape[1] else None,
        "quality": pd.concat([one.quality, other.quality]),
        "sources": {**one.sources, **other.sources},
        "failures": {**one.failures, **other.failures},
        "calendars": {**calendars, **other.calendars},
        "notes": replace(one.notes.joined(other.notes), closed=_closed(one, other, frame)),
        "label": one.label or other.label,
    }


def _held(panel: Any) -> str:
    """Return what a panel holds: its class, unless that is another one that knows more of its symbols."""
    return str(getattr(panel, "HOLDS", type(panel).__name__))


def _closed(one: Any, other: Any, frame: pd.DataFrame) -> dict[str, pd.DatetimeIndex]:
    """Return the sessions without trade of both: a day on which symbols of one have a return was a session for the other, too."""
    closed: dict[str, pd.DatetimeIndex] = {}
    for mine, theirs in ((one, other), (other, one)):
        for name, days in mine.notes.closed.items():
            traded = _traded(theirs, name, days)
            closed[name] = closed.get(name, days).union(days).difference(traded)
            if len(traded) and not mine.reaches_over:
                _blank_next(frame, mine, name, traded)
    return closed


def _own(panel: Any, calendar: str) -> list[str]:
    """Return the symbols of a panel on a calendar."""
    return [name for name in panel.frame.columns if panel.calendars.get(name, panel.calendar) == calendar]


def _traded(panel: Any, calendar: str, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the days on which symbols of a panel on a calendar have a return."""
    there = panel.frame.loc[panel.frame.index.isin(days), _own(panel, calendar)]
    return pd.DatetimeIndex(there.index[there.notna().any(axis=1).to_numpy()])


def _blank_next(frame: pd.DataFrame, panel: Any, calendar: str, days: pd.DatetimeIndex) -> None:
    """Make missing, in a joined frame, the returns that reach over sessions that a panel took for closed: they are of more than one."""
    bars = panel.frame.index[panel.frame.notna().any(axis=1).to_numpy()]
    at = bars.searchsorted(days)
    frame.loc[bars[at[at < len(bars)]], _own(panel, calendar)] = float("nan")
