"""On real prices: every test answers or says why, and what should move together does."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.inference import recommend, run_all

DATA = os.environ.get("EVENTSTUDY_TEST_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="EVENTSTUDY_TEST_DATA does not name the folder of real prices")


@pytest.fixture(scope="module")
def returns():
    prices = pd.read_parquet(Path(DATA) / "named_tickers_adjclose.parquet")
    frame = prices if isinstance(prices.index, pd.DatetimeIndex) else prices.set_index(prices.columns[0])
    return frame.pct_change(fill_method=None)


def sample_at(returns, dates, *, window=(0, 1), estimation=(-210, -11)):
    market = next(column for column in returns.columns if "GSPC" in str(column))
    stocks = returns.drop(columns=market)
    bars = [returns.index.get_indexer([pd.Timestamp(d)], method="bfill")[0] for d in dates]
    who = np.tile(np.arange(stocks.shape[1]), len(bars))
    fitted = estimate(
        stocks.to_numpy().T,
        returns[market].to_numpy()[None],
        security=who,
        day0=np.repeat(bars, stocks.shape[1]),
        window=(-5, 5),
        estimation=estimation,
        model=MarketModel("market"),
        minimum=100,
    )
    return fitted.take(np.flatnonzero(fitted.studied)).sample(*window, estimation=True)


@pytest.mark.parametrize("dates", [["2025-04-03"], ["2025-04-03", "2025-04-09", "2025-05-12"]])
def test_every_test_answers_or_says_why(returns, dates):
    sample = sample_at(returns, dates)
    assert sample.car.size > 50
    results = run_all(sample, seed=0)
    for result in results:
        if result.applicable:
            assert math.isfinite(result.statistic), result.name
            assert 0 <= result.pvalue <= 1, result.name
        else:
            assert result.reason, result.name
    by_name = {r.name: r for r in results}
    assert by_name["patell"].n_clusters == len(dates)
    # one panel of stocks on a few dates: far fewer independent observations than security-events
    assert by_name["patell"].n_effective < by_name["patell"].n / 2
    assert by_name["kp_patell"].pvalue >= by_name["patell"].pvalue


def test_on_liberation_day_the_naive_tests_are_not_recommended(returns):
    said = {r.name: r for r in recommend(sample_at(returns, ["2025-04-03"]))}
    for name in ("cross_sectional", "patell", "bmp", "sign", "wilcoxon"):
        assert not said[name].valid
        assert any("dependence" in reason for reason in said[name].reasons)
