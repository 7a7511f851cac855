"""Two tables as files: which rows came and went, which cells moved, and by how much the first of them."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from eventstudy.border import guarded, read_text
from eventstudy.errors import InputError
from eventstudy.report.gate.compare_json import is_number, relative
from eventstudy.report.gate.differences import Moved, brief, step_by_name, step_of_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from eventstudy.report.gate.differences import Rule

    Step = Callable[[int, Any, Any], float]

_WHOLE = re.compile(r"-?\d{1,15}")
_NAMED = 4  # rows that came or went: more are counted
_LINE = 1 / 1000  # of what a column of a chart spans: thinner than a line is drawn


def compare_tables(old: Path, new: Path, name: str, rule: Rule, units: Mapping[str, str] | None) -> list[Moved]:
    """Give one line for a table that moved: rows that came and went, how many cells, the first of them; none if it did not."""
    one, two = _rows(old), _rows(new)
    if one[:1] != two[:1]:
        came_and_went = _came_and_went(*(rows[0] if rows else [] for rows in (one, two)))
        return [Moved("table", name, _columns(one), _columns(two), f"other columns{came_and_went}")]
    step = _step_of_chart(one) if units is None else _step_of_table(one[0] if one else [], units)
    differ = _cells(zip(one, two, strict=False), rule, step)
    if len(one) == len(two) and not differ:
        return []
    width = _width(one[1:], two[1:])
    keys, others = _counted(one[1:], width), _counted(two[1:], width)
    renamed = len(one) == len(two) and all(
        name == other or a[width:] == b[width:]
        for name, other, a, b in zip(keys, others, one[1:], two[1:], strict=True)
    )
    if renamed or sorted(keys) == sorted(others):
        (_, j), *pair = differ[0]
        before, after = (brief(row[j]) if j < len(row) else "" for row in pair)
        return [Moved("table", name, before, after, _first(differ, one[0], keys))]
    rows, more = dict(zip(keys, one[1:], strict=True)), dict(zip(others, two[1:], strict=True))
    both = [key for key in keys if key in more]
    differ = _cells([(one[0], two[0]), *((rows[key], more[key]) for key in both)], rule, step)
    said = f"{len(two) - len(one):+d} rows{_came_and_went(keys, others)}"
    said += f"; of the others, {_first(differ, one[0], both)}" if differ else ""
    return [Moved("table", name, f"{len(one) - 1} rows", f"{len(two) - 1} rows", said)]


def _cells(
    pairs: Iterable[tuple[list[str], list[str]]], rule: Rule, step: Step
) -> list[tuple[tuple[int, int], list[str], list[str]]]:
    """Give the place of each cell that differs, with the two rows that it is in."""
    return [
        ((i, j), a, b)
        for i, (a, b) in enumerate(pairs)
        for j in range(max(len(a), len(b)))
        if len(a) != len(b) or (a[j] != b[j] and not _same(a[j], b[j], rule, step, j))
    ]


def _first(differ: list[tuple[tuple[int, int], list[str], list[str]]], head: list[str], keys: list[str]) -> str:
    """Say how many cells differ, and which is the first: the table's row of heads is row 0."""
    (i, j), a, b = differ[0]
    one, two = (row[j] if j < len(row) else "" for row in (a, b))
    column = head[j] if j < len(head) else f"column {j + 1}"
    size = relative(_number(one), _number(two))
    return f"{len(differ)} cell{'s' if len(differ) > 1 else ''}; first: row {i} ({keys[i - 1]}), {column}, {size}"


def _width(one: list[list[str]], two: list[list[str]]) -> int:
    """Return how many leading cells tell the rows of each table apart; measured numbers are no names."""
    cells = min((len(row) for row in (*one, *two)), default=1)
    for width in range(1, cells):
        apart = all(len({tuple(row[:width]) for row in rows}) == len(rows) for rows in (one, two))
        if apart or any(isinstance(_number(row[width]), float) for row in (*one, *two)):
            return width
    return cells


def _counted(rows: list[list[str]], width: int) -> list[str]:
    """Join the leading cells of each row; those that come again are counted."""
    seen: Counter[str] = Counter()
    names = []
    for row in rows:
        name = " / ".join(brief(cell) for cell in row[:width])
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}, no. {seen[name]}")
    return names


def _came_and_went(old: list[str], new: list[str]) -> str:
    """Say which names are new and which are gone."""
    said = ""
    for word, names, others in (("new", new, set(old)), ("gone", old, set(new))):
        found = [name for name in names if name not in others]
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        said += f"; {word}: {', '.join(found[:_NAMED])}{more}" if found else ""
    return said


def _rows(path: Path) -> list[list[str]]:
    text = read_text(path, InputError)
    with guarded(str(path), "a table", InputError, "write the report anew"):
        rows = list(csv.reader(io.StringIO(text, newline="")))
    if not all(rows):
        msg = f"{path}: a row of the table is blank; write the report anew"
        raise InputError(msg)
    return rows


def _same(old: str, new: str, rule: Rule, step: Step, column: int) -> bool:
    a, b = _number(old), _number(new)
    return rule.same(a, b, step(column, a, b) if is_number(a) and is_number(b) else 0.0)


def _step_of_table(head: list[str], units: Mapping[str, str]) -> Step:
    """Take the last digit printed; of a statistic or a chance, as such is quoted."""

    def step(column: int, old: Any, new: Any) -> float:
        name = head[column] if column < len(head) else ""
        return max(step_of_unit(units[name], old, new), step_by_name(name)) if name in units else 0.0

    return step


def _step_of_chart(rows: list[list[str]]) -> Step:
    """Take a thousandth of what the column spans, and one in a count: less cannot be seen in the picture."""
    spans: dict[int, float] = {}

    def step(column: int, old: Any, new: Any) -> float:
        if float(old).is_integer() and float(new).is_integer():
            return 1.0
        if column not in spans:
            cells = [_number(row[column]) for row in rows[1:] if column < len(row)]
            known = [cell for cell in cells if isinstance(cell, float) and math.isfinite(cell)]
            spans[column] = max(known) - min(known) if known else 0.0
        return max(spans[column] * _LINE, step_by_name(rows[0][column]))

    return step


def _columns(rows: list[list[str]]) -> str:
    return f"{len(rows[0])} columns" if rows else "empty"


def _number(cell: str) -> float | str:
    """Return a cell as a number, a whole one as an int; else as it stands. Python's own ``1_000`` is text here."""
    if _WHOLE.fullmatch(cell):
        return int(cell)
    try:
        return cell if "_" in cell else float(cell)
    except ValueError:
        return cell
