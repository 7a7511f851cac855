"""A chart as Yahoo sends it, looked at before yfinance reads it.

yfinance believes every field: it takes another symbol's bars, turns text into prices, keeps the first of two closes and drops
what it cannot place. So the answer is judged here and written anew with what is sound: what concerns the whole answer is
refused (`BadPayload`), a single value that is no number is missing, and a note names its day.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from eventstudy.border import too_deep
from eventstudy.errors import BadPayload
from eventstudy.returns.quality.possible import DATES, day_notes

META: Final = {
    "currency": "currency",
    "exchangeTimezoneName": "timezone",
    "exchangeName": "exchange",
    "instrumentType": "instrument",
}
WORDS: Final = (*META, "symbol", "dataGranularity")  # what is read of `meta`; nothing else can do harm
LONGEST_WORD: Final = 64
CURRENCY: Final = re.compile(r"[A-Za-z]{3}[A-Za-z0-9]{0,3}")
DAY: Final = "1d"
ARRAYS: Final = ("open", "high", "low", "close", "volume")
MOST: Final = 100_000  # bars: two centuries of days
FIRST, LAST = (int(day.timestamp()) for day in DATES)
SIDES: Final = ("numerator", "denominator")
SAME: Final = 1e-6  # relative: Yahoo's closes are single-precision numbers in disguise
LATE: Final = (22, 23)  # hours of a day's stamp that mean the next midnight, in zones that change their clocks


@dataclass(frozen=True, slots=True)
class Chart:
    """What of an answer can be used.

    Attributes
    ----------
    body : bytes
        The answer as JSON again, without what cannot be.
    meta : dict of str to str
        As in `Bars`.
    notes : tuple of str
    unknown_splits : tuple of str
        Days of splits without a ratio that can be.
    adjusted : bool
        Whether there are adjusted closes.
    """

    body: bytes
    meta: dict[str, str]
    notes: tuple[str, ...] = ()
    unknown_splits: tuple[str, ...] = ()
    adjusted: bool = True


def checked_chart(body: bytes, symbol: str) -> Chart | None:
    """Return what of an answer about `symbol` can be used; None if it is no JSON, which yfinance finds itself."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if too_deep(answer):
        raise _refusal(symbol, "something nested too deeply")
    chart = answer.get("chart") if isinstance(answer, dict) else None
    if not isinstance(chart, dict):
        raise _refusal(symbol, f"something that is no chart: {reprlib.repr(answer)}")
    if chart.get("error") or not chart.get("result"):
        return Chart(body, {})  # Yahoo's own words, which yfinance passes on
    results = chart["result"]
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
        raise _refusal(symbol, f"not one chart but {reprlib.repr(results)}")
    meta, notes = _meta(results[0].get("meta"), symbol)
    sound, said, unknown = _bars(results[0], meta, symbol)
    adjusted = "adjclose" in sound["indicators"]
    if not adjusted and "timestamp" in sound:
        sound["indicators"]["adjclose"] = [{"adjclose": [None] * len(sound["timestamp"])}]
        notes.append("the source sent no adjusted closes")
    content = {"chart": {"result": [{"meta": {**meta, "validRanges": [], "range": ""}, **sound}], "error": None}}
    return Chart(
        json.dumps(content).encode(),
        {ours: meta[theirs] for theirs, ours in META.items() if meta[theirs]},
        tuple(notes + said),
        unknown,
        adjusted,
    )


def _meta(given: Any, symbol: str) -> tuple[dict[str, Any], list[str]]:
    """Return what is said of the security, each a word or None."""
    if not isinstance(given, dict):
        raise _refusal(symbol, f"a chart that does not say of what: meta is {reprlib.repr(given)}")
    meta = {name: given.get(name) or None for name in WORDS}
    for name, said in meta.items():
        if said is not None and not (isinstance(said, str) and len(said) <= LONGEST_WORD and said.isprintable()):
            raise _refusal(symbol, f"{name} {reprlib.repr(said)}, which is no word")
    notes = []
    if meta["symbol"] is None:
        notes.append("the source does not say of which symbol these are")
    elif meta["symbol"].strip().upper() != symbol.upper():
        raise _refusal(symbol, f"the bars of {meta['symbol']!r}; if it was renamed, ask for that")
    if meta["dataGranularity"] not in (None, DAY):
        raise _refusal(symbol, f"bars of {meta['dataGranularity']!r} (dataGranularity) where daily ones were asked for")
    if meta["currency"] is not None and not CURRENCY.fullmatch(meta["currency"]):
        raise _refusal(symbol, f"prices in {meta['currency']!r}, which is no currency")
    if meta["currency"] is None:
        notes.append("the source does not say in which currency")
    zone = meta["exchangeTimezoneName"]
    try:
        ZoneInfo(zone or "")
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise _refusal(symbol, f"no time zone that exists ({zone!r}): its days cannot be told") from error
    return meta, notes


