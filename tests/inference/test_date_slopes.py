"""Portfolios that are the slopes of a date, and what is told of their sums: by dense matrices and loops over bars."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.errors import StudyError
from eventstudy.inference import sample_of
from eventstudy.inference.beyond import date_slopes as module
from eventstudy.inference.beyond.common_dates import slopes
from eventstudy.inference.beyond.date_slopes import Regression, can_be_told, dates_of, portfolios
from eventstudy.inference.core import history

RTOL = 1e-8  # two roads to one regression
BARS, GAP = 100, 4


def world(seed, *, firms=8, days=(140,), window=(0, 1), unlike=False, bars=BARS, noise=None):
    """Return a sample of all firms on each day, what is regressed, and the rows of each day; no reaction at all."""
    rng = np.random.default_rng(seed)
    total = max(days) + 12
    market = rng.normal(0, 0.01, total)
    returns = market * rng.uniform(0.5, 1.5, (firms, 1)) + rng.normal(0, 0.02, (firms, total)) + 0.01 * rng.normal(
        size=total
    ) * rng.normal(size=(firms, 1))  # fmt: skip
    if noise is not None:
        returns = noise(rng, firms, total)
    who, when = np.tile(np.arange(firms), len(days)), np.repeat(days, firms)
    fitted = estimate(
        returns, market[None], security=who, day0=when, window=window, estimation=(-bars - GAP, -GAP - 1),
        model=MarketModel("m"), minimum=60,
    )  # fmt: skip
    n = who.size
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    scale, weight = (rng.uniform(0.5, 2.0, n) if unlike else np.ones(n) for _ in range(2))
    given = Regression(x, scale, weight, gls=False, gap=rng.normal(0, 0.02, (n, 3)))
    return fitted.sample(*window, estimation=True), given, [np.flatnonzero(when == day) for day in days]


def weights_of(given, dates):
    """Return the coefficients' weights on the events (p, N): least squares with an effect of each date, the constant their mean."""
    group = np.zeros((len(given.x), len(dates)))
    for at, rows in enumerate(dates):
        group[rows, at] = 1
    every = np.concatenate(dates)
    design = np.column_stack([group, given.x[:, 1:]])[every]
    told = np.linalg.inv(design.T @ (given.weight[every, None] * design)) @ design.T * given.weight[every]
    found = np.zeros((given.x.shape[1], len(given.x)))
    found[:, every] = np.vstack([told[: len(dates)].mean(axis=0), told[len(dates) :]])
    return found


def own_rest(x, u):
    """Return what a regression on x leaves of u (n, ...), and one less the leverage of each row."""
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    return u - hat @ u, 1 - np.diag(hat)


@pytest.mark.parametrize("unlike", [False, True])
@pytest.mark.parametrize("days", [(140,), (140, 147, 151)])
def test_portfolios_of_each_date_are_rows_of_one_regression(days, unlike):
    sample, given, dates = world(1, days=days, unlike=unlike)
    told = weights_of(given, dates)
    found = portfolios(sample, given, dates)
    assert len(found) == len(days)
    for one, rows, day in zip(found, dates, days, strict=True):
        w = told[:, rows]
        past = sample.estimation.residual[rows] * given.scale[rows, None]
        car = (sample.ar[rows] * given.scale[rows, None]).sum(axis=1)
        np.testing.assert_array_equal(one.rows, rows)
        np.testing.assert_allclose(one.estimate, w @ car, rtol=RTOL, atol=1e-14)
        np.testing.assert_allclose(one.history.series, (w @ past).T, rtol=RTOL, atol=1e-14)
        np.testing.assert_allclose(one.history.gap, (w @ (given.gap[rows] * given.scale[rows, None])).T, rtol=RTOL)
        assert one.history.bars.tolist() == list(range(day - GAP - BARS, day - GAP))
        assert one.history.window_bars.tolist() == [day, day + 1]
        assert one.history.k == 2
        assert one.history.factor == pytest.approx(np.mean((sample.car_se[rows] / sample.sigma[rows]) ** 2))
        left, rest = own_rest(given.x[rows], past)
        np.testing.assert_allclose(one.hc0, (w**2 @ left**2).mean(axis=1), rtol=RTOL)
        left, rest = own_rest(given.x[rows], car)
        np.testing.assert_allclose(one.hc3, w**2 @ (left / rest) ** 2, rtol=RTOL)
        hits = []
        for start in range(BARS - 1):
            total = past[:, start : start + 2].sum(axis=1)
            left, rest = own_rest(given.x[rows], total)
            t = w @ total / np.sqrt(w**2 @ (left / rest) ** 2)
            hits.append(np.abs(t) > stats.t.ppf(0.975, 8 - 3))
        np.testing.assert_allclose(one.rejected, np.mean(hits, axis=0), rtol=RTOL)


