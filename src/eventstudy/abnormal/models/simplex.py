"""Weights that are not negative and sum to one, by an active set: exact, and as fast as the few donors that count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from eventstudy._typing import Floats, Ints

GAP: Final = 1e-10
"""Optimality gap, as a share of |y|^2, at which the search ends (METHODS-2, section 9)."""

ROUNDING: Final = 1e-15
"""Share of |y|^2 that no gap of float64 can be told from zero by."""

ENOUGH: Final = 1e-7
"""Gap up to which a search that rounding stopped is kept."""

ENTERING: Final = 8
"""Donors that enter at once."""

APART: Final = 1e-12
"""A donor whose distance from the affine hull of the others is below this share of its own square adds nothing to them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The mixture of donors that comes closest to a response.

    Attributes
    ----------
    donor : (a,) int
        Donors with a positive weight.
    weight : (a,) float
        Their weights.
    gap : float
        Certificate: the objective |y - D'w|^2 + ridge |w|^2 lies above its minimum by no more than this.
    size : float
        |y|^2, what the gap is to be held against.
    steps : int
        Systems solved.
    """

    donor: Ints
    weight: Floats
    gap: float
    size: float
    steps: int

    @property
    def optimal(self) -> bool:
        """Whether the certificate is small enough to believe in the weights."""
        return self.gap <= ENOUGH * self.size


def simplex_weights(
    response: Floats, donors: Floats, *, ridge: float = 0.0, square: Floats | None = None, start: Weights | None = None
) -> Weights:
    """Return the weights w >= 0 with 1'w = 1 that minimise |y - D'w|^2 + ridge |w|^2.

    Parameters
    ----------
    response : (M,) float
        y.
    donors : (J, M) float
        D, a row a donor; no bound on J.
    ridge : float
        Penalty.
    square : (J,) float, optional
        |d_j|^2, if known.
    start : Weights, optional
        Those of a problem nearby, to begin with.

    Notes
    -----
    Active set (Nocedal and Wright 2006, section 16.5) with the Frank-Wolfe gap w'g - min_j g_j, g the half gradient, as
    certificate: the objective is above its minimum by at most twice that. A donor in the affine hull of those in use, such
    as a copy of one, does not enter; the minimum is the same, the weights are then not unique.

    Examples
    --------
    >>> import numpy as np
    >>> donors = np.array([[0.01, -0.02, 0.0, 0.03], [0.02, 0.01, -0.01, 0.0], [0.0, 0.03, 0.02, -0.01]])
    >>> found = simplex_weights(0.25 * donors[0] + 0.75 * donors[1], donors)
    >>> found.donor.tolist(), found.weight.round(6).tolist()
    ([0, 1], [0.25, 0.75])
    """
    size = float(response @ response)
    norms = np.vecdot(donors, donors) if square is None else square
    face = _Face(response, donors, ridge)
    if start is None:
        active, weight = np.array([int(np.argmin(norms - 2.0 * (donors @ response)))]), np.ones(1)
    else:
        active, weight = face.descend(start.donor, start.weight)
    gap, single, steps = np.inf, False, 0
    limit = 10 * (response.size + ENTERING)
    while steps < limit:
        slope = donors @ (weight @ donors[active] - response)
        slope[active] += ridge * weight
        level = float(weight @ slope[active])
        last, gap = gap, 2.0 * max(level - float(slope.min()), 0.0)
        # where the fit is perfect the penalty alone decides: then a gap is small beside it, or is rounding
        if gap <= GAP * size and (ridge == 0 or gap <= max(GAP * ridge * float(weight @ weight), ROUNDING * size)):
            break
        slope[active] = np.inf
        enter = face.apart(active, _lowest(slope, level, 1 if single else ENTERING))
        if not enter.size and single:
            break
        before = active
        active, weight = face.descend(np.concatenate([active, enter]), np.append(weight, np.zeros(enter.size)))
        steps += 1
        stuck = not enter.size or np.array_equal(np.sort(active), np.sort(before))
        if stuck and single and not gap < last:
            break
        single = stuck
    order = np.argsort(active)
    return Weights(active[order], weight[order], gap, size, steps)


def _lowest(slope: Floats, level: float, count: int) -> Ints:
    """Return the donors with the most negative slopes, at most `count` of them, the lowest first."""
    count = min(count, slope.size)
    low = np.argpartition(slope, count - 1)[:count]
    low = low[slope[low] < level]
    return low[np.argsort(slope[low], kind="stable")]


class _Face:
    """The problem on a few donors at a time."""

    def __init__(self, response: Floats, donors: Floats, ridge: float) -> None:
        self.response, self.donors, self.ridge = response, donors, ridge

    def apart(self, active: Ints, enter: Ints) -> Ints:
        """Return those of `enter` that lie outside the affine hull of `active` and of those before them."""
        if self.ridge > 0:
            return enter
        base = self.donors[active[0]]
        basis, _ = np.linalg.qr((self.donors[active[1:]] - base).T)
        kept = []
        for donor in enter.tolist():
            left = self.donors[donor] - base
            whole = float(left @ left)
            for _ in range(2):
                left = left - basis @ (basis.T @ left)
            square = float(left @ left)
            if square > APART * whole:
                basis = np.column_stack([basis, left / np.sqrt(square)])
                kept.append(donor)
        return np.array(kept, dtype=np.int64)

    def descend(self, active: Ints, weight: Floats) -> tuple[Ints, Floats]:
        """Return the donors and weights at the minimum over the face of `active`; those that are new have no weight yet."""
        rows = self.donors[active] - self.response
        square = rows @ rows.T + self.ridge * np.eye(active.size)
        while True:
            best = _level(square)
            negative = best <= 0
            if not negative.any():
                return active, best
            back = negative & (weight <= 0)  # they would go below zero at once
            if not back.any():
                drop = weight - best
                with np.errstate(divide="ignore", invalid="ignore"):
                    reach = np.where(negative & (drop > 0), weight / drop, np.inf)
                first = float(reach.min())
                if not np.isfinite(first):  # rounding only
                    return active, weight
                weight = weight + min(first, 1.0) * (best - weight)
                back = reach <= first
            keep = ~back
            active, weight = active[keep], np.maximum(weight[keep], 0.0)
            square = square[np.ix_(keep, keep)]
            weight = weight / weight.sum()


def _level(square: Floats) -> Floats:
    """Return the w with 1'w = 1 that minimises w' square w: the point of the affine hull that is nearest."""
    n = len(square)
    scale = float(np.trace(square)) / n or 1.0
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = square / scale
    system[n, n] = 0.0
    right = np.zeros(n + 1)
    right[n] = 1.0
    try:
        found = np.linalg.solve(system, right)[:n]
    except np.linalg.LinAlgError:
        found = np.linalg.lstsq(system, right, rcond=None)[0][:n]
    level: Floats = found / found.sum()
    return level
