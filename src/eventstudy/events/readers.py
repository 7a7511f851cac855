"""Files and frames into drafts: what stands where, before any check of its meaning."""

from __future__ import annotations

import csv
import json
import tomllib
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from eventstudy.errors import CatalogError, Problem
from eventstudy.events.build import Draft, Record
from eventstudy.events.vocabulary import one_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["SUFFIXES", "read_file", "read_frame", "read_toml"]

SUFFIXES: Final = (".toml", ".csv", ".json")
_ENTRIES: Final = ("event", "events")
LONGEST_FIELD: Final = 10_000_000  # characters; csv's own limit of 131,072 would cut long texts short with an error


def read_file(path: Path) -> Draft:
    """Return the draft of a catalogue file, by its suffix."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        msg = f"{path}: a catalogue file ends in {', '.join(SUFFIXES)}, not {suffix or 'nothing'!r}"
        raise CatalogError(msg)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"{path}: the catalogue cannot be read: {error.strerror}"
        raise CatalogError(msg) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        msg = f"{path}, line {line}: the catalogue is not UTF-8 text; save it as UTF-8"
        raise CatalogError(msg) from error
    read = {".toml": read_toml, ".csv": _read_csv, ".json": _read_json}[suffix]
    return read(text, str(path), path.stem)


def read_toml(text: str, origin: str, name: str) -> Draft:
    """Return the draft of a TOML text: a header, and one ``[[event]]`` table each."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{origin}: not readable as TOML: {error}"
        raise CatalogError(msg) from error
    return _from_entries(content, origin, name)


def _read_json(text: str, origin: str, name: str) -> Draft:
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        doubled.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(items)

    try:
        content = json.loads(text, object_pairs_hook=pairs)
    except (json.JSONDecodeError, RecursionError) as error:
        msg = f"{origin}: not readable as JSON: {error}"
        raise CatalogError(msg) from error
    if doubled:
        msg = f"{origin}: key {doubled[0]!r} stands twice in one object; keep one of them"
        raise CatalogError(msg)
    return _from_entries({"events": content} if isinstance(content, list) else content, origin, name)


def _from_entries(content: object, origin: str, name: str) -> Draft:
    if not isinstance(content, dict):
        msg = f"{origin}: expected a list of events, or an object with the key 'events'"
        raise CatalogError(msg)
    entries = [entry for key in _ENTRIES for entry in _as_list(content.get(key, []), origin)]
    header = {key: value for key, value in content.items() if key not in _ENTRIES}
    records, problems = [], []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, dict):
            title = entry.get("id", entry.get("event_id"))
            named = f" {_short(title)!r}" if isinstance(title, str) and title else ""
            place = f"{origin}, event {number}{named}"
            records.append(Record(place, entry))
        else:
            problems.append(Problem(f"{origin}, event {number}", "", str(entry), "a table of keys and values"))
    if problems:
        msg = f"{origin}: the catalogue has entries that are no events"
        raise CatalogError(msg, tuple(problems))
    return Draft(origin, name, header, records)


def _as_list(value: object, origin: str) -> list[Any]:
    if not isinstance(value, list):
        msg = f"{origin}: events stand in [[event]] tables (TOML) or in a list under 'events' (JSON)"
        raise CatalogError(msg)
    return value


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _read_csv(text: str, origin: str, name: str) -> Draft:
    before = csv.field_size_limit(LONGEST_FIELD)
    try:
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        rows: list[tuple[int, list[str]]] = []
        line = 1
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        msg = f"{origin}, line {line}: not readable as CSV: {error}"
        raise CatalogError(msg) from error
    finally:
        csv.field_size_limit(before)
    rows = [(line, cells) for line, cells in rows if any(cells)]
    if not rows:
        msg = f"{origin}: the file is empty; its first line names the columns, such as id,name,announced_at,stance"
        raise CatalogError(msg)
    columns = tuple(rows[0][1])
    parted = next((mark for mark in (";", "\t", "|") if len(columns) == 1 and mark in columns[0]), None)
    if parted:
        msg = f"{origin}, line {rows[0][0]}: the columns are parted by {parted!r}; save the file with commas"
        raise CatalogError(msg)
    problems = [
        Problem(f"{origin}, line {line}", "", f"{len(cells)} cells", f"{len(columns)} cells, as the header has")
        for line, cells in rows[1:]
        if len(cells) != len(columns)
    ]
    if problems:
        msg = f"{origin}: the rows do not fit the header (a text with a comma needs quotes)"
        raise CatalogError(msg, tuple(problems))
    records = [Record(f"{origin}, line {line}", dict(zip(columns, cells, strict=True))) for line, cells in rows[1:]]
    return Draft(origin, name, {}, records, columns)


def read_frame(frame: pd.DataFrame) -> Draft:
    """Return the draft of a DataFrame; an index called id or event_id is a column like the others."""
    attrs = frame.attrs.get("catalog", {})
    table = frame.reset_index() if frame.index.name in {"id", "event_id"} else frame
    columns = tuple(str(column) for column in table.columns)
    origin = "DataFrame"
    twice = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    if twice:
        msg = f"{origin}: column {twice[0]!r} stands twice; {one_of(dict.fromkeys(columns))}"
        raise CatalogError(msg)
    lists = [table.iloc[:, position].tolist() for position in range(len(columns))]
    records = [
        Record(f"{origin}, row {label!r}", dict(zip(columns, cells, strict=True)))
        for label, cells in zip(frame.index.tolist(), zip(*lists, strict=True), strict=True)
    ]
    header = {key: value for key, value in attrs.items() if key != "name"}
    return Draft(origin, str(attrs.get("name", "events")), header, records, columns)
