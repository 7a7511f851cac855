"""Yahoo, through yfinance: one symbol at a time, every failure with its own reason, and not a word on the console."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, ClassVar, Final

import pandas as pd

from eventstudy.errors import BadPayload, InputError, NoDataInWindow, NoSuchTicker, SourceError
from eventstudy.returns._index import normal_index
from eventstudy.returns.bars import Bars
from eventstudy.returns.bundled import INDUSTRIES
from eventstudy.returns.remote.bodies import Body, received, with_body
from eventstudy.returns.remote.remote import RemoteSource
from eventstudy.returns.remote.retries import Deadline
from eventstudy.returns.remote.yahoo_errors import FIRST_ERROR, Seen, as_source_error, observed
from eventstudy.returns.sources.yahoo_chart import Chart, checked_chart

FIELDS: Final = {
    "Close": "close",
    "Adj Close": "adj_close",
    "Volume": "volume",
    "Dividends": "dividend",
    "Stock Splits": "split",
}
OURS: Final = frozenset({"UST10Y", *INDUSTRIES})  # names of the bundled figures, not Yahoo's
CHART: Final = "/v8/finance/chart/"
LONGEST_REQUEST: Final = 10.0  # seconds for one request; a symbol may take several
#: yfinance has one session, one cookie and one switch for its errors in a process: one fetch at a time uses them.
ONE_AT_A_TIME: Final = threading.RLock()


class Watch(threading.local):
    """What the worker asks for, what its session saw last, and how long it may take."""

    symbol: str = ""
    deadline: Deadline | None = None
    seen: Seen | None = None
    chart: Chart | None = None


watch = Watch()


class YahooSource(RemoteSource):
    """Daily bars from Yahoo.

    Parameters
    ----------
    session : curl_cffi.requests.Session or requests.Session, optional
        What speaks HTTP; by default yfinance's own.
    **options
        The parameters of `RemoteSource`: `cache`, `offline`, `refresh`, `adjustment`, `patience` and its single values,
        `workers`, `progress`.

    Notes
    -----
    Closes are taken unadjusted for dividends, with the dividends and splits beside them, and adjusted here (`adjust_prices`).
    The bar of a session that is still open is left out: it is a price, not a close. A symbol with small letters is not
    asked for (Yahoo would take ``Hlth`` for a company): it is left to the bundled figures.

    Examples
    --------
    >>> source = YahooSource(cache=None, give_up=10)
    >>> source.patience.give_up
    10
    """

    name: ClassVar[str] = "yahoo"

    def __init__(self, session: Any = None, cache: Any = None, **options: Any) -> None:
        super().__init__(cache=cache, **options)
        self.session = session

    def _gather(self, symbols: Sequence[str], start: pd.Timestamp | None, end: pd.Timestamp | None) -> Any:
        """Return the bars of every symbol that came, and why the others did not."""
        if self.offline:
            return super()._gather(symbols, start, end)
        if find_spec("yfinance") is None:
            msg = "the source 'yahoo' needs the package yfinance: pip install yfinance; or name a file: source='prices.csv'"
            raise InputError(msg)
        if self.session is None:
            self.session = _new_session()
        with ONE_AT_A_TIME, _quiet_and_honest(self.session), _watched(self.session):
            return super()._gather(symbols, start, end)

    def one(self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, deadline: Deadline) -> Bars:
        """Get one symbol's bars from `start` to `end`, once."""
        if symbol != symbol.upper() or symbol in OURS:
            msg = f"Yahoo has no symbol {symbol!r}"
            raise NoSuchTicker(msg)
        import yfinance as yf  # noqa: PLC0415  slow to import: only those who fetch pay

        watch.symbol, watch.deadline, watch.seen, watch.chart = symbol, deadline, None, None
        self._between_tries()  # an answer from its memory would not pass the session
        try:
            ticker = yf.Ticker(symbol, session=self.session)
            frame = ticker.history(
                start=f"{start:%Y-%m-%d}",
                end=f"{end + pd.Timedelta(days=1):%Y-%m-%d}",  # Yahoo's end is the first day that is not wanted
                auto_adjust=False,
                actions=True,
                keepna=True,
                timeout=max(1.0, min(LONGEST_REQUEST, deadline.remaining())),
            )
            chart = _passed(symbol)
            bars = Bars(_bars_frame(frame, chart), chart.meta, chart.notes)
        except SourceError:
            raise
        except Exception as error:
            raise as_source_error(error, symbol, watch.seen) from error
        if not bars.frame["close"].notna().any():
            why = bars.notes[0] if bars.notes else f"{len(bars.frame)} rows without one"
            msg = f"Yahoo knows {symbol!r} but has no price in these dates ({why})"
            raise NoDataInWindow(msg)
        return bars

    def _between_tries(self) -> None:
        """Clear yfinance's memory of answers: it keeps a server's error as if it were data."""
        from yfinance.data import YfData  # noqa: PLC0415  imported already

        YfData.cache_get.cache_clear()


