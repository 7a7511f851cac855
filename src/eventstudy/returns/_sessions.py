"""Rows and the sessions of calendars: what is put together, what was closed, and which calendar fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from eventstudy.calendars import AUTO, ROUND_THE_CLOCK, SESSION_UNIT, USUAL, fitting, known_as, refuse_sparse, sessions
from eventstudy.errors import DataError, EventStudyError, InputError
from eventstudy.returns._index import is_intraday, refuse_no_name, refuse_rows, stamped_days
from eventstudy.returns.exchanges import calendar_of
from eventstudy.words import brief

Label = Literal["start", "end"]

MISFIT: Final = 0.05  # share of the days of the data that a calendar may lack
GUESSED: Final = 0.01  # the same where nobody named the calendar, and another fits better
REGULAR: Final = 4  # steps from which on weeks and months are told from sessions with holes
FEW: Final = 3  # days below which nothing is said of the whole calendar
LONG: Final = 30  # sessions of data below which no closure is told from a hole
CLOSED: Final = 5  # sessions in a row that an exchange may have been shut; a longer gap is missing data


@dataclass(frozen=True, slots=True, eq=False)
class SessionNotes:
    """What became of the days of the data on the sessions of their calendars.

    Attributes
    ----------
    off : pandas.DataFrame
        Days that are no session of its calendar x symbols: whether the data have a value.
    closed : mapping of str to DatetimeIndex
        By calendar, sessions on which nothing was traded: no symbol of the exchange has a value.
    zone : str or None
        The time zone in which days were labelled.
    traded : DatetimeIndex or None
        Days that are known to have been sessions.
    """

    off: pd.DataFrame = field(default_factory=pd.DataFrame)
    closed: Mapping[str, pd.DatetimeIndex] = field(default_factory=dict)
    zone: str | None = None
    traded: pd.DatetimeIndex | None = None

    def days(self, calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
        """Return the sessions of a calendar on which something was traded."""
        known = sessions(calendar, first, last)
        return known if calendar not in self.closed else known.difference(self.closed[calendar])

    def joined(self, other: SessionNotes) -> SessionNotes:
        """Return both together."""
        if other.off.empty and not other.closed:
            return self if self.zone or not other.zone else replace(self, zone=other.zone)
        tables = [table for table in (self.off, other.off) if not table.empty]
        off = pd.concat(tables, axis=1).eq(True) if tables else pd.DataFrame()
        off = off.T.groupby(level=0).any().T if len(tables) == 2 else off
        closed = dict(self.closed)
        for name, days in other.closed.items():
            closed[name] = closed[name].union(days) if name in closed else days
        return SessionNotes(off, closed, self.zone or other.zone, self.traded)


def zone_of(index: pd.Index) -> str | None:
    """Return the time zone that days are labelled in, if they carry one."""
    return str(index.tz) if isinstance(index, pd.DatetimeIndex) and index.tz is not None and len(index) else None


def bar_kind(index: pd.Index) -> str:
    """Return what bars are: ``sessions``, ``weeks``, ``months`` (or longer), ``minutes`` (within days), or ``rows`` without dates.

    Examples
    --------
    >>> bar_kind(pd.date_range("2024-01-01", periods=9, freq="W-FRI")), bar_kind(pd.bdate_range("2024-01-01", periods=9))
    ('weeks', 'sessions')
    """
    if not isinstance(index, pd.DatetimeIndex):
        return "rows"
    if is_intraday(index) and not stamped_days(index):
        return "minutes"
    steps = np.diff(index.as_unit("s").asi8) / 86400
    if steps.size < REGULAR:
        return "sessions"
    if float(((steps > 4) & (steps < 11)).mean()) > 0.8:
        return "weeks"
    return "months" if float((steps > 20).mean()) > 0.8 else "sessions"


def label_side(index: pd.Index) -> Label | None:
    """Return whether the labels of bars are their starts or their ends; None where the index does not tell.

    Weeks are told by a Monday (or the first session after it) or a Friday (or the last session before it) or Saturday, months
    by their first or last days.

    Examples
    --------
    >>> label_side(pd.date_range("2024-01-01", periods=9, freq="W-MON")), label_side(pd.date_range("2024-01-01", periods=9, freq="ME"))
    ('start', 'end')
    """
    kind = bar_kind(index)
    if kind == "minutes":
        return "start"
    if not isinstance(index, pd.DatetimeIndex) or kind not in {"weeks", "months"}:
        return None
    if kind == "weeks":
        day = index.day_of_week
        mostly = np.bincount(day, minlength=7) / len(index)
        if mostly[0] > 0.7 and bool((day <= 2).all()):
            return "start"
        return "end" if (mostly[4] > 0.7 and bool(((day >= 2) & (day <= 4)).all())) or mostly[5] == 1 else None
    if bool((index.day <= 4).all()):
        return "start"
    return "end" if bool((index.days_in_month - index.day <= 4).all()) else None


def auto_calendars(
    calendar: str | None, calendars: Mapping[str, str], symbols: Iterable[object]
) -> tuple[str | None, dict[str, str]]:
    """Return the calendar and those of single symbols; of ``"auto"`` those that the endings of the symbols name."""
    refuse_no_name(calendar, "calendar")
    if calendar != AUTO:
        return calendar, dict(calendars)
    ended = {str(symbol): calendar_of(str(symbol)) for symbol in symbols}
    own = {symbol: name for symbol, name in ended.items() if name is not None} | dict(calendars)
    if ended and own.keys() >= ended.keys() and len(set(own.values())) == 1:
        return next(iter(own.values())), {}
    return USUAL, own


def compounded(frame: pd.DataFrame, days: pd.DatetimeIndex, *, log: bool) -> pd.DataFrame:
    """Return returns on `days`: one of a day that is none of them is put together with that of the next day.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-01-31", "2025-02-01", "2025-02-03"])
    >>> compounded(pd.DataFrame({"A": [0.0, 0.1, 0.1]}, index=days), days[[0, 2]], log=False)["A"].round(4).tolist()
    [0.0, 0.21]
    """
    index = pd.DatetimeIndex(frame.index)
    strange = np.flatnonzero(~index.isin(days))
    result = frame.reindex(days)
    values = result.to_numpy(copy=True)
    rows = frame.to_numpy(dtype=float)
    place = days.searchsorted(index[strange])
    for row, at in zip(strange[::-1], place[::-1], strict=True):
        if at < len(days):
            there = np.isfinite(rows[row])
            both = rows[row] + values[at] if log else (1 + rows[row]) * (1 + values[at]) - 1
            values[at] = np.where(there, both, values[at])
    return pd.DataFrame(values, index=result.index, columns=result.columns)


def lay_on_sessions(
    frame: pd.DataFrame,
    calendar: str | None,
    calendars: Mapping[str, str],
    span: tuple[pd.Timestamp, pd.Timestamp] | None,
    *,
    returns: Literal["simple", "log"] | None = None,
    levels: Iterable[str] = (),
    notes: SessionNotes | None = None,
    guessed: bool = False,
) -> tuple[pd.DataFrame, SessionNotes]:
    """Return the frame on the sessions of its calendars, and what became of the days that are none of them.

    Sessions that the frame lacks become rows of NaN, from its first row to its last (within `span`); but one on which no
    symbol of an exchange has a value was none, and so is one that `notes` know as such. With several calendars the rows are the sessions of any of them, and a symbol
    has values on those of its own only. A price of another day is left out: the next return reaches over it. A return
    of another day is put together with the next.
    """
    zone = zone_of(frame.index) if not is_intraday(frame.index) else None
    if span is not None and isinstance(frame.index, pd.DatetimeIndex):
        _refuse_no_span(span)
    if span is not None and isinstance(frame.index, pd.DatetimeIndex) and not is_intraday(frame.index):
        frame = frame.loc[(frame.index >= span[0].normalize()) & (frame.index <= span[1])]
    for said, name in (("calendar", calendar), *((f"calendars[{symbol!r}]", own) for symbol, own in calendars.items())):
        refuse_no_name(name, said)
    if (calendar is None and not calendars) or frame.empty:
        return frame, SessionNotes(zone=zone)
    refuse_rows(frame.index)
    groups: dict[str | None, list[int]] = {}
    for place, symbol in enumerate(frame.columns):
        groups.setdefault(calendars.get(str(symbol), calendar), []).append(place)
    given = pd.DatetimeIndex(frame.index)
    kind = bar_kind(given)
    if kind != "sessions":
        msg = (
            f"the rows are {kind} ({given[0]:%Y-%m-%d}, {given[1]:%Y-%m-%d} …), not the sessions of "
            f"{calendar or next(iter(calendars.values()))}; pass calendar=None to take them as bars"
        )
        raise DataError(msg)
    refuse_sparse(next(iter(calendars.values())) if calendar is None else calendar, given)
    pieces, off = [], []
    closed: dict[str, pd.DatetimeIndex] = {}
    for name in sorted(groups, key=str):
        part = frame.iloc[:, groups[name]]
        if name is not None:
            part, there, shut = _on_sessions(
                part, name, returns, set(levels), notes or SessionNotes(), guessed=guessed and name == USUAL
            )
            off += [there] if len(there) else []
            closed |= {name: shut} if len(shut) else {}
        pieces.append(part)
    rows = pd.DatetimeIndex([], dtype=f"datetime64[{SESSION_UNIT}]")
    for part in pieces:
        rows = rows.union(pd.DatetimeIndex(part.index))
    result = (
        pieces[0]
        if len(pieces) == 1
        else pd.concat([part.reindex(rows) for part in pieces], axis=1)[list(frame.columns)]
    )
    result = result.set_axis(pd.DatetimeIndex(rows, name="date"), axis=0)
    result.columns.name = frame.columns.name
    table = pd.concat(off, axis=1).eq(True).sort_index() if off else pd.DataFrame()
    return result, SessionNotes(table, closed, zone)


def _refuse_no_span(span: object) -> None:
    """Stop at what is not two dates of pandas."""
    if isinstance(span, tuple) and len(span) == 2 and all(isinstance(day, pd.Timestamp) for day in span):
        return
    msg = f"span={brief(repr(span))} is not two dates, such as (pd.Timestamp('2025-01-02'), pd.Timestamp('2025-03-31')); leave it out to keep every row"
    raise DataError(msg)


def _on_sessions(
    part: pd.DataFrame,
    name: str,
    returns: Literal["simple", "log"] | None,
    levels: set[str],
    notes: SessionNotes,
    *,
    guessed: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DatetimeIndex]:
    """Return the symbols of one calendar on its sessions, what they had on other days, and sessions without trade."""
    given = pd.DatetimeIndex(part.index)
    days = sessions(name, given[0], given[-1])
    strange = ~given.isin(days)
    there = part.loc[strange].notna()
    there = there.loc[there.any(axis=1)]
    if len(there):
        refuse_misfit(name, given[part.notna().any(axis=1).to_numpy()], len(there), guessed=guessed)
    shut = (
        days[:0] if returns else closures(part, days)
    )  # a return after such a day is there, and reaches over it or not
    shut = shut if notes.traded is None else shut.difference(notes.traded)
    if name in notes.closed:
        known = notes.closed[name].intersection(days)
        shut = shut.union(known.difference(given[part.notna().any(axis=1).to_numpy()]))
    days = days.difference(shut) if len(shut) else days
    if days.equals(given):
        return part, there, shut
    result = part.reindex(days)
    held = [column for column in part.columns if column not in levels] if returns and len(there) else []
    if held:
        result[held] = compounded(part[held], days, log=returns == "log")
    return result, there, shut


def closures(part: pd.DataFrame, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return the sessions within the data on which no symbol of several has a price: the exchange was shut.

    A long gap is missing data, and so are many of them; of one symbol, or of a few weeks, nothing can be told.
    """
    if part.shape[1] < 2 or len(days) < LONG:
        return days[:0]
    known = pd.DatetimeIndex(part.index[part.notna().any(axis=1).to_numpy()])
    if len(known) < 2:
        return days[:0]
    lacking = ~days.isin(known) & (days > known[0]) & (days < known[-1])
    if not lacking.any() or lacking.sum() > MISFIT * len(days):
        return days[:0]
    run = np.cumsum(~lacking)
    length = np.bincount(run[lacking], minlength=run[-1] + 1)[run]
    return days[lacking & (length <= CLOSED)]


