"""One batched regression for every linear normal-return model: arrays in, abnormal returns out.

Security-events are sorted by date. The design of a date is orthonormalised once and shared; the windows of a few
hundred security-events at a time are cut, fitted and left behind, so that the extra memory of a study is its outputs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.coordinates import Coordinates
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.factor_fit import FactorFit, estimate_factors
from eventstudy.abnormal.engine.inputs import FLOOR, Inputs, estimation_bars
from eventstudy.abnormal.engine.kernel import Kernel, compiled
from eventstudy.abnormal.engine.linear import estimate_linear
from eventstudy.abnormal.engine.mixture_fit import estimate_mixtures
from eventstudy.abnormal.engine.per_window import estimate_own
from eventstudy.abnormal.engine.result import AbnormalReturns
from eventstudy.abnormal.engine.volatility import ewma_before, known_bar, level_variance
from eventstudy.abnormal.models.donor_pool import DonorEvents, pool_of
from eventstudy.abnormal.models.latent_factors import LatentFactorModel
from eventstudy.abnormal.models.linear import MeanAdjusted
from eventstudy.abnormal.models.lumped import Lumped, TradeToTrade
from eventstudy.abnormal.models.protocol import Model, is_own
from eventstudy.abnormal.models.synthetic_control import SyntheticControl, SyntheticDiD
from eventstudy.checks import checked
from eventstudy.errors import StudyError

HEAP: Final = 30_000_000
"""Just under the largest threshold that glibc sets by itself, 32 MB."""

CHUNK: Final = 1024
"""Security-events whose windows are held at once: two megabytes, about what the caches of a core hold."""


@checked()
def estimate(
    returns: Floats,
    regressors: Floats | None = None,
    *,
    security: Ints,
    day0: Ints,
    window: tuple[int, int],
    estimation: tuple[int, int] | None,
    after: tuple[int, int] | None = None,
    model: Model,
    minimum: int = 100,
    masked: Bools | None = None,
    level: Floats | None = None,
    spans: Floats | None = None,
    codes: Ints | None = None,
    donors: DonorEvents | None = None,
    chunk: int = CHUNK,
    kernel: Kernel = "auto",
) -> AbnormalReturns:
    """Estimate the normal-return model of each security-event and return its abnormal returns.

    Parameters
    ----------
    returns : (S, B) float
        Returns of S securities over B bars, decimals; NaN (or infinite) is missing. Never changed.
    regressors : (K, B) or (S, K, B) float, optional
        The series of ``model.symbols`` in that order, shared or one set a security.
    security, day0 : (N,) int
        Row of `returns` and bar of relative day 0 of each security-event.
    window : (int, int)
        First and last relative day of the event window, both included.
    estimation : (int, int) or None
        First and last relative day of the estimation window; it must end before the event window begins.
    after : (int, int), optional
        The same of an estimation window after the event window, pooled with the other or, where that is None, alone.
    model : Model
        A linear normal-return model.
    minimum : int
        Usable estimation bars below which a security-event is excluded; k + 3 and 30 (or the whole window, if that
        is shorter) at least.
    masked : (B,) or (S, B) bool, optional
        Bars to leave out of estimation windows, for all securities or each.
    level : (B,) float, optional
        The level series that ``MeanAdjusted(volatility=symbol)`` names, in percent a year.
    spans : (S, B) float, optional
        Bars that each return covers, where returns after missing prices are lumped: the normal return is summed over
        those bars, the variance of the disturbance is that many sigma^2, and (but for `TradeToTrade`) lumped returns
        are left out of estimation windows.
    codes : (S,) int, optional
        What the random streams of each security are seeded with, where its row should not matter.
    donors : DonorEvents, optional
        For models with donors, whose returns `regressors` (J, B) are: which of them are securities, and their own events.
    chunk : int
        Security-events handled at once; it changes the memory used, not the result.
    kernel : {"auto", "numpy", "numba"}
        What runs the linear models. ``"auto"``: the compiled loop of the extra `fast` in studies of 200,000
        security-events or more, else numpy. The two agree to the last digit or two.

    Returns
    -------
    AbnormalReturns
        Rows in the order given.

    Raises
    ------
    StudyError
        Windows that overlap or are reversed, shapes that do not fit, positions outside the arrays.

    Notes
    -----
    V = sigma^2 (I + X* (X'X)^-1 X*') (Patell 1976; Campbell, Lo and MacKinlay 1997, eq. 4.4.9).

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.abnormal import MarketModel, estimate
    >>> t = np.arange(300.0)
    >>> market = 0.01 * np.sin(t)
    >>> stock = 0.001 + 1.5 * market + 0.001 * np.cos(7 * t)
    >>> stock[280] += 0.05
    >>> fitted = estimate(stock[None], market[None], security=np.array([0]), day0=np.array([280]), window=(0, 1),
    ...                   estimation=(-250, -1), model=MarketModel("market"))
    >>> fitted.ar.round(3), fitted.coef[:, 1].round(3), fitted.df
    (array([[0.051, 0.001]]), array([1.501]), array([248]))
    """
    _keep_heap()
    inputs, model = _prepared(
        returns,
        regressors,
        (security, day0),
        (window, estimation, after),
        model,
        minimum,
        masked,
        (spans, codes, donors),
    )
    return _run(inputs, model, level, chunk, fused=compiled(kernel, inputs.day0.size))


@lru_cache(maxsize=1)
def _keep_heap() -> None:
    """Let the allocator keep the few megabytes that every chunk needs, instead of giving them back after each.

    glibc raises its thresholds to the largest block freed so far. Untouched, the block costs nothing; without it each
    chunk of windows is paged in anew, which takes several times as long as the regressions.
    """
    block = np.empty(HEAP, dtype=np.uint8)
    del block


def prepared(
    returns: Floats,
    regressors: Floats | None,
    *,
    security: Ints,
    day0: Ints,
    window: tuple[int, int],
    estimation: tuple[int, int] | None,
    after: tuple[int, int] | None = None,
    model: Model,
    minimum: int = 100,
    masked: Bools | None = None,
    level: Floats | None = None,
    spans: Floats | None = None,
    codes: Ints | None = None,
    donors: DonorEvents | None = None,
) -> AbnormalReturns:
    """Return the empty frame of an estimation, its arguments checked; see `estimate`."""
    inputs, model = _prepared(
        returns,
        regressors,
        (security, day0),
        (window, estimation, after),
        model,
        minimum,
        masked,
        (spans, codes, donors),
    )
    return _frozen(Draft(inputs, model, level))


def _prepared(
    returns: Floats,
    regressors: Floats | None,
    where: tuple[Ints, Ints],
    windows: tuple[tuple[int, int], tuple[int, int] | None, tuple[int, int] | None],
    model: Model,
    minimum: int,
    masked: Bools | None,
    extra: tuple[Floats | None, Ints | None, DonorEvents | None],
) -> tuple[Inputs, Model]:
    """Return the inputs of an estimation, checked, and the model on them."""
    spans, codes, donors = extra
    if hasattr(model, "donors") and hasattr(model, "exclude"):
        if spans is not None:
            msg = f"{type(model).__name__} has no form for returns over missing prices; fit plain returns"
            raise StudyError(msg)
        pool = pool_of(model, None if regressors is None else np.asarray(regressors, dtype=np.float64), donors)
        checked_ = _checked(returns, regressors, where, windows, model, minimum, masked)
        return replace(checked_, pool=pool, codes=codes), model
    if spans is not None and not is_own(model):
        model = Lumped(model)
    inputs = _checked(returns, regressors, where, windows, model, minimum, masked)
    return replace(
        inputs,
        spans=None if spans is None else np.asarray(spans, dtype=np.float64),
        weigh_spans=isinstance(model, TradeToTrade),
        codes=codes,
    ), model


def estimate_again(fitted: AbnormalReturns, security: Ints, day0: Ints) -> AbnormalReturns:
    """Estimate the same model, windows and mask at other dates: placebo events."""
    who, when = np.asarray(security, dtype=np.int64), np.asarray(day0, dtype=np.int64)
    inputs, model = replace(fitted.inputs, security=who, day0=when), fitted.model
    if isinstance(model, LatentFactorModel) and isinstance(fitted.pool, FactorFit):
        model = replace(
            model, components=fitted.pool.usual()
        )  # a placebo date has no securities of its own to choose by
    return _run(inputs, model, fitted.level, CHUNK, fused=False)


def _run(inputs: Inputs, model: Model, level: Floats | None, chunk: int, *, fused: bool) -> AbnormalReturns:
    if isinstance(model, (SyntheticControl, SyntheticDiD)):
        draft, given, mixtures = estimate_mixtures(inputs, model)
        done = _frozen(draft)
        return replace(done, inputs=inputs, pool=mixtures, coordinates=replace(done.coordinates, given=given))
    out = Draft(inputs, model, level)
    if isinstance(model, LatentFactorModel):
        factors = estimate_factors(inputs, model, out, chunk)
        return replace(_frozen(out), pool=factors)
    if is_own(model):
        estimate_own(inputs, model, out, chunk)
    else:
        estimate_linear(inputs, out, chunk, fused=fused)
    if isinstance(model, MeanAdjusted) and model.volatility is not None:
        return _frozen(out, _known_variance(inputs, out, model, level), flat=True)
    return _frozen(out)


def _frozen(out: Draft, variance: Floats | None = None, *, flat: bool = False) -> AbnormalReturns:
    """Return what was written."""
    ahead, to_coef = out.gathered()
    return AbnormalReturns(
        ar=out.ar,
        sigma=out.sigma,
        m=out.m,
        df=out.df,
        status=out.status,
        degenerate=out.degenerate,
        coordinates=Coordinates(out.share, ahead, to_coef, out.design, out.mix),
        variance=out.variance if variance is None else variance,
        flat=flat,
        suspect=out.suspect,
        fallback=out.fallback,
        inputs=out.inputs,
        model=out.model,
        level=out.level,
    )


def _known_variance(inputs: Inputs, out: Draft, model: MeanAdjusted, level: Floats | None) -> Floats:
    """Return (N, L): the daily variance known before a tested window that begins at each relative day."""
    if inputs.estimation[0] >= 0:
        msg = f"MeanAdjusted(volatility={model.volatility!r}) is the variance known before the event; give an estimation window before it, too"
        raise StudyError(msg)
    known = known_bar(np.arange(inputs.window[0], inputs.window[1] + 1))
    if model.volatility != "ewma":
        if level is None or np.shape(level) != (inputs.returns.shape[1],):
            msg = f"MeanAdjusted(volatility={model.volatility!r}) needs that level series: level=(B,)"
            raise StudyError(msg)
        variance = level_variance(level)
        at = inputs.day0[:, None] + known
        held = variance[at.clip(0, variance.size - 1)]
        return np.where((at >= 0) & np.isfinite(held), held, np.nan)
    begin, length = inputs.estimation[0], -inputs.estimation[0]
    variance = np.full((inputs.day0.size, known.size), np.nan)
    for low in range(0, inputs.day0.size, CHUNK):
        rows = slice(low, low + CHUNK)
        series = inputs.response(inputs.security[rows], inputs.day0[rows] + begin, length) - out.mean(rows)
        variance[rows] = ewma_before(series, out.sigma[rows] ** 2, model.decay)[:, known - begin]
    return variance


def _checked(
    returns: Floats,
    regressors: Floats | None,
    where: tuple[Ints, Ints],
    windows: tuple[tuple[int, int], tuple[int, int] | None, tuple[int, int] | None],
    model: Model,
    minimum: int,
    masked: Bools | None,
) -> Inputs:
    window = windows[0]
    estimation, gap, planned = estimation_bars(*windows)
    panel = np.asarray(returns, dtype=np.float64)
    series = None if regressors is None else np.asarray(regressors, dtype=np.float64)
    who, when = (np.asarray(part, dtype=np.int64) for part in where)
    if panel.ndim != 2 or who.ndim != 1 or who.shape != when.shape:
        msg = f"returns must be (securities, bars), security and day0 one length; got {panel.shape}, {who.shape}, {when.shape}"
        raise StudyError(msg)
    if who.size and (who.min() < 0 or who.max() >= panel.shape[0] or when.min() < 0 or when.max() >= panel.shape[1]):
        msg = f"security and day0 must point into returns of shape {panel.shape}"
        raise StudyError(msg)
    for name, array in (("regressors", series), ("masked", masked)):
        if array is not None and array.shape[-1] != panel.shape[1]:
            msg = f"{name} has {array.shape[-1]} bars and returns {panel.shape[1]}: give both on the same bars"
            raise StudyError(msg)
    design, offset = model.split(series)
    nothing = minimum == 0 and not model.forecast  # nothing has to be estimated but the standard error
    return Inputs(
        returns=panel,
        design=design,
        offset=offset,
        security=who,
        day0=when,
        window=(int(window[0]), int(window[1])),
        estimation=estimation,
        gap=gap,
        minimum=0 if nothing else max(int(minimum), model.k + 3, min(FLOOR, planned)),
        masked=None if masked is None else np.asarray(masked, dtype=bool),
        k=model.k,
        forecast=model.forecast,
        columns=len(model.forecast_columns) if is_own(model) else model.k,
    )
