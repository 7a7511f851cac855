"""Gram matrices of a pool of donors, one a date: dates that lie near each other share most of the products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.models.donor_pool import Donor, Pool

SPAN: Final = 4
"""A shared matrix covers the bars of so many windows at most."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The bars of one date on which donors are read.

    Attributes
    ----------
    day0 : int
    estimation : (M,) int
        Bars of the panel: inside the data, not masked for all, and with a return of some donor.
    window : (V,) int
        The same of the event window.
    place, window_place : (M,) and (V,) int
        Where they stand in the estimation and the event window.
    """

    day0: int
    estimation: Ints
    window: Ints
    place: Ints
    window_place: Ints

    @property
    def all(self) -> Ints:
        """(M + V,) the estimation bars, then those of the event window."""
        return np.concatenate([self.estimation, self.window])


def bars_of_date(inputs: Inputs, pool: Pool, day0: int) -> Bars:
    """Return the bars of the date `day0`."""
    some = pool.some
    estimation = day0 + np.arange(inputs.estimation[0], inputs.estimation[1] + 1)
    window = day0 + np.arange(inputs.window[0], inputs.window[1] + 1)
    kept = []
    for bars, masked, part in ((estimation, inputs.masked_days, inputs.kept), (window, None, None)):
        inside = (bars >= 0) & (bars < some.size)
        at = bars.clip(0, some.size - 1)
        inside &= some[at]
        if masked is not None:
            inside &= ~masked[0, at]
        if part is not None:
            inside &= part
        kept.append(np.flatnonzero(inside))
    return Bars(day0, estimation[kept[0]], window[kept[1]], kept[0], kept[1])


def runs_of_dates(bars: list[Bars]) -> Iterator[tuple[int, int]]:
    """Return (low, high) of runs of dates, ascending, whose bars lie near enough to share a matrix."""
    low = 0
    while low < len(bars):
        own = max(1, bars[low].all.size)
        high = low + 1
        while high < len(bars) and bars[high].day0 - bars[low].day0 + own <= SPAN * own:
            high += 1
        yield low, high
        low = high


def grams(pool: Pool, bars: list[Bars], states: NDArray[np.int8]) -> Callable[[int], Floats]:
    """Return what makes, for each date, the (M + V, M + V) products of its donors without holes, each less its level.

    Notes
    -----
    Where the dates of a run need more products than all bars that they span, these are made once for the donors that most
    dates use; a date then takes its block and adds or subtracts the donors in which it differs.
    """
    span = np.unique(np.concatenate([one.all for one in bars]))
    used = states == Donor.USED
    if span.size == 0:
        return lambda _: np.zeros((0, 0))
    low = int(span[0])
    there = pool.there[:, low : int(span[-1]) + 1]
    values = np.where(there, pool.returns[:, low : int(span[-1]) + 1], 0.0)
    values = np.where(
        there, values - values.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1), 1)[:, None], 0.0
    )
    if sum(one.all.size**2 for one in bars) < values.shape[1] ** 2:
        return lambda date: _product(values[np.ix_(used[date], bars[date].all - low)])
    usual = used.mean(axis=0) > 0.5
    shared = _product(values[usual])

    def of(date: int) -> Floats:
        own, at = used[date], bars[date].all - low
        more, less = np.flatnonzero(own & ~usual), np.flatnonzero(usual & ~own)
        if more.size + less.size > own.sum() / 2:
            return _product(values[np.ix_(own, at)])
        gram = shared[np.ix_(at, at)]
        if more.size:
            gram += _product(values[np.ix_(more, at)])
        if less.size:
            gram -= _product(values[np.ix_(less, at)])
        return gram

    return of


def _product(values: Floats) -> Floats:
    """Return (n, n): the products of the bars of `values` (J, n), summed over donors."""
    product: Floats = values.T @ values
    return product
