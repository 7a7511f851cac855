"""Moments on bars: the bar that holds a piece of news, or the next that could react to it, and how sure that is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.calendars import ROUND_THE_CLOCK, SESSION_UNIT, first_sessions, fitting, hours
from eventstudy.dates import read_stamp
from eventstudy.errors import StudyError
from eventstudy.events.event import day_of
from eventstudy.events.vocabulary import DATE_ONLY, HALF_WIDTHS
from eventstudy.returns._index import stamped_days
from eventstudy.returns._sessions import Label, bar_kind
from eventstudy.study.aligned import Placed
from eventstudy.study.request import moments_of
from eventstudy.words import brief

ENOUGH = 30  # days from which on an exchange is known by its sessions
LOOKS = 0.5  # share of the sessions from which on labels look like ends
MONTH = pd.Timedelta(days=365.25 / 12)
MIDDLE = 15  # day of a month after which a label is its end, and up to which it is its start
WHOLE_WEEK = 0.9  # share of all days that bars of whole days hold: nothing closes


def place_moments(
    moments: pd.DatetimeIndex,
    bars: pd.Index,
    calendar: str | None,
    side: Label | None = None,
    zone: str | None = None,
    shut: pd.DatetimeIndex | None = None,
    *,
    strict: bool = True,
) -> Placed:
    """Find the first bar that could hold each piece of news; `side` is what labels mean, `zone` that of days.

    Where `strict`, news that may lie after a close which is not known is refused; else it is taken for the day of its date.
    """
    if calendar is not None:
        return _on_sessions(moments, bars, calendar, shut)
    if not isinstance(bars, pd.DatetimeIndex):
        msg = "moments cannot be found on bars that are no dates; give the column 'bar' instead of 'announced_at'"
        raise StudyError(msg)
    if moments.tz is None:
        msg = "announcement moments must carry a time zone: use .tz_localize('America/New_York') or the like"
        raise StudyError(msg)
    if bars.tz is not None:
        return _on_moments(moments, bars, side)
    if bar_kind(bars) == "sessions":
        return _on_days(moments, bars, zone, strict=strict)
    return _on_periods(moments, bars, side, zone)


def _on_sessions(moments: pd.DatetimeIndex, bars: pd.Index, calendar: str, shut: pd.DatetimeIndex | None) -> Placed:
    label: pd.Index = first_sessions(moments, calendar)
    closed = np.asarray(label.isin(shut)) if shut is not None else np.zeros(len(label), dtype=bool)
    if closed.any():  # the next session could react
        label = label.where(~closed, bars.take(bars.searchsorted(label).clip(0, len(bars) - 1)))
    return placed_at(bars.get_indexer(label), label)


def _on_moments(moments: pd.DatetimeIndex, bars: pd.DatetimeIndex, side: Label | None) -> Placed:
    if side is None and stamped_days(bars):
        msg = (
            f"the panel's bars are days that carry an hour ({bars[0]}); say whether that is the start or the end of a bar: "
            "EventStudy(…, label='start') or label='end'"
        )
        raise StudyError(msg)
    # a bar ends one typical step after its start; news at its very end belongs to the next
    step = (pd.Series(bars).diff().median() if len(bars) > 1 else pd.Timedelta(0)).as_unit(SESSION_UNIT)
    start = bars.tz_convert("UTC").as_unit(SESSION_UNIT) - (step if side == "end" else 0 * step)
    label = moments.tz_convert("UTC").as_unit(SESSION_UNIT)
    position = (start + step).searchsorted(label, side="right")
    inside = (position < len(bars)) & np.asarray(label >= start[0])  # earlier news belongs to no bar of the data
    return placed_at(np.where(inside, position, -1), label)


def refuse_ends(bars: pd.Index) -> None:
    """Stop at bars within days whose labels nobody has explained and that look like ends: one at the close, none at the open."""
    if not isinstance(bars, pd.DatetimeIndex) or bars.tz is None or bar_kind(bars) != "minutes":
        return
    days = bars.tz_convert("UTC").tz_localize(None).normalize().unique()
    name = fitting(days) if len(days) >= ENOUGH else None
    if name is None or name in ROUND_THE_CLOCK:
        return
    table = hours(name, days[0], days[-1])
    table = table.loc[table.index.isin(days)]
    at_open, at_close = (pd.DatetimeIndex(table[side]).isin(bars).mean() for side in ("open", "close"))
    if at_close > LOOKS and at_open < 1 - LOOKS:
        msg = (
            f"the bars look labelled with their ends: by the hours of {name} {at_close:.0%} of the sessions have one at the close and "
            f"{at_open:.0%} one at the open; say so: EventStudy(…, label='end'), or label='start' if they are starts"
        )
        raise StudyError(msg)


def _dates(moments: pd.DatetimeIndex, zone: str | None) -> pd.DatetimeIndex:
    """Return the dates of moments, in the zone of the bars or, where that is not known, in their own."""
    local = moments if zone is None else moments.tz_convert(zone)
    return pd.DatetimeIndex(local.tz_localize(None).normalize()).as_unit(SESSION_UNIT)


def without_time(moments: pd.DatetimeIndex) -> Bools:
    """Return which moments are midnights of their own zone: dates, as far as anyone can tell."""
    wall = moments.tz_localize(None)
    return np.asarray(wall == wall.normalize())


def _on_days(moments: pd.DatetimeIndex, bars: pd.DatetimeIndex, zone: str | None, *, strict: bool) -> Placed:
    """Place news on days without a calendar: of whole days by the zone, of trading days by the date, for no close is known."""
    days = bars.normalize().as_unit(SESSION_UNIT)
    whole = zone is not None and len(days) >= WHOLE_WEEK * ((days[-1] - days[0]).days + 1)
    label = _dates(moments, zone if whole else None)
    position = days.searchsorted(label)
    inside = (position < len(days)) & np.asarray(label >= days[0])
    open_ended = np.asarray(label.isin(days)) & (not whole)
    timed = open_ended & ~without_time(moments)
    if strict and timed.any():
        _refuse_after_close(moments[timed], label[timed], days)
    return placed_at(np.where(inside, position, -1), label, uncertain=open_ended)


def _refuse_after_close(moments: pd.DatetimeIndex, label: pd.DatetimeIndex, days: pd.DatetimeIndex) -> None:
    """Stop at news after the close of the exchange whose sessions the days plainly are."""
    name = fitting(days) if len(days) >= ENOUGH else None
    if name is None or name in ROUND_THE_CLOCK:
        return
    late = np.asarray(first_sessions(moments, name) != label)
    if late.any():
        msg = (
            f"announced_at {moments[late][0]} may lie after the close of its day: with calendar=None nothing says when a day closes; "
            f"calendar={name!r} fits the panel, or give the column 'bar' in place of 'announced_at'"
        )
        raise StudyError(msg)


def _on_periods(moments: pd.DatetimeIndex, bars: pd.DatetimeIndex, side: Label | None, zone: str | None) -> Placed:
    """Place news on weeks or months: on the bar of its day, or of the next weekday."""
    if side is None:
        msg = (
            f"the panel's bars are {bar_kind(bars)} labelled {bars[0]:%Y-%m-%d}, {bars[min(1, len(bars) - 1)]:%Y-%m-%d} …; say "
            "whether that is the start or the end of a bar: EventStudy(…, label='start') or label='end'"
        )
        raise StudyError(msg)
    label = _dates(moments, zone)
    monday = label + pd.to_timedelta(np.array([0, 0, 0, 0, 0, 2, 1])[label.day_of_week], unit="D")
    after = label + pd.to_timedelta(
        np.array([1, 1, 1, 1, 3, 2, 1])[label.day_of_week], unit="D"
    )  # news after the close
    first, chosen, last = (_period_of(day, bars, side) for day in (label, monday, after))
    return placed_at(chosen, label, uncertain=(first != last) & (chosen >= 0))


def _period_of(days: pd.DatetimeIndex, bars: pd.DatetimeIndex, side: Label) -> Any:
    bars = bars.as_unit(SESSION_UNIT)
    step = pd.Series(bars).diff().median()
    months = round(step / MONTH)  # months are not of one length: the first and the last end with the calendar's
    if side == "end":
        whole = months > 0 and bars[0].day > MIDDLE
        begin = (bars[0].to_period("M") - months).end_time if whole else bars[0] - step
        position = bars.searchsorted(days)
        inside = (position < len(bars)) & np.asarray(days > begin)
    else:
        whole = months > 0 and bars[-1].day <= MIDDLE
        end = (bars[-1].to_period("M") + months).start_time if whole else bars[-1] + step
        position = bars.searchsorted(days, side="right") - 1
        inside = (position >= 0) & np.asarray(days < end)
    return np.where(inside, position, -1)


def placed_at(position: Any, label: pd.Index, moved: Bools | None = None, *, uncertain: Bools | None = None) -> Placed:
    """Return events at positions; -1 is outside the data."""
    at = np.array(position, dtype=np.int64)
    status = np.where(at < 0, Exclusion.OUTSIDE_DATA, Exclusion.STUDIED).astype(np.int8)
    nothing = np.zeros(at.size, dtype=bool)
    return Placed(at, status, label, nothing if moved is None else moved, nothing if uncertain is None else uncertain)


Bounds = tuple[pd.DatetimeIndex, pd.DatetimeIndex]


def bounds_of(moments: pd.DatetimeIndex, frame: pd.DataFrame) -> Bounds:
    """Return the first and the last moment that events leave open: by their precision and stated bounds, or the day of a midnight."""
    column = frame["announced_at"]  # in its own zone, which `moments` may have lost
    if "precision" in frame.columns:
        precision = frame["precision"].astype(str).to_numpy(dtype=object)
    else:
        precision = np.where(_dated(column), DATE_ONLY, "").astype(object)
    codes, words = pd.factorize(precision)
    half = pd.to_timedelta([HALF_WIDTHS.get(word, pd.Timedelta(0)) for word in words])[codes]
    whole_days = np.flatnonzero(precision == DATE_ONLY)
    sides = []
    for at, name in enumerate(("earliest", "latest")):
        ends = (moments + half if at else moments - half).tz_convert("UTC").as_unit(SESSION_UNIT)
        known = {int(row): day_of(pd.Timestamp(column.iloc[row]))[at] for row in whole_days}
        if name in frame.columns:
            stated = np.flatnonzero(frame[name].notna().to_numpy())
            known |= {int(row): _bound(frame[name].iloc[row], name, int(row)) for row in stated}
        if known:
            values = ends.asi8.copy()
            values[list(known)] = [
                pd.Timestamp(end).tz_convert("UTC").as_unit(SESSION_UNIT).value // 1000 for end in known.values()
            ]
            ends = pd.DatetimeIndex(values.astype(f"M8[{SESSION_UNIT}]")).tz_localize("UTC")
        sides.append(ends)
    return sides[0], sides[1]


def _dated(column: pd.Series[Any]) -> Bools:
    """Return which moments of a column are midnights of their own zone."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return without_time(pd.DatetimeIndex(column))
    return np.array([pd.Timestamp(value).time() == dt.time.min for value in column.tolist()], dtype=bool)


