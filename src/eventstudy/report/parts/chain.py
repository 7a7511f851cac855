"""The hypothesis of a study file: tested, and what the verdict says of itself placed in the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eventstudy.hypothesis import SelloffForcesSoftening, Verdict
from eventstudy.hypothesis.verdict.page import ILLUSTRATIONS, verdict_part
from eventstudy.pages.document import Part, Section
from eventstudy.report.parts.overview import ladder_chart
from eventstudy.report.parts.part import Inputs

LIKE = "Paths laid over each other illustrate; they test nothing."


def verdict_of(
    inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None, executor: Any = None
) -> Verdict:
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
    return hypothesis.test(inputs.catalog, inputs.prices, securities=inputs.securities, executor=executor)


def chain_part(
    inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None, executor: Any = None
) -> Part:
    """Test the hypothesis and say what came out."""
    verdict = verdict_of(inputs, seed=seed, quick=quick, progress=progress, executor=executor)
    part, ladder = verdict_part(verdict), ladder_chart(inputs)
    charts = part.charts if ladder is None else (*part.charts, ladder)
    alike = Section("Episodes side by side", (LIKE,), charts=tuple(c.name for c in charts if c.name in ILLUSTRATIONS))
    sections = part.sections if not alike.charts else (*part.sections[:-1], alike, part.sections[-1])
    return replace(part, sections=sections, charts=charts, results={"hypothesis": verdict.to_dict()})
