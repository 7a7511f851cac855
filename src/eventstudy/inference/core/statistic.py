"""Statistics of many samples at once: the last axis is the sample, everything before it is a batch.

A kernel is a function of plain arrays. It gives a `Statistic` whose arrays have the shape of the batch: () for one sample,
(R,) for R replications of the calibration lab. NaN in the input is missing; NaN in the output means that the statistic does
not exist there (too few values, no variance), and the registry turns that into a result with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from eventstudy._typing import Floats

HALVINGS = 60
"""Of what brackets an end: to the last digits."""

NEGLIGIBLE = 1e-12
"""A spread below this share of the largest value is rounding, not variance: float64 carries 16 digits."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """Outcome of a kernel on a batch of samples.

    Attributes
    ----------
    value : (...) float
        The statistic; NaN where it does not exist.
    p_two, p_less, p_greater : (...) float
        P-values; the one-sided are NaN for a test of a joint null.
    distribution : str
        In words.
    df : (...) float, pair of them, or None
        Degrees of freedom.
    estimate, se : (...) float
        In ``unit``; NaN where the test has none.
    low, high : (...) float or None
        Interval at the level asked for; None: estimate ± quantile · se.
    n : (...) int
        Values used.
    unit : str
        Of estimate, se and interval.
    warnings : tuple of str
        On this use.
    reason : str
        Why the statistic does not exist, where the kernel knows better than the registry.
    details : mapping
        Further numbers.
    """

    value: Floats
    p_two: Floats
    p_less: Floats
    p_greater: Floats
    distribution: str
    n: NDArray[np.int64]
    df: Floats | tuple[Floats, Floats] | None = None
    estimate: Floats | float = np.nan
    se: Floats | float = np.nan
    low: Floats | float | None = None
    high: Floats | float | None = None
    unit: str = "return"
    warnings: tuple[str, ...] = ()
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def pvalue(self, alternative: str) -> Floats:
        """Return the p-values of one side, shape of the batch.

        Parameters
        ----------
        alternative : {"two-sided", "less", "greater"}
            The side.

        Returns
        -------
        (...) float
        """
        return {"two-sided": self.p_two, "less": self.p_less, "greater": self.p_greater}[alternative]


def coarse(units: int, what: str) -> tuple[str, ...]:
    """Return the warning that all signs of a few units leave p above 5 %, or nothing.

    Parameters
    ----------
    units : int
        How many signs there are: p is at least 2 / 2^units.
    what : str
        Their name in words.

    Examples
    --------
    >>> coarse(5, "values")
    ('5 values: p cannot be below 0.0625, two-sided',)
    """
    least = 2.0 ** (1 - units)
    return (f"{units} {what}: p cannot be below {least:.3g}, two-sided",) if least > 0.05 else ()


def count(x: Floats) -> NDArray[np.int64]:
    """Return how many values are finite along the last axis, shape (...)."""
    return np.asarray(np.isfinite(x).sum(axis=-1))


def mean(x: Floats) -> Floats:
    """Return the mean of the finite values along the last axis; NaN where there are none."""
    used = np.isfinite(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(used, x, 0.0).sum(axis=-1) / used.sum(axis=-1))


def sd(x: Floats, ddof: int = 1) -> Floats:
    """Return the standard deviation of the finite values along the last axis.

    NaN with fewer than ``ddof + 1`` values, and where the spread is rounding only (all values equal).
    """
    return moments(x, ddof)[2]


def moments(x: Floats, ddof: int = 1) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return count, mean and standard deviation (divisor n - ddof) of the finite values along the last axis.

    Parameters
    ----------
    x : (..., N) float
        NaN is missing and left out.
    ddof : int
        Divisor n - ddof.

    Returns
    -------
    n : (...) int
    mean : (...) float
        NaN where n = 0.
    sd : (...) float
        NaN where n <= ddof and where the spread is rounding only.
    """
    used = np.isfinite(x)
    n = used.sum(axis=-1)
    filled = np.where(used, x, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = filled.sum(axis=-1) / n
        deviation = np.where(used, filled - centre[..., None], 0.0)
        spread = np.sqrt((deviation**2).sum(axis=-1) / np.where(n > ddof, n - ddof, np.nan))
    scale = np.abs(filled).max(axis=-1, initial=0.0)
    return n, centre, np.where(spread > NEGLIGIBLE * scale, spread, np.nan)


def from_t(
    value: ArrayLike,
    df: ArrayLike,
    n: NDArray[np.int64],
    **fields: Any,
) -> Statistic:
    """Return a statistic with Student's t distribution, p-values from its tails.

    Parameters
    ----------
    value, df : (...) float
        Statistic and degrees of freedom.
    n : (...) int
        Values used.
    **fields
        Further fields of `Statistic`.
    """
    value, df = np.asarray(value, dtype=float), np.asarray(df, dtype=float)
    with np.errstate(invalid="ignore"):
        df = np.where(df > 0, df, np.nan)
        less = special.stdtr(df, value)
        greater = special.stdtr(df, -value)
    two = np.minimum(1.0, 2 * np.minimum(less, greater))
    return Statistic(value, two, less, greater, "t", np.asarray(n), df=df, **fields)


def from_normal(value: ArrayLike, n: NDArray[np.int64], **fields: Any) -> Statistic:
    """Return a statistic with the standard normal distribution, p-values from its tails.

    Parameters
    ----------
    value : (...) float
        Statistic.
    n : (...) int
        Values used.
    **fields
        Further fields of `Statistic`.
    """
    value = np.asarray(value, dtype=float)
    less, greater = special.ndtr(value), special.ndtr(-value)
    two = np.minimum(1.0, 2 * np.minimum(less, greater))
    return Statistic(value, two, less, greater, "normal", np.asarray(n), **fields)


def quantile(statistic: Statistic, level: float) -> Floats:
    """Return the two-sided critical value of a t or normal statistic: of its absolute value, at the level.

    Parameters
    ----------
    statistic : Statistic
        With distribution ``"t"`` or ``"normal"``; NaN otherwise.
    level : float
        Coverage, such as 0.95.
    """
    tail = 0.5 + level / 2
    if statistic.distribution == "normal":
        return np.asarray(special.ndtri(tail))
    if statistic.distribution == "t" and not isinstance(statistic.df, tuple) and statistic.df is not None:
        return np.asarray(special.stdtrit(statistic.df, tail))
    return np.asarray(np.nan)


def end_of_kept(kept: Callable[[float], bool], inside: float, step: float, doublings: int) -> float:
    """Return the last value that is kept in the direction of `step`, which is doubled so often at most: then there is no end."""
    for _ in range(doublings):
        outside = inside + step
        if not kept(outside):
            break
        inside, step = outside, 2 * step
    else:
        return float(np.copysign(np.inf, step))
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        if kept(middle):
            inside = middle
        else:
            outside = middle
    return inside
