"""Errors by cluster, on examples of a few values that are worked out by hand or by whole N x N matrices."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.inference.core.few_clusters import (
    by_cluster,
    cr2,
    cr2_mean,
    cr2_of_sums,
    effective_clusters,
    rests_on_one,
    without_leverage,
)

RTOL = 1e-9  # a few inverses of small matrices


class TestMean:
    def test_by_hand(self):
        """1, 2 | 6 with mean 3: sums -3 and 3, rests 1/3 and 2/3; se² = (9/(1/3) + 9/(2/3))/9."""
        se, df = cr2_mean(np.array([1.0, 2.0, 6.0]), np.array([5, 5, 2]))
        assert float(se) == pytest.approx(np.sqrt((27 + 13.5) / 9))
        part = np.array([4 / (1 / 3), 1 / (2 / 3)])
        assert 1 / float(df) == pytest.approx(5 / 9 + (part.sum() ** 2 - (part**2).sum()) / 81)

    def test_values_alone_are_the_ordinary_error(self):
        x = np.array([0.3, -1.0, 2.0, 0.5])
        se, df = cr2_mean(x, np.array([4, 3, 9, 0]))
        assert float(se) == pytest.approx(x.std(ddof=1) / 2)
        assert float(df) == pytest.approx(3)

    def test_from_sums_where_some_clusters_have_nobody(self):
        x, code = np.array([1.0, 2.0, 6.0, 0.0]), np.array([0, 0, 2, 3])
        left = x - x.mean()
        sums, sizes = np.array([left[:2].sum(), 0.0, *left[2:]]), np.array([2.0, 0, 1, 1])
        np.testing.assert_allclose(cr2_of_sums(sums, sizes, np.asarray(6.0)), cr2_mean(x, code), rtol=RTOL)

    @pytest.mark.parametrize(("scale", "told"), [(1.0, True), (1e12, False)])
    def test_a_spread_that_is_rounding_beside_the_values_is_none(self, scale, told):
        """Sums of 1 and -1 of one value each: se² = (2 + 2)/4 = 1, which is 1e-12 of the second scale and not above it."""
        se, df = cr2_of_sums(np.array([1.0, -1.0]), np.array([1.0, 1.0]), np.asarray(scale))
        assert np.isfinite(se) == told
        assert float(df) == 1

    def test_the_largest_value_in_size_is_that_scale(self):
        """Of -1 and -1 - d the error is d/2."""
        for change, told in ((4e-12, True), (1.6e-12, False)):
            assert np.isfinite(cr2_mean(np.array([-1.0, -1.0 - change]), np.array([0, 1]))[0]) == told
        assert np.isfinite(cr2_mean(np.array([1e-14, 3e-14, np.nan]), np.array([0, 1, 1]))[0])

    def test_a_missing_value_leaves_its_cluster_and_its_code_is_not_looked_at(self):
        x = np.array([1.0, np.nan, 2.0, 6.0, np.nan, 1.0])
        code = np.array([0, 0, 1, 1, 7, 2])
        there = np.isfinite(x)
        np.testing.assert_allclose(cr2_mean(x, code), cr2_mean(x[there], code[there]), rtol=RTOL)

    def test_a_batch_is_each_sample_alone(self):
        x = np.random.default_rng(0).normal(size=(3, 2, 5))
        x[0, 0, 1] = x[2, 1, 4] = np.nan
        code = np.random.default_rng(1).integers(0, 3, x.shape)
        found = cr2_mean(x, code)
        assert found[0].shape == (3, 2)
        for at in np.ndindex(3, 2):
            np.testing.assert_allclose([one[at] for one in found], cr2_mean(x[at], code[at]), rtol=RTOL)

    def test_none_and_one_cluster_have_no_error(self):
        for x in (np.array([]), np.array([np.nan, np.nan]), np.array([1.0, 2.0]), np.array([0.1, 0.2, 0.4])):
            assert np.isnan(cr2_mean(x, np.zeros(x.size, dtype=int))[0])


@pytest.mark.parametrize(
    ("sizes", "expected"), [([3, 3, 3, 3], 4), ([1, 2], 25 / 17), ([10, 1, 1], 102**2 / 10002), ([5], 1)]
)
def test_as_how_many_clusters_of_one_size(sizes, expected):
    assert effective_clusters(sizes) == pytest.approx(expected)


def test_sums_by_cluster():
    assert by_cluster(np.array([1.0, 2.0, 4.0]), np.array([2, 0, 2])).tolist() == [2.0, 0.0, 5.0]
    assert by_cluster(np.array([[1.0, 8.0], [2.0, 9.0]]), np.array([1, 1])).tolist() == [[0.0, 0.0], [3.0, 17.0]]


@pytest.fixture
def regression():
    rng = np.random.default_rng(3)
    cluster = np.array([2, 0, 1, 0, 2, 2, 3, 1, 3, 0, 1, 2])
    return np.column_stack([np.ones(12), rng.normal(size=12)]), rng.normal(size=12), cluster


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_leverage_is_taken_off_by_powers_of_whole_matrices(regression, power):
    x, y, cluster = regression
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    values = np.column_stack([y, y**2])
    expected = np.empty_like(values)
    for g in range(4):
        at = np.flatnonzero(cluster == g)
        value, vector = np.linalg.eigh(np.eye(at.size) - hat[np.ix_(at, at)])
        expected[at] = vector @ np.diag(value**-power) @ vector.T @ values[at]
    np.testing.assert_allclose(without_leverage(values, x, cluster, power), expected, rtol=RTOL)


def test_a_direction_that_one_cluster_alone_has_is_left_out_of_its_residuals():
    """A dummy of two rows: their mean is lost, their difference stays as it is; nothing else is touched."""
    x = np.column_stack([np.r_[0.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    found = without_leverage(np.arange(6.0)[:, None], x, np.array([0, 0, 1, 1, 2, 2]), 1.0)
    np.testing.assert_allclose(found[:, 0], [0, 1, 2, 3, -0.5, 0.5], atol=1e-12)


def nearly_alone(gap):
    """A regressor whose sum of squares lies in one cluster but for the share `gap`."""
    return np.array([[np.sqrt(1 - gap)], [0.0], [np.sqrt(gap)], [0.0]]), np.array([0, 0, 1, 1])


@pytest.mark.parametrize(("gap", "alone"), [(0.0, True), (0.9e-10, True), (1.1e-10, False), (0.1, False)])
def test_from_which_share_in_other_clusters_on_a_coefficient_is_told_by_them(gap, alone):
    x, cluster = nearly_alone(gap)
    assert rests_on_one(x, cluster).tolist() == [alone]
    found = without_leverage(np.ones((4, 1)), x, cluster, 1.0)[0, 0]
    assert found == (pytest.approx(0, abs=1e-6) if alone else pytest.approx(1 / gap, rel=1e-4))


def test_which_coefficients_rest_on_one_cluster():
    """Of a dummy of one cluster, a constant and a regressor that varies everywhere only the dummy does."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(4), 3)
    x = np.column_stack([np.ones(12), cluster == 1, rng.normal(size=12)]).astype(float)
    assert rests_on_one(x, cluster).tolist() == [False, True, False]
    shared = np.column_stack([np.ones(12), cluster == 1, cluster == 2, cluster == 3]).astype(float)
    assert rests_on_one(shared, cluster).all()  # the constant is the mean of cluster 0
    assert not rests_on_one(x[:, [0, 2]], cluster).any()


