"""Two groups of events, or a long row of them: is the reaction weaker than it was, and is it larger than noise at all."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from eventstudy._typing import Floats, Ints
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.car_covariance import scaled_covariance
from eventstudy.inference.core.few_clusters import cr2
from eventstudy.inference.core.result import TestResult, TestResult as Result
from eventstudy.inference.core.statistic import NEGLIGIBLE
from eventstudy.inference.significance_tests.calendar_time import newey_west

LEAST_DF = 5
"""The variance of a squared t exists from 5 degrees of freedom on."""


def _known(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=float)
    return np.asarray(x[np.isfinite(x)])


@checked()
def compare_means(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Result:
    """Test that two groups of events have one mean CAR (Welch): "muted compared with before".

    Parameters
    ----------
    first, second : (N,) float
        CARs of the groups, decimals, one a session; NaN is left out.
    level : float
        Of the interval of the difference.

    Returns
    -------
    TestResult
        t of mean(first) - mean(second), degrees of freedom by Welch and Satterthwaite. Not applicable with fewer than
        two values in a group or no variance in either.

    References
    ----------
    Welch (1947).

    Examples
    --------
    >>> print(compare_means([0.03, 0.01, 0.02, 0.04], [0.00, 0.01, -0.01, 0.00]))
    compare_means: 3.273, p = 0.0217 (two-sided), t(5.06897), n = 8; null: both groups have one mean CAR
    """
    a, b = _known(first), _known(second)
    fixed: dict[str, Any] = {
        "name": "compare_means",
        "title": "Difference of means (Welch)",
        "null": "both groups have one mean CAR",
        "reference": "Welch (1947)",
        "assumptions": ("CARs independent within and across the groups",),
        "n": a.size + b.size,
        "level": level,
    }
    if min(a.size, b.size) < 2:
        reason = f"needs two events in each group, has {a.size} and {b.size}"
        return TestResult(**fixed, applicable=False, reason=reason)
    va, vb = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    if not va + vb > 0:
        return TestResult(**fixed, applicable=False, reason="the CARs have no variance in either group")
    error = math.sqrt(va + vb)
    df = (va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1))
    gap = float(a.mean() - b.mean())
    half = float(special.stdtrit(df, 0.5 + level / 2)) * error
    return TestResult(
        **fixed,
        statistic=gap / error,
        df=float(df),
        distribution="t",
        pvalue=float(2 * special.stdtr(df, -abs(gap / error))),
        estimate=gap,
        se=error,
        ci=(gap - half, gap + half),
        details=MappingProxyType({"means": (float(a.mean()), float(b.mean())), "counts": (a.size, b.size)}),
    )


@checked()
def compare_magnitudes(first: ArrayLike, second: ArrayLike) -> Result:
    """Test that reactions of two groups are equally large, whatever their sign (Brown-Forsythe).

    Parameters
    ----------
    first, second : (N,) float
        SCARs of the groups, or CARs; NaN is left out.

    Returns
    -------
    TestResult
        F(1, N - 2) of the absolute deviations from the medians; ``details["ratio"]`` is var(first)/var(second). Not
        applicable with fewer than three values in a group.

    References
    ----------
    Brown and Forsythe (1974).

    Examples
    --------
    >>> compare_magnitudes([3.0, -2.5, 2.0, -3.5], [0.5, -0.2, 0.1, -0.6]).law()
    'F(1, 6)'
    """
    a, b = _known(first), _known(second)
    fixed: dict[str, Any] = {
        "name": "compare_magnitudes",
        "title": "Equal spread of reactions (Brown-Forsythe)",
        "null": "reactions of both groups are equally large",
        "reference": "Brown and Forsythe (1974)",
        "assumptions": ("reactions independent within and across the groups",),
        "n": a.size + b.size,
        "unit": "standardized",
    }
    if min(a.size, b.size) < 3:
        reason = f"needs three events in each group, has {a.size} and {b.size}"
        return TestResult(**fixed, applicable=False, reason=reason)
    z = [np.abs(x - np.median(x)) for x in (a, b)]
    n = a.size + b.size
    grand = np.concatenate(z).mean()
    between = sum(x.size * (x.mean() - grand) ** 2 for x in z)
    within = sum(((x - x.mean()) ** 2).sum() for x in z)
    if not within > 0:
        return TestResult(**fixed, applicable=False, reason="the deviations from the medians have no variance")
    f = float((n - 2) * between / within)
    return TestResult(
        **fixed,
        statistic=f,
        df=(1.0, float(n - 2)),
        distribution="F",
        pvalue=float(stats.f.sf(f, 1, n - 2)),
        estimate=float(z[0].mean() - z[1].mean()),
        details=MappingProxyType({"ratio": float(a.var(ddof=1) / b.var(ddof=1)) if b.var() > 0 else math.inf}),
    )


@checked()
def magnitude(scar: ArrayLike, df: ArrayLike) -> Result:
    """Test that reactions are no larger than noise, whatever their sign (Beaver's U).

    Parameters
    ----------
    scar : (N,) float
        Standardized CARs; NaN is left out.
    df : (N,) float
        Their degrees of freedom M - k; at least 5.

    Returns
    -------
    TestResult
        z = (sum U - N mu)/sqrt(N var), U = SCAR², mean v/(v - 2), variance 2v²(v - 1)/((v - 2)²(v - 4)) of a squared
        t(v). One-sided: larger. Not applicable without an event.

    References
    ----------
    Beaver (1968); Patell (1976).

    Examples
    --------
    >>> import numpy as np
    >>> round(magnitude(np.array([2.5, -3.0, 0.4, 1.9]), np.full(4, 248)).statistic, 2)
    5.22
    """
    x, v = np.asarray(scar, dtype=float), np.asarray(df, dtype=float)
    used = np.isfinite(x) & (v >= LEAST_DF)
    x, v = x[used], v[used]
    fixed: dict[str, Any] = {
        "name": "magnitude",
        "title": "Size of reactions (Beaver's U)",
        "null": "squared SCARs are no larger than in the estimation window",
        "reference": "Beaver (1968); Patell (1976)",
        "assumptions": ("SCARs independent across security-events", "normal residuals", "many security-events"),
        "alternative": "greater",
        "n": x.size,
        "unit": "standardized",
    }
    if not x.size:
        return TestResult(**fixed, applicable=False, reason="no security-event has a SCAR with 5 degrees of freedom")
    expected = (v / (v - 2)).sum()
    spread = math.sqrt((2 * v**2 * (v - 1) / ((v - 2) ** 2 * (v - 4))).sum())
    z = float(((x**2).sum() - expected) / spread)
    return TestResult(
        **fixed,
        statistic=z,
        distribution="normal",
        pvalue=float(special.ndtr(-z)),
        estimate=float((x**2).mean()),
        se=spread / x.size,
    )


@checked()
def trend(
    values: ArrayLike,
    *,
    lag: int | None = None,
    cluster: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    level: float = 0.95,
) -> Result:
    """Test that reactions neither fade nor grow from event to event: slope on their order.

    Parameters
    ----------
    values : (N,) float
        |SCAR| (or CAR) in the order of the events; NaN is left out, its place kept.
    lag : int, optional
        Newey-West errors with this truncation, for reactions that depend on one another; they are too small for few
        events (true nulls rejected at 5 %: 16 % at N = 10, 8 % at N = 60). If not given: ordinary least squares.
    cluster : (N,), optional
        Session of each event, where events share sessions and windows of different sessions share no bar: CR2 errors.
    covariance : (N, N) float, optional
        Covariances of the values but for their scale, where windows of different sessions share bars: those of CARs by
        `car_covariance`, those of their sizes by `size_covariance`. The scale is told by the values.
    level : float
        Of the interval.

    Returns
    -------
    TestResult
        t(N - 2) of the slope a step; degrees of freedom of clusters by Bell and McCaffrey, of covariances by Satterthwaite
        (`scaled_covariance`). Not applicable with fewer than five values or two clusters.

    Raises
    ------
    StudyError
        A negative lag; clusters or covariances that do not fit the values; two of `lag`, `cluster` and `covariance` at once.

    References
    ----------
    Newey and West (1987); Bell and McCaffrey (2002); Satterthwaite (1946).

    Examples
    --------
    >>> trend([3.0, 2.5, 2.6, 1.9, 1.5, 1.1]).pvalue < 0.01
    True
    """
    y = np.asarray(values, dtype=float)
    order = np.flatnonzero(np.isfinite(y))
    how, code, among = _dependence(y.size, order, lag, cluster, covariance)
    y = y[order]
    n = y.size
    fixed: dict[str, Any] = {
        "name": "trend",
        "title": "Trend over the order of the events",
        "null": "reactions neither fade nor grow from event to event",
        "reference": how[0],
        "assumptions": ("a straight line", how[1]),
        "n": n,
        "level": level,
    }
    if lag is not None and lag < 0:
        msg = f"lag is {lag}; it must be 0 or more"
        raise StudyError(msg)
    if n < 5:
        return TestResult(**fixed, applicable=False, reason=f"needs five events, has {n}")
    if code is not None and not code.any():
        return TestResult(**fixed, applicable=False, reason="needs two sessions, has 1")
    x = order - order.mean()
    sxx = float(x @ x)
    slope = float(x @ y) / sxx
    left = y - y.mean() - slope * x
    df = float(n - 2)
    if code is not None:
        error, df = (float(told[1]) for told in cr2(np.column_stack([np.ones(n), x]), left, code))
    elif among is not None:
        told = scaled_covariance(y, x / sxx, among, np.asarray(np.inf), order=x.astype(float))
        error, df = (float(one) for one in told)
        if not math.isfinite(df):
            return TestResult(
                **fixed,
                applicable=False,
                reason=f"{n} values leave too few degrees of freedom for the scale of the covariances",
            )
    elif lag is None:
        error = math.sqrt(float(left @ left) / (n - 2) / sxx)
    else:  # the score of the slope has mean 0 by construction; N/(N - 2) is the small-sample factor of two coefficients
        error = math.sqrt(newey_west(x * left, lag) * (n - 1) / (n - 2)) / sxx
    if not error > NEGLIGIBLE * np.abs(y).max() / math.sqrt(sxx):
        return TestResult(**fixed, applicable=False, reason="the reactions lie on a line: no variance about the trend")
    half = float(special.stdtrit(df, 0.5 + level / 2)) * error
    return TestResult(
        **fixed,
        statistic=slope / error,
        df=df,
        distribution="t",
        pvalue=float(2 * special.stdtr(df, -abs(slope / error))),
        estimate=slope,
        se=error,
        ci=(slope - half, slope + half),
        details=MappingProxyType({} if lag is None else {"lag": lag}),
    )


INDEPENDENT = ("ordinary least squares", "reactions independent, of one variance")


def _dependence(
    size: int, order: Ints, lag: int | None, cluster: ArrayLike | None, covariance: ArrayLike | None
) -> tuple[tuple[str, str], Ints | None, Floats | None]:
    """Return source and assumption of the errors, and the clusters or the covariances of the values that are there."""
    asked = [
        name for name, given in (("lag", lag), ("cluster", cluster), ("covariance", covariance)) if given is not None
    ]
    if len(asked) > 1:
        msg = f"{' and '.join(asked)} are ways to count dependence; choose one"
        raise StudyError(msg)
    for name, told, shape in (("cluster", cluster, (size,)), ("covariance", covariance, (size, size))):
        if told is not None and np.shape(told) != shape:
            msg = f"{name} has shape {np.shape(told)}; {size} values need {shape}"
            raise StudyError(msg)
    if cluster is not None:
        code = np.asarray(np.unique(np.asarray(cluster)[order], return_inverse=True)[1])
        return ("Bell and McCaffrey (2002)", "sessions independent"), code, None
    if covariance is not None:
        known = np.asarray(covariance, dtype=float)[np.ix_(order, order)]
        return ("Satterthwaite (1946)", "covariances known but for their scale"), None, known
    return (
        INDEPENDENT if lag is None else ("Newey and West (1987)", "reactions far apart in order independent"),
        None,
        None,
    )


def size_covariance(covariance: ArrayLike) -> Floats:
    """Return the covariances of the sizes abs(SCAR), from those of the CARs.

    Parameters
    ----------
    covariance : (N, N) float
        Of normal CARs, such as `car_covariance` gives; rows of zeros for events without one.

    Returns
    -------
    (N, N) float
        2/pi (sqrt(1 - r²) + r asin(r) - 1), r the correlation.

    References
    ----------
    Nabeya (1951), the absolute moments of two normal variables.

    Examples
    --------
    >>> size_covariance([[4.0, 0.0], [0.0, 1.0]]).round(4).tolist()
    [[0.3634, 0.0], [0.0, 0.3634]]
    """
    among = np.asarray(covariance, dtype=float)
    spread = np.sqrt(np.diag(among))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(np.nan_to_num(among / np.outer(spread, spread)), -1.0, 1.0)
    return np.asarray(2 / math.pi * (np.sqrt(1 - r**2) + r * np.arcsin(r) - 1))
