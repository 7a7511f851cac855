"""French, FRED, Stooq over HTTP on this machine; objects with a fetch method; plugins of other packages."""

from __future__ import annotations

import io
import zipfile
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import DataError, EventStudyError, RateLimited, SourceError, told
from eventstudy.returns import (
    FredSource,
    FrenchSource,
    PriceSource,
    StooqSource,
    cache_entries,
    cache_verify,
    source_names,
)
from eventstudy.returns.remote.retries import Deadline
from loopback import YahooServer

START, END = "2025-04-01", "2025-04-09"
HASTY = {"wait": 0.01, "spacing": 0.0, "give_up": 5.0}

FACTORS = """This file was created using the 202506 CRSP database.
The Tbill return is the simple daily rate.

,Mkt-RF,SMB,HML,RMW,CMA,RF
20250402,   0.75,   1.31,  -0.20,  -0.10,   0.12,   0.017
20250403,  -5.27,  -1.88,   0.60, -99.99,-999,   0.017
20250404,  -6.11,  -0.12,  -1.01,   0.33,   0.92,   0.017

Copyright 2025 Eugene F. Fama and Kenneth R. French
"""
INDUSTRIES = """This file was created by ... It contains value- and equal-weighted returns for 12 industry portfolios.

  Average Value Weighted Returns -- Daily
,NoDur,Durbl,Hlth ,Other
20250402,   0.10,   1.83,   0.20,   0.30
20250403,  -0.50,  -6.41,  -1.77,  -5.32

  Average Equal Weighted Returns -- Daily
,NoDur,Durbl,Hlth ,Other
20250402,   9.99,   9.99,   9.99,   9.99
20250403,   9.99,   9.99,   9.99,   9.99
"""


