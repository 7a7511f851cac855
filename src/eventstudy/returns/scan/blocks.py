"""Columns of Arrow tables as dates, symbols and numbers, and blocks of them laid into one matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.errors import DataError
from eventstudy.returns._describe import day_of
from eventstudy.returns.tables.dates import parse_dates
from eventstudy.returns.tables.names import label_text
from eventstudy.returns.tables.options import TableOptions


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers of one file or row group.

    Attributes
    ----------
    place : str
        Where they come from, for messages.
    days : DatetimeIndex
        Of its rows.
    symbols : tuple of str
        Of its columns, or of the codes.
    cells : (n, S) float, or (n,) float
        Decimals or prices, as they stand there; a column a symbol, or one of a long table.
    code : (n,) int or None
        Symbol of each row of a long table.
    """

    place: str
    days: pd.DatetimeIndex
    symbols: tuple[str, ...]
    cells: Floats
    code: Ints | None = None


def floats(column: Any, place: str, name: str) -> Floats:
    """Return a column of an Arrow table as (n,) floats, NaN where it is null."""
    import pyarrow as pa  # noqa: PLC0415  slow to import

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    numeric = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_null)
    if not any(holds(kind) for holds in numeric):
        msg = f"{place}: column {name!r} holds {kind}, not numbers; write it as float64, or leave it out"
        raise DataError(msg)
    values: Floats = column.cast(pa.float64()).to_numpy()
    return values


def days_of(column: Any, place: str, name: str, options: TableOptions) -> tuple[Ints, pd.DatetimeIndex]:
    """Return the (n,) day of each row as a code, and the days that the codes mean; each is read once."""
    codes, distinct = _coded(column)
    values = distinct.to_pandas(date_as_object=False)
    days = parse_dates(
        pd.Series(values),
        lambda row: f"{place}, {_row_of(codes, row)}column {name!r}",
        date_format=options.date_format,
        timezone=options.timezone,
    )
    return codes, days


def symbols_of(column: Any, place: str, name: str) -> tuple[Ints, list[str], list[Any]]:
    """Return the (n,) symbol of each row as a code, the symbols, and what stands for each in the file."""
    codes, distinct = _coded(column)
    raw = distinct.to_pylist()
    names = [label_text(value) for value in raw]
    if "" in names:
        msg = (
            f"{place}, {_row_of(codes, names.index(''))}column {name!r}: there is no symbol; fill it in or drop the row"
        )
        raise DataError(msg)
    return codes, names, raw


def _coded(column: Any) -> tuple[Ints, Any]:
    import pyarrow as pa  # noqa: PLC0415  slow to import

    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):  # of no chunk
        whole = pa.array([], type=whole.type)
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode(null_encoding="encode")
    if coded.indices.null_count:  # a dictionary of a file, with rows that have none
        coded = whole.cast(whole.type.value_type).dictionary_encode(null_encoding="encode")
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    used = np.unique(codes)
    if used.size < len(coded.dictionary):
        return np.searchsorted(used, codes), coded.dictionary.take(pa.array(used))
    return codes, coded.dictionary


def _row_of(codes: Ints, code: int) -> str:
    at = np.flatnonzero(codes == code)
    return f"row {int(at[0]) + 1}, " if at.size else ""


def laid(blocks: Iterable[Block], index: pd.DatetimeIndex, symbols: list[str]) -> Floats:
    """Return (B, S): the blocks on the bars of `index` and the columns `symbols`; each cell comes from one place."""
    values = np.full((len(symbols), len(index)), np.nan)  # by symbol, as the blocks are and as the engine wants them
    seen = np.zeros(values.shape, dtype=bool)
    place = {name: at for at, name in enumerate(symbols)}
    for block in blocks:
        row = index.get_indexer(block.days)
        if (row < 0).any():
            msg = f"{block.place}: {day_of(block.days[int((row < 0).argmax())])} was not there when the panel was scanned; scan it again"
            raise DataError(msg)
        column = np.array([place[name] for name in block.symbols], dtype=np.int64)
        if block.code is None and (np.diff(row) == 1).all():
            bars = slice(int(row[0]), int(row[-1]) + 1)
            twice = seen[column, bars]
            if not twice.any():
                seen[column, bars] = True
                values[column, bars] = block.cells.T
                continue
        if block.code is None:
            cell = (column * len(index) + row[:, None]).ravel()
        else:
            cell = column[block.code] * len(index) + row
        again = pd.Series(cell).duplicated().to_numpy() | seen.ravel()[cell]
        if again.any():
            at = int(cell[again.argmax()])
            day, name = day_of(index[at % len(index)]), symbols[at // len(index)]
            msg = f"{block.place}: {day} of {name!r} stands in two places; keep one row for each day of a symbol"
            raise DataError(msg)
        seen.ravel()[cell] = True
        values.ravel()[cell] = block.cells.ravel()
    return values.T
