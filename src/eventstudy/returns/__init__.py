"""Prices and returns: what the market did, session by session, and how much of it is really there.

Only this room reaches the network. What it hands on are panels: bars down, symbols across, NaN where there is nothing,
and a table beside them that names every hole. Sources are imported when first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "adjust": ("adjust_prices",),
    "cache": ("cache_clear", "cache_entries", "cache_verify", "fetch"),
    "csv_sources": ("FredSource", "StooqSource"),
    "files": ("FileSource",),
    "french": ("FrenchSource",),
    "load": ("load_prices", "load_returns"),
    "policies": ("apply_delisting", "convert_currency", "rate_symbols"),
    "registry": ("source_names",),
    "sources": ("PriceSource",),
    "yahoo": ("YahooSource",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
