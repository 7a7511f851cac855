"""Worlds whose truth is known: markets and policy makers made up so that the chain holds, or fails at a chosen link.

A world is a price record with a calendar of threats, retaliations and reliefs. The whole machinery runs on it as on the
real record; what it says is counted in :mod:`eventstudy.hypothesis.laboratory.trials`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.checks import checked
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.threats import Spells

WorldKind = Literal["forced", "bluff", "retaliation", "self-defeating", "noise"]

KINDS: tuple[WorldKind, ...] = get_args(WorldKind)

_HISTORY = 330  # sessions before the first threat: estimation, gap, and quiet days for the placebo pool

_SESSIONS = 135  # of the hold-out

_THREATS = 11  # of the decider, in the hold-out

_ALONE = 3  # triggers that open no threat of the decider (the rival's own)

_RELIEF = 0.045  # hazard of relief at an average loss, per session: about six of eleven threats end in relief

_LIFE = (8, 40)  # a threat is implemented or censored at an age in this range

_FEAR = 18.0

_FEAR_MEMORY = 0.95

_FEAR_NOISE = 0.06

_LEVERAGE = -4.0  # log fear per unit of return

_CALM = 0.85  # realised over implied volatility

_LOSS_SD = 0.022  # of the loss since the threat over sessions at risk, by simulation of the forced world

_SELLOFF = 2.0  # standard deviations of a fall that has nothing to do with threats

_RETALIATES, _LASTS = 0.35, 12

_RETALIATION_ODDS = 8.0


@dataclass(frozen=True, slots=True)
class World:
    """One made-up record.

    Attributes
    ----------
    record : Record
    rival : Spells
        Retaliations.
    first, last : int
        The stretch of sessions that is studied.
    selloffs : (q,) int
        Sessions of falls that have nothing to do with threats.
    turn : int
        Session from which a self-defeating chain is gone.
    """

    record: Record
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
        first third, then the index no longer reacts and relief no longer depends on it. noise: nothing moves anything.
    rules : Definitions
        The declared effects: standard deviations a reaction, odds ratio per standard deviation of drawdown.
    rng : numpy.random.Generator
    times : int, default 1
        How many times as long as the real hold-out, at the same density of events.

    Examples
    --------
    >>> from eventstudy.hypothesis.record.definitions import load_definitions
    >>> world = simulate_world("bluff", load_definitions(), np.random.default_rng(0))
    >>> world.last - world.first + 1, len(world.record.spells.ids)
    (135, 11)
    """
    length = _SESSIONS * times
    size = _HISTORY + length
    first, last = _HISTORY, size - 1
    starts = np.sort(rng.choice(np.arange(first, last - 2), _THREATS * times, replace=False))
    free = np.setdiff1d(np.arange(first, last - 2), starts)
    alone = rng.choice(free, _ALONE * times, replace=False)
    selloffs = np.sort(rng.choice(np.setdiff1d(free, alone), 4 * times, replace=False))
    answered = rng.random(starts.size) < _RETALIATES
    answers = np.minimum(starts + rng.integers(1, 4, starts.size), last - 1)[answered]
    life = rng.integers(_LIFE[0], _LIFE[1], starts.size)
    trigger = np.unique(np.concatenate([starts, alone]))
    path = _Path(kind, rules, first, length, size, rng)
    ends, relieved = path.run(starts, life, trigger, answers, selloffs)
    decisions = np.unique(ends[relieved])
    outcome = np.where(relieved, 0, np.where(ends < last, 1, 2)).astype(np.int64)
    names = tuple(f"T{i}" for i in range(starts.size))
    spells = Spells(starts, ends, outcome, np.full(starts.size, size + 10**6), np.zeros_like(starts), names)
    rival = Spells(
        answers,
        np.minimum(answers + _LASTS, last),
        np.ones_like(answers),
        np.full(answers.size, size + 10**6),
        np.zeros_like(answers),
        tuple(f"R{i}" for i in range(answers.size)),
    )
    both = np.intersect1d(trigger, decisions)
    busy = np.zeros(size, dtype=bool)
    for day in (0, 1):
        hit = np.concatenate([trigger, decisions]) + day
        busy[hit[hit < size]] = True
    close, fear = path.record()
    market = Market(close, fear, path.rate(), np.arange(size) % 5)
    record = Record(market, busy, np.setdiff1d(trigger, both), np.setdiff1d(decisions, both), decisions, spells)
    return World(record, rival, first, last, selloffs, path.turn)


