"""H2 on one table of reliefs: whether what is relieved stands deeper in loss than what else was at risk.

Two tests of the same reliefs. The first moves all of them together along the sessions at risk; the second permutes
which pair of an age was relieved. Under a constant hazard both know of no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.decision import DecisionTest, ScoreTest
from eventstudy.hypothesis.links.placebo_draws import pvalue
from eventstudy.hypothesis.record.risk_sets import Relief, Rows


@dataclass(frozen=True, slots=True)
class Ring:
    """The sessions at risk of one stretch, and the losses of the episodes open on each.

    Attributes
    ----------
    day : (R,) int
    losses : (P,) float
        Of all pairs, session by session.
    begin, count : (R,) int
        Where those of a session begin, and how many they are.
    """

    day: Ints
    losses: Floats
    begin: Ints
    count: Ints


def exact_ages(age: Ints, minimum: int) -> Ints:
    """(R,) stratum of each pair: its exact age, ages with fewer than `minimum` pairs joined to the next older ones.

    Examples
    --------
    >>> exact_ages(np.array([0, 0, 1, 1, 2, 3, 3]), 2).tolist()
    [0, 0, 1, 1, 2, 2, 2]
    """
    values, place, count = np.unique(age, return_inverse=True, return_counts=True)
    label, held, current = np.zeros(values.size, dtype=np.int64), 0, 0
    for at in range(values.size):
        label[at] = current
        held += int(count[at])
        if held >= minimum:
            held, current = 0, current + 1
    if held and current:  # too few are left at the oldest ages: they stay with those before
        label[label == current] = current - 1
    return label[place]


def rings_of(rows: Rows, loss: Floats, spans: Sequence[tuple[int, int]]) -> list[Ring]:
    """Gather the sessions at risk of each span; rows in the order of sessions."""
    found = []
    for first, last in spans:
        own = (rows.day >= first) & (rows.day <= last) & np.isfinite(loss)
        day, begin, count = np.unique(rows.day[own], return_index=True, return_counts=True)
        if day.size:
            found.append(Ring(day, loss[own], begin, count))
    return found


def draw_open(ring: Ring, at: Ints, number: int, rng: np.random.Generator) -> Floats:
    """(K,) mean loss of `number` episodes drawn without replacement among those open at places `at` of the ring.

    Where fewer are open, all of them.
    """
    count = ring.count[at]
    if number == 1:
        return np.asarray(ring.losses[ring.begin[at] + np.floor(rng.random(at.size) * count).astype(np.int64)])
    most = int(count.max())
    column = np.arange(most)[None, :]
    there = column < count[:, None]
    keys = np.where(there, rng.random((at.size, most)), np.inf)
    order = np.argsort(keys, axis=1)[:, :number]
    taken = np.take_along_axis(there, order, axis=1)
    values = ring.losses[np.where(taken, ring.begin[at][:, None] + order, 0)]
    return np.asarray(np.where(taken, values, 0.0).sum(axis=1) / taken.sum(axis=1), dtype=float)


def relief_shift(
    rows: Rows,
    loss: Floats,
    reliefs: Sequence[Relief],
    spans: Sequence[tuple[int, int]],
    *,
    draws: int,
    rng: np.random.Generator,
) -> DecisionTest:
    """Move all reliefs together along the sessions at risk.

    Observed is the mean over reliefs of the mean loss, (R,) `loss`, of the episodes that each relieves. At its new session a
    relief relieves as many episodes, drawn at random among those open there, as it really did. Every turn of one ring
    is taken, again and again until there are `draws`; several rings turn independently.

    The result's `estimate` is what the observed mean exceeds that of the turns by; `loss` there is the mean over the
    episodes open in a session.
    """
    rings = rings_of(rows, loss, spans)
    day = np.concatenate([np.zeros(0, dtype=np.int64), *(ring.day for ring in rings)])
    means = np.concatenate([np.zeros(0), *(np.add.reduceat(r.losses, r.begin) / r.count for r in rings)])
    ring_of = np.repeat(np.arange(len(rings)), [ring.day.size for ring in rings])
    decided = np.isin(day, [one.day for one in reliefs])
    own = [float(np.mean(loss[list(one.rows)])) for one in reliefs]
    nan, n = float("nan"), len(reliefs)
    spread = float(loss[np.isfinite(loss)].std()) if np.isfinite(loss).any() else 0.0
    if not n or spread == 0 or not np.isfinite(own).all() or all(ring.day.size < 2 for ring in rings):
        return DecisionTest(day, decided, means, nan, nan, nan, np.zeros(0), ring_of)
    total = np.zeros(0)
    for ring in rings:
        inside = [one for one in reliefs if ring.day[0] <= one.day <= ring.day[-1]]
        turns = _turns(ring.day.size, draws, alone=len(rings) == 1, rng=rng)
        part = np.zeros(turns.size)
        for one in inside:
            place = int(np.searchsorted(ring.day, one.day))
            part += draw_open(ring, (place + turns) % ring.day.size, len(one.rows), rng)
        total = part if not total.size else total + part
    null = total / n
    observed, centre = float(np.mean(own)), float(null.mean())
    return DecisionTest(
        day,
        decided,
        means,
        observed - centre,
        (observed - centre) / spread,
        pvalue(observed, null),
        (null - centre) / spread,
        ring_of,
        spread,
        observed,
    )


def _turns(size: int, draws: int, *, alone: bool, rng: np.random.Generator) -> Ints:
    """Give numbers of steps: every one but none, as often as is needed for `draws`; by chance where rings combine."""
    if not alone:
        return rng.integers(0, size, draws)
    every = np.arange(1, size)
    return np.tile(every, max(1, int(np.ceil(draws / every.size))))


def less_age(x: Floats, stratum: Ints) -> Floats:
    """(R,) values less the mean of their age."""
    mean = np.bincount(stratum, weights=x) / np.maximum(np.bincount(stratum), 1)
    return np.asarray(x - mean[stratum], dtype=float)


def relief_score(
    x: Floats, rows: Rows, reliefs: Sequence[Relief], stratum: Ints, *, draws: int, rng: np.random.Generator
) -> ScoreTest:
    """Score test of the loss in the hazard over pairs at risk, (R,) `x`, reliefs permuted within ages.

    A relief of one episode moves to another pair of its age. One of several moves as a whole: one of its pairs, drawn at
    random, to another of its age, and its company to others open in that session, since an act that takes several is one act.
    Permuting each pair by itself rejected 9 % in worlds of a constant hazard; docs/flagship.md has the figures.
    """
    nan, n = float("nan"), int(rows.relieved.sum())
    number, centred = np.bincount(stratum), less_age(x, stratum)
    marks = np.bincount(stratum[rows.relieved], minlength=number.size)
    square = np.bincount(stratum, weights=centred**2)
    free = (number > 1) & (marks > 0)
    size, many = number[free], marks[free]
    information = float(np.sum(many * (size - many) / (size * (size - 1)) * square[free]))
    score = float(sum(centred[list(one.rows)].sum() for one in reliefs))
    if not n or information <= 0:
        return ScoreTest(score, information, nan, nan, nan, np.zeros(0), n)
    _, begin, count = np.unique(rows.day, return_index=True, return_counts=True)
    place = np.repeat(np.arange(begin.size), count)
    members = {int(s): np.flatnonzero(stratum == s) for s in np.unique(stratum[rows.relieved])}
    null = np.zeros(draws)
    for one in reliefs:
        anchor = rng.integers(0, len(one.rows), draws)
        first = np.zeros(draws, dtype=np.int64)
        for which, row in enumerate(one.rows):
            own = members[int(stratum[row])]
            chosen = anchor == which
            first[chosen] = own[rng.integers(0, own.size, int(chosen.sum()))]
        null += centred[first]
        if len(one.rows) > 1:
            null += _others(centred, first, begin[place[first]], count[place[first]], len(one.rows) - 1, rng)
    spread = float(null.std())
    return ScoreTest(
        score, information, score / spread, pvalue(score, null), score / information, null / spread, n, spread
    )


def _others(values: Floats, first: Ints, begin: Ints, count: Ints, number: int, rng: np.random.Generator) -> Floats:
    """(draws,) sum of `number` values drawn among those of the same session, the first left out; all where fewer are open."""
    column = np.arange(int(count.max()))[None, :]
    at = np.minimum(begin[:, None] + column, values.size - 1)
    there = (column < count[:, None]) & (at != first[:, None])
    order = np.argsort(np.where(there, rng.random(at.shape), np.inf), axis=1)[:, :number]
    taken = np.take_along_axis(there, order, axis=1)
    return np.asarray(np.where(taken, values[np.take_along_axis(at, order, axis=1)], 0.0).sum(axis=1), dtype=float)
