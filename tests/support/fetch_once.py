"""Fetch some symbols into a cache, in a process of its own: port, folder, start, end, symbols…"""

from __future__ import annotations

import os
import signal
import sys
from types import SimpleNamespace

import eventstudy as es
from loopback import curl_session


def main() -> int:
    port, place, start, end, *symbols = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with Ctrl-C ignored
    limit = 0
    if "--interrupt-after" in symbols:
        limit = int(symbols.pop())
        symbols.remove("--interrupt-after")

    def progress(done, *_):
        if done == limit:
            os.kill(os.getpid(), signal.SIGINT)  # as a terminal does on Ctrl-C

    session = curl_session(SimpleNamespace(url=f"http://127.0.0.1:{port}"))
    source = es.YahooSource(session=session, cache=place, wait=0.01, spacing=0.0, workers=3, progress=progress)
    try:
        panel = es.load_prices(symbols, start, end, source=source)
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{panel.digest} {sorted(panel.failures)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
