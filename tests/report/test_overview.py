import numpy as np
import pandas as pd

from eventstudy.report.parts.overview import SESSIONS, attrition_chart, heatmap_chart, quality_chart


def test_attrition_counts_each_stage():
    data = attrition_chart(173, 140, 128, 114).data
    assert data["n"].tolist() == [173, 140, 128, 114]
    assert data["lost"].tolist() == [0, 33, 12, 14]


def cars(sessions):
    days = pd.bdate_range("2025-01-02", periods=sessions, unit="us")
    rows = [
        (f"e{i}{twin}", symbol, day, "industries", 0.001 * (i + 1) * sign)
        for i, day in enumerate(days)
        for twin in ("", "-twin")
        for symbol, sign in (("A", 1), ("B", -1))
    ]
    return pd.DataFrame(rows, columns=["event_id", "symbol", "session", "group", "car"])


def test_heat_map_has_a_row_a_session_the_largest_ones_in_the_order_of_time():
    frame = cars(40)
    chart = heatmap_chart(
        frame,
        {"e39": "Pause", "e39-twin": "A longer name"},
        {"A": "Alpha"},
        group="industries",
        said="day 0",
        caption="",
    )
    rows = list(pd.unique(chart.data["event"]))
    assert len(rows) == SESSIONS
    assert rows == sorted(rows)
    assert rows[-1] == f"{frame['session'].max():%Y-%m-%d} Pause +1"
    assert chart.data["estimate"].abs().min() == 0.001 * (40 - SESSIONS + 1)
    assert set(chart.data["symbol"]) == {"Alpha", "B"}


def test_heat_map_of_a_group_that_is_not_there():
    assert heatmap_chart(cars(3), {}, {}, group="chips", said="", caption="") is None


def test_data_quality_counts_holes_between_first_and_last():
    days = pd.to_datetime(["2024-12-30", "2024-12-31", "2025-01-02", "2025-01-03", "2025-01-06"])
    one = pd.DataFrame(
        {"X": [1.0, np.nan, 2.0, 3.0, 4.0], "Y": [np.nan, np.nan, 1.0, np.nan, 2.0], "Z": np.nan}, index=days
    )
    data = quality_chart([one, one[["X"]] * 2]).data
    got = {(r.symbol, r.period): (r.expected, r.present) for r in data.itertuples()}
    assert got == {("X", "2024"): (2, 1), ("X", "2025"): (3, 3), ("Y", "2025"): (3, 2)}
