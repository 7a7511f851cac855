"""Start a fetch and kill it at a random moment, fifty times: port, folder, start, end, symbols…

The fetch is a fork of this process, which has loaded everything but started nothing: fifty kills take seconds, and each is
a real SIGKILL. After each, one line of JSON says which symbols the dead process had reported as complete, and a line on
standard input lets it go on.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pyarrow.parquet  # noqa: F401  loaded before the forks
import yfinance  # noqa: F401  the same
from loopback import curl_session

import eventstudy as es
from eventstudy.calendars import closes

KILLS = 50


def fetch(port, place, start, end, symbols, told) -> None:
    session = curl_session(SimpleNamespace(url=f"http://127.0.0.1:{port}"))

    def progress(_, __, symbol, outcome):
        if outcome == "ok":
            os.write(told, f"{symbol}\n".encode())

    source = es.YahooSource(session=session, cache=place, wait=0.01, spacing=0.0, workers=3, progress=progress)
    es.load_prices(symbols, start, end, source=source)


def main() -> None:
    port, place, start, end, *symbols = sys.argv[1:]
    moments = random.Random(0)
    closes("XNYS", pd.Timestamp(start), pd.Timestamp(end))  # built once, before the forks
    began = time.monotonic()
    if (trial := os.fork()) == 0:  # how long does it take if nobody is killed?
        fetch(port, f"{place}-trial", start, end, symbols, os.open(os.devnull, os.O_WRONLY))
        os._exit(0)
    os.waitpid(trial, 0)
    longest = time.monotonic() - began
    for _ in range(KILLS):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                fetch(port, place, start, end, symbols, writer)
            finally:
                os._exit(0)
        os.close(writer)
        time.sleep(moments.uniform(0.0, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader) as pipe:
            told = pipe.read().split()
        sys.stdout.write(json.dumps({"told": told}) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()  # whoever looks at the cache is done


if __name__ == "__main__":
    main()
