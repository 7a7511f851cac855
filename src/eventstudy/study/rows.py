"""Rows of a result: which were studied, and the labels that go back on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.study.design import days_said
from eventstudy.study.fitted import Fitted, Part


def studied_rows(result: Fitted) -> Ints:
    """Return the rows of the request that are studied, in the order asked for."""
    if len(result.parts) == 1:
        return result.parts[0].rows
    return np.sort(np.concatenate([part.rows for part in result.parts]))


def subset(result: Fitted, chosen: NDArray[np.bool_]) -> Fitted:
    """Return a result of some of its studied rows; nothing is estimated again."""
    rows = studied_rows(result)[chosen]
    parts = []
    for part in result.parts:
        keep = np.flatnonzero(np.isin(part.rows, rows))
        if keep.size:
            parts.append(replace(part, rows=part.rows[keep], abnormal=part.abnormal.take(keep)))
    return replace(result, parts=tuple(parts))


def gather(result: Fitted, pieces: list[Any]) -> Any:
    """Return per-part arrays as one, in the order of the request."""
    if len(pieces) == 1:
        return pieces[0]
    order = np.argsort(np.concatenate([part.rows for part in result.parts]), kind="stable")
    return np.concatenate(pieces)[order]


def day0_labels(result: Fitted, rows: Ints) -> pd.Index:
    """Return the label of relative day 0 of each of the studied rows `rows`."""
    if len(result.parts) == 1:
        part = result.parts[0]
        label: pd.Index = part.aligned.bars.take(part.abnormal.day0)
        return label
    labels = np.concatenate([part.aligned.bars.to_numpy()[part.abnormal.day0] for part in result.parts])
    at = np.concatenate([part.rows for part in result.parts])
    joined: pd.Index = pd.Index(labels[np.argsort(at, kind="stable")][: rows.size])
    return joined


def calendars(result: Fitted) -> list[Part]:
    """Return one part of each calendar: where events lie is the same for all of them."""
    return list({part.aligned.calendar: part for part in reversed(result.parts)}.values())[::-1]


def estimated_on(result: Fitted) -> list[str]:
    """Return in words, for each part, the days on which it is estimated; nothing where all are as is usual, before the event."""
    if result.study.estimation_words:  # inside the day: sessions, event by event
        return []
    study = result.study.estimation_window
    usual = study.after is None and all(tuple(part.abnormal.inputs.pieces) == study.pieces for part in result.parts)
    return [] if usual else [days_said(part.abnormal.inputs.pieces) for part in result.parts]


def markets_of(result: Fitted) -> list[str]:
    """Return the market of each part; nothing where there is one for all."""
    names = [str(getattr(part.abnormal.model, "market", "")) for part in result.parts]
    return names if len(set(names)) > 1 else []


def own_windows(result: Fitted) -> str:
    """Say how many security-events have an estimation window of their own; nothing if none has."""
    if result.study.estimation_words:
        return ""
    usual = result.study.estimation_window.pieces
    own = sum(part.rows.size for part in result.parts if tuple(part.abnormal.inputs.pieces) != usual)
    return f"; {own} of {result.n} security-events have a window of their own" if own else ""


def some(result: Fitted, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of averages; without its rows where nothing was studied."""
    return table if result.n else table.iloc[:0]


def n_sessions(result: Fitted) -> int:
    """Return the number of distinct sessions of relative day 0."""
    return len(day0_labels(result, studied_rows(result)).unique())


def headline(result: Fitted) -> str:
    """Return the one line that a result is known by."""
    gone = int((result.status != Exclusion.STUDIED).sum())
    return f"StudyResult: {result.n} security-events in {sessions(n_sessions(result))}, {gone} excluded"


def sessions(count: int) -> str:
    """Write a number of sessions."""
    return f"{count} session" if count == 1 else f"{count} sessions"


def window_text(window: tuple[int, int]) -> str:
    """Write a window as people read it.

    Examples
    --------
    >>> window_text((0, 0)), window_text((0, 1)), window_text((-5, -1))
    ('day 0', 'days 0 to +1', 'days −5 to −1')
    """

    def day(value: int) -> str:
        return f"+{value}" if value > 0 else str(value).replace("-", "−")

    first, last = window
    return f"day {day(first)}" if first == last else f"days {day(first)} to {day(last)}"


def short_window(result: Fitted) -> tuple[int, int]:
    """Return days 0 and +1, as far as the event window has them; else the whole of it."""
    begin, end = result.study.window
    days = [day for day in (0, 1) if begin <= day <= end]
    return (days[0], days[-1]) if days else (begin, end)


def usual_windows(result: Fitted) -> tuple[tuple[int, int], ...]:
    """Return day 0, the window of the charts, and the whole event window, each once."""
    begin, end = result.study.window
    day0 = [(0, 0)] if begin <= 0 <= end else []
    return tuple(dict.fromkeys([*day0, short_window(result), (begin, end)]))


def one_series(result: Fitted) -> bool:
    """Whether all that is studied is one series, so that events of one session are one observation."""
    return np.unique(result.symbol[studied_rows(result)]).size == 1


def _bar_labels(part: Part, bars: pd.Index, first: int, length: int) -> Any:
    at = part.abnormal.day0[:, None] + np.arange(first, first + length)
    inside = (at >= 0) & (at < len(bars))
    values = bars.to_numpy()[at.clip(0, len(bars) - 1)]
    if isinstance(bars, pd.DatetimeIndex):
        # in the unit of the bars: from numpy 2.5 on a NaT without a unit warns
        return np.where(inside, values, np.array("NaT", values.dtype)) if bars.tz is None else _aware(values, inside)
    return np.where(inside, values, None)


def _aware(values: Any, inside: NDArray[np.bool_]) -> Any:
    stamps = values.astype(object)
    stamps[~inside] = pd.NaT
    return stamps


def keys(result: Fitted, rows: Ints) -> pd.DataFrame:
    """Return event_id, symbol and session of the studied rows `rows`: what each table by security-event begins with."""
    return pd.DataFrame(_keys(result, rows))


def _keys(result: Fitted, rows: Ints) -> dict[str, Any]:
    return {
        "event_id": _event_ids(result, rows),
        "symbol": _symbols(result, rows),
        "session": day0_labels(result, rows),
    }


def _event_ids(result: Fitted, rows: Ints) -> Any:
    """Return the ids of events; those merged into one are joined by a plus sign."""
    found = result.request.event_id.take(result.event[rows])
    if not result.merged:
        return found
    names = np.array(found, dtype=object)
    for at, row in enumerate(rows.tolist()):
        if row in result.merged:
            parts = [result.event[row], *result.merged[row]]
            names[at] = "+".join(dict.fromkeys(str(result.request.event_id[part]) for part in parts))
    return pd.array(names, dtype="str")


def _symbols(result: Fitted, rows: Ints) -> Any:
    return pd.array(list(result.symbols), dtype="str").take(result.symbol[rows])


def _text(label: Any) -> str:
    if isinstance(label, pd.Timestamp) and label == label.normalize():
        return f"{label:%Y-%m-%d}"
    return str(label)
