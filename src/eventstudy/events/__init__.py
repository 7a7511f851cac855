"""What happened and when: catalogues of announcements as data, and the first session that could react to each.

A catalogue stores what was said, by whom and how exactly the moment is known. Sessions are never stored: a calendar
derives them, together with how sure they are.
"""

from __future__ import annotations

from eventstudy.events.catalog import EventCatalog
from eventstudy.events.episodes import (
    load_episodes,
    load_macro_calendar,
    load_reliefs,
    load_stretches,
    record_ends,
)
from eventstudy.events.event import Event
from eventstudy.events.load import load_events, shipped_catalogues
from eventstudy.events.vocabulary import Vocabulary

__all__ = [
    "Event",
    "EventCatalog",
    "Vocabulary",
    "load_episodes",
    "load_events",
    "load_macro_calendar",
    "load_reliefs",
    "load_stretches",
    "record_ends",
    "shipped_catalogues",
]
