"""Tests for security-events that share one date: the portfolio of them is one series, whatever their correlation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import NEGLIGIBLE, Statistic, from_t


@dataclass(frozen=True, slots=True)
class Design:
    """The common regressors of events on one date.

    Attributes
    ----------
    estimation : (..., T, k) float
        Rows x_t of the estimation window, the constant first; NaN where unusable.
    window : (..., L, k) float
        Rows of the tested window.
    """

    estimation: Floats
    window: Floats

    def inflation(self, bars: NDArray[np.bool_], days: NDArray[np.bool_]) -> Floats:
        """Return Var(sum of forecast errors)/sigma² = L + g'X*(X'X)^-1 X*'g, shape (...).

        Parameters
        ----------
        bars : (..., T) bool
            Estimation bars used.
        days : (..., L) bool
            Window bars summed.
        """
        x = np.where(bars[..., None], self.estimation, 0.0)
        total = np.where(days[..., None], self.window, 0.0).sum(axis=-2)
        cross = np.swapaxes(x, -1, -2) @ x
        try:
            solved = np.linalg.solve(cross, total[..., None])[..., 0]
        except np.linalg.LinAlgError:
            solved = np.full(total.shape, np.nan)
        return np.asarray(days.sum(axis=-1) + (total * solved).sum(axis=-1))


def _average(x: Floats) -> Floats:
    """Return the mean over events of each day, (..., N, D) to (..., D); NaN on a day without any."""
    there = np.isfinite(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(there, x, 0.0).sum(axis=-2) / there.sum(axis=-2))


def time_series(
    residual: Floats, car: Floats, window: Floats, design: Design, *, forecast_error: bool = True
) -> Statistic:
    """Test CAAR by the spread of the portfolio's own past: crude dependence adjustment with the forecast term.

    Parameters
    ----------
    residual : (..., N, T) float
        Estimation residuals of events on one date.
    car : (..., N) float
        Cumulative abnormal returns.
    window : (..., N, L) float
        Abnormal returns of the tested window: which bars count in L.
    design : Design
        Their common regressors.
    forecast_error : bool
        False divides by S sqrt(L), as Brown and Warner do.

    Returns
    -------
    Statistic
        t = CAAR / (S sqrt(L + g'X*(X'X)^-1X*'g)), S over the M days of the mean residual with divisor M - 1; t(M - k),
        or t(M - 1) without the forecast error.

    References
    ----------
    Brown and Warner (1980, p. 251; 1985, eq. 4-7); Lamb (1995) for the forecast term.
    """
    series = _average(residual)
    used = np.isfinite(series)
    m, k = used.sum(axis=-1), design.estimation.shape[-1]
    filled = np.where(used, series, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred = np.where(used, filled - (filled.sum(axis=-1) / m)[..., None], 0.0)
        spread = np.sqrt((centred**2).sum(axis=-1) / (m - 1))
        days = np.asarray(np.isfinite(window).any(axis=-2))
        scale = design.inflation(used, days) if forecast_error else days.sum(axis=-1)
        there = np.isfinite(car)
        n = there.sum(axis=-1)
        centre = np.where(there, car, 0.0).sum(axis=-1) / n
        error = spread * np.sqrt(scale)
        value = np.where(error > 0, centre / error, np.nan)
    return from_t(value, m - k if forecast_error else m - 1, n, estimate=centre, se=error)


def portfolio(residual: Floats, window: Floats, design: Design, *, weights: Floats | None = None) -> Statistic:
    """Test the CAR of the portfolio of events on one date by its own regression: exact under normality.

    Parameters
    ----------
    residual : (..., N, T) float
        Estimation residuals.
    window : (..., N, L) float
        Abnormal returns.
    design : Design
        Their common regressors.
    weights : (..., N) float, optional
        Portfolio weights, equal if not given; 1/sigma² gains power where variances differ.

    Returns
    -------
    Statistic
        t = CAR_p / sqrt(Var(CAR_p)) ~ t(M - k). With holes, a day's portfolio is that of the events with a value, and
        its abnormal return is regressed once more, so that the residuals are orthogonal to the design.

    References
    ----------
    Brown and Warner (1980), portfolio test; Campbell, Lo and MacKinlay (1997), inferences with clustering.
    """
    if weights is None:
        series, ahead = _average(residual), _average(window)
    else:
        series, ahead = _weighted(residual, weights), _weighted(window, weights)
    used, days = np.isfinite(series), np.isfinite(ahead)
    left, moved, k = _regress(np.where(used, series, 0.0), used, design)
    m = used.sum(axis=-1)
    n = np.isfinite(window).any(axis=-1).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = np.where(m > k, m - k, np.nan)
        total = np.where(days, ahead - moved, 0.0).sum(axis=-1)
        error = np.sqrt((left**2).sum(axis=-1) / df * design.inflation(used, days))
        value = np.where(error > 0, total / error, np.nan)
    return from_t(value, df, n, estimate=total, se=error)


def _weighted(x: Floats, weights: Floats) -> Floats:
    there = np.isfinite(x) & np.isfinite(weights)[..., None]
    w = np.where(there, weights[..., None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(there, x * w, 0.0).sum(axis=-2) / w.sum(axis=-2))


def _regress(y: Floats, used: NDArray[np.bool_], design: Design) -> tuple[Floats, Floats, int]:
    """Regress y on the design over the bars used; return residuals (0 elsewhere), fitted window days, and k."""
    x = np.where(used[..., None], design.estimation, 0.0)
    k = x.shape[-1]
    cross = np.swapaxes(x, -1, -2) @ x
    try:
        slope = np.linalg.solve(cross, np.swapaxes(x, -1, -2) @ y[..., None])
    except np.linalg.LinAlgError:
        slope = np.full((*y.shape[:-1], k, 1), np.nan)
    left = np.where(used, y - (x @ slope)[..., 0], 0.0)
    return left, (design.window @ slope)[..., 0], k


def sur_f(residual: Floats, window: Floats, design: Design) -> Statistic:
    """Test that every event's CAR is 0 when all share one date: Hotelling's T² as F(N, M - k - N + 1), exact.

    Parameters
    ----------
    residual : (..., N, T) float
        Estimation residuals. Bars on which any event has none are left out, and the regressions redone without them.
    window : (..., N, L) float
        Abnormal returns; days on which any event has none are left out.
    design : Design
        Their common regressors.

    Returns
    -------
    Statistic
        No side. NaN where M - k < N or the residuals are collinear.

    References
    ----------
    Schipper and Thompson (1985); Binder (1985); Hotelling (1931).
    """
    n = np.asarray(np.isfinite(window).any(axis=-1).sum(axis=-1))
    bars, days = (np.asarray(np.isfinite(part).all(axis=-2)) for part in (residual, window))
    m = bars.sum(axis=-1)
    size = residual.shape[-2]
    if size + design.estimation.shape[-1] > residual.shape[-1]:  # before an N x N matrix is made in vain
        none = np.full(n.shape, np.nan)
        return Statistic(none, none, none, none, "F", n)
    k, left, moved = design.estimation.shape[-1], residual, np.zeros_like(window)
    if not bars.all():
        each = Design(design.estimation[..., None, :, :], design.window[..., None, :, :])
        on = np.broadcast_to(bars[..., None, :], residual.shape)
        left, moved, k = _regress(np.where(on, residual, 0.0), on, each)
    total = np.where(days[..., None, :], window - moved, 0.0).sum(axis=-1)
    df2 = np.where(m - k - size + 1 > 0, m - k - size + 1, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = left @ np.swapaxes(left, -1, -2) / (m - k)[..., None, None]
        factor = design.inflation(bars, days)
        spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance / (spread[..., :, None] * spread[..., None, :])
        scaled = total / spread
        sound = np.isfinite(correlation).all(axis=(-1, -2)) & np.isfinite(df2) & days.any(axis=-1)
        safe = np.where(sound[..., None, None], correlation, np.eye(size))
        sound &= (
            np.linalg.cond(safe, 1) < 1e10
        )  # beyond, the inverse has lost ten of sixteen digits: copies of one series
        safe = np.where(sound[..., None, None], safe, np.eye(size))
        t2 = (scaled * np.linalg.solve(safe, scaled[..., None])[..., 0]).sum(axis=-1) / factor
        value = np.where(sound, df2 / (size * (m - k)) * t2, np.nan)
    p = stats.f.sf(value, size, df2)
    none = np.full(np.shape(value), np.nan)
    return Statistic(
        np.asarray(value), np.asarray(p), none, none, "F", n, df=(np.full(np.shape(value), float(size)), df2)
    )


def _common(sample: WindowSample) -> tuple[Floats, Floats, Floats, Design]:
    """Return residuals, abnormal returns, CARs and the common design of the events that have a CAR."""
    record = sample.estimation
    assert record is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    gone = ~np.isfinite(sample.car)
    residual = np.where(gone[..., None], np.nan, record.residual)
    window = np.where(gone[..., None], np.nan, sample.ar)
    if np.isfinite(record.residual[..., 0, :]).all() and np.isfinite(record.window_design[..., 0, :, :]).all():
        design = Design(record.design[..., 0, :, :], record.window_design[..., 0, :, :])
    else:
        design = Design(_first(record.design), _first(record.window_design))
    return residual, window, sample.car, design


def _first(rows: Floats) -> Floats:
    """Return, for each day, the design row of the first event that has one, (..., N, D, k) to (..., D, k)."""
    at = np.argmax(np.isfinite(rows).all(axis=-1), axis=-2)
    return np.take_along_axis(rows, at[..., None, :, None], axis=-3)[..., 0, :, :]


def _time_series(sample: WindowSample, *, forecast_error: bool = True) -> Statistic:
    residual, window, car, design = _common(sample)
    return time_series(residual, car, window, design, forecast_error=forecast_error)


def _portfolio(sample: WindowSample, *, weighted: bool = False) -> Statistic:
    residual, window, _, design = _common(sample)
    return portfolio(residual, window, design, weights=1 / sample.sigma**2 if weighted else None)


def one_date(sample: WindowSample, weights: Floats | None = None) -> Statistic:
    """Return the test of events on one date by their portfolio: its own regression, or its past where that is not exact.

    Shapes: weights (..., N).
    """
    residual, window, car, design = _common(sample)
    if sample.least_squares:
        return portfolio(residual, window, design, weights=weights)
    return time_series(residual, car, window, design)


def _sur_f(sample: WindowSample) -> Statistic:
    residual, window, _, design = _common(sample)
    if sample.car.ndim == 1:  # an event without a CAR must not be among the N series
        used = np.isfinite(sample.car)
        residual, window = residual[used], window[used]
    outcome = sur_f(residual, window, design)
    if sample.car.ndim > 1 or np.isfinite(outcome.value):
        return outcome
    return replace(outcome, reason=_why_no_joint_test(residual, window, design.estimation.shape[-1]))


def _why_no_joint_test(residual: Floats, window: Floats, k: int) -> str:
    n, bars = len(residual), int(np.isfinite(residual).all(axis=0).sum())
    if bars - k - n + 1 <= 0:
        return f"needs as many residual degrees of freedom as security-events: {bars} shared bars less {k} are {bars - k}, for {n}"
    flat = int((~(np.nanstd(residual, axis=1) > NEGLIGIBLE * np.nanmax(np.abs(window), initial=0.0))).sum())
    if flat:
        return f"{flat} of the {n} security-events {'has' if flat == 1 else 'have'} no residual variance (a price that stands still)"
    if not np.isfinite(window).all(axis=0).any():
        return "there is no bar of the window on which every security-event has a return"
    return "one residual series is a copy of others, or a combination of them"


_one_date = partial(TestSpec, needs=("one date", "estimation"), minimum=1, holds_under=ALWAYS | {"dependence", "few"})

SPECS = (
    _one_date(
        name="time_series",
        title="Time series, crude dependence (Brown-Warner)",
        raw=True,
        mean=True,
        null="mean CAR = 0",
        assumptions=("one common date", "the portfolio's variance does not change at the event"),
        reference="Brown and Warner (1980, p. 251; 1985, eq. 4-7); Lamb (1995)",
        compute=_time_series,
        undefined="the mean abnormal return has no variance in the estimation window",
    ),
    _one_date(
        name="portfolio",
        title="Portfolio regression",
        raw=True,
        mean=True,
        null="the CAR of the equally weighted portfolio is 0",
        assumptions=("one common date", "the portfolio's variance does not change at the event", "normal residuals"),
        reference="Brown and Warner (1980); Campbell, Lo and MacKinlay (1997), inferences with clustering",
        compute=_portfolio,
        needs=("one date", "estimation", "least squares"),
        undefined="the portfolio's residuals have no variance",
        exact=True,
    ),
    _one_date(
        name="sur_f",
        title="Joint F, one date (Hotelling)",
        raw=True,
        null="every CAR is 0",
        assumptions=("one common date", "no change of variance at the event", "normal residuals"),
        reference="Schipper and Thompson (1985); Binder (1985)",
        compute=_sur_f,
        needs=("one date", "estimation", "least squares"),
        undefined="needs more residual degrees of freedom M - k than security-events, and none a copy of others",
        sided=False,
        exact=True,
    ),
)
