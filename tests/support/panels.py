"""A small panel of returns on the sessions of New York, and pairs of events on it."""

import numpy as np
import pandas as pd

from eventstudy.calendars import sessions


def small_panel(bars=400, symbols=("M", "A", "B"), start="2022-01-03", seed=1):
    rng = np.random.default_rng(seed)
    days = sessions("XNYS", pd.Timestamp(start), pd.Timestamp(start) + pd.Timedelta(days=2 * bars))[:bars]
    common = rng.normal(0, 0.01, bars)
    values = np.column_stack(
        [common, *(b * common + rng.normal(0, 0.01, bars) for b in np.linspace(0.5, 1.5, len(symbols) - 1))]
    )
    return pd.DataFrame(values, index=days, columns=list(symbols))


def pairs(panel, rows, symbols=("A", "B")):
    return pd.DataFrame(
        [(f"e{at}", symbol, panel.index[at]) for at in rows for symbol in symbols],
        columns=["event_id", "symbol", "bar"],
    )
