"""Reading CSV files: the columns that are needed, in blocks, each with its type; names of securities and dates stay text."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from eventstudy.border import LARGEST, MOST_COLUMNS, file_name, foreign_format, guarded, opened, said
from eventstudy.errors import DataError
from eventstudy.returns.tables.cells import NOTHING, Codes, cell, text_numbers
from eventstudy.returns.tables.columns import Layout, find_layout
from eventstudy.returns.tables.headers import refuse_labels, two_rows
from eventstudy.returns.tables.names import label_text
from eventstudy.returns.tables.options import TableOptions

BLOCK: Final = 1024**2  # bytes that are read at a time
LONGEST_HEAD: Final = 64 * 1024**2  # bytes within which the first lines must end
RAGGED: Final = re.compile(r"Row #(\d+): Expected \d+ columns, got (\d+): ?(.*)", re.DOTALL)  # as Arrow says it
EVERY: Final = 1_000_000  # rows after which it is said how far the reading is
HEAD: Final = 4  # lines that are looked at: two rows of names, "Date", and a row of cells
FEW: Final = 1000  # columns, below which each may have its own memory
AT_ONCE: Final = 10_000  # cells that are turned into numbers at a time
WAY_OUT: Final = "check the file, or its sep=, encoding="


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a text file is read.

    Attributes
    ----------
    decimal, sep, encoding : str
    thousands : str or None
    largest, most_columns : int
        Bounds: bytes expanded, and columns.
    progress : callable or None
        Called now and then with: bytes done, bytes in all (0: not known), the file's name, "reading".
    """

    decimal: str = "."
    sep: str = ","
    thousands: str | None = None
    encoding: str = "utf-8-sig"
    largest: int = LARGEST
    most_columns: int = MOST_COLUMNS
    progress: Callable[[int, int, str, str], None] | None = None


@dataclass(frozen=True, slots=True)
class TextTable:
    """What was read of a text file.

    Attributes
    ----------
    frame : DataFrame
        Dates and symbols are text (categories of it, if there are symbols), the rest is floats. Each line is a row, so that a row's number is the one
        that an editor shows; blank lines at the end are left out.
    first_row : int
        The number of its first row in the file.
    names : list of str
        All columns of the file, also those that were not read.
    layout : Layout
        What the columns hold.
    codes : dict of str to list of int
        Rows by column that held a vendor's code for nothing.
    """

    frame: pd.DataFrame
    first_row: int
    names: list[str]
    layout: Layout
    codes: dict[str, list[int]]


def read_csv(path: Path, options: TableOptions, reading: Reading, symbols: Sequence[str] | None) -> TextTable:
    """Read the columns of a CSV file that are needed."""
    name = file_name(path)
    head = _head(path, reading)
    positions, names, first_row = _names(name, head, options)
    layout = find_layout(names, options, name, symbols=symbols)
    text = {layout.date, layout.symbol, layout.permanent}
    wanted = {*layout.cells, *layout.beside, *text}
    needed = [(at, column) for at, column in zip(positions, names, strict=True) if column in wanted]
    job = _Job(
        path,
        reading,
        len(head[0]),
        first_row,
        needed,
        frozenset(column for _, column in needed if column in text),
        options.holds != "prices",
    )
    with guarded(name, "CSV", DataError, WAY_OUT):
        frame = _by_pandas(job) if len(reading.sep) > 1 or not reading.sep.isascii() else _by_either(job)
    return TextTable(_framed(frame, layout, job), first_row, names, layout, job.codes)


def _by_either(job: _Job) -> pd.DataFrame:
    """Read the needed columns as numbers; where a cell is none, as text."""
    table = None if job.reading.thousands else _by_arrow(job, pa.float64())
    if table is None:  # marks of thousands, a blank, or a word: text is looked at more closely
        table = _by_arrow(job, pa.string())
    table = table.unify_dictionaries()  # under one name: what is converted is given back at once
    frame: pd.DataFrame = table.to_pandas(self_destruct=True, split_blocks=len(job.needed) < FEW)
    del table
    pa.default_memory_pool().release_unused()
    return frame


@dataclass(frozen=True, slots=True)
class _Job:
    """What is read: the columns that are needed with their positions, which of them stay text, and the codes that they held."""

    path: Path
    reading: Reading
    width: int
    first_row: int
    needed: list[tuple[int, str]]
    text: frozenset[str]
    letters: bool
    codes: dict[str, list[int]] = field(default_factory=dict)


