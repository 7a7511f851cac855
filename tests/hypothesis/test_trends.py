"""Trends and the dose, on catalogues of a few rows: every row that counts and every figure by hand."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.robustness.attenuation_and_dose import attenuation, dose_response, rate_ladder

INDEX = pd.bdate_range("2025-01-02", periods=60)
MC = 4  # standard errors of a p-value by 1,999 draws
DRAWS = 1999

ROWS = [
    # id, session, actor, target, stance, lead, cluster, before, after
    ("first", INDEX[0], "US", "china", "escalation", True, "a", 0.0, 10.0),
    ("leak", INDEX[3], "US", "china", "escalation", True, "b", np.nan, np.nan),  # takes the change of its chain
    ("act", INDEX[4], "US", "china", "escalation", False, "b", 10.0, 35.0),  # follow-up news: no row of its own
    ("many", INDEX[8], "both", "mexico+china", "escalation", True, "c", 35.0, 36.0),
    ("up", INDEX[12], "US", "china", "escalation", True, "d", 36.0, 41.0),
    ("down", INDEX[12], "US", "china", "softening", True, "d", 41.0, 36.0),  # the same session: nothing in sum
    ("relief", INDEX[20], "US", "china", "softening", True, "e", 36.0, 30.0),
    ("big", INDEX[30], "US", "china", "escalation", True, "f", 30.0, 70.0),
    ("small", INDEX[40], "US", "china", "escalation", True, "g", 70.0, 73.0),
    ("theirs", INDEX[41], "China", "us", "escalation", True, "h", 0.0, 34.0),
    ("elsewhere", INDEX[42], "US", "mexico", "escalation", True, "i", 0.0, 25.0),
    ("also", INDEX[43], "US", "all", "escalation", True, "j", 73.0, 80.0),  # named by the definitions
    ("unknown", INDEX[44], "US", "china", "escalation", True, "k", np.nan, np.nan),
    ("closed", pd.Timestamp("2025-01-04"), "US", "china", "escalation", True, "l", 0.0, 50.0),  # a Saturday
]
SHARES = {"first": 0.5, "big": 0.25}
RULES = SimpleNamespace(
    sample=SimpleNamespace(rival_actor="China", decider="US"),
    dose=SimpleNamespace(also=("also",), share=lambda name: SHARES.get(name, 1.0)),
    attenuation_split="2025-02-03",
    periods={"before": ("2025-01-06", "2025-02-03")},
)


@pytest.fixture
def setting():
    columns = ["event_id", "session", "actor", "target", "stance", "lead", "cluster", "rate_before", "rate_after"]
    events = pd.DataFrame(ROWS, columns=columns).set_index("event_id").assign(instrument="tariff")
    return SimpleNamespace(rules=RULES, index=INDEX, events=events, record=SimpleNamespace())


@pytest.fixture
def evidence():
    z = np.random.default_rng(0).standard_normal(60)
    return SimpleNamespace(scores=SimpleNamespace(z=z, car=z / 50))


def exact(statistic, values, observed):
    return np.mean([statistic(list(order)) >= observed - 1e-12 for order in itertools.permutations(values)])


def near(p, truth):
    return abs(p - truth) < MC * np.sqrt(max(truth * (1 - truth), 1 / DRAWS) / DRAWS) + 1 / DRAWS


def test_doses_are_summed_by_session(setting, evidence):
    points, found = dose_response(setting, evidence, draws=DRAWS, rng=np.random.default_rng(1))
    expected = {  # session: ids, change, dose
        0: ("first", 10.0, 5.0), 3: ("leak", 25.0, 25.0), 8: ("many", 1.0, 1.0), 12: ("up down", 0.0, 0.0),
        20: ("relief", -6.0, -6.0), 30: ("big", 40.0, 10.0), 40: ("small", 3.0, 3.0), 43: ("also", 7.0, 7.0),
    }  # fmt: skip
    assert points["session"].tolist() == [INDEX[at] for at in expected]
    assert points["event_id"].tolist() == [ids for ids, _, _ in expected.values()]
    assert points["change"].tolist() == [change for _, change, _ in expected.values()]
    assert points["dose"].tolist() == [dose for *_, dose in expected.values()]
    cover = [dose / change if change else np.nan for _, change, dose in expected.values()]
    np.testing.assert_allclose(points["cover"], cover)
    assert points["sar"].tolist() == evidence.scores.z[list(expected)].tolist()
    assert points["car"].tolist() == evidence.scores.car[list(expected)].tolist()
    assert (found["n"], found["n_rises"]) == (8.0, 6.0)
    sar = points["sar"]
    assert found["rho"] == pytest.approx(stats.spearmanr(points["change"], sar).statistic)
    rises = points["change"] > 0
    for name, column in (("rises", "change"), ("dose", "dose")):
        x, y = points.loc[rises, column].to_numpy(), sar[rises].to_numpy()
        rho = stats.spearmanr(x, y).statistic
        assert found[f"rho_{name}"] == pytest.approx(rho)
        ranks = stats.rankdata(x)
        p = exact(lambda order, ranks=ranks: -np.corrcoef(ranks, order)[0, 1], stats.rankdata(y), -rho)
        assert near(found[f"pvalue_{name}"], p)


@pytest.mark.parametrize(("keep", "told"), [(5, True), (4, False)])
def test_a_rank_correlation_needs_five_points(setting, evidence, keep, told):
    chosen = ["first", "leak", "many", "big", "small"][:keep]
    setting.events.loc[[name for name in setting.events.index if name not in [*chosen, "act"]], "lead"] = False
    _, found = dose_response(setting, evidence, draws=9, rng=np.random.default_rng(1))
    assert found["n"] == keep
    assert np.isfinite(found["rho"]) == np.isfinite(found["pvalue"]) == told


@pytest.mark.parametrize(("rates", "told"), [((5.0, 5.0), False), ((5.0, 6.0), True)])
def test_a_rank_correlation_needs_two_doses(setting, evidence, rates, told):
    leads = ["first", "many", "big", "small", "relief"]
    setting.events["lead"] = setting.events.index.isin(leads)
    setting.events.loc[leads, "rate_before"] = 0.0
    setting.events.loc[leads, "rate_after"] = [rates[0]] * 4 + [rates[1]]
    _, found = dose_response(setting, evidence, draws=9, rng=np.random.default_rng(1))
    assert np.isfinite(found["rho"]) == told


def test_rates_of_both_sides_in_order(setting):
    setting.events.loc["big", "instrument"] = "export_control"
    table = rate_ladder(setting)
    # on the other side alone, by either; neither with others in one target, nor of licences, nor without a rate
    expected = ["first", "closed", "act", "down", "up", "relief", "small", "theirs"]
    assert table["event_id"].tolist() == expected
    assert table["side"].tolist() == ["decider"] * 7 + ["rival"]
    assert table["rate_after"].tolist() == setting.events.loc[expected, "rate_after"].tolist()
    assert table.index.tolist() == list(range(8))


@pytest.mark.parametrize("late", [2, 1])
def test_attenuation_by_every_order(setting, evidence, late):
    split = INDEX.get_loc(pd.Timestamp("2025-02-03"))
    trigger = np.array([0, 1, 5, 9, 14, split, *range(split + 1, split + 1 + late)])  # the first two before the period
    begin = INDEX.get_loc(pd.Timestamp("2025-01-06"))
    evidence.scores.z[9] = np.nan
    setting.record.trigger, setting.record.relief = trigger, trigger[:1]
    table = attenuation(setting, evidence, draws=DRAWS, rng=np.random.default_rng(2)).set_index("link")
    used = [t for t in trigger if t >= begin and t != 9]
    z = evidence.scores.z[used]
    early = np.array(used) <= split  # the day of the split belongs to what was before
    row = table.loc["H1"]
    assert (row["n_before"], row["n_after"]) == (early.sum(), late)
    assert table.loc["H3", ["n_before", "n_after"]].tolist() == [0, 0]
    if late < 2:
        assert "p_slope" not in row
        return
    assert (row["before"], row["after"]) == pytest.approx((z[early].mean(), z[~early].mean()))
    for values, name, p in ((z, "difference", "p_difference"), (np.abs(z), "size_difference", "p_size")):

        def gap(order):
            order = np.array(order)
            return abs(order[~early].mean() - order[early].mean())

        assert row[name] == pytest.approx(values[~early].mean() - values[early].mean())
        assert near(row[p], exact(gap, values, gap(values)))
    at = np.arange(z.size)

    def steep(order):
        return abs(np.polyfit(at, order, 1)[0])

    assert row["slope"] == pytest.approx(np.polyfit(at, z, 1)[0])
    assert near(row["p_slope"], exact(steep, z, steep(z)))
