"""The compiled loop of the linear engine; import it only where numba is installed and the study is large."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["fit_windows"]


# Reassociation lets the sums run in vector registers. Nothing assumes that values are finite: with nnan and ninf the
# compiler would drop the very checks that find holes (METHODS 6, pitfall 3).
@numba.njit(parallel=True, cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})  # type: ignore[untyped-decorator, unused-ignore]
def fit_windows(
    returns: Any,
    where: Any,
    rows: Any,
    basis: Any,
    valid: Any,
    ahead: Any,
    numbers: Any,
    out: Any,
) -> None:  # pragma: no cover  what is compiled is not traced
    """Fit each security-event in one pass over its estimation window and one over its event window.

    Parameters
    ----------
    returns : (S, B) float
    where : tuple of (n,) int
        Security, bar of relative day 0, and design of each security-event.
    rows : (n,) int
        Where it stands in the outputs.
    basis, valid, ahead : (D, k, T), (D, T), (D, k, L) float
    numbers : tuple of int
        First estimation day, T, first window day, L, and whether there are bars to leave out.
    out : tuple of (N, L), (N, k) and (n, 4) float
        Abnormal returns, coordinates and sums, written in place. The sums: sum of squares, that of the coordinates,
        the sum of the abnormal returns, and the largest return of the event window in absolute value; NaN in one of the
        first three marks what needs care.
    """
    security, day0, design = where
    first, length, ahead_first, ahead_length, masked = numbers
    out_ar, out_share, sums = out
    k = basis.shape[1]
    for i in numba.prange(security.size):
        row = returns[security[i]]
        begin, start, d, at = day0[i] + first, day0[i] + ahead_first, design[i], rows[i]
        if begin < 0 or start + ahead_length > row.size or begin + length > row.size:
            sums[i] = np.nan
            continue
        window = row[begin : begin + length]
        square = 0.0
        if masked:
            weight = valid[d]
            for t in range(length):
                square += weight[t] * window[t] * window[t]
        else:
            for t in range(length):
                square += window[t] * window[t]
        fitted = 0.0
        for j in range(k):
            column = basis[d, j]
            dot = 0.0
            for t in range(length):
                dot += column[t] * window[t]
            out_share[at, j] = dot
            fitted += dot * dot
        total = peak = 0.0
        for t in range(ahead_length):
            value = row[start + t]
            peak = max(peak, abs(value))
            for j in range(k):
                value -= out_share[at, j] * ahead[d, j, t]
            out_ar[at, t] = value
            total += value
        sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3] = square, fitted, total, peak
