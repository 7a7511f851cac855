"""Frames of prices and returns: into `load_prices`, `load_returns`, the panels, and `from_prices`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import price_table
from frames import DAMAGES
from hostile import words
from verdict import WrongNumber

DOORS = ("load_prices", "load_prices", "load_returns", "PricePanel", "ReturnPanel", "from_prices")
DAYS = pd.DatetimeIndex(price_table.DAYS)


@dataclass
class Frame:
    """A frame and the entrance that it is taken through."""

    frame: Any
    door: str
    long: bool = False
    truth: bool | None = True
    options: dict[str, Any] = field(default_factory=dict)
    kind: str = "simple"


def start(rng):
    days = DAYS[: rng.randrange(3, len(DAYS) + 1)]
    symbols = rng.sample(("AAA", "BB", "0005", "5", "^VIX", "A B"), rng.randrange(1, 4))
    door = rng.choice(DOORS)
    low, high, digits = (-0.04, 0.04, 5) if door == "ReturnPanel" else (5, 300, 2)
    values = [[round(rng.uniform(low, high), digits) for _ in symbols] for _ in days]
    return Frame(
        pd.DataFrame(values, index=days.rename("date"), columns=symbols), door, kind=rng.choice(("simple", "log"))
    )


def spell_order(thing, rng):
    thing.frame = thing.frame.iloc[rng.sample(range(len(thing.frame)), len(thing.frame))]


def spell_long(thing, rng):
    if not thing.door.startswith("load") or thing.long:
        return
    name = rng.choice(("symbol", "ticker", "isin", "permno"))
    made = thing.frame.rename_axis(index="date").reset_index().melt("date", var_name=name, value_name="close").dropna()
    thing.frame, thing.long = made, True
    if rng.random() < 0.5:
        thing.frame[name] = thing.frame[name].astype(rng.choice(("category", object, "string[pyarrow]")))


def spell_date_column(thing, rng):
    if thing.door.startswith("load") and not thing.long and "date" not in thing.frame.columns:
        thing.frame = thing.frame.reset_index()
        thing.frame["date"] = rng.choice(
            (thing.frame["date"], thing.frame["date"].dt.strftime("%Y-%m-%d"), thing.frame["date"].dt.date)
        )


def spell_dtypes(thing, rng):
    numbers = [name for name in thing.frame.columns if pd.api.types.is_float_dtype(thing.frame[name].dtype)]
    kind = rng.choice(("Float64", "float64[pyarrow]", "float64"))
    thing.frame = thing.frame.astype(dict.fromkeys(numbers, kind))


def spell_unit(thing, rng):
    if isinstance(thing.frame.index, pd.DatetimeIndex):
        thing.frame = thing.frame.set_axis(thing.frame.index.as_unit(rng.choice(("s", "ms", "us", "ns"))))


def spell_hole(thing, rng):
    column = thing.frame.columns[-1]
    values = thing.frame[column].tolist()
    values[rng.randrange(len(values))] = math.nan
    thing.frame[column] = pd.Series(values, index=thing.frame.index, dtype=float)


def damage(thing, rng):
    chosen = rng.choice(DAMAGES)
    thing.frame = chosen(thing.frame, rng)
    return chosen.__name__


def extra_column(thing, rng):
    extra = rng.choice(
        (
            lambda: pd.Timestamp("2025-01-01"),
            lambda: pd.Timedelta("1D"),
            lambda: True,
            lambda: 1 + 2j,
            lambda: 7,
            lambda: pd.Categorical(["1.5"] * len(thing.frame)),
            lambda: "12.5",
            lambda: np.float32(1.1),
            lambda: pd.Series(pd.arrays.SparseArray([1.5] * len(thing.frame)), index=thing.frame.index),
            lambda: None,
        )
    )()
    thing.frame[rng.choice(("updated", "volume", "flag", words(rng)))] = extra


def other_door(thing, rng):
    thing.door = rng.choice(DOORS)


def option(thing, rng):
    names = (
        "calendar",
        "calendars",
        "holds",
        "column",
        "symbol_column",
        "date_column",
        "timezone",
        "levels",
        "kind",
        "invalid",
        "check",
        "start",
        "end",
        "currency",
    )
    value = rng.choice(
        (
            None,
            "XTKS",
            "XNYS",
            "24/7",
            "NOPE",
            words(rng),
            "returns",
            "percent",
            [],
            ["AAA"],
            {"AAA": "XHKG"},
            "log",
            "2025-03-26",
            "USD",
            "missing",
        )
    )
    thing.options[rng.choice(names)] = value


MUTATIONS = (
    *(spell_order, spell_long, spell_date_column, spell_dtypes, spell_unit, spell_hole),
    *(damage,) * 14,
    *(extra_column, extra_column, other_door, option, option),
)


def facts_of(frame):
    """Return what a wide frame with days as its index says, by a loop over its cells; None if it is none."""
    if not isinstance(frame, pd.DataFrame) or not isinstance(frame.index, pd.DatetimeIndex) or frame.index.hasnans:
        return None
    if not frame.columns.is_unique or frame.columns.nlevels > 1 or (frame.index != frame.index.normalize()).any():
        return None
    words_of = {str(name).lower() for name in frame.columns}
    if (
        words_of & {*price_table.IDENTIFIERS, "close", "date", "open", "id", "timestamp", "datetime"}
        or frame.index.tz is not None
    ):
        return None
    found, frame = {}, pd.DataFrame(frame)  # without flags: a label may stand twice
    for at, name in enumerate(frame.columns):
        for moment, value in zip(frame.index, frame.iloc[:, at].tolist(), strict=True):
            number = price_table.number_of(value)
            if number is not None:
                found.setdefault((moment, price_table.bare(str(name))), set()).add(number)
    return found


def _clean_facts(thing):
    frame = thing.frame
    if thing.long:
        name = next(column for column in frame.columns if column in price_table.IDENTIFIERS)
        frame = frame.pivot_table(index="date", columns=name, values="close", observed=True)
    elif "date" in frame.columns:
        frame = frame.set_index("date")
    return facts_of(frame.set_axis(pd.DatetimeIndex(frame.index)))


def door(thing, folder):
    import eventstudy as es  # noqa: PLC0415  the child prepares itself first

    del folder
    frame, options = thing.frame, dict(thing.options)
    facts = (
        (_clean_facts(thing) if thing.truth else facts_of(frame))
        if options.get("holds", "prices") == "prices"
        else None
    )
    if thing.door == "load_prices":
        panel = es.load_prices(source=frame, **options)
    elif thing.door == "load_returns":
        panel = es.load_returns(source=frame, **{"kind": thing.kind, **options})
    elif thing.door == "PricePanel":
        panel = es.PricePanel(
            frame, **{key: value for key, value in options.items() if key in {"calendar", "calendars"}}
        )
    elif thing.door == "ReturnPanel":
        panel = es.ReturnPanel(
            frame, **{key: value for key, value in options.items() if key in {"kind", "calendar", "calendars", "check"}}
        )
    else:
        panel = es.ReturnPanel.from_prices(
            frame,
            **{
                "kind": thing.kind,
                **{key: value for key, value in options.items() if key in {"kind", "levels", "calendar"}},
            },
        )
    repr(panel)
    panel._repr_html_()
    if facts is None or set(options) - {"check"}:
        return
    if thing.door in {"load_prices", "PricePanel", "ReturnPanel"}:
        price_table.compare(panel.frame, facts, whole=bool(thing.truth))
    else:
        _compare_returns(panel, facts, thing.kind)


def _compare_returns(panel, facts, kind):
    """Hold returns against the prices of the day and of the row before it: both known, or no return."""
    days = list(panel.frame.index)
    for symbol in panel.frame.columns:
        for at, value in enumerate(panel.frame[symbol].tolist()):
            now = facts.get((days[at], str(symbol)))
            before = facts.get((days[at - 1], str(symbol))) if at else None
            if value != value:  # noqa: PLR0124  NaN
                if now and before:
                    msg = f"no return of {symbol!r} on {days[at]}, with prices {before} and {now}"
                    raise WrongNumber(msg)
                continue
            if not now or not before:
                msg = f"{value!r} of {symbol!r} on {days[at]}, with prices {before} and {now}"
                raise WrongNumber(msg)
            ratios = [one / other for one in now for other in before]
            expected = [math.log(ratio) if kind == "log" else ratio - 1 for ratio in ratios if ratio > 0]
            if not any(abs(value - one) <= 1e-12 * max(1.0, abs(one)) for one in expected):
                msg = f"{value!r} of {symbol!r} on {days[at]} is not {expected}"
                raise WrongNumber(msg)
