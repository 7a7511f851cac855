"""Evidence that may be watched, the worth of a significant estimate, and a sceptic's posterior: by formula and by brute force."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from eventstudy.hypothesis.links.design_analysis import hazard_design, normal_design, reaction_design
from eventstudy.hypothesis.links.e_values import (
    Evidence,
    more_needed,
    path,
    rank_factor,
    reaction_evidence,
    relief_evidence,
    weakest,
)
from eventstudy.hypothesis.links.posterior import hazard_interval, hazard_posterior, reaction_posterior
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


def test_what_it_came_to_and_the_most_that_it_was():
    grown = Evidence(np.array([3, 9, 12]), np.array([4.0, 0.5, 0.75]))
    assert (grown.now, grown.highest) == (0.75, 4.0)
    # before a session, on it, between and after; 1 before anything was bet
    assert grown.at(np.array([2, 3, 8, 9, 11, 12, 99])).tolist() == [1.0, 4.0, 4.0, 0.5, 0.5, 0.75, 0.75]
    fallen = Evidence(np.array([3]), np.array([0.25]))
    assert (fallen.now, fallen.highest) == (0.25, 1.0)  # it stood at 1 before
    none = weakest({"H1": Evidence(np.zeros(0, dtype=np.int64), np.zeros(0))})
    assert (none.day.size, none.value.size, none.now) == (0, 0, 1.0)


def test_bets_of_several_days_grow_each_by_itself():
    found = path([4, 7, 7], [np.array([2.0, 1.0]), np.array([3.0, 0.5]), np.array([0.5, 4.0])])
    assert found.day.tolist() == [4, 7]
    assert found.value == pytest.approx([(2 + 1) / 2, (3 + 2) / 2])
    nothing = path([], [])
    assert nothing.day.size == nothing.value.size == 0


def test_a_rank_between_two_takes_the_mean_of_their_factors():
    for rank in (1.0, 2.5, 4.5, 5.0):
        low, high = rank_factor(np.floor(rank), 5, [0.5, 2.0]), rank_factor(np.ceil(rank), 5, [0.5, 2.0])
        assert rank_factor(rank, 5, [0.5, 2.0]) == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("first", [40, 41, 43, 46])
def test_each_trigger_is_ranked_among_its_own_third_by_a_loop(first):
    """Scores and states of a few values, so that there are ties; missing ones; triggers before, on and after the first day."""
    rng = np.random.default_rng(8)
    score, state = rng.integers(0, 9, 90).astype(float), rng.integers(0, 6, 90).astype(float)
    score[[12, 60]], state[[13, 66]] = np.nan, np.nan
    trigger = np.array([20, 39, 40, 47, 60, 66, 70, 80])
    quiet = np.setdiff1d(np.arange(90), [*trigger, 3, 5, 77])
    rule = SimpleNamespace(reaction_bets=(0.5, 1.0), fewest_scores=9)
    found = reaction_evidence(score, trigger, quiet, state, first, rule)
    known = [t for t in range(90) if np.isfinite(score[t]) and np.isfinite(state[t])]
    edges = np.quantile([state[t] for t in quiet if t < first and t in known], [1 / 3, 2 / 3])
    third = [sum(state[t] >= edge for edge in edges) for t in range(90)]
    product, values, days = np.ones(2), [], []
    for t in trigger:
        earlier = [s for s in range(t) if s in known and (s in quiet or s in trigger) and third[s] == third[t]]
        if t not in known or t < first or len(earlier) < 9:
            continue
        below, ties = sum(score[s] < score[t] for s in earlier), sum(score[s] == score[t] for s in earlier)
        product = product * rank_factor(1 + below + ties / 2, len(earlier) + 1, rule.reaction_bets)
        days.append(t)
        values.append(product.mean())
    assert found.day.tolist() == days
    assert found.value == pytest.approx(values)
    assert len(days) >= 3


@pytest.mark.parametrize(("earlier", "bet"), [(19, False), (20, True)])
def test_twenty_earlier_sessions_are_enough_to_bet(earlier, bet):
    score, trigger = np.arange(30.0), np.array([earlier])
    found = reaction_evidence(score, trigger, np.setdiff1d(np.arange(30), trigger), np.zeros(30), earlier, RULE)
    assert (found.value.size == 1) == bet
    if bet:  # the highest of 21, at fair odds
        assert found.now == pytest.approx(rank_factor(21, 21, RULE.reaction_bets).mean())


def test_without_quiet_sessions_before_all_are_one_stratum():
    """Nothing is known of the state's thirds where no session came before: states do not matter."""
    score, trigger = np.random.default_rng(2).normal(size=60), np.array([30, 45])
    quiet, state = np.setdiff1d(np.arange(60), trigger), np.arange(60.0) % 7
    early, flat = (reaction_evidence(score, trigger, quiet, x, 0, RULE) for x in (state, np.zeros(60)))
    assert early.value.tolist() == flat.value.tolist()
    assert early.value.size == 2


