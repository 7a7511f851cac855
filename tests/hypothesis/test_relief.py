"""H2 on one table of reliefs: both tests by hand and by brute force, on the same reliefs, with an interval that agrees."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.events import load_events, load_stretches
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.links.placebo_draws import critical, limits, pvalue
from eventstudy.hypothesis.links.power import Aim
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.links.relief import (
    draw_open,
    exact_ages,
    less_age,
    relief_score,
    relief_shift,
    rings_of,
)
from eventstudy.hypothesis.links.relief_power import _company, _deal, _open_mean, relief_power
from eventstudy.hypothesis.links.test_results import relief_result
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.risk_sets import Relief, Rows
from eventstudy.hypothesis.record.strata import strata_of
from eventstudy.returns import load_prices

ERRORS = 4

# facts/README: chains with an open episode, reliefs, whole ones, threatened ones, by the session of their lead
COUNTS = {
    ("2018-01-02", "2020-01-31"): (8, 11, 3, 7, 5.2),
    ("2025-01-02", "2025-05-02"): (3, 4, 0, 1, 4.7),
    ("2025-05-03", "2025-11-14"): (9, 14, 7, 9, 12.5),
    ("2025-11-15", "2026-08-20"): (3, 5, 3, 1, 11.9),
}


def pairs(days, ages, relieved):
    """Rows of one episode a day and age, in the order of sessions."""
    size = len(days)
    blank = np.zeros(size, dtype=np.int64)
    marks = np.zeros(size, dtype=bool)
    marks[list(relieved)] = True
    return Rows(np.arange(size), np.asarray(days), np.asarray(ages), marks, marks & False, blank, blank, blank)


@pytest.fixture(scope="module")
def study():
    prices = load_prices(["^GSPC", "^VIX", "UST10Y"], start="2016-01-04", source="bundled")
    return build_record(
        load_events("us-china"), prices, load_definitions(), market="^GSPC", fear="^VIX", calendar="XNYS"
    )


def span(index, dates):
    return [(int(index.searchsorted(dates[0])), int(index.searchsorted(dates[1], side="right")) - 1)]


@pytest.mark.parametrize("dates", COUNTS)
def test_the_risk_sets_count_what_the_facts_count(study, dates):
    spans = span(study.index, [pd.Timestamp(day) for day in dates])
    risk = study.record.risk.within(spans)
    chains, reliefs, whole, threatened, opened = COUNTS[dates]
    assert len(risk.reliefs) == chains
    assert sum(len(one.rows) for one in risk.reliefs) == reliefs
    ended = [(one.name, risk.ids[risk.rows.episode[row]]) in risk.whole for one in risk.reliefs for row in one.rows]
    assert sum(ended) == whole
    assert sum(not risk.in_force[row] for one in risk.reliefs for row in one.rows) == threatened
    sessions = spans[0][1] - spans[0][0] + 1
    assert round(risk.rows.day.size / sessions, 1) == opened


def test_the_pairs_are_the_sessions_of_the_stretches(study):
    risk, index = study.record.risk, study.index
    found = set(zip([risk.ids[e] for e in risk.rows.episode], index[risk.rows.day], strict=True))
    expected = set()
    for row in load_stretches().itertuples():
        if row.actor != "US" or row.scope == "other" or row.open_only or pd.isna(row.from_session):
            continue
        inside = index[(index >= row.from_session) & (index <= row.to_session)]
        if row.start_first_session < pd.Timestamp("2024-11-01"):
            inside = inside[inside < pd.Timestamp("2024-11-01")]
        expected |= {(row.episode, day) for day in inside}
    assert found == expected


def test_april_and_geneva_are_reliefs(study):
    named = {
        one.name: [study.record.risk.ids[study.record.risk.rows.episode[r]] for r in one.rows]
        for one in study.record.risk.reliefs
    }
    assert named["2025-04-09_pause"] == ["E06"]
    assert named["2025-05-10_reset"] == ["E06b"]


def test_older_episodes_and_longer_limits_add_and_take_nothing_away(study):
    main = study.record.risk
    for kind in ("older episodes too", "beyond 60 days too", "words too"):
        other = study.risk_sets(kind)
        assert {one.name for one in main.reliefs} <= {one.name for one in other.reliefs}
        assert other.rows.day.size >= main.rows.day.size
    alone = study.risk_sets("threatened alone")
    assert not alone.in_force.any()
    assert alone.rows.day.size == (~main.in_force).sum()


def test_ages_with_too_few_pairs_join_the_older_ones():
    rng = np.random.default_rng(0)
    age = rng.integers(0, 40, 300)
    stratum = exact_ages(age, 10)
    assert np.bincount(stratum).min() >= 10
    for one, two in product(range(40), repeat=2):  # the order of ages is kept
        a, b = stratum[age == one], stratum[age == two]
        if one < two and a.size and b.size:
            assert a[0] <= b[0]
    assert exact_ages(np.zeros(3, dtype=np.int64), 10).tolist() == [0, 0, 0]
    assert exact_ages(np.array([0, 1, 1, 3]), 2).tolist() == [0, 0, 0, 0]  # one is one too few, at either end


def test_the_shift_by_enumeration():
    """One episode a session: every turn moves the reliefs to other sessions and nothing is drawn."""
    loss = np.array([0.0, 0.3, 0.1, 0.9, 0.2, 0.4])
    rows = pairs(np.arange(10, 16), np.zeros(6, int), [3, 5])
    reliefs = (Relief(13, "a", (3,)), Relief(15, "b", (5,)))
    test = relief_shift(rows, loss, reliefs, [(10, 15)], draws=5, rng=np.random.default_rng(0))
    turned = [np.mean([loss[(3 + k) % 6], loss[(5 + k) % 6]]) for k in range(1, 6)]
    assert test.before == pytest.approx(0.65)
    assert test.estimate == pytest.approx(0.65 - np.mean(turned))
    assert test.pvalue == (1 + sum(t >= 0.65 - 1e-12 for t in turned)) / 6
    assert sorted(test.null * test.spread + np.mean(turned)) == pytest.approx(sorted(turned))


def test_as_many_episodes_are_drawn_as_a_relief_relieves():
    losses = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    rows = pairs([0, 0, 0, 1, 1], np.zeros(5, int), [0])
    ring = rings_of(rows, losses, [(0, 1)])[0]
    drawn = draw_open(ring, np.zeros(6000, dtype=np.int64), 2, np.random.default_rng(1))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [1.5, 2.5, 3.0]  # the means of two of 1, 2, 4
    assert (np.abs(counts / 6000 - 1 / 3) < ERRORS * np.sqrt(2 / 9 / 6000)).all()
    assert set(draw_open(ring, np.ones(9, dtype=np.int64), 3, np.random.default_rng(1))) == {12.0}  # two are open: both


def test_the_score_by_enumeration():
    """Single reliefs: U and its variance by the hypergeometric formula, its chance by all choices of pairs of an age."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=8)
    rows = pairs(np.arange(8), np.zeros(8, int), [6])
    test = relief_score(x, rows, (Relief(6, "a", (6,)),), np.zeros(8, int), draws=20000, rng=rng)
    assert test.score == pytest.approx(x[6] - x.mean())
    assert test.information == pytest.approx(x.var())
    exact = np.mean(x >= x[6])
    assert abs(test.pvalue - exact) < ERRORS * np.sqrt(exact * (1 - exact) / 20000) + 1e-3
    assert test.spread == pytest.approx(x.std(), rel=0.03)


