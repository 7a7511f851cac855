"""Blocks of dates whose designs are shared, and chunks of security-events fitted on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.chunks import each_chunk
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.inputs import FLOOR, SUSPECT, Inputs
from eventstudy.abnormal.engine.solve import CLOSE_FIT, Fits, solve_chunk
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.orthonormal import Basis, orthonormal
from eventstudy.abnormal.windows import cut, cut_flags

DESIGNS: Final = 512
"""Dates whose designs are held at once."""

NARROW: Final = 64
"""A gap of at most so many bars is cheaper to read over than to step over."""

DEGENERATE_SHARE: Final = 1e-14

DEGENERATE_SIGMA: Final = 1e-10
"""METHODS 1.1: no residual variance to speak of, SSE/Syy < 1e-14 or sigma <= 1e-10 max|r|."""


@dataclass(frozen=True, slots=True)
class Block:
    """Designs that are held at once.

    Attributes
    ----------
    basis : Basis
    valid : (D, T) float
        1 where a bar is usable, else 0.
    count : (D,) int
        Usable bars.
    all_valid, all_full : bool
        Whether every bar is usable, and every design of full rank.
    base : int
        Designs made before.
    """

    basis: Basis
    valid: Floats
    count: Ints
    all_valid: bool
    all_full: bool
    base: int


def estimate_linear(inputs: Inputs, out: Draft, chunk: int, *, fused: bool = False) -> None:
    """Fit every security-event of `inputs` by least squares and write it into `out`."""
    order = by_date(inputs.day0)
    day0 = inputs.day0 if order is None else inputs.day0[order]
    low = 0
    while low < day0.size:
        high = _block_end(day0, low, own=inputs.own_design)
        _estimate_block(inputs, slice(low, high) if order is None else order[low:high], out, chunk, fused=fused)
        low = high


def by_date(day0: Ints) -> Ints | None:
    """Return the order of the security-events by date; None if that is the order they have."""
    if not (day0[1:] < day0[:-1]).any():
        return None
    small = day0.astype(np.uint16) if day0.max() < 1 << 16 else day0  # of 16 bits numpy sorts by radix
    return np.argsort(small, kind="stable")


def _block_end(day0: Ints, begin: int, *, own: bool) -> int:
    """Return where the security-events of the next `DESIGNS` designs end."""
    if own:
        return min(begin + DESIGNS, day0.size)
    fresh = np.flatnonzero(day0[begin + 1 :] != day0[begin:-1]) + begin + 1
    return int(fresh[DESIGNS - 1]) if fresh.size >= DESIGNS else int(day0.size)


def _estimate_block(inputs: Inputs, rows: Ints | slice, out: Draft, chunk: int, *, fused: bool) -> None:
    """Fit the security-events `rows` (ascending in date), whose designs are made here, and write them into `out`."""
    day0, security = inputs.day0[rows], inputs.security[rows]
    if inputs.own_design:
        block = _designs(inputs, day0, security, out)
        design = np.arange(day0.size)
    else:
        fresh = np.concatenate([[True], day0[1:] != day0[:-1]])
        design = np.cumsum(fresh) - 1
        block = _designs(inputs, day0[fresh], np.zeros(int(design[-1]) + 1, dtype=np.int64), out)
    if fused and inputs.offset is None and inputs.masked_own is None:
        at = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        left = _estimate_fused(inputs, at, (security, day0, design), block, out)
        rows, design = at[left], design[left]
    fit_block(inputs, rows, design, block, out, chunk)


def fit_block(inputs: Inputs, rows: Ints | slice, design: Ints, block: Block, out: Draft, chunk: int) -> None:
    """Fit the security-events `rows` on the designs of a block, ascending in `design` (n,), and write them into `out`."""
    day0, security = inputs.day0[rows], inputs.security[rows]

    def one(low: int) -> None:
        part = slice(low, min(low + chunk, day0.size))
        place = slice(rows.start + part.start, rows.start + part.stop) if isinstance(rows, slice) else rows[part]
        _estimate_chunk(inputs, place, (security[part], day0[part], design[part]), block, out)

    each_chunk(one, day0.size, chunk)


def _estimate_fused(inputs: Inputs, rows: Ints, where: tuple[Ints, Ints, Ints], block: Block, out: Draft) -> Ints:
    """Run the compiled loop; return which security-events of the block need the care of the other way."""
    from eventstudy.abnormal.engine._kernel_numba import fit_windows  # noqa: PLC0415  numba is an extra, and slow to import

    design = where[2]
    sums = np.empty((design.size, 4))
    ahead = block.basis.ahead if inputs.forecast else np.zeros_like(block.basis.ahead)
    numbers = (inputs.estimation[0], inputs.planned, inputs.window[0], inputs.length)
    fit_windows(
        inputs.returns,
        where,
        rows,
        block.basis.q,
        (np.ascontiguousarray(block.valid), block.count),
        ahead,
        numbers,
        (out.ar, out.share, sums),
    )
    m = block.count[design]
    df = m - inputs.k
    with np.errstate(invalid="ignore", divide="ignore"):
        sse = sums[:, 0] - sums[:, 1]
        out.sigma[rows] = np.sqrt(sse / df)
    careful = ~(sse > CLOSE_FIT * sums[:, 0]) | ~np.isfinite(sums[:, 2]) | (m < inputs.minimum)
    if not block.all_full:
        careful |= ~block.basis.full_rank[design]
    out.m[rows], out.df[rows], out.status[rows] = m, df, Exclusion.STUDIED
    out.degenerate[rows] = False
    out.design[rows] = design + block.base
    out.suspect[rows] = sums[:, 3] >= SUSPECT
    return np.flatnonzero(careful)


def _designs(inputs: Inputs, day0: Ints, security: Ints, out: Draft) -> Block:
    """Make the bases of the designs at each date, and say which bars each can use."""
    begin, length = day0 + inputs.estimation[0], inputs.planned
    inside = begin[0] >= 0 and begin[-1] + length <= inputs.bars and not inputs.own_design
    rows = inputs.design_rows()
    usable = None  # every bar of every design
    kept = inputs.kept
    if not (inside and inputs.masked_days is None and kept is None and all(np.isfinite(row).all() for row in rows)):
        at = begin[:, None] + np.arange(length)
        usable = (at >= 0) & (at < inputs.bars)
        if kept is not None:
            usable &= kept
        if inputs.masked_days is not None:
            usable &= ~cut_flags(inputs.masked_days, np.zeros_like(begin), begin, length)
    design = np.empty((day0.size, inputs.k, length))
    ahead = np.ones((day0.size, inputs.k, inputs.length))
    for j, series in enumerate(rows, start=1):
        design[:, j] = cut(series, security, begin, length)
        ahead[:, j] = cut(series, security, day0 + inputs.window[0], inputs.length)
        if usable is not None:
            usable &= np.isfinite(design[:, j])
    ahead[~np.isfinite(ahead)] = np.nan
    count, valid = np.full(day0.size, length), np.broadcast_to(1.0, (day0.size, length))
    all_valid = True
    if usable is not None and not usable.all():
        all_valid = False
        design[:, 0] = 1.0
        design[~np.broadcast_to(usable[:, None], design.shape)] = 0.0
        count, valid = usable.sum(axis=1), usable.astype(np.float64)
    basis = orthonormal(design, ahead, whole=all_valid)
    return Block(basis, valid, count, all_valid, bool(basis.full_rank.all()), out.add_basis(basis))


def _estimate_chunk(
    inputs: Inputs, rows: Ints | slice, where: tuple[Ints, Ints, Ints], block: Block, out: Draft
) -> None:
    """Fit one chunk of security-events, turn the fits into abnormal returns and put them in their places."""
    security, day0, design = where
    response, ar = _cut_both(inputs, security, day0)
    if inputs.masked_own is not None:
        response[cut_flags(inputs.masked_own, security, day0 + inputs.estimation[0], inputs.planned)] = np.nan
    fits = solve_chunk(
        response, block.basis.q, block.valid, block.count, design, inputs.minimum, all_valid=block.all_valid
    )
    status = np.zeros(design.size, dtype=np.int8)
    out.note_suspects(rows, ar)
    share = fits.coordinate if fits.mix is None else np.vecmat(fits.coordinate, fits.mix)
    if inputs.forecast:
        for j in range(inputs.k):
            ar -= share[:, j, None] * block.basis.ahead[design, j]
    holes = np.flatnonzero(~np.isfinite(ar.sum(axis=1)))
    if holes.size:
        status[holes[np.isinf(ar[holes]).any(axis=1)]] = Exclusion.INFINITE_RETURN
        status[holes[~np.isfinite(ar[holes]).any(axis=1)]] = Exclusion.NO_RETURNS_IN_WINDOW
    if fits.infinite is not None:
        status[fits.infinite] = Exclusion.INFINITE_RETURN
    if inputs.minimum and not (block.all_full and fits.mix is None):
        status[~(block.basis.full_rank[design] & fits.full_rank)] = Exclusion.RANK_DEFICIENT
    status[fits.m < inputs.minimum] = Exclusion.TOO_FEW_BARS
    df = fits.m - inputs.k
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.sqrt(fits.sse / df)
    degenerate = _degenerate(fits, sigma, response)
    if not inputs.minimum:  # a market-adjusted return stands without a history, and without a standard error
        bare = np.flatnonzero(fits.m < max(inputs.k + 3, min(FLOOR, inputs.planned)))
        sigma[bare], degenerate[bare], df[bare] = np.nan, True, np.maximum(df[bare], 0)
    bad = np.flatnonzero(status)
    if bad.size:
        ar[bad] = sigma[bad] = share[bad] = np.nan
        degenerate[bad] = False
    out.ar[rows] = ar
    out.share[rows, : inputs.columns] = share
    out.sigma[rows] = sigma
    out.m[rows] = fits.m
    out.df[rows] = df
    out.status[rows] = status
    out.degenerate[rows] = degenerate
    out.design[rows] = design + block.base
    if fits.mix is not None:
        out.set_mix(rows, fits.mix)


def _cut_both(inputs: Inputs, security: Ints, day0: Ints) -> tuple[Floats, Floats]:
    """Return the responses over the estimation and the event window, cut in one piece if little lies between."""
    between = inputs.window[0] - inputs.estimation[1] - 1
    begin = day0 + inputs.estimation[0]
    if 0 <= between <= NARROW:
        whole = inputs.response(security, begin, inputs.planned + between + inputs.length)
        return whole[:, : inputs.planned], whole[:, -inputs.length :]
    ahead = inputs.response(security, day0 + inputs.window[0], inputs.length)
    return inputs.response(security, begin, inputs.planned), ahead


def _degenerate(fits: Fits, sigma: Floats, response: Floats) -> Bools:
    """Return whose residual variance is rounding, or a price that does not move."""
    few = np.flatnonzero(~(fits.sse > 1e-12 * fits.whole))  # who may be: the largest return is less than all together
    degenerate = np.zeros(sigma.size, dtype=bool)
    if few.size:
        tallest = np.nanmax(np.abs(response[few]), axis=1, initial=0.0)
        small = ~(fits.sse[few] >= DEGENERATE_SHARE * fits.square[few])
        degenerate[few] = small | (fits.sse[few] == 0) | (sigma[few] <= DEGENERATE_SIGMA * tallest)
    return degenerate
