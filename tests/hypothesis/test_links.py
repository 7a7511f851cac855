"""What a link tells beside its p-value, from its own scores, draws and sessions: every figure by its formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.hypothesis.links.decision import score_test, session_test
from eventstudy.hypothesis.links.evidence import (
    Evidence,
    loss_since,
    prepare,
    row_loss,
    rows_of,
    sample_rows,
    session_loss,
    strata_of_rows,
)
from eventstudy.hypothesis.links.intersection_union import partial_conjunction
from eventstudy.hypothesis.links.reaction import Reaction
from eventstudy.hypothesis.links.test_results import decision_result, own_sign, reaction_result
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market, drawdown
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import RiskSets, risk_sets_of
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells

TOLERANCE = 1e-9  # the same number another way
SAMPLES = ("all", "earlier", "before", "after")


def share_beyond(null, value):
    return (1 + np.sum(null >= value - 1e-12)) / (null.size + 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(("link", "sign"), [("H1", -1.0), ("H3", 1.0)])
def test_a_reaction(flagship, rules, name, link, sign):
    sample = flagship[2].samples[name]
    found, made = sample.links[link], sample.reactions[link]
    if not found.applicable:
        assert made.n < 2
        assert f"has {made.n} of" in found.reason or "no event of this sample" in found.reason
        return
    score, n = made.score, made.n
    assert (found.n, found.n_clusters) == (n, n)
    assert found.estimate == found.statistic == pytest.approx(sign * score.mean())
    error = score.std(ddof=1) / np.sqrt(n)
    assert found.se == pytest.approx(error)
    schemes = [made.nulls[scheme] for scheme in ("permutation", "matched", "shift")]
    for scheme, null in zip(("p_permutation", "p_matched", "p_shift"), schemes, strict=True):
        assert found.details[scheme] == pytest.approx(share_beyond(null, score.mean()))
    told = [found.details[key] for key in ("p_permutation", "p_matched", "p_shift")]
    assert found.details["p_with_all"] == max(told)
    left = [share_beyond(null, value) for value, null in zip(made.left_out, made.null_left_out, strict=True)]
    assert found.details["p_left_out"] == pytest.approx(max(left))
    assert found.pvalue == pytest.approx(max(*told, *left))
    assert found.details["p_wrong_sign"] == pytest.approx(max(share_beyond(-null, -score.mean()) for null in schemes))
    assert found.details["mean_car"] == pytest.approx(made.car.mean())
    assert found.details["median_car"] == pytest.approx(np.median(made.car))
    assert found.details["median"] == pytest.approx(sign * np.median(score))
    margin = rules.equivalence.reaction
    t = stats.t(n - 1)
    both = max(t.sf((score.mean() + margin) / error), t.cdf((score.mean() - margin) / error))
    assert found.details["p_equivalence"] == pytest.approx(both)
    assert found.details["smallest_margin"] == pytest.approx(abs(score.mean()) + t.ppf(0.95) * error)
    middle = sign * score.mean()
    assert found.details["ci_t"] == pytest.approx((middle - t.ppf(0.95) * error, middle + t.ppf(0.95) * error))
    # the widest of the placebo intervals of 90 %, turned to the market's own sign
    low = score.mean() - max(np.quantile(null, 0.95) for null in schemes)
    high = score.mean() - min(np.quantile(null, 0.05) for null in schemes)
    assert found.ci == pytest.approx((low, high) if sign > 0 else (-high, -low))
    assert (found.level, found.alternative) == (pytest.approx(0.9), "less" if sign < 0 else "greater")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_decisions(flagship, rules, name):
    sample = flagship[2].samples[name]
    found, test, score = sample.links["H2"], sample.decisions, sample.hazard
    n = int(test.decided.sum())
    assert found.n == n
    if not found.applicable:
        assert n < 2 or not np.isfinite([test.pvalue, score.pvalue]).all()
        assert f"{n} decision" in found.reason
        return
    unit = test.loss.std()
    inside, outside = test.loss[test.decided].mean(), test.loss[~test.decided].mean()
    assert found.estimate == pytest.approx(inside - outside)
    assert found.statistic == pytest.approx((inside - outside) / unit)
    assert (found.details["mean_loss_decision"], found.details["mean_loss_other"]) == pytest.approx((inside, outside))
    assert (found.details["sessions_at_risk"], found.details["threats_relieved"]) == (test.day.size, score.n)
    assert found.pvalue == max(found.details["p_sessions"], found.details["p_hazard"])
    odds, error = score.score / score.information * unit, unit / np.sqrt(score.information)
    assert (found.details["log_odds_per_sd"], found.details["log_odds_se"]) == pytest.approx((odds, error))
    margin = rules.equivalence.log_odds
    both = max(stats.norm.sf((odds + margin) / error), stats.norm.cdf((odds - margin) / error))
    assert found.details["p_equivalence"] == pytest.approx(both)
    assert found.details["smallest_margin"] == pytest.approx(abs(odds) + 1.6448536 * error, rel=1e-6)
    against = [share_beyond(-test.null, -test.statistic), share_beyond(-score.null, -score.statistic)]
    assert found.details["p_wrong_sign"] == pytest.approx(max(against))
    assert found.se == pytest.approx(test.null.std() * unit)
    low, high = (found.estimate - np.quantile(test.null, q) * unit for q in (0.95, 0.05))
    assert found.ci == pytest.approx((low, high))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_chain_counts_each_session_once(flagship, name):
    sample = flagship[2].samples[name]
    if not all(link.applicable for link in sample.links.values()):
        assert not sample.chain.applicable
        return
    ps = {key: link.pvalue for key, link in sample.links.items()}
    assert sample.chain.pvalue == sample.chain.statistic == max(ps.values())
    assert ps[sample.chain.details["weakest"]] == max(ps.values())
    assert sample.chain.n == sum(link.n for link in sample.links.values())
    days = set(sample.reactions["H1"].position) | set(sample.reactions["H3"].position)
    assert sample.chain.n_clusters == len(days | set(sample.decisions.day[sample.decisions.decided]))


@pytest.mark.parametrize(
    ("ps", "at_least", "expected"),
    [([0.04, 0.01, 0.5], 1, 0.03), ([0.04, 0.01, 0.5], 2, 0.08), ([0.04, 0.01, 0.5], 3, 0.5), ([0.6, 0.7], 1, 1.0)],
)
def test_how_many_nulls_are_false(ps, at_least, expected):
    assert partial_conjunction(ps, at_least) == pytest.approx(expected)


def test_episode_days_of_several_stretches():
    """Each threat belongs to the stretch in which it begins, and is cut (neither relieved nor carried out) at its end."""
    start, last = np.array([2, 4, 8, 12, 19]), np.array([5, 11, 9, 30, 20])
    outcome = np.array([0, 1, 0, 0, 1])
    spells = Spells(start, last, outcome, start + 50, np.array([0, 1, 0, 1, 0]), tuple("abcde"))
    spans = [(3, 9), (12, 20)]
    rows = sample_rows(spells, spans)
    expected = []
    for first, end in spans:
        for i in range(5):
            if first <= start[i] <= end:
                stop = min(last[i], end)
                for day in range(start[i] + 1, stop + 1):
                    ends = day == last[i] and last[i] <= end
                    expected.append(
                        (
                            day,
                            day - start[i],
                            ends and outcome[i] == 0,
                            ends and outcome[i] == 1,
                            start[i] - 1,
                            start[i] + 50,
                            i,
                        )
                    )
    told = zip(rows.day, rows.age, rows.relieved, rows.implemented, rows.base, rows.deadline, strict=True)
    assert [tuple(row) for row in told] == [row[:6] for row in expected]
    codes = [row[6] for row in expected]
    assert rows.group.tolist() == [int(i in (1, 3)) for i in codes]
    assert (
        len(set(zip(rows.episode.tolist(), codes, strict=True))) == len(set(codes)) == len(set(rows.episode.tolist()))
    )
    assert sorted(set(rows.episode.tolist())) == [0, 1, 2, 3]
    apart = sample_rows(spells, [(2, 3), (5, 7), (19, 20)])  # none begins in the second
    assert sorted(set(apart.episode.tolist())) == [0, 1]
    early = Spells(start - 2, last, outcome, start + 50, np.array([0, 1, 0, 1, 0]), tuple("abcde"))
    assert sample_rows(early, []).day.size == 0


@pytest.mark.parametrize(("n", "inside"), [(0, 0), (0, 3), (1, 3), (2, 3)])
def test_a_reaction_of_fewer_than_two_sessions_says_what_is_missing(n, inside):
    how = load_definitions().links(draws=9, power_draws=1)
    score = np.array([0.5, 1.0])[:n]
    pvalues = dict.fromkeys(("permutation", "matched", "shift", "left_out"), 0.3)
    null = np.array([0.1, 0.9])
    made = Reaction(
        np.arange(n),
        score,
        score / 10,
        float(score.sum()),
        {"permutation": null},
        pvalues=pvalues,
        primary=("permutation",),
    )
    position = np.array([10, 15, 19, 9, 20])[: inside + 2 if inside else 0]
    span = [Stratum("s", 10, 19, np.arange(0))]
    found = reaction_result("H1", made, position, span, how)
    assert found.applicable == (n == 2)
    assert (found.n, found.n_clusters) == (n, n)
    if n < 2:
        said = f"has {n} of {inside}" if inside else "no event of this sample counts for it"
        assert said in found.reason


def test_what_a_reaction_tells_with_one_test_alone():
    """In the market's own sign: H1 says that it falls. Two sessions, so that everything can be done by hand."""
    how = load_definitions().links(draws=9, power_draws=1)
    score, null = np.array([0.5, 1.5]), np.linspace(-1.0, 0.9, 39)
    pvalues = {"permutation": 0.025, "matched": 0.2, "shift": 0.4, "left_out": 0.7}
    parts = {"nulls": {"permutation": null}, "pvalues": pvalues, "primary": ("permutation",)}
    for name, way in (("H1", -1.0), ("H3", 1.0)):
        assert own_sign(name) == way
        made = Reaction(
            np.array([3, 5]),
            score,
            -score / 10,
            1.0,
            left_out=np.array([1.5, 0.5]),
            null_left_out=np.array([[0.0, 2.0], [1.0, 2.0]]),
            **parts,
        )
        found = reaction_result(name, made, np.array([3, 5]), [], how)
        assert (found.estimate, found.statistic, found.pvalue) == (way, way, 0.025)
        assert found.details["left_out"] == way * 0.5  # p of 2/3 for 1.5, of 3/3 for 0.5
        assert found.details["p_with_all"] == 0.4  # what is left out is no scheme of its own
        assert found.details["median"] == way
        assert (found.details["mean_car"], found.details["median_car"]) == (-0.1, -0.1)
        assert found.details["p_t"] == pytest.approx(stats.t.sf(1.0 / found.se, 1))
        assert found.se == pytest.approx(0.5)
        low, high = 1.0 - null[-2], 1.0 - null[1]  # at 5 % a side: the largest but one of 39
        assert found.ci == pytest.approx((low, high) if way > 0 else (-high, -low))
        assert found.level == pytest.approx(0.9)
        assert found.distribution == "permutation within the sample (39 draws)"
        assert found.alternative == ("less" if way < 0 else "greater")
        both = max(stats.t.sf((1.0 + 0.25) / 0.5, 1), stats.t.cdf((1.0 - 0.25) / 0.5, 1))
        assert found.details["p_equivalence"] == pytest.approx(both)
        assert (found.details["margin"], found.details["share"]) == (0.25, 1.0)
        bare = reaction_result(name, Reaction(np.array([3, 5]), score, score, 1.0, **parts), np.array([3, 5]), [], how)
        assert np.isnan(bare.details["left_out"])