def test_a_relief_of_several_moves_with_its_company():
    """Two sessions of two episodes each: a relief of both can only move as a whole, so there are two outcomes."""
    x = np.array([1.0, 1.0, 0.0, 0.0])
    rows = pairs([0, 0, 1, 1], np.zeros(4, int), [0, 1])
    test = relief_score(x, rows, (Relief(0, "a", (0, 1)),), np.zeros(4, int), draws=4000, rng=np.random.default_rng(3))
    assert set(np.round(test.null * test.spread, 9)) == {-1.0, 1.0}
    assert abs(test.pvalue - 0.5) < ERRORS * 0.5 / np.sqrt(4000)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1, 0.2, 0.4])
def test_the_interval_leaves_out_zero_exactly_when_the_test_rejects(seed, alpha):
    rng = np.random.default_rng([seed, 9])
    days = np.repeat(np.arange(60), 4)
    x = rng.normal(size=240).cumsum() * 0.01
    rows = pairs(days, np.tile(np.arange(4), 60), rng.choice(240, 9, replace=False))
    reliefs = tuple(Relief(int(days[r]), str(r), (int(r),)) for r in np.flatnonzero(rows.relieved))
    shift = relief_shift(rows, x, reliefs, [(0, 59)], draws=199, rng=rng)
    score = relief_score(x, rows, reliefs, rows.age, draws=199, rng=rng)
    how = load_definitions({"level": alpha}).links(draws=199, power_draws=1)
    found = relief_result(shift, score, rows, x, rows.age, how)
    assert found.pvalue == max(shift.pvalue, score.pvalue)
    assert (found.ci[0] > 0) == (found.pvalue <= alpha)
    assert (found.ci[1] < 0) == (found.details["p_wrong_sign"] <= alpha)


