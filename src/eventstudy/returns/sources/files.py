"""Files and frames as sources: CSV and Parquet, wide or long, compressed or not."""

from __future__ import annotations

import numbers
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.border import LARGEST, MOST_COLUMNS, existing_file, file_name, guarded
from eventstudy.checks import checked
from eventstudy.errors import LISTED, DataError, EventStudyError, NoDataInWindow
from eventstudy.frames import unflagged
from eventstudy.returns.protocol import Delivery, lacks
from eventstudy.returns.quality.plausible import refuse_growth
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS
from eventstudy.returns.sources.workbooks import READ, UNREAD, read_workbook
from eventstudy.returns.tables.columns import find_layout
from eventstudy.returns.tables.csv_files import Reading, read_csv
from eventstudy.returns.tables.names import label_text
from eventstudy.returns.tables.one_security import refuse_bars
from eventstudy.returns.tables.options import TableOptions
from eventstudy.returns.tables.table_reader import Tidy, tidy
from eventstudy.words import brief

PARQUET: Final = (".parquet", ".pq")
COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zip", ".zst")
TSV: Final = (".tsv", ".tab")


class FrameSource:
    """A frame as a source: bars x symbols, or long.

    Parameters
    ----------
    frame : pandas.DataFrame
        Dates in the index or in a column.
    **options
        The attributes of `TableOptions`; `levels` may be any iterable of symbols.

    Raises
    ------
    eventstudy.errors.DataError
        When fetched: naming row, column and value.
    """

    def __init__(self, frame: pd.DataFrame, *, name: str = "the frame", **options: Any) -> None:
        self.name = name
        self._frame = unflagged(frame)
        self._options = table_options(options)

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`."""
        header = [label_text(label) for label in self._frame.columns] if self._frame.columns.nlevels == 1 else []
        result = tidy(self._frame, self.name, self._options, symbols=symbols)
        return _delivery(result, self.name, self._options, symbols, header)


class FileSource:
    """A CSV or Parquet file as a source.

    Parameters
    ----------
    path : path
        ``.csv`` or ``.tsv`` (also ``.gz``, ``.bz2``, ``.xz``, ``.zip``, ``.zst``), or ``.parquet``, ``.xlsx`` (one sheet), ``.dta``, ``.feather``.
    decimal, sep, thousands, encoding : str, optional
        Of text: the decimal mark (``","`` in much of Europe, where `sep` is then ``";"`` unless said), and so on.
    largest, most_columns : int, optional
        Bounds: bytes after expanding, 2 GB unless said, and columns, 20,000.
    progress : callable, optional
        Called while a text file is read: rows done, 0, the file's name, "reading".
    **options
        The attributes of `TableOptions`: `holds`, `date_column`, `date_format`, `timezone`, `symbol_column`, `column`,
        `levels`, `invalid`, `check`.

    Raises
    ------
    eventstudy.errors.DataError
        When fetched: naming file, row (the header is row 1), column, value and the way out.
    """

    @checked(DataError)
    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        decimal: str = ".",
        sep: str | None = None,
        thousands: str | None = None,
        encoding: str = "utf-8-sig",
        largest: int = LARGEST,
        most_columns: int = MOST_COLUMNS,
        progress: Callable[[int, int, str, str], None] | None = None,
        **options: Any,
    ) -> None:
        self._path = Path(path)
        self.name = file_name(self._path)
        _refuse_no_text(decimal=decimal, encoding=encoding)
        _refuse_no_text(**{key: value for key, value in (("sep", sep), ("thousands", thousands)) if value is not None})
        _refuse_no_number(largest=largest, most_columns=most_columns)
        self._options = table_options(options)
        bare = self._path.name.lower()
        for ending in COMPRESSED:
            bare = bare.removesuffix(ending)
        self._parquet = bare.endswith(PARQUET)
        usual = "\t" if bare.endswith(TSV) else ";" if decimal == "," else ","
        self._reading = Reading(
            decimal=decimal,
            sep=sep or usual,
            thousands=thousands,
            encoding=encoding,
            largest=largest,
            most_columns=most_columns,
            progress=progress,
        )

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`."""
        path = existing_file(self._path, DataError)
        bound = self._reading.largest
        if self._parquet:
            table = _read_parquet(path, self._options, self._reading, symbols)
            result = tidy(table, self.name, self._options, symbols=symbols, largest=bound)
            return _delivery(result, self.name, self._options, symbols, [str(label) for label in table.columns])
        ending = path.suffix.lower()
        if ending in UNREAD:
            msg = f"{self.name}: a {ending} file is not read; {UNREAD[ending]}"
            raise DataError(msg)
        if ending in READ:
            table, row = read_workbook(path, self._options, bound)
            result = tidy(table, self.name, self._options, first_row=row, symbols=symbols, largest=bound)
            return _delivery(result, self.name, self._options, symbols, [label_text(label) for label in table.columns])
        text = read_csv(path, self._options, self._reading, symbols)
        result = tidy(
            text.frame,
            self.name,
            self._options,
            first_row=text.first_row,
            symbols=symbols,
            largest=bound,
            layout=text.layout,
            coded=text.codes,
        )
        return _delivery(result, self.name, self._options, symbols, text.names)


def _read_parquet(path: Path, options: TableOptions, reading: Reading, symbols: Sequence[str] | None) -> pd.DataFrame:
    """Read the columns of a Parquet file that are needed, within the same bounds as text."""
    import pyarrow.parquet as pq  # noqa: PLC0415  slow to import

    shown = file_name(path)
    with guarded(shown, "Parquet", DataError, "check the file, or write it anew"):
        file = pq.ParquetFile(path)
        rows, names = file.metadata.num_rows, file.schema_arrow.names
        if len(names) - 1 > reading.most_columns:
            msg = f"{shown}: {len(names) - 1} columns beside the dates, more than {reading.most_columns}; raise the bound: most_columns="
            raise DataError(msg)
        needed = _needed(names, options, shown, symbols)
        if rows * len(needed or names) * 8 > reading.largest:
            msg = f"{shown}: {rows} rows of {len(needed or names)} columns are more than {reading.largest / 1024**3:.3g} GB; raise the bound: largest="
            raise DataError(msg)
        table = file.read(columns=needed, use_pandas_metadata=True)
        table.validate(full=True)  # text that is not UTF-8 is found when it is asked for, else
        return pd.DataFrame(table.to_pandas(date_as_object=False, self_destruct=True))


def _needed(names: list[str], options: TableOptions, name: str, symbols: Sequence[str] | None) -> list[str] | None:
    """Return the columns of a long table that are needed; None: all of them."""
    labels = [label_text(column) for column in names]
    if len(set(labels)) < len(labels):
        return None
    try:
        layout = find_layout(labels, options, name, labelled=True, symbols=symbols)
    except DataError:  # said better when the index is known
        return None
    if layout.symbol is None or layout.doubtful or layout.date is None:
        return None
    wanted = {layout.date, layout.symbol, layout.permanent, *layout.cells, *layout.beside}
    return [column for column, label in zip(names, labels, strict=True) if label in wanted]


def table_options(options: dict[str, Any]) -> TableOptions:
    """Return table options from keywords, refusing one that is not known."""
    known = TableOptions.__dataclass_fields__
    unknown = [name for name in options if name not in known]
    if unknown:
        msg = f"option {unknown[0]!r} is not known for files and frames; use one of: {', '.join(known)}"
        raise DataError(msg)
    _refuse_no_text(**{key: options[key] for key in ("date_format", "timezone") if options.get(key) is not None})
    levels: Iterable[str] | None = options.get("levels")
    try:
        known_levels = LEVEL_SYMBOLS if levels is None else frozenset(levels) | LEVEL_SYMBOLS
    except TypeError as fault:  # no collection, or lists in it
        msg = f"levels={brief(repr(levels))} is no collection of symbols; pass one such as levels=['^VIX']"
        raise DataError(msg) from fault
    return TableOptions(**{**options, "levels": known_levels})


def _refuse_no_text(**options: object) -> None:
    """Stop at an option of text that is something else."""
    for name, value in options.items():
        if not isinstance(value, str):
            msg = f"{name}={brief(repr(value))} is no text; pass {name}='…', or leave it out"
            raise DataError(msg)


def _refuse_no_number(**bounds: object) -> None:
    """Stop at a bound that is no number."""
    for name, value in bounds.items():
        if not isinstance(value, numbers.Real):
            msg = f"{name}={brief(repr(value))} is no number; pass a bound such as {name}={10**6}"
            raise DataError(msg)


def _delivery(
    result: Tidy, name: str, options: TableOptions, symbols: Sequence[str] | None, header: Sequence[str]
) -> Delivery:
    """Return a table's symbols as a delivery; `header` are the columns that the table has, or had in the file."""
    frame = result.frame
    if symbols is None and result.symbols is None and options.column is None:
        way = f", such as the close: column=; if they are securities name them: symbols={list(map(str, frame.columns[:2]))}"
        refuse_bars(frame, name, way, prices=options.holds == "prices")
    if options.holds == "prices" and options.check:
        refuse_growth(frame, name)
    wanted = list(frame.columns) if symbols is None else list(symbols)
    known = set(frame.columns)
    there = frame if symbols is None else frame[[symbol for symbol in wanted if symbol in known]]
    names = list(header) if result.symbols is None else result.symbols
    absent = [symbol for symbol in wanted if symbol not in known]
    failures: dict[str, EventStudyError] = {
        symbol: lacks(symbol, name, names if at < LISTED else []) for at, symbol in enumerate(absent)
    }
    filled = np.isfinite(there.to_numpy()).any(axis=0)
    empty = list(there.columns[~filled])
    failures |= {symbol: NoDataInWindow(f"{name} has no value in column {symbol!r}") for symbol in empty}
    there = there.loc[:, filled] if empty else there
    got = Delivery(
        failures=failures, sources=dict.fromkeys(there.columns, name), quality=result.notes, places=result.alone
    )
    if options.holds == "prices":
        got.prices = there
    else:
        state = [symbol for symbol in there.columns if symbol in options.levels]
        got.prices = there[state] * (100.0 if options.holds == "percent" else 1.0)
        got.returns = there.drop(columns=state)
    return got
