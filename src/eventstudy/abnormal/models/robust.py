"""Market and factor models that a few wild bars cannot bend: Huber's M-estimator, and Theil and Sen's slope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.abnormal.models.markets import MarketName, market_of, market_symbols
from eventstudy.abnormal.models.protocol import OwnFit, Split, Windows
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.checks import check_fields
from eventstudy.errors import StudyError

NORMAL_MAD: Final = 0.6744897501960817
"""Median absolute deviation of the standard normal."""

STEPS: Final = 200

TOLERANCE: Final = 1e-12
"""Iterate until no fitted value moves by more than this share of the scale: far below any tolerance of a reader."""


@dataclass(frozen=True, slots=True)
class RobustMarketModel:
    """Robust market model: AR = R - a - b Rm.

    Parameters
    ----------
    market : str, or mapping of str to str
        Symbol of the market in the panel; or that of each security, by its symbol.
    method : {"huber", "theil-sen"}
        ``"huber"``: Huber's psi (1964) by iteratively reweighted least squares, scale = median absolute residual / 0.6745 of
        each step. ``"theil-sen"``: b is the median of the slopes of all pairs of bars with different Rm (Theil 1950; Sen
        1968), a = median(R) - b median(Rm), SciPy's convention.
    tuning : float
        Huber's c; 1.345 has 95 % efficiency under normality.

    Notes
    -----
    The forecast variance is (V) with sigma = 1.4826 median abs(e - median e) (Huber: about zero) and (X'WX)^-1: only
    approximate, so pair it with rank, SQ or placebo tests.
    """

    market: MarketName
    method: Literal["huber", "theil-sen"] = "huber"
    tuning: float = 1.345

    k: ClassVar[int] = 2
    forecast: ClassVar[bool] = True
    forecast_columns: ClassVar[tuple[int, ...]] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "market", market_of(self.market))
        check_fields(self)
        if not self.tuning > 0:
            msg = f"tuning={self.tuning} must be positive; 1.345 is usual"
            raise StudyError(msg)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The market."""
        return market_symbols(self.market)

    def split(self, series: Floats | None) -> Split:
        """Return the market."""
        return MarketModel(self.market).split(series)

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        return _huber(windows, self.tuning) if self.method == "huber" else _theil_sen(windows)


def _huber(windows: Windows, tuning: float) -> OwnFit:
    n, c, _ = windows.x.shape
    basis = orthonormal(windows.x.copy(), np.broadcast_to(np.eye(c), (n, c, c)).copy())
    m = windows.usable.sum(axis=1)
    share = np.matvec(basis.q, windows.y)
    weight = np.empty(windows.y.shape)  # of a bar that is not usable it does not matter: the basis is zero there
    active = np.arange(n)
    scale = np.empty(n)
    for _ in range(STEPS):
        q, y = basis.q[active], windows.y[active]
        residual = y - np.vecmat(share[active], q)
        scale[active] = _median(np.abs(residual), windows.usable[active]) / NORMAL_MAD
        with np.errstate(divide="ignore", invalid="ignore"):
            size = np.abs(residual) / scale[active, None]
            weight[active] = np.where(size > tuning, tuning / size, 1.0)
        weighted = q * weight[active, None]
        fresh = np.linalg.solve(weighted @ q.swapaxes(1, 2), np.matvec(weighted, y)[..., None])[..., 0]
        moved = np.abs(np.vecmat(fresh - share[active], q)).max(axis=1)
        share[active] = fresh
        active = active[moved > TOLERANCE * scale[active]]
        if active.size == 0:
            break
    gram = (basis.q * weight[:, None]) @ basis.q.swapaxes(1, 2)
    factor = np.linalg.solve(np.linalg.cholesky(gram), basis.ahead)
    residual = np.where(windows.usable, windows.y - np.vecmat(share, basis.q), 0.0)
    sigma = _median(np.abs(residual), windows.usable) / NORMAL_MAD
    return OwnFit(
        np.matvec(basis.to_coef, share), factor, sigma, m, m - c, basis.full_rank & ~np.isin(np.arange(n), active)
    )


def _theil_sen(windows: Windows) -> OwnFit:
    n, c, _ = windows.x.shape
    basis = orthonormal(windows.x.copy(), np.broadcast_to(np.eye(c), (n, c, c)).copy())
    coef = np.empty((n, 2))
    sigma = np.empty(n)
    for i in range(n):
        there = windows.usable[i]
        x, y = windows.x[i, 1, there], windows.y[i, there]
        low, high = np.triu_indices(x.size, 1)
        run = x[high] - x[low]
        slope = np.median((y[high] - y[low])[run != 0] / run[run != 0])
        coef[i] = np.median(y) - slope * np.median(x), slope
        residual = y - coef[i, 0] - slope * x
        sigma[i] = np.median(np.abs(residual - np.median(residual))) / NORMAL_MAD
    m = windows.usable.sum(axis=1)
    return OwnFit(coef, basis.ahead, sigma, m, m - c, basis.full_rank)


def _median(value: Floats, usable: Bools) -> Floats:
    """Return the median of the usable values of each row."""
    inside: Floats = np.nanmedian(np.where(usable, value, np.nan), axis=1)
    return inside
