"""H1 and H3: whether the index moved with the news, and whether other days would have moved as much.

The estimate is the mean winsorised standardized abnormal return over independent sessions, signed so that the link's
direction is positive. Three reference distributions answer for chance, and the headline p-value is the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eventstudy.hypothesis.market import Market, prior_return
from eventstudy.hypothesis.resampling import draw_without, matched_draws, pvalue, rotation_sums, rotations
from eventstudy.inference import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventstudy.hypothesis.definitions import Definitions

__all__ = [
    "Cells",
    "Reaction",
    "Stratum",
    "candidates",
    "leave_out_groups",
    "match_cells",
    "means_without",
    "react",
    "winsorised",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TERCILES = (1 / 3, 2 / 3)
_STAY = 2  # sessions that must stay when others are left out


@dataclass(frozen=True, slots=True)
class Stratum:
    """A stretch of sessions within which dates may be exchanged.

    Attributes
    ----------
    name : str
    first, last : int
        Positions, both included.
    pool : (P,) int
        Placebo sessions: those of the stretch, and of the history before it, on which no event fell.
    """

    name: str
    first: int
    last: int
    pool: Ints


@dataclass(frozen=True, slots=True)
class Cells:
    """States in which placebo sessions are matched, each (B,) int, -1 where unknown; `pool` (P,) int."""

    fear: Ints
    prior: Ints
    weekday: Ints
    macro: Ints
    pool: Ints


@dataclass(frozen=True, slots=True)
class Reaction:
    """One link's reaction in one sample.

    Attributes
    ----------
    position : (n,) int
        Sessions with a score.
    score : (n,) float
        Winsorised standardized abnormal return, signed: positive is the link's direction.
    car : (n,) float
        Cumulative abnormal return, decimals, unsigned.
    estimate : float
        Mean score, in standard deviations of an ordinary window.
    p_permutation, p_matched, p_shift, p_left_out : float
        One-sided; the last is the largest p-value of the permutation with one session or one cluster left out.
    pvalue : float
        The largest of them.
    null_permutation, null_matched, null_shift : (R,) float
        What chance gives.
    left_out : (G,) float
        The estimate without each session, and without each cluster of sessions.
    null_left_out : (G, R) float
        What chance gives for as many sessions.
    drawn : (R, n) float
        The signed scores of the permutation's sessions before clipping, on which effects are injected.
    low, high : (n,) float
        Where each column is clipped.
    groups : tuple of int arrays
        What is left out in turn.
    """

    position: Ints
    score: Floats
    car: Floats
    estimate: float
    p_permutation: float
    p_matched: float
    p_shift: float
    p_left_out: float
    pvalue: float
    null_permutation: Floats
    null_matched: Floats
    null_shift: Floats
    left_out: Floats
    null_left_out: Floats
    drawn: Floats
    low: Floats
    high: Floats
    groups: tuple[Ints, ...]

    @property
    def n(self) -> int:
        """Independent sessions."""
        return int(self.position.size)

    @property
    def se(self) -> float:
        """Standard error of the mean score across sessions, divisor n - 1."""
        return float(self.score.std(ddof=1) / np.sqrt(self.n)) if self.n > 1 else float("nan")

    def interval(self, level: float) -> tuple[float, float]:
        """Interval from the placebo draws, the widest of the three: what the news added, if it added the same to each."""
        nulls = [null for null in (self.null_permutation, self.null_matched, self.null_shift) if null.size]
        if not nulls:
            return float("nan"), float("nan")
        tail = (1 - level) / 2
        high = max(float(np.quantile(null, 1 - tail)) for null in nulls)
        low = min(float(np.quantile(null, tail)) for null in nulls)
        return self.estimate - high, self.estimate - low

    @property
    def p_wrong(self) -> float:
        """One-sided p-value against the link's direction, the largest of the three schemes."""
        nulls = [null for null in (self.null_permutation, self.null_matched, self.null_shift) if null.size]
        return max((pvalue(-self.estimate, -null) for null in nulls), default=float("nan"))

    def worst_left_out(self) -> tuple[float, Floats]:
        """Give the estimate and the draws behind `p_left_out`."""
        found = [pvalue(float(e), null) for e, null in zip(self.left_out, self.null_left_out, strict=True)]
        worst = int(np.argmax(found))
        return float(self.left_out[worst]), self.null_left_out[worst]

    def interval_t(self, level: float) -> tuple[float, float]:
        """Interval for the mean score by t(n-1), which lets the news add noise as well."""
        if self.n < 2:
            return float("nan"), float("nan")
        half = float(stats.t.ppf(0.5 + level / 2, self.n - 1)) * self.se
        return self.estimate - half, self.estimate + half

    def equivalence(self, margin: float) -> float:
        """Two one-sided tests that the mean lies within +-margin (Schuirmann 1987): the larger p-value."""
        if self.n < 2 or self.se == 0:
            return float("nan")
        low = stats.t.sf((self.estimate + margin) / self.se, self.n - 1)
        high = stats.t.cdf((self.estimate - margin) / self.se, self.n - 1)
        return float(max(low, high))

    def bound(self, level: float) -> float:
        """Smallest margin at which the mean would count as nothing: |mean| + t(1 - level) se (Schuirmann 1987)."""
        if self.n < 2:
            return float("nan")
        return abs(self.estimate) + float(stats.t.ppf(1 - level, self.n - 1)) * self.se

    @property
    def share(self) -> float:
        """Share of sessions in the link's direction."""
        return float(np.mean(self.score > 0)) if self.n else float("nan")

    def companions(self) -> dict[str, float]:
        """Median, share in the link's direction, and the p-values of t, Wilcoxon and sign tests (one-sided)."""
        if self.n < 2:
            return {}
        right = int(np.count_nonzero(self.score > 0))
        nonzero = int(np.count_nonzero(self.score))
        ranked = wilcoxon(self.score).p_greater
        return {
            "median": float(np.median(self.score)),
            "share": right / self.n,
            "p_t": float(stats.t.sf(self.estimate / self.se, self.n - 1)) if self.se > 0 else float("nan"),
            "p_wilcoxon": float(np.asarray(ranked)),
            "p_sign": float(stats.binom.sf(right - 1, nonzero, 0.5)),
        }


