"""What bars can be: of any source over the network, of a source of one's own, and of what the cache kept in the past."""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import BadPayload, DataError, told
from eventstudy.returns import cache_verify
from eventstudy.returns.bars import Bars
from eventstudy.returns.quality.possible import damage, judged, possible_frame, spacing
from eventstudy.returns.remote.remote import RemoteSource
from loopback import Security

START, END = "2025-03-03", "2025-03-31"
DAYS = sessions("XNYS", pd.Timestamp(START), pd.Timestamp(END))
GOOD = pd.Series(np.linspace(100.0, 120.0, len(DAYS)), index=DAYS)


def bars(close=GOOD, **columns):
    return Bars(pd.DataFrame({"close": close, **columns}))


def changed(row, value):
    close = GOOD.copy()
    close.iloc[row] = value
    return close


FORMS = {
    "no bars": (lambda: 7, "int instead of bars"),
    "no frame": (lambda: Bars(GOOD), "Bars instead of bars"),
    "no close": (lambda: Bars(GOOD.to_frame("price")), "columns price, not one close"),
    "text": (lambda: bars(GOOD.astype(str)), "as close, not numbers"),
    "dates for prices": (lambda: bars(pd.Series(DAYS, index=DAYS)), "values of type datetime64[us] as close"),
    "truths for prices": (lambda: bars(GOOD > 110), "values of type bool as close"),
    "complex": (lambda: bars(GOOD.astype(complex)), "values of type complex128 as close"),
    "no days": (lambda: bars(GOOD.reset_index(drop=True)), "rows that are no days without a zone"),
    "a zone": (lambda: bars(GOOD.tz_localize("UTC")), "rows that are no days without a zone"),
    "a moment": (lambda: bars(GOOD.set_axis(DAYS + pd.Timedelta("1h"))), "which is no day"),
    "out of order": (lambda: bars(GOOD[::-1]), "days out of order: 2025-03-28 after 2025-03-31"),
    "beyond calendars": (
        lambda: bars(pd.Series([1.0], index=pd.DatetimeIndex(["2925-01-02"], dtype="datetime64[us]"))),
        "a bar of 2925-01-02, which no exchange has",
    ),
    "contradiction": (
        lambda: bars(pd.concat([GOOD, changed(3, 7.0)]).sort_index(kind="stable")),
        "two closes for 2025-03-06",
    ),
    "words": (lambda: Bars(GOOD.to_frame("close"), {"currency": 7}), "int among its words"),
    "nothing left": (lambda: bars(-GOOD), "not one value that can be (2025-03-03: close -100"),
}


@pytest.mark.parametrize("form", FORMS)
def test_bars_whose_form_cannot_be_are_refused(form):
    make, words = FORMS[form]
    with pytest.raises(BadPayload) as told:
        judged(make(), "A", "raw", "vendor")
    assert str(told.value).startswith("vendor answered 'A' with ")
    assert words in str(told.value)


@pytest.mark.parametrize("form", FORMS)
def test_one_symbol_of_a_source_of_ones_own_does_not_stop_the_others(form):
    class Own(RemoteSource):
        name = "own"

        def one(self, symbol, start, end, deadline):  # noqa: ARG002  a source's signature
            return bars() if symbol == "GOOD" else FORMS[form][0]()

    panel = es.load_prices(["BAD", "GOOD"], START, END, source=Own(tries=1, spacing=0.0))
    assert list(panel.failures) == ["BAD"]
    assert told(panel.failures["BAD"]).startswith("BadPayload: own answered 'BAD' with ")
    assert panel.frame["GOOD"].tolist() == GOOD.tolist()


def test_a_fault_of_a_source_of_ones_own_is_its_symbols():
    class Own(RemoteSource):
        name = "own"

        def one(self, symbol, start, end, deadline):  # noqa: ARG002  a source's signature
            return {"GOOD": bars()}[symbol]

    panel = es.load_prices(["BAD", "GOOD"], START, END, source=Own(tries=1, spacing=0.0))
    assert list(panel.failures) == ["BAD"]
    assert told(panel.failures["BAD"]) == "BadPayload: own answered 'BAD' with something unreadable (KeyError: 'BAD')"


VALUES = {
    "raw": [(-1.0, False), (0.0, False), (np.inf, False), (1e16, False), (1e-13, False), (0.01, True), (1e9, True)],
    "adjusted": [(-1.0, False), (0.0, False), (0.01, True)],
    "level": [(-1.0, True), (0.0, True), (np.inf, False), (-np.inf, False)],
    "returns": [(-0.5, True), (-1.0, True), (-1.001, False), (np.inf, False), (3.0, True)],
}


