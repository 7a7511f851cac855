"""A table of events as it came: its cells, and where each row stands, before any check of its meaning."""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.border import LARGEST, existing_file, file_name, foreign_format, guarded, read_bytes
from eventstudy.errors import DataError
from eventstudy.frames import as_pandas, named_levels_as_columns
from eventstudy.returns.sources.workbooks import READ, UNREAD, read_workbook
from eventstudy.returns.tables.cells import NOTHING
from eventstudy.returns.tables.names import label_text, plain
from eventstudy.returns.tables.options import TableOptions
from eventstudy.words import brief, nearest

MARKS: Final = (",", ";", "\t", "|")
PARQUET: Final = (".parquet", ".pq")
LOOKED_AT: Final = 50  # lines by which the mark between cells is told


@dataclass(frozen=True, slots=True)
class Table:
    """A table of events.

    Attributes
    ----------
    frame : DataFrame
        Cells, None where there is nothing; text as it stands in the file.
    name : str
        The file, or "the frame".
    rows : list of int
        The number of each row: that of the line of a file (its header is row 1), the position in a frame.
    text : bool
        Whether all cells are text, as in CSV.
    decimal : str
        The decimal mark of numbers in text.
    """

    frame: pd.DataFrame
    name: str
    rows: list[int]
    text: bool
    decimal: str = "."

    def place(self, at: int, column: Any = None) -> str:
        """Return where a cell stands, as messages say it."""
        return f"{self.name}, row {self.rows[at]}" + ("" if column is None else f", column {str(column)!r}")


def read_table(source: Any, *, sep: str | None, decimal: str | None, encoding: str) -> Table:
    """Read a CSV, Excel, Parquet, Feather or Stata file, or any frame."""
    if not isinstance(source, (str, os.PathLike)):
        return _of_frame(any_frame(source))
    path = existing_file(source, DataError)
    name, ending = file_name(path), path.suffix.lower()
    if ending == ".toml":
        msg = f"{name}: a .toml file is a catalogue of news that every security hears; read it with load_events"
        raise DataError(msg)
    if ending in UNREAD:
        msg = f"{name}: a {ending} file is not read; {UNREAD[ending].replace('source=', '')}"
        raise DataError(msg)
    if ending in PARQUET:
        with guarded(name, "Parquet", DataError, "check the file, or write it anew"):
            frame = pd.read_parquet(path)
        return _of_frame(frame, name)
    if ending in READ:
        frame, first = read_workbook(path, TableOptions(), LARGEST)
        return _of_frame(frame, name, 2 if first is None else first)
    return _of_text(path, name, sep, decimal, encoding)


def any_frame(source: Any) -> pd.DataFrame:
    """Return any frame as one of pandas."""
    found = as_pandas(source, DataError)
    if not isinstance(found, pd.DataFrame):
        msg = (
            f"{type(source).__name__} {brief(source)} is not a table of events; give the path of a file, or a DataFrame"
        )
        raise DataError(msg)
    return found


def _of_frame(frame: pd.DataFrame, name: str = "the frame", first: int = 0) -> Table:
    if frame.columns.nlevels > 1:
        msg = f"{name}: {frame.columns.nlevels} rows of column names; one is needed"
        raise DataError(msg)
    frame = named_levels_as_columns(frame, name, DataError)
    frame = frame.set_axis([label_text(label) for label in frame.columns], axis=1)
    bare = [cells.astype(object).map(_blank_as_none) for _, cells in frame.items()]
    filled = pd.concat(bare, axis=1).notna().any(axis=1).to_numpy() if bare else np.zeros(len(frame), dtype=bool)
    rows = [first + at for at, there in enumerate(filled) if there]
    return _named(frame.loc[filled].reset_index(drop=True), name, rows, text=False)


def nothing(value: Any) -> bool:
    """Whether a cell holds nothing."""
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _blank_as_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip() in NOTHING else value


