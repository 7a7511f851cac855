"""Diagnostics of windows with holes: each by statsmodels or scipy on the bars that are there."""

import inspect

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic import het_arch

from eventstudy.abnormal.diagnostics import diagnose

# newer versions of statsmodels ask which form of answer is meant
AS_BEFORE = {"result_object": False} if "result_object" in inspect.signature(het_arch).parameters else {}
RTOL = 1e-8  # a regression of squares on their lags, by other decompositions


def windows(shares, bars=120, seed=0):
    """Returns on one regressor, some missing or exactly nought, with least-squares residuals."""
    rng = np.random.default_rng(seed)
    n = len(shares)
    x = np.stack([np.ones((n, bars)), rng.normal(0, 0.01, (n, bars))], axis=2)
    y = 0.001 + 0.8 * x[:, :, 1] + 0.01 * rng.standard_t(5, (n, bars))
    y[:, ::17] = 0.0
    y[rng.random(y.shape) < np.asarray(shares)[:, None]] = np.nan
    gone = ~np.isfinite(y) | (rng.random(y.shape) < 0.05)  # masked bars have a return, and no residual
    residual = np.full(y.shape, np.nan)
    for i in range(n):
        on = ~gone[i]
        residual[i, on] = y[i, on] - x[i, on] @ np.linalg.lstsq(x[i, on], y[i, on], rcond=None)[0]
    x[gone] = np.nan
    return y, residual, x


@pytest.mark.parametrize("seed", range(3))
def test_each_is_that_of_the_bars_that_are_there(seed):
    y, residual, x = windows([0.0, 0.05, 0.3, 0.6], seed=seed)
    found = diagnose(y, residual, x)
    for i in range(4):
        on = np.isfinite(residual[i])
        e, m = residual[i, on], on.sum()
        known = y[i][np.isfinite(y[i])]
        assert found.zero_share[i] == pytest.approx((known == 0).mean())
        assert found.missing_share[i] == pytest.approx(1 - m / 120)
        np.testing.assert_allclose(found.r_squared[i], sm.OLS(y[i, on], x[i, on]).fit().rsquared, rtol=RTOL)
        pairs = [(a, b) for a, b in zip(residual[i, 1:], residual[i, :-1], strict=True) if np.isfinite(a * b)]
        a, b = np.array(pairs).T
        np.testing.assert_allclose(found.autocorrelation[i], (a @ b) / np.sqrt((a @ a) * (b @ b)), rtol=RTOL)
        np.testing.assert_allclose(found.arch_pvalue[i], het_arch(e, nlags=5, **AS_BEFORE)[1], rtol=1e-6)
        np.testing.assert_allclose(found.skewness[i], stats.skew(e), rtol=RTOL, atol=1e-12)
        np.testing.assert_allclose(found.kurtosis[i], stats.kurtosis(e, fisher=False), rtol=RTOL)
        np.testing.assert_allclose(found.jarque_bera_pvalue[i], stats.jarque_bera(e).pvalue, rtol=1e-6)
        late = np.arange(1, m + 1) > m // 2
        halves = sm.OLS(y[i, on], np.column_stack([x[i, on], x[i, on] * late[:, None]])).fit()
        np.testing.assert_allclose(found.beta_shift_t[i], halves.tvalues[3], rtol=RTOL)


@pytest.mark.parametrize(
    ("bars", "arch", "shift"),
    [(4, False, False), (7, False, False), (8, False, True), (15, False, True), (16, True, True)],
)
def test_short_windows_have_no_more_than_they_bear(bars, arch, shift):
    """Five lags take more than fifteen bars, the slopes of two halves four more than their coefficients."""
    rng = np.random.default_rng(bars)
    x = np.stack([np.ones((2, bars)), rng.normal(size=(2, bars))], axis=2)
    y = rng.normal(size=(2, bars))
    residual = np.stack([b - a @ np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(x, y, strict=True)])
    found = diagnose(y, residual, x)
    assert np.isfinite(found.arch_pvalue).tolist() == [arch] * 2
    assert np.isfinite(found.beta_shift_t).tolist() == [shift] * 2
    assert np.isnan(diagnose(y, residual, x[:, :, :1]).beta_shift_t).all()


def test_no_window_has_no_diagnostics():
    found = diagnose(np.empty((0, 30)), np.empty((0, 30)), np.empty((0, 30, 2)))
    assert {getattr(found, name).size for name in found.__dataclass_fields__} == {0}
