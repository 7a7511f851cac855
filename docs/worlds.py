"""Run the flagship's machinery on worlds of known truth and write the table that docs/flagship.md shows.

    python docs/worlds.py --worlds 500 --noise 6000 --journal worlds.jsonl --out docs/worlds.csv

Each world (kind, length of the record, number) has streams of its own: the number of workers changes nothing, and a run that
was stopped goes on from its journal. Rows grow together; the table says how many worlds each has: a size of 5 % asks for more
worlds of noise than a power does, and for links and evidence alone ("judged" counts those that were run through everything).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pandas as pd

from eventstudy.hypothesis import load_definitions
from eventstudy.hypothesis.laboratory.trials import Outcome, tally, trial
from eventstudy.hypothesis.laboratory.worlds import KINDS

SIZES = (1, 3)
RACED = 50  # worlds a row in which the rivals race too
Job = tuple[str, int, int]


def one(job: tuple[str, int, int, int, bool]) -> tuple[Job, dict[str, object]]:
    """One world."""
    kind, size, number, draws, judged = job
    found = trial(kind, load_definitions(), times=size, number=number, draws=draws, raced=number < RACED, judged=judged)
    return (kind, size, number), asdict(found)


def rules_of_worlds() -> str:
    """Give a digest of the definitions that a world depends on: a changed word elsewhere does not undo a night's work."""
    raw = load_definitions().raw
    own = {
        key: raw[key]
        for key in ("level", "reaction", "placebo", "decision", "power", "equivalence", "evidence", "falsifiers")
    }
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def outcome(kept: dict[str, object]) -> Outcome:
    """Give an outcome as the journal has it."""
    return Outcome(**{key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()})


def read(journal: Path, digest: str) -> dict[Job, Outcome]:
    """Worlds that are done, under these definitions; a line that was cut off is done again."""
    done: dict[Job, Outcome] = {}
    for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else ():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if entry["digest"] == digest:
            done[tuple(entry["job"])] = outcome(entry["outcome"])
    return done


def main() -> None:
    """Read the command line, run what is missing, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--noise", type=int, default=6000)
    parser.add_argument("--draws", type=int, default=199)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--journal", type=Path, default=Path("worlds.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("docs/worlds.csv"))
    options = parser.parse_args()
    digest = f"{rules_of_worlds()}/{options.draws}"
    done = read(options.journal, digest)
    wanted = {kind: options.noise if kind == "noise" else options.worlds for kind in KINDS}
    jobs = [
        (kind, size, number, options.draws, number < options.worlds)
        for number, size, kind in product(range(max(wanted.values())), SIZES, KINDS)
        if number < wanted[kind] and (kind, size, number) not in done
    ]
    with ProcessPoolExecutor(options.workers) as pool, options.journal.open("a", encoding="utf-8") as file:
        for job, found in pool.map(one, jobs):
            done[job] = outcome(json.loads(json.dumps(found)))
            file.write(json.dumps({"digest": digest, "job": job, "outcome": found}) + "\n")
            file.flush()
    rows = []
    for size, kind in product(SIZES, KINDS):
        own = [found for (k, s, n), found in sorted(done.items()) if (k, s) == (kind, size) and n < wanted[kind]]
        rows += [tally(kind, size, own)] if own else []
    table = pd.DataFrame(rows)
    table.round(4).to_csv(options.out, index=False)
    print(table.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
