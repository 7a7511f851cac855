"""Samples of several parts: one calendar of all bars, one code a security, placebo events where each security's own data allow."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.study.rows import studied_rows
from eventstudy.study.window_sample import sample_of_rows, window_sample

BARS = 150
SIDES = {"A": "XNYS", "B": "XLON", "C": "XNYS", "D": "XLON"}


@pytest.fixture(scope="module")
def world():
    """Two exchanges with holidays of their own: the Fourth of July here, the bank holiday of May there."""
    days = pd.bdate_range("2024-03-01", periods=BARS)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(0, 0.01, (BARS, 6)), columns=[*"MNABCD"], index=days)
    return es.ReturnPanel(frame, calendar=None)


def fit(panel, rows, calendar=None, model=None, window=(-1, 2), **options):
    pairs = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]).assign(bar=lambda t: pd.to_datetime(t["bar"]))
    study = es.EventStudy(
        model=model or es.MarketModel("M"), window=window, calendar=calendar, mask_events=False,
        estimation=es.EstimationWindow(40, end=-5, minimum=30), **options,
    )  # fmt: skip
    return study.fit(pairs, panel)


ROWS = [
    ("a", "A", "2024-07-15"),
    ("b", "B", "2024-07-16"),
    ("c", "B", "2024-08-12"),
    ("d", "C", "2024-08-12"),
    ("e", "A", "2024-09-03"),
]


@pytest.mark.parametrize("window", [(-1, 2), (0, 1), (2, 2)])
def test_a_sample_of_two_exchanges_is_that_of_each_on_one_line_of_bars(world, window):
    result = fit(world, ROWS, SIDES)
    sample = result.sample(window)
    parts = result._fitted.parts
    assert len(parts) == 2
    every = parts[0].aligned.bars.union(parts[1].aligned.bars)
    order = np.concatenate([part.rows for part in parts])
    assert every.take(sample.day0).tolist() == [pd.Timestamp(ROWS[row][2]) for row in order]
    low = 0
    for name, part in zip(("XNYS", "XLON"), parts, strict=True):
        own = fit(world, [ROWS[row] for row in part.rows], name).sample(window)
        rows = slice(low, low + part.rows.size)
        low += part.rows.size
        for field in ("ar", "ar_se", "car", "car_se", "sigma", "m", "df"):
            np.testing.assert_array_equal(getattr(sample, field)[rows], getattr(own, field))
        labels = part.aligned.bars
        assert every.take(sample.bar[rows].ravel()).tolist() == labels.take(own.bar.ravel()).tolist()
        for field in ("residual", "leverage", "design", "window_design", "mean"):
            np.testing.assert_array_equal(getattr(sample.estimation, field)[rows], getattr(own.estimation, field))
        assert (
            every.take(sample.estimation.bar[rows].ravel()).tolist() == labels.take(own.estimation.bar.ravel()).tolist()
        )
        assert sample.study_ar is not None
        np.testing.assert_array_equal(sample.study_ar[rows], own.ar if own.study_ar is None else own.study_ar)
    assert sample.relative_day.tolist() == list(range(window[0], window[1] + 1))
    names = [ROWS[row][1] for row in order]
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert (sample.security[i] == sample.security[j]) == (one == other)
    assert np.unique(sample.security).tolist() == [0, 1, 2]


def test_placebo_events_lie_on_the_sessions_of_each_security_and_are_those_of_its_own_study(world):
    result = fit(world, ROWS, SIDES)
    sample = result.sample((0, 1))
    parts = result._fitted.parts
    every = parts[0].aligned.bars.union(parts[1].aligned.bars)
    order = np.concatenate([part.rows for part in parts])
    names = [ROWS[row][1] for row in order]
    alone = {name: fit(world, [row for row in ROWS if SIDES[row[1]] == SIDES[name]], SIDES[name]) for name in "AB"}
    security, day0, expected = [], [], []
    for name in "BA":
        own = alone[name].sample((0, 1))
        labels = alone[name]._fitted.parts[0].aligned.bars
        code = next(int(sample.security[at]) for at, one in enumerate(names) if one == name)
        its = [row[1] for row in ROWS if SIDES[row[1]] == SIDES[name]]
        mine = next(int(own.security[at]) for at, one in enumerate(its) if one == name)
        there = np.flatnonzero(sample.admissible[code])
        assert every.take(there).tolist() == labels.take(np.flatnonzero(own.admissible[mine])).tolist()
        chosen = np.flatnonzero(own.admissible[mine])[[0, 5, -1]]
        found = own.refit(np.full(3, mine), chosen)
        security += [code] * 3
        day0 += every.get_indexer(labels.take(chosen)).tolist()
        expected += found.car.tolist()
    shuffle = np.array([3, 0, 5, 1, 4, 2])
    again = sample.refit(np.array(security)[shuffle], np.array(day0)[shuffle])
    np.testing.assert_array_equal(again.car, np.array(expected)[shuffle])
    np.testing.assert_array_equal(again.security, np.array(security)[shuffle])
    np.testing.assert_array_equal(again.day0, np.array(day0)[shuffle])
    only = np.flatnonzero(np.array(security) == security[0])  # of one exchange alone
    np.testing.assert_array_equal(
        sample.refit(np.array(security)[only], np.array(day0)[only]).car, np.array(expected)[only]
    )


def test_a_shorter_estimation_window_is_filled_up_with_bars_that_are_not_used(world):
    own = pd.DataFrame(ROWS, columns=["event_id", "symbol", "bar"]).assign(
        bar=lambda t: pd.to_datetime(t["bar"]),
        estimation_start=[np.nan, -39, np.nan, -39, np.nan],
        estimation_end=[np.nan, -6, np.nan, -6, np.nan],
    )
    study = fit(world, ROWS, "XNYS").study
    result = study.fit(own, world)
    sample = result.sample((0, 1))
    order = np.concatenate([part.rows for part in result._fitted.parts])
    lengths = np.where(np.isin(order, [1, 3]), 34, 40)
    assert sample.estimation.residual.shape == (5, 40)
    for name in ("residual", "leverage"):
        assert np.isfinite(getattr(sample.estimation, name)).sum(axis=1).tolist() == lengths.tolist()
    assert (sample.estimation.bar >= 0).sum(axis=1).tolist() == lengths.tolist()
    assert np.isfinite(sample.estimation.design).all(axis=2).sum(axis=1).tolist() == lengths.tolist()
    for at, length in enumerate(lengths.tolist()):
        assert (sample.estimation.bar[at, length:] == -1).all()
        assert np.isnan(sample.estimation.design[at, length:]).all()
    assert sample.m.tolist() == lengths.tolist()


def test_a_bar_before_all_of_them_is_none_of_any_part(world):
    """The window of the first event reaches over the begin of the data in both parts: -1 stays -1."""
    days = world.frame.index
    rows = [("a", "A", days[0]), ("b", "B", days[0]), ("c", "A", days[60]), ("d", "B", days[61])]
    result = fit(world, rows, {"A": "XNYS", "B": "XLON"}, es.MarketAdjusted("M"), (-1, 0))
    study = es.EventStudy(
        model=es.MarketAdjusted("M"), window=(-1, 0), calendar={"A": "XNYS", "B": "XLON"}, mask_events=False,
        estimation=es.EstimationWindow(after=(3, 42), minimum=0),
    )  # fmt: skip
    result = study.fit(result._fitted.request.frame, world)
    bar = result.sample((-1, 0)).bar
    assert (bar[:, 1] >= 0).all()
    assert (bar[:, 0] == -1).sum() == 2
    assert (bar[:, 1] == 0).sum() == 2  # the first bar of all is a bar


def test_a_window_without_returns_is_a_sample_only_where_that_is_asked_for(world):
    frame = world.frame.copy()
    frame.iloc[101, 2:] = np.nan
    rows = [("a", "A", frame.index[100]), ("b", "B", frame.index[100])]
    fitted = fit(es.ReturnPanel(frame, calendar=None), rows)._fitted
    with pytest.raises(StudyError, match=r"no security-event has a return in the window \(1, 1\)"):
        window_sample(fitted, (1, 1))
    usual = window_sample(fitted, (0, 0))
    assert usual.estimation is not None
    assert usual.refit is not None
    sample = window_sample(fitted, (1, 1), empty=True)
    assert sample.car.shape == (2,)
    assert np.isnan(sample.car).all()
    some = frame.copy()
    some.iloc[101, some.columns.get_loc("B")] = 0.01
    assert window_sample(fit(es.ReturnPanel(some, calendar=None), rows)._fitted, (1, 1)).car.shape == (1,)


def test_of_one_series_a_session_is_one_observation_and_of_several_each_event_is(world):
    day, other = world.frame.index[[100, 120]]
    one = fit(world, [("a", "A", day), ("b", "A", day), ("c", "A", other)])
    two = fit(world, [("a", "A", day), ("b", "B", day), ("c", "A", other)])
    assert (one.sample((0, 1)).car.size, two.sample((0, 1)).car.size) == (2, 3)
    np.testing.assert_array_equal(one.sample((0, 1)).car, one.car((0, 1))["car"].to_numpy()[[0, 2]])


def test_chosen_rows_are_those_of_their_part_and_a_part_without_any_is_left_out(world):
    result = fit(world, ROWS, SIDES)
    fitted = result._fitted
    some = [np.arange(part.rows.size)[-1:] for part in fitted.parts]
    sample = sample_of_rows(fitted, some, (0, 1), estimation=False)
    car = result.car((0, 1))["car"].to_numpy()
    place = np.searchsorted(studied_rows(fitted), [part.rows[-1] for part in fitted.parts])
    np.testing.assert_array_equal(sample.car, car[place])
    assert (sample.estimation, sample.study_ar, sample.refit, sample.clock) == (None, None, None, None)
    alone = sample_of_rows(fitted, [np.arange(0), np.arange(fitted.parts[1].rows.size)], (0, 1), estimation=True)
    assert alone.car.size == fitted.parts[1].rows.size
    assert alone.estimation is not None
    assert not alone.within_day


def test_what_a_record_holds_is_put_together_whole(world):
    result = fit(world, ROWS, SIDES)
    record = result.sample((0, 1)).estimation
    assert {field.name for field in fields(record)} == {
        "residual",
        "leverage",
        "bar",
        "design",
        "window_design",
        "mean",
    }
    assert all(len(getattr(record, field.name)) == 5 for field in fields(record))
    degenerate = result.sample((0, 1)).degenerate
    assert degenerate.tolist() == [False] * 5
    still = world.frame.copy()
    still["B"] = still["M"]  # a security that is its own market has no spread
    flat = fit(es.ReturnPanel(still, calendar=None), ROWS, SIDES)
    names = [ROWS[row][1] for row in np.concatenate([part.rows for part in flat._fitted.parts])]
    assert flat.sample((0, 1)).degenerate.tolist() == [name == "B" for name in names]
