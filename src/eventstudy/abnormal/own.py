"""Models whose estimate is not plain least squares: each window is fitted by the model's own estimator.

The frame is that of the linear engine: the same windows, the same usable bars, the same forecast variance
sigma^2 (n_t + x*' C x*), written as sigma^2 |factor x*|^2 with whatever C the estimator has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal.basis import Basis
from eventstudy.abnormal.sample import EstimationRecord
from eventstudy.abnormal.status import Exclusion
from eventstudy.abnormal.windows import bars_of, cut

if TYPE_CHECKING:
    from eventstudy.abnormal.inputs import Inputs
    from eventstudy.abnormal.result import AbnormalReturns, Draft

__all__ = ["OwnFit", "OwnModel", "Windows", "estimate_own", "is_own", "own_record"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Windows:
    """The estimation windows of n security-events.

    Attributes
    ----------
    y : (n, T) float
        Responses; zero where not usable.
    x : (n, K + 1, T) float
        All columns of the design, the constant first; zero where not usable.
    usable : (n, T) bool
    span : (n, T) float
        Bars that each return covers: 1, or more after missing prices in a panel of lumped returns.
    steps : (L,) int
        How many bars each bar of the event window lies after the end of the estimation window.
    key : (n, 2) int
        Security and bar of relative day 0: what a random stream of this security-event is seeded with.
    """

    y: Floats
    x: Floats
    usable: Bools
    span: Floats
    steps: Ints
    key: Ints


@dataclass(frozen=True, slots=True)
class OwnFit:
    """What an estimator found in n windows.

    Attributes
    ----------
    coef : (n, c) float
        Coefficients of the columns that forecast, the constant first.
    factor : (n, c, c) float
        The variance of the forecast mean is sigma^2 |factor x*|^2.
    sigma : (n,) float
        Scale of the residuals, decimals.
    m, df : (n,) int
        Usable bars, and residual degrees of freedom.
    ok : (n,) bool
        Whether there is an estimate.
    fallback : (n,) bool or None
        Where ordinary least squares stands in.
    variance : (n, L) float or None
        Variance of the disturbance at each bar of the event window, where it moves.
    """

    coef: Floats
    factor: Floats
    sigma: Floats
    m: Ints
    df: Ints
    ok: Bools
    fallback: Bools | None = None
    variance: Floats | None = None


class OwnModel(Protocol):
    """A normal-return model with an estimator of its own.

    Attributes
    ----------
    forecast_columns : tuple of int
        Columns of the design (0 is the constant) that enter the forecast.
    """

    @property
    def forecast_columns(self) -> tuple[int, ...]:
        """Columns of the design that enter the forecast."""
        ...

    def fit(self, windows: Windows) -> OwnFit:
        """Fit the windows."""
        ...


def is_own(model: object) -> TypeGuard[OwnModel]:
    """Return whether a model has an estimator of its own; an `isinstance` of a protocol, a hundred times as fast."""
    return hasattr(model, "forecast_columns")


def estimate_own(inputs: Inputs, model: OwnModel, out: Draft, chunk: int) -> None:
    """Fit every security-event of `inputs` by the model's own estimator and write it into `out`."""
    for low in range(0, inputs.day0.size, chunk):
        rows = slice(low, min(low + chunk, inputs.day0.size))
        _chunk(inputs, model, rows, out)


def _chunk(inputs: Inputs, model: OwnModel, rows: slice, out: Draft) -> None:
    windows = _windows(inputs, inputs.security[rows], inputs.day0[rows])
    ar, ahead, span = _ahead(inputs, model, inputs.security[rows], inputs.day0[rows], inputs.window)
    n, columns, length = ahead.shape
    m = windows.usable.sum(axis=1)
    status = np.zeros(n, dtype=np.int8)
    out.note_suspects(rows, ar)
    status[~np.isfinite(ar).any(axis=1)] = Exclusion.NO_RETURNS_IN_WINDOW
    status[np.isinf(ar).any(axis=1) | np.isinf(windows.y).any(axis=1)] = Exclusion.INFINITE_RETURN
    status[m < inputs.minimum] = Exclusion.TOO_FEW_BARS
    status[(status == 0) & _constant(windows)] = Exclusion.RANK_DEFICIENT
    good = np.flatnonzero(status == 0)
    coef, factor = np.full((n, columns), np.nan), np.zeros((n, columns, columns))
    sigma, df, used = np.full(n, np.nan), m - inputs.k, m.copy()
    fallback, variance = np.zeros(n, dtype=bool), np.full((n, length), np.nan)
    if good.size:
        fit = model.fit(_pick(windows, good))
        status[good[~fit.ok]] = Exclusion.NO_CONVERGENCE
        coef[good], factor[good], sigma[good] = fit.coef, fit.factor, fit.sigma
        df[good], used[good] = fit.df, fit.m
        fallback[good] = False if fit.fallback is None else fit.fallback
        variance[good] = span[good] * fit.sigma[:, None] ** 2 if fit.variance is None else fit.variance
    ar -= np.einsum("nc,ncl->nl", coef, ahead)
    bad = status != Exclusion.STUDIED
    ar[bad | ~np.isfinite(ar).any(axis=1)] = np.nan
    sigma[bad] = coef[bad] = np.nan
    unit = np.broadcast_to(np.eye(columns), (n, columns, columns))
    base = out.add_basis(Basis(np.empty((n, columns, 0)), ahead, unit, np.ones(n, dtype=bool)))
    out.ar[rows], out.share[rows], out.sigma[rows] = ar, coef, sigma
    out.m[rows], out.df[rows], out.status[rows] = used, df, status
    out.degenerate[rows] = ~bad & ~(sigma > 1e-10 * np.abs(windows.y).max(axis=1))
    out.design[rows] = base + np.arange(n)
    out.fallback[rows] = fallback & ~bad
    out.set_mix(rows, factor)
    out.set_variance(rows, variance)


