"""Exchange calendars: sessions, closes, and the first session that could react to a moment.

`exchange_calendars` does the work. Its default bounds move with the day on which the code runs, so bounds are always
given here: whole years around what is asked, so that the same question has the same answer next year.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from eventstudy.border import guarded
from eventstudy.errors import DataError, InputError
from eventstudy.words import brief

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar  # slow to import

SESSION_UNIT: Final = "us"  # pandas' own default; exchange_calendars gives ns, yfinance s, and merge_asof refuses a mix


def get_calendar(name: str, start: pd.Timestamp, end: pd.Timestamp) -> ExchangeCalendar:
    """Return the exchange calendar `name` over the whole years that hold `start` and `end`, or more.

    Parameters
    ----------
    name : str
        An ISO 10383 code such as ``"XNYS"``, or an alias that `exchange_calendars` knows.
    start, end : pandas.Timestamp
        What must lie within its bounds.

    Raises
    ------
    InputError
        If the name is not known, or the calendar is not recorded for those years.
    """
    _check_known(start, end)
    calendar = _build(name, start.year, end.year)
    _check_recorded(calendar, start, end)
    return calendar


FIRST_YEAR: Final = 1678  # the nanoseconds of `exchange_calendars` begin in September 1677 and end in April 2262
LAST_YEAR: Final = 2261
EMPTY: Final = 0.9  # share of sessions without a row above which a date is wrong, or the bars are no days
ENOUGH: Final = 250  # weekdays below which a few rows are no sign of anything: a wrong year is 260 away


def known_years() -> str:
    """Return the years that calendars know, in words."""
    return f"{FIRST_YEAR} to {LAST_YEAR}, which calendars know"


def outside(index: pd.DatetimeIndex) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return which dates lie outside the years that calendars know."""
    return np.asarray((index.year < FIRST_YEAR) | (index.year > LAST_YEAR))


def refuse_sparse(name: str, index: pd.DatetimeIndex, where: str = "") -> None:
    """Stop where nine in ten sessions of a calendar would be empty: a date is wrong, or the bars are months.

    Parameters
    ----------
    name : str
        The calendar.
    index : DatetimeIndex
        The days of the data, sorted.
    where : str
        The place of the day that stands alone, if it is known; see `lone`.
    """
    weekdays = int(np.busday_count(index[0].date(), index[-1].date())) + 1
    if weekdays >= ENOUGH and len(index) < (1 - EMPTY) * weekdays:
        at = lone(index)
        msg = (
            f"{where or f'the row of {at:%Y-%m-%d}'}: from {index[0]:%Y-%m-%d} to {index[-1]:%Y-%m-%d} there are {len(index)} "
            f"rows for about {weekdays} sessions of {name}; mend that date, or pass calendar=None if the bars are no days"
        )
        raise DataError(msg)


def lone(index: pd.DatetimeIndex) -> pd.Timestamp:
    """Return the day beside the longest gap of sorted days, on the side of the fewer ones.

    Examples
    --------
    >>> lone(pd.DatetimeIndex(["2025-03-03", "2025-03-04", "2105-03-05"])).year
    2105
    """
    if len(index) < 2:
        return pd.Timestamp(index[0])
    gap = int(np.argmax(np.diff(index.asi8)))
    return pd.Timestamp(index[gap if gap + 1 < len(index) - gap - 1 else gap + 1])


AUTO: Final = "auto"  # in place of a calendar: that of the data

USUAL: Final = "XNYS"  # of data that do not say

FITTED: Final = (
    "XNYS", "24/5", "24/7", "XLON", "XTKS", "XHKG", "XSHG", "XBOM", "XETR", "XPAR", "XSWX", "XSTO", "XTSE", "XASX", "XKRX", "XTAI",
    "BVMF", "XJSE", "XSAU", "XSES", "XKLS", "XIST",
)  # fmt: skip
"""Calendars that are looked at where one does not fit."""

ROUND_THE_CLOCK: Final = FITTED[1:3]  # weekdays, and all days


def known_as(name: str) -> str:
    """Return a calendar's name for a message."""
    return f"calendar {name!r}"


def fitting(index: pd.DatetimeIndex) -> str | None:
    """Return the calendar whose sessions are those of the data, or nearly; None if there is none.

    Examples
    --------
    >>> fitting(pd.date_range("2024-03-01", "2024-06-30"))
    '24/7'
    """
    return _fitting(tuple(index[index >= index[-1] - pd.Timedelta(days=800)]))


@lru_cache(maxsize=8)
def _fitting(recent: tuple[pd.Timestamp, ...]) -> str | None:
    days, best, least = pd.DatetimeIndex(recent), None, 0.02 * len(recent)
    for name in FITTED:
        try:
            wrong = len(sessions(name, recent[0], recent[-1]).symmetric_difference(days))
        except InputError:
            continue
        if wrong < least:
            best, least = name, wrong
        if not wrong:
            break
    return best


_FAR = 10  # years
_years: dict[str, tuple[int, int]] = {}


