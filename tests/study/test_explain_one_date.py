"""Slopes on common dates: judged by their own history, against loops, in size and in power."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es

RTOL = 1e-8
M, GAP = 200, 10
DAY0 = M + GAP


def world(seed, *, firms=60, loading=0.0, dates=1, raised=1.0, noise=0.02, factors=1, holes=False):
    """Return a panel with a left-out factor, pairs of one or more dates, and the characteristic; no reaction at all."""
    rng = np.random.default_rng(seed)
    bars = DAY0 + 5 * dates + 5
    x = rng.normal(size=firms)
    market = rng.normal(0, 0.01, bars)
    left = rng.normal(0, 0.006, (factors, bars))
    load = loading * (x if factors == 1 else 0.4 * x + np.sqrt(1 - 0.16) * rng.normal(size=(factors, firms)))
    own = rng.normal(0, noise, (bars, firms))
    own[DAY0 : DAY0 + 5 * dates] *= np.sqrt(raised)
    values = market[:, None] * rng.uniform(0.5, 1.5, firms) + left.T @ np.atleast_2d(load) + own
    if holes:
        values[3, 0] = values[50, 1:3] = np.nan
    names = [f"S{at:03d}" for at in range(firms)]
    frame = pd.DataFrame(np.column_stack([market, values]), columns=["M", *names])
    pairs = pd.DataFrame(
        [(f"e{d}", name, DAY0 + 5 * d) for d in range(dates) for name in names], columns=["event_id", "symbol", "bar"]
    )
    return frame, pairs, pd.Series(x, index=names)


def fitted(frame, pairs, window=(0, 1)):
    study = es.EventStudy(
        model=es.MarketModel("M"), window=window, estimation=es.EstimationWindow(M, -GAP - 1), calendar=None
    )
    return study.fit(pairs, es.ReturnPanel(frame))


def history(frame, x, length):
    """Return the slope's portfolio before the event, its sum over the window, and Var(sum)/sigma^2, all by statsmodels."""
    names = list(x.index)
    weights = np.linalg.pinv(np.column_stack([np.ones(len(x)), x]))
    returns = frame[names].to_numpy() @ weights.T
    design = sm.add_constant(frame["M"].to_numpy())
    fit = [sm.OLS(returns[:M, at], design[:M]).fit() for at in (0, 1)]
    ahead = design[DAY0 : DAY0 + length]
    b = np.array([(returns[DAY0 : DAY0 + length, at] - ahead @ fit[at].params).sum() for at in (0, 1)])
    total = ahead.sum(axis=0)
    return np.column_stack([one.resid for one in fit]), b, length + total @ fit[0].normalized_cov_params @ total


def test_portfolio_long_run_and_rank_are_those_of_loops():
    frame, pairs, x = world(1, loading=1.0)
    result, length = fitted(frame, pairs, (0, 2)), 3
    p, b, factor = history(frame, x, length)
    found = result.explain({"x": x}, errors="portfolio")
    square = (p**2).sum(axis=0) / (M - 2)
    np.testing.assert_allclose(found["estimate"], b, rtol=RTOL)
    np.testing.assert_allclose(found["se"], np.sqrt(square * factor), rtol=RTOL)
    np.testing.assert_allclose(found["pvalue"], 2 * stats.t.sf(np.abs(b) / np.sqrt(square * factor), M - 2), rtol=1e-7)
    g = [np.array([p[t] * p[t - j] for t in range(j, M)]).sum(axis=0) / (M - 2) for j in range(length)]
    total = length * g[0] + 2 * sum((length - j) * g[j] for j in range(1, length))
    found = result.explain({"x": x}, errors="long_run")
    np.testing.assert_allclose(found["se"], np.sqrt(total * factor / length), rtol=RTOL)
    nu = (M - length + 1) * 3 * length / (2 * length**2 + 1) - 1
    np.testing.assert_allclose(found["df"], nu, rtol=RTOL)
    sums = np.array([p[t : t + length].sum(axis=0) for t in range(M - length + 1)])
    far = np.abs(sums - sums.mean(axis=0)) >= np.abs(b - sums.mean(axis=0))
    rank = (1 + far.sum(axis=0)) / (len(sums) + 1)
    np.testing.assert_allclose(found["pvalue_pre_event"], rank, rtol=RTOL)
    asked = result.explain({"x": x}, errors="pre_event")
    np.testing.assert_allclose(asked["pvalue"], rank, rtol=RTOL)