def test_limits_and_pvalues_agree_at_every_level():
    rng = np.random.default_rng(4)
    for _ in range(40):
        null = np.round(rng.normal(size=rng.integers(5, 60)), 1)  # ties on purpose
        seen = float(np.round(rng.normal(scale=2), 1))
        for level in (0.5, 0.8, 0.9, 0.95, 0.98):
            low, high = limits(seen, null, level)
            assert (low > 0) == (pvalue(seen, null) <= (1 - level) / 2 + 1e-12)
            assert (high < 0) == (pvalue(-seen, -null) <= (1 - level) / 2 + 1e-12)
    assert critical(np.arange(3.0), 0.05) == np.inf


def test_the_raw_mean_of_the_reactions(study):
    """Nothing is clipped: the estimate of H1 in the headline sample is the mean of its scores, and so is its interval's middle."""
    rules = study.rules
    evidence = prepare(study.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    strata = strata_of({"after": rules.periods["after"]}, study.index, study.record.busy, rules.placebo.pool_before)
    found = react(
        evidence.scores,
        study.record.trigger,
        strata,
        evidence.cells,
        rules.placebos(499),
        sign=-1,
        rng=np.random.default_rng(0),
    )
    at = found.position
    assert found.estimate == pytest.approx(-evidence.scores.z[at].mean(), abs=1e-12)
    assert found.pvalue == found.pvalues["permutation"]
    for level in (0.5, 0.8, 0.9, 0.98):
        low, high = found.interval(level)
        assert (low > 0) == (found.pvalue <= (1 - level) / 2 + 1e-12)
        assert (high < 0) == (found.p_wrong <= (1 - level) / 2 + 1e-12)
    # the permutation by scipy, on the same pool
    pool = np.union1d(strata[0].pool[np.isfinite(evidence.scores.z[strata[0].pool])], at)
    z = -evidence.scores.z
    outside = np.setdiff1d(pool, at)
    again = stats.permutation_test(
        (z[at], z[outside]),
        lambda a, b: a.mean() - b.mean(),
        alternative="greater",
        n_resamples=999,
        rng=np.random.default_rng(1),
    )
    assert abs(again.pvalue - found.pvalue) < 4 * np.sqrt(0.25 * (1 / 999 + 1 / 499))


def test_rings_hold_the_sessions_of_their_span_with_a_known_loss():
    rows = pairs([3, 3, 4, 5, 5, 6, 9], np.zeros(7, int), [0])
    loss = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0, 7.0])
    (one, two) = rings_of(rows, loss, [(3, 5), (6, 8), (10, 12)])
    assert one.day.tolist() == [3, 5]
    assert one.losses.tolist() == [1.0, 2.0, 4.0, 5.0]
    assert (one.begin.tolist(), one.count.tolist()) == ([0, 2], [2, 2])
    assert (two.day.tolist(), two.losses.tolist()) == ([6], [6.0])


