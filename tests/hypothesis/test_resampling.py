"""Draws and shifts against enumeration."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import score_test, session_test
from eventstudy.hypothesis.links.placebo_draws import draw_without, matched_draws, pvalue, rotation_sums, rotations

TOLERANCE = 1e-12  # sums in another order
MC = 4  # standard errors of a simulated share


def test_pvalue_counts_ties_against_the_observation():
    assert pvalue(1.0, np.array([1.0, 1.0 + 1e-15, 0.0])) == 3 / 4
    assert np.isnan(pvalue(np.nan, np.array([1.0])))
    assert np.isnan(pvalue(1.0, np.zeros(0)))


@pytest.mark.parametrize("n", [0, 1, 4, 7])
def test_draws_are_uniform_subsets(n):
    pool = np.array([2, 3, 5, 7, 11, 13, 17])
    rows = draw_without(pool, n, 4000, np.random.default_rng(3))
    assert rows.shape == (4000, n)
    assert all(len(set(row)) == n for row in rows.tolist())
    share = np.array([(rows == member).any(axis=1).mean() if n else 0 for member in pool])
    spread = np.sqrt(n / 7 * (1 - n / 7) / 4000)
    assert np.all(np.abs(share - n / 7) <= MC * spread)


def test_matched_draws_stay_in_their_cells():
    rows = matched_draws([np.array([1, 2]), np.array([9])], 50, np.random.default_rng(0))
    assert set(rows[:, 0].tolist()) == {1, 2}
    assert set(rows[:, 1].tolist()) == {9}


def test_rotations_by_loop():
    rng = np.random.default_rng(5)
    values = rng.standard_normal(40)
    values[12] = np.nan
    position = np.array([10, 12, 19, 30])
    sums, counts = rotation_sums(values, position, 8, 31)
    for k in range(24):
        hit = [values[8 + (p - 8 + k) % 24] for p in position]
        assert np.isclose(sums[k], np.nansum(hit), rtol=TOLERANCE)
        assert counts[k] == np.isfinite(hit).sum()
    means = rotations([(sums, counts)], 5, rng)
    assert np.allclose(means, (sums / counts)[1:], rtol=TOLERANCE)


def test_rotations_of_two_strata_are_combinations():
    one, two = (np.array([0.0, 1.0]), np.ones(2)), (np.array([0.0, 10.0, 20.0]), np.ones(3))
    means = rotations([one, two], 600, np.random.default_rng(0))
    assert set(means.tolist()) == {(a + b) / 2 for a in (0, 1) for b in (0, 10, 20)}


def test_session_test_by_brute_force():
    rng = np.random.default_rng(8)
    loss, at_risk = rng.standard_normal(30), rng.random(30) < 0.8
    loss[4] = np.nan
    decision = np.flatnonzero(at_risk & np.isfinite(loss))[[2, 3, 9]]
    test = session_test(loss, at_risk, decision, [(0, 29)], draws=9, rng=rng)
    ring = [t for t in range(30) if at_risk[t] and np.isfinite(loss[t])]
    marks = [ring.index(t) for t in decision]
    differences = []
    for k in range(len(ring)):
        turned = {(m + k) % len(ring) for m in marks}
        inside = [loss[ring[i]] for i in turned]
        outside = [loss[ring[i]] for i in range(len(ring)) if i not in turned]
        differences.append(np.mean(inside) - np.mean(outside))
    assert np.isclose(test.estimate, differences[0], rtol=TOLERANCE)
    assert test.pvalue == pytest.approx(np.mean(np.array(differences) >= differences[0] - TOLERANCE))


def test_decisions_outside_the_risk_set_do_not_count():
    loss = np.arange(10.0)
    at_risk = np.arange(10) < 5
    test = session_test(loss, at_risk, np.array([2, 8]), [(0, 9)], draws=9, rng=np.random.default_rng(0))
    assert test.decided.sum() == 1
    assert test.day.tolist() == [0, 1, 2, 3, 4]


def test_nothing_decided_cannot_be_tested():
    test = session_test(
        np.arange(5.0), np.ones(5, bool), np.zeros(0, int), [(0, 4)], draws=9, rng=np.random.default_rng(0)
    )
    assert np.isnan(test.pvalue)


def test_score_test_by_enumeration():
    """Two strata small enough to list every way in which the reliefs could have fallen."""
    x = np.array([0.1, 0.4, -0.2, 0.9, 1.5, -1.0, 0.3])
    stratum = np.array([0, 0, 0, 0, 1, 1, 1])
    relieved = np.array([False, False, False, True, True, False, False])
    relieved[1] = True
    test = score_test(x, relieved, stratum, draws=20000, rng=np.random.default_rng(1))
    first, second = x[:4] - x[:4].mean(), x[4:] - x[4:].mean()
    sums = [a[0] + a[1] + b for a in combinations(first, 2) for b in second]
    observed = first[1] + first[3] + second[0]
    assert test.score == pytest.approx(observed, rel=TOLERANCE)
    assert test.information == pytest.approx(np.var(sums), rel=1e-9)
    exact = np.mean(np.array(sums) >= observed - TOLERANCE)
    assert abs(test.pvalue - exact) < MC * np.sqrt(exact * (1 - exact) / 20000) + 1e-4


def test_score_test_is_uniform_under_the_null():
    rng = np.random.default_rng(2)
    pvalues = []
    for _ in range(400):
        x, stratum = rng.standard_normal(60), np.repeat([0, 1, 2], 20)
        relieved = rng.random(60) < 0.15
        pvalues.append(score_test(x, relieved, stratum, draws=99, rng=rng).pvalue)
    share = np.mean(np.array(pvalues) <= 0.05)
    assert abs(share - 0.05) < MC * np.sqrt(0.05 * 0.95 / 400)
