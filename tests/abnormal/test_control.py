"""Synthetic-control weights against a quadratic program of another kind, and against least squares on the chosen ones."""

import numpy as np
import pytest
import scipy
import statsmodels.api as sm
from scipy.optimize import minimize, nnls

import eventstudy as es
from eventstudy.abnormal import ControlPortfolio, Exclusion, SyntheticControl, SyntheticDiD, estimate
from eventstudy.abnormal.models.donor_pool import Donor
from eventstudy.abnormal.models.simplex import Weights, simplex_weights as solve
from eventstudy.abnormal.models.synthetic_control import Mixture, bar_weights, donor_windows, mixture
from eventstudy.errors import StudyError

RTOL = 1e-10  # float64 on both sides
BY_SLSQP = 1e-4  # of a weight: what sequential quadratic programming reaches on these sums of squares
STATIONARY = 1e-9  # of the gradient's size: rounding
OBJECTIVE = 1e-12  # of a sum of squares: an active set and non-negative least squares agree to rounding
WINDOW, ESTIMATION, DAY0 = (-2, 3), (-120, -3), 140


def world(seed, controls=6, bars=160, noise=0.01):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, bars)
    others = rng.uniform(0.5, 1.5, (controls, 1)) * common + rng.normal(0, 0.008, (controls, bars))
    stock = 0.6 * others[0] + 0.4 * others[1] + rng.normal(0, noise, bars)
    return stock, others


def simplex_weights(stock, others, **options):
    """All weights, and what the search says of itself."""
    found = solve(stock, others, **options)
    weights = np.zeros(len(others))
    weights[found.donor] = found.weight
    return weights, found


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


def run(stock, others, *, intercept=False, ridge=0.0, **options):
    names = tuple(f"C{number}" for number in range(len(others)))
    return estimate(stock[None], others, security=np.array([0]), day0=np.array([DAY0]), window=WINDOW,
                    estimation=ESTIMATION, model=SyntheticControl(names, intercept=intercept, ridge=ridge), **options)  # fmt: skip


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
    weights, _ = simplex_weights(stock, others)
    np.testing.assert_array_equal(weights, [0, 0, 1, 0, 0, 0])
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
                    window=WINDOW, estimation=ESTIMATION, model=SyntheticControl(names, intercept=False))  # fmt: skip
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

    result = study(SyntheticControl(tuple("BCDEFG"), intercept=False))
    assert result.car()["symbol"].tolist() == ["A"]
    assert set(result.excluded["reason"]) == {"benchmark"}
    weights = result._fitted.parts[0].abnormal.coef[0]
    held = study(ControlPortfolio(tuple("BCDEFG"), tuple(weights)))
    np.testing.assert_allclose(result.car()["car"], held.car()["car"], rtol=1e-9)


@pytest.mark.parametrize("controls", [("A",), ("A", "A"), ()])
@pytest.mark.parametrize("model", [SyntheticControl, SyntheticDiD])
def test_controls_that_cannot_be_mixed_are_refused(model, controls):
    with pytest.raises(StudyError, match="name two at least, each once"):
        model(controls)
    with pytest.raises(StudyError, match="exclude"):
        model(("A", "B"), exclude="some")


@pytest.mark.parametrize("ridge", [-1.0, np.nan, np.inf])
def test_a_penalty_that_is_none_is_refused(ridge):
    with pytest.raises(StudyError, match="ridge"):
        SyntheticControl(("A", "B"), ridge=ridge)


@pytest.mark.parametrize("model", [SyntheticControl, ControlPortfolio])
def test_controls_is_the_old_word_for_donors(model):
    with pytest.warns(DeprecationWarning, match="donors="):
        old = model(controls=("A", "B"))
    assert old == model(("A", "B"))
    with pytest.warns(DeprecationWarning, match="called donors"):
        assert old.controls == ("A", "B")


