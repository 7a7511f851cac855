"""Bars within days from Yahoo, as far back as it keeps them; nothing of them is kept here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar, Final

import pandas as pd

from eventstudy.checks import not_one_of
from eventstudy.errors import EventStudyError, InputError, NoDataInWindow, SourceError
from eventstudy.returns.panel import PricePanel
from eventstudy.returns.remote.yahoo_errors import as_source_error
from eventstudy.returns.sources.yahoo import LONGEST_REQUEST, ONE_AT_A_TIME, _new_session, _quiet_and_honest, watch

KEPT: Final = {"1m": 7, "2m": 60, "5m": 60, "15m": 60, "30m": 60, "60m": 730, "1h": 730}
"""Days for which Yahoo answers with bars of each length; of one minute, a week at a time within the last 30 days."""

REACH: Final = {**KEPT, "1m": 30}
"""How many days back it has them at all."""


class YahooBars:
    """Bars of 1 to 60 minutes from Yahoo: regular hours, splits taken out, labelled with their start.

    Parameters
    ----------
    interval : str
        ``"1m"``, ``"2m"``, ``"5m"``, ``"15m"``, ``"30m"``, ``"60m"`` or ``"1h"``.
    session : curl_cffi.requests.Session or requests.Session, optional
        What speaks HTTP; by default yfinance's own.
    prepost : bool
        With the bars before the open and after the close.
    now : callable, optional
        The present moment (aware); for tests.
    """

    name: ClassVar[str] = "yahoo"
    network: ClassVar[bool] = True

    def __init__(
        self,
        interval: str,
        session: Any = None,
        *,
        prepost: bool = False,
        now: Callable[[], pd.Timestamp] | None = None,
    ) -> None:
        if interval not in KEPT:
            msg = f"interval={not_one_of(interval, tuple(KEPT))}; days are the default"
            raise InputError(msg)
        self.interval, self.session, self.prepost = interval, session, prepost
        self.now = now or (lambda: pd.Timestamp.now("UTC"))

    def fetch(self, symbols: Sequence[str] | None, start: pd.Timestamp | None, end: pd.Timestamp | None) -> PricePanel:
        """Return what there is of `symbols` from `start` to `end`, both included; by default as far back as Yahoo answers."""
        if symbols is None:
            msg = "yahoo has more symbols than anyone wants; name those that you want"
            raise InputError(msg)
        if find_spec("yfinance") is None:
            msg = "the source 'yahoo' needs the package yfinance: pip install yfinance; or name a file: source='bars.parquet'"
            raise InputError(msg)
        first, last = self._span(start, end)
        closes: dict[str, pd.Series[float]] = {}
        failures: dict[str, EventStudyError] = {}
        self.session = self.session or _new_session()
        with ONE_AT_A_TIME, _quiet_and_honest(self.session):
            for symbol in symbols:
                try:
                    closes[symbol] = self._one(symbol, first, last)
                except SourceError as error:
                    failures[symbol] = error
        frame = pd.DataFrame(closes).sort_index() if closes else pd.DataFrame()
        return PricePanel(frame, calendar=None, sources=dict.fromkeys(closes, self.name), failures=failures)

    def _span(self, start: pd.Timestamp | None, end: pd.Timestamp | None) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return the days to ask for; an error where Yahoo does not go back so far."""
        today = self.now().tz_localize(None).normalize()
        last = today if end is None else end
        first = max(last, today) - pd.Timedelta(days=KEPT[self.interval] - 1) if start is None else start
        oldest = today - pd.Timedelta(days=REACH[self.interval])
        if first < oldest:
            msg = (
                f"Yahoo keeps bars of {self.interval} for {REACH[self.interval]} days, from {oldest:%Y-%m-%d} on; {first:%Y-%m-%d} lies before: "
                "ask for later dates or longer bars, or load a file"
            )
            raise NoDataInWindow(msg)
        return first, last

    def _one(self, symbol: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series[float]:
        import yfinance as yf  # noqa: PLC0415  slow to import: only those who fetch pay

        watch.symbol, watch.deadline, watch.seen, watch.chart = symbol, None, None, None
        try:
            frame = yf.Ticker(symbol, session=self.session).history(
                start=f"{first:%Y-%m-%d}",
                end=f"{last + pd.Timedelta(days=1):%Y-%m-%d}",  # Yahoo's end is the first day that is not wanted
                interval=self.interval,
                prepost=self.prepost,
                auto_adjust=False,
                actions=False,
                keepna=True,
                timeout=LONGEST_REQUEST,
            )
        except Exception as error:
            raise as_source_error(error, symbol, watch.seen) from error
        close = pd.Series(frame["Close"], dtype=float) if "Close" in frame else pd.Series(dtype=float)
        index = pd.DatetimeIndex(close.index)
        if index.tz is None or not close.notna().any():
            msg = f"Yahoo has no bars of {self.interval} of {symbol!r} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
            raise NoDataInWindow(msg)
        over = index.tz_convert("UTC") + pd.Timedelta(self.interval.replace("m", "min")) <= self.now()
        close = close.loc[over & ~index.duplicated(keep="first")]  # the bar that is still open is no bar yet
        return close.where(close > 0)
