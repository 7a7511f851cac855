"""Real yfinance against Yahoo on this machine: every fault by its own name, every good symbol whole."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import NoSuchTicker, RateLimited, SourceError, told
from loopback import Security, walk

START, END = "2025-03-03", "2025-03-31"
DAYS = sessions("XNYS", pd.Timestamp(START), pd.Timestamp(END))
ROUNDING = 1e-9  # of the adjusted closes, relative: the server multiplies in another order


def load(symbols, source, **options):
    return es.load_prices(symbols, START, END, source=source, **options)


@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_prices_arrive_as_they_were_sent(yahoo, transport):
    symbols = ["NVDA", "^GSPC", "EURUSD=X", "GC=F", "BRK-B"]
    _, source = yahoo(*(Security(symbol) for symbol in symbols), transport=transport)
    prices = load(symbols, source)
    assert list(prices.frame.columns) == symbols
    assert prices.frame.index.equals(DAYS)
    for symbol in symbols:
        assert prices.frame[symbol].tolist() == walk(symbol, DAYS).tolist()
    assert prices.failures == {}
    assert set(prices.sources.values()) == {"yahoo"}
    assert prices.quality["missing"].sum() == 0
    assert prices.quality["currency"].unique().tolist() == ["USD"]


def test_both_transports_give_the_same_panel(yahoo):
    securities = [Security("NVDA", dividends={"2025-03-12": 0.5}), Security("AMD", null={"2025-03-05"})]
    digests = {load(["NVDA", "AMD"], yahoo(*securities, transport=name)[1]).digest for name in ("curl", "requests")}
    assert len(digests) == 1


# What the docs' table says: fault x what the user sees x what is kept. Each row of docs/data.md is one of these.
FAULTS = {
    "404": (["404"], "NoSuchTicker: Yahoo does not know 'BAD'"),
    "400": (["400"], "NoDataInWindow: .*Data doesn't exist for startDate"),
    "empty": (["empty"], "NoDataInWindow: Yahoo knows 'BAD' but has no bar in these dates"),
    "429": (["429"], "RateLimited: Yahoo asked to slow down .*wait some minutes"),
    "429 with Retry-After": (["429:40"], r"RateLimited: .*it asks to wait 40 s"),
    "503": (["503"], r"SourceDown: Yahoo failed at 'BAD' \(status 503\)"),
    "500 with JSON": (["500-json"], r"SourceDown: Yahoo failed at 'BAD' \(status 500\)"),
    "will be right back": (["down"], r"SourceDown: .*Will be right back"),
    "a web page": (["html"], r"BadPayload: .*unreadable"),
    "truncated": (["truncated"], r"BadPayload: .*unreadable \(JSONDecodeError"),
    "dropped": (["drop"], r"Unreachable: no answer from Yahoo about 'BAD'"),
    "hanging": (["hang"], r"Unreachable: no answer"),
}


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["curl", "requests"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_name_and_harms_nobody_else(yahoo, fault, transport):
    behaviours, words = FAULTS[fault]
    give_up = 3.0 if fault == "hanging" else 30.0
    server, source = yahoo(
        Security("GOOD"), Security("BAD", behaviours=list(behaviours)), transport=transport, give_up=give_up, workers=2
    )
    prices = load(["BAD", "GOOD"], source)
    assert list(prices.failures) == ["BAD"]
    assert re.match(words, told(prices.failures["BAD"]))
    assert (prices.failures["BAD"].__traceback__, prices.failures["BAD"].__context__) == (None, None)  # nothing is held
    assert "\n" not in told(prices.failures["BAD"])
    assert prices.frame["GOOD"].tolist() == walk("GOOD", DAYS).tolist()
    if fault in ("404", "400", "empty"):
        assert (
            server.charts["BAD"] <= 4
        )  # it will not be better a moment later: asked once (yfinance repeats a 4xx itself)


@pytest.mark.parametrize(
    "behaviours",
    [["503", "503", "ok"], ["drop", "ok"], ["429:0.05", "429:0.05", "ok"], ["down", "ok"], ["truncated", "ok"]],
)
def test_what_passes_is_waited_for(yahoo, behaviours):
    """yfinance alone would give the remembered 503 again, without asking."""
    _, source = yahoo(Security("NVDA", behaviours=behaviours))
    prices = load(["NVDA"], source)
    assert prices.failures == {}
    assert prices.frame["NVDA"].tolist() == walk("NVDA", DAYS).tolist()


def test_a_retry_after_is_obeyed(yahoo):
    _, source = yahoo(Security("NVDA", behaviours=["429:0.7", "429:0.7", "ok"]))
    began = time.monotonic()
    assert load(["NVDA"], source).failures == {}
    assert time.monotonic() - began >= 0.7


def test_when_every_symbol_fails_the_error_names_each(yahoo):
    _, source = yahoo(Security("AAA", behaviours=["503"]), Security("BBB", behaviours=["404"]))
    with pytest.raises(SourceError, match=r"SourceDown: .*'AAA'.* · NoSuchTicker: .*'BBB'"):
        load(["AAA", "BBB"], source)


def test_holes_are_missing_and_named(yahoo):
    _, source = yahoo(
        Security("NULL", null={"2025-03-05"}),
        Security("PRICELESS", priceless={"2025-03-31"}),
        Security("ABSENT", absent={"2025-03-06"}),
    )
    prices = load(["NULL", "PRICELESS", "ABSENT"], source)
    assert prices.quality["missing_dates"].to_dict() == {
        "NULL": "2025-03-05",
        "PRICELESS": "2025-03-31",
        "ABSENT": "2025-03-06",
    }
    assert prices.quality["null_prices"].to_dict() == {"NULL": 1, "PRICELESS": 1, "ABSENT": 0}
    returns = es.ReturnPanel.from_prices(prices)
    assert returns.frame.loc["2025-03-06":"2025-03-07", "ABSENT"].isna().all()
    assert returns.frame["ABSENT"].count() == len(DAYS) - 3


def test_dividends_and_splits_are_adjusted_here(yahoo):
    security = Security("DIV", dividends={"2025-03-12": 0.5, "2025-03-20": 1.25}, splits={"2025-03-17": 4.0})
    _, source = yahoo(security)
    theirs = load(["DIV"], yahoo.again(_, adjustment="source")).frame["DIV"]
    ours = load(["DIV"], source).frame["DIV"]
    price = load(["DIV"], yahoo.again(_, adjustment="price")).frame["DIV"]
    traded = load(["DIV"], yahoo.again(_, adjustment="none")).frame["DIV"]
    np.testing.assert_allclose(ours, theirs, rtol=ROUNDING)
    assert price.tolist() == walk("DIV", DAYS).tolist()
    assert ours.iloc[0] < price.iloc[0]
    assert (traded / price).round(9).unique().tolist() == [4.0, 1.0]
    assert (traded / price).loc["2025-03-14"] == 4.0


def test_each_exchange_keeps_its_own_dates(yahoo):
    _, source = yahoo(
        Security("NVDA"),
        Security("7203.T", exchange="XTKS", currency="JPY"),
        Security("0700.HK", exchange="XHKG", currency="HKD"),
    )
    prices = load(["NVDA", "7203.T", "0700.HK"], source)
    assert prices.quality["calendar"].to_dict() == {"NVDA": "XNYS", "7203.T": "XTKS", "0700.HK": "XHKG"}
    assert prices.quality["missing"].sum() == 0
    tokyo = sessions("XTKS", pd.Timestamp(START), pd.Timestamp(END))  # closed on 20 March
    assert prices.frame["7203.T"].dropna().tolist() == walk("7203.T", tokyo).tolist()
    assert pd.isna(prices.frame.loc["2025-03-20", "7203.T"])
    returns = es.ReturnPanel.from_prices(prices)
    assert returns.frame["7203.T"].count() == len(tokyo) - 1
    assert "in JPY" in prices.quality.loc["7203.T", "note"] or prices.quality.loc["7203.T", "currency"] == "JPY"


def test_a_session_that_is_still_open_has_no_close(yahoo):
    noon = pd.Timestamp("2025-03-20 12:00", tz="America/New_York")
    _, source = yahoo(Security("NVDA"), now=lambda: noon)
    prices = es.load_prices(["NVDA"], START, "2025-12-31", source=source)
    assert prices.frame.index[-1] == pd.Timestamp("2025-03-19")


def test_what_yahoo_does_not_have_comes_from_the_bundled_figures(yahoo):
    server, source = yahoo(Security("NVDA"))
    panel = es.load_returns(["NVDA", "^VIX", "UST10Y", "Hlth"], START, END, source=source)
    assert panel.sources == {"NVDA": "yahoo", "^VIX": "bundled", "UST10Y": "bundled", "Hlth": "bundled"}
    assert not any("Hlth" in request or "HLTH" in request or "UST10Y" in request for request in server.requests)


def test_yfinance_says_nothing(yahoo, capfd, caplog):
    _, source = yahoo(Security("GOOD"), Security("BAD", behaviours=["503"]), Security("GONE", behaviours=["404"]))
    with caplog.at_level(logging.DEBUG):
        load(["GOOD", "BAD", "GONE", "NEVER"], source)
    out = capfd.readouterr()
    assert (out.out, out.err) == ("", "")
    assert not [record for record in caplog.records if record.name.startswith("yfinance")]


def test_yfinance_is_left_as_it_was(yahoo):
    import yfinance  # noqa: PLC0415  half a second that only these tests pay

    _, source = yahoo(Security("GOOD"))
    before = yfinance.config.debug.hide_exceptions
    load(["GOOD"], source)
    assert yfinance.config.debug.hide_exceptions is before is True
    assert "request" not in vars(source.session)
    assert logging.getLogger("yfinance").propagate


def test_repeated_refusals_end_the_batch_and_keep_what_came(yahoo):
    good = [Security(f"G{number}") for number in range(3)]
    bad = [Security(f"B{number:02d}", behaviours=["429"]) for number in range(20)]
    server, source = yahoo(*good, *bad, workers=1, tries=1, stop_after=3)
    prices = load([security.symbol for security in (*good, *bad)], source)
    assert list(prices.frame.columns) == ["G0", "G1", "G2"]
    assert len(prices.failures) == 20
    words = [str(error) for error in prices.failures.values()]
    assert sum("not asked, because the source failed 3 symbols in a row" in why for why in words) >= 15
    assert {type(error) for error in prices.failures.values()} == {RateLimited}
    assert sum(server.charts[security.symbol] > 0 for security in bad) <= 5


@pytest.mark.slow
def test_a_silent_server_does_not_hold_anyone_longer_than_said(yahoo):
    _, source = yahoo(Security("HANG", behaviours=["hang"]), Security("GOOD"), give_up=3.0)
    began = time.monotonic()
    prices = load(["HANG", "GOOD"], source)
    assert time.monotonic() - began < 45  # the server is silent for a minute; a busy machine is slow
    assert told(prices.failures["HANG"]).startswith("Unreachable")
    assert es.YahooSource().patience.give_up <= 30


def test_progress_is_told_after_each_symbol(yahoo):
    told = []
    _, source = yahoo(
        Security("A"), Security("B"), Security("C", behaviours=["404"]), progress=lambda *step: told.append(step)
    )
    load(["A", "B", "C"], source)
    assert [step[0] for step in told] == [1, 2, 3]
    assert {step[2]: step[3] == "ok" for step in told} == {"A": True, "B": True, "C": False}


def test_no_symbol_is_not_all_symbols(yahoo):
    _, source = yahoo(Security("A"))
    with pytest.raises(es.EventStudyError, match="name those that you want"):
        es.load_prices(None, START, END, source=source)


def test_without_a_network_every_symbol_is_unreachable():
    """The guard of the whole test session: libcurl is led to a proxy that does not exist."""
    source = es.YahooSource(tries=1, give_up=10, spacing=0)
    with pytest.raises(SourceError, match="Unreachable: no answer from Yahoo about 'NVDA'"):
        load(["NVDA"], source)


@pytest.mark.slow
def test_five_hundred_symbols(yahoo, tmp_path):
    names = [f"S{number:03d}" for number in range(492)]
    failing = {"F404": ["404"], "F503": ["503"], "FEMPTY": ["empty"], "FDROP": ["drop"], "FHTML": ["html"]}
    limited = {name: ["429:0.02", "429:0.02", "ok"] for name in ("L0", "L1", "L2")}
    securities = [Security(name) for name in names]
    securities += [Security(name, behaviours=manner) for name, manner in {**failing, **limited}.items()]
    server, source = yahoo(*securities, cache=tmp_path / "cache", workers=4)
    everyone = [security.symbol for security in securities]
    prices = load(everyone, source)
    assert set(prices.frame.columns) == {*names, *limited}
    kinds = {symbol: type(error).__name__ for symbol, error in prices.failures.items()}
    assert kinds == {
        "F404": "NoSuchTicker", "F503": "SourceDown", "FEMPTY": "NoDataInWindow", "FDROP": "Unreachable", "FHTML": "BadPayload",
    }  # fmt: skip
    for name in (*names[:5], "L0"):
        assert prices.frame[name].tolist() == walk(name, DAYS).tolist()
    server.forget()
    second = load(everyone, yahoo.again(server, cache=tmp_path / "cache"))
    assert second.digest == prices.digest
    assert set(server.charts) == set(failing)  # only what is missing was asked for


def test_the_same_study_from_yahoo_and_from_a_file(yahoo, tmp_path):
    """The index as the package has it, served as Yahoo would, equals the same figures from a file to the last bit."""
    closes = es.load_prices(["^GSPC"]).frame["^GSPC"]
    _, source = yahoo(Security("^GSPC", closes=closes, instrument="INDEX"))
    closes.to_frame().to_csv(tmp_path / "index.csv")
    symbols = ["^GSPC", "^VIX", "UST10Y", "BusEq"]
    fetched = es.load_returns(symbols, "2016-01-04", "2025-11-14", source=source)
    filed = es.load_returns(symbols, "2016-01-04", "2025-11-14", source=tmp_path / "index.csv")
    assert fetched.digest == filed.digest
    assert fetched.sources["^GSPC"] == "yahoo"


def test_unknown_symbols_are_a_lack_not_an_outage():
    assert issubclass(NoSuchTicker, SourceError)
    assert es.YahooSource(cache=None).store is None


@pytest.mark.slow
def test_over_a_tls_proxy_with_the_very_session_of_yfinance(yahoo, tmp_path):
    """No address is rewritten: impersonation, TLS, cookies and crumb are curl's and yfinance's own."""
    import yfinance  # noqa: PLC0415  half a second that only these tests pay
    from curl_cffi import requests  # noqa: PLC0415

    from tls_proxy import TlsProxy, certificate  # noqa: PLC0415  needs cryptography

    securities = [
        Security("NVDA", dividends={"2025-03-12": 0.5}),
        Security("GONE", behaviours=["404"]),
        Security("^GSPC"),
    ]
    server, source = yahoo(*securities, Security("LIMITED", behaviours=["429:0.1", "429:0.1", "ok"]))
    symbols = ["NVDA", "GONE", "^GSPC", "LIMITED"]
    pem = certificate(tmp_path)
    before = yfinance.config.network.proxy
    with TlsProxy(pem, server.port) as proxy:
        yfinance.config.network.proxy = proxy.url
        try:
            session = requests.Session(impersonate="chrome", verify=str(pem), trust_env=False)
            honest = load(symbols, es.YahooSource(session=session, wait=0.01, spacing=0.0))
        finally:
            yfinance.config.network.proxy = before
    assert "query2.finance.yahoo.com" in proxy.hosts
    assert honest.digest == load(symbols, source).digest
    assert told(honest.failures["GONE"]).startswith("NoSuchTicker")


def test_the_table_in_the_docs_has_a_row_for_each_fault_and_no_other():
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    table = text.split("| fault | what you see in `.failures`", 1)[1].split("\n\n", 1)[0]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:]]
    assert [name.strip() for name, _ in rows] == list(FAULTS)
    for name, seen in rows:
        assert seen.strip().strip("`").startswith(FAULTS[name.strip()][1].split(":")[0])


def test_prices_in_one_currency_on_request(yahoo):
    securities = [
        Security("0700.HK", exchange="XHKG", currency="HKD"),
        Security("VOD.L", exchange="XLON", currency="GBp"),
    ]
    rates = [
        Security("HKDUSD=X", closes=pd.Series(0.128, index=DAYS)),
        Security("GBPUSD=X", closes=pd.Series(1.25, index=DAYS)),
    ]
    server, source = yahoo(*securities, *rates, Security("NVDA"))
    symbols = ["0700.HK", "VOD.L", "NVDA"]
    local = load(symbols, source).frame
    dollars = load(symbols, yahoo.again(server), currency="USD")
    np.testing.assert_allclose(dollars.frame["VOD.L"], local["VOD.L"] * 0.0125, rtol=ROUNDING)
    np.testing.assert_allclose(dollars.frame["0700.HK"], local["0700.HK"] * 0.128, rtol=ROUNDING)
    assert dollars.frame["NVDA"].equals(local["NVDA"])
    assert set(dollars.quality["currency"]) == {"USD"}
    with pytest.raises(es.EventStudyError, match="the rates lack 'HKDEUR=X'"):
        load(["0700.HK"], yahoo.again(server), currency="EUR")
