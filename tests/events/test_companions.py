from __future__ import annotations

import pandas as pd
import pytest

from eventstudy.errors import CatalogError
from eventstudy.events import load_episodes, load_events, load_macro_calendar


@pytest.fixture(scope="module")
def episodes() -> pd.DataFrame:
    return load_episodes("us-china-v1")


def test_episodes_end_as_the_facts_count_them(episodes):
    us, china = episodes[episodes["actor"] == "US"], episodes[episodes["actor"] == "China"]
    assert us["end"].value_counts().to_dict() == {"softened": 19, "implemented": 13, "censored": 9}
    assert china["end"].value_counts().to_dict() == {"softened": 1, "implemented": 10, "censored": 1}
    assert len(episodes) == 53
    assert episodes["id"].is_unique


def test_episode_moments_repeat_those_of_the_events_to_the_minute(episodes):
    events = load_events("us-china-v1").to_frame()["announced_at"].dt.floor("min")
    assert (episodes["start_et"] == episodes["start_event"].map(events)).all()
    for moment, event in (("verbal_soft_et", "verbal_event"), ("formal_soft_et", "formal_event")):
        stated = episodes[episodes[event] != ""]
        assert (stated[moment] == stated[event].map(events)).all()
        assert episodes.loc[episodes[event] == "", moment].isna().all()


def test_softening_after_the_end_is_kept(episodes):
    late = episodes[episodes["formal_soft_et"] > episodes["end_et"]]
    assert set(late["id"]) == {"A06", "E05", "C09", "C10", "E23", "E09b", "E25", "C12"}


def test_episode_columns_have_their_types(episodes):
    row = episodes.set_index("id").loc["E06"]
    assert row["start_et"] == pd.Timestamp("2025-04-02 16:26", tz="America/New_York")
    assert row["deadline"] == pd.Timestamp("2025-04-09")
    assert row["end_et"] == pd.Timestamp("2025-04-09 13:18", tz="America/New_York")
    assert row["outcome"] == "paused for 90 days except China"
    assert not episodes.select_dtypes("str").isna().any().any()


def test_episodes_of_an_unknown_name():
    with pytest.raises(
        CatalogError, match=r"episodes 'us-chnia' are not one of: us-china, us-china-v1; did you mean 'us-china'\?"
    ):
        load_episodes("us-chnia")


def test_macro_calendar_has_the_releases_of_the_facts():
    calendar = load_macro_calendar()
    assert len(calendar) == 278
    assert calendar.columns.tolist() == ["date", "event", "certain", "announced_at"]
    assert set(calendar["event"]) == {"FOMC decision", "CPI", "employment report"}
    assert calendar["announced_at"].is_monotonic_increasing
    assert calendar.loc[~calendar["certain"], "date"].dt.strftime("%F").tolist() == [
        *("2019-10-11", "2020-03-23", "2026-02-13", "2026-04-10", "2026-07-02", "2026-08-07", "2026-08-12")
    ]
    assert (calendar["announced_at"].dt.tz_localize(None).dt.normalize() == calendar["date"]).all()


def test_macro_moments():
    calendar = load_macro_calendar()
    usual = calendar[calendar["event"] == "FOMC decision"]
    times = usual.set_index("date")["announced_at"].dt.strftime("%H:%M")
    unscheduled = {"2019-10-11": "11:00", "2020-03-03": "10:00", "2020-03-15": "17:00", "2020-03-23": "08:00"}
    for day, time in unscheduled.items():
        assert times.pop(pd.Timestamp(day)) == time
    assert set(times) == {"14:00"}
    others = calendar.loc[calendar["event"] != "FOMC decision", "announced_at"]
    assert set(others.dt.strftime("%H:%M")) == {"08:30"}