def winsorised(z: Floats, pool: Ints, limits: tuple[float, float]) -> Floats:
    """(B,) scores, clipped to quantiles of the placebo pool."""
    known = z[pool]
    known = known[np.isfinite(known)]
    if not known.size:
        return z
    low, high = np.quantile(known, limits)
    return np.clip(z, low, high)


def match_cells(market: Market, z: Floats, busy: Bools, rules: Definitions) -> Cells:
    """Terciles of the fear gauge and of the prior return at the last close before, weekday, and whether a release was due."""
    fear = np.full(market.fear.shape, np.nan)
    fear[1:] = market.fear[:-1]
    prior = prior_return(market, rules.placebo.prior_sessions)
    pool = np.flatnonzero(~busy & np.isfinite(z))
    macro = np.zeros(z.shape, dtype=np.int64) if market.macro is None else market.macro
    return Cells(_tercile(fear, pool), _tercile(prior, pool), market.weekday, macro, pool)


def _tercile(values: Floats, pool: Ints) -> Ints:
    known = values[pool]
    known = known[np.isfinite(known)]
    if not known.size:
        return np.zeros(values.shape, dtype=np.int64)
    code = np.searchsorted(np.quantile(known, _TERCILES), values, side="right")
    return np.where(np.isfinite(values), code, -1)


def candidates(cells: Cells, position: Ints, minimum: int) -> list[Ints]:
    """Find matched placebo sessions of each event, the event itself included; coarser cells where too few.

    Given up are the weekday, then the macro calendar, then the fear gauge; the prior return never. An event beyond the
    macro calendar is matched without it.
    """
    found = []
    for t in position:
        same_prior = cells.prior[cells.pool] == cells.prior[t]
        same_fear = same_prior & (cells.fear[cells.pool] == cells.fear[t])
        same_macro = same_fear & ((cells.macro[cells.pool] == cells.macro[t]) | (cells.macro[t] < 0))
        same_day = same_macro & (cells.weekday[cells.pool] == cells.weekday[t])
        for keep in (same_day, same_macro, same_fear, same_prior):
            if np.count_nonzero(keep) >= minimum:
                break
        found.append(np.append(cells.pool[keep], t))
    return found


