"""Means from what each session adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.checks import level as check_level
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.large.samples import Kept, sample_of_kept
from eventstudy.study.tables.averages import AVERAGED, told
from eventstudy.study.window_sample import observations

WHY: Final = (
    "the interval would rest on the estimation windows of all security-events ({how}), of which the folder keeps some; fit in "
    "memory, or fewer of the events"
)


class Sums:
    """Sums by session of several windows, of parts that come one after the other.

    Parameters
    ----------
    windows : sequence of (int, int)
    """

    def __init__(self, study: Design, windows: Sequence[Window]) -> None:
        self.study, self.windows = study, windows
        self.least_squares = not is_own(study.model)
        self._bars: list[tuple[pd.Index, Floats]] = []  # by calendar: (windows, 2, B) number and sum
        self._largest = np.zeros(len(windows))
        self._errors = np.zeros((len(windows), 3))  # sums of the standard errors, of their squares, of df
        self._kept: list[Kept] = []

    def add(self, result: Fitted, kept: list[Kept], *, once: bool) -> None:
        """Add a part, and the estimation windows kept of it; `once`: events of one session are one observation."""
        self._kept += [] if once else kept
        for part in result.parts:
            if not part.rows.size:
                continue
            held = self._of(part)
            chosen = observations(part.abnormal, np.zeros(part.rows.size), once=once)
            day0 = part.abnormal.day0[chosen]
            for at, window in enumerate(self.windows):
                whole = part.abnormal.car(*window, self.study.missing)
                car, error = whole[0][chosen], whole[1][chosen]
                there = np.isfinite(car)
                value = np.where(there, car, 0.0)
                size = held.shape[-1]
                held[at, 0] += np.bincount(day0, there, minlength=size)
                held[at, 1] += np.bincount(day0, value, minlength=size)
                error = error[there]
                self._errors[at] += np.nansum(error), np.nansum(error**2), part.abnormal.df[chosen][there].sum()
                self._largest[at] = max(self._largest[at], float(np.abs(value).max(initial=0.0)))

    def _of(self, part: Part) -> Floats:
        bars = part.aligned.bars
        for known, held in self._bars:
            if known is bars or known.equals(bars):
                return held
        held = np.zeros((len(self.windows), 2, len(bars)))
        self._bars.append((bars, held))
        return held

    def averages(self) -> list[Any]:
        """Return an `Average` of each window."""
        from eventstudy.inference.beyond.average import manner_of  # noqa: PLC0415  slow to import
        from eventstudy.inference.core.average import Average  # noqa: PLC0415  the same
        from eventstudy.inference.core.few_clusters import cr2_of_sums  # noqa: PLC0415  the same

        whole = self._together()
        found = []
        for at, window in enumerate(self.windows):
            sizes, sums = whole[at]
            n, day = sizes.sum(), np.flatnonzero(sizes > 0)
            mean = sums.sum() / n if n else np.nan
            se, df = cr2_of_sums(np.where(sizes > 0, sums - sizes * mean, 0.0), sizes, self._largest[at])
            apart = not (np.diff(day) < window[1] - window[0] + 1).any()
            alone = "portfolio" if self.least_squares else "time_series"
            how = manner_of(np.asarray(n), np.asarray(day.size), np.asarray(apart), df, alone)
            known = np.isin(how, ("cross_sectional", "clustered"))
            se, df = np.where(known, se, np.nan), np.where(known, df, np.nan)
            count = np.asarray(int(n))
            if str(how) == "covariance" and self._kept and len(self._bars) == 1:
                se, df = self._by_some(at, window, float(n))
            found.append(Average(np.asarray(mean), se, df, count, np.asarray(day.size), how))
        return found

    def _by_some(self, at: int, window: Window, n: float) -> tuple[Any, Any]:
        """Return the standard error and df by the covariances of the security-events whose estimation windows are kept."""
        from eventstudy.inference.beyond.average import MOST, spread_of_some, variance_of_all  # noqa: PLC0415  slow to import

        part = sample_of_kept(self._kept, self.study, window)
        weight = np.where(np.isfinite(part.car), 1.0 / n, 0.0)
        if np.count_nonzero(weight) < 2:
            return np.nan, np.nan
        total, squares, df = self._errors[at]
        every = np.count_nonzero(weight) == n <= MOST
        own = None if every else variance_of_all(squares / n**2, total / n, part)
        return spread_of_some(part, part.car, weight, np.asarray(df / n), own)

    def _together(self) -> Floats:
        """Return (windows, 2, B) on the bars of all calendars."""
        if len(self._bars) == 1:
            return self._bars[0][1]
        every = self._bars[0][0]
        for bars, _ in self._bars[1:]:
            every = every.union(bars)
        whole = np.zeros((len(self.windows), 2, len(every)))
        for bars, held in self._bars:
            whole[:, :, every.get_indexer(bars)] += held
        return whole


def _added(parts: Iterable[tuple[Fitted, list[Kept]]], study: Design, windows: Sequence[Window]) -> list[Any]:
    """Return the averages of windows; one part may hold the one series that is studied."""
    sums = Sums(study, windows)
    waiting: tuple[Fitted, list[Kept]] | None = None
    several = False
    for part, kept in parts:
        if not part.n:
            continue
        if waiting is None and not several:
            waiting = part, kept
            continue
        if waiting is not None:
            sums.add(*waiting, once=False)
            waiting, several = None, True
        sums.add(part, kept, once=False)
    if waiting is not None:
        sums.add(*waiting, once=len(waiting[0].symbols) == 1)
    return sums.averages() if waiting is not None or several else []


def caar(parts: Iterable[tuple[Fitted, list[Kept]]], study: Design, window: Window, level: float) -> pd.DataFrame:
    """See `StoredResult.caar`."""
    check_level(level)
    found = _added(parts, study, [window])
    if not found:
        return pd.DataFrame(columns=["first", "last", *AVERAGED["caar"], "why"])
    return pd.DataFrame(
        [{"first": window[0], "last": window[1], **told(found[0], "caar", level), "why": _why(found[0])}]
    )


def _why(found: Any) -> str:
    return "" if np.isfinite(found.se) else WHY.format(how=str(found.how))


def aar(parts: Iterable[tuple[Fitted, list[Kept]]], study: Design, level: float) -> pd.DataFrame:
    """See `StoredResult.aar`."""
    check_level(level)
    first, last = study.window
    days = range(first, last + 1)
    found = _added(parts, study, [*((day, day) for day in days), *((first, day) for day in days)])
    table = []
    for day, one, path in zip(days, found[: len(days)], found[len(days) :], strict=False):
        cells, way = told(one, "caar", level), told(path, "caar", level)
        table.append(
            {
                "relative_day": day, "aar": cells.pop("caar"), **{name: cells[name] for name in ("se", "low", "high", "n", "n_sessions", "test")},
                "caar": way["caar"], "caar_se": way["se"], "caar_low": way["low"], "caar_high": way["high"], "caar_test": way["test"],
            }
        )  # fmt: skip
    names = ("relative_day", "aar", "se", "low", "high", "n", "n_sessions", "test")
    return pd.DataFrame(table, columns=[*names, "caar", "caar_se", "caar_low", "caar_high", "caar_test"])
