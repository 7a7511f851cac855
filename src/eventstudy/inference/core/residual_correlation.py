"""The average correlation of residuals over the bars that two estimation windows share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample

LEAST_SHARED = 30
"""A correlation over fewer shared bars is taken as 0 (METHODS 4.7)."""

BLOCK = 128
"""Rows of a block of pairs: small, so that a block meets few dates besides its own."""

MOST_PAIRED = 2000
"""Above this many security-events on one date, holes are treated with each event's own moments: no N x N matrix."""


def mean_correlation(residual: Floats, bar: Ints, window_bar: Ints, present: NDArray[np.bool_]) -> float:
    """Return the mean over all pairs of rho_ij ov_ij / sqrt(L_i L_j).

    Parameters
    ----------
    residual : (N, T) float
        Estimation residuals; NaN where the bar was not used.
    bar : (N, T) int
        Their calendar positions; negative outside the data.
    window_bar : (N, L) int
        Calendar positions of the tested window.
    present : (N, L) bool
        Where the abnormal return is finite.

    Returns
    -------
    float
        rho_ij is Pearson's over the bars that both estimation windows have (0 with fewer than 30); ov_ij the bars of
        the tested windows that both have; L_i its own. 0 for N < 2.

    References
    ----------
    Kolari and Pynnönen (2010); Kolari, Pape and Pynnönen (2018) for partly overlapping windows.

    Examples
    --------
    >>> import numpy as np
    >>> e = np.tile(np.random.default_rng(0).normal(size=50), (2, 1))
    >>> bar = np.tile(np.arange(50), (2, 1))
    >>> round(mean_correlation(e, bar, np.array([[60], [60]]), np.ones((2, 1), dtype=bool)), 12)
    1.0
    >>> mean_correlation(e, bar, np.array([[60], [61]]), np.ones((2, 1), dtype=bool))
    0.0
    """
    rows = np.flatnonzero(present.any(axis=1))
    if rows.size < 2:
        return 0.0
    residual, bar, window_bar, present = residual[rows], bar[rows], window_bar[rows], present[rows]
    n = rows.size
    whole = np.isfinite(residual).all()
    if (window_bar == window_bar[0]).all() and (whole or n > MOST_PAIRED):
        return float(_one_date(residual, present))
    present = present & (window_bar >= 0)
    start = np.where(window_bar >= 0, window_bar - np.arange(window_bar.shape[1]), -1).max(axis=1)
    order = np.argsort(start, kind="stable")
    regular = whole and present.all() and (bar >= 0).all() and (np.ptp(bar[:, 0] - start) == 0)
    if regular and n > BLOCK:
        total = _by_lag(residual[order], start[order], window_bar.shape[1])
        return 2 * total / (n * (n - 1))
    total = _pairs(residual[order], bar[order], window_bar[order], present[order], start[order])
    return 2 * total / (n * (n - 1))


