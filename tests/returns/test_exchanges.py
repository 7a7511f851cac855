"""Exchanges: every code is a calendar, and a session counts when its close is over."""

from __future__ import annotations

import exchange_calendars
import pandas as pd
import pytest

from eventstudy.returns.exchanges import ENDINGS, EXCHANGES, calendar_of, calendar_zone, last_complete_session


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
