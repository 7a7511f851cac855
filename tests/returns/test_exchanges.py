"""Exchanges: every code is a calendar, and a session counts when its close is over."""

from __future__ import annotations

import exchange_calendars
import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import EventStudyError, InputError
from eventstudy.returns.bars import Bars
from eventstudy.returns.exchanges import ENDINGS, EXCHANGES, calendar_of, calendar_zone, last_complete_session
from eventstudy.returns.remote.remote import RemoteSource


def test_every_code_is_a_calendar():
    assert {*ENDINGS.values(), *EXCHANGES.values()} <= set(exchange_calendars.get_calendar_names())


@pytest.mark.parametrize(
    ("symbol", "meta", "expected"),
    [
        ("7203.T", {}, "XTKS"),
        ("0700.HK", {}, "XHKG"),
        ("VOD.L", {}, "XLON"),
        ("600519.SS", {}, "XSHG"),
        ("^N225", {"exchange": "OSA"}, "XTKS"),
        ("^HSI", {"exchange": "HKG"}, "XHKG"),
        ("NVDA", {"exchange": "NMS"}, None),
        ("BRK.B", {}, None),
        ("GC=F", {"exchange": "CMX"}, None),
        ("EURUSD=X", {}, None),
    ],
)
def test_where_a_symbol_trades(symbol, meta, expected):
    assert calendar_of(symbol, meta) == expected


@pytest.mark.parametrize(
    ("calendar", "now", "expected"),
    [
        ("XNYS", "2025-04-09 16:19 America/New_York", "2025-04-08"),  # the auction may not be in yet
        ("XNYS", "2025-04-09 16:21 America/New_York", "2025-04-09"),
        ("XNYS", "2024-07-03 13:30 America/New_York", "2024-07-03"),  # half a day
        ("XNYS", "2025-04-13 12:00 America/New_York", "2025-04-11"),  # a Sunday
        ("XTKS", "2025-04-09 16:00 Asia/Tokyo", "2025-04-09"),
        ("XTKS", "2025-04-08 20:00 America/New_York", "2025-04-08"),  # Tokyo's 9 April has only begun
    ],
)
def test_the_last_session_that_has_ended(calendar, now, expected):
    moment, zone = now.rsplit(" ", 1)
    found = last_complete_session(calendar, pd.Timestamp("2026-01-01"), pd.Timestamp(moment, tz=zone))
    assert found == pd.Timestamp(expected)


def test_the_zone_of_a_calendar():
    assert calendar_zone("XTKS") == "Asia/Tokyo"


DAYS = pd.bdate_range("2025-01-06", "2025-06-30", unit="us", name="date")
SPAN = DAYS[0], DAYS[-1]


class Fake(RemoteSource):
    """A source whose symbols say themselves where they trade."""

    name = "fake"

    def __init__(self, exchanges):
        super().__init__(cache=None, now=lambda: pd.Timestamp("2025-07-15", tz="UTC"))
        self.exchanges = exchanges

    def one(self, symbol, start, end, deadline):
        del deadline
        frame = pd.DataFrame({"close": np.linspace(100.0, 120.0, len(DAYS))}, index=DAYS)
        return Bars(frame.loc[start:end], self.exchanges.get(symbol, {}))


def unbuildable():
    """The calendars whose own rules fail with the libraries that are here."""
    found = []
    for name in sorted(set(ENDINGS.values()) | set(EXCHANGES.values())):
        try:
            sessions(name, *SPAN)
        except InputError as error:
            assert repr(name) in str(error)  # noqa: PT017  each says its name and the way out
            assert "calendar=None" in str(error)  # noqa: PT017
            found.append(name)
    return found


@pytest.mark.slow
def test_a_symbol_whose_calendar_cannot_be_built_fails_alone(monkeypatch):
    broken = unbuildable()
    monkeypatch.setitem(ENDINGS, "BROKEN", "ASEX")
    monkeypatch.setitem(EXCHANGES, "BRK", "ASEX")
    try:
        sessions("ASEX", *SPAN)
    except InputError:
        by_ending = {f"A.{ending}" for ending, name in ENDINGS.items() if name in broken}
        by_answer = {code: {"exchange": code} for code, name in EXCHANGES.items() if name in broken}
        source = Fake(by_answer)
        panel = es.load_prices(["NVDA", *sorted(by_ending), *by_answer], *SPAN, source=source)
        assert panel.symbols == ["NVDA"]
        assert set(panel.failures) == by_ending | set(by_answer)
        assert all("calendar" in str(why) for why in panel.failures.values())
        with pytest.raises(EventStudyError, match="ASEX"):
            es.load_prices(["A.BROKEN"], *SPAN, source=source)
    else:
        pytest.skip("this version of exchange_calendars builds all of them")
