"""Covariances of CARs from residuals and forms laid out bar by bar, and the scale of a mean by whole projections."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import linalg

from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.inference.core.car_covariance import (
    _orthonormal,
    car_covariance,
    forecast_weights,
    residual_covariance,
    scaled_covariance,
)
from eventstudy.inference.core.sample_of import sample_of
from samples import batch_of

RTOL = 1e-9  # sums of a few hundred products in another order
T, L, GAP = 40, 3, 2


def sample(day0, *, seed=0, holes=0.0, forecast=True, gap=GAP):
    """Events with regressors and residuals of their own and a factor of each bar; any gap, any holes."""
    rng = np.random.default_rng(seed)
    day0 = np.asarray(day0)
    n = day0.size
    bar = day0[:, None] - gap - T + np.arange(T)
    residual = rng.normal(size=(n, T)) + rng.normal(size=day0.max() + 3 * T)[bar]
    design = np.stack([np.ones((n, T)), rng.normal(size=(n, T))], axis=-1)
    ahead = np.stack([np.ones((n, L)), rng.normal(0.5, 1, size=(n, L))], axis=-1)
    ar = rng.normal(size=(n, L))
    gone = rng.random((n, T)) < holes
    residual[gone], design[gone] = np.nan, np.nan
    ar[rng.random((n, L)) < holes] = np.nan
    m = np.isfinite(residual).sum(axis=1)
    record = EstimationRecord(
        residual, np.full((n, T), 0.1), bar, design, ahead, np.zeros(n) if forecast else np.full(n, 0.1)
    )
    made = sample_of(ar=ar, day0=day0)
    return replace(made, m=m, df=m - 2, k=2, car_se=rng.uniform(0.5, 2, n), estimation=record)


def outside(made):
    """The first has its oldest bars and its last day outside the data, the second all of them."""
    bar, window = made.estimation.bar.copy(), made.bar.copy()
    bar[0, :5] = window[0, -1] = -1
    bar[1], window[1] = -1, -1
    residual, design, ar = made.estimation.residual.copy(), made.estimation.design.copy(), made.ar.copy()
    residual[bar < 0], design[bar < 0], ar[window < 0] = np.nan, np.nan, np.nan
    record = replace(made.estimation, bar=bar, residual=residual, design=design)
    car = np.where(np.isfinite(ar).any(axis=1), made.car, np.nan)
    return replace(made, ar=ar, bar=window, car=car, m=np.isfinite(residual).sum(axis=1), estimation=record)


def laid_out(made, *, alone=False):
    """sigma_ij <a_i, a_j> (sigma_ij alone), over calendar bars, and the same with the variance that the model gives each."""
    record, n = made.estimation, made.car.size
    bars = int(max(record.bar.max(), made.bar.max())) + 1
    e, a = np.full((n, bars), np.nan), np.zeros((n, bars))
    for i in range(n):
        if not math.isfinite(made.car[i]):
            continue
        known = np.isfinite(record.residual[i])
        e[i, record.bar[i][known]] = record.residual[i][known] * math.sqrt(made.m[i] / max(made.df[i], 1))
        days = np.isfinite(made.ar[i])
        a[i, made.bar[i][days]] += 1
        if record.forecast:
            x = record.design[i][known]
            a[i, record.bar[i][known]] -= x @ np.linalg.inv(x.T @ x) @ record.window_design[i][days].sum(axis=0)
    plain = np.zeros((n, n))
    for i in range(n):
        product = e[i] * e
        both = np.isfinite(product).sum(axis=1)
        enough = both >= 30
        plain[i, enough] = np.nansum(product[enough], axis=1) / both[enough]
    if alone:
        return plain
    plain *= a @ a.T
    own = np.sqrt(np.diag(plain))
    scale = np.divide(made.car_se, own, out=np.zeros(n), where=own > 0)
    return plain * np.outer(scale, scale)


def later(made, days):
    """The same, whose event windows begin so many days later."""
    return replace(made, bar=made.bar + np.array(days)[:, None])


CASES = {
    "one estimation window and two event windows": later(sample([60] * 4, seed=18), [0, 0, 2, 2]),
    "one date": sample([60] * 5),
    "one date with holes": sample([60] * 5, holes=0.1, seed=1),
    "windows that meet": sample([60, 61, 62, 63, 64, 69, 70, 71, 90, 60], seed=2),
    "windows that meet, with holes": sample([60, 61, 62, 63, 64, 66, 70, 71, 90, 60], holes=0.1, seed=3),
    "no mean is taken out": sample([60, 60, 61, 70], forecast=False, seed=4),
    "the estimation window lies after": sample([60] * 4, gap=-T - L - 2, seed=5),
    "the estimation window reaches into the event": sample([60] * 4, gap=-1, seed=6),
    "the first bar of the data": sample([42, 42, 43], seed=16),
    "the first bar of the data is in the window": sample([0, 0, 1], gap=-T - L - 2, seed=17),
    "bars outside the data": outside(sample([60, 60, 60, 61, 62], seed=7)),
    "more than one block": sample([*range(60, 125), *range(300, 310)], seed=8),
    "more than one block in no order": sample(np.random.default_rng(0).integers(60, 90, 70), holes=0.02, seed=9),
}


@pytest.mark.parametrize("case", CASES)
def test_each_pair_is_that_of_the_bars_that_it_shares(case):
    made = CASES[case]
    np.testing.assert_allclose(car_covariance(made), laid_out(made), rtol=RTOL, atol=1e-12)
    np.testing.assert_allclose(residual_covariance(made), laid_out(made, alone=True), rtol=RTOL, atol=1e-12)


def test_units_change_nothing():
    made = sample([60, 61, 61], seed=19)
    small = replace(made, estimation=replace(made.estimation, residual=1e-4 * made.estimation.residual))
    np.testing.assert_allclose(car_covariance(small), car_covariance(made), rtol=RTOL)


def test_thirty_shared_bars_are_enough_and_29_are_not():
    made = sample([60, 70, 71], seed=10)  # of 40 bars they share 30, 29 and 39
    assert (residual_covariance(made) != 0).tolist() == [[True, True, False], [True, True, True], [False, True, True]]


def test_an_event_without_a_car_has_rows_of_noughts_and_takes_nothing_from_the_others():
    made = sample([60, 60, 61], seed=11)
    gone = replace(made, car=np.array([made.car[0], np.nan, made.car[2]]))
    found, whole = car_covariance(gone), car_covariance(made)
    assert not found[1].any()
    assert not found[:, 1].any()
    np.testing.assert_allclose(found[::2, ::2], whole[::2, ::2], rtol=RTOL)


def test_an_event_without_an_error_or_a_residual_has_rows_of_noughts():
    made = sample([60, 60, 61], seed=12)
    assert not car_covariance(replace(made, car_se=np.array([1.0, np.nan, 1.0])))[1].any()
    residual = made.estimation.residual.copy()
    residual[2] = 0.0
    still = car_covariance(replace(made, estimation=replace(made.estimation, residual=residual)))
    assert not still[2].any()
    assert np.isfinite(still).all()


@pytest.mark.parametrize("day0", [[60] * 4, [60, 61, 63, 70]])
@pytest.mark.parametrize("holes", [0.0, 0.05])
def test_a_batch_is_each_sample_alone(day0, holes):
    agree([sample(day0, seed=seed, holes=holes) for seed in (13, 14)])


def test_a_batch_of_unlike_samples_is_each_alone():
    agree([sample([60] * 4, seed=20), sample([60, 61, 63, 70], seed=21)])
    agree([sample([60] * 4, seed=22), sample([60] * 4, gap=-1, seed=23)])  # one reaches into its event


def agree(parts):
    whole = batch_of(parts)
    for made in (car_covariance, residual_covariance):
        found = made(whole)
        for at, one in enumerate(parts):
            np.testing.assert_allclose(found[at], made(one), rtol=RTOL, atol=1e-12)


def test_no_degrees_of_freedom_count_as_one():
    made = sample([60, 60], seed=15)
    one, none = (residual_covariance(replace(made, df=np.full(2, df))) for df in (1, 0))
    np.testing.assert_allclose(one, none, rtol=RTOL)
    np.testing.assert_allclose(one[0, 0], T * np.mean(made.estimation.residual[0] ** 2), rtol=RTOL)


class TestForecastWeights:
    def test_regressors_that_are_one_another_weigh_as_one(self):
        """The mean of forty bars: each has 1/40 of each of three days."""
        made = sample([60])
        twice = replace(made.estimation, design=np.ones((1, T, 2)), window_design=np.ones((1, L, 2)))
        np.testing.assert_allclose(forecast_weights(twice, np.ones((1, L))), np.full((1, T), L / T), rtol=RTOL)

    def test_days_that_are_not_weighed_or_not_known_are_not_forecast(self):
        made = sample([60])
        ahead = np.array([[[1.0, 2.0], [1.0, np.nan], [1.0, 5.0]]])
        record = replace(made.estimation, window_design=ahead)
        x = record.design[0]
        found = forecast_weights(record, np.array([[2.0, 1.0, 0.0]]))
        expected = x @ np.linalg.inv(x.T @ x) @ np.array([2 * 1 + 1, 2 * 2.0 + 0])
        np.testing.assert_allclose(found[0], expected, rtol=RTOL)


def by_projection(x, w, v, df, *, own=None, order=None):
    """se and df with the projection off the constant, Vw and the order written out as a matrix."""
    used = ((w != 0) | (order is not None)) & (np.diag(v) > 0)
    at = np.flatnonzero(used)
    inside = v[np.ix_(at, at)]
    columns = [np.ones(at.size), (v @ w)[at], *([] if order is None else [order[at]])]
    basis = linalg.orth(np.column_stack(columns), rcond=1e-7)
    p = np.eye(at.size) - basis @ basis.T
    trace, square = np.trace(p @ inside), np.trace(p @ inside @ p @ inside)
    free = trace**2 / square if at.size > basis.shape[1] else 0.0
    variance = w @ v @ w if own is None else own
    if free < 3:
        return math.sqrt(variance), df
    return math.sqrt(x[at] @ p @ x[at] / trace * variance), 1 / (1 / free + 1 / df)


def matrices(n, seed, batch=()):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(*batch, n, n + 3))
    w = rng.uniform(0.5, 2, (*batch, n))
    return rng.normal(size=(*batch, n)), w / w.sum(axis=-1, keepdims=True), root @ np.swapaxes(root, -1, -2)


class TestScaled:
    @pytest.mark.parametrize("n", [6, 9, 15])
    def test_by_projection(self, n):
        x, w, v = matrices(n, n)
        np.testing.assert_allclose(scaled_covariance(x, w, v, np.asarray(50.0)), by_projection(x, w, v, 50), rtol=RTOL)

    def test_weights_of_nought_and_events_without_a_variance_are_left_out(self):
        x, w, v = matrices(10, 1)
        w[3] = 0.0
        v[6], v[:, 6] = 0.0, 0.0
        x[3] = np.nan
        found = scaled_covariance(x, w, v, np.asarray(50.0))
        np.testing.assert_allclose(found, by_projection(x, w, v, 50), rtol=RTOL)

    def test_a_variance_of_some_of_them_is_scaled_alike(self):
        x, w, v = matrices(8, 2)
        found = scaled_covariance(x, w, v, np.asarray(50.0), own=np.asarray(0.3))
        np.testing.assert_allclose(found, by_projection(x, w, v, 50, own=0.3), rtol=RTOL)

    def test_along_an_order_the_values_may_move(self):
        x, _, v = matrices(9, 3)
        order = np.arange(9.0) ** 1.5
        w = order - order.mean()
        w[4] = 0.0  # an event in the middle has no weight and tells the scale all the same
        w -= np.where(np.arange(9) == 4, 0.0, w.sum() / 8)
        w /= w @ order
        found = scaled_covariance(x, w, v, np.asarray(50.0), order=order)
        np.testing.assert_allclose(found, by_projection(x, w, v, 50, order=order), rtol=1e-7)
        moved = scaled_covariance(x + 7 * order, w, v, np.asarray(50.0), order=order)
        np.testing.assert_allclose(moved, found, rtol=1e-7)
        unit = scaled_covariance(x, w, v, np.asarray(50.0), order=1e8 * order)
        np.testing.assert_allclose(unit, found, rtol=1e-7)

    def test_an_order_that_is_constant_takes_nothing_more_off(self):
        x, w, v = matrices(9, 4)
        plain = scaled_covariance(x, w, v, np.asarray(50.0))
        np.testing.assert_allclose(scaled_covariance(x, w, v, np.asarray(50.0), order=np.ones(9)), plain, rtol=RTOL)

    def test_a_batch_is_each_alone(self):
        x, w, v = matrices(7, 5, (2, 3))
        df = np.arange(20.0, 26.0).reshape(2, 3)
        found = scaled_covariance(x, w, v, df, own=df / 10)
        for at in np.ndindex(2, 3):
            alone = by_projection(x[at], w[at], v[at], df[at], own=df[at] / 10)
            np.testing.assert_allclose([one[at] for one in found], alone, rtol=RTOL)
        ordered = scaled_covariance(x, w, v, df, order=np.arange(7.0))
        for at in np.ndindex(2, 3):
            alone = by_projection(x[at], w[at], v[at], df[at], order=np.arange(7.0))
            np.testing.assert_allclose([one[at] for one in ordered], alone, rtol=1e-7)

    @pytest.mark.parametrize(("n", "told"), [(3, False), (4, True), (5, True)])
    def test_three_degrees_of_freedom_tell_the_scale(self, n, told):
        """Independent values of one variance leave n - 1: the scale is then their own variance."""
        x = np.array([1.0, 2.0, 6.0, -1.0, 3.0])[:n]
        error, df = scaled_covariance(x, np.full(n, 1 / n), np.eye(n), np.asarray(98.0))
        expected = x.std(ddof=1) / math.sqrt(n) if told else 1 / math.sqrt(n)
        assert float(error) == pytest.approx(expected)
        assert float(df) == pytest.approx(1 / (1 / (n - 1) + 1 / 98) if told else 98)

    def test_one_event_has_the_error_of_its_model_and_equal_values_have_none(self):
        assert [
            float(one) for one in scaled_covariance(np.array([5.0]), np.ones(1), np.full((1, 1), 4.0), np.asarray(9.0))
        ] == [2.0, 9.0]
        assert np.isnan(scaled_covariance(np.full(6, 0.0), np.full(6, 1 / 6), np.eye(6), np.asarray(98.0))[0])


@pytest.mark.parametrize(("apart", "found"), [(1e-6, False), (4e-6, True)])
@pytest.mark.parametrize("unit", [1.0, 1e5])
def test_a_direction_is_one_of_its_own_from_a_millionth_on(apart, found, unit):
    """1, 1 and 1, 1 + d: what is left has d / sqrt 2 of a length of sqrt 2."""
    basis = _orthonormal(np.ones(2), unit * np.array([1.0, 1.0 + apart]))
    half = 1 / math.sqrt(2)
    np.testing.assert_allclose(basis[:, 0], [half, half], rtol=RTOL)
    np.testing.assert_allclose(basis[:, 1], [-half, half] if found else [0, 0], atol=1e-9)


@pytest.mark.parametrize(("apart", "found"), [(1e-8, False), (1e-4, True)])
def test_an_order_that_is_all_but_constant_is_none_whatever_its_unit(apart, found):
    x, w, v = matrices(9, 24)
    z = np.random.default_rng(25).normal(size=9)
    got = scaled_covariance(x, w, v, np.asarray(50.0), order=1e6 * (1 + apart * z))
    expected = by_projection(x, w, v, 50, order=z if found else None)
    np.testing.assert_allclose(got, expected, rtol=1e-5)  # what is left of the order has lost its last digits


def test_directions_have_length_one_whatever_theirs():
    np.testing.assert_allclose(_orthonormal(np.array([3.0, 4.0]), np.array([0.0, 2.0])), [[0.6, -0.8], [0.8, 0.6]])


def test_no_direction_is_none():
    np.testing.assert_array_equal(_orthonormal(np.zeros(3), np.zeros(3)), np.zeros((3, 2)))
