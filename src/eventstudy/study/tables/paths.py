"""The path of the average over the event window: by group, from a reference day, with a band for the whole path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import day0_labels, gather, one_series, studied_rows
from eventstudy.study.tables.averages import clustered_mean


def groups_of(result: Fitted, by: str | None) -> np.ndarray:
    """Return what each studied row belongs to: a column of the fitted events, or the symbol; one group without `by`."""
    rows = studied_rows(result)
    if by is None:
        return np.full(rows.size, "", dtype=object)
    if by == "symbol":
        return np.asarray(result.symbols, dtype=object)[result.symbol[rows]]
    frame = result.request.frame
    if by not in frame.columns:
        msg = f"by={by!r} is no column of the fitted events; they have {', '.join(map(str, frame.columns))}, and symbol"
        raise StudyError(msg)
    return frame[by].astype(str).to_numpy(dtype=object)[result.event[rows]]


def usual_group(result: Fitted) -> str | None:
    """Return "stance" where events of several stances were fitted: what they did is not one average."""
    if "stance" not in result.request.frame.columns:
        return None
    return "stance" if len(set(groups_of(result, "stance"))) > 1 else None


def path(
    result: Fitted,
    *,
    window: Window,
    by: str | None = None,
    level: float = 0.95,
    reference: int | None = None,
    simultaneous: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the average path of each group: what `eventstudy.plots.caar` draws.

    With a reference day the path is what came after (or before) its close: zero on that day, without an interval. The
    simultaneous band holds the whole path.
    """
    first, last = window
    if reference is not None and not first <= reference <= last:
        msg = f"reference={reference} lies outside the window ({first}, {last}) of the chart; name a day inside"
        raise StudyError(msg)
    code, _ = pd.factorize(day0_labels(result, studied_rows(result)))
    pieces = [
        [part.abnormal.car(first, day, result.study.missing)[0] for day in range(first, last + 1)]
        for part in result.parts
    ]
    paths = gather(result, [np.stack(piece, axis=1) for piece in pieces])
    if reference is not None:
        paths = paths - paths[:, [reference - first]]
    group = groups_of(result, by)
    tables = []
    for name in dict.fromkeys(group):
        rows = np.flatnonzero(group == name)
        if one_series(result):
            rows = rows[np.sort(np.unique(code[rows], return_index=True)[1])]
        own = _one(paths[rows], code[rows], range(first, last + 1), level, seed if simultaneous else None)
        own.loc[own["relative_day"] == reference, "share_positive"] = np.nan
        tables.append(own.assign(group=name))
    return pd.concat(tables, ignore_index=True)


def _one(paths: np.ndarray, code: np.ndarray, days: range, level: float, seed: int | None) -> pd.DataFrame:
    means = [clustered_mean(paths[:, at], code, level) for at in range(len(days))]
    table = pd.DataFrame(
        {
            "relative_day": days,
            "caar": [mean.mean for mean in means],
            "low": [mean.low for mean in means],
            "high": [mean.high for mean in means],
            "n": [mean.n for mean in means],
            "median": _quietly(np.nanmedian, paths),
            "share_positive": [
                float((own[np.isfinite(own)] > 0).mean()) if np.isfinite(own).any() else np.nan for own in paths.T
            ],
        }
    )
    if seed is None:
        return table
    from eventstudy.inference.beyond.bands import caar_band  # noqa: PLC0415  slow to import: only those who ask pay
    from eventstudy.inference.core.sample_of import sample_of  # noqa: PLC0415  the same

    band = caar_band(sample_of(ar=np.diff(paths, axis=1, prepend=0.0), day0=code), level=level, seed=seed)
    return table.assign(low_simultaneous=band.low, high_simultaneous=band.high)


def _quietly(function: Any, paths: np.ndarray) -> np.ndarray:
    known = np.isfinite(paths).any(axis=0)
    out = np.full(paths.shape[1], np.nan)
    out[known] = function(paths[:, known], axis=0)
    return out
