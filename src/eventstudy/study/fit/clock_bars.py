"""A panel of bars within days on the hours of an exchange: sessions, lunch, half days, holes, and what is left out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.intraday.clock import Clock, ClockBars
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.calendars import SESSION_UNIT, hours
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import DataWarning, ReturnPanel
from eventstudy.returns._index import refuse_naive
from eventstudy.returns._sessions import Label

USUAL: Final = 20  # sessions of the same hours from which on those are a usual day (METHODS-2 14)
LATE: Final = 0.25  # share of its bars that a session lacks from which on it is no usual day: a typhoon's morning
MINUTE: Final = 60_000_000  # in the units of an index
DAY: Final = 24 * 60 * MINUTE
LOOKS: Final = 0.5  # share of the sessions from which on labels look like ends


@dataclass(frozen=True, slots=True)
class _Hours:
    """Trading hours of the sessions, in microseconds UTC (D,); without a lunch break both its ends are the close."""

    label: pd.DatetimeIndex
    open: Ints
    lunch: Ints
    back: Ints
    close: Ints
    shift: Ints  # from UTC to the exchange's clock


def lay_on_clock(
    panel: ReturnPanel, calendar: str | None, label: Label | None, model: IntradayModel
) -> tuple[ReturnPanel, ClockBars, int]:
    """Return the panel on all bars of its sessions, labelled with their starts, those bars, and how many rows were left out."""
    index = panel.frame.index
    if calendar is None:
        msg = "IntradayModel needs the hours of the exchange: EventStudy(…, calendar='XNYS'), or '24/7' for what never closes"
        raise StudyError(msg)
    if not isinstance(index, pd.DatetimeIndex) or panel.bars != "minutes" or len(index) < 2:
        msg = f"IntradayModel needs bars within days, and the panel's bars are {panel.bars}; study days with the base itself"
        raise StudyError(msg)
    refuse_naive(index)
    utc = index.tz_convert("UTC").as_unit(SESSION_UNIT)
    step = _step(utc)
    start = utc.asi8 - (step if label == "end" else 0)
    known = _hours(calendar, utc)
    day = np.searchsorted(known.open - step, start, side="right") - 1
    side = _side(start, day, known, step)
    _warn_of_labels(start, day, known, step, label)
    keep, gap = _kept(start, day, side, known, step)
    if model.extended:
        place, there = _by_date(start, known)
        more = ~keep & (side != 0) & there
        day, keep = np.where(more, place, day), keep | more
    if not keep.any():
        msg = (
            f"no row of the panel lies in the trading hours of {calendar}; mend the zone of the index, or the calendar"
        )
        raise DataError(msg)
    grid, of = _grid(start[keep], day[keep], gap[keep], known, step)
    frame = panel.frame.set_axis(_utc(start))
    frame = frame.loc[keep].reindex(_utc(grid))
    held = np.isin(grid, start[keep])
    made = _clock(grid, of, known, step, held)
    frame = _without(frame, made.clock, held, model)
    levels = panel.levels.set_axis(_utc(start)).reindex(frame.index)
    return replace(panel, frame=frame, levels=levels, label="start", check=False), made, int((~keep).sum())


def _utc(stamps: Ints) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(stamps.astype(f"M8[{SESSION_UNIT}]")).tz_localize("UTC")


def _step(utc: pd.DatetimeIndex) -> int:
    """Return the length of a bar: the most frequent step."""
    value, count = np.unique(np.diff(utc.asi8), return_counts=True)
    step = int(value[count.argmax()])
    if not MINUTE <= step <= 60 * MINUTE:
        msg = f"bars of {step / MINUTE:g} minutes; an event study inside the day needs bars of 1 to 60 minutes: resample them"
        raise DataError(msg)
    return step


def _hours(calendar: str, utc: pd.DatetimeIndex) -> _Hours:
    table = hours(calendar, utc[0].tz_localize(None), utc[-1].tz_localize(None))
    opened, closed = (pd.DatetimeIndex(table[name]).as_unit(SESSION_UNIT) for name in ("open", "close"))
    pause = [pd.DatetimeIndex(table[name]).as_unit(SESSION_UNIT) for name in ("break_start", "break_end")]
    lunch, back = (np.where(one.isna(), closed.asi8, one.asi8) for one in pause)
    wall = opened.tz_convert(table.attrs["zone"]).tz_localize(None).asi8
    return _Hours(pd.DatetimeIndex(table.index), opened.asi8, lunch, back, closed.asi8, wall - opened.asi8)


def _side(start: Ints, day: Ints, known: _Hours, step: int) -> Ints:
    """Return for each bar: 0 in trading hours, 1 the step before they begin or begin again, 2 outside."""
    at = day.clip(0)
    inside = (start >= known.open[at]) & (start < known.close[at])
    pause = (start >= known.lunch[at]) & (start < known.back[at])
    before = (start == known.open[at] - step) | (pause & (start == known.back[at] - step))
    return np.where(day < 0, 2, np.where(inside & ~pause, 0, np.where(before, 1, 2)))


def _warn_of_labels(start: Ints, day: Ints, known: _Hours, step: int, label: Label | None) -> None:
    """Warn where labels look like the other end of the bar than was said."""
    seen = np.unique(day[day >= 0])
    shift = step if label == "end" else 0  # back to what the data say
    at_open = (
        np.isin(known.open[seen] - shift, start).mean()
        if label != "end"
        else np.isin(known.open[seen] - step, start).mean()
    )
    at_close = np.isin(known.close[seen] - shift, start).mean()
    other = (
        ("end", at_open < 1 - LOOKS and at_close > LOOKS)
        if label != "end"
        else ("start", at_open > LOOKS and at_close < 1 - LOOKS)
    )
    if other[1]:
        msg = (
            f"the bars look labelled with their {other[0]}s: {at_close:.0%} of the sessions have one at the close and {at_open:.0%} one at the "
            f"open; if so say label={other[0]!r}, or every bar stands {step / MINUTE:g} minutes off"
        )
        warnings.warn(msg, DataWarning, stacklevel=6)


def _kept(start: Ints, day: Ints, side: Ints, known: _Hours, step: int) -> tuple[Bools, Bools]:
    """Return which rows are bars, and which of those are returns over a closure that are bars of their own."""
    residue, count = np.unique((start + known.shift[day.clip(0)])[side == 0] % step, return_counts=True)
    grid = residue[count.argmax()] if residue.size else 0
    at = day.clip(0)
    on = ((start + known.shift[at]) % step == grid) | (start == known.open[at]) | (start == known.back[at])
    off = (side == 0) & ~on
    if off.any():
        first = pd.Timestamp(int(start[off][0]), unit="us", tz="UTC")
        msg = (
            f"{int(off.sum())} row{'s' if off.sum() > 1 else ''} within the session stand{'' if off.sum() > 1 else 's'} between two bars "
            f"({first:%Y-%m-%d %H:%M:%S} UTC), such as a last live bar: left out"
        )
        warnings.warn(msg, DataWarning, stacklevel=6)
    further = np.isin(start[side == 1] - step, start)  # bars before the one before the open: extended hours, not a gap
    gap = (side == 1) & (start != known.close[at]) & bool(not further.size or further.mean() < LOOKS)
    return (side == 0) & on | gap, gap


def _by_date(start: Ints, known: _Hours) -> tuple[Ints, Bools]:
    """Return the session of the local date of each bar, and whether there is one."""
    at = np.searchsorted(known.open, start).clip(0, known.open.size - 1)
    date = (start + known.shift[at]) // DAY
    label = known.label.asi8 // DAY
    place = np.searchsorted(label, date).clip(0, label.size - 1)
    return place, label[place] == date


def _grid(start: Ints, day: Ints, gap: Bools, known: _Hours, step: int) -> tuple[Ints, Ints]:
    """Return all bars of the sessions that have any, and the session of each: those of the hours, and what else was kept."""
    residue, count = np.unique((start + known.shift[day])[~gap] % step, return_counts=True)
    anchor = int(residue[count.argmax()])
    seen = np.unique(day)
    made, of = [], []
    shape = np.stack([known.lunch - known.open, known.back - known.open, known.close - known.open], axis=1)[seen]
    phase = (anchor - (known.open + known.shift)[seen]) % step
    kinds, which = np.unique(np.column_stack([shape, phase]), axis=0, return_inverse=True)
    for kind, (lunch, back, close, first) in enumerate(kinds.tolist()):
        clock = np.unique(np.concatenate([[0, back] if back < close else [0], np.arange(first, close, step)]))
        clock = clock[((clock < lunch) | (clock >= back)) & (clock < close)]
        days = seen[which.ravel() == kind]
        made.append((known.open[days][:, None] + clock).ravel())
        of.append(np.repeat(days, clock.size))
    bars, session = np.concatenate([*made, start]), np.concatenate([*of, day])
    order = np.unique(bars, return_index=True)[1]
    return bars[order], session[order]


def _clock(grid: Ints, of: Ints, known: _Hours, step: int, held: Bools) -> ClockBars:
    sessions, day = np.unique(of, return_inverse=True)
    wall = grid + known.shift[of]
    minute = wall - (known.open + known.shift)[of] // DAY * DAY
    clock_time, slot = np.unique(minute, return_inverse=True)
    in_hours = _side(grid, of, known, step) == 0
    regular = np.bincount(slot, weights=in_hours, minlength=clock_time.size) > 0
    pattern = np.stack([one - known.open for one in (known.lunch, known.back, known.close)], axis=1)
    pattern = np.column_stack([pattern, (known.open + known.shift) % DAY])[sessions]
    _, which, count = np.unique(pattern, axis=0, return_inverse=True, return_counts=True)
    common = count[which.ravel()]
    half = (common < USUAL) & (common < count.max())
    lacking = np.bincount(day, weights=in_hours & ~held) / np.maximum(np.bincount(day, weights=in_hours), 1)
    ends = np.minimum(grid + step, np.where(grid < known.lunch[of], known.lunch[of], known.close[of]))
    ends = np.where(in_hours, ends, grid + step)
    dates = known.label[sessions]
    date = dates.asi8 // DAY
    clock = Clock(day, slot, regular, half | (lacking > LATE), step / MINUTE, date, clock_time // MINUTE)
    return ClockBars(clock, ends, known.open[sessions])


def _without(frame: pd.DataFrame, clock: Clock, held: Bools, model: IntradayModel) -> pd.DataFrame:
    """Return the frame without the returns that reach over a hole, or over the night if those are to be left out."""
    began = np.r_[True, np.diff(clock.day) > 0]
    first = np.maximum.accumulate(np.where(held, np.arange(held.size), -1))
    begun = np.r_[-1, first[:-1]] >= np.maximum.accumulate(
        np.where(began, np.arange(held.size), 0)
    )  # a bar of the session before
    over = held & ~np.r_[True, held[:-1]] & ~began & begun
    if over.any():
        at = frame.index[over.argmax()]
        sessions = np.unique(clock.day[over]).size
        msg = (
            f"{int((~held & clock.regular[clock.slot]).sum())} bars are missing within {sessions} session{'s' if sessions > 1 else ''}; the return after "
            f"such a hole (first {at:%Y-%m-%d %H:%M} UTC) reaches over it and is left out"
        )
        warnings.warn(msg, DataWarning, stacklevel=6)
    gone = over.copy()
    if model.overnight == "drop":
        gap = ~clock.regular[clock.slot]
        gone |= gap if gap.any() and not model.extended else _opening(clock)
    if not gone.any():
        return frame
    values: Floats = frame.to_numpy(dtype=np.float64, copy=True)
    values[gone] = np.nan
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)


def _opening(clock: Clock) -> Bools:
    """Return which bars are the first in trading hours of their session."""
    regular = clock.regular[clock.slot]
    place = np.flatnonzero(regular)
    first = place[np.r_[True, np.diff(clock.day[place]) > 0]]
    out = np.zeros(regular.size, dtype=bool)
    out[first] = True
    return out
