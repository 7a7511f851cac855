"""The hypothesis: what the verdict says, link by link, with the figures behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.report.document import Fact, Section, Table
from eventstudy.report.parts.chain_charts import chain_charts, link_names
from eventstudy.report.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventstudy.hypothesis import Verdict
    from eventstudy.inference import TestResult
    from eventstudy.report.parts.part import Inputs

__all__ = ["chain_part", "verdict_of"]

TITLES = {  # of the verdict's tables; a table without a title here is shown under its name
    "links": "The links, sample by sample",
    "events_used": "Sessions that entered each link",
    "excluded": "Announcements that entered no link",
    "threats": "Threats, from the first news to relief, implementation or censoring",
    "placebos": "Placebo draws",
    "falsifiers": "What was declared beforehand to stand in the way",
    "race": "Rival explanations of relief, one at a time",
    "race_joint": "Rival explanations together",
    "companions": "Companion tests of the middle link",
    "calendar_shift": "The whole calendar shifted: the smallest of the three standardized links",
    "cycles": "Threat by threat: did the cycle complete?",
    "variants": "Variants of the sample and the window",
    "leave_out": "Each session, and each cluster, left out in turn",
    "giveback": "What the next five sessions gave back",
    "curve": "Every declared specification",
    "curve_summary": "The specification curve as a whole, against shifted calendars",
    "attenuation": "Reactions before and after the hypothesis had a name",
    "dose": "Reaction and announced change of rates",
    "rate_ladder": "Announced rates",
    "paths": "The index around each threat",
    "overlay": "October over April, with all other threats",
    "securities": "Which securities fell on threats and rose on relief",
    "tells": "Drift before announcements, signed by what came",
    "claims": "The ledger of claims",
}
LEDGER = "chain_claims"
ILLUSTRATIONS = ("overlay", "tariff-ladder")
CLAIMED = (
    "Each claim with the figure, the test and the window behind its verdict: supported, contradicted, mixed, or not testable "
    "with the reason. Several of these tests are exploratory, and one in twenty would reject by chance."
)
LIKE = "Paths laid over each other illustrate; they test nothing."
UNITS = {
    "pvalue": "pvalue",
    "car": "percent",
    "mean_car": "percent",
    "loss_before": "percent",
    "power": "percent",
    "n": "count",
}


def verdict_of(inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None) -> Verdict:
    """Test the hypothesis on a study's inputs."""
    hypothesis = SelloffForcesSoftening(
        market=inputs.study.market.symbol,
        fear=inputs.study.market.fear,
        seed=seed,
        definitions=inputs.definitions.raw if inputs.study.hypothesis and inputs.study.hypothesis.definitions else None,
        calendar=inputs.study.calendar,
        quick=quick,
        progress=progress,
    )
    return hypothesis.test(inputs.catalog, inputs.prices, securities=inputs.securities)


def chain_part(inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None) -> Part:
    """Test the hypothesis and say what came out."""
    verdict = verdict_of(inputs, seed=seed, quick=quick, progress=progress)
    charts = chain_charts(verdict, inputs)
    tables = tuple(
        Table(
            f"chain_{name}",
            TITLES.get(name, name.replace("_", " ")),
            "",
            frame,
            units={column: unit for column, unit in UNITS.items() if column in frame.columns},
            filters=tuple(column for column in ("link", "sample", "group", "verdict") if column in frame.columns),
            open=name in {"links", "claims"},
        )
        for name, frame in verdict.tables().items()
    )
    lines = tuple(_typeset(line) for line in verdict.summary().splitlines())
    chain = Section(
        "Does the chain hold?",
        lines,
        charts=tuple(chart.name for chart in charts if chart.name not in ILLUSTRATIONS),
        tables=tuple(table.name for table in tables if table.name != LEDGER),
    )
    ledger = Section("What was claimed", (CLAIMED,), tables=(LEDGER,))
    likeness = Section("Likenesses", (LIKE,), charts=tuple(c.name for c in charts if c.name in ILLUSTRATIONS))
    return Part(
        sections=tuple(part for part in (chain, ledger, likeness) if part.charts or part.tables),
        charts=charts,
        tables=tables,
        results={"hypothesis": verdict.to_dict()},
        facts=_facts(verdict),
        answer=(lines[1], lines[0]),
    )


def _typeset(line: str) -> str:
    """Write arrows and minus signs as print has them; the summary keeps to what any terminal can show."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", line.replace("->", "→"))


def _facts(verdict: Verdict) -> tuple[Fact, ...]:
    lead = verdict.samples[verdict.headline]
    links = link_names(verdict)
    facts = [_fact(f"{name}: {links[name]}", link, verdict.definitions.level) for name, link in lead.links.items()]
    word = {True: "supported", False: "contradicted", None: "not established"}[verdict.supported]
    tone = {True: "yes", False: "no", None: "open"}[verdict.supported]
    note = f"sample “{verdict.headline}”; {_p(lead.chain)}"
    return (*facts, Fact("The chain: all three links", word, note, tone))


def _fact(label: str, link: TestResult, level: float) -> Fact:
    if not link.applicable:
        return Fact(label, "not testable", link.reason, "open")
    figure = f"{link.estimate * 100:+.2f} points" if link.unit == "return" else f"{link.estimate:+.2f} sd"
    return Fact(
        label,
        figure.replace("-", "−"),
        f"{_p(link)}, n = {link.n_clusters} sessions",
        "yes" if link.pvalue <= level else "open",
    )


def _p(link: TestResult) -> str:
    if not link.applicable:
        return link.reason
    return "p < 0.001" if link.pvalue < 0.001 else f"p = {link.pvalue:.3f}"
