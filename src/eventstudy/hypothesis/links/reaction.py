"""H1 and H3: whether the index moved with the news, and whether other days would have moved as much.

The estimate is the mean winsorised standardized abnormal return over independent sessions, signed so that the link's
direction is positive. Three reference distributions answer for chance, and the headline p-value is the largest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.links.matching import Cells, candidates, unclipped_by, winsorised
from eventstudy.hypothesis.links.placebo_draws import (
    draw_without,
    limits,
    matched_draws,
    pvalue,
    rotation_sums,
    rotations,
)
from eventstudy.hypothesis.record.market import Scores
from eventstudy.hypothesis.record.sections import Placebos
from eventstudy.hypothesis.record.strata import Stratum

SCHEMES = ("permutation", "matched", "shift")

_STAY = 2  # sessions that must stay when others are left out


def _nothing() -> Floats:
    return np.zeros(0)


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
    nulls : mapping of str to (R,) float
        What chance gives, by scheme.
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
    pvalues : mapping of str to float
        One-sided, by scheme; "left_out": the largest of the permutation with one session or one cluster left out.
    primary : tuple of str
        Which of them count: one, or several of which the largest does.
    """

    position: Ints
    score: Floats
    car: Floats
    estimate: float = float("nan")
    nulls: Mapping[str, Floats] = field(default_factory=dict)
    left_out: Floats = field(default_factory=_nothing)
    null_left_out: Floats = field(default_factory=_nothing)
    drawn: Floats = field(default_factory=_nothing)
    low: Floats = field(default_factory=_nothing)
    high: Floats = field(default_factory=_nothing)
    groups: tuple[Ints, ...] = ()
    pvalues: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys((*SCHEMES, "left_out"), float("nan")))
    primary: tuple[str, ...] = (*SCHEMES, "left_out")

    @property
    def pvalue(self) -> float:
        """The p-value of the primary test; of several, the largest."""
        known = [p for name, p in self.pvalues.items() if name in self.primary and np.isfinite(p)]
        return max(known, default=float("nan"))

    @property
    def n(self) -> int:
        """Independent sessions."""
        return int(self.position.size)

    @property
    def se(self) -> float:
        """Standard error of the mean score across sessions, divisor n - 1."""
        return float(self.score.std(ddof=1) / np.sqrt(self.n)) if self.n > 1 else float("nan")

    @property
    def drawn_nulls(self) -> list[Floats]:
        """The nulls of the primary schemes that have draws."""
        return [null for name, null in self.nulls.items() if null.size and name in self.primary]

    @property
    def p_wrong(self) -> float:
        """One-sided p-value against the link's direction, the largest of the primary schemes."""
        return max((pvalue(-self.estimate, -null) for null in self.drawn_nulls), default=float("nan"))

    @property
    def share(self) -> float:
        """Share of sessions in the link's direction."""
        return float(np.mean(self.score > 0)) if self.n else float("nan")

    def interval(self, level: float) -> tuple[float, float]:
        """Interval from the placebo draws: what the news added, if it added the same to each.

        Of one primary scheme it leaves out zero exactly when that scheme's p-value is at most half of 1 - `level`; of
        several it is the widest of their quantiles.
        """
        nulls = self.drawn_nulls
        if not nulls:
            return float("nan"), float("nan")
        if len(self.primary) == 1:
            return limits(self.estimate, nulls[0], level)
        tail = (1 - level) / 2
        high = max(float(np.quantile(null, 1 - tail)) for null in nulls)
        low = min(float(np.quantile(null, tail)) for null in nulls)
        return self.estimate - high, self.estimate - low

    @property
    def worst_group(self) -> int:
        """Which group, left out, leaves least of the link."""
        found = [pvalue(float(e), null) for e, null in zip(self.left_out, self.null_left_out, strict=True)]
        return int(np.argmax(found))

    def worst_left_out(self) -> tuple[float, Floats]:
        """Give the estimate and the draws behind the p-value of what is left out."""
        return float(self.left_out[self.worst_group]), self.null_left_out[self.worst_group]


