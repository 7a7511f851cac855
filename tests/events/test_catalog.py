from __future__ import annotations

import hashlib
import json
import pickle

import exchange_calendars
import pandas as pd
import pytest

from eventstudy.errors import CatalogError, InputError
from eventstudy.events import Event, EventCatalog, Vocabulary, load_events

NEW_YORK = "America/New_York"


def event(identity: str, at: str = "2025-04-02 16:26", **keys) -> Event:
    moment = pd.Timestamp(at, tz=keys.pop("tz", NEW_YORK))
    return Event(**{"id": identity, "name": identity.upper(), "announced_at": moment, "stance": "escalation", **keys})


# --- one event


def test_an_event_is_a_value():
    assert event("a") == event("a")
    assert hash(event("a")) == hash(event("a"))
    assert event("a") != event("a", scope="china")
    with pytest.raises(AttributeError):
        event("a").name = "B"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"announced_at": pd.Timestamp("2025-04-02")}, "announced_at .* is not a pandas.Timestamp with a time zone"),
        ({"announced_at": "2025-04-02"}, "announced_at '2025-04-02' is not"),
        ({"latest": pd.Timestamp("2025-04-03")}, "latest .* is not"),
        ({"precision": "about"}, "precision 'about' is not one of"),
        ({"earliest": pd.Timestamp("2025-04-03", tz=NEW_YORK)}, "does not lie between"),
    ],
)
def test_an_event_that_cannot_be(keys, message):
    with pytest.raises(CatalogError, match=message):
        event("a", **keys)


@pytest.mark.parametrize(
    ("keys", "low", "high"),
    [
        ({"precision": "exact_min"}, "16:26:00", "16:26:00"),
        ({"precision": "approx_5min"}, "16:21:00", "16:31:00"),
        ({"precision": "approx_30min"}, "15:56:00", "16:56:00"),
        ({"precision": "approx_hour"}, "15:26:00", "17:26:00"),
        ({"precision": "date_only"}, "00:00:00", "23:59:59.999999"),
        (
            {"precision": "approx_hour", "earliest": pd.Timestamp("2025-04-02 16:00", tz=NEW_YORK)},
            "16:00:00",
            "17:26:00",
        ),
        ({"precision": "date_only", "latest": pd.Timestamp("2025-04-02 20:00", tz=NEW_YORK)}, "00:00:00", "20:00:00"),
    ],
)
def test_what_a_precision_leaves_open(keys, low, high):
    assert [str(moment.time()) for moment in event("a", **keys).interval] == [low, high]


def test_a_long_name_does_not_fill_the_screen():
    assert len(repr(event("a", name="x" * 10_000))) < 150


# --- a catalogue of events made by hand


def test_events_made_by_hand_are_ordered_and_checked():
    catalog = EventCatalog([event("c", "2025-04-03"), event("b"), event("a")], name="mine")
    assert [item.id for item in catalog] == ["a", "b", "c"]
    assert (catalog.name, catalog.timezone, len(catalog)) == ("mine", NEW_YORK, 3)
    with pytest.raises(CatalogError, match=r"catalogue 'mine': the catalogue has 3 problems") as caught:
        EventCatalog([event("a"), event("a", stance="up"), event("b", lead="perhaps")], name="mine")
    assert [(item.place, item.column) for item in caught.value.problems] == [
        ("event 'a'", "stance"),
        ("event 'a'", "id"),
        ("event 'b'", "lead"),
    ]


def test_events_of_several_zones_speak_in_one():
    catalog = EventCatalog([event("a"), event("b", "2025-04-04", tz="Asia/Shanghai")], timezone=NEW_YORK)
    assert str(catalog["b"].announced_at) == "2025-04-03 12:00:00-04:00"
    assert [str(moment) for moment in catalog["b"].interval] == [
        "2025-04-03 12:00:00-04:00",
        "2025-04-04 11:59:59.999999-04:00",
    ]
    assert EventCatalog([event("a"), event("b", tz="UTC")]).timezone == "UTC"


def test_a_sequence():
    catalog = load_events("us-china-v1")
    assert catalog[0].id == "2018-03-01_steel"
    assert catalog[-1] == catalog["2026-07-24_s122_lapse"]
    assert [item.id for item in catalog[:2]] == ["2018-03-01_steel", "2018-03-22_s301"]
    assert "2025-04-09_pause" in catalog
    assert catalog[0] in catalog
    assert "x" not in catalog
    with pytest.raises(KeyError, match="did you mean '2025-04-02_liberation'"):
        catalog["2025-04-02_liberaton"]
    with pytest.raises(KeyError, match="has no event 'zzz'"):
        catalog["zzz"]


