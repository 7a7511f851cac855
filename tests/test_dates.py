# ruff: noqa: RUF043, DTZ001
"""One grammar of dates and moments at every door: year first, never a guess, never nanoseconds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.dates import read_stamp
from eventstudy.errors import EventStudyError
from eventstudy.events.moments import parse_date, parse_moment
from eventstudy.study.study_file import PricesPart

DAY = dt.datetime(2025, 4, 3)
DAYS = sessions("XNYS", pd.Timestamp("2024-09-03"), pd.Timestamp("2025-06-30"))
RETURNS = pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (len(DAYS), 2)), index=DAYS, columns=["M", "A"])
STUDY = es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))

GOOD = [
    "2025-04-03", " 2025-04-03 ", "2025/04/03", "2025.04.03", "2025-4-3", "20250403", 20250403, 20250403.0, np.int32(20250403),
    np.float64(20250403), Decimal(20250403), DAY, DAY.date(), np.datetime64("2025-04-03"), pd.Timestamp("2025-04-03"),
    pd.Period("2025-04-03", "D"),
]  # fmt: skip
BAD = [
    "03/04/2025", "04/03/2025", "3.4.2025", "03-04-2025", "3 April 2025", "Apr 3, 2025", "2025Q2", "2025-W14-4", "2025-093", "2025",
    "25-04-03", "45750", 45750, 45750.0, 1743638400, 1743638400000000000, 0, -1, 1.5, "20251301", 20250431, "2025-04-31", "2025-13-01",
    "yesterday", "", "nan", True, "2025-04/03", "２０２５-04-03",
]  # fmt: skip


def doors():
    def bar(value):
        frame = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": pd.Series([value], dtype=object)})
        return STUDY.fit(frame, RETURNS).car((0, 0))["session"].iloc[0]

    def dates(value):
        frame = pd.DataFrame({"date": pd.Series([value], dtype=object), "A": [1.0]})
        return es.load_prices(source=frame).frame.index[0]

    def start(value):
        return es.load_prices("^GSPC", start=value, end="2025-04-08").frame.index[0]

    return {"bar": bar, "dates": dates, "start": start}


@pytest.mark.parametrize("door", doors())
@pytest.mark.parametrize("value", GOOD, ids=repr)
def test_a_day_is_that_day_at_every_door(door, value):
    assert doors()[door](value) == pd.Timestamp(DAY)
    assert read_stamp(value) == pd.Timestamp(DAY)


@pytest.mark.parametrize("door", doors())
@pytest.mark.parametrize("value", BAD, ids=repr)
def test_what_is_no_day_is_refused_at_every_door(door, value):
    with pytest.raises(EventStudyError) as caught:
        doors()[door](value)
    assert "2025-04-03" in str(caught.value) or "no date" in str(caught.value)
    with pytest.raises(ValueError, match="a date such as"):
        read_stamp(value)


@pytest.mark.parametrize("value", [text for text in BAD if isinstance(text, str) and text])
def test_catalogues_and_study_files_read_the_same_grammar(value):
    for read in (
        parse_date,
        lambda text: parse_moment(text, ZoneInfo("UTC")),
        lambda text: PricesPart(symbols=["A"], start=text),
    ):
        with pytest.raises(ValueError):  # noqa: PT011  each with the words of its door
            read(value)


@pytest.mark.parametrize("value", ["2025-04-03", "2025/04/03", "20250403", 20250403, "2025-4-3"])
def test_catalogues_read_what_files_read(value):
    assert parse_date(value) == DAY.date()
    assert parse_moment(value, ZoneInfo("America/New_York")) == (pd.Timestamp(DAY, tz="America/New_York"), "date_only")
    assert PricesPart(symbols=["A"], start=str(value)).start == str(value)


MOMENTS = {
    "2025-04-02 16:26-04:00": 0, "2025-04-02T16:26:00-0400": 0, "2025-04-02 16:26:00.000 -04:00": 0, "2025-04-02T20:26Z": 0,
    "20250402 16:26-04:00": 0, "2025/04/02 16:26-04:00": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_that_moment(text):
    expected = pd.Timestamp("2025-04-02 20:26", tz="UTC")
    assert read_stamp(text) == expected
    frame = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "announced_at": [text]})
    assert STUDY.fit(frame, RETURNS).car((0, 0))["session"].iloc[0] == pd.Timestamp(DAY)
    assert parse_moment(text, None)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "02/04/2025 16:26-04:00",
        "2 April 2025 16:26 EDT",
        "2025-04-02 4:26 PM",
        "2025-04-02 16:26",
        "1743625560",
        "2025-04-02 25:26-04:00",
    ],
)
def test_what_is_no_moment_with_its_zone_is_refused(text):
    frame = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "announced_at": [text]})
    with pytest.raises(EventStudyError, match="column 'announced_at', row 0"):
        STUDY.fit(frame, RETURNS)


@pytest.mark.parametrize(
    "bar",
    [
        pd.Timestamp("2025-06-02 09:00"),
        "2025-06-02 16:00",
        pd.Timestamp("2025-06-02 04:00", tz="UTC"),
        dt.datetime(2025, 6, 2, 23, 59),
    ],
)
@pytest.mark.parametrize("calendar", ["XNYS", None])
def test_a_clock_on_a_daily_bar_is_refused_and_never_moves_it(bar, calendar):
    frame = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [bar]})
    study = es.EventStudy(
        model=es.MarketModel("M"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5), calendar=calendar
    )
    with pytest.raises(EventStudyError, match="has a time of day, and the bars are days.*announced_at"):
        study.fit(frame, RETURNS)


@pytest.mark.parametrize(
    "kind", ["category", "string", "object", "timestamp[ns][pyarrow]", "datetime64[s]", "date32[pyarrow]"]
)
def test_columns_of_every_type_hold_the_same_days(kind):
    days = pd.Series(DAYS[-30:].strftime("%Y-%m-%d"))
    column = (
        days.astype(kind)
        if "[" not in kind
        else pd.to_datetime(days).astype("timestamp[ns][pyarrow]" if "32" in kind else kind)
    )
    column = column.astype(kind) if "32" in kind else column
    frame = pd.DataFrame({"date": column, "A": np.arange(1.0, 31.0)})
    assert es.load_prices(source=frame).frame.index.equals(DAYS[-30:].rename("date"))
    events = pd.DataFrame({"event_id": range(5), "symbol": "A", "bar": column[:5]})
    assert STUDY.fit(events, RETURNS).events["session"].tolist() == DAYS[-30:-25].tolist()


def test_a_stated_format_is_read_among_real_dates():
    frame = pd.DataFrame({"Date": [dt.datetime(2025, 4, 1), "02/04/2025", "03/04/2025"], "A": [10.0, 11.0, 12.0]})
    with pytest.raises(EventStudyError, match="row 2, column 'Date': '02/04/2025' is not a date"):
        es.load_prices(source=frame)
    found = es.load_prices(source=frame, date_format="%d/%m/%Y").frame
    assert found.index.strftime("%m-%d").tolist() == ["04-01", "04-02", "04-03"]


@pytest.mark.parametrize(
    ("text", "form"),
    [("201007", "%Y%m"), ("Jul-2010", "%b-%Y"), ("07/01/10", "%m/%d/%y"), (201007, "%Y%m"), ("2010-07", None)],
)
def test_months_and_stated_formats(text, form):
    frame = pd.DataFrame({"date": [text], "A": [1.0]})
    options = {} if form is None else {"date_format": form}
    assert f"{es.load_prices(source=frame, calendar=None, **options).frame.index[0]:%Y-%m-%d}" == "2010-07-01"


def with_zone():
    """Doors that take the name of a time zone, each with a moment to be read in it."""
    events = pd.DataFrame({"id": ["a"], "name": ["A"], "announced_at": ["2025-04-02 10:00"], "stance": ["talks"]})
    pairs = pd.DataFrame({"symbol": ["A"], "announced_at": ["2025-04-02 10:00"]})
    bars = pd.DataFrame({"date": ["2025-03-03 09:30", "2025-03-03 09:35", "2025-03-03 09:40"], "A": [1.5, 1.25, 1.75]})
    return {
        "prices": lambda zone: es.load_prices(source=bars, timezone=zone, calendar=None),
        "returns": lambda zone: es.load_returns(
            source=bars.assign(A=bars["A"] / 100), holds="returns", timezone=zone, calendar=None
        ),
        "events": lambda zone: es.load_events(events, timezone=zone),
        "earnings": lambda zone: es.load_earnings(pairs.assign(actual=1.0, forecast=1.1), timezone=zone),
        "pairs": lambda zone: es.load_pairs(pairs, timezone=zone),
    }


@pytest.mark.parametrize(
    "zone", ["", ".", "America", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "UTC\0", "a" * 300, "x/" * 3000, "A\ud800"]
)  # fmt: skip
@pytest.mark.parametrize("door", list(with_zone()))
def test_a_time_zone_that_is_none_is_one_error_that_says_so(door, zone):
    with pytest.raises(EventStudyError, match="zone") as caught:
        with_zone()[door](zone)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("door", list(with_zone()))
def test_a_time_zone_has_a_name(door):
    with_zone()[door]("Europe/Berlin")
