"""The first version of the shipped catalogue against answers from outside: the facts' own columns, counts and named sessions.

`us_china_sessions.csv` holds the answers as the collectors of the facts wrote them down; no code of ours made it.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from eventstudy.events import EventCatalog, load_events

ANSWERS = Path(__file__).parent / "us_china_sessions.csv"

NAMED = {
    "2025-04-02_liberation": "2025-04-03",
    "2025-04-09_pause": "2025-04-09",
    "2025-05-12_geneva": "2025-05-12",
    "2025-05-25_eu_delay": "2025-05-27",
    "2025-06-10_london": "2025-06-11",
    "2025-10-10_100pct": "2025-10-13",
    "2025-10-26_kl": "2025-10-27",
}

# year of the first session, stance, level: all rows, and those of scope china or global with lead and an actor
COUNTS = {
    ("2018", "escalation", "E1"): (3, 3),
    ("2018", "escalation", "E2"): (11, 11),
    ("2018", "escalation", "E3"): (2, 0),
    ("2018", "softening", "S1"): (2, 2),
    ("2018", "softening", "S2"): (2, 1),
    ("2019", "escalation", "E1"): (1, 1),
    ("2019", "escalation", "E2"): (10, 9),
    ("2019", "escalation", "E3"): (2, 0),
    ("2019", "softening", "S1"): (1, 1),
    ("2019", "softening", "S2"): (8, 7),
    ("2019", "softening", "S3"): (3, 1),
    ("2019", "talks", ""): (3, 3),
    ("2020", "softening", "S3"): (1, 0),
    ("2025", "escalation", "E1"): (15, 12),
    ("2025", "escalation", "E2"): (32, 20),
    ("2025", "escalation", "E3"): (4, 0),
    ("2025", "softening", "S1"): (12, 10),
    ("2025", "softening", "S2"): (13, 6),
    ("2025", "softening", "S3"): (17, 3),
    ("2025", "talks", ""): (12, 12),
    ("2025", "mixed", ""): (4, 3),
    ("2026", "escalation", "E1"): (3, 2),
    ("2026", "escalation", "E2"): (4, 2),
    ("2026", "escalation", "E3"): (1, 0),
    ("2026", "softening", "S3"): (3, 1),
    ("2026", "talks", ""): (3, 3),
    ("2026", "mixed", ""): (1, 1),
}

UNCERTAIN_CHINA_OR_GLOBAL = {
    "2019-10-07_entities",
    "2025-09-12_entities",
    "2025-09-29_affiliates",
    "2025-11-04_eos",
    "2025-11-14_food",
    "2026-03-11_s301",
    "2026-07-24_s122_lapse",
}

CONFLICTS = {
    "2025-04-14": {"2025-04-11_electronics", "2025-04-13_nohook"},
    "2025-05-29": {"2025-05-28_cit", "2025-05-29_cafc_stay"},
    "2025-10-13": {"2025-10-10_100pct", "2025-10-12_dontworry"},
    "2026-02-20": {"2026-02-20_scotus", "2026-02-20_s122"},
}


@pytest.fixture(scope="module")
def catalog() -> EventCatalog:
    return load_events("us-china-v1")


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        return pd.DataFrame(csv.DictReader(file)).set_index("id")


def test_every_event_has_the_session_timing_and_certainty_of_the_facts(catalog, answers):
    table = catalog.sessions("XNYS")
    assert sorted(table.index) == sorted(answers.index)
    answers = answers.loc[table.index]
    assert table["session"].dt.strftime("%Y-%m-%d").tolist() == answers["first_session"].tolist()
    assert table["timing"].tolist() == answers["timing"].tolist()
    assert table["session_certain"].tolist() == (answers["session_certain"] == "1").tolist()


@pytest.mark.parametrize(("event_id", "session"), NAMED.items())
def test_the_events_that_commentators_misdate(catalog, event_id, session):
    assert catalog.sessions("XNYS").loc[event_id, "session"] == pd.Timestamp(session)


def test_moments_are_precise_to_the_second_where_given(catalog):
    assert catalog["2025-04-09_pause"].announced_at == pd.Timestamp("2025-04-09 17:18:40", tz="UTC")
    assert catalog["2025-10-10_100pct"].announced_at == pd.Timestamp("2025-10-10 20:50:01", tz="UTC")
    assert str(catalog["2025-05-25_eu_delay"].announced_at) == "2025-05-25 18:15:01-04:00"


def test_counts_are_those_of_the_rubric(catalog):
    table = catalog.sessions()
    keys = list(zip(table["session"].dt.strftime("%Y"), table["stance"], table["level"], strict=True))
    core = table["scope"].isin(["china", "global"]) & table["lead"] & (table["actor"] != "none")
    every, lead = Counter(keys), Counter(key for key, counted in zip(keys, core, strict=True) if counted)
    assert {key: (every[key], lead[key]) for key in every} == COUNTS
    assert Counter(event.tier for event in catalog) == {"A": 69, "B": 58, "C": 46}
    assert Counter(event.scope for event in catalog) == {"china": 101, "global": 40, "other": 32}
    assert sum(event.precision == "approx_5min" for event in catalog) == 17
    assert sum(event.doubtful for event in catalog) == 38


def test_conflicts_are_those_of_the_rubric(catalog):
    table = catalog.select(scope=["china", "global"]).sessions()
    found = table[table["conflict"]]
    by_session = {f"{label:%Y-%m-%d}": set(rows.index) for label, rows in found.groupby("session")}
    assert by_session == CONFLICTS
    for event_id, row in found.iterrows():
        assert {event_id, *row["conflict_with"].split()} == CONFLICTS[f"{row['session']:%Y-%m-%d}"]
    among_leads = catalog.select(scope=["china", "global"], lead=True).sessions()
    assert set(among_leads.loc[among_leads["conflict"], "session"].dt.strftime("%F")) == {*CONFLICTS} - {"2025-10-13"}


def test_uncertain_sessions_are_those_of_the_rubric(catalog):
    table = catalog.select(scope=["china", "global"]).sessions()
    assert set(table.index[~table["session_certain"]]) == UNCERTAIN_CHINA_OR_GLOBAL
    both = table.loc["2025-09-29_affiliates", ["session_earliest", "session_latest"]]
    assert both.dt.strftime("%F").tolist() == ["2025-09-29", "2025-09-30"]


def test_a_source_that_states_the_side_of_the_close_settles_the_session(catalog):
    settled = catalog["2019-10-11_phase1"]
    assert (settled.precision, str(settled.latest)) == ("approx_30min", "2019-10-11 15:59:59-04:00")
    assert catalog.sessions().loc["2019-10-11_phase1", "session_certain"]


def test_sessions_elsewhere_are_the_local_ones(catalog):
    # 16:26 in New York on 2 April is the small hours of 3 April in Hong Kong and Tokyo; 4 April was Ching Ming (closed)
    # in Hong Kong, and 18:05 Beijing lies after the closes of both places
    table = catalog.sessions("XHKG")
    assert f"{table.loc['2025-04-02_liberation', 'session']:%F}" == "2025-04-03"
    assert f"{table.loc['2025-04-04_cn34', 'session']:%F}" == "2025-04-07"
    assert table.loc["2025-04-04_cn34", "timing"] == "holiday"
    tokyo = catalog.sessions("XTKS")
    assert f"{tokyo.loc['2025-04-04_cn34', 'session']:%F}" == "2025-04-07"
    assert tokyo.loc["2025-04-04_cn34", "timing"] == "after_close"
    assert f"{tokyo.loc['2025-04-09_pause', 'session']:%F}" == "2025-04-10"


def test_every_cluster_has_its_earliest_credible_news_as_lead(catalog):
    clusters: dict[str, list] = {}
    for event in catalog:
        clusters.setdefault(event.cluster, []).append(event)
    fake = clusters.pop("2025-04-07_fake")
    assert [event.lead for event in fake] == [False]
    for name, events in clusters.items():
        assert name in catalog
        assert [event.lead for event in events] == [True] + [False] * (len(events) - 1)


def test_the_file_has_the_form_that_the_writer_gives(catalog):
    source = Path(__file__).parents[2] / "src/eventstudy/events/catalogues/us-china-v1.toml"
    text = source.read_text(encoding="utf-8")
    comment, _, rest = text.partition("\n\n")
    assert all(line.startswith("#") for line in comment.splitlines())
    assert "docs/events.md" in comment
    assert rest == catalog.to_toml()
