"""What the package has written itself and reads again, damaged: journals and tables of calibrations, reports, kept results."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hostile import anything, damage_bytes, damage_tree, to_json, words
from verdict import CONTROL, BadText, WrongNumber

from eventstudy.errors import EventStudyError

KINDS = ("journal", "table", "report", "kept-json", "kept-parquet")


@dataclass
class File:
    """One file, as a tree of lines or as bytes, and what is done to it."""

    kind: str
    content: bytes
    trees: list[Any]
    truth: Any = True
    raw: list[int] = field(default_factory=list)
    name: str = "results.json"


def _plan():
    from eventstudy.calibration import Plan  # noqa: PLC0415  the child prepares itself first

    return Plan(scenarios=("normal",), tests=("bmp",), windows=((0, 0),), events=(10,), replications=20)


@cache
def _templates():
    import tempfile  # noqa: PLC0415  once

    import pandas as pd  # noqa: PLC0415  the child prepares itself first

    from eventstudy.calibration import calibrate, write_table  # noqa: PLC0415  the same
    from eventstudy.report.kept_results import Kept, save_kept  # noqa: PLC0415  the same

    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        rows = calibrate(_plan(), resume=root / "journal")
        write_table(root / "table", rows, "eventstudy calibrate")
        frame = pd.DataFrame(
            {"symbol": ["A", "B"], "car": [0.01, float("nan")], "day": pd.to_datetime(["2025-04-03", "2025-04-04"])}
        )
        kept = Kept({"car": frame, "more": frame.set_index("symbol")}, {"seed": 1})
        found["kept-json"] = save_kept(kept, root / "kept.json").read_bytes()
        found["kept-parquet"] = save_kept(kept, root / "kept.parquet").read_bytes()
        found["journal"], found["table"] = ((root / name).read_bytes() for name in ("journal", "table"))
        found["rows"] = rows
    return found


REPORT = {
    "manifest.json": {
        "generator": "eventstudy",
        "title": "T",
        "command": "eventstudy run",
        "inputs": {"^GSPC": "abc"},
        "versions": {"pandas": "3.0"},
        "shown": {"claims": {"figure": "percent2"}},
        "files": dict.fromkeys(("results.json", "tables/claims.csv", "report.html"), "0" * 64),
    },
    "results.json": {"car": {"lib": -0.0484}, "n": 3, "list": [1, 2.5, None]},
}
TABLE = b"number,figure\n1,0.5\n2,0.25\n"


def start(rng):
    kind = rng.choice(KINDS)
    if kind == "report":
        name = rng.choice(("manifest.json", "manifest.json", "results.json", "tables/claims.csv"))
        return File(kind, TABLE, [copy.deepcopy(REPORT[name])] if name in REPORT else [], name=name)
    content = _templates()[kind]
    trees = [json.loads(line) for line in content.decode().splitlines()] if kind == "journal" else []
    trees = [json.loads(content)] if kind == "kept-json" else trees
    return File(kind, content, trees)


def spell_blank(thing, rng):
    if thing.kind == "journal":
        thing.content += b"\n" * rng.randrange(1, 3)
    thing.truth = thing.truth and thing.kind == "journal"


def tree(thing, rng):
    damage_tree(thing.trees, rng)


def put_value(thing, rng):
    entry = rng.choice(thing.trees)
    entry[rng.choice(list(entry))] = anything(rng)


def put_counts(thing, rng):
    entry = rng.choice(thing.trees)
    if thing.kind == "journal":
        cell = entry["cells"][0]
        cell[rng.randrange(len(cell))] = rng.choice((10**6, -5, 0, 1e300, 2.5, None, "bmp", "x", 10**30, [1], True))


def put_line(thing, rng):
    line = rng.choice((anything(rng), {}, [], {"plan": "x"}, {"plan": None, "unit": [], "cells": []}, None, 5))
    if rng.random() < 0.5:
        thing.trees.insert(rng.randrange(len(thing.trees) + 1), line)
    else:
        thing.trees[rng.randrange(len(thing.trees))] = line


def put_cell(thing, rng):
    rows = thing.content.split(b"\n")
    at = rng.randrange(len(rows))
    cells = rows[at].split(b",")
    cells[rng.randrange(len(cells))] = rng.choice(
        (words(rng).encode("utf-8", "surrogatepass"), b"-1", b"1e400", b"nan", b"")
    )
    rows[at] = b",".join(cells)
    thing.content = b"\n".join(rows)


def lines(thing, rng):
    rows = thing.content.split(b"\n")
    kind = rng.randrange(3)
    if kind == 0:
        rng.shuffle(rows)
    elif kind == 1:
        rows = rows[: rng.randrange(len(rows) + 1)]
    else:
        rows.append(rng.choice(rows))
    thing.content = b"\n".join(rows)


def damaged(thing, rng):
    thing.raw.append(rng.getrandbits(64))


MUTATIONS = (
    spell_blank,
    tree,
    tree,
    tree,
    tree,
    put_value,
    put_value,
    put_counts,
    put_counts,
    put_line,
    put_cell,
    put_cell,
    lines,
    damaged,
    damaged,
)


def written(thing):
    content = (
        "".join(to_json(entry) + "\n" for entry in thing.trees).encode("utf-8", "surrogatepass")
        if thing.trees
        else thing.content
    )
    for seed in thing.raw:
        content = damage_bytes(content, random.Random(seed))
    return content


def door(thing, folder):
    content = written(thing)
    {"journal": _journal, "table": _table, "report": _report}.get(thing.kind, _kept)(thing, content, folder)


def _journal(thing, content, folder):
    from eventstudy.calibration import calibrate  # noqa: PLC0415  the child prepares itself first

    path = folder / "journal.jsonl"
    path.write_bytes(content)
    rows = calibrate(_plan(), resume=path)
    (true,) = _templates()["rows"]
    if len(rows) != 1:
        msg = f"{len(rows)} rows came, not one"
        raise WrongNumber(msg)
    row = rows[0]
    if thing.truth and row != true:
        msg = f"{row} came of a sound journal, {true} was kept"
        raise WrongNumber(msg)
    counts = (row.cell.two, row.cell.less, row.cell.greater)
    if (
        not all(isinstance(count, int) and 0 <= count <= row.cell.replications for count in counts)
        or row.cell.replications != 20
    ):
        msg = f"impossible counts are believed: {row.cell}"
        raise WrongNumber(msg)
    if not path.read_bytes().startswith(content):
        msg = "the journal was not only appended to"
        raise WrongNumber(msg)


def _table(thing, content, folder):
    from eventstudy.calibration import draw_table, read_table  # noqa: PLC0415  the child prepares itself first

    path = folder / "table.csv"
    path.write_bytes(content)
    _, rows = read_table(path)
    if thing.truth and rows != _templates()["rows"]:
        msg = f"{rows} came back"
        raise WrongNumber(msg)
    for row in rows:
        if not 0 <= row.rate <= 1:
            msg = f"a rate of {row.rate} is believed"
            raise WrongNumber(msg)
    draw_table(rows, 10, (0, 0))


def _report(thing, content, folder):
    from eventstudy.report import compare_folders  # noqa: PLC0415  the child prepares itself first
    from eventstudy.report.page.write import check_target, read_manifest  # noqa: PLC0415  the same

    for name in ("old", "new"):
        files = {part: json.dumps(value).encode() for part, value in REPORT.items()} | {
            "tables/claims.csv": TABLE,
            "report.html": b"<p>x",
        }
        if name == "old":
            files[thing.name] = content
        for part, body in files.items():
            path = folder / name / part
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    read_manifest(folder / "old")
    (folder / "old" / "mine.txt").write_text("mine", encoding="utf-8")
    try:
        check_target(folder / "old")
    except EventStudyError:
        pass
    else:
        msg = "a folder with a stranger's file may be written over"
        raise WrongNumber(msg)
    (folder / "old" / "mine.txt").unlink()
    found = compare_folders(folder / "old", folder / "new")
    if thing.truth and not found:
        msg = f"nothing was changed, and {found} moved"
        raise WrongNumber(msg)
    if CONTROL.search(str(found).replace("\n", " ")):
        msg = f"the list of what moved has control characters: {str(found)[:300]!r}"
        raise BadText(msg)
    repr(found.frame)


def _kept(thing, content, folder):
    from eventstudy.report.kept_results import load_kept  # noqa: PLC0415  the child prepares itself first

    path = folder / ("kept.json" if thing.kind == "kept-json" else "kept.parquet")
    path.write_bytes(content)
    kept = load_kept(path)
    for name in kept.frames:
        repr(kept[name])
    if thing.truth and kept["car"]["car"].tolist()[0] != 0.01:
        msg = "a kept number is another one"
        raise WrongNumber(msg)
