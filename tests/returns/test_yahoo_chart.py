"""Charts that cannot be, from a server on this machine through the real yfinance: refused or noted, the others whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import told
from eventstudy.returns import cache_verify
from loopback import Security, walk

START, END = "2025-03-03", "2025-03-31"
DAYS = sessions("XNYS", pd.Timestamp(START), pd.Timestamp(END))
WALK = walk("BAD", DAYS)
ROW = 5  # of the bar that is spoilt
DAY = f"{DAYS[ROW]:%Y-%m-%d}"  # 2025-03-10
ALL = ("open", "high", "low", "close", "volume")


def meta(**said):
    return lambda chart: chart["meta"].update(said)


def without(*names):
    return lambda chart: [chart["meta"].pop(name) for name in names] and None


def closes(change):
    """Change the closes in place."""
    return lambda chart: change(chart["indicators"]["quote"][0]["close"])


def cell(name, value):
    """Put a value into one cell of a column."""

    def edit(chart):
        table = chart["indicators"]["adjclose" if name == "adjclose" else "quote"][0]
        table[name][ROW] = value

    return edit


def column(name, values):
    def edit(chart):
        chart["indicators"]["adjclose" if name == "adjclose" else "quote"][0][name] = values

    return edit


def rows(order, *, move=0.0):
    """Bring the bars into another order, or some of them twice; a second one's close is moved."""

    def edit(chart):
        places = order(list(range(len(chart["timestamp"]))))
        seen = set()
        chart["timestamp"] = [
            chart["timestamp"][place] + 60 * (places[:row].count(place)) for row, place in enumerate(places)
        ]
        quote = chart["indicators"]["quote"][0]
        for name in ALL:
            quote[name] = [quote[name][place] for place in places]
        adjusted = chart["indicators"]["adjclose"][0]
        adjusted["adjclose"] = [adjusted["adjclose"][place] for place in places]
        for row, place in enumerate(places):
            if place in seen:
                quote["close"] = list(quote["close"])
                quote["close"][row] += move
            seen.add(place)

    return edit


def stamps(change):
    def edit(chart):
        chart["timestamp"] = change(chart["timestamp"])

    return edit


def event(kind, row=ROW, **said):
    def edit(chart):
        stamp = chart["timestamp"][row]
        chart["events"][kind] = {str(stamp): {"date": stamp, **said}}

    return edit


def events(value):
    def edit(chart):
        chart["events"] = value

    return edit


def sent(body):
    return lambda _: body if isinstance(body, bytes) else json.dumps(body).encode()


# Each row of the first table in docs/data.md under "An answer that cannot be" is one of these: what the server does, and what
# stands in `.failures`.
REFUSED = {
    "another symbol": (meta(symbol="OTHER"), "the bars of 'OTHER'; if it was renamed, ask for that"),
    "weekly bars": (meta(dataGranularity="1wk"), "bars of '1wk' (dataGranularity) where daily ones were asked for"),
    "hourly bars": (meta(dataGranularity="60m"), "bars of '60m' (dataGranularity) where daily ones were asked for"),
    "several bars a day": (rows(lambda r: sorted(r * 3), move=0.5), "two closes for 2025-03-03"),
    "no currency that is one": (meta(currency="US dollars"), "prices in 'US dollars', which is no currency"),
    "a word that is none": (meta(currency=7), "currency 7, which is no word"),
    "control characters": (meta(exchangeName="\x1b[2J"), r"exchangeName '\x1b[2J', which is no word"),
    "an unknown time zone": (meta(exchangeTimezoneName="Mars/Olympus"), "no time zone that exists ('Mars/Olympus')"),
    "no time zone": (without("exchangeTimezoneName"), "no time zone that exists (None)"),
    "no meta": (lambda chart: chart.update(meta=None), "a chart that does not say of what: meta is None"),
    "days out of order": (rows(lambda r: r[::-1]), "days out of order: 2025-03-28 after 2025-03-31"),
    "two closes for a day": (rows(lambda r: [*r[:6], 5, *r[6:]], move=1.0), f"two closes for {DAY}"),
    "milliseconds": (stamps(lambda s: [x * 1000 for x in s]), "which is no moment in seconds between 1800 and 2200"),
    "a day beyond calendars": (stamps(lambda s: [*s[:-1], 10**18]), "timestamp 1000000000000000000"),
    "a timestamp that is none": (stamps(lambda s: [*s[:-1], None]), "timestamp None"),
    "no timestamps": (lambda chart: chart.update(timestamp=None), "0 timestamps and 21 values of open"),
    "arrays of unequal length": (closes(lambda c: c.pop()), "21 timestamps and 20 values of "),
    "no closes": (column("close", None), "21 timestamps and None values of close"),
    "adjusted closes too few": (column("adjclose", [1.0]), "21 timestamps and 1 values of adjclose"),
    "two charts": (sent({"chart": {"result": [{}, {}], "error": None}}), "not one chart but [{}, {}]"),
    "no chart": (sent([1, 2, 3]), "something that is no chart: [1, 2, 3]"),
    "events that are no table": (events([1]), "events [1], which are no table"),
    "a dividend without a day": (events({"dividends": {"x": {"amount": 1.0}}}), "timestamp None"),
    "not one price that can be": (
        closes(lambda c: c.__setitem__(slice(None), [-x for x in c])),
        f"not one value that can be (2025-03-03: close {-WALK.iloc[0]:.10g} is not a price above zero",
    ),
}


