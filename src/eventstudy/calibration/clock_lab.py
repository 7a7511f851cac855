"""The lab inside the day: how often each test of the clock rejects in each half-hour when nothing happens.

Days of known truth (level of the day an AR(1), volatility 1 + 1.5 z^2 by the clock, Student's t(5)) go through the real estimator;
each study is one security with events of one half-hour, on sessions of their own.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from eventstudy._typing import Floats
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.intraday.clock import Clock
from eventstudy.abnormal.intraday.estimate import estimate_intraday
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.calibration.bars import SIGMA, clock_shape, levels, noise
from eventstudy.checks import check_fields, checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.spec import FEW, Condition, TestSpec
from eventstudy.inference.core.statistic import Statistic
from eventstudy.inference.registry import TESTS

SLOTS: Final = 78
HALVES: Final = 13
APART: Final = 3  # sessions between two events: those before and after are free
BEFORE: Final = 125  # sessions before the first event: 60 placebo sessions with a past of 60 each, and a few
AT_ONCE: Final = 40  # studies that are estimated together
NOMINAL: Final = 0.05
CONDITIONS: Final[frozenset[Condition]] = frozenset({"within the day", "fat tails", "volatility clustering"})


@dataclass(frozen=True, slots=True)
class ClockPlan:
    """What to measure.

    Attributes
    ----------
    studies : int
        Simulated studies of each half-hour; of single events as many times more as the longest study has events.
    events : tuple of int
        Security-events a study, 1 or more.
    tests : tuple of str
        Names; empty means all tests of the clock.
    bars : int
        Length of the tested window.
    jump : float
        Log return of the first bar of each event; 0 measures size.
    halves : tuple of int
        Half-hours, 0 to 12.
    model : IntradayModel
        Pattern, days, renewal.
    seed : int
        Of all chance.
    """

    studies: int = 400
    events: tuple[int, ...] = (1, 10)
    tests: tuple[str, ...] = ()
    bars: int = 3
    jump: float = 0.0
    halves: tuple[int, ...] = tuple(range(HALVES))
    model: IntradayModel = field(default_factory=lambda: IntradayModel(base=MarketModel("MKT")))
    seed: int = 0

    def __post_init__(self) -> None:
        check_fields(self)
        known = {name for name, spec in TESTS.items() if "clock" in spec.needs}
        strange = [name for name in self.tests if name not in known]
        if strange:
            msg = f"{strange[0]!r} is no test of the clock; those are {', '.join(sorted(known))}"
            raise StudyError(msg)
        if not (self.studies >= 1 and self.events and min(self.events) >= 1 and 1 <= self.bars <= SLOTS // HALVES):
            msg = "a plan needs at least one study, events of 1 or more, and a window of 1 to 6 bars"
            raise StudyError(msg)

    def specs(self) -> tuple[TestSpec, ...]:
        """Return the tests, in the order of the registry."""
        return tuple(
            spec for name, spec in TESTS.items() if "clock" in spec.needs and (not self.tests or name in self.tests)
        )


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One line of the table.

    Attributes
    ----------
    test : str
    n : int
        Security-events a study.
    half : int
        Half-hour, 0 is the first.
    studies, rejections, covered : int
        Studies in which the test exists, rejects at 5 %, and has an interval that holds the truth.
    with_interval : int
        Studies in which it has an interval of the return.
    mean : float
        Of the estimate less the truth, in the test's unit.
    claimed : bool
        Whether the test is declared to hold here.
    """

    test: str
    n: int
    half: int
    studies: int
    rejections: int
    covered: int
    with_interval: int
    mean: float
    claimed: bool

    @property
    def rate(self) -> float:
        """Share of rejections."""
        return self.rejections / self.studies

    @property
    def error(self) -> float:
        """Its Monte-Carlo standard error."""
        return float(np.sqrt(self.rate * (1 - self.rate) / self.studies))


