"""H2 on one table of reliefs: both tests by hand and by brute force, on the same reliefs, with an interval that agrees."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.events import load_events, load_stretches
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.links.placebo_draws import critical, limits, pvalue
from eventstudy.hypothesis.links.reaction import react
from eventstudy.hypothesis.links.relief import draw_open, exact_ages, relief_score, relief_shift, rings_of
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
