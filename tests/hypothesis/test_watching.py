"""``eventstudy watch``, rehearsed: new sessions, a missing day, a corrected close, a late event, other definitions."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from eventstudy.calendars import sessions
from eventstudy.cli.app import app
from eventstudy.errors import SourceError, StudyError
from eventstudy.hypothesis import load_definitions, watching
from eventstudy.hypothesis.watching import watch
from eventstudy.returns.sources import yahoo as yahoo_source
from loopback import Security, YahooServer, curl_session

EVENTS = """
timezone = "America/New_York"
principal = "US"

[[event]]
id = "2026-12-08_threat"
name = "A threat made up"
announced_at = 2026-12-08 11:00:00
precision = "exact_min"
actor = "US"
target = "china"
scope = "china"
stance = "escalation"
level = "E2"

[[event]]
id = "2026-12-15_relief"
name = "A relief made up"
announced_at = 2026-12-15 11:00:00
precision = "exact_min"
actor = "US"
target = "china"
scope = "china"
stance = "softening"
level = "S2"
"""


@pytest.fixture
def source(tmp_path):
    """Prices after the record, at random; each call writes them to a day, with what is to be changed."""
    days = sessions("XNYS", pd.Timestamp("2026-08-21"), pd.Timestamp("2026-12-31"))
    rng = np.random.default_rng(0)
    close = 7600 * np.cumprod(1 + 0.008 * rng.standard_normal(len(days)))
    close[days == pd.Timestamp("2026-12-08")] = close[days == pd.Timestamp("2026-12-07")] * 0.96
    frame = pd.DataFrame({"^GSPC": close.round(2), "^VIX": (16 + rng.random(len(days))).round(2)}, index=days)

    def write(until, *, without=(), changed=None):
        own = frame.loc[:until].drop(pd.DatetimeIndex(list(without)))
        for day, value in (changed or {}).items():
            own.loc[day, "^GSPC"] = value
        path = tmp_path / "prices.csv"
        own.rename_axis("date").to_csv(path)
        return path

    return write


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "new.toml"
    path.write_text(EVENTS, "utf-8")
    reliefs = tmp_path / "reliefs.csv"
    reliefs.write_text("relief_event,episode,whole\n2026-12-15_relief,2026-12-08_threat,1\n", "utf-8")
    return {"events": path, "reliefs": reliefs}


@pytest.mark.slow
def test_it_starts_at_one_and_appends(tmp_path, source, events):
    folder = tmp_path / "watch"
    first = watch(folder, source=source("2026-11-27"), **events)
    assert first.path.empty
    assert first.sentence().startswith("evidence so far 1.0 : 1; 20 : 1 needed")
    second = watch(folder, source=source("2026-12-04"), **events)
    assert second.path["session"].tolist() == list(
        sessions("XNYS", pd.Timestamp("2026-11-30"), pd.Timestamp("2026-12-04"))
    )
    assert (second.path[["H1", "H2", "H3", "chain"]] == 1).all(axis=None)  # nothing has happened yet
    third = watch(folder, source=source("2026-12-11"), **events)
    assert third.path["H1"].iloc[-1] > 1.5  # a threat, and the largest fall of months
    last = watch(folder, source=source("2026-12-18"), **events)
    assert last.path["session"].is_unique
    pd.testing.assert_frame_equal(last.path.iloc[: len(third.path)], third.path)
    assert last.path["H2"].iloc[-1] != 1  # the relief bet on the newest threat among those that the record leaves open
    assert (last.path["chain"] == last.path[["H1", "H2", "H3"]].min(axis=1)).all()
    assert (last.deadlines["deadline"] > pd.Timestamp("2026-12-18")).all()
    assert last.deadlines["deadline"].is_monotonic_increasing


def test_a_corrected_close_is_told_and_the_evidence_stands(tmp_path, source, events):
    folder = tmp_path / "watch"
    before = watch(folder, source=source("2026-12-11"), **events)
    after = watch(folder, source=source("2026-12-14", changed={"2026-12-08": 9999.0}), **events)
    told = [note for note in after.notes if "2026-12-08" in note]
    assert len(told) == 1
    assert "now at 9999; the evidence so far stands" in told[0]
    pd.testing.assert_frame_equal(after.path.iloc[: len(before.path)], before.path)


def test_a_missing_day_is_told_and_counts_for_nothing_even_when_it_comes(tmp_path, source, events):
    folder = tmp_path / "watch"
    one = watch(folder, source=source("2026-12-11", without=["2026-12-08"]), **events)
    assert any("2026-12-08: no price of ^GSPC, ^VIX" in note for note in one.notes)
    assert pd.Timestamp("2026-12-08") not in set(one.path["session"])
    assert (one.path["H1"] == 1).all()
    two = watch(folder, source=source("2026-12-14"), **events)
    assert any("2026-12-08: ^GSPC came late" in note for note in two.notes)
    assert (two.path["H1"] == 1).all()


def test_an_event_that_comes_after_its_session_does_not_count(tmp_path, source, events):
    folder = tmp_path / "watch"
    watch(folder, source=source("2026-12-11"))
    late = watch(folder, source=source("2026-12-14"), events=events["events"])
    assert any(
        note.startswith("2026-12-08_threat: came after its session 2026-12-08 was decided") for note in late.notes
    )
    assert (late.path["H1"] == 1).all()


def test_what_counted_cannot_be_taken_back(tmp_path, source, events):
    folder = tmp_path / "watch"
    watch(folder, source=source("2026-12-11"), **events)
    with pytest.raises(StudyError, match="counted before; give their file again"):
        watch(folder, source=source("2026-12-14"))
    events["events"].write_text(EVENTS.replace("2026-12-08_threat", "2026-12-08_other"), "utf-8")
    with pytest.raises(StudyError, match="2026-12-08_threat counted before and is not there now"):
        watch(folder, source=source("2026-12-14"), events=events["events"])


def test_other_definitions_or_another_record_are_refused(tmp_path, source):
    folder = tmp_path / "watch"
    watch(folder, source=source("2026-12-01"))
    for name in ("definitions", "record"):
        whole = (folder / watching.STATE).read_text("utf-8")
        state = json.loads(whole)
        state["digests"][name] = "0" * 64
        (folder / watching.STATE).write_text(json.dumps(state), "utf-8")
        with pytest.raises(StudyError, match=f"{name} changed since the watching began"):
            watch(folder, source=source("2026-12-02"))
        (folder / watching.STATE).write_text(whole, "utf-8")
    (folder / watching.STATE).write_text("{", "utf-8")
    with pytest.raises(StudyError, match="not what eventstudy watch wrote"):
        watch(folder, source=source("2026-12-02"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("relief_event,episode\na,b\n", "the column whole is missing"),
        ("relief_event,episode,whole\n2026-12-15_relief,E1,yes\n", "line 2, column 'whole': 'yes'"),
        ("relief_event,episode,whole\n2026-12-15_relief,nobody,1\n", "'nobody' is neither an episode"),
    ],
)
def test_a_wrong_file_of_reliefs_is_one_error(tmp_path, source, events, text, said):
    events["reliefs"].write_text(text, "utf-8")
    with pytest.raises(StudyError, match=said):
        watch(tmp_path / "watch", source=source("2026-12-18"), **events)


@pytest.fixture
def yahoo(tmp_path, monkeypatch):
    """Yahoo on this machine as ``--source yahoo`` finds it, through the real yfinance; `until` is the clock's day."""
    import yfinance  # noqa: PLC0415  half a second that only these tests pay
    from yfinance.data import YfData  # noqa: PLC0415

    monkeypatch.setenv("EVENTSTUDY_CACHE_DIR", str(tmp_path / "cache"))
    yfinance.set_tz_cache_location(str(tmp_path / "yfinance"))
    YfData.cache_get.cache_clear()
    days = sessions("XNYS", pd.Timestamp("2026-08-21"), pd.Timestamp("2026-12-31"))
    rng = np.random.default_rng(0)
    close = pd.Series(7600 * np.cumprod(1 + 0.008 * rng.standard_normal(len(days))), index=days)
    close["2026-12-08"] = close["2026-12-07"] * 0.96
    index = Security("^GSPC", instrument="INDEX", closes=close.round(2))
    fear = Security("^VIX", instrument="INDEX", closes=pd.Series((16 + rng.random(len(days))).round(2), index=days))
    clock = {"until": "2026-12-04"}
    with YahooServer([index, fear]) as server:
        real = {"session": curl_session(server), "wait": 0.01, "spacing": 0.0}
        now = lambda: pd.Timestamp(clock["until"], tz="UTC") + pd.Timedelta("23:00:00")  # noqa: E731
        monkeypatch.setattr(yahoo_source, "YahooSource", partial(yahoo_source.YahooSource, now=now, **real))  # led here
        yield index, fear, clock


