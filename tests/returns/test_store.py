"""The cache among other programs' files: it knows its entries, and removes nothing else."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from eventstudy.errors import DataError
from eventstudy.returns import cache_clear, cache_entries, cache_verify
from eventstudy.returns.bars import Bars
from eventstudy.returns.cache.store import Entry, Key, Store
from trees import tree

DAYS = pd.date_range("2025-03-03", periods=3)


def keep(folder, symbol, close=1.0):
    frame = pd.DataFrame({"close": [close, close + 1, close + 2]}, index=DAYS)
    entry = Entry(Bars(frame, {"currency": "USD"}), DAYS[0], DAYS[-1], "2025-04-01T00:00:00Z")
    return Store(folder).update(Key("yahoo", "raw", symbol), lambda _: entry)


FOREIGN = {
    "proj/web/public/manifest.json": "{}",
    "proj/web/public/src/thesis.tex": "years",
    "proj/web/other/manifest.json": '{"name": "my web app"}',
    "proj/web/half/manifest.json": '{"format": 1, "source": "proj", "adjustment": "web", "symbol": "another"}',
    "yahoo/raw/MINE/manifest.json": '{"format": 1}',
    "yahoo/raw/MINE/lock": "",
    "yahoo/raw/MINE/0123456789abcdef.parquet": "not named by its checksum",
    "yahoo/raw/NOTHING/lock": "",
    "yahoo/raw/^GSPC/lock": "",
    "yahoo/raw/NVDA/notes.txt": "mine",
    "yahoo/raw/NVDA/prices.parquet": "mine",
    "yahoo/raw/NVDA/.x.parquet.part": "mine",
    "yahoo/raw/NVDA/deep/manifest.json": "{}",
    "yahoo/manifest.json": "{}",
    "lock": "",
}


@pytest.fixture
def mixed(tmp_path):
    """Return a folder of entries and strangers, and what the strangers are."""
    place = tmp_path / "cache"
    for name, text in FOREIGN.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    outside = tmp_path / "outside" / "raw"
    keep(tmp_path / "elsewhere", "AMD")
    (tmp_path / "elsewhere" / "yahoo").rename(tmp_path / "outside")
    (place / "yahoo" / "linked").symlink_to(outside)
    strangers = tree(tmp_path)
    for symbol in ("NVDA", "^GSPC", "0700.HK"):
        keep(place, symbol)
    return place, strangers


def test_strangers_are_no_entries_and_stay(mixed):
    place, strangers = mixed
    assert set(cache_entries(place)["symbol"]) == {"NVDA", "^GSPC", "0700.HK"}
    assert set(cache_verify(place)["symbol"]) == {"NVDA", "^GSPC", "0700.HK"}
    assert cache_clear(place, symbols="MINE") == 0
    assert cache_clear(place) == 3
    assert tree(place.parent) == strangers
    assert cache_clear(place) == 0
    assert tree(place.parent) == strangers


def test_a_cache_alone_is_removed_to_the_last_folder(tmp_path):
    keep(tmp_path / "cache", "NVDA")
    keep(tmp_path / "cache", "NVDA", close=5.0)
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 1
    assert cache_clear(tmp_path / "cache") == 1
    assert tree(tmp_path / "cache") == {}


def test_a_strangers_manifest_is_neither_healed_nor_written_over(mixed):
    place, _ = mixed
    before = tree(place)
    key = Key("yahoo", "raw", "MINE")
    with pytest.raises(
        DataError, match=r"MINE/manifest\.json' is not of this cache, which keeps 'MINE' there; move it"
    ):
        Store(place).read(key)
    with pytest.raises(DataError, match="is not of this cache"):
        keep(place, "MINE")
    Store(place).remove(key)
    assert tree(place) == before


@pytest.mark.parametrize("text", ["", "{}", "{", "\x00\x00", '{"format": 1, "source": "ya', "no JSON"])
def test_a_manifest_of_ours_that_is_cut_is_damage_and_heals(tmp_path, text):
    keep(tmp_path, "NVDA")
    manifest = tmp_path / "yahoo" / "raw" / "NVDA" / "manifest.json"
    manifest.write_text(text)
    assert cache_verify(tmp_path)["state"].tolist() == ["damaged"]
    assert Store(tmp_path).read(Key("yahoo", "raw", "NVDA")) is None
    keep(tmp_path, "NVDA")
    assert cache_verify(tmp_path)["state"].tolist() == ["ok"]
    manifest.write_text(text)
    assert cache_clear(tmp_path) == 1
    assert tree(tmp_path) == {}


def test_a_parquet_file_that_is_damaged_does_not_stay(tmp_path):
    keep(tmp_path, "NVDA")
    [old] = tmp_path.rglob("*.parquet")
    old.write_bytes(old.read_bytes()[:-10])
    (old.parent / "mine.parquet").write_text("mine")
    keep(tmp_path, "NVDA", close=5.0)
    assert not old.exists()
    assert len(list(old.parent.glob("*.parquet"))) == 2
    assert (old.parent / "mine.parquet").read_text() == "mine"


@pytest.mark.parametrize("file", ["../../../precious.txt", "/etc/hostname", "x.parquet", 7, None])
def test_a_manifest_that_names_anothers_file_does_not_reach_it(tmp_path, file):
    (tmp_path / "precious.txt").write_text("precious")
    keep(tmp_path / "cache", "NVDA")
    place = tmp_path / "cache" / "yahoo" / "raw" / "NVDA"
    (place / "x.parquet").write_text("mine")
    manifest = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**manifest, "file": file}))
    assert cache_verify(tmp_path / "cache")["state"].tolist() == ["damaged"]
    assert cache_clear(tmp_path / "cache") == 1
    assert (tmp_path / "precious.txt").read_text() == "precious"
    assert (place / "x.parquet").read_text() == "mine"


@pytest.mark.parametrize(
    "change",
    [{"covered": []}, {"covered": ["2025-03-03"]}, {"covered": {"a": 1}}, {"covered": 7}, {"meta": "x"}, {"rows": 7}],
    ids=str,
)
def test_a_manifest_of_an_odd_shape_is_listed_and_is_damage(tmp_path, change):
    keep(tmp_path, "NVDA")
    manifest = tmp_path / "yahoo" / "raw" / "NVDA" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    assert cache_entries(tmp_path)["symbol"].tolist() == ["NVDA"]
    assert cache_verify(tmp_path)["state"].tolist() == ["damaged"]
    assert Store(tmp_path).read(Key("yahoo", "raw", "NVDA")) is None


def test_a_lock_that_cannot_be_made_is_one_error(tmp_path):
    (tmp_path / "yahoo").write_text("a file")
    with pytest.raises(DataError, match=r"the cache cannot hold .*NVDA/lock' \(.*\); pass another folder: cache="):
        keep(tmp_path, "NVDA")
