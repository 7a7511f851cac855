"""Synthetic-control weights against a quadratic program of another kind, and against least squares on the chosen ones."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize

import eventstudy as es
from eventstudy.abnormal import ControlPortfolio, Exclusion, SyntheticControl, estimate
from eventstudy.abnormal.models.control_portfolios import simplex_weights
from eventstudy.errors import StudyError

RTOL = 1e-10  # float64 on both sides
BY_SLSQP = 1e-4  # of a weight: what sequential quadratic programming reaches on these sums of squares
STATIONARY = 1e-9  # of the gradient's size: rounding
WINDOW, ESTIMATION, DAY0 = (-2, 3), (-120, -3), 140


def world(seed, controls=6, bars=160, noise=0.01):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, bars)
    others = rng.uniform(0.5, 1.5, (controls, 1)) * common + rng.normal(0, 0.008, (controls, bars))
    stock = 0.6 * others[0] + 0.4 * others[1] + rng.normal(0, noise, bars)
    return stock, others


def by_program(stock, others):
    """The same weights by sequential quadratic programming, from the middle of the simplex."""
    size = len(others)
    hessian, right = others @ others.T * 1e4, others @ stock * 1e4
    found = minimize(
        lambda w: 0.5 * w @ hessian @ w - right @ w, np.full(size, 1 / size), jac=lambda w: hessian @ w - right,
        bounds=[(0, 1)] * size, constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        method="SLSQP", options={"ftol": 1e-15, "maxiter": 1000},
    )  # fmt: skip
    return found.x


def run(stock, others, **options):
    names = tuple(f"C{number}" for number in range(len(others)))
    return estimate(stock[None], others, security=np.array([0]), day0=np.array([DAY0]), window=WINDOW,
                    estimation=ESTIMATION, model=SyntheticControl(names), **options)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("controls", [2, 6, 20])
def test_weights_solve_the_quadratic_program(seed, controls):
    stock, others = world(seed, controls)
    weights, _ = simplex_weights(stock, others)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(weights, by_program(stock, others), atol=BY_SLSQP)
    # Karush, Kuhn and Tucker: the gradient is level where a weight is positive, and nowhere lower
    gradient = others @ (weights @ others - stock)
    level = gradient @ weights
    size = np.abs(others @ stock).max()
    assert np.abs(gradient[weights > 0] - level).max() < STATIONARY * size
    assert (gradient - level).min() > -STATIONARY * size
    loss = ((stock - weights @ others) ** 2).sum()
    assert loss <= ((stock - by_program(stock, others) @ others) ** 2).sum() * (1 + RTOL)


@pytest.mark.parametrize("holes", [0, 7])
def test_forecasts_are_least_squares_on_the_controls_that_count(holes):
    stock, others = world(3)
    rng = np.random.default_rng(4)
    stock[rng.choice(np.arange(20, 130), holes, replace=False)] = np.nan
    fitted = run(stock, others, minimum=60)
    at = np.arange(DAY0 + ESTIMATION[0], DAY0 + ESTIMATION[1] + 1)
    at = at[np.isfinite(stock[at])]
    weights = fitted.coef[0]
    chosen = np.flatnonzero(weights)
    assert 1 < chosen.size < len(others)
    base, rest = others[chosen[0]], others[chosen[1:]] - others[chosen[0]]
    fit = sm.OLS((stock - base)[at], rest[:, at].T).fit()
    np.testing.assert_allclose(weights[chosen[1:]], fit.params, rtol=1e-9)
    np.testing.assert_allclose([fitted.sigma[0], fitted.df[0]], [np.sqrt(fit.scale), fit.df_resid], rtol=RTOL)
    window = np.arange(DAY0 + WINDOW[0], DAY0 + WINDOW[1] + 1)
    prediction = fit.get_prediction(rest[:, window].T)
    np.testing.assert_allclose(fitted.ar[0], (stock - base)[window] - prediction.predicted_mean, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(fitted.ar_se()[0], prediction.se_obs, rtol=RTOL)
    total = rest[:, window].sum(axis=1)
    expected = fit.scale * window.size + total @ fit.cov_params() @ total
    np.testing.assert_allclose(fitted.car(*WINDOW)[1][0] ** 2, expected, rtol=RTOL)


def test_one_control_that_is_best_alone_is_that_control():
    _, others = world(5)
    stock = others[2] + 3 * (others[2] - others.mean(axis=0))  # beyond the corner
    weights, spread = simplex_weights(stock, others)
    np.testing.assert_array_equal(weights, [0, 0, 1, 0, 0, 0])
    assert spread.shape == (0, 6)
    fitted = run(stock, others)
    np.testing.assert_allclose(fitted.ar[0], (stock - others[2])[DAY0 - 2 : DAY0 + 4], rtol=RTOL, atol=1e-16)
    assert fitted.df[0] == fitted.m[0]


def test_a_mixture_without_noise_is_found_and_has_no_standardized_return():
    stock, others = world(6, noise=0.0)
    fitted = run(stock, others)
    np.testing.assert_allclose(fitted.coef[0], [0.6, 0.4, 0, 0, 0, 0], atol=1e-12)
    assert fitted.degenerate[0]


def test_controls_that_are_the_same_twice_are_one_control_or_none():
    stock, others = world(7, controls=3)
    others[2] = others[0]
    fitted = run(stock, others)
    if fitted.status[0] == Exclusion.STUDIED:
        single = run(stock, others[:2])
        np.testing.assert_allclose(fitted.ar, single.ar, atol=1e-12)
    else:
        assert fitted.status[0] == Exclusion.NO_CONVERGENCE


def test_weights_do_not_depend_on_the_company_of_a_security():
    stock, others = world(8)
    other, _ = world(9)
    names = tuple(f"C{number}" for number in range(6))
    both = estimate(np.stack([other, stock]), others, security=np.array([0, 1]), day0=np.array([DAY0, DAY0]),
                    window=WINDOW, estimation=ESTIMATION, model=SyntheticControl(names))  # fmt: skip
    np.testing.assert_array_equal(both.ar[1], run(stock, others).ar[0])


def test_a_study_excludes_the_controls_and_agrees_with_their_portfolio():
    stock, others = world(10)
    import pandas as pd  # noqa: PLC0415  the engine's own tests need none

    index = pd.bdate_range("2024-01-01", periods=160)
    panel = pd.DataFrame(np.vstack([stock, others]).T, index=index, columns=["A", *"BCDEFG"])
    events = pd.DataFrame({"event_id": ["e"], "bar": [index[DAY0]]})

    def study(model):
        return es.EventStudy(model=model, calendar=None, window=WINDOW, estimation=es.EstimationWindow(118, -3)).fit(
            events, panel, symbols="all"
        )

    result = study(SyntheticControl(tuple("BCDEFG")))
    assert result.car()["symbol"].tolist() == ["A"]
    assert set(result.excluded["reason"]) == {"benchmark"}
    weights = result._fitted.parts[0].abnormal.coef[0]
    held = study(ControlPortfolio(tuple("BCDEFG"), tuple(weights)))
    np.testing.assert_allclose(result.car()["car"], held.car()["car"], rtol=1e-9)


@pytest.mark.parametrize("controls", [("A",), ("A", "A"), ()])
def test_controls_that_cannot_be_mixed_are_refused(controls):
    with pytest.raises(StudyError, match="name two at least, each once"):
        SyntheticControl(controls)
