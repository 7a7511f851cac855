"""The compiled loop of the linear engine; import it only where numba is installed and the study is large."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


# Reassociation lets the sums run in vector registers. Nothing assumes that values are finite: with nnan and ninf the
# compiler would drop the very checks that find holes (METHODS 6, pitfall 3).
@numba.njit(cache=True, inline="always", fastmath={"reassoc", "contract", "nsz", "arcp"})  # type: ignore[untyped-decorator, unused-ignore]
def _square(window: Any, weight: Any, count: int) -> float:
    """Return the sum of squares over the bars that the design uses; the loop taken depends on the design alone."""
    total = 0.0
    if count < window.size:
        for t in range(window.size):
            total += weight[t] * window[t] * window[t]
    else:
        for t in range(window.size):
            total += window[t] * window[t]
    return total


@numba.njit(cache=True, inline="always", fastmath={"reassoc", "contract", "nsz", "arcp"})  # type: ignore[untyped-decorator, unused-ignore]
def _three(window: Any, one: Any, two: Any, weight: Any, count: int) -> Any:
    """Return the sum of squares over the bars that the design uses, and the window's share in each of two columns."""
    total = 0.0
    share = 0.0
    slope = 0.0
    if count < window.size:
        for t in range(window.size):
            value = window[t]
            total += weight[t] * value * value
            share += one[t] * value
            slope += two[t] * value
    else:
        for t in range(window.size):
            value = window[t]
            total += value * value
            share += one[t] * value
            slope += two[t] * value
    return total, share, slope


@numba.njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})  # type: ignore[untyped-decorator, unused-ignore]
def fit_windows(
    returns: Any,
    where: Any,
    rows: Any,
    basis: Any,
    usable: Any,
    ahead: Any,
    numbers: Any,
    out: Any,
) -> None:
    """Fit each security-event in one pass over its estimation window and one over its event window.

    Shapes: returns (S, B), basis (D, k, T), ahead (D, k, L).
    """
    security, day0, design = where
    valid, count = usable
    first, length, ahead_first, ahead_length = numbers
    out_ar, out_share, sums = out
    k = basis.shape[1]
    for i in numba.prange(security.size):
        row = returns[security[i]]
        begin, start, d, at = day0[i] + first, day0[i] + ahead_first, design[i], rows[i]
        if begin < 0 or start + ahead_length > row.size or begin + length > row.size:
            for j in range(4):  # one by one: to numba a slice is a parallel loop of its own
                sums[i, j] = np.nan
            continue
        if k == 2:  # the market model: one pass over the window for all three sums
            square, share, slope = _three(row[begin : begin + length], basis[d, 0], basis[d, 1], valid[d], count[d])
            out_share[at, 0], out_share[at, 1] = share, slope
            flat, steep = ahead[d, 0], ahead[d, 1]
            total = 0.0
            peak = 0.0
            for t in range(ahead_length):
                value = row[start + t]
                peak = max(peak, abs(value))
                value = value - share * flat[t] - slope * steep[t]
                out_ar[at, t] = value
                total += value
            sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3] = square, share * share + slope * slope, total, peak
            continue
        window = row[begin : begin + length]
        square = _square(window, valid[d], count[d])
        fitted = 0.0
        for j in range(k):
            column = basis[d, j]
            dot = 0.0
            for t in range(length):
                dot += column[t] * window[t]
            out_share[at, j] = dot
            fitted += dot * dot
        total = 0.0
        peak = 0.0
        for t in range(ahead_length):
            value = row[start + t]
            peak = max(peak, abs(value))
            for j in range(k):
                value -= out_share[at, j] * ahead[d, j, t]
            out_ar[at, t] = value
            total += value
        sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3] = square, fitted, total, peak
