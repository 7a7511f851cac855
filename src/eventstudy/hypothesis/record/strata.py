"""Strata of a record: the stretches of sessions within which comparisons are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Ints
from eventstudy.hypothesis.record.sections import Pair


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stretch of sessions within which dates may be exchanged.

    Attributes
    ----------
    name : str
    first, last : int
        Positions, both included.
    pool : (P,) int
        Placebo sessions: those of the stretch, and of the history before it, on which no event fell.
    """

    name: str
    first: int
    last: int
    pool: Ints


def window_text(window: Pair) -> str:
    """Write a window as the tables do.

    Examples
    --------
    >>> window_text((-1, 1))
    '(-1, 1)'
    """
    return f"({window[0]}, {window[1]})"


def inside(position: Ints, strata: Iterable[Stratum]) -> Bools:
    """(n,) which positions lie in any of the strata."""
    held = np.zeros(position.shape, dtype=bool)
    for stratum in strata:
        held |= (position >= stratum.first) & (position <= stratum.last)
    return held


_ADJACENT = pd.Timedelta(days=7)  # two periods so close form one stretch of sessions


def strata_of(
    periods: Mapping[str, tuple[str, str]], index: pd.DatetimeIndex, busy: Bools, pool_before: int
) -> list[Stratum]:
    """Stretches of sessions for some periods; adjacent periods form one. A period without a session gives none.

    The placebo pool of a stretch is made of its own quiet sessions and of the `pool_before` sessions before it.
    """
    spans: list[tuple[str, pd.Timestamp, pd.Timestamp]] = []
    for name, (start, end) in periods.items():
        first, last = pd.Timestamp(start), pd.Timestamp(end)
        if spans and abs(first - spans[-1][2]) <= _ADJACENT:
            spans[-1] = (f"{spans[-1][0]} and {name}", spans[-1][1], last)
        else:
            spans.append((name, first, last))
    found = []
    for name, first, last in spans:
        low, high = int(index.searchsorted(first)), int(index.searchsorted(last, side="right")) - 1
        if high >= low:
            pool = np.arange(max(0, low - pool_before), high + 1)
            found.append(Stratum(name, low, high, pool[~busy[pool]]))
    return found
