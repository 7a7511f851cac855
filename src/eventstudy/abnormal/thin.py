"""Thin trading: betas from neighbouring sessions, and returns that cover several sessions.

Brown and Warner (1985): betas for thin trading improve neither the size nor the power of an event test, because the
intercept takes up the bias; they are offered, and no default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal.basis import orthonormal
from eventstudy.abnormal.own import OwnFit, Windows
from eventstudy.errors import StudyError

if TYPE_CHECKING:
    from eventstudy.abnormal.models import Model, Split

__all__ = ["Dimson", "DimsonSum", "Lumped", "ScholesWilliams", "TradeToTrade", "least_squares", "lump", "spans_of"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LEAST_DENOMINATOR: Final = 0.1
"""METHODS 2.1: with 1 + 2 rho at or below this the Scholes-Williams beta is not defined."""


def least_squares(y: Floats, x: Floats, usable: Bools, k: int) -> OwnFit:
    """Fit n windows by least squares, each with its own bars.

    Parameters
    ----------
    y : (n, T) float
        Zero where not usable.
    x : (n, c, T) float
        Columns, zero where not usable.
    usable : (n, T) bool
    k : int
        Mean parameters, for the degrees of freedom.
    """
    n, c, _ = x.shape
    basis = orthonormal(x.copy(), np.broadcast_to(np.eye(c), (n, c, c)).copy())
    share = np.matvec(basis.q, y)
    residual = y - np.vecmat(share, basis.q)
    again = np.matvec(basis.q, residual)  # what rounding left of the mean
    residual -= np.vecmat(again, basis.q)
    m = usable.sum(axis=1)
    sigma = np.sqrt(np.vecdot(residual, residual) / (m - k))
    return OwnFit(np.matvec(basis.to_coef, share + again), basis.ahead, sigma, m, m - k, basis.full_rank)


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
    market : str
        Symbol of the market in the panel.

    Notes
    -----
    b-1, b0, b+1 are slopes of simple regressions of R_t on Rm_{t-1}, Rm_t, Rm_{t+1}, rho the first autocorrelation of
    Rm, all over the bars of the estimation window whose neighbours lie in it too and are there. alpha is the mean of R
    less beta times the mean of Rm. The forecast variance is that of the equivalent instrumental-variables estimator with
    z_t = Rm_{t-1} + Rm_t + Rm_{t+1}: sigma^2 (1 + 1/M + (x - mean)^2 Szz/Sxz^2). Without an estimate (1 + 2 rho <= 0.1)
    the security-event is excluded.
    """

    market: str

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 2)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return (self.market,)

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
    market : str
        Symbol of the market in the panel.
    n : int
        Leads and lags, 1 to 3.

    Notes
    -----
    A lead reads the market one session later, so that the last bar of the data has no abnormal return, and the last bar
    of an estimation window sees the market of the next bar. `DimsonSum` is the other convention.
    """

    market: str
    n: int = 1

    forecast: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _leads(self.n, 3)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return (self.market,)

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
    market : str
        Symbol of the market in the panel.
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

    market: str
    n: int = 1
    weights: Literal["dimson", "fowler-rorke"] = "dimson"

    forecast: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _leads(self.n, 2)
        if self.weights not in {"dimson", "fowler-rorke"}:
            msg = f"weights={self.weights!r} is not one of 'dimson', 'fowler-rorke'"
            raise StudyError(msg)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return (self.market,)

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
    market : str
        Symbol of the market in the panel.

    Notes
    -----
    n is the number of sessions that a return covers: 1, or more after missing prices. Everything is divided by sqrt(n)
    (Marsh 1979; Maynes and Rumsey 1993; Dissanaike and Le Fur 2003). It needs a panel of lumped log returns.
    """

    market: str

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 1)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return (self.market,)

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
