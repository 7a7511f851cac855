"""What a verdict looks like where it is printed: its three-line answer, and a table of the links."""

from __future__ import annotations

import textwrap

import pandas as pd

from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.hypothesis.verdict.first_screen import lines
from eventstudy.pages.document import Table
from eventstudy.pages.formats import text_lines


def links(findings: Findings) -> Table:
    """Return the links of the headline sample, a row each."""
    level = 1 - 2 * findings.definitions.alpha
    rows = [
        (name, findings.link_names[name], link.n_clusters, link.estimate, link.ci[0], link.ci[1], link.unit, link.pvalue, findings.lead.power[name].power)
        for name, link in findings.lead.links.items()
    ]  # fmt: skip
    columns = ["link", "claim", "n", "estimate", "low", "high", "unit", "p", "power"]
    frame = pd.DataFrame(rows, columns=columns)
    units = {"estimate": "@unit", "low": "@unit", "high": "@unit", "p": "pvalue", "power": "number"}
    return Table("links", "", "", frame, units, labels={"low": f"{100 * level:g}% from", "high": "to"})


def text(findings: Findings) -> str:
    """Write the answer and the table in lines of text, none longer than a hundred letters."""
    told = [part for line in lines(findings)[:3] for part in textwrap.wrap(line, 100)]
    return "\n".join([*told, *text_lines(links(findings), hide=("unit",))])
