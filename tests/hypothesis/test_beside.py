"""What stands beside the tests, on records of a few sessions: reliefs one by one, circles, deadlines, evidence, posteriors."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.laboratory.worlds import simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.design_analysis import hazard_design, reaction_design
from eventstudy.hypothesis.links.e_values import more_needed, reaction_evidence, relief_evidence, weakest
from eventstudy.hypothesis.links.evidence import prepare, row_loss
from eventstudy.hypothesis.links.posterior import hazard_posterior, reaction_posterior
from eventstudy.hypothesis.links.relief import exact_ages
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Relief, RiskSets, Rows
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.robustness.beside_tests import (
    coincidence,
    design_table,
    full_circles,
    near_deadline,
    posteriors,
    relief_table,
    remembered,
    watch,
    watched,
)
from eventstudy.hypothesis.robustness.cycles import count_cycles, cycle_table

RULES = load_definitions()
SIZE = 14
INDEX = pd.bdate_range("2025-06-02", periods=SIZE).as_unit("us")
CLOSE = np.array([100.0, 104, 100, 96, 98, 95, 97, 99, 94, 90, 93, 97, 101, 100])
MACRO = np.isin(np.arange(SIZE), [3, 6, 9]).astype(np.int64)


def study(*, macro=True, risk=True):
    """Three episodes: A from session 2, relieved on 6 in part and on 9 as a whole; B from 4, relieved on 6; C from 8, never."""
    spans = {0: (2, 9, 1), 1: (4, 6, 3), 2: (8, 12, 7)}
    pairs = sorted((t, e) for e, (first, last, _) in spans.items() for t in range(first, last + 1))
    day, episode = (np.array(column) for column in zip(*pairs, strict=True))
    place = {(e, t): at for at, (t, e) in enumerate(pairs)}
    base = np.array([spans[e][2] for e in episode])
    reliefs = (Relief(6, "both", (place[0, 6], place[1, 6])), Relief(9, "rest", (place[0, 9],)))
    marks = np.zeros(day.size, bool)
    marks[[row for one in reliefs for row in one.rows]] = True
    due = np.where(episode == 0, 14, 10**6)  # within five sessions of 9, not of 6 or 8
    blank = np.zeros(day.size, dtype=np.int64)
    rows = Rows(episode, day, day - base - 1, marks, marks & False, base, due, blank)
    in_force = (episode == 0) & (day >= 6)
    whole = frozenset({("both", "B"), ("rest", "A")})
    sets = RiskSets(rows, reliefs, ("A", "B", "C"), in_force, whole, pd.DataFrame())
    nan = np.full(SIZE, np.nan)
    market = Market(CLOSE, nan, nan, np.arange(SIZE) % 5, macro=MACRO if macro else None)
    trigger, relief = np.array([2, 3, 4, 8]), np.array([6, 9])
    spells = Spells(
        np.array([2, 4, 8]),
        np.array([9, 6, 12]),
        np.array([0, 0, 1]),
        np.full(3, 99),
        np.zeros(3, int),
        ("A", "B", "C"),
    )
    record = Record(market, np.zeros(SIZE, bool), trigger, relief, relief, spells, sets if risk else None)
    return SimpleNamespace(record=record, index=INDEX, rules=RULES)


def evidence(z=None):
    score = np.zeros(SIZE)
    score[[2, 4, 8]], score[[6, 9]] = [-1.0, 0.5, -2.0], [1.5, -0.5]
    return SimpleNamespace(
        drawdown="threat", scores=SimpleNamespace(z=score if z is None else z, car=score / 50), loss=None
    )


def loss(t, base):
    return -np.log(CLOSE[t - 1] / CLOSE[base])


def test_reliefs_one_by_one():
    table = relief_table(study(), evidence())
    assert table[["session", "relief", "episodes", "number", "in_force", "whole", "macro"]].to_numpy().tolist() == [
        [INDEX[6], "both", "A B", 2, 1, 1, True],
        [INDEX[9], "rest", "A", 1, 1, 1, True],
    ]
    assert table["loss"].tolist() == pytest.approx([(loss(6, 1) + loss(6, 3)) / 2, loss(9, 1)])
    assert relief_table(study(macro=False), evidence())["macro"].tolist() == [False, False]
    none = relief_table(study(risk=False), evidence())
    assert none.empty
    assert list(none.columns) == list(table.columns)


def test_macro_releases_on_the_sessions_of_a_link():
    strata = {"all": [Stratum("a", 0, 13, np.arange(0))], "late": [Stratum("b", 3, 6, np.arange(0))]}
    assert coincidence(study(), strata).to_numpy().tolist() == [
        ["all", "H1", 4, 1], ["all", "H3", 2, 2], ["late", "H1", 2, 1], ["late", "H3", 1, 1],
    ]  # fmt: skip
    assert coincidence(study(macro=False), strata)["macro"].tolist() == [0] * 4


def test_reliefs_within_a_week_of_the_date_of_effect():
    """A is due on session 14: its last session, 9, is within five, and there it is relieved; of the others two of fifteen are."""
    found = near_deadline(study(), [Stratum("a", 0, 13, np.arange(0))])
    assert (found["near"], found["reliefs"], found["pairs_near"], found["pairs"]) == (1, 3, 1, 16)
    assert found["times"] == pytest.approx((1 / 1) / (2 / 15))
    early = near_deadline(study(), [Stratum("a", 0, 8, np.arange(0))])
    assert np.isnan(early["times"])  # none is near
    assert (early["near"], early["reliefs"], early["pairs_near"], early["pairs"]) == (0, 2, 0, 11)
    late = near_deadline(study(), [Stratum("a", 9, 13, np.arange(0))])
    assert np.isnan(late["times"])  # none of the others is relieved
    assert near_deadline(study(risk=False), []) == {
        "times": pytest.approx(np.nan, nan_ok=True),
        "near": 0.0,
        "reliefs": 0.0,
    }


def test_dates_of_effect_behind_count_as_those_ahead():
    made = study()
    rows = made.record.risk.rows
    past = replace(rows, deadline=np.where(rows.episode == 2, 6, 10**6))  # C, open from 8 to 12: within five until 11
    made.record = replace(made.record, risk=replace(made.record.risk, rows=past))
    assert near_deadline(made, [Stratum("a", 0, 13, np.arange(0))])["pairs_near"] == 4


def test_an_episode_is_followed_to_its_first_relief():
    table = full_circles(study(), evidence()).set_index("episode")
    assert table.index.tolist() == ["A", "B", "C"]
    assert table["start"].tolist() == [INDEX[2], INDEX[4], INDEX[8]]
    assert table["first_sar"].tolist() == [-1.0, 0.5, -2.0]
    assert table["relieved"].tolist() == [True, True, False]
    assert table["relief"].tolist() == ["both", "both", ""]
    assert table["session"].tolist()[:2] == [INDEX[6], INDEX[6]]
    assert table["loss"].tolist() == pytest.approx([loss(6, 1), loss(6, 3), np.nan], nan_ok=True)
    assert table["relief_sar"].tolist() == pytest.approx([1.5, 1.5, np.nan], nan_ok=True)
    assert table["circle"].tolist() == [True, False, False]  # B began with a rise
    assert full_circles(study(risk=False), evidence()).empty


@pytest.mark.parametrize(
    ("start", "after", "whole"), [(-1.0, 1.5, True), (0.0, 1.5, False), (-1.0, 0.0, False), (0.1, 1.5, False)]
)
def test_a_circle_needs_a_fall_a_loss_and_a_rise(start, after, whole):
    z = evidence().scores.z.copy()
    z[2], z[6] = start, after
    assert full_circles(study(), evidence(z))["circle"].iloc[0] == whole
    z[4], z[6] = -1.0, 1.5  # B stands at the close of session 5, 95, below 96: a loss
    assert full_circles(study(), evidence(z))["circle"].iloc[1]
    made = study()
    close = CLOSE.copy()
    close[5] = 96.0  # as high as before it: none
    made.record = replace(made.record, market=replace(made.record.market, close=close))
    assert not full_circles(made, evidence(z))["circle"].iloc[1]


def test_the_case_that_everyone_remembers():
    found = remembered(study(), "both")
    assert found == {
        "session": f"{INDEX[6]:%Y-%m-%d}",
        "before": pytest.approx(95 / 104 - 1),
        "on": pytest.approx(97 / 95 - 1),
    }
    assert remembered(study(), "rest")["before"] == pytest.approx(94 / 104 - 1)
    assert remembered(study(), "nobody") == remembered(study(risk=False), "both") == {}


def test_cycles_of_threats_by_hand():
    z = evidence().scores.z
    table = cycle_table(study(), evidence()).set_index("id")
    assert table["outcome"].tolist() == ["softened", "softened", "implemented"]
    assert table["first_sar"].tolist() == [-1.0, 0.5, -2.0]
    assert table["loss_at_relief"].tolist() == pytest.approx([1 - 94 / 104, 1 - 95 / 96, np.nan], nan_ok=True)
    assert table["relief_sar"].tolist() == pytest.approx([-0.5, 1.5, np.nan], nan_ok=True)
    assert table["reversal"].tolist() == pytest.approx([-z[9] / z[2], np.nan, np.nan], nan_ok=True)  # only after a fall
    assert table["fell"].tolist() == [True, False, True]
    assert table["complete"].tolist() == [False, False, False]
    assert table["last"].tolist() == [INDEX[9], INDEX[6], INDEX[12]]
    assert count_cycles(table.reset_index()) == {
        "threats": 3, "index fell first": 2, "ended in relief": 2, "relief after a fall": 1, "still below at relief": 1, "complete": 0,
    }  # fmt: skip
    for start, after, whole in ((-1.0, 0.5, True), (0.0, 0.5, False), (-1.0, 0.0, False)):
        own = z.copy()
        own[2], own[9] = start, after
        assert cycle_table(study(), evidence(own))["complete"].tolist() == [whole, False, False]
    made = study()
    made.record = replace(
        made.record, market=replace(made.record.market, close=np.where(np.arange(SIZE) == 8, 104.0, CLOSE))
    )
    own[2], own[9] = -1.0, 0.5
    level = cycle_table(made, evidence(own))  # back at the close before: no loss
    assert not level["complete"].any()
    assert count_cycles(level)["still below at relief"] == 0


@pytest.fixture(scope="module")
def world():
    made = simulate_world("forced", RULES, np.random.default_rng(5))
    size = made.record.market.close.size
    own = SimpleNamespace(
        record=made.record, rules=RULES, index=pd.bdate_range("2024-02-01", periods=size).as_unit("us")
    )
    return made, own, prepare(made.record, RULES.reaction, RULES.decision, RULES.placebo.prior_sessions)


def bets(own, found, first, pool):
    record, rule, raw = own.record, RULES.evidence, found.scores.raw
    quiet = np.array([t for t in range(record.busy.size) if t >= pool and not record.busy[t]])
    close, fear = record.market.close, record.market.fear
    before = np.array([np.nan, *fear[:-1]])
    before = np.zeros(before.size) if np.isnan(before).all() else before
    prior = np.array([np.nan] * 6 + [close[t - 1] / close[t - 6] - 1 for t in range(6, close.size)])
    if not np.isnan(fear).all():
        prior[6:] /= fear[: close.size - 6] / 100 * np.sqrt(5 / 252)
    rows = record.risk.rows
    logs = np.log(close[rows.base] / close[rows.day - 1])
    links = {
        "H1": reaction_evidence(-raw, record.trigger, quiet, before, first, rule),
        "H2": relief_evidence(logs, rows, record.risk.reliefs, first, rule),
        "H3": reaction_evidence(raw, record.relief, quiet, prior, first, rule),
    }
    return links | {"chain": weakest(links)}


@pytest.mark.parametrize("fear", [True, False])
def test_the_links_are_bet_on_by_what_was_known_before(world, fear):
    _, own, found = world
    if not fear:
        blind = replace(own.record.market, fear=np.full(own.record.busy.size, np.nan))
        own = SimpleNamespace(record=replace(own.record, market=blind), rules=RULES, index=own.index)
        found = prepare(own.record, RULES.reaction, RULES.decision, RULES.placebo.prior_sessions)
    expected = bets(own, found, 400, 200)
    told = watched(own, found, 400, 200)
    assert list(told) == ["H1", "H2", "H3", "chain"]
    for name, one in told.items():
        assert one.day.tolist() == expected[name].day.tolist()
        assert one.value == pytest.approx(expected[name].value)
        assert one.day.size > 0
    bare = SimpleNamespace(record=replace(own.record, risk=None), rules=RULES, index=own.index)
    assert list(watched(bare, found, 400, 200)) == ["H1", "H3", "chain"]


def test_evidence_is_followed_from_its_start_and_in_retrospect(world):
    _, own, found = world
    table, facts = watch(own, found, np.random.SeedSequence(4))
    first = int((own.index < "2025-05-03").sum())
    expected = bets(own, found, first, first - 250)
    assert (facts["start"], facts["needed"]) == ("2026-11-30", 20.0)
    told = facts["retrospective"]
    assert (told["sessions"], told["from"]) == (own.index.size - first, "2025-05-03")
    for name, one in expected.items():
        assert told[name] == pytest.approx(one.now)
        assert told["highest"][name] == pytest.approx(one.highest)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(4).spawn(2)]
    assert told["more_threats"] == more_needed(expected["H1"].now, 0.75, RULES.evidence, streams[0])
    assert facts["watched"]["sessions"] == 0  # the record ends before the start
    assert facts["watched"]["from"] == "2026-11-30"
    assert [facts["watched"][name] for name in expected] == [1.0] * 4
    assert facts["watched"]["more_threats"] == more_needed(1.0, 0.75, RULES.evidence, streams[1])
    assert set(table["kind"]) == {"retrospective"}
    assert table["session"].tolist() == own.index[expected["chain"].day].tolist()
    assert table["chain"].tolist() == pytest.approx(expected["chain"].value.tolist())
    assert (table["chain"] == table[["H1", "H2", "H3"]].min(axis=1)).all()


@pytest.fixture(scope="module")
def samples(world):
    made, own, found = world
    pool = np.arange(made.first - 250, made.last + 1)
    span = [Stratum("w", made.first, made.last, pool[~made.record.busy[pool]])]
    how = RULES.links(draws=99, power_draws=2, curves=False)
    whole = evaluate(own.record, found, span, how, seed=np.random.SeedSequence(0))
    return {"all": whole, "none": evaluate(own.record, found, [], how, seed=np.random.SeedSequence(0))}


def test_what_significant_estimates_would_be_worth(world, samples):
    _, own, _ = world
    table = design_table(samples, own)
    assert table["link"].tolist() == ["H1"] * 3 + ["H2"] * 3 + ["H3"] * 3
    assert set(table["sample"]) == {"all"}
    whole = samples["all"]
    for link, expected in (
        ("H1", reaction_design(whole.reactions["H1"], 0.75, 0.05)),
        ("H2", hazard_design(whole.links["H2"].details["log_odds_se"], np.log(4.0), 0.05)),
        ("H3", reaction_design(whole.reactions["H3"], 0.75, 0.05)),
    ):
        np.testing.assert_array_equal(
            table.loc[table["link"] == link, ["effect", "power", "wrong_sign", "overstates"]], np.array(expected)
        )


def test_a_sceptics_posteriors_and_the_chance_of_all_three(world, samples):
    _, own, found = world
    table = posteriors(samples, own, found).set_index(["sample", "link"])
    assert table.index.tolist() == [("all", link) for link in ("H1", "H2", "H3", "chain")]
    whole = samples["all"]
    rows, x = whole.rows, row_loss(own.record, whole.rows, found)
    margin = RULES.equivalence
    expected = {
        "H1": reaction_posterior(whole.reactions["H1"], 0.75, margin.reaction, 0.05),
        "H2": hazard_posterior(
            x, np.flatnonzero(rows.relieved), exact_ages(rows.age, 10), x.std(), np.log(4.0), margin.log_odds, 0.05
        ),
        "H3": reaction_posterior(whole.reactions["H3"], 0.75, margin.reaction, 0.05),
    }
    for link, one in expected.items():
        assert table.loc[("all", link)].tolist() == pytest.approx(list(one))
    chain = table.loc[("all", "chain")]
    each = [one.above_margin for one in expected.values()]
    assert chain["above_margin"] == pytest.approx(np.prod(each))
    assert (chain["low"], chain["high"]) == pytest.approx((max(0.0, sum(each) - 2), min(each)))
    assert chain["prior_above_margin"] == pytest.approx(np.prod([one.prior_above_margin for one in expected.values()]))
    assert np.isnan(chain[["prior_sd", "mean", "above_zero", "enthusiast_above_margin"]].astype(float)).all()
    assert stats.norm.sf(0.25 / expected["H1"].prior_sd) == pytest.approx(expected["H1"].prior_above_margin)


def test_without_one_link_there_is_no_chance_of_all_three(world):
    """No session of relief: of H1 and H2 there is a posterior, of H3 and so of the chain there is none."""
    made, own, found = world
    record = replace(own.record, relief=np.zeros(0, dtype=np.int64))
    bare = SimpleNamespace(record=record, rules=RULES, index=own.index)
    pool = np.arange(made.first - 250, made.last + 1)
    span = [Stratum("w", made.first, made.last, pool[~record.busy[pool]])]
    how = RULES.links(draws=19, power_draws=2, curves=False)
    samples = {"all": evaluate(record, found, span, how, seed=np.random.SeedSequence(0))}
    assert posteriors(samples, bare, found)["link"].tolist() == ["H1", "H2"]
