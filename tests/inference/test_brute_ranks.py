"""Rank, sign-about-the-median and quantile tests against a loop written from their papers, one day at a time."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest

from eventstudy.inference import TESTS, run
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.significance_tests.ranks import corrado, grank, median_sign
from eventstudy.inference.significance_tests.single_event import _runs, sq
from statistics_told import check

WINDOWS = [(0, 0), (-1, 3)]


def ranks_of(known):
    """U = rank/(number + 1) - 1/2, average ranks for ties."""
    places = [sum(u < v for u in known) + (sum(u == v for u in known) + 1) / 2 for v in known]
    return [place / (len(known) + 1) - 0.5 for place in places]


def signs_of(known):
    """The side of the median on which each value lies."""
    middle = statistics.median(known)
    return [1 if v > middle else -1 if v < middle else 0 for v in known]


def score_loop(table, window, score=ranks_of):
    """Mean scores over the window's columns and S, from METHODS 4.8: rows of events, NaN without a value."""
    kept = [row for row in table if any(math.isfinite(row[d]) for d in window)]
    scores = []
    for row in kept:
        days = [d for d, v in enumerate(row) if math.isfinite(v)]
        scores.append(dict(zip(days, score([row[d] for d in days]), strict=True)))
    averages, squares = {}, []
    for d in range(len(table[0])):
        there = [row[d] for row in scores if d in row]
        if there:
            averages[d] = sum(there) / len(there)
            squares.append(len(there) / len(kept) * averages[d] ** 2)
    return (
        [averages[d] for d in window if d in averages],
        math.sqrt(sum(squares) / len(squares)),
        len(squares),
        len(kept),
    )


@pytest.mark.parametrize("window", [*WINDOWS, (0, 8)])
class TestRanks:
    def test_corrado(self, make_sample, holes, window):
        sample = make_sample(7, holes=holes, window=window)
        length = sample.ar.shape[1]
        table = np.concatenate([sample.estimation.residual, sample.ar], axis=1).tolist()
        ubar, s, _, _ = score_loop(table, range(250, 250 + length))
        check("corrado", sample, math.sqrt(len(ubar)) * (sum(ubar) / len(ubar)) / s)

    def test_corrado_zivney(self, make_sample, holes, window):
        sample = make_sample(7, holes=holes, window=window)
        table = [self.studentized(sample, i) for i in range(7)]
        for j in range(sample.ar.shape[1]):
            sar = [sample.ar[i, j] / sample.ar_se[i, j] for i in range(7)]
            spread = np.std([v for v in sar if math.isfinite(v)], ddof=1)
            for i in range(7):
                table[i].append(sar[i] / spread)
        ubar, s, _, _ = score_loop(table, range(250, 250 + sample.ar.shape[1]))
        check("corrado_zivney", sample, math.sqrt(len(ubar)) * (sum(ubar) / len(ubar)) / s)

    def test_grank(self, make_sample, holes, window):
        sample = make_sample(7, holes=holes, window=window)
        scar = [c / s for c, s in zip(sample.car, sample.car_se, strict=True)]
        spread = np.std([v for v in scar if math.isfinite(v)], ddof=1)
        table = [[*self.studentized(sample, i), scar[i] / spread] for i in range(7)]
        (u0,), s, days, n = score_loop(table, [250])
        z = u0 / s
        check("grank_t", sample, z * math.sqrt((days - 2) / (days - 1 - z**2)), df=days - 2)
        check("grank_z", sample, math.sqrt(12 * n * (days + 1) / (days - 1)) * u0)

    def test_sign_about_the_median(self, make_sample, holes, window):
        sample = make_sample(7, holes=holes, window=window)
        table = np.concatenate([sample.estimation.residual, sample.ar], axis=1).tolist()
        g, s, _, _ = score_loop(table, range(250, 250 + sample.ar.shape[1]), signs_of)
        check("corrado_zivney_sign", sample, math.sqrt(len(g)) * (sum(g) / len(g)) / s)

    def test_sign_gsar(self, make_sample, holes, window):
        sample = make_sample(7, holes=holes, window=window)
        scar = [c / s for c, s in zip(sample.car, sample.car_se, strict=True)]
        spread = np.std([v for v in scar if math.isfinite(v)], ddof=1)
        table = [[*self.studentized(sample, i), scar[i] / spread] for i in range(7)]
        (g0,), s, days, _ = score_loop(table, [250], signs_of)
        z = g0 / s
        check("sign_gsar_t", sample, z * math.sqrt((days - 2) / (days - 1 - z**2)), df=days - 2)

    @staticmethod
    def studentized(sample, i):
        record = sample.estimation
        return [
            e / (sample.sigma[i] * math.sqrt(1 - h))
            for e, h in zip(record.residual[i], record.leverage[i], strict=True)
        ]


