"""Finished units of work, kept in a file one line each, so that a calibration can be stopped and taken up again."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from eventstudy.errors import InputError
from eventstudy.replace import alone_in, check_file

Window = tuple[int, int]
Key = tuple[str, int, Window, str]
"""Scenario, number of events, window, test."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Counts of one test in one cell.

    Attributes
    ----------
    replications : int
        Studies on which the test gave a p-value.
    two, less, greater : int
        Of them, how many had p at most 5 %, by side.
    """

    replications: int = 0
    two: int = 0
    less: int = 0
    greater: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


Counts = dict[Key, Cell]


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """Replications ``first`` .. ``first + count - 1`` of one scenario and number of events.

    Attributes
    ----------
    scenario : str
    n, first, count : int
    """

    scenario: str
    n: int
    first: int
    count: int


def append_journal(path: Path, plan: str, unit: Unit, counts: Counts) -> None:
    """Add a finished unit on a line of its own, in the place of one that was cut short."""
    cells = [[*key[2], key[3], *astuple(cell)] for key, cell in counts.items()]
    entry = {"plan": plan, "unit": list(astuple(unit)), "cells": cells}
    line = json.dumps({**entry, "sum": _sum(entry)}).encode() + b"\n"
    with alone_in(path.parent), path.open("a+b") as file:
        if not _ends_a_line(path):
            whole = sum(len(before) for _, before, cut in _lines(path) if not cut)
            if whole < file.tell():
                file.truncate(whole)  # what a kill has left of a line
            else:
                line = b"\n" + line  # it left nothing out but the end
        file.write(line)


def read_journal(path: Path, plan: str) -> dict[Unit, Counts]:
    """Return the finished units of a plan; a last line cut short by an interruption is left out."""
    place = check_file(path)
    done: dict[Unit, Counts] = {}
    if not place.exists():
        return done
    if not place.is_file():
        msg = f"{path} is no file that can be read again; name another one for the journal"
        raise InputError(msg)
    for number, line, cut in _lines(place):
        entry, why = (None, "") if cut else _entry(line)
        if why:
            msg = f"{path}, line {number}: {_brief(line)} {why}; name a new file, or the journal of an earlier calibration"
            raise InputError(msg)
        if entry is not None and entry["plan"] == plan:
            unit = Unit(*entry["unit"])
            done[unit] = {(unit.scenario, unit.n, (c[0], c[1]), c[2]): Cell(*c[3:]) for c in entry["cells"]}
    return done


LONGEST: Final = 16 << 20
"""Bytes of a line; one of ours has some thousand."""
_START: Final = re.compile(rb'{"plan": "[0-9a-f]{8}", "unit": \[.*', re.DOTALL)
_SHORTEST: Final = b'{"plan": "00000000", "unit": ['


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, content and whether it is the last one and cut short."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST):
            number += 1
            yield number, line, not line.endswith(b"\n") and _is_cut(line)


def _is_cut(line: bytes) -> bool:
    """Say whether a line without an end is the beginning of one of ours: sound JSON to its last character."""
    try:
        text = line.decode("ascii").rstrip("-")  # of a day before the event
        json.loads(text)
    except json.JSONDecodeError as error:
        to_the_end = text.isprintable() and (error.pos >= len(text) or error.msg.startswith("Unterminated string"))
        return to_the_end and _START.fullmatch(line + _SHORTEST[len(line) :]) is not None
    except (ValueError, RecursionError):
        return False
    return False


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read() in (b"", b"\n")


def _entry(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return what a line holds, or why it is not one of ours."""
    try:
        entry = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, "is no line of a calibration's journal"
    if not isinstance(entry, dict) or set(entry) != {"plan", "unit", "cells", "sum"}:
        return None, "is no line of a calibration's journal"
    if not _is_unit(entry["unit"]) or not isinstance(entry["plan"], str):
        return None, "names no unit of work"
    count = entry["unit"][3]
    if not isinstance(entry["cells"], list) or not all(_is_cell(cell, count) for cell in entry["cells"]):
        return None, f"holds counts that {count} replications cannot give"
    if entry.pop("sum") != _sum(entry):
        return None, "has been changed since it was written: its checksum differs"
    return entry, ""


def _is_unit(unit: Any) -> bool:
    if not isinstance(unit, list) or len(unit) != 4 or not isinstance(unit[0], str):
        return False
    return _are_counts(unit[1:]) and unit[1] > 0 and unit[3] > 0


def _is_cell(cell: Any, count: int) -> bool:
    """Say whether counts are possible: none below zero, none above the number of studies."""
    if not isinstance(cell, list) or len(cell) != 7 or not isinstance(cell[2], str):
        return False
    days, counts = cell[:2], cell[3:]
    return all(type(day) is int for day in days) and _are_counts(counts) and max(counts) == counts[0] <= count


def _are_counts(values: list[Any]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _sum(entry: dict[str, Any]) -> str:
    return f"{zlib.crc32(json.dumps(entry).encode()):08x}"


def _brief(line: bytes) -> str:
    text = line.decode("utf-8", errors="backslashreplace").rstrip("\n")
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