def test_the_scaled_slope_is_that_of_a_loop():
    frame, pairs, x = world(2)
    result = fitted(frame, pairs)
    p, _, factor = history(frame, x, 2)
    weights = np.linalg.pinv(np.column_stack([np.ones(len(x)), x]))
    table = result.tidy()
    found = result.explain({"x": x}, errors="scaled")
    design = sm.add_constant(frame["M"].to_numpy())
    firm = frame[list(x.index)].to_numpy()
    beta = np.linalg.lstsq(design[:M], firm[:M], rcond=None)[0]
    every = (firm - design @ beta) @ weights.T
    level = [(p**2).mean(axis=0)]
    for t in range(DAY0):
        level.append(0.97 * level[-1] + 0.03 * every[t] ** 2)
    scaled = np.array([(p[t] + p[t + 1]) / np.sqrt(level[t]) for t in range(30, M - 1)])
    error = np.sqrt((scaled**2).mean(axis=0) * level[DAY0] * factor / 2)
    np.testing.assert_allclose(found["se"], error, rtol=RTOL)
    assert len(table) == 2 * len(x)


def test_split_adds_what_the_event_did_to_firms_of_their_own():
    frame, pairs, x = world(3, loading=0.5)
    found = fitted(frame, pairs).explain({"x": x}, errors="split")
    p, _, factor = history(frame, x, 2)
    design = sm.add_constant(frame["M"].to_numpy())
    firm = frame[list(x.index)].to_numpy()
    residual = firm - design @ np.linalg.lstsq(design[:M], firm[:M], rcond=None)[0]
    car = residual[DAY0 : DAY0 + 2].sum(axis=0)
    cross = sm.add_constant(x.to_numpy())
    white = np.mean([np.diag(sm.OLS(residual[t], cross).fit().cov_HC0) for t in range(M)], axis=0)
    usual = (p**2).sum(axis=0) / (M - 2) * factor
    own = np.diag(sm.OLS(car, cross).fit().cov_HC3)
    expected = np.maximum(usual - white * M / (M - 2) * factor, 0) + own
    np.testing.assert_allclose(found["se"], np.sqrt(expected), rtol=1e-7)
    np.testing.assert_allclose(found["design_effect"], usual / (white * M / (M - 2) * factor), rtol=1e-7)


def test_several_dates_are_the_regression_with_effects_of_dates():
    frame, pairs, x = world(4, loading=1.0, dates=3)
    result = fitted(frame, pairs)
    found = result.explain({"x": x}, errors="portfolio").set_index("term")
    car = result.car().assign(x=lambda t: t["symbol"].map(x))
    dummies = pd.get_dummies(car["session"]).astype(float)
    fit = sm.OLS(car["car"], pd.concat([dummies, car["x"]], axis=1)).fit()
    assert found.loc["x", "estimate"] == pytest.approx(fit.params["x"], rel=RTOL)
    assert found.loc["const", "estimate"] == pytest.approx(fit.params[dummies.columns].mean(), rel=RTOL)
    assert found.loc["x", "n_clusters"] == 3
    assert 2 * 198 < found.loc["x", "df"] <= 3 * 198  # three like variances


@pytest.mark.parametrize("errors", ["cluster", "nonrobust", "HC3"])
def test_errors_that_know_no_dates_are_those_of_one_regression_of_all(errors):
    """Not of one within dates, even where the dates would tell it."""
    frame, pairs, x = world(4, loading=1.0, dates=3)
    result = fitted(frame, pairs)
    found = result.explain({"x": x}, errors=errors).set_index("term")
    car = result.car()
    fit = sm.OLS(car["car"], sm.add_constant(car["symbol"].map(x).rename("x"))).fit()
    assert found["estimate"].tolist() == pytest.approx(fit.params.tolist(), rel=RTOL)
    assert found["n"].tolist() == [180, 180]
    for column in ("pvalue_pre_event", "pvalue_joint", "design_effect"):
        assert found[column].isna().all()


def test_windows_that_share_bars_are_not_taken_for_independent():
    frame, pairs, x = world(5, loading=1.0, dates=2)
    near = pairs.assign(bar=pairs["bar"].where(pairs["event_id"] == "e0", DAY0 + 1))
    apart, close = (fitted(frame, one).explain({"x": x}, errors="portfolio") for one in (pairs, near))
    assert close["se"].iloc[1] > 1.1 * apart["se"].iloc[1]  # one bar of two shared: variance 1.5-fold


