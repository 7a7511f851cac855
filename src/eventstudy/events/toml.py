"""Catalogues as text: the TOML form that a person reviews in a diff, and plain values for a digest or JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from os import PathLike
from typing import Any, Final

import pandas as pd

from eventstudy.events.columns import COLUMNS
from eventstudy.events.event import Event
from eventstudy.events.vocabulary import Vocabulary
from eventstudy.replace import write_whole

_DEFAULTS: Final = {item.name: item.default for item in fields(Event)}
_ALWAYS: Final = ("precision",)  # it has a default, but a reader must not have to guess it
_SHORT: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_PERHAPS: Final = re.compile(r"[^ !#-\[\]-~]")  # what is not plain: it may need an escape


def plain(event: Event) -> dict[str, Any]:
    """Return every field of an event as JSON has it: moments as UTC texts, dates as texts."""
    values = {item.name: getattr(event, item.name) for item in fields(Event)}
    if not event.symbol:  # of one firm a row only: the digest of any other catalogue is what it was
        del values["symbol"]
    for key, value in values.items():
        if isinstance(value, pd.Timestamp):
            values[key] = value.tz_convert("UTC").isoformat()
        elif isinstance(value, date):
            values[key] = value.isoformat()
        elif isinstance(value, float):
            values[key] = float(value)
    return values


def to_toml(
    name: str,
    events: Sequence[Event],
    timezone: str,
    words: Vocabulary,
    path: str | PathLike[str] | None = None,
) -> str:
    """Return a catalogue as TOML, and write it if a path is given; see `EventCatalog.to_toml`."""
    usual = Vocabulary()
    lines = [f"name = {_text(name)}", f"timezone = {_text(timezone)}"]
    if words.principal:
        lines.append(f"principal = {_text(words.principal)}")
    if words.stances != usual.stances:
        lines.append(f"stances = {texts_as_toml(words.stances)}")
    if words.opposed != usual.opposed:
        lines.append(f"opposed = {texts_as_toml(words.opposed)}")
    if words.levels != usual.levels:
        lines.append("\n[levels]")
        lines += [f"{_key(stance)} = {texts_as_toml(levels)}" for stance, levels in words.levels.items()]
    for event in events:
        lines += ["", "[[event]]", *_entry(event)]
    text = "\n".join(lines) + "\n"
    if path is not None:
        write_whole(path, text.encode())
    return text


def _entry(event: Event) -> list[str]:
    lines = []
    for key in COLUMNS:
        value = getattr(event, key, None)
        usual = event.id if key == "cluster" else _DEFAULTS.get(key)
        if value is None or (value == usual and key not in _ALWAYS):
            continue
        lines.append(f"{key} = {_value(value)}")
    return lines


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, pd.Timestamp):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return _text(str(value))


def _moment(moment: pd.Timestamp) -> str:
    """Write local time without an offset, which a person reads, unless the clock change makes it ambiguous."""
    naive = moment.tz_localize(None)
    offsets = {naive.replace(tzinfo=moment.tz, fold=fold).utcoffset() for fold in (0, 1)}
    return str(naive) if len(offsets) == 1 else str(moment)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def texts_as_toml(values: Sequence[str]) -> str:
    """Return texts as a list of TOML."""
    return f"[{', '.join(_text(value) for value in values)}]"


def _text(value: str) -> str:
    """Quote a text; what the eye cannot see (controls, direction marks, odd spaces) is written as an escape."""
    return f'"{_PERHAPS.sub(_character, value)}"'


def _character(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    if unicodedata.category(character)[0] not in "CZ":
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
