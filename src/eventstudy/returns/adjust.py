"""Adjustment by us, from closes, dividends and splits: what an adjusted close is, in the open.

The factor of an ex-day is ``1 - D / P``, with D the dividend and P the last close before it, as CRSP and Yahoo define it; the
adjusted close of a day is its close times the factors of all later ex-days. Splits multiply likewise by old for new shares.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from eventstudy.border import said
from eventstudy.checks import checked
from eventstudy.errors import BadPayload, DataError
from eventstudy.returns.bars import Bars

Adjustment = Literal["total", "price", "none", "source"]
ADJUSTMENTS: Final = ("total", "price", "none", "source")


@checked(DataError)
def adjust_prices(
    close: pd.Series,
    dividends: pd.Series | None = None,
    splits: pd.Series | None = None,
    *,
    kind: Literal["total", "price"] = "total",
) -> pd.Series:
    """Adjust closes as they were traded for splits and, for total return, for dividends.

    Parameters
    ----------
    close : pandas.Series
        Closes as traded on each day; NaN where missing.
    dividends : pandas.Series, optional
        Cash for one share as it was on the ex-day; zero or NaN elsewhere.
    splits : pandas.Series, optional
        New shares for one old (4.0: four for one), on the first day that trades on the new basis; zero or NaN elsewhere.
    kind : {"total", "price"}
        With or without dividends.

    Returns
    -------
    pandas.Series
        Equal to `close` from the last ex-day on; missing where `close` is.

    Raises
    ------
    DataError
        A dividend that is negative, infinite or not below the close before it, a split that is not a positive number, or one
        of either on a day between the first and the last that `close` does not have: naming the day and the value.

    Examples
    --------
    A share at 100 pays 2 and opens where it should, then splits four for one:

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2025-03-03", "2025-03-04", "2025-03-05"])
    >>> close = pd.Series([100.0, 98.0, 24.5], index=days)
    >>> dividends, splits = pd.Series([0, 2.0, 0], index=days), pd.Series([0, 0, 4.0], index=days)
    >>> adjust_prices(close, dividends, splits).tolist()
    [24.5, 24.5, 24.5]
    >>> adjust_prices(close, dividends, splits, kind="price").tolist()
    [25.0, 24.5, 24.5]
    """
    _refuse_slips(close, dividends, splits)
    with np.errstate(over="ignore", invalid="ignore"):
        adjusted = _adjusted(close, dividends, splits, kind)
    if splits is not None:
        _refuse_no_price(close, adjusted, splits)
    return adjusted


def _adjusted(
    close: pd.Series, dividends: pd.Series | None, splits: pd.Series | None, kind: Literal["total", "price"]
) -> pd.Series:
    ratio = _filled(splits, close.index)
    share = np.where(ratio > 0, 1.0 / np.where(ratio > 0, ratio, 1.0), 1.0)
    price = close * _later(share)
    if kind == "price":
        return price
    cash = _filled(dividends, close.index) * share  # on the basis that trades after a split of the same day
    before = (close.ffill().shift(1) * share).to_numpy()
    paid = (cash > 0) & np.isfinite(before) & (before > 0)
    factor = np.where(paid, 1.0 - np.where(paid, cash, 0.0) / np.where(paid, before, 1.0), 1.0)
    factor = np.where(factor > 0, factor, 1.0)  # of a source, which has been looked at: a slip there is noted
    return price * _later(factor)


def _refuse_slips(close: pd.Series, dividends: pd.Series | None, splits: pd.Series | None) -> None:
    """Stop at what cannot be, rather than leave it out."""
    prices = _column("close", close)
    if prices.index.has_duplicates:
        msg = f"close has {_day(prices.index[prices.index.duplicated()][0])} more than once; keep one row a day"
        raise DataError(msg)
    before = prices.ffill().shift(1)
    for name, values in (("split", splits), ("dividend", dividends)):
        if values is None:
            continue
        given = _column(f"{name}s", values)
        given = given[given.notna() & (given != 0)]
        _filled(given, close.index)  # each day once
        lost = given.index[~given.index.isin(close.index) & _between(given.index, close.index)]
        if len(lost):
            msg = f"{name} of {given[lost[0]]:g} on {_day(lost[0])}: close has no such day; move it to the day on which it counts"
            raise DataError(msg)
        given = given[given.index.isin(close.index)]
        bad = given.index[(given <= 0) | ~np.isfinite(given)]
        if len(bad):
            msg = f"{name} of {given[bad[0]]:g} on {_day(bad[0])} cannot be; mend it, or take it out"
            raise DataError(msg)
        above = given.index[given >= before.reindex(given.index)] if name == "dividend" else bad
        if len(above):
            day = above[0]
            msg = f"dividend of {given[day]:g} on {_day(day)} is not below the close before it ({before[day]:g}); mend it, or take it out"
            raise DataError(msg)


def _refuse_no_price(close: pd.Series, adjusted: pd.Series, splits: pd.Series) -> None:
    """Stop at splits after which a close is infinite or nothing."""
    lost = close.index[(close > 0) & ~(np.isfinite(adjusted) & (adjusted > 0))]
    if len(lost):
        given = _column("splits", splits)
        given = given[(given > 0) & given.index.isin(close.index)]
        day = np.log(given).abs().idxmax()
        msg = f"split of {given[day]:g} on {_day(day)} makes the close of {_day(lost[0])} {adjusted[lost[0]]:g}; mend it, or take it out"
        raise DataError(msg)


def _column(name: str, values: object) -> pd.Series:
    if not isinstance(values, pd.Series):
        msg = f"{name} are a {type(values).__name__}, not a pandas Series by date; make one of them"
        raise DataError(msg)
    try:
        return values.astype(float)
    except (TypeError, ValueError) as fault:
        msg = f"{name} are not numbers ({said(fault)}); make numbers of them first"
        raise DataError(msg) from fault


def _between(days: pd.Index, index: pd.Index) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each day lies between the first and the last of an index; days of another kind (a zone, text) do."""
    try:
        within: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.asarray((days > index.min()) & (days < index.max()))
    except TypeError:
        return np.ones(len(days), dtype=bool)
    return within


