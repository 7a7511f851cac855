"""The main job as a user runs it: one command, offline, a folder with the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import eventstudy as es

FIRST_SESSIONS = {  # published closes of the S&P 500, to the basis point
    "2025-04-02_liberation": ("2025-04-03", -0.0484),
    "2025-04-09_pause": ("2025-04-09", 0.0952),
    "2025-05-12_geneva": ("2025-05-12", 0.0326),
    "2025-10-26_kl": ("2025-10-27", 0.0123),
}
BASIS_POINT = 0.00005  # half of one: the published figures are rounded to it
LAST_FIGURE = "2026-08-20"
TEN_SESSIONS_BEFORE = "2026-08-06"  # the event window reaches to relative day +10
CHARTS = {"market-2024-2026", "market-2018-2020", "reactions", "caar", "industries"}

pytestmark = pytest.mark.slow  # each needs a whole run


def run(out: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eventstudy", "run", "us-china", "--quick", "--out", str(out), *words]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("main") / "out"
    done = run(out, PYTHONHASHSEED="1", TZ="America/New_York")
    assert done.returncode == 0, done.stderr
    assert "all three together" in done.stdout
    return out


@pytest.mark.slow
def test_the_folder_has_everything(folder):
    assert {path.name for path in folder.iterdir()} == {
        "results.json",
        "report.html",
        "charts",
        "tables",
        "manifest.json",
    }
    names = {path.stem for path in (folder / "charts").glob("*.svg")}
    assert names == {path.stem for path in (folder / "charts").glob("*.png")}
    assert names >= CHARTS


def test_the_first_sessions_and_their_returns(folder):
    events = json.loads((folder / "results.json").read_text())["market"]["events"]
    for event, (session, moved) in FIRST_SESSIONS.items():
        assert events[event]["session"] == session
        assert events[event]["return"] == pytest.approx(moved, abs=BASIS_POINT)


def test_every_event_with_enough_history_is_studied_and_the_others_are_listed(folder):
    """By hand, from the sessions of the facts: 250 sessions end on day -11, days 0 and +1 of every event do not count."""
    market = json.loads((folder / "results.json").read_text())["market"]
    # first sessions from the facts, not from us
    answers = Path(__file__).parents[1] / "events" / "us_china_second_sessions.csv"
    session = pd.read_csv(answers, parse_dates=["first_session"]).set_index("id")["first_session"]
    days = es.load_prices(["^GSPC"], source="bundled").frame.index
    assert days[-1] == session.max() == pd.Timestamp(LAST_FIGURE)  # no event lies outside the figures
    at = pd.Series(days.get_indexer(session), session.index)
    news = {*at, *(at + 1)}
    usable = at.map(lambda day: len(set(range(day - 260, day - 10)) - news))
    few = {f"{bars} of 250 estimation bars usable, 100 needed": bars for bars in usable[usable < 100]}
    assert set(market["events"]) == set(usable.index[usable >= 100])
    listed = {row["event_id"]: few[row["detail"]] for row in market["excluded"].values()}
    assert listed == usable[usable < 100].to_dict()
    assert {row["reason"] for row in market["excluded"].values()} == {"too_few_bars"}


def test_a_window_cut_by_the_end_of_the_figures_says_so(folder):
    events = pd.read_csv(folder / "tables" / "events.csv").fillna({"flag": ""})
    cut = events.loc[events["flag"].str.contains("cut"), "session"]
    whole = events.loc[~events["flag"].str.contains("cut"), "session"]
    assert len(cut) > 0
    assert whole.max() <= TEN_SESSIONS_BEFORE < cut.min()


def test_the_verdict_can_say_that_nothing_is_shown(folder):
    hypothesis = json.loads((folder / "results.json").read_text())["hypothesis"]
    question, answer, *_ = hypothesis["summary"]
    assert question.startswith("Do falling stocks make Washington ease tariffs on China?")
    assert answer.split(": ")[0] == {True: "Yes", False: "No", None: "Not shown"}[hypothesis["supported"]]
    assert "prove" not in " ".join(hypothesis["summary"])


@pytest.mark.slow
def test_two_runs_write_the_same_bytes_whatever_the_machine_says(folder, tmp_path):
    again = tmp_path / "again"
    assert run(again, PYTHONHASHSEED="7", TZ="Asia/Tokyo", LC_ALL="C").returncode == 0
    first = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert first.keys() == second.keys()
    assert [str(name) for name in first if first[name] != second[name]] == []


def test_nothing_written_holds_a_path_of_this_machine(folder):
    for name in ("results.json", "report.html", "manifest.json"):
        text = (folder / name).read_text()
        assert str(folder) not in text
        assert str(Path.home()) + "/" not in text


@pytest.mark.slow
def test_named_tickers_give_their_groups(tmp_path):
    data = os.environ.get("EVENTSTUDY_TEST_DATA")
    if not data:
        pytest.skip("EVENTSTUDY_TEST_DATA names no folder of real prices on this machine")
    out = tmp_path / "out"
    done = run(out, "--source", str(Path(data) / "named_tickers_adjclose.parquet"))
    assert done.returncode == 0, done.stderr
    named = pd.read_csv(out / "tables" / "securities.csv")
    assert {"chips", "rare earths and magnets", "freight", "industries"} <= set(named["group"])
    assert {"NVDA", "MP", "ZIM"} <= set(named["symbol"])
    assert str(data) not in (out / "manifest.json").read_text()
