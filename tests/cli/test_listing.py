"""The commands that list and measure: what they print can be read by a person, and by another program as CSV."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
import typer.main
from typer.testing import CliRunner

from eventstudy.cli import listing
from eventstudy.cli.app import app
from eventstudy.events import load_events
from eventstudy.inference import TESTS

FACTS = Path(__file__).parents[1] / "events" / "us_china_second_sessions.csv"
CLAIMS = 50
VERDICTS = {"supported", "contradicted", "mixed", "descriptive", "not testable"}
TWO_ERRORS = 0.10  # of a rate of 5 % in 100 replications, and a little: a gross fault, not a fine one, is looked for


def said(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "250", "NO_COLOR": "1"})
    assert done.exit_code == 0, done.output
    return done.stdout


def as_table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def test_events_are_listed_with_the_session_that_the_facts_give():
    table = as_table(said("events", "us-china", "--csv")).set_index("event_id")
    facts = pd.read_csv(FACTS).set_index("id")
    assert sorted(table.index) == sorted(facts.index)
    assert table["session"].to_dict() == facts["first_session"].to_dict()


def test_events_for_a_reader_are_one_line_each():
    lines = said("events", "fomc").splitlines()
    events = as_table(said("events", "fomc", "--csv"))["event_id"]
    assert all(sum(event in line.split() for line in lines) == 1 for event in events)


def test_another_exchange_has_other_first_sessions():
    home = as_table(said("events", "us-china", "--csv")).set_index("event_id")["session"]
    tokyo = as_table(said("events", "us-china", "--calendar", "XTKS", "--csv")).set_index("event_id")["session"]
    # 16:26 in New York on 2 April 2025 is 05:26 of the 3rd in Tokyo: before that morning's session
    assert (home["2025-04-02_liberation"], tokyo["2025-04-02_liberation"]) == ("2025-04-03", "2025-04-03")
    # the pause of 9 April, 13:18 in New York, reached Tokyo on the 10th
    assert (home["2025-04-09_pause"], tokyo["2025-04-09_pause"]) == ("2025-04-09", "2025-04-10")


def test_a_good_catalogue_is_said_to_be_good_and_a_bad_one_is_not(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("event_id,announced_at,name,stance\na,2025-04-02 16:26-04:00,A,escalation\n")
    assert "1 event" in said("events", "--validate", str(file))
    file.write_text("event_id,announced_at,name,stance\na,2025-04-02 16:26-04:00,A,upwards\n")
    done = CliRunner().invoke(app, ["events", "--validate", str(file)])
    assert done.exit_code != 0


def test_every_test_is_listed_with_its_null_and_its_source():
    table = as_table(said("tests", "--csv"))
    assert list(table["test"]) == list(TESTS)
    assert table[["null", "assumptions", "source"]].notna().all(axis=None)


@pytest.mark.slow
def test_the_ledger_names_every_claim_once_with_a_verdict():
    table = as_table(said("claims", "us-china", "--quick", "--csv"))
    assert len(table) == CLAIMS
    assert table.iloc[:, 0].is_unique
    assert set(table["verdict"]) <= VERDICTS
    assert table.loc[table["verdict"] == "not testable", "reason"].notna().all()


@pytest.fixture
def lab(tmp_path):
    words = [
        "calibrate",
        "--scenario",
        "normal",
        "--tests",
        "bmp",
        "--events",
        "10",
        "--window",
        "0,1",
        "--replications",
        "100",
    ]

    def run(*more: str) -> pd.DataFrame:
        said(*words, "--out", str(tmp_path / "table.csv"), *more)
        return pd.read_csv(tmp_path / "table.csv", comment="#")

    return run


def test_the_lab_writes_a_table_and_takes_up_a_journal_where_it_stopped(lab, tmp_path):
    fresh = lab()
    assert fresh["rate"].between(0, TWO_ERRORS).all()
    journal = tmp_path / "journal.jsonl"
    first = lab("--resume", str(journal))
    written = journal.read_bytes()
    again = lab("--resume", str(journal))
    pd.testing.assert_frame_equal(first, fresh)
    pd.testing.assert_frame_equal(again, fresh)
    assert journal.read_bytes() == written  # nothing was done twice


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_names_are_there_at_every_width(width):
    frame = (
        load_events("us-china")
        .sessions("XNYS")
        .reset_index()[["session", "stance", "level", "actor", "event_id", "name"]]
        .astype(str)
    )
    shown, left_out = listing._fitting(frame, frozenset({"name"}), ("actor", "level", "event_id"), width)
    assert "name" in shown.columns
    longest = {name: max(len(name), int(shown[name].str.len().max())) for name in shown.columns}
    assert (
        sum(min(size, listing.LEAST) if name == "name" else size for name, size in longest.items()) + 2 * len(longest)
        <= width
    )
    assert set(shown.columns) | set(left_out) == set(frame.columns)


def every_command(group, before=()):
    """Give the words of each command of a program, and of those below it."""
    yield list(before)
    for name, command in getattr(group, "commands", {}).items():
        yield from every_command(command, (*before, name))


@pytest.mark.parametrize(
    "command", list(every_command(typer.main.get_command(app))), ids=lambda words: " ".join(words) or "all"
)
def test_every_help_has_an_example(command):
    assert "Example: eventstudy " in said(*command, "--help")
