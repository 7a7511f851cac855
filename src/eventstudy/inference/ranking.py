"""Ranks of many events at once: the estimation window is sorted once, and the tested window is put among it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eventstudy.inference.statistic import sd

if TYPE_CHECKING:
    from eventstudy.abnormal.sample import EstimationRecord

__all__ = ["RankPortfolio", "grank_portfolio", "rank_portfolio", "row_ranks", "standardized_residuals"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INSERTED = 6
"""Windows of up to this many bars are put among the sorted estimation window; longer ones are sorted with it."""


def row_ranks(x: Floats) -> Floats:
    """Return ranks 1, 2, ... within each row, average ranks for ties, NaN where x is NaN.

    Parameters
    ----------
    x : (..., D) float
        Values of one event on D days.

    Returns
    -------
    (..., D) float

    Examples
    --------
    >>> import numpy as np
    >>> row_ranks(np.array([3.0, np.nan, 1.0, 3.0])).tolist()
    [2.5, nan, 1.0, 2.5]
    """
    flat = x.reshape(-1, x.shape[-1])
    order = np.argsort(flat, axis=-1)
    ranks = np.empty_like(flat)
    np.put_along_axis(ranks, order, np.arange(1.0, flat.shape[-1] + 1)[None, :], axis=-1)
    ordered = np.sort(flat, axis=-1)  # faster than to gather by the order
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=-1)
    if tied.any():
        ranks[tied] = stats.rankdata(flat[tied], axis=-1, nan_policy="omit")
    if flat.shape[-1] and np.isnan(ordered[:, -1]).any():  # NaN sorts last
        ranks[np.isnan(flat)] = np.nan
    return ranks.reshape(x.shape)


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


@dataclass(frozen=True, slots=True)
class RankPortfolio:
    """The mean score of each day.

    Attributes
    ----------
    window : (..., L) float
        Ubar_t over the tested window; U = rank/(number + 1) - 1/2. NaN on a day without any event.
    spread : (...) float
        S = sqrt((1/T) sum_t (N_t/N) Ubar_t²) over estimation and tested window; NaN if zero.
    days : (...) int
        T: relative days on which any event has a value.
    n : (...) int
        Events N.
    """

    window: Floats
    spread: Floats
    days: Ints
    n: Ints


def rank_portfolio(estimation: Floats, window: Floats, ranks: Floats | None = None) -> RankPortfolio:
    """Rank each event's estimation and tested window together and average the scores of each day.

    Parameters
    ----------
    estimation : (..., N, T) float
        Values of the estimation window; NaN has no rank.
    window : (..., N, L) float
        Values of the tested window; an event without any leaves.
    ranks : (..., N, T) float, optional
        `row_ranks` of `estimation`, if already known.

    Returns
    -------
    RankPortfolio
    """
    length = window.shape[-1]
    if length > INSERTED:
        joint = row_ranks(np.concatenate([estimation, window], axis=-1))
        before, inside = joint[..., :-length], joint[..., -length:]
    else:
        before, inside = _insert(estimation, window, row_ranks(estimation) if ranks is None else ranks)
    stays = np.asarray(np.isfinite(inside).any(axis=-1))
    n = stays.sum(axis=-1)
    if np.isfinite(inside).all() and np.isfinite(before.sum()):
        per_day = np.broadcast_to(n[..., None], (*n.shape, estimation.shape[-1] + length))
        scale = estimation.shape[-1] + length + 1
        average = np.concatenate([before.mean(axis=-2), inside.mean(axis=-2)], axis=-1) / scale - 0.5
    else:
        score = np.concatenate([before, inside], axis=-1)
        known = np.isfinite(score) & stays[..., None]
        with np.errstate(invalid="ignore", divide="ignore"):
            score = score / (np.isfinite(score).sum(axis=-1, keepdims=True) + 1) - 0.5
            per_day = known.sum(axis=-2)
            average = np.where(known, score, 0.0).sum(axis=-2) / per_day
    with np.errstate(invalid="ignore", divide="ignore"):
        days = (per_day > 0).sum(axis=-1)
        spread = np.sqrt(np.nansum(per_day / n[..., None] * average**2, axis=-1) / days)
    return RankPortfolio(average[..., -length:], np.where(spread > 0, spread, np.nan), days, n)


def _insert(estimation: Floats, window: Floats, ranks: Floats) -> tuple[Floats, Floats]:
    """Return the joint ranks of both parts: each value counts those below it, and half of its equals."""
    before, inside = ranks.copy(), np.empty_like(window)
    known = np.isfinite(estimation).sum(axis=-1)
    for day in range(window.shape[-1]):
        value = window[..., day, None]
        above, below = estimation > value, (estimation < value).sum(axis=-1)
        before += above
        ties = np.where(np.isfinite(window[..., day]), known - below - above.sum(axis=-1), 0)
        if ties.any():
            before += 0.5 * (estimation == value)
        inside[..., day] = below + 0.5 * ties
        inside[..., day] += (window < value).sum(axis=-1) + 0.5 * ((window == value).sum(axis=-1) + 1)
    return before, np.where(np.isfinite(window), inside, np.nan)


def grank_portfolio(estimation: Floats, scar: Floats, ranks: Floats | None = None) -> RankPortfolio:
    """Rank SCAR / sd(SCAR), as one pseudo-day, among the standardized residuals.

    Parameters
    ----------
    estimation : (..., N, T) float
        Standardized estimation residuals.
    scar : (..., N) float
        SCARs.
    ranks : (..., N, T) float, optional
        `row_ranks` of `estimation`, if already known.

    Returns
    -------
    RankPortfolio
        Of window length 1. No event stays where the SCARs have no variance.
    """
    return rank_portfolio(estimation, (scar / sd(scar)[..., None])[..., None], ranks)
