"""Tests inside the day: against loops, known laws, and their sizes by half-hour on days of known truth."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.abnormal.window_sample import ClockRecord
from eventstudy.calibration import ClockPlan, calibrate_clock, simulate_bars
from eventstudy.errors import StudyError
from eventstudy.inference import DAILY, TESTS, recommend, run, run_all, sample_of
from eventstudy.inference.beyond.adjustment import half_time, reversal_of, speed_of
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.inference.intraday.moment import cramer_von_mises, gumbel, jump_scores

CLOCK = [name for name, spec in TESTS.items() if "clock" in spec.needs]


def sample(n=1, placebos=60, seed=0, score=None, session=None, **record):
    """A sample with a clock record made by hand."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(n) if score is None else np.asarray(score, dtype=float)
    given = {
        "score": z,
        "session": np.arange(n) if session is None else np.asarray(session),
        "placebo": rng.standard_normal((n, placebos)),
        "day": np.arange(n * placebos).reshape(n, placebos),
        "before": rng.standard_normal(n),
        "after": rng.standard_normal(n),
        "scale": np.full(n, 0.01),
        "past": rng.standard_normal((n, 60)) if n == 1 else np.empty((n, 0)),
        "around": rng.standard_normal((n, 30)) if n == 1 else np.empty((n, 0)),
        "within": rng.standard_normal((n, 3)) if n == 1 else np.empty((n, 0)),
        "session_bars": 78,
    } | record
    made = sample_of(car=0.01 * z, day0=given["session"] * 78)
    return replace(made, clock=ClockRecord(**given), within_day=True, estimation=None)


class TestMatchedClock:
    @pytest.mark.parametrize("z", [0.3, -2.2, 3.5])
    def test_one_event_is_ranked_among_its_placebo_sessions(self, z):
        one = sample(score=[z])
        size = one.clock.placebo[0]
        expected = (1 + sum(abs(value) >= abs(z) for value in size)) / 61
        found = run("matched_clock", one)
        assert found.pvalue == expected
        less = run("matched_clock", one, alternative="less").pvalue
        assert less == (1 + sum(value <= z for value in size)) / 61
        assert found.details["draws"] == 60

    def test_events_of_one_session_share_each_placebo_session(self):
        many = sample(5, session=[7] * 5)
        means = many.clock.placebo.mean(axis=0)
        found = run("matched_clock", many)
        assert found.pvalue == (1 + (np.abs(means) >= abs(many.clock.score.mean())).sum()) / 61

    def test_events_of_several_sessions_draw_jointly(self):
        """With independent standard normal scores the mean of 20 has a standard deviation of 1/sqrt(20)."""
        many = sample(20, placebos=200, score=np.full(20, 0.45))
        found = run("matched_clock", many, draws=4000, seed=1)
        assert found.pvalue == pytest.approx(2 * stats.norm.sf(0.45 * np.sqrt(20)), abs=0.02)
        assert found.se == pytest.approx(0.01 / np.sqrt(20), rel=0.1)
        assert found.ci[1] - found.ci[0] == pytest.approx(2 * 1.96 * 0.01 / np.sqrt(20), rel=0.1)

    @pytest.mark.parametrize("n", [4, 20])
    def test_a_pool_that_the_events_share_makes_the_interval_wider(self, n):
        """The mean of n draws from one pool of B: variance (1/n + 1/B) s^2 about the truth."""
        pool = np.random.default_rng(4).standard_normal(80)
        shared = sample(n, placebo=np.tile(pool, (n, 1)), day=np.tile(np.arange(80), (n, 1)), score=np.full(n, 0.4))
        found = run("matched_clock", shared, draws=20_000, seed=1)
        spread = pool.std(ddof=1) * np.sqrt(1 / n + 1 / 80)
        assert found.se == pytest.approx(0.01 * spread, rel=0.02)
        assert found.pvalue == pytest.approx(2 * stats.norm.sf(abs(0.4 - pool.mean()) / spread), abs=0.02)

    def test_a_seed_gives_the_same_draws(self):
        many = sample(6)
        assert run("matched_clock", many, seed=3).pvalue == run("matched_clock", many, seed=3).pvalue

    @pytest.mark.parametrize(("placebos", "applies"), [(19, False), (20, True)])
    def test_too_few_placebo_sessions(self, placebos, applies):
        found = run("matched_clock", sample(placebos=placebos))
        assert found.applicable == applies
        assert applies or "19 event-free sessions before it to compare with, 20 are needed" in found.reason

    def test_the_sessions_before_and_after_stand_beside(self):
        one = sample()
        told = run("matched_clock", one).details
        assert (told["session_before"], told["session_after"]) == (one.clock.before[0], one.clock.after[0])


