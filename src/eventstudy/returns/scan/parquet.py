"""One Parquet file of a panel: what its footer and its dates say, and the columns and row groups that are asked for."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.border import existing_file, file_name, guarded
from eventstudy.errors import DataError
from eventstudy.returns.scan.blocks import Block, days_of, floats, symbols_of
from eventstudy.returns.tables.columns import find_layout
from eventstudy.returns.tables.names import RETURN_NAMES, label_text, plain
from eventstudy.returns.tables.options import TableOptions

END: Final = 8
"""Bytes at the end of a Parquet file that say how long its footer is."""

WAY_OUT: Final = "write it anew, or leave it out"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what, by their names in the file.

    Attributes
    ----------
    date : str
    symbol, value : str or None
        Of a long table.
    wide : mapping of str to str
        Symbol to column: of a wide table its securities, of a long one its series of one value a day.
    returns : bool or None
        Whether the name of the value says that it is a return; None where it says nothing.
    """

    date: str
    symbol: str | None
    value: str | None
    wide: dict[str, str]
    returns: bool | None


def columns_of(names: Sequence[str], options: TableOptions, place: str) -> Columns:
    """Tell from their names what the columns of a table hold."""
    labels = [label_text(name) for name in names]
    twice = pd.Index(labels)[pd.Index(labels).duplicated()]
    if len(twice):
        msg = f"{place}: column {twice[0]!r} stands twice; keep one"
        raise DataError(msg)
    raw = dict(zip(labels, names, strict=True))
    index = next((name for name in names if name == "__index_level_0__"), None)
    layout = find_layout([label for label in labels if label != index], options, place, labelled=index is not None)
    date = raw[layout.date] if layout.date is not None else str(index)
    if layout.symbol is not None and not layout.doubtful:
        value = layout.cells[0]
        word = plain(value)
        said = None if word == "value" else word in RETURN_NAMES
        others = [label for label in labels if label not in (layout.date, layout.symbol, value, index)]
        return Columns(date, raw[layout.symbol], raw[value], {name: raw[name] for name in others}, said)
    if layout.single:
        word = plain(layout.cells[0])
        return Columns(date, None, None, {layout.single: raw[layout.cells[0]]}, word in RETURN_NAMES)
    cells = [label for label in labels if label and label not in (layout.date, index)]
    if not cells:
        msg = f"{place}: there is no column beside the dates; {WAY_OUT}"
        raise DataError(msg)
    return Columns(date, None, None, {name: raw[name] for name in cells}, None)


@dataclass(frozen=True, slots=True)
class PanelFile:
    """One file, looked at.

    Attributes
    ----------
    path : str
    size : int
        Bytes; a file that has another size when it is read has been changed.
    digest : str
        SHA-256 of its footer, which holds the sizes, places and extremes of all its columns (hex).
    columns : Columns
    keys : mapping of str to Any
        Of a long table: each symbol as it stands in the file.
    groups : tuple of (Any, Any) or None
        Of a long table: first and last symbol of each row group, as they stand there; None where it does not say.
    """

    path: str
    size: int
    digest: str
    columns: Columns
    keys: dict[str, Any]
    groups: tuple[tuple[Any, Any] | None, ...]

    @property
    def place(self) -> str:
        """Its name, for messages."""
        return file_name(Path(self.path))

    @property
    def symbols(self) -> list[str]:
        """The symbols that it holds."""
        return list(self.columns.wide) if self.columns.symbol is None else list(self.keys)

    def only(self, symbols: set[str]) -> PanelFile:
        """Return what must be known of it to read some of its symbols."""
        wide = {name: raw for name, raw in self.columns.wide.items() if name in symbols}
        keys = {name: raw for name, raw in self.keys.items() if name in symbols}
        return replace(self, columns=replace(self.columns, wide=wide), keys=keys)

    def read(self, symbols: Sequence[str], options: TableOptions) -> Iterator[Block]:
        """Yield the numbers of some of its symbols; no other column and no row group without them is read."""
        import pyarrow.parquet as pq  # noqa: PLC0415  slow to import

        path = existing_file(Path(self.path), DataError)
        if path.stat().st_size != self.size:
            msg = f"{self.place} has been changed since it was scanned; scan it again"
            raise DataError(msg)
        with guarded(self.place, "Parquet", DataError, WAY_OUT), pq.ParquetFile(path) as file:
            wide = [name for name in symbols if name in self.columns.wide]
            if wide:
                yield from self._wide(file, wide, options)
            long = {name: self.keys[name] for name in symbols if name in self.keys}
            if long:
                yield from self._long(file, long, options)

    def _wide(self, file: Any, symbols: list[str], options: TableOptions) -> Iterator[Block]:
        date, columns = self.columns.date, self.columns.wide
        table = file.read(columns=[date, *(columns[name] for name in symbols)], use_threads=False)
        codes, days = days_of(table[date], self.place, date, options)
        values = np.empty((len(symbols), table.num_rows))
        for at, name in enumerate(symbols):
            values[at] = floats(table[columns[name]], self.place, columns[name])
        if self.columns.symbol is not None:
            yield _daily(values, codes, days, symbols, self.place)
            return
        yield Block(self.place, days.take(codes), tuple(symbols), values.T)

    def _long(self, file: Any, keys: dict[str, Any], options: TableOptions) -> Iterator[Block]:
        import pyarrow as pa  # noqa: PLC0415  slow to import
        import pyarrow.compute as pc  # noqa: PLC0415  the same

        date, symbol, value = self.columns.date, str(self.columns.symbol), str(self.columns.value)
        wanted = sorted(keys.values())
        for number, ends in enumerate(self.groups):
            if ends is not None and not _any_between(wanted, *ends):
                continue
            table = file.read_row_group(number, columns=[date, symbol, value], use_threads=False)
            kind = table.schema.field(symbol).type
            kind = kind.value_type if pa.types.is_dictionary(kind) else kind
            table = table.filter(pc.is_in(table[symbol], value_set=pa.array(wanted, type=kind)))
            if table.num_rows:
                code, names, _ = symbols_of(table[symbol], self.place, symbol)
                codes, days = days_of(table[date], self.place, date, options)
                numbers = floats(table[value], self.place, value)
                yield Block(self.place, days.take(codes), tuple(names), numbers, code)


