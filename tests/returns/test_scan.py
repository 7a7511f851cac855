"""Panels on disk: each layout gives the panel that it would give in memory, and reads no more than it must."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import eventstudy as es
from eventstudy.errors import DataError
from eventstudy.returns.scan import parquet


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2021-01-04", periods=300, name="date")
    frame = pd.DataFrame(rng.normal(0, 0.02, (300, 5)), index=days, columns=["10001", "10002", "10003", "10004", "MKT"])
    frame.iloc[40:45, 2] = np.nan
    return frame


def long_of(frame: pd.DataFrame) -> pd.DataFrame:
    table = frame.drop(columns="MKT").melt(ignore_index=False, var_name="PERMNO", value_name="RET").reset_index()
    table = (
        table.dropna().astype({"PERMNO": int}).assign(vwretd=lambda rows: frame["MKT"].reindex(rows["date"]).to_numpy())
    )
    return table.sort_values(["PERMNO", "date"], ignore_index=True)


def same(scan, frame, **checks):
    pd.testing.assert_frame_equal(
        scan.load(frame.columns).frame,
        es.ReturnPanel(frame).frame,
        check_names=False,
        check_exact=True,
        check_freq=False,
        **checks,
    )


def test_wide_files_of_other_symbols_and_other_days(frame, tmp_path):
    frame[["10001", "10002"]].to_parquet(tmp_path / "a.parquet")
    frame[["10003", "10004", "MKT"]].iloc[:100].reset_index().to_parquet(tmp_path / "b.parquet")
    frame[["10003", "10004", "MKT"]].iloc[100:].rename_axis("Date").reset_index().to_parquet(tmp_path / "c.parquet")
    for source in (
        tmp_path,
        f"{tmp_path}/*.parquet",
        [tmp_path / "c.parquet", tmp_path / "a.parquet", tmp_path / "b.parquet"],
    ):
        scan = es.scan_returns(source)
        same(scan, frame)
    assert repr(scan).endswith("returns in 3 files")


def test_a_long_file_reads_the_row_groups_of_the_securities_asked_for(frame, tmp_path, monkeypatch):
    long_of(frame).to_parquet(tmp_path / "long.parquet", row_group_size=100)
    scan = es.scan_returns(tmp_path / "long.parquet")
    same(scan, frame.drop(columns="MKT"))
    assert scan.load(["vwretd"]).frame["vwretd"].tolist() == pytest.approx(frame["MKT"].tolist(), abs=0)
    read = []
    whole = pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile, "read_row_group", lambda file, number, **how: read.append(number) or whole(file, number, **how)
    )
    scan.load(["10002"])
    groups = pq.ParquetFile(tmp_path / "long.parquet").metadata.num_row_groups
    assert 3 <= len(read) <= 5 < groups


@pytest.mark.parametrize("kind", ["string", "dictionary", "float32", "decimal", "text dates"])
def test_what_types_a_file_may_have(frame, tmp_path, kind):
    table = long_of(frame)
    arrow = pa.Table.from_pandas(table.astype({"PERMNO": str}), preserve_index=False)
    want = frame.drop(columns="MKT")
    if kind == "dictionary":
        arrow = arrow.set_column(1, "PERMNO", arrow["PERMNO"].dictionary_encode())
    elif kind == "float32":
        arrow = arrow.set_column(2, "RET", arrow["RET"].cast(pa.float32()))
        want = want.astype(np.float32).astype(float)
    elif kind == "decimal":
        arrow = arrow.set_column(
            2, "RET", pa.array([f"{value:.6f}" for value in table["RET"]]).cast(pa.decimal128(10, 6))
        )
        want = want.round(6)
    elif kind == "text dates":
        arrow = arrow.set_column(0, "date", pa.array(table["date"].dt.strftime("%Y-%m-%d")))
    pq.write_table(arrow, tmp_path / "long.parquet")
    if kind == "decimal":  # Arrow rounds a decimal to a neighbour of the nearest float
        found = es.scan_returns(tmp_path / "long.parquet").load(want.columns).frame
        np.testing.assert_allclose(found, want, rtol=1e-14)
        return
    same(es.scan_returns(tmp_path / "long.parquet"), want)


@pytest.mark.slow
def test_prices_become_the_returns_of_a_panel_in_memory(frame, tmp_path):
    prices = 50 * (1 + frame.fillna(0.0)).cumprod()
    prices = prices.drop(prices.index[prices.index == "2021-06-02"])  # a session without a row: closed
    prices.iloc[10:13, 1] = np.nan
    prices.to_parquet(tmp_path / "prices.parquet")
    scan = es.scan_returns(tmp_path / "prices.parquet")
    assert scan.holds == "prices"
    memory = es.ReturnPanel.from_prices(prices)
    pd.testing.assert_frame_equal(
        scan.load().frame, memory.frame, check_exact=True, check_names=False, check_freq=False
    )
    pd.testing.assert_frame_equal(
        scan.load(["10003"]).frame, memory.frame[["10003"]], check_exact=True, check_names=False
    )


def test_percent_log_and_levels(frame, tmp_path):
    given = frame.fillna(0.001).assign(**{"^VIX": 20.0})
    (given * ([100.0] * 5 + [1.0])).to_parquet(tmp_path / "percent.parquet")
    panel = es.scan_returns(tmp_path / "percent.parquet", holds="percent").load()
    np.testing.assert_allclose(panel.frame["MKT"], given["MKT"], rtol=1e-14)
    assert panel.levels["^VIX"].eq(20.0).all()
    np.log1p(given.drop(columns="^VIX")).to_parquet(tmp_path / "log.parquet")
    np.testing.assert_allclose(
        es.scan_returns(tmp_path / "log.parquet", holds="log").load().frame["MKT"], given["MKT"], atol=1e-15
    )
    with pytest.raises(DataError, match=r"holds percent|looks like percent"):
        es.scan_returns(tmp_path / "percent.parquet").load()


def test_codes_of_vendors_are_missing_as_in_memory(frame, tmp_path):
    coded = frame.fillna(0.0)
    coded.iloc[7, 1] = -99.0
    coded.to_parquet(tmp_path / "coded.parquet")
    panel = es.scan_returns(tmp_path / "coded.parquet").load()
    assert np.isnan(panel.frame.iloc[7, 1])
    assert panel.quality.loc["10002", "codes"] == es.ReturnPanel(coded).quality.loc["10002", "codes"]


def test_a_relation_of_duckdb(frame):
    duckdb = pytest.importorskip("duckdb", reason="the extra `duckdb` is not installed")
    same(es.scan_returns(duckdb.from_df(frame.reset_index())), frame)
    scan = es.scan_returns(duckdb.from_df(long_of(frame)))
    same(scan, frame.drop(columns="MKT"))
    assert scan.load(["vwretd"]).frame["vwretd"].tolist() == pytest.approx(frame["MKT"].tolist(), abs=0)
    assert scan.digest == es.scan_returns(duckdb.from_df(long_of(frame))).digest
    assert scan.digest != es.scan_returns(duckdb.from_df(long_of(frame * 2))).digest


def test_what_is_not_read_costs_no_column(frame, tmp_path, monkeypatch):
    frame.to_parquet(tmp_path / "wide.parquet")
    scan = es.scan_returns(tmp_path / "wide.parquet")
    seen = []
    whole = parquet.floats
    monkeypatch.setattr(parquet, "floats", lambda column, place, name: seen.append(name) or whole(column, place, name))
    scan.load(["10002", "absent"])
    assert seen == ["10002"]


def test_what_cannot_be_scanned_is_told_in_one_line(frame, tmp_path):
    for source, said in (
        (tmp_path / "none*.parquet", "no file is called"),
        (3, "source=3 names no files"),
        ([], "names no files"),
        (tmp_path / "absent.parquet", "does not exist"),
    ):
        with pytest.raises(DataError, match=said):
            es.scan_returns(source)
    frame.to_parquet(tmp_path / "a.parquet")
    long_of(frame).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"b.parquet is a long table and a.parquet a wide; scan them one by one"):
        es.scan_returns(tmp_path)
    (tmp_path / "a.parquet").unlink()
    long_of(frame).rename(columns={"RET": "ret2"}).drop(columns="vwretd").to_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"c.parquet"):
        es.scan_returns(tmp_path)
    pd.concat([frame, frame.iloc[:1]]).to_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"c.parquet: 2021-01-04 stands in two rows"):
        es.scan_returns(tmp_path / "c.parquet")
    twice = pd.concat([long_of(frame), long_of(frame).iloc[5:6]])
    twice.to_parquet(tmp_path / "d.parquet")
    with pytest.raises(DataError, match=r"d.parquet: 2021-01-11 of '10001' stands in two places"):
        es.scan_returns(tmp_path / "d.parquet").load()
    two = frame.rename(columns={"10001": "7203.T", "10002": "VOD.L"}).abs() + 10
    two.to_parquet(tmp_path / "e.parquet")
    with pytest.raises(DataError, match="prices are of several exchanges"):
        es.scan_returns(tmp_path / "e.parquet")


def test_other_columns_of_a_long_table_are_no_securities(frame, tmp_path):
    long_of(frame).assign(COMNAM="X", shrout=5.0, factor=lambda rows: rows["vwretd"] * 2).to_parquet(
        tmp_path / "long.parquet"
    )
    scan = es.scan_returns(tmp_path / "long.parquet")
    assert scan.symbols == ["10001", "10002", "10003", "10004", "vwretd"]
    events = pd.DataFrame({"event_id": [1, 2], "permno": [10001, 10003], "bar": frame.index[[200, 220]]})
    study = es.EventStudy(model=es.MarketModel("factor"), window=(0, 1), estimation=(-120, -11), calendar=None)
    memory = study.fit(events, es.ReturnPanel(frame.assign(factor=frame["MKT"] * 2)))
    pd.testing.assert_frame_equal(study.fit(events, scan).car(), memory.car(), check_exact=True)
    with pytest.raises(DataError, match=r"column 'COMNAM' holds .*string, not numbers"):
        study.fit(events, scan.load(["10001", "10003", "COMNAM"]))
