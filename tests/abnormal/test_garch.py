"""Variances that move: estimates against those of arch on the same bars, forecasts against recursions written out."""

import numpy as np
import pytest

from eventstudy.abnormal import GarchMarketModel
from eventstudy.abnormal.models.garch import garch_forecast
from eventstudy.abnormal.models.protocol import Windows
from eventstudy.errors import StudyError

arch = pytest.importorskip("arch.univariate", reason="the GARCH model needs the extra 'garch'")

RTOL = 1e-9  # the same optimiser on the same bars, then float64 arithmetic
EXACT = 1e-12  # a closed form or one least squares


def windows(stocks, markets, usable, steps=(1, 2, 3), key=None):
    x = np.stack([np.ones_like(markets), markets], axis=1)
    return Windows(
        y=np.where(usable, stocks, 0.0),
        x=np.where(usable[:, None], x, 0.0),
        usable=usable,
        span=np.ones_like(stocks),
        steps=np.array(steps, dtype=np.int64),
        key=np.array([[3, 77], [4, 81]])[: len(stocks)] if key is None else np.array(key),
    )


def data(seed=2, bars=300, rows=2):
    """Returns with a GARCH disturbance on a market, and a few holes in each row."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, (rows, bars))
    shock, variance = np.empty((rows, bars)), np.full(rows, 1e-4)
    for t in range(bars):
        shock[:, t] = np.sqrt(variance) * rng.standard_normal(rows)
        variance = 1e-5 + 0.15 * shock[:, t] ** 2 + 0.75 * variance
    usable = np.ones((rows, bars), dtype=bool)
    usable[0, [0, 40, 41]] = False
    usable[1:, [120, bars - 1]] = False
    return 0.0002 + 1.1 * market + shock, market, usable


def by_arch(y, x, kind, distribution):
    """Estimates in percent, straight from arch."""
    volatility = arch.GARCH(p=1, o=0, q=1) if kind == "garch" else arch.EGARCH(p=1, o=1, q=1)
    errors = arch.Normal() if distribution == "normal" else arch.StudentsT()
    mean = arch.ARX(100 * y, x=100 * x[:, None], lags=0, volatility=volatility, distribution=errors, rescale=False)
    return mean.fit(disp="off", show_warning=False)


def by_recursion(found, kind, steps, seed, key):
    """Variances so many bars after the end, in percent squared: one path of GARCH, the mean of 1000 of EGARCH."""
    value = found.params.to_numpy()
    h, e = found.conditional_volatility[-1] ** 2, found.resid[-1]
    if kind == "garch":
        omega, alpha, beta = value[2:5]
        path = [omega + alpha * e**2 + beta * h]
        while len(path) < steps[-1]:
            path.append(omega + (alpha + beta) * path[-1])
        return [path[step - 1] for step in steps]
    omega, alpha, gamma, beta = value[2:6]
    rng = np.random.default_rng([seed, *key])
    mean = np.sqrt(2 / np.pi)
    logs = [omega + alpha * (abs(e) / np.sqrt(h) - mean) + gamma * e / np.sqrt(h) + beta * np.log(h)] * 1000
    path = []
    for _ in range(steps[-1]):
        path.append(sum(np.exp(value) for value in logs) / 1000)
        if len(value) == 7:  # Student's t with variance 1
            draws = rng.standard_t(value[6], 1000) / np.sqrt(value[6] / (value[6] - 2))
        else:
            draws = rng.standard_normal(1000)
        logs = [omega + alpha * (abs(z) - mean) + gamma * z + beta * one for z, one in zip(draws, logs, strict=True)]
    return [path[step - 1] for step in steps]


@pytest.mark.parametrize(
    ("kind", "distribution"), [("garch", "normal"), ("garch", "t"), ("egarch", "normal"), ("egarch", "t")]
)
def test_estimates_are_those_of_arch_and_forecasts_their_recursion(kind, distribution):
    stocks, markets, usable = data()
    steps = (3, 4, 5, 6)
    model = GarchMarketModel("m", kind=kind, distribution=distribution, seed=5)
    found = model.fit(windows(stocks, markets, usable, steps))
    assert found.fallback.tolist() == [False, False]
    for i, key in enumerate([(3, 77), (4, 81)]):
        y, x = stocks[i, usable[i]], markets[i, usable[i]]
        truth = by_arch(y, x, kind, distribution)
        a, b = truth.params.to_numpy()[:2]
        np.testing.assert_allclose(found.coef[i], [a / 100, b], rtol=RTOL)
        residual = y - a / 100 - b * x
        np.testing.assert_allclose(found.sigma[i], np.sqrt((residual**2).sum() / (y.size - 2)), rtol=RTOL)
        covariance = truth.param_cov.to_numpy()[:2, :2] * [[1e-4, 1e-2], [1e-2, 1]]
        own = found.factor[i] * found.sigma[i]
        np.testing.assert_allclose(own.T @ own, covariance, rtol=1e-7)
        np.testing.assert_allclose(
            found.variance[i], np.array(by_recursion(truth, kind, steps, 5, key)) / 1e4, rtol=RTOL
        )
        assert (found.m[i], found.df[i]) == (y.size, y.size - 2)


def test_a_forecast_starts_at_the_next_variance_and_ends_at_the_long_run_one():
    omega, alpha, beta = 0.3, 0.2, 0.5  # long run: 0.3 / (1 - 0.7) = 1
    found = garch_forecast(omega, alpha, beta, 3.0, np.array([1, 2, 3, 200]))
    np.testing.assert_allclose(found, [3.0, 2.4, 0.3 + 0.7 * 2.4, 1.0], rtol=EXACT)


@pytest.mark.parametrize("fewer", [0, 1])
def test_with_a_bar_less_than_the_minimum_least_squares_stands_in(fewer):
    stocks, markets, usable = data(rows=1)
    usable[0, : 50 + fewer] = False
    usable[0, 50 + fewer :] = True
    found = GarchMarketModel("m").fit(windows(stocks, markets, usable))  # 250 bars, or 249
    assert found.fallback.tolist() == [bool(fewer)]
    x = np.column_stack([np.ones(usable.sum()), markets[usable]])
    beta, ssr, *_ = np.linalg.lstsq(x, stocks[usable], rcond=None)
    if fewer:
        np.testing.assert_allclose(found.coef[0], beta, rtol=1e-9)
        np.testing.assert_allclose(found.sigma[0] ** 2, ssr[0] / 247, rtol=1e-9)
        np.testing.assert_allclose(found.variance[0], [ssr[0] / 247] * 3, rtol=1e-9)
        np.testing.assert_allclose(found.factor[0].T @ found.factor[0], np.linalg.inv(x.T @ x), rtol=1e-9)
    else:
        assert np.unique(found.variance[0]).size == 3


def test_one_row_that_falls_back_does_not_end_the_others():
    stocks, markets, usable = data(rows=3)
    usable[0, :100] = False
    stocks[1] = 0.0  # no disturbance at all
    found = GarchMarketModel("m").fit(windows(stocks, markets, usable, key=[[0, 1], [0, 2], [0, 3]]))
    assert found.fallback.tolist() == [True, True, False]
    assert found.variance[1].tolist() == [0.0] * 3
    alone = GarchMarketModel("m").fit(windows(stocks[2:], markets[2:], usable[2:], key=[[0, 3]]))
    np.testing.assert_array_equal(found.variance[2], alone.variance[0])


def test_a_market_that_does_not_move_has_no_estimate():
    stocks, markets, usable = data(rows=1)
    found = GarchMarketModel("m").fit(windows(stocks, np.full_like(markets, 0.01), usable))
    assert (found.ok.tolist(), found.fallback.tolist()) == ([False], [True])


@pytest.mark.parametrize("kind", ["garch", "egarch"])
def test_a_variance_that_only_grows_is_no_stationary_one(kind):
    rng = np.random.default_rng(0)
    bars = 300
    market, z = rng.normal(0, 0.01, bars), rng.standard_normal(bars)
    stock = market + 0.01 * np.exp(np.linspace(-3, 1, bars)) * z
    truth = by_arch(stock, market, kind, "normal").params.to_numpy()
    assert (truth[3] + truth[4] if kind == "garch" else truth[5]) > 0.9999
    found = GarchMarketModel("m", kind=kind).fit(windows(stock[None], market[None], np.ones((1, bars), dtype=bool)))
    assert found.fallback.tolist() == [True]


def test_what_arch_does_not_find_falls_back():
    """Disturbances of one size and changing sign have no variance that moves: the optimiser gives up."""
    rng = np.random.default_rng(0)
    market = rng.normal(0, 0.01, 300)
    stock = market + np.where(np.arange(300) % 2, 0.01, -0.01)
    gave_up = bool(by_arch(stock, market, "egarch", "normal").convergence_flag)  # with arch 8 it does
    found = GarchMarketModel("m", kind="egarch").fit(windows(stock[None], market[None], np.ones((1, 300), dtype=bool)))
    assert found.fallback.tolist() == [gave_up]


def test_the_variance_is_forecast_from_bars_before_the_event_only():
    stocks, markets, usable = data(rows=1, bars=130)
    for steps in ((0, 1), (-3, -2)):
        with pytest.raises(StudyError, match="leave the estimation window after it out"):
            GarchMarketModel("m").fit(windows(stocks, markets, usable, steps))
    assert GarchMarketModel("m").fit(windows(stocks, markets, usable, (1, 2))).variance.shape == (1, 2)
    assert GarchMarketModel("m").fit(windows(stocks, markets, usable, ())).variance.shape == (1, 0)


def test_the_streams_of_egarch_begin_at_seed_0_where_none_is_asked_for():
    stocks, markets, usable = data(rows=1)
    found = GarchMarketModel("m", kind="egarch").fit(windows(stocks, markets, usable))
    truth = by_arch(stocks[0, usable[0]], markets[0, usable[0]], "egarch", "normal")
    expected = np.array(by_recursion(truth, "egarch", (1, 2, 3), 0, (3, 77))) / 1e4
    np.testing.assert_allclose(found.variance[0], expected, rtol=RTOL)


def test_returns_too_quiet_for_arch_s_taste_are_in_percent_all_the_same():
    """Below a variance of 0.1 in percent squared `arch` would bring them to a scale of its own."""
    stocks, markets, usable = data(rows=1)
    found = GarchMarketModel("m").fit(windows(stocks / 20, markets / 20, usable))
    truth = by_arch(stocks[0, usable[0]] / 20, markets[0, usable[0]] / 20, "garch", "normal")
    assert truth.scale == 1
    assert truth.convergence_flag == 0
    assert found.fallback.tolist() == [False]
    expected = np.array(by_recursion(truth, "garch", (1, 2, 3), 0, (3, 77))) / 1e4
    np.testing.assert_allclose(found.variance[0], expected, rtol=RTOL)
    np.testing.assert_allclose(found.coef[0], truth.params.to_numpy()[:2] / [100, 1], rtol=RTOL)
