"""What a frame of another library costs at 1e6 rows: the conversion at the door, beside the whole call on pandas.

``python benchmarks/frames.py`` prints the table of docs/benchmarks.md. Time is that of the processor, so that other work on the
machine matters little; a conversion is the median of nine, the whole call the shorter of two. The bits are compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.frames import as_pandas, with_bars

ROWS, SECURITIES, TIMES = 1_000_000, 500, 9


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
    fitted = [seconds(lambda: study.fit(pairs, panel).car((0, 1))) for _ in range(2)]
    loaded = [seconds(lambda: es.load_returns(source=long)) for _ in range(2)]
    fit, load = (min(one for one, _ in both) for both in (fitted, loaded))
    print(f"| pandas | {fit:.2f} s | | {load:.2f} s | |")
    for name, make in LIBRARIES.items():
        events, bars, table = make(pairs), make(dated), make(long)
        both = statistics.median(seconds(lambda: (as_pandas(events), with_bars(bars)))[0] for _ in range(TIMES))  # noqa: B023
        one = statistics.median(seconds(lambda: as_pandas(table))[0] for _ in range(TIMES))  # noqa: B023
        same = study.fit(events, bars).car((0, 1)).equals(fitted[0][1])
        if not same or es.load_returns(source=table).digest != loaded[0][1].digest:
            msg = f"{name}: other bits than those of pandas"
            raise SystemExit(msg)
        print(f"| {name} | +{both:.3f} s | +{both / fit:.1%} | +{one:.3f} s | +{one / load:.1%} |")


if __name__ == "__main__":
    main()
