"""Power and the smallest effects: of a link by its own record, of the chain by all links at once."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import Rows, score_test, session_test
from eventstudy.hypothesis.links.power import (
    Aim,
    Power,
    _deal_decisions,
    _turned_pvalues,
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
