"""Means from what each session adds up to, and samples of one number a security-event: what large results are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.abnormal.windows import bars_of
from eventstudy.checks import level as check_level
from eventstudy.errors import StudyError
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.tables.averages import AVERAGED, told
from eventstudy.study.window_sample import observations

CELLS: Final = 30_000_000
"""Abnormal returns of a window up to which its tests are done: their arrays take 16 bytes each."""

WHY: Final = (
    "the interval would rest on the estimation windows of all security-events ({how}), which are not kept on disk; fit in memory, "
    "or a sample of the events"
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
        self._seen: dict[str, Any] = {}

    def add(self, result: Fitted, *, once: bool) -> None:
        """Add a part; `once`: events of one session are one observation."""
        for part in result.parts:
            if not part.rows.size:
                continue
            held = self._of(part)
            chosen = observations(part.abnormal, np.zeros(part.rows.size), once=once)
            day0 = part.abnormal.day0[chosen]
            for at, window in enumerate(self.windows):
                car = part.abnormal.car(*window, self.study.missing)[0][chosen]
                there = np.isfinite(car)
                value = np.where(there, car, 0.0)
                size = held.shape[-1]
                held[at, 0] += np.bincount(day0, there, minlength=size)
                held[at, 1] += np.bincount(day0, value, minlength=size)
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
            found.append(Average(np.asarray(mean), se, df, count, np.asarray(day.size), how))
        return found

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


def _added(parts: Iterable[Fitted], study: Design, windows: Sequence[Window]) -> list[Any]:
    """Return the averages of windows; one part may hold the one series that is studied."""
    sums, first, several = Sums(study, windows), None, False
    for part in parts:
        if not part.n:
            continue
        if first is None:
            first = part
            continue
        if not several:
            sums.add(first, once=False)
            several = True
        sums.add(part, once=False)
    if first is None:
        return []
    if not several:
        sums.add(first, once=len(first.symbols) == 1)
    return sums.averages()


def caar(parts: Iterable[Fitted], study: Design, window: Window, level: float) -> pd.DataFrame:
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


def aar(parts: Iterable[Fitted], study: Design, level: float) -> pd.DataFrame:
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


def sample(parts: Iterable[tuple[Fitted, Ints]], study: Design, window: Window) -> WindowSample:
    """Return a window of all parts as the tests want it, in the order of the request; without the estimation windows."""
    length = window[1] - window[0] + 1
    pieces: list[dict[str, Any]] = []
    bars: list[pd.Index] = []
    cells, base, k = 0, 0, 1
    symbols = 0
    for result, rows in parts:
        symbols += len(result.symbols)
        for part in result.parts:
            abnormal, k = part.abnormal, part.abnormal.k
            cells += part.rows.size * length
            if cells > CELLS:
                msg = (
                    f"the tests of window {window} would hold {length} abnormal returns of each security-event, more than {CELLS:,} in "
                    "all: take a shorter window, or caar() and aar()"
                )
                raise StudyError(msg)
            columns = abnormal.columns(*window)
            car, error, _ = abnormal.car(*window, study.missing)
            there = np.flatnonzero(np.isfinite(car))
            place = next((at for at, known in enumerate(bars) if known.equals(part.aligned.bars)), len(bars))
            bars += [part.aligned.bars] if place == len(bars) else []
            pieces.append(
                {
                    "row": rows[part.rows[there]], "place": np.full(there.size, place), "day0": abnormal.day0[there],
                    "security": abnormal.security[there] + base, "ar": abnormal.ar[there][:, columns], "ar_se": abnormal.ar_se()[there][:, columns],
                    "car": car[there], "car_se": error[there], "sigma": abnormal.sigma[there], "m": abnormal.m[there],
                    "df": abnormal.df[there], "degenerate": abnormal.degenerate[there],
                }
            )  # fmt: skip
            base += len(part.aligned.symbols)
    order = np.argsort(np.concatenate([piece["row"] for piece in pieces]), kind="stable")
    whole: dict[str, Any]
    whole = {name: np.concatenate([piece[name] for piece in pieces])[order] for name in pieces[0]}
    every = bars[0]
    for one in bars[1:]:
        every = every.union(one)
    if len(bars) > 1:
        for place, one in enumerate(bars):
            mine = whole["place"] == place
            whole["day0"][mine] = every.get_indexer(one)[whole["day0"][mine]]
    if symbols == 1:  # events of one session of one series are one observation
        once = ~pd.Series(whole["day0"]).duplicated().to_numpy()
        whole = {name: values[once] for name, values in whole.items()}
    del whole["row"], whole["place"]
    return WindowSample(
        relative_day=np.arange(window[0], window[1] + 1),
        bar=bars_of(whole["day0"], *window, len(every)),
        k=k,
        least_squares=not is_own(study.model),
        **whole,
    )
