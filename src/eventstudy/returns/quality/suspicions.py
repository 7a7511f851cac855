"""Prices that look wrong: standing still, leaping, or leaping by the ratio of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from eventstudy._typing import Floats

if TYPE_CHECKING:
    import pandas as pd

STALE: Final = 5  # sessions in a row with the very same close

JUMP: Final = 0.25  # size of a log return below which nothing is suspicious

ROBUST: Final = 10.0  # robust standard deviations of the symbol's own returns that a suspicious jump exceeds

MAD_TO_SD: Final = 1.4826  # of the normal distribution

SPLITS: Final = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0, 1000.0)

NEAR: Final = 0.03  # relative distance from the ratio of a split that a day's ordinary return explains

FAR: Final = 0.07  # the same of a security that moves much, from a doubling or a halving on; fear doubles by more or less than that

Suspicion = dict[str, Any]
NOTHING: Final[Suspicion] = {"stale": 0, "jumps": "", "split_like": ""}


def suspicions(close: pd.Series) -> Suspicion:
    """Return what is suspicious about a series of prices.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.bdate_range("2025-03-03", periods=12)
    >>> close = pd.Series([40.0, 41, 40, 41, 40, 41, 10.1, 10, 10.2, 10, 10.1, 10], index=days)
    >>> suspicions(close)
    {'stale': 0, 'jumps': '2025-03-11', 'split_like': '2025-03-11'}
    """
    return suspicions_of(close.to_numpy(dtype=float), close.index)


def suspicions_of(values: Floats, bars: pd.Index) -> Suspicion:
    """Return what `suspicions` does, of prices as an array."""
    known = np.isfinite(values) & (values > 0)
    whole = bool(known.all())
    there = np.arange(len(values)) if whole else np.flatnonzero(known)
    seen = values if whole else values[there]
    if len(seen) < 3:
        return dict(NOTHING)
    change = np.diff(np.log(seen))
    size = np.abs(change)
    jumps = np.flatnonzero(size > JUMP)
    if len(jumps):
        spread = MAD_TO_SD * float(np.median(np.abs(change - np.median(change))))
        jumps = jumps[size[jumps] > ROBUST * spread]
    near = like_splits(size[jumps], spread) if len(jumps) else np.zeros(0, bool)
    return {
        "stale": _stale(change == 0),
        "jumps": _days(bars, there[jumps + 1]),
        "split_like": _days(bars, there[jumps[near] + 1]),
    }


def like_splits(size: Floats, spread: float | Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which leaps (n,), sizes of log returns, have the ratio of a split, but for three of the usual moves `spread` of that day.

    Examples
    --------
    >>> like_splits(np.log([4.0, 4.2, 4.2]), np.array([0.01, 0.01, 0.03])).tolist()
    [True, False, True]
    """
    ratios = np.array(SPLITS)
    wide = np.clip(3.0 * np.asarray(spread, dtype=float).reshape(-1, 1), NEAR, FAR)
    limit = np.where(ratios < 2.0, NEAR, wide)
    with np.errstate(over="ignore"):  # of prices that cannot be
        return np.asarray((np.abs(np.exp(size)[:, None] / ratios - 1.0) < limit).any(axis=1))


def _stale(same: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """Count the repeats in runs of at least `STALE` equal closes."""
    if not same.any():
        return 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(int)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= STALE - 1].sum())


def _days(bars: pd.Index, rows: np.ndarray[Any, Any]) -> str:
    return " ".join(str(bars[row])[:10] for row in rows)
