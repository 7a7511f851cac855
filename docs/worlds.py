"""Run the flagship's machinery on worlds of known truth and write the table that docs/flagship.md shows.

    python docs/worlds.py --worlds 200 --out docs/worlds.csv

Each cell (kind of world, length of the record) has streams of its own: the number of workers changes nothing.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import pandas as pd

from eventstudy.hypothesis import load_definitions
from eventstudy.hypothesis.laboratory.trials import run_trials
from eventstudy.hypothesis.laboratory.worlds import KINDS

SIZES = (1, 3)


def cell(job: tuple[str, int, int, int]) -> pd.DataFrame:
    """One kind of world at one length."""
    kind, size, worlds, draws = job
    return run_trials(load_definitions(), worlds=worlds, times=(size,), kinds=(kind,), draws=draws)


def main() -> None:
    """Read the command line, run, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--draws", type=int, default=199)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/worlds.csv"))
    options = parser.parse_args()
    jobs = [(kind, size, options.worlds, options.draws) for size, kind in product(SIZES, KINDS)]
    with ProcessPoolExecutor(options.workers) as pool:
        table = pd.concat(list(pool.map(cell, jobs)), ignore_index=True)
    table.round(4).to_csv(options.out, index=False)
    print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
