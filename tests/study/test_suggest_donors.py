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


def test_what_cannot_be_answered_is_refused(panel):
    with pytest.raises(StudyError, match="column 'symbol'"):
        es.suggest_donors(panel, pd.DataFrame({"event_id": ["e"]}))
    with pytest.raises(StudyError, match="'X'"):
        es.suggest_donors(panel, PAIRS, leave_out=["X"])
    with pytest.raises(StudyError, match="no symbol of the panel may be a donor"):
        es.suggest_donors(panel[["A", "GONE"]], PAIRS)