def _bound(value: Any, name: str, row: int) -> pd.Timestamp:
    """Return the first or last moment that a row leaves open."""
    try:
        stamp = read_stamp(value)
    except ValueError:
        stamp = None
    if stamp is None or stamp.tzinfo is None:
        msg = (
            f"column {name!r}, row {row}: {brief(repr(value))} is no moment with a time zone, which bounds the announcement; mend it, or give the "
            "column another name"
        )
        raise StudyError(msg)
    return stamp


def session_uncertain(bounds: Bounds, calendar: str) -> Bools:
    """Return which events could belong to another session, by the first and the last moment that they leave open."""
    uncertain = np.asarray(bounds[0] != bounds[1])
    at = np.flatnonzero(uncertain)
    if at.size:
        first, last = (first_sessions(moments[at], calendar) for moments in bounds)
        uncertain[at] = np.asarray(first != last)
    return uncertain


def refuse_contradiction(
    wanted: pd.Index, column: pd.Series[Any], placed: Placed, bars: pd.Index, calendar: str | None
) -> None:
    """Stop where the bar and the moment of a row lie on different sessions; a date alone may mean its day or the next session."""
    rows = np.flatnonzero(column.notna().to_numpy())
    if not rows.size or not isinstance(bars, pd.DatetimeIndex):
        return
    moments = _beside(column.iloc[rows])
    dated = np.array([pd.Timestamp(value).time() == dt.time.min for value in column.iloc[rows]], dtype=bool)
    if bars.tz is not None:
        if moments.tz is None:
            return
        last = first = _on_moments(moments, bars, "start").position
    else:
        dates = pd.DatetimeIndex([pd.Timestamp(value).tz_localize(None).normalize() for value in column.iloc[rows]])
        dates = dates.as_unit(SESSION_UNIT)
        aware = calendar is not None and moments.tz is not None
        known = first_sessions(moments, calendar) if aware and calendar is not None else dates
        known = known.where(~dated, dates)
        first = bars.searchsorted(known.as_unit(SESSION_UNIT))
        last = np.where(dated | (not aware), bars.searchsorted(dates, side="right"), first)
    at = placed.position[rows]
    wrong = (at >= 0) & ((at < first) | (at > last))
    if wrong.any():
        row = int(rows[wrong.argmax()])
        msg = (
            f"row {row}: bar {wanted[row]!s} and announced_at {column.iloc[row]!s} are not the same session; mend one of them, or drop "
            "the column that is not meant"
        )
        raise StudyError(msg)


def _beside(column: pd.Series[Any]) -> pd.DatetimeIndex:
    """Return moments that stand beside bars: dates alone need no time zone."""
    try:
        stamps = [pd.Timestamp(value) for value in column.tolist()]
        naive = all(stamp.tzinfo is None for stamp in stamps)
        return pd.DatetimeIndex(stamps if naive else [stamp.tz_convert("UTC") for stamp in stamps])
    except (ValueError, TypeError):
        return moments_of(column)  # says which row is no moment with its time zone