def test_reliefs_before_the_first_day_are_not_bet_on():
    loss = np.array([0.02, 0.04, 0.01, 0.05])
    rows = rows_of([5, 5, 6, 6], [1, 2, 2, 3], [1, 3])
    reliefs = (Relief(5, "a", (1,)), Relief(6, "b", (3,)))

    def factor(at, others):  # of two that are open, the deeper is relieved
        bets, x = np.array(RULE.hazard_bets), loss / 0.02
        return np.exp(bets * x[at]) / np.mean([np.exp(bets * x[k]) for k in others], axis=0)

    both = relief_evidence(loss, rows, reliefs, 5, RULE)
    assert both.day.tolist() == [5, 6]
    assert both.value == pytest.approx([factor(1, (0, 1)).mean(), (factor(1, (0, 1)) * factor(3, (2, 3))).mean()])
    later = relief_evidence(loss, rows, reliefs, 6, RULE)
    assert (later.day.tolist(), later.value.tolist()) == ([6], pytest.approx([factor(3, (2, 3)).mean()]))


def test_one_open_alone_with_losses_as_large_as_its_own():
    """Six earlier ones of its age, two below it and two equal: rank 1 + 2 + 2/2 among seven."""
    loss = np.array([0.01, 0.02, 0.03, 0.03, 0.05, 0.06, 0.03, 0.00])
    rows = rows_of([1, 2, 3, 4, 5, 6, 7, 8], [4] * 8, [6])
    found = relief_evidence(loss, rows, (Relief(7, "a", (6,)),), 0, RULE)
    assert found.value == pytest.approx([rank_factor(4, 7, RULE.hazard_bets).mean()])


@pytest.mark.parametrize(("now", "effect"), [(1.0, 0.5), (6.0, 0.4)])
def test_how_many_more_by_a_loop_over_its_paths(now, effect):
    """At each step a bet of b grows by exp(b x - b^2/2); four hundred continuations of at most four hundred steps."""
    drawn = np.random.default_rng(3).normal(effect, 1.0, (400, 400))
    bets, count = np.array(RULE.reaction_bets), []
    for line in drawn:
        grown = np.full(bets.size, now)
        for step, x in enumerate(line, 1):
            grown = grown * np.exp(bets * x - bets * bets / 2)
            if grown.mean() >= 20 or step == 400:
                count.append(step)
                break
    assert more_needed(now, effect, RULE, np.random.default_rng(3)) == int(np.median(count))


def test_what_is_reached_needs_one_more_and_what_never_grows_all():
    flat = SimpleNamespace(reaction_bets=(0.0,), needed=20.0)  # a bet of nothing: the evidence stays as it is
    assert more_needed(20.0, 1.0, flat, np.random.default_rng(0)) == 1
    assert more_needed(19.0, 1.0, flat, np.random.default_rng(0)) == 400


def largest(null, level):
    """The value beyond which (1 + #)/(B + 1) is at most the level."""
    return next(v for v in sorted(null, reverse=True) if (1 + np.sum(null >= v)) / (null.size + 1) > level)


@pytest.mark.parametrize("shift", [0, 2, -9])
@pytest.mark.parametrize("rows", [60, 16])
def test_the_worth_of_an_estimate_counted_draw_by_draw(shift, rows):
    """Means of whole numbers, so that some lie on the bounds: those are not significant."""
    rng = np.random.default_rng(4)
    drawn = rng.integers(-3, 4, (rows, 3)).astype(float) * 3
    null = rng.integers(-2, 3, 39).astype(float) + shift
    reaction = Reaction(np.arange(3), np.zeros(3), np.zeros(3), 0.0, {"permutation": null}, drawn=drawn)
    high, low = largest(null, 0.1), -largest(-null, 0.1)
    found = reaction_design(reaction, 2.0, 0.1)
    assert [one.effect for one in found] == [1.0, 2.0, 4.0]
    for one in found:
        means = [row.sum() / 3 + one.effect for row in drawn]
        right, wrong = [m for m in means if m > high], [m for m in means if m < low]
        assert one.power == pytest.approx(len(right) / rows)
        if len(right) + len(wrong) < 20:  # too few to say more
            assert np.isnan(one.wrong_sign)
            assert np.isnan(one.overstates)
        else:
            assert one.wrong_sign == pytest.approx(len(wrong) / (len(right) + len(wrong)))
            assert one.overstates == pytest.approx(np.mean(np.abs(right)) / one.effect)


