"""Variants, curve and chain under a turned calendar, on small made-up records whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.laboratory.worlds import simulate_world
from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import Rows, age_stratum, score_test, session_test
from eventstudy.hypothesis.links.evidence import prepare, sample_rows
from eventstudy.hypothesis.links.matching import match_cells
from eventstudy.hypothesis.links.power import Aim, decision_power
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market, scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.sample import VARIANTS, LinkSample, Variant
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.calendar_shift import shift_chain
from eventstudy.hypothesis.rivals.h2_checks import Check
from eventstudy.hypothesis.robustness.specification_curve import (
    _row_statistic,
    _turns,
    specification_curve,
    summarize,
)
from eventstudy.hypothesis.robustness.variants import giveback, leave_out, reaction_variants
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


def some(positions):
    at = np.asarray(positions, dtype=np.int64)
    return LinkSample(at, tuple(f"e{t}" for t in at), at.size)


@pytest.fixture(scope="module")
def departed():
    """A record of noise in which every departure from the sample has sessions of its own, and two calendars of reliefs."""
    own = load_definitions({"reaction": {"companions": [[0, 1]]}, "curve": {"windows": [[0, 0], [0, 1]], "scales": ["fear", "none"],
        "samples": ["main", "words too"], "drawdowns": ["threat", "week"], "risk_sets": ["main", "words too"]}})  # fmt: skip
    world = simulate_world("noise", own, np.random.default_rng(3))
    record = world.record

    def vary(variant):
        shift = 3 + [*VARIANTS.values()].index(variant) if variant in VARIANTS.values() else 20
        return SimpleNamespace(
            trigger=some(record.trigger + (0 if shift == 3 else shift) if variant != Variant() else record.trigger),
            relief=some(record.relief - (0 if shift == 3 else 2)),
            decision=some(record.decision[:: 1 if variant == Variant() else 2]),
        )

    fewer = replace(world.risk, reliefs=world.risk.reliefs[::2])
    sample = SimpleNamespace(
        trigger=some(record.trigger),
        relief=some(record.relief),
        words=some([400, 440, 500]),
        talks=some([410, 470]),
        courts=some([450]),
    )
    study = SimpleNamespace(
        record=record,
        rules=own,
        sample=sample,
        vary=vary,
        risk_sets=lambda name: {"main": world.risk, "words too": fewer}[name],
    )
    found = prepare(record, own.reaction, own.decision, own.placebo.prior_sessions)
    quiet = np.flatnonzero(~record.busy)
    spans = [
        Stratum("a", world.first, 480, quiet[(quiet > 80) & (quiet <= 480)]),
        Stratum("b", 481, world.last, quiet[quiet > 231]),
    ]
    return study, found, spans, fewer


def test_every_variant_is_the_test_of_its_own_sessions(departed):
    study, _, spans, _ = departed
    strata = {"all": spans, "first": spans[:1]}
    table = reaction_variants(study, strata, draws=19, seed=np.random.SeedSequence(2))
    record, own = study.record, study.rules
    named = [(name, variant) for name, variant in VARIANTS.items()]
    named += [(f"tier {tier}", Variant(tiers=(tier,))) for tier in "ABC"]
    named += [("scheduled", Variant(scheduled=True)), ("unscheduled", Variant(scheduled=False))]
    named += [
        ("uncertain sessions one later", Variant(shift_uncertain=1)),
        ("uncertain sessions one earlier", Variant(shift_uncertain=-1)),
    ]
    jobs = [(name, study.vary(v).trigger.position, study.vary(v).relief.position, (0, 0)) for name, v in named]
    jobs += [
        (name, record.trigger, record.relief, window)
        for name, window in (("clipped at quantiles of quiet days", (0, 0)), ("main", (0, 1)))
    ]
    jobs += [
        (name, at, at, (0, 0))
        for name, at in (
            ("words alone", np.array([400, 440, 500])),
            ("talks (neither)", np.array([410, 470])),
            ("courts", np.array([450])),
        )
    ]
    streams = np.random.SeedSequence(2).spawn(4 * len(jobs))
    rows = [(name, *job, *side) for name in strata for job in jobs for side in (("H1", -1), ("H3", 1))]
    assert len(table) == len(rows)
    for row, (sample, name, threats, reliefs, window, link, sign), stream in zip(
        table.itertuples(), rows, streams, strict=True
    ):
        assert (row.sample, row.link, row.variant, row.window) == (sample, link, name, f"({window[0]}, {window[1]})")
        score = scores(record.market, record.busy, own.reaction, window=window)
        cells = match_cells(record.market, score.z, record.busy, 5)
        how = own.placebos(19) if not name.startswith("clipped") else replace(own.placebos(19), winsor=(0.01, 0.99))
        made = react(
            score,
            threats if sign < 0 else reliefs,
            strata[sample],
            cells,
            how,
            sign=sign,
            rng=np.random.default_rng(stream),
            beside=False,
        )
        assert row.n == made.n
        np.testing.assert_array_equal(
            [row.estimate, row.share, row.pvalue], [sign * made.estimate, made.share, made.pvalue]
        )
        if made.n:
            assert row.mean_car == pytest.approx(made.car.mean())
            low, high = made.interval(0.9)
            assert (row.low, row.high) == ((low, high) if sign > 0 else (-high, -low))
        else:
            assert np.isnan(row.mean_car)
    first = load_definitions("us-china-v1")
    older = SimpleNamespace(**{**vars(study), "rules": first})
    assert (
        not reaction_variants(older, {"none": []}, draws=9, seed=np.random.SeedSequence(0))["variant"]
        .str.startswith("clipped")
        .any()
    )


def test_each_session_and_each_cluster_is_left_out_with_the_same_draws(departed):
    study, found, spans, _ = departed
    own = SimpleNamespace(
        rules=study.rules, sample=SimpleNamespace(trigger=some([340, 343, 380, 479, 481, 500]), relief=some([350, 420]))
    )
    table = leave_out(own, found, {"none": [], "first": spans[:1]}, draws=19, seed=np.random.SeedSequence(3))
    expected = (
        [("H1", "session", [i]) for i in range(4)]
        + [("H1", "cluster", [0, 1])]
        + [("H3", "session", [i]) for i in range(2)]
    )
    assert [(row.link, row.left_out) for row in table.itertuples()] == [row[:2] for row in expected]
    assert set(table["sample"]) == {"first"}
    streams = np.random.SeedSequence(3).spawn(8)[4:]
    for row, (link, kind, gone) in zip(table.itertuples(), expected, strict=True):
        at = np.array([340, 343, 380, 479] if link == "H1" else [350, 420])
        sign = -1 if link == "H1" else 1
        stream = streams[2 * (link == "H3") + (kind == "cluster")]
        made = react(
            found.scores,
            np.delete(at, gone),
            spans[:1],
            found.cells,
            study.rules.placebos(19),
            sign=sign,
            rng=np.random.default_rng(stream),
            beside=False,
        )
        assert row.ids == " ".join(f"e{at[i]}" for i in gone)
        assert (row.n, row.estimate, row.pvalue) == (at.size - len(gone), sign * made.estimate, made.pvalue)


def test_what_is_given_back_by_the_fifth_day(departed):
    study, _, spans, _ = departed
    table = giveback(study, {"all": spans, "first": spans[:1], "none": []})
    record = study.record
    r = record.market.returns
    rows = []
    for name, held in (("all", spans), ("first", spans[:1])):
        for link, position in (("H1", record.trigger), ("H3", record.relief)):
            day, rest = [], []
            for t in position:
                if not any(s.first <= t <= s.last for s in held) or t + 5 >= r.size:
                    continue
                mean = np.mean([r[i] for i in range(max(1, t - 260), t - 10) if not record.busy[i]])
                day.append(r[t] - mean)
                rest.append(r[t + 1 : t + 6].sum() - 5 * mean)
            rows.append((name, link, len(day), np.mean(day), np.mean(rest), -np.mean(rest) / np.mean(day)))
    assert len(table) == len(rows)
    for row, wanted in zip(table.itertuples(index=False), rows, strict=True):
        assert tuple(row)[:3] == wanted[:3]
        assert tuple(row)[3:] == pytest.approx(wanted[3:])


def test_turns_of_a_ring_by_its_length():
    """The calendar as it was, then between one and one less than all steps; of a single session one step, which is none."""
    assert _turns(10, np.array([0.0, 0.5, 0.999])).tolist() == [0, 1, 5, 9]
    assert _turns(1, np.array([0.3])).tolist() == [0, 1]
    assert _turns(2, np.array([0.0, 0.999])).tolist() == [0, 1, 1]


def test_statistics_of_rows_need_two_known_sessions():
    hit = np.array([[1.0, np.nan, np.nan], [1.0, 2.0, 3.0]])
    assert _row_statistic(hit, "mean") is None
    assert _row_statistic(hit[::-1], "mean").tolist() == [2.0, 1.0]
    assert _row_statistic(np.array([[5.0, 1.0], [np.nan, 4.0]]), "median").tolist() == [3.0, 4.0]
    assert np.isnan(_row_statistic(np.array([[5.0, 1.0], [np.nan, np.nan]]), "mean")[1])


@pytest.mark.parametrize("table", ["reliefs", "threats"])
def test_every_specification_by_loops(departed, table):  # noqa: C901, PLR0912  every turn, session by session
    """Two stretches, the same turns for all: estimate, n, and the share of turns that reach as far."""
    study, found, spans, fewer = departed
    if table == "threats":
        study = SimpleNamespace(**{**vars(study), "record": replace(study.record, risk=None)})
        found = prepare(study.record, study.rules.reaction, study.rules.decision, study.rules.placebo.prior_sessions)
    record, rules, draws = study.record, study.rules, 12
    curve = specification_curve(study, found, spans, draws=draws, rng=np.random.default_rng(6))
    fractions = np.random.default_rng(6).random((2, draws))
    close, rows = record.market.close, curve.table.to_dict("records")

    def steps(size, line):
        return [0, *(1 + int(f * max(size - 1, 1)) for f in line)]

    expected = []
    for window, scale in product(((0, 0), (0, 1)), ("fear", "none")):
        z = scores(record.market, record.busy, rules.reaction, window=window, scale=scale).z
        for name, (link, sign) in product(("main", "words too"), (("H1", -1), ("H3", 1))):
            sample = study.vary(VARIANTS[name])
            at = (sample.trigger if sign < 0 else sample.relief).position
            turned = np.array([
                [sign * z[s.first + (t - s.first + k) % (s.last - s.first + 1)] for s, line in zip(spans, fractions, strict=True)
                 for k in [steps(s.last - s.first + 1, line)[turn]] for t in at if s.first <= t <= s.last]
                for turn in range(draws + 1)
            ])  # fmt: skip
            for statistic, how in (("mean", np.nanmean), ("median", np.nanmedian)):
                expected.append(
                    (
                        link,
                        f"({window[0]}, {window[1]})",
                        scale,
                        name,
                        statistic,
                        "",
                        "",
                        int(np.isfinite(turned[0]).sum()),
                        how(turned, axis=1),
                    )
                )
    week = np.full(close.size, np.nan)
    week[6:] = [1 - close[t - 1] / close[t - 6] for t in range(6, close.size)]
    for kind, at_risk in (("threat", "threat open"), ("week", "threat open"), ("week", "every session")):
        for name in ("main", "words too"):
            if table == "reliefs":
                risk = record.risk if name == "main" else fewer
                decided, open_ = {one.day for one in risk.reliefs}, set(risk.rows.day.tolist())
                logs = pd.Series(np.log(close[risk.rows.base] / close[risk.rows.day - 1])).groupby(risk.rows.day).mean()
                loss = week if kind == "week" else logs.reindex(range(close.size)).to_numpy()
            else:
                decided, open_ = (
                    set(study.vary(VARIANTS[name]).decision.position.tolist()),
                    set(np.flatnonzero(found.at_risk).tolist()),
                )
                loss = week if kind == "week" else found.loss
            rings = [
                [
                    t
                    for t in range(s.first, s.last + 1)
                    if (t in open_ or at_risk == "every session") and np.isfinite(loss[t])
                ]
                for s in spans
            ]
            values = []
            for turn in range(draws + 1):
                inside, outside = [], []
                for ring, line in zip(rings, fractions, strict=True):
                    k = steps(len(ring), line)[turn]
                    moved = {(i + k) % len(ring) for i, t in enumerate(ring) if t in decided}
                    for i, t in enumerate(ring):
                        (inside if i in moved else outside).append(loss[t])
                values.append(np.mean(inside) - np.mean(outside))
            expected.append(("H2", "", "", name, "mean difference", kind, at_risk, len(inside), np.array(values)))
    assert len(rows) == len(expected)
    for row, (*names, n, values) in zip(rows, expected, strict=True):
        assert [row[key] for key in ("link", "window", "scale", "variant", "statistic", "drawdown", "at_risk")] == names
        assert row["n"] == n
        assert row["estimate"] == pytest.approx(values[0])
        assert row["standardized"] == pytest.approx((values[0] - values[1:].mean()) / values[1:].std())
        assert row["pvalue"] == pytest.approx(np.mean(values >= values[0] - 1e-12))
    told = curve.summary.set_index("link")
    assert told["specifications"].to_dict() == {"H1": 16, "H2": 6, "H3": 16}
    drawn = {link: np.array([values for one, *_, values in expected if one == link]) for link in ("H1", "H2", "H3")}
    for link, values in drawn.items():
        standard = (values - values[:, 1:].mean(axis=1)[:, None]) / values[:, 1:].std(axis=1)[:, None]
        median = np.median(standard, axis=0)
        ps = np.array([[np.mean(line >= x - 1e-12) for x in line] for line in values])
        share = (ps <= 0.05).mean(axis=0)
        row = told.loc[link]
        assert row["median_standardized"] == pytest.approx(median[0])
        assert row["p_median"] == pytest.approx(np.mean(median >= median[0] - 1e-12))
        assert row["share_in_direction"] == pytest.approx(np.mean(values[:, 0] > 0))
        assert (row["share_significant"], row["p_share"]) == pytest.approx((share[0], np.mean(share >= share[0])))


def test_the_share_of_significant_specifications_against_that_of_the_turns(rules):
    """Of forty turns the calendar as it was is the largest in two of three specifications; a tie counts against it."""
    values = np.tile(np.arange(40.0)[::-1], (3, 1))
    values[1] = values[1][::-1]
    values[2, 1] = values[2, 0]  # two of forty: at the size exactly
    curve = summarize([{"link": "H3"}] * 3, list(values), rules.alpha)
    assert curve.table["pvalue"].tolist() == [1 / 40, 1.0, 2 / 40]
    row = curve.summary.iloc[0]
    assert row["share_significant"] == pytest.approx(2 / 3)
    assert row["share_in_direction"] == pytest.approx(2 / 3)  # nought is in no direction
    assert row["p_share"] == pytest.approx(2 / 40)  # the first turn has two as well


def test_a_turn_without_a_value_reaches_nothing(rules):
    values = np.array([[2.0, np.nan, 1.0, 3.0], [1.0, 2.0, 3.0, 5.0]])
    curve = summarize([{"link": "H1"}] * 2, list(values), rules.alpha)
    assert curve.table["pvalue"].tolist() == [2 / 4, 1.0]
    assert curve.table["standardized"].iloc[0] == 0.0
