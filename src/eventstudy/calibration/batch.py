"""From simulated returns through the real engine to batches of samples: one estimate call for many replications."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal import AbnormalReturns, EstimationRecord, MarketModel, WindowSample, estimate
from eventstudy.calibration.scenarios import Draw, Geometry
from eventstudy.errors import StudyError

Window = tuple[int, int]

MINIMUM = 100


def samples(
    draw: Draw, geometry: Geometry, windows: tuple[Window, ...], effect: float = 0.0
) -> dict[Window, WindowSample]:
    """Estimate every study of a batch in one call and return, for each window, the samples with a leading axis."""
    studies, n = draw.day0.shape
    returns = draw.returns
    if effect:
        returns = returns.copy()
        returns[np.arange(studies * n), draw.day0.ravel()] += effect
    fitted = _estimate(returns, draw.market, np.arange(studies * n), draw.day0.ravel(), geometry)
    gone = (~fitted.studied) & np.isfinite(fitted.sigma)
    if (~fitted.studied & ~gone).any():
        msg = "calibration: the engine excluded a simulated security-event; lengthen the estimation window"
        raise StudyError(msg)
    shift = _stretches(draw, geometry)
    record = _record(fitted, draw, geometry, shift)
    return {window: _batch(fitted, record, window, shift, geometry) for window in windows}


def _estimate(
    returns: Floats, market: Floats, security: Ints, day0: Ints, geometry: Geometry, window: Window | None = None
) -> AbnormalReturns:
    last = -geometry.gap - 1
    return estimate(
        returns,
        market,
        security=security,
        day0=day0,
        window=window or (-geometry.reach, geometry.reach),
        estimation=(last - geometry.estimation + 1, last),
        model=MarketModel("market"),
        minimum=MINIMUM,
    )


def _record(fitted: AbnormalReturns, draw: Draw, geometry: Geometry, shift: Ints) -> EstimationRecord:
    """Return the estimation windows of the batch.

    Without holes they are the returns less the fit of the engine's own coefficients, and designs are shared: much
    cheaper than the engine's general way, which the holes need. A test holds the two against each other.
    """
    studies, n = draw.day0.shape
    if not np.isfinite(draw.returns).all():
        record = fitted.sample(-geometry.reach, geometry.reach, estimation=True).estimation
        assert record is not None  # noqa: S101  it was asked for; this is for the type checker
        folded = record.map(lambda array: _fold(array, studies))
        return replace(folded, bar=folded.bar + shift[..., None])
    offset = np.arange(-geometry.gap - geometry.estimation, -geometry.gap)
    span = np.arange(-geometry.reach, geometry.reach + 1)
    day = np.arange(draw.market.shape[1])
    positions = day[draw.day0.min() : draw.day0.max() + 1]
    market = draw.market[0]
    x, ahead = market[positions[:, None] + offset], market[positions[:, None] + span]
    centred = x - x.mean(axis=1, keepdims=True)
    leverage = 1 / offset.size + centred**2 / (centred**2).sum(axis=1, keepdims=True)
    at = draw.day0 - positions[0]
    bars = draw.day0[..., None] + offset
    past = np.take_along_axis(draw.returns, bars.reshape(-1, offset.size), axis=1)
    fit = fitted.coef[:, :1] + fitted.coef[:, 1:] * x[at.ravel()]
    design, window_design = (np.stack([np.ones_like(part), part], axis=-1) for part in (x, ahead))
    if positions.size == 1:  # one design for all: views, not copies
        shapes = [(studies, n, *part.shape[1:]) for part in (leverage, design, window_design)]
        shared = [
            np.broadcast_to(part[0], shape)
            for part, shape in zip((leverage, design, window_design), shapes, strict=True)
        ]
    else:
        shared = [part[at] for part in (leverage, design, window_design)]
    return EstimationRecord(_fold(past - fit, studies), shared[0], bars + shift[..., None], shared[1], shared[2])


def _stretches(draw: Draw, geometry: Geometry) -> Ints:
    """Return how far each security's calendar is moved, so that the windows of events that stand apart share no bar."""
    studies, n = draw.day0.shape
    width = 2 * geometry.reach + 1 if draw.apart else 0
    return np.broadcast_to(np.arange(n) * width, (studies, n))


def _fold(x: NDArray[Any], studies: int) -> NDArray[Any]:
    return x.reshape(studies, -1, *x.shape[1:])


def _batch(
    fitted: AbnormalReturns, record: EstimationRecord, window: Window, shift: Ints, geometry: Geometry
) -> WindowSample:
    flat = fitted.sample(*window)
    studies = shift.shape[0]
    columns = slice(window[0] + geometry.reach, window[1] + geometry.reach + 1)
    names = ("bar", "security", "day0", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")
    folded: dict[str, Any] = {name: _fold(getattr(flat, name), studies) for name in names}
    folded["bar"] = folded["bar"] + shift[..., None]
    folded["day0"] = folded["day0"] + shift
    return replace(
        flat, **folded, estimation=replace(record, window_design=record.window_design[:, :, columns]), degenerate=None
    )


def single_samples(draw: Draw, geometry: Geometry, window: Window, effect: float = 0.0) -> list[WindowSample]:
    """Return the studies of a batch one by one, each able to re-estimate itself at placebo dates."""
    studies, n = draw.day0.shape
    whole = samples(draw, geometry, (window,), effect)[window]
    record = whole.estimation
    assert record is not None  # noqa: S101  samples() keeps it; this is for the type checker
    first = geometry.before - geometry.history
    out = []
    for at in range(studies):
        rows = slice(at * n, (at + 1) * n)
        returns = draw.returns[rows]
        free = np.zeros((n, returns.shape[1]), dtype=bool)
        free[:, first : int(draw.day0[at].min()) - 2 * geometry.reach] = True
        free &= np.isfinite(returns) | (window[0] != window[1])

        def refit(security: Ints, day0: Ints, returns: Floats = returns) -> WindowSample:
            return _estimate(returns, draw.market, security, day0, geometry, window).sample(*window)

        names = ("bar", "day0", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")
        part: dict[str, Any] = {name: getattr(whole, name)[at] for name in names}
        kept = record.map(itemgetter(at))
        out.append(replace(whole, **part, security=np.arange(n), estimation=kept, refit=refit, admissible=free))
    return out
