"""What must hold whatever the numbers are: invariances of scores, tests, samples and the sum of the parts."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import score_test, session_test
from eventstudy.hypothesis.links.intersection_union import partial_conjunction
from eventstudy.hypothesis.links.matching import winsorised
from eventstudy.hypothesis.links.placebo_draws import pvalue, rotation_sums
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market, drawdown, scores
from eventstudy.hypothesis.record.sample import Variant, build_sample
from eventstudy.hypothesis.record.threats import Spells, open_base
from eventstudy.hypothesis.rivals.cumulative_incidence import cumulative_incidence
from eventstudy.hypothesis.rivals.firth_hazard import fit_hazard
from eventstudy.inference import adjust_pvalues
from hypothesis import given, settings, strategies as st

RULES = load_definitions()
TOLERANCE = 1e-9  # the same sum in another order
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=25, deadline=None)


def record(seed, size=420):
    rng = np.random.default_rng(seed)
    close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(size))
    return Market(close, 15 + 5 * rng.random(size), np.full(size, 4.0), np.arange(size) % 5), rng


@quick
@given(seed=seeds, factor=st.floats(0.01, 1000))
def test_the_unit_of_the_index_does_not_matter(seed, factor):
    market, rng = record(seed)
    masked = rng.random(420) < 0.05
    other = Market(market.close * factor, market.fear, market.rate, market.weekday)
    for kind in ("fear", "ewma"):
        one, two = (scores(m, masked, RULES.reaction, window=(0, 1), scale=kind).z for m in (market, other))
        assert np.allclose(one, two, rtol=1e-7, equal_nan=True)
    base = np.full(420, 300)
    for kind in ("threat", "peak", "week", "scaled"):
        assert np.allclose(
            drawdown(market, kind, base, RULES.decision),
            drawdown(other, kind, base, RULES.decision),
            rtol=1e-7,
            atol=1e-12,
            equal_nan=True,
        )


@quick
@given(seed=seeds)
def test_a_masked_session_is_not_estimated_from(seed):
    """However wild a masked return, no other session's score notices."""
    market, rng = record(seed)
    t = int(rng.integers(150, 300))
    masked = np.zeros(420, bool)
    masked[t] = True
    close = market.close.copy()
    close[t:] *= 1.4
    wild = Market(close, market.fear, market.rate, market.weekday)
    one, two = (scores(m, masked, RULES.reaction, window=(0, 0)).z for m in (market, wild))
    assert np.allclose(np.delete(one, t), np.delete(two, t), rtol=1e-7, atol=1e-9, equal_nan=True)


@quick
@given(seed=seeds, shift=st.floats(-1, 1), scale=st.floats(0.1, 10))
def test_h2_does_not_care_for_level_or_unit_of_the_loss(seed, shift, scale):
    rng = np.random.default_rng(seed)
    loss = rng.standard_normal(60)
    marks = rng.choice(60, 6, replace=False)
    at_risk = np.ones(60, bool)
    tests = [
        session_test(x, at_risk, marks, [(0, 59)], draws=9, rng=np.random.default_rng(0))
        for x in (loss, shift + scale * loss)
    ]
    assert tests[0].pvalue == tests[1].pvalue
    assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=1e-6)
    relieved = np.zeros(60, bool)
    relieved[marks] = True
    scored = [
        score_test(x, relieved, np.arange(60) // 20, draws=99, rng=np.random.default_rng(0))
        for x in (loss, shift + scale * loss)
    ]
    assert scored[0].statistic == pytest.approx(scored[1].statistic, rel=1e-6, abs=1e-9)
    assert scored[0].pvalue == pytest.approx(scored[1].pvalue, abs=0.011)  # a tie may fall either way


@quick
@given(seed=seeds)
def test_a_mirrored_loss_mirrors_the_test(seed):
    rng = np.random.default_rng(seed)
    x, relieved = rng.standard_normal(80), rng.random(80) < 0.1
    one, two = (
        score_test(sign * x, relieved, np.zeros(80, int), draws=199, rng=np.random.default_rng(1)) for sign in (1, -1)
    )
    if one.n:
        assert one.score == pytest.approx(-two.score)
        assert one.information == pytest.approx(two.information)


@quick
@given(seed=seeds)
def test_turning_the_ring_permutes_the_null(seed):
    """Starting the calendar elsewhere gives the same set of sums."""
    rng = np.random.default_rng(seed)
    values, position = rng.standard_normal(50), np.sort(rng.choice(50, 7, replace=False))
    k = int(rng.integers(1, 50))
    one, _ = rotation_sums(values, position, 0, 49)
    two, _ = rotation_sums(values, np.sort((position + k) % 50), 0, 49)
    assert np.allclose(np.roll(one, -k), two, atol=TOLERANCE)
    assert one.sum() == pytest.approx(7 * values.sum(), abs=1e-8)


@quick
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=12))
def test_holm_is_monotone_and_no_smaller(pvalues):
    p = np.array(pvalues)
    adjusted = adjust_pvalues(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(adjusted[order]) >= 0)