@pytest.mark.parametrize("window", WINDOWS)
def test_sq_counts_the_larger_past_runs(make_sample, holes, window):
    """One bar: studentized residuals; more: sums of all hole-free runs as long as the bars that are there, over sqrt(L)."""
    sample = make_sample(1, shift=0.05, window=window, holes=holes, seed=2)
    past = TestRanks.studentized(sample, 0)
    length = sum(math.isfinite(a) for a in sample.ar[0])
    runs = [sum(past[t : t + length]) / math.sqrt(length) for t in range(250 - length + 1)]
    runs = [v for v in runs if math.isfinite(v)]
    reaction = sample.car[0] / sample.car_se[0]
    result = run("sq", sample)
    assert result.pvalue == (1 + sum(abs(v) >= abs(reaction) for v in runs)) / (len(runs) + 1)
    assert run("sq", sample, alternative="greater").pvalue == (1 + sum(v >= reaction for v in runs)) / (len(runs) + 1)


@pytest.mark.parametrize("bars", [2, 5, 21])
@pytest.mark.parametrize("forecast", [True, False])
def test_each_run_of_sq_is_over_its_own_standard_deviation(make_sample, holes, bars, forecast):
    """Var of a sum of residuals: sigma² 1'(I - H)1 by the N x N projection; of raw days, sigma² L. A run with a hole is no run."""
    sample = make_sample(1, holes=holes, seed=4)
    record = replace(sample.estimation.map(lambda array: array[0]), mean=np.asarray(0.0 if forecast else 0.001))
    known = np.isfinite(record.residual)
    hat = np.full((250, 250), np.nan)
    design = record.design[known]
    hat[np.ix_(known, known)] = design @ np.linalg.inv(design.T @ design) @ design.T
    expected = []
    for first in range(250 - bars + 1):
        run_ = slice(first, first + bars)
        part = np.eye(bars) - (hat[run_, run_] if forecast else 0.0)
        days = record.residual[run_] + (0.0 if forecast else 0.001)
        expected.append(days.sum() / (sample.sigma[0] * math.sqrt(part.sum())) if known[run_].all() else math.nan)
    np.testing.assert_allclose(_runs(record, float(sample.sigma[0]), bars), expected, rtol=1e-10)


def test_runs_of_no_residuals_are_none(make_sample):
    record = make_sample(1).estimation.map(lambda array: array[0])
    assert _runs(record, 0.02, 251).size == 0
    assert _runs(record, 0.0, 2).size == 0


@pytest.mark.parametrize(("missing", "warned"), [(10, False), (11, True)])
def test_forty_independent_runs_are_enough(make_sample, missing, warned):
    sample = make_sample(1, window=(0, 5), shift=0.05)
    residual = sample.estimation.residual.copy()
    residual[:, :missing] = np.nan
    sample = replace(sample, estimation=replace(sample.estimation, residual=residual))
    assert any("independent ones" in text for text in run("sq", sample).warnings) == warned


