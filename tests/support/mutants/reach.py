"""Which quick test runs which line of the numeric rooms, measured once by coverage for each state of the tree."""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mutants.sites import Site

QUICK = "not slow and not browser"
ROOMS = ("abnormal", "inference", "hypothesis", "study")
PLAIN = ("-p", "no:cacheprovider", "-p", "no:xdist")
WORDS = {"advice", "charts", "provenance", "tables", "wording"}  # modules that say and lay out what others found


def numeric_modules(package: Path) -> list[Path]:
    """Return the modules of the numeric rooms that import numpy or scipy, in order of their names."""
    return [
        path
        for room in ROOMS
        for path in sorted((package / room).rglob("*.py"))
        if path.stem not in WORDS and re.search(r"^\s*(import|from) (numpy|scipy)\b", path.read_text(), re.MULTILINE)
    ]


class Recorder:
    """A pytest plugin: tells coverage whose lines run now, and keeps how long each test takes.

    What a shared fixture runs is put down to every test that uses it, not only to the one that needed it first.
    """

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.stack = [""]
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: list[str] = []
        self.fixtures: dict[str, list[str]] = {}  # of each test

    @contextmanager
    def _context(self, name: str) -> Iterator[None]:
        self.stack.append(name)
        self.coverage.switch_context(name)
        try:
            yield
        finally:
            self.stack.pop()
            self.coverage.switch_context(self.stack[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.fixtures[item.nodeid] = list(getattr(item, "fixturenames", ()))
        with self._context(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        with self._context(f"fixture {fixturedef.baseid} {fixturedef.argname}"):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def lines(self, root: Path) -> dict[str, dict[str, list[int]]]:
        """Return, for each module, the tests of each line, by their places in `seconds`; on import no test runs it."""
        data = self.coverage.get_data()
        place = {test: at for at, test in enumerate(self.seconds)}
        users = {context: [place[test] for test in self._users(context)] for context in data.measured_contexts()}
        return {
            str(Path(path).relative_to(root)): {
                str(line): sorted({test for context in contexts for test in users[context]})
                for line, contexts in data.contexts_by_lineno(path).items()
            }
            for path in data.measured_files()
        }

    def _users(self, context: str) -> list[str]:
        if not context.startswith("fixture "):
            return [context] if context else []
        _, base, name = context.split(" ", 2)
        return [test for test, used in self.fixtures.items() if test.startswith(base) and name in used]


def folders(root: Path) -> dict[str, list[Path]]:
    """Return the files of tests by folder; left out are those whose room imports nothing of the numeric ones."""
    numeric = re.compile(rf"\beventstudy\.({'|'.join(ROOMS)})\b")
    found: dict[str, list[Path]] = {"src": sorted((root / "src").rglob("*.py"))}
    for path in sorted((root / "tests").rglob("test_*.py")):
        room = root / "src" / "eventstudy" / path.parent.name
        above = (
            not room.is_dir() or room.name in ROOMS or any(numeric.search(p.read_text()) for p in room.rglob("*.py"))
        )
        if above:
            found.setdefault(str(path.parent.relative_to(root)), []).append(path)
    return found


def record(root: Path, folder: str, files: list[Path]) -> dict[str, Any]:
    """Run the quick tests of one folder in this process, which is given up afterwards, and return what they reach."""
    from coverage import Coverage  # noqa: PLC0415  of the development environment

    modules = [str(path) for path in numeric_modules(root / "src" / "eventstudy")]
    coverage = Coverage(data_file=None, config_file=False, include=modules)
    recorder = Recorder(coverage)
    named = [folder] if folder == "src" else [str(path.relative_to(root)) for path in files]
    coverage.start()
    code = pytest.main(["-q", "-m", QUICK, *PLAIN, "--timeout=0", *named], plugins=[recorder])
    coverage.stop()
    return {
        "code": int(code),
        "failed": recorder.failed,
        "seconds": dict(recorder.seconds),
        "lines": recorder.lines(root),
    }


@dataclass(frozen=True)
class Reach:
    """The tests of every line.

    Attributes
    ----------
    seconds : dict of str to float
        Of each test.
    lines : dict of str to dict of int to set of str
        Of each module, the tests that run each line.
    """

    seconds: dict[str, float]
    lines: dict[str, dict[int, set[str]]]

    @classmethod
    def of(cls, records: list[dict[str, Any]]) -> Reach:
        """Put together what several processes recorded."""
        lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for part in records:
            names = list(part["seconds"])
            for module, by_line in part["lines"].items():
                for line, tests in by_line.items():
                    lines[module][int(line)].update(names[at] for at in tests)
        return cls({test: spent for part in records for test, spent in part["seconds"].items()}, lines)

    def tests(self, module: str, site: Site) -> list[str]:
        """Return the tests that can see a change, file by file: those of the module's own name first, then the quickest.

        A line that runs on import can be seen by every test of the module; a line that no test was seen to run (compiled
        code is not traced), by those of the room too.
        """
        by_line = self.lines.get(module, {})
        found = self._on(module, site)
        if not found:
            found = set().union(*by_line.values())
            if site.inside:
                found |= {test for test in self.seconds if _room(test) == _room(module)}
        spent: dict[str, float] = defaultdict(float)
        for test in found:
            spent[_file(test)] += self.seconds.get(test, 0.0)
        stem, room = Path(module).stem.strip("_"), _room(module)

        def rank(test: str) -> tuple[bool, bool, float, str]:
            name = _file(test)
            return stem not in Path(name).stem, _room(test) != room, spent[name], name

        return sorted(found, key=rank)

    def reached(self, module: str, site: Site) -> bool:
        """Say whether a test was seen to run the line."""
        return not site.inside or bool(self._on(module, site))

    def _on(self, module: str, site: Site) -> set[str]:
        if not site.inside:
            return set()
        by_line = self.lines.get(module, {})
        return set().union(*(by_line.get(line, ()) for line in range(site.first, site.last + 1)))


def _file(test: str) -> str:
    return test.split("::", maxsplit=1)[0]


def _room(name: str) -> str:
    """Return the room of a test or a module: tests/inference/test_x.py, src/eventstudy/inference/x.py."""
    return _file(name).removeprefix("src/eventstudy/").removeprefix("tests/").split("/")[0]
