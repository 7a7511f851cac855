"""Means over security-events whose sessions are the independent observations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mean", "clustered_mean"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and its interval.

    Attributes
    ----------
    mean, se, low, high : float
        NaN where there are too few independent observations.
    n, clusters : int
        Values, and sessions among them.
    """

    mean: float
    se: float
    low: float
    high: float
    n: int
    clusters: int


def clustered_mean(value: Floats, cluster: Ints, level: float = 0.95) -> Mean:
    """Return the mean of the finite values with a standard error robust to correlation inside clusters.

    se^2 = G/(G-1) sum_g (sum_{i in g} (x_i - mean))^2 / N^2 with t(G-1): the sandwich of a regression on a constant.
    With one value a cluster it is s/sqrt(N), the ordinary cross-sectional standard error.

    Parameters
    ----------
    value : (N,) float
        NaN is left out.
    cluster : (N,) int
        Codes of the clusters, from 0.
    level : float
        Coverage of the interval.

    Examples
    --------
    >>> import numpy as np
    >>> found = clustered_mean(np.array([1.0, 2.0, 3.0]), np.arange(3))
    >>> round(found.mean, 3), round(found.se, 3), found.clusters
    (2.0, 0.577, 3)
    """
    from scipy.special import stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

    there = np.isfinite(value)
    x, code = value[there], cluster[there]
    n, groups = x.size, np.unique(code).size
    if n == 0:
        return Mean(np.nan, np.nan, np.nan, np.nan, 0, 0)
    mean = float(x.mean())
    if groups < 2:
        return Mean(mean, np.nan, np.nan, np.nan, n, groups)
    sums = np.bincount(code, weights=x - mean)
    se = float(np.sqrt(groups / (groups - 1) * (sums @ sums)) / n)
    reach = float(stdtrit(groups - 1, 0.5 + level / 2)) * se
    return Mean(mean, se, mean - reach, mean + reach, n, groups)
