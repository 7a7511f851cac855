"""What stands in the place of a text, a date or a column: it is taken, or refused by one error of ours on one line."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import eventstudy as es
from eventstudy.errors import EventStudyError
from eventstudy.returns.quality.plausible import DataWarning

LINE = 600  # letters of one message
DAYS = pd.bdate_range("2024-06-03", periods=120, name="date")
RNG = np.random.default_rng(0)
PRICES = pd.DataFrame(100 * np.exp(RNG.normal(0, 0.01, (120, 3)).cumsum(axis=0)), index=DAYS, columns=["MKT", "A", "B"])
RETURNS = PRICES.pct_change().iloc[1:]
EVENTS = pd.DataFrame({"event_id": ["a", "b"], "symbol": ["A", "B"], "bar": DAYS[[100, 110]], "size": [1.0, 2.0]})
LISTS = pd.array(pa.array([["A"], ["B"]]), dtype=pd.ArrowDtype(pa.list_(pa.string())))
ODD = {
    "NA": pd.NA, "NaT": pd.NaT, "a frame": PRICES, "a column": PRICES["A"], "an array": np.arange(3), "a list": ["XNYS"],
    "a mapping": {"A": 1}, "bytes": b"XNYS", "a number": 5, "a large number": 10**400, "half a surrogate pair": chr(0xD800),
    "a function": len, "complex": 1j,
}  # fmt: skip


def fit(events, panel=None):
    panel = es.ReturnPanel(RETURNS) if panel is None else panel
    study = es.EventStudy(model=es.MarketModel("MKT"), estimation=es.EstimationWindow(60, end=-6), window=(-5, 5))
    return study.fit(events, panel)


def named(odd, frame, at):
    """Give a column another name."""
    names = list(frame.columns)
    names[at] = odd
    return frame.set_axis(pd.Index(names, dtype=object, tupleize_cols=False), axis=1)


DOORS = {
    "PricePanel(calendar=)": lambda odd: es.PricePanel(PRICES, calendar=odd),
    "PricePanel(calendars=)": lambda odd: es.PricePanel(PRICES, calendars=odd),
    "PricePanel(span=)": lambda odd: es.PricePanel(PRICES, span=odd),
    "PricePanel(span=(,))": lambda odd: es.PricePanel(PRICES, span=(odd, odd)),
    "PricePanel(notes=)": lambda odd: es.PricePanel(PRICES, notes=odd),
    "PricePanel(sources=)": lambda odd: es.PricePanel(PRICES, sources=odd),
    "PricePanel(sources={})": lambda odd: es.PricePanel(PRICES, sources={"A": odd}),
    "ReturnPanel(calendar=)": lambda odd: es.ReturnPanel(RETURNS, calendar=odd),
    "ReturnPanel(sources={})": lambda odd: es.ReturnPanel(RETURNS, sources={"A": odd}),
    "load_prices(calendar=)": lambda odd: es.load_prices(source=PRICES, calendar=odd),
    "load_returns(calendar=)": lambda odd: es.load_returns(source=PRICES, calendar=odd),
    "load_returns(interval=)": lambda odd: es.load_returns(source=PRICES, interval=odd),
    "select(stance=)": lambda odd: es.load_events("us-china").select(stance=odd),
    "select(stance=[])": lambda odd: es.load_events("us-china").select(stance=[odd]),
    "select(since=)": lambda odd: es.load_events("us-china").select(since=odd),
    "load_episodes": es.load_episodes,
    "open_result": es.open_result,
    "fit: a column's name": lambda odd: fit(named(odd, EVENTS, 3)),
    "fit: the name of the ids": lambda odd: fit(named(odd, EVENTS, 0)),
    "caar(by=)": lambda odd: fit(EVENTS).caar((0, 1), by=odd),
    "caar(weights=)": lambda odd: fit(EVENTS).caar((0, 1), weights=odd),
    "caar(weights=) of a column": lambda odd: fit(EVENTS.assign(w=pd.Series([odd, 1], dtype=object))).caar((0, 1), weights="w"),
    "compare(by=)": lambda odd: fit(EVENTS.assign(g=pd.Series([odd, odd], dtype=object))).compare((0, 1), by="g"),
}  # fmt: skip


def taken_or_refused(call):
    said = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        try:
            call()
        except EventStudyError as error:
            said = str(error)
    assert len(said) <= LINE
    assert "\n" not in said


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("door", DOORS)
def test_an_argument_of_another_kind_is_taken_or_refused_on_one_line(door, odd):
    taken_or_refused(lambda: DOORS[door](ODD[odd]))


@pytest.mark.parametrize("column", ["event_id", "symbol", "size"])
def test_lists_of_arrow_name_nothing(column):
    taken_or_refused(lambda: fit(EVENTS.assign(**{column: LISTS})).car((0, 1)))


@pytest.mark.parametrize("made", [lambda: [PRICES] * 120, lambda: [PRICES["A"]] * 120], ids=["frames", "columns"])
def test_a_cell_of_many_lines_is_told_on_one(made):
    with pytest.raises(EventStudyError, match=r"row 1, column 'A': .* is not a number") as caught:
        es.load_returns(source=PRICES.assign(A=made()))
    assert "\n" not in str(caught.value)


def test_of_many_symbols_that_cannot_be_had_eight_are_named():
    with pytest.raises(EventStudyError, match=r"no symbol could be had: .*'S7'.* · and 92 more$") as caught:
        es.load_returns([f"S{at}" for at in range(100)], source=PRICES)
    assert "'S8'" not in str(caught.value)


@pytest.mark.parametrize(
    "make", [es.ReturnPanel, lambda frame: es.load_prices(source=frame)], ids=["returns", "prices"]
)
def test_values_near_the_largest_number_overflow_in_no_library(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        taken_or_refused(lambda: make(PRICES.assign(A=1.7e308)))
