"""The companions of H2 by themselves: sums over rows of one age by a loop, p-values by every arrangement."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from eventstudy.hypothesis.links.decision import age_stratum, episode_rows, score_test
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.h2_checks import asymmetry, implementation, landmark, macro_news
from eventstudy.hypothesis.robustness.cross_section import step_down

MC = 4  # standard errors of a p-value by draws
DRAWS = 1999


def near(p, truth):
    return abs(p - truth) < MC * np.sqrt(max(truth * (1 - truth), 1 / DRAWS) / DRAWS) + 1 / DRAWS


def score_by_loop(x, y, stratum):
    """U, its variance and the number of marks: within each stratum with some marks and not only marks."""
    score = information = marks = 0
    for s in sorted(set(stratum)):
        rows = [i for i in range(len(x)) if stratum[i] == s and np.isfinite(x[i])]
        n, k = len(rows), sum(bool(y[i]) for i in rows)
        if 0 < k < n:
            mean = sum(x[i] for i in rows) / n
            score += sum(x[i] - mean for i in rows if y[i])
            information += k * (n - k) / (n * (n - 1)) * sum((x[i] - mean) ** 2 for i in rows)
            marks += k
    return score, information, marks


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    starts = np.arange(0, 600, 20)
    lasts = starts + rng.integers(1, 18, starts.size)
    outcome = rng.integers(0, 3, starts.size)
    found = episode_rows(Spells(starts, lasts, outcome, starts, starts, tuple(map(str, starts))))
    x = rng.standard_normal(found.day.size)
    x[[3, 50, 51]] = np.nan
    return found, x


def test_the_score_test_by_every_arrangement():
    x = np.array([0.3, -1.0, 2.0, 0.5, np.nan, 1.1, -0.4, 0.9, 0.2])
    y = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1], dtype=bool)
    stratum = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2])  # the last age has nothing but reliefs
    test = score_test(x, y, stratum, draws=DRAWS, rng=np.random.default_rng(0))
    score, information, marks = score_by_loop(x, y, stratum)
    assert (test.n, marks) == (3, 3)
    assert test.score == pytest.approx(score)
    assert test.information == pytest.approx(information)
    assert test.statistic == pytest.approx(score / np.sqrt(information))
    assert test.slope == pytest.approx(score / information)
    first, second = x[:4] - x[:4].mean(), x[5:8] - x[5:8].mean()
    every = [a + b + c for a in first for b, c in itertools.combinations(second, 2)]
    assert near(test.pvalue, np.mean(np.array(every) >= score - 1e-12))
    assert set(np.round(test.null * np.sqrt(information), 9)) == set(np.round(every, 9))


def test_losses_and_gains_beside_one_another_by_a_loop(rows, rules):
    found, x = rows
    ages = age_stratum(found.age, rules.decision.age_bins)
    known = np.isfinite(x)
    loss, gain = np.where(x > 0, x, 0.0), np.where(x < 0, -x, 0.0)
    checks = asymmetry(x, found, ages, draws=DRAWS, rng=np.random.default_rng(1))
    for check, part, other in zip(checks, (loss, gain), (gain, loss), strict=True):
        line = np.polyfit(other[known], part[known], 1)
        rest = np.where(known, part - np.polyval(line, other), np.nan)
        score, information, marks = score_by_loop(rest, found.relieved, ages)
        assert check.estimate == pytest.approx(score / information * np.nanstd(rest), rel=1e-8)
        assert (check.n, check.events) == (known.sum(), marks)
    assert [check.alternative for check in checks] == ["greater", "two-sided"]
    # the mirrored losses are the gains: two-sided, the p-value is twice the smaller side's
    mirrored = asymmetry(-x, found, ages, draws=DRAWS, rng=np.random.default_rng(1))
    one = mirrored[0].pvalue
    assert near(checks[1].pvalue, 2 * min(one, 1 - one))


def test_the_competing_end_by_a_loop(rows, rules):
    found, x = rows
    ages = age_stratum(found.age, rules.decision.age_bins)
    check = implementation(x, found, ages, draws=DRAWS, rng=np.random.default_rng(1))
    score, information, marks = score_by_loop(x, found.implemented, ages)
    assert check.estimate == pytest.approx(score / information * np.nanstd(x), rel=1e-8)
    assert (check.n, check.events, check.alternative) == (np.isfinite(x).sum(), marks, "less")
    other = implementation(-x, found, ages, draws=DRAWS, rng=np.random.default_rng(1))
    assert near(check.pvalue, 1 - other.pvalue)
    assert (check.pvalue < 0.5) == (check.estimate < 0)


def test_the_landmark_by_every_arrangement():
    starts = np.array([1, 3, 5, 7, 9, 11])
    blank = np.zeros(6, int)
    spells = Spells(starts, starts + 1, blank, blank, blank, tuple("abcdef"))
    z = np.full(14, 9.0)
    z[starts] = [-3.0, -1.0, 0.5, -2.2, np.nan, 0.4]
    days = np.array([14.0, 14.01, np.inf, 2.0, 1.0, 40.0])  # the fourteenth day still counts
    check = landmark(spells, z, days, 14, draws=DRAWS, rng=np.random.default_rng(0))
    x, early = np.array([3.0, 1.0, -0.5, 2.2, -0.4]), [0, 3]

    def gap(chosen):
        return x[list(chosen)].mean() - np.delete(x, chosen).mean()

    assert check.estimate == pytest.approx(gap(early))
    every = np.array([gap(chosen) for chosen in itertools.combinations(range(5), 2)])
    assert near(check.pvalue, np.mean(every >= gap(early) - 1e-12))
    assert (check.n, check.events) == (5, 2)
    for only in (days + 20, np.zeros(6)):
        assert np.isnan(landmark(spells, z, only, 14, draws=9, rng=np.random.default_rng(0)).pvalue)


@pytest.mark.parametrize(("releases", "told"), [(2, False), (3, True), (27, True), (28, False)])
def test_macro_news_needs_three_days_of_either_kind(releases, told):
    rng = np.random.default_rng(0)
    close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(31))
    macro = np.where(np.arange(31) > 30 - releases, 1, 0)
    market = Market(close, np.full(31, 16.0), np.full(31, np.nan), np.arange(31) % 5, macro=macro)
    decided = np.zeros(31, dtype=bool)
    decided[[8, 20, 29]] = True
    check = macro_news(market, np.arange(31) > 0, decided, 2)
    assert check.n == releases
    assert np.isfinite(check.estimate) == np.isfinite(check.pvalue) == told


def test_step_down_is_its_definition():
    """Each draw's p-value is its rank among the draws; the smallest of those still in, against the observed one."""
    rng = np.random.default_rng(5)
    null = rng.integers(0, 30, (4, 60)).astype(float)  # with ties
    observed = np.array([29.0, 14.0, 29.5, 22.0])
    own = [(1 + sum(v >= x for v in row)) / 61 for x, row in zip(observed, null, strict=True)]
    drawn = np.array([[sum(v >= w for v in row) / 60 for w in row] for row in null])
    order, last, expected = np.argsort(own, kind="stable"), 0.0, np.empty(4)
    for place, s in enumerate(order):
        smallest = [min(drawn[k][b] for k in order[place:]) for b in range(60)]
        last = max(last, (1 + sum(v <= own[s] + 1e-12 for v in smallest)) / 61)
        expected[s] = last
    assert step_down(observed, null).tolist() == pytest.approx(expected.tolist())
