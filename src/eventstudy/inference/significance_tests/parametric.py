"""Tests of the mean (standardized) cumulative abnormal return that lean on the central limit theorem or on normality."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, count, from_normal, from_t, mean, moments
from eventstudy.inference.significance_tests.event_variance import event_variance

LEAST_VARIANCE_DF = 3
"""Student's t has a variance from 3 degrees of freedom on."""


def single(car: Floats, car_se: Floats, df: Floats) -> Statistic:
    """Test one security-event: CAR / sqrt(Var(CAR)) ~ t(M - k), exact under normal errors.

    Parameters
    ----------
    car, car_se : (...) float
        Cumulative abnormal return and its forecast standard error, decimals.
    df : (...) float
        Residual degrees of freedom M - k.

    Returns
    -------
    Statistic
        NaN where the standard error is zero or missing.

    References
    ----------
    Campbell, Lo and MacKinlay (1997), eq. 4.4.8-4.4.9; Salkever (1976).

    Examples
    --------
    >>> import numpy as np
    >>> outcome = single(np.array(0.04), np.array(0.02), np.array(248))
    >>> round(float(outcome.value), 3), round(float(outcome.p_two), 4)
    (2.0, 0.0466)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(np.asarray(car_se) > 0, car / car_se, np.nan)
    return from_t(value, df, np.isfinite(value).astype(int), estimate=np.asarray(car), se=np.asarray(car_se))


@checked()
def cross_sectional(car: Floats, *, ddof: int = 1, normal: bool = False) -> Statistic:
    """Test the mean CAR by its spread across security-events: t = CAAR / (s / sqrt N) ~ t(N - 1).

    Parameters
    ----------
    car : (..., N) float
        Cumulative abnormal returns, decimals; NaN is left out.
    ddof : int
        Divisor N - ddof of the variance; 0 reproduces packages that use numpy's default.
    normal : bool
        Refer to the standard normal instead of t(N - 1), as some packages do.

    Returns
    -------
    Statistic
        NaN for N < 2 or no variance.

    References
    ----------
    Brown and Warner (1980); Boehmer, Musumeci and Poulsen (1991), the "ordinary cross-sectional" test.

    Examples
    --------
    >>> import numpy as np
    >>> outcome = cross_sectional(np.array([0.01, 0.03, -0.01, 0.02]))
    >>> round(float(outcome.value), 4), float(outcome.df)
    (1.4639, 3.0)
    """
    n, centre, spread = moments(car, ddof)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.where(n >= 2, spread / np.sqrt(n), np.nan)
        value = centre / error
    if normal:
        return from_normal(value, n, estimate=centre, se=error)
    return from_t(value, n - 1, n, estimate=centre, se=error)


def patell(scar: Floats, df: Floats, *, equal_length: bool = False) -> Statistic:
    """Test the mean SCAR by its forecast variance: Z = sum SCAR_i / sqrt(sum Q_i), Q_i = (M_i - k)/(M_i - k - 2).

    Parameters
    ----------
    scar : (..., N) float
        Standardized cumulative abnormal returns; NaN is left out.
    df : (..., N) float
        Residual degrees of freedom M_i - k; below 3 the variance does not exist and the event is left out.
    equal_length : bool
        The form Z = N^-1/2 sum SCAR_i / sqrt(Q_i), which differs only where the M_i do.

    Returns
    -------
    Statistic
        Standard normal under the null; NaN for N = 0.

    References
    ----------
    Patell (1976).

    Examples
    --------
    >>> import numpy as np
    >>> round(float(patell(np.array([1.0, 0.5, 2.0]), np.array([98, 98, 98])).value), 4)
    2.0
    """
    df = np.asarray(df, dtype=float)
    used = np.isfinite(scar) & (df >= LEAST_VARIANCE_DF)
    with np.errstate(invalid="ignore", divide="ignore"):
        q = np.where(used, df / (df - 2), np.nan)
        kept = np.where(used, scar, np.nan)
        n = count(kept)
        if equal_length:
            total, scale = np.nansum(kept / np.sqrt(q), axis=-1), np.sqrt(n)
        else:
            total, scale = np.nansum(kept, axis=-1), np.sqrt(np.nansum(q, axis=-1))
        value = total / scale
        centre = mean(kept)
        error = centre / value
        error = np.where(np.isfinite(error), error, np.sqrt(np.nansum(q, axis=-1)) / n)
    return from_normal(value, n, estimate=centre, se=error, unit="standardized")


def clm_j1(car: Floats, variance: Floats, df: Floats | None = None) -> Statistic:
    """Test the mean CAR by the variances of the single events: J1 = sum CAR_i / sqrt(sum Var(CAR_i)).

    Parameters
    ----------
    car, variance : (..., N) float
        Cumulative abnormal returns and their forecast variances; events without either are left out.
    df : (..., N) float, optional
        Degrees of freedom whose sum belongs to a t; the standard normal if not given.

    Returns
    -------
    Statistic
        NaN for N = 0 or no variance.

    References
    ----------
    Brown and Warner (1980); Campbell, Lo and MacKinlay (1997), J1; MacKinlay (1997), theta_1.

    Examples
    --------
    >>> import numpy as np
    >>> float(clm_j1(np.array([0.02, 0.04]), np.array([0.0004, 0.0005])).value)
    2.0
    """
    used = np.isfinite(car) & np.isfinite(variance)
    n = used.sum(axis=-1)
    total, spread = np.where(used, car, 0.0).sum(axis=-1), np.sqrt(np.where(used, variance, 0.0).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(spread > 0, total / spread, np.nan)
        fields = {"estimate": total / n, "se": spread / n}
    if df is None:
        return from_normal(value, n, **fields)
    return from_t(value, np.where(used, df, 0).sum(axis=-1), n, **fields)


@checked()
def bmp(scar: Floats, *, ddof: int = 1, normal: bool = False) -> Statistic:
    """Test the mean SCAR by its spread across security-events, which admits event-induced variance.

    Parameters
    ----------
    scar : (..., N) float
        Standardized cumulative abnormal returns; NaN is left out.
    ddof : int
        Divisor N - ddof of the variance.
    normal : bool
        Refer to the standard normal, as the paper does, instead of t(N - 1).

    Returns
    -------
    Statistic
        NaN for N < 2 or no variance.

    References
    ----------
    Boehmer, Musumeci and Poulsen (1991).

    Examples
    --------
    >>> import numpy as np
    >>> round(float(bmp(np.array([1.0, 0.5, 2.0, -0.5])).value), 4)
    1.4412
    """
    outcome = cross_sectional(scar, ddof=ddof, normal=normal)
    return replace(outcome, unit="standardized")


def standardized(
    sample: WindowSample, *, forecast_error: bool = True, serial_cov: bool = True, own_variance: bool = False
) -> Floats:
    """Return the SCARs of a sample under a named convention, shape (..., N).

    Parameters
    ----------
    sample : WindowSample
        The window.
    forecast_error : bool
        False divides by sigma_i sqrt(L_i), leaving the estimation error out (MacKinlay 1997, eq. 11).
    serial_cov : bool
        False sums daily SARs and divides by sqrt(L_i), leaving out that they share the estimation error
        (Dodd and Warner 1983; the default of some packages).
    own_variance : bool
        True adds to each CAR's forecast variance the rise that its own window shows (`event_variance`; Savickas 2003, on a
        study with a `GarchMarketModel`), which gains power where the event raises variances by unlike factors. A window
        of one bar shows none.

    Returns
    -------
    (..., N) float
        NaN where sigma is degenerate or no bar is finite.

    Raises
    ------
    StudyError
        If ``own_variance`` is asked for together with another convention.
    """
    if own_variance:
        if not (forecast_error and serial_cov):
            msg = (
                "own_variance=True adds to the whole forecast variance: leave forecast_error and serial_cov as they are"
            )
            raise StudyError(msg)
        rise = count(sample.ar) * event_variance(sample.ar, sample.ar_se**2)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.isfinite(sample.scar), sample.car / np.sqrt(sample.car_se**2 + rise), np.nan)
    if forecast_error and serial_cov:
        return sample.scar
    bars = count(sample.ar)
    with np.errstate(invalid="ignore", divide="ignore"):
        if not serial_cov:
            each = sample.sar if forecast_error else sample.ar / sample.sigma[..., None]
            return np.where(np.isfinite(sample.scar), np.nansum(each, axis=-1) / np.sqrt(bars), np.nan)
        return np.where(np.isfinite(sample.scar), sample.car / (sample.sigma * np.sqrt(bars)), np.nan)


def _single(sample: WindowSample) -> Statistic:
    at = np.argmax(np.isfinite(sample.car), axis=-1)[..., None]
    values = (sample.car, sample.car_se, sample.df)
    return single(*(np.take_along_axis(np.asarray(x, dtype=float), at, axis=-1)[..., 0] for x in values))


def _cross_sectional(sample: WindowSample, *, ddof: int = 1, normal: bool = False) -> Statistic:
    return cross_sectional(sample.car, ddof=ddof, normal=normal)


def _clm_j1(
    sample: WindowSample, *, forecast_error: bool = True, divisor: Literal["df", "m"] = "df", student: bool = False
) -> Statistic:
    """Options: leave the forecast error out; divide the residual variance by M; refer to t(sum (M_i - 1))."""
    if divisor not in ("df", "m"):
        msg = f"clm_j1: divisor is {divisor!r}; it is 'df' (M - k) or 'm' (M)"
        raise StudyError(msg)
    variance = sample.car_se**2 if forecast_error else sample.sigma**2 * count(sample.ar)
    if divisor == "m":
        variance = variance * sample.df / sample.m
    return clm_j1(sample.car, variance, np.asarray(sample.m - 1, dtype=float) if student else None)


def _patell(
    sample: WindowSample, *, equal_length: bool = False, forecast_error: bool = True, serial_cov: bool = True
) -> Statistic:
    scar = standardized(sample, forecast_error=forecast_error, serial_cov=serial_cov)
    return patell(scar, np.asarray(sample.df, dtype=float), equal_length=equal_length)


def _bmp(
    sample: WindowSample,
    *,
    ddof: int = 1,
    normal: bool = False,
    forecast_error: bool = True,
    serial_cov: bool = True,
    own_variance: bool = False,
) -> Statistic:
    scar = standardized(sample, forecast_error=forecast_error, serial_cov=serial_cov, own_variance=own_variance)
    return bmp(scar, ddof=ddof, normal=normal)


SPECS = (
    TestSpec(
        name="single",
        title="Single event, t",
        null="the CAR of this security-event is 0",
        assumptions=("normal residuals of constant variance", "no change of variance at the event"),
        reference="Campbell, Lo and MacKinlay (1997), eq. 4.4.8-4.4.9; Salkever (1976)",
        compute=_single,
        undefined="the residual variance is zero",
        needs=("one event",),
        minimum=1,
        holds_under=ALWAYS | {"few"},
        exact=True,
    ),
    TestSpec(
        name="cross_sectional",
        title="Cross-sectional t",
        mean=True,
        null="mean CAR = 0",
        assumptions=("CARs independent across security-events", "CARs near normal, or many of them"),
        reference="Brown and Warner (1980); Boehmer, Musumeci and Poulsen (1991)",
        compute=_cross_sectional,
        undefined="the CARs have no variance across the security-events",
        holds_under=ALWAYS | {"event variance", "few"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
    ),
    TestSpec(
        name="clm_j1",
        title="Time series, independence (J1)",
        mean=True,
        null="mean CAR = 0",
        assumptions=(
            "CARs independent across security-events",
            "no change of variance at the event",
            "constant variance",
        ),
        reference="Brown and Warner (1980); Campbell, Lo and MacKinlay (1997), J1",
        compute=_clm_j1,
        undefined="the residual variances are zero",
        minimum=1,
        holds_under=ALWAYS | {"few"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
    ),
    TestSpec(
        name="patell",
        title="Patell standardized residual",
        null="mean SCAR = 0",
        assumptions=(
            "SCARs independent across security-events",
            "no change of variance at the event",
            "constant variance",
        ),
        reference="Patell (1976)",
        compute=_patell,
        undefined="no residual degrees of freedom: M - k must be at least 3",
        minimum=1,
        basis="scar",
        holds_under=ALWAYS | {"few"},
    ),
    TestSpec(
        name="bmp",
        title="Standardized cross-sectional (BMP)",
        null="mean SCAR = 0",
        assumptions=("SCARs independent across security-events", "the event changes all variances in one proportion"),
        reference="Boehmer, Musumeci and Poulsen (1991)",
        compute=_bmp,
        undefined="the SCARs have no variance across the security-events",
        basis="scar",
        holds_under=ALWAYS | {"event variance", "few"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
    ),
)