def decisions_of(loss, decided, x, relieved):
    rng = np.random.default_rng(0)
    test = session_test(loss, np.ones(loss.size, bool), decided, [(0, loss.size - 1)], draws=99, rng=rng)
    return test, score_test(x, relieved, np.zeros(x.size, int), draws=199, rng=rng)


def test_two_decisions_and_a_relieved_threat_are_compared_by_formula():
    loss = np.array([0.01, 0.05, -0.02, 0.04, 0.0, 0.03, -0.01, 0.02])
    x, relieved = np.array([0.05, 0.01, 0.02, 0.0]), np.array([True, False, False, False])
    test, hazard = decisions_of(loss, np.array([1, 3]), x, relieved)
    how = load_definitions().links(draws=99, power_draws=1)
    found = decision_result(test, hazard, how)
    sd = loss.std()
    gap = 0.045 - np.mean([0.01, -0.02, 0.0, 0.03, -0.01, 0.02])
    assert (found.n, found.estimate, found.statistic) == (2, pytest.approx(gap), pytest.approx(gap / sd))
    ring = [loss[[(1 + k) % 8, (3 + k) % 8]].mean() for k in range(1, 8)]
    turned = np.array([m - (loss.sum() - 2 * m) / 6 for m in ring])
    assert found.se == pytest.approx(turned.std())
    assert found.ci == pytest.approx((gap - np.quantile(turned, 0.95), gap - np.quantile(turned, 0.05)))
    details = found.details
    assert (details["mean_loss_decision"], details["mean_loss_other"]) == pytest.approx((0.045, 0.045 - gap))
    assert (details["sessions_at_risk"], details["threats_relieved"]) == (8, 1)
    error = sd / np.sqrt(x.var())
    odds = (0.05 - x.mean()) / x.var() * sd
    assert (details["log_odds_per_sd"], details["log_odds_se"]) == pytest.approx((odds, error))
    assert found.pvalue == max(test.pvalue, hazard.pvalue)
    assert found.level == pytest.approx(0.9)
    # falls before decisions: the sessions speak as clearly against it, and nothing does in the hazard
    other, deep = decisions_of(-loss, np.array([1, 3]), -x, relieved)
    against = [share_beyond(-other.null, -other.statistic), share_beyond(-deep.null, -deep.statistic)]
    assert decision_result(other, deep, how).details["p_wrong_sign"] == max(against) < 0.5
    assert details["p_wrong_sign"] == pytest.approx(
        max(share_beyond(-test.null, -test.statistic), share_beyond(-hazard.null, -hazard.statistic))
    )


