"""Frames of events through `load_events`: odd columns, dtypes, labels and cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import border_catalogue
import numpy as np
import pandas as pd
from frames import DAMAGES, odd
from hostile import anything, words


@dataclass
class Events:
    """A frame of events and how it is loaded."""

    frame: Any
    truth: dict[str, Any] | None
    options: dict[str, Any] = field(default_factory=dict)
    thorough: bool = True


def start(rng):
    made = border_catalogue.start(rng)
    return Events(pd.DataFrame(made.events), made.truth, {"timezone": border_catalogue.ZONE}, made.thorough)


def spell_moments(thing, rng):
    zone = rng.choice(("UTC", "Asia/Shanghai", border_catalogue.ZONE))
    column = [pd.Timestamp(thing.truth[name]).tz_convert(zone) for name in thing.frame["id"]]
    thing.frame["announced_at"] = (
        column if rng.random() < 0.5 else pd.Series(column, dtype=object, index=thing.frame.index)
    )


def spell_id_as_index(thing, rng):
    thing.frame = thing.frame.rename(columns={"id": rng.choice(("event_id", "id"))})
    thing.frame = thing.frame.set_index(next(name for name in ("event_id", "id") if name in thing.frame))


def spell_order(thing, rng):
    thing.frame = thing.frame.iloc[rng.sample(range(len(thing.frame)), len(thing.frame))]


def spell_dtypes(thing, rng):
    thing.frame = thing.frame.astype(
        {name: rng.choice(("str", object, "category", "string[pyarrow]")) for name in ("stance", "name")}
    )


def damage(thing, rng):
    chosen = rng.choice(DAMAGES)
    thing.frame = chosen(thing.frame, rng)
    return chosen.__name__


def put_cell(thing, rng):
    column = rng.choice(
        (
            "id",
            "name",
            "announced_at",
            "stance",
            "precision",
            "level",
            "lead",
            "rate_before",
            "effective_date",
            "timezone",
        )
    )
    values = (
        [odd(rng) for _ in range(len(thing.frame))]
        if column not in thing.frame
        else thing.frame[column].astype(object).tolist()
    )
    values[rng.randrange(len(values))] = odd(rng)
    thing.frame[column] = pd.Series(values, index=thing.frame.index, dtype=object)


def bounds(thing, rng):
    column = pd.Series(pd.to_datetime(["2019-01-01"] * len(thing.frame), utc=True), index=thing.frame.index)
    thing.frame[rng.choice(("earliest", "latest"))] = column if rng.random() < 0.5 else column.dt.tz_localize(None)


def far_years(thing, rng):
    year = rng.choice((1, 1500, 1677, 1700, 1950, 2105, 2262, 2300, 8550, 9999))
    values = np.array([f"{year:04d}-04-03T10:00"] * len(thing.frame), dtype="datetime64[s]")
    thing.frame["announced_at"] = values if rng.random() < 0.5 else [f"{year:04d}-04-03 10:00"] * len(thing.frame)


def attributes(thing, rng):
    key = rng.choice(("name", "timezone", "stances", "levels", "opposed", "principal", words(rng)))
    thing.frame.attrs["catalog"] = {key: anything(rng)}


def option(thing, rng):
    border_catalogue.option(thing, rng)


MUTATIONS = (
    *(
        spell_moments,
        spell_id_as_index,
        spell_order,
        spell_dtypes,
        damage,
        damage,
        damage,
        damage,
        damage,
        put_cell,
        put_cell,
    ),
    *(put_cell, bounds, far_years, attributes, option),
)


def door(thing, folder):
    from eventstudy import load_events  # noqa: PLC0415  the child prepares itself first

    border_catalogue.use(load_events(thing.frame, **thing.options), thing, folder)
