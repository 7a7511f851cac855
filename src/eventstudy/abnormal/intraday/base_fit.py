"""The normal return of a bar and the pattern around it, from the event-free sessions before a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.engine import estimate
from eventstudy.abnormal.intraday.clock import Clock
from eventstudy.abnormal.intraday.scale import day_level, level_and_pattern
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.abnormal.models.protocol import is_own

RECENT: Final = 20  # sessions whose levels make that of the next one
DECAY: Final = 0.8  # of the level of a session, session by session (METHODS-2 14)
FIRST: Final = 1  # alternations before the weights are known; all of them follow


@dataclass(frozen=True, slots=True)
class Sessions:
    """Returns by clock time, and which sessions are free of events.

    Attributes
    ----------
    clock : Clock
    response : (S, K, D + 1) float
        Returns less what the base takes from them; NaN where there is none. The last session is empty.
    series : (k - 1, K, D + 1) or (S, k - 1, K, D + 1) float or None
        Regressors of the base beside the constant; of a base with an estimator of its own all that it reads.
    free : (1, D) or (S, D) bool
        Sessions without an event, for all securities or each.
    """

    clock: Clock
    response: Floats
    series: Floats | None
    free: Bools

    def of_security(self, rows: Ints) -> Bools:
        """Return (n, D): the event-free sessions of usual hours of each security."""
        held = self.free if self.free.shape[0] == 1 else self.free[rows]
        return np.asarray(held & ~self.clock.half)

    def design(self, rows: Ints, days: Ints) -> Floats:
        """Return (n or 1, k, K, m): the constant and the regressors on sessions `days` (m,) or (n, m)."""
        x = self.series
        if x is None:
            own = np.empty((1, 0, self.clock.slots, days.shape[-1]))
        elif x.ndim == 3 and days.ndim == 1:
            own = x[None][..., days]
        elif x.ndim == 3:
            own = np.moveaxis(x[..., days], 2, 0)
        else:
            own = (
                x[rows][..., days]
                if days.ndim == 1
                else np.stack([x[s][..., d] for s, d in zip(rows, days, strict=True)])
            )
        return np.concatenate(
            [np.ones_like(own[:, :1]) if own.shape[1] else np.ones((1, 1, *own.shape[2:])), own], axis=1
        )

    def response_on(self, rows: Ints, days: Ints) -> Floats:
        """Return (n, K, m)."""
        if days.ndim == 1:
            return self.response[rows][..., days]
        return np.take_along_axis(self.response[rows], days[:, None, :], axis=2)


@dataclass(frozen=True, slots=True)
class BaseFit:
    """What the sessions before one session say of n securities.

    Attributes
    ----------
    coef : (n, k) float
        The base; zero where its mean is not subtracted.
    factor : (n, k, k) float
        |factor x|^2 is the forecast's share of the variance, in units of the scaled bars.
    phi : (n, K) float
        Pattern.
    mean : (n, K) float
        Mean of each clock time; zero where one mean serves all.
    level2 : (n,) float
        Level v^2 before the session: past sessions, the newer the heavier.
    ar : (n, K) float
        Abnormal returns of the session itself.
    bars, sessions : (n,) int
        Usable bars, and event-free sessions they come from.
    """

    coef: Floats
    factor: Floats
    phi: Floats
    mean: Floats
    level2: Floats
    ar: Floats
    bars: Ints
    sessions: Ints


def chosen_days(free: Bools, day: int, days: int, empty: int) -> Ints:
    """Return the last `days` event-free sessions before `day`: (m,) if all rows have the same, else (n, days), padded with `empty`."""
    if len(free) == 1 or bool((free[:, :day] == free[:1, :day]).all()):
        return np.flatnonzero(free[0, :day])[-days:]
    out = np.full((len(free), days), empty, dtype=np.int64)
    for row, own in enumerate(free[:, :day]):
        found = np.flatnonzero(own)[-days:]
        out[row, days - found.size :] = found
    return out


def fit_base(sessions: Sessions, model: IntradayModel, rows: Ints, origin: int, targets: Ints) -> BaseFit:
    """Estimate securities `rows` before session `origin`, and say what that makes of the sessions `targets`, none of them earlier.

    Rows come target by target.
    """
    clock, empty = sessions.clock, sessions.clock.days
    days = chosen_days(sessions.of_security(rows), origin, model.days, empty)
    begin = max(int(targets[0]) - RECENT, 0)
    ahead = np.arange(begin, int(targets[-1]) + 1)  # past sessions for the level, then the sessions themselves
    y, later = sessions.response_on(rows, days), sessions.response_on(rows, ahead)
    if own_estimator(model):
        e, past, coef, factor = _by_engine(sessions, model, (y, later), days, ahead)
        weights, usable = None, np.isfinite(e)
    else:
        x, x_later = sessions.design(rows, days), sessions.design(rows, ahead)
        usable = np.isfinite(y) & np.isfinite(x).all(axis=1)  # also where the design does not span
        e, coef, factor, weights = _weighted(y, x, usable, model, clock.regular)
        past = later - np.einsum("nk,nksd->nsd", coef, np.broadcast_to(x_later, (len(rows), *x_later.shape[1:])))
    mean = np.zeros(e.shape[:2])
    if model.mean == "clock":
        there = np.isfinite(e)
        mean = np.where(there, e, 0.0).sum(axis=2) / np.maximum(there.sum(axis=2), 1)
        e, past = e - mean[..., None], past - mean[..., None]
    _, phi = level_and_pattern(e, clock.regular, model.periodic, weights)
    square = day_level(past, phi, clock.regular) ** 2
    if not model.forecast:
        past = past + coef[:, :1, None]
        coef, factor = np.where(np.isfinite(coef), 0.0, np.nan), np.zeros_like(factor)
    m = targets.size
    return BaseFit(
        np.tile(coef, (m, 1)),
        np.tile(factor, (m, 1, 1)),
        np.tile(phi, (m, 1)),
        np.tile(mean, (m, 1)),
        np.concatenate([_ewma(square[:, max(day - RECENT - begin, 0) : day - begin]) for day in targets.tolist()]),
        np.concatenate([past[..., day - begin] for day in targets.tolist()]),
        np.tile(usable.sum(axis=(1, 2)), m),
        np.tile(usable.any(axis=1).sum(axis=1), m),
    )


def own_estimator(model: IntradayModel) -> bool:
    """Whether the base is fitted by the engine, as it is, and not by weighted least squares."""
    return is_own(model.base) or hasattr(model.base, "donors")


def _ewma(square: Floats) -> Floats:
    """Return (n,): the weighted mean of v^2 (n, m), oldest first, missing sessions left out."""
    weight = DECAY ** np.arange(square.shape[1])[::-1] * np.isfinite(square)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((weight * np.where(np.isfinite(square), square, 0.0)).sum(axis=1) / weight.sum(axis=1))


def _weighted(
    y: Floats, x: Floats, usable: Bools, model: IntradayModel, regular: Bools
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the residuals (n, K, m), coefficients, factor and pattern of weighted least squares."""
    filled = np.where(np.isfinite(x), x, 0.0)
    response = np.where(usable, y, 0.0)
    coef, _ = _solve(response, filled, usable.astype(float))
    e = _residual(y, x, coef, usable)
    v, phi = level_and_pattern(e, regular, model.periodic, times=FIRST)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = usable / ((phi * phi)[..., None] * (v * v)[:, None, :])
    weight[~np.isfinite(weight)] = 0.0
    coef, factor = _solve(response, filled, weight)
    return _residual(y, x, coef, usable), coef, factor, phi


