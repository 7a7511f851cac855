"""What these data could have shown: power against declared effects, and the smallest effect found four times in five.

Effects are put into the study's own record: onto random placebo dates for the reactions, into the choice of the
sessions of relief for the decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.links.decision import DecisionTest, ScoreTest
from eventstudy.hypothesis.links.placebo_draws import critical
from eventstudy.hypothesis.links.reaction import Reaction, means_without
from eventstudy.hypothesis.record.risk_sets import Rows

#: Standard deviations of the power curve.
_STEPS = tuple(round(0.1 * i, 1) for i in range(21))

#: Odds ratios among which the smallest detectable one is sought.
GRID = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)

_TURNS = 499  # combinations of turns, where a sample has several rings

_ROUNDING = 1e-10  # of a sum of losses by Fourier transform


@dataclass(frozen=True, slots=True)
class Aim:
    """The effect whose detection is asked about, by a test of size `alpha`, `target` of the time; with or without the curve."""

    effect: float
    alpha: float
    target: float
    curve: bool = True


@dataclass(frozen=True, slots=True)
class Power:
    """Power of one link.

    Attributes
    ----------
    effect : float
        What was injected: standard deviations, an odds ratio per standard deviation of drawdown, or (the chain) a multiple
        of the declared effects.
    power : float
        Share of rejections at the level; of H2 by both its tests, of the chain by all three links.
    detectable : float
        The smallest effect detected at the target rate; infinite beyond the grid.
    curve : tuple of (effect, power)
        For a chart.
    """

    effect: float
    power: float
    detectable: float
    curve: tuple[tuple[float, float], ...] = ()


def reaction_power(reaction: Reaction, aim: Aim) -> Power:
    """Power of the headline (largest) p-value of a reaction, effects injected at random placebo dates.

    The draws of the permutation are such dates; each score is moved by the effect, clipped as scores are, and the mean
    held against the strictest of the critical values, and so is the mean with a session or a cluster left out.
    """
    nulls = reaction.drawn_nulls
    if not nulls:
        return Power(aim.effect, float("nan"), float("nan"))
    least = max(critical(null, aim.alpha) for null in nulls)
    counted = reaction.null_left_out if "left_out" in reaction.primary else ()
    left = np.array([critical(null, aim.alpha) for null in counted])
    if not (np.isfinite(least) and np.isfinite(left).all()):
        return Power(aim.effect, 0.0, float("inf"))

    def power(size: float) -> float:
        moved = np.clip(reaction.drawn + size, reaction.low, reaction.high)
        found = moved.mean(axis=1) > least
        if left.size:
            found &= (means_without(moved, reaction.groups) > left[:, None]).all(axis=0)
        return float(found.mean())

    curve = tuple((size, power(size)) for size in (sorted({*_STEPS, aim.effect}) if aim.curve else ()))
    return Power(aim.effect, power(aim.effect), crossing(curve, aim.target), curve)


def crossing(curve: tuple[tuple[float, float], ...], target: float) -> float:
    """Find where the curve first reaches the target, to a hundredth; infinite if nowhere.

    Between its points the curve is a straight line; its rates come from draws, which carry no third digit.
    """
    for (x0, y0), (x1, y1) in pairwise(curve):
        if y0 < target <= y1:
            return round(x0 + (target - y0) / (y1 - y0) * (x1 - x0), 2)
    return float("inf")


def chain_power(links: Mapping[str, Power], target: float) -> Power:
    """Power of the joint test, by multiples of the declared effects put into all links at once.

    Effects are injected into each link's own record independently of the others', so that the share of joint rejections
    is the product of the links'. A multiple of k means k times the declared reaction, and the declared odds ratio to
    the power k, which the result's `detectable` and curve are in. Powers between the points of a link's curve are read
    off by straight lines.
    """
    joint = float(np.prod([link.power for link in links.values()]))
    if not all(link.curve for link in links.values()):
        return Power(1.0, joint, float("nan") if joint else float("inf"))
    scales = {name: [multiple(name, link, x) for x, _ in link.curve] for name, link in links.items()}
    curve = []
    for k in scales["H2"]:
        if k <= min(scale[-1] for scale in scales.values()):
            at = [np.interp(k, scales[name], [y for _, y in link.curve]) for name, link in links.items()]
            curve.append((float(k), float(np.prod(at))))
    return Power(1.0, joint, crossing(tuple(curve), target), tuple(curve))


def multiple(name: str, power: Power, effect: float) -> float:
    """Express an effect on a link, or the chain, in multiples of the declared one; those of odds ratios are powers of it.

    Examples
    --------
    >>> multiple("H1", Power(0.75, 0.6, 0.9), 1.5), multiple("H2", Power(4.0, 0.6, 5.0), 2.0)
    (2.0, 0.5)
    """
    return float(np.log(effect) / np.log(power.effect)) if name == "H2" else effect / power.effect


def decision_power(
    session: DecisionTest,
    score: ScoreTest,
    rows: Rows,
    x: Floats,
    stratum: Ints,
    aim: Aim,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Power:
    """Power of H2: reliefs are dealt out anew, more often where the loss is larger, and both tests must reject them.

    `x` and `stratum`, (R,), are the loss and the age bin of the episode-days. The effect is an odds ratio per standard
    deviation of the loss over the sessions at risk; of the reliefs over the episode-days, in which a session counts
    once for each threat that is open.

    As many episode-days of each age end in relief as in the record. Their sessions are the decisions; those by which
    the record's decisions outnumber them fall on other sessions at risk, with the same odds. The same uniform draws
    serve every ratio.
    """
    if not session.null.size or not score.null.size:
        return Power(aim.effect, 0.0, float("inf"))
    state = rng.bit_generator.state

    def power(ratio: float) -> float:
        rng.bit_generator.state = state
        slope = float(np.log(ratio))
        chosen, scores = _deal_reliefs(score, x, stratum, rows.relieved, slope, draws, rng)
        marks = _deal_decisions(session, rows.day[chosen], slope, rng)
        both = (scores > critical(score.null, aim.alpha)) & (_turned_pvalues(session, marks, rng) <= aim.alpha)
        return float(np.mean(both))

    curve = tuple((ratio, power(ratio)) for ratio in (GRID if aim.curve else ()))
    declared = dict(curve).get(aim.effect)
    return Power(aim.effect, power(aim.effect) if declared is None else declared, crossing(curve, aim.target), curve)


def _deal_reliefs(
    test: ScoreTest, x: Floats, stratum: Ints, relieved: Bools, slope: float, draws: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """(draws, n) episode-days that end in relief, and (draws,) the score test's statistic on them."""
    known = np.isfinite(x)
    unit, total, chosen = x[known].std(), np.zeros(draws), []
    for s in np.unique(stratum[known]):
        rows = np.flatnonzero(known & (stratum == s))
        marks = int(relieved[rows].sum())
        if 0 < marks <= rows.size:
            picked = rows[_weighted(slope * x[rows] / unit, marks, draws, rng)]
            # an age at which every threat was relieved says nothing: its centred sum is nought
            total += (x[picked] - x[rows].mean()).sum(axis=1)
            chosen.append(picked)
    return np.concatenate(chosen, axis=1), total / np.sqrt(test.information)