def test_a_bar_with_holes_has_weights_of_its_own_or_none():
    """Where a tenth of a coefficient's weights is missing, the bar is left out; else the others are regressed alone."""
    sample, given, dates = world(2, firms=14)
    past = sample.estimation.residual.copy()
    own = np.abs(weights_of(given, dates))
    share = (own / own.sum(axis=1, keepdims=True)).max(axis=0)  # the largest part that a firm has of any coefficient
    light, heavy = np.argsort(share)[[0, -1]]
    second = np.argsort(share)[1]
    assert share[light] < 0.1 < share[heavy]
    past[light, [5, 20]] = past[heavy, [30, 31]] = past[[light, heavy], 40] = past[second, 50] = np.nan
    sample = replace(sample, estimation=replace(sample.estimation, residual=past))
    (one,) = portfolios(sample, given, dates)
    gone = np.isnan(one.history.series).all(axis=1)
    assert np.flatnonzero(gone).tolist() == [30, 31, 40]
    for bar in set(range(BARS)) - {30, 31, 40}:
        kept = np.isfinite(past[:, bar])
        expected = np.linalg.lstsq(given.x[kept], past[kept, bar], rcond=None)[0]
        np.testing.assert_allclose(one.history.series[bar], expected, rtol=RTOL, atol=1e-14)
    whole = np.isfinite(past).all(axis=0)
    left, _ = own_rest(given.x, past[:, whole])
    np.testing.assert_allclose(one.hc0, (own**2 @ left**2).mean(axis=1), rtol=RTOL)
    hits = []
    for start in range(BARS - 1):
        if whole[start : start + 2].all():
            total = past[:, start : start + 2].sum(axis=1)
            left, rest = own_rest(given.x, total)
            fit = np.linalg.lstsq(given.x, total, rcond=None)[0]
            hits.append(np.abs(fit) / np.sqrt(own**2 @ (left / rest) ** 2) > stats.t.ppf(0.975, 11))
    np.testing.assert_allclose(one.rejected, np.mean(hits, axis=0), rtol=RTOL)


def test_two_firms_missing_together_are_weighed_together():
    sample, given, dates = world(2, firms=30)
    past = sample.estimation.residual.copy()
    own = np.abs(weights_of(given, dates))
    share = own / own.sum(axis=1, keepdims=True)
    for pair in itertools.combinations(range(30), 2):  # a pair that weighs a little more than a tenth, each less
        lost = share[:, list(pair)].sum(axis=1)
        if 0.101 < lost.max() < 0.15 and lost.min() < 0.09 and share[:, list(pair)].max() < 0.09:
            break
    past[list(pair), 60] = np.nan
    past[pair[0], 61] = past[pair[1], 62] = np.nan
    sample = replace(sample, estimation=replace(sample.estimation, residual=past))
    (one,) = portfolios(sample, given, dates)
    assert np.flatnonzero(np.isnan(one.history.series[:, 0])).tolist() == [60]


def test_firms_with_other_estimation_bars_stand_on_all_bars_that_any_has():
    sample, given, dates = world(3)
    bar = sample.estimation.bar.copy()
    bar[0] = bar[0] - 2
    bar[1, 0] = -1  # outside the data
    sample = replace(sample, estimation=replace(sample.estimation, bar=bar))
    past, bars = module._grid(sample, dates[0], given.scale)
    assert bars.tolist() == list(range(140 - GAP - BARS - 2, 140 - GAP))
    residual = sample.estimation.residual
    np.testing.assert_array_equal(past[0], np.r_[residual[0], np.nan, np.nan])
    np.testing.assert_array_equal(past[1], np.r_[np.nan, np.nan, np.nan, residual[1, 1:]])
    np.testing.assert_array_equal(past[2], np.r_[np.nan, np.nan, residual[2]])
    with pytest.raises(StudyError, match="estimation=True"):
        portfolios(replace(sample, estimation=None), given, dates)


