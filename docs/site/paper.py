"""The flagship as a paper: question, data, method, result, what would falsify it; every figure and picture is read from gallery/."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pandas as pd

GALLERY: Final = Path(__file__).parents[2] / "gallery"
PICTURES: Final = {
    "market-2024-2026": "The index, with the announcements of the record",
    "links": "The three links by sample, with their intervals. The declared effect is 0.75 standard deviations for a reaction",
    "overlay": "October 2025 laid over April 2025, with the band of all other threats",
    "power": "Power of each link's test, and of the chain's, by the size of the effect",
}
SAMPLES: Final = {
    "earlier": "2018 to January 2020",
    "before": "January to 2 May 2025",
    "after": "**since 3 May 2025, the hold-out**",
    "since": "since 15 November 2025",
    "all": "all",
}
LINKS: Final = {
    "H1": "stocks fall on a threat",
    "H2": "relief comes after falls",
    "H3": "stocks rise on relief",
    "chain": "the chain: all three",
}
FIRES: Final = {True: "fires", False: "does not fire", None: "could not be judged"}
METHOD: Final = """\
**H1** and **H3**: the score of a session is the index return less its mean over the 250 sessions before, over the standard deviation that the fear
gauge announced at the close before. The mean score of the event sessions is judged by permutation: as many sessions drawn without replacement from
event sessions and quiet ones together (Nguyen and Wolf 2023).

**H2**: threats come with falls and relief comes after threats, so relief comes after falls even if nobody ever looked at the index. The comparison is
therefore among pairs of an open threat and a session on which relief could have come: is the loss since *that* threat deeper where relief came? Two tests, a
circular shift of all reliefs and a score test of the hazard within exact ages; the larger p-value counts.

