"""The files that a user copies into a CI of their own: the commands in them are ones that this program takes."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventstudy.cli import running
from eventstudy.cli.app import app

CI = Path(__file__).parents[2] / "docs" / "ci"


def commands(name):
    """Give each `eventstudy …` of a file, with the variables of its environment put in."""
    text = (CI / name).read_text(encoding="utf-8")
    known = dict(re.findall(r"^\s+([A-Z]+): (\S+)", text, flags=re.MULTILINE))
    lines = re.findall(r"(?:run|entry): (eventstudy .+)", text)
    return [shlex.split(re.sub(r"\$([A-Z]+)", lambda found: known[found[1]], line)) for line in lines]


@pytest.mark.parametrize("name", ["eventstudy-check.yml", "pre-commit-config.yaml"])
def test_the_command_checks_the_shipped_study_against_the_gallery_and_keeps_pictures(name, monkeypatch):
    asked = []
    monkeypatch.setattr(running, "check_study", lambda *study, **options: asked.append((study, options)) or 1)
    (words,) = commands(name)
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 1, "what the comparison says is the exit code, so that the build fails"
    ((study, options),) = asked
    assert study == ("us-china",)
    assert options["against"] == Path("gallery")
    assert options["images"] is not None
    assert not options["update"], "a build never accepts what moved"


def test_the_pictures_that_the_workflow_keeps_are_those_that_the_command_writes():
    text = (CI / "eventstudy-check.yml").read_text(encoding="utf-8")
    (words,) = commands("eventstudy-check.yml")
    assert f"path: {words[words.index('--images') + 1]}\n" in text
