"""The table of tests: what it opens with, what it says of doubtful data, and of windows in which nothing has a return."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.inference import TestResult
from eventstudy.study.tables.significance import SHORT, doubting, one_test, placing_of, short_first, told


def result_of(name, **given):
    return TestResult(name=name, null="mean CAR = 0", **given)


TOLD = told(
    [
        result_of("one", statistic=2.0, pvalue=0.04, valid=True, ci=(0.1, 0.3), warnings=("few", "odd")),
        result_of("two", statistic=1.0, pvalue=0.3, valid=False, doubts=("crowded", "few sessions"), warnings=("few",)),
        result_of("three", applicable=False, reason="needs 2 security-events, has 1"),
        result_of("four", statistic=0.5, pvalue=0.6, valid=False, ci=(-0.2, 0.2)),
    ],
    "one",
)


def test_the_test_to_report_is_marked_and_doubtful_where_it_is():
    assert TOLD["report"].tolist() == ["yes", "", "", ""]
    doubtful = told([result_of("one", valid=True), result_of("two", valid=False)], "two")
    assert doubtful["report"].tolist() == ["", "doubtful"]
    assert told([result_of("one", valid=True)], "")["report"].tolist() == [""]


def test_the_ends_of_an_interval_are_two_columns_and_what_does_not_apply_is_not_valid():
    np.testing.assert_array_equal(TOLD["low"], [0.1, np.nan, np.nan, -0.2])
    np.testing.assert_array_equal(TOLD["high"], [0.3, np.nan, np.nan, 0.2])
    assert TOLD["valid"].tolist() == [True, False, False, False]
    assert "ci" not in TOLD


def test_a_short_table_says_whether_to_believe_and_why_not():
    """Doubts before warnings, warnings before the reason; nothing is said of belief where a test does not apply."""
    table = short_first(TOLD)
    assert list(table.columns) == list(SHORT)
    assert table["believe"].tolist() == ["yes", "no", "", "no"]
    assert table["why"].tolist() == ["few; odd", "crowded; few sessions", "needs 2 security-events, has 1", ""]


def test_the_counterfactual_is_a_word_in_the_short_table_and_a_sentence_in_the_full_one():
    said = TOLD.assign(counterfactual="withdrawn: untreated securities moved: by much")
    short, full = short_first(said), short_first(said, full=True)
    assert list(short.columns) == [*SHORT, "counterfactual"]
    assert short["counterfactual"].unique().tolist() == ["withdrawn"]
    assert full["counterfactual"].unique().tolist() == ["withdrawn: untreated securities moved: by much"]
    assert list(full.columns[: len(SHORT)]) == list(SHORT)
    assert set(full.columns) == set(said.columns) | {"believe", "why"}
    assert full.columns.is_unique
    assert set(short_first(TOLD, full=True).columns) == set(TOLD.columns) | {"believe", "why"}


def test_no_test_has_the_columns_of_a_short_table():
    none = short_first(pd.DataFrame(columns=["low", "high"]))
    assert (len(none), list(none.columns)) == (0, [*SHORT, "low", "high"])


@pytest.mark.parametrize(
    ("placing", "words"),
    [
        ((0, 0), []),
        ((2, 0), ["session_uncertain: 2 of 9 security-events: what is known of the moment leaves another bar open"]),
        ((0, 1), ["off_calendar: 1 of 9 security-events: a day of the data that is no session"]),
        ((1, 3), ["session_uncertain: 1 of 9", "off_calendar: 3 of 9"]),
    ],
)
def test_what_is_doubtful_about_the_days_is_a_doubt_of_each_test_that_applies(placing, words):
    tests = [result_of("one", doubts=("crowded",)), result_of("two", applicable=False, reason="too few")]
    judged, left = doubting(tests, placing, 9, "bar")
    assert judged.doubts[0] == "crowded"
    assert len(judged.doubts) == 1 + len(words)
    for doubt, word in zip(judged.doubts[1:], words, strict=True):
        assert doubt.startswith(word)
    assert left.doubts == ()


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(0, 0.01, (200, 4)), columns=[*"MABC"])
    frame.loc[[151, 171, 191], ["A", "B", "C"]] = np.nan
    events = pd.DataFrame({"event_id": list("abc"), "symbol": list("ABC"), "bar": [150, 170, 190]})
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-2, 2), estimation=es.EstimationWindow(100, end=-5), calendar=None
    )
    return study.fit(events, frame)


def test_one_test_of_a_window_without_any_return_does_not_apply_and_all_tests_refuse(result):
    alone = result.test("cross_sectional", (1, 1))
    assert not alone.applicable
    with pytest.raises(StudyError, match=r"no security-event has a return in the window \(1, 1\)"):
        result.tests((1, 1))
    with pytest.raises(StudyError, match="has a return in the window"):
        result.sample((1, 1))


def test_a_test_that_refits_finds_what_it_needs_and_others_do_not_ask(result):
    assert result.test("permutation", (0, 0), seed=1).applicable
    assert one_test(result._fitted, "sign", (0, 0)).applicable
    assert placing_of(result._fitted, (0, 0)) == (0, 0)


def test_options_of_one_test_are_refused_by_all_of_them(result):
    with pytest.raises(StudyError, match="takes no 'by'; fit each group by itself, or compare"):
        result.tests(by="x")
    with pytest.raises(StudyError, match=r"takes no 'draws'; if it belongs to one: result.test\(name, draws=…\)"):
        result.tests(draws=9)


def test_missing_days_are_summed_over_unless_a_call_or_the_study_is_strict(result):
    """Day +1 has no return: two of three are summed, or there is none."""
    car = result.car((0, 2))
    assert car["n_bars"].tolist() == [2, 2, 2]
    assert car["car"].notna().all()
    strict = result.car((0, 2), missing="strict")
    assert strict["car"].isna().all()
    own = es.EventStudy(
        model=es.MarketModel("M"),
        window=(-2, 2),
        estimation=es.EstimationWindow(100, end=-5),
        calendar=None,
        missing="strict",
    ).fit(result._fitted.request.frame, result.panel)
    assert own.car((0, 2))["car"].isna().all()
    assert own.car((0, 2), missing="available")["car"].equals(car["car"])


def test_counts_and_usual_coverage_of_a_result(result):
    assert (result.n, result.n_sessions, result.symbols) == (3, 3, ("A", "B", "C"))
    for ask in (result.aar, result.caar, result.abhar):
        pd.testing.assert_frame_equal(ask(), ask(level=0.95))
    standardized = result.explain({"x": [1.0, 2.0, 4.0]}, (0, 0), standardized=True, errors="nonrobust")
    scar = result.car((0, 0))["scar"].to_numpy()
    slope = np.polyfit([1.0, 2.0, 4.0], scar, 1)
    np.testing.assert_allclose(standardized["estimate"], slope[::-1], rtol=1e-9)
    plain = result.explain({"x": [1.0, 2.0, 4.0]}, (0, 0), errors="nonrobust")
    np.testing.assert_allclose(
        plain["estimate"][::-1], np.polyfit([1.0, 2.0, 4.0], result.car((0, 0))["car"], 1), rtol=1e-9
    )
    assert (plain["unit"].unique().tolist(), standardized["unit"].unique().tolist()) == (["return"], ["standardized"])


def test_a_sample_keeps_what_is_asked_for(result):
    whole, bare = result.sample((0, 0)), result.sample((0, 0), estimation=False, placebo=False)
    assert whole.estimation is not None
    assert whole.refit is not None
    assert whole.admissible is not None
    assert (bare.estimation, bare.refit, bare.admissible) == (None, None, None)
