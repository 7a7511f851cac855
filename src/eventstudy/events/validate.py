"""Rows into events: every cell is checked, and every bad one is listed at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from eventstudy.errors import LISTED, CatalogError, Problem
from eventstudy.events.columns import ALIASES, COLUMNS, MOMENTS, PLAIN, REQUIRED, is_empty
from eventstudy.events.event import Event, day_of
from eventstudy.events.moments import NO_ZONE, parse_moment, parse_zone, zone_name
from eventstudy.events.vocabulary import DATE_ONLY, NotListed, Vocabulary, listed, one_of
from eventstudy.words import brief

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it was found: where it stands, and its cells by column."""

    place: str
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Draft:
    """A catalogue as it was found, before any check.

    Attributes
    ----------
    origin : str
        The file, or what else it came from, as messages call it.
    name : str
        What the catalogue is called unless its header says otherwise.
    header : mapping
        Keys that speak for the whole catalogue.
    records : list of Record
        Its rows, in the order of the file.
    columns : tuple of str or None
        The columns of a table; None where each row names its own keys.
    """

    origin: str
    name: str
    header: Mapping[str, object] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    columns: tuple[str, ...] | None = None


def build_events(draft: Draft, zone: ZoneInfo | None, vocabulary: Vocabulary) -> tuple[tuple[Event, ...], str]:
    """Return the events of a draft in their order, and the name of the time zone in which they are stated."""
    problems = _check_columns(draft)
    if not draft.records:
        msg = f"{draft.origin}: the catalogue is empty; it needs at least one event"
        raise CatalogError(msg)
    parsed: list[dict[str, Any]] = []
    levels = vocabulary.all_levels
    seen: dict[str, str] = {}
    for record in draft.records:
        cells = record.cells
        if not ALIASES.keys().isdisjoint(cells):
            cells = {ALIASES.get(key, key): value for key, value in cells.items()}
        row = _Row(record.place, cells, hinted=len(problems) < LISTED)
        row.parse(zone, vocabulary, levels, own_keys=draft.columns is None)
        problems += row.problems
        name = row.parsed.get("id")
        if name is not None and name in seen:
            problems.append(Problem(record.place, "id", brief(name), f"unique: {seen[name]} has it already"))
        elif name is not None:
            seen[name] = record.place
        parsed.append(row.parsed)
    problems = _with_own_words(_gather_zoneless(problems))
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        msg = f"{draft.origin}: the catalogue has {count}"
        raise CatalogError(msg, tuple(problems))
    target = zone or _common_zone(values["announced_at"] for values in parsed)
    return order(_assemble(values, target) for values in parsed), target.key


def order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events by moment, then id: the order of every table."""
    return tuple(sorted(events, key=lambda event: (event.announced_at, event.id)))


def _gather_zoneless(problems: list[Problem]) -> list[Problem]:
    """Say once, with the number of rows, that a whole column of moments lacks a time zone."""
    zoneless = [problem for problem in problems if problem.expected == NO_ZONE]
    if len(zoneless) < 2:
        return problems
    first = replace(zoneless[0], expected=f"{NO_ZONE} (and {len(zoneless) - 1} more like it)")
    return [first, *(problem for problem in problems if problem.expected != NO_ZONE)]


def _with_own_words(problems: list[Problem]) -> list[Problem]:
    """Say once, at the first stance that is like none there is, how words of one's own are named."""
    for at, one in enumerate(problems):
        if one.column == "stance" and one.expected.startswith("one of") and "did you mean" not in one.expected:
            way = "words of your own: load_events(…, stances=[…]), whose to_toml(path) writes a catalogue for study files and commands"
            return [*problems[:at], replace(one, expected=f"{one.expected}; {way}"), *problems[at + 1 :]]
    return problems


def _check_columns(draft: Draft) -> list[Problem]:
    """Name the columns that a table lacks or should not have; rows with keys of their own are checked one by one."""
    if draft.columns is None:
        return []
    unknown = [column for column in draft.columns if ALIASES.get(column, column) not in COLUMNS]
    place = f"{draft.origin}, header"
    problems = unknown_keys(place, unknown, COLUMNS, "a column of a catalogue")
    named = [ALIASES.get(column, column) for column in draft.columns]
    problems += [
        Problem(place, column, "", f"there: the column is missing (needed: {', '.join(REQUIRED)})")
        for column in REQUIRED
        if column not in named
    ]
    problems += [
        Problem(place, column, brief(column), "there once: the column stands twice (event_id is id, ticker is symbol)")
        for column, times in Counter(named).items()
        if times > 1
    ]
    return problems