@pytest.mark.parametrize(("significant", "told"), [(20, True), (19, False)])
def test_twenty_significant_draws_say_something(significant, told):
    null, means = np.linspace(-1, 1, 39), np.zeros(50)
    means[:significant] = 5.0
    means[0] = -5.0
    reaction = Reaction(np.arange(1), np.zeros(1), np.zeros(1), 0.0, {"permutation": null}, drawn=means[:, None])
    one = reaction_design(reaction, 0.02, 0.1)[0]
    assert np.isfinite(one.wrong_sign) == np.isfinite(one.overstates) == told
    if told:
        assert (one.wrong_sign, one.overstates) == pytest.approx((1 / 20, 5.01 / 0.01))


def test_a_reaction_without_draws_and_a_score_without_error_have_no_design():
    assert reaction_design(Reaction(np.arange(0), np.zeros(0), np.zeros(0)), 0.75, 0.05) == ()
    assert hazard_design(0.0, 1.4, 0.05) == ()
    assert hazard_design(0.5, 1.4, 0.05) == tuple(normal_design(effect, 0.5, 0.05) for effect in (0.7, 1.4, 2.8))


def test_the_posterior_of_a_reaction_in_every_part():
    """By the trapezium rule on a grid of our own, for the sceptic and for the enthusiast."""
    score = np.array([0.4, 1.1, -0.2, 0.9, 0.6, 0.3])
    found = reaction_posterior(Reaction(np.arange(6), score, score, float(score.mean())), 0.75, 0.25, 0.05)
    sd, se = 0.75 / stats.norm.isf(0.05), score.std(ddof=1) / np.sqrt(6)
    x = np.linspace(-6, 7, 40001)
    like = stats.t.pdf((score.mean() - x) / se, 5)
    chances = {}
    for centre in (0.0, 0.75):
        weight = stats.norm.pdf(x, centre, sd) * like
        chances[centre] = weight / weight.sum()
    below = chances[0.0].cumsum()
    grid = 16 * sd / 2000 + 0.75 / 2000  # between two points of its grid
    assert found.prior_sd == pytest.approx(sd)
    assert found.mean == pytest.approx(chances[0.0] @ x, abs=grid / 10)
    assert (found.low, found.high) == pytest.approx((x[below >= 0.05][0], x[below >= 0.95][0]), abs=1.5 * grid)
    top = chances[0.0].max() / (x[1] - x[0])  # the density at its highest, by which a step of the grid is weighed
    assert found.above_zero == pytest.approx(chances[0.0][x > 0].sum(), abs=grid * top)
    assert found.above_margin == pytest.approx(chances[0.0][x > 0.25].sum(), abs=grid * top)
    assert found.enthusiast_above_margin == pytest.approx(chances[0.75][x > 0.25].sum(), abs=grid * top)
    assert found.prior_above_margin == pytest.approx(stats.norm.sf(0.25, 0, sd))


def test_a_posterior_needs_two_sessions_that_differ():
    def told(score):
        return reaction_posterior(Reaction(np.arange(score.size), score, score, float(score.mean())), 0.75, 0.25, 0.05)

    assert told(np.array([0.4])) is None
    assert told(np.array([0.4, 0.4])) is None
    assert told(np.array([0.4, 0.6])) is not None
    x, blank = np.array([0.1, 0.4, 0.3]), np.zeros(3, dtype=int)
    assert hazard_posterior(x, blank[:0], blank, 0.5, 1.4, 0.2, 0.05) is None
    assert hazard_posterior(x, blank[:1], blank, 0.0, 1.4, 0.2, 0.05) is None
    assert hazard_posterior(x, blank[:1], blank, 0.5, 1.4, 0.2, 0.05) is not None
    assert np.isnan(hazard_interval(x, blank[:0], blank, 0.5, 0.9)).all()
    assert np.isnan(hazard_interval(x, blank[:1], blank, 0.0, 0.9)).all()


