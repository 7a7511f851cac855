"""From a table as people keep it (wide or long, prices or returns) to days x symbols, or to one line that says what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from eventstudy.errors import DataError
from eventstudy.returns.dates import parse_dates
from eventstudy.returns.panel import LEVEL_SYMBOLS
from eventstudy.returns.plausible import ENOUGH, PERCENT_MEDIAN, PRICE_MEDIAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Holds", "TableOptions", "tidy"]

Holds = Literal["prices", "returns", "percent"]

DATE_NAMES: Final = ("date", "datetime", "timestamp")
FIRST_DATE_NAMES: Final = ("time", "day", "session", "bar", "index", "unnamed:0", "")
SYMBOL_NAMES: Final = ("symbol", "ticker", "sym", "asset", "security", "permno", "ric", "isin")
PRICE_NAMES: Final = ("adjclose", "adjustedclose", "close", "price", "value", "prc", "last", "px")
RETURN_NAMES: Final = ("return", "ret", "returns", "value")
BAR_NAMES: Final = frozenset(
    {"open", "high", "low", "close", "adjclose", "volume", "dividends", "stocksplits", "capitalgains"}
)
RETURNS_SHARE: Final = 0.1  # a tenth of a column below zero: nobody's prices, everybody's returns


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What cannot be seen from a table itself.

    Attributes
    ----------
    holds : {"prices", "returns", "percent"}
        What the cells are: prices (and levels), decimal returns, or returns in percent.
    date_column, symbol_column, column : str or None
        The names of the date, the symbol (long tables) and the value column, when they are not the usual ones.
    date_format : str or None
        As for `datetime.strptime`, when dates are not ISO.
    timezone : str or None
        The zone of moments that carry none.
    levels : frozenset of str
        Symbols that may be zero or negative.
    invalid : {"raise", "missing"}
        What a price of zero or less does: stop with its place, or count as missing (and be counted in the quality table).
    check : bool
        Whether to refuse returns that look like percent.
    """

    holds: Holds = "prices"
    date_column: str | None = None
    symbol_column: str | None = None
    column: str | None = None
    date_format: str | None = None
    timezone: str | None = None
    levels: frozenset[str] = LEVEL_SYMBOLS
    invalid: Literal["raise", "missing"] = "raise"
    check: bool = True

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("holds", self.holds, ("prices", "returns", "percent")),
            ("invalid", self.invalid, ("raise", "missing")),
        ):
            if value not in allowed:
                msg = f"{name}={value!r} is not known; use {' or '.join(repr(word) for word in allowed)}"
                raise DataError(msg)


@dataclass(frozen=True, slots=True)
class Tidy:
    """Days x symbols, and what was noticed.

    Attributes
    ----------
    frame : pandas.DataFrame
        Numbers; the index is in the project's one form, sorted.
    notes : pandas.DataFrame
        By symbol: `invalid` (prices of zero or less taken as missing) and `note`.
    """

    frame: pd.DataFrame
    notes: pd.DataFrame


def tidy(
    table: pd.DataFrame,
    name: str,
    options: TableOptions,
    *,
    first_row: int | None = None,
    symbols: Sequence[str] | None = None,
) -> Tidy:
    """Return a table as days x symbols.

    Parameters
    ----------
    table : pandas.DataFrame
        Wide (a date and one column a symbol) or long (date, symbol, value); or the two-row columns of `yfinance.download`.
    name : str
        What messages call it: the file, or "the frame".
    options : TableOptions
    first_row : int, optional
        The number of its first row in the file; by default rows are named by position, from 1.
    symbols : sequence of str, optional
        Look at these only: what is wrong with the others does not matter.

    Raises
    ------
    eventstudy.errors.DataError
        Naming file, row, column and value, and the way out.
    """
    if table.columns.nlevels > 1:
        table = _one_level(table, name, options)
    table = table.rename(columns=str)
    dates, rest, date_name = _dates(table, name, options, first_row)
    place = _places(name, first_row)
    if not len(rest):
        msg = f"{name}: there is no row below the header; nothing to load"
        raise DataError(msg)
    symbol = _find(rest, options.symbol_column, SYMBOL_NAMES, name, "symbol_column")
    if symbol is not None and options.symbol_column is None and pd.api.types.is_float_dtype(rest[symbol].dtype):
        symbol = None  # a price of the ticker SYM
    notes: dict[str, str] = {}
    if symbol is not None:
        if symbols is not None:
            wanted = rest[symbol].astype(str).isin(symbols).to_numpy()
            place, dates, rest = _picked(place, wanted), dates[wanted], rest[wanted]
        column = _value_column(rest, options, name)
        series = _numbers(rest[[column]], place)
        _refuse_twice(pd.MultiIndex.from_arrays([dates, rest[symbol].astype(str)]), place, date_name)
        _refuse_cells(series, rest[symbol].astype(str), place, options)
        long = pd.DataFrame(
            {"date": dates, "symbol": rest[symbol].astype(str).to_numpy(), "value": series[column].to_numpy()}
        )
        frame = long.pivot_table(
            index="date", columns="symbol", values="value", aggfunc="first", dropna=False, sort=True
        )
    else:
        rest = _single(rest, name, options)
        rest = rest if symbols is None else rest[[column for column in rest.columns if column in set(symbols)]]
        numbers = _numbers(rest, place)
        _refuse_twice(dates, place, date_name)
        _refuse_cells(numbers, None, place, options)
        frame = numbers.set_axis(dates)
        if not dates.is_monotonic_increasing:
            notes = dict.fromkeys(frame.columns, "rows were out of order: sorted")
    frame = frame.sort_index()
    frame.index.name = "date"
    priced = [column for column in frame.columns if options.holds == "prices" and column not in options.levels]
    bad = frame[priced] <= 0
    frame[priced] = frame[priced].mask(bad)
    if options.holds == "percent":
        frame = frame / 100.0
    report = pd.DataFrame({"note": pd.Series(notes, dtype=str).reindex(frame.columns).fillna("")}, index=frame.columns)
    if bad.to_numpy().any():
        report["invalid"] = bad.sum().reindex(frame.columns).fillna(0).astype(int)
    return Tidy(frame, report)


