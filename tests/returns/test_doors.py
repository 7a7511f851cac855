"""The doors of prices and returns: what a column, a row label or a date means is read right, or one error says why not."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal import MeanAdjusted
from eventstudy.errors import DataError, InputError
from eventstudy.returns import PricePanel

DAYS = ["2025-02-18", "2025-02-19", "2025-02-20", "2025-02-21"]
INDEX = pd.DatetimeIndex(DAYS)
CLOSES = [10.0, 11.0, 10.5, 10.25]
LINE = 400  # letters of one message


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes, name: str = "prices.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def long_text(symbols, header="date,symbol,close"):
    rows = [f"{day},{symbol},{at + 1}" for at, (day, symbol) in enumerate(zip(DAYS, symbols, strict=False))]
    return "\n".join([header, *rows]) + "\n"


# ----------------------------------------------------------------------------------------------------- names of securities


@pytest.mark.parametrize(
    "symbols",
    [
        ("000001", "600519"),
        ("0005", "5"),
        ("NA", "TRUE"),
        ("1E5", "037833100"),
        ("nan1", "None1"),
        ("BRK.B", "0700.HK"),
        ("1e-3", "-"),
    ],
)
@pytest.mark.parametrize(
    "name", ["symbol", "ticker", "Security", "PERMNO", "cusip", "gvkey", "figi", "sedol", "sec_id", "tic", "code", "id"]
)
def test_symbols_of_a_file_are_text_as_they_stand(write, symbols, name):
    panel = es.load_prices(source=write(long_text(symbols, f"date,{name},close")))
    assert panel.symbols == sorted(symbols)
    assert panel.frame[symbols[1]].dropna().tolist() == [2.0]


@pytest.mark.parametrize("values", [[10001.0, 10002.0], [10001, 10002], ["10001.0", "10002.0"], [" 10001", "10002 "]])
@pytest.mark.parametrize("name", ["permno", "symbol", "gvkey"])
def test_a_number_and_its_text_are_one_symbol(values, name):
    frame = pd.DataFrame({"date": DAYS, name: values * 2, "prc": CLOSES})
    assert es.load_prices(source=frame).symbols == ["10001", "10002"]
    assert es.load_prices(["10002"], source=frame).frame["10002"].dropna().tolist() == [11.0, 10.25]


def test_floats_with_a_hole_in_a_file_are_the_same_symbols(write):
    text = write("date,permno,prc\n2025-02-18,10001.0,5\n2025-02-19,10001.0,6\n")
    assert es.load_prices(source=text).symbols == ["10001"]


@pytest.mark.parametrize("blank", ["", "  ", "nan", "None", "<NA>"])
def test_a_blank_symbol_is_refused_with_its_row(write, blank):
    with pytest.raises(DataError, match=r"prices.csv, row 3, column 'symbol': there is no symbol"):
        es.load_prices(source=write(long_text(["A", blank, "B"])))


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA, pd.NaT, "", " "])
def test_a_missing_symbol_of_a_frame_is_refused_with_its_row(blank):
    frame = pd.DataFrame({"date": DAYS, "symbol": pd.Series(["A", "B", blank, "B"], dtype=object), "close": CLOSES})
    with pytest.raises(DataError, match=r"the frame, row 3, column 'symbol': there is no symbol"):
        es.load_prices(source=frame)


@pytest.mark.parametrize("value", [True, 10.5, pd.Timestamp("2025-03-01"), dt.timedelta(1), ["A"], 1j])
def test_what_cannot_be_a_symbol_is_refused_with_its_row(value):
    frame = pd.DataFrame({"date": DAYS, "symbol": pd.Series(["A", value, "B", "B"], dtype=object), "close": CLOSES})
    with pytest.raises(DataError, match=r"the frame, row 2, column 'symbol'"):
        es.load_prices(source=frame)


def test_blanks_around_symbols_and_headers_are_nothing(write):
    text = write("date , symbol,close\n2025-02-18,AAPL ,1\n2025-02-19, AAPL,2\n2025-02-20,AAPL,3\n")
    assert es.load_prices(source=text).frame["AAPL"].tolist() == [1.0, 2.0, 3.0]
    wide = write("Date, AAPL, MSFT\n2025-02-18, 10, 20\n2025-02-19, 11, 21\n")
    assert es.load_prices(["AAPL"], source=wide).frame["AAPL"].tolist() == [10.0, 11.0]
    assert es.load_prices(source=pd.DataFrame({" A ": CLOSES}, index=INDEX)).symbols == ["A"]


def test_one_security_in_two_spellings_is_refused_and_two_securities_are_noted(write):
    with pytest.raises(
        DataError, match=r"'AAPL' and 'aapl' .*differ by their case only.*spell one security in one way"
    ):
        es.load_prices(source=write(long_text(["aapl", "AAPL"])))
    both = es.load_prices(source=write("date,symbol,close\n2025-02-18,Mom,1\n2025-02-18,MOM,2\n"))
    assert both.symbols == ["MOM", "Mom"]
    assert both.quality.loc["Mom", "note"] == "differs from 'MOM' by its case only"


def test_a_ticker_that_sounds_like_a_column_of_symbols_stays_a_ticker(write):
    assert es.load_prices(source=write("date,SYM,A\n2025-02-18,1.5,2\n2025-02-19,1.25,2\n")).symbols == ["SYM", "A"]
    with pytest.raises(DataError, match="no column of values"):
        es.load_prices(source=write("date,permno,vw\n2025-02-18,10001.5,2\n"))


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("0700.HK.csv", "0700.HK"), ("BRK.B.csv", "BRK.B"), ("SPY.csv", "SPY"), ("^GSPC.tsv", "^GSPC")],
)
def test_a_file_of_one_symbol_is_named_by_its_whole_stem(write, name, symbol):
    mark = "\t" if name.endswith("tsv") else ","
    text = "Date,Open,High,Low,Close,Volume\n2025-02-18,1,2,1,1.5,10\n".replace(",", mark)
    assert es.load_prices(source=write(text, name)).symbols == [symbol]


# ------------------------------------------------------------------------------------------------------------ what is no number

NO_NUMBERS = {
    "dates": pd.Series(INDEX),
    "dates with a zone": pd.Series(INDEX.tz_localize("UTC")),
    "spans": pd.Series(pd.to_timedelta([1, 2, 3, 4], "D")),
    "truth": pd.Series([True, False, True, True]),
    "nullable truth": pd.Series([True, None, True, True], dtype="boolean"),
    "complex": pd.Series([1j, 2, 3, 4]),
    "periods": pd.Series(pd.period_range("2025-01", periods=4, freq="M")),
}
NO_CELLS = {
    "truth among numbers": [1.0, True, 2.0, 3.0],
    "a date among numbers": [1.0, dt.date(2025, 1, 1), 2.0, 3.0],
    "a span": [1.0, np.timedelta64(1, "D"), 2.0, 3.0],
    "a list": [1.0, [2.0], 2.0, 3.0],
    "bytes": [1.0, b"2", 2.0, 3.0],
    "complex among numbers": [1.0, 1j, 2.0, 3.0],
    "more than a float holds": [1.0, 10**400, 2.0, 3.0],
    "a word": [1.0, "abc", 2.0, 3.0],
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_number_is_no_price_and_no_return_at_any_door(kind):
    frame = pd.DataFrame({"A": CLOSES, "updated": NO_NUMBERS[kind].to_numpy()}, index=INDEX)
    frame["updated"] = NO_NUMBERS[kind].set_axis(INDEX)
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [INDEX[2]]})
    study = es.EventStudy(model=MeanAdjusted(), calendar=None)
    for door in (
        lambda: es.load_prices(source=frame),
        lambda: es.load_returns(source=frame),
        lambda: PricePanel(frame),
        lambda: es.ReturnPanel(frame),
        lambda: es.ReturnPanel.from_prices(frame),
        lambda: study.fit(events, frame),
    ):
        with pytest.raises(DataError, match="'updated'"):
            door()


@pytest.mark.parametrize("kind", NO_CELLS)
def test_a_cell_that_is_no_number_is_named(kind):
    frame = pd.DataFrame({"A": CLOSES, "B": pd.Series(NO_CELLS[kind], index=INDEX, dtype=object)}, index=INDEX)
    with pytest.raises(DataError, match=r"the frame, row 2, column 'B'"):
        es.load_prices(source=frame)


def test_numbers_of_every_kind_are_numbers():
    kinds = {
        "decimal": pd.Series([decimal.Decimal("1.25")] * 4, dtype=object),
        "category": pd.Series(pd.Categorical([1.25] * 4)),
        "text": pd.Series(["1.25", " 1.25", "+1.25", "125e-2"]),
        "nullable": pd.Series([1.25] * 4, dtype="Float64"),
        "arrow": pd.Series([1.25] * 4, dtype="double[pyarrow]"),
        "half": pd.Series([1.25] * 4, dtype="float16"),
    }
    frame = pd.DataFrame({name: values.set_axis(INDEX) for name, values in kinds.items()})
    assert (es.load_prices(source=frame).frame == 1.25).all(axis=None)


# ------------------------------------------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize("year", ["1500", "1650", "1677", "2262", "2925", "8550"])
@pytest.mark.parametrize("calendar", ["XNYS", None])
def test_a_year_that_no_calendar_knows_is_refused_with_its_row(write, year, calendar):
    text = write(f"date,A\n2025-02-18,1\n{year}-02-24,1\n2025-02-19,2\n")
    with pytest.raises(
        DataError, match=rf"prices.csv, row 3, column 'date': {year}-02-24 lies outside the years 1678 to 2261"
    ):
        es.load_prices(source=text, calendar=calendar)
    frame = pd.DataFrame({"A": [1.0, 2.0]}, index=pd.DatetimeIndex([DAYS[0], f"{year}-02-24"]))
    with pytest.raises(DataError, match=rf"row 2: {year}-02-24 lies outside"):
        es.ReturnPanel(frame)


@pytest.mark.parametrize(("year", "row"), [("2105", 6), ("1925", 6), ("2029", 6)])
def test_a_wrong_year_in_one_row_is_refused_with_its_row(write, year, row):
    rows = "".join(f"{day},1\n" for day in DAYS)
    wrong = f"{year}-02-24"
    with pytest.raises(
        DataError, match=rf"prices.csv, row {row}, column 'date', {wrong}: .*mend that date, or pass calendar=None"
    ):
        es.load_prices(source=write(f"date,A\n{rows}{wrong},1\n"))
    frame = pd.DataFrame({"A": 1.0}, index=pd.DatetimeIndex([*DAYS, wrong]))
    for door in (PricePanel, es.ReturnPanel.from_prices):
        with pytest.raises(DataError, match=f"the row of {wrong}"):
            door(frame)
    assert len(es.load_prices(source=frame, calendar=None).frame) == 5


@pytest.mark.parametrize("name", ["start", "end"])
@pytest.mark.parametrize("value", ["1600-01-01", "-1", "2300-01-01", "0001-01-01", "9999-12-31", dt.date(1500, 1, 1)])
def test_dates_asked_for_lie_within_what_calendars_know(name, value):
    with pytest.raises(DataError, match=f"{name} .*(lies outside the years 1678 to 2261|is not a date)"):
        es.load_prices("^GSPC", **{name: value})


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(DAYS),
        pd.Series(DAYS).astype("category"),
        pd.Series([dt.date.fromisoformat(day) for day in DAYS]),
        pd.Series([20250218, 20250219, 20250220, 20250221]),
        pd.Series([20250218.0, 20250219.0, 20250220.0, 20250221.0]),
        pd.Series(["20250218", "20250219", "20250220", "20250221"]),
        pd.Series(pd.PeriodIndex(DAYS, freq="D")),
        pd.Series(INDEX).astype("category"),
        pd.Series(INDEX.as_unit("s")),
    ],
)
def test_every_spelling_of_a_day_is_that_day(dates):
    frame = pd.DataFrame({"date": dates, "A": CLOSES})
    pd.testing.assert_index_equal(es.load_prices(source=frame).frame.index, INDEX.rename("date").as_unit("us"))


@pytest.mark.parametrize("value", ["2025", "100", 45700, 1.5, "03/04/2025", True, [1]])
def test_what_is_no_day_is_refused(value):
    frame = pd.DataFrame({"date": pd.Series([value] * 4, dtype=object), "A": CLOSES})
    with pytest.raises(DataError, match=r"the frame, row 1, column 'date'"):
        es.load_prices(source=frame)


def test_a_stated_format_counts_for_numbers_too(write):
    months = es.load_prices(source=write("date,A\n201007,1\n201008,2\n"), calendar=None, date_format="%Y%m").frame
    assert months.index.strftime("%Y-%m-%d").tolist() == ["2010-07-01", "2010-08-01"]
    frame = pd.DataFrame({"date": [201007, 201008], "A": [1.0, 2.0]})
    assert es.load_prices(source=frame, calendar=None, date_format="%Y%m").frame.index.equals(months.index)
    with pytest.raises(DataError, match="date_format='%Q' cannot be used"):
        es.load_prices(source=frame, date_format="%Q")


@pytest.mark.parametrize("date_format", ["%Y\n%m", "%d" * 5000, "%Q\n", "\x1b[31m%d"])
@pytest.mark.parametrize("date", ["2010-07-01", dt.date(2010, 7, 1)])
def test_a_stated_format_keeps_its_message_to_a_line(date_format, date):
    frame = pd.DataFrame({"date": [date, "x"], "A": [1.0, 2.0]})
    events = pd.DataFrame({"symbol": ["A"], "date": ["x"]})
    for door in (
        lambda: es.load_prices(source=frame, date_format=date_format),
        lambda: es.study(
            events, pd.DataFrame({"A": [1.0]}, index=pd.DatetimeIndex(["2010-07-01"])), date_format=date_format
        ),
    ):
        with pytest.raises(InputError) as caught:
            door()
        assert len(str(caught.value).splitlines()) == 1, str(caught.value)
        assert len(str(caught.value)) < LINE


# --------------------------------------------------------------------------------------------------------------- rows and headers

TWO_ROWS = pd.DataFrame(
    np.arange(1.0, 17.0).reshape(4, 4),
    index=INDEX,
    columns=pd.MultiIndex.from_product([["Close", "Volume"], ["AAPL", "AMD"]], names=["Price", "Ticker"]),
)


@pytest.mark.parametrize("frame", [TWO_ROWS, TWO_ROWS.swaplevel(axis=1)])
def test_two_rows_of_labels_are_read_by_one_rule(frame):
    expected = TWO_ROWS["Close"].to_numpy()
    for panel in (es.load_prices(source=frame), PricePanel(frame)):
        assert panel.symbols == ["AAPL", "AMD"]
        assert (panel.frame.to_numpy() == expected).all()
    assert es.ReturnPanel.from_prices(frame).frame["AMD"].iloc[1] == pytest.approx(6 / 2 - 1)
    with pytest.raises(DataError, match=r"hold prices.*use ReturnPanel.from_prices"):
        es.ReturnPanel(frame)
    with pytest.raises(DataError, match=r"hold prices.*use ReturnPanel.from_prices"):
        es.EventStudy(calendar=None).fit(pd.DataFrame({"event_id": ["e"], "bar": [INDEX[1]]}), frame)
    returns = pd.concat({"ret": TWO_ROWS["Close"] / 100 - 0.05}, axis=1)
    assert es.ReturnPanel(returns).symbols == ["AAPL", "AMD"]


def test_two_rows_of_labels_of_a_file(write):
    TWO_ROWS.rename_axis(index="Date").to_csv(write("", "yf.csv"))
    path = write("", "yf.csv")
    TWO_ROWS.rename_axis(index="Date").to_csv(path)
    assert (es.load_prices(source=path).frame.to_numpy() == TWO_ROWS["Close"].to_numpy()).all()
    path.write_text(path.read_text().replace("9.0", "x", 1))
    with pytest.raises(DataError, match=r"yf.csv, row 6, column 'AAPL': 'x' is not a number"):
        es.load_prices(source=path)


@pytest.mark.parametrize(
    "door", [PricePanel, es.ReturnPanel, es.ReturnPanel.from_prices, lambda x: es.load_prices(source=x)]
)
@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.concat({"x": TWO_ROWS}, axis=1), "3 levels"),
        (TWO_ROWS.rename(columns={"Close": "foo", "Volume": "bar"}), "2 levels"),
        (pd.DataFrame([[1.0, 2.0]] * 4, columns=["A", "A"], index=INDEX), "stands twice"),
        (pd.DataFrame([CLOSES], columns=INDEX, index=["A"]), "pass frame.T"),
    ],
)
def test_headers_that_cannot_be_read_are_refused_at_every_door(door, frame, words):
    with pytest.raises(DataError, match=words):
        door(frame)


def test_two_levels_of_row_labels_are_a_long_table_or_refused():
    rows = pd.DataFrame({"date": DAYS * 2, "symbol": ["A"] * 4 + ["B"] * 4, "close": [*CLOSES, *CLOSES]})
    frame = rows.set_index(["date", "symbol"])
    assert es.load_prices(source=frame).frame["B"].tolist() == CLOSES
    for door in (PricePanel, es.ReturnPanel, es.ReturnPanel.from_prices):
        with pytest.raises(DataError, match=r"the rows have 2 levels of labels \(date, symbol\).*unstack"):
            door(frame)
    with pytest.raises(DataError, match="levels of labels without names"):
        es.load_prices(source=frame.rename_axis([None, None]))


def test_row_labels_of_several_kinds_have_no_order():
    with pytest.raises(DataError, match="several kinds"):
        es.ReturnPanel(pd.DataFrame({"A": [0.1, 0.2]}, index=[INDEX[0], "x"]))


def test_days_that_carry_an_hour_are_no_sessions():
    frame = pd.DataFrame({"A": CLOSES}, index=(INDEX + pd.Timedelta(hours=16)).tz_localize("America/New_York"))
    with pytest.raises(DataError, match=r"days that carry an hour.*normalize"):
        es.load_prices(source=frame)


HEADERS = {
    "comma at the end of each row": ("date,A\n2025-02-18,1,\n", r"row 2: the row ends with a separator.*remove the comma"),
    "of all rows": ("date,A,\n2025-02-18,1,\n", r"row 1: column 3 has no name.*comma at the end of each row, remove it"),
    "long": ("date,symbol,close\n2025-02-18,A,100,\n", r"row 2: the row ends with a separator"),
    "a nameless column": ("date,,A\n2025-02-18,1,2\n", r"row 1: column 2 has no name"),
    "twice after blanks": ("date,A, A\n2025-02-18,1,2\n", r"row 1: column 'A' stands twice"),
    "too few cells": ("date,A,B\n2025-02-18,1,2\n2025-02-19,1\n", r"row 3: the row has 2 cells where the header has 3"),
    "too many cells": ("date,A,B\n2025-02-18,1,2\n2025-02-19,1,2,3\n", r"row 3: the row has 4 cells where the header has 3"),
    "a blank line": ("date,A\n2025-02-18,1\n\n2025-02-19,2\n", r"row 3, column 'date': there is no date"),
    "a quote that is not closed": ('date,A\n"2025-02-18,1\n2025-02-19,2\n', r"row 2|cannot be read as CSV"),
    "a huge number": (f"date,A\n2025-02-18,{'9' * 5000}\n", r"row 2, column 'A': inf is not a number that can be used"),
    "a huge date": (f"date,A\n{'9' * 5000},1\n", r"row 2, column 'date': '9{58}… is not a date"),
    "NUL": ("date,A\n2025-02-18,\x001\n", "NUL bytes"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HEADERS)
def test_rows_that_do_not_fit_their_header_say_why(write, kind):
    text, words = HEADERS[kind]
    with pytest.raises(DataError, match=words) as caught:
        es.load_prices(source=write(text))
    assert "prices.csv" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_the_row_numbers_that_pandas_writes_are_no_security(write):
    frame = pd.DataFrame({"date": DAYS, "A": CLOSES})
    path = write("")
    frame.to_csv(path)
    assert es.load_prices(source=path).symbols == ["A"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "{end}", "{end}{end}{end}", ",{end}"])
def test_ends_of_lines_and_blank_lines_at_the_end_do_not_matter(write, end, tail):
    text = end.join(["date,A", "2025-02-18,1", "2025-02-19,2"]) + end + tail.format(end=end)
    assert es.load_prices(source=write(text)).frame["A"].tolist() == [1.0, 2.0]


def test_marks_of_numbers(write):
    european = write("date;A;B\n2025-02-18;5.123,5;7,25\n2025-02-19;1,5; 2\n")
    assert es.load_prices(source=european, decimal=",", thousands=".").frame.to_numpy().tolist() == [
        [5123.5, 7.25],
        [1.5, 2.0],
    ]
    english = write('date,A\n2025-02-18,"5,123.5"\n2025-02-19,NA\n2025-02-20,1\n')
    assert es.load_prices(source=english, thousands=",").frame["A"].dropna().tolist() == [5123.5, 1.0]
    blanks = write("date A  B\n2025-02-18 1 2\n2025-02-19  3 4\n")
    assert es.load_prices(source=blanks, sep=r"\s+").frame.to_numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_every_digit_of_a_file_is_read(write):
    values = np.exp(np.random.default_rng(5).normal(0, 20, 3000))
    rows = "".join(
        f"{day:%Y-%m-%d},{value!r}\n"
        for day, value in zip(pd.bdate_range("2001-01-01", periods=3000), values.tolist(), strict=True)
    )
    panel = es.load_prices(source=write(f"date,A\n{rows}"), calendar=None)
    assert panel.frame["A"].tolist() == values.tolist()


@pytest.mark.parametrize("path", ["a\0b.csv", "x" * 5000, "x" * 5000 + ".csv", "\0", "nowhere/" * 900 + "p.parquet"])
def test_paths_that_no_system_can_name(path):
    with pytest.raises(DataError, match=r"is not the name of a file|does not exist|is neither a file") as caught:
        es.load_prices(source=path)
    assert len(str(caught.value)) < 600


def test_symbols_may_be_numbers():
    frame = pd.DataFrame({"date": DAYS, "permno": [10001] * 4, "prc": CLOSES})
    assert es.load_prices([10001], source=frame).symbols == es.load_prices(10001, source=frame).symbols == ["10001"]


@pytest.mark.filterwarnings("error")
def test_a_row_of_another_width_that_is_no_text_is_one_error(write):
    with pytest.raises(DataError, match=r"prices.csv, row 60002: the row has 3 cells where the header has 2"):
        es.load_prices(source=write(b"date,A\n" + b"2025-02-18,1\n" * 60_000 + b"2025-02-19,1,\xe9\n"))
    with pytest.raises(DataError, match=r"prices.csv: this cannot be read as CSV \(.*UTF8|prices.csv, line"):
        es.load_prices(source=write(b"date,symbol,close\n" + b"2025-02-18,A,1\n" * 90_000 + b"2025-02-19,\xe9,1\n"))


def test_dates_as_objects_of_far_years_are_no_overflow():
    days = pd.Series([pd.Timestamp("1677-09-20").as_unit("s"), *map(pd.Timestamp, DAYS[1:])], dtype=object)
    with pytest.raises(DataError):
        es.load_prices(source=pd.DataFrame({"date": days, "A": CLOSES}), calendar=None)


def test_a_column_of_lists_beside_a_long_table_is_passed_over():
    frame = pd.DataFrame({"date": DAYS * 2, "symbol": ["A"] * 4 + ["B"] * 4, "close": CLOSES * 2, "tags": [["x"]] * 8})
    frame = pd.concat([frame, frame.assign(date=pd.to_datetime(frame["date"]) + pd.Timedelta(days=7))])
    assert es.load_prices(source=frame.assign(date=pd.to_datetime(frame["date"]))).symbols == ["A", "B"]


@pytest.mark.parametrize("form", ["frame", "csv", "parquet"])
@pytest.mark.parametrize("asked", [None, ["ABC"]])
def test_a_ticker_that_changed_hands_is_no_single_security(form, asked, tmp_path):
    frame = pd.DataFrame(
        {"PERMNO": [10001, 10001, 10002, 10002, *[10003] * 4], "date": DAYS * 2, "TICKER": ["ABC"] * 4 + ["XYZ"] * 4, "PRC": CLOSES * 2}
    )  # fmt: skip

    def source(table):
        if form == "frame":
            return table
        path = tmp_path / f"crsp.{form}"
        table.to_csv(path, index=False) if form == "csv" else table.to_parquet(path)
        return path

    with pytest.raises(DataError, match=r"'ABC' stands for PERMNO 10001 and 10002.*symbol_column='PERMNO'"):
        es.load_prices(asked, source=source(frame))
    assert es.load_prices(source=source(frame), symbol_column="PERMNO").symbols == ["10001", "10002", "10003"]
    one = source(frame.assign(PERMNO=[10001] * 4 + [10003] * 4))
    assert es.load_prices(asked, source=one).frame["ABC"].tolist() == CLOSES


def test_a_cell_that_cannot_be_written_is_refused_with_its_row():
    cells = pd.Series([*CLOSES[:3], "\ud800"], dtype=object)
    with pytest.raises(DataError, match=r"row 4, column 'A': .*no text that can be written"):
        es.load_prices(source=pd.DataFrame({"date": DAYS, "A": cells}))


HALF = "A\ud800"  # half of a surrogate pair: no file can hold it, nor can the strings of pandas


def wide_of(*names):
    values = np.outer(CLOSES, np.arange(1, len(names) + 1))
    return pd.DataFrame(values, index=pd.DatetimeIndex(DAYS), columns=pd.Index(names, dtype=object))


def long_of(names, dates=DAYS):
    rows = [(day, name, close) for name in names for day, close in zip(dates, CLOSES, strict=False)]
    return pd.DataFrame(rows, columns=["date", "symbol", "close"], dtype=object)


@pytest.mark.parametrize(
    ("load", "where"),
    [
        (lambda: es.load_prices(source=wide_of("B", HALF)), "the frame: the name of column 2"),
        (lambda: es.load_returns(source=wide_of("B", HALF)), "the frame: the name of column 2"),
        (lambda: es.PricePanel(wide_of("B", HALF)), "column 2"),
        (lambda: es.ReturnPanel(wide_of("B", HALF)), "column 2"),
        (lambda: es.ReturnPanel(wide_of("B").set_axis(pd.Index([1, "b", HALF, 4], dtype=object))), "row 3"),
        (lambda: es.load_prices(source=long_of(["B", HALF])), "the frame, row 5, column 'symbol'"),
        (lambda: es.load_prices(source=long_of(["B", "C"], dates=["2025-03-03", HALF])), "the frame, row 2, column 'date'"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_written_is_refused_with_its_place(load, where):
    with pytest.raises(DataError, match=rf"^{where}: 'A\\ud800' is no text that can be written; mend it"):
        load()


@pytest.mark.parametrize("asked", [{"start": DAYS[1]}, {"end": DAYS[2]}, {"start": DAYS[1], "end": DAYS[2]}])
def test_levels_alone_are_cut_to_the_dates_asked_for(asked):
    panel = es.load_returns(source=wide_of("^VIX"), **asked)
    assert panel.frame.shape[1] == 0
    days = [day for day in DAYS if asked.get("start", day) <= day <= asked.get("end", day)]
    assert panel.levels["^VIX"].to_dict() == {pd.Timestamp(day): CLOSES[DAYS.index(day)] for day in days}


@pytest.mark.parametrize("panel", [PricePanel, es.ReturnPanel])
@pytest.mark.parametrize("unit", ["us", "ns"])
@pytest.mark.parametrize(
    ("first", "step", "said"),
    [("2025-04-03 09:30", "min", "moments within days"), ("2025-01-01 16:00", "D", "days that carry an hour")],
)
def test_moments_beside_the_name_of_a_calendar_are_refused_by_every_panel(panel, unit, first, step, said):
    bars = pd.date_range(first, periods=200, freq=step, tz="America/New_York").as_unit(unit)
    with pytest.raises(DataError, match=said):
        panel(pd.DataFrame(0.01, index=bars, columns=["A", "B"]), calendar="XNYS")


def test_a_quality_table_of_thousands_of_columns_is_taken_at_once():
    panel = PricePanel(pd.DataFrame({"A": CLOSES, "B": CLOSES}, index=INDEX))
    more = pd.DataFrame(
        {"source": ["x", "y"], **{f"c{at}": [str(at), at] for at in range(3000)}}, index=pd.Index(["B", "A"])
    )
    wide = PricePanel(panel.frame, quality=more, sources={"A": "given", "B": "given"}).quality
    assert wide.columns.tolist() == [*panel.quality.columns, *more.columns[1:]]
    assert wide.index.tolist() == ["A", "B"]
    assert wide["source"].tolist() == ["y", "x"]
    assert wide["c7"].tolist() == [7, "7"]
    pd.testing.assert_frame_equal(wide[panel.quality.columns[1:]], panel.quality.iloc[:, 1:])


@pytest.mark.parametrize(
    "labels",
    [
        pd.MultiIndex.from_tuples([("a", "b"), ("c", "d")]),
        pd.CategoricalIndex(["more", "jumps"]),
        pd.to_datetime(["2020-01-01", "2021-01-01"]).tz_localize("UTC"),
        pd.interval_range(0, 2),
        pd.period_range("2020", periods=2),
        pd.to_timedelta([1, 2], "D"),
        pd.Index(["a", np.nan]),
        pd.Index([True, False]),
        pd.RangeIndex(2),
    ],
    ids=lambda labels: type(labels).__name__ + str(labels.dtype),
)
@pytest.mark.parametrize("rows", [["B", "A"], ["Z"], []])
def test_a_quality_table_keeps_columns_of_any_kind(labels, rows):
    panel = PricePanel(pd.DataFrame({"A": CLOSES, "B": CLOSES}, index=INDEX))
    more = pd.DataFrame([[1, 2.5]] * len(rows), index=pd.Index(rows, dtype=object), columns=labels)
    wide = PricePanel(panel.frame, quality=more).quality
    added = [name for name in labels if name not in panel.quality.columns]
    assert list(map(str, wide.columns)) == list(map(str, [*panel.quality.columns, *added]))
    for at, name in enumerate(labels):
        column = wide.iloc[:, [str(each) for each in wide.columns].index(str(name))]
        assert column.dropna().tolist() == [[1, 2.5][at]] * len(set(rows) & {"A", "B"})
