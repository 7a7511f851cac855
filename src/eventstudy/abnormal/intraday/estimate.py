"""Abnormal returns inside the day: the fits of the events' sessions, as the engine's result."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.engine.inputs import SUSPECT, Inputs
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.intraday.base_fit import Sessions, own_estimator
from eventstudy.abnormal.intraday.clock import Clock
from eventstudy.abnormal.intraday.day_fits import DayFits
from eventstudy.abnormal.intraday.inside import Inside, abnormal_at
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.errors import StudyError

CHUNK: Final = 50_000  # security-events whose windows are cut at once


def estimate_intraday(
    returns: Floats,
    series: Floats | None,
    *,
    clock: Clock,
    security: Ints,
    day0: Ints,
    window: tuple[int, int],
    model: IntradayModel,
    free: Bools,
) -> AbnormalReturns:
    """Estimate the base and the pattern of each security-event's session and return its abnormal returns.

    Parameters
    ----------
    returns : (S, B) float
        Returns of S securities over B bars, decimals; NaN is missing.
    series : (K, B) or (S, K, B) float or None
        The series of ``model.symbols``.
    clock : Clock
        Which bar is which clock time of which session.
    security, day0 : (N,) int
        Row of `returns` and bar of relative day 0.
    window : (int, int)
        First and last relative bar.
    model : IntradayModel
    free : (1, D) or (S, D) bool
        Sessions free of events, for all securities or each.

    Returns
    -------
    AbnormalReturns
        ``variance`` is (v phi_s)^2 at each bar; with a linear base the forecast's share is exact, else it is left out.
    """
    if own_estimator(model) and model.overnight == "continue":
        msg = f"overnight='continue' needs a linear base, not {model.base!r}: its estimator knows the event's session only"
        raise StudyError(msg)
    own = own_estimator(model)
    design, offset = (series, None) if own else model.split(series)
    response = np.where(np.isfinite(returns), returns, np.nan)
    response = response if offset is None else response - offset
    used, row_of = np.unique(security, return_inverse=True)  # sessions are kept for those that are studied only
    pick = used if used.size else np.arange(min(1, len(response)))
    mine = design[pick] if design is not None and design.ndim == 3 and len(design) == len(returns) else design
    sessions = Sessions(
        clock,
        clock.spread(response[pick]),
        None if mine is None else clock.spread(np.where(np.isfinite(mine), mine, np.nan)),
        free if len(free) == 1 else free[pick],
    )
    begin = min(window[0], 0)
    inside = Inside(DayFits.empty(sessions, model), row_of, day0, begin, model.overnight != "continue")
    inputs = Inputs(
        returns=returns,
        design=None if own else design,
        offset=offset,
        security=security,
        day0=day0,
        window=window,
        estimation=(window[0] - 1, window[0] - 1),
        minimum=model.least,
        masked=None,
        k=model.k,
        forecast=model.forecast,
        columns=model.k,
    )
    return _filled(inside, inputs, model)


def _filled(inside: Inside, inputs: Inputs, model: IntradayModel) -> AbnormalReturns:
    n, length, k = inputs.security.size, inputs.length, model.k
    fits, clock = inside.fits, inside.fits.sessions.clock
    row = inside.own_rows() if n else np.empty(0, dtype=np.int64)
    ar, variance = np.full((n, length), np.nan), np.full((n, length), np.nan)
    ahead = np.zeros((n, k, length))
    start = inside.start() if n else row
    sigma = np.full(n, np.nan)
    for low in range(0, n, CHUNK):
        part = slice(low, low + CHUNK)
        at = inputs.day0[part, None] + np.arange(inputs.window[0], inputs.window[1] + 1)
        there = (at >= 0) & (at < clock.day.size)
        at = at.clip(0, clock.day.size - 1)
        slot, mine = clock.slot[at], row[part]
        same = clock.day[at] == clock.day[inputs.day0[part]][:, None]
        held = fits.held
        value = held["ar"][mine[:, None], slot]
        if not inside.to_close:
            value = np.where(same, value, abnormal_at(fits, inside.security[part], mine, at))
            same = np.ones_like(same)
        ar[part] = np.where(there & same, value, np.nan)
        sigma[part] = held["level"][mine, start[part]]
        variance[part] = (sigma[part, None] * held["phi"][mine[:, None], slot]) ** 2
        ahead[part] = _design(inside, part, slot, clock.day[at])
    ar[np.isnan(ahead).any(axis=1)] = np.nan
    variance[~np.isfinite(ar)] = np.nan
    status = _status(inside, row, ar)
    gone = status != Exclusion.STUDIED
    ar[gone], sigma[gone] = np.nan, np.nan
    held = fits.held
    level = np.where(sigma > 0, sigma, 1.0)
    mix = held["factor"][row] / level[:, None, None] if n else np.zeros((0, k, k))
    share = held["coef"][row] if n else np.zeros((0, k))
    return AbnormalReturns(
        ar=ar,
        sigma=sigma,
        m=held["sessions"][row].astype(np.int64) if n else row,
        df=np.maximum(held["bars"][row] - k, 0).astype(np.int64) if n else row,
        status=status,
        degenerate=~(sigma > 0) & ~gone,
        coordinates=Coordinates(
            share, np.nan_to_num(ahead), np.broadcast_to(np.eye(k), (n, k, k)), np.arange(n), np.nan_to_num(mix)
        ),
        variance=variance,
        flat=False,
        suspect=(np.abs(np.nan_to_num(ar)) >= SUSPECT).any(axis=1),
        fallback=np.zeros(n, dtype=bool),
        inputs=inputs,
        model=model,
        level=None,
        inside=inside,
    )


def _design(inside: Inside, part: slice, slot: Ints, day: Ints) -> Floats:
    """Return (n, k, L): the constant and the regressors of each bar of the windows; zeros for a base of its own estimator."""
    sessions, k = inside.fits.sessions, inside.fits.model.k
    out = np.zeros((len(slot), k, slot.shape[1]))
    if own_estimator(inside.fits.model):
        return out
    out[:, 0] = 1.0
    if sessions.series is not None:
        for j in range(1, k):
            x = sessions.series[..., j - 1, :, :]
            out[:, j] = x[slot, day] if x.ndim == 2 else x[inside.security[part, None], slot, day]
    return out


def _status(inside: Inside, row: Ints, ar: Floats) -> NDArray[np.int8]:
    """Return `Exclusion` values."""
    held = inside.fits.held
    if not row.size:
        return row.astype(np.int8)
    status = np.full(row.size, Exclusion.STUDIED, dtype=np.int8)
    status[~np.isfinite(ar).any(axis=1)] = Exclusion.NO_RETURNS_IN_WINDOW
    few = held["sessions"][row] < inside.fits.model.least
    status[~few & ~np.isfinite(held["coef"][row]).all(axis=1)] = Exclusion.RANK_DEFICIENT
    status[few] = Exclusion.TOO_FEW_BARS
    return status