def _day(label: object) -> str:
    return str(label).removesuffix(" 00:00:00")


def adjusted_close(bars: Bars, kind: Adjustment) -> pd.Series:
    """Return the closes of a source's bars, adjusted as asked."""
    frame = bars.frame
    close = frame["close"]
    if kind == "total":
        return _adjusted(close, frame["dividend"], None, "total") if "dividend" in frame else close
    if kind == "price":
        return close
    if kind == "none":
        unknown = frame.index[frame["split"].isna()] if "split" in frame else frame.index[:0]
        if len(unknown):
            msg = (
                f"a split on {unknown[-1]:%Y-%m-%d} without a ratio that can be: the closes before it as they were traded "
                "cannot be told; use adjustment='total'"
            )
            raise BadPayload(msg)
        ratio = _filled(frame.get("split"), close.index)
        return close / _later(np.where(ratio > 0, 1.0 / np.where(ratio > 0, ratio, 1.0), 1.0))
    if "adj_close" not in frame:
        msg = "this source has no adjusted close of its own; use adjustment='total'"
        raise DataError(msg)
    return frame["adj_close"]


def _filled(values: pd.Series | None, index: pd.Index) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if values is None:
        return np.zeros(len(index))
    twice = values.index[values.index.duplicated()]
    if len(twice):
        msg = f"dividends or splits: {twice[0]} stands {int((values.index == twice[0]).sum())} times; keep one row a day (dividends added up, splits multiplied)"
        raise DataError(msg)
    filled: np.ndarray[tuple[int], np.dtype[np.float64]] = np.nan_to_num(values.reindex(index).to_numpy(dtype=float))
    return filled


def _later(factor: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Multiply, for each day, the factors of all later days."""
    later = np.ones(len(factor))
    later[:-1] = np.cumprod(factor[:0:-1])[::-1]
    return later
