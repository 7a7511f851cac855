"""The same study from pandas, polars, Arrow and DuckDB: equal bits in every table, through every public door."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import types
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import eventstudy as es
from eventstudy import plots, report
from eventstudy.errors import CatalogError, DataError, EventStudyError, InputError, StudyError
from eventstudy.frames import as_pandas, with_bars
from panels import pairs, small_panel

PANEL = small_panel(bars=330)
PAIRS = pairs(PANEL, (200, 260, 290)).assign(size=np.linspace(0.1, 1.0, 6))
PAIRS["announced_at"] = (PAIRS["bar"] + pd.Timedelta(hours=10)).dt.tz_localize("America/New_York")
STUDY = es.EventStudy(model=es.MarketModel("M"), window=(-3, 3), estimation=es.EstimationWindow(120, end=-11))


class Capsule:
    """A frame of a library that nobody knows, which speaks the Arrow PyCapsule protocol."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame as other libraries hold it: its row labels a column."""
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.rename_axis("date").reset_index()


def arrow(frame):
    return pa.Table.from_pandas(plain(frame), preserve_index=False)


OTHERS = {
    "polars": lambda frame: pl.from_pandas(plain(frame)),
    "polars with the index": lambda frame: pl.from_pandas(frame, include_index=not isinstance(frame.index, pd.RangeIndex)),
    "polars lazy": lambda frame: pl.from_pandas(plain(frame)).lazy(),
    "arrow": arrow,
    "arrow with the index": pa.Table.from_pandas,
    "record batch": lambda frame: arrow(frame).combine_chunks().to_batches()[0],
    "reader": lambda frame: arrow(frame).to_reader(),
    "duckdb": lambda frame: duckdb.from_arrow(arrow(frame)),
    "capsule": lambda frame: Capsule(arrow(frame)),
}  # fmt: skip
if importlib.util.find_spec("modin"):  # it needs pandas 2: `make modin` has it in an environment of its own
    OTHERS["modin"] = importlib.import_module("modin.pandas").DataFrame


@pytest.fixture(params=OTHERS)
def other(request):
    return OTHERS[request.param]


def tables(result):
    return {
        "car": result.car((0, 1)),
        "tidy": result.tidy(),
        "aar": result.aar(),
        "caar": result.caar((-1, 1)),
        "bhar": result.bhar((0, 1)),
        "diagnostics": result.diagnostics(),
        "tests": result.tests((0, 1), seed=1, full=True),
        "excluded": result.excluded,
        "explain": result.explain(["size"], (0, 1)),
    }


EXPECTED = tables(STUDY.fit(PAIRS.drop(columns="announced_at"), PANEL))


def test_every_table_has_the_same_bits(other):
    found = tables(STUDY.fit(other(PAIRS.drop(columns="announced_at")), other(PANEL)))
    for name, table in EXPECTED.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)


def test_moments_come_with_their_zone(other):
    moments = PAIRS.drop(columns="bar")
    found = STUDY.fit(other(moments), other(PANEL))
    expected = STUDY.fit(moments, PANEL)
    pd.testing.assert_frame_equal(found.car((0, 1)), expected.car((0, 1)), check_exact=True)
    pd.testing.assert_frame_equal(found.tidy(), expected.tidy(), check_exact=True)


def test_panels_and_loaders_take_them(other):
    prices = (1 + PANEL).cumprod() * 100
    long = prices.rename_axis("date").reset_index().melt("date", var_name="symbol", value_name="close")
    for made, expected in (
        (es.ReturnPanel(other(PANEL)), es.ReturnPanel(PANEL)),
        (es.PricePanel(other(prices)), es.PricePanel(prices)),
        (es.ReturnPanel.from_prices(other(prices)), es.ReturnPanel.from_prices(prices)),
        (es.load_prices(other(prices)), es.load_prices(prices)),
        (es.load_prices(source=other(long)), es.load_prices(source=long)),
        (es.load_returns(["A"], source=other(prices)), es.load_returns(["A"], source=prices)),
        (es.lumped_returns(other(prices)), es.lumped_returns(prices)),
    ):
        assert made.digest == expected.digest
    held = es.ReturnPanel(other(PANEL[["M", "A"]]), levels=other(PANEL[["B"]]))
    assert held.digest == es.ReturnPanel(PANEL[["M", "A"]], levels=PANEL[["B"]]).digest


