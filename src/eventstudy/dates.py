"""Dates and moments as they enter anywhere: one grammar for files, frames, options and the command line; never a guess.

The year stands first: 2025-04-03, 2025/04/03, 20250403 (also as a whole number), with or without a clock and an offset, and real
dates. A day and a month are never told apart by their size, and a number is never nanoseconds or the day of a spreadsheet.
"""

from __future__ import annotations

import datetime as dt
import numbers
import re
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

DAY: Final = r"\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2})"
CLOCK: Final = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
OFFSET: Final = r"Z|[+-]\d{2}:?\d{2}"
WRITTEN: Final = re.compile(rf"(?P<date>{DAY}|\d{{8}})(?:[T ](?P<clock>{CLOCK}) ?(?P<offset>{OFFSET})?)?", re.ASCII)
MONTH: Final = re.compile(r"\d{4}[-/]\d{2}", re.ASCII)
EXPECTED: Final = "a date such as 2025-04-03"
COMPACT_MIN: Final = 19000101  # whole numbers from here on are days written without dashes
COMPACT_MAX: Final = 21991231


def zone_called(name: Any) -> dt.tzinfo:
    """Return the time zone of a name or an offset, and a time zone as it is; a ValueError says what was expected.

    Examples
    --------
    >>> zone_called("America/New_York")
    zoneinfo.ZoneInfo(key='America/New_York')
    """
    found = name if isinstance(name, dt.tzinfo) else None
    if isinstance(name, str) and name:
        try:
            found = pd.Timestamp(0, tz="UTC").tz_convert(name).tzinfo
        except (KeyError, ValueError, OSError, IndexError):  # OSError: the name of a folder of zones, or a long one
            found = None
    if found is None:
        msg = f"{repr(name)[:80]} is no time zone; use a name such as America/New_York"
        raise ValueError(msg)
    return found


def read_stamp(value: Any, *, months: bool = False) -> pd.Timestamp:
    """Return the date or moment that one value is, with the zone that it carries; a ValueError says what was expected.

    `months`: also 2025-04, the first day of the month.

    Examples
    --------
    >>> read_stamp("2025-04-03"), read_stamp(20250403), read_stamp("2025-04", months=True)
    (Timestamp('2025-04-03 00:00:00'), Timestamp('2025-04-03 00:00:00'), Timestamp('2025-04-01 00:00:00'))
    """
    stamp: Any = None
    try:
        if isinstance(value, str):
            stamp = _of_text(value.strip(), months=months)
        elif isinstance(value, pd.Period):
            stamp = value.to_timestamp() if value.freqstr in ("D", "B") else None
        elif isinstance(value, (dt.date, np.datetime64)):
            stamp = pd.Timestamp(value)
        else:
            day = compact_day(value)
            stamp = pd.to_datetime(day, format="%Y%m%d") if day else None
    except (ValueError, OverflowError):  # no day of any month, or of a year that pandas does not know
        stamp = None
    if stamp is None or stamp is pd.NaT:
        raise ValueError(EXPECTED)
    return pd.Timestamp(stamp)


def _of_text(text: str, *, months: bool) -> Any:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return dt.datetime.strptime(text[:4] + text[5:], "%Y%m") if months and MONTH.fullmatch(text) else None  # noqa: DTZ007
    date = compact_day(found["date"]) if found["date"].isdecimal() else found["date"]
    if date is None:
        return None
    year, month, day = (date[:4], date[4:6], date[6:]) if date.isdecimal() else re.split(r"[-/.]", date)
    clock = found["clock"] or "00:00"
    exact = f"{year}-{month:0>2}-{day:0>2}T{'0' if clock[1] == ':' else ''}{clock}{found['offset'] or ''}"
    return pd.Timestamp(exact) if len(clock) > len("16:26:05.123456") else dt.datetime.fromisoformat(exact)


def compact_day(value: Any) -> str | None:
    """Return a whole number such as 20250403, 20250403.0 or its text as ``"20250403"``; None if it is none of these."""
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, Decimal)):
        return None
    else:
        try:
            whole: Any = int(value)  # type: ignore[arg-type]  # so do real numbers and decimals
        except (ValueError, OverflowError):  # NaN, infinity
            return None
        if whole != value or not COMPACT_MIN <= whole <= COMPACT_MAX:
            return None
        text = str(whole)
    if not (len(text) == 8 and text.isdecimal() and text.isascii()):
        return None
    return text if COMPACT_MIN <= int(text) <= COMPACT_MAX else None


def compact_days(values: Any) -> list[str] | None:
    """Return values that are all whole numbers such as 20250403 as ``"20250403"``; None if one is not."""
    found = []
    for value in values:
        day = compact_day(value)
        if day is None:
            return None
        found.append(day)
    return found


def not_written(text: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which texts of a column are no date in the grammar, months such as 2025-04 counted as dates."""
    pattern = rf"(?:{DAY}|\d{{8}})(?:[T ]{CLOCK} ?(?:{OFFSET})?)?|\d{{4}}[-/]\d{{2}}"
    return ~text.str.fullmatch(pattern).fillna(False).to_numpy(dtype=bool)
