"""From prices to returns: from one bar to the next of a symbol's own exchange."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.calendars import sessions
from eventstudy.errors import DataError
from eventstudy.returns._describe import day_of


def price_returns(
    prices: pd.DataFrame, kind: str, groups: Iterable[tuple[list[str], pd.DatetimeIndex | None]] = ()
) -> pd.DataFrame:
    """Return the returns of prices from one bar to the next, missing where either price is."""
    values = prices.to_numpy(dtype=float)
    bad = np.argwhere(values <= 0)
    if bad.size:
        row, column = bad[0]
        msg = (
            f"column {prices.columns[column]!r}, row {day_of(prices.index[row])}: {values[row, column]:g} is not a price "
            "(it must be above zero); name the symbol in levels= if it is a level, or mend the source"
        )
        raise DataError(msg)
    result = pd.DataFrame(_change(values, kind), index=prices.index, columns=prices.columns)
    for symbols, bars in groups:
        if bars is not None:
            own = prices.loc[prices.index.isin(bars), symbols]
            change = pd.DataFrame(_change(own.to_numpy(dtype=float), kind), index=own.index, columns=own.columns)
            result[symbols] = change.reindex(prices.index)
    return result


def _change(values: np.ndarray[Any, np.dtype[np.float64]], kind: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    change = np.full(values.shape, np.nan)
    ratio = values[1:] / values[:-1]
    change[1:] = np.log(ratio) if kind == "log" else ratio - 1.0
    return change


def calendar_groups(
    held: pd.DataFrame, calendar: str | None, calendars: Mapping[str, str]
) -> list[tuple[list[str], pd.DatetimeIndex | None]]:
    """Symbols by calendar, when the rows are the sessions of more than one."""
    if not calendars or held.empty:
        return []
    by_calendar: dict[str | None, list[str]] = {}
    for symbol in held.columns:
        by_calendar.setdefault(calendars.get(str(symbol), calendar), []).append(symbol)
    first, last = pd.Timestamp(held.index[0]), pd.Timestamp(held.index[-1])
    return [(symbols, None if name is None else sessions(name, first, last)) for name, symbols in by_calendar.items()]
