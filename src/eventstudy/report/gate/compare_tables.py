"""Two tables as files: which cells moved, and by how much the first of them."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING, Any

from eventstudy.border import guarded, read_text
from eventstudy.errors import InputError
from eventstudy.report.gate.compare_json import is_number, relative
from eventstudy.report.gate.differences import Moved, brief, step_by_name, step_of_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from eventstudy.report.gate.differences import Rule

    Step = Callable[[int, Any, Any], float]

_WHOLE = re.compile(r"-?\d{1,15}")
_LINE = 1 / 1000  # of what a column of a chart spans: thinner than a line is drawn


def compare_tables(old: Path, new: Path, name: str, rule: Rule, units: Mapping[str, str] | None) -> list[Moved]:
    """Give one line for a table that moved: how many cells, and the first of them; none if it did not."""
    one, two = _rows(old), _rows(new)
    if one[:1] != two[:1]:
        return [Moved("table", name, _columns(one), _columns(two), "other columns")]
    if len(one) != len(two):
        return [Moved("table", name, f"{len(one) - 1} rows", f"{len(two) - 1} rows", f"{len(two) - len(one):+d} rows")]
    step = _step_of_chart(one) if units is None else _step_of_table(one[0] if one else [], units)
    differ = [
        (i, j)
        for i, (a, b) in enumerate(zip(one, two, strict=True))
        for j in range(max(len(a), len(b)))
        if len(a) != len(b) or (a[j] != b[j] and not _same(a[j], b[j], rule, step, j))
    ]
    if not differ:
        return []
    i, j = differ[0]
    a, b = (rows[i][j] if j < len(rows[i]) else "" for rows in (one, two))
    head = one[0][j] if j < len(one[0]) else f"column {j + 1}"
    size = relative(_number(a), _number(b))
    said = f"{len(differ)} cell{'s' if len(differ) > 1 else ''}; first: row {i} ({brief(one[i][0])}), {head}, {size}"
    return [Moved("table", name, brief(a), brief(b), said)]


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
