# ruff: noqa: RUF043
"""What columns mean: one symbol's bars, two rows of names, which of two prices, the market beside its shares, names of files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns import DataWarning

INDEX = pd.DatetimeIndex(["2025-06-24", "2025-06-25", "2025-06-26", "2025-06-27"])
CLOSES = [20.2, 20.4, 20.3, 20.5]


def bars(**columns):
    frame = pd.DataFrame({"open": 20.0, "high": 21.0, "low": 19.5, "volume": 100.0}, index=INDEX.rename("Date"))
    return frame.assign(**columns)


SINGLE = {
    "yahoo": bars(**{"Close*": 1.0, "Adj Close**": CLOSES}),
    "polygon": bars(close=CLOSES, vwap=20.1, transactions=5),
    "unknown columns": bars(close=CLOSES, foo=3.0, bar=4.0),
    "nasdaq": bars(**{"Close/Last": CLOSES}),
    "alpha vantage": bars(close=1.0, adjusted_close=CLOSES, dividend_amount=0.0, split_coefficient=1.0),
    "tiingo": bars(close=1.0, adjClose=CLOSES, adjOpen=1.0, divCash=0.0, splitFactor=1.0),
    "capitals": bars(CLOSE=CLOSES).rename(columns=str.upper),
    "last for close": bars(Last=CLOSES),
    "price for close": bars(Price=CLOSES, **{"Change %": "1.2%"}),
    "tidyquant": bars(close=1.0, adjusted=CLOSES),
    "close alone": bars()[[]].assign(Close=CLOSES),
}


@pytest.mark.parametrize("kind", SINGLE)
def test_the_bars_of_one_symbol_are_one_symbol(kind, tmp_path):
    for name in ("AAPL.csv", "BRK.B.csv", "0700.HK.CSV", "NA.csv"):
        path = tmp_path / name
        SINGLE[kind].to_csv(path)
        panel = es.load_prices(source=path)
        assert panel.symbols == [name[:-4]]
        assert panel.frame.iloc[:, 0].tolist() == CLOSES
    if kind != "close alone":
        assert es.load_prices(["AAPL"], source=SINGLE[kind]).frame["AAPL"].tolist() == CLOSES


@pytest.mark.parametrize("kind", ["no close", "a ticker beside a close", "volume among tickers"])
def test_what_may_be_bars_or_symbols_is_refused_by_its_name(kind):
    frame = {
        "no close": bars(foo=CLOSES),
        "a ticker beside a close": pd.DataFrame({"AAPL": CLOSES, "Close": CLOSES}, index=INDEX),
        "volume among tickers": pd.DataFrame({"AAPL": CLOSES, "Volume": CLOSES}, index=INDEX),
    }[kind]
    with pytest.raises(DataError, match=r"column '(foo|volume|AAPL|Volume)'.*column="):
        es.load_prices(source=frame)


@pytest.mark.parametrize(
    "names", [["LOW", "OPEN", "AAPL"], ["LAST", "PX", "PRC"], ["T", "V", "C"], ["VALUE", "A"], ["HIGH", "LOW"]]
)
def test_tickers_that_are_words_stay_tickers(names, tmp_path):
    frame = pd.DataFrame(dict.fromkeys(names, CLOSES), index=INDEX.rename("Date"))
    frame.to_csv(tmp_path / "w.csv")
    assert es.load_prices(source=frame).symbols == es.load_prices(source=tmp_path / "w.csv").symbols == names


# ------------------------------------------------------------------------------------------------------------ two rows of names

FIELDS = {"Adj Close": CLOSES, "Close": [1.0] * 4, "Open": [2.0] * 4, "Volume": [3.0] * 4}


def pairs(tickers, order, names):
    wide = {(field, name): np.array(cells) + at for field, cells in FIELDS.items() for at, name in enumerate(tickers)}
    frame = pd.DataFrame(wide, index=INDEX)
    frame.columns.names = names if order == "field" else names[::-1]
    return frame if order == "field" else frame.swaplevel(axis=1).sort_index(axis=1).rename_axis(columns=names[::-1])


@pytest.mark.parametrize(
    "tickers", [["AAPL", "PX"], ["PX", "LAST"], ["VALUE", "CLOSE.N"], ["10001", "000001"], ["RET", "A"]]
)
@pytest.mark.parametrize("order", ["field", "ticker"])
@pytest.mark.parametrize("names", [["Price", "Ticker"], [None, None], ["Attributes", "Symbols"]])
@pytest.mark.parametrize("form", ["frame", "csv", "xlsx", "panel"])
def test_fields_are_told_from_tickers(tickers, order, names, form, tmp_path):
    frame = pairs(tickers, order, names)
    if form == "csv":
        frame.rename_axis(index="Date").to_csv(tmp_path / "p.csv")
    elif form == "xlsx":
        frame.rename_axis(index="Date").to_excel(tmp_path / "p.xlsx")
    source = frame if form in ("frame", "panel") else tmp_path / f"p.{form}"
    try:
        panel = es.PricePanel(frame) if form == "panel" else es.load_prices(source=source)
    except DataError as refusal:
        assert "both rows of names may be fields" in str(refusal)  # noqa: PT017  which tickers those are is not the point
        assert names == [None, None] or form in ("csv", "xlsx")
        assert tickers == ["PX", "LAST"]
        return
    assert sorted(panel.symbols) == sorted(tickers)
    for at, name in enumerate(tickers):
        assert panel.frame[name].tolist() == (np.array(CLOSES) + at).tolist()


EXPORTS = {
    "bloomberg": ",NVDA US Equity,,AMD US Equity,\nDates,PX_LAST,PX_VOLUME,PX_LAST,PX_VOLUME\n2025-06-24,20.2,5,10.1,6\n2025-06-25,20.4,5,10.2,6\n",
    "refinitiv": "Instrument,AAPL.O,,MSFT.O,\nDate,Price Close,Volume,Price Close,Volume\n2025-06-24,20.2,5,10.1,6\n2025-06-25,20.4,5,10.2,6\n",
    "with an empty third row": "Price,Close,Close,Volume,Volume\nTicker,A,B,A,B\nDate,,,,\n2025-06-24,20.2,10.1,5,6\n2025-06-25,20.4,10.2,5,6\n",
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_exports_of_terminals_are_read(kind, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(EXPORTS[kind])
    panel = es.load_prices(source=path)
    assert panel.frame.to_numpy().tolist() == [[20.2, 10.1], [20.4, 10.2]]
    assert len(panel.symbols) == 2


def test_two_rows_without_a_field_are_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Date,NVDA,AMD\n,USD,USD\n2025-06-24,20.2,10.1\n")
    with pytest.raises(DataError, match="keep one level|say which"):
        es.load_prices(source=path)


def test_returns_under_the_names_of_prices_are_told_by_their_values():
    frame = pairs(["M", "A"], "field", ["Price", "Ticker"])[["Adj Close"]]
    changes = frame.pct_change().iloc[1:]
    assert es.ReturnPanel(changes).symbols == ["M", "A"]
    with pytest.raises(DataError, match=r"hold prices.*from_prices"):
        es.ReturnPanel(frame)


# ------------------------------------------------------------------------------------------------------- long tables, row numbers


@pytest.mark.parametrize(
    "name", ["adjusted", "Adj Close", "adj_close", "ADJUSTED_CLOSE", "closeadj", "adjClose", "Adj. Close**", "prc_adj"]
)
def test_the_adjusted_close_goes_first(name):
    frame = pd.DataFrame({"symbol": "A", "date": INDEX, "close": 1.0, "volume": 5.0, name: CLOSES})
    assert es.load_prices(source=frame).frame["A"].tolist() == CLOSES


CRSP = pd.DataFrame(
    {
        "PERMNO": [10001] * 4 + [10002] * 4,
        "date": [f"{day:%Y%m%d}" for day in INDEX] * 2,
        "RET": [0.01, -0.01, 0.02, 0.0, 0.02, 0.01, -0.01, 0.03],
    }
)


@pytest.mark.parametrize("name", ["vwretd", "sprtrn", "Return on the S&P 500 Index"])
def test_the_market_in_a_column_of_its_own(name, tmp_path):
    frame = CRSP.assign(**{name: [0.005, -0.002, 0.001, 0.0] * 2})
    frame.to_csv(tmp_path / "c.csv", index=False)
    for source in (frame, tmp_path / "c.csv"):
        panel = es.load_returns(["10001", "10002", name], source=source, holds="returns")
        assert panel.symbols == ["10001", "10002", name]
        assert panel.frame[name].tolist() == [0.005, -0.002, 0.001, 0.0]
    if name == "Return on the S&P 500 Index":
        with pytest.warns(DataWarning, match="is called as the return of a market is, and is not read"):
            assert name not in es.load_returns(source=frame, holds="returns").symbols
    else:
        assert name in es.load_returns(source=frame, holds="returns").symbols
    with pytest.raises(DataError, match=r"on 2025-06-24 the column holds 0.005 and 9: it is no series of its own"):
        es.load_returns(["10001", name], source=frame.assign(**{name: [0.005, 0, 0, 0, 9, 0, 0, 0]}), holds="returns")


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "X", "...1", "row.names", "rownames", "index", "V1"])
@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("form", ["frame", "csv", "xlsx"])
def test_row_numbers_are_no_security(name, start, form, tmp_path):
    frame = pd.DataFrame({name: range(start, start + 4), "date": INDEX.strftime("%Y-%m-%d"), "A": CLOSES})
    if form == "csv":
        frame.to_csv(tmp_path / "r.csv", index=False)
    elif form == "xlsx":
        frame.to_excel(tmp_path / "r.xlsx", index=False)
    assert es.load_prices(source=frame if form == "frame" else tmp_path / f"r.{form}").symbols == ["A"]


def test_a_ticker_called_x_stays():
    assert es.load_prices(source=pd.DataFrame({"X": CLOSES, "A": CLOSES}, index=INDEX)).symbols == ["X", "A"]


LONG = pd.DataFrame(
    {
        "PERMNO": [10001] * 4 + [10002] * 4,
        "date": [20250624, 20250625, 20250626, 20250627] * 2,
        "RET": [0.01, -0.01, 0.02, 0.0, 0.02, 0.01, -0.01, 0.03],
        "bench": [0.005, -0.002, 0.001, 0.003] * 2,
        "SHROUT": [5, 5, 5, 5, 7, 7, 7, 7],
        "year": 2025,
    }
)


@pytest.mark.parametrize("form", ["frame", "csv"])
def test_an_index_in_a_column_of_a_long_table_is_told_and_can_be_asked_for(form, tmp_path):
    LONG.to_csv(tmp_path / "crsp.csv", index=False)
    source = LONG if form == "frame" else tmp_path / "crsp.csv"
    with pytest.warns(DataWarning, match="column 'bench' is called as the return of a market is, and is not read; ask"):
        assert es.load_returns(source=source, holds="returns").symbols == ["10001", "10002"]
    panel = es.load_returns(["10001", "bench"], source=source, holds="returns")
    assert panel.frame["bench"].tolist() == [0.005, -0.002, 0.001, 0.003]


def test_a_number_a_day_is_told_whatever_its_name():
    with pytest.warns(DataWarning, match="column 'topix' holds one number a day, as an index does, and is not read"):
        es.load_returns(source=LONG.rename(columns={"bench": "topix"}), holds="returns")


@pytest.mark.parametrize("beside", ["CFACPR", "ajexdi", "RI", "TOT_RETURN_INDEX_GROSS_DVDS", "adj_factor"])
@pytest.mark.parametrize("long", [True, False])
def test_a_price_beside_its_factor_is_not_taken_for_an_adjusted_one(beside, long, tmp_path):
    head, more = ("ticker,", "A,") if long else ("", "")
    (tmp_path / "A.csv").write_text(f"date,{head}close,{beside}\n2025-06-24,{more}20.2,2\n2025-06-25,{more}10.1,1\n")
    with pytest.raises(DataError, match=f"'{beside}'|{beside}"):
        es.load_prices(source=tmp_path / "A.csv")
    assert es.load_prices(source=tmp_path / "A.csv", column="close").frame["A"].tolist() == [20.2, 10.1]


@pytest.mark.parametrize("name", ["n", "_N", "lfd", "Zeile"])
@pytest.mark.parametrize("start", [0, 1])
def test_what_counts_the_rows_before_the_dates_is_no_security(name, start):
    days = ["2025-06-24", "2025-06-25", "2025-06-26"]
    ahead = pd.DataFrame({name: range(start, start + 3), "date": days, "A": [10.0, 11.0, 12.0]})
    assert es.load_prices(source=ahead).symbols == ["A"]
    behind = pd.DataFrame({"date": days, name: [1.0, 2.0, 3.0], "A": [10.0, 11.0, 12.0]})
    assert es.load_prices(source=behind).symbols == [name, "A"]
