"""The chain under one turn of the calendar: all three links together, the weakest of them counted.

The ordered calendar of threats, answers and reliefs stays as it was, with its labels and its spacing; it is turned
against the returns. The statistic is the smallest of the three standardized link statistics: a sum would let one great
day carry the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.links.matching import winsorised
from eventstudy.hypothesis.links.placebo_draws import pvalue, turned
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.strata import Stratum


@dataclass(frozen=True, slots=True)
class ShiftTest:
    """The turned calendar.

    Attributes
    ----------
    observed : (3,) float
        Standardized statistics of H1, H2, H3; positive in the link's direction.
    statistic : float
        The smallest.
    pvalue : float
        Share of turns with a minimum as large.
    null : (R,) float
    """

    observed: Floats
    statistic: float
    pvalue: float
    null: Floats


def shift_chain(
    record: Record,
    evidence: Evidence,
    rows: Rows,
    strata: Sequence[Stratum],
    *,
    winsor: tuple[float, float],
    bins: Ints,
    draws: int,
    rng: np.random.Generator,
) -> ShiftTest:
    """Turn the whole calendar against the returns; drawdowns since the threats are measured anew at each turn.

    `rows` are the episode-days of the same strata, `bins`, (R,), their strata of age. There are as many turns
    as draws, each stratum turned on its own; turn 0 is the calendar as it was.
    """
    sums = np.zeros((3, draws + 1))
    counts = np.zeros((2, draws + 1))
    pieces, mine = [], [np.zeros(0, dtype=np.int64)]
    for stratum in strata:
        length = stratum.last - stratum.first + 1
        turns = np.concatenate([[0], rng.integers(1, max(length, 2), draws)])
        z = winsorised(evidence.scores.z, stratum.pool, winsor)
        for row, (position, sign) in enumerate(((record.trigger, -1), (record.relief, 1))):
            inside = position[(position >= stratum.first) & (position <= stratum.last)]
            hit = sign * z[stratum.first + turned(inside - stratum.first, turns, length)]
            finite = np.isfinite(hit)
            sums[row] += np.where(finite, hit, 0.0).sum(axis=1)
            counts[row] += finite.sum(axis=1)
        own = np.flatnonzero((rows.day >= stratum.first) & (rows.day <= stratum.last))
        mine.append(own)
        pieces.append(_turned_losses(record.market.close, rows.base[own], rows.day[own], stratum, turns))
    order = np.concatenate(mine)
    if not order.size or not rows.relieved[order].any() or not counts[:, 0].all():
        nan = float("nan")
        return ShiftTest(np.full(3, nan), nan, nan, np.zeros(0))
    link2 = _scores(np.concatenate(pieces, axis=1), rows.relieved[order], bins[order])
    with np.errstate(invalid="ignore", divide="ignore"):
        links = np.stack([sums[0] / counts[0], link2, sums[1] / counts[1]])
    centre, spread = np.nanmean(links[:, 1:], axis=1), np.nanstd(links[:, 1:], axis=1)
    standard = (links - centre[:, None]) / spread[:, None]
    smallest = standard.min(axis=0)
    null = smallest[1:][np.isfinite(smallest[1:])]
    return ShiftTest(standard[:, 0], float(smallest[0]), pvalue(float(smallest[0]), null), null)


def _turned_losses(close: Floats, base: Ints, day: Ints, stratum: Stratum, turns: Ints) -> Floats:
    """Give (turns, rows) loss from `base` to the close before `day`, on returns turned within the stratum."""
    before = close[np.maximum(np.arange(stratum.first, stratum.last + 1) - 1, 0)]
    ratio = close[stratum.first : stratum.last + 1] / before
    growth = np.log(np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0))
    path = np.concatenate([[0.0], np.cumsum(np.tile(growth, 2))])
    # path[j] is the log level after j sessions of the stratum; base may be the close before its first session
    until = day - 1 - stratum.first + 1
    since = base - stratum.first + 1
    inside = np.maximum(since, 0)
    turns, again = np.unique(turns, return_inverse=True)  # far more draws than sessions: each turn is worked out once
    change = path[until[None, :] + turns[:, None]] - path[inside[None, :] + turns[:, None]]
    # what the index did before the stratum, since threats that are older, does not turn with it
    change += np.where(since < 0, np.log(before[0] / close[base]), 0.0)[None, :]
    return np.asarray(-np.expm1(change), dtype=float)[again]


def _scores(x: Floats, relieved: NDArray[np.bool_], stratum: Ints) -> Floats:
    """Give (turns,) standardized score statistic of each row of x."""
    score, information = np.zeros(len(x)), np.zeros(len(x))
    for s in np.unique(stratum):
        rows = stratum == s
        size, marks = int(rows.sum()), int(relieved[rows].sum())
        if marks in {0, size}:
            continue
        part = x[:, rows] - x[:, rows].mean(axis=1, keepdims=True)
        score += part[:, relieved[rows]].sum(axis=1)
        information += marks * (size - marks) / (size * (size - 1)) * (part**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(score / np.sqrt(information), dtype=float)
