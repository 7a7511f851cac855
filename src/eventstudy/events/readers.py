"""Files and frames into drafts: what stands where, before any check of its meaning."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from eventstudy.border import existing_file, parse_json, parse_toml, read_text
from eventstudy.errors import CatalogError, Problem
from eventstudy.events.validate import Draft, Record
from eventstudy.events.vocabulary import listed
from eventstudy.frames import unflagged
from eventstudy.words import brief, visible

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES: Final = (".toml", ".csv", ".json")
_ENTRIES: Final = ("event", "events")
LONGEST_FIELD: Final = 10_000_000  # characters; csv's own limit of 131,072 would cut long texts short with an error


def read_file(path: Path) -> Draft:
    """Return the draft of a catalogue file, by its suffix."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        msg = f"{visible(str(path))}: a catalogue file ends in {', '.join(SUFFIXES)}, not {suffix or 'nothing'!r}"
        raise CatalogError(msg)
    text = read_text(existing_file(path, CatalogError), CatalogError)
    read = {".toml": read_toml, ".csv": _read_csv, ".json": _read_json}[suffix]
    return read(text, visible(str(path)), path.stem)


def read_toml(text: str, origin: str, name: str) -> Draft:
    """Return the draft of a TOML text: a header, and one ``[[event]]`` table each."""
    return _from_entries(parse_toml(text, origin, CatalogError), origin, name)


def _read_json(text: str, origin: str, name: str) -> Draft:
    doubled: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            doubled.append(_twice(key for key, _ in items))
        return made

    content = parse_json(text, origin, CatalogError, object_pairs_hook=pairs)
    if doubled:
        msg = f"{origin}: key {brief(doubled[0])!r} stands twice in one object; keep one of them"
        raise CatalogError(msg)
    return _from_entries({"events": content} if isinstance(content, list) else content, origin, name)


def _twice(names: Iterable[str]) -> str:
    """Return the first name that stands there more than once; empty if none does."""
    return next((name for name, times in Counter(names).items() if times > 1), "")


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
            named = f" {brief(title, 60)!r}" if isinstance(title, str) and title else ""
            place = f"{origin}, event {number}{named}"
            records.append(Record(place, entry))
        else:
            problems.append(Problem(f"{origin}, event {number}", "", brief(entry), "a table of keys and values"))
    if problems:
        msg = f"{origin}: the catalogue has entries that are no events"
        raise CatalogError(msg, tuple(problems))
    return Draft(origin, name, header, records)


def _as_list(value: object, origin: str) -> list[Any]:
    if not isinstance(value, list):
        msg = f"{origin}: events stand in [[event]] tables (TOML) or in a list under 'events' (JSON)"
        raise CatalogError(msg)
    return value


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
    """Return the draft of a DataFrame; an index called id or event_id, or of several levels, is columns like the others."""
    origin, frame = "DataFrame", unflagged(frame)
    columns = tuple(str(column) for column in frame.columns)
    lists = [frame.iloc[:, position].tolist() for position in range(len(columns))]
    for level, name in enumerate(frame.index.names):
        if name in {"id", "event_id"} or (frame.index.nlevels > 1 and name is not None):
            columns = (*columns, str(name))
            lists.append(frame.index.get_level_values(level).tolist())
    if twice := _twice(columns):
        msg = f"{origin}: column {twice!r} stands twice; {listed(dict.fromkeys(columns))}"
        raise CatalogError(msg)
    records = [
        Record(f"{origin}, row {_label(label)}", dict(zip(columns, cells, strict=True)))
        for label, cells in zip(
            frame.index.tolist(), zip(*lists, strict=True) if lists else [()] * len(frame), strict=True
        )
    ]
    attrs = frame.attrs.get("catalog", {})
    if not isinstance(attrs, Mapping):
        msg = f"{origin}: attrs['catalog'] is {brief(attrs)!r}, not the header of a catalogue; take it out"
        raise CatalogError(msg)
    return Draft(origin, "events", dict(attrs), records, columns)


def _label(label: object) -> str:
    try:
        return brief(repr(label))
    except (ValueError, RecursionError):
        return brief(label)
