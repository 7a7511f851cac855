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

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.orthonormal import orthonormal

CLOSE_FIT: Final = 1e-4
"""Below this SSE/|y|^2 the difference of squares loses four digits: form the residuals instead."""

LOOSE_PIVOT: Final = 1e-3
"""Holes that leave less than this of a basis vector's square make the normal equations too coarse."""

RUN: Final = 4
"""Security-events of one date from which on a loop over dates beats a copy of the basis for each."""

CROWDED: Final = 0.125
"""Share of holes from which on the normal equations are summed over the bars that are there, not over the holes."""

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
    square, whole : (n,) float
        Sum of squares of the response about its mean, and about nought.
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
    whole: Floats
    m: Ints
    mix: Floats | None
    full_rank: Bools
    infinite: Ints | None


def solve_chunk(
    window: Floats, q: Floats, valid: Floats, count: Ints, design: Ints, minimum: int, *, all_valid: bool
) -> Fits:
    """Fit n windows, sorted by design.

    Shapes: window (n, T), q (D, k, T), valid (D, T), count (D,).

    Notes
    -----
    Every dot product is one of its own (`numpy.vecdot`), never a row of a matrix product, whose last digit would depend
    on the rows beside it: a security-event has the same bits whatever is studied with it.
    """
    size, k = len(design), q.shape[1]
    if not all_valid:
        _scale(window, valid, design)
    square = np.vecdot(window, window)
    full_rank = np.ones(size, dtype=bool)
    m = count[design]
    loose = np.zeros(size, dtype=bool)
    mix = infinite = None
    gone_row = gone_bar = np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(~np.isfinite(square))
    if rows.size:
        gone_row, gone_bar, infinite = _take_out_holes(window, square, rows)
        if not all_valid:
            used = valid[design[gone_row], gone_bar] > 0
            gone_row, gone_bar = gone_row[used], gone_bar[used]
    coordinate = _dots(window, q, design)
    if gone_row.size:
        m -= np.bincount(gone_row, minlength=size)
        start = np.flatnonzero(np.diff(gone_row, prepend=-1))
        rows = gone_row[start]
        gram = _gram(q, design, gone_row, gone_bar, start)
        mix = _units(size, k)
        coordinate[rows], mix[rows], loose[rows] = _cholesky(gram, coordinate[rows])
    first = coordinate[:, 0]
    sse = square - np.vecdot(coordinate, coordinate)
    close = ~(sse > CLOSE_FIT * square) | loose
    centred = square - first * first
    redo = np.flatnonzero(close & (m >= minimum))
    if redo.size:
        if mix is None:
            mix = _units(size, k)
        step = max(1, EXACT_CELLS // (k * window.shape[1]))
        for low in range(0, redo.size, step):
            part = redo[low : low + step]
            mask = valid[design[part]].copy()
            place = np.full(size, -1)
            place[part] = np.arange(part.size)
            here = place[gone_row] >= 0
            mask[place[gone_row[here]], gone_bar[here]] = 0.0
            _exact(window, q, design, part, mask, (coordinate, sse, centred, mix, full_rank))
    return Fits(coordinate, np.maximum(sse, 0.0), np.maximum(centred, 0.0), square, m, mix, full_rank, infinite)


def _units(size: int, k: int) -> Floats:
    """Return the (n, k, k) mixing matrices of events that have their date's basis."""
    return np.broadcast_to(np.eye(k), (size, k, k)).copy()


def _take_out_holes(window: Floats, square: Floats, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Put zeros where `rows` are not finite, and their sums of squares right."""
    length = window.shape[1]
    near: Ints | slice = rows if 2 * rows.size < len(window) else slice(None)
    flat = np.flatnonzero(~np.isfinite(window[near]))
    row = flat // length
    bar = flat - row * length
    if near is rows:
        row = rows[row]
    infinite = row[np.isinf(window[row, bar])]
    window[row, bar] = 0.0
    square[near] = np.vecdot(window[near], window[near])
    return row, bar, np.unique(infinite)


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


def _gram(q: Floats, design: Ints, row: Ints, bar: Ints, start: Ints) -> Floats:
    """Return (k(k+1)/2, h): the lower triangles of Q'VQ, V leaving out the holes, of the rows that have any.

    Shapes: q (D, k, T).
    """
    k, length = q.shape[1:]
    low, high = np.tril_indices(k)
    many = np.diff(start, append=row.size)
    gram = np.empty((low.size, start.size))
    crowded = many > CROWDED * length
    few = np.flatnonzero(~crowded)
    if few.size < start.size:
        most = np.flatnonzero(crowded)
        here = np.repeat(crowded, many)
        usable = np.ones((most.size, length))
        usable[np.repeat(np.arange(most.size), many[most]), bar[here]] = 0.0
        own = design[row[start[most]]]
        first = int(own[0])
        near = q[first : int(own[-1]) + 1]
        gram[:, most] = _dots(usable, near[:, low] * near[:, high], own - first).T
        row, bar = row[~here], bar[~here]
        start = np.cumsum(many[few]) - many[few]
    if few.size:
        own = design[row]
        at = [q[own, j, bar] for j in range(k)]
        for pair, (i, j) in enumerate(zip(low, high, strict=True)):
            gram[pair, few] = float(i == j) - np.add.reduceat(at[i] * at[j], start)
    return gram


def _cholesky(gram: Floats, right: Floats) -> tuple[Floats, Floats, Bools]:
    """Solve (Q'VQ) c = Q'y by Cholesky; return own coordinates, the mixing matrices, and where it is too coarse."""
    size, k = right.shape
    # G = C C', one column at a time over all events (events last, so that each step is one pass over memory);
    # mix = C^-1 and the coordinates are C^-1 Q'y
    entry = {(int(i), int(j)): gram[at] for at, (i, j) in enumerate(zip(*np.tril_indices(k), strict=True))}
    factor: dict[tuple[int, int], Floats] = {}
    mix = np.zeros((k, k, size))
    own = np.ascontiguousarray(right.T)
    loose = np.zeros(size, dtype=bool)
    for j in range(k):
        pivot = entry[j, j] - sum(factor[j, i] ** 2 for i in range(j))
        loose |= ~(pivot > LOOSE_PIVOT)
        root = np.sqrt(np.maximum(pivot, LOOSE_PIVOT))
        for i in range(j + 1, k):
            factor[i, j] = (entry[i, j] - sum(factor[i, p] * factor[j, p] for p in range(j))) / root
        mix[j, j] = 1.0
        for p in range(j):
            own[j] -= factor[j, p] * own[p]
            mix[j, : p + 1] -= factor[j, p] * mix[p, : p + 1]
        own[j] /= root
        mix[j] /= root
    return own.T, mix.transpose(2, 0, 1), loose


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