def _passed(symbol: str) -> Chart:
    """Return what of the last answer could be used."""
    if watch.chart is None:
        msg = f"the answer of Yahoo about {symbol!r} did not pass the session that was given; leave session= out"
        raise BadPayload(msg)
    return watch.chart


def _bars_frame(frame: pd.DataFrame, chart: Chart) -> pd.DataFrame:
    known = frame[[name for name in FIELDS if name in frame.columns]].rename(columns=FIELDS).astype(float)
    index = pd.DatetimeIndex(frame.index)
    known.index = normal_index(index, unique=False)  # each exchange's own date, never its midnight in another zone
    known = known.loc[~known.index.duplicated(keep="first")].sort_index()
    for day in chart.unknown_splits:
        known.loc[known.index[known.index >= pd.Timestamp(day)][:1], "split"] = float("nan")
    known.index.name = "date"
    return (known if chart.adjusted else known.drop(columns="adj_close")).rename_axis(columns=None)


def _new_session() -> Any:
    """Return the session that yfinance would make."""
    try:
        from curl_cffi import requests as backend  # noqa: PLC0415

        return backend.Session(impersonate="chrome")
    except ImportError:
        import requests  # noqa: PLC0415  what yfinance falls back on

        return requests.Session()


@contextmanager
def _watched(session: Any) -> Iterator[None]:
    """Judge the answers about charts as they pass, and keep every answer within its symbol's time and its length.

    Both kinds of session send everything through their `request`; it is put back afterwards.
    """
    plain = session.request

    def request(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if watch.deadline is not None:
            allowed = min(LONGEST_REQUEST, watch.deadline.remaining())
            if allowed <= 0:
                msg = "out of time for this symbol"
                raise TimeoutError(msg)
            kwargs["timeout"] = min(kwargs.get("timeout") or allowed, allowed)
        response = received(session, plain, Body(watch.symbol, "Yahoo", watch.deadline), method, url, *args, **kwargs)
        if CHART not in url:
            return response
        watch.seen = observed(response)
        daily = (kwargs.get("params") or {}).get("interval") == "1d"
        well = watch.seen.status < FIRST_ERROR
        watch.chart = checked_chart(response.content, watch.symbol) if daily and well else None
        return response if watch.chart is None else with_body(response, watch.chart.body)

    session.request = request
    try:
        yield
    finally:
        del session.request


@contextmanager
def _quiet_and_honest(session: Any) -> Iterator[None]:
    """Have yfinance raise its errors, say nothing, and start with open caches and no memory of answers."""
    import yfinance as yf  # noqa: PLC0415  slow to import
    from yfinance import cache as yf_cache  # noqa: PLC0415
    from yfinance.data import YfData  # noqa: PLC0415

    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"yfinance\.")  # it turns its own on
    logger = logging.getLogger("yfinance")
    handler = logging.NullHandler()
    hidden, propagate = yf.config.debug.hide_exceptions, logger.propagate
    yf.config.debug.hide_exceptions = False
    logger.propagate = False
    logger.addHandler(handler)
    for opened in (yf_cache.get_tz_cache(), yf_cache.get_cookie_cache(), yf_cache.get_isin_cache()):
        if hasattr(opened, "initialise"):
            opened.initialise()  # before there are threads: they would find the database locked
    YfData(session=session)
    YfData.cache_get.cache_clear()
    try:
        yield
    finally:
        yf.config.debug.hide_exceptions = hidden
        logger.propagate = propagate
        logger.removeHandler(handler)
