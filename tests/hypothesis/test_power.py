"""Power and the smallest effects: of a link by its own record, of the chain by all links at once."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import Rows, score_test, session_test
from eventstudy.hypothesis.links.placebo_draws import critical
from eventstudy.hypothesis.links.power import (
    Aim,
    Power,
    _deal_decisions,
    _deal_reliefs,
    _turned_pvalues,
    _weighted,
    chain_power,
    decision_power,
    multiple,
)

ROUNDS = 400
NEAR = 0.13  # two p-values of 499 drawn turns each: four standard errors of their difference

TOLERANCE = 1e-9  # the same product in another order


def line(effect, top, steps=9):
    """Power that rises along a straight line, to 1 at `top`."""
    return tuple((x, min(1.0, x / top)) for x in np.linspace(0, 2 * effect, steps))


def test_the_chain_by_hand():
    """Three straight lines: at k times the declared effects the product is (k/2)^2 times the third."""
    ratios = (1.0, 2.0, 4.0, 16.0)
    links = {
        "H1": Power(0.75, 0.5, 1.2, line(0.75, 1.5)),
        "H2": Power(4.0, 0.6, 8.0, tuple(zip(ratios, (0.0, 0.3, 0.6, 1.0), strict=True))),
        "H3": Power(0.75, 0.5, 1.2, line(0.75, 1.5)),
    }
    found = chain_power(links, 0.8)
    assert found.power == pytest.approx(0.5 * 0.6 * 0.5)
    assert dict(found.curve) == pytest.approx({0.0: 0.0, 0.5: 0.25**2 * 0.3, 1.0: 0.5**2 * 0.6, 2.0: 1.0})
    # between one and two times the declared effects the curve is a straight line from 0.15 to 1
    assert found.detectable == round(1 + (0.8 - 0.15) / (1 - 0.15), 2)


def test_a_chain_with_a_dead_link_finds_nothing():
    alive, dead = Power(0.75, 0.9, 0.7, line(0.75, 1.0)), Power(0.75, 0.0, float("inf"))
    found = chain_power({"H1": alive, "H2": Power(4.0, 0.9, 3.0, ((1.0, 0.0), (4.0, 0.9))), "H3": dead}, 0.8)
    assert found.power == 0.0
    assert found.detectable == float("inf")


def test_without_curves_the_smallest_effect_is_not_known():
    bare = {name: Power(4.0 if name == "H2" else 0.75, 0.5, float("nan")) for name in ("H1", "H2", "H3")}
    assert chain_power(bare, 0.8).power == 0.125
    assert np.isnan(chain_power(bare, 0.8).detectable)


def test_multiples_of_odds_ratios_are_powers():
    power = Power(4.0, 0.5, 5.0)
    for k in (0.0, 0.5, 1.0, 2.5):
        assert multiple("H2", power, 4.0**k) == pytest.approx(k)
    assert multiple("chain", Power(1.0, 0.2, 1.7), 1.7) == pytest.approx(1.7)


def decisions(x, marks, strata, rng):
    return session_test(x, np.ones(x.size, bool), np.flatnonzero(marks), strata, draws=499, rng=rng)


def test_turned_pvalues_by_loop():
    rng = np.random.default_rng(4)
    x = rng.standard_normal(37)
    marks = rng.random((6, 37)) < 0.2
    marks[:, 5] = True
    test = decisions(x, marks[0], [(0, 36)], rng)
    for row, p in zip(marks, _turned_pvalues(test, marks, rng), strict=True):
        sums = [x[np.roll(row, k)].sum() for k in range(37)]
        assert p == pytest.approx(np.mean(np.array(sums) >= sums[0] - 1e-9))


def test_a_level_that_differs_between_stretches_is_no_effect_to_the_power_either():
    """The test turns each stretch by itself; so must the power, or differences between periods would count as power."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal(120) + np.repeat([0.0, 2.0], 60)
    marks = np.zeros((ROUNDS, 120), dtype=bool)
    for row in marks:
        row[rng.choice(60, 3, replace=False)] = True
        row[60 + rng.choice(60, 9, replace=False)] = True  # more decisions where the loss is larger, for another reason
    strata = [(0, 59), (60, 119)]
    power = _turned_pvalues(decisions(x, marks[0], strata, rng), marks, rng)
    assert np.mean(power <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / ROUNDS)
    tested = np.array([decisions(x, row, strata, rng).pvalue for row in marks[:40]])
    assert np.abs(tested - power[:40]).max() < NEAR


