"""The files for a CI, ours and those that a user copies: their commands exist, and their steps do what they say."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

import eventstudy as es
import workflow
from eventstudy.cli import running
from eventstudy.cli.app import app
from pages import ROOT

CI = ROOT / "docs" / "ci"
WORKFLOWS = sorted(workflow.FOLDER.glob("*.yml"))
STUDY = """
title = "Mine"
[catalog]
source = "events.csv"
timezone = "America/New_York"
[prices]
source = "prices.csv"
symbols = ["M"]
[market]
symbol = "M"
"""
if not WORKFLOWS:
    pytest.skip("the sdist is without .github/", allow_module_level=True)


def check_command():
    """Give the `eventstudy check` of the reusable workflow, with the inputs of the example put in."""
    (call,) = workflow.load(CI / "eventstudy-check.yml")["jobs"].values()
    text = (workflow.FOLDER / "check-charts.yml").read_text()
    line = re.search(r"(eventstudy check .+) > moved.txt", text)[1]
    return shlex.split(line.replace("$STUDY", call["with"]["study"]).replace("$ACCEPTED", call["with"]["accepted"]))


def hook_command():
    (hook,) = yaml.safe_load((CI / "pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    return shlex.split(hook["entry"])


@pytest.mark.parametrize("command", [check_command, hook_command])
def test_the_command_checks_the_shipped_study_against_the_gallery_and_keeps_pictures(command, monkeypatch):
    asked = []
    monkeypatch.setattr(running, "check_study", lambda *study, **options: asked.append((study, options)) or 1)
    done = CliRunner().invoke(app, command()[1:])
    assert done.exit_code == 1, "what the comparison says is the exit code, so that the build fails"
    ((study, options),) = asked
    assert study == ("us-china",)
    assert options["against"] == Path("gallery")
    assert options["images"] is not None
    assert not options["update"], "a build never accepts what moved"


def test_the_example_calls_the_reusable_workflow_with_inputs_that_it_has():
    called = workflow.load(workflow.FOLDER / "check-charts.yml")["on"]["workflow_call"]["inputs"]
    (call,) = workflow.load(CI / "eventstudy-check.yml")["jobs"].values()
    assert "/.github/workflows/check-charts.yml@v" in call["uses"]
    assert set(call["with"]) <= set(called)
    assert {name for name, one in called.items() if one.get("required")} <= set(call["with"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_step_of_ours_is_a_target_that_there_is(path):
    """So that each can be run at home; and a workflow can write no more than a comment."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    flow = workflow.load(path)
    assert flow["permissions"] == {"contents": "read"}
    for job in flow["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        assert set(matrix.get("target", [])) <= targets
        assert job["timeout-minutes"] <= (60 if path.name == "wheels.yml" else 30)
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "${{" not in step.get("run", ""), "a value in a script is code; give it as a variable"
            for words in re.findall(r"^make (.+)$", step.get("run", ""), re.MULTILINE):
                named = [word for word in words.split() if "=" not in word and word != '"$TARGET"']
                assert set(named) <= targets


def test_every_session_that_a_workflow_names_is_in_the_noxfile():
    text = (workflow.FOLDER / "tests.yml").read_text()
    (named,) = re.findall(r"session: \[(.+)\]", text)
    assert set(named.split(", ")) <= set(re.findall(r"^def (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE))


def write_study(work):
    """Put a study of one's own into a folder: an index over 540 real sessions, six events."""
    sessions = es.load_prices("^GSPC", "2022-01-03", "2024-02-28").frame.index
    close = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, sessions.size).cumsum())
    pd.DataFrame({"date": sessions, "M": close.round(4)}).to_csv(work / "prices.csv", index=False)
    moments = [f"{day:%Y-%m-%d} 10:00" for day in sessions[300:480:30]]
    rows = [f"e{number},{moment},Event {number},escalation" for number, moment in enumerate(moments)]
    (work / "events.csv").write_text("\n".join(["event_id,announced_at,name,stance", *rows]) + "\n")
    (work / "study.toml").write_text(STUDY)


@pytest.mark.slow
def test_in_an_empty_repository_a_changed_price_fails_the_build_keeps_pictures_and_says_what_moved(tmp_path):
    work, tools = tmp_path / "repository", tmp_path / "tools"
    work.mkdir()
    tools.mkdir()
    here = Path(sys.executable).parent
    (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$*" > ../gh.txt\n')
    (tools / "gh").chmod(0o755)
    env = {"PATH": os.pathsep.join((str(tools), str(here), os.environ["PATH"]))}
    job = workflow.load(workflow.FOLDER / "check-charts.yml")["jobs"]["check"]
    known = {
        "inputs.study": "study.toml", "inputs.accepted": "accepted", "inputs.requirements": "requirements.txt",
        "inputs.comment": "true", "github.event_name": "pull_request", "github.event.pull_request.number": "7",
        "github.repository": "me/mine", "github.token": "none",
    }  # fmt: skip

    def build():
        return workflow.run_job(job, work, known, env, skip={"Install"})

    write_study(work)
    written = subprocess.run(
        [here / "eventstudy", "run", "study.toml", "--out", "accepted"],
        cwd=work, env={**os.environ, **env}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert written.returncode == 0, written.stderr
    kept = shutil.copytree(work, tmp_path / "before")

    same = build()
    assert not same.failed, same.printed
    assert same.ran[-1] == "Has anything moved?"
    assert "nothing moved" in same.printed
    assert not (work / "moved").exists()

    prices = pd.read_csv(kept / "prices.csv")
    prices.loc[330, "M"] *= 1.1
    prices.to_csv(work / "prices.csv", index=False)
    moved = build()
    assert moved.failed
    assert moved.ran[-3:] == ["Say what moved", "Keep the pictures of what moved", "Comment"]
    assert list((work / "moved").glob("*.png"))
    comment = (work / "moved.md").read_text()
    assert "moved against `accepted`" in comment
    assert "chart" in comment
    assert comment in (tmp_path / "runner" / "summary.md").read_text()
    assert (tmp_path / "gh.txt").read_text().startswith("pr comment 7 --repo me/mine")

    (work / "events.csv").write_text("not,a,catalogue\n")
    shutil.rmtree(work / "moved")
    broken = build()
    assert broken.failed
    assert broken.ran[-1] == "Has anything moved?", "a broken input is not told as a move"