@quick
@given(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))
def test_asking_for_more_links_is_harder(pvalues):
    asked = [partial_conjunction(pvalues, u) for u in (1, 2, 3)]
    assert asked[2] == max(pvalues)
    assert all(0 <= value <= 1 for value in asked)


@quick
@given(seed=seeds)
def test_pvalues_are_never_zero_and_fall_with_the_statistic(seed):
    rng = np.random.default_rng(seed)
    null = rng.standard_normal(99)
    grid = np.sort(rng.standard_normal(5) * 3)
    found = [pvalue(float(x), null) for x in grid]
    assert all(1 / 100 <= p <= 1 for p in found)
    assert np.all(np.diff(found) <= 0)


@quick
@given(seed=seeds)
def test_the_ends_of_threats_add_up(seed):
    rng = np.random.default_rng(seed)
    days, outcome = np.round(rng.exponential(20, 30), 1), rng.integers(0, 3, 30)
    curve = cumulative_incidence(days, outcome)
    assert np.allclose(curve.relieved + curve.implemented + curve.open, 1.0, atol=TOLERANCE)
    assert np.all(np.diff(curve.open) <= TOLERANCE)


@quick
@given(seed=seeds)
def test_the_base_is_before_the_threat_and_the_threat_is_open(seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(1, 80, 6)
    last = np.minimum(start + rng.integers(0, 30, 6), 99)
    blank = np.zeros(6, int)
    base = open_base(Spells(start, last, blank, blank, blank, tuple("abcdef")), 100)
    for t in range(100):
        starts = [s for s, e in zip(start, last, strict=True) if s < t <= e]
        assert base[t] == (max(starts) - 1 if starts else -1)


@quick
@given(seed=seeds)
def test_winsorising_keeps_order_and_bounds(seed):
    rng = np.random.default_rng(seed)
    z = rng.standard_t(2, 300)
    clipped = winsorised(z, np.arange(200), (0.01, 0.99))
    assert np.all((clipped[np.argsort(z)][1:] - clipped[np.argsort(z)][:-1]) >= 0)
    low, high = np.quantile(z[:200], [0.01, 0.99])
    assert clipped.min() >= low
    assert clipped.max() <= high


@quick
@given(seed=seeds)
def test_firth_is_finite_under_separation(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(40)
    y = x > np.sort(x)[-4]  # the covariate separates relief completely
    fit = fit_hazard(np.column_stack([np.ones(40), x]), y)
    assert np.isfinite(fit.coefficients).all()
    assert fit.coefficients[1] > 0
    assert np.abs(fit.coefficients).max() < 50


@pytest.mark.parametrize(
    "variant", [Variant(), Variant(all_targets=True), Variant(every_row=True), Variant(words_too=True)]
)
def test_a_session_is_one_observation_in_every_variant(flagship, rules, variant):
    catalog, prices, _ = flagship
    events = catalog.sessions("XNYS").join(catalog.to_frame()[["confound"]])
    events["macro"] = False
    sample = build_sample(events, prices.frame.index, rules, variant)
    for part in (sample.trigger, sample.relief, sample.decision, sample.words, sample.talks):
        assert np.all(np.diff(part.position) > 0)
        assert part.announcements == len(" ".join(part.ids).split())
    assert not set(sample.trigger.position) & set(sample.relief.position)


def test_order_of_rows_does_not_matter(flagship, rules):
    catalog, prices, _ = flagship
    events = catalog.sessions("XNYS").join(catalog.to_frame()[["confound"]])
    events["macro"] = False
    shuffled = events.sample(frac=1.0, random_state=3)
    one, two = (build_sample(e, prices.frame.index, rules) for e in (events, shuffled))
    assert one.trigger.position.tolist() == two.trigger.position.tolist()
    assert one.relief.position.tolist() == two.relief.position.tolist()
    assert one.decision.position.tolist() == two.decision.position.tolist()
