"""What one call of the engine works on, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.models.donor_pool import Pool
from eventstudy.abnormal.windows import cut, cut_flags
from eventstudy.checks import window as check_window
from eventstudy.errors import StudyError

FLOOR: Final = 30
"""No estimation window of at least this many bars may be used with fewer usable ones (METHODS 1.1: the hard floor)."""

SUSPECT: Final = 10.0
"""A return of 1000 % is kept and flagged (METHODS 1.1)."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Checked arrays and windows of one estimation.

    Attributes
    ----------
    returns : (S, B) float
        Decimals; not finite where missing.
    design : (K, B) or (S, K, B) float or None
        Rows of the design beside the constant.
    offset : (B,) or (S, B) float or None
        Taken from the return before anything else (the market of a market-adjusted return, a risk-free rate).
    security, day0 : (N,) int
    window, estimation : (int, int)
        Relative days, both ends included.
    minimum : int
        Usable estimation bars needed.
    masked : (B,) or (S, B) bool or None
    k : int
        Mean parameters.
    forecast : bool
        Whether the estimated mean is subtracted in the event window.
    columns : int
        Columns of the design that forecast; k for the linear models.
    spans : (S, B) float or None
        Bars that each return covers, in a panel of lumped returns.
    weigh_spans : bool
        Whether the estimator weighs lumped returns; else they are left out of estimation windows.
    codes : (S,) int or None
        What random streams are seeded with; None: the row.
    pool : Pool or None
        The donors, where the model has them.
    gap : (int, int) or None
        Relative days within `estimation` that are no part of it: the event and what lies near it, where the window is one
        before and one after.
    """

    returns: Floats
    design: Floats | None
    offset: Floats | None
    security: Ints
    day0: Ints
    window: tuple[int, int]
    estimation: tuple[int, int]
    minimum: int
    masked: Bools | None
    k: int
    forecast: bool
    columns: int
    spans: Floats | None = None
    weigh_spans: bool = False
    codes: Ints | None = None
    pool: Pool | None = None
    gap: tuple[int, int] | None = None

    @property
    def pieces(self) -> list[tuple[int, int]]:
        """First and last relative day of each window that `estimation` holds: one, or one to either side of the gap."""
        first, last = self.estimation
        return [(first, last)] if self.gap is None else [(first, self.gap[0] - 1), (self.gap[1] + 1, last)]

    @property
    def kept(self) -> Bools | None:
        """(T,) which bars of `estimation` are part of it; None: all."""
        if self.gap is None:
            return None
        day = np.arange(self.estimation[0], self.estimation[1] + 1)
        return np.asarray((day < self.gap[0]) | (day > self.gap[1]))

    @property
    def bars(self) -> int:
        """Bars of the panel, B."""
        return int(self.returns.shape[1])

    @property
    def planned(self) -> int:
        """Bars from the first to the last of the estimation window, T."""
        return self.estimation[1] - self.estimation[0] + 1

    @property
    def length(self) -> int:
        """Bars of the event window, L."""
        return self.window[1] - self.window[0] + 1

    @property
    def own_design(self) -> bool:
        """Whether each security has regressors of its own."""
        return self.design is not None and self.design.ndim == 3

    @property
    def masked_days(self) -> Bools | None:
        """The (1, B) bars masked for all securities, where the mask is one for all."""
        return self.masked[None] if self.masked is not None and self.masked.ndim == 1 else None

    @property
    def masked_own(self) -> Bools | None:
        """The (S, B) bars masked for each security, where each has a mask of its own."""
        return self.masked if self.masked is not None and self.masked.ndim == 2 else None

    def design_rows(self) -> list[Floats]:
        """Return each row of the design beside the constant, as (1, B) or (S, B)."""
        if self.design is None:
            return []
        if self.own_design:
            return [self.design[:, j] for j in range(self.design.shape[1])]
        return [row[None] for row in self.design]

    def response(self, security: Ints, start: Ints, length: int) -> Floats:
        """Return the (n, length) windows of the return less the offset."""
        window = cut(self.returns, security, start, length)
        offset = self.offset_at(security, start, length)
        if offset is not None:
            window -= offset
        return window

    def offset_at(self, security: Ints, start: Ints, length: int) -> Floats | None:
        """Return the (n, length) windows of what is taken from the return; None if nothing is."""
        if self.offset is None:
            return None
        if self.offset.ndim == 2:
            return cut(self.offset, security, start, length)
        return cut(self.offset[None], np.zeros_like(security), start, length)

    def columns_at(self, security: Ints, start: Ints, length: int) -> Floats:
        """Return the (n, K + 1, length) columns of each design, the constant first."""
        who = security if self.own_design else np.zeros_like(security)
        columns = [cut(series, who, start, length) for series in self.design_rows()]
        return np.stack([np.ones((security.size, length)), *columns], axis=1)

    def unmasked_at(self, security: Ints, start: Ints, length: int) -> Bools | Literal[True]:
        """Return which bars of the (n, T) estimation windows mask and gap leave; True if there is neither."""
        kept = self.kept
        if self.masked is None:
            return True if kept is None else np.broadcast_to(kept, (security.size, length))
        who = np.zeros_like(security) if self.masked_own is None else security
        left = ~cut_flags(np.atleast_2d(self.masked), who, start, length)
        return left if kept is None else left & kept


def estimation_bars(
    window: tuple[int, int], before: tuple[int, int] | None, after: tuple[int, int] | None
) -> tuple[tuple[int, int], tuple[int, int] | None, int]:
    """Return the first and last relative day of estimation, the gap between two windows, and how many bars they plan.

    Raises
    ------
    StudyError
        A window that is reversed or reaches into the event window, or none.
    """
    before = None if before is None else check_window(before, "estimation")
    after = None if after is None else check_window(after, "after")
    if before is None and after is None:
        msg = "estimation=None: name the window after the event then, such as after=(11, 120)"
        raise StudyError(msg)
    if before is not None and before[1] >= window[0]:
        msg = (
            f"the estimation window ends on relative day {before[1]}, inside or after the event window that begins "
            f"on {window[0]}: end it on {window[0] - 1} or before"
        )
        raise StudyError(msg)
    if after is not None and after[0] <= window[1]:
        msg = f"the estimation window after={after} begins inside or before the event window {window}: begin it on {window[1] + 1}"
        raise StudyError(msg)
    pieces = [(int(one[0]), int(one[1])) for one in (before, after) if one is not None]
    gap = (pieces[0][1] + 1, pieces[1][0] - 1) if len(pieces) == 2 else None
    return (pieces[0][0], pieces[-1][1]), gap, sum(last - first + 1 for first, last in pieces)
