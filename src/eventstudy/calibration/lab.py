"""The calibration lab: how often a test rejects when nothing happens, and when something does.

A table is made of units of work: a fixed number of replications of one scenario with one number of events. Each has a
stream of chance of its own, so that the table is the same whatever the number of workers and however often it was
interrupted; finished units are kept in a file beside the table and not done again.
"""

from __future__ import annotations

import zlib
from collections import ChainMap, Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from eventstudy.calibration.batch import samples, single_samples
from eventstudy.calibration.further_scenarios import FURTHER
from eventstudy.calibration.intervals import INTERVALS
from eventstudy.calibration.journal import Cell, Counts, Key, Unit, Window, append_journal, read_journal
from eventstudy.calibration.scenarios import SCENARIOS, Geometry
from eventstudy.checks import check_fields, checked, count, word
from eventstudy.errors import StudyError
from eventstudy.inference.core.sample_facts import EstimationFacts, SampleFacts
from eventstudy.inference.core.spec import FEW, Condition, TestSpec
from eventstudy.inference.core.statistic import Statistic
from eventstudy.inference.registry import DAILY
from eventstudy.words import brief
from eventstudy.workers import spread

WINDOWS: tuple[Window, ...] = ((0, 0), (0, 4), (-10, 10))
EVENTS = (10, 50, 200)
NOMINAL = 0.05

Tally = Counter[tuple[Key, str]]
"""Counts by cell and field of `Cell`."""

UNIT_EVENTS = 1000
"""Security-events simulated at once: their windows stay in the processor's cache."""
UNIT_BATCHES = 10
"""Batches in a unit of work."""
RESAMPLING_UNIT = 20
"""Replications in a unit of work of tests that draw."""
MOST_EVENTS = 10_000
"""Security-events a study: returns of a batch of them take 50 MB."""
LARGE = 1000.0
"""An effect beyond it is no return."""
MOST_REPLICATIONS = 10_000_000
MOST_DRAWS = 1_000_000
KNOWN = {**SCENARIOS, **FURTHER}
MEASURED: Mapping[str, TestSpec] = ChainMap(dict(INTERVALS), cast("MutableMapping[str, TestSpec]", DAILY))
"""Tests, and intervals as tests of nothing: one that does not hold the truth, or does not exist, is a rejection."""
HISTORY = 300
"""Bars before the estimation window where placebo dates are drawn from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to calibrate.

    Attributes
    ----------
    scenarios, tests : tuple of str
        Names; empty means the nine scenarios of the tables, and all tests that do not draw. Intervals
        (`eventstudy.calibration.intervals`) and further scenarios are measured when they are named.
    windows : tuple of (first, last)
        Relative days.
    events : tuple of int
        Numbers of security-events N.
    replications : int
        Simulated studies of each cell.
    draws : int
        Draws of a test that resamples.
    effect : float
        Abnormal return of relative day 0, decimals; 0 measures size, anything else power.
    seed : int
        Root of all chance.
    """

    scenarios: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    windows: tuple[Window, ...] = WINDOWS
    events: tuple[int, ...] = EVENTS
    replications: int = 10_000
    draws: int = 199
    effect: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self)
        reach = Geometry().reach
        asked = (("scenario", self.scenarios, KNOWN, SCENARIOS), ("test", self.tests, MEASURED, DAILY))
        for kind, names, known, told in asked:
            for name in names:
                word(name, known if name in known else told, kind)  # a message names the tests, not the intervals too
        if not self.events or min(self.events) < 1:
            msg = "numbers of events must be at least 1"
            raise StudyError(msg)
        count(self.seed, "seed", least=0)
        _check_measure(self)
        for first, last in self.windows:
            if not -reach <= first <= last <= reach:
                msg = f"window ({brief(first)}, {brief(last)}) must lie within relative days {-reach} .. {reach}"
                raise StudyError(msg)
        # a list or an array of two is a window, too
        object.__setattr__(self, "windows", tuple((int(first), int(last)) for first, last in self.windows))

    def specs(self) -> tuple[TestSpec, ...]:
        """Return the tests, in the order of the registry."""
        if self.tests:
            return tuple(spec for spec in MEASURED.values() if spec.name in self.tests)
        return tuple(spec for spec in DAILY.values() if not spec.draws and "one event" not in spec.needs)

    @property
    def digest(self) -> str:
        """A short name of all that decides the numbers of one unit of work (the cells and replications do not)."""
        names = [spec.name for spec in self.specs()]
        return f"{zlib.crc32(repr((names, self.windows, self.draws, self.effect, self.seed)).encode()):08x}"


