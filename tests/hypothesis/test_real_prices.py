"""With real prices of named tickers, to 2026: the claims about them open, and nothing is invented beyond the calendars."""

from __future__ import annotations

import pandas as pd
import pytest

from eventstudy.events import load_events
from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.returns import PricePanel

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
    study = build_record(load_events("us-china"), prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")
    macro = pd.Series(study.record.market.macro, index=study.index)
    assert (macro.loc["2026":] == -1).all()
    assert macro.loc["2025"].sum() > 20
