# ruff: noqa: ARG001, ARG005, DTZ001, SIM108
"""One study in a thousand spellings: 25 clean inputs, each in 40 others, give the same numbers or one error of ours.

``pytest tests/e2e/test_spellings.py -m slow -s`` lists what came of each.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions

DAYS = sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2024-12-31"))
SYMBOLS = (("AAPL", "MSFT"), ("000001", "600000"), ("10001", "10002"), ("BRK.B", "RDS.A"), ("NA", "TRUE"))
TABLES = ("wide prices", "long prices", "wide returns", "wide percent", "wide log")
SAME = 1e-11  # sums of returns that were read back from text or turned into logs and back


@dataclass
class Input:
    """What a user holds: a table of prices or returns, how he says what it is, and his events."""

    table: pd.DataFrame
    events: pd.DataFrame
    options: dict[str, Any] = field(default_factory=dict)
    path: Path | None = None
    long: bool = False
    first: bool = False


def clean(names: tuple[str, str], kind: str) -> Input:
    rng = np.random.default_rng(SYMBOLS.index(names))
    market = rng.normal(0, 0.008, len(DAYS))
    returns = pd.DataFrame(
        {"MKT": market} | {name: market + rng.normal(0, 0.01, len(DAYS)) for name in names}, index=DAYS
    )
    prices = 100 * (1 + returns).cumprod()
    holds = {"wide returns": "returns", "wide percent": "percent", "wide log": "log"}.get(kind, "prices")
    wide = {"prices": prices, "returns": returns, "percent": 100 * returns, "log": np.log1p(returns)}[holds]
    table = wide.rename_axis("date").reset_index()
    if kind.startswith("long"):
        table = table.melt("date", var_name="symbol", value_name="close")
    events = pd.DataFrame({"event_id": ["e1", "e2"], "symbol": list(names), "bar": [DAYS[-20], DAYS[-35]]})
    return Input(table, events, {"holds": holds}, long=kind.startswith("long"))


def answer(given: Input) -> list[tuple[Any, ...]]:
    """Take an input through the front doors, and return who was studied when with which CAR."""
    source: Any = given.table if given.path is None else given.path
    if given.first:
        panel = es.load_returns(source, **given.options)
    else:
        panel = es.load_returns(source=source, **given.options)
    study = es.EventStudy(model=es.MarketModel("MKT"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))
    table = study.fit(given.events, panel).car((0, 1))
    return list(zip(table["event_id"], table["symbol"], table["session"], table["car"], strict=True))


def events(**change):
    """Return a transformation of the events: columns that change, each made from the frame."""
    return lambda given, folder: replace(
        given, events=given.events.assign(**{k: v(given.events) for k, v in change.items()})
    )


def renamed(**names):
    return lambda given, folder: replace(given, events=given.events.rename(columns=names))


def table(make, **options):
    """Return a transformation of the table of prices."""
    return lambda given, folder: replace(given, table=make(given.table), options=given.options | options)


def dated(make, **options):
    return table(lambda frame: frame.assign(date=make(frame["date"])), **options)


def values(make):
    def change(frame):
        keys = [name for name in ("date", "symbol") if name in frame and (name == "date" or "close" in frame)]
        return frame.assign(**{name: make(frame[name]) for name in frame.columns if name not in keys})

    return table(change)


def written(name, write, **options):
    def change(given, folder):
        path = folder / name
        write(given.table, path)
        return replace(given, path=path, options=given.options | options)

    return change


def as_text(frame, path, **options):
    path.write_bytes(frame.to_csv(index=False, **options).encode("utf-8-sig" if path.stem == "bom" else "utf-8"))


def spreadsheet(frame, path):
    frame.to_excel(path, index=False)


def other_shape(given, folder):
    if given.long:
        return replace(given, table=given.table.pivot_table("close", "date", "symbol").reset_index(), long=False)
    column = "close" if given.options["holds"] == "prices" else "ret"
    return replace(given, table=given.table.melt("date", var_name="Ticker", value_name=column), long=True)


def two_rows(order):
    def change(given, folder):
        frame = given.table if not given.long else given.table.pivot_table("close", "date", "symbol").reset_index()
        wide, word = frame.set_index("date"), "Close" if given.options["holds"] == "prices" else "Return"
        pairs = [(word, name) if order == "field first" else (name, word) for name in wide.columns]
        return replace(given, table=wide.set_axis(pd.MultiIndex.from_tuples(pairs), axis=1), long=False)

    return change


def in_index(given, folder):
    keys = ["date", "symbol"] if given.long else ["date"]
    return replace(given, table=given.table.set_index(keys))


def with_row_numbers(name):
    return table(lambda frame: pd.concat([pd.Series(range(1, len(frame) + 1), name=name), frame], axis=1))


SPELLINGS = {
    # who
    "events: Symbol": renamed(symbol="Symbol"),
    "events: PERMNO": renamed(symbol="PERMNO"),
    "events: blanks round Ticker": renamed(symbol=" Ticker "),
    "events: a BOM before symbol": renamed(symbol="\ufeffsymbol"),
    "events: firm": renamed(symbol="firm"),
    "events: a column nobody knows": renamed(symbol="deal partner"),
    "events: symbols as row labels": lambda given, folder: replace(given, events=given.events.set_index("symbol")),
    "events: symbols as row labels without a name": lambda given, folder: replace(
        given, events=given.events.set_index("symbol").rename_axis(None)
    ),
    "events: categories": events(symbol=lambda frame: frame["symbol"].astype("category")),
    "events: blanks round the symbols": events(symbol=lambda frame: " " + frame["symbol"] + " "),
    "events: symbols as numbers": events(symbol=lambda frame: frame["symbol"].map(lambda x: int(x) if x.isdigit() else x)),
    "events: capitals and blanks": renamed(event_id="Event ID", bar="BAR", symbol="SYMBOL"),
    "events: ids as row labels, rows in another order": lambda given, folder: replace(given, events=given.events.iloc[::-1].set_index("event_id")),
    # when
    "bar: ISO text": events(bar=lambda frame: frame["bar"].dt.strftime("%Y-%m-%d")),
    "bar: whole numbers": events(bar=lambda frame: frame["bar"].dt.strftime("%Y%m%d").astype(int)),
    "bar: day first": events(bar=lambda frame: frame["bar"].dt.strftime("%d/%m/%Y")),
    "bar: dates as objects": events(bar=lambda frame: pd.Series([day.date() for day in frame["bar"]], dtype=object)),
    "bar: categories of text": events(bar=lambda frame: frame["bar"].dt.strftime("%Y-%m-%d").astype("category")),
    "bar: Arrow timestamps": events(bar=lambda frame: frame["bar"].astype("timestamp[us][pyarrow]")),
    "bar: midnights of New York": events(bar=lambda frame: frame["bar"].dt.tz_localize("America/New_York")),
    "bar: a clock": events(bar=lambda frame: frame["bar"] + pd.Timedelta(hours=16)),
    "bar: text among dates": events(bar=lambda frame: pd.Series([frame["bar"][0], f"{frame['bar'][1]:%Y-%m-%d}"], dtype=object)),
    "announced_at: text with an offset": lambda given, folder: replace(
        given, events=given.events.assign(announced_at=given.events["bar"].dt.strftime("%Y-%m-%d 10:00-05:00")).drop(columns="bar")
    ),
    "dates: text": dated(lambda days: days.dt.strftime("%Y-%m-%d")),
    "dates: whole numbers": dated(lambda days: days.dt.strftime("%Y%m%d").astype(int)),
    "dates: day first, not said": dated(lambda days: days.dt.strftime("%d.%m.%Y")),
    "dates: day first, said": dated(lambda days: days.dt.strftime("%d.%m.%Y"), date_format="%d.%m.%Y"),
    "dates: text among dates": dated(lambda days: pd.Series([f"{day:%Y-%m-%d}" if at % 2 else dt.datetime(day.year, day.month, day.day) for at, day in enumerate(days)], dtype=object)),
    # what
    "rows upside down": table(lambda frame: frame.iloc[::-1]),
    "dates as row labels": in_index,
    "numbers as text": values(lambda column: column.map(repr)),
    "nullable numbers": values(lambda column: column.astype("Float64")),
    "row numbers of R": with_row_numbers("Unnamed: 0"),
    "the other shape": other_shape,
    "two rows of names, field first": two_rows("field first"),
    "two rows of names, ticker first": two_rows("ticker first"),
    "a CSV with a BOM": written("bom.csv", as_text),
    "a German CSV": written("de.csv", lambda frame, path: as_text(frame, path, sep=";", decimal=","), decimal=","),
    "a spreadsheet": written("p.xlsx", spreadsheet),
    "the frame as the first argument": lambda given, folder: replace(given, first=True),
}  # fmt: skip
CLEAN = list(product(SYMBOLS, TABLES))


def test_there_are_a_thousand_and_the_clean_ones_are_right():
    assert len(CLEAN) * len(SPELLINGS) == 1000
    for names, kind in CLEAN:
        given = clean(names, kind)
        found = answer(given)
        assert [(row[0], row[1]) for row in found] == list(zip(("e1", "e2"), names, strict=True))
        plain = clean(names, "wide returns").table.set_index("date")
        for (_, name, day, car), wanted in zip(found, (DAYS[-20], DAYS[-35]), strict=True):
            at = DAYS.get_loc(wanted)
            before, window = slice(at - 65, at - 5), slice(at, at + 2)
            slope, constant = np.polyfit(plain["MKT"].iloc[before], plain[name].iloc[before], 1)
            expected = (plain[name] - constant - slope * plain["MKT"]).iloc[window].sum()
            assert day == wanted
            assert car == pytest.approx(expected, abs=1e-9), (names, kind)


def came_of(names, kind, spelling, folder) -> str:
    given = clean(names, kind)
    expected = answer(given)
    try:
        found = answer(SPELLINGS[spelling](given, folder))
    except es.EventStudyError as refusal:
        return f"refused: {' '.join(str(refusal).split())[:150]}"
    found, expected = sorted(found, key=lambda row: row[0]), sorted(expected, key=lambda row: row[0])
    same = [row[:3] for row in found] == [row[:3] for row in expected]
    near = same and all(abs(one[3] - other[3]) < SAME for one, other in zip(found, expected, strict=True))
    return "same" if near else f"OTHER: {found} for {expected}"


REFUSED = {
    "events: a column nobody knows": "is not read; rename it to 'symbol'",
    "events: symbols as row labels without a name": "call them so: frame.rename_axis",
    "bar: day first": "is no date; write it as 2025-04-03",
    "bar: a clock": "has a time of day, and the bars are days",
    "dates: day first, not said": "state the format: date_format=",
}
"""What cannot be read without a guess, and the way out that is named; everything else gives the same numbers."""
PARTLY = {
    "events: symbols as numbers": "000001",  # as a number it is 1
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_spelling_gives_the_same_numbers_or_is_refused(spelling, tmp_path):
    names, kind = CLEAN[list(SPELLINGS).index(spelling) % len(CLEAN)]
    _hold(names, kind, spelling, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("names", "kind"), CLEAN)
def test_all_spellings_of_an_input(names, kind, tmp_path):
    for spelling in SPELLINGS:
        came = _hold(names, kind, spelling, tmp_path)
        print(f"{kind:14} {names[0]:8} {spelling:52} {came}")  # noqa: T201  the list that the docstring promises


def _hold(names, kind, spelling, folder) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        came = came_of(names, kind, spelling, folder)
    if spelling in REFUSED:
        assert came.startswith("refused"), came
        assert REFUSED[spelling] in came
    elif PARTLY.get(spelling) in names:
        assert "1 is perhaps '000001', without its zeros" in came
    else:
        assert came == "same", came
    return came
