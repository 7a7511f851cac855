"""The companions of H2: news from macro releases, selloffs by rule, and streams that do not depend on one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.links.evidence import prepare, row_loss, sample_rows
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.strata import Stratum, strata_of
from eventstudy.hypothesis.rivals import h2_checks_run as companions_module
from eventstudy.hypothesis.rivals.h2_checks import macro_news, selloff_sessions
from eventstudy.hypothesis.rivals.h2_checks_run import companion_checks

SIZE, WINDOW = 900, 5


def news(effect, seed=0):
    """A market whose returns vary four times as much on every fifth session, and reliefs on the sessions after its falls."""
    rng = np.random.default_rng(seed)
    macro = (np.arange(SIZE) % 5 == 2).astype(np.int64)
    returns = np.where(macro == 1, 0.02, 0.005) * rng.standard_normal(SIZE)
    chance = np.clip(0.05 - effect * returns, 0, 1)
    decided = np.zeros(SIZE, dtype=bool)
    decided[1:] = rng.random(SIZE - 1) < chance[:-1]
    close = 100 * np.cumprod(1 + returns)
    return Market(close, np.full(SIZE, 16.0), np.full(SIZE, np.nan), np.arange(SIZE) % 5, macro=macro), decided


def test_macro_news_by_its_formula():
    """The estimate and its p-value by loops: rise of the covariance over rise of the variance, every turn of the reliefs."""
    market, decided = news(6.0)
    at_risk = np.ones(SIZE, dtype=bool)
    found = macro_news(market, at_risk, decided, WINDOW)
    day = np.arange(1, SIZE)
    loss = -market.returns[1:]
    soon = np.array([float(decided[t + 1 : t + 1 + WINDOW].any()) for t in day])
    on = market.macro[1:] == 1

    def rise(y):
        return np.cov(loss[on], y[on])[0, 1] - np.cov(loss[~on], y[~on])[0, 1]

    assert found.estimate == pytest.approx(rise(soon) / (loss[on].var(ddof=1) - loss[~on].var(ddof=1)), rel=1e-9)
    turns = np.array([rise(np.roll(soon, k)) for k in range(day.size)])
    assert found.pvalue == pytest.approx(np.mean(turns >= turns[0] - 1e-15), abs=1e-12)
    assert found.n == on.sum()
    assert found.events == decided[day].sum()


@pytest.mark.slow
def test_macro_news_finds_an_effect_and_no_other():
    values = {effect: [macro_news(*split(effect, i), WINDOW).pvalue for i in range(12)] for effect in (25.0, 0.0)}
    assert np.mean(np.array(values[25.0]) <= 0.05) > 0.8
    assert np.mean(np.array(values[0.0]) <= 0.05) <= 0.25  # three of twelve by chance


def split(effect, seed):
    market, decided = news(effect, seed)
    return market, np.ones(SIZE, dtype=bool), decided


def test_macro_news_says_when_the_variance_does_not_rise():
    market, decided = news(6.0)
    macro = np.random.default_rng(1).permutation(market.macro)  # days that have nothing to do with the variance
    calm = Market(market.close, market.fear, market.rate, market.weekday, macro=macro)
    assert "weak" in macro_news(calm, np.ones(SIZE, dtype=bool), decided, WINDOW).note
    assert "weak" not in macro_news(market, np.ones(SIZE, dtype=bool), decided, WINDOW).note


def test_macro_news_without_a_calendar_or_reliefs_is_not_tested():
    market, decided = news(6.0)
    at_risk = np.ones(SIZE, dtype=bool)
    blind = Market(market.close, market.fear, market.rate, market.weekday)
    for found in (macro_news(blind, at_risk, decided, WINDOW), macro_news(market, at_risk, decided & False, WINDOW)):
        assert np.isnan(found.pvalue)
        assert np.isnan(found.estimate)
        assert "days of releases" in found.note
    # sessions beyond the calendar are neither with nor without a release
    beyond = market.macro.copy()
    beyond[450:] = -1
    half = macro_news(
        Market(market.close, market.fear, market.rate, market.weekday, macro=beyond), at_risk, decided, WINDOW
    )
    assert half.n == (market.macro[1:450] == 1).sum()


INDEX = pd.bdate_range("2026-01-05", "2026-04-30")


def quiet():
    z = np.zeros(len(INDEX))
    z[INDEX.get_loc("2026-02-04")] = -1.4  # not far enough
    z[INDEX.get_loc("2026-02-10")] = -3.0  # on a session with an event
    z[INDEX.get_loc("2026-02-12")] = -1.6  # the first
    z[INDEX.get_loc("2026-02-20")] = -5.0  # larger, but later
    busy = np.zeros(len(INDEX), dtype=bool)
    busy[INDEX.get_loc("2026-02-10")] = True
    return z, busy


def test_a_selloff_named_by_its_month_is_its_first_fall_without_an_event(rules):
    z, busy = quiet()
    found = selloff_sessions(INDEX, z, busy, rules.selloffs.dates, rules.selloffs.fall)
    assert INDEX[found].strftime("%Y-%m-%d").tolist() == ["2026-02-12"]  # March has none, 2025 is not in the record


def test_a_selloff_named_by_its_day_is_that_day():
    own = load_definitions({"selloffs": {"dates": [["2026-03-03", "a day"], ["2026-03-07", "a Saturday"]]}})
    z, busy = quiet()
    assert INDEX[selloff_sessions(INDEX, z, busy, own.selloffs.dates, own.selloffs.fall)].strftime(
        "%Y-%m-%d"
    ).tolist() == ["2026-03-03"]


@pytest.mark.parametrize("cut", range(20, 60, 5))
def test_selloffs_by_rule_do_not_look_ahead(rules, cut):
    z, busy = quiet()
    whole = selloff_sessions(INDEX, z, busy, rules.selloffs.dates, rules.selloffs.fall)
    part = selloff_sessions(INDEX[:cut], z[:cut], busy[:cut], rules.selloffs.dates, rules.selloffs.fall)
    assert part.tolist() == [t for t in whole if t < cut]


@pytest.fixture(scope="module")
def ground(flagship, rules):
    catalog, prices, _ = flagship
    study = build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    evidence = prepare(study.record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    spans = strata_of({"after": rules.periods["after"]}, study.index, study.record.busy, rules.placebo.pool_before)
    rows = sample_rows(study.record.spells, [(s.first, s.last) for s in spans])
    return study, evidence, spans, rows, row_loss(study.record, rows, evidence)


def run(ground):
    study, evidence, spans, rows, loss = ground
    checks = companion_checks(study, evidence, spans, rows, loss, draws=99, seed=np.random.SeedSequence(3))
    return {check.name: check for check in checks}


@pytest.mark.parametrize("other", ["after_selloffs", "implementation", "landmark"])
def test_what_one_companion_draws_changes_no_other(ground, monkeypatch, other):
    before = run(ground)
    original = getattr(companions_module, other)

    def greedy(*args, rng, **options):
        rng.random(1000)  # as if it had drawn more
        return original(*args, rng=rng, **options)

    monkeypatch.setattr(companions_module, other, greedy)
    after = run(ground)
    own = {"after_selloffs": "other selloffs", "implementation": "competing end", "landmark": "landmark"}[other]
    assert list(before) == list(after)
    for name, check in before.items():
        if name != own:
            assert repr(check) == repr(after[name])


def test_companions_of_the_hold_out_from_the_tables(flagship, ground, rules):
    """Selloffs by other news: counted by hand from the decisions and the declared dates."""
    study, evidence, spans, _, _ = ground
    check = run(ground)["other selloffs"]
    decisions = set(flagship[2].tables()["events_used"].query("link == 'H2' and period == 'after'")["session"])
    at_risk = [t for t in range(spans[0].first, spans[0].last + 1) if evidence.at_risk[t]]
    near = set()
    for day, _ in rules.selloffs.dates:
        if len(day) == 10 and pd.Timestamp(day) >= study.index[spans[0].first] and pd.Timestamp(day) in study.index:
            at = study.index.get_loc(pd.Timestamp(day))
            near |= set(range(at + 1, at + 1 + rules.selloffs.window))
    inside = [t for t in at_risk if t in near]
    assert check.n == len(inside)
    assert check.events == sum(study.index[t] in decisions for t in inside)


def test_the_rival_by_loops(ground, rules):
    """The same score test of the other side's threats: losses of each day by hand, the sum by ages."""
    setting, _, spans, _, _ = ground
    close, spells = setting.record.market.close, setting.rival
    by_age, losses, reliefs = {}, [], 0
    for start, last, outcome in zip(spells.start, spells.last, spells.outcome, strict=True):
        if spans[0].first <= start <= spans[0].last:
            for day in range(start + 1, last + 1):
                loss = 1 - close[day - 1] / close[start - 1]
                relieved = bool(outcome == 0 and day == last)
                age = sum(day - start > edge for edge in rules.decision.age_bins)
                by_age.setdefault(age, []).append((loss, relieved))
                losses.append(loss)
                reliefs += relieved
    score = information = counted = 0
    for rows in by_age.values():
        x, y = (np.array(column) for column in zip(*rows, strict=True))
        if 0 < y.sum() < y.size:
            score += (x[y] - x.mean()).sum()
            information += y.sum() * (y.size - y.sum()) / y.size * x.var(ddof=1)
            counted += y.sum()
    check = run(ground)["control: the rival"]
    assert check.n == len(losses)
    assert check.events == counted <= reliefs
    assert check.estimate == pytest.approx(score / information * np.std(losses), rel=1e-9)


