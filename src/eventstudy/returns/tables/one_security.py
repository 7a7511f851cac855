"""The bars of one security (open, high, low, close, volume) that would be taken for several securities: told by names and by values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.dates import COMPACT_MAX, COMPACT_MIN, compact_days
from eventstudy.errors import DataError
from eventstudy.returns.tables.names import plain

_WORDS: Final = {
    "open": "open opn opening openprice openprc apertura abertura ouverture eröffnung",
    "high": "high highprice hi maximo máximo haut hoch höchst max massimo",
    "low": "low lowprice lo minimo mínimo bas tief tiefst min",
    "close": "close closing closeprice last lastprice price adjusted adjclose adj settle px cierre ultimo último dernier schluss schlusskurs "
    "chiusura fechamento trdprc value",
    "volume": "volume vol volumen volumes vwap turnover umsatz acvol cvol contracts trades",
    "bid": "bid",
    "ask": "ask offer",
}
#: What one part of a column's name says that the column holds.
SAYS: Final = {word: field for field, words in _WORDS.items() for word in words.split()}
OF_DATES: Final = frozenset(
    {"year", "month", "day", "weekday", "dayofweek", "dow", "quarter", "week", "weekofyear", "yyyymm", "hour"}
)
PARTS: Final = re.compile(r"[\W_]+")
SOME: Final = 60  # columns whose names are looked at
MOST: Final = 10  # columns of a table of one security's bars
ENOUGH: Final = 20  # bars below which values say nothing
NEARLY: Final = 0.98  # share of the bars on which the close lies between low and high: data have slips
RANGE: Final = 0.2  # no security moves more within a usual day
VARIES: Final = 0.2  # sd over mean of a day's range; two securities that move alike keep their distance
CROSSED: Final = 0.1  # share of the bars on which the open lies above the close, and below it


def refuse_bars(frame: pd.DataFrame, place: str, way: str, *, prices: bool) -> None:
    """Stop at columns that are the open, high, low and close of one security, told by their names, and `prices` also by their values."""
    _refuse_fields(frame.columns[:SOME].tolist(), place, way)
    if prices:
        _refuse_dates(frame, place)
    if prices and 3 < frame.shape[1] <= MOST and len(frame) >= ENOUGH:
        _refuse_nested(frame, place, way)


def _refuse_fields(names: Sequence[Any], place: str, way: str) -> None:
    """Stop at columns that are called as the fields of a security are: three of its prices, bid and ask, or prices and volume."""
    if len(names) < 2:
        return
    found: dict[str, list[Any]] = {}
    called = 0
    for name in names:
        fields = {SAYS[part] for part in PARTS.split(str(name).lower()) if part in SAYS}
        called += bool(fields)
        for field in fields:
            found.setdefault(field, []).append(name)
    prices = found.keys() & {"open", "high", "low", "close"}
    if 2 * called < len(names) or not (
        len(prices) > 2 or found.keys() >= {"bid", "ask"} or found.keys() >= {"close", "volume"}
    ):
        return
    shown = ", ".join(repr(some[0]) for some in found.values())
    msg = f"{place}: {shown} are fields of a security, not securities; keep one column of prices for each{way}"
    raise DataError(msg)


def _refuse_dates(frame: pd.DataFrame, place: str) -> None:
    """Stop at a column of dates written as whole numbers, such as 20250403, or of years, months and weekdays, for a price."""
    for name in frame.columns[:SOME]:
        values = frame[name].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if len(values) < 2:
            continue
        low, high = values.min(), values.max()
        days = low >= COMPACT_MIN and high <= COMPACT_MAX and compact_days(values.tolist()) is not None
        if days or (plain(name) in OF_DATES and high <= COMPACT_MAX // 100 and bool((values % 1 == 0).all())):
            msg = f"{place}: column {name!r} holds dates, or parts of them, such as {low:.0f}, and no prices; leave it out"
            raise DataError(msg)


def _refuse_nested(frame: pd.DataFrame, place: str, way: str) -> None:
    """Stop where two columns cross one another all the time and yet lie between two others, which are near."""
    values: Floats = frame.to_numpy(dtype=float)
    values = values[(np.isfinite(values) & (values > 0)).all(axis=1)]
    if len(values) < ENOUGH:
        return
    for low in range(values.shape[1]):
        above = values >= values[:, [low]]
        for high in range(values.shape[1]):
            if high == low or np.mean(above[:, high]) < NEARLY:
                continue
            spread = np.log(values[:, high] / values[:, low])
            if not VARIES * spread.mean() < spread.std() or float(np.median(spread)) > RANGE:
                continue
            between = np.flatnonzero((above & (values <= values[:, [high]])).mean(axis=0) >= NEARLY)
            inner = [at for at in between.tolist() if at not in (low, high)]
            if any(_cross(values[:, one], values[:, other]) for one in inner for other in inner if one < other):
                shown = ", ".join(repr(frame.columns[at]) for at in sorted([low, high, *inner]))
                msg = f"{place}: columns {shown} move as the open, high, low and close of one security; keep one of them{way}"
                raise DataError(msg)


def _cross(one: Floats, other: Floats) -> bool:
    """Whether two columns are now the one above, now the other."""
    return min(float(np.mean(one > other)), float(np.mean(one < other))) > CROSSED
