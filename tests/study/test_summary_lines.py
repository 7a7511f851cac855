"""The lines of a summary: what was studied, what not, the mean of each window and group, the tests to believe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.study.pairs.pairs import MARK
from eventstudy.study.tables import summary as room
from eventstudy.study.tables.summary import _wrapped, summary

DAYS = pd.bdate_range("2024-03-01", periods=130)


def fit(rows, calendar=None, estimation=None, **columns):
    rng = np.random.default_rng(5)
    panel = pd.DataFrame(rng.normal(0, 0.01, (130, 5)), columns=[*"MABCD"], index=DAYS)
    pairs = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]).assign(**columns)
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-1, 2), calendar=calendar, mask_events=False,
        estimation=estimation or es.EstimationWindow(40, end=-3),
    )  # fmt: skip
    return study.fit(pairs, es.ReturnPanel(panel, calendar=None))


ROWS = [("a", "A", DAYS[60]), ("b", "B", DAYS[70]), ("c", "C", DAYS[80]), ("d", "A", DAYS[90])]


@pytest.fixture
def quick(monkeypatch):
    """Every sample is too large to be judged: the lines alone."""
    monkeypatch.setattr(room, "ADVISED", 0)


def mean_line(result, window, name, of=""):
    row = result.caar(window).iloc[0]

    def said(value):
        return f"{100 * value:+.2f}%".replace("-", "−")

    return f"CAAR {name}{of}: {said(row['caar'])} [{said(row['low'])}, {said(row['high'])}], n = {row['n']} in {row['n_sessions']} sessions ({row['test']})"


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_lines_in_their_order(quick):  # noqa: ARG001
    result = fit([*ROWS, ("e", "D", DAYS[5]), ("f", "D", DAYS[6]), ("g", "ZZ", DAYS[60])])
    lines = plain(summary(result._fitted)).splitlines()
    assert lines[0] == "StudyResult: 4 security-events in 4 sessions, 3 excluded"
    assert lines[1] == "model MarketModel(market='M'); event window (-1, 2); calendar the index of the panel"
    assert lines[2] == "estimation window (-42, -3), at least 30 usable bars"
    assert sorted(lines[3:5]) == ["excluded, too_few_bars: 2", "excluded, unknown_symbol: 1"]
    windows = [((0, 0), "day 0"), ((0, 1), "days 0 to +1"), ((-1, 2), "days −1 to +2")]
    assert lines[5:8] == [mean_line(result, window, name) for window, name in windows]
    assert lines[8:10] == ["tests on days 0 to +1:", "  4 security-events: tests() says which tests to believe"]
    assert lines[10].startswith("counterfactual unknown: ")


def test_windows_asked_for_take_the_place_of_the_usual_ones(quick):  # noqa: ARG001
    result = fit(ROWS)
    lines = plain(summary(result._fitted, [(1, 2), (-1, 0)])).splitlines()
    assert lines[3:5] == [mean_line(result, (1, 2), "days +1 to +2"), mean_line(result, (-1, 0), "days −1 to 0")]
    assert lines[5] == "tests on days +1 to +2:"
    assert sum(line.startswith("CAAR") for line in lines) == 2


def test_stances_have_a_line_each_and_the_way_to_the_others(quick):  # noqa: ARG001
    result = fit(ROWS, stance=["talks", "talks", "mixed", "mixed"])
    lines = plain(summary(result._fitted, [(0, 0)])).splitlines()
    groups = dict(zip(("mixed", "talks"), ([ROWS[2], ROWS[3]], [ROWS[0], ROWS[1]]), strict=True))
    assert lines[3:5] == [mean_line(fit(rows), (0, 0), "day 0", f", {name}") for name, rows in groups.items()]
    assert [line for line in lines if line.startswith("tests on")] == [
        "tests on day 0, mixed:",
        "tests on day 0, talks:",
    ]
    assert "why not the others: fit the events of one stance alone and ask tests()" in lines
    alone = plain(summary(fit(ROWS)._fitted, [(0, 0)]))
    assert "why not the others" not in alone
    assert "tests on day 0:" in alone


def test_what_was_read_is_said_after_the_headline_and_strange_rows_at_the_end(quick):  # noqa: ARG001
    result = fit(ROWS, calendar="XNYS")  # three weekdays of the panel are holidays of New York
    fitted = result._fitted
    frame = fitted.request.frame.copy()
    frame.attrs[MARK] = {"said": ("read from a table", "two rows were dropped")}
    lines = summary(replace(fitted, request=replace(fitted.request, frame=frame))).splitlines()
    assert lines[1:3] == ["read from a table", "two rows were dropped"]
    assert lines[3].startswith("model MarketModel(market='M'); event window (-1, 2); calendar XNYS")
    strange = sum(part.aligned.strange for part in fitted.parts)
    told = [line for line in lines if "are no sessions of the calendar" in line]
    assert told == (
        [f"{strange} rows of the panel are no sessions of the calendar and were left out"] if strange else []
    )
    assert not any("are no sessions" in line for line in summary(fit(ROWS)._fitted).splitlines())


def test_both_estimation_windows_are_named(quick):  # noqa: ARG001
    lines = summary(
        fit(ROWS, estimation=es.EstimationWindow(before=(-40, -3), after=(4, 14), minimum=31))._fitted
    ).splitlines()
    assert lines[2] == "estimation window (-40, -3) and (4, 14), at least 31 usable bars"


def test_nothing_studied_ends_with_what_was_left_out():
    lines = summary(fit([("e", "D", DAYS[5])])._fitted).splitlines()
    assert lines[-1] == "excluded, too_few_bars: 1"
    assert len(lines) == 4


def test_a_test_is_doubted_where_it_applies_and_is_not_to_be_believed(monkeypatch):
    """Two events are too few for the ordinary t; so is a sample that is too large to be judged, which is not doubted."""
    few = fit(ROWS[:2])
    assert few.test("cross_sectional", (0, 0)).valid is False
    assert room._doubted(few._fitted, (0, 0), "cross_sectional")
    assert not room._doubted(few._fitted, (0, 0), "covariance")  # is no test of the table
    assert not room._doubted(fit(ROWS[:1])._fitted, (0, 0), "cross_sectional")  # of one event it does not apply
    monkeypatch.setattr(room, "ADVISED", 2)
    assert room._doubted(few._fitted, (0, 0), "cross_sectional")
    assert "2 security-events: tests()" not in " ".join(room._advice(few._fitted, (0, 0)))
    monkeypatch.setattr(room, "ADVISED", 1)
    assert not room._doubted(few._fitted, (0, 0), "cross_sectional")
    assert room._advice(few._fitted, (0, 0)) == ("2 security-events: tests() says which tests to believe",)


def test_a_mean_without_an_interval_says_so(quick):  # noqa: ARG001
    one = fit(ROWS[:1])
    bare = replace(
        one._fitted.study, model=es.MarketAdjusted("M"), estimation=es.EstimationWindow(40, end=-3, minimum=0)
    )
    new = one.panel.frame.copy()
    new.iloc[:59, new.columns.get_loc("A")] = np.nan
    lines = plain(summary(bare.fit(one._fitted.request.frame, es.ReturnPanel(new, calendar=None))._fitted)).splitlines()
    assert any("[no interval], n = 1 in 1 session" in line for line in lines)


@pytest.mark.parametrize(("length", "lines"), [(99, 1), (100, 1), (101, 2)])
def test_a_line_has_a_hundred_characters_at_most(length, lines):
    text = "a" * 50 + " " + "b" * (length - 51)
    assert len(_wrapped([text], first="")) == lines
    assert "".join(_wrapped([text], first="")).replace(" ", "") == text.replace(" ", "")


def test_words_joined_by_a_hyphen_and_long_ones_stay_whole():
    hyphen = "x" * 95 + " one-two-three"
    assert _wrapped([hyphen], first="") == ["x" * 95, "    one-two-three"]
    assert _wrapped(["y" * 130]) == ["  " + "y" * 130]
    assert _wrapped(["z" * 94 + " p = 0.05"]) == ["  " + "z" * 94, "      p = 0.05"]