def test_a_source_of_ones_own_may_deliver_them(other):
    class Mine:
        name = "mine"

        def fetch(self, symbols, start, end):
            del symbols, start, end
            return other((1 + PANEL).cumprod())

    assert es.load_prices(["A"], source=Mine()).sources == {"A": "mine"}


def test_catalogues_take_them(other):
    table = pd.DataFrame({"id": ["a", "b"], "name": ["A", "B"], "announced_at": ["2022-05-02 10:00", "2022-06-02 11:00"], "stance": ["talks", "mixed"]})  # fmt: skip
    options = {"timezone": "America/New_York"}
    assert es.load_events(other(table), **options).digest == es.load_events(table, **options).digest


def test_helpers_charts_and_tables_take_them(other):
    assert es.suggest_donors(other(PANEL), other(PAIRS), leave_out=["M"], why=True).equals(
        es.suggest_donors(PANEL, PAIRS, leave_out=["M"], why=True)
    )
    volume = PANEL.abs() * 1e6
    assert es.study.panels.abnormal_volume(other(volume)).digest == es.study.panels.abnormal_volume(volume).digest
    assert (
        es.study.panels.without_stale(PANEL, other(volume)).digest
        == es.study.panels.without_stale(PANEL, volume).digest
    )
    mean = EXPECTED["caar"]
    assert report.to_latex(other(mean)) == report.to_latex(mean)
    pd.testing.assert_frame_equal(plots.caar_data(other(EXPECTED["aar"])), plots.caar_data(EXPECTED["aar"]))


def test_integer_bars_and_rows_without_labels_are_counted_as_in_pandas():
    numbered = PANEL.reset_index(drop=True)
    events = PAIRS.assign(bar=[200, 200, 260, 260, 290, 290]).drop(columns="announced_at")
    study = es.EventStudy(model=es.MarketModel("M"), calendar=None, estimation=(-120, -11), window=(-3, 3))
    expected = study.fit(events, numbered).car((0, 1))
    for panel in (pl.from_pandas(numbered), pl.from_pandas(numbered.rename_axis("bar").reset_index())):
        pd.testing.assert_frame_equal(study.fit(pl.from_pandas(events), panel).car((0, 1)), expected)


def test_dates_as_text_words_of_a_dictionary_and_decimals_are_read():
    text = pl.from_pandas(plain(PANEL)).with_columns(pl.col("date").dt.strftime("%Y-%m-%d"))
    words = pl.from_pandas(PAIRS).with_columns(pl.col("symbol").cast(pl.Categorical))
    found = STUDY.fit(words.drop("announced_at"), text).car((0, 1))
    pd.testing.assert_frame_equal(found, EXPECTED["car"], check_exact=True)
    money = pa.table({"x": pa.array([Decimal("0.1"), None, Decimal("123456789.07")], pa.decimal128(38, 20))})
    assert as_pandas(money)["x"].tolist()[::2] == [0.1, 123456789.07]
    assert with_bars(duckdb.sql("SELECT DATE '2025-01-02' AS day, 0.01 AS a"))["a"].tolist() == [0.01]


def test_two_columns_of_dates_are_refused():
    twice = pl.from_pandas(plain(PANEL)).with_columns(pl.col("date").alias("settled"))
    with pytest.raises(DataError, match="'date' and 'settled' both hold dates; keep the one that names the bars"):
        es.ReturnPanel(twice)


