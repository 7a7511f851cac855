"""Buy-and-hold returns, weighted means, abnormal variance and volume, lumped returns, diagnostics."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.stattools import jarque_bera

import eventstudy as es
from eventstudy.abnormal import (
    DimsonSum,
    MarketModel,
    MeanAdjusted,
    RobustMarketModel,
    ScholesWilliams,
    SyntheticControl,
    TradeToTrade,
)
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.study import abnormal_volume, lumped_returns, without_stale
from eventstudy.study.rows import short_window
from eventstudy.study.tables.believed import believed

RTOL = 1e-10  # float64 on both sides
DAY0 = 320


@pytest.fixture
def panel():
    rng = np.random.default_rng(10)
    market = rng.normal(0, 0.01, 360)
    values = {"M": market} | {
        name: b * market + 0.012 * rng.standard_t(4, 360) for name, b in zip("ABC", (0.6, 0.9, 1.3), strict=True)
    }
    return pd.DataFrame(values, index=sessions("XNYS", pd.Timestamp("2023-01-03"), pd.Timestamp("2024-12-31"))[:360])


def fit(panel, model=None, rows=(DAY0,), symbols=("A", "B", "C"), **options):
    index = getattr(panel, "frame", panel).index
    events = pd.DataFrame(
        [
            (f"e{at}", name, index[at], size)
            for at in rows
            for name, size in zip(symbols, (1.0, 3.0, 2.0), strict=False)
        ],
        columns=["event_id", "symbol", "bar", "size"],
    )
    study = es.EventStudy(
        model=model or MarketModel("M"), window=(-2, 5), estimation=es.EstimationWindow(length=250, end=-5), **options
    )
    return study.fit(events, panel)


def test_bhar_compounds_returns_and_normal_returns(panel):
    result = fit(panel)
    tidy = result.tidy().query("symbol == 'B' and relative_day >= 0")
    own = panel["B"].iloc[DAY0 : DAY0 + 6].to_numpy()
    expected = (1 + own).prod() - (1 + own - tidy["ar"].to_numpy()).prod()
    row = result.bhar((0, 5)).set_index("symbol").loc["B"]
    np.testing.assert_allclose(row["bhar"], expected, rtol=RTOL)
    x = sm.add_constant(panel["M"].to_numpy())
    ols = sm.OLS(panel["B"].to_numpy()[66:316], x[66:316]).fit()
    total = x[DAY0 : DAY0 + 6].sum(axis=0)
    sum_error = np.sqrt(6 * ols.scale + total @ ols.cov_params() @ total)
    growth = (1 + x[DAY0 : DAY0 + 6] @ ols.params).prod()
    np.testing.assert_allclose(row["se"], sum_error * growth, rtol=1e-9)


def test_bhar_against_a_benchmark(panel):
    row = fit(panel).bhar((0, 5), benchmark="M").set_index("symbol").loc["A"]
    window = panel.iloc[DAY0 : DAY0 + 6]
    np.testing.assert_allclose(row["bhar"], (1 + window["A"]).prod() - (1 + window["M"]).prod(), rtol=RTOL)
    np.testing.assert_allclose(row["se"], (panel["A"] - panel["M"]).iloc[66:316].std() * np.sqrt(6), rtol=RTOL)


def test_a_benchmark_that_is_the_security_itself_before_the_event_has_no_t(panel):
    twin = panel["A"].where(np.arange(len(panel)) < DAY0, 0.0)
    row = fit(panel.assign(T=twin)).bhar((0, 5), benchmark="T").set_index("symbol").loc["A"]
    np.testing.assert_allclose(row["bhar"], (1 + panel["A"].iloc[DAY0 : DAY0 + 6]).prod() - 1, rtol=RTOL)
    assert row["se"] == 0
    assert np.isnan(row[["t", "pvalue"]].astype(float)).all()


def test_after_a_delisting_the_proceeds_earn_the_benchmark_or_stop(panel):
    panel.iloc[DAY0 + 3 :, 1] = np.nan
    panel.iloc[DAY0 + 2, 1] = -0.4  # the delisting return, supplied
    result = fit(panel)
    before, whole = panel.iloc[DAY0 : DAY0 + 3], panel.iloc[DAY0 : DAY0 + 6]
    held = (1 + before["A"]).prod()
    rest = (1 + panel["M"].iloc[DAY0 + 3 : DAY0 + 6]).prod()
    on = result.bhar((0, 5), benchmark="M").set_index("symbol").loc["A", "bhar"]
    stop = result.bhar((0, 5), benchmark="M", after="stop").set_index("symbol").loc["A", "bhar"]
    np.testing.assert_allclose(on, held * rest - (1 + whole["M"]).prod(), rtol=RTOL)
    np.testing.assert_allclose(stop, held - (1 + before["M"]).prod(), rtol=RTOL)
    car = result.car((0, 5)).set_index("symbol").loc["A"]
    assert car["n_bars"] == 3


def test_log_car_is_the_log_of_the_compounded_return(panel):
    log = es.ReturnPanel(np.log1p(panel), kind="log")
    result = fit(log.frame, model=MeanAdjusted())
    study = result.study.fit(pd.DataFrame({"event_id": ["a"], "symbol": ["A"], "bar": [panel.index[DAY0]]}), log)
    mean = np.log1p(panel["A"].iloc[66:316]).mean()
    own = (1 + panel["A"].iloc[DAY0 : DAY0 + 6]).prod()
    np.testing.assert_allclose(study.car((0, 5))["car"].item(), np.log(own) - 6 * mean, rtol=RTOL)
    np.testing.assert_allclose(study.bhar((0, 5))["bhar"].item(), own - np.exp(6 * mean), rtol=RTOL)


def test_abhar_is_the_mean_over_sessions(panel):
    result = fit(panel, rows=(290, 310, 330))
    table = result.bhar((0, 2))
    row = result.abhar((0, 2)).iloc[0]
    np.testing.assert_allclose(row["abhar"], table["bhar"].mean(), rtol=RTOL)
    assert (row["n"], row["n_sessions"]) == (9, 3)


@pytest.mark.parametrize("kind", ["column", "series", "array"])
def test_weighted_caar(panel, kind):
    result = fit(panel)
    weights = {
        "column": "size",
        "series": pd.Series({"A": 1.0, "B": 3.0, "C": 2.0}),
        "array": np.array([1.0, 3.0, 2.0]),
    }[kind]
    row, car = result.caar((0, 2), weights=weights).iloc[0], result.car((0, 2))
    w = np.array([1.0, 3.0, 2.0])
    np.testing.assert_allclose(row["caar"], np.average(car["car"], weights=w), rtol=RTOL)
    x = sm.add_constant(panel["M"].to_numpy())
    ols = sm.OLS(np.average(panel[["A", "B", "C"]], weights=w, axis=1)[66:316], x[66:316]).fit()
    total = x[DAY0 : DAY0 + 3].sum(axis=0)
    np.testing.assert_allclose(row["se"], np.sqrt(3 * ols.scale + total @ ols.cov_params() @ total), rtol=1e-9)


@pytest.mark.parametrize("weights", ["nothing", np.ones(2), -np.ones(3)])
def test_weights_that_fit_nothing_are_refused(panel, weights):
    with pytest.raises(StudyError, match="weights"):
        fit(panel).caar((0, 2), weights=weights)


def test_one_common_date_is_judged_by_the_portfolio_regression(panel):
    result = fit(panel)
    row = result.caar((0, 2)).iloc[0]
    portfolio = panel[["A", "B", "C"]].mean(axis=1).to_numpy()
    x = sm.add_constant(panel["M"].to_numpy())
    ols = sm.OLS(portfolio[66:316], x[66:316]).fit()
    total = x[DAY0 : DAY0 + 3].sum(axis=0)
    se = np.sqrt(3 * ols.scale + total @ ols.cov_params() @ total)
    np.testing.assert_allclose(
        [row["caar"], row["se"]], [(portfolio - x @ ols.params)[DAY0 : DAY0 + 3].sum(), se], rtol=1e-9
    )
    np.testing.assert_allclose(row["high"] - row["caar"], stats.t.ppf(0.975, 248) * se, rtol=1e-9)


@pytest.mark.parametrize(
    "model", [RobustMarketModel("M"), ScholesWilliams("M"), DimsonSum("M"), SyntheticControl(("M", "C"))]
)
def test_one_common_date_of_a_model_that_is_not_least_squares_averages_its_own_cars(panel, model):
    result = fit(panel, model, symbols=("A", "B"))
    row, car = result.caar((0, 2)).iloc[0], result.car((0, 2))["car"]
    assert row["test"] == "time_series"
    np.testing.assert_allclose(row["caar"], car.mean(), rtol=RTOL)
    assert row["low"] < row["caar"] < row["high"]
    refused = result.test("portfolio", (0, 2))
    assert not refused.applicable
    assert "needs a model fitted by least squares" in refused.reason


def test_beaver_u_is_the_squared_standardized_return(panel):
    result = fit(panel, rows=(290, 330))
    table = result.abnormal_variance((0, 1))
    sar = result.tidy().query("relative_day == 0")["sar"].to_numpy()
    df = result.car()["df"].to_numpy(dtype=float)
    np.testing.assert_allclose(table["u"].iloc[0], (sar**2 * (df - 2) / df).mean(), rtol=RTOL)
    variance = np.array([stats.f.var(1, value) for value in df])
    mean = np.array([stats.f.mean(1, value) for value in df])
    np.testing.assert_allclose(table["z"].iloc[0], (sar**2 - mean).sum() / np.sqrt(variance.sum()), rtol=1e-8)
    alone = fit(panel, symbols=("A",)).abnormal_variance((0, 0)).iloc[0]
    own = fit(panel, symbols=("A",)).tidy().query("relative_day == 0")["sar"].item()
    np.testing.assert_allclose(alone["pvalue_single"], stats.f.sf(own**2, 1, 248), rtol=1e-8)


def test_beaver_u_without_a_variance_of_its_own_has_no_score(panel):
    # F(1, 4) has a mean and no variance: neither does the score of U
    study = es.EventStudy(
        model=MarketModel("M"), window=(0, 1), estimation=es.EstimationWindow(length=6, end=-1, minimum=6)
    )
    events = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [panel.index[DAY0]]})
    row = study.fit(events, panel).abnormal_variance((0, 0)).iloc[0]
    assert np.isfinite(row["u"])
    assert np.isnan(row["z"])


def test_abnormal_volume_goes_through_the_same_engine(panel):
    rng = np.random.default_rng(1)
    volume = pd.DataFrame(rng.lognormal(10, 0.3, (360, 1)).round(), index=panel.index, columns=["A"])
    volume.iloc[DAY0] *= 8
    result = fit(abnormal_volume(volume), model=MeanAdjusted(), symbols=("A",))
    log = np.log1p(volume["A"])
    np.testing.assert_allclose(result.car((0, 0))["car"].item(), log.iloc[DAY0] - log.iloc[66:316].mean(), rtol=RTOL)
    assert result.car((0, 0))["pvalue"].item() < 1e-6
    for negative in ([DAY0], [DAY0, DAY0 + 9]):  # the first is named
        with pytest.raises(DataError, match=f"row {panel.index[DAY0]}: a volume of -"):
            abnormal_volume(volume.where(~np.isin(np.arange(len(volume)), negative)[:, None], -volume))
    early = volume.where(np.arange(len(volume))[:, None] != 3, 0.0)  # a day without trade before it is none
    with pytest.raises(DataError, match=f"row {panel.index[DAY0]}: a volume of -"):
        abnormal_volume(early.where(np.arange(len(volume))[:, None] != DAY0, -early))
    # a day without trade: nought as log(1 + 0), and no turnover at all
    volume.iloc[5] = 0
    shares = pd.DataFrame(2e6, index=panel.index, columns=["A"])
    assert abnormal_volume(volume).frame["A"].iloc[5] == 0
    turnover = abnormal_volume(volume, shares=shares).frame["A"]
    assert np.isnan(turnover.iloc[5])
    half = abnormal_volume(volume * 0 + 0.5, shares=shares).frame["A"]  # half a share is a volume
    np.testing.assert_allclose(half, np.log(0.5 / 2e6), rtol=RTOL)
    np.testing.assert_allclose(turnover.iloc[6:], np.log(volume["A"].iloc[6:] / 2e6), rtol=RTOL)


def test_a_stale_price_is_missing_and_a_zero_return_is_not(panel):
    panel.iloc[300, 1] = panel.iloc[310, 1] = 0.0
    volume = pd.DataFrame(100.0, index=panel.index, columns=["A"])
    volume.iloc[300] = 0
    cleaned = without_stale(panel, volume)
    assert np.isnan(cleaned.frame["A"].iloc[[300, 301]]).all()
    assert cleaned.frame["A"].iloc[310] == 0
    pd.testing.assert_frame_equal(cleaned.frame[["M", "B"]], panel[["M", "B"]], check_names=False, check_freq=False)
    assert fit(cleaned.frame, symbols=("A",)).car()["df"].item() == fit(panel, symbols=("A",)).car()["df"].item() - 2


def test_the_first_and_the_last_day_may_be_stale_and_a_panel_stays_what_it_is():
    """The day after an untraded one reaches back over it; nothing stands before the first, nothing after the last."""
    days = pd.bdate_range("2024-01-02", periods=6)
    frame = pd.DataFrame({"A": [1.0, 2, 3, 4, 5, 6], "B": [1.0, 2, 3, 4, 5, 6]}, index=days)
    volume = pd.DataFrame({"A": [0, 9, 9, 1, 9, 0], "B": [9, 0, 0, 9, 9, 9]}, index=days)
    percent = es.ReturnPanel(frame, kind="log", calendar=None, check=False)  # in percent, as its owner says
    cleaned = without_stale(percent, volume)
    nothing = np.nan
    np.testing.assert_array_equal(cleaned.frame["A"], [nothing, nothing, 3, 4, 5, nothing])
    np.testing.assert_array_equal(cleaned.frame["B"], [1, nothing, nothing, nothing, 5, 6])
    assert (cleaned.kind, cleaned.calendar) == ("log", None)


def test_lumped_returns_of_a_panel_keep_its_levels_and_its_calendar():
    """Two prices e apart with a hole between them: a log return of one, and the level beside it as it stands."""
    days = sessions("XTKS", pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01"))[:4]
    prices = pd.DataFrame({"A": [1.0, np.nan, np.e, np.e**2], "^VIX": [14.0, 15, 16, 17]}, index=days)
    for given in (es.PricePanel(prices, calendar="XTKS"), prices):
        panel = lumped_returns(given, calendar="XTKS") if given is prices else lumped_returns(given)
        assert (panel.calendar, panel.kind, list(panel.frame.columns)) == ("XTKS", "log", ["A"])
        np.testing.assert_allclose(panel.frame["A"], [np.nan, np.nan, 1, 1], rtol=RTOL)
        assert panel.levels["^VIX"].tolist() == [14, 15, 16, 17]
    assert panel.reaches_over
    named = lumped_returns(prices, levels=["A"], calendar="XTKS")
    assert (list(named.frame.columns), list(named.levels.columns)) == (["^VIX"], ["A"])


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_lumped_returns_want_prices_and_name_the_first_that_is_none(value):
    days = pd.bdate_range("2024-01-02", periods=4)
    prices = pd.DataFrame({"A": [0.5, 0.7, 0.6, 0.8], "B": [0.5, 0.7, value, value]}, index=days)
    with pytest.raises(DataError, match=rf"column 'B', row {days[2]}: {value:g} is not a price"):
        lumped_returns(prices, calendar=None)
    assert lumped_returns(prices[["A"]], calendar=None).frame["A"].notna().sum() == 3


def test_lump_lets_the_return_after_a_hole_stand_for_it(panel):
    price = (1 + panel).cumprod() * 50
    price.iloc[DAY0, 1] = np.nan
    lumped = lumped_returns(price)
    study = {"window": (-2, 5), "estimation": es.EstimationWindow(length=250, end=-5)}
    events = pd.DataFrame({"event_id": ["a"], "symbol": ["A"], "bar": [panel.index[DAY0]]})
    row = es.EventStudy(model=MarketModel("M"), missing="lump", **study).fit(events, lumped).car((0, 1)).iloc[0]
    log = np.log(price)
    x = sm.add_constant(log["M"].diff().to_numpy())
    ols = sm.OLS(log["A"].diff().to_numpy()[66:316], x[66:316]).fit()
    total = x[DAY0 : DAY0 + 2].sum(axis=0)
    np.testing.assert_allclose(
        row["car"], log["A"].iloc[DAY0 + 1] - log["A"].iloc[DAY0 - 1] - total @ ols.params, rtol=1e-9
    )
    np.testing.assert_allclose(row["se"] ** 2, 2 * ols.scale + total @ ols.cov_params() @ total, rtol=1e-9)
    assert es.EventStudy(model=TradeToTrade("M"), **study).fit(events, lumped).n == 1


def test_returns_over_long_holes_are_no_slip():
    """A price that is seen now and then moves by a third each time: nothing looks like percent there."""
    days = pd.bdate_range("2024-01-02", periods=60)
    price = pd.DataFrame({"A": np.nan}, index=days)
    price.iloc[::6, 0] = [10, 14, 9, 13, 8, 12, 18, 11, 16, 10]
    returns = lumped_returns(price, calendar=None).frame["A"].dropna()
    np.testing.assert_allclose(returns, np.diff(np.log(price["A"].dropna())))
    assert returns.abs().median() > 0.2


def test_lumped_and_plain_returns_are_not_taken_for_each_other(panel):
    lumped = lumped_returns((1 + panel).cumprod())
    events = pd.DataFrame({"event_id": ["a"], "symbol": ["A"], "bar": [panel.index[DAY0]]})
    with pytest.raises(StudyError, match="lumped_returns"):
        es.EventStudy(model=MarketModel("M"), missing="lump").fit(events, panel)
    with pytest.raises(StudyError, match="lumped_returns"):
        es.EventStudy(model=TradeToTrade("M")).fit(events, panel)
    with pytest.raises(StudyError, match="missing='lump'"):
        es.EventStudy(model=MarketModel("M")).fit(events, lumped)


def test_diagnostics_are_those_of_statsmodels(panel):
    panel.iloc[100:110, 1] = 0.0
    row = fit(panel).diagnostics().set_index("symbol").loc["A"]
    at = slice(66, 316)
    y, x = panel["A"].to_numpy()[at], sm.add_constant(panel["M"].to_numpy()[at])
    ols = sm.OLS(y, x).fit()
    assert row["zero_share"] == pytest.approx(10 / 250)
    assert row["missing_share"] == 0
    np.testing.assert_allclose(row["r_squared"], ols.rsquared, rtol=RTOL)
    squared = ols.resid**2  # Engle (1982): n R² of the squares on five lags of theirs
    engle = sm.OLS(squared[5:], sm.add_constant(np.column_stack([squared[5 - k : -k] for k in range(1, 6)]))).fit()
    np.testing.assert_allclose(row["arch_pvalue"], stats.chi2.sf(engle.nobs * engle.rsquared, 5), rtol=1e-6)
    _, pvalue, skew, kurtosis = jarque_bera(ols.resid)
    np.testing.assert_allclose(
        row[["jarque_bera_pvalue", "skewness", "kurtosis"]].to_numpy(float), [pvalue, skew, kurtosis], rtol=1e-8
    )
    e = ols.resid
    rho = (e[1:] * e[:-1]).sum() / np.sqrt((e[1:] ** 2).sum() * (e[:-1] ** 2).sum())
    np.testing.assert_allclose(row["autocorrelation"], rho, rtol=RTOL)
    late = np.arange(250) >= 125
    halves = sm.OLS(y, np.column_stack([x, x * late[:, None]])).fit()
    np.testing.assert_allclose(row["beta_shift_t"], halves.tvalues[3], rtol=1e-8)


def test_a_bhar_is_judged_by_its_t(panel):
    table = fit(panel).bhar((0, 1))
    np.testing.assert_allclose(table["t"], table["bhar"] / table["se"], rtol=RTOL)
    np.testing.assert_allclose(table["pvalue"], 2 * stats.t.sf(np.abs(table["t"]), table["df"]), rtol=RTOL)


def test_a_bhar_in_the_middle_of_the_window_counts_its_own_bars(panel):
    """By loops: bars 2 to 4, with a return missing on bar 3, for the model and for a benchmark that is no first column."""
    panel.iloc[DAY0 + 3, panel.columns.get_loc("C")] = np.nan
    result = fit(panel, symbols=("B", "C"))
    table, beside = (result.bhar((2, 4), **how).set_index("symbol") for how in ({}, {"benchmark": "A"}))
    one = result.bhar((2, 2), benchmark="A").set_index("symbol").loc["B"]
    np.testing.assert_allclose(one["se"], (panel["B"] - panel["A"]).iloc[66:316].std(), rtol=RTOL)
    assert one["n_bars"] == 1
    for name, count in {"B": 3, "C": 2}.items():
        own, other = panel[name].iloc[DAY0 + 2 : DAY0 + 5], panel["A"].iloc[DAY0 + 2 : DAY0 + 5]
        assert (table.loc[name, "n_bars"], beside.loc[name, "n_bars"]) == (count, count)
        sd = (panel[name] - panel["A"]).iloc[66:316].std()
        np.testing.assert_allclose(beside.loc[name, "se"], sd * np.sqrt(count), rtol=RTOL)
        if count == 3:
            np.testing.assert_allclose(beside.loc[name, "bhar"], (1 + own).prod() - (1 + other).prod(), rtol=RTOL)
    x = sm.add_constant(panel["M"].to_numpy())
    ols = sm.OLS(panel["B"].to_numpy()[66:316], x[66:316]).fit()
    ahead = x[DAY0 + 2 : DAY0 + 5]
    total = ahead.sum(axis=0)
    error = np.sqrt(3 * ols.scale + total @ ols.cov_params() @ total) * (1 + ahead @ ols.params).prod()
    np.testing.assert_allclose(table.loc["B", "se"], error, rtol=1e-9)


def test_a_bhar_of_log_returns_grows_as_exponents(panel):
    log = es.ReturnPanel(np.log1p(panel), kind="log")
    result = fit(log, symbols=("B",)).study.fit(pairs_of(panel, "B"), log)
    row, beside = result.bhar((0, 2)).iloc[0], result.bhar((0, 2), benchmark="M").iloc[0]
    x = sm.add_constant(log.frame["M"].to_numpy())
    ols = sm.OLS(log.frame["B"].to_numpy()[66:316], x[66:316]).fit()
    ahead, simple = x[DAY0 : DAY0 + 3], panel.iloc[DAY0 : DAY0 + 3]
    total = ahead.sum(axis=0)
    error = np.sqrt(3 * ols.scale + total @ ols.cov_params() @ total) * np.exp((ahead @ ols.params).sum())
    np.testing.assert_allclose(row["se"], error, rtol=1e-9)
    np.testing.assert_allclose(beside["bhar"], (1 + simple["B"]).prod() - (1 + simple["M"]).prod(), rtol=1e-9)


def pairs_of(panel, *names):
    return pd.DataFrame({"event_id": names, "symbol": names, "bar": [panel.index[DAY0]] * len(names)})


def test_the_spread_against_a_benchmark_is_of_both_estimation_windows(panel):
    study = es.EventStudy(
        model=MarketModel("M"), window=(-2, 5), estimation=es.EstimationWindow(before=(-254, -5), after=(21, 30))
    )
    row = study.fit(pairs_of(panel, "A"), panel).bhar((0, 5), benchmark="M").iloc[0]
    difference = (panel["A"] - panel["M"]).to_numpy()
    kept = np.concatenate([difference[66:316], difference[DAY0 + 21 : DAY0 + 31]])
    np.testing.assert_allclose(row["se"], kept.std(ddof=1) * np.sqrt(6), rtol=1e-9)


def test_nothing_studied_has_no_mean_bhar(panel):
    none = fit(panel.assign(A=np.nan), symbols=("A",))
    assert (none.n, len(none.abhar((0, 1))), len(none.caar((0, 1)))) == (0, 0, 0)
    assert list(none.abhar((0, 1)).columns) == ["abhar", "se", "low", "high", "n", "n_sessions", "df", "test"]


def test_the_calendar_of_each_event_is_named(panel):
    assert fit(panel).events["calendar"].unique().tolist() == ["XNYS"]
    assert fit(panel, calendar=None).events["calendar"].unique().tolist() == [""]


@pytest.mark.parametrize(
    ("window", "short"), [((0, 5), (0, 1)), ((-5, 0), (0, 0)), ((1, 5), (1, 1)), ((2, 5), (2, 5)), ((-3, 1), (0, 1))]
)
def test_the_window_of_charts_is_day_0_and_1_as_far_as_there(window, short):
    assert short_window(es.EventStudy(window=window)) == short


def test_a_mean_keeps_its_interval_where_the_test_to_report_is_of_another_mean():
    mean = pd.DataFrame({"caar": [0.01], "se": [0.004], "low": [0.002], "high": [0.018], "test": ["cross_sectional"]})
    best = {
        "report": "yes",
        "valid": True,
        "name": "jackknife",
        "unit": "return",
        "se": 0.001,
        "low": 0.009,
        "high": 0.015,
        "df": 9.0,
    }
    found = believed(mean, pd.DataFrame([{**best, "estimate": 0.012}]))
    assert found[["low", "high", "test"]].iloc[0].tolist() == [0.002, 0.018, "cross_sectional"]
    found = believed(mean, pd.DataFrame([{**best, "estimate": 0.01 * (1 + 1e-12)}]))
    assert found[["low", "high", "test", "believe"]].iloc[0].tolist() == [0.009, 0.015, "jackknife", "yes"]
