"""The peer StatsPAI: `sp.abnormal_returns` on the long frame in one call (its tests included)."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import statspai as sp
from world import END, FIRST, LAST, LENGTH, world

from report import best_of, say


def main(events: int, times: int) -> None:
    made = world(1000, 6300, events)
    used = np.unique(made.security)  # its frame is long: only the securities with events, to spare it the rest
    bars = made.returns.shape[1]
    data = pd.DataFrame(
        {
            "id": np.repeat(used, bars),
            "date": np.tile(pd.DatetimeIndex(made.dates), used.size),
            "ret": made.returns[used].ravel(),
            "mkt": np.tile(made.factors[0], used.size),
        }
    )
    pairs = pd.DataFrame({"id": made.security, "event_date": pd.DatetimeIndex(made.dates)[made.day0]})

    def call() -> object:
        return sp.abnormal_returns(
            data, pairs, market="mkt", event_window=(FIRST, LAST), estimation_window=(END - LENGTH + 1, END)
        )

    seconds, found = best_of(call, times)
    say("StatsPAI", "whole call", events, seconds, found.events["car"], found.events["se"])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
