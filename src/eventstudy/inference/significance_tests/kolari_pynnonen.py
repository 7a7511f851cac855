"""Cross-correlation of security-events, and the tests of Kolari and Pynnönen that allow for it.

Correlations are taken over the calendar bars that two estimation windows share, never over relative days, and a pair
counts in proportion to the bars that the two tested windows share: no shared bar, no covariance of the two CARs.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.errors import StudyError
from eventstudy.inference.core.residual_correlation import relative_correlation
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, count, from_normal, from_t
from eventstudy.inference.significance_tests.parametric import bmp, patell, standardized

OWN = 0.8
"""Share of N - 1 from which the degrees of freedom of the spread between security-events are taken as N - 1."""


def kp_patell(scar: Floats, df: Floats, correlation: Floats, *, floor: bool = True) -> Statistic:
    """Adjust Patell's Z for cross-correlation: Z / sqrt(1 + (N - 1) r).

    Parameters
    ----------
    scar, df : (..., N) float
        As in `patell`.
    correlation : (...) float
        Mean pairwise correlation r, from `mean_correlation`.
    floor : bool
        Take a negative r as 0, which is conservative.

    Returns
    -------
    Statistic
        Standard normal; NaN where 1 + (N - 1) r is not positive.

    References
    ----------
    Kolari and Pynnönen (2010), the adjusted Patell statistic.
    """
    plain = patell(scar, df)
    r = np.maximum(correlation, 0.0) if floor else np.asarray(correlation)
    with np.errstate(invalid="ignore"):
        inflation = np.sqrt(1 + (plain.n - 1) * r)
    return from_normal(
        plain.value / np.where(inflation > 0, inflation, np.nan),
        plain.n,
        estimate=plain.estimate,
        se=plain.se * inflation,
        unit="standardized",
        details={"correlation": np.asarray(correlation), "unadjusted": plain.value},
    )


def kp_bmp(
    scar: Floats,
    correlation: Floats,
    *,
    distinct: Ints | None = None,
    floor: bool = True,
    normal: bool = False,
    free: Floats | float = np.inf,
) -> Statistic:
    """Adjust the BMP t for cross-correlation: t sqrt((1 - r)/(1 + (N - 1) r)), referred to t(N - 1).

    The paper refers it to the standard normal (``normal=True``). Student's t is chosen here because the standard deviation
    of N SCARs is an estimate: in 10,000 replications with one common date, true nulls at 5 % are rejected at N = 10 by the
    normal in 7.8 % and by t(9) in 4.6 %, at N = 50 in 5.4 % and 4.9 %. With copies among the events, N counts the
    different ones.

    Parameters
    ----------
    scar : (..., N) float
        Standardized cumulative abnormal returns.
    correlation : (...) float
        Mean pairwise correlation r.
    distinct : (...) int, optional
        Security-events that are no copies of another: the degrees of freedom are this less 1.
    floor : bool
        Take a negative r as 0, which is conservative.
    normal : bool
        Refer to the standard normal, as the paper does, in place of t(N - 1).
    free : (...) float
        Degrees of freedom of the spread between the SCARs where they are fewer: securities of one industry move together and
        tell the variance together (`block_freedom`).

    Returns
    -------
    Statistic
        NaN where r = 1 (nothing but copies) or 1 + (N - 1) r is not positive.

    References
    ----------
    Kolari and Pynnönen (2010), the adjusted BMP statistic.
    """
    plain = bmp(scar)
    r = np.maximum(correlation, 0.0) if floor else np.asarray(correlation)
    with np.errstate(invalid="ignore", divide="ignore"):
        inflation = 1 + (plain.n - 1) * r
        shrink = np.sqrt((1 - r) / np.where(inflation > 0, inflation, np.nan))
        error = plain.se / np.where(shrink > 0, shrink, np.nan)
        value = plain.estimate / error
    fields = {
        "estimate": plain.estimate,
        "se": error,
        "unit": "standardized",
        "details": {"correlation": np.asarray(correlation), "unadjusted": plain.value},
    }
    if normal:
        return from_normal(value, plain.n, **fields)
    return from_t(value, np.minimum((plain.n if distinct is None else distinct) - 1, free), plain.n, **fields)


def block_freedom(sample: WindowSample) -> Floats:
    """Return Satterthwaite's degrees of freedom of the spread between security-events of one date, (...); inf where N - 1 will do.

    tr(PR)²/tr(PRPR), R the residual correlations and P the projection off their mean, less what chance alone adds to squared
    correlations over M bars. With one factor that all share alike it is N - 1, and that is kept from `OWN` of it on.
    """
    record = sample.estimation
    shape = sample.car.shape[:-1]
    if record is None or not (sample.bar == sample.bar[..., :1, :]).all():
        return np.full(shape, np.inf)
    used = np.isfinite(sample.scar)
    z = np.where(np.isfinite(record.residual) & used[..., None], record.residual, 0.0)
    z = z - z.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.nan_to_num(z / np.sqrt((z**2).sum(axis=-1, keepdims=True)))
        n = used.sum(axis=-1)
        bars = np.where(used, sample.m, 0).sum(axis=-1) / n
        turned = np.swapaxes(z, -1, -2)
        cross = z @ turned if z.shape[-2] <= z.shape[-1] else turned @ z  # the smaller: both have the same squares
        square = (cross**2).sum(axis=(-1, -2)) - n  # of r over pairs
        square = square - (n * (n - 1) - 2 * square) / bars
        total = z.sum(axis=-2)
        row = (z @ total[..., None])[..., 0]
        whole, rows = (total**2).sum(axis=-1), (row**2).sum(axis=-1) - n * (n - 1) / bars
        free = (n - whole / n) ** 2 / (n + square - 2 * rows / n + (whole / n) ** 2)
    return np.asarray(np.where((free > 0) & (free < OWN * (n - 1)), np.maximum(free, 1.0), np.inf))


def _distinct(sample: WindowSample) -> Ints:
    """Return how many different (security, day 0) a sample holds among its standardized values, shape (...)."""
    used = np.isfinite(sample.scar)
    key = np.where(used, sample.security * (1 + sample.day0.max(initial=0)) + sample.day0, -1)
    return np.asarray((np.diff(np.sort(key, axis=-1), axis=-1, prepend=-1) > 0).sum(axis=-1))


def _kp_patell(
    sample: WindowSample,
    *,
    facts: SampleFacts,
    floor: bool = True,
    alignment: Literal["calendar", "relative"] = "calendar",
    forecast_error: bool = True,
    serial_cov: bool = True,
) -> Statistic:
    scar = standardized(sample, forecast_error=forecast_error, serial_cov=serial_cov)
    return kp_patell(scar, np.asarray(sample.df, dtype=float), _correlation(sample, facts, alignment), floor=floor)


def _kp_bmp(
    sample: WindowSample,
    *,
    facts: SampleFacts,
    floor: bool = True,
    normal: bool = False,
    alignment: Literal["calendar", "relative"] = "calendar",
    forecast_error: bool = True,
    serial_cov: bool = True,
    own_variance: bool = False,
) -> Statistic:
    scar = standardized(sample, forecast_error=forecast_error, serial_cov=serial_cov, own_variance=own_variance)
    distinct = np.minimum(_distinct(sample), count(scar))
    r, free = _correlation(sample, facts, alignment), block_freedom(sample)
    return kp_bmp(scar, r, distinct=distinct, floor=floor, normal=normal, free=free)


def _correlation(sample: WindowSample, facts: SampleFacts, alignment: str) -> Floats:
    if alignment == "calendar":
        return facts.correlation
    if alignment != "relative":
        msg = f"alignment is {alignment!r}; it is 'calendar' or 'relative' (a convention of other packages)"
        raise StudyError(msg)
    return relative_correlation(sample)


SPECS = (
    TestSpec(
        name="kp_patell",
        title="Patell, adjusted for cross-correlation (Kolari-Pynnönen)",
        null="mean SCAR = 0",
        assumptions=("no change of variance at the event", "event and estimation windows have one correlation"),
        reference="Kolari and Pynnönen (2010); Kolari, Pape and Pynnönen (2018)",
        compute=_kp_patell,
        undefined="no residual degrees of freedom: M - k must be at least 3",
        needs=("estimation",),
        minimum=1,
        basis="scar",
        holds_under=ALWAYS | {"dependence", "staggered dependence", "few"},
        facts=True,
    ),
    TestSpec(
        name="kp_bmp",
        title="BMP, adjusted for cross-correlation (Kolari-Pynnönen)",
        null="mean SCAR = 0",
        assumptions=(
            "the event changes all variances in one proportion",
            "event and estimation windows have one correlation",
        ),
        reference="Kolari and Pynnönen (2010); Kolari, Pape and Pynnönen (2018)",
        compute=_kp_bmp,
        undefined="the SCARs have no variance across the security-events that are no copies of one another",
        needs=("estimation",),
        basis="scar",
        holds_under=ALWAYS | {"dependence", "staggered dependence", "event variance", "few"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
        facts=True,
    ),
)
