"""Tests of events on one date: weights, holes, and exactness under normality."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.calibration.batch import samples
from eventstudy.calibration.further_scenarios import FURTHER
from eventstudy.calibration.scenarios import SCENARIOS, Geometry
from eventstudy.inference import TESTS, run
from eventstudy.inference.significance_tests.common_date import Design, one_date, portfolio, sur_f, time_series
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


@pytest.fixture
def ragged():
    """Residuals and returns of four events on one date, written down with every kind of hole, and their common design.

    Bar 3 and day 2 are missing for all; the last event has no CAR.
    """
    rng = np.random.default_rng(8)
    x = np.column_stack([np.ones(15), rng.normal(size=15)])
    residual, window = rng.normal(0, 0.02, (4, 12)), rng.normal(0.01, 0.02, (4, 3))
    residual[:, 3] = residual[0, 5] = residual[2, 8] = np.nan
    window[:, 2] = window[1, 0] = np.nan
    return residual, window, Design(x[:12], x[12:])


def seen(rows):
    """Columns in which any row has a value, and the mean of those that have one."""
    there = [j for j in range(rows.shape[1]) if any(math.isfinite(v) for v in rows[:, j])]
    return there, np.array([np.mean([v for v in rows[:, j] if math.isfinite(v)]) for j in there])


def test_the_inflation_counts_the_bars_and_days_that_are_used(ragged):
    _, _, design = ragged
    bars, days = np.arange(12) % 4 > 0, np.array([True, False, True])
    x, total = design.estimation[bars], design.window[days].sum(axis=0)
    expected = 2 + total @ np.linalg.inv(x.T @ x) @ total
    np.testing.assert_allclose(design.inflation(bars, days), expected, rtol=RTOL)
    alike = Design(np.ones((12, 2)), np.ones((3, 2)))  # a constant twice
    assert np.isnan(alike.inflation(bars, days))


@pytest.mark.parametrize("forecast", [True, False])
def test_the_time_series_test_with_holes_is_its_loop(ragged, forecast):
    residual, window, design = ragged
    car = np.array([0.03, -0.01, 0.02, np.nan])
    bars, series = seen(residual)
    days, _ = seen(window)
    assert (len(bars), days) == (11, [0, 1])
    x, total = design.estimation[bars], design.window[days].sum(axis=0)
    scale = 2 + total @ np.linalg.inv(x.T @ x) @ total if forecast else 2
    error = math.sqrt(sum((v - series.mean()) ** 2 for v in series) / 10 * scale)
    outcome = time_series(residual, car, window, design, **({} if forecast else {"forecast_error": False}))
    np.testing.assert_allclose(
        [outcome.estimate, outcome.se, outcome.value], [0.04 / 3, error, 0.04 / 3 / error], rtol=RTOL
    )
    assert (outcome.n, outcome.df) == (3, 9 if forecast else 10)
    np.testing.assert_allclose(outcome.p_two, 2 * stats.t.sf(outcome.value, outcome.df), rtol=RTOL)


@pytest.mark.parametrize("weights", [None, [1.0, 4.0, 0.5, 2.0], [1.0, 4.0, np.nan, 2.0]])
def test_the_portfolio_with_holes_and_weights_is_its_loop(ragged, weights):
    """A day's portfolio is that of the events with a value and a weight."""
    residual, window, design = ragged
    w = np.ones(4) if weights is None else np.array(weights)

    def days_of(rows):
        found = {}
        for j in range(rows.shape[1]):
            there = [i for i in range(4) if math.isfinite(rows[i, j]) and math.isfinite(w[i])]
            if there:
                found[j] = sum(w[i] * rows[i, j] for i in there) / sum(w[i] for i in there)
        return list(found), np.array(list(found.values()))

    (bars, past), (days, ahead) = days_of(residual), days_of(window)
    fit = sm.OLS(past, design.estimation[bars]).fit()
    x = design.window[days]
    total = x.sum(axis=0)
    car = (ahead - x @ fit.params).sum()
    error = math.sqrt(fit.mse_resid * len(days) + total @ fit.cov_params() @ total)
    outcome = portfolio(residual, window, design, **({} if weights is None else {"weights": w}))
    np.testing.assert_allclose([outcome.estimate, outcome.se, outcome.value], [car, error, car / error], rtol=RTOL)
    assert outcome.df == fit.df_resid
    assert outcome.n == 4  # every event has a value on some day


def test_events_without_any_day_are_not_counted(ragged):
    residual, window, design = ragged
    window = window.copy()
    window[3] = np.nan
    assert portfolio(residual, window, design).n == 3
    assert sur_f(residual, window, design).n == 3


