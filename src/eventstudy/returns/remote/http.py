"""Plain HTTP for sources that answer with text or an archive: the standard library, our errors."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Any, Final

from eventstudy.errors import BadPayload, NoSuchTicker
from eventstudy.returns.remote.bodies import LARGEST, Body, read_body
from eventstudy.returns.remote.retries import Deadline
from eventstudy.returns.remote.yahoo_errors import Seen, as_source_error, retry_after

LONGEST_REQUEST: Final = 10.0  # seconds
AGENT: Final = "Mozilla/5.0 (compatible; eventstudy)"  # some of them refuse Python's own name


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow a redirect without reading its body, which may have no end."""

    def http_error_302(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any) -> Any:
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def get(url: str, symbol: str, source: str, deadline: Deadline, most: int = LARGEST) -> bytes:
    """Return the body of an answer, of `most` bytes at most."""
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})  # noqa: S310  https, or a test's own server
    try:
        with urllib.request.build_opener(_Redirects).open(
            request, timeout=max(0.1, min(LONGEST_REQUEST, deadline.remaining()))
        ) as answer:
            return _whole(answer, Body(symbol, source, deadline, most))
    except urllib.error.HTTPError as error:
        with error:  # it is a response too, and open
            raise as_source_error(error, symbol, Seen(error.code, retry_after(error.headers)), source) from error
    except Exception as error:
        raise as_source_error(error, symbol, None, source) from error


def _whole(answer: http.client.HTTPResponse, body: Body) -> bytes:
    content = read_body(answer.read1, body)
    if answer.length:  # bytes that were promised: reading by pieces does not miss them
        raise http.client.IncompleteRead(content[:80], answer.length)
    return content


def get_text(url: str, symbol: str, source: str, deadline: Deadline) -> str:
    """Return an answer as text."""
    body = get(url, symbol, source, deadline)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise as_source_error(error, symbol, None, source) from error
    if text.lstrip()[:1] == "<":
        msg = f"{source} answered {symbol!r} with a web page instead of data; try again later"
        raise (NoSuchTicker if "not found" in text.lower() else BadPayload)(msg)
    return text
