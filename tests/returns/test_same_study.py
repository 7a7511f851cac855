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

import eventstudy as es
from eventstudy.returns import cache_entries
from loopback import Security, walk


def eventstudy(*words, **environment):
    command = [sys.executable, "-m", "eventstudy", *map(str, words)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def run(source, out, **environment):
    return eventstudy("run", "us-china", "--quick", "--source", source, "--out", out, **environment)


def led_here(proxy, pem, folder):
    return {
        "HTTPS_PROXY": proxy.url,
        "https_proxy": proxy.url,
        "SSL_CERT_FILE": str(pem),
        "CURL_CA_BUNDLE": str(pem),
        "REQUESTS_CA_BUNDLE": str(pem),
        "XDG_CACHE_HOME": str(folder / "xdg"),
        "EVENTSTUDY_CACHE_DIR": str(folder / "cache"),
    }


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
        fetched = run("yahoo", tmp_path / "fetched", **led_here(proxy, pem, tmp_path))
    assert fetched.returncode == 3, fetched.stderr  # Yahoo on this machine has five symbols; the others are named
    assert "NoSuchTicker: Yahoo does not know" in fetched.stderr
    assert "Traceback" not in fetched.stderr
    assert (tmp_path / "fetched" / "results.json").read_bytes() == (tmp_path / "filed" / "results.json").read_bytes()
    assert set(cache_entries(tmp_path / "cache")["symbol"]) == set(figures.columns)
    assert pd.Timestamp(cache_entries(tmp_path / "cache")["last"].max()) == pd.Timestamp("2026-08-20")


@pytest.mark.slow
def test_fetch_and_cache_as_commands(yahoo, tmp_path):
    from tls_proxy import TlsProxy, certificate  # noqa: PLC0415  needs cryptography

    days = es.load_prices("^GSPC", start="2025-03-03", end="2025-03-31").frame.index
    server, _ = yahoo(*(Security(symbol, closes=walk(symbol, days)) for symbol in ("NVDA", "^GSPC")))
    pem, span = certificate(tmp_path), ("--start", "2025-03-03", "--end", "2025-03-31")
    with TlsProxy(pem, server.port) as proxy:
        here = led_here(proxy, pem, tmp_path)
        first = eventstudy("fetch", "NVDA", "^GSPC", "NOPE", *span, "--freeze", tmp_path / "frozen", **here)
        assert first.returncode == 3, first.stderr
        assert "NOPE: NoSuchTicker" in first.stderr
        assert "Traceback" not in first.stderr
        assert eventstudy("cache", "verify", "--source", "yahoo", **here).returncode == 0
    kept = {"EVENTSTUDY_CACHE_DIR": str(tmp_path / "cache")}
    listed = eventstudy("cache", "list", **kept)
    assert listed.returncode == 0
    assert "NVDA" in listed.stdout
    assert eventstudy("fetch", "NVDA", "^GSPC", *span, "--offline", **kept).returncode == 0
    frozen = es.load_prices(["NVDA", "^GSPC"], source=tmp_path / "frozen").frame
    assert frozen["NVDA"].tolist() == pytest.approx(walk("NVDA", days).tolist(), rel=1e-12)
    entry = next(path for path in (tmp_path / "cache").rglob("*.parquet") if "NVDA" in path.parts)
    entry.write_bytes(entry.read_bytes()[:-40])
    assert eventstudy("cache", "verify", **kept).returncode == 3
    assert "removed 2 entries" in eventstudy("cache", "clear", **kept).stdout