def by_least_squares(stock, others, ridge=0.0):
    """The same weights by non-negative least squares: of the u that minimises |Z'u|^2 + (1'u - 1)^2, u over its sum."""
    scale = np.sqrt(((others - stock) ** 2).mean())
    rows = np.vstack([(others - stock).T, np.sqrt(ridge) * np.eye(len(others))]) / scale
    found, _ = nnls(np.vstack([rows, np.ones(len(others))]), np.append(np.zeros(len(rows)), 1.0))
    return found / found.sum()


def objective(weights, stock, others, ridge=0.0):
    return ((stock - weights @ others) ** 2).sum() + ridge * (weights**2).sum()


@pytest.mark.parametrize("ridge", [0.0, 0.002])
@pytest.mark.parametrize(("donors", "bars"), [(2, 60), (30, 20), (300, 100), (400, 250)])
def test_a_full_program_finds_no_lower_objective(donors, bars, ridge):
    for seed in range(4):
        stock, others = world(seed, donors, bars=bars)
        weights, found = simplex_weights(stock, others, ridge=ridge)
        best = objective(by_least_squares(stock, others, ridge), stock, others, ridge)
        mine = objective(weights, stock, others, ridge)
        assert mine <= best * (1 + OBJECTIVE)
        assert mine - best <= found.gap + OBJECTIVE * best
        assert found.gap <= 1e-10 * (stock @ stock)
        assert found.optimal


def test_ten_thousand_donors_carry_their_certificate():
    rng = np.random.default_rng(0)
    factors = rng.normal(0, 0.01, (3, 250))
    others = rng.normal(1, 0.3, (10_000, 3)) @ factors + rng.normal(0, 0.014, (10_000, 250))
    stock = rng.normal(1, 0.3, 3) @ factors + rng.normal(0, 0.014, 250)
    weights, found = simplex_weights(stock, others)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert (found.weight > 0).all()
    assert found.donor.size < 100
    gradient = others @ (weights @ others - stock)
    assert 2 * (weights @ gradient - gradient.min()) <= 1e-10 * (stock @ stock)
    again = solve(stock, others, start=found)
    assert again.steps == 0
    np.testing.assert_allclose(again.weight, found.weight, atol=1e-12)


def test_a_response_inside_the_hull_and_donors_that_are_twins():
    stock, others = world(1, 300, bars=60)
    inside = others[:90].mean(axis=0)
    weights, found = simplex_weights(inside, others)
    assert objective(weights, inside, others) <= 1e-10 * (inside @ inside)
    assert found.optimal
    others[5:9] = others[4]
    _, found = simplex_weights(stock, others)
    assert found.optimal
    assert np.isin(np.arange(4, 9), found.donor).sum() <= 1


def test_a_demeaned_control_is_one_with_a_constant():
    stock, others = world(11)
    stock += 0.004
    fitted = run(stock, others, intercept=True)
    at = np.arange(DAY0 + ESTIMATION[0], DAY0 + ESTIMATION[1] + 1)
    window = np.arange(DAY0 + WINDOW[0], DAY0 + WINDOW[1] + 1)
    centred, pool = stock[at] - stock[at].mean(), others[:, at] - others[:, at].mean(axis=1, keepdims=True)
    weights = by_least_squares(centred, pool)
    np.testing.assert_allclose(fitted.coef[0], weights, atol=1e-8)
    chosen = np.flatnonzero(weights > 1e-10)
    rest = sm.add_constant((others[chosen[1:]] - others[chosen[0]])[:, at].T)
    ahead = sm.add_constant((others[chosen[1:]] - others[chosen[0]])[:, window].T)
    ols = sm.OLS((stock - others[chosen[0]])[at], rest).fit()
    np.testing.assert_allclose(fitted.ar[0], (stock - others[chosen[0]])[window] - ahead @ ols.params, atol=1e-10)
    np.testing.assert_allclose([fitted.sigma[0] ** 2, fitted.df[0]], [ols.scale, ols.df_resid], rtol=1e-9)
    total = ahead.sum(axis=0)
    variance = ols.scale * window.size + total @ ols.cov_params() @ total
    np.testing.assert_allclose(fitted.car(*WINDOW)[1][0] ** 2, variance, rtol=1e-9)
    record = fitted.record(*WINDOW)
    np.testing.assert_allclose(record.residual[0], ols.resid, atol=1e-12)
    np.testing.assert_allclose(record.leverage[0], ols.get_influence().hat_matrix_diag, rtol=1e-9)


