"""The second shipped catalogue: stances of its own, on the days of the macro calendar."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from eventstudy.events import EventCatalog, load_events, load_macro_calendar

# upper end of the target range after the last decision of each year (Federal Reserve, open market operations archive)
YEAR_END = {2018: 2.5, 2019: 1.75, 2020: 0.25, 2021: 0.25, 2022: 4.5, 2023: 5.5, 2024: 4.5, 2025: 3.75}


@pytest.fixture(scope="module")
def catalog() -> EventCatalog:
    return load_events("fomc")


def test_every_certain_decision_day_is_there(catalog):
    calendar = load_macro_calendar()
    days = calendar[
        (calendar["event"] == "FOMC decision") & calendar["certain"] & (calendar["date"] < "2026")
    ]  # the catalogue ends there
    assert [event.announced_at for event in catalog] == days["announced_at"].tolist()


def test_the_range_goes_from_one_decision_to_the_next(catalog):
    assert catalog[0].rate_before == 1.5
    for before, after in pairwise(catalog):
        assert after.rate_before == before.rate_after
    ends = {event.announced_at.year: event.rate_after for event in catalog}
    assert ends == YEAR_END


def test_stance_and_level_say_what_the_range_did(catalog):
    for event in catalog:
        step = round((event.rate_after - event.rate_before) * 100)
        assert event.stance == ("hike" if step > 0 else "cut" if step < 0 else "hold")
        assert event.level == (f"{abs(step)}bp" if step else "")


def test_counts(catalog):
    counts = {stance: len(catalog.select(stance=stance)) for stance in catalog.vocabulary.stances}
    assert counts == {"hike": 15, "hold": 39, "cut": 11}
    assert {event.id for event in catalog.select(scheduled=False)} == {"2020-03-03_cut", "2020-03-15_cut"}
    assert {event.id for event in catalog.select(level="100bp")} == {"2020-03-15_cut"}


def test_sessions(catalog):
    table = catalog.sessions()
    assert table.loc["2020-03-15_cut", "session"] == pd.Timestamp("2020-03-16")
    assert table["session_certain"].all()
    assert not table["conflict"].any()


def test_it_refuses_the_words_of_the_other_catalogue(catalog):
    with pytest.raises(ValueError, match="stance 'softening' is not one of: hike, hold, cut"):
        catalog.select(stance="softening")
