"""The restricted wild cluster bootstrap-t: regression coefficients where clusters are few, the null imposed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.inference.core.few_clusters import by_cluster, without_leverage
from eventstudy.inference.core.statistic import end_of_kept

Weights = Literal["rademacher", "webb"]

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))
"""The six points of Webb (2023) are these and their negatives."""

FEW_SIGNS = 12
"""Below this many clusters their signs make too few different samples, and Webb's points are drawn."""

CELLS = 2_000_000
"""Numbers drawn at once: 16 MB."""

DOUBLINGS = 20
"""How often the search for an end of an interval doubles its step: a million standard errors off there is no end."""

TIES = 1e-9
"""Draws whose t is smaller than the sample's by less than this share of it repeat the sample, but for rounding."""


def pieces(draws: int, width: int) -> Iterator[int]:
    """Yield how many draws to make at a time."""
    step = max(1, CELLS // max(1, width))
    for start in range(0, draws, step):
        yield min(step, draws - start)


def drawn(groups: int, draws: int, rng: np.random.Generator, weights: Weights) -> Iterator[NDArray[Any]]:
    """Yield random multipliers of clusters, (rows, groups), a piece at a time."""
    for rows in pieces(draws, groups):
        sign = 1.0 - 2.0 * rng.integers(0, 2, (rows, groups))
        yield sign if weights == "rademacher" else sign * WEBB[rng.integers(0, 3, (rows, groups))]


def _multipliers(groups: int, draws: int, rng: np.random.Generator) -> tuple[Weights, bool, Iterator[NDArray[Any]]]:
    """Return the kind of the multipliers, whether these are all that there are, and the multipliers."""
    weights: Weights = "webb" if groups < FEW_SIGNS else "rademacher"
    points = np.array([-1.0, 1.0]) if weights == "rademacher" else np.concatenate([-WEBB, WEBB])
    if points.size**groups > draws:
        return weights, False, drawn(groups, draws, rng, weights)
    return weights, True, iter([points[np.indices((points.size,) * groups).reshape(groups, -1).T]])


@dataclass(frozen=True, slots=True)
class Wild:
    """What the wild cluster bootstrap says of coefficients.

    Attributes
    ----------
    se, pvalue, low, high : (p,) float
        Jackknife (CR3) standard error; symmetric p-value, (1 + #) / (B + 1) with # the draws whose abs(t) is the sample's or
        more (# / B where the draws are all there are); the values that are not rejected, infinite where none on that side is.
    weights : str
        ``"rademacher"`` or ``"webb"``.
    draws : int
    whole : bool
        Whether the draws are all there are.
    """

    se: Floats
    pvalue: Floats
    low: Floats
    high: Floats
    weights: Weights
    draws: int
    whole: bool

    def judged(self, error: Floats) -> tuple[Floats, Floats, Floats]:
        """Return p-values and intervals; NaN where there is no standard error."""
        gone = np.isnan(error)
        pvalue, low, high = (np.where(gone, np.nan, one) for one in (self.pvalue, self.low, self.high))
        return pvalue, low, high

    def said(self, groups: int) -> str:
        """Return in words what was drawn."""
        points = "signs" if self.weights == "rademacher" else "Webb's six points"
        return f"{'all ' if self.whole else ''}{self.draws:,} draws of {points} for {groups} clusters, symmetric p"


def wild_cluster(
    x: Floats,
    coefficient: Floats,
    left: Floats,
    cluster: Ints,
    *,
    rng: np.random.Generator,
    draws: int = 9999,
    level: float = 0.95,
) -> Wild:
    """Test that each least-squares coefficient is 0, and invert the test to an interval.

    Parameters
    ----------
    x : (N, p) float
        Regressors, of full rank; weighted ones for weighted least squares.
    coefficient : (p,) float
    left : (N,) float
        Residuals, weighted alike.
    cluster : (N,) int
        Codes 0, 1, ..., two or more.
    rng : Generator
    draws : int
        Fewer if there are no more: 2^G signs from 12 clusters on, 6^G of Webb's points below.
    level : float
        Of the interval.

    Notes
    -----
    For the null b_j = r, residuals of the regression that keeps it are multiplied by one number a cluster, after each cluster's
    leverage in that regression is taken off: a cluster that holds most events has small residuals by its own doing. t is
    studentised by the jackknife (CR3), the sample's and each draw's: "WCR-B" of MacKinnon, Nielsen and Webb, type 33 of
    `boottest` and its kin, whose p is # / B. Coefficient and scores of a draw are linear in the multipliers and in r, so that
    each draw is five numbers whatever r is. The points lie symmetrically about 0: equal tails give the same p but for chance.

    References
    ----------
    Cameron, Gelbach and Miller (2008), the null imposed; MacKinnon, Nielsen and Webb (2023), scores by cluster, their leverage
    and the interval; Webb (2023), the six points.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([1.0, 2.0, 3.0, 6.0, 2.0, 4.0])
    >>> found = wild_cluster(np.ones((6, 1)), y.mean(keepdims=True), y - 3, np.arange(6) // 2, rng=np.random.default_rng(0))
    >>> found.weights, found.draws, round(float(found.pvalue[0]), 3)
    ('webb', 216, 0.12)
    """
    inverse = np.asarray(np.linalg.inv(x.T @ x))
    adjusted = without_leverage(x, x, cluster, 1.0) @ inverse
    groups = int(cluster.max()) + 1
    weights, whole, blocks = _multipliers(groups, draws, rng)
    parts = [_part(x, left, cluster, inverse, adjusted, at) for at in range(x.shape[1])]
    several = [[_draws(rows, *part) for part in parts] for rows in blocks]
    squares = (by_cluster(adjusted * left[:, None], cluster) ** 2).sum(axis=0)
    found = np.empty((3, squares.size))
    for at, error in enumerate(np.sqrt(squares)):
        p_at = partial(_pvalue, np.hstack([five[at] for five in several]), float(error), whole=whole)
        centre = float(coefficient[at])
        low, high = (
            end_of_kept(partial(_kept, p_at, 1 - level), 0.0, side * float(error), DOUBLINGS) for side in (-1, 1)
        )
        found[:, at] = p_at(-centre), centre + low, centre + high
    se = np.sqrt(squares * (groups - 1) / groups)
    return Wild(se, found[0], found[1], found[2], weights, sum(five[0].shape[1] for five in several), whole)


def _part(x: Floats, left: Floats, cluster: Ints, inverse: Floats, adjusted: Floats, at: int) -> tuple[Floats, ...]:
    """Return what each cluster adds, under the null that a coefficient is d above its estimate, to what is linear in d.

    The residuals under that null are left - d e, e what the other regressors leave of this one. Shapes: to the coefficient (G, 2) and
    to the scores (G, 2), without d and times -d; to all coefficients (2, G, p); from these to the scores (G, p).
    """
    form, others = x @ inverse[:, at], np.delete(x, at, axis=1)
    both = np.column_stack([left, form / inverse[at, at]])
    both = without_leverage(both, others, cluster, 1.0) if others.size else both
    number = by_cluster(form[:, None] * both, cluster)
    score = by_cluster(adjusted[:, at, None] * both, cluster)
    back = np.stack([by_cluster(x * one[:, None], cluster) @ inverse for one in both.T])
    return number, score, back, by_cluster(x * adjusted[:, at, None], cluster)


def _draws(rows: Floats, number: Floats, score: Floats, back: Floats, form: Floats) -> Floats:
    """Return coefficient (less that of the null) and sum of squared scores of each draw, as polynomials in d: (5, rows)."""
    first, second = (rows * one - (rows @ to) @ form.T for one, to in zip(score.T, back, strict=True))
    squares = [np.einsum("rg,rg->r", a, b) for a, b in ((first, first), (first, second), (second, second))]
    return np.stack([*(rows @ number).T, *squares])


def _pvalue(five: Floats, error: float, d: float, *, whole: bool) -> float:
    """Return the share of draws with abs(t) as large as the sample's if the coefficient is d above its estimate.

    (1 + #) / (B + 1); # / B where the draws are all there are, as the sample is then one of them.
    """
    number, square = five[0] - d * five[1], five[2] - 2 * d * five[3] + d**2 * five[4]
    beyond = (number * error) ** 2 >= d**2 * square * (1 - TIES)  # a draw without variance counts against rejection
    return float(beyond.mean()) if whole else float((1 + beyond.sum()) / (1 + beyond.size))


def _kept(p_at: Callable[[float], float], alpha: float, d: float) -> bool:
    """Whether a value is not rejected."""
    return p_at(d) > alpha
