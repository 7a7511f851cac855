"""The ten invariances of an event study, on drawn panels."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import (
    Dimson,
    DimsonSum,
    FactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    RobustMarketModel,
    ScholesWilliams,
    estimate,
)
from hypothesis import HealthCheck, given, settings, strategies as st

RTOL = 1e-9  # two orders of arithmetic on returns of the same size
BARS, WINDOW, ESTIMATION = 160, (-3, 4), (-70, -6)
MODELS = {
    "mean": MeanAdjusted(),
    "ewma": MeanAdjusted(volatility="ewma"),
    "adjusted": MarketAdjusted("m"),
    "market": MarketModel("m"),
    "factors": FactorModel(("m", "f")),
    "dimson": Dimson("m"),
    "dimson_sum": DimsonSum("m"),
    "scholes_williams": ScholesWilliams("m"),
    "huber": RobustMarketModel("m"),
}
REGRESSING = ["market", "factors", "dimson", "dimson_sum", "scholes_williams", "huber"]

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(0, 2**32 - 1)
holes = st.sampled_from([0.0, 0.03, 0.15])


def world(seed, share=0.0, securities=4):
    rng = np.random.default_rng(seed)
    series = rng.standard_t(5, (2, BARS)) * 0.01
    returns = rng.uniform(0.2, 1.8, (securities, 1)) * series[0] + rng.standard_t(4, (securities, BARS)) * 0.015
    returns[rng.random(returns.shape) < share] = np.nan
    security = rng.integers(0, securities, 12)
    day0 = rng.integers(75, BARS - 6, 12)
    return returns, series, security, day0


def study(name, returns, series, security, day0, **options):
    model = MODELS[name]
    used = series[: len(model.symbols)] if model.symbols else None
    return estimate(returns, used, security=security, day0=day0, window=WINDOW, estimation=ESTIMATION, model=model, minimum=30, **options)  # fmt: skip


def same(left, right, scale=1.0):
    np.testing.assert_array_equal(left.status, right.status)
    np.testing.assert_allclose(scale * left.ar, right.ar, rtol=RTOL, atol=RTOL * scale * 0.01)
    np.testing.assert_allclose(scale * left.sigma, right.sigma, rtol=RTOL)
    np.testing.assert_allclose(scale * left.car(0, 3)[1], right.car(0, 3)[1], rtol=RTOL)


def identical(left, right):
    for name in ("ar", "sigma", "coef", "m", "df", "status", "degenerate"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    np.testing.assert_array_equal(left.coordinates.share, right.coordinates.share)
    np.testing.assert_array_equal(left.ar_se(), right.ar_se())
    for one, other in zip(left.car(-1, 3), right.car(-1, 3), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes, scale=st.floats(0.1, 50))
def test_1_scaling_returns_scales_abnormal_returns(name, seed, share, scale):
    returns, series, security, day0 = world(seed, share)
    same(
        study(name, returns, series, security, day0),
        study(name, scale * returns, scale * series, security, day0),
        scale,
    )


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"adjusted"}))
@quick
@given(seed=seeds, share=holes, shift=st.floats(-0.05, 0.05))
def test_1_shifting_returns_changes_nothing(name, seed, share, shift):
    returns, series, security, day0 = world(seed, share)
    same(study(name, returns, series, security, day0), study(name, returns + shift, series, security, day0))


@pytest.mark.parametrize("name", REGRESSING)
@quick
@given(seed=seeds, share=holes, c=st.floats(-0.02, 0.02), d=st.floats(-2, 2))
def test_2_adding_a_constant_and_a_multiple_of_the_market_changes_nothing(name, seed, share, c, d):
    if name == "scholes_williams":
        # its beta reads lag and lead over the same bars: the slope of the market on itself is one only nearly, so that
        # only the constant is free
        d = 0.0
    if name == "dimson_sum":
        share = 0.0  # the same: with holes the bars of leads and lags differ
    returns, series, security, day0 = world(seed, share)
    same(study(name, returns, series, security, day0), study(name, returns + c + d * series[0], series, security, day0))


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes)
def test_3_the_order_of_events_changes_no_bit(name, seed, share):
    returns, series, security, day0 = world(seed, share)
    order = np.random.default_rng(seed).permutation(day0.size)
    identical(
        study(name, returns, series, security, day0).take(order),
        study(name, returns, series, security[order], day0[order]),
    )


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes)
def test_4_the_order_of_securities_changes_no_bit(name, seed, share):
    returns, series, security, day0 = world(seed, share)
    order = np.random.default_rng(seed).permutation(returns.shape[0])
    place = np.argsort(order)
    identical(study(name, returns, series, security, day0), study(name, returns[order], series, place[security], day0))


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes)
def test_5_holes_on_bars_that_are_not_used_change_no_bit(name, seed, share):
    returns, series, security, day0 = world(seed, share)
    used = np.zeros(returns.shape, dtype=bool)
    for s, d in zip(security, day0, strict=True):
        used[s, d + ESTIMATION[0] : d + WINDOW[1] + 1] = True
    other = np.where(used, returns, np.nan)
    identical(study(name, returns, series, security, day0), study(name, other, series, security, day0))


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes)
def test_6_nothing_after_the_window_changes_a_bit(name, seed, share):
    returns, series, security, day0 = world(seed, share)
    lead = 1 if name in {"dimson", "dimson_sum", "scholes_williams"} else 0  # a lead reads one more bar of the market
    base = study(name, returns, series, security, day0)
    for i in range(day0.size):
        end = day0[i] + WINDOW[1] + 1
        later, market = returns.copy(), series.copy()
        later[:, end:] = 9.0
        market[:, end + lead :] = -7.0
        again = study(name, later, market, security[[i]], day0[[i]])
        identical(base.take(np.array([i])), again)


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds)
def test_6_nothing_after_the_estimation_window_moves_the_estimates(name, seed):
    returns, series, security, day0 = world(seed)
    base = study(name, returns, series, security, day0)
    for i in range(3):
        end = day0[i] + ESTIMATION[1] + 1
        later = returns.copy()
        later[:, end:] *= 4
        again = study(name, later, series, security[[i]], day0[[i]])
        assert again.sigma[0] == base.sigma[i]
        np.testing.assert_array_equal(again.coef[0], base.coef[i])


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes, cut=st.integers(-3, 3))
def test_7_the_car_of_a_window_is_the_sum_of_its_parts(name, seed, share, cut):
    returns, series, security, day0 = world(seed, share)
    fitted = study(name, returns, series, security, day0)
    whole, left, right = (fitted.car(*window)[0] for window in (WINDOW, (-3, cut), (cut + 1, 4)))
    np.testing.assert_allclose(whole, np.nansum([left, right], axis=0), rtol=RTOL, atol=1e-14)


@pytest.mark.parametrize("name", ["mean", "market", "factors"])
@quick
@given(seed=seeds)
def test_8_a_regression_with_dummies_is_the_two_step_estimate(name, seed):
    returns, series, security, day0 = world(seed)
    fitted = study(name, returns, series, security[:3], day0[:3])
    error = fitted.ar_se()
    for i in range(3):
        at = np.r_[day0[i] - 70 : day0[i] - 5, day0[i] - 3 : day0[i] + 5]
        dummies = np.vstack([np.zeros((65, 8)), np.eye(8)])
        rows = series[: len(MODELS[name].symbols), at].T
        fit = sm.OLS(returns[security[i], at], np.column_stack([np.ones(at.size), rows, dummies])).fit()
        np.testing.assert_allclose(fitted.ar[i], fit.params[-8:], rtol=RTOL, atol=1e-13)
        np.testing.assert_allclose(error[i], fit.bse[-8:], rtol=RTOL)


@quick
@given(seed=seeds, share=holes)
def test_9_the_market_adjusted_return_is_a_market_model_with_its_coefficients_fixed(seed, share):
    returns, series, security, day0 = world(seed, share)
    adjusted = study("adjusted", returns, series, security, day0)
    mean = study("mean", returns - series[0], series, security, day0)
    # a constant mean of the difference has the slope fixed at one; put its intercept back and both are fixed
    np.testing.assert_allclose(adjusted.ar, mean.ar + mean.coef[:, :1], rtol=RTOL, atol=1e-14)
    np.testing.assert_allclose(adjusted.sigma, mean.sigma, rtol=RTOL)


@pytest.mark.parametrize("name", MODELS)
@quick
@given(seed=seeds, share=holes, chunk=st.integers(1, 13))
def test_10_the_chunk_size_changes_no_bit(name, seed, share, chunk):
    returns, series, security, day0 = world(seed, share)
    identical(study(name, returns, series, security, day0), study(name, returns, series, security, day0, chunk=chunk))
