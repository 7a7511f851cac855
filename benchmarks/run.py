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
KEPT = "## Frames of other libraries"  # of benchmarks/frames.py: it stays when the page is made anew
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
import time; clock = time.perf_counter; start = clock()
import pandas as pd; pandas = clock()
import eventstudy.study.fit.fit, eventstudy.study.tables.returns, scipy.special
from eventstudy import EventStudy, MarketModel, ReturnPanel; ours = clock()
import numpy as np
rng = np.random.default_rng(1)
index = pd.bdate_range("2023-01-02", periods=600)
panel = ReturnPanel(pd.DataFrame(rng.normal(0, 0.01, (600, 6)), index=index, columns=list("MABCDE")))
events = pd.DataFrame({"event_id": range(20), "symbol": list("ABCDE") * 4, "bar": index[300:580:14]})
study = EventStudy(model=MarketModel("M"), calendar=CALENDAR)
def call():
    begin = clock(); study.fit(events, panel).car((0, 1)); return clock() - begin
cold = call()
print(pandas - start, ours - pandas, cold, min(call() for _ in range(20)))
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


def seconds(binary: Path, codes: tuple[str, ...], times: int = 7) -> list[float]:
    """Return the shortest wall time of a fresh interpreter running each of `codes`: in turns, so that a busy moment slows all."""
    found = []
    for _ in range(times):
        for code in codes:
            start = time.perf_counter()
            subprocess.run([binary, "-c", code], check=True, cwd="/")
            found.append(time.perf_counter() - start)
    return [min(found[at :: len(codes)]) for at in range(len(codes))]


def twenty(binary: Path, calendar: str) -> tuple[float, ...]:
    """Return what a fresh process spends on pandas, on our modules, on a study of twenty events, and on the same again."""
    code = f"CALENDAR = {calendar}\n{TWENTY}"
    runs = [subprocess.run([binary, "-c", code], check=True, capture_output=True, text=True).stdout for _ in range(5)]
    return tuple(min(column) for column in zip(*(map(float, text.split()) for text in runs), strict=True))


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
    nothing, *found = seconds(ours, ("pass", *IMPORTS))
    starts = {label: value - nothing for label, value in zip(IMPORTS, found, strict=True)}
    page = table(busy, reports, truth, starts, (twenty(ours, "None"), twenty(ours, '"XNYS"')))
    if given.out:
        there = given.out.read_text() if given.out.exists() else ""
        own = there[there.index(KEPT) :] if KEPT in there else ""
        given.out.write_text(f"{page.rstrip()}\n\n{own}" if own else page)
    else:
        sys.stdout.write(page)


def rate(row: dict) -> float:
    """Return security-events a second."""
    return row["events"] / row["seconds"]


def table(
    busy: float, reports: list[dict], truth: dict, starts: dict[str, float], small: tuple[tuple[float, ...], ...]
) -> str:
    """Return the page."""
    fastest = max(rate(row) for row in reports if row["case"] == "whole call" and row is not truth)
    found = {(row["tool"], row["case"]): row for row in reports if "seconds" in row}
    plain, dated = small
    lines = [
        "# Benchmarks",
        "",
        "Made by `python benchmarks/run.py --venvs DIR --out docs/benchmarks.md`: every tool in its own virtual environment and",
        "process, on the same synthetic panel, the shortest of several runs. Read the ratios; the seconds are of one machine",
        f"({os.cpu_count()} cores, Python {platform.python_version()}; load average before the run {busy:.1f}: what exceeds 0 was other work).",
        "",
        *judged(found, fastest, truth, starts, small),
        "",
        "Market model, estimation window of 250 bars (-260 .. -11), event window (-10, 10). Imports and the making of frames are",
        "not timed. The errors are the largest relative differences of the first 200 CARs and of their standard errors from a",
        "loop of statsmodels regressions with the exact forecast variance.",
        "",
        "| tool | case | security-events | seconds | per second | x fastest peer | peak MB | CAR error | s.e. error |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
        *(line(row, fastest, truth) for row in reports),
        "",
        "The rows `memory` read every window of that case and write as many doubles as the outputs have, and compute nothing: the",
        "rate at which this machine's memory serves such a loop, within the noise of a run. Share of it that the kernel reaches:",
        f"{shares(found)}.",
        "",
        "| start-up | milliseconds |",
        "|---|--:|",
        *(
            f"| `{label}`, a process of its own beyond one that does nothing | {1000 * value:.0f} |"
            for label, value in starts.items()
        ),
        f"| a study of 20 events in a fresh process: `import pandas` | {1000 * plain[0]:.0f} |",
        f"| — our modules and `scipy.special`, after pandas | {1000 * plain[1]:.0f} |",
        f"| — the study, on the panel's own index | {1000 * plain[2]:.1f} |",
        f"| — the same again | {1000 * plain[3]:.1f} |",
        f"| — or the study on the calendar XNYS, which imports `exchange_calendars` and builds it | {1000 * dated[2]:.0f} |",
        f"| — the same again | {1000 * dated[3]:.1f} |",
        "",
    ]
    return "\n".join(lines)


