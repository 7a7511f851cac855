"""``eventstudy watch``, rehearsed: new sessions, a missing day, a corrected close, a late event, other definitions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions
from eventstudy.errors import StudyError
from eventstudy.hypothesis import watching
from eventstudy.hypothesis.watching import watch

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
