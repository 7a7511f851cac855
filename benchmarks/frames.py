"""What a frame of another library costs at 1e6 rows: the whole call on it, beside the same call on pandas.

``python benchmarks/frames.py`` prints the table of docs/benchmarks.md: nine pairs of calls, in turns in one process, and the median
of their nine ratios. Time is that of the processor, so that other work on the machine matters little. The bits are compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import eventstudy as es
from eventstudy.calendars import sessions

ROWS, SECURITIES, PAIRS = 1_000_000, 500, 9


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time of a call, and what it returns."""
    begin = time.process_time()
    found = call()
    return time.process_time() - begin, found


def arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow."""
    return pa.Table.from_pandas(frame, preserve_index=False)


LIBRARIES = {
    "polars": pl.from_pandas,
    "polars, lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "Arrow": arrow,
    "DuckDB": lambda frame: duckdb.from_arrow(arrow(frame)),
}


def main() -> None:
    """Measure and print."""
    pa.set_cpu_count(1)
    duckdb.sql("SET threads = 1")
    rng = np.random.default_rng(0)
    days = sessions("XNYS", pd.Timestamp("2015-01-02"), pd.Timestamp("2024-12-31"))
    market = rng.normal(0, 0.01, len(days))
    noise = rng.normal(0, 0.02, (len(days), SECURITIES))
    values = market[:, None] * rng.uniform(0.5, 1.5, SECURITIES) + noise
    panel = pd.DataFrame(values, index=days, columns=[f"S{at:04d}" for at in range(SECURITIES)])
    panel.insert(0, "M", market)
    who, when = rng.integers(0, SECURITIES, ROWS), rng.integers(280, len(days) - 20, ROWS)
    pairs = pd.DataFrame({"event_id": np.arange(ROWS), "symbol": panel.columns[1:][who], "bar": days[when]})
    dated = panel.rename_axis("date").reset_index()
    long = dated.melt("date", var_name="symbol", value_name="close").iloc[:ROWS]
    long = long.assign(close=100 * np.exp(long["close"]), symbol=long["symbol"].astype("str"))
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-5, 5), estimation=(-260, -11), mask_events=False, calendar=None
    )

    def fit(events: Any, bars: Any) -> Any:
        return study.fit(events, bars).car((0, 1))

    def load(table: Any) -> Any:
        return es.load_returns(source=table).digest

    expected = fit(pairs, dated.set_index("date")), load(long)
    for name, make in LIBRARIES.items():
        cells = []
        calls = ((fit, (pairs, panel), (make(pairs), make(dated))), (load, (long,), (make(long),)))
        for at, (call, ours, theirs) in enumerate(calls):
            taken = []
            for _ in range(PAIRS):
                base, _ = seconds(partial(call, *ours))
                other, found = seconds(partial(call, *theirs))
                taken.append((base, other, other / base))
                if not (found.equals(expected[0]) if at == 0 else found == expected[1]):
                    msg = f"{name}: other bits than those of pandas"
                    raise SystemExit(msg)
            base, other, ratio = (statistics.median(column) for column in zip(*taken, strict=True))
            cells += [f"{base:.2f} s", f"{other:.2f} s", f"{ratio - 1:+.1%}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
