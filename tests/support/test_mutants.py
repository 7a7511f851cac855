"""The mutation trial itself: what it changes, what it leaves alone, what it remembers, and one whole run on a small tree."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import eventstudy
from mutants.__main__ import Journal, draw, known_equivalent
from mutants.reach import Reach, folders, numeric_modules
from mutants.sites import sites

ROOT = Path(__file__).parents[2]
PACKAGE = Path(eventstudy.__file__).parent

SOURCE = '''"""A module of 3 numbers."""
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from x import y

LIMIT = 2


@cache(maxsize=64)
def kernel(x: np.ndarray[1], flag: bool = True) -> float:
    """Return 1 + 1."""
    if flag and not x.any():
        msg = f"give {1 + 1}"
        raise ValueError(msg + str(1))
    assert x.size > 0
    for a, b in zip(x[1:], x[:-1], strict=True):
        x += a - b
    return np.sqrt(-x[0])  # é: bytes are not characters
'''


def test_every_kind_of_change_is_made_and_what_changes_no_number_is_left_alone():
    assert [site.change for site in sites(SOURCE)] == [
        "2 -> 3",
        "True -> False",
        "flag and (not x.any()) -> flag or not x.any()",
        "not x.any() -> x.any()",
        "any -> all",
        "1: -> :",
        "1 -> 2",
        ":-1 -> :",
        "-1 -> 1",
        "1 -> 2",
        "x += a - b -> x -= a - b",
        "a - b -> a + b",
        "np.sqrt(-x[0]) -> np.sqrt(-x[0]) * 0",
        "np.sqrt(-x[0]) -> -x[0]",
        "-x[0] -> x[0]",
        "0 -> 1",
    ]


def test_each_change_is_one_and_the_module_still_parses():
    source = (PACKAGE / "inference" / "beyond" / "equivalence.py").read_bytes()
    found = sites(source.decode())
    whole = ast.dump(ast.parse(source))
    for site in found:
        changed = ast.dump(ast.parse(site.apply(source)))
        assert changed != whole
        assert site.first <= site.line <= site.last
    assert len({(site.start, site.stop, site.new) for site in found}) == len(found)


def test_a_seed_draws_in_turn_over_the_modules():
    found = sites(SOURCE)
    modules = {"a": found, "b": found[:3], "c": []}
    drawn = draw(modules, 10, seed=1)
    assert drawn == draw(modules, 10, seed=1) != draw(modules, 10, seed=2)
    assert [name for name, _ in drawn].count("b") == 3
    assert len({(name, site.start, site.new) for name, site in drawn}) == 10
    assert len(draw(modules, 1000, seed=1)) == len(found) + 3


def test_numeric_modules_are_found_not_listed():
    names = {str(path.relative_to(PACKAGE)) for path in numeric_modules(PACKAGE)}
    assert {
        "abnormal/engine/solve.py",
        "inference/beyond/equivalence.py",
        "hypothesis/links/power.py",
        "study/fit/align.py",
    } <= names
    assert not {"hypothesis/verdict/wording.py", "inference/__init__.py", "returns/panel.py"} & names
    rooms = set(folders(ROOT))
    assert {"src", "tests", "tests/abnormal", "tests/inference", "tests/e2e", "tests/report"} <= rooms
    assert not {"tests/events", "tests/plots", "tests/returns"} & rooms


def test_tests_of_a_line_come_nearest_first():
    module = "src/eventstudy/inference/significance_tests/signs.py"
    site = next(site for site in sites(SOURCE) if site.change == "a - b -> a + b")
    near, room, far, slow = (
        f"tests/{name}::test_it" for name in ("inference/test_signs.py", "inference/test_z.py", "cli/test_a.py", "abnormal/test_b.py")
    )  # fmt: skip
    seconds = {near: 9.0, room: 2.0, far: 0.1, slow: 5.0}
    order = list(seconds)
    lines = {module: {str(site.first): [order.index(t) for t in (slow, far, near, room)], "2": [0]}}
    reach = Reach.of([{"seconds": seconds, "lines": lines}])
    assert reach.tests(module, site) == [near, room, far, slow]
    assert reach.reached(module, site)
    # a line that no test was seen to run is tried with all tests of its module and its room
    unseen = Reach.of([{"seconds": seconds, "lines": {module: {"2": [order.index(far)]}}}])
    assert unseen.tests(module, site) == [near, room, far]
    assert not unseen.reached(module, site)


def test_the_journal_forgets_what_no_longer_holds(tmp_path):
    (tmp_path / "m.py").write_text(SOURCE)
    (tmp_path / "t.py").write_text("")
    found, lived = sites(SOURCE)[:2]
    told = {"how": "", "ran": 1, "seconds": 1.0}
    kept = tmp_path / "journal.jsonl"
    first = Journal(kept, tmp_path, "state")
    first.keep("m.py", found, {**told, "lived": False, "failed": "t.py::test_it"})
    first.keep("m.py", lived, {**told, "lived": True, "failed": ""})
    with kept.open("a") as file:
        file.write('{"key": "cut off')  # whoever wrote this was killed
    again = Journal(kept, tmp_path, "state")
    assert again.outcome("m.py", found)["failed"] == "t.py::test_it"
    assert again.outcome("m.py", lived)["lived"]
    later = Journal(kept, tmp_path, "another state")
    assert later.outcome("m.py", lived) is None
    assert later.outcome("m.py", found) is not None
    (tmp_path / "t.py").write_text("pass\n")
    assert later.outcome("m.py", found) is not None  # what changes while trials go on is one of the trials
    assert Journal(kept, tmp_path, "state").outcome("m.py", found) is None


def test_every_listed_equivalent_names_a_change_that_there_is():
    listed = tomllib.loads((Path(__file__).parent / "mutants" / "equivalent.toml").read_text())["equivalent"]
    files = {entry["file"] for entry in listed}
    found = {
        f"src/eventstudy/{path.relative_to(PACKAGE)}": sites(path.read_text())
        for path in numeric_modules(PACKAGE)
        if str(path.relative_to(PACKAGE)) in files
    }
    stale = [
        entry
        for entry in listed
        if not any(known_equivalent(name, site, [entry]) for name in found for site in found[name])
    ]
    assert stale == []
    assert all(len(entry["reason"]) > 20 for entry in listed)


@pytest.mark.slow
def test_a_small_tree_is_tried_as_a_whole(tmp_path):
    room = tmp_path / "tree" / "src" / "eventstudy" / "inference"
    tests = tmp_path / "tree" / "tests" / "inference"
    for folder in (room, tests):
        folder.mkdir(parents=True)
    (room.parent / "report" / "gate").mkdir(parents=True)
    for empty in (
        "__init__.py",
        "inference/__init__.py",
        "report/__init__.py",
        "report/gate/__init__.py",
        "report/gate/pytest_plugin.py",
    ):
        (room.parent / empty).write_text("")
    room.joinpath("small.py").write_text(
        "import numpy as np\n\n\ndef twice(x):\n    return x * 2\n\n\ndef forever(x):\n    while x < 3:\n        x += 1\n    return x\n"
    )
    tests.joinpath("test_small.py").write_text(
        "from eventstudy.inference.small import forever\n\n\ndef test_it():\n    assert forever(0) == 3\n"
    )
    (tmp_path / "tree" / "pyproject.toml").write_text('[tool.pytest.ini_options]\nmarkers = ["slow", "browser"]\n')
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "tree", check=True)  # noqa: S607  the git of the path
    before = {path: path.read_bytes() for path in (tmp_path / "tree" / "src").rglob("*.py")}
    program = "import sys; from mutants import __main__, trial; trial.LEAST_TEST = 3.0; sys.exit(__main__.main())"
    command = [sys.executable, "-c", program, "--root", str(tmp_path / "tree"), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "support")}

    def run():
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    done = run()
    assert "changes drawn" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    table = done.stdout.split("\n\n", 1)[1]
    assert "inference/small.py:5  (no test runs the line)\n    return x * 2\n    x * 2 -> x / 2" in table
    assert "x += 1 -> x -= 1  found by tests/inference/test_small.py::test_it hung" in done.stdout
    assert "7 changes drawn, 0 listed as equivalent; of 7, 5 were found and 2 lived" in table
    again = run()
    assert "what do the quick tests" not in again.stdout
    assert again.stdout.strip() == table.strip()
    # a file that fails only where it is named, as every trial names it, would tell of a find each time
    room.joinpath("named.py").write_text("import numpy as np\n\n\nclass Tested:\n    def __init__(self):\n        pass\n\n\n"
        'def half(x):\n    """Return a half.\n\n    >>> half(4)\n    2.0\n    """\n    return x / 2\n')  # fmt: skip
    ini = tmp_path / "tree" / "pyproject.toml"
    ini.write_text(ini.read_text() + 'addopts = ["--doctest-modules"]\nfilterwarnings = ["error"]\n')
    refused = run()
    assert refused.returncode == 1
    assert "without any change these cannot be collected" in refused.stderr, refused.stdout + refused.stderr
    room.joinpath("named.py").unlink()
    assert {path: path.read_bytes() for path in (tmp_path / "tree" / "src").rglob("*.py")} == before
