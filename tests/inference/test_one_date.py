"""Tests of events on one date: weights, holes, and exactness under normality."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.calibration.batch import samples
from eventstudy.calibration.further_scenarios import FURTHER
from eventstudy.calibration.scenarios import SCENARIOS, Geometry
from eventstudy.inference import run
from eventstudy.inference.significance_tests.common_date import Design, portfolio, sur_f, time_series
from eventstudy.inference.significance_tests.kolari_pynnonen import block_freedom

RTOL = 1e-9  # a regression through normal equations against statsmodels' pseudo-inverse
MONTE_CARLO = 3.5  # standard errors; fixed seeds


def test_weighted_portfolio_is_the_regression_of_the_weighted_return(make_sample):
    sample = make_sample(6, dates="one", window=(0, 2))
    record, w = sample.estimation, 1 / sample.sigma**2
    w = w / w.sum()
    fit = sm.OLS(w @ record.residual, record.design[0]).fit()
    x = record.window_design[0]
    total = x.sum(axis=0)
    car = (w @ sample.ar - x @ fit.params).sum()
    error = math.sqrt(fit.mse_resid * (3 + total @ np.linalg.inv(record.design[0].T @ record.design[0]) @ total))
    np.testing.assert_allclose(run("portfolio", sample, weighted=True).statistic, car / error, rtol=RTOL)


def test_portfolio_with_holes_is_the_regression_of_those_present(make_sample):
    sample = make_sample(6, dates="one", window=(0, 2), holes=0.1)
    record = sample.estimation
    y = np.nanmean(record.residual, axis=0)
    x = np.nanmax(record.design, axis=0)
    fit = sm.OLS(y, x).fit()
    ahead = record.window_design[0]
    average = np.nanmean(sample.ar, axis=0)
    total = ahead.sum(axis=0)
    error = math.sqrt(fit.mse_resid * (3 + total @ np.linalg.inv(x.T @ x) @ total))
    result = run("portfolio", sample)
    np.testing.assert_allclose(result.statistic, (average - ahead @ fit.params).sum() / error, rtol=RTOL)
    assert result.df == 248


def test_without_the_forecast_term_it_is_brown_and_warners(make_sample):
    sample = make_sample(6, dates="one", window=(0, 2))
    series = sample.estimation.residual.mean(axis=0)
    expected = sample.car.mean() / (series.std(ddof=1) * math.sqrt(3))
    np.testing.assert_allclose(run("time_series", sample, forecast_error=False).statistic, expected, rtol=RTOL)


def test_common_shocks_cancel_in_the_portfolio_test_and_not_across_events(make_sample):
    """The reason for these tests: a common shock of one day is no news about the mean of many."""
    sample = make_sample(12, dates="one", window=(0, 0))
    spread = sample.estimation.residual.mean(axis=0).std()
    moved = 2 * spread + sample.ar - sample.ar.mean()
    record = sample.estimation
    design = Design(record.design[0], record.window_design[0])
    assert portfolio(record.residual, moved, design).p_two > 0.03
    assert stats.ttest_1samp(moved[:, 0], 0).pvalue < 0.03


@pytest.mark.parametrize("n", [2, 10])
def test_the_joint_f_is_exact(n):
    """Uniform p-values under correlated normal residuals, whatever the correlation: a few degrees of freedom to spare."""
    rng, studies, bars = np.random.default_rng(n), 2000, 30
    x = np.column_stack([np.ones(bars), rng.normal(size=bars)])
    mix = rng.normal(size=(n, n))
    data = rng.normal(size=(studies, bars, n)) @ mix
    past, ahead = data[:, :-1], data[:, -1:]
    hat = x[:-1] @ np.linalg.inv(x[:-1].T @ x[:-1]) @ x[:-1].T
    slope = np.linalg.inv(x[:-1].T @ x[:-1]) @ x[:-1].T @ past
    residual = np.swapaxes(past - hat @ past, -1, -2)
    window = np.swapaxes(ahead - x[-1:] @ slope, -1, -2)
    design = Design(np.broadcast_to(x[:-1], (studies, bars - 1, 2)), np.broadcast_to(x[-1:], (studies, 1, 2)))
    p = sur_f(residual, window, design).p_two
    assert stats.kstest(p, "uniform").pvalue > 0.001
    t = portfolio(residual, window, design)
    assert stats.kstest(t.p_two, "uniform").pvalue > 0.001
    crude = time_series(residual, window[..., 0], window, design)
    assert abs((crude.p_two <= 0.05).mean() - 0.05) < MONTE_CARLO * math.sqrt(0.05 * 0.95 / studies) + 0.005


@pytest.mark.parametrize("spare", [3, 1, 0, -1, -2])
def test_the_joint_f_needs_as_many_residual_degrees_of_freedom_as_events(spare):
    """M - k - N + 1 = spare: F(N, spare) by a loop over the bars that all share, and nothing where spare is not positive."""
    rng, n, k = np.random.default_rng(3), 4, 2
    shared = spare + k + n - 1
    x = np.column_stack([np.ones(31), rng.normal(size=31)])
    residual, window = rng.normal(size=(n, 30)), rng.normal(size=(n, 1))
    residual[np.arange(30 - shared) % n, shared:30] = np.nan  # each bar beyond misses one event
    outcome = sur_f(residual, window, Design(x[:30], x[30:]))
    assert outcome.df[0] == n
    if spare <= 0:
        assert np.isnan([outcome.value, outcome.p_two, outcome.df[1]]).all()
        return
    past, ahead = x[:shared], x[30]
    beta = np.linalg.lstsq(past, residual[:, :shared].T, rcond=None)[0]
    left, total = residual[:, :shared] - (past @ beta).T, window[:, 0] - ahead @ beta
    t2 = total @ np.linalg.solve(left @ left.T / (shared - k), total)
    t2 /= 1 + ahead @ np.linalg.solve(past.T @ past, ahead)
    f = spare / (n * (shared - k)) * t2
    np.testing.assert_allclose([outcome.value, outcome.df[1]], [f, spare], rtol=1e-7)  # a 4 x 4 inverse
    np.testing.assert_allclose(outcome.p_two, stats.f.sf(f, n, spare), rtol=1e-6)


def test_the_joint_f_of_as_many_events_as_bars_is_not_tried():
    rng, n = np.random.default_rng(4), 6
    x = np.column_stack([np.ones(n + 3), rng.normal(size=n + 3)])
    for bars, sound in ((n + 2, True), (n + 1, False)):
        residual = rng.normal(size=(n, bars))
        hat = x[:bars] @ np.linalg.pinv(x[:bars])
        outcome = sur_f(residual - residual @ hat, rng.normal(size=(n, 1)), Design(x[:bars], x[bars : bars + 1]))
        assert np.isfinite(outcome.value) == sound


def test_degrees_of_freedom_of_industries_are_those_of_their_true_correlation():
    """Satterthwaite's tr(PR)²/tr(PRPR) of the R that was drawn; one factor that all share leaves N - 1."""
    n, geometry = 30, Geometry()

    def found(scenario):
        drawn = scenario.draw(np.random.default_rng(4), 200, n, geometry)
        return block_freedom(samples(drawn, geometry, ((0, 0),))[0, 0])

    block = np.arange(n) % 2
    r = np.where(block[:, None] == block, 0.5, 0.0) + 0.5 * np.eye(n)
    p = np.eye(n) - 1 / n
    true = np.trace(p @ r) ** 2 / np.trace(p @ r @ p @ r)
    assert np.mean(found(FURTHER["blocks"])) == pytest.approx(true, rel=0.05)
    assert np.isinf(found(SCENARIOS["common"])).all()
