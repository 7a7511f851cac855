"""One rule names the test to report, and every output follows it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration import SCENARIOS, Geometry
from eventstudy.calibration.batch import single_samples
from eventstudy.inference import TESTS, recommend, reported, run_all, sample_of
from eventstudy.inference.advice import advice
from eventstudy.inference.beyond.average import manner
from eventstudy.inference.core.result import Recommendation
from eventstudy.inference.to_report import in_order
from panels import small_panel

GEOMETRY = Geometry(history=120)


def drawn(name, n, seed=0, window=(0, 0)):
    scenario = SCENARIOS[name]
    return single_samples(scenario.draw(np.random.default_rng(seed), 1, n, GEOMETRY), GEOMETRY, window)[0]


@pytest.mark.parametrize(
    ("scenario", "named"),
    [
        ("normal", "cross_sectional"),
        ("common", "portfolio"),
        ("common_event_variance", "kp_bmp"),
        ("t4", "cross_sectional"),
    ],
)
def test_the_test_of_the_interval_where_it_is_to_be_believed_else_the_one_that_bears_most(scenario, named):
    sample = drawn(scenario, 60)
    assert reported(sample, recommend(sample)) == named
    assert reported(sample, run_all(sample, seed=0)) == named


@pytest.mark.parametrize(("n", "named"), [(8, "kp_bmp"), (30, "kp_bmp"), (65, "portfolio")])
def test_where_a_doubled_variance_may_hide_the_one_that_bears_it_is_reported(n, named):
    """On one date the portfolio's interval stands beside the mean; of 30 security-events 77 % of samples would show a doubling."""
    sample = drawn("common", n, seed=2)
    said = {one.name: one for one in recommend(sample)}
    assert said["portfolio"].valid
    assert bool(said["portfolio"].caveats) == (named == "kp_bmp")
    assert reported(sample, said.values()) == named
    assert reported(sample, run_all(sample, seed=0)) == named
    assert f"report: {named} p" in advice(sample)[0]


def test_where_only_those_with_a_caveat_are_believed_one_of_them_is_reported():
    sample = drawn("common", 3)
    assert reported(sample, recommend(sample)) == "portfolio"


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("n", [8, 20, 50])
def test_something_is_reported_of_every_sample_of_eight_events_or_more(scenario, n):
    sample = drawn(scenario, n, seed=n)
    said = {one.name: one for one in recommend(sample)}
    name = reported(sample, said.values())
    assert name
    assert said[name].valid


def test_where_nothing_is_to_be_believed_it_is_the_one_whose_measured_size_is_nearest():
    sample = replace(drawn("common_event_variance", 12), estimation=None, refit=None)
    said = {one.name: one for one in recommend(sample)}
    name = reported(sample, said.values())
    assert not any(one.valid for one in said.values())
    assert abs(said[name].size - 0.05) == min(abs(one.size - 0.05) for one in said.values() if one.applicable)


def test_doubts_about_the_data_do_not_change_the_name():
    for n in (20, 65):
        sample = drawn("common", n)
        doubted = replace(sample, doubts=("the days are unsure",))
        assert not any(one.valid for one in recommend(doubted))
        for said in (recommend(doubted), run_all(doubted, seed=0)):
            assert reported(doubted, said) == reported(sample, recommend(sample))


def test_every_output_names_the_same():
    panel = small_panel(bars=420, symbols=("M", "A", "B", "C", "D"))
    rows = [(f"e{at}", "ABCD"[at % 4], panel.index[150 + 8 * at]) for at in range(30)]
    study = es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(120, end=-5), window=(-1, 2))
    result = study.fit(pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]), es.ReturnPanel(panel))
    tests = result.tests((0, 1), seed=0)
    marked = tests[tests["report"] != ""]
    assert marked["report"].tolist() == ["yes"]
    name, p = marked["name"].iloc[0], marked["pvalue"].iloc[0]
    row = result.horizons([(0, 1)], draws=9).iloc[0]
    assert (row["test"], row["pvalue"]) == (name, pytest.approx(p, abs=1e-12))
    assert name == result.caar((0, 1))["test"].iloc[0]
    assert f"report: {name} p = {p:.3g}" in result.summary([(0, 1)])
    assert f"p-values of {name}" in result.table([(0, 1)]).caption


