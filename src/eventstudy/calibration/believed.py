"""Whether the advice holds: tests counted on the studies on which they are believed, and the test that is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.calibration.journal import Cell, Key, Window
from eventstudy.calibration.lab import Plan, Row
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import TestSpec
from eventstudy.inference.core.statistic import Statistic
from eventstudy.inference.registry import TESTS, recommend
from eventstudy.inference.to_report import reported

BELIEVED = ", believed"
"""What is added to the name of a scenario for the studies on which a test is believed."""

REPORTED = "reported"
"""In a table: the test that `reported` names, another one from study to study."""

ALPHA = 0.05

Tally = Counter[tuple[Key, str]]


def count(tally: Tally, key: Key, outcome: Statistic) -> None:
    """Add the p-values of one test, of one study or of many, to the counts of its cell."""
    known = np.isfinite(outcome.p_two)
    tally[key, "replications"] += int(known.sum())
    for side, p in (("two", outcome.p_two), ("less", outcome.p_less), ("greater", outcome.p_greater)):
        tally[key, side] += int((np.asarray(p)[known] <= ALPHA).sum())  # NaN, where there are no sides, does not count


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
            count(tally, (scenario, n, window, spec.name), outcome)
            if said[spec.name].valid:
                count(tally, (scenario + BELIEVED, n, window, spec.name), outcome)
        if spec.name == first and said[first].valid:
            count(tally, (scenario + BELIEVED, n, window, REPORTED), outcome)


def rows_of(plan: Plan, scenarios: tuple[str, ...], tally: Tally) -> Iterator[Row]:
    """Return the counts as rows of a table: all studies of each scenario, then those where a test is believed."""
    discrete = {spec.name: spec.discrete for spec in plan.specs()} | {REPORTED: True}
    for scenario in (name + end for name in scenarios for end in ("", BELIEVED)):
        for n in plan.events:
            for window in plan.windows:
                for name, lattice in discrete.items():
                    cell = Cell(*(tally[(scenario, n, window, name), field] for field in Cell.__dataclass_fields__))
                    if cell.replications:
                        yield Row(scenario, n, *window, name, cell, False, lattice)
