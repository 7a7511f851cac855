"""The samples of every variant again, row by row from the catalogue, by the rules of docs/flagship.md as they read."""

from __future__ import annotations

import pandas as pd
import pytest

from eventstudy.events import load_macro_calendar
from eventstudy.hypothesis.record.build_record import build_record
from eventstudy.hypothesis.record.sample import VARIANTS, Variant

FORMAL = {"S2", "S3"}
OTHER = {"escalation": "softening", "softening": "escalation"}
EVERY = {
    **VARIANTS,
    "tier B": Variant(tiers=("B",)),
    "scheduled": Variant(scheduled=True),
    "unscheduled": Variant(scheduled=False),
    "one later": Variant(shift_uncertain=1),
    "one earlier": Variant(shift_uncertain=-1),
}


@pytest.fixture(scope="module")
def study(flagship, rules):
    catalog, prices, _ = flagship
    return build_record(catalog, prices, rules, market="^GSPC", fear="^VIX", calendar="XNYS")


@pytest.fixture(scope="module")
def rows(flagship):
    """Give the catalogue as a list of plain rows with their sessions."""
    catalog = flagship[0]
    table = catalog.to_frame()
    table[["session", "session_certain"]] = catalog.sessions("XNYS")[["session", "session_certain"]]
    return [
        row._asdict() | {"id": index} for index, row in zip(table.index, table.itertuples(index=False), strict=True)
    ]


def stance(row, variant):
    return OTHER.get(row["stance"], row["stance"]) if variant.flip_doubtful and row["doubtful"] else row["stance"]


def formal(row, variant, highest):
    """Say whether a relief is one in more than words; of a chain the highest level counts, at its lead row."""
    if variant.words_too or (variant.flip_doubtful and row["doubtful"]):
        return True  # a threat has no level of relief: flipped, it counts as formal
    own = row["level"] if isinstance(row["level"], str) else ""
    return (highest.get((row["cluster"], row["stance"]), own) if row["lead"] else own) in FORMAL


def asked_out(row, variant, macro):
    """Name the departures of the variant that leave a row out."""
    noisy = (isinstance(row["confound"], str) and row["confound"] != "") or row["session"] in macro
    return (
        not (row["lead"] or variant.every_row),
        bool(variant.tiers) and row["tier"] not in variant.tiers,
        variant.no_confounds and noisy,
        variant.no_doubtful and row["doubtful"],
        variant.scheduled is not None and bool(row["scheduled"]) != variant.scheduled,
    )


def by_hand(rows, index, variant):
    """Sessions of threats and of reliefs: a row at a time, no table operation."""
    macro = set(load_macro_calendar()["date"])
    placed = [row for row in rows if row["session"] in index]
    places = {
        row["id"]: index.get_loc(row["session"]) + (0 if row["session_certain"] else variant.shift_uncertain)
        for row in placed
    }
    highest = {}
    for row in rows:
        if isinstance(row["level"], str):
            key = row["cluster"], row["stance"]
            highest[key] = max(highest.get(key, ""), row["level"])
    inside = [row for row in placed if variant.all_targets or row["scope"] in {"china", "global"}]
    moves = {}
    for row in inside:
        if row["actor"] != "none":
            moves.setdefault(places[row["id"]], set()).add(stance(row, variant))
    clash = {at for at, held in moves.items() if "mixed" in held or {"escalation", "softening"} <= held}
    found = {"escalation": set(), "softening": set()}
    for row in inside:
        way, at = stance(row, variant), places[row["id"]]
        if way not in found or row["actor"] in {"none", "court"} or at in clash or any(asked_out(row, variant, macro)):
            continue
        if way == "escalation" or formal(row, variant, highest):
            found[way].add(at)
    return sorted(found["escalation"]), sorted(found["softening"])


@pytest.mark.parametrize("name", EVERY)
def test_every_variant(study, rows, name):
    sample = study.vary(EVERY[name])
    threats, reliefs = by_hand(rows, study.index, EVERY[name])
    assert sample.trigger.position.tolist() == threats
    assert sample.relief.position.tolist() == reliefs
    assert len(threats) > 0


def test_variants_are_departures(study):
    """Each of them changes something on the real catalogue, or it would show nothing."""
    main = study.vary(Variant())
    for name, variant in EVERY.items():
        if name == "main":
            continue
        other = study.vary(variant)
        same = [
            getattr(main, link).position.tolist() == getattr(other, link).position.tolist()
            for link in ("trigger", "relief")
        ]
        assert not all(same), name


def test_a_variant_is_built_once(study):
    assert study.vary(Variant(no_doubtful=True)) is study.vary(Variant(no_doubtful=True))


def test_decisions_are_the_formal_reliefs_of_the_decider(study, rows):
    """Those of H2: the US alone or jointly, formal, leading; sessions with other news stay."""
    index = study.index
    highest = {}
    for row in rows:
        if isinstance(row["level"], str) and row["stance"] == "softening":
            highest[row["cluster"]] = max(highest.get(row["cluster"], ""), row["level"])
    expected = {
        index.get_loc(row["session"])
        for row in rows
        if row["stance"] == "softening"
        and row["actor"] in {"US", "both"}
        and row["lead"]
        and row["scope"] in {"china", "global"}
        and highest[row["cluster"]] in FORMAL
        and row["session"] in index
    }
    assert set(study.sample.decision.position) == expected


def test_every_event_is_used_or_excluded_with_a_reason(flagship):
    tables = flagship[2].tables()
    used = set(" ".join(tables["events_used"]["event_ids"]).split())
    out = tables["excluded"]
    assert (out["reason"].str.len() > 10).all()
    assert used | set(" ".join(out["event_id"]).split()) == {event.id for event in flagship[0]}
    # an event left out of all links is used by none
    everywhere = set(out[out["link"] == "all"]["event_id"])
    assert not everywhere & used


def test_periods_hold_every_session_that_enters_a_link(flagship, rules):
    used = flagship[2].tables()["events_used"]
    for name, (start, end) in rules.periods.items():
        own = used[used["period"] == name]["session"]
        assert own.between(pd.Timestamp(start), pd.Timestamp(end)).all()
