"""Many symbols, a few at a time: every one ends as delivered or as failed with its reason, and none can hang the rest."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from eventstudy.errors import EventStudyError, InputError, SourceError, Unreachable, kept, told
from eventstudy.returns.remote.retries import Breaker, Gate, Patience

T = TypeVar("T")
TICK: Final = 0.05  # seconds between looks at the clock
GRACE: Final = 1.0  # seconds by which a worker may overrun its time before it is left to itself


@dataclass(slots=True)
class Gathered(Generic[T]):
    """What came and what did not.

    Attributes
    ----------
    results : dict of str to T
    failures : dict of str to EventStudyError
        Also for symbols that were not asked any more.
    """

    results: dict[str, T] = field(default_factory=dict)
    failures: dict[str, EventStudyError] = field(default_factory=dict)


def gather(
    symbols: Sequence[str],
    one: Callable[[str, Gate, threading.Event], T],
    *,
    patience: Patience,
    workers: int,
    progress: Callable[[int, int, str, str], None] | None = None,
) -> Gathered[T]:
    """Get every symbol through a small pool of threads."""
    return _Pool(symbols, one, patience, progress).run(workers)


class _Pool(Generic[T]):
    def __init__(
        self,
        symbols: Sequence[str],
        one: Callable[[str, Gate, threading.Event], T],
        patience: Patience,
        progress: Callable[[int, int, str, str], None] | None,
    ) -> None:
        self.total = len(symbols)
        self.one, self.patience, self.progress = one, patience, progress
        self.waiting = deque(symbols)
        self.started: dict[str, float] = {}
        self.finished: queue.Queue[tuple[str, T | None, BaseException | None]] = queue.Queue()
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.gate, self.breaker = Gate(patience.spacing), Breaker(patience.stop_after)
        self.gathered: Gathered[T] = Gathered()

    def run(self, workers: int) -> Gathered[T]:
        for _ in range(min(workers, self.total)):
            self.start_worker()
        try:
            while self.done() < self.total:
                with contextlib.suppress(queue.Empty):
                    self.settle(*self.finished.get(timeout=TICK))
                self.give_up_on_the_rest()
                self.give_up_on_the_silent()
        finally:
            self.stop.set()
        return self.gathered

    def done(self) -> int:
        return len(self.gathered.results) + len(self.gathered.failures)

    def start_worker(self) -> None:
        threading.Thread(target=self.work, name="eventstudy-fetch", daemon=True).start()

    def work(self) -> None:
        while not self.stop.is_set():
            self.gate.enter(self.stop)
            with self.lock:
                if not self.waiting or self.stop.is_set():
                    return
                symbol = self.waiting.popleft()
                self.started[symbol] = time.monotonic()
            try:
                self.finished.put((symbol, self.one(symbol, self.gate, self.stop), None))
            except BaseException as error:  # noqa: BLE001  handed to the caller's thread, which decides
                self.finished.put((symbol, None, error))

    def settle(self, symbol: str, result: T | None, error: BaseException | None) -> None:
        if symbol in self.gathered.results or symbol in self.gathered.failures:
            return  # it came after we had given up on it
        if error is None:
            self.gathered.results[symbol] = result  # type: ignore[assignment]  # no error, so there is a result
            self.breaker.record(None)
        elif isinstance(error, (SourceError, InputError)):  # of this symbol: what it needs is not there
            self.gathered.failures[symbol] = kept(error)
            self.breaker.record(error)
        else:
            raise error
        if self.progress is not None:
            failed = self.gathered.failures.get(symbol)
            self.progress(self.done(), self.total, symbol, "ok" if failed is None else told(failed))

    def give_up_on_the_rest(self) -> None:
        why = self.breaker.open()
        if why is None:
            return
        with self.lock:
            left = list(self.waiting)
            self.waiting.clear()
        self.gathered.failures.update(dict.fromkeys(left, why))

    def give_up_on_the_silent(self) -> None:
        limit = time.monotonic() - self.patience.give_up - GRACE
        with self.lock:
            overdue = [symbol for symbol, since in self.started.items() if since < limit]
        for symbol in overdue:
            if symbol not in self.gathered.results and symbol not in self.gathered.failures:
                msg = f"no answer about {symbol!r} within {self.patience.give_up:g} s; try again later"
                self.settle(symbol, None, Unreachable(msg))
                self.start_worker()  # the silent one is left to itself
