"""The catalogue: an immutable, ordered sequence of events with a name, a time zone and a vocabulary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from eventstudy.errors import CatalogError, InputError
from eventstudy.events import frames as tables, toml as writer
from eventstudy.events.columns import parse_text
from eventstudy.events.event import Event
from eventstudy.events.moments import parse_zone, zone_name
from eventstudy.events.selection import Domain, choose
from eventstudy.events.validate import Draft, Record, build_events
from eventstudy.events.vocabulary import Vocabulary
from eventstudy.frames import to_arrow, to_polars
from eventstudy.words import brief, nearest, visible

if TYPE_CHECKING:
    import pandas as pd

HTML_ROWS = 20  # rows that a notebook shows; the rest is counted


class EventCatalog:
    """An immutable sequence of events, ordered by moment and then id.

    Parameters
    ----------
    events : iterable of Event
        At least one, with unique ids.
    name : str
        What the catalogue is called.
    timezone : str, optional
        IANA name of the zone in which its dates are meant; the zone of the events if they share one, else UTC.
    vocabulary : Vocabulary, optional
        Its stances and levels, and which stances contradict each other. By default the four of the tariff rubric.

    Attributes
    ----------
    events : tuple of Event
        The events.
    name, timezone, vocabulary
        As given.
    selection : tuple of str
        What was asked of `select` to get here, one text a condition; empty for a whole catalogue.

    Raises
    ------
    CatalogError
        With every problem of every event.

    Examples
    --------
    >>> from eventstudy.events import load_events
    >>> catalog = load_events("us-china")
    >>> catalog.select(stance="softening", actor="US", since="2025-04-01", until="2025-04-30", lead=True)
    EventCatalog 'us-china': 6 events, 2025-04-09 to 2025-04-28 (America/New_York); 6 softening
    >>> catalog["2025-04-02_liberation"].announced_at
    Timestamp('2025-04-02 16:26:00-0400', tz='America/New_York')
    """

    def __init__(
        self,
        events: Iterable[Event],
        name: str = "events",
        *,
        timezone: str | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        try:
            parse_text(name)
        except ValueError as error:
            msg = f"name={brief(repr(name))} is not {error}; pass name='…', or leave it out"
            raise CatalogError(msg) from None
        words: Any = Vocabulary() if vocabulary is None else vocabulary
        if not isinstance(words, Vocabulary):
            msg = f"vocabulary={brief(repr(words))} is no Vocabulary; pass vocabulary=Vocabulary(…), or leave it out"
            raise CatalogError(msg)
        given: tuple[Any, ...] = tuple(events)
        strange = next((item for item in given if not isinstance(item, Event)), None)
        if strange is not None:
            msg = f"catalogue {name!r}: {brief(strange)!r} is not an Event"
            raise CatalogError(msg)
        zones = {zone_name(event.announced_at.tz) for event in given}
        zone = timezone or (zones.pop() if len(zones) == 1 else "UTC")
        records = [
            Record(f"event {event.id!r}", {item.name: getattr(event, item.name) for item in fields(Event)})
            for event in given
        ]
        draft = Draft(f"catalogue {name!r}", name, {}, records)
        try:
            meant = parse_zone(zone)
        except ValueError as error:
            msg = f"catalogue {name!r}: timezone {brief(zone)!r} is not {error}"
            raise CatalogError(msg) from None
        checked, zone = build_events(draft, meant, words)
        self._set(checked, name, zone, words, Domain.of(checked, words), ())

    @classmethod
    def checked(cls, events: tuple[Event, ...], name: str, timezone: str, vocabulary: Vocabulary) -> EventCatalog:
        """Return a catalogue of events that `build_events` has checked and ordered."""
        made = object.__new__(cls)
        made._set(events, name, timezone, vocabulary, Domain.of(events, vocabulary), ())
        return made

    def _set(
        self,
        events: tuple[Event, ...],
        name: str,
        timezone: str,
        vocabulary: Vocabulary,
        domain: Domain,
        selection: tuple[str, ...],
    ) -> None:
        self.__dict__.update(
            events=events,
            name=name,
            timezone=timezone,
            vocabulary=vocabulary,
            selection=selection,
            _domain=domain,
            _by_id={event.id: event for event in events},
        )

    if TYPE_CHECKING:
        events: tuple[Event, ...]
        name: str
        timezone: str
        vocabulary: Vocabulary
        selection: tuple[str, ...]
        _domain: Domain
        _by_id: dict[str, Event]

    def __setattr__(self, name: str, value: object) -> None:
        msg = f"an EventCatalog does not change (setting {name!r}); select from it, or make another"
        raise AttributeError(msg)

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __contains__(self, item: object) -> bool:
        return item in self._by_id if isinstance(item, str) else item in self.events

    @overload
    def __getitem__(self, key: str | int) -> Event: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, key: str | int | slice) -> Event | tuple[Event, ...]:
        if not isinstance(key, str):
            return self.events[key]
        if key not in self._by_id:
            msg = f"catalogue {self.name!r} has no event {key!r}{nearest(key, self._by_id)}"
            raise KeyError(msg)
        return self._by_id[key]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventCatalog) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        if not self.events:
            return f"EventCatalog {self.name!r}: no event"
        days = f"{self.events[0].announced_at:%Y-%m-%d} to {self.events[-1].announced_at:%Y-%m-%d}"
        counts = [
            f"{count} {visible(stance)}"
            for stance in self.vocabulary.stances
            if (count := sum(event.stance == stance for event in self.events))
        ]
        plural = "event" if len(self) == 1 else "events"
        return f"EventCatalog {self.name!r}: {len(self)} {plural}, {days} ({self.timezone}); {', '.join(counts)}"

    def _repr_html_(self) -> str:
        return tables.to_html(repr(self), self.events, HTML_ROWS)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content: every field of every event, the time zone and the vocabulary, but not the name."""
        words = self.vocabulary
        content = {
            "timezone": self.timezone,
            "stances": words.stances,
            "levels": {stance: words.levels[stance] for stance in sorted(words.levels)},
            "opposed": words.opposed,
            "principal": words.principal,
            # a column younger than the digests that people keep: where it says nothing, it changes none
            "events": [
                {key: value for key, value in writer.plain(event).items() if value or key != "alternative"}
                for event in self.events
            ],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def provenance(self) -> dict[str, Any]:
        """What a study says of the catalogue that it used: name, events, digest, selection."""
        return {
            "name": self.name,
            "events": len(self),
            "digest": self.digest,
            "timezone": self.timezone,
            "selection": list(self.selection),
        }

    def select(self, **conditions: Any) -> EventCatalog:
        """Return the events that meet every condition; each takes one value or a list of them.

        Parameters
        ----------
        **conditions
            ``event_id``, ``stance``, ``level`` (``""`` for none), ``tier``, ``scope``, ``precision``, ``confidence``,
            ``cluster``: equal to a value.
            ``actor``: the actor acts, alone or with others; ``both`` counts for the catalogue's principal and for the
            event's target. ``target``, ``instrument``: named, alone or with others (``canada`` is in
            ``canada+mexico``).
            ``lead``, ``scheduled``, ``doubtful``: True or False.
            ``since``, ``until``: dates in the catalogue's time zone, both included.

        Returns
        -------
        EventCatalog
            With the same name and time zone; it may be empty. ``selection`` says what was asked.

        Raises
        ------
        InputError
            If a condition is not known, or a value occurs nowhere in the catalogue that was loaded; the message lists
            those that do.

        Examples
        --------
        >>> from eventstudy.events import load_events
        >>> chosen = load_events("us-china").select(stance=["escalation", "softening"], scope="china", until="2018-12-31")
        >>> len(chosen), chosen.selection
        (34, ('stance in (escalation, softening)', 'scope = china', 'until 2018-12-31'))
        """
        events, said = choose(self.events, self._domain, conditions)
        return self._derive(events, (*self.selection, *said))

    def _derive(self, events: tuple[Event, ...], selection: tuple[str, ...]) -> EventCatalog:
        made = object.__new__(EventCatalog)
        made._set(events, self.name, self.timezone, self.vocabulary, self._domain, selection)
        return made

    def sessions(self, calendar: str = "XNYS") -> pd.DataFrame:
        """Return, for each event, the first session that could react, and how sure that is.

        Parameters
        ----------
        calendar : str
            An exchange calendar by its ISO 10383 code; sessions are the local ones (Hong Kong closes before New York
            opens).

        Returns
        -------
        pandas.DataFrame
            Indexed by ``event_id``, ordered by moment and id. ``timing``: pre_open, intraday, after_close, weekend or
            holiday. ``session``: the first session whose official close lies after the moment. ``session_earliest``,
            ``session_latest``: the same for the ends of what the precision leaves open; ``session_certain`` where
            they agree. ``conflict``: the session carries two opposed stances within this catalogue (actor ``none``
            left out), so that no single reaction can be read from it; ``conflict_with``: the ids of the events that
            oppose this one (of both sides, for an event of neither). ``same_session``: the ids of all other events of
            the session. Ids are joined by spaces.

        Examples
        --------
        >>> from eventstudy.events import load_events
        >>> table = load_events("us-china").sessions("XNYS")
        >>> str(table.loc["2025-10-10_100pct", "session"].date()), table.loc["2025-10-10_100pct", "conflict_with"]
        ('2025-10-13', '2025-10-12_dontworry')
        """
        return tables.sessions_table(self.events, self.timezone, self.vocabulary.opposed, calendar)

    def without_conflicts(self, calendar: str = "XNYS") -> EventCatalog:
        """Return the events whose first session carries no opposed stances: a study reads no one's reaction from the others.

        A study of events by stance averages every event that it is given; which sessions carry both, `sessions` says.

        Examples
        --------
        >>> from eventstudy.events import load_events
        >>> chosen = load_events("us-china").select(scope=["china", "global"], since="2025-01-01")
        >>> len(chosen), len(chosen.without_conflicts())
        (162, 143)
        """
        table = self.sessions(calendar)
        kept = set(table.index[~table["conflict"]])
        return self._derive(
            tuple(event for event in self.events if event.id in kept), (*self.selection, "without conflicts")
        )

    def to_frame(self) -> pd.DataFrame:
        """Return every field of every event, indexed by ``event_id``, ordered by moment and id.

        Moments carry the catalogue's time zone, ``effective_date`` is a naive midnight, rates are percent (NaN where
        none is stated), flags are booleans, and texts stand as they are. `load_events` takes the frame back.

        Examples
        --------
        >>> from eventstudy.events import load_events
        >>> frame = load_events("us-china").to_frame()
        >>> frame.shape[0], str(frame["announced_at"].dtype)
        (274, 'datetime64[us, America/New_York]')
        """
        return tables.to_frame(self.name, self.events, self.timezone, self.vocabulary)

    def to_arrow(self) -> Any:
        """Return `to_frame` as a pyarrow Table; what is missing is null."""
        return to_arrow(self.to_frame())

    def to_polars(self) -> Any:
        """Return `to_frame` as a polars DataFrame; what is missing is null."""
        return to_polars(self.to_frame())

    def to_toml(self, path: str | PathLike[str] | None = None) -> str:
        """Return the catalogue as the text of a TOML file, and write it to `path` if one is given.

        The text is the form of the shipped catalogues: one ``[[event]]`` table each, keys in a fixed order, what is
        empty or the default left out. The same catalogue gives the same bytes, and `load_events` reads them back.

        Raises
        ------
        InputError
            If the catalogue is empty (a file needs an event), or the file cannot be written.
        """
        if not self.events:
            msg = f"catalogue {self.name!r} is empty: there is nothing to write"
            raise InputError(msg)
        return writer.to_toml(self.name, self.events, self.timezone, self.vocabulary, path)
