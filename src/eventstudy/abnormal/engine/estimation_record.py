"""The estimation windows themselves: residuals, leverages and designs, made again for the tests that ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.chunks import each_chunk
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.abnormal.windows import bars_of

CHUNK: Final = 1024


def estimation_record(
    inputs: Inputs, first: int, last: int, found: Callable[[Ints], tuple[Floats, Floats]] | None = None
) -> EstimationRecord:
    """Return residuals, leverages, bars and designs of the estimation windows of every security-event of `inputs`.

    `found` gives the columns (n, k, T) and (n, k, L) at dates (n,), where they are no series of the panel.
    """
    n, planned, k = inputs.security.size, inputs.planned, inputs.k
    if found is not None:
        k = found(inputs.day0[:1])[0].shape[1]
    residual, leverage = np.empty((n, planned)), np.empty((n, planned))
    design = np.empty((n, planned, k))
    window_design = np.empty((n, last - first + 1, k))
    mean = np.zeros(n)

    def one(low: int) -> None:
        rows = slice(low, low + CHUNK)
        who, when = inputs.security[rows], inputs.day0[rows]
        response = inputs.response(who, when + inputs.estimation[0], planned)
        if found is None:
            columns = inputs.columns_at(who, when + inputs.estimation[0], planned)
            ahead = inputs.columns_at(who, when + first, last - first + 1)
        else:
            columns, ahead = found(when)
            ahead = ahead[:, :, first - inputs.window[0] : last - inputs.window[0] + 1].copy()
        usable = np.isfinite(response) & np.isfinite(columns).all(axis=1)
        if found is not None:
            usable &= columns[:, 0] > 0
        usable &= inputs.unmasked_at(who, when + inputs.estimation[0], planned)
        basis = orthonormal(np.where(usable[:, None], columns, 0.0))
        left = np.where(usable, response, 0.0)
        if not inputs.forecast:  # the design is the constant alone
            mean[rows] = left.sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
        for _ in range(2):  # the second pass takes out what rounding left of the first
            left -= np.vecmat(np.matvec(basis.q, left), basis.q)
        residual[rows] = np.where(usable, left, np.nan)
        leverage[rows] = np.where(usable, np.einsum("nkt,nkt->nt", basis.q, basis.q), np.nan)
        design[rows] = np.where(usable[:, :, None], columns.swapaxes(1, 2), np.nan)
        ahead[~np.isfinite(ahead)] = np.nan
        window_design[rows] = ahead.swapaxes(1, 2)

    each_chunk(one, n, CHUNK)
    bar = bars_of(inputs.day0, inputs.estimation[0], inputs.estimation[1], inputs.bars)
    return EstimationRecord(residual, leverage, bar, design, window_design, mean)
