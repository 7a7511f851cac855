"""What a link tells beside its p-value, from its own scores, draws and sessions: every figure by its formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.hypothesis.links.evidence import sample_rows
from eventstudy.hypothesis.links.intersection_union import partial_conjunction
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
    assert sample_rows(spells, []).day.size == 0
