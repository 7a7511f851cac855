"""Loading: a shipped name, a file, a DataFrame or a catalogue, and the checks of a catalogue's header."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd

from eventstudy._shipped import shipped_text
from eventstudy.errors import CatalogError, Problem
from eventstudy.events.catalog import EventCatalog
from eventstudy.events.columns import parse_text
from eventstudy.events.moments import parse_zone
from eventstudy.events.readers import SUFFIXES, read_file, read_frame, read_toml
from eventstudy.events.validate import Draft, build_events, unknown_keys
from eventstudy.events.vocabulary import LEVELS, STANCES, Vocabulary, is_sequence_of_texts, one_of
from eventstudy.frames import as_pandas
from eventstudy.words import brief

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

#: Named here, not listed from the folder: a file that is missing is then told from a name that never was.
CATALOGUES: Final = ("fomc", "us-china", "us-china-v1")
HEADER: Final = ("name", "timezone", "stances", "levels", "opposed", "principal")


def shipped_catalogues() -> tuple[str, ...]:
    """Return the names of the catalogues that come with the package.

    Examples
    --------
    >>> "us-china" in shipped_catalogues()
    True
    """
    return CATALOGUES


def load_events(
    source: str | PathLike[str] | IntoFrame | EventCatalog,
    *,
    timezone: str | None = None,
    stances: Iterable[str] | None = None,
) -> EventCatalog:
    """Return a catalogue of events.

    Parameters
    ----------
    source : str, path, pandas.DataFrame or EventCatalog
        The name of a shipped catalogue, a ``.toml``, ``.csv`` or ``.json`` file, a frame with one row an event
        (pandas, polars, Arrow, DuckDB, …), or a catalogue, which is returned as it is. Needed are ``id`` (or ``event_id``), ``name``, ``announced_at`` and
        ``stance``; `Event` and docs/events.md describe the other columns. Texts are kept exactly.
    timezone : str, optional
        IANA name of the zone of moments that carry none, where the source itself does not say (a ``timezone`` key or
        column).
    stances : iterable of str, optional
        The stances of a source that has no header to declare its own (a CSV file, a frame). By default escalation,
        softening, talks and mixed, with their levels.

    Returns
    -------
    EventCatalog
        Ordered by moment and id.

    Raises
    ------
    CatalogError
        If the source is not known, empty or not readable, or with every bad row at once: file, row, column, value, and
        what was expected.

    Examples
    --------
    >>> load_events("us-china")
    EventCatalog 'us-china': 274 events, 2018-03-01 to 2026-08-20 (America/New_York); 149 escalation, 97 softening, 22 talks, 6 mixed
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["a"], "name": ["A"], "announced_at": ["2025-04-02 16:26"], "stance": ["escalation"]})
    >>> load_events(frame, timezone="America/New_York")["a"].announced_at
    Timestamp('2025-04-02 16:26:00-0400', tz='America/New_York')
    """
    given: object = stances
    if stances is not None and not isinstance(given, Iterable):
        msg = f"stances={brief(repr(given))} names no words; give them as a list, such as ['escalation', 'softening']"
        raise CatalogError(msg)
    declared = None if stances is None else (stances,) if isinstance(stances, str) else tuple(stances)
    if isinstance(source, EventCatalog):
        return _unchanged(source, timezone, declared)
    frame = as_pandas(source, CatalogError)
    if isinstance(frame, pd.DataFrame):
        return _build(read_frame(frame), timezone, declared)
    if isinstance(source, str) and source in shipped_catalogues():
        return _unchanged(_shipped(source), timezone, declared)
    try:
        path = Path(frame)
    except TypeError:
        msg = f"{type(source).__name__} {brief(source)} is not a shipped name, a path, a DataFrame or an EventCatalog"
        raise CatalogError(msg) from None
    if path.suffix.lower() not in SUFFIXES and not _is_there(path):
        known = shipped_catalogues()
        msg = f"catalogue {brief(source, 300)!r} is not {one_of(known, str(source))}, nor a file that ends in {', '.join(SUFFIXES)}"
        raise CatalogError(msg)
    return _build(read_file(path), timezone, declared)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False


@lru_cache(maxsize=8)
def _shipped(name: str) -> EventCatalog:
    text = shipped_text("eventstudy.events", f"catalogues/{name}.toml")
    return _build(read_toml(text, f"{name}.toml", name), None, None)


def _unchanged(catalog: EventCatalog, timezone: str | None, stances: tuple[str, ...] | None) -> EventCatalog:
    """Return the catalogue; asking it for another zone or other words is a mistake, not a wish to be ignored."""
    for key, asked, has in (
        ("timezone", timezone, catalog.timezone),
        ("stances", stances, catalog.vocabulary.stances),
    ):
        if asked is not None and asked != has:
            msg = f"catalogue {catalog.name!r} has {key} {has!r} already; leave {key}= out"
            raise CatalogError(msg)
    return catalog


def _build(draft: Draft, timezone: str | None, stances: tuple[str, ...] | None) -> EventCatalog:
    problems: list[Problem] = []
    name = _header_text(draft, "name", draft.name, problems)
    zone = _zone(draft, timezone, problems)
    vocabulary = _vocabulary(draft, stances, problems)
    strange = [str(key) for key in draft.header if key not in HEADER]
    problems += unknown_keys(f"{draft.origin}, header", strange, HEADER, "a key of the header")
    try:
        events, zone_used = build_events(draft, zone, vocabulary)
    except CatalogError as error:
        if not problems:
            raise
        problems += error.problems
    if problems:
        plural = "s" if len(problems) > 1 else ""
        msg = f"{draft.origin}: the catalogue has {len(problems)} problem{plural}"
        raise CatalogError(msg, tuple(problems))
    return EventCatalog.checked(events, name, zone_used, vocabulary)


def _header_text(draft: Draft, key: str, otherwise: str, problems: list[Problem]) -> str:
    value = draft.header.get(key, otherwise)
    try:
        return parse_text(value)
    except ValueError as error:
        problems.append(Problem(f"{draft.origin}, header", key, brief(value), str(error)))
    return otherwise


def _zone(draft: Draft, timezone: str | None, problems: list[Problem]) -> ZoneInfo | None:
    stated = draft.header.get("timezone")
    name = timezone if stated is None else stated
    if name is None:
        return None
    if stated is not None and timezone is not None and stated != timezone:
        expected = f"the timezone={timezone!r} that was passed; leave that out, or correct the file"
        problems.append(Problem(f"{draft.origin}, header", "timezone", brief(stated), expected))
    try:
        return parse_zone(brief(name))
    except ValueError as error:
        place = f"{draft.origin}, header" if stated is not None else "load_events"
        problems.append(Problem(place, "timezone", brief(name), str(error)))
        return parse_zone("UTC")  # so that the rows are checked too


def _vocabulary(draft: Draft, stances: tuple[str, ...] | None, problems: list[Problem]) -> Vocabulary:
    header: dict[str, Any] = dict(draft.header)
    place = f"{draft.origin}, header"

    def texts(key: str, value: object, expected: str) -> tuple[str, ...]:
        good = is_sequence_of_texts(value) and all(item.strip() for item in value)  # type: ignore[attr-defined]
        if not good or len(set(value)) != len(value):  # type: ignore[call-overload, arg-type]  # good says it is a list
            problems.append(Problem(place, key, brief(value), expected))
            return ()
        return tuple(value)  # type: ignore[arg-type]  # the same

    own = header.get("stances", stances)
    words = STANCES if own is None else texts("stances", own, "a list of different texts") or STANCES
    given = header.get("levels", LEVELS if words == STANCES else {})
    if not hasattr(given, "items"):
        problems.append(Problem(place, "levels", brief(given), "a table of stances, each with a list of levels"))
        given = {}
    levels = {str(key): texts("levels", value, "a list of different texts") for key, value in given.items()}
    known = frozenset(words)
    strange = unknown_keys(place, [key for key in levels if key not in known], words, "a stance of this catalogue")
    problems += [replace(problem, column="levels") for problem in strange]
    usual = [stance for stance in Vocabulary().opposed if words == STANCES]
    opposed = texts("opposed", header.get("opposed", usual), "a list of two stances, or of none")
    if len(opposed) not in {0, 2} or not set(opposed) <= set(words):
        problems.append(
            Problem(place, "opposed", brief(list(opposed)), f"two stances of this catalogue, {one_of(words)}")
        )
        opposed = ()
    principal = _header_text(draft, "principal", "", problems)
    return Vocabulary(words, levels, opposed, principal)
