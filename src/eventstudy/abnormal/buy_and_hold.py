"""Buy-and-hold abnormal returns: what an investor earned beyond the benchmark, compounded rather than summed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.checks import checked

After = Literal["benchmark", "stop"]


@checked()
def buy_and_hold(
    returns: Floats, expected: Floats, gone: Bools, *, log: bool = False, after: After = "benchmark"
) -> Floats:
    """Return BHAR = prod(1 + R) - prod(1 + E R) over each window.

    Shapes: returns, expected (n, L), gone (n, L).

    Notes
    -----
    Barber and Lyon (1997, eq. 2).

    Examples
    --------
    >>> import numpy as np
    >>> buy_and_hold(np.array([[0.1, 0.1]]), np.array([[0.0, 0.05]]), np.zeros((1, 2), dtype=bool)).round(4)
    array([0.16])
    """
    own, other = (np.exp(value) if log else 1.0 + value for value in (returns, expected))
    if after == "benchmark":
        own = np.where(gone, other, own)
    there = np.isfinite(own) & np.isfinite(other)
    value = np.where(there, own, 1.0).prod(axis=1) - np.where(there, other, 1.0).prod(axis=1)
    return np.where(there.any(axis=1), value, np.nan)


def expected_returns(abnormal: AbnormalReturns) -> Floats:
    """Return (N, L): the normal return of each bar of the event window, also where the security has none of its own."""
    inputs = abnormal.inputs
    expected = abnormal.coordinates.expected
    offset = inputs.offset_at(inputs.security, inputs.day0 + inputs.window[0], inputs.length)
    if offset is not None:
        expected = expected + offset
    return expected


def delisted(returns: Floats, security: Ints, start: Ints, length: int) -> Bools:
    """Return (n, L): bars of the windows after the last return that the security has in the whole panel."""
    there = np.isfinite(returns)
    last = np.where(there.any(axis=1), returns.shape[1] - 1 - there[:, ::-1].argmax(axis=1), -1)
    at = start[:, None] + np.arange(length)
    return np.asarray((at > last[security][:, None]) & (at < returns.shape[1]))
