"""Draws and shifts against enumeration."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import age_stratum, score_test, session_test
from eventstudy.hypothesis.links.placebo_draws import (
    critical,
    differences,
    draw_without,
    limits,
    matched_draws,
    pvalue,
    rotation_sums,
    rotations,
)

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


@pytest.mark.parametrize("seen", [1e6, -1e6])
def test_what_rounding_cannot_tell_apart_is_a_tie(seen):
    """A millionth of a millionth of the observation, or of one where it is smaller."""
    assert pvalue(seen, np.array([seen - 5e-7, seen - 2e-6, seen - 1.0])) == 2 / 4
    assert pvalue(0.0, np.array([-5e-13, -1.5e-12, -1.0])) == 2 / 4
    assert pvalue(0.25, np.array([0.25 - 5e-13, 0.25 - 1.5e-12, 0.0])) == 2 / 4


def test_a_tie_with_the_critical_value_ends_the_interval_at_zero():
    null = np.append(np.zeros(18), [0.1 + 0.2, -(0.1 + 0.2)])  # 20 of them: at 10 % the largest but one is exceeded
    for level, seen in ((0.9, 0.3), (0.9, -0.3)):
        low, high = limits(seen, null, level)
        assert (low if seen > 0 else high) == 0.0
        assert (high if seen > 0 else low) == pytest.approx(2 * seen)
    large = np.append(np.zeros(18), [1e6 + 5e-7, -1e6])
    assert limits(1e6, large, 0.9)[0] == 0.0
    assert limits(-1e6, -large, 0.9)[1] == 0.0
    near = np.append(np.zeros(18), [1.5e-12, -1.5e-12])  # beyond rounding
    assert limits(0.0, near, 0.9) == (-1.5e-12, 1.5e-12)


def test_of_too_few_draws_no_value_is_critical():
    null = np.arange(19.0)
    assert critical(null, 0.05) == 18.0
    assert critical(null, 0.1) == 17.0
    assert critical(null[:18], 0.05) == np.inf


def test_every_order_of_a_pool_drawn_whole_is_as_likely():
    rows = draw_without(np.array([4, 6, 9]), 3, 6000, np.random.default_rng(2))
    orders, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(orders) == 6
    assert np.all(np.abs(counts / 6000 - 1 / 6) < MC * np.sqrt(5 / 36 / 6000))


def test_differences_of_means_are_those_of_every_choice():
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    drawn = differences(x, 2, 400, np.random.default_rng(1))
    every = [np.mean(c) - np.mean([v for v in x if v not in c]) for c in combinations(x, 2)]
    assert sorted(set(np.round(drawn, 9))) == pytest.approx(sorted(set(np.round(every, 9))))


def test_no_event_has_no_match_and_no_draw():
    assert matched_draws([], 7, np.random.default_rng(0)).shape == (7, 0)
    assert draw_without(np.arange(5), 0, 7, np.random.default_rng(0)).shape == (7, 0)


def test_a_turn_that_meets_one_known_session_has_a_mean_and_one_that_meets_none_has_not():
    values = np.array([1.0, np.nan, np.nan, 4.0, 7.0])
    sums, counts = rotation_sums(values, np.array([0, 1]), 0, 4)
    assert counts.tolist() == [1, 0, 1, 2, 2]
    assert rotations([(sums, counts)], 9, np.random.default_rng(0)).tolist() == [4.0, 5.5, 4.0]


def test_two_stretches_turn_each_by_itself_and_may_stay_as_they_are():
    """Rings of two and of three: every combination of their turns, the one that turns nothing among them."""
    loss = np.array([1.0, 2.0, 9.0, 10.0, 20.0, 40.0, 9.0])
    at_risk = np.array([True, True, False, True, True, True, False])
    test = session_test(loss, at_risk, np.array([0, 2, 3]), [(0, 2), (3, 6)], draws=300, rng=np.random.default_rng(1))
    assert test.day.tolist() == [0, 1, 3, 4, 5]
    assert test.ring.tolist() == [0, 0, 1, 1, 1]
    assert test.decided.tolist() == [True, False, True, False, False]
    held = np.array([1.0, 2.0, 10.0, 20.0, 40.0])

    def gap(a, b):
        return (a + b) / 2 - (held.sum() - a - b) / 3

    every = sorted(gap(a, b) for a, b in product(held[:2], held[2:]))
    assert test.estimate == pytest.approx(gap(1.0, 10.0))
    assert test.statistic == pytest.approx(gap(1.0, 10.0) / held.std())
    assert test.null.size == 300
    assert sorted(set(np.round(test.null * held.std(), 9))) == pytest.approx(every)
    assert test.pvalue == 1.0  # it is the lowest of all


def test_a_stretch_without_a_session_at_risk_is_no_ring():
    loss, at_risk = np.arange(8.0), np.arange(8) > 3
    test = session_test(loss, at_risk, np.array([5]), [(0, 3), (4, 7)], draws=9, rng=np.random.default_rng(0))
    assert test.ring.tolist() == [0, 0, 0, 0]
    assert test.null.size == 3  # one ring: every turn but none


@pytest.mark.parametrize(
    ("loss", "decision"), [(np.ones(5), [2]), (np.ones(5), [1, 2]), (np.arange(5.0), []), (np.arange(5.0), range(5))]
)
def test_what_does_not_differ_cannot_be_compared(loss, decision):
    at = np.array(decision, dtype=np.int64)
    test = session_test(loss, np.ones(5, bool), at, [(0, 4)], draws=9, rng=np.random.default_rng(0))
    assert np.isnan([test.estimate, test.statistic, test.pvalue]).all()
    assert (test.null.size, test.day.size, test.decided.sum()) == (0, 5, len(at))


def test_one_decision_can_be_compared_and_so_can_all_but_one():
    loss = np.array([0.0, 3.0, 1.0, 2.0])
    one = session_test(loss, np.ones(4, bool), np.array([1]), [(0, 3)], draws=9, rng=np.random.default_rng(0))
    assert (one.estimate, one.pvalue) == (2.0, 1 / 4)
    rest = session_test(loss, np.ones(4, bool), np.array([0, 2, 3]), [(0, 3)], draws=9, rng=np.random.default_rng(0))
    assert (rest.estimate, rest.pvalue) == (-2.0, 1.0)


def test_no_session_at_all_cannot_be_compared():
    test = session_test(
        np.arange(5.0), np.zeros(5, bool), np.array([1]), [(0, 4)], draws=9, rng=np.random.default_rng(0)
    )
    assert (test.day.size, test.ring.size, test.null.size) == (0, 0, 0)
    assert np.isnan(test.pvalue)


@pytest.mark.parametrize("case", ["nothing relieved", "all relieved", "no difference"])
def test_a_score_without_information_is_not_tested(case):
    x = np.zeros(6) if case == "no difference" else np.arange(6.0)
    relieved = {"nothing relieved": np.zeros(6, bool), "all relieved": np.ones(6, bool)}.get(case, np.arange(6) < 2)
    test = score_test(x, relieved, np.zeros(6, int), draws=9, rng=np.random.default_rng(0))
    assert np.isnan([test.statistic, test.pvalue, test.slope]).all()
    assert (test.score, test.information, test.null.size) == (0.0, 0.0, 0)
    assert test.n == (2 if case == "no difference" else 0)


def test_one_relief_of_two_of_an_age_is_tested():
    test = score_test(
        np.array([1.0, 3.0]), np.array([False, True]), np.zeros(2, int), draws=99, rng=np.random.default_rng(0)
    )
    assert (test.score, test.information, test.statistic, test.slope, test.n) == (1.0, 1.0, 1.0, 1.0, 1)
    assert set(test.null) == {-1.0, 1.0}


def test_an_age_at_the_end_of_a_bin_belongs_to_it():
    ages = np.array([0, 1, 5, 6, 15, 16, 40, 41, 100, 101])
    assert age_stratum(ages, (5, 15, 40, 100)).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4]
