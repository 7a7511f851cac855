"""The helpers that every kernel stands on: moments with holes, tails far out, batches."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import run, sample_of
from eventstudy.inference.core.statistic import (
    coarse,
    count,
    end_of_kept,
    from_normal,
    from_t,
    mean,
    moments,
    quantile,
    sd,
)
from eventstudy.inference.significance_tests.parametric import (
    bmp,
    clm_j1,
    cross_sectional,
    patell,
    single,
    standardized,
)

RTOL = 1e-12  # the same few sums


@pytest.fixture
def ragged():
    x = np.random.default_rng(0).normal(size=(4, 6, 9))
    x[0, 0, :] = np.nan
    x[1, 2, 3:] = np.nan
    x[2, :, 4] = np.nan
    return x


def test_moments_are_those_of_the_finite_values(ragged):
    n, centre, spread = moments(ragged)
    for at in np.ndindex(4, 6):
        known = ragged[at][np.isfinite(ragged[at])]
        assert n[at] == known.size == count(ragged)[at]
        if known.size:
            np.testing.assert_allclose(centre[at], known.mean(), rtol=RTOL)
            np.testing.assert_allclose(mean(ragged)[at], known.mean(), rtol=RTOL)
            np.testing.assert_allclose(spread[at], known.std(ddof=1), rtol=RTOL)
        else:
            assert np.isnan([centre[at], spread[at]]).all()
    np.testing.assert_allclose(sd(ragged[3], ddof=0), ragged[3].std(axis=-1), rtol=RTOL)


def test_infinite_values_count_as_missing():
    assert moments(np.array([1.0, np.inf, 3.0]))[1] == 2.0


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_rounding_is_no_variance(scale):
    third = np.full(7, scale) * (1 / 3)
    third[3] = np.nextafter(third[3], 1e99)
    assert np.isnan(sd(third))
    assert sd(np.array([1.0, 1.0 + 1e-9])) > 0


@pytest.mark.parametrize("value", [0.0, 0.5, -2.0, 9.0, -30.0])
def test_tails_keep_their_digits(value):
    t, z = from_t(value, 12.0, np.asarray(1)), from_normal(value, np.asarray(1))
    for ours, law in ((t, stats.t(12)), (z, stats.norm())):
        np.testing.assert_allclose(ours.p_two, 2 * law.sf(abs(value)), rtol=1e-9)
        np.testing.assert_allclose(ours.p_greater, law.sf(value), rtol=1e-9)
        np.testing.assert_allclose(ours.p_less, law.cdf(value), rtol=1e-9)
    assert z.p_two > 0  # 30 standard deviations out are not zero: no 1 - cdf


def test_no_degrees_of_freedom_are_no_p_value():
    assert np.isnan(from_t(1.0, 0.0, np.asarray(1)).p_two)


def test_critical_values():
    np.testing.assert_allclose(quantile(from_t(1.0, 7.0, np.asarray(1)), 0.9), stats.t.ppf(0.95, 7))
    np.testing.assert_allclose(quantile(from_normal(1.0, np.asarray(1)), 0.99), stats.norm.ppf(0.995))


def test_conventions_of_the_cross_sectional_t():
    x = np.random.default_rng(1).normal(0.1, 1, 20)
    np.testing.assert_allclose(cross_sectional(x, ddof=0).value, x.mean() / (x.std() / math.sqrt(20)), rtol=RTOL)
    z = cross_sectional(x, normal=True)
    np.testing.assert_allclose(z.p_two, 2 * stats.norm.sf(abs(z.value)), rtol=RTOL)


def test_single_takes_many_at_once():
    outcome = single(np.array([0.02, 0.0, np.nan]), np.array([0.01, 0.0, 0.01]), np.array([10.0, 10.0, 10.0]))
    np.testing.assert_allclose(outcome.p_two, [2 * stats.t.sf(2, 10), np.nan, np.nan], rtol=RTOL)


def test_samples_by_hand_have_the_variance_of_a_constant_mean():
    sample = sample_of(ar=[[0.01, np.nan, 0.03], [np.nan, np.nan, np.nan]], sigma=[0.02, 0.01], m=50, first=-1)
    np.testing.assert_allclose(sample.car, [0.04, np.nan])
    np.testing.assert_allclose(sample.car_se[0], 0.02 * math.sqrt(2 + 4 / 50), rtol=RTOL)
    assert np.isnan(sample.car_se[1])
    assert sample.relative_day.tolist() == [-1, 0, 1]


def test_without_a_word_a_sample_by_hand_has_two_percent_of_a_hundred_bars_and_no_session_in_common():
    sample = sample_of(ar=[[0.01, 0.02], [0.03, np.nan]])
    assert (sample.sigma.tolist(), sample.m.tolist(), sample.df.tolist()) == ([0.02, 0.02], [100, 100], [99, 99])
    assert sample.relative_day.tolist() == [0, 1]
    assert sample.bar.tolist() == [[0, 1], [20, 21]]  # ten windows apart


@pytest.mark.parametrize(("change", "told"), [(4e-12, True), (0.9e-12, False)])
@pytest.mark.parametrize("unit", [1e-14, 1.0, 1e9])
def test_a_spread_of_a_millionth_of_a_millionth_of_the_largest_value_is_rounding(change, told, unit):
    """Of x and x + d it is d / sqrt 2; the limit lies with the largest value in size, whatever its unit."""
    assert np.isfinite(sd(-unit * np.array([1.0, 1.0 + change]))) == told


def test_a_standard_deviation_needs_one_value_more_than_it_gives_up():
    n, centre, spread = moments(np.array([[1.0, np.nan, np.nan], [1.0, 3.0, np.nan]]), 1)
    assert (n.tolist(), centre.tolist()) == ([1, 2], [1.0, 2.0])
    np.testing.assert_array_equal(spread, [np.nan, math.sqrt(2)])
    assert np.isnan(moments(np.array([1.0, 3.0]), 2)[2])
    assert moments(np.array([1.0, 3.0, 8.0]), 2)[2] == pytest.approx(math.sqrt(9 + 1 + 16))
    assert sd(np.array([1.0, 3.0])) == moments(np.array([1.0, 3.0]))[2] == pytest.approx(math.sqrt(2))
    assert moments(np.empty((2, 0)))[0].tolist() == [0, 0]


def test_half_a_degree_of_freedom_has_a_law():
    found = from_t(1.0, 0.5, np.asarray(1))
    np.testing.assert_allclose([found.p_greater, found.p_two], [stats.t.sf(1, 0.5), 2 * stats.t.sf(1, 0.5)], rtol=1e-9)
    assert (float(found.df), found.distribution) == (0.5, "t")


def test_each_side_is_its_own_tail():
    found = from_normal([1.0, -1.0], np.asarray(1))
    np.testing.assert_allclose(found.pvalue("less"), stats.norm.cdf([1, -1]), rtol=RTOL)
    np.testing.assert_allclose(found.pvalue("greater"), stats.norm.sf([1, -1]), rtol=RTOL)
    np.testing.assert_allclose(found.pvalue("two-sided"), 2 * stats.norm.sf([1, 1]), rtol=RTOL)


def test_a_law_of_its_own_has_no_critical_value():
    t = from_t(1.0, 7.0, np.asarray(1))
    for other in (
        replace(t, distribution="F", df=(2.0, 7.0)),
        replace(t, df=(2.0, 7.0)),
        replace(t, df=None),
        replace(t, distribution=""),
    ):
        assert np.isnan(quantile(other, 0.95))


def test_signs_of_five_units_are_coarse_and_of_six_are_not():
    assert coarse(6, "values") == ()
    assert coarse(1, "sessions") == ("1 sessions: p cannot be below 1, two-sided",)
    assert coarse(4, "values") == ("4 values: p cannot be below 0.125, two-sided",)


class TestTheEndOfWhatIsKept:
    @pytest.mark.parametrize("end", [0.3, 1.0, 2.5, 6.9, 1e-6])
    @pytest.mark.parametrize("side", [1, -1])
    def test_it_is_found_to_the_last_digits(self, end, side):
        found = end_of_kept(lambda value: side * value <= end, 0.0, side, 3)
        assert found == pytest.approx(side * end, rel=1e-12)
        assert side * found <= end

    def test_the_step_doubles_so_often_and_then_there_is_no_end(self):
        asked = []

        def kept(value):
            asked.append(value)
            return True

        assert end_of_kept(kept, 10.0, -0.5, 4) == -math.inf
        assert asked == [9.5, 8.5, 6.5, 2.5]
        assert end_of_kept(kept, 10.0, 0.5, 4) == math.inf

    def test_the_last_step_is_looked_into(self):
        assert end_of_kept(lambda value: value < 7, 0.0, 1.0, 3) == pytest.approx(7, rel=1e-12)
        assert end_of_kept(lambda value: value <= 7, 0.0, 1.0, 3) == math.inf

    def test_it_halves_sixty_times(self):
        """An end nearer than 2^-60 of the step cannot be told from the start."""
        assert end_of_kept(lambda value: value <= 2.0**-60, 0.0, 1.0, 1) == 2.0**-60
        assert end_of_kept(lambda value: value <= 2.0**-61, 0.0, 1.0, 1) == 0.0


def test_noughts_have_no_spread():
    assert np.isnan(sd(np.zeros(3)))


def test_degrees_of_freedom_of_nought_are_none():
    assert np.isnan(from_t([1.0, 1.0], [0.0, -1.0], np.asarray(1)).df).all()


class TestPatell:
    def test_three_degrees_of_freedom_have_a_variance_and_two_have_none(self):
        """Q = 3/(3 - 2) of the first; the second is left out."""
        outcome = patell(np.array([1.0, 5.0]), np.array([3, 2]))
        np.testing.assert_allclose([outcome.value, outcome.estimate], [1 / math.sqrt(3), 1.0], rtol=RTOL)
        assert outcome.n == 1

    @pytest.mark.parametrize("equal_length", [False, True])
    def test_both_forms_by_hand(self, equal_length):
        """Q of 4/2 and 10/8; without holes the error is the mean over Z."""
        outcome = patell(np.array([1.0, 2.0, np.nan]), np.array([4, 10, 10]), equal_length=equal_length)
        z = (1 / math.sqrt(2) + 2 / math.sqrt(1.25)) / math.sqrt(2) if equal_length else 3 / math.sqrt(3.25)
        np.testing.assert_allclose([outcome.value, outcome.estimate, outcome.se], [z, 1.5, 1.5 / z], rtol=RTOL)
        assert outcome.n == 2
        assert outcome.unit == "standardized"

    def test_a_sum_of_nothing_has_an_error_all_the_same(self):
        outcome = patell(np.array([1.0, -1.0]), np.array([4, 10]))
        np.testing.assert_allclose([outcome.value, outcome.se], [0.0, math.sqrt(3.25) / 2], rtol=RTOL)
        assert outcome.p_two == 1.0

    @pytest.mark.parametrize("equal_length", [False, True])
    def test_of_no_event_there_is_nothing(self, equal_length):
        rows = patell(np.array([[np.nan, 1.0], [1.0, 2.0]]), np.array([[9, 2], [9, 9]]), equal_length=equal_length)
        assert np.isnan([rows.value[0], rows.estimate[0], rows.se[0], rows.p_two[0]]).all()
        assert rows.n.tolist() == [0, 2]
        assert np.isfinite(rows.value[1])


class TestJ1:
    def test_an_event_without_a_return_or_a_variance_is_left_out(self):
        car, variance = np.array([0.02, np.nan, 0.07, 0.04]), np.array([0.0004, 0.0009, np.nan, 0.0005])
        outcome = clm_j1(car, variance, np.array([10, 20, 30, 40]))
        np.testing.assert_allclose([outcome.value, outcome.estimate, outcome.se], [2.0, 0.03, 0.015], rtol=RTOL)
        assert (outcome.n, outcome.df) == (2, 50)
        assert clm_j1(car, variance).distribution == "normal"

    def test_without_variance_or_events_there_is_nothing(self):
        for car, variance in (([0.02, 0.01], [0.0, 0.0]), ([np.nan, np.nan], [0.01, 0.01])):
            outcome = clm_j1(np.array(car), np.array(variance))
            assert np.isnan([outcome.value, outcome.p_two]).all()


def test_two_values_are_enough_for_a_spread_and_one_is_not():
    outcome = cross_sectional(np.array([0.01, np.nan, 0.03]))
    np.testing.assert_allclose([outcome.value, outcome.se, outcome.df], [2.0, 0.01, 1.0], rtol=RTOL)
    for kernel in (cross_sectional, bmp):
        assert kernel(np.array([0.01, 0.03])).distribution == "t"
        for ddof in (0, 1):
            one = kernel(np.array([0.01, np.nan]), ddof=ddof)
            assert np.isnan([one.value, one.se, one.p_two]).all()


def test_a_single_event_without_an_error_is_not_tested():
    outcome = single(np.array([0.02, 0.03, 0.03]), np.array([0.0, np.nan, -1.0]), np.full(3, 10.0))
    assert np.isnan([*outcome.value, *outcome.p_two]).all()
    assert outcome.n.tolist() == [0, 0, 0]


def test_the_single_event_is_the_one_that_has_a_return(make_sample):
    sample = make_sample(4, window=(0, 1))
    alone = replace(sample, car=np.where(np.arange(4) == 2, sample.car, np.nan))
    result = run("single", alone)
    np.testing.assert_allclose(result.statistic, sample.car[2] / sample.car_se[2], rtol=RTOL)
    assert result.df == sample.df[2]


def test_standardized_returns_of_each_convention(make_sample):
    """L bars of n events: CAR/SE; sums of daily SARs; without the forecast error, together or by days the same."""
    sample = make_sample(5, window=(0, 2), holes=0.1, seed=2)
    known = np.isfinite(sample.ar).sum(axis=1)
    plain = sample.car / (sample.sigma * np.sqrt(known))
    np.testing.assert_allclose(standardized(sample), sample.car / sample.car_se, rtol=RTOL)
    np.testing.assert_allclose(standardized(sample, forecast_error=False), plain, rtol=RTOL)
    np.testing.assert_allclose(standardized(sample, forecast_error=False, serial_cov=False), plain, rtol=1e-10)
    daily = np.nansum(sample.ar / sample.ar_se, axis=1) / np.sqrt(known)
    np.testing.assert_allclose(standardized(sample, serial_cov=False), daily, rtol=RTOL)
    gone = replace(sample, degenerate=np.arange(5) == 1)
    for off in ({}, {"forecast_error": False}, {"serial_cov": False}, {"own_variance": True}):
        assert np.isnan(standardized(gone, **off)).tolist() == [False, True, False, False, False]
    for off in ({"forecast_error": False}, {"serial_cov": False}):
        with pytest.raises(StudyError, match="leave forecast_error"):
            standardized(sample, own_variance=True, **off)


@pytest.mark.parametrize("off", [{}, {"forecast_error": False}, {"serial_cov": False}, {"own_variance": True}])
def test_standardized_returns_of_a_batch_are_those_of_its_samples(make_sample, off):
    each = [make_sample(4, window=(0, 2), holes=0.1, seed=seed) for seed in range(2)]
    fields = ("ar", "ar_se", "car", "car_se", "sigma")
    batch = replace(each[0], **{f: np.stack([getattr(one, f) for one in each]) for f in fields}, degenerate=None)
    np.testing.assert_allclose(
        standardized(batch, **off), [standardized(replace(one, degenerate=None), **off) for one in each], rtol=RTOL
    )
