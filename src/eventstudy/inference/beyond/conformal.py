"""Conformal inference for one security and one event: the effect imposed, the model refitted, the residuals permuted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.inference.core.statistic import end_of_kept

Score = Literal["abs", "sum"]
Permutations = Literal["block", "iid"]

DRAWS: Final = 9_999
"""Random permutations beside the identity, where they are too many to list."""

TIE: Final = 1e-12
"""Statistics nearer than this share of the largest residual are ties, and count."""

DOUBLINGS: Final = 60
"""Of the step in the search for an end of the interval."""


@dataclass(frozen=True, slots=True)
class Conformal:
    """An exact test of a sharp null and the effects that it does not reject.

    Attributes
    ----------
    pvalue : float
        Of no effect.
    low, high : float
        Ends of the interval for theta, the effect a bar; infinite where no level of p is small enough, NaN where no constant
        effect fits.
    bars : int
        Residuals permuted, M + L.
    smallest : float
        Smallest p that can be reached.
    """

    pvalue: float
    low: float
    high: float
    bars: int
    smallest: float


@dataclass(frozen=True, slots=True)
class Groups:
    """The places that stand for the window: under each permutation a group of L residuals, the window itself first.

    Attributes
    ----------
    place : (P, L) int
    """

    place: Ints

    def scores(self, residual: Floats, score: Score) -> Floats:
        """Return (P,): the statistic of each group."""
        taken = residual[self.place]
        found: Floats = np.abs(taken).mean(axis=1) if score == "abs" else np.abs(taken.sum(axis=1))
        return found

    def pvalue(self, residual: Floats, score: Score) -> float:
        """Return the share of groups whose statistic is at least that of the window."""
        found = self.scores(residual, score)
        tie = TIE * float(np.abs(residual).max(initial=0.0))
        return float((found >= found[0] - tie).mean())


def groups(
    bars: int, length: int, permutations: Permutations, rng: np.random.Generator | None = None, draws: int = DRAWS
) -> Groups:
    """Return the groups for `bars` residuals, the last `length` of which are the window.

    ``"block"``: all cyclic shifts. ``"iid"``: every single bar for a window of one, else `draws` random permutations.
    """
    if permutations == "block" or length == 1:
        start = (bars - length + np.arange(bars)) % bars
        return Groups((start[:, None] + np.arange(length)) % bars)
    stream = np.random.default_rng(0) if rng is None else rng
    drawn = np.array([stream.choice(bars, length, replace=False) for _ in range(draws)])
    return Groups(np.vstack([np.arange(bars - length, bars), drawn]))


def linear_conformal(
    residual: Floats, moved: Floats, choice: Groups, *, score: Score = "abs", level: float = 0.95
) -> Conformal:
    """Return the test and the interval for a model whose residuals are linear in the response.

    Parameters
    ----------
    residual : (T,) float
        u(0): residuals of the response, fitted on the estimation and event bars together, the event bars last.
    moved : (T,) float
        m: residuals of the effect's shape; u(theta) = u(0) - theta m.
    choice : Groups
        The permutations.
    score : {"abs", "sum"}
        Mean of |u| over the window, or |sum of u|.
    level : float
        Coverage.

    Returns
    -------
    Conformal

    Notes
    -----
    Chernozhukov, Wuethrich and Zhu (2021, section 2). For ``"sum"`` a permutation counts for theta in a closed interval
    about a_0/b_0, a and b the sums of u(0) and m over its group; all nest, so the set is bounded by the k-th lowest and the
    k-th highest of their ends, k = floor((1 - level) P): no search.

    Examples
    --------
    >>> import numpy as np
    >>> u = np.array([0.01, -0.01, 0.02, -0.02, 0.0, 0.05])
    >>> choice = groups(6, 1, "block")
    >>> linear_conformal(u, np.eye(6)[5], choice, level=0.5).pvalue.__round__(4)
    0.1667
    """
    pvalue = choice.pvalue(residual, score)
    count = len(choice.place)
    if score == "abs":
        centre = float(residual @ moved / (moved @ moved))
        return by_search(lambda theta: residual - theta * moved, choice, centre, score=score, level=level)
    a, b = residual[choice.place].sum(axis=1), moved[choice.place].sum(axis=1)
    k = int(np.floor((1 - level) * count + TIE))
    if k == 0:
        return Conformal(pvalue, -np.inf, np.inf, residual.size, 1 / count)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (a[0] - a[1:]) / (b[0] - b[1:]), (a[0] + a[1:]) / (b[0] + b[1:])
    one, other = np.where(np.isnan(one), -np.inf, one), np.where(np.isnan(other), np.inf, other)
    low, high = np.sort(np.minimum(one, other)), np.sort(np.maximum(one, other))
    return Conformal(pvalue, float(low[k - 1]), float(high[-k]), residual.size, 1 / count)


def by_search(
    residual: Callable[[float], Floats], choice: Groups, centre: float, *, score: Score = "abs", level: float = 0.95
) -> Conformal:
    """Return the test and the interval for any model: `residual` (T,) refitted at each theta.

    If the best single effect, `centre`, is rejected, no interval is made up: both ends are NaN. Else each end is found by doubling
    outwards and halving.
    """
    alpha = 1 - level
    nothing = residual(0.0)
    count = len(choice.place)
    pvalue = choice.pvalue(nothing, score)
    if np.floor(alpha * count + TIE) == 0:
        return Conformal(pvalue, -np.inf, np.inf, nothing.size, 1 / count)

    def kept(theta: float) -> bool:
        # a p of just 1 - level rejects, however that is rounded
        return choice.pvalue(residual(theta), score) > alpha + TIE

    if not kept(centre):
        return Conformal(pvalue, np.nan, np.nan, nothing.size, 1 / count)
    spread = float(np.sqrt(np.mean(nothing**2))) or 1.0
    low, high = (end_of_kept(kept, centre, sign * spread, DOUBLINGS) for sign in (-1, 1))
    return Conformal(pvalue, low, high, nothing.size, 1 / count)
