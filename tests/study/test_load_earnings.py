"""Announcements of earnings read from frames and files: moments, words, days, surprises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError


def read(dates, **columns):
    return es.load_earnings(pd.DataFrame({"symbol": "A", "date": dates, **columns}))


def test_the_session_opens_at_half_past_nine_and_closes_at_four():
    clocks = ["00:00:01", "09:29:59", "09:30:00", "15:59:59", "16:00:00", "23:59:59"]
    sides = ["before", "before", "in", "in", "after", "after"]
    days = [f"2024-0{at + 1}-05" for at in range(6)]
    whole = read([f"{day} {clock}" for day, clock in zip(days, clocks, strict=True)])
    assert whole["timing"].tolist() == sides
    assert whole["announced_at"].dt.strftime("%H:%M:%S").tolist() == clocks
    apart = read(days, time=clocks)  # the same from a column of its own
    assert apart["timing"].tolist() == sides
    assert apart["announced_at"].dt.strftime("%H:%M:%S").tolist() == clocks
    assert read(days[:2], time=["9:29", "9:30"])["timing"].tolist() == ["before", "in"]


def test_a_word_for_the_time_counts_where_the_date_has_none():
    days = ["2024-02-01", "2024-02-02", "2024-02-03", "2024-02-04"]
    said = read(days, time=["bmo", "dmh", "amc", ""])
    assert said["timing"].tolist() == ["before", "in", "after", "unknown"]
    assert said["announced_at"].dt.strftime("%H:%M").tolist() == ["08:00", "12:00", "17:00", "12:00"]
    moments = read([f"{day} 16:30" for day in days], time=["bmo", "7:00", "", "amc"])
    assert moments["timing"].tolist() == ["after"] * 4  # the moment itself is more than a word
    assert moments["announced_at"].dt.strftime("%H:%M").tolist() == ["16:30"] * 4


def test_symbols_and_days_are_chosen_ends_included_in_order_of_time():
    frame = pd.DataFrame(
        {
            "symbol": ["B", "A", "A", "C"],
            "date": ["2024-05-02 07:00", "2024-05-02 07:00", "2024-02-01 16:30", "2024-08-01 11:00"],
        }
    )
    every = es.load_earnings(frame)
    assert every["event_id"].tolist() == ["A 2024-02-01", "A 2024-05-02", "B 2024-05-02", "C 2024-08-01"]
    assert every.index.tolist() == [0, 1, 2, 3]
    chosen = es.load_earnings(frame, ["A", "C"])["event_id"].tolist()
    assert chosen == ["A 2024-02-01", "A 2024-05-02", "C 2024-08-01"]
    assert es.load_earnings(frame, start="2024-05-02")["symbol"].tolist() == ["A", "B", "C"]
    assert es.load_earnings(frame, start="2024-05-03")["symbol"].tolist() == ["C"]
    assert es.load_earnings(frame, end="2024-05-02")["symbol"].tolist() == ["A", "A", "B"]
    assert es.load_earnings(frame, end="2024-05-01")["symbol"].tolist() == ["A"]
    with pytest.raises(DataError, match="no announcement of these symbols and dates"):
        es.load_earnings(frame, "D")
    with pytest.raises(DataError, match="option 'tries' is one of Yahoo's calendar"):
        es.load_earnings(frame, tries=1)


def test_surprises_are_over_the_price_where_there_is_one():
    days = [f"2024-0{at}-01" for at in range(1, 5)]
    columns = {"actual": [3.0, 2.0, 1.0, "--"], "consensus": [1.0, 1.0, "2", 1.0]}
    assert read(days, **columns)["surprise"].tolist() == pytest.approx([2.0, 1.0, -1.0, np.nan], nan_ok=True)
    found = read(days, **columns, price=[10.0, 0.0, np.nan, 5.0])["surprise"]
    assert found.tolist() == pytest.approx([0.2, np.nan, np.nan, np.nan], nan_ok=True)
    found = read(days, **columns, price=[0.5, -1.0, 4.0, 5.0])["surprise"]
    assert found.tolist() == pytest.approx([4.0, np.nan, -0.25, np.nan], nan_ok=True)


def test_a_seasonal_surprise_needs_differences_that_differ_and_is_of_the_firm_alone():
    dates = pd.date_range("2018-01-15", periods=10, freq="QS")
    eps = np.array([1.0, 2, 3, 4, 2, 3, 4, 5, 3, 5])  # four differences of one, then 1 and 2
    other = pd.DataFrame({"symbol": "B", "date": dates, "actual": eps[::-1] ** 2})
    own = pd.DataFrame({"symbol": "A", "date": dates, "actual": eps})
    found = es.load_earnings(pd.concat([other, own.iloc[::-1]]))  # in any order
    assert found.loc[found["symbol"] == "A", "seasonal"].isna().all()  # never a difference that differs
    back = eps[::-1] ** 2
    step = back[4:] - back[:-4]
    expected = [step[4] / step[:4].std(ddof=1), step[5] / step[:5].std(ddof=1)]
    told = found.loc[found["symbol"] == "B", "seasonal"].to_numpy()
    assert np.isnan(told[:8]).all()
    assert told[8:] == pytest.approx(expected, rel=1e-12)


def test_a_file_is_read_as_text_and_labels_of_rows_are_columns(tmp_path):
    (tmp_path / "e.csv").write_text("ticker,date,eps\nNA,2024-02-01,1.5\nNAN,2024-02-02,N/A\n")
    found = es.load_earnings(tmp_path / "e.csv")
    assert found["symbol"].tolist() == ["NA", "NAN"]  # symbols, not cells without a value
    assert found["actual"].tolist() == pytest.approx([1.5, np.nan], nan_ok=True)
    frame = pd.DataFrame({"symbol": ["A"], "date": ["2024-02-01"]})
    frame.to_parquet(tmp_path / "e.pq")
    assert len(es.load_earnings(tmp_path / "e.pq")) == 1
    labelled = frame.set_index("symbol")
    assert es.load_earnings(labelled)["symbol"].tolist() == ["A"]
    two = pd.DataFrame({"date": ["2024-02-01"]}, index=pd.MultiIndex.from_tuples([("A", 1)], names=["symbol", None]))
    assert es.load_earnings(two)["symbol"].tolist() == ["A"]
    first = pd.DataFrame([["A", "2024-02-01", "B"]], columns=["symbol", "date", "Symbol"])
    assert es.load_earnings(first)["symbol"].tolist() == ["A"]  # the first of two of one name


def test_moments_of_another_zone_are_read_in_that_of_the_exchange():
    utc = pd.Series(pd.to_datetime(["2024-02-01 21:30", "2024-02-02 14:29"], utc=True))
    for given in (utc, utc.astype(str)):
        found = read(given)
        assert found["timing"].tolist() == ["after", "before"]
        assert found["announced_at"].dt.strftime("%H:%M").tolist() == ["16:30", "09:29"]
    there = es.load_earnings(pd.DataFrame({"symbol": "A", "date": utc}), timezone="UTC")
    assert there["timing"].tolist() == ["after", "in"]