def test_a_ridge_shrinks_towards_equal_weights():
    stock, others = world(12)
    at = np.arange(DAY0 + ESTIMATION[0], DAY0 + ESTIMATION[1] + 1)
    for ridge in (0.001, 0.05):
        fitted = run(stock, others, ridge=ridge)
        np.testing.assert_allclose(fitted.coef[0], by_least_squares(stock[at], others[:, at], ridge), atol=1e-8)
    np.testing.assert_allclose(run(stock, others, ridge=1e6).coef[0], 1 / 6, atol=1e-6)


def by_loop(stock, others, estimation, window):
    """Synthetic difference-in-differences of one unit: Arkhangelsky and others (2021), algorithm 1, by a general solver."""
    before, after = others[:, estimation], others[:, window]
    noise = np.std(np.diff(before, axis=1), ddof=1)
    zeta = window.size**0.25 * noise
    omega = by_least_squares(stock[estimation] - stock[estimation].mean(),
                             before - before.mean(axis=1, keepdims=True), zeta**2 * estimation.size)  # fmt: skip
    target = after.mean(axis=1)
    lam = by_least_squares(target - target.mean(), (before - before.mean(axis=0)).T, (1e-6 * noise) ** 2 * len(others))
    return stock[window].mean() - lam @ stock[estimation] - omega @ (after.mean(axis=1) - before @ lam)


# six donors, many bars: the bars fit their mean perfectly, and only a penalty of 1e-12 says which of them
@pytest.mark.parametrize(("donors", "tolerance"), [(40, 1e-8), (6, 1e-5)])
def test_synthetic_did_is_the_loop_of_the_paper(donors, tolerance):
    if donors == 6 and tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 15):
        pytest.skip("the loop's minimiser stops short of so weak a penalty before scipy 1.15")
    stock, others = world(13, donors)
    names = tuple(f"C{number}" for number in range(donors))
    fitted = estimate(stock[None], others, security=np.array([0]), day0=np.array([DAY0]), window=WINDOW,
                      estimation=ESTIMATION, model=SyntheticDiD(names))  # fmt: skip
    at = np.arange(DAY0 + ESTIMATION[0], DAY0 + ESTIMATION[1] + 1)
    window = np.arange(DAY0 + WINDOW[0], DAY0 + WINDOW[1] + 1)
    tau = by_loop(stock, others, at, window)
    np.testing.assert_allclose(fitted.car(*WINDOW)[0][0], window.size * tau, atol=tolerance)
    assert fitted.car(*WINDOW)[1][0] > fitted.sigma[0] * np.sqrt(window.size)


def test_donors_with_a_hole_are_left_out_and_said_so():
    stock, others = world(14)
    others[2, DAY0 - 50] = np.nan
    others[3, DAY0 + 1] = np.nan
    fitted = run(stock, others)
    assert fitted.pool.state[0].tolist() == [0, 0, Donor.HOLES, Donor.HOLE_IN_WINDOW, 0, 0]
    alone = run(stock, others[[0, 1, 4, 5]])
    np.testing.assert_array_equal(fitted.ar, alone.ar)
    others[[0, 1, 4], DAY0] = np.nan
    assert run(stock, others).status[0] == Exclusion.FEW_DONORS


def test_a_pool_larger_than_the_estimation_window_is_no_obstacle():
    stock, others = world(15, controls=249)
    fitted = run(stock, others)
    assert fitted.status[0] == Exclusion.STUDIED
    assert fitted.df[0] == fitted.m[0] - (fitted.coef[0] > 0).sum() + 1


