"""Draw changes by a seed, try each against the tests that reach it, keep a journal, and tell which lived."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mutants import trial
from mutants.reach import Reach, folders, numeric_modules, record
from mutants.sites import Site, sites

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
ENOUGH = 0.90
NO_TESTS = 5
"""What pytest ends with where a share holds no test."""
LIST = "equivalent.toml"


def draw(modules: dict[str, list[Site]], number: int, seed: int) -> list[tuple[str, Site]]:
    """Return changes in turn over the modules, at random within each."""
    chance = random.Random(seed)
    left = {name: chance.sample(found, len(found)) for name, found in sorted(modules.items()) if found}
    drawn: list[tuple[str, Site]] = []
    while left and len(drawn) < number:
        for name in chance.sample(sorted(left), len(left)):
            if len(drawn) == number:
                break
            drawn.append((name, left[name].pop()))
            if not left[name]:
                del left[name]
    return drawn


def known_equivalent(module: str, site: Site, listed: list[dict[str, str]]) -> str:
    """Return why no test can find a change, or nothing."""
    return next(
        (
            entry["reason"]
            for entry in listed
            if module.endswith(f"/{entry['file']}") and (entry["line"], entry["change"]) == (site.text, site.change)
        ),
        "",
    )


def digest(*paths: Path) -> str:
    told = hashlib.sha256()
    for path in sorted(paths):
        told.update(path.read_bytes())
    return told.hexdigest()[:16]


def measured_reach(trees: list[Path], kept: Path) -> Reach:
    """Return which tests run which lines: folder by folder as kept, where nothing that they rest on is another."""
    kept.mkdir(exist_ok=True)
    tree, held = trees[0], {}
    common = digest(*tree.glob("src/**/*.py"), *tree.glob("src/**/*.toml"), *tree.glob("tests/support/*.py"))
    for folder, files in folders(tree).items():
        state = f"{common}-{digest(*files, *tree.glob('tests/**/conftest.py'))}"
        held[folder, state] = kept / f"{folder.replace('/', '.')}-{state}.json"
    left = [key for key, answer in held.items() if not answer.exists()]
    running: dict[int, tuple[Path, tuple[str, str], float]] = {}
    free = list(trees)
    try:
        while left or running:
            while left and free:
                place, key = free.pop(), left.pop()
                say(f"what do the quick tests of {key[0]} reach?")
                files = folders(place)[key[0]]
                work = partial(record, place, key[0], files)
                running[trial.start(place, work, place / "answer.json")] = (place, key, time.monotonic())
            child, how = trial.wait({child: one[-1] for child, one in running.items()})
            place, key, _ = running.pop(child)
            free.append(place)
            if how == "outside":
                left.append(key)
                continue
            keep_reach(place, held[key])
    finally:
        trial.stop(running)
    return Reach.of([json.loads(answer.read_text()) for answer in held.values()])


def keep_reach(place: Path, answer: Path) -> None:
    """Keep what a folder of tests reaches, or end where its tests fail without any change."""
    output = (place / "output.txt").read_text()[-4000:]
    if not (place / "answer.json").exists():
        sys.exit(output)
    told = json.loads((place / "answer.json").read_text())
    if told["code"] not in (0, NO_TESTS):
        sys.exit(f"without any change these fail: {', '.join(told['failed'])}\n{output}")
    (place / "answer.json").replace(place / "told.json")
    shutil.copyfile(place / "told.json", answer.with_suffix(".part"))
    answer.with_suffix(".part").replace(answer)


class Journal:
    """What became of each change, one line of JSON each; the file outlives whoever writes it.

    That a change was found stands while its module and the test that found it do; that it lived, while the whole tree does.
    """

    def __init__(self, path: Path, tree: Path, state: str) -> None:
        self.path, self.state = path, state
        # as they are now: while trials go on, there is always a change in the tree
        self.files = {str(file.relative_to(tree)): digest(file) for file in tree.rglob("*.py")}
        lines = path.read_text().splitlines() if path.exists() else []
        self.told = {json.loads(line)["key"]: json.loads(line) for line in lines if line.endswith("}")}

    def _bound(self, module: str, outcome: dict[str, Any]) -> str:
        finder = outcome["failed"].split("::")[0].split(" ")[0]
        return f"{self.files[module]} {self.files[finder]}" if finder in self.files else self.state

    @staticmethod
    def key(module: str, site: Site) -> str:
        return f"{module}:{site.start}:{site.stop}:{site.new}"

    def outcome(self, module: str, site: Site) -> dict[str, Any] | None:
        told = self.told.get(self.key(module, site))
        return told if told and told["bound"] == self._bound(module, told) else None

    def keep(self, module: str, site: Site, outcome: dict[str, Any]) -> None:
        told = {"key": self.key(module, site), **outcome, "bound": self._bound(module, outcome)}
        self.told[told["key"]] = told
        with self.path.open("a") as file:
            file.write(json.dumps(told) + "\n")


@dataclass(frozen=True)
class Running:
    """A trial that is under way."""

    tree: Path
    module: str
    site: Site
    tests: list[str]
    put_back: Callable[[], None]
    since: float


def try_all(drawn: list[tuple[str, Site]], trees: list[Path], reach: Reach, journal: Journal) -> None:
    """Try what the journal does not know yet, one change in each tree at a time."""
    left = [one for one in drawn if journal.outcome(*one) is None][::-1]
    if left:
        refuse_what_fails_unchanged(trees[0], reach)
    free, running, done, number = list(trees), dict[int, Running](), 0, len(left)
    try:
        while left or running:
            while left and free:
                child, one = begin(free.pop(), *left.pop(), reach)
                running[child] = one
            child, how = trial.wait({child: one.since for child, one in running.items()})
            one = running.pop(child)
            one.put_back()
            free.append(one.tree)
            if how == "outside":
                left.append((one.module, one.site))
                continue
            told = outcome(one, how)
            journal.keep(one.module, one.site, told)
            done += 1
            word = "LIVED" if told["lived"] else f"found by {told['failed'] or 'no test'}"
            say(f"{done}/{number} {one.module}:{one.site.line}  {one.site.change}  {word} {told['how']}".rstrip())
    finally:
        trial.stop(running)


def refuse_what_fails_unchanged(tree: Path, reach: Reach) -> None:
    """End where a file cannot be collected by its own name without any change: each of its trials would tell of a find.

    A file that is named is read as a file of tests, whatever its name; in a folder only those called `test_*` are.
    """
    files = sorted({test.split("::")[0] for test in reach.seconds})
    child = trial.start(tree, lambda: trial.collect(files), tree / "answer.json")
    trial.wait({child: time.monotonic()})
    told = json.loads((tree / "answer.json").read_text()) if (tree / "answer.json").exists() else -1
    if told not in (0, NO_TESTS):
        sys.exit(f"without any change these cannot be collected:\n{(tree / 'output.txt').read_text()[-4000:]}")


def begin(tree: Path, module: str, site: Site, reach: Reach) -> tuple[int, Running]:
    """Make the change and start its tests."""
    tests = reach.tests(module, site)
    seconds = {test: reach.seconds.get(test, 0.0) for test in tests}
    put_back = trial.change(tree / module, site)
    child = trial.start(tree, lambda: trial.run_tests(tests, seconds), tree / "answer.json")
    return child, Running(tree, module, site, tests, put_back, time.monotonic())


def outcome(one: Running, how: str) -> dict[str, Any]:
    """Return what became of a change whose trial is over."""
    answer = one.tree / "answer.json"
    told = json.loads(answer.read_text()) if answer.exists() else {"code": -1, "failed": "", "hung": False, "ran": 0}
    if told["code"] == NO_TESTS or (told["code"] == 0 and told["ran"] < len(one.tests) / 2):
        output = (one.tree / "output.txt").read_text()[-4000:]
        sys.exit(f"the tests of {one.module}:{one.site.line} did not run:\n{output}")
    return {
        "lived": told["code"] == 0,
        "failed": told["failed"],
        "how": how or ("hung" if told["hung"] else ""),
        "ran": told["ran"],
        "seconds": round(time.monotonic() - one.since, 1),
    }


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(drawn: list[tuple[str, Site]], reach: Reach, journal: Journal, listed: list[dict[str, str]]) -> float:
    """Write the table of what lived and return the share that was found, equivalent ones not counted."""
    equal = [one for one in drawn if known_equivalent(*one, listed)]
    counted = [one for one in drawn if one not in equal]
    lived = [one for one in counted if journal.outcome(*one)["lived"]]
    say("")
    for module, site in sorted(lived, key=lambda one: (one[0], one[1].start)):
        note = "" if reach.reached(module, site) else "  (no test runs the line)"
        say(f"{module.removeprefix('src/eventstudy/')}:{site.line}{note}\n    {site.text}\n    {site.change}")
    share = 1 - len(lived) / max(1, len(counted))
    say(
        f"\n{len(drawn)} changes drawn, {len(equal)} listed as equivalent; of {len(counted)}, "
        f"{len(counted) - len(lived)} were found and {len(lived)} lived: {share:.1%} found"
    )
    return share


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/mutants"), help="the journal; goes on with what is there")
    parser.add_argument("--only", default="", help="modules whose path contains this")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree that is copied")
    given = parser.parse_args()
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    trial.load_heavy()
    listed = tomllib.loads(Path(__file__).with_name(LIST).read_text())["equivalent"]
    with tempfile.TemporaryDirectory(prefix="eventstudy-mutants-") as place:
        first = trial.copy_tree(given.root, Path(place) / "0")
        state = digest(
            *(
                path
                for path in first.rglob("*")
                if path.is_file() and path.suffix in {".py", ".toml"} and path.name != LIST
            )
        )
        copies = (Path(place) / str(at) for at in range(1, given.workers))
        trees = [first, *(Path(shutil.copytree(first, copy, symlinks=True)) for copy in copies)]
        modules = {
            str(path.relative_to(first)): sites(path.read_text()) for path in numeric_modules(first / "src/eventstudy")
        }
        drawn = draw({name: found for name, found in modules.items() if given.only in name}, given.number, given.seed)
        journal = Journal(out / "journal.jsonl", first, state)
        reach = measured_reach(trees, out / "reach")
        wanted = [one for one in drawn if not known_equivalent(*one, listed)]
        try_all(wanted, trees, reach, journal)
        return int(tell(drawn, reach, journal, listed) < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
