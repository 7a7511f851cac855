"""Values of a file of definitions against their declared kinds: whatever does not fit is one error that names its key."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from eventstudy.border import LISTED
from eventstudy.errors import StudyError
from eventstudy.study.files import wrong_value
from eventstudy.words import brief

__all__ = ["checked"]

MOST: Final = 1_000_000  # of any number: what is larger is a slip of the hand


def checked(kind: Any, value: Any, place: str) -> Any:
    """Return a value as its declared kind: no text for a number, no flag for a count, nothing beyond all measure.

    It is checked in its JSON form, in which a list is as good as a tuple, and nothing else is as good as anything else.
    """
    try:
        made = _adapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        for problem in problems:
            problem["loc"] = (place, *problem["loc"])
        msg = f"definitions: {'; '.join(map(wrong_value, problems[:LISTED]))}"
        raise StudyError(msg) from error
    except (TypeError, ValueError, RecursionError) as error:  # a date, a number of thousands of digits
        msg = f"definitions: {place}: {brief(value)!r} is not made of texts, numbers and lists"
        raise StudyError(msg) from error
    if (strange := _strange_number(value)) is not None:
        msg = f"definitions: {place}: {brief(strange)} is no number that is meant (the largest is {MOST:,})"
        raise StudyError(msg)
    return made


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _strange_number(value: Any) -> Any:
    """Return the first number that is infinite, missing or beyond all measure; None if there is none."""
    if isinstance(value, Mapping | list | tuple):
        inner = value.values() if isinstance(value, Mapping) else value
        return next((found for item in inner if (found := _strange_number(item)) is not None), None)
    if isinstance(value, float) and not math.isfinite(value):
        return value
    return value if isinstance(value, int | float) and abs(value) > MOST else None
