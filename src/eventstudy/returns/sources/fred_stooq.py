"""FRED and Stooq: one series, one CSV."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import pandas as pd

from eventstudy.errors import BadPayload, NoDataInWindow, NoSuchTicker, RateLimited
from eventstudy.returns.bars import Bars
from eventstudy.returns.remote.http import get_text
from eventstudy.returns.remote.remote import RemoteSource
from eventstudy.returns.remote.retries import Deadline

FRED: Final = "https://fred.stlouisfed.org"
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|Inf|nan|NaN)", re.ASCII)
STOOQ: Final = "https://stooq.com"


class FredSource(RemoteSource):
    """Daily series of the Federal Reserve Bank of St. Louis, by their FRED names.

    Parameters
    ----------
    base : str, optional
        Another server that answers in the same way.
    **options
        The parameters of `RemoteSource`.

    Notes
    -----
    ``^GSPC``, ``^VIX`` and ``UST10Y`` are understood as SP500, VIXCLS and DGS10. Yields stay in percent. A value that is not
    published on a day is missing.
    """

    name: ClassVar[str] = "fred"
    kept: ClassVar[str] = "level"
    ALIASES: ClassVar[dict[str, str]] = {"^GSPC": "SP500", "^VIX": "VIXCLS", "UST10Y": "DGS10"}

    def __init__(self, *, base: str = FRED, **options: Any) -> None:
        super().__init__(**options)
        self.base = base

    def one(self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, deadline: Deadline) -> Bars:
        """Get one series, once."""
        series = self.ALIASES.get(symbol, symbol)
        if not re.fullmatch(r"[A-Za-z0-9_]+", series):
            msg = f"FRED has no series {symbol!r}: its names are letters and digits, such as DGS10"
            raise NoSuchTicker(msg)
        query = urlencode({"id": series, "cosd": f"{start:%Y-%m-%d}", "coed": f"{end:%Y-%m-%d}"})
        text = get_text(f"{self.base}/graph/fredgraph.csv?{query}", symbol, "FRED", deadline)
        table = read_table(
            text, symbol, "FRED", (("observation_date", "DATE", "date"), (series, series.upper(), "VALUE"))
        )
        return bars_of(table, symbol, "FRED", {"instrument": "series"})


class StooqSource(RemoteSource):
    """Daily bars of stooq.com, by its symbols; a plain US ticker gets its ending ``.us``.

    Parameters
    ----------
    base : str, optional
        Another server that answers in the same way.
    apikey : str, optional
        If Stooq asks for one.
    **options
        The parameters of `RemoteSource`.

    Notes
    -----
    Stooq's closes are adjusted for splits and dividends already: there is nothing left to adjust.
    """

    name: ClassVar[str] = "stooq"
    kept: ClassVar[str] = "adjusted"
    ALIASES: ClassVar[dict[str, str]] = {
        "^GSPC": "^spx",
        "^IXIC": "^ndq",
        "^DJI": "^dji",
        "^N225": "^nkx",
        "^HSI": "^hsi",
    }

    def __init__(self, *, base: str = STOOQ, apikey: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.base, self.apikey = base, apikey

    def one(self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, deadline: Deadline) -> Bars:
        """Get one symbol, once."""
        plain = re.fullmatch(r"[A-Z0-9-]+", symbol) is not None
        theirs = self.ALIASES.get(symbol, f"{symbol.lower()}.us" if plain else symbol.lower())
        query = {"s": theirs, "d1": f"{start:%Y%m%d}", "d2": f"{end:%Y%m%d}", "i": "d"}
        if self.apikey:
            query["apikey"] = self.apikey
        text = get_text(f"{self.base}/q/d/l/?{urlencode(query)}", symbol, "Stooq", deadline)
        if "exceeded" in text[:200].lower():
            msg = "Stooq's daily limit is used up; go on tomorrow: what came is kept"
            raise RateLimited(msg, 86400.0)
        if text.strip().lower() in ("no data", "brak danych", ""):
            msg = f"Stooq does not know {symbol!r} (asked for {theirs!r}), or has no bar in these dates; check the spelling"
            raise NoSuchTicker(msg)
        table = read_table(text, symbol, "Stooq", (("Date",), ("Close",)))
        return bars_of(table, symbol, "Stooq", {})


def read_table(text: str, symbol: str, source: str, names: tuple[tuple[str, ...], tuple[str, ...]]) -> pd.Series:
    """Return one column of values by date from a CSV.

    Raises
    ------
    eventstudy.errors.BadPayload
        If the columns are not there, a date is none or not after the one before, a value is not a number, or the text stops
        short.
    """
    try:
        days, values = _columns(csv.reader(io.StringIO(text)), names)
        index = pd.DatetimeIndex(pd.to_datetime(days, format="%Y-%m-%d"), name="date").as_unit("us")
    except (ValueError, csv.Error) as error:
        msg = f"{source} answered {symbol!r} with something that is no table of dates and values in order: {error}"
        raise BadPayload(msg) from error
    return pd.Series(values, index=index, dtype=float)


def _columns(
    rows: Iterator[list[str]], names: tuple[tuple[str, ...], tuple[str, ...]]
) -> tuple[list[str], list[float]]:
    """Return two columns by name; each row is judged as it comes, so that none is too many."""
    days: list[str] = []
    values: list[float] = []
    head = [word.strip() for word in next(rows, [])]
    found = [[name for name in usual if name in head][:1] for usual in names]
    places = [head.index(name) for one in found for name in one]
    if len(places) != len(names) or len(set(head)) < len(head):
        msg = f"its columns are {', '.join(head)!r:.80}, not {names[0][0]} and {names[1][0]}, each once"
        raise ValueError(msg)
    for row in filter(None, rows):
        if len(row) != len(head):
            msg = f"row {','.join(row)!r:.80} has {len(row)} cells for {len(head)} columns"
            raise ValueError(msg)
        day, word = (row[place].strip() for place in places)
        value = math.nan if word in ("", ".") else _number(word, day)
        last = days[-1] if days else ""
        if DAY.fullmatch(day) and day > last:
            days.append(day)
            values.append(value)
        elif days and day == last and (math.isnan(values[-1]) or math.isnan(value) or value == values[-1]):
            values[-1] = values[-1] if math.isnan(value) else value
        else:
            msg = (
                f"{day!r:.40} with {word!r:.40} stands after {last or 'the head'}"
                + f" with {values[-1]:.10g}" * bool(days)
            )
            raise ValueError(msg)
    return days, values


def _number(word: str, day: str) -> float:
    """Return a value; Python's own `float` reads more than a table holds (``1_0``)."""
    if not NUMBER.fullmatch(word):
        msg = f"{word!r:.40} on {day!r:.40} is no number"
        raise ValueError(msg)
    return float(word)


def bars_of(values: pd.Series, symbol: str, source: str, meta: dict[str, str]) -> Bars:
    """Return a series as bars; without a single value it is a `NoDataInWindow`."""
    if not values.notna().any():
        msg = f"{source} knows {symbol!r} but has no value in these dates"
        raise NoDataInWindow(msg)
    return Bars(values.rename("close").to_frame(), meta)
