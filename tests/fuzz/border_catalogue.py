"""Files of event catalogues: TOML, CSV, JSON; what comes back must be the events that were written, at their moments."""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hostile import FILE_NAMES, anything, damage_bytes, damage_tree, day, nested, to_json, to_toml, words
from verdict import CONTROL, BadText, WrongNumber

ZONE = "America/New_York"
THOROUGH = 0.4  # share of the inputs that are written, tabled and read again once they are accepted: it takes longest
OPTIONAL = {
    "precision": ("exact_min", "exact_sec", "approx_hour"),
    "actor": ("US", "China", "both"),
    "level": ("", "E1"),
    "tier": ("", "A", "B"),
    "lead": (True, False),
    "rate_before": (10, 7.5),
    "effective_date": ("2025-05-01",),
    "source": ("the paper, page 1",),
    "timezone": (ZONE,),
}


@dataclass
class Catalogue:
    """A catalogue before it is written."""

    kind: str
    events: list[Any]
    header: dict[str, Any]
    truth: dict[str, datetime] | None
    stem: str = "mine"
    ending: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    style: dict[str, Any] = field(default_factory=dict)
    damages: list[Any] = field(default_factory=list)
    thorough: bool = True  # whether all that one does with a catalogue is done


def start(rng):
    events, truth = [], {}
    for number in range(rng.randrange(1, 5)):
        wall = datetime(2019, 1, 2, 9) + timedelta(minutes=rng.randrange(3_000_000))  # noqa: DTZ001  local time is meant
        wall = wall.replace(hour=rng.randrange(4, 24), second=0)  # no hour that clocks skip or double
        name = f"e{number}"
        events.append(
            {"id": name, "name": f"Event {number}", "announced_at": f"{wall:%Y-%m-%d %H:%M}", "stance": "escalation"}
        )
        truth[name] = wall.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
        if rng.random() < 0.4:
            key = rng.choice(list(OPTIONAL))
            events[-1][key] = rng.choice(OPTIONAL[key])
    kind, thorough = rng.choice(("toml", "csv", "json")), rng.random() < THOROUGH
    if kind == "csv":
        return Catalogue(kind, events, {}, truth, options={"timezone": ZONE}, thorough=thorough)
    return Catalogue(kind, events, {"timezone": ZONE}, truth, thorough=thorough)


# ---- what leaves the meaning as it is --------------------------------------------------------------------------------


def spell_order_of_keys(thing, rng):
    for at, event in enumerate(thing.events):
        thing.events[at] = dict(rng.sample(list(event.items()), len(event)))


def spell_order_of_rows(thing, rng):
    rng.shuffle(thing.events)


def spell_event_id(thing, rng):
    del rng
    for event in thing.events:
        event["event_id"] = event.pop("id")


def spell_moments(thing, rng):
    for event in thing.events:
        name = event.get("id", event.get("event_id"))
        moment = thing.truth[name]  # without the truth there is nothing to spell: the mutation does not fit
        local = moment.astimezone(ZoneInfo(ZONE))
        event["announced_at"] = rng.choice(
            (f"{local:%Y-%m-%dT%H:%M}", f"{local:%Y-%m-%d %H:%M:%S}", local.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        )


def spell_lines(thing, rng):
    thing.style["newline"] = rng.choice(("\r\n", "\n"))
    thing.style["bom"] = rng.random() < 0.5
    thing.style["quoting"] = rng.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))


def spell_other_kind(thing, rng):
    thing.kind = rng.choice(("toml", "json"))
    thing.style["plain_list"] = False
    if "timezone" not in thing.options:
        thing.header.setdefault("timezone", ZONE)


def spell_plain_list(thing, rng):
    del rng
    if not thing.header:
        thing.style["plain_list"] = True


# ---- damage ----------------------------------------------------------------------------------------------------------


def put_cell(thing, rng):
    event = rng.choice(thing.events)
    event[rng.choice([*event, *OPTIONAL, "stance", "name"])] = anything(rng)


def put_moment(thing, rng):
    event = rng.choice(thing.events)
    event[rng.choice(("announced_at", "announced_at", "earliest", "latest", "effective_date"))] = day(rng)


def put_text(thing, rng):
    event = rng.choice(thing.events)
    event[rng.choice(("id", "name", "summary", "source", "actor", "cluster"))] = words(rng)


def drop_cell(thing, rng):
    event = rng.choice(thing.events)
    del event[rng.choice(list(event))]


def put_key(thing, rng):
    rng.choice(thing.events)[words(rng)] = anything(rng)


def put_header(thing, rng):
    thing.header[rng.choice(("name", "timezone", "stances", "levels", "opposed", "principal", "event", words(rng)))] = (
        anything(rng)
    )


def put_vocabulary(thing, rng):
    thing.header |= {
        "stances": ["hike", "cut", words(rng)],
        "levels": {rng.choice(("hike", words(rng))): ["H1", words(rng)]},
        "opposed": ["hike", rng.choice(("cut", words(rng)))],
    }
    for event in thing.events:
        event["stance"] = rng.choice(("hike", "cut"))


def double_event(thing, rng):
    thing.events.insert(rng.randrange(len(thing.events) + 1), dict(rng.choice(thing.events)))


def put_event(thing, rng):
    thing.events.insert(rng.randrange(len(thing.events) + 1), anything(rng))


