"""The five calls: what they give, and that where something is missing there is a refusal and never a number."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.agent.server import CALLS, build_server
from trees import tree

LOAD = {"call": "load", "arguments": {"symbols": ["^GSPC", "BusEq", "Enrgy"]}}
ONE = {"returns": "returns-1", "market": "^GSPC", "select": {"event_id": "2025-04-02_liberation"}, "window": [-1, 1]}
FIT = {"call": "fit", "arguments": ONE}


def call(name, **arguments):
    return {"call": name, "arguments": arguments}


def refusal(answers):
    refused, text = answers[-1]
    assert refused, text
    return text


def test_there_are_five_calls_with_descriptions_and_schemas():
    tools = asyncio.run(build_server().list_tools())
    assert [tool.name for tool in tools] == list(CALLS)
    for tool in tools:
        told = set(tool.input_schema["properties"])
        assert all(f"{name}" in tool.description for name in told), tool.name
        assert "Refused" in tool.description
        assert tool.annotations.read_only_hint
        assert tool.annotations.open_world_hint is False


def test_numbers_are_those_of_the_library_to_the_last_bit_with_their_provenance(ask):
    *_, (_, car), (_, tests), (_, days) = ask(
        [LOAD, FIT, call("report", result="result-1", table="car", window=[0, 1]),
         call("tests", result="result-1", window=[0, 1]), call("report", result="result-1", table="abnormal", symbol="BusEq")]
    )  # fmt: skip
    chosen = es.load_events("us-china").select(event_id="2025-04-02_liberation")
    panel = es.load_returns(["^GSPC", "BusEq", "Enrgy"], source="bundled")
    study = es.EventStudy(
        model=es.MarketModel("^GSPC"), window=(-1, 1), estimation=es.EstimationWindow(250, -2), missing="strict"
    )
    result = study.fit(chosen, panel)
    frame = result.car((0, 1))
    for column in ("car", "se", "t", "df", "pvalue"):
        assert [row[column] for row in car["rows"]] == frame[column].tolist()
    assert car["provenance"]["data"] == json.loads(json.dumps(result.provenance["data"]))
    assert car["provenance"]["sources"] == {"^GSPC": "bundled", "BusEq": "bundled", "Enrgy": "bundled"}
    valid = result.tests((0, 1), seed=0, full=True).set_index("name")
    assert {row["name"]: row["valid"] for row in tests["rows"]} == valid["valid"].to_dict()
    assert [row["ar"] for row in days["rows"]] == result.tidy().query("symbol == 'BusEq'")["ar"].tolist()


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([call("load", symbols=["NVDA"])], "refused: .*NVDA"),
        ([call("load", symbols=[])], "symbols is empty"),
        ([call("load", symbols=["^GSPC"], start="2026-09-15")], "refused: .*no bar of '\\^GSPC'"),
        ([call("load", symbols=["^GSPC"], start="2026-08-21")], "refused: .*no return of \\^GSPC"),  # the day after the last
        ([call("catalogue", events="nothing")], "'nothing' is not"),
        ([call("catalogue", select={"stance": "war"})], "stance 'war' is not one of"),
        ([call("catalogue", select={"since": "2031-01-01"})], "no event is left by since 2031-01-01"),
        ([call("catalogue", limit=0)], "limit=0"),
        ([call("fit", returns="returns-1", market="^GSPC")], "no handle of returns; nothing was kept yet: call load first"),
        ([LOAD, call("fit", returns="returns-9", market="^GSPC")], "there is returns-1"),
        ([LOAD, call("fit", returns="returns-1", market="NVDA")], "has no NVDA"),
        ([LOAD, call("fit", returns="returns-1")], "model 'market' takes market, and was given nothing"),
        ([LOAD, call("fit", returns="returns-1", model="mean_adjusted", market="^GSPC")], "takes none of"),
        ([LOAD, call("fit", returns="returns-1", market="^GSPC", symbols=["^GSPC"])], "nothing could be studied.*not studied against itself"),
        ([LOAD, call("fit", returns="returns-1", market="^GSPC", select={"until": "2019-01-01"})], "nothing could be studied"),
        ([LOAD, FIT, call("report", result="result-1", table="car", window=[0, 9])], "must lie inside the event window"),
        ([LOAD, FIT, call("report", result="result-1", table="car", symbol="NVDA")], "has no row of symbol 'NVDA'"),
        ([LOAD, FIT, call("report", result="result-1", table="car", symbol="^GSPC")], "has no row of symbol '\\^GSPC': "),
        ([LOAD, FIT, call("report", result="result-1", table="caar", symbol="BusEq")], "has no rows by symbol"),
        ([LOAD, FIT, call("tests", result="result-1", names=["z_score"])], "z_score"),
        ([LOAD, FIT, call("tests", result="result-1", names=["single"])], "no number: single"),
        ([LOAD, FIT, call("tests", result="result-1", names=[])], "names is empty"),
        ([LOAD, FIT, call("report", result="result-1", table="prices")], "prices|table"),
        ([LOAD, FIT, call("report", result="result-1", table="aar", window=[0, 1])], "the table 'aar' takes no window"),
        ([LOAD, FIT, call("report", result="result-1", table="car", level=0.9)], "the table 'car' takes no level"),
        ([LOAD, FIT, call("report", result="result-1", table="summary", symbol="BusEq")], "no rows by symbol"),
        ([call("catalogue", events=[{}])], "an event without any key"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_the_reason(ask, calls, words):
    assert re.search(words, refusal(ask(calls)))


@pytest.mark.parametrize("source", ["yahoo", "french", "fred", "stooq", "https://127.0.0.1:9/p.csv", "gone.csv"])
def test_a_network_source_is_refused(ask, source, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something asked for the network"))
    assert "this server asks no network" in refusal(ask([call("load", symbols=["^GSPC"], source=source)]))


@pytest.mark.usefixtures("own")
def test_nothing_is_borrowed_unless_it_is_asked_for(ask):
    said = refusal(ask([call("load", symbols=["ACME", "^GSPC"], source="prices.csv")]))
    assert "no return of ^GSPC" in said
    assert "ask for it with bundled=" in said
    ((refused, answer),) = ask([call("load", symbols=["ACME"], source="prices.csv", bundled=["^GSPC"])])
    assert not refused
    assert [row["source"] for row in answer["rows"]] == ["prices.csv", "bundled"]


@pytest.mark.usefixtures("own")
def test_over_a_hole_there_is_no_number(ask):
    """ACME has no close on day +1: its sum over (0, 1) is none, that of (0, 0) is one; the mean is refused with it."""
    prices = pd.read_csv("prices.csv")
    prices.loc[prices["date"] == "2025-09-10", "ACME"] = np.nan
    prices.to_csv("prices.csv", index=False)
    events = [{"event_id": "launch", "name": "Launch", "announced_at": "2025-09-09 13:00", "stance": "softening"}]
    start = [
        call("load", symbols=["ACME"], source="prices.csv", bundled=["^GSPC"]),
        call(
            "fit",
            returns="returns-1",
            events=events,
            timezone="America/New_York",
            market="^GSPC",
            symbols=["ACME"],
            window=[0, 2],
        ),
    ]
    ask_for = [call("report", result="result-1", table=table, window=[0, 1]) for table in ("car", "caar", "bhar")]
    answers = ask([*start, *ask_for, call("report", result="result-1", table="car", window=[0, 0])])
    assert answers[0][1]["rows"][0]["missing"] > 0
    for refused, text in answers[2:5]:
        assert refused, text
        assert "missing" in text
    assert not answers[5][0]
    assert isinstance(answers[5][1]["rows"][0]["car"], float)
    ((refused, tests),) = ask([*start, call("tests", result="result-1", window=[0, 1])])[-1:]
    assert refused, tests


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_it_speaks_over_standard_input_and_output():
    """The command itself, as an agent starts it."""
    from mcp import Client, StdioServerParameters  # noqa: PLC0415  an extra

    async def talk():
        command = StdioServerParameters(command=sys.executable, args=["-m", "eventstudy", "mcp"], env=dict(os.environ))
        async with Client(command) as client:
            return await client.call_tool("catalogue", {"select": {"event_id": "2025-04-02_liberation"}})

    answer = asyncio.run(talk())
    assert answer.structured_content["n"] == 1


@pytest.mark.usefixtures("own")
def test_a_frozen_folder_is_a_file_of_ones_own(ask):
    es.freeze(es.load_prices(["ACME"], source="prices.csv"), "frozen")
    answers = [ask([call("load", symbols=["ACME"], source=source)])[0] for source in ("prices.csv", "frozen")]
    assert not any(refused for refused, _ in answers)
    kept, frozen = (answer["provenance"]["returns"] for _, answer in answers)
    assert kept == frozen
    assert "settled" in refusal(ask([call("load", symbols=["ACME"], source="frozen", holds="returns")]))


def test_a_fault_of_ours_says_so_and_is_no_number(ask, monkeypatch):
    monkeypatch.setattr("eventstudy.agent.desk.load_returns", lambda *_, **__: 1 / 0)
    text = refusal(ask([LOAD]))
    assert "this is a fault of eventstudy, please report: ZeroDivisionError" in text


def test_it_opens_no_port_and_writes_nothing(ask, own, monkeypatch):
    monkeypatch.setattr(socket.socket, "bind", lambda *_: pytest.fail("something opened a port"))
    before = tree(own)
    answers = ask([LOAD, FIT, call("report", result="result-1", table="summary"), call("tests", result="result-1")])
    assert not any(refused for refused, _ in answers)
    assert tree(own) == before


@pytest.mark.slow
def test_without_the_sdk_the_command_says_what_to_install():
    hidden = "import sys; sys.modules['mcp'] = None; from eventstudy.cli import main; sys.argv = ['eventstudy', 'mcp']; main()"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'eventstudykit[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
