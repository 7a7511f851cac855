"""Draws under the null: how many are made at a time, and what they say of the observed statistic."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Floats
from eventstudy.inference.core.statistic import Statistic


def from_draws(
    observed: Floats | float,
    drawn: Floats,
    label: str,
    *,
    n: int,
    estimate: float,
    se: float,
    studentized: bool,
    whole: bool = False,
    level: float = 0.95,
) -> Statistic:
    """Turn draws under the null into p-values: (1 + #)/(B + 1), or # / 2^n where all flips were made."""
    value = float(observed)
    # a resample of copies of one value has no variance: its t is infinite, which counts against rejection
    known = np.where(np.isfinite(drawn), drawn, np.inf)
    size, more = known.size, 0 if whole else 1
    edge = abs(value) * (1 - 1e-9)  # flips that repeat the sample must count as ties, whatever the order of summation
    finite = np.isfinite(drawn)
    low_tail = np.where(finite, known <= value + abs(value) * 1e-9, True)
    high_tail = known >= value - abs(value) * 1e-9
    two, less, greater = (
        np.asarray((more + int(hits.sum())) / (size + more)) for hits in (np.abs(known) >= edge, low_tail, high_tail)
    )
    low = high = np.nan
    if studentized and finite.any():
        quantiles = np.quantile(drawn[finite], [0.5 + level / 2, 0.5 - level / 2])
        low, high = estimate - quantiles[0] * se, estimate - quantiles[1] * se
    lost = int((~finite).sum())
    return Statistic(
        np.asarray(value),
        two,
        less,
        greater,
        f"{label}, {size} draws",
        np.asarray(n),
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        warnings=(f"{lost} of {size} draws have no variance and count against rejection",) if lost else (),
        details={"draws": size},
    )


def no_draws(n: int) -> Statistic:
    """Return the statistic that does not exist."""
    none = np.asarray(np.nan)
    return Statistic(none, none, none, none, "", np.asarray(n))
