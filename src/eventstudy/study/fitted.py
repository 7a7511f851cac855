"""What a fitted study holds, as data: the parts by calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.returns import ReturnPanel
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.request import Request

Alternative = Literal["two-sided", "less", "greater"]

Errors = Literal["HC3", "cluster", "wild_cluster", "nonrobust", "portfolio", "long_run", "pre_event", "scaled", "split"]

Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """The security-events of one calendar.

    Attributes
    ----------
    aligned : Aligned
    placed : Placed
        All events of the request, on this calendar.
    rows : (n,) int
        Rows of the request that are studied.
    abnormal : AbnormalReturns
        Of those rows.
    attempted : AbnormalReturns
        Of every row that the engine saw, the excluded among them.
    attempted_rows : (a,) int
        Their rows of the request.
    asked : (p,) int
        All rows of the request that belong to this calendar.
    real : (B,) or (S, B) bool
        Where real events begin, for placebo tests.
    """

    aligned: Aligned
    placed: Placed
    rows: Ints
    abnormal: AbnormalReturns
    attempted: AbnormalReturns
    attempted_rows: Ints
    asked: Ints
    real: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a study found, as data: codes and positions, before any label is put back.

    Attributes
    ----------
    study : Design
        The study that was fitted.
    request : Request
        The events asked for.
    panel : ReturnPanel
        The returns.
    symbols : tuple of str
        The symbols asked for.
    event, symbol : (N,) int
        Event and symbol of each security-event asked for.
    status : (N,) int8
        `Exclusion` values.
    parts : tuple of Part
        One a calendar.
    merged : mapping of int to list of int
        For each row that stands for several overlapping events, the other events.
    """

    study: Design
    request: Request
    panel: ReturnPanel
    symbols: tuple[str, ...]
    event: Ints
    symbol: Ints
    status: NDArray[np.int8]
    parts: tuple[Part, ...]
    merged: dict[int, list[int]]

    @property
    def n(self) -> int:
        """Security-events studied."""
        return sum(part.rows.size for part in self.parts)
