import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(0, 0.01, (100, 7)), columns=["A", "B", "HOLES", "FEW", "STILL", "GONE", "M"])
    frame.loc[:2, "HOLES"] = np.nan
    frame.loc[:1, "FEW"] = np.nan
    frame.loc[:10, "STILL"] = 0.0
    frame["GONE"] = np.nan
    frame["COPY"] = frame["B"]
    return frame


PAIRS = pd.DataFrame({"event_id": ["e"], "symbol": ["A"]})


def test_the_untreated_liquid_and_complete_are_named(panel):
    assert es.suggest_donors(panel, PAIRS, leave_out=["M"]) == ("B", "FEW")
    why = es.suggest_donors(panel, PAIRS, leave_out=["M"], why=True).set_index("symbol")["reason"].to_dict()
    assert why == {"A": "studied", "B": "", "HOLES": "missing returns", "FEW": "", "STILL": "a price that does not move",
                   "GONE": "missing returns", "M": "left out", "COPY": "a copy of B"}  # fmt: skip


def test_shares_are_of_the_returns_that_are_there_and_limits_may_be_reached():
    """Ten returns: nothing missing and one zero; one of ten missing and two zeros of nine; all missing."""
    given = {"ONE": [0.0] + [0.01, 0.02, -0.01] * 3, "TWO": [np.nan, 0.0, 0.0] + [0.01] * 7, "NONE": [np.nan] * 10,
             "A": [0.03] * 10}  # fmt: skip
    frame = pd.DataFrame(given)
    table = es.suggest_donors(frame, PAIRS, holes=0.1, still=2 / 9, why=True)
    assert table["symbol"].tolist() == list(given)
    np.testing.assert_allclose(table["missing"], [0, 0.1, 1, 0], rtol=1e-15)
    np.testing.assert_allclose(table["still"], [0.1, 2 / 9, np.nan, 0], rtol=1e-15)
    assert table["reason"].tolist() == ["", "", "missing returns", "studied"]
    assert es.suggest_donors(frame, PAIRS, holes=0.1, still=2 / 9) == ("ONE", "TWO")
    assert es.suggest_donors(frame, PAIRS, holes=0.1) == ("ONE",)  # a tenth of zeros is usual, and not more
    assert es.suggest_donors(frame, PAIRS, still=0.5) == ("ONE",)
    last = es.suggest_donors(frame, PAIRS, holes=1.0, still=0.5, why=True)["reason"].tolist()
    assert last == ["", "", "a price that does not move", "studied"]  # of no return, none moves


def test_prices_are_asked_for_their_returns(panel):
    days = pd.bdate_range("2024-01-02", periods=100)
    prices = es.PricePanel(100 * (1 + panel[["A", "B", "M"]].set_index(days)).cumprod(), calendar=None)
    assert es.suggest_donors(prices, PAIRS, leave_out=["M"]) == ("B",)
    why = es.suggest_donors(prices, PAIRS, why=True)
    assert why["still"].tolist() == [0, 0, 0]
    pd.testing.assert_frame_equal(why, es.suggest_donors(es.ReturnPanel.from_prices(prices), PAIRS, why=True))


def test_what_cannot_be_answered_is_refused(panel):
    with pytest.raises(StudyError, match="is no DataFrame; give one with a column 'symbol'"):
        es.suggest_donors(panel, ["A"])
    with pytest.raises(StudyError, match="column 'symbol'"):
        es.suggest_donors(panel, pd.DataFrame({"event_id": ["e"]}))
    with pytest.raises(StudyError, match="'X'"):
        es.suggest_donors(panel, PAIRS, leave_out=["X"])
    with pytest.raises(StudyError, match="no symbol of the panel may be a donor"):
        es.suggest_donors(panel[["A", "GONE"]], PAIRS)