@pytest.fixture
def command(tmp_path, events):
    """``eventstudy watch us-china --source yahoo`` as one types it: what it said, and the evidence that it keeps."""

    def run():
        given = ["--folder", tmp_path / "w", "--events", events["events"], "--reliefs", events["reliefs"]]
        got = CliRunner().invoke(
            app, ["watch", "us-china", "--source", "yahoo", *map(str, given)], catch_exceptions=False
        )
        assert got.exit_code == 0, got.output
        file = tmp_path / "w" / watching.PATH
        path = pd.read_csv(file, parse_dates=["session"], index_col="session") if file.exists() else None
        return " ".join(got.output.split()), path

    return run


def test_the_command_adds_the_sessions_that_yahoo_has_more(yahoo, command):
    *_, clock = yahoo
    said, first = command()
    assert "74 new sessions, to 2026-12-04" in said
    assert len(first) == 5
    assert (first == 1).all(axis=None)
    clock["until"] = "2026-12-11"
    said, second = command()
    assert "5 new sessions, to 2026-12-11" in said
    assert f"evidence so far {second['chain'].iloc[-1]:.1f} : 1" in said
    assert second["H1"].iloc[-1] > 1.5  # the fall on the threat of the 8th
    pd.testing.assert_frame_equal(second.iloc[:5], first)
    again, third = command()  # nothing new, nothing moved
    assert "0 new sessions" in again
    assert third.equals(second)
    # ahead, as the record dates them: with a rate, and without one
    assert "dated steps ahead" in again
    assert "2027-01-01 E18c US global 50 %" in again
    assert "2027-06-23 E39 US china 2028-08-01 E48 US global 100 %" in again
    assert "2026-11-10" not in again


