"""The wild cluster bootstrap against a loop that makes every sample and fits it again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.errors import StudyError
from eventstudy.inference.beyond.cross_sectional_regression import explain
from eventstudy.inference.core import wild_cluster as module
from eventstudy.inference.core.wild_cluster import WEBB, drawn, pieces, wild_cluster
from eventstudy.inference.significance_tests.sign_flips import cluster_bootstrap

SIZES = [7, 2, 4, 3]


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(len(SIZES)), SIZES)
    x = np.column_stack([np.ones(cluster.size), rng.normal(size=cluster.size) + cluster])
    return x, 0.4 * x[:, 1] + rng.normal(size=len(SIZES))[cluster] + rng.normal(size=cluster.size), cluster


def judged(x, y, cluster, **options):
    fit = sm.OLS(y, x).fit()
    return wild_cluster(x, fit.params, fit.resid, cluster, **({"rng": np.random.default_rng(0)} | options))


def off(x, rows):
    """I - H of the rows of one cluster."""
    return np.eye(rows.size) - x[rows] @ np.linalg.inv(x.T @ x) @ x[rows].T


def jackknife(x, y, cluster, at):
    """The standard error from leaving out each cluster, fitted again by statsmodels; about the estimate of all."""
    whole = sm.OLS(y, x).fit().params[at]
    each = [sm.OLS(y[cluster != g], x[cluster != g]).fit().params[at] for g in np.unique(cluster)]
    return np.sqrt((1 - 1 / len(each)) * sum((b - whole) ** 2 for b in each))


def by_loop(x, y, cluster, at, null, points):
    """P of b[at] = null: each sample made from the restricted fit and fitted again."""
    others = np.delete(x, at, axis=1)
    kept = sm.OLS(y - null * x[:, at], others).fit()
    left = kept.resid.copy()
    for g in np.unique(cluster):
        rows = np.flatnonzero(cluster == g)
        left[rows] = np.linalg.inv(off(others, rows)) @ left[rows]

    def size(sample):
        return abs(sm.OLS(sample, x).fit().params[at] - null) / jackknife(x, sample, cluster, at)

    centre = kept.fittedvalues + null * x[:, at]
    drawn = [size(centre + left * np.array(v)[cluster]) for v in itertools.product(points, repeat=cluster.max() + 1)]
    return np.mean(np.array(drawn) >= size(y) * (1 - 1e-9))  # the sample is one of them


@pytest.mark.parametrize(("few", "points"), [(12, [*-WEBB, *WEBB]), (2, [-1.0, 1.0])])
def test_all_samples_one_by_one(data, monkeypatch, few, points):
    x, y, cluster = data
    if len(points) > 2:  # 6^3 samples, not 6^4
        x, y, cluster = (part[cluster < 3] for part in data)
    monkeypatch.setattr(module, "FEW_SIGNS", few)
    found = judged(x, y, cluster)
    assert (found.whole, found.draws) == (True, len(points) ** (cluster.max() + 1))
    for at in (0, 1):
        assert found.se[at] == pytest.approx(jackknife(x, y, cluster, at), rel=1e-9)
        assert found.pvalue[at] == pytest.approx(by_loop(x, y, cluster, at, 0.0, points), abs=1e-12)


def test_the_interval_holds_the_values_that_are_not_rejected(data, monkeypatch):
    x, y, cluster = data
    monkeypatch.setattr(module, "FEW_SIGNS", 2)
    found = judged(x, y, cluster, level=0.7)  # 16 samples: p is a multiple of 1/16
    for at, end, out in ((0, found.low, -1), (1, found.low, -1), (0, found.high, 1), (1, found.high, 1)):
        for step, rejected in ((out * 1e-6, True), (-out * 1e-6, False)):
            p = by_loop(x, y, cluster, at, end[at] + step * found.se[at], [-1.0, 1.0])
            assert (p <= 0.3) == rejected


def test_a_mean_of_clusters_of_one_size_is_the_registered_test():
    """There nothing but a factor lies between the variances, and all draws share it; 2^13 signs are fewer than the draws."""
    y, cluster = np.random.default_rng(1).normal(0.3, 1.0, 39), np.arange(39) % 13
    found = judged(np.ones((39, 1)), y, cluster)
    theirs = cluster_bootstrap(y, cluster, rng=np.random.default_rng(0))
    assert (found.weights, found.draws, found.whole) == ("rademacher", 2**13, True)
    assert found.pvalue[0] == pytest.approx(float(theirs.p_two))


def test_units_change_nothing(data):
    x, y, cluster = data
    plain = judged(x, y, cluster, draws=999)
    for unit, scale in ((1e-4, 1.0), (1.0, 1e5), (1e6, 1e-3)):
        found = judged(x * [1.0, scale], y * unit, cluster, draws=999)
        np.testing.assert_array_equal(found.pvalue, plain.pvalue)
        np.testing.assert_allclose(found.low * [1.0, scale], plain.low * unit, rtol=1e-6)


def test_pieces_and_seeds(data, monkeypatch):
    x, y, cluster = data
    plain = judged(x, y, cluster, draws=500)
    assert (plain.weights, plain.draws, plain.whole) == ("webb", 500, False)
    assert plain.pvalue[1] * 501 == pytest.approx(round(plain.pvalue[1] * 501))
    other = judged(x, y, cluster, draws=500, rng=np.random.default_rng(1))
    assert not np.array_equal(plain.pvalue, other.pvalue)
    monkeypatch.setattr(module, "CELLS", 40)
    assert judged(x, y, cluster, draws=500).pvalue.shape == (2,)


def test_explain_says_what_it_drew_and_where_clusters_are_few():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(6), [50, 2, 2, 2, 2, 2])
    x, y = rng.normal(size=60) + cluster, rng.normal(size=60)
    found = explain(y, {"x": x}, errors="wild_cluster", cluster=cluster, draws=999, seed=4)
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    same = wild_cluster(fit.model.exog, fit.params, fit.resid, cluster, rng=np.random.default_rng(4), draws=999)
    np.testing.assert_allclose([found.pvalue, found.low, found.high], [same.pvalue, same.low, same.high], rtol=1e-9)
    np.testing.assert_allclose(found.statistic, found.coefficient / same.se, rtol=1e-9)
    assert np.isnan(found.df).all()
    assert (found.note, found.drawn) == ("", "999 draws of Webb's six points for 6 clusters, symmetric p")
    assert explain(y, {"x": x}, errors="cluster", cluster=cluster).note == (
        "6 clusters of 2 to 50 security-events count as 1.0: see errors='wild_cluster' beside"
    )
    assert not explain(y, {"x": x}, errors="cluster", cluster=np.arange(60) // 6).note
    with pytest.raises(StudyError, match="membership"):
        explain(y, {"x": x}, errors="wild_cluster")
    with pytest.raises(StudyError, match="draws"):
        explain(y, {"x": x}, errors="wild_cluster", cluster=cluster, draws=0)


def test_another_program(monkeypatch):
    """`wildboottest` 0.3.2 (Python), all 2^G signs, p = # / 2^G; its types differ by a factor where clusters are alike."""
    monkeypatch.setattr(module, "FEW_SIGNS", 2)
    # fmt: off
    y = np.array([
        0.767, -1.807, 1.627, 0.004, 0.841, 0.679, 0.457, 1.319, 1.72, 0.753, 0.582, 1.441, -0.096, -0.7, 1.27, -0.977, -2.207, -1.08, -0.694,
        -1.359, -1.671, -0.122, 0.758, -0.332, -0.782, 0.069, 0.421, -0.576, 0.308, 0.866, 0.135, -0.452, 0.729, 0.669, 1.581, -1.318, -0.675,
        -0.832, -1.688, 0.233,
    ])
    # fmt: on
    found = judged(np.column_stack([np.ones(40), np.tile([0.0, 1, 2, 4, 7], 8)]), y, np.repeat(np.arange(8), 5))
    np.testing.assert_allclose(256 * found.pvalue, [86, 2], rtol=1e-9)


