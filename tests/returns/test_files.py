"""Files: the forms that people keep prices in, and one clear line for each way of getting them wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns.tables import csv_files

DAYS = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"]
WIDE = pd.DataFrame(
    {"NVDA": [114.06, 115.99, 117.30, 110.57, 112.69], "AMD": [98.23, 100.75, 101.58, 98.85, 100.31]},
    index=pd.DatetimeIndex(DAYS, name="date"),
)


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "prices.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def forms(folder):
    long = WIDE.reset_index().melt("date", var_name="symbol", value_name="close")
    WIDE.to_csv(folder / "wide.csv")
    WIDE.to_csv(folder / "wide.csv.gz")
    WIDE.to_csv(folder / "wide.csv.zip")
    WIDE.to_csv(folder / "tabs.tsv", sep="\t")
    WIDE.to_parquet(folder / "wide.parquet")
    WIDE.reset_index().to_parquet(folder / "column.parquet")
    long.to_csv(folder / "long.csv", index=False)
    long.sample(frac=1, random_state=1).to_parquet(folder / "long.parquet")
    long.assign(adj_close=long["close"], close=1.0, volume=5).to_csv(folder / "bars.csv", index=False)
    WIDE.set_axis(pd.MultiIndex.from_product([["Close"], WIDE.columns], names=["Price", "Ticker"]), axis=1).to_csv(
        folder / "yfinance.csv"
    )
    return sorted(folder.iterdir())


def test_every_form_gives_the_same_panel(tmp_path):
    found = {path.name: es.load_prices(["NVDA", "AMD"], source=path) for path in forms(tmp_path)}
    assert len(found) == 10
    for name, panel in found.items():
        pd.testing.assert_frame_equal(panel.frame, WIDE.rename_axis(columns="symbol"), check_freq=False, obj=name)
        assert panel.sources["NVDA"] == name


def test_a_frame_is_a_source_too():
    assert es.load_prices(source=WIDE).digest == es.load_prices(source=WIDE.reset_index()).digest


def test_european_decimals_are_stated(tmp_path):
    WIDE.to_csv(tmp_path / "prices.csv", sep=";", decimal=",", date_format="%d.%m.%Y")
    panel = es.load_prices(source=tmp_path / "prices.csv", decimal=",", date_format="%d.%m.%Y")
    assert panel.frame.to_numpy().tolist() == WIDE.to_numpy().tolist()


def test_one_symbol_with_open_high_low_close_is_named_by_its_file(write):
    path = write("Date,Open,High,Low,Close,Volume\n2025-03-03,1,2,1,1.5,10\n2025-03-04,1,2,1,1.6,10\n", "SPY.csv")
    assert es.load_prices(source=path).frame["SPY"].tolist() == [1.5, 1.6]


def test_returns_of_a_file(write):
    rows = "\n".join(
        f"{day},{value},{level}" for day, value, level in zip(DAYS, (1.5, -2, 0.5, 1, -1), range(5), strict=True)
    )
    path = write(f"date,A,^VIX\n{rows}\n")
    panel = es.load_returns(source=path, holds="percent")
    assert panel.frame["A"].tolist() == [0.015, -0.02, 0.005, 0.01, -0.01]
    assert panel.levels["^VIX"].tolist() == [0, 1, 2, 3, 4]


def test_rows_in_any_order_are_sorted_and_the_table_says_so(write):
    path = write("date,A\n2025-03-04,2\n2025-03-03,1\n")
    panel = es.load_prices(source=path)
    assert panel.frame["A"].tolist() == [1.0, 2.0]
    assert panel.quality.loc["A", "note"] == "rows were out of order: sorted"


def test_sources_come_in_layers(write):
    path = write("date,NVDA\n2025-03-03,114.06\n2025-03-04,115.99\n2025-03-05,117.3\n")
    panel = es.load_returns(["NVDA", "^GSPC", "^VIX", "BusEq"], source=path, start="2025-03-03", end="2025-03-05")
    assert panel.sources == {"NVDA": "prices.csv", "^GSPC": "bundled", "^VIX": "bundled", "BusEq": "bundled"}
    assert list(panel.frame.columns) == ["NVDA", "^GSPC", "BusEq"]
    assert panel.frame.loc["2025-03-04", "^GSPC"] == pytest.approx(-0.0122, abs=5e-5)
    assert panel.frame.loc["2025-03-04"].notna().all()
    assert panel.quality["source"].to_dict()["^VIX"] == "bundled"


def test_a_star_is_all_of_the_source_and_more(write):
    path = write("date,A,B\n2025-03-03,1,2\n2025-03-04,1,2\n")
    assert list(es.load_prices(["*", "^GSPC"], source=path, start="2025-03-03", end="2025-03-04").frame) == [
        "A",
        "B",
        "^GSPC",
    ]


BAD = {
    "missing date column": ("when,A\n1,2\n", r"prices.csv: there is no date column among 'when', 'A'; name one 'date'"),
    "text": ("date,A\n2025-03-03,1\n2025-03-04,abc\n", r"prices.csv, row 3, column 'A': 'abc' is not a number; mend it"),
    "thousands": ('date,A\n2025-03-03,1\n2025-03-04,"5,123.4"\n', r"row 3, column 'A': '5,123.4' .* thousands=','"),
    "percent sign": ("date,A\n2025-03-03,1.2%\n", r"row 2, column 'A': '1.2%' is a percentage.*holds='percent'"),
    "format": ("date,A\n03/04/2025,1\n", r"row 2, column 'date': '03/04/2025' is not a date such as 2025-04-03.*date_format="),
    "no such day": ("date,A\n2025-03-03,1\n2025-02-30,2\n", r"row 3, column 'date': '2025-02-30' is not a date"),
    "no date": ("date,A\n2025-03-03,1\n,2\n", r"row 3, column 'date': there is no date; fill it in or drop the row"),
    "twice": (
        "date,A\n2025-03-03,1\n2025-03-04,2\n2025-03-03,3\n",
        r"row 4, column 'date': 2025-03-03 stands there twice \(first: prices.csv, row 2, .*keep one row",
    ),
    "twice, long": (
        "date,symbol,close\n2025-03-03,A,1\n2025-03-03,B,1\n2025-03-03,A,2\n",
        r"row 4, column 'date': 2025-03-03 of A stands there twice",
    ),
    "zones": (
        "date,A\n2025-03-03T00:00:00-05:00,1\n2025-03-04T00:00:00+09:00,2\n",
        r"row 3, column 'date': '2025-03-04T00:00:00\+09:00' mixes time zones with '2025-03-03T00:00:00-05:00'",
    ),
    "zones, some": (
        "date,A\n2025-03-03T00:00:00-05:00,1\n2025-03-04T00:00:00,2\n",
        r"row 3, column 'date': '2025-03-04T00:00:00' mixes time zones",
    ),
    "no zone": ("date,A\n2025-03-03 09:30,1\n", r"row 2, column 'date': .* moment without a time zone; state it: timezone="),
    "negative": ("date,A\n" + "".join(f"{d},{i or -1}\n" for i, d in enumerate(["2025-01-02", *(f"2025-03-{n:02d}" for n in range(3, 29))])),
                 r"row 2, column 'A': -1 is not a price \(it must be above zero\); mend it.*invalid='missing'"),
    "zero": ("date,A\n2025-03-03,1\n2025-03-04,0\n", r"row 3, column 'A': 0 is not a price"),
    "returns": (
        "date,A\n" + "".join(f"{day},{value}\n" for day, value in zip(DAYS, (1.2, -0.5, 0.3, -0.1, 0.4), strict=True)),
        r"row 3, column 'A': -0.5 is not a price, and 40% of the column's values are below zero: returns\? use load_returns",
    ),
    "infinite": ("date,A\n2025-03-03,1\n2025-03-04,inf\n", r"row 3, column 'A': inf is not a number that can be used"),
    "column twice": ("date,A,A\n2025-03-03,1,2\n", r"prices.csv, row 1: column 'A' stands twice"),
    "semicolons": ("date;A\n2025-03-03;1\n", r"row 1 has one column only, 'date;A'; its columns seem to be parted by ';': pass sep=';'"),
    "semicolons and decimal commas": ("date;A;B\n2025-03-03;1,5;2,5\n", r"parted by ';': pass sep=';' \(and decimal=','"),
    "empty": ("", r"prices.csv: this cannot be read as CSV|prices.csv: the file is empty"),
    "header only": ("date,A\n", r"prices.csv: there is no row below the header"),
    "ragged": ("date,A\n2025-03-03,1\n2025-03-04,1,2,3\n", r"prices.csv, row 3: the row has 4 cells where the header has 2; mend the row"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_file_says_file_row_column_value_and_the_way_out(write, fault):
    text, words = BAD[fault]
    with pytest.raises(DataError, match=words) as caught:
        es.load_prices(source=write(text))
    assert "\n" not in str(caught.value)
    assert "prices.csv" in str(caught.value)


@pytest.mark.parametrize("holds", ["returns", "percent"])
def test_prices_are_not_taken_for_returns(write, holds):
    text = "date,A\n" + "".join(
        f"{day},{value}\n" for day, value in zip(DAYS, (89.8, 90.1, 90.4, 89.9, 91.0), strict=True)
    )
    with pytest.raises(
        DataError, match=r"prices.csv, row 2, column 'A': 89.8 .*holds prices, not returns; use load_prices"
    ):
        es.load_returns(source=write(text), holds=holds)


def test_a_column_of_percentages_is_not_taken_for_decimals(write):
    text = "date,A\n" + "".join(
        f"{day},{value}\n" for day, value in zip(DAYS, (0.1, -0.5, 0.3, -0.9, 0.4), strict=True)
    )
    with pytest.raises(DataError, match=r"prices.csv, row 3, column 'A': -0.5 .*looks like percent.*holds='percent'"):
        es.load_returns(source=write(text), holds="returns")


def test_summer_time_is_no_mixture(write):
    path = write("date,A\n2025-03-07 00:00:00-05:00,1\n2025-03-10 00:00:00-04:00,2\n")
    assert es.load_prices(source=path).frame.index.strftime("%m-%d").tolist() == ["03-07", "03-10"]


def test_only_what_is_asked_for_must_be_sound(write):
    path = write("date,A,B\n2025-03-03,1,x\n2025-03-04,2,0\n")
    assert es.load_prices("A", source=path).frame["A"].tolist() == [1.0, 2.0]


def test_a_price_of_zero_may_count_as_missing(write):
    panel = es.load_prices(source=write("date,A\n2025-03-03,1\n2025-03-04,0\n2025-03-05,3\n"), invalid="missing")
    assert np.isnan(panel.frame["A"].iloc[1])
    assert panel.quality.loc["A", "invalid"] == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere/prices.csv", r"file 'nowhere/prices.csv' does not exist; check the path"),
        ("yaho", r"source 'yaho' is neither a file nor one of bundled, .*; did you mean 'yahoo'\?"),
        (7, r"source of type int cannot be used; pass a name"),
    ],
)
def test_a_source_that_is_none(source, words):
    with pytest.raises(DataError, match=words):
        es.load_prices(["A"], source=source)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"start": "yesterday-ish"}, "start 'yesterday-ish' is not a date; write it as 2025-04-03"),
        ({"start": "2025-03-05", "end": "2025-03-03"}, "start 2025-03-05 is after end 2025-03-03"),
        ({"symbols": []}, "no symbol was named"),
        ({"start": "2031-01-01"}, "NoDataInWindow"),
        ({"calendar": "XNIS"}, "calendar 'XNIS' is not known"),
        ({"colour": "red"}, "option 'colour' is not known"),
        ({"holds": "apples"}, "holds='apples' is not one of prices, returns, log, percent"),
    ],
)
def test_a_question_that_cannot_be_answered(given, words):
    with pytest.raises(es.EventStudyError, match=words):
        es.load_prices(**{"source": WIDE, **given})


def test_columns_of_texts_are_those_of_numbers_and_one_that_is_none_is_named(tmp_path):
    texts = WIDE.astype(object).map(str)
    texts.iloc[2, 0] = None
    texts.to_parquet(tmp_path / "texts.parquet")
    found = es.load_prices(source=tmp_path / "texts.parquet").frame
    pd.testing.assert_frame_equal(
        found, WIDE.where(WIDE.iloc[2, 0] != WIDE), check_freq=False, check_names=False, check_index_type=False
    )
    for strange in ("nan", "1,5", "1_000", "one"):
        texts.iloc[1, 1] = strange
        texts.to_parquet(tmp_path / "texts.parquet")
        with pytest.raises(DataError, match=r"row 2, column 'AMD': .* is not a number"):
            es.load_prices(source=tmp_path / "texts.parquet")
    texts.iloc[1, 1] = " 100.75\u00a0"
    texts.to_parquet(tmp_path / "texts.parquet")
    assert es.load_prices(source=tmp_path / "texts.parquet").frame.iloc[1, 1] == 100.75


def test_not_a_parquet_file(write):
    with pytest.raises(DataError, match=r"prices.parquet: this cannot be read as Parquet"):
        es.load_prices(source=write("PAR1 it is not", "prices.parquet"))


def test_real_prices_at_width(real_data):
    prices = es.load_prices(source=real_data / "named_tickers_adjclose.parquet")
    assert prices.frame.shape == (2659, 146)
    late = prices.quality.loc["ARM"]
    assert late["first"] == pd.Timestamp("2023-09-14")
    assert late["before_first"] == late["missing"]
    returns = es.ReturnPanel.from_prices(prices)
    assert list(returns.levels.columns) == ["^VIX"]
    assert abs(returns.frame.loc["2025-04-09", "^GSPC"] - 0.0952) < 5e-5
    assert returns.frame.loc[:"2023-09-14", "ARM"].isna().all()


def test_real_bars_of_five_minutes(real_data):
    panel = es.load_prices(source=real_data / "bars_5min.parquet", calendar=None)
    assert panel.frame.shape == (33792, 7)
    assert str(panel.frame.index.tz) == "UTC"


def test_many_columns_of_texts_are_the_numbers_that_they_say(tmp_path, monkeypatch):
    """A comma is the decimal mark, cells are empty or hold a code, and a few columns are read at a time."""
    monkeypatch.setattr(csv_files, "AT_ONCE", 45)  # four columns
    days = pd.bdate_range("2025-03-03", periods=11)
    values = np.random.default_rng(8).uniform(20, 90, (11, 30)).round(2)
    cells = [[f"{value:.2f}".replace(".", ",") for value in row] for row in values]
    for row, column, word in ((0, 3, ""), (10, 4, "#VALUE!"), (5, 4, "-"), (7, 29, "#N/A N/A")):
        cells[row][column], values[row, column] = word, np.nan
    names = [f"S{at:02d}" for at in range(30)]

    def written():
        lines = [
            ";".join(["date", *names]),
            *(f"{day:%Y-%m-%d};{';'.join(row)}" for day, row in zip(days, cells, strict=True)),
        ]
        path = tmp_path / "p.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    panel = es.load_prices(source=written(), sep=";", decimal=",")
    np.testing.assert_array_equal(panel.frame[names].to_numpy(), values)
    assert panel.quality.loc["S04", "codes"] == "2025-03-17"
    assert panel.quality.loc["S29", "codes"] == "2025-03-12"
    assert (panel.quality["codes"] != "").sum() == 2
    cells[8][17] = "1,2,3"
    with pytest.raises(DataError, match=r"p\.csv, row 10, column 'S17': '1,2,3' is not a number"):
        es.load_prices(source=written(), sep=";", decimal=",")


@pytest.mark.timeout(60)
def test_blank_lines_at_the_end_are_nothing_however_many(tmp_path):
    path = tmp_path / "p.csv"
    rows = "".join(
        f"{day:%Y-%m-%d},{at},{at}\n" for at, day in enumerate(pd.bdate_range("2025-03-03", periods=5), start=1)
    )
    for tail in (",,\n" * 200_000, ", , \n" * 50_000, "\n" * 200_000, ""):
        path.write_text("date,A,B\n" + rows + tail)
        assert es.load_prices(source=path).frame["A"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    path.write_text("date,A,B\n" + rows + ",,\n" * 9 + ",7,\n" + ",,\n" * 9)
    with pytest.raises(DataError, match=r"p\.csv, row 7, column 'date': there is no date"):
        es.load_prices(source=path)


def test_a_fault_of_ours_in_reading_a_table_is_not_put_down_to_the_file(tmp_path, monkeypatch):
    path = tmp_path / "p.csv"
    path.write_text("date,A\n2025-01-06,1\n2025-01-07,x\n")

    def broken(*_, **__):
        msg = "ours"
        raise ValueError(msg)

    monkeypatch.setattr(csv_files, "text_numbers", broken)
    with pytest.raises(ValueError, match=r"^ours$"):
        es.load_prices(source=path)
