"""Bad input on the command line: one clear line, exit code 2, nothing half-written."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from eventstudy.cli import main
from eventstudy.cli.app import app

STUDY = """
title = "T"
[catalog]
source = "{catalog}"
[prices]
source = "{source}"
symbols = ["{symbol}"]
[market]
symbol = "{symbol}"
[windows]
event = [-5, 5]
reported = [[0, 0], [0, 1]]
estimation = {{ length = {length}, end = -11, minimum = 30 }}
"""

EVENTS = "event_id,announced_at,name,stance\na,2025-04-02 16:26,A,escalation\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder; give its exit code and what it said on standard error."""

    def command(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["eventstudy", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code, capsys.readouterr().err

    monkeypatch.chdir(tmp_path)
    return command


def study(tmp_path, catalog="events.csv", source="bundled", symbol="^GSPC", length=60):
    (tmp_path / "events.csv").write_text(EVENTS.replace("16:26,", "16:26-04:00,"))
    (tmp_path / "study.toml").write_text(STUDY.format(catalog=catalog, source=source, symbol=symbol, length=length))


def last_line(error: str) -> str:
    return [line for line in error.splitlines() if line.startswith("eventstudy: ")][-1]


def refused(run, tmp_path, *said: str) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    code, error = run("run", "study.toml", "--out", "result")
    assert code == 2, error
    assert "Traceback" not in error
    for words in said:
        assert words in error
    assert {path.name for path in tmp_path.iterdir()} == before, "something was written"


def test_an_empty_catalogue(run, tmp_path):
    study(tmp_path)
    (tmp_path / "events.csv").write_text("event_id,announced_at,name,stance\n")
    refused(run, tmp_path, "events.csv", "empty")


def test_an_unknown_ticker(run, tmp_path):
    study(tmp_path, symbol="^GPSC")
    refused(run, tmp_path, "^GPSC", "did you mean", "^GSPC")


def test_a_price_file_without_a_date_column(run, tmp_path):
    study(tmp_path, source="prices.csv")
    pd.DataFrame({"^GSPC": [1.0, 2.0]}).to_csv(tmp_path / "prices.csv", index=False)
    refused(run, tmp_path, "prices.csv", "date")


def test_a_time_zone_that_does_not_exist(run, tmp_path):
    study(tmp_path)
    text = (tmp_path / "study.toml").read_text().replace("[prices]", 'timezone = "America/New_Yorc"\n[prices]')
    (tmp_path / "study.toml").write_text(text)
    (tmp_path / "events.csv").write_text(EVENTS)
    refused(run, tmp_path, "America/New_Yorc")


def test_a_window_longer_than_the_data(run, tmp_path):
    study(tmp_path, length=9000)
    refused(run, tmp_path, "9000")


def test_an_unknown_study(run):
    code, error = run("run", "us-chin", "--out", "result")
    assert code == 2
    assert "us-china" in last_line(error)


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_of_a_study_is_not_the_flagship(run, tmp_path, name):
    code, error = run("run", name, "--out", "out")
    assert code == 2
    assert "the name of the study is empty; leave it out for us-china" in last_line(error)
    assert not (tmp_path / "out").exists()


def test_a_study_file_with_wrong_keys_names_all_of_them(run, tmp_path):
    study(tmp_path)
    text = (tmp_path / "study.toml").read_text().replace('title = "T"', 'titel = "T"\ncalender = "XNYS"')
    (tmp_path / "study.toml").write_text(text)
    refused(run, tmp_path, "study.toml", "titel", "title is missing", "no key calender; did you mean 'calendar'?")


def test_a_study_file_with_a_key_that_resembles_none_lists_those_there_are(run, tmp_path):
    study(tmp_path)
    with (tmp_path / "study.toml").open("a") as file:
        file.write("[hypothesis]\nxyz = 1\n")
    refused(run, tmp_path, "no key hypothesis.xyz; the keys are seed, definitions")


def test_an_event_file_with_semicolons_says_so(run, tmp_path):
    (tmp_path / "events.csv").write_text(EVENTS.replace(",", ";"))
    code, error = run("events", "--validate", "events.csv")
    assert code == 2
    assert "parted by ';'" in error


def test_a_missing_price_file(run, tmp_path):
    study(tmp_path)
    code, error = run("run", "study.toml", "--source", "nowhere.parquet", "--out", "result")
    assert code == 2
    assert "nowhere.parquet" in last_line(error)


def test_a_source_without_any_symbol_of_the_study(run, tmp_path):
    study(tmp_path, source="prices.csv")
    days = pd.bdate_range("2024-01-01", periods=300, name="date")
    pd.DataFrame({"AAA": 100.0}, index=days).to_csv(tmp_path / "prices.csv")
    refused(run, tmp_path, "prices.csv", "^GSPC", "bundled")


def test_a_place_that_cannot_be_written_is_refused_before_the_work(run, tmp_path):
    study(tmp_path)
    (tmp_path / "file").write_text("")
    code, error = run("run", "study.toml", "--out", "file/result")
    assert code == 2
    assert "loading" not in error
    assert "file" in last_line(error)


def test_a_comparison_with_nothing_is_refused_before_the_work(run, tmp_path):
    study(tmp_path)
    code, error = run("check", "study.toml", "--against", "nowhere")
    assert code == 2
    assert "loading" not in error
    assert "nowhere" in last_line(error)


def test_a_folder_that_is_not_ours_is_left_alone(run, tmp_path):
    study(tmp_path)
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "thesis.txt").write_text("years of work")
    refused(run, tmp_path, "result")
    assert (tmp_path / "result" / "thesis.txt").read_text() == "years of work"


def test_a_bad_row_of_a_catalogue_lists_every_one(run, tmp_path):
    (tmp_path / "mine.csv").write_text(
        "event_id,announced_at,name,stance\na,2025-04-02 16:26-04:00,A,escalatoin\nb,2025-13-02 16:26-04:00,B,talks\n"
    )
    code, error = run("events", "--validate", "mine.csv")
    assert code == 2
    for said in ("mine.csv", "escalatoin", "2025-13-02", "stance", "announced_at"):
        assert said in error


def test_unknown_options_are_usage_errors(run):
    code, error = run("run", "us-china", "--ouut", "x")
    assert code == 2
    assert "--ouut" in error


def test_every_command_explains_itself(run):
    for command in [name.name or name.callback.__name__ for name in app.registered_commands]:
        code, _ = run(command, "--help")
        assert code == 0