@pytest.mark.parametrize("bars", [3, 2, 1])
def test_a_portfolio_needs_more_bars_than_regressors(ragged, bars):
    residual, window, design = (ragged[0][:, [0, 1, 2]], ragged[1], Design(ragged[2].estimation[:3], ragged[2].window))
    residual = np.where(np.arange(3) < bars, residual, np.nan)
    outcome = portfolio(residual, window, design)
    assert np.isfinite([outcome.value, outcome.se, outcome.df]).all() == (bars == 3)
    assert outcome.value.shape == outcome.p_two.shape == ()


def test_regressors_that_are_one_another_leave_no_test(ragged):
    residual, window, _ = ragged
    alike = Design(np.ones((12, 2)), np.ones((3, 2)))
    for outcome in (portfolio(residual, window, alike), time_series(residual, window[:, 0], window, alike)):
        assert np.isnan([outcome.value, outcome.p_two]).all()
        assert outcome.value.shape == ()
    batch = portfolio(np.stack([residual] * 2), np.stack([window] * 2), Design(np.ones((2, 12, 2)), np.ones((2, 3, 2))))
    assert np.isnan(batch.value).tolist() == [True, True]


def test_a_past_that_stands_still_is_no_yardstick(ragged):
    _, window, design = ragged
    still = np.zeros((4, 12))
    for outcome in (portfolio(still, window, design), time_series(still, window[:, 0], window, design)):
        assert np.isnan([outcome.value, outcome.p_two]).all()


def test_without_a_shared_bar_or_day_the_joint_f_is_silent(ragged):
    residual, window, design = ragged
    whole = np.where(np.isfinite(residual), residual, 0.01)
    assert np.isfinite(sur_f(whole, window, design).value)  # on day 1 alone, which all have
    assert np.isnan(sur_f(whole, np.where(np.arange(3) == 1, np.nan, window), design).value)
    flat = whole.copy()
    flat[1] = 0.0
    assert np.isnan(sur_f(flat, window, design).value)


def test_the_portfolio_of_a_model_that_is_no_regression_is_judged_by_its_past(make_sample):
    sample = make_sample(6, dates="one", window=(0, 2), holes=0.05)
    for least_squares, name in ((True, "portfolio"), (False, "time_series")):
        found = one_date(replace(sample, least_squares=least_squares))
        expected = TESTS[name].compute(sample)
        assert (found.value, found.df, found.se) == (expected.value, expected.df, expected.se)
    weighted = one_date(sample, 1 / sample.sigma**2)
    np.testing.assert_allclose(weighted.value, run("portfolio", sample, weighted=True).statistic, rtol=RTOL)


def test_plain_weights_and_the_forecast_error_are_the_default(make_sample):
    sample = make_sample(6, dates="one", window=(0, 2))
    plain = TESTS["portfolio"].compute(sample)
    assert plain.value == TESTS["portfolio"].compute(sample, weighted=False).value
    assert plain.value != TESTS["portfolio"].compute(sample, weighted=True).value
    assert TESTS["time_series"].compute(sample).value == TESTS["time_series"].compute(sample, forecast_error=True).value


@pytest.mark.parametrize("name", ["time_series", "portfolio", "sur_f"])
@pytest.mark.parametrize("first", [0, 1])
def test_the_common_regressors_are_those_of_an_event_that_has_them(make_sample, name, first):
    """A hole of one event in the past, another in the window, a regressor half missing: the design of the others stands there."""
    sample = make_sample(5, dates="one", window=(0, 2), seed=4)
    record, other = sample.estimation, 1 - first
    residual, design, ahead, ar = (a.copy() for a in (record.residual, record.design, record.window_design, sample.ar))
    residual[first, 7] = np.nan
    ar[first, 1] = np.nan
    whole = replace(sample, ar=ar, estimation=replace(record, residual=residual))
    design[first, 7, 1] = np.nan
    ahead[first, 1] = np.nan
    holes = replace(whole, estimation=replace(whole.estimation, design=design, window_design=ahead))
    assert run(name, holes).statistic == run(name, whole).statistic
    past = replace(whole, ar=sample.ar, estimation=replace(whole.estimation, design=design))
    assert run(name, past).statistic == run(name, replace(whole, ar=sample.ar)).statistic
    window = replace(whole, estimation=replace(record, window_design=ahead))
    assert run(name, window).statistic == run(name, replace(whole, estimation=record)).statistic
    swapped = replace(
        sample, ar=sample.ar[[other, first]], car=sample.car[[other, first]], day0=sample.day0[:2], bar=sample.bar[:2],
        security=sample.security[:2], ar_se=sample.ar_se[:2], car_se=sample.car_se[:2], sigma=sample.sigma[:2], m=sample.m[:2],
        df=sample.df[:2], degenerate=None, estimation=record.map(lambda array: array[[other, first]]),
    )  # fmt: skip
    assert np.isfinite(run(name, swapped).statistic)


