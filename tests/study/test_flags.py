"""What a table says of each security-event: flags by a loop over every pair."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from panels import small_panel


@pytest.mark.parametrize("seed", range(4))
def test_flags_by_a_loop_over_pairs(seed):
    rng = np.random.default_rng(seed)
    panel = small_panel(bars=150, symbols=("M", "A", "B", "C"))
    panel.iloc[rng.integers(60, 150, 6), 2] = np.nan
    at = np.concatenate(
        [rng.choice(np.arange(60, 150), 12), [61, 149, 148, 60]]
    )  # some days twice; both ends of the data
    symbol = np.concatenate([rng.choice(["A", "B", "C"], 12), ["A", "B", "C", "C"]])
    events = pd.DataFrame({"event_id": [f"e{i}" for i in range(16)], "symbol": symbol, "bar": panel.index[at]})
    events = events.drop_duplicates(["symbol", "bar"], ignore_index=True)
    twice = events.iloc[[2, 5]].assign(event_id=["x", "y"])  # the same security on the same day by another event
    events = pd.concat([events, twice], ignore_index=True)
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(-1, 4), calendar=None, mask_events=False,
        estimation=es.EstimationWindow(length=40, end=-5, minimum=30),
    )  # fmt: skip
    for window in ((-1, 4), (0, 1), (0, 0)):
        table = study.fit(events, panel).car(window)
        place = {label: i for i, label in enumerate(panel.index)}
        rows = [(row.symbol, place[row.session]) for row in table.itertuples()]
        length = window[1] - window[0] + 1
        for i, (name, day) in enumerate(rows):
            gaps = [abs(other - day) for j, (who, other) in enumerate(rows) if j != i and who == name]
            bars = [day + shift for shift in range(window[0], window[1] + 1)]
            known = [b for b in bars if 0 <= b < 150 and np.isfinite(panel[name].iloc[b])]
            expected = {
                "same_bar": 0 in gaps,
                "overlap": any(0 < gap < length for gap in gaps),
                "cut": bars[0] < 0 or bars[-1] >= 150,
                "missing": len(known) < length,
            }
            assert table["n_bars"].iloc[i] == len(known)
            assert table["flag"].iloc[i] == " ".join(word for word, yes in expected.items() if yes)
