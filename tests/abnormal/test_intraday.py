"""Level of the day x pattern of the clock: against loops from the papers, statsmodels, and simulations with known truth."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import FactorModel, IntradayModel, MarketAdjusted, MarketModel, MeanAdjusted, RobustMarketModel
from eventstudy.abnormal.intraday.base_fit import Sessions, fit_base
from eventstudy.abnormal.intraday.day_fits import DayFits
from eventstudy.abnormal.intraday.estimate import estimate_intraday
from eventstudy.abnormal.intraday.scale import day_level, level_and_pattern, pattern, shortest_half
from eventstudy.calibration.bars import clock_shape, noise
from eventstudy.calibration.clock_lab import regular_clock
from eventstudy.errors import StudyError

SLOTS = 78
REGULAR = np.ones(SLOTS, dtype=bool)


def world(securities=2, days=75, seed=0, beta=1.3):
    rng = np.random.default_rng(seed)
    curve = 0.001 * clock_shape(SLOTS)
    market = (curve * noise(rng, (days, SLOTS))).ravel()
    own = (curve * noise(rng, (securities, days, SLOTS))).reshape(securities, -1)
    return own + beta * market, market[None], regular_clock(days)


def sessions(returns, series, clock, free=None):
    free = np.ones((1, clock.days), dtype=bool) if free is None else free
    return Sessions(clock, clock.spread(returns), None if series is None else clock.spread(series), free)


def short_half_loop(x):
    """Rousseeuw and Leroy, written out."""
    x = sorted(value for value in x if np.isfinite(value))
    h = len(x) // 2 + 1
    return 0.741 * min(x[i + h - 1] - x[i] for i in range(len(x) - h + 1))


class TestScale:
    @pytest.mark.parametrize("n", [5, 6, 59, 60])
    @pytest.mark.parametrize("holes", [0, 3])
    def test_the_shortest_half_is_that_of_a_loop(self, n, holes):
        z = np.random.default_rng(n).standard_normal((4, n))
        z[1, :holes] = np.nan
        np.testing.assert_allclose(shortest_half(z), [short_half_loop(row) for row in z])

    def test_the_pattern_is_that_of_boudt_croux_and_laurent_step_by_step(self):
        z = clock_shape(SLOTS)[:, None] * np.random.default_rng(1).standard_t(5, (SLOTS, 60))
        short = np.array([short_half_loop(row) for row in z])
        short /= np.sqrt(np.mean(short**2))
        spread = np.array(
            [
                np.sqrt(1.081 * np.mean([v * v for v in row if v * v / s**2 <= 6.635]))
                for row, s in zip(z, short, strict=True)
            ]
        )
        np.testing.assert_allclose(pattern(z[None], REGULAR)[0], spread / np.sqrt(np.mean(spread**2)))

    def test_the_level_is_bipower_and_a_jump_does_not_lift_it(self):
        e = np.random.default_rng(2).standard_normal((1, SLOTS, 1))
        u = np.abs(e[0, :, 0])
        assert day_level(e, np.ones((1, SLOTS)), REGULAR)[0, 0] == pytest.approx(
            np.sqrt(np.pi / 2 * np.mean(u[1:] * u[:-1]))
        )
        hit = e.copy()
        hit[0, 40] += 50
        assert day_level(hit, np.ones((1, SLOTS)), REGULAR)[0, 0] < 2.2
        assert np.std(hit) > 5

    @pytest.mark.parametrize("periodic", ["robust", "fourier"])
    def test_a_known_pattern_and_known_levels_are_found(self, periodic):
        rng = np.random.default_rng(3)
        curve, v = clock_shape(SLOTS), np.exp(0.4 * rng.standard_normal(400))
        e = curve[:, None] * v * rng.standard_normal((SLOTS, 400))
        level, phi = level_and_pattern(e[None], REGULAR, periodic)
        np.testing.assert_allclose(phi[0], curve, rtol=0.14)
        assert np.corrcoef(level[0], v)[0, 1] > 0.97
        assert np.mean(level[0] / v) == pytest.approx(1, abs=0.02)

    def test_jumps_do_not_bend_the_robust_pattern(self):
        rng = np.random.default_rng(4)
        e = clock_shape(SLOTS)[:, None] * rng.standard_normal((SLOTS, 60))
        clean = level_and_pattern(e[None], REGULAR)[1]
        e[30, :5] += 20.0
        assert np.abs(level_and_pattern(e[None], REGULAR)[1][0, 30] / clean[0, 30] - 1) < 0.25

    def test_a_slot_with_few_values_takes_its_neighbours_mean(self):
        z = np.random.default_rng(5).standard_normal((1, SLOTS, 60))
        z[0, 20, 19:] = np.nan
        z[0, 50] = 0.0  # a slot in which nothing moves
        phi = pattern(z, REGULAR)[0]
        assert phi[20] == pytest.approx((phi[19] + phi[21]) / 2)
        assert phi[50] == pytest.approx((phi[49] + phi[51]) / 2)
        both = pattern(np.concatenate([z, 2 * z[:, ::-1]]), REGULAR)  # each row by its own neighbours
        np.testing.assert_allclose(both[0], phi, rtol=1e-12)
        assert both[1, SLOTS - 51] == pytest.approx((both[1, SLOTS - 52] + both[1, SLOTS - 50]) / 2)

    def test_slots_that_are_not_regular_are_no_part_of_level_or_norm(self):
        rng = np.random.default_rng(6)
        e = rng.standard_normal((1, SLOTS, 60))
        regular = REGULAR.copy()
        regular[0] = False
        e[0, 0] *= 30
        level, phi = level_and_pattern(e, regular)
        assert np.mean(phi[0, 1:] ** 2) == pytest.approx(1)
        assert phi[0, 0] == pytest.approx(30, rel=0.3)
        np.testing.assert_allclose(level, level_and_pattern(e[:, 1:], regular[1:])[0])


class TestBase:
    def test_the_base_is_weighted_least_squares(self):
        returns, series, clock = world()
        held = sessions(returns, series, clock)
        fit = fit_base(held, IntradayModel(base=MarketModel("m")), np.array([0, 1]), 70, np.array([70]))
        past = np.arange(10, 70)
        y = held.response[0][:, past].ravel()
        x = sm.add_constant(held.series[0][:, past].ravel())
        e = sm.OLS(y, x).fit().resid.reshape(1, SLOTS, 60)
        v, phi = level_and_pattern(e, REGULAR, times=1)
        wls = sm.WLS(y, x, weights=1 / (phi[0][:, None] * v[0]).ravel() ** 2).fit()
        np.testing.assert_allclose(fit.coef[0], wls.params, rtol=1e-8)
        np.testing.assert_allclose(fit.factor[0].T @ fit.factor[0], wls.cov_params() / wls.scale, rtol=1e-6)
        np.testing.assert_allclose(
            fit.ar[0], held.response[0][:, 70] - wls.params[0] - wls.params[1] * held.series[0][:, 70]
        )

    def test_levels_before_a_session_weigh_the_newer_ones_more(self):
        returns, _, clock = world(1)
        held = sessions(returns, None, clock)
        fit = fit_base(held, IntradayModel(base=MeanAdjusted()), np.array([0]), 70, np.array([70]))
        e = held.response[0][:, 50:70] - fit.coef[0, 0]
        v2 = np.array([np.pi / 2 * np.mean(np.abs(u[1:] * u[:-1])) for u in (e / fit.phi[0][:, None]).T])
        weight = 0.8 ** np.arange(20)[::-1]
        assert fit.level2[0] == pytest.approx((weight * v2).sum() / weight.sum())

    def test_the_level_inside_a_session_knows_only_the_bars_before(self):
        returns, _, clock = world(1)
        fits = DayFits.empty(sessions(returns, None, clock), IntradayModel(base=MeanAdjusted()))
        row = fits.rows(np.array([0]), np.array([70]))
        held = fits.held
        u2 = (held["ar"][row[0]] / held["phi"][row[0]]) ** 2
        for slot in (0, 1, 40, 77):
            assert held["level"][row[0], slot] ** 2 == pytest.approx(
                (20 * held["level2"][row[0]] + u2[:slot].sum()) / (20 + slot)
            )
        later = returns.copy()
        later[0, 70 * SLOTS + 40 :] *= 9
        again = DayFits.empty(sessions(later, None, clock), IntradayModel(base=MeanAdjusted()))
        again.rows(np.array([0]), np.array([70]))
        np.testing.assert_array_equal(again.held["level"][0, :41], held["level"][row[0], :41])

    @pytest.mark.parametrize("base", [MarketAdjusted("m"), FactorModel(["m"]), MeanAdjusted(), RobustMarketModel("m")])
    def test_any_daily_model_is_a_base(self, base):
        returns, series, clock = world()
        fitted = study(returns, series if base.symbols else None, clock, base, [(0, 70, 30)])
        assert fitted.status.tolist() == [0]
        assert np.isfinite(fitted.car(0, 2)[0]).all()
        if not isinstance(base, MeanAdjusted):
            beta = 1.0 if isinstance(base, MarketAdjusted) else 1.3
            at = 70 * SLOTS + 30 + np.arange(3)
            np.testing.assert_allclose(fitted.ar[0], returns[0, at] - beta * series[0, at], atol=3e-4)

    def test_sessions_with_events_are_no_past(self):
        returns, series, clock = world()
        free = np.ones((2, clock.days), dtype=bool)
        free[0, 60] = False
        held = sessions(returns, series, clock, free)
        hit = returns.copy()
        hit[0, 60 * SLOTS : 61 * SLOTS] += 0.3
        one, other = (
            fit_base(
                sessions(r, series, clock, free),
                IntradayModel(base=MarketModel("m"), days=40),
                np.array([0, 1]),
                70,
                np.array([70]),
            )
            for r in (returns, hit)
        )
        np.testing.assert_allclose(one.coef, other.coef)
        np.testing.assert_allclose(one.phi, other.phi)
        assert one.sessions.tolist() == [40, 40]
        assert held.of_security(np.array([0]))[0].sum() == clock.days - 1


def study(returns, series, clock, base, events, window=(0, 2), free=None, **options):
    security, day, slot = np.array(events).T
    return estimate_intraday(
        returns, series, clock=clock, security=security, day0=day * SLOTS + slot, window=window,
        model=IntradayModel(base=base, **options), free=np.ones((1, clock.days), dtype=bool) if free is None else free,
    )  # fmt: skip


class TestEstimate:
    def test_too_few_sessions_are_told(self):
        returns, series, clock = world()
        fitted = study(returns, series, clock, MarketModel("m"), [(0, 39, 5), (0, 40, 5)])
        assert [int(code) for code in fitted.status] == [5, 0]
        assert fitted.m.tolist() == [39, 40]

    @pytest.mark.parametrize("renew", ["day", "week"])
    def test_the_first_sessions_have_no_past(self, renew):
        returns, series, clock = world()
        events = [(0, day, 30) for day in (0, 1, 2, 6)]
        assert set(study(returns, series, clock, MarketModel("m"), events, renew=renew).status.tolist()) == {5}

    def test_the_variance_of_a_car_has_the_forecast_s_share(self):
        returns, series, clock = world()
        fitted = study(returns, series, clock, MarketModel("m"), [(0, 70, 0)])
        fit = fitted.inside.fits.held
        car, se, count = fitted.car(0, 2)
        x = np.vstack([np.ones(3), series[0, 70 * SLOTS : 70 * SLOTS + 3]])
        forecast = x.sum(axis=1) @ (fit["factor"][0].T @ fit["factor"][0]) @ x.sum(axis=1)
        variance = (fit["level"][0, 0] * fit["phi"][0, :3]) ** 2
        assert se[0] ** 2 == pytest.approx(variance.sum() + forecast)
        assert count[0] == 3
        assert car[0] == pytest.approx(fit["ar"][0, :3].sum())

    def test_a_known_jump_is_found_without_bias(self):
        returns, series, clock = world(40, seed=9)
        hit = returns.copy()
        hit[:, 70 * SLOTS + 20] += 0.01
        fitted = study(hit, series, clock, MarketModel("m"), [(s, 70, 20) for s in range(40)])
        car = fitted.car(0, 2)[0]
        assert car.mean() == pytest.approx(0.01, abs=3 * car.std() / np.sqrt(40))
        assert 0.7 < np.std((car - 0.01) / fitted.car(0, 2)[1]) < 1.4

    def test_weekly_renewal_takes_the_pattern_of_the_week_s_first_session(self):
        returns, series, clock = world()
        week = study(returns, series, clock, MarketModel("m"), [(0, 72, 5), (0, 70, 5)], renew="week")
        day = study(returns, series, clock, MarketModel("m"), [(0, 70, 5)])
        np.testing.assert_allclose(week.inside.fits.held["phi"][0], day.inside.fits.held["phi"][0])
        np.testing.assert_allclose(week.ar[1], day.ar[0])

    def test_a_base_with_an_estimator_of_its_own_does_not_run_over_night(self):
        returns, series, clock = world()
        with pytest.raises(StudyError, match="needs a linear base"):
            study(returns, series, clock, RobustMarketModel("m"), [(0, 70, 76)], overnight="continue")
        with pytest.raises(StudyError, match="inside the day the clock gives the variance"):
            IntradayModel(base=MeanAdjusted(volatility="ewma"))

    def test_one_market_serves_all_securities_inside_the_day(self):
        for base in (MarketModel({"A": "m", "B": "n"}), MarketAdjusted({"A": "m", "B": "n"})):
            with pytest.raises(StudyError, match="one market serves all securities; name one"):
                IntradayModel(base=base)
        assert IntradayModel(base=MarketModel({"A": "m", "B": "m"})).symbols == ("m",)

    def test_a_window_over_night_sums_both_sessions(self):
        returns, series, clock = world()
        fitted = study(returns, series, clock, MarketModel("m"), [(0, 70, 76)], window=(0, 3), overnight="continue")
        coef = fitted.inside.fits.held["coef"][0]
        at = 70 * SLOTS + 76 + np.arange(4)
        np.testing.assert_allclose(fitted.ar[0], returns[0, at] - coef[0] - coef[1] * series[0, at], atol=1e-12)


class TestRecord:
    def test_placebo_scores_are_those_of_each_session_by_itself(self):
        returns, series, clock = world(days=110)
        fitted = study(returns, series, clock, MarketModel("m"), [(0, 105, 30)])
        record = fitted.sample(0, 2, estimation=True).clock
        for back in (1, 2, 40):
            alone = study(returns, series, clock, MarketModel("m"), [(0, 105 - back, 30)])
            assert record.placebo[0, back - 1] == pytest.approx(alone.sample(0, 2, estimation=True).clock.score[0])
        assert np.isfinite(record.placebo[0]).sum() == 60
        np.testing.assert_allclose([record.before[0], record.after[0]], [record.placebo[0, 0], np.nan if clock.days < 107 else
            study(returns, series, clock, MarketModel("m"), [(0, 106, 30)]).sample(0, 2, estimation=True).clock.score[0]])  # fmt: skip

    def test_a_session_with_an_event_is_no_placebo_and_no_neighbour(self):
        returns, series, clock = world(days=110)
        free = np.ones((1, clock.days), dtype=bool)
        free[0, [104, 105]] = False
        record = (
            study(returns, series, clock, MarketModel("m"), [(0, 105, 30)], free=free)
            .sample(0, 2, estimation=True)
            .clock
        )
        assert np.isnan(record.before[0])
        assert np.isfinite(record.after[0])
        whole = (
            study(returns, series, clock, MarketModel("m"), [(0, 103, 30)], free=free)
            .sample(0, 2, estimation=True)
            .clock
        )
        assert record.placebo[0, 0] == pytest.approx(whole.score[0])