def test_it_does_not_change():
    catalog = load_events("us-china-v1")
    with pytest.raises(AttributeError, match="does not change"):
        catalog.name = "other"
    frame = catalog.to_frame()
    frame.loc[:, "stance"] = "talks"
    assert load_events("us-china-v1").select(stance="talks") != catalog


def test_equality_is_of_content():
    events = [event("a"), event("b")]
    assert EventCatalog(events) == EventCatalog(reversed(events), name="other")
    assert hash(EventCatalog(events)) == hash(EventCatalog(events))
    assert EventCatalog(events) != EventCatalog(events, timezone="UTC")
    assert EventCatalog(events) != EventCatalog(events, vocabulary=Vocabulary(principal="US"))
    assert EventCatalog(events) != "events"
    for key, value in {"name": "x", "scope": "x", "lead": False, "rate_after": 1.0, "summary": "x"}.items():
        assert EventCatalog([event("a", **{key: value})]) != EventCatalog([event("a")])


def test_the_digest_is_a_hash_of_the_content_that_anyone_can_repeat():
    content = {
        "timezone": NEW_YORK,
        "stances": ["escalation", "softening", "talks", "mixed"],
        "levels": {"escalation": ["E1", "E2", "E3"], "softening": ["S1", "S2", "S3"]},
        "opposed": ["escalation", "softening"],
        "principal": "",
        "events": [
            {
                **dict.fromkeys(["earliest", "latest", "rate_before", "effective_date"]),
                **dict.fromkeys(["actor", "target", "scope", "instrument", "tier"], ""),
                **dict.fromkeys(["confound", "summary", "source", "confidence"], ""),
                "id": "a",
                "name": "A",
                "announced_at": "2025-04-02T20:26:00+00:00",
                "precision": "exact_min",
                "stance": "escalation",
                "level": "E2",
                "cluster": "a",
                "rate_after": 54.0,
                "lead": True,
                "scheduled": False,
                "doubtful": False,
            }
        ],
    }
    expected = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert EventCatalog([event("a", level="E2", rate_after=54)]).digest == expected


def test_it_travels_between_processes():
    catalog = load_events("us-china-v1").select(stance="talks")
    copy = pickle.loads(pickle.dumps(catalog))  # noqa: S301  our own bytes
    assert copy == catalog
    assert copy.selection == catalog.selection
    assert copy["2025-06-05_xicall"] == catalog["2025-06-05_xicall"]


# --- tables


def test_to_frame():
    frame = load_events("us-china-v1").to_frame()
    row = frame.loc["2025-04-09_pause"]
    assert frame.index.name == "event_id"
    assert row["announced_at"] == pd.Timestamp("2025-04-09 13:18:40", tz=NEW_YORK)
    assert (row["rate_before"], row["rate_after"], row["effective_date"]) == (104, 145, pd.Timestamp("2025-04-10"))
    assert frame["announced_at"].is_monotonic_increasing
    assert frame.dtypes[["lead", "scheduled", "doubtful"]].eq(bool).all()
    assert frame.loc["2025-04-09_pause", "confound"] == ""
    assert frame["rate_before"].isna().sum() == sum(item.rate_before is None for item in load_events("us-china-v1"))


def test_sessions_columns():
    table = load_events("us-china-v1").sessions("XNYS")
    assert table.columns.tolist() == [
        *("name", "announced_at", "precision", "timing", "session", "session_certain"),
        *("session_earliest", "session_latest", "stance", "level", "tier", "actor", "target", "scope", "cluster"),
        *("lead", "scheduled", "doubtful", "alternative", "conflict", "conflict_with", "same_session"),
    ]
    assert table.index.name == "event_id"
    assert (table["session_earliest"] <= table["session"]).all()
    assert (table["session"] <= table["session_latest"]).all()


