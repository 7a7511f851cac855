"""One sample's answer as a whole: each link by its own test, from a stream of its own, and the chain of the three."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventstudy.hypothesis.laboratory.worlds import simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import age_stratum, score_test, session_test
from eventstudy.hypothesis.links.evidence import prepare, row_loss, rows_of, strata_of_rows
from eventstudy.hypothesis.links.power import Aim, decision_power, reaction_power
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.links.relief import less_age, relief_score, relief_shift, rings_of
from eventstudy.hypothesis.links.relief_power import relief_power
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.strata import Stratum

DRAWS, POWER = 29, 60


@pytest.fixture(scope="module")
def own():
    """The second version's rules with a small declared effect of the loss, and a world with every link in it."""
    world = simulate_world("forced", load_definitions(), np.random.default_rng(5))
    return load_definitions({"power": {"odds_ratio": 1.4}}), world


@pytest.mark.parametrize("table", ["reliefs", "threats"])
def test_each_link_is_its_own_test_with_its_own_stream(own, table):
    """Of five streams the links have the first three in their order, then the power and the hazard."""
    rules, world = own
    record = world.record if table == "reliefs" else replace(world.record, risk=None)
    evidence = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    pool = np.arange(world.first - 250, world.last + 1)
    spans = [(world.first, world.last)]
    strata = [Stratum("world", world.first, world.last, pool[~record.busy[pool]])]
    how = rules.links(draws=DRAWS, power_draws=POWER, curves=False)
    found = evaluate(record, evidence, strata, how, name="world", seed=np.random.SeedSequence(7))

    def stream(number):
        return np.random.default_rng(np.random.SeedSequence(7).spawn(5)[number])

    for link, position, sign, number in (("H1", record.trigger, -1, 0), ("H3", record.relief, 1, 2)):
        made = react(evidence.scores, position, strata, evidence.cells, how.placebos, sign=sign, rng=stream(number))
        assert found.reactions[link].estimate == made.estimate
        assert found.reactions[link].nulls["permutation"].tolist() == made.nulls["permutation"].tolist()
        stated = reaction_power(made, Aim(rules.power.reaction, rules.alpha, rules.power.target, curve=False))
        assert found.power[link].power == stated.power > 0
    rows = rows_of(record, spans)
    x, bins = row_loss(record, rows, evidence), strata_of_rows(record, rows.age, how)
    sooner = Aim(rules.power.odds_ratio, rules.alpha, rules.power.target, curve=False)
    if table == "reliefs":
        acts = world.risk.within(spans).reliefs
        decided = relief_shift(rows, x, acts, spans, draws=DRAWS, rng=stream(1))
        hazard = relief_score(x, rows, acts, bins, draws=DRAWS, rng=stream(4))
        rings = rings_of(rows, x, spans), rings_of(rows, less_age(x, bins), spans)
        power = relief_power(decided, hazard, *rings, acts, sooner, draws=POWER, rng=stream(3))
    else:
        assert bins.tolist() == age_stratum(rows.age, rules.decision.age_bins).tolist()
        decided = session_test(evidence.loss, evidence.at_risk, record.decision, spans, draws=DRAWS, rng=stream(1))
        hazard = score_test(x, rows.relieved, bins, draws=DRAWS, rng=stream(4))
        power = decision_power(decided, hazard, rows, x, bins, sooner, draws=POWER, rng=stream(3))
    assert found.decisions.null.tolist() == decided.null.tolist()
    assert found.hazard.null.tolist() == hazard.null.tolist()
    assert ("pairs_at_risk" in found.links["H2"].details) == (table == "reliefs")
    assert found.links["H2"].pvalue == max(decided.pvalue, hazard.pvalue)
    assert found.power["H2"].power == power.power
    assert found.power["chain"].power == pytest.approx(
        np.prod([found.power[name].power for name in ("H1", "H2", "H3")])
    )
    assert 0 < found.power["H2"].power < 1
    held = {*found.reactions["H1"].position, *found.reactions["H3"].position, *decided.day[decided.decided]}
    assert found.chain.n_clusters == len(held)


def test_what_could_not_be_tested_has_no_power(own):
    rules, world = own
    evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    how = rules.links(draws=9, power_draws=2, curves=False)
    found = evaluate(world.record, evidence, [], how, seed=np.random.SeedSequence(0))
    assert not any(link.applicable for link in (*found.links.values(), found.chain))
    assert [found.power[name].power for name in ("H1", "H2", "H3", "chain")] == [0.0] * 4
    assert found.name == "all"


def test_turns_of_several_stretches_are_drawn_from_the_second_stream(own):
    """Of one stretch every turn is taken and nothing is drawn; of two the turns are combined at random."""
    rules, world = own
    record = replace(world.record, risk=None)
    evidence = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    middle = (world.first + world.last) // 2
    spans = [(world.first, middle), (middle + 1, world.last)]
    pool = np.arange(world.first - 250, world.last + 1)
    strata = [Stratum(f"{first}", first, last, pool[~record.busy[pool]]) for first, last in spans]
    how = rules.links(draws=DRAWS, power_draws=2, curves=False)
    found = evaluate(record, evidence, strata, how, seed=np.random.SeedSequence(7)).decisions
    nulls = [
        session_test(
            evidence.loss, evidence.at_risk, record.decision, spans, draws=DRAWS, rng=np.random.default_rng(one)
        )
        for one in np.random.SeedSequence(7).spawn(5)
    ]
    assert [found.null.tolist() == one.null.tolist() for one in nulls] == [False, True, False, False, False]
