"""The dates of a table of events: one format reads a whole column, or it is refused; a day and a month are never guessed row by row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd

from eventstudy.calendars import known_years, outside
from eventstudy.dates import compact_day, read_stamp
from eventstudy.errors import DataError
from eventstudy.study.pairs.reading import nothing
from eventstudy.words import brief

ISO: Final = "ISO"
DAYS: Final = (
    *(
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%m-%d-%Y",
        "%d-%m-%Y",
        "%d.%m.%Y",
        "%m.%d.%Y",
        "%m/%d/%y",
        "%d/%m/%y",
        "%y/%m/%d",
        "%d.%m.%y",
    ),
    *(
        "%d %b %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %B %Y",
        "%b %d, %Y",
        "%B %d, %Y",
        "%b %d %Y",
        "%B %d %Y",
        "%d. %B %Y",
        "%d%b%Y",
    ),
)
CLOCKS: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M", "T%H:%M:%S")
FORMATS: Final = tuple(f"{day}{clock}" for clock in CLOCKS for day in DAYS)
EXPECTED: Final = "a date such as 2024-05-22"


def read_dates(
    cells: Sequence[Any], place: Callable[[int], str], date_format: str | None
) -> tuple[list[pd.Timestamp], str]:
    """Return the date or moment of each cell, and the format by which text was read; empty for real dates.

    Without a format: dates with the year first, real dates, or the one format that reads every cell; where two read them
    all, and differ, none is taken.
    """
    missing = next((at for at, value in enumerate(cells) if nothing(value)), None)
    if missing is not None:
        msg = f"{place(missing)}: there is no date; fill it in or drop the row"
        raise DataError(msg)
    if date_format is not None:
        stamps = [_stated(value, date_format, place, at) for at, value in enumerate(cells)]
        return _known(stamps, cells, place), date_format
    real = [isinstance(value, dt.date | pd.Period) for value in cells]
    if all(real):
        return _known([pd.Timestamp(read_stamp(value)) for value in cells], cells, place), ""
    iso = [_iso(value) for value in cells]
    if all(stamp is not None for stamp in iso):
        return _known([stamp for stamp in iso if stamp is not None], cells, place), ISO
    return _one_format(cells, iso, place)


def _iso(value: Any) -> pd.Timestamp | None:
    try:
        return read_stamp(value)
    except ValueError:
        return None


def _stated(value: Any, date_format: str, place: Callable[[int], str], at: int) -> pd.Timestamp:
    if isinstance(value, dt.date):
        return pd.Timestamp(value)
    text = compact_day(value) if not isinstance(value, str) else value.strip()
    try:
        return pd.Timestamp(dt.datetime.strptime(text or str(value), date_format))  # noqa: DTZ007  its zone is added by the caller
    except (ValueError, re.error) as fault:
        msg = f"{place(at)}: {brief(repr(value))} is not a date in the format {brief(date_format)}; mend it, or state the right one: date_format="
        raise DataError(msg) from fault


def _one_format(
    cells: Sequence[Any], iso: Sequence[pd.Timestamp | None], place: Callable[[int], str]
) -> tuple[list[pd.Timestamp], str]:
    texts = [str(value).strip() for value in cells]
    strange = next((at for at, value in enumerate(cells) if not isinstance(value, str)), None)
    found: dict[str, list[pd.Timestamp]] = {}
    best, reach = 0, ""
    for form in FORMATS:
        read = _by(texts, form)
        if len(read) == len(texts) and strange is None:
            found[form] = read
        if len(read) > best:
            best, reach = len(read), form
    differ = list({tuple(stamps): form for form, stamps in reversed(found.items())}.values())
    if len(differ) == 1:
        return _known(found[differ[0]], cells, place), differ[0]
    if differ:
        one, other = (found[form] for form in differ[:2])
        at = next(row for row in range(len(one)) if one[row] != other[row])
        msg = (
            f"{place(at)}: {texts[at]!r} is {_day(one[at])} by {differ[0]} and {_day(other[at])} by {differ[1]}, and both read every row; say which: "
            f"date_format={differ[0]!r} or date_format={differ[1]!r}"
        )
        raise DataError(msg)
    read_as_iso = next((at for at, stamp in enumerate(iso) if stamp is None), 0)
    at, form = (best, reach) if best > read_as_iso and strange is None else (read_as_iso, "with the year first")
    how = f"the rows above are dates {'in the format ' if form == reach else ''}{form}, and " if at else ""
    msg = (
        f"{place(at)}: {how}{brief(repr(cells[at]))} is not {'one' if at else EXPECTED}; no single format reads the column: mend it, or state the format: "
        "date_format='%m/%d/%Y'"
    )
    raise DataError(msg)


def other_date(text: str) -> bool:
    """Whether a text is a date in which the year does not stand first.

    Examples
    --------
    >>> other_date("27.06.2025"), other_date("2025-06-27"), other_date("101.5")
    (True, False, False)
    """
    return _iso(text) is None and any(_by([text], form) for form in FORMATS)


def _day(stamp: pd.Timestamp) -> str:
    return f"{stamp.day} {stamp:%B %Y}"


def _by(texts: Sequence[str], form: str) -> list[pd.Timestamp]:
    """Return the dates of the first texts that a format reads; it stops at the first that it does not."""
    read = []
    for text in texts:
        try:
            read.append(pd.Timestamp(dt.datetime.strptime(text, form)))  # noqa: DTZ007  its zone is added by the caller
        except ValueError:
            break
    return read


def _known(stamps: list[pd.Timestamp], cells: Sequence[Any], place: Callable[[int], str]) -> list[pd.Timestamp]:
    """Refuse dates of years that no calendar knows, and a column that carries a time zone in some rows only."""
    far = outside(pd.DatetimeIndex([stamp.tz_localize(None) for stamp in stamps]))
    if far.any():
        at = int(far.argmax())
        msg = f"{place(at)}: {brief(cells[at])} lies outside the years {known_years()}; mend the date"
        raise DataError(msg)
    zoned = [stamp.tzinfo is not None for stamp in stamps]
    if any(zoned) and not all(zoned):
        at = zoned.index(not zoned[0])
        msg = f"{place(at)}: {brief(cells[at])} {'has' if zoned[at] else 'lacks'} a time zone, unlike the rows above; bring every row to one form"
        raise DataError(msg)
    return stamps
