"""Returns of prices: from one bar of a symbol's own calendar to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns._describe import day_of

Kind = Literal["simple", "log"]


def simple_returns(returns: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Return the simple returns of returns of a kind."""
    return returns if kind == "simple" else pd.DataFrame(np.expm1(returns))


def price_returns(
    prices: pd.DataFrame, kind: Kind, groups: Iterable[tuple[list[str], pd.DatetimeIndex | None]] = ()
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


def _change(values: np.ndarray[Any, np.dtype[np.float64]], kind: Kind) -> np.ndarray[Any, np.dtype[np.float64]]:
    change = np.full(values.shape, np.nan)
    ratio = values[1:] / values[:-1]
    change[1:] = np.log(ratio) if kind == "log" else ratio - 1.0
    return change
