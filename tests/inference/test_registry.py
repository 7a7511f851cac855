"""The one way to run a test: what is looked up, what stands in the way, and what a result is filled with."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from eventstudy.abnormal.window_sample import ClockRecord
from eventstudy.errors import StudyError
from eventstudy.inference import DAILY, TESTS, recommend, registry, run, run_all, sample_of
from eventstudy.inference.core.measured_size import measured_size
from eventstudy.inference.core.result import TestResult
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.statistic import Statistic
from eventstudy.inference.registry import _fill, _plain

CARS = np.array([0.01, 0.03, -0.01, 0.02, 0.0, 0.015])


def clocked(made):
    n = made.car.size
    none = np.full(n, np.nan)
    record = ClockRecord(
        *(np.ones(n), np.arange(n), np.ones((n, 30)), np.zeros((n, 30), dtype=int), none, none),
        *(np.ones(n), np.empty((n, 0)), np.empty((n, 0)), np.empty((n, 0)), 78),
    )
    return replace(made, clock=record)


class TestLookingUp:
    def test_tables_of_days_leave_out_the_clock_and_keep_the_order(self):
        clock = [name for name, spec in TESTS.items() if "clock" in spec.needs]
        assert set(clock) == {
            "matched_clock",
            "clock_scaled",
            "day_clusters",
            "shift_24h",
            "bugni_li_li",
            "lee_mykland",
        }
        assert list(DAILY) == [name for name in TESTS if name not in clock]
        assert (len(DAILY), len(TESTS)) == (len(list(DAILY)), len(list(TESTS)))
        assert DAILY["bmp"] is TESTS["bmp"]
        with pytest.raises(KeyError):
            DAILY["matched_clock"]
        with pytest.raises(KeyError):
            TESTS["no such test"]
        assert "matched_clock" not in DAILY
        assert "matched_clock" in TESTS

    def test_a_sample_inside_the_day_shows_all(self):
        made = sample_of(car=CARS)
        assert registry.tests_of(made) is DAILY
        assert registry.tests_of(replace(made, within_day=True)) is TESTS

    def test_an_unknown_name_is_told_with_one_that_is_like_it(self):
        with pytest.raises(StudyError, match=r"there is no test 'bpm'.*bmp"):
            run("bpm", sample_of(car=CARS))


class TestObstacles:
    def test_as_many_events_as_it_needs_are_enough(self):
        assert run("bootstrap_t", sample_of(car=CARS[:3]), seed=0, draws=99).applicable
        found = run("bootstrap_t", sample_of(car=CARS[:2]), seed=0)
        assert (found.applicable, found.reason) == (False, "needs at least 3 security-events, has 2")
        assert (found.n, found.n_clusters, found.valid) == (2, 2, None)
        assert math.isnan(found.pvalue)

    @pytest.mark.parametrize(("name", "reason"), [
        ("portfolio", "needs one common date; the security-events have 2 different sessions"),
        ("cluster_bootstrap", ""),
        ("single", "tests one security-event, has 3; each event's own t stands in the table of CARs"),
    ])  # fmt: skip
    def test_sessions_are_those_of_events_with_a_return(self, name, reason):
        cars = np.array([0.01, 0.02, np.nan, 0.03])
        made = sample_of(car=cars, day0=[5, 5, 99, 700])
        assert run(name, made, seed=0).reason in (reason, reason or "every CAR is exactly zero")
        assert (run(name, made, seed=0).n, run(name, made, seed=0).n_clusters) == (3, 2)

    def test_one_session_is_not_two(self):
        made = sample_of(car=[0.01, 0.02, np.nan], day0=[5, 5, 99])
        assert run("cluster_bootstrap", made).reason == "needs two sessions or more; all 2 security-events share one"
        assert "one common date" not in run("portfolio", made).reason

    def test_inside_the_day_each_session_has_an_estimation_window_of_its_own(self):
        made = sample_of(car=CARS)
        assert (
            run("corrado", clocked(made)).reason
            == "needs one estimation window an event; inside the day each session has its own"
        )
        assert "which this sample does not carry" in run("corrado", made).reason

    def test_other_dates_are_needed_whole(self):
        made = sample_of(car=CARS)
        for given in (replace(made, refit=lambda *_: made), replace(made, admissible=np.ones((6, 9), dtype=bool))):
            assert run("permutation", given).reason.startswith("needs the returns of other dates")

    def test_least_squares_where_the_portfolio_has_a_regression_of_its_own(self):
        made = replace(sample_of(car=CARS, day0=np.full(6, 5)), least_squares=False)
        assert "least squares" in TESTS["portfolio"].needs
        said = [run("portfolio", made).reason, run("portfolio", replace(made, least_squares=True)).reason]
        assert ["least squares" in text for text in said] == [True, False] or "estimation windows" in said[0]

    def test_nobody_is_told_apart_from_nobody_with_a_return_or_a_variance(self):
        assert run("bmp", sample_of(car=[])).reason == "there are no security-events (N = 0)"
        gone = sample_of(car=[np.nan, np.nan])
        assert run("bmp", gone).reason == "none of the 2 security-events has an abnormal return in the window"
        still = replace(sample_of(car=CARS), degenerate=np.ones(6, dtype=bool))
        assert run("bmp", still).reason == "the residual variance of all 6 security-events is zero or missing"
        assert run("bmp", still).n == 0
        car = np.where(np.arange(6) == 2, np.nan, CARS)
        assert (
            run("bmp", replace(still, car=car)).reason
            == "the residual variance of all 6 security-events is zero or missing"
        )
        assert run("sign", sample_of(car=np.zeros(6))).reason == "every CAR is exactly zero"
        assert run("cross_sectional", still).n == 6

    def test_a_recommendation_says_the_same_and_does_not_believe(self):
        said = {one.name: one for one in recommend(sample_of(car=CARS[:4]))}
        assert (said["portfolio"].applicable, said["portfolio"].valid) == (False, False)
        assert said["portfolio"].reasons == ("needs one common date; the security-events have 4 different sessions",)
        assert (said["sign"].applicable, said["sign"].valid, said["sign"].reasons) == (True, True, ())


class TestSides:
    def test_a_joint_null_is_run_two_sided_where_all_are_run(self):
        for made, alternative in ((sample_of(car=CARS), "greater"), (sample_of(car=CARS), "less")):
            for result in run_all(made, alternative=alternative, seed=0):
                assert result.alternative == (alternative if TESTS[result.name].sided else "two-sided")

    def test_each_side_is_the_tail_of_the_law(self):
        t = stats.ttest_1samp(CARS, 0)
        for side in ("less", "greater", "two-sided"):
            expected = stats.ttest_1samp(CARS, 0, alternative=side).pvalue
            assert run("cross_sectional", sample_of(car=CARS), alternative=side).pvalue == pytest.approx(expected)
        assert run("cross_sectional", sample_of(car=CARS)).statistic == pytest.approx(t.statistic)


def test_a_stream_is_made_of_the_seed_and_the_name():
    made = sample_of(car=np.random.default_rng(0).normal(size=15))

    def drawn(seed):
        return run("bootstrap_t", made, seed=seed, draws=199).ci

    for seed in (0, 3):
        words = np.random.SeedSequence([seed, zlib.crc32(b"bootstrap_t")])
        assert drawn(seed) == drawn(np.random.default_rng(words))
    assert drawn(None) == drawn(0) != drawn(3)


def test_an_option_that_a_test_does_not_have_is_told_by_name():
    with pytest.raises(StudyError, match=r"test 'bmp': .*no_such_option"):
        run("bmp", sample_of(car=CARS), no_such_option=1)


class TestFilling:
    def filled(self, n=6, name="cross_sectional", **fields):
        given = {
            "value": np.asarray(2.0),
            "p_two": np.asarray(0.1),
            "p_less": np.asarray(0.95),
            "p_greater": np.asarray(0.05),
        }
        outcome = Statistic(**(given | {"distribution": "t", "n": np.asarray(n), "estimate": 0.3, "se": 0.1} | fields))
        blank = TestResult(name=name, null="", alternative="greater", level=0.9, n=n)
        return _fill(blank, TESTS[name], outcome)

    def test_an_interval_of_its_own_or_else_the_quantile_times_the_error(self):
        own = self.filled(low=np.asarray(-1.0), high=np.asarray(4.0), df=np.asarray(7.0))
        assert (own.ci, own.df, own.pvalue) == ((-1.0, 4.0), 7.0, 0.05)
        plain = self.filled(df=np.asarray(7.0))
        half = stats.t.ppf(0.95, 7) * 0.1
        assert plain.ci == pytest.approx((0.3 - half, 0.3 + half))
        normal = self.filled(distribution="normal")
        assert (normal.df, normal.ci[1]) == (None, pytest.approx(0.3 + stats.norm.ppf(0.95) * 0.1))

    def test_a_pair_of_degrees_of_freedom(self):
        found = self.filled(distribution="F", df=(np.asarray(2.0), np.asarray(9.0)))
        assert (found.df, np.isnan(found.ci).all()) == ((2.0, 9.0), True)

    @pytest.mark.parametrize(
        ("n", "name", "warned"), [(4, "cross_sectional", True), (5, "cross_sectional", False), (4, "sign", False)]
    )
    def test_below_five_only_exact_tests_go_without_a_warning(self, n, name, warned):
        text = "below 5 security-events only exact and placebo tests can be trusted"
        assert self.filled(n, name, warnings=("of its own",)).warnings == (
            ("of its own", text) if warned else ("of its own",)
        )

    def test_details_are_plain(self):
        details = {"a": np.asarray(1.5), "b": np.arange(3), "c": np.float64(2.5), "d": "text", "e": np.array([0.5])}
        found = self.filled(details=details).details
        assert dict(found) == {"a": 1.5, "b": (0, 1, 2), "c": 2.5, "d": "text", "e": (0.5,)}
        assert {type(one) for one in found.values()} == {float, tuple, str}
        assert type(_plain(np.int64(3))) is int

    def test_the_number_of_independent_events_is_that_of_the_facts(self, make_sample):
        made = make_sample(6, dates="one")
        found = run("cross_sectional", made)
        assert found.n_effective == SampleFacts(made).effective(6)
        assert run("portfolio", made).n_clusters == 1


def test_without_a_word_intervals_are_of_95_percent_and_two_sided():
    plain = run("cross_sectional", sample_of(car=CARS))
    low, high = stats.t.interval(0.95, 5, CARS.mean(), stats.sem(CARS))
    assert (plain.level, plain.alternative) == (0.95, "two-sided")
    assert plain.ci == pytest.approx((low, high))
    of_all = {one.name: one for one in run_all(sample_of(car=CARS))}["cross_sectional"]
    assert (of_all.ci, of_all.level, of_all.pvalue) == (plain.ci, 0.95, plain.pvalue)


class TestJudged:
    def test_the_measured_size_is_that_of_what_is_present_but_for_few_events(self):
        made = sample_of(car=CARS, day0=np.full(6, 5))
        found = run("cross_sectional", made)
        size, source = measured_size("cross_sectional", {"dependence"}, 6, 1)
        assert (found.size, found.size_source) == (size, source)
        said = {one.name: one for one in recommend(made)}["cross_sectional"]
        assert (said.applicable, said.size, said.size_source) == (True, size, source)

    def test_caveats_are_warnings_too_and_a_test_that_does_not_apply_is_not_judged(self, make_sample):
        found = run("permutation", make_sample(8), seed=0, draws=19)
        assert found.caveats
        assert found.warnings[-len(found.caveats) :] == found.caveats
        none = run("portfolio", make_sample(8))
        assert (none.valid, none.doubts, none.caveats, math.isnan(none.size)) == (None, (), (), True)
