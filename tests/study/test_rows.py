"""Rows of a result and the labels that go back on them: by hand, at both ends of the data and over several parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.study import rows
from eventstudy.study.rows import sessions, short_window, usual_windows, window_text
from eventstudy.study.tables.returns import _neighbours, cut_sentence

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(0, 0.01, (60, 4)), columns=["M", "N", "A", "B"])
EVENTS = pd.DataFrame({"event_id": ["a", "b", "c", "d"], "symbol": ["A", "B", "A", "B"], "bar": [1, 40, 58, 59]})
ENDS = es.EstimationWindow(30, end=-3, minimum=0)  # market-adjusted returns need none


def fit(frame=FRAME, model=None, events=EVENTS, estimation=ENDS):
    study = es.EventStudy(
        model=model or es.MarketAdjusted("M"), estimation=estimation, window=(-2, 2), calendar=None, mask_events=False
    )
    return study.fit(events, frame)


LABELS = {
    "numbers": pd.RangeIndex(60),
    "days": pd.bdate_range("2024-01-01", periods=60),
    "moments": pd.date_range("2024-01-02 09:30", periods=60, freq="h", tz="America/New_York"),
}


@pytest.mark.parametrize("kind", LABELS)
def test_each_day_has_the_label_of_its_bar_and_none_beyond_the_data(kind):
    """Day -2 of the event on bar 1 lies before the data; days +2 and +1, +2 of those on bars 58 and 59 after them."""
    bars = LABELS[kind]
    table = fit(FRAME.set_axis(bars), events=EVENTS.assign(bar=bars[EVENTS["bar"]])).tidy()
    for event, day0 in zip("abcd", EVENTS["bar"], strict=True):
        own = table[table["event_id"] == event]
        assert own["relative_day"].tolist() == [-2, -1, 0, 1, 2]
        for day, label in zip(own["relative_day"], own["session"], strict=True):
            if 0 <= day0 + day < 60:
                assert label == bars[day0 + day]
            else:
                assert pd.isna(label)
    assert table["ar"].isna().sum() == 1 + 0 + 1 + 2
    assert table["ar"].isna().equals(table["session"].isna())


def test_windows_cut_by_either_end_are_flagged():
    cut = fit().car()["flag"].str.contains("cut").tolist()
    assert cut == [True, False, True, True]
    assert fit().car((-1, 1))["flag"].str.contains("cut").tolist() == [False, False, False, True]
    assert fit().car((-1, 0))["flag"].str.contains("cut").tolist() == [False] * 4


@pytest.mark.parametrize(
    ("window", "short", "usual"),
    [
        ((0, 5), (0, 1), [(0, 0), (0, 1), (0, 5)]),
        ((-5, 0), (0, 0), [(0, 0), (-5, 0)]),
        ((0, 0), (0, 0), [(0, 0)]),
        ((0, 1), (0, 1), [(0, 0), (0, 1)]),
        ((1, 1), (1, 1), [(1, 1)]),
        ((1, 5), (1, 1), [(1, 1), (1, 5)]),
        ((2, 5), (2, 5), [(2, 5)]),
        ((-4, -1), (-4, -1), [(-4, -1)]),
        ((-3, 1), (0, 1), [(0, 0), (0, 1), (-3, 1)]),
    ],
)
def test_the_usual_windows_are_those_that_the_event_window_has(window, short, usual):
    study = es.EventStudy(window=window, estimation=es.EstimationWindow(60, end=-6))
    assert short_window(study) == short
    assert list(usual_windows(study)) == usual


def test_windows_and_counts_in_words():
    assert [window_text(one) for one in ((0, 0), (1, 1), (-1, -1), (-1, 0), (0, 2))] == [
        "day 0", "day +1", "day −1", "days −1 to 0", "days 0 to +2",
    ]  # fmt: skip
    assert [sessions(count) for count in (0, 1, 2)] == ["0 sessions", "1 session", "2 sessions"]


def test_the_headline_counts_events_sessions_and_what_was_left_out():
    events = pd.concat([EVENTS, EVENTS.iloc[[1]].assign(event_id="e", symbol="A"), EVENTS.assign(symbol="Z").iloc[:2]])
    result = fit(events=events.assign(event_id=range(7)))
    assert (result.n, result.n_sessions) == (5, 4)
    assert rows.headline(result._fitted) == "StudyResult: 5 security-events in 4 sessions, 2 excluded"


TWO = {"A": "M", "B": "N"}
SPREAD = pd.DataFrame({"event_id": list("abcde"), "symbol": list("BAABA"), "bar": [50, 45, 52, 45, 55]})


def test_rows_of_two_parts_stand_in_the_order_asked_for():
    """Each security on its own market is a part of its own; what is put together of them is the pairs' own order."""
    result = fit(model=es.MarketAdjusted(TWO), events=SPREAD, estimation=es.EstimationWindow(30, end=-3))
    fitted = result._fitted
    assert len(fitted.parts) == 2
    assert rows.studied_rows(fitted).tolist() == [0, 1, 2, 3, 4]
    assert rows.day0_labels(fitted, rows.studied_rows(fitted)).tolist() == SPREAD["bar"].tolist()
    assert rows.n_sessions(fitted) == 4
    assert rows.markets_of(fitted) in (["M", "N"], ["N", "M"])
    table = result.car((0, 1))
    assert table["market"].tolist() == [TWO[name] for name in SPREAD["symbol"]]
    for row in table.itertuples():
        own = (FRAME[row.symbol] - FRAME[TWO[row.symbol]]).iloc[row.session : row.session + 2]
        assert row.car == pytest.approx(own.sum(), abs=1e-15)
    assert not rows.one_series(fitted)


