"""The one call: what it takes, what it says while it runs, and that it bends to other inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import load_episodes, load_events
from eventstudy.hypothesis import SelloffForcesSoftening, load_definitions
from eventstudy.hypothesis.links.evidence import prepare
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.market import drawdown
from eventstudy.hypothesis.record.strata import strata_of
from eventstudy.returns import PricePanel, ReturnPanel, load_returns

DOCS = Path(__file__).parents[2] / "docs" / "flagship.md"


@pytest.fixture(scope="module")
def study(flagship, rules):
    catalog, prices, _ = flagship
    return build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")


def test_strata_follow_the_periods(study, rules):
    busy, index = study.record.busy, study.index
    everything = strata_of(dict(rules.periods), index, busy, rules.placebo.pool_before)
    # two adjacent periods of 2025 form one stretch; the first trade war is another
    assert [s.name for s in everything] == ["earlier", "before and after"]
    for stratum in everything:
        assert not busy[stratum.pool].any()
        assert stratum.pool.min() >= stratum.first - rules.placebo.pool_before
        assert stratum.pool.max() <= stratum.last
    after = strata_of({"after": rules.periods["after"]}, index, busy, rules.placebo.pool_before)[0]
    assert index[after.first] == pd.Timestamp("2025-05-05")
    assert after.last == len(index) - 1
    assert strata_of({"late": ("2031-01-01", "2031-12-31")}, index, busy, rules.placebo.pool_before) == []


def test_yields_are_the_last_quoted(study, flagship):
    quoted = flagship[1].frame["UST10Y"]
    closed = quoted.index[quoted.isna()][3]
    at = study.index.get_loc(closed)
    assert study.record.market.rate[at] == quoted.loc[:closed].dropna().iloc[-1]


def test_macro_days_are_flagged(study):
    events = study.events
    assert events.loc["2025-04-04_cn34", "macro"]  # the employment report of that morning
    assert not events.loc["2025-05-30_violated", "macro"]


@pytest.mark.slow
def test_progress_names_each_stage(flagship):
    catalog, prices, _ = flagship
    said = []
    SelloffForcesSoftening(quick=True, progress=said.append).test(catalog, prices)
    assert said[:4] == ["sample all", "sample earlier", "sample before", "sample after"]
    assert {"the race of the rivals", "the specification curve", "the ledger of claims"} <= set(said)


@pytest.mark.slow
def test_another_seed_moves_p_values_but_no_estimate(flagship):
    catalog, prices, verdict = flagship
    other = SelloffForcesSoftening(quick=True, seed=1, definitions="us-china-v1").test(catalog, prices)
    one, two = verdict.samples["after"], other.samples["after"]
    for name in ("H1", "H2", "H3"):
        assert one.links[name].estimate == two.links[name].estimate
    assert one.links["H1"].details["p_permutation"] != two.links["H1"].details["p_permutation"]
    # the circular shift of one stretch is enumerated: no draw in it
    assert one.links["H1"].details["p_shift"] == two.links["H1"].details["p_shift"]


@pytest.mark.slow
def test_without_fear_gauge_or_yield(flagship):
    catalog, prices, _ = flagship
    bare = PricePanel(prices.frame[["^GSPC"]])
    verdict = SelloffForcesSoftening(fear=None, quick=True).test(catalog, bare)
    assert verdict.samples["all"].links["H1"].applicable
    assert "fear" not in set(verdict.tables()["race"]["rival"])
    assert "yield" not in set(verdict.tables()["race"]["rival"])
    beside = next(f for f in verdict.falsifiers if "beside" in f.text)
    assert beside.fires is None
    assert beside.figure == "no fear gauge and no yield in these prices"
    assert any("no fear gauge and no yield in these prices" in reason for reason in verdict.reasons)
    assert "not tested, no fear gauge and no yield" in verdict.summary(full=True)


@pytest.mark.parametrize("cut", ["2018-05-18", "2019-03-14", "2025-02-06", "2025-04-09", "2025-06-30", "2025-10-13"])
def test_predictors_do_not_look_ahead_at_any_date(flagship, study, rules, cut):
    """Truncate prices and catalogue: scores, states, drawdowns and risk sets of earlier sessions stay as they were."""
    catalog, prices, _ = flagship
    short = PricePanel(prices.frame.loc[:cut])
    part = build_record(catalog.select(until=cut), short, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    whole, early = (
        prepare(study.record, rules.reaction, rules.decision, rules.placebo.prior_sessions),
        prepare(part.record, rules.reaction, rules.decision, rules.placebo.prior_sessions),
    )
    size = len(part.index)
    # the window of the mask ends with the catalogue: the scores of all sessions up to the cut use events before them
    np.testing.assert_allclose(early.scores.z, whole.scores.z[:size], rtol=1e-9)
    np.testing.assert_array_equal(early.base, whole.base[:size])
    np.testing.assert_allclose(early.loss, whole.loss[:size], rtol=1e-12)
    np.testing.assert_array_equal(part.record.market.macro, study.record.market.macro[:size])
    for kind in ("peak", "week", "scaled"):
        np.testing.assert_allclose(
            drawdown(part.record.market, kind, early.base, rules.decision),
            drawdown(study.record.market, kind, whole.base, rules.decision)[:size],
            rtol=1e-12,
        )


def test_a_leak_chain_stands_at_its_earliest_credible_news(flagship):
    """Geneva: news from Saturday evening, the statement on Monday; one decision, one session, the first row leads."""
    tables = flagship[2].tables()
    used = tables["events_used"].query("link == 'H3'").set_index("session")["event_ids"]
    assert used[pd.Timestamp("2025-05-12")] == "2025-05-10_reset"
    out = tables["excluded"].set_index("event_id")["reason"]
    assert out["2025-05-12_geneva"] == "follow-up news of a decision already counted"


def test_a_quick_run_says_what_it_did_less_of(flagship, rules):
    verdict = flagship[2]
    said = verdict.summary(full=True).splitlines()[-1]
    full = rules.replications
    assert f"{full.quick} draws in each test instead of {full.headline}" in said
    assert f"{full.quick // 2} in the specification curve and the variants instead of {full.curve}" in said
    assert verdict.provenance["power_draws"] == min(full.quick, full.power)
    assert (
        len(verdict.frames()["placebos"].query("sample == 'after' and link == 'H1' and scheme == 'matched'"))
        == full.quick
    )


@pytest.mark.slow
def test_own_securities(flagship):
    catalog, prices, _ = flagship
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        0.01 * rng.standard_normal((len(prices.frame), 2)), index=prices.frame.index, columns=["X", "Y"]
    )
    verdict = SelloffForcesSoftening(quick=True).test(catalog, prices, securities=ReturnPanel(frame))
    assert set(verdict.tables()["securities"]["symbol"]) == {"X", "Y"}
    assert set(verdict.tables()["tells"]["symbol"]) == {"X", "Y"}


@pytest.mark.slow
def test_own_episodes(flagship):
    catalog, prices, _ = flagship
    few = load_episodes("us-china-v1")
    few = few[few["id"].isin(["E06", "E19", "A11"])]
    verdict = SelloffForcesSoftening(quick=True, episodes=few).test(catalog, prices)
    assert verdict.tables()["cycles"]["id"].tolist() == ["A11", "E06", "E19"]


@pytest.mark.slow
def test_a_bare_catalogue_of_ones_own(flagship):
    """Four columns are enough: no level, no scope, no episode; stances as the definitions name them."""
    rng = np.random.default_rng(4)
    days = pd.bdate_range("2018-02-01", "2019-11-29")[::9]
    frame = pd.DataFrame(
        {
            "id": [f"e{i}" for i in range(len(days))],
            "name": "made up",
            "announced_at": [f"{day:%Y-%m-%d} 11:00" for day in days],
            "stance": np.where(rng.random(len(days)) < 0.6, "escalation", "softening"),
            "actor": "US",
        }
    )
    catalog = load_events(frame, timezone="America/New_York")
    changes = {
        "sample": {"scopes": [], "relief_levels": []},
        "periods": {"only": ["2018-01-02", "2020-01-31"], "headline": "only"},
        "ledger": "",
    }
    verdict = SelloffForcesSoftening(quick=True, definitions=changes).test(catalog, flagship[1])
    assert list(verdict.samples) == ["all", "only"]
    assert verdict.samples["only"].links["H1"].n_clusters + verdict.samples["only"].links["H3"].n_clusters > 30
    assert verdict.samples["only"].links["H2"].n_clusters > 5
    assert verdict.supported is not True  # dates at random
    assert verdict.claims == ()


def test_definitions_are_in_the_answer(flagship):
    verdict = flagship[2]
    content = verdict.to_dict()["definitions"]
    assert content["reaction"]["window"] == [0, 0]
    assert content["digest"] == load_definitions("us-china-v1").digest == verdict.provenance["definitions_digest"]


@pytest.mark.slow
@pytest.mark.parametrize(("stance", "level"), [("escalation", "E2"), ("softening", "S2"), ("talks", "")])
def test_a_catalogue_of_one_stance_has_links_that_could_not_be_tested(flagship, stance, level):
    days = pd.to_datetime(["2025-02-04", "2025-03-04", "2025-06-03", "2025-07-08", "2025-08-05", "2025-10-07"])
    frame = pd.DataFrame({"event_id": list("abcdef"), "announced_at": days + pd.Timedelta(hours=10), "stance": stance})
    frame = frame.assign(name=frame["event_id"], actor="US", scope="china", target="china", level=level)
    _, prices, _ = flagship
    frames = load_returns(["Durbl", "BusEq"], source="bundled")
    verdict = SelloffForcesSoftening(quick=True).test(
        load_events(frame, timezone="America/New_York"), prices, securities=frames
    )
    tested = {name for name, link in verdict.links.items() if link.applicable}
    assert tested == {"escalation": {"H1"}, "softening": {"H3"}, "talks": set()}[stance]
    assert verdict.supported is None
    assert "would have rejected" not in verdict.summary(full=True)  # a power of what could not be tested says nothing


@pytest.mark.slow
def test_prices_are_left_alone(flagship):
    catalog, prices, _ = flagship
    before = prices.frame.copy()
    SelloffForcesSoftening(quick=True).test(catalog, prices)
    pd.testing.assert_frame_equal(prices.frame, before)


@pytest.mark.slow
def test_the_documented_answer_is_the_answer(second):
    """What docs/flagship.md shows is what the full study says on the bundled prices."""
    verdict = SelloffForcesSoftening().test(*second[:2])
    shown = DOCS.read_text("utf-8").split("```text\n")[1].split("\n```")[0]
    assert shown == verdict.summary()
