"""Placebo events: where one may be put (enough history, a full window, clear of every real event), and what is found there."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.engine import estimate_again
from eventstudy.abnormal.engine.result import AbnormalReturns, Missing
from eventstudy.abnormal.window_sample import WindowSample

REMEMBERED: Final = 20_000_000
"""Pairs of security and bar of the panel up to which their CARs are remembered: 16 bytes each, touched when used."""


class Again:
    """The model and window of a study at other dates: the ``refit`` of a `WindowSample`.

    Parameters
    ----------
    fitted : AbnormalReturns
    first, last : int
        The tested window.
    missing : {"available", "strict", "lump"}
    """

    def __init__(self, fitted: AbnormalReturns, first: int, last: int, missing: Missing) -> None:
        self.fitted, self.window, self.missing = fitted, (first, last), missing
        self._known: Bools | None = None
        self._found = np.empty((0, 2))

    def __call__(self, security: Ints, day0: Ints) -> WindowSample:
        """Return the sample of other dates."""
        return estimate_again(self.fitted, security, day0).sample(*self.window, self.missing)

    def cars(self, security: Ints, day0: Ints) -> tuple[Floats, Floats]:
        """Return the (n,) CAR and SCAR of other dates, the figures that calling it gives.

        A thousand placebo calendars of a hundred thousand security-events visit few pairs of security and bar, many times
        each; a pair is estimated once.
        """
        count, bars = self.fitted.inputs.returns.shape
        if count * bars > REMEMBERED:
            again = self(security, day0)
            return again.car, again.scar
        if self._known is None:
            self._known, self._found = np.zeros(count * bars, dtype=bool), np.empty((count * bars, 2))
        pair = np.asarray(security, dtype=np.int64) * bars + day0
        fresh = pair[~self._known[pair]]
        if fresh.size:
            fresh = np.unique(fresh)
            again = self(fresh // bars, fresh % bars)
            self._found[fresh, 0], self._found[fresh, 1] = again.car, again.scar
            self._known[fresh] = True
        found = self._found[pair]
        return found[:, 0], found[:, 1]


def admissible(abnormal: AbnormalReturns, first: int, last: int, real: Bools, *, buffer: int | None = None) -> Bools:
    """Return (S, B): whether a placebo event of each security may have its relative day 0 on each bar.

    Shapes: real (B,).
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
    enough = sum(_counts(usable, low, high) for low, high in inputs.pieces) >= inputs.minimum
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