def _picked(place: Callable[[int, str], str], wanted: np.ndarray[Any, Any]) -> Callable[[int, str], str]:
    """Name the places of the rows that were picked by where they stood before."""
    rows = np.flatnonzero(wanted)
    return lambda row, column: place(int(rows[row]), column)


def _places(name: str, first_row: int | None) -> Callable[[int, str], str]:
    offset = 1 if first_row is None else first_row

    def place(row: int, column: str) -> str:
        return f"{name}, row {row + offset}, column {column!r}"

    return place


def _dates(
    table: pd.DataFrame, name: str, options: TableOptions, first_row: int | None
) -> tuple[pd.DatetimeIndex, pd.DataFrame, str]:
    """Find the dates, in a column or in the index, and return them with the rest of the table."""
    place = _places(name, first_row)
    by_index = isinstance(table.index, pd.DatetimeIndex) and options.date_column is None
    found = None if by_index else _find(table, options.date_column, DATE_NAMES, name, "date_column")
    if found is None and not by_index and _plain(table.columns[0] if len(table.columns) else "") in FIRST_DATE_NAMES:
        found = table.columns[0]  # elsewhere DAY is a ticker
    in_index = not isinstance(table.index, pd.RangeIndex)
    if found is None and in_index and not pd.api.types.is_numeric_dtype(table.index.dtype):
        label = "date" if table.index.name is None else str(table.index.name)
        values = table.index.to_series().reset_index(drop=True)
        rest = table
    elif found is None:
        columns = ", ".join(map(repr, table.columns[:6])) + (", …" if len(table.columns) > 6 else "")
        msg = f"{name}: there is no date column among {columns}; name one 'date', or say which it is: date_column="
        raise DataError(msg)
    else:
        label, values, rest = found, table[found].reset_index(drop=True), table.drop(columns=[found])
    dates = parse_dates(
        values, lambda row: place(row, label), date_format=options.date_format, timezone=options.timezone
    )
    return dates, rest, label


def _find(table: pd.DataFrame, given: str | None, usual: Iterable[str], name: str, option: str) -> str | None:
    if given is not None:
        if given not in table.columns:
            msg = f"{name}: there is no column {given!r} ({option}=); the columns are {', '.join(map(repr, table.columns[:8]))}"
            raise DataError(msg)
        return given
    plain = {_plain(column): column for column in reversed(list(table.columns))}
    return next((plain[word] for word in usual if word in plain), None)


def _value_column(rest: pd.DataFrame, options: TableOptions, name: str) -> str:
    usual = PRICE_NAMES if options.holds == "prices" else (*RETURN_NAMES, *PRICE_NAMES)
    found = _find(rest, options.column, usual, name, "column")
    if found is None:
        msg = f"{name}: no column of values ('adj_close', 'close', 'price', 'return' …) beside the symbols; say which: column="
        raise DataError(msg)
    return found


def _single(rest: pd.DataFrame, name: str, options: TableOptions) -> pd.DataFrame:
    """Take the closes of a table of one symbol's open, high, low, close; its name is that of the file."""
    plain = {_plain(column) for column in rest.columns}
    if options.column is None and not (plain <= BAR_NAMES and "close" in plain and len(plain) > 1):
        return rest
    column = _value_column(rest, options, name)
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
    return rest[[column]].set_axis([stem], axis=1)


