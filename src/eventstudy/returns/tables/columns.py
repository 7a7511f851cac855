"""What the columns of a table are (dates, symbols, values), told from their names; and one row of names where there are two."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable

from eventstudy.errors import DataError
from eventstudy.returns.tables.cells import as_numbers, cell, whole_text
from eventstudy.returns.tables.options import TableOptions
from eventstudy.words import brief

DATE_NAMES: Final = ("date", "datetime", "timestamp", "datadate", "tradedate", "caldt", "observationdate")
FIRST_DATE_NAMES: Final = ("time", "day", "session", "bar", "index", "")
SYMBOL_NAMES: Final = (
    "symbol", "ticker", "sym", "asset", "security", "permno", "ric", "isin", "cusip", "ncusip", "cusip8", "cusip9", "gvkey",
    "figi", "sedol", "secid", "securityid", "assetid", "tickersymbol", "tic", "oftic", "stkcd", "tscode", "stockcode",
    "secucode", "wkn", "lei", "permid", "instrument", "stock", "sid", "identifier", "code", "id",
)  # fmt: skip
TICKERS_TOO: Final = frozenset({"SYM", "RIC", "TIC", "SID", "CODE", "ID", "STOCK", "ASSET", "LEI", "WKN", "FIGI"})
PRICE_NAMES: Final = ("adjclose", "adjustedclose", "close", "price", "value", "prc", "last", "px")
RETURN_NAMES: Final = ("return", "ret", "returns", "value")
BAR_NAMES: Final = frozenset(
    {"open", "high", "low", "close", "adjclose", "volume", "dividends", "stocksplits", "capitalgains"}
)
LONGEST_NAME: Final = 1000  # characters of a column's name
ENDINGS: Final = (".gz", ".bz2", ".xz", ".zip", ".zst", ".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a table hold what.

    Attributes
    ----------
    date : str or None
        The column of dates; None: they are the index.
    symbol : str or None
        The column of symbols, in a long table.
    cells : tuple of str
        The columns of numbers that are looked at.
    doubtful : bool
        `symbol` may be the ticker of a wide table after all: its cells must tell.
    single : str
        The symbol of a table of one symbol's bars; else empty.
    """

    date: str | None
    symbol: str | None
    cells: tuple[str, ...]
    doubtful: bool = False
    single: str = ""


def plain(column: Any) -> str:
    """Return a column's name as it is looked for: small letters, without blanks and marks."""
    return str(column).lower().replace(" ", "").replace("_", "").replace(".", "").replace("-", "")


def fields_of(holds: str) -> tuple[str, ...]:
    """Return the names of columns that hold what is asked for, the best first."""
    return PRICE_NAMES if holds == "prices" else (*RETURN_NAMES, *PRICE_NAMES)


def find_layout(
    names: Sequence[str],
    options: TableOptions,
    name: str,
    *,
    dated: bool = False,
    labelled: bool = False,
    symbols: Iterable[str] | None = None,
) -> Layout:
    """Return what the columns called `names` hold."""
    date = _date_column(names, options, name, dated=dated, labelled=labelled)
    if "" in names and date is None:
        msg = f"{name}: column 1 has no name; name it or leave it out"
        raise DataError(msg)
    rest = [column for column in names if column and column != date]  # a column without a name counts the rows
    symbol = _find(rest, options.symbol_column, SYMBOL_NAMES, name, "symbol_column")
    if symbol is not None:
        others = [column for column in rest if column != symbol]
        column = _find(others, options.column, fields_of(options.holds), name, "column")
        if column is not None:
            return Layout(date, symbol, (column,))
        if options.symbol_column is None and symbol in TICKERS_TOO:
            return Layout(date, symbol, tuple(others), doubtful=True)
        raise DataError(no_values(name))
    single = _single(rest, options, name)
    if single is not None:
        return Layout(date, None, (single,), single=stem_of(name))
    wanted = None if symbols is None else set(symbols)
    return Layout(date, None, tuple(column for column in rest if wanted is None or column in wanted))


def no_values(name: str) -> str:
    """Return what is said of a long table without a known column of values."""
    return f"{name}: no column of values ('adj_close', 'close', 'price', 'return' …) beside the symbols; say which: column="


def _date_column(names: Sequence[str], options: TableOptions, name: str, *, dated: bool, labelled: bool) -> str | None:
    if dated and options.date_column is None:
        return None
    found = _find(names, options.date_column, DATE_NAMES, name, "date_column")
    if found is None and names and plain(names[0]) in FIRST_DATE_NAMES:  # elsewhere DAY is a ticker
        found = names[0]
    if found is None and not labelled:
        columns = ", ".join(map(repr, names[:6])) + (", …" if len(names) > 6 else "")
        msg = f"{name}: there is no date column among {columns}; name one 'date', or say which it is: date_column="
        raise DataError(msg)
    return found


def _find(names: Sequence[str], given: str | None, usual: Iterable[str], name: str, option: str) -> str | None:
    if given is not None:
        found = next((column for column in (given, str(given).strip()) if column in names), None)
        if found is None:
            msg = f"{name}: there is no column {given!r} ({option}=); the columns are {', '.join(map(repr, names[:8]))}"
            raise DataError(msg)
        return found
    known = {plain(column): column for column in reversed(names)}
    return next((known[word] for word in usual if word in known), None)


def _single(rest: Sequence[str], options: TableOptions, name: str) -> str | None:
    """Return the column of closes of a table of one symbol's open, high, low, close; its name is that of the file."""
    words = {plain(column) for column in rest}
    if options.column is None and not (words <= BAR_NAMES and "close" in words and len(words) > 1):
        return None
    return _find(rest, options.column, fields_of(options.holds), name, "column")


