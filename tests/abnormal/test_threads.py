"""Threads and compiled loops are for large studies; here large is made small, and no bit may change."""

import numpy as np

from eventstudy.abnormal import MarketModel, estimate
from eventstudy.abnormal.engine import chunks


def test_threads_change_no_bit(monkeypatch):
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, 600)
    returns = market + rng.normal(0, 0.02, (50, 600))
    returns[rng.random(returns.shape) < 0.01] = np.nan
    security, day0 = rng.integers(0, 50, 5000), rng.integers(100, 590, 5000)

    def run():
        return estimate(returns, market[None], security=security, day0=day0, window=(0, 5), estimation=(-90, -1),
                        model=MarketModel("m"), minimum=60, chunk=64)  # fmt: skip

    alone = run()
    monkeypatch.setattr(chunks, "THREADED", 1)
    monkeypatch.setattr(chunks, "THREADS", 4)
    together = run()
    for name in ("ar", "sigma", "m", "status"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))
    for name in ("share", "mix"):
        np.testing.assert_array_equal(getattr(alone.coordinates, name), getattr(together.coordinates, name))
