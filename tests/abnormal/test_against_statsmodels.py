"""The engine against one `statsmodels` regression a security-event, on panels with every kind of hole."""

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.abnormal import CAPM, Exclusion, FactorModel, MarketAdjusted, MarketModel, MeanAdjusted, estimate

RTOL = 1e-10  # both are backward-stable least squares in float64; issue 3 asks for this digit
WINDOW = (-10, 10)
ESTIMATION = (-260, -11)
FIRST, LAST = -2, 5


def panel(seed, *, securities=6, bars=700, factors=3, holes=0.02):
    rng = np.random.default_rng(seed)
    series = rng.standard_t(5, (factors, bars)) * 0.008
    loading = rng.normal(0.7, 0.5, (securities, factors))
    returns = 0.0003 + loading @ series + rng.standard_t(4, (securities, bars)) * 0.012
    returns[rng.random(returns.shape) < holes] = np.nan
    returns[0, :290] = np.nan  # a late listing
    returns[1, 600:] = np.nan  # a delisting
    returns[2, 400] = 5.0  # a glitch
    series[:, 333] = np.nan  # a bar without factors
    return returns, series


def oracle(y, x, day0, masked, model_k, *, intercept_only_sigma=False):
    """AR, sigma, standard errors of AR, and of the CAR over FIRST..LAST, by one OLS fit."""
    at = np.arange(day0 + ESTIMATION[0], day0 + ESTIMATION[1] + 1)
    at = at[(at >= 0) & (at < y.size)]
    design = np.column_stack([np.ones(y.size), *x])
    usable = np.isfinite(y[at]) & np.isfinite(design[at]).all(axis=1) & ~masked[at]
    at = at[usable]
    fit = sm.OLS(y[at], design[at]).fit()
    assert fit.df_resid == at.size - model_k
    window = np.arange(day0 + WINDOW[0], day0 + WINDOW[1] + 1)
    inside = (window >= 0) & (window < y.size)
    ar = np.full(window.size, np.nan)
    se = np.full(window.size, np.nan)
    good = inside.copy()
    good[inside] = np.isfinite(y[window[inside]]) & np.isfinite(design[window[inside]]).all(axis=1)
    rows = window[good]
    if intercept_only_sigma:
        ar[good] = y[rows]
        se[good] = np.sqrt(fit.scale)
    else:
        prediction = fit.get_prediction(design[rows])
        ar[good] = y[rows] - prediction.predicted_mean
        se[good] = prediction.se_obs
    tested = np.arange(WINDOW[0], WINDOW[1] + 1)
    tested = good & (tested >= FIRST) & (tested <= LAST)
    total = design[window[tested]].sum(axis=0)
    variance = fit.scale * tested.sum()
    if not intercept_only_sigma:
        variance += total @ fit.cov_params() @ total
    return ar, np.sqrt(fit.scale), se, np.sqrt(variance), at.size, fit.params


MODELS = {
    "mean": (MeanAdjusted(), 0, None),
    "market": (MarketModel("m"), 1, None),
    "adjusted": (MarketAdjusted("m"), 0, 0),
    "capm": (CAPM("m", "rf"), 1, 1),
    "factors": (FactorModel(("a", "b", "c")), 3, None),
    "excess_factors": (FactorModel(("a", "b"), risk_free="rf"), 2, 2),
}