def test_another_program_where_clusters_are_unlike(monkeypatch):
    """Its type 33."""
    monkeypatch.setattr(module, "FEW_SIGNS", 2)
    # fmt: off
    x = np.array([
        0.53, -0.74, 1.39, 0.82, 0.63, 0.4, 0.96, -1.33, 0.61, 0.94, -1.43, 1.01, 0.42, 1.45, 0.23, 0.98, 1.34, 0.12, 1.93, 1.23, 1.83, 0.81, 2.42,
        2.27, 1.49, 2.3, 2.93, 3.46, 0.09, 2.55,
    ])
    y = np.array([
        1.926, -1.357, 0.58, -0.598, 0.898, 2.099, 2.777, -1.712, 0.073, 0.892, 1.057, -0.282, -1.627, -0.275, -0.954, 1.347, 0.925, 1.68, -0.375,
        -0.986, -0.934, -2.304, -1.022, 2.454, 0.823, -0.183, 2.78, 2.135, 2.702, 1.394,
    ])
    # fmt: on
    found = judged(np.column_stack([np.ones(30), x]), y, np.repeat(np.arange(6), [9, 2, 4, 3, 5, 7]))
    np.testing.assert_allclose(64 * found.pvalue, [44, 30], rtol=1e-9)
    fit = sm.OLS(y, np.column_stack([np.ones(30), x])).fit()
    np.testing.assert_allclose(fit.params / found.se, [0.32583017, 0.88011274], rtol=1e-7)


@pytest.mark.parametrize("errors", ["cluster", "wild_cluster"])
def test_a_coefficient_that_one_cluster_determines_has_no_error(errors):
    """Its residuals there are 0 by construction, and CR2 took that for precision: 53 % of true nulls were rejected."""
    rng, cluster = np.random.default_rng(2), np.arange(48) // 4
    first = (cluster == 0).astype(float)
    found = explain(
        rng.normal(size=48), {"first": first, "x": rng.normal(size=48)}, errors=errors, cluster=cluster, seed=0
    )
    assert np.isnan([found.se[1], found.pvalue[1], found.low[1], found.high[1]]).all()
    assert np.isfinite([found.se[2], found.pvalue[2]]).all()
    assert "one cluster alone determines first" in found.note


