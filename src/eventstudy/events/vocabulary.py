"""The closed vocabularies of a catalogue: stances, levels, tiers, time precisions, confidence.

The rubric that gives these words their meaning is docs/events.md. Stances and levels are a catalogue's own choice when
it declares them (central-bank decisions: hike, hold, cut); tiers, precisions and confidence are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from eventstudy.errors import CatalogError
from eventstudy.words import brief, in_a_row, nearest, writable

STANCES: Final = ("escalation", "softening", "talks", "mixed")
LEVELS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"escalation": ("E1", "E2", "E3"), "softening": ("S1", "S2", "S3")}
)
TIERS: Final = ("", "A", "B", "C")
CONFIDENCES: Final = ("", "high", "medium", "low")

HALF_WIDTHS: Final[Mapping[str, pd.Timedelta]] = MappingProxyType(
    {
        "exact_sec": pd.Timedelta(0),
        "exact_min": pd.Timedelta(0),
        "approx_5min": pd.Timedelta(minutes=5),
        "approx_30min": pd.Timedelta(minutes=30),
        "approx_hour": pd.Timedelta(minutes=60),
    }
)
"""How far the true moment may lie from the stated one; `date_only` leaves the whole day open instead."""

LEAVE_OUT: Final = "leave out"
"""The other label of a row that a careful coder could do without."""

DATE_ONLY: Final = "date_only"
PRECISIONS: Final = (*HALF_WIDTHS, DATE_ONLY)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words in which a catalogue speaks.

    Attributes
    ----------
    stances : tuple of str
        The stances that an event of the catalogue may have.
    levels : mapping of str to tuple of str
        For each stance, the levels that an event may have; a stance that is not named has none.
    opposed : tuple of str
        Two stances that contradict each other: a session that carries both is a conflict. Empty: there is no such pair.
    principal : str
        The actor who acts in every event whose actor is ``both``; the other one is the event's target. Empty:
        ``both`` stands for whomever one asks.
    """

    stances: tuple[str, ...] = STANCES
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: LEVELS)
    opposed: tuple[str, ...] = STANCES[:2]
    principal: str = ""

    def __post_init__(self) -> None:
        levels: Any = self.levels
        if not isinstance(levels, Mapping):
            msg = f"levels={brief(levels)}: a table of stances is expected, each with a list of levels"
            raise CatalogError(msg)
        lists = {"stances": self.stances, "opposed": self.opposed, "principal": (self.principal,)}
        for name, words in (lists | {f"levels of {brief(stance)}": own for stance, own in levels.items()}).items():
            if not is_sequence_of_texts(words):
                msg = f"{name}={brief(words)}: texts are expected that UTF-8 can write"
                raise CatalogError(msg)

    @property
    def all_levels(self) -> tuple[str, ...]:
        """Every level of every stance, and the empty one."""
        return ("", *dict.fromkeys(level for stance in self.stances for level in self.levels.get(stance, ())))

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Every other label that a careful coder could give: a stance, with a level if it has one, or none at all."""
        levelled = (f"{stance} {level}" for stance in self.stances for level in self.levels.get(stance, ()))
        return ("", LEAVE_OUT, *self.stances, *levelled)


def is_sequence_of_texts(words: object) -> bool:
    """Whether a value is a list of texts that can be written to a file."""
    return isinstance(words, list | tuple) and all(isinstance(word, str) and writable(word) for word in words)


def one_of(allowed: Iterable[str], value: str = "") -> str:
    """Return "one of: …" for a message, and the nearest match of `value` if there is one.

    Examples
    --------
    >>> one_of(["escalation", "softening"], "sofetning")
    "one of: escalation, softening; did you mean 'softening'?"
    """
    words = tuple(allowed)
    return listed(words) + nearest(value, words)


def listed(allowed: Collection[str]) -> str:
    """Return "one of: …" for a message; of a long list its first words and their number."""
    return f"one of: {in_a_row(allowed)}"


class NotListed(ValueError):
    """A value that is no word of a list; the near word is looked for when the message is read, and only then.

    Looking takes longer than reading a row: of 100,000 bad ones, the message lists 50.

    Parameters
    ----------
    value : str
        What stands there.
    allowed : collection of str
        The words.
    expected : str, optional
        What is expected, in words; by default the list.
    """

    def __init__(self, value: str, allowed: Collection[str], expected: str = "") -> None:
        self.expected = expected or listed(allowed)
        self._value, self._allowed = value, allowed
        super().__init__(self.expected)

    def __str__(self) -> str:
        return self.expected + nearest(self._value, self._allowed)