def test_the_command_tells_a_day_that_yahoo_misses_and_does_not_count_it_later(yahoo, command):
    index, _, clock = yahoo
    index.absent, index.null, clock["until"] = {"2026-12-08"}, {"2026-12-09"}, "2026-12-11"
    said, path = command()
    for day in ("2026-12-08", "2026-12-09"):
        assert f"{day}: no price of ^GSPC; an event of that session cannot count" in said
        assert pd.Timestamp(day) not in path.index
    assert (path["H1"] == 1).all()
    index.absent, index.null, clock["until"] = set(), set(), "2026-12-14"
    said, later = command()
    assert "2026-12-08: ^GSPC came late; the session stays without it" in said
    assert (later["H1"] == 1).all()


def test_the_command_tells_a_close_that_yahoo_corrected_long_ago_and_lets_the_evidence_stand(yahoo, command):
    """Weeks before the newest session: the price cache alone would never ask for it again."""
    index, _, clock = yahoo
    clock["until"] = "2026-12-11"
    _, before = command()
    was = index.closes["2026-09-15"]
    index.closes = index.closes.copy()
    index.closes["2026-09-15"] = was + 100
    for until in ("2026-12-11", "2026-12-14"):
        clock["until"] = until
        said, after = command()
        assert f"2026-09-15: ^GSPC closed at {was:g} when it was seen first, now at {was + 100:g}" in said
        pd.testing.assert_frame_equal(after.iloc[: len(before)], before)


@pytest.mark.parametrize("fault", ["503", "404"])
def test_a_fear_gauge_that_yahoo_does_not_give_is_one_error_and_nothing_is_added(yahoo, command, tmp_path, fault):
    _, fear, clock = yahoo
    command()
    before = {file.name: file.read_bytes() for file in (tmp_path / "w").iterdir()}
    fear.behaviours, clock["until"] = [fault], "2026-12-11"
    with pytest.raises(SourceError, match=r"yahoo: no prices of \^VIX \(.*; both of .* are needed, nothing was added"):
        command()
    assert {file.name: file.read_bytes() for file in (tmp_path / "w").iterdir()} == before


def test_what_is_frozen_is_pinned():
    """Whoever changes the definitions or the record begins the evidence anew: this test says so to whoever does."""
    digests = watching._digests(load_definitions())
    assert {name: digest[:16] for name, digest in digests.items()} == {
        "definitions": "6cbd6e696a16609b",
        "record": "cd2fe880c23ba823",
    }


DAYS = sessions("XNYS", pd.Timestamp("2016-01-04"), pd.Timestamp("2027-06-30"))


def fresh_events(**rows):
    plain = {"stance": "escalation", "lead": True, "actor": "US", "scope": "china", "effective_date": pd.NaT}
    table = pd.DataFrame.from_dict({name: plain | row for name, row in rows.items()}, orient="index")
    table["session"], table["effective_date"] = (
        pd.to_datetime(table["session"]),
        pd.to_datetime(table["effective_date"]),
    )
    return table


def opened(rows, name, known):
    """The sessions on which one episode is open; new threats stand after those that the record leaves open."""
    return DAYS[
        rows.day[rows.episode == len(watching._open(load_definitions())["episode"].unique()) + known.index(name)]
    ]