def _check_measure(plan: Plan) -> None:
    for what, number, most in (
        ("replications", plan.replications, MOST_REPLICATIONS),
        ("draws", plan.draws, MOST_DRAWS),
        ("numbers of events", max(plan.events), MOST_EVENTS),
    ):
        if number > most:
            msg = f"{what} must be at most {most:,}, not {brief(number)}"
            raise StudyError(msg)
    if not abs(plan.effect) < LARGE:
        msg = f"effect must be a decimal such as 0.01, not {brief(plan.effect)}"
        raise StudyError(msg)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a calibration table.

    Attributes
    ----------
    scenario, test : str
    n : int
        Security-events.
    first, last : int
        Window.
    cell : Cell
        Counts.
    claimed : bool
        Whether the test is declared to hold here.
    discrete : bool
        Whether its size may lie below 5 %.
    """

    scenario: str
    n: int
    first: int
    last: int
    test: str
    cell: Cell
    claimed: bool
    discrete: bool

    @property
    def rate(self) -> float:
        """Share of rejections, two-sided at 5 %."""
        return self.cell.two / self.cell.replications

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of `rate`."""
        return float(np.sqrt(self.rate * (1 - self.rate) / self.cell.replications))

    @property
    def tolerance(self) -> float:
        """Three Monte-Carlo standard errors of a size that is 5 %."""
        return 3 * float(np.sqrt(NOMINAL * (1 - NOMINAL) / self.cell.replications))

    @property
    def held(self) -> bool:
        """Whether the size lies within `tolerance` of 5 % (discrete: not above)."""
        gap = self.rate - NOMINAL
        return gap <= self.tolerance and (self.discrete or gap >= -self.tolerance)


@checked()
def claimed(spec: TestSpec, scenario: str, n: int, window: Window) -> bool:
    """Return whether a test is declared to hold in a cell, from its specification alone.

    Parameters
    ----------
    spec : TestSpec
    scenario : str
        Name.
    n : int
        Security-events.
    window : (int, int)

    Returns
    -------
    bool

    Examples
    --------
    >>> from eventstudy.inference import TESTS
    >>> claimed(TESTS["patell"], "event_variance", 50, (0, 0)), claimed(TESTS["bmp"], "event_variance", 50, (0, 0))
    (False, True)
    """
    few: frozenset[Condition] = frozenset({"few"}) if n < FEW else frozenset()
    known = KNOWN[scenario]
    return known.told and spec.holds(known.conditions | few, n, window[1] - window[0] + 1)


@checked()
def calibrate(
    plan: Plan,
    *,
    resume: Path | None = None,
    executor: Any = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Row, ...]:
    """Measure how often tests reject, cell by cell.

    Parameters
    ----------
    plan : Plan
        What to measure.
    resume : Path, optional
        File of finished units: read at the start, appended to after every unit. Units of another plan in it are ignored.
    executor : Executor, optional
        Any of ``concurrent.futures``, a client of Dask, or the module ray; the table does not depend on it, nor on workers
        that are lost: their units are done again.
    progress : callable, optional
        ``progress(done, total)`` after every unit.

    Returns
    -------
    tuple of Row
        Scenario by scenario, in the order of the plan; cells in which a test does not apply are left out.

    Examples
    --------
    >>> plan = Plan(scenarios=("normal",), tests=("bmp",), windows=((0, 0),), events=(10,), replications=1000, seed=1)
    >>> (row,) = calibrate(plan)
    >>> row.cell.replications, row.claimed, row.held
    (1000, True, True)
    """
    units = list(_units(plan))
    done = read_journal(resume, plan.digest) if resume else {}
    waiting = [unit for unit in units if unit not in done]
    finished = len(units) - len(waiting)
    if progress:
        progress(finished, len(units))
    for number, counts in spread(partial(_work, plan), ((unit,) for unit in waiting), executor):
        unit = waiting[number]
        done[unit] = counts
        finished += 1
        if resume:
            append_journal(resume, plan.digest, unit, counts)
        if progress:
            progress(finished, len(units))
    total: dict[Key, Cell] = {}
    for unit in units:
        for key, cell in done[unit].items():
            total[key] = total.get(key, Cell()) + cell
    return tuple(_rows(plan, total))


