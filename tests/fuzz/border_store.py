"""Entries of the price cache and frozen folders, damaged: a damaged one is refused or fetched anew, never believed."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
import random
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import answers
import pandas as pd
from hostile import FILE_NAMES, anything, damage_bytes, damage_tree, to_json, words
from verdict import WrongNumber


@dataclass
class Folder:
    """A folder of files: those of one kind, their manifest as a tree, and what is done to them."""

    kind: str  # cache or frozen
    place: str
    manifest: Any
    files: dict[str, bytes]
    truth: Any = True
    rehash: bool = False
    raw: list[tuple[str, int]] = field(default_factory=list)
    more: dict[str, bytes] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


@cache
def _frame():
    days = answers.DAYS.as_unit("us").rename("date")
    return pd.DataFrame(
        {
            "close": answers.GOOD,
            "adj_close": answers.GOOD,
            "volume": 1000.0,
            "dividend": 0.0,
            "split": 0.0,
        },
        index=days,
    )


@cache
def _templates():
    """Make one entry and one frozen panel with the package itself, and keep their bytes."""
    import tempfile  # noqa: PLC0415  once

    import eventstudy as es  # noqa: PLC0415  the child prepares itself first
    from eventstudy.returns.bars import Bars  # noqa: PLC0415  the same
    from eventstudy.returns.cache.store import Entry, Key, Store  # noqa: PLC0415  the same

    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        store, key = Store(root / "cache"), Key("yahoo", "raw", "GOOD")
        bars = Bars(_frame(), {"currency": "USD", "timezone": "America/New_York", "exchange": "NMS"})
        first, last = (pd.Timestamp(day) for day in (answers.START, answers.END))
        store.update(key, lambda _: Entry(bars, first, last, "2025-06-01T00:00:00Z"))
        panel = es.PricePanel(_frame()[["close"]].set_axis(["GOOD"], axis=1))
        es.freeze(panel, root / "frozen")
        found = {}
        for kind, place in (("cache", store.place(key)), ("frozen", root / "frozen")):
            files = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
            found[kind] = place.relative_to(root).as_posix(), json.loads(files.pop("manifest.json")), files
    return found


def start(rng):
    kind = rng.choice(("cache", "frozen"))
    place, manifest, files = _templates()[kind]
    return Folder(kind, place, copy.deepcopy(manifest), dict(files))


def spell_layout(thing, rng):
    thing.manifest = dict(rng.sample(list(thing.manifest.items()), len(thing.manifest)))


def spell_stranger(thing, rng):
    thing.more[rng.choice(("note.txt", "x.parquet.part", ".hidden", "sub/x.txt", "lock"))] = b"mine"


def tree(thing, rng):
    damage_tree(thing.manifest, rng)


def put_key(thing, rng):
    thing.manifest[rng.choice([*thing.manifest, words(rng)])] = anything(rng)


def put_file(thing, rng):
    thing.manifest["file" if thing.kind == "cache" else "sha256"] = rng.choice(
        (
            "../../x",
            "/etc/passwd",
            "",
            ".",
            "a\x00b",
            "a" * 5000,
            {"../x.csv": "0"},
            {"quality.csv": 5},
            {},
            {"prices.csv": None},
            7,
        )
    )


def put_dates(thing, rng):
    if thing.kind == "cache":
        thing.manifest["covered"] = rng.choice(
            (
                ["2025-03-03"],
                [],
                None,
                ["x", "y"],
                ["1500-01-01", "9999-12-31"],
                ["2025-03-14", "2025-03-03"],
                [1, 2],
                "2025",
                [None, None],
            )
        )


def manifest_bytes(thing, rng):
    thing.raw.append(("manifest.json", rng.getrandbits(64)))


def data_bytes(thing, rng):
    thing.raw.append((rng.choice(sorted(thing.files)), rng.getrandbits(64)))


def data_bytes_with_their_checksum(thing, rng):
    thing.raw.append((rng.choice(sorted(thing.files)), rng.getrandbits(64)))
    thing.rehash = True


def lose(thing, rng):
    thing.lost.append(rng.choice(["manifest.json", *thing.files]))


def values(thing, rng):
    """Write another table in place of the data, with its right checksum: as an older or a foreign version would."""
    frame = _frame().copy()
    kind = rng.randrange(9)
    if kind == 0:
        frame.iloc[3, 0] = rng.choice((-5.0, 0.0, float("inf"), float("nan"), 1e308))
    elif kind == 1:
        frame = frame.drop(columns="close")
    elif kind == 2:
        frame = frame.reset_index()
    elif kind == 3:
        frame = frame.iloc[:0]
    elif kind == 4:
        frame = pd.concat([frame, frame.iloc[[0]]])
    elif kind == 5:
        frame = frame.astype({"close": rng.choice(("str", "float32", "int64", "bool"))})
    elif kind == 6:
        frame = frame.iloc[::-1]
    elif kind == 7:
        frame = frame.set_axis(frame.index.tz_localize("UTC"))
    else:
        frame = frame.rename(columns={"close": words(rng)})
    if thing.kind == "cache":
        held = io.BytesIO()
        frame.to_parquet(held)
        name = next(name for name in thing.files if name.endswith(".parquet"))
        thing.files[name] = held.getvalue()
    else:
        thing.files["prices.csv"] = frame.iloc[:, :1].to_csv().encode()
    thing.rehash = True


def place(thing, rng):
    if thing.kind == "cache":
        parts = thing.place.split("/")
        parts[rng.randrange(1, 4)] = rng.choice((*FILE_NAMES, "yahoo", "raw", "%2E", "%00", "%FF", "GOOD"))
        thing.place = "/".join(parts)


MUTATIONS = (
    spell_layout,
    spell_stranger,
    tree,
    tree,
    tree,
    put_key,
    put_file,
    put_dates,
    manifest_bytes,
    data_bytes,
    data_bytes_with_their_checksum,
    data_bytes_with_their_checksum,
    lose,
    values,
    values,
    place,
)


def write(thing, folder):
    """Write the folder, and return what a stranger has in it."""
    files = dict(thing.files)
    for name, seed in thing.raw:
        if name in files:
            files[name] = damage_bytes(files[name], random.Random(seed))
    if thing.rehash and isinstance(thing.manifest, dict):
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        if thing.kind == "cache":
            thing.manifest["sha256"] = next((digest for name, digest in sums.items() if name.endswith(".parquet")), "")
        elif isinstance(thing.manifest.get("sha256"), dict):
            thing.manifest["sha256"] |= {
                name: digest for name, digest in sums.items() if name in thing.manifest["sha256"]
            }
    content = to_json(thing.manifest).encode("utf-8", "surrogatepass")
    for name, seed in thing.raw:
        if name == "manifest.json":
            content = damage_bytes(content, random.Random(seed))
    files["manifest.json"] = content
    for name in thing.lost:
        files.pop(name, None)
    root = folder / thing.place
    for name, body in (files | thing.more).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return [root / name for name in thing.more if name not in {"lock", "x.parquet.part"}]


def door(thing, folder):
    import eventstudy as es  # noqa: PLC0415  the child prepares itself first

    try:
        strangers = write(thing, folder)
    except (OSError, ValueError):  # no system has such a folder
        return
    dates = answers.START, answers.END
    if thing.kind == "frozen":
        try:
            panel = es.load_prices(source=folder / thing.place)
            if thing.truth and panel.frame["GOOD"].tolist() != answers.GOOD:
                msg = "a frozen panel is another one"
                raise WrongNumber(msg)
        finally:
            _untouched(strangers)
        return
    from eventstudy.returns import cache_clear, cache_entries, cache_verify  # noqa: PLC0415  the child prepares itself first

    root = folder / "cache"
    repr(cache_entries(root))
    repr(cache_verify(root))
    answer = answers.Answer("yahoo", answers.chart("ODD", answers.GOOD), "")
    source = es.YahooSource(
        session=answers.yahoo_session(answer),
        cache=root,
        now=lambda: pd.Timestamp("2025-06-02", tz="UTC"),
        **answers.QUICK,
    )
    first, last = map(pd.Timestamp, dates)
    panel = source.fetch(["GOOD"], first, last)
    if "GOOD" in panel.failures:
        raise panel.failures["GOOD"]
    got = panel.frame["GOOD"].dropna()
    if not len(got) or (not thing.rehash and got.tolist() != answers.GOOD):
        msg = f"{got.tolist()} came; the entry was damaged, and the source is sound"
        raise WrongNumber(msg)
    _sound(got.to_frame())
    es.YahooSource(cache=root, offline=True).fetch(["GOOD"], first, last)
    cache_clear(root)
    _untouched(strangers)


def _sound(frame):
    bad = [
        value
        for name in frame.columns
        for value in frame[name].tolist()
        if not (math.isnan(value) or 0 < value < float("inf"))
    ]
    if bad:
        msg = f"a price that is none is believed: {bad[0]}"
        raise WrongNumber(msg)


def _untouched(strangers):
    for path in strangers:
        if not path.is_file() or path.read_bytes() != b"mine":
            msg = f"a file of a stranger, {path.name}, is gone"
            raise WrongNumber(msg)