def small(seed=1, n=60, marks=8):
    rng = np.random.default_rng(seed)
    x, day = rng.standard_normal(n), np.arange(n)
    relieved = day < marks
    blank = np.zeros(n, dtype=np.int64)
    session = session_test(x, np.ones(n, bool), np.flatnonzero(relieved), [(0, n - 1)], draws=99, rng=rng)
    score = score_test(x, relieved, blank, draws=499, rng=rng)
    rows = Rows(day, day, blank, relieved, np.zeros(n, bool), blank, blank, blank)
    return session, score, rows, x, blank


def test_decisions_are_those_of_the_reliefs_and_as_many_more_as_the_record_has():
    session, _, _, _, _ = small()
    chosen = np.array([[3, 3, 9], [10, 20, 30]])  # the first record: two threats relieved by one decision
    marks = _deal_decisions(session, chosen, 0.0, np.random.default_rng(0))
    assert marks.sum(axis=1).tolist() == [8, 8]
    assert marks[0, [3, 9]].all()
    assert marks[1, [10, 20, 30]].all()


def test_power_of_no_effect_is_no_more_than_the_level():
    session, score, rows, x, blank = small()
    found = decision_power(
        session, score, rows, x, blank, Aim(1.0, 0.05, 0.8, curve=False), draws=2000, rng=np.random.default_rng(2)
    )
    # both tests must reject: at most 5 %, and 3 binomial errors of 2,000 records
    assert found.power <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_power_of_h2_rises_with_the_effect_and_is_read_off_its_curve():
    session, score, rows, x, blank = small()
    found = decision_power(session, score, rows, x, blank, Aim(4.0, 0.05, 0.8), draws=300, rng=np.random.default_rng(2))
    ratios, powers = zip(*found.curve, strict=True)
    assert np.all(np.diff(powers) >= -0.05)  # the same draws serve every ratio; ties of the sessions move it a little
    assert found.power == dict(found.curve)[4.0]
    below, above = np.interp([found.detectable - 0.005, found.detectable + 0.005], ratios, powers)
    assert below <= 0.8 <= above  # it is told to a hundredth


def test_the_real_chain_is_the_product_of_its_links(flagship):
    for sample in flagship[2].samples.values():
        parts = [sample.power[name].power for name in ("H1", "H2", "H3")]
        assert sample.power["chain"].power == pytest.approx(np.prod(parts), abs=TOLERANCE)
    lead = flagship[2].samples["after"].power
    # more than any link needs alone, in multiples of what was declared
    alone = [multiple(name, lead[name], lead[name].detectable) for name in ("H1", "H2", "H3")]
    assert lead["chain"].detectable > max(alone)


def test_the_power_table_says_it_of_every_link(flagship):
    frame = flagship[2].frames()["power"]
    once = frame[(frame["sample"] == "after") & np.isclose(frame["multiple"], 1.0)].set_index("link")["power"]
    assert set(once.index) == {"H1", "H2", "H3", "chain"}
    lead = flagship[2].samples["after"].power
    for link in ("H1", "H2", "H3", "chain"):
        assert once[link] == pytest.approx(lead[link].power, abs=TOLERANCE)


MC = 4  # standard errors of a simulated share


