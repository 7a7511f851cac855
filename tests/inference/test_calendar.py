"""Calendar-time portfolios and clustered errors beyond the defaults, each against its loop."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.errors import StudyError
from eventstudy.inference import run, sample_of
from eventstudy.inference.significance_tests.calendar_time import calendar_portfolio, calendar_time, session_sums
from eventstudy.inference.significance_tests.clustered import clustered_mean, driscoll_kraay_mean

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