def _of_text(path: Path, name: str, sep: str | None, decimal: str | None, encoding: str) -> Table:
    content = read_bytes(path, DataError)
    foreign = foreign_format(content[:64], encoding)
    if foreign:
        msg = f"{name}: {foreign}"
        raise DataError(msg)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as fault:
        msg = f"{name}: this is not text in {encoding}; say how it is written, such as encoding='cp1252', or save it as UTF-8"
        raise DataError(msg) from fault
    mark = sep or ("\t" if path.suffix.lower() in (".tsv", ".tab") else _mark(text, name))
    lines = _cells(text, name, mark)
    header, body = lines[0][1], lines[1:]
    short = next(((line, cells) for line, cells in body if len(cells) != len(header)), None)
    if short is not None:
        msg = (
            f"{name}, row {short[0]}: {len(short[1])} cells, where the header has {len(header)}; a text with {mark!r} in it needs quotes, and "
            "lines above the header must go"
        )
        raise DataError(msg)
    columns = [[_blank_as_none(cells[at].strip()) for _, cells in body] for at in range(len(header))]
    frame = pd.concat([pd.Series(cells, dtype=object) for cells in columns], axis=1)
    frame.columns = pd.Index([label_text(label) for label in header])
    chosen = decimal or ("," if mark == ";" else ".")
    return _named(frame, name, [line for line, _ in body], text=True, decimal=chosen)


def _mark(text: str, name: str) -> str:
    """Return the mark between cells: the one with which every line has as many cells as the header."""
    lines = [line for line in text.splitlines()[: LOOKED_AT + 1] if line.strip()]
    head = next(iter(lines), "")
    there = [mark for mark in MARKS if mark in head]
    if len(there) < 2:
        return there[0] if there else ","
    even = [mark for mark in there if len({len(cells) for cells in csv.reader(lines, delimiter=mark)}) == 1]
    if len(even) != 1:
        msg = f"{name}, row 1: the columns may be parted by {' or by '.join(map(repr, there))}; say which: sep={there[0]!r}"
        raise DataError(msg)
    return even[0]


def _cells(text: str, name: str, mark: str) -> list[tuple[int, list[str]]]:
    lines: list[tuple[int, list[str]]] = []
    line = 1
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True)
        for cells in reader:
            lines.append((line, cells))
            line = reader.line_num + 1
    except (csv.Error, TypeError) as fault:  # TypeError: a mark of two letters
        msg = f"{name}, row {line}: not readable as CSV ({fault}); check its sep= and its quotes"
        raise DataError(msg) from fault
    lines = [(line, cells) for line, cells in lines if any(cell.strip() for cell in cells)]
    if len(lines) < 2:
        msg = f"{name}: the file has {'no row' if not lines else 'a header and no row'}; each row is an event, such as NVDA,2024-05-22"
        raise DataError(msg)
    return lines


def _named(frame: pd.DataFrame, name: str, rows: list[int], *, text: bool, decimal: str = ".") -> Table:
    """Leave out columns without a name that hold nothing or count the rows; refuse names that stand twice."""
    if not rows:
        msg = f"{name}: there is no event to study: the table has no row"
        raise DataError(msg)
    keep = [at for at, label in enumerate(frame.columns) if label or not _idle(frame.iloc[:, at])]
    frame = frame.iloc[:, keep]
    for at, label in enumerate(frame.columns):
        if label == "":
            msg = f"{name}: column {keep[at] + 1} has no name; name it or leave it out"
            raise DataError(msg)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        msg = f"{name}: column {twice[0]!r} stands twice; keep one"
        raise DataError(msg)
    return Table(frame, name, rows, text, decimal)


def _idle(cells: pd.Series[Any]) -> bool:
    """Whether a column without a name holds nothing, or counts the rows from 0 or 1."""
    if cells.isna().all():
        return True
    texts = [label_text(value) for value in cells]
    return any(texts == [str(at + first) for at in range(len(texts))] for first in (0, 1))


def column_named(table: Table, wanted: object, option: str) -> str:
    """Return the column that a caller names, whatever its case and blanks where that is unmistakable."""
    names = [str(name) for name in table.frame.columns]
    if isinstance(wanted, str) and wanted in names:
        return wanted
    alike = [name for name in names if plain(name) == plain(wanted)]
    if len(alike) == 1:
        return alike[0]
    shown = ", ".join(map(repr, names[:12])) + (", …" if len(names) > 12 else "")
    msg = f"{table.name}: there is no column {brief(repr(wanted))} ({option}=){nearest(wanted, names)}; the columns are {shown}"
    raise DataError(msg)
