"""Which bars are kept out of estimation windows because another event fell on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.study.align import Aligned, Placed, place_moments

if TYPE_CHECKING:
    from eventstudy.study.config import EventStudy

__all__ = ["masked_bars"]

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def masked_bars(
    study: EventStudy, aligned: Aligned, placed: Placed, pool: Any, security: Ints, day0: Ints
) -> tuple[Bools | None, Bools]:
    """Return the bars to mask, for all securities (B,) or each (S, B), and where real events begin, alike.

    Parameters
    ----------
    study : EventStudy
    aligned : Aligned
    placed : Placed
        The events of the call.
    pool : bool or DatetimeIndex
        True: the events of the call; False: none; else the moments of the events to mask.
    security, day0 : (N,) int
        The security-events of the call.
    """
    bars = len(aligned.bars)
    if isinstance(pool, pd.DatetimeIndex):
        at = place_moments(pool, aligned.bars, aligned.calendar)
        real = np.zeros(bars, dtype=bool)
        real[at.position[at.position >= 0]] = True
        masked = _spread(real, study.mask)
        real[placed.position[placed.position >= 0]] = True
        return masked, real
    real = _days(security, day0, aligned)
    return (_spread(real, study.mask) if pool else None), real


def _days(security: Ints, day0: Ints, aligned: Aligned) -> Bools:
    """Return (B,) if every security of the call has the same event days, else (S, B)."""
    count, bars = aligned.returns.shape
    common = np.zeros(bars, dtype=bool)
    common[day0] = True
    used = np.zeros(count, dtype=bool)
    used[security] = True
    own = np.zeros((count, bars), dtype=bool)
    own[security, day0] = True
    everywhere = np.count_nonzero(own) == np.count_nonzero(used) * np.count_nonzero(common)
    return common if everywhere else own


def _spread(real: Bools, days: tuple[int, int]) -> Bools:
    """Return where a relative day `days` of any event falls."""
    masked = np.zeros_like(real)
    bars = real.shape[-1]
    for shift in range(days[0], days[1] + 1):
        low, high = max(0, shift), min(bars, bars + shift)
        if low < high:
            masked[..., low:high] |= real[..., low - shift : high - shift]
    return masked