def test_what_meets_on_one_session():
    catalog = EventCatalog(
        [
            event("up", "2025-04-02 10:00"),
            event("down", "2025-04-02 11:00", stance="softening"),
            event("rumour", "2025-04-02 12:00", stance="softening", actor="none"),
            event("call", "2025-04-02 13:00", stance="talks"),
            event("late", "2025-04-02 16:00", stance="softening"),
            event("rumoured", "2025-04-03 16:30", stance="softening", actor="none"),
            event("next", "2025-04-03 16:20"),
        ]
    )
    table = catalog.sessions()
    assert table["conflict_with"].to_dict() == {
        "up": "down",
        "down": "up",
        "rumour": "up down",
        "call": "up down",
        "late": "",
        "rumoured": "",
        "next": "",
    }
    assert table["conflict"].tolist() == [True, True, True, True, False, False, False]
    assert table.loc["call", "same_session"] == "up down rumour"
    assert table.loc["late", "same_session"] == ""
    assert table.loc["next", "same_session"] == "rumoured"


def test_opposed_stances_are_the_catalogues_own():
    words = Vocabulary(stances=("hike", "hold", "cut"), levels={}, opposed=("hike", "cut"))
    events = [event("a", stance="hike"), event("b", stance="cut"), event("c", stance="hold")]
    assert EventCatalog(events, vocabulary=words).sessions()["conflict"].tolist() == [True, True, True]
    silent = Vocabulary(stances=words.stances, levels={}, opposed=())
    assert not EventCatalog(events, vocabulary=silent).sessions()["conflict"].any()


def test_the_calendar_of_sessions_is_built_once(monkeypatch):
    catalog = load_events("us-china-v1")
    first = catalog.sessions("XNYS")
    monkeypatch.setattr(exchange_calendars, "get_calendar", None)  # a second of building
    assert catalog.sessions("XNYS").equals(first)


def test_an_unknown_calendar():
    with pytest.raises(InputError, match="calendar 'NASDQ' is not known"):
        load_events("fomc").sessions("NASDQ")


# --- as text


def test_toml_writes_local_time_and_an_offset_only_where_the_clock_doubles(tmp_path):
    doubled = event("b", announced_at=pd.Timestamp("2025-11-02 06:30", tz="UTC").tz_convert(NEW_YORK))
    catalog = EventCatalog([event("a", rate_after=7.5, level="E2"), doubled], name="two")
    text = catalog.to_toml(tmp_path / "two.toml")
    assert text == (
        'name = "two"\ntimezone = "America/New_York"\n'
        '\n[[event]]\nid = "a"\nname = "A"\nannounced_at = 2025-04-02 16:26:00\nprecision = "exact_min"\n'
        'stance = "escalation"\nlevel = "E2"\nrate_after = 7.5\n'
        '\n[[event]]\nid = "b"\nname = "B"\nannounced_at = 2025-11-02 01:30:00-05:00\nprecision = "exact_min"\n'
        'stance = "escalation"\n'
    )
    assert load_events(tmp_path / "two.toml") == catalog


def test_toml_that_cannot_be_written(tmp_path):
    catalog = load_events("us-china-v1")
    with pytest.raises(InputError, match="cannot be written: its folder is not there"):
        catalog.to_toml(tmp_path / "nowhere" / "x.toml")
    with pytest.raises(InputError, match="is empty: there is nothing to write"):
        catalog.select(until="2018-03-01", stance="talks").to_toml()


def test_text_names_no_object():
    shown = repr(load_events("us-china-v1"))
    assert shown == (
        "EventCatalog 'us-china-v1': 173 events, 2018-03-01 to 2026-07-24 (America/New_York); "
        "88 escalation, 62 softening, 18 talks, 5 mixed"
    )
    assert repr(EventCatalog([event("a")])).startswith("EventCatalog 'events': 1 event, 2025-04-02 to 2025-04-02")


def test_html_escapes_every_text():
    catalog = EventCatalog([event("<b>", name="<script>alert(1)</script>", target='"><img src=x>')], name="<i>")
    html = catalog._repr_html_()
    for raw in ("<script", "<img", "<i>", "<b>"):
        assert raw not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert html.count("<td>") == 8


def test_html_shows_the_first_rows_and_counts_the_rest():
    html = load_events("us-china-v1")._repr_html_()
    assert html.count("<tr>") == 22  # the head, twenty events, the count
    assert "and 153 more" in html
    assert "more" not in load_events("us-china-v1").select(event_id="2025-04-09_pause")._repr_html_()


def test_what_is_without_conflicts_has_none_and_lacks_no_other_event():
    catalog = load_events("us-china")
    table = catalog.sessions()
    left = catalog.without_conflicts()
    assert not left.sessions()["conflict"].any()
    assert {event.id for event in catalog} - {event.id for event in left} == set(table.index[table["conflict"]])
    assert len(load_events("fomc").without_conflicts()) == len(load_events("fomc"))
