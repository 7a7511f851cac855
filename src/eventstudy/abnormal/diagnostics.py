"""What a careful referee asks about estimation windows: thin trading, autocorrelation, ARCH, normality, beta stability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.orthonormal import orthonormal

LAGS: Final = 5

CHUNK: Final = 1024


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

    Shapes: response (n, T), residual (n, T), design (n, T, k).
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
            arch_pvalue=_by_chunks(_arch, e, used),
            skewness=skewness,
            kurtosis=kurtosis,
            jarque_bera_pvalue=chdtrc(2, bera),
            beta_shift_t=_by_chunks(_shift, response, used, design),
        )


def _by_chunks(test: Callable[..., Floats], *arrays: Any) -> Floats:
    """Return `test` of the rows of `arrays`, a thousand at a time."""
    size = len(arrays[0])
    parts = [test(*(array[low : low + CHUNK] for array in arrays)) for low in range(0, size, CHUNK)]
    return np.concatenate(parts) if parts else np.empty(0)


def _arch(residual: Floats, used: Bools) -> Floats:
    """Return the p-values of Engle's LM test: M R2 of squared residuals on their own lags, chi2(lags)."""
    from scipy.special import chdtrc  # noqa: PLC0415  as above

    size, m = used.shape[1] - LAGS, used.sum(axis=1)
    if size <= 0:
        return np.full(m.size, np.nan)
    together = np.argsort(~used, axis=1, kind="stable")  # those that are used first, in their order
    square = np.take_along_axis(residual, together, axis=1) ** 2
    inside = np.arange(size) < (m - LAGS)[:, None]
    lagged = [square[:, LAGS - lag : LAGS - lag + size] for lag in range(1, LAGS + 1)]
    design = np.where(inside[:, None], np.stack([np.ones(inside.shape), *lagged], axis=1), 0.0)
    y = np.where(inside, square[:, LAGS:], 0.0)
    y = np.where(inside, y - (y.sum(axis=1) / inside.sum(axis=1).clip(1))[:, None], 0.0)
    basis = orthonormal(design)
    left = y - np.vecmat(np.matvec(basis.q, y), basis.q)
    total = np.vecdot(y, y)
    known = (m > 3 * LAGS) & (total > 0) & basis.full_rank
    share = 1 - np.vecdot(left, left) / np.where(known, total, np.nan)
    return np.asarray(chdtrc(LAGS, (m - LAGS) * share), dtype=np.float64)


def _shift(response: Floats, used: Bools, design: Floats) -> Floats:
    """Return the t of the first slope's change between halves, in one regression with both halves' own coefficients."""
    n, _, k = design.shape
    if k < 2:
        return np.full(n, np.nan)
    m = used.sum(axis=1)
    late = np.cumsum(used, axis=1) > (m // 2)[:, None]
    x = np.where(used[:, None], design.swapaxes(1, 2), 0.0)
    y = np.where(used, response, 0.0)
    basis = orthonormal(np.concatenate([x, x * late[:, None]], axis=1))
    share = np.matvec(basis.q, y)
    left = y - np.vecmat(share, basis.q)
    known = basis.full_rank & (m >= 2 * k + 4)
    scale = np.vecdot(left, left) / np.where(known, m - 2 * k, np.nan)
    row = basis.to_coef[:, k + 1]
    return np.asarray(np.vecdot(row, share) / np.sqrt(scale * np.vecdot(row, row)))
