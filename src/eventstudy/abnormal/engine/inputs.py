"""What one call of the engine works on, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.models.donor_pool import Pool
from eventstudy.abnormal.windows import cut, cut_flags

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

    @property
    def bars(self) -> int:
        """Bars of the panel, B."""
        return int(self.returns.shape[1])

    @property
    def planned(self) -> int:
        """Planned bars of the estimation window, T."""
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
        """Return which bars of the (n, length) windows the mask leaves; True if there is none."""
        if self.masked_own is not None:
            return ~cut_flags(self.masked_own, security, start, length)
        if self.masked_days is not None:
            return ~cut_flags(self.masked_days, np.zeros_like(security), start, length)
        return True
