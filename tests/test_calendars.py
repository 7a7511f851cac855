"""Sessions against calendars that the exchanges published: holidays, half days, a longer trading day."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from eventstudy.calendars import closes, first_sessions, get_calendar, opens, sessions, timings
from eventstudy.errors import InputError

NEW_YORK, HONG_KONG, TOKYO = "America/New_York", "Asia/Hong_Kong", "Asia/Tokyo"


def moment(text: str, zone: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([pd.Timestamp(text, tz=zone)])


# published by the exchanges: NYSE holidays and early closings, HKEX and JPX trading calendars
PUBLISHED = [
    ("XNYS", "2025-04-02 15:59:59", NEW_YORK, "intraday", "2025-04-02"),
    ("XNYS", "2025-04-02 16:00:00", NEW_YORK, "after_close", "2025-04-03"),
    ("XNYS", "2025-04-02 09:29:59", NEW_YORK, "pre_open", "2025-04-02"),
    ("XNYS", "2025-04-02 09:30:00", NEW_YORK, "intraday", "2025-04-02"),
    ("XNYS", "2025-04-17 16:00:00", NEW_YORK, "after_close", "2025-04-21"),  # Good Friday, then the weekend
    ("XNYS", "2025-04-18 11:00:00", NEW_YORK, "holiday", "2025-04-21"),
    ("XNYS", "2025-05-25 18:15:01", NEW_YORK, "weekend", "2025-05-27"),  # Memorial Day on Monday
    ("XNYS", "2025-01-09 10:00:00", NEW_YORK, "holiday", "2025-01-10"),  # day of mourning for President Carter
    ("XNYS", "2025-07-03 12:59:59", NEW_YORK, "intraday", "2025-07-03"),  # closes at 13:00
    ("XNYS", "2025-07-03 13:00:00", NEW_YORK, "after_close", "2025-07-07"),
    ("XNYS", "2025-11-28 13:30:00", NEW_YORK, "after_close", "2025-12-01"),  # the day after Thanksgiving
    ("XNYS", "2024-12-24 14:00:00", NEW_YORK, "after_close", "2024-12-26"),
    ("XNYS", "2026-07-03 10:00:00", NEW_YORK, "holiday", "2026-07-06"),  # 4 July is a Saturday
    ("XNYS", "2018-12-05 12:00:00", NEW_YORK, "holiday", "2018-12-06"),  # day of mourning for President Bush
    ("XHKG", "2025-04-02 16:26:00", NEW_YORK, "pre_open", "2025-04-03"),
    ("XHKG", "2025-04-04 06:05:00", NEW_YORK, "holiday", "2025-04-07"),  # Ching Ming
    ("XHKG", "2025-01-28 12:30:00", HONG_KONG, "after_close", "2025-02-03"),  # eve of Lunar New Year closes at 12:00
    ("XHKG", "2025-01-28 11:30:00", HONG_KONG, "intraday", "2025-01-28"),
    ("XHKG", "2025-04-03 12:30:00", HONG_KONG, "intraday", "2025-04-03"),  # lunch break
    ("XTKS", "2024-11-01 15:10:00", TOKYO, "after_close", "2024-11-05"),  # 15:00, Culture Day on Monday
    ("XTKS", "2024-11-06 15:10:00", TOKYO, "intraday", "2024-11-06"),  # closes at 15:30 from 5 November 2024
    ("XTKS", "2024-12-30 15:30:00", TOKYO, "after_close", "2025-01-06"),  # new year
]


@pytest.mark.parametrize(("calendar", "text", "zone", "timing", "session"), PUBLISHED)
def test_first_session_and_timing(calendar, text, zone, timing, session):
    asked = moment(text, zone)
    assert first_sessions(asked, calendar).strftime("%Y-%m-%d").tolist() == [session]
    assert timings(asked, calendar) == [timing]


def test_order_and_zone_of_the_moments_do_not_matter():
    one_by_one = [row for row in PUBLISHED if row[0] == "XNYS"]
    asked = pd.DatetimeIndex([pd.Timestamp(row[1], tz=row[2]).tz_convert("UTC") for row in reversed(one_by_one)])
    assert first_sessions(asked, "XNYS").strftime("%Y-%m-%d").tolist() == [row[4] for row in reversed(one_by_one)]
    assert timings(asked, "XNYS") == [row[3] for row in reversed(one_by_one)]


def test_labels_are_naive_midnights_in_microseconds():
    assert first_sessions(moment("2025-04-02 16:26", NEW_YORK), "XNYS").dtype == "datetime64[us]"
    found = sessions("XNYS", pd.Timestamp("2025-04-16"), pd.Timestamp("2025-04-22"))
    assert found.dtype == "datetime64[us]"
    assert found.strftime("%d").tolist() == ["16", "17", "21", "22"]


def test_opens_and_closes_of_a_half_day():
    day = pd.Timestamp("2025-07-03")
    assert closes("XNYS", day, day).tolist() == [pd.Timestamp("2025-07-03 13:00", tz=NEW_YORK)]
    assert opens("XNYS", day, day).tolist() == [pd.Timestamp("2025-07-03 09:30", tz=NEW_YORK)]


def test_a_calendar_that_trades_through_the_evening_counts_its_own_hours():
    # CME equity futures close at 17:00 and open again at 18:00 New York time for the next day's session
    asked = pd.DatetimeIndex(["2025-04-02 16:26", "2025-04-02 18:30"]).tz_localize(NEW_YORK)
    assert timings(asked, "CMES") == ["intraday", "intraday"]
    assert first_sessions(asked, "CMES").strftime("%d").tolist() == ["02", "03"]


def test_no_moment_no_session():
    empty = pd.DatetimeIndex([], tz="UTC")
    assert first_sessions(empty, "XNYS").tolist() == []
    assert timings(empty, "XNYS") == []


@pytest.mark.parametrize("ask", [first_sessions, timings])
def test_moments_without_a_zone_or_missing_are_refused(ask):
    with pytest.raises(InputError, match="time zone"):
        ask(pd.DatetimeIndex(["2025-04-02 16:26"]), "XNYS")
    with pytest.raises(InputError, match="NaT"):
        ask(pd.DatetimeIndex(["2025-04-02 16:26", None]).tz_localize("UTC"), "XNYS")


def test_an_unknown_calendar_names_the_known_ones():
    with pytest.raises(InputError, match=r"calendar 'NYSE2' is not known; use one of: .*XNYS"):
        first_sessions(moment("2025-04-02", NEW_YORK), "NYSE2")


def test_one_calendar_serves_all_spans_of_its_years_and_gives_each_its_own_sessions():
    wide = get_calendar("XNYS", pd.Timestamp("2016-01-04"), pd.Timestamp("2025-11-14"))
    assert get_calendar("XNYS", pd.Timestamp("2019-05-01"), pd.Timestamp("2019-05-31")) is wide
    days = sessions("XNYS", pd.Timestamp("2018-12-03"), pd.Timestamp("2018-12-06"))
    assert days.strftime("%Y-%m-%d").tolist() == ["2018-12-03", "2018-12-04", "2018-12-06"], (
        "the 5th was a day of mourning"
    )


def test_years_beyond_the_record_are_an_error():
    recorded = "calendar 'XHKG' is recorded from 1960-01-01 to 2049-12-31; it cannot serve 1949-01-01 to 1950-12-31"
    with pytest.raises(InputError, match=recorded):
        get_calendar("XHKG", pd.Timestamp("1949-12-01"), pd.Timestamp("1950-01-31"))
    with pytest.raises(InputError, match="calendar 'XSHG' is recorded from 1990-12-03"):
        sessions("XSHG", pd.Timestamp("1990-01-01"), pd.Timestamp("1991-12-31"))
    with pytest.raises(InputError, match="calendar 'XTKS' is recorded from 1997-01-01; it cannot serve"):
        first_sessions(moment("1996-05-05", TOKYO), "XTKS")


def test_the_first_and_the_last_recorded_year_are_served():
    # the Shanghai exchange opened on 19 December 1990: its record does not fill the year
    assert first_sessions(moment("1990-12-25", "Asia/Shanghai"), "XSHG").tolist() == [pd.Timestamp("1990-12-25")]
    last = get_calendar("XHKG", pd.Timestamp("2049-12-01"), pd.Timestamp("2049-12-31")).sessions[-1]
    assert first_sessions(moment("2049-12-20 12:00", HONG_KONG), "XHKG").tolist() == [pd.Timestamp("2049-12-20")]
    with pytest.raises(InputError, match=f"is recorded to {last:%Y-%m-%d}; no session follows 2049-12-31 10:00 UTC"):
        first_sessions(moment("2049-12-31 18:00", HONG_KONG), "XHKG")


@pytest.mark.slow
def test_building_a_calendar_warns_of_nothing_and_changes_no_filter():
    program = (
        "import warnings\n"
        "import pandas as pd; from eventstudy.calendars import sessions\n"
        "for name in ('XNYS', 'XHKG', 'XSHG'): sessions(name, pd.Timestamp('1991-01-02'), pd.Timestamp('2025-12-31'))\n"
        "warnings.warn('of others', DeprecationWarning)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "DeprecationWarning: of others"


def test_the_answer_does_not_depend_on_the_day_of_the_run():
    # the default bounds of exchange_calendars start twenty years before today
    assert first_sessions(moment("1999-12-31 17:00", NEW_YORK), "XNYS").tolist() == [pd.Timestamp("2000-01-03")]


@pytest.mark.parametrize("day", ["1500-01-01", "1677-12-31", "2262-01-01", "2925-01-01", "8550-01-01"])
def test_years_that_no_calendar_knows_are_refused_at_once(day):
    moment = pd.Timestamp(day)
    with pytest.raises(InputError, match=f"{day} lies outside the years 1678 to 2261, which calendars know"):
        sessions("XNYS", min(moment, pd.Timestamp("2025-01-02")), max(moment, pd.Timestamp("2025-01-03")))
    with pytest.raises(InputError, match=f"{day} lies outside the years"):
        first_sessions(pd.DatetimeIndex([moment]).tz_localize("UTC"), "XNYS")


def test_the_first_and_the_last_year_are_known():
    ends = pd.DatetimeIndex(["1678-01-03 12:00", "2261-12-30 12:00"], tz="UTC")
    assert first_sessions(ends, "XNYS").strftime("%Y-%m-%d").tolist() == ["1678-01-03", "2261-12-30"]
