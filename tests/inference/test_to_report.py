"""One rule names the test to report, and every output follows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration import SCENARIOS, Geometry
from eventstudy.calibration.batch import single_samples
from eventstudy.inference import recommend, reported, run_all
from eventstudy.inference.advice import advice
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
