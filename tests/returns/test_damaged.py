"""Files that are damaged, or something else than their name says: one error with the file's name, never another's exception."""

from __future__ import annotations

import bz2
import decimal
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import eventstudy as es
from eventstudy.errors import DataError, InputError
from eventstudy.returns import freeze

DAYS = pd.bdate_range("2010-01-04", periods=2500)
CLOSES = np.round(np.exp(np.random.default_rng(1).normal(4, 0.1, len(DAYS))), 4)
TEXT = ("date,A\n" + "".join(f"{day:%Y-%m-%d},{close}\n" for day, close in zip(DAYS, CLOSES, strict=True))).encode()


def zipped(content: bytes, *names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("prices.csv",):
            archive.writestr(name, content)
    return target.getvalue()


PACKED = {
    "gz": gzip.compress(TEXT, mtime=0),
    "bz2": bz2.compress(TEXT),
    "xz": lzma.compress(TEXT),
    "zip": zipped(TEXT),
    "zst": pa.compress(TEXT, "zstd", asbytes=True),
}


def test_every_compression_is_read(tmp_path):
    for ending, content in PACKED.items():
        path = tmp_path / f"prices.csv.{ending}"
        path.write_bytes(content)
        assert es.load_prices(source=path, calendar=None).frame["A"].tolist() == CLOSES.tolist(), ending


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("left", [0.999, 0.5, 0.1, 0.01])
def test_a_file_that_stops_short_is_one_error(tmp_path, ending, left):
    path = tmp_path / f"prices.csv.{ending}"
    path.write_bytes(PACKED[ending][: int(left * len(PACKED[ending]))])
    with pytest.raises(DataError, match=rf"prices.csv.{ending}: "):
        es.load_prices(source=path)


@pytest.mark.parametrize("ending", PACKED)
def test_flipped_bytes_give_the_right_numbers_or_one_error(tmp_path, ending):
    rng = np.random.default_rng(7)
    path = tmp_path / f"prices.csv.{ending}"
    for _ in range(60):
        content = bytearray(PACKED[ending])
        for at in rng.integers(len(content), size=2):
            content[at] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        try:
            values = es.load_prices(source=path, calendar=None).frame["A"].tolist()
        except DataError as error:
            assert "prices.csv" in str(error)  # noqa: PT017  either is right
        else:
            assert values == CLOSES.tolist() or ending == "zst"  # a frame of zstd need not carry a checksum


ELSE = {
    "an Excel workbook": (zipped(b"<xml/>", "xl/workbook.xml"), "prices.csv", "Excel workbook"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + bytes(100), "prices.csv", "Excel workbook"),
    "Parquet": (b"PAR1" + bytes(100), "prices.csv", "is Parquet"),
    "gzip without its name": (PACKED["gz"], "prices.csv", "compressed with gzip"),
    "gzip only by name": (TEXT, "prices.csv.gz", "prices.csv.gz: this cannot be read"),
    "two files in one archive": (zipped(TEXT, "a.csv", "b.csv"), "prices.csv.zip", "the archive holds 2 files"),
    "an empty archive": (zipped(b"", "a/"), "prices.csv.zip", "the archive holds 0 files"),
    "nothing, compressed": (b"", "prices.csv.gz", "the file is empty"),
    "nothing": (b"", "prices.csv", "the file is empty"),
    "blanks": (b" \n\n  \n", "prices.csv", "the file is empty"),
    "UTF-16": (TEXT.decode().encode("utf-16"), "prices.csv", "UTF-16 text"),
    "HTML": (b"\n<!DOCTYPE html><html><body>Too many requests</body></html>", "prices.csv", "web page"),
    "latin-1": ("date,Übersee\n2025-02-18,1\n".encode("latin-1"), "prices.csv", "line 1: this is not utf-8 text; pass encoding="),
    "binary": (bytes(range(256)) * 4, "prices.csv", "NUL bytes"),
    "no Parquet": (TEXT, "prices.parquet", "cannot be read as Parquet"),
    "an empty Parquet": (b"", "prices.parquet", "cannot be read as Parquet"),
    "one endless line": (b"x" * 3_000_000, "prices.csv", "one column only"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ELSE)
def test_what_is_something_else_is_told_by_its_name(tmp_path, kind):
    content, name, words = ELSE[kind]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        es.load_prices(source=tmp_path / name)
    assert name in str(caught.value)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


def test_an_encoding_that_is_stated_is_read(tmp_path):
    for encoding in ("utf-16", "latin-1", "cp1252", "utf-8"):
        path = tmp_path / f"{encoding}.csv"
        path.write_text("date,Übersee\n2025-02-18,1\n", encoding=encoding)
        assert es.load_prices(source=path, encoding=encoding).symbols == ["Übersee"]
    with pytest.raises(DataError, match="unknown encoding: klingon"):
        es.load_prices(source=path, encoding="klingon")


# ------------------------------------------------------------------------------------------------------------------------ bounds


def test_reads_are_bounded_and_the_bound_can_be_raised(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(TEXT * 40))
    with pytest.raises(DataError, match=r"bomb.csv.gz: the file holds more than .* GB expanded.*largest="):
        es.load_prices(source=path, largest=len(TEXT))
    wide = tmp_path / "wide.csv"
    wide.write_text("date," + ",".join(f"S{at}" for at in range(30)) + "\n2025-02-18" + ",1" * 30 + "\n")
    with pytest.raises(
        DataError, match=r"wide.csv: row 1 has 30 columns beside the dates, more than 29; .*most_columns="
    ):
        es.load_prices(source=wide, most_columns=29)
    assert len(es.load_prices(source=wide, most_columns=30).symbols) == 30
    pd.read_csv(wide).to_parquet(tmp_path / "wide.parquet")
    with pytest.raises(DataError, match=r"wide.parquet: 30 columns beside the dates, more than 29"):
        es.load_prices(source=tmp_path / "wide.parquet", most_columns=29)
    with pytest.raises(DataError, match=r"wide.parquet: 1 rows of 31 columns are more than"):
        es.load_prices(source=tmp_path / "wide.parquet", largest=100)


def test_a_panel_that_no_memory_holds_is_refused(tmp_path):
    rows = "".join(f"{day:%Y-%m-%d},S{at},1\n" for at, day in enumerate(DAYS))
    path = tmp_path / "sparse.csv"
    path.write_text(f"date,symbol,close\n{rows}")
    with pytest.raises(DataError, match=r"2500 symbols on 2500 days are a panel of .* GB; name the symbols"):
        es.load_prices(source=path, largest=10_000_000)


def test_a_long_file_tells_how_far_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("eventstudy.returns.tables.csv_files.EVERY", 1000)
    monkeypatch.setattr("eventstudy.returns.tables.csv_files.BLOCK", 16_000)
    (tmp_path / "prices.csv").write_bytes(TEXT)
    told = []
    es.load_prices(source=tmp_path / "prices.csv", progress=lambda *what: told.append(what))
    assert len(told) >= 1
    assert told[0][1:] == (0, "prices.csv", "reading")
    assert [what[0] for what in told] == sorted(what[0] for what in told)


# ----------------------------------------------------------------------------------------------------------------------- Parquet

DATE = pa.array([day.date() for day in DAYS[:4]])
BASE = {"date": DATE, "A": pa.array([1.0, 2.0, 3.0, 4.0])}
WORDS = [f"{day:%Y-%m-%d}" for day in DAYS[:4]]
READ = {
    "date32": BASE,
    "date64": {**BASE, "date": DATE.cast(pa.date64())},
    "dictionary": {**BASE, "date": pa.array(WORDS).dictionary_encode()},
    "large text": {**BASE, "date": pa.array(WORDS, pa.large_string())},
    "text view": {**BASE, "date": pa.array(WORDS, pa.string_view())},
    "seconds": {**BASE, "date": DATE.cast(pa.timestamp("s"))},
    "decimal": {**BASE, "A": pa.array([decimal.Decimal(n) for n in "1234"])},
    "half": {**BASE, "A": pa.array(np.array([1, 2, 3, 4], dtype=np.float16))},
    "dictionary of numbers": {**BASE, "A": BASE["A"].dictionary_encode()},
    "whole": {**BASE, "A": pa.array([1, 2, 3, 4], pa.uint8())},
}
REFUSED = {
    "time": pa.array([1, 2, 3, 4], pa.time32("s")),
    "duration": pa.array([1, 2, 3, 4], pa.duration("s")),
    "truth": pa.array([True, False, True, True]),
    "struct": pa.array([{"a": 1}] * 4),
    "list": pa.array([[1]] * 4),
    "bytes": pa.array([b"1"] * 4),
    "dates": DATE,
    "words": pa.array(["a"] * 4),
}


@pytest.mark.parametrize("kind", READ)
def test_arrow_types_of_dates_and_numbers_are_read(tmp_path, kind):
    try:
        pq.write_table(pa.table(READ[kind]), tmp_path / "a.parquet")
    except pa.ArrowNotImplementedError as error:
        pytest.skip(f"this Arrow writes no such file: {error}")
    panel = es.load_prices(source=tmp_path / "a.parquet")
    assert panel.frame["A"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert panel.frame.index.equals(pd.DatetimeIndex(DAYS[:4]))


@pytest.mark.parametrize("kind", REFUSED)
def test_arrow_types_that_are_no_numbers_are_refused(tmp_path, kind):
    pq.write_table(pa.table({"date": DATE, "A": REFUSED[kind]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a.parquet, row 1, column 'A': .* is not a number"):
        es.load_prices(source=tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "metadata",
    [
        b"{",
        b"[]",
        b"null",
        b'{"index_columns": []}',
        b'{"index_columns": ["nope"], "columns": [], "column_indexes": []}',
        b'{"index_columns": [{"kind": "range"}], "columns": [], "column_indexes": []}',
        b"\xff\xfe",
    ],
)
def test_odd_metadata_give_the_numbers_or_one_error(tmp_path, metadata):
    table = pa.table(BASE).replace_schema_metadata({b"pandas": metadata})
    pq.write_table(table, tmp_path / "a.parquet")
    try:
        assert es.load_prices(source=tmp_path / "a.parquet").frame["A"].tolist() == [1.0, 2.0, 3.0, 4.0]
    except DataError as error:
        assert "a.parquet" in str(error)  # noqa: PT017  either is right


def test_flipped_bytes_of_parquet_are_one_error_or_numbers(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"date": DAYS, "symbol": ["A", "B"] * 1250, "close": CLOSES}).to_parquet(path)
    good, rng = path.read_bytes(), np.random.default_rng(3)
    ends = len(good) - 1500  # the footer, where most flips are told
    for at in [*rng.integers(len(good), size=20), *rng.integers(ends, len(good), size=20)]:
        content = bytearray(good)
        content[at] ^= int(rng.integers(1, 256))
        path.write_bytes(content)
        try:
            es.load_prices(source=path, calendar=None)
        except es.EventStudyError as error:
            assert "a.parquet" in str(error)  # noqa: PT017  either is right


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gb18030"])
def test_text_of_parquet_that_is_not_utf_8_is_told(tmp_path, encoding):
    raw = pa.array([f"{name}é".encode(encoding) for name in "AB"] * 2, type=pa.binary())
    symbols = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    pq.write_table(
        pa.table({"date": ["2025-04-02"] * 2 + ["2025-04-03"] * 2, "symbol": symbols, "close": [1.0, 2.0, 3.0, 4.0]}),
        tmp_path / "a.parquet",
    )
    with pytest.raises(DataError, match=r"a.parquet: this cannot be read as Parquet \(.*UTF8"):
        es.load_prices(source=tmp_path / "a.parquet")


# ----------------------------------------------------------------------------------------------------------------- frozen panels


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b"[]",
        b"null",
        b"7",
        b'{"sha256": 7}',
        b'{"sha256": {}}',
        b'{"sha256": {"../../x": "y"}}',
        json.dumps({"sha256": {"prices.csv": 7}, "sources": {}, "failures": {}, "calendars": {}}).encode(),
    ],
)
def test_a_damaged_manifest_is_one_error(tmp_path, manifest):
    folder = freeze(es.load_prices("^GSPC", start="2025-04-01", end="2025-04-30"), tmp_path / "frozen")
    (folder / "manifest.json").write_bytes(manifest)
    with pytest.raises(DataError, match="frozen"):
        es.load_prices(source=folder)


SHORT = pd.DataFrame({"A": [10.0, 11.0]}, index=pd.to_datetime(["2025-03-03", "2025-03-04"]))


@pytest.mark.parametrize("calendar", [["XNYS"], 5, {"A": "XNYS"}, ""])
def test_a_calendar_is_a_name(calendar):
    for act in (
        lambda: es.PricePanel(SHORT, calendar=calendar),
        lambda: es.ReturnPanel.from_prices(SHORT, calendar=calendar),
        lambda: es.PricePanel(SHORT, calendar=None, calendars={"A": calendar}),
    ):
        with pytest.raises(InputError, match="calendar"):
            act()


@pytest.mark.parametrize("label", [{"a": 1}, [1, 2]])
def test_a_row_label_can_be_found_again(label):
    index = pd.Index([pd.Timestamp("2025-03-03"), label], dtype=object)
    with pytest.raises(DataError, match=rf"^row 2: its label .* is a {type(label).__name__}; label rows with"):
        es.PricePanel(SHORT.set_axis(index), calendar=None)


@pytest.mark.parametrize(
    "options",
    [
        *({name: odd} for name in ("encoding", "decimal", "sep", "thousands", "timezone") for odd in (["utf-8"], 5)),
        {"encoding": None},
        {"levels": 5},
        {"levels": [["A"]]},
        {"largest": "much"},
        {"most_columns": [3]},
    ],
)
def test_an_option_of_another_kind_is_refused(tmp_path, options):
    (tmp_path / "prices.csv").write_bytes(TEXT)
    with pytest.raises(DataError, match=rf"^{next(iter(options))}=.*; pass "):
        es.load_prices(source=tmp_path / "prices.csv", calendar=None, **options)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_name_with_an_end_of_line_is_told_on_one_line(tmp_path, ending):
    path, table = tmp_path / f"x\ny.{ending}", pd.DataFrame({"security": ["A"], "return": [0.1]})
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path, index=False)
    with pytest.raises(DataError) as told:
        es.load_prices(source=path, calendar=None)
    assert "\n" not in str(told.value)
    assert rf"x\ny.{ending}" in str(told.value)