def line(row: dict, fastest: float, truth: dict) -> str:
    """Return one row of the table of tools."""
    if "seconds" not in row:
        return f"| {row['tool']} | {row['case']} | | | | | | | |"
    # with bars masked the estimation windows are others than the loop's
    same = row["events"] == truth["events"] and row.get("car") and "masked" not in row["case"]
    errors = (worst(row["car"], truth["car"]), worst(row["se"], truth["se"])) if same else ("", "")
    return (
        f"| {row['tool']} | {row['case']} | {row['events']:,} | {row['seconds']:.4g} | {rate(row):,.0f} | "
        f"{rate(row) / fastest:,.1f} | {row['peak_mb']:,.0f} | {errors[0]} | {errors[1]} |"
    )


def shares(found: dict[tuple[str, str], dict]) -> str:
    """Return which share of the memory's bound each kernel reaches."""
    said = [
        f"{tool[6:]}, {case}: {rate(row) / rate(found['memory', case]):.0%}"
        for (tool, case), row in found.items()
        if tool in {"ours, numpy", "ours, numba"} and ("memory", case) in found
    ]
    return "; ".join(said)


def judged(found: dict[tuple[str, str], dict], *rest: object) -> list[str]:
    """Return the table of targets, or which case is missing for it."""
    try:
        return wanted(found, *rest)
    except KeyError as missing:
        return [f"The targets cannot be judged: the case {missing} did not run."]


def wanted(
    found: dict[tuple[str, str], dict],
    fastest: float,
    truth: dict,
    starts: dict[str, float],
    small: tuple[tuple[float, ...], ...],
) -> list[str]:
    """Return the table of what was to be reached, and whether this run did."""
    kernel = rate(found["ours, numpy", "1,000 events x 1,000"])
    many, few = found["ours, whole", "100 events x 1,000"], found["ours, whole", "1,000 pairs"]
    masked = found["ours, whole", "1,000 pairs, masked"]
    error = max(float(worst(few[name], truth[name])) for name in ("car", "se"))
    pandas = starts["import pandas"]
    both = starts["from eventstudy import EventStudy, ReturnPanel"] - pandas
    least = [
        ("kernel, numpy, 1e6 security-events, per second", 1e6, kernel, ",.0f"),
        ("kernel, numba, the same", 3e6, rate(found["ours, numba", "1,000 events x 1,000"]), ",.0f"),
        ("whole call, 1e5 security-events, per second", 5e5, rate(many), ",.0f"),
        ("whole call, 1e5, times the fastest peer", 100, rate(many) / fastest, ",.0f"),
        ("whole call, 1,000 pairs, times the fastest peer", 30, rate(few) / fastest, ",.1f"),
        ("whole call, 1,000 pairs, other events masked (the default), times the fastest peer", 30, rate(masked) / fastest, ",.1f"),
        ("four factors, share of the market model's rate", 1 / 3, rate(found["ours, numpy", "1,000 x 1,000, 4 factors"]) / kernel, ".0%"),
        ("2 % scattered holes, the same", 1 / 3, rate(found["ours, numpy", "1,000 x 1,000, 2 % holes"]) / kernel, ".0%"),
    ]  # fmt: skip
    most = [
        ("error of CAR and of its standard error against statsmodels", 1e-10, error, ".0e"),
        ("`import eventstudy`, milliseconds", 60, 1000 * starts["import eventstudy"], ".0f"),
        ("`EventStudy`, `ReturnPanel` beyond `import pandas`, milliseconds", 100, 1000 * both, ".0f"),
        ("20-event study once the calendar is built, milliseconds", 100, 1000 * small[1][3], ".1f"),
        ("20-event study cold, calendar built in it, other imports apart, milliseconds", 400, 1000 * small[1][2], ".0f"),
    ]  # fmt: skip
    return [
        "| target | wanted | reached | |",
        "|---|--:|--:|---|",
        *(f"| {what} | at least {goal:{form}} | {got:{form}} | {'yes' if got >= goal else 'no'} |" for what, goal, got, form in least),
        *(f"| {what} | at most {goal:{form}} | {got:{form}} | {'yes' if got <= goal else 'no'} |" for what, goal, got, form in most),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
