"""Reactions by loops over the same draws: two stretches, matched states, leave-outs, and the power put into them."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.hypothesis.links.matching import candidates, match_cells
from eventstudy.hypothesis.links.placebo_draws import critical, draw_without, limits, matched_draws, pvalue
from eventstudy.hypothesis.links.power import Aim, crossing, reaction_power
from eventstudy.hypothesis.links.reaction import Reaction, cluster_labels, leave_out_groups, means_without, react
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market, Scores
from eventstudy.hypothesis.record.strata import Stratum

SIZE, DRAWS = 240, 60


@pytest.fixture(scope="module")
def world(rules):
    rng = np.random.default_rng(7)
    close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(SIZE))
    fear = 15 + 5 * rng.random(SIZE)
    fear[[40, 41]] = np.nan
    macro = rng.integers(0, 2, SIZE)
    macro[200:] = -1
    market = Market(close, fear, np.full(SIZE, np.nan), np.arange(SIZE) % 5, macro=macro)
    z = rng.standard_normal(SIZE)
    z[[30, 77, 150]] = np.nan
    z[[60, 180]] = [9.0, -9.0]
    busy = rng.random(SIZE) < 0.1
    return market, z, busy, match_cells(market, z, busy, rules.placebo.prior_sessions)


def test_states_by_terciles_of_the_quiet_sessions(world, rules):
    market, z, busy, cells = world
    quiet = [t for t in range(SIZE) if not busy[t] and np.isfinite(z[t])]
    assert cells.pool.tolist() == quiet
    fear = [np.nan, *market.fear[:-1]]
    lag = rules.placebo.prior_sessions
    prior = [  # in standard deviations of so many sessions, by the gauge before them
        (market.close[t - 1] / market.close[t - 1 - lag] - 1) / (market.fear[t - 1 - lag] / 100 * np.sqrt(lag / 252))
        if t > lag
        else np.nan
        for t in range(SIZE)
    ]
    for values, code in ((fear, cells.fear), (prior, cells.prior)):
        known = sorted(values[t] for t in quiet if np.isfinite(values[t]))
        edges = np.quantile(known, [1 / 3, 2 / 3])
        assert code.tolist() == [sum(v >= e for e in edges) if np.isfinite(v) else -1 for v in values]
    assert cells.weekday.tolist() == market.weekday.tolist()
    assert cells.macro.tolist() == market.macro.tolist()


@pytest.mark.parametrize("minimum", [1, 5, 12, 40, 1000])
def test_candidates_by_a_loop(world, minimum):
    cells = world[-1]
    for t in (50, 121, 150, 207, 230):
        states = [
            [s for s in cells.pool if cells.prior[s] == cells.prior[t]],
        ]
        states.append([s for s in states[-1] if cells.fear[s] == cells.fear[t]])
        states.append([s for s in states[-1] if cells.macro[t] < 0 or cells.macro[s] == cells.macro[t]])
        states.append([s for s in states[-1] if cells.weekday[s] == cells.weekday[t]])
        finest = next((state for state in reversed(states) if len(state) >= minimum), states[0])
        (found,) = candidates(cells, np.array([t]), minimum)
        assert found.tolist() == [*finest, t]


def scored(z, car):
    """The scores as the study keeps them; how many sessions are behind each is not asked."""
    return Scores(car, z, np.zeros(z.size, dtype=int), z)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("statistic", ["mean", "median"])
@pytest.mark.parametrize("ends", [[(60, 140)], [(60, 140), (160, 230)]])
def test_a_reaction_over_the_same_draws(world, rules, sign, statistic, ends):
    _, z, busy, cells = world
    position = np.array([62, 64, 77, 99, 120, 165, 180, 200])
    strata = [Stratum(str(a), a, b, np.flatnonzero(~busy[: b + 1])[20:]) for a, b in ends]
    found = react(
        scored(z, z / 50),
        position,
        strata,
        cells,
        rules.placebos(DRAWS, statistic),
        sign=sign,
        rng=np.random.default_rng(3),
    )
    rng, how = np.random.default_rng(3), {"mean": np.mean, "median": np.median}[statistic]
    at, score, drawn, raw, low, high = [], [], [], [], [], []
    rings = []
    for s in strata:
        own = [t for t in position if s.first <= t <= s.last and np.isfinite(z[t])]
        quiet = [t for t in s.pool if np.isfinite(z[t])]
        edges = np.quantile(z[quiet], rules.reaction.winsor)
        clipped = sign * np.clip(z, *edges)
        pool = np.array(sorted({*quiet, *own}))
        taken = draw_without(pool, len(own), DRAWS, rng)
        at += own
        score += [clipped[t] for t in own]
        drawn.append(clipped[taken])
        raw.append(sign * z[taken])
        low += [min(clipped[t] for t in pool)] * len(own)
        high += [max(clipped[t] for t in pool)] * len(own)
        n = s.last - s.first + 1
        rings.append([[clipped[s.first + (t - s.first + k) % n] for t in own] for k in range(n)])
    assert found.position.tolist() == at
    assert found.car.tolist() == (z / 50)[at].tolist()
    np.testing.assert_allclose(found.score, score)
    np.testing.assert_allclose(found.estimate, how(score))
    drawn, raw = np.concatenate(drawn, axis=1), np.concatenate(raw, axis=1)
    np.testing.assert_allclose(found.nulls["permutation"], how(drawn, axis=1))
    np.testing.assert_allclose(found.drawn, raw)
    np.testing.assert_allclose(found.low, low)
    np.testing.assert_allclose(found.high, high)
    like = matched_draws(candidates(cells, np.array(at), rules.placebo.matched_minimum), DRAWS, rng)
    np.testing.assert_allclose(found.nulls["matched"], how(np.clip(sign * z[like], low, high), axis=1))
    told = [found.pvalues["permutation"], found.pvalues["matched"]]
    assert told == [pvalue(found.estimate, null) for null in (found.nulls["permutation"], found.nulls["matched"])]
    if statistic == "median":
        assert found.nulls["shift"].size == 0
        assert found.groups == ()
        assert found.pvalue == max(told)
        return
    if len(rings) == 1:
        turns = [np.nanmean(hit) for hit in rings[0][1:]]
    else:
        chosen = [rng.integers(0, len(ring), DRAWS) for ring in rings]
        turns = [
            np.nanmean([v for ring, k in zip(rings, ks, strict=True) for v in ring[k]])
            for ks in zip(*chosen, strict=True)
        ]
    np.testing.assert_allclose(found.nulls["shift"], turns)
    clusters = [[0]]
    for i in range(1, len(at)):
        clusters[-1].append(i) if at[i] - at[i - 1] <= rules.placebo.cluster_gap else clusters.append([i])
    groups = [[i] for i in range(len(at))] + [c for c in clusters if len(c) > 1]
    assert [g.tolist() for g in found.groups] == groups
    for gone, value, null in zip(groups, found.left_out, found.null_left_out, strict=True):
        assert value == pytest.approx(np.delete(score, gone).mean())
        np.testing.assert_allclose(null, np.delete(drawn, gone, axis=1).mean(axis=1))
    left = max(pvalue(v, null) for v, null in zip(found.left_out, found.null_left_out, strict=True))
    assert found.pvalues["left_out"] == left
    assert found.pvalue == max(*told, found.pvalues["shift"], left)
    worst = int(np.argmax([pvalue(v, null) for v, null in zip(found.left_out, found.null_left_out, strict=True)]))
    assert found.worst_left_out()[0] == found.left_out[worst]


def test_power_by_a_loop(world, rules):
    _, z, busy, cells = world
    strata = [Stratum("s", 60, 230, np.flatnonzero(~busy))]
    position = np.array([62, 64, 99, 120, 165, 180, 200])
    made = react(scored(z, z), position, strata, cells, rules.placebos(399), sign=1, rng=np.random.default_rng(5))

    def share(size, level):
        hits = 0
        bounds = [largest(made.nulls[name], level) for name in ("permutation", "matched", "shift")]
        left = [largest(null, level) for null in made.null_left_out]
        for row in made.drawn:
            moved = np.clip(row + size, made.low, made.high)
            means = [np.delete(moved, gone).mean() for gone in made.groups]
            hits += moved.mean() > max(bounds) and all(m > b for m, b in zip(means, left, strict=True))
        return hits / len(made.drawn)

    for level in (0.05, 0.2):
        found = reaction_power(made, Aim(0.75, level, 0.8))
        assert found.power == pytest.approx(share(0.75, level))
        curve = dict(found.curve)
        assert sorted(curve) == sorted({*(k / 10 for k in range(21)), 0.75})
        for size in (0.0, 0.5, 0.75, 1.3, 2.0):
            assert curve[size] == pytest.approx(share(size, level))
        first = next(i for i, (_, p) in enumerate(found.curve) if p >= 0.8)
        (x0, y0), (x1, y1) = found.curve[first - 1], found.curve[first]
        assert found.detectable == round(x0 + (0.8 - y0) / (y1 - y0) * (x1 - x0), 2)
    bare = reaction_power(made, Aim(0.75, 0.05, 0.8, curve=False))
    assert (bare.curve, bare.detectable) == ((), np.inf)
    assert reaction_power(made, Aim(0.75, 0.001, 0.8)).power == 0.0  # no estimate is rare enough among 399


def largest(null, level):
    """The value beyond which (1 + #)/(B + 1) is at most the level."""
    for value in sorted(null, reverse=True):
        if (1 + np.sum(null >= value)) / (null.size + 1) > level:
            return value
    return -np.inf


@pytest.mark.parametrize(("size", "level"), [(19, 0.05), (18, 0.05), (99, 0.05), (99, 0.01), (98, 0.01), (7, 0.5)])
def test_the_critical_value_is_exceeded_by_as_many_as_allowed(size, level):
    null = np.random.default_rng(size).permutation(size).astype(float)
    value = critical(null, level)
    allowed = int(level * (size + 1) + 1e-9)  # observations at least as large, the observed one counted in
    if allowed < 1:
        assert value == np.inf
        return
    assert (1 + np.sum(null >= value + 0.5)) / (size + 1) <= level
    assert (1 + np.sum(null >= value)) / (size + 1) > level


def test_the_curve_crosses_its_target_once():
    curve = ((0.0, 0.1), (1.0, 0.5), (2.0, 0.8), (3.0, 1.0))
    for target, expected in ((0.3, 0.5), (0.5, 1.0), (0.8, 2.0), (0.9, 2.5), (1.0, 3.0)):
        assert crossing(curve, target) == pytest.approx(expected)
    assert (
        crossing(curve, 0.05) == crossing(curve, 0.1) == crossing(curve[:2], 0.8) == np.inf
    )  # already there, and never


def test_medians_by_the_definitions(world):
    """The statistic of the definitions is the default."""
    _, z, busy, cells = world
    strata = [Stratum("s", 60, 230, np.flatnonzero(~busy))]
    rules = load_definitions({"reaction": {"statistic": "median"}})
    at, how = np.array([62, 99, 120]), rules.placebos(9)
    found = react(scored(z, z), at, strata, cells, how, sign=1, rng=np.random.default_rng(0))
    assert found.estimate == np.median(found.score)


def test_where_nothing_is_clipped_no_draw_is(world):
    """Limits of 0 and 1 leave an event beyond every placebo as it is, and so the effects that are put into the draws."""
    _, z, busy, cells = world
    rules = load_definitions()
    strata = [Stratum("s", 40, 230, np.flatnonzero(~busy))]
    at = np.array([60, 99, 120, 180])  # two of them at 9 and at -9, which no placebo reaches
    found = react(scored(z, z), at, strata, cells, rules.placebos(49), sign=-1, rng=np.random.default_rng(1))
    assert found.score.tolist() == (-z[at]).tolist()
    assert np.isneginf(found.low).all()
    assert np.isposinf(found.high).all()
    assert found.low.shape == found.high.shape == (4,)


def test_without_what_stands_beside_the_primary_draws_are_the_same(world):
    _, z, busy, cells = world
    strata = [Stratum("s", 40, 230, np.flatnonzero(~busy))]
    at = np.array([99, 103, 120, 180])
    names = ("permutation", "matched", "shift", "left_out")
    for primary in names:
        how = load_definitions({"placebo": {"primary": [primary]}}).placebos(29)
        bare, whole = (
            react(scored(z, z), at, strata, cells, how, sign=1, rng=np.random.default_rng(2), beside=beside)
            for beside in (False, True)
        )
        known = {name for name in names if np.isfinite(bare.pvalues[name])}
        assert known == {"permutation", primary}
        assert all(np.isfinite(whole.pvalues[name]) for name in names)
        if primary in ("permutation", "shift", "left_out"):  # the matched dates come first among what is drawn
            assert bare.pvalue == whole.pvalue == whole.pvalues[primary]
        assert bare.primary == (primary,)


def reaction_of(score, nulls, **more):
    return Reaction(np.arange(score.size), score, score, float(score.mean()), nulls, **more)


def test_the_ends_of_a_stretch_belong_to_it(world):
    _, z, busy, cells = world
    how = load_definitions().placebos(9)
    strata = [Stratum("s", 62, 99, np.flatnonzero(~busy))]
    at = np.array([61, 62, 70, 99, 100])
    found = react(scored(z, z), at, strata, cells, how, sign=1, rng=np.random.default_rng(1))
    assert found.position.tolist() == [62, 70, 99]


def test_a_reaction_of_nothing(world):
    _, z, _, cells = world
    found = react(
        scored(z, z), np.array([5]), [], cells, load_definitions().placebos(9), sign=1, rng=np.random.default_rng(1)
    )
    assert (found.n, found.score.size, found.groups, found.drawn_nulls) == (0, 0, (), [])
    assert np.isnan([found.se, found.share, found.pvalue, found.p_wrong, *found.interval(0.9)]).all()


def test_what_a_reaction_tells_of_itself_by_hand():
    score = np.array([0.0, 1.0, -1.0, 4.0])
    one, two = np.array([0.5, 1.0, -2.0, 3.0]), np.array([1.5, 0.0, -3.0, -1.0])
    nulls = {"permutation": one, "matched": two, "shift": np.zeros(0)}
    found = reaction_of(
        score, nulls, primary=("permutation", "matched"), pvalues={"permutation": 0.6, "matched": 0.4, "shift": 0.9}
    )
    assert found.share == 1 / 2  # nought is no rise
    assert found.se == pytest.approx(score.std(ddof=1) / 2)
    assert found.pvalue == 0.6  # the largest of the primary ones
    assert [null.tolist() for null in found.drawn_nulls] == [one.tolist(), two.tolist()]
    assert found.p_wrong == max(pvalue(-1.0, -one), pvalue(-1.0, -two)) == (1 + 3) / 5
    # the widest of the quantiles of the two
    ends = [np.quantile(null, q) for q in (0.9, 0.1) for null in (one, two)]
    assert found.interval(0.8) == pytest.approx((1.0 - max(ends[:2]), 1.0 - min(ends[2:])))
    alone = reaction_of(score, nulls, primary=("matched",))
    assert alone.interval(0.6) == limits(1.0, two, 0.6)
    assert np.isnan(reaction_of(score[:1], nulls).se)
    assert np.isfinite(reaction_of(score[:2], nulls).se)


def test_the_worst_that_is_left_out_is_that_with_the_largest_p_value():
    nulls = np.array([[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [0.0, 0.0, 0.0, 9.0]])
    found = reaction_of(np.ones(3), {}, left_out=np.array([2.5, 5.5, 0.5]), null_left_out=nulls)
    assert found.worst_group == 1  # p of 2/5, 3/5 and 2/5
    assert found.worst_left_out()[0] == 5.5
    assert found.worst_left_out()[1].tolist() == nulls[1].tolist()


def test_clusters_of_sessions_in_any_order():
    assert cluster_labels(np.array([90, 10, 12, 17, 23]), 5).tolist() == [2, 0, 0, 0, 1]
    assert cluster_labels(np.zeros(0, dtype=np.int64), 5).tolist() == []


@pytest.mark.parametrize(("sessions", "single", "pair"), [([1, 2], 0, 0), ([1, 2, 50], 3, 0), ([1, 2, 50, 99], 4, 1)])
def test_two_sessions_must_stay_when_others_are_left_out(sessions, single, pair):
    groups = leave_out_groups(np.array(sessions), 5)
    assert [len(group) for group in groups] == [1] * single + [2] * pair


def test_means_of_rows_without_groups():
    scores = np.array([[1.0, 2.0, 6.0, 3.0], [0.0, 4.0, 8.0, 12.0]])
    found = means_without(scores, [np.array([0]), np.array([1, 3])])
    assert found.tolist() == [[11 / 3, 8.0], [3.5, 4.0]]


def test_power_against_effects_where_only_some_tests_count():
    """A session left out counts only if the definitions say so; without draws nothing is known."""
    rng = np.random.default_rng(3)
    drawn = rng.normal(size=(199, 4))
    groups = (np.array([0]), np.array([1]), np.array([2]), np.array([3]))
    left = means_without(drawn, groups)
    low, high = np.full(4, -np.inf), np.full(4, 1.5)
    parts = {"drawn": drawn, "low": low, "high": high, "groups": groups, "null_left_out": left}
    for primary, without in ((("permutation",), False), (("permutation", "left_out"), True)):
        made = reaction_of(np.ones(4), {"permutation": drawn.mean(axis=1)}, primary=primary, **parts)
        bar, bars, hits = largest(drawn.mean(axis=1), 0.1), [largest(null, 0.1) for null in left], 0
        for row in drawn:
            moved = np.minimum(row + 0.6, 1.5)
            stays = all(np.delete(moved, i).mean() > bars[i] for i in range(4))
            hits += moved.mean() > bar and (stays or not without)
        assert reaction_power(made, Aim(0.6, 0.1, 0.8)).power == pytest.approx(hits / 199)
    none = reaction_power(reaction_of(np.ones(4), {}, primary=("permutation",)), Aim(0.6, 0.1, 0.8))
    assert np.isnan([none.power, none.detectable]).all()
    # where a leave-out has too few draws for the level, no estimate is rare enough
    few = reaction_of(
        np.ones(4),
        {"permutation": drawn.mean(axis=1)},
        primary=("permutation", "left_out"),
        **parts | {"null_left_out": left[:, :5]},
    )
    found = reaction_power(few, Aim(0.6, 0.1, 0.8))
    assert (found.power, found.detectable) == (0.0, np.inf)
