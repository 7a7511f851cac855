"""Models with an estimator of their own, each against an independent computation of the formula it claims."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.robust.norms import HuberT

from eventstudy.abnormal import (
    Dimson,
    DimsonSum,
    Exclusion,
    GarchMarketModel,
    MarketModel,
    RobustMarketModel,
    ScholesWilliams,
    TradeToTrade,
    estimate,
)
from eventstudy.abnormal.models.garch import garch_forecast
from eventstudy.abnormal.models.lumped import lump, spans_of
from eventstudy.errors import StudyError

RTOL = 1e-10  # closed forms in float64 on both sides
ITERATED = 1e-8  # both sides iterate; statsmodels is told to go on until its coefficients stand still
DAY0, FIRST, LAST = 330, -1, 3


@pytest.fixture
def data():
    rng = np.random.default_rng(21)
    market = rng.standard_t(5, 420) * 0.008
    stock = 0.0004 + 0.6 * market + rng.standard_t(4, 420) * 0.01
    stock[1:] += 0.3 * market[:-1]
    stock[[150, 211, 290]] = np.nan
    return stock, market


def run(stock, market, model, **options):
    return estimate(stock[None], market[None], security=np.array([0]), day0=np.array([DAY0]), window=(-5, 5),
                    estimation=(-265, -6), model=model, **options)  # fmt: skip


E = np.arange(DAY0 - 265, DAY0 - 5)
W = np.arange(DAY0 + FIRST, DAY0 + LAST + 1)


def test_scholes_williams_is_its_formula(data):
    stock, market = data
    fitted = run(stock, market, ScholesWilliams("m"))
    at = E[1:-1][np.isfinite(stock[E[1:-1]])]
    slopes = [stats.linregress(market[at + by], stock[at]).slope for by in (-1, 0, 1)]
    rho = np.corrcoef(market[at - 1], market[at])[0, 1]
    beta = sum(slopes) / (1 + 2 * rho)
    alpha = stock[at].mean() - beta * market[at].mean()
    residual = stock[at] - alpha - beta * market[at]
    sigma2 = residual @ residual / (at.size - 2)
    np.testing.assert_allclose(fitted.coef[0], [alpha, beta], rtol=RTOL)
    np.testing.assert_allclose(fitted.sigma[0] ** 2, sigma2, rtol=RTOL)
    assert fitted.df[0] == at.size - 2
    car, error, _ = fitted.car(FIRST, LAST)
    np.testing.assert_allclose(car[0], (stock[W] - alpha - beta * market[W]).sum(), rtol=RTOL)
    z = market[at - 1] + market[at] + market[at + 1]
    z -= z.mean()
    reach = (market[W] - market[at].mean()).sum()
    variance = sigma2 * (5 + 25 / at.size + reach**2 * (z @ z) / (z @ market[at]) ** 2)
    np.testing.assert_allclose(error[0] ** 2, variance, rtol=RTOL)


def test_scholes_williams_without_a_denominator_is_excluded(data):
    stock, market = data
    market = np.where(np.arange(market.size) % 2, 1, -1) * np.abs(market)  # first autocorrelation about -0.6
    assert run(stock, market, ScholesWilliams("m")).status[0] == Exclusion.NO_CONVERGENCE


@pytest.mark.parametrize("n", [1, 2])
def test_full_dimson_is_ols_on_leads_and_lags(data, n):
    stock, market = data
    fitted = run(stock, market, Dimson("m", n))
    design = sm.add_constant(np.column_stack([np.roll(market, -by) for by in range(-n, n + 1)]))
    at = E[np.isfinite(stock[E])]
    fit = sm.OLS(stock[at], design[at]).fit()
    total = design[W].sum(axis=0)
    np.testing.assert_allclose(fitted.coef[0], fit.params, rtol=RTOL, atol=1e-14)
    np.testing.assert_allclose(
        fitted.car(FIRST, LAST)[1][0] ** 2, fit.scale * 5 + total @ fit.cov_params() @ total, rtol=RTOL
    )
    assert fitted.df[0] == at.size - 2 * n - 2


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("weights", ["dimson", "fowler-rorke"])
def test_summed_dimson_is_its_formula(data, n, weights):
    stock, market = data
    stock = np.where(np.isnan(stock), 0.001, stock)
    fitted = run(stock, market, DimsonSum("m", n, weights))
    design = sm.add_constant(np.column_stack([np.roll(market, -by) for by in range(-n, n + 1)]))
    fit = sm.OLS(stock[E], design[E]).fit()
    centred = market[E] - market[E].mean()
    rho = [centred[lag:] @ centred[:-lag] / (centred @ centred) for lag in (1, 2)]
    outer = {
        ("dimson", 1): [1.0],
        ("dimson", 2): [1.0, 1.0],
        ("fowler-rorke", 1): [(1 + rho[0]) / (1 + 2 * rho[0])],
        ("fowler-rorke", 2): [
            (1 + 2 * rho[0] + rho[1]) / (1 + 2 * rho[0] + 2 * rho[1]),
            (1 + rho[0] + rho[1]) / (1 + 2 * rho[0] + 2 * rho[1]),
        ],
    }[weights, n]
    weight = np.array([*outer[::-1], 1.0, *outer])
    beta = weight @ fit.params[1:]
    alpha = stock[E].mean() - beta * market[E].mean()
    residual = stock[E] - alpha - beta * market[E]
    sigma2 = residual @ residual / (E.size - 2 * n - 2)
    np.testing.assert_allclose(fitted.coef[0], [alpha, beta], rtol=1e-9)
    reach = (market[W] - market[E].mean()).sum()
    var_beta = weight @ fit.cov_params()[1:, 1:] @ weight
    np.testing.assert_allclose(
        fitted.car(FIRST, LAST)[1][0] ** 2, sigma2 * (5 + 25 / E.size) + reach**2 * var_beta, rtol=1e-9
    )


def test_huber_is_that_of_statsmodels(data):
    stock, market = data
    fitted = run(stock, market, RobustMarketModel("m"))
    at = E[np.isfinite(stock[E])]
    x = sm.add_constant(market)
    fit = sm.RLM(stock[at], x[at], M=HuberT(t=1.345)).fit(maxiter=500, tol=1e-14, conv="coefs")
    np.testing.assert_allclose(fitted.coef[0], fit.params, rtol=ITERATED)
    np.testing.assert_allclose(fitted.sigma[0], fit.scale, rtol=ITERATED)
    total = x[W].sum(axis=0)
    weighted = np.linalg.inv(x[at].T @ (fit.weights[:, None] * x[at]))
    np.testing.assert_allclose(
        fitted.car(FIRST, LAST)[1][0] ** 2, fit.scale**2 * (5 + total @ weighted @ total), rtol=1e-7
    )


def test_theil_sen_is_that_of_scipy(data):
    stock, market = data
    fitted = run(stock, market, RobustMarketModel("m", method="theil-sen"))
    at = E[np.isfinite(stock[E])]
    slope, intercept, *_ = stats.theilslopes(stock[at], market[at])
    np.testing.assert_allclose(fitted.coef[0], [intercept, slope], rtol=RTOL)
    residual = stock[at] - intercept - slope * market[at]
    np.testing.assert_allclose(fitted.sigma[0], stats.median_abs_deviation(residual, scale="normal"), rtol=1e-6)


@pytest.mark.parametrize("method", ["huber", "theil-sen"])
def test_one_wild_bar_moves_least_squares_and_not_the_robust_models(data, method):
    stock, market = data
    wild = stock.copy()
    wild[200] += 3.0
    robust = (
        run(wild, market, RobustMarketModel("m", method=method)).coef[0]
        - run(stock, market, RobustMarketModel("m", method=method)).coef[0]
    )
    plain = run(wild, market, MarketModel("m")).coef[0] - run(stock, market, MarketModel("m")).coef[0]
    assert np.abs(robust).max() < 0.05 * np.abs(plain).max()


def test_trade_to_trade_is_weighted_least_squares():
    rng = np.random.default_rng(12)
    market = rng.normal(0, 0.01, 420)
    price = np.exp(np.cumsum(0.0005 + 0.8 * market + rng.normal(0, 0.012, 420)))
    price[rng.random(420) < 0.15] = np.nan
    price[DAY0] = np.nan
    price[[DAY0 - 1, DAY0 + 1]] = 1.0, 1.1
    returns = lump(price[None])
    spans = spans_of(returns)
    fitted = estimate(returns, market[None], security=np.array([0]), day0=np.array([DAY0]), window=(-5, 5),
                      estimation=(-265, -6), model=TradeToTrade("m"), spans=spans)  # fmt: skip
    n = spans[0]

    def lumped(t):
        return market[t - int(n[t]) + 1 : t + 1].sum()

    at = E[np.isfinite(returns[0, E])]
    x = np.array([[n[t], lumped(t)] for t in at])
    fit = sm.WLS(returns[0, at], x, weights=1 / n[at]).fit()
    np.testing.assert_allclose(fitted.coef[0], fit.params, rtol=1e-9)
    np.testing.assert_allclose(fitted.sigma[0] ** 2, fit.scale, rtol=1e-9)
    assert fitted.df[0] == fit.df_resid
    assert TradeToTrade("m").k == len(fit.params)
    window = W[np.isfinite(returns[0, W])]
    ahead = np.array([[n[t], lumped(t)] for t in window])
    total = ahead.sum(axis=0)
    car, error, count = fitted.car(FIRST, LAST)
    assert count[0] == window.size < 5
    assert n[DAY0 + 1] == 2
    np.testing.assert_allclose(car[0], (returns[0, window] - ahead @ fit.params).sum(), rtol=1e-9)
    np.testing.assert_allclose(error[0] ** 2, fit.scale * n[window].sum() + total @ fit.cov_params() @ total, rtol=1e-9)


def test_lumped_windows_of_the_market_model_estimate_on_single_bars():
    rng = np.random.default_rng(14)
    market = rng.normal(0, 0.01, 420)
    price = np.exp(np.cumsum(0.8 * market + rng.normal(0, 0.012, 420)))
    price[[100, 200, 201, DAY0]] = np.nan
    returns = lump(price[None])
    spans = spans_of(returns)
    fitted = estimate(returns, market[None], security=np.array([0]), day0=np.array([DAY0]), window=(0, 2),
                      estimation=(-265, -6), model=MarketModel("m"), spans=spans)  # fmt: skip
    at = E[(spans[0, E] == 1)]
    x = sm.add_constant(market)
    fit = sm.OLS(returns[0, at], x[at]).fit()
    assert fitted.m[0] == at.size == 265 - 5 - 5
    total = x[DAY0 : DAY0 + 3].sum(axis=0)  # every bar is covered, the hole by the return after it
    car, error, count = fitted.car(0, 2)
    np.testing.assert_allclose(car[0], np.nansum(returns[0, DAY0 : DAY0 + 3]) - total @ fit.params, rtol=1e-9)
    np.testing.assert_allclose(error[0] ** 2, fit.scale * 3 + total @ fit.cov_params() @ total, rtol=1e-9)
    assert count[0] == 2


def garch_data(bars=1400):
    rng = np.random.default_rng(2)
    market = rng.normal(0, 0.01, bars)
    shock, variance = np.empty(bars), 1e-4
    for t in range(bars):
        shock[t] = np.sqrt(variance) * rng.standard_normal()
        variance = 5e-6 + 0.10 * shock[t] ** 2 + 0.85 * variance
    return 0.0002 + 1.1 * market + shock, market


def garch_run(stock, market, model):
    return estimate(stock[None], market[None], security=np.array([0]), day0=np.array([1350]), window=(-2, 5),
                    estimation=(-1300, -6), model=model)  # fmt: skip


def test_garch_recovers_what_was_simulated_and_forecasts_through_the_gap():
    stock, market = garch_data()
    fitted = garch_run(stock, market, GarchMarketModel("m"))
    assert not fitted.fallback[0]
    assert fitted.coef[0, 1] == pytest.approx(1.1, abs=0.08)
    at = np.arange(1348, 1356)
    # the identity holds whatever the coefficients
    np.testing.assert_allclose(fitted.ar[0], stock[at] - fitted.coef[0, 0] - fitted.coef[0, 1] * market[at], rtol=1e-9)
    # an independent filter at the truth is near the one at the estimates
    variance = 1e-4
    for t in range(50, 1345):
        variance = 5e-6 + 0.10 * (stock[t] - 0.0002 - 1.1 * market[t]) ** 2 + 0.85 * variance
    truth = garch_forecast(5e-6, 0.10, 0.85, variance, np.arange(4, 12))
    np.testing.assert_allclose(fitted.variance[0], truth, rtol=0.35)
    car, error, _ = fitted.car(0, 2)
    assert error[0] ** 2 > fitted.variance[0, 2:5].sum()
    assert np.isfinite(car[0])


def test_garch_forecast_is_the_recursion():
    omega, alpha, beta, variance = 0.02, 0.08, 0.9, 1.7
    path = []
    for _ in range(40):
        path.append(variance)
        variance = omega + (alpha + beta) * variance
    np.testing.assert_allclose(garch_forecast(omega, alpha, beta, 1.7, np.arange(1, 41)), path, rtol=1e-12)


def test_garch_sees_nothing_of_the_event():
    stock, market = garch_data()
    shocked = stock.copy()
    shocked[1345:] *= 5
    first, second = (garch_run(series, market, GarchMarketModel("m")) for series in (stock, shocked))
    np.testing.assert_array_equal(first.variance, second.variance)


def test_egarch_forecasts_are_those_of_the_seed():
    stock, market = garch_data()
    one, same, other = (garch_run(stock, market, GarchMarketModel("m", kind="egarch", seed=seed)) for seed in (1, 1, 2))
    assert not one.fallback[0]
    np.testing.assert_array_equal(one.variance, same.variance)
    assert (one.variance != other.variance).any()
    np.testing.assert_allclose(one.variance, other.variance, rtol=0.1)


def test_garch_falls_back_to_least_squares_and_says_so(data):
    stock, market = data
    fitted = run(stock, market, GarchMarketModel("m", minimum=1000))
    plain = run(stock, market, MarketModel("m"))
    assert fitted.fallback[0]
    np.testing.assert_allclose(fitted.car(FIRST, LAST)[1], plain.car(FIRST, LAST)[1], rtol=RTOL)
    np.testing.assert_allclose(fitted.ar, plain.ar, rtol=RTOL, atol=1e-16)


@pytest.mark.parametrize("model", [ScholesWilliams("m"), DimsonSum("m"), RobustMarketModel("m"), TradeToTrade("m")])
def test_a_market_that_does_not_move_is_rank_deficient(data, model):
    stock, market = data
    assert run(stock, np.full_like(market, 0.001), model).status[0] == Exclusion.RANK_DEFICIENT


@pytest.mark.parametrize("model", [ScholesWilliams("m"), RobustMarketModel("m"), DimsonSum("m")])
def test_residuals_of_the_record_are_those_of_the_estimates(data, model):
    stock, market = data
    fitted = run(stock, market, model)
    record = fitted.sample(0, 1, estimation=True).estimation
    usable = np.isfinite(record.residual[0])
    np.testing.assert_allclose(
        record.residual[0, usable], (stock[E] - fitted.coef[0, 0] - fitted.coef[0, 1] * market[E])[usable], atol=1e-16
    )
    assert ((record.leverage[0, usable] > 0) & (record.leverage[0, usable] < 1)).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dimson("m", 4),
        lambda: DimsonSum("m", 3),
        lambda: DimsonSum("m", 1, "none"),
        lambda: RobustMarketModel("m", method="lad"),
        lambda: RobustMarketModel("m", tuning=0),
        lambda: GarchMarketModel("m", kind="figarch"),
    ],
)
def test_options_that_do_not_exist_are_refused(make):
    with pytest.raises(StudyError):
        make()


def test_lumps_by_hand():
    price = np.array([[np.nan, 1.0, np.nan, np.e, np.e**2]])
    np.testing.assert_allclose(lump(price), [[np.nan, np.nan, np.nan, 1.0, 1.0]])
    np.testing.assert_allclose(spans_of(np.array([[np.nan, 0.1, np.nan, 0.2]])), [[np.nan, 1.0, np.nan, 2.0]])
