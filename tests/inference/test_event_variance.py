"""The rise of variance of each security-event: the likelihood's own maximum, and what it is good for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from eventstudy.errors import StudyError
from eventstudy.inference import run, sample_of
from eventstudy.inference.significance_tests.event_variance import event_variance
from eventstudy.inference.significance_tests.parametric import bmp

RTOL = 1e-5  # the maximum of a flat likelihood, by an optimiser that stops at 1e-10 of its height
MONTE_CARLO = 3.5  # standard errors; fixed seeds


def most_likely(ar, variance):
    """Maximise the normal likelihood over mean and rise, by brute force from several starts."""

    def loss(given):
        total = variance + given[1]
        return 0.5 * (np.log(total) + (ar - given[0]) ** 2 / total).sum()

    starts = [(ar.mean(), rise) for rise in (0.0, ar.var(), 4 * ar.var())]
    options = {"xatol": 1e-12, "fatol": 1e-14, "maxiter": 4000}
    found = [
        optimize.minimize(loss, start, method="Nelder-Mead", bounds=[(None, None), (0, None)], options=options)
        for start in starts
    ]
    return max(min(found, key=lambda one: one.fun).x[1], 0.0)


def test_it_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(4)
    variance = rng.uniform(0.5, 2.0, (12, 6))  # as a GARCH forecast: a variance of its own on each day
    ar = rng.normal(0.3, 1.0, (12, 6)) * np.sqrt(variance + rng.choice([0.0, 4.0], (12, 1)))
    expected = [most_likely(a, v) for a, v in zip(ar, variance, strict=True)]
    found = event_variance(ar, variance)
    np.testing.assert_allclose(found, expected, rtol=RTOL, atol=1e-6)
    assert (found == 0).any()
    assert (found > 1).any()


def test_with_one_variance_it_is_the_excess_of_the_sample_variance():
    ar = np.random.default_rng(1).normal(0, 0.05, (20, 5))
    ar[3, 2] = np.nan
    expected = np.maximum(np.nanvar(ar, axis=1) - 0.0004, 0.0)
    np.testing.assert_allclose(event_variance(ar, np.full((20, 5), 0.0004)), expected, rtol=1e-9, atol=1e-15)


def test_a_single_bar_shows_no_rise_and_none_shows_nothing():
    assert event_variance(np.array([[0.5], [np.nan]]), np.full((2, 1), 0.01)).tolist()[0] == 0.0
    assert np.isnan(event_variance(np.array([[0.5], [np.nan]]), np.full((2, 1), 0.01))[1])


def test_the_option_of_bmp_divides_by_it(make_sample, holes):
    sample = make_sample(9, holes=holes, window=(-2, 2))
    scar = []
    for i in range(9):
        there = np.isfinite(sample.ar[i])
        rise = event_variance(sample.ar[i][there], sample.ar_se[i][there] ** 2)
        scar.append(sample.car[i] / np.sqrt(sample.car_se[i] ** 2 + there.sum() * rise))
    result = run("bmp", sample, own_variance=True)
    np.testing.assert_allclose(result.statistic, bmp(np.array(scar)).value, rtol=1e-10)
    assert result.statistic != run("bmp", sample).statistic
    alone = make_sample(9, holes=holes, window=(0, 0))
    assert run("bmp", alone, own_variance=True).statistic == run("bmp", alone).statistic
    assert run("kp_bmp", sample, own_variance=True).applicable
    with pytest.raises(StudyError, match="leave forecast_error"):
        run("bmp", sample, own_variance=True, forecast_error=False)


def test_it_keeps_its_size_and_gains_power_where_variances_rise_by_unlike_factors():
    """What Savickas (2003) found: a third of the events with six times the variance, five days, 50 events."""
    rng = np.random.default_rng(0)
    studies, n, length = 1500, 50, 5
    factor = np.where(rng.random((studies, n, 1)) < 1 / 3, 6.0, 1.0)
    noise = 0.02 * np.sqrt(factor) * rng.standard_normal((studies, n, length))
    for effect in (0.0, 0.0035):
        ar = noise + effect
        rise = event_variance(ar, np.full(ar.shape, 0.0004))
        plain = (bmp(ar.sum(axis=-1)).p_two <= 0.05).mean()
        own = (bmp(ar.sum(axis=-1) / np.sqrt(length * (0.0004 + rise))).p_two <= 0.05).mean()
        if effect:
            assert own > plain + 0.05
        else:
            assert abs(own - 0.05) < MONTE_CARLO * np.sqrt(0.05 * 0.95 / studies)


def test_the_garch_of_savickas_is_the_model_with_the_option():
    """On GARCH data the whole road: model, forecast variances, own rise, BMP."""
    pytest.importorskip("arch", reason="the GARCH model needs the extra 'garch'")
    from eventstudy.abnormal import GarchMarketModel, estimate  # noqa: PLC0415

    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, 420)
    returns = np.zeros((6, 420))
    variance = np.full(6, 0.0004)
    for t in range(420):
        returns[:, t] = np.sqrt(variance) * rng.standard_normal(6)
        variance = 0.00002 + 0.10 * returns[:, t] ** 2 + 0.85 * variance
    returns[:, 350:353] *= 3
    fitted = estimate(
        returns + market,
        market[None],
        security=np.arange(6),
        day0=np.full(6, 350) - 3 * np.arange(6),
        window=(0, 2),
        estimation=(-290, -11),
        model=GarchMarketModel("m"),
        minimum=100,
    )
    sample = fitted.sample(0, 2, estimation=True)
    assert np.ptp(sample.ar_se / sample.sigma[:, None], axis=1).max() > 0.001  # a variance of its own on each day
    result = run("bmp", sample, own_variance=True)
    rise = 3 * event_variance(sample.ar, sample.ar_se**2)
    np.testing.assert_allclose(result.statistic, bmp(sample.car / np.sqrt(sample.car_se**2 + rise)).value, rtol=1e-10)


def test_samples_written_down_by_hand_take_it_too():
    sample = sample_of(ar=np.random.default_rng(2).normal(0, 0.05, (8, 3)), sigma=0.02)
    assert abs(run("bmp", sample, own_variance=True).statistic) > 0


def test_a_bar_without_a_variance_or_a_return_is_left_out():
    """Of (0.03, -0.03) against 0.0004: the mean square 0.0009 less that."""
    ar = np.array([[0.03, -0.03, 0.5, np.nan], [0.03, np.nan, -0.03, 0.2], [0.1, 0.2, 0.3, 0.4]])
    variance = np.array([[4e-4, 4e-4, 0.0, 4e-4], [4e-4, 4e-4, 4e-4, np.nan], [0.0, np.nan, -1.0, 0.0]])
    found = event_variance(ar, variance)
    np.testing.assert_allclose(found[:2], 0.0005, rtol=1e-9)
    assert np.isnan(found[2])


@pytest.mark.parametrize("unit", [1e-6, 1e3])
def test_in_another_unit_it_is_the_square_of_the_unit_as_large(unit):
    rng = np.random.default_rng(4)
    variance = rng.uniform(0.5, 2.0, (12, 6))
    ar = rng.normal(0.3, 1.0, (12, 6)) * np.sqrt(variance + rng.choice([0.0, 4.0], (12, 1)))
    ar[2, 1] = ar[7, :3] = np.nan
    np.testing.assert_allclose(
        event_variance(unit * ar, unit**2 * variance), unit**2 * event_variance(ar, variance), rtol=1e-9
    )


def test_a_variance_that_is_just_as_expected_shows_no_rise_at_all():
    assert event_variance(np.array([[0.5, -0.5]]), np.full((1, 2), 0.25)).tolist() == [0.0]


def test_samples_of_a_batch_are_their_own():
    rng = np.random.default_rng(6)
    ar, variance = rng.normal(0, 2.0, (3, 4, 5)), rng.uniform(0.5, 2.0, (3, 4, 5))
    ar[1, 2] = np.nan
    expected = [event_variance(a, v) for a, v in zip(ar, variance, strict=True)]
    np.testing.assert_allclose(event_variance(ar, variance), expected, rtol=1e-12)
