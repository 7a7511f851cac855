"""The clustered mean against the sandwich of statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventstudy.study.tables.averages import clustered_mean


@pytest.mark.parametrize("clusters", [2, 3, 11])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_it_is_the_regression_on_a_constant(clusters, level):
    rng = np.random.default_rng(clusters)
    code = np.concatenate([np.arange(clusters), rng.integers(0, clusters, 20)])
    value = rng.normal(0.01, 0.03, code.size)
    fit = sm.OLS(value, np.ones(code.size)).fit(cov_type="cluster", cov_kwds={"groups": code, "use_correction": False})
    error = fit.bse[0] * np.sqrt(clusters / (clusters - 1))
    reach = stats.t.ppf(0.5 + level / 2, clusters - 1) * error
    found = clustered_mean(np.append(value, np.nan), np.append(code, 99), level)
    assert (found.n, found.clusters) == (code.size, clusters)
    told = [found.mean, found.se, found.low, found.high]
    np.testing.assert_allclose(told, [value.mean(), error, value.mean() - reach, value.mean() + reach], rtol=1e-10)


def test_one_cluster_has_a_mean_and_no_error():
    found = clustered_mean(np.array([0.1, 0.3]), np.array([4, 4]))
    assert found.mean == pytest.approx(0.2)
    assert np.isnan([found.se, found.low, found.high]).all()
    assert (found.n, found.clusters) == (2, 1)
    nothing = clustered_mean(np.array([np.nan]), np.array([0]))
    assert np.isnan(nothing.mean)
    assert (nothing.n, nothing.clusters) == (0, 0)