@pytest.mark.parametrize("name", ["time_series", "portfolio", "sur_f"])
def test_one_event_alone_is_its_own_portfolio(make_sample, name):
    """All three are then the t of Salkever's dummy, which `single` is; F(1, M - k) is its square."""
    sample = make_sample(1, dates="one", window=(0, 2))
    t = run("single", sample)
    result = run(name, sample)
    assert result.applicable
    if name == "time_series":  # divisor M - 1 in place of M - k
        np.testing.assert_allclose(result.statistic, t.statistic * math.sqrt(249 / 248), rtol=RTOL)
    else:
        np.testing.assert_allclose(result.statistic, t.statistic ** (2 if name == "sur_f" else 1), rtol=RTOL)
        np.testing.assert_allclose(result.pvalue, t.pvalue, rtol=1e-8)


class TestWhyThereIsNoJointTest:
    @staticmethod
    def said(sample, **changes):
        record = replace(sample.estimation, **{k: v for k, v in changes.items() if k == "residual"})
        return run(
            "sur_f", replace(sample, estimation=record, **{k: v for k, v in changes.items() if k != "residual"})
        ).reason

    @pytest.mark.parametrize("spare", [1, 0, -1])
    def test_too_few_shared_bars(self, make_sample, spare):
        """Four events and two regressors need six bars that all have: M - k - N + 1 = 1."""
        sample, shared = make_sample(4, dates="one", window=(0, 1)), spare + 5
        residual = sample.estimation.residual.copy()
        residual[np.arange(250 - shared) % 4, np.arange(250 - shared)] = np.nan
        too_few = f"needs as many residual degrees of freedom as security-events: {shared} shared bars less 2 are {shared - 2}, for 4"
        assert self.said(sample, residual=residual) == ("" if spare > 0 else too_few)
        residual[1] = np.where(np.isfinite(residual[1]), 2 * residual[0], np.nan)
        copy = "one residual series is a copy of others, or a combination of them"
        assert self.said(sample, residual=residual) == (copy if spare > 0 else too_few)

    @pytest.mark.parametrize("scale", [1e-14, 1.0, -1.0, 1e6])
    def test_prices_that_stand_still_but_for_rounding(self, make_sample, scale):
        """Residuals of 1e-16 beside returns of 1: in any unit, with a return of nothing among them, and all below 0."""
        sample = make_sample(4, dates="one", window=(0, 1))
        residual = sample.estimation.residual.copy() * scale
        residual[1] = 2 * residual[0]  # so that there is no F
        residual[2] = 1e-16 * scale * np.sign(residual[2])
        ar = -np.abs(sample.ar) * scale
        ar[0, 0] = 0.0
        said = self.said(sample, residual=residual, ar=ar)
        assert said == "1 of the 4 security-events has no residual variance (a price that stands still)"
        residual[1] = 0.0
        said = self.said(sample, residual=residual, ar=ar)
        assert said == "2 of the 4 security-events have no residual variance (a price that stands still)"

    def test_no_day_that_all_have_and_copies(self, make_sample):
        sample = make_sample(3, dates="one", window=(0, 2))
        ar = sample.ar.copy()
        ar[0, 0] = ar[1, 1] = ar[2, 2] = np.nan
        assert self.said(sample, ar=ar) == "there is no bar of the window on which every security-event has a return"
        residual = sample.estimation.residual.copy()
        residual[1] = 2 * residual[0]
        copy = "one residual series is a copy of others, or a combination of them"
        assert self.said(sample, residual=residual) == copy
        ar[2, 2] = 0.01  # one day that all have is enough
        assert self.said(sample, residual=residual, ar=ar) == copy
        assert self.said(sample, ar=ar) == ""


def satterthwaite(z, bars):
    """tr(PR)²/tr(PRPR) by its matrices; a squared correlation of M bars is (1 - r²)/M too large, about, on the average."""
    n = len(z)
    r = np.array([[a @ b / math.sqrt((a @ a) * (b @ b)) for a in z] for b in z])
    p = np.eye(n) - 1 / n
    squares = (r**2).sum() - n
    chance = n * (n - 1) / bars
    spread = np.trace(p @ r @ p @ r) - (chance - 2 * squares / bars) + 2 / n * chance
    return np.trace(p @ r) ** 2 / spread


