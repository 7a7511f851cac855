"""What the README and the how-to page say is what happens: their code runs, their commands and files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eventstudy.cli.app import app

ROOT = Path(__file__).parents[2]
RUN = ["README.md", "docs/howto.md"]
PAGES = [*RUN, "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", RUN)
def test_the_code_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(page, "python")
    assert found
    for number, block in enumerate(found, start=1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)  # noqa: S102  our own page


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    home = (ROOT / page).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / page).read_text()):
        assert (home / target).exists(), f"{page} points to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_exists(page):
    known = CliRunner()
    for block in blocks(page, "console") + blocks(page, ""):
        for line in re.findall(r"^\$?\s*(eventstudy .*)$", block, re.MULTILINE):
            words = shlex.split(line, comments=True)[1:]
            told = known.invoke(app, [words[0], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
            assert told.exit_code == 0, f"{page}: {line}"
            for option in (word for word in words if word.startswith("--")):
                assert option in told.stdout, f"{page}: {line}: no {option}"
