"""Explaining CARs with labels: columns of the events, values by symbol, words; and one verdict from test() and tests()."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.inference.beyond.cross_sectional_regression import explain
from eventstudy.inference.core.few_clusters import cr2

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
    found = result.explain(["surprise", "kind"], (0, 1), errors="HC3")
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
    fit = smf.wls("car ~ surprise", table, weights=1 / table["se"] ** 2).fit()
    np.testing.assert_allclose(weighted["estimate"], fit.params, rtol=RTOL)
    error, df = cr2(fit.model.wexog, fit.resid * np.sqrt(fit.model.weights), pd.factorize(table["symbol"])[0])
    np.testing.assert_allclose([weighted["se"], weighted["df"]], [error, df], rtol=RTOL)
    assert weighted["n_clusters"].unique().tolist() == [12]


def test_few_clusters_are_said_and_drawn(result):
    asked = {"errors": "wild_cluster", "cluster": "symbol", "draws": 499, "seed": 3}
    found = result.explain("surprise", (0, 1), **asked)
    table = data(result)
    theirs = explain(
        table["car"], {"surprise": table["surprise"]}, **asked | {"cluster": pd.factorize(table["symbol"])[0]}
    )
    for column in ("se", "pvalue", "low", "high"):
        np.testing.assert_allclose(found[column], getattr(theirs, column), rtol=RTOL)
    assert found["df"].isna().all()
    assert not found["doubt"].any()
    assert theirs.drawn == "499 draws of signs for 12 clusters, symmetric p"
    few = result.explain({"one": np.arange(40.0)}, (0, 1), errors="cluster")
    assert not few["doubt"].str.contains("count as").any()  # 20 sessions of two


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
    alone, row = result.test(name, (0, 1)), result.tests((0, 1), seed=0, full=True).set_index("name").loc[name]
    assert alone.valid == row["valid"]
    assert alone.doubts == row["doubts"]
    assert alone.n_effective == row["n_effective"]


def test_on_one_date_a_slope_is_the_car_of_a_portfolio(panel_of_one_date):
    """The coefficient's portfolio, regressed by statsmodels on the market: its sum of forecast errors and their variance."""
    panel, events, exposure = panel_of_one_date
    result = es.EventStudy(model=es.MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(200, -11)).fit(
        events, panel
    )
    assert result.explain({"exposure": exposure})["errors"].unique().tolist() == ["long_run"]
    found = result.explain({"exposure": exposure}, errors="portfolio")
    assert found["errors"].unique().tolist() == ["portfolio"]
    assert found["doubt"].unique().tolist() == [""]
    names = list(exposure.index)
    x = np.column_stack([np.ones(len(names)), exposure])
    returns = panel[names].to_numpy() @ np.linalg.pinv(x).T
    design = sm.add_constant(panel["M"].to_numpy())
    for at in (0, 1):
        ols = sm.OLS(returns[:, at][90:290], design[90:290]).fit()
        total = design[300:302].sum(axis=0)
        error = np.sqrt(2 * ols.scale + total @ ols.cov_params() @ total)
        estimate = (returns[300:302, at] - design[300:302] @ ols.params).sum()
        np.testing.assert_allclose(found.loc[at, ["estimate", "se"]].astype(float), [estimate, error], rtol=1e-8)
        assert found.loc[at, "df"] == 198
    asked = result.explain({"exposure": exposure}, errors="HC3")
    assert "half of the true nulls" in asked["doubt"].iloc[0]


@pytest.fixture
def panel_of_one_date():
    rng = np.random.default_rng(3)
    names = [f"S{at:02d}" for at in range(12)]
    days = sessions("XNYS", pd.Timestamp("2023-01-03"), pd.Timestamp("2024-12-31"))[:320]
    panel = pd.DataFrame(rng.normal(0, 0.02, (320, 13)), index=days, columns=["M", *names])
    events = pd.DataFrame({"event_id": "e", "symbol": names, "bar": days[300]})
    return panel, events, pd.Series(rng.normal(size=12), index=names)
