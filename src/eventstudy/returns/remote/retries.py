"""Patience with a source: growing waits with jitter, one pause for all when it asks to slow down, and an end to it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from eventstudy.errors import BadPayload, EventStudyError, RateLimited, SourceDown, SourceError, Unreachable

T = TypeVar("T")

#: What may be better a moment later. An unknown symbol or an empty window will not be.
PASSING: Final = (RateLimited, SourceDown, Unreachable, BadPayload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long to try.

    Attributes
    ----------
    tries : int
        Attempts for one symbol, the first included.
    wait : float
        Seconds before the second attempt; doubled before each further one, and spread by half to both sides.
    give_up : float
        Seconds for one symbol in all.
    spacing : float
        Least seconds between the starts of two symbols, over the whole pool.
    stop_after : int
        Symbols in a row that end in a refusal or without an answer, before the rest is not asked any more.
    """

    tries: int = 4
    wait: float = 1.0
    give_up: float = 30.0
    spacing: float = 0.1
    stop_after: int = 5


class Deadline:
    """When to give up on one symbol."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left, never below zero."""
        return max(0.0, self._end - time.monotonic())


class Gate:
    """One door for the whole pool: starts are spaced, and a request to slow down holds everyone."""

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._next = 0.0
        self._held = 0.0
        self._lock = threading.Lock()

    def enter(self, stop: threading.Event) -> None:
        """Wait for one's turn."""
        with self._lock:
            turn = max(self._next, self._held, time.monotonic())
            self._next = turn + self._spacing
        while (left := max(turn, self._held) - time.monotonic()) > 0 and not stop.wait(left):
            pass

    def hold(self, seconds: float) -> None:
        """Let nobody in for `seconds`."""
        with self._lock:
            self._held = max(self._held, time.monotonic() + seconds)


class Breaker:
    """Counts symbols in a row that the source refused; a symbol that it answered, well or ill, starts anew."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._last: SourceError | None = None
        self._count = 0

    def record(self, error: EventStudyError | None) -> None:
        """Take note of how a symbol ended."""
        self._last = error if isinstance(error, (RateLimited, Unreachable, SourceDown)) else None
        self._count = 0 if self._last is None else self._count + 1

    def open(self) -> SourceError | None:
        """Return why nobody is asked any more, or None."""
        if self._last is None or self._count < self._limit:
            return None
        return type(self._last)(
            f"not asked, because the source failed {self._count} symbols in a row "
            f"(last: {self._last}); what came is kept: run the same again later for the rest"
        )


def persist(
    attempt: Callable[[Deadline], T],
    patience: Patience,
    gate: Gate,
    stop: threading.Event,
    *,
    between: Callable[[], None] = lambda: None,
) -> T:
    """Call `attempt` until it succeeds, fails for good, or time is up."""
    deadline = Deadline(patience.give_up)
    for count in range(1, patience.tries + 1):
        try:
            return attempt(deadline)
        except PASSING as error:
            pause = patience.wait * 2.0 ** (count - 1) * random.uniform(0.5, 1.5)  # noqa: S311  spreading, not secrecy
            if isinstance(error, RateLimited):
                pause = error.retry_after if error.retry_after is not None else pause
                gate.hold(min(pause, deadline.remaining()))
            if count == patience.tries or pause >= deadline.remaining() or stop.wait(pause):
                raise
            between()
    msg = "patience without a single try"
    raise AssertionError(msg)
