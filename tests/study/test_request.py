"""What was asked for, read from a catalogue or a frame."""

import warnings

import pandas as pd
import pytest

from eventstudy.errors import StudyError
from eventstudy.study.request import moments_of, read_request

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


def test_one_event_and_two_columns_are_read_as_they_are_called():
    days = pd.to_datetime(["2024-03-01", "2024-03-04"])
    frame = pd.DataFrame({"Event_ID": ["a", "b"], "BAR": days, "Symbol": ["A", "B"]})
    found = read_request(frame)
    assert (list(found.event_id), list(found.bars), found.symbol.tolist()) == (["a", "b"], list(days), ["A", "B"])
    assert found.crossed == ()
    assert found.moments is None


@pytest.mark.parametrize(
    ("held", "warned"), [((), False), (("A",), False), (("A", "B"), True), (("A", "B", "C"), True)]
)
def test_events_without_a_symbol_warn_where_the_panel_has_several(held, warned):
    frame = pd.DataFrame({"event_id": ["a"], "bar": pd.to_datetime(["2024-03-01"])})
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read_request(frame, held)
    assert [f"each of the {len(held)} symbols" in str(one.message) for one in seen] == [True] * warned
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_request(frame, held, "all").crossed == ()
        assert read_request(frame, held, ["B", "A"]).crossed == ("B", "A")
        assert read_request(frame.assign(symbol=["A"]), held).symbol.tolist() == ["A"]


def test_a_security_column_of_another_name_is_read_and_kept():
    frame = pd.DataFrame({"event_id": ["a", "b"], "bar": pd.to_datetime(["2024-03-01"] * 2), "ticker": ["A", "B"]})
    found = read_request(frame, ("A", "B"))
    assert found.symbol.tolist() == ["A", "B"]
    assert found.frame["ticker"].tolist() == found.frame["symbol"].tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (
            pd.DataFrame({"id": ["a"], "bar": [1]}),
            r"need a column 'event_id'; the frame has id, bar: rename 'id' to 'event_id'\?",
        ),
        (
            pd.DataFrame({"event_id": ["a"], "Date": [1]}),
            r"'bar' \(labels.*; the frame has event_id, Date: rename 'Date' to 'bar'\?",
        ),
        (
            pd.DataFrame({"event_id": ["a"], "size": [1]}),
            r"need a column 'announced_at'.*; the frame has event_id, size$",
        ),
        (pd.DataFrame({"x": ["a"]}), "need a column 'event_id', and a column 'announced_at'"),
        (pd.DataFrame({"event_id": [], "bar": []}), "there is no event to study"),
        (pd.DataFrame([["a", 1, 2]], columns=["event_id", "bar", "bar"]), "column 'bar' stands twice"),
        (
            pd.DataFrame([["a", 1, 2]], columns=["event_id", "bar", "Bar"]),
            "columns 'bar' and 'Bar' are both 'bar'; keep one",
        ),
        (
            pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
            "one row of column names, not 2",
        ),
        (["a"], "must be an EventCatalog or a DataFrame, not list"),
        (pd.Series(["a"]), "must be an EventCatalog or a DataFrame, not Series"),
        (pd.Index(["a"]), "must be an EventCatalog or a DataFrame, not Index"),
    ],
)
def test_a_frame_that_cannot_be_read_says_what_it_lacks(frame, words):
    with pytest.raises(StudyError, match=words):
        read_request(frame)


@pytest.mark.parametrize("nothing", [None, pd.NaT, pd.NA, float("nan")])
def test_a_moment_that_is_not_there_is_named_by_its_row(nothing):
    given = pd.Series(["2024-03-01T10:00Z", nothing, "2024-03-04T10:00Z"], dtype=object)
    with pytest.raises(StudyError, match="column 'announced_at' is empty in row 1; give a moment or drop the row"):
        moments_of(given)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (17, "row 1: 17 is a number, not a moment"),
        (1.5, "row 1: 1.5 is a number, not a moment"),
        ("soon", "row 1: soon is no moment"),
        ("2024-03-01 10:00", "row 1: 2024-03-01 10:00 has no time zone"),
    ],
)
def test_what_is_no_moment_is_named_by_its_row(value, words):
    with pytest.raises(StudyError, match=words):
        moments_of(pd.Series(["2024-03-01T10:00Z", value], dtype=object))


def test_moments_are_put_into_one_zone():
    given = pd.Series(["2024-03-01T10:00-05:00", pd.Timestamp("2024-03-01 10:00", tz="Asia/Tokyo")], dtype=object)
    assert moments_of(given).tolist() == [
        pd.Timestamp("2024-03-01 15:00", tz="UTC"),
        pd.Timestamp("2024-03-01 01:00", tz="UTC"),
    ]
    local = pd.Series(MOMENTS)
    assert moments_of(local).tolist() == list(MOMENTS)


def test_the_same_event_of_another_symbol_is_no_repetition_but_of_none_it_is():
    frame = pd.DataFrame(
        {"event_id": ["a", "a", "a"], "bar": pd.to_datetime(["2024-03-01"] * 3), "symbol": ["A", "B", "A"]}
    )
    with pytest.raises(
        StudyError, match=r"row 2 repeats an earlier one \(event_id a, bar 2024-03-01 00:00:00, symbol A\); 1 such rows"
    ):
        read_request(frame)
    assert len(read_request(frame.iloc[:2]).event_id) == 2
    with pytest.raises(
        StudyError, match=r"row 1 repeats an earlier one \(event_id a, bar 2024-03-01 00:00:00\); 1 such rows"
    ):
        read_request(frame.iloc[:2].drop(columns="symbol"), ("A",))


def test_a_text_that_cannot_be_written_is_named_by_its_row():
    frame = pd.DataFrame(
        {"event_id": pd.Series(["a", "b", "c\ud800"], dtype=object), "bar": [1, 2, 3], "symbol": list("ABC")}
    )
    with pytest.raises(StudyError, match=r"column 'event_id', row 2: .* is no text that can be written"):
        read_request(frame)


def test_a_catalogue_names_a_firm_for_each_event_or_for_none():
    class Catalog:
        def __init__(self, symbol):
            self.symbol = symbol

        def to_frame(self):
            columns = {"announced_at": MOMENTS} | ({} if self.symbol is None else {"symbol": self.symbol})
            return pd.DataFrame(columns, index=["a", "b"])

    assert read_request(Catalog(None)).symbol is None
    assert read_request(Catalog(["", ""])).symbol is None
    assert read_request(Catalog(["A", "B"])).symbol.tolist() == ["A", "B"]
    assert read_request(Catalog(["A", "B"]), (), "all").symbol is None
    assert read_request(Catalog(["A", "B"]), (), ["C"]).crossed == ("C",)
    for symbol, name in ((["A", ""], "b"), (["", "B"], "a")):
        with pytest.raises(StudyError, match=f"event '{name}' of the catalogue names no symbol, and others do"):
            read_request(Catalog(symbol))
