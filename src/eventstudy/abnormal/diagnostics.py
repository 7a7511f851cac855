"""What a careful referee asks about estimation windows: thin trading, autocorrelation, ARCH, normality, beta stability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Diagnostics", "diagnose"]

Floats = NDArray[np.float64]

LAGS: Final = 5


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Diagnostics of n estimation windows.

    Attributes
    ----------
    zero_share : (n,) float
        Share of returns that are exactly zero, among those that are there.
    missing_share : (n,) float
        Share of planned bars without a usable return.
    r_squared : (n,) float
    autocorrelation : (n,) float
        First autocorrelation of the residuals, over pairs of neighbouring usable bars.
    arch_pvalue : (n,) float
        Engle's (1982) LM test of five lags on squared residuals.
    skewness, kurtosis : (n,) float
        Of the residuals; 0 and 3 under normality.
    jarque_bera_pvalue : (n,) float
    beta_shift_t : (n,) float
        t of the change of the first slope from the first to the second half of the window; NaN without regressors.
    """

    zero_share: Floats
    missing_share: Floats
    r_squared: Floats
    autocorrelation: Floats
    arch_pvalue: Floats
    skewness: Floats
    kurtosis: Floats
    jarque_bera_pvalue: Floats
    beta_shift_t: Floats


def diagnose(response: Floats, residual: Floats, design: Floats) -> Diagnostics:
    """Diagnose estimation windows.

    Parameters
    ----------
    response : (n, T) float
        Returns; NaN where missing.
    residual : (n, T) float
        NaN where not used.
    design : (n, T, k) float
        Rows of the design, the constant first; NaN where not used.
    """
    from scipy.special import chdtrc  # noqa: PLC0415  a tenth of the import time of scipy.stats

    used = np.isfinite(residual)
    m = used.sum(axis=1)
    e = np.where(used, residual, 0.0)
    y = np.where(used, response, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(used, y - (y.sum(axis=1) / m)[:, None], 0.0)
        both = used[:, 1:] & used[:, :-1]
        rho = (e[:, 1:] * e[:, :-1]).sum(axis=1) / np.sqrt(
            (e[:, 1:] ** 2 * both).sum(axis=1) * (e[:, :-1] ** 2 * both).sum(axis=1)
        )
        centred = np.where(used, e - (e.sum(axis=1) / m)[:, None], 0.0)
        second = (centred**2).sum(axis=1) / m
        skewness = (centred**3).sum(axis=1) / m / second**1.5
        kurtosis = (centred**4).sum(axis=1) / m / second**2
        bera = m / 6 * (skewness**2 + (kurtosis - 3) ** 2 / 4)
        there = np.isfinite(response)
        return Diagnostics(
            zero_share=(response == 0).sum(axis=1) / there.sum(axis=1),
            missing_share=1 - m / residual.shape[1],
            r_squared=1 - (e**2).sum(axis=1) / (y**2).sum(axis=1),
            autocorrelation=rho,
            arch_pvalue=np.array([_arch(row[keep]) for row, keep in zip(e, used, strict=True)]),
            skewness=skewness,
            kurtosis=kurtosis,
            jarque_bera_pvalue=chdtrc(2, bera),
            beta_shift_t=np.array([_shift(response[i], design[i], used[i]) for i in range(m.size)]),
        )


def _arch(residual: Floats) -> float:
    """Return the p-value of Engle's LM test: M R2 of squared residuals on their own lags, chi2(lags)."""
    from scipy.special import chdtrc  # noqa: PLC0415  as above

    square = residual**2
    if square.size <= 3 * LAGS or square.std() == 0:
        return float("nan")
    y = square[LAGS:]
    x = np.column_stack([np.ones(y.size), *(square[LAGS - lag : -lag] for lag in range(1, LAGS + 1))])
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    share = 1 - ((y - fitted) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    return float(chdtrc(LAGS, y.size * share))


def _shift(response: Floats, design: Floats, used: NDArray[np.bool_]) -> float:
    """Return the t of the first slope's change between halves, in one regression with both halves' own coefficients."""
    x, y = design[used], response[used]
    k = x.shape[1]
    if k < 2 or y.size < 2 * k + 4:
        return float("nan")
    late = (np.arange(y.size) >= y.size // 2)[:, None]
    both = np.column_stack([x, x * late])
    q, r = np.linalg.qr(both)
    if np.abs(np.diag(r)).min() <= 1e-11 * np.abs(np.diag(r)).max():
        return float("nan")
    inverse = np.linalg.inv(r)
    coef = inverse @ (q.T @ y)
    residual = y - both @ coef
    scale = residual @ residual / (y.size - 2 * k)
    return float(coef[k + 1] / np.sqrt(scale * (inverse[k + 1] @ inverse[k + 1])))
