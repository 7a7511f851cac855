"""The second version of the record against answers from outside: the facts' own columns, counts and rules.

`us_china_second_sessions.csv` holds the answers as the collectors of the facts wrote them down; no code of ours made it.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from eventstudy.calendars import first_sessions, sessions
from eventstudy.errors import CatalogError
from eventstudy.events import load_episodes, load_events, load_reliefs, load_stretches, record_ends

ANSWERS = Path(__file__).parent / "us_china_second_sessions.csv"

# year of the first session, stance, level: all rows, and those of scope china or global with lead and an actor
COUNTS = {
    ("2018", "escalation", "E1"): (8, 8),
    ("2018", "escalation", "E2"): (15, 12),
    ("2018", "escalation", "E3"): (7, 0),
    ("2018", "softening", "S1"): (4, 4),
    ("2018", "softening", "S2"): (3, 1),
    ("2018", "softening", "S3"): (1, 0),
    ("2018", "talks", ""): (1, 1),
    ("2019", "escalation", "E1"): (1, 1),
    ("2019", "escalation", "E2"): (12, 10),
    ("2019", "escalation", "E3"): (3, 0),
    ("2019", "softening", "S1"): (2, 2),
    ("2019", "softening", "S2"): (8, 7),
    ("2019", "softening", "S3"): (4, 1),
    ("2019", "talks", ""): (3, 3),
    ("2020", "softening", "S3"): (4, 1),
    ("2024", "escalation", "E1"): (2, 2),
    ("2025", "escalation", "E1"): (26, 22),
    ("2025", "escalation", "E2"): (40, 27),
    ("2025", "escalation", "E3"): (9, 0),
    ("2025", "mixed", ""): (4, 3),
    ("2025", "softening", "S1"): (18, 14),
    ("2025", "softening", "S2"): (20, 9),
    ("2025", "softening", "S3"): (21, 2),
    ("2025", "talks", ""): (12, 12),
    ("2026", "escalation", "E1"): (10, 8),
    ("2026", "escalation", "E2"): (14, 9),
    ("2026", "escalation", "E3"): (2, 0),
    ("2026", "mixed", ""): (2, 2),
    ("2026", "softening", "S1"): (4, 0),
    ("2026", "softening", "S2"): (4, 1),
    ("2026", "softening", "S3"): (4, 2),
    ("2026", "talks", ""): (6, 5),
}

NEWS_ENDS = {
    "relief",
    "voided",
    "raised",
    "withdrawn",
}  # the session of the news still belongs to the stretch that it ends


@pytest.fixture(scope="module")
def catalog():
    return load_events("us-china")


@pytest.fixture(scope="module")
def stretches():
    return load_stretches("us-china")


@pytest.fixture(scope="module")
def reliefs():
    return load_reliefs("us-china")


def test_every_event_has_the_session_and_the_labels_of_the_facts(catalog):
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        answers = pd.DataFrame(csv.DictReader(file)).set_index("id")
    table = catalog.sessions("XNYS")
    assert sorted(table.index) == sorted(answers.index)
    answers = answers.loc[table.index]
    assert table["session"].dt.strftime("%Y-%m-%d").tolist() == answers["first_session"].tolist()
    assert table["timing"].tolist() == answers["timing"].tolist()
    assert table["session_certain"].tolist() == (answers["session_certain"] == "1").tolist()
    assert table["stance"].tolist() == answers["stance"].tolist()
    assert table["level"].tolist() == answers["level"].tolist()
    longer = answers["alternative"].str.startswith("part of the chain")  # a label within another chain: its label alone
    assert table.loc[~longer, "alternative"].tolist() == answers.loc[~longer, "alternative"].tolist()
    assert (table["doubtful"] == (table["alternative"] != "")).all()


def test_counts_are_those_of_the_rubric(catalog):
    table = catalog.sessions()
    keys = list(zip(table["session"].dt.strftime("%Y"), table["stance"], table["level"], strict=True))
    core = table["scope"].isin(["china", "global"]) & table["lead"] & (table["actor"] != "none")
    every, lead = Counter(keys), Counter(key for key, counted in zip(keys, core, strict=True) if counted)
    assert {key: (every[key], lead[key]) for key in every} == COUNTS
    assert Counter(event.tier for event in catalog) == {"A": 122, "B": 78, "C": 74}
    assert sum(event.doubtful for event in catalog) == 75
    assert sum(event.precision == "approx_5min" for event in catalog) == 17


def test_no_alternative_is_of_the_other_side(catalog):
    other = {"escalation": "softening", "softening": "escalation"}
    assert not [e.id for e in catalog if e.stance in other and e.alternative.startswith(other[e.stance])]


def test_stretches_of_an_episode_follow_one_another(stretches):
    days = sessions("XNYS", pd.Timestamp("2018-01-02"), pd.Timestamp("2026-08-20"))
    assert len(stretches) == 189
    assert stretches["episode"].nunique() == 84 == len(load_episodes("us-china"))
    for _, own in stretches.groupby("episode"):
        assert (own["from_et"] < own["to_et"]).all()
        assert (own["to_et"].shift()[1:] == own["from_et"][1:]).all()
        seen = [
            day
            for a, b in zip(own["from_session"], own["to_session"], strict=True)
            for day in days[(days >= a) & (days <= b)]
        ]
        assert len(seen) == len(set(seen))
    closed = stretches[stretches["end_kind"].isin(NEWS_ENDS) & stretches["to_session"].notna()]
    heard = first_sessions(pd.DatetimeIndex(closed["to_et"]), "XNYS")
    assert (heard == pd.DatetimeIndex(closed["to_session"])).all()


def test_a_threat_is_open_sixty_days_at_most_without_a_new_word(stretches, catalog):
    own = stretches[(stretches["state"] == "threatened") & ~stretches["open_only"]]
    told = own["restated_by"].map(lambda name: catalog[name].announced_at if name else pd.NaT)
    due = (own["deadline"] + pd.Timedelta(minutes=1)).dt.tz_localize("America/New_York")
    latest = pd.concat([own["from_et"], pd.to_datetime(told), due], axis=1).max(axis=1)
    assert (own["to_et"] <= latest + pd.Timedelta(days=60, hours=1)).all()  # an hour where the clocks changed


def test_each_relief_counts_once_for_a_chain_and_an_episode(reliefs, catalog):
    assert (len(reliefs), reliefs["relief_event"].nunique()) == (181, 102)
    named = reliefs[reliefs["episode"] != ""]
    assert (named.groupby(["relief_cluster", "episode"])["counts"].sum() == 1).all()
    assert not reliefs.loc[reliefs["episode"] == "", "counts"].any()
    softer = {e.id for e in catalog if e.stance in {"softening", "mixed"} and e.actor != "none"}
    assert softer == set(reliefs["relief_event"])
    leads = reliefs["chain_lead_event"].map(catalog.sessions()["session"])
    assert (leads == reliefs["relief_session"]).all()


def test_the_pause_relieves_the_world_and_raises_china(reliefs, catalog):
    assert reliefs.loc[reliefs["relief_event"] == "2025-04-09_pause", "episode"].tolist() == ["E06"]
    assert (catalog["2025-04-09_us125"].stance, catalog["2025-04-09_us125"].scope) == ("escalation", "china")


def test_a_catalogue_without_stretches_is_refused():
    with pytest.raises(CatalogError, match="stretches 'us-china-v1' are not one of: us-china"):
        load_stretches("us-china-v1")
    with pytest.raises(CatalogError, match="reliefs 'fomc' are not"):
        load_reliefs("fomc")


def test_the_ends_of_the_tables_are_stated(catalog, stretches):
    ends = record_ends("us-china")
    assert ends["events"] == ends["episodes"] == pd.Timestamp("2026-08-20")
    assert max(e.announced_at for e in catalog).tz_localize(None) <= ends["events"] + pd.Timedelta(days=1)
    assert stretches["to_session"].max() == ends["episodes"]
    assert set(record_ends("fomc")) == {"macro calendar"}


def test_the_file_has_the_form_that_the_writer_gives(catalog):
    source = Path(__file__).parents[2] / "src/eventstudy/events/catalogues/us-china.toml"
    comment, _, rest = source.read_text(encoding="utf-8").partition("\n\n")
    assert all(line.startswith("#") for line in comment.splitlines())
    assert rest == catalog.to_toml()
