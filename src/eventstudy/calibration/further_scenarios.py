"""Scenarios that are measured when they are asked for by name: they are not among those of the tables of sizes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from eventstudy._typing import Floats
from eventstudy.calibration.scenarios import CORRELATION, Scenario, normal, student
from eventstudy.inference.core.measured_size import SCENARIOS as MEASURED
from eventstudy.inference.core.spec import Condition


def _exponential(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Exponential, centred: skewness 2."""
    return rng.standard_exponential(shape) - 1


NOTHING: frozenset[Condition] = frozenset()

_FURTHER = (
    Scenario(
        "unequal",
        "five in six on one date, the others in pairs; correlation 0.3",
        MEASURED["unequal"],
        normal,
        correlation=0.3,
        dates="unequal",
    ),
    Scenario(
        "consecutive",
        "four a day on consecutive days, correlation 0.3",
        MEASURED["consecutive"],
        normal,
        correlation=0.3,
        dates="consecutive",
    ),
    Scenario(
        "blocks",
        "one common date, two industries with correlation 0.5",
        MEASURED["blocks"],
        normal,
        correlation=0.5,
        dates="common",
        blocks=2,
    ),
    Scenario("dispersed", "normal, sigmas unlike, dates apart", MEASURED["dispersed"], normal, dispersion=0.5),
    Scenario(
        "common_t4", "one common date, correlation 0.3, t(4)", MEASURED["common_t4"], student, 0.3, dates="common"
    ),
    Scenario(
        "staggered_t4",
        "dates within 60 sessions, windows overlap, correlation 0.1, t(4)",
        MEASURED["staggered_t4"],
        student,
        CORRELATION,
        dates="staggered",
    ),
    Scenario(
        "thin", "one date, a third of days without a trade", NOTHING, normal, dates="common", thin=1 / 3, told=False
    ),
    Scenario(
        "left_out", "one random date, a factor is left out", MEASURED["left_out"], normal, dates="common", loading=1.0
    ),
    Scenario(
        "left_out_chosen",
        "one date chosen for a factor that is left out",
        NOTHING,
        normal,
        dates="common",
        loading=1.0,
        chosen=True,
        told=False,
    ),
    Scenario(
        "shared_volatility",
        "one date, correlation 0.1, volatility that all share",
        MEASURED["shared_volatility"],
        normal,
        CORRELATION,
        dates="common",
        shared_volatility=0.5,
    ),
    Scenario(
        "staggered_volatility",
        "dates within 60 sessions, correlation 0.1, volatility that all share",
        MEASURED["staggered_volatility"],
        normal,
        CORRELATION,
        dates="staggered",
        shared_volatility=0.5,
    ),
    Scenario("two_dates", "two dates of equal size, correlation 0.2", MEASURED["staggered"], normal, 0.2, dates="two"),
    Scenario(
        "three_dates", "three dates of equal size, correlation 0.2", MEASURED["staggered"], normal, 0.2, dates="three"
    ),
    Scenario(
        "common_variance_x4",
        "one common date, correlation 0.2, variance x4",
        MEASURED["common_event_variance"],
        normal,
        correlation=0.2,
        event_variance=4.0,
        dates="common",
    ),
    Scenario(
        "some_raised",
        "variance x9 for three events in ten, dates apart",
        MEASURED["event_variance"],
        normal,
        event_variance=9.0,
        raised=0.3,
    ),
    Scenario("exponential", "exponential: skewness 2, dates apart", MEASURED["skewed"], _exponential),
    Scenario(
        "one_index",
        "one index, events within 1,000 sessions, windows overlap",
        MEASURED["staggered"],
        normal,
        correlation=1.0,
        dates="staggered",
        sessions=1_000,
    ),
)

FURTHER: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _FURTHER})
"""Scenarios that are measured when they are asked for by name."""