def test_no_spread_at_all_is_told_and_two_clusters_are_doubted():
    x, cluster = np.arange(12.0), np.arange(12) // 2
    found = explain(np.zeros(12), {"x": x}, errors="wild_cluster", cluster=cluster, seed=0)
    assert found.pvalue.tolist() == [1.0, 1.0]
    assert np.isnan(found.r_squared)
    two = explain(np.sin(x), {"x": x}, errors="wild_cluster", cluster=np.arange(12) % 2, seed=0)
    assert two.note == "of 2 clusters even the wild bootstrap rejects too often"


def test_draws_are_made_two_million_numbers_at_a_time_and_one_row_at_least():
    assert list(pieces(7, 1_000_000)) == [2, 2, 2, 1]
    assert list(pieces(4_000_001, 1)) == list(pieces(4_000_001, 0)) == [2_000_000, 2_000_000, 1]
    assert list(pieces(3, 2_000_001)) == [1, 1, 1]
    assert list(pieces(6, 3)) == [6]
    assert list(pieces(0, 3)) == []


@pytest.mark.parametrize(("weights", "points"), [("rademacher", [-1, 1]), ("webb", [*-WEBB, *WEBB])])
def test_multipliers_are_their_points_equally_often_and_each_by_itself(weights, points):
    (found,) = drawn(4, 3000, np.random.default_rng(0), weights)
    assert found.shape == (3000, 4)
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_allclose(values, np.sort(points))
    np.testing.assert_allclose(counts / 12_000, 1 / len(points), atol=0.02)  # four standard errors are 0.018
    assert abs(np.corrcoef(found.T) - np.eye(4)).max() < 0.08
    np.testing.assert_allclose(np.square(points).mean(), 1)  # so that a draw has the variance of the residuals


@pytest.mark.parametrize(
    ("groups", "draws", "weights", "made", "whole"),
    [
        (3, 216, "webb", 216, True),  # 6^3
        (3, 215, "webb", 215, False),
        (11, 300, "webb", 300, False),
        (12, 300, "rademacher", 300, False),
        (12, 4096, "rademacher", 4096, True),  # 2^12
        (12, 4095, "rademacher", 4095, False),
    ],
)
def test_from_twelve_clusters_on_signs_and_all_there_are_where_they_are_no_more_than_asked(
    groups, draws, weights, made, whole
):
    y = np.random.default_rng(1).normal(0.2, 1, 2 * groups)
    found = judged(np.ones((2 * groups, 1)), y, np.arange(2 * groups) // 2, draws=draws)
    assert (found.weights, found.draws, found.whole) == (weights, made, whole)
    rows = found.draws if whole else found.draws + 1
    assert found.pvalue[0] * rows == pytest.approx(round(found.pvalue[0] * rows))
    assert found.pvalue[0] * rows >= 1
    points = "signs" if weights == "rademacher" else "Webb's six points"
    assert (
        found.said(groups) == f"{'all ' if whole else ''}{made:,} draws of {points} for {groups} clusters, symmetric p"
    )


def test_without_a_word_9999_draws_and_an_interval_of_95_percent():
    y, cluster = np.random.default_rng(2).normal(0.2, 1, 28), np.arange(28) // 2
    plain = judged(np.ones((28, 1)), y, cluster)
    asked = judged(np.ones((28, 1)), y, cluster, draws=9999, level=0.95)
    assert (plain.draws, plain.whole) == (9999, False)
    assert (plain.low, plain.high) == (asked.low, asked.high)
    narrower = judged(np.ones((28, 1)), y, cluster, level=0.9)
    assert plain.low < narrower.low < y.mean() < narrower.high < plain.high


def test_the_least_p_value_counts_the_sample_itself():
    """Of an effect far out no draw is as large: (1 + 0)/(B + 1)."""
    y, cluster = np.random.default_rng(3).normal(50, 1, 28), np.arange(28) // 2
    assert judged(np.ones((28, 1)), y, cluster, draws=99).pvalue[0] == pytest.approx(0.01)


def test_where_no_value_is_rejected_the_interval_has_no_end():
    """Of the 36 samples of two clusters at least the sample itself and its mirror image are as large: p is 2/36 or more."""
    y = np.array([1.0, 2.0, 5.0, 6.0])
    found = judged(np.ones((4, 1)), y, np.array([0, 0, 1, 1]))
    assert (found.low.tolist(), found.high.tolist()) == ([-np.inf], [np.inf])


def test_where_there_is_no_standard_error_nothing_is_judged(data):
    found = judged(*data, draws=99)
    pvalue, low, high = found.judged(np.array([0.1, np.nan]))
    for one, whole in ((pvalue, found.pvalue), (low, found.low), (high, found.high)):
        assert one[0] == whole[0]
        assert np.isnan(one[1])
