"""The cache: only what is missing is asked for, nothing complete is ever lost, damage heals itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, EventStudyError, NoSuchTicker, SourceError, told
from eventstudy.returns import cache_clear, cache_entries, cache_verify, fetch, freeze
from eventstudy.returns.cache.store import Key, Store, default_folder
from loopback import Security, walk

START, MIDDLE, END = "2025-03-03", "2025-03-14", "2025-03-31"
SUPPORT = Path(__file__).parents[1] / "support"


def days(start=START, end=END):
    return sessions("XNYS", pd.Timestamp(start), pd.Timestamp(end))


@pytest.fixture
def place(tmp_path):
    return tmp_path / "cache"


def test_a_second_question_asks_nobody(yahoo, place):
    server, source = yahoo(Security("NVDA"), Security("LATE", first="2025-03-10"), cache=place)
    first = es.load_prices(["NVDA", "LATE"], START, END, source=source)
    server.forget()
    second = es.load_prices(["NVDA", "LATE"], START, END, source=yahoo.again(server, cache=place))
    inside = es.load_prices(["NVDA"], "2025-03-05", "2025-03-16", source=yahoo.again(server, cache=place))
    assert server.requests == []
    assert first.digest == second.digest
    assert inside.frame["NVDA"].tolist() == walk("NVDA", days("2025-03-05", "2025-03-14")).tolist()


def test_only_the_missing_range_is_fetched(yahoo, place):
    server, source = yahoo(Security("NVDA"), cache=place)
    es.load_prices(["NVDA"], "2024-01-02", MIDDLE, source=source)
    server.forget()
    longer = es.load_prices(["NVDA"], "2024-01-02", END, source=yahoo.again(server, cache=place))
    asked = [request for request in server.requests if "period1" in request]
    assert len(asked) == 1
    period1 = int(asked[0].split("period1=")[1].split("&")[0])
    assert pd.Timestamp(period1, unit="s") > pd.Timestamp("2025-03-01")
    assert longer.frame["NVDA"].tolist() == walk("NVDA", days("2024-01-02")).tolist()
    assert longer.frame.index.is_unique


def test_an_earlier_start_is_fetched_too(yahoo, place):
    server, source = yahoo(Security("NVDA"), cache=place)
    es.load_prices(["NVDA"], MIDDLE, END, source=source)
    longer = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    assert longer.frame["NVDA"].tolist() == walk("NVDA", days()).tolist()


def test_a_split_since_the_last_fetch_replaces_the_history(yahoo, place):
    """The source has divided all earlier closes by four; what is kept is on the old basis."""
    old = pd.Series(100.0 * 1.01 ** np.arange(len(days(end=MIDDLE))), index=days(end=MIDDLE))
    security = Security("NVDA", closes=old)
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, MIDDLE, source=source)
    security.closes = pd.Series(25.0 * 1.01 ** np.arange(len(days())), index=days())
    security.splits = {"2025-03-19": 4.0}
    prices = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    returns = es.ReturnPanel.from_prices(prices).frame["NVDA"].dropna()
    np.testing.assert_allclose(returns, 0.01, rtol=1e-9)


def test_a_dividend_since_the_last_fetch_needs_nothing_old(yahoo, place):
    security = Security("NVDA", dividends={"2025-03-20": 1.0})
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, MIDDLE, source=source)
    grown = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place)).frame["NVDA"]
    whole = es.load_prices(["NVDA"], START, END, source=yahoo.again(server)).frame["NVDA"]
    assert grown.tolist() == whole.tolist()


def test_a_hole_at_the_end_is_asked_for_again(yahoo, place):
    security = Security("NVDA", priceless={END})
    server, source = yahoo(security, cache=place)
    assert es.load_prices(["NVDA"], START, END, source=source).quality.loc["NVDA", "missing_dates"] == END
    security.priceless = set()
    healed = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    assert healed.quality.loc["NVDA", "missing"] == 0


def test_a_value_once_seen_is_not_lost_to_a_hole(yahoo, place):
    security = Security("NVDA")
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, MIDDLE, source=source)
    security.priceless = {"2025-03-12"}
    prices = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    assert prices.frame["NVDA"].notna().all()


def test_a_delisted_share_keeps_what_was_kept(yahoo, place):
    security = Security("GONE")
    server, source = yahoo(security, cache=place)
    es.load_prices(["GONE"], START, MIDDLE, source=source)
    security.behaviours = ["404"]
    prices = es.load_prices(["GONE"], START, END, source=yahoo.again(server, cache=place))
    assert prices.frame["GONE"].tolist() == walk("GONE", days(end=MIDDLE)).tolist()
    assert "nothing newer than 2025-03-14: " in prices.quality.loc["GONE", "note"]
    assert prices.quality.loc["GONE", "after_last"] == 11


@pytest.mark.slow
def test_a_source_that_fails_leaves_what_was_kept_and_says_so(yahoo, place):
    security = Security("NVDA")
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, MIDDLE, source=source)
    security.behaviours = ["503"]
    prices = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    assert prices.frame["NVDA"].notna().sum() == len(days(end=MIDDLE))
    why = told(prices.failures["NVDA"])
    assert why.startswith("SourceDown: Yahoo failed at 'NVDA' (status 503)")
    assert why.endswith("(what was kept, up to 2025-03-14, is there)")


def test_offline_answers_from_the_cache_alone(yahoo, place):
    server, source = yahoo(Security("NVDA"), cache=place)
    kept = es.load_prices(["NVDA"], START, END, source=source)
    server.forget()
    offline = yahoo.again(server, cache=place, offline=True)
    assert es.load_prices(["NVDA"], START, END, source=offline).digest == kept.digest
    partial = es.load_prices(["NVDA"], START, "2025-04-15", source=yahoo.again(server, cache=place, offline=True))
    assert "offline: the cache has 2025-03-03 .. 2025-03-31 only" in partial.quality.loc["NVDA", "note"]
    with pytest.raises(
        SourceError, match=r"'AMD' is not in the cache, and offline=True; fetch it once: eventstudy fetch AMD"
    ):
        es.load_prices(["AMD"], START, END, source=yahoo.again(server, cache=place, offline=True))
    assert server.requests == []


@pytest.mark.parametrize("damage", ["truncate", "overwrite", "delete", "manifest", "empty manifest"])
def test_damage_heals_itself(yahoo, place, damage):
    server, source = yahoo(Security("NVDA"), cache=place)
    kept = es.load_prices(["NVDA"], START, END, source=source)
    [parquet], [manifest] = list(place.rglob("*.parquet")), list(place.rglob("manifest.json"))
    {
        "truncate": lambda: parquet.write_bytes(parquet.read_bytes()[:-100]),
        "overwrite": lambda: parquet.write_bytes(b"PAR1 it is not PAR1"),
        "delete": parquet.unlink,
        "manifest": lambda: manifest.write_text(manifest.read_text()[:-40]),
        "empty manifest": lambda: manifest.write_text("{}"),
    }[damage]()
    assert cache_verify(place)["state"].tolist() == ["damaged"]
    healed = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place))
    assert healed.digest == kept.digest
    assert cache_verify(place)["state"].tolist() == ["ok"]


def test_the_manifest_says_what_is_kept(yahoo, place):
    moment = pd.Timestamp("2025-04-01 12:00", tz="UTC")
    _, source = yahoo(Security("^GSPC"), cache=place, now=lambda: moment)
    es.load_prices(["^GSPC"], START, END, source=source)
    manifest = json.loads(next(place.rglob("manifest.json")).read_text())
    assert manifest["symbol"] == "^GSPC"
    assert (manifest["source"], manifest["adjustment"]) == ("yahoo", "raw")
    assert manifest["covered"] == [START, END]
    assert manifest["as_of"] == "2025-04-01T12:00:00Z"
    assert manifest["meta"]["currency"] == "USD"
    assert manifest["meta"]["timezone"] == "America/New_York"
    assert set(manifest["versions"]) == {"eventstudy", "pandas", "pyarrow", "yfinance"}
    assert len(manifest["sha256"]) == 64


def test_entries_are_listed_and_cleared(yahoo, place):
    _, source = yahoo(Security("NVDA"), Security("^GSPC"), Security("0700.HK", exchange="XHKG"), cache=place)
    es.load_prices(["NVDA", "^GSPC", "0700.HK"], START, END, source=source)
    entries = cache_entries(place)
    assert set(entries["symbol"]) == {"NVDA", "^GSPC", "0700.HK"}
    assert entries["covered"].unique().tolist() == [f"{START}..{END}"]
    assert cache_clear(place, symbols=["NVDA"]) == 1
    assert cache_clear(place, source="stooq") == 0
    assert cache_clear(place) == 2
    assert cache_entries(place).empty


@pytest.mark.parametrize("symbol", ["^GSPC", "EURUSD=X", "BRK.B", "../../etc", "a/b", ".", "CON", "A B"])
def test_a_symbol_cannot_leave_the_cache(tmp_path, symbol):
    store = Store(tmp_path)
    place = store.place(Key("yahoo", "raw", symbol))
    assert place.resolve().parent == (tmp_path / "yahoo" / "raw").resolve()


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("EVENTSTUDY_CACHE_DIR", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("EVENTSTUDY_CACHE_DIR")
    assert default_folder().name == "eventstudy"


def test_verify_says_by_how_much_returns_have_changed(yahoo, place):
    security = Security("NVDA")
    server, source = yahoo(security, Security("AMD"), cache=place)
    es.load_prices(["NVDA", "AMD"], START, END, source=source)
    closes = walk("NVDA", days())
    closes.loc["2025-03-12"] *= 1.002  # one close was corrected by 0.2 %
    security.closes = closes
    table = cache_verify(place, source=yahoo.again(server)).set_index("symbol")
    assert table["state"].to_dict() == {"AMD": "ok", "NVDA": "revised"}
    assert table.loc["AMD", "max_change"] == 0.0
    before = walk("NVDA", days())
    that_day = before.loc["2025-03-12"] / before.loc["2025-03-11"] * 0.002  # by hand, from the two closes
    next_day = before.loc["2025-03-13"] / before.loc["2025-03-12"] * (1 - 1 / 1.002)
    assert table.loc["NVDA", "max_change"] == pytest.approx(max(that_day, next_day), rel=1e-9)
    assert table.loc["NVDA", "max_change_day"] in ("2025-03-12", "2025-03-13")


def test_a_later_dividend_is_no_revision_of_returns(yahoo, place):
    """Every earlier adjusted close moves with a dividend; returns do not, and that is what is compared."""
    security = Security("NVDA")
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, MIDDLE, source=source)
    security.dividends = {"2025-03-20": 5.0}
    assert cache_verify(place, source=yahoo.again(server))["state"].tolist() == ["ok"]


def test_fetch_fills_the_cache_and_tells_its_progress(yahoo, place, monkeypatch):
    _, source = yahoo(Security("NVDA"))
    monkeypatch.setattr("eventstudy.returns.sources.yahoo._new_session", lambda: source.session)
    told = []
    panel = fetch(["NVDA", "GONE"], START, END, cache=place, progress=lambda *step: told.append(step[:2]), spacing=0.0)
    assert told == [(1, 2), (2, 2)]
    assert list(panel.failures) == ["GONE"]
    assert cache_entries(place)["symbol"].tolist() == ["NVDA"]
    with pytest.raises(DataError, match="source 'bundled' is not one to fetch from"):
        fetch(["NVDA"], START, END, source="bundled")


def test_a_frozen_study_is_read_back(yahoo, tmp_path):
    _, source = yahoo(Security("NVDA"), Security("7203.T", exchange="XTKS", null={"2025-03-05"}))
    prices = es.load_prices(["NVDA", "7203.T", "GONE"], START, END, source=source)
    folder = freeze(prices, tmp_path / "frozen")
    back = es.load_prices(source=folder)
    assert back.digest == prices.digest
    assert back.sources == prices.sources
    assert type(back.failures["GONE"]) is NoSuchTicker
    assert str(back.failures["GONE"]) == str(prices.failures["GONE"])
    assert back.calendars == {"7203.T": "XTKS"}
    assert back.quality["currency"].tolist() == ["USD", "USD"]
    again = {path.name: path.read_bytes() for path in freeze(back, tmp_path / "again").iterdir()}
    assert again["prices.csv"] == (folder / "prices.csv").read_bytes()
    layered = es.load_returns(["NVDA", "^VIX"], source=folder, start=START, end=END)
    assert layered.sources == {"NVDA": "yahoo", "^VIX": "bundled"}


def test_frozen_returns_are_read_back(tmp_path):
    panel = es.load_returns(["^GSPC", "BusEq", "^VIX"], start=START, end=END)
    back = es.load_returns(source=freeze(panel, tmp_path / "frozen"))
    assert back.digest == panel.digest


def test_a_frozen_file_that_was_touched_is_refused(tmp_path):
    folder = freeze(es.load_prices("^GSPC", START, END), tmp_path / "frozen")
    path = folder / "prices.csv"
    path.write_text(path.read_text().replace("5", "6", 1))
    with pytest.raises(
        DataError, match=r"prices.csv: the file is not the one that was frozen .*restore it, or freeze anew"
    ):
        es.load_prices(source=folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"is not a frozen panel: manifest.json is missing"):
        es.load_prices(source=folder)


def test_freezing_does_not_eat_a_folder(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"holds thesis\.tex, which no freeze wrote"):
        freeze(es.load_prices("^GSPC", START, END), tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_freezing_does_not_eat_a_folder_that_has_a_manifest(tmp_path):
    """Web applications, extensions, data sets and our own reports have one."""
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "manifest.json").write_text('{"name": "my web app"}')
    (web / "src" / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match=r"web holds manifest\.json, src/thesis\.tex, which no freeze wrote; move them"):
        freeze(es.load_prices("^GSPC", START, END), web)
    assert (web / "src" / "thesis.tex").read_text() == "years of work"


def test_an_earlier_freeze_is_replaced_unless_something_else_is_in_it(tmp_path):
    folder = tmp_path / "frozen"
    freeze(es.load_returns("^GSPC", START, END), folder)
    prices = es.load_prices("^GSPC", START, END)
    freeze(prices, folder)
    assert es.load_prices(source=folder).digest == prices.digest
    assert [path.name for path in tmp_path.iterdir()] == ["frozen"]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"frozen holds notes\.txt, which no freeze wrote"):
        freeze(prices, folder)


def test_the_folder_of_the_cache_is_not_frozen_into(tmp_path, monkeypatch):
    prices = es.load_prices("^GSPC", START, END)
    monkeypatch.setenv("EVENTSTUDY_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="cache is the folder of the cache; name another folder"):
        freeze(prices, tmp_path / "cache")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="in which this runs"):
        freeze(prices, ".")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_frozen_is_no_source(tmp_path):
    (tmp_path / "manifest.json").write_text('{"generator": "eventstudy", "files": {}}')
    with pytest.raises(DataError, match="is not a frozen panel: no freeze wrote its manifest"):
        es.load_prices(source=tmp_path)


KEYS = ("format", "holds", "digest", "calendar", "calendars", "sources", "failures", "sha256", "versions")
ODD = (5, [], {}, True, {"a": 5}, [5], "nothing of the kind", None)


@pytest.mark.parametrize("key", KEYS)
def test_a_manifest_that_lacks_a_key_or_holds_something_odd_is_one_error_or_the_same_prices(tmp_path, key):
    prices = es.load_prices("^GSPC", START, END)
    folder = freeze(prices, tmp_path / "frozen")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({name: value for name, value in manifest.items() if name != key}))
    with pytest.raises(DataError, match=r"manifest\.json"):
        es.load_prices(source=folder)
    for odd in ODD:
        (folder / "manifest.json").write_text(json.dumps(manifest | {key: odd}))
        try:
            assert es.load_prices(source=folder).digest == prices.digest
        except EventStudyError as error:
            assert "frozen" in str(error) or "calendar" in str(error)  # noqa: PT017  either is right, nothing else


SYMBOLS = [f"S{number:02d}" for number in range(12)]


def start(script, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(SUPPORT), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, str(SUPPORT / script), *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def whole(place):
    """Check that every entry is sound and holds the very prices that were sent; return how many there are."""
    table = cache_verify(place)
    assert (table["state"] == "ok").all(), table
    store = Store(place)
    for key in store.keys():  # noqa: SIM118  a store is no mapping
        frame = store.read(key).bars.frame
        assert frame.index.is_unique
        assert frame["close"].tolist() == walk(key.symbol, days()).tolist()
    return set(table["symbol"])


@pytest.mark.slow
def test_two_processes_fetch_the_same_symbols_at_once(yahoo, place):
    server, _ = yahoo(*(Security(symbol) for symbol in SYMBOLS))
    one, other = (start("fetch_once.py", server.port, place, START, END, *SYMBOLS) for _ in range(2))
    with one, other:
        outputs = {one.stdout.read(), other.stdout.read()}
    assert (one.returncode, other.returncode) == (0, 0)
    assert len(outputs) == 1  # the same digest
    assert whole(place) == set(SYMBOLS)
    assert not list(place.rglob("*.part"))


@pytest.mark.slow
def test_control_c_keeps_what_came(yahoo, place):
    server, _ = yahoo(*(Security(symbol) for symbol in SYMBOLS))
    server.delay = 0.05
    with start("fetch_once.py", server.port, place, START, END, *SYMBOLS, "--interrupt-after", 3) as process:
        assert process.wait() == 130
    kept = whole(place)
    assert 3 <= len(kept) < len(SYMBOLS)
    server.delay = 0.0
    server.forget()
    es.load_prices(SYMBOLS, START, END, source=yahoo.again(server, cache=place))
    assert set(server.charts) == set(SYMBOLS) - kept


def test_a_hole_within_is_asked_for_again_on_request_only(yahoo, place):
    security = Security("NVDA", absent={"2025-03-12"})
    server, source = yahoo(security, cache=place)
    es.load_prices(["NVDA"], START, END, source=source)
    security.absent = set()
    assert (
        es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place)).quality.loc["NVDA", "missing"]
        == 1
    )
    fresh = es.load_prices(["NVDA"], START, END, source=yahoo.again(server, cache=place, refresh=True))
    assert fresh.quality.loc["NVDA", "missing"] == 0
