"""Finished units of work, kept in a file one line each, so that a calibration can be stopped and taken up again."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Cell", "Counts", "Key", "Unit", "Window", "append_journal", "read_journal"]

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
    """Add a finished unit.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.
    plan : str
        Digest of the plan.
    unit : Unit
    counts : dict
        What it counted.
    """
    cells = [[*key[2], key[3], *astuple(cell)] for key, cell in counts.items()]
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"plan": plan, "unit": astuple(unit), "cells": cells}) + "\n")


def read_journal(path: Path, plan: str) -> dict[Unit, Counts]:
    """Return the finished units of a plan; a line cut short by an interruption is left out.

    Parameters
    ----------
    path : Path
        The file; none is as good as an empty one.
    plan : str
        Digest of the plan.

    Returns
    -------
    dict
        Unit to counts.
    """
    done: dict[Unit, Counts] = {}
    if not path.exists():
        return done
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if entry["plan"] == plan:
            unit = Unit(*entry["unit"])
            done[unit] = {(unit.scenario, unit.n, (c[0], c[1]), c[2]): Cell(*c[3:]) for c in entry["cells"]}
    return done
