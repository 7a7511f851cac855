"""Trade-to-trade returns: a return over missing prices counts once, on the bar that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal.models.least_squares import least_squares
from eventstudy.abnormal.models.markets import MarketName, market_of, market_symbols
from eventstudy.abnormal.models.protocol import Model, OwnFit, Split, Windows
from eventstudy.abnormal.models.thin_trading import _market


@dataclass(frozen=True, slots=True)
class Lumped:
    """A linear model on a panel of lumped returns: its normal return summed over the bars that each return covers."""

    model: Model

    @property
    def symbols(self) -> tuple[str, ...]:
        """The series of the model."""
        return self.model.symbols

    @property
    def k(self) -> int:
        """Mean parameters."""
        return self.model.k

    @property
    def forecast(self) -> bool:
        """Whether the estimated mean is subtracted."""
        return self.model.forecast

    @property
    def forecast_columns(self) -> tuple[int, ...]:
        """All columns."""
        return tuple(range(self.model.k))

    def split(self, series: Floats | None) -> Split:
        """Return what the model makes of the series."""
        return self.model.split(series)

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        fit = least_squares(windows.y, windows.x, windows.usable, self.k)
        if self.model.forecast:
            return fit
        return OwnFit(np.zeros_like(fit.coef), np.zeros_like(fit.factor), fit.sigma, fit.m, fit.df, fit.ok)


@dataclass(frozen=True, slots=True)
class TradeToTrade:
    """Market model on trade-to-trade returns: R = a n + b sum Rm + e, Var(e) = n sigma^2, by weighted least squares.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.

    Notes
    -----
    n is the number of sessions that a return covers: 1, or more after missing prices. Everything is divided by sqrt(n)
    (Marsh 1979; Maynes and Rumsey 1993; Dissanaike and Le Fur 2003). It needs a panel of lumped log returns.
    """

    market: MarketName

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return the market."""
        return _market(series, "TradeToTrade")[..., None, :], None

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        root = np.sqrt(windows.span)
        return least_squares(windows.y / root, windows.x / root[:, None], windows.usable, 2)


def lump(prices: Floats) -> Floats:
    """Return the (S, B) log returns since the last price, however many bars ago; NaN where there is no price.

    Examples
    --------
    >>> import numpy as np
    >>> lump(np.array([[1.0, np.nan, np.e, np.e]]))
    array([[nan, nan,  1.,  0.]])
    """
    if not prices.size:
        return np.asarray(prices, dtype=np.float64)
    log = np.log(prices)
    held = np.where(np.isfinite(log), np.arange(log.shape[1]), -1)
    last = np.maximum.accumulate(held, axis=1)
    before = np.concatenate([np.full((log.shape[0], 1), -1), last[:, :-1]], axis=1)
    row = np.arange(log.shape[0])[:, None]
    earlier = np.where(before >= 0, log[row, before.clip(0)], np.nan)
    return np.asarray(log - earlier)


def spans_of(returns: Floats) -> Floats:
    """Return how many bars each return of a lumped panel covers: one more than the missing ones just before it.

    The first return of a series covers one: what went before it is not known to be missing.

    Examples
    --------
    >>> import numpy as np
    >>> spans_of(np.array([[np.nan, 0.1, np.nan, np.nan, 0.2, 0.1]]))
    array([[nan,  1., nan, nan,  3.,  1.]])
    """
    there = np.isfinite(returns)
    at = np.broadcast_to(np.arange(returns.shape[1]), returns.shape)
    last = np.maximum.accumulate(np.where(there, at, -1), axis=1)
    before = np.concatenate([np.full((returns.shape[0], 1), -1), last[:, :-1]], axis=1)
    return np.where(there, np.where(before >= 0, at - before, 1), np.nan)
