"""Studies of a panel on disk: wall time, peak memory, bytes read and written, from 1e4 to 1e7 security-events.

    python benchmarks/scale.py --folder DIR --sizes 1e4 1e5 1e6 --workers 1 2

makes a panel of 12,000 synthetic securities x 6,300 sessions in DIR (600 MB) if it is not there, runs each size in a process of
its own, fits the model of cost to what it has measured, and prints the table of docs/scale.md as Markdown. `--peers` adds a
loop of regressions by group in DuckDB and in Polars on the smallest size. The parts that are written are removed again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

SECURITIES, SESSIONS, EACH = 12_000, 6_300, 500
WINDOW, ESTIMATION = (-10, 10), (-260, -11)


def index() -> pd.DatetimeIndex:
    return pd.bdate_range("2000-01-03", periods=SESSIONS, name="date")


def make_panel(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    market = np.random.default_rng(0).normal(0, 0.01, SESSIONS)
    pd.DataFrame({"MKT": market}, index=index()).to_parquet(folder / "market.parquet")
    for first in range(0, SECURITIES, EACH):
        path = folder / f"panel-{first:05d}.parquet"
        if path.exists():
            continue
        rng = np.random.default_rng([1, first])
        own = rng.standard_normal((SESSIONS, EACH)) * 0.02 + market[:, None]
        frame = pd.DataFrame(own, index=index(), columns=[f"S{at:05d}" for at in range(first, first + EACH)])
        frame.to_parquet(path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)


def make_events(count: int) -> pd.DataFrame:
    rng = np.random.default_rng([2, count])
    who, day = rng.integers(0, SECURITIES, count), rng.integers(300, SESSIONS - 20, count)
    names = pd.array([f"S{at:05d}" for at in range(SECURITIES)], dtype="str")
    return pd.DataFrame({"event_id": np.arange(count), "symbol": names.take(who), "bar": index()[day]}).drop_duplicates(
        ["symbol", "bar"], ignore_index=True
    )


def one(folder: Path, count: int, workers: int) -> None:
    """Do one size and print what it took."""
    import eventstudy as es  # noqa: PLC0415  each process loads what it measures
    from eventstudy.workers import pool  # noqa: PLC0415  each process loads what it measures

    events = make_events(count)
    study = es.EventStudy(model=es.MarketModel("MKT"), window=WINDOW, estimation=ESTIMATION, calendar=None)
    out = folder.with_name(f"{folder.name}-result-{count}-{workers}")
    shutil.rmtree(out, ignore_errors=True)
    executor = pool(workers) if workers > 1 else None
    begin, io = time.perf_counter(), _io()
    scan = es.scan_returns(str(folder / "*.parquet"), memory=0)
    scanned = time.perf_counter()
    result = study.fit(events, scan)
    planned = time.perf_counter()
    times = [planned]
    stored = result.to_parquet(out, executor=executor, progress=lambda _d, _t: times.append(time.perf_counter()))
    done = time.perf_counter()
    read = _io() - io
    if executor is not None:
        executor.shutdown()
    own, children = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    written = sum(path.stat().st_size for path in out.iterdir())
    row = {
        "events": len(events), "workers": workers, "scan": scanned - begin, "plan": planned - scanned, "work": done - planned,
        "seconds": done - begin, "mb": own, "mb_worker": children if executor else own, "read_mb": read / 1e6, "written_mb": written / 1e6,
        "shares": result.shares, "studied": stored.n, "cpu": sum(os.times()[:4]),
    }  # fmt: skip
    shutil.rmtree(out)
    print(json.dumps(row))


def memory(folder: Path, count: int) -> None:
    """Do the same study on the panel in memory; reading it is not timed."""
    import eventstudy as es  # noqa: PLC0415  each process loads what it measures

    events = make_events(count)
    panel = es.ReturnPanel(
        pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], axis=1), check=False
    )
    study = es.EventStudy(model=es.MarketModel("MKT"), window=WINDOW, estimation=ESTIMATION, calendar=None)
    begin = time.perf_counter()
    study.fit(events, panel).car()
    print(json.dumps({"events": len(events), "workers": "in memory", "seconds": time.perf_counter() - begin}))


def _io() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


DUCK = """
    with bars as (unpivot (select * from panel) on columns(* exclude (date, MKT)) into name symbol value ret),
    placed as (select date, row_number() over (order by date) - 1 as at, MKT from panel)
    select e.event_id, regr_slope(b.ret, p.MKT), regr_intercept(b.ret, p.MKT), regr_syy(b.ret, p.MKT)
    from events e join placed d on d.date = e.bar join placed p on p.at between d.at - 260 and d.at - 11
    join bars b on b.symbol = e.symbol and b.date = p.date group by e.event_id
