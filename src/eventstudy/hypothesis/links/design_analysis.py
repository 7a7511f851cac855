"""What a significant estimate would be worth: chance of a wrong sign, and by how much it overstates (Gelman and Carlin 2014)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from eventstudy._typing import Floats
from eventstudy.hypothesis.links.placebo_draws import critical
from eventstudy.hypothesis.links.reaction import Reaction

MULTIPLES = (0.5, 1.0, 2.0)  # of the declared effect, never of the estimate
_FEWEST = 20  # significant draws without which nothing is said


class Design(NamedTuple):
    """At a true effect: chance of a significant estimate, of a wrong sign given one, mean overstatement given the right sign."""

    effect: float
    power: float
    wrong_sign: float
    overstates: float


def reaction_design(reaction: Reaction, effect: float, alpha: float) -> tuple[Design, ...]:
    """Count in the permutation's own draws, effects added to each: significant in either direction at `alpha` a side."""
    null = reaction.nulls.get("permutation", np.zeros(0))
    if not null.size:
        return ()
    high, low = critical(null, alpha), -critical(-null, alpha)
    means = reaction.drawn.mean(axis=1)
    return tuple(_counted(means + k * effect, k * effect, low, high) for k in MULTIPLES)


def _counted(means: Floats, effect: float, low: float, high: float) -> Design:
    right, wrong = means > high, means < low
    found = int(right.sum() + wrong.sum())
    enough = found >= _FEWEST
    over = float(np.abs(means[right]).mean() / effect) if enough and right.any() else float("nan")
    return Design(effect, float(right.mean()), float(wrong.sum() / found) if enough else float("nan"), over)


def hazard_design(se: float, effect: float, alpha: float) -> tuple[Design, ...]:
    """Take the log odds a standard deviation of the loss as normal with the score's standard error.

    Examples
    --------
    >>> found = normal_design(2.0, 8.1, 0.025)
    >>> round(found.power, 3), round(found.wrong_sign, 2), round(found.overstates, 1)
    (0.043, 0.24, 9.5)
    """
    return tuple(normal_design(k * effect, se, alpha) for k in MULTIPLES) if se > 0 else ()


def normal_design(effect: float, se: float, alpha: float) -> Design:
    """Give the closed form for a normal estimate, significant in either direction at `alpha` a side."""
    bound = stats.norm.isf(alpha) * se
    right, wrong = stats.norm.sf((bound - effect) / se), stats.norm.cdf((-bound - effect) / se)
    # mean size of a significant estimate of either sign
    above = effect * right + se * stats.norm.pdf((bound - effect) / se)
    below = -effect * wrong + se * stats.norm.pdf((-bound - effect) / se)
    both = right + wrong
    return Design(effect, float(right), float(wrong / both), float((above + below) / both / effect))