**The chain** is the intersection-union test (Berger 1982): its p-value is the largest of the three. Rules, windows, samples and margins stand in
[one file](../flagship.md#definitions-come-first) that is hashed into the manifest. They were changed once with the results of the first version known; the
[list of changes](../flagship.md#changes-to-the-definitions) has each reason.
"""
LIMITS: Final = """\
Daily closes only: no intraday reaction. No prediction-market odds: if relief was expected before it came, prices fell less than they would have, and H2 is biased
towards nothing. One country's announcements to one other; a dozen reliefs in the hold-out. "Not established" is weak evidence either way, and the power says how
weak. [More](../flagship.md#what-it-does-not-do).
"""


def write_paper(into: Path) -> None:
    """Write the page and copy its pictures; without a gallery (in an sdist) there is none."""
    if not GALLERY.exists():
        (into / "paper.md").write_text(
            "# The flagship as a paper\n\nThe figures are not in this copy of the source.\n", "utf-8"
        )
        return
    told = json.loads((GALLERY / "results.json").read_text("utf-8"))["hypothesis"]
    folder = into / "paper-pictures"
    folder.mkdir()
    figures = []
    for number, (name, caption) in enumerate(PICTURES.items(), start=1):
        shutil.copyfile(GALLERY / "charts" / f"{name}.png", folder / f"{name}.png")
        figures.append(f"![{caption}](paper-pictures/{name}.png)\n\n*Figure {number}. {caption}.*")
    parts = _parts(told, figures)
    text = "\n\n".join(f"## {title}\n\n{body}" for title, body in parts.items())
    (into / "paper.md").write_text(
        f"# {told['definitions']['question']}\n\n{_abstract(told['summary'])}\n\n{text}\n", "utf-8"
    )


def _abstract(lines: list[str]) -> str:
    """Return the first lines of the verdict as the abstract."""
    return f"> **Abstract.** {' '.join([*lines[1:3], *lines[7:9]])}"


def _parts(told: dict[str, Any], figures: list[str]) -> dict[str, str]:
    summary, ends = told["summary"], told["facts"]["ends"]
    links = _read("links")
    held = links[links["sample"] == told["headline"]].set_index("link")
    count = f"{held.loc['H1', 'n']:.0f} sessions of threats and {held.loc['H3', 'n']:.0f} of relief in the hold-out"
    data = (
        f"{summary[0].partition('? ')[2]} {count}. Events are coded from texts alone, by [a rubric](../events.md); each row has its source in "
        f"[the catalogue](catalogues/us-china.md). Prices: closes of the S&P 500, the fear gauge and the 10-year yield, to {ends['^GSPC']}."
    )
    return {
        "Question": "Aggressive tariff signals, falling stocks, softer policy, a rally: so commentary of 2025 told it. Are the three links there, and is the story?",
        "Data": f"{data}\n\n{figures[0]}",
        "Method": METHOD,
        "Result": f"{_links(links)}\n\n{figures[1]}\n\n{_list(summary[3:6])}\n\n{summary[6]}\n\n{figures[2]}",
        "Rivals": _rivals(),
        "What could have been seen": f"{summary[8]}\n\n{figures[3]}",
        "What would falsify it": _falsifiers(told["falsifiers"]),
        "Limits": LIMITS,
        "Replication": "`eventstudy run us-china --out out` writes every figure of this page; `eventstudy check us-china --against gallery` fails if one moved. "
        f"Digest of the definitions `{told['provenance']['definitions_digest'][:12]}`, of the record `{told['provenance']['catalog_digest'][:12]}`, "
        f"of the prices `{told['provenance']['prices_digest'][:12]}`.",
    }


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(GALLERY / "tables" / f"chain_{name}.csv")


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {line.replace(' -> ', ' → ')}" for line in lines)


def _p(value: float) -> str:
    return "" if pd.isna(value) else "<\u00a00.001" if value < 0.001 else f"{value:.3f}"


def _table(caption: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = "\n".join(f"| {' | '.join(row)} |" for row in [head, ("---",) * len(head), *rows])
    return f"*{caption}*\n\n{lines}"


def _links(links: pd.DataFrame) -> str:
    rows = []
    for sample, told in SAMPLES.items():
        for at, row in enumerate(links[links["sample"] == sample].to_dict("records")):
            scale, unit = (1, "sd") if row["unit"] == "standardized" else (100, "points")
            chain = row["link"] == "chain"
            rows.append((
                "" if at else told, LINKS[row["link"]], "" if chain else f"{row['n']:.0f}",
                "" if chain else f"{scale * row['estimate']:+.2f} [{scale * row['low']:+.2f}, {scale * row['high']:+.2f}] {unit}",
                _p(row["pvalue"]), "" if pd.isna(row["power"]) else f"{row['power']:.0%}",
            ))  # fmt: skip
    return _table(
        "Table 1. The links by sample. Power: at the effect declared beforehand.",
        ("sample", "link", "n", "estimate and interval", "p", "power"),
        rows,
    )


def _rivals() -> str:
    race = _read("race")
    best = race[race["sample"] == "all"].head(6)
    rows = [
        (
            row["says"],
            "" if pd.isna(row["hazard_ratio"]) else f"{row['hazard_ratio']:.2f}",
            _p(row["p_permutation"]),
            f"{row['bic']:.1f}",
        )
        for row in best.to_dict("records")
    ]
    return _table(
        "Table 2. What explains relief: the six best of the race, all samples, by BIC.",
        ("rival", "hazard ratio", "p", "BIC"),
        rows,
    )


def _falsifiers(found: list[dict[str, Any]]) -> str:
    rows = [(one["link"], one["text"], one["figure"].replace("|", "/"), FIRES[one["fires"]]) for one in found]
    said = (
        "Declared before the results: each fires where the data speak against the link, that is where the 90 % interval leaves out the declared effect. "
        "Silence fires nothing. For the chain to be *supported* it must reject at 5 % in the hold-out with none of them firing; a link of the wrong sign, or "
        "equivalent to nothing, would make it *contradicted*."
    )
    return f"{said}\n\n{_table('Table 3. The falsifiers.', ('link', 'falsifier', 'figure', 'verdict'), rows)}"
