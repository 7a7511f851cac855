"""Who was at risk when, from tables of a few rows: pairs, reliefs and what enters no risk set, each by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.risk_sets import Relief, RiskSets, Rows, risk_sets_of, shipped_risk_sets
from eventstudy.hypothesis.record.threats import Spells

INDEX = pd.bdate_range("2024-10-21", periods=30).as_unit("us")  # the era begins on 1 November, session 9
RULES = load_definitions()


def stretches(*rows):
    """(episode, state, first session of the episode, from, to) by their numbers, and what differs from an act on China."""
    plain = {
        "actor": "US",
        "scope": "china",
        "open_only": False,
        "deadline": pd.NaT,
        "end_kind": "relief",
        "target": "china",
    }
    return pd.DataFrame(
        [
            plain
            | {
                "episode": name,
                "state": state,
                "start_first_session": INDEX[start],
                "from_session": INDEX[first],
                "to_session": INDEX[last],
            }
            | more
            for name, state, start, first, last, more in rows
        ]
    )


def reliefs(*rows):
    """(chain, lead, session, episode) and what differs from a whole formal relief that counts."""
    plain = {"actor": "US", "scope": "china", "formal_or_words": "formal", "measure_actor": "US", "counts": True, "open_only": False,
             "partial": False, "note": "", "measure": ""}  # fmt: skip
    columns = ["relief_cluster", "chain_lead_event", "relief_session", "episode", *plain]
    found = [plain | {"relief_cluster": chain, "chain_lead_event": lead, "relief_session": INDEX[at] if isinstance(at, int) else at, "episode": name} | more
             for chain, lead, at, name, more in rows]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


STRETCHES = stretches(
    ("B", "threatened", 12, 12, 15, {"deadline": INDEX[20], "end_kind": "taking effect", "target": "mexico"}),
    ("B", "in force", 12, 16, 18, {"target": "mexico"}),
    ("A", "threatened", 10, 11, 14, {}),
    ("old", "threatened", 5, 6, 12, {}),
    ("long", "threatened", 11, 20, 22, {"open_only": True}),
    ("theirs", "threatened", 11, 12, 13, {"actor": "China"}),
    ("far", "threatened", 11, 12, 13, {"scope": "other"}),
    ("joint", "threatened", 13, 13, 13, {"actor": "both", "scope": "global"}),
    ("first", "threatened", 0, 1, 3, {}),
    ("never", "threatened", 11, 14, 13, {}),
    ("blank", "threatened", 11, 12, 13, {"from_session": pd.NaT}),
)


def placed(kind="main", table=None, stretch=STRETCHES, rules=RULES):
    return shipped_risk_sets(stretch, table if table is not None else reliefs(), INDEX, rules, kind)


def pairs(found):
    return {(found.ids[e], int(t)) for e, t in zip(found.rows.episode, found.rows.day, strict=True)}


def days(name, first, last):
    return {(name, t) for t in range(first, last + 1)}


MAIN = days("B", 12, 18) | days("A", 11, 14) | days("old", 6, 8) | days("joint", 13, 13)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("main", MAIN),
        ("older episodes too", MAIN | days("old", 6, 12)),
        ("beyond 60 days too", MAIN | days("long", 20, 22)),
        ("threatened alone", MAIN - days("B", 16, 18)),
        ("words too", MAIN),
    ],
)
def test_pairs_at_risk_by_kind(kind, expected):
    """Those of the decider and of the scopes; of older episodes up to the era, and none that began on the first session."""
    found = placed(kind)
    assert pairs(found) == expected
    order = list(zip(found.rows.day.tolist(), found.rows.episode.tolist(), strict=True))
    assert order == sorted(order)
    begun = {"B": 12, "A": 10, "old": 5, "joint": 13, "long": 11}
    for at, (e, t) in enumerate(zip(found.rows.episode, found.rows.day, strict=True)):
        name = found.ids[e]
        assert found.rows.age[at] == t - begun[name]
        assert found.rows.base[at] == begun[name] - 1
        assert found.rows.deadline[at] == (20 if name == "B" and t <= 15 else 30 + 10**6)
        assert found.rows.group[at] == (name != "B")
        assert found.in_force[at] == (name == "B" and t >= 16)
        assert found.rows.implemented[at] == ((name, t) == ("B", 15))
    assert not found.rows.relieved.any()
    assert found.reliefs == ()


def test_without_an_era_or_scopes_all_enter():
    bare = load_definitions(
        {
            "decision": {"era": ""},
            "sample": {"scopes": []},
            "periods": {"headline": "p", "p": ["2024-10-21", "2024-11-29"]},
        }
    )
    assert pairs(placed(rules=bare)) == MAIN | days("old", 6, 12) | days("far", 12, 13)


def test_a_stretch_past_the_last_price_takes_no_effect_there():
    for last, takes in ((INDEX[29], True), (INDEX[29] + pd.Timedelta(days=1), False)):
        own = stretches(("B", "threatened", 12, 27, 29, {"end_kind": "taking effect"})).assign(to_session=last)
        assert placed(stretch=own).rows.implemented.tolist() == [False, False, takes]
    force = stretches(("B", "in force", 12, 27, 29, {"end_kind": "taking effect"}))
    assert not placed(stretch=force).rows.implemented.any()


TABLE = reliefs(
    ("c2", "late", 14, "A", {"partial": True}),
    ("c1", "lead", 13, "A", {"partial": True}),
    ("c1", "lead", 13, "B", {}),
    ("c1", "lead", 13, "old", {}),  # not at risk any more
    ("c1", "lead", 13, "theirs", {"measure_actor": "China"}),  # a joint act relieves the rival's too: another story
    ("c3", "none", pd.Timestamp("2024-11-02"), "A", {}),  # a Saturday
    ("c4", "words", 12, "A", {"formal_or_words": "words"}),
    ("c5", "rival", 12, "A", {"actor": "China"}),
    ("c6", "abroad", 12, "A", {"scope": "other"}),
    ("c7", "older", 12, "", {"measure": "list 1", "counts": False, "note": "older than the record"}),
    ("c8", "silent", 12, "A", {"counts": False}),
    ("c9", "mixed", 12, "A", {"formal_or_words": "words"}),
    ("c9", "mixed", 12, "B", {}),
)


@pytest.mark.parametrize("kind", ["main", "words too"])
def test_reliefs_and_what_enters_no_risk_set(kind):
    found = placed(kind, TABLE)
    named = [(one.day, one.name, [found.ids[found.rows.episode[row]] for row in one.rows]) for one in found.reliefs]
    words = [(12, "words", ["A"])] if kind == "words too" else []
    assert named == [(12, "mixed", ["A", "B"]), *words, (13, "lead", ["A", "B"]), (14, "late", ["A"])]
    assert all((found.rows.day[list(one.rows)] == one.day).all() for one in found.reliefs)
    assert np.flatnonzero(found.rows.relieved).tolist() == sorted({row for one in found.reliefs for row in one.rows})
    assert found.whole == {("mixed", "A"), ("mixed", "B"), ("lead", "B"), *((("words", "A"),) if words else ())}
    account = found.account.set_index("relief")[["episode", "reason"]]
    assert account.to_dict("index") == {
        "lead": {"episode": "old", "reason": "not at risk on its session"},
        "none": {"episode": "A", "reason": "no price on its session"},
        "older": {"episode": "list 1", "reason": "older than the record"},
    }
    assert found.decision.tolist() == [12, 13, 14]


def test_a_relief_beyond_sixty_days_counts_only_where_those_do():
    table = reliefs(("c", "r", 21, "long", {"open_only": True}))
    assert placed("main", table).reliefs == ()
    (one,) = placed("beyond 60 days too", table).reliefs
    assert one.day == 21
    here = reliefs(("c", "r", 13, "A", {"open_only": True}))
    assert placed("main", here).reliefs == ()


def made():
    """Three sessions of two episodes and their reliefs; the second episode is measured from session 3."""
    day, episode = np.array([4, 4, 5, 5, 6, 6]), np.array([0, 1, 0, 1, 0, 1])
    blank, marks = np.zeros(6, dtype=np.int64), np.array([False, False, True, True, True, False])
    rows = Rows(episode, day, day - 2, marks, marks & False, np.array([1, 3] * 3), blank, blank)
    reliefs = (Relief(5, "x", (2, 3)), Relief(6, "y", (4,)))
    account = pd.DataFrame([("z", pd.NaT, "C", "why")], columns=["relief", "session", "episode", "reason"])
    return RiskSets(rows, reliefs, ("A", "B"), np.arange(6) % 2 == 1, frozenset({("x", "A")}), account)


def test_pairs_of_spans_keep_their_reliefs():
    part = made().within([(6, 9), (1, 4)])
    assert part.rows.day.tolist() == [4, 4, 6, 6]
    assert part.reliefs == (Relief(6, "y", (2,)),)
    assert part.in_force.tolist() == [False, True, False, True]
    assert made().within([(5, 5)]).reliefs == (Relief(5, "x", (0, 1)),)
    assert made().within([]).rows.day.size == 0


def test_pairs_without_a_close_to_measure_by_are_told():
    close = np.arange(10.0)
    whole = made()
    assert whole.with_losses(close) is whole
    close[3] = np.nan  # the base of B, and the close before session 4
    kept = whole.with_losses(close)
    assert list(zip(kept.rows.episode.tolist(), kept.rows.day.tolist(), strict=True)) == [(0, 5), (0, 6)]
    assert kept.reliefs == (Relief(5, "x", (0,)), Relief(6, "y", (1,)))
    assert kept.account[["relief", "episode", "reason"]].to_numpy().tolist() == [
        ["z", "C", "why"],
        ["x", "B", "no close to measure its loss by"],
    ]
    close[3], close[5] = 3.0, np.nan  # the close before session 6
    assert whole.with_losses(close).reliefs == (Relief(5, "x", (2, 3)),)
    close[5], close[1] = 5.0, np.nan
    lost = whole.with_losses(close)
    assert lost.account["relief"].tolist() == ["z", "x", "y"]
    quiet = RiskSets(whole.rows, (), whole.ids, whole.in_force, whole.whole, whole.account)
    assert quiet.with_losses(close).account is quiet.account


def test_threats_as_they_are_have_no_measure_in_force():
    spells = Spells(np.array([3]), np.array([5]), np.array([0]), np.array([9]), np.array([1]), ("a",))
    found = risk_sets_of(spells)
    assert found.rows.age.tolist() == [0, 1, 2]
    assert not found.in_force.any()
    assert found.whole == {("a", "a")}
    assert found.rows.base.tolist() == [2, 2, 2]
    assert list(found.account.columns) == ["relief", "session", "episode", "reason"]