def _units(plan: Plan) -> Iterator[Unit]:
    draws = any(spec.draws for spec in plan.specs())
    for scenario in plan.scenarios or tuple(SCENARIOS):
        for n in plan.events:
            size = RESAMPLING_UNIT if draws else UNIT_BATCHES * max(1, UNIT_EVENTS // n)
            for first in range(0, plan.replications, size):
                yield Unit(scenario, n, first, min(size, plan.replications - first))


def _work(plan: Plan, unit: Unit) -> Counts:
    """Do one unit of work."""
    words = [plan.seed, zlib.crc32(unit.scenario.encode()), unit.n, unit.first]
    seed = np.random.SeedSequence(words)
    specs = plan.specs()
    drawing = [spec for spec in specs if spec.draws]
    tally: Tally = Counter()
    simulation, resampling = seed.spawn(2)
    rng = np.random.default_rng(simulation)
    step = RESAMPLING_UNIT if drawing else max(1, UNIT_EVENTS // unit.n)
    for low in range(0, unit.count, step):
        _batch(plan, unit, min(step, unit.count - low), rng, resampling.spawn(1)[0], tally)
    return cells_of(tally)


def _batch(
    plan: Plan,
    unit: Unit,
    studies: int,
    rng: np.random.Generator,
    resampling: np.random.SeedSequence,
    tally: Tally,
) -> None:
    scenario, specs = KNOWN[unit.scenario], plan.specs()
    geometry = Geometry(history=HISTORY if any(spec.draws for spec in specs) else 0)
    drawn = scenario.draw(rng, studies, unit.n, geometry)
    batches = samples(drawn, geometry, plan.windows, plan.effect)
    shared: EstimationFacts | None = None
    for window, sample in batches.items():
        if shared is None and sample.estimation is not None:
            shared = EstimationFacts(sample.estimation, sample.sigma)
        facts = SampleFacts(sample, shared)
        for spec in specs:
            if spec.draws or not _applies(spec, scenario.dates, unit.n):
                continue
            outcome = spec.compute(sample, **({"facts": facts} if spec.facts else {}))
            add_outcome(tally, (unit.scenario, unit.n, window, spec.name), outcome)
    # one stream for each window, study and test that draws, in this order
    for window in plan.windows if geometry.history else ():
        for study in single_samples(drawn, geometry, window, plan.effect):
            for spec in specs:
                if spec.draws and _applies(spec, scenario.dates, unit.n):
                    outcome = spec.compute(study, rng=np.random.default_rng(resampling.spawn(1)[0]), draws=plan.draws)
                    add_outcome(tally, (unit.scenario, unit.n, window, spec.name), outcome)


def _applies(spec: TestSpec, dates: str, n: int) -> bool:
    fits = {"one date": dates == "common", "two dates": dates != "common", "one event": False}
    return n >= spec.minimum and all(fits.get(need, True) for need in spec.needs)


def add_outcome(tally: Tally, key: Key, outcome: Statistic) -> None:
    """Add the p-values of one test, of one study or of many, to the counts of its cell."""
    known = np.isfinite(outcome.p_two)
    tally[key, "replications"] += int(known.sum())
    for side, p in (("two", outcome.p_two), ("less", outcome.p_less), ("greater", outcome.p_greater)):
        tally[key, side] += int(
            (np.asarray(p)[known] <= NOMINAL).sum()
        )  # NaN, where there are no sides, does not count


def cells_of(tally: Tally) -> Counts:
    """Return the counts of each cell, in the order of their keys."""
    keys = {key for key, _ in tally}
    return {key: Cell(*(tally[key, name] for name in Cell.__dataclass_fields__)) for key in sorted(keys)}


def _rows(plan: Plan, total: dict[Key, Cell]) -> Iterator[Row]:
    for scenario in plan.scenarios or tuple(SCENARIOS):
        for n in plan.events:
            for window in plan.windows:
                for spec in plan.specs():
                    cell = total.get((scenario, n, window, spec.name), Cell())
                    if cell.replications:
                        holds = plan.effect == 0 and claimed(spec, scenario, n, window)
                        yield Row(scenario, n, *window, spec.name, cell, holds, spec.discrete)
