"""A server in this process, asked through the SDK's own client; and files of one's own to ask it about."""

import asyncio

import numpy as np
import pandas as pd
import pytest

import eventstudy as es

pytest.importorskip("mcp")


@pytest.fixture
def ask():
    """Return a function that makes calls, one after another, on a new server: (refused, answer) of each."""
    from mcp import Client  # noqa: PLC0415  an extra

    from eventstudy.agent.server import build_server  # noqa: PLC0415  it needs the same

    async def talk(calls):
        async with Client(build_server()) as client:
            answers = [await client.call_tool(call["call"], call["arguments"]) for call in calls]
        return [(one.is_error, one.content[0].text if one.is_error else one.structured_content) for one in answers]

    return lambda calls: asyncio.run(talk(calls))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Work in a folder with a file of prices (ACME, on the bundled sessions) and one of events."""
    monkeypatch.chdir(tmp_path)
    sessions = es.load_prices("^GSPC", "2024-01-02", "2025-11-14").frame.index
    close = 50 * np.exp(np.random.default_rng(5).normal(0, 0.02, sessions.size).cumsum())
    pd.DataFrame({"date": sessions, "ACME": close.round(4)}).to_csv("prices.csv", index=False)
    (tmp_path / "events.csv").write_text(
        "event_id,announced_at,name,stance\nlaunch,2025-09-09 13:00,Launch,softening\n"
    )
    return tmp_path
