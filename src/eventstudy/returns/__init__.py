"""Prices and returns: what the market did, session by session, and how much of it is really there.

Only this room reaches the network. What it hands on are panels: bars down, symbols across, NaN where there is nothing,
and a table beside them that names every hole.
"""

from __future__ import annotations

from eventstudy.returns.load import load_prices, load_returns
from eventstudy.returns.panel import LEVEL_SYMBOLS, PricePanel, ReturnPanel
from eventstudy.returns.plausible import DataWarning
from eventstudy.returns.yahoo import YahooSource

__all__ = ["LEVEL_SYMBOLS", "DataWarning", "PricePanel", "ReturnPanel", "YahooSource", "load_prices", "load_returns"]
