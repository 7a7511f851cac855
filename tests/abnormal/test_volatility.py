"""Variances known before the event, against a plain loop and the formula of METHODS 4.18a."""

import numpy as np
import pytest

from eventstudy.abnormal import MeanAdjusted, estimate
from eventstudy.abnormal.engine.volatility import ewma_before, known_bar
from eventstudy.errors import StudyError

RTOL = 1e-12  # the same arithmetic in another order


@pytest.fixture
def series():
    rng = np.random.default_rng(8)
    returns = rng.normal(0.0004, 0.01, 400) * np.where(np.arange(400) > 200, 2.5, 1.0)
    level = np.exp(rng.normal(3.0, 0.2, 400))
    return returns, level


def fit(returns, level, model, day0=330):
    return estimate(returns[None], security=np.array([0]), day0=np.array([day0]), window=(-5, 5), estimation=(-255, -6), model=model, level=level)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "known"), [(0, 0, 329), (0, 4, 329), (-2, 3, 327), (-5, 5, 324), (2, 5, 329)]
)
def test_level_variance_is_the_one_known_before_the_window(series, first, last, known):
    returns, level = series
    fitted = fit(returns, level, MeanAdjusted(volatility="^VIX"))
    estimation = returns[330 - 255 : 330 - 5]
    sigma2 = estimation.var(ddof=1)
    length = last - first + 1
    expected = length * (level[known] / 100) ** 2 / 252 + length**2 * sigma2 / 250
    car, error, count = fitted.car(first, last)
    np.testing.assert_allclose(error[0] ** 2, expected, rtol=RTOL)
    np.testing.assert_allclose(car[0], (returns[330 + first : 331 + last] - estimation.mean()).sum(), rtol=RTOL)
    assert count[0] == length


def test_nothing_from_day_0_on_enters_the_known_variance(series):
    returns, level = series
    for volatility in ("^VIX", "ewma"):
        before = fit(returns, level, MeanAdjusted(volatility=volatility)).car(0, 3)[1]
        later_returns, later_level = returns.copy(), level.copy()
        later_returns[330:] *= 7
        later_level[330:] *= 7
        after = fit(later_returns, later_level, MeanAdjusted(volatility=volatility)).car(0, 3)[1]
        assert before == after


def test_ewma_is_the_plain_recursion(series):
    returns, _ = series
    returns[300] = np.nan
    fitted = fit(returns, None, MeanAdjusted(volatility="ewma", decay=0.9))
    estimation = returns[330 - 255 : 330 - 5]
    mean, sigma2 = np.nanmean(estimation), np.nanvar(estimation, ddof=1)
    state = sigma2
    for value in returns[330 - 255 : 330]:
        if np.isfinite(value):
            state = 0.9 * state + 0.1 * (value - mean) ** 2
    np.testing.assert_allclose(fitted.car(0, 2)[1][0] ** 2, 3 * state + 9 * sigma2 / 249, rtol=RTOL)


@pytest.mark.parametrize("none", [np.nan, np.inf])
def test_a_missing_level_leaves_the_standard_error_missing(series, none):
    returns, level = series
    level[329] = none
    car, error, _ = fit(returns, level, MeanAdjusted(volatility="^VIX")).car(0, 1)
    assert np.isfinite(car[0])
    assert np.isnan(error[0])


def test_small_pieces():
    np.testing.assert_array_equal(known_bar(np.array([-3, -1, 0, 4])), [-4, -2, -1, -1])
    np.testing.assert_allclose(ewma_before(np.array([[2.0, np.nan]]), np.array([1.0]), 0.5), [[2.5, 2.5]])


def test_a_level_that_is_needed_must_be_given(series):
    returns, _ = series
    with pytest.raises(StudyError, match="needs that level series"):
        fit(returns, None, MeanAdjusted(volatility="^VIX"))
    with pytest.raises(StudyError, match="above 0 and below 1"):
        MeanAdjusted(volatility="ewma", decay=1.0)