@pytest.mark.parametrize(("last", "warned"), [(0, False), (5, False), (6, True), (9, True)])
def test_sq_warns_where_runs_hold_fewer_than_forty_independent_ones(make_sample, last, warned):
    """250 bars: 41 runs of six beside one another, and 35 of seven."""
    result = run("sq", make_sample(1, window=(0, last), shift=0.05))
    told = [text for text in result.warnings if "independent ones" in text]
    assert bool(told) == warned
    if warned:
        assert f"runs of {last + 1} bars overlap: 250 bars hold about {250 // (last + 1)} independent ones" in told[0]


def test_the_interval_of_sq_lies_between_the_order_statistics_of_the_past():
    """Gelbach, Helland and Klick: the reaction less the k-th smallest and the k-th largest of the past, k = ceil(alpha/2 M)."""
    past = np.random.default_rng(0).normal(size=199)
    for level, k in ((0.95, 5), (0.9, 10), (0.999, 1)):
        outcome = sq(1.5, np.append(past, np.nan), level=level)
        assert (outcome.low, outcome.high) == (1.5 - np.sort(past)[-k], 1.5 - np.sort(past)[k - 1])
    assert outcome.se == pytest.approx(np.std(past, ddof=1))
    assert np.isnan(sq(1.5, past[:1]).se)
    assert outcome.details["resolution"] == 1 / 200


class TestTheFewest:
    """SQ by counting on small pasts, ties with the reaction among them."""

    @pytest.mark.parametrize("reaction", [0.0, 1.0, -1.0, 2.0, -3.0, 4.0])
    def test_values_that_tie_count_against_rejection(self, reaction):
        past = np.array([-3.0, -1.0, -1.0, 0.0, 1.0, 2.0, 2.0, np.nan])
        outcome = sq(reaction, past)
        known = past[:7].tolist()
        assert outcome.p_two == (1 + sum(abs(v) >= abs(reaction) for v in known)) / 8
        assert outcome.p_less == (1 + sum(v <= reaction for v in known)) / 8
        assert outcome.p_greater == (1 + sum(v >= reaction for v in known)) / 8
        assert (outcome.value, outcome.estimate, outcome.n) == (reaction, reaction, 1)
        assert (outcome.low, outcome.high) == (reaction - 2.0, reaction + 3.0)  # by default the first of both ends
        assert outcome.details == {"past": 7, "resolution": 1 / 8}

    def test_the_interval_is_of_ninety_five_percent(self):
        past = np.arange(199.0)
        assert (sq(0.0, past).low, sq(0.0, past).high) == (-194.0, -4.0)  # the fifth of both ends

    @pytest.mark.parametrize(("reaction", "past"), [(1.0, [np.nan]), (1.0, []), (np.nan, [1.0, 2.0])])
    def test_without_a_past_or_a_reaction_there_is_nothing(self, reaction, past):
        outcome = sq(reaction, np.array(past, dtype=float))
        assert np.isnan([outcome.value, outcome.p_two, outcome.p_less, outcome.p_greater]).all()
        assert outcome.n == 0

    def test_a_past_of_one_value_has_no_spread_and_of_two_it_has(self):
        outcome = sq(2.0, np.array([1.0]))
        assert (outcome.p_two, outcome.p_less, outcome.p_greater) == (1 / 2, 1.0, 1 / 2)
        assert np.isnan(outcome.se)
        assert sq(2.0, np.array([1.0, 3.0])).se == pytest.approx(math.sqrt(2.0))

    def test_the_event_is_the_one_that_has_a_return(self, make_sample):
        sample = make_sample(3, window=(0, 1), shift=0.05)
        alone = replace(sample, car=np.where(np.arange(3) == 1, sample.car, np.nan))
        result = run("sq", alone)
        assert result.statistic == pytest.approx(sample.car[1] / sample.car_se[1])
        past = _runs(sample.estimation.map(lambda array: array[1]), float(sample.sigma[1]), 2)
        assert result.pvalue == (1 + (np.abs(past) >= abs(result.statistic)).sum()) / (past.size + 1)

    @pytest.mark.parametrize(("bars", "warned"), [(0, False), (1, True)])
    def test_single_days_need_no_forty(self, make_sample, bars, warned):
        sample = make_sample(1, window=(0, bars), shift=0.05)
        residual = sample.estimation.residual.copy()
        residual[:, 30:] = np.nan
        short = replace(sample, estimation=replace(sample.estimation, residual=residual))
        assert any("independent ones" in text for text in run("sq", short).warnings) == warned

    @pytest.mark.parametrize("bars", [1, 3, 5, 6])
    def test_runs_of_a_short_past(self, make_sample, bars):
        """Six bars, two regressors: of five bars a sum of residuals has less variance than one bar; of all six none."""
        record = make_sample(1, seed=4).estimation.map(lambda array: array[0])
        design = record.design[:6]
        left = np.eye(6) - design @ np.linalg.inv(design.T @ design) @ design.T
        residual = left @ np.random.default_rng(0).normal(0, 0.02, 6)
        short = replace(record, residual=residual, design=design, bar=record.bar[:6], leverage=record.leverage[:6])
        found = _runs(short, 0.02, bars)
        assert found.shape == (7 - bars,)
        for at, value in enumerate(found):
            one = np.zeros(6)
            one[at : at + bars] = 1.0
            if bars < 6:
                assert value == pytest.approx(one @ residual / (0.02 * math.sqrt(one @ left @ one)), rel=1e-8)
        assert _runs(short, 0.02, 7).size == 0


