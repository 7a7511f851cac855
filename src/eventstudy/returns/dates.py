"""Reading dates: ISO text, a stated format, whole numbers such as 20250403; never a guess between day and month."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns._index import normal_index

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parse_dates"]

OFFSET: Final = re.compile(r"\d{2}:\d{2}.*?(Z|[+-]\d{2}:?\d{2})$")
COMPACT_MIN: Final = 19000101  # whole numbers from here on are days written without dashes
COMPACT_MAX: Final = 21991231
DST: Final = 3600  # seconds by which a zone differs from itself over the year


def parse_dates(
    values: pd.Series,
    where: Callable[[int], str],
    *,
    date_format: str | None = None,
    timezone: str | None = None,
) -> pd.DatetimeIndex:
    """Return the dates of a column: naive midnights for days, UTC for moments within days.

    Parameters
    ----------
    values : pandas.Series
        Text, numbers or timestamps.
    where : callable
        From a position to the words that name the place, for messages.
    date_format : str, optional
        As for `datetime.strptime`, when the text is not ISO.
    timezone : str, optional
        The zone of moments that carry none.

    Raises
    ------
    eventstudy.errors.DataError
        Naming the first row that is no date, or whose time zone is not that of the others.
    """
    missing = values.isna().to_numpy()
    if missing.any():
        msg = f"{where(int(missing.argmax()))}: there is no date; fill it in or drop the row"
        raise DataError(msg)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        index = pd.DatetimeIndex(values)
    elif pd.api.types.is_integer_dtype(values.dtype) and bool(values.between(COMPACT_MIN, COMPACT_MAX).all()):
        index = _text(values.astype(str), where, date_format or "%Y%m%d")
    elif values.map(lambda value: isinstance(value, str)).all():
        text = values.astype(str).str.strip()
        _one_zone(text, where)
        index = _text(text, where, date_format)
    else:
        index = _objects(values, where)
    return _zoned(index, where, timezone)


def _text(text: pd.Series, where: Callable[[int], str], date_format: str | None) -> pd.DatetimeIndex:
    wall = text.str.replace(r"(\d{2}:\d{2}.*?)(Z|[+-]\d{2}:?\d{2})$", r"\1", regex=True)
    parsed = pd.to_datetime(wall, format=date_format or "ISO8601", errors="coerce")
    bad = parsed.isna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        expected = f"a date in the format {date_format}" if date_format else "a date such as 2025-04-03"
        msg = (
            f"{where(row)}: {text.iloc[row]!r} is not {expected}; mend it, or state the format: date_format='%d.%m.%Y'"
        )
        raise DataError(msg)
    index = pd.DatetimeIndex(parsed)
    if (index == index.normalize()).all():  # days: their own date, whatever the zone
        return index
    if date_format is None and text.str.extract(OFFSET, expand=False).notna().all():
        return pd.DatetimeIndex(pd.to_datetime(text, format="ISO8601", utc=True))
    return index


def _one_zone(text: pd.Series, where: Callable[[int], str]) -> None:
    """Refuse a column whose rows are in different zones; one hour between them is summer time."""
    found = text.str.extract(OFFSET, expand=False)
    zones = found.dropna().unique()
    if not len(zones):
        return
    first = found.iloc[0]
    seconds = {zone: _seconds(zone) for zone in zones}
    reference = seconds.get(first) if isinstance(first, str) else None
    for row, zone in enumerate(found):
        alike = isinstance(zone, str) and reference is not None and abs(seconds[zone] - reference) <= DST
        if not alike:
            msg = (
                f"{where(row)}: {text.iloc[row]!r} mixes time zones with {text.iloc[0]!r}; "
                "bring every row to one zone, or drop the zone of daily dates"
            )
            raise DataError(msg)


def _seconds(zone: str) -> int:
    if zone == "Z":
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)


def _objects(values: pd.Series, where: Callable[[int], str]) -> pd.DatetimeIndex:
    """Dates and timestamps as Python objects, or a mixture that cannot be read."""
    moments: list[pd.Timestamp] = []
    for row, value in enumerate(values):
        try:
            moment = None if isinstance(value, (int, float)) else pd.Timestamp(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None:
            msg = f"{where(row)}: {value!r} is not a date such as 2025-04-03; mend it, or state date_format="
            raise DataError(msg)
        moments.append(moment)
        if str(moment.tzinfo) != str(moments[0].tzinfo):
            msg = f"{where(row)}: {value!r} mixes time zones with {values.iloc[0]!r}; bring every row to one zone"
            raise DataError(msg)
    return pd.DatetimeIndex(moments)


def _zoned(index: pd.DatetimeIndex, where: Callable[[int], str], timezone: str | None) -> pd.DatetimeIndex:
    if index.tz is None and bool((index != index.normalize()).any()):
        if timezone is None:
            msg = f"{where(0)}: {index[0]} is a moment without a time zone; state it: timezone='America/New_York'"
            raise DataError(msg)
        try:
            index = index.tz_localize(timezone)
        except (KeyError, ValueError) as error:
            msg = f"{where(0)}: time zone {timezone!r} cannot be used ({error}); use a name such as America/New_York"
            raise DataError(msg) from error
    return pd.DatetimeIndex(normal_index(index[:0].append(index), unique=False))
