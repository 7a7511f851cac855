"""Rival explanations on small made-up records, every figure by a loop: the turned calendar, the hazard, the race, the companions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

from eventstudy.hypothesis.links.evidence import Evidence
from eventstudy.hypothesis.links.matching import Cells
from eventstudy.hypothesis.links.posterior import hazard_interval
from eventstudy.hypothesis.record.market import Market, Scores
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import Relief, Rows
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.calendar_shift import _scores, _turned_losses, shift_chain
from eventstudy.hypothesis.rivals.cumulative_incidence import cumulative_incidence
from eventstudy.hypothesis.rivals.firth_hazard import HazardFit, _at_top, _mean, _value, fit_hazard, likelihood_ratio
from eventstudy.hypothesis.rivals.h2_checks import (
    _beside,
    _silent,
    after_selloffs,
    asymmetry,
    macro_news,
    selloff_sessions,
    spread_of,
)
from eventstudy.hypothesis.rivals.horse_race import covariates, run_race, surviving

ROUNDED = 1e-12  # sums of a few numbers
SUMS = 1e-9  # products of some dozens of ratios
OPTIMUM = 1e-4  # an optimiser stops near the top of a flat likelihood


def rows_of(day, relieved, base, age=None, implemented=None):
    day = np.asarray(day)
    blank = np.zeros(day.size, dtype=np.int64)
    age = blank + 1 if age is None else np.asarray(age)
    carried = blank > 0 if implemented is None else np.asarray(implemented, dtype=bool)
    return Rows(blank, day, age, np.asarray(relieved, dtype=bool), carried, np.asarray(base), blank, blank)


def no_spells():
    none = np.zeros(0, dtype=np.int64)
    return Spells(none, none, none, none, none, ())


SIZE = 60
SPANS = [
    Stratum("a", 5, 24, np.arange(0, 25)),
    Stratum("b", 30, 31, np.arange(28, 32)),  # two sessions: one turn is all there is
    Stratum("c", 35, 35, np.arange(33, 36)),  # one session: it cannot be turned
]
TRIGGERS, RELIEFS = np.array([3, 6, 11, 24, 27, 30, 50]), np.array([5, 9, 20, 31, 35])
DAYS = np.array([8, 9, 10, 11, 12, 13, 14, 31, 31, 35, 50])
BASES = np.array([5, 5, 5, 4, 2, 3, 3, 29, 27, 33, 40])
RELIEVED = np.array([0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1], dtype=bool)
AGES = np.array([0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0])


def setting(seed=0):
    rng = np.random.default_rng(seed)
    close = 100 * np.cumprod(1 + 0.02 * rng.standard_normal(SIZE))
    z = rng.standard_normal(SIZE)
    z[[7, 21]] = np.nan
    market = Market(close, np.full(SIZE, np.nan), np.full(SIZE, np.nan), np.arange(SIZE) % 5)
    record = Record(market, np.zeros(SIZE, bool), TRIGGERS, RELIEFS, np.zeros(0, dtype=np.int64), no_spells())
    blank = np.zeros(SIZE, dtype=np.int64)
    scores = Scores(z, z, blank, z)
    evidence = Evidence(scores, Cells(blank, blank, blank, blank, blank), blank, np.zeros(SIZE), "threat", blank > 0)
    return record, evidence, close, z


def turned_loss(close, span, base, day, turn):
    """The loss from the close of `base` to the one before `day`: sessions of the stretch take the return some places on."""
    ring = [close[t] / close[max(t - 1, 0)] for t in range(span.first, span.last + 1)]
    ring = [one if np.isfinite(one) and one > 0 else 1.0 for one in ring]
    level = 1.0
    for t in range(base + 1, day):
        if t < span.first:
            level *= close[t] / close[t - 1]  # before the stretch nothing turns
        else:
            level *= ring[(t - span.first + turn) % len(ring)]
    return 1 - level


def scores_by_loop(x, relieved, bins):
    score = information = 0.0
    for age in set(bins.tolist()):
        own = [at for at in range(len(x)) if bins[at] == age]
        marks = [at for at in own if relieved[at]]
        if not 0 < len(marks) < len(own):
            continue
        mean = np.mean([x[at] for at in own])
        score += sum(x[at] - mean for at in marks)
        share = len(marks) * (len(own) - len(marks)) / (len(own) * (len(own) - 1))
        information += share * sum((x[at] - mean) ** 2 for at in own)
    return score / np.sqrt(information)


@pytest.mark.parametrize("winsor", [(0.0, 1.0), (0.1, 0.9)])
def test_the_weakest_link_under_turns_of_three_stretches(winsor):
    record, evidence, close, z = setting()
    rows, draws = rows_of(DAYS, RELIEVED, BASES), 30
    found = shift_chain(
        record, evidence, rows, SPANS, winsor=winsor, bins=AGES, draws=draws, rng=np.random.default_rng(5)
    )
    rng = np.random.default_rng(5)
    turns = [[0, *rng.integers(1, max(s.last - s.first + 1, 2), draws).tolist()] for s in SPANS]
    links = np.zeros((3, draws + 1))
    for k in range(draws + 1):
        hits = {0: [], 2: []}
        losses, order = [], []
        for span, turn in zip(SPANS, turns, strict=True):
            pool = z[span.pool][np.isfinite(z[span.pool])]
            low, high = (-np.inf, np.inf) if winsor == (0, 1) else np.quantile(pool, winsor)
            length = span.last - span.first + 1
            for link, position, sign in ((0, TRIGGERS, -1), (2, RELIEFS, 1)):
                for p in position.tolist():
                    if span.first <= p <= span.last:
                        hits[link].append(
                            sign * np.clip(z[span.first + (p - span.first + turn[k]) % length], low, high)
                        )
            for at in range(DAYS.size):
                if span.first <= DAYS[at] <= span.last:
                    losses.append(turned_loss(close, span, BASES[at], DAYS[at], turn[k]))
                    order.append(at)
        links[0, k], links[2, k] = np.nanmean(hits[0]), np.nanmean(hits[2])
        links[1, k] = scores_by_loop(losses, RELIEVED[order], AGES[order])
    standard = (links - links[:, 1:].mean(axis=1)[:, None]) / links[:, 1:].std(axis=1)[:, None]
    np.testing.assert_allclose(found.observed, standard[:, 0], atol=SUMS)
    weakest = standard.min(axis=0)
    assert found.statistic == pytest.approx(weakest[0], abs=SUMS)
    np.testing.assert_allclose(found.null, weakest[1:], atol=SUMS)
    assert found.pvalue == pytest.approx((1 + (weakest[1:] >= weakest[0] - SUMS).sum()) / (draws + 1))


@pytest.mark.parametrize("lacking", ["rows", "reliefs among them", "threats", "reliefs"])
def test_a_chain_without_one_of_its_parts_is_not_turned(lacking):
    record, evidence, _, _ = setting()
    rows = rows_of(DAYS, RELIEVED, BASES)
    nothing = np.zeros(0, dtype=np.int64)
    if lacking == "rows":
        rows = rows.take(DAYS > 100)
    elif lacking == "reliefs among them":
        rows = replace(rows, relieved=RELIEVED & (DAYS == 50))  # outside of every stretch
    else:
        record = replace(record, **{"trigger" if lacking == "threats" else "relief": nothing})
    bins = AGES[: rows.day.size]
    found = shift_chain(
        record, evidence, rows, SPANS, winsor=(0.0, 1.0), bins=bins, draws=9, rng=np.random.default_rng(0)
    )
    assert np.isnan(found.observed).all()
    assert found.observed.shape == (3,)
    assert np.isnan([found.statistic, found.pvalue]).all()
    assert found.null.size == 0


def test_losses_turn_within_their_stretch_alone_and_over_holes():
    rng = np.random.default_rng(2)
    close = 100 * np.cumprod(1 + 0.02 * rng.standard_normal(30))
    span = Stratum("s", 10, 19, np.arange(0))
    base, day = np.array([9, 10, 8, 5, 12, 9]), np.array([12, 12, 12, 15, 20, 10])
    turns = np.array([0, 3, 9, 3])
    found = _turned_losses(close, base, day, span, turns)
    expected = [[turned_loss(close, span, b, d, turn) for b, d in zip(base, day, strict=True)] for turn in turns]
    np.testing.assert_allclose(found, expected, atol=SUMS)
    assert found[:, 5].tolist() == [0.0] * 4  # no session lies between
    first = Stratum("s", 0, 9, np.arange(0))  # the first session of all has no return
    found = _turned_losses(close, np.array([0, 2]), np.array([4, 9]), first, turns)
    expected = [[turned_loss(close, first, b, d, turn) for b, d in ((0, 4), (2, 9))] for turn in turns]
    np.testing.assert_allclose(found, expected, atol=SUMS)
    close[[14, 16]] = np.nan, -1.0  # no close, and one that is none: nothing moves over them
    found = _turned_losses(close, base, day, span, turns)
    expected = [[turned_loss(close, span, b, d, turn) for b, d in zip(base, day, strict=True)] for turn in turns]
    np.testing.assert_allclose(found, expected, atol=SUMS)
    close[9] = np.nan
    assert np.isfinite(_turned_losses(close, np.array([9]), np.array([12]), span, turns)).all()


def test_score_statistics_leave_out_ages_at_which_all_or_none_found_relief():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 9))
    bins = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    relieved = np.array([1, 0, 0, 1, 1, 0, 1, 1, 0], dtype=bool)
    np.testing.assert_allclose(
        _scores(x, relieved, bins), [scores_by_loop(row, relieved, bins) for row in x], atol=SUMS
    )
    none = np.array([1, 0, 0, 0, 0, 0, 1, 1, 0], dtype=bool)
    np.testing.assert_allclose(_scores(x, none, bins), [scores_by_loop(row, none, bins) for row in x], atol=SUMS)
    assert np.isnan(_scores(x, bins < 0, bins)).all()


def test_curves_of_nobody_and_at_the_day_of_an_end():
    nobody = cumulative_incidence(np.zeros(0), np.zeros(0, dtype=np.int64))
    assert nobody.n == 0
    assert nobody.at(5.0) == (0.0, 0.0, 1.0)
    curve = cumulative_incidence(np.array([2.0, 2.0, 5.0, 5.0, 7.0]), np.array([0, 1, 0, 2, 1]))
    assert curve.day.tolist() == [2.0, 5.0, 7.0]
    assert curve.at_risk.tolist() == [5.0, 3.0, 1.0]
    assert curve.relieved.tolist() == pytest.approx([1 / 5, 1 / 5 + 3 / 5 / 3, 2 / 5])
    assert curve.implemented.tolist() == pytest.approx([1 / 5, 1 / 5, 1 / 5 + 3 / 5 * 2 / 3])
    assert curve.open.tolist() == pytest.approx([3 / 5, 3 / 5 * 2 / 3, 0.0])
    assert curve.at(1.99) == (0.0, 0.0, 1.0)
    assert curve.at(5.0) == pytest.approx((2 / 5, 1 / 5, 2 / 5))
    assert curve.at(6.99) == curve.at(5.0)


@pytest.mark.parametrize("reliefs", [0, 1, 9, 10])
def test_the_constant_hazard_stays_finite_where_none_or_all_found_relief(reliefs):
    """Firth's logit of k in n is that of k + 1/2 in n + 1."""
    fit = fit_hazard(np.ones((10, 1)), np.arange(10) < reliefs, link="logit")
    odds = (reliefs + 0.5) / (10 - reliefs + 0.5)
    assert fit.coefficients[0] == pytest.approx(math.log(odds), abs=OPTIMUM)
    share = odds / (1 + odds)
    assert fit.se[0] == pytest.approx(1 / math.sqrt(10 * share * (1 - share)), rel=1e-3)
    assert fit.loglik == pytest.approx(reliefs * math.log(share) + (10 - reliefs) * math.log(1 - share), abs=1e-6)
    assert fit.penalised == pytest.approx(fit.loglik + 0.5 * math.log(10 * share * (1 - share)), abs=1e-6)
    assert (fit.n, fit.events, fit.converged) == (10, reliefs, True)


