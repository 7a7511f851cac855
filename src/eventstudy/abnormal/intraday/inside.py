"""What a study inside the day keeps of its security-events, and the records that its tests read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.intraday.day_fits import DayFits
from eventstudy.abnormal.window_sample import ClockRecord

PLACEBOS: Final = 60  # event-free sessions with which a reaction is compared (METHODS-2 14: B)
AROUND: Final = 15  # bars to either side of a moment that a test may look at
AT_ONCE: Final = 200_000  # pairs of security-event and session scored in one go


@dataclass(frozen=True, slots=True)
class Inside:
    """N security-events on the sessions of one calendar.

    Attributes
    ----------
    fits : DayFits
        Shared by all of them.
    security, day0 : (N,) int
        Row of the security, and bar of relative day 0.
    begin : int
        Relative bar before which the level was known: that of the moment, or the first of an event window that begins earlier.
    to_close : bool
        Whether windows end with their session.
    """

    fits: DayFits
    security: Ints
    day0: Ints
    begin: int
    to_close: bool

    def take(self, rows: Ints) -> Inside:
        """Return the security-events `rows`."""
        return replace(self, security=self.security[rows], day0=self.day0[rows])

    @property
    def session(self) -> Ints:
        """(N,) session of each security-event."""
        return self.fits.sessions.clock.day[self.day0]

    def slots(self, first: int, last: int) -> Ints:
        """Return (N, L): the clock time of each bar of a window; -1 where it is none of the event's session."""
        clock = self.fits.sessions.clock
        at = self.day0[:, None] + np.arange(first, last + 1)
        inside = (at >= 0) & (at < clock.day.size)
        at = at.clip(0, clock.day.size - 1)
        return np.where(inside & (clock.day[at] == self.session[:, None]), clock.slot[at], -1)

    def start(self) -> Ints:
        """Return (N,): the slot before which the level was known; the first of the session at the earliest."""
        slots = self.slots(self.begin, 0)
        return np.asarray(np.where(slots >= 0, slots, np.iinfo(np.int64).max).min(axis=1))

    def own_rows(self) -> Ints:
        """Return (N,): the fit of each security-event's own session."""
        return self.fits.rows(self.security, self.session)

    def placebo_days(self, many: int = PLACEBOS) -> Ints:
        """Return (N, B): the newest event-free sessions before each event; -1 where there are fewer.

        One choice for all security-events of a session: a session is taken where it is free for each of them.
        """
        free = self.fits.sessions.of_security(np.arange(self.fits.row.shape[0]))
        out = np.full((self.day0.size, many), -1, dtype=np.int64)
        session = self.session
        for day in np.unique(session).tolist():
            rows = np.flatnonzero(session == day)
            who = np.unique(self.security[rows])
            open_ = np.asarray(free[0] if len(free) == 1 else free[who].all(axis=0))
            # the first sessions of the data have too little past of their own
            found = np.flatnonzero(open_[:day])[self.fits.model.least :][::-1][:many]
            out[rows, : found.size] = found
        return out

    def scores_on(self, days: Ints, first: int, last: int) -> Floats:
        """Return (N, B): the score of a window at the same clock times of sessions (N, B); NaN where there is none."""
        slots, start = self.slots(first, last), self.start()
        out = np.full(days.shape, np.nan)
        if not days.size:
            return out
        who = np.broadcast_to(self.security[:, None], days.shape)
        known = days >= 0
        self.fits.rows(who[known], days[known])
        step = max(1, AT_ONCE // days.shape[1])
        for low in range(0, len(days), step):
            part = slice(low, low + step)
            at, day = np.nonzero(known[part])
            at += low
            row = self.fits.row[self.security[at], days[at, day]]
            out[at, day] = self.fits.scores(row, slots[at], start[at])
        return out

    def placebo_paths(self, first: int, last: int) -> Floats:
        """Return (N, B, L): abnormal returns in units of their level, times the level of the event, on placebo sessions."""
        days, slots, start = self.placebo_days(), self.slots(first, last), self.start()
        known = days >= 0
        who = np.broadcast_to(self.security[:, None], days.shape)
        row = np.full(days.shape, -1, dtype=np.int64)
        row[known] = self.fits.rows(who[known], days[known])
        own, held = self.own_rows(), self.fits.held
        ar = np.where(slots[:, None, :] >= 0, held["ar"][row[:, :, None], slots[:, None, :]], np.nan)
        level = held["level"][own, start][:, None] / held["level"][row, start[:, None]]
        return np.where(known[:, :, None], ar * level[:, :, None], np.nan)

    def record(self, first: int, last: int) -> ClockRecord:
        """Return what the tests see of relative bars `first` .. `last`."""
        slots, start, own = self.slots(first, last), self.start(), self.own_rows()
        session = self.session
        beside = self.neighbours()
        around = self.scores_on(beside, first, last)
        days = self.placebo_days()
        placebo = self.scores_on(days, first, last)
        date = self.fits.sessions.clock.date
        _, scale2, level = self.fits.parts(own, slots, start)
        one = self.day0.size == 1
        bars = int(self.fits.sessions.clock.regular.sum())
        reach = int(np.ceil(np.sqrt(252 * bars))) if one else 0  # Lee and Mykland (2008): K
        return ClockRecord(
            score=self.fits.scores(own, slots, start),
            session=date[session],
            placebo=placebo,
            day=np.where(days >= 0, date[days], -1),
            before=around[:, 0],
            after=around[:, 1],
            scale=level * np.sqrt(scale2),
            past=self.scaled(first - reach, first - 1) if one else np.empty((self.day0.size, 0)),
            around=self.scaled(-AROUND, AROUND - 1, own=True) if one else np.empty((self.day0.size, 0)),
            within=self.scaled(first, last) if one else np.empty((self.day0.size, 0)),
            session_bars=bars,
        )

    def neighbours(self) -> Ints:
        """Return (N, 2): the sessions before and after, where they are free of events of the security; else -1."""
        free = self.fits.sessions.of_security(self.security)
        days = np.stack([self.session - 1, self.session + 1], axis=1)
        inside = (days >= 0) & (days < free.shape[1])
        at = days.clip(0, free.shape[1] - 1)
        held = free[0][at] if len(free) == 1 else np.take_along_axis(free, at, axis=1)
        return np.where(inside & held, days, -1)

    def scaled(self, first: int, last: int, *, own: bool = False) -> Floats:
        """Return (N, L): AR / phi of relative bars by the fit of the event, other sessions too unless `own`; NaN where none."""
        sessions, row, held = self.fits.sessions, self.own_rows(), self.fits.held
        clock = sessions.clock
        at = self.day0[:, None] + np.arange(first, last + 1)
        inside = (at >= 0) & (at < clock.day.size)
        at = at.clip(0, clock.day.size - 1)
        slot, day = clock.slot[at], clock.day[at]
        same = day == self.session[:, None]
        other = abnormal_at(self.fits, self.security, row, at)
        ar = np.where(same, held["ar"][row[:, None], slot], other)
        keep = inside & clock.regular[slot] & (same | (not own))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(keep, ar / held["phi"][row[:, None], slot], np.nan))


def abnormal_at(fits: DayFits, security: Ints, row: Ints, at: Ints) -> Floats:
    """Return (N, L): abnormal returns of bars `at` (N, L) by the base of fits `row` (N,)."""
    sessions, held = fits.sessions, fits.held
    clock = sessions.clock
    slot, day = clock.slot[at], clock.day[at]
    ar = sessions.response[security[:, None], slot, day] - held["mean"][row[:, None], slot]
    coef = held["coef"][row]
    ar = ar - coef[:, :1]
    if sessions.series is not None:
        for j in range(1, coef.shape[1]):
            x = sessions.series[..., j - 1, :, :]
            ar = ar - coef[:, j, None] * (x[slot, day] if x.ndim == 2 else x[security[:, None], slot, day])
    return np.asarray(ar)