@pytest.mark.parametrize("number", [1, 2])
def test_every_choice_of_those_open_is_as_likely(number):
    losses = np.array([100.0, 1.0, 2.0, 4.0, 200.0])
    ring = rings_of(pairs([0, 1, 1, 1, 2], np.zeros(5, int), [0]), losses, [(0, 2)])[0]
    drawn = draw_open(ring, np.ones(6000, dtype=np.int64), number, np.random.default_rng(1))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == sorted(np.mean(own) for own in combinations([1.0, 2.0, 4.0], number))
    assert (np.abs(counts / 6000 - 1 / 3) < ERRORS * np.sqrt(2 / 9 / 6000)).all()
    assert draw_open(ring, np.array([2, 0]), number, np.random.default_rng(1)).tolist() == [200.0, 100.0]


def test_reliefs_of_two_rings_turn_each_along_its_own():
    """Rings of two sessions each: a relief stays or moves, whatever the other does; the mean is over both."""
    loss = np.array([0.0, 1.0, 10.0, 14.0])
    rows = pairs([1, 2, 7, 8], np.zeros(4, int), [1, 2])
    reliefs = (Relief(2, "a", (1,)), Relief(7, "b", (2,)))
    test = relief_shift(rows, loss, reliefs, [(1, 3), (6, 8)], draws=400, rng=np.random.default_rng(0))
    assert test.ring.tolist() == [0, 0, 1, 1]
    assert test.decided.tolist() == [False, True, True, False]
    assert test.null.size == 400
    raw = test.null * loss.std() + (test.before - test.estimate)
    values, counts = np.unique(np.round(raw, 9), return_counts=True)
    assert values.tolist() == [5.0, 5.5, 7.0, 7.5]  # (0 or 1, and 10 or 14) / 2
    assert (np.abs(counts / 400 - 1 / 4) < ERRORS * np.sqrt(3 / 16 / 400)).all()
    assert test.before == 5.5
    assert test.spread == pytest.approx(loss.std())
    assert test.statistic == pytest.approx(test.estimate / loss.std())
    assert test.pvalue == pytest.approx((1 + np.sum(raw >= 5.5 - 1e-9)) / 401)