class _Path:
    """Session by session: what the market does, and what the decider does about it."""

    def __init__(
        self, kind: WorldKind, rules: Definitions, first: int, length: int, size: int, rng: np.random.Generator
    ) -> None:
        self.kind, self.rng, self.size = kind, rng, size
        self.jump = 0.0 if kind == "noise" else rules.power.reaction
        self.slope = float(np.log(rules.power.odds_ratio)) / _LOSS_SD
        self.turn = first + length // 3
        self.returns = np.zeros(size)
        self.fear = np.full(size, _FEAR)
        self.level = np.full(size, 100.0)

    def run(
        self, starts: Ints, life: Ints, trigger: Ints, answers: Ints, selloffs: Ints
    ) -> tuple[Ints, NDArray[np.bool_]]:
        shock = self.rng.standard_normal(self.size)
        own = self.rng.standard_normal(self.size)
        chance = self.rng.random((starts.size, self.size))
        ends = np.minimum(starts + life, self.size - 1)
        relieved = np.zeros(starts.size, dtype=bool)
        running = np.zeros(starts.size, dtype=bool)
        at_trigger, at_selloff = np.isin(np.arange(self.size), trigger), np.isin(np.arange(self.size), selloffs)
        for t in range(1, self.size):
            at_risk = running & (t <= ends)
            hazard = self._hazard(t, starts, answers)
            softened = at_risk & (chance[:, t] < hazard)
            ends[softened], relieved[softened] = t, True
            running = (running & ~softened & (t < ends)) | (starts == t)
            jump = self._jump(t) * (float(softened.any()) - float(at_trigger[t]))
            if (
                at_selloff[t] and not softened.any()
            ):  # relief moves the index by what was declared, nothing else with it
                jump -= _SELLOFF
            sigma = _CALM * self.fear[t - 1] / 100.0 / np.sqrt(252)
            self.returns[t] = sigma * shock[t] + jump * self.fear[t - 1] / 100.0 / np.sqrt(252)
            self.level[t] = self.level[t - 1] * (1.0 + self.returns[t])
            drift = _FEAR_MEMORY * np.log(self.fear[t - 1] / _FEAR) + _LEVERAGE * self.returns[t]
            self.fear[t] = _FEAR * np.exp(drift + _FEAR_NOISE * own[t])
        return ends.astype(np.int64), relieved

    def _jump(self, t: int) -> float:
        return 0.0 if self.kind == "self-defeating" and t >= self.turn else self.jump

    def _hazard(self, t: int, starts: Ints, answers: Ints) -> Floats:
        odds = np.full(starts.size, _RELIEF / (1 - _RELIEF))
        base = self.level[np.maximum(starts - 1, 0)]
        loss = 1.0 - self.level[t - 1] / base
        if self.kind == "forced" or (self.kind == "self-defeating" and t < self.turn):
            odds = odds * np.exp(self.slope * np.clip(loss, -3 * _LOSS_SD, 3 * _LOSS_SD))
        if self.kind == "retaliation":
            answered = bool(np.any((answers < t) & (t <= answers + _LASTS)))
            odds = odds * (_RETALIATION_ODDS if answered else 0.5)
        return odds / (1.0 + odds)

    def record(self) -> tuple[Floats, Floats]:
        return self.level, self.fear

    def rate(self) -> Floats:
        """Give a 10-year yield that has nothing to do with it."""
        return 4.0 + np.cumsum(0.05 * self.rng.standard_normal(self.size))