def _build(name: str, first_year: int, last_year: int) -> ExchangeCalendar:
    """Return a calendar that holds the years, and perhaps more: one serves all spans that lie within it.

    Building one takes half a second, and a study asks for half a dozen spans of the same years. Years far from those
    that are there get a calendar of their own: nobody waits for what lies between.
    """
    given: object = name
    if not isinstance(given, str):
        msg = f"calendar {brief(repr(given))} is no name; use one such as 'XNYS'"
        raise InputError(msg)
    first_year, last_year = max(first_year, FIRST_YEAR), min(last_year, LAST_YEAR)
    first, last = _years.get(name, (first_year, last_year))
    if first_year > last + _FAR or last_year < first - _FAR:
        return _of_years(name, first_year, last_year)
    years = (min(first, first_year), max(last, last_year))
    calendar = _of_years(name, *years)
    _years[name] = years
    return calendar


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep from the caller what pandas tells `exchange_calendars` of its code.

    From pandas 3.1 on each calendar that is built warns a dozen times of `Series.values` and `DatetimeIndex.weekday`:
    nothing that a caller could mend, and an error where warnings are errors.
    """
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


_FILTERS = threading.Lock()  # they are one list in a process: two threads must not put back each other's


@lru_cache(maxsize=64)
@_unwarned()
def _of_years(name: str, first_year: int, last_year: int) -> ExchangeCalendar:
    import exchange_calendars as xcals  # noqa: PLC0415  slow to import: only those who ask for a calendar pay

    if name not in xcals.get_calendar_names():
        known = ", ".join(sorted(xcals.get_calendar_names(include_aliases=False)))
        msg = f"calendar {brief(name)!r} is not known; use one of: {known}"
        raise InputError(msg)
    # of some calendars the library's own rules fail, for some years or for all
    years = f"the sessions of the years {first_year} to {last_year}"
    with guarded(f"calendar {name!r}", years, InputError, "use another calendar, other years, or calendar=None"):
        return _cut_to_what_is_recorded(name, pd.Timestamp(first_year, 1, 1), pd.Timestamp(last_year, 12, 31))


def _cut_to_what_is_recorded(name: str, first: pd.Timestamp, last: pd.Timestamp) -> ExchangeCalendar:
    import exchange_calendars as xcals  # noqa: PLC0415  the same

    try:
        return xcals.get_calendar(name, start=first, end=last)
    except (ValueError, NotImplementedError):
        # some calendars are recorded for part of the time only: whole years are cut to it, what was asked for is not
        recorded = xcals.get_calendar(name)
        low, high = recorded.bound_min(), recorded.bound_max()
        start = first if low is None else max(first, low)
        end = last if high is None else min(last, high)
        if start > end:
            _check_recorded(recorded, first, last)
        return xcals.get_calendar(name, start=start, end=end)


def _check_known(*moments: pd.Timestamp) -> None:
    for moment in moments:
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            msg = f"{moment:%Y-%m-%d} lies outside the years {known_years()}; check the date"
            raise InputError(msg)


def _check_recorded(calendar: ExchangeCalendar, start: pd.Timestamp, end: pd.Timestamp) -> None:
    low, high = calendar.bound_min(), calendar.bound_max()
    if (low is not None and start.normalize() < low) or (high is not None and end.normalize() > high):
        ends = (("from", low), ("to", high))
        span = " ".join(f"{word} {day:%Y-%m-%d}" for word, day in ends if day is not None)
        msg = f"calendar {calendar.name!r} is recorded {span}; it cannot serve {start:%Y-%m-%d} to {end:%Y-%m-%d}; name another calendar, or calendar=None"
        raise InputError(msg)


def sessions(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """Return the sessions of calendar `name` from `start` to `end`, both included, as naive midnights.

    Examples
    --------
    >>> import pandas as pd
    >>> sessions("XNYS", pd.Timestamp("2025-05-23"), pd.Timestamp("2025-05-27")).strftime("%a %d").tolist()
    ['Fri 23', 'Tue 27']
    """
    calendar = get_calendar(name, start, end)
    within = calendar.sessions[(calendar.sessions >= start.normalize()) & (calendar.sessions <= end)]
    return pd.DatetimeIndex(within.to_numpy()).as_unit(SESSION_UNIT)


def closes(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[pd.Timestamp]:
    """Return the official close (UTC) of each session of `name` from `start` to `end`, half days included."""
    return _times(get_calendar(name, start, end), "close").loc[sessions(name, start, end)]


def opens(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series[pd.Timestamp]:
    """Return the official open (UTC) of each session of `name` from `start` to `end`."""
    return _times(get_calendar(name, start, end), "open").loc[sessions(name, start, end)]


def hours(name: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Return the hours (UTC) of the sessions of `name` around two moments: ``open``, ``break_start``, ``break_end``, ``close``.

    A session without a lunch break has no break. ``attrs["zone"]`` is the time zone of the exchange.

    Examples
    --------
    >>> table = hours("XTKS", pd.Timestamp("2024-11-01"), pd.Timestamp("2024-11-05"))
    >>> table["close"].dt.tz_convert(table.attrs["zone"]).dt.strftime("%H:%M")["2024-11-01":"2024-11-05"].tolist()
    ['15:00', '15:30']
    """
    margin = pd.Timedelta(days=2)  # a session may begin on the evening before
    calendar = get_calendar(name, start, end)
    known = calendar.sessions[(calendar.sessions >= (start - margin).normalize()) & (calendar.sessions <= end + margin)]
    table: pd.DataFrame = calendar.schedule.loc[known, ["open", "break_start", "break_end", "close"]]
    table.index = pd.DatetimeIndex(known.to_numpy()).as_unit(SESSION_UNIT)
    table.attrs["zone"] = str(calendar.tz)
    return table


