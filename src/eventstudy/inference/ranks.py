"""Rank tests: each event's days are ranked among its own, so that no distribution need be assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eventstudy.inference.spec import ALWAYS, TestSpec
from eventstudy.inference.statistic import Statistic, from_normal, from_t, sd

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import EstimationRecord, WindowSample

__all__ = ["SPECS", "corrado", "grank", "rank_scores", "standardized_residuals"]

Floats = NDArray[np.float64]


def rank_scores(x: Floats) -> Floats:
    """Return U = rank/(number + 1) - 1/2 within each row, average ranks for ties.

    Parameters
    ----------
    x : (..., D) float
        Values of one event on D days; NaN has no rank.

    Returns
    -------
    (..., D) float
        Between -1/2 and 1/2, mean 0 in every row; NaN where x is.

    Examples
    --------
    >>> import numpy as np
    >>> rank_scores(np.array([3.0, np.nan, 1.0, 2.0])).tolist()
    [0.25, nan, -0.25, 0.0]
    """
    flat = x.reshape(-1, x.shape[-1])
    order = np.argsort(flat, axis=-1)
    ranks = np.empty_like(flat)
    np.put_along_axis(ranks, order, np.arange(1.0, flat.shape[-1] + 1)[None, :], axis=-1)
    ordered = np.take_along_axis(flat, order, axis=-1)
    tied = (np.diff(ordered, axis=-1) == 0).any(axis=-1)
    if tied.any():
        ranks[tied] = stats.rankdata(flat[tied], axis=-1, nan_policy="omit")
    present = np.isfinite(flat)
    score = ranks / (present.sum(axis=-1, keepdims=True) + 1) - 0.5
    return np.where(present, score, np.nan).reshape(x.shape)


def standardized_residuals(record: EstimationRecord, sigma: Floats) -> Floats:
    """Return e_t / (sigma sqrt(1 - h_t)), internally studentized, shape (..., N, T).

    Parameters
    ----------
    record : EstimationRecord
        The estimation windows.
    sigma : (..., N) float
        Residual standard deviations.

    Notes
    -----
    The plain sigma changes the ranks: early and late days have larger leverages (METHODS 3).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = sigma[..., None] * np.sqrt(1 - record.leverage)
        return np.where(spread > 0, record.residual / spread, np.nan)


