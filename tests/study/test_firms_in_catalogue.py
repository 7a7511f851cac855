"""A catalogue with one firm a row: each event is studied on its own security."""

from __future__ import annotations

import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError
from panels import small_panel

PANEL = small_panel(bars=330)
STUDY = es.EventStudy(model=es.MarketModel("M"), window=(-3, 3), estimation=es.EstimationWindow(120, end=-11))
ROWS = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "name": ["A", "B", "C"],
        "announced_at": [f"{day:%Y-%m-%d} 10:00" for day in PANEL.index[[250, 200, 290]]],
        "stance": "talks",
        "symbol": ["A", "B", "A"],
    }
)


def load(rows=ROWS):
    return es.load_events(rows, timezone="America/New_York")


@pytest.mark.parametrize("column", ["symbol", "ticker"])
def test_each_event_meets_its_own_security(tmp_path, column):
    file = tmp_path / "events.csv"
    ROWS.rename(columns={"symbol": column}).to_csv(file, index=False)
    catalog = es.load_events(file, timezone="America/New_York")
    found = STUDY.fit(catalog, PANEL)
    pairs = pd.DataFrame({"event_id": ["b", "a", "c"], "symbol": ["B", "A", "A"], "bar": PANEL.index[[200, 250, 290]]})
    expected = STUDY.fit(pairs, PANEL)
    pd.testing.assert_frame_equal(found.car((0, 1)), expected.car((0, 1)))
    assert found.caar((0, 1)).equals(expected.caar((0, 1)))


def test_the_symbol_stays_through_files_and_frames(tmp_path):
    catalog = load()
    catalog.to_toml(tmp_path / "events.toml")
    for again in (
        es.load_events(tmp_path / "events.toml"),
        es.load_events(catalog.to_frame()),
        catalog.select(since="2000-01-01"),
    ):
        assert [event.symbol for event in again] == ["B", "A", "A"]
    assert load(ROWS.drop(columns="symbol")).digest != catalog.digest


def test_a_catalogue_without_firms_is_what_it_was():
    assert "symbol" not in es.load_events("fomc").to_frame().columns
    assert len(STUDY.fit(load(ROWS.drop(columns="symbol")), PANEL, symbols="all").car()) == 6


def test_asking_for_symbols_goes_before_those_of_the_events():
    assert len(STUDY.fit(load(), PANEL, symbols="all").car()) == 6
    assert STUDY.fit(load(), PANEL, symbols=["B"]).car()["symbol"].unique().tolist() == ["B"]


def test_some_events_without_a_symbol_are_refused():
    with pytest.raises(StudyError, match="event 'b' of the catalogue names no symbol, and others do"):
        STUDY.fit(load(ROWS.assign(symbol=["A", None, "A"])), PANEL)


def test_a_symbol_that_the_panel_lacks_is_left_out_and_said():
    assert STUDY.fit(load(ROWS.assign(symbol=["A", "B", "Q"])), PANEL).excluded["reason"].tolist() == ["unknown_symbol"]
