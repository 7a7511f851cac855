"""Comparisons of groups and trends, against scipy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference.beyond.differences import compare_magnitudes, compare_means, magnitude, size_covariance, trend

RTOL = 1e-10  # the same formulas in another order


@pytest.fixture
def groups():
    rng = np.random.default_rng(0)
    return np.append(rng.normal(0.02, 0.03, 14), np.nan), rng.normal(0.0, 0.01, 9)


def test_welch_is_scipys(groups):
    first, second = groups
    theirs = stats.ttest_ind(first[:-1], second, equal_var=False)
    ours = compare_means(first, second)
    np.testing.assert_allclose(
        [ours.statistic, ours.df, ours.pvalue], [theirs.statistic, theirs.df, theirs.pvalue], rtol=RTOL
    )
    np.testing.assert_allclose(ours.ci, theirs.confidence_interval(0.95), rtol=1e-9)
    assert ours.n == 23


def test_brown_forsythe_is_scipys(groups):
    first, second = groups
    theirs = stats.levene(first[:-1], second, center="median")
    ours = compare_magnitudes(first, second)
    np.testing.assert_allclose([ours.statistic, ours.pvalue], [theirs.statistic, theirs.pvalue], rtol=RTOL)
    np.testing.assert_allclose(ours.details["ratio"], first[:-1].var(ddof=1) / second.var(ddof=1), rtol=RTOL)


def test_moments_of_beavers_u_are_those_of_a_squared_t():
    v = 12.0
    law = stats.t(v)
    mean, variance = law.moment(2), law.moment(4) - law.moment(2) ** 2
    x = np.array([1.0, -2.0, 0.5, 3.0])
    expected = ((x**2).sum() - 4 * mean) / math.sqrt(4 * variance)
    result = magnitude(x, np.full(4, v))
    np.testing.assert_allclose(result.statistic, expected, rtol=1e-9)
    np.testing.assert_allclose(result.pvalue, stats.norm.sf(expected), rtol=1e-9)


def test_magnitude_leaves_out_what_has_no_variance():
    assert magnitude([1.0, 5.0, np.nan], [248, 4, 248]).n == 1
    assert "5 degrees of freedom" in magnitude([1.0], [3]).reason


@pytest.mark.parametrize("lag", [None, 0, 3])
def test_trend_is_statsmodels(lag):
    y = np.abs(np.random.default_rng(1).normal(size=30)) + np.linspace(1, 0, 30)
    y[7] = np.nan
    known = np.flatnonzero(np.isfinite(y))
    robust = {} if lag is None else {"cov_type": "HAC", "cov_kwds": {"maxlags": lag, "use_correction": True}}
    fit = sm.OLS(y[known], sm.add_constant(known.astype(float))).fit(**robust)
    ours = trend(y, lag=lag)
    np.testing.assert_allclose(ours.statistic, fit.tvalues[1], rtol=1e-9)
    np.testing.assert_allclose(ours.pvalue, 2 * stats.t.sf(abs(fit.tvalues[1]), 27), rtol=1e-8)
    assert ours.details.get("lag") == lag


def test_a_trend_by_session_is_cr2_of_the_regression(cr2_matrices):
    rng = np.random.default_rng(3)
    session = np.repeat(np.arange(8), [5, 1, 3, 2, 4, 6, 1, 2])
    y = rng.normal(size=8)[session] + rng.normal(size=24)
    y[5] = np.nan  # its session is gone with it
    known = np.flatnonzero(np.isfinite(y))
    x = sm.add_constant(known.astype(float))
    error, df = cr2_matrices(x, y[known], session[known])
    slope = sm.OLS(y[known], x).fit().params[1]
    ours = trend(y, cluster=session.astype(str), level=0.9)
    np.testing.assert_allclose([ours.estimate, ours.se, ours.df], [slope, error[1], df[1]], rtol=1e-8)
    np.testing.assert_allclose(ours.pvalue, 2 * stats.t.sf(abs(slope / error[1]), df[1]), rtol=1e-8)
    np.testing.assert_allclose(ours.ci[1] - slope, stats.t.ppf(0.95, df[1]) * error[1], rtol=1e-8)
    with pytest.raises(StudyError, match=r"cluster has shape \(23,\)"):
        trend(y, cluster=session[1:])
    with pytest.raises(StudyError, match="choose one"):
        trend(y, cluster=session, lag=1)


def test_a_trend_with_covariances_of_independent_values_is_near_the_plain_one():
    """The scale is told by what is off the slope, as in least squares; df one less or the same."""
    y = np.random.default_rng(4).normal(size=20)
    plain, ours = trend(y), trend(y, covariance=3.0 * np.eye(20))
    np.testing.assert_allclose([ours.estimate, ours.se, ours.df], [plain.estimate, plain.se, 18.0], rtol=1e-9)
    among = np.eye(20) + 0.5 * (np.arange(20)[:, None] // 4 == np.arange(20) // 4)
    whole, scaled = trend(y, covariance=among), trend(y, covariance=7.0 * among)
    np.testing.assert_allclose(scaled.se, whole.se, rtol=1e-9)
    w = (np.arange(20) - 9.5) / ((np.arange(20) - 9.5) ** 2).sum()
    off = np.linalg.qr(np.column_stack([np.ones(20), among @ w, w]))[0]
    project = np.eye(20) - off @ off.T
    scale = y @ project @ y / np.trace(project @ among)
    np.testing.assert_allclose(whole.se, math.sqrt(scale * w @ among @ w), rtol=1e-9)
    steep = trend(y + 3.0 * np.arange(20), covariance=among)
    np.testing.assert_allclose([steep.estimate - 3.0, steep.se], [whole.estimate, whole.se], rtol=1e-9)
    assert "degrees of freedom" in trend(y[:5], covariance=np.eye(5) * np.array([1, 1e-9, 1e-9, 1e-9, 1e-9])).reason
    with pytest.raises(StudyError, match=r"covariance has shape \(20, 19\)"):
        trend(y, covariance=among[:, 1:])


def test_covariances_of_sizes_are_those_of_draws():
    rng = np.random.default_rng(6)
    among = np.array([[4.0, 1.6, -0.9], [1.6, 1.0, 0.0], [-0.9, 0.0, 1.0]])
    z = np.abs(rng.multivariate_normal(np.zeros(3), among, 400_000)) / np.sqrt(np.diag(among))
    np.testing.assert_allclose(size_covariance(among), np.cov(z.T), atol=0.005)
    np.testing.assert_array_equal(size_covariance(np.diag([1.0, 0.0]))[1], [0.0, 0.0])


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda: trend([1.0, 2.0, 3.0, 5.0, 4.0, np.nan], cluster=[1, 1, 1, 1, 1, 2]), "two sessions"),
        (lambda: compare_means([0.1], [0.2, 0.3]), "two events in each group"),
        (lambda: compare_means([0.1, 0.1], [0.3, 0.3]), "no variance"),
        (lambda: compare_magnitudes([0.1, 0.2], [0.1, 0.2, 0.3]), "three events"),
        (lambda: compare_magnitudes([0.1] * 4, [0.3] * 4), "no variance"),
        (lambda: trend([1.0, 2.0, 3.0]), "five events"),
        (lambda: trend([1.0] * 8), "line"),
    ],
)
def test_what_cannot_be_compared_says_why(result, words):
    found = result()
    assert not found.applicable
    assert words in found.reason


def test_negative_lag():
    with pytest.raises(StudyError, match="0 or more"):
        trend([1.0, 2.0, 3.0, 4.0, 5.0], lag=-1)


def test_as_few_events_as_are_said_to_be_needed():
    theirs = stats.ttest_ind([0.1, 0.3], [0.2, -0.1], equal_var=False)
    ours = compare_means([0.1, 0.3], [0.2, -0.1], level=0.8)
    np.testing.assert_allclose(ours.pvalue, theirs.pvalue, rtol=RTOL)
    np.testing.assert_allclose(ours.ci, theirs.confidence_interval(0.8), rtol=1e-9)
    assert ours.details["means"] == pytest.approx((0.2, 0.05))
    assert ours.details["counts"] == (2, 2)
    assert ours.estimate == pytest.approx(0.15)
    assert compare_means([0.1, 0.1], [0.2, -0.1]).applicable  # no variance in one group only
    spread = compare_magnitudes([0.1, 0.3, -0.2], [1.0, 2.0, 0.4])
    np.testing.assert_allclose(spread.pvalue, stats.levene([0.1, 0.3, -0.2], [1.0, 2.0, 0.4]).pvalue, rtol=RTOL)
    sizes = [np.abs(x - np.median(x)).mean() for x in (np.array([0.1, 0.3, -0.2]), np.array([1.0, 2.0, 0.4]))]
    assert spread.estimate == pytest.approx(sizes[0] - sizes[1])
    assert compare_magnitudes([0.1, 0.3, -0.2], [1.0, 1.0, 1.0]).details["ratio"] == math.inf
    assert trend([1.0, 2.0, 3.0, 5.0, 4.0]).applicable
    assert magnitude([1.0, 2.0], [5, 4]).n == 1
    assert not magnitude([np.nan], [50]).applicable


def test_estimates_and_intervals_of_a_trend():
    y = np.random.default_rng(2).normal(size=12) - 0.1 * np.arange(12)
    fit = sm.OLS(y, sm.add_constant(np.arange(12.0))).fit(
        cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}
    )
    ours = trend(y, lag=2, level=0.9)
    np.testing.assert_allclose([ours.estimate, ours.se], [fit.params[1], fit.bse[1]], rtol=1e-9)
    half = stats.t.ppf(0.95, 10) * fit.bse[1]
    np.testing.assert_allclose(ours.ci, (fit.params[1] - half, fit.params[1] + half), rtol=1e-9)
    assert (ours.df, ours.n) == (10.0, 12)


def test_the_mean_square_and_its_error():
    x, v = np.array([1.0, -2.0, 0.5]), np.array([10.0, 20.0, 30.0])
    laws = [stats.t(df) for df in v]
    error = math.sqrt(sum(law.moment(4) - law.moment(2) ** 2 for law in laws)) / 3
    ours = magnitude(x, v)
    np.testing.assert_allclose([ours.estimate, ours.se], [(x**2).mean(), error], rtol=1e-9)
    np.testing.assert_allclose(
        ours.statistic, ((x**2).sum() - sum(law.moment(2) for law in laws)) / (3 * error), rtol=1e-9
    )


@pytest.mark.parametrize(("noise", "applies"), [(4e-12, True), (0.25e-12, False)])
def test_a_spread_about_the_line_below_a_millionth_of_a_millionth_is_rounding(noise, applies):
    """Eight values of about one, their noise orthogonal to the line: a standard deviation of 1.15 times its size."""
    pattern = np.array([1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0])
    found = trend(1.0 + noise * pattern)
    assert found.applicable == applies
    assert applies or "line" in found.reason
    assert trend(-1.0 - noise * pattern).applicable == applies
    assert not trend(0.1 * np.arange(8)).applicable  # judged by the largest value, here 0.7


def test_the_usual_trend_is_that_of_least_squares_at_95_percent():
    y = np.random.default_rng(5).normal(size=9)
    fit = sm.OLS(y, sm.add_constant(np.arange(9.0))).fit()
    ours = trend(y)
    np.testing.assert_allclose(ours.ci, fit.conf_int()[1], rtol=1e-9)
    np.testing.assert_allclose([ours.df, ours.pvalue, ours.level], [7, fit.pvalues[1], 0.95], rtol=1e-9)
    assert dict(ours.details) == {}
    assert (ours.reference, trend(y, lag=0).reference) == ("ordinary least squares", "Newey and West (1987)")
    assert ours.assumptions[1] == "reactions independent, of one variance"
    assert trend(y, lag=0).assumptions[1] == "reactions far apart in order independent"


def test_either_sign_of_a_difference():
    a, b = [0.03, 0.01, 0.02, 0.04], [0.00, 0.01, -0.01]
    up, down = compare_means(a, b), compare_means(b, a)
    assert (up.statistic, up.pvalue) == pytest.approx((-down.statistic, down.pvalue))
    assert up.ci == pytest.approx((-down.ci[1], -down.ci[0]))
    assert up.se == pytest.approx(math.sqrt(np.var(a, ddof=1) / 4 + np.var(b, ddof=1) / 3))
    wide = compare_magnitudes(a, b)
    assert (wide.df, wide.n) == ((1.0, 5.0), 7)
    assert wide.details["ratio"] == pytest.approx(np.var(a, ddof=1) / np.var(b, ddof=1))


def test_correlations_of_sizes_at_their_ends():
    """Sizes of two that are one another, or its negative, are one: variance 1 - 2/pi; of unknown ones nothing is told."""
    one = size_covariance([[4.0, 4.0, -2.0], [4.0, 4.0, -2.0], [-2.0, -2.0, 1.0]])
    np.testing.assert_allclose(one, 1 - 2 / math.pi, rtol=1e-9)
    beyond = size_covariance([[1.0, 1.0 + 1e-9], [1.0 + 1e-9, 1.0]])  # rounding beyond one is one
    np.testing.assert_allclose(beyond, 1 - 2 / math.pi, rtol=1e-6)
