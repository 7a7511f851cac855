# ruff: noqa: TRY003, EM102
"""What is asked for: a frame or a file in the place of symbols, factors that are tickers too, currencies, panels joined."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, EventStudyError, InstallationError, StudyError
from eventstudy.returns import bundled

DAYS = sessions("XNYS", pd.Timestamp("2024-09-03"), pd.Timestamp("2025-06-30"))
RNG = np.random.default_rng(1)
PRICES = (
    100
    * (
        1 + pd.DataFrame(RNG.normal(0, 0.01, (len(DAYS), 4)), index=DAYS, columns=["^GSPC", "NVDA", "RF", "CMA"])
    ).cumprod()
)


@pytest.mark.parametrize("load", [es.load_prices, es.load_returns])
def test_a_frame_or_a_file_may_stand_first(load, tmp_path):
    expected = load(source=PRICES)
    PRICES.to_csv(tmp_path / "prices.csv", index_label="date")
    PRICES.to_parquet(tmp_path / "prices.parquet")
    for first in (PRICES, tmp_path / "prices.csv", str(tmp_path / "prices.csv"), str(tmp_path / "prices.parquet")):
        panel = load(first)
        assert panel.symbols == expected.symbols
        assert panel.frame.equals(expected.frame)
        assert set(panel.sources.values()) <= {"the frame", "prices.csv", "prices.parquet"}
    with pytest.raises(DataError, match="stands in the place of the symbols, and source= is given too"):
        load(PRICES, source="yahoo")
    with pytest.raises(DataError, match="does not exist"):
        load("nowhere.csv")


@pytest.mark.parametrize(
    "asked", [["NVDA", "Mkt-RF", "SMB", "RF"], ["NVDA", "HML", "CMA"], ["NVDA", "RMW", "RF", "CMA"]]
)
def test_a_factor_that_the_source_has_as_a_share_is_asked_for(asked):
    with pytest.raises(DataError, match=r"there '(RF|CMA)' may be a share, not the factor. Say which: 'bundled:"):
        es.load_returns(asked, source=PRICES)
    said = [f"bundled:{name}" if name in ("RF", "CMA") else name for name in asked]
    for symbols in (said, {name: "bundled" if name in ("RF", "CMA") else None for name in asked}):
        panel = es.load_returns(symbols, source=PRICES)
        assert panel.symbols == asked
        assert {panel.sources[name] for name in asked[1:]} == {"bundled"}
        assert panel.sources["NVDA"] == "the frame"
    assert es.load_returns(["NVDA", "RF"], source=PRICES).sources["RF"] == "the frame"


def test_sources_that_cannot_be_named_for_single_symbols_are_refused():
    with pytest.raises(DataError, match="only 'bundled'"):
        es.load_returns({"RF": "french"}, source=PRICES)
    with pytest.raises(DataError, match="the bundled figures do not have 'NVDA'"):
        es.load_returns(["bundled:NVDA"], source=PRICES)


def test_a_share_is_no_risk_free_rate():
    panel = es.load_returns(["^GSPC", "NVDA", "RF"], source=PRICES)
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["NVDA"], "bar": [DAYS[-20]]})
    windows = {"estimation": es.EstimationWindow(60, end=-6), "window": (-5, 5)}
    study = es.EventStudy(model=es.FactorModel(("^GSPC",), risk_free="RF"), **windows)
    with pytest.raises(StudyError, match=r"the risk-free rate 'RF' came from the frame and looks like a share"):
        study.fit(events, panel)
    rates = {
        "rate": RNG.uniform(0.0001, 0.0002, len(DAYS)),
        "below zero": RNG.uniform(-0.00003, 0, len(DAYS)),
        "constant": 0.0001,
    }
    for rate in rates.values():
        assert len(study.fit(events, es.ReturnPanel(panel.frame.assign(RF=rate))).car()) == 1


def test_a_missing_bundled_file_stops_only_who_needs_it(monkeypatch):
    def missing(name):
        raise InstallationError(f"{name} is missing")

    monkeypatch.setattr(bundled, "_read", missing)
    assert es.load_prices(source=PRICES).symbols == list(PRICES.columns)
    assert es.load_returns(["NVDA", "^GSPC"], source=PRICES).symbols == ["NVDA", "^GSPC"]
    assert es.load_returns(["NVDA", "ZZZ"], source=PRICES).failures
    with pytest.raises(InstallationError):
        es.load_returns(["NVDA", "SMB"], source=PRICES)


@pytest.mark.parametrize("unit", ["GBp", "GBX"])
def test_currencies_of_own_prices_are_stated(unit):
    prices = pd.DataFrame({"VOD.L": 70.0 + np.arange(5), "GBPUSD=X": 1.3}, index=DAYS[:5])
    load = {"source": prices, "currency": "USD", "calendars": {"VOD.L": "XLON"}}
    found = es.load_prices(["VOD.L"], currencies={"VOD.L": unit}, **load).frame["VOD.L"].dropna()
    assert found.tolist() == pytest.approx((prices["VOD.L"] * 0.013).loc[found.index].tolist())
    assert es.load_returns(["VOD.L"], currencies={"VOD.L": unit}, **load).symbols == ["VOD.L"]
    with pytest.raises(DataError, match=r"state it: currencies="):
        es.load_prices(["VOD.L"], **load)


def test_panels_are_joined_with_their_sources_and_calendars():
    one = es.load_returns(["NVDA", "^GSPC"], source=PRICES)
    other = es.load_returns(["Mkt-RF", "RF", "^VIX"], start="2025-01-02")
    both = one.join(other)
    assert both.symbols == ["NVDA", "^GSPC", "Mkt-RF", "RF"]
    assert both.sources == {**one.sources, **other.sources}
    assert list(both.levels.columns) == ["^VIX"]
    assert both.frame["NVDA"].dropna().equals(one.frame["NVDA"].dropna())
    assert set(both.quality.index) == {*both.symbols, "^VIX"}
    tokyo = es.ReturnPanel(one.frame[["NVDA"]].rename(columns={"NVDA": "7203.T"}), calendar="XTKS")
    assert one.join(tokyo).calendars == {"7203.T": "XTKS"}
    log = es.load_returns(["CMA"], source=PRICES, kind="log")
    for wrong, words in (
        (one, "stands in both"),
        (log, "log"),
        (PRICES, "DataFrame"),
        (es.ReturnPanel(pd.DataFrame({"Z": [0.1]})), "bars of one panel"),
    ):
        with pytest.raises(EventStudyError, match=words):
            one.join(wrong)


@pytest.mark.parametrize(("rate", "word"), [(0.017, "a session"), (0.043, "a session"), (0.0525, "a session")])
def test_a_rate_in_percent_or_of_a_year_is_no_rate_of_a_session(rate, word):
    panel = es.load_returns(["^GSPC", "NVDA"], source=PRICES)
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["NVDA"], "bar": [DAYS[-20]]})
    study = es.EventStudy(
        model=es.FactorModel(("^GSPC",), risk_free="RF"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5)
    )
    with pytest.raises(
        StudyError, match=rf"the risk-free rate 'RF' is .*% {word}: it looks like percent, or like a rate of a year"
    ):
        study.fit(events, es.ReturnPanel(panel.frame.assign(RF=rate)))
