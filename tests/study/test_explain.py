"""Explaining CARs with labels: columns of the events, values by symbol, words; and one verdict from test() and tests()."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import eventstudy as es

RTOL = 1e-9  # two roads to one regression
SYMBOLS = [f"S{i}" for i in range(12)]


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2023-01-02", periods=400)
    market = rng.normal(0, 0.01, 400)
    frame = pd.DataFrame({name: market + rng.normal(0, 0.02, 400) for name in SYMBOLS} | {"M": market}, index=days)
    pairs = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(40)],
            "symbol": [SYMBOLS[i % 12] for i in range(40)],
            "bar": [days[300 + 3 * (i % 20)] for i in range(40)],
            "surprise": rng.normal(size=40),
            "kind": ["threat", "relief", "talks", "relief"] * 10,
        }
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), estimation=es.EstimationWindow(length=200, end=-11), window=(-1, 1), calendar=None
    )
    return study.fit(pairs, es.ReturnPanel(frame))


def data(result):
    return result.car((0, 1)).merge(result._fitted.request.frame[["event_id", "surprise", "kind"]], on="event_id")


def test_it_is_the_regression_of_statsmodels(result):
    found = result.explain(["surprise", "kind"], (0, 1))
    fit = smf.ols("car ~ surprise + C(kind)", data(result)).fit(cov_type="HC3", use_t=True)
    assert found["term"].tolist() == ["const", "surprise", "kind=talks", "kind=threat"]
    order = ["Intercept", "surprise", "C(kind)[T.talks]", "C(kind)[T.threat]"]
    interval = fit.conf_int().loc[order]
    for column, expected in {
        "estimate": fit.params[order],
        "se": fit.bse[order],
        "pvalue": fit.pvalues[order],
        "low": interval[0],
        "high": interval[1],
    }.items():
        np.testing.assert_allclose(found[column], expected, rtol=RTOL)
    assert found["n"].unique().tolist() == [40]


def test_scars_weights_and_clusters(result):
    table = data(result)
    found = result.explain("surprise", (0, 1), standardized=True)
    np.testing.assert_allclose(found["estimate"], smf.ols("scar ~ surprise", table).fit().params, rtol=RTOL)
    weighted = result.explain("surprise", (0, 1), weighted=True, errors="cluster", cluster="symbol")
    fit = smf.wls("car ~ surprise", table, weights=1 / table["se"] ** 2)
    robust = fit.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(table["symbol"])[0]}, use_t=True)
    np.testing.assert_allclose(weighted["se"], robust.bse, rtol=RTOL)
    assert weighted["n_clusters"].unique().tolist() == [12]


def test_values_by_symbol_and_missing_ones(result):
    beta = pd.Series(np.arange(11.0), index=SYMBOLS[:11])  # the twelfth is not known
    found = result.explain({"beta": beta}, (0, 1))
    table = data(result).assign(beta=lambda t: t["symbol"].map(beta))
    np.testing.assert_allclose(found["estimate"], smf.ols("car ~ beta", table.dropna()).fit().params, rtol=RTOL)
    assert found["left_out"].unique().tolist() == [3]


def test_errors_name_what_there_is(result):
    with pytest.raises(es.EventStudyError, match=r"no column 'beta'.*surprise, kind"):
        result.explain(["beta"])
    with pytest.raises(es.EventStudyError, match="one for each of the 40 rows"):
        result.explain({"beta": [1.0, 2.0]})
    with pytest.raises(es.EventStudyError, match="session, symbol"):
        result.explain(["surprise"], errors="cluster", cluster="firm")


@pytest.mark.parametrize("name", ["bmp", "patell", "sign", "kp_bmp", "jackknife"])
def test_one_test_and_all_tests_judge_alike(result, name):
    """`test` used to leave the estimation windows out where it could, so that it did not know of dependence."""
    alone, row = result.test(name, (0, 1)), result.tests((0, 1), seed=0).set_index("name").loc[name]
    assert alone.valid == row["valid"]
    assert alone.doubts == row["doubts"]
    assert alone.n_effective == row["n_effective"]