def test_hazards_are_cut_where_they_are_0_or_1_to_machine_precision():
    far = np.array([-40.0, 40.0])
    h, slope = _mean(far, "logit")
    small = math.exp(-30) / (1 + math.exp(-30))
    assert h[0] == pytest.approx(small, rel=1e-9)
    assert 1 - h[1] == pytest.approx(small, rel=0.01)  # near one a double has sixteen digits
    assert slope[0] == pytest.approx(small * (1 - small), rel=1e-9)
    h, slope = _mean(np.array([-40.0, 0.0, 3.0, 6.0]), "cloglog")
    assert h.tolist() == pytest.approx([math.exp(-30), 1 - math.exp(-1), 1 - math.exp(-math.exp(3)), 1.0], rel=1e-9)
    assert slope[1:3].tolist() == pytest.approx([math.exp(-1), math.exp(3 - math.exp(3))], rel=1e-9)
    assert slope[3] == pytest.approx(math.exp(4 - math.exp(4)), rel=1e-9)
    # a likelihood of what cannot be: log of the least probability that is told apart from none
    X, y = np.ones((2, 1)), np.array([1.0, 0.0])
    assert _value(X, y, np.array([-40.0]), "logit", penalty=False)[0] == pytest.approx(math.log(1e-12), rel=1e-6)
    assert _value(X, y, np.array([40.0]), "logit", penalty=False)[0] == pytest.approx(math.log(1e-12), rel=1e-4)


