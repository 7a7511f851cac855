"""SKILL.md: every call, argument, block and command on it runs, and it names every argument that there is."""

import inspect
import json
import re
import shlex
from typing import get_args

import pytest
from typer.testing import CliRunner

from eventstudy.agent.desk import Desk, ModelName, Table
from eventstudy.agent.server import CALLS, skill_text
from eventstudy.cli.app import app


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", skill_text(), re.MULTILINE | re.DOTALL)


def calls():
    return [json.loads(block) for block in blocks("json")]


@pytest.mark.usefixtures("own")
def test_every_call_is_answered_in_the_order_of_the_page(ask):
    for call, (refused, answer) in zip(calls(), ask(calls()), strict=True):
        assert not refused, (call, answer)
        assert answer["rows"]
        assert {"versions"} < set(answer["provenance"])


@pytest.mark.parametrize("name", CALLS)
def test_the_page_shows_every_argument_of_every_call(name):
    shown = {key for call in calls() if call["call"] == name for key in call["arguments"]}
    assert shown == set(inspect.signature(getattr(Desk, name)).parameters) - {"self"}


def test_the_page_names_every_table_and_every_model():
    text = skill_text()
    assert all(f"`{one}`" in text for one in (*get_args(Table), *get_args(ModelName)))


@pytest.mark.usefixtures("own")
def test_the_python_runs(capsys):
    names = {}
    for block in blocks("python"):
        exec(compile(block, "SKILL.md", "exec"), names)  # noqa: S102  our own page
    assert "security-events" in capsys.readouterr().out


@pytest.mark.usefixtures("own")
def test_the_files_that_the_page_reads_in_passing_are_read():
    for line in re.findall(r"`(es\.load_\w+\([^`]+\))`", skill_text().replace("\n", " ")):
        exec(compile(f"import eventstudy as es\n{line}", "SKILL.md", "exec"), {})  # noqa: S102  our own page


def commands():
    return [shlex.split(line[2:])[1:] for block in blocks("console") for line in block.splitlines()]


@pytest.mark.parametrize("words", [one for one in commands() if one[0] != "run"], ids=" ".join)
@pytest.mark.usefixtures("own")
def test_the_commands_run(words):
    assert CliRunner().invoke(app, words).exit_code == 0


@pytest.mark.slow
def test_the_study_runs(own):
    (words,) = [one for one in commands() if one[0] == "run"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (own / "out" / "results.json").exists()
    assert (own / "out" / "manifest.json").exists()


def test_the_command_prints_the_page():
    assert CliRunner().invoke(app, ["mcp", "--skill"]).output == skill_text()
