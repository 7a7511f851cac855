"""What a page and a table for a paper say in words of means, intervals, groups and tests: by hand, a case each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal.models.linear import MarketAdjusted, MarketModel, MeanAdjusted
from eventstudy.errors import StudyError
from eventstudy.pages.document import Part, Section
from eventstudy.study.output import page, paper
from eventstudy.study.output.page import answer_of, interval_words, means_and_tests, result_document, result_part
from eventstudy.study.output.paper import in_words, paper_table
from eventstudy.study.rows import subset

ROW = {
    "caar": 0.0123,
    "low": 0.002,
    "high": 0.0226,
    "n": 9,
    "n_sessions": 9,
    "test": "bmp",
    "believe": "yes",
    "window": "day 0",
}


def frame(*rows):
    return pd.DataFrame([ROW | row for row in rows])


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.002, 0.02, "lies above zero"),
        (-0.02, -0.002, "lies below zero"),
        (-0.01, 0.02, "includes zero"),
        (0.0, 0.02, "includes zero"),
        (-0.02, 0.0, "includes zero"),
    ],
)
def test_an_answer_says_where_the_interval_lies(low, high, said):
    (sentence,), _ = answer_of(frame({"low": low, "high": high}), None)
    assert sentence == f"The average abnormal return was +1.23% on day 0; its 95% interval {said}."
    (doubted,), _ = answer_of(frame({"low": low, "high": high, "believe": "no"}), None)
    assert (
        doubted
        == f"The average abnormal return was +1.23% on day 0; its 95% interval {said}, but no test can be believed without doubt."
    )


def test_an_answer_without_an_interval_and_without_anything():
    (sentence,), (fact,) = answer_of(frame({"low": np.nan, "high": np.nan}), None)
    assert sentence == "The average abnormal return was +1.23% on day 0; it has no interval."
    assert fact.note.startswith("no interval")
    assert answer_of(frame({}).iloc[:0], None) == (("Nothing could be studied.",), ())


def test_one_group_has_a_card_a_window_and_several_have_one_each_of_the_first():
    windows = [{"window": "day 0"}, {"window": "days 0 to +1", "caar": -0.004, "n_sessions": 3}]
    sentences, facts = answer_of(frame(*windows), None)
    assert (len(sentences), [fact.label for fact in facts]) == (1, ["day 0", "days 0 to +1"])
    assert [fact.note.rpartition(", ")[2] for fact in facts] == ["9 sessions", "n = 9"]
    groups = [{"stance": name, **window} for name in ("talks", "mixed") for window in windows]
    sentences, facts = answer_of(frame(*groups), "stance")
    assert [fact.label for fact in facts] == ["talks, day 0", "mixed, day 0"]
    assert [one.partition(":")[0] for one in sentences] == ["Talks", "Mixed"]
    sizes = [{"size": name} for name in ("small", "large")]
    sentences, facts = answer_of(frame(*sizes), "size")
    assert [fact.label for fact in facts] == ["size small, day 0", "size large, day 0"]
    assert sentences[0].startswith("Size small: the average abnormal return was +1.23%")


def test_an_interval_in_words_names_its_test_and_whether_that_is_doubtful():
    one = frame({}).iloc[0]
    assert interval_words(one) == "95% interval +0.20% to +2.26% by bmp"
    assert interval_words(one.replace("yes", "no")) == "95% interval +0.20% to +2.26% by bmp (doubtful)"
    assert interval_words(one.replace("yes", "")) == "95% interval +0.20% to +2.26% by bmp"


# ---------------------------------------------------------------------------------------------------------------- a page

DAYS = pd.bdate_range("2024-01-02", periods=130)


def world(rows, names="A", **columns):
    rng = np.random.default_rng(3)
    panel = pd.DataFrame(rng.normal(0, 0.01, (130, 5)), columns=[*"MABCD"], index=DAYS)
    symbols = [names[at % len(names)] for at in range(len(rows))]
    events = pd.DataFrame(
        {"event_id": [f"e{at}" for at in range(len(rows))], "symbol": symbols, "bar": DAYS[rows], **columns}
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-1, 2), estimation=es.EstimationWindow(40, end=-3), calendar=None,
        mask_events=False,
    )  # fmt: skip
    return study.fit(events, es.ReturnPanel(panel, calendar=None))


@pytest.mark.parametrize(
    ("rows", "names", "asked", "counts"),
    [
        ([60], "A", "A at one event on 2024-03-26", (1, 1)),
        ([60, 60], "AB", "2 securities at 2 events on 2024-03-26", (2, 2)),
        ([90, 60, 75], "A", "A at 3 events from 2024-03-26 to 2024-05-07", (3, 1)),
    ],
)
def test_a_page_asks_who_moved_at_what_and_when(rows, names, asked, counts):
    question, told = page._question(world(rows, names)._fitted)
    assert question == f"How far did {asked}, beyond what was expected?".replace(
        f"did {asked}", f"did {asked.replace(' at ', ' move at ', 1)}"
    )
    assert (told["events"], told["securities"]) == counts


def test_a_page_of_nothing_asks_nothing():
    nothing = world([5])  # too little history
    assert nothing.n == 0
    assert page._question(nothing._fitted) == ("", {})
    with pytest.raises(StudyError, match=r"no security-event was studied \(1 too_few_bars\)"):
        nothing.table(tests=["sign"])
    assert list(nothing.plot.path().columns) == [
        "relative_day",
        "caar",
        "low",
        "high",
        "n",
        "median",
        "share_positive",
        "group",
    ]
    made = result_part(nothing._fitted)
    assert (made.charts, made.answer) == ((), ("Nothing could be studied.",))


def test_a_page_asks_of_bars_where_there_are_no_days():
    result = world([60, 75])
    plain = result.panel.frame.reset_index(drop=True)
    question, _ = page._question(result.study.fit(result._fitted.request.frame.assign(bar=[60, 75]), plain)._fitted)
    assert "at 2 events from bar 60 to bar 75" in question


@pytest.fixture(scope="module")
def result():
    return world(
        [55, 62, 70, 78, 86, 94, 102, 110], "ABCD", stance=["talks", "mixed"] * 4, size=["s", "s", "l", "l"] * 2
    )


@pytest.fixture(scope="module")
def part(result):
    plain = replace(
        result._fitted,
        request=replace(result._fitted.request, frame=result._fitted.request.frame.drop(columns="stance")),
    )
    return result_part(plain, seed=1), plain


def test_the_parts_of_a_page_and_what_stands_in_each(part):
    made, plain = part
    assert [one.heading for one in made.sections] == ["On average", "Each event", "Tests", "What was left out"]
    assert [one.behind for one in made.sections] == [False, False, True, True]
    assert [one.charts for one in made.sections] == [("caar",), ("each",), (), ()]
    assert [one.tables for one in made.sections] == [("means",), ("cars",), ("tests",), ("excluded",)]
    tables = {one.id if hasattr(one, "id") else one.name: one for one in made.tables}
    assert list(tables) == ["means", "cars", "tests", "excluded"]
    assert [one.open for one in made.tables] == [True, False, False, False]
    means = tables["means"].frame
    assert means["window"].tolist() == ["day 0", "days 0 to +1", "days −1 to +2"]
    assert "stance" not in means
    cars = es.study.result.StudyResult(plain).car((0, 1))["car"]
    np.testing.assert_allclose(tables["cars"].frame["car"], cars)  # the window of the charts
    assert made.results["n"] == 8
    assert len(made.facts) == 3
    assert "counterfactual" in made.results


def test_a_page_of_one_window_has_its_cars():
    narrow = replace(world([55, 62, 70]).study, window=(0, 0))
    one = narrow.fit(world([55, 62, 70])._fitted.request.frame, world([55]).panel)
    tables = result_part(one._fitted).tables
    np.testing.assert_allclose(tables[1].frame["car"], one.car((0, 0))["car"])
    assert tables[0].frame["window"].tolist() == ["day 0"]


def test_more_is_put_after_the_page(result, part, monkeypatch):
    made, _ = part
    monkeypatch.setattr(page, "result_part", lambda *_, **__: made)
    more = Part((Section("More", ("words",)),), (), (), {}, (), ())
    plain, longer = (result_document(result._fitted, title="T", seed=1, more=given) for given in (None, more))
    assert [one.heading for one in longer.sections] == [*(one.heading for one in plain.sections), "More"]
    assert (longer.results["events"], longer.results["securities"]) == (8, 4)


def test_means_and_tests_of_groups_open_with_the_group(result):
    windows = [(0, 0), (0, 1)]
    means, tests = means_and_tests(result._fitted, windows, "size", 1)
    assert means.columns[0] == "size"
    assert means["size"].tolist() == ["l", "l", "s", "s"]
    assert means["window"].tolist() == ["day 0", "days 0 to +1"] * 2
    assert means.index.tolist() == [0, 1, 2, 3]
    assert set(tests["size"]) == {"l", "s"}
    assert tests.index.is_unique
    for row in means.to_dict("records"):
        own = result.caar((0, 0) if row["window"] == "day 0" else (0, 1), by="size").set_index("size").loc[row["size"]]
        assert row["caar"] == pytest.approx(own["caar"], rel=1e-12)
        assert row["believe"] in ("yes", "no")
    one, every = means_and_tests(result._fitted, windows[:1], None, 1)
    assert len(one) == 1
    assert "size" not in one
    assert len(every) > 20


def test_a_sample_too_large_for_the_tests_has_none_of_them(result, monkeypatch):
    few = subset(result._fitted, np.array([True, True, True] + [False] * 5))
    monkeypatch.setattr(page, "ADVISED", 3)
    assert len(page._tests(few, (0, 0), 1)) > 20
    assert page._counterfactual(few)[2]
    monkeypatch.setattr(page, "ADVISED", 2)
    assert len(page._tests(few, (0, 0), 1)) == 0
    assert page._counterfactual(few) == ((), (), {})
    means, _ = means_and_tests(few, [(0, 0)], None, 1)
    assert means["believe"].tolist() == [""]
    none = subset(result._fitted, np.zeros(8, dtype=bool))
    monkeypatch.undo()
    assert len(page._tests(none, (0, 0), 1)) == 0
    assert page._counterfactual(none) == ((), (), {})
    assert len(means_and_tests(none, [(0, 0)], "size", 1)[0]) == 0


def test_what_no_donor_can_tell_is_said_to_be_unknown(result):
    """Four securities of a panel are too few to ask: no doubt in front, and a line with the tests."""
    doubted, held, figures = page._counterfactual(result._fitted)
    assert doubted == ()
    assert held[0].startswith(
        "Whether the model of normal returns misses something on these dates is unknown: fewer than"
    )
    assert figures["status"] == "unknown"


def test_sessions_in_the_mean_of_several_groups_are_counted():
    """Of one series: two sessions have both groups, then one, then none; of several series nothing is said."""
    both = world([60, 60, 75, 75, 90, 100], "A", size=["s", "l", "s", "l", "s", "s"])._fitted
    assert page._shared(both, "size") == ("2 sessions have events of more than one size, and are in the mean of each.",)
    one = world([60, 60, 75, 75], "A", size=["s", "l", "s", "s"])._fitted
    assert page._shared(one, "size") == ("1 session has events of more than one size, and is in the mean of each.",)
    assert page._shared(world([60, 75], "A", size=["s", "l"])._fitted, "size") == ()
    assert page._shared(both, None) == ()
    assert page._shared(world([60, 60], "AB", size=["s", "l"])._fitted, "size") == ()
    opposed = world([60, 60], "A", stance=["talks", "mixed"])._fitted
    assert page._shared(opposed, "stance")[0].endswith(
        "is in the mean of each. In Python, catalog.without_conflicts() leaves out those of opposed stances."
    )


def test_a_page_says_on_which_bars_was_estimated():
    assert page._estimated(es.EstimationWindow(40, end=-3)) == (
        "estimation window of 40 bars that ends on day -3, at least 30 usable"
    )
    both = es.EstimationWindow(before=(-40, -3), after=(5, 14), minimum=33)
    assert page._estimated(both) == "estimation window of 48 bars on days −40 to −3 and +5 to +14, at least 33 usable"


# --------------------------------------------------------------------------------------------------------------- a paper


def table(result, **given):
    asked = {"windows": [(0, 0), (0, 1)], "tests": ("sign",), "by": None, "stars": False, "title": "T", "seed": 1}
    return paper_table(result._fitted, **asked | given)


def test_two_groups_stand_side_by_side_and_three_below_each_other(result):
    two = table(result, by="size").frame
    assert list(two.columns) == [
        "window",
        *(f"{name}: {cell}" for name in "ls" for cell in ("mean", "median", "positive", "sign", "n")),
    ]
    assert two["window"].tolist() == ["day 0", "days 0 to +1"]
    fitted = result._fitted
    kinds = replace(fitted, request=replace(fitted.request, frame=fitted.request.frame.assign(kind=[1, 2, 3, 1] * 2)))
    three = paper_table(kinds, windows=[(0, 0), (0, 1)], tests=("sign",), by="kind", stars=False, title="T", seed=1)
    assert list(three.frame.columns) == ["group", "window", "mean", "median", "positive", "sign", "n"]
    assert three.frame["group"].tolist() == [name for name in ("kind = 1", "kind = 2", "kind = 3") for _ in range(2)]
    assert three.frame["window"].tolist() == ["day 0", "days 0 to +1"] * 3
    assert three.frame["n"].tolist() == ["4", "4", "2", "2", "2", "2"]
    assert three.frame.index.tolist() == list(range(6))
    assert set(three.units) == {"mean", "median", "positive", "sign", "n"}
    one = table(result, windows=[(0, 0)])
    assert list(one.frame.columns) == ["window", "mean", "median", "positive", "sign", "n"]
    assert set(one.units) == {"mean", "median", "positive", "sign", "n"}


def test_a_cell_is_the_statistic_with_its_p_and_a_mark_of_doubt(result):
    cells = table(result, tests=("sign", "bmp"), windows=[(0, 1)]).frame.iloc[0]
    car = result.car((0, 1))["car"]
    assert cells["median"] == f"{100 * car.median():.2f}%".replace("-", "−")
    assert cells["positive"] == f"{100 * (car > 0).mean():.0f}%"
    for name in ("sign", "bmp"):
        test = result.test(name, (0, 1), seed=1)
        assert cells[name] == f"{test.statistic:.2f} ({test.pvalue:.3f}){'' if test.valid else '†'}".replace("-", "−")
    plain = table(result, tests=(), windows=[(0, 1)])
    assert list(plain.frame.columns) == ["window", "mean", "median", "positive", "n"]
    assert "In parentheses" not in plain.caption
    assert plain.caption.startswith(
        "Average cumulative abnormal returns; market model on M; estimation days −42 to −3; positive: "
    )


def test_without_a_return_there_is_no_median_and_no_statistic():
    made = world([60, 75], "AB")
    holes = made.panel.frame.copy()
    holes.iloc[[61, 76], 1:] = np.nan
    gone = made.study.fit(made._fitted.request.frame, es.ReturnPanel(holes, calendar=None))
    row = table(gone, windows=[(1, 1)], tests=("sign",)).frame.iloc[0]
    assert row["median"] == row["positive"] == row["sign"] == "—"
    assert row["n"] == "0"


@pytest.mark.parametrize(("stars", "tests"), [(True, ("sign",)), (True, ()), (False, ("sign",))])
def test_stars_are_explained_where_there_are_any_to_give(result, stars, tests):
    caption = table(result, stars=stars, tests=tests).caption
    assert ("Stars: p of" in caption) == (stars and bool(tests))
    if stars and tests:
        assert "below 0.1 (*), 0.05 (**), 0.01 (***)." in caption


@pytest.mark.parametrize(
    ("p", "mark"), [(0.0099, "***"), (0.01, "**"), (0.049, "**"), (0.05, "*"), (0.0999, "*"), (0.1, "")]
)
def test_a_star_is_of_p_below_its_level(p, mark):
    assert next((one for level, one in paper.STARS if p < level), "") == mark


def test_stars_stand_at_the_mean_by_the_first_test_alone():
    rng = np.random.default_rng(0)
    rows = [55, 62, 70, 78, 86, 94, 102, 110]
    base = world(rows, "ABCD")
    moved = base.panel.frame.copy()
    moved.iloc[rows, 1:] += 0.05 + rng.normal(0, 0.001, (8, 4))
    sure = base.study.fit(base._fitted.request.frame, es.ReturnPanel(moved, calendar=None))
    both = table(sure, windows=[(0, 0), (2, 2)], tests=("cross_sectional",), stars=True).frame
    p = [sure.test("cross_sectional", window).pvalue for window in ((0, 0), (2, 2))]
    assert p[0] < paper.STARS[0][0]
    assert p[1] > paper.STARS[-1][0]
    assert [cell.partition("%")[2] for cell in both["mean"]] == ["***", ""]
    none = table(sure, windows=[(0, 0)], tests=("cross_sectional",)).frame
    assert none["mean"].iloc[0].endswith("%")


def test_an_unknown_test_is_named_with_those_that_are():
    with pytest.raises(StudyError, match="there is no test 'nope'; the tests are "):
        table(world([60, 75], "AB"), tests=("sign", "nope"))


def test_two_tests_of_the_usual_choice_and_the_one_to_report_first(result):
    every = result.tests((0, 0), seed=1, full=True).set_index("name")
    chosen = paper._believed([result._fitted], (0, 0), 1)
    assert 1 <= len(chosen) <= 2
    assert every.loc[chosen[0], "report"] != ""
    assert len(set(chosen)) == len(chosen)
    assert all(every.loc[name, "valid"] for name in chosen[1:])
    if int(every["valid"].sum()) >= 2:
        assert len(chosen) == 2
    words = [list(table(result, tests=None, windows=[(0, 0)]).frame.columns)[4:-1]]
    assert words == [list(chosen)]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (MarketModel("M"), "market model on M"),
        (MarketModel({"A": "N", "B": "M", "C": "N"}), "market model, each security on its own index (M, N)"),
        (MeanAdjusted(), "mean-adjusted returns"),
        (MarketAdjusted("M"), "market-adjusted returns on M"),
        (es.FactorModel(["M", "S"]), "factor model of M, S"),
        (es.FactorModel(["M", "S"], risk_free="rf"), "factor model of M, S, in excess of rf"),
    ],
)
def test_models_have_the_names_of_papers(model, said):
    assert in_words(model) == said


@pytest.mark.parametrize(
    "model", [MeanAdjusted(volatility="ewma"), MarketAdjusted({"A": "M"}), es.SyntheticControl(["A", "B"]), 7]
)
def test_other_models_are_called_as_they_are_made(model):
    assert in_words(model) == repr(model)


def test_a_group_of_numbers_says_of_what():
    assert paper._named("size", 2) == "size = 2"
    assert paper._named("beat", True) == "beat = True"
    assert paper._named("size", np.float64(0.5)) == "size = 0.5"
    assert paper._named("size", "small") == "small"