def refuse_misfit(name: str, given: pd.DatetimeIndex, strange: int, *, guessed: bool = False) -> None:
    """Stop where a calendar lacks many of the days of the data, and name the one that fits."""
    share = strange / max(1, len(given))
    if strange < FEW or share <= (GUESSED if guessed else MISFIT):
        return
    better = fitting(given)
    if share <= MISFIT and better in (None, name, *ROUND_THE_CLOCK):
        return
    way_out = (
        f"calendar={better!r} fits them" if better not in (None, name) else "no calendar fits them: pass calendar=None"
    )
    msg = (
        f"{strange} of {len(given)} days of the data ({share:.0%}) are no sessions of {known_as(name)}; {way_out} "
        "(of single symbols: calendars={symbol: name})"
    )
    raise DataError(msg)


def unbuildable(
    calendars: Mapping[str, str | None], first: pd.Timestamp, last: pd.Timestamp
) -> dict[str, EventStudyError]:
    """Return, for each symbol whose calendar cannot be built for these dates, why."""
    faults: dict[str, EventStudyError] = {}
    for name in sorted({own for own in calendars.values() if own is not None}):
        try:
            sessions(name, first, last)
        except InputError as error:
            faults[name] = DataError(str(error))
    return {symbol: faults[own] for symbol, own in calendars.items() if own in faults}
