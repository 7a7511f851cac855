"""Calendar-time portfolios and clustered errors beyond the defaults, each against its loop."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, run, sample_of
from eventstudy.inference.significance_tests.calendar_time import (
    CalendarPortfolio,
    bartlett,
    calendar_portfolio,
    calendar_time,
    newey_west,
    past_scale,
    session_sums,
)
from eventstudy.inference.significance_tests.clustered import clustered_mean, driscoll_kraay_mean, panel
from eventstudy.inference.significance_tests.jackknife import jackknife
from samples import batch_of

RTOL = 1e-10  # the same sums in another order


def test_jaffe_divides_each_session_by_the_past_of_its_own_portfolio(make_sample, holes):
    sample = make_sample(10, dates="staggered", window=(0, 3), holes=holes)
    record = sample.estimation
    past = [
        {int(b): e for b, e in zip(record.bar[i], record.residual[i], strict=True) if b >= 0 and math.isfinite(e)}
        for i in range(10)
    ]
    scaled = []
    for session in range(int(sample.bar.min()), int(sample.bar.max()) + 1):
        open_now = [
            (i, sample.ar[i, j])
            for i in range(10)
            for j in range(4)
            if sample.bar[i, j] == session and math.isfinite(sample.ar[i, j])
        ]
        if not open_now:
            continue
        shared = set.intersection(*(set(past[i]) for i, _ in open_now))
        if len(shared) < 30:
            continue
        series = [np.mean([past[i][b] for i, _ in open_now]) for b in sorted(shared)]
        scaled.append(np.mean([a for _, a in open_now]) / np.std(series, ddof=1))
    expected = sum(scaled) / math.sqrt(len(scaled))
    result = run("calendar_time", sample, method="jaffe")
    np.testing.assert_allclose(result.statistic, expected, rtol=RTOL)
    np.testing.assert_allclose(result.pvalue, 2 * stats.norm.sf(abs(expected)), rtol=1e-9)
    assert result.details["sessions"] == len(scaled)


def test_jaffe_without_a_past_says_so():
    sample = sample_of(car=[0.01, 0.02, 0.03])
    assert "estimation windows" in run("calendar_time", sample, method="jaffe").reason


def test_thin_sessions_can_be_left_out():
    ar, bar = np.array([[0.01, 0.03], [0.05, 0.02], [0.02, 0.04]]), np.array([[4, 5], [5, 6], [5, 6]])
    whole = calendar_portfolio(ar, bar, np.arange(3))
    assert whole.open.tolist() == [1, 3, 2]
    assert calendar_portfolio(ar, bar, np.arange(3), least=2).bar.tolist() == [5, 6]


def test_one_security_twice_on_a_session_counts_once():
    ar, bar = np.array([[0.01], [0.05], [0.09]]), np.array([[4], [4], [4]])
    found = calendar_portfolio(ar, bar, np.array([7, 7, 8]))
    np.testing.assert_allclose(found.ar, [(0.03 + 0.09) / 2])
    assert found.open.tolist() == [2]


def test_unknown_method():
    with pytest.raises(StudyError, match="ols, wls, hac, jaffe"):
        calendar_time(calendar_portfolio(np.ones((2, 1)), np.array([[1], [2]]), np.arange(2)), method="gls")


def test_driscoll_kraay_is_its_double_sum(make_sample):
    sample = make_sample(12, dates="staggered", window=(0, 3), holes=0.1)
    used = np.isfinite(sample.ar)
    y, when = sample.ar[used], sample.bar[used]
    lag, left = 3, y - y.mean()
    total = 0.0
    for a, s in zip(left, when, strict=True):
        for b, t in zip(left, when, strict=True):
            total += max(0.0, 1 - abs(int(s) - int(t)) / (lag + 1)) * a * b
    days = len(set(when.tolist()))
    centre, error, found = driscoll_kraay_mean(y, when, lag)
    np.testing.assert_allclose(error, math.sqrt(total * days / (days - 1)) / y.size, rtol=RTOL)
    assert (centre, found) == (pytest.approx(y.mean()), days)
    result = run("panel_date", sample, errors="hac")
    np.testing.assert_allclose(result.statistic, centre / error, rtol=RTOL)


def test_clusters_by_security(make_sample):
    sample = make_sample(12, dates="staggered", window=(0, 3), repeat=True)
    sums = {}
    for i in range(12):
        sums[int(sample.security[i])] = sums.get(int(sample.security[i]), 0.0) + (sample.ar[i] - sample.ar.mean()).sum()
    g = len(sums)
    error = math.sqrt(sum(s**2 for s in sums.values()) * g / (g - 1)) / sample.ar.size
    result = run("panel_date", sample, errors="security")
    np.testing.assert_allclose(result.se, error, rtol=RTOL)
    assert result.df == g - 1


def test_two_way_variance_that_is_not_positive_falls_back_to_the_larger_one_way():
    y = np.array([1.0, -1.0, -1.0, 1.0])  # sums vanish in every row and column: V1 + V2 - V12 < 0
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    _, error, _ = clustered_mean(y + np.array([0.1, 0.0, 0.0, 0.0]), rows, columns)
    one = clustered_mean(y + np.array([0.1, 0.0, 0.0, 0.0]), rows)[1]
    assert error == pytest.approx(one)


def test_few_clusters_are_warned_of(make_sample):
    result = run("panel_date", make_sample(6, dates="staggered", window=(0, 1)))
    assert "below 30" in result.warnings[-1]
    with pytest.raises(StudyError, match="date, security, two-way, hac"):
        run("panel_date", make_sample(6), errors="white")


@pytest.mark.parametrize(("sessions", "warned"), [(29, True), (30, False)])
def test_thirty_clusters_are_enough(sessions, warned):
    rng = np.random.default_rng(0)
    result = run("panel_date", sample_of(car=rng.normal(size=2 * sessions), day0=np.arange(2 * sessions) // 2))
    assert (result.details["clusters"], result.details["observations"]) == (sessions, 2 * sessions)
    assert any("below 30" in text for text in result.warnings) == warned


def test_returns_beyond_the_data_are_in_no_cluster(cr2_matrices):
    """A window that reaches beyond the last bar: what stands there counts neither as a value nor as a session."""
    sample = sample_of(ar=[[0.01, 0.02], [0.03, -0.01], [0.02, 0.04]], day0=[5, 6, 9])
    cut = replace(sample, bar=np.where(sample.bar > 9, -1, sample.bar))
    y, when = np.array([0.01, 0.02, 0.03, -0.01, 0.02]), np.array([5, 6, 6, 7, 9])
    (error,), (df,) = cr2_matrices(np.ones((5, 1)), y, when)
    result = run("panel_date", cut)
    np.testing.assert_allclose([result.estimate, result.se, result.df], [y.mean(), error, df], rtol=RTOL)
    assert result.details["observations"] == 5


def test_session_sums_keep_samples_of_a_batch_apart():
    rng = np.random.default_rng(0)
    values, bar = rng.normal(size=(3, 5, 2)), rng.integers(100, 106, (3, 5, 2))
    values[1, 2, 0] = np.nan
    total, number = session_sums(values, bar)
    for r in range(3):
        for column, session in enumerate(range(int(bar.min()), int(bar.max()) + 1)):
            here = [
                v for v, b in zip(values[r].ravel(), bar[r].ravel(), strict=True) if b == session and math.isfinite(v)
            ]
            assert number[r, column] == len(here)
            np.testing.assert_allclose(total[r, column], sum(here), atol=1e-15)


def on_sessions(ar, open_=None):
    """A portfolio of given returns, a session each."""
    ar = np.asarray(ar, dtype=float)
    return CalendarPortfolio(np.arange(ar.size), ar, np.ones(ar.size, int) if open_ is None else np.asarray(open_))


def test_the_first_bar_of_the_data_counts_and_what_lies_before_does_not():
    found = calendar_portfolio(
        np.array([[0.5, 0.01, 0.03], [0.02, np.nan, 0.05]]), np.array([[-1, 0, 1], [0, 1, 2]]), np.arange(2)
    )
    assert found.bar.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.ar, [0.015, 0.03, 0.05], rtol=RTOL)
    assert found.open.tolist() == [2, 1, 1]
    none = calendar_portfolio(np.full((2, 1), np.nan), np.zeros((2, 1), int), np.arange(2))
    assert (none.bar.size, none.ar.size, none.open.size) == (0, 0, 0)


def test_jaffe_leaves_out_sessions_without_a_past():
    """z = sum of AR/sd over sqrt(D), its estimate the mean of AR/sd: (2 + 3 + 1)/3 of the three that have a past."""
    portfolio = on_sessions([0.02, 0.9, 0.03, 0.7, 0.04])
    scale = np.array([0.01, 0.0, 0.01, np.nan, 0.04])
    outcome = calendar_time(portfolio, method="jaffe", scale=scale)
    np.testing.assert_allclose([outcome.value, outcome.estimate], [6 / math.sqrt(3), 2.0], rtol=RTOL)
    assert (outcome.n, outcome.unit, outcome.distribution) == (3, "standardized", "normal")
    one = calendar_time(portfolio, method="jaffe", scale=np.array([0.01, 0.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose([one.value, one.estimate], [2.0, 2.0], rtol=RTOL)
    none = calendar_time(portfolio, method="jaffe", scale=np.zeros(5))
    assert np.isnan([none.value, none.estimate, none.p_two]).all()
    assert none.n == 0
    with pytest.raises(StudyError, match="needs scale"):
        calendar_time(portfolio, method="jaffe")


def test_a_sample_without_a_past_has_no_session_for_jaffe():
    outcome = TESTS["calendar_time"].compute(sample_of(car=[0.01, 0.02, 0.03]), method="jaffe")
    assert outcome.n == 0
    assert np.isnan(outcome.value)


def test_two_sessions_are_enough_and_one_is_not():
    two = calendar_time(on_sessions([0.01, 0.03]))
    np.testing.assert_allclose([two.value, two.df, two.estimate, two.se], [2.0, 1.0, 0.02, 0.01], rtol=RTOL)
    for method in ("ols", "wls", "hac"):
        one = calendar_time(on_sessions([0.01]), method=method)
        assert np.isnan([one.value, one.p_two]).all()
        assert one.n == 1


@pytest.mark.parametrize("days", [20, 100, 300, 500])
def test_the_lag_of_hac_is_statsmodels_own_rule(days):
    """floor(4 (D/100)^(2/9)), which statsmodels takes where no lag is given: 2, 4, 5 and 5 sessions."""
    x = np.random.default_rng(days).normal(0.001, 0.01, days)
    x[1:] += 0.5 * x[:-1]
    fit = sm.OLS(x, np.ones(days)).fit(cov_type="HAC", cov_kwds={"maxlags": None, "use_correction": True})
    outcome = calendar_time(on_sessions(x), method="hac")
    np.testing.assert_allclose([outcome.se, outcome.value], [fit.bse[0], fit.tvalues[0]], rtol=RTOL)


@pytest.mark.parametrize("lag", [0, 1, 3, 5, 6, 40])
def test_bartletts_sum_is_that_over_all_pairs(lag):
    score = np.random.default_rng(1).normal(size=6)
    pairs = [max(0.0, 1 - abs(i - j) / (lag + 1)) * score[i] * score[j] for i in range(6) for j in range(6)]
    np.testing.assert_allclose(bartlett(score, lag), sum(pairs), rtol=RTOL)
    np.testing.assert_allclose(newey_west(score, lag), sum(pairs) * 6 / 5, rtol=RTOL)


@pytest.mark.parametrize("method", ["ols", "wls", "hac"])
@pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, -1.0, 1e3, -1e3])
def test_a_spread_that_is_rounding_is_no_variance_of_sessions(method, scale):
    """Two sessions that differ by a share of 1e-13 or, which is a spread, of 1e-11; beside them all zeros."""
    for apart, there in ((1e-13, False), (1e-11, True)):
        outcome = calendar_time(on_sessions([scale, scale * (1 + apart)]), method=method)
        assert np.isfinite(outcome.value) == np.isfinite(outcome.se) == there
    still = calendar_time(on_sessions([0.0, 0.0, 0.0]), method=method)
    assert np.isnan([still.value, still.se]).all()


@pytest.mark.parametrize(("shared", "known"), [(29, False), (30, True)])
def test_the_past_of_a_portfolio_is_the_bars_that_all_its_members_have(make_sample, shared, known):
    """Two members whose bars overlap, the first and the last bar of the data among them; a third bar lies before the data."""
    sample = make_sample(2, dates="one", window=(0, 0))
    rng = np.random.default_rng(0)
    length = sample.estimation.residual.shape[1]
    residual, bar = rng.normal(0, 0.02, (2, length)), np.full((2, length), -1)
    bar[0, :60], bar[1, :60] = np.arange(60), np.arange(60)
    residual[1, shared:59] = np.nan  # so that bars 0 to shared - 1 are common, and 59 is
    residual[1, 0 if shared == 29 else 1] = np.nan
    sample = replace(sample, estimation=replace(sample.estimation, residual=residual, bar=bar))
    common = [t for t in range(60) if np.isfinite(residual[1, t])]
    assert len(common) == shared
    portfolio = calendar_portfolio(sample.ar, sample.bar, sample.security)
    (found,) = past_scale(sample, portfolio)
    assert np.isfinite(found) == known
    if known:
        assert {0, 59} <= set(common)
        np.testing.assert_allclose(found, np.std([residual[:, t].mean() for t in common], ddof=1), rtol=RTOL)


def test_a_batch_is_the_samples_one_by_one_also_where_sessions_are_few():
    """Three sessions, two, one; returns all alike; all zero."""
    ar = np.array(
        [[[0.01], [0.02], [0.06]], [[0.01], [0.03], [0.05]], [[0.01], [0.02], [0.04]], [[0.01]] * 3, [[0.0]] * 3]
    )
    day0 = np.array([[5, 6, 9], [5, 5, 7], [4, 4, 4], [5, 6, 7], [5, 6, 7]])
    each = [sample_of(ar=a, day0=d) for a, d in zip(ar, day0, strict=True)]
    batch = batch_of(each)
    for name in ("calendar_time", "panel_date", "panel_two_way"):
        whole = TESTS[name].compute(batch)
        alone = [TESTS[name].compute(one) for one in each]
        np.testing.assert_allclose(whole.value, [one.value for one in alone], rtol=RTOL)
        np.testing.assert_allclose(whole.p_two, [one.p_two for one in alone], rtol=1e-9)
        assert np.isfinite(whole.value).tolist() == [True, True, False, False, False]


def test_session_sums_have_a_column_from_the_first_session_to_the_last():
    values, bar = np.ones((2, 2, 3, 1)), np.array([7, 9, 12]).reshape(3, 1) + np.zeros((2, 2, 1, 1), int)
    total, number = session_sums(values, bar)
    assert total.tolist() == number.tolist() == [[1, 0, 1, 0, 0, 1]] * 4


class TestClusteredMeans:
    def test_one_cluster_has_no_error(self):
        y, one, each = np.array([1.0, 2.0, 4.0]), np.zeros(3, int), np.arange(3)
        for clusters in ((one,), (one, each), (each, one), (one, one)):
            assert np.isnan(clustered_mean(y, *clusters)[1])
        centre, error, days = driscoll_kraay_mean(y, np.full(3, 8), 2)
        assert centre == pytest.approx(7 / 3)
        assert np.isnan(error)
        assert days == 1

    def test_two_clusters_are_enough(self):
        """Sums of deviations -2 and 2: sqrt((4 + 4)/16 * 2/1) = 1 by cluster, and by session with lag 0."""
        y = np.array([1.0, 3.0, 2.0, 6.0])
        groups = np.array([0, 0, 1, 1])
        assert clustered_mean(y, groups)[1:] == (pytest.approx(1.0), (2,))
        assert driscoll_kraay_mean(y, groups + 5, 0) == (3.0, pytest.approx(1.0), 2)

    @pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, -1.0, 1e3, -1e3])
    @pytest.mark.parametrize(("variance", "kept"), [(5e-13, True), (5e-14, False)])
    def test_a_two_way_variance_that_is_rounding_is_none(self, scale, variance, kept):
        """Rows are the cells, so V1 = V12 and V2 is left: (2 s²/16) 2 = s²/4 of two columns whose sums are off by s and -s.

        Against 1e-12 of the largest square, 1, over n = 4.
        """
        s = math.sqrt(4 * variance)
        y = np.array(
            [0.4, 1.0 - 2 * s, 1.0, 0.4]
        )  # columns (0.4, 1 - 2 s) and (1, 0.4): off by -s and s from their mean
        error = clustered_mean(scale * y, np.arange(4), np.array([0, 0, 1, 1]))[1]
        one_way = abs(scale) * np.std(y, ddof=1) / 2
        expected = abs(scale) * math.sqrt(variance) if kept else one_way
        assert error == pytest.approx(expected, rel=1e-3)  # a difference of variances that are equal to twelve digits

    def test_the_larger_of_two_variances_is_taken_where_none_is_left(self):
        y, rows, columns = np.array([1.0, -1.0, -1.1, 1.1]), np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1])
        assert clustered_mean(y, rows, columns)[1] == clustered_mean(y, rows)[1]
        assert clustered_mean(y, columns, rows)[1] == clustered_mean(y, rows)[1]

    def test_a_batch_takes_the_larger_variance_too(self):
        """Returns that nearly cancel by security and by session: V1 + V2 - V12 is below 0, and V1 is not V2. Beside them two that do not."""
        each = [sample_of(ar=np.array([[1.1, -1.0], [-1.0, 1.0 + far]]), day0=[5, 5]) for far in (0.0, 0.05, -0.3, 2.0)]
        each += [
            sample_of(ar=np.array(ar), day0=[5, 5]) for ar in ([[1.0, 2.0], [3.0, 5.0]], [[1.0, 2.5], [np.nan, 4.0]])
        ]
        expected = [
            clustered_mean(one.ar[there], np.array([[5, 6], [5, 6]])[there], np.array([[0, 0], [1, 1]])[there])
            for one, there in ((one, np.isfinite(one.ar)) for one in each)
        ]
        batch = batch_of(each)
        np.testing.assert_allclose(
            TESTS["panel_two_way"].compute(batch).value, [centre / error for centre, error, _ in expected], rtol=RTOL
        )


class TestPanel:
    def test_the_first_bar_of_the_data_is_a_session(self):
        y, bar = np.array([[0.01, 0.05], [0.02, 0.03]]), np.array([[-1, 0], [0, 1]])
        found = panel(y, bar, np.arange(2), errors="date")
        assert found.details == {"clusters": 2, "observations": 3}
        assert found.estimate == pytest.approx((0.05 + 0.02 + 0.03) / 3)

    @pytest.mark.parametrize("errors", ["date", "security", "two-way", "hac"])
    def test_of_no_return_and_of_one_there_is_no_error(self, errors):
        bar = np.array([[4, 5], [5, 6]])
        none = panel(np.full((2, 2), np.nan), bar, np.arange(2), errors=errors)
        assert none.n == 0
        assert np.isnan([none.value, none.df]).all()
        one = panel(np.array([[0.01, np.nan], [np.nan, np.nan]]), bar, np.arange(2), errors=errors)
        assert one.n == 1
        assert one.estimate == 0.01
        assert np.isnan([one.value, one.se]).all()

    @pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, 1e3, -1e3])
    @pytest.mark.parametrize(
        ("errors", "error", "kept"),
        [
            *(("two-way", 5e-13, False), ("two-way", 1.2e-12, True)),
            *(
                (name, error, kept)
                for name in ("date", "security")
                for error, kept in ((1.2e-12, False), (1.8e-12, True))
            ),
        ],
    )
    def test_an_error_that_is_rounding_is_none(self, errors, scale, error, kept):
        """Two events on two sessions each: means 1 and 1 + d/2, an error of d/4, against 1e-12 of the largest value, 1.5.

        Over sqrt(n) = 2, except where CR2 has looked before.
        """
        d = 4 * error
        y, bar = scale * np.array([[1.5, 0.5], [1.5, 0.5 + d]]), np.array([[3, 3], [4, 4]])
        outcome = panel(y, bar, np.arange(2), errors=errors)
        assert np.isfinite(outcome.value) == np.isfinite(outcome.se) == kept
        if kept:
            assert outcome.se == pytest.approx(abs(scale) * error, rel=1e-3)  # eps of 1 is 2e-16

    def test_the_fewest_clusters_give_the_degrees_of_freedom(self):
        rng = np.random.default_rng(3)
        ar, bar = rng.normal(size=(6, 2)), np.arange(6)[:, None] // 2 + np.array([[0, 1]])
        assert panel(ar, bar, np.arange(6), errors="two-way").df == 3  # four sessions, six securities
        assert panel(ar, bar, np.arange(6) // 3, errors="two-way").df == 1  # two securities
        assert panel(ar, bar, np.arange(6), errors="hac").df == 3

    def test_one_security_that_recurs_has_no_two_way_error(self):
        """Three sessions of it: neither statistic nor p, and a reason."""
        sample = replace(sample_of(car=[0.01, 0.05, 0.02]), security=np.zeros(3, int))
        result = run("panel_two_way", sample)
        assert not result.applicable
        assert "one security only" in result.reason
        assert np.isnan(result.statistic)


class TestJackknife:
    def test_two_sessions_by_hand(self):
        """Means without one: 0.05 and 0.01; se² = 1/2 (0.02² + 0.02²)."""
        outcome = jackknife(np.array([0.01, 0.03, 0.05, np.nan, 0.07]), np.array([4, 9, 9, 5, 9]))
        np.testing.assert_allclose(
            [outcome.value, outcome.df, outcome.estimate, outcome.se], [2.0, 1, 0.04, 0.02], rtol=RTOL
        )
        assert outcome.n == 4

    def test_one_session_or_none_is_no_spread(self):
        cars = np.array([[0.01, 0.02, 0.04], [np.nan, np.nan, np.nan], [0.01, 0.05, 0.06]])
        outcome = jackknife(cars, np.array([[3, 3, 3], [1, 2, 3], [1, 2, 3]]))
        assert np.isnan([outcome.value[:2], outcome.se[:2], outcome.df[:2]]).all()
        assert outcome.n.tolist() == [3, 0, 3]
        np.testing.assert_allclose(outcome.value[2], stats.ttest_1samp(cars[2], 0).statistic, rtol=RTOL)

    @pytest.mark.parametrize("scale", [1e-3, -1e-3, 1.0, 1e3, -1e3])
    @pytest.mark.parametrize(("error", "kept"), [(1e-12, False), (2e-12, True)])
    def test_an_error_that_is_rounding_is_none(self, scale, error, kept):
        """Sessions with means 1 and 1 + d/2: an error of d/4, against 1e-12 of the largest value."""
        car = scale * np.array([1.5, 0.5, 1.5, 0.5 + 4 * error])
        outcome = jackknife(car, np.array([0, 0, 1, 1]))
        assert np.isfinite(outcome.value) == np.isfinite(outcome.se) == kept
        still = jackknife(np.zeros(4), np.array([0, 0, 1, 1]))
        assert np.isnan([still.value, still.se]).all()