class TestWhatIsRanked:
    def test_a_day_that_no_event_has_is_no_day(self):
        rng = np.random.default_rng(3)
        past, window = rng.normal(size=(6, 40)), rng.normal(0.5, 1.0, (6, 3))
        gap = np.insert(window, 1, np.nan, axis=1)
        for test in (corrado, median_sign):
            with_, without = test(past, gap), test(past, window)
            for name in ("value", "estimate", "se", "p_two", "n"):
                np.testing.assert_allclose(getattr(with_, name), getattr(without, name), rtol=1e-12)
            assert with_.estimate / with_.se == pytest.approx(with_.value)
        assert (corrado(past, gap).unit, median_sign(past, gap).unit) == ("rank", "sign")

    def test_grank_is_of_students_t_unless_the_normal_is_asked_for(self):
        """The loop of the paper on plain arrays: 20 days and the pseudo-day."""
        rng = np.random.default_rng(2)
        past, scar = rng.normal(size=(5, 20)), rng.normal(0.5, 1.0, 5)
        table = np.column_stack([past, scar / np.std(scar, ddof=1)]).tolist()
        (u0,), s, days, n = score_loop(table, [20])
        z = u0 / s
        outcome = grank(past, scar)
        expected = z * math.sqrt((days - 2) / (days - 1 - z**2))
        np.testing.assert_allclose([outcome.value, outcome.df, outcome.estimate], [expected, 19, u0], rtol=1e-10)
        assert outcome.value == grank(past, scar, form="t").value
        normal = grank(past, scar, form="z")
        np.testing.assert_allclose(normal.value, u0 * math.sqrt(12 * n * (days + 1) / (days - 1)), rtol=1e-10)
        assert (outcome.distribution, normal.distribution) == ("t", "normal")
        np.testing.assert_allclose(normal.estimate / normal.se, normal.value, rtol=1e-10)
        np.testing.assert_allclose(outcome.estimate / outcome.se, outcome.value, rtol=1e-10)

    def test_without_the_days_of_the_study_they_cannot_be_ranked_together(self, make_sample):
        sample = replace(make_sample(5), study_ar=None)
        outcome = TESTS["corrado"].compute(sample, facts=SampleFacts(sample), ranked="study")
        assert np.isnan([outcome.value, outcome.p_two]).all()
        assert outcome.n == 0
        assert "days of the study's event window" in outcome.reason
