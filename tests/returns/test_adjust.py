"""Adjustment: against a holder who reinvests, against a loop, and against real splits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import DataError
from eventstudy.returns import adjust_prices
from eventstudy.returns.adjust import adjusted_close
from eventstudy.returns.bars import Bars

EXACT = 1e-12  # relative; the same products in another order
DAYS = pd.bdate_range("2024-01-01", periods=250)


def brute_force(close, dividends, splits, *, cash=True):
    """Adjust by going back day by day: before an ex-day multiply by 1 - D/P, before a split divide by its ratio."""
    adjusted = close.to_numpy().copy()
    for day in range(len(close) - 1, 0, -1):
        factor = 1.0
        basis = close.iloc[day - 1]
        if splits.iloc[day] > 0:
            factor /= splits.iloc[day]
            basis /= splits.iloc[day]
        if cash and dividends.iloc[day] > 0:
            factor *= 1.0 - (dividends.iloc[day] / max(splits.iloc[day], 1.0)) / basis
        adjusted[:day] *= factor
    return adjusted


def example(seed):
    rng = np.random.default_rng(seed)
    close = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.02, 250))), index=DAYS)
    dividends = pd.Series(0.0, index=DAYS)
    splits = pd.Series(0.0, index=DAYS)
    dividends.iloc[[30, 93, 156, 219]] = rng.uniform(0.2, 2.0, 4)
    splits.iloc[[60, 180]] = [4.0, 0.1]  # one for ten is a reverse split
    close.iloc[60:] /= 4.0
    close.iloc[180:] *= 10.0
    return close, dividends, splits


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_closes_equal_the_loop(seed):
    close, dividends, splits = example(seed)
    np.testing.assert_allclose(
        adjust_prices(close, dividends, splits), brute_force(close, dividends, splits), rtol=EXACT
    )
    np.testing.assert_allclose(
        adjust_prices(close, dividends, splits, kind="price"),
        brute_force(close, dividends, splits, cash=False),
        rtol=EXACT,
    )


def test_the_return_of_an_ex_day_is_that_of_a_holder_who_reinvests_at_the_close_before():
    close = pd.Series([50.0, 49.5, 51.0], index=DAYS[:3])
    dividends = pd.Series([0.0, 1.0, 0.0], index=DAYS[:3])
    total = adjust_prices(close, dividends)
    assert total.iloc[1] / total.iloc[0] - 1 == pytest.approx(49.5 / (50.0 - 1.0) - 1, rel=EXACT)
    assert total.iloc[2] == 51.0


def test_a_split_is_no_return():
    """NVDA, ten for one on 2024-06-10: closes as traded on 7 and 10 June 2024."""
    close = pd.Series([1208.88, 121.79], index=pd.to_datetime(["2024-06-07", "2024-06-10"]))
    splits = pd.Series([0.0, 10.0], index=close.index)
    adjusted = adjust_prices(close, splits=splits)
    assert adjusted.iloc[1] / adjusted.iloc[0] - 1 == pytest.approx(0.0075, abs=5e-5)  # reported as +0.75 %


def test_a_hole_before_an_ex_day_uses_the_last_close_there_is():
    close = pd.Series([50.0, np.nan, 49.0], index=DAYS[:3])
    dividends = pd.Series([0.0, 0.0, 1.0], index=DAYS[:3])
    adjusted = adjust_prices(close, dividends)
    assert adjusted.iloc[0] == pytest.approx(49.0, rel=EXACT)
    assert np.isnan(adjusted.iloc[1])


def test_nothing_is_done_where_nothing_happened():
    close = pd.Series([1.1, 2.2, 3.3], index=DAYS[:3])
    assert adjust_prices(close, close * 0, close * 0).tolist() == close.tolist()
    assert adjust_prices(close).tolist() == close.tolist()


def test_a_dividend_above_the_price_in_a_sources_bars_is_a_slip_not_a_total_loss():
    bars = Bars(pd.DataFrame({"close": [1.0, 1.0], "dividend": [0.0, 5.0]}, index=DAYS[:2]))
    assert adjusted_close(bars, "total").tolist() == [1.0, 1.0]


SLIPS = {
    "dividend of 5 on 2025-03-04 is not below the close before it": ({"2025-03-04": 5.0}, None),
    "dividend of 2 on 2025-03-05 is not below the close before it": ({"2025-03-05": 2.0}, None),
    "dividend of -1 on 2025-03-04 cannot be": ({"2025-03-04": -1.0}, None),
    "dividend of inf on 2025-03-04 cannot be": ({"2025-03-04": np.inf}, None),
    "split of -4 on 2025-03-04 cannot be": (None, {"2025-03-04": -4.0}),
    "split of inf on 2025-03-05 cannot be": (None, {"2025-03-05": np.inf}),
    "dividend of 0.5 on 2025-03-04 12:00:00: close has no such day": ({"2025-03-04 12:00": 0.5}, None),
    "split of 2 on 2025-03-03 09:30:00: close has no such day": (None, {"2025-03-03 09:30": 2.0}),
    "dividends are not numbers": ({"2025-03-04": "five"}, None),
}


@pytest.mark.parametrize("kind", ["total", "price"])
@pytest.mark.parametrize("why", SLIPS)
def test_what_cannot_be_is_refused_with_its_day_and_value(why, kind):
    close = pd.Series([2.0, np.nan, 3.0], index=pd.to_datetime(["2025-03-03", "2025-03-04", "2025-03-05"]))
    dividends, splits = (
        None if said is None else pd.Series(list(said.values()), index=pd.to_datetime(list(said)))
        for said in SLIPS[why]
    )
    with pytest.raises(DataError, match=why):
        adjust_prices(close, dividends, splits, kind=kind)


@pytest.mark.filterwarnings("error")
def test_splits_that_leave_no_price_are_refused_with_the_one_that_is_to_blame():
    close = pd.Series([2.0, np.nan, 3.0], index=DAYS[:3])
    for ratios, why in (
        ([5e-324, 0.5], "split of 4.94066e-324 on 2024-01-02 makes the close of 2024-01-01 inf"),
        ([2.0, 1e-320], "split of 9.99989e-321 on 2024-01-03 makes the close of 2024-01-01 inf"),
        ([1e200, 1e201], "split of 1e.201 on 2024-01-03 makes the close of 2024-01-01 0"),
    ):
        with pytest.raises(DataError, match=why):
            adjust_prices(close, splits=pd.Series(ratios, index=DAYS[1:3]))
    first = pd.Series([5e-324], index=DAYS[:1])  # before the first day there is nothing to adjust
    assert adjust_prices(close, splits=first).dropna().tolist() == [2.0, 3.0]


def test_what_is_no_series_is_refused_and_what_lies_outside_the_days_changes_nothing():
    close = pd.Series([2.0, 3.0], index=DAYS[:2])
    for dividends in ([0.0, 1.0], {"2025-03-03": 1.0}, 5):
        with pytest.raises(DataError, match="not a pandas Series by date"):
            adjust_prices(close, dividends)
    with pytest.raises(DataError, match=r"close has 20.* more than once"):
        adjust_prices(pd.Series([1.0, 1.0], index=DAYS[[0, 0]]))
    zoned = pd.Series([0.5], index=DAYS[1:2].tz_localize("UTC"))
    with pytest.raises(DataError, match="close has no such day"):
        adjust_prices(close, zoned)
    beyond = pd.Series([0.5, 0.5], index=[DAYS[0] - pd.Timedelta(days=9), DAYS[1] + pd.Timedelta(days=9)])
    assert adjust_prices(close, beyond).tolist() == close.tolist()


def test_what_the_source_does_not_have_cannot_be_asked_for():
    bars = Bars(pd.DataFrame({"close": [1.0]}, index=DAYS[:1]))
    assert adjusted_close(bars, "total").tolist() == [1.0]
    with pytest.raises(ValueError, match="no adjusted close of its own; use adjustment='total'"):
        adjusted_close(bars, "source")
