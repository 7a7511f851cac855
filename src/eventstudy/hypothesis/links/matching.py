"""Placebo sessions that resemble the session of an event: the cells of volatility, drawdown and calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.record.market import Market, prior_return

_TERCILES = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Cells:
    """States in which placebo sessions are matched, each (B,) int, -1 where unknown; `pool` (P,) int."""

    fear: Ints
    prior: Ints
    weekday: Ints
    macro: Ints
    pool: Ints


def unclipped_by(limits: tuple[float, float]) -> bool:
    """Whether limits leave scores as they are: the quantiles 0 and 1 would still clip an event beyond every placebo."""
    return limits == (0, 1)


def winsorised(z: Floats, pool: Ints, limits: tuple[float, float]) -> Floats:
    """(B,) scores, clipped to quantiles of the placebo pool, unless these are 0 and 1."""
    if unclipped_by(limits):
        return z
    known = z[pool]
    known = known[np.isfinite(known)]
    if not known.size:
        return z
    low, high = np.quantile(known, limits)
    return np.clip(z, low, high)


def match_cells(market: Market, z: Floats, busy: Bools, prior_sessions: int) -> Cells:
    """Terciles of the fear gauge and of the prior return at the last close before, weekday, and whether a release was due."""
    fear = np.full(market.fear.shape, np.nan)
    fear[1:] = market.fear[:-1]
    prior = prior_return(market, prior_sessions)
    pool = np.flatnonzero(~busy & np.isfinite(z))
    macro = np.zeros(z.shape, dtype=np.int64) if market.macro is None else market.macro
    return Cells(_tercile(fear, pool), _tercile(prior, pool), market.weekday, macro, pool)


def _tercile(values: Floats, pool: Ints) -> Ints:
    known = values[pool]
    known = known[np.isfinite(known)]
    if not known.size:
        return np.zeros(values.shape, dtype=np.int64)
    code = np.searchsorted(np.quantile(known, _TERCILES), values, side="right")
    return np.where(np.isfinite(values), code, -1)


def candidates(cells: Cells, position: Ints, minimum: int) -> list[Ints]:
    """Find matched placebo sessions of each event, the event itself included; coarser cells where too few.

    Given up are the weekday, then the macro calendar, then the fear gauge; the prior return never. An event beyond the
    macro calendar is matched without it.
    """
    found = []
    for t in position:
        same_prior = cells.prior[cells.pool] == cells.prior[t]
        same_fear = same_prior & (cells.fear[cells.pool] == cells.fear[t])
        same_macro = same_fear & ((cells.macro[cells.pool] == cells.macro[t]) | (cells.macro[t] < 0))
        same_day = same_macro & (cells.weekday[cells.pool] == cells.weekday[t])
        for keep in (same_day, same_macro, same_fear, same_prior):
            if np.count_nonzero(keep) >= minimum:
                break
        found.append(np.append(cells.pool[keep], t))
    return found
