"""Bars as days x slots of one exchange: which bar is which clock time of which session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Clock:
    """B bars as D sessions of K clock times.

    Attributes
    ----------
    day, slot : (B,) int
        Session and clock time of each bar; bars of a session stand together, in the order of the clock.
    regular : (K,) bool
        Slots in trading hours: not the overnight and lunch returns that are bars of their own, nor extended hours.
    half : (D,) bool
        Sessions of unusual hours, kept out of the pattern.
    minutes : float
        Length of a bar.
    date : (D,) int
        Date of each session, in days.
    time : (K,) int
        Clock time of each slot, in minutes after midnight of the exchange.
    """

    day: Ints
    slot: Ints
    regular: Bools
    half: Bools
    minutes: float
    date: Ints
    time: Ints

    @property
    def days(self) -> int:
        """Sessions, D."""
        return int(self.half.size)

    @property
    def slots(self) -> int:
        """Clock times, K."""
        return int(self.regular.size)

    def spread(self, series: Floats) -> Floats:
        """Return (..., K, D + 1) of a series (..., B): NaN where a session lacks a slot; the last day is empty."""
        out = np.full((*series.shape[:-1], self.slots, self.days + 1), np.nan)
        out[..., self.slot, self.day] = series
        return out

    def place(self) -> Ints:
        """Return (D + 1, K): the bar of each session and slot; -1 where there is none."""
        out = np.full((self.days + 1, self.slots), -1, dtype=np.int64)
        out[self.day, self.slot] = np.arange(self.day.size)
        return out


@dataclass(frozen=True, slots=True)
class ClockBars:
    """Bars on the hours of an exchange.

    Attributes
    ----------
    clock : Clock
    end : (B,) int
        When each bar ends, microseconds UTC.
    first : (D,) int
        When the trading hours of each session begin.
    """

    clock: Clock
    end: Ints
    first: Ints
