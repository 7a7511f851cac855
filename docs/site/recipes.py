"""The recipes of docs/howto.md as pages, each with what comes out of it, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from site_code import output

HERE = Path(__file__).parent
#: What is longer than a screen, with one sentence each.
LONGER: Final = {
    "firms": "CRSP and Compustat files, why firms differ, how long it lasts.",
    "studies": "The file that names events, prices and market, key by key.",
    "data": "Sources, own files, the cache, and what happens when a source is down.",
    "intraday": "Bars of minutes: the clock, the moment, the speed.",
    "scale": "Panels on disk, results larger than memory, clusters.",
    "charts": "Charts, the report, and the gate that compares them.",
    "ci/README": "A workflow of GitHub Actions and a pre-commit hook to copy; pytest.",
    "plugins": "A plugin: a model, a test, a source or a chart from a package of your own.",
}
_BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


class Recipe(NamedTuple):
    """One recipe: its group, its title, what stands under it."""

    group: str
    title: str
    body: str

    @property
    def name(self) -> str:
        """The name of its page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def recipes(text: str) -> list[Recipe]:
    """Take a page apart: groups by ``##``, recipes by ``###``."""
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        group, _, rest = part.partition("\n")
        for recipe in re.split(r"^### ", rest, flags=re.MULTILINE)[1:]:
            title, _, body = recipe.partition("\n")
            found.append(Recipe(group, title, body))
    return found


def write_recipes(into: Path) -> None:
    """Write each recipe as a page of its own, and the page that lists them by group."""
    folder = into / "howto"
    folder.mkdir()
    found = recipes((HERE.parent / "howto.md").read_text("utf-8"))
    for one in found:
        body = re.sub(r"\]\((?!https?:|#)([a-zA-Z0-9_./-]+\.md)", r"](../../\1", with_outputs(one.body))
        (folder / f"{one.name}.md").write_text(f"# {one.title}\n{body}", "utf-8")
    lines = [
        "# How to",
        "",
        "One question a page. Each begins with all that it needs, runs as it stands, and shows what comes out.",
    ]
    for group in dict.fromkeys(one.group for one in found):
        lines += ["", f"## {group}", ""]
        lines += [f"- [{one.title}]({one.name}.md): {_first(one.body)}" for one in found if one.group == group]
    lines += ["", "## In depth", "", *(f"- {{doc}}`/{page}`: {said}" for page, said in LONGER.items())]
    pages = [
        *(one.name for one in found),
        *(f"/{page}" for page in LONGER if page != "studies"),
    ]  # which is of the reference
    lines += ["", "```{toctree}", ":hidden:", "", *pages, "```", ""]
    (folder / "index.md").write_text("\n".join(lines), "utf-8")


def with_outputs(body: str) -> str:
    """Put under each block what it prints and the value of its last line; the blocks share their names."""
    names: dict[str, object] = {}

    def both(block: re.Match[str]) -> str:
        told = output(block[1], names)
        return block[0] + (f"\n{told}\n" if told else "")

    return _BLOCK.sub(both, body)


def _first(body: str) -> str:
    """Return the first sentence of a recipe, without links."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(body.strip().split("\n\n")[0].split()))
    return re.split(r"(?<=[.?]) ", text)[0].rstrip(":")
