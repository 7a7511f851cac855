import csv
import datetime as dt
import enum
import io
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.pages.formats import csv_text, json_text, jsonable, shown, sort_key


class Word(enum.Enum):
    YES = "yes"


@dataclass(frozen=True)
class Point:
    x: float
    when: object


def test_json_holds_floats_in_full_and_keys_in_order():
    text = json_text({"b": 0.1 + 0.2, "a": np.float64(1) / 3})
    assert text.index('"a"') < text.index('"b"')
    assert json.loads(text) == {"a": 1 / 3, "b": 0.1 + 0.2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -np.inf, np.float32("nan"), pd.NaT, pd.NA, None])
def test_what_is_no_number_becomes_null(value):
    assert jsonable([value]) == [None]


def test_every_kind_of_value_has_its_form():
    value = Point(np.int64(3), [dt.date(2025, 4, 3), pd.Timestamp("2025-04-03 16:00", tz="America/New_York"), Word.YES])
    assert jsonable(value) == {"x": 3, "when": ["2025-04-03", "2025-04-03T16:00:00-04:00", "yes"]}
    assert jsonable({"a": np.array([True, False]), "b": pd.Series([1.5]), "c": np.datetime64("2025-04-03")}) == {
        "a": [True, False],
        "b": [1.5],
        "c": "2025-04-03",
    }


def test_what_json_does_not_know_is_named_with_its_place():
    with pytest.raises(InputError, match=r"results\.a\[1\] is a set"):
        jsonable({"a": [1, {2}]})
    with pytest.raises(InputError, match="two keys of one text"):
        jsonable({1: "a", "1": "b"})


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "\u202e=1+1", "＝1+1", "\x00=1"]
)
def test_no_cell_and_no_column_is_a_formula(text):
    rows = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({text: [text]})))))
    kept = text.replace("\r", "\n")
    assert rows == [[f"'{kept}"], [f"'{kept}"]]


@pytest.mark.parametrize("text", ["-5", "+1.5", "-1e-5", "a=1", "2025-04-03", "", "plain"])
def test_numbers_and_plain_text_stay_as_they_are(text):
    assert next(iter(list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"a": [text], "b": [1]})))))[1:]))[0] == text


def test_csv_cells():
    frame = pd.DataFrame(
        {
            "x": [1 / 3, np.nan],
            "n": [1, 2],
            "yes": [True, False],
            "day": pd.to_datetime(["2025-04-03", None]),
            "text": ['a "quoted", text', None],
        }
    )
    assert csv_text(frame) == ('x,n,yes,day,text\n0.333333333333,1,true,2025-04-03,"a ""quoted"", text"\n,2,false,,\n')


def test_csv_of_nothing():
    assert csv_text(pd.DataFrame({"a": []})) == "a\n"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0951999, "percent", "9.52%"),
        (-0.00123, "bp", "−12.3 bp"),
        (0.0512, "pvalue", "0.051"),
        (1.0, "pvalue", "1.000"),
        (0.000123456, "number", "0.0001"),
        (123456.7, "number", "123,457"),
        (1e-9, "number", "1.00e−09"),
        (0.0005, "number", "0.0005"),
        (-0.58393, "number", "−0.584"),
        (0.0, "number", "0"),
        (float("-inf"), "number", "−∞"),
        (True, "text", "yes"),
        (np.bool_(False), "text", "no"),
        (pd.Timestamp("2025-04-03"), "text", "2025-04-03"),
        (Word.YES, "text", "yes"),
        (None, "percent", "—"),
    ],
)
def test_what_a_person_reads(value, unit, text):
    assert shown(value, unit) == text


def test_sorting_goes_by_the_number_in_full():
    assert float(sort_key(0.12345678)) == 0.12345678
    assert sort_key(np.nan) == ""
    assert sort_key(True) == "1"
