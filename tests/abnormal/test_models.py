"""Models with an estimator of their own, each against an independent computation of the formula it claims."""

from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.robust.norms import HuberT

from eventstudy.abnormal import (
    Dimson,
    DimsonSum,
    Exclusion,
    GarchMarketModel,
    MarketAdjusted,
    MarketModel,
    RobustMarketModel,
    ScholesWilliams,
    TradeToTrade,
    estimate,
)
from eventstudy.abnormal.models.garch import garch_forecast
from eventstudy.abnormal.models.least_squares import least_squares
from eventstudy.abnormal.models.lumped import Lumped, lump, spans_of
from eventstudy.abnormal.models.protocol import Windows
from eventstudy.abnormal.models.thin_trading import shifted
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


def test_lumps_are_the_returns_since_the_last_price_by_a_loop():
    rng = np.random.default_rng(15)
    price = np.exp(rng.normal(0, 0.1, (6, 30)))
    price[rng.random(price.shape) < 0.4] = np.nan
    price[0, :2] = price[1, 0] = 2.0  # a price on the first bar, and one on the next
    price[2] = np.nan
    expected, covered = np.full(price.shape, np.nan), np.full(price.shape, np.nan)
    for row in range(6):
        last = last_return = None
        for t in range(30):
            if np.isfinite(price[row, t]):
                if last is not None:
                    expected[row, t] = np.log(price[row, t] / price[row, last])
                    covered[row, t] = 1 if last_return is None else t - last_return
                    last_return = t
                last = t
    np.testing.assert_allclose(lump(price), expected, rtol=RTOL, atol=1e-15)
    np.testing.assert_array_equal(spans_of(expected), covered)
    np.testing.assert_array_equal(spans_of(np.array([[0.1, np.nan, 0.2, 0.1], [np.nan, 0.3, 0.1, np.nan]])),
                                  [[1, np.nan, 2, 1], [np.nan, 1, 1, np.nan]])  # fmt: skip
    assert lump(np.empty((3, 0))).shape == (3, 0)
    assert lump(np.empty((0, 3))).shape == (0, 3)


def windows_of(stocks, markets, usable, columns=None):
    """Estimation windows as the engine gives them: zero where a bar is not usable."""
    x = np.stack([np.ones_like(markets), *(columns or [markets])], axis=1)
    return Windows(np.where(usable, stocks, 0.0), np.where(usable[:, None], x, 0.0), usable, np.ones_like(stocks),
                   np.array([1]), np.zeros((len(stocks), 2), dtype=np.int64))  # fmt: skip


def some_windows(rows=4, bars=60, seed=16):
    rng = np.random.default_rng(seed)
    markets = rng.normal(0, 0.01, (rows, bars))
    stocks = 0.001 + 0.8 * markets + rng.standard_t(3, (rows, bars)) * 0.01
    return stocks, markets, rng.random((rows, bars)) > 0.1


def test_lumped_models_without_a_forecast_keep_the_scale_and_no_coefficients():
    stocks, markets, usable = some_windows()
    given = windows_of(stocks, markets, usable)
    plain, adjusted = Lumped(MarketModel("m")), Lumped(MarketAdjusted("m"))
    assert (plain.k, plain.forecast, plain.forecast_columns, plain.symbols) == (2, True, (0, 1), ("m",))
    assert (adjusted.k, adjusted.forecast, adjusted.forecast_columns, adjusted.symbols) == (1, False, (0,), ("m",))
    found = plain.fit(given)
    for i in range(4):
        fit = sm.OLS(stocks[i, usable[i]], sm.add_constant(markets[i, usable[i]])).fit()
        np.testing.assert_allclose(found.coef[i], fit.params, rtol=1e-9)
        np.testing.assert_allclose(found.sigma[i] ** 2, fit.scale, rtol=RTOL)
        np.testing.assert_allclose(found.factor[i].T @ found.factor[i], fit.normalized_cov_params, rtol=1e-9)
        assert (found.m[i], found.df[i]) == (usable[i].sum(), usable[i].sum() - 2)
    mean = Windows(given.y, given.x[:, :1], usable, given.span, given.steps, given.key)
    found = adjusted.fit(mean)
    np.testing.assert_allclose(found.sigma, [stocks[i, usable[i]].std(ddof=1) for i in range(4)], rtol=RTOL)
    assert not found.coef.any()
    assert not found.factor.any()
    assert found.df.tolist() == (usable.sum(axis=1) - 1).tolist()


