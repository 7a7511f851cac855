"""The whole machinery on the real returns with the real calendar turned: no link is there, and it must not say so."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eventstudy.hypothesis.links.chain import evaluate
from eventstudy.hypothesis.links.decision import episode_rows
from eventstudy.hypothesis.links.evidence import prepare, strata_of_rows
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.strata import Stratum, strata_of
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.rivals.calendar_shift import shift_chain

STEP = 11  # sessions between turns: neighbours share few sessions
UNLIKELY = 0.01  # a Kolmogorov-Smirnov test may reject at this level


@pytest.fixture(scope="module")
def turned(flagship, rules):
    """P-values of every scheme under turns of the calendar of 2018-19."""
    catalog, prices, _ = flagship
    study = build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    record = study.record
    span = strata_of({"earlier": rules.periods["earlier"]}, study.index, record.busy, rules.placebo.pool_before)[0]
    length = span.last - span.first + 1

    def turn(position, k):
        inside = position[(position >= span.first) & (position <= span.last)]
        return np.sort(span.first + (inside - span.first + k) % length)

    rows = []
    for k in range(STEP, length, STEP):
        trigger, relief, decision = (turn(p, k) for p in (record.trigger, record.relief, record.decision))
        own = record.spells.take((record.spells.start >= span.first) & (record.spells.start <= span.last))
        start = span.first + (own.start - span.first + k) % length
        spells = Spells(start, start + (own.last - own.start), own.outcome, own.deadline, own.group, own.ids)
        busy = record.busy.copy()
        busy[span.first : span.last + 1] = False
        for day in (0, 1):
            busy[np.clip(np.concatenate([trigger, relief]) + day, 0, busy.size - 1)] = True
        moved = Record(record.market, busy, trigger, relief, decision, spells)
        pool = np.arange(span.first - rules.placebo.pool_before, span.last + 1)
        stratum = Stratum("turned", span.first, span.last, pool[~busy[pool]])
        evidence = prepare(moved, rules.reaction, rules.decision, rules.placebo.prior_sessions)
        how = rules.links(draws=99, power_draws=2, curves=False)
        sample = evaluate(moved, evidence, [stratum], how, seed=np.random.SeedSequence(k))
        turn_rules = {"winsor": rules.reaction.winsor, "bins": strata_of_rows(moved, sample.rows.age, how), "draws": 99}
        joint = shift_chain(moved, evidence, sample.rows, [stratum], **turn_rules, rng=np.random.default_rng(k))
        h1, h2, h3 = (sample.links[name] for name in ("H1", "H2", "H3"))
        rows.append(
            {
                "H1 permutation": h1.details["p_permutation"],
                "H1 matched": h1.details["p_matched"],
                "H1 shift": h1.details["p_shift"],
                "H3 permutation": h3.details["p_permutation"],
                "H3 matched": h3.details["p_matched"],
                "H3 shift": h3.details["p_shift"],
                "H2 sessions": h2.details.get("p_sessions", np.nan),
                "H2 hazard": h2.details.get("p_hazard", np.nan),
                "H1": h1.pvalue,
                "H2": h2.pvalue,
                "H3": h3.pvalue,
                "chain": sample.chain.pvalue,
                "calendar": joint.pvalue,
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "H1 permutation",
        "H1 matched",
        "H1 shift",
        "H3 permutation",
        "H3 matched",
        "H3 shift",
        "H2 sessions",
        "H2 hazard",
        "calendar",
    ],
)
def test_single_tests_are_uniform(turned, name):
    values = turned[name][np.isfinite(turned[name])]
    assert values.size > 30
    assert stats.kstest(values, "uniform").pvalue > UNLIKELY


@pytest.mark.slow
@pytest.mark.parametrize("name", ["H1", "H2", "H3", "chain"])
def test_the_largest_is_never_below_uniform(turned, name):
    """Their distribution function lies on or below the diagonal, beyond what chance allows."""
    values = turned[name][np.isfinite(turned[name])]
    assert stats.kstest(values, "uniform", alternative="greater").pvalue > UNLIKELY


def test_the_links_are_in_standard_deviations_of_the_turned_calendar(flagship, rules):
    """One stratum, every turn by a loop: the mean reaction to threats and to reliefs beside those of turned calendars."""
    catalog, prices, _ = flagship
    study = build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    record = study.record
    stratum = strata_of({"earlier": rules.periods["earlier"]}, study.index, record.busy, rules.placebo.pool_before)[0]
    evidence = prepare(record, rules.reaction, rules.decision, rules.placebo.prior_sessions)
    rows = episode_rows(record.spells)
    bins, draws = np.zeros(rows.day.size, dtype=np.int64), 40
    found = shift_chain(
        record, evidence, rows, [stratum], winsor=(0.0, 1.0), bins=bins, draws=draws, rng=np.random.default_rng(3)
    )
    length = stratum.last - stratum.first + 1
    turns = [0, *np.random.default_rng(3).integers(1, length, draws).tolist()]
    for at, (position, sign) in {0: (record.trigger, -1), 2: (record.relief, 1)}.items():
        means = []
        for turn in turns:
            days = [stratum.first + (p - stratum.first + turn) % length for p in position.tolist()
                    if stratum.first <= p <= stratum.last]  # fmt: skip
            means.append(np.nanmean([sign * evidence.scores.z[day] for day in days]))
        assert found.observed[at] == pytest.approx((means[0] - np.mean(means[1:])) / np.std(means[1:]))
    assert found.null.size == draws
    assert found.pvalue == (1 + (found.null >= found.statistic).sum()) / (draws + 1)
