"""Files and frames as sources: CSV and Parquet, wide or long, compressed or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns.panel import LEVEL_SYMBOLS
from eventstudy.returns.sources import Delivery, lacks
from eventstudy.returns.tables import TableOptions, tidy

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

__all__ = ["FileSource", "FrameSource"]

PARQUET: Final = (".parquet", ".pq")
COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zip", ".zst")
NOTHING: Final = ("", "#N/A", "N/A", "NA", "NaN", "nan", "null", "NULL", "None", "n/a", "-", ".", "<NA>")
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
        self._frame = frame
        self._options = table_options(options)

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`."""
        return deliver(self._frame, self.name, self._options, symbols, first_row=None)


class FileSource:
    """A CSV or Parquet file as a source.

    Parameters
    ----------
    path : path
        ``.csv`` or ``.tsv`` (also ``.gz``, ``.bz2``, ``.xz``, ``.zip``, ``.zst``), or ``.parquet``.
    decimal, sep, thousands, encoding : str, optional
        Of text: the decimal mark (``","`` in much of Europe, where `sep` is then ``";"`` unless said), and so on.
    **options
        The attributes of `TableOptions`: `holds`, `date_column`, `date_format`, `timezone`, `symbol_column`, `column`,
        `levels`, `invalid`, `check`.

    Raises
    ------
    eventstudy.errors.DataError
        When fetched: naming file, row (the header is row 1), column, value and the way out.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        decimal: str = ".",
        sep: str | None = None,
        thousands: str | None = None,
        encoding: str = "utf-8-sig",
        **options: Any,
    ) -> None:
        self._path = Path(path)
        self.name = self._path.name
        self._options = table_options(options)
        bare = self._path.name.lower()
        for ending in COMPRESSED:
            bare = bare.removesuffix(ending)
        self._parquet = bare.endswith(PARQUET)
        usual = "\t" if bare.endswith(TSV) else ";" if decimal == "," else ","
        self._reading = {"decimal": decimal, "sep": sep or usual, "thousands": thousands, "encoding": encoding}

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`."""
        if not self._path.is_file():
            msg = f"file {str(self._path)!r} does not exist; check the path"
            raise DataError(msg)
        try:
            table = pd.read_parquet(self._path) if self._parquet else _read_csv(self._path, self._reading)
        except DataError:
            raise
        except (OSError, ValueError, ImportError, UnicodeError) as error:
            kind = "Parquet" if self._parquet else "CSV"
            said = " ".join(str(error).split())
            msg = f"{self.name}: this cannot be read as {kind} ({said}); check the file, or its sep=, encoding="
            raise DataError(msg) from error
        return deliver(table, self.name, self._options, symbols, first_row=None if self._parquet else 2)


def table_options(options: dict[str, Any]) -> TableOptions:
    """Return table options from keywords, refusing one that is not known."""
    known = TableOptions.__dataclass_fields__
    unknown = [name for name in options if name not in known]
    if unknown:
        msg = f"option {unknown[0]!r} is not known for files and frames; use one of: {', '.join(known)}"
        raise DataError(msg)
    levels: Iterable[str] | None = options.get("levels")
    return TableOptions(**{**options, "levels": LEVEL_SYMBOLS if levels is None else frozenset(levels) | LEVEL_SYMBOLS})


def deliver(
    table: pd.DataFrame, name: str, options: TableOptions, symbols: Sequence[str] | None, first_row: int | None
) -> Delivery:
    """Return a table's symbols as a delivery."""
    result = tidy(table, name, options, first_row=first_row, symbols=symbols)
    frame = result.frame
    wanted = list(frame.columns) if symbols is None else list(symbols)
    there = frame[[symbol for symbol in wanted if symbol in frame.columns]]
    failures = {symbol: lacks(symbol, name, list(frame.columns)) for symbol in wanted if symbol not in frame.columns}
    empty = [symbol for symbol in there.columns if not there[symbol].notna().any()]
    failures |= {symbol: f"NoDataInWindow: {name} has no value in column {symbol!r}" for symbol in empty}
    there = there.drop(columns=empty)
    got = Delivery(failures=failures, sources=dict.fromkeys(there.columns, name), quality=result.notes)
    if options.holds == "prices":
        got.prices = there
    else:
        state = [symbol for symbol in there.columns if symbol in options.levels]
        got.prices = there[state] * (100.0 if options.holds == "percent" else 1.0)
        got.returns = there.drop(columns=state)
    return got


def _read_csv(path: Path, reading: dict[str, Any]) -> pd.DataFrame:
    """Read text, keeping every line as a row, so that a row's number is the one an editor shows."""
    text = {"dtype": str, "keep_default_na": False, "header": None, "skip_blank_lines": False, **reading}
    head = pd.read_csv(path, nrows=1, **text)  # no more: with another separator later rows may be of another width
    if not len(head):
        msg = f"{path.name}: the file is empty"
        raise DataError(msg)
    names = [str(name) for name in head.iloc[0]]
    if len(names) == 1:
        other = next((mark for mark in (";", "\t", "|", ",") if mark in names[0]), None)
        decimal = " (and decimal=',' if that is its mark)" if other == ";" else ""
        hint = (
            f"; its columns seem to be parted by {other!r}: pass sep={other!r}{decimal}"
            if other
            else "; a date and a value are needed"
        )
        msg = f"{path.name}: row 1 has one column only, {names[0]!r}{hint}"
        raise DataError(msg)
    twice = next((name for name in names if names.count(name) > 1), None)
    double = ("Price", "Ticker")
    if names[0] in double and pd.read_csv(path, nrows=2, **text).iloc[1:, 0].isin(double).any():
        two: pd.DataFrame = pd.read_csv(path, header=[0, 1], index_col=0, **reading)  # as yfinance.download writes it
        return pd.DataFrame(two.loc[two.index != "Date"].apply(pd.to_numeric))
    if twice is not None:
        msg = f"{path.name}, row 1: column {twice!r} stands twice; keep one"
        raise DataError(msg)
    symbol_like = {"symbol", "ticker", "sym", "asset", "security", "ric", "isin"}
    blanks = {name: [""] if name.lower() in symbol_like else list(NOTHING) for name in names}
    table: pd.DataFrame = pd.read_csv(path, keep_default_na=False, na_values=blanks, skip_blank_lines=False, **reading)
    while len(table) and table.iloc[-1].isna().all():  # blank lines at the end
        table = table.iloc[:-1]
    return table