def test_a_large_level_leaves_no_rounding_in_slope_and_scale():
    """Prices about a million with disturbances of 1e-9: exact arithmetic against float64, of which 2e-10 is one digit."""
    slopes, scales = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.integers(-1000, 1000, 250) / 2**30
        y = 2.0**20 + 0.5 * x + rng.integers(-6, 7, 250) / 2**32
        fx, fy = [Fraction(v) for v in x], [Fraction(v) for v in y]
        mean_x, mean_y = sum(fx) / 250, sum(fy) / 250
        slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(fx, fy, strict=True)) / sum(
            (a - mean_x) ** 2 for a in fx
        )
        square = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(fx, fy, strict=True)) / 248
        found = least_squares(y[None], np.stack([np.ones(250), x])[None], np.ones((1, 250), dtype=bool), 2)
        slopes.append(found.coef[0, 1] / float(slope) - 1)
        scales.append(found.sigma[0] / float(square) ** 0.5 - 1)
    assert np.abs(slopes).max() < 1e-4  # one pass of rounding costs 2e-4, two passes half of a ten-thousandth
    assert np.abs(scales).max() < 0.02


@pytest.mark.parametrize("method", ["huber", "theil-sen"])
def test_robust_windows_do_not_depend_on_their_company(method):
    stocks, markets, usable = some_windows()
    stocks[2] *= 50
    model = RobustMarketModel("m", method=method)
    together = model.fit(windows_of(stocks, markets, usable))
    assert together.ok.all()
    for i in range(4):
        row = slice(i, i + 1)
        alone = model.fit(windows_of(stocks[row], markets[row], usable[row]))
        for name in ("coef", "sigma", "factor"):
            np.testing.assert_allclose(getattr(together, name)[row], getattr(alone, name), rtol=ITERATED)
        assert (together.m[i], together.df[i]) == (usable[i].sum(), usable[i].sum() - 2)


def test_huber_with_another_tuning_is_that_of_statsmodels():
    stocks, markets, usable = some_windows(rows=2)
    found = RobustMarketModel("m", tuning=0.7).fit(windows_of(stocks, markets, usable))
    for i in range(2):
        x = sm.add_constant(markets[i, usable[i]])
        fit = sm.RLM(stocks[i, usable[i]], x, M=HuberT(t=0.7)).fit(maxiter=500, tol=1e-14, conv="coefs")
        np.testing.assert_allclose(found.coef[i], fit.params, rtol=ITERATED)
        np.testing.assert_allclose(found.sigma[i], fit.scale, rtol=ITERATED)
        np.testing.assert_allclose(found.factor[i].T @ found.factor[i], np.linalg.inv(x.T @ (fit.weights[:, None] * x)),
                                   rtol=1e-6)  # fmt: skip


def test_theil_sen_leaves_out_pairs_of_bars_with_the_same_market():
    stocks, markets, usable = some_windows()
    markets = markets.round(2)  # many ties
    found = RobustMarketModel("m", method="theil-sen").fit(windows_of(stocks, markets, usable))
    for i in range(4):
        slope, intercept, *_ = stats.theilslopes(stocks[i, usable[i]], markets[i, usable[i]])
        np.testing.assert_allclose(found.coef[i], [intercept, slope], rtol=RTOL)
        x = sm.add_constant(markets[i, usable[i]])
        np.testing.assert_allclose(found.factor[i].T @ found.factor[i], np.linalg.inv(x.T @ x), rtol=1e-9)


@pytest.mark.parametrize("level", [0.001, 0.0, 0.5])
@pytest.mark.parametrize("method", ["huber", "theil-sen"])
def test_a_market_that_stands_still_gives_no_robust_estimate_and_stops_nobody(method, level):
    stocks, _, _ = some_windows(rows=2, bars=70)
    fitted = estimate(stocks, np.full((1, 70), level), security=np.array([0, 1]),
                      day0=np.array([61, 61]), window=(0, 1), estimation=(-60, -1),
                      model=RobustMarketModel("m", method=method), minimum=30)  # fmt: skip
    assert fitted.status.tolist() == [Exclusion.RANK_DEFICIENT] * 2


def test_tuning_must_be_positive():
    assert RobustMarketModel("m", tuning=1e-3).tuning == 1e-3
    for wrong in (0.0, -1.0, np.nan):
        with pytest.raises(StudyError):
            RobustMarketModel("m", tuning=wrong)


