"""Ranks, and signs about the median, of many events at once: scores of each event's days, averaged day by day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.inference.core.statistic import sd

BLOCK = 256
"""Rows that are sorted at a time: half a megabyte stays in the processor's cache, which is six times as fast."""

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
    ranks = np.empty_like(flat)
    for start in range(0, len(flat), BLOCK):
        _rank_block(flat[start : start + BLOCK], ranks[start : start + BLOCK])
    return ranks.reshape(x.shape)


def _rank_block(x: Floats, ranks: Floats) -> None:
    np.put_along_axis(ranks, np.argsort(x, axis=1), np.arange(1.0, x.shape[1] + 1)[None, :], axis=1)
    ordered = np.sort(x, axis=1)  # faster than to gather by the order
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if tied.any():
        ranks[tied] = stats.rankdata(x[tied], axis=1, nan_policy="omit")
    if np.isnan(ordered[:, -1]).any():  # NaN sorts last
        ranks[np.isnan(x)] = np.nan


def standardized_residuals(record: EstimationRecord, sigma: Floats) -> Floats:
    """Return e_t / (sigma sqrt(1 - h_t)), internally studentized, or AR_t / sigma of raw ones; shape (..., N, T).

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
        if not record.forecast:  # no mean is taken out, neither here nor in the tested window
            return np.where(sigma[..., None] > 0, record.abnormal / sigma[..., None], np.nan)
        spread = sigma[..., None] * np.sqrt(1 - record.leverage)
        return np.where(spread > 0, record.residual / spread, np.nan)


@dataclass(frozen=True, slots=True)
class RankPortfolio:
    """The mean score of each day.

    Attributes
    ----------
    window : (..., L) float
        Mean score of each day of the tested window; NaN on a day without any event.
    spread : (...) float
        S = sqrt((1/T) sum_t (N_t/N) mean_t²) over estimation and tested window; NaN if zero.
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
    """Rank each event's estimation and tested window together and average U = rank/(number + 1) - 1/2 by day.

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
    return _scored(_rank_scores, estimation, window, row_ranks(estimation) if ranks is None else ranks)


def sign_portfolio(estimation: Floats, window: Floats) -> RankPortfolio:
    """Score each day of an event by its side of the median of estimation and tested window, and average by day.

    Parameters
    ----------
    estimation, window
        As in `rank_portfolio`.

    Returns
    -------
    RankPortfolio
        Of G = sign(value - median): 1, -1, and 0 for a value at the median.
    """
    return _scored(_sign_scores, estimation, window, estimation)


def _scored(
    score: Callable[[Floats, Floats, Floats], tuple[Floats, Floats]], estimation: Floats, window: Floats, ranks: Floats
) -> RankPortfolio:
    """Score the days of each event, some events at a time, and average by day."""
    before, inside = np.empty(estimation.shape), np.empty(window.shape)
    rows = [part.reshape(-1, part.shape[-1]) for part in (estimation, window, ranks, before, inside)]
    for start in range(0, len(rows[0]), BLOCK):
        past, now, rank, past_score, now_score = (part[start : start + BLOCK] for part in rows)
        past_score[...], now_score[...] = score(past, now, rank)
    return _averaged(before, inside)


def _rank_scores(estimation: Floats, window: Floats, ranks: Floats) -> tuple[Floats, Floats]:
    length = window.shape[1]
    if length > INSERTED:
        joint = row_ranks(np.concatenate([estimation, window], axis=1))
        before, inside = joint[:, :-length], joint[:, -length:]
    else:
        before, inside = _insert(estimation, window, ranks)
    number = np.isfinite(before).sum(axis=1) + np.isfinite(inside).sum(axis=1)
    scale = 1 / (number[:, None] + 1)
    return before * scale - 0.5, inside * scale - 0.5


def _sign_scores(estimation: Floats, window: Floats, _: Floats) -> tuple[Floats, Floats]:
    middle = _median(np.concatenate([estimation, window], axis=1))[:, None]
    return np.sign(estimation - middle), np.sign(window - middle)


def _median(x: Floats) -> Floats:
    """Return the median of the finite values of each row; NaN where there are none."""
    ordered, known = np.sort(x, axis=1), np.isfinite(x).sum(axis=1)  # NaN sorts last
    middle = np.stack([np.maximum(known - 1, 0) // 2, known // 2], axis=1)
    return np.asarray(np.take_along_axis(ordered, middle, axis=1).mean(axis=1))


def _averaged(before: Floats, inside: Floats) -> RankPortfolio:
    """Average the scores of each day over the events that have one in the tested window."""
    stays = np.asarray(np.isfinite(inside).any(axis=-1))
    n = stays.sum(axis=-1)
    if np.isfinite(inside).all() and np.isfinite(before.sum()):
        per_day = np.broadcast_to(n[..., None], (*n.shape, before.shape[-1] + inside.shape[-1]))
        average = np.concatenate([before.mean(axis=-2), inside.mean(axis=-2)], axis=-1)
    else:
        score = np.concatenate([before, inside], axis=-1)
        known = np.isfinite(score) & stays[..., None]
        with np.errstate(invalid="ignore", divide="ignore"):
            per_day = known.sum(axis=-2)
            average = np.where(known, score, 0.0).sum(axis=-2) / per_day
    with np.errstate(invalid="ignore", divide="ignore"):
        days = (per_day > 0).sum(axis=-1)
        spread = np.sqrt(np.nansum(per_day / n[..., None] * average**2, axis=-1) / days)
    return RankPortfolio(average[..., -inside.shape[-1] :], np.where(spread > 0, spread, np.nan), days, n)


def _insert(estimation: Floats, window: Floats, ranks: Floats) -> tuple[Floats, Floats]:
    """Return the joint ranks of both parts: each value counts those below it, and half of its equals."""
    before, inside = ranks.copy(), np.empty_like(window)
    known = np.isfinite(estimation).sum(axis=1)
    for day in range(window.shape[1]):
        value = window[:, day, None]
        above, below = estimation > value, (estimation < value).sum(axis=1)
        before += above
        ties = known - below - above.sum(axis=1)
        if ties.any():
            before += 0.5 * (estimation == value)
        inside[:, day] = below + 0.5 * ties
        inside[:, day] += (window < value).sum(axis=1) + 0.5 * ((window == value).sum(axis=1) + 1)
    return before, np.where(np.isfinite(window), inside, np.nan)


def pseudo_day(scar: Floats) -> Floats:
    """Return SCAR / sd(SCAR) as a window of one day, (..., N) to (..., N, 1): the generalized abnormal return.

    Parameters
    ----------
    scar : (..., N) float
        SCARs; NaN is left out.

    Returns
    -------
    (..., N, 1) float
        NaN for all where the SCARs have no variance, so that no event stays.
    """
    return (scar / sd(scar)[..., None])[..., None]
