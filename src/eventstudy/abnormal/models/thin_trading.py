"""Thin trading: betas from neighbouring sessions, and returns that cover several sessions.

Brown and Warner (1985): betas for thin trading improve neither the size nor the power of an event test, because the
intercept takes up the bias; they are offered, and no default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.models.least_squares import least_squares
from eventstudy.abnormal.models.markets import MarketName, market_of, market_symbols
from eventstudy.abnormal.models.protocol import OwnFit, Split, Windows
from eventstudy.checks import check_fields
from eventstudy.errors import StudyError

LEAST_DENOMINATOR: Final = 0.1
"""METHODS 2.1: with 1 + 2 rho at or below this the Scholes-Williams beta is not defined."""


def shifted(series: Floats, by: int) -> Floats:
    """Return `series` with the value of bar t + `by` at bar t; NaN where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> shifted(np.array([1.0, 2.0, 3.0]), 1)
    array([ 2.,  3., nan])
    """
    out = np.full(series.shape, np.nan)
    bars = series.shape[-1]
    if by >= 0:
        out[..., : bars - by] = series[..., by:]
    else:
        out[..., -by:] = series[..., :by]
    return out


def _market(series: Floats | None, what: str) -> Floats:
    if series is None or series.shape[-2] != 1:
        msg = f"{what} reads one series, the market: regressors=(1, B)"
        raise StudyError(msg)
    return series[..., 0, :]


@dataclass(frozen=True, slots=True)
class ScholesWilliams:
    """Scholes and Williams (1977): beta = (b-1 + b0 + b+1) / (1 + 2 rho), AR = R - alpha - beta Rm.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.

    Notes
    -----
    b-1, b0, b+1 are slopes of simple regressions of R_t on Rm_{t-1}, Rm_t, Rm_{t+1}, rho the first autocorrelation of
    Rm, all over the bars of the estimation window whose neighbours lie in it too and are there. alpha is the mean of R
    less beta times the mean of Rm. The forecast variance is that of the equivalent instrumental-variables estimator with
    z_t = Rm_{t-1} + Rm_t + Rm_{t+1}: sigma^2 (1 + 1/M + (x - mean)^2 Szz/Sxz^2). Without an estimate (1 + 2 rho <= 0.1)
    the security-event is excluded.
    """

    market: MarketName

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 2)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return the market one bar before, now, and one bar after."""
        market = _market(series, "ScholesWilliams")
        return np.stack([shifted(market, by) for by in (-1, 0, 1)], axis=-2), None

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        usable = windows.usable.copy()
        usable[:, [0, -1]] = False  # their neighbours lie outside the estimation window
        weight = usable.astype(np.float64)
        m = usable.sum(axis=1)
        mean_y = np.vecdot(weight, windows.y) / m
        y = np.where(usable, windows.y - mean_y[:, None], 0.0)
        mean_x = np.vecdot(weight[:, None], windows.x[:, 1:]) / m[:, None]
        x = np.where(usable[:, None], windows.x[:, 1:] - mean_x[:, :, None], 0.0)
        square = np.vecdot(x, x)
        slope = np.vecdot(x, y[:, None]) / square
        rho = np.vecdot(x[:, 0], x[:, 1]) / np.sqrt(square[:, 0] * square[:, 1])
        ok = 1 + 2 * rho > LEAST_DENOMINATOR
        beta = slope.sum(axis=1) / np.where(ok, 1 + 2 * rho, np.nan)
        alpha = mean_y - beta * mean_x[:, 1]
        residual = np.where(usable, windows.y - alpha[:, None] - beta[:, None] * windows.x[:, 2], 0.0)
        sigma = np.sqrt(np.vecdot(residual, residual) / (m - 2))
        z = x.sum(axis=1)
        z -= np.where(usable, (z.sum(axis=1) / m)[:, None], 0.0)
        spread = np.sqrt(np.vecdot(z, z)) / np.abs(np.vecdot(z, x[:, 1]))
        return OwnFit(np.stack([alpha, beta], axis=1), _slope_factor(m, mean_x[:, 1], spread), sigma, m, m - 2, ok)


def _slope_factor(m: Ints, mean: Floats, spread: Floats) -> Floats:
    """Return the factor of sigma^2 (1/M + (x - mean)^2 spread^2)."""
    factor = np.zeros((m.size, 2, 2))
    factor[:, 0, 0] = 1 / np.sqrt(m)
    factor[:, 1, 0] = -mean * spread
    factor[:, 1, 1] = spread
    return factor