def _head(path: Path, reading: Reading) -> list[list[str]]:
    """Return the cells of the first lines."""
    name = file_name(path)
    with opened(path, DataError, largest=reading.largest) as file:
        start = more = file.read(BLOCK // 4)
        lines_seen = _ends(more)
        while more and len(start) < LONGEST_HEAD and lines_seen <= HEAD:
            more = file.read(BLOCK)
            lines_seen += _ends(more)
            start += more
    if more and not lines_seen:
        msg = f"{name}: the first line is longer than {LONGEST_HEAD // 1024**2} MB; this is no table"
        raise DataError(msg)
    other = foreign_format(start, reading.encoding)
    if other:
        msg = f"{name}: {other}"
        raise DataError(msg)
    with guarded(name, "CSV", DataError, WAY_OUT):
        try:
            lines = codecs.getincrementaldecoder(reading.encoding)().decode(start).lstrip("\ufeff")
        except UnicodeDecodeError as fault:
            line = start[: fault.start].count(b"\n") + 1
            plainly = reading.encoding.removesuffix("-sig")
            msg = f"{name}, line {line}: this is not {plainly} text; pass encoding='latin-1' or the like"
            raise DataError(msg) from fault
        if not lines.strip():
            msg = f"{name}: the file is empty"
            raise DataError(msg)
        few = io.StringIO(lines, newline="").readlines()[: HEAD + 1]
        few = few[:HEAD] if len(few) > HEAD else few
        rows = _cells(few, reading.sep)
    if len(rows[0]) - 1 > reading.most_columns:
        msg = f"{name}: row 1 has {len(rows[0]) - 1} columns beside the dates, more than {reading.most_columns}; raise the bound: most_columns="
        raise DataError(msg)
    return rows


def _ends(content: bytes) -> int:
    return max(content.count(b"\n"), content.count(b"\r"))


def _cells(lines: list[str], sep: str) -> list[list[str]]:
    if len(sep) > 1:
        return [re.split(sep, line.strip("\r\n")) for line in lines]
    limit = csv.field_size_limit(sum(map(len, lines)) + 1)
    try:
        return [row or [""] for row in csv.reader(lines, delimiter=sep)]
    finally:
        csv.field_size_limit(limit)


def _names(name: str, head: list[list[str]], options: TableOptions) -> tuple[list[int], list[str], int]:
    """Return the positions and names of the columns, and the number of the first row below them."""
    names, below = head[0], head[1:]
    if len(names) == 1:
        other = next((mark for mark in (";", "\t", "|", ",") if mark in names[0]), None)
        decimal = " (and decimal=',' if that is its mark)" if other == ";" else ""
        hint = (
            f"; its columns seem to be parted by {other!r}: pass sep={other!r}{decimal}"
            if other
            else "; a date and a value are needed"
        )
        msg = f"{name}: row 1 has one column only, {cell(names[0])}{hint}"
        raise DataError(msg)
    if below and len(below[0]) == len(names) + 1 and not below[0][-1].strip():
        msg = f"{name}, row 2: the row ends with a separator, so that it has {len(below[0])} cells where the header has {len(names)}; remove the comma at the end of each row"
        raise DataError(msg)
    double = two_rows(head, options, name)
    if double is not None:
        return double
    labels = [label_text(label) for label in names]
    refuse_labels(labels, f"{name}, row 1")
    return list(range(len(labels))), labels, 2


def _by_arrow(job: _Job, kind: Any) -> Any:
    """Return the needed columns as an Arrow table; None if a cell of numbers is none."""
    reading = job.reading
    encoding = (
        "utf8" if reading.encoding.lower().replace("_", "-") in ("utf-8-sig", "utf-8", "utf8") else reading.encoding
    )
    places = [str(at) for at, _ in job.needed]
    types = [pa.string() if name in job.text else kind for _, name in job.needed]
    options = {
        "read_options": arrow_csv.ReadOptions(
            column_names=[str(at) for at in range(job.width)],
            skip_rows_after_names=job.first_row - 1,
            use_threads=False,  # rows have their numbers then
            block_size=max(BLOCK, 64 * job.width * 16),
            encoding=encoding,
        ),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=reading.sep, newlines_in_values=True, ignore_empty_lines=False
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict(zip(places, types, strict=True)),
            include_columns=places,
            null_values=list(NOTHING),
            strings_can_be_null=False,
            decimal_point=reading.decimal,
        ),
    }
    batches, done, told = [], 0, 0
    with opened(job.path, DataError, largest=reading.largest) as file:
        try:
            reader = arrow_csv.open_csv(file, **options)
            for batch in reader:
                batches.append(_coded(batch, job))
                done += batch.num_rows
                if reading.progress is not None and done >= told + EVERY:
                    told = done
                    reading.progress(done, 0, file_name(job.path), "reading")
            return pa.Table.from_batches(batches, None if batches else reader.schema)
        except pa.ArrowInvalid as fault:
            ragged = RAGGED.search(str(fault))
            if ragged:
                raise DataError(_ragged(ragged, job)) from fault
            if kind == pa.float64() and "conversion error" in str(fault):
                return None
            msg = f"{file_name(job.path)}: this cannot be read as CSV ({said(fault)}); {WAY_OUT}"
            raise DataError(msg) from fault


