"""Tests of the clock on a few scores written down by hand: each draw, pair and side by a loop."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import ClockRecord
from eventstudy.errors import StudyError
from eventstudy.inference import TESTS, run, sample_of
from eventstudy.inference.intraday.clock_tests import _widened, matched_clock, placebo_pvalues
from eventstudy.inference.intraday.moment import bugni_li_li, cramer_von_mises, gumbel, jump_scores

RTOL = 1e-10  # a few sums


def sample(score, session, placebo, *, car=None, scale=None, day=None, before=None, after=None, **one):
    """A sample with a clock record of its own; nothing of one event alone but what is given."""
    score, placebo = np.asarray(score, dtype=float), np.asarray(placebo, dtype=float)
    n = score.size
    none = np.full(n, np.nan)
    record = {
        "score": score,
        "session": np.asarray(session),
        "placebo": placebo,
        "day": np.arange(placebo.size).reshape(placebo.shape) if day is None else np.asarray(day),
        "before": none if before is None else np.asarray(before),
        "after": none if after is None else np.asarray(after),
        "scale": np.full(n, 0.01) if scale is None else np.asarray(scale),
        "past": np.empty((n, 0)),
        "around": np.empty((n, 0)),
        "within": np.empty((n, 0)),
        "session_bars": 78,
    } | one
    made = sample_of(car=0.01 * score if car is None else car, day0=78 * np.asarray(session))
    return replace(made, clock=ClockRecord(**record), within_day=True, estimation=None)


class TestMatchedClock:
    pool = np.arange(25.0) - 12  # -12 ... 12

    def test_each_side_of_one_event_counts_the_scores_as_far_out_and_itself(self):
        found = matched_clock(sample([9.0], [3], self.pool[None]), rng=np.random.default_rng(0))
        assert (float(found.p_two), float(found.p_less), float(found.p_greater)) == (9 / 26, 23 / 26, 5 / 26)
        assert (found.details["draws"], found.details["resolution"]) == (25, 1 / 26)
        assert (float(found.value), int(found.n)) == (9.0, 1)
        assert found.distribution == "same clock on other days, 25 draws"

    def test_a_fall_counts_as_a_rise_of_its_size(self):
        found = matched_clock(sample([-9.0], [3], self.pool[None]), rng=np.random.default_rng(0))
        assert (float(found.p_two), float(found.p_less), float(found.p_greater)) == (9 / 26, 5 / 26, 23 / 26)

    def test_a_session_draws_only_days_that_it_has(self):
        placebo = np.full((2, 60), np.nan)
        placebo[0, :25], placebo[1, 35:] = 1.0, 3.0
        found = matched_clock(sample([2.0, 2.0], [3, 5], placebo), rng=np.random.default_rng(0))
        assert (float(found.p_two), found.se) == pytest.approx((1.0, 0.0), abs=1e-12)  # every draw has 1 and 3

    def test_draws_are_widened_by_the_error_of_their_mean(self):
        """Two sessions of three days, of which they share the last two; the first has two events on its first day."""
        sums, counts = np.array([[3.0, -1.0, 0.5], [2.0, 0.0, 0.0]]), np.array([[2.0, 1, 1], [1, 1, 0]])
        day = np.array([[11, 12, 13], [12, 13, -1]])
        size = 4 / 3 + 2 / 2
        m = (2.5 / 3 + 2.0 / 2) / size
        part = np.array(
            [
                (3 - 2 * m) / (3 * size),
                (-1 - m) / (3 * size) + (2 - m) / (2 * size),
                (0.5 - m) / (3 * size) + (0 - m) / (2 * size),
            ]
        )
        drawn = np.array([0.1, 0.9, 0.5, 0.7])
        mean, widened = _widened(drawn, sums, counts, day)
        wider = (part**2).sum() * 3 / 2
        own = (3 / 2 + 2 / 1) / 2
        assert mean == pytest.approx(m, rel=RTOL)
        np.testing.assert_allclose(widened, (drawn - m) * np.sqrt(own + wider / drawn.var()), rtol=RTOL)
        np.testing.assert_allclose(_widened(np.full(4, 5.0), sums, counts, day)[1], 5 - m, rtol=RTOL)

    def test_the_interval_is_the_reaction_less_what_other_days_did_in_its_units(self):
        """Of 39 days 0.02 z the weibull quantiles of 5 % are the first and the last."""
        pool = np.arange(39.0)
        given = sample([50.0], [3], pool[None], car=[0.7], scale=[0.02])
        found = matched_clock(given, rng=np.random.default_rng(0))
        assert (found.low, found.high) == pytest.approx((0.7 - 0.02 * 38, 0.7), rel=RTOL)
        assert found.estimate == 0.7
        assert found.se == pytest.approx(0.02 * pool.std(ddof=1), rel=RTOL)
        narrow = matched_clock(given, rng=np.random.default_rng(0), level=0.9)  # 5 % of 40 is the second
        assert (narrow.low, narrow.high) == pytest.approx((0.7 - 0.02 * 37, 0.7 - 0.02), rel=RTOL)

    def test_events_of_one_session_are_averaged_on_each_day_over_those_that_are_there(self):
        rng = np.random.default_rng(1)
        placebo = rng.normal(size=(3, 30))
        placebo[0, 4] = placebo[:, 5] = np.nan  # one of three on a day, and a day with none
        scale = np.array([0.01, 0.02, 0.03])
        given = sample([1.0, 0.2, 0.9], [7] * 3, placebo, scale=scale, before=[1.0, np.nan, 4.0], after=[np.nan] * 3)
        found = matched_clock(given, rng=rng)
        days = [day for day in range(30) if day != 5]
        means = np.array([np.nanmean(placebo[:, day]) for day in days])
        money = np.array([np.nanmean(placebo[:, day] * scale) for day in days])
        assert float(found.p_two) == (1 + (np.abs(means) >= 0.7).sum()) / 30
        assert float(found.p_less) == (1 + (means <= 0.7).sum()) / 30
        assert found.se == pytest.approx(money.std(ddof=1), rel=RTOL)
        assert found.details["session_before"] == 2.5
        assert math.isnan(found.details["session_after"])

    def test_an_event_without_a_return_or_a_score_is_left_out(self):
        rng = np.random.default_rng(2)
        placebo = rng.normal(size=(3, 25))
        given = sample([1.0, np.nan, 0.5], [7] * 3, placebo, car=[0.01, 0.02, np.nan])
        found = matched_clock(given, rng=rng)
        assert (int(found.n), float(found.value)) == (1, 1.0)
        assert float(found.p_two) == (1 + (np.abs(placebo[0]) >= 1).sum()) / 26
        assert found.estimate == 0.01

    def test_an_unknown_scale_adds_no_money(self):
        found = matched_clock(
            sample([1.0, 1.0], [7] * 2, np.tile(self.pool, (2, 1)), scale=[0.02, np.nan]), rng=np.random.default_rng(0)
        )
        assert found.se == pytest.approx(0.01 * self.pool.std(ddof=1), rel=RTOL)

    @pytest.mark.parametrize(("known", "applies"), [(19, False), (20, True)])
    def test_the_session_with_fewest_days_decides(self, known, applies):
        placebo = np.random.default_rng(3).normal(size=(2, 30))
        placebo[1, known:] = np.nan
        found = matched_clock(sample([1.0, 1.0], [3, 5], placebo), rng=np.random.default_rng(0))
        assert np.isfinite(found.value) == applies
        said = f"a session has {known} event-free sessions before it to compare with, 20 are needed"
        assert found.reason == ("" if applies else said)

    def test_of_nobody_it_says_that_there_is_nothing_to_compare_with(self):
        found = matched_clock(sample([np.nan], [3], self.pool[None]), rng=np.random.default_rng(0))
        assert found.reason.startswith("a session has 0 event-free sessions")

    def test_sessions_draw_days_of_their_own_as_often_as_said(self):
        rng = np.random.default_rng(4)
        given = sample([0.1, 0.2, 0.3], [3, 5, 9], rng.normal(size=(3, 40)))
        found = matched_clock(given, rng=rng)
        assert (found.details["draws"], found.details["resolution"]) == (999, 1 / 1000)
        assert matched_clock(given, rng=rng, draws=120).details["draws"] == 120
        for p in (found.p_two, found.p_less, found.p_greater):
            assert float(p) * 1000 == pytest.approx(round(float(p) * 1000))
        assert float(found.p_less) + float(found.p_greater) == pytest.approx(1.001)  # no ties, and the sample twice

    def test_joint_draws_have_the_mean_and_the_spread_of_the_formula(self):
        """Two sessions, of two events and of one; a day is missing; both share days: (T_b - m) sqrt(B/(B-1) + Var(m)/Var(T_b))."""
        rng = np.random.default_rng(5)
        placebo = 1 + rng.normal(size=(3, 24)) * np.array([[1.0], [2.0], [3.0]])
        placebo[1, 2] = np.nan
        placebo[2, 7] = np.nan
        day = np.vstack([np.arange(24), np.arange(24), np.arange(24) + 12])  # half of the days are shared
        day[2, 7] = -1
        scale = np.array([0.01, 0.03, 0.02])
        given = sample([2.0, 3.0, 2.5], [3, 3, 8], placebo, day=day, scale=scale)
        expected = {}
        for unit, values in (("score", placebo), ("money", placebo * scale[:, None])):
            sums = np.array([np.nansum(values[:2], axis=0), np.nan_to_num(values[2])])
            counts = np.array([np.isfinite(placebo[:2]).sum(axis=0), np.isfinite(placebo[2])]).astype(float)
            pairs = [(a, b) for a in range(24) for b in range(24) if b != 7]
            all_means = np.array([(sums[0, a] + sums[1, b]) / (counts[0, a] + counts[1, b]) for a, b in pairs])
            size = counts[0].mean() + counts[1].sum() / 23
            m = (sums[0].mean() + sums[1].sum() / 23) / size
            part = np.zeros(36)
            for row, held in ((0, 24), (1, 23)):
                for at in range(24):
                    if counts[row, at]:
                        part[day[2 * row, at]] += (sums[row, at] - m * counts[row, at]) / (held * size)
            wider = (part**2).sum() * 36 / 35
            own = (24 / 23 + 23 / 22) / 2
            expected[unit] = m, all_means, math.sqrt(own + wider / all_means.var())
        found = matched_clock(given, rng=np.random.default_rng(6), draws=20_000)
        m, means, widened = expected["money"]
        assert found.se == pytest.approx(means.std() * widened, rel=0.02)  # 20,000 draws of 552 pairs
        low, high = np.quantile((means - m) * widened + m, [0.025, 0.975])
        spread = found.high - found.low
        assert found.low == pytest.approx(found.estimate - high, abs=0.04 * spread)
        assert found.high == pytest.approx(found.estimate - low, abs=0.04 * spread)
        m, means, widened = expected["score"]
        for p, beyond in (
            (found.p_two, np.abs((means - m) * widened) >= 2.5 - m),
            (found.p_less, (means - m) * widened <= 2.5 - m),
            (found.p_greater, (means - m) * widened >= 2.5 - m),
        ):
            assert float(p) == pytest.approx(beyond.mean(), abs=0.015)

    def test_days_that_are_all_alike_have_nothing_to_widen(self):
        found = matched_clock(sample([1.0, 1.0], [3, 5], np.ones((2, 30))), rng=np.random.default_rng(0))
        assert float(found.p_two) == 1.0
        assert found.se == pytest.approx(0, abs=1e-15)


class TestEachEventByItself:
    def test_by_a_loop(self):
        rng = np.random.default_rng(7)
        placebo = rng.normal(size=(4, 40))
        placebo[1, 20:] = np.nan
        placebo[2, 19:] = np.nan
        score = np.array([0.5, -1.5, 2.0, np.nan])
        expected = []
        for z, row in zip(score, placebo, strict=True):
            known = row[np.isfinite(row)]
            enough = known.size >= 20 and math.isfinite(z)
            expected.append((1 + (np.abs(known) >= abs(z)).sum()) / (known.size + 1) if enough else math.nan)
        np.testing.assert_allclose(placebo_pvalues(score, placebo), expected, rtol=RTOL)
        assert np.isnan(expected).tolist() == [False, False, True, True]

    def test_a_score_of_nought_is_as_small_as_any_and_missing_days_do_not_count(self):
        placebo = np.r_[np.ones(20), np.full(5, np.nan)][None]
        assert placebo_pvalues(np.array([0.0]), placebo).tolist() == [1.0]
        assert placebo_pvalues(np.array([-1.0]), placebo).tolist() == [1.0]
        assert placebo_pvalues(np.array([1.1]), placebo).tolist() == [1 / 21]


class TestScaled:
    def test_sessions_count_once_and_missing_events_not_at_all(self):
        score = [1.0, 3.0, -0.5, np.nan, 9.0]
        given = sample(score, [4, 4, 6, 8, 8], np.zeros((5, 1)), car=[0.01, 0.03, 0.02, 0.5, np.nan])
        found = run("clock_scaled", given)
        z = (2.0 - 0.5) / math.sqrt(2)
        assert (found.statistic, found.estimate) == pytest.approx((z, 0.02))
        assert (found.se, found.pvalue) == pytest.approx((0.02 / z, 2 * stats.norm.sf(z)))
        assert run("clock_scaled", given, alternative="greater").pvalue == pytest.approx(stats.norm.sf(z))

    def test_one_event_is_its_own_score_on_either_side(self):
        found = run("clock_scaled", sample([-2.0], [4], np.zeros((1, 1)), car=[-0.03]))
        assert (found.statistic, found.se) == pytest.approx((-2.0, 0.015))
        assert found.valid is not None

    def test_a_score_of_nought_has_no_error_and_of_nobody_there_is_no_statistic(self):
        found = run("clock_scaled", sample([0.0], [4], np.zeros((1, 1)), car=[0.01]))
        assert (found.pvalue, math.isnan(found.se)) == (1.0, True)
        assert not run("clock_scaled", sample([np.nan], [4], np.zeros((1, 1)), car=[0.01])).applicable


class TestByDay:
    def test_two_sessions_are_the_least(self):
        two = sample([1.0, 3.0, np.nan], [4, 6, 8], np.zeros((3, 1)))
        found = run("day_clusters", two)
        assert (found.statistic, found.df, found.estimate) == pytest.approx((2.0, 1.0, 2.0))
        assert (found.unit, found.se) == ("standardized", pytest.approx(1.0))
        one = sample([1.0, 3.0, np.nan], [4, 4, 8], np.zeros((3, 1)), car=[0.01, 0.01, 0.01])
        assert run("day_clusters", one).reason == "needs two sessions or more with a score"
        gone = sample([1.0, 3.0, 2.0], [4, 4, 8], np.zeros((3, 1)), car=[0.01, 0.01, np.nan])
        assert run("day_clusters", gone).reason.startswith("needs two sessions or more")

    def test_the_shift_is_from_the_mean_of_those_beside(self):
        given = sample(
            [1.0, 2.0, 3.0, 4.0],
            [1, 2, 3, 4],
            np.zeros((4, 1)),
            before=[0.5, np.nan, 1.0, np.nan],
            after=[1.5, 1.0, np.nan, np.nan],
        )
        differences = np.array([0.0, 1.0, 2.0])  # the fourth has nothing beside
        found = run("shift_24h", given)
        told = stats.ttest_1samp(differences, 0)
        assert (found.statistic, found.pvalue, found.n) == pytest.approx((told.statistic, told.pvalue, 3))


CLAIMS = {
    "matched_clock": {"within the day", "volatility clustering", "few", "missing", "few clusters", "dependence",
                      "staggered dependence", "fat tails", "skewness"},
    "clock_scaled": {"within the day", "dependence", "missing", "few clusters"},
    "day_clusters": {"within the day", "volatility clustering", "few", "missing", "staggered dependence", "event variance"},
    "shift_24h": {"within the day", "volatility clustering", "few", "missing", "staggered dependence", "fat tails"},
    "bugni_li_li": {"within the day", "fat tails", "skewness", "volatility clustering", "few", "event variance", "missing",
                    "few clusters"},
    "lee_mykland": {"within the day", "few", "missing", "few clusters"},
}  # fmt: skip
MORE = {"day_clusters": {"fat tails", "skewness"}, "shift_24h": {"skewness"}}
EXACT = {"matched_clock", "bugni_li_li"}
LEAST = {"day_clusters": 50, "shift_24h": 10, "lee_mykland": 2}


@pytest.mark.parametrize("name", CLAIMS)
def test_what_each_bears_how_few_events_it_takes_and_whether_it_is_exact(name):
    spec = TESTS[name]
    assert spec.bears(49) == CLAIMS[name]
    assert spec.bears(50) == CLAIMS[name] | MORE.get(name, set())
    assert (spec.exact, spec.discrete, spec.draws) == (name in EXACT,) * 3
    assert spec.smallest == LEAST.get(name, 0)
    assert spec.sided == (name not in {"bugni_li_li", "lee_mykland"})
    assert spec.minimum == (2 if name in {"day_clusters", "shift_24h"} else 1)


def moment(around=None, past=None, within=None, bars=78):
    given = {
        "around": np.full((1, 30), np.nan) if around is None else np.asarray(around, dtype=float)[None],
        "past": np.empty((1, 0)) if past is None else np.asarray(past, dtype=float)[None],
        "within": np.empty((1, 0)) if within is None else np.asarray(within, dtype=float)[None],
        "session_bars": bars,
    }
    made = sample([1.0], [3], np.zeros((1, 1)), **given)
    size = given["within"].shape[1] or 1
    return replace(made, relative_day=np.arange(-1, size - 1))


class TestBreak:
    def test_the_distance_of_samples_of_unlike_size_is_that_of_a_loop(self):
        rng = np.random.default_rng(8)
        a, b = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 6))
        expected = np.empty((2, 3))
        for at in np.ndindex(2, 3):
            points = np.concatenate([a[at], b[at]])
            expected[at] = np.mean([((a[at] <= x).mean() - (b[at] <= x).mean()) ** 2 for x in points])
        np.testing.assert_allclose(cramer_von_mises(a, b), expected, rtol=RTOL)

    @pytest.mark.parametrize("bars", [5, 8, 15])
    def test_it_takes_the_bars_beside_the_moment(self, bars):
        around = np.random.default_rng(9).normal(size=30)
        found = bugni_li_li(moment(around), rng=np.random.default_rng(0), bars=bars, draws=19)
        assert float(found.value) == pytest.approx(
            float(cramer_von_mises(around[15 - bars : 15], around[15 : 15 + bars]))
        )
        assert (found.details, int(found.n)) == ({"bars": bars, "draws": 19}, 1)
        assert float(found.p_two) * 20 == pytest.approx(round(float(found.p_two) * 20))
        assert found.distribution == f"permutations of {2 * bars} bars, 19 draws"

    @pytest.mark.parametrize("bars", [4, 16])
    def test_fewer_than_five_or_more_than_fifteen_are_refused(self, bars):
        with pytest.raises(StudyError, match=f"bars={bars} to each side of the moment; give 5 to 15"):
            bugni_li_li(moment(np.ones(30)), rng=np.random.default_rng(0), bars=bars)

    @pytest.mark.parametrize(("at", "told"), [(6, True), (7, False), (22, False), (23, True)])
    def test_a_hole_within_eight_bars_on_either_side_leaves_nothing_to_tell(self, at, told):
        around = np.random.default_rng(10).normal(size=30)
        around[at] = np.nan
        found = run("bugni_li_li", moment(around), seed=0)
        assert found.applicable == told
        assert found.reason == ("" if told else "needs 8 bars of the session to each side of the moment")
        assert not told or (found.details["draws"], found.details["bars"]) == (999, 8)
        assert int(bugni_li_li(moment(around), rng=np.random.default_rng(0)).n) == 1

    def test_p_is_that_of_all_ways_to_part_the_bars(self):
        around = np.full(30, np.nan)
        around[10:20] = [0.3, -1.0, 0.4, 0.0, 0.5, 1.2, 0.9, 2.0, 0.35, 1.5]
        both = around[10:20]
        value = float(cramer_von_mises(both[:5], both[5:]))
        ways = [
            float(cramer_von_mises(both[list(first)], both[[i for i in range(10) if i not in first]]))
            for first in itertools.combinations(range(10), 5)
        ]
        share = np.mean(np.array(ways) >= value * (1 - 1e-9))  # those as far apart as the sample count
        found = bugni_li_li(moment(around), rng=np.random.default_rng(0), bars=5, draws=5_000)
        assert float(found.p_two) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 5_000))
        assert np.isnan([found.p_less, found.p_greater]).all()

    def test_the_sample_itself_is_one_of_the_permutations(self):
        """Of the 12,870 ways to part sixteen bars two are as far apart as all below against all above."""
        found = bugni_li_li(moment(np.arange(30.0)), rng=np.random.default_rng(0), draws=9)
        assert float(found.p_two) == 0.1


class TestJump:
    @pytest.mark.parametrize("size", [3, 20])
    def test_scores_with_holes_are_those_of_a_loop(self, size):
        rng = np.random.default_rng(11)
        past, within = rng.normal(size=size), rng.normal(size=4)
        past[1] = np.nan
        series = np.concatenate([past, within])
        expected = []
        for t in range(size, size + 4):
            pairs = np.array([abs(series[j] * series[j - 1]) for j in range(t - (size - 2), t)])
            known = pairs[np.isfinite(pairs)]
            expected.append(series[t] / math.sqrt(known.mean()) if known.size else math.nan)
        np.testing.assert_allclose(jump_scores(past, within), expected, rtol=RTOL)

    @pytest.mark.parametrize("past", [[], [1.0], [1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    def test_without_a_past_that_moves_there_is_no_score(self, past):
        assert np.isnan(jump_scores(np.array(past), np.array([3.0]))).all()

    @pytest.mark.parametrize("n", [2, 78, 390])
    def test_the_law_is_that_of_the_lemma(self, n):
        """S_n = 1/(c sqrt(2 log n)), C_n = sqrt(2 log n)/c - (log pi + log log n)/(2 c sqrt(2 log n))."""
        c = math.sqrt(2 / math.pi)
        s = 1 / (c * math.sqrt(2 * math.log(n)))
        centre = math.sqrt(2 * math.log(n)) / c - (math.log(math.pi) + math.log(math.log(n))) * s / 2
        for x in (-1.0, 0.0, 3.0, 30.0):
            assert gumbel(centre + s * x, n) == pytest.approx(stats.gumbel_r.sf(x), rel=1e-9)

    def test_the_largest_in_size_is_told_with_its_place(self):
        rng = np.random.default_rng(12)
        past, within = rng.normal(size=50), np.array([0.5, np.nan, -9.0, 4.0])
        found = run("lee_mykland", moment(past=past, within=within))
        score = jump_scores(past, within)[2]
        assert (found.statistic, found.unit) == (pytest.approx(score), "scaled bar")
        assert found.pvalue == pytest.approx(gumbel(abs(score), 78))
        assert (found.details, found.n) == ({"bars": 78, "relative_bar": 1}, 1)  # bars are counted from -1 here

    def test_a_session_of_one_bar_is_searched_as_two(self):
        past, within = np.random.default_rng(13).normal(size=50), np.array([3.0])
        found = run("lee_mykland", moment(past=past, within=within, bars=1))
        assert found.pvalue == pytest.approx(gumbel(float(jump_scores(past, within)[0]), 2))
        two = run("lee_mykland", moment(past=past, within=within, bars=2))
        assert two.pvalue == found.pvalue

    def test_no_bar_with_a_past_is_said(self):
        found = run("lee_mykland", moment(past=[1.0], within=[3.0]))
        assert found.reason == "no bar of the window has a past to be judged by"
        spec = TESTS["lee_mykland"]
        assert int(spec.compute(moment(past=[1.0], within=[3.0])).n) == 1

    def test_a_joint_null_has_no_side(self):
        for name in ("lee_mykland", "bugni_li_li"):
            assert "has no side" in run(name, moment(np.ones(30)), alternative="less", seed=0).reason