@dataclass(frozen=True, slots=True)
class Dimson:
    """Dimson (1979), `dimson_full`: AR = R - a - sum_{j=-n..n} b_j Rm_{t+j}; an ordinary regression with k = 2n + 2.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.
    n : int
        Leads and lags, 1 to 3.

    Notes
    -----
    A lead reads the market one session later, so that the last bar of the data has no abnormal return, and the last bar
    of an estimation window sees the market of the next bar. `DimsonSum` is the other convention.
    """

    market: MarketName
    n: int = 1

    forecast: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))
        check_fields(self)
        _leads(self.n, 3)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    @property
    def k(self) -> int:
        """Mean parameters."""
        return 2 * self.n + 2

    def split(self, series: Floats | None) -> Split:
        """Return the market at each lag and lead."""
        market = _market(series, "Dimson")
        return np.stack([shifted(market, by) for by in range(-self.n, self.n + 1)], axis=-2), None


@dataclass(frozen=True, slots=True)
class DimsonSum:
    """Dimson's summed beta: AR = R - a' - beta Rm, a' = mean R - beta mean Rm.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.
    n : int
        Leads and lags, 1 or 2.
    weights : {"dimson", "fowler-rorke"}
        ``"dimson"``: beta = sum b_j. ``"fowler-rorke"``: the consistent weights of Fowler and Rorke (1983); n = 1:
        b0 + w (b-1 + b+1), w = (1 + rho1)/(1 + 2 rho1).

    Notes
    -----
    The b_j come from the regression on all leads and lags, whose M - k = M - 2n - 2 are the degrees of freedom. The
    forecast variance is sigma^2 (1 + 1/M) + (x - mean)^2 Var(beta), Var(beta) from that regression.
    """

    market: MarketName
    n: int = 1
    weights: Literal["dimson", "fowler-rorke"] = "dimson"

    forecast: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))
        check_fields(self)
        _leads(self.n, 2)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    @property
    def k(self) -> int:
        """Mean parameters of the regression."""
        return 2 * self.n + 2

    @property
    def forecast_columns(self) -> tuple[int, ...]:
        """The constant and the market of the same bar."""
        return (0, self.n + 1)

    def split(self, series: Floats | None) -> Split:
        """Return the market at each lag and lead."""
        return Dimson(self.market, self.n).split(series)

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        full = least_squares(windows.y, windows.x, windows.usable, self.k)
        m, now = full.m, windows.x[:, self.n + 1]
        weight = np.ones((m.size, 2 * self.n + 1))
        if self.weights == "fowler-rorke":
            weight = _fowler_rorke(now, windows.usable, self.n)
        beta = np.vecdot(weight, full.coef[:, 1:])
        mean = now.sum(axis=1) / m
        alpha = windows.y.sum(axis=1) / m - beta * mean
        residual = np.where(windows.usable, windows.y - alpha[:, None] - beta[:, None] * now, 0.0)
        sigma = np.sqrt(np.vecdot(residual, residual) / (m - self.k))
        load = np.matvec(full.factor[:, :, 1:], weight)
        spread = np.sqrt(np.vecdot(load, load)) * full.sigma / np.where(sigma > 0, sigma, np.nan)
        return OwnFit(np.stack([alpha, beta], axis=1), _slope_factor(m, mean, spread), sigma, m, m - self.k, full.ok)


def _fowler_rorke(market: Floats, usable: Bools, n: int) -> Floats:
    """Return the weights of lags and leads that make the summed beta consistent."""
    m = usable.sum(axis=1)
    centred = np.where(usable, market - (market.sum(axis=1) / m)[:, None], 0.0)
    square = np.vecdot(centred, centred)
    rho = [np.vecdot(centred[:, lag:], centred[:, : centred.shape[1] - lag]) / square for lag in range(1, n + 1)]
    if n == 1:
        outer = [(1 + rho[0]) / (1 + 2 * rho[0])]
    else:
        total = 1 + 2 * rho[0] + 2 * rho[1]
        outer = [(1 + 2 * rho[0] + rho[1]) / total, (1 + rho[0] + rho[1]) / total]
    return np.stack([*reversed(outer), np.ones(m.size), *outer], axis=1)


def _leads(n: int, most: int) -> None:
    if not 1 <= n <= most:
        msg = f"n={n} leads and lags; give 1 to {most}"
        raise StudyError(msg)