@checked()
def calibrate_clock(plan: ClockPlan) -> tuple[ClockRow, ...]:
    """Measure the tests of the clock in each half-hour.

    Parameters
    ----------
    plan : ClockPlan

    Returns
    -------
    tuple of ClockRow
        Half-hour by half-hour; a test that does not exist in a cell is left out.

    Examples
    --------
    >>> plan = ClockPlan(studies=20, events=(1,), tests=("matched_clock",), halves=(6,), seed=1)
    >>> (row,) = calibrate_clock(plan)
    >>> row.studies, row.claimed
    (20, True)
    """
    tally: dict[tuple[str, int, int], list[float]] = {}
    for number, low in enumerate(range(0, plan.studies, AT_ONCE)):
        rng = np.random.default_rng([plan.seed, zlib.crc32(b"clock"), number])
        _block(plan, rng, min(AT_ONCE, plan.studies - low), tally)
    rows = []
    for half in plan.halves:
        for n in plan.events:
            for spec in plan.specs():
                cell = tally.get((spec.name, n, half))
                if cell:
                    few: frozenset[Condition] = frozenset({"few"}) if n < FEW else frozenset()
                    count, rejected, covered, known, total = cell
                    claimed = plan.jump == 0 and spec.holds(CONDITIONS | few, n, plan.bars)
                    whole = (int(count), int(rejected), int(covered), int(known))
                    rows.append(ClockRow(spec.name, n, half, *whole, total / count, claimed))
    return tuple(rows)


def _block(
    plan: ClockPlan, rng: np.random.Generator, studies: int, tally: dict[tuple[str, int, int], list[float]]
) -> None:
    """Simulate `studies` securities, and test each in each half-hour."""
    most = max(plan.events)
    days = BEFORE + APART * most + 1
    market, own = _days(rng, 1, days), _days(rng, studies, days)
    clock = regular_clock(days)
    event_day = BEFORE + APART * np.arange(most)
    free = np.ones((1, days), dtype=bool)
    free[0, event_day] = False  # as a study of its events has it: none is a placebo of another
    per_half = SLOTS // HALVES
    # where nothing happens all half-hours share their days; else a reaction at one would lie before another
    for halves in [plan.halves] if plan.jump == 0 else [(half,) for half in plan.halves]:
        begin = np.array(halves)[:, None, None] * per_half
        slot = begin + rng.integers(0, per_half - plan.bars + 1, (len(halves), studies, most))
        security = np.broadcast_to(np.arange(studies)[:, None], slot.shape).ravel()
        day0 = (event_day * SLOTS + slot).ravel()
        returns = own + market
        returns[security, day0] += plan.jump
        fitted = estimate_intraday(
            returns,
            market,
            clock=clock,
            security=security,
            day0=day0,
            window=(0, plan.bars - 1),
            model=plan.model,
            free=free,
        )
        if fitted.inside is not None:
            fitted.inside.record(0, plan.bars - 1)  # every session is estimated for all studies at once
        for number in range(len(halves) * studies):
            _test(plan, fitted, number * most, halves[number // studies], rng, tally)


def _days(rng: np.random.Generator, rows: int, days: int) -> Floats:
    """Return (rows, days x slots) returns."""
    scale = SIGMA * levels(rng, rows, days)[:, :, None] * clock_shape(SLOTS)
    return np.asarray((scale * noise(rng, (rows, days, SLOTS))).reshape(rows, -1))


def regular_clock(days: int) -> Clock:
    """Return the clock of usual days of 78 five-minute bars."""
    slots = np.arange(SLOTS)
    return Clock(
        np.repeat(np.arange(days), SLOTS),
        np.tile(slots, days),
        np.ones(SLOTS, dtype=bool),
        np.zeros(days, dtype=bool),
        5.0,
        np.arange(days),
        570 + 5 * slots,
    )


def _test(
    plan: ClockPlan,
    fitted: AbnormalReturns,
    first: int,
    half: int,
    rng: np.random.Generator,
    tally: dict[tuple[str, int, int], list[float]],
) -> None:
    most = max(plan.events)
    groups = [(n, first + at) for n in plan.events for at in (range(most) if n == 1 else (0,))]
    for n, begin in groups:  # each event by itself is a study of one
        sample = fitted.take(np.arange(begin, begin + n)).sample(0, plan.bars - 1, estimation=True)
        for spec in plan.specs():
            if ("one event" in spec.needs and n != 1) or ("two dates" in spec.needs and n < 2):
                continue
            outcome: Statistic = spec.compute(sample, **({"rng": rng} if spec.draws else {}))
            if not np.isfinite(outcome.p_two):
                continue
            cell = tally.setdefault((spec.name, n, half), [0.0] * 5)
            cell[0] += 1
            cell[1] += float(outcome.p_two <= NOMINAL)
            if outcome.low is not None and outcome.high is not None and outcome.unit == "return":
                cell[2] += float(outcome.low <= plan.jump <= outcome.high)
                cell[3] += 1
            cell[4] += float(outcome.estimate) - plan.jump if outcome.unit == "return" else float(outcome.value)