def _bars(
    result: dict[str, Any], meta: dict[str, Any], symbol: str
) -> tuple[dict[str, Any], list[str], tuple[str, ...]]:
    """Return the sound part of a chart, notes, and the days of splits without a ratio."""
    stamps = result.get("timestamp") or []
    if not isinstance(stamps, list) or len(stamps) > MOST:
        raise _refusal(symbol, f"timestamps {reprlib.repr(stamps)}: no list of the days of one security")
    arrays = _arrays(result.get("indicators"), len(stamps), symbol)
    if arrays is None:
        return {"indicators": {"quote": [{}], "adjclose": [{}]}}, [], ()
    days = _days([_stamp(stamp, symbol) for stamp in stamps], meta["exchangeTimezoneName"])
    back = next((row for row in range(1, len(days)) if days[row] < days[row - 1]), None)
    if back is not None:
        raise _refusal(symbol, f"days out of order: {days[back]} after {days[back - 1]}")
    notes: list[str] = [] if arrays["volume"] is not None else ["the source sent no volume"]
    columns = {}
    for name in ("close", "volume", "adjclose"):
        columns[name], said = _numbers(arrays[name] or [None] * len(stamps), days, name)
        notes += said
    rows, said = _one_a_day(days, columns["close"], symbol)
    notes += said
    for name in columns:
        columns[name] = [columns[name][row] for row in rows]
    kept = [stamps[row] for row in rows]
    events, said, unknown = _events(result.get("events"), meta, kept, [days[row] for row in rows], symbol)
    nothing = [None] * len(kept)
    sound: dict[str, Any] = {
        "timestamp": kept,
        "events": events,
        "indicators": {
            "quote": [{**dict.fromkeys(ARRAYS, nothing), "close": columns["close"], "volume": columns["volume"]}]
        },
    }
    if arrays["adjclose"] is not None:
        sound["indicators"]["adjclose"] = [{"adjclose": columns["adjclose"]}]
    return sound, notes + said, unknown


def _arrays(indicators: Any, rows: int, symbol: str) -> dict[str, Any] | None:
    """Return the columns of a chart, each as long as the days or None; None for a chart without a bar."""
    if not isinstance(indicators, dict):
        raise _refusal(symbol, f"a chart without columns: indicators is {reprlib.repr(indicators)}")
    quote = _only(indicators, "quote", symbol)
    arrays = {name: quote.get(name) for name in ARRAYS}
    if not rows and not any(arrays.values()):
        return None
    arrays["adjclose"] = _only(indicators, "adjclose", symbol).get("adjclose") if indicators.get("adjclose") else None
    for name, values in arrays.items():
        if values is None and name != "close":
            continue  # prices of other moments are not used; a lack of the others is noted
        if not isinstance(values, list) or len(values) != rows:
            there = len(values) if isinstance(values, list) else reprlib.repr(values)
            raise _refusal(symbol, f"{rows} timestamps and {there} values of {name}")
    return arrays


def _only(indicators: dict[str, Any], name: str, symbol: str) -> dict[str, Any]:
    """Return the one table of an indicator."""
    tables = indicators.get(name)
    if not isinstance(tables, list) or len(tables) != 1 or not isinstance(tables[0], dict):
        raise _refusal(symbol, f"not one table of {name} but {reprlib.repr(tables)}")
    return tables[0]


def _stamp(value: Any, symbol: str) -> int:
    """Return a timestamp: whole seconds, of a day that a bar can have."""
    if isinstance(value, bool) or not isinstance(value, int) or not FIRST <= value < LAST:
        raise _refusal(symbol, f"timestamp {reprlib.repr(value)}, which is no moment in seconds between 1800 and 2200")
    return value


def _days(stamps: list[int], zone: str) -> list[str]:
    """Return the dates of stamps where the exchange is, as yfinance tells them."""
    local = pd.to_datetime(stamps, unit="s", utc=True).tz_convert(zone)
    late = (local.minute == 0) & local.hour.isin(LATE)
    return list((local + pd.to_timedelta(late * 2, unit="h")).strftime("%Y-%m-%d"))


