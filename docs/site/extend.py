"""Write what each kind of addition takes, as the diff that would add one that is there: read from the tree, so it is never old."""

from __future__ import annotations

import ast
import re
from difflib import unified_diff
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("src", "docs/site", "tests")
KINDS: Final = {".py", ".pyi", ".toml"}
LINES: Final = 45  # of a new file or function that are shown
NEAR: Final = 1  # lines around a line that names it


class Example(NamedTuple):
    """Something that is there: what it is, its name, where it stands, and words that say what is to be done."""

    kind: str
    name: str
    place: str
    said: str


EXAMPLES: Final = (
    Example("a model of normal returns", "RobustMarketModel", "src/eventstudy/abnormal/models/robust.py", "A class that says its symbols and makes its forecast; a line in the stubs; tests against another program or a loop; its page."),
    Example("a significance test", "jackknife", "src/eventstudy/inference/significance_tests/jackknife.py", "A function from a sample to a result, and its specification: null, what it assumes, what it bears. The lab then measures it like all others."),
    Example("a source of prices", "StooqSource", "src/eventstudy/returns/sources/fred_stooq.py", "A class with `fetch`; a line in the registry; tests against a server on this machine."),
    Example("a chart", "reaction_by_drawdown", "src/eventstudy/plots/drawdown.py", "A function of a tidy frame, and the function that makes the frame."),
    Example("a claim", "fall_of_april", "src/eventstudy/hypothesis/claims/rules_arithmetic.py", "A rule from the ground of figures to a finding; a row of the ledger that names it; data that flip it."),
    Example("a catalogue", "fomc", "src/eventstudy/events/catalogues/fomc.toml", "A file of events, each with its moment, stance and source; a study file that reads it."),
)  # fmt: skip


def write_extend(into: Path) -> None:
    """Write the page."""
    parts = [
        "# What an addition takes",
        "",
        "Each is one that is there, as the diff that adds it. Long files are cut.",
        "",
    ]
    for example in EXAMPLES:
        parts += [
            f"## Add {example.kind}: `{example.name}`",
            "",
            example.said,
            "",
            "```diff",
            diff_of(example),
            "```",
            "",
        ]
    (into / "extend.md").write_text("\n".join(parts), "utf-8")


def diff_of(example: Example) -> str:
    """Return the diff that would add the example to the tree without it."""
    pieces = [_added(example)]
    word = re.compile(
        rf"(?<![\w.]){re.escape(example.name)}(?!\w)" if example.kind != "a catalogue" else rf'"{example.name}"'
    )
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.suffix in KINDS and place != example.place and path != Path(__file__):
                pieces.append(_mentions(path, place, word))
    return "\n".join(piece for piece in pieces if piece)


def _added(example: Example) -> str:
    """Return the new file, or the new definition in a file that holds others."""
    text = (ROOT / example.place).read_text("utf-8")
    lines = text.splitlines()
    if example.place.endswith(".py"):
        nodes = ast.parse(text).body
        own = next(node for node in nodes if getattr(node, "name", "") == example.name)
        assert isinstance(own, ast.FunctionDef | ast.ClassDef)  # noqa: S101  an example that has gone stops the build
        first = min([own.lineno, *(one.lineno for one in own.decorator_list)]) - 1
        lines = lines[first : own.end_lineno]
    shown = lines[:LINES] + ([f"… {len(lines) - LINES} lines more"] if len(lines) > LINES else [])
    return "\n".join([f"+++ {example.place}", *(f"+{line}" for line in shown)])


def _mentions(path: Path, place: str, word: re.Pattern[str]) -> str:
    """Return the lines of a file that name it, as lines that are added."""
    after = path.read_text("utf-8").splitlines()
    before = [line for line in after if not word.search(line)]
    if len(before) == len(after):
        return ""
    changed = list(unified_diff(before, after, place, place, n=NEAR, lineterm=""))[2:]
    return "\n".join([f"+++ {place}", *changed[:LINES]])


if __name__ == "__main__":
    write_extend(Path(__file__).parents[1] / "generated")
