"""Who enters which link, on a catalogue of a dozen rows written for the purpose, and on the real one."""

from __future__ import annotations

import pandas as pd
import pytest

from eventstudy.hypothesis.record.definitions import load_definitions
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


def test_the_ends_of_the_record_are_busy_and_what_lies_outside_is_not():
    edges = catalogue(("first", 0, "talks", "", {}), ("last", 39, "talks", "", {}), ("out", None, "talks", "", {}))
    wide = load_definitions({"reaction": {"mask": [-1, 1]}})
    assert busy_sessions(edges, SESSIONS, wide).nonzero()[0].tolist() == [0, 1, 38, 39]
    assert busy_sessions(edges.loc[["out"]], SESSIONS, wide).sum() == 0


def test_an_event_on_the_first_session_is_placed(rules):
    first = catalogue(("first", 0, "escalation", "E1", {}), ("then", 2, "escalation", "E1", {}))
    assert build_sample(first, SESSIONS, rules).trigger.position.tolist() == [0, 2]


def test_between_holds_both_ends_and_counts_announcements(rules):
    trigger = build_sample(FRAME, SESSIONS, rules).trigger
    part = trigger.between(1, 21)
    assert part.position.tolist() == [1, 21]
    assert part.announcements == 3  # two of them on one session
    assert trigger.ids[0] == "plain twin"


def test_sessions_moved_beyond_the_record_stay_at_its_ends(rules):
    frame = catalogue(("a", 0, "escalation", "E1", {"session_certain": False}), ("b", 39, "escalation", "E1", {"session_certain": False}),
                      ("c", None, "escalation", "E1", {"session_certain": False}), ("d", 5, "escalation", "E1", {}))  # fmt: skip
    for by, expected in ((1, [1, 5, 39]), (-1, [0, 5, 38])):
        assert build_sample(frame, SESSIONS, rules, Variant(shift_uncertain=by)).trigger.position.tolist() == expected


FLIPPED = catalogue(
    ("up", 2, "escalation", "E2", {"doubtful": True, "alternative": "softening S1"}),
    ("down", 4, "softening", "S2", {"doubtful": True, "alternative": "escalation E1"}),
    ("talk", 6, "softening", "S3", {"doubtful": True, "alternative": "talks"}),
    ("none", 8, "softening", "S2", {"doubtful": True, "alternative": ""}),
    ("sure", 10, "softening", "S2", {"alternative": "talks"}),
    ("strong", 12, "escalation", "E1", {"doubtful": True, "alternative": "softening S3"}),
)


def test_a_doubtful_label_takes_its_alternative():
    """With its level; one without another is left out; what is not doubtful stays."""
    flipped = build_sample(FLIPPED, SESSIONS, load_definitions(), Variant(flip_doubtful=True))
    assert names(flipped.trigger) == ["down"]
    assert names(flipped.relief) == ["sure", "strong"]
    assert names(flipped.words) == ["up"]
    assert names(flipped.talks) == ["talk"]
    account = flipped.account.set_index("event_id")
    assert account.loc["none", ["used", "reason"]].tolist() == ["", "no price on the first session that could react"]
    plain = build_sample(FLIPPED, SESSIONS, load_definitions())
    assert names(plain.trigger) == ["up", "strong"]
    assert names(plain.relief) == ["down", "talk", "none", "sure"]


def test_in_the_first_version_triggers_and_reliefs_are_swapped(rules):
    """A flipped threat is a formal relief; a relief keeps no level of one."""
    flipped = build_sample(FLIPPED, SESSIONS, rules, Variant(flip_doubtful=True))
    assert names(flipped.relief) == ["up", "sure", "strong"]
    assert names(flipped.trigger) == ["down", "talk", "none"]
    assert flipped.account.set_index("event_id").loc["down", "level"] == "S2"
    words = catalogue(("said", 3, "softening", "S1", {}), ("doubt", 5, "talks", "", {"doubtful": True}))
    other = build_sample(words, SESSIONS, rules, Variant(flip_doubtful=True))
    assert names(other.words) == ["said"]  # certain: its level stays
    assert names(other.talks) == ["doubt"]  # neither move: nothing to swap


def test_conflicts_are_looked_for_inside_the_scopes_and_among_those_who_acted(rules):
    frame = catalogue(
        ("a", 3, "escalation", "E1", {}), ("abroad", 3, "softening", "S2", {"scope": "other"}),
        ("b", 5, "escalation", "E1", {}), ("nobody", 5, "softening", "S2", {"actor": "none"}),
        ("c", 7, "escalation", "E1", {}), ("follow", 7, "softening", "S1", {"lead": False}),
        ("d", 9, "escalation", "E1", {}), ("blurred", 9, "mixed", "", {"scope": "other"}),
    )  # fmt: skip
    assert names(build_sample(frame, SESSIONS, rules).trigger) == ["a", "b", "d"]
    wide = build_sample(frame, SESSIONS, rules, Variant(all_targets=True))
    assert names(wide.trigger) == ["b"]