@pytest.mark.parametrize(("share", "told"), [(0.5e-6, False), (4e-6, True)])
@pytest.mark.parametrize("unit", [1.0, 1e-4, 1e4])
def test_a_coefficient_hardly_along_that_direction_does_not_rest_on_it(share, told, unit):
    """x2 is u plus a little of the dummy d: b_d loads on the dummy's own direction, b_u by the share only."""
    d = np.r_[1.0, 1.0, np.zeros(6)] / np.sqrt(2)
    u = np.r_[0.0, 0.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0] / np.sqrt(6)
    # y = a (d + share u) + b u: b = the coefficient of u less share a, so that it has this share of d's direction
    found = rests_on_one(unit * np.column_stack([d + share * u, u]), np.array([0, 0, 1, 1, 2, 2, 3, 3]))
    assert found.tolist() == [True, told]


def test_cr2_of_a_regression_by_whole_matrices(regression, cr2_matrices):
    x, y, cluster = regression
    fit = sm.OLS(y, x).fit()
    np.testing.assert_allclose(cr2(x, fit.resid, cluster), cr2_matrices(x, y, cluster), rtol=RTOL)


def test_cr2_of_a_constant_is_that_of_the_mean(regression):
    _, y, cluster = regression
    error, df = cr2(np.ones((12, 1)), y - y.mean(), cluster)
    np.testing.assert_allclose(np.ravel([error, df]), cr2_mean(y, cluster), rtol=RTOL)


def test_where_one_cluster_determines_a_coefficient_it_has_no_error_and_the_others_have(regression):
    x, y, cluster = regression
    x = np.column_stack([x, cluster == 3]).astype(float)
    error, df = cr2(x, sm.OLS(y, x).fit().resid, cluster)
    assert np.isnan(error).tolist() == np.isnan(df).tolist() == [False, False, True]
