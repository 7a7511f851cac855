# ruff: noqa: ARG001, RUF043
"""Vendors' words and numbers for nothing, and returns that are said to be log, simple or percent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError

INDEX = pd.DatetimeIndex(["2025-06-23", "2025-06-24", "2025-06-25", "2025-06-26", "2025-06-27", "2025-06-30"])
RETURNS = [0.01, -0.02, 0.015, 0.0, -0.01, 0.03]


@pytest.mark.parametrize("code", [-99, -88.0, -77, -66.0, -55, -44, -99.99, -999, -9999.0])
@pytest.mark.parametrize("form", ["frame", "csv", "long", "panel"])
def test_a_number_for_nothing_is_missing_and_its_day_noted(code, form, tmp_path):
    frame = pd.DataFrame({"A": RETURNS, "B": RETURNS}, index=INDEX.rename("date"))
    frame.loc["2025-06-25", "A"] = code
    if form == "csv":
        frame.to_csv(tmp_path / "r.csv")
    long = frame.reset_index().melt("date", var_name="permno", value_name="ret")
    source = {"frame": frame, "csv": tmp_path / "r.csv", "long": long}.get(form)
    panel = es.ReturnPanel(frame) if form == "panel" else es.load_returns(source=source, holds="returns")
    assert panel.frame["A"].isna().tolist() == [day == "2025-06-25" for day in INDEX.strftime("%Y-%m-%d")]
    assert panel.quality["codes"].to_dict() == {"A": "2025-06-25", "B": ""}
    assert panel.frame["B"].tolist() == RETURNS


@pytest.mark.parametrize(
    "code", ["B", "C", "#N/A N/A", "#N/A", "#n/a Field Not Applicable", "#VALUE!", "#DIV/0!", "#NA"]
)
@pytest.mark.parametrize("form", ["frame", "csv", "long"])
def test_a_word_for_nothing_is_missing(code, form, tmp_path):
    frame = pd.DataFrame({"A": [str(value) for value in RETURNS], "B": RETURNS}, index=INDEX.rename("date"))
    frame.loc["2025-06-25", "A"] = code
    if form == "csv":
        frame.to_csv(tmp_path / "r.csv")
    long = frame.reset_index().melt("date", var_name="permno", value_name="ret")
    panel = es.load_returns(source={"frame": frame, "csv": tmp_path / "r.csv", "long": long}[form], holds="returns")
    assert panel.frame["A"].isna().sum() == 1
    assert code == "#N/A" or panel.quality.loc["A", "codes"] == "2025-06-25"


def test_letters_are_no_prices_and_a_request_is_no_value(tmp_path):
    for word in ("B", "#N/A Requesting Data...", "x"):
        frame = pd.DataFrame({"A": ["10", word, "11"]}, index=INDEX[:3])
        with pytest.raises(DataError, match="row 2, column 'A'.*is not a number"):
            es.load_prices(source=frame)
    assert (
        es.load_prices(source=pd.DataFrame({"A": ["10", "#N/A N/A", "11"]}, index=INDEX[:3])).quality.loc["A", "codes"]
        == "2025-06-24"
    )


@pytest.mark.parametrize("kind", ["simple", "log"])
@pytest.mark.parametrize("form", ["frame", "csv"])
def test_every_kind_of_return_is_said_and_gives_the_same(kind, form, tmp_path):
    simple = pd.DataFrame({"A": [*RETURNS[:5], -0.7]}, index=INDEX.rename("date"))
    expected = simple["A"] if kind == "simple" else np.log1p(simple["A"])
    for holds, frame in {"returns": simple, "percent": 100 * simple, "log": np.log1p(simple)}.items():
        if form == "csv":
            frame.to_csv(tmp_path / "r.csv")
        found = es.load_returns(source=frame if form == "frame" else tmp_path / "r.csv", holds=holds, kind=kind).frame[
            "A"
        ]
        assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-15)


@pytest.mark.parametrize("value", [-1.0, -1.2])
def test_a_loss_of_everything_has_no_log_return(value):
    frame = pd.DataFrame({"A": [*RETURNS[:5], value]}, index=INDEX)
    with pytest.raises(DataError, match=r"'A', 2025-06-30: a simple return of -1.* has no logarithm.*holds='log'"):
        es.load_returns(source=frame, holds="returns", kind="log")
    assert es.load_returns(source=frame, holds="log", kind="log").frame["A"].tolist() == pytest.approx(
        frame["A"].tolist()
    )


def test_values_that_are_meant_stay():
    frame = pd.DataFrame({"A": [-99.0, 3.0, 5.0]}, index=INDEX[:3])
    assert es.ReturnPanel(frame, check=False).frame["A"].tolist() == [-99.0, 3.0, 5.0]
