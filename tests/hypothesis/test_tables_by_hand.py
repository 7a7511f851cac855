"""Tables beside the links, from the closes and the catalogue: curve, attenuation, dose, tells, race, falsifiers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eventstudy.hypothesis.links.chain import SampleVerdict
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.strata import Stratum
from eventstudy.hypothesis.record.threats import Spells
from eventstudy.hypothesis.robustness.cross_section import tells
from eventstudy.hypothesis.verdict.check_falsifiers import gone, significance
from eventstudy.returns import load_returns
from eventstudy.words import pvalue_words

TOLERANCE = 1e-9  # the same number another way
MC = 4  # standard errors of a simulated p-value


@pytest.fixture(scope="module")
def verdict(flagship):
    return flagship[2]


@pytest.fixture(scope="module")
def tables(verdict):
    return verdict.tables()


@pytest.fixture(scope="module")
def used(tables):
    return tables["events_used"]


def spread(p, draws):
    return np.sqrt(max(p * (1 - p), 1 / draws) / draws)


def period(flagship, rules, name):
    index = flagship[1].frame.index
    start, end = (pd.Timestamp(d) for d in rules.periods[name])
    inside = np.flatnonzero((index >= start) & (index <= end))
    return inside[0], inside[-1]


@pytest.mark.parametrize(("link", "sign"), [("H1", -1), ("H3", 1)])
@pytest.mark.parametrize("statistic", ["mean", "median"])
def test_a_specification_of_the_curve(flagship, tables, used, rules, link, sign, statistic):
    """Days 0 and +1 without any scale: estimate and p-value from every turn of the calendar."""
    row = tables["curve"].query(
        "sample == 'after' and link == @link and window == '(0, 1)' and scale == 'none' and variant == 'main' "
        "and statistic == @statistic"
    )
    row = row.iloc[0]
    close = flagship[1].frame["^GSPC"]
    r = close.pct_change(fill_method=None)
    hit = np.zeros(len(r), bool)
    for session in flagship[0].sessions("XNYS")["session"]:
        if session in r.index:
            at = r.index.get_loc(session)
            hit[at : at + 2] = True
    mean = r.where(~hit).rolling(250, min_periods=100).mean().shift(11)
    car = (100 * (r + r.shift(-1) - 2 * mean)).to_numpy()
    first, last = period(flagship, rules, "after")
    pool = np.array([t for t in range(first - 250, last + 1) if not hit[t] and np.isfinite(car[t])])
    low, high = np.quantile(car[pool], rules.reaction.winsor)
    scored = sign * np.clip(car, low, high)
    own = used[(used["link"] == link) & (used["period"] == "after")]
    at = np.array([r.index.get_loc(day) for day in own["session"]])
    how = np.nanmean if statistic == "mean" else np.nanmedian
    turns = np.array([how(scored[first + (at - first + k) % (last - first + 1)]) for k in range(last - first + 1)])
    assert row["estimate"] == pytest.approx(turns[0], abs=TOLERANCE)
    exact = np.mean(turns >= turns[0] - 1e-12)
    draws = verdict_draws(flagship)
    assert abs(row["pvalue"] - exact) < MC * spread(exact, draws) + 1 / draws


def verdict_draws(flagship):
    return flagship[2].provenance["curve_draws"]


def test_the_curve_as_a_whole_is_no_better_than_its_turns(tables):
    summary = tables["curve_summary"]
    for column in ("share_in_direction", "share_significant", "p_median", "p_share"):
        assert summary[column].between(0, 1).all()
    # H2 of no declared specification is significant: the share is nought and every turn has at least as much
    h2 = summary[summary["link"] == "H2"]
    curve = tables["curve"]
    assert (curve[curve["link"] == "H2"]["pvalue"] > 0.05).all()
    assert (h2["share_significant"] == 0).all()
    assert (h2["p_share"] == 1).all()


def test_attenuation_by_permutation(tables, used, verdict):
    own = used[(used["link"] == "H1") & used["period"].isin(["before", "after"])].sort_values("session")
    z, late = own["sar"].to_numpy(), (own["period"] == "after").to_numpy()
    row = tables["attenuation"].set_index("link").loc["H1"]
    rng = np.random.default_rng(3)
    for column, p_column, values in (("difference", "p_difference", z), ("size_difference", "p_size", np.abs(z))):
        observed = values[late].mean() - values[~late].mean()
        assert row[column] == pytest.approx(observed, abs=TOLERANCE)
        null = []
        for _ in range(4000):
            dealt = rng.permutation(late)
            null.append(values[dealt].mean() - values[~dealt].mean())
        p = np.mean(np.abs(null) >= abs(observed) - 1e-12)
        draws = verdict.provenance["draws"]
        assert abs(row[p_column] - p) < MC * spread(p, draws) + 1 / draws
    assert row["slope"] == pytest.approx(stats.linregress(np.arange(z.size), z).slope, abs=TOLERANCE)


@pytest.mark.slow
def test_dose_by_scipy_and_permutation(tables, verdict):
    rises = tables["dose"].query("change > 0")
    found = verdict.facts["dose"]
    assert found["n_rises"] == len(rises)
    rng = np.random.default_rng(5)
    for size, name in (("change", "rises"), ("dose", "dose")):
        rho = stats.spearmanr(rises[size], rises["sar"]).statistic
        assert found[f"rho_{name}"] == pytest.approx(rho, abs=TOLERANCE)
        null = [stats.spearmanr(rises[size], rng.permutation(rises["sar"])).statistic for _ in range(1500)]
        p = np.mean(np.array(null) <= rho + 1e-12)
        draws = verdict.provenance["draws"]
        assert abs(found[f"pvalue_{name}"] - p) < MC * (spread(p, draws) + spread(p, 1500)) + 1 / draws


def test_cover_is_the_announcement_s_own_and_never_more_than_all(rules):
    assert rules.dose.share("2018-09-17_200bn") == pytest.approx(200 / 505)
    assert rules.dose.share("2025-04-07_50threat") == 1.0
    greedy = load_definitions({"dose": {"imports": 100, "cover": {"a": 250, "b": 25}}})
    assert greedy.dose.share("a") == 1.0
    assert greedy.dose.share("b") == 0.25
    assert greedy.dose.share("2018-09-17_200bn") == 1.0  # the list of covers is replaced as a whole


def test_drift_before_the_news(flagship, tables, used, rules):
    """One industry beyond the market, days -5 to -1, signed by what came: threats turned over, reliefs as they are."""
    market = flagship[1].frame["^GSPC"].pct_change(fill_method=None)
    r = load_returns(["BusEq"], source="bundled").frame["BusEq"].reindex(market.index) - market
    hit = np.zeros(len(r), bool)
    for session in flagship[0].sessions("XNYS")["session"]:
        if session in r.index:
            at = r.index.get_loc(session)
            hit[at : at + 2] = True
    mean = r.where(~hit).rolling(250, min_periods=100).mean().shift(11).to_numpy()
    values, drift = r.to_numpy(), []
    for row in used[used["link"].isin(["H1", "H3"])].itertuples():
        t = r.index.get_loc(row.session)
        drift.append((-1 if row.link == "H1" else 1) * (values[t - 5 : t].sum() - 5 * mean[t]))
    drift = [x for x in drift if np.isfinite(x)]
    own = tables["tells"].set_index("symbol").loc["BusEq"]
    assert rules.tells.window == (-5, -1)
    assert own["n"] == len(drift)
    assert own["drift"] == pytest.approx(np.mean(drift), abs=TOLERANCE)


def test_a_leak_of_the_last_day_weakens_when_the_window_moves(rules):
    """A security that falls the day before each threat, and does nothing else."""
    rng = np.random.default_rng(6)
    size = 700
    index = pd.bdate_range("2016-01-04", periods=size)
    market = 0.01 * rng.standard_normal(size)
    own = market + 0.004 * rng.standard_normal(size)
    at = np.arange(320, 690, 23)
    own[at - 1] -= 0.03
    busy = np.zeros(size, bool)
    busy[np.concatenate([at, at + 1])] = True
    span = Stratum("s", 300, size - 1, np.flatnonzero(~busy[300:]) + 300)
    blank, nobody = np.full(size, np.nan), np.zeros(0, int)
    path = Market(blank, blank, blank, np.asarray(index.day_of_week), market)
    table = tells(
        pd.DataFrame({"X": own}, index=index),
        Record(path, busy, at, nobody, nobody, Spells(*[nobody] * 5, ())),
        [span],
        rules.reaction,
        rules.placebos(199),
        windows={"pvalue": (-5, -1), "p_shifted": (-6, -2)},
        signs={"X": -1},
        seed=np.random.SeedSequence(1),
    )
    assert table.loc[0, "pvalue"] <= 0.01 < table.loc[0, "p_shifted"]


def test_the_race_ranks_by_bic_and_its_weights_follow(tables):
    for _, own in tables["race"].groupby("sample"):
        assert own["bic"].is_monotonic_increasing
        weight = np.exp(-0.5 * (own["bic"] - own["bic"].min()))
        np.testing.assert_allclose(own["weight"], weight / weight.sum())
        # one more coefficient costs log(reliefs) at most: no rival is worse than the constant by more
        constant = own[own["rival"] == "constant"]["bic"].iloc[0]
        assert (own["bic"] <= constant + np.log(own["reliefs"].iloc[0]) + 1.0).all()
    assert set(tables["race"]["rival"]) == {
        "constant", "drawdown", "fading", "fear", "yield", "retaliation", "deadline", "talks", "target",
    }  # fmt: skip


def test_falsifiers_are_those_declared_with_the_figures_of_the_tables(verdict, tables, rules):
    declared = [text for link in ("h1", "h2", "h3") for text in rules.falsifiers[link]]
    assert [f.text for f in verdict.falsifiers] == declared
    by_text = {f.text: f for f in verdict.falsifiers}
    lead = verdict.samples["after"]
    h2, h3 = lead.links["H2"], lead.links["H3"]
    first = by_text["not positive or not significant in the headline sample"]
    assert first.fires == (h2.estimate <= 0 or h2.pvalue > 0.05)
    assert first.figure.startswith(f"difference {h2.estimate:+.4f}, p = ")
    gone = next(f for f in verdict.falsifiers if f.text == rules.falsifiers["h1"][1])
    assert gone.figure.startswith(
        f"all events {pvalue_words(verdict.samples['all'].links['H1'].pvalue)}, without them p"
    )
    assert all(f.figure for f in verdict.falsifiers)
    assert by_text["not significant against drawdown-matched placebos"].fires == (h3.details["p_matched"] > 0.05)
    median = used_median(tables)
    assert by_text["median not positive"].fires == (median <= 0)
    assert f"{median:+.2f}" in by_text["median not positive"].figure
    assert [text for text, f in by_text.items() if not f.required] == list(rules.falsifiers_open)


def used_median(tables):
    """Give the median of the hold-out's reactions to relief: clipping leaves the middle alone."""
    used = tables["events_used"]
    return used[(used["link"] == "H3") & (used["period"] == "after")]["sar"].median()


