"""Panels: no return over a hole, each symbol on its own sessions, content that can be named by a digest."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, NoSuchTicker, SourceError
from eventstudy.returns import DataWarning

WEEK = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"]


def frame_of(days=WEEK, **columns):
    return pd.DataFrame(columns, index=pd.to_datetime(list(days)))


def test_no_return_crosses_an_absent_row():
    prices = frame_of([*WEEK[:2], *WEEK[3:]], A=[100.0, 110.0, 121.0, 133.1])
    panel = es.ReturnPanel.from_prices(prices)
    assert panel.frame["A"].round(12).tolist()[1] == 0.1
    assert panel.frame["A"].isna().tolist() == [True, False, True, True, False]


def test_no_return_crosses_a_missing_price():
    prices = frame_of(A=[100.0, np.nan, 121.0, 121.0, 121.0])
    assert es.ReturnPanel.from_prices(prices).frame["A"].isna().tolist() == [True, True, True, False, False]


def test_a_weekend_or_holiday_is_no_hole():
    prices = frame_of(["2025-01-08", "2025-01-10", "2025-01-13"], A=[100.0, 101.0, 102.01])
    panel = es.ReturnPanel.from_prices(prices, kind="log")  # closed on the 9th, and over the weekend
    assert panel.frame["A"].tolist()[1:] == pytest.approx([np.log(1.01)] * 2, rel=1e-12)


def test_rows_that_are_no_session_are_kept_out_and_counted():
    prices = es.PricePanel(frame_of([*WEEK, "2025-03-08"], A=[1.0, 2, 3, 4, 5, 6], B=[1.0, 2, 3, 4, 5, np.nan]))
    assert prices.frame.index[-1] == pd.Timestamp("2025-03-07")
    assert prices.quality["non_session"].to_dict() == {"A": 1, "B": 0}


def test_quality_names_every_session_that_is_missing():
    panel = es.PricePanel(
        frame_of(A=[np.nan, np.nan, 3.0, np.nan, 5.0]), span=(pd.Timestamp("2025-03-03"), pd.Timestamp("2025-03-14"))
    )
    row = panel.quality.loc["A"]
    assert (row["expected"], row["present"], row["missing"]) == (10, 2, 8)
    assert (row["before_first"], row["after_last"]) == (2, 5)
    assert row["missing_dates"] == "2025-03-03 2025-03-04 2025-03-06 2025-03-10..2025-03-14"


def test_each_exchange_has_its_own_sessions():
    days = pd.bdate_range("2025-05-01", "2025-05-08")  # Tokyo is closed on 5 and 6 May, Hong Kong on 1 and 5 May
    new_york = pd.Series(100 * 1.01 ** np.arange(6), index=days)
    tokyo = pd.Series(100 * 1.02 ** np.arange(4), index=days[[0, 1, 4, 5]])
    hong_kong = pd.Series(100 * 1.03 ** np.arange(4), index=days[[1, 3, 4, 5]])
    prices = es.PricePanel(
        pd.DataFrame({"NVDA": new_york, "7203.T": tokyo, "0700.HK": hong_kong}),
        calendars={"7203.T": "XTKS", "0700.HK": "XHKG"},
    )
    assert prices.quality["missing"].to_dict() == {"NVDA": 0, "7203.T": 0, "0700.HK": 0}
    returns = es.ReturnPanel.from_prices(prices).frame
    for symbol, step, here in (("NVDA", 0.01, 5), ("7203.T", 0.02, 3), ("0700.HK", 0.03, 3)):
        assert returns[symbol].dropna().tolist() == pytest.approx([step] * here, rel=1e-12)


def test_days_that_carry_a_zone_keep_their_own_date():
    index = pd.DatetimeIndex(["2025-04-02", "2025-04-03"], tz="Asia/Tokyo")
    panel = es.PricePanel(pd.DataFrame({"7203.T": [1.0, 2.0]}, index=index), calendar="XTKS")
    assert panel.frame.index.strftime("%m-%d").tolist() == ["04-02", "04-03"]
    assert panel.frame.index.dtype == "datetime64[us]"


def test_intraday_bars_are_utc_and_need_no_calendar():
    index = pd.date_range("2025-04-09 09:30", periods=3, freq="5min", tz="America/New_York")
    panel = es.PricePanel(pd.DataFrame({"SPY": [500.0, 505.0, 510.05]}, index=index), calendar=None)
    assert str(panel.frame.index.dtype) == "datetime64[us, UTC]"
    assert panel.frame.index[0].hour == 13
    assert es.ReturnPanel.from_prices(panel).frame["SPY"].tolist()[1:] == pytest.approx([0.01, 0.01])
    with pytest.raises(DataError, match=r"moments within days.*calendar=None"):
        es.PricePanel(pd.DataFrame({"SPY": [500.0, 505.0, 510.05]}, index=index))


def test_the_digest_is_of_the_content_alone():
    one, two = frame_of(A=[1.0, 2, 3, 4, np.nan]), frame_of(A=[1.0, 2, 3, 4, np.nan])
    two.index = two.index.as_unit("ns")
    assert es.PricePanel(one).digest == es.PricePanel(two, sources={"A": "elsewhere"}).digest
    assert len(es.PricePanel(one).digest) == 64
    assert es.PricePanel(one).digest != es.PricePanel(one.rename(columns={"A": "B"})).digest
    assert es.PricePanel(one).digest != es.PricePanel(one * 1.0000001).digest
    returns = es.ReturnPanel.from_prices(one)
    assert returns.digest == es.ReturnPanel.from_prices(two).digest
    assert returns.digest != es.ReturnPanel.from_prices(one, kind="log").digest


def test_what_was_given_is_not_changed():
    given = frame_of([*WEEK[::-1]], A=[1.0, 2, 3, 4, 5])
    before = given.copy()
    es.ReturnPanel.from_prices(given)
    pd.testing.assert_frame_equal(given, before)


def test_levels_can_be_named_or_denied():
    prices = frame_of(**{"^VIX": [20.0, 22, 21, 20, 19], "TPU": [0.0, 10, 20, 0, 5], "A": [1.0, 2, 3, 4, 5]})
    panel = es.ReturnPanel.from_prices(prices, levels=["TPU", "^VIX"])
    assert list(panel.levels.columns) == ["^VIX", "TPU"]
    everything = es.ReturnPanel.from_prices(prices[["^VIX", "A"]], levels=())
    assert everything.frame["^VIX"].iloc[1] == pytest.approx(0.1)


def test_a_price_of_zero_has_no_return():
    with pytest.raises(DataError, match=r"column 'CL', row 2025-03-05: -37.63 is not a price.*levels="):
        es.ReturnPanel.from_prices(frame_of(CL=[20.0, 10, -37.63, 10, 11]))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (frame_of(A=["1", "x", "3", "4", "5"]), "column 'A' holds .* not numbers"),
        (frame_of([*WEEK[:4], WEEK[0]], A=[1.0, 2, 3, 4, 5]), "2025-03-03 .*stands 2 times"),
        (
            pd.DataFrame([[1.0, 2.0]], columns=["A", "A"], index=pd.to_datetime(["2025-03-03"])),
            "column 'A' stands twice",
        ),
        (pd.DataFrame({"A": [1.0, 2.0]}), "not with dates; pass calendar=None"),
    ],
)
def test_a_frame_that_cannot_be_a_panel_says_why(frame, words):
    with pytest.raises(DataError, match=words):
        es.PricePanel(frame)


def test_mixed_zones_are_refused():
    index = pd.Index([pd.Timestamp("2025-03-03", tz="UTC"), pd.Timestamp("2025-03-04")], dtype=object)
    with pytest.raises(DataError, match="mix time zones"):
        es.PricePanel(pd.DataFrame({"A": [1.0, 2.0]}, index=index))


def test_prices_are_not_taken_for_returns():
    with pytest.raises(DataError, match=r"column 'A' .*holds prices, not returns; use ReturnPanel.from_prices"):
        es.ReturnPanel(frame_of(A=[100.0, 101, 102, 103, 104]))


def test_percent_that_no_return_can_be_is_refused():
    percent = frame_of(A=[1.2, -0.8, 0.5, -2.4, 0.9])
    with pytest.raises(DataError, match=r"lowest -2.4: nobody loses more than all\) holds percent"):
        es.ReturnPanel(percent)
    with pytest.warns(DataWarning, match="looks like percent"):
        es.ReturnPanel(percent, kind="log")  # a log return may be below -1


def test_percent_is_warned_about():
    percent = frame_of(A=[1.2, -0.8, 0.5, -0.4, 0.9])
    with pytest.warns(DataWarning, match="looks like percent; returns are decimals here: divide by 100"):
        es.ReturnPanel(percent)
    es.ReturnPanel(percent / 100)  # no warning: errors would be raised
    assert es.ReturnPanel(percent, check=False).frame["A"].iloc[0] == 1.2


def test_a_panel_of_returns_keeps_any_order_of_bars():
    panel = es.ReturnPanel(pd.DataFrame({"A": [0.01, 0.02], "B": [np.nan, 0.0]}))
    assert panel.frame.index.tolist() == [0, 1]
    assert panel.calendar is None
    assert panel.quality.loc["B", "missing"] == 0  # the first bar of a return series is never there


def test_reprs_show_in_a_notebook():
    panel = es.PricePanel(frame_of(A=[1.0, 2, 3, 4, 5]), failures={"B": "NoSuchTicker: gone"})
    assert repr(panel) == "PricePanel: 5 bars x 1 symbol, 2025-03-03 .. 2025-03-07, 1 failed"
    assert "<table" in panel._repr_html_()


@pytest.mark.parametrize("panel", [es.PricePanel, es.ReturnPanel])
@pytest.mark.parametrize("name", ["calendars", "sources", "failures"])
def test_what_is_said_of_each_symbol_is_a_mapping(panel, name):
    frame = pd.DataFrame({"A": [1.0, 1.01]}, index=pd.to_datetime(["2025-04-02", "2025-04-03"]))
    with pytest.raises(DataError, match=f"{name}='XNYS' is not a mapping of symbol to text"):
        panel(frame, **{name: "XNYS"})


def test_failures_are_errors_also_where_a_source_says_them_in_words():
    panel = es.PricePanel(frame_of(A=[1.0, 2, 3, 4, 5]), failures={"B": "NoSuchTicker: gone", "C": "no licence"})
    assert {symbol: (type(error), str(error)) for symbol, error in panel.failures.items()} == {
        "B": (NoSuchTicker, "gone"), "C": (SourceError, "no licence"),
    }  # fmt: skip


@pytest.mark.parametrize("make", [es.PricePanel, es.ReturnPanel])
def test_no_edit_of_what_a_panel_hands_out_changes_the_panel(make):
    panel = make(frame_of(A=[0.01, 0.02, 0.03, 0.04, 0.05]))
    digest, quality = panel.digest, panel.quality.to_csv()
    frame, table = panel.frame, panel.quality
    frame.loc[:, "A"] = 9.0
    frame["B"] = 1.0
    frame.index = frame.index + pd.Timedelta(days=1)
    table.loc["A"] = None
    assert (panel.digest, panel.quality.to_csv(), panel.symbols) == (digest, quality, ["A"])


def test_a_label_that_is_a_tuple_and_stands_twice_is_refused():
    index = pd.Index(pd.Series([(1, 2), (1, 2), "y"], dtype=object))
    with pytest.raises(DataError, match="stands 2 times"):
        es.ReturnPanel(pd.DataFrame({"A": [0.01, 0.02, 0.03]}, index=index), calendar=None)


@pytest.mark.parametrize("price", [5e-324, 1e-200, 1e200, 1.7e308, np.inf])
def test_a_number_that_no_price_has_is_refused(price):
    closes = pd.DataFrame({"A": [40.0, price, 41.0]}, index=pd.bdate_range("2025-03-24", periods=3))
    es.PricePanel(closes)  # without a warning; returns are where it matters
    for kind in ("simple", "log"):
        with pytest.raises(DataError, match=r"'A', row 2025-03-25: .* is not a price \(none is of that size\)"):
            es.ReturnPanel.from_prices(closes, kind)


@pytest.mark.parametrize("panel", [es.PricePanel, es.ReturnPanel])
@pytest.mark.parametrize("labels", [["5"], ["5", "6"], ["x"], ["2025-03-03"], [("a", 1)], [True], [5, 6], ["x" * 500]])
def test_rows_that_are_no_dates_have_no_calendar(panel, labels):
    frame = pd.DataFrame({"A": [0.01] * len(labels)}, index=pd.Index(labels, tupleize_cols=False))
    with pytest.raises(DataError, match=r"pass calendar=None to take them as bars|as dates") as caught:
        panel(frame, calendar="XTKS")
    assert len(str(caught.value)) < 300
    assert len(panel(frame, calendar=None).frame) == len(labels)


@pytest.mark.parametrize("labels", [[1.0, (0, 1, 2), np.uint64(2**63)], [1, "a", 2], [(1, 2), (1,), "x"]])
def test_labels_of_several_kinds_have_no_order(labels):
    frame = pd.DataFrame({"A": [1.0, 2.0, 3.0]}, index=pd.Index(pd.Series(labels, dtype=object), tupleize_cols=False))

    source = SimpleNamespace(fetch=lambda *_: frame)
    for door in (lambda: es.PricePanel(frame), lambda: es.load_prices(["A"], source=source)):
        with pytest.raises(DataError, match=r"the row labels are of several kinds, such as .*bring them to one"):
            door()
