"""Evidence that may be watched as it grows: e-values of the links, each factor fair given the past.

A running product of such factors may be looked at after every session: the chance that it ever reaches 20 : 1 without an
effect is at most 5 % (Ville 1939).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy import stats

from eventstudy._typing import Floats, Ints
from eventstudy.hypothesis.record.risk_sets import Relief, Rows
from eventstudy.hypothesis.record.sections import EvidenceRules

_TERCILES = (1 / 3, 2 / 3)
_PATHS = 400  # simulated continuations behind "about so many more"
_LONGEST = 400  # events


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for one link after each session that added some.

    Attributes
    ----------
    day : (n,) int
        Sessions, ascending; several factors of one session stand as one.
    value : (n,) float
        To one, after that session.
    """

    day: Ints
    value: Floats

    @property
    def now(self) -> float:
        """What it came to; 1 before anything was bet."""
        return float(self.value[-1]) if self.value.size else 1.0

    @property
    def highest(self) -> float:
        """The most that it ever was."""
        return float(max(1.0, self.value.max())) if self.value.size else 1.0

    def at(self, days: Ints) -> Floats:
        """(k,) evidence after each of the sessions."""
        place = np.searchsorted(self.day, days, side="right")
        return np.concatenate([[1.0], self.value])[place]


def path(day: Sequence[int], factors: Sequence[Floats]) -> Evidence:
    """Multiply the factors, one a bet each, and average over the bets."""
    if not len(day):
        return Evidence(np.zeros(0, dtype=np.int64), np.zeros(0))
    value = np.exp(np.cumsum(np.log(np.stack(factors)), axis=0)).mean(axis=1)
    days = np.asarray(day, dtype=np.int64)
    last = np.append(days[1:] != days[:-1], True)
    return Evidence(days[last], value[last])


def rank_factor(rank: float, n: int, bets: Sequence[float]) -> Floats:
    """(b,) factors of a rank among n: exp(b q_R) over its mean, q_r the normal score of rank r.

    Examples
    --------
    >>> [round(float(np.mean([rank_factor(r, 5, [0.5])[0] for r in range(1, 6)])), 12)]
    [1.0]
    """
    scores = stats.norm.ppf(np.arange(1, n + 1) / (n + 1))
    weight = np.exp(np.asarray(bets)[:, None] * scores[None, :])
    low, high = int(np.floor(rank)), int(np.ceil(rank))
    return np.asarray((weight[:, low - 1] + weight[:, high - 1]) / 2 / weight.mean(axis=1), dtype=float)


def reaction_evidence(
    score: Floats, trigger: Ints, quiet: Ints, state: Floats, first: int, rule: EvidenceRules
) -> Evidence:
    """Bet on the rank of each trigger's score among the earlier sessions of its stratum and itself.

    Scores, (B,), are positive in the link's direction: returns over the scale known before, no estimated mean taken off. One
    that moves from session to session would put the same luck into rank after rank, and the factors would not be fair. The strata are terciles of `state`, (B,), known before each
    session; their bounds are those of the quiet sessions before position `first`, where the betting begins. Earlier
    triggers stay among the earlier sessions.
    """
    known = np.isfinite(score) & np.isfinite(state)
    before = quiet[(quiet < first) & known[quiet]]
    stratum = np.zeros(score.shape, dtype=np.int64)
    if before.size:
        stratum = np.searchsorted(np.quantile(state[before], _TERCILES), state, side="right")
    days, factors = [], []
    pool = np.union1d(quiet[known[quiet]], trigger[known[trigger]])
    for t in trigger[known[trigger] & (trigger >= first)]:
        earlier = pool[(pool < t) & (stratum[pool] == stratum[t])]
        if earlier.size < rule.fewest_scores:
            continue
        below, ties = np.sum(score[earlier] < score[t]), np.sum(score[earlier] == score[t])
        days.append(int(t))
        factors.append(rank_factor(1 + below + ties / 2, earlier.size + 1, rule.reaction_bets))
    return path(days, factors)


def relief_evidence(loss: Floats, rows: Rows, reliefs: Sequence[Relief], first: int, rule: EvidenceRules) -> Evidence:
    """Bet that what is relieved stands deeper in loss than what else is open in its session.

    Of one episode open alone, the rank of its loss among those of earlier episodes at the same age. Losses, (R,), are in
    units of the smallest relevant one.
    """
    x, bets = loss / rule.loss_unit, np.asarray(rule.hazard_bets)
    days, factors = [], []
    by_day = {
        day: np.asarray(list(own)) for day, own in groupby(range(rows.day.size), key=lambda at: int(rows.day[at]))
    }
    for one in (relief for relief in reliefs if relief.day >= first):
        at_risk = list(by_day[one.day])
        for row in one.rows:
            if len(at_risk) > 1:
                weight = np.exp(bets[:, None] * (x[at_risk] - x[row])[None, :])
                days.append(one.day)
                factors.append(1 / weight.mean(axis=1))
            else:
                same = x[(rows.age == rows.age[row]) & (rows.day < one.day)]
                if same.size >= rule.fewest_threats:
                    days.append(one.day)
                    rank = 1 + np.sum(same < x[row]) + np.sum(same == x[row]) / 2
                    factors.append(rank_factor(float(rank), same.size + 1, rule.hazard_bets))
            at_risk.remove(row)
    return path(days, factors)


def weakest(links: Mapping[str, Evidence]) -> Evidence:
    """Give the evidence for the chain: the least of the links', after each session; never their product."""
    days = np.unique(np.concatenate([link.day for link in links.values()]))
    return Evidence(days, np.min([link.at(days) for link in links.values()], axis=0) if days.size else np.zeros(0))


def more_needed(now: float, effect: float, rule: EvidenceRules, rng: np.random.Generator) -> int:
    """Median number of further triggers until the needed evidence, at an effect in standard deviations."""
    bets = np.asarray(rule.reaction_bets)
    drawn = rng.normal(effect, 1.0, (_PATHS, _LONGEST))
    growth = np.cumsum(bets[None, None, :] * drawn[:, :, None] - bets**2 / 2, axis=1)
    reached = now * np.exp(growth).mean(axis=2) >= rule.needed
    count = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, _LONGEST)
    return int(np.median(count))
