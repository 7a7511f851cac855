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
from eventstudy.study.tables.explain import IGNORED, OVERLAP, _gap, _windows_meet

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


def test_the_usual_ways_are_those_that_the_documentation_names(result):
    """Clustered by session, neither weighted nor rotated, 9999 draws from the seed 0, at 95 %."""
    ways = {
        "standardized": False,
        "weighted": False,
        "cluster": "session",
        "level": 0.95,
        "gls": False,
        "draws": 9999,
        "seed": 0,
    }
    for errors in ("nonrobust", "wild_cluster"):
        usual, asked = (result.explain(["surprise"], (0, 1), errors=errors, **given) for given in ({}, ways))
        pd.testing.assert_frame_equal(usual, asked)


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


# ------------------------------------------------------------------------------------ which errors, which doubts, which rows


def apart(days, names="ABCDEFGH", seed=2, markets=None, model=None, window=(-1, 2), **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(0, 0.01, (200, 10)), columns=["M", "N", *"ABCDEFGH"])
    symbols = [names[at % len(names)] for at in range(len(days))]
    pairs = pd.DataFrame({"event_id": range(len(days)), "symbol": symbols, "bar": days, **columns})
    study = es.EventStudy(
        model=model or es.MarketModel(markets or "M"), estimation=es.EstimationWindow(60, end=-11), window=window, calendar=None,
        mask_events=False,
    )  # fmt: skip
    return study.fit(pairs, frame), frame


@pytest.mark.parametrize("markets", [None, dict(zip("ABCDEFGH", "MNMNMNMN", strict=True))])
@pytest.mark.parametrize("days", [[80, 84, 88], [80, 83, 90], [80, 82, 90], [80, 90, 91, 91], [80, 80, 80]])
@pytest.mark.parametrize("window", [(0, 0), (0, 1), (-1, 1), (1, 3)])
def test_windows_of_different_sessions_meet_where_they_share_a_bar(markets, days, window):
    """Within the securities of one market, each a part of its own."""
    fitted = apart(days, markets=markets, window=(-1, 3))[0]._fitted
    expected = False
    for part in fitted.parts:
        own = sorted({int(day) for day in part.abnormal.day0})
        bars = [set(range(day + window[0], day + window[1] + 1)) for day in own]
        expected |= any(bars[i] & bars[j] for i in range(len(own)) for j in range(i))
    assert _windows_meet(fitted, window) == expected


SPREAD = [80, 90, 100, 110, 120, 130, 140, 150]


@pytest.mark.parametrize(
    ("days", "errors", "doubt"),
    [
        (SPREAD, "HC3", ""),
        (SPREAD, "nonrobust", ""),
        ([80, 80, 90, 100, 110, 120, 130, 140], "HC3", IGNORED),
        ([80, 80, 90, 100, 110, 120, 130, 140], "nonrobust", IGNORED),
        ([80, 80, 90, 100, 110, 120, 130, 140], "portfolio", ""),
        ([80, 81, 90, 100, 110, 120, 130, 140], "HC3", OVERLAP),
        ([80, 81, 90, 100, 110, 120, 130, 140], "nonrobust", OVERLAP),
        ([80, 81, 90, 100, 110, 120, 130, 140], "portfolio", ""),
        ([80, 82, 90, 100, 110, 120, 130, 140], "HC3", ""),  # the windows of two bars touch and do not meet
    ],
)
def test_errors_that_take_events_for_independent_say_so_where_they_are_not(days, errors, doubt):
    result, _ = apart(days, x=np.arange(8.0) ** 2)
    found = result.explain(["x"], (0, 1), errors=errors)
    assert found["errors"].unique().tolist() == [errors]
    assert found["doubt"].unique().tolist() == [doubt]
    assert found[["pvalue_pre_event", "pvalue_joint", "design_effect"]].isna().all(axis=None)


def test_one_series_of_overlapping_events_is_no_independent_one():
    result, _ = apart([80, 81, 90, 100, 110, 120, 130, 140], "A", x=np.arange(8.0) ** 2)
    assert result.explain(["x"], (0, 1), errors="HC3")["doubt"].unique().tolist() == [OVERLAP]
    twice, _ = apart([80, 80, 90, 100, 110, 120, 130, 140], "A", x=np.arange(8.0) ** 2)
    assert twice.explain(["x"], (0, 1), errors="cluster")["doubt"].str.contains("share bars").all()


def test_portfolio_errors_of_scars_and_cars_are_those_of_the_weights_of_least_squares():
    """Events far apart covary by what their estimates share alone, which is little: w'Vw is nearly that of the variances."""
    x = np.array([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0])
    result, _ = apart(SPREAD, x=x)
    table = result.car((0, 1))
    weight = np.linalg.pinv(sm.add_constant(x))
    for standardized in (False, True):
        found = result.explain(["x"], (0, 1), errors="portfolio", standardized=standardized)
        y, own = (table["scar"], 1.0) if standardized else (table["car"], table["se"].to_numpy() ** 2)
        np.testing.assert_allclose(found["estimate"], weight @ y, rtol=RTOL)
        np.testing.assert_allclose(found["se"], np.sqrt((weight**2 * own).sum(axis=1)), rtol=0.1)


def test_values_by_position_have_numbers_for_labels_and_those_by_symbol_words():
    result, _ = apart(SPREAD)
    values = np.array([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0])
    plain = result.explain({"x": values}, (0, 1))
    numbered = pd.Series(values, index=np.arange(8)[::-1])  # as an array: the labels are no symbols
    named = pd.Series(values[::-1], index=list("ABCDEFGH")[::-1])
    for given in (values.tolist(), numbered, named):
        pd.testing.assert_frame_equal(result.explain({"x": given}, (0, 1)), plain)


