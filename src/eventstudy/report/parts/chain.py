"""The hypothesis: what the verdict says, link by link, with the figures behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventstudy.hypothesis import SelloffForcesSoftening
from eventstudy.report.document import Fact, Section, Table
from eventstudy.report.parts.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventstudy.hypothesis import Verdict
    from eventstudy.inference import TestResult
    from eventstudy.report.parts.part import Inputs

__all__ = ["chain_part"]

NAMES = {
    "H1": "H1: escalation → selloff",
    "H2": "H2: drawdown → softening",
    "H3": "H3: softening → rally",
    "chain": "The chain: all three links",
}
TITLES = {  # of the verdict's tables; a table without a title here is shown under its name
    "links": "The links, sample by sample",
    "events_used": "Sessions that entered each link",
    "excluded": "Announcements that entered no link",
    "threats": "Threats, from the first news to softening, implementation or censoring",
    "placebos": "Placebo draws",
    "falsifiers": "What was declared beforehand to stand in the way",
}
UNITS = {
    "pvalue": "pvalue",
    "car": "percent",
    "mean_car": "percent",
    "loss_before": "percent",
    "power": "percent",
    "n": "count",
}


def chain_part(inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None) -> Part:
    """Test the hypothesis and say what came out."""
    hypothesis = SelloffForcesSoftening(
        market=inputs.study.market.symbol,
        fear=inputs.study.market.fear,
        seed=seed,
        calendar=inputs.study.calendar,
        quick=quick,
        progress=progress,
    )
    verdict = hypothesis.test(inputs.catalog, inputs.prices)
    tables = tuple(
        Table(
            f"chain_{name}",
            TITLES.get(name, name.replace("_", " ")),
            "",
            frame,
            units={column: unit for column, unit in UNITS.items() if column in frame.columns},
            filters=tuple(column for column in ("link", "sample") if column in frame.columns),
            open=name == "links",
        )
        for name, frame in verdict.tables().items()
    )
    lines = tuple(verdict.summary().splitlines())
    section = Section(
        "Does the chain hold?",
        lines,
        tables=tuple(table.name for table in tables),
    )
    return Part(
        sections=(section,),
        tables=tables,
        results={"hypothesis": verdict.to_dict()},
        facts=_facts(verdict),
        answer=(lines[1], lines[0]),
    )


def _facts(verdict: Verdict) -> tuple[Fact, ...]:
    lead = verdict.samples[verdict.headline]
    facts = [_fact(NAMES[name], link, verdict.definitions.level) for name, link in lead.links.items()]
    word = {True: "supported", False: "contradicted", None: "not established"}[verdict.supported]
    tone = {True: "yes", False: "no", None: "open"}[verdict.supported]
    note = f"sample “{verdict.headline}”; {_p(lead.chain)}"
    return (*facts, Fact(NAMES["chain"], word, note, tone))


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
