"""`eventstudy run us-china --source yahoo`, as a program of its own, equals the same figures from a file.

Nothing is patched and nothing is injected: the program is led to this machine by HTTPS_PROXY and CURL_CA_BUNDLE alone, as
behind the proxy of any company, and speaks TLS with its own session.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pandas as pd
import pytest
from loopback import Security, walk

import eventstudy as es
from eventstudy.returns import cache_entries


def run(source, out, **environment):
    program = "from eventstudy.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "us-china", "--quick", "--source", str(source), "--out", str(out)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_main_job_from_yahoo_equals_the_main_job_from_a_file(yahoo, tmp_path):
    from tls_proxy import TlsProxy, certificate  # noqa: PLC0415  needs cryptography

    bundled = es.load_prices(["^GSPC", "^VIX"]).frame
    figures = bundled.assign(**{symbol: walk(symbol, bundled.index) for symbol in ("NVDA", "AMD", "MP")})
    figures.rename_axis(columns=None).to_csv(tmp_path / "figures.csv")
    server, _ = yahoo(*(Security(symbol, closes=figures[symbol].rename_axis(None)) for symbol in figures.columns))
    pem = certificate(tmp_path)
    filed = run(tmp_path / "figures.csv", tmp_path / "filed")
    assert filed.returncode == 0, filed.stderr
    with TlsProxy(pem, server.port) as proxy:
        fetched = run(
            "yahoo",
            tmp_path / "fetched",
            HTTPS_PROXY=proxy.url,
            https_proxy=proxy.url,
            SSL_CERT_FILE=str(pem),
            CURL_CA_BUNDLE=str(pem),
            REQUESTS_CA_BUNDLE=str(pem),
            XDG_CACHE_HOME=str(tmp_path / "xdg"),
            EVENTSTUDY_CACHE_DIR=str(tmp_path / "cache"),
        )
    assert fetched.returncode == 3, fetched.stderr  # Yahoo on this machine has five symbols; the others are named
    assert "NoSuchTicker: Yahoo does not know" in fetched.stderr
    assert "Traceback" not in fetched.stderr
    assert (tmp_path / "fetched" / "results.json").read_bytes() == (tmp_path / "filed" / "results.json").read_bytes()
    assert set(cache_entries(tmp_path / "cache")["symbol"]) == set(figures.columns)
    assert pd.Timestamp(cache_entries(tmp_path / "cache")["last"].max()) == pd.Timestamp("2025-11-14")