def load(symbols, source, **options):
    return es.load_prices(symbols, START, END, source=source, **options)


def note(panel, symbol="BAD"):
    return panel.quality.loc[symbol, "note"]


def securities(faults, **options):
    """Return one security a fault, all with the same prices."""
    return {
        name: Security(f"BAD{n}", edit=edit, closes=WALK, **options)
        for n, (name, (edit, _)) in enumerate(faults.items())
    }


@pytest.mark.slow
def test_an_answer_that_cannot_be_is_a_failure_of_its_symbol_alone(yahoo, tmp_path):
    bad = securities(REFUSED)
    symbols = {name: security.symbol for name, security in bad.items()}
    server, source = yahoo(*bad.values(), Security("GOOD"), cache=tmp_path, tries=1)
    panel = load([*symbols.values(), "GOOD"], source)
    assert list(panel.failures) == list(symbols.values())
    for name, (_, words) in REFUSED.items():
        why = told(panel.failures[symbols[name]])
        assert why.startswith("BadPayload: "), name
        assert f"answered '{symbols[name]}' with " in why, name
        assert words in why
        assert "\n" not in why, name
        assert len(why) < 250, name
    assert panel.frame["GOOD"].tolist() == walk("GOOD", DAYS).tolist()
    assert cache_verify(tmp_path)["symbol"].tolist() == ["GOOD"]  # nothing of them was kept
    again = es.load_returns(
        [symbols["another symbol"], "GOOD"], START, END, source=yahoo.again(server, cache=tmp_path, tries=1)
    )
    assert list(again.failures) == [symbols["another symbol"]]
    assert again.frame["GOOD"].count() == len(DAYS)  # the close before the first day is fetched too


# Each row of the second table: what the server does, and what stands in the note of the quality table.
NOTED = {
    "a price below zero": (cell("close", -99.7108), f"{DAY}: close -99.7108 is not a price above zero; not taken"),
    "a price of zero": (cell("close", 0), f"{DAY}: close 0 is not a price above zero; not taken"),
    "an infinite price": (cell("close", float("inf")), f"{DAY}: close inf is no number; not taken"),
    "NaN for a price": (cell("close", float("nan")), f"{DAY}: close nan is no number; not taken"),
    "text for a price": (cell("close", "101.5"), f"{DAY}: close '101.5' is no number; not taken"),
    "true for a price": (cell("close", True), f"{DAY}: close True is no number; not taken"),
    "a price of 400 digits": (cell("close", 10**400), f"{DAY}: close 1000000"),
    "a price of 1e300": (cell("close", 1e300), f"{DAY}: close 1e+300 is not a price above zero; not taken"),
    "a volume below zero": (cell("volume", -5), f"{DAY}: volume -5 is not a volume; not taken"),
    "an adjusted close that cannot be": (cell("adjclose", -3), f"{DAY}: adj_close -3 is not a price above zero"),
    "no adjusted closes": (lambda chart: chart["indicators"].pop("adjclose"), "the source sent no adjusted closes"),
    "no volume": (column("volume", None), "the source sent no volume"),
    "no symbol": (without("symbol"), "the source does not say of which symbol these are"),
    "no currency": (without("currency"), "the source does not say in which currency"),
    "two closes for the newest day": (
        rows(lambda r: [*r, r[-1]], move=1.0),
        f"{END}: the newest day has two closes, {WALK.iloc[-1]:.10g} and {WALK.iloc[-1] + 1:.10g}; not taken",
    ),
    "a dividend in another currency": (
        event("dividends", amount=2.5, currency="JPY"),
        f"{DAY}: dividend 2.5 is in 'JPY', the prices are in USD; not taken",
    ),
    "a dividend above the price": (
        event("dividends", amount=5000.0),
        f"{DAY}: dividend 5000 is not below the close before it ({WALK.iloc[ROW - 1]:.10g}); not taken",
    ),
    "a dividend below zero": (
        event("dividends", amount=-1.0),
        f"{DAY}: dividend -1 is not cash for a share; not taken",
    ),
    "a dividend that is no number": (event("dividends", amount="1"), f"{DAY}: dividend '1' is no number; not taken"),
    "a split by zero": (
        event("splits", numerator=4, denominator=0),
        f"{DAY}: split 4:0 is not a ratio of shares; not taken",
    ),
    "a split below zero": (event("splits", numerator=-4, denominator=1), f"{DAY}: split -4:1 is not a ratio of shares"),
    "capital gains": (events({"capitalGains": {"1": {"amount": 1.0}}}), "1 capital gains are not adjusted for"),
}
HOLES = [name for name in NOTED if "price" in name and "dividend" not in name]