def test_new_threats_are_open_for_sixty_days_after_their_last_date():
    rules = load_definitions()
    names = ["plain", "dated", "past", "joint"]
    fresh = fresh_events(
        plain={"session": "2026-12-08"}, dated={"session": "2026-12-08", "effective_date": "2027-01-15"}, past={"session": "2026-12-08", "effective_date": "2026-11-01"},
        joint={"session": "2026-12-09", "actor": "both", "scope": "global"},
        theirs={"session": "2026-12-08", "actor": "China"}, far={"session": "2026-12-08", "scope": "other"}, follow={"session": "2026-12-08", "lead": False},
        talk={"session": "2026-12-08", "stance": "talks"},
    )  # fmt: skip
    rows, given = watching._risk(fresh, [], DAYS, rules)
    assert given == ()
    start = pd.Timestamp(rules.evidence.start)
    assert DAYS[rows.day.min()] == start
    for name, first, last in zip(
        names,
        ["2026-12-08"] * 3 + ["2026-12-09"],
        ["2027-02-06", "2027-03-16", "2027-02-06", "2027-02-07"],
        strict=True,
    ):
        expected = DAYS[(first <= DAYS) & (last >= DAYS)]
        assert opened(rows, name, names).tolist() == expected.tolist()
    assert rows.episode.max() == len(watching._open(rules)["episode"].unique()) + len(names) - 1  # no other is at risk
    assert (rows.age == rows.day - rows.base - 1).all()
    order = list(zip(rows.day.tolist(), rows.episode.tolist(), strict=True))
    assert order == sorted(order)
    begun = rows.age == 0
    assert set(DAYS[rows.day[begun]]) == {pd.Timestamp("2026-12-08"), pd.Timestamp("2026-12-09")}


@pytest.mark.parametrize("whole", ["0", "1"])
def test_a_new_relief_ends_what_it_takes_as_a_whole(whole):
    rules = load_definitions()
    fresh = fresh_events(threat={"session": "2026-12-08"}, other={"session": "2026-12-08"}, ease={"session": "2026-12-15", "stance": "softening"},
                         late={"session": "2027-03-30", "stance": "softening"})  # fmt: skip
    rows, given = watching._risk(
        fresh, [("ease", "threat", whole), ("ease", "other", "0"), ("late", "threat", "0")], DAYS, rules
    )
    (one,) = given  # the late one finds nothing at risk
    assert (DAYS[one.day], one.name, len(one.rows)) == (pd.Timestamp("2026-12-15"), "ease", 2)
    assert (rows.day[list(one.rows)] == one.day).all()
    last = opened(rows, "threat", ["threat", "other"])[-1]
    assert last == (pd.Timestamp("2026-12-15") if whole == "1" else pd.Timestamp("2027-02-05"))
    assert opened(rows, "other", ["threat", "other"])[-1] == pd.Timestamp("2027-02-05")


def test_dated_steps_ahead_are_those_after_today():
    every = watching._deadlines(pd.Timestamp("2026-08-20"))
    assert every["deadline"].is_monotonic_increasing
    assert every.index.tolist() == list(range(len(every)))
    day = every["deadline"].iloc[0]
    later = watching._deadlines(day)
    assert later["deadline"].tolist() == every.loc[every["deadline"] > day, "deadline"].tolist()
    assert len(later) < len(every)


def test_what_was_decided_stays_and_what_is_new_comes_after(tmp_path):
    old = pd.DataFrame(
        {"session": pd.to_datetime(["2026-12-01", "2026-12-02"]), "H1": 1.0, "H2": 1.0, "H3": 1.0, "chain": [1.0, 2.0]}
    )
    new = pd.DataFrame(
        {
            "session": pd.to_datetime(["2026-12-01", "2026-12-02", "2026-12-03"]),
            "H1": 1.0,
            "H2": 1.0,
            "H3": 1.0,
            "chain": [1.0, 2.5, 3.0],
        }
    )
    kept, notes = watching._Kept({}, decided="2026-12-02"), []
    assert watching._appended(tmp_path, new, kept, notes) is new  # nothing was written yet
    old.to_csv(tmp_path / watching.PATH, index=False)
    found = watching._appended(tmp_path, new, kept, notes)
    assert found["chain"].tolist() == [1.0, 2.0, 3.0]
    assert notes == ["the past would come out otherwise now; it stands as it was decided"]
    watching._appended(tmp_path, new.assign(chain=[1.0, 2.0, 3.0]), kept, notes)
    assert len(notes) == 1
    assert watching._appended(tmp_path, new, watching._Kept({}), notes) is new


