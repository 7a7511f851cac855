"""Covariances of the CARs of all pairs of security-events, from the residuals of their estimation windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import EstimationRecord, WindowSample
from eventstudy.inference.core.residual_correlation import LEAST_SHARED

BLOCK = 64
"""Rows of a block of pairs of one sample: small, so that a block meets few dates besides its own."""

LEAST = 3.0
"""Fewer degrees of freedom than this cannot tell by how much the event has scaled the covariances: the scale is taken as 1."""


def car_covariance(sample: WindowSample) -> Floats:
    """Return the covariance of each pair of CARs: sigma_ij <a_i, a_j>, shape (..., N, N).

    Parameters
    ----------
    sample : WindowSample
        With its estimation windows. Events without a CAR have rows and columns of zeros.

    Returns
    -------
    (..., N, N) float
        CAR_i = sum_t a_it e_it over calendar bars: a is 1 on the bars of the window, minus the weight that the forecast
        gives the bar in the estimation window, and 0 elsewhere. So the bars that two windows share enter, and the
        estimation error that two events have in common. sigma_ij is the mean product of residuals over the bars that
        both estimation windows have (0 with fewer than 30), with divisors M - k. The diagonal is car_se².

    References
    ----------
    Kolari, Pape and Pynnönen (2018) for the shared bars; Salkever (1976) for CAR as a linear form.
    """
    there = np.isfinite(sample.car)
    found = _pairs(sample, np.where(there[..., None], np.isfinite(sample.ar), 0.0))
    return _with_own_variance(found, sample.car_se)


def residual_covariance(sample: WindowSample) -> Floats:
    """Return the covariance of the residuals of each pair on one bar, sigma_ij, shape (N, N); see `car_covariance`."""
    return _pairs(sample, None)


def _pairs(sample: WindowSample, weight: Floats | None) -> Floats:
    """Return sigma_ij <a_i, a_j> where `weight` (..., N, L) says which bars of the window count, or sigma_ij alone."""
    record = sample.estimation
    assert record is not None  # noqa: S101  the caller has asked for it; this is for the type checker
    there = np.isfinite(sample.car)
    alone = weight is None
    weight = np.zeros(sample.ar.shape) if weight is None else weight
    past = forecast_weights(record, weight) if record.forecast else np.zeros(record.residual.shape)
    known = np.isfinite(record.residual) & there[..., None]
    scale = np.sqrt(sample.m / np.maximum(sample.df, 1))
    residual = np.where(known, record.residual, 0.0) * scale[..., None]
    past = np.where(known, -past, 0.0)
    rows = (residual, known.astype(float), past, weight, record.bar, sample.bar)
    return _all_pairs(*rows, alone=alone) if sample.car.ndim > 1 else _by_blocks(rows, sample.day0, alone=alone)


def forecast_weights(record: EstimationRecord, weight: Floats) -> Floats:
    """Return x_t'(X'X)^-1 X*'1 for each estimation bar, (..., N, T)."""
    there = np.isfinite(record.design)
    design = record.design if there.all() else np.where(there, record.design, 0.0)
    ahead = np.where(np.isfinite(record.window_design), record.window_design, 0.0)
    total = (ahead * weight[..., None]).sum(axis=-2)
    cross = np.swapaxes(design, -1, -2) @ design
    try:
        solved = np.linalg.solve(cross, total[..., None])
    except np.linalg.LinAlgError:
        solved = np.linalg.pinv(cross, hermitian=True) @ total[..., None]
    return np.asarray((design @ solved)[..., 0])


def _all_pairs(
    residual: Floats, known: Floats, past: Floats, weight: Floats, bar: Ints, window_bar: Ints, *, alone: bool
) -> Floats:
    """Return sigma_ij <a_i, a_j> of all pairs of each sample, (..., N, N)."""
    if _together(bar, window_bar):
        cross, count, form = residual, known, np.concatenate([past, weight], axis=-1)
    else:
        cross, count, form = _on_calendar(residual, known, past, weight, bar, window_bar)
    shared = np.asarray(count.shape[-1]) if count.all() else count @ np.swapaxes(count, -1, -2)
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = (cross @ np.swapaxes(cross, -1, -2)) / shared
    sigma = np.where(shared >= LEAST_SHARED, sigma, 0.0)
    return sigma if alone else sigma * (form @ np.swapaxes(form, -1, -2))


def _together(bar: Ints, window_bar: Ints) -> bool:
    """Whether all events of each sample have the same bars, those of the estimation window first."""
    same = all(bool((bars == bars[..., :1, :]).all()) for bars in (bar, window_bar))
    return same and bool((bar.max(axis=-1) < _first(window_bar)).all())


def _first(bar: Ints) -> Ints:
    """Return the first bar of each event inside the data, (..., N)."""
    return np.asarray(np.where(bar >= 0, bar, np.iinfo(np.int64).max).min(axis=-1))


def _ends(bar: Ints, window_bar: Ints) -> tuple[Ints, Ints]:
    """Return the first and the last bar of each event, (..., N)."""
    return np.minimum(_first(bar), _first(window_bar)), np.maximum(bar.max(axis=-1), window_bar.max(axis=-1))


def _on_calendar(
    residual: Floats, known: Floats, past: Floats, weight: Floats, bar: Ints, window_bar: Ints
) -> tuple[Floats, Floats, Floats]:
    """Lay residuals, which of them are known, and the weights of a CAR out from the first bar to the last, (..., N, B)."""
    first, last = _ends(bar, window_bar)
    high = int(last.max())
    low = int(np.minimum(first, high).min())
    past_at, ahead_at = (np.where(b >= 0, b - low, high - low + 1) for b in (bar, window_bar))
    shape = (*residual.shape[:-1], high - low + 2)
    form = _laid(past, past_at, shape)
    np.put_along_axis(form, ahead_at, np.take_along_axis(form, ahead_at, -1) + weight, -1)
    form[..., -1] = 0.0
    return _laid(residual, past_at, shape), _laid(known, past_at, shape), form


