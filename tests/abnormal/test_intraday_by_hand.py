"""Inside the day on clocks of a few slots: levels, patterns, weights and records against loops written out."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.abnormal import IntradayModel, MarketAdjusted, MarketModel, MeanAdjusted, RobustMarketModel
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.intraday.base_fit import Sessions, _ewma, _solve, chosen_days, fit_base
from eventstudy.abnormal.intraday.clock import Clock
from eventstudy.abnormal.intraday.day_fits import DayFits
from eventstudy.abnormal.intraday.estimate import estimate_intraday
from eventstudy.abnormal.intraday.inside import Inside
from eventstudy.abnormal.intraday.scale import (
    Level,
    day_level,
    level_and_pattern,
    normalised,
    pattern,
    shortest_half,
)

CLOSE = 1e-9  # float64 sums on both sides
K = 5  # slots: the first is the night, the others are trading hours


def clock_of(days, half=(), lacking=(), *, night=True):
    """A clock of K slots; `lacking` are (day, slot) without a bar."""
    day, slot = np.divmod(np.arange(days * K), K)
    keep = ~np.isin(np.arange(days * K), [d * K + s for d, s in lacking])
    regular = np.ones(K, dtype=bool)
    regular[0] = not night
    unusual = np.zeros(days, dtype=bool)
    unusual[list(half)] = True
    return Clock(day[keep], slot[keep], regular, unusual, 30.0, np.arange(days) + 20000, 540 + 30 * np.arange(K))


def returns_on(clock, securities=3, seed=0):
    rng = np.random.default_rng(seed)
    curve = np.array([0.02, 0.01, 0.005, 0.004, 0.008])[clock.slot]
    market = curve * rng.standard_normal(clock.day.size)
    return 0.0003 + 1.2 * market + curve * rng.standard_normal((securities, clock.day.size)), market[None]


class TestClock:
    def test_bars_stand_on_their_session_and_slot_and_the_rest_is_empty(self):
        clock = Clock(np.array([0, 0, 1, 2, 2]), np.array([0, 2, 1, 0, 1]), np.ones(3, dtype=bool),
                      np.zeros(3, dtype=bool), 30.0, np.arange(3), np.arange(3))  # fmt: skip
        gone = np.nan
        expected = [[1, gone, 4, gone], [gone, 3, 5, gone], [2, gone, gone, gone]]
        np.testing.assert_array_equal(clock.spread(np.arange(1.0, 6)), expected)
        np.testing.assert_array_equal(clock.spread(np.stack([np.arange(1.0, 6)] * 2)), [expected] * 2)
        assert clock.place().tolist() == [[0, -1, 1], [-1, 2, -1], [3, 4, -1], [-1, -1, -1]]
        assert (clock.days, clock.slots) == (3, 3)


class TestScale:
    def test_the_level_is_bipower_of_neighbours_that_are_both_there(self):
        """u = 1, 2, -3, 4 in units of the pattern: pi/2 (2 + 6 + 12)/3; without the third pi/2 2/1."""
        phi = np.array([0.5, 2.0, 1.0, 1.0])
        e = np.array([[0.5], [4.0], [-3.0], [4.0]])
        regular = np.ones(4, dtype=bool)
        assert day_level(e, phi, regular)[0] == pytest.approx(np.sqrt(np.pi / 2 * 20 / 3))
        holed = e.copy()
        holed[2] = np.nan
        assert day_level(holed, phi, regular)[0] == pytest.approx(np.sqrt(np.pi / 2 * 2))
        both = day_level(np.hstack([e, holed]), phi, regular)
        np.testing.assert_allclose(both, np.sqrt(np.pi / 2 * np.array([20 / 3, 2.0])))
        assert day_level(e, phi, np.array([False, True, True, True]))[0] == pytest.approx(np.sqrt(np.pi / 2 * 18 / 2))

    def test_a_day_without_two_moves_in_a_row_has_its_plain_mean_square(self):
        phi = np.array([1.0, 2.0, 1.0, 1.0])
        e = np.array([[3.0, 0.0, np.nan, 0.0], [0.0, 0.0, 4.0, np.nan], [1.0, 0.0, np.nan, 6.0], [0.0, 0.0, 1.0, 0.0]])
        found = day_level(e, phi, np.ones(4, dtype=bool))
        # (9 + 0 + 1 + 0)/4; nothing moves; (4 + 1)/2, no two are neighbours; 36/3, a hole beside
        np.testing.assert_allclose(found, [np.sqrt(2.5), np.nan, np.sqrt(2.5), np.sqrt(12.0)])

    def test_the_level_of_one_slot_is_its_size(self):
        assert day_level(np.array([[-3.0, 2.0]]), np.array([0.5]), np.array([True])).tolist() == [6.0, 4.0]

    def test_products_that_are_kept_serve_one_pattern_after_another(self):
        rng = np.random.default_rng(1)
        e = rng.standard_normal((2, 4, 3))
        level = Level(e, np.ones(4, dtype=bool))
        for _ in range(2):
            phi = rng.uniform(0.5, 2, (2, 4))
            u = np.abs(e / phi[..., None])
            np.testing.assert_allclose(level(phi), np.sqrt(np.pi / 2 * (u[:, 1:] * u[:, :-1]).mean(axis=1)))

    def test_the_shortest_half_of_few_values(self):
        gone = np.nan
        z = np.array([[5.0, gone, gone, gone], [1, 4, gone, gone], [0, 1, 5, gone], [0, 4, 5, 7], [gone] * 4])
        # of two values both, of three two, of four three
        np.testing.assert_allclose(shortest_half(z), [gone, 0.741 * 3, 0.741 * 1, 0.741 * 3, gone])
        assert np.isnan(shortest_half(np.array([[2.0]]))).all()
        np.testing.assert_allclose(shortest_half(np.array([[2.0, 3.5], [8.0, 4.0]])), [0.741 * 1.5, 0.741 * 4])
        cube = np.stack([z[1:3], z[2:4]])  # rows of rows
        np.testing.assert_allclose(shortest_half(cube), 0.741 * np.array([[3, 1], [1, 3]]))

    def test_a_pattern_has_mean_square_one_over_the_regular_slots(self):
        phi = normalised(np.array([[9.0, 3.0, 4.0], [5.0, 1.0, 1.0]]), np.array([False, True, True]))
        np.testing.assert_allclose(phi, np.array([[9, 3, 4], [5, 1, 1]]) / np.sqrt([[12.5], [1.0]]))

    @pytest.mark.parametrize(("square", "kept"), [(6.63, True), (6.64, False)])
    def test_what_lies_beyond_the_99_percent_point_of_its_square_does_not_count(self, square, kept):
        """Three slots alike, so that each scale is one in units of the pattern; one value of the first is set by hand."""
        values = stats.norm.ppf((np.arange(40) + 0.5) / 40)
        z = np.stack([values] * 3)
        z[0, 0] = -np.sqrt(square)  # it lies outside the shortest half, which stays that of the others
        phi = pattern(z, np.ones(3, dtype=bool))
        rest = (values[1:] ** 2).sum()
        first = (rest + square) / 40 if kept else rest / 39
        other = (values**2).mean()  # the farthest is 2.24 scales off
        np.testing.assert_allclose(phi**2, np.array([first, other, other]) / ((first + 2 * other) / 3))

    def test_twenty_values_make_a_slot_of_its_own_and_nineteen_do_not(self):
        rng = np.random.default_rng(3)
        z = rng.standard_normal((4, 30)) * np.array([[1.0], [2.0], [5.0], [1.0]])
        regular = np.ones(4, dtype=bool)
        z[2, 20:] = np.nan
        own = pattern(z, regular)
        assert own[2] / own[1] > 1.5
        z[2, 19:] = np.nan
        beside = pattern(z, regular)
        assert beside[2] == pytest.approx((beside[1] + beside[3]) / 2)
        z[3, 5:] = np.nan  # at the end the last that is known stands
        ends = pattern(z, regular)
        assert ends[2] == ends[3] == pytest.approx(ends[1])

    @pytest.mark.parametrize(("near", "own"), [(2, True), (1, False)])
    def test_a_slot_of_which_a_single_value_is_no_jump_takes_its_neighbours(self, near, own):
        """All but one or two of its values stand close together and far from nought."""
        rng = np.random.default_rng(10)
        z = rng.standard_normal((4, 30))
        z[2] = 100 + rng.normal(0, 0.01, 30)
        z[2, :near] = 0.001
        phi = pattern(z, np.ones(4, dtype=bool))
        if own:
            assert phi[2] < 0.01 * phi[1]
        else:
            assert phi[2] == pytest.approx((phi[1] + phi[3]) / 2)

    def test_a_row_that_never_moves_has_the_flat_pattern_and_leaves_the_others_theirs(self):
        rng = np.random.default_rng(4)
        z = np.stack([rng.standard_normal((4, 30)), np.zeros((4, 30))])
        with np.errstate(invalid="ignore"):
            both = pattern(z, np.ones(4, dtype=bool))
        np.testing.assert_allclose(both[0], pattern(z[:1], np.ones(4, dtype=bool))[0])
        assert both[1].tolist() == [1.0] * 4

    def test_the_fourier_form_is_the_regression_of_andersen_and_bollerslev(self):
        rng = np.random.default_rng(5)
        slots = 24
        curve = np.exp(0.5 * np.cos(2 * np.pi * np.arange(slots) / slots))
        z = curve[:, None] * rng.standard_normal((slots, 40))
        z[5, :3] = 0.0  # no logarithm
        z[7, 19:] = np.nan  # too few
        regular = np.ones(slots, dtype=bool)
        regular[0] = False
        log = np.array(
            [np.mean([np.log(abs(v)) for v in row if v and np.isfinite(v)]) + 0.6351814227307391 for row in z]
        )
        n = slots - 1
        t = np.arange(slots) / n  # the first regular slot is 1/n, the last 1
        x = np.column_stack(
            [np.ones(slots), t, t**2, *(f(2 * np.pi * w * t) for f in (np.cos, np.sin) for w in (1, 2, 3, 4))]
        )
        used = regular & (np.arange(slots) != 7)
        fitted = np.exp(x @ sm.OLS(log[used], x[used]).fit().params)
        fitted[0] = np.exp(log[0])  # the night keeps its own
        found = pattern(z[None], regular, "fourier")[0]
        np.testing.assert_allclose(found, fitted / np.sqrt(np.mean(fitted[1:] ** 2)), rtol=1e-7)

    def test_a_night_with_few_values_stands_at_one_standard_deviation_of_the_others_unit(self):
        """ln|z| of a standard normal has the mean -0.6352, so that exp(mean + 0.6352) is its standard deviation."""
        rng = np.random.default_rng(9)
        curve = np.exp(rng.normal(0, 0.1, 15))
        quantiles = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
        z = 3.0 * curve[:, None] * quantiles
        z[0, 10:] = np.nan
        regular = np.arange(15) > 0
        found = pattern(z, regular, "fourier")
        t = np.cumsum(regular) / 14
        x = np.column_stack(
            [np.ones(15), t, t**2, *(f(2 * np.pi * w * t) for f in (np.cos, np.sin) for w in (1, 2, 3, 4))]
        )
        fitted = np.exp(x[1:] @ sm.OLS(np.log(3.0 * curve[1:]), x[1:]).fit().params)
        assert found[0] == pytest.approx(1 / np.sqrt(np.mean(fitted**2)), rel=1e-3)  # 4000 quantiles for a normal

    def test_with_no_more_slots_than_terms_the_fourier_form_is_each_slot_s_own(self):
        rng = np.random.default_rng(6)
        for slots, smooth in ((11, False), (12, True)):
            z = rng.standard_normal((slots, 25))
            log = np.exp(np.log(np.abs(z)).mean(axis=1))
            found = pattern(z, np.ones(slots, dtype=bool), "fourier")
            same = np.allclose(found, log / np.sqrt(np.mean(log**2)))
            assert same != smooth

    def test_eleven_terms_need_twelve_slots_that_are_known(self):
        """Of twelve slots one has too few values: no curve, each its own, and that one at one unit."""
        rng = np.random.default_rng(11)
        z = 2.0 * rng.standard_normal((12, 25))
        z[4, 19:] = np.nan
        own = np.exp(np.nanmean(np.log(np.abs(z)), axis=1) + 0.6351814227307391)
        own[4] = 1.0
        found = pattern(z, np.ones(12, dtype=bool), "fourier")
        np.testing.assert_allclose(found, own / np.sqrt(np.mean(own**2)), rtol=CLOSE)

    def test_level_and_pattern_are_estimated_in_turn_three_times(self):
        rng = np.random.default_rng(7)
        e = rng.standard_normal((2, 6, 30)) * np.array([3.0, 1, 1, 0.5, 1, 2])[:, None]
        regular = np.ones(6, dtype=bool)
        phi = np.ones((2, 6))
        for turn in range(1, 5):
            phi = pattern(e / day_level(e, phi, regular)[:, None, :], regular)
            level, found = level_and_pattern(e, regular, times=turn)
            np.testing.assert_allclose(found, phi)
            np.testing.assert_allclose(level, day_level(e, phi, regular))
            if turn == 3:
                np.testing.assert_allclose(level_and_pattern(e, regular)[1], phi)
        begun = level_and_pattern(e, regular, phi=phi, times=0)
        np.testing.assert_allclose(begun[1], phi)


def sessions_of(clock, returns, series, free=None):
    free = np.ones((1, clock.days), dtype=bool) if free is None else free
    return Sessions(clock, clock.spread(returns), None if series is None else clock.spread(series), free)


class TestBase:
    def test_the_newest_free_sessions_before_a_session_are_its_past(self):
        free = np.array([[1, 0, 1, 1, 0, 1, 1, 1]], dtype=bool)
        assert chosen_days(free, 6, 3, 99).tolist() == [2, 3, 5]
        assert chosen_days(free, 7, 30, 99).tolist() == [0, 2, 3, 5, 6]
        assert chosen_days(free, 0, 3, 99).tolist() == []
        two = np.array([[1, 0, 1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 1, 0, 1, 1]], dtype=bool)
        assert chosen_days(two, 6, 4, 99).tolist() == [[2, 3, 4, 5], [99, 0, 3, 4]]
        assert chosen_days(two, 1, 4, 99).tolist() == [0]  # until there they are the same
        assert chosen_days(two, 6, 1, 99).tolist() == [[5], [4]]

    def test_sessions_of_unusual_hours_are_no_past(self):
        clock = clock_of(6, half=(2,))
        free = np.ones((2, 6), dtype=bool)
        free[1, 4] = False
        held = sessions_of(clock, *returns_on(clock, 2), free)
        assert held.of_security(np.array([1, 0])).tolist() == [
            [True, True, False, True, False, True],
            [True, True, False, True, True, True],
        ]
        shared = sessions_of(clock, *returns_on(clock, 2), free[:1])
        assert shared.of_security(np.array([1, 0])).tolist() == [[True, True, False, True, True, True]]

    @pytest.mark.parametrize("own", [False, True])
    def test_designs_and_responses_by_security_and_session(self, own):
        clock = clock_of(7)
        returns, market = returns_on(clock)
        series = np.stack([market, 2 * market, 3 * market]) if own else market
        held = sessions_of(clock, returns, series)
        rows = np.array([2, 0])
        for days in (np.array([1, 4, 5]), np.array([[1, 4, 5], [0, 6, 7]])):
            x, y = held.design(rows, days), held.response_on(rows, days)
            for i, row in enumerate(rows):
                for j, day in enumerate(days if days.ndim == 1 else days[i]):
                    at = 0 if len(x) == 1 else i
                    for slot in range(K):
                        bar = day * K + slot if day < 7 else None  # the seventh session is the empty one
                        np.testing.assert_equal(x[at, 0, slot, j], 1.0)
                        expected = np.nan if bar is None else (series[row, 0, bar] if own else series[0, bar])
                        np.testing.assert_equal(x[at, 1, slot, j], expected)
                        np.testing.assert_equal(y[i, slot, j], np.nan if bar is None else returns[row, bar])
        pair = np.stack([market[0], -market[0]])
        both = np.stack([pair, 2 * pair, 3 * pair]) if own else pair
        x = sessions_of(clock, returns, both).design(rows, np.array([1, 4, 5]))
        assert x.shape == (2 if own else 1, 3, K, 3)
        np.testing.assert_array_equal(x[0, 1], -x[0, 2])
        assert (x[:, 0] == 1).all()
        plain = sessions_of(clock, returns, None).design(rows, np.array([1, 4, 5]))
        assert plain.shape == (1, 1, K, 3)
        assert (plain == 1).all()

    def test_the_level_of_past_sessions_fades_by_a_fifth_a_session(self):
        found = _ewma(np.array([[4.0, np.nan, 1.0], [1.0, 2.0, 3.0], [np.nan, np.nan, np.nan]]))
        np.testing.assert_allclose(found, [(0.64 * 4 + 1) / 1.64, (0.64 + 1.6 + 3) / 2.44, np.nan])
        assert np.isnan(_ewma(np.empty((1, 0)))).all()

    def test_weighted_normal_equations_and_designs_that_do_not_span(self):
        rng = np.random.default_rng(8)
        x = np.stack([np.ones((3, 4, 6)), 0.01 * rng.standard_normal((3, 4, 6))], axis=1)
        x[1, 1] = 0.02  # no variation
        y, weight = rng.standard_normal((3, 4, 6)), rng.uniform(0, 2, (3, 4, 6))
        weight[2] = 0.0  # nothing usable
        coef, factor = _solve(y, x, weight)
        wls = sm.WLS(y[0].ravel(), x[0].reshape(2, -1).T, weights=weight[0].ravel()).fit()
        np.testing.assert_allclose(coef[0], wls.params, rtol=CLOSE)
        np.testing.assert_allclose(factor[0].T @ factor[0], wls.normalized_cov_params, rtol=CLOSE)
        assert np.isnan(coef[1:]).all()
        assert np.isnan(factor[1:]).all()
        shared, _ = _solve(y[:1].repeat(2, axis=0), x[:1], weight[:1].repeat(2, axis=0))
        np.testing.assert_allclose(shared, [wls.params] * 2, rtol=CLOSE)

    @pytest.mark.parametrize("mean", ["one", "clock"])
    def test_the_base_of_a_session_step_by_step(self, mean):
        """Market model, the night beside the trading hours, holes: ordinary, then weighted least squares; pattern, levels, returns."""
        clock = clock_of(50, half=(30,), lacking=[(12, 3)])
        returns, market = returns_on(clock, 2)
        returns[0, [60, 61, 100]] = np.nan
        market[0, 140] = np.nan
        held = sessions_of(clock, returns, market)
        model = IntradayModel(base=MarketModel("m"), days=25, mean=mean)
        targets = np.array([44, 46])
        fit = fit_base(held, model, np.array([1, 0]), 43, targets)
        days = [d for d in range(43) if d != 30][-25:]
        regular = clock.regular
        for place, row in enumerate([1, 0]):
            y, x = held.response[row][:, days], held.series[0][:, days]
            use = np.isfinite(y) & np.isfinite(x)
            design = sm.add_constant(x[use])
            ols = sm.OLS(y[use], design).fit().params
            e = np.where(use, y - ols[0] - ols[1] * x, np.nan)
            v, phi = level_and_pattern(e, regular, times=1)
            weight = 1 / (phi[:, None] * v) ** 2
            wls = sm.WLS(y[use], design, weights=weight[use]).fit()
            e = np.where(use, y - wls.params[0] - wls.params[1] * x, np.nan)
            average = np.nanmean(e, axis=1) if mean == "clock" else np.zeros(K)
            _, phi = level_and_pattern(e - average[:, None], regular, phi=phi)
            later = held.response[row] - wls.params[0] - wls.params[1] * held.series[0] - average[:, None]
            square = day_level(later, phi, regular) ** 2
            for number, target in enumerate(targets):
                at = number * 2 + place
                np.testing.assert_allclose(fit.coef[at], wls.params, rtol=1e-8)
                np.testing.assert_allclose(fit.factor[at].T @ fit.factor[at], wls.normalized_cov_params, rtol=1e-7)
                np.testing.assert_allclose(fit.phi[at], phi, rtol=1e-8)
                np.testing.assert_allclose(fit.mean[at], average, atol=1e-12)
                np.testing.assert_allclose(fit.ar[at], later[:, target], rtol=1e-7, atol=1e-12)
                past = square[target - 20 : target]
                fade = 0.8 ** np.arange(20)[::-1]
                there = np.isfinite(past)
                np.testing.assert_allclose(fit.level2[at], (fade[there] @ past[there]) / fade[there].sum(), rtol=1e-8)
                assert (fit.bars[at], fit.sessions[at]) == (use.sum(), 25)

    def test_the_level_before_an_early_session_is_of_the_sessions_there_are(self):
        clock = clock_of(12, night=False)
        returns, _ = returns_on(clock, 1)
        held = sessions_of(clock, returns, None)
        fit = fit_base(held, IntradayModel(base=MeanAdjusted()), np.array([0]), 6, np.array([6, 9]))
        for at, target in enumerate((6, 9)):
            square = day_level(held.response[0] - fit.coef[0, 0], fit.phi[0], clock.regular)[:target] ** 2
            fade = 0.8 ** np.arange(target)[::-1]
            np.testing.assert_allclose(fit.level2[at], fade @ square / fade.sum(), rtol=CLOSE)

    def test_a_market_adjusted_return_keeps_its_mean_and_has_no_forecast_error(self):
        clock = clock_of(60, night=False)
        returns, market = returns_on(clock, 1)
        adjusted = returns - market
        held = sessions_of(clock, adjusted, None)
        model = IntradayModel(base=MarketAdjusted("m"), days=40)
        fit = fit_base(held, model, np.array([0]), 55, np.array([55]))
        np.testing.assert_allclose(fit.ar[0], adjusted[0, 55 * K : 56 * K], rtol=CLOSE)
        assert fit.coef.tolist() == [[0.0]]
        assert fit.factor.tolist() == [[[0.0]]]
        flat = sessions_of(clock, np.full_like(returns, np.nan), None)
        none = fit_base(flat, model, np.array([0]), 55, np.array([55]))
        assert np.isnan(none.coef).all()
        assert none.sessions.tolist() == [0]

    @pytest.mark.parametrize("own_days", [False, True])
    def test_a_base_with_an_estimator_of_its_own_sees_sessions_end_to_end(self, own_days):
        """Theil and Sen on the bars of the sessions that are free for all."""
        clock = clock_of(50)
        returns, market = returns_on(clock, 2)
        free = np.ones((2, 50), dtype=bool)
        if own_days:
            free[0, [40, 41]] = free[1, 20] = False
        held = sessions_of(clock, returns, market, free if own_days else free[:1])
        model = IntradayModel(base=RobustMarketModel("m", method="theil-sen"), days=30)
        fit = fit_base(held, model, np.array([0, 1]), 48, np.array([48]))
        # each has thirty, from session 16 and from 17 on
        days = np.setdiff1d(np.arange(17, 48), [20, 40, 41]) if own_days else np.arange(18, 48)
        for row in range(2):
            slope, level, *_ = stats.theilslopes(held.response[row][:, days].ravel(), held.series[0][:, days].ravel())
            expected = held.response[row][:, 48] - level - slope * held.series[0][:, 48]
            np.testing.assert_allclose(fit.ar[row], expected, rtol=1e-8)
            e = held.response[row][:, days] - level - slope * held.series[0][:, days]
            np.testing.assert_allclose(fit.phi[row], level_and_pattern(e, clock.regular)[1], rtol=1e-8)
        assert fit.coef.tolist() == [[0.0, 0.0]] * 2
        assert not fit.factor.any()
        assert fit.sessions.tolist() == [days.size] * 2


def fits_of(clock, returns, series=None, base=None, free=None, **options):
    base = MeanAdjusted() if base is None else base
    return DayFits.empty(sessions_of(clock, returns, series, free), IntradayModel(base=base, **{"days": 20, **options}))


class TestDayFits:
    @pytest.mark.parametrize("renew", ["day", "week"])
    def test_each_fit_is_made_once_and_is_that_of_its_session_alone(self, renew):
        clock = clock_of(40)
        returns, market = returns_on(clock, 3)
        together = fits_of(clock, returns, market, MarketModel("m"), renew=renew)
        asked = [(0, 31), (2, 33), (0, 33), (1, 36), (0, 38), (1, 38)]  # two weeks
        first = together.rows(*np.array(asked).T)
        assert len(set(first.tolist())) == len(asked)
        more = together.rows(np.array([2, 1, 1, 0]), np.array([33, 30, 36, 31]))
        assert more[[0, 2, 3]].tolist() == first[[1, 3, 0]].tolist()
        held = together.held
        assert len(held["level2"]) == (
            9 if renew == "week" else 7
        )  # a week is estimated for all of its securities and days
        for (security, day), row in zip([*asked, (1, 30)], [*first, more[1]], strict=True):
            origin = day if renew == "day" else day // 5 * 5
            alone = fit_base(together.sessions, together.model, np.array([security]), origin, np.array([day]))
            for name in ("ar", "phi", "coef", "factor", "level2", "bars", "sessions", "mean"):
                np.testing.assert_allclose(held[name][row], getattr(alone, name)[0], rtol=CLOSE, atol=1e-15)

    def test_many_sessions_are_estimated_beside_each_other_with_the_same_numbers(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 70)  # more securities than are estimated at once
        beside = fits_of(clock, returns)
        days = np.arange(30, 42)
        who, when = (part.ravel() for part in np.meshgrid(np.arange(70), days))
        rows = beside.rows(who, when)
        assert sorted(rows.tolist()) == list(range(rows.size))
        alone = fits_of(clock, returns)
        for at in (0, 63, 64, 69, 70 * 11 + 64):
            row = alone.rows(who[at : at + 1], when[at : at + 1])[0]
            for name in ("ar", "phi", "level", "coef"):
                np.testing.assert_allclose(beside.held[name][rows[at]], alone.held[name][row], rtol=CLOSE)

    def test_the_level_before_a_slot_knows_past_sessions_and_the_regular_bars_before_it(self):
        clock = clock_of(40)
        returns, _ = returns_on(clock, 1)
        returns[0, 35 * K + 2] = np.nan
        fits = fits_of(clock, returns)
        row = fits.rows(np.array([0]), np.array([35]))[0]
        held = fits.held
        square = (held["ar"][row] / held["phi"][row]) ** 2
        before = {0: [], 1: [], 2: [1], 3: [1], 4: [1, 3]}  # the night does not count, nor does the hole
        for slot, there in before.items():
            expected = (20 * held["level2"][row] + sum(square[s] for s in there)) / (20 + len(there))
            np.testing.assert_allclose(held["level"][row, slot], np.sqrt(expected), rtol=CLOSE)

    def test_a_fit_is_enough_with_as_many_sessions_as_the_model_asks_for_and_a_level(self):
        clock = clock_of(60)
        returns, market = returns_on(clock, 3)
        returns[1] = 0.0  # never moves
        market_of_two = np.stack([market, market, np.full_like(market, 0.01)])
        fits = fits_of(clock, returns, market_of_two, MarketModel("m"))
        rows = fits.rows(np.array([0, 0, 1, 2]), np.array([19, 20, 50, 50]))
        assert fits.enough(rows).tolist() == [False, True, False, False]
        assert fits_of(clock, returns).model.least == 20
        assert IntradayModel(base=MeanAdjusted(), days=50).least == 40

    def test_a_score_is_the_sum_over_the_level_and_the_root_of_the_pattern(self):
        clock = clock_of(40)
        returns, _ = returns_on(clock, 2)
        returns[0, 35 * K + 3] = np.nan
        fits = fits_of(clock, returns)
        rows = fits.rows(np.array([0, 1, 0, 1]), np.array([35, 35, 36, 10]))
        slots = np.array([[2, 3, 4], [2, 3, 4], [4, -1, -1], [2, 3, 4]])
        start = np.array([2, 1, 4, 2])
        total, scale2, level = fits.parts(rows, slots, start)
        for at, used in enumerate([[2, 4], [2, 3, 4], [4]]):
            held = {name: values[rows[at]] for name, values in fits.held.items()}
            np.testing.assert_allclose(total[at], sum(held["ar"][s] for s in used), rtol=CLOSE)
            np.testing.assert_allclose(scale2[at], sum(held["phi"][s] ** 2 for s in used), rtol=CLOSE)
            assert level[at] == held["level"][start[at]]
        expected = total / (level * np.sqrt(scale2))
        expected[3] = np.nan  # ten sessions are too few
        np.testing.assert_allclose(fits.scores(rows, slots, start), expected, rtol=CLOSE)
        nothing = fits.scores(rows[:1], np.array([[-1, 3, -1]]), start[:1])
        assert np.isnan(nothing).all()
        held = {name: values[rows[1]] for name, values in fits.held.items()}
        for slots in ([0, 1], [3, -1]):  # the night too; a calm slot alone
            used = [slot for slot in slots if slot >= 0]
            scale = held["level"][0] * np.sqrt((held["phi"][used] ** 2).sum())
            found = fits.scores(rows[1:2], np.array([slots]), np.array([0]))
            np.testing.assert_allclose(found, held["ar"][used].sum() / scale, rtol=CLOSE)


def inside_of(fits, security, day, slot, begin=0, *, to_close=True):
    clock = fits.sessions.clock
    day0 = np.array([clock.place()[d, s] for d, s in zip(day, slot, strict=True)])
    return Inside(fits, np.array(security), day0, begin, to_close)


class TestInside:
    def test_slots_of_a_window_end_with_the_session_and_with_the_data(self):
        clock = clock_of(40, lacking=[(20, 3)])
        inside = inside_of(fits_of(clock, returns_on(clock)[0]), [0, 1, 0, 0], [0, 20, 39, 30], [0, 2, 3, 4])
        assert inside.session.tolist() == [0, 20, 39, 30]
        assert inside.slots(-1, 2).tolist() == [[-1, 0, 1, 2], [1, 2, 4, -1], [2, 3, 4, -1], [3, 4, -1, -1]]
        assert inside.take(np.array([2, 0])).slots(0, 1).tolist() == [[3, 4], [0, 1]]
        assert inside.take(np.array([2, 0])).security.tolist() == [0, 0]

    @pytest.mark.parametrize(("begin", "start"), [(0, [0, 2, 4]), (-1, [0, 1, 3]), (-9, [0, 0, 0])])
    def test_the_level_was_known_before_the_window_or_the_session_began(self, begin, start):
        clock = clock_of(40)
        inside = inside_of(fits_of(clock, returns_on(clock)[0]), [0, 0, 1], [30, 31, 31], [0, 2, 4], begin)
        assert inside.start().tolist() == start

    @pytest.mark.parametrize("shared", [True, False])
    def test_placebo_sessions_are_the_newest_that_are_free_for_everybody_of_the_day(self, shared):
        clock = clock_of(40, half=(33,))
        returns, _ = returns_on(clock)
        free = np.ones((1 if shared else 3, 40), dtype=bool)
        free[0, 34] = False
        free[-1, 30] = False
        inside = inside_of(fits_of(clock, returns, free=free), [0, 2, 1], [36, 36, 24], [2, 2, 2])
        usual = [d for d in range(20, 36) if d not in (30, 33, 34)]  # the first twenty free sessions have no past
        assert inside.placebo_days(5).tolist() == [usual[::-1][:5]] * 2 + [[23, 22, 21, 20, -1]]
        assert inside.placebo_days().shape == (3, 60)
        assert (inside.placebo_days()[0] >= 0).sum() == len(usual)
        alone = inside.take(np.array([1])).placebo_days(5).tolist()  # who is asked alone has only its own events
        assert alone == ([usual[::-1][:5]] if shared else [[35, 34, 32, 31, 29]])

    @pytest.mark.parametrize("shared", [True, False])
    def test_neighbours_are_the_sessions_beside_that_are_free(self, shared):
        clock = clock_of(40, half=(21,))
        free = np.ones((1 if shared else 2, 40), dtype=bool)
        free[0, 30] = False
        inside = inside_of(
            fits_of(clock, returns_on(clock, 2)[0], free=free), [0, 1, 0, 1, 0], [29, 31, 0, 39, 20], [2] * 5
        )
        assert inside.neighbours().tolist() == [[28, -1], [-1 if shared else 30, 32], [-1, 1], [38, -1], [19, -1]]

    def test_the_first_and_the_last_session_are_neighbours_like_others(self):
        clock = clock_of(40, half=(0, 39))
        inside = inside_of(fits_of(clock, returns_on(clock, 2)[0]), [0, 0, 0], [1, 38, 20], [2] * 3)
        assert inside.neighbours().tolist() == [[-1, 2], [37, -1], [19, 21]]
        clock = clock_of(40, half=(1, 38))
        inside = inside_of(fits_of(clock, returns_on(clock, 2)[0]), [0, 0], [1, 38], [2] * 2)
        assert inside.neighbours().tolist() == [[0, 2], [37, 39]]

    def test_many_sessions_are_scored_piece_by_piece(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 3)
        inside = inside_of(fits_of(clock, returns), [0, 1, 2], [40, 41, 42], [2, 3, 1])
        few = np.array([[39, 38], [-1, 37], [36, -1]])
        many = np.full((3, 150_000), -1)  # a row at a time
        many[:, [7, 149_999]] = few
        expected = inside.scores_on(few, 0, 1)
        found = inside.scores_on(many, 0, 1)
        np.testing.assert_array_equal(found[:, [7, 149_999]], expected)
        assert np.isfinite(found).sum() == 4

    def test_an_event_without_placebo_sessions_has_no_path_of_theirs(self):
        clock = clock_of(45)
        inside = inside_of(fits_of(clock, returns_on(clock)[0]), [0], [20], [2])
        assert np.isnan(inside.placebo_paths(0, 2)).all()

    def test_the_bars_before_an_event_reach_back_by_the_root_of_a_year_s_bars(self):
        """Lee and Mykland: of seven bars a session the root of 252 times 7 is 42."""
        day, slot = np.divmod(np.arange(45 * 7), 7)
        clock = Clock(day, slot, np.ones(7, dtype=bool), np.zeros(45, dtype=bool), 30.0, np.arange(45), np.arange(7))
        returns = 0.01 * np.random.default_rng(12).standard_normal((1, 45 * 7))
        record = inside_of(fits_of(clock, returns), [0], [40], [2]).record(0, 1)
        assert (record.session_bars, record.past.shape) == (7, (1, 42))

    def test_scores_on_other_sessions_are_those_of_their_own_fits(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 2)
        fits = fits_of(clock, returns)
        inside = inside_of(fits, [0, 1], [40, 41], [2, 3], -1)
        days = np.array([[39, -1, 25], [10, 30, -1]])
        found = inside.scores_on(days, 0, 1)
        for i, (slots, start) in enumerate([([2, 3], 1), ([3, 4], 2)]):
            for j, day in enumerate(days[i]):
                if day < 20:  # none, or with too little past
                    assert np.isnan(found[i, j])
                    continue
                own = fits_of(clock, returns)
                row = own.rows(np.array([i]), np.array([day]))
                np.testing.assert_allclose(
                    found[i, j], own.scores(row, np.array([slots]), np.array([start]))[0], rtol=CLOSE
                )
        assert inside.scores_on(np.empty((2, 0), dtype=np.int64), 0, 1).shape == (2, 0)

    def test_placebo_paths_are_returns_in_levels_of_their_own_day_times_that_of_the_event(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 2)
        returns[0, 38 * K + 3] = np.nan
        fits = fits_of(clock, returns)
        inside = inside_of(fits, [0], [40], [3])
        path = inside.placebo_paths(0, 2)
        assert path.shape == (1, 60, 3)
        own = fits.held["level"][inside.own_rows()[0], 3]
        for back in (1, 2, 20):
            row = fits.rows(np.array([0]), np.array([40 - back]))[0]
            ar = fits.held["ar"][row]
            expected = [ar[3] * own / fits.held["level"][row, 3], ar[4] * own / fits.held["level"][row, 3], np.nan]
            np.testing.assert_allclose(path[0, back - 1], expected, rtol=CLOSE)
        assert np.isnan(path[0, 20:]).all()  # sessions 20 to 39 are twenty
        night = inside_of(fits, [1], [40], [0]).placebo_paths(0, 1)
        assert np.isfinite(night[0, :20]).all()

    @pytest.mark.parametrize("own", [False, True])
    def test_scaled_returns_are_in_units_of_the_pattern_and_leave_the_night_out(self, own):
        clock = clock_of(45)
        returns, market = returns_on(clock, 2)
        each = np.stack([market, 2 * market])
        for series in (market, each):
            fits = fits_of(clock, returns, series, MarketModel("m"), mean="clock")
            inside = inside_of(fits, [1], [44], [3])
            row = inside.own_rows()[0]
            held = {name: values[row] for name, values in fits.held.items()}
            found = inside.scaled(-9, 3, **({"own": True} if own else {}))[0]
            mine = series[0] if series is market else series[1, 0]
            for at, relative in enumerate(range(-9, 4)):
                bar = 44 * K + 3 + relative
                slot = bar % K
                if bar >= 45 * K or slot == 0 or (own and bar // K != 44):
                    assert np.isnan(found[at])
                    continue
                ar = returns[1, bar] - held["coef"][0] - held["coef"][1] * mine[bar] - held["mean"][slot]
                np.testing.assert_allclose(found[at], ar / held["phi"][slot], rtol=1e-8)

    def test_the_record_of_one_event_has_its_surroundings_and_that_of_several_has_not(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 2)
        fits = fits_of(clock, returns)
        one = inside_of(fits, [0], [40], [2]).record(0, 1)
        reach = int(np.ceil(np.sqrt(252 * 4)))  # four bars a session: 31.7
        assert one.session_bars == 4
        assert one.past.shape == (1, reach)
        assert (one.around.shape, one.within.shape) == ((1, 30), (1, 2))
        inside = inside_of(fits, [0], [40], [2])
        np.testing.assert_array_equal(one.past, inside.scaled(-32, -1))
        np.testing.assert_array_equal(one.around, inside.scaled(-15, 14, own=True))
        np.testing.assert_array_equal(one.within, inside.scaled(0, 1))
        row = inside.own_rows()
        total, scale2, level = fits.parts(row, np.array([[2, 3]]), np.array([2]))
        np.testing.assert_allclose(one.scale, level * np.sqrt(scale2), rtol=CLOSE)
        np.testing.assert_allclose(one.score, total / one.scale, rtol=CLOSE)
        assert one.session.tolist() == [20040]
        days = inside.placebo_days()
        assert one.day[0, :20].tolist() == [20000 + d for d in days[0, :20]]
        assert (one.day[0, 20:] == -1).all()
        np.testing.assert_array_equal(one.placebo, inside.scores_on(days, 0, 1))
        beside = inside.scores_on(np.array([[39, 41]]), 0, 1)
        np.testing.assert_array_equal([one.before[0], one.after[0]], beside[0])
        two = inside_of(fits, [0, 1], [40, 40], [2, 2]).record(0, 1)
        assert (two.past.shape, two.around.shape, two.within.shape) == ((2, 0), (2, 0), (2, 0))
        np.testing.assert_allclose(two.score[0], one.score[0], rtol=CLOSE)


def study(clock, returns, series, base, events, window=(0, 1), free=None, **options):
    security, day, slot = np.array(events).T
    return estimate_intraday(
        returns, series, clock=clock, security=security, day0=clock.place()[day, slot], window=window,
        model=IntradayModel(base=base, **{"days": 20, **options}),
        free=np.ones((1, clock.days), dtype=bool) if free is None else free,
    )  # fmt: skip


class TestEstimate:
    @pytest.mark.parametrize("own", [False, True])
    def test_abnormal_returns_variances_and_degrees_of_freedom_of_each_event(self, own):
        clock = clock_of(45)
        returns, market = returns_on(clock, 4)
        series = np.stack([market * (1 + s) for s in range(4)]) if own else market
        events = [(3, 40, 2), (1, 40, 4), (3, 41, 0)]
        fitted = study(clock, returns, series, MarketModel("m"), events, window=(-1, 1))
        assert fitted.status.tolist() == [0, 0, 0]
        for i, (security, day, slot) in enumerate(events):
            mine = series[security] if own else series
            held = sessions_of(clock, returns[security : security + 1], mine)
            fit = fit_base(held, fitted.model, np.array([0]), day, np.array([day]))
            levels = DayFits.empty(held, fitted.model)
            row = levels.rows(np.array([0]), np.array([day]))[0]
            before = max(slot - 1, 0)
            level = levels.held["level"][row, before]
            np.testing.assert_allclose(fitted.sigma[i], level, rtol=CLOSE)
            for at, s in enumerate(range(slot - 1, slot + 2)):
                if not 0 <= s < K:
                    assert np.isnan(fitted.ar[i, at])
                    assert np.isnan(fitted.variance[i, at])
                    continue
                np.testing.assert_allclose(fitted.ar[i, at], fit.ar[0, s], rtol=1e-8)
                np.testing.assert_allclose(fitted.variance[i, at], (level * fit.phi[0, s]) ** 2, rtol=1e-8)
            bars = [(day, s) for s in range(slot - 1, slot + 2) if 0 <= s < K]
            x = sum(np.array([1.0, mine[0, clock.place()[d, s]]]) for d, s in bars)
            variance = sum((level * fit.phi[0, s]) ** 2 for _, s in bars)
            expected = variance + ((fit.factor[0] @ x) ** 2).sum()
            car, error, count = fitted.car(-1, 1)
            np.testing.assert_allclose([car[i], error[i] ** 2], [np.nansum(fitted.ar[i]), expected], rtol=1e-8)
            assert count[i] == len(bars)
            assert (fitted.m[i], fitted.df[i]) == (20, 20 * K - 2)

    def test_the_record_of_the_clock_is_made_where_estimation_windows_are_asked_for(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 2)
        fitted = study(clock, returns, market, MarketModel("m"), [(0, 40, 2), (1, 40, 2)], window=(-1, 1))
        plain, whole = fitted.sample(0, 1), fitted.sample(0, 1, estimation=True)
        assert (plain.clock, plain.estimation, whole.estimation) == (None, None, None)
        np.testing.assert_array_equal(whole.clock.score, fitted.inside.record(0, 1).score)
        assert plain.within_day
        assert plain.study_first == whole.study_first == -1
        assert plain.study_ar is None
        np.testing.assert_array_equal(whole.study_ar, fitted.ar)

    def test_a_market_adjusted_base_subtracts_the_market_only(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 1)
        market[0, 40 * K + 3] = np.nan
        fitted = study(clock, returns, market, MarketAdjusted("m"), [(0, 40, 2)], window=(0, 2))
        np.testing.assert_allclose(fitted.ar[0], (returns - market)[0, 40 * K + 2 : 40 * K + 5], rtol=CLOSE)
        assert np.isnan(fitted.ar[0, 1])

    def test_a_regressor_that_is_missing_leaves_its_bar_out(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 1)
        market[0, 40 * K + 3] = np.inf  # as good as missing
        fitted = study(clock, returns, market, MarketModel("m"), [(0, 40, 2)], window=(0, 2))
        assert np.isnan(fitted.ar[0]).tolist() == [False, True, False]
        assert np.isnan(fitted.variance[0]).tolist() == [False, True, False]

    def test_a_window_over_night_sums_the_next_session_by_the_same_base(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 2)
        for base, series in ((MarketModel("m"), market), (MeanAdjusted(), None)):
            fitted = study(
                clock, returns, series, base, [(1, 44, 4), (1, 40, 3)], (0, 3), overnight="continue", mean="clock"
            )
            held = {name: values[fitted.inside.own_rows()[1]] for name, values in fitted.inside.fits.held.items()}
            bars = 40 * K + 3 + np.arange(4)
            beta = 0 if series is None else held["coef"][1] * market[0, bars]
            expected = returns[1, bars] - held["coef"][0] - beta - held["mean"][bars % K]
            np.testing.assert_allclose(fitted.ar[1], expected, rtol=1e-8)
            assert np.isnan(fitted.ar[0]).tolist() == [False, True, True, True]  # the data end
            held = {name: values[fitted.inside.own_rows()[0]] for name, values in fitted.inside.fits.held.items()}
            np.testing.assert_allclose(fitted.ar[0, 0], held["ar"][4], rtol=CLOSE)

    def test_the_fate_of_events_that_cannot_be_studied(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 4)
        returns[0, 40 * K + 2 : 40 * K + 4] = np.nan
        each = np.stack([market, market, np.full_like(market, 0.01), market])
        returns[3] = 0.0
        events = [(0, 40, 2), (1, 19, 2), (1, 20, 2), (2, 40, 2), (3, 40, 2)]
        fitted = study(clock, returns, each, MarketModel("m"), events)
        none, few, rank = Exclusion.NO_RETURNS_IN_WINDOW, Exclusion.TOO_FEW_BARS, Exclusion.RANK_DEFICIENT
        assert fitted.status.tolist() == [none, few, 0, rank, rank]  # a market, or a security, that never moves
        assert fitted.m.tolist() == [20, 19, 20, 20, 20]
        assert not fitted.degenerate.any()
        assert np.isnan(fitted.sigma[[0, 1, 3, 4]]).all()
        assert np.isnan(fitted.ar[[0, 1, 3, 4]]).all()
        assert not fitted.fallback.any()

    def test_a_security_that_never_moves_has_no_scale(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 2)
        returns[0] = market[0]
        fitted = study(clock, returns, market, MarketAdjusted("m"), [(0, 40, 2), (1, 40, 2)])
        assert fitted.status[1] == 0
        assert fitted.degenerate.tolist() == [fitted.status[0] == 0, False]

    def test_a_wild_return_is_kept_and_marked(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 2)
        returns[1, 40 * K + 2] = -30.0
        returns[1, 41 * K + 3] = 30.0
        fitted = study(clock, returns, None, MeanAdjusted(), [(0, 40, 2), (1, 40, 2), (1, 41, 2)])
        assert fitted.suspect.tolist() == [False, True, True]

    def test_a_study_without_events_has_tables_without_rows(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 2)
        none = np.empty(0, dtype=np.int64)
        fitted = estimate_intraday(returns, market, clock=clock, security=none, day0=none, window=(0, 2),
                                   model=IntradayModel(base=MarketModel("m")), free=np.ones((1, 45), dtype=bool))  # fmt: skip
        assert (fitted.ar.shape, fitted.status.shape, fitted.sigma.shape) == ((0, 3), (0,), (0,))
        assert [one.shape for one in fitted.car(0, 1)] == [(0,)] * 3
        assert (fitted.coef.shape, fitted.coordinates.mix.shape, fitted.coordinates.ahead.shape) == (
            (0, 2), (0, 2, 2), (0, 2, 3))  # fmt: skip
        nobody = estimate_intraday(returns[:0], market, clock=clock, security=none, day0=none, window=(0, 2),
                                   model=IntradayModel(base=MarketModel("m")), free=np.ones((1, 45), dtype=bool))  # fmt: skip
        assert nobody.ar.shape == (0, 3)

    def test_the_level_of_a_window_that_begins_before_the_moment_was_known_before_the_window(self):
        clock = clock_of(45)
        returns, _ = returns_on(clock, 1)
        late = study(clock, returns, None, MeanAdjusted(), [(0, 40, 3)], window=(1, 1))
        early = study(clock, returns, None, MeanAdjusted(), [(0, 40, 4)], window=(-2, 0))
        held = early.inside.fits.held
        assert (early.sigma[0], late.sigma[0]) == (held["level"][0, 2], late.inside.fits.held["level"][0, 3])
        assert early.inputs.estimation == (-3, -3)

    def test_only_events_of_a_security_s_own_take_sessions_out(self):
        clock = clock_of(45)
        returns, market = returns_on(clock, 3)
        free = np.ones((3, 45), dtype=bool)
        free[0, 30] = free[2, 35] = False
        apart = study(clock, returns, market, MarketModel("m"), [(2, 40, 2), (0, 40, 2)], free=free)
        for i, (security, gone) in enumerate([(2, 35), (0, 30)]):
            one = np.ones((1, 45), dtype=bool)
            one[0, gone] = False
            alone = study(clock, returns, market, MarketModel("m"), [(security, 40, 2)], free=one)
            np.testing.assert_allclose(apart.ar[i], alone.ar[0], rtol=1e-8)
            np.testing.assert_allclose(apart.sigma[i], alone.sigma[0], rtol=1e-8)
