"""From a table as people keep it (wide or long, prices or returns) to days x symbols, or to one line that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats
from eventstudy.border import LARGEST
from eventstudy.calendars import lone
from eventstudy.errors import DataError
from eventstudy.returns.quality.plausible import ENOUGH, PERCENT_MEDIAN, PRICE_MEDIAN, coded_returns
from eventstudy.returns.tables.cells import Codes, as_numbers, symbol_codes
from eventstudy.returns.tables.columns import Layout, find_layout, fractions_in, look_beside, no_values
from eventstudy.returns.tables.dates import parse_dates
from eventstudy.returns.tables.headers import one_header
from eventstudy.returns.tables.names import COUNTERS, plain
from eventstudy.returns.tables.options import TableOptions

Place = Callable[[int, str], str]

RETURNS_SHARE: Final = 0.1  # a tenth of a column below zero: nobody's prices, everybody's returns


@dataclass(frozen=True, slots=True)
class Tidy:
    """Days x symbols, and what was noticed.

    Attributes
    ----------
    frame : pandas.DataFrame
        Numbers; the index is in the project's one form, sorted.
    notes : pandas.DataFrame
        By symbol: `invalid` (prices of zero or less taken as missing) and `note`.
    symbols : list of str or None
        All symbols of a long table, also those that were not asked for.
    alone : dict of Timestamp to str
        The day beside the longest gap, and the place where it stands: if a date is wrong, it is that one.
    """

    frame: pd.DataFrame
    notes: pd.DataFrame
    symbols: list[str] | None = None
    alone: dict[pd.Timestamp, str] = field(default_factory=dict)


def tidy(
    table: pd.DataFrame,
    name: str,
    options: TableOptions,
    *,
    first_row: int | None = None,
    symbols: Sequence[str] | None = None,
    largest: int = LARGEST,
    layout: Layout | None = None,
    coded: dict[str, list[int]] | None = None,
) -> Tidy:
    """Return a table as days x symbols; `coded` are rows by column that held a vendor's code for nothing."""
    coded = {} if coded is None else coded
    if layout is None:
        if table.index.nlevels > 1:
            table = _rows_as_columns(table, name)
        table = one_header(table, name, options)
        layout = _layout(table, name, options, symbols)
    place = _places(name, first_row)
    if not len(table):
        msg = f"{name}: there is no row below the header; nothing to load"
        raise DataError(msg)
    if layout.doubtful:
        layout = _settled(table, layout, name)
    index_name = "date" if table.index.name is None else str(table.index.name)
    label = index_name if layout.date is None else layout.date
    column = table[layout.date] if layout.date is not None else table.index.to_series()
    dates = parse_dates(
        column.reset_index(drop=True),
        lambda row: place(row, label),
        date_format=options.date_format,
        timezone=options.timezone,
    )
    pa.default_memory_pool().release_unused()  # of the texts that the dates were
    if layout.symbol is None:
        (frame, notes, codes), known = _wide(table, layout, dates, (place, label), options, coded), None
    else:
        look_beside(table, layout, dates, name, asked=symbols is not None)
        frame, notes, codes, known = _long(table, layout, dates, (place, label), options, symbols, largest, coded)
    alone = {}
    if len(frame) > 1 and frame.index.tz is None:  # type: ignore[attr-defined]  # an index of dates
        day = lone(pd.DatetimeIndex(frame.index))
        alone[day] = f"{place(int((dates == day).argmax()), label)}, {day:%Y-%m-%d}"
    return Tidy(*_reported(frame, notes, codes, options), known, alone)


def _layout(table: pd.DataFrame, name: str, options: TableOptions, symbols: Sequence[str] | None) -> Layout:
    index = table.index
    dated = isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex))
    labelled = not isinstance(index, pd.RangeIndex) and not pd.api.types.is_numeric_dtype(index.dtype)
    return find_layout(list(table.columns), options, name, dated=dated, labelled=labelled, symbols=symbols)