def _numbers(values: list[Any], days: list[str], name: str) -> tuple[list[float | None], list[str]]:
    """Return values as numbers, None where they are none, and notes of those that should have been."""
    numbers = [_number(value) for value in values]
    wrong = [row for row, value in enumerate(values) if value is not None and numbers[row] is None]
    return numbers, day_notes(wrong, lambda row: (days[row], f"{name} {reprlib.repr(values[row])} is no number"))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _one_a_day(days: list[str], close: list[float | None], symbol: str) -> tuple[list[int], list[str]]:
    """Return the row of each day: the last with a close.

    Yahoo repeats the newest day while it is not settled; if the closes differ there, it has none yet. Anywhere else two closes
    are a contradiction.
    """
    rows: dict[str, int] = {}
    notes = []
    for row, day in enumerate(days):
        before = rows.get(day)
        then, now = (None if before is None else close[before]), close[row]
        if before is not None and now is None:
            continue
        rows[day] = row
        if then is None or now is None or math.isclose(then, now, rel_tol=SAME):
            continue
        if day != days[-1] or days.count(day) > 2:
            raise _refusal(symbol, f"two closes for {day}: {then:.10g} and {now:.10g}")
        close[row] = None
        notes.append(f"{day}: the newest day has two closes, {then:.10g} and {now:.10g}; not taken")
    return list(rows.values()), notes


def _events(
    given: Any, meta: dict[str, Any], stamps: list[int], days: list[str], symbol: str
) -> tuple[dict[str, Any], list[str], tuple[str, ...]]:
    """Return the dividends and splits that can be, notes of the others, and the days of splits without a ratio."""
    kinds = {} if given is None else given
    if not isinstance(kinds, dict):
        raise _refusal(symbol, f"events {reprlib.repr(given)}, which are no table")
    events: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    moved: list[str] = []
    unknown: list[str] = []
    for kind in ("dividends", "splits"):
        found = events[kind] = {}
        taken: set[int] = set()
        for event, day, stamp, bar in _dated(kinds.get(kind), kind, meta, stamps, days, symbol):
            if bar != day:
                moved.append(f"{day}: {kind[:-1]} on a day without a bar, counted from {bar}")
            elif stamp in taken:
                moved.append(f"{day}: more than one of its {kind}, taken together")
            sound, why = _dividend(event, meta["currency"]) if kind == "dividends" else _split(event)
            if sound:
                found[str(len(found))] = {**sound, "date": stamp}
                taken.add(stamp)
                continue
            wrong.append((day, why))
            if kind == "splits":
                unknown.append(day)
    wrong.sort()
    notes = day_notes(range(len(wrong)), lambda row: wrong[row]) + moved
    gains = kinds.get("capitalGains")
    if gains:
        notes.append(f"{len(gains) if isinstance(gains, (dict, list)) else 1} capital gains are not adjusted for")
    return {name: found for name, found in events.items() if found}, notes, tuple(unknown)


def _dividend(event: dict[str, Any], currency: str | None) -> tuple[dict[str, float], str]:
    """Return a dividend that is a number in the currency of the prices; or nothing, and why."""
    amount, own = _number(event.get("amount")), event.get("currency") or currency
    if amount is None:
        return {}, f"dividend {reprlib.repr(event.get('amount'))} is no number"
    if currency is not None and own != currency:
        return {}, f"dividend {amount:.10g} is in {reprlib.repr(own)}, the prices are in {currency}"
    return {"amount": amount}, ""


def _split(event: dict[str, Any]) -> tuple[dict[str, float], str]:
    """Return a split whose sides are shares; or nothing, and why."""
    new, old = (_number(event.get(side)) for side in SIDES)
    if new is None or old is None or new <= 0 or old <= 0 or not 0 < new / old < math.inf:
        return {}, f"split {':'.join(reprlib.repr(event.get(side)) for side in SIDES)} is not a ratio of shares"
    return {"numerator": new, "denominator": old}, ""


def _dated(
    given: Any, kind: str, meta: dict[str, Any], stamps: list[int], days: list[str], symbol: str
) -> list[tuple[dict[str, Any], str, int, str]]:
    """Return events with their day, and stamp and day of the first bar from then on: yfinance would take the one before."""
    table = {} if given is None else given
    if not isinstance(table, dict) or not all(isinstance(event, dict) for event in table.values()):
        raise _refusal(symbol, f"{kind} {reprlib.repr(given)}, which are no table of events")
    moments = [_stamp(event.get("date"), symbol) for event in table.values()]
    found = []
    for event, day, moment in zip(table.values(), _days(moments, meta["exchangeTimezoneName"]), moments, strict=True):
        bar = bisect_left(days, day)
        inside = days and days[0] <= day <= days[-1]
        found.append((event, day, stamps[bar], days[bar]) if inside else (event, day, moment, day))
    return found


def _refusal(symbol: str, why: str) -> BadPayload:
    return BadPayload(f"Yahoo answered {symbol!r} with {why}")
