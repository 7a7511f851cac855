"""FRED and Stooq: one series, one CSV."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlencode

import pandas as pd

from eventstudy.errors import BadPayload, NoDataInWindow, NoSuchTicker, RateLimited
from eventstudy.returns.bars import Bars
from eventstudy.returns.http import get_text
from eventstudy.returns.remote import RemoteSource

if TYPE_CHECKING:
    from eventstudy.returns.patience import Deadline

__all__ = ["FredSource", "StooqSource"]

FRED: Final = "https://fred.stlouisfed.org"
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
        If the columns are not there, a date is none, a value is not a number, or the text stops short.
    """
    try:
        table = pd.read_csv(io.StringIO(text), na_values=["."])
        date, value = (next(name for name in usual if name in table.columns) for usual in names)
        days = pd.to_datetime(table[date], format="%Y-%m-%d")
        values = pd.to_numeric(table[value])
    except (ValueError, KeyError, StopIteration, RuntimeError) as error:
        first = text.strip().splitlines()[0][:80] if text.strip() else ""
        msg = f"{source} answered {symbol!r} with something that is no table of dates and values: {first!r}"
        raise BadPayload(msg) from error
    return pd.Series(values.to_numpy(dtype=float), index=pd.DatetimeIndex(days, name="date").as_unit("us"))


def bars_of(values: pd.Series, symbol: str, source: str, meta: dict[str, str]) -> Bars:
    """Return a series as bars; without a single value it is a `NoDataInWindow`."""
    values = values[~values.index.duplicated(keep="first")].sort_index()
    if not values.notna().any():
        msg = f"{source} knows {symbol!r} but has no value in these dates"
        raise NoDataInWindow(msg)
    return Bars(values.rename("close").to_frame(), meta)
