"""Evidence that may be watched, the worth of a significant estimate, and a sceptic's posterior: by formula and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from eventstudy.hypothesis.links.design_analysis import normal_design, reaction_design
from eventstudy.hypothesis.links.e_values import (
    Evidence,
    more_needed,
    path,
    rank_factor,
    reaction_evidence,
    relief_evidence,
    weakest,
)
from eventstudy.hypothesis.links.posterior import hazard_posterior, reaction_posterior
from eventstudy.hypothesis.links.reaction import Reaction
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.risk_sets import Relief, Rows

RULE = load_definitions().evidence


def test_a_factor_is_fair_whatever_the_rank():
    for n in (2, 7, 40):
        factors = np.stack([rank_factor(r, n, RULE.reaction_bets) for r in range(1, n + 1)])
        assert factors.mean(axis=0) == pytest.approx(np.ones(4))
        assert (np.diff(factors, axis=0) > 0).all()


def test_the_product_of_the_ranks_by_hand():
    """Every session in one stratum: the rank of each trigger among all earlier quiet sessions and triggers."""
    rng = np.random.default_rng(0)
    score, trigger = rng.normal(size=120), np.array([60, 80, 100])
    quiet = np.setdiff1d(np.arange(120), trigger)
    found = reaction_evidence(score, trigger, quiet, np.zeros(120), 50, RULE)
    product = np.ones(4)
    for t, value in zip(trigger, found.value, strict=True):
        rank = 1 + int((score[:t] < score[t]).sum())
        q = stats.norm.ppf(np.arange(1, t + 2) / (t + 2))
        product *= [np.exp(b * q[rank - 1]) / np.mean(np.exp(b * q)) for b in RULE.reaction_bets]
        assert value == pytest.approx(product.mean())
    assert found.day.tolist() == trigger.tolist()


def test_nothing_is_bet_before_there_are_enough():
    score = np.random.default_rng(1).normal(size=40)
    found = reaction_evidence(score, np.array([15]), np.setdiff1d(np.arange(40), [15]), np.zeros(40), 0, RULE)
    assert found.value.size == 0
    assert found.now == found.highest == 1.0


@pytest.mark.slow
def test_watched_session_by_session_it_rarely_comes_to_twenty_without_an_effect():
    ever = []
    for i in range(300):
        rng = np.random.default_rng([i, 3])
        score, trigger = rng.standard_t(4, 400), np.sort(rng.choice(np.arange(100, 400), 40, replace=False))
        quiet = np.setdiff1d(np.arange(400), trigger)
        ever.append(reaction_evidence(score, trigger, quiet, rng.normal(size=400), 100, RULE).highest >= 20)
    assert np.mean(ever) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 300)


def rows_of(days, ages, relieved):
    size = len(days)
    blank, marks = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    marks[list(relieved)] = True
    return Rows(np.arange(size), np.asarray(days), np.asarray(ages), marks, marks & False, blank, blank, blank)


def test_reliefs_bet_on_the_deeper_loss_of_those_open():
    loss = np.array([0.02, 0.04, 0.00])
    rows = rows_of([5, 5, 5], [1, 2, 3], [1, 0])
    found = relief_evidence(loss, rows, (Relief(5, "a", (1, 0)),), 0, RULE)
    bets = np.array(RULE.hazard_bets)
    x = loss / RULE.loss_unit
    first = np.exp(bets * x[1]) / np.mean(np.exp(bets[:, None] * x), axis=1)
    second = np.exp(bets * x[0]) / np.mean(np.exp(bets[:, None] * x[[0, 2]]), axis=1)
    assert found.value == pytest.approx([np.mean(first * second)])


def test_one_open_alone_is_ranked_among_earlier_ones_of_its_age():
    loss = np.array([0.0, 0.01, 0.02, 0.03, 0.04, 0.05])
    rows = rows_of([1, 2, 3, 4, 5, 6], [7] * 6, [5])
    reliefs = (Relief(6, "a", (5,)),)
    assert relief_evidence(loss, rows, reliefs, 0, RULE).value == pytest.approx(
        [rank_factor(6, 6, RULE.hazard_bets).mean()]
    )
    other = rows_of([1, 2, 3, 4, 5, 6], [7, 7, 7, 7, 8, 7], [5])
    assert relief_evidence(loss, other, reliefs, 0, RULE).value.size == 0  # four of its age: too few


def test_the_chain_is_the_least_of_the_links():
    links = {
        "H1": Evidence(np.array([3, 9]), np.array([4.0, 6.0])),
        "H2": Evidence(np.array([5]), np.array([2.0])),
        "H3": Evidence(np.array([4]), np.array([0.5])),
    }
    found = weakest(links)
    assert found.day.tolist() == [3, 4, 5, 9]
    assert found.value.tolist() == [1.0, 0.5, 0.5, 0.5]
    assert path([2, 2], [np.array([2.0]), np.array([3.0])]).value.tolist() == [6.0]


def test_how_many_more_is_about_what_simulation_says():
    """METHODS: at 0.75 standard deviations the median is about 13 triggers."""
    assert 8 <= more_needed(1.0, 0.75, RULE, np.random.default_rng(0)) <= 16


@pytest.mark.parametrize(
    ("effect", "se", "alpha", "power", "wrong", "over"),
    [(0.1, 3.28, 0.025, 0.025, 0.46, 77), (2.0, 8.1, 0.025, 0.043, 0.24, 9.5)],
)
def test_sign_and_size_as_published(effect, se, alpha, power, wrong, over):
    """Gelman and Carlin (2014); power here counts the right sign alone."""
    found = normal_design(effect, se, alpha)
    assert found.power == pytest.approx(power, abs=0.004)
    assert found.wrong_sign == pytest.approx(wrong, abs=0.01)
    assert found.overstates == pytest.approx(over, rel=0.02)


def test_the_design_of_a_reaction_counts_its_own_draws():
    rng = np.random.default_rng(5)
    drawn = rng.normal(size=(4000, 9))
    reaction = Reaction(np.arange(9), np.zeros(9), np.zeros(9), 0.0, {"permutation": drawn.mean(axis=1)}, drawn=drawn)
    for one in reaction_design(reaction, 0.75, 0.05):
        exact = normal_design(one.effect, 1 / 3, 0.05)
        assert one.power == pytest.approx(exact.power, abs=0.03)
        assert one.overstates == pytest.approx(exact.overstates, rel=0.05)


def test_the_posterior_of_a_reaction_by_quadrature():
    score = np.array([0.4, 1.1, -0.2, 0.9, 0.6])
    reaction = Reaction(np.arange(5), score, score, float(score.mean()))
    found = reaction_posterior(reaction, 0.75, 0.25, 0.05)
    sd, se = 0.75 / stats.norm.isf(0.05), score.std(ddof=1) / np.sqrt(5)
    assert stats.norm.sf(0.75 / found.prior_sd) == pytest.approx(0.05)

    def density(x):
        return stats.norm.pdf(x, 0, sd) * stats.t.pdf((score.mean() - x) / se, 4)

    whole = integrate.quad(density, -4, 4)[0]
    assert found.mean == pytest.approx(integrate.quad(lambda x: x * density(x), -4, 4)[0] / whole, abs=1e-3)
    assert found.above_margin == pytest.approx(integrate.quad(density, 0.25, 4)[0] / whole, abs=2e-3)
    assert found.enthusiast_above_margin > found.above_margin


def test_the_posterior_of_the_hazard_leans_to_the_losses_of_the_relieved():
    x = np.concatenate([np.zeros(50), np.ones(50)])
    deep = hazard_posterior(x, np.array([60, 70, 80, 90]), np.zeros(100, int), 0.5, np.log(4), 0.2231, 0.05)
    flat = hazard_posterior(x, np.array([10, 20, 70, 80]), np.zeros(100, int), 0.5, np.log(4), 0.2231, 0.05)
    assert deep.mean > 0.3
    assert deep.above_zero > 0.9
    assert abs(flat.mean) < 0.05
    assert flat.above_zero == pytest.approx(0.5, abs=0.05)
