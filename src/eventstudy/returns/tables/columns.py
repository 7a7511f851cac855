"""What the columns of a table are (dates, symbols, values), told from their names."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable

from eventstudy.errors import DataError
from eventstudy.returns.quality.plausible import ENOUGH, DataWarning
from eventstudy.returns.tables.cells import as_numbers
from eventstudy.returns.tables.names import (
    ADJUSTED,
    CHANGE_HANDS,
    DATE_NAMES,
    FIRST_DATE_NAMES,
    MARKET_LIKE,
    MARKETS,
    NO_SECURITY,
    NO_TICKERS,
    OTHERS,
    PERMANENT,
    PRICE_NAMES,
    RANGE,
    SYMBOL_NAMES,
    TICKERS_TOO,
    UNADJUSTED_BESIDE,
    fields_of,
    plain,
    stem_of,
)
from eventstudy.returns.tables.options import TableOptions
from eventstudy.words import brief, writable


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
    beside : tuple of str
        Columns of a long table that hold one value a day, such as the return of the market.
    permanent : str or None
        A column of ids that never change hands, beside tickers, which do.
    """

    date: str | None
    symbol: str | None
    cells: tuple[str, ...]
    doubtful: bool = False
    single: str = ""
    beside: tuple[str, ...] = ()
    permanent: str | None = None


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
            _refuse_unadjusted(others, column, options, name)
            beside = _beside(others, column, options, symbols)
            rest = [
                other for other in others if other not in (column, *beside) and plain(other) not in UNADJUSTED_BESIDE
            ]
            unread = [other for other in rest if MARKET_LIKE.search(plain(other))]
            if unread and symbols is None:
                _warn_unread(name, unread[0], "is called as the return of a market is,")
            permanent = None
            if options.symbol_column is None and plain(symbol) in CHANGE_HANDS:
                permanent = next((other for other in others if plain(other) in PERMANENT and other not in beside), None)
            return Layout(date, symbol, (column,), beside=beside, permanent=permanent)
        if options.symbol_column is None and symbol in TICKERS_TOO:
            return Layout(date, symbol, tuple(others), doubtful=True)
        raise DataError(no_values(name))
    asked = None if symbols is None else list(symbols)
    single = None if asked and set(asked) <= set(rest) else _single(rest, options, name)
    if single is not None:
        _refuse_unadjusted(rest, single, options, name)
        one = asked[0] if asked is not None and len(asked) == 1 and stem_of(name) == name else stem_of(name)
        return Layout(date, None, (single,), single=one)
    strange = next((column for column in rest if plain(column) in NO_SECURITY), None)
    if strange is not None and symbols is None:
        msg = f"{name}: column {strange!r} is the name of no security; leave it out, or say which column holds the prices: column="
        raise DataError(msg)
    wanted = None if asked is None else set(asked)
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


def _beside(
    others: Sequence[str], column: str, options: TableOptions, symbols: Iterable[str] | None
) -> tuple[str, ...]:
    """Return the columns of a long table that are series of their own: those asked for, or the market's returns."""
    rest = [name for name in others if name != column]
    if symbols is not None:
        asked = set(symbols)
        return tuple(name for name in rest if name in asked)
    return () if options.holds == "prices" else tuple(name for name in rest if plain(name) in MARKETS)


def _single(rest: Sequence[str], options: TableOptions, name: str) -> str | None:
    """Return the column of closes of a table of one symbol's open, high, low, close; its name is that of the file.

    LOW, OPEN and HIGH are tickers too, and so are LAST and PX; nothing is called CLOSE.
    """
    if options.column is not None:
        return _find(rest, options.column, (), name, "column")
    words = [plain(column) for column in rest]
    ranges = len(RANGE.intersection(words))
    if not set(words).isdisjoint(NO_TICKERS) and (len(rest) > 1 or stem_of(name) != name):
        strange = [column for column, word in zip(rest, words, strict=True) if not _beside_closes(word)]
        if not strange or ranges > 1:
            return _find(rest, None, fields_of(options.holds), name, "column")
    elif ranges == len(RANGE):
        strange = [column for column, word in zip(rest, words, strict=True) if word not in RANGE]
        found = _find(strange, None, fields_of(options.holds), name, "column")
        if found is not None:
            return found
    else:
        return None
    msg = (
        f"{name}: this looks like the bars of one symbol, but column {brief(repr(strange[0] if strange else rest[0]))} is not known; say "
        "which column holds the prices: column="
    )
    raise DataError(msg)