def react(
    z: Floats,
    car: Floats,
    position: Ints,
    strata: Sequence[Stratum],
    cells: Cells,
    rules: Definitions,
    *,
    sign: int,
    draws: int,
    rng: np.random.Generator,
    statistic: str | None = None,
) -> Reaction:
    """Test one link on the sessions at `position`.

    Parameters
    ----------
    z, car : (B,) float
        Scores of every session; see :func:`eventstudy.hypothesis.market.scores`.
    position : (n,) int
        Event sessions, each once; those outside the strata or without a score are left out.
    strata : sequence of Stratum
        Exchange happens within them.
    cells : Cells
        For the matched placebos.
    rules : Definitions
    sign : {-1, 1}
        The direction of the link.
    draws : int
    rng : numpy.random.Generator
    statistic : {"mean", "median"}, optional
        By default that of the definitions; a median skips the circular shift.

    Returns
    -------
    Reaction

    Notes
    -----
    Permutation: n sessions without replacement from pool and events together, within each stratum (Nguyen and Wolf
    2023). Matched: one candidate an event. Shift: every rotation of one stratum, `draws` combinations of several.
    """
    kind = statistic or rules.reaction.statistic
    summarize = np.median if kind == "median" else np.mean
    usable = np.isfinite(z)
    chosen: list[Ints] = []
    scored = np.full(z.shape, np.nan)
    permuted: list[Floats] = []
    parts: list[tuple[Floats, Floats]] = []
    unclipped: list[Floats] = []
    lows: list[Floats] = []
    highs: list[Floats] = []
    for stratum in strata:
        inside = position[(position >= stratum.first) & (position <= stratum.last)]
        inside = inside[usable[inside]]
        pool = np.union1d(stratum.pool[usable[stratum.pool]], inside)
        clipped = sign * winsorised(z, stratum.pool, rules.reaction.winsor)
        scored[inside] = clipped[inside]
        chosen.append(inside)
        if inside.size:
            taken = draw_without(pool, inside.size, draws, rng)
            permuted.append(clipped[taken])
            unclipped.append(sign * z[taken])
            lows.append(np.full(inside.size, np.nanmin(clipped[pool])))
            highs.append(np.full(inside.size, np.nanmax(clipped[pool])))
            parts.append(rotation_sums(clipped, inside, stratum.first, stratum.last))
    at = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
    score = scored[at]
    nothing = np.zeros(0)
    if not at.size:
        nan = float("nan")
        none = np.zeros((0, 0))
        return Reaction(
            at,
            score,
            car[at],
            nan,
            nan,
            nan,
            nan,
            nan,
            nan,
            nothing,
            nothing,
            nothing,
            nothing,
            none,
            none,
            nothing,
            nothing,
            (),
        )
    estimate = float(summarize(score))
    drawn = np.concatenate(permuted, axis=1)
    permutation = summarize(drawn, axis=1)
    low, high = np.concatenate(lows), np.concatenate(highs)
    # a placebo is clipped where the event that it stands for was
    like = matched_draws(candidates(cells, at, rules.placebo.matched_minimum), draws, rng)
    matched = summarize(np.clip(sign * z[like], low, high), axis=1)
    shift = nothing if kind == "median" else rotations(parts, draws, rng)
    groups = [] if kind == "median" else leave_out_groups(at, rules.placebo.cluster_gap)
    left, null_left = means_without(score[None, :], groups)[:, 0], means_without(drawn, groups)
    tested = [pvalue(estimate, null) for null in (permutation, matched, shift)]
    p_left = max((pvalue(float(e), null) for e, null in zip(left, null_left, strict=True)), default=float("nan"))
    return Reaction(
        position=at,
        score=score,
        car=car[at],
        estimate=estimate,
        p_permutation=tested[0],
        p_matched=tested[1],
        p_shift=tested[2],
        p_left_out=p_left,
        pvalue=float(np.nanmax([*tested, p_left])),
        null_permutation=permutation,
        null_matched=matched,
        null_shift=shift,
        left_out=left,
        null_left_out=null_left,
        drawn=np.concatenate(unclipped, axis=1),
        low=low,
        high=high,
        groups=tuple(groups),
    )


def leave_out_groups(position: Ints, gap: int) -> list[Ints]:
    """List what is left out in turn: each session, then each cluster of sessions no more than `gap` apart.

    A group after which fewer than two sessions would stay is not left out.

    Examples
    --------
    >>> [group.tolist() for group in leave_out_groups(np.array([3, 5, 40, 90]), 5)]
    [[0], [1], [2], [3], [0, 1]]
    """
    order = np.argsort(position, kind="stable")
    label = np.zeros(position.size, dtype=np.int64)
    label[order] = np.cumsum(np.concatenate([[0], np.diff(position[order]) > gap])) if position.size else label
    single = [np.array([i]) for i in range(position.size)]
    clusters = [np.flatnonzero(label == c) for c in np.unique(label)]
    return [g for g in (*single, *(c for c in clusters if c.size > 1)) if position.size - g.size >= _STAY]


def means_without(scores: Floats, groups: Sequence[Ints]) -> Floats:
    """(G, R) means of each row of scores (R, n) without each group: the columns of a draw are exchangeable."""
    n = scores.shape[1]
    member = np.zeros((n, len(groups)))
    for j, group in enumerate(groups):
        member[group, j] = 1.0
    stay = n - member.sum(axis=0)
    return np.asarray(((scores.sum(axis=1)[:, None] - scores @ member) / stay).T, dtype=float)
