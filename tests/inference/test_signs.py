"""The sign and signed-rank tests against scipy's, and their estimates against loops."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
import scipy
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, run, sample_of
from eventstudy.inference.significance_tests.generalized_sign import generalized_sign, positive_share
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
    np.testing.assert_allclose(outcome.p_two, stats.binomtest(4, 5, 0.5).pvalue, rtol=RTOL)


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


def test_the_sign_test_tells_its_z_and_error_and_keeps_p_within_one():
    """Four of five: z = (4 - 5/2) / (sqrt(5)/2), the error of a share of fair signs is 1/(2 sqrt(5))."""
    outcome = sign(np.array([0.01, 0.02, 0.0, -0.03, 0.01, 0.05, np.nan]))
    np.testing.assert_allclose([outcome.value, outcome.se], [1.5 / (math.sqrt(5) / 2), 0.5 / math.sqrt(5)], rtol=RTOL)
    even = sign(np.array([0.01, -0.02]))
    assert (even.value, even.p_two, even.p_less, even.p_greater) == (0.0, 1.0, 0.75, 0.75)
    assert wilcoxon(np.array([0.01, -0.01])).p_two == 1.0


def test_one_value_has_a_rank():
    """W is 1 or 0 with one half each: z = (1 - 1/2) / (1/2)."""
    outcome = wilcoxon(np.array([0.3, 0.0, np.nan]))
    assert (outcome.value, outcome.p_two, outcome.p_less, outcome.p_greater) == (1.0, 1.0, 1.0, 0.5)
    assert sign(np.array([0.3, 0.0])).p_two == 1.0


@pytest.mark.parametrize("test", [sign, wilcoxon])
def test_zeros_alone_say_nothing(test):
    outcome = test(np.array([0.0, np.nan, 0.0]))
    assert outcome.n == 0
    told = [outcome.value, outcome.p_two, outcome.p_less, outcome.p_greater]
    if test is sign:
        told += [outcome.estimate, outcome.se, outcome.low, outcome.high]
    assert np.isnan(np.array(told, dtype=float)).all()


def test_values_of_one_percent_and_of_a_hundred_percent_count_alike():
    """Only the sign and the rank count: what is exactly 1 is as positive as any other value."""
    car = np.array([1.0, -0.5, 2.0, 0.25, -3.0])
    for test in (sign, wilcoxon):
        assert test(car).value == test(car / 100).value
        assert test(car).n == 5


@pytest.mark.parametrize("test", [sign, wilcoxon])
def test_rows_of_a_batch_are_tests_of_their_own(test):
    """A full row, one with holes and zeros, one without values, one above 200 values for the normal law."""
    rng = np.random.default_rng(2)
    batch = np.round(rng.normal(0.2, 1.0, (5, 205)), 1)
    batch[0, 8:], batch[1, 30:], batch[2], batch[3, 200:] = np.nan, 0.0, np.nan, np.nan
    batch[4, batch[4] == 0] = 0.5
    whole = test(batch)
    assert whole.warnings == ()
    for row, alone in enumerate(map(test, batch)):
        for name in ("value", "p_two", "p_less", "p_greater"):
            np.testing.assert_allclose(getattr(whole, name)[row], getattr(alone, name), rtol=RTOL)
        assert whole.n[row] == alone.n
    if test is wilcoxon:
        assert whole.distribution == "normal"  # of the last row
        assert wilcoxon(batch[:4]).distribution == "signed rank, exact"
        np.testing.assert_allclose(whole.p_greater[4], stats.norm.sf(whole.value[4]), rtol=RTOL)
        assert np.isnan(whole.estimate).all()


def test_no_samples_have_no_signed_ranks():
    outcome = wilcoxon(np.empty((0, 5)))
    assert outcome.value.shape == outcome.p_two.shape == outcome.n.shape == (0,)
    assert outcome.distribution == "signed rank, exact"


@pytest.mark.parametrize("n", [30, 100, 125])
def test_no_tail_of_the_signed_rank_law_is_above_one(n):
    """A hundred probabilities that are rounded sum to a little more than 1."""
    up = wilcoxon(np.arange(1.0, n + 1))
    down = wilcoxon(-np.arange(1.0, n + 1))
    assert up.p_less == down.p_greater == pytest.approx(1.0, abs=1e-12)
    assert max(up.p_less, down.p_greater) <= 1.0


class TestGeneralizedSign:
    """Cowan's test from its kernels: the share of the estimation window, and the binomial's normal."""

    def test_the_share_is_of_single_days_where_no_length_is_given(self):
        window = np.array([[1.0, 0.0, -2.0, np.nan, 3.0], [np.nan, -1.0, -1.0, -1.0, 0.0]])
        assert positive_share(window).tolist() == [2 / 4, 0.0]  # a zero is known, and not positive

    def test_runs_are_as_long_as_asked_and_have_no_hole(self):
        window = np.array([[1.0, -2.0, 2.0, 1.0], [1.0, np.nan, -1.0, 2.0]])
        assert positive_share(window, 2).tolist() == [1 / 3, 1.0]  # -1, 0, 3; and 1 alone
        last = positive_share(window, 4)
        assert last[0] == 1.0  # one run of all four
        assert np.isnan(last[1])

    def test_samples_of_a_batch_are_their_own(self):
        window = np.random.default_rng(0).normal(size=(3, 2, 5))
        window[1, 0, 2] = np.nan
        for bars in (1, 3):
            expected = [[positive_share(row[None], bars)[0] for row in one] for one in window]
            np.testing.assert_array_equal(positive_share(window, bars), expected)

    def test_a_window_shorter_than_the_runs_has_no_share(self):
        found = positive_share(np.ones((2, 3, 4)), 5)
        assert found.shape == (2, 3)
        assert np.isnan(found).all()

    def test_it_counts_positives_against_the_expected_share(self):
        car = np.array([1.0, 0.5, 0.0, 2.0, np.nan])
        outcome = generalized_sign(car, np.array([0.4, 0.5, 0.3, 0.2, 0.9]))
        p = (0.4 + 0.5 + 0.3 + 0.2) / 4  # of the events used
        error = math.sqrt(p * (1 - p) / 4)
        np.testing.assert_allclose(
            [outcome.estimate, outcome.se, outcome.value], [0.75 - p, error, (0.75 - p) / error], rtol=RTOL
        )
        assert (outcome.n, outcome.details["positive"]) == (4, 3)
        assert outcome.details["expected_share"] == pytest.approx(p)

    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_a_share_of_none_or_all_tests_nothing(self, share):
        outcome = generalized_sign(np.array([0.1, -0.1, 0.2]), np.full(3, share))
        assert np.isnan([outcome.value, outcome.se, outcome.p_two]).all()

    def test_the_length_of_runs_is_one_of_two_words(self, make_sample):
        sample = make_sample(6, window=(0, 2), shift=0.02)
        with pytest.raises(StudyError, match="'window'"):
            TESTS["generalized_sign"].compute(sample, phat="weekly")
        shares = {
            phat: positive_share(sample.estimation.residual, bars) for phat, bars in (("window", 3), ("daily", 1))
        }
        for phat, share in shares.items():
            assert run("generalized_sign", sample, phat=phat).statistic == generalized_sign(sample.car, share).value