def _rows_as_columns(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take two levels of row labels, such as date and symbol, for columns of their names."""
    if any(level is None for level in table.index.names) or table.columns.nlevels > 1:
        msg = f"{name}: the rows have {table.index.nlevels} levels of labels without names; name them: frame.rename_axis(['date', 'symbol'])"
        raise DataError(msg)
    both = [level for level in table.index.names if level in table.columns]
    if both:
        msg = f"{name}: {both[0]!r} is a level of the rows and a column; drop one"
        raise DataError(msg)
    return table.reset_index()


def _settled(table: pd.DataFrame, layout: Layout, name: str) -> Layout:
    """Tell a ticker such as SYM from a column of symbols: prices are not all whole numbers."""
    if layout.symbol is not None and fractions_in(table[layout.symbol]):
        return Layout(layout.date, None, tuple(column for column in table.columns if column != layout.date))
    raise DataError(no_values(name))


def _wide(
    table: pd.DataFrame,
    layout: Layout,
    dates: pd.DatetimeIndex,
    where: tuple[Place, str],
    options: TableOptions,
    coded: dict[str, list[int]],
) -> tuple[pd.DataFrame, dict[str, str], dict[str, pd.DatetimeIndex]]:
    place, label = where
    columns = list(layout.cells)
    values = _matrix(table[columns], place, options, coded)
    ahead = layout.date is not None and columns[:1] == list(table.columns[:1]) and len(values) > 2
    if len(columns) > 1 and (ahead or plain(columns[0]) in COUNTERS) and _counts(values[:, 0]):
        columns, values = columns[1:], values[:, 1:]
    _refuse_twice(dates, place, label)
    for at in _suspects(values, columns, options):
        _refuse_cells(values[:, at], columns[at], place, options)
    names = [layout.single] if layout.single else columns
    frame = pd.DataFrame(values, index=dates, columns=names, copy=False)
    notes = {}
    if not dates.is_monotonic_increasing:
        frame = frame.sort_index()
        notes = dict.fromkeys(frame.columns, "rows were out of order: sorted")
    codes = {name: dates[coded[column]] for name, column in zip(names, columns, strict=True) if coded.get(column)}
    return frame, notes, codes


def _counts(values: Floats) -> bool:  # whether they number the rows
    return bool(values[0] in (0.0, 1.0) and (np.diff(values) == 1.0).all())


def _matrix(cells: pd.DataFrame, place: Place, options: TableOptions, coded: dict[str, list[int]]) -> Floats:
    """Return the cells as floats; a vendor's code for nothing is missing, and noted in `coded`."""
    values = None
    if (cells.dtypes == np.float64).all():
        values = cells.to_numpy(dtype=np.float64)
        values = None if np.isinf(values).any() else values
    if values is None:
        values = np.empty(cells.shape, order="F")
        for at, column in enumerate(cells.columns):
            values[:, at] = _numbers(cells[column], column, place, options, coded)
        return values
    found = _coded(values, options)
    if found is not None:
        values = np.where(found, np.nan, values)
        for at in np.flatnonzero(found.any(axis=0)).tolist():
            coded.setdefault(cells.columns[at], []).extend(np.flatnonzero(found[:, at]).tolist())
    return values


def _coded(values: Floats, options: TableOptions) -> Bools | None:
    """Return which values are codes for a missing return; None where none can be, or nobody is to look."""
    if options.holds == "prices" or not options.check:
        return None
    return coded_returns(values, percent=options.holds == "percent")


def _numbers(cells: pd.Series, column: str, place: Place, options: TableOptions, coded: dict[str, list[int]]) -> Floats:
    """Return one column as floats, as `_matrix` does of several."""
    codes = Codes(letters=options.holds != "prices")
    values = as_numbers(cells, lambda row: place(row, column), codes)
    found = _coded(values, options)
    if found is not None:
        values = np.where(found, np.nan, values)
        codes.rows += np.flatnonzero(found).tolist()
    if codes.rows:
        coded.setdefault(column, []).extend(codes.rows)
    return values


def _suspects(values: Floats, columns: list[str], options: TableOptions) -> list[int]:
    """Return the columns that may be refused: of prices those with one that is none, of returns all."""
    state = np.array([column in options.levels for column in columns], dtype=bool)
    if options.holds == "prices":
        return [int(at) for at in np.flatnonzero((values <= 0).any(axis=0) & ~state)]
    return [int(at) for at in np.flatnonzero(~state)]


def _long(
    rows: pd.DataFrame,
    layout: Layout,
    dates: pd.DatetimeIndex,
    where: tuple[Place, str],
    options: TableOptions,
    symbols: Sequence[str] | None,
    largest: int,
    coded: dict[str, list[int]],
) -> tuple[pd.DataFrame, dict[str, str], dict[str, pd.DatetimeIndex], list[str]]:
    place, label = where
    series = {name: _daily(rows[name], name, dates, place, options, coded) for name in layout.beside}
    held = np.zeros(len(rows), dtype=bool)
    held[coded.get(layout.cells[0], [])] = True
    symbol, column = str(layout.symbol), layout.cells[0]
    code, names = symbol_codes(rows[symbol], lambda row: place(row, symbol))
    known = names
    cells = rows[column]
    if symbols is not None:
        wanted = [at for at, name in enumerate(names) if name in set(symbols)]
        keep = np.isin(code, wanted)
        place, dates, cells, held = _picked(place, keep), dates[keep], cells[keep], held[keep]
        code, names = np.searchsorted(wanted, code[keep]), [names[at] for at in wanted]
    own: dict[str, list[int]] = {}
    values = _numbers(cells, column, place, options, own)
    held[own.get(column, [])] = True
    day, days = pd.factorize(dates, sort=True)
    count = len(days) * len(names)
    if count * values.itemsize > largest:
        msg = (
            f"{place(0, symbol)}: {len(names)} symbols on {len(days)} days are a panel of {count * 8 / 1024**3:.3g} GB; name "
            "the symbols that you want, or raise the bound: largest="
        )
        raise DataError(msg)
    key = day * len(names) + code
    seen = np.zeros(count, dtype=bool)
    seen[key] = True
    if int(seen.sum()) < len(key):
        _refuse_twice(pd.Index(key), place, label, lambda row: f"{_day(dates[row])} of {names[code[row]]}")
    state = np.array([name in options.levels for name in names], dtype=bool)
    _refuse_cells(np.where(state[code], np.nan, values) if state.any() else values, column, place, options)
    spread = np.full(count, np.nan)
    spread[key] = values
    notes = _alike(names, seen.reshape(len(days), len(names)), lambda at: place(int((code == at).argmax()), symbol))
    table = pd.DataFrame(spread.reshape(len(days), len(names)), index=days, columns=names, copy=False)
    codes = {names[at]: dates[held & (code == at)] for at in np.unique(code[held]).tolist()}
    for name, values_of in series.items():
        table[name] = values_of.reindex(days)
    return table, notes, codes, [*known, *series]


def _daily(
    cells: pd.Series,
    column: str,
    dates: pd.DatetimeIndex,
    place: Place,
    options: TableOptions,
    coded: dict[str, list[int]],
) -> pd.Series:
    """Return a column of a long table that holds one value a day for all its symbols, such as the return of the market."""
    values = pd.Series(_numbers(cells, column, place, options, coded), index=dates)
    groups = values.groupby(level=0)
    low, high = groups.min(), groups.max()
    unlike = low.notna() & ((high - low) > 1e-9 * high.abs())
    if unlike.any():
        day = pd.Timestamp(unlike.index[int(unlike.to_numpy().argmax())])
        row = int(np.flatnonzero((dates == day) & values.notna().to_numpy())[0])
        msg = (
            f"{place(row, column)}: on {_day(day)} the column holds {low[day]:g} and {high[day]:g}: it is no series of its own beside the "
            "symbols; leave it out"
        )
        raise DataError(msg)
    return low.rename(column)


def _alike(names: list[str], there: NDArray[np.bool_], place: Callable[[int], str]) -> dict[str, str]:
    """Refuse one security that is spelt in two ways; note two whose names differ by their case only.

    Two of them have rows on the same days; one whose spelling changed does not.
    """
    small: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        small.setdefault(name.lower(), []).append(at)
    notes = {}
    for places in (places for places in small.values() if len(places) > 1):
        if not (there[:, places].sum(axis=1) > 1).any():
            one, other = places[:2]
            msg = (
                f"{place(one)}: {names[one]!r} and {names[other]!r} ({place(other)}) differ by their case only and share no day; "
                "spell one security in one way"
            )
            raise DataError(msg)
        for at in places:
            others = ", ".join(repr(names[other]) for other in places if other != at)
            notes[names[at]] = f"differs from {others} by its case only"
    return notes


def _reported(
    frame: pd.DataFrame, notes: dict[str, str], codes: dict[str, pd.DatetimeIndex], options: TableOptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frame with what is no price taken out, in decimals, and the notes on each symbol."""
    frame = frame.rename_axis(index="date")
    priced = np.array([options.holds == "prices" and name not in options.levels for name in frame.columns], dtype=bool)
    values = frame.to_numpy()
    bad = (values <= 0) & priced
    if options.holds == "percent":
        frame = frame / 100.0
    if options.holds == "log":
        held = [name for name in frame.columns if name not in options.levels]
        frame[held] = np.expm1(frame[held])
    report = pd.DataFrame({"note": pd.Series(notes, dtype=str).reindex(frame.columns).fillna("")}, index=frame.columns)
    if bad.any():
        frame = frame.mask(bad)
        report["invalid"] = bad.sum(axis=0).astype(int)
    if codes:
        report["codes"] = (
            pd.Series({name: " ".join(_day(day).replace(" ", "T") for day in days) for name, days in codes.items()})
            .reindex(frame.columns)
            .fillna("")
        )
    return frame, report


def _picked(place: Place, wanted: NDArray[np.bool_]) -> Place:
    """Name the places of the rows that were picked by where they stood before."""
    rows = np.flatnonzero(wanted)
    return lambda row, column: place(int(rows[row]) if len(rows) else 0, column)


def _places(name: str, first_row: int | None) -> Place:
    offset = 1 if first_row is None else first_row

    def place(row: int, column: str) -> str:
        return f"{name}, row {row + offset}, column {column!r}"

    return place


def _refuse_twice(labels: pd.Index, place: Place, column: str, said: Callable[[int], str] | None = None) -> None:
    again = labels.duplicated()
    if again.any():
        row = int(again.argmax())
        first = int((labels == labels[row]).argmax())
        what = _day(labels[row]) if said is None else said(row)
        msg = f"{place(row, column)}: {what} stands there twice (first: {place(first, column)}); keep one row"
        raise DataError(msg)


def _day(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M}".replace(" 00:00", "")


def _refuse_cells(values: Floats, column: str, place: Place, options: TableOptions) -> None:
    """Stop at the first value that cannot be what the caller says it is."""
    if options.holds == "prices":
        _refuse_prices(values, column, place, options)
    elif options.check and np.isfinite(values).sum() >= ENOUGH:
        _refuse_returns(values, column, place, options)


def _refuse_returns(values: Floats, column: str, place: Place, options: TableOptions) -> None:
    size = float(np.nanmedian(np.abs(values)))
    if size > PRICE_MEDIAN and np.nanmin(values) >= 0:
        row = int(np.isfinite(values).argmax())
        msg = (
            f"{place(row, column)}: {values[row]:g} (median {size:.3g}, never negative) holds prices, not returns; use "
            "load_prices, or leave holds= away; check=False if it is meant"
        )
        raise DataError(msg)
    if options.holds in ("returns", "log") and size > PERCENT_MEDIAN:
        row = int(np.nanargmax(np.abs(values) > PERCENT_MEDIAN))
        msg = (
            f"{place(row, column)}: {values[row]:g} (median size {size:.3g}) looks like percent, not like a decimal "
            "return; pass holds='percent', or check=False if it is meant"
        )
        raise DataError(msg)


def _refuse_prices(values: Floats, column: str, place: Place, options: TableOptions) -> None:
    bad = values <= 0
    if not bad.any():
        return
    row = int(bad.argmax())
    finite = np.isfinite(values).sum()
    if (values < 0).sum() > RETURNS_SHARE * finite:
        msg = (
            f"{place(row, column)}: {values[row]:g} is not a price, and {(values < 0).sum() / finite:.0%} of the column's values are below "
            "zero: returns? use load_returns with holds='returns' (decimals) or holds='percent'; CRSP's mean of bid and ask? take abs()"
        )
        raise DataError(msg)
    if options.invalid == "raise":
        msg = (
            f"{place(row, column)}: {values[row]:g} is not a price (it must be above zero); mend it, name the symbol in "
            "levels= if it is a level, or pass invalid='missing'"
        )
        raise DataError(msg)
