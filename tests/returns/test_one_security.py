"""One security's bars are one security or are refused, whatever its columns are called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError

DAYS = sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2024-12-31"))
RNG = np.random.default_rng(2)
CLOSE = 100 * np.exp(RNG.normal(0, 0.01, len(DAYS)).cumsum())
OPEN = CLOSE * np.exp(RNG.normal(0, 0.004, len(DAYS)))
FIELDS = [
    OPEN,
    np.maximum(OPEN, CLOSE) * 1.003,
    np.minimum(OPEN, CLOSE) * 0.997,
    CLOSE,
    RNG.integers(1e5, 1e7, len(DAYS)),
]


def bars(*names):
    return pd.DataFrame(dict(zip(names, FIELDS, strict=False)), index=DAYS)


REFUSED = [
    ("Apertura", "Máximo", "Mínimo", "Cierre", "Volumen"),
    ("Öffnung", "Hoch", "Tief", "Ende"),
    ("始値", "高値", "安値", "終値", "出来高"),
    ("o", "h", "l", "c", "v"),
    ("O", "H", "L", "C"),
    ("AAPL.Open", "AAPL.High", "AAPL.Low", "AAPL.Close", "AAPL.Volume"),
    ("Open_AAPL", "High_AAPL", "Low_AAPL", "Close_AAPL", "Volume_AAPL"),
    ("('Open', 'AAPL')", "('High', 'AAPL')", "('Low', 'AAPL')", "('Close', 'AAPL')"),
    ("PX_OPEN", "PX_HIGH", "PX_LOW", "PX_LAST", "PX_VOLUME"),
    ("eins", "zwei", "drei", "vier"),
]


@pytest.mark.parametrize("names", REFUSED, ids=lambda names: names[0])
def test_bars_of_one_security_are_never_several(names, tmp_path):
    frame = bars(*names)
    file = tmp_path / "AAPL.csv"
    frame.to_csv(file, index_label="date")
    for load in (
        lambda: es.load_prices(source=frame),
        lambda: es.load_prices(source=file),
        lambda: es.load_returns(frame.iloc[::-1]),
        lambda: es.PricePanel(frame),
        lambda: es.ReturnPanel.from_prices(frame),
    ):
        with pytest.raises(
            DataError, match=r"are fields of a security|move as the open, high, low|the bars of one symbol"
        ):
            load()
    panel = es.load_prices(source=file, column=names[3])  # the way out
    assert panel.symbols == ["AAPL"]
    assert panel.frame["AAPL"].tolist() == pytest.approx(CLOSE.tolist())
    assert es.load_prices(list(names[:4]), source=frame).symbols == list(
        names[:4]
    )  # they are securities: the other way out


@pytest.mark.parametrize(
    "names",
    [
        {"Price": CLOSE, "PE Ratio": CLOSE / 5},
        {"PX_LAST": CLOSE, "Market Cap": CLOSE * 1e9},
        {"Price": CLOSE, "CVol": FIELDS[4], "Change": 0.1, "% Return": 0.2},
        {"Bid": CLOSE * 0.999, "Ask": CLOSE * 1.001},
        {"Cierre": CLOSE, "Volumen": FIELDS[4]},
        {"AAPL Close": CLOSE, "AAPL Volume": FIELDS[4], "MSFT Close": OPEN, "MSFT Volume": FIELDS[4]},
    ],
    ids=str,
)
def test_fields_beside_a_price_are_no_securities(names):
    with pytest.raises(DataError, match="column="):
        es.load_prices(source=pd.DataFrame(names, index=DAYS))


@pytest.mark.parametrize(
    "names", [("TRDPRC_1", "HIGH_1", "LOW_1", "OPEN_PRC", "ACVOL_UNS"), ("Price", "High", "Low", "Open", "Volume")]
)
def test_the_usual_names_are_read(names, tmp_path):
    frame = pd.DataFrame(dict(zip(names, [FIELDS[at] for at in (3, 1, 2, 0, 4)], strict=True)), index=DAYS)
    frame.to_csv(tmp_path / "IBM.N.csv", index_label="Date")
    panel = es.load_prices(source=tmp_path / "IBM.N.csv")
    assert panel.symbols == ["IBM.N"]
    assert panel.frame["IBM.N"].tolist() == pytest.approx(CLOSE.tolist())


def test_returns_called_as_bars_are_refused():
    returns = bars("Open", "High", "Low", "Close").pct_change().iloc[1:]
    with pytest.raises(DataError, match="check=False if they are securities"):
        es.ReturnPanel(returns)
    assert len(es.ReturnPanel(returns, check=False).symbols) == 4


def test_securities_that_are_near_one_another_stay_securities():
    shares = {name: CLOSE * scale * np.exp(RNG.normal(0, 0.002, len(DAYS))) for name, scale in
              [("GOOG", 1), ("GOOGL", 1), ("SPY", 1.02), ("LOW", 0.98), ("OPEN", 1.01)]}  # fmt: skip
    assert es.load_prices(source=pd.DataFrame(shares, index=DAYS)).symbols == list(shares)
    names = ["Open Text", "High Yield ETF", "Low Volatility", "Close Brothers", "Apple", "Shell", "Novo", "SAP", "BP"]
    frame = pd.DataFrame({name: CLOSE * (2 + at) for at, name in enumerate(names)}, index=DAYS)
    assert es.load_prices(source=frame).symbols == names


@pytest.mark.parametrize("form", ["frame", "csv", "xlsx"])
def test_each_security_with_dates_of_its_own_is_refused(form, tmp_path):
    """As a spreadsheet of Bloomberg has them side by side: the second column of dates need not be the first."""
    frame = pd.DataFrame(
        {
            ("AAPL", "Date"): DAYS[:-1],
            ("AAPL", "PX_LAST"): CLOSE[:-1],
            ("MSFT", "Date"): DAYS[1:],
            ("MSFT", "PX_LAST"): OPEN[1:],
        }
    )
    rows = [
        ["", "AAPL", "", "MSFT"],
        ["Date", "PX_LAST"] * 2,
        *([f"{a:%Y-%m-%d}", b, f"{c:%Y-%m-%d}", d] for a, b, c, d in frame.to_numpy()),
    ]
    source = frame if form == "frame" else tmp_path / f"prices.{form}"
    if form == "csv":
        source.write_text("\n".join(",".join(map(str, row)) for row in rows))
    elif form == "xlsx":
        pd.DataFrame(rows).to_excel(source, index=False, header=False)
    with pytest.raises(DataError, match="a second column is called 'Date': each security has dates of its own"):
        es.load_prices(source=source)


@pytest.mark.parametrize("name", ["Date_MSFT", "expiry", "year", "Weekday"])
def test_dates_as_numbers_are_no_prices(name):
    parts = {"year": DAYS.year, "Weekday": DAYS.day_of_week + 1}
    dates = parts.get(name, pd.Index(DAYS.strftime("%Y%m%d").astype(int)))
    frame = pd.DataFrame({"Date": DAYS, "AAPL": CLOSE, name: dates})
    with pytest.raises(DataError, match=f"column '{name}' holds dates"):
        es.load_prices(source=frame)
    assert es.load_prices(source=frame.drop(columns=name).assign(DAY=OPEN)).symbols == ["AAPL", "DAY"]  # Dayforce


@pytest.mark.parametrize(
    "above",
    [
        [["Prices of the two"], []],
        [["Prices of the two"]],
        [["Start Date", DAYS[0]], ["End Date", DAYS[-1]], []],
        [["Source", "Bloomberg"], [], []],
    ],
    ids=len,
)
@pytest.mark.parametrize("double", [False, True])
def test_titles_above_the_names_of_a_spreadsheet_are_none(above, double, tmp_path):
    names = [["", "AAPL", "MSFT"], ["Date", "PX_LAST", "PX_LAST"]] if double else [["Date", "AAPL", "MSFT"]]
    rows = [*above, *names, *([day, one, other] for day, one, other in zip(DAYS, CLOSE, OPEN, strict=True))]
    path = tmp_path / "p.xlsx"

    def write():
        return pd.DataFrame([[*row, *[None] * (3 - len(row))] for row in rows]).to_excel(
            path, index=False, header=False
        )

    write()
    panel = es.load_prices(source=path)
    assert panel.symbols == ["AAPL", "MSFT"]
    assert panel.frame["MSFT"].tolist() == pytest.approx(OPEN.tolist())
    rows[-1][1] = "n.m."
    write()
    with pytest.raises(DataError, match=f"row {len(rows)}, column 'AAPL'"):
        es.load_prices(source=path)


def test_growth_factors_and_cumulative_returns_are_told():
    returns = pd.DataFrame(RNG.normal(0.001, 0.02, (len(DAYS), 2)), index=DAYS, columns=["A", "B"])
    with pytest.raises(DataError, match=r"column 'A' stands near 1 and jumps about it.*holds='returns'"):
        es.load_returns(source=1 + returns)
    assert es.load_returns(source=1 + returns, check=False).symbols == ["A", "B"]
    near_one = (1 + returns / 20).cumprod()  # such as an exchange rate
    assert es.load_prices(source=near_one).symbols == ["A", "B"]
    with pytest.raises(DataError, match=r"moves as a level does.*cumulative returns"):
        es.ReturnPanel((1 + returns.abs() / 3).cumprod() - 1)
    assert es.ReturnPanel(returns.mask(returns > 0.05, 0.4)).symbols == ["A", "B"]


@pytest.mark.parametrize("order", [("Close", "AAPL"), ("AAPL", "Close")])
def test_labels_that_are_tuples_are_two_rows_of_labels(order):
    at = order.index("AAPL")
    labels = [tuple(name if place == at else "Close" for place in (0, 1)) for name in ("AAPL", "MSFT")]
    frame = pd.DataFrame(np.column_stack([CLOSE, OPEN]), index=DAYS, columns=pd.Index(labels, tupleize_cols=False))
    assert es.load_prices(source=frame).symbols == ["AAPL", "MSFT"]
    assert es.ReturnPanel.from_prices(frame).symbols == ["AAPL", "MSFT"]
