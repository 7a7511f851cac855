"""Time and memory of ours against peers, each tool in its own virtual environment and process, in one run.

    python benchmarks/run.py --venvs DIR --out docs/benchmarks.md

makes the environments it does not find in DIR (ours from this checkout with the extra `fast`; the peers from the package
index), runs every case there, compares the first two hundred CARs with those of a statsmodels loop, and writes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).parent
PEERS = {
    "eventstudy": "eventstudy==0.1a12",
    "ffjr": "ffjr-eventstudies",
    "vibe": "vibe-trading-ai",
    "statspai": "StatsPAI",
}
PARTS = (
    "whole-1e3", "whole-1e3-masked", "whole-1e5", "whole-1e6", "whole-1e5-pairs", "numpy", "numba", "numpy-four", "numpy-holes",
    "numpy-wide", "numba-wide", "memory", "memory-common",
)  # fmt: skip
IMPORTS = (
    "import eventstudy",
    "from eventstudy import EventStudy, ReturnPanel",
    "import pandas",
)
TWENTY = """
import time; start = time.perf_counter()
import numpy as np, pandas as pd
from eventstudy import EventStudy, MarketModel, ReturnPanel
rng = np.random.default_rng(1)
index = pd.bdate_range("2023-01-02", periods=600)
panel = ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (600, 6)), index=index, columns=list("MABCDE")))
events = pd.DataFrame({"event_id": range(20), "symbol": list("ABCDE") * 4, "bar": index[300:580:14]})
study = EventStudy(model=MarketModel("M"), calendar=CALENDAR)
study.fit(events, panel).car((0, 1)); cold = time.perf_counter() - start
warm = min(_time(lambda: study.fit(events, panel).car((0, 1))) for _ in range(20))
print(cold, warm)
"""


def python(folder: Path, requirement: list[str]) -> Path:
    """Return the interpreter of an environment, made if it is not there."""
    binary = folder / "bin" / "python"
    if not binary.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([binary, "-m", "pip", "install", "--quiet", *requirement], check=True)
    return binary


def run(binary: Path, script: str, *arguments: str, limit: int = 1800) -> list[dict]:
    """Run one tool and return what it reported; a failure is reported too."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [binary, HERE / "tools" / script, *arguments],
        env=environment, capture_output=True, text=True, timeout=limit, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return lines or [{"tool": script, "case": "failed", "error": done.stderr.strip().splitlines()[-1:]}]