def unknown_keys(place: str, keys: Iterable[str], known: tuple[str, ...], what: str) -> list[Problem]:
    """Return one problem a key that is not known; for those that a message lists, the nearest of the known ones."""
    plain = f"{what}, {one_of(known)}"
    return [
        Problem(place, brief(key), brief(key), f"{what}, {one_of(known, key)}" if at < LISTED else plain)
        for at, key in enumerate(keys)
    ]


@dataclass(slots=True)
class _Row:
    """One row while it is parsed: what it says, and what is wrong with it."""

    place: str
    cells: Mapping[str, object]
    hinted: bool = True
    parsed: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def bad(self, column: str, expected: str | ValueError) -> None:
        value = self.cells.get(column)
        said = expected.expected if isinstance(expected, NotListed) and not self.hinted else str(expected)
        self.problems.append(Problem(self.place, column, "" if is_empty(value) else brief(value), said))

    def parse(self, zone: ZoneInfo | None, vocabulary: Vocabulary, levels: tuple[str, ...], *, own_keys: bool) -> None:
        """Parse every cell; what is empty stays out of the values."""
        for column in REQUIRED:
            if is_empty(self.cells.get(column)) and (own_keys or column in self.cells):
                self.bad(column, "there: every event needs it")
        if own_keys:
            unknown = [key for key in self.cells if key not in COLUMNS]
            self.problems += unknown_keys(self.place, unknown, COLUMNS, "a column of a catalogue") if unknown else []
        filled = {key: value for key, value in self.cells.items() if not is_empty(value)}
        for column in (key for key in PLAIN if key in filled):
            try:
                self.parsed[column] = PLAIN[column](filled[column])
            except ValueError as error:
                self.bad(column, error)
        self.parse_moments(filled, zone)
        self.parse_words(filled, vocabulary, levels)

    def parse_moments(self, filled: Mapping[str, object], zone: ZoneInfo | None) -> None:
        """Parse the moments, in the row's own time zone if it has one; the bounds must hold the moment."""
        if "timezone" in filled:
            try:
                zone = parse_zone(brief(filled["timezone"]))
            except ValueError as error:
                self.bad("timezone", error)
                zone = parse_zone("UTC")  # so that the moments are checked too
        for column in (key for key in MOMENTS if key in filled):
            try:
                self.parsed[column], shown = parse_moment(filled[column], zone)
            except ValueError as error:
                self.bad(column, error)
            else:
                if column == "announced_at" and "precision" not in filled:
                    self.parsed["precision"] = shown
        moment = self.parsed.get("announced_at")
        if moment is not None and self.parsed.get("earliest", moment) > moment:
            self.bad("earliest", f"at or before announced_at ({moment})")
        if moment is not None and self.parsed.get("latest", moment) < moment:
            self.bad("latest", f"at or after announced_at ({moment})")

    def parse_words(self, filled: Mapping[str, object], vocabulary: Vocabulary, levels: tuple[str, ...]) -> None:
        """Parse the words whose list is the catalogue's own choice: the stance, and the level that must fit it."""
        stance, level = filled.get("stance"), filled.get("level", "")
        if isinstance(stance, str) and stance in vocabulary.stances:
            self.parsed["stance"] = stance
            levels = ("", *vocabulary.levels.get(stance, ()))
        elif stance is not None:
            self.bad("stance", NotListed(brief(stance), vocabulary.stances))
        if isinstance(level, str) and level in levels:
            self.parsed["level"] = level
        else:
            fits = f"a level of stance {stance!r}, " if "stance" in self.parsed else ""
            self.bad("level", NotListed(brief(level), levels, f"{fits}{listed(levels)}"))
        other = filled.get("alternative", "")
        if isinstance(other, str) and other in vocabulary.alternatives:
            self.parsed["alternative"] = other
        else:
            self.bad("alternative", NotListed(brief(other), vocabulary.alternatives))


def _common_zone(moments: Iterable[pd.Timestamp]) -> ZoneInfo:
    """Return the zone of all moments, UTC if they differ or are offsets without a place."""
    names = {zone_name(moment.tz) for moment in moments}
    return parse_zone(names.pop() if len(names) == 1 else "UTC")


def _assemble(values: dict[str, Any], zone: ZoneInfo) -> Event:
    """Make the event, its moments in the catalogue's time zone; a date keeps the day of the zone it was stated in."""
    moment = values["announced_at"]
    stated = ((key, values[key]) for key in MOMENTS if key in values)
    moved: dict[str, pd.Timestamp] = {
        key: stamp if stamp.tz is zone else stamp.tz_convert(zone) for key, stamp in stated
    }
    if values["precision"] == DATE_ONLY and moved["announced_at"].utcoffset() != moment.utcoffset():
        low, high = day_of(moment)
        moved = {"earliest": low.tz_convert(zone), "latest": high.tz_convert(zone)} | moved
    return Event(**values | moved)