def own_record(abnormal: AbnormalReturns, model: OwnModel, first: int, last: int) -> EstimationRecord:
    """Return residuals, leverages, bars and designs of the estimation windows, from the estimates that were made."""
    inputs = abnormal.inputs
    windows = _windows(inputs, abnormal.security, abnormal.day0)
    columns = list(model.forecast_columns)
    x = windows.x[:, columns]
    residual = (windows.y - np.einsum("nc,nct->nt", abnormal.share, x)) / np.sqrt(windows.span)
    mix = np.eye(len(columns)) if abnormal.mix is None else abnormal.mix
    weighted = np.matmul(mix, x)
    leverage = np.einsum("nct,nct->nt", weighted, weighted) / windows.span
    _, ahead, _ = _ahead(inputs, model, abnormal.security, abnormal.day0, (first, last))
    return EstimationRecord(
        residual=np.where(windows.usable, residual, np.nan),
        leverage=np.where(windows.usable, np.minimum(leverage, 1 - 1e-9), np.nan),
        bar=bars_of(abnormal.day0, *inputs.estimation, inputs.bars),
        design=np.where(windows.usable[:, :, None], x.swapaxes(1, 2), np.nan),
        window_design=ahead.swapaxes(1, 2),
    )


def _windows(inputs: Inputs, security: Ints, day0: Ints) -> Windows:
    begin, length = day0 + inputs.estimation[0], inputs.planned
    y = inputs.response(security, begin, length)
    x = inputs.columns_at(security, begin, length)
    span = _spans(inputs, security, begin, length)
    if inputs.spans is not None:
        y, x = _lump(inputs, security, begin, length, span)
    usable = ~np.isnan(y) & np.isfinite(x).all(axis=1)
    usable &= inputs.unmasked_at(security, begin, length)
    if inputs.spans is not None and not inputs.weigh_spans:
        usable &= span == 1  # a lumped return has another variance, which this estimator does not know of
    y, x = np.where(usable, y, 0.0), np.where(usable[:, None], x, 0.0)
    who = security if inputs.codes is None else inputs.codes[security]
    steps = np.arange(inputs.window[0], inputs.window[1] + 1) - inputs.estimation[1]
    return Windows(y, x, usable, np.where(usable, span, 1.0), steps, np.stack([who, day0], axis=1))


def _ahead(
    inputs: Inputs, model: OwnModel, security: Ints, day0: Ints, window: tuple[int, int]
) -> tuple[Floats, Floats, Floats]:
    """Return the responses, the forecasting columns and the spans of a window after the estimation window."""
    begin, length = day0 + window[0], window[1] - window[0] + 1
    span = _spans(inputs, security, begin, length)
    if inputs.spans is None:
        y, x = inputs.response(security, begin, length), inputs.columns_at(security, begin, length)
    else:
        y, x = _lump(inputs, security, begin, length, span)
    x = x[:, list(model.forecast_columns)]
    x[~np.isfinite(x)] = np.nan
    return y, x, span


def _spans(inputs: Inputs, security: Ints, start: Ints, length: int) -> Floats:
    if inputs.spans is None:
        return np.ones((security.size, length))
    span = cut(inputs.spans, security, start, length)
    return np.where(np.isfinite(span), span, 1.0)


def _lump(inputs: Inputs, security: Ints, start: Ints, length: int, span: Floats) -> tuple[Floats, Floats]:
    """Return responses and columns summed over the bars that each return covers."""
    y, x = inputs.response(security, start, length), inputs.columns_at(security, start, length)
    raw = cut(inputs.returns, security, start, length)
    offset = raw - y
    longest = int(span.max(initial=1.0))
    for back in range(1, longest):
        covers = span > back
        if not covers.any():
            break
        earlier = inputs.columns_at(security, start - back, length)
        x += np.where(covers[:, None], earlier, 0.0)
        before = inputs.offset_at(security, start - back, length)
        if before is not None:
            offset += np.where(covers, before, 0.0)
    return raw - offset, x


def _constant(windows: Windows) -> Bools:
    """Return whose regressors do not vary over the usable bars."""
    there = windows.usable[:, None]
    low = np.where(there, windows.x, np.inf).min(axis=2)
    high = np.where(there, windows.x, -np.inf).max(axis=2)
    return np.asarray((low[:, 1:] == high[:, 1:]).any(axis=1))


def _pick(windows: Windows, rows: Ints) -> Windows:
    return Windows(
        windows.y[rows], windows.x[rows], windows.usable[rows], windows.span[rows], windows.steps, windows.key[rows]
    )
