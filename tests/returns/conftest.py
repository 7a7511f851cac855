"""Yahoo on this machine, and yfinance led to it: nothing of either is patched."""

from __future__ import annotations

import pytest

import eventstudy as es
from loopback import YahooServer, curl_session, requests_session

TRANSPORTS = {"curl": curl_session, "requests": requests_session}
HASTY = {"wait": 0.01, "spacing": 0.0, "stop_after": 1000}


@pytest.fixture
def yahoo(tmp_path):
    """Return a maker of (server, source) for some securities; everything is closed afterwards."""
    import yfinance  # noqa: PLC0415  half a second that only these tests pay
    from yfinance.data import YfData  # noqa: PLC0415

    yfinance.set_tz_cache_location(str(tmp_path / "yfinance"))
    YfData.cache_get.cache_clear()
    opened = []

    def make(*securities, transport="curl", **options):
        server = YahooServer(list(securities)).__enter__()
        opened.append(server)
        return server, again(server, transport=transport, **options)

    def again(server, *, transport="curl", **options):
        return es.YahooSource(session=TRANSPORTS[transport](server), **{**HASTY, **options})

    make.again = again
    yield make
    for server in opened:
        server.__exit__(None, None, None)
