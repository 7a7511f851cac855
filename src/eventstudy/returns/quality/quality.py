"""Data quality as a value: each symbol's bars against the sessions of its own exchange."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.calendars import sessions
from eventstudy.returns._index import refuse_rows
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS
from eventstudy.returns.quality.suspicions import NOTHING, Suspicion, suspicions_of

COLUMNS: Final = (
    "source",
    "calendar",
    "first",
    "last",
    "expected",
    "present",
    "missing",
    "before_first",
    "after_last",
    "missing_dates",
    "non_session",
    "stale",
    "jumps",
    "split_like",
)
RUN: Final = 3  # longer runs of missing sessions are written as first..last


def assess(
    frame: pd.DataFrame,
    *,
    calendar: str | None,
    calendars: Mapping[str, str],
    sources: Mapping[str, str],
    notes: Any = None,
    span: tuple[pd.Timestamp, pd.Timestamp] | None = None,
    prices: bool = True,
) -> pd.DataFrame:
    """Return the quality table of a frame of prices (or of returns).

    Shapes: span (Timestamp, Timestamp).
    """
    known: dict[str | None, tuple[pd.Index, np.ndarray[Any, np.dtype[np.intp]]]] = {}
    outside: dict[str, int] = {}
    if notes is not None and not notes.off.empty:
        off = notes.off if span is None else notes.off.loc[(notes.off.index >= span[0]) & (notes.off.index <= span[1])]
        outside = off.sum().to_dict()
    values = frame.to_numpy(dtype=float)
    present = ~np.isnan(values)
    labels = frame.index
    rows = []
    for place, symbol in enumerate(frame.columns):
        name = calendars.get(str(symbol), calendar)
        if name not in known:
            bars = _expected(frame, name, span, notes)
            bars = bars if prices else bars[1:]
            known[name] = bars, bars.get_indexer(frame.index)
        bars, position = known[name]
        there = np.flatnonzero(present[:, place])
        met = position[there]
        met = met[met >= 0]
        holes = np.array([], dtype=np.intp)
        if len(met) < len(bars):  # each bar stands once
            lacking = np.ones(len(bars), dtype=bool)
            lacking[met] = False
            holes = np.flatnonzero(lacking)
        first, last = (labels[there[0]], labels[there[-1]]) if len(there) else (None, None)
        rows.append(
            {
                "source": sources.get(symbol, "given"),
                "calendar": name or "",
                "first": first,
                "last": last,
                "expected": len(bars),
                "present": len(bars) - len(holes),
                "missing": len(holes),
                "before_first": int((holes < met[0]).sum()) if len(met) else len(holes),
                "after_last": int((holes > met[-1]).sum()) if len(met) else 0,
                "missing_dates": date_runs(bars[holes], bars) if len(holes) else "",
                "non_session": outside.get(symbol, 0),
                **_suspicions(str(symbol), values[:, place], labels, prices=prices),
            }
        )
    return pd.DataFrame(rows, index=pd.Index(frame.columns, name="symbol"), columns=list(COLUMNS))


def _suspicions(symbol: str, values: Floats, labels: pd.Index, *, prices: bool) -> Suspicion:
    """Return what is suspicious about prices; an index of volatility and a yield have no splits."""
    if not prices:
        return NOTHING
    found = suspicions_of(values, labels)
    return {**found, "split_like": ""} if symbol in LEVEL_SYMBOLS else found


def knowledge(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a quality table that the dates alone do not tell, such as the bars at which a code stood."""
    return table[[name for name in table.columns if name not in COLUMNS or name == "non_session"]]


def _expected(
    frame: pd.DataFrame, name: str | None, span: tuple[pd.Timestamp, pd.Timestamp] | None, notes: Any
) -> pd.Index:
    if name is None or frame.empty:
        return frame.index
    refuse_rows(frame.index)
    first, last = span if span is not None else (frame.index[0], frame.index[-1])
    known = sessions(name, pd.Timestamp(first), pd.Timestamp(last))
    return known if notes is None or name not in notes.closed else known.difference(notes.closed[name])


def date_runs(lacking: pd.Index, bars: pd.Index) -> str:
    """Return the missing bars in words: each by its date, long runs of neighbours as ``first..last``.

    Examples
    --------
    >>> bars = pd.date_range("2025-03-03", periods=10, freq="B")
    >>> date_runs(bars[[0, 3, 4, 5, 6, 7]], bars)
    '2025-03-03 2025-03-06..2025-03-12'
    """
    if not len(lacking):
        return ""
    position = bars.get_indexer(lacking)
    words: list[str] = []
    start = 0
    for here in range(1, len(position) + 1):
        if here < len(position) and position[here] == position[here - 1] + 1:
            continue
        if here - start > RUN:
            words.append(f"{_word(lacking[start])}..{_word(lacking[here - 1])}")
        else:
            words += [_word(label) for label in lacking[start:here]]
        start = here
    return " ".join(words)


def _word(label: object) -> str:
    if not isinstance(label, pd.Timestamp):
        return str(label)
    return label.strftime("%Y-%m-%d") if label == label.normalize() and label.tzinfo is None else label.isoformat()