"""


def peers(folder: Path, count: int) -> None:
    """Time regressions by group: the estimation windows alone, no abnormal return, no standard error."""
    import duckdb  # noqa: PLC0415  each process loads what it measures
    import polars as pl  # noqa: PLC0415  each process loads what it measures

    symbols = [f"S{at:05d}" for at in range(EACH)]
    rng = np.random.default_rng(7)
    events = pd.DataFrame(
        {
            "event_id": range(count),
            "symbol": rng.choice(symbols, count),
            "bar": index()[rng.integers(300, SESSIONS - 20, count)],
        }
    )
    panel = (
        pd.read_parquet(folder / "panel-00000.parquet").join(pd.read_parquet(folder / "market.parquet")).reset_index()
    )
    begin = time.perf_counter()
    with duckdb.connect() as base:
        base.register("panel", panel)
        base.register("events", events)
        base.sql(DUCK).fetchall()
    print(json.dumps({"events": count, "workers": "DuckDB by group", "seconds": time.perf_counter() - begin}))
    begin = time.perf_counter()
    table = pl.from_pandas(panel)
    at = pl.DataFrame({"bar": table["date"], "day": np.arange(SESSIONS)})
    asked = pl.from_pandas(events).with_columns(pl.col("bar").cast(table["date"].dtype)).join(at, on="bar")
    for (symbol,), group in asked.group_by(["symbol"]):
        y, x = table[symbol].to_numpy(), table["MKT"].to_numpy()
        for day in group["day"].to_list():
            np.linalg.lstsq(
                np.column_stack([np.ones(250), x[day - 260 : day - 10]]), y[day - 260 : day - 10], rcond=None
            )
    print(json.dumps({"events": count, "workers": "Polars, a loop", "seconds": time.perf_counter() - begin}))


def child(*words: str) -> list[dict]:
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not found:
        print(done.stderr[-2000:], file=sys.stderr)
    return found


def model(rows: list[dict]) -> str:
    """Fit seconds = a + b (returns read, millions) + c (security-events, millions), of one worker."""
    rows = [row for row in rows if row["workers"] == 1]
    if len(rows) < 3:
        return ""
    cells = [min(row["events"], SECURITIES) * SESSIONS / 1e6 for row in rows]
    x = np.array([[cell, row["events"] / 1e6] for cell, row in zip(cells, rows, strict=True)])
    y = np.array([row["seconds"] for row in rows])
    (b, c), *_ = np.linalg.lstsq(x / y[:, None], np.ones(len(y)), rcond=None)  # relative errors
    return f"seconds = {b:.4f} a million returns read + {c:.2f} a million security-events (worst fit {np.abs(x @ [b, c] / y - 1).max():.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e4, 1e5, 1e6])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        kind, count, workers = given.one
        {"scan": lambda: one(given.folder, int(count), int(workers)), "memory": lambda: memory(given.folder, int(count)),
         "peers": lambda: peers(given.folder, int(count))}[kind]()  # fmt: skip
        return
    make_panel(given.folder)
    rows = []
    print(
        f"{os.cpu_count()} cores; load average before the run {os.getloadavg()[0]:.1f}: what exceeds 0 was other work"
    )
    print(
        "| security-events | workers | seconds | a second | scan, plan | MB peak | MB a worker | MB read | MB written |"
    )
    print("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    jobs = [("scan", int(size), workers) for size in given.sizes for workers in given.workers]
    jobs += [("memory", int(1e6), 1)] if 1e6 in given.sizes else []
    jobs += [("peers", 1_000, 1)] if given.peers else []
    for job in jobs:
        for row in child("--folder", str(given.folder), "--one", *map(str, job)):
            rows.append(row)
            cells = [
                f"{row['events']:,}",
                str(row["workers"]),
                f"{row['seconds']:.1f}",
                f"{row['events'] / row['seconds']:,.0f}",
            ]
            if "mb" in row:
                cells += [
                    f"{row['scan']:.1f}, {row['plan']:.1f}",
                    *(f"{row[name]:,.0f}" for name in ("mb", "mb_worker", "read_mb", "written_mb")),
                ]
            print(f"| {' | '.join([*cells, *[''] * (10 - len(cells))])} |", flush=True)
    print(model([row for row in rows if "mb" in row]))


if __name__ == "__main__":
    main()