def test_the_turns_of_one_ring_are_taken_again_until_there_are_enough():
    loss = np.arange(5.0)
    rows, reliefs = pairs(range(5), np.zeros(5, int), [2]), (Relief(2, "a", (2,)),)
    for draws, size in ((1, 4), (4, 4), (5, 8), (9, 12)):
        test = relief_shift(rows, loss, reliefs, [(0, 4)], draws=draws, rng=np.random.default_rng(0))
        assert test.null.size == size
        assert (
            np.bincount(np.round(test.null * loss.std() + 2.0).astype(int)).tolist()
            == [size // 4] * 2 + [0] + [size // 4] * 2
        )
    assert test.loss.tolist() == loss.tolist()


def test_the_loss_of_a_session_is_the_mean_over_what_is_open():
    rows, loss = pairs([0, 0, 1, 2, 2], np.zeros(5, int), [0, 3]), np.array([1.0, 2.0, 9.0, 4.0, 6.0])
    reliefs = (Relief(0, "a", (0, 1)), Relief(2, "b", (3,)))
    test = relief_shift(rows, loss, reliefs, [(0, 2)], draws=3, rng=np.random.default_rng(0))
    assert test.loss.tolist() == [1.5, 9.0, 5.0]
    assert test.before == (1.5 + 4.0) / 2  # of each relief the mean over what it relieves


@pytest.mark.parametrize("case", ["no relief", "one loss", "a loss unknown", "one session"])
def test_a_shift_that_could_not_differ_is_not_tested(case):
    rows, loss = pairs([0, 1, 2], np.zeros(3, int), [1]), np.array([0.0, 1.0, 3.0])
    reliefs, spans = (Relief(1, "a", (1,)),), [(0, 2)]
    if case == "no relief":
        reliefs = ()
    elif case == "one loss":
        loss = np.ones(3)
    elif case == "a loss unknown":
        loss[1] = np.nan
    else:
        spans = [(1, 1)]
    test = relief_shift(rows, loss, reliefs, spans, draws=5, rng=np.random.default_rng(0))
    assert np.isnan([test.estimate, test.statistic, test.pvalue]).all()
    assert test.null.size == 0
    two = relief_shift(
        pairs([0, 1], np.zeros(2, int), [1]),
        np.array([0.0, 1.0]),
        (Relief(1, "a", (1,)),),
        [(0, 1)],
        draws=1,
        rng=np.random.default_rng(0),
    )
    assert two.pvalue == 1 / 2  # two sessions are enough: one turn


def test_values_less_the_mean_of_their_age():
    assert less_age(np.array([1.0, 3.0, 7.0, 5.0]), np.array([0, 0, 3, 3])).tolist() == [-1.0, 1.0, 1.0, -1.0]
    assert less_age(np.array([4.0, 1.0]), np.array([2, 0])).tolist() == [0.0, 0.0]  # alone at their ages


def test_score_and_information_of_several_ages_by_a_loop():
    """An age of one pair that is relieved says nothing, nor does one without a relief."""
    x = np.array([0.3, -1.0, 2.0, 0.5, 1.1, -0.4, 0.9, 0.2, 4.0, 7.0, -3.0])
    age = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3])
    marks = [2, 4, 6, 8]
    rows = pairs(np.arange(11), age, marks)
    reliefs = tuple(Relief(at, str(at), (at,)) for at in marks)
    test = relief_score(x, rows, reliefs, age, draws=4000, rng=np.random.default_rng(5))
    score = information = 0.0
    for own in (range(4), range(4, 8)):
        values = x[list(own)]
        k, n = sum(at in marks for at in own), len(own)
        score += sum(x[at] - values.mean() for at in own if at in marks)
        information += k * (n - k) / n * values.var(ddof=1)
    assert test.score == pytest.approx(score)
    assert test.information == pytest.approx(information)
    assert test.slope == pytest.approx(score / information)
    assert test.n == 4
    assert test.statistic == pytest.approx(score / test.spread)
    assert test.null.std() == pytest.approx(1.0)
    # each relief by itself: to any pair of its age, so that the variances of the ages add up
    variance = x[:4].var() + 2 * x[4:8].var()
    assert test.spread == pytest.approx(np.sqrt(variance), rel=0.05)
    null = test.null * test.spread
    assert abs(null.mean()) < ERRORS * np.sqrt(variance / 4000)
    assert test.pvalue == pytest.approx((1 + np.sum(null >= score - 1e-9)) / 4001)


def test_a_relief_of_two_ages_takes_one_of_either_and_others_of_its_new_session():
    """Every outcome with its chance: one of the two is drawn, goes to a pair of its age, and takes one or all beside it."""
    x = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    days, age = [0, 0, 1, 1, 1, 2], np.array([0, 1, 0, 1, 1, 0])
    rows = pairs(days, age, [0, 1])
    test = relief_score(x, rows, (Relief(0, "a", (0, 1)),), age, draws=20000, rng=np.random.default_rng(6))
    centred = [v - np.mean([w for w, b in zip(x, age, strict=True) if b == a]) for v, a in zip(x, age, strict=True)]
    chance = {}
    for anchor in (0, 1):
        own = [at for at in range(6) if age[at] == age[anchor]]
        for first in own:
            others = [at for at in range(6) if days[at] == days[first] and at != first]
            for other in others or [None]:
                total = round(centred[first] + (centred[other] if other is not None else 0.0), 6)
                chance[total] = chance.get(total, 0.0) + 0.5 / len(own) / max(len(others), 1)
    values, counts = np.unique(np.round(test.null * test.spread, 6), return_counts=True)
    assert values.tolist() == pytest.approx(sorted(chance))
    for share, total in zip(counts / 20000, sorted(chance), strict=True):
        assert abs(share - chance[total]) < ERRORS * np.sqrt(chance[total] / 20000)


