"""What the two tests of reliefs could have shown: reliefs dealt out anew, sooner where the loss is larger."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.decision import DecisionTest, ScoreTest
from eventstudy.hypothesis.links.placebo_draws import critical
from eventstudy.hypothesis.links.power import GRID, Aim, Power, crossing
from eventstudy.hypothesis.links.relief import Ring
from eventstudy.hypothesis.record.risk_sets import Relief

_TURNS = 99  # of each record


def relief_power(
    session: DecisionTest,
    score: ScoreTest,
    rings: Sequence[Ring],
    centred: Sequence[Ring],
    reliefs: Sequence[Relief],
    aim: Aim,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Power:
    """Power of H2: as many reliefs, each of as many episodes, fall on pairs at risk with odds that rise with the loss.

    The effect is an odds ratio per standard deviation of the loss over the pairs at risk; both tests must reject. `rings` hold
    the losses of each stretch, `centred` the same less the mean of their age.
    Where a relief takes several episodes, the first is dealt out, the others are drawn with the same odds among those
    open in its session. The same uniform draws serve every ratio.
    """
    if not session.null.size or not score.null.size:
        return Power(aim.effect, 0.0, float("inf"))
    numbers = [[len(one.rows) for one in reliefs if ring.day[0] <= one.day <= ring.day[-1]] for ring in rings]
    state = rng.bit_generator.state

    def power(ratio: float) -> float:
        rng.bit_generator.state = state
        slope = float(np.log(ratio)) / session.spread
        scored = np.zeros(draws)
        held, nulls = np.zeros(draws), np.zeros((draws, _TURNS))
        for ring, own, sizes in zip(rings, centred, numbers, strict=True):
            for size in sizes:
                first, place = _deal(ring, slope, draws, rng)
                chosen = _company(ring, first, place, size, slope, rng)
                scored += own.losses[chosen].sum(axis=1)
                held += ring.losses[chosen].mean(axis=1)
                turned = (place[:, None] + rng.integers(1, max(ring.day.size, 2), _TURNS)[None, :]) % ring.day.size
                nulls += _open_mean(ring, turned, size, rng)
        p = (1 + np.sum(nulls >= held[:, None], axis=1)) / (1 + _TURNS)
        return float(np.mean((scored / score.spread > critical(score.null, aim.alpha)) & (p <= aim.alpha)))

    curve = tuple((ratio, power(ratio)) for ratio in (GRID if aim.curve else ()))
    declared = dict(curve).get(aim.effect)
    return Power(aim.effect, power(aim.effect) if declared is None else declared, crossing(curve, aim.target), curve)


def _deal(ring: Ring, slope: float, draws: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(draws,) one pair each, with odds exp(slope times loss), and the place of its session."""
    weight = np.exp(slope * (ring.losses - ring.losses.max()))
    running = np.cumsum(weight)
    first = np.searchsorted(running, rng.random(draws) * running[-1])
    return first, np.searchsorted(ring.begin, first, side="right") - 1


def _company(ring: Ring, first: Ints, place: Ints, size: int, slope: float, rng: np.random.Generator) -> Ints:
    """(draws, size) the pairs of each relief: the one dealt out, and others open in its session."""
    if size == 1:
        return first[:, None]
    most = int(ring.count.max())
    column = np.arange(most)[None, :]
    at = np.minimum(ring.begin[place][:, None] + column, ring.losses.size - 1)
    keys = slope * ring.losses[at] + rng.gumbel(size=at.shape)
    keys = np.where(column < ring.count[place][:, None], keys, -np.inf)
    keys[at == first[:, None]] = np.inf
    order = np.argsort(-keys, axis=1)[:, :size]
    # where fewer are open than a relief takes, the first is counted again: the mean stays one over open pairs
    taken = np.take_along_axis(column < ring.count[place][:, None], order, axis=1)
    return np.where(taken, np.take_along_axis(at, order, axis=1), first[:, None])


def _open_mean(ring: Ring, at: Ints, size: int, rng: np.random.Generator) -> Floats:
    """Give the mean loss of `size` episodes drawn among those open at places `at`, of any shape."""
    total = np.zeros(at.shape)
    for _ in range(size):
        total += ring.losses[ring.begin[at] + np.floor(rng.random(at.shape) * ring.count[at]).astype(np.int64)]
    return total / size
