"""Every way in which yfinance and its transports fail, each as one of ours.

The map is total: `as_source_error` turns any exception into a `SourceError`. What yfinance keeps to itself (the status of the
answer, the Retry-After header, a page of apology) is observed at the session, where every answer passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import pandas as pd

from eventstudy.errors import (
    BadPayload,
    NoDataInWindow,
    NoSuchTicker,
    RateLimited,
    SourceDown,
    SourceError,
    Unreachable,
)

#: Class names, most special first: yfinance's, and those that curl_cffi, requests and urllib share.
BY_NAME: Final[tuple[tuple[str, type[SourceError]], ...]] = (
    ("YFRateLimitError", RateLimited),
    ("YFTzMissingError", NoSuchTicker),
    ("YFPricesMissingError", NoDataInWindow),
    ("YFEarningsDateMissing", NoDataInWindow),
    ("YFTickerMissingError", NoSuchTicker),
    ("YFInvalidPeriodError", NoDataInWindow),
    ("YFDataException", SourceDown),
    ("YFNotImplementedError", BadPayload),
    ("YFException", SourceDown),
    ("JSONDecodeError", BadPayload),
    ("InvalidJSONError", BadPayload),
    ("ContentDecodingError", BadPayload),
    ("IncompleteRead", Unreachable),
    ("HTTPError", SourceDown),
    ("TooManyRedirects", SourceDown),
    ("RequestException", Unreachable),
    ("CurlError", Unreachable),
    ("OSError", Unreachable),
)

UNKNOWN: Final = re.compile(r"no data found|not found|delisted|no timezone", re.IGNORECASE)
EMPTY: Final = re.compile(r"doesn't exist|no price data", re.IGNORECASE)
FAULT: Final = re.compile(r"internal|server error|unavailable|upstream|try again|timed? ?out", re.IGNORECASE)
REFUSED: Final = re.compile(r"too many requests|rate limit", re.IGNORECASE)
APOLOGY: Final = "Will be right back"

NOT_FOUND: Final = 404
TOO_MANY: Final = 429
FIRST_ERROR: Final = 400
FIRST_FAULT: Final = 500


@dataclass(slots=True)
class Seen:
    """The last answer about a symbol, as it passed the session.

    Attributes
    ----------
    status : int
        Of HTTP; zero if none came.
    retry_after : float or None
        Seconds that it asked to wait.
    apology : bool
        Whether it was a page that says sorry instead of data.
    """

    status: int = 0
    retry_after: float | None = None
    apology: bool = False


def observed(response: Any) -> Seen:
    """Return what there is to know of a response of curl_cffi or requests."""
    short = len(response.content) < 10_000  # an apology is short, and a long answer is not searched
    return Seen(
        int(response.status_code), retry_after(response.headers), short and APOLOGY.encode() in response.content
    )


def as_source_error(error: BaseException, symbol: str, seen: Seen | None = None, source: str = "Yahoo") -> SourceError:
    """Return the error of ours that says what happened.

    Examples
    --------
    >>> as_source_error(TimeoutError("timed out"), "NVDA")
    Unreachable("no answer from Yahoo about 'NVDA' (TimeoutError: timed out); check the network")
    """
    if isinstance(error, SourceError):
        return error
    seen = seen or Seen()
    kind = _kind(error, seen)
    said = re.sub(r"\.? See https?://curl\.se\S* .*$", "", " ".join(str(error).split()))
    reason = getattr(error, "yahoo_reason", None) or getattr(error, "rationale", None)
    words = (
        " ".join(str(reason).split())[:160]
        if reason
        else f"status {seen.status}"
        if seen.status
        else type(error).__name__
    )
    if kind is RateLimited:
        pause = seen.retry_after
        wait = f"; it asks to wait {pause:g} s" if pause is not None else "; wait some minutes"
        return RateLimited(
            f"{source} asked to slow down (status 429) at {symbol!r}{wait} and run the same again", pause
        )
    fault = f"status {seen.status}" if seen.status >= FIRST_ERROR else APOLOGY if seen.apology else said
    name = type(error).__name__
    messages: dict[type[SourceError], str] = {
        NoSuchTicker: f"{source} does not know {symbol!r} ({words}); check the spelling",
        NoDataInWindow: f"{source} knows {symbol!r} but has no bar in these dates ({words})",
        SourceDown: f"{source} failed at {symbol!r} ({fault}); try again later",
        BadPayload: f"{source} answered {symbol!r} with something unreadable ({name}: {said[:120]})",
        Unreachable: f"no answer from {source} about {symbol!r} ({name}: {said[:160]}); check the network",
    }
    return kind(messages[kind])


def _kind(error: BaseException, seen: Seen) -> type[SourceError]:
    names = {cls.__name__ for cls in type(error).__mro__ if not cls.__module__.startswith("urllib3")}
    if type(error).__module__.startswith("urllib3"):
        names = {"RequestException"}  # its HTTPError is the root of what happens on the way, not a status
    ours = next((kind for name, kind in BY_NAME if name in names), BadPayload)
    if ours in (Unreachable, RateLimited):
        return ours  # no answer came, whatever the one before it was; or it is said outright
    if seen.status == TOO_MANY or REFUSED.search(str(error)):
        return RateLimited
    if seen.apology or seen.status >= FIRST_FAULT:
        return SourceDown
    reason = getattr(error, "yahoo_reason", None)
    if reason:
        return _by_words(str(reason))
    if seen.status == NOT_FOUND:
        return NoSuchTicker
    return SourceDown if seen.status >= FIRST_ERROR else ours


def _by_words(reason: str) -> type[SourceError]:
    """Read what Yahoo's own explanation means: it comes with a status that yfinance does not pass on."""
    if EMPTY.search(reason):
        return NoDataInWindow
    if UNKNOWN.search(reason):
        return NoSuchTicker
    return SourceDown if FAULT.search(reason) else NoDataInWindow


def retry_after(headers: Any) -> float | None:
    """Return the seconds that a response asks to wait, or None; the header holds seconds or a date.

    Examples
    --------
    >>> retry_after({"Retry-After": "7"}), retry_after({}), retry_after({"Retry-After": "soon"})
    (7.0, None, None)
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        moment = pd.Timestamp(parsedate_to_datetime(text))
    except (TypeError, ValueError):
        return None
    return max(0.0, float((moment - pd.Timestamp.now("UTC")).total_seconds()))
