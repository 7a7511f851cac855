"""A file of the package that is missing: one error that names it, and only for those who need it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eventstudy as es
from eventstudy import _shipped
from eventstudy.agent.server import skill_text
from eventstudy.calibration.tables import TABLES, shipped_tables
from eventstudy.errors import InstallationError
from eventstudy.events import episodes as companions, load
from eventstudy.hypothesis.claims.ledger import load_claims
from eventstudy.hypothesis.record import definitions
from eventstudy.hypothesis.verdict import tables as verdict_tables
from eventstudy.pages import page
from eventstudy.plots.canvas import styled
from eventstudy.returns import bundled
from eventstudy.study.pairs.firm_file import load_study
from eventstudy.study.study_file import shipped_studies

SOURCE = Path(es.__file__).parent


def drawn(style):
    with styled(style):
        pass


#: Every data file of the package -> what needs it.
NEEDED = {
    **{
        f"returns/figures/{name}.csv": (bundled._read.__wrapped__, name) for name in ("market", "industries", "factors")
    },
    **{f"events/catalogues/{name}.toml": (load._shipped.__wrapped__, name) for name in load.shipped_catalogues()},
    **{f"events/catalogues/episodes/{name}.toml": (companions.load_episodes, name) for name in companions.EPISODES},
    **{
        f"events/catalogues/episodes/{name}-stretches.csv": (companions.load_stretches, name)
        for name in companions.STRETCHES
    },
    **{
        f"events/catalogues/episodes/{name}-reliefs.csv": (companions.load_reliefs, name)
        for name in companions.STRETCHES
    },
    "events/catalogues/macro_calendar.csv": (companions.load_macro_calendar,),
    "hypothesis/claims.toml": (load_claims,),
    "hypothesis/definitions.toml": (definitions._shipped.__wrapped__,),
    "hypothesis/verdict/tables.toml": (verdict_tables._words.__wrapped__,),
    **{f"hypothesis/examples/{name}.toml": (definitions._example.__wrapped__, name) for name in definitions.EXAMPLES},
    **{f"plots/{style}.mplstyle": (drawn, style) for style in ("screen", "paper")},
    **{f"pages/template/{name}": (page._read, name) for name in ("page.css", "page.html.j2", "page.js")},
    **{f"study/studies/{name}.toml": (load_study, name) for name in shipped_studies()},
    **{f"calibration/tables/{name}": (shipped_tables,) for name in TABLES},
    "agent/SKILL.md": (skill_text,),
}


def data_files() -> set[str]:
    found = (
        path
        for path in SOURCE.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc", ".pyi", ".nbi", ".nbc"}
    )
    return {path.relative_to(SOURCE).as_posix() for path in found} - {"py.typed"}


def test_every_data_file_is_known_here_and_none_is_a_link():
    assert data_files() == set(NEEDED)
    assert not [name for name in NEEDED if (SOURCE / name).is_symlink()]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named_with_the_way_out(name, tmp_path, monkeypatch):
    for other in set(NEEDED) - {name}:
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SOURCE / other, tmp_path / other)
    monkeypatch.setattr(_shipped, "files", lambda room: tmp_path.joinpath(*room.split(".")[1:]))
    call, *arguments = NEEDED[name]
    with pytest.raises(
        InstallationError, match="the installation is not complete; install eventstudykit again"
    ) as caught:
        call(*arguments)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")
    assert "\n" not in str(caught.value)


def test_files_of_the_package_are_opened_in_one_place():
    reaching = re.compile(r"importlib\.resources|from importlib import .*resources|pkgutil")
    loose = {path.name for path in SOURCE.rglob("*.py") if reaching.search(path.read_text(encoding="utf-8"))}
    assert loose == {"_shipped.py"}


@pytest.mark.slow
def test_an_installation_without_figures_says_so_and_does_what_needs_none(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "eventstudy", ignore=shutil.ignore_patterns("figures"))

    def run(*words):
        command = [sys.executable, "-m", "eventstudy", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = run("run", "us-china", "--quick", "--out", "out")
    assert done.returncode == 2, done.stderr
    assert "market.csv: this file of the package is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert run("events", "us-china").returncode == 0