@pytest.mark.slow
def test_a_value_that_cannot_be_is_missing_and_named(yahoo, tmp_path):
    bad = securities(NOTED)
    symbols = [*(security.symbol for security in bad.values()), "GOOD"]
    server, source = yahoo(*bad.values(), Security("GOOD"), cache=tmp_path)
    panel = load(symbols, source)
    assert panel.failures == {}
    assert note(panel, "GOOD") == ""
    server.forget()
    returns = es.load_returns(symbols, "2025-03-04", END, source=yahoo.again(server, cache=tmp_path, offline=True))
    assert server.requests == []
    assert (cache_verify(tmp_path)["state"] == "ok").all()
    for name, (_, words) in NOTED.items():
        symbol = bad[name].symbol
        assert words in note(panel, symbol)
        assert words in note(returns, symbol)  # it is kept with the bars
        expected = WALK.copy()
        if name in HOLES:
            expected.iloc[ROW] = np.nan
            assert panel.quality.loc[symbol, "missing_dates"] == DAY, name
        elif name == "two closes for the newest day":
            expected.iloc[-1] = np.nan
        np.testing.assert_array_equal(panel.frame[symbol], expected, err_msg=name)
        assert returns.frame[symbol].count() == expected.pct_change(fill_method=None).count(), name


def test_a_note_is_for_those_who_ask_for_its_day(yahoo, tmp_path):
    server, source = yahoo(Security("BAD", edit=NOTED["a price below zero"][0]), cache=tmp_path)
    load(["BAD"], source)
    later = es.load_prices(["BAD"], "2025-03-12", END, source=yahoo.again(server, cache=tmp_path))
    assert note(later) == ""


def test_many_values_that_cannot_be_are_counted(yahoo):
    def spoil(chart):
        chart["indicators"]["quote"][0]["close"][:15] = [-1] * 15

    _, source = yahoo(Security("BAD", edit=spoil))
    said = note(load(["BAD"], source))
    assert said.count("is not a price") == 10
    assert said.endswith("2025-03-21: the last of 5 more such values; not taken")


@pytest.mark.parametrize("spelt", ["bad", "Bad", "BAD "])
def test_the_case_of_an_echoed_symbol_does_not_matter(yahoo, spelt):
    _, source = yahoo(Security("BAD", edit=meta(symbol=spelt)))
    assert load(["BAD"], source).failures == {}


def test_rows_of_a_day_that_agree_are_one(yahoo):
    _, source = yahoo(Security("BAD", edit=rows(lambda r: [0, *r, r[-1]])))
    panel = load(["BAD"], source)
    assert panel.frame["BAD"].tolist() == WALK.tolist()
    assert note(panel) == ""


def test_of_a_row_without_a_close_and_one_with_it_the_close_is_taken(yahoo):
    def twice(chart):
        rows(lambda r: [*r[:6], 5, *r[6:]])(chart)
        chart["indicators"]["quote"][0]["close"][ROW] = None

    _, source = yahoo(Security("BAD", edit=twice))
    assert load(["BAD"], source).frame["BAD"].tolist() == WALK.tolist()


