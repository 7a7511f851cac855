"""The verdict as users hold it: the findings, with their words, their charts, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from eventstudy.hypothesis.verdict.charts import Plots
from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.hypothesis.verdict.first_screen import lines
from eventstudy.hypothesis.verdict.wording import sentences
from eventstudy.json_values import plain
from eventstudy.plots.chart import Chart
from eventstudy.words import typeset


@dataclass(frozen=True, slots=True)
class Verdict(Findings):
    """The answer of the flagship study: the findings, and how they are told, shown and kept.

    Its attributes are those of :class:`eventstudy.hypothesis.verdict.findings.Findings`.
    """

    def summary(self, *, full: bool = False) -> str:
        """Give the answer in words: the question, the answer, the three links, and what else one would ask.

        Parameters
        ----------
        full : bool, default False
            Everything that was found: links, falsifiers, power, rivals, the other samples.
        """
        return "\n".join(sentences(self) if full else lines(self))

    @property
    def plot(self) -> Plots:
        """The charts of this verdict: ``verdict.plot.placebo("H1")`` and others; each gives its Axes back."""
        from eventstudy.hypothesis.verdict.charts import Plots  # noqa: PLC0415  matplotlib is slow to import

        return Plots(self)

    def charts(self) -> tuple[Chart, ...]:
        """Make the charts of the report, each with its title, caption and numbers; those without a number are left out."""
        from eventstudy.hypothesis.verdict.charts import charts_of  # noqa: PLC0415  matplotlib is slow to import

        return charts_of(self)

    def report(
        self, path: str | Path, *, title: str = "Does a selloff force softening?", sections: Sequence[str] | None = None
    ) -> Path:
        """Write one page: the answer, the charts, and behind them the tables; no file beside it, no network.

        Parameters
        ----------
        path : str or pathlib.Path
            An .html file; one of that name is replaced.
        title : str
        sections : sequence of str, optional
            Of "Does the chain hold?", "What was claimed", "The chain in detail"; all by default.
        """
        from eventstudy.hypothesis.verdict.page import verdict_part  # noqa: PLC0415  matplotlib is slow to import
        from eventstudy.pages.document import Document  # noqa: PLC0415  the same
        from eventstudy.pages.write import write_page  # noqa: PLC0415  the same

        part = verdict_part(self)
        made = Document(
            title,
            part.answer,
            self.to_dict(),
            part.charts,
            part.tables,
            part.sections,
            facts=part.facts,
            question=part.question,
        )
        return write_page(made, path, sections)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the tables, as plain JSON values."""
        samples = {
            name: {
                "links": {key: link.to_dict() for key, link in sample.links.items()},
                "chain": sample.chain.to_dict(),
                "power": {
                    key: {"effect": p.effect, "power": p.power, "detectable": p.detectable}
                    for key, p in sample.power.items()
                },
            }
            for name, sample in self.samples.items()
        }
        falsified = ("link", "text", "fires", "figure", "required")
        content: dict[str, Any] = plain(
            {
                "supported": self.supported,
                "reasons": list(self.reasons),
                "headline": self.headline,
                "summary": list(lines(self)),
                "full": list(sentences(self)),
                "samples": samples,
                "falsifiers": [{key: getattr(f, key) for key in falsified} for f in self.falsifiers],
                "facts": dict(self.facts),
                "claims": [asdict(claim) for claim in self.claims],
                "definitions": {"digest": self.definitions.digest, **self.definitions.raw},
                "provenance": dict(self.provenance),
            }
        )
        return content

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        from eventstudy.hypothesis.verdict.shown import text  # noqa: PLC0415  slow to import: only those who look pay

        return text(self)

    def _repr_html_(self) -> str:
        from eventstudy.hypothesis.verdict.shown import links  # noqa: PLC0415  slow to import: only those who look pay
        from eventstudy.pages.latex_markdown_xlsx import to_html  # noqa: PLC0415  the same

        return "".join(f"<p>{escape(typeset(line))}</p>" for line in lines(self)[:3]) + to_html(links(self))
