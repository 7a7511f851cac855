"""What comes with eventstudy, and under which licence (`make licences` writes docs/licences.md; `--check` fails if it is another).

The names and versions are those of the locks; the licence is what the installed package says of itself: its licence
expression, else its classifier, else its licence field, else the first words of its licence file. A licence that is not on the list
below has to be agreed to by a person, who adds it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import NamedTuple

from pages import ROOT

PAGE = ROOT / "docs" / "licences.md"
SHORT = 40  # characters: a licence field that is longer is the licence's text
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
FIELDS = {"3-Clause BSD License": "BSD-3-Clause", "Apache 2.0": "Apache-2.0"}
FIRST_WORDS = {"Permission is hereby granted, free of charge": "MIT"}
#: Permissive, but for MPL-2.0, which asks for the changed files of the package itself and nothing of who uses it.
AGREED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "MPL-2.0", "NCSA", "PSF-2.0", "Zlib",
}  # fmt: skip
#: What is in the wheel beside the code, by the folder in which it lies; the figures are told apart below.
DATA = {
    "calibration/tables": "measured by this project",
    "events/catalogues": "written by this project from public announcements, each with its source",
    "hypothesis": "written by this project",
    "plots": "written by this project",
    "pages/template": "written by this project: no font, no script of others",
    "study/studies": "written by this project",
}
FIGURES = "returns/figures"
HEAD = """\
# Licences

What an installation of eventstudy brings, made by `make licences` from the locks of `requirements/` and what each installed
package says of itself. eventstudy is under the MIT licence. Nothing here is vendored: each package comes from its own project.
"""


class Row(NamedTuple):
    """One package of a lock."""

    name: str
    version: str
    licence: str
    told_by: str


def locked(lock: str) -> dict[str, tuple[str, str]]:
    """Return the packages of a lock: name to version and marker; of several versions that of this Python."""
    found: dict[str, tuple[str, str]] = {}
    for line in (ROOT / "requirements" / lock).read_text("utf-8").splitlines():
        match = re.match(r"([\w.-]+)==([^ ;]+)(?: ; (.*))?$", line)
        if match:
            found.setdefault(match[1], (match[2], match[3] or ""))
    return found


def licence_of(package: Distribution) -> tuple[str, str]:
    """Return a package's licence and where it says so."""
    said = package.metadata
    if said.get("License-Expression"):
        return said["License-Expression"], "expression"
    for line in said.get_all("Classifier") or []:
        if line.rpartition(" :: ")[2] in CLASSIFIERS:
            return CLASSIFIERS[line.rpartition(" :: ")[2]], "classifier"
    field = (said.get("License") or "").strip()
    if field and "\n" not in field and len(field) < SHORT:
        return FIELDS.get(field, field), "field"
    for file in package.files or []:
        if re.search(r"licen[cs]e|copying", file.name, re.IGNORECASE):
            text = " ".join(str(file.read_text(encoding="utf-8")).split())
            for words, licence in FIRST_WORDS.items():
                if words in text:
                    return licence, "licence file"
    return "unknown", "nowhere"


def rows(lock: str) -> list[Row]:
    """Return a row for each package of a lock; one that this system does not install is told by its marker."""
    table = []
    for name, (version, marker) in sorted(locked(lock).items()):
        try:
            table.append(Row(name, version, *licence_of(distribution(name))))
        except PackageNotFoundError:
            if not marker:
                raise
            table.append(Row(name, version, "–", f"installed only where {marker}"))
    return table


def refused(licence: str) -> list[str]:
    """Return the parts of an expression that are not agreed to; of alternatives one is enough."""
    alternatives = [[part.strip("() ") for part in choice.split(" AND ")] for choice in licence.split(" OR ")]
    wrong = [[part for part in parts if part not in AGREED] for parts in alternatives]
    return min(wrong, key=len)


def extras() -> set[str]:
    """Return the packages that the extras bring and a plain installation does not, by the comments of the lock."""
    text = (ROOT / "requirements" / "dev.lock").read_text("utf-8")
    above: dict[str, set[str]] = {}
    for name, comments in re.findall(r"^([\w.-]+)==.*\n((?:    #.*\n)+)", text, re.MULTILINE):
        above.setdefault(name, set()).update(re.findall(r"#\s+(?:via )?([\w.:-]+)", comments))
    wants = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    wanted = {re.match(r"[\w.-]+", one)[0] for lines in wants.values() for one in lines} - {"eventstudykit"}  # type: ignore[index]
    while True:
        more = {name for name, by in above.items() if by & wanted} - wanted
        if not more:
            return wanted - set(locked("run.lock"))
        wanted |= more


def table(lines: list[Row]) -> str:
    """Return rows as a table of Markdown."""
    head = "| package | version | licence | where it says so |\n|---|---|---|---|\n"
    return head + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def data() -> str:
    """Return the table of what is in the wheel beside the code, and whose the bundled figures are."""
    source = ROOT / "src" / "eventstudy"
    files = [
        path.relative_to(source)
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    other = [path for path in files if path.suffix not in (".py", ".pyi", ".pyc", ".md") and path.name != "py.typed"]
    told = (ROOT / "fixtures" / "README.md").read_text("utf-8")
    lines = []
    for path in other:
        if str(path).startswith(FIGURES):
            (whence,) = re.findall(rf"^\| `{path.name}` \|.*?\|.*?\| (.*?) \|", told, re.MULTILINE)
            lines.append(f"| `{path}` | {whence}: not under the MIT licence, see below |")
        else:
            (by,) = [text for folder, text in DATA.items() if str(path).startswith(folder)]
            lines.append(f"| `{path}` | {by} |")
    whose = told.partition("## Whose they are\n")[2].strip()
    return "| file | whence |\n|---|---|\n" + "\n".join(lines) + f"\n\n{whose}\n"


def page() -> str:
    """Return the page."""
    run, everything = rows("run.lock"), rows("dev.lock")
    more = extras()
    parts = [
        HEAD,
        f"## Installed with it ({len(run)})\n",
        table(run),
        "## Brought by the extras garch, fast, dask, xlsx and mcp\n",
        table([line for line in everything if line.name in more]),
        "## Files of the package that are no code\n",
        data(),
    ]
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it; name every licence that nobody has agreed to."""
    text = page()
    unknown = [line for line in rows("dev.lock") if line.licence != "–" and refused(line.licence)]
    for line in unknown:
        sys.stdout.write(f"{line.name} {line.version}: {line.licence!r} is not on the list of agreed licences\n")
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    elif text != PAGE.read_text("utf-8"):
        sys.stdout.write("docs/licences.md is not that of the locks: run `make licences`\n")
        return 1
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
