"""Samples written down by hand, for examples, tests and CARs that were computed elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked


@checked()
def sample_of(
    *,
    car: ArrayLike | None = None,
    ar: ArrayLike | None = None,
    sigma: ArrayLike = 0.02,
    m: int = 100,
    k: int = 1,
    day0: ArrayLike | None = None,
    first: int = 0,
) -> WindowSample:
    """Return a sample from abnormal returns that one already has, with the forecast variance of a constant mean.

    Parameters
    ----------
    car : (N,) float, optional
        Cumulative abnormal returns, as a window of one bar.
    ar : (N, L) float, optional
        Abnormal returns, decimals; give this or `car`.
    sigma : float or (N,) float
        Residual standard deviation of each security-event.
    m, k : int
        Usable estimation bars and mean parameters of the model.
    day0 : (N,) int, optional
        Session of each; all different if not given.
    first : int
        The first relative day.

    Returns
    -------
    WindowSample
        Var(AR) = sigma² (1 + 1/M), Var(CAR) = sigma² (L + L²/M).

    Examples
    --------
    >>> sample = sample_of(car=[0.01, -0.02])
    >>> sample.car.tolist(), sample.df.tolist()
    ([0.01, -0.02], [99, 99])
    """
    given = np.asarray(ar if ar is not None else np.asarray(car, dtype=float)[:, None], dtype=float)
    n, length = given.shape
    finite = np.isfinite(given)
    bars = finite.sum(axis=1)
    spread = np.broadcast_to(np.asarray(sigma, dtype=float), (n,)).copy()
    start = np.arange(n) * (10 * length) if day0 is None else np.asarray(day0, dtype=np.int64)
    days = np.arange(first, first + length)
    return WindowSample(
        relative_day=days,
        bar=start[:, None] + days,
        security=np.arange(n),
        day0=start,
        ar=given,
        ar_se=np.where(finite, spread[:, None] * np.sqrt(1 + 1 / m), np.nan),
        car=np.where(bars > 0, np.where(finite, given, 0.0).sum(axis=1), np.nan),
        car_se=np.where(bars > 0, spread * np.sqrt(bars + bars**2 / m), np.nan),
        sigma=spread,
        m=np.full(n, m),
        df=np.full(n, m - k),
        k=k,
    )


def each_day(sample: WindowSample) -> tuple[WindowSample, ...]:
    """Split a window into its relative days, each a window of one bar, for tests day by day.

    Parameters
    ----------
    sample : WindowSample
        A window of L bars.

    Returns
    -------
    tuple of WindowSample
        L samples; a security-event without a return on the day has a missing CAR in that day's sample.

    Examples
    --------
    >>> from eventstudy.inference.registry import run
    >>> days = each_day(sample_of(ar=[[0.01, 0.02], [0.03, -0.01], [0.02, 0.01]], first=0))
    >>> [round(run("cross_sectional", day).statistic, 2) for day in days]
    [3.46, 0.76]
    """
    return tuple(_one_day(sample, at) for at in range(sample.relative_day.size))


def _one_day(sample: WindowSample, at: int) -> WindowSample:
    day = slice(at, at + 1)
    estimation = sample.estimation
    if estimation is not None:
        estimation = replace(estimation, window_design=estimation.window_design[:, day])
    whole = sample.refit

    def refit(security: NDArray[np.int64], day0: NDArray[np.int64]) -> WindowSample:
        assert whole is not None  # noqa: S101  only handed out where there is one
        return _one_day(whole(security, day0), at)

    return replace(
        sample,
        relative_day=sample.relative_day[day],
        bar=sample.bar[:, day],
        ar=sample.ar[:, day],
        ar_se=sample.ar_se[:, day],
        car=sample.ar[:, at],
        car_se=sample.ar_se[:, at],
        estimation=estimation,
        refit=None if whole is None else refit,
    )
