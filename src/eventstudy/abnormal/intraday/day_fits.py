"""Every session that a study looks at, estimated once for each security: events, placebo sessions, neighbours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.chunks import THREADS
from eventstudy.abnormal.intraday.base_fit import BaseFit, Sessions, fit_base
from eventstudy.abnormal.models.intraday import IntradayModel

PAST: Final = 20.0  # bars that the level of past sessions counts for, beside the bars of the session (METHODS-2 14: n0)
WEEK: Final = 5  # sessions that share a pattern where it is renewed by the week
BLOCK: Final = 64  # securities estimated at once: their windows stay in the cache of a core


@dataclass(slots=True)
class DayFits:
    """Fits of securities on sessions, made when they are first asked for and kept.

    Attributes
    ----------
    sessions : Sessions
    model : IntradayModel
    row : (S, D) int
        Where the fit of a security on a session stands; -1: not made yet.
    """

    sessions: Sessions
    model: IntradayModel
    row: Ints
    held: dict[str, Floats]

    @classmethod
    def empty(cls, sessions: Sessions, model: IntradayModel) -> DayFits:
        """Return the store before anything is asked of it."""
        shape = (sessions.response.shape[0], sessions.clock.days)
        return cls(sessions, model, np.full(shape, -1, dtype=np.int64), {})

    def rows(self, security: Ints, day: Ints) -> Ints:
        """Return the rows of pairs (n,) of security and session, estimating those that are new."""
        missing = np.zeros(self.row.shape, dtype=bool)
        missing[security, day] = True
        missing &= self.row < 0
        if missing.any():
            self._add(missing)
        return self.row[security, day]

    def _add(self, missing: Bools) -> None:
        base = len(self.held["level2"]) if self.held else 0
        jobs = []
        days = np.flatnonzero(missing.any(axis=0))
        origin = days if self.model.renew == "day" else days - days % WEEK
        for first in np.unique(origin):
            targets = days[origin == first]
            everyone = np.flatnonzero(missing[:, targets].any(axis=1))
            for low in range(0, everyone.size, BLOCK):
                who = everyone[low : low + BLOCK]
                shape = (targets.size, who.size)  # rows come target by target
                self.row[np.ix_(who, targets)] = base + np.arange(who.size * targets.size).reshape(shape).T
                base += who.size * targets.size
                jobs.append((who, int(first), targets))
        made = self._map(jobs)
        names = ("ar", "phi", "mean", "level2", "coef", "factor", "bars", "sessions")
        fresh: dict[str, list[Any]] = {name: [getattr(one, name) for one in made] for name in names}
        fresh["level"] = [self._levels(one) for one in made]
        self.held = {
            name: np.concatenate(([self.held[name]] if self.held else []) + parts) for name, parts in fresh.items()
        }

    def _map(self, jobs: list[tuple[Ints, int, Ints]]) -> list[BaseFit]:
        if len(jobs) < 8 or THREADS == 1:
            return [self._one(job) for job in jobs]
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(self._one, jobs))

    def _one(self, job: tuple[Ints, int, Ints]) -> BaseFit:
        who, origin, targets = job
        return fit_base(self.sessions, self.model, who, origin, targets)

    def _levels(self, fit: BaseFit) -> Floats:
        """Return (n, K): v before each slot, from past sessions and the bars of the session before it."""
        regular = self.sessions.clock.regular
        with np.errstate(invalid="ignore", divide="ignore"):
            square = np.where(regular, (fit.ar / fit.phi) ** 2, np.nan)
        there = np.isfinite(square)
        before = np.cumsum(np.where(there, square, 0.0), axis=1) - np.where(there, square, 0.0)
        count = np.cumsum(there, axis=1) - there
        level: Floats = np.sqrt((PAST * fit.level2[:, None] + before) / (PAST + count))
        return level

    def enough(self, row: Ints) -> Bools:
        """Whether each fit has the sessions that the model asks for, and a level."""
        good = (self.held["sessions"][row] >= self.model.least) & (self.held["level2"][row] > 0)
        return np.asarray(good & np.isfinite(self.held["coef"][row]).all(axis=1))

    def scores(self, row: Ints, slots: Ints, start: Ints) -> Floats:
        """Return (n,): sum of AR / (v sqrt(sum phi^2)) over slots (n, L), -1 where there is no bar; v is known at slot `start`.

        NaN where the fit is no good or no bar has a return.
        """
        total, scale2, level = self.parts(row, slots, start)
        with np.errstate(invalid="ignore", divide="ignore"):
            z = total / (level * np.sqrt(scale2))
        return np.asarray(np.where((scale2 > 0) & self.enough(row), z, np.nan))

    def parts(self, row: Ints, slots: Ints, start: Ints) -> tuple[Floats, Floats, Floats]:
        """Return (n,) each: the sum of AR, the sum of phi^2 over its bars, and the level v."""
        at = row[:, None]
        ar = np.where(slots >= 0, self.held["ar"][at, slots], np.nan)
        there = np.isfinite(ar)
        phi = self.held["phi"][at, slots]
        total = np.where(there, ar, 0.0).sum(axis=1)
        scale2 = np.where(there, phi * phi, 0.0).sum(axis=1)
        return total, scale2, self.held["level"][row, start]