def _portfolio(score: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the mean score of each day, the root mean square S of METHODS 4.8, the days T and the events N."""
    present = np.isfinite(score)
    per_day = present.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(present, score, 0.0).sum(axis=-2) / per_day
        n = present.any(axis=-1).sum(axis=-1)
        days = (per_day > 0).sum(axis=-1)
        spread = np.sqrt(np.nansum(per_day / n[..., None] * average**2, axis=-1) / days)
    return average, np.where(spread > 0, spread, np.nan), days, n


def corrado(estimation: Floats, window: Floats) -> Statistic:
    """Test that event days have no unusual ranks: sqrt(L) mean(Ubar_t over W) / S ~ N(0, 1).

    Parameters
    ----------
    estimation : (..., N, T) float
        Estimation-window abnormal returns (or standardized ones).
    window : (..., N, L) float
        Those of the tested window, ranked together with the estimation window. An event with no value leaves the test.

    Returns
    -------
    Statistic
        ``estimate`` is the mean score, between -1/2 and 1/2; NaN for no variance of scores.

    References
    ----------
    Corrado (1989), eq. 5-7; Corrado and Zivney (1992), eq. 6-9 for missing values; Cowan (1992) for several days.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = corrado(rng.normal(size=(30, 100)), rng.normal(1.0, size=(30, 1)))
    >>> round(float(outcome.value), 1)
    3.4
    """
    length = window.shape[-1]
    gone = ~np.isfinite(window).any(axis=-1, keepdims=True)
    joint = np.where(gone, np.nan, np.concatenate([estimation, window], axis=-1))
    average, spread, _, n = _portfolio(rank_scores(joint))
    inside = average[..., -length:]
    there = np.isfinite(inside)
    bars = there.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(there, inside, 0.0).sum(axis=-1) / bars
        error = spread / np.sqrt(bars)
        value = centre / error
    return from_normal(value, n, estimate=centre, se=error, unit="rank")


def grank(estimation: Floats, scar: Floats, *, form: Literal["t", "z"] = "t") -> Statistic:
    """Test the rank of the whole window, as one pseudo-day, among the estimation days (GRANK).

    Parameters
    ----------
    estimation : (..., N, T) float
        Standardized estimation residuals (`standardized_residuals`).
    scar : (..., N) float
        SCARs; divided here by their cross-sectional standard deviation.
    form : {"t", "z"}
        GRANK-T, t(T - 2), whose scale is that of the portfolio of ranks, or GRANK-Z, standard normal, which assumes
        independence across events.

    Returns
    -------
    Statistic
        T counts the days with any value, the pseudo-day included. NaN where the SCARs have no variance.

    References
    ----------
    Kolari and Pynnönen (2011), eq. 8-20.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> outcome = grank(rng.normal(size=(30, 100)), rng.normal(1.0, size=30))
    >>> round(float(outcome.value), 1), float(outcome.df)
    (3.7, 99.0)
    """
    scaled = scar / sd(scar)[..., None]
    gone = ~np.isfinite(scaled)[..., None]
    joint = np.where(gone, np.nan, np.concatenate([estimation, scaled[..., None]], axis=-1))
    average, spread, days, n = _portfolio(rank_scores(joint))
    centre = average[..., -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        if form == "z":
            error = 1 / np.sqrt(12 * n * (days + 1) / (days - 1))
            return from_normal(centre / error, n, estimate=centre, se=error, unit="rank")
        z = centre / spread
        value = z * np.sqrt((days - 2) / (days - 1 - z**2))
    return from_t(value, days - 2, n, estimate=centre, se=centre / np.where(value == 0, np.nan, value), unit="rank")


def _record(sample: WindowSample) -> EstimationRecord:
    assert sample.estimation is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    return sample.estimation


def _corrado(sample: WindowSample) -> Statistic:
    return corrado(_record(sample).residual, np.where(np.isfinite(sample.car)[..., None], sample.ar, np.nan))


def _corrado_zivney(sample: WindowSample) -> Statistic:
    sar = np.where(np.isfinite(sample.scar)[..., None], sample.sar, np.nan)
    across = sd(np.swapaxes(sar, -1, -2))
    return corrado(standardized_residuals(_record(sample), sample.sigma), sar / across[..., None, :])


def _grank_t(sample: WindowSample) -> Statistic:
    return grank(standardized_residuals(_record(sample), sample.sigma), sample.scar)


def _grank_z(sample: WindowSample) -> Statistic:
    return grank(standardized_residuals(_record(sample), sample.sigma), sample.scar, form="z")


SPECS = (
    TestSpec(
        name="corrado",
        title="Rank (Corrado)",
        null="event days rank like other days",
        assumptions=("no change of variance at the event", "a short window", "events on one date, or independent"),
        reference="Corrado (1989), eq. 5-7; Corrado and Zivney (1992), eq. 6-9; Cowan (1992)",
        compute=_corrado,
        undefined="the ranks have no variance",
        needs=("estimation",),
        holds_under=ALWAYS | {"dependence", "fat tails", "skewness", "volatility clustering", "few"},
        longest=5,
    ),
    TestSpec(
        name="corrado_zivney",
        title="Rank of standardized abnormal returns (Corrado-Zivney)",
        null="event days rank like other days",
        assumptions=("symmetric abnormal returns", "a short window", "events on one date, or independent"),
        reference="Corrado and Zivney (1992), T3",
        compute=_corrado_zivney,
        undefined="the standardized abnormal returns have no variance across the security-events",
        needs=("estimation",),
        basis="scar",
        holds_under=ALWAYS | {"dependence", "event variance", "volatility clustering"},
        longest=5,
        smallest=50,
    ),
    TestSpec(
        name="grank_t",
        title="Generalized rank t (GRANK-T)",
        null="the window ranks like an estimation day",
        assumptions=("symmetric abnormal returns", "CARs and daily abnormal returns have one shape of distribution"),
        reference="Kolari and Pynnönen (2011), eq. 8-15",
        compute=_grank_t,
        undefined="the SCARs have no variance across the security-events",
        needs=("estimation",),
        basis="scar",
        holds_under=ALWAYS | {"dependence", "event variance"},
        smallest=50,
    ),
    TestSpec(
        name="grank_z",
        title="Generalized rank z (GRANK-Z)",
        null="the window ranks like an estimation day",
        assumptions=("SCARs independent across security-events", "symmetric abnormal returns"),
        reference="Kolari and Pynnönen (2011), eq. 20",
        compute=_grank_z,
        undefined="the SCARs have no variance across the security-events",
        needs=("estimation",),
        basis="scar",
        holds_under=ALWAYS | {"event variance"},
        smallest=50,
    ),
)
