"""Abnormal returns in rows: each day of each security-event, and their sums over a window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.study.aligned import Aligned
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.panels import LogVolume
from eventstudy.study.rows import (
    _bar_labels,
    _event_ids,
    _keys,
    _symbols,
    estimated_on,
    gather,
    markets_of,
    studied_rows,
    window_text,
)
from eventstudy.study.tables.marks import KINDS, flags_of


def tidy(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.tidy`."""
    rows = studied_rows(result)
    first, last = result.study.window
    length = last - first + 1
    error = gather(result, [part.abnormal.ar_se() for part in result.parts])
    ar = gather(result, [part.abnormal.ar for part in result.parts])
    degenerate = gather(result, [part.abnormal.degenerate for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        sar = np.where(degenerate[:, None], np.nan, ar / error)
    labels = [part.aligned.bars for part in result.parts]
    session = gather(
        result, [_bar_labels(part, bars, first, length) for part, bars in zip(result.parts, labels, strict=True)]
    )
    return pd.DataFrame(
        {
            "event_id": _event_ids(result, rows).repeat(length),
            "symbol": _symbols(result, rows).repeat(length),
            "relative_day": np.tile(np.arange(first, last + 1), rows.size),
            "session": session.ravel(),
            "ar": ar.ravel(),
            "se": error.ravel(),
            "sar": sar.ravel(),
        }
    )


def car(result: Fitted, window: tuple[int, int], missing: Any) -> pd.DataFrame:
    """See `StudyResult.car`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    rows = studied_rows(result)
    made = [part.abnormal.car(*window, missing) for part in result.parts]
    value, error, count = (gather(result, [piece[at] for piece in made]) for at in range(3))
    df = gather(result, [part.abnormal.df for part in result.parts])
    degenerate = gather(result, [part.abnormal.degenerate for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        scar = np.where(degenerate | ~(error > 0), np.nan, value / error)
    numbers = {"car": value, "se": error, "scar": scar, "t": scar, "df": df, "pvalue": 2.0 * stdtr(df, -np.abs(scar))}
    flag = _flags(result, rows, window, count)
    told = {
        name: pd.array(
            gather(result, [np.full(p.rows.size, one, object) for p, one in zip(result.parts, words, strict=True)]),
            dtype="str",
        )
        for name, words in (("market", markets_of(result)), ("estimation", estimated_on(result)))
        if words
    }
    return pd.DataFrame(_keys(result, rows) | numbers | {"n_bars": count, "flag": flag} | told, copy=False)


def _flags(result: Fitted, rows: Ints, window: tuple[int, int], count: Ints) -> Any:
    """Return what a reader must know of each security-event, as words joined by spaces."""
    length = window[1] - window[0] + 1
    near = _neighbours(result, rows, length)
    returns = not isinstance(result.panel, LogVolume)
    wrong = flags_of(result, window)
    marks: dict[str, NDArray[np.bool_]] = {
        "same_bar": near[0],
        "overlap": near[1],
        "cut": gather(result, [_cut(part, window) for part in result.parts]),
        "missing": count < length,
        "outside_session": gather(result, [_outside(result, part) for part in result.parts]),
        "to_close": gather(result, [_to_close(part, window) for part in result.parts]),
        "session_uncertain": gather(result, [part.placed.uncertain[result.event[part.rows]] for part in result.parts]),
        "off_calendar": gather(result, [off_days(part.aligned, part.abnormal, window) for part in result.parts]),
        "moved": gather(result, [part.placed.moved[result.event[part.rows]] for part in result.parts]),
        "degenerate_sigma": gather(
            result, [part.abnormal.degenerate & ~np.isnan(part.abnormal.sigma) for part in result.parts]
        ),
        "no_history": gather(result, [np.isnan(part.abnormal.sigma) for part in result.parts]),
        "suspect_return": gather(result, [part.abnormal.suspect for part in result.parts]) & returns,
        "ols_fallback": gather(result, [part.abnormal.fallback for part in result.parts]),
    }
    for kind in KINDS:
        if any(kind in part for part in wrong):
            none = [np.zeros(part.rows.size, dtype=bool) for part in result.parts]
            found = gather(result, [part.get(kind, no) for part, no in zip(wrong, none, strict=True)])
            marks[kind] = found | marks.get(kind, found)
    code = np.zeros(rows.size, dtype=np.int64)
    for at, mark in enumerate(marks.values()):
        if mark.any():
            code |= mark.astype(np.int64) << at
    present = np.flatnonzero(np.bincount(code, minlength=1 << len(marks)))
    words = [" ".join(name for at, name in enumerate(marks) if value >> at & 1) for value in present.tolist()]
    return pd.array(words, dtype="str").take(np.searchsorted(present, code))


def cut_sentence(result: Fitted, windows: Iterable[Window]) -> str:
    """Say how many windows the data do not hold to their end; nothing where they hold all."""
    cut = (
        {window: int(gather(result, [_cut(part, window) for part in result.parts]).sum()) for window in windows}
        if result.n
        else {}
    )
    told = [f"{count} of {window_text(window)}" for window, count in cut.items() if count]
    return f" Windows cut by the end of the data: {', '.join(told)}." if told else ""


def _neighbours(result: Fitted, rows: Ints, length: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which security-events share their bar, and whose windows meet those of another bar, within a security."""
    bars = max(part.aligned.returns.shape[1] for part in result.parts)
    # securities laid end to end, too far apart for windows to meet
    key = result.symbol[rows] * (bars + length) + gather(result, [part.abnormal.day0 for part in result.parts])
    order = np.argsort(key)
    gap = np.diff(key[order])
    same, near = gap == 0, (gap > 0) & (gap < length)
    if not same.any() and not near.any():
        return np.zeros(key.size, dtype=bool), np.zeros(key.size, dtype=bool)
    group = np.concatenate([[0], np.cumsum(~same)])  # security-events of one bar
    size = int(group[-1]) + 1
    many, touched = np.bincount(group, minlength=size) > 1, np.zeros(size, dtype=bool)
    touched[group[1:][near]] = True
    touched[group[:-1][near]] = True
    shared, meets = np.empty(key.size, dtype=bool), np.empty(key.size, dtype=bool)
    shared[order], meets[order] = many[group], touched[group]
    return shared, meets


def off_days(aligned: Aligned, abnormal: AbnormalReturns, window: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which security-events have, in a window, a day of the data that is no session, put together with the next."""
    off, day0 = aligned.off, abnormal.day0
    if off is None:
        return np.zeros(day0.size, dtype=bool)
    at = day0[:, None] + np.arange(window[0], window[1] + 1)
    inside = (at >= 0) & (at < off.shape[1])
    return np.asarray((off[abnormal.security[:, None], at.clip(0, off.shape[1] - 1)] & inside).any(axis=1))


def _outside(result: Fitted, part: Part) -> NDArray[np.bool_]:
    """Return which moments lie outside trading hours, so that day 0 is the overnight or the opening bar."""
    outside = part.placed.outside
    return np.zeros(part.rows.size, dtype=bool) if outside is None else outside[result.event[part.rows]]


def _to_close(part: Part, window: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which windows, within days, end with their session before they are full."""
    day0, hours = part.abnormal.day0, part.aligned.hours
    if hours is None:
        return np.zeros(day0.size, dtype=bool)
    day = hours.clock.day
    return np.asarray(day[(day0 + window[1]).clip(0, day.size - 1)] > day[day0])


def _cut(part: Part, window: tuple[int, int]) -> NDArray[np.bool_]:
    day0 = part.abnormal.day0
    return np.asarray((day0 + window[0] < 0) | (day0 + window[1] >= part.aligned.returns.shape[1]))
