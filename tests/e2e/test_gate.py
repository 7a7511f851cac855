"""The gate on the flagship: a cent on one close is its hash alone, one per cent is everything that follows, nothing is nothing."""

import pytest

from eventstudy.report import compare_folders, write_document
from eventstudy.report.build import build_document
from eventstudy.returns import bundled
from eventstudy.study.pairs.firm_file import load_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # each is a whole run, on a machine that may be busy

INDEX = "^GSPC"
HASHES = {f"inputs.prices.{INDEX}", f"inputs.securities.{INDEX}", "hypothesis.provenance.prices_digest"}
CENT, PER_CENT = 0.01, 0.01
CLOSES = [
    "2025-04-04",  # in the window of the largest event
    "2025-04-09",  # the first session of another, and the largest move
    "2025-04-08",  # the lowest close of the year, the end of a line in a chart
    "2019-06-14",  # a quiet one
    "2026-08-20",  # the last one
]


def build(folder):
    document, _ = build_document(load_study("us-china"), quick=True)
    write_document(document, folder)
    return folder


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    return build(tmp_path_factory.mktemp("gate") / "accepted")


@pytest.fixture
def changed(monkeypatch, tmp_path):
    """Run the study on figures in which one close is another."""
    read = bundled._read

    def run(day, change):
        market = read("market").copy()
        market.loc[day, INDEX] = round(change(market.loc[day, INDEX]), 2)
        monkeypatch.setattr(bundled, "_read", lambda name: market if name == "market" else read(name))
        return build(tmp_path / "changed")

    return run


@pytest.mark.parametrize("day", CLOSES)
def test_a_cent_on_one_close_is_its_hash_alone(accepted, changed, day):
    found = compare_folders(accepted, changed(day, lambda close: close + CENT))
    assert {(row.kind, row.what) for row in found.moved} == {("input", what) for what in HASHES}


def test_one_per_cent_on_one_close_names_series_numbers_tables_and_charts(accepted, changed, tmp_path):
    found = compare_folders(
        accepted, changed("2025-04-04", lambda close: close * (1 + PER_CENT)), images=tmp_path / "moved"
    )
    kinds = {
        kind: {row.what for row in found.moved if row.kind == kind} for kind in ("input", "number", "table", "chart")
    }
    assert kinds["input"] == HASHES
    assert any(what.startswith("market.events.2025-04-04") and what.endswith(".return") for what in kinds["number"])
    assert "tables/events.csv" in kinds["table"]
    # each of them shows that day or a mean that it is in
    assert kinds["chart"] >= {f"charts/{name}.png" for name in ("market-2024-2026", "reactions", "caar", "overlay")}
    pictures = {what.split("/")[1] for what in kinds["chart"]}
    assert {path.name for path in (tmp_path / "moved").iterdir()} == pictures | {"manifest.json"}


def test_nothing_changed_is_nothing(accepted, tmp_path):
    found = compare_folders(accepted, build(tmp_path / "again"))
    assert found, str(found)
    assert found.notes == ()