def _times(calendar: ExchangeCalendar, side: str) -> pd.Series[pd.Timestamp]:
    values = calendar.closes if side == "close" else calendar.opens
    index = pd.DatetimeIndex(values.index.to_numpy()).as_unit(SESSION_UNIT)
    return pd.Series(pd.DatetimeIndex(values).as_unit(SESSION_UNIT), index=index, name=side)


def first_sessions(moments: pd.DatetimeIndex, name: str) -> pd.DatetimeIndex:
    """Return, for each moment, the first session of calendar `name` whose close could hold the news.

    News published before the official close of a session belongs to that session, half days included; news
    published at the close or later, on a weekend or on a holiday belongs to the next one.

    Parameters
    ----------
    moments : pandas.DatetimeIndex
        Time-zone aware moments, in any order.
    name : str
        The calendar.

    Returns
    -------
    pandas.DatetimeIndex
        Naive session labels, one a moment.

    Raises
    ------
    InputError
        If a moment has no time zone.

    Examples
    --------
    >>> import pandas as pd
    >>> moments = pd.DatetimeIndex(["2025-04-02 16:26", "2025-05-25 18:15:01"], tz="America/New_York")
    >>> first_sessions(moments, "XNYS").strftime("%Y-%m-%d").tolist()
    ['2025-04-03', '2025-05-27']
    """
    if moments.empty:
        _to_utc(moments)
        return pd.DatetimeIndex([], dtype=f"datetime64[{SESSION_UNIT}]")
    utc = _to_utc(moments)
    close = _times(_around(utc, name), "close")
    position = pd.DatetimeIndex(close).searchsorted(utc, side="right")
    if position.max() == len(close):
        msg = f"calendar {name!r} is recorded to {close.index[-1]:%Y-%m-%d}; no session follows {utc.max():%Y-%m-%d %H:%M} UTC"
        raise InputError(msg)
    return pd.DatetimeIndex(close.index[position])


def timings(moments: pd.DatetimeIndex, name: str) -> list[str]:
    """Return, for each moment, where it lies against the sessions of calendar `name`.

    Parameters
    ----------
    moments : pandas.DatetimeIndex
        Time-zone aware moments, in any order.
    name : str
        The calendar.

    Returns
    -------
    list of str
        ``intraday`` from the official open to just before the official close, a lunch break included; else, by the
        exchange's own date: ``pre_open``, ``after_close`` (the close itself too), ``weekend`` on a weekday without
        regular sessions, ``holiday`` on any other day without a session.

    Raises
    ------
    InputError
        If a moment has no time zone.

    Examples
    --------
    >>> import pandas as pd
    >>> moments = pd.DatetimeIndex(["2025-07-03 12:59", "2025-07-03 13:00", "2025-07-04", "2025-07-05"])
    >>> timings(moments.tz_localize("America/New_York"), "XNYS")
    ['intraday', 'after_close', 'holiday', 'weekend']
    """
    if moments.empty:
        return []
    utc = _to_utc(moments)
    calendar = _around(utc, name)
    opened_at = _times(calendar, "open")
    session = first_sessions(utc, name)
    opened = pd.DatetimeIndex(opened_at.loc[session])
    today = utc.tz_convert(calendar.tz).tz_localize(None).normalize()
    is_session = today.isin(opened_at.index)
    regular = [calendar.weekmask[day] == "1" for day in today.day_of_week]
    return [
        "intraday" if during else "pre_open" if before else "after_close" if held else "holiday" if usual else "weekend"
        for during, before, held, usual in zip(utc >= opened, today == session, is_session, regular, strict=True)
    ]


def _to_utc(moments: pd.DatetimeIndex) -> pd.DatetimeIndex:
    if moments.tz is None:
        msg = "announcement moments must carry a time zone: use .tz_localize('America/New_York') or the like"
        raise InputError(msg)
    if moments.hasnans:
        msg = "announcement moments must all be there: a missing one (NaT) has no session"
        raise InputError(msg)
    return moments.tz_convert("UTC").as_unit(SESSION_UNIT)


def _around(utc: pd.DatetimeIndex, name: str) -> ExchangeCalendar:
    """Return the calendar of the moments and, as far as it is recorded, of a month around them.

    The month holds the next session even over the longest closure.
    """
    first, last, margin = utc.min().tz_localize(None), utc.max().tz_localize(None), pd.Timedelta(days=31)
    _check_known(first, last)
    calendar = _build(name, (first - margin).year, (last + margin).year)
    _check_recorded(calendar, first, last)
    return calendar
