"""What a comparison finds, as values, and the rule by which two values are the same."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eventstudy.pages.formats import places
from eventstudy.report.gate.compare_json import is_number, is_same
from eventstudy.words import visible


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that differs.

    Attributes
    ----------
    kind : str
        ``"input"``, ``"setting"``, ``"number"``, ``"table"``, ``"chart"``, ``"page"`` or ``"file"``.
    what : str
        A key path of manifest.json or results.json, or the name of a file.
    old, new : str
        What stood there and what stands there now; ``"missing"`` if nothing.
    difference : str
        How much, in words.
    """

    kind: str
    what: str
    old: str
    new: str
    difference: str

    def __post_init__(self) -> None:
        for name in ("what", "old", "new", "difference"):  # what a folder of others says is printed and put into tables
            object.__setattr__(self, name, visible(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found; false if anything moved.

    Attributes
    ----------
    moved : tuple of Moved
        Inputs first, then settings, numbers, tables, charts, the page, other files.
    notes : tuple of str
        What differs without being a failure: versions of libraries, and by which rule numbers and charts were compared.
    """

    moved: tuple[Moved, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", tuple(map(visible, self.notes)))

    def __bool__(self) -> bool:
        return not self.moved

    @property
    def frame(self) -> pd.DataFrame:
        """One row a difference: ``kind``, ``what``, ``old``, ``new``, ``difference``."""
        columns = ["kind", "what", "old", "new", "difference"]
        return pd.DataFrame([[getattr(row, column) for column in columns] for row in self.moved], columns=columns)

    def __str__(self) -> str:
        lines = [f"{m.kind:<8} {m.what}: {m.old} -> {m.new} ({m.difference})" for m in self.moved]
        return "\n".join([*(lines or ["nothing moved"]), *self.notes])


@dataclass(frozen=True, slots=True)
class Rule:
    """When two values are the same.

    Attributes
    ----------
    tolerance : float
        Relative, for numbers.
    reader : bool
        False: the inputs are the same, so nothing may move. True: an input has changed, which fails the build whatever
        follows; what is asked then is what a reader would see, and a number has moved only if it did so by more than one
        unit of the last digit in which it is printed, too.
    """

    tolerance: float
    reader: bool = False

    def same(self, old: Any, new: Any, step: float) -> bool:
        """Compare two values.

        Examples
        --------
        >>> Rule(1e-6).same(5396.52, 5396.53, 0.01), Rule(1e-6, reader=True).same(5396.52, 5396.53, 0.01)
        (False, True)
        >>> Rule(1e-6, reader=True).same("t = 2.50, n = 9", "t = 2.51, n = 9", 0.0)
        True
        """
        if is_same(old, new, self.tolerance):
            return True
        if not self.reader:
            return False
        if isinstance(old, str) and isinstance(new, str):
            return same_words(old, new)
        known = is_number(old) and is_number(new) and math.isfinite(old) and math.isfinite(new)
        return bool(known and abs(old - new) <= step * _ROUNDING)


_ROUNDING = 1 + 1e-6  # two closes a cent apart differ by a little more than 0.01 in binary
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def same_words(old: str, new: str) -> bool:
    """Say whether two texts are the same but for decimals that differ by one unit of their last digit."""
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return False
    for a, b in zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True):
        digits = len(a.partition(".")[2])
        if a != b and (not digits or digits != len(b.partition(".")[2])):
            return False  # 44 events are not 45, nor is 3 September the 4th
        if abs(float(a) - float(b)) > 10.0**-digits * _ROUNDING:
            return False
    return True


def step_of_unit(unit: str, *values: float) -> float:
    """Give one unit of the last digit of a cell, in the units of :data:`eventstudy.report.UNITS`.

    Examples
    --------
    >>> step_of_unit("percent", 0.05), step_of_unit("pvalue", 0.05), step_of_unit("count", 9), step_of_unit("number", 25.31)
    (0.0001, 0.001, 0.0, 0.1)
    """
    fixed = {"percent": 1e-4, "bp": 1e-5, "pvalue": 1e-3, "count": 0.0, "text": 0.0}
    if unit in fixed:
        return fixed[unit]
    return max((10.0 ** -places(value) for value in values if math.isfinite(value)), default=0.0)


_NAMED = (
    (re.compile(r"pvalue\w*|p_\w+|\w+_p|power|share|size|hazard"), 1e-3),
    (re.compile(r"detectable|statistic|\w*standardized|sar|scar|t|z|log_odds\w*|odds_ratio"), 1e-2),
    (re.compile(r"level|close"), 1e-2),
)


def step_by_name(name: str) -> float:
    """Give one unit of the last digit of what goes by a name that says it: chances, statistics, levels; else 0.

    Examples
    --------
    >>> step_by_name("p_sign"), step_by_name("sar"), step_by_name("level"), step_by_name("estimate")
    (0.001, 0.01, 0.01, 0.0)
    """
    return next((step for pattern, step in _NAMED if pattern.fullmatch(name)), 0.0)


def step_of_result(key: str, *values: float) -> float:
    """Give one unit of the last digit of a value of results.json: by its name, else as a number is printed.

    Examples
    --------
    >>> step_of_result("links[H1].pvalue", 0.04), step_of_result("events[lib].ar", -0.0484), step_of_result("n", 45)
    (0.001, 0.0001, 0.0)
    """
    if all(isinstance(value, int) for value in values):
        return 0.0
    name = re.sub(r"\[[^\]]*\]", "", key).rpartition(".")[2]
    return step_by_name(name) or step_of_unit("number", *values)


def brief(value: Any) -> str:
    """Write a value for a line of the list."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
