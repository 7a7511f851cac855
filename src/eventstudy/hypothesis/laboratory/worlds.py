"""Worlds whose truth is known: markets and policy makers made up so that the chain holds, or fails at a chosen link.

A world is a price record with a calendar of threats, retaliations and reliefs, as crowded as the real one: threats come in
bursts, shocks have fat tails, a dozen episodes are open at a time, a relief may be partial and may take several. The whole
machinery runs on it as on the real record; what it says is counted in :mod:`eventstudy.hypothesis.laboratory.trials`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.checks import checked
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Relief, RiskSets, Rows
from eventstudy.hypothesis.record.threats import Spells

WorldKind = Literal["forced", "bluff", "retaliation", "self-defeating", "noise"]

KINDS: tuple[WorldKind, ...] = get_args(WorldKind)

_HISTORY = 330  # sessions before the first threat: estimation, gap, and quiet days for the placebo pool

_SESSIONS = 326  # of the headline sample, as are the numbers that follow

_OLDER = 12  # episodes open when it begins

_THREATS = 20  # new episodes

_ALONE = 12  # triggers that open no episode of the decider (the rival's own, and words)

_BURST = 0.5  # chance that a trigger follows the one before within three sessions

_RELIEF = 0.0033  # hazard of relief at an average loss, a session and episode: a dozen reliefs

_MORE = 0.35  # chance that a relief takes one more of those open; again and again

_WHOLE = 0.5  # chance that it ends the episode

_LIFE = (30, 320)  # an episode is over at an age in this range

_FEAR = 18.0

_FEAR_MEMORY = 0.95

_FEAR_NOISE = 0.06

_LEVERAGE = -4.0  # log fear per unit of return

_CALM = 0.85  # realised over implied volatility

_DRIFT = 0.0006  # mean return of a session

_FREEDOM = 4  # of Student's t of the shocks

# of the loss since the threat over pairs at risk, to begin with: the declared odds are per one of its own
_LOSS_SD = 0.065

_LOSS_COUNTS, _ROUNDS = ("forced", "self-defeating"), 4

_SELLOFF = 2.0  # standard deviations of a fall that has nothing to do with threats

_SELLOFFS = 8

_FLOOR = -0.9  # no index falls by more than it is worth; one world in some thousands would

_RETALIATES, _LASTS = 0.35, 12

_RETALIATION_ODDS = 8.0


@dataclass(frozen=True, slots=True)
class World:
    """One made-up record.

    Attributes
    ----------
    record : Record
    risk : RiskSets
        Of the record.
    rival : Spells
        Retaliations.
    first, last : int
        The stretch of sessions that is studied.
    selloffs : (q,) int
        Quiet sessions of falls that have nothing to do with threats.
    turn : int
        Session from which a self-defeating chain is gone.
    """

    record: Record
    risk: RiskSets
    rival: Spells
    first: int
    last: int
    selloffs: Ints
    turn: int


@checked()
def simulate_world(kind: WorldKind, rules: Definitions, rng: np.random.Generator, *, times: int = 1) -> World:
    """Make a world.

    Parameters
    ----------
    kind : {"forced", "bluff", "retaliation", "self-defeating", "noise"}
        forced: threats move the index, relief is likelier the larger the loss, relief moves the index. bluff: the same
        with a constant hazard. retaliation: the hazard rises while the rival retaliates. self-defeating: forced in the
        first third, then the index no longer reacts and relief no longer depends on it. noise: nothing moves anything,
        and falls by other news come on any session.
    rules : Definitions
        The declared effects: standard deviations a reaction, odds ratio per standard deviation of drawdown.
    rng : numpy.random.Generator
    times : int, default 1
        How many times as long as the real headline sample, at the same density of events.

    Examples
    --------
    >>> from eventstudy.hypothesis.record.definitions import load_definitions
    >>> world = simulate_world("bluff", load_definitions(), np.random.default_rng(0))
    >>> world.last - world.first + 1, len(world.record.spells.ids)
    (326, 32)
    """
    length = _SESSIONS * times
    size = _HISTORY + length
    first, last = _HISTORY, size - 1
    news = _bursts(np.arange(first, last - 2), (_THREATS + _ALONE) * times, rng)
    opens = rng.permutation(news.size) < _THREATS * times
    older = np.sort(rng.choice(np.arange(first - 60, first), _OLDER, replace=False))
    starts = np.concatenate([older, news[opens]])
    selloffs = np.sort(rng.choice(np.arange(first, last - 2), _SELLOFFS * times, replace=False))
    answered = rng.random(starts.size) < _RETALIATES
    answers = np.minimum(starts + rng.integers(1, 4, starts.size), last - 1)[answered]
    life = rng.integers(_LIFE[0], _LIFE[1], starts.size)
    # other news fell as often before: else quiet days are calmer than the days of threats, and no link is null
    earlier = rng.spawn(1)[0].choice(first, round(_SELLOFFS * times * first / length), replace=False)
    spread, state = _LOSS_SD, rng.bit_generator.state
    for _ in range(_ROUNDS if kind in _LOSS_COUNTS else 1):
        rng.bit_generator.state = state
        walk = _Path(kind, rules, spread, first, length, size, rng)
        ends, over, reliefs = walk.run(starts, life, news, answers, np.concatenate([earlier, selloffs]))
        spread = _spread(walk.level, starts, ends, first)
    decisions = np.asarray([day for day, _ in reliefs], dtype=np.int64)
    names = tuple(f"T{i}" for i in range(starts.size))
    never = np.full(starts.size, size + 10**6)
    outcome = np.where(over, 0, np.where(ends < last, 1, 2)).astype(np.int64)
    spells = Spells(starts, ends, outcome, never, np.zeros_like(starts), names)
    rival = Spells(
        answers,
        np.minimum(answers + _LASTS, last),
        np.ones_like(answers),
        np.full(answers.size, size + 10**6),
        np.zeros_like(answers),
        tuple(f"R{i}" for i in range(answers.size)),
    )
    both = np.intersect1d(news, decisions)
    busy = np.zeros(size, dtype=bool)
    for day in (0, 1):
        hit = np.concatenate([news, decisions, older]) + day
        busy[hit[hit < size]] = True
    close, fear = walk.record()
    market = Market(close, fear, walk.rate(), np.arange(size) % 5)
    risk = _risk_sets(starts, ends, reliefs, names)
    record = Record(
        market,
        busy,
        np.setdiff1d(news, both),
        np.setdiff1d(decisions, both),
        decisions,
        spells,
        risk,
    )
    return World(record, risk, rival, first, last, selloffs[~busy[selloffs]], walk.turn)


def _bursts(where: Ints, number: int, rng: np.random.Generator) -> Ints:
    """Give (number,) sessions, ascending and each once; some follow the one before within three sessions."""
    found: set[int] = set()
    while len(found) < number:
        at = int(rng.choice(where))
        found.add(at)
        while len(found) < number and rng.random() < _BURST:
            at = min(at + int(rng.integers(1, 4)), int(where[-1]))
            found.add(at)
    return np.asarray(sorted(found), dtype=np.int64)


def _risk_sets(starts: Ints, ends: Ints, reliefs: list[tuple[int, Ints]], names: tuple[str, ...]) -> RiskSets:
    """Put episodes and reliefs on the bars, as the tables of a real record are."""
    lengths = ends - starts + 1
    episode = np.repeat(np.arange(starts.size), lengths)
    age = np.concatenate([np.arange(n) for n in lengths])
    day = starts[episode] + age
    order = np.lexsort((episode, day))
    episode, age, day = episode[order], age[order], day[order]
    place = {pair: at for at, pair in enumerate(zip(episode.tolist(), day.tolist(), strict=True))}
    found = tuple(Relief(t, f"R{t}", tuple(place[int(one), t] for one in taken)) for t, taken in reliefs)
    relieved = np.zeros(day.size, dtype=bool)
    relieved[[row for one in found for row in one.rows]] = True
    rows = Rows(
        episode=episode,
        day=day,
        age=age,
        relieved=relieved,
        implemented=np.zeros(day.size, dtype=bool),
        base=starts[episode] - 1,
        deadline=np.full(day.size, 10**7),
        group=np.zeros(day.size, dtype=np.int64),
    )
    nothing = pd.DataFrame(columns=["relief", "session", "episode", "reason"])
    return RiskSets(rows, found, names, np.zeros(day.size, dtype=bool), frozenset(), nothing)


def _spread(level: Floats, starts: Ints, ends: Ints, first: int) -> float:
    """Give the standard deviation of the loss over the pairs at risk of the stretch that is studied."""
    spans = [(a, np.arange(max(a, first), b + 1)) for a, b in zip(starts, ends, strict=True)]
    return float(np.concatenate([np.log(level[days - 1] / level[a - 1]) for a, days in spans]).std())


class _Path:
    """Session by session: what the market does, and what the decider does about it."""

    def __init__(
        self,
        kind: WorldKind,
        rules: Definitions,
        spread: float,
        first: int,
        length: int,
        size: int,
        rng: np.random.Generator,
    ) -> None:
        self.kind, self.rng, self.size = kind, rng, size
        self.jump = 0.0 if kind == "noise" else rules.power.reaction
        self.slope, self.most = float(np.log(rules.power.odds_ratio)) / spread, 3 * spread
        self.first, self.turn = first, first + length // 3
        self.returns = np.zeros(size)
        self.fear = np.full(size, _FEAR)
        self.level = np.full(size, 100.0)

    def run(
        self, starts: Ints, life: Ints, trigger: Ints, answers: Ints, selloffs: Ints
    ) -> tuple[Ints, Bools, list[tuple[int, Ints]]]:
        """Return the last session of each episode, whether relief ended it, and the reliefs: session and episodes."""
        shock = self.rng.standard_t(_FREEDOM, self.size) / np.sqrt(_FREEDOM / (_FREEDOM - 2))
        own = self.rng.standard_normal(self.size)
        ends = np.minimum(starts + life, self.size - 1)
        running, over, reliefs = np.zeros(starts.size, dtype=bool), np.zeros(starts.size, dtype=bool), []
        at_trigger, at_selloff = np.isin(np.arange(self.size), trigger), np.isin(np.arange(self.size), selloffs)
        for t in range(1, self.size):
            running |= starts == t
            at_risk = running & (t <= ends)
            taken = self._taken(t, at_risk, starts, answers) if t >= self.first else np.zeros(0, dtype=np.int64)
            if taken.size:
                reliefs.append((t, taken))
                whole = taken[self.rng.random(taken.size) < _WHOLE]
                ends[whole], running[whole], over[whole] = t, False, True
            jump = self._jump(t) * (float(taken.size > 0) - float(at_trigger[t])) - _SELLOFF * at_selloff[t]
            sigma = _CALM * self.fear[t - 1] / 100.0 / np.sqrt(252)
            change = _DRIFT + sigma * shock[t] + jump * self.fear[t - 1] / 100.0 / np.sqrt(252)
            self.returns[t] = max(change, _FLOOR)
            self.level[t] = self.level[t - 1] * (1.0 + self.returns[t])
            drift = _FEAR_MEMORY * np.log(self.fear[t - 1] / _FEAR) + _LEVERAGE * self.returns[t]
            self.fear[t] = _FEAR * np.exp(drift + _FEAR_NOISE * own[t])
        return ends.astype(np.int64), over, reliefs

    def _taken(self, t: int, at_risk: Bools, starts: Ints, answers: Ints) -> Ints:
        """Episodes that are relieved in session t: by chance each, and then perhaps others in the same act."""
        hazard = self._hazard(t, starts, answers)
        softened = at_risk & (self.rng.random(starts.size) < hazard)
        taken = np.flatnonzero(softened)
        while taken.size and self.rng.random() < _MORE:
            rest = np.setdiff1d(np.flatnonzero(at_risk), taken)
            if not rest.size:
                break
            chance = hazard[rest] / hazard[rest].sum()
            taken = np.append(taken, self.rng.choice(rest, p=chance))
        return np.sort(taken)

    def _jump(self, t: int) -> float:
        return 0.0 if self.kind == "self-defeating" and t >= self.turn else self.jump

    def _hazard(self, t: int, starts: Ints, answers: Ints) -> Floats:
        odds = np.full(starts.size, _RELIEF / (1 - _RELIEF))
        base = self.level[np.maximum(starts - 1, 0)]
        loss = -np.log(self.level[t - 1] / base)
        if self.kind == "forced" or (self.kind == "self-defeating" and t < self.turn):
            odds = odds * np.exp(self.slope * np.clip(loss, -self.most, self.most))
        if self.kind == "retaliation":
            answered = bool(np.any((answers < t) & (t <= answers + _LASTS)))
            odds = odds * (_RETALIATION_ODDS if answered else 0.5)
        return odds / (1.0 + odds)

    def record(self) -> tuple[Floats, Floats]:
        """Give level and fear gauge."""
        return self.level, self.fear

    def rate(self) -> Floats:
        """Give a 10-year yield that has nothing to do with it."""
        return 4.0 + np.cumsum(0.05 * self.rng.standard_normal(self.size))