def test_the_first_of_a_weighted_draw_has_the_odds_of_its_weight():
    weights = np.array([0.0, np.log(2.0), np.log(5.0)])
    first = _weighted(weights, 1, 20000, np.random.default_rng(1))[:, 0]
    share = np.bincount(first) / 20000
    assert np.all(np.abs(share - [1 / 8, 2 / 8, 5 / 8]) < MC * np.sqrt(0.25 / 20000))
    both = _weighted(weights, 2, 9, np.random.default_rng(1))
    assert both.shape == (9, 2)
    assert all(len(set(row)) == 2 for row in both.tolist())


def test_reliefs_are_dealt_out_within_their_ages_with_odds_per_standard_deviation():
    """Two ages with one relief each, one where every pair was relieved, one without; a loss that is not known is never dealt."""
    x = np.array([0.0, 2.0, 4.0, 1.0, 3.0, np.nan, 5.0, 6.0, 2.5])
    stratum = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3])
    relieved = np.array([1, 0, 0, 0, 1, 0, 1, 1, 0], dtype=bool)
    test = score_test(x, relieved, stratum, draws=99, rng=np.random.default_rng(0))
    slope, draws = np.log(3.0), 8000
    chosen, told = _deal_reliefs(test, x, stratum, relieved, slope, draws, np.random.default_rng(2))
    assert chosen.shape == (draws, 4)
    assert set(np.unique(chosen[:, 2:])) == {6, 7}  # both of that age, always
    assert np.all(np.sort(chosen[:, 2:], axis=1) == [6, 7])
    unit = np.nanstd(x)
    for column, own in ((0, [0, 1, 2]), (1, [3, 4])):
        share = np.array([(chosen[:, column] == row).mean() for row in own])
        odds = np.exp(slope * x[own] / unit)
        assert np.all(np.abs(share - odds / odds.sum()) < MC * np.sqrt(0.25 / draws))
    centred = [
        np.array([x[row] - x[stratum == stratum[row]][np.isfinite(x[stratum == stratum[row]])].mean() for row in line])
        for line in chosen[:50]
    ]
    assert told[:50] == pytest.approx([part.sum() / np.sqrt(test.information) for part in centred])


def test_decisions_beyond_the_reliefs_fall_with_the_same_odds():
    """One relief on a session at risk, one on a session that is not: two more are dealt among the rest."""
    x = np.array([0.0, 1.0, 3.0, 2.0])
    session = session_test(x, np.ones(4, bool), np.array([0, 1, 3]), [(0, 3)], draws=9, rng=np.random.default_rng(0))
    slope, draws = np.log(4.0), 6000
    marks = _deal_decisions(session, np.tile([0, 77], (draws, 1)), slope, np.random.default_rng(3))
    assert marks[:, 0].all()
    assert (marks.sum(axis=1) == 3).all()
    odds = np.exp(slope * x[1:] / x.std())
    first = odds / odds.sum()
    # of the three left, the one that is not dealt: by the order in which two are drawn
    left = [sum(first[a] * first[b] / (1 - first[a]) for a, b in ((i, j), (j, i))) for i, j in ((1, 2), (0, 2), (0, 1))]
    assert np.all(np.abs((~marks[:, 1:]).mean(axis=0) - left) < MC * np.sqrt(0.25 / draws))
    apart = session_test(x, np.ones(4, bool), np.array([0, 1]), [(0, 1), (3, 3)], draws=9, rng=np.random.default_rng(0))
    between = _deal_decisions(apart, np.array([[2, 3]]), slope, np.random.default_rng(3))  # session 2 is not at risk
    assert between[0, 2]
    assert between.sum() == 2
    enough = _deal_decisions(session, np.array([[0, 1, 2], [3, 2, 1]]), slope, np.random.default_rng(3))
    assert enough.tolist() == [[True, True, True, False], [False, True, True, True]]


