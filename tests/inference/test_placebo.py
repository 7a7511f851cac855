"""Placebo dates and what is told of them, by loops over the calendar."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eventstudy.inference import run
from eventstudy.inference.significance_tests.placebo import permutation, placebo_dates

DRAWS = 30


@pytest.mark.parametrize("seed", range(4))
def test_shifts_are_all_that_put_every_event_on_a_free_date(seed):
    rng = np.random.default_rng(seed)
    free = rng.random((3, 60)) < 0.7
    security, day0 = np.array([0, 1, 1, 2]), np.array([10, 10, 14, 51])
    every = [
        k for k in range(-60, 61)
        if k and all(0 <= d + k < 60 and free[s, d + k] for s, d in zip(security, day0, strict=True))
    ]  # fmt: skip
    found, scheme = placebo_dates(security, day0, free, bars=3, draws=500, scheme="shift", rng=rng)
    assert scheme == "shift"
    assert (found - day0).tolist() == [[k] * 4 for k in every]
    some, _ = placebo_dates(security, day0, free, bars=3, draws=3, scheme="shift", rng=rng)
    moved = (some - day0)[:, 0].tolist()
    assert moved == sorted(set(moved))
    assert len(moved) == min(3, len(every))
    assert set(moved) <= set(every)


@pytest.mark.parametrize(("free", "scheme"), [(99, "shift"), (98, "cluster")])
def test_auto_shifts_where_ninety_nine_shifts_are_free(free, scheme):
    admissible = np.zeros((1, 300), dtype=bool)
    admissible[0, 101 : 101 + free] = True
    dates = placebo_dates(
        np.zeros(2, int), np.array([100, 100]), admissible, bars=1, draws=9, scheme="auto", rng=np.random.default_rng(0)
    )
    assert dates[1] == scheme


@pytest.mark.parametrize(("gap", "scheme"), [(2, "shift"), (3, "independent")])
def test_windows_that_meet_are_not_drawn_one_by_one(gap, scheme):
    free = np.ones((2, 400), dtype=bool)
    day0 = np.array([200, 200 + gap])
    assert (
        placebo_dates(np.arange(2), day0, free, bars=3, draws=5, scheme="auto", rng=np.random.default_rng(0))[1]
        == scheme
    )


def test_a_cluster_needs_a_date_that_is_free_for_all_its_members():
    free = np.zeros((2, 50), dtype=bool)
    free[0, [3, 4, 5]], free[1, [5, 6]] = True, True
    rng = np.random.default_rng(0)
    dates, _ = placebo_dates(np.arange(2), np.array([20, 20]), free, bars=1, draws=9, scheme="cluster", rng=rng)
    assert (dates == 5).all()
    groups = np.arange(50) % 3  # 5 and 20 are of one group; 6 and 21 of another
    dates, _ = placebo_dates(
        np.arange(2), np.array([20, 20]), free, bars=1, draws=9, scheme="matched", rng=rng, groups=groups
    )
    assert (dates == 5).all()
    own = np.stack([groups, np.where(np.arange(50) == 5, 7, groups)])  # a label of its own for each security
    told, _ = placebo_dates(
        np.arange(2), np.array([20, 20]), free, bars=1, draws=9, scheme="matched", rng=rng, groups=own
    )
    assert told == "no admissible placebo date for the security-events at calendar position 20"
    blank = np.where(np.arange(50) == 20, -1, groups)
    told, _ = placebo_dates(
        np.arange(2), np.array([20, 20]), free, bars=1, draws=9, scheme="matched", rng=rng, groups=blank
    )
    assert "position 20" in told


@pytest.mark.parametrize("measure", ["caar", "ascar", "t"])
def test_each_measure_and_what_is_told_of_it(make_sample, measure):
    sample = make_sample(4, window=(0, 1), dates="apart", shift=0.01)
    rng = np.random.default_rng(2)
    dates, _ = placebo_dates(
        sample.security, sample.day0, sample.admissible, bars=2, draws=DRAWS, scheme="independent", rng=rng
    )

    def value(one):
        if measure == "t":
            return one.car.mean() / (one.car.std(ddof=1) / math.sqrt(4))
        return (one.car if measure == "caar" else one.car / one.car_se).mean()

    observed, null = value(sample), np.array([value(sample.refit(sample.security, row)) for row in dates])
    outcome = permutation(
        sample, rng=np.random.default_rng(2), draws=DRAWS, scheme="independent", measure=measure, level=0.8
    )
    assert outcome.value == outcome.estimate == pytest.approx(observed)
    assert outcome.p_two == (1 + (abs(null) >= abs(observed)).sum()) / (DRAWS + 1)
    assert outcome.p_less == (1 + (null <= observed).sum()) / (DRAWS + 1)
    assert outcome.p_greater == (1 + (null >= observed).sum()) / (DRAWS + 1)
    told = outcome.details
    assert told["placebo_mean"] == pytest.approx(null.mean())
    assert told["placebo_sd"] == outcome.se == pytest.approx(null.std(ddof=1))
    assert told["percentile"] == pytest.approx(100 * np.mean(null < observed))
    assert (told["draws"], told["resolution"]) == (DRAWS, 1 / (DRAWS + 1))
    assert outcome.low == pytest.approx(observed - np.quantile(null, 0.9))
    assert outcome.high == pytest.approx(observed - np.quantile(null, 0.1))
    assert outcome.unit == {"caar": "return", "ascar": "standardized", "t": "t"}[measure]
    assert outcome.warnings == (f"only {DRAWS} placebo calendars: p cannot be below {1 / (DRAWS + 1):.3g}",)


@pytest.mark.parametrize(("draws", "warned"), [(98, True), (99, False)])
def test_ninety_nine_calendars_are_enough(make_sample, draws, warned):
    result = run("permutation", make_sample(3, window=(0, 1)), seed=0, draws=draws, scheme="independent")
    assert any("placebo calendars" in text for text in result.warnings) == warned
