"""One sample's answer: the three links, the chain, and what the data could have shown. Arrays in, test results out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from eventstudy.hypothesis.links.decision import DecisionTest, ScoreTest, score_test, session_test
from eventstudy.hypothesis.links.evidence import Evidence, row_loss, rows_of, strata_of_rows
from eventstudy.hypothesis.links.intersection_union import chain_result
from eventstudy.hypothesis.links.power import Aim, Power, chain_power, decision_power, reaction_power
from eventstudy.hypothesis.links.reaction import Reaction, react
from eventstudy.hypothesis.links.relief import less_age, relief_score, relief_shift, rings_of
from eventstudy.hypothesis.links.relief_power import relief_power
from eventstudy.hypothesis.links.test_results import decision_result, reaction_result, relief_result
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Rows
from eventstudy.hypothesis.record.sections import LinkRules
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.inference.core.result import TestResult


@dataclass(frozen=True, slots=True)
class SampleVerdict:
    """The links "H1" to "H3", the chain (intersection-union) and the power of one sample, and what they rest on."""

    name: str
    links: Mapping[str, TestResult]
    chain: TestResult
    power: Mapping[str, Power]
    reactions: Mapping[str, Reaction]
    decisions: DecisionTest
    hazard: ScoreTest
    rows: Rows


def evaluate(
    record: Record,
    evidence: Evidence,
    strata: list[Stratum],
    how: LinkRules,
    *,
    name: str = "all",
    seed: np.random.SeedSequence,
) -> SampleVerdict:
    """Test the three links and the chain within `strata`, each with a stream of its own from the seed."""
    streams = [np.random.default_rng(s) for s in seed.spawn(5)]
    scored, cells, placebos = evidence.scores, evidence.cells, how.placebos
    down = react(scored, record.trigger, strata, cells, placebos, sign=-1, rng=streams[0])
    up = react(scored, record.relief, strata, cells, placebos, sign=1, rng=streams[2])
    spans = [(s.first, s.last) for s in strata]
    draws = placebos.draws
    rows = rows_of(record, spans)
    x = row_loss(record, rows, evidence)
    bins = strata_of_rows(record, rows.age, how)
    if record.risk is None:
        decided = session_test(evidence.loss, evidence.at_risk, record.decision, spans, draws=draws, rng=streams[1])
        hazard = score_test(x, rows.relieved, bins, draws=draws, rng=streams[4])
    else:
        reliefs = record.risk.within(spans).reliefs
        decided = relief_shift(rows, x, reliefs, spans, draws=draws, rng=streams[1])
        hazard = relief_score(x, rows, reliefs, bins, draws=draws, rng=streams[4])
    links = {
        "H1": reaction_result("H1", down, record.trigger, strata, how),
        "H2": decision_result(decided, hazard, how)
        if record.risk is None
        else relief_result(decided, hazard, rows, x, bins, how),
        "H3": reaction_result("H3", up, record.relief, strata, how),
    }
    moved = Aim(how.power.reaction, how.alpha, how.power.target, how.curves)
    sooner = replace(moved, effect=how.power.odds_ratio)
    power = {
        "H1": reaction_power(down, moved),
        "H2": decision_power(decided, hazard, rows, x, bins, sooner, draws=how.power_draws, rng=streams[3])
        if record.risk is None
        else relief_power(
            decided,
            hazard,
            rings_of(rows, x, spans),
            rings_of(rows, less_age(x, bins), spans),
            reliefs,
            sooner,
            draws=how.power_draws,
            rng=streams[3],
        ),
        "H3": reaction_power(up, moved),
    }
    # what could not be tested could not have shown anything
    power = {name: p if links[name].applicable else replace(p, power=0.0) for name, p in power.items()}
    power["chain"] = chain_power(power, how.power.target)
    sessions = np.unique(np.concatenate([down.position, up.position, decided.day[decided.decided]]))
    return SampleVerdict(
        name=name,
        links=MappingProxyType(links),
        chain=chain_result(links, sessions.size),
        power=MappingProxyType(power),
        reactions=MappingProxyType({"H1": down, "H3": up}),
        decisions=decided,
        hazard=hazard,
        rows=rows,
    )