def test_a_part_of_the_rows_keeps_their_order_and_drops_what_is_empty():
    fitted = fit(model=es.MarketAdjusted(TWO), events=SPREAD, estimation=es.EstimationWindow(30, end=-3))._fitted
    some = rows.subset(fitted, np.array([False, True, True, False, True]))
    assert (len(some.parts), some.n) == (1, 3)
    assert rows.day0_labels(some, rows.studied_rows(some)).tolist() == [45, 52, 55]
    assert rows.one_series(some)
    assert rows.markets_of(some) == []
    both = rows.subset(fitted, np.array([True, False, True, False, False]))
    assert (len(both.parts), rows.day0_labels(both, rows.studied_rows(both)).tolist()) == (2, [50, 52])


def test_a_market_is_told_only_where_there_are_two():
    one = fit(model=es.MarketAdjusted({"A": "M", "B": "M"}), events=SPREAD, estimation=es.EstimationWindow(30, end=-3))
    assert rows.markets_of(one._fitted) == []
    assert "market" not in one.car()


def test_own_estimation_windows_are_counted_and_told():
    events = SPREAD.assign(
        estimation_start=[-40, np.nan, np.nan, -35, np.nan], estimation_end=[-5, np.nan, np.nan, -4, np.nan]
    )
    result = fit(events=events, estimation=es.EstimationWindow(30, end=-3))
    assert rows.own_windows(result._fitted) == "; 2 of 5 security-events have a window of their own"
    told = result.car()["estimation"].tolist()
    assert told == ["days −40 to −5", "days −32 to −3", "days −32 to −3", "days −35 to −4", "days −32 to −3"]
    plain = fit(events=SPREAD, estimation=es.EstimationWindow(30, end=-3))
    assert rows.own_windows(plain._fitted) == ""
    assert "estimation" not in plain.car()
    after = fit(
        events=SPREAD.assign(bar=SPREAD["bar"] - 15), estimation=es.EstimationWindow(before=(-20, -3), after=(3, 4))
    )
    assert after.car()["estimation"].unique().tolist() == ["days −20 to −3 and +3 to +4"]
    assert rows.own_windows(after._fitted) == ""


def test_events_of_two_calendars_stand_calendar_by_calendar_each_once():
    days = pd.bdate_range("2024-01-02", periods=60)
    result = es.EventStudy(
        model=es.MarketAdjusted({"A": "M", "B": "N", "C": "M"}),
        calendar={"A": "XNYS", "C": "XNYS", "B": "XLON"},
        estimation=es.EstimationWindow(10, end=-3),
        window=(-1, 1),
    ).fit(
        pd.DataFrame(
            {"event_id": list("abc"), "symbol": list("ABC"), "bar": days[[40, 41, 42]], "stance": list("xyz")},
            index=[7, 5, 9],
        ),
        FRAME.assign(C=FRAME["A"] / 2).set_axis(days),
    )
    table = result.events
    assert table["event_id"].tolist() == list("abcabc")
    assert table["stance"].tolist() == list("xyzxyz")
    assert table.index.tolist() == list(range(6))
    assert list(table.columns) == ["event_id", "calendar", "session", "in_data", "moved", "stance"]
    first, second = table["calendar"].iloc[:3].unique(), table["calendar"].iloc[3:].unique()
    assert (first.tolist(), second.tolist()) == (["XNYS"], ["XLON"])
    assert len(rows.calendars(result._fitted)) == 2
    assert rows.calendars(result._fitted)[0] is result._fitted.parts[0]