def stem_of(name: str) -> str:
    """Return a file's name without its folder and the endings of its format: a symbol may have dots.

    Examples
    --------
    >>> stem_of("data/0700.HK.csv.gz"), stem_of("BRK.B.parquet"), stem_of("the frame")
    ('0700.HK', 'BRK.B', 'the frame')
    """
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in ENDINGS:
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    return stem


def label_text(label: Any) -> str:
    """Return a column's label as text: without blanks around it, 10001.0 as 10001, a missing one as nothing."""
    if isinstance(label, str):
        return label.strip().lstrip("\ufeff")
    if isinstance(label, numbers.Real) and not isinstance(label, numbers.Integral):
        return "" if np.isnan(float(label)) else whole_text(label) or str(label)
    if label is None or label is pd.NaT or label is pd.NA:
        return ""
    return (
        (whole_text(label) or cell(label))
        if type(label) is not bool and isinstance(label, numbers.Integral)
        else str(label)
    )


def pick_field(columns: pd.MultiIndex, fields: Iterable[str], name: str) -> tuple[list[int], list[str]]:
    """Return the positions and the symbols of one field of (field, symbol) columns, in either order."""
    wanted = list(fields)
    for level in range(columns.nlevels):
        words = [plain(word) for word in columns.get_level_values(level)]
        found = next((field for field in wanted if field in words), None)
        if found is not None and columns.nlevels == 2:
            positions = [at for at, word in enumerate(words) if word == found]
            return positions, [label_text(columns[at][1 - level]) for at in positions]
    shown = ", ".join(map(repr, columns[:2].tolist()))
    msg = (
        f"{name}: the columns have {columns.nlevels} levels ({shown} …) and none of two holds {wanted[0]} or the like; keep "
        "one level (frame.columns.droplevel, or frame['Close']), or say which: column="
    )
    raise DataError(msg)


def one_level(frame: pd.DataFrame, fields: tuple[str, ...]) -> pd.DataFrame:
    """Return a frame with one row of labels: of two rows, as `yfinance.download` gives them, one of `fields`."""
    columns: Any = frame.columns
    if not isinstance(columns, pd.MultiIndex):
        return frame
    if columns.nlevels == 1:
        flat: pd.DataFrame = frame.set_axis(columns.get_level_values(0), axis=1)
        return flat
    words = {plain(word) for level in range(columns.nlevels) for word in columns.get_level_values(level)}
    prices = words.isdisjoint(RETURN_NAMES) and not words.isdisjoint(PRICE_NAMES)
    if fields == RETURN_NAMES and prices and columns.nlevels == 2:
        msg = (
            f"the columns have two rows of labels, {columns[0]!r} …, and hold prices, as yfinance.download gives them, not "
            "returns; use ReturnPanel.from_prices(frame)"
        )
        raise DataError(msg)
    positions, labels = pick_field(columns, fields, "the frame")
    return pd.DataFrame(frame.iloc[:, positions].set_axis(labels, axis=1))


def one_header(table: pd.DataFrame, name: str, options: TableOptions) -> pd.DataFrame:
    """Return a table whose columns are texts, each once: one field of two rows of labels, blanks around them gone."""
    columns: Any = table.columns
    refuse_dates(columns, name)
    if columns.nlevels > 1:
        fields = [plain(options.column)] if options.column else fields_of(options.holds)
        positions, labels = pick_field(columns, fields, name)
        table = table.iloc[:, positions]
    else:
        labels = [label_text(label) for label in columns.get_level_values(0)]
    refuse_labels(labels, name)
    return table.set_axis(pd.Index(labels, dtype=object), axis=1)


def refuse_dates(columns: pd.Index, place: str) -> None:
    """Stop at a table that lies on its side."""
    if columns.inferred_type in ("datetime64", "datetime", "date", "period"):
        msg = f"{place}: the columns are dates ({columns[0]} …); bars go down and symbols across: pass frame.T"
        raise DataError(msg)


def refuse_labels(labels: Sequence[str], place: str) -> None:
    """Stop at a column that stands twice, or that has no name and is not the first."""
    longest = max(labels, key=len, default="")
    if len(longest) > LONGEST_NAME:
        msg = f"{place}: the name of column {labels.index(longest) + 1} has {len(longest)} characters; this is no table"
        raise DataError(msg)
    twice = next((label for label, count in Counter(labels).items() if count > 1 and label), None)
    if twice is not None:
        msg = f"{place}: column {twice!r} stands twice; keep one"
        raise DataError(msg)
    nameless = next((at for at, label in enumerate(labels) if not label and at), None)
    if nameless is not None:
        ends = nameless == len(labels) - 1
        hint = "; if there is a comma at the end of each row, remove it there" if ends else ""
        msg = f"{place}: column {nameless + 1} has no name; name it or leave it out{hint}"
        raise DataError(msg)


def fractions_in(values: pd.Series) -> bool:
    """Whether a column holds numbers that are not whole, as prices do and identifiers do not."""
    try:
        figures = as_numbers(values, str)
    except DataError:
        return False
    known = figures[np.isfinite(figures)]
    return bool(len(known) and (known != np.floor(known)).any())


def symbol_set(value: Any, name: str) -> frozenset[str]:
    """Return the symbols that a caller names, one or several; what names none is refused."""
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, Iterable) or not all(map(is_hashable, given := list(given))):
        msg = f"{name}={brief(repr(value))} names no symbols; give one name or a list of them"
        raise DataError(msg)
    return frozenset(given)


def by_symbol(value: Any, name: str) -> Mapping[str, str]:
    """Return what a caller says of each symbol; what is no mapping is refused."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        msg = f"{name}={brief(repr(value))} is not a mapping of symbol to text, such as {name}={{'7203.T': …}}"
        raise DataError(msg)
    return value
