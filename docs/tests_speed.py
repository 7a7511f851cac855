"""Time every test on many security-events, in seconds of the clock and of processors: ``python docs/tests_speed.py 100000``.

Events of 2,000 securities on random days of 1,200, window (0, 2), 250 estimation bars.
"""

from __future__ import annotations

import sys
from functools import partial
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

import eventstudy as es
from eventstudy.inference import DAILY, run
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.validity import measure

if TYPE_CHECKING:
    from collections.abc import Callable

SECURITIES, BARS = 2_000, 1_500


def study(events: int) -> es.StudyResult:
    """Fit a market model for random events on random returns."""
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, BARS)
    names = [f"S{i:04d}" for i in range(SECURITIES)]
    days = pd.bdate_range("2015-01-01", periods=BARS)
    frame = pd.DataFrame(market[:, None] + rng.normal(0, 0.02, (BARS, SECURITIES)), index=days, columns=names)
    pairs = pd.DataFrame(
        {
            "event_id": np.arange(events).astype(str),
            "symbol": np.array(names, dtype=object)[rng.integers(0, SECURITIES, events)],
            "bar": days[rng.integers(300, BARS - 20, events)],
        }
    )
    panel = es.ReturnPanel(frame.assign(M=market))
    return es.EventStudy(model=es.MarketModel("M"), calendar=None, mask_events=False).fit(pairs, panel)


def main() -> None:
    """Print seconds: the fit, the sample, what is measured of it once, and each test."""
    told: dict[str, tuple[float, float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        clock, processor = perf_counter(), process_time()
        outcome = work()
        told[name] = perf_counter() - clock, process_time() - processor
        return outcome

    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    result = timed("data and fit", lambda: study(events))
    sample = timed("sample with estimation windows", lambda: result.sample((0, 2)))
    facts = SampleFacts(sample)
    timed("correlation and shape", lambda: measure(sample, facts))
    for name in DAILY:
        if not timed(name, partial(run, name, sample, facts=facts, seed=0)).applicable:
            told.pop(name)
    told["all"] = tuple(map(sum, zip(*told.values(), strict=True)))
    print(f"{'seconds':32s}{'clock':>8s}{'processor':>11s}")
    for name, (clock, processor) in told.items():
        print(f"{name:32s}{clock:8.2f}{processor:11.2f}")


if __name__ == "__main__":
    main()