def test_courts_by_loops(ground):
    setting, evidence, spans, _, _ = ground
    ring = [
        t for t in range(spans[0].first, spans[0].last + 1) if evidence.at_risk[t] and np.isfinite(evidence.loss[t])
    ]
    loss = evidence.loss[ring]
    ruled = np.isin(ring, setting.sample.courts.position)
    check = run(ground)["control: courts"]
    assert (check.n, check.events) == (len(ring), ruled.sum())
    assert check.estimate == pytest.approx((loss[ruled].mean() - loss[~ruled].mean()) / loss.std(), rel=1e-9)


def stretches(study, rules):
    return strata_of(rules.periods, study.index, study.record.busy, rules.placebo.pool_before)


def test_the_landmark_by_loops(ground, rules):
    """Threats that begin inside the stretches: calendar days from the first session to that of relief."""
    study, evidence, _, rows, loss = ground
    spans, spells, z = stretches(study, rules), study.record.spells, evidence.scores.z
    early, late = [], []
    for start, last, outcome in zip(spells.start, spells.last, spells.outcome, strict=True):
        if any(s.first <= start <= s.last for s in spans) and np.isfinite(z[start]):
            soon = outcome == 0 and (study.index[last] - study.index[start]).days <= rules.decision.landmark_days
            (early if soon else late).append(-z[start])
    checks = companion_checks(study, evidence, spans, rows, loss, draws=9, seed=np.random.SeedSequence(3))
    (check,) = (one for one in checks if one.name == "landmark")
    assert (check.n, check.events) == (len(early) + len(late), len(early))
    assert check.estimate == pytest.approx(np.mean(early) - np.mean(late), rel=1e-9)


def test_companions_of_two_stretches_side_by_side_are_those_of_the_one_that_they_make(ground):
    study, evidence, (span,), rows, loss = ground
    middle = (span.first + span.last) // 2
    one, two = (Stratum(f"{a}", a, b, span.pool) for a, b in ((span.first, middle), (middle + 1, span.last)))
    parts, other, both = (
        {check.name: check for check in companion_checks(study, evidence, spans, rows, loss, draws=9, seed=seed)}
        for spans, seed in ((part, np.random.SeedSequence(3)) for part in ([one], [two], [one, two]))
    )
    whole = run(ground)
    for name in ("landmark", "control: the rival", "control: courts", "other selloffs"):
        assert (both[name].n, both[name].events) == (whole[name].n, whole[name].events)
    for name in ("landmark", "control: courts"):
        assert parts[name].n + other[name].n == whole[name].n
        assert 0 < parts[name].n < whole[name].n
    assert both["control: the rival"].estimate == pytest.approx(whole["control: the rival"].estimate, rel=1e-9)
