"""The extra memory of an estimation is its outputs: windows are cut, fitted and left behind."""

import tracemalloc

import numpy as np
import pytest

from eventstudy.abnormal import MarketModel, estimate

CHUNKS = 32_000_000
"""Bytes: windows of 1,024 security-events on each of four threads, with what is computed of them."""


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_no_more_than_outputs_and_chunks_is_held(share):
    rng = np.random.default_rng(1)
    securities, dates, length = 800, 60, 21
    returns, market = rng.normal(0, 0.01, (securities, 400)), rng.normal(0, 0.01, (1, 400))
    returns[rng.random(returns.shape) < share] = np.nan
    security, day0 = np.tile(np.arange(securities), dates), np.repeat(np.arange(300, 300 + dates), securities)

    def run(rows):
        return estimate(returns, market, security=security[rows], day0=day0[rows], window=(-10, 10),
                        estimation=(-260, -11), model=MarketModel("m"), kernel="numpy")  # fmt: skip

    run(slice(0, 10))  # what is made once
    tracemalloc.start()
    fitted = run(slice(None))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    fit = fitted.coordinates
    made = (fitted.ar, fit.share, fitted.sigma, fitted.m, fitted.df, fit.design, fit.ahead, fit.mix)
    outputs = sum(array.nbytes for array in made if array is not None)
    windows = security.size * 250 * 8
    assert outputs < peak < outputs + CHUNKS < outputs + windows
    assert fitted.ar.shape == (security.size, length)
