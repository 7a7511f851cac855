"""Which bars are kept out of estimation windows because another event fell on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Ints
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.fit.moments import place_moments


def masked_bars(
    study: Design, aligned: Aligned, placed: Placed, pool: Any, security: Ints, day0: Ints, *, own: bool = False
) -> tuple[Bools | None, Bools]:
    """Return the bars to mask, for all securities (B,) or each (S, B), and where real events begin, alike.

    `own`: of each security in any case, for a share of a study whose securities have different days.

    Shapes: security, day0 (N,).
    """
    bars = len(aligned.bars)
    if isinstance(pool, pd.DatetimeIndex):
        bars_of = (aligned.bars, aligned.calendar, study.label, aligned.zone, aligned.shut)
        known = place_moments(pool, *bars_of, strict=False).position
        known, called = known[known >= 0], placed.position[placed.position >= 0]
        return flags_of((known,), (bars,), study.mask), flags_of((np.concatenate([known, called]),), (bars,), (0, 0))
    where = (security, day0) if own else days_shared(security, day0, aligned.returns.shape)
    shape = (bars,) if len(where) == 1 else (aligned.returns.shape[0], bars)
    return (flags_of(where, shape, study.mask) if pool else None), flags_of(where, shape, (0, 0))


def days_shared(security: Ints, day0: Ints, shape: tuple[int, ...]) -> tuple[Ints, ...]:
    """Return the event days: bars, if every security of the call has the same, else securities and bars.

    Shapes: security, day0 (N,); `shape` is (securities, bars).
    """
    count, bars = shape
    common = np.flatnonzero(np.bincount(day0, minlength=bars))
    used = np.count_nonzero(np.bincount(security, minlength=count))
    if day0.size >= used * common.size:  # else some security lacks a day
        own = flags_of((security, day0), (count, bars), (0, 0))
        if np.count_nonzero(own) == used * common.size:
            return (common,)
    return (security, day0)


def flags_of(where: tuple[Ints, ...], shape: tuple[int, ...], days: tuple[int, int]) -> Bools:
    """Return an array of flags, set where a relative day `days` of any event falls; bars are the last axis."""
    marked = np.zeros(shape, dtype=bool)
    for shift in range(max(days[0], -shape[-1]), min(days[1], shape[-1]) + 1):  # a day further off falls on no bar
        bar = where[-1] + shift
        inside = (bar >= 0) & (bar < shape[-1])
        marked[(*(who[inside] for who in where[:-1]), bar[inside])] = True
    return marked
