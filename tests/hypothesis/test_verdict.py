"""The verdict on the real record: its parts agree with one another and with an independent recomputation."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import DataError, StudyError
from eventstudy.hypothesis import SelloffForcesSoftening, load_definitions
from eventstudy.hypothesis.links.intersection_union import partial_conjunction
from eventstudy.returns import PricePanel

TOLERANCE = 1e-9  # figures that went through a table


def test_shape(flagship):
    verdict = flagship[2]
    assert list(verdict.samples) == ["all", "earlier", "before", "after"]
    for sample in verdict.samples.values():
        assert list(sample.links) == ["H1", "H2", "H3"]
        assert set(sample.power) == {"H1", "H2", "H3", "chain"}
    assert verdict.supported in {True, False, None}
    assert verdict.links is verdict.samples["all"].links


def test_chain_is_the_largest_p(flagship):
    for sample in flagship[2].samples.values():
        if all(link.applicable for link in sample.links.values()):
            assert sample.chain.pvalue == max(link.pvalue for link in sample.links.values())
            ordered = sorted(link.pvalue for link in sample.links.values())
            assert sample.chain.details["p_two_of_three"] == pytest.approx(min(1, 2 * ordered[1]))
        else:
            assert not sample.chain.applicable


def test_the_chain_counts_each_session_once(flagship):
    used = flagship[2].tables()["events_used"]
    for name in ("earlier", "after"):
        sessions = used[used["period"] == name]["session"]
        chain = flagship[2].samples[name].chain
        assert chain.n_clusters == sessions.nunique() < len(sessions)
        assert chain.n == len(sessions)


def test_headline_p_is_the_largest_of_its_schemes(flagship):
    for sample in flagship[2].samples.values():
        for name in ("H1", "H3"):
            link = sample.links[name]
            if link.applicable:
                assert link.pvalue == max(
                    link.details[f"p_{s}"] for s in ("permutation", "matched", "shift", "left_out")
                )
        if sample.links["H2"].applicable:
            details = sample.links["H2"].details
            assert sample.links["H2"].pvalue == max(details["p_sessions"], details["p_hazard"])


def test_reactions_by_brute_force(flagship):
    """The standardized abnormal returns of the table, from the prices, one event at a time."""
    catalog, prices, verdict = flagship
    close, fear = prices.frame["^GSPC"], prices.frame["^VIX"]
    returns = close.pct_change(fill_method=None)
    masked = set()
    for session in catalog.sessions("XNYS")["session"]:
        if session in close.index:
            at = close.index.get_loc(session)
            masked |= {at, at + 1}
    used = verdict.tables()["events_used"]
    for row in used.itertuples():
        t = close.index.get_loc(row.session)
        history = returns.iloc[[i for i in range(t - 260, t - 10) if i not in masked]]
        ar = returns.iloc[t] - history.mean()
        spread = np.sqrt((fear.iloc[t - 1] / 100) ** 2 / 252 + history.var() / len(history))
        assert row.car == pytest.approx(ar, abs=TOLERANCE)
        assert row.sar == pytest.approx(ar / spread, abs=TOLERANCE)


@pytest.mark.parametrize("link", ["H1", "H3"])
@pytest.mark.parametrize("name", ["earlier", "after"])
def test_estimates_are_means_of_the_table(flagship, link, name):
    verdict = flagship[2]
    used = verdict.tables()["events_used"]
    mine = used[(used["link"] == link) & (used["period"] == name)]
    test = verdict.samples[name].links[link]
    assert test.n_clusters == len(mine)
    assert test.details["mean_car"] == pytest.approx(mine["car"].mean(), abs=TOLERANCE)
    # winsorising moves a mean of a dozen scores by little
    assert test.estimate == pytest.approx(mine["sar"].mean(), abs=0.25)


def test_drawdown_before_decisions_by_brute_force(flagship):
    """Loss since the last close before the latest open threat, from the table of threats and the closes."""
    _, prices, verdict = flagship
    close = prices.frame["^GSPC"]
    threats = verdict.tables()["threats"]
    threats = threats[threats["used"].astype(bool)]
    decisions = verdict.tables()["events_used"].query("link == 'H2'")
    assert len(decisions) > 5
    for row in decisions.itertuples():
        open_then = threats[(threats["start"] < row.session) & (threats["last"] >= row.session)]
        start = open_then["start"].max()
        base = close.iloc[close.index.get_loc(start) - 1]
        known = close.iloc[close.index.get_loc(row.session) - 1]
        assert row.loss_before == pytest.approx(1 - known / base, abs=TOLERANCE)


@pytest.mark.slow
def test_no_look_ahead_in_the_real_record(flagship):
    """Cut prices and catalogue at a date: no earlier reaction or drawdown of the tables changes."""
    catalog, prices, verdict = flagship
    whole = verdict.tables()["events_used"]
    for cut in ("2019-06-28", "2025-04-08", "2025-07-15"):
        short = PricePanel(prices.frame.loc[:cut])
        early = catalog.select(until=cut)
        part = SelloffForcesSoftening(quick=True, definitions="us-china-v1").test(early, short).tables()["events_used"]
        # follow-up news beyond the cut can still raise the level of a chain: reactions and drawdowns must not move
        both = part.merge(whole, on=["link", "session"], suffixes=("", "_whole"))
        assert len(both) > 0
        for column in ("car", "sar", "loss_before"):
            assert np.allclose(both[column], both[f"{column}_whole"], equal_nan=True, rtol=1e-9)


@pytest.mark.slow
def test_same_seed_same_verdict(flagship):
    catalog, prices, verdict = flagship
    again = SelloffForcesSoftening(quick=True, definitions="us-china-v1").test(catalog, prices)
    assert again.to_dict() == verdict.to_dict()


def test_json_and_words(flagship):
    verdict = flagship[2]
    text = json.dumps(verdict.to_dict(), allow_nan=False)
    assert verdict.definitions.digest in text
    words = verdict.summary(full=True)
    assert "prove" not in words.lower()
    assert "power" in words
    assert "quick run" in words
    lead = verdict.samples[verdict.headline]
    if lead.chain.pvalue > verdict.definitions.alpha:
        assert "not established" in words
        assert verdict.supported is not True


def test_words_match_numbers(flagship):
    """Each p-value of the headline sample is found in the summary, to the digits shown."""
    verdict = flagship[2]
    words = verdict.summary(full=True)
    for link in verdict.samples[verdict.headline].links.values():
        assert f"p = {link.pvalue:.3f}" in words or "p < 0.001" in words


def test_partial_conjunction_is_the_scaled_order_statistic():
    assert partial_conjunction([0.5, 0.01, 0.03], 3) == 0.5
    assert partial_conjunction([0.5, 0.01, 0.03], 2) == pytest.approx(0.06)
    assert partial_conjunction([0.5, 0.01, 0.03], 1) == pytest.approx(0.03)


def test_definitions_override_and_refuse(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[reaction]\nwindow = [0, 1]\n", "utf-8")
    own = load_definitions(path)
    assert own.reaction.window == (0, 1)
    assert own.digest != load_definitions().digest
    with pytest.raises(StudyError, match="'windows' is not one of"):
        load_definitions({"reaction": {"windows": [0, 1]}})
    with pytest.raises(StudyError, match="headline period"):
        load_definitions({"periods": {"headline": "later", "now": ["2025-01-01", "2025-12-31"]}})
    with pytest.raises(StudyError, match="cannot be read"):
        load_definitions(tmp_path / "none.toml")


def test_missing_symbols_are_named(flagship):
    catalog, prices, _ = flagship
    with pytest.raises(DataError, match="'NIKKEI' is not among the prices"):
        SelloffForcesSoftening(market="NIKKEI").test(catalog, prices)


def test_an_empty_catalogue_is_refused(flagship):
    catalog, prices, _ = flagship
    with pytest.raises(StudyError, match="holds no event"):
        SelloffForcesSoftening().test(catalog.select(since="2030-01-01"), prices)


@pytest.mark.slow
def test_period_without_events_is_not_tested(flagship):
    catalog, prices, _ = flagship
    verdict = SelloffForcesSoftening(quick=True, definitions="us-china-v1").test(
        catalog.select(since="2025-05-03"), prices
    )
    assert not verdict.samples["earlier"].chain.applicable
    assert pd.isna(verdict.samples["earlier"].chain.pvalue)
    assert "could not be tested" in verdict.summary(full=True)
