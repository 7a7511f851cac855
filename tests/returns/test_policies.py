"""Delisted shares, several currencies, and prices that look wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns import apply_delisting, convert_currency, rate_symbols
from eventstudy.returns.quality.suspicions import suspicions

DAYS = pd.to_datetime(["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"])


def returns(kind="simple"):
    prices = pd.DataFrame({"GONE": [10.0, 11.0, 9.9, np.nan, np.nan], "STAYS": [1.0, 2, 3, 4, 5]}, index=DAYS)
    return es.ReturnPanel.from_prices(prices, kind)


def test_by_default_the_last_traded_return_is_the_last():
    assert returns().frame["GONE"].isna().tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(("kind", "expected"), [("simple", -0.55), ("log", np.log(0.45))])
def test_a_delisting_return_follows_the_last_one(kind, expected):
    panel = apply_delisting(returns(kind), {"GONE": -0.55})
    assert panel.frame["GONE"].iloc[3] == pytest.approx(expected)
    assert np.isnan(panel.frame["GONE"].iloc[4])
    assert panel.frame["STAYS"].equals(returns(kind).frame["STAYS"])
    assert np.isnan(returns(kind).frame["GONE"].iloc[3])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"NEVER": -0.3}, "given for 'NEVER', which the panel does not have"),
        ({"STAYS": -0.3}, "'STAYS' has a return on the last bar"),
        ({"GONE": -55.0}, "delisting return of 'GONE' is -55.0; a decimal of -1"),
    ],
)
def test_a_delisting_return_that_cannot_be(given, words):
    with pytest.raises(DataError, match=words):
        apply_delisting(returns(), given)


def panel():
    frame = pd.DataFrame(
        {"HK": [78.0, 79.0, 80.0, 81.0, 82.0], "UK": [7500.0] * 5, "US": [1.0] * 5, "^VIX": [20.0] * 5}, index=DAYS
    )
    known = pd.DataFrame({"currency": ["HKD", "GBp", "USD", ""]}, index=["HK", "UK", "US", "^VIX"])
    return es.PricePanel(frame, quality=known)


def test_prices_are_local_unless_converted():
    rates = pd.DataFrame({"HKDUSD=X": [0.128, 0.129, np.nan, 0.130, 0.131], "GBPUSD=X": [1.25] * 5}, index=DAYS)
    assert rate_symbols({"HK": "HKD", "UK": "GBp", "US": "USD"}, "USD") == ["GBPUSD=X", "HKDUSD=X"]
    local, dollars = panel(), convert_currency(panel(), "USD", rates)
    assert local.frame["HK"].iloc[0] == 78.0
    assert dollars.frame["HK"].tolist() == pytest.approx([78 * 0.128, 79 * 0.129, 80 * 0.129, 81 * 0.130, 82 * 0.131])
    assert dollars.frame["UK"].iloc[0] == pytest.approx(75.0 * 1.25)  # pence
    assert dollars.frame["US"].tolist() == [1.0] * 5
    assert dollars.frame["^VIX"].tolist() == [20.0] * 5
    assert dollars.quality["currency"].to_dict() == {"HK": "USD", "UK": "USD", "US": "USD", "^VIX": ""}


def test_an_old_rate_is_no_rate():
    rates = pd.DataFrame({"HKDUSD=X": [0.128]}, index=pd.to_datetime(["2025-02-20"]))
    converted = convert_currency(es.PricePanel(panel().frame[["HK"]]), "USD", rates, currencies={"HK": "HKD"})
    assert converted.frame["HK"].isna().all()


def test_what_is_needed_to_convert_is_named():
    with pytest.raises(DataError, match=r"'HK' is in HKD, and the rates lack 'HKDUSD=X'"):
        convert_currency(panel(), "USD", pd.DataFrame(index=DAYS))
    with pytest.raises(DataError, match=r"currency of 'HK' is not known; state it"):
        convert_currency(es.PricePanel(panel().frame[["HK"]]), "USD", pd.DataFrame(index=DAYS))


def test_an_unadjusted_split_is_suspicious(tmp_path):
    rng = np.random.default_rng(3)
    close = pd.Series(400 * np.exp(np.cumsum(rng.normal(0, 0.01, 60))), index=pd.bdate_range("2025-01-02", periods=60))
    assert suspicions(close) == {"stale": 0, "jumps": "", "split_like": ""}
    close.iloc[40:] /= 4.0
    day = f"{close.index[40]:%Y-%m-%d}"
    assert suspicions(close) == {"stale": 0, "jumps": day, "split_like": day}
    close.iloc[40:] *= 1.2
    assert suspicions(close)["split_like"] == ""
    close.rename("A").rename_axis("date").to_csv(tmp_path / "prices.csv")
    assert es.load_prices(source=tmp_path / "prices.csv").quality.loc["A", "jumps"] == day


@pytest.mark.parametrize(("length", "expected"), [(4, 0), (5, 4), (9, 8)])
def test_a_price_that_stands_still_is_stale(length, expected):
    close = pd.Series([10.0, 10.1, *([10.2] * length), 10.3, 10.4])
    assert suspicions(close)["stale"] == expected


def test_a_series_too_short_to_judge():
    assert suspicions(pd.Series([1.0, np.nan]))["jumps"] == ""