def test_what_is_not_used_does_no_harm(yahoo):
    def edit(chart):
        chart["meta"].update(
            regularMarketTime="x", tradingPeriods="x", gmtoffset="x", firstTradeDate=[], priceHint=None
        )
        chart["meta"]["validRanges"] = None
        chart["indicators"]["quote"][0]["open"] = None
        chart["indicators"]["quote"][0]["high"][ROW] = "x"
        chart["events"]["capitalGains"] = {}

    _, source = yahoo(Security("BAD", edit=edit))
    panel = load(["BAD"], source)
    assert panel.frame["BAD"].tolist() == WALK.tolist()
    assert note(panel) == ""


def test_yields_may_lie_below_zero_and_the_vix_may_not(yahoo):
    days = pd.Series([-0.05, 0.02, -17.0], index=DAYS[:3])
    _, source = yahoo(Security("^IRX", closes=days), Security("^VIX", closes=days))
    panel = load(["^IRX", "^VIX"], source)
    assert panel.frame["^IRX"].dropna().tolist() == [-0.05, 0.02, -17.0]
    assert panel.frame["^VIX"].dropna().tolist() == [0.02]
    assert "close -17 is not a price above zero" in note(panel, "^VIX")


def test_an_adjustment_that_cannot_be_made_is_a_failure_of_its_symbol(yahoo):
    """Closes as traded need every split's ratio; the source's own adjusted closes have to be there."""
    split = Security("SPLIT", edit=NOTED["a split by zero"][0])
    bare = Security("BARE", edit=NOTED["no adjusted closes"][0])
    server, source = yahoo(split, bare, Security("GOOD"), adjustment="none")
    panel = load(["SPLIT", "BARE", "GOOD"], source)
    assert list(panel.failures) == ["SPLIT"]
    assert f"BadPayload: a split on {DAY} without a ratio that can be" in told(panel.failures["SPLIT"])
    panel = load(["SPLIT", "BARE", "GOOD"], yahoo.again(server, adjustment="source"))
    assert list(panel.failures) == ["BARE"]
    assert "no adjusted close of its own" in told(panel.failures["BARE"])


def test_a_dividend_on_a_day_without_a_bar_falls_on_the_next_one(yahoo):
    """By hand: the share goes ex on the absent 10th, so closes up to the 7th are multiplied and the close of the 7th is P."""

    def edit(chart):
        stamp = pd.Timestamp("2025-03-10 09:30", tz="America/New_York").timestamp()
        chart["events"]["dividends"] = {"1": {"amount": 2.0, "date": int(stamp)}}

    _, source = yahoo(Security("BAD", absent={DAY}, edit=edit))
    panel = load(["BAD"], source)
    before = WALK.loc["2025-03-07"]
    np.testing.assert_allclose(panel.frame["BAD"].iloc[:ROW], WALK.iloc[:ROW] * (1 - 2.0 / before), rtol=1e-12)
    assert panel.frame["BAD"].iloc[ROW + 1 :].tolist() == WALK.iloc[ROW + 1 :].tolist()
    assert f"{DAY}: dividend on a day without a bar, counted from 2025-03-11" in note(panel)


def test_a_value_that_was_seen_outlives_one_that_cannot_be(yahoo, tmp_path):
    security = Security("BAD")
    server, source = yahoo(security, cache=tmp_path)
    es.load_prices(["BAD"], START, "2025-03-14", source=source)
    security.edit = lambda chart: chart["indicators"]["quote"][0]["close"].__setitem__(3, -1.0)
    panel = load(["BAD"], yahoo.again(server, cache=tmp_path))
    assert panel.frame["BAD"].tolist() == WALK.tolist()
    assert "close -1 is not a price above zero; not taken" in note(panel)


def test_a_change_of_currency_replaces_the_history(yahoo, tmp_path):
    security = Security("BAD", currency="GBP")
    server, source = yahoo(security, cache=tmp_path)
    es.load_prices(["BAD"], START, "2025-03-14", source=source)
    security.currency, security.closes = "GBp", WALK * 100
    panel = load(["BAD"], yahoo.again(server, cache=tmp_path))
    assert panel.frame["BAD"].tolist() == (WALK * 100).tolist()
    assert panel.quality.loc["BAD", "currency"] == "GBp"


def table_after(words):
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    rows = text.split(words, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [row.split("|")[1].strip() for row in rows]


def test_the_tables_in_the_docs_have_a_row_for_each_and_no_other():
    assert table_after("| an answer that cannot be |") == list(REFUSED)
    assert table_after("| a value that cannot be |") == list(NOTED)
