"""A verdict as a part of a page: its answer, its cards, its charts and tables in the order in which a reader asks."""

from __future__ import annotations

import pandas as pd

from eventstudy.hypothesis.claims.ledger import WORDS
from eventstudy.hypothesis.verdict.charts import placed_charts
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.hypothesis.verdict.first_screen import NO_SIGN, OPPOSITE, YES, answer, beside, cards, meaning, question
from eventstudy.hypothesis.verdict.tables import table_words
from eventstudy.hypothesis.verdict.wording import (
    answer_sentence,
    details_of_test,
    link_sentences,
    scope_sentence,
)
from eventstudy.pages.document import Fact, Part, Section, Table
from eventstudy.plots.chart import Chart
from eventstudy.words import typeset

LEDGER = "chain_claims"
LINKS = "chain_links"
STEPS = "chain_steps"
MAIN = {
    "links": ("sample", "link", "n", "estimate", "low", "high", "pvalue", "power"),
    "claims": ("number", "claim", "verdict", "figure", "test", "window"),
}
LIKE = "Paths laid over each other illustrate; they test nothing."
STEPPED = (
    "The first version of this study said “not established” too. What differs now, one thing at a time; docs/flagship.md has the "
    "reasons."
)
CLAIMED = (
    "Each claim with the figure, the test and the window behind its verdict: supported, contradicted, mixed, descriptive (a figure "
    "and no test of that claim), or not testable with the reason. Many claims were tested, so some of these tests reject by chance alone."
)


def verdict_part(verdict: Findings, *beside_it: Chart) -> Part:
    """Say what came out of the hypothesis; charts of episodes that the caller made stand beside the verdict's own."""
    placed = placed_charts(verdict)
    placed["alike"] += beside_it
    tables = tuple(_table(name, frame) for name, frame in verdict.tables().items())
    names = {where: tuple(chart.name for chart in charts) for where, charts in placed.items()}
    chain = Section(
        "Does the chain hold?",
        tuple(typeset(line) for line in (scope_sentence(verdict), *link_sentences(verdict))),
        charts=names["chain"],
        tables=(LINKS,),
    )
    ledger = Section("What was claimed", (CLAIMED,), tables=(LEDGER,), facts=_counted(verdict))
    steps = Section("What changed the answer", (STEPPED,), tables=(STEPS,)) if len(verdict.tables()["steps"]) else None
    more = Section(
        "The chain in detail",
        tuple(typeset(line) for line in (answer_sentence(verdict), *details_of_test(verdict))),
        charts=names["detail"],
        tables=tuple(table.name for table in tables if table.name not in (LEDGER, LINKS, *((STEPS,) if steps else ()))),
        behind=True,
    )
    alike = Section("Episodes side by side", (LIKE,), charts=names["alike"]) if names["alike"] else None
    sections = (chain, ledger, steps, alike, more)
    return Part(
        sections=tuple(section for section in sections if section is not None),
        charts=tuple(chart for charts in placed.values() for chart in charts),
        tables=tables,
        facts=_facts(verdict),
        answer=tuple(typeset(line) for line in (answer(verdict), meaning(verdict), *beside(verdict))),
        question=typeset(question(verdict)),
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
        open=name in {"links", "claims", "steps"},
        main=MAIN.get(name, ()),
    )


def _facts(verdict: Findings) -> tuple[Fact, ...]:
    tones = {YES: "yes", NO_SIGN: "no", OPPOSITE: "no"}
    return tuple(
        Fact(typeset(one.label), typeset(f"{one.word}: {one.figure}"), typeset(one.note), tones.get(one.word, "open"))
        for one in cards(verdict)
    )


def _counted(verdict: Findings) -> tuple[Fact, ...]:
    """Count the claims by their words, a card each."""
    words = [claim.verdict for claim in verdict.claims]
    tones = {"supported": "yes", "contradicted": "no"}
    return tuple(
        Fact(word, str(words.count(word)), f"of {len(words)} claims", tones.get(word, ""))
        for word in WORDS
        if word in words
    )
