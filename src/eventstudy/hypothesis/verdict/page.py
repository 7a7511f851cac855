"""A verdict as a part of a page: its answer, its cards, its charts and tables in the order in which a reader asks."""

from __future__ import annotations

import pandas as pd

from eventstudy.hypothesis.verdict.charts import charts_of
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.hypothesis.verdict.tables import table_words
from eventstudy.hypothesis.verdict.wording import (
    answer_sentence,
    details_of_test,
    link_sentences,
    plain_answer,
    scope_sentence,
)
from eventstudy.inference.core.result import TestResult
from eventstudy.pages.document import Fact, Part, Section, Table
from eventstudy.words import pvalue_words, signed, typeset

LEDGER = "chain_claims"
LINKS = "chain_links"
FIRST = ("links", "placebo-H1", "placebo-H2", "placebo-H3", "hazard", "power")  # what a reader asks first
ILLUSTRATIONS = ("overlay", "tariff-ladder")
MAIN = {
    "links": ("sample", "link", "n", "estimate", "low", "high", "pvalue", "power"),
    "claims": ("number", "claim", "verdict", "figure", "test", "window"),
}
CLAIMED = (
    "Each claim with the figure, the test and the window behind its verdict: supported, contradicted, mixed, or not testable "
    "with the reason. Many claims were tested, so some of these tests reject by chance alone."
)


def verdict_part(verdict: Findings) -> Part:
    """Say what came out of the hypothesis."""
    charts = charts_of(verdict)
    tables = tuple(_table(name, frame) for name, frame in verdict.tables().items())
    names = [chart.name for chart in charts]
    chain = Section(
        "Does the chain hold?",
        tuple(typeset(line) for line in (scope_sentence(verdict), *link_sentences(verdict))),
        charts=tuple(name for name in names if name in FIRST),
        tables=(LINKS,),
    )
    ledger = Section("What was claimed", (CLAIMED,), tables=(LEDGER,))
    more = Section(
        "The chain in detail",
        tuple(typeset(line) for line in (answer_sentence(verdict), *details_of_test(verdict))),
        charts=tuple(name for name in names if name not in (*FIRST, *ILLUSTRATIONS)),
        tables=tuple(table.name for table in tables if table.name not in (LEDGER, LINKS)),
        behind=True,
    )
    return Part(
        sections=(chain, ledger, more),
        charts=charts,
        tables=tables,
        facts=_facts(verdict),
        answer=tuple(typeset(line) for line in plain_answer(verdict)),
    )


def _table(name: str, frame: pd.DataFrame) -> Table:
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
        main=MAIN.get(name, ()),
    )


def _facts(verdict: Findings) -> tuple[Fact, ...]:
    lead, level = verdict.lead, verdict.definitions.alpha
    facts = [_fact(f"{name}: {verdict.link_names[name]}", link, level) for name, link in lead.links.items()]
    tone = {True: "yes", False: "no", None: "open"}[verdict.supported]
    note = f"sample “{verdict.headline}”; {pvalue_words(lead.chain.pvalue) if lead.chain.applicable else lead.chain.reason}"
    return (*facts, Fact("The chain: all three links", verdict.word, note, tone))


def _fact(label: str, link: TestResult, level: float) -> Fact:
    if not link.applicable:
        return Fact(label, "not testable", link.reason, "open")
    figure = f"{link.estimate * 100:+.2f} points of loss" if link.unit == "return" else signed(link.details["mean_car"])
    chance = pvalue_words(link.pvalue)
    rests = link.details.get("p_left_out") == link.pvalue and link.details.get("p_with_all", link.pvalue) < link.pvalue
    where = " without the sessions that speak most for it" if rests else ""
    size = (
        "before decisions, against other days" if link.unit == "return" else f"{link.estimate:+.2f} standard deviations"
    )
    note = f"{size}; {chance}{where}, n = {link.n_clusters} sessions".replace("-", "−")
    return Fact(label, figure.replace("-", "−"), note, "yes" if link.pvalue <= level else "open")
