"""One record: the market, its events and its threats, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

from eventstudy._typing import Bools, Ints
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.risk_sets import RiskSets
from eventstudy.hypothesis.record.threats import Spells


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that the three links need, on the bars.

    `busy`, (B,), are the sessions near any event: no estimation, no placebo. `trigger`, `relief` and `decision` are the
    positions of the sessions of H1, of H3, and of the decider's formal reliefs; `spells` are the decider's threats. `risk` says who was at risk of relief when; None: the threats do, as in the first
    version of the definitions.
    """

    market: Market
    busy: Bools
    trigger: Ints
    relief: Ints
    decision: Ints
    spells: Spells
    risk: RiskSets | None = None
