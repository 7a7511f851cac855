"""Choosing events: which conditions there are, and which values they may take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from eventstudy.errors import InputError
from eventstudy.events.event import Event
from eventstudy.events.moments import parse_date
from eventstudy.events.vocabulary import CONFIDENCES, PRECISIONS, TIERS, Vocabulary, one_of
from eventstudy.words import brief

EQUAL: Final = ("stance", "level", "tier", "scope", "precision", "confidence", "cluster")
FLAGS: Final = ("lead", "scheduled", "doubtful")
DATES: Final = ("since", "until")
JOINED: Final = ("target", "instrument")  # several values in one cell, joined by +
CONDITIONS: Final = ("event_id", "actor", *EQUAL[:4], *JOINED, *FLAGS, *DATES, *EQUAL[4:])


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that conditions may ask for: those of the catalogue that was loaded, not of a selection from it.

    Attributes
    ----------
    values : mapping of str to tuple of str
        For each condition, the values that are known.
    principal : str
        Who acts in the events whose actor is ``both``.
    """

    values: Mapping[str, tuple[str, ...]]
    principal: str

    @classmethod
    def of(cls, events: tuple[Event, ...], vocabulary: Vocabulary) -> Domain:
        """Return the domain of a whole catalogue."""
        found = {
            "event_id": [event.id for event in events],
            "actor": [part for event in events for part in (event.actor, *event.actor.split("+"))],
            "scope": [event.scope for event in events],
            "cluster": [event.cluster for event in events],
            "target": [part for event in events for part in (event.target, *event.target.split("+"))],
            "instrument": [part for event in events for part in (event.instrument, *event.instrument.split("+"))],
        }
        fixed = {
            "stance": vocabulary.stances,
            "level": vocabulary.all_levels,
            "tier": TIERS,
            "precision": PRECISIONS,
            "confidence": CONFIDENCES,
        }
        return cls({key: tuple(sorted(set(values))) for key, values in found.items()} | fixed, vocabulary.principal)


def choose(
    events: tuple[Event, ...], domain: Domain, conditions: Mapping[str, Any]
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return the events that meet every condition, and the conditions as text; None asks for nothing."""
    asked = {key: value for key, value in conditions.items() if value is not None}
    unknown = [key for key in asked if key not in CONDITIONS]
    if unknown:
        msg = f"select has no condition {unknown[0]!r}; it knows {one_of(CONDITIONS, unknown[0])}"
        raise InputError(msg)
    said = []
    days = {key: _day(key, asked[key]) for key in DATES if key in asked}
    if len(days) == len(DATES) and days["since"] > days["until"]:
        msg = f"select: since {days['since']} lies after until {days['until']}"
        raise InputError(msg)
    for key in (key for key in CONDITIONS if key in asked):
        if key in DATES:
            said.append(f"{key} {days[key]}")
            test = _dated(key, days[key])
        elif key in FLAGS:
            flag = _flag(key, asked[key])
            said.append(f"{key} = {str(flag).lower()}")
            test = _flagged(key, flag)
        else:
            wanted = _wanted(key, asked[key], domain)
            shown = [value or "(empty)" for value in wanted]
            said.append(f"{key} = {shown[0]}" if len(shown) == 1 else f"{key} in ({', '.join(shown)})")
            test = _valued(key, frozenset(wanted), domain.principal)
        events = tuple(event for event in events if test(event))
    return events, tuple(said)


def _day(key: str, value: object) -> Any:
    try:
        return parse_date(value)
    except ValueError as error:
        msg = f"select: {key} {brief(repr(value))} is not {error}"
        raise InputError(msg) from error


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool | np.bool_):
        msg = f"select: {key} {value!r} is not True or False"
        raise InputError(msg)
    return bool(value)


def _wanted(key: str, value: object, domain: Domain) -> list[str]:
    known = domain.values[key]
    listed = [value] if isinstance(value, str) else value
    if not hasattr(listed, "__iter__"):
        msg = f"select: {key} {value!r} is not a text or a list of texts"
        raise InputError(msg)
    wanted: Iterable[object] = list(listed)
    strange = [item for item in wanted if not isinstance(item, str) or item not in known]
    if strange:
        msg = f"select: {key} {brief(repr(strange[0]))} is not {_short(one_of(known, str(strange[0])))}"
        raise InputError(msg)
    if not wanted:
        msg = f"select: {key} is an empty list; leave it out to take every one"
        raise InputError(msg)
    return [str(item) for item in dict.fromkeys(wanted)]


def _short(text: str, most: int = 600) -> str:
    """Keep a list of hundreds of ids from filling the screen, and its hint at the end."""
    if len(text) <= most:
        return text
    head, mark, hint = text.rpartition("; did you mean")
    return f"{(head or text)[:most]}, …{mark}{hint if mark else ''}"


def _dated(key: str, day: Any) -> Callable[[Event], bool]:
    if key == "since":
        return lambda event: event.announced_at.date() >= day
    return lambda event: event.announced_at.date() <= day


def _flagged(key: str, flag: bool) -> Callable[[Event], bool]:  # noqa: FBT001  internal
    return lambda event: getattr(event, key) is flag


def _valued(key: str, wanted: frozenset[str], principal: str) -> Callable[[Event], bool]:
    if key == "event_id":
        return lambda event: event.id in wanted
    if key == "actor":
        return lambda event: not wanted.isdisjoint(_acting(event, wanted, principal))
    if key in JOINED:
        return lambda event: not wanted.isdisjoint((getattr(event, key), *getattr(event, key).split("+")))
    return lambda event: getattr(event, key) in wanted


def _acting(event: Event, wanted: frozenset[str], principal: str) -> set[str]:
    """Return who of `wanted` acts in an event.

    ``both`` are the principal and the target, whose name a catalogue may write small; without a principal, ``both``
    stands for whomever one asks, but for nobody who acts in no one's name (``none``).
    """
    acting = {event.actor, *event.actor.split("+")}
    if "both" in acting:
        targets = {part.casefold() for part in event.target.split("+")}
        acting |= {
            actor
            for actor in wanted
            if actor == principal or (actor.casefold() in targets if principal else actor != "none")
        }
    return acting