@pytest.mark.parametrize(("holds", "value", "sound"), [(h, v, s) for h, pairs in VALUES.items() for v, s in pairs])
def test_a_value_is_missing_where_it_cannot_be(holds, value, sound):
    found = judged(bars(changed(4, value)), "A", holds, "vendor")
    assert found.frame["close"].iloc[4] == value if sound else np.isnan(found.frame["close"].iloc[4])
    assert found.frame["close"].drop(DAYS[4]).tolist() == GOOD.drop(DAYS[4]).tolist()
    assert len(found.notes) == (not sound)
    assert all(note.startswith(f"2025-03-07: close {value:.10g} is not a ") for note in found.notes)
    assert judged(found, "A", holds, "vendor").notes == found.notes  # what was judged is sound
    assert damage(found, "A", holds) == ""
    assert bool(damage(bars(changed(4, value)), "A", holds)) is not sound


@pytest.mark.parametrize(("symbol", "sound"), [("^GSPC", False), ("^VIX", False), ("^TNX", True), ("DFII10", True)])
def test_a_level_that_is_a_price_is_judged_as_one(symbol, sound):
    found = judged(bars(changed(4, -1.0)), symbol, "level", "FRED")
    assert (found.notes == ()) is sound


def test_a_dividend_is_cash_below_the_close_before_it():
    """By hand: the last close before the 7th is that of the 5th, 102, because the 6th has none."""
    cash = pd.Series(0.0, index=DAYS)
    cash.iloc[[2, 4, 6, 8]] = [-1.0, 102.0, 101.9, np.inf]
    found = judged(bars(changed(3, np.nan), dividend=cash), "A", "raw", "vendor")
    assert found.notes == (
        "2025-03-05: dividend -1 is not cash for a share; not taken",
        "2025-03-07: dividend 102 is not below the close before it (102); not taken",
        "2025-03-13: dividend inf is not cash for a share; not taken",
    )
    assert found.frame["dividend"].iloc[[2, 4, 6, 8]].isna().tolist() == [True, True, False, True]


def test_rows_of_a_day_that_agree_are_one():
    twice = pd.concat([GOOD, changed(3, np.nan)]).sort_index(kind="stable")
    assert judged(bars(twice), "A", "raw", "vendor").frame["close"].tolist() == GOOD.tolist()


def test_bars_that_are_not_daily_are_noted():
    assert spacing(bars().frame) == ""
    assert spacing(bars(GOOD[::5]).frame) == "its values stand 7 days apart: they are not daily"


class Vendor:
    name = "vendor"

    def __init__(self, frame):
        self.frame = frame

    def fetch(self, symbols, start, end):  # noqa: ARG002  a source's signature
        return self.frame


def test_one_value_of_a_frame_of_ones_own_does_not_stop_the_others():
    frame = pd.DataFrame({"NEG": changed(4, -99.7), "INF": changed(4, np.inf), "TEXT": "x", "GOOD": GOOD})
    source = Vendor(frame)
    symbols = ["NEG", "INF", "TEXT", "GOOD"]
    prices = es.load_prices(symbols, START, END, source=source)
    returns = es.load_returns(symbols, START, END, source=source)
    for panel in (prices, returns):
        assert list(panel.failures) == ["TEXT"]
        assert told(panel.failures["TEXT"]).startswith("BadPayload: vendor answered 'TEXT' with values of type ")
        assert panel.quality.loc["NEG", "note"] == "2025-03-07: NEG -99.7 is not a price above zero; not taken"
        assert panel.quality.loc["INF", "note"] == "2025-03-07: INF inf is not a price above zero; not taken"
    assert prices.frame["GOOD"].tolist() == GOOD.tolist()
    assert prices.frame["NEG"].isna().sum() == 1
    level = es.load_returns(symbols, START, END, source=source, levels=["NEG"])
    assert level.levels["NEG"].iloc[4] == -99.7


def test_a_symbol_without_one_value_that_can_be_is_a_failure():
    """As FRED's yields are, if nobody says that they are levels."""
    source = Vendor(pd.DataFrame({"YIELD": -GOOD, "GOOD": GOOD}))
    panel = es.load_returns(["YIELD", "GOOD"], START, END, source=source)
    assert told(panel.failures["YIELD"]).startswith(
        "BadPayload: vendor answered 'YIELD' with not one value that can be (2025-03-03"
    )
    assert told(panel.failures["YIELD"]).endswith("a level is named in levels=")
    assert (
        es.load_returns(["YIELD"], START, END, source=source, levels=["YIELD"]).levels["YIELD"].tolist()
        == (-GOOD).tolist()
    )


def test_returns_of_ones_own_are_judged_as_returns():
    frame = pd.DataFrame({"A": [0.01, -1.5, np.inf, -0.02]}, index=DAYS[:4])
    found, failures, notes = possible_frame(frame, "vendor", (), returns=True)
    assert found["A"].dropna().tolist() == [0.01, -0.02]
    assert failures == {}
    assert "2025-03-04: A -1.5 is not a return: nobody loses more than all; not taken" in notes["A"]