def conditional(x, relieved, stratum, spread):
    """Log likelihood of the reliefs: each is one of the pairs of its age, with odds exp(effect times loss)."""

    def likelihood(effect):
        total = 0.0
        for row in relieved:
            own = [x[k] / spread for k in range(len(x)) if stratum[k] == stratum[row]]
            total += effect * x[row] / spread - np.log(np.mean(np.exp(effect * np.array(own))))
        return total

    return likelihood


def pairs_of_three_ages():
    rng = np.random.default_rng(6)
    x, stratum = rng.normal(size=40), np.repeat([0, 1, 2], [15, 15, 10])
    return x, np.array([3, 9, 20, 22]), stratum


@pytest.mark.parametrize("inflation", [1.0, 2.5])
def test_the_interval_of_the_log_odds_by_root_finding(inflation):
    """Where twice the fall of the log likelihood from its top is the quantile of chi2(1), times the inflation."""
    x, relieved, stratum = pairs_of_three_ages()
    like = conditional(x, relieved, stratum, 0.5)
    top = optimize.minimize_scalar(lambda e: -like(e), bounds=(-6, 6), method="bounded")
    bound = inflation * stats.chi2.ppf(0.9, 1)
    low, high = (
        optimize.brentq(lambda e: 2 * (-top.fun - like(e)) - bound, *ends) for ends in ((-6, top.x), (top.x, 6))
    )
    found = hazard_interval(x, relieved, stratum, 0.5, 0.9, inflation)
    assert found == pytest.approx((low, high), abs=12 / 2000)  # a step of its grid
    assert np.array(found) * 2000 / 12 == pytest.approx(np.round(np.array(found) * 2000 / 12), abs=1e-6)  # on it
    if inflation == 1.0:
        assert hazard_interval(x, relieved, stratum, 0.5, 0.9) == found


def test_reliefs_of_the_deepest_alone_have_no_upper_end():
    x, blank = np.arange(10.0), np.zeros(10, dtype=int)
    low, high = hazard_interval(x, np.array([9, 9, 9]), blank, 1.0, 0.9)
    assert 0 < low < np.inf
    assert high == np.inf
    # the mirrored losses: no lower end
    assert hazard_interval(-x, np.array([9, 9, 9]), blank, 1.0, 0.9) == (-np.inf, pytest.approx(-low))


def test_the_posterior_of_the_hazard_by_the_trapezium_rule():
    x, relieved, stratum = pairs_of_three_ages()
    found = hazard_posterior(x, relieved, stratum, 0.5, np.log(4), 0.2231, 0.05)
    sd = np.log(4) / stats.norm.isf(0.05)
    grid = np.linspace(-7, 7, 1401)
    like = conditional(x, relieved, stratum, 0.5)
    weight = np.exp([like(e) for e in grid]) * stats.norm.pdf(grid, 0, sd)
    weight /= weight.sum()
    assert found.mean == pytest.approx(weight @ grid, abs=2e-3)
    step = (16 * sd + np.log(4)) / 2000 * weight.max() / (grid[1] - grid[0])  # of its grid, times the highest density
    assert found.above_margin == pytest.approx(weight[grid > 0.2231].sum(), abs=step)


def test_the_chance_beyond_the_margin_leaves_out_the_margin_itself():
    score = np.array([0.4, 1.1, -0.2, 0.9])
    reaction = Reaction(np.arange(4), score, score, float(score.mean()))
    sd = 0.75 / stats.norm.isf(0.05)
    point = float(np.linspace(-8 * sd, 8 * sd + 0.75, 2001)[1100])
    at, after, before = (
        reaction_posterior(reaction, 0.75, margin, 0.05).above_margin for margin in (point, point + 1e-9, point - 1e-9)
    )
    assert at == after < before


def test_thousands_of_reliefs_and_huge_losses_stay_finite():
    x, stratum = np.tile([0.0, 1.0], 50), np.zeros(100, dtype=int)
    found = hazard_posterior(x, np.repeat([1, 3, 5, 2], 1500), stratum, 0.5, np.log(4), 0.2231, 0.05)
    # three of four relieved at the deeper loss: log odds of log(3) a unit, half as much a standard deviation
    assert found.mean == pytest.approx(np.log(3) / 2, abs=0.02)
    # one relief of four open, at a loss of thousands: all that is told apart is the sign
    low, high = hazard_interval(np.array([0.0, 0.0, 0.0, 2000.0]), np.array([3]), np.zeros(4, dtype=int), 1.0, 0.9)
    assert (low, high) == (pytest.approx(12 / 2000), np.inf)
