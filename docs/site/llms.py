"""`llms.txt`: the index of the site for programs that read it, made from the pages themselves when the site is built."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from docutils import nodes
from sphinx.application import Sphinx

SAID: Final = """\
# eventstudy

> Market-reaction event studies in Python: models of normal returns, significance tests with measured sizes, verdicts on which test to believe, and a gate for CI.

`import eventstudy as es`. Returns are decimals (0.01 is one percent). The usual way: `es.load_pairs` or `es.load_events`, `es.load_returns`,
`es.EventStudy(model=..., window=...).fit(events, returns)`, then `result.tests(window)`: report the first test whose `believe` is "yes". Nothing is dropped in
silence: read `result.excluded`. Every error says how to go on. The Markdown of a page `PATH.html` is `_sources/PATH.md.txt`.
"""
#: Each section and the pages in it: one page, or all below a folder.
SECTIONS: Final = {
    "Learn": ("start", "install", "learn/", "generated/notebooks/", "words"),
    "Use": (
        "generated/howto/",
        "firms",
        "intraday",
        "scale",
        "studies",
        "data",
        "charts",
        "ci/README",
        "counterfactual",
    ),
    "Coming from another program": ("from/",),
    "Tests": ("generated/tests/",),
    "Models": ("generated/models/",),
    "Reference": (
        "generated/reference/index",
        "generated/reference/commands",
        "engine",
        "tests",
        "calibration",
        "replications",
    ),
    "Optional": (
        "project",
        "generated/paper",
        "flagship",
        "events",
        "plugins",
        "design",
        "benchmarks",
        "security",
        "licences",
    ),
}
LONGEST: Final = 160


def write_llms(app: Sphinx, failed: Exception | None) -> None:
    """Write the index beside the pages."""
    if failed is None and app.builder.name == "html":
        (Path(app.outdir) / "llms.txt").write_text(index(app), "utf-8")


def index(app: Sphinx) -> str:
    """Return the index: each page with its title and its first sentence."""
    parts = [SAID]
    for section, wanted in SECTIONS.items():
        pages = [
            page
            for name in wanted
            for page in sorted(app.env.found_docs)
            if page == name or (name.endswith("/") and page.startswith(name))
        ]
        parts.append(
            "\n".join(
                [
                    f"## {section}",
                    "",
                    *(f"- [{app.env.titles[page].astext()}]({page}.html){_first(app, page)}" for page in pages),
                ]
            )
        )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _first(app: Sphinx, page: str) -> str:
    """Return the first sentence of a page, or nothing."""
    for paragraph in app.env.get_doctree(page).findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if not isinstance(paragraph.parent, nodes.section) or not text or any(paragraph.findall(nodes.image)):
            continue
        sentence = text.partition(". ")[0].rstrip(".:")
        return f": {sentence}" if len(sentence) <= LONGEST else ""
    return ""
