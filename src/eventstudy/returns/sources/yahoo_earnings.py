"""Yahoo's calendar of earnings, through the fetcher of its prices: the same session, patience and reasons."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import pandas as pd

from eventstudy.errors import InputError, NoDataInWindow, SourceError
from eventstudy.returns.remote.pool import Gathered, gather
from eventstudy.returns.remote.retries import Deadline, Gate, persist
from eventstudy.returns.remote.yahoo_errors import as_source_error
from eventstudy.returns.sources.yahoo import (
    ONE_AT_A_TIME,
    YahooSource,
    _new_session,
    _quiet_and_honest,
    _watched,
    watch,
)

MOST = 100  # announcements of a symbol: the last 25 years


class YahooEarnings(YahooSource):
    """Announcements of earnings by symbol; nothing is kept.

    Parameters
    ----------
    session : object, optional
        What speaks HTTP; by default yfinance's own.
    **options
        The parameters of `RemoteSource`.
    """

    def tables(self, symbols: Sequence[str]) -> Gathered[pd.DataFrame]:
        """Return the announcements of every symbol that came, as yfinance gives them, and why the others did not."""
        if find_spec("yfinance") is None:
            msg = "Yahoo's calendar needs the package yfinance: pip install yfinance; or give a file or a frame"
            raise InputError(msg)
        if self.session is None:
            self.session = _new_session()

        def one(symbol: str, gate: Gate, stop: threading.Event) -> pd.DataFrame:
            return persist(partial(self._dates, symbol), self.patience, gate, stop, between=self._between_tries)

        with ONE_AT_A_TIME, _quiet_and_honest(self.session), _watched(self.session):
            return gather(list(symbols), one, patience=self.patience, workers=self.workers, progress=self.progress)

    def _dates(self, symbol: str, deadline: Deadline) -> pd.DataFrame:
        import yfinance as yf  # noqa: PLC0415  slow to import: only those who fetch pay

        watch.symbol, watch.deadline, watch.seen, watch.chart = symbol, deadline, None, None
        self._between_tries()
        try:
            ticker: Any = yf.Ticker(symbol, session=self.session)
            found = ticker.get_earnings_dates(limit=MOST)
        except SourceError:
            raise
        except Exception as error:
            raise as_source_error(error, symbol, watch.seen) from error
        if found is None or not len(found):
            msg = f"Yahoo knows no announcement of {symbol!r}"
            raise NoDataInWindow(msg)
        table: pd.DataFrame = found
        return table
