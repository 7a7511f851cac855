"""Who enters which link, on a catalogue of a dozen rows written for the purpose, and on the real one."""

from __future__ import annotations

import pandas as pd
import pytest

from eventstudy.hypothesis.record.sample import VARIANTS, Variant, build_sample, busy_sessions

SESSIONS = pd.bdate_range("2025-06-02", periods=40).as_unit("us")


def catalogue(*rows):
    """(id, session number, stance, level) and what differs from a plain leading US act on China."""
    table = pd.DataFrame(
        [
            {
                "event_id": name,
                "session": SESSIONS[at] if at is not None else pd.Timestamp("2031-01-02"),
                "stance": stance,
                "level": level,
                "tier": "A",
                "actor": "US",
                "scope": "china",
                "cluster": name,
                "lead": True,
                "scheduled": False,
                "doubtful": False,
                "session_certain": True,
                "confound": "",
                "macro": False,
                **more,
            }
            for name, at, stance, level, more in rows
        ]
    )
    return table.set_index("event_id")


FRAME = catalogue(
    ("plain", 1, "escalation", "E2", {}),
    ("twin", 1, "escalation", "E1", {"actor": "China"}),
    ("abroad", 3, "escalation", "E2", {"scope": "other"}),
    ("ruling", 5, "softening", "S3", {"actor": "court"}),
    ("fake", 7, "softening", "S2", {"actor": "none"}),
    ("leak", 9, "softening", "S1", {"cluster": "deal"}),
    ("paper", 11, "softening", "S3", {"cluster": "deal", "lead": False}),
    ("words", 13, "softening", "S1", {}),
    ("both-a", 15, "escalation", "E2", {"lead": False}),
    ("both-b", 15, "softening", "S2", {}),
    ("mixed", 17, "mixed", "", {"lead": False}),
    ("beside", 17, "escalation", "E2", {}),
    ("beijing", 19, "softening", "S2", {"actor": "China"}),
    ("doubt", 21, "escalation", "E1", {"doubtful": True}),
    ("busy", 23, "escalation", "E2", {"macro": True}),
    ("late", None, "escalation", "E2", {}),
    ("call", 25, "talks", "", {}),
)


def names(sample):
    return " ".join(sample.ids).split()


def test_main_sample(rules):
    sample = build_sample(FRAME, SESSIONS, rules)
    assert names(sample.trigger) == ["plain", "twin", "doubt", "busy"]
    assert sample.trigger.position.tolist() == [1, 21, 23]
    assert sample.trigger.announcements == 4
    assert names(sample.relief) == ["leak", "beijing"]
    assert names(sample.decision) == ["leak", "both-b"]  # what counts for a decision is the drawdown before it
    assert names(sample.words) == ["words"]
    assert names(sample.talks) == ["call"]
    assert names(sample.courts) == ["ruling"]


def test_every_row_is_accounted_for(rules):
    account = build_sample(FRAME, SESSIONS, rules).account.set_index("event_id")
    assert list(account.index) == list(FRAME.index)
    unused = account[~account["used"].str.contains("H1|H3")]
    assert (unused["reason"] != "").all()
    assert account.loc["beside", "reason"] == "the session carries both moves, or an ambiguous announcement"
    assert account.loc["late", "reason"] == "no price on the first session that could react"


@pytest.mark.parametrize(
    ("variant", "link", "gained", "lost"),
    [
        (Variant(all_targets=True), "trigger", {"abroad"}, set()),
        (Variant(words_too=True), "relief", {"words"}, set()),
        (Variant(no_confounds=True), "trigger", set(), {"busy"}),
        (Variant(no_doubtful=True), "trigger", set(), {"doubt"}),
        (Variant(flip_doubtful=True), "relief", {"doubt"}, set()),
        (Variant(every_row=True), "relief", {"paper"}, set()),
        (Variant(tiers=("B",)), "trigger", set(), {"plain", "twin", "doubt", "busy"}),
        (Variant(scheduled=True), "relief", set(), {"leak", "beijing"}),
    ],
)
def test_variants(rules, variant, link, gained, lost):
    main = set(names(getattr(build_sample(FRAME, SESSIONS, rules), link)))
    other = set(names(getattr(build_sample(FRAME, SESSIONS, rules, variant), link)))
    assert other - main == gained
    assert main - other == lost


def test_uncertain_sessions_move(rules):
    frame = FRAME.copy()
    frame.loc["doubt", "session_certain"] = False
    moved = build_sample(frame, SESSIONS, rules, Variant(shift_uncertain=1))
    assert moved.trigger.position.tolist() == [1, 22, 23]


def test_busy_sessions_cover_the_day_and_the_next(rules):
    busy = busy_sessions(FRAME.loc[["plain", "abroad", "late"]], SESSIONS, rules)
    assert busy.nonzero()[0].tolist() == [1, 2, 3, 4]


def test_between(rules):
    trigger = build_sample(FRAME, SESSIONS, rules).trigger
    assert names(trigger.between(2, 22)) == ["doubt"]


def test_the_curve_names_known_variants(rules):
    assert set(rules.curve.samples) <= set(VARIANTS)


def test_real_catalogue_counts(flagship):
    """Counted from the catalogue's page of facts: sessions that carry both moves or a mixed row are dropped."""
    catalog, _, verdict = flagship
    used = verdict.tables()["events_used"]
    dropped = pd.to_datetime(["2025-04-14", "2025-05-29", "2025-10-13", "2025-04-09", "2025-06-11", "2025-07-07"])
    assert not used[used["link"].isin(["H1", "H3"])]["session"].isin(dropped).any()
    assert not used.duplicated(["link", "session"]).any()
    ids = set(" ".join(used["event_ids"]).split()) | set(" ".join(verdict.tables()["excluded"]["event_id"]).split())
    assert ids == {event.id for event in catalog}
