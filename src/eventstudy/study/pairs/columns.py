"""Which column of a table of events names the firm, the date, the timing: by what it is called and by what it holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from eventstudy.dates import compact_day
from eventstudy.errors import DataError
from eventstudy.returns.tables.names import label_text, plain
from eventstudy.study.pairs.reading import Table, column_named, nothing
from eventstudy.study.pairs.timing import is_timing
from eventstudy.study.who import PERHAPS, SURE, TIMED, holds_symbols

DATED: Final = frozenset(
    {"date", "dates", "day", "bar", "session", "datetime", "timestamp", "announcedat", "announced", "announcement", "announcementdate",
     "anndate", "anndats", "rdq", "eventdate", "event", "eventday", "reportdate", "earningsdate", "filingdate", "effectivedate", "datum"}
)  # fmt: skip
MARKETS: Final = frozenset({"market", "index", "benchmark"})  # they hold symbols that are no firm of the row
EVENT_IDS: Final = frozenset({"eventid"})
WORDED: Final = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ,].*)?|\d{1,2}[- ]?[A-Za-z]{3,9}\.?[-, ]+\d{2,4}(?:[ ,].*)?|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}(?:[ ,].*)?"
)
TICKER: Final = re.compile(r"\^?[A-Z0-9][A-Z0-9.\-=/]{0,14}")
MOST: Final = 0.5  # share of a column's cells that must look like dates for it to be looked at as dates


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table of events, and which of them were found by looking.

    Attributes
    ----------
    symbol, date : str
    timing, event_id : str or None
    guessed : tuple of str
        Those of the four that nobody named.
    """

    symbol: str
    date: str
    timing: str | None
    event_id: str | None
    guessed: tuple[str, ...]


def find_columns(
    table: Table, *, symbol: Any, date: Any, timing: Any, event_id: Any, held: Collection[str] = ()
) -> Columns:
    """Return the columns asked for, and find those that were not; `held` are the symbols of the prices, where known."""
    given = {"symbol": symbol, "date": date, "timing": timing, "event_id": event_id}
    found = {option: column_named(table, name, option) for option, name in given.items() if name is not None}
    twice = [name for name in found.values() if list(found.values()).count(name) > 1]
    if twice:
        options = " and ".join(f"{option}=" for option, name in found.items() if name == twice[0])
        msg = f"{table.name}: {options} both name column {twice[0]!r}; each needs its own"
        raise DataError(msg)
    rest = [str(name) for name in table.frame.columns if name not in found.values()]
    guessed: list[str] = []
    for option, find in (("event_id", _event_id), ("date", _date), ("timing", _timing), ("symbol", _symbol)):
        if option in found:
            continue
        name = find(table, rest, held)
        if name is not None:
            found[option], guessed = name, [*guessed, option]
            rest.remove(name)
    return Columns(found["symbol"], found["date"], found.get("timing"), found.get("event_id"), tuple(guessed))


def _event_id(table: Table, rest: Sequence[str], _held: Collection[str]) -> str | None:
    named = [name for name in rest if plain(name) in EVENT_IDS]
    return _only(table, named, "event_id", "name the event") if named else None


def _date(table: Table, rest: Sequence[str], _held: Collection[str]) -> str | None:
    holding = [name for name in rest if _dated(table.frame[name], named=plain(name) in DATED)]
    found = holding or [name for name in rest if plain(name) in DATED]
    if not found:
        msg = f"{table.name}: no column holds dates; name the one that is meant: date=; the columns are {_shown(rest)}"
        raise DataError(msg)
    return _only(table, found, "date", "be the date of the event")


def _timing(table: Table, rest: Sequence[str], _held: Collection[str]) -> str | None:
    found = [name for name in rest if _filled(table.frame[name]) and all(map(is_timing, _filled(table.frame[name])))]
    named = [name for name in rest if plain(name) in TIMED]
    clocked = [name for name in found if plain(name) in TIMED or not _numbers(table.frame[name])]
    if not clocked and named:
        return _only(table, named, "timing", "say when on the day")
    return _only(table, clocked, "timing", "say when on the day") if clocked else None


def _symbol(table: Table, rest: Sequence[str], held: Collection[str]) -> str | None:
    named = [name for name in rest if plain(name) in SURE]
    if len(named) > 1 and held:
        named = [name for name in named if holds_symbols(table.frame[name], held)] or named
    if named:
        return _only(table, named, "symbol", "name the firm")
    if held:
        found = [name for name in rest if holds_symbols(table.frame[name], held) and plain(name) not in MARKETS]
    else:
        found = [name for name in rest if _tickers(table.frame[name]) and plain(name) not in MARKETS]
        alike = [name for name in found if plain(name) in PERHAPS]
        found = found or alike
    if not found:
        where = " and none holds symbols of the prices" if held else ""
        msg = f"{table.name}: no column is called after a ticker{where}; name the one that is meant: symbol=; the columns are {_shown(rest)}"
        raise DataError(msg)
    return _only(table, found, "symbol", "name the firm")


def _only(table: Table, found: Sequence[str], option: str, what: str) -> str:
    """Return the one column found; two are refused, for nobody can tell which is meant."""
    if len(found) > 1:
        msg = f"{table.name}: columns {' and '.join(map(repr, found[:3]))} may each {what}; say which: {option}={found[0]!r}"
        raise DataError(msg)
    return found[0]


def _filled(cells: pd.Series[Any]) -> list[Any]:
    return [value for value in cells.tolist() if not nothing(value)]


def _numbers(cells: pd.Series[Any]) -> bool:
    return all(isinstance(value, int | float) for value in _filled(cells))


def _dated(cells: pd.Series[Any], *, named: bool) -> bool:
    """Whether half of a column's cells look like dates; whole numbers such as 20250403 only under the name of a date."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) or isinstance(cells.dtype, pd.PeriodDtype):
        return True
    filled = _filled(cells)
    return bool(filled) and sum(_looks_dated(value, named=named) for value in filled) >= MOST * len(filled)


def _looks_dated(value: Any, *, named: bool) -> bool:
    if isinstance(value, dt.date | pd.Period):
        return True
    if named and compact_day(value) is not None:
        return True
    return isinstance(value, str) and WORDED.fullmatch(value.strip()) is not None


def _tickers(cells: pd.Series[Any]) -> bool:
    """Whether every cell looks like a ticker: capitals and digits without a blank, a letter among them."""
    texts = {label_text(value) for value in _filled(cells)}
    return bool(texts) and all(TICKER.fullmatch(text) and not text.isdecimal() for text in texts)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:12])) + (", …" if len(names) > 12 else "")
