"""The journal and the table of a calibration: nothing that is not ours is appended to or replaced."""

from __future__ import annotations

import json
import zlib

import pytest
from typer.testing import CliRunner

from eventstudy.calibration import Plan, calibrate, check_table, read_table, shipped_tables, write_table
from eventstudy.calibration.journal import read_journal
from eventstudy.cli.app import app
from eventstudy.errors import InputError

PLAN = Plan(scenarios=("normal", "t4"), tests=("bmp",), windows=((0, 0),), events=(10,), replications=20)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "j"
    return calibrate(PLAN, resume=path), path.read_text()


def signed(entry):
    """Write a line with the checksum it should have, as the format says: CRC-32 of the other keys as JSON."""
    body = {key: entry[key] for key in ("plan", "unit", "cells")}
    return json.dumps({**body, "sum": f"{zlib.crc32(json.dumps(body).encode()):08x}"}) + "\n"


def changed(text, change):
    first, rest = text.split("\n", 1)
    entry = json.loads(first)
    change(entry)
    return signed(entry) + rest


NOT_OURS = {
    "a text": ("dear diary\n", 1, "is no line of a calibration's journal"),
    "a text without an end": ("dear diary", 1, "is no line of a calibration's journal"),
    "other JSON": ('{"name": "my web app"}\n', 1, "is no line"),
    "other JSON lines of another kind": ("[1, 2]\n", 1, "is no line"),
    "an empty line": ("\n", 1, "is no line"),
    "deep JSON": ("[" * 100_000, 1, "is no line"),
    "not UTF-8": (b"\xff\xfe\x00\n", 1, "is no line"),
    "bytes": (b"PK\x03\x04\x00\x00", 1, "is no line"),
}


@pytest.mark.parametrize("what", NOT_OURS)
def test_a_file_that_is_no_journal_is_refused_with_its_line_and_stays(tmp_path, written, what):
    content, _, why = NOT_OURS[what]
    content = content if isinstance(content, bytes) else content.encode()
    for lead in ("", written[1]):
        path = tmp_path / "notes.txt"
        path.write_bytes(lead.encode() + content)
        line = lead.count("\n") + 1
        worked = []
        with pytest.raises(InputError, match=rf"notes\.txt, line {line}: .* {why}.*; name a new file"):
            calibrate(PLAN, resume=path, progress=lambda *step: worked.append(step))  # noqa: B023  called at once
        assert worked == []  # before the work
        assert path.read_bytes() == lead.encode() + content


