"""The means of a result over its windows, each with the one variance of `eventstudy.inference.beyond.average`."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample, take
from eventstudy.study import rows
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.window_sample import observations, sample_of_rows

if TYPE_CHECKING:
    from eventstudy.inference.core.average import Average  # only those who test load it

KEPT = 20_000
"""Security-events above which the estimation windows of so many, evenly spaced, stand for all where a mean needs them."""


class Means:
    """The means of a result over its windows: one choice of observations, one look at the estimation windows.

    Parameters
    ----------
    result : Fitted
        With one studied row at least.
    once : bool, optional
        Whether events of one session are one observation; by default where one series is studied.

    Attributes
    ----------
    at : (n,) int
        The observations among the studied rows: all, or the first of each session where one series is studied.
    """

    def __init__(self, result: Fitted, *, once: bool | None = None) -> None:
        self._result = result
        once, studied = rows.one_series(result) if once is None else once, rows.studied_rows(result)
        self._chosen = [observations(part.abnormal, np.zeros(part.rows.size), once=once) for part in result.parts]
        kept = [part.rows[some] for part, some in zip(result.parts, self._chosen, strict=True)]
        self.at = np.searchsorted(studied, np.concatenate(kept))

    def over(self, window: Window, *, weights: Floats | None = None, values: Floats | None = None) -> Average:
        """Return the mean over a window of CARs, or of `values`; both (N,), one a studied row."""
        from eventstudy.inference.beyond.average import average, manner  # noqa: PLC0415  slow to import

        w = None if weights is None else weights[self.at]
        x = None if values is None else values[self.at]
        sample = sample_of_rows(self._result, self._chosen, window, estimation=False)
        how = str(manner(sample, weights=w, values=x))
        if how in ("", "cross_sectional", "clustered"):
            return average(sample, weights=w, values=x)
        if how == "covariance" and self.at.size > KEPT:
            some, part = self._some
            return average(sample, weights=w, values=x, among=(some, self._over(part, window, some)))
        return average(self._over(self._whole, window, None), weights=w, values=x)

    def sample(self, window: Window) -> WindowSample:
        """Return a window with its estimation windows, its rows in the order of the studied rows."""
        order = np.argsort(self.at, kind="stable")
        return take(self._over(self._whole, window, None), order)

    @cached_property
    def _whole(self) -> WindowSample:
        return sample_of_rows(self._result, self._chosen, self._result.study.window, estimation=True)

    @cached_property
    def _some(self) -> tuple[Ints, WindowSample]:
        some = np.linspace(0, self.at.size - 1, KEPT).astype(np.int64)
        return some, sample_of_rows(self._result, self._thinned(some), self._result.study.window, estimation=True)

    def _thinned(self, some: Ints) -> list[Ints]:
        ends = np.cumsum([chosen.size for chosen in self._chosen])
        return [
            chosen[some[(some >= end - chosen.size) & (some < end)] - (end - chosen.size)]
            for chosen, end in zip(self._chosen, ends, strict=True)
        ]

    def _over(self, whole: WindowSample, window: Window, some: Ints | None) -> WindowSample:
        """Return the sample of another window with the estimation windows that are there already."""
        chosen = self._chosen if some is None else self._thinned(some)
        sample = sample_of_rows(self._result, chosen, window, estimation=False)
        record = whole.estimation
        assert record is not None  # noqa: S101  it was asked for; this is for the type checker
        first = window[0] - int(whole.relative_day[0])
        ahead = record.window_design[:, first : first + sample.relative_day.size]
        return replace(sample, estimation=replace(record, window_design=ahead))