def test_a_ridge_costs_the_degrees_of_freedom_of_its_smoother():
    """By hand: with the donors that have a weight fixed, weights that sum to one by least squares with rows for the penalty."""
    rng = np.random.default_rng(3)
    pool, window = rng.normal(0, 0.01, (12, 60)), rng.normal(0, 0.01, (12, 2))
    response = pool[:5].mean(axis=0) + rng.normal(0, 0.004, 60)
    found = mixture(response, donor_windows(SyntheticControl(tuple("abcdefghijkl"), ridge=0.004), pool, window))
    who = found.weights.donor
    contrasts = np.vstack([-np.ones(len(who) - 1), np.eye(len(who) - 1)])  # weights that sum to nothing
    x = np.column_stack([np.ones(60), pool[who].T @ contrasts])
    penalty = np.sqrt(0.004) * np.column_stack([np.zeros(len(who)), contrasts])
    solver = np.linalg.pinv(np.vstack([x, penalty]))[:, :60]
    smoother = x @ solver
    assert found.df == 60 - round(np.trace(smoother))
    ahead = (
        np.column_stack([np.ones(2), window[who].T @ contrasts]) @ solver
    )  # what a bar's noise does to each forecast
    np.testing.assert_allclose((found.ahead**2).sum(axis=0), (ahead**2).sum(axis=1), rtol=1e-9)
    free = mixture(response, donor_windows(SyntheticControl(tuple("abcdefghijkl")), pool, window))
    assert free.df == 60 - len(free.weights.donor)


def pool_and_response(seed=4, donors=9, bars=50, ahead=3):
    rng = np.random.default_rng(seed)
    pool, window = rng.normal(0.001, 0.01, (donors, bars)), rng.normal(0.001, 0.01, (donors, ahead))
    return pool[:4].mean(axis=0) + rng.normal(0.002, 0.004, bars), pool, window


def solver_of(found, pool, window, ridge, *, constant=True):
    """The rows that make each forecast from the response, with the donors that have a weight fixed, and their regressors."""
    who = found.weights.donor
    contrasts = np.vstack([-np.ones(len(who) - 1), np.eye(len(who) - 1)])
    ones = int(constant)
    x = np.column_stack([np.ones((pool.shape[1], ones)), pool[who].T @ contrasts])
    penalty = np.sqrt(ridge) * np.column_stack([np.zeros((len(who), ones)), contrasts])
    solver = np.linalg.pinv(np.vstack([x, penalty]))[:, : pool.shape[1]]
    return np.column_stack([np.ones((window.shape[1], ones)), window[who].T @ contrasts]) @ solver, x, x @ solver


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("ridge", [0.0, 0.003])
def test_a_mixture_is_its_donors_by_their_weights_and_its_level(intercept, ridge):
    response, pool, window = pool_and_response()
    ready = donor_windows(SyntheticControl(tuple("abcdefghi"), intercept=intercept, ridge=ridge), pool, window)
    found = mixture(response, ready)
    weights = np.zeros(9)
    weights[found.weights.donor] = found.weights.weight
    mean = pool.mean(axis=1, keepdims=True) if intercept else 0.0
    own = response.mean() if intercept else 0.0
    np.testing.assert_allclose(weights, by_least_squares(response - own, pool - mean, ridge), atol=1e-7)
    level = (response - weights @ pool).mean() if intercept else 0.0
    np.testing.assert_allclose(found.expected, weights @ window + level, rtol=1e-7)
    np.testing.assert_allclose(found.residual, response - weights @ pool - level, atol=1e-10)
    rows, x, smoother = solver_of(found, pool, window, ridge, constant=intercept)
    assert found.df == 50 - (round(np.trace(smoother)) if ridge else x.shape[1])
    np.testing.assert_allclose((found.ahead**2).sum(axis=0), (rows**2).sum(axis=1), rtol=1e-8)
    np.testing.assert_allclose(found.sigma, np.sqrt((found.residual**2).sum() / found.df), rtol=RTOL)
    np.testing.assert_allclose(found.basis @ found.basis.T, np.eye(x.shape[1]), atol=1e-12)