@pytest.mark.parametrize(("whole", "without", "fires"), [(0.01, 0.2, True), (0.01, 0.03, False), (0.3, 0.6, False)])
def test_what_was_never_there_cannot_begone(rules, whole, without, fires):
    assert gone("H1", "gone", without, whole, rules.alpha).fires is fires
    assert gone("H1", "gone", float("nan"), whole, rules.alpha).fires is None


def test_an_effect_at_the_size_of_the_tests_is_there(rules):
    assert gone("H1", "gone", 0.2, rules.alpha, rules.alpha).fires is True
    assert gone("H1", "gone", rules.alpha, 0.01, rules.alpha).fires is False


def test_a_falsifier_without_a_p_value_says_why(rules):
    found = significance("H2", "beside", float("nan"), rules.alpha, "no yield in these prices")
    assert (found.fires, found.figure) == (None, "no yield in these prices")
    assert significance("H2", "beside", 0.05, rules.alpha).fires is False
    assert significance("H2", "beside", 0.051, rules.alpha).fires is True


def test_rates_on_the_ladder_are_those_announced(flagship, tables):
    ladder = tables["rate_ladder"]
    assert ladder["session"].is_monotonic_increasing
    assert set(ladder["side"]) == {"decider", "rival"}
    details = flagship[0].to_frame()
    for row in ladder.itertuples():
        assert row.rate_after == details.loc[row.event_id, "rate_after"]
        assert details.loc[row.event_id, "instrument"] != "export_control"


def test_links_are_the_samples_own(verdict, tables):
    table = tables["links"].set_index(["sample", "link"])
    for name, sample in verdict.samples.items():
        assert isinstance(sample, SampleVerdict)
        for link, test in [*sample.links.items(), ("chain", sample.chain)]:
            row = table.loc[(name, link)]
            np.testing.assert_equal(row["pvalue"], test.pvalue)
            np.testing.assert_equal(row["power"], sample.power[link].power)
            np.testing.assert_equal(row["p_two_of_three"], test.details.get("p_two_of_three", np.nan))
    # of every pair of links the larger: what "at least two of three" would ask of the best pair, times two
    lead = verdict.samples["after"]
    best = min(max(a.pvalue, b.pvalue) for a, b in combinations(lead.links.values(), 2))
    assert lead.chain.details["p_two_of_three"] == pytest.approx(min(1.0, 2 * best))
