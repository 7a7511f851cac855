"""The doubt about the counterfactual: its numbers by a loop, its rate in a world with an omitted factor and without."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.inference.core.counterfactual import DateResiduals, judge_counterfactual

RTOL = 1e-9  # float64 on both sides, the smaller components lose digits
M, LENGTH, DONORS, STUDIED = 120, 3, 60, 8


def world(rng, *, omitted=1.0, push=0.0, bars=M + LENGTH):
    """Residuals of a market model that lacks a factor, whose event bars are pushed."""
    factor = rng.normal(0, 0.006, bars) * omitted
    factor[M:] += push
    loading = rng.normal(1, 0.3, DONORS + STUDIED)
    market = rng.normal(0, 0.01, bars)
    return market, np.outer(factor, loading) + rng.normal(0, 0.014, (bars, DONORS + STUDIED)) + market[:, None]


def date_of(market, returns):
    x = sm.add_constant(market)
    beta = np.linalg.lstsq(x[:M], returns[:M], rcond=None)[0]
    residual = returns - x @ beta
    ahead = x[M:].sum(axis=0)
    factor = LENGTH + ahead @ np.linalg.solve(x[:M].T @ x[:M], ahead)
    return DateResiduals(
        residual[:M, DONORS:].mean(axis=1), residual[:M, :DONORS], residual[M:, :DONORS], 2, factor, STUDIED
    )


def by_loop(date):
    both = np.vstack([date.donors, date.donors_window])
    u, s, _ = np.linalg.svd(both, full_matrices=False)
    t, j = both.shape
    left = np.array([(s[r:] ** 2).sum() for r in range(7)]) / (t * j)
    criterion = np.log(left) + np.arange(7) * (t + j) / (t * j) * np.log(min(t, j))
    r = max(1, int(criterion.argmin()))
    fit = sm.OLS(date.treated, u[:M, :r]).fit()
    common, ahead = fit.fittedvalues, u[M:, :r] @ fit.params
    z = ahead.sum() / np.sqrt(common @ common / (M - date.k) * date.factor)
    sums = [common[at : at + LENGTH].sum() for at in range(M - LENGTH + 1)]
    kurtosis = max(3, np.mean(np.power(sums, 4)) / np.mean(np.power(sums, 2)) ** 2)
    return z, ahead.sum(), (common @ common) / (date.treated @ date.treated), kurtosis


def test_one_date_is_the_loop():
    for seed in range(5):
        date = date_of(*world(np.random.default_rng(seed), push=0.004))
        z, total, share, _ = by_loop(date)
        found = judge_counterfactual([date])
        expected = [z, total, share, 2 * stats.t.sf(abs(z), M - 2)]
        np.testing.assert_allclose(
            [found.deviations, found.predicted, found.share, found.pvalue_mean], expected, rtol=RTOL
        )
        assert (found.status == "withdrawn") == (expected[3] < 0.04 and share > 0.1)
        assert np.isnan(found.pvalue_spread)


def test_several_dates_add_up_and_from_three_on_their_size_is_judged():
    dates = [date_of(*world(np.random.default_rng(seed))) for seed in range(5)]
    z, _, _, kurtosis = np.array([by_loop(date) for date in dates]).T
    found = judge_counterfactual(dates)
    together = z.sum() / np.sqrt(5)
    df = 2 * 5**2 / (kurtosis - 1).sum()  # a chi-squared with the mean and the variance of the sum of squares
    expected = [2 * stats.norm.sf(abs(together)), stats.chi2.sf(z @ z * df / 5, df)]
    np.testing.assert_allclose([found.pvalue_mean, found.pvalue_spread], expected, rtol=1e-7)
    assert np.isnan(judge_counterfactual(dates[:2]).pvalue_spread)


def test_fat_tails_of_what_is_common_make_the_judgement_of_size_milder():
    dates = [date_of(*world(np.random.default_rng(seed), push=0.004 * (-1) ** seed)) for seed in range(6)]
    jump = np.zeros(M)
    jump[[40, 90]] = 0.05, -0.05  # two bars on which everyone moved: days like these are no surprise
    wild = [
        replace(one, donors=one.donors + jump[:, None], treated=one.treated + jump, donors_window=one.donors_window * 3)
        for one in dates
    ]
    calm = [replace(one, donors_window=one.donors_window * 3) for one in dates]
    milder, stricter = judge_counterfactual(wild), judge_counterfactual(calm)
    z, kurtosis = np.array([by_loop(one) for one in wild]).T[[0, 3]]
    assert (kurtosis > 6).all()
    assert milder.pvalue_spread > stats.chi2.sf(z @ z, 6)
    assert stricter.pvalue_spread < milder.pvalue_spread


def test_dates_on_which_the_factor_moved_are_named_by_size():
    dates = [date_of(*world(np.random.default_rng(seed), push=0.012 * (-1) ** seed)) for seed in range(6)]
    found = judge_counterfactual(dates)
    assert found.status == "withdrawn"
    assert "times as far as usual" in found.reason
    assert "or the event reached them" in found.said


@pytest.mark.parametrize(
    ("omitted", "push", "low", "high"), [(1.0, 0.0, 0.0, 0.06), (0.0, 0.0, 0.0, 0.02), (1.0, 0.012, 0.9, 1.0)]
)
def test_it_speaks_where_a_factor_moved_and_is_silent_elsewhere(omitted, push, low, high):
    rng = np.random.default_rng(7)
    rate = np.mean(
        [
            judge_counterfactual([date_of(*world(rng, omitted=omitted, push=push))]).status == "withdrawn"
            for _ in range(150)
        ]
    )
    assert low <= rate <= high


def panel(push=0.02, seed=0):
    rng = np.random.default_rng(seed)
    market, returns = world(rng, push=0.0, bars=M + 40)
    returns[M + 20] += push  # on one day the omitted factor moves everybody
    names = [f"S{i}" for i in range(STUDIED + DONORS)]
    index = pd.bdate_range("2024-01-01", periods=M + 40)
    return pd.DataFrame(np.column_stack([market, returns]), index=index, columns=["M", *names]), names


def fit(frame, model, symbols, days=(M + 20,)):
    events = pd.DataFrame({"event_id": [f"e{day}" for day in days for _ in symbols], "symbol": list(symbols) * len(days),
                           "bar": frame.index[np.repeat(days, len(symbols))]})  # fmt: skip
    study = es.EventStudy(model=model, calendar=None, window=(0, 0), estimation=es.EstimationWindow(100, -2))
    return study.fit(events, frame)


def test_a_study_asks_the_other_securities_of_its_panel():
    frame, names = panel()
    frame.loc[frame.index[60], names[-1]] = np.nan
    result = fit(frame, es.MarketModel("M"), names[:STUDIED])
    found = result.counterfactual()
    assert found.status == "withdrawn"
    assert found.donors == DONORS - 1
    e, w = slice(M + 20 - 101, M + 19), slice(M + 20, M + 21)
    x, donors = sm.add_constant(frame["M"].to_numpy()), frame[names[STUDIED:-1]].to_numpy()
    beta = np.linalg.lstsq(x[e], donors[e], rcond=None)[0]
    own = frame[names[:STUDIED]].to_numpy()[e]
    residual = own - x[e] @ np.linalg.lstsq(x[e], own, rcond=None)[0]
    factor = 1 + x[w][0] @ np.linalg.solve(x[e].T @ x[e], x[w][0])
    date = DateResiduals(residual.mean(axis=1), donors[e] - x[e] @ beta, donors[w] - x[w] @ beta, 2, factor, STUDIED)
    expected = judge_counterfactual([date])
    np.testing.assert_allclose([found.predicted, found.pvalue_mean, found.share, found.first_share],
                               [expected.predicted, expected.pvalue_mean, expected.share, expected.first_share], rtol=1e-8)  # fmt: skip
    assert set(result.tests(full=True)["counterfactual"]) == {found.said}
    assert set(result.tests()["counterfactual"]) == {found.status}
    assert f"counterfactual {found.said}" in " ".join(result.summary().split())


@pytest.mark.parametrize("model", ["factors", "mixture", "adjusted", "robust", "did"])
def test_every_model_is_judged_and_components_fall_silent(model):
    frame, names = panel()
    made = {"factors": es.LatentFactorModel(names), "mixture": es.SyntheticControl(names), "adjusted": es.MarketAdjusted("M"),
            "robust": es.RobustMarketModel("M"), "did": es.SyntheticDiD(names)}[model]  # fmt: skip
    found = fit(frame, made, names[:STUDIED]).counterfactual()
    assert found.status == ("withdrawn" if model in ("adjusted", "robust") else "holds")
    assert found.donors >= 20


def test_without_donors_it_is_unknown_and_says_why():
    frame, names = panel()
    found = fit(frame, es.MarketModel("M"), names).counterfactual()
    assert found.said.startswith("unknown: fewer than 10 untreated securities")
    match = es.MatchedPortfolio(dict.fromkeys(names[:3], names[-1]))
    assert "regressors of its own" in fit(frame, match, names[:3]).counterfactual().said


def test_donors_in_an_event_window_of_their_own_are_not_asked():
    frame, _ = panel()
    events = pd.DataFrame(
        {"event_id": ["a", "b", "c"], "symbol": ["S0", "S1", "S2"], "bar": frame.index[[M + 20, M + 21, M + 35]]}
    )
    study = es.EventStudy(
        model=es.MarketModel("M"), calendar=None, window=(-1, 1), estimation=es.EstimationWindow(100, -2)
    )
    found = study.fit(events, frame).counterfactual()
    assert found.dates == 2  # the windows of the first two overlap
    assert found.donors == DONORS + STUDIED - 1 - 0.5 - 0.5  # less S0 and S1 on the first date, less S2 on the last