def _residual(y: Floats, x: Floats, coef: Floats, usable: Bools) -> Floats:
    e = y - coef[:, 0, None, None]
    for j in range(1, x.shape[1]):
        e -= coef[:, j, None, None] * x[:, j]
    e[~usable] = np.nan
    return e


def _solve(y: Floats, x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return coefficients (n, k) and (n, k, k) F with F'F = (X'WX)^-1; NaN where the design does not span."""
    n, k = y.shape[0], x.shape[1]
    gram, right = np.empty((n, k, k)), np.empty((n, k))
    for i in range(k):
        part = weight * x[:, i]
        right[:, i] = np.einsum("nsd,nsd->n", part, y)
        for j in range(i, k):
            gram[:, i, j] = gram[:, j, i] = np.einsum("nsd,nsd->n", part, np.broadcast_to(x[:, j], part.shape))
    size = np.sqrt(np.einsum("nii->ni", gram))
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = gram / (size[:, :, None] * size[:, None, :])
    good = np.isfinite(unit).all(axis=(1, 2))
    good[good] = np.linalg.cond(unit[good]) < 1e10
    coef, factor = np.full((n, k), np.nan), np.full((n, k, k), np.nan)
    if good.any():
        inverse = np.linalg.inv(unit[good]) / (size[good][:, :, None] * size[good][:, None, :])
        coef[good] = np.einsum("nij,nj->ni", inverse, right[good])
        factor[good] = np.swapaxes(np.linalg.cholesky(inverse), 1, 2)
    return coef, factor


def _by_engine(
    sessions: Sessions, model: IntradayModel, y: tuple[Floats, Floats], days: Ints, ahead: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Fit a base with an estimator of its own on the sessions laid end to end; unweighted, and no forecast variance."""
    clock = sessions.clock
    if days.ndim == 2:  # sessions that are free for all: donors and regressors are shared
        shared = set.intersection(*(set(own.tolist()) for own in days)) - {clock.days}
        keep = np.array(sorted(shared), dtype=np.int64)
        rows = np.array([np.isin(own, keep) for own in days])
        y = (np.stack([one[:, there] for one, there in zip(y[0], rows, strict=True)]), y[1])
        days = keep
    order = np.concatenate([days, ahead])
    flat = np.concatenate(y, axis=2).swapaxes(1, 2).reshape(len(y[0]), -1)
    series = None if sessions.series is None else sessions.series[..., order].swapaxes(-1, -2)
    series = None if series is None else series.reshape(*series.shape[:-2], -1)
    planned, length = days.size * clock.slots, ahead.size * clock.slots
    n = len(flat)
    fitted = estimate(
        flat,
        series,
        security=np.arange(n),
        day0=np.full(n, planned),
        window=(0, length - 1),
        estimation=(-planned, -1),
        model=model.base,
        minimum=1,
    )
    e = fitted.record(0, 0).residual.reshape(n, days.size, clock.slots).swapaxes(1, 2)
    past = fitted.ar.reshape(n, ahead.size, clock.slots).swapaxes(1, 2)
    k = model.k
    return e, past, np.zeros((n, k)), np.zeros((n, k, k))
