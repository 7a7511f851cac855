"""Series cut out of a panel: one by one or in one go, and what is said of one that is not there."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.study.aligned import _rows
from eventstudy.words import a_few

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("count", [1, 49, 50, 51, 60])
def test_many_series_are_cut_out_in_one_go_with_the_same_numbers(count):
    names = [f"S{at}" for at in range(60)]
    frame = pd.DataFrame(RNG.normal(size=(8, 60)), columns=names)
    wanted = names[::-1][:count]
    found = _rows(frame, wanted, None)
    np.testing.assert_array_equal(found, [frame[name] for name in wanted])
    assert found.flags.c_contiguous
    other = pd.Index([6, 99, 0])
    np.testing.assert_array_equal(_rows(frame, wanted, other), [frame[name].reindex(other) for name in wanted])


def test_at_most_eight_names_are_named():
    names = pd.Index(list("ABCDEFGHIJ"))
    assert a_few(names[:3]) == "A, B, C"
    assert a_few(names[:8]) == "A, B, C, D, E, F, G, H"
    assert a_few(names[:9]) == "A, B, C, D, E, F, G, H and 1 more"
    assert a_few(names) == "A, B, C, D, E, F, G, H and 2 more"


def test_a_series_of_the_panel_is_found_by_its_name_alone():
    frame = pd.DataFrame(RNG.normal(0, 0.01, (60, 3)), columns=list("MAB"))
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [50]})
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(30, end=-2), calendar=None
    )
    result = study.fit(events, frame)
    aligned, panel = result._fitted.parts[0].aligned, result.panel
    np.testing.assert_array_equal(aligned.one(panel, "B"), frame["B"])
    for name in ("Z", ["A"]):
        with pytest.raises(StudyError, match=r"the panel has no returns of .*; it has M, A, B"):
            aligned.one(panel, name)


def test_a_benchmark_is_of_the_returns_that_were_put_together():
    """The 19th of June is no session of New York: its return counts with the next in the benchmark, too."""
    days = pd.bdate_range("2024-03-01", periods=90)
    frame = pd.DataFrame(RNG.normal(0, 0.01, (90, 3)), columns=list("MAB"), index=days)
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [pd.Timestamp("2024-06-20")]})
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(30, end=-2), calendar="XNYS"
    )
    row = study.fit(events, frame).bhar((0, 0), benchmark="B").iloc[0]
    both = (1 + frame.loc["2024-06-19":"2024-06-20"]).prod()
    assert row["bhar"] == pytest.approx(both["A"] - both["B"], abs=1e-12)
