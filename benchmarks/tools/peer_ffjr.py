"""The peer `ffjr-eventstudies`: `SingleEvent.MarketModel` for each security-event."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from eventstudies import SingleEvent
from world import FIRST, LAST, LENGTH, world

from report import best_of, say


def main(events: int, times: int) -> None:
    made = world(1000, 6300, events)
    frame = pd.DataFrame(made.returns.T, columns=made.names).assign(M=made.factors[0])
    frame.insert(0, "date", pd.to_datetime(made.dates))
    SingleEvent.import_returns(dataframe=frame)
    names, dates = made.names, made.dates.astype("datetime64[ns]")

    def call() -> list[SingleEvent]:
        return [
            SingleEvent.MarketModel(names[s], "M", dates[d], event_window=(FIRST, LAST), est_size=LENGTH, buffer_size=0)
            for s, d in zip(made.security, made.day0, strict=True)
        ]

    seconds, found = best_of(call, times)
    say("ffjr-eventstudies", "whole call", events, seconds, [np.asarray(one.CAR)[-1] for one in found],
        [np.sqrt(one.var_CAR[-1]) for one in found])  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
