"""Buy-and-hold abnormal returns by products over days, and delistings by the last return of a series."""

import math

import numpy as np
import pytest

from eventstudy.abnormal.buy_and_hold import buy_and_hold, delisted


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
    security, start = np.array([0, 1, 1, 1, 2, 3, 0]), np.array([7, 3, 5, 8, 2, 0, 9])
    found = delisted(returns, security, start, 4)
    last = {0: 9, 1: 5, 2: 9, 3: -1}
    for i, (who, first) in enumerate(zip(security, start, strict=True)):
        assert found[i].tolist() == [last[who] < bar < 10 for bar in range(first, first + 4)]
