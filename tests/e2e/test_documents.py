"""What the README and the how-to page say is what happens: their code runs, their commands and files exist."""

from __future__ import annotations

import importlib
import re
import shlex
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

import eventstudy as es
from eventstudy.cli.app import app
from eventstudy.study.pairs.firm_file import FirmFile
from eventstudy.study.study_file import StudyFile
from firm_files import write_firm_files
from pages import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = ["README.md", "docs/firms.md"]
FROM = [f"docs/from/{path.name}" for path in sorted((ROOT / "docs" / "from").glob("*.md")) if path.stem != "index"]
CELLS = ["docs/learn/quickstart.md", "docs/learn/merger.md", "docs/learn/macro_date.md"]
WRITTEN = [path.relative_to(ROOT) for path in sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [*RUN, "CONTRIBUTING.md", *(path.as_posix() for path in WRITTEN if "generated" not in path.parts)]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_the_code_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_firm_files(tmp_path)  # what a reader has on disk
    names: dict[str, object] = {}
    found = blocks(page, "python")
    assert found
    for number, block in enumerate(found, start=1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)  # noqa: S102  our own page


RECIPES = re.split(r"^### ", (ROOT / "docs/howto.md").read_text("utf-8"), flags=re.MULTILINE)[1:]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=[one.partition("\n")[0] for one in RECIPES])
def test_each_recipe_runs_by_itself(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", recipe, re.MULTILINE | re.DOTALL))
    exec(compile(code, recipe.partition("\n")[0], "exec"), {})  # noqa: S102  our own page


@pytest.mark.parametrize("page", [*FROM, *(pytest.param(page, marks=pytest.mark.slow) for page in CELLS)])
def test_the_cells_of_a_page_run_and_give_the_number_of_the_other_program(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "docs" / "from")  # the panels stand beside the pages
    names: dict[str, object] = {}
    for number, block in enumerate(blocks(page, r"\{code-cell\} python"), start=1):
        exec(compile(re.sub(r"\A(:.*\n)+", "", block), f"{page}, cell {number}", "exec"), names)  # noqa: S102  our own page
        both = names.get("both")
        assert both is None or (both["theirs"] == both["ours"]).all(), both
    assert page in CELLS or len(names["both"])


@pytest.mark.parametrize("page", FROM)
def test_every_call_named_for_a_user_of_another_program_is_one(page, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "from")
    panel = importlib.import_module("foreign_panel")
    study = es.EventStudy(model=es.MarketModel("M"), window=panel.WINDOW, estimation=panel.ESTIMATION, calendar=None)
    result = study.fit(panel.events(common=True), panel.panel())
    text = (ROOT / page).read_text("utf-8")
    for call in re.findall(r"`result\.test\((.*?)\)`", text):
        assert eval(f"result.test({call})", {"result": result, "window": panel.WINDOW}).name in call  # noqa: S307  our own page
    assert all(hasattr(result, name) for name in re.findall(r"`result\.(\w+)", text))
    assert all(hasattr(es, name) for name in re.findall(r"\bes\.(\w+)", text))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    home = (ROOT / page).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / page).read_text()):
        if target.startswith("gallery/") and not (ROOT / "gallery").exists():
            continue  # the sdist is without the gallery
        if "generated/" in target:
            continue  # `make docs` makes these pages, and stops at a dead link
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


@pytest.mark.slow
def test_the_page_on_study_files_names_every_key_and_its_example_runs(tmp_path):
    text = (ROOT / "docs" / "studies.md").read_text()
    told = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)`", "\n".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))))
    assert told == set(keys(StudyFile)) | set(keys(FirmFile))
    (tmp_path / "study.toml").write_text(blocks("docs/studies.md", "toml")[0])
    (tmp_path / "events.csv").write_text("event_id,announced_at,name,stance\na,2024-03-14 16:05,A,escalation\n")
    days = pd.bdate_range("2023-01-02", "2024-12-31", name="date")
    closes = 100 + np.random.default_rng(0).normal(0, 1, len(days)).cumsum()
    pd.DataFrame({"^GSPC": closes}, index=days).to_csv(tmp_path / "prices.csv")
    done = CliRunner().invoke(app, ["run", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.slow
def test_the_study_of_firms_on_that_page_runs(tmp_path):
    (tmp_path / "study.toml").write_text(blocks("docs/studies.md", "toml")[1])
    write_firm_files(tmp_path)
    done = CliRunner().invoke(app, ["run", str(tmp_path / "study.toml"), "--quick", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "column 'Event Date' read as %m/%d/%Y" in done.output
    assert (tmp_path / "out" / "tables" / "horizons.csv").exists()


def keys(part: type[BaseModel]) -> Iterator[str]:
    """Give the keys of a table of a study file, those of its tables below it."""
    for name, field in part.model_fields.items():
        if field.exclude:
            continue
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        below = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        yield from (f"{name}.{key}" for key in keys(below)) if below else (name,)
