"""Whether the advice holds: tests counted on the studies on which they are believed, and the test that is reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.calibration.journal import Cell, Window
from eventstudy.calibration.lab import Plan, Row, Tally, add_outcome, cells_of
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import TestSpec
from eventstudy.inference.registry import TESTS, recommend
from eventstudy.inference.to_report import reported

BELIEVED = ", believed"
"""What is added to the name of a scenario for the studies on which a test is believed."""

REPORTED = "reported"
"""In a table: the test that `reported` names, another one from study to study."""


def count_study(
    tally: Tally,
    where: tuple[str, int, Window],
    sample: WindowSample,
    specs: Sequence[TestSpec],
    *,
    draws: int,
    seed: np.random.SeedSequence,
) -> None:
    """Run tests on one study, and count each on all studies, on those where it is believed, and the one that is reported.

    A study on which nothing is believed counts as one that reports nothing: the row of `REPORTED` has fewer replications.
    """
    scenario, n, window = where
    facts = SampleFacts(sample)
    said = {item.name: item for item in recommend(sample, facts=facts)}
    first = reported(sample, said.values())
    for spec in specs if first in {spec.name for spec in specs} or not first else (*specs, TESTS[first]):
        if not said[spec.name].applicable:
            continue
        extra: dict[str, Any] = {"facts": facts} if spec.facts else {}
        if spec.draws:
            extra |= {"rng": np.random.default_rng(seed.spawn(1)[0]), "draws": draws}
        outcome = spec.compute(sample, **extra)
        if spec in specs:
            add_outcome(tally, (scenario, n, window, spec.name), outcome)
            if said[spec.name].valid:
                add_outcome(tally, (scenario + BELIEVED, n, window, spec.name), outcome)
        if spec.name == first and said[first].valid:
            add_outcome(tally, (scenario + BELIEVED, n, window, REPORTED), outcome)


def rows_of(plan: Plan, scenarios: tuple[str, ...], tally: Tally) -> Iterator[Row]:
    """Return the counts as rows of a table: all studies of each scenario, then those where a test is believed."""
    total = cells_of(tally)
    discrete = {spec.name: spec.discrete for spec in plan.specs()} | {REPORTED: True}
    for scenario in (name + end for name in scenarios for end in ("", BELIEVED)):
        for n in plan.events:
            for window in plan.windows:
                for name, lattice in discrete.items():
                    cell = total.get((scenario, n, window, name), Cell())
                    if cell.replications:
                        yield Row(scenario, n, *window, name, cell, False, lattice)