class TestFreedomOfBlocks:
    @staticmethod
    def blocks(make_sample, n, within, *, lift=0.0, seed=0, bars=250):
        """One date; two industries, whose residuals share a factor each, of the share `within` of their variance."""
        sample = make_sample(n, dates="one", window=(0, 0), seed=seed)
        rng = np.random.default_rng(seed)
        factor = rng.normal(size=(2, 250))[np.arange(n) % 2]
        residual = math.sqrt(within) * factor + math.sqrt(1 - within) * rng.normal(size=(n, 250)) + lift
        record = sample.estimation.map(
            lambda array: array[:, -bars:] if array.ndim > 1 and array.shape[1] == 250 else array
        )
        return replace(sample, m=np.full(n, bars), estimation=replace(record, residual=residual[:, :bars]))

    @pytest.mark.parametrize(
        ("n", "within", "bars"), [(12, 0.5, 250), (20, 0.7, 250), (30, 0.4, 20), (9, 0.3, 250), (6, 0.97, 250)]
    )
    def test_they_are_the_traces_of_the_matrices(self, make_sample, n, within, bars):
        """More events than bars too; below one degree of freedom there is one."""
        sample = self.blocks(make_sample, n, within, lift=0.3, bars=bars)
        z = sample.estimation.residual
        expected = satterthwaite(z - z.mean(axis=1, keepdims=True), bars)
        assert 0 < expected < 0.8 * (n - 1)
        np.testing.assert_allclose(block_freedom(sample), max(expected, 1.0), rtol=RTOL)

    def test_holes_count_as_no_deviation_and_events_without_a_scar_do_not_count(self, make_sample):
        sample = self.blocks(make_sample, 14, 0.6, lift=0.2)
        residual = sample.estimation.residual.copy()
        residual[3, 10:60] = np.nan
        m = np.where(np.arange(14) == 3, 200, 250)
        car = np.where(np.arange(14) == 5, np.nan, sample.car)
        holes = replace(sample, car=car, m=m, estimation=replace(sample.estimation, residual=residual))
        z = np.nan_to_num(residual)[np.arange(14) != 5]
        expected = satterthwaite(z - z.mean(axis=1, keepdims=True), (12 * 250 + 200) / 13)
        np.testing.assert_allclose(block_freedom(holes), expected, rtol=RTOL)

    @pytest.mark.parametrize(("within", "fewer"), [(0.3, False), (0.36, True)])
    def test_from_four_fifths_of_n_less_one_all_are_kept(self, make_sample, within, fewer):
        sample = self.blocks(make_sample, 10, within, seed=3)
        z = sample.estimation.residual
        share = satterthwaite(z - z.mean(axis=1, keepdims=True), 250) / 9
        assert (share < 0.8) == fewer
        assert 0.6 < share < 1
        assert np.isfinite(block_freedom(sample)) == fewer

    def test_on_several_dates_and_without_a_past_there_are_none_to_lose(self, make_sample):
        sample = self.blocks(make_sample, 12, 0.7)
        assert np.isfinite(block_freedom(sample))
        assert np.isinf(block_freedom(replace(sample, bar=sample.bar + (np.arange(12) == 4)[:, None])))
        assert np.isinf(block_freedom(replace(sample, estimation=None)))
        assert np.isinf(block_freedom(replace(sample, car=np.where(np.arange(12) > 0, np.nan, sample.car))))

    def test_copies_of_one_series_leave_it_open(self, make_sample):
        sample = make_sample(2, dates="one", window=(0, 0))
        turns = np.array([[1.0, -1.0, 1.0, -1.0]] * 2)
        record = replace(sample.estimation, residual=turns)
        assert np.isinf(block_freedom(replace(sample, m=np.full(2, 4), estimation=record)))

    def test_samples_of_a_batch_have_their_own(self, make_sample):
        each = [self.blocks(make_sample, 12, within, seed=seed) for seed, within in enumerate((0.5, 0.7, 0.0, 0.9))]
        fields = ("bar", "ar", "car", "car_se", "m")
        stacked = {
            f: np.stack([getattr(one, f) for one in each]).reshape(2, 2, *np.shape(getattr(each[0], f))) for f in fields
        }
        residual = np.stack([one.estimation.residual for one in each]).reshape(2, 2, 12, 250)
        batch = replace(each[0], **stacked, degenerate=None, estimation=replace(each[0].estimation, residual=residual))
        found = block_freedom(batch)
        assert found.shape == (2, 2)
        np.testing.assert_allclose(found.ravel(), [block_freedom(one) for one in each], rtol=RTOL)

    def test_the_adjusted_t_is_referred_to_them(self, make_sample):
        sample = self.blocks(make_sample, 12, 0.7)
        result = run("kp_bmp", sample)
        np.testing.assert_allclose(result.df, block_freedom(sample), rtol=RTOL)
        np.testing.assert_allclose(result.pvalue, 2 * stats.t.sf(abs(result.statistic), result.df), rtol=RTOL)
