"""The ledger: complete, honest about what it lacks, and every figure again from the closes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from eventstudy.events import load_episodes, load_events
from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.claims.judge import RULES
from eventstudy.hypothesis.claims.ledger import WORDS, load_claims
from eventstudy.returns import PricePanel

ROUNDED = 0.00006  # percentages are shown with two places


@pytest.fixture(scope="module")
def claims(second):
    return {claim.number: claim for claim in second[2].claims}


@pytest.fixture(scope="module")
def close(second):
    return second[1].frame["^GSPC"]


def numbers(text):
    return [float(found) for found in re.findall(r"[+-]?\d+\.\d+", text)]


def test_all_fifty_are_judged(claims):
    entries = load_claims()
    assert [entry["number"] for entry in entries] == list(range(1, 51))
    assert sorted(claims) == sorted(RULES) == list(range(1, 51))
    for claim in claims.values():
        assert claim.verdict in WORDS
        assert claim.figure or claim.reason
        if claim.verdict in {"not testable", "mixed", "descriptive"}:
            assert claim.reason
        assert claim.test
        # what was judged says on which dates; what lacks its data has none
        assert claim.window or claim.verdict == "not testable"


def test_the_table_is_the_claims(second, claims):
    table = second[2].tables()["claims"]
    assert len(table) == 50
    for row in table.itertuples():
        assert row.verdict == claims[row.number].verdict


def test_fall_of_april(claims, close):
    since, whole = numbers(claims[10].figure)[:2]
    assert since / 100 == pytest.approx(close["2025-04-08"] / close["2025-04-02"] - 1, abs=ROUNDED)
    assert whole / 100 == pytest.approx(close["2025-04-08"] / close["2025-01":"2025-04"].max() - 1, abs=ROUNDED)
    assert claims[10].verdict == "contradicted"  # 18 % is the fall from February, not from the announcement


def test_recovery_of_june(claims, close):
    peak = close["2025-02"].max()
    first, second = numbers(claims[11].figure)[:2]
    assert first / 100 == pytest.approx(close["2025-06-09"] / peak - 1, abs=ROUNDED)
    assert second / 100 == pytest.approx(close["2025-06-10"] / peak - 1, abs=ROUNDED)


def test_third_after_geneva(claims, close):
    share = (close["2025-06-09"] - close["2025-05-09"]) / (close["2025-06-09"] - close["2025-04-08"])
    assert numbers(claims[12].figure)[0] / 100 == pytest.approx(share, abs=0.0006)
    assert claims[12].verdict == "supported"


def test_pause(claims, second, close):
    fear = second[1].frame["^VIX"]
    shown = numbers(claims[14].figure)
    assert shown == [round(fear[day], 1) for day in ("2025-04-08", "2025-04-09", "2025-04-16")]
    rank = (close.pct_change(fill_method=None)["2025"].rank(ascending=False))["2025-04-09"]
    assert f"rank {rank:.0f} of" in claims[15].figure


def test_rates_and_dates(claims):
    events = load_events("us-china")
    assert events["2025-05-12_geneva"].announced_at.month == 5
    assert claims[16].verdict == "mixed"  # right rates, wrong month
    assert claims[31].verdict == "supported"
    assert claims[19].figure.startswith("4 days")


def test_sign_rates(claims, second):
    used = second[2].tables()["events_used"]
    relief = used[used["link"] == "H3"]
    inside = relief[relief["period"] != ""]
    assert f"{100 * (inside['car'] > 0).mean():.0f}% of {len(inside)}" in claims[3].figure
    fear = second[1].frame["^VIX"].diff()
    out = second[2].tables()["excluded"]  # sessions with too little history have no score, but a fear gauge
    threats = pd.concat([used[used["link"] == "H1"], out[out["link"] == "H1"]])["session"]
    reliefs = pd.concat([relief, out[out["link"] == "H3"]])["session"]
    assert f"up on {(fear[threats] > 0).sum()} of {len(threats)} threats" in claims[27].figure
    assert f"down on {(fear[reliefs] < 0).sum()} of {len(reliefs)} reliefs" in claims[27].figure


def test_dose(claims, second):
    points = second[2].tables()["dose"]
    rises = points[points["change"] > 0]
    rho = rises["dose"].corr(rises["sar"], method="spearman")
    assert numbers(claims[4].figure)[2] == pytest.approx(rho, abs=0.006)
    # by hand: 10 points on 200 of 505 billion; 100 points on everything
    covered = rises.set_index("event_id")["dose"]
    assert covered["2018-09-17_200bn"] == pytest.approx(10 * 200 / 505)
    assert covered["2025-10-10_post1"] == pytest.approx(100.0)


def test_shares_of_outcomes(claims):
    """Without the estimator's code: threats of the US, and the share relieved by day 60 where others end otherwise first."""
    table = load_episodes("us-china")
    mine = table[table["actor"].isin(["US", "both"])]
    days = ((mine["end_et"] - mine["start_et"]).dt.total_seconds() / 86400).to_numpy()
    ends = mine["end"].to_numpy()
    still, relieved = 1.0, 0.0
    for day in sorted(set(days[days <= 60])):
        n, here = (days >= day).sum(), days == day
        relieved += still * (here & (ends == "softened")).sum() / n
        still *= 1 - (here & (ends != "censored")).sum() / n
    relief = float(re.search(r"all targets: relief (\d+)%", claims[6].figure).group(1)) / 100
    assert relief == pytest.approx(relieved, abs=0.02)
    assert f"of {len(mine)};" in claims[6].figure


