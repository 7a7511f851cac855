"""The peer `eventstudy` 0.1a12: `Single.market_model` for each security-event."""

from __future__ import annotations

import sys

import numpy as np
from world import FIRST, LAST, LENGTH, world

import eventstudy
from report import best_of, say


def main(events: int, times: int) -> None:
    made = world(1000, 6300, events)
    data = {"date": made.dates.astype("datetime64[ns]"), "M": made.factors[0]}
    data |= dict(zip(made.names, made.returns, strict=True))
    eventstudy.Single._parameters["returns"] = data  # noqa: SLF001  its own reader wants a CSV file
    names = made.names

    def call() -> list[eventstudy.Single]:
        return [
            eventstudy.Single.market_model(
                names[s], "M", data["date"][d], event_window=(FIRST, LAST), estimation_size=LENGTH, buffer_size=0
            )
            for s, d in zip(made.security, made.day0, strict=True)
        ]

    seconds, found = best_of(call, times)
    say("eventstudy 0.1a12", "whole call", events, seconds, [one.CAR[-1] for one in found],
        [np.sqrt(one.var_CAR[-1]) for one in found])  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
