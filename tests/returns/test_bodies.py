"""A body without end, and one that trickles: cut, with a reason, in little memory, over every transport."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import BadPayload, SourceError, Unreachable, told
from eventstudy.returns import FredSource, FrenchSource, StooqSource
from eventstudy.returns.remote.bodies import ARCHIVE, LARGEST, Body, read_body
from eventstudy.returns.remote.http import get
from eventstudy.returns.remote.retries import Deadline
from loopback import Security, YahooServer, blanks, walk

START, END = "2025-03-03", "2025-03-31"
DAYS = sessions("XNYS", pd.Timestamp(START), pd.Timestamp(END))
HASTY = {"wait": 0.01, "spacing": 0.0}
SUPPORT = Path(__file__).parents[1] / "support"
PAGES = {
    FredSource: "/graph/fredgraph.csv",
    StooqSource: "/q/d/l/",
    FrenchSource: "/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip",
}
CHILD = """
import json, resource, sys
import eventstudy as es
from eventstudy.errors import told
from loopback import Security, YahooServer, curl_session, requests_session

transport, megabytes = {"curl": curl_session, "requests": requests_session}[sys.argv[1]], int(sys.argv[2])
with YahooServer([Security("GOOD"), Security("BAD", behaviours=["endless"])]) as server:
    source = es.YahooSource(session=transport(server), tries=1, spacing=0.0)
    es.load_prices(["GOOD"], "2025-03-03", "2025-03-31", source=source)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    panel = es.load_prices(["BAD", "GOOD"], "2025-03-03", "2025-03-31", source=source)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"grown": (after - before) / 1024, "failures": {name: told(error) for name, error in panel.failures.items()}, "sent": server.sent}))
"""


@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_a_body_without_end_is_cut(yahoo, transport):
    server, source = yahoo(Security("BAD", behaviours=["endless"]), Security("GOOD"), transport=transport, tries=1)
    panel = es.load_prices(["BAD", "GOOD"], START, END, source=source)
    assert told(panel.failures["BAD"]) == (
        "BadPayload: Yahoo answered 'BAD' with more than 8 MB, longer than any answer can be; the rest was not read"
    )
    assert panel.frame["GOOD"].tolist() == walk("GOOD", DAYS).tolist()
    assert server.sent < 2 * LARGEST  # what was on the way when the connection was closed


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_memory_stays_bounded(transport, tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(SUPPORT),
        "PYTHONWARNINGS": "ignore",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", CHILD, transport, "500"]
    found = json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert found["failures"]["BAD"].startswith("BadPayload")
    assert found["grown"] < 100  # MB; a body of 500 MB took 1.65 GB


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_a_body_that_trickles_ends_with_its_symbols_time(yahoo, transport):
    _, source = yahoo(Security("BAD", behaviours=["drip"]), Security("GOOD"), transport=transport, give_up=1.0)
    began = time.monotonic()
    panel = es.load_prices(["BAD", "GOOD"], START, END, source=source)
    assert time.monotonic() - began < 60  # the body has no end; a busy machine is slow
    assert told(panel.failures["BAD"]).startswith("Unreachable: ")
    assert panel.frame["GOOD"].notna().all()


@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_what_a_compressed_body_expands_to_is_counted(yahoo, transport):
    """A hundred megabytes of blanks are a hundred kilobytes on the way."""
    server, source = yahoo(Security("BAD"), Security("GOOD"), transport=transport, tries=1)
    bomb = gzip.compress(b" " * 100 * 2**20, 1)
    server.pages["/v8/finance/chart/BAD"] = (200, {"Content-Encoding": "gzip"}, bomb)
    panel = es.load_prices(["BAD", "GOOD"], START, END, source=source)
    assert "more than 8 MB" in told(panel.failures["BAD"])


@pytest.mark.parametrize("maker", PAGES)
def test_other_sources_cut_a_body_too(maker):
    with YahooServer([]) as server:
        server.pages[PAGES[maker]] = lambda: (200, {}, blanks())
        most = ARCHIVE if maker is FrenchSource else LARGEST
        with pytest.raises(SourceError, match=rf"BadPayload: .* with more than {most // 2**20} MB"):
            es.load_returns(["DGS2"], START, END, source=maker(base=server.url, tries=1, **HASTY))
        assert server.sent < 2 * most


@pytest.mark.slow
@pytest.mark.parametrize("maker", PAGES)
def test_other_sources_do_not_wait_for_a_trickle(maker):
    with YahooServer([]) as server:
        server.pages[PAGES[maker]] = lambda: (200, {}, blanks(1, 0.05))
        with pytest.raises(SourceError, match=r"Unreachable: .* came too slowly to end in time"):
            es.load_returns(["DGS2"], START, END, source=maker(base=server.url, give_up=0.6, **HASTY))


@pytest.mark.parametrize("transport", ["curl", "requests"])
def test_the_body_of_a_redirect_is_not_read(yahoo, transport):
    server, source = yahoo(Security("BAD"), Security("GOOD"), transport=transport, tries=1, give_up=5.0)
    away = {"Location": "https://query2.finance.yahoo.com/v8/finance/chart/GOOD?range=1d"}
    server.pages["/v8/finance/chart/BAD"] = lambda: (302, away, blanks())
    panel = es.load_prices(["BAD", "GOOD"], START, END, source=source)
    assert list(panel.failures) == ["BAD"]
    assert server.sent < LARGEST or transport == "curl"  # libcurl throws it away as it comes, until the time is over


def test_other_sources_do_not_read_the_body_of_a_redirect():
    with YahooServer([]) as server:
        server.pages["/page"] = lambda: (302, {"Location": f"{server.url}/other"}, blanks())
        server.pages["/other"] = (200, {}, b"here")
        assert get(f"{server.url}/page", "X", "FRED", Deadline(5)) == b"here"
        assert server.sent < LARGEST


def test_a_body_that_stops_short_is_no_body():
    with YahooServer([]) as server:
        server.pages["/page"] = (200, {"Content-Length": "1000"}, iter([b"a,b\n"]))
        with pytest.raises(Unreachable, match="IncompleteRead"):
            get(f"{server.url}/page", "X", "FRED", Deadline(5))


def test_a_body_of_just_the_length_is_taken():
    def pieces(*sizes):
        waiting = iter([b"x" * size for size in sizes])
        return lambda _: next(waiting, b"")

    assert read_body(pieces(6, 4), Body("X", "FRED", None, most=10)) == b"x" * 10
    with pytest.raises(BadPayload, match="more than 0 MB"):
        read_body(pieces(6, 5), Body("X", "FRED", None, most=10))
    with pytest.raises(Unreachable, match="too slowly"):
        read_body(pieces(6, 4), Body("X", "FRED", Deadline(0)))
