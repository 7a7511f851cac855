"""Models whose estimate is not plain least squares: each window is fitted by the model's own estimator.

The frame is that of the linear engine: the same windows, the same usable bars, the same forecast variance
sigma^2 (n_t + x*' C x*), written as sigma^2 |factor x*|^2 with whatever C the estimator has.
"""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.protocol import OwnModel, Windows
from eventstudy.abnormal.orthonormal import Basis
from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.abnormal.windows import bars_of, cut


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
    ar[bad] = np.nan
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


def own_record(
    inputs: Inputs, model: OwnModel, share: Floats, mix: Floats | None, window: tuple[int, int]
) -> EstimationRecord:
    """Return residuals, leverages, bars and designs of the estimation windows, from the estimates that were made."""
    security, day0 = inputs.security, inputs.day0
    windows = _windows(inputs, security, day0)
    columns = list(model.forecast_columns)
    x = windows.x[:, columns]
    residual = (windows.y - np.einsum("nc,nct->nt", share, x)) / np.sqrt(windows.span)
    weighted = np.matmul(np.eye(len(columns)) if mix is None else mix, x)
    leverage = np.einsum("nct,nct->nt", weighted, weighted) / windows.span
    _, ahead, _ = _ahead(inputs, model, security, day0, window)
    return EstimationRecord(
        residual=np.where(windows.usable, residual, np.nan),
        leverage=np.where(windows.usable, np.minimum(leverage, 1 - 1e-9), np.nan),
        bar=bars_of(day0, *inputs.estimation, inputs.bars),
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
