"""The peer `vibe-trading-ai`: its event-study engine on all pairs in one call (its tests included)."""

from __future__ import annotations

import sys

import pandas as pd
from src.quantlib.eventstudy import event_study
from world import FIRST, LAST, LENGTH, world

from report import best_of, say


def main(events: int, times: int) -> None:
    made = world(1000, 6300, events)
    index = pd.DatetimeIndex(made.dates)
    frame = pd.DataFrame(made.returns.T, index=index, columns=made.names)
    market = pd.Series(made.factors[0], index=index)
    pairs = [(made.names[s], index[d]) for s, d in zip(made.security, made.day0, strict=True)]

    def call() -> object:
        return event_study(frame, market, pairs, event_window=(FIRST, LAST), estimation_window=LENGTH, estimation_gap=0)

    seconds, found = best_of(call, times)
    say("vibe-trading-ai", "whole call", events, seconds, [one.car for one in found.events],
        [one.car_std_error for one in found.events])  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
