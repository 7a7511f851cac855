# ruff: noqa: RUF043
"""Files of other programs: read where pandas reads them, else one line that says how."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns.sources.workbooks import UNREAD

INDEX = pd.DatetimeIndex(["2025-06-24", "2025-06-25", "2025-06-26"], name="date")
FRAME = pd.DataFrame({"A": [1.5, 2.5, np.nan], "000001": [3.0, 4.0, 5.0]}, index=INDEX)


@pytest.mark.parametrize("ending", ["xlsx", "dta", "feather"])
def test_what_pandas_reads_is_read(ending, tmp_path):
    path = tmp_path / f"prices.{ending}"
    frame = FRAME.reset_index()
    if ending == "xlsx":
        frame.to_excel(path, index=False)
    elif ending == "dta":
        frame.melt("date", var_name="ticker", value_name="close").dropna().to_stata(
            path, write_index=False, version=118
        )
    else:
        frame.to_feather(path)
    panel = es.load_prices(source=path)
    assert sorted(panel.symbols) == ["000001", "A"]
    pd.testing.assert_frame_equal(
        panel.frame[["A", "000001"]], FRAME, check_names=False, check_index_type=False, check_column_type=False
    )
    assert panel.sources["A"] == path.name


def test_cells_of_a_spreadsheet(tmp_path):
    path = tmp_path / "p.xlsx"
    table = pd.DataFrame({"Date": INDEX, "Ticker": ["NA", "TRUE", "000001"], "Close": [1.0, 2.0, 3.0]})
    table.to_excel(path, index=False)
    assert es.load_prices(source=path).symbols == ["000001", "NA", "TRUE"]
    pd.DataFrame({"Date": INDEX, 10001: [1.0, "#N/A N/A", 3.0]}).to_excel(path, index=False)
    panel = es.load_prices(source=path)
    assert (panel.symbols, panel.frame["10001"].isna().tolist()) == (["10001"], [False, True, False])
    pd.DataFrame({"Date": INDEX, "A": [1.0, "x", 3.0]}).to_excel(path, index=False)
    with pytest.raises(DataError, match="p.xlsx, row 3, column 'A': 'x' is not a number"):
        es.load_prices(source=path)


def test_a_workbook_of_several_sheets_is_asked_for_one(tmp_path):
    path = tmp_path / "p.xlsx"
    with pd.ExcelWriter(path) as book:
        FRAME.to_excel(book, sheet_name="one")
        FRAME.to_excel(book, sheet_name="two")
    with pytest.raises(DataError, match=r"2 sheets \(one, two\); one is needed: source=pandas.read_excel"):
        es.load_prices(source=path)


@pytest.mark.parametrize("ending", UNREAD)
def test_the_others_say_how(ending, tmp_path):
    path = tmp_path / f"p{ending}"
    path.write_bytes(b"x")
    with pytest.raises(DataError, match=r"file is not read; (pass the frame: source=|write it from|load it)"):
        es.load_prices(source=path)


@pytest.mark.parametrize("ending", ["xlsx", "xls", "dta", "feather"])
def test_damaged_files_are_one_error(ending, tmp_path):
    path = tmp_path / f"p.{ending}"
    path.write_bytes(b"no such thing")
    with pytest.raises(DataError, match=rf"p.{ending}: .*pandas"):
        es.load_prices(source=path)
