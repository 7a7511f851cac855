"""How a tool reports: one line of JSON with its best time, its peak memory and what it computed for the first events."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEEP = 200


def best_of(call: Callable[[], object], times: int) -> tuple[float, object]:
    """Return the shortest of so many runs, and the last result."""
    shortest, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = call()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def say(tool: str, case: str, events: int, seconds: float, car: Sequence[float] = (), se: Sequence[float] = ()) -> None:
    """Print the result of one case; the peak memory is that of the whole process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    first = {"car": [float(x) for x in list(car)[:KEEP]], "se": [float(x) for x in list(se)[:KEEP]]}
    json.dump({"tool": tool, "case": case, "events": events, "seconds": seconds, "peak_mb": peak, **first}, sys.stdout)
    sys.stdout.write("\n")
    sys.stdout.flush()
