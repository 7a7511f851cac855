"""The parts beside the links: each against a loop, a published formula or a case small enough to do by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.links.decision import age_stratum, episode_rows
from eventstudy.hypothesis.links.matching import candidates, match_cells, winsorised
from eventstudy.hypothesis.links.power import Aim, reaction_power
from eventstudy.hypothesis.links.reaction import Reaction, leave_out_groups, react
from eventstudy.hypothesis.links.test_results import reaction_result
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import scores
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells, open_base
from eventstudy.hypothesis.rivals.calendar_shift import _turned_losses
from eventstudy.hypothesis.rivals.cumulative_incidence import cumulative_incidence
from eventstudy.hypothesis.rivals.h2_checks import after_selloffs, asymmetry, landmark
from eventstudy.hypothesis.robustness.attenuation_and_dose import overlay
from eventstudy.hypothesis.robustness.cross_section import adjusted_market, step_down
from eventstudy.hypothesis.robustness.specification_curve import _ring_difference, _row_statistic, _turned_positions
from eventstudy.inference import adjust_pvalues, equivalence

TOLERANCE = 1e-10  # sums in another order


def stratum(market, rules, first=400, last=690):
    masked = np.zeros(market.close.size, bool)
    z = scores(market, masked, rules.reaction, window=(0, 0))
    return (
        z,
        match_cells(market, z.z, masked, rules.placebo.prior_sessions),
        Stratum("s", first, last, np.arange(first, last + 1)),
    )


def test_react_finds_an_injected_effect_and_no_other(market, rules):
    scored, cells, span = stratum(market, rules)
    at = np.array([420, 455, 500, 520, 555, 600, 622, 640, 660, 680])
    rng = np.random.default_rng(0)
    null = react(scored, at, [span], cells, rules.placebos(499), sign=-1, rng=rng)
    moved = scored.z.copy()
    moved[at] -= 1.5 * np.nanstd(scored.z)
    found = react(replace(scored, z=moved), at, [span], cells, rules.placebos(499), sign=-1, rng=rng)
    assert found.estimate > null.estimate
    assert found.pvalue < 0.01 < null.pvalue
    assert found.pvalue == max(found.pvalues[name] for name in ("permutation", "matched", "shift", "left_out"))
    assert found.p_wrong > 0.9


def test_react_without_events_says_so(market, rules):
    scored, cells, span = stratum(market, rules)
    found = react(scored, np.array([5]), [span], cells, rules.placebos(9), sign=1, rng=np.random.default_rng(0))
    assert found.n == 0
    assert np.isnan(found.pvalue)


def test_candidates_share_the_state_of_the_event(market, rules):
    _, cells, _ = stratum(market, rules)
    at = np.array([500, 610])
    for t, cell in zip(at, candidates(cells, at, 20), strict=True):
        assert t in cell
        assert (cells.prior[cell] == cells.prior[t]).all()
        assert len(cell) > 20
    # asking for more than any cell of all three states holds gives up the weekday, then the fear gauge
    coarse = candidates(cells, at, 10**6)
    assert all(len(a) >= len(b) for a, b in zip(coarse, candidates(cells, at, 20), strict=True))


def made_reaction(score, null):
    """A reaction whose only scheme is a permutation of one column."""
    return Reaction(
        position=np.arange(score.size),
        score=score,
        car=score,
        estimate=float(score.mean()),
        nulls={"permutation": null, "matched": np.zeros(0), "shift": np.zeros(0)},
        null_left_out=np.zeros((0, null.size)),
        drawn=null[:, None],
        low=np.array([-9.0]),
        high=np.array([9.0]),
    )


def test_interval_and_equivalence_by_formula():
    score = np.array([0.1, -0.2, 0.05, 0.3, -0.1])
    draws = np.linspace(-1, 1, 201)
    found = made_reaction(score, draws)
    assert found.interval(0.9) == pytest.approx((score.mean() - 0.9, score.mean() + 0.9))
    se = score.std(ddof=1) / np.sqrt(5)
    expected = max(stats.t.sf((score.mean() + 1) / se, 4), stats.t.cdf((score.mean() - 1) / se, 4))
    assert equivalence(found.estimate, found.se, 1.0, df=found.n - 1).pvalue == pytest.approx(expected)


def test_what_a_link_tells_beside_its_p_value_is_scipys():
    how = load_definitions().links(draws=1, power_draws=1)

    def told(score):
        return reaction_result("H3", made_reaction(score, np.zeros(1)), np.arange(score.size), (), how)

    score = np.array([0.1, -0.2, 0.05, 0.3, 0.0, 0.25, -0.01])
    expected = {
        "median": 0.05,
        "share": 4 / 7,
        "p_t": stats.ttest_1samp(score, 0, alternative="greater").pvalue,
        "p_wilcoxon": stats.wilcoxon(score[score != 0], alternative="greater", method="exact").pvalue,
        "p_sign": stats.binomtest(4, 6, 0.5, alternative="greater").pvalue,
    }
    details = told(score).details
    assert {name: details[name] for name in expected} == pytest.approx(expected)
    assert not told(score[:1]).applicable
    assert np.isnan(told(np.full(3, 0.5)).details["p_t"])


def test_reaction_power_is_a_shifted_quantile():
    rng = np.random.default_rng(0)
    null = rng.standard_normal(1999) * 0.3
    found = made_reaction(null[:5], null)
    power = reaction_power(found, Aim(0.75, 0.05, 0.8))
    assert power.detectable == pytest.approx((1.645 + 0.8416) * 0.3, abs=0.03)
    assert power.power == pytest.approx(0.804, abs=0.03)  # P(N(2.5, 1) > 1.645)
    assert dict(power.curve)[0.0] == pytest.approx(0.05, abs=0.005)


def test_latest_open_threat_gives_the_base():
    n = 3
    spells = Spells(
        np.array([2, 5, 6]), np.array([9, 7, 6]), np.zeros(n, int), np.zeros(n, int), np.zeros(n, int), ("a", "b", "c")
    )
    assert open_base(spells, 12).tolist() == [-1, -1, -1, 1, 1, 1, 4, 4, 1, 1, -1, -1]


def test_turned_losses_by_loop(market):
    first, last = 500, 540
    span = Stratum("s", first, last, np.arange(0))
    base, day = np.array([505, 499]), np.array([512, 520])
    turns = np.array([0, 1, 17, 40])
    found = _turned_losses(market.close, base, day, span, turns)
    ring = [market.close[t] / market.close[t - 1] for t in range(first, last + 1)]
    for i, turn in enumerate(turns):
        for j in range(2):
            # sessions base+1 .. day-1, each taking the return `turn` places further along the ring
            growth = np.prod([ring[(t - first + turn) % len(ring)] for t in range(base[j] + 1, day[j])])
            assert found[i, j] == pytest.approx(1 - growth, rel=TOLERANCE)
    assert found[0, 0] == pytest.approx(1 - market.close[511] / market.close[505], rel=TOLERANCE)


def test_curve_turns_by_loop():
    rng = np.random.default_rng(0)
    spans = [Stratum("a", 0, 9, np.arange(0)), Stratum("b", 20, 39, np.arange(0))]
    position = np.array([3, 8, 25])
    fractions = rng.random((2, 4))
    placed = _turned_positions(position, spans, fractions)
    assert placed[0].tolist() == position.tolist()
    for k in range(4):
        one, two = 1 + int(fractions[0, k] * 9), 1 + int(fractions[1, k] * 19)
        assert placed[k + 1].tolist() == [(3 + one) % 10, (8 + one) % 10, 20 + (5 + two) % 20]


def test_row_statistics_skip_what_is_missing():
    hit = np.array([[1.0, np.nan, 3.0, 8.0], [2.0, 4.0, np.nan, np.nan]])
    assert _row_statistic(hit, "mean").tolist() == [4.0, 3.0]
    assert _row_statistic(hit, "median").tolist() == [3.0, 3.0]
    assert _row_statistic(hit[:, :0], "mean") is None


def test_ring_difference_by_hand():
    loss = np.array([0.0, 1.0, 2.0, 3.0])
    span = [Stratum("a", 0, 3, np.arange(0))]
    value, n = _ring_difference(loss, np.ones(4, bool), np.array([2, 3]), span, np.array([[0.0]]))
    assert n == 2
    assert value.tolist() == [2.0, 0.0]  # (2+3)/2 - (0+1)/2; one step on: (3+0)/2 - (1+2)/2


def test_incidence_by_brute_force():
    """Without censoring the curves are shares; with it, each step multiplies by the share that did not end."""
    days, outcome = np.array([1.0, 2.0, 2.0, 5.0]), np.array([0, 1, 0, 1])
    assert cumulative_incidence(days, outcome).at(2) == (0.5, 0.25, 0.25)
    curve = cumulative_incidence(np.array([1.0, 2.0, 3.0]), np.array([2, 0, 1]))
    assert curve.at_risk.tolist() == [3, 2, 1]  # the one without an end is there until its day
    assert curve.at(2) == pytest.approx((0.5, 0.0, 0.5))
    assert curve.at(0.5) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_holm_and_step_down(seed):
    rng = np.random.default_rng(seed)
    nulls = np.abs(rng.standard_normal((5, 999)))
    observed = np.array([0.3, 2.0, 3.5, 1.0, 2.6])
    single = np.array([(1 + (row >= x).sum()) / 1000 for x, row in zip(observed, nulls, strict=True)])
    adjusted = step_down(observed, nulls)
    assert (adjusted >= single - 1e-12).all()
    # independent securities: the step-down is close to Holm's, and not above it by more than chance
    assert np.all(adjusted <= adjust_pvalues(single) + 0.03)
    order = np.argsort(single)
    assert np.all(np.diff(adjusted[order]) >= 0)


@pytest.mark.parametrize("count", [1, 3])
def test_the_step_down_by_loops(count):
    """Of each security and those after it, the draws of which one is as rare among its own as the security was."""
    draws = 39
    rng = np.random.default_rng(7)
    nulls, observed = rng.standard_normal((count, draws)), np.array([0.5, 1.2, 0.9])[:count]
    larger = [(row >= x).sum() for x, row in zip(observed, nulls, strict=True)]
    expected, highest = np.empty(count), 0.0
    left = sorted(range(count), key=lambda s: larger[s])
    while left:
        rare = [
            min((nulls[s] >= nulls[s, draw]).sum() for s in left) * (draws + 1) <= (1 + larger[left[0]]) * draws
            for draw in range(draws)
        ]
        highest = max(highest, (1 + sum(rare)) / (draws + 1))
        expected[left.pop(0)] = highest
    assert step_down(observed, nulls).tolist() == pytest.approx(expected.tolist())
    if count == 1:  # of one alone nothing is to be adjusted
        assert expected[0] == (1 + larger[0]) / (draws + 1)


def test_identical_securities_cost_nothing():
    """With perfect dependence the smallest of S p-values is one p-value: no correction is due."""
    null = np.abs(np.random.default_rng(0).standard_normal(999))
    adjusted = step_down(np.full(4, 2.2), np.tile(null, (4, 1)))
    single = (1 + (null >= 2.2).sum()) / 1000
    assert np.allclose(adjusted, single, atol=2e-3)


def test_adjusted_market_invents_no_return():
    security = np.array([0.01, np.nan, 0.02, -0.01])
    raw, adjusted = adjusted_market(security, np.full(4, 0.005), np.arange(4))
    assert np.array_equal(raw.returns, security, equal_nan=True)
    assert np.array_equal(adjusted.returns, security - 0.005, equal_nan=True)


def test_after_selloffs_by_fisher():
    at_risk = np.ones(40, bool)
    decided = np.zeros(40, bool)
    decided[[11, 12, 30]] = True
    loss = np.zeros(40)
    loss[11:16] = 1.0
    check = after_selloffs(at_risk, decided, loss, np.array([10]), 5, odds_ratio=4.0, rng=np.random.default_rng(0))
    assert check.n == 5
    assert check.events == 2
    assert check.estimate == pytest.approx(2 / 5 - 1 / 35)
    # hypergeometric tail: two or three of three decisions among five of forty sessions
    assert check.pvalue == pytest.approx(stats.hypergeom.sf(1, 40, 3, 5))
    assert np.isnan(
        after_selloffs(
            at_risk, decided, loss, np.zeros(0, int), 5, odds_ratio=4.0, rng=np.random.default_rng(0)
        ).estimate
    )


def test_asymmetry_tells_a_put_from_a_slope(rules):
    rng = np.random.default_rng(6)
    n = 600
    starts = np.arange(0, n * 3, 3)
    x = rng.standard_normal(n)
    put = rng.random(n) < np.where(x > 0, 0.05 + 0.3 * np.tanh(x), 0.05)
    rows = episode_rows(Spells(starts, starts + 1, np.where(put, 0, 2), starts, starts, tuple(map(str, starts))))
    losses, gains = asymmetry(x, rows, age_stratum(rows.age, rules.decision.age_bins), draws=499, rng=rng)
    assert losses.pvalue < 0.01
    assert gains.pvalue > 0.05


def test_landmark_by_enumeration():
    starts = np.array([1, 3, 5, 7])
    blank = np.zeros(4, int)
    spells = Spells(starts, starts + 1, blank, blank, blank, ("a", "b", "c", "d"))
    z = np.zeros(10)
    z[starts] = [-3.0, -1.0, 0.0, 1.0]
    check = landmark(spells, z, np.array([2.0, 30.0, np.inf, np.inf]), 14, draws=4000, rng=np.random.default_rng(0))
    assert check.estimate == pytest.approx(3 - 0)
    assert check.pvalue == pytest.approx(0.25, abs=0.04)
    assert check.events == 1


def test_overlay_takes_the_two_out_of_the_band():
    rows = [
        (name, day, value + day) for name, value in (("a", 0.0), ("b", 1.0), ("c", 5.0), ("d", 7.0)) for day in range(3)
    ]
    table = overlay(pd.DataFrame(rows, columns=["id", "day", "path"]), "a", "b")
    assert table["first"].tolist() == [0.0, 1.0, 2.0]
    assert table["middle"].tolist() == [6.0, 7.0, 8.0]
    assert table["others"].tolist() == [2, 2, 2]


def test_winsorising_uses_the_placebo_pool_only():
    z = np.concatenate([np.linspace(-1, 1, 201), [50.0]])
    clipped = winsorised(z, np.arange(201), (0.01, 0.99))
    assert clipped[-1] == pytest.approx(np.quantile(z[:201], 0.99))


def test_a_selloff_too_small_to_tell_is_said_to_be():
    """How often the sign errs by chance: half the time without an effect, rarely with a strong one on many sessions."""
    rng = np.random.default_rng(0)
    size = 400
    at_risk, decided = np.ones(size, bool), np.zeros(size, bool)
    decided[::10] = True
    falls = np.arange(15, 390, 40)
    near = np.isin(np.arange(size), (falls[:, None] + np.arange(1, 6)).ravel())
    for loss, odds_ratio, low, high in (
        (rng.standard_normal(size), 4.0, 0.3, 0.7),  # the loss has nothing to do with the selloffs
        (near + 0.01 * rng.standard_normal(size), 4.0, 0.0, 0.02),
        (near + 0.01 * rng.standard_normal(size), 1.0 + 1e-9, 0.3, 0.7),
    ):
        check = after_selloffs(at_risk, decided, loss, falls, 5, odds_ratio=odds_ratio, rng=rng)
        assert low <= check.silent <= high


def test_leave_out_groups_by_hand():
    groups = [g.tolist() for g in leave_out_groups(np.array([50, 10, 12, 17, 90]), 5)]
    assert groups == [[0], [1], [2], [3], [4], [1, 2, 3]]
    # what would leave fewer than two sessions stays in
    assert [g.tolist() for g in leave_out_groups(np.array([1, 2]), 5)] == []
    assert [g.tolist() for g in leave_out_groups(np.array([1, 2, 3]), 5)] == [[0], [1], [2]]


def test_one_great_day_does_not_carry_a_link(market, rules):
    """With every session the permutation rejects; without the one that moved it does not, and the headline says so."""
    scored, cells, span = stratum(market, rules)
    at = np.array([420, 455, 500, 520, 555, 600, 622, 640, 660, 680])
    z = np.where(np.isin(np.arange(scored.z.size), at), 0.0, scored.z)
    z[520] = 30.0
    wide = load_definitions(
        {"reaction": {"winsor": [0.0, 0.9999]}, "placebo": {"primary": ["permutation", "left_out"]}}
    )
    z[425] = 30.0  # a placebo as great, so that the clip at the pool's extremes leaves the event
    found = react(replace(scored, z=z), at, [span], cells, wide.placebos(999), sign=1, rng=np.random.default_rng(0))
    assert found.pvalues["left_out"] > 0.3
    assert found.pvalue == found.pvalues["left_out"]
    assert found.left_out.min() == pytest.approx(0.0)


def test_left_out_by_brute_force(market, rules):
    scored, cells, span = stratum(market, rules)
    at = np.array([420, 423, 500, 520, 555])
    found = react(scored, at, [span], cells, rules.placebos(4999), sign=-1, rng=np.random.default_rng(0))
    score = -winsorised(scored.z, span.pool, rules.reaction.winsor)
    left = [[0], [1], [2], [3], [4], [0, 1]]
    means = [np.mean([score[t] for i, t in enumerate(at) if i not in gone]) for gone in left]
    assert np.allclose(found.left_out, means, rtol=TOLERANCE)
    rng = np.random.default_rng(7)
    worst = 0.0
    for gone, mean in zip(left, means, strict=True):
        null = [score[rng.choice(span.pool, 5 - len(gone), replace=False)].mean() for _ in range(3000)]
        worst = max(worst, float(np.mean(np.array(null) >= mean)))
    # four standard errors of two simulated shares
    assert abs(found.pvalues["left_out"] - worst) < 4 * np.sqrt(0.25 * (1 / 3000 + 1 / 4999))
