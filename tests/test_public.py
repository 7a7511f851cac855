"""The public names, what importing them costs, and which room may import which."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eventstudy

SOURCE = Path(eventstudy.__file__).parent

# The arrows of docs/design.md: a room may import the rooms named here, and itself. Nothing else.
GROUND = {"_lazy", "_shipped", "_version", "border", "errors", "replace", "words"}
MAY_IMPORT = {
    "errors": {"words"},
    "_version": set(),
    "_lazy": set(),
    "words": set(),
    "_shipped": {"errors"},
    "border": {"errors", "words"},
    "replace": {"errors", "words"},
    "calendars": GROUND,
    "events": GROUND | {"calendars"},
    "returns": GROUND | {"calendars"},
    "abnormal": GROUND,
    "inference": GROUND | {"abnormal"},
    "plots": GROUND,
    "study": GROUND | {"calendars", "events", "returns", "abnormal", "inference", "plots"},
    "calibration": GROUND | {"abnormal", "inference", "study"},
    "hypothesis": GROUND | {"calendars", "events", "returns", "abnormal", "inference", "plots", "study"},
    "report": GROUND | {"calendars", "events", "returns", "abnormal", "inference", "plots", "study", "calibration", "hypothesis"},
    "cli": GROUND | {"events", "returns", "study", "inference", "calibration", "hypothesis", "report"},
}  # fmt: skip

NUMBERS_ONLY = ("abnormal", "inference")  # arrays in, arrays out: no pandas


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports outside `if TYPE_CHECKING`."""
    found = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "eventstudy" and len(parts) > 1 else None


def files() -> list[Path]:
    return sorted(
        path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] not in {"__init__.py", "__main__.py"}
    )


def test_every_room_imports_only_what_stands_above_it():
    wrong = []
    for path in files():
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for module in imports_of(path):
            target = room_of(module)
            if target in MAY_IMPORT and target != room and target not in MAY_IMPORT[room]:
                wrong.append(f"{path.relative_to(SOURCE)} imports {module}")
    assert wrong == []


TOUCHING = {"write_text", "write_bytes", "rmtree", "rmdir", "unlink", "touch", "mkdtemp", "removedirs", "symlink_to"}
MAY_TOUCH = {"returns/store.py": {"unlink", "rmdir"}}  # the cache clears its own entries, file by file


def test_files_are_written_and_removed_in_one_room_alone():
    wrong = []
    for path in files():
        place = path.relative_to(SOURCE).as_posix()
        names = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute)
        }
        if not place.startswith("replace/"):
            wrong += [f"{place}: {name}" for name in sorted(names & TOUCHING - MAY_TOUCH.get(place, set()))]
    assert wrong == []


@pytest.mark.parametrize("room", NUMBERS_ONLY)
def test_the_rooms_of_numbers_know_no_labels(room):
    wrong = [
        f"{path.name} imports {module}"
        for path in sorted((SOURCE / room).rglob("*.py"))
        for module in imports_of(path)
        if module.split(".")[0] == "pandas"
    ]
    assert wrong == []


def test_all_names_are_exported_and_resolve():
    assert eventstudy.__all__ == sorted(eventstudy.__all__)
    assert set(eventstudy.__all__) - {"__version__"} == set(eventstudy._HOMES)
    for name in eventstudy.__all__:
        assert getattr(eventstudy, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        eventstudy.nonsense  # noqa: B018


def modules_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_imports_nothing_heavy():
    assert (
        modules_after("import eventstudy") & {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "yfinance"}
        == set()
    )


def test_help_imports_no_pandas():
    code = "import runpy, sys\nsys.argv = ['eventstudy', '--help']\ntry: runpy.run_module('eventstudy', run_name='__main__')\nexcept SystemExit: pass"
    assert modules_after(code) & {"pandas", "numpy", "scipy", "matplotlib", "statsmodels", "yfinance"} == set()