@pytest.mark.parametrize(("decided", "relieved", "words"), [
    ([1], [0], "1 decision on 8 sessions with an open threat, 1 threat that ended in relief"),
    ([1, 3], [], "2 decisions on 8 sessions with an open threat, 0 threats that ended in relief"),
])  # fmt: skip
def test_too_few_decisions_are_said(decided, relieved, words):
    marks = np.isin(np.arange(4), relieved)
    test, hazard = decisions_of(np.arange(8.0), np.array(decided), np.array([0.05, 0.01, 0.02, 0.0]), marks)
    found = decision_result(test, hazard, load_definitions().links(draws=9, power_draws=1))
    assert not found.applicable
    assert found.reason.startswith(words)


def small_record(*, risk=True, fear=True):
    """Two threats, open on sessions 3 to 6 and 5 to 8, measured from the closes of sessions 2 and 4."""
    size = 12
    close = 100 + np.array([0.0, 3, 1, -2, 4, -5, 2, 6, -1, 0, 5, 7])
    gauge = np.full(size, np.nan)
    if fear:
        gauge = 15 + np.arange(size, dtype=float)
        gauge[9] = np.nan
    spells = Spells(np.array([3, 5]), np.array([6, 8]), np.array([0, 1]), np.full(2, 99), np.zeros(2, int), ("a", "b"))
    none = np.zeros(0, dtype=np.int64)
    market = Market(close, gauge, np.full(size, np.nan), np.arange(size) % 5)
    sets: RiskSets | None = risk_sets_of(spells) if risk else None
    return Record(market, np.zeros(size, bool), none, none, np.array([6]), spells, sets)


