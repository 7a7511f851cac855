"""Averages inside the day: their interval is that of the same clock times on other days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.abnormal.intraday.inside import Inside
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.rows import _event_ids, _symbols, gather, studied_rows
from eventstudy.study.window_sample import window_sample


def is_inside(result: Fitted) -> bool:
    """Whether a result is of bars within days under an `IntradayModel`."""
    return any(part.aligned.hours is not None for part in result.parts)


def refuse_inside(result: Fitted, what: str) -> None:
    """Stop where a table needs one estimation window an event."""
    if is_inside(result):
        msg = f"{what} needs one estimation window an event, and inside the day each session has its own; ask car(), caar(), tests() or speed()"
        raise StudyError(msg)


def mean_inside(result: Fitted, window: Window, level: float) -> dict[str, Any]:
    """Return the cells of one average: the mean CAR, with the interval of `matched_clock`."""
    from eventstudy.inference.registry import run  # noqa: PLC0415  slow to import: only those who test pay

    found = run("matched_clock", window_sample(result, window, placebo=False, empty=True), level=level)
    return {
        "caar": found.estimate,
        "se": found.se,
        "low": found.ci[0],
        "high": found.ci[1],
        "n": found.n,
        "n_sessions": found.n_clusters,
        "df": float("nan"),
        "test": "matched_clock",
    }


def inside_of(part: Part, what: str) -> Inside:
    """Return what a part keeps of other days; an error where it is no study inside the day."""
    inside = part.abnormal.inside
    if not isinstance(inside, Inside):
        msg = f"{what} is of bars within days: study them with model=IntradayModel(base=…)"
        raise StudyError(msg)
    return inside


def speed(result: Fitted, window: Window, level: float) -> pd.DataFrame:
    """See `StudyResult.speed`."""
    from eventstudy.inference.beyond.adjustment import speed_of  # noqa: PLC0415  slow to import: only those who ask pay
    from eventstudy.inference.intraday.clock_tests import placebo_pvalues  # noqa: PLC0415  the same

    if window[0] != 0:
        msg = f"speed() counts from the moment on: give a window that begins with 0, not {window}"
        raise StudyError(msg)
    columns: list[list[Any]] = []
    for part in result.parts:
        inside = inside_of(part, "speed()")
        record = inside.record(*window)
        pvalue = placebo_pvalues(record.score, record.placebo)
        ar, minutes = part.abnormal.ar[:, part.abnormal.columns(*window)], inside.fits.sessions.clock.minutes
        found = []
        for row in range(part.rows.size):
            noise = inside.take(np.array([row])).placebo_paths(*window)[0]
            one = speed_of(ar[row], noise, passes=bool(pvalue[row] <= 1 - level), level=level)
            found.append(
                [
                    float(np.nansum(ar[row])),
                    pvalue[row],
                    *(bar * minutes for bar in (one.half, one.low, one.high, one.at_once)),
                ]
            )
        columns.append(found)
    rows = studied_rows(result)
    values = gather(result, [np.array(found, dtype=float).reshape(-1, 6) for found in columns])
    frame = pd.DataFrame({"event_id": _event_ids(result, rows), "symbol": _symbols(result, rows)})
    return frame.join(pd.DataFrame(values, columns=["total", "pvalue", "minutes", "low", "high", "at_once"]))


def reversal(result: Fitted, first: Window, later: Window, level: float) -> pd.DataFrame:
    """See `StudyResult.reversal`."""
    from eventstudy.inference.beyond.adjustment import reversal_of  # noqa: PLC0415  slow to import: only those who ask pay

    if first[1] >= later[0]:
        msg = f"the later window {later} must begin after the first one {first} has ended"
        raise StudyError(msg)
    moves, noise, sessions = [], [], []
    for part in result.parts:
        inside = inside_of(part, "reversal()")
        own = np.stack([part.abnormal.car(*window)[0] for window in (first, later)], axis=1)
        good = np.flatnonzero(np.isfinite(own).all(axis=1))
        few = inside.take(good)
        paths = [np.nansum(few.placebo_paths(*window), axis=2) for window in (first, later)]
        gone = np.asarray(np.isnan(few.placebo_paths(*first)).all(axis=2))
        moves.append(own[good])
        noise.append(np.where(gone[:, :, None], np.nan, np.stack(paths, axis=2)))
        sessions.append(few.fits.sessions.clock.date[few.session])
    both: Floats = np.concatenate(moves)
    if not len(both):
        return pd.DataFrame(columns=["n", "first", "later", "ratio", "low", "high", "set"])
    found = reversal_of(both, np.concatenate(noise), np.concatenate(sessions), level=level)
    low, high = found.sets[0] if len(found.sets) == 1 else (-np.inf, np.inf)
    row = {"n": len(both), "first": found.first, "later": found.later, "ratio": found.ratio, "low": low, "high": high}
    return pd.DataFrame([row | {"set": " or ".join(f"{a:.3g} to {b:.3g}" for a, b in found.sets)}])


def shift_24h(result: Fitted, window: Window) -> pd.DataFrame:
    """See `StudyResult.shift_24h`."""
    from eventstudy.inference.intraday.clock_tests import placebo_pvalues  # noqa: PLC0415  slow to import: only those who ask pay

    rows, records = studied_rows(result), [inside_of(part, "shift_24h()").record(*window) for part in result.parts]
    frame = pd.DataFrame({"event_id": _event_ids(result, rows), "symbol": _symbols(result, rows)})
    for name in ("score", "before", "after"):
        values = [getattr(record, name) for record in records]
        frame[name] = gather(result, values)
        tests = [placebo_pvalues(value, record.placebo) for value, record in zip(values, records, strict=True)]
        frame[f"p_{name}"] = gather(result, tests)
    return frame


def clock_pattern(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.clock_pattern`."""
    frames = []
    for part in result.parts:
        inside = inside_of(part, "clock_pattern()")
        row, clock = inside.own_rows(), inside.fits.sessions.clock
        phi = inside.fits.held["phi"]
        for code in np.unique(part.abnormal.security):
            mean = phi[row[part.abnormal.security == code]].mean(axis=0)
            times = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in clock.time.tolist()]
            own = {
                "calendar": part.aligned.calendar,
                "symbol": part.aligned.symbols[code],
                "time": times,
                "volatility": mean,
            }
            frames.append(pd.DataFrame(own | {"regular": clock.regular}))
    return pd.concat(frames, ignore_index=True)


