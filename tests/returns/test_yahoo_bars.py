"""Bars within days from Yahoo: what is asked, how far back it goes, the bar that is still open, one symbol's failure."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, InputError, NoDataInWindow
from eventstudy.returns.sources.yahoo_bars import YahooBars

yf = pytest.importorskip("yfinance")
NOW = pd.Timestamp("2025-06-10 15:02", tz="UTC")
ASKED = []


class Ticker:
    def __init__(self, symbol, session=None):
        self.symbol, self.session = symbol, session

    def history(self, **options):
        ASKED.append({"symbol": self.symbol, **options})
        if self.symbol == "NONE":
            return pd.DataFrame()
        index = pd.date_range("2025-06-10 09:30", periods=20, freq="5min", tz="America/New_York")
        return pd.DataFrame({"Close": np.arange(100.0, 120.0)}, index=index)


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    ASKED.clear()
    monkeypatch.setattr(yf, "Ticker", Ticker)


def source(interval="5m"):
    return YahooBars(interval, now=lambda: NOW)


def test_bars_are_labelled_with_their_start_and_the_open_one_is_left_out():
    panel = es.load_prices(["SPY", "NONE"], start="2025-06-09", end="2025-06-10", source=source(), calendar=None)
    assert panel.bars == "minutes"
    assert panel.frame.index[-1] == pd.Timestamp("2025-06-10 14:55", tz="UTC")  # 15:00 ends after 15:02
    assert isinstance(panel.failures["NONE"], NoDataInWindow)
    assert ASKED[0]["interval"] == "5m"
    assert (ASKED[0]["start"], ASKED[0]["end"]) == ("2025-06-09", "2025-06-11")


def test_the_returns_are_those_of_the_bars():
    returns = es.load_returns(["SPY"], start="2025-06-09", end="2025-06-10", source=source(), calendar=None)
    assert returns.frame["SPY"].iloc[1] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("interval", "start", "days"), [("1m", "2025-05-01", 30), ("5m", "2025-04-01", 60), ("60m", "2023-01-03", 730)]
)
def test_further_back_than_yahoo_goes(interval, start, days):
    with pytest.raises(NoDataInWindow, match=f"Yahoo keeps bars of {interval} for {days} days"):
        source(interval).fetch(["SPY"], pd.Timestamp(start), None)


def test_a_length_that_yahoo_does_not_have():
    with pytest.raises(InputError, match="interval='3m' is not one of 1m"):
        source("3m")


def test_the_bundled_figures_are_days():
    with pytest.raises(DataError, match="the bundled figures are days; bars within days come from source='yahoo'"):
        es.load_prices(["^GSPC"], interval="5m")


def test_by_name_the_calendar_need_not_be_said():
    panel = es.load_prices(["SPY"], source="yahoo", interval="5m")
    assert panel.calendar is None
    assert panel.bars == "minutes"
