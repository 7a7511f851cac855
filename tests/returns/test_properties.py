"""Properties that hold for any prices: no return over a hole, exact read-back, a digest of the content alone."""

from __future__ import annotations

import tempfile

import numpy as np
import pandas as pd
from hypothesis.extra import numpy as hnp

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.returns import freeze
from hypothesis import given, settings
from hypothesis import strategies as st

DAYS = sessions("XNYS", pd.Timestamp("2025-01-02"), pd.Timestamp("2025-03-31"))  # with the closure of 9 January
CELLS = st.one_of(st.just(float("nan")), st.floats(1e-3, 1e6, allow_nan=False))
FEW = settings(max_examples=60, deadline=None)


@st.composite
def frames(draw):
    """Draw prices with holes on some of the sessions, in any order."""
    rows = draw(st.lists(st.sampled_from(range(len(DAYS))), min_size=2, max_size=25, unique=True))
    values = draw(hnp.arrays(np.float64, (len(rows), 3), elements=CELLS))
    return pd.DataFrame(values, index=DAYS[rows], columns=["A", "B", "C"])


@FEW
@given(frames(), st.sampled_from(["simple", "log"]))
def test_a_return_is_there_exactly_if_both_sessions_have_a_price(frame, kind):
    found = es.ReturnPanel.from_prices(frame, kind).frame
    for symbol in frame.columns:
        for day in found.index:
            before = DAYS[DAYS.get_loc(day) - 1] if DAYS.get_loc(day) else None
            now = frame[symbol].get(day, np.nan)
            then = frame[symbol].get(before, np.nan) if before is not None else np.nan
            expected = now / then - 1 if kind == "simple" else np.log(now / then)
            np.testing.assert_allclose(found.loc[day, symbol], expected, rtol=1e-12, atol=1e-15)


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


@FEW
@given(frames(), st.randoms())
def test_the_digest_does_not_depend_on_the_order_of_rows(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    assert es.PricePanel(frame).digest == es.PricePanel(frame.iloc[order]).digest


@FEW
@given(frames())
def test_the_quality_table_adds_up(frame):
    panel = es.PricePanel(frame)
    table = panel.quality
    assert (table["present"] + table["missing"] == table["expected"]).all()
    assert (table["before_first"] + table["after_last"] <= table["missing"]).all()
    assert table["present"].to_dict() == panel.frame.notna().sum().to_dict()
    assert (table["expected"] == len(panel.frame)).all()
