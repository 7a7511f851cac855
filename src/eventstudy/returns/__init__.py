"""Prices and returns: what the market did, session by session, and how much of it is really there.

Only this room reaches the network. What it hands on are panels: bars down, symbols across, NaN where there is nothing,
and a table beside them that names every hole. Sources are imported when first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy._lazy import lazily
from eventstudy.returns.freeze import freeze  # its module has the same name: whoever imports first must not win
from eventstudy.returns.panel import LEVEL_SYMBOLS, PricePanel, ReturnPanel
from eventstudy.returns.plausible import DataWarning

if TYPE_CHECKING:
    from eventstudy.returns.adjust import adjust_prices
    from eventstudy.returns.cache import cache_clear, cache_entries, cache_verify, fetch
    from eventstudy.returns.csv_sources import FredSource, StooqSource
    from eventstudy.returns.files import FileSource
    from eventstudy.returns.french import FrenchSource
    from eventstudy.returns.load import load_prices, load_returns
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

_HOMES = {
    "FileSource": "files",
    "FredSource": "csv_sources",
    "FrenchSource": "french",
    "PriceSource": "sources",
    "StooqSource": "csv_sources",
    "YahooSource": "yahoo",
    "adjust_prices": "adjust",
    "apply_delisting": "policies",
    "cache_clear": "cache",
    "cache_entries": "cache",
    "cache_verify": "cache",
    "convert_currency": "policies",
    "fetch": "cache",
    "load_prices": "load",
    "load_returns": "load",
    "rate_symbols": "policies",
    "source_names": "registry",
}


__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