def test_holes_in_the_history_are_borne():
    frame, pairs, x = world(6, loading=1.0)
    holed = frame.copy()
    holed.loc[50, ["S001", "S002"]] = np.nan
    whole, found = (fitted(one, pairs).explain({"x": x}) for one in (frame, holed))
    np.testing.assert_allclose(found["se"], whole["se"], rtol=0.02)
    gone = frame.copy()
    gone.loc[DAY0, "S005"] = np.nan
    assert fitted(gone, pairs).explain({"x": x})["left_out"].tolist() == [1, 1]


def test_what_does_not_vary_is_named():
    frame, pairs, x = world(7, firms=12)
    result = fitted(frame, pairs)
    with pytest.raises(es.EventStudyError, match="flat constant; twin told by the others"):
        result.explain({"x": x, "flat": x * 0 + 1, "twin": 2 * x})
    with pytest.raises(es.EventStudyError, match=r"4 security-events.*cannot determine 3"):
        result.explain({"x": x.iloc[:4], "y": (x**2).iloc[:4]})
    with pytest.raises(es.EventStudyError, match="two sets of weights"):
        result.explain({"x": x}, gls=True, weighted=True)


def test_hc3_says_how_often_it_rejects_on_ordinary_days():
    frame, pairs, x = world(8, loading=1.0, firms=300)
    found = fitted(frame, pairs).explain({"x": x}, errors="HC3")
    share = float(found["doubt"].iloc[1].split("reject ")[1].split(" %")[0])
    assert 50 < share < 90  # 70 % by METHODS-2, section 7
    assert found["design_effect"].iloc[1] > 5
    assert fitted(*world(8)[:2]).explain({"x": world(8)[2]}, errors="HC3")["doubt"].iloc[1] == ""


def test_hc3_is_doubted_from_a_fifth_more_variance_on_than_independent_firms_have():
    effects = []
    for seed, loading in enumerate((0.0, 0.2, 0.3, 0.4, 0.5, 0.6)):
        frame, pairs, x = world(20 + seed, loading=loading, firms=40)
        found = fitted(frame, pairs).explain({"x": x}, errors="HC3")
        for effect, doubt in zip(found["design_effect"], found["doubt"], strict=True):
            assert (doubt == "") == (effect <= 1.2)
            effects.append(effect)
    assert any(1.2 < effect < 2.2 for effect in effects)
    assert any(effect <= 1.2 for effect in effects)


def rejects(samples, *, effect=0.0, kind=None, gls=False, window=(0, 1), **made):
    found = []
    for seed in range(samples):
        frame, pairs, x = world(10_000 + seed, **made)
        frame.loc[DAY0, list(x.index)] += effect * x
        found.append(fitted(frame, pairs, window).explain({"x": x}, errors=kind, gls=gls)["pvalue"].iloc[1] < 0.05)
    return np.mean(found)


@pytest.mark.slow
@pytest.mark.parametrize("loading", [0.0, 0.5, 1.0])
def test_size(loading):
    assert 0.01 < rejects(120, loading=loading, firms=60) < 0.11  # se 2 points; docs/firms.md has it over 2,000


@pytest.mark.slow
def test_components_find_more_at_the_same_size():
    made = {"loading": 2.0, "firms": 100, "factors": 3}
    assert rejects(100, gls=True, **made) < 0.12
    assert rejects(100, gls=True, effect=0.006, **made) > 1.5 * rejects(100, effect=0.006, **made)


@pytest.mark.slow
def test_split_bears_a_raised_variance():
    made = {"raised": 3.0, "firms": 100}
    assert rejects(100, kind="split", **made) < 0.12
    assert rejects(100, kind="portfolio", **made) > 0.15


@pytest.mark.parametrize(("last", "ranked"), [(4, True), (5, False)])
def test_a_history_of_forty_windows_ranks_a_sum_and_of_fewer_does_not(last, ranked):
    """200 bars hold forty windows of five, and 33 of six."""
    frame, pairs, x = world(5, firms=12)
    found = fitted(frame, pairs, (0, last)).explain({"x": x}, (0, last), errors="portfolio")
    assert found["pvalue_pre_event"].notna().tolist() == [ranked, ranked]
