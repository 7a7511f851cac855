"""Equivalence: the only way to claim that there was no reaction worth the name."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

from scipy import integrate, special

from eventstudy._lazy import renamed
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.result import TestResult, TestResult as Result


@renamed(level=("alpha", lambda level: 1 - level))
@checked()
def equivalence(
    estimate: float,
    se: float,
    margin: float,
    *,
    df: float = math.inf,
    alpha: float = 0.05,
    n: int = 0,
    n_clusters: int = 0,
    unit: str = "return",
) -> Result:
    """Test that an effect is smaller than a margin declared beforehand: two one-sided tests (TOST).

    Parameters
    ----------
    estimate, se : float
        The effect and its standard error, from any test whose statistic is their ratio.
    margin : float
        Smallest effect that would matter, positive, in the same unit.
    df : float
        Degrees of freedom of the t; infinity for the normal.
    alpha : float
        Size of each one-sided test; ``ci`` is the interval of level 1 - 2 alpha that the decision reads.
    n, n_clusters : int
        Carried into the result.
    unit : str
        Of the estimate.

    Returns
    -------
    TestResult
        p = max of both; rejecting claims equivalence. ``details``: ``smallest_margin`` that would have passed, and
        ``power`` at no effect, exact for the t, if the true standard error is `se`. Not applicable for a missing
        estimate or standard error.

    Raises
    ------
    StudyError
        A margin that is not positive.

    References
    ----------
    Schuirmann (1987); Phillips (1990) for the power.

    Examples
    --------
    >>> result = equivalence(0.001, 0.002, 0.01, df=50)
    >>> round(result.pvalue, 6), [round(end, 5) for end in result.ci], round(result.details["smallest_margin"], 5)
    (2e-05, [-0.00235, 0.00435], 0.00435)
    """
    if not margin > 0:
        msg = f"the margin is {margin}; it must be positive: the smallest effect that would matter"
        raise StudyError(msg)
    null = f"the effect is at least {margin:g} in size"
    fixed: dict[str, Any] = {
        "name": "equivalence",
        "title": "Equivalence (two one-sided tests)",
        "null": null,
        "reference": "Schuirmann (1987)",
        "assumptions": ("those of the test whose estimate and standard error it takes", "a margin declared beforehand"),
        "n": n,
        "n_clusters": n_clusters,
        "unit": unit,
        "level": 1 - 2 * alpha,
    }
    if not (math.isfinite(estimate) and math.isfinite(se)):  # what is not above zero has been refused
        return TestResult(**fixed, applicable=False, reason="the estimate has no standard error")
    lower, upper = (estimate + margin) / se, (estimate - margin) / se
    p = max(_upper_tail(lower, df), _upper_tail(-upper, df))
    critical = _quantile(1 - alpha, df)
    return TestResult(
        **fixed,
        statistic=min(lower, -upper),
        df=df if math.isfinite(df) else None,
        distribution="t" if math.isfinite(df) else "normal",
        pvalue=p,
        alternative="greater",
        estimate=estimate,
        se=se,
        ci=(estimate - critical * se, estimate + critical * se),
        details=MappingProxyType(
            {
                "margin": margin,
                "smallest_margin": abs(estimate) + critical * se,
                "power": _power(margin / se, critical, df),
            }
        ),
    )


@renamed(level=("alpha", lambda level: 1 - level))
@checked()
def equivalence_of(result: Result, margin: float, *, alpha: float = 0.05) -> Result:
    """Turn a test of "no effect" into the test of "no effect worth the name".

    Parameters
    ----------
    result : TestResult
        With a t or normal statistic: cross_sectional, bmp, kp_bmp, portfolio, panel_date …
    margin, alpha
        As in `equivalence`, the margin in ``result.unit``.

    Returns
    -------
    TestResult

    Raises
    ------
    StudyError
        A test whose distribution is neither t nor normal.

    Examples
    --------
    >>> from eventstudy.inference.registry import run
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> print(equivalence_of(run("cross_sectional", sample_of(car=[0.01, -0.01, 0.002, 0.0])), 0.05))
    equivalence: 12.035, p = 0.000617 (greater), t(3), n = 4 in 4 sessions; null: the effect is at least 0.05 in size
    """
    if result.applicable and result.distribution not in ("t", "normal"):
        msg = f"{result.name} has a {result.distribution} distribution; equivalence needs a t or normal statistic"
        raise StudyError(msg)
    df = float(result.df) if isinstance(result.df, (int, float)) else math.inf
    counts: dict[str, Any] = {"n": result.n, "n_clusters": result.n_clusters, "unit": result.unit}
    se = result.se if result.se > 0 else float("nan")  # sessions all alike have no error
    return equivalence(result.estimate, se, margin, df=df, alpha=alpha, **counts)


def _upper_tail(value: float, df: float) -> float:
    return float(special.ndtr(-value) if math.isinf(df) else special.stdtr(df, -value))


def _quantile(level: float, df: float) -> float:
    return float(special.ndtri(level) if math.isinf(df) else special.stdtrit(df, level))


def _power(reach: float, critical: float, df: float) -> float:
    """Return P(|z| < reach - critical s), s² ~ chi²(df)/df: the power at no effect of a margin of `reach` true standard errors.

    The integral over s is taken over its distribution function u (Phillips 1990 writes it by Owen's Q), so that no density
    has to be found by the quadrature, however narrow.
    """

    def inside(s: float) -> float:
        return 2 * float(special.ndtr(reach - critical * s)) - 1

    if math.isinf(df):
        return max(0.0, inside(1.0))
    # beyond this u the interval is wider than the margin; at a level of one half it is a point
    last = special.gammainc(df / 2, df * (reach / critical) ** 2 / 2) if critical > 0 else 1.0
    found = integrate.quad(
        lambda u: inside(math.sqrt(2 * special.gammaincinv(df / 2, u) / df)), 0.0, float(last), epsabs=1e-10
    )
    return max(0.0, float(found[0]))
