"""Placebo dates and what is told of them, by loops over the calendar."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest

from eventstudy.errors import StudyError
from eventstudy.inference import run, sample_of
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


def listed(cars, day0, **more):
    """A sample of two events whose CAR on each date is that of a list, the refit looking it up; all dates are free."""
    table = np.asarray(cars, dtype=float)

    def refit(who, when):
        return sample_of(car=table[who, when], day0=when)

    free = np.ones(table.shape, dtype=bool)
    sample = sample_of(car=table[np.arange(len(table)), day0], day0=day0)
    return replace(sample, refit=refit, admissible=free, **more)


CARS = np.array([[3, -2, 1, 4, -4, 0, 2, 2], [1, 2, 1, 4, 4, 0, -2, 6]]) / 100


@pytest.mark.parametrize("measure", ["caar", "t"])
@pytest.mark.parametrize("day", [1, 2, 3, 6, 7])
def test_ties_with_a_placebo_date_count_for_it(measure, day):
    """Every shift of both events, by a loop; several have the very mean of the event date, or its negative."""
    sample = listed(CARS, np.array([day, day]))

    def value(column):
        first, second = CARS[:, column]
        if measure == "caar":
            return round((first + second) / 2, 12)
        return (first + second) / abs(first - second) if first != second else math.nan  # mean over |x1 - x2| / 2

    observed, null = value(day), [value(k) for k in range(8) if k != day]
    null = [v for v in null if math.isfinite(v)]
    outcome = permutation(sample, rng=np.random.default_rng(0), scheme="shift", measure=measure)
    if not math.isfinite(observed):
        assert np.isnan([outcome.value, outcome.p_two]).all()
        assert outcome.reason == "the t does not exist on the event dates or on any placebo date"
        assert outcome.n == 2
        return
    near = 1e-9
    size = len(null)
    assert outcome.p_two == (1 + sum(abs(v) >= abs(observed) - near for v in null)) / (size + 1)
    assert outcome.p_less == (1 + sum(v <= observed + near for v in null)) / (size + 1)
    assert outcome.p_greater == (1 + sum(v >= observed - near for v in null)) / (size + 1)
    assert outcome.details["percentile"] == pytest.approx(100 * sum(v < observed - near for v in null) / size)
    assert (outcome.details["draws"], outcome.details["resolution"]) == (size, 1 / (size + 1))
    assert outcome.se == pytest.approx(statistics.stdev(null))
    low, high = np.quantile(null, [0.975, 0.025])
    assert (outcome.low, outcome.high) == pytest.approx((observed - low, observed - high))


def test_placebo_dates_without_a_reaction_are_left_out_and_none_is_a_reason():
    """The refit knows no CAR on three of the seven other dates."""
    holes = CARS.copy()
    holes[:, [0, 5, 7]] = np.nan
    outcome = permutation(listed(holes, np.array([3, 3])), rng=np.random.default_rng(0), scheme="shift")
    assert outcome.details["draws"] == 4
    assert outcome.p_two == 1 / 5  # no other is as far out
    holes[:, [1, 2, 4, 6]] = np.nan
    outcome = permutation(listed(holes, np.array([3, 3])), rng=np.random.default_rng(0), scheme="shift")
    assert outcome.reason == "the caar does not exist on the event dates or on any placebo date"
    assert np.isnan([outcome.value, outcome.p_two, outcome.p_less, outcome.p_greater]).all()


def test_early_events_of_late_securities_are_shifted_by_their_own_dates():
    free = np.zeros((9, 12), dtype=bool)
    free[7, [1, 2, 5, 9]] = free[8, [3, 4, 7, 10]] = True
    found, _ = placebo_dates(
        np.array([7, 8, 7]), np.array([1, 3, 1]), free, bars=1, draws=9, scheme="shift", rng=np.random.default_rng(0)
    )
    assert found.tolist() == [[2, 4, 2], [5, 7, 5]]


def test_one_placebo_date_has_no_spread():
    outcome = permutation(listed(CARS, np.array([3, 3])), rng=np.random.default_rng(0), scheme="shift", draws=1)
    assert np.isnan(outcome.se)
    assert outcome.details["draws"] == 1
    assert float(outcome.p_two) in {1 / 2, 1.0}
    assert outcome.low == outcome.high


def test_a_sample_without_a_refit_or_without_dates_is_refused(make_sample):
    sample = make_sample(3)
    for missing in ("refit", "admissible"):
        with pytest.raises(StudyError, match="neither refit nor admissible"):
            permutation(replace(sample, **{missing: None}), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("day0", "scheme"),
    [
        ([200, 200, 260], "shift"),  # a common date, and no other is near
        ([200, 202, 260], "shift"),  # two that are near, and one that is not
        ([200, 203, 260], "independent"),
        ([260, 200, 203], "independent"),
    ],
)
def test_one_pair_that_overlaps_keeps_all_together(day0, scheme):
    free = np.ones((3, 400), dtype=bool)
    found = placebo_dates(
        np.arange(3), np.array(day0), free, bars=3, draws=5, scheme="auto", rng=np.random.default_rng(0)
    )
    assert found[1] == scheme


def test_groups_matter_for_matched_dates_alone_and_zero_is_a_group():
    free, groups = np.ones((2, 60), dtype=bool), np.arange(60) % 3
    given = {"bars": 1, "draws": 40, "groups": groups}
    day0 = np.array([30, 31])  # of groups 0 and 1
    matched, _ = placebo_dates(np.arange(2), day0, free, scheme="matched", rng=np.random.default_rng(0), **given)
    assert (groups[matched] == [0, 1]).all()
    for scheme in ("cluster", "independent", "shift"):
        with_, without = (
            placebo_dates(np.arange(2), day0, free, scheme=scheme, rng=np.random.default_rng(0), **one)
            for one in (given, {**given, "groups": None})
        )
        assert with_[0].tolist() == without[0].tolist()
        assert len(np.unique(groups[with_[0][:, 0]])) == 3


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 100])
def test_how_many_are_re_estimated_at_once_changes_nothing(monkeypatch, at_once):
    """One security-event fewer than there are, too."""
    whole = permutation(listed(CARS, np.array([3, 3])), rng=np.random.default_rng(0), scheme="shift")
    monkeypatch.setattr("eventstudy.inference.significance_tests.placebo.CHUNK_EVENTS", at_once)
    parts = permutation(listed(CARS, np.array([3, 3])), rng=np.random.default_rng(0), scheme="shift")
    assert (parts.p_two, parts.se, parts.low) == (whole.p_two, whole.se, whole.low)


def test_a_placebo_interval_is_of_ninety_five_percent():
    sample = listed(CARS, np.array([3, 3]))
    one, other = (
        permutation(sample, rng=np.random.default_rng(0), scheme="shift", **level) for level in ({}, {"level": 0.95})
    )
    assert (one.low, one.high) == (other.low, other.high)
