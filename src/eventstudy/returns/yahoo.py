"""Yahoo through yfinance, in its plainest form."""

from __future__ import annotations


class YahooSource:
    """x."""
