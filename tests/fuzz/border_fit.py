"""Events and returns as frames through `EventStudy.fit`; the cumulated abnormal returns are those of a plain loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from frames import DAMAGES, odd
from hostile import day, words
from price_table import number_of
from verdict import WrongNumber

BARS, LENGTH, END, WINDOW = 70, 40, -3, (-2, 2)
CLOSE = 1e-9


@dataclass
class Study:
    """A panel, the events, and the study."""

    panel: Any
    events: Any
    truth: bool | None = True
    model: str = "MarketModel"
    calendar: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    fitted: Any = "frame"
    then: tuple[str, ...] = ("caar",)


@cache
def _panel():
    rng = np.random.default_rng(11)
    days = pd.DatetimeIndex(pd.bdate_range("2023-03-06", periods=200))
    days = days[~days.isin(pd.to_datetime(["2023-04-07", "2023-05-29", "2023-06-19"]))][
        :BARS
    ]  # the exchange was closed
    market = rng.normal(0, 0.01, BARS)
    values = np.column_stack([market, *(beta * market + rng.normal(0, 0.01, BARS) for beta in (0.5, 1.0, 1.5))])
    return pd.DataFrame(values, index=days, columns=["M", "A", "B", "C"])


def start(rng):
    panel = _panel().copy()
    rows = rng.sample(range(LENGTH + 8, BARS - 6), rng.randrange(1, 4))
    kind = rng.choice(("bar", "bar", "moment"))
    made = []
    for row in rows:
        when = panel.index[row]
        moment = (when + pd.Timedelta(hours=10, minutes=7)).tz_localize("America/New_York")
        symbols = rng.sample("ABC", rng.randrange(1, 4)) if rng.random() < 0.7 else [None]
        made += [
            {
                "event_id": f"e{row}",
                "symbol": symbol,
                "bar" if kind == "bar" else "announced_at": when if kind == "bar" else moment,
            }
            for symbol in symbols
        ]
    events = pd.DataFrame(made)
    if events["symbol"].isna().any():
        events = events.drop(columns="symbol").drop_duplicates(ignore_index=True)
    then = tuple(
        rng.sample(("caar", "aar", "tests", "summary", "bhar", "sample", "excluded", "tidy", "joint", "diagnostics"), 2)
    )
    return Study(panel, events, calendar=rng.choice((None, "XNYS")), then=then)


def spell_order_of_events(thing, rng):
    thing.events = thing.events.iloc[rng.sample(range(len(thing.events)), len(thing.events))]


def spell_order_of_columns(thing, rng):
    thing.panel = thing.panel[rng.sample(list(thing.panel.columns), thing.panel.shape[1])]


def spell_as_panel(thing, rng):
    del rng
    thing.fitted = "panel"


def spell_holes(thing, rng):
    values = thing.panel.to_numpy().copy()
    for _ in range(rng.randrange(1, 9)):
        values[rng.randrange(len(values)), rng.randrange(1, values.shape[1])] = math.nan
    thing.panel = pd.DataFrame(values, index=thing.panel.index, columns=thing.panel.columns)


def spell_bar_dtype(thing, rng):
    bars = thing.events["bar"]
    made = rng.choice((bars.dt.strftime("%Y-%m-%d"), bars.dt.date, bars.dt.as_unit("s"), bars.astype(object)))
    thing.events = thing.events.assign(bar=made)


def spell_zone(thing, rng):
    moments = thing.events["announced_at"].dt.tz_convert(rng.choice(("UTC", "America/New_York")))
    thing.events = thing.events.assign(announced_at=moments if rng.random() < 0.5 else moments.astype(object))


def spell_unit(thing, rng):
    thing.panel = thing.panel.set_axis(thing.panel.index.as_unit(rng.choice(("s", "ms", "us", "ns"))))


def spell_float32_column(thing, rng):
    name = rng.choice("ABC")
    thing.panel = thing.panel.assign(**{name: thing.panel[name].astype("float32")})


def damage_panel(thing, rng):
    chosen = rng.choice(DAMAGES)
    thing.panel = chosen(thing.panel, rng)
    return chosen.__name__


def damage_events(thing, rng):
    chosen = rng.choice(DAMAGES)
    thing.events = chosen(thing.events, rng)
    return chosen.__name__


def put_bar(thing, rng):
    values = thing.events["bar"].astype(object).tolist()
    values[rng.randrange(len(values))] = rng.choice(
        (
            odd(rng),
            day(rng),
            20230601,
            pd.Timestamp("2023-06-03"),
            pd.Timestamp("1500-01-01"),
            pd.Timestamp("2300-01-01"),
        )
    )
    thing.events = thing.events.assign(
        bar=pd.Series(values, index=thing.events.index, dtype=object) if rng.random() < 0.6 else values
    )


def whole_bars(thing, rng):
    form = rng.choice(("%Y%m%d", "%d.%m.%Y", "%Y-%m-%d 16:00", "%m/%d/%Y"))
    bars = thing.events["bar"].dt.strftime(form)
    thing.events = thing.events.assign(bar=bars.astype("int64") if form == "%Y%m%d" and rng.random() < 0.8 else bars)


def put_moment(thing, rng):
    values = thing.events["announced_at"].astype(object).tolist()
    values[rng.randrange(len(values))] = rng.choice(
        (
            odd(rng),
            day(rng),
            pd.Timestamp("1600-01-01", tz="UTC"),
            pd.Timestamp("2262-04-11", tz="UTC"),
            pd.Timestamp("8550-01-01", tz="UTC"),
        )
    )
    thing.events = thing.events.assign(announced_at=pd.Series(values, index=thing.events.index, dtype=object))


def put_symbol(thing, rng):
    symbols = thing.events["symbol"].astype(object).tolist()
    for at in range(len(symbols)) if rng.random() < 0.4 else [rng.randrange(len(symbols))]:
        symbols[at] = rng.choice((odd(rng), words(rng), "NOPE", "M", "a", "A "))
    thing.events = thing.events.assign(symbol=pd.Series(symbols, index=thing.events.index, dtype=object))


def put_id(thing, rng):
    values = thing.events["event_id"].astype(object).tolist()
    values[rng.randrange(len(values))] = odd(rng)
    thing.events = thing.events.assign(event_id=pd.Series(values, index=thing.events.index, dtype=object))


def only_unknown(thing, rng):
    if "symbol" in thing.events:
        thing.events = thing.events.assign(symbol="NOPE")
    else:
        thing.events = thing.events.assign(
            **{rng.choice(("bar", "announced_at")): pd.Timestamp("2030-01-01", tz="UTC")}
        )


def extreme_returns(thing, rng):
    values = thing.panel.to_numpy().copy()
    factor = rng.choice((0.0, 1e300, 1e-300, 1e5, -1.0, 100.0, math.nan))
    columns = rng.choice((slice(None), slice(0, 1), slice(1, 2)))
    values[:, columns] *= factor
    thing.panel = pd.DataFrame(values, index=thing.panel.index, columns=thing.panel.columns)


def stamped_at_close(thing, rng):
    hour = rng.choice((9, 16, 20))
    index = (thing.panel.index + pd.Timedelta(hours=hour)).tz_localize(
        rng.choice(("America/New_York", "UTC", "Asia/Tokyo"))
    )
    thing.panel = thing.panel.set_axis(index)


def option(thing, rng):
    thing.options[rng.choice(("missing", "overlap", "non_session", "mask_events"))] = rng.choice(
        ("available", "strict", "lump", "first", "merge", "drop", "previous", "error", False)
    )


def other_model(thing, rng):
    thing.model = rng.choice(
        ("MeanAdjusted", "MarketAdjusted", "MarketModel", "ScholesWilliams", "RobustMarketModel", "Dimson")
    )


def other_calendar(thing, rng):
    thing.calendar = rng.choice((None, "XNYS", "XTKS", "24/7", words(rng)))


def more_methods(thing, rng):
    thing.then = tuple(
        rng.sample(
            (
                "caar",
                "aar",
                "tests",
                "summary",
                "bhar",
                "abhar",
                "abnormal_variance",
                "joint",
                "diagnostics",
                "events",
                "provenance",
                "excluded",
            ),
            4,
        )
    )


MUTATIONS = (
    *(
        spell_order_of_events,
        spell_order_of_columns,
        spell_as_panel,
        spell_holes,
        spell_bar_dtype,
        spell_zone,
        spell_unit,
    ),
    *(damage_panel,) * 7,
    *(damage_events,) * 7,
    *(put_bar, put_bar, whole_bars, put_moment, put_symbol, put_id, only_unknown, extreme_returns, stamped_at_close),
    *(option, option, other_model, other_calendar, more_methods),
)


# ---- the reference ---------------------------------------------------------------------------------------------------


def _plain(value):
    number = None if isinstance(value, str) else number_of(value)
    return math.nan if number is None else number


def reference(panel, events):
    """Return the CAR of each (event, symbol) by a loop: ordinary least squares on the bars before, then the sum."""
    panel = panel.sort_index()
    labels = [pd.Timestamp(label) for label in panel.index]
    columns = {
        str(name): [_plain(value) for value in panel.iloc[:, at].tolist()] for at, name in enumerate(panel.columns)
    }
    market = columns["M"]
    found = {}
    for row in events.to_dict("records"):
        for symbol in [row["symbol"]] if "symbol" in row else [name for name in columns if name != "M"]:
            own = columns[symbol]
            at = labels.index(row["bar"])
            theirs = events[events["symbol"] == symbol] if "symbol" in events else events  # its own events are masked
            masked = {labels.index(bar) + offset for bar in theirs["bar"] for offset in (0, 1)}
            used = [
                b
                for b in range(at + END - LENGTH + 1, at + END + 1)
                if b not in masked and not math.isnan(own[b] + market[b])
            ]
            if len(used) < 30:
                continue
            x, y = np.array([market[b] for b in used]), np.array([own[b] for b in used])
            beta = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
            alpha = y.mean() - beta * x.mean()
            abnormal = [own[at + k] - alpha - beta * market[at + k] for k in range(WINDOW[0], WINDOW[1] + 1)]
            kept = [value for value in abnormal if not math.isnan(value)]
            if kept:
                found[row["event_id"], symbol] = sum(kept)
    return found


def _reference_events(thing):
    events = thing.events.copy()
    if "announced_at" in events:
        days = [
            pd.Timestamp(moment).tz_convert("America/New_York").tz_localize(None).normalize()
            for moment in events["announced_at"]
        ]
        events = events.drop(columns="announced_at").assign(bar=days)
    return events.assign(bar=[pd.Timestamp(bar) for bar in events["bar"]])


def warm(folder):
    """Build the calendars that are looked at where none fits, some twenty, once."""
    from eventstudy.calendars import fitting  # noqa: PLC0415  the child prepares itself first

    del folder
    fitting(_panel().index[::2])


def door(thing, folder):
    from eventstudy import EstimationWindow, EventStudy, ReturnPanel, abnormal  # noqa: PLC0415  the child prepares itself first

    del folder
    model = getattr(abnormal, thing.model)
    made = model() if thing.model == "MeanAdjusted" else model("M")
    study = EventStudy(
        model=made, window=WINDOW, estimation=EstimationWindow(LENGTH, END), calendar=thing.calendar, **thing.options
    )
    returns = ReturnPanel(thing.panel) if thing.fitted == "panel" else thing.panel
    result = study.fit(thing.events, returns)
    car = result.car()
    repr(result)
    for name in thing.then:
        got = getattr(result, name)
        if name == "tests":
            result.test("bmp", (0, 1))
            result.test("patell", (0, 0))
        elif callable(got):
            got()
    result._repr_html_()
    if thing.truth:
        _compare(car, reference(thing.panel, _reference_events(thing)))
    else:
        _plausible(car, thing)


def _compare(car, expected):
    got = {(row["event_id"], row["symbol"]): row["car"] for row in car.to_dict("records")}
    got = {key: value for key, value in got.items() if key[1] != "M"}
    if set(got) != set(expected):
        msg = f"{sorted(set(got) ^ set(expected))} stand in one of the two only"
        raise WrongNumber(msg)
    for key, value in got.items():
        if not abs(value - expected[key]) <= CLOSE:
            msg = f"CAR of {key} is {value!r}, the loop says {expected[key]!r}"
            raise WrongNumber(msg)


def _plausible(car, thing):
    """Hold a CAR of what was damaged against the columns: what is no number has no return."""
    if not isinstance(thing.panel, pd.DataFrame) or thing.panel.columns.nlevels > 1:
        return
    for symbol in car["symbol"].unique():
        at = [place for place, name in enumerate(thing.panel.columns) if str(name) == str(symbol)]
        if (
            at
            and all(math.isnan(_plain(value)) for value in thing.panel.iloc[:, at[0]].tolist())
            and car.loc[car["symbol"] == symbol, "car"].notna().any()
        ):
            msg = f"a CAR of {symbol!r}, whose column holds no number ({thing.panel.iloc[:, at[0]].dtype})"
            raise WrongNumber(msg)