def by_hand(sample, n, names, last=()):
    """The rule of `reported`, from the least of its parts to the first: each sorts anew and keeps the order of those alike."""
    own = str(manner(sample)) if sample.clock is None else ""
    order = [name for name in TESTS if name in names]
    order.sort(key=lambda name: len(TESTS[name].bears(n)), reverse=True)
    order.sort(key=lambda name: TESTS[name].draws)
    order.sort(key=lambda name: not TESTS[name].mean)
    order.sort(key=lambda name: name != own)
    if own == "covariance":
        order.sort(key=lambda name: "staggered dependence" not in TESTS[name].bears(n))
    order.sort(key=lambda name: name in last)
    return order


@pytest.mark.parametrize("n", [49, 50])
@pytest.mark.parametrize("days", ["apart", "one", "near"])
def test_the_order_is_the_rule_part_by_part(n, days):
    """Ten more have no CAR: what a test bears is told by those that have one."""
    day0 = {"apart": 20 * np.arange(n + 10), "one": np.full(n + 10, 5), "near": np.arange(n + 10)}[days]
    ar = np.full((n + 10, 3), 0.01)
    ar[n:] = np.nan
    sample = sample_of(ar=ar, day0=day0)
    names = list(reversed(list(TESTS)))
    assert in_order(sample, names) == by_hand(sample, n, names)
    last = [name for name in names if TESTS[name].mean]
    assert in_order(sample, names, last=last) == by_hand(sample, n, names, last)
    own = {"apart": "cross_sectional", "one": "portfolio", "near": "covariance"}[days]
    assert str(manner(sample)) == own
    assert days == "near" or in_order(sample, names)[0] == own


def test_windows_that_share_bars_put_last_what_takes_them_for_independent():
    sample = sample_of(ar=np.full((60, 3), 0.01), day0=np.arange(60))
    order = in_order(sample, list(TESTS))
    bears = ["staggered dependence" in TESTS[name].bears(60) for name in order]
    assert bears == sorted(bears, reverse=True)
    assert {True, False} == set(bears)


def said_of(name, *, applicable=True, valid=True, reasons=(), caveats=(), size=math.nan):
    return Recommendation(name, applicable, valid, reasons, caveats, size)


class TestReported:
    sample = sample_of(car=np.linspace(-0.02, 0.03, 12))

    def test_one_without_a_caveat_goes_before_the_one_of_the_interval(self):
        plain = [said_of("bmp"), said_of("cross_sectional")]
        assert reported(self.sample, plain) == "cross_sectional"
        assert reported(self.sample, [said_of("bmp"), said_of("cross_sectional", caveats=("few",))]) == "bmp"
        both = [said_of("bmp", caveats=("few",)), said_of("cross_sectional", caveats=("few",))]
        assert reported(self.sample, both) == "cross_sectional"

    def test_one_that_cannot_be_done_is_not_reported(self):
        assert reported(self.sample, [said_of("cross_sectional", applicable=False), said_of("bmp")]) == "bmp"
        assert reported(self.sample, [said_of("bmp", applicable=False, size=0.05)]) == ""
        assert reported(self.sample, []) == ""

    def test_doubts_of_the_data_alone_do_not_count(self):
        doubted = replace(self.sample, doubts=("unsure",))
        said = [
            said_of("cross_sectional", valid=False, reasons=("unsure",)),
            said_of("bmp", valid=False, reasons=("unsure", "more")),
        ]
        assert reported(doubted, said) == "cross_sectional"
        assert reported(self.sample, [*said, said_of("sign")]) == "sign"

    def test_where_none_is_believed_the_size_nearest_to_five_percent_on_either_side(self):
        def doubted(**sizes):
            return [said_of(name, valid=False, reasons=("x",), size=size) for name, size in sizes.items()]

        assert reported(self.sample, doubted(cross_sectional=0.08, bmp=0.06, sign=0.03)) == "bmp"
        assert reported(self.sample, doubted(cross_sectional=0.08, bmp=0.07, sign=0.04)) == "sign"
        assert reported(self.sample, doubted(bmp=0.06, cross_sectional=0.06)) == "cross_sectional"
        assert reported(self.sample, doubted(cross_sectional=math.nan, bmp=0.2)) == "bmp"
        assert reported(self.sample, doubted(cross_sectional=math.nan)) == ""

    def test_a_result_that_was_not_judged_is_not_sure(self):
        results = [replace(one, valid=None) for one in run_all(self.sample, seed=0) if one.name in ("bmp", "sign")]
        assert len(results) == 2
        assert reported(self.sample, results) in {"bmp", "sign"}  # by their sizes
        assert reported(self.sample, [*results, said_of("wilcoxon")]) == "wilcoxon"
