"""What sources over the network answer, made in this process: two symbols, of which one is as it should be.

Nothing of yfinance is replaced: an adapter below its session answers, as the server of `tests/support/loopback.py` does
over a socket.
"""

from __future__ import annotations

import copy
import http.client
import io
import random
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd
from hostile import damage_bytes, to_json, zipped

START, END = "2025-03-03", "2025-03-14"
DAYS = pd.bdate_range(START, END)
GOOD = [100.0 + 0.25 * at for at in range(len(DAYS))]
QUICK = {"tries": 1, "wait": 0.0, "spacing": 0.0, "give_up": 4.0}


@dataclass
class Answer:
    """What the odd symbol's request gets."""

    source: str
    tree: Any
    text: str
    truth: bool | None = True
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    damages: list[int] = field(default_factory=list)
    cached: bool = False
    returns: bool = False
    whole_way: bool = False  # through `load_prices`, not the source alone: it takes longer
    probe: bool = False  # whether the question for the time zone gets the odd answer, too


def chart(symbol, closes):
    """Return Yahoo's chart JSON as a tree."""
    stamps = [int((day + pd.Timedelta("09:30:00")).tz_localize("America/New_York").timestamp()) for day in DAYS]
    meta = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "exchangeTimezoneName": "America/New_York",
        "timezone": "EDT",
        "gmtoffset": -14400,
        "priceHint": 2,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "max"],
        "regularMarketTime": stamps[-1],
        "firstTradeDate": 0,
    }
    quote = {name: list(closes) for name in ("open", "high", "low", "close")} | {"volume": [1000] * len(closes)}
    result = {
        "meta": meta,
        "timestamp": stamps,
        "events": {},
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": list(closes)}]},
    }
    return {"chart": {"result": [result], "error": None}}


def start(rng):
    made = _made(rng)
    made.whole_way = rng.random() < 0.3
    return made


def _made(rng):
    source = rng.choice(("yahoo", "yahoo", "yahoo", "french", "fred", "stooq"))
    closes = [round(rng.uniform(20, 30), 4) for _ in DAYS]
    if source == "yahoo":
        return Answer(source, chart("ODD", closes), "", cached=rng.random() < 0.3, returns=rng.random() < 0.15)
    if source == "french":
        rows = "\n".join(f"{day:%Y%m%d}, {value - 25:6.2f}, 0.10" for day, value in zip(DAYS, closes, strict=True))
        return Answer(
            source, None, f"This file was created by the library\n\n,ODD,SMB\n{rows}\n\nCopyright\n", returns=True
        )
    if source == "fred":
        rows = "\n".join(f"{day:%Y-%m-%d},{value}" for day, value in zip(DAYS, closes, strict=True))
        return Answer(source, None, f"observation_date,ODD\n{rows}\n", cached=rng.random() < 0.3)
    rows = "\n".join(f"{day:%Y-%m-%d},1,2,1,{value},10" for day, value in zip(DAYS, closes, strict=True))
    return Answer(source, None, f"Date,Open,High,Low,Close,Volume\n{rows}\n", cached=rng.random() < 0.3)


def body(thing):
    """Return the bytes of the odd answer."""
    content = (thing.text if thing.tree is None else to_json(thing.tree)).encode("utf-8", "surrogatepass")
    if thing.source == "french":
        content = zipped(content, "x.CSV")
    for seed in thing.damages:
        content = damage_bytes(content, random.Random(seed))
    return content


def yahoo_session(thing):
    import requests  # noqa: PLC0415  the child prepares itself first
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  the same
    from urllib3 import HTTPResponse  # noqa: PLC0415  the same

    odd, good = body(thing), to_json(chart("GOOD", GOOD)).encode()

    class Here(HTTPAdapter):
        def send(self, request, **_):
            parts = urlsplit(request.url)
            number, headers, content = 404, {}, b'{"quoteSummary":{"result":null,"error":{"code":"Not Found"}}}'
            if parts.path.startswith("/v8/finance/chart/"):
                probe = "range" in parse_qs(parts.query)
                mine = unquote(parts.path.rsplit("/", 1)[1]) == "ODD" and (thing.probe or not probe)
                content = (
                    odd if mine else good.replace(b"GOOD", b"ODD") if unquote(parts.path).endswith("ODD") else good
                )
                number, headers = (thing.status, thing.headers) if mine else (200, {})
            elif parts.path == "/v1/test/getcrumb":
                number, content = 200, b"crumb"
            elif parts.path == "/":
                headers = {"Set-Cookie": "A3=d=x; Domain=.yahoo.com; Path=/; Max-Age=31536000"}
            raw = HTTPResponse(
                body=io.BytesIO(content), headers=headers, status=number, preload_content=False, decode_content=False
            )
            return self.build_response(request, raw)

    session = requests.Session()
    session.mount("https://", Here())
    session.mount("http://", Here())
    return session


class PlainAnswers(urllib.request.HTTPHandler):
    """Answers of the sources that speak plain HTTP; the good symbol's are as they should be."""

    def __init__(self, thing):
        super().__init__()
        self.odd = body(thing)
        self.thing = thing
        good = copy.copy(thing)
        rng = random.Random(0)
        fresh = start_of(thing.source, rng)
        good.text, good.tree, good.damages = fresh.text.replace("ODD", "GOOD"), None, []
        self.good = body(good)

    def http_open(self, request):
        mine = "good" not in request.full_url.lower()
        content = self.odd if mine else self.good
        headers = {"Content-Length": len(content), **(self.thing.headers if mine else {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        status = f"HTTP/1.1 {self.thing.status if mine else 200} said\r\n"
        answer = http.client.HTTPResponse(_Wire(f"{status}{head}\r\n".encode("latin-1") + content))
        answer.begin()
        answer.url, answer.msg = request.full_url, answer.reason  # as urllib does
        return answer


class _Wire:
    """What a socket would have received."""

    def __init__(self, received):
        self.received = received

    def makefile(self, _mode):
        return io.BytesIO(self.received)


def start_of(source, rng):
    """Return a valid answer of one source."""
    while True:
        made = start(rng)
        if made.source == source:
            return made
