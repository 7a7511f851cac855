"""Calibration tables as data: written with the command that makes them, read back, and drawn for the documentation."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from eventstudy._shipped import shipped_text
from eventstudy.border import existing_file, guarded, read_text
from eventstudy.calibration.journal import Cell
from eventstudy.calibration.lab import Row
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.replace import check_file, write_whole

TABLES: Final = (
    *("analytic.csv", "analytic_200.csv", "analytic_5.csv", "further.csv", "power.csv", "resampling.csv"),
    *("intervals.csv", "sessions.csv", "bands.csv"),
)

COLUMNS = (
    "scenario",
    "n",
    "first",
    "last",
    "test",
    "replications",
    "rejected",
    "rejected_less",
    "rejected_greater",
    "rate",
    "mc_error",
    "claimed",
    "discrete",
    "held",
)


def write_table(path: Path, rows: Iterable[Row], command: str) -> None:
    """Write a table as CSV whose first line is the command that made it.

    Parameters
    ----------
    path : Path
        Where to.
    rows : iterable of Row
        The table.
    command : str
        As one would type it.

    Raises
    ------
    InputError
        If there is a file that is not a table of ours; it stays.
    """
    check_table(path)
    text = io.StringIO()
    text.write(f"# {command}\n")
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in rows:
        cell = row.cell
        counts = (cell.replications, cell.two, cell.less, cell.greater)
        flags = (int(row.claimed), int(row.discrete), int(row.held))
        rates = (f"{row.rate:.5f}", f"{row.error:.5f}")
        out.writerow((row.scenario, row.n, row.first, row.last, row.test, *counts, *rates, *flags))
    write_whole(path, text.getvalue().encode())


def check_table(path: Path) -> None:
    """Refuse a file that a table cannot be written to: only a new or empty one, or an earlier table, is replaced.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        Naming the file.
    """
    place = check_file(path)
    if not place.is_file() or not place.stat().st_size or _is_table(place):
        return
    msg = f"{path} is not a table that eventstudy calibrate wrote; name a new file, or such a table, which is replaced"
    raise InputError(msg)


LARGEST = 64 << 20
"""Bytes of a table; ours have some hundred thousand."""


def _is_table(path: Path) -> bool:
    """Say whether a file is a table of ours to its last line."""
    try:
        first, heads, rows = _parts(path)
        return (
            first.startswith("# ")
            and heads == list(COLUMNS)
            and all(len(row) == len(heads) and _row(heads, row) for row in rows)
        )
    except (InputError, ValueError):
        return False


def _parts(place: Path) -> tuple[str, list[str], list[list[str]]]:
    """Return the first line of a table, the names of its columns, and its rows."""
    first, _, rest = read_text(place, InputError, largest=LARGEST).partition("\n")
    with guarded(str(place), "a table of eventstudy calibrate", InputError, "measure it again"):
        heads, *rows = list(csv.reader(io.StringIO(rest, newline=""))) or [[]]
    return first, heads, rows


def read_table(path: Path) -> tuple[str, tuple[Row, ...]]:
    """Read a table back.

    Parameters
    ----------
    path : Path
        A file of `write_table`.

    Returns
    -------
    command : str
    rows : tuple of Row

    Raises
    ------
    InputError
        If it is no table of ours: naming file and line.
    """
    place = existing_file(path, InputError)
    first, heads, lines = _parts(place)
    rows = []
    for number, line in enumerate(lines, start=3):
        with guarded(f"{place}, line {number}", "a row of a table", InputError, "measure it again"):
            rows.append(_row(heads, line))
    return first.removeprefix("# "), tuple(rows)


def _row(heads: list[str], line: list[str]) -> Row:
    entry = dict(zip(heads, line, strict=False))  # a row that is cut short lacks columns
    lacks = [name for name in COLUMNS if name not in entry]
    if lacks:
        msg = f"there is no column {lacks[0]!r}"
        raise ValueError(msg)
    counts = [int(entry[name]) for name in ("replications", "rejected", "rejected_less", "rejected_greater")]
    if min(counts) < 0 or max(counts) > counts[0] or not counts[0]:
        msg = f"{max(counts[1:])} of {counts[0]} replications rejected"
        raise ValueError(msg)
    return Row(
        scenario=entry["scenario"],
        n=int(entry["n"]),
        first=int(entry["first"]),
        last=int(entry["last"]),
        test=entry["test"],
        cell=Cell(*counts),
        claimed=entry["claimed"] == "1",
        discrete=entry["discrete"] == "1",
    )


def shipped_tables() -> dict[str, str]:
    """Return the names of the tables that come with the package, and their text.

    Returns
    -------
    dict
        File name to content.
    """
    return {name: shipped_text("eventstudy.calibration", f"tables/{name}") for name in TABLES}


@checked()
def draw_table(rows: Sequence[Row], n: int, window: tuple[int, int]) -> str:
    """Draw the rates of one number of events and one window: tests down, scenarios across, percent.

    Parameters
    ----------
    rows : sequence of Row
    n : int
    window : (int, int)

    Returns
    -------
    str
        Markdown. Bold: the test is claimed there; a dagger: claimed, and out by more than three Monte-Carlo errors.

    Examples
    --------
    >>> print(draw_table([Row("normal", 50, 0, 0, "bmp", Cell(1000, 51, 40, 60), True, False)], 50, (0, 0)))
    | test | normal |
    |---|---|
    | bmp | **5.1** |
    """
    chosen = [row for row in rows if row.n == n and (row.first, row.last) == window]
    scenarios = list(dict.fromkeys(row.scenario for row in chosen))
    tests = list(dict.fromkeys(row.test for row in chosen))
    by_place = {(row.test, row.scenario): row for row in chosen}
    lines = ["| test | " + " | ".join(scenarios) + " |", "|---" * (len(scenarios) + 1) + "|"]
    for test in tests:
        cells = (_draw(by_place.get((test, scenario))) for scenario in scenarios)
        lines.append(f"| {test} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _draw(row: Row | None) -> str:
    if row is None:
        return ""
    text = f"{100 * row.rate:.1f}"
    if not row.claimed:
        return text
    return f"**{text}**" if row.held else f"**{text}**†"
