"""Returns of prices: from one bar of a symbol's own calendar to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns._describe import day_of

Kind = Literal["simple", "log"]

LEAST: Final = 1e-100
"""Nothing costs less; the ratio of two numbers of such a size may be none."""

MOST: Final = 1e100
"""Nothing costs more."""


def simple_returns(returns: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Return the simple returns of returns of a kind."""
    return returns if kind == "simple" else pd.DataFrame(np.expm1(returns))


def price_returns(
    prices: pd.DataFrame, kind: Kind, groups: Iterable[tuple[list[str], pd.DatetimeIndex | None]] = ()
) -> pd.DataFrame:
    """Return the returns of prices from one bar to the next, missing where either price is."""
    values = prices.to_numpy(dtype=float)
    bad = np.argwhere((values < LEAST) | (values > MOST))
    if bad.size:
        row, column = bad[0]
        msg = (
            f"column {prices.columns[column]!r}, row {day_of(prices.index[row])}: {values[row, column]:g} is not a price "
            f"({'it must be above zero' if values[row, column] <= 0 else 'none is of that size'}); name the symbol in levels= if it is a level, or mend the source"
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


def as_kind(returns: pd.DataFrame, kind: Kind, *, log: bool) -> pd.DataFrame:
    """Bring returns, logs or simple ones, to the kind that is asked for."""
    if not returns.shape[1] or log == (kind == "log"):
        return returns
    if log:
        return simple_returns(returns, "log")
    lost = np.argwhere(returns.to_numpy() <= -1.0)
    if lost.size:
        row, column = lost[0]
        msg = (
            f"{returns.columns[column]!r}, {day_of(returns.index[row])}: a simple return of {returns.iloc[row, column]:g} has no logarithm; if the "
            "file holds log returns say so (holds='log'), else use kind='simple'"
        )
        raise DataError(msg)
    return pd.DataFrame(np.log1p(returns.to_numpy()), index=returns.index, columns=returns.columns)