def packed(text, name="file.csv"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def bomb(line, count):
    """Pack a line many times over: a few kilobytes that are many megabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("file.csv", "w") as file:
        for _ in range(count // 100):
            file.write(line.encode() * 100)
    return buffer.getvalue()


@pytest.fixture
def server():
    with YahooServer([]) as server:
        yield server


def serve_french(server):
    server.pages["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = (200, {}, packed(FACTORS))
    server.pages["/F-F_Momentum_Factor_daily_CSV.zip"] = (
        200,
        {},
        packed(",Mom   \n20250402,  -1.00\n20250403,   2.50\n"),
    )
    server.pages["/12_Industry_Portfolios_daily_CSV.zip"] = (200, {}, packed(INDUSTRIES))
    return FrenchSource(base=server.url, **HASTY)


def test_french_returns_are_decimals_and_codes_are_missing(server):
    panel = es.load_returns(["Mkt-RF", "RMW", "CMA", "Mom", "Hlth"], START, END, source=serve_french(server))
    assert panel.frame.loc["2025-04-03"].tolist()[:1] == [-0.0527]
    assert panel.frame.loc["2025-04-03", ["RMW", "CMA"]].isna().all()
    assert panel.frame.loc["2025-04-03", ["Mom", "Hlth"]].tolist() == [0.025, -0.0177]
    assert panel.frame["Hlth"].max() < 0.01  # value-weighted: the equal-weighted section is not read
    assert set(panel.sources.values()) == {"french"}
    assert panel.quality.loc["RMW", "missing"] >= 1


def test_factors_of_other_regions_by_name(server):
    source = serve_french(server)
    server.pages["/Europe_5_Factors_Daily_CSV.zip"] = (200, {}, packed(FACTORS.replace("-5.27", "-3.00")))
    server.pages["/Europe_Mom_Factor_Daily_CSV.zip"] = (
        200,
        {},
        packed(",WML   \n20250402,  -1.00\n20250403,   1.50\n"),
    )
    asked = ["Mkt-RF", "Europe:Mkt-RF", "Europe:Mom", "Atlantis:SMB", "Europe:SMX"]
    panel = es.load_returns(asked, START, END, source=source)
    assert panel.frame.loc["2025-04-03", asked[:3]].tolist() == [-0.0527, -0.03, 0.015]
    assert "no daily factors of the region 'Atlantis'" in str(panel.failures["Atlantis:SMB"])
    assert "did you mean 'SMB'" in str(panel.failures["Europe:SMX"])


def test_returns_that_cannot_be_are_missing_and_named(server):
    server.pages["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = (
        200,
        {},
        packed(FACTORS.replace("-5.27", "-999.99").replace("1.31", "inf").replace("-0.20", "-99.990")),
    )
    panel = es.load_returns(
        ["Mkt-RF", "SMB", "HML"], START, "2025-04-04", source=FrenchSource(base=server.url, **HASTY)
    )
    assert panel.frame.loc["2025-04-03", "Mkt-RF"] != panel.frame.loc["2025-04-03", "Mkt-RF"]
    assert panel.quality.loc["Mkt-RF", "note"].startswith(
        "2025-04-03: close -9.9999 is not a return: nobody loses more"
    )
    assert panel.quality.loc["SMB", "note"].startswith("2025-04-02: close inf is not a return")
    assert panel.quality.loc["HML", "note"] == ""  # one of the library's own codes
    assert pd.isna(panel.frame.loc["2025-04-02", "HML"])


def test_each_file_is_downloaded_once_for_a_question(server):
    es.load_returns(["Mkt-RF", "SMB", "HML"], START, END, source=serve_french(server))
    assert len(server.requests) == 1


def test_french_is_kept_and_read_offline(server, tmp_path):
    serve_french(server)
    source = FrenchSource(base=server.url, cache=tmp_path, **HASTY)
    kept = es.load_returns(["Mkt-RF", "Durbl"], "2025-04-02", "2025-04-03", source=source)
    server.pages.clear()
    offline = FrenchSource(base=server.url, cache=tmp_path, offline=True)
    assert es.load_returns(["Mkt-RF", "Durbl"], "2025-04-02", "2025-04-03", source=offline).digest == kept.digest
    assert cache_entries(tmp_path)["adjustment"].unique().tolist() == ["returns"]


def test_an_unknown_portfolio_names_its_near_matches(server):
    panel = es.load_returns(["Mkt-RF", "Durbles"], START, END, source=serve_french(server))
    assert "do not have 'Durbles'; did you mean 'Durbl'" in told(panel.failures["Durbles"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not a zip", "BadPayload"),
        (packed("nothing, here\n"), "BadPayload"),
        (packed(",A\n20250402,x\n"), "BadPayload: .*could not convert"),
        (packed(",A\n20250402,1_0\n"), "BadPayload: .*is no number"),
        (packed(",A\n20250403,1\n20250402,1\n"), "BadPayload: .*20250402 stands after 20250403"),
        (packed(",A\n20250402,1\n20250402,2\n"), "BadPayload: .*or twice with other returns"),
        (packed(",A,B\n20250402,1\n"), "BadPayload: .*1 values for 2 columns"),
        (packed(",A,A\n20250402,1,2\n"), "BadPayload: .*not names that stand once"),
        (packed(",A\n20251345,1\n"), "BadPayload"),
        (packed("<html>" + " " * 2**17), "BadPayload: .*a line without end"),
        (bomb("\n", 200_000), "BadPayload: .*unpacks to more than 64 MB, 100000 lines"),
        (bomb(" " * 60_000 + "\n", 1200), "BadPayload: .*unpacks to more than 64 MB"),
        (packed(FACTORS)[:-60], "BadPayload"),
        (packed(FACTORS).replace(b"Mkt", b"Mkx"), "BadPayload"),
        (b"<!DOCTYPE html><html>later</html>", "BadPayload"),
    ],
)
def test_an_archive_that_is_none(server, body, words):
    server.pages["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = (200, {}, body)
    with pytest.raises(SourceError, match=words):
        es.load_returns(["Mkt-Rf"], START, END, source=FrenchSource(base=server.url, tries=1, **HASTY))


FRED = "observation_date,DGS10\n2025-04-01,4.17\n2025-04-02,4.20\n2025-04-03,.\n2025-04-04,\n2025-04-07,4.15\n"


def test_fred_levels_stay_as_published(server):
    server.pages["/graph/fredgraph.csv"] = (200, {}, FRED.encode())
    panel = es.load_prices(["UST10Y"], START, "2025-04-07", source=FredSource(base=server.url, **HASTY))
    assert panel.frame["UST10Y"].tolist()[:2] == [4.17, 4.20]
    assert panel.quality.loc["UST10Y", "missing_dates"] == "2025-04-03 2025-04-04"
    assert "id=DGS10" in server.requests[0]
    assert "cosd=2025-04-01" in server.requests[0]


STOOQ = (
    "Date,Open,High,Low,Close,Volume\n2025-04-01,1,1,1,110.15,9\n2025-04-02,1,1,1,110.42,9\n2025-04-03,1,1,1,101.8,9\n"
)


def test_stooq_closes(server):
    server.pages["/q/d/l/"] = (200, {}, STOOQ.encode())
    panel = es.load_prices(["NVDA"], START, "2025-04-03", source=StooqSource(base=server.url, **HASTY))
    assert panel.frame["NVDA"].tolist() == [110.15, 110.42, 101.8]
    assert "s=nvda.us" in server.requests[0]
    assert "d1=20250401" in server.requests[0]


FAULTS = {
    "404": (404, {}, b"", "NoSuchTicker"),
    "429": (429, {"Retry-After": "60"}, b"", r"RateLimited: .*asks to wait 60 s"),
    "503": (503, {}, b"", r"SourceDown: .*status 503"),
    "a web page": (200, {}, b"<!DOCTYPE html><html></html>", "BadPayload: .*web page"),
    "truncated": (200, {}, b"observation_date,DG", "BadPayload"),
    "not numbers": (200, {}, b"observation_date,DGS10,Date,Close\n2025-04-01,a,2025-04-01,b\n", "BadPayload"),
    "no value": (200, {}, b"observation_date,DGS10,Date,Close\n2025-04-01,,2025-04-01,\n", "NoDataInWindow"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("maker", "path"), [(FredSource, "/graph/fredgraph.csv"), (StooqSource, "/q/d/l/")])
def test_each_fault_of_a_csv_source_has_its_name(server, fault, maker, path):
    *answer, words = FAULTS[fault]
    server.pages[path] = tuple(answer)
    with pytest.raises(EventStudyError, match=words):
        es.load_prices(["DGS10"], START, END, source=maker(base=server.url, tries=1, **HASTY))


FRED_ROW, STOOQ_ROW = "2025-04-02,4.2", "2025-04-02,1,1,1,110.42,9"
TABLES = {  # what stands instead of the row of 2 April -> what is said
    "another day again": ("2025-04-01,9", "2025-04-01,1,1,1,9,9", "'2025-04-01' with '9' stands after 2025-04-01 with"),
    "an earlier day": ("2025-03-31,9", "2025-03-31,1,1,1,9,9", "'2025-03-31' with '9' stands after 2025-04-01 with"),
    "a cell more": (f"{FRED_ROW},7", f"{STOOQ_ROW},7", "cells for"),
    "a cell less": ("2025-04-02", "2025-04-02,1", "cells for"),
    "true": ("2025-04-02,True", "2025-04-02,1,1,1,True,9", "'True' on '2025-04-02' is no number"),
    "1_0": ("2025-04-02,1_0", "2025-04-02,1,1,1,1_0,9", "'1_0' on '2025-04-02' is no number"),
    "no such day": ("2025-04-31,9", "2025-04-31,1,1,1,9,9", "2025-04-31"),
    "another order of day and month": ("04/02/2025,9", "04/02/2025,1,1,1,9,9", "'04/02/2025' with '9' stands after"),
    "a day beyond calendars": ("9999-04-02,9", "9999-04-02,1,1,1,9,9", "stands after 9999-04-02"),
}


@pytest.mark.parametrize("fault", TABLES)
def test_a_table_that_cannot_be_is_a_failure_of_its_symbol(server, tmp_path, fault):
    fred, stooq, words = TABLES[fault]
    fred_text = f"observation_date,DGS10\n2025-04-01,4.17\n{fred}\n2025-04-03,4.1\n"
    server.pages["/graph/fredgraph.csv"] = (200, {}, fred_text.encode())
    server.pages["/q/d/l/"] = (200, {}, STOOQ.replace(STOOQ_ROW, stooq).encode())
    for maker in (FredSource, StooqSource):
        source = maker(base=server.url, cache=tmp_path, tries=1, **HASTY)
        got = source._deliver_between(["DGS10"], pd.Timestamp(START), pd.Timestamp(END))
        assert told(got.failures["DGS10"]).startswith("BadPayload: "), maker
        assert words in told(got.failures["DGS10"])
        assert "\n" not in told(got.failures["DGS10"])
    assert cache_entries(tmp_path).empty


def test_another_series_than_the_one_asked_for(server):
    server.pages["/graph/fredgraph.csv"] = (200, {}, FRED.replace("DGS10", "DGS2").encode())
    source = FredSource(base=server.url, tries=1, **HASTY)
    with pytest.raises(SourceError, match=r"its columns are 'observation_date, DGS2', not observation_date and DGS10"):
        es.load_prices(["DGS10"], START, END, source=source)


def test_values_that_cannot_be_are_missing_and_named(server):
    server.pages["/graph/fredgraph.csv"] = (200, {}, b"observation_date,X\n2025-04-01,-1.5\n2025-04-02,inf\n")
    panel = es.load_prices(["X"], START, "2025-04-02", source=FredSource(base=server.url, **HASTY))
    assert panel.frame["X"].dropna().tolist() == [-1.5]  # a level may lie below zero
    assert panel.quality.loc["X", "note"] == "2025-04-02: close inf is not a finite number; not taken"
    spoilt = STOOQ.replace("110.42", "-999").replace("101.8", "0")
    server.pages["/q/d/l/"] = (200, {}, spoilt.encode())
    panel = es.load_returns(["NVDA"], START, "2025-04-03", source=StooqSource(base=server.url, **HASTY))
    assert panel.frame["NVDA"].isna().all()
    assert "2025-04-02: close -999 is not a price above zero; not taken" in panel.quality.loc["NVDA", "note"]


def test_returns_of_a_level_below_zero_do_not_stop_the_others(server):
    """FRED has yields, which may lie below zero, and indices, which may not; it does not say which is which."""
    server.pages["/graph/fredgraph.csv"] = (200, {}, b"date,VALUE\n2025-04-01,10\n2025-04-02,-37.63\n2025-04-03,12\n")
    source = FredSource(base=server.url, **HASTY)
    panel = es.load_returns(["OIL", "SP500"], START, "2025-04-03", source=source)
    assert "2025-04-02: OIL -37.63 is not a price above zero; not taken" in panel.quality.loc["OIL", "note"]
    level = es.load_returns(["OIL"], START, "2025-04-03", source=FredSource(base=server.url, **HASTY), levels=["OIL"])
    assert level.levels["OIL"].tolist() == [10, -37.63, 12]


@pytest.mark.parametrize("fault", ["404", "429", "503"])
def test_each_fault_of_the_library_has_its_name(server, fault):
    *answer, words = FAULTS[fault]
    server.pages["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = tuple(answer)
    with pytest.raises(EventStudyError, match=words):
        es.load_returns(["XYZ"], START, END, source=FrenchSource(base=server.url, tries=1, **HASTY))


@pytest.mark.parametrize("source", [FredSource, StooqSource, FrenchSource])
def test_nobody_there(source):
    with pytest.raises(SourceError, match="Unreachable"):
        es.load_returns(["DGS2"], START, END, source=source(base="http://127.0.0.1:9", tries=1, **HASTY))


def test_stooq_says_when_its_limit_is_used_up(server):
    server.pages["/q/d/l/"] = (200, {}, b"Exceeded the daily hits limit")
    source = StooqSource(base=server.url, **HASTY)
    with pytest.raises(RateLimited, match="go on tomorrow"):
        source.one("NVDA", pd.Timestamp(START), pd.Timestamp(END), Deadline(5))


def test_stooq_does_not_know_a_symbol(server):
    server.pages["/q/d/l/"] = (200, {}, b"No data")
    with pytest.raises(EventStudyError, match="Stooq does not know 'NVDAX'"):
        es.load_prices(["NVDAX"], START, END, source=StooqSource(base=server.url, **HASTY))


class Vendor:
    """Ten lines are a source."""

    name = "vendor"

    def fetch(self, symbols, start, end):
        days = pd.bdate_range(start, end)
        known = {"A": 10.0, "B": 20.0}
        return pd.DataFrame(
            {symbol: known[symbol] + np.arange(len(days)) for symbol in symbols if symbol in known}, index=days
        )


def test_any_object_with_a_fetch_method_is_a_source():
    assert isinstance(Vendor(), PriceSource)
    panel = es.load_prices(["A", "^VIX", "C"], START, END, source=Vendor())
    assert panel.sources == {"A": "vendor", "^VIX": "bundled"}
    assert told(panel.failures["C"]).startswith("NoSuchTicker: vendor does not have 'C'")
    assert panel.frame["A"].iloc[0] == 10.0


def test_an_object_that_returns_something_else_is_told():
    class Odd:
        def fetch(self, *_):
            return [1, 2, 3]

    with pytest.raises(DataError, match="source 'Odd' returned list; fetch must return a DataFrame"):
        es.load_prices(["A"], START, END, source=Odd())


def test_another_package_can_add_a_source(monkeypatch):
    point = EntryPoint("vendor", f"{__name__}:Vendor", "eventstudy.sources")
    monkeypatch.setattr(EntryPoint, "load", lambda _: Vendor)
    monkeypatch.setattr("eventstudy.returns.sources.registry.entry_points", lambda **_: EntryPoints([point]))
    assert "vendor" in source_names()
    assert es.load_prices(["A"], START, END, source="vendor").sources == {"A": "vendor"}


def test_the_names_of_sources():
    assert {"bundled", "yahoo", "french", "fred", "stooq"} <= set(source_names())


def test_a_revision_of_the_library_is_measured_on_its_returns(server, tmp_path):
    serve_french(server)
    es.load_returns(["Mkt-RF", "SMB"], START, END, source=FrenchSource(base=server.url, cache=tmp_path, **HASTY))
    revised = FACTORS.replace("-5.27", "-5.20")
    server.pages["/F-F_Research_Data_5_Factors_2x3_daily_CSV.zip"] = (200, {}, packed(revised))
    table = cache_verify(tmp_path, source=FrenchSource(base=server.url, **HASTY)).set_index("symbol")
    assert table["state"].to_dict() == {"Mkt-RF": "revised", "SMB": "ok"}
    assert table.loc["Mkt-RF", "max_change"] == pytest.approx(0.0007)
    assert table.loc["Mkt-RF", "max_change_day"] == "2025-04-03"
