"""Catalogues as tables: every field, the first sessions, and a page for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from html import escape
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.calendars import first_sessions, timings
from eventstudy.events.event import Event
from eventstudy.events.vocabulary import Vocabulary
from eventstudy.words import visible

_TIMES: Final = ("announced_at", "earliest", "latest")
_FLAGS: Final = ("lead", "scheduled", "doubtful")
_RATES: Final = ("rate_before", "rate_after")
_SESSION_FIELDS: Final = ("stance", "level", "tier", "actor", "target", "scope", "cluster", *_FLAGS, "alternative")
_HTML_FIELDS: Final = ("announced_at", "precision", "stance", "level", "actor", "target", "name")


def _index(events: Sequence[Event]) -> pd.Index:
    return pd.Index([event.id for event in events], dtype="str", name="event_id")


def _moments(events: Sequence[Event], key: str, timezone: str) -> pd.DatetimeIndex:
    utc = [getattr(event, key) for event in events]
    utc = [pd.NaT if moment is None else moment.tz_convert("UTC") for moment in utc]
    return pd.DatetimeIndex(utc, dtype="datetime64[us, UTC]").tz_convert(timezone)


def _column(events: Sequence[Event], key: str, timezone: str) -> Any:
    if key in _TIMES:
        return _moments(events, key, timezone)
    values = [getattr(event, key) for event in events]
    if key in _FLAGS:
        return np.array(values, dtype=bool)
    if key in _RATES:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if key == "effective_date":
        return pd.DatetimeIndex([pd.NaT if value is None else value for value in values], dtype="datetime64[us]")
    return pd.array(values, dtype="str")


def to_frame(name: str, events: tuple[Event, ...], timezone: str, words: Vocabulary) -> pd.DataFrame:
    """Return every field of every event; see `EventCatalog.to_frame`."""
    firms = any(event.symbol for event in events)
    keys = [item.name for item in fields(Event) if item.name != "id" and (firms or item.name != "symbol")]
    frame = pd.DataFrame({key: _column(events, key, timezone) for key in keys}, index=_index(events))
    # what a table has no column for; pandas carries it along, and a file of the table loses it
    frame.attrs["catalog"] = {
        "name": name,
        "timezone": timezone,
        "stances": list(words.stances),
        "levels": {stance: list(levels) for stance, levels in words.levels.items()},
        "opposed": list(words.opposed),
        "principal": words.principal,
    }
    return frame


def sessions_table(events: tuple[Event, ...], timezone: str, opposed: tuple[str, ...], calendar: str) -> pd.DataFrame:
    """Return the first sessions of the events; see `EventCatalog.sessions`."""
    moments = _moments(events, "announced_at", timezone)
    bounds = [event.interval for event in events]
    ends = pd.DatetimeIndex(
        [moment.tz_convert("UTC") for side in (0, 1) for moment in (bound[side] for bound in bounds)],
        dtype="datetime64[us, UTC]",
    )
    both = first_sessions(ends, calendar)
    earliest, latest = both[: len(events)], both[len(events) :]
    session = first_sessions(moments, calendar)
    columns: dict[str, Any] = {
        "name": _column(events, "name", timezone),
        "announced_at": moments,
        "precision": _column(events, "precision", timezone),
        "timing": pd.array(timings(moments, calendar), dtype="str"),
        "session": session,
        "session_certain": earliest == latest,
        "session_earliest": earliest,
        "session_latest": latest,
    }
    columns |= {key: _column(events, key, timezone) for key in _SESSION_FIELDS}
    conflict_with, same_session = _company(events, session, opposed)
    columns["conflict"] = np.array([text != "" for text in conflict_with], dtype=bool)
    columns["conflict_with"] = pd.array(conflict_with, dtype="str")
    columns["same_session"] = pd.array(same_session, dtype="str")
    return pd.DataFrame(columns, index=_index(events))


def _company(
    events: tuple[Event, ...], session: pd.DatetimeIndex, opposed: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """Return, for each event, the ids that contradict it on its session, and the ids of all others there."""
    groups: dict[pd.Timestamp, list[Event]] = {}
    for event, label in zip(events, session, strict=True):
        groups.setdefault(label, []).append(event)
    against, beside = [], []
    for event, label in zip(events, session, strict=True):
        group = groups[label]
        sides = [item for item in group if item.stance in opposed and item.actor != "none"]
        if len({item.stance for item in sides}) < 2:
            sides = []
        neutral = event.stance not in opposed or event.actor == "none"
        against.append(
            " ".join(item.id for item in sides if item is not event and (neutral or item.stance != event.stance))
        )
        beside.append(" ".join(item.id for item in group if item is not event))
    return against, beside


def to_html(caption: str, events: tuple[Event, ...], most: int) -> str:
    """Return the first `most` events as an HTML table; every text is escaped and its direction kept to its cell."""
    head = "".join(f"<th>{key}</th>" for key in ("event_id", *_HTML_FIELDS))
    rows = []
    for event in events[:most]:
        cells = (event.id, *(getattr(event, key) for key in _HTML_FIELDS))
        rows.append("<tr>" + "".join(f"<td><bdi>{escape(visible(str(cell)))}</bdi></td>" for cell in cells) + "</tr>")
    rest = len(events) - most
    more = f"<tr><td colspan='{len(_HTML_FIELDS) + 1}'>and {rest} more</td></tr>" if rest > 0 else ""
    return (
        f"<table><caption>{escape(visible(caption))}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}{more}</tbody></table>"
    )
