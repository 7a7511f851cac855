"""`result.shrink`: the labels of car(), what a date did to all taken out, those picked corrected."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.inference.beyond.shrinkage import corrected, shrink
from eventstudy.study.firms.shrink import _picked


def fitted(together, firms=60, dates=1):
    rng = np.random.default_rng(2)
    common = rng.normal(0, 0.02 if together else 0.0, 260)
    names = [f"S{at:02d}" for at in range(firms)]
    frame = pd.DataFrame(common[:, None] + rng.normal(0, 0.02, (260, firms)), columns=names)
    pairs = pd.DataFrame({"event_id": "e", "symbol": names, "bar": [220 + 5 * (at % dates) for at in range(firms)]})
    study = es.EventStudy(
        model=es.MeanAdjusted(), window=(0, 1), estimation=es.EstimationWindow(200, -11), calendar=None
    )
    return study.fit(pairs, es.ReturnPanel(frame))


def test_rows_are_those_of_car_and_numbers_those_of_arrays():
    result = fitted(together=False)
    car, found = result.car((0, 1)), result.shrink((0, 1))
    assert found[["event_id", "symbol"]].equals(car[["event_id", "symbol"]])
    expected = shrink(car["car"], car["se"], df=car["df"])
    np.testing.assert_allclose(found["shrunken"], expected.estimate, rtol=1e-12)
    np.testing.assert_allclose(found["wrong_sign"], expected.wrong_sign, rtol=1e-12)
    assert found["prior"].unique().tolist() == ["mixture"]
    assert found["date_mean"].eq(0).all()
    first, second = car["car"].abs().nlargest(2)
    row = car["car"].abs().idxmax()
    middle = corrected(car.loc[row, "car"], car.loc[row, "se"], second)
    np.testing.assert_allclose(found.loc[row, ["corrected", "corrected_low", "corrected_high"]].astype(float), middle)
    assert found["corrected"].notna().sum() == 1
    assert first > second
    assert result.shrink((0, 1), cut=0.03)["corrected"].notna().sum() == (car["car"].abs() > 0.03).sum()


def test_where_firms_move_together_the_date_is_taken_out():
    result = fitted(together=True)
    car, found = result.car((0, 1)), result.shrink((0, 1))
    assert found["date_mean"].to_numpy() == pytest.approx(np.full(60, car["car"].mean()))
    rest = shrink(car["car"] - car["car"].mean(), car["se"], df=car["df"])
    np.testing.assert_allclose(found["shrunken"], rest.estimate + car["car"].mean(), rtol=1e-12)
    with pytest.raises(es.EventStudyError, match="5 are needed to take out what the date did"):
        fitted(together=True, firms=12, dates=4).shrink((0, 1))


def test_what_is_corrected_moves_with_the_date():
    found = fitted(together=True).shrink((0, 1), cut=0.03)
    picked = found[found["corrected"].notna()]
    rest = picked["car"] - picked["date_mean"]
    assert len(picked) > 3
    for row, own in zip(picked.itertuples(), rest, strict=True):
        expected = np.array(corrected(own, row.se, 0.03)) + row.date_mean
        np.testing.assert_allclose([row.corrected, row.corrected_low, row.corrected_high], expected, rtol=1e-9)


def test_what_a_date_did_is_told_from_five_firms_on():
    five, four = fitted(together=True, firms=20, dates=4), fitted(together=True, firms=16, dates=4)
    found = five.shrink((0, 1))
    means = five.car((0, 1)).groupby("session")["car"].mean()
    np.testing.assert_allclose(found["date_mean"], found["session"].map(means), rtol=1e-12)
    assert means.nunique() == 4
    with pytest.raises(es.EventStudyError, match="has 4 of them"):
        four.shrink((0, 1))


def test_one_firm_alone_on_its_date_among_dates_of_many_is_refused():
    rng = np.random.default_rng(3)
    names = [f"S{at}" for at in range(9)]
    frame = pd.DataFrame(rng.normal(0, 0.02, (120, 1)) + rng.normal(0, 0.01, (120, 9)), columns=names)
    pairs = pd.DataFrame({"event_id": "e", "symbol": names, "bar": [80] * 8 + [100]})
    study = es.EventStudy(
        model=es.MeanAdjusted(), window=(0, 1), estimation=es.EstimationWindow(50, -11), calendar=None
    )
    with pytest.raises(es.EventStudyError, match="session 100 has 1 of them"):
        study.fit(pairs, es.ReturnPanel(frame)).shrink()
    # each alone on its date: no date to take out
    alone = study.fit(pairs.assign(bar=range(80, 89)), es.ReturnPanel(frame)).shrink()
    assert (alone["date_mean"] == 0).all()


def test_only_the_largest_is_corrected_for_the_runner_up_or_all_beyond_a_cut():
    x, error = np.array([0.01, -0.05, np.nan, 0.03, 0.2]), np.array([0.01, 0.01, 0.01, 0.02, 0.0])
    found = _picked(x, error, None, 0.9)  # the last has no error, and is no candidate
    assert found[1] == pytest.approx(corrected(-0.05, 0.01, 0.03, level=0.9), rel=1e-9)
    assert np.isnan(np.delete(found, 1, axis=0)).all()
    found = _picked(x, error, 0.01, 0.9)  # beyond, not at, the cut
    for row in (1, 3):
        assert found[row] == pytest.approx(corrected(x[row], error[row], 0.01, level=0.9), rel=1e-9)
    assert np.isnan(found[[0, 2, 4]]).all()
    for alone in (np.array([0.04]), np.array([0.04, np.nan])):  # no runner-up: no selection
        found = _picked(alone, np.full(alone.size, 0.01), None, 0.9)
        assert found[0] == pytest.approx(corrected(0.04, 0.01, 0.0, level=0.9), rel=1e-9)
        assert np.isnan(found[1:]).all()
    assert np.isnan(_picked(np.array([0.0, 0.0]), np.array([0.01, 0.01]), None, 0.9)).all()
    assert np.isnan(_picked(np.array([np.nan, np.nan]), np.array([0.01, 0.01]), None, 0.9)).all()