def test_talks_against_quiet_sessions(claims, second):
    assert claims[34].verdict in {"mixed", "supported", "contradicted"}
    size = numbers(claims[34].figure)[0]
    variants = second[2].tables()["variants"]
    talks = variants.query("sample == 'all' and link == 'H3' and variant == 'talks (neither)'")
    assert f"{int(talks['n'].iloc[0])} talks" in claims[34].figure
    assert size >= abs(talks["estimate"].iloc[0]) - 0.05  # a mean of sizes is no smaller than the size of a mean


@pytest.mark.slow
def test_a_source_without_the_session_says_so(second):
    catalog, prices, _ = second
    short = SelloffForcesSoftening(quick=True).test(catalog, PricePanel(prices.frame.loc[:"2025-05-30"]))
    found = {claim.number: claim for claim in short.claims}
    assert found[11].verdict == "not testable"
    assert found[11].reason.startswith("not testable with this source: no price on 2025-06-09")
    assert found[10].verdict == "contradicted"


@pytest.mark.slow
def test_named_tickers_open_their_claims(second):
    catalog, prices, _ = second
    rng = np.random.default_rng(0)
    frame = prices.frame.copy()
    for symbol in ("NVDA", "AMD", "MRVL", "AVGO", "BG", "MP", "ORCL"):
        frame[symbol] = 100 * np.cumprod(1 + 0.02 * rng.standard_normal(len(frame)))
    verdict = SelloffForcesSoftening(quick=True).test(catalog, PricePanel(frame))
    found = {claim.number: claim for claim in verdict.claims}
    returns = frame.pct_change(fill_method=None).loc["2025-06-09"]
    assert f"NVDA {100 * (returns['NVDA'] - returns['^GSPC']):+.2f}%" in found[17].figure
    assert found[30].verdict in {"supported", "mixed", "contradicted"}
    assert found[25].verdict in {"supported", "mixed"}
    assert {"NVDA", "MP"} <= set(verdict.tables()["securities"]["symbol"])
    assert "chips" in set(verdict.tables()["groups"]["group"])


@pytest.mark.slow
def test_another_catalogue_has_no_ledger(second):
    verdict = SelloffForcesSoftening(definitions="fomc", quick=True).test(load_events("fomc"), second[1])
    assert verdict.claims == ()
    assert verdict.samples["later"].links["H1"].title == "hike -> selloff"
    assert set(verdict.samples) == {"all", "earlier", "later"}
    # its own threats are laid over each other, by their dates
    assert verdict.facts["overlay"]["first"].startswith("threat of ")
    assert "2025" not in verdict.facts["overlay"]["first"]
    used = verdict.tables()["events_used"]
    hikes = load_events("fomc").to_frame().query("stance == 'hike'")
    assert (used["link"] == "H1").sum() == len(hikes)
    assert pd.Timestamp("2022-06-15") in set(used.loc[used["link"] == "H1", "session"])