def test_a_difference_in_differences_is_levelled_by_its_bars_and_counts_their_noise():
    response, pool, window = pool_and_response(5)
    ready = donor_windows(SyntheticDiD(tuple("abcdefghi")), pool, window)
    noise = np.diff(pool, axis=1).std(ddof=1)
    assert ready.ridge == pytest.approx(np.sqrt(3) * noise**2 * 50)
    assert ready.intercept
    np.testing.assert_allclose(ready.lam, bar_weights(pool, window, noise), atol=1e-15)
    assert ready.lam.sum() == pytest.approx(1)
    found = mixture(response, ready)
    weights = np.zeros(9)
    weights[found.weights.donor] = found.weights.weight
    path = weights @ pool
    np.testing.assert_allclose(found.expected, weights @ window + ready.lam @ (response - path), rtol=1e-9)
    np.testing.assert_allclose(found.residual, response - path - (response - path).mean(), atol=1e-15)
    rows, x, smoother = solver_of(found, pool, window, ready.ridge)
    assert found.df == 50 - round(np.trace(smoother))
    # what noise of the estimation bars does: through the weights, as far as it is not in the level, and through the level
    seen = rows - x @ np.linalg.lstsq(x, ready.lam, rcond=None)[0]
    seen -= seen.mean(axis=1, keepdims=True)
    np.testing.assert_allclose((found.ahead**2).sum(axis=0), (seen**2).sum(axis=1) + ready.lam @ ready.lam, rtol=1e-8)


def test_bar_weights_resemble_the_mean_of_the_event_bars():
    """Five donors and three bars: the second bar is the mean of the window, up to a level that does not count."""
    rng = np.random.default_rng(6)
    pool = rng.normal(0, 0.01, (5, 3))
    window = np.column_stack([pool[:, 1] + 0.02, pool[:, 1] + 0.04])
    np.testing.assert_allclose(bar_weights(pool, window, 0.01), [0, 1, 0], atol=1e-6)
    window = np.column_stack([pool[:, 0] + 0.02, pool[:, 2] - 0.02])
    np.testing.assert_allclose(bar_weights(pool, window, 0.01), [0.5, 0, 0.5], atol=1e-6)


def test_a_pool_without_one_donor_is_the_pool_of_the_others():
    response, pool, window = pool_and_response(7)
    model = SyntheticControl(tuple("abcdefghi"))
    less = donor_windows(model, pool, window).less(2)
    alone = donor_windows(model, np.delete(pool, 2, axis=0), np.delete(window, 2, axis=0))
    for name in ("estimation", "window", "centred", "square"):
        np.testing.assert_array_equal(getattr(less, name), getattr(alone, name))
    np.testing.assert_allclose(mixture(response, less).expected, mixture(response, alone).expected, rtol=1e-9)


def test_donors_that_cannot_be_told_apart_leave_the_forecast_as_it_is():
    """Begun with two copies at a half each: there is no face to forecast from, and the mixture stands."""
    rng = np.random.default_rng(8)
    one = rng.normal(0, 0.01, 30)
    pool, window = np.stack([one, one]), np.array([[0.01, 0.02], [0.03, 0.0]])
    ready = donor_windows(SyntheticControl(("a", "b"), intercept=False), pool, window)
    response = one + rng.normal(0, 0.001, 30)
    found = mixture(response, ready, start=Weights(np.array([0, 1]), np.array([0.5, 0.5]), np.inf, 1.0, 0))
    assert found.weights.donor.tolist() == [0, 1]
    np.testing.assert_allclose(found.expected, [0.02, 0.01], atol=1e-9)
    np.testing.assert_allclose(found.residual, response - one, atol=1e-15)
    assert (found.df, found.ahead.any()) == (29, False)


def test_without_degrees_of_freedom_there_is_no_scale():
    one = solve(np.ones(2), np.eye(2))
    for df, sigma in ((0, np.nan), (-1, np.nan), (1, 5.0), (4, 2.5)):
        found = Mixture(one, np.zeros(1), np.array([3.0, 4.0]), np.zeros((0, 2)), np.zeros((0, 1)), df)
        np.testing.assert_equal(found.sigma, sigma)
