"""With real prices of named tickers, to 2026: the claims about them open, and nothing is invented beyond the calendars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions
from eventstudy.events import load_events
from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.record.build_record import build_record, market_of
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.returns import PricePanel, load_prices

NAMES = [
    "NVDA",
    "AMD",
    "AVGO",
    "MRVL",
    "MP",
    "USAR",
    "REMX",
    "ZIM",
    "ASML",
    "AMAT",
    "LRCX",
    "KLAC",
    "BG",
    "ADM",
    "ORCL",
]


@pytest.fixture(scope="module")
def prices(real_data):
    wide = pd.read_parquet(real_data / "named_tickers_adjclose.parquet")
    names = [name for name in NAMES if name in wide.columns]
    return PricePanel(wide.loc[wide["^GSPC"].notna(), ["^GSPC", "^VIX", *names]])


@pytest.mark.slow
def test_claims_about_names_open_with_their_prices(prices):
    verdict = SelloffForcesSoftening(quick=True).test(load_events("us-china"), prices)
    found = {claim.number: claim for claim in verdict.claims}
    for number in (17, 25, 30):
        assert found[number].verdict != "not testable", number
        assert found[number].figure
        assert found[number].verdict != "mixed" or found[number].reason
    # no yield among these prices: what was declared cannot be judged, so the chain cannot be supported
    beside = next(f for f in verdict.falsifiers if "beside" in f.text)
    assert beside.figure == "no yield in these prices"
    assert verdict.supported is not True
    assert {"chips", "chip equipment"} <= set(verdict.tables()["groups"]["group"])


def test_sessions_beyond_the_macro_calendar_are_unknown_not_quiet(prices, rules):
    """The calendar of the facts was looked through to 20 August 2026; its last rows are 7 (jobs) and 12 August (CPI)."""
    days = sessions("XNYS", pd.Timestamp("2026-08-03"), pd.Timestamp("2026-09-30"))
    level = np.full(days.size, 100.0)
    macro = pd.Series(market_of(pd.DataFrame({"^GSPC": level}, index=days), "^GSPC", None, "XNYS").macro, index=days)
    assert macro.index[macro == 1].strftime("%m-%d").tolist() == ["08-07", "08-12"]
    assert (macro.loc["2026-08-21":] == -1).all()
    assert (macro.loc[:"2026-08-20"] >= 0).all()
    study = build_record(load_events("us-china"), prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    known = pd.Series(study.record.market.macro, index=study.index)
    assert (known.loc["2018":] >= 0).all()
    assert (known.loc[:"2017"] == -1).all()


def test_nothing_is_at_risk_beyond_the_last_close_of_the_market():
    """A yield of another source may go on: its sessions have no loss to measure."""
    frame = load_prices(["^GSPC", "^VIX", "UST10Y"], source="bundled").frame
    short = frame.assign(**{"^GSPC": frame["^GSPC"].where(frame.index <= "2026-07-31")})
    words = {"rules": load_definitions(), "market": "^GSPC", "fear": "^VIX", "calendar": "XNYS"}
    study = build_record(load_events("us-china"), PricePanel(short), **words)
    cut = build_record(load_events("us-china"), PricePanel(frame.loc[:"2026-07-31"]), **words)
    assert study.index[-1] == pd.Timestamp("2026-07-31")
    np.testing.assert_array_equal(study.record.risk.rows.day, cut.record.risk.rows.day)
    assert study.record.risk.reliefs == cut.record.risk.reliefs != ()
    assert study.ends["UST10Y"] == pd.Timestamp("2026-08-20")  # what each table holds is still said


def test_a_missing_close_takes_out_the_pairs_that_it_would_measure_and_no_others():
    """By brute force over the pairs: the close before the episode, or the one before the session, is the missing one."""
    frame = load_prices(["^GSPC", "^VIX"], source="bundled").frame
    words = {"rules": load_definitions(), "market": "^GSPC", "fear": "^VIX", "calendar": "XNYS"}
    whole = build_record(load_events("us-china"), PricePanel(frame), **words).record.risk
    gone = frame.index.get_loc("2025-05-09")  # the close before Geneva
    holed = frame.assign(**{"^GSPC": frame["^GSPC"].where(frame.index != frame.index[gone])})
    risk = build_record(load_events("us-china"), PricePanel(holed), **words).record.risk

    def pairs(sets):
        return list(zip(sets.rows.episode.tolist(), sets.rows.day.tolist(), sets.rows.base.tolist(), strict=True))

    kept = [(episode, day, base) for episode, day, base in pairs(whole) if gone not in (base, day - 1)]
    assert pairs(risk) == kept
    assert len(kept) < len(pairs(whole))
    relieved = {(one.name, *pairs(whole)[row]) for one in whole.reliefs for row in one.rows}
    still = {(one.name, *pairs(risk)[row]) for one in risk.reliefs for row in one.rows}
    assert still == {row for row in relieved if gone not in (row[3], row[2] - 1)} < relieved
    told = risk.account[risk.account["reason"] == "no close to measure its loss by"]
    lost = {(name, risk.ids[episode]) for name, episode, *_ in relieved - still}
    assert set(zip(told["relief"], told["episode"], strict=True)) == lost
