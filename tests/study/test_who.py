# ruff: noqa: RUF043
"""Which security a row of events is about: found by its usual name, refused where it would not be read."""

from __future__ import annotations

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import DataWarning

DAYS = sessions("XNYS", pd.Timestamp("2024-09-03"), pd.Timestamp("2025-06-30"))
RNG = np.random.default_rng(3)
RETURNS = pd.DataFrame(RNG.normal(0, 0.01, (len(DAYS), 4)), index=DAYS, columns=["MKT", "AAA", "BBB", "CCC"])
STUDY = es.EventStudy(model=es.MarketModel("MKT"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))
EVENTS = pd.DataFrame({"event_id": ["e1", "e2"], "bar": [DAYS[-20], DAYS[-40]]})
PAIRS = [["e1", "AAA"], ["e2", "BBB"]]


def pairs(events, returns=RETURNS, **options):
    return STUDY.fit(events, returns, **options).car((0, 1))[["event_id", "symbol"]].to_numpy().tolist()


@pytest.mark.parametrize(
    "name",
    [
        "symbol", "Symbol", "SYMBOLS", "Ticker", "tickers", "TICKER SYMBOL", "PERMNO", "permno", "RIC", "ISIN", "Cusip", "gvkey", "tic",
        "figi", "SEDOL", "sec_id", "\ufeffSymbol", " ticker ", "Security", "stock", "firm", "Company", "asset", "instrument", "name",
        "underlying", "bbg_ticker", "BBG", "code", "id",
    ],
)  # fmt: skip
def test_the_security_is_found_whatever_its_usual_name(name):
    assert pairs(EVENTS.assign(**{name: ["AAA", "BBB"]})) == PAIRS


@pytest.mark.parametrize("name", ["deal partner", "x", "who", 7, "sector"])
def test_a_column_of_symbols_that_is_not_read_is_refused_by_its_name(name):
    frame = EVENTS.assign(column=["AAA", "BBB"]).rename(columns={"column": name})
    with pytest.raises(
        StudyError, match=rf"column {name!r} holds symbols of the panel, and is not read; rename it to 'symbol'"
    ):
        pairs(frame)
    assert len(pairs(frame, symbols="all")) == 6


@pytest.mark.parametrize("name", ["Ticker", None, "symbol"])
def test_symbols_in_the_row_labels(name):
    frame = EVENTS.set_axis(pd.Index(["AAA", "BBB"], name=name), axis=0)
    if name is None:
        with pytest.raises(StudyError, match="the row labels holds? symbols of the panel"):
            pairs(frame)
    else:
        assert pairs(frame) == PAIRS


def test_symbols_as_ids_are_not_crossed():
    with pytest.raises(StudyError, match="column 'event_id' holds symbols of the panel"):
        pairs(EVENTS.assign(event_id=["AAA", "BBB"]))


def test_of_two_columns_the_one_that_holds_symbols_is_read():
    frame = EVENTS.assign(permno=[10001, 10002], ticker=["AAA", "BBB"])
    assert pairs(frame) == PAIRS
    assert pairs(EVENTS.assign(symbol=["AAA", "BBB"], ticker=["CCC", "CCC"])) == PAIRS
    with pytest.raises(StudyError, match="columns 'permno' and 'ticker' may each name the security"):
        pairs(EVENTS.assign(permno=["x", "y"], ticker=["z", "z"]))
    with pytest.raises(
        StudyError, match=r"column 'peer' holds symbols of the panel \(and 'symbol', which is read, does not\)"
    ):
        pairs(EVENTS.assign(symbol=["x", "y"], peer=["AAA", "BBB"]))


@pytest.mark.parametrize("held", [10001, 10001.0, "10001", np.int16(10001), np.float32(10001)])
@pytest.mark.parametrize("given", [10001, 10001.0, "10001", " 10001 "])
@pytest.mark.parametrize("kind", [None, "category", object])
def test_a_number_and_its_text_are_one_security(held, given, kind):
    column = pd.Series([given, given], dtype=kind)
    assert pairs(EVENTS.assign(PERMNO=column), RETURNS.rename(columns={"AAA": held})) == [
        ["e1", "10001"],
        ["e2", "10001"],
    ]


@pytest.mark.parametrize("kind", ["category", "string", "str", "string[pyarrow]"])
def test_columns_of_every_type(kind):
    assert pairs(EVENTS.assign(Ticker=pd.Series(["AAA", "BBB"]).astype(kind))) == PAIRS


def test_crossing_is_asked_for():
    plain = EVENTS.assign(industry=["tech", "bank"])
    with pytest.warns(DataWarning, match=r"each is studied with each of the 4 symbols of the panel.*symbols='all'"):
        assert len(pairs(plain)) == 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(pairs(plain, symbols="all")) == 6
        assert pairs(plain, symbols=["CCC"]) == [["e1", "CCC"], ["e2", "CCC"]]
        assert (
            len(pairs(plain, RETURNS[["AAA"]].rename(columns={"AAA": "MKT"}))) == 0
        )  # one symbol crosses with nothing else
        result = STUDY.fit(plain, RETURNS, symbols=["AAA", "ZZZ"])
    assert result.excluded["reason"].tolist() == ["unknown_symbol"] * 2
    with pytest.raises(StudyError, match="symbols= crosses each event with symbols, but column 'Ticker' says which"):
        pairs(EVENTS.assign(Ticker=["AAA", "BBB"]), symbols="all")