# What an earlier version may have kept: the frame or the manifest of a sound entry, changed.
POISON = {
    "a price below zero": (
        lambda f: f.assign(close=f["close"].where(f.index != DAYS[4], -1.0)),
        {},
        "close -1 is not a",
    ),
    "an infinite price": (lambda f: f.assign(close=f["close"].where(f.index != DAYS[4], np.inf)), {}, "close inf is"),
    "a day twice": (lambda f: pd.concat([f, f.iloc[[4]]]).sort_index(), {}, "2025-03-07 00:00:00 stands twice"),
    "days out of order": (lambda f: f.iloc[::-1], {}, "days out of order"),
    "text": (lambda f: f.assign(close=f["close"].astype(str)), {}, "as close, not numbers"),
    "no close": (lambda f: f.drop(columns="close"), {}, "not one close"),
    "other columns": (lambda f: f.assign(high=1.0), {}, "column 'high' is none of"),
    "no days": (lambda f: f.reset_index(drop=True), {}, "rows that are no days"),
    "a zone": (lambda f: f.tz_localize("UTC"), {}, "rows that are no days"),
    "a dividend above the price": (lambda f: f.assign(dividend=f["close"] * 2), {}, "is not below the close before it"),
    "a file that is none of ours": (lambda _: pd.DataFrame({"a": [1]}), {}, "column 'a' is none of"),
    "no dates": (None, {"covered": ["NaT", "NaT"]}, "it covers NaT to NaT"),
    "dates out of order": (None, {"covered": [END, START]}, "it covers 2025-03-31 00:00:00 to 2025-03-03"),
    "words that are none": (None, {"meta": {"currency": 7}}, "int among its words"),
    "no file": (None, {"file": "0123456789abcdef.parquet"}, "No such file"),
    "notes that are no texts": (None, {"notes": [["x"], 5]}, "its notes are [['x'], 5], not a list of texts"),
    "one text for its notes": (None, {"notes": "2025-03-04: x"}, "not a list of texts"),
    "a list for a table": (None, {"meta": [1]}, "dictionary update sequence"),
}


def poison(place, change, said):
    """Change what a sound entry holds, with the checksum that goes with it."""
    manifest = place / "manifest.json"
    told = json.loads(manifest.read_text())
    path = place / told["file"]
    if change is not None:
        buffer = io.BytesIO()
        change(pd.read_parquet(path)).to_parquet(buffer)
        path.write_bytes(buffer.getvalue())
        told["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    manifest.write_text(json.dumps(told | said))


@pytest.mark.slow
def test_poisoned_entries_heal(yahoo, tmp_path):
    kinds = {f"S{number:02d}": kind for number, kind in enumerate(POISON)}
    symbols = [*kinds, "GOOD"]
    server, source = yahoo(*(Security(symbol) for symbol in symbols), cache=tmp_path)
    sound = es.load_prices(symbols, START, END, source=source)
    for symbol, kind in kinds.items():
        poison(tmp_path / "yahoo" / "raw" / symbol, *POISON[kind][:2])
    table = cache_verify(tmp_path).set_index("symbol")
    assert table["state"].to_dict() == {**dict.fromkeys(kinds, "damaged"), "GOOD": "ok"}
    for symbol, kind in kinds.items():
        assert POISON[kind][2] in table.loc[symbol, "detail"], kind
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    offline = es.load_prices(symbols, START, END, source=yahoo.again(server, cache=tmp_path, offline=True))
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert list(offline.failures) == list(kinds)
    for symbol, kind in kinds.items():
        why = told(offline.failures[symbol])
        assert why.startswith(f"Unreachable: what the cache has of {symbol!r} is damaged ("), kind
        assert POISON[kind][2] in why, kind
    server.forget()
    healed = es.load_prices(symbols, START, END, source=yahoo.again(server, cache=tmp_path))
    assert healed.digest == sound.digest
    assert healed.failures == {}
    assert set(server.charts) == set(kinds)
    assert (cache_verify(tmp_path)["state"] == "ok").all()


def test_an_entry_of_another_symbol_is_left_alone(yahoo, tmp_path):
    _, source = yahoo(Security("A"), Security("GOOD"), cache=tmp_path)
    es.load_prices(["A", "GOOD"], START, END, source=source)
    poison(tmp_path / "yahoo" / "raw" / "A", None, {"symbol": "OTHER"})
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    found = es.load_prices(["A", "GOOD"], START, END, source=source)
    assert found.symbols == ["GOOD"]
    assert "manifest.json' is not of this cache, which keeps 'A' there; move it away" in told(found.failures["A"])
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert list(cache_verify(tmp_path)["symbol"]) == ["GOOD"]


def test_two_columns_of_one_symbol_are_refused():
    double = pd.DataFrame([[1.0, 2.0]], index=DAYS[:1], columns=["A", "A"])
    with pytest.raises(DataError, match=r"source 'vendor' returned columns that are not one for each symbol \('A'\)"):
        es.load_prices(["A"], START, END, source=Vendor(double))