def test_the_sentence_of_the_evidence():
    path = pd.DataFrame(
        {
            "session": pd.to_datetime(["2026-12-01", "2026-12-02"]),
            "H1": [1.0, 3.24],
            "H2": [1.0, 2.0],
            "H3": [1.0, 1.84],
            "chain": [1.0, 1.84],
        }
    )
    told = watching.Watched(path, (), pd.DataFrame(), 20.0).sentence()
    assert (
        told
        == "evidence so far 1.8 : 1 for the chain (H1 3.2, H2 2.0, H3 1.8), after 2 sessions to 2026-12-02; 20 : 1 needed"
    )


def test_events_count_from_the_day_after_the_record_to_the_last_price_unless_their_session_is_decided(tmp_path):
    """One on the last day of the record is the record's own; one on the last day that is decided comes too late."""
    shipped = watching.load_events(watching.RECORD)
    ends = watching.record_ends(watching.RECORD)["events"]
    after, ours = DAYS[ends < DAYS], next(iter(shipped)).id
    days = {"own": DAYS[ends >= DAYS][-1], "new": after[0], "decided": after[5], "open": after[6], "known": after[3],
            "last": after[20], "ahead": after[21], ours: after[8]}  # fmt: skip
    block = EVENTS.split("[[event]]")
    text = block[0] + "".join(
        "[[event]]" + block[1].replace("2026-12-08_threat", name).replace("2026-12-08 11:00", f"{day:%Y-%m-%d} 11:00")
        for name, day in days.items()
    )
    file = tmp_path / "several.toml"
    file.write_text(text, "utf-8")
    frame, notes = pd.DataFrame(index=DAYS[after[20] >= DAYS]), []
    catalog, fresh = watching._catalog(file, watching._Kept({}), frame, notes)
    assert fresh == {"new", "decided", "open", "known", "last"}
    assert len(catalog) == len(shipped) + 5
    assert sorted(note.split(":")[0] for note in notes) == sorted(["own", "ahead", ours])
    notes.clear()
    kept = watching._Kept({}, events=["known"], decided=f"{after[5]:%Y-%m-%d}")
    assert watching._catalog(file, kept, frame, notes)[1] == {"open", "known", "last"}
    late = [note for note in notes if "was decided" in note]
    assert late == [
        f"{name}: came after its session {days[name]:%Y-%m-%d} was decided; not counted" for name in ("new", "decided")
    ]


def test_a_close_is_corrected_where_it_differs_by_more_than_rounding_and_late_where_it_was_missing(tmp_path):
    """Of what was kept nothing is changed; sessions without one of the two are told, and those without both."""
    after = DAYS[pd.Timestamp("2026-08-21") < DAYS][:8]
    kept = pd.DataFrame({"^GSPC": [7000.0, 7001.0, np.nan], "^VIX": [16.0, 17.0, 18.0]}, index=after[:3])
    kept.rename_axis("session").to_csv(tmp_path / watching.PRICES)
    seen = pd.DataFrame(
        {"^GSPC": [7000.0 + 1e-10, 7001.5, 7002.0, 7003.0, np.nan, 7005.0, 7006.0], "^VIX": [16.0, 17.0, 18.0, 19.0, 20.0, 21.0, np.nan]},
        index=after[[0, 1, 2, 3, 4, 6, 7]],
    )  # fmt: skip
    seen.rename_axis("date").to_csv(tmp_path / "source.csv")
    notes = []
    frame = watching._prices(tmp_path, tmp_path / "source.csv", None, notes)
    day = [f"{one:%Y-%m-%d}" for one in after]
    assert notes == [
        f"{day[1]}: ^GSPC closed at 7001 when it was seen first, now at 7001.5; the evidence so far stands",
        f"{day[2]}: ^GSPC came late; the session stays without it",
        f"{day[4]}: no price of ^GSPC; an event of that session cannot count",
        f"{day[5]}: no price of ^GSPC, ^VIX; an event of that session cannot count",
        f"4 new sessions, to {day[6]}",
    ]
    assert frame.index[-1] == after[6]  # the last with both
    own = frame.loc[after[0] :]
    assert own["^GSPC"].tolist()[:2] == [7000.0, 7001.0]
    assert own["^GSPC"].isna().tolist() == [False, False, True, False, True, True, False]
    notes.clear()
    assert watching._prices(tmp_path, tmp_path / "source.csv", day[2], notes).index[-1] == after[2]
    assert notes[-1] == "0 new sessions"