@pytest.mark.parametrize("symbols", ["AAA", "ALL", "nonsense", [], [""], 7, [None]])
def test_what_names_no_symbols_is_refused(symbols):
    with pytest.raises(StudyError, match="symbols="):
        pairs(EVENTS, symbols=symbols)


def test_a_catalogue_crosses_as_ever_and_with_a_choice():
    catalog = es.load_events(
        pd.DataFrame({"id": ["a"], "name": ["A"], "announced_at": [DAYS[-20]], "stance": ["talks"]}),
        timezone="America/New_York",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(pairs(catalog)) == 3
        assert pairs(catalog, symbols=["BBB"]) == [["a", "BBB"]]


def test_every_missing_column_is_named_at_once():
    with pytest.raises(
        StudyError, match=r"need a column 'event_id', and a column 'announced_at' .* or 'bar'.*rename 'Date' to 'bar'"
    ):
        pairs(pd.DataFrame({"Ticker": ["AAA"], "Date": ["2025-06-02"]}))


def test_columns_that_are_read_are_found_whatever_their_case():
    frame = EVENTS.assign(symbol=["AAA", "BBB"]).rename(
        columns={"event_id": "Event ID", "bar": " BAR", "symbol": "SYMBOL"}
    )
    assert pairs(frame) == PAIRS
    with pytest.raises(StudyError, match="columns 'event_id' and 'Event_ID' are both 'event_id'"):
        pairs(EVENTS.assign(symbol=["AAA", "BBB"], Event_ID=1))


def test_a_panel_of_prices_is_turned_into_returns():
    prices = es.load_prices(source=100 * (1 + RETURNS).cumprod())
    events = EVENTS.assign(symbol=["AAA", "BBB"])
    one, other = (STUDY.fit(events, panel).car((0, 1)) for panel in (prices, es.ReturnPanel.from_prices(prices)))
    pd.testing.assert_frame_equal(one, other)


def test_an_unread_column_of_something_else_does_not_matter():
    frame = EVENTS.assign(
        symbol=["AAA", "BBB"], peer=["CCC", "AAA"], day=DAYS[:2], flag=[True, False], size=[1.0, np.nan], odd=[[1], {}]
    )
    assert pairs(frame) == PAIRS
    with pytest.raises(DataError, match="stands twice"):
        pairs(frame, pd.concat([RETURNS, RETURNS[["AAA"]]], axis=1))


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("timing", "AMC", True),
        ("When", "after close", True),
        ("time", "16:30", True),
        ("Announcement Time", "time-after-hours", True),
        ("timing", "BMO", False),
        ("when", "during", False),
        ("hour", 16, False),
        ("note", "after the merger", False),
    ],
)
def test_when_on_its_day_beside_a_bar_is_not_passed_over(name, value, refused):
    frame = EVENTS.assign(symbol=["AAA", "BBB"], **{name: value})
    if refused:
        with pytest.raises(
            StudyError, match=r"news after the close moves the next one.*load_pairs\(frame, date='bar', timing="
        ):
            STUDY.fit(frame, RETURNS)
        read = es.load_pairs(frame, date="bar", timing=name)  # the way out
        sessions_of = STUDY.fit(read, RETURNS).car((0, 0))["session"].tolist()
        at = [RETURNS.index.get_loc(day) + 1 for day in frame["bar"]]
        assert sorted(sessions_of) == sorted(RETURNS.index[at].tolist())
    else:
        assert STUDY.fit(frame, RETURNS).n == 2


@pytest.mark.parametrize("ids", [["10001.0", "10002.0"], [Decimal("10001.0"), Decimal("10002.0")], [10001.0, 10002.0]])
def test_numbers_that_were_floats_once_are_the_same_ids(ids, tmp_path):
    returns = RETURNS.rename(columns={"AAA": "10001", "BBB": 10002})
    events = EVENTS.assign(permno=ids)
    wanted = [["e1", "10001"], ["e2", "10002"]]
    assert sorted(STUDY.fit(events, returns).car((0, 1))[["event_id", "symbol"]].values.tolist()) == wanted
    events.astype({"permno": str}).to_csv(tmp_path / "events.csv", index=False)
    read = es.load_pairs(tmp_path / "events.csv", symbol="permno", date="bar")
    assert sorted(STUDY.fit(read, returns).car((0, 1))[["event_id", "symbol"]].values.tolist()) == wanted


def test_a_symbol_that_cannot_be_written_is_refused():
    with pytest.raises(StudyError, match=r"column 'symbol' holds .*no text that can be written"):
        STUDY.fit(EVENTS.assign(symbol=pd.Series(["AAA", "\ud800"], dtype=object)), RETURNS)