def _refuse_unadjusted(rest: Sequence[str], column: str, options: TableOptions, name: str) -> None:
    """Stop at a price that is not adjusted, beside a column that says how it would be."""
    if options.column is not None or options.holds != "prices" or plain(column) in ADJUSTED:
        return
    beside = next((other for other in rest if plain(other) in UNADJUSTED_BESIDE), None)
    if beside is not None:
        msg = (
            f"{name}: the prices in column {column!r} are not adjusted, as column {beside!r} beside them says; adjust them and pass the "
            f"frame, or say which column is meant: column={column!r} takes them as they stand"
        )
        raise DataError(msg)


def look_beside(table: pd.DataFrame, layout: Layout, dates: pd.DatetimeIndex, name: str, *, asked: bool) -> None:
    """Look at the columns of a long table beside those that are read: a ticker that changed hands, and what nobody reads."""
    if layout.permanent is not None and layout.symbol is not None:
        (one, _), (other, ids) = (pd.factorize(table[column]) for column in (layout.symbol, layout.permanent))
        both = pd.unique((one.astype(np.int64) * (len(ids) + 1) + other)[(one >= 0) & (other >= 0)])
        ticker = pd.Series(both // (len(ids) + 1))
        if ticker.duplicated().any():
            at = int(ticker[ticker.duplicated()].iloc[0])
            shown = " and ".join(str(table[layout.permanent].iloc[int(row)]) for row in _firsts(one == at, other)[:2])
            msg = (
                f"{name}: {str(table[layout.symbol].iloc[int((one == at).argmax())]).strip()!r} stands for {layout.permanent} {shown}: a ticker "
                f"that changed hands is no single security; say which column names it: symbol_column={layout.permanent!r}"
            )
            raise DataError(msg)
    if not asked:
        warn_unread(table, layout, dates, name)


def _firsts(rows: Any, codes: Any) -> Any:
    """Return the first of `rows` for each code."""
    at = np.flatnonzero(rows & (codes >= 0))
    return at[np.sort(np.unique(codes[at], return_index=True)[1])]


def warn_unread(table: pd.DataFrame, layout: Layout, dates: pd.DatetimeIndex, name: str) -> None:
    """Warn of a column of a long table that nobody reads and that holds one number a day, as an index does."""
    if layout.symbol is None or len(dates) < ENOUGH:
        return
    read = {layout.date, layout.symbol, layout.permanent, *layout.cells, *layout.beside}
    first, last = (np.flatnonzero(dates == day) for day in (dates[0], dates[-1]))
    for column in table.columns:
        known = plain(column) in OTHERS or plain(column) in MARKETS or MARKET_LIKE.search(plain(column))
        if column in read or known or min(len(first), len(last)) < 2:
            continue
        try:
            at_first, at_last = (pd.unique(table[column].iloc[rows]) for rows in (first, last))
        except TypeError:  # lists and the like
            continue
        alike = len(at_first) == len(at_last) == 1 and at_first[0] != at_last[0]
        if alike and fractions_in(pd.Series([at_first[0], at_last[0]])):
            _warn_unread(name, column, "holds one number a day, as an index does,")


def _warn_unread(name: str, column: str, why: str) -> None:
    msg = f"{name}: column {column!r} {why} and is not read; ask for it by name beside the symbols, or leave it out"
    warnings.warn(msg, DataWarning, stacklevel=2)


def _beside_closes(word: str) -> bool:
    return word in OTHERS or word in PRICE_NAMES


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
    return frozenset(symbol_list(value, name))


def symbol_list(value: Any, name: str) -> list[str]:
    """Return the symbols that a caller names, one or several, in their order; what names none is refused."""
    given = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else None
    if given is None or not all(map(is_hashable, given)):
        msg = f"{name}={brief(value)} names no symbols; give one name or a list of them"
        raise DataError(msg)
    return given


def by_symbol(value: Any, name: str) -> Mapping[str, str]:
    """Return what a caller says of each symbol; what is no mapping is refused."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        msg = f"{name}={brief(repr(value) if isinstance(value, str) else value)} is not a mapping of symbol to text, such as {name}={{'7203.T': …}}"
        raise DataError(msg)
    for symbol, text in value.items():
        if isinstance(text, str) and not writable(text):
            msg = f"{name}={{{symbol!r}: …}}: {brief(repr(text))} is no text that can be written; mend it"
            raise DataError(msg)
    return value
