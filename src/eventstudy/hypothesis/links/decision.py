"""H2: whether relief from a threat is more frequent after the index has fallen since the threat.

Two tests that share their idea and differ in what they hold fixed. The first looks at sessions: on which of those with
an open threat did the decider take a formal decision? The second looks at threats: which of those of the same age
ended in relief? Under a constant hazard (bluff, bargaining) both know of no difference, however strongly threats move
the index, because every comparison is between sessions on which a threat was open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.links.placebo_draws import draw_without, pvalue, turned
from eventstudy.hypothesis.record.risk_sets import Rows, spread_over_sessions
from eventstudy.hypothesis.record.threats import Spells


@dataclass(frozen=True, slots=True)
class DecisionTest:
    """Sessions at risk: those with a decision against the others.

    Attributes
    ----------
    day : (R,) int
        Sessions at risk with a known drawdown.
    decided : (R,) bool
    loss : (R,) float
        Drawdown at the close before, decimals; positive is a loss.
    estimate : float
        Mean loss before decisions minus mean loss before the other sessions at risk.
    statistic : float
        The same in standard deviations of the loss over the sessions at risk.
    pvalue : float
        One-sided (greater), every circular shift of the decisions.
    null : (K,) float
        The statistic under the shifts.
    ring : (R,) int
        The stretch of sessions along which each is turned.
    spread, before : float
        Of a test of reliefs: standard deviation of the loss over all pairs at risk, and the mean loss before reliefs.
    """

    day: Ints
    decided: Bools
    loss: Floats
    estimate: float
    statistic: float
    pvalue: float
    null: Floats
    ring: Ints
    spread: float = float("nan")
    before: float = float("nan")


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """Score test of one covariate in a discrete-time hazard whose baseline differs by age.

    Attributes
    ----------
    score, information : float
        U = sum over reliefs of (x - mean of x at that age), and its variance when reliefs fall at random.
    statistic : float
        U / sqrt(information).
    pvalue : float
        One-sided (greater), by permutation within ages.
    slope : float
        U / information: the one-step estimate of the log odds per unit.
    null : (B,) float
        The statistic under permutation.
    n : int
        Reliefs.
    spread : float
        Standard deviation of the score under the null; NaN: the root of the information.
    """

    score: float
    information: float
    statistic: float
    pvalue: float
    slope: float
    null: Floats
    n: int
    spread: float = float("nan")


def session_test(
    loss: Floats, at_risk: Bools, decision: Ints, strata: list[tuple[int, int]], *, draws: int, rng: np.random.Generator
) -> DecisionTest:
    """Compare the loss before decisions with that before the other sessions at risk, by circular shift.

    The sessions at risk of a stratum form a ring; the decisions are turned along it by every number of steps, which
    keeps the persistence of the loss and the clustering of the decisions. Several strata, (first, last) each, turn
    independently, in as many combinations as there are draws. `loss` and `at_risk` are (B,), `decision` positions.

    Examples
    --------
    >>> loss = np.array([0.0, 0.0, 0.1, 0.0, 0.0])
    >>> test = session_test(loss, np.ones(5, bool), np.array([2]), [(0, 4)], draws=99, rng=np.random.default_rng(0))
    >>> round(test.estimate, 3), test.pvalue
    (0.1, 0.2)
    """
    is_decision = np.zeros(loss.shape, dtype=bool)
    is_decision[decision] = True
    days, sums_of = [], []
    for first, last in strata:
        t = np.arange(first, last + 1)
        ring = t[at_risk[t] & np.isfinite(loss[t])]
        if ring.size:
            days.append(ring)
            marks = np.flatnonzero(is_decision[ring])
            sums_of.append(loss[ring][turned(marks, np.arange(ring.size), ring.size)].sum(axis=1))
    day = np.concatenate(days) if days else np.zeros(0, dtype=np.int64)
    ring_of = np.repeat(np.arange(len(days)), [ring.size for ring in days])
    x, y = loss[day], is_decision[day]
    n, size = int(y.sum()), int(day.size)
    if n in (0, size) or x.std() == 0:
        nan = float("nan")
        return DecisionTest(day, y, x, nan, nan, nan, np.zeros(0), ring_of)
    if len(sums_of) == 1:
        sums = sums_of[0][1:]
    else:
        sums = np.sum([ring_sums[rng.integers(0, ring_sums.size, draws)] for ring_sums in sums_of], axis=0)
    total, spread = x.sum(), x.std()
    difference = sums / n - (total - sums) / (size - n)
    estimate = float(x[y].mean() - x[~y].mean())
    return DecisionTest(
        day, y, x, estimate, estimate / spread, pvalue(estimate, difference), difference / spread, ring_of
    )


def episode_rows(spells: Spells) -> Rows:
    """Spread threats over their sessions at risk, from the session after the first that could react."""
    return spread_over_sessions(spells, first=1)


def age_stratum(age: Ints, bins: Sequence[int]) -> Ints:
    """(R,) which bin of the baseline hazard a row is in."""
    return np.searchsorted(np.asarray(bins), age, side="left")


def score_test(x: Floats, relieved: Bools, stratum: Ints, *, draws: int, rng: np.random.Generator) -> ScoreTest:
    """Score test of x, reliefs permuted over the rows of equal age.

    Rows whose x is missing are left out. Conditional on how many threats of an age were relieved, each open one is as
    likely as any other under the null (the hypergeometric form of the score test of the discrete hazard; Cox 1972,
    Mantel 1966).

    Examples
    --------
    >>> x, y = np.array([0.0, 0.0, 0.0, 1.0]), np.array([False, False, False, True])
    >>> test = score_test(x, y, np.zeros(4, int), draws=999, rng=np.random.default_rng(0))
    >>> test.score, test.information, bool(0.2 < test.pvalue < 0.3)
    (0.75, 0.1875, True)
    """
    known = np.isfinite(x)
    x, relieved, stratum = x[known], relieved[known], stratum[known]
    score, information, n = 0.0, 0.0, 0
    null = np.zeros(draws)
    for s in np.unique(stratum):
        rows = stratum == s
        size, marks = int(rows.sum()), int(relieved[rows].sum())
        if marks in (0, size):
            continue
        centred = x[rows] - x[rows].mean()
        score += float(centred[relieved[rows]].sum())
        information += float(marks * (size - marks) / (size * (size - 1)) * (centred**2).sum())
        null += centred[draw_without(np.arange(size), marks, draws, rng)].sum(axis=1)
        n += marks
    if n == 0 or information <= 0:
        nan = float("nan")
        return ScoreTest(score, information, nan, nan, nan, np.zeros(0), n)
    root = float(np.sqrt(information))
    return ScoreTest(score, information, score / root, pvalue(score, null), score / information, null / root, n)
