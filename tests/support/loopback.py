"""A server on this machine that speaks Yahoo's chart JSON, and sessions that lead the real yfinance to it.

Nothing in yfinance is patched. The server keeps a universe of securities, each with its own manner of failing, and counts
what it was asked for.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd

from eventstudy.calendars import sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = tuple[int, dict[str, str], bytes | Iterator[bytes]]

ZONES = {"XNYS": "America/New_York", "XTKS": "Asia/Tokyo", "XHKG": "Asia/Hong_Kong", "XLON": "Europe/London"}
OPENS = {"XNYS": "09:30", "XTKS": "09:00", "XHKG": "09:30", "XLON": "08:00"}
CODES = {"XNYS": "NMS", "XTKS": "JPX", "XHKG": "HKG", "XLON": "LSE"}


def _error(code: str, description: str) -> bytes:
    return json.dumps({"chart": {"result": None, "error": {"code": code, "description": description}}}).encode()


LATER = (
    "400",
    "truncated",
    "empty",
    "endless",
    "drip",
)  # faults of the answer about prices, not of the probe before it
FAULTS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "404": (404, {}, _error("Not Found", "No data found, symbol may be delisted")),
    "503": (503, {}, b"upstream connect error"),
    "500-json": (500, {}, _error("Internal Server Error", "internal server error")),
    "html": (200, {}, b"<html><body>hello</body></html>"),
    "down": (200, {}, b"<html>Will be right back</html>"),
}


def blanks(size: int = 2**16, pause: float = 0.0) -> Iterator[bytes]:
    """Yield a body of blanks, which JSON may begin with, without end."""
    while True:
        yield b" " * size
        time.sleep(pause)


ENDLESS = {"endless": blanks, "drip": lambda: blanks(1, 0.05)}


def walk(symbol: str, days: pd.DatetimeIndex, *, start: float = 100.0) -> pd.Series:
    """Return a price path that depends on the symbol and the day alone."""
    seed = sum(ord(letter) * 31**place for place, letter in enumerate(symbol)) % 2**32
    base = pd.Timestamp("2015-01-01")
    steps = np.random.default_rng(seed).normal(0, 0.015, 6000)
    path = start * np.exp(np.cumsum(steps))
    return pd.Series(np.round(path[(days - base).days % 6000], 4), index=days)


@dataclass
class Security:
    """One symbol and how the server treats it.

    Attributes
    ----------
    behaviours : list of str
        Consumed one a chart request; the last stays. "ok", "404", "400", "empty", "429", "429:SECONDS", "503", "500-json", "html",
        "down", "drop", "hang", "truncated", "endless", "drip".
    absent, null, priceless : set of str
        Days without a row; with a row of nulls; with a volume but no price.
    dividends, splits : dict of str to float
        By ex-day; prices come split-adjusted, as Yahoo's do.
    edit : callable, optional
        Changes the chart of an answer about prices in place; bytes that it returns are sent instead.
    announcements : list of (str, str, str, str)
        The rows of its calendar of earnings: moment, estimate, reported, surprise.
    """

    symbol: str
    exchange: str = "XNYS"
    behaviours: list[str] = field(default_factory=lambda: ["ok"])
    absent: set[str] = field(default_factory=set)
    null: set[str] = field(default_factory=set)
    priceless: set[str] = field(default_factory=set)
    dividends: dict[str, float] = field(default_factory=dict)
    splits: dict[str, float] = field(default_factory=dict)
    last: str = "2100-01-01"
    first: str = "1990-01-01"
    currency: str = "USD"
    instrument: str = "EQUITY"
    closes: pd.Series | None = None
    edit: Callable[[dict[str, Any]], object] | None = None
    announcements: list[tuple[str, str, str, str]] = field(default_factory=list)

    def prices(self, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
        days = sessions(self.exchange, max(start, pd.Timestamp(self.first)), min(end, pd.Timestamp(self.last)))
        if self.closes is not None:
            return self.closes[(self.closes.index >= start) & (self.closes.index <= end)]
        return walk(self.symbol, days)


class YahooServer:
    """The server; use it as a context manager."""

    def __init__(self, securities: list[Security]) -> None:
        self.universe = {security.symbol: security for security in securities}
        self.requests: list[str] = []
        self.charts: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.pages: dict[str, Answer | Callable[[], Answer]] = {}
        self.delay = 0.0
        self.sent = 0  # bytes of bodies without end
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Start counting anew."""
        self.requests.clear()
        self.charts.clear()

    def answer(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path in self.pages:
            page = self.pages[path]
            return page() if callable(page) else page
        if path.startswith("/v8/finance/chart/"):
            return self._chart(unquote(path.rsplit("/", 1)[1]), query)
        if path == "/calendar/earnings":
            return self._calendar(query["symbol"][0])
        if path == "/v1/test/getcrumb":
            return 200, {}, b"crumb"
        if path == "/":
            return 404, {"Set-Cookie": "A3=d=x; Domain=.yahoo.com; Path=/; Max-Age=31536000"}, b""
        return 404, {}, b'{"quoteSummary":{"result":null,"error":{"code":"Not Found","description":"Quote not found"}}}'

    def _chart(self, symbol: str, query: dict[str, list[str]]) -> Answer:
        security = self.universe.get(symbol)
        with self.lock:
            self.charts[symbol] += 1
            behaviour = "404"
            if security is not None:
                behaviour = security.behaviours[0]
                if behaviour in LATER and "range" in query:  # the probe for the time zone is answered well
                    behaviour = "ok"
                elif len(security.behaviours) > 1:
                    security.behaviours.pop(0)
        if behaviour.startswith("429"):
            wait = behaviour.partition(":")[2]
            return 429, {"Retry-After": wait} if wait else {}, b"Too Many Requests\r\n"
        if behaviour == "hang":
            time.sleep(60)
        if behaviour in ("drop", "hang"):
            raise ConnectionAbortedError
        if behaviour in FAULTS:
            return FAULTS[behaviour]
        if behaviour in ENDLESS:
            return 200, {"Content-Type": "application/json"}, ENDLESS[behaviour]()
        assert security is not None
        probe = "range" in query
        if behaviour == "400" and not probe:
            return 400, {}, _error("Bad Request", "Data doesn't exist for startDate = 1, endDate = 2")
        payload = _payload(security, *_dates(security, query), empty=behaviour == "empty")
        instead = None if security.edit is None or probe else security.edit(payload["chart"]["result"][0])
        body = instead if isinstance(instead, bytes) else json.dumps(payload).encode()
        return 200, {"Content-Type": "application/json"}, body[: len(body) // 2] if behaviour == "truncated" else body

    def _calendar(self, symbol: str) -> Answer:
        security = self.universe.get(symbol)
        rows = [] if security is None else security.announcements
        names = ("Symbol", "Company", "Earnings Date", "EPS Estimate", "Reported EPS", "Surprise (%)")
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(
            f"<tr><td>{symbol}</td><td>{symbol} Inc</td>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
            for row in rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""
        return 200, {"Content-Type": "text/html"}, f"<html><body>{table}</body></html>".encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                with outer.lock:
                    outer.requests.append(f"{self.headers.get('X-Host', '')}{self.path}")
                if outer.delay:
                    time.sleep(outer.delay)
                try:
                    status, headers, body = outer.answer(parts.path, parse_qs(parts.query))
                except ConnectionAbortedError:
                    self.close_connection = True
                    self.connection.close()
                    return
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if isinstance(body, bytes):
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                        return
                    self.close_connection = True
                    self.end_headers()
                    for chunk in body:
                        self.wfile.write(chunk)
                        outer.sent += len(chunk)
                except OSError:  # whoever asked has left
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815  http.server's names

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _dates(security: Security, query: dict[str, list[str]]) -> tuple[pd.Timestamp, pd.Timestamp]:
    if "range" in query:
        return pd.Timestamp("2025-11-09"), pd.Timestamp("2025-11-14")
    edges = (pd.Timestamp(int(query[name][0]), unit="s", tz="UTC") for name in ("period1", "period2"))
    start, end = (edge.tz_convert(ZONES[security.exchange]).tz_localize(None).normalize() for edge in edges)
    return start, end - pd.Timedelta(days=1)  # the first day that is not wanted


def _payload(security: Security, start: pd.Timestamp, end: pd.Timestamp, *, empty: bool) -> dict[str, Any]:
    zone = ZONES[security.exchange]
    close = security.prices(start, end)
    close = close[[day for day in close.index if f"{day:%Y-%m-%d}" not in security.absent]]
    opened = (close.index + pd.Timedelta(f"{OPENS[security.exchange]}:00")).tz_localize(zone)
    stamps = [int(moment.timestamp()) for moment in opened]
    meta = {
        "currency": security.currency,
        "symbol": security.symbol,
        "exchangeName": CODES[security.exchange],
        "instrumentType": security.instrument,
        "exchangeTimezoneName": zone,
        "timezone": "X",
        "gmtoffset": 0,
        "priceHint": 2,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "max"],
        "regularMarketTime": 1763154000,
        "firstTradeDate": 0,
    }
    if empty or not len(close):
        return {"chart": {"result": [{"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}], "error": None}}
    days = [f"{day:%Y-%m-%d}" for day in close.index]
    hidden = security.null | security.priceless
    price = [None if day in hidden else float(value) for day, value in zip(days, close, strict=True)]
    volume = [None if day in security.null else 1000 + place for place, day in enumerate(days)]
    adjusted = _adjusted(security, close)
    adj = [None if day in hidden else float(value) for day, value in zip(days, adjusted, strict=True)]
    events = {
        "dividends": {
            str(stamp): {"amount": security.dividends[day], "date": stamp}
            for day, stamp in zip(days, stamps, strict=True)
            if day in security.dividends
        },
        "splits": {
            str(stamp): {"date": stamp, "numerator": security.splits[day], "denominator": 1.0, "splitRatio": "x"}
            for day, stamp in zip(days, stamps, strict=True)
            if day in security.splits
        },
    }
    quote = {**{name: list(price) for name in ("open", "high", "low", "close")}, "volume": volume}
    result = {
        "meta": meta,
        "timestamp": stamps,
        "events": {name: found for name, found in events.items() if found},
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": adj}]},
    }
    return {"chart": {"result": [result], "error": None}}


def _adjusted(security: Security, close: pd.Series) -> pd.Series:
    """Return Yahoo's adjusted close, written as a loop: all closes before an ex-day times 1 - D / last close before."""
    adjusted = close.copy()
    for day, cash in security.dividends.items():
        before = close[close.index < pd.Timestamp(day)]
        if len(before) and pd.Timestamp(day) in close.index:
            adjusted[adjusted.index < pd.Timestamp(day)] *= 1 - cash / before.iloc[-1]
    return adjusted


def curl_session(server: YahooServer):
    """Return a curl_cffi session whose every request for Yahoo goes to the server."""
    from curl_cffi import requests  # noqa: PLC0415  one transport at a time

    class Loopback(requests.Session):
        def request(self, method, url, *args, **kwargs):
            parts = urlsplit(url)
            if not (parts.hostname or "").endswith("yahoo.com"):
                msg = f"{url} is not Yahoo's"
                raise AssertionError(msg)
            kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-Host": parts.hostname}
            here = f"{server.url}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
            return super().request(method, here, *args, **kwargs)

    return Loopback()


def requests_session(server: YahooServer):
    """Return a session of requests whose every request for Yahoo goes to the server."""
    import requests  # noqa: PLC0415  one transport at a time
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    class Loopback(HTTPAdapter):
        def send(self, request, **kwargs):
            parts = urlsplit(request.url)
            request.headers["X-Host"] = parts.hostname
            request.url = f"{server.url}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
            return super().send(request, **{**kwargs, "proxies": {}})

    session = requests.Session()
    session.mount("https://", Loopback())
    return session
