"""Where a placebo event may be put: enough history, a full window, and clear of every real event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from eventstudy.abnormal.result import AbnormalReturns

__all__ = ["admissible"]

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def admissible(abnormal: AbnormalReturns, first: int, last: int, real: Bools, *, buffer: int | None = None) -> Bools:
    """Return (S, B): whether a placebo event of each security may have its relative day 0 on each bar.

    Parameters
    ----------
    abnormal : AbnormalReturns
        The study whose model and windows the placebo would use.
    first, last : int
        The tested window.
    real : (B,) or (S, B) bool
        Where real events begin.
    buffer : int, optional
        Bars that must lie between the relative days 0 of placebo and real event; by default ``last - first + 1``, so
        that their windows do not overlap.
    """
    inputs = abnormal.inputs
    returns = inputs.returns
    count, bars = returns.shape
    there = np.isfinite(returns)
    if inputs.offset is not None:
        there &= np.isfinite(inputs.offset)
    for series in inputs.design_rows():
        there &= np.isfinite(series)
    usable = there if inputs.masked is None else there & ~inputs.masked
    low, high = inputs.estimation
    enough = _counts(usable, low, high) >= inputs.minimum
    full = _counts(there, first, last) == last - first + 1
    near = last - first + 1 if buffer is None else buffer
    clear = _counts(np.atleast_2d(real), 1 - near, near - 1) == 0 if near > 0 else True
    return np.broadcast_to(enough & full & clear, (count, bars))


def _counts(flags: Bools, low: int, high: int) -> Ints:
    """Return, for each bar d, how many of the bars d + low .. d + high are set."""
    bars = flags.shape[1]
    total = np.zeros((flags.shape[0], bars + 1), dtype=np.int64)
    np.cumsum(flags, axis=1, out=total[:, 1:])
    day = np.arange(bars)
    begin, end = (day + low).clip(0, bars), (day + high + 1).clip(0, bars)
    return np.asarray(total[:, end] - total[:, begin])