def _coded(batch: Any, job: _Job) -> Any:
    """Return a block with its text as codes, in a long table: a date stands there once for all symbols, and a symbol too."""
    if len(job.text) < 2:
        return batch
    columns = [
        cells.dictionary_encode() if name in job.text else cells
        for cells, (_, name) in zip(batch.columns, job.needed, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _ragged(found: re.Match[str], job: _Job) -> str:
    row, cells, text = found.groups()
    end = "; there is a separator at its end" if text.rstrip().endswith(job.reading.sep) else ""
    why = f"the row has {cells} cells where the header has {job.width}{end}; mend the row"
    return f"{file_name(job.path)}, row {row}: {why}"


def _by_pandas(job: _Job) -> pd.DataFrame:
    """Return the needed columns as text, where they are parted by more than one character."""
    with opened(job.path, DataError, largest=job.reading.largest) as file:
        table = pd.read_csv(
            file,
            sep=job.reading.sep,
            encoding=job.reading.encoding,
            engine="python",
            dtype=str,
            keep_default_na=False,
            header=None,
            names=range(job.width),
            skiprows=job.first_row - 1,
            skip_blank_lines=False,
        )
    if not isinstance(table.index, pd.RangeIndex):
        msg = f"{file_name(job.path)}: there are rows with more cells than the header has ({job.width}); mend them, or sep="
        raise DataError(msg)
    return table[[at for at, _ in job.needed]]


def _framed(table: pd.DataFrame, layout: Layout, job: _Job) -> pd.DataFrame:
    """Return the columns under their names, numbers as floats, without blank lines at the end."""
    names = [column for _, column in job.needed]
    table = table.set_axis(names, axis=1)
    text = [column for column in names if column in job.text]
    numbers = [column for column in names if column not in job.text]
    if any(kind != np.float64 for kind in table[numbers].dtypes):
        table = pd.DataFrame({**{column: table[column] for column in text}, **_numbers(table, numbers, job)})[names]
    dated = np.flatnonzero(~np.asarray(table[layout.date].isin(["", None])))
    end = int(dated[-1]) + 1 if len(dated) else 0
    below = table.iloc[end:]
    said = below[numbers].notna().any(axis=1).to_numpy(dtype=bool)
    for column in text:
        cells = below[column]
        said = said | (cells.notna() & (cells.astype(str).str.strip() != "")).to_numpy(dtype=bool)
    return table.iloc[: end + (int(np.flatnonzero(said)[-1]) + 1 if said.any() else 0)]


def _numbers(table: pd.DataFrame, columns: list[str], job: _Job) -> dict[str, Any]:
    """Return columns of text as floats: short columns many at a time, for each call takes milliseconds."""
    found: dict[str, Any] = {}
    rows = len(table)
    step = max(1, AT_ONCE // max(1, rows))
    for begin in range(0, len(columns), step):
        some = columns[begin : begin + step]

        def where(at: int, some: list[str] = some) -> str:
            return f"{file_name(job.path)}, row {at % rows + job.first_row}, column {some[at // rows]!r}"

        codes = Codes(letters=job.letters)
        values = text_numbers(
            pd.concat([table[column] for column in some], ignore_index=True).fillna(""),
            where,
            decimal=job.reading.decimal,
            thousands=job.reading.thousands,
            nothing=True,
            codes=codes,
        )
        found |= dict(zip(some, values.reshape(len(some), rows), strict=True))
        for at in codes.rows:
            job.codes.setdefault(some[at // rows], []).append(at % rows)
    return found
