"""What these data could have shown: power against declared effects, and the smallest effect found four times in five.

Effects are put into the study's own record: onto random placebo dates for the reactions, into the choice of the
sessions of relief for the decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eventstudy.hypothesis.reactions import means_without

if TYPE_CHECKING:
    from eventstudy.hypothesis.decisions import DecisionTest, ScoreTest
    from eventstudy.hypothesis.reactions import Reaction

__all__ = ["Power", "decision_power", "reaction_power"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Standard deviations of the power curve.
_STEPS = tuple(round(0.1 * i, 1) for i in range(21))
#: Odds ratios among which the smallest detectable one is sought.
_GRID = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True)
class Power:
    """Power of one link.

    Attributes
    ----------
    effect : float
        What was injected: standard deviations, or an odds ratio per standard deviation of drawdown.
    power : float
        Share of rejections at the level.
    detectable : float
        The smallest effect detected at the target rate; infinite beyond the grid.
    curve : tuple of (effect, power)
        For a chart.
    """

    effect: float
    power: float
    detectable: float
    curve: tuple[tuple[float, float], ...] = ()


def reaction_power(
    reaction: Reaction, effect: float, level: float, target: float, *, curve_wanted: bool = True
) -> Power:
    """Power of the headline (largest) p-value of a reaction, effects injected at random placebo dates.

    The draws of the permutation are such dates; each score is moved by `effect`, clipped as scores are, and the mean held
    against the strictest of the critical values, and so is the mean with a session or a cluster left out.
    """
    nulls = [null for null in (reaction.null_permutation, reaction.null_matched, reaction.null_shift) if null.size]
    if not nulls:
        return Power(effect, float("nan"), float("nan"))
    critical = max(_critical(null, level) for null in nulls)
    left = np.array([_critical(null, level) for null in reaction.null_left_out])
    if not (np.isfinite(critical) and np.isfinite(left).all()):
        return Power(effect, 0.0, float("inf"))

    def power(size: float) -> float:
        moved = np.clip(reaction.drawn + size, reaction.low, reaction.high)
        found = moved.mean(axis=1) > critical
        if left.size:
            found &= (means_without(moved, reaction.groups) > left[:, None]).all(axis=0)
        return float(found.mean())

    curve = tuple((size, power(size)) for size in (_STEPS if curve_wanted else ()))
    return Power(effect, power(effect), _crossing(curve, target), curve)


def _crossing(curve: tuple[tuple[float, float], ...], target: float) -> float:
    """Find where the curve first reaches the target, between its points by a straight line; infinite if nowhere."""
    for (x0, y0), (x1, y1) in pairwise(curve):
        if y0 < target <= y1:
            return x0 + (target - y0) / (y1 - y0) * (x1 - x0)
    return float("inf")


def _critical(null: Floats, level: float) -> float:
    """Find the value that an estimate must exceed for (1 + #) / (B + 1) <= level; infinite if even the largest is too few."""
    allowed = int(np.floor(level * (null.size + 1) + 1e-9)) - 1
    return float(np.sort(null)[::-1][allowed]) if allowed >= 0 else float("inf")


def decision_power(
    session: DecisionTest,
    score: ScoreTest | None,
    x: Floats,
    stratum: Ints,
    relieved: Bools,
    odds_ratio: float,
    level: float,
    target: float,
    *,
    draws: int,
    rng: np.random.Generator,
    curve_wanted: bool = True,
) -> Power:
    """Power of H2: reliefs are dealt out anew, more often where the loss is larger.

    Parameters
    ----------
    session : DecisionTest
    score : ScoreTest or None
        None where the sample has no threats to test on.
    x, stratum, relieved : (R,)
        Loss, age bin and outcome of the episode-days; see :mod:`eventstudy.hypothesis.decisions`.
    odds_ratio : float
        Per standard deviation of the loss over the sessions at risk.
    level, target : float
    draws : int
    rng : numpy.random.Generator
    curve_wanted : bool
        False leaves out the curve and the smallest detectable ratio.

    Notes
    -----
    H2 is rejected when both tests reject. They look at nearly the same reliefs, so the smaller of their powers is given.
    """

    def power(ratio: float) -> float:
        slope = float(np.log(ratio))
        found = [_session_power(session, slope, level, draws, rng)]
        if score is not None:
            found.append(_score_power(score, x, stratum, relieved, slope, level, draws, rng))
        return min(found)

    if not session.null.size or (score is not None and not score.null.size):
        return Power(odds_ratio, 0.0, float("inf"))
    curve = tuple((ratio, power(ratio)) for ratio in (_GRID if curve_wanted else ()))
    detectable = next((ratio for ratio, found in curve if found >= target), float("inf"))
    return Power(odds_ratio, power(odds_ratio), detectable, curve)


def _session_power(test: DecisionTest, slope: float, level: float, draws: int, rng: np.random.Generator) -> float:
    x, n = test.loss, int(test.decided.sum())
    marks = _weighted(slope * x / x.std(), n, draws, rng)
    turns = np.arange(x.size)[:, None]
    hits = 0.0
    for row in marks:
        sums = x[(row[None, :] + turns) % x.size].sum(axis=1)
        hits += np.count_nonzero(sums >= sums[0] - 1e-12) / x.size <= level
    return hits / draws


def _score_power(
    test: ScoreTest,
    x: Floats,
    stratum: Ints,
    relieved: Bools,
    slope: float,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> float:
    known = np.isfinite(x)
    x, stratum, relieved = x[known], stratum[known], relieved[known]
    unit, total = x.std(), np.zeros(draws)
    for s in np.unique(stratum):
        rows = np.flatnonzero(stratum == s)
        marks = int(relieved[rows].sum())
        if 0 < marks < rows.size:
            centred = x[rows] - x[rows].mean()
            total += centred[_weighted(slope * x[rows] / unit, marks, draws, rng)].sum(axis=1)
    return float(np.mean(total / np.sqrt(test.information) > _critical(test.null, level)))


def _weighted(log_weight: Floats, n: int, draws: int, rng: np.random.Generator) -> Ints:
    """(draws, n) members drawn without replacement with odds exp(log_weight) (Gumbel keys)."""
    keys = log_weight[None, :] + rng.gumbel(size=(draws, log_weight.size))
    return np.argsort(-keys, axis=1)[:, :n]
