"""Texts and typed dates into moments with a time zone: the one place where dates are parsed."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import pandas as pd

from eventstudy.calendars import FIRST_YEAR, LAST_YEAR, known_years
from eventstudy.dates import WRITTEN, read_stamp
from eventstudy.events.event import guess_precision
from eventstudy.events.vocabulary import DATE_ONLY, NotListed

_EXPECTED_MOMENT: Final = "a moment such as 2025-04-02 16:26, 2025-04-02T16:26:05-04:00 or, less precise, 2025-04-02"
NO_ZONE: Final = "a moment with a time zone: pass timezone='America/New_York' (--timezone on the command line), or add a timezone key or column"
_EXPECTED_DATE: Final = "a date such as 2025-04-02"
_YEARS: Final = f"of the years {known_years()}"


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone called `name`; a ValueError says what was expected.

    Examples
    --------
    >>> parse_zone("America/New_York")
    zoneinfo.ZoneInfo(key='America/New_York')
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):  # OSError: the name of a folder of zones
        expected = "a time zone of the IANA list such as America/New_York"
        raise NotListed(str(name), _zones(), expected) from None


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def zone_name(zone: tzinfo | None) -> str:
    """Return the IANA name of a time zone, or ``UTC`` where it has none (a fixed offset)."""
    try:
        return parse_zone(str(zone)).key
    except ValueError:
        return "UTC"


def parse_date(value: object) -> date | None:
    """Return a date from a text, a date or a midnight; None for what is empty."""
    day = _parse_date(value)
    if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
        msg = f"a date {_YEARS}"
        raise ValueError(msg)
    return day


def _parse_date(value: object) -> date | None:
    if _is_written(value):
        stamp = read_stamp(value)
        if stamp.tzinfo is not None or ":" in str(value):
            raise ValueError(_EXPECTED_DATE)
        return stamp.date()
    if isinstance(value, np.datetime64):
        value = _datetime(value)
    if isinstance(value, datetime):
        if value.timetz() != datetime.min.time():
            msg = f"{_EXPECTED_DATE}, without a time of day or a time zone"
            raise ValueError(msg)
        return value.date()
    if isinstance(value, date):
        return value
    raise ValueError(_EXPECTED_DATE)


def parse_moment(value: object, zone: ZoneInfo | None) -> tuple[pd.Timestamp, str]:
    """Return the moment that `value` names, with a time zone, and the precision that its form shows.

    Examples
    --------
    >>> parse_moment("2025-04-02 16:26", ZoneInfo("America/New_York"))
    (Timestamp('2025-04-02 16:26:00-0400', tz='America/New_York'), 'exact_min')
    """
    moment, precision = _parse_written(value) if _is_written(value) else _parse_typed(value)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        msg = f"a moment {_YEARS}"
        raise ValueError(msg)
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(NO_ZONE)
        if moment.time() == datetime.min.time() and precision in {"", DATE_ONLY}:
            # a date: its day may lack a midnight where clocks change at midnight, and then starts at one
            midnight = pd.Timestamp(moment).as_unit("us")
            return midnight.tz_localize(zone, ambiguous=True, nonexistent="shift_forward"), DATE_ONLY
        _check_clock(moment, zone)
        moment = moment.replace(tzinfo=zone)
    stamp = pd.Timestamp(moment).as_unit("us")
    return stamp, precision or guess_precision(stamp)


def _is_written(value: object) -> bool:
    """Whether a value is text, or a whole number such as 20250402."""
    return isinstance(value, str | int | np.integer) and not isinstance(value, bool)


def _parse_written(value: object) -> tuple[datetime, str]:
    try:
        moment = read_stamp(value).to_pydatetime(warn=False)
    except ValueError:
        raise ValueError(_EXPECTED_MOMENT) from None
    found = WRITTEN.fullmatch(str(value).strip())
    clock = (found and found["clock"]) or ""
    return moment, "exact_sec" if clock.count(":") > 1 else "exact_min" if clock else DATE_ONLY


def _parse_typed(value: object) -> tuple[datetime, str]:
    """Read a date or a date and time; a naive midnight is what pandas and spreadsheets make of a date."""
    if isinstance(value, np.datetime64 | pd.Timestamp):
        value = _datetime(value)
    if isinstance(value, datetime):
        return value, ""
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day), DATE_ONLY  # noqa: DTZ001  the zone is added by the caller
    raise ValueError(_EXPECTED_MOMENT)


def _datetime(value: np.datetime64 | pd.Timestamp) -> datetime:
    try:
        return pd.Timestamp(value).as_unit("us").to_pydatetime(warn=False)
    except (ValueError, OverflowError):  # seconds reach years that microseconds do not, and those no datetime
        msg = f"a moment {_YEARS}"
        raise ValueError(msg) from None


def _check_clock(moment: datetime, zone: ZoneInfo) -> None:
    """Refuse a local time that a clock change skipped or doubled."""
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(fold=0)
    change = "happened twice" if exists else "was skipped"
    msg = f"one moment: that local time {change} when the clocks changed in {zone.key}; write the offset, as in -05:00"
    raise ValueError(msg)
