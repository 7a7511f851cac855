"""When on its day a piece of news came: words of the trade, or the time on a clock."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from eventstudy.study.pairs.reading import nothing
from eventstudy.words import brief

BEFORE: Final = dt.time(
    6
)  # what the words stand for, in the market's own time: before every open, in session, after every close
DURING: Final = dt.time(12)
AFTER: Final = dt.time(23)
WORDS: Final = {
    **dict.fromkeys(
        ("bmo", "before", "beforeopen", "beforetheopen", "beforemarket", "beforemarketopen", "beforethemarketopens", "beforehours",
         "beforemarkethours", "vor", "vorbörslich", "avant", "avantbourse", "premarket", "premarketopen", "preopen", "pre", "bto", "priortoopen"), BEFORE),
    **dict.fromkeys(
        ("during", "dmh", "dmt", "duringmarket", "duringmarkethours", "duringtrading", "duringtradinghours", "duringsession", "insession",
         "intraday", "markethours", "regularhours"), DURING),
    **dict.fromkeys(
        ("amc", "after", "afterclose", "aftertheclose", "aftermarket", "aftermarketclose", "afterthemarketcloses", "afterhours",
         "aftermarkethours", "nach", "nachbörslich", "après", "aprèsbourse", "postmarket", "postmarketclose", "postclose", "post"), AFTER),
}  # fmt: skip
UNKNOWN: Final = frozenset({"", "tns", "timenotsupplied", "notsupplied", "unspecified", "unknown"})
EXPECTED: Final = "bmo, amc or during (or such words as before open, after close), or a time such as 16:20 or 4:20 PM"
CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?([AaPp]\.?[Mm]\.?)?")
MARKS: Final = re.compile(r"[\s_.\-/()']")


def read_timing(value: Any, column: str = "") -> tuple[dt.time | None, bool]:
    """Return a time of day, None for a moment that is not known, and whether it is a word's, in the market's own time.

    A column of truth values says it by its name: ``after_close``. A ValueError says what was expected.

    Examples
    --------
    >>> read_timing("AMC"), read_timing("4:20 PM"), read_timing("TNS")
    ((datetime.time(23, 0), True), (datetime.time(16, 20), False), (None, False))
    """
    if nothing(value):
        return None, False
    if isinstance(value, dt.datetime):
        value = value.time()
    if isinstance(value, dt.time):
        return value.replace(tzinfo=None), False
    text = str(value).strip()
    if text.lower() in ("true", "false", "1", "0", "yes", "no", "y", "n") and MARKS.sub("", column.lower()).startswith(
        "after"
    ):
        return (AFTER if text.lower() in ("true", "1", "yes", "y") else DURING), True
    word = MARKS.sub("", text.lower())
    word = word.removeprefix("time") if word.removeprefix("time") in WORDS else word  # Nasdaq: time-after-hours
    if word in WORDS:
        return WORDS[word], True
    if word in UNKNOWN:
        return None, False
    found = CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(EXPECTED)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    half = (found[4] or "").lower().replace(".", "")
    if half and not 1 <= hour <= 12:
        raise ValueError(EXPECTED)
    try:
        return dt.time(hour % 12 + 12 * (half == "pm") if half else hour, minute, second), False
    except ValueError:
        raise ValueError(EXPECTED) from None


def is_timing(value: Any) -> bool:
    """Whether a cell reads as timing."""
    if isinstance(value, bool | int | float) or value is None:
        return False
    try:
        read_timing(value)
    except ValueError:
        return False
    return True


def said(value: Any) -> str:
    """Return a cell of timing as a message repeats it."""
    return brief(repr(value), 60)
