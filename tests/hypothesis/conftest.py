"""A small market with known closes, and the study's definitions."""

from __future__ import annotations

import numpy as np
import pytest

from eventstudy.events import load_events
from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.returns import load_prices


@pytest.fixture(scope="session")
def rules():
    """The first version: its tests by hand hold the machinery that both versions share."""
    return load_definitions("us-china-v1")


@pytest.fixture(scope="session")
def market():
    rng = np.random.default_rng(11)
    size = 700
    close = 100 * np.cumprod(1 + 0.01 * rng.standard_t(5, size))
    fear = 15 + 5 * rng.random(size)
    rate = 4 + np.cumsum(0.02 * rng.standard_normal(size))
    close[333] = np.nan
    return Market(close, fear, rate, np.arange(size) % 5)


@pytest.fixture(scope="session")
def flagship():
    """Everything about the first version of the record, once: catalogue, prices, a quick verdict by its own rules."""
    prices = load_prices(["^GSPC", "^VIX", "UST10Y"], start="2016-01-04", end="2025-11-14", source="bundled")
    catalog = load_events("us-china-v1")
    return catalog, prices, SelloffForcesSoftening(quick=True, definitions="us-china-v1").test(catalog, prices)


@pytest.fixture(scope="session")
def second():
    """The second version of the record and of the rules: catalogue, prices, a quick verdict."""
    prices = load_prices(["^GSPC", "^VIX", "UST10Y"], start="2016-01-04", source="bundled")
    catalog = load_events("us-china")
    return catalog, prices, SelloffForcesSoftening(quick=True).test(catalog, prices)