@pytest.mark.parametrize("mask", ["none", "common", "own"])
@pytest.mark.parametrize("name", MODELS)
def test_every_number_is_that_of_statsmodels(name, mask):
    model, rows, offset = MODELS[name]
    returns, series = panel(seed=11)
    rng = np.random.default_rng(5)
    masked = {
        "none": np.zeros(series.shape[1], dtype=bool),
        "common": rng.random(series.shape[1]) < 0.1,
        "own": rng.random(returns.shape) < 0.1,
    }[mask]
    days = np.array([5, 150, 262, 400, 405, 420, 560, 605, 695, 699])
    security, day0 = (part.ravel() for part in np.meshgrid(np.arange(returns.shape[0]), days))
    shuffle = rng.permutation(security.size)
    security, day0 = security[shuffle], day0[shuffle]
    used = series[: len(model.symbols)] if model.symbols else None
    fitted = estimate(
        returns,
        used,
        security=security,
        day0=day0,
        window=WINDOW,
        estimation=ESTIMATION,
        model=model,
        minimum=100,
        masked=masked,
    )
    car, car_se, count = fitted.car(FIRST, LAST)
    ar_se = fitted.ar_se()
    compared = 0
    for i, (s, d) in enumerate(zip(security, day0, strict=True)):
        y = returns[s] if offset is None else returns[s] - series[offset]
        x = [row - series[offset] if name == "capm" else row for row in series[:rows]]
        own = masked if masked.ndim == 1 else masked[s]
        at = np.arange(max(0, d + ESTIMATION[0]), d + ESTIMATION[1] + 1)
        enough = np.isfinite(np.array([y, *x])[:, at]).all(axis=0) & ~own[at]
        window = y[max(0, d + WINDOW[0]) : d + WINDOW[1] + 1]
        if enough.sum() < 100:
            assert fitted.status[i] == Exclusion.TOO_FEW_BARS
            assert fitted.m[i] == enough.sum()
            assert np.isnan(fitted.ar[i]).all()
            continue
        if not np.isfinite(window).any():
            assert fitted.status[i] == Exclusion.NO_RETURNS_IN_WINDOW
            continue
        ar, sigma, se, total_se, m, params = oracle(y, x, d, own, model.k, intercept_only_sigma=name == "adjusted")
        assert fitted.status[i] == Exclusion.STUDIED
        assert fitted.m[i] == m
        np.testing.assert_allclose(fitted.sigma[i], sigma, rtol=RTOL)
        np.testing.assert_allclose(fitted.coef[i], params, rtol=RTOL, atol=RTOL)
        np.testing.assert_allclose(fitted.ar[i], ar, rtol=RTOL, atol=RTOL * sigma)
        np.testing.assert_allclose(ar_se[i], se, rtol=RTOL)
        tested = ar[FIRST - WINDOW[0] : LAST - WINDOW[0] + 1]
        assert count[i] == np.isfinite(tested).sum()
        if count[i]:
            np.testing.assert_allclose(car[i], np.nansum(tested), rtol=RTOL, atol=RTOL * sigma)
            np.testing.assert_allclose(car_se[i], total_se, rtol=RTOL)
        else:
            assert np.isnan(car[i])
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_generalized_linear_model_of_normal_errors_fits_the_same(seed):
    returns, series = panel(seed, factors=2, holes=0.05)
    day0 = np.full(returns.shape[0], 580)
    fitted = estimate(returns, series, security=np.arange(day0.size), day0=day0, window=WINDOW, estimation=ESTIMATION,
                      model=FactorModel(("a", "b")))  # fmt: skip
    design = sm.add_constant(series.T)
    at = np.arange(580 + ESTIMATION[0], 580 + ESTIMATION[1] + 1)
    for i, y in enumerate(returns):
        used = at[np.isfinite(y[at]) & np.isfinite(design[at]).all(axis=1)]
        glm = sm.GLM(y[used], design[used], family=sm.families.Gaussian()).fit()
        np.testing.assert_allclose(fitted.coef[i], glm.params, rtol=RTOL, atol=RTOL)
        np.testing.assert_allclose(fitted.sigma[i] ** 2, glm.scale, rtol=RTOL)
        total = design[578:586].sum(axis=0)
        if fitted.car(FIRST, LAST)[2][i] == 8:
            expected = glm.scale * 8 + total @ glm.cov_params() @ total
            np.testing.assert_allclose(fitted.car(FIRST, LAST)[1][i] ** 2, expected, rtol=RTOL)


@pytest.mark.parametrize("sd", [1e-9, 1e-8, 1e-6])
@pytest.mark.parametrize("holes", [0.0, 0.02])
def test_an_index_tracker_keeps_its_digits(sd, holes):
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, 400)
    noise = rng.normal(0, sd, 400)
    tracker = market + noise
    tracker[rng.random(400) < holes] = np.nan
    fitted = estimate(
        tracker[None],
        market[None],
        security=np.array([0]),
        day0=np.array([350]),
        window=(0, 0),
        estimation=(-250, -1),
        model=MarketModel("m"),
    )
    at = np.arange(100, 350)
    at = at[np.isfinite(tracker[at])]
    # the noise itself, to which rounding of the tracker adds 1e-18: regress that, it is not ill-conditioned
    fit = sm.OLS((tracker - market)[at], sm.add_constant(market)[at]).fit()
    expected = fit.get_prediction([[1.0, market[350]]])
    np.testing.assert_allclose(fitted.sigma[0], np.sqrt(fit.scale), rtol=1e-6)
    np.testing.assert_allclose(fitted.ar[0, 0], (tracker - market)[350] - expected.predicted_mean[0], rtol=1e-6)
    np.testing.assert_allclose(fitted.ar_se()[0, 0], expected.se_obs[0], rtol=1e-6)
