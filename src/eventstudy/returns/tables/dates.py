"""Reading dates: ISO text, a stated format, whole numbers such as 20250403; never a guess between day and month."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.calendars import known_years, outside
from eventstudy.dates import EXPECTED, compact_days, not_written, read_stamp, zone_called
from eventstudy.errors import DataError
from eventstudy.returns._index import at_midnight, normal_index
from eventstudy.returns.tables.cells import NOTHING, cell, coded, refuse_unwritable
from eventstudy.words import brief

OFFSET: Final = r"\d{2}:\d{2}.*?(?:Z|[+-]\d{2}:?\d{2})$"
ZONE: Final = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
BLOCK: Final = 100_000  # texts
SAMPLE: Final = 1000  # rows; where most of their dates are the same, each date is read once
SHARE: Final = 0.5
COMPACT: Final = "%Y%m%d"
DST: Final = 3600  # seconds by which a zone differs from itself over the year


def parse_dates(
    values: pd.Series,
    where: Callable[[int], str],
    *,
    date_format: str | None = None,
    timezone: str | None = None,
) -> pd.DatetimeIndex:
    """Return the dates of a column: naive midnights for days, UTC for moments within days."""
    if isinstance(values.dtype, pd.PeriodDtype) and values.dtype.freq.rule_code in ("D", "B"):
        values = values.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        codes, distinct = np.arange(len(values)), pd.DatetimeIndex(values)
        missing = np.asarray(distinct.isna())
    else:
        single = values.dtype == "str" and values.iloc[:SAMPLE].nunique() > SHARE * len(values.iloc[:SAMPLE])
        codes, distinct = (np.arange(len(values)), pd.Index(values)) if single else coded(values, where)
        missing = np.append(_blank(pd.Series(distinct)), True)[codes]
    if missing.any():
        msg = f"{where(int(missing.argmax()))}: there is no date; fill it in or drop the row"
        raise DataError(msg)

    def place(at: int) -> str:
        return where(int((codes == at).argmax()))

    index = _parsed(distinct, codes, place, date_format)
    far = outside(index)[codes]
    if far.any():
        row = int(far.argmax())
        msg = f"{where(row)}: {str(index[codes[row]])[:10]} lies outside the years {known_years()}; mend the date"
        raise DataError(msg)
    index = _zoned(index, place, timezone)
    return index if len(index) == len(codes) and (codes == np.arange(len(codes))).all() else index.take(codes)


def _blank(distinct: pd.Series) -> Any:
    if distinct.dtype == "str":
        return (distinct.isna() | distinct.str.strip().isin(NOTHING)).to_numpy(dtype=bool)
    return np.array([isinstance(value, str) and value.strip() in NOTHING for value in distinct], dtype=bool)


def _parsed(distinct: Any, codes: Any, place: Callable[[int], str], date_format: str | None) -> pd.DatetimeIndex:
    """Read each distinct cell."""
    used = np.zeros(len(distinct), dtype=bool)
    used[codes] = True
    if not used.all():  # a category that no row has: what can be read stands for it
        distinct = distinct.take(np.where(used, np.arange(len(distinct)), int(codes[0])))
    if isinstance(distinct, pd.DatetimeIndex):
        return distinct
    cells = pd.Series(distinct)
    if cells.dtype == object and all(isinstance(value, str) for value in cells):
        refuse_unwritable(cells, place)
        cells = cells.astype(str)
    if date_format is not None and cells.dtype.kind in "iuf" and (cells == cells // 1).all():
        cells = cells.astype("int64").astype(str)
    if cells.dtype == "str":
        cells = cells.str.strip()
    compact = compact_days(cells) if date_format is None else None
    if compact is not None:
        return _text(pd.Series(compact, dtype="str"), place, COMPACT)
    return _text(cells, place, date_format) if cells.dtype == "str" else _objects(list(cells), place, date_format)


def _text(text: pd.Series, where: Callable[[int], str], date_format: str | None) -> pd.DatetimeIndex:
    zone = _zones(text)
    _one_zone(text, zone, where)
    wall = text.str.replace(r"(\d{2}:\d{2}.*?)(Z|[+-]\d{2}:?\d{2})$", r"\1", regex=True) if zone.notna().any() else text
    try:
        parsed = _read(wall, format=date_format or "ISO8601", errors="coerce")
    except (ValueError, TypeError, re.error) as fault:
        msg = f"date_format={brief(repr(date_format))} cannot be used ({brief(fault)}); write it as '%d.%m.%Y'"
        raise DataError(msg) from fault
    bad = np.asarray(parsed.isna())
    if date_format is None:  # a year alone, a number that is no day, words that pandas alone understands
        bad = bad | not_written(text)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(_no_date(text.iloc[row], where(row), date_format))
    if at_midnight(parsed).all():  # days: their own date, whatever the zone
        return parsed
    if date_format is None and zone.notna().all():
        return _read(text, format="ISO8601", utc=True)
    return parsed


def _no_date(value: Any, place: str, date_format: str | None) -> str:
    expected = EXPECTED if date_format in (None, COMPACT) else f"a date in the format {brief(date_format)}"
    return f"{place}: {cell(value)} is not {expected}; mend it, or state the format: date_format='%d.%m.%Y'"


def _read(text: pd.Series, **options: Any) -> pd.DatetimeIndex:
    """Read texts block by block: pandas makes a Python object of each that it reads."""
    blocks = [text.iloc[at : at + BLOCK] for at in range(0, len(text), BLOCK)]
    parts = [pd.DatetimeIndex(pd.to_datetime(block, **options)) for block in blocks]
    return pd.DatetimeIndex(parts[0].append(parts[1:])) if parts else pd.DatetimeIndex([])


def _zones(text: pd.Series) -> pd.Series:
    """Return the zone at the end of each moment, such as Z or -05:00; missing where there is none."""
    there = text.str.contains(OFFSET, regex=True).to_numpy(dtype=bool)
    if not there.any():
        return pd.Series(None, index=text.index, dtype="object")
    codes, ends = pd.factorize(text.str.slice(-6))
    found = [ZONE.search(end) for end in ends]
    zone = pd.Series([None if match is None else match[0] for match in found], dtype="object").take(codes)
    return zone.set_axis(text.index).where(there, None)


def _one_zone(text: pd.Series, zone: pd.Series, where: Callable[[int], str]) -> None:
    """Refuse a column whose rows are in different zones; one hour between them is summer time."""
    seconds = {one: _seconds(one) for one in zone.dropna().unique()}
    if not seconds:
        return
    reference = seconds.get(zone.iloc[0])
    alike = {one: reference is not None and abs(value - reference) <= DST for one, value in seconds.items()}
    strange = ~zone.map(alike).eq(True).to_numpy(dtype=bool)
    if strange.any():
        row = int(strange.argmax())
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


def _objects(cells: list[Any], where: Callable[[int], str], date_format: str | None) -> pd.DatetimeIndex:
    """Dates and timestamps as Python objects, perhaps with text and whole numbers among them."""
    moments: list[pd.Timestamp] = []
    for row, value in enumerate(cells):
        try:
            if date_format is not None and isinstance(value, str):
                moments.append(pd.to_datetime(value.strip(), format=date_format))
            else:
                moments.append(read_stamp(value, months=True))
        except (ValueError, re.error) as fault:  # a format that cannot be used is the second
            raise DataError(_no_date(value, where(row), date_format)) from fault
        if str(moments[-1].tzinfo) != str(moments[0].tzinfo):
            msg = f"{where(row)}: {cell(value)} mixes time zones with {cell(cells[0])}; bring every row to one zone"
            raise DataError(msg)
    return pd.DatetimeIndex([moment.as_unit("us") for moment in moments])  # of years that finer units do not hold, too


def _zoned(index: pd.DatetimeIndex, where: Callable[[int], str], timezone: str | None) -> pd.DatetimeIndex:
    if index.tz is None and not at_midnight(index).all():
        if timezone is None:
            msg = f"{where(0)}: {index[0]} is a moment without a time zone; state it: timezone='America/New_York'"
            raise DataError(msg)
        try:
            index = index.tz_localize(zone_called(timezone))
        except ValueError as error:  # an hour that the clock has not, or has twice
            msg = f"{where(0)}: timezone={brief(timezone)!r} cannot be used: {brief(error, 200)}"
            raise DataError(msg) from error
    return pd.DatetimeIndex(normal_index(index[:0].append(index), unique=False))
