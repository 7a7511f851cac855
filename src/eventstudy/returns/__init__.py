"""Prices and returns: what the market did, session by session, and how much of it is really there.

Only this room reaches the network. What it hands on are panels: bars down, symbols across, NaN where there is nothing,
and a table beside them that names every hole.
"""

from __future__ import annotations

from eventstudy.returns.adjust import adjust_prices
from eventstudy.returns.cache import cache_clear, cache_entries, cache_verify, fetch
from eventstudy.returns.csv_sources import FredSource, StooqSource
from eventstudy.returns.files import FileSource
from eventstudy.returns.freeze import freeze
from eventstudy.returns.french import FrenchSource
from eventstudy.returns.load import load_prices, load_returns
from eventstudy.returns.panel import LEVEL_SYMBOLS, PricePanel, ReturnPanel
from eventstudy.returns.plausible import DataWarning
from eventstudy.returns.policies import apply_delisting, convert_currency, rate_symbols
from eventstudy.returns.registry import source_names
from eventstudy.returns.sources import PriceSource
from eventstudy.returns.yahoo import YahooSource

__all__ = [
    "LEVEL_SYMBOLS",
    "DataWarning",
    "FileSource",
    "FredSource",
    "FrenchSource",
    "PricePanel",
    "PriceSource",
    "ReturnPanel",
    "StooqSource",
    "YahooSource",
    "adjust_prices",
    "apply_delisting",
    "cache_clear",
    "cache_entries",
    "cache_verify",
    "convert_currency",
    "fetch",
    "freeze",
    "load_prices",
    "load_returns",
    "rate_symbols",
    "source_names",
]
