"""CRSP's own files: hand-made cases, right to the digit; identifiers through time; only what is needed is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns import CrspPanel

DAYS = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07", "2020-01-08"]


def daily(**returns):
    """Return a daily stock file: p10001=[…] is a security, None a day without a row."""
    rows = [
        (int(name[1:]), day, value, value, 10.0, 11, 3)
        for name, values in returns.items()
        for day, value in zip(DAYS, values, strict=False)
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["PERMNO", "date", "RET", "RETX", "PRC", "SHRCD", "EXCHCD"])


def gone(permno, day, dlret, code=574, **more):
    return pd.DataFrame({"PERMNO": [permno], "DLSTDT": [day], "DLSTCD": [code], "DLRET": [dlret]} | more)


NAMES = pd.DataFrame(
    [
        (10001, "1990-01-01", "2020-01-03", "OLD", "11111111", 11, 1),
        (10001, "2020-01-04", "2024-12-31", "NEW", "11111111", 11, 3),
        (10002, "2020-01-06", "2024-12-31", "OLD", "22222222", 12, 2),
        (10003, "1990-01-01", "2024-12-31", "TWIN", "33333333", 11, 3),
        (10004, "1990-01-01", "2024-12-31", "TWIN", "44444444", 11, 3),
    ],
    columns=["PERMNO", "NAMEDT", "NAMEENDT", "TICKER", "NCUSIP", "SHRCD", "EXCHCD"],
)

LINKS = pd.DataFrame(
    [
        (1004, 10001, "1990-01-01", "2020-01-03", "LU", "P"),
        (1004, 10002, "2020-01-04", "E", "LC", "P"),
        (1004, 10003, "1990-01-01", None, "LD", "P"),
        (1005, None, "1990-01-01", None, "NR", "C"),
    ],
    columns=["GVKEY", "LPERMNO", "LINKDT", "LINKENDDT", "LINKTYPE", "LINKPRIM"],
)


def series(panel, permno):
    return panel.frame[str(permno)].tolist()


def same(found, expected):
    return np.array_equal(np.asarray(found, dtype=float), np.asarray(expected, dtype=float), equal_nan=True)


NONE = float("nan")


def test_1_delisting_inside_the_window_is_compounded_with_its_day():
    panel = es.load_crsp(daily(p10001=[0.01, 0.02, -0.10]), delistings=gone(10001, "2020-01-06", -0.5))
    assert same(series(panel, 10001), [0.01, 0.02, 0.9 * 0.5 - 1])
    assert panel.delisted[["how", "ret"]].to_numpy().tolist() == [["DLRET", 0.9 * 0.5 - 1]]


def test_2_a_delisting_day_without_a_return_has_the_delisting_return_alone():
    for last in ("C", None):
        panel = es.load_crsp(
            daily(p10001=[0.01, 0.02, last], p10002=[0.0] * 5), delistings=gone(10001, "2020-01-06", -0.25)
        )
        assert same(series(panel, 10001), [0.01, 0.02, -0.25, NONE, NONE])


def test_3_the_day_may_be_new_to_the_panel():
    panel = es.load_crsp(daily(p10001=[0.01, 0.02]), delistings=gone(10001, "2020-01-06", 0.05, code=233))
    assert same(series(panel, 10001), [0.01, 0.02, 0.05])


def test_4_codes_for_no_return_are_missing_and_counted():
    panel = es.load_crsp(daily(p10001=["0.01", "B", "C", "-66.0", "-0.5"]))
    assert same(series(panel, 10001), [0.01, NONE, NONE, NONE, -0.5])
    counts = panel.left_out.set_index("reason")["rows"].to_dict()
    assert counts == {"code B: no return": 1, "code C: no return": 1, "code -66: no return": 1}
    numbers = es.load_crsp(daily(p10001=[0.01, -99.0, -88.0, -44.0, -1.0]))
    assert same(series(numbers, 10001), [0.01, NONE, NONE, NONE, -1.0])


def test_5_a_delisting_return_that_is_missing_stays_so_unless_the_rule_is_asked_for():
    frame, left = daily(p10001=[0.01, 0.02, 0.0]), gone(10001, "2020-01-06", "S")
    panel = es.load_crsp(frame, delistings=left)
    assert same(series(panel, 10001), [0.01, 0.02, 0.0])
    assert panel.delisted["how"].tolist() == ["missing"]
    nasdaq = es.load_crsp(frame, delistings=left, shumway=True)
    assert series(nasdaq, 10001)[2] == -0.55  # exchange 3 on that day
    york = es.load_crsp(frame.assign(EXCHCD=1), delistings=left, shumway=True)
    assert series(york, 10001)[2] == pytest.approx(-0.30, abs=1e-15)
    named = es.load_crsp(frame.drop(columns="EXCHCD"), delistings=left, names=NAMES, shumway=True)
    assert series(named, 10001)[2] == -0.55
    merged = es.load_crsp(frame, delistings=gone(10001, "2020-01-06", None, code=231), shumway=True)
    assert merged.delisted["how"].tolist() == ["missing"]  # a merger is no want of performance


def test_6_a_merger_in_stock_names_its_successor():
    left = gone(10001, "2020-01-06", 0.031, code=231, NWPERM=[10002])
    panel = es.load_crsp(daily(p10001=[0.01, 0.02, 0.1], p10002=[0.0] * 5), delistings=left)
    assert series(panel, 10001)[2] == 1.1 * 1.031 - 1
    assert panel.delisted["successor"].tolist() == [10002]


def test_7_a_split_on_the_event_day_moves_no_return():
    frame = daily(p10001=[0.01, 0.02, 0.03, -0.01, 0.0]).assign(PRC=[100, 102, -52.5, 52, 52], CFACPR=[2, 2, 1, 1, 1])
    assert same(series(es.load_crsp(frame), 10001), [0.01, 0.02, 0.03, -0.01, 0.0])


def test_8_dividends_are_in_or_out():
    frame = daily(p10001=[0.01, 0.05]).assign(RETX=[0.01, 0.02])
    assert series(es.load_crsp(frame), 10001)[1] == 0.05
    assert series(es.load_crsp(frame, dividends=False), 10001)[1] == 0.02
    twice = pd.concat([frame, frame.tail(1)])  # one row for each of two distributions
    panel = es.load_crsp(twice)
    assert same(series(panel, 10001), [0.01, 0.05])
    assert panel.left_out["rows"].tolist() == [1]
    with pytest.raises(DataError, match=r"PERMNO 10001 has two returns on 2020-01-03, 0\.05 and 0\.06"):
        es.load_crsp(pd.concat([frame, frame.tail(1).assign(RET=0.06)]))


def test_9_a_ticker_that_is_reused_means_who_had_it_on_the_day():
    panel = es.load_crsp(daily(p10001=[0.0] * 5, p10002=[0.1] * 5), names=NAMES)
    assert panel.permnos(["OLD", "OLD", "new"], ["2020-01-03", "2020-01-06", "2020-01-06"], by="ticker").tolist() == [
        "10001",
        "10002",
        "10001",
    ]


def test_10_a_ticker_of_two_securities_or_of_none_is_told():
    panel = es.load_crsp(daily(p10001=[0.0] * 5), names=NAMES)
    with pytest.raises(DataError, match="row 0: ticker 'TWIN' on 2020-01-06 is PERMNO 10003 and 10004") as told:
        panel.permnos(["TWIN", "NONE"], "2020-01-06", by="ticker")
    assert "row 1: no PERMNO has ticker 'NONE' on 2020-01-06" in str(told.value)
    with pytest.raises(DataError, match="names="):
        es.load_crsp(daily(p10001=[0.0])).permnos(["OLD"], "2020-01-03", by="ticker")
    assert panel.permnos(["111111110"], "2020-01-06", by="cusip").tolist() == ["10001"]


def test_11_links_hold_on_their_dates_and_only_those_in_use():
    panel = es.load_crsp(daily(p10001=[0.0] * 5), links=LINKS)
    assert panel.permnos([1004, "001004"], ["2020-01-03", "2020-01-06"], by="gvkey").tolist() == ["10001", "10002"]
    with pytest.raises(DataError, match="no PERMNO has gvkey '001005'"):
        panel.permnos([1005], "2020-01-03", by="gvkey")


def test_12_share_codes_and_exchanges_hold_on_their_dates():
    frame = daily(p10001=[0.01] * 5, p10002=[0.02] * 5)
    panel = es.load_crsp(frame, names=NAMES, exchanges=[3], share_codes=[10, 11])
    assert panel.symbols == ["10001"]
    assert panel.frame.index[0] == pd.Timestamp("2020-01-06")  # it moved to Nasdaq
    assert panel.left_out["rows"].sum() == 5 + 2
    bare = frame.drop(columns=["SHRCD", "EXCHCD"])
    with pytest.raises(DataError, match="nothing says the exchanges"):
        es.load_crsp(bare, exchanges=[1])


def test_it_is_a_panel_and_events_find_their_securities():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2020-01-02", periods=300)
    rows = [
        (10001 + at, day, value) for at in range(2) for day, value in zip(days, rng.normal(0, 0.01, 300), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["permno", "date", "ret"])
    names = NAMES.assign(NAMEENDT=NAMES["NAMEENDT"].where(NAMES["TICKER"] != "OLD", "2024-12-31")).iloc[[0]]
    panel = es.load_crsp(frame, names=names)
    assert isinstance(panel, CrspPanel)
    assert isinstance(panel, es.ReturnPanel)
    assert panel.select(["10002"]).symbols == ["10002"]
    pairs = panel.pairs(pd.DataFrame({"event_id": ["a"], "ticker": ["OLD"], "bar": [days[280]]}))
    study = es.EventStudy(
        model=es.MeanAdjusted(), window=(0, 1), estimation=es.EstimationWindow(200, -11), calendar=None
    )
    assert study.fit(pairs, panel).car()["symbol"].tolist() == ["10001"]
    by_number = pd.DataFrame({"event_id": ["a"], "permno": [10002], "bar": [days[280]]})
    assert study.fit(by_number, panel).n == 1


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "folder"])
def test_files_say_what_frames_say(tmp_path, kind):
    frame = daily(p10001=["0.01", "C", "-0.02"], p10002=["0.03", "0.04", "-0.05"])
    frame["date"] = pd.to_datetime(frame["date"])
    if kind == "folder":
        for permno, part in frame.groupby("PERMNO"):
            (tmp_path / "dsf").mkdir(exist_ok=True)
            part.to_parquet(tmp_path / "dsf" / f"{permno}.parquet", index=False)
        path = tmp_path / "dsf"
    else:
        path = tmp_path / f"dsf.{kind}"
        (frame.to_parquet if kind == "parquet" else frame.to_csv)(path, index=False)
    left = gone(10002, "20200106", "-0.5")
    left.to_csv(tmp_path / "gone.csv", index=False)
    whole = es.load_crsp(path, delistings=tmp_path / "gone.csv")
    assert same(whole.frame, es.load_crsp(frame, delistings=left).frame)
    part = es.load_crsp(path, permnos=[10002, 10009], start="2020-01-03", end="2020-01-03")
    assert same(part.frame, [[0.04]])
    assert "CRSP has no row of PERMNO 10009" in str(part.failures["10009"])


def test_columns_that_are_not_needed_are_not_read(tmp_path):
    """A column that is not needed is overwritten with zeros: who reads it fails."""
    rows = 50_000
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2000-01-03", periods=500)
    table = pa.table(
        {
            "PERMNO": np.repeat(np.arange(10001, 10101), 500),
            "date": np.tile(days, 100),
            "WIDE": rng.normal(size=rows),
            "RET": rng.normal(0, 0.01, rows),
        }
    )
    path = tmp_path / "dsf.parquet"
    pq.write_table(table, path, row_group_size=5_000, use_dictionary=False)
    content = bytearray(path.read_bytes())
    told = pq.ParquetFile(path).metadata
    for group in range(told.num_row_groups):
        chunk = told.row_group(group).column(2)
        first = chunk.data_page_offset
        content[first : first + chunk.total_compressed_size] = bytes(chunk.total_compressed_size)
    path.write_bytes(content)
    with pytest.raises(OSError, match=r".*"):
        pq.read_table(path)
    panel = es.load_crsp(path, permnos=[10003], start="2000-02-01", end="2000-02-29")
    assert panel.frame.shape == (21, 1)


WRONG = {
    "a cell": (lambda f: f.assign(RET=["0.01", "x", "0.02"]), r"row 1, column 'RET': 'x' is neither a return nor a code"),
    "below -1": (lambda f: f.assign(RET=[0.01, -1.5, 0.02]), r"row 1, column 'RET': -1.5 is no return"),
    "a date": (lambda f: f.assign(date=["2020-01-02", "soon", "2020-01-06"]), r"row 1, column 'DATE': 'soon' is no date"),
    "a permno": (lambda f: f.assign(PERMNO=[10001, 1.5, 10001]), r"row 1, column 'PERMNO': 1.5 is no whole number"),
    "no column": (lambda f: f.drop(columns="RET"), r"daily: no column 'RET'"),
    "no rows": (lambda f: f.iloc[:0], r"no row of the securities"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_one_line(name):
    change, said = WRONG[name]
    with pytest.raises(DataError, match=said):
        es.load_crsp(change(daily(p10001=[0.01, 0.02, 0.03])))


def test_a_return_after_the_delisting_is_told():
    with pytest.raises(DataError, match="PERMNO 10001 is delisted on 2020-01-03 but has a return on 2020-01-06"):
        es.load_crsp(daily(p10001=[0.01, 0.02, 0.03]), delistings=gone(10001, "2020-01-03", -0.5))


def test_the_format_of_2022_has_the_delisting_in_its_return():
    frame = pd.DataFrame({"PERMNO": [1] * 2, "DlyCalDt": DAYS[:2], "DlyRet": [0.01, -0.4], "DlyDelFlg": ["N", "Y"]})
    panel = es.load_crsp(frame, delistings=gone(1, DAYS[1], -0.4))
    assert same(series(panel, 1), [0.01, -0.4])
    assert panel.delisted["how"].tolist() == ["in RET"]


def test_factors_stand_beside_the_securities():
    panel = es.load_crsp(daily(p10001=[0.01] * 5), names=NAMES, delistings=gone(10001, "2020-01-08", -0.5))
    factors = es.load_returns(["Mkt-RF", "RF"], "2020-01-02", "2020-01-08")
    both = panel.join(factors)
    assert both.symbols == ["10001", "Mkt-RF", "RF"]
    assert len(both.frame) == 5
    assert both.permnos(["NEW"], "2020-01-06", by="ticker").tolist() == ["10001"]
    assert factors.join(panel).symbols == ["Mkt-RF", "RF", "10001"]
    other = es.load_crsp(daily(p10002=[0.02] * 5), delistings=gone(10002, "2020-01-08", -0.1))
    assert panel.join(other).delisted["permno"].tolist() == [10001, 10002]
