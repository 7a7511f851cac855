"""Slips that numbers give away: prices given as returns, percent given as decimals."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

from eventstudy.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PERCENT_MEDIAN: Final = 0.2  # half of all bars moving more than 20 % in size: no market, but usual for percent
PRICE_MEDIAN: Final = 1.0  # a column that is never negative and typically above 100 %: a price
ENOUGH: Final = 5  # values below which a median says nothing


class DataWarning(UserWarning):
    """The data can be used, but look like a slip."""


def check_returns(frame: pd.DataFrame, *, simple: bool) -> None:
    """Refuse columns of prices and columns that can only be percent; warn about what looks like percent."""
    finite = frame.where(np.isfinite(frame.to_numpy(dtype=float)))
    enough = finite.count() >= ENOUGH
    prices = enough & (finite.min() >= 0) & (finite.median() > PRICE_MEDIAN)
    if prices.any():
        name = prices.idxmax()
        msg = (
            f"column {name!r} (median {finite[name].median():g}, never negative) holds prices, not returns; "
            "use ReturnPanel.from_prices, or name it in levels= if it is a level"
        )
        raise DataError(msg)
    percent = enough & (finite.abs().median() > PERCENT_MEDIAN)
    if percent.any():
        lost = percent & (finite.min() < -1) if simple else percent & False
        name = lost.idxmax() if lost.any() else percent.idxmax()
        said = f"column {name!r} (median size {finite[name].abs().median():.3g}"
        way = "returns are decimals here: divide by 100, or pass check=False if the values are meant"
        if lost.any():
            msg = f"{said}, lowest {finite[name].min():.3g}: nobody loses more than all) holds percent; {way}"
            raise DataError(msg)
        warnings.warn(f"{said}) looks like percent; {way}", DataWarning, stacklevel=4)