def test_a_search_ended_at_the_top_where_it_says_so_or_the_gradient_is_a_thousandth_of_the_height():
    def at_top(steepest, height, *, success=False):
        found = optimize.OptimizeResult(success=success, jac=np.array([0.0, -steepest, steepest / 2]))
        return _at_top(found, height)

    assert at_top(9.0, 1.0, success=True) is True
    assert at_top(9.0, 1.0) is False
    assert [at_top(slope, -0.5) for slope in (0.00099, 0.001, 0.0015)] == [True, False, False]
    assert [at_top(slope, -40.0) for slope in (0.039, 0.041)] == [True, False]
    assert [at_top(slope, 40.0) for slope in (0.039, 0.041)] == [True, False]


def test_a_likelihood_ratio_is_twice_the_difference_and_never_below_zero():
    def fit(penalised):
        return HazardFit(np.zeros(1), np.zeros(1), 0.0, penalised, converged=True, n=1, events=1)

    assert likelihood_ratio(fit(-10.0), fit(-12.0)) == pytest.approx(math.erfc(math.sqrt(4 / 2)), rel=1e-9)
    assert likelihood_ratio(fit(-10.0), fit(-12.0), df=2) == pytest.approx(math.exp(-2), rel=1e-9)
    assert likelihood_ratio(fit(-12.0), fit(-12.0 + 1e-9)) == 1.0


