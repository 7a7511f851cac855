"""Before the event: did the market know, and which share of the reaction came early."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import special, stats

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.beyond.power import minimum_detectable
from eventstudy.inference.core.result import TestResult, TestResult as Result
from eventstudy.inference.core.statistic import NEGLIGIBLE


def pre_event(sample: WindowSample) -> Result:
    """Test that no day of a window before the event has a mean abnormal return: joint Wald test, clustered by session.

    Parameters
    ----------
    sample : WindowSample
        A window that ends before relative day 0, such as (-10, -1).

    Returns
    -------
    TestResult
        F(L, G - L) = (G - L)/(L (G - 1)) W, W = AAR' V^-1 AAR, V the covariance of the session means: Hotelling's.
        ``details`` has ``detectable``, the mean abnormal return of one day that a t(G - 1) of that day alone would find
        with 80 % power at 5 %: passing a pre-event test that could not have failed says nothing (Roth 2022). Not
        applicable with G <= L sessions.

    References
    ----------
    Hotelling (1931); Roth (2022).

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> rng = np.random.default_rng(0)
    >>> result = pre_event(sample_of(ar=rng.normal(0, 0.01, (40, 5)), first=-5))
    >>> result.law(), result.pvalue > 0.05
    ('F(5, 35)', True)
    """
    used = np.isfinite(sample.car)
    ar = sample.ar[used]
    n, length = ar.shape
    _, code = np.unique(sample.day0[used], return_inverse=True)
    groups = int(code.max(initial=-1)) + 1
    first, last = (int(sample.relative_day[at]) for at in (0, -1))
    fixed: dict[str, Any] = {
        "name": "pre_event",
        "title": "Pre-event abnormal returns, joint",
        "null": f"mean abnormal return = 0 on every relative day {first} .. {last}",
        "reference": "Hotelling (1931); Roth (2022)",
        "assumptions": ("abnormal returns of different sessions independent", "session means near normal"),
        "n": n,
        "n_clusters": groups,
    }
    if groups <= length:
        reason = f"{length} days are tested together, which needs more than {length} sessions; the sample has {groups}"
        return TestResult(**fixed, applicable=False, reason=reason)
    there = np.isfinite(ar)
    days = there.sum(axis=0)
    sums = np.zeros((groups, length))
    np.add.at(sums, code, np.where(there, ar, 0.0))
    sizes = np.zeros((groups, length))
    np.add.at(sizes, code, there.astype(float))
    if (days == 0).any():
        return TestResult(**fixed, applicable=False, reason="a day of the window has no abnormal return at all")
    average = sums.sum(axis=0) / days
    score = (sums - sizes * average) / days
    covariance = score.T @ score * groups / (groups - 1)
    if not np.linalg.cond(covariance) < 1 / NEGLIGIBLE:
        return TestResult(**fixed, applicable=False, reason="the abnormal returns of the days are collinear")
    wald = float(average @ np.linalg.solve(covariance, average))
    df = (float(length), float(groups - length))
    f = df[1] / (length * (groups - 1)) * wald
    error = np.sqrt(np.diag(covariance))
    detectable = minimum_detectable(float(error.mean()), df=groups - 1)
    return TestResult(
        **fixed,
        statistic=f,
        df=df,
        distribution="F",
        pvalue=float(stats.f.sf(f, *df)),
        details=MappingProxyType(
            {"aar": tuple(average.tolist()), "se": tuple(error.tolist()), "detectable": detectable}
        ),
    )


@checked()
def fieller(
    numerator: float,
    denominator: float,
    covariance: Floats,
    *,
    level: float = 0.95,
    df: float = math.inf,
) -> tuple[tuple[float, float], ...]:
    """Return Fieller's confidence set of a ratio of two means.

    Parameters
    ----------
    numerator, denominator : float
        Estimates.
    covariance : (2, 2) float
        Of both.
    level : float
        Coverage.
    df : float
        Degrees of freedom of t; infinity is the normal.

    Returns
    -------
    tuple of (low, high)
        One interval where the denominator differs from 0 at that level; else the whole line, or two rays that leave
        out what the data reject.

    References
    ----------
    Fieller (1954).

    Examples
    --------
    >>> import numpy as np
    >>> ((low, high),) = fieller(1.0, 4.0, np.diag([0.01, 0.01]))
    >>> round(low, 3), round(high, 3)
    (0.2, 0.301)
    >>> fieller(0.1, 0.1, np.diag([1.0, 1.0]))
    ((-inf, inf),)
    """
    critical = special.ndtri(0.5 + level / 2) if math.isinf(df) else special.stdtrit(df, 0.5 + level / 2)
    square = float(critical) ** 2
    a = denominator**2 - square * covariance[1, 1]
    b = -2 * (numerator * denominator - square * covariance[0, 1])
    c = numerator**2 - square * covariance[0, 0]
    return quadratic_set(float(a), float(b), float(c))


def quadratic_set(a: float, b: float, c: float) -> tuple[tuple[float, float], ...]:
    """Return {g: a g² + b g + c <= 0} as intervals, unbounded ones included.

    Parameters
    ----------
    a, b, c : float
        Coefficients.

    Returns
    -------
    tuple of (low, high)
    """
    disc = b * b - 4 * a * c
    if disc < 0 or a == b == 0:
        return ((-math.inf, math.inf),) if a < 0 or (a == 0 and c <= 0) else ()
    if a == 0:
        return ((-math.inf, -c / b),) if b > 0 else ((-c / b, math.inf),)
    # the stable form of the roots: no difference of nearly equal numbers
    q = -0.5 * (b + math.copysign(math.sqrt(disc), b))
    low, high = sorted((q / a, c / q if q else 0.0))
    return ((low, high),) if a > 0 else ((-math.inf, low), (high, math.inf))


@checked()
def leakage_share(before: WindowSample, whole: WindowSample, *, level: float = 0.95) -> Result:
    """Estimate which share of the reaction came before the event: CAAR(before)/CAAR(whole), with Fieller's set.

    Parameters
    ----------
    before, whole : WindowSample
        The same security-events over a window before the event, and over that and the event.
    level : float
        Coverage.

    Returns
    -------
    TestResult
        The null is a share of 0: the t of CAAR(before), clustered by session, t(G - 1). ``ci`` is the hull of the set,
        ``details["set"]`` the set: unbounded where the whole reaction cannot be told from 0. Not applicable with
        fewer than two sessions.

    References
    ----------
    Fieller (1954).
    """
    used = np.isfinite(before.car) & np.isfinite(whole.car)
    x = np.column_stack([before.car[used], whole.car[used]])
    _, code = np.unique(whole.day0[used], return_inverse=True)
    groups = int(code.max(initial=-1)) + 1
    fixed: dict[str, Any] = {
        "name": "leakage_share",
        "title": "Share of the reaction before the event",
        "null": "nothing of the reaction came before the event",
        "reference": "Fieller (1954)",
        "assumptions": ("CARs of different sessions independent",),
        "unit": "share",
        "n": len(x),
        "n_clusters": groups,
        "level": level,
    }
    if groups < 2:
        return TestResult(**fixed, applicable=False, reason=f"needs two sessions, the sample has {groups}")
    centre = x.mean(axis=0)
    sums = np.zeros((groups, 2))
    np.add.at(sums, code, x - centre)
    covariance = sums.T @ sums / len(x) ** 2 * groups / (groups - 1)
    if not covariance[0, 0] > 0:
        return TestResult(**fixed, applicable=False, reason="the CARs before the event have no variance")
    t = float(centre[0] / math.sqrt(covariance[0, 0]))
    region = fieller(float(centre[0]), float(centre[1]), covariance, level=level, df=groups - 1)
    open_ended = any(math.isinf(end) for part in region for end in part)
    text = "the whole reaction cannot be told from 0, so that its share is unbounded"
    return TestResult(
        **fixed,
        statistic=t,
        df=float(groups - 1),
        distribution="t",
        pvalue=float(2 * special.stdtr(groups - 1, -abs(t))),
        estimate=float(centre[0] / centre[1]),
        ci=(region[0][0], region[-1][1]) if region else (math.nan, math.nan),
        warnings=(text,) if open_ended else (),
        details=MappingProxyType({"set": region, "caar_before": float(centre[0]), "caar": float(centre[1])}),
    )