def test_a_firm_without_a_known_variance_does_not_count_in_the_factor():
    sample, given, dates = world(4)
    sigma = sample.sigma.copy()
    sigma[2] = 0.0
    (one,) = portfolios(replace(sample, sigma=sigma), given, dates)
    others = np.r_[0:2, 3:8]
    assert one.history.factor == pytest.approx(np.mean((sample.car_se[others] / sigma[others]) ** 2))


def test_rows_of_dates_that_are_whole():
    ar = np.zeros((7, 2))
    ar[1, 0] = np.nan
    sample = sample_of(ar=ar, day0=[9, 9, 3, 9, 3, 5, 5])
    used = np.array([True, True, True, True, True, True, False])
    assert [rows.tolist() for rows in dates_of(sample, used)] == [[2, 4], [5], [0, 3]]


def test_a_date_determines_its_coefficients_with_three_to_spare_in_the_median():
    """The constant and one slope: a median of four events, and each date with two values of its own."""
    x = np.column_stack([np.ones(12), np.arange(12.0)])
    three, four = np.arange(3), np.arange(4)
    assert can_be_told(x, [four])
    assert not can_be_told(x, [three])
    assert can_be_told(x, [three, four, np.arange(5)])
    assert not can_be_told(x, [three, three, np.arange(5)])
    flat = np.column_stack([np.ones(12), np.r_[np.zeros(6), np.arange(6.0)]])
    assert not can_be_told(flat, [np.arange(6), np.arange(6, 12)])
    assert can_be_told(flat, [np.arange(6, 12)])


