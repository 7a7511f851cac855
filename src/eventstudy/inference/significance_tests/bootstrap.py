"""Bootstraps of studentized means: CARs are resampled, with a seed, in pieces that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.spec import ALWAYS, Condition, TestSpec
from eventstudy.inference.core.statistic import Statistic, moments
from eventstudy.inference.core.wild_cluster import pieces
from eventstudy.inference.significance_tests.draws import from_draws, no_draws

LOST = 1e-14
"""A variance below this share of the mean square is rounding: float64 carries 16 digits."""


@checked()
def hall(x: Floats) -> Floats:
    """Return Hall's skewness-adjusted t of each sample: sqrt(N) (S + g S²/3 + g² S³/27 + g/(6N)), S = mean / sd.

    Parameters
    ----------
    x : (..., N) float
        Values; NaN is left out.

    Returns
    -------
    (...) float
        g = N/((N-1)(N-2)) sum ((x - mean)/sd)³. NaN for N < 3 or no variance.

    References
    ----------
    Hall (1992); Johnson (1978) without the cubic term.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(hall(np.array([-1.0, 0.0, 1.0, 4.0]))), 4)
    1.2055
    """
    n, centre, spread = moments(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - centre[..., None]) / spread[..., None]
        cube = z * z * z  # a power would be ten times slower
        g = n / ((n - 1.0) * (n - 2.0)) * np.where(np.isfinite(cube), cube, 0.0).sum(axis=-1)
        s = centre / spread
        value = np.sqrt(n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * n))
    return np.where(n >= 3, value, np.nan)


def _hall_t(mean: Floats, second: Floats, third: Floats, n: int) -> Floats:
    """Return `hall` from the first three raw moments, shape (...); the values must be centred near 0."""
    if n < 3:
        return np.full(mean.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = _spread(mean, second, n)
        g = n * n / ((n - 1.0) * (n - 2.0)) * (third - 3 * mean * second + 2 * mean**3) / spread**3
        s = mean / spread
        return np.asarray(np.sqrt(n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * n)))


def _plain_t(mean: Floats, second: Floats, third: Floats, n: int) -> Floats:
    """Return mean / (sd / sqrt n) from the raw moments, shape (...)."""
    del third
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(mean / (_spread(mean, second, n) / np.sqrt(n)))


def _spread(mean: Floats, second: Floats, n: int) -> Floats:
    """Return the standard deviation, divisor n - 1; NaN where it is rounding only."""
    variance = (second - mean**2) * n / (n - 1.0)
    return np.sqrt(np.where(variance > LOST * second, variance, np.nan))


@checked()
def skewness_adjusted(
    car: Floats, *, rng: np.random.Generator, draws: int = 1999, size: int | None = None
) -> Statistic:
    """Test the mean CAR by Hall's transformed t with bootstrapped critical values.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    rng : Generator
        Source of chance.
    draws : int
        Resamples B.
    size : int, optional
        Security-events in a resample; N if not given (Lyon, Barber and Tsai use N/4).

    Returns
    -------
    Statistic
        The statistic is Hall's; p from resamples of the centred CARs.

    References
    ----------
    Hall (1992); Lyon, Barber and Tsai (1999).
    """
    return _percentile(car, _hall_t, "Hall's t", rng=rng, draws=draws, size=size)


@checked()
def bootstrap_t(car: Floats, *, rng: np.random.Generator, draws: int = 1999) -> Statistic:
    """Test the mean CAR by the percentile-t bootstrap: t* = (mean* - mean)/(sd*/sqrt N) of resampled events.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    rng, draws
        As in `skewness_adjusted`.

    Returns
    -------
    Statistic
        The interval is mean - t* quantiles · se, which need not be symmetric.

    References
    ----------
    Efron and Tibshirani (1993), ch. 12.5; Hall (1992).
    """
    return _percentile(car, _plain_t, "percentile-t", rng=rng, draws=draws, size=None)


def _percentile(
    car: Floats,
    measure: Callable[[Floats, Floats, Floats, int], Floats],
    label: str,
    *,
    rng: np.random.Generator,
    draws: int,
    size: int | None,
) -> Statistic:
    x = car[np.isfinite(car)]
    n, centre, spread = moments(x)
    cubed = measure is _hall_t
    observed = hall(x) if cubed else centre / (spread / np.sqrt(n))
    if not np.isfinite(observed):
        return no_draws(int(n))
    centred = x - centre
    take = x.size if size is None else size
    drawn = []
    for rows in pieces(draws, take):
        sample = centred[rng.integers(0, x.size, (rows, take))]
        square = sample * sample
        second = square.mean(axis=1)
        third = np.einsum("ij,ij->i", square, sample) / take if cubed else second  # which the plain t does not use
        drawn.append(measure(sample.mean(axis=1), second, third, take))
    error = float(spread / np.sqrt(n))
    return from_draws(
        observed,
        np.concatenate(drawn),
        label,
        n=int(n),
        estimate=float(centre),
        se=error,
        studentized=not cubed,
    )


def _skewness_adjusted(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, size: int | None = None
) -> Statistic:
    return skewness_adjusted(sample.car, rng=rng, draws=draws, size=size)


def _bootstrap_t(sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999) -> Statistic:
    return bootstrap_t(sample.car, rng=rng, draws=draws)


_MANY: frozenset[Condition] = ALWAYS | {"event variance", "skewness", "fat tails", "volatility clustering"}

_resampled = partial(
    TestSpec,
    null="mean CAR = 0",
    undefined="the CARs have no variance across the security-events",
    minimum=3,
    draws=True,
    holds_under=_MANY,
    smallest=50,
)

SPECS = (
    _resampled(
        name="skewness_adjusted",
        title="Skewness-adjusted t (Hall), bootstrapped",
        assumptions=("CARs independent across security-events", "30 security-events or more"),
        reference="Hall (1992); Lyon, Barber and Tsai (1999)",
        compute=_skewness_adjusted,
    ),
    _resampled(
        name="bootstrap_t",
        title="Percentile-t bootstrap of events",
        mean=True,
        assumptions=("CARs independent and identically distributed", "20 security-events or more"),
        reference="Efron and Tibshirani (1993), ch. 12.5; Hall (1992)",
        compute=_bootstrap_t,
        holds_under=_MANY | {"few"},
        smallest=20,  # claimed when it was measured there: 3.4 to 6.3 %, docs/calibration.md
    ),
)
