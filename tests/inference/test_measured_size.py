"""The size beside a test is the rate that the shipped tables hold for the worst of the scenarios that the sample resembles."""

import csv
import math

import numpy as np
import pytest

from eventstudy.calibration.further_scenarios import FURTHER
from eventstudy.calibration.scenarios import SCENARIOS
from eventstudy.calibration.tables import shipped_tables
from eventstudy.inference import TESTS, recommend, run
from eventstudy.inference.core.measured_size import measured_size
from eventstudy.inference.core.sample_of import sample_of
from eventstudy.inference.core.spec import CONDITIONS
from eventstudy.inference.registry import DAILY


def rows():
    for name, text in shipped_tables().items():
        if name not in ("power.csv", "intervals.csv"):
            yield from csv.DictReader(text.splitlines()[1:])


@pytest.mark.parametrize(
    "present", [set(), {"event variance"}, {"dependence", "event variance"}, {"staggered dependence", "fat tails"}]
)
@pytest.mark.parametrize(("n", "bars", "near"), [(4, 1, (5, 0, 0)), (60, 5, (50, 0, 4)), (5000, 40, (200, -10, 10))])
@pytest.mark.parametrize("test", ["bmp", "kp_bmp", "patell", "corrado", "cross_sectional"])
def test_a_size_is_the_worst_rate_of_the_table(test, present, n, bars, near):  # fmt: skip
    places = [tuple(map(str, (number, *near[1:]))) for number in ((near[0],) if n != 60 else (50, 60))]
    known = {name: one.conditions for name, one in ({**SCENARIOS, **FURTHER}).items() if one.told}
    found = [
        float(row["rate"])
        for row in rows()
        if row["test"] == test
        and (row["n"], row["first"], row["last"]) in places
        and known.get(row["scenario"], {"no sample"}) <= present
    ]
    size, source = measured_size(test, present, n, bars)
    assert size == max(found, key=lambda rate: abs(rate - 0.05))
    assert f"days {near[1]}..{near[2]}, " in source


def test_what_no_condition_tells_is_in_no_size():
    """One date chosen for a factor that is left out: no sample shows that it is like that."""
    untold = {name for name, one in FURTHER.items() if not one.told}
    assert untold & {row["scenario"] for row in rows()}
    sources = {measured_size(row["test"], CONDITIONS, int(row["n"]), 1)[1] for row in rows()}
    assert not {source.split(":")[0] for source in sources} & untold


def test_what_no_scenario_has_is_told():
    assert measured_size("bmp", {"few clusters"}, 50, 1)[1].endswith("; not measured: few clusters")


def test_every_test_of_every_sample_has_a_size_or_was_never_measured():
    rng = np.random.default_rng(0)
    measured = {row["test"] for row in rows()}
    for n in (1, 3, 8, 40):
        for item in recommend(sample_of(car=rng.normal(0, 0.02, n))):
            assert math.isnan(item.size) == (item.name not in measured)
            assert bool(item.size_source) == (item.name in measured)
    assert {name for name in TESTS if name not in measured} <= {"single", "sq", *(set(TESTS) - set(DAILY))}
    result = run("bmp", sample_of(car=rng.normal(0, 0.02, 40)))
    assert f"{result.size:.1%} at 5 %" in result._repr_html_()