class TestOthers:
    def test_scaled_scores_against_the_normal(self):
        many = sample(9)
        expected = 2 * stats.norm.sf(abs(many.clock.score.sum() / 3))
        assert run("clock_scaled", many).pvalue == pytest.approx(expected)

    def test_clusters_by_day(self):
        many = sample(12, session=np.arange(12) // 3)
        se, df = cr2_mean(many.clock.score, many.clock.session)
        found = run("day_clusters", many)
        assert found.statistic == pytest.approx(many.clock.score.mean() / se)
        assert found.df == pytest.approx(float(df))

    def test_the_shift_takes_the_sessions_that_are_free(self):
        many = sample(10)
        before = many.clock.before.copy()
        before[3] = np.nan
        many = replace(many, clock=replace(many.clock, before=before))
        beside = np.nanmean([before, many.clock.after], axis=0)
        found = run("shift_24h", many)
        assert found.statistic == pytest.approx(stats.ttest_1samp(many.clock.score - beside, 0).statistic)

    def test_the_cramer_von_mises_distance_is_that_of_a_loop(self):
        rng = np.random.default_rng(1)
        a, b = rng.standard_normal(8), rng.standard_normal(8)
        points = np.concatenate([a, b])
        loop = np.mean([((a <= x).mean() - (b <= x).mean()) ** 2 for x in points])
        assert cramer_von_mises(a, b) == pytest.approx(loop)

    def test_a_break_of_level_and_one_of_volatility_are_found(self):
        rng = np.random.default_rng(2)
        around = rng.standard_normal((1, 30))
        up, wild = around.copy(), around.copy()
        up[0, 15:] += 4
        wild[0, 15:] *= 25
        assert run("bugni_li_li", sample(around=up), seed=0).pvalue < 0.01
        assert run("bugni_li_li", sample(around=wild), seed=0, bars=15).pvalue < 0.05
        assert run("bugni_li_li", sample(around=around), seed=0).pvalue > 0.05
        with pytest.raises(StudyError, match="give 5 to 15"):
            run("bugni_li_li", sample(), bars=3)

    def test_five_to_fifteen_bars_to_each_side_are_permuted_999_times(self):
        """Unless other numbers are named; p counts the sample itself."""
        given = sample()
        for bars in (5, 15):
            assert run("bugni_li_li", given, seed=0, bars=bars).details["bars"] == bars
        for bars in (4, 16):
            with pytest.raises(StudyError, match=f"bars={bars} to each side of the moment; give 5 to 15"):
                run("bugni_li_li", given, bars=bars)
        usual, asked = run("bugni_li_li", given, seed=0), run("bugni_li_li", given, seed=0, bars=8, draws=999)
        assert (usual.pvalue, usual.details["draws"], usual.details["bars"]) == (asked.pvalue, 999, 8)
        assert 1000 * usual.pvalue == pytest.approx(round(1000 * usual.pvalue), abs=1e-9)

    def test_one_security_event_is_enough_and_a_distance_or_a_largest_bar_has_no_side(self):
        for name in ("bugni_li_li", "lee_mykland"):
            assert run(name, sample(within=np.ones((1, 1))), seed=0).applicable
            assert "has no side" in run(name, sample(), alternative="greater").reason

    def test_the_largest_bar_is_named_with_its_sign_and_its_place(self):
        clock = sample(past=np.full((1, 60), 0.5), within=np.array([[0.5, -2.0, 1.0]])).clock
        window = replace(sample_of(ar=np.full((1, 3), 0.01)), clock=clock, within_day=True, estimation=None)
        found = run("lee_mykland", window)
        assert found.statistic == pytest.approx(-2.0 / 0.5)  # every product before it is a quarter
        assert found.details == {"bars": 78, "relative_bar": window.relative_day[1]}
        assert found.pvalue == pytest.approx(gumbel(4.0, 78))

    def test_near_the_open_there_are_no_bars_before(self):
        around = np.full((1, 30), np.nan)
        assert "8 bars of the session to each side" in run("bugni_li_li", sample(around=around)).reason

    def test_jump_scores_are_those_of_lee_and_mykland_s_definition(self):
        rng = np.random.default_rng(3)
        past, within = rng.standard_normal(20), rng.standard_normal(3)
        series = np.concatenate([past, within])
        loop = []
        for t in range(20, 23):
            pairs = [abs(series[j] * series[j - 1]) for j in range(t - 18, t)]  # K - 2 = 18, the last ends before t
            loop.append(series[t] / np.sqrt(np.mean(pairs)))
        np.testing.assert_allclose(jump_scores(past, within), loop)

    def test_the_largest_of_many_normals_has_gumbel_s_law(self):
        rng = np.random.default_rng(4)
        # of a bipower scale: |L| = |z| / sqrt(2/pi)
        largest = np.abs(rng.standard_normal((4000, 78))).max(axis=1) / np.sqrt(2 / np.pi)
        assert np.mean([gumbel(size, 78) <= 0.05 for size in largest]) == pytest.approx(0.05, abs=0.02)


class TestAdjustment:
    def test_half_of_the_move_must_stay(self):
        assert half_time(np.array([0.0, 0.6, 0.4, 0.6, 1.0])) == 3

    def test_just_half_is_half_whatever_the_sign_of_the_move(self):
        paths = np.array([[0.0, 0.5, 0.5, 1.0], [0.0, -0.25, -1.0, -2.0], [1.5, 0.49, 0.5, 1.0], [0.1, 0.2, 0.3, 1.0]])
        assert half_time(paths).tolist() == [1, 2, 2, 3]
        assert half_time(paths[None, :2]).tolist() == [[1, 2]]

    @staticmethod
    def late(bars, count):
        """Noise that takes a move of 1 back at once and gives it again at bar 1, 2, ... `count`: halves of 1, 2, ... count."""
        noise = np.zeros((count, bars))
        noise[:, 0] = -1.0
        noise[np.arange(count), np.arange(1, count + 1)] = 1.0
        return noise

    @pytest.mark.parametrize(("options", "low", "high", "at_once"), [({}, 2, 40, 39), ({"level": 0.9}, 3, 39, 37)])
    def test_the_interval_of_the_speed_is_that_of_the_halves_under_noise(self, options, low, high, at_once):
        """41 halves of 1 to 41: the share of 41 that each bound leaves out, rounded up."""
        noise = self.late(44, 41)
        gone = np.full((3, 44), np.nan)
        still = noise.copy()
        still[:, 42:] = np.nan  # no move after the last half: nothing changes
        found = speed_of(np.r_[1.0, np.zeros(43)], np.vstack([gone, noise[::-1], gone]), passes=True, **options)
        assert (found.half, found.low, found.high, found.at_once) == (0, low, high, at_once)
        assert speed_of(np.r_[1.0, np.full(43, np.nan)], still, passes=True, **options) == found

    def test_noise_about_the_path_and_about_a_reaction_at_once_are_two_things(self):
        back = np.r_[2.0, np.zeros(42), -1.0]  # 2 until the last bar, 1 in the end: noise of 1 takes no half of that
        found = speed_of(back, self.late(44, 41), passes=True)
        assert (found.half, found.low, found.high, found.at_once) == (0, 0, 0, 39)
        steady = speed_of(np.full(8, 0.125), np.zeros((5, 8)), passes=True)
        assert (steady.half, steady.low, steady.high, steady.at_once) == (3, 3, 3, 0)

    @pytest.mark.parametrize("noise", [np.full((4, 3), np.nan), np.empty((0, 3))])
    def test_without_other_days_nothing_is_said_of_the_speed(self, noise):
        found = speed_of(np.array([0.02, 0.0, 0.0]), noise, passes=True)
        assert np.isnan([found.half, found.low, found.high, found.at_once]).all()

    def test_a_reaction_at_once_and_a_slow_one(self):
        noise = 0.001 * np.random.default_rng(0).standard_normal((60, 10))
        at_once, slow = np.r_[0.02, np.zeros(9)], np.full(10, 0.002)
        one, other = (speed_of(ar, noise, passes=True) for ar in (at_once, slow))
        assert (one.half, one.at_once) == (0, 0)
        assert other.low <= other.half <= other.high
        assert other.half > other.at_once
        assert np.isnan(speed_of(slow, noise, passes=False).half)

    @pytest.mark.parametrize("options", [{}, {"level": 0.8}])
    def test_a_reversal_adds_up_what_one_session_s_events_did_on_other_days(self, options):
        rng = np.random.default_rng(6)
        moves = np.array([[0.010, -0.004], [0.014, -0.003], [0.011, -0.006], [0.008, -0.001], [0.012, -0.002]])
        session = np.array([3, 3, 7, 9, 9])
        placebo = 0.002 * rng.standard_normal((5, 30, 2)) + 0.002 * rng.standard_normal((30, 2))
        placebo[1, 4, 0] = placebo[2, 6] = np.nan
        found = reversal_of(moves, placebo, session, **options)
        first, later = moves[:, 0].mean(), moves[:, 1].mean()
        assert (found.first, found.later) == pytest.approx((first, later))
        assert found.ratio == pytest.approx(-later / first)
        spread = np.zeros((2, 2))
        for rows in ([0, 1], [2], [3, 4]):
            days = [sum(placebo[i, b] for i in rows) for b in range(30)]
            spread += np.cov(np.array([day for day in days if np.isfinite(day).all()]), rowvar=False)
        spread /= 25  # of the mean of five
        z = stats.norm.ppf(0.5 + options.get("level", 0.95) / 2)
        ((low, high),) = found.sets
        assert low < found.ratio < high
        for ratio in (low, high):  # where -later - ratio * first is just significant
            error = np.sqrt(spread[1, 1] + 2 * ratio * spread[0, 1] + ratio**2 * spread[0, 0])
            assert abs(-later - ratio * first) / error == pytest.approx(z)

    def test_a_reversal_needs_two_other_days(self):
        moves, placebo = np.array([[0.01, -0.004]]), np.array([[[1e-3, 2e-4], [-2e-4, 7e-4]]])
        ends = np.array(reversal_of(moves, placebo, np.zeros(1, dtype=int)).sets)
        assert np.isfinite(ends).all()
        alone = np.array(reversal_of(moves, placebo[:, :1], np.zeros(1, dtype=int)).sets)
        assert not np.isfinite(alone).any()

    def test_fieller_s_interval_of_a_reversal_covers(self):
        rng = np.random.default_rng(5)
        noise = rng.multivariate_normal([0, 0], [[1e-6, 3e-7], [3e-7, 2e-6]], (400, 8, 60))
        hits = []
        for trial in range(400):
            moves = np.array([0.01, -0.004]) + noise[trial, :, 0]
            found = reversal_of(moves, noise[trial, :, 1:], np.arange(8))
            ((low, high),) = found.sets
            hits.append(low <= 0.4 <= high)
        assert np.mean(hits) == pytest.approx(0.95, abs=0.035)


class TestBelief:
    def test_no_daily_test_is_believed_within_days(self):
        for said in recommend(sample(60)):
            assert not (said.name in DAILY and said.valid), said.name

    def test_nor_on_bars_under_a_daily_model(self):
        bars = simulate_bars(symbols=1, days=12, event_every=100).frame
        study = es.EventStudy(
            model=es.MarketModel("MKT"), estimation=es.EstimationWindow(200, end=-5), window=(0, 2), calendar=None
        )
        pairs = pd.DataFrame({"event_id": range(8), "symbol": "A", "bar": bars.index[400:800:50]})
        table = study.fit(pairs, es.ReturnPanel(bars, kind="log")).tests()
        assert set(table["believe"]) <= {"no", ""}
        assert (table["believe"] == "no").sum() > 8
        assert table.loc[table["believe"] == "no", "why"].str.contains("within the day").all()

    def test_days_show_no_test_of_the_clock(self):
        names = {found.name for found in run_all(sample_of(car=[0.01, 0.02, -0.01, 0.0, 0.01, 0.02]))}
        assert names == set(DAILY)
        assert (
            run("matched_clock", sample_of(car=[0.01])).reason
            == "needs bars within days and a study with an IntradayModel"
        )

    def test_an_event_that_raises_the_variance_is_a_doubt(self):
        wild = sample(60, score=4 * np.random.default_rng(0).standard_normal(60))
        said = {one.name: one for one in recommend(wild)}
        assert not said["matched_clock"].valid
        assert said["day_clusters"].valid
        assert any(reason.startswith("event variance") for reason in said["matched_clock"].reasons)

    def test_a_search_for_jumps_is_not_believed_at_one_moment(self):
        assert not {one.name: one for one in recommend(sample())}["lee_mykland"].valid


@pytest.mark.slow
def test_sizes_by_half_hour_on_days_of_known_truth():
    """Single events: 480 of each half-hour, 3 standard errors of a size of 5 %."""
    rows = calibrate_clock(ClockPlan(studies=48, events=(1, 10), tests=("matched_clock", "bugni_li_li"), seed=7))
    for row in rows:
        if row.n == 1:
            assert abs(row.rate - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / row.studies), (row.test, row.half, row.rate)


@pytest.mark.slow
def test_the_lab_counts_and_claims():
    plan = ClockPlan(studies=6, events=(1,), tests=("matched_clock", "clock_scaled"), halves=(0, 6), seed=2)
    rows = calibrate_clock(plan)
    assert [(row.test, row.half, row.studies) for row in rows] == [
        ("matched_clock", 0, 6),
        ("clock_scaled", 0, 6),
        ("matched_clock", 6, 6),
        ("clock_scaled", 6, 6),
    ]
    assert [row.claimed for row in rows] == [True, False, True, False]
    assert calibrate_clock(plan) == rows
    found = calibrate_clock(replace(plan, jump=0.05, tests=("matched_clock",)))
    assert all(row.rate == 1 and abs(row.mean) < 0.01 for row in found)
    with pytest.raises(StudyError, match="is no test of the clock"):
        ClockPlan(tests=("bmp",))


REAL = Path(os.environ.get("EVENTSTUDY_TEST_DATA", "")) / "bars_5min.parquet"


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("EVENTSTUDY_TEST_DATA") or not REAL.is_file(),
    reason="needs bars_5min.parquet in EVENTSTUDY_TEST_DATA",
)
class TestRealBars:
    @pytest.fixture
    def panel(self):
        return es.load_returns(source=str(REAL), calendar=None, kind="log", levels=())

    def test_the_largest_bar_of_9_april_and_of_10_october(self, panel):
        local = panel.frame.index.tz_convert("America/New_York")
        opens = panel.frame.index[np.r_[True, np.diff(local.normalize().asi8) > 0]]
        pairs = pd.DataFrame({"event_id": range(len(opens)), "symbol": "SPX", "bar": opens})
        model = es.IntradayModel(base=es.MeanAdjusted(), days=60, overnight="drop")
        study = es.EventStudy(model=model, window=(0, 77), calendar="XNYS", mask_events=False)
        tidy = study.fit(pairs, panel).tidy()
        when = tidy["session"].dt.tz_convert("America/New_York")
        for day, column, times in (("2025-04-09", "ar", {"13:15", "13:20"}), ("2025-10-10", "sar", {"10:55"})):
            own = tidy[when.dt.strftime("%Y-%m-%d") == day]
            assert when[own[column].abs().idxmax()].strftime("%H:%M") in times

    @pytest.mark.parametrize(("symbol", "base"), [("SPX", es.MeanAdjusted()), ("NVDA", es.MarketModel("SPX"))])
    def test_placebo_moments_reject_at_their_level_in_each_half_hour(self, panel, symbol, base):
        rng = np.random.default_rng(0)
        local = panel.frame.index.tz_convert("America/New_York")
        half = (local.hour * 60 + local.minute - 570) // 30
        chosen = (
            pd.Series(panel.frame.index)
            .groupby([local.normalize(), half])
            .apply(lambda bars: bars.iloc[int(rng.integers(0, 4))] if len(bars) > 4 else bars.iloc[0])
        )
        pairs = pd.DataFrame({"event_id": range(len(chosen)), "symbol": symbol, "bar": chosen.to_numpy()})
        study = es.EventStudy(
            model=es.IntradayModel(base=base, days=60), window=(0, 2), calendar="XNYS", mask_events=False
        )
        table = study.fit(pairs, panel).shift_24h().set_index("event_id")["p_score"]
        rate = (table <= 0.05).groupby(chosen.index.get_level_values(1).to_numpy()[table.index])
        known = table.notna().groupby(chosen.index.get_level_values(1).to_numpy()[table.index]).sum()
        sizes = rate.sum() / known
        assert sizes.between(0.02, 0.085).all()
        assert 0.04 < sizes.mean() < 0.06