@pytest.mark.parametrize("kind", ["threat", "scaled"])
@pytest.mark.parametrize("fear", [True, False])
def test_the_loss_of_a_session_is_the_mean_over_the_threats_open(kind, fear):
    record, rule = small_record(fear=fear), load_definitions().decision
    close, gauge = record.market.close, record.market.fear
    found = session_loss(record, np.full(12, -1), kind, rule)
    for t in range(12):
        own = []
        for start, last in ((3, 6), (5, 8)):
            if start <= t <= last:
                loss = -np.log(close[t - 1] / close[start - 1])
                own.append(loss / (gauge[start - 1] / 100 / np.sqrt(252)) if kind == "scaled" and fear else loss)
        expected = np.mean(own) if own else np.nan
        assert found[t] == pytest.approx(expected, nan_ok=True)
    rows = record.risk.rows
    plain = loss_since(record.market, rows, kind, logs=False)
    scale = record.market.fear[rows.base] / 100 / np.sqrt(252) if kind == "scaled" and fear else 1.0
    np.testing.assert_allclose(plain, (1 - close[rows.day - 1] / close[rows.base]) / scale)


def test_other_losses_and_records_without_reliefs_are_the_market_s_drawdown():
    rule = load_definitions({"decision": {"peak_sessions": 3, "week_sessions": 2}}).decision
    base = np.full(12, -1)
    base[4:7] = 2
    for record, kind in (
        (small_record(), "peak"),
        (small_record(), "week"),
        (small_record(risk=False), "threat"),
        (small_record(risk=False), "scaled"),
    ):
        np.testing.assert_array_equal(session_loss(record, base, kind, rule), drawdown(record.market, kind, base, rule))