@pytest.mark.parametrize("case", ["no relief", "all relieved"])
def test_a_score_of_reliefs_without_information_is_not_tested(case):
    marks = range(3) if case == "all relieved" else []
    rows = pairs([0, 1, 2], np.zeros(3, int), list(marks))
    reliefs = tuple(Relief(at, str(at), (at,)) for at in marks)
    test = relief_score(np.arange(3.0), rows, reliefs, np.zeros(3, int), draws=9, rng=np.random.default_rng(0))
    assert np.isnan([test.statistic, test.pvalue, test.slope]).all()
    assert (test.null.size, test.information, test.n) == (0, 0.0, len(marks))


def made_result(alpha=0.1):
    rng = np.random.default_rng(12)
    days = np.repeat(np.arange(40), 3)
    x = rng.normal(size=120) * 0.03
    marks = [4, 5, 40, 77, 100]
    rows = pairs(days, np.tile(np.arange(3), 40), marks)
    reliefs = (Relief(1, "a", (4, 5)), *(Relief(int(days[at]), str(at), (at,)) for at in marks[2:]))
    shift = relief_shift(rows, x, reliefs, [(0, 39)], draws=199, rng=rng)
    score = relief_score(x, rows, reliefs, rows.age, draws=199, rng=rng)
    how = load_definitions({"level": alpha}).links(draws=199, power_draws=1)
    return rows, x, shift, score, how, relief_result(shift, score, rows, x, rows.age, how)


def test_what_both_tests_of_reliefs_found_by_formula():
    rows, x, shift, score, how, found = made_result()
    sd = x.std()
    assert (found.n, found.n_clusters, found.n_effective) == (4, 4, 4.0)
    assert (found.estimate, found.statistic) == (shift.estimate, shift.statistic)
    assert found.se == pytest.approx(shift.null.std() * sd)
    assert found.level == pytest.approx(0.8)
    details = found.details
    assert (details["p_sessions"], details["p_hazard"]) == (shift.pvalue, score.pvalue)
    assert details["mean_loss_decision"] == pytest.approx(np.mean([x[[4, 5]].mean(), x[40], x[77], x[100]]))
    assert details["mean_loss_other"] == pytest.approx(details["mean_loss_decision"] - shift.estimate)
    assert details["excess_hazard"] == pytest.approx(score.score / 5)
    assert (details["sessions_at_risk"], details["pairs_at_risk"], details["threats_relieved"]) == (40, 120, 5)
    odds, error = score.score / score.information * sd, sd * score.spread / score.information
    assert (details["log_odds_per_sd"], details["log_odds_se"], details["spread"]) == pytest.approx((odds, error, sd))
    margin = how.margins.log_odds
    both = max(stats.norm.sf((odds + margin) / error), stats.norm.cdf((odds - margin) / error))
    assert details["p_equivalence"] == pytest.approx(both)
    assert details["margin"] == margin
    assert details["smallest_margin"] == max(-details["log_odds_low"], details["log_odds_high"])
    assert details["p_wrong_sign"] == max(pvalue(-shift.statistic, -shift.null), pvalue(-score.statistic, -score.null))
    # the hull of the two intervals, each estimate less what chance gives at 10 % a side, as a loss
    unit = score.spread / 5
    ends = [
        (seen - critical(null, 0.1), seen + critical(-null, 0.1))
        for seen, null in ((shift.statistic, shift.null), (score.statistic, score.null))
    ]
    low, high = (sorted((ends[0][at] * sd, ends[1][at] * unit)) for at in (0, 1))
    assert found.ci == pytest.approx((low[0], high[1]))
    for number, scale in ((0, sd), (1, unit)):  # the other test says nearly nothing: it stretches the hull to nought
        parts = (
            (shift, replace(score, spread=score.spread * 1e-9))
            if number == 0
            else (replace(shift, spread=sd * 1e-9), score)
        )
        told = relief_result(*parts, rows, x, rows.age, how).ci
        assert told == pytest.approx((min(ends[number][0] * scale, 0.0), max(ends[number][1] * scale, 0.0)), abs=1e-6)