def test_the_power_of_both_tests_by_a_loop_over_the_same_records():
    session, score, rows, x, blank = small(n=40, marks=6)
    aim = Aim(3.0, 0.1, 0.8, curve=False)
    found = decision_power(session, score, rows, x, blank, aim, draws=60, rng=np.random.default_rng(9))
    rng = np.random.default_rng(9)
    chosen, told = _deal_reliefs(score, x, blank, rows.relieved, np.log(3.0), 60, rng)
    marks = _deal_decisions(session, chosen, np.log(3.0), rng)
    bar, hits = critical(score.null, 0.1), 0
    for statistic, line in zip(told, marks, strict=True):
        turns = np.array([x[np.roll(line, k)].sum() for k in range(40)])
        hits += statistic > bar and np.mean(turns >= turns[0] - 1e-9) <= 0.1
    assert found.power == pytest.approx(hits / 60)
    assert 0 < found.power < 1
    assert (found.effect, found.curve, found.detectable) == (3.0, (), np.inf)
    with_curve = decision_power(
        session, score, rows, x, blank, Aim(3.0, 0.1, 0.8), draws=60, rng=np.random.default_rng(9)
    )
    assert [ratio for ratio, _ in with_curve.curve] == [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30]
    assert dict(with_curve.curve)[3.0] == with_curve.power == found.power  # the same draws serve every ratio
    between = decision_power(session, score, rows, x, blank, Aim(3.5, 0.1, 0.8), draws=60, rng=np.random.default_rng(9))
    assert dict(with_curve.curve)[3.0] <= between.power <= dict(with_curve.curve)[4.0]


def test_what_was_not_tested_has_no_power():
    session, score, rows, x, blank = small()
    untested = session_test(x, np.ones(60, bool), blank[:0], [(0, 59)], draws=9, rng=np.random.default_rng(0))
    none = score_test(x, blank > 0, blank, draws=9, rng=np.random.default_rng(0))
    for one, two in ((untested, score), (session, none)):
        found = decision_power(one, two, rows, x, blank, Aim(4.0, 0.05, 0.8), draws=9, rng=np.random.default_rng(0))
        assert (found.power, found.detectable, found.curve) == (0.0, np.inf, ())


def test_p_values_of_several_rings_are_shares_of_turns_that_each_takes_by_itself():
    """Two rings of two sessions: of the four combinations of turns one, two or all sum to as much."""
    x, marks = np.array([0.0, 1.0, 0.0, 1.0]), np.array([[0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 1, 0]], dtype=bool)
    test = session_test(x, np.ones(4, bool), np.array([1, 3]), [(0, 1), (2, 3)], draws=9, rng=np.random.default_rng(0))
    found = _turned_pvalues(test, marks, np.random.default_rng(4))
    for p, truth in zip(found, (0.25, 0.75, 1.0), strict=True):
        assert abs(p - truth) < MC * np.sqrt(0.25 * 0.75 / 499) + 1 / 500
        assert p * 500 == pytest.approx(round(p * 500))  # of 499 combinations, the record counted in
    assert found[2] == 1.0


def test_a_chain_of_power_without_a_curve_in_one_link():
    """With some power its smallest effect is not known; with none it is out of reach."""
    curve = ((0.0, 0.0), (0.75, 0.5), (1.5, 1.0))
    ratios = ((1.0, 0.0), (4.0, 0.5), (16.0, 1.0))
    links = {"H1": Power(0.75, 0.5, 1.2, curve), "H2": Power(4.0, 0.5, 8.0, ratios), "H3": Power(0.75, 0.5, 1.2)}
    assert np.isnan(chain_power(links, 0.8).detectable)
    # a link whose curve ends early ends the chain's: three times the declared effect is beyond H1's
    links = {
        "H1": Power(0.75, 0.5, 1.2, curve),
        "H2": Power(4.0, 0.5, 8.0, (*ratios, (64.0, 1.0))),
        "H3": Power(0.75, 0.5, 1.2, curve),
    }
    found = chain_power(links, 0.8)
    assert [k for k, _ in found.curve] == pytest.approx([0.0, 1.0, 2.0])
    assert (found.effect, found.power) == (1.0, 0.125)
