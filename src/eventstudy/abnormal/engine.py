"""One batched regression for every linear normal-return model: arrays in, abnormal returns out.

Security-events are sorted by date. The design of a date is orthonormalised once and shared; the windows of a few
hundred security-events at a time are cut, fitted and left behind, so that the extra memory of a study is its outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal.basis import Basis, orthonormal
from eventstudy.abnormal.inputs import Inputs
from eventstudy.abnormal.models import MeanAdjusted, Model
from eventstudy.abnormal.result import AbnormalReturns, Draft
from eventstudy.abnormal.solve import solve_chunk
from eventstudy.abnormal.status import Exclusion
from eventstudy.abnormal.volatility import ewma_before, known_bar, level_variance
from eventstudy.abnormal.windows import cut, cut_flags
from eventstudy.errors import StudyError

__all__ = ["FLOOR", "estimate", "estimate_again"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FLOOR: Final = 30
"""No estimation window of at least this many bars may be used with fewer usable ones (METHODS 1.1: the hard floor)."""
CHUNK: Final = 512
"""Security-events whose windows are held at once: about a megabyte, which stays in the second-level cache."""
DESIGNS: Final = 512
"""Dates whose designs are held at once."""
SUSPECT: Final = 10.0
"""A return of 1000 % is kept and flagged (METHODS 1.1)."""
DEGENERATE_SHARE: Final = 1e-14
DEGENERATE_SIGMA: Final = 1e-10


def estimate(
    returns: Floats,
    regressors: Floats | None = None,
    *,
    security: Ints,
    day0: Ints,
    window: tuple[int, int],
    estimation: tuple[int, int],
    model: Model,
    minimum: int = 100,
    masked: Bools | None = None,
    level: Floats | None = None,
    chunk: int = CHUNK,
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
    estimation : (int, int)
        First and last relative day of the estimation window; it must end before the event window begins.
    model : Model
        A linear normal-return model.
    minimum : int
        Usable estimation bars below which a security-event is excluded; k + 3 and 30 (or the whole window, if that
        is shorter) at least.
    masked : (B,) or (S, B) bool, optional
        Bars to leave out of estimation windows, for all securities or each.
    level : (B,) float, optional
        The level series that ``MeanAdjusted(volatility=symbol)`` names, in percent a year.
    chunk : int
        Security-events handled at once; it changes the memory used, not the result.

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
    inputs = _checked(returns, regressors, (security, day0), (window, estimation), model, minimum, masked)
    return _run(inputs, model, level, chunk)


def estimate_again(fitted: AbnormalReturns, security: Ints, day0: Ints) -> AbnormalReturns:
    """Estimate the same model, windows and mask at other dates: placebo events."""
    who, when = np.asarray(security, dtype=np.int64), np.asarray(day0, dtype=np.int64)
    inputs = replace(fitted.inputs, security=who, day0=when)
    return _run(inputs, fitted.model, fitted.level, CHUNK)


def _run(inputs: Inputs, model: Model, level: Floats | None, chunk: int) -> AbnormalReturns:
    order = np.argsort(inputs.day0, kind="stable")
    out = Draft(inputs, model, level)
    own_design = inputs.own_design
    block = 0
    while block < order.size:
        stop = _block_end(inputs.day0[order], block, own=own_design)
        _estimate_block(inputs, order[block:stop], out, chunk, own=own_design)
        block = stop
    if isinstance(model, MeanAdjusted) and model.volatility is not None:
        return out.finish(_known_variance(inputs, out, model, level), flat=True)
    return out.finish()


def _block_end(day0: Ints, begin: int, *, own: bool) -> int:
    """Return where the security-events of the next `DESIGNS` designs end."""
    if own:
        return min(begin + DESIGNS, day0.size)
    fresh = np.flatnonzero(np.diff(day0[begin:])) + begin + 1
    return int(fresh[DESIGNS - 1]) if fresh.size >= DESIGNS else day0.size


def _estimate_block(inputs: Inputs, rows: Ints, out: Draft, chunk: int, *, own: bool) -> None:
    """Fit the security-events `rows` (ascending in date), whose designs are made here, and write them into `out`."""
    day0 = inputs.day0[rows]
    if own:
        key, design = day0, np.arange(rows.size)
        who = inputs.security[rows]
    else:
        fresh = np.concatenate([[True], day0[1:] != day0[:-1]])
        key, design = day0[fresh], np.cumsum(fresh) - 1
        who = np.zeros(key.size, dtype=np.int64)
    basis, valid = _designs(inputs, key, who)
    block = _Block(basis, valid, out.add_basis(basis))
    for low in range(0, rows.size, chunk):
        part = slice(low, low + chunk)
        _estimate_chunk(inputs, rows[part], design[part], block, out)


@dataclass(frozen=True, slots=True)
class _Block:
    """Designs that are held at once: their bases, the (D, T) bars they can use, and the number of designs before them."""

    basis: Basis
    valid: Floats
    base: int


def _designs(inputs: Inputs, day0: Ints, security: Ints) -> tuple[Basis, Floats]:
    """Make the bases of the designs at each date, and say which bars each can use."""
    begin, length = day0 + inputs.estimation[0], inputs.planned
    ahead_begin, ahead_length = day0 + inputs.window[0], inputs.length
    bars = inputs.returns.shape[1]
    at = begin[:, None] + np.arange(length)
    usable = (at >= 0) & (at < bars)
    if inputs.masked is not None and inputs.masked.ndim == 1:
        usable &= ~cut_flags(inputs.masked[None], np.zeros_like(begin), begin, length)
    columns = [np.ones((day0.size, length))]
    ahead = [np.ones((day0.size, ahead_length))]
    for series in inputs.design_rows():
        row = security if series.shape[0] > 1 else np.zeros_like(security)
        column = cut(series, row, begin, length)
        usable &= np.isfinite(column)
        columns.append(column)
        ahead.append(cut(series, row, ahead_begin, ahead_length))
    design = np.where(usable[:, None, :], np.stack(columns, axis=1), 0.0)
    window = np.stack(ahead, axis=1)
    window[~np.isfinite(window)] = np.nan
    return orthonormal(design, window), usable.astype(np.float64)


def _estimate_chunk(inputs: Inputs, rows: Ints, design: Ints, block: _Block, out: Draft) -> None:
    """Fit one chunk of security-events, turn the fits into abnormal returns and put them in their places."""
    day0, security = inputs.day0[rows], inputs.security[rows]
    response = inputs.response(security, day0 + inputs.estimation[0], inputs.planned)
    if inputs.masked is not None and inputs.masked.ndim == 2:
        response[cut_flags(inputs.masked, security, day0 + inputs.estimation[0], inputs.planned)] = np.nan
    basis = block.basis
    fits = solve_chunk(response, basis.q, block.valid, design, inputs.minimum)
    ahead = inputs.response(security, day0 + inputs.window[0], inputs.length)
    with np.errstate(invalid="ignore"):
        out.suspect[rows] = (np.abs(ahead) >= SUSPECT).any(axis=1)
    share = fits.coordinate if fits.mix is None else np.vecmat(fits.coordinate, fits.mix)
    if inputs.forecast:
        ahead -= np.vecmat(share, basis.ahead[design])
    df = fits.m - inputs.k
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(fits.sse / df)
    status = np.zeros(rows.size, dtype=np.int8)
    if not np.isfinite(total := ahead.sum(axis=1)).all():
        odd = np.flatnonzero(~np.isfinite(total))
        status[odd[np.isinf(ahead[odd]).any(axis=1)]] = Exclusion.INFINITE_RETURN
    if fits.infinite is not None:
        status[fits.infinite] = Exclusion.INFINITE_RETURN
    status[~np.isfinite(ahead).any(axis=1)] = Exclusion.NO_RETURNS_IN_WINDOW
    status[~(basis.full_rank[design] & fits.full_rank)] = Exclusion.RANK_DEFICIENT
    status[fits.m < inputs.minimum] = Exclusion.TOO_FEW_BARS
    suspect = ~(fits.sse >= DEGENERATE_SHARE * fits.square) | (fits.sse == 0)
    if (few := np.flatnonzero(~(fits.sse > 1e-12 * fits.square))).size:
        tallest = np.nanmax(np.abs(response[few]), axis=1, initial=0.0)
        suspect[few] |= sigma[few] <= DEGENERATE_SIGMA * tallest
    bad = status != Exclusion.STUDIED
    ahead[bad | ~np.isfinite(ahead).any(axis=1)] = np.nan
    sigma[bad] = np.nan
    out.ar[rows] = ahead
    out.coef[rows] = np.matvec(basis.to_coef[design], share)
    out.coef[rows[bad]] = np.nan
    out.sigma[rows] = sigma
    out.m[rows] = fits.m
    out.df[rows] = df
    out.status[rows] = status
    out.degenerate[rows] = suspect & ~bad
    out.design[rows] = design + block.base
    if fits.mix is not None:
        out.set_mix(rows, fits.mix)


def _known_variance(inputs: Inputs, out: Draft, model: MeanAdjusted, level: Floats | None) -> Floats:
    """Return (N, L): the daily variance known before a tested window that begins at each relative day."""
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
        series = inputs.response(inputs.security[rows], inputs.day0[rows] + begin, length) - out.coef[rows, :1]
        variance[rows] = ewma_before(series, out.sigma[rows] ** 2, model.decay)[:, known - begin]
    return variance


def _checked(
    returns: Floats,
    regressors: Floats | None,
    where: tuple[Ints, Ints],
    windows: tuple[tuple[int, int], tuple[int, int]],
    model: Model,
    minimum: int,
    masked: Bools | None,
) -> Inputs:
    window, estimation = windows
    panel = np.asarray(returns, dtype=np.float64)
    series = None if regressors is None else np.asarray(regressors, dtype=np.float64)
    who, when = (np.asarray(part, dtype=np.int64) for part in where)
    if panel.ndim != 2 or who.ndim != 1 or who.shape != when.shape:
        msg = f"returns must be (securities, bars), security and day0 one length; got {panel.shape}, {who.shape}, {when.shape}"
        raise StudyError(msg)
    if window[0] > window[1] or estimation[0] > estimation[1]:
        msg = f"a window's first day must not lie after its last: window={window}, estimation={estimation}"
        raise StudyError(msg)
    if estimation[1] >= window[0]:
        msg = (
            f"the estimation window ends on relative day {estimation[1]}, inside or after the event window that begins "
            f"on {window[0]}: end it on {window[0] - 1} or before"
        )
        raise StudyError(msg)
    if who.size and (who.min() < 0 or who.max() >= panel.shape[0] or when.min() < 0 or when.max() >= panel.shape[1]):
        msg = f"security and day0 must point into returns of shape {panel.shape}"
        raise StudyError(msg)
    for name, array in (("regressors", series), ("masked", masked)):
        if array is not None and array.shape[-1] != panel.shape[1]:
            msg = f"{name} has {array.shape[-1]} bars and returns {panel.shape[1]}: give both on the same bars"
            raise StudyError(msg)
    planned = estimation[1] - estimation[0] + 1
    design, offset = model.split(series)
    return Inputs(
        returns=panel,
        design=design,
        offset=offset,
        security=who,
        day0=when,
        window=(int(window[0]), int(window[1])),
        estimation=(int(estimation[0]), int(estimation[1])),
        minimum=max(int(minimum), model.k + 3, min(FLOOR, planned)),
        masked=None if masked is None else np.asarray(masked, dtype=bool),
        k=model.k,
        forecast=model.forecast,
    )