def test_the_interval_of_the_odds_is_wider_where_acts_take_several():
    """By how much the score varies beyond independent reliefs; never narrower than theirs."""
    rows, x, shift, score, how, found = made_result()
    narrow = relief_result(shift, replace(score, spread=0.5 * np.sqrt(score.information)), rows, x, rows.age, how)
    plain = relief_result(shift, replace(score, spread=np.sqrt(score.information)), rows, x, rows.age, how)
    wide = relief_result(shift, replace(score, spread=2 * np.sqrt(score.information)), rows, x, rows.age, how)
    ends = [(one.details["log_odds_low"], one.details["log_odds_high"]) for one in (narrow, plain, wide)]
    assert ends[0] == ends[1]
    assert ends[2][0] < ends[1][0] < ends[1][1] < ends[2][1]
    assert found.details["log_odds_low"] < found.details["log_odds_per_sd"] < found.details["log_odds_high"]


@pytest.mark.parametrize(("marks", "applicable"), [([3], False), ([3, 4], False), ([3, 8], True)])
def test_reliefs_on_two_sessions_are_needed(marks, applicable):
    rng = np.random.default_rng(3)
    days = np.repeat(np.arange(10), 3)
    x = rng.normal(size=30)
    rows = pairs(days, np.zeros(30, int), marks)
    reliefs = tuple(Relief(int(days[at]), str(at), (at,)) for at in marks)
    shift = relief_shift(rows, x, reliefs, [(0, 9)], draws=19, rng=rng)
    score = relief_score(x, rows, reliefs, rows.age, draws=19, rng=rng)
    how = load_definitions().links(draws=19, power_draws=1)
    found = relief_result(shift, score, rows, x, rows.age, how)
    assert found.applicable == applicable
    if not applicable:
        sessions = len({days[at] for at in marks})
        assert found.reason.startswith(f"{sessions} session with a relief of what was at risk, {len(marks)} episode")
    assert not relief_result(replace(shift, pvalue=np.nan), score, rows, x, rows.age, how).applicable


def test_the_first_of_a_relief_is_dealt_with_odds_of_its_loss_and_with_its_session():
    losses = np.array([0.0, np.log(2.0), np.log(5.0), np.log(8.0)])
    ring = rings_of(pairs([0, 1, 1, 2], np.zeros(4, int), [0]), losses, [(0, 2)])[0]
    first, place = _deal(ring, 2.0, 20000, np.random.default_rng(0))
    odds = np.array([1.0, 4.0, 25.0, 64.0])
    share = np.bincount(first, minlength=4) / 20000
    assert (np.abs(share - odds / odds.sum()) < ERRORS * np.sqrt(0.25 / 20000)).all()
    assert place.tolist() == [[0, 1, 1, 2][at] for at in first]


def test_its_company_is_drawn_with_the_same_odds_among_those_open():
    """Of four open on the second session two more beside the first; where too few are open, the first is counted again."""
    losses = np.array([3.0, 0.0, 0.0, np.log(2.0), np.log(6.0), 9.0])
    ring = rings_of(pairs([0, 1, 1, 1, 1, 2], np.zeros(6, int), [0]), losses, [(0, 2)])[0]
    first, place = np.full(20000, 1), np.full(20000, 1)
    two = _company(ring, first, place, 2, 1.0, np.random.default_rng(0))
    assert (two[:, 0] == 1).all()
    share = np.array([(two[:, 1] == at).mean() for at in (2, 3, 4)])
    assert (np.abs(share - [1 / 9, 2 / 9, 6 / 9]) < ERRORS * np.sqrt(0.25 / 20000)).all()
    three = _company(ring, first, place, 3, 1.0, np.random.default_rng(0))
    assert (np.sort(three[:, 1:], axis=1)[:, 0] < np.sort(three[:, 1:], axis=1)[:, 1]).all()
    assert set(three[:, 1:].ravel().tolist()) == {2, 3, 4}
    alone = _company(ring, np.array([0, 5]), np.array([0, 2]), 3, 1.0, np.random.default_rng(0))
    assert alone.tolist() == [[0, 0, 0], [5, 5, 5]]
    assert _company(ring, first[:2], place[:2], 1, 1.0, np.random.default_rng(0)).tolist() == [[1], [1]]