def covariate_setting():
    rng = np.random.default_rng(1)
    size = 60
    market = Market(*(10 + rng.random(size) for _ in range(3)), np.arange(size) % 5)
    day = np.array([12, 13, 19, 20, 21, 30])
    rows = Rows(
        np.zeros(6, int), day, np.ones(6, int), day < 0, day < 0, np.array([9, 9, 9, 9, 9, 25]),
        np.array([12, 18, 25, 19, 10**6, 36]), np.array([1, 0, 0, 1, 0, 0]),
    )  # fmt: skip
    rival = Spells(np.array([12, 29]), np.array([19, 29]), *(np.zeros(2, int) for _ in range(3)), ("x", "y"))
    return market, rows, rival, rng.standard_normal(6)


def test_each_covariate_is_that_of_its_definition(rules):
    market, rows, rival, loss = covariate_setting()
    near, lately = rules.episodes.deadline_sessions, rules.episodes.talks_sessions
    talks = np.array([12, 30 - lately, 21 - lately - 1])
    frame = covariates(market, rows, loss, rival, talks, split=20, episodes=rules.episodes)
    for at, day in enumerate(rows.day.tolist()):
        row = frame.loc[at]
        assert row["drawdown"] == loss[at]
        assert row["fading"] == (loss[at] if day < 20 else 0.0)
        assert row["fear"] == market.fear[day - 1]
        assert row["yield"] == pytest.approx(market.rate[day - 1] - market.rate[rows.base[at]], abs=ROUNDED)
        open_then = any(s < day <= e for s, e in zip(rival.start.tolist(), rival.last.tolist(), strict=True))
        assert row["retaliation"] == float(open_then)
        assert row["deadline"] == float(day <= rows.deadline[at] <= day + near)
        assert row["talks"] == float(any(day - lately <= talk < day for talk in talks.tolist()))
        assert row["target"] == float(rows.group[at])
    assert frame["retaliation"].tolist() == [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert set(frame["deadline"]) == {0.0, 1.0}
    for talk in (12, 30 - lately, 30 - lately - 1, 30):
        one = covariates(market, rows, loss, rival, np.array([talk]), split=20, episodes=rules.episodes)
        assert one["talks"].tolist() == [float(day - lately <= talk < day) for day in rows.day.tolist()]
    nobody = covariates(market, rows.take(rows.day < 0), loss[:0], rival, talks, split=20, episodes=rules.episodes)
    assert len(nobody) == 0
    assert list(nobody.columns) == list(frame.columns)


def raced(n=40, reliefs=3, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["drawdown", "fear", "yield"])
    frame["retaliation"] = (np.arange(n) % 3 == 0).astype(float)
    rows = rows_of(np.arange(n), np.arange(n) < reliefs, np.zeros(n, int))
    return frame, rows, np.zeros(n, dtype=np.int64)


def test_three_reliefs_make_a_race_and_two_or_nothing_else_do_not():
    frame, rows, bins = raced(reliefs=3)
    three = run_race(frame, rows, bins, draws=9, rng=np.random.default_rng(0), fits=False)
    assert three.favourite != "none"
    assert three.reliefs == 3
    assert three.joint.empty
    assert three.margin == pytest.approx(three.table["bic"].iloc[1] - three.table["bic"].iloc[0], abs=ROUNDED)
    for count in (2, 40):
        frame, rows, bins = raced(reliefs=count)
        found = run_race(frame, rows, bins, draws=9, rng=np.random.default_rng(0))
        assert (found.favourite, found.reliefs, len(found.table), len(found.joint)) == ("none", count, 0, 0)
        assert np.isnan(found.margin)


def test_a_rival_without_values_or_without_variation_does_not_run():
    frame, rows, bins = raced(reliefs=6)
    frame = frame.assign(fear=np.nan, retaliation=1.0)
    frame.loc[9, "yield"] = np.nan  # this day is left out for all
    found = run_race(frame, rows, bins, draws=9, rng=np.random.default_rng(0))
    assert set(found.table["rival"]) == {"constant", "drawdown", "yield"}
    assert set(found.joint["rival"]) == {"drawdown", "yield"}
    assert (found.table["rows"] == 39).all()
    only = run_race(frame[["retaliation", "fear"]].assign(drawdown=2.0, **{"yield": 3.0}), rows, bins, draws=9,
                    rng=np.random.default_rng(0))  # fmt: skip
    assert only.table["rival"].tolist() == ["constant"]
    assert np.isnan(only.margin)
    constant = only.table.iloc[0]
    assert constant[["hazard_ratio", "log_se", "p_likelihood_ratio"]].isna().all()
    assert constant["weight"] == 1.0


def test_the_baseline_of_each_age_and_comparisons_within_what_is_asked():
    frame, rows, bins = raced(n=60, reliefs=0, seed=1)
    relieved = np.random.default_rng(5).random(60) < 0.3
    rows, two = replace(rows, relieved=relieved), (np.arange(60) >= 30).astype(np.int64)
    options = {"draws": 99, "fits": False}
    one_bin = run_race(frame, rows, bins, rng=np.random.default_rng(0), **options).table.set_index("rival")
    by_age = run_race(frame, rows, two, rng=np.random.default_rng(0), **options).table.set_index("rival")
    mixed = run_race(frame, rows, two, rng=np.random.default_rng(0), exact=bins, **options).table.set_index("rival")
    assert by_age["bic"].equals(mixed["bic"])  # the fits are of the ages
    same = one_bin.index.drop("constant")
    assert mixed.loc[same, "p_permutation"].tolist() == one_bin.loc[same, "p_permutation"].tolist()
    assert by_age.loc[same, "p_permutation"].tolist() != one_bin.loc[same, "p_permutation"].tolist()
    shares = [relieved[two == age].mean() for age in (0, 1)]
    plain = sum(
        relieved[two == age].sum() * math.log(share) + (~relieved[two == age]).sum() * math.log(1 - share)
        for age, share in enumerate(shares)
    )
    # two ages, two parameters; the penalty moves the estimates a little off the shares
    assert by_age.loc["constant", "bic"] == pytest.approx(-2 * plain + 2 * math.log(relieved.sum()), abs=0.05)


def test_the_drawdown_beside_its_controls_is_what_they_leave_of_it():
    frame, rows, bins = raced(n=50, reliefs=8)
    found = surviving(frame, rows, bins, draws=99, rng=np.random.default_rng(0))
    X = np.column_stack([np.ones(50), frame[["fear", "yield", "retaliation"]]])
    residual = (frame["drawdown"] - X @ np.linalg.solve(X.T @ X, X.T @ frame["drawdown"])).to_numpy()
    spread = frame["drawdown"].std(ddof=0)
    wanted = hazard_interval(residual, np.arange(8), bins, spread, 0.9, 1.0)
    assert found.interval == pytest.approx(wanted, rel=1e-9)
    order = np.random.default_rng(1).permuted(np.tile(residual, (2000, 1)), axis=1)
    truth = (order[:, :8].sum(axis=1) >= residual[:8].sum()).mean()
    assert abs(found.pvalue - truth) < 0.2  # 99 draws


def test_a_drawdown_beside_controls_needs_more_days_than_they_take():
    frame, rows, bins = raced(n=6, reliefs=2)
    told = surviving(frame, rows, bins, draws=9, rng=np.random.default_rng(0))
    assert np.isfinite(told.pvalue)  # six days, three controls
    short = surviving(frame.iloc[:5], rows.take(np.arange(5)), bins[:5], draws=9, rng=np.random.default_rng(0))
    assert short.reason == "5 episode-days with every control"
    assert np.isnan(short.pvalue)
    frame.loc[0, "fear"] = np.nan
    assert surviving(frame, rows, bins, draws=9, rng=np.random.default_rng(0)).reason.startswith("5 episode-days")
    none = surviving(frame.iloc[:0], rows.take(np.arange(0)), bins[:0], draws=9, rng=np.random.default_rng(0))
    assert none.reason == "0 episode-days with every control"
    alike = surviving(*raced(n=20, reliefs=20), draws=9, rng=np.random.default_rng(0))
    assert alike.reason == "no age at which some threats found relief and others not"


def test_acts_of_one_row_each_widen_no_interval():
    frame, rows, bins = raced(n=50, reliefs=8, seed=2)
    acts = [Relief(at, f"R{at}", (at,)) for at in range(8)]
    alone = surviving(frame, rows, bins, draws=499, rng=np.random.default_rng(0))
    whole = surviving(frame, rows, bins, draws=499, rng=np.random.default_rng(0), reliefs=acts)
    assert np.ptp(whole.interval) >= np.ptp(alone.interval) * (1 - 1e-9)
    assert np.ptp(whole.interval) < np.ptp(alone.interval) * 1.2


def silent_by_loop(x, near, reliefs, slope, seed):
    keep = np.isfinite(x)
    x, near = x[keep], near[keep]
    tilt = slope * (x - np.mean(x)) / np.std(x)
    level = optimize.bisect(lambda a: sum(special.expit(a + one) for one in tilt) - reliefs, -40, 40)
    chance = 1 / (1 + np.exp(-(level + tilt)))
    wrong = 0
    for drawn in np.random.default_rng(seed).random((1000, x.size)):
        hit = drawn < chance
        wrong += hit[near].mean() <= hit[~near].mean()
    return wrong / 1000


def test_how_often_the_sign_would_be_wrong_by_a_loop():
    rng = np.random.default_rng(3)
    x, near = rng.standard_normal(40), np.arange(40) % 5 == 0
    x[7] = np.nan
    for slope in (0.0, 1.2):
        found = _silent(x, near, 6.0, slope, np.random.default_rng(1))
        assert found == pytest.approx(silent_by_loop(x, near, 6.0, slope, 1), abs=0.002)  # a draw on the edge
    rest = {"slope": 1.0, "rng": rng}
    for broken in (
        (x, near & False, 6.0),
        (x, near | True, 6.0),
        (np.ones(40), near, 6.0),
        (x, near, 0.0),
        (x, near, 39.0),
    ):
        assert np.isnan(_silent(*broken, **rest))
    assert np.isfinite(_silent(x, near, 38.0, **rest))


def test_sessions_after_selloffs_are_the_next_ones_at_risk():
    at_risk = np.ones(30, dtype=bool)
    at_risk[[12, 29]] = False
    decided = np.zeros(30, dtype=bool)
    decided[[11, 12, 14, 20]] = True
    loss = np.random.default_rng(0).standard_normal(30)
    options = {"odds_ratio": 3.0}
    check = after_selloffs(at_risk, decided, loss, np.array([10, 26]), 3, rng=np.random.default_rng(4), **options)
    # 11 and 13 after the first, 27 and 28 after the second: 12 and 29 are not at risk
    assert (check.n, check.events) == (4, 1)
    assert check.note == "1 of 4 sessions against 2 of 24"
    assert check.estimate == pytest.approx(1 / 4 - 2 / 24)
    near = np.isin(np.flatnonzero(at_risk), [11, 13, 27, 28])
    expected = silent_by_loop(loss[at_risk], near, 3.0, math.log(3.0), 4)
    assert check.silent == pytest.approx(expected, abs=0.002)
    everywhere = after_selloffs(at_risk, decided, loss, np.arange(-1, 29), 3, rng=np.random.default_rng(0), **options)
    assert everywhere.note == "none at risk"
    assert np.isnan(everywhere.pvalue)


def test_a_fall_of_exactly_the_declared_size_is_a_selloff():
    index = pd.bdate_range("2025-12-01", "2026-03-31")
    z = np.zeros(len(index))
    for day, value in (("2025-12-10", -2.0), ("2026-02-06", -1.49), ("2026-02-11", -1.5), ("2026-03-02", -9.0)):
        z[index.get_loc(day)] = value
    busy = np.zeros(len(index), dtype=bool)
    named = [("2026-02", ""), ("2025-12", ""), ("2026-01", ""), ("2025-12-10", ""), ("2025-03", "")]
    found = selloff_sessions(index, z, busy, named, 1.5)
    assert index[found].strftime("%Y-%m-%d").tolist() == ["2025-12-10", "2026-02-11"]
    assert selloff_sessions(index, z, busy, [], 1.5).tolist() == []


def test_macro_news_looks_at_the_sessions_after_and_needs_some_with_and_some_without_relief():
    rng = np.random.default_rng(2)
    size = 40
    close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(size))
    market = Market(close, np.full(size, 1.0), np.full(size, 1.0), np.arange(size) % 5, macro=np.arange(size) % 2)
    at_risk = np.ones(size, dtype=bool)
    always = macro_news(market, at_risk, at_risk, 1)
    assert np.isfinite(always.pvalue)  # after the last session there is none
    decided = np.zeros(size, dtype=bool)
    decided[0] = True
    never = macro_news(market, at_risk, decided, 3)
    assert np.isnan(never.pvalue)
    assert never.note.endswith("0 with relief soon after")
    some = at_risk & (np.arange(size) < 39)
    assert np.isnan(macro_news(market, some, at_risk, 1).pvalue)  # relief after each of them


def test_a_covariate_beside_another_needs_three_rows_and_a_spread_needs_one():
    part, other = np.array([1.0, 4.0, 2.0, np.nan]), np.array([1.0, 2.0, 3.0, 4.0])
    line = np.polyfit(other[:3], part[:3], 1)
    found = _beside(part, other)
    assert found[:3].tolist() == pytest.approx((part[:3] - np.polyval(line, other[:3])).tolist(), abs=ROUNDED)
    assert np.isnan(found[3])
    few = np.array([1.0, 4.0, np.nan, np.nan])
    np.testing.assert_array_equal(_beside(few, other), few)
    assert np.isnan(spread_of(np.zeros(0)))
    assert spread_of(np.array([1.0, np.nan, 3.0])) == 1.0


def test_losses_and_gains_without_a_relief_are_not_tested():
    x = np.random.default_rng(0).standard_normal(12)
    rows = rows_of(np.arange(12), np.zeros(12), np.zeros(12, int))
    for check in asymmetry(x, rows, np.zeros(12, int), draws=9, rng=np.random.default_rng(0)):
        assert np.isnan(check.pvalue)
        assert (check.n, check.events) == (12, 0)