def test_levels_of_triggers_are_asked_for_where_the_definitions_name_them():
    own = load_definitions({"sample": {"trigger_levels": ["E2"]}})
    frame = catalogue(
        ("low", 3, "escalation", "E1", {}), ("high", 5, "escalation", "E2", {}), ("said", 7, "softening", "S1", {})
    )
    sample = build_sample(frame, SESSIONS, own)
    assert names(sample.trigger) == ["high"]
    assert sample.account.set_index("event_id").loc["low", "reason"] == "in words only; shown apart"
    every = load_definitions({"sample": {"relief_levels": [], "decider": "", "scopes": [], "lead_only": False}})
    frame = catalogue(
        ("words", 3, "softening", "S1", {"actor": "China"}),
        ("after", 4, "softening", "", {"lead": False, "scope": "other"}),
        ("court", 9, "softening", "S3", {"actor": "court"}),
    )
    sample = build_sample(frame, SESSIONS, every)
    assert names(sample.relief) == ["words", "after"]
    assert names(sample.decision) == ["words", "after"]  # no decider named: whoever acts, courts apart


def test_decisions_in_the_variants(rules):
    frame = catalogue(
        ("tier", 3, "softening", "S2", {"tier": "B"}), ("doubt", 5, "softening", "S2", {"doubtful": True}), ("said", 7, "softening", "S1", {}),
        ("abroad", 9, "softening", "S2", {"scope": "other"}), ("theirs", 11, "softening", "S2", {"actor": "China"}),
        ("joint", 13, "softening", "S2", {"actor": "both", "macro": True}), ("follow", 15, "softening", "S2", {"lead": False}),
    )  # fmt: skip

    def held(**departure):
        return names(build_sample(frame, SESSIONS, rules, Variant(**departure)).decision)

    main = ["tier", "doubt", "joint"]
    assert held() == main
    assert held(tiers=("B",)) == ["tier"]
    assert held(no_doubtful=True) == ["tier", "joint"]
    assert held(words_too=True) == ["tier", "doubt", "said", "joint"]
    assert held(all_targets=True) == ["tier", "doubt", "abroad", "joint"]
    assert held(every_row=True) == [*main, "follow"]


def test_the_samples_of_the_curve_are_what_their_names_say():
    frame = catalogue(
        ("plain", 1, "escalation", "E1", {}), ("paper", 3, "escalation", "E1", {"tier": "B"}), ("abroad", 5, "escalation", "E1", {"scope": "other"}),
        ("macro", 7, "escalation", "E1", {"macro": True}), ("doubt", 9, "escalation", "E1", {"doubtful": True, "alternative": "softening S2"}),
        ("follow", 11, "escalation", "E1", {"lead": False}), ("said", 13, "softening", "S1", {}),
    ).assign(alternative=lambda table: table["alternative"].fillna(""))  # fmt: skip
    main = {"plain", "paper", "macro", "doubt"}
    threats = {
        "main": main, "all targets": main | {"abroad"}, "formal acts": main - {"paper"}, "no macro days": main - {"macro"},
        "no doubtful labels": main - {"doubt"}, "doubtful labels flipped": main - {"doubt"}, "every row": main | {"follow"}, "words too": main,
    }  # fmt: skip
    reliefs = {key: set() for key in VARIANTS} | {"doubtful labels flipped": {"doubt"}, "words too": {"said"}}
    assert list(VARIANTS) == list(threats)
    for name, variant in VARIANTS.items():
        sample = build_sample(frame, SESSIONS, load_definitions(), variant)
        assert (set(names(sample.trigger)), set(names(sample.relief))) == (threats[name], reliefs[name]), name
    assert Variant() == Variant(False, False, False, False, False, False, (), 0, None)


def test_other_news_of_a_session_is_macro_or_named(rules):
    frame = catalogue(
        ("macro", 3, "escalation", "E1", {"macro": True}),
        ("named", 5, "escalation", "E1", {"confound": "earnings"}),
        ("plain", 7, "escalation", "E1", {"confound": None}),
    )
    assert names(build_sample(frame, SESSIONS, rules, Variant(no_confounds=True)).trigger) == ["plain"]
    assert names(build_sample(frame, SESSIONS, rules).trigger) == ["macro", "named", "plain"]