def _one_level(table: pd.DataFrame, name: str, options: TableOptions) -> pd.DataFrame:
    """Take one field of the (field, symbol) columns that `yfinance.download` gives."""
    for level in range(table.columns.nlevels):
        words = {_plain(word): word for word in table.columns.get_level_values(level).unique()}
        for wanted in [_plain(options.column)] if options.column else PRICE_NAMES:
            if wanted in words:
                return pd.DataFrame(table.xs(words[wanted], axis=1, level=level))
    msg = f"{name}: the columns have {table.columns.nlevels} levels and none holds closes; keep one level, or say which: column="
    raise DataError(msg)


def _plain(column: Any) -> str:
    return str(column).lower().replace(" ", "").replace("_", "").replace(".", "").replace("-", "")


def _numbers(rest: pd.DataFrame, place: Callable[[int, str], str]) -> pd.DataFrame:
    done: dict[str, Any] = {}
    for column in rest.columns:
        values = rest[column]
        if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
            numbers = pd.to_numeric(values, errors="coerce")
            bad = (numbers.isna() & values.notna()).to_numpy()
            if bad.any():
                row = int(bad.argmax())
                raise DataError(f"{place(row, column)}: {_not_a_number(values.iloc[row])}")  # noqa: EM102, TRY003
            values = numbers
        done[column] = values.to_numpy(dtype=float, na_value=np.nan)
        infinite = np.isinf(done[column])
        if infinite.any():
            row = int(infinite.argmax())
            msg = f"{place(row, column)}: {done[column][row]} is not a number that can be used; leave the cell empty if it is missing"
            raise DataError(msg)
    return pd.DataFrame(done, index=rest.index, columns=rest.columns)


def _not_a_number(value: Any) -> str:
    text = str(value).strip()
    if "%" in text:
        return f"{value!r} is a percentage, not a price; remove the sign and pass holds='percent'"
    if "," in text and text.replace(",", "").replace(".", "").lstrip("+-").isdigit():
        return f"{value!r} is not a number as it stands; if the comma is the decimal mark pass decimal=',', else thousands=','"
    return f"{value!r} is not a number; mend it, or leave the cell empty if it is missing"


def _refuse_twice(labels: pd.Index, place: Callable[[int, str], str], column: str) -> None:
    again = labels.duplicated()
    if again.any():
        row = int(again.argmax())
        label = labels[row]
        first = int(np.flatnonzero([other == label for other in labels[:row]])[0])
        what = f"{label[0]:%Y-%m-%d %H:%M} of {label[1]}" if isinstance(label, tuple) else f"{label:%Y-%m-%d %H:%M}"
        msg = f"{place(row, column)}: {what.replace(' 00:00', '')} stands there twice (first: {place(first, column)}); keep one row"
        raise DataError(msg)


def _refuse_cells(
    numbers: pd.DataFrame, symbols: pd.Series | None, place: Callable[[int, str], str], options: TableOptions
) -> None:
    """Stop at the first value that cannot be what the caller says it is."""
    for column in numbers.columns:
        values = numbers[column].to_numpy(dtype=float)
        level = np.full(len(values), column in options.levels) if symbols is None else symbols.isin(options.levels)
        values = np.where(level, np.nan, values)
        if options.holds == "prices":
            _refuse_prices(values, column, place, options)
        elif options.check and np.isfinite(values).sum() >= ENOUGH:
            _refuse_returns(values, column, place, options)


def _refuse_returns(
    values: np.ndarray[Any, Any], column: str, place: Callable[[int, str], str], options: TableOptions
) -> None:
    size = float(np.nanmedian(np.abs(values)))
    if size > PRICE_MEDIAN and np.nanmin(values) >= 0:
        row = int(np.isfinite(values).argmax())
        msg = (
            f"{place(row, column)}: {values[row]:g} (median {size:.3g}, never negative) holds prices, not returns; use "
            "load_prices, or leave holds= away; check=False if it is meant"
        )
        raise DataError(msg)
    if options.holds == "returns" and size > PERCENT_MEDIAN:
        row = int(np.nanargmax(np.abs(values) > PERCENT_MEDIAN))
        msg = (
            f"{place(row, column)}: {values[row]:g} (median size {size:.3g}) looks like percent, not like a decimal "
            "return; pass holds='percent', or check=False if it is meant"
        )
        raise DataError(msg)


def _refuse_prices(
    values: np.ndarray[Any, Any], column: str, place: Callable[[int, str], str], options: TableOptions
) -> None:
    bad = values <= 0
    if not bad.any():
        return
    row = int(bad.argmax())
    finite = np.isfinite(values).sum()
    if (values < 0).sum() > RETURNS_SHARE * finite:
        msg = (
            f"{place(row, column)}: {values[row]:g} is not a price, and a column with {(values < 0).sum() / finite:.0%} of its "
            "values below zero holds returns; use load_returns with holds='returns' (decimals) or holds='percent'"
        )
        raise DataError(msg)
    if options.invalid == "raise":
        msg = (
            f"{place(row, column)}: {values[row]:g} is not a price (it must be above zero); mend it, name the symbol in "
            "levels= if it is a level, or pass invalid='missing'"
        )
        raise DataError(msg)
