"""The helpers that every kernel stands on: moments with holes, tails far out, batches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from eventstudy.inference import sample_of
from eventstudy.inference.core.statistic import count, from_normal, from_t, mean, moments, quantile, sd
from eventstudy.inference.significance_tests.parametric import cross_sectional, single

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
