"""What a sceptic would believe after the data: a posterior of each link, beside the tests and never instead of them.

The sceptic's prior is N(0, s) with a small chance beyond the declared effect (Spiegelhalter, Freedman and Parmar 1994); the
enthusiast's is as wide and centred on that effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.reaction import Reaction

_GRID = 2001  # points over eight prior standard deviations on either side
_REACH = 8.0
_WIDEST = 6.0  # log odds: beyond an odds ratio of 400 nothing is told apart


class Posterior(NamedTuple):
    """Of one link, in its direction: prior and posterior mean and interval, chances beyond nothing and beyond the margin."""

    prior_sd: float
    mean: float
    low: float
    high: float
    above_zero: float
    above_margin: float
    prior_above_margin: float
    enthusiast_above_margin: float


def reaction_posterior(reaction: Reaction, declared: float, margin: float, chance: float) -> Posterior | None:
    """Student's t as the likelihood of the mean score; None with fewer than two sessions."""
    if reaction.n < 2 or not reaction.se > 0:
        return None

    def likelihood(effect: Floats) -> Floats:
        return np.asarray(stats.t.logpdf((reaction.estimate - effect) / reaction.se, reaction.n - 1), dtype=float)

    return _posterior(likelihood, declared, margin, chance)


def hazard_posterior(
    x: Floats, relieved: Ints, stratum: Ints, spread: float, declared: float, margin: float, chance: float
) -> Posterior | None:
    """Conditional likelihood of the reliefs within ages, in log odds a standard deviation of the loss; None without one.

    `relieved` are places of relieved pairs.
    """
    if not relieved.size or not spread > 0:
        return None
    return _posterior(_conditional(x / spread, relieved, stratum), declared, margin, chance)


def hazard_interval(
    x: Floats, relieved: Ints, stratum: Ints, spread: float, level: float, inflation: float = 1.0
) -> tuple[float, float]:
    """Interval of the log odds a standard deviation of the loss, by the ratio of conditional likelihoods within ages.

    The one step from zero that the score gives falls short of a large effect. `inflation` is by how much the score varies
    beyond what independent reliefs would: an act that takes several is one act.
    """
    nan = float("nan")
    if not relieved.size or not spread > 0:
        return nan, nan
    grid = np.linspace(-_WIDEST, _WIDEST, _GRID)
    known = _conditional(x / spread, relieved, stratum)(grid)
    inside = grid[2 * (known.max() - known) <= inflation * float(stats.chi2.ppf(level, 1))]
    low, high = float(inside[0]), float(inside[-1])
    return (low if low > grid[0] else -np.inf), (high if high < grid[-1] else np.inf)


def _conditional(scaled: Floats, relieved: Ints, stratum: Ints) -> Callable[[Floats], Floats]:
    """Log likelihood, by effect, of which pairs of each age were relieved."""
    sets = [(scaled[stratum == s], scaled[relieved[stratum[relieved] == s]]) for s in np.unique(stratum[relieved])]

    def likelihood(effect: Floats) -> Floats:
        total = np.zeros(effect.shape)
        for own, mine in sets:
            peak = effect[:, None] * own[None, :]
            top = peak.max(axis=1)
            total += effect * mine.sum() - mine.size * (top + np.log(np.exp(peak - top[:, None]).mean(axis=1)))
        return total

    return likelihood


def _posterior(likelihood: Callable[[Floats], Floats], declared: float, margin: float, chance: float) -> Posterior:
    sd = declared / float(stats.norm.isf(chance))
    grid = np.linspace(-_REACH * sd, _REACH * sd + declared, _GRID)
    known = likelihood(grid)
    sceptic, enthusiast = (_weights(known + stats.norm.logpdf(grid, centre, sd)) for centre in (0.0, declared))
    running = np.cumsum(sceptic)
    low, high = (float(grid[np.searchsorted(running, q)]) for q in (0.05, 0.95))
    beyond = grid > margin
    return Posterior(
        sd,
        float(sceptic @ grid),
        low,
        high,
        float(sceptic[grid > 0].sum()),
        float(sceptic[beyond].sum()),
        float(stats.norm.sf(margin / sd)),
        float(enthusiast[beyond].sum()),
    )


def _weights(log: Floats) -> Floats:
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum(), dtype=float)
