"""Five hundred S&P members and all events of 2025, where the real prices are at hand; only counts are asserted."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es

DATA = os.environ.get("EVENTSTUDY_TEST_DATA", "")
pytestmark = pytest.mark.skipif(not DATA, reason="EVENTSTUDY_TEST_DATA names no folder of real prices")


@pytest.fixture(scope="module")
def panel():
    frame = es.load_prices(None, source=str(Path(DATA) / "sp500_members_adjclose.parquet")).frame.copy()
    market = pd.read_parquet(Path(DATA) / "named_tickers_adjclose.parquet")["^GSPC"]
    return es.ReturnPanel.from_prices(frame.assign(**{"^GSPC": market.reindex(frame.index)}))


def _days_of_news(catalog, returns):
    """Days 0 and +1 of every event of which the prices know."""
    at_event = returns.index.get_indexer(pd.DatetimeIndex(catalog.sessions("XNYS")["session"]))
    at_event = at_event[at_event >= 0]
    return np.union1d(at_event, at_event + 1)


def _by_hand(catalog, year, returns):
    """Count who is left out: fewer than 100 of 250 sessions to day -11 beside news, else no return from day -10 to +10."""
    known, masked = returns.notna(), _days_of_news(catalog, returns)
    market = known.pop("^GSPC").to_numpy()
    known = known.to_numpy()
    few = gone = 0
    for day in returns.index.get_indexer(pd.DatetimeIndex(year.sessions("XNYS")["session"])):
        used = np.setdiff1d(np.arange(day - 260, day - 10), masked)
        short = (known[used] & market[used, None]).sum(axis=0) < 100
        few += int(short.sum())
        gone += int((~short & ~known[day - 10 : day + 11].any(axis=0)).sum())
    return {"too_few_bars": few, "no_returns_in_window": gone, "benchmark": len(year)}


def test_every_member_and_event_is_studied_or_excluded_with_a_reason(panel):
    catalog = es.load_events("us-china")
    year = catalog.select(since="2025-01-01", until="2025-12-31")
    result = es.EventStudy(model=es.MarketModel("^GSPC"), mask_events=catalog).fit(year, panel)
    table = result.car((0, 1))
    assert len(table) + len(result.excluded) == len(year) * panel.frame.shape[1]
    assert _by_hand(catalog, year, panel.frame) == result.excluded["reason"].value_counts().to_dict()
    has = panel.frame.notna()
    either = has | has.shift(-1, fill_value=False)  # a return on day 0 or on day +1
    place = either.index.get_indexer(table["session"]), either.columns.get_indexer(table["symbol"])
    there = either.to_numpy()[place]
    assert not there.all()
    np.testing.assert_array_equal(np.isfinite(table["car"]), there)
    rng = np.random.default_rng(0)
    returns = panel.frame
    masked = _days_of_news(catalog, returns)
    for row in table.iloc[rng.choice(len(table), 40, replace=False)].itertuples():
        d = returns.index.get_loc(row.session)
        y, x = returns[row.symbol].to_numpy(), sm.add_constant(returns["^GSPC"].to_numpy())
        used = np.setdiff1d(np.arange(d - 260, d - 10), masked)
        used = used[np.isfinite(y[used]) & np.isfinite(x[used]).all(axis=1)]
        fit = sm.OLS(y[used], x[used]).fit()
        window = np.array([t for t in (d, d + 1) if np.isfinite(y[t])])
        total = x[window].sum(axis=0)
        np.testing.assert_allclose(row.car, (y[window] - x[window] @ fit.params).sum(), rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(
            row.se, np.sqrt(fit.scale * window.size + total @ fit.cov_params() @ total), rtol=1e-10
        )
