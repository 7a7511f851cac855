"""Models with donors: time of ours beside the fastest other tools that install, each in its own environment, in one run.

    python benchmarks/donors.py --venvs DIR

prints the table of docs/counterfactual.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from run import HERE, python, run

SIZES = (100, 500, 10_000)
PEERS = {"pysyncon": ("pysyncon",), "cvxpy": ("cvxpy", "clarabel")}
SLOW = {("pysyncon", 10_000)}
"""What does not end within minutes."""


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venvs", type=Path, default=Path("build/benchmarks"), help="where the environments are or go")
    parser.add_argument("--times", type=int, default=3, help="runs of each case; the shortest counts")
    given = parser.parse_args()
    busy = os.getloadavg()[0]
    rows = run(python(given.venvs / "ours", [f"{HERE.parent}[fast]"]), "ours_donors.py", "all", str(given.times))
    for peer, requirement in PEERS.items():
        binary = python(given.venvs / peer, list(requirement))
        for size in SIZES:
            if (peer, size) not in SLOW:
                rows += run(binary, f"peer_{peer}.py", str(size), "1" if size > 500 else str(given.times))
    best = {row["case"]: row["car"][0] for row in rows if row["tool"] == "ours" and row.get("car")}
    sys.stdout.write(f"Load average before the run {busy:.1f}, {os.cpu_count()} cores.\n\n")
    sys.stdout.write(
        "| case | tool | seconds | security-events a second | objective above ours |\n|---|---|--:|--:|--:|\n"
    )
    for row in sorted(rows, key=lambda row: row["case"]):
        if "seconds" not in row:
            sys.stdout.write(f"| {row['case']} | {row['tool']} | {row.get('error')} | | |\n")
            continue
        above = ""
        if "synthetic control," in row["case"]:
            above = f"{row['car'][0] / best[row['case']] - 1:.0e}"
        sys.stdout.write(
            f"| {row['case']} | {row['tool']} | {row['seconds']:.4f} | {row['events'] / row['seconds']:,.0f} | {above} |\n"
        )


if __name__ == "__main__":
    main()
