"""Threats on the bars: placed by hand, read off a catalogue by rule, and the covariates of their days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions as trading_days
from eventstudy.hypothesis.links.decision import episode_rows
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.risk_sets import risk_sets_of
from eventstudy.hypothesis.record.threats import Spells, episodes_by_rule, place_episodes
from eventstudy.hypothesis.rivals.horse_race import covariates

INDEX = trading_days("XNYS", pd.Timestamp("2025-06-02"), pd.Timestamp("2025-08-29"))
EASTERN = "America/New_York"


def moment(text):
    return pd.Timestamp(text, tz=EASTERN)


def episodes(*rows):
    columns = ["id", "start_event", "target", "actor", "start_et", "deadline", "end", "end_et"]
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("start_et", "end_et"):
        frame[column] = pd.DatetimeIndex(frame[column])
    frame["deadline"] = pd.to_datetime(frame["deadline"])
    return frame


EVENTS = pd.DataFrame(
    {"scope": ["china", "other", "global", "china"]}, index=pd.Index(["a", "b", "c", "d"], name="event_id")
)


def place(rules, *rows):
    return place_episodes(episodes(*rows), EVENTS, INDEX, rules, "XNYS")


def test_a_threat_from_first_session_to_relief(rules):
    spells, rival, account = place(
        rules,
        ("one", "a", "china", "US", moment("2025-06-10 17:30"), "2025-06-20", "softened", moment("2025-06-14 09:00")),
    )
    # announced after the close of Tuesday 10: first session Wednesday 11; relief on Saturday: first session Monday 16
    assert INDEX[spells.start[0]] == pd.Timestamp("2025-06-11")
    assert INDEX[spells.last[0]] == pd.Timestamp("2025-06-16")
    assert INDEX[spells.deadline[0]] == pd.Timestamp("2025-06-20")
    assert spells.outcome.tolist() == [0]
    assert spells.group.tolist() == [1]
    assert rival.ids == ()
    assert account["used"].tolist() == [True]
    rows = episode_rows(spells)
    assert INDEX[rows.day].strftime("%m-%d").tolist() == ["06-12", "06-13", "06-16"]
    assert rows.relieved.tolist() == [False, False, True]
    assert INDEX[rows.base[0]] == pd.Timestamp("2025-06-10")


def test_implemented_threats_end_with_their_last_session(rules):
    spells, _, _ = place(
        rules, ("one", "a", "global", "US", moment("2025-06-10 10:00"), None, "implemented", moment("2025-06-24 16:00"))
    )
    assert INDEX[spells.last[0]] == pd.Timestamp("2025-06-24")
    assert spells.outcome.tolist() == [1]
    assert spells.deadline[0] > len(INDEX)


def test_who_is_left_out_and_why(rules):
    _, rival, account = place(
        rules,
        ("same", "a", "china", "US", moment("2025-06-10 10:00"), None, "softened", moment("2025-06-10 15:00")),
        ("abroad", "b", "eu", "US", moment("2025-06-10 10:00"), None, "softened", moment("2025-06-20 15:00")),
        ("theirs", "c", "us", "China", moment("2025-06-10 10:00"), None, "softened", moment("2025-06-20 15:00")),
        ("early", "d", "china", "US", moment("2024-06-10 10:00"), None, "softened", moment("2024-06-20 15:00")),
    )
    reasons = dict(zip(account["id"], account["reason"], strict=True))
    assert reasons == {
        "same": "over before a close could follow it",
        "abroad": "aimed at others",
        "theirs": "the rival's threat",
        "early": "no price at its start",
    }
    assert rival.ids == ("theirs",)


def test_relief_beyond_the_prices_is_censored(rules):
    spells, _, _ = place(
        rules, ("one", "a", "china", "US", moment("2025-08-26 10:00"), None, "softened", moment("2025-10-14 15:00"))
    )
    assert spells.outcome.tolist() == [2]
    assert spells.last[0] == len(INDEX) - 1


def catalogue(*rows):
    frame = pd.DataFrame(rows, columns=["event_id", "announced_at", "stance", "level", "actor"]).set_index("event_id")
    frame["announced_at"] = pd.DatetimeIndex([moment(text) for text in frame["announced_at"]])
    return frame.assign(lead=True, scope="china", target="china")


ROWS = (
    ("t1", "2025-01-06 10:00", "escalation", "E1", "US"),
    ("t2", "2025-01-08 10:00", "escalation", "E2", "US"),
    ("w", "2025-01-10 10:00", "softening", "S1", "US"),
    ("r", "2025-01-20 10:00", "softening", "S2", "both"),
    ("t3", "2025-01-21 10:00", "escalation", "E1", "US"),
    ("c", "2025-01-07 10:00", "escalation", "E2", "China"),
)


def test_episodes_by_rule(rules):
    found = episodes_by_rule(catalogue(*ROWS), rules).set_index("id")
    assert list(found.index) == ["rule:c", "rule:t1", "rule:t3"]
    assert found.loc["rule:t1", "end"] == "softened"  # t2 belongs to it; words do not end it; a joint act does
    assert found.loc["rule:t1", "end_et"] == moment("2025-01-20 10:00")
    assert found.loc["rule:c", "end"] == "softened"
    assert found.loc["rule:t3", "end"] == "censored"
    assert found.loc["rule:t3", "end_et"] == moment("2025-01-21 10:00") + pd.Timedelta(days=60)


def test_episodes_by_rule_without_joining():
    apart = load_definitions({"episodes": {"join": False}})
    found = episodes_by_rule(catalogue(*ROWS), apart)
    assert found["start_event"].tolist() == ["c", "t1", "t2", "t3"]


def test_a_catalogue_without_triggers_has_no_episodes(rules):
    assert episodes_by_rule(catalogue(ROWS[2], ROWS[3]), rules).empty


def test_covariates_by_loop(rules):
    rng = np.random.default_rng(0)
    size = 60
    market = Market(100 + rng.random(size), 15 + rng.random(size), 4 + rng.random(size), np.arange(size) % 5)
    starts, lasts = np.array([10, 30]), np.array([22, 41])
    spells = Spells(starts, lasts, np.array([0, 1]), np.array([16, 10**6]), np.array([1, 0]), ("a", "b"))
    rival = Spells(np.array([12]), np.array([15]), np.array([1]), np.array([0]), np.array([0]), ("x",))
    rows = episode_rows(spells)
    frame = covariates(market, rows, np.zeros(rows.day.size), rival, np.array([13]), split=20, episodes=rules.episodes)
    for i, day in enumerate(rows.day):
        base = starts[rows.episode[i]] - 1
        assert frame.loc[i, "fear"] == market.fear[day - 1]
        assert frame.loc[i, "yield"] == pytest.approx(market.rate[day - 1] - market.rate[base])
        assert frame.loc[i, "retaliation"] == float(12 < day <= 15)
        assert frame.loc[i, "deadline"] == float(rows.episode[i] == 0 and 0 <= 16 - day <= 5)
        assert frame.loc[i, "talks"] == float(13 < day <= 23)
        assert frame.loc[i, "target"] == float(rows.episode[i] == 0)


@pytest.mark.parametrize("cut", [18, 35])
def test_covariates_do_not_look_ahead(rules, cut):
    """What is known of a day does not change when everything from that day on does."""
    rng = np.random.default_rng(1)
    size = 60
    close, fear, rate = 100 + rng.random(size), 15 + rng.random(size), 4 + rng.random(size)
    spells = Spells(
        np.array([10, 30]), np.array([22, 41]), np.zeros(2, int), np.array([16, 40]), np.zeros(2, int), ("a", "b")
    )
    rival = Spells(np.array([12]), np.array([15]), np.array([1]), np.array([0]), np.array([0]), ("x",))
    rows = episode_rows(spells)
    frames = []
    for bump in (0.0, 5.0):
        changed = [np.where(np.arange(size) >= cut, series + bump, series) for series in (close, fear, rate)]
        market = Market(*changed, np.arange(size) % 5)
        loss = 1 - market.close[rows.day - 1] / market.close[rows.base]
        frames.append(covariates(market, rows, loss, rival, np.array([13]), split=20, episodes=rules.episodes))
    early = rows.day <= cut
    assert early.any()
    pd.testing.assert_frame_equal(frames[0][early], frames[1][early])


def test_threats_taken_as_they_are_by_a_loop():
    """Three threats: two softened on one session, one of another outcome that ends there too, and one softened later."""
    start, last, outcome = np.array([3, 5, 4, 9]), np.array([8, 8, 8, 11]), np.array([0, 0, 1, 0])
    spells = Spells(start, last, outcome, np.full(4, 99), np.zeros(4, dtype=np.int64), tuple("abcd"))
    found = risk_sets_of(spells)
    wanted = sorted((day, e) for e in range(4) for day in range(start[e], last[e] + 1))
    assert list(zip(found.rows.day.tolist(), found.rows.episode.tolist(), strict=True)) == wanted
    assert found.rows.age.tolist() == [day - start[e] for day, e in wanted]
    for name, code in (("relieved", 0), ("implemented", 1)):
        told = getattr(found.rows, name).tolist()
        assert told == [day == last[e] and outcome[e] == code for day, e in wanted]
    assert [(one.day, [wanted[row] for row in one.rows]) for one in found.reliefs] == [
        (8, [(8, 0), (8, 1)]),
        (11, [(11, 3)]),
    ]
    assert [one.name for one in found.reliefs] == ["a", "d"]


def test_threats_at_both_ends_of_the_prices(rules):
    """One that begins on the first session is placed; one that is over in its first session is not; the last session is there."""
    spells, _, account = place(
        rules,
        ("first", "a", "china", "US", moment("2025-06-02 10:00"), None, "softened", moment("2025-06-03 10:00")),
        ("short", "a", "china", "US", moment("2025-06-02 10:00"), None, "implemented", moment("2025-06-03 20:00")),
        ("last", "c", "eu", "both", moment("2025-08-28 10:00"), "2025-09-30", "softened", moment("2025-08-29 10:00")),
        (
            "cut",
            "d",
            "china",
            "US",
            moment("2025-08-28 10:00"),
            "2025-08-29",
            "implemented",
            moment("2025-08-31 10:00"),
        ),
        ("other", "a", "china", "EU", moment("2025-08-28 10:00"), None, "censored", moment("2025-08-31 10:00")),
        ("over", "a", "china", "US", moment("2025-06-02 10:00"), None, "implemented", moment("2025-06-02 20:00")),
    )
    size = len(INDEX)
    assert spells.ids == ("first", "short", "last", "cut")
    assert spells.start.tolist() == [0, 0, size - 2, size - 2]
    assert spells.last.tolist() == [1, 1, size - 1, size - 1]
    assert spells.outcome.tolist() == [0, 1, 0, 1]
    assert spells.deadline.tolist() == [size + 10**6, size + 10**6, size, size - 1]
    assert spells.group.tolist() == [1, 1, 0, 1]
    assert account["start"].tolist() == [INDEX[0], INDEX[0], *[INDEX[-2]] * 3, INDEX[0]]
    assert account["last"].tolist() == [INDEX[1], INDEX[1], *[INDEX[-1]] * 3, INDEX[0]]
    assert account["reason"].tolist() == [""] * 4 + ["another actor", "over before a close could follow it"]
    assert account["used"].tolist() == [True] * 4 + [False] * 2
    assert account["outcome"].tolist() == [
        "softened",
        "implemented",
        "softened",
        "implemented",
        "censored",
        "implemented",
    ]


def test_threats_of_a_stretch_are_cut_at_its_end():
    spells = Spells(
        np.array([2, 4, 6, 9]),
        np.array([8, 7, 6, 12]),
        np.array([0, 1, 0, 0]),
        np.arange(4),
        np.zeros(4, int),
        tuple("abcd"),
    )
    part = spells.within(4, 7)
    assert (part.ids, part.last.tolist(), part.outcome.tolist()) == (("b", "c"), [7, 6], [1, 0])
    cut = spells.within(2, 6)
    assert (cut.ids, cut.last.tolist(), cut.outcome.tolist()) == (("a", "b", "c"), [6, 6, 6], [2, 2, 0])


def test_without_scopes_every_threat_enters():
    wide = load_definitions({"sample": {"scopes": []}})
    spells, _, account = place(
        wide, ("abroad", "b", "eu", "US", moment("2025-06-10 10:00"), None, "softened", moment("2025-06-20 15:00"))
    )
    assert spells.ids == ("abroad",)
    assert account["reason"].tolist() == [""]


def test_a_threat_of_a_rule_ends_with_relief_within_its_limit_and_the_next_may_begin_after(rules):
    limit = f"{pd.Timestamp('2025-01-06 10:00') + pd.Timedelta(days=60):%Y-%m-%d %H:%M}"
    rows = [
        ("t1", "2025-01-06 10:00", "escalation", "E1", "US"),
        ("r", limit, "softening", "S2", "US"),
        ("t2", limit, "escalation", "E1", "US"),  # at the moment of its end: one more word of the same threat
        ("t3", "2025-03-08 10:00", "escalation", "E1", "US"),
        ("g", "2025-03-09 10:00", "escalation", "E1", "court"),
    ]
    found = episodes_by_rule(catalogue(*rows).sort_values("announced_at", kind="stable"), rules).set_index("id")
    assert list(found.index) == ["rule:t1", "rule:t3"]
    assert found["end"].tolist() == ["softened", "censored"]
    late = [rows[0], ("r", "2025-03-07 10:01", "softening", "S2", "US")]
    assert episodes_by_rule(catalogue(*late), rules)["end"].tolist() == ["censored"]
    assert episodes_by_rule(catalogue(*late), rules)["formal_soft_et"].isna().all()
    follow = catalogue(*rows[:2]).assign(lead=[False, True])
    assert episodes_by_rule(follow, rules).empty
    words = load_definitions({"sample": {"relief_levels": []}})
    said = catalogue(rows[0], ("w", "2025-01-10 10:00", "softening", "S1", "US"))
    assert episodes_by_rule(said, words)["end"].tolist() == ["softened"]
