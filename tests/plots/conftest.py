"""Small tidy frames whose numbers are written out, so that what is drawn can be compared with them."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def levels():
    days = pd.bdate_range("2025-03-03", periods=60, unit="us")
    steps = np.where(np.arange(60) == 23, -300.0, np.where(np.arange(60) == 27, 450.0, 5.0))
    return pd.Series(5600 + np.cumsum(steps), index=days, name="^GSPC")


@pytest.fixture
def events(levels):
    at = levels.index
    return pd.DataFrame(
        {
            "event_id": ["lib", "retal", "pause", "geneva", "later"],
            "name": ["Liberation Day", "China retaliates", "90-day pause", "Geneva", "After the prices end"],
            "session": [at[23], at[23], at[27], at[45], pd.Timestamp("2026-01-05")],
            "stance": ["escalation", "escalation", "softening", "talks", "escalation"],
        }
    )


@pytest.fixture
def paths():
    day = np.arange(-5, 6)
    rows = []
    for stance, slope, n in (("softening", 0.002, 7), ("escalation", -0.003, 9)):
        path = slope * (day + 6)
        rows.append(
            pd.DataFrame(
                {"stance": stance, "relative_day": day, "caar": path, "low": path - 0.01, "high": path + 0.01, "n": n}
            )
        )
    return pd.concat(rows, ignore_index=True)
