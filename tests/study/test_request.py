"""What was asked for, read from a catalogue or a frame."""

import pandas as pd
import pytest

from eventstudy.errors import StudyError
from eventstudy.study.request import read_request

MOMENTS = pd.to_datetime(["2024-03-01 10:00", "2024-03-04 11:00"]).tz_localize("America/New_York")


def test_ids_stand_in_a_column_or_in_the_index():
    frame = pd.DataFrame({"event_id": ["a", "b"], "announced_at": MOMENTS, "size": [1, 2]})
    one, other = read_request(frame), read_request(frame.set_index("event_id"))
    for found in (one, other):
        assert list(found.event_id) == ["a", "b"]
        assert list(found.moments) == list(MOMENTS)
        assert found.bars is None
        assert found.symbol is None
        assert found.frame["size"].tolist() == [1, 2]


def test_bars_go_before_moments_and_symbols_make_pairs():
    days = pd.to_datetime(["2024-03-01", "2024-03-04"])
    frame = pd.DataFrame({"event_id": [3, 4], "bar": days, "announced_at": MOMENTS, "symbol": ["A", "B"]})
    found = read_request(frame)
    assert (list(found.bars), found.moments) == (list(days), None)
    assert found.symbol.tolist() == ["A", "B"]
    assert list(found.event_id) == [3, 4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event_id": ["a", None]}, "column 'event_id' is empty in row 1"),
        ({"event_id": [None, "a"]}, "column 'event_id' is empty in row 0"),
        (
            {"event_id": ["a", "a"], "announced_at": MOMENTS[[0, 0]]},
            r"row 1 repeats an earlier one \(event_id a, .*\); 1 such",
        ),
        (
            {"announced_at": ["2024-03-01T10:00Z", "soon"]},
            "row 1: soon is no moment; write it as 2025-04-02 16:26-04:00",
        ),
        ({"ticker": ["A", "B"], "ric": ["A", "B"]}, "columns 'ticker' and 'ric' may each name the security"),
    ],
)
def test_what_cannot_be_read_is_named(change, words):
    frame = pd.DataFrame({"event_id": ["a", "b"], "announced_at": MOMENTS}).assign(**change)
    with pytest.raises(StudyError, match=words):
        read_request(frame)


@pytest.mark.parametrize("same", ["symbol", "moment", "neither"])
def test_an_id_may_stand_twice_with_another_symbol_or_moment(same):
    moments = MOMENTS[[0, 0]] if same == "moment" else MOMENTS
    symbols = ["A", "A"] if same == "symbol" else ["A", "B"]
    frame = pd.DataFrame({"event_id": ["a", "a"], "announced_at": moments, "symbol": symbols})
    assert len(read_request(frame).event_id) == 2
    other = pd.DataFrame({"event_id": ["new"], "announced_at": MOMENTS[[0]], "symbol": ["C"]})
    with pytest.raises(StudyError, match=r"row 3 repeats an earlier one .* 2 such rows"):
        read_request(pd.concat([frame, other, frame], ignore_index=True))


@pytest.mark.parametrize("column", ["event_id", "bar", "symbol"])
def test_what_cannot_be_told_apart_is_refused(column):
    frame = pd.DataFrame({"event_id": ["a", "a"], "bar": ["2024-03-01", "2024-03-04"], "symbol": ["A", "B"]})
    for odd in ({"a": 1}, [1, 2]):
        with pytest.raises(StudyError, match=rf"column '{column}', row 1: .* is a {type(odd).__name__}, which names"):
            read_request(frame.assign(**{column: pd.Series([frame[column][0], odd], dtype=object)}))
