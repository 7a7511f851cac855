"""The recommendation: each condition is measured where it is, not where it is not, and speaks against the right tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.calibration import SCENARIOS, Geometry
from eventstudy.calibration.batch import single_samples
from eventstudy.inference import TESTS, advice, recommend, run, run_all
from eventstudy.inference.conditions import measure

GEOMETRY = Geometry(history=50)


def drawn(name, n=60, window=(0, 0), seed=0):
    scenario = SCENARIOS[name]
    return single_samples(scenario.draw(np.random.default_rng(seed), 1, n, GEOMETRY), GEOMETRY, window)[0]


@pytest.mark.parametrize(
    ("scenario", "condition"),
    [
        ("t4", "fat tails"),
        ("skewed", "skewness"),
        ("event_variance", "event variance"),
        ("common", "dependence"),
        ("missing", "missing"),
        ("garch", "volatility clustering"),
    ],
)
def test_a_condition_is_found_where_it_is(scenario, condition):
    assert condition in measure(drawn(scenario)).present


def test_overlapping_windows_are_found():
    assert "staggered dependence" in measure(drawn("staggered", window=(-10, 10))).present


def test_nothing_is_found_where_nothing_is():
    """Thresholds are meant to be quiet: of 40 clean samples at most a handful may show anything."""
    found = [sorted(measure(drawn("normal", seed=seed)).present) for seed in range(40)]
    assert sum(map(bool, found)) <= 6  # one-sided 5 % for the rise of variance: 2 expected


def test_the_recommendation_is_that_of_run_all():
    sample = drawn("common_event_variance")
    said = {r.name: r for r in recommend(sample)}
    for result in run_all(sample, seed=0):
        assert said[result.name].valid == bool(result.valid)
        if result.applicable:
            assert said[result.name].reasons == result.doubts


def test_on_a_common_date_with_raised_variance_only_what_bears_both_is_left():
    said = {r.name: r for r in recommend(drawn("common_event_variance"))}
    assert said["kp_bmp"].valid
    assert {"patell", "bmp", "cross_sectional", "kp_patell", "portfolio", "permutation"} <= {
        name for name, r in said.items() if not r.valid
    }
    assert any("variance in the window is x" in reason for reason in said["kp_patell"].reasons)
    assert any("mean residual correlation" in reason for reason in said["bmp"].reasons)


def test_on_clean_data_the_textbook_is_valid():
    valid = {r.name for r in recommend(drawn("normal", seed=3)) if r.valid}
    assert {"cross_sectional", "patell", "bmp", "kp_bmp", "sign", "wilcoxon", "corrado", "permutation"} <= valid


def test_few_events_and_long_windows_are_said():
    result = run("grank_t", drawn("normal", n=10))
    assert any("claimed from 50 on" in doubt for doubt in result.doubts)
    assert any("up to 5" in doubt for doubt in run("corrado", drawn("normal", window=(-10, 10))).doubts)


def test_without_estimation_windows_common_dates_are_doubtful():
    sample = replace(drawn("common"), estimation=None)
    assert "not known" in measure(sample).present["dependence"]
    assert run("bmp", sample).valid is False


def test_a_withdrawn_claim_is_a_doubt():
    doubts = run("grank_t", drawn("common")).doubts
    assert doubts == ("dependence: the claim failed in calibration",)
    assert run("grank_t", drawn("normal", seed=3)).valid


def test_doubts_are_shown():
    result = run("patell", drawn("event_variance"))
    assert "doubtful here: event variance" in str(result)
    assert "event variance" in result._repr_html_()


def test_claims_grow_only_with_events():
    """A test that is claimed for few events is claimed for more."""
    for spec in TESTS.values():
        for scenario in SCENARIOS.values():
            held = [spec.holds(scenario.conditions | ({"few"} if n < 30 else set()), n, 1) for n in (10, 50, 200)]
            assert held == sorted(held), (spec.name, scenario.name)


class TestAdvice:
    def test_it_leads_with_the_tests_to_believe(self):
        sample = drawn("common_event_variance")
        lines = advice(sample)
        p = run("kp_bmp", sample).pvalue
        assert f"kp_bmp p = {p:.3g}" in lines[0]
        assert "patell p" not in lines[0]
        against = next(line for line in lines if " cross_sectional," in line)
        assert "mean residual correlation" in against

    def test_tests_that_draw_are_named_not_run(self, monkeypatch):
        monkeypatch.setattr("eventstudy.inference.placebo.permutation", None)
        assert "if run: wild_bootstrap, cluster_bootstrap, permutation" in advice(drawn("normal", n=20, seed=2))[0]

    def test_where_nothing_can_be_believed_it_says_so(self):
        sample = replace(drawn("common_event_variance", n=12), estimation=None, refit=None)
        assert advice(sample)[0] == "believe: no test that does not draw"

    def test_without_events_there_is_nothing_to_say_against(self, make_sample):
        assert advice(make_sample(0)) == ("believe: no test that does not draw",)