class TestComponents:
    @staticmethod
    def past(seed, firms=25, bars=60, factors=2):
        rng = np.random.default_rng(seed)
        return 0.01 * rng.normal(size=(firms, bars)) + 0.03 * rng.normal(size=(firms, factors)) @ rng.normal(
            size=(factors, bars)
        )

    @staticmethod
    def by_svd(past, r):
        """Return what the first r principal components explain of the covariance, and the variances of the rest."""
        filled = np.where(np.isfinite(past), past, 0.0).T
        filled = filled - filled.mean(axis=0)
        m = len(filled)
        u, s, v = np.linalg.svd(filled, full_matrices=False)
        left = filled - (u[:, :r] * s[:r]) @ v[:r]
        return (v[:r].T * s[:r] ** 2) @ v[:r] / (m - 1), (left**2).sum(axis=0) / (m - 1 - r)

    @pytest.mark.parametrize(("factors", "r"), [(0, 1), (1, 1), (2, 2), (3, 3)])
    def test_as_many_as_the_history_has_and_one_at_least(self, factors, r):
        past = self.past(factors, factors=factors)
        past[3, 7] = np.nan
        loadings, specific = module._components(past)
        assert loadings.shape == (25, r)
        common, rest = self.by_svd(past, r)
        np.testing.assert_allclose(loadings @ loadings.T, common, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(specific, rest, rtol=1e-6)

    def test_a_tenth_of_the_bars_at_most(self):
        loadings, specific = module._components(self.past(5, bars=29, factors=6))
        assert loadings.shape == (25, 2)
        short, _ = module._components(self.past(5, firms=12, bars=9, factors=3))
        assert short.shape == (12, 1)
        assert (specific > 0).all()

    def test_of_few_firms_not_all_is_common(self):
        """Four firms on sixty bars: three components at most, so that each keeps a variance of its own."""
        past = self.past(3, firms=4, factors=1)
        loadings, specific = module._components(past)
        assert 1 <= loadings.shape[1] <= 3
        common, rest = self.by_svd(past, loadings.shape[1])
        np.testing.assert_allclose(loadings @ loadings.T, common, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(specific, rest, rtol=1e-6)

    def test_a_price_that_stands_still_has_the_least_variance(self):
        past = self.past(6)
        past[4] = 0.0
        assert module._components(past)[1][4] == 1e-15

    def test_the_inverse_is_that_of_the_dense_matrix(self):
        past = self.past(7)
        loadings, specific = module._components(past)
        x = np.random.default_rng(8).normal(size=(25, 3))
        for kept in (np.arange(25), np.array([0, 3, 4, 9, 20])):
            dense = (loadings @ loadings.T + np.diag(specific))[np.ix_(kept, kept)]
            found = module._inverse(past, np.ones(25), gls=True)(kept)(x[kept])
            np.testing.assert_allclose(found, np.linalg.solve(dense, x[kept]), rtol=1e-7)
        weight = np.arange(1.0, 26.0)
        found = module._inverse(past, weight, gls=False)(np.array([2, 5]))(x[[2, 5]])
        np.testing.assert_allclose(found, x[[2, 5]] * np.array([[3.0], [6.0]]))

    def test_bars_are_judged_by_weights_of_the_other_four_fifths(self):
        sample, given, dates = world(9, firms=20)
        past = sample.estimation.residual
        given = replace(given, gls=True)
        (one,) = portfolios(sample, given, dates)

        def weights(some):
            loadings, specific = module._components(some)
            return sm.GLS(np.zeros(20), given.x, sigma=loadings @ loadings.T + np.diag(specific))

        def regressed(some, y):
            model = weights(some)
            return np.array([sm.GLS(v, given.x, sigma=model.sigma).fit().params for v in y.T])

        for fifth in range(5):
            block = slice(20 * fifth, 20 * fifth + 20)
            others = np.delete(past, np.r_[block], axis=1)
            np.testing.assert_allclose(one.history.series[block], regressed(others, past[:, block]), rtol=1e-6)
        car = sample.ar.sum(axis=1)
        np.testing.assert_allclose(one.estimate, regressed(past, car[:, None])[0], rtol=1e-6)
        left, rest = own_rest(given.x, car)
        told = weights(past)
        own = np.linalg.solve(given.x.T @ np.linalg.solve(told.sigma, given.x), np.linalg.solve(told.sigma, given.x).T)
        np.testing.assert_allclose(one.hc3, own**2 @ (left / rest) ** 2, rtol=1e-6)


class TestSlopes:
    @staticmethod
    def past_of(sample, given, dates):
        told = weights_of(given, dates)
        return [(told[:, rows] @ (sample.estimation.residual[rows] * given.scale[rows, None])).T for rows in dates]

    @pytest.mark.parametrize("level", [0.95, 0.8])
    def test_several_dates_apart(self, level):
        """Variances add up; degrees of freedom by Welch and Satterthwaite; p and interval by Student's t."""
        sample, given, dates = world(11, days=(140, 147, 151), unlike=True)
        found = slopes(sample, given, dates, kind="portfolio", **({} if level == 0.95 else {"level": level}))
        factor = [np.mean((sample.car_se[rows] / sample.sigma[rows]) ** 2) for rows in dates]
        series = self.past_of(sample, given, dates)
        each = np.array([(one**2).sum(axis=0) / 98 * f for one, f in zip(series, factor, strict=True)])
        square, df = each.sum(axis=0), each.sum(axis=0) ** 2 / (each**2 / 98).sum(axis=0)
        y = sample.car * given.scale
        b = weights_of(given, dates) @ y
        np.testing.assert_allclose(found.estimate, b, rtol=RTOL)
        np.testing.assert_allclose([found.se, found.df], [np.sqrt(square), df], rtol=RTOL)
        np.testing.assert_allclose(found.pvalue, 2 * stats.t.sf(np.abs(b) / np.sqrt(square), df), rtol=1e-7)
        reach = stats.t.ppf(0.5 + level / 2, df) * np.sqrt(square)
        np.testing.assert_allclose([found.low, found.high], [b - reach, b + reach], rtol=1e-7)
        assert found.errors == ("portfolio",) * 3
        assert (found.n, found.dates) == (24, 3)
        assert np.isnan([found.joint[0], found.joint[2]]).all()
        assert found.joint[1] == (0, 0)
        laid = portfolios(sample, given, dates)
        white = sum(one.hc0 * 100 / 98 * f for one, f in zip(laid, factor, strict=True))
        np.testing.assert_allclose(found.design_effect, square / white, rtol=RTOL)
        np.testing.assert_allclose(found.rejected, np.mean([one.rejected for one in laid], axis=0), rtol=RTOL)
        left = whole = 0.0
        for rows in dates:
            x, v = (part - part.mean(axis=0) for part in (given.x[rows, 1:], y[rows]))
            left, whole = left + ((v - x @ b[1:]) ** 2).sum(), whole + (v**2).sum()
        assert found.r_squared == pytest.approx(1 - left / whole)
        total = [np.array([one[t : t + 2].sum(axis=0) for t in range(99)]) for one in series]
        before = sum(total)  # at one distance from the event
        far = (np.abs(before - before.mean(axis=0)) >= np.abs(b - before.mean(axis=0))).sum(axis=0)
        np.testing.assert_allclose(found.pre_event, (1 + far) / 100, rtol=RTOL)

    def test_windows_that_share_a_bar_covary(self):
        """Two dates a bar apart, windows of two bars: 2 cov for the one bar, over the bars that both histories have."""
        sample, given, dates = world(12, days=(140, 141))
        found = slopes(sample, given, dates, kind="portfolio")
        one, other = self.past_of(sample, given, dates)
        factor = [np.mean((sample.car_se[rows] / sample.sigma[rows]) ** 2) for rows in dates]
        each = [(v**2).sum(axis=0) / 98 * f for v, f in zip((one, other), factor, strict=True)]
        common = 2 * (one[1:] * other[:-1]).sum(axis=0) / (99 - 2)
        np.testing.assert_allclose(found.se, np.sqrt(sum(each) + common), rtol=RTOL)
        df = sum(each) ** 2 / sum(v**2 / 98 for v in each)
        np.testing.assert_allclose(found.df, df, rtol=RTOL)
        three = world(12, days=(140, 141, 142), window=(0, 2))
        found = slopes(*three, kind="portfolio")
        past = self.past_of(*three)
        factor = [np.mean((three[0].car_se[rows] / three[0].sigma[rows]) ** 2) for rows in three[2]]
        square = sum((v**2).sum(axis=0) / 98 * f for v, f in zip(past, factor, strict=True))
        for i, j in itertools.combinations(range(3), 2):
            apart = j - i
            square = square + 2 * (3 - apart) * (past[i][apart:] * past[j][:-apart]).sum(axis=0) / (100 - apart - 2)
        np.testing.assert_allclose(found.se, np.sqrt(square), rtol=RTOL)

    def test_a_variance_that_sharing_makes_negative_is_that_of_dates_apart(self):
        """Noise that is taken back the next bar: sums of two hardly vary, and one of the two dates is the other turned."""

        def noise(rng, firms, total):
            u = 0.02 * rng.normal(size=(firms, total + 1))
            return np.diff(u, axis=1)

        sample, given, dates = world(13, days=(140, 140), noise=noise)
        dates = [np.arange(8), np.arange(8, 16)]
        x = given.x.copy()
        x[8:] = np.column_stack([np.ones(8), -x[:8, 1:]])
        given = replace(given, x=x)
        found = slopes(sample, given, dates, kind="pre_event")
        each = 0.0
        for one in self.past_of(sample, given, dates):
            total = one[1:] + one[:-1]
            each = each + total.var(axis=0, ddof=1)
        np.testing.assert_allclose(found.se[1:], np.sqrt(each[1:]), rtol=RTOL)
        assert found.se[0] > np.sqrt(each[0]) * 1.01  # the constants of both move together

    def test_the_rank_among_windows_before_the_event(self):
        sample, given, dates = world(14, days=(140, 147))
        found = slopes(sample, given, dates, kind="pre_event", level=0.9)
        before = sum(v[1:] + v[:-1] for v in self.past_of(sample, given, dates))
        size = np.sort(np.abs(before - before.mean(axis=0)), axis=0)
        np.testing.assert_allclose(found.high - found.estimate, size[math.ceil(0.9 * 98)], rtol=RTOL)
        np.testing.assert_allclose(found.estimate - found.low, size[math.ceil(0.9 * 98)], rtol=RTOL)
        np.testing.assert_array_equal(found.pvalue, found.pre_event)
        assert np.isnan(found.df).all()
        assert found.errors == ("pre_event",) * 3

    @pytest.mark.parametrize(("bars", "known"), [(120, True), (119, False)])
    def test_a_rank_needs_forty_windows_beside_one_another(self, bars, known):
        found = slopes(*world(15, window=(0, 2), bars=bars), kind="portfolio")
        assert np.isfinite(found.pre_event).all() == known
        asked = slopes(*world(15, window=(0, 2), bars=bars), kind="pre_event")
        assert np.isfinite(asked.pvalue).all()  # who asks for it has it
        assert np.isfinite(asked.pre_event).all() == known

    def test_histories_of_unlike_length_are_laid_together_at_their_ends(self):
        sample, given, dates = world(16, days=(140, 150))
        bar, residual = sample.estimation.bar.copy(), sample.estimation.residual.copy()
        bar[8:, :7], residual[8:, :7] = -1, np.nan  # the second date's history begins seven bars later
        residual[3, 50] = np.nan
        x = given.x.copy()
        sample = replace(sample, estimation=replace(sample.estimation, bar=bar, residual=residual))
        found = slopes(sample, replace(given, x=x), dates, kind="portfolio")
        one, other = (part.history.series for part in portfolios(sample, given, dates))
        assert (len(one), len(other)) == (100, 93)
        sums = [v[1:] + v[:-1] for v in (one, other)]
        before = sums[0][7:] + sums[1]
        before = before[np.isfinite(before).all(axis=1)]
        far = np.abs(before - before.mean(axis=0)) >= np.abs(found.estimate - before.mean(axis=0))
        np.testing.assert_allclose(found.pre_event, (1 + far.sum(axis=0)) / (len(before) + 1), rtol=RTOL)

    def test_what_firms_share_by_the_history_and_their_own_by_the_event(self):
        sample, given, dates = world(17, days=(140, 149))
        found = slopes(sample, given, dates, kind="split")
        laid, square, each = portfolios(sample, given, dates), 0.0, []
        for one, past in zip(laid, self.past_of(sample, given, dates), strict=True):
            common = ((past**2).sum(axis=0) - 100 * one.hc0) / 98 * one.history.factor
            each.append(np.maximum(common, 0.0) + one.hc3)
        square = sum(each)
        np.testing.assert_allclose(found.se, np.sqrt(square), rtol=RTOL)
        np.testing.assert_allclose(found.df, square**2 / sum(v**2 / 98 for v in each), rtol=RTOL)
        assert found.errors == ("split",) * 3

    def test_one_date_and_the_usual_errors(self):
        """One bar by itself, more by the autocovariances of the history; all slopes together by Hotelling's F."""

        def steady(**made):
            """Return a world whose squares do not follow one another: their first autocorrelation is below 0.1."""
            for seed in itertools.count(18):
                (past,) = self.past_of(*world(seed, **made))
                square = past**2 - (past**2).mean(axis=0)
                if ((square[1:] * square[:-1]).sum(axis=0) < 0.1 * (square**2).sum(axis=0)).all():
                    return *world(seed, **made), past
            raise AssertionError

        sample, given, dates, past = steady(window=(0, 0))
        found = slopes(sample, given, dates)
        assert found.errors == ("portfolio",) * 3
        b, factor = found.estimate[1:], np.mean((sample.car_se / sample.sigma) ** 2)
        square = b @ np.linalg.inv(past[:, 1:].T @ past[:, 1:] / 98) @ b / factor
        value = 97 / (2 * 98) * square
        assert found.joint[0] == pytest.approx(value)
        assert found.joint[1] == (2, 97)
        assert found.joint[2] == pytest.approx(stats.f.sf(value, 2, 97))
        assert found.dates == 1
        sample, given, dates, past = steady()
        more = slopes(sample, given, dates)
        assert more.errors == ("long_run",) * 3
        first = (past[1:] * past[:-1]).sum(axis=0) / 98
        factor = np.mean((sample.car_se / sample.sigma) ** 2)
        np.testing.assert_allclose(more.se**2, (2 * (past**2).sum(axis=0) / 98 + 2 * first) * factor / 2, rtol=RTOL)

    def test_each_coefficient_is_judged_in_its_own_way(self):
        """Volatility clusters in one slope's portfolio only: that one is scaled, the others are not."""
        (one,) = portfolios(*world(19))
        found = slopes(*world(19), kind=None)
        ways = history.default([one.history])
        for at, way in enumerate(ways):
            assert found.errors[at] == way
            square, df = history.variance(one.history, way)
            assert (found.se[at] ** 2, found.df[at]) == pytest.approx((square[at], df[at]))

    def test_no_variance_to_explain(self):
        sample, given, dates = world(20)
        flat = slopes(replace(sample, ar=np.zeros_like(sample.ar), car=np.zeros(8)), given, dates, kind="portfolio")
        assert math.isnan(flat.r_squared)
        assert flat.pvalue.tolist() == [1.0] * 3
