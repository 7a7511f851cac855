"""Fuzz the borders: damaged and hostile inputs by number, each accepted, refused with one clear error, or a fault.

python tests/fuzz/fuzz.py --inputs 2000 --seed 1 --border price-file
python tests/fuzz/fuzz.py --seed 1 --border price-file --number 17 --keep 0,2     # one input again, with its traceback
"""

from __future__ import annotations

import argparse
import os
import pprint
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from cases import BORDERS, border_of, build
from verdict import FAULTS
from watch import HERE, Journal, run_border
from worker import prepare

LIMIT = 5.0  # seconds
SHOWN = 6000  # characters of an input
COLUMNS = ("accepted", "refused", *FAULTS)


def main():
    options = _options()
    if options.number is not None:
        return _again(options)
    reports = []
    for border in options.border:
        reports.append(fuzz(border, options.seed, options.inputs, folder=options.folder, limit=options.limit))
        print(groups_told(reports[-1]), flush=True)
    print(table(reports))
    return int(any(report["groups"] for report in reports))


def fuzz(border, seed, inputs, *, folder, limit=LIMIT, quiet=False):
    """Take the first `inputs` inputs of a border through it; what an earlier run has done is not done again."""
    journal = Journal(Path(folder), border, seed)
    done = {line["number"] for line in journal.lines}
    first = next(number for number in range(inputs + 1) if number not in done)
    began = shown = time.monotonic()

    def told(line):
        nonlocal shown
        journal.add(line)
        if not quiet and (time.monotonic() - shown > 2 or line["number"] == inputs - 1):
            shown = time.monotonic()
            faults = sum(one["kind"] in FAULTS for one in journal.lines)
            pace = (shown - began) / (line["number"] + 1 - first) * 1000
            said = f"{border}: {line['number'] + 1} of {inputs}, {faults} faults, {pace:.1f} ms each"
            print(f"\r{said} ", end="", file=sys.stderr, flush=True)

    try:
        run_border(border, seed, range(first, inputs), limit, told)
    finally:
        journal.close()
    if not quiet:
        print(file=sys.stderr)
    lines = [line for line in journal.lines if line["number"] < inputs]
    return {"border": border, "seed": seed, "lines": lines, "groups": grouped(lines)}


def grouped(lines):
    """Return the faults by kind, exception and innermost function (wrong numbers: by what made them), the commonest first."""
    groups = {}
    for line in lines:
        if line["kind"] in FAULTS:
            where = line["where"].partition(":")[0], line["where"].rpartition(" ")[2]
            needed = tuple(line["mutations"][at] for at in line["keep"] or ()) if line["kind"] == "wrong" else ()
            groups.setdefault((line["kind"], line["type"], *where, *needed), []).append(line)
    return sorted(groups.values(), key=len, reverse=True)


def table(reports):
    """Return the counts of all borders."""
    rows = [("border", "inputs", *COLUMNS)]
    for report in reports:
        counts = Counter(line["kind"] for line in report["lines"])
        rows.append((report["border"], len(report["lines"]), *(counts[name] for name in COLUMNS)))
    widths = [max(len(str(row[at])) for row in rows) for at in range(len(rows[0]))]
    return "\n".join("  ".join(str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def groups_told(report):
    """Return each group of a border's faults with one way to see it again, and what only warned."""
    text = []
    for group in report["groups"]:
        example = min(
            group, key=lambda line: (line["keep"] is None, len(line["keep"] or line["mutations"]), line["number"])
        )
        kept = "" if example["keep"] is None else f" --keep {','.join(map(str, example['keep'])) or 'none'}"
        places = range(len(example["mutations"])) if example["keep"] is None else example["keep"]
        text += [
            f"{report['border']}: {len(group)} x {example['kind']} {example['type']} at {example['where']}",
            f"    {example['said']}",
            f"    after {', '.join(example['mutations'][at] for at in places) or 'nothing'}",
            f"    python tests/fuzz/fuzz.py --border {report['border']} --seed {report['seed']} --number {example['number']}{kept}",
            "",
        ]
    warned = Counter(line["warned"] for line in report["lines"] if line.get("warned"))
    text += [f"    ({count} inputs of {report['border']} warn: {what})" for what, count in warned.most_common(8)]
    return "\n".join(text)


def _options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--border", default=",".join(BORDERS), help=f"of {', '.join(BORDERS)}; several with commas")
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one input")
    parser.add_argument("--folder", type=Path, default=HERE.parents[1] / ".fuzz", help="where the journals are")
    parser.add_argument("--number", type=int, help="this input alone, with all that is known of it")
    parser.add_argument("--keep", help="its mutations that are applied, by place; none: the valid thing")
    options = parser.parse_args()
    options.border = [name for name in options.border.split(",") if name]
    unknown = set(options.border) - set(BORDERS)
    if unknown:
        parser.error(f"there is no border {min(unknown)}")
    return options


def _again(options):
    """Show one input and what becomes of it, in this process."""
    (name,) = options.border
    keep = None if options.keep is None else [int(at) for at in options.keep.split(",") if at.isdigit()]
    case = build(name, options.seed, options.number, keep)
    print("mutations:", ", ".join(case.mutations), "" if keep is None else f"(kept: {keep})")
    for failed in case.failed:
        print("does not fit:", failed)
    print(pprint.pformat(case.thing, width=140, compact=True)[:SHOWN].encode(errors="backslashreplace").decode())
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        border = border_of(name)
        getattr(border, "warm", lambda _: None)(Path(folder))
        place = Path(folder) / "input"
        place.mkdir()
        os.chdir(place)
        try:
            border.door(case.thing, place)
        except Exception:  # noqa: BLE001  shown, whatever it is
            traceback.print_exc(limit=-12)
        else:
            print("accepted")
        finally:
            os.chdir("/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
