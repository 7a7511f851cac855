"""The joint regression of a security's events, array by array, against statsmodels with dummies made bar by bar."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal.overlapping_events import joint_paths
from eventstudy.errors import StudyError

RTOL = 1e-9  # two least squares of the same columns by other decompositions
BARS = 90


def world():
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, (2, BARS))
    response = 0.001 + np.array([0.8, -0.3]) @ market + rng.normal(0, 0.01, BARS)
    response[[12, 61]] = np.nan
    market[1, 17] = np.nan
    masked = np.zeros(BARS, dtype=bool)
    masked[[20, 52, 63]] = True
    return response, market, masked


def by_loop(response, market, groups, window, estimation, masked):
    """The same regression, every bar asked by itself."""
    length = window[1] - window[0] + 1
    columns = np.zeros((len(groups) * length, BARS))
    used = np.zeros(BARS, dtype=bool)
    for bar in range(BARS):
        inside = sampled = False
        for at, (days, weights) in enumerate(groups):
            for day, weight in zip(days, weights, strict=True):
                if window[0] <= bar - day <= window[1]:
                    columns[at * length + bar - day - window[0], bar] += weight
                    inside = True
                sampled |= any(first <= bar - day <= last for first, last in estimation)
        whole = np.isfinite(response[bar]) and np.isfinite(market[:, bar]).all()
        used[bar] = whole and (inside or (sampled and not masked[bar]))
    return sm.OLS(response[used], np.column_stack([np.ones(BARS), *market, *columns])[used]).fit()


GROUPS = {
    "one event": [([40], [1.0])],
    "events that overlap, one with half the weight": [([40, 42, 60], [1.0, 0.5, 1.0])],
    "two groups that overlap": [([40, 70], [1.0, -2.0]), ([41], [0.25])],
    "beyond either end of the data": [([1, 88, 40], [1.0, 1.0, 1.0])],
    "an estimation window that lies before the data": [([5, 40], [1.0, 1.0])],
}


@pytest.mark.parametrize("estimation", [[(-25, -3)], [(-20, -8), (5, 14)]], ids=["before", "before and after"])
@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
def test_paths_are_those_of_the_regression_with_summed_dummies(groups, estimation):
    response, market, masked = world()
    window = (-2, 3)
    given = [(np.array(days), np.array(weights)) for days, weights in groups]
    found = joint_paths(response, market, given, window, estimation, masked)
    fit = by_loop(response, market, groups, window, estimation, masked)
    assert len(found) == len(groups)
    for at, (path, (days, _)) in enumerate(zip(found, groups, strict=True)):
        own = slice(3 + 6 * at, 3 + 6 * (at + 1))
        np.testing.assert_allclose(path.gamma, fit.params[own], rtol=RTOL)
        np.testing.assert_allclose(path.covariance, fit.cov_params()[own, own], rtol=RTOL)
        assert (path.df, path.events) == (fit.df_resid, len(days))


def test_an_estimation_window_that_ends_before_the_data_has_no_bar():
    """Relative days -9 .. -6 of bar 5: bars -4 .. -1, none of which is the first."""
    response, market, masked = world()
    groups = [(np.array([5, 40]), np.ones(2))]
    (path,) = joint_paths(response, market[:0], groups, (0, 1), [(-9, -6)], masked)
    assert path.df == 4 + 4 - 1 - 2  # four bars before bar 40 and the four bars of the two windows
    (path,) = joint_paths(response, market[:0], groups, (0, 1), [(-9, -5)], masked)
    assert path.df == 5 + 1 + 4 - 1 - 2  # bar 0 is one more, and so is bar 35


def test_one_degree_of_freedom_is_enough_and_none_is_not():
    response = np.random.default_rng(1).normal(size=BARS)
    none = np.zeros(BARS, dtype=bool)
    given = (response, np.zeros((0, BARS)), [(np.array([50]), np.ones(1))], (0, 0))
    (path,) = joint_paths(*given, [(-2, -1)], none)
    level = response[48:50].mean()
    assert path.df == 1
    assert path.gamma[0] == pytest.approx(response[50] - level)
    assert path.covariance[0, 0] == pytest.approx(((response[48:50] - level) ** 2).sum() * 1.5)
    with pytest.raises(StudyError, match="on 2 bars and 2 columns is singular"):
        joint_paths(*given, [(-1, -1)], none)


def test_events_that_cannot_be_told_apart_are_refused():
    response, market, masked = world()
    twice = [(np.array([40]), np.ones(1)), (np.array([40]), np.ones(1))]
    with pytest.raises(StudyError, match="is singular, for its events share bars"):
        joint_paths(response, market, twice, (-2, 3), [(-25, -3)], masked)
