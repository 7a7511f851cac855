"""The hypothesis: what the verdict says, link by link, with the figures behind it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from eventstudy.hypothesis import SelloffForcesSoftening, Verdict
from eventstudy.hypothesis.verdict.tables import table_words
from eventstudy.hypothesis.verdict.wording import answer_sentence, detail_sentences, scope_sentence
from eventstudy.inference.core.result import TestResult
from eventstudy.report.document import Fact, Section, Table
from eventstudy.report.parts.overview import ladder_chart
from eventstudy.report.parts.part import Inputs, Part
from eventstudy.words import pvalue_words, typeset

LEDGER = "chain_claims"
ILLUSTRATIONS = ("overlay", "tariff-ladder")
CLAIMED = (
    "Each claim with the figure, the test and the window behind its verdict: supported, contradicted, mixed, or not testable "
    "with the reason. Several of these tests are exploratory, and one in twenty would reject by chance."
)
LIKE = "Paths laid over each other illustrate; they test nothing."


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
    ladder = ladder_chart(inputs)
    charts = verdict.charts() if ladder is None else (*verdict.charts(), ladder)
    tables = tuple(table_of(name, frame) for name, frame in verdict.tables().items())
    chain = Section(
        "Does the chain hold?",
        tuple(typeset(line) for line in detail_sentences(verdict)),
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
        answer=(typeset(answer_sentence(verdict)), typeset(scope_sentence(verdict))),
    )


def table_of(name: str, frame: pd.DataFrame) -> Table:
    """Place a table of the verdict."""
    words = table_words(name, frame)
    return Table(
        f"chain_{name}",
        words.title,
        words.caption,
        frame,
        units=words.units,
        labels=words.labels,
        filters=tuple(column for column in ("link", "sample", "group", "verdict") if column in frame.columns),
        open=name in {"links", "claims"},
    )


def _facts(verdict: Verdict) -> tuple[Fact, ...]:
    lead, level = verdict.lead, verdict.definitions.alpha
    facts = [_fact(f"{name}: {verdict.link_names[name]}", link, level) for name, link in lead.links.items()]
    tone = {True: "yes", False: "no", None: "open"}[verdict.supported]
    note = f"sample “{verdict.headline}”; {pvalue_words(lead.chain.pvalue) if lead.chain.applicable else lead.chain.reason}"
    return (*facts, Fact("The chain: all three links", verdict.word, note, tone))


def _fact(label: str, link: TestResult, level: float) -> Fact:
    if not link.applicable:
        return Fact(label, "not testable", link.reason, "open")
    figure = f"{link.estimate * 100:+.2f} points" if link.unit == "return" else f"{link.estimate:+.2f} sd"
    return Fact(
        label,
        figure.replace("-", "−"),
        f"{pvalue_words(link.pvalue)}, n = {link.n_clusters} sessions",
        "yes" if link.pvalue <= level else "open",
    )