@pytest.mark.parametrize(
    ("door", "error"),
    [
        (lambda given: STUDY.fit(given, PANEL), StudyError),
        (lambda given: STUDY.fit(PAIRS, given), StudyError),
        (es.load_events, CatalogError),
        (es.ReturnPanel, DataError),
        (lambda given: es.load_prices(source=given), DataError),
    ],
)
@pytest.mark.parametrize("given", [pl.Series([1.0]), pa.array([1.0]), Capsule(pa.chunked_array([[1.0]]))])
def test_what_is_no_frame_is_one_error_of_ours(door, error, given):
    with pytest.raises(error):
        door(given)


def test_a_frame_that_cannot_be_collected_says_what_its_library_says():
    lazy = pl.DataFrame({"a": [1]}).lazy().select("nothing")
    with pytest.raises(EventStudyError, match=r"this polars LazyFrame cannot be read as a table \(.*nothing"):
        STUDY.fit(PAIRS, lazy)


def test_a_frame_like_those_of_pandas_keeps_its_row_labels(monkeypatch):
    """CuDF needs a graphics card: a class that narwhals takes for a frame with row labels stands for it."""

    class DataFrame:
        __module__ = "modin.pandas"

        def __init__(self, frame):
            self._frame = frame

        def __getattr__(self, name):
            return getattr(self._frame, name)

        def _to_pandas(self):
            return self._frame

    package, module = types.ModuleType("modin"), types.ModuleType("modin.pandas")
    module.DataFrame, module.Series, module.__version__ = DataFrame, type("Series", (), {}), "0.37.1"
    package.pandas, package.__version__ = module, "0.37.1"
    monkeypatch.setitem(sys.modules, "modin", package)
    monkeypatch.setitem(sys.modules, "modin.pandas", module)
    events, panel = DataFrame(PAIRS.drop(columns="announced_at")), DataFrame(PANEL)
    pd.testing.assert_frame_equal(STUDY.fit(events, panel).car((0, 1)), EXPECTED["car"], check_exact=True)


# ------------------------------------------------------------------------------------------------------------- and out again


@pytest.mark.parametrize("table", ["car", "tests", "caar", "tidy", "excluded", "events"])
def test_tables_leave_with_the_same_bits(table):
    result = STUDY.fit(PAIRS.drop(columns="announced_at"), PANEL)
    given = ((0, 1),) if table in {"car", "tests", "caar"} else ()
    held = getattr(result, table)
    expected = held(*given) if callable(held) else held
    for found in (result.to_polars(table, *given).to_pandas(), result.to_arrow(table, *given).to_pandas()):
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_a_result_leaves_as_its_tidy_table_unless_another_is_named():
    result = STUDY.fit(PAIRS.drop(columns="announced_at"), PANEL)
    assert result.to_polars().columns == list(result.tidy().columns)
    assert result.to_arrow("tests", (0, 1), full=True, seed=1).num_rows == len(EXPECTED["tests"])
    with pytest.raises(StudyError, match="did you mean 'car'"):
        result.to_polars("carr")
    with pytest.raises(StudyError, match="'summary' is no table of a result"):
        result.to_arrow("summary")


def test_panels_and_catalogues_leave_and_come_back():
    panel = es.ReturnPanel(PANEL)
    assert es.ReturnPanel(panel.to_polars()).digest == panel.digest
    assert es.ReturnPanel(panel.to_arrow()).digest == panel.digest
    catalog = es.load_events("fomc")
    assert catalog.to_polars().columns[0] == "event_id"
    assert [event.id for event in es.load_events(catalog.to_arrow(), stances=catalog.vocabulary.stances)] == [
        event.id for event in catalog
    ]


def test_without_polars_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InputError, match="pip install polars"):
        es.ReturnPanel(PANEL).to_polars()


@pytest.mark.slow
def test_who_brings_pandas_imports_no_other_library():
    code = (
        "import sys, pandas as pd, eventstudy as es\nes.ReturnPanel(pd.DataFrame({'A': [0.01]}, index=pd.to_datetime(['2025-01-08'])))\n"
        "print(sys.modules.keys() & {'polars', 'duckdb', 'narwhals'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
