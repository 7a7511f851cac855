"""The one place where options are checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from eventstudy import checks
from eventstudy.errors import DataError, StudyError
from eventstudy.study import EstimationWindow

Side = Literal["start", "end"]


@checks.checked()
def act(
    side: Side | None = None,
    *,
    window: tuple[int, int] = (0, 1),
    level: float = 0.95,
    draws: int = 9,
    many: tuple[Side, ...] = (),
):
    return side, window, level, draws, many


@dataclass
class Given:
    side: Side = "start"
    seed: int = 0

    def __post_init__(self):
        checks.check_fields(self, DataError)


def test_what_is_right_passes_untouched():
    assert act("end", window=[0, 3], level=np.float64(0.9), draws=np.int64(5), many=("start",)) == (
        "end",
        [0, 3],
        0.9,
        5,
        ("start",),
    )
    assert act(None) == (None, (0, 1), 0.95, 9, ())
    assert Given("end", 3) == Given("end", 3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"side": "strat"}, "^side='strat' is not one of start, end; did you mean 'start'?"),
        ({"side": ["start"]}, "^side="),
        ({"window": (1, 0)}, "runs backwards"),
        ({"window": {0, 1}}, "two whole relative days"),
        ({"window": (True, 2)}, "two whole relative days"),
        ({"window": None}, "two whole relative days"),
        ({"level": 90}, "did you mean 0.9"),
        ({"level": 0.05}, "not the size of a test; did you mean 0.95"),
        ({"level": True}, "level=True"),
        ({"draws": 0}, "draws=0 is not a whole number of 1 or more"),
        ({"draws": True}, "draws=True"),
        ({"draws": float("inf")}, "draws=inf"),
        ({"many": "start"}, "many='start' is not a list"),
        ({"many": ["start", "x"]}, "many='x'"),
    ],
)
def test_what_is_wrong_is_named(given, said):
    with pytest.raises(StudyError, match=said):
        act(**given)


def test_the_error_is_that_of_the_room():
    with pytest.raises(DataError, match="side='no'"):
        Given("no")
    with pytest.raises(DataError, match="seed=-1"):
        Given(seed=-1)


@pytest.mark.parametrize("value", [None, 0, np.int64(3), np.random.default_rng(0), np.random.SeedSequence(1)])
def test_sources_of_chance(value):
    assert checks.seed(value) is value or checks.seed(value) == value


@pytest.mark.parametrize("far", [(10**30, 10**30), (0, 10**9), (-(10**30), 0), (2**63 - 1, 2**63 - 1)])
def test_a_window_lies_near_its_event(far):
    with pytest.raises(StudyError, match="more than 1,000,000 bars from the event"):
        checks.window(far)
    assert checks.window((-1_000_000, 1_000_000)) == (-1_000_000, 1_000_000)


def test_an_estimation_window_lies_near_its_event():
    for given in ({"length": 10**40}, {"end": -(10**30)}, {"before": None, "after": (20, 10**20)}):
        with pytest.raises(StudyError, match=r"reaches more than 1,000,000 bars .*\((-250, -11|11, 120)\)"):
            EstimationWindow(**given)
