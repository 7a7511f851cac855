"""Time every test on many security-events, in seconds of one core: ``python docs/tests_speed.py 100000``.

Events of 2,000 securities on dates of their own within 1,200 sessions, window (0, 2), 250 estimation bars, one worker.
"""

from __future__ import annotations

import sys
from time import process_time

import numpy as np

from eventstudy.abnormal import MarketModel, WindowSample, estimate
from eventstudy.inference import TESTS, measure, run
from eventstudy.inference.facts import SampleFacts

SECURITIES, BARS = 2_000, 1_500


def sample_of(events: int) -> WindowSample:
    """Estimate a market model for random events on random returns."""
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, BARS)
    returns = market + rng.normal(0, 0.02, (SECURITIES, BARS))
    where = {"security": rng.integers(0, SECURITIES, events), "day0": rng.integers(300, BARS - 20, events)}
    keep = {"window": (-10, 10), "estimation": (-260, -11), "model": MarketModel("m"), "minimum": 100}
    return estimate(returns, market[None], **where, **keep).sample(0, 2, estimation=True)


def main() -> None:
    """Print seconds: the sample, what is measured of it once, and each test."""
    start = process_time()
    sample = sample_of(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    told = {"estimation and its windows": process_time() - start}
    facts, start = SampleFacts(sample), process_time()
    measure(sample, facts)
    told["correlation and shape"] = process_time() - start
    for name, spec in TESTS.items():
        start = process_time()
        if "refit" not in spec.needs and run(name, sample, facts=facts, seed=0).applicable:
            told[name] = process_time() - start
    for name, seconds in told.items():
        print(f"{name:28s}{seconds:7.2f}")
    print(f"{'all':28s}{sum(told.values()):7.2f}")


if __name__ == "__main__":
    main()