IMPOSSIBLE = {
    "more rejected than there were": lambda e: e["cells"][0].__setitem__(4, 30),
    "more than studies": lambda e: [e["cells"][0].__setitem__(place, 21) for place in (3, 4)],
    "below zero": lambda e: e["cells"][0].__setitem__(5, -1),
    "a decimal": lambda e: e["cells"][0].__setitem__(4, 0.5),
    "true": lambda e: e["cells"][0].__setitem__(4, True),
    "text": lambda e: e["cells"][0].__setitem__(3, "20"),
    "too few": lambda e: e["cells"][0].pop(),
    "no cells": lambda e: e.update(cells=None),
    "a unit of none": lambda e: e["unit"].__setitem__(3, 0),
    "a unit of text": lambda e: e.update(unit="normal"),
    "a plan of numbers": lambda e: e.update(plan=7),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_counts_that_cannot_be_are_refused(tmp_path, written, what):
    path = tmp_path / "j"
    path.write_text(changed(written[1], IMPOSSIBLE[what]))
    with pytest.raises(
        InputError, match=r"j, line 1: .* (holds counts that \d+ replications cannot give|names no unit)"
    ):
        calibrate(PLAN, resume=path)


def test_counts_that_were_changed_are_refused(tmp_path, written):
    entry = json.loads(written[1].split("\n", 1)[0])
    entry["cells"][0][4] = 20  # twenty of twenty: possible, and not what was counted
    path = tmp_path / "j"
    path.write_text(json.dumps(entry) + "\n")
    with pytest.raises(InputError, match="has been changed since it was written: its checksum differs"):
        calibrate(PLAN, resume=path)
    path.write_text(signed(entry))  # with the right checksum nothing can be seen: the test can fail
    assert next(iter(read_journal(path, PLAN.digest).values()))["normal", 10, (0, 0), "bmp"].two == 20


def test_cut_anywhere_in_its_last_line_a_journal_goes_on(tmp_path, written):
    rows, text = written
    first = text.split("\n", 1)[0] + "\n"
    path = tmp_path / "j"
    for length in range(len(first), len(text) + 1):
        path.write_text(text[:length])
        done = len(read_journal(path, PLAN.digest))
        assert done == (2 if length >= len(text) - 1 else 1)  # without its end a line is whole
        if length % 25 == 0 or length > len(text) - 2:
            assert calibrate(PLAN, resume=path) == rows
            assert path.read_text() == (text if length >= len(text) or done == 1 else text[:length])
            longer = Plan(**{**{name: getattr(PLAN, name) for name in PLAN.__dataclass_fields__}, "seed": 1})
            calibrate(longer, resume=path)  # appends on a line of its own
            assert all(json.loads(line) for line in path.read_text().splitlines())
            assert len(path.read_text().splitlines()) == 4


@pytest.mark.parametrize("damage", [b"\xe7\xe5", b"\r1e400", b"\x00", b"\t", b'"x"'])
def test_a_last_line_that_is_damaged_is_not_taken_for_one_that_was_cut(tmp_path, written, damage):
    text = written[1].encode()
    first = text.index(b"\n") + 1
    path = tmp_path / "j"
    for at in (first + 30, first + 60, len(text) - 4):
        path.write_bytes(damaged := text[:at] + damage + text[at : len(text) - 2])
        with pytest.raises(InputError, match=r"line 2: .* is no line of a calibration's journal"):
            calibrate(PLAN, resume=path)
        assert path.read_bytes() == damaged


@pytest.mark.parametrize("make", ["folder", "nowhere", "read-only"])
def test_a_journal_that_cannot_be_written_is_said_before_the_work(tmp_path, written, make):
    path = tmp_path / "j"
    if make == "folder":
        path.mkdir()
    elif make == "nowhere":
        path = tmp_path / "no" / "j"
    else:
        path.write_text(written[1])
        path.chmod(0o444)
    worked = []
    with pytest.raises(InputError, match=r"is a folder|is not there|is read-only"):
        calibrate(PLAN, resume=path, progress=lambda *step: worked.append(step))
    assert worked == []


def test_only_a_table_of_ours_is_replaced(tmp_path, written):
    rows, _ = written
    path = tmp_path / "notes.csv"
    write_table(path, rows, "eventstudy calibrate")
    table = path.read_text()
    write_table(path, rows, "eventstudy calibrate --seed 0")
    assert read_table(path) == ("eventstudy calibrate --seed 0", rows)
    for text in ("my notes\n", "# eventstudy calibrate\nmy notes\n", table + "my notes\n", f"{table}\n{table}", "\x00"):
        path.write_text(text)
        with pytest.raises(InputError, match=r"notes\.csv is not a table that eventstudy calibrate wrote; name a new"):
            write_table(path, rows, "eventstudy calibrate")
        assert path.read_text() == text
    path.write_text("")
    write_table(path, rows, "eventstudy calibrate")
    assert path.read_text() == table
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.csv"]


def test_the_shipped_tables_are_known_as_ours(tmp_path):
    for name, text in shipped_tables().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        check_table(tmp_path / name)


def test_the_command_refuses_before_the_work(tmp_path):
    (tmp_path / "notes.csv").write_text("my notes\n")
    words = ["calibrate", "--scenario", "normal", "--tests", "bmp", "--events", "10", "--replications", "10"]
    for more, why in (
        (["--out", tmp_path / "notes.csv"], "is not a table"),
        (["--resume", tmp_path / "notes.csv"], "line 1: 'my notes' is no line"),
        (["--out", tmp_path / "x", "--resume", tmp_path / "x"], "name two files"),
        (["--out", tmp_path], "is a folder"),
    ):
        done = CliRunner().invoke(app, [*words, *map(str, more)])
        assert isinstance(done.exception, InputError)
        assert why in str(done.exception)
        assert "units" not in done.stderr
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"notes.csv": "my notes\n"}


def test_a_row_of_no_replications_has_no_rate_and_is_refused(tmp_path, written):
    rows, _ = written
    write_table(tmp_path / "t.csv", rows, "eventstudy calibrate")
    first, heads, line, *more = (tmp_path / "t.csv").read_text().splitlines()
    at = heads.split(",").index("replications")
    none = ",".join([*line.split(",")[:at], "0", "0", "0", "0", *line.split(",")[at + 4 :]])
    (tmp_path / "t.csv").write_text("\n".join([first, heads, none, *more]) + "\n")
    with pytest.raises(InputError, match=r"t\.csv, line 3: this cannot be read as a row of a table"):
        read_table(tmp_path / "t.csv")
