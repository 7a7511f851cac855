"""Variants, curve and chain under a turned calendar, on small made-up records whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.laboratory.worlds import simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import Rows, age_stratum, score_test, session_test
from eventstudy.hypothesis.links.evidence import prepare, sample_rows
from eventstudy.hypothesis.links.power import Aim, decision_power
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.calendar_shift import shift_chain
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.robustness.specification_curve import summarize
from eventstudy.hypothesis.verdict.check_falsifiers import raises_nothing

MC = 4  # standard errors of a simulated share


def span_of(world):
    pool = np.arange(world.first - 250, world.last + 1)
    return Stratum("world", world.first, world.last, pool[~world.record.busy[pool]])


def first_world(kind, rules, seed, *, times=1):
    """A world as the first version of the rules sees it: threats, and no table of reliefs."""
    world = simulate_world(kind, rules, np.random.default_rng(seed), times=times)
    return replace(world, record=replace(world.record, risk=None))


def turned_chain(*what, draws, seed):
    *data, rules = what
    how = {"winsor": rules.reaction.winsor, "bins": age_stratum(data[2].age, rules.decision.age_bins)}
    return shift_chain(*data, **how, draws=draws, rng=np.random.default_rng(seed))


@pytest.mark.slow
def test_the_turned_chain_finds_a_strong_one_and_no_other(rules):
    found = {"forced": [], "noise": []}
    for kind, values in found.items():
        for i in range(8):
            world = first_world(kind, rules, [i, 21], times=3)
            evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
            sample = evaluate(
                world.record,
                evidence,
                [span_of(world)],
                rules.links(draws=49, power_draws=2, curves=False),
                seed=np.random.SeedSequence(i),
            )
            test = turned_chain(world.record, evidence, sample.rows, [span_of(world)], rules, draws=199, seed=i)
            assert test.statistic == test.observed.min()
            values.append(test.pvalue)
    assert np.mean(np.array(found["forced"]) <= 0.05) > 0.8
    assert np.mean(np.array(found["noise"]) <= 0.05) <= 0.25  # two of eight by chance


@pytest.mark.slow
@pytest.mark.parametrize("halves", [False, True])
def test_the_turned_chain_by_loops(rules, halves):
    """The same turns, session by session: mean scores of H1 and H3, and the score test of losses measured anew."""
    world = first_world("forced", rules, 9, times=3)
    record, middle = world.record, (world.first + world.last) // 2
    evidence = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    ends = [(world.first, middle), (middle + 1, world.last)] if halves else [(world.first, world.last)]
    pool = np.flatnonzero(~record.busy[: world.last + 1])
    strata = [Stratum(str(at), first, last, pool) for at, (first, last) in enumerate(ends)]
    rows, draws = sample_rows(record.spells, ends), 40
    test = turned_chain(record, evidence, rows, strata, rules, draws=draws, seed=1)
    rng, close = np.random.default_rng(1), record.market.close
    turns = [[0, *rng.integers(1, s.last - s.first + 1, draws)] for s in strata]
    links = np.zeros((3, draws + 1))
    for draw in range(draws + 1):
        hits, by_age = ([], []), {}
        for s, turn in zip(strata, turns, strict=True):
            n, k = s.last - s.first + 1, turn[draw]
            z = evidence.scores.z
            low, high = np.quantile(z[pool][np.isfinite(z[pool])], rules.reaction.winsor)
            for side, (position, sign) in enumerate(((record.trigger, -1), (record.relief, 1))):
                hits[side].extend(
                    sign * min(max(z[s.first + (t - s.first + k) % n], low), high)
                    for t in position
                    if s.first <= t <= s.last
                )
            for base, day, age, relieved in zip(rows.base, rows.day, rows.age, rows.relieved, strict=True):
                if s.first <= day <= s.last:
                    places = [s.first + (t - s.first + k) % n for t in range(base + 1, day)]
                    kept = np.prod([close[t] / close[t - 1] for t in places])
                    edge = sum(age > e for e in rules.decision.age_bins)
                    by_age.setdefault(edge, []).append((1 - kept, relieved))
        links[0, draw], links[2, draw] = np.mean(hits[0]), np.mean(hits[1])
        score = information = 0.0
        for pairs in by_age.values():
            x, y = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
            if 0 < y.sum() < y.size:
                score += (x[y] - x.mean()).sum()
                information += y.sum() * (y.size - y.sum()) / y.size * x.var(ddof=1)
        links[1, draw] = score / np.sqrt(information)
    standard = (links - links[:, 1:].mean(axis=1, keepdims=True)) / links[:, 1:].std(axis=1, keepdims=True)
    smallest = standard.min(axis=0)
    np.testing.assert_allclose(test.observed, standard[:, 0], rtol=1e-8)
    np.testing.assert_allclose(test.null, smallest[1:], rtol=1e-8)
    assert test.pvalue == (1 + (smallest[1:] >= smallest[0] - 1e-9).sum()) / (draws + 1)


def test_the_turned_chain_without_relief_is_not_tested(rules):
    world = first_world("noise", rules, 2)
    spells = world.record.spells
    never = Spells(
        spells.start, spells.last, np.full_like(spells.outcome, 2), spells.deadline, spells.group, spells.ids
    )
    record = Record(
        world.record.market, world.record.busy, world.record.trigger, world.record.relief, world.record.decision, never
    )
    evidence = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    sample = evaluate(
        record, evidence, [span_of(world)], rules.links(draws=9, power_draws=2), seed=np.random.SeedSequence(0)
    )
    assert not sample.links["H2"].applicable
    assert not sample.chain.applicable
    assert "H2" in sample.chain.reason
    test = turned_chain(record, evidence, sample.rows, [span_of(world)], rules, draws=9, seed=0)
    assert np.isnan(test.pvalue)
    assert sample.power["H2"].power == 0.0


def test_a_sample_without_sessions(rules):
    world = first_world("noise", rules, 2)
    sample = evaluate(
        world.record,
        prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions),
        [],
        rules.links(draws=9, power_draws=2),
        seed=np.random.SeedSequence(0),
    )
    assert not any(link.applicable for link in sample.links.values())


def test_streams_do_not_depend_on_one_another(rules):
    """More draws for the power change no p-value; the same seed gives the same answer."""
    world = first_world("forced", rules, 5, times=2)
    evidence = prepare(world.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    one, two = (
        evaluate(
            world.record,
            evidence,
            [span_of(world)],
            rules.links(draws=49, power_draws=n),
            seed=np.random.SeedSequence(7),
        )
        for n in (5, 50)
    )
    for name in ("H1", "H2", "H3"):
        assert one.links[name].pvalue == two.links[name].pvalue


def test_curve_pvalues_are_ranks_among_the_turns(rules):
    rng = np.random.default_rng(0)
    turned = rng.standard_normal((6, 100))
    rows = [{"link": "H1" if i < 3 else "H3", "n": 5} for i in range(6)]
    curve = summarize(rows, list(turned), rules.alpha)
    for i in range(6):
        assert curve.table["pvalue"].iloc[i] == pytest.approx((turned[i] >= turned[i, 0]).mean())
    standard = (turned - turned[:, 1:].mean(axis=1, keepdims=True)) / turned[:, 1:].std(axis=1, keepdims=True)
    medians = np.median(standard[:3], axis=0)
    row = curve.summary.set_index("link").loc["H1"]
    assert row["median_standardized"] == pytest.approx(medians[0])
    assert row["p_median"] == pytest.approx((medians >= medians[0]).mean())
    assert row["specifications"] == 3


def test_an_empty_curve(rules):
    curve = summarize([], [], rules.alpha)
    assert curve.table.empty
    assert curve.summary.empty


def test_decision_power_is_the_share_of_rejections():
    """Reliefs dealt out with a known slope, tested from scratch each time: the stated power is that share."""
    rng = np.random.default_rng(3)
    n, marks, ratio = 120, 12, 3.0
    x = rng.standard_normal(n)
    relieved = np.arange(n) < marks
    session = session_test(x, np.ones(n, bool), np.flatnonzero(relieved), [(0, n - 1)], draws=99, rng=rng)
    score = score_test(x, relieved, np.zeros(n, int), draws=999, rng=rng)
    day, blank = np.arange(n), np.zeros(n, int)
    rows = Rows(day, day, blank, relieved, np.zeros(n, bool), blank, blank, blank)
    stated = decision_power(session, score, rows, x, blank, Aim(ratio, 0.05, 0.8, curve=False), draws=300, rng=rng)
    hits = 0
    for _ in range(200):
        weight = np.exp(np.log(ratio) * x / x.std())
        chosen = rng.choice(n, marks, replace=False, p=weight / weight.sum())
        one = session_test(x, np.ones(n, bool), chosen, [(0, n - 1)], draws=9, rng=rng).pvalue
        mask = np.zeros(n, bool)
        mask[chosen] = True
        two = score_test(x, mask, np.zeros(n, int), draws=199, rng=rng).pvalue
        hits += max(one, two) <= 0.05
    spread = np.sqrt(0.25 * (1 / 200 + 1 / 300))
    # what is stated is the share in which both tests reject
    assert abs(hits / 200 - stated.power) < MC * spread


@pytest.mark.parametrize(
    ("estimate", "silent", "fires"),
    [(0.1, 0.5, False), (-0.1, 0.01, True), (-0.1, 0.3, None), (float("nan"), 0.5, None)],
)
def test_a_sign_counts_only_where_it_could_tell(rules, estimate, silent, fires):
    check = Check("other selloffs", "", estimate, "", 0.5, "greater", 10, 1, "> 0", "1 of 10", silent)
    assert raises_nothing("text", check, rules.alpha).fires is fires


def test_matched_placebos_take_out_a_rebound(rules):
    """Where rises follow falls by themselves, reliefs after falls look like news to the permutation, not to the matched dates."""
    rng = np.random.default_rng(9)
    size = 900
    returns = 0.01 * rng.standard_normal(size)
    for t in range(6, size):
        if returns[t - 5 : t].sum() < 0.0:
            returns[t] += 0.008  # a rebound without news, after any fall
    market = Market(100 * np.cumprod(1 + returns), np.full(size, 16.0), np.full(size, np.nan), np.arange(size) % 5)
    falls = [t for t in range(400, size) if returns[t - 5 : t].sum() < 0.0]
    relief = np.array(falls[::5])
    busy = np.zeros(size, bool)
    busy[relief] = True
    blank = np.zeros(0, int)
    record = Record(market, busy, blank, relief, blank, Spells(blank, blank, blank, blank, blank, ()))
    pool = np.flatnonzero(~busy)
    span = Stratum("all", 300, size - 1, pool[pool >= 150])
    sample = evaluate(
        record,
        prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions),
        [span],
        rules.links(draws=499, power_draws=2),
        seed=np.random.SeedSequence(1),
    )
    details = sample.links["H3"].details
    assert details["p_permutation"] < 0.05
    assert details["p_matched"] > details["p_permutation"]
    assert details["p_matched"] > 0.05


def test_tables_of_variants_have_every_row(flagship, rules):
    table = flagship[2].tables()["variants"]
    expected = set(rules.curve.samples) | {
        "tier A",
        "tier B",
        "tier C",
        "scheduled",
        "unscheduled",
        "uncertain sessions one later",
        "uncertain sessions one earlier",
        "words alone",
        "talks (neither)",
        "courts",
    }
    assert expected <= set(table["variant"])
    assert {"(0, 0)", "(0, 1)", "(0, 5)"} <= set(table["window"])
    assert isinstance(table, pd.DataFrame)
    inside = table.dropna(subset=["estimate"])
    assert ((inside["low"] <= inside["estimate"]) & (inside["estimate"] <= inside["high"])).all()