def many_events(thing, rng):
    if rng.random() < 0.2 and len(thing.events) < 100:  # twice would make a file of a million
        thing.events = [{**event, "id": f"n{at}"} for at, event in enumerate(thing.events * rng.choice((50, 400)))]
        thing.events[0]["stance"] = rng.choice(("escalation", "nonsense"))
        if rng.random() < 0.5:
            for event in thing.events:
                event["stance"] = words(rng)


def many_keys(thing, rng):
    if rng.random() < 0.2:
        rng.choice(thing.events).update({f"k{at}": "v" for at in range(rng.choice((300, 3000, 30_000)))})


def tree(thing, rng):
    damage_tree(thing.events, rng)


def ragged(thing, rng):
    thing.style["ragged"] = rng.choice((",", ",,x", '"', "\n", ",\n", "\x00"))


def separator(thing, rng):
    thing.style["delimiter"] = rng.choice((";", "\t", "|", " "))


def damaged(thing, rng):
    thing.damages.append(rng.getrandbits(64))


def file_name(thing, rng):
    thing.stem = rng.choice(FILE_NAMES)
    thing.ending = rng.choice(("", "", "", ".CSV", ".txt", ".json.gz", ".yaml", "."))


def option(thing, rng):
    thing.options[rng.choice(("timezone", "stances"))] = rng.choice(
        (words(rng), "Asia/Shanghai", [], [words(rng)], "Europe", "UTC")
    )


def only_nested(thing, rng):
    thing.style["instead"] = to_json(nested(rng))


MUTATIONS = (
    *(spell_order_of_keys, spell_order_of_rows, spell_event_id, spell_moments, spell_lines, spell_other_kind, spell_plain_list),
    *(put_cell, put_cell, put_moment, put_moment, put_text, put_text, drop_cell, put_key, put_header, put_header),
    *(put_vocabulary, double_event, put_event, many_events, many_keys, tree, tree, ragged, separator, damaged, damaged),
    *(file_name, option, only_nested),
)  # fmt: skip


# ---- the door --------------------------------------------------------------------------------------------------------


def written(thing):
    """Return the bytes of the file."""
    import random  # noqa: PLC0415  for the damages alone

    if "instead" in thing.style:
        text = thing.style["instead"]
        text = f"event = {text}" if thing.kind == "toml" else text
    elif thing.kind == "toml":
        text = to_toml({**thing.header, "event": thing.events})
    elif thing.kind == "json":
        text = to_json(thing.events if thing.style.get("plain_list") else {**thing.header, "events": thing.events})
    else:
        text = _csv(thing)
    content = text.replace("\n", thing.style.get("newline", "\n")).encode("utf-8", "surrogatepass")
    if thing.style.get("bom"):
        content = b"\xef\xbb\xbf" + content
    for seed in thing.damages:
        content = damage_bytes(content, random.Random(seed))
    return content


def _csv(thing):
    events = [event for event in thing.events if isinstance(event, dict)]
    columns = list(dict.fromkeys(key for event in events for key in event))
    held = io.StringIO()
    style = {"delimiter": thing.style.get("delimiter", ","), "quoting": thing.style.get("quoting", csv.QUOTE_MINIMAL)}
    out = csv.writer(held, lineterminator="\n", **style)
    out.writerow(columns)
    for event in events:
        out.writerow([_cell(event.get(column, "")) for column in columns])
    text = held.getvalue()
    if "ragged" in thing.style:
        lines = text.splitlines()
        lines[len(lines) // 2] += thing.style["ragged"]
        text = "\n".join(lines) + "\n"
    return text


def _cell(value):
    return value if isinstance(value, str) else to_json(value)


def door(thing, folder):
    from eventstudy import load_events  # noqa: PLC0415  the child prepares itself first

    path = folder / f"{thing.stem}{thing.ending or '.' + thing.kind}"
    with contextlib.suppress(OSError, ValueError):  # no system has such a file; the name is tried all the same
        path.write_bytes(written(thing))
    use(load_events(path, **thing.options), thing, folder)


def use(catalogue, thing, folder):
    """Do with a catalogue what everyone does, and compare it with what was written."""
    from eventstudy import load_events  # noqa: PLC0415  the child prepares itself first

    if thing.truth is not None:
        found = {event.id: event.announced_at.tz_convert("UTC").to_pydatetime() for event in catalogue}
        if found != thing.truth:
            msg = f"{found} came, {thing.truth} was written"
            raise WrongNumber(msg)
    if CONTROL.search(repr(catalogue)):
        msg = f"repr of a catalogue has control characters: {catalogue!r}"
        raise BadText(msg)
    if not thing.thorough:
        return
    frame = catalogue.to_frame()
    if len(frame) != len(catalogue):
        msg = f"{len(frame)} rows of {len(catalogue)} events"
        raise WrongNumber(msg)
    catalogue._repr_html_()
    text = catalogue.to_toml(folder / "again.toml")
    if load_events(folder / "again.toml") != catalogue:
        msg = f"a catalogue written and read again is another one: {text[:200]}"
        raise WrongNumber(msg)
    if load_events(frame) != catalogue:
        msg = "a catalogue made of its own table is another one"
        raise WrongNumber(msg)
    catalogue.sessions("XNYS")
