"""Slopes of CARs on characteristics where events share a date, judged by what the same slope did before the event.

A slope is the CAR of a portfolio without cost that has one unit of the characteristic (Sefcik and Thompson 1986): whatever the
firms have in common is in the history of that portfolio, whether the model names it or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy import special

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.models import latent_factors as latent
from eventstudy.abnormal.models.eigenvectors import leading
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.errors import StudyError
from eventstudy.inference.core import history

KEPT: Final = 0.90
"""Share of the absolute weights that must be there on a bar of the history; else the bar is left out."""

BLOCKS: Final = 5
"""Contiguous parts of the estimation window of a cross-fit: weights are never judged on the bars that made them."""

LEAST_SPECIFIC: Final = 1e-15
"""The least specific variance of a security in the weights of GLS."""

Weigh = Callable[[Ints], Floats]


@dataclass(frozen=True, slots=True)
class Portfolios:
    """The portfolios that are the coefficients on one date.

    Attributes
    ----------
    rows : (n,) int
        Security-events of the date.
    estimate : (p,) float
        Their part of the coefficients.
    history : history.History
        Their abnormal returns before the event.
    hc0 : (p,) float
        Mean White variance of the same coefficients on the bars of the estimation window.
    hc3 : (p,) float
        HC3 variance in the cross-section of the event.
    rejected : (p,) float
        Share of windows of the estimation window in which HC3 rejects at 5 %.
    """

    rows: Ints
    estimate: Floats
    history: history.History
    hc0: Floats
    hc3: Floats
    rejected: Floats


@dataclass(frozen=True, slots=True)
class Regression:
    """What is regressed, and how.

    Attributes
    ----------
    x : (N, p) float
        The constant first.
    scale : (N,) float
        By what abnormal returns are multiplied: 1, or 1/se of SCARs.
    weight : (N,) float
        Inverse variances of WLS; ones of OLS.
    gls : bool
        Whether principal components of the history weigh (then `weight` is not looked at).
    gap : (N, G) float
        Abnormal returns from the end of the estimation window to the tested window; NaN where not known.
    """

    x: Floats
    scale: Floats
    weight: Floats
    gls: bool
    gap: Floats


def dates_of(sample: WindowSample, used: Bools) -> list[Ints]:
    """Return the rows of each date, of those used that have all bars of the window."""
    whole = used & np.isfinite(sample.ar).all(axis=1)
    return [np.flatnonzero(whole & (sample.day0 == day)) for day in np.unique(sample.day0[whole])]


def can_be_told(x: Floats, dates: Sequence[Ints]) -> bool:
    """Return whether each date determines the coefficients by itself, with three security-events to spare in the median."""
    enough = np.median([rows.size for rows in dates]) >= x.shape[1] + 2
    return bool(enough) and all(np.linalg.matrix_rank(x[rows]) == x.shape[1] for rows in dates)


def portfolios(sample: WindowSample, given: Regression, dates: Sequence[Ints]) -> list[Portfolios]:
    """Return the portfolios of each date, so that the sum of their estimates over dates are the coefficients.

    Parameters
    ----------
    sample : WindowSample
        With its estimation windows.
    given : Regression
    dates : sequence of (n_d,) int
        Rows of `sample` that share a date, each with all bars of the window.

    Notes
    -----
    Several dates: fixed effects of dates. With b_d the slopes of date d alone and S_d the squares that it has left,
    b = S^-1 sum S_d b_d, which is the regression on x less its mean of the date. The constant is the mean of the dates' effects.
    """
    whole = [_one_date(sample, given, rows) for rows in dates]
    slopes = slice(1, None)
    squares = [np.linalg.inv(np.linalg.inv(cross)[slopes, slopes]) for _, cross in whole]
    total = np.linalg.inv(np.sum(squares, axis=0)) if len(dates) > 1 else None
    middle = [cross[0, slopes] / cross[0, 0] for _, cross in whole]  # through which a date's own regression goes
    centre = np.mean(middle, axis=0)
    found = []
    for own, (laid, _), square in zip(middle, whole, squares, strict=True):
        turn = np.eye(given.x.shape[1])
        if total is not None:
            turn[slopes, slopes] = total @ square
            turn[0, 0] = 1 / len(dates)
            turn[0, slopes] = own / len(dates) - centre @ total @ square
        found.append(laid(turn))
    return found


def _one_date(sample: WindowSample, given: Regression, rows: Ints) -> tuple[Callable[[Floats], Portfolios], Floats]:
    """Return what makes the portfolios of one date, once it is known how dates are put together, and X'Omega^-1 X."""
    past, bars = _grid(sample, rows, given.scale)
    ahead = sample.ar[rows] * given.scale[rows, None]
    x = given.x[rows]
    inverse = _inverse(past, given.weight[rows], gls=given.gls)
    weights = _weights(x, inverse(np.arange(rows.size)))
    folds = _folds(past, gls=given.gls)

    def laid(turn: Floats) -> Portfolios:
        own = weights @ turn.T
        series = np.full((bars.size, x.shape[1]), np.nan)
        for fold, others in folds:
            part = inverse if others is None else _inverse(past[:, others], given.weight[rows], gls=True)
            series[fold] = _series(past[:, fold], lambda kept, part=part: _weights(x[kept], part(kept)) @ turn.T)  # type: ignore[misc]
        gap = given.gap[rows] * given.scale[rows, None]
        rest = x @ np.linalg.solve(x.T @ x, x.T)
        sums = history.sums(past.T, sample.relative_day.size).T
        spread = _squares(past, own, rest, leverage=False)
        plain = past if not len(sums) else sums
        deviation = np.sqrt(_squares(plain, own, rest, leverage=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            beyond = np.abs(plain.T @ own / deviation) > special.stdtrit(max(rows.size - x.shape[1], 1), 0.975)
            factor = (sample.car_se[rows] / sample.sigma[rows]) ** 2
        shown = np.isfinite(deviation)
        car = ahead.sum(axis=1)
        return Portfolios(
            rows=rows,
            estimate=own.T @ car,
            history=history.History(
                series=series,
                gap=gap.T @ own,
                bars=bars,
                window_bars=sample.bar[rows[0]],
                factor=float(np.nanmean(np.where(np.isfinite(factor), factor, np.nan))),
                k=sample.k,
            ),
            hc0=np.nanmean(spread, axis=0),
            hc3=_squares(car[:, None], own, rest, leverage=True)[0],
            rejected=np.where(shown, beyond, False).sum(axis=0) / np.maximum(shown.sum(axis=0), 1),
        )

    return laid, x.T @ inverse(np.arange(rows.size))(x)


def _grid(sample: WindowSample, rows: Ints, scale: Floats) -> tuple[Floats, Ints]:
    """Return the abnormal returns of the estimation windows (n, B) on the bars that any of them has, and those bars."""
    record = sample.estimation
    if record is None:
        msg = "this sample does not carry its estimation windows: sample(..., estimation=True)"
        raise StudyError(msg)
    bar = record.bar[rows]
    bars = np.unique(bar[bar >= 0])
    bars = np.arange(bars[0], bars[-1] + 1)
    grid = np.full((rows.size, bars.size + 1), np.nan)
    np.put_along_axis(grid, np.where(bar >= 0, bar - bars[0], bars.size), record.residual[rows], 1)
    return grid[:, :-1] * scale[rows, None], bars


def _inverse(past: Floats, weight: Floats, *, gls: bool) -> Callable[[Ints], Callable[[Floats], Floats]]:
    """Return what multiplies by Omega^-1, for any of the securities: Omega = V diag(l) V' + diag(d), or a diagonal."""
    if not gls:
        return lambda kept: lambda x: weight[kept, None] * x
    loadings, specific = _components(past)

    def of(kept: Ints) -> Callable[[Floats], Floats]:
        v, d = loadings[kept], specific[kept, None]
        core = np.linalg.inv(np.eye(v.shape[1]) + v.T @ (v / d))
        return lambda x: np.asarray(x / d - (v / d) @ (core @ (v.T @ (x / d))))

    return of


def _components(past: Floats) -> tuple[Floats, Floats]:
    """Return loadings (n, r), with the standard deviation of their component in them, and specific variances (n,)."""
    filled = np.where(np.isfinite(past), past, 0.0).T
    filled = filled - filled.mean(axis=0)
    m, n = filled.shape
    value, vector = leading(filled @ filled.T, min(m, n, max(1, m // 10) + 1))
    scored = latent.Spectrum(vector, vector[:0], value, float((filled**2).sum()), n, m)
    r = min(max(1, latent.bai_ng(scored, min(value.size - 1, m // 10))), max(1, m // 10))
    left = filled - vector[:, :r] @ (vector[:, :r].T @ filled)
    return filled.T @ vector[:, :r] / np.sqrt(m - 1), np.maximum((left**2).sum(axis=0) / (m - 1 - r), LEAST_SPECIFIC)


def _weights(x: Floats, inverse: Callable[[Floats], Floats]) -> Floats:
    """Return Omega^-1 X (X' Omega^-1 X)^-1."""
    moved = inverse(x)
    return np.asarray(np.linalg.solve(x.T @ moved, moved.T).T)


def _folds(past: Floats, *, gls: bool) -> list[tuple[Any, Bools | None]]:
    """Return the bars that are judged together, each with the bars that make their weights; all at once for OLS."""
    if not gls:
        return [(slice(None), None)]
    edges = np.linspace(0, past.shape[1], BLOCKS + 1).astype(int)
    whole = np.arange(past.shape[1])
    return [(slice(a, b), (whole < a) | (whole >= b)) for a, b in pairwise(edges)]


def _series(past: Floats, weigh: Weigh) -> Floats:
    """Return the portfolios' returns (B, p); a bar with holes has weights of its own, or none where too much is missing."""
    there = np.isfinite(past)
    every = np.arange(len(past))
    own = weigh(every)
    series = np.full((past.shape[1], own.shape[1]), np.nan)
    full = there.all(axis=0)
    series[full] = past[:, full].T @ own
    size = np.abs(own).sum(axis=0)
    patterns, which = np.unique(there[:, ~full], axis=1, return_inverse=True)
    at = np.flatnonzero(~full)
    for number in range(patterns.shape[1]):
        kept = np.flatnonzero(patterns[:, number])
        if (np.abs(own[kept]).sum(axis=0) >= KEPT * size).all():
            bars = at[which.ravel() == number]
            series[bars] = past[np.ix_(kept, bars)].T @ weigh(kept)
    return series


def _squares(past: Floats, own: Floats, rest: Floats, *, leverage: bool) -> Floats:
    """Return the HC0 (or HC3) variances (B, p) of the coefficients on each bar; NaN on bars with a hole."""
    u = past - rest @ past
    if leverage:
        u = u / np.maximum(1.0 - np.diag(rest), 1e-12)[:, None]
    return np.asarray((u**2).T @ own**2)