def _one_date(residual: Floats, present: NDArray[np.bool_]) -> Floats:
    """Return the mean weighted correlation of events on one date, shape (...), in O(N T L).

    sum_ij rho_ij ov_ij / sqrt(L_i L_j) is the squared norm of sum_i z_i w_i', w_i the window's indicator over sqrt(L_i).
    """
    used = np.isfinite(residual)
    filled = np.where(used, residual, 0.0)
    z = filled - np.where(used, (filled.sum(axis=-1) / used.sum(axis=-1))[..., None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.nan_to_num(z / np.sqrt((z**2).sum(axis=-1))[..., None])
        weight = np.nan_to_num(present / np.sqrt(present.sum(axis=-1))[..., None])
    n = present.any(axis=-1).sum(axis=-1)
    cross = np.swapaxes(z, -1, -2) @ weight
    own = ((z**2).sum(axis=-1) * present.any(axis=-1)).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 1, ((cross**2).sum(axis=(-1, -2)) - own) / (n * (n - 1)), 0.0)


def _by_lag(residual: Floats, start: Ints, length: int) -> float:
    """Return the sum over i < j of rho_ij ov_ij / L without holes, date by date: O(N T L), no pair is formed.

    Two windows d bars apart share the last T - d bars of the earlier and the first T - d of the later, so that the sum
    of their correlations is the product of two sums of series, each standardized over the bars that it shares.
    """
    n, t = residual.shape
    days, code = np.unique(start, return_inverse=True)
    total = 0.0
    for lag in range(min(length, t - LEAST_SHARED + 1)):
        later = np.searchsorted(days, days + lag)
        meet = days[np.minimum(later, days.size - 1)] == days + lag
        if not meet.any():
            continue
        shared = t - lag
        early = _group_sums(residual[:, lag:], code, days.size)[meet]
        late = _group_sums(residual[:, :shared], code, days.size)[later[meet]]
        inner = float((early * late).sum())
        total += (length - lag) / length * ((inner - n) / 2 if lag == 0 else inner)
    return total


def _group_sums(x: Floats, code: Ints, groups: int) -> Floats:
    """Return, for each date, the sum of its events' series standardized to unit length, (groups, bars)."""
    centre = x.mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1 / np.sqrt(np.maximum(np.einsum("nt,nt->n", x, x) - x.shape[1] * centre**2, 0.0))
    scale[~np.isfinite(scale)] = 0.0
    member = sparse.csr_array((scale, (code, np.arange(code.size))), shape=(groups, code.size))
    return np.asarray(member @ x) - np.bincount(code, scale * centre, minlength=groups)[:, None]


def _pairs(residual: Floats, bar: Ints, window_bar: Ints, present: NDArray[np.bool_], start: Ints) -> float:
    """Return the sum over i < j of rho_ij ov_ij / sqrt(L_i L_j); rows ascend in date."""
    length = window_bar.shape[1]
    total = 0.0
    for low in range(0, start.size, BLOCK):
        high = min(low + BLOCK, start.size)
        reach = int(np.searchsorted(start, start[high - 1] + length))
        first, others = slice(low, high), slice(low, reach)
        if not _meet(start[others], length):
            continue
        frame = (int(start[low]), int(start[reach - 1]) + length)
        overlap = _lay(present[first], window_bar[first], frame)[1]
        other = _lay(present[others], window_bar[others], frame)[1]
        shared = overlap @ other.T / np.sqrt(np.outer(overlap.sum(axis=1), other.sum(axis=1)))
        shared[np.tril_indices(high - low)] = 0.0  # each pair once
        if not shared.any():
            continue
        days = bar[others]
        frame = (int(days[days >= 0].min()), int(days.max()) + 1)
        rho = _pearson(*_lay(residual[first], bar[first], frame), *_lay(residual[others], days, frame))
        total += float((rho * shared).sum())
    return total


def _meet(start: Ints, length: int) -> bool:
    return bool((np.diff(start) < length).any())


def _lay(values: Floats | NDArray[np.bool_], bar: Ints, frame: tuple[int, int]) -> tuple[Floats, Floats]:
    """Lay rows out on the calendar positions of `frame`: values (0 where missing or False) and their indicator."""
    grid, mask = np.zeros((2, bar.shape[0], frame[1] - frame[0]))
    there = (bar >= 0) & (values.astype(bool) if values.dtype == bool else np.isfinite(values))
    row, column = np.nonzero(there)
    at = bar[row, column] - frame[0]
    grid[row, at], mask[row, at] = values[row, column], 1.0
    return grid, mask


def _pearson(x: Floats, mx: Floats, y: Floats, my: Floats) -> Floats:
    """Return Pearson's correlation of each row of x with each row of y over the columns that both have."""
    number = mx @ my.T
    with np.errstate(invalid="ignore", divide="ignore"):
        sx, sy = x @ my.T, mx @ y.T
        vx, vy = (x**2) @ my.T - sx**2 / number, mx @ (y**2).T - sy**2 / number
        rho = (x @ y.T - sx * sy / number) / np.sqrt(vx * vy)
    return np.where((number >= LEAST_SHARED) & np.isfinite(rho), rho, 0.0)


def batch_correlation(sample: WindowSample) -> Floats:
    """Return `mean_correlation` of a sample or of each sample of a batch, shape (...); NaN without estimation windows."""
    shape = sample.car.shape[:-1]
    record = sample.estimation
    if record is None:
        return np.full(shape, np.nan)
    # by SCAR, since a series that never moves has a CAR but no SCAR: it is in no test that this correlation adjusts
    present = np.isfinite(sample.ar) & np.isfinite(sample.scar)[..., None]
    one_date = (sample.bar == sample.bar[..., :1, :]).all()
    if one_date and np.isfinite(record.residual).all():
        return _one_date(record.residual, present)
    days = np.sort(np.where(present.any(axis=-1), sample.day0, -1), axis=-1)
    apart = (np.diff(days, axis=-1) >= sample.bar.shape[-1]) | (days[..., 1:] < 0)
    if apart.all():  # no two windows share a bar
        return np.zeros(shape)
    rows = [
        mean_correlation(record.residual[at], record.bar[at], sample.bar[at], present[at]) for at in np.ndindex(*shape)
    ]
    return np.array(rows).reshape(shape)


def relative_correlation(sample: WindowSample) -> Floats:
    """Return the mean correlation of residuals of one relative day over all pairs, as some packages have it."""
    assert sample.estimation is not None  # noqa: S101  the registry has said so in words; this is for the type checker
    residual, present = sample.estimation.residual, np.isfinite(sample.scar)[..., None]
    rows = np.flatnonzero(present) if residual.ndim == 2 else np.arange(0)
    if not 2 <= rows.size <= MOST_PAIRED or np.isfinite(residual[rows]).all():
        return _one_date(residual, present)
    there = np.isfinite(residual[rows])
    laid = np.where(there, residual[rows], 0.0), there.astype(float)
    rho = _pearson(*laid, *laid)
    return np.asarray((rho.sum() - np.trace(rho)) / (rows.size * (rows.size - 1)))
