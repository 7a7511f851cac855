"""The sign and signed-rank tests against scipy's, and their estimates against loops."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
import scipy
from scipy import stats

from eventstudy.inference import run, sample_of
from eventstudy.inference.significance_tests.signs import sign, wilcoxon

RTOL = 1e-10  # the same numbers by other functions of scipy's


@pytest.mark.parametrize("n", [1, 2, 7, 30])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_interval_of_the_share_is_clopper_and_pearsons(n, level):
    for positive in {0, 1, 2, n // 2, n - 1, n} & set(range(n + 1)):
        car = np.where(np.arange(n) < positive, 0.01, -0.02)
        outcome = sign(np.append(car, [0.0, np.nan]), level=level)  # neither counts
        theirs = stats.binomtest(positive, n, 0.5).proportion_ci(level, method="exact")
        np.testing.assert_allclose([outcome.low, outcome.high], theirs, rtol=RTOL, atol=1e-15)
        assert outcome.estimate == positive / n
        assert outcome.n == n


def test_the_sides_of_the_sign_test_are_scipys():
    car = np.array([0.01, 0.02, 0.0, -0.03, 0.01, 0.05, np.nan])
    outcome = sign(car)
    for side in ("less", "greater"):
        expected = stats.binomtest(4, 5, 0.5, alternative=side).pvalue
        np.testing.assert_allclose(getattr(outcome, f"p_{side}"), expected, rtol=RTOL)


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_the_median_of_the_signed_rank_test_is_that_of_all_walsh_averages(n):
    """Hodges and Lehmann: the median of (x_i + x_j)/2 over i <= j, zeros included."""
    car = np.random.default_rng(n).normal(0.01, 0.03, n)
    car[n // 2] = 0.0
    averages = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(car.tolist(), 2)]
    assert wilcoxon(np.append(car, np.nan)).estimate == pytest.approx(statistics.median(averages), rel=RTOL)
    if n > 2:
        assert run("wilcoxon", sample_of(car=car)).estimate == pytest.approx(statistics.median(averages), rel=RTOL)


def test_the_median_is_given_up_to_two_thousand_values():
    car = np.random.default_rng(0).normal(size=2001)
    assert np.isfinite(wilcoxon(car[:2000]).estimate)
    assert np.isnan(wilcoxon(car).estimate)
    assert np.isnan(wilcoxon(np.full(3, np.nan)).estimate)


@pytest.mark.parametrize("n", [8, 200, 201])
def test_the_law_of_the_signed_rank_is_exact_up_to_two_hundred_values(n):
    car = np.random.default_rng(n).normal(0.02, 1.0, n)
    outcome = wilcoxon(car)
    assert outcome.distribution == ("normal" if n > 200 else "signed rank, exact")
    normal = (
        "asymptotic" if tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 15) else "approx"
    )  # as scipy calls it
    method = {"method": normal, "correction": False} if n > 200 else {"method": "exact"}
    for side, name in (("two-sided", "p_two"), ("less", "p_less"), ("greater", "p_greater")):
        theirs = stats.wilcoxon(car, alternative=side, **method)
        assert getattr(outcome, name) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_the_law_of_tied_ranks_is_that_of_all_their_signs():
    car = np.array([1, -1, 2, 2, -3, 4, 4, 4, 0, 5]) / 100
    rank = stats.rankdata(np.abs(car[car != 0]))
    sums = [rank[np.array(signs)].sum() for signs in itertools.product([False, True], repeat=9)]
    outcome = wilcoxon(car)
    assert outcome.details["w"] == rank[car[car != 0] > 0].sum()
    assert outcome.p_greater == pytest.approx(np.mean(sums >= outcome.details["w"]), rel=RTOL)
    assert outcome.p_less == pytest.approx(np.mean(sums <= outcome.details["w"]), rel=RTOL)
    assert outcome.value == pytest.approx((outcome.details["w"] - np.mean(sums)) / np.std(sums), rel=RTOL)