def test_what_is_put_together_of_one_part_is_that_part():
    fitted = fit()._fitted
    piece = np.arange(4)
    assert rows.gather(fitted, [piece]) is piece
    assert rows.studied_rows(fitted) is fitted.parts[0].rows
    swapped = replace(fitted, parts=(fitted.parts[0],))
    assert rows.day0_labels(swapped, piece).tolist() == EVENTS["bar"].tolist()


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (pd.Timestamp("2024-01-05"), "2024-01-05"),
        (pd.Timestamp("2024-01-05 09:30"), "2024-01-05 09:30:00"),
        (17, "17"),
    ],
)
def test_a_bar_in_words_is_its_day_or_its_moment(label, said):
    assert rows._text(label) == said


def test_nothing_studied_has_tables_without_rows():
    none = fit(estimation=es.EstimationWindow(30, end=-3), events=EVENTS.iloc[[0]])
    assert (none.n, none.n_sessions) == (0, 0)
    for table in (
        none.car(),
        none.tidy(),
        none.aar(),
        none.caar(),
        none.bhar(),
        none.abhar(),
        none.abnormal_variance(),
    ):
        assert len(table) == 0
        assert len(table.columns) > 4
    assert len(none.diagnostics()) == 0


def test_standardized_returns_and_p_values_are_two_sided_and_of_their_own_errors():
    result = fit(estimation=es.EstimationWindow(30, end=-3), events=SPREAD)
    tidy, car = result.tidy(), result.car((0, 1))
    np.testing.assert_allclose(tidy["sar"], tidy["ar"] / tidy["se"], rtol=1e-12)
    assert {True, False} == set(car["car"] > 0)
    np.testing.assert_allclose(car["scar"], car["car"] / car["se"], rtol=1e-12)
    np.testing.assert_allclose(car["pvalue"], 2 * stats.t.sf(np.abs(car["car"] / car["se"]), 29), rtol=1e-9)
    assert car["t"].equals(car["scar"])


@pytest.mark.parametrize("model", [None, es.MarketAdjusted({"A": "M", "B": "N", "C": "M"})])
@pytest.mark.parametrize(
    "rows",
    [
        [("A", 35), ("A", 59), ("B", 35), ("B", 58)],  # late in one security and early in the next
        [("A", 35), ("A", 40), ("B", 45), ("C", 59)],
        [("A", 35), ("A", 35), ("B", 45), ("C", 45), ("A", 50)],
        [("B", 50), ("A", 50), ("C", 50)],
    ],
)
def test_events_of_one_security_share_a_bar_or_have_windows_that_meet(model, rows):
    """By a loop over all pairs, for windows as long as the data."""
    events = pd.DataFrame([(f"e{at}", *row) for at, row in enumerate(rows)], columns=["event_id", "symbol", "bar"])
    frame = FRAME.assign(C=FRAME["A"] - FRAME["B"])
    fitted = fit(frame, model, events, es.EstimationWindow(30, end=-3))._fitted
    for length in (1, 5, 6, 7, 10, 11, 24, 25, 55, 59):
        same, near = _neighbours(fitted, rows_of(fitted), length)
        for at, (name, day) in enumerate(rows):
            gaps = [abs(day - other) for to, (own, other) in enumerate(rows) if to != at and own == name]
            assert same[at] == (0 in gaps)
            assert near[at] == any(0 < gap < length for gap in gaps)


def rows_of(fitted):
    return rows.studied_rows(fitted)


def test_windows_that_the_data_cut_are_counted_in_words():
    fitted = fit()._fitted
    said = " Windows cut by the end of the data: 3 of days −2 to +2, 1 of days −1 to +1."
    assert cut_sentence(fitted, [(-2, 2), (-1, 1), (0, 0)]) == said
    assert cut_sentence(fitted, [(0, 0)]) == ""
    assert (
        cut_sentence(fit(estimation=es.EstimationWindow(30, end=-3), events=EVENTS.iloc[[0]])._fitted, [(-2, 2)]) == ""
    )


def test_a_car_without_a_spread_has_no_statistic():
    """Twice the market but for what a float can hardly hold: its CAR and that error are told, their ratio says nothing."""
    noise = 1e-14 * np.random.default_rng(1).normal(size=60)
    frame = FRAME.assign(A=2 * FRAME["M"] + noise)
    model, ends = es.MarketModel("M"), es.EstimationWindow(30, end=-3)
    table = fit(frame, model, EVENTS.iloc[1:].assign(bar=[40, 45, 50]), ends).car((0, 1))
    still = (table["symbol"] == "A").tolist()
    assert still == [False, True, False]
    assert table["flag"].tolist() == ["degenerate_sigma" if one else "" for one in still]
    assert (table["se"] > 0).all()
    for column in ("scar", "t", "pvalue"):
        assert table[column].isna().tolist() == still