def paths(result: Fitted, row: int, window: Window, level: float) -> pd.DataFrame:
    """Return the cumulated abnormal return of one security-event by bar, with the band of placebo paths."""
    if not 0 <= row < result.n:
        msg = f"there is no security-event {row}; the result has {result.n}, counted from 0"
        raise StudyError(msg)
    asked = studied_rows(result)[row]
    part = next(part for part in result.parts if asked in part.rows)
    at = int(np.searchsorted(part.rows, asked))
    inside = inside_of(part, "a path").take(np.array([at]))
    noise = inside.placebo_paths(*window)[0]
    known = np.cumsum(np.nan_to_num(noise[np.isfinite(noise).any(axis=1)]), axis=1)
    ar = part.abnormal.ar[at, part.abnormal.columns(*window)]
    low, high = (
        np.quantile(known, [0.5 - level / 2, 0.5 + level / 2], axis=0) if len(known) else (np.nan * ar, np.nan * ar)
    )
    bars = np.arange(window[0], window[1] + 1)
    path = np.where(np.isfinite(ar), np.cumsum(np.nan_to_num(ar)), np.nan)
    low, high = (np.where(np.isfinite(path), edge, np.nan) for edge in (low, high))  # after the close there is neither
    minutes = inside.fits.sessions.clock.minutes
    return pd.DataFrame(
        {"bar": bars, "minutes": bars * minutes, "path": path, "low": low, "high": high, "placebos": len(known)}
    )
