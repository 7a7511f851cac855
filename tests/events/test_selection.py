from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.events import Event as Announcement, EventCatalog, Vocabulary, load_events


def event(name: str, **keys) -> Announcement:
    moment = pd.Timestamp(keys.pop("at", "2025-04-02 16:26"), tz="America/New_York")
    return Announcement(**{"id": name, "name": name, "announced_at": moment, "stance": "talks", **keys})


@pytest.fixture(scope="module")
def catalog() -> EventCatalog:
    return load_events("us-china-v1")


def ids(catalog: EventCatalog) -> set[str]:
    return {item.id for item in catalog}


def brute(catalog: EventCatalog, test) -> set[str]:
    return {item.id for item in catalog if test(item)}


def test_one_value_and_lists(catalog):
    assert ids(catalog.select(stance="softening")) == brute(catalog, lambda e: e.stance == "softening")
    assert ids(catalog.select(stance=("mixed", "talks"))) == brute(catalog, lambda e: e.stance in {"mixed", "talks"})
    assert ids(catalog.select(level=["S2", "S3"], tier="A")) == brute(
        catalog, lambda e: e.level in {"S2", "S3"} and e.tier == "A"
    )
    assert ids(catalog.select(level="")) == brute(catalog, lambda e: e.stance in {"talks", "mixed"})
    assert ids(catalog.select(event_id=["2025-05-12_geneva", "2025-04-09_pause"])) == {
        "2025-05-12_geneva",
        "2025-04-09_pause",
    }


def test_flags(catalog):
    for key in ("lead", "scheduled", "doubtful"):
        yes, no = catalog.select(**{key: True}), catalog.select(**{key: False})
        assert len(yes) + len(no) == len(catalog)
        assert all(getattr(item, key) for item in yes)


def test_an_actor_acts_alone_or_with_others(catalog):
    us = brute(catalog, lambda e: e.actor in {"US", "both"})
    assert ids(catalog.select(actor="US")) == us
    # both sides act; in Turnberry the other side is not China
    chinese = brute(catalog, lambda e: e.actor == "China" or (e.actor == "both" and e.target == "china"))
    assert ids(catalog.select(actor="China")) == chinese
    assert "2025-07-27_eu_deal" not in chinese
    assert "2025-07-27_eu_deal" in us
    assert ids(catalog.select(actor="both")) == brute(catalog, lambda e: e.actor == "both")
    assert ids(catalog.select(actor=["court", "none"])) == brute(catalog, lambda e: e.actor in {"court", "none"})
    assert ids(catalog.select(actor=["US", "China"])) == us | chinese


def test_both_without_a_principal_stands_for_anyone_who_acts():
    small = EventCatalog(
        [event("a", actor="ECB"), event("b", actor="both"), event("c", actor="none"), event("d", actor="Fed+BoE")]
    )
    assert ids(small.select(actor="ECB")) == {"a", "b"}
    assert ids(small.select(actor="none")) == {"c"}
    assert ids(small.select(actor="BoE")) == {"b", "d"}
    named = EventCatalog(small, vocabulary=Vocabulary(principal="Fed"))
    assert ids(named.select(actor="Fed")) == {"b", "d"}
    assert ids(named.select(actor="ECB")) == {"a"}


def test_targets_and_instruments_are_found_among_several(catalog):
    assert ids(catalog.select(target="mexico")) == brute(catalog, lambda e: "mexico" in e.target.split("+"))
    assert ids(catalog.select(target="canada+mexico")) == brute(catalog, lambda e: e.target == "canada+mexico")
    assert "2025-04-04_cn34" in ids(catalog.select(instrument="export_control"))
    assert ids(catalog.select(target="eight European states")) == {
        "2026-01-17_greenland",
        "2026-01-21_greenland_back",
    }


def test_dates_are_days_of_the_catalogue_both_included(catalog):
    day = catalog.select(since="2025-10-08", until="2025-10-08")
    # the controls of the morning of 9 October in Beijing came on 8 October in New York
    assert ids(day) == {"2025-10-09_mofcom"}
    assert ids(catalog.select(since=date(2025, 10, 8), until=pd.Timestamp("2025-10-08"))) == ids(day)
    # 16:50 on the last day is inside
    assert "2025-10-10_100pct" in ids(catalog.select(until="2025-10-10"))


def test_a_selection_remembers_what_was_asked(catalog):
    chosen = catalog.select(stance="softening", since="2025-01-01").select(actor=["US"], lead=True, tier=None)
    assert chosen.name == "us-china-v1"
    assert chosen.selection == ("stance = softening", "since 2025-01-01", "actor = US", "lead = true")
    assert chosen.provenance == {
        "name": "us-china-v1",
        "events": len(chosen),
        "digest": chosen.digest,
        "timezone": "America/New_York",
        "selection": list(chosen.selection),
    }
    assert catalog.selection == ()
    assert chosen.digest != catalog.digest


def test_asking_nothing_changes_nothing(catalog):
    assert catalog.select() == catalog
    assert [item.id for item in catalog.select(stance=["talks", "softening", "mixed", "escalation"])] == [
        item.id for item in catalog
    ]


def test_an_empty_selection_is_a_catalogue_too(catalog):
    empty = catalog.select(until="2018-12-31").select(scope="global", stance="talks")
    assert len(empty) == 0
    assert len(empty.sessions()) == 0
    assert list(empty.sessions().columns) == list(catalog.sessions().columns)
    assert empty.sessions().dtypes.equals(catalog.sessions().dtypes)
    assert empty.to_frame().dtypes.equals(catalog.to_frame().dtypes)
    assert repr(empty) == "EventCatalog 'us-china-v1': no event"
    assert "no event" in empty._repr_html_()


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"stance": "escalaton"}, r"stance 'escalaton' is not one of: .*; did you mean 'escalation'\?"),
        ({"stance": ["talks", "x"]}, "stance 'x' is not one of: escalation, softening, talks, mixed"),
        ({"level": "E4"}, r"level 'E4' is not one of: \(empty\), E1"),
        ({"actor": "Mexico"}, "actor 'Mexico' is not one of: China, US, both, court, none"),
        ({"scope": "world"}, "scope 'world' is not one of: china, global, other"),
        ({"target": 5}, "target 5 is not a text or a list of texts"),
        ({"tier": []}, "tier is an empty list"),
        ({"event_id": "2025-04-02_liberaton"}, r"…; did you mean '2025-04-02_liberation'\?"),
        ({"lead": 1}, "lead 1 is not True or False"),
        ({"since": "yesterday"}, "since 'yesterday' is not a date such as"),
        ({"until": pd.Timestamp("2025-01-01", tz="UTC")}, "without a time of day or a time zone"),
        ({"since": "2025-02-01", "until": "2025-01-31"}, "since 2025-02-01 lies after until 2025-01-31"),
        ({"actr": "US"}, r"no condition 'actr'; it knows one of: .*; did you mean 'actor'\?"),
    ],
)
def test_what_cannot_be_asked(catalog, conditions, message):
    with pytest.raises(InputError, match=message):
        catalog.select(**conditions)


def test_the_allowed_values_are_those_of_the_whole_catalogue(catalog):
    few = catalog.select(scope="china")
    assert len(few.select(scope="global")) == 0
    with pytest.raises(InputError, match="scope 'gobal'"):
        few.select(scope="gobal")