def _laid(values: Floats, at: Ints, shape: tuple[int, ...]) -> Floats:
    grid = np.zeros(shape)
    np.put_along_axis(grid, at, values, -1)
    grid[..., -1] = 0.0  # bars outside the data
    return grid


def _by_blocks(rows: tuple[Any, ...], day0: Ints, *, alone: bool) -> Floats:
    """Return the same of one sample, block by block of its events in the order of their dates."""
    order = np.argsort(day0, kind="stable")
    rows = tuple(part[order] for part in rows)
    bar, window_bar = rows[-2:]
    first, last = _ends(bar, window_bar)
    first = np.minimum(first, last)  # one without a bar inside the data is in every block
    found = np.zeros((day0.size, day0.size))
    for low in range(0, day0.size, BLOCK):
        block = slice(low, low + BLOCK)
        meets = np.flatnonzero(first[low:] <= last[block].max()) + low  # those before were met by earlier blocks
        pairs = _all_pairs(*(part[meets] for part in rows), alone=alone)[: last[block].size]
        found[np.ix_(order[block], order[meets])] = pairs
        found[np.ix_(order[meets], order[block])] = pairs.T
    return found


def _with_own_variance(found: Floats, error: Floats) -> Floats:
    """Scale rows and columns so that the diagonal is the variance that the model gives each CAR."""
    own = np.sqrt(np.diagonal(found, axis1=-2, axis2=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where((own > 0) & np.isfinite(error), error / own, 0.0)
    return np.asarray(found * scale[..., :, None] * scale[..., None, :])


def scaled_covariance(
    x: Floats,
    weight: Floats,
    covariance: Floats,
    df: Floats,
    own: Floats | None = None,
    order: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Return the standard error of w'x and its degrees of freedom, from a covariance known but for its scale, each (...).

    Parameters
    ----------
    x : (..., N) float
        Values of one mean; anything where the weight is 0.
    weight : (..., N) float
        Weights that sum to 1.
    covariance : (..., N, N) float
        V, from the estimation windows.
    df : (...) float
        Degrees of freedom of the estimation windows, M - k.
    own : (...) float, optional
        w'Vw, where V is that of some of the events only.
    order : (N,) float, optional
        For a slope on it, with weights that sum to 0: the values may move along it, and P projects off it as well.

    Returns
    -------
    se, df : (...) float
        se² = s w'Vw. The scale s = x'Px / tr(PV) is what the event did to the variance, P the projection off the
        constant and off Vw, so that s and w'x are independent under normality; degrees of freedom by Satterthwaite,
        tr(PV)²/tr(PVPV), together with those of the estimation windows. Below 3 of them s = 1.

    References
    ----------
    Kolari and Pynnönen (2010) for the scale from the spread of the events; Satterthwaite (1946).
    """
    used = ((weight != 0) | (order is not None)) & (np.diagonal(covariance, axis1=-2, axis2=-1) > 0)
    toward = np.einsum("...ij,...j->...i", covariance, weight)
    variance = (weight * toward).sum(axis=-1) if own is None else own
    basis = _orthonormal(used.astype(float), np.where(used, toward, 0.0))
    if order is not None:
        along = np.where(used, order, 0.0)
        left = along - (basis @ (np.swapaxes(basis, -1, -2) @ along[..., None]))[..., 0]
        third = _unit(left, np.sqrt((along**2).sum(axis=-1)))
        basis = np.concatenate([basis, third[..., None]], axis=-1)
    inside = np.where(used[..., :, None] & used[..., None, :], covariance, 0.0)
    moved = inside @ basis
    core = np.swapaxes(basis, -1, -2) @ moved
    trace = np.diagonal(inside, axis1=-2, axis2=-1).sum(axis=-1) - np.diagonal(core, axis1=-2, axis2=-1).sum(axis=-1)
    square = (inside**2).sum(axis=(-1, -2)) - 2 * (moved**2).sum(axis=(-1, -2)) + (core**2).sum(axis=(-1, -2))
    value = np.where(used, x, 0.0)
    along = (np.swapaxes(basis, -1, -2) @ value[..., None])[..., 0]
    spread = (value**2).sum(axis=-1) - (along**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        free = np.where((trace > 0) & (square > 0), trace**2 / square, 0.0)
        told = free >= LEAST
        error = np.sqrt(np.where(told, spread / trace, 1.0) * variance)
        return np.where(error > 0, error, np.nan), np.where(told, 1 / (1 / free + 1 / df), df)


def _orthonormal(first: Floats, second: Floats) -> Floats:
    """Return the two directions as orthonormal columns, (..., N, 2); zeros for one that is no direction of its own."""
    with np.errstate(invalid="ignore", divide="ignore"):
        one = np.nan_to_num(first / np.sqrt((first**2).sum(axis=-1))[..., None])
    left = second - one * (one * second).sum(axis=-1)[..., None]
    return np.stack([one, _unit(left, np.sqrt((second**2).sum(axis=-1)))], axis=-1)


def _unit(left: Floats, whole: Floats) -> Floats:
    """Return what is left of a direction of length `whole` (...) at length 1; zeros where that is rounding."""
    length = np.sqrt((left**2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where((length > 1e-6 * whole)[..., None], left / length[..., None], 0.0))