def react(
    scored: Scores,
    position: Ints,
    strata: Sequence[Stratum],
    cells: Cells,
    how: Placebos,
    *,
    sign: int,
    rng: np.random.Generator,
    beside: bool = True,
) -> Reaction:
    """Test one link on the sessions at `position`, each once; those outside the strata or without a score are left out.

    `sign` is the direction of the link. Permutation: n sessions without replacement from pool and events together,
    within each stratum (Nguyen and Wolf 2023). Matched: one candidate an event. Shift: every rotation of one stratum,
    as many combinations of several as there are draws. A median has no shift, and nothing is left out of it. Without
    `beside` only the primary tests are made; their draws are the same.
    """
    averaged = np.median if how.statistic == "median" else np.mean
    z, usable = scored.z, np.isfinite(scored.z)
    score = np.full(z.shape, np.nan)
    chosen, permuted, unclipped, lows, highs = [], [], [], [], []
    parts: list[tuple[Floats, Floats]] = []
    for stratum in strata:
        inside = position[(position >= stratum.first) & (position <= stratum.last)]
        inside = inside[usable[inside]]
        pool = np.union1d(stratum.pool[usable[stratum.pool]], inside)
        clipped = sign * winsorised(z, stratum.pool, how.winsor)
        score[inside] = clipped[inside]
        chosen.append(inside)
        if inside.size:
            taken = draw_without(pool, inside.size, how.draws, rng)
            permuted.append(clipped[taken])
            unclipped.append(sign * z[taken])
            raw = unclipped_by(how.winsor)
            lows.append(np.full(inside.size, -np.inf if raw else np.nanmin(clipped[pool])))
            highs.append(np.full(inside.size, np.inf if raw else np.nanmax(clipped[pool])))
            if beside or "shift" in how.primary:
                parts.append(rotation_sums(clipped, inside, stratum.first, stratum.last))
    at = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
    score = score[at]
    if not at.size:
        return Reaction(at, score, scored.car[at])
    estimate = float(averaged(score))
    drawn = np.concatenate(permuted, axis=1)
    low, high = np.concatenate(lows), np.concatenate(highs)
    asked, median = ((*SCHEMES, "left_out") if beside else how.primary), how.statistic == "median"
    nulls = {"permutation": averaged(drawn, axis=1), "matched": _nothing(), "shift": _nothing()}
    if "matched" in asked:  # a placebo is clipped where the event that it stands for was
        like = matched_draws(candidates(cells, at, how.matched_minimum), how.draws, rng)
        nulls["matched"] = averaged(np.clip(sign * z[like], low, high), axis=1)
    if "shift" in asked and not median:
        nulls["shift"] = rotations(parts, how.draws, rng)
    groups = leave_out_groups(at, how.cluster_gap) if "left_out" in asked and not median else []
    left, null_left = means_without(score[None, :], groups)[:, 0], means_without(drawn, groups)
    without = (pvalue(float(e), null) for e, null in zip(left, null_left, strict=True))
    return Reaction(
        position=at,
        score=score,
        car=scored.car[at],
        estimate=estimate,
        nulls=MappingProxyType(nulls),
        left_out=left,
        null_left_out=null_left,
        drawn=np.concatenate(unclipped, axis=1),
        low=low,
        high=high,
        groups=tuple(groups),
        pvalues=MappingProxyType(
            {scheme: pvalue(estimate, null) for scheme, null in nulls.items()}
            | {"left_out": max(without, default=float("nan"))}
        ),
        primary=how.primary,
    )


def cluster_labels(position: Ints, gap: int) -> Ints:
    """(n,) which cluster each session is in: sessions no more than `gap` apart share one."""
    order = np.argsort(position, kind="stable")
    label = np.zeros(position.size, dtype=np.int64)
    label[order] = np.cumsum(np.concatenate([[0], np.diff(position[order]) > gap])) if position.size else label
    return label


def leave_out_groups(position: Ints, gap: int) -> list[Ints]:
    """List what is left out in turn: each session, then each cluster of sessions no more than `gap` apart.

    A group after which fewer than two sessions would stay is not left out.

    Examples
    --------
    >>> [group.tolist() for group in leave_out_groups(np.array([3, 5, 40, 90]), 5)]
    [[0], [1], [2], [3], [0, 1]]
    """
    label = cluster_labels(position, gap)
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
