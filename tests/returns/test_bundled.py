"""The figures that come with the package: whole, unchanged, and turned into the returns that the press reported."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError

PROVENANCE = Path(__file__).parents[2] / "fixtures" / "README.md"
FIGURES = Path(es.__file__).parent / "returns" / "figures"
BASIS_POINT = 1e-4
HALF_LAST_DIGIT = 0.5 * BASIS_POINT  # published moves are rounded to the basis point


def test_sums_are_those_of_the_readme():
    stated = dict(re.findall(r"^([0-9a-f]{64})  (\S+\.csv)$", PROVENANCE.read_text(), re.MULTILINE))
    sums = {value: key for key, value in stated.items()}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FIGURES.glob("*.csv")}
    assert found == sums
    assert len(found) == 3


def test_every_session_of_the_exchange_is_there_and_no_other_day():
    market = es.load_prices(source="bundled").frame
    expected = sessions("XNYS", pd.Timestamp("2016-01-04"), pd.Timestamp("2026-08-20"))
    assert market.index.equals(expected)
    assert len(market) == 2673
    assert market[["^GSPC", "^VIX"]].notna().all().all()


@pytest.mark.parametrize(
    ("day", "percent"), [("2025-04-03", -4.84), ("2025-04-09", 9.52), ("2025-05-12", 3.26), ("2025-10-27", 1.23)]
)
def test_moves_of_the_index_are_those_that_were_published(day, percent):
    returns = es.load_returns("^GSPC", source="bundled").frame
    assert abs(returns.loc[day, "^GSPC"] - percent / 100) <= HALF_LAST_DIGIT


def test_percent_in_the_file_is_decimal_in_memory():
    raw = pd.read_csv(FIGURES / "industries.csv", index_col="date", parse_dates=True)
    panel = es.load_returns(list(raw.columns), source="bundled")
    assert panel.frame.loc["2024-06-03", "Enrgy"] == -2.63 / 100
    assert panel.frame.to_numpy() == pytest.approx(raw.to_numpy() / 100, abs=0)


def test_levels_stay_levels():
    panel = es.load_returns(source="bundled")
    assert list(panel.levels.columns) == ["^VIX", "UST10Y"]
    assert panel.levels.loc["2025-04-08", "^VIX"] == 52.33  # the close that newspapers printed
    assert "^VIX" not in panel.frame.columns
    assert panel.frame.shape[1] == 1 + 12 + 7


def test_a_holiday_of_the_bond_market_is_missing_not_unchanged():
    prices = es.load_prices(source="bundled", start="2024-06-03")
    row = prices.quality.loc["UST10Y"]
    assert row["missing_dates"] == "2024-10-14 2024-11-11 2025-10-13 2025-11-11"  # Columbus Day, Veterans Day
    assert (row["expected"], row["present"], row["missing"]) == (366, 362, 4)


def test_an_unknown_symbol_names_its_near_matches():
    with pytest.raises(DataError, match=r"does not have 'GSPC'; did you mean '\^GSPC'\?") as caught:
        es.load_prices(["GSPC"])
    assert "\n" not in str(caught.value)


def test_one_unknown_symbol_among_known_is_a_failure_not_an_error():
    prices = es.load_prices(["^GSPC", "NOPE"])
    assert list(prices.failures) == ["NOPE"]
    assert list(prices.frame.columns) == ["^GSPC"]


def test_returns_are_not_prices():
    with pytest.raises(DataError, match=r"BusEq: these come as returns.*use load_returns"):
        es.load_prices(["BusEq"])
    assert "use load_returns" in str(es.load_prices(["^GSPC", "BusEq"]).failures["BusEq"])


def test_the_return_of_the_first_day_is_there():
    panel = es.load_returns("^GSPC", start="2025-04-03", end="2025-04-09")
    assert panel.frame["^GSPC"].notna().all()
    assert len(panel.frame) == 5


def test_log_returns_of_a_factor_are_logs_of_its_simple_returns():
    simple = es.load_returns(["BusEq", "^GSPC"])
    log = es.load_returns(["BusEq", "^GSPC"], kind="log")
    expected = (1 + simple.frame).apply(__import__("numpy").log)
    pd.testing.assert_frame_equal(log.frame, expected, check_exact=False, rtol=1e-12)
