"""One security-event refitted on all its bars, an effect taken out of the tested ones: against regressions of stacked bars."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import nnls
from statsmodels.robust.norms import HuberT

from eventstudy.abnormal import (
    CAPM,
    LatentFactorModel,
    MarketAdjusted,
    MarketModel,
    MeanAdjusted,
    RobustMarketModel,
    SyntheticControl,
    SyntheticDiD,
    TradeToTrade,
    estimate,
)
from eventstudy.abnormal.joint_refit import joint_refit
from eventstudy.abnormal.models.donor_pool import DonorEvents
from eventstudy.errors import StudyError

RTOL = 1e-9  # two least squares of the same columns
ITERATED = 1e-7  # of a return of 1e-2: both sides iterate
BARS, DAYS = 140, (60, 110)
WINDOW, ESTIMATION = (-2, 4), (-50, -4)
THETAS = (0.0, 0.03, -0.01)


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    series = rng.normal(0, 0.01, (2, BARS))
    returns = np.array([[0.8], [1.3]]) * series[0] + rng.normal(0, 0.01, (2, BARS))
    returns[1, [70, 81, 112]] = np.nan  # two bars of the estimation window, relative day 2 of the event
    series[0, [75, 111]] = np.nan
    masked = np.zeros(BARS, dtype=bool)
    masked[[90, 91, 110]] = True
    return returns, series, masked


def fit(data, model, **options):
    returns, series, masked = data
    used = series[: len(model.symbols)] if model.symbols else None
    return estimate(returns, used, security=np.array([0, 1]), day0=np.array(DAYS), window=WINDOW, estimation=ESTIMATION,
                    model=model, minimum=30, masked=masked, **options)  # fmt: skip


def stacked(y, x, masked, first, last, day0=DAYS[1], after=None):
    """Bars of the estimation windows, then those of the tested one, that have all they need; and how many are the latter."""
    whole = np.isfinite(y) & np.isfinite(x).all(axis=0)
    pieces = [ESTIMATION] + ([] if after is None else [after])
    days = [day for begin, end in pieces for day in range(begin, end + 1)]
    early = [day0 + day for day in days if day0 + day < BARS and whole[day0 + day] and not masked[day0 + day]]
    late = [day0 + day for day in range(first, last + 1) if whole[day0 + day]]
    return np.array(early + late), len(late)


@pytest.mark.parametrize(("first", "last"), [(-2, 4), (0, 3), (2, 4), (-1, -1)])
@pytest.mark.parametrize("after", [None, (6, 20)])
@pytest.mark.parametrize("model", [MeanAdjusted(), MarketModel("m"), CAPM("m", "rf"), MarketAdjusted("m")])
def test_residuals_of_linear_models_are_those_of_one_regression_on_all_bars(data, model, first, last, after):
    returns, series, masked = data
    y, x = returns[1], np.ones((1, BARS))
    if model.symbols:
        y = y - (series[1] if isinstance(model, CAPM) else series[0] if isinstance(model, MarketAdjusted) else 0.0)
        market = series[0] - (series[1] if isinstance(model, CAPM) else 0.0)
        x = np.vstack([x, market])
    at, length = stacked(y, x, masked, first, last, after=after)
    x = x[: 2 - isinstance(model, MarketAdjusted)]
    found = joint_refit(fit(data, model, after=after), 1, first, last)
    assert (found.length, found.linear) == (length, True)
    assert 0 < length <= last - first + 1
    effect = np.repeat([0.0, 1.0], [at.size - length, length])
    for theta in THETAS:
        moved = y[at] - theta * effect
        if not isinstance(model, MarketAdjusted):  # of which nothing is estimated
            moved = moved - x[:, at].T @ np.linalg.lstsq(x[:, at].T, moved, rcond=None)[0]
        np.testing.assert_allclose(found.residual(theta), moved, rtol=RTOL, atol=1e-15)


@pytest.mark.parametrize("model", [RobustMarketModel("m"), TradeToTrade("m")])
def test_a_model_with_an_estimator_of_its_own_is_estimated_anew_at_each_effect(data, model):
    returns, series, masked = data
    x = np.vstack([np.ones(BARS), series[0]])
    at, length = stacked(returns[1], x, masked, 0, 3)
    found = joint_refit(fit(data, model), 1, 0, 3)
    assert (found.length, found.linear) == (length, False)
    effect = np.repeat([0.0, 1.0], [at.size - length, length])
    for theta in THETAS:
        moved = returns[1, at] - theta * effect
        if isinstance(model, TradeToTrade):  # of returns that cover one bar each: least squares
            other = sm.OLS(moved, x[:, at].T).fit()
        else:
            other = sm.RLM(moved, x[:, at].T, M=HuberT(t=1.345)).fit(maxiter=500, tol=1e-14, conv="coefs")
        np.testing.assert_allclose(found.residual(theta), moved - x[:, at].T @ other.params, atol=ITERATED)


def pool_of(seed, donors=15):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, (2, BARS))
    pool = rng.normal(1, 0.4, (donors, 2)) @ common + rng.normal(0, 0.006, (donors, BARS))
    own = pool[:3].mean(axis=0) + rng.normal(0, 0.004, (2, BARS))
    return own, pool


def with_donors(model, own, pool, **options):
    return estimate(own, pool, security=np.array([0, 1]), day0=np.array(DAYS), window=WINDOW, estimation=ESTIMATION,
                    model=model, minimum=30, **options)  # fmt: skip


def test_a_mixture_is_weighed_anew_with_the_tested_bars_among_the_others():
    own, pool = pool_of(6)
    beside = DonorEvents(np.array([-1] * 14 + [1, 0]))  # who is studied on the date is no donor, who is on another is
    pool = np.vstack([pool[:14], own[1] + 1e-4 * pool[0], pool[14]])
    own[1, [70, 112]] = np.nan
    masked = np.zeros(BARS, dtype=bool)
    masked[[90, 111]] = True
    names = tuple(f"D{at}" for at in range(len(pool)))
    fitted = with_donors(SyntheticControl(names, intercept=False), own, pool, masked=masked, donors=beside)
    at, length = stacked(own[1], np.ones((1, BARS)), masked, 0, 3)
    found = joint_refit(fitted, 1, 0, 3)
    assert (found.length, found.linear) == (length, False) == (3, False)
    effect = np.repeat([0.0, 1.0], [at.size - length, length])
    pool = np.delete(pool, 14, axis=0)
    for theta in (*THETAS, 0.0):  # each time from the weights before, to the same answer
        moved = own[1, at] - theta * effect
        rows = (pool[:, at] - moved).T
        weight, _ = nnls(
            np.vstack([rows / np.sqrt((rows**2).mean()), np.ones(len(pool))]), np.append(np.zeros(at.size), 1.0)
        )
        np.testing.assert_allclose(found.residual(theta), moved - weight @ pool[:, at] / weight.sum(), atol=ITERATED)


def test_the_penalty_of_synthetic_did_counts_the_tested_bars():
    """zeta^2 M of Arkhangelsky and others (2021), zeta the fourth root of the tested bars times the deviation of differences."""
    own, pool = pool_of(9)
    fitted = with_donors(SyntheticDiD(tuple(f"D{at}" for at in range(len(pool)))), own, pool)
    found = joint_refit(fitted, 1, 0, 3)
    at = np.r_[60:107, 110:114]
    d = pool[:, at]
    penalty = 2.0 * np.diff(d, axis=1).std(ddof=1) ** 2 * at.size
    for theta in THETAS:
        moved = own[1, at] - theta * (at >= 110)
        centred, rows = moved - moved.mean(), d - d.mean(axis=1, keepdims=True)
        above = np.vstack([(rows - centred[None]).T, np.sqrt(penalty) * np.eye(len(d))]) / np.sqrt(
            ((rows - centred) ** 2).mean()
        )
        weight, _ = nnls(np.vstack([above, np.ones(len(d))]), np.append(np.zeros(len(above)), 1.0))
        left = centred - weight @ rows / weight.sum()
        np.testing.assert_allclose(found.residual(theta), left - left.mean(), atol=ITERATED)


def test_components_are_those_of_the_date_and_bars_without_a_donor_are_left_out():
    own, pool = pool_of(7)
    pool[:, [72, 113]] = np.nan  # relative day 3 of the event, too
    own[1, 80] = np.nan
    names = tuple(f"D{at}" for at in range(len(pool)))
    fitted = with_donors(LatentFactorModel(names, components=2), own, pool)
    (design,), (ahead,) = fitted.pool.columns(np.array([DAYS[1]]))
    found = joint_refit(fitted, 1, 1, 4)
    early = np.arange(DAYS[1] + ESTIMATION[0], DAYS[1] + ESTIMATION[1] + 1)
    use = np.isfinite(own[1, early]) & ~np.isin(early, [72])
    late = np.array([111, 112, 114])
    y = np.append(own[1, early[use]], own[1, late])
    x = np.vstack([design[:, use].T, ahead[:, [3, 4, 6]].T])
    assert (found.length, found.linear, design.shape[0]) == (3, True, 3)
    for theta in THETAS:
        moved = y - theta * np.repeat([0.0, 1.0], [y.size - 3, 3])
        np.testing.assert_allclose(
            found.residual(theta), moved - x @ np.linalg.lstsq(x, moved, rcond=None)[0], rtol=RTOL, atol=1e-15
        )


@pytest.mark.parametrize("kind", ["linear", "mixture"])
def test_a_tested_window_without_a_return_is_refused(data, kind):
    if kind == "linear":
        fitted = fit(data, MarketModel("m"))
    else:
        own, pool = pool_of(8)
        own[1, 111:113] = np.nan
        fitted = with_donors(SyntheticControl(tuple("ABCDEFGHIJKLMNO")), own, pool)
    assert joint_refit(fitted, 1, 1, 3).length == 1
    with pytest.raises(StudyError, match=r"no return on the relative days 1 \.\. 2|no donors or no return"):
        joint_refit(fitted, 1, 1, 2)
