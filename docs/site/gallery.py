"""The gallery: each chart with the code that draws it, run when the site is built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure
from site_code import block, run

SETUP: Final = """\
import eventstudy as es

returns = es.load_returns(["^GSPC", "BusEq", "Durbl", "Enrgy", "Hlth", "Utils"], source="bundled")
events = es.load_events("us-china").select(actor="US", stance=["escalation", "softening"], since="2025-01-01")
study = es.EventStudy(model=es.MarketModel("^GSPC"), window=(-5, 5), calendar="XNYS")
"""
ALL: Final = "result = study.fit(events.without_conflicts(), returns)\n"
FEW: Final = 'result = study.fit(events.select(stance="escalation", since="2025-05-15", until="2025-07-15"), returns)\n'
INDEX: Final = """\
index = es.EventStudy(model=es.MeanAdjusted(), window=(-1, 5), calendar="XNYS")
result = index.fit(events.without_conflicts(), returns, symbols=["^GSPC"])
"""
CHARTS: Final = {
    "caar-by-stance": ("Average path by stance", INDEX + 'result.plot.caar(by="stance")'),
    "caar-band": ("A band for the whole path", ALL + "result.plot.caar(by=None, simultaneous=True)"),
    "caar-median": (
        "Median and share positive beside the mean",
        INDEX + "result.plot.caar(by=None, median=True, share=True)",
    ),
    "forest": ("Every security-event with its interval", FEW.replace("07-15", "06-10") + "result.plot.forest((0, 1))"),
    "heatmap": ("Securities by days", FEW + "result.plot.heatmap((-2, 5))"),
    "industries": (
        "Few events, security by security",
        'result = study.fit(events.select(since="2025-04-02", until="2025-04-09"), returns)\nresult.plot.industries((0, 1))',
    ),
    "reactions": ("Reactions, a mark an event", INDEX + "result.plot.reactions((0, 0))"),
    "market": (
        "The market and its events",
        'es.plots.market(es.load_prices(["^GSPC"], source="bundled").frame["^GSPC"].loc["2025":], events.sessions("XNYS").reset_index())',
    ),
    "placebo": (
        "An observed value among placebo draws",
        "import numpy as np\n\nes.plots.placebo(np.random.default_rng(0).normal(0, 0.01, 999), observed=0.023)",
    ),
}


def write_gallery(into: Path) -> None:
    """Write one page with a thumbnail of each chart, and a page a chart with its code."""
    folder = into / "gallery"
    folder.mkdir()
    cards = []
    for name, (title, code) in CHARTS.items():
        whole = f"{SETUP}{code}\n"
        _figure(run(whole)[1]).savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})
        text = f"# {title}\n\n{block(whole)}\n\n![{title}]({name}.png)\n"
        (folder / f"{name}.md").write_text(text, "utf-8")
        cards.append(
            f":::{{grid-item-card}} {title}\n:link: {name}\n:link-type: doc\n:img-top: {name}.png\n:img-alt: {title}\n:::"
        )
    grid = "\n".join(["::::{grid} 1 2 3 3", ":gutter: 2", "", *cards, "::::"])
    tree = "\n".join(["```{toctree}", ":hidden:", "", *CHARTS, "```"])
    (folder / "index.md").write_text(f"# Gallery\n\nClick a chart for its code.\n\n{grid}\n\n{tree}\n", "utf-8")


def write_landing(into: Path) -> None:
    """Draw the chart of the page on which everybody lands, by the code that stands there."""
    code = re.search(r"^```python\n(.*?)^```", (into.parent / "index.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert code is not None  # noqa: S101  a page without its code stops the build
    _figure(run(code[1])[1]).savefig(into / "pictures" / "landing.png", dpi=110, metadata={"Software": None})


def _figure(drawn: object) -> Figure:
    """Return the figure of what a chart gives: a figure, axes, or several of them."""
    first = drawn[0] if isinstance(drawn, tuple) else drawn
    figure = first if isinstance(first, Figure) else first.figure  # type: ignore[attr-defined]  # axes have one
    assert isinstance(figure, Figure)  # noqa: S101  a chart drawn into a part of a figure is none
    return figure