def _daily(values: Any, codes: Any, days: pd.DatetimeIndex, symbols: list[str], place: str) -> Block:
    """Return series that stand beside the symbols of a long table, one value a day."""
    once = np.full((len(days), len(symbols)), np.nan)
    for at, row in enumerate(values):
        there = np.isfinite(row)
        once[codes[there], at] = row[there]
        apart = np.abs(once[codes[there], at] - row[there]) > 1e-9 * np.abs(row[there])
        if apart.any():
            day = days[int(codes[there][int(apart.argmax())])]
            msg = f"{place}, column {symbols[at]!r}: on {day:%Y-%m-%d} it holds two values: it is no series of its own beside the symbols"
            raise DataError(msg)
    return Block(place, days, tuple(symbols), once)


def _any_between(wanted: list[Any], low: Any, high: Any) -> bool:
    at = bisect_left(wanted, low)
    return at < len(wanted) and bool(wanted[at] <= high)


def look_at(path: str, options: TableOptions) -> tuple[PanelFile, pd.DatetimeIndex]:
    """Look at a file: its columns, its days and its symbols; no value is read."""
    import pyarrow.parquet as pq  # noqa: PLC0415  slow to import

    found = existing_file(Path(path), DataError)
    place = file_name(found)
    with guarded(place, "Parquet", DataError, WAY_OUT):
        with pq.ParquetFile(found) as file:
            columns = columns_of(file.schema_arrow.names, options, place)
            if not file.metadata.num_rows:
                msg = f"{place}: there is no row in it; {WAY_OUT}"
                raise DataError(msg)
            _refuse_text(file.schema_arrow, columns, place)
            keys, groups, days = _rows_of(file, columns, place, options)
        size = found.stat().st_size
        return PanelFile(str(found), size, _footer(found), columns, keys, groups), days


def _refuse_text(schema: Any, columns: Columns, place: str) -> None:
    """Refuse a column of values that holds no numbers; beside the symbols of a long table anything may stand."""
    asked = [columns.value] if columns.symbol is not None else list(columns.wide.values())
    for name in asked:
        floats(_nothing_of(schema.field(name).type), place, str(name))


def _nothing_of(kind: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415  slow to import

    return pa.chunked_array([], type=kind)


def _rows_of(
    file: Any, columns: Columns, place: str, options: TableOptions
) -> tuple[dict[str, Any], tuple[tuple[Any, Any] | None, ...], pd.DatetimeIndex]:
    """Return the symbols and their row groups, and the days, row group by row group."""
    date = columns.date
    if columns.symbol is None:
        codes, days = days_of(file.read(columns=[date])[date], place, date, options)
        rows = days.take(codes)
        if not rows.is_unique:
            day = rows[rows.duplicated()][0]
            msg = f"{place}: {day:%Y-%m-%d} stands in two rows; keep one row for each day"
            raise DataError(msg)
        return {}, (), days
    keys: dict[str, Any] = {}
    groups: list[tuple[Any, Any] | None] = []
    every = pd.DatetimeIndex([])
    at = file.schema_arrow.names.index(columns.symbol)
    for number in range(file.metadata.num_row_groups):
        told = file.metadata.row_group(number).column(at).statistics
        ends = (told.min, told.max) if told is not None and told.has_min_max else None
        table = file.read_row_group(number, columns=[date, columns.symbol])
        _, names, raw = symbols_of(table[columns.symbol], place, columns.symbol)
        keys |= dict(zip(names, raw, strict=True))
        groups.append(ends if ends is None or isinstance(ends[0], type(raw[0])) else None)
        _, days = days_of(table[date], place, date, options)
        every = days if not len(every) else every.union(days)
    return keys, tuple(groups), every


def _footer(path: Path) -> str:
    """Return the SHA-256 of a file's footer (hex)."""
    with path.open("rb") as file:
        file.seek(-END, 2)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-END - length, 2)
        return hashlib.sha256(file.read(length)).hexdigest()
