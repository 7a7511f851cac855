"""Whatever lies about and whichever command comes: no file that the package did not write is changed or removed."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import eventstudy as es
from eventstudy.calibration import Plan, calibrate, write_table
from eventstudy.errors import EventStudyError
from eventstudy.pages.write import read_manifest
from eventstudy.plots.canvas import new_figure
from eventstudy.report import Chart, Document, Section, Table, check_document, write_document
from eventstudy.returns import cache_clear, cache_entries, cache_verify, freeze
from eventstudy.returns.bars import Bars
from eventstudy.returns.cache.store import Entry, Key, Store
from eventstudy.returns.sources.frozen import check_frozen
from hypothesis import HealthCheck, given, settings, strategies as st
from trees import tree

DAYS = pd.date_range("2025-03-03", periods=3)
DIGEST = "0" * 64
FOLDERS = ["", "out", "out/charts", "out/notes", "frozen", "moved", "cache", "cache/a/b", "cache/yahoo/raw", "cache/yahoo/raw/NVDA",
           "out/yahoo/raw/NVDA", "deep/er/still", ".out.7.old", ".frozen.0123456789abcdef.gone"]  # fmt: skip
NAMES = ["manifest.json", "prices.csv", "quality.csv", "results.json", "report.html", "lock", "x.parquet",
         "0123456789abcdef.parquet", "thesis.tex", "esc\x1b[2J", "line\nfeed", "tables", ".x.part", "journal", "table.csv"]  # fmt: skip
CONTENTS = [
    b"",
    b"years of work",
    b"{}",
    b'{"name": "my web app"}',
    b'{"generator": "eventstudy"',
    json.dumps({"generator": "eventstudy", "files": ["thesis.tex"]}).encode(),
    json.dumps({"generator": "eventstudy", "files": {"thesis.tex": "mine"}}).encode(),
    json.dumps({"generator": "eventstudy-web", "files": {"thesis.tex": DIGEST}}).encode(),
    json.dumps({"generator": "eventstudy", "files": {"../thesis.tex": DIGEST}}).encode(),
    json.dumps({"format": 1, "holds": "prices", "sha256": {"thesis.tex": DIGEST}}).encode(),
    json.dumps({"format": 1, "source": "a", "adjustment": "b", "symbol": "c", "file": "x.parquet"}).encode(),
    b'{"plan": "00000000", "unit": ["normal", 10, 0, 10], "cells": []}\n',
    b"# eventstudy calibrate\nmy own notes\n",
    b"PAR1\xff\xfe",
]
KINDS = ["file", "read-only", "link to a file", "link to a folder", "folder"]
STRANGER = st.tuples(
    st.sampled_from(FOLDERS), st.sampled_from(NAMES), st.sampled_from(KINDS), st.sampled_from(CONTENTS)
)


OUTPUTS = ("/table.csv", "/journal")


def document(level: float) -> Document:
    frame = pd.DataFrame({"value": [level]})
    chart = Chart("c", "A chart", "It rises.", new_figure(), frame, "")
    section = Section("S", ("One.",), charts=("c",), tables=("t",))
    return Document(
        "T", ("One.",), {"x": level}, (chart,), (Table("t", "T", "", frame),), (section,), {"inputs": {}}, ""
    )


REPORTS = (document(1.0), document(2.0))
PANELS = tuple(es.load_prices("^GSPC", "2025-04-01", day) for day in ("2025-04-10", "2025-04-11"))
PLAN = Plan(scenarios=("normal",), tests=("bmp",), windows=((0, 0),), events=(10,), replications=5)
ROWS = calibrate(PLAN)


def keep(folder: Path, turn: int) -> None:
    frame = pd.DataFrame({"close": [turn + 1.0, 2.0, 3.0]}, index=DAYS)
    entry = Entry(Bars(frame, {}), DAYS[0], DAYS[-1], "2025-04-01T00:00:00Z")
    Store(folder).update(Key("yahoo", "raw", "NVDA"), lambda _: entry)


def check(folder: Path, turn: int) -> None:
    check_document(REPORTS[turn], folder, images=folder.parent / "moved")
    write_document(REPORTS[turn], folder)


def fetch_and_freeze(folder: Path, turn: int) -> None:
    check_frozen(folder, cache=folder.parent / "cache")
    keep(folder.parent / "cache", turn)
    freeze(PANELS[turn], folder)


COMMANDS = {
    "run": lambda folder, turn: write_document(REPORTS[turn], folder),
    "report": lambda folder, _: read_manifest(folder),
    "check --update --images": check,
    "freeze": lambda folder, turn: freeze(PANELS[turn], folder),
    "fetch --freeze": fetch_and_freeze,
    "fetch": keep,
    "read": lambda folder, _: es.load_prices(source=str(folder)),
    "cache list": lambda folder, _: (cache_entries(folder), cache_verify(folder)),
    "cache clear": lambda folder, _: cache_clear(folder),
    "calibrate --out": lambda folder, _: write_table(folder / "table.csv", ROWS, "eventstudy calibrate"),
    "calibrate --resume": lambda folder, _: calibrate(PLAN, resume=folder / "journal"),
    "calibrate --out FOLDER": lambda folder, _: write_table(folder, ROWS, "eventstudy calibrate"),
}
STEP = st.tuples(
    st.sampled_from(sorted(COMMANDS)),
    st.sampled_from(["", "out", "frozen", "moved", "cache", "deep"]),
    st.integers(0, 1),
)


@pytest.fixture(scope="module", autouse=True)
def _drawn_once():
    """Draw every chart as one white dot: what is written matters here, not what it shows."""
    png = BytesIO()
    Image.new("L", (8, 8), 255).save(png, format="PNG")
    with pytest.MonkeyPatch.context() as patch:
        drawn = {"svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "png": png.getvalue()}
        patch.setattr("eventstudy.pages.write.draw_all", lambda figures, *_, **__: [drawn for _ in figures])
        yield


def strew(root: Path, outside: Path, strangers: list[tuple[str, str, str, bytes]]) -> None:
    """Put strangers where nothing of ours lies."""
    for folder, name, kind, content in strangers:
        path = root / folder / name
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                continue
            if kind == "folder":
                path.mkdir()
            elif kind.startswith("link"):
                path.symlink_to(outside if kind.endswith("folder") else outside / "precious.txt")
            else:
                path.write_bytes(content)
                path.chmod(0o444 if kind == "read-only" else 0o644)


def perform(root: Path, steps: list[tuple[str, str, int]]) -> int:
    """Run commands; a refusal is an error of ours and nothing else. Return how many were not refused."""
    done = 0
    for command, target, turn in steps:
        with contextlib.suppress(EventStudyError):
            COMMANDS[command](root / target, turn)
            done += 1
    return done


def survive(before: list, strangers: list, after: list) -> int:
    with tempfile.TemporaryDirectory() as place:
        root, outside = Path(place, "root"), Path(place, "outside")
        root.mkdir()
        outside.mkdir()
        (outside / "precious.txt").write_text("precious")
        (outside / "manifest.json").write_text("{}")
        perform(root, before)
        ours = tree(place)
        strew(root, outside, strangers)
        foreign = {name: content for name, content in tree(place).items() if name not in ours or "outside" in name}
        modes = {name: Path(place, name).lstat().st_mode for name in foreign}
        done = perform(root, after)
        now = tree(place)
        for name in {path for path, content in foreign.items() if content == b"" and path.endswith(OUTPUTS)}:
            foreign.pop(name)  # an empty file that is named as an output is taken: it holds nothing
            modes.pop(name)
        assert {name: now.get(name, "gone") for name in foreign} == foreign
        assert {name: Path(place, name).lstat().st_mode for name in foreign} == modes
        return done


PROPERTY = given(st.lists(STEP, max_size=4), st.lists(STRANGER, max_size=6), st.lists(STEP, min_size=1, max_size=5))
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=QUIET, derandomize=True)
@PROPERTY
def test_no_strangers_file_is_changed_or_removed(before, strangers, after):
    survive(before, strangers, after)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
@PROPERTY
def test_no_strangers_file_is_changed_or_removed_in_hundreds_of_trees(before, strangers, after):
    survive(before, strangers, after)


def test_every_command_does_something_where_nothing_is_in_the_way():
    """Else the property would hold of commands that refuse everything."""
    for command in COMMANDS:
        target = {"calibrate --out FOLDER": "table.csv", "calibrate --out": "", "calibrate --resume": ""}.get(
            command, "x"
        )
        before = {"report": "run", "check --update --images": "run", "read": "freeze"}.get(command)
        first = [(before, target, 0)] if before else []
        assert survive(first, [("", "thesis.tex", "file", b"x")], [(command, target, 1)]) == 1, command
