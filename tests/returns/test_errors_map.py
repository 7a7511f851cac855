"""The map of errors is total: whatever yfinance or a transport raises has one name of ours."""

from __future__ import annotations

import http.client
import inspect
import json
import ssl
import urllib.error

import curl_cffi.requests.exceptions
import pytest
import requests.exceptions
import yfinance.exceptions

from eventstudy import errors
from eventstudy.returns.remote.yahoo_errors import Seen, as_source_error, retry_after

MODULES = (yfinance.exceptions, curl_cffi.requests.exceptions, requests.exceptions)
ARGUMENTS = {
    "YFTickerMissingError": ("X", "gone"),
    "YFTzMissingError": ("X",),
    "YFPricesMissingError": ("X", ""),
    "YFEarningsDateMissing": ("X",),
    "YFInvalidPeriodError": ("X", "7d", "1d"),
    "YFRateLimitError": (),
    "YFNotImplementedError": ("history",),
    "JSONDecodeError": ("Expecting value", "<html>", 0),
}
EXPECTED = {
    "YFRateLimitError": "RateLimited",
    "YFTzMissingError": "NoSuchTicker",
    "YFTickerMissingError": "NoSuchTicker",
    "YFPricesMissingError": "NoDataInWindow",
    "YFEarningsDateMissing": "NoDataInWindow",
    "YFInvalidPeriodError": "NoDataInWindow",
    "YFDataException": "SourceDown",
    "YFException": "SourceDown",
    "YFNotImplementedError": "BadPayload",
    "JSONDecodeError": "BadPayload",
    "InvalidJSONError": "BadPayload",
    "ContentDecodingError": "BadPayload",
    "HTTPError": "SourceDown",
    "TooManyRedirects": "SourceDown",
}


def every_exception():
    for module in MODULES:
        for name, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Exception) and not issubclass(found, Warning):
                yield pytest.param(found, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize("kind", list(every_exception()))
def test_every_exception_of_yfinance_curl_and_requests_has_one_of_ours(kind):
    name = kind.__name__
    error = kind(*ARGUMENTS.get(name, ("it broke",)))
    ours = as_source_error(error, "NVDA")
    assert type(ours) is not errors.SourceError
    assert isinstance(ours, errors.SourceError)
    assert type(ours).__name__ == (
        "Unreachable" if kind.__module__.startswith("urllib3") else EXPECTED.get(name, "Unreachable")
    )
    assert "NVDA" in str(ours)
    assert "\n" not in str(ours)


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (TimeoutError("timed out"), "Unreachable"),
        (ConnectionResetError(), "Unreachable"),
        (ssl.SSLError("handshake"), "Unreachable"),
        (urllib.error.URLError("no route"), "Unreachable"),
        (http.client.IncompleteRead(b"half"), "Unreachable"),
        (http.client.BadStatusLine("?"), "BadPayload"),
        (json.JSONDecodeError("x", "y", 0), "BadPayload"),
        (KeyError("chart"), "BadPayload"),
        (TypeError("NoneType"), "BadPayload"),
        (IndexError("list"), "BadPayload"),
        (RuntimeError("what else"), "BadPayload"),
    ],
)
def test_anything_else_too(error, name):
    assert type(as_source_error(error, "NVDA")).__name__ == name


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (Seen(429), "RateLimited"),
        (Seen(404), "NoSuchTicker"),
        (Seen(500), "SourceDown"),
        (Seen(503), "SourceDown"),
        (Seen(401), "SourceDown"),
        (Seen(200, apology=True), "SourceDown"),
        (Seen(200), "BadPayload"),
    ],
)
def test_the_status_of_the_answer_speaks_louder_than_the_parser(seen, name):
    assert type(as_source_error(json.JSONDecodeError("x", "y", 0), "NVDA", seen)).__name__ == name


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("Data doesn't exist for startDate = 1, endDate = 2", "NoDataInWindow"),
        ("No data found, symbol may be delisted", "NoSuchTicker"),
        ("internal server error", "SourceDown"),
    ],
)
def test_the_words_of_yahoo_are_understood(reason, name):
    error = yfinance.exceptions.YFPricesMissingError("NVDA", "", yahoo_reason=reason)
    ours = as_source_error(error, "NVDA")
    assert type(ours).__name__ == name
    assert reason in str(ours)


def test_ours_stay_as_they_are():
    error = errors.NoSuchTicker("gone")
    assert as_source_error(error, "NVDA") is error


def test_retry_after_may_be_a_date():
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0  # long over
    assert retry_after({"Retry-After": "120"}) == 120.0
    limited = as_source_error(yfinance.exceptions.YFRateLimitError(), "NVDA", Seen(429, 120.0))
    assert isinstance(limited, errors.RateLimited)
    assert limited.retry_after == 120.0