def test_mean_losses_of_those_open_elsewhere():
    losses = np.array([3.0, 1.0, 2.0, 9.0])
    ring = rings_of(pairs([0, 1, 1, 2], np.zeros(4, int), [0]), losses, [(0, 2)])[0]
    drawn = _open_mean(ring, np.ones((100, 60), dtype=np.int64), 2, np.random.default_rng(0))
    values, counts = np.unique(drawn, return_counts=True)
    assert drawn.shape == (100, 60)
    assert values.tolist() == [1.0, 1.5, 2.0]
    assert (np.abs(counts / 6000 - [1 / 4, 1 / 2, 1 / 4]) < ERRORS * np.sqrt(0.25 / 6000)).all()
    assert _open_mean(ring, np.array([[0, 2]]), 3, np.random.default_rng(0)).tolist() == [[3.0, 9.0]]


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_the_power_of_reliefs_by_a_loop_over_the_same_records(ratio):
    """Reliefs of one and of two episodes in two stretches: the same draws, each record tested by plain sums."""
    rng = np.random.default_rng(21)
    days = np.repeat(np.r_[0:30, 50:70], 2)
    x = rng.normal(size=100)
    marks = [10, 30, 31, 80]
    rows = pairs(days, np.tile([0, 1], 50), marks)
    reliefs = (Relief(5, "a", (10,)), Relief(15, "b", (30, 31)), Relief(60, "c", (80,)))
    spans = [(0, 29), (50, 69)]
    shift = relief_shift(rows, x, reliefs, spans, draws=199, rng=rng)
    score = relief_score(x, rows, reliefs, rows.age, draws=199, rng=rng)
    whole, centred = rings_of(rows, x, spans), rings_of(rows, less_age(x, rows.age), spans)
    draws, alpha = 80, 0.2
    found = relief_power(
        shift,
        score,
        whole,
        centred,
        reliefs,
        Aim(ratio, alpha, 0.8, curve=False),
        draws=draws,
        rng=np.random.default_rng(2),
    )
    again, slope = np.random.default_rng(2), np.log(ratio) / x.std()
    scored, held, elsewhere = np.zeros(draws), np.zeros(draws), np.zeros((draws, 99))
    for ring, own, sizes in ((whole[0], centred[0], (1, 2)), (whole[1], centred[1], (1,))):
        for size in sizes:
            first, place = _deal(ring, slope, draws, again)
            chosen = _company(ring, first, place, size, slope, again)
            steps = again.integers(1, ring.day.size, 99)
            scored += [sum(own.losses[at] for at in line) for line in chosen]
            held += [np.mean([ring.losses[at] for at in line]) for line in chosen]
            elsewhere += _open_mean(
                ring, np.array([[(p + k) % ring.day.size for k in steps] for p in place]), size, again
            )
    hits = 0
    for one, mean, null in zip(scored, held, elsewhere, strict=True):
        hits += one / score.spread > critical(score.null, alpha) and (1 + np.sum(null >= mean)) / 100 <= alpha
    assert found.power == pytest.approx(hits / draws)
    assert (found.effect, found.curve, found.detectable) == (ratio, (), np.inf)
    curved = relief_power(
        shift, score, whole, centred, reliefs, Aim(3.0, alpha, 0.8), draws=draws, rng=np.random.default_rng(2)
    )
    assert dict(curved.curve)[ratio] == found.power
    assert curved.power == dict(curved.curve)[3.0]
    between = relief_power(
        shift, score, whole, centred, reliefs, Aim(3.5, alpha, 0.8), draws=draws, rng=np.random.default_rng(2)
    )
    assert dict(curved.curve)[3.0] - 0.05 <= between.power <= dict(curved.curve)[4.0] + 0.05
    none = relief_shift(rows, x, (), spans, draws=9, rng=rng)
    for one, two in ((none, score), (shift, replace(score, null=np.zeros(0)))):
        untested = relief_power(one, two, whole, centred, reliefs, Aim(3.0, alpha, 0.8), draws=9, rng=rng)
        assert (untested.power, untested.detectable, untested.curve) == (0.0, np.inf, ())
