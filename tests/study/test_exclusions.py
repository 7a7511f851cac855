"""What was not studied and why, word by word, and where each event fell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.study.tables.exclusions import events, excluded
from eventstudy.study.tables.returns import off_days

BARS = 80
DAYS = pd.bdate_range("2024-01-02", periods=BARS)


def panel(**columns):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(0, 0.01, (BARS, 4)), columns=[*"MABC"], index=DAYS)
    return frame.assign(**columns)


def fit(frame, rows, estimation=None, model=None, window=(-1, 2), **options):
    pairs = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"])
    study = es.EventStudy(
        model=model or es.MarketModel("M"), window=window, calendar=None, mask_events=False,
        estimation=estimation or es.EstimationWindow(40, end=-5, minimum=30), **options,
    )  # fmt: skip
    return study.fit(pairs, frame)


def details(result):
    table = result.excluded
    return {row.event_id: (row.symbol, row.reason, row.detail) for row in table.itertuples()}


def test_each_reason_stands_at_its_own_event_with_its_own_numbers():
    """Usable bars by hand: the window of 40 reaches back to bar 6 of 50, of which twelve, or all, are missing."""
    frame = panel()
    frame.iloc[10:22, frame.columns.get_loc("A")] = np.nan
    frame["C"] = np.nan
    later = pd.Timestamp("2024-12-31")
    rows = [
        ("few", "A", DAYS[50]),
        ("good", "B", DAYS[50]),
        ("gone", "C", DAYS[50]),
        ("late", "B", later),
        ("odd", "BB", DAYS[50]),
    ]
    found = details(fit(frame, rows))
    assert list(found) == ["few", "gone", "late", "odd"]
    assert found["few"] == ("A", "too_few_bars", "28 of 40 estimation bars usable, 30 needed")
    assert found["gone"] == ("C", "too_few_bars", "all its returns are missing in the panel")
    last = DAYS[-1]
    ends = f"relative day 0 would be 2024-12-31; the data run from 2024-01-02 to {last:%Y-%m-%d}"
    assert found["late"] == ("B", "outside_data", ends)
    assert found["odd"][:2] == ("BB", "unknown_symbol")


def test_a_security_without_returns_before_its_event_is_not_one_without_any():
    frame = panel()
    frame.iloc[:49, frame.columns.get_loc("A")] = np.nan
    found = details(fit(frame, [("new", "A", DAYS[50]), ("b", "B", DAYS[50])]))
    assert found["new"][2] == "0 of 40 estimation bars usable, 30 needed"


def test_without_a_return_in_the_window_the_history_is_not_what_is_told():
    """Market-adjusted returns need no history: of a security without returns it is the window that has none."""
    found = fit(
        panel(C=np.nan), [("a", "C", DAYS[50])], es.EstimationWindow(40, end=-5, minimum=0), es.MarketAdjusted("M")
    )
    assert details(found)["a"][1:] == ("no_returns_in_window", Exclusion.NO_RETURNS_IN_WINDOW.meaning)


def test_bars_of_both_estimation_windows_are_counted():
    frame = panel()
    frame.iloc[10:25, frame.columns.get_loc("A")] = np.nan
    both = es.EstimationWindow(before=(-30, -5), after=(5, 14), minimum=30)
    found = details(fit(frame, [("few", "A", DAYS[40])], estimation=both))
    assert found["few"][2] == "21 of 36 estimation bars (days −30 to −5 and +5 to +14) usable, 30 needed"


def test_an_unknown_symbol_is_told_from_a_level_and_from_one_that_did_not_come():
    frame = panel().rename(columns={"C": "LONGNAME"})
    held = es.ReturnPanel(frame, levels=pd.DataFrame({"V": np.full(BARS, 15.0)}, index=DAYS), calendar=None,
                          failures={"GONE": "no such ticker"})  # fmt: skip
    rows = [(name, name, DAYS[50]) for name in ("V", "GONE", "LONGNAMF", "B")]
    found = {name: detail for name, _, detail in details(fit(held, rows)).values()}
    assert found["V"] == "the panel holds it as a level, not as a return"
    assert found["GONE"].startswith("its prices did not come: no such ticker")
    assert found["LONGNAMF"].startswith("the panel has no such symbol")
    assert "did you mean 'LONGNAME'" in found["LONGNAMF"]
    assert set(found) == {"V", "GONE", "LONGNAMF"}


def test_what_was_left_out_and_rests_on_strange_bars_names_each_kind_of_them():
    frame = panel()
    frame.iloc[10:25, frame.columns.get_loc("A")] = np.nan
    frame.iloc[30, frame.columns.get_loc("A")] = -1.5
    frame.iloc[32:37, frame.columns.get_loc("A")] = 0.0
    frame.iloc[10:25, frame.columns.get_loc("B")] = np.nan
    frame.iloc[10:25, frame.columns.get_loc("C")] = np.nan
    frame.iloc[32:37, frame.columns.get_loc("C")] = 0.0
    found = details(fit(frame, [(name.lower(), name, DAYS[50]) for name in "ABC"]))
    assert found["c"][2] == "25 of 40 estimation bars usable, 30 needed; it rests on bars flagged stale"
    assert found["a"][2] == (
        "25 of 40 estimation bars usable, 30 needed; it rests on bars flagged impossible_return, stale"
    )
    assert found["b"][2] == "25 of 40 estimation bars usable, 30 needed"


def test_nothing_left_out_is_an_empty_table():
    table = excluded(fit(panel(), [("a", "A", DAYS[50])])._fitted)
    assert (len(table), list(table.columns)) == (0, ["event_id", "symbol", "reason", "detail"])


def test_events_say_where_they_fell_with_what_is_known_of_them():
    """The first bar of the data is in the data; a day after the last is not."""
    rows = [("first", "A", DAYS[0]), ("mid", "B", DAYS[50]), ("late", "B", pd.Timestamp("2024-12-31"))]
    result = fit(panel(), rows)
    table = result.events
    assert table["in_data"].tolist() == [True, True, False]
    assert table["session"].tolist() == [DAYS[0], DAYS[50], pd.Timestamp("2024-12-31")]
    assert table["moved"].tolist()[:2] == [False, False]
    assert table["calendar"].tolist() == [""] * 3
    assert "stance" not in table
    more = result._fitted
    told = replace(
        more, request=replace(more.request, frame=more.request.frame.assign(stance=["x", "y", "z"], other=1))
    )
    assert events(told)["stance"].tolist() == ["x", "y", "z"]
    assert "other" not in events(told)


def test_days_that_are_no_sessions_count_where_a_window_holds_them():
    """By a loop: a mark on each bar of a security in turn, and windows that reach over both ends of the data."""
    result = fit(panel(), [("a", "A", DAYS[50]), ("b", "B", DAYS[77]), ("c", "A", DAYS[79])])
    part = result._fitted.parts[0]
    for name in "AB":
        code = part.aligned.symbols.index(name)
        for bar in (0, 48, 49, 50, 51, 52, 53, 75, 76, 77, 78, 79):
            off = np.zeros(part.aligned.returns.shape, dtype=bool)
            off[code, bar] = True
            marked = replace(part.aligned, off=off)
            for first, last in ((-1, 2), (0, 0), (-80, -70)):
                held = [day + first <= bar <= day + last for day in (50, 77, 79)]
                assert off_days(marked, part.abnormal, (first, last)).tolist() == [
                    inside and own == name for inside, own in zip(held, "ABA", strict=True)
                ]
    assert off_days(part.aligned, part.abnormal, (-1, 2)).tolist() == [False] * 3


@pytest.mark.parametrize("few", [True, False])
def test_a_day_that_is_no_session_is_told_of_what_was_left_out_alone(few):
    """New York was closed on the 19th of June: its return is put together with the next, in the window of both events."""
    days = pd.bdate_range("2024-03-01", periods=BARS)  # the 27th of May is one more, far before
    frame = panel().set_axis(days)
    if few:
        frame.iloc[20:60, frame.columns.get_loc("A")] = np.nan
    rows = [("a", "A", pd.Timestamp("2024-06-18")), ("b", "B", pd.Timestamp("2024-06-18"))]
    study = es.EventStudy(
        model=es.MarketModel("M"),
        window=(-1, 2),
        calendar="XNYS",
        estimation=es.EstimationWindow(40, end=-5, minimum=30),
    )
    result = study.fit(pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]), frame)
    found = details(result)
    assert list(found) == (["a"] if few else [])
    if few:
        assert found["a"][2].endswith("30 needed; off_calendar: its window holds a day that is no session")
    assert result.car((0, 2))["flag"].str.contains("off_calendar").all()
    assert not result.car((-1, 0))["flag"].str.contains("off_calendar").any()
