"""Properties that hold for any prices: no return over a hole, exact read-back, a digest of the content alone."""

from __future__ import annotations

import contextlib
import json
import tempfile

import numpy as np
import pandas as pd
import pytest
from hypothesis.extra import numpy as hnp

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import BadPayload
from eventstudy.returns import freeze
from eventstudy.returns._sessions import bar_kind
from eventstudy.returns.sources.yahoo_chart import ARRAYS, checked_chart
from hypothesis import assume, given, settings, strategies as st

DAYS = sessions("XNYS", pd.Timestamp("2025-01-02"), pd.Timestamp("2025-03-31"))  # with the closure of 9 January
CELLS = st.one_of(st.just(float("nan")), st.floats(1e-3, 1e6, allow_nan=False))
FEW = settings(max_examples=60, deadline=None)


@st.composite
def frames(draw):
    """Draw prices with holes on some of the sessions, in any order."""
    rows = draw(st.lists(st.sampled_from(range(len(DAYS))), min_size=2, max_size=25, unique=True))
    values = draw(hnp.arrays(np.float64, (len(rows), 3), elements=CELLS))
    return pd.DataFrame(values, index=DAYS[rows], columns=["A", "B", "C"])


@pytest.mark.slow
@FEW
@given(frames(), st.sampled_from(["simple", "log"]))
def test_a_return_is_there_exactly_if_both_sessions_have_a_price(frame, kind):
    assume(bar_kind(frame.sort_index().index) == "sessions")
    panel = es.PricePanel(frame)
    found = es.ReturnPanel.from_prices(panel, kind).frame
    traded = DAYS.difference(panel.notes.closed.get("XNYS", DAYS[:0]))  # a day that all symbols lack was no session
    for symbol in frame.columns:
        for day in found.index.intersection(traded):
            before = traded[traded.get_loc(day) - 1] if traded.get_loc(day) else None
            now = frame[symbol].get(day, np.nan)
            then = frame[symbol].get(before, np.nan) if before is not None else np.nan
            expected = now / then - 1 if kind == "simple" else np.log(now / then)
            np.testing.assert_allclose(found.loc[day, symbol], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
@FEW
@given(frames())
def test_what_is_frozen_is_read_back_to_the_last_bit(frame):
    panel = es.PricePanel(frame)
    with tempfile.TemporaryDirectory() as place:
        back = (
            es.load_prices(["A", "B", "C"], source=freeze(panel, f"{place}/frozen"))
            if frame["A"].notna().any()
            else panel
        )
        there = [symbol for symbol in panel.frame.columns if symbol in back.frame.columns]
        kept = panel.frame[there].dropna(how="all")
        assert back.frame[there].dropna(how="all").equals(kept)


@pytest.mark.slow
@FEW
@given(frames(), st.randoms())
def test_the_digest_does_not_depend_on_the_order_of_rows(frame, random):
    assume(bar_kind(frame.sort_index().index) == "sessions")  # a few days may lie like weeks, which no calendar counts
    order = list(range(len(frame)))
    random.shuffle(order)
    assert es.PricePanel(frame).digest == es.PricePanel(frame.iloc[order]).digest


@FEW
@given(frames())
def test_the_quality_table_adds_up(frame):
    assume(bar_kind(frame.sort_index().index) == "sessions")  # a few days may lie like weeks, which no calendar counts
    panel = es.PricePanel(frame)
    table = panel.quality
    assert (table["present"] + table["missing"] == table["expected"]).all()
    assert (table["before_first"] + table["after_last"] <= table["missing"]).all()
    assert table["present"].to_dict() == panel.frame.notna().sum().to_dict()
    assert (table["expected"] == len(panel.frame)).all()


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(-(10**30), 10**30),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_field_may_hold_anything(data):
    """A good chart with any one field replaced is read or refused by our own error, and what is read are numbers."""
    stamp = [int(day.timestamp()) for day in (DAYS[:4] + pd.Timedelta("14:30:00"))]
    numbers = [1.0, 2.0, 3.0, 4.0]
    chart = {
        "meta": {
            "symbol": "BAD",
            "currency": "USD",
            "exchangeTimezoneName": "America/New_York",
            "dataGranularity": "1d",
        },
        "timestamp": list(stamp),
        "events": {
            "dividends": {"1": {"amount": 0.1, "date": stamp[1]}},
            "splits": {"1": {"numerator": 2, "denominator": 1, "date": stamp[2]}},
        },
        "indicators": {"quote": [{name: list(numbers) for name in ARRAYS}], "adjclose": [{"adjclose": list(numbers)}]},
    }
    place, path = chart, []
    while isinstance(place, (dict, list)) and place and (not path or data.draw(st.booleans())):
        step = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        path.append((place, step))
        place = place[step]
    inside, step = path[-1]
    inside[step] = data.draw(ANYTHING)
    body = json.dumps({"chart": {"result": [chart], "error": None}}).encode()
    with contextlib.suppress(BadPayload):
        judge(checked_chart(body, "BAD"))


def judge(found):
    assert found is not None
    result = json.loads(found.body, parse_constant=pytest.fail)["chart"]["result"][0]
    if "timestamp" in result:
        assert {len(values) for values in result["indicators"]["quote"][0].values()} == {len(result["timestamp"])}
        for value in result["indicators"]["quote"][0]["close"]:
            assert value is None or isinstance(value, float)