def test_leads_and_lags_are_counted_from_one():
    for n in (1, 2, 3):
        assert Dimson("m", n).k == 2 * n + 2
    for n in (1, 2):
        assert DimsonSum("m", n).k == 2 * n + 2
    for make in (lambda: Dimson("m", 0), lambda: DimsonSum("m", 0), lambda: Dimson("m", 4), lambda: DimsonSum("m", 3)):
        with pytest.raises(StudyError, match="leads and lags; give 1 to"):
            make()


def test_a_series_is_shifted_either_way_and_by_nothing():
    series = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    gone = np.nan
    np.testing.assert_array_equal(shifted(series, 0), series)
    np.testing.assert_array_equal(shifted(series, 2), [[3, 4, gone, gone], [7, 8, gone, gone]])
    np.testing.assert_array_equal(shifted(series, -1), [[gone, 1, 2, 3], [gone, 5, 6, 7]])
    np.testing.assert_array_equal(shifted(series, -3), [[gone, gone, gone, 1], [gone, gone, gone, 5]])


def test_a_model_of_one_market_reads_one_series():
    for model in (ScholesWilliams("m"), Dimson("m"), DimsonSum("m"), TradeToTrade("m")):
        for wrong in (None, np.zeros((2, 9))):
            with pytest.raises(StudyError, match="reads one series"):
                model.split(wrong)
        design, offset = model.split(np.arange(9.0)[None])
        assert offset is None
        np.testing.assert_array_equal(design[(len(design) - 1) // 2], np.arange(9.0))


@pytest.mark.parametrize(("denominator", "ok"), [(0.6, True), (0.1001, True), (0.0999, False), (-0.3, False)])
def test_the_scholes_williams_beta_wants_a_denominator_above_a_tenth(denominator, ok):
    """Noise and as much of a market that turns each day as gives 1 + 2 rho the value wanted."""
    rng = np.random.default_rng(17)
    bars = 200
    noise, turning = rng.normal(0, 0.01, bars + 2), np.where(np.arange(bars + 2) % 2, 0.01, -0.01)

    def lags(share):  # the bar before, now, the bar after
        market = (1 - share) * noise + share * turning
        return [market[None, at : bars + at] for at in range(3)]

    def least(share):
        before, now, _ = (column[0, 1:-1] for column in lags(share))
        return 1 + 2 * np.corrcoef(before, now)[0, 1]

    columns = lags(optimize.brentq(lambda share: least(share) - denominator, 0, 1, xtol=1e-12))
    stock = 0.9 * columns[1] + rng.normal(0, 0.01, columns[1].shape)
    found = ScholesWilliams("m").fit(windows_of(stock, columns[1], np.ones(stock.shape, dtype=bool), columns))
    assert found.ok.tolist() == [ok]
    if ok:
        beta = sum(stats.linregress(x[0, 1:-1], stock[0, 1:-1]).slope for x in columns) / denominator
        now = columns[1][0, 1:-1]
        np.testing.assert_allclose(found.coef[0], [stock[0, 1:-1].mean() - beta * now.mean(), beta], rtol=1e-7)
        assert found.m[0] == now.size
    else:
        assert np.isnan(found.coef[0, 1])


def test_summed_betas_of_windows_with_holes():
    stocks, markets, usable = some_windows(rows=3, bars=80)
    columns = [np.roll(markets, by, axis=1) for by in (1, 0, -1)]
    found = DimsonSum("m").fit(windows_of(stocks, markets, usable, columns))
    for i in range(3):
        x = sm.add_constant(np.column_stack([column[i] for column in columns]))[usable[i]]
        y, now = stocks[i, usable[i]], markets[i, usable[i]]
        fit = sm.OLS(y, x).fit()
        beta = fit.params[1:].sum()
        alpha = y.mean() - beta * now.mean()
        residual = y - alpha - beta * now
        sigma2 = residual @ residual / (y.size - 4)
        np.testing.assert_allclose(found.coef[i], [alpha, beta], rtol=1e-9)
        np.testing.assert_allclose(found.sigma[i] ** 2, sigma2, rtol=1e-9)
        for at in (-0.01, 0.02):
            ahead = found.factor[i] @ [1.0, at] * found.sigma[i]
            variance = sigma2 / y.size + (at - now.mean()) ** 2 * fit.cov_params()[1:, 1:].sum()
            np.testing.assert_allclose(ahead @ ahead, variance, rtol=1e-9)
        assert (found.m[i], found.df[i]) == (y.size, y.size - 4)
    still = DimsonSum("m").fit(windows_of(np.zeros((1, 80)), markets[:1], usable[:1], [c[:1] for c in columns]))
    assert still.sigma[0] == 0  # a security that never moves