@pytest.mark.parametrize("risk", [True, False])
def test_what_all_samples_share(risk):
    """At risk are the sessions with an open episode; a threat of the first version from its second session on."""
    rules, record = load_definitions(), small_record(risk=risk)
    found = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    assert np.flatnonzero(found.at_risk).tolist() == (list(range(3, 9)) if risk else list(range(4, 9)))
    assert found.base.tolist() == [-1, -1, -1, -1, 2, 2, 4, 4, 4, -1, -1, -1]
    assert found.drawdown == "threat"
    np.testing.assert_array_equal(found.loss, session_loss(record, found.base, "threat", rules.decision))
    rows = rows_of(record, [(4, 9)])
    # the pairs inside the span; or the threats that begin in it, from their second session on
    assert sorted(zip(rows.episode.tolist(), rows.day.tolist(), strict=True)) == (
        [(0, 4), (0, 5), (0, 6), (1, 5), (1, 6), (1, 7), (1, 8)] if risk else [(0, 6), (0, 7), (0, 8)]
    )
    close = record.market.close
    logs = np.log(close[rows.base] / close[rows.day - 1])
    np.testing.assert_allclose(row_loss(record, rows, found), logs if risk else 1 - np.exp(-logs))
    peak = Evidence(found.scores, found.cells, found.base, np.arange(12.0), "peak", found.at_risk)
    assert row_loss(record, rows, peak).tolist() == rows.day.tolist()
    ages = np.array([0, 0, 4, 5, 6, 16])
    how = load_definitions({"decision": {"age_minimum": 2}}).decision
    # exact ages, too few joined upwards; or the bins of the definitions
    assert strata_of_rows(record, ages, how).tolist() == ([0, 0, 1, 1, 2, 2] if risk else [0, 0, 0, 0, 1, 2])


def test_losses_in_daily_moves_of_a_gauge_with_holes_stay_so():
    record = small_record()
    rows = record.risk.rows
    scaled, plain = (loss_since(record.market, rows, kind, logs=True) for kind in ("scaled", "threat"))
    np.testing.assert_allclose(scaled, plain / (record.market.fear[rows.base] / 100 / np.sqrt(252)))
