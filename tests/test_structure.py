"""The order of the house: which room may import which, no circle of files, and rooms small enough to look into."""

import ast
import importlib.util
from functools import cache
from pathlib import Path

import pytest

import eventstudy

SOURCE = Path(eventstudy.__file__).parent

# The arrows of docs/design.md: a room may import the rooms named here, and itself. Nothing else, annotations counted.
GROUND = {
    "_lazy",
    "_shipped",
    "_typing",
    "_version",
    "border",
    "checks",
    "errors",
    "frames",
    "json_values",
    "plugins",
    "replace",
    "words",
    "workers",
}
MAY_IMPORT = {
    "errors": {"words"},
    "checks": {"errors", "words"},
    "_version": set(),
    "_lazy": set(),
    "_typing": set(),
    "words": set(),
    "json_values": set(),
    "_shipped": {"errors"},
    "border": {"errors", "words"},
    "frames": {"border", "dates", "errors"},
    "plugins": {"errors", "words"},
    "replace": {"border", "errors", "words"},
    "workers": {"errors", "words"},
    "calendars": GROUND,
    "dates": set(),
    "events": GROUND | {"calendars", "dates"},
    "returns": GROUND | {"calendars", "dates"},
    "abnormal": GROUND,
    "inference": GROUND | {"abnormal"},
    "plots": GROUND,
    "pages": GROUND | {"calendars", "returns", "plots"},
    "study": GROUND | {"calendars", "dates", "events", "returns", "abnormal", "inference", "plots", "pages"},
    "calibration": GROUND | {"abnormal", "calendars", "inference", "study"},
    "hypothesis": GROUND | {"calendars", "events", "returns", "abnormal", "inference", "plots", "pages", "study"},
    "report": GROUND | {"calendars", "events", "returns", "abnormal", "inference", "plots", "pages", "study", "calibration", "hypothesis"},
    "agent": GROUND | {"abnormal", "events", "inference", "returns", "study"},
    "cli": GROUND | {"agent", "events", "returns", "study", "inference", "calibration", "hypothesis", "pages", "report"},
}  # fmt: skip

# Rooms within rooms, from what stands below to what stands above; files beside them stand where their imports put them.
INSIDE = {
    "abnormal": ("models", "engine", "intraday"),
    "inference": ("core", "significance_tests", "intraday", "beyond"),
    "returns": ("quality", "tables", "cache", "remote", "sources", "crsp", "scan"),
    "hypothesis": ("record", "links", "rivals", "robustness", "claims", "verdict", "laboratory"),
    "report": ("parts", "gate"),
    "study": ("pairs", "tables", "fit", "firms", "apart", "large", "output"),
}
NUMBERS_ONLY = ("abnormal", "inference")  # arrays in, arrays out: no pandas
MOST_LINES = 400
MOST_MODULES = 16


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(("eventstudy", *(part for part in parts if part != "__init__")))


@cache
def modules() -> dict[str, Path]:
    return {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


@cache
def imports_of(name: str) -> frozenset[str]:
    """Every module that a module imports, in functions and for annotations too."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(one if one in modules() else node.module for one in inner)
    return frozenset(found - {name})


def first_party(name: str) -> list[str]:
    return sorted(imports_of(name) & modules().keys())


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def circles(graph: dict[str, list[str]]) -> list[list[str]]:
    """Tarjan's strongly connected components of more than one file."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_a_circle_is_found():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [["a", "b", "c"]]


def test_no_circle_of_files():
    files = {name: path for name, path in modules().items() if path.name != "__init__.py"}
    assert circles({name: [target for target in first_party(name) if target in files] for name in files}) == []


def test_no_circle_of_rooms_within_a_file_and_its_package():
    graph = {name: first_party(name) for name in modules() if name not in {"eventstudy", "eventstudy.__main__"}}
    assert circles({name: [target for target in targets if target in graph] for name, targets in graph.items()}) == []


def test_every_room_imports_only_what_stands_below_it():
    wrong = [
        f"{name} imports {target}"
        for name in modules()
        if room_of(name) in MAY_IMPORT
        for target in first_party(name)
        if room_of(target) and room_of(target) not in MAY_IMPORT[room_of(name)] | {room_of(name)}
    ]
    assert wrong == []


def test_every_room_has_its_place():
    assert {room_of(name) for name in modules()} - {"", "__main__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", INSIDE)
def test_rooms_within_a_room_import_downwards(room):
    floors = {inner: floor for floor, inner in enumerate(INSIDE[room])}
    there = {part.name for part in (SOURCE / room).iterdir() if (part / "__init__.py").exists()}
    assert there == set(floors)

    def floor_of(name: str) -> int | None:
        parts = name.split(".")
        return floors.get(parts[2]) if len(parts) > 2 and parts[1] == room else None

    wrong = [
        f"{name} imports {target}"
        for name in modules()
        if floor_of(name) is not None
        for target in first_party(name)
        if (floor_of(target) if floor_of(target) is not None else -1) > floor_of(name)
    ]
    assert wrong == []


@pytest.mark.parametrize("room", NUMBERS_ONLY)
def test_the_rooms_of_numbers_know_no_labels(room):
    wrong = [
        f"{name} imports {target}"
        for name in modules()
        if room_of(name) == room
        for target in imports_of(name)
        if target.split(".")[0] == "pandas"
    ]
    assert wrong == []


TOUCHING = {"write_text", "write_bytes", "rmtree", "rmdir", "unlink", "touch", "mkdtemp", "removedirs", "symlink_to"}
MAY_TOUCH = {"eventstudy.returns.cache.store": {"unlink", "rmdir"}}  # it clears its own entries, file by file


def test_files_are_written_and_removed_in_one_room_alone():
    wrong = []
    for name, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if room_of(name) != "replace":
            wrong += [f"{name}: {word}" for word in sorted(names & TOUCHING - MAY_TOUCH.get(name, set()))]
    assert wrong == []


def test_no_module_is_longer_than_one_can_read():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_no_folder_holds_more_than_one_can_see():
    folders = [path for path in SOURCE.rglob("*") if path.is_dir() and (path / "__init__.py").exists()]
    counts = {str(folder.relative_to(SOURCE)): len(list(folder.glob("[!_]*.py"))) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_the_picture_of_the_rooms_is_drawn_from_the_imports():
    folder = SOURCE.parents[1] / "docs"
    spec = importlib.util.spec_from_file_location("design_picture", folder / "design_picture.py")
    drawing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawing)
    assert drawing.BEGIN + drawing.picture() + drawing.END in (folder / "design.md").read_text(encoding="utf-8")