def _deal_decisions(test: DecisionTest, day: Ints, slope: float, rng: np.random.Generator) -> Bools:
    """(draws, R) sessions at risk with a decision: those of the reliefs, and others up to the record's number."""
    draws, size = len(day), test.day.size
    marks = np.zeros((draws, size), dtype=bool)
    place = np.searchsorted(test.day, day)
    inside = test.day[np.minimum(place, size - 1)] == day
    marks[np.broadcast_to(np.arange(draws)[:, None], day.shape)[inside], place[inside]] = True
    keys = slope * test.loss / test.loss.std() + rng.gumbel(size=(draws, size))
    order = np.argsort(np.argsort(-np.where(marks, -np.inf, keys), axis=1), axis=1)
    missing = np.maximum(int(test.decided.sum()) - marks.sum(axis=1), 0)
    return np.asarray(marks | (order < missing[:, None]), dtype=bool)


def _turned_pvalues(test: DecisionTest, marks: Bools, rng: np.random.Generator) -> Floats:
    """(draws,) p-values of the test of the sessions: every turn of one ring; of several, turns drawn for each by itself."""
    rings = [test.ring == one for one in np.unique(test.ring)]
    turned = [_turned_sums(test.loss[ring], marks[:, ring]) for ring in rings]
    if len(turned) == 1:
        return np.asarray(np.mean(turned[0] >= turned[0][:, :1] - _ROUNDING, axis=1), dtype=float)
    observed = np.sum([sums[:, :1] for sums in turned], axis=0)
    drawn = np.sum([sums[:, rng.integers(0, sums.shape[1], _TURNS)] for sums in turned], axis=0)
    return np.asarray((1 + np.sum(drawn >= observed - _ROUNDING, axis=1)) / (1 + _TURNS), dtype=float)


def _turned_sums(x: Floats, marks: Bools) -> Floats:
    """(draws, R) sum of x at the marks, for every turn of the marks along a ring of R sessions."""
    return np.fft.irfft(np.fft.rfft(x)[None, :] * np.conj(np.fft.rfft(marks, axis=1)), n=x.size, axis=1)


def _weighted(log_weight: Floats, n: int, draws: int, rng: np.random.Generator) -> Ints:
    """(draws, n) members drawn without replacement with odds exp(log_weight) (Gumbel keys)."""
    keys = log_weight[None, :] + rng.gumbel(size=(draws, log_weight.size))
    return np.argsort(-keys, axis=1)[:, :n]
