"""The regressions of one chunk of security-events, each at the cheapest of three exact ways.

1. A window without holes shares the basis of its date: its coordinates are dot products.
2. A window with holes solves its own normal equations *in the coordinates of its date's basis*, where they are nearly
   the identity, so that nothing is lost to their squared condition.
3. What could have lost digits (an almost perfect fit, or holes that spoil the condition) is orthonormalised for itself
   and its residuals are formed.

All three are the least-squares solution; they differ in cost only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventstudy.abnormal.basis import orthonormal

__all__ = ["CLOSE_FIT", "Fits", "solve_chunk"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CLOSE_FIT: Final = 1e-4
"""Below this SSE/|y|^2 the difference of squares loses four digits: form the residuals instead."""
LOOSE_PIVOT: Final = 1e-3
"""Holes that leave less than this of a basis vector's square make the normal equations too coarse."""
RUN: Final = 4
"""Security-events of one date from which on a loop over dates beats a copy of the basis for each."""
EXACT_CELLS: Final = 2_000_000
"""Doubles that the third way may hold at once."""


@dataclass(frozen=True, slots=True)
class Fits:
    """Least-squares fits of n security-events in the coordinates of their dates' bases.

    Attributes
    ----------
    coordinate : (n, k) float
        Of the fitted mean.
    sse : (n,) float
        Residual sum of squares.
    square : (n,) float
        Sum of squares of the response about its mean.
    m : (n,) int
        Usable bars.
    mix : (n, k, k) float or None
        Lower triangular A: the basis of the event is q A'... see `Notes`; None if every event has its date's basis.
    full_rank : (n,) bool
    infinite : (h,) int or None
        Events with an infinite return in a bar that would be used.

    Notes
    -----
    With holes, the event's own orthonormal rows are ``mix @ q`` (k x T), and the same matrix takes the event
    window's rows from the date's coordinates to the event's.
    """

    coordinate: Floats
    sse: Floats
    square: Floats
    m: Ints
    mix: Floats | None
    full_rank: Bools
    infinite: Ints | None