def seconds(binary: Path, code: str, times: int = 7) -> float:
    """Return the shortest wall time of a fresh interpreter running `code`."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([binary, "-c", code], check=True, cwd="/")
        found.append(time.perf_counter() - start)
    return min(found)


def twenty(binary: Path, calendar: str) -> tuple[float, float]:
    """Return the seconds of a study of twenty events: in a fresh process with its imports, and again in the same one."""
    clock = "def _time(call):\n    import time; s = time.perf_counter(); call(); return time.perf_counter() - s\n"
    code = f"CALENDAR = {calendar}\n{clock}{TWENTY}"
    runs = [subprocess.run([binary, "-c", code], check=True, capture_output=True, text=True).stdout for _ in range(5)]
    pairs = [tuple(map(float, text.split())) for text in runs]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def worst(found: list[float], truth: list[float]) -> str:
    """Return the largest relative difference from the reference, as a table prints it."""
    if not found:
        return ""
    return f"{max(abs(a - b) / abs(b) for a, b in zip(found, truth, strict=False)):.0e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venvs", type=Path, default=Path("build/benchmarks"), help="where the environments are or go")
    parser.add_argument("--out", type=Path, help="the page to write; without it the table is printed")
    parser.add_argument("--times", type=int, default=3, help="runs of each case; the shortest counts")
    given = parser.parse_args()
    busy = os.getloadavg()[0]
    ours = python(given.venvs / "ours", [f"{HERE.parent}[fast]"])
    reports = run(ours, "loop.py", "1000", str(given.times))
    truth = reports[0]
    for name, requirement in PEERS.items():
        try:
            binary = python(given.venvs / name, [requirement])
        except subprocess.CalledProcessError:
            reports.append({"tool": requirement, "case": "did not install"})
            continue
        reports += run(binary, f"peer_{name}.py", "1000", str(given.times))
    for part in PARTS:
        reports += run(ours, "ours.py", part, str(given.times))
    starts = {label: seconds(ours, label) for label in IMPORTS}
    nothing = seconds(ours, "pass")
    starts = {label: value - nothing for label, value in starts.items()}
    page = table(busy, reports, truth, starts, (twenty(ours, "None"), twenty(ours, '"XNYS"')))
    if given.out:
        given.out.write_text(page)
    else:
        sys.stdout.write(page)


def table(
    busy: float, reports: list[dict], truth: dict, starts: dict[str, float], small: tuple[tuple[float, float], ...]
) -> str:
    """Return the page."""
    peers = [row for row in reports if row["case"] == "whole call" and row is not truth]
    fastest = max(row["events"] / row["seconds"] for row in peers)
    bounds = [row["events"] / row["seconds"] for row in reports if row["tool"] == "memory"]
    lines = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/run.py --venvs DIR --out docs/benchmarks.md`: every tool in its own virtual environment and",
        "process, on the same synthetic panel, the shortest of several runs. Read the ratios; the seconds are of one machine",
        f"({os.cpu_count()} cores, Python {platform.python_version()}; load average before the run {busy:.1f}: what exceeds 0 was other work).",
        "",
        "Market model, estimation window of 250 bars (-260 .. -11), event window (-10, 10). Imports and the making of frames are",
        "not timed. The errors are the largest relative differences of the first 200 CARs and of their standard errors from a",
        "loop of statsmodels regressions with the exact forecast variance.",
        "",
        "| tool | case | security-events | seconds | per second | x fastest peer | peak MB | CAR error | s.e. error |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in reports:
        if "seconds" not in row:
            lines.append(f"| {row['tool']} | {row['case']} | | | | | | | |")
            continue
        rate = row["events"] / row["seconds"]
        # with bars masked the estimation windows are others than the loop's
        same = row["events"] == truth["events"] and row.get("car") and "masked" not in row["case"]
        errors = (worst(row["car"], truth["car"]), worst(row["se"], truth["se"])) if same else ("", "")
        lines.append(
            f"| {row['tool']} | {row['case']} | {row['events']:,} | {row['seconds']:.4g} | {rate:,.0f} | "
            f"{rate / fastest:,.1f} | {row['peak_mb']:,.0f} | {errors[0]} | {errors[1]} |"
        )
    shares = []
    for row in reports:
        wide = "5,000" in row["case"]
        if row["tool"] in {"ours, numpy", "ours, numba"} and row["case"] in {
            "1,000 events x 1,000",
            "1e6 pairs, 5,000 x 6,300",
        }:
            bound = bounds[0] if wide else bounds[1]
            shares.append(f"{row['tool'][6:]}, {row['case']}: {row['events'] / row['seconds'] / bound:.0%}")
    plain, dated = small
    lines += [
        "",
        "The rows `memory` read every window and write as many doubles as the outputs have, and compute nothing: the bound that",
        f"this machine's memory sets. Share of it that the kernel reaches: {'; '.join(shares)}.",
        "",
        "| start-up | milliseconds |",
        "|---|--:|",
        *(f"| `{label}`, beyond starting Python | {1000 * value:.0f} |" for label, value in starts.items()),
        f"| a 20-event study, imports included, panel's own index | {1000 * plain[0]:.0f} |",
        f"| the same again in the same process | {1000 * plain[1]:.1f} |",
        f"| a 20-event study, imports and the calendar XNYS included | {1000 * dated[0]:.0f} |",
        f"| the same again in the same process | {1000 * dated[1]:.1f} |",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