@pytest.mark.parametrize("window", [(0, 1), (-1, 0)])
def test_the_days_between_the_windows_are_those_of_the_forecast(window):
    """From the end of the estimation window to the tested one, by least squares; of a market-adjusted return the difference."""
    for model in (es.MarketModel("M"), es.MarketAdjusted("M")):
        result, frame = apart([80, 100], "AB", model=model)
        gap = _gap(result._fitted, window)
        assert gap.shape == (2, 10 + window[0])
        design = sm.add_constant(frame["M"].to_numpy())
        for row, (name, day) in enumerate((("A", 80), ("B", 100))):
            days = slice(day - 10, day + window[0])
            y = frame[name].to_numpy()
            fit = sm.OLS(y[day - 70 : day - 10], design[day - 70 : day - 10]).fit()
            normal = design[days] @ fit.params if isinstance(model, es.MarketModel) else frame["M"].to_numpy()[days]
            np.testing.assert_allclose(gap[row], y[days] - normal, atol=1e-14)


def test_without_days_between_or_with_donors_nothing_is_known_of_them():
    result, _ = apart([80, 100], "AB", window=(-10, 0))
    assert _gap(result._fitted, (-10, 0)).shape == (2, 0)
    assert _gap(result._fitted, (-9, 0)).shape == (2, 1)
    mixed, _ = apart([80, 100], "AB", model=es.SyntheticControl(list("CDEFGH")))
    unknown = _gap(mixed._fitted, (0, 1))
    assert unknown.shape == (2, 10)
    assert np.isnan(unknown).all()


def test_on_one_date_scars_and_weights_are_regressed_as_asked():
    names = "ABCDEFGH"
    x = np.array([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0])
    result, _ = apart([90] * 8, names, x=x)
    table = result.car((0, 1)).assign(x=x)
    for asked, formula, weights in (
        ({}, "car ~ x", None),
        ({"standardized": True}, "scar ~ x", None),
        ({"weighted": True}, "car ~ x", 1 / table["se"] ** 2),
    ):
        found = result.explain(["x"], (0, 1), errors="portfolio", **asked)
        fit = smf.wls(formula, table, weights=np.ones(8) if weights is None else weights).fit()
        np.testing.assert_allclose(found["estimate"], fit.params, rtol=1e-7)
        np.testing.assert_allclose(found["statistic"], found["estimate"] / found["se"], rtol=RTOL)
        assert found[["n", "n_clusters", "left_out"]].drop_duplicates().to_numpy().tolist() == [[8, 1, 0]]
    holes = result.explain({"x": np.where(np.arange(8) == 3, np.nan, x)}, (0, 1), errors="portfolio")
    assert holes[["n", "left_out"]].drop_duplicates().to_numpy().tolist() == [[7, 1]]


def test_one_date_wants_two_events_more_than_coefficients():
    x = np.array([3.0, 1.0, 4.0, 2.0])
    enough, _ = apart([90] * 4, "ABCD", x=x)
    assert len(enough.explain(["x"], (0, 1), errors="portfolio")) == 2
    few, _ = apart([90] * 3, "ABC", x=x[:3])
    with pytest.raises(
        es.EventStudyError, match="3 security-events with all values on the one date cannot determine 2 coefficients"
    ):
        few.explain(["x"], (0, 1), errors="portfolio")


def test_what_does_not_vary_and_what_others_tell_are_named_apart():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 8))
    result, _ = apart([90] * 8, "ABCDEFGH")
    for columns, words in (
        ({"x": x, "flat": np.ones(8)}, "used: flat constant; leave out"),
        ({"x": x, "twin": 2 * x}, "used: twin told by the others; leave out"),
        ({"x": x, "y": y, "sum": x + y}, "used: sum told by the others; leave out"),
        (
            {"flat": np.zeros(8), "x": x, "twin": -x, "even": np.ones(8)},
            "used: flat, even constant; twin told by the others; leave out",
        ),
    ):
        with pytest.raises(es.EventStudyError, match=words):
            result.explain(columns, (0, 1), errors="portfolio")


def test_words_and_missing_words_are_columns_of_their_own():
    result, _ = apart(SPREAD, kind=["b", "a", None, "b", "a", "b", "a", "b"])
    found = result.explain(["kind"], (0, 1), errors="nonrobust")
    car = result.car((0, 1))["car"].to_numpy()
    b = car[[0, 3, 5, 7]].mean() - car[[1, 4, 6]].mean()
    np.testing.assert_allclose(found["estimate"], [car[[1, 4, 6]].mean(), b], rtol=RTOL)
    assert found["left_out"].unique().tolist() == [1]
    whole = result.explain({"n": pd.array([1, 2, None, 4, 5, 6, 7, 9], dtype="Int64")}, (0, 1), errors="nonrobust")
    there = [0, 1, 3, 4, 5, 6, 7]
    np.testing.assert_allclose(whole["estimate"][::-1], np.polyfit([1, 2, 4, 5, 6, 7, 9], car[there], 1), rtol=1e-8)


@pytest.mark.parametrize("given", [3, None])
def test_what_names_no_columns_is_refused(given):
    with pytest.raises(es.EventStudyError, match="names no columns; give their names, or a mapping"):
        apart(SPREAD)[0].explain(given, (0, 1))
