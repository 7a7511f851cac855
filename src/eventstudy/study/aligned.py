"""Returns and events on one calendar, as positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_hashable

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.intraday.clock import ClockBars
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.words import a_few, brief


@dataclass(frozen=True, slots=True)
class Aligned:
    """A panel on the bars of one calendar, as arrays.

    Attributes
    ----------
    calendar : str or None
    bars : pandas.Index
        Labels of the bars, strictly increasing.
    symbols : tuple of str
    returns : (S, B) float
        Contiguous by security where the frame allows it without a copy.
    series : (K, B) float or None
        The model's regressors or donors, in its order.
    level : (B,) float or None
        The level series that the model's variance reads.
    strange : int
        Rows of the panel that are no bars of the calendar, left out.
    spans : (S, B) float or None
        Bars that each return covers, in a panel of lumped returns.
    off : (S, B) bool or None
        Bars that hold a day of the data which is no session of the calendar.
    laid : ReturnPanel or None
        The panel with such days put together with the next session, where there are any.
    zone : str or None
        The time zone of bars that are days.
    shut : DatetimeIndex or None
        Sessions of the calendar on which nothing was traded; they are no bars.
    hours : ClockBars or None
        The bars on the hours of the exchange, where the model is that of bars within days.
    """

    calendar: str | None
    bars: pd.Index
    symbols: tuple[str, ...]
    returns: Floats
    series: Floats | None
    level: Floats | None
    strange: int
    spans: Floats | None = None
    off: NDArray[np.bool_] | None = None
    laid: ReturnPanel | None = None
    zone: str | None = None
    shut: pd.DatetimeIndex | None = None
    hours: ClockBars | None = None

    def one(self, panel: ReturnPanel, symbol: str) -> Floats:
        """Return the (B,) returns of one symbol of the panel on these bars."""
        if not is_hashable(symbol) or symbol not in panel.frame.columns:
            msg = f"the panel has no returns of {brief(repr(symbol))}; it has {a_few(panel.frame.columns)}"
            raise StudyError(msg)
        return np.asarray(_rows((self.laid or panel).frame, [symbol], self.bars)[0])


@dataclass(frozen=True, slots=True)
class Placed:
    """Events on the bars of one calendar.

    Attributes
    ----------
    position : (E,) int
        Bar of relative day 0; -1 if it is not in the data.
    status : (E,) int8
        `Exclusion` values.
    label : pandas.Index
        Label of the bar looked for, whether the data have it or not.
    moved : (E,) bool
        Whether the bar asked for was no session and another was taken.
    uncertain : (E,) bool
        Whether what is known of the moment leaves another bar open.
    asked : (E,) int or None
        Bars of all events, those that are refused for their precision too; None: `position`.
    outside : (E,) bool or None
        Whether the moment lies outside trading hours, within days.
    """

    position: Ints
    status: NDArray[np.int8]
    label: pd.Index
    moved: NDArray[np.bool_]
    uncertain: NDArray[np.bool_]
    asked: Ints | None = None
    outside: NDArray[np.bool_] | None = None


WIDE = 50
"""Series from which on they are cut out of a panel in one go."""


def _rows(frame: pd.DataFrame, names: Sequence[str], rows: pd.Index | None) -> Floats:
    if rows is None and len(names) > WIDE:
        whole: Floats = np.ascontiguousarray(frame[list(names)].to_numpy(dtype=np.float64).T)
        return whole
    columns = [frame[name] if rows is None else frame[name].reindex(rows) for name in names]
    return np.stack([column.to_numpy(dtype=np.float64) for column in columns])
