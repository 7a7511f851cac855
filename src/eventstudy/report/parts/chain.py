"""The hypothesis of a study file: tested, and what the verdict says of itself placed in the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eventstudy.errors import StudyError
from eventstudy.hypothesis import SelloffForcesSoftening, Verdict
from eventstudy.hypothesis.verdict.page import verdict_part
from eventstudy.pages.document import Part, Section
from eventstudy.report.parts.overview import ladder_chart
from eventstudy.report.parts.part import Inputs


def verdict_of(
    inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None, executor: Any = None
) -> Verdict:
    """Test the hypothesis on a study's inputs."""
    if not inputs.speaks_of_chain:
        raise StudyError(_other_words(inputs))
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


def _other_words(inputs: Inputs) -> str:
    """Say why the hypothesis cannot be tested on a catalogue with stances of its own, and the way out."""
    return (
        f"The hypothesis was not tested: its definitions name no stances of the catalogue “{inputs.catalog.name}” "
        f"({', '.join(inputs.catalog.vocabulary.stances)}). Name them in definitions of its own: eventstudy new writes such a file."
    )


def chain_part(
    inputs: Inputs, *, seed: int, quick: bool, progress: Callable[[str], None] | None, executor: Any = None
) -> Part:
    """Test the hypothesis and say what came out."""
    if not inputs.speaks_of_chain:
        return Part(sections=(Section("The hypothesis", (_other_words(inputs),)),))
    verdict = verdict_of(inputs, seed=seed, quick=quick, progress=progress, executor=executor)
    ladder = ladder_chart(inputs)
    part = verdict_part(verdict, *(() if ladder is None else (ladder,)))
    return replace(part, results={"hypothesis": verdict.to_dict()})