def solve_chunk(
    window: Floats, q: Floats, valid: Floats, count: Ints, design: Ints, minimum: int, *, all_valid: bool
) -> Fits:
    """Fit n windows, sorted by design.

    Parameters
    ----------
    window : (n, T) float
        Responses; not finite where missing. Overwritten.
    q : (D, k, T) float
        Orthonormal basis of each design.
    valid : (D, T) float
        1 where the design's bar is usable, else 0.
    count : (D,) int
        Their number.
    design : (n,) int
        Row of `q`, ascending.
    minimum : int
        Windows with fewer usable bars are not solved; they keep their count.
    all_valid : bool
        Whether every bar of every design is usable.

    Notes
    -----
    Every dot product is one of its own (`numpy.vecdot`), never a row of a matrix product, whose last digit would depend
    on the rows beside it: a security-event has the same bits whatever is studied with it.
    """
    size, k = len(design), q.shape[1]
    if not all_valid:
        _scale(window, valid, design)
    coordinate = _dots(window, q, design)
    square = np.vecdot(window, window)
    full_rank = np.ones(size, dtype=bool)
    m = count[design]
    mix = infinite = None
    hole = ~np.isfinite(square)
    if hole.any():
        rows = np.flatnonzero(hole)
        mix = np.broadcast_to(np.eye(k), (size, k, k)).copy()
        cells, own = window[rows], design[rows]
        usable = np.isfinite(cells)
        if not all_valid:
            usable &= valid[own] > 0
        infinite = rows[np.isinf(cells).any(axis=1)]
        cells[~usable] = 0.0
        window[rows] = cells
        square[rows] = np.vecdot(cells, cells)
        m[rows] = usable.sum(axis=1)
        solved = _with_holes(cells, usable, q, own)
        coordinate[rows], mix[rows], loose = solved
    else:
        usable, rows, loose = np.empty((0, 0), dtype=bool), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool)
    first = coordinate[:, 0]
    sse = square - np.vecdot(coordinate, coordinate)
    close = ~(sse > CLOSE_FIT * square)
    close[rows] |= loose
    centred = square - first * first
    redo = np.flatnonzero(close & (m >= minimum))
    if redo.size:
        if mix is None:
            mix = np.broadcast_to(np.eye(k), (size, k, k)).copy()
        place = np.full(size, -1)
        place[rows] = np.arange(rows.size)
        step = max(1, EXACT_CELLS // (k * window.shape[1]))
        for low in range(0, redo.size, step):
            part = redo[low : low + step]
            mask = valid[design[part]].copy()
            held = place[part] >= 0
            if held.any():
                mask[held] = usable[place[part[held]]]
            _exact(window, q, design, part, mask, (coordinate, sse, centred, mix, full_rank))
    return Fits(coordinate, np.maximum(sse, 0.0), np.maximum(centred, 0.0), m, mix, full_rank, infinite)


def _runs(design: Ints) -> list[tuple[int, int, int]]:
    """Return (design, low, high) of each run of equal designs."""
    edge = (np.flatnonzero(design[1:] != design[:-1]) + 1).tolist()
    low = [0, *edge]
    return list(zip(design[low].tolist(), low, [*edge, len(design)], strict=True))


def _dots(window: Floats, rows: Floats, design: Ints) -> Floats:
    """Return (n, r): the dot products of each window with the r rows of its design, (D, r, T)."""
    out = np.empty((len(design), rows.shape[1]))
    if (runs := _shared(design)) is None:
        for j in range(rows.shape[1]):
            np.vecdot(window, rows[design, j], out=out[:, j])
        return out
    for at, low, high in runs:
        for j in range(rows.shape[1]):
            np.vecdot(window[low:high], rows[at, j], out=out[low:high, j])
    return out


def _scale(window: Floats, weight: Floats, design: Ints) -> None:
    """Multiply each window by the row of `weight` of its design."""
    if (runs := _shared(design)) is None:
        window *= weight[design]
        return
    for at, low, high in runs:
        window[low:high] *= weight[at]


def _shared(design: Ints) -> list[tuple[int, int, int]] | None:
    """Return the runs of equal designs if they are long enough to be worth a loop."""
    if len(design) < RUN * (1 + int(design[-1] - design[0])):
        return None
    return _runs(design)


def _with_holes(window: Floats, usable: Bools, q: Floats, design: Ints) -> tuple[Floats, Floats, Bools]:
    """Solve (Q'VQ) c = Q'y by Cholesky; return own coordinates, the mixing matrices, and where it is too coarse."""
    size, k = len(design), q.shape[1]
    pairs = np.tril_indices(k)
    low, high = int(design[0]), int(design[-1]) + 1
    near, place = q[low:high], design - low
    gram = _dots(usable.astype(np.float64), near[:, pairs[0]] * near[:, pairs[1]], place)
    right = _dots(window, near, place)
    # Cholesky G = C C', one column at a time over all events; mix = C^-1 and the coordinates are C^-1 Q'y
    entry = {(int(i), int(j)): gram[:, at] for at, (i, j) in enumerate(zip(*pairs, strict=True))}
    factor: dict[tuple[int, int], Floats] = {}
    mix = np.zeros((size, k, k))
    own = np.empty((size, k))
    loose = np.zeros(size, dtype=bool)
    for j in range(k):
        pivot = entry[j, j] - sum(factor[j, i] ** 2 for i in range(j))
        loose |= ~(pivot > LOOSE_PIVOT)
        root = np.sqrt(np.maximum(pivot, LOOSE_PIVOT))
        factor[j, j] = root
        for i in range(j + 1, k):
            factor[i, j] = (entry[i, j] - sum(factor[i, p] * factor[j, p] for p in range(j))) / root
        own[:, j] = (right[:, j] - sum(factor[j, p] * own[:, p] for p in range(j))) / root
        mix[:, j, j] = 1.0
        for p in range(j):
            mix[:, j] -= factor[j, p][:, None] * mix[:, p]
        mix[:, j] /= root[:, None]
    return own, mix, loose


def _exact(
    window: Floats, q: Floats, design: Ints, part: Ints, mask: Floats, out: tuple[Floats, Floats, Floats, Floats, Bools]
) -> None:
    """Orthonormalise each design under its own holes and form the residuals; write coordinates and sums in place."""
    coordinate, sse, centred, mix, full_rank = out
    k = q.shape[1]
    unit = np.broadcast_to(np.eye(k), (part.size, k, k)).copy()
    basis = orthonormal(q[design[part]] * mask[:, None, :], unit)
    residual = window[part] * mask
    # about the mean first: the constant is the first column
    share = np.zeros((part.size, k))
    for _ in range(2):
        step = np.vecdot(basis.q, residual[:, None])
        share += step
        for j in range(k):
            residual -= step[:, j, None] * basis.q[:, j]
    coordinate[part] = share
    sse[part] = np.vecdot(residual, residual)
    centred[part] = sse[part] + np.vecdot(share[:, 1:], share[:, 1:])
    # basis.ahead holds the unit rows in the event's coordinates: (k, k), column i the image of unit vector i
    mix[part] = basis.ahead
    full_rank[part] = basis.full_rank
