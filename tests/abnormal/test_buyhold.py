"""Buy-and-hold abnormal returns by products over days, and delistings by the last return of a series."""

import math

import numpy as np
import pytest

from eventstudy.abnormal import CAPM, MarketAdjusted, MeanAdjusted, estimate
from eventstudy.abnormal.buy_and_hold import buy_and_hold, delisted, expected_returns, growth

RTOL = 1e-12  # a few sums and products in another order


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("after", ["benchmark", "stop"])
def test_products_by_a_loop(log, after):
    rng = np.random.default_rng(0)
    own, other = rng.normal(0.01, 0.05, (2, 12, 5))
    gone = np.arange(5) >= rng.integers(2, 9, (12, 1))
    own[gone] = np.nan
    own[rng.random(own.shape) < 0.15] = np.nan
    other[rng.random(other.shape) < 0.1] = np.nan
    own[3] = np.nan
    found = buy_and_hold(own, other, gone, log=log, after=after)
    for i in range(12):
        one = two = 1.0
        days = 0
        for r, e, left in zip(own[i], other[i], gone[i], strict=True):
            r = e if left and after == "benchmark" else r  # noqa: PLW2901  the proceeds earn the benchmark
            if math.isfinite(r) and math.isfinite(e):
                one *= math.exp(r) if log else 1 + r
                two *= math.exp(e) if log else 1 + e
                days += 1
        assert found[i] == pytest.approx(one - two if days else math.nan, rel=1e-12, abs=1e-15, nan_ok=True)


def test_delisted_after_the_last_return_of_all():
    returns = np.full((4, 10), 0.01)
    returns[1, 6:] = np.nan  # the last on bar 5
    returns[2, [3, 4]] = np.nan  # a hole is no delisting
    returns[3] = np.nan  # never there
    security, start = np.array([0, 1, 1, 1, 2, 3, 0, 3]), np.array([7, 3, 5, 8, 2, 0, 9, -2])
    found = delisted(returns, security, start, 4)
    last = {0: 9, 1: 5, 2: 9, 3: -1}
    for i, (who, first) in enumerate(zip(security, start, strict=True)):
        assert found[i].tolist() == [last[who] < bar < 10 for bar in range(first, first + 4)]


def test_returns_are_simple_and_the_proceeds_earn_the_benchmark_unless_said_otherwise():
    own, other = np.array([[0.1, 0.2]]), np.array([[0.05, -0.1]])
    assert buy_and_hold(own, other, np.zeros((1, 2), dtype=bool))[0] == pytest.approx(1.1 * 1.2 - 1.05 * 0.9)
    sold = np.array([[False, True]])
    assert buy_and_hold(own, other, sold)[0] == pytest.approx((1.1 - 1.05) * 0.9)


def test_growth_of_the_normal_return_is_its_product_over_the_bars_that_have_one():
    expected = np.array([[0.1, -0.05, 0.2], [0.1, np.nan, 0.2], [np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(growth(expected), [1.1 * 0.95 * 1.2, 1.1 * 1.2, 1.0], rtol=RTOL)
    np.testing.assert_allclose(growth(expected, log=True), [math.exp(0.25), math.exp(0.3), 1.0], rtol=RTOL)


@pytest.mark.parametrize("model", [MarketAdjusted("m"), CAPM("m", "rf"), MeanAdjusted()])
def test_the_expected_return_is_what_the_abnormal_return_lacks_and_is_there_without_a_return(model):
    rng = np.random.default_rng(3)
    returns, series = rng.normal(0, 0.01, (2, 120)), rng.normal(0, 0.01, (2, 120))
    holed = returns.copy()
    holed[0, 101] = np.nan
    given = series[: len(model.symbols)] if model.symbols else None
    fitted = estimate(
        holed, given, security=np.array([0, 1]), day0=np.array([100, 110]), window=(-2, 3), estimation=(-60, -3),
        model=model, minimum=40,
    )  # fmt: skip
    expected = expected_returns(fitted)
    window = np.array([[*range(98, 104)], [*range(108, 114)]])
    own = np.take_along_axis(returns, window, axis=1)
    there = np.isfinite(fitted.ar)
    assert there.sum() == 11
    np.testing.assert_allclose(expected[there], (own - fitted.ar)[there], rtol=RTOL, atol=1e-16)
    if isinstance(model, MarketAdjusted):
        assert expected[0, 3] == series[0, 101]
    else:
        assert np.isfinite(expected[0, 3])
