"""Study files through `load_study`, and definitions through `load_definitions`, as files and as mappings."""

from __future__ import annotations

import contextlib
import copy
import random
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hostile import FILE_NAMES, anything, damage_bytes, damage_tree, day, nested, to_toml, words
from verdict import WrongNumber

import eventstudy

STUDY = {
    "title": "A study",
    "question": "Why?",
    "calendar": "XNYS",
    "catalog": {"source": "us-china", "stance": ["escalation"], "since": "2025-01-01"},
    "prices": {"source": "bundled", "symbols": ["^GSPC", "^VIX"], "start": "2018-01-02", "end": "2025-12-31"},
    "market": {"symbol": "^GSPC", "name": "S&P 500", "fear": "^VIX", "labels": {"a": "b"}},
    "windows": {
        "event": [-5, 5],
        "reported": [[0, 0], [0, 1]],
        "estimation": {"length": 100, "end": -6, "minimum": 50},
    },
    "cross_section": {"benchmark": "^GSPC", "window": [0, 1], "events": ["x"], "groups": {"g": ["A", "B"]}},
    "ladder": {"US": [["2025-04-02", 34.0]]},
    "hypothesis": {"seed": 1},
}


@dataclass
class File:
    """A tree and how it is read."""

    tree: Any
    kind: str  # study, definitions as a file, definitions as a mapping
    truth: Any
    stem: str = "mine"
    ending: str = ".toml"
    damages: list[int] = field(default_factory=list)
    text: str | None = None


@cache
def _definitions():
    text = Path(eventstudy.__file__).with_name("hypothesis").joinpath("definitions.toml").read_text("utf-8")
    return tomllib.loads(text)


def start(rng):
    kind = rng.choice(("study", "study", "study", "definitions", "mapping"))
    if kind == "study":
        return File(copy.deepcopy(STUDY), kind, copy.deepcopy(STUDY))
    whole = _definitions()
    return File(
        {key: copy.deepcopy(whole[key]) for key in rng.sample(list(whole), rng.randrange(1, 6))},
        kind,
        copy.deepcopy(whole),
    )


def spell_order(thing, rng):
    thing.tree = dict(rng.sample(list(thing.tree.items()), len(thing.tree)))


def tree(thing, rng):
    damage_tree(thing.tree, rng)


def put_value(thing, rng):
    part = rng.choice([value for value in thing.tree.values() if isinstance(value, dict)])
    part[rng.choice(list(part))] = anything(rng)


def put_window(thing, rng):
    window = rng.choice(
        ([1, 0], [0], [], [0, 1, 2], [-1e300, 1], ["a", "b"], [10**30, 10**31], [None, 1], [True, 2], [-(10**9), 10**9])
    )
    thing.tree.setdefault("windows", {})[rng.choice(("event", "reported"))] = rng.choice((window, [window], []))


def put_date(thing, rng):
    thing.tree[rng.choice(("catalog", "prices"))][rng.choice(("since", "until", "start", "end"))] = day(rng)


def put_key(thing, rng):
    part = rng.choice([thing.tree, *(value for value in thing.tree.values() if isinstance(value, dict))])
    part[words(rng)] = anything(rng)


def put_text(thing, rng):
    place, key = rng.choice(
        (("catalog", "source"), ("prices", "source"), ("market", "symbol"), ("market", "name"), ("catalog", "timezone"))
    )
    thing.tree[place][key] = words(rng)


def drop(thing, rng):
    del thing.tree[rng.choice(list(thing.tree))]


def many(thing, rng):
    if rng.random() < 0.3:
        thing.tree.update({f"k{at}": at for at in range(rng.choice((100, 5000)))})


def damaged(thing, rng):
    thing.damages.append(rng.getrandbits(64))


def name(thing, rng):
    thing.stem = rng.choice(FILE_NAMES)
    thing.ending = rng.choice((".toml", "", ".TOML", ".txt", "/"))


def long_name(thing, rng):
    thing.stem = rng.choice(("a" * 5000, "a\x00b", "a/" * 3000, "", " ", "\n"))


def instead(thing, rng):
    thing.text = "a = " + to_toml({"x": nested(rng)}).partition(" = ")[2]


MUTATIONS = (
    spell_order,
    tree,
    tree,
    tree,
    tree,
    put_value,
    put_value,
    put_window,
    put_date,
    put_key,
    put_text,
    drop,
    many,
    damaged,
    damaged,
    name,
    long_name,
    instead,
)


def door(thing, folder):
    from eventstudy.hypothesis.record.definitions import load_definitions  # noqa: PLC0415  the child prepares itself first
    from eventstudy.study.pairs.firm_file import load_study  # noqa: PLC0415  the same

    if thing.kind == "mapping":
        rules = load_definitions(thing.tree)
        rules.digest  # noqa: B018  it is made when asked for
        return
    path = folder / f"{thing.stem}{thing.ending}"
    content = (to_toml(thing.tree) if thing.text is None else thing.text).encode("utf-8", "surrogatepass")
    for seed in thing.damages:
        content = damage_bytes(content, random.Random(seed))
    with contextlib.suppress(OSError, ValueError):  # no system has such a file; the name is tried all the same
        path.write_bytes(content)
    if thing.kind == "definitions":
        rules = load_definitions(path)
        if thing.truth is not None and rules.raw != thing.truth:
            msg = "definitions that override nothing are not those that ship"
            raise WrongNumber(msg)
        return
    study = load_study(path)
    study.catalog.selection()
    got = study.model_dump(mode="json", exclude_unset=True, exclude={"name"})
    if thing.truth is not None and got != thing.truth:
        msg = f"{got} was read"
        raise WrongNumber(msg)
