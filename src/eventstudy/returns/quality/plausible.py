"""Slips that numbers give away: prices given as returns, percent given as decimals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats
from eventstudy.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PERCENT_MEDIAN: Final = 0.2  # half of all bars moving more than 20 % in size: no market, but usual for percent
PRICE_MEDIAN: Final = 1.0  # a column that is never negative and typically above 100 %: a price
#: Returns that are none: CRSP's -44 .. -99, and what others write for nothing.
CODE_RETURNS: Final = (-44.0, -55.0, -66.0, -77.0, -88.0, -99.0, -99.99, -99.9999, -999.0, -999.99, -9999.0, -99999.0)
ENOUGH: Final = 5  # values below which a median says nothing
LONG: Final = 20  # values below which nothing is said of how they move
LOOKED_AT: Final = 20  # columns that are looked at for how they move
NEAR_ONE: Final = (0.8, 1.25)  # medians of growth factors
LEVEL_LIKE: Final = 0.9  # correlation of neighbours from which on values are levels, not returns


class DataWarning(UserWarning):
    """The data can be used, but look like a slip."""


def coded_returns(values: Floats, *, percent: bool = False) -> NDArray[np.bool_] | None:
    """Return which returns are a vendor's code for nothing, such as -99; None if there are none, as is usual."""
    low = values < (-60.0 if percent else CODE_RETURNS[0] + 0.5)
    if not low.any():
        return None
    found = np.zeros(values.shape, dtype=bool)
    found[low] = np.isin(values[low], CODE_RETURNS)
    return found if found.any() else None


def plausible_returns(frame: pd.DataFrame, *, simple: bool) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a frame of returns as `without_codes` does, checked as `check_returns` does.

    Both look closely at columns that hold a value beyond `PERCENT_MEDIAN` or a hole; in the others nothing can be wrong.
    """
    low, high = frame.min(skipna=False).to_numpy(), frame.max(skipna=False).to_numpy()
    close = np.flatnonzero(~((low >= -PERCENT_MEDIAN) & (high <= PERCENT_MEDIAN)))
    if not close.size:
        return frame, {}
    mended, codes = without_codes(frame.iloc[:, close])
    if 2 * close.size >= frame.shape[1] and (mended.iloc[:, :LOOKED_AT].abs() > PERCENT_MEDIAN).any(axis=None):
        _refuse_levels(mended)
    check_returns(mended, simple=simple)
    if codes:
        frame = frame.copy()
        frame.iloc[:, close] = mended
    return frame, codes


def refuse_growth(frame: pd.DataFrame, place: str) -> None:
    """Refuse growth factors (1 + return) given as prices: all columns stand near one, and jump more than they wander."""
    values = frame.iloc[:, :LOOKED_AT].to_numpy(dtype=float)
    if len(values) < LONG or not values.shape[1]:
        return
    with np.errstate(over="ignore"):  # the middle of two prices that cannot be
        median = np.median(values, axis=0)
    near = np.isfinite(values).all(axis=0) & (median > NEAR_ONE[0]) & (median < NEAR_ONE[1])
    if near.all() and (np.diff(values, axis=0).var(axis=0) > values.var(axis=0)).all():
        name = frame.columns[0]
        msg = (
            f"{place}: column {name!r} stands near 1 and jumps about it, as growth factors (1 + return) do and no price does; pass "
            "frame - 1 with holds='returns', or check=False if they are prices"
        )
        raise DataError(msg)


def _refuse_levels(frame: pd.DataFrame) -> None:
    """Refuse cumulative returns: in all columns each value is near the one before."""
    values = frame.iloc[:, :LOOKED_AT].to_numpy(dtype=float)
    for column in values.T:
        both = np.isfinite(column[1:]) & np.isfinite(column[:-1])
        now, before = column[1:][both], column[:-1][both]
        if (
            len(now) < LONG
            or np.median(now) > PRICE_MEDIAN
            or not now.std()
            or not before.std()
            or np.corrcoef(now, before)[0, 1] < LEVEL_LIKE
        ):
            return
    msg = (
        f"column {frame.columns[0]!r} moves as a level does, each value near the one before: these look like cumulative returns; give the "
        "returns of single bars, or pass check=False if they are"
    )
    raise DataError(msg)


def without_codes(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a frame of returns with codes for nothing made missing, and by symbol the bars at which they stood."""
    found = coded_returns(frame.to_numpy())
    if found is None:
        return frame, {}
    said = {
        str(frame.columns[at]): " ".join(
            str(label).replace(" 00:00:00", "").replace(" ", "T") for label in frame.index[found[:, at]]
        )
        for at in np.flatnonzero(found.any(axis=0)).tolist()
    }
    return frame.mask(found), said


def check_returns(frame: pd.DataFrame, *, simple: bool) -> None:
    """Refuse columns of prices and columns that can only be percent; warn about what looks like percent."""
    values = frame.to_numpy(dtype=float)
    known = np.isfinite(values)
    many = 2 * np.count_nonzero(known & (np.abs(values) > PERCENT_MEDIAN), axis=0) >= known.sum(axis=0)
    frame = frame.loc[:, many]  # the median of the others is below
    finite = frame.where(known[:, many])
    enough = finite.count() >= ENOUGH
    with np.errstate(over="ignore"):  # the middle of two returns that cannot be
        median, size = finite.median(), finite.abs().median()
    prices = enough & (finite.min() >= 0) & (median > PRICE_MEDIAN)
    if prices.any():
        name: Any = prices.idxmax()
        msg = (
            f"column {name!r} (median {median[name]:g}, never negative) holds prices, not returns; "
            "use ReturnPanel.from_prices, or name it in levels= if it is a level"
        )
        raise DataError(msg)
    percent = enough & (size > PERCENT_MEDIAN)
    if percent.any():
        lost = percent & (finite.min() < -1) if simple else percent & False
        name = lost.idxmax() if lost.any() else percent.idxmax()
        said = f"column {name!r} (median size {size[name]:.3g}"
        way = "returns are decimals here: divide by 100, or pass check=False if the values are meant"
        if lost.any():
            msg = f"{said}, lowest {finite[name].min():.3g}: nobody loses more than all) holds percent; {way}"
            raise DataError(msg)
        warnings.warn(f"{said}) looks like percent; {way}", DataWarning, stacklevel=5)
