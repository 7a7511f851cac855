"""Samples made of abnormal returns that one already has: each field by its definition."""

import math

import numpy as np
import pytest

from eventstudy.inference import sample_of
from eventstudy.inference.core.sample_of import each_day


def test_fields_by_definition():
    ar = np.array([[0.01, np.nan, 0.03], [np.nan, np.nan, np.nan], [0.02, -0.01, 0.005]])
    sample = sample_of(ar=ar, sigma=[0.02, 0.01, 0.03], m=50, k=2, day0=[7, 7, 9], first=-1)
    assert sample.relative_day.tolist() == [-1, 0, 1]
    assert sample.bar.tolist() == [[6, 7, 8], [6, 7, 8], [8, 9, 10]]
    assert (sample.security.tolist(), sample.day0.tolist()) == ([0, 1, 2], [7, 7, 9])
    assert (sample.m.tolist(), sample.df.tolist(), sample.k) == ([50] * 3, [48] * 3, 2)
    for i, (row, sigma) in enumerate(zip(ar, [0.02, 0.01, 0.03], strict=True)):
        there = [a for a in row if math.isfinite(a)]
        bars = len(there)
        error = sigma * math.sqrt(bars + bars**2 / 50) if bars else math.nan
        assert sample.car[i] == pytest.approx(sum(there) if bars else math.nan, nan_ok=True)
        assert sample.car_se[i] == pytest.approx(error, nan_ok=True)
        expected = [sigma * math.sqrt(1 + 1 / 50) if math.isfinite(a) else math.nan for a in row]
        np.testing.assert_allclose(sample.ar_se[i], expected)
        np.testing.assert_allclose(sample.scar[i], sample.car[i] / error)


def test_without_sessions_no_two_windows_meet():
    sample = sample_of(ar=np.ones((4, 3)), first=-1)
    assert len(np.unique(sample.bar)) == 12
    assert (np.diff(np.sort(sample.bar, axis=None)).max()) > 3
    one = sample_of(car=[0.1, 0.2])
    assert one.car.tolist() == [0.1, 0.2]
    assert one.car_se.tolist() == pytest.approx([0.02 * math.sqrt(1 + 1 / 100)] * 2)
    assert (one.ar.tolist(), one.relative_day.tolist(), one.k, one.m.tolist()) == ([[0.1], [0.2]], [0], 1, [100, 100])


def test_days_of_a_window_are_windows_of_one_day(make_sample):
    sample = make_sample(4, window=(-1, 1), holes=0.2)
    for at, day in enumerate(each_day(sample)):
        assert day.relative_day.tolist() == [at - 1]
        np.testing.assert_array_equal(day.car, sample.ar[:, at])
        np.testing.assert_array_equal(day.car_se, sample.ar_se[:, at])
        for name in ("ar", "ar_se", "bar"):
            np.testing.assert_array_equal(getattr(day, name), getattr(sample, name)[:, [at]])
        np.testing.assert_array_equal(day.estimation.window_design, sample.estimation.window_design[:, [at]])
        np.testing.assert_array_equal(day.estimation.residual, sample.estimation.residual)
        again, whole = (one.refit(sample.security, sample.day0 - 20) for one in (day, sample))
        np.testing.assert_array_equal(again.car, whole.ar[:, at])
        assert again.ar.shape == (4, 1)
