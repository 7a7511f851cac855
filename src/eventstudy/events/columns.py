"""The columns of a catalogue: for each one, how a cell becomes a value, and what is expected of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from eventstudy.events.moments import parse_date
from eventstudy.events.vocabulary import CONFIDENCES, PRECISIONS, TIERS, NotListed
from eventstudy.words import brief, writable

REQUIRED: Final = ("id", "name", "announced_at", "stance")
ALIASES: Final = {"event_id": "id", "ticker": "symbol"}
MOMENTS: Final = ("announced_at", "earliest", "latest")


def is_empty(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or an empty text."""
    if isinstance(value, str):
        return not value
    # arrays and lists are wrong, not empty: whoever parses the cell says so
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))  # type: ignore[call-overload]  # is_scalar narrows nothing


def parse_text(value: object) -> str:
    """Return a text exactly as it stands."""
    if not isinstance(value, str):
        msg = "a text (put it in quotes)"
        raise ValueError(msg)  # noqa: TRY004  every cell that is wrong is a ValueError with what was expected
    if not writable(value):
        msg = "a text that UTF-8 can write (it holds half of a surrogate pair)"
        raise ValueError(msg)
    return value


def _label(value: object) -> str:
    text = parse_text(value)
    if not text.strip():
        msg = "a text that says something"
        raise ValueError(msg)
    return text


_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True, "no": False, "yes": True}


def _flag(value: object) -> bool:
    key = str(value).casefold() if isinstance(value, str | bool | np.bool_) else ""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool) and value in (0, 1):
        key = str(int(value))
    if key not in _FLAGS:
        msg = "a flag: 0 or 1, false or true, no or yes"
        raise ValueError(msg)
    return _FLAGS[key]


def _percent(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float | np.number) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        msg = "a number of percent such as 25 or 7.5"
        raise ValueError(msg)
    return number


def _word(allowed: tuple[str, ...]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise NotListed(brief(value), allowed)
        return value

    return parse


PLAIN: Final[Mapping[str, Callable[[object], object]]] = {
    "id": _label,
    "name": _label,
    "precision": _word(PRECISIONS),
    "actor": parse_text,
    "target": parse_text,
    "scope": parse_text,
    "instrument": parse_text,
    "tier": _word(TIERS),
    "cluster": parse_text,
    "lead": _flag,
    "scheduled": _flag,
    "doubtful": _flag,
    "rate_before": _percent,
    "rate_after": _percent,
    "effective_date": parse_date,
    "confound": parse_text,
    "summary": parse_text,
    "source": parse_text,
    "confidence": _word(CONFIDENCES),
    "symbol": _label,
}
"""How a cell becomes a value, for the columns that need nothing but the cell: a ValueError says what was expected."""

COLUMNS: Final = (
    *("id", "name", "announced_at", "precision", "earliest", "latest", "timezone"),
    *("actor", "target", "scope", "instrument", "stance", "level", "tier"),
    *("cluster", "lead", "scheduled", "doubtful", "alternative", "rate_before", "rate_after", "effective_date"),
    *("confound", "summary", "source", "confidence", "symbol"),
)
"""Every column of a catalogue, in the order in which a file states them; `timezone` ends in the moments."""
