"""Scores and drawdowns against loops that do what the docstring says, one session at a time."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.hypothesis.record.market import Market, drawdown, prior_return, scores

TOLERANCE = 1e-10  # sums in another order


def by_hand(market, masked, t, window, kind):
    """One session's score with statsmodels: OLS on a constant, forecast variance from its covariance."""
    r = np.full(market.close.size, np.nan)
    for i in range(1, r.size):
        r[i] = market.close[i] / market.close[i - 1] - 1
    days = [i for i in range(t - 260, t - 10) if i >= 0 and not masked[i] and np.isfinite(r[i])]
    if len(days) < 100:
        return np.nan
    fit = sm.OLS(r[days], np.ones(len(days))).fit()
    a, b = window
    length = b - a + 1
    if t + b >= r.size:
        return np.nan
    car = r[t + a : t + b + 1].sum() - length * fit.params[0]
    if kind == "none":
        return car * 100
    known = t + min(a, 0) - 1
    h = (market.fear[known] / 100) ** 2 / 252
    return car / np.sqrt(length * h + length**2 * fit.cov_params()[0, 0])


@pytest.mark.parametrize("window", [(0, 0), (0, 1), (-1, 1), (0, 5)])
@pytest.mark.parametrize("kind", ["fear", "none"])
def test_scores_equal_ols_forecasts(market, rules, window, kind):
    masked = np.zeros(market.close.size, bool)
    masked[[200, 201, 350, 351, 520]] = True
    z = scores(market, masked, rules.reaction, window=window, scale=kind).z
    for t in [99, 111, 150, 332, 333, 334, 340, 400, 611, 694, 699]:
        expected = by_hand(market, masked, t, window, kind)
        assert np.allclose(z[t], expected, rtol=TOLERANCE, equal_nan=True), t


@pytest.mark.parametrize("window", [(0, 0), (-1, 1)])
def test_what_evidence_bets_on_takes_no_mean_off(market, rules, window):
    """Returns over the fear gauge known before the window; the estimated mean would repeat its luck in rank after rank."""
    masked = np.zeros(len(market.close), dtype=bool)
    found = scores(market, masked, rules.reaction, window=window)
    t = int(np.flatnonzero(np.isfinite(found.z))[-1])
    total = sum(market.close[t + j] / market.close[t + j - 1] - 1 for j in range(window[0], window[1] + 1))
    daily = market.fear[t + min(window[0], 0) - 1] / 100 / np.sqrt(252)
    assert found.raw[t] == pytest.approx(total / daily / np.sqrt(window[1] - window[0] + 1), rel=1e-9)
    assert (np.isfinite(found.raw) == np.isfinite(found.z)).all()


def test_ewma_recursion(market, rules):
    masked = np.zeros(market.close.size, bool)
    wide = scores(market, masked, rules.reaction, window=(0, 0), scale="ewma")
    h, variance = None, {}
    for t in range(market.close.size):
        ar = wide.car[t]
        if np.isfinite(ar):
            h = ar**2 if h is None else 0.94 * h + 0.06 * ar**2
        variance[t] = h
    t = 500
    r = market.close[1:] / market.close[:-1] - 1
    history = r[t - 261 : t - 11]
    history = history[np.isfinite(history)]
    spread = np.sqrt(variance[t - 1] + history.var(ddof=1) / history.size)
    assert np.isclose(wide.z[t], wide.car[t] / spread, rtol=TOLERANCE)


def test_no_fear_gauge_falls_back_to_ewma(market, rules):
    blind = Market(market.close, np.full(700, np.nan), market.rate, market.weekday)
    masked = np.zeros(700, bool)
    assert np.allclose(
        scores(blind, masked, rules.reaction, window=(0, 0)).z,
        scores(market, masked, rules.reaction, window=(0, 0), scale="ewma").z,
        equal_nan=True,
    )


@pytest.mark.parametrize("kind", ["threat", "peak", "week", "scaled"])
def test_drawdowns_by_hand(market, rules, kind):
    base = np.full(700, -1)
    base[400:450] = 395
    loss = drawdown(market, kind, base, rules.decision)
    close = market.close
    for t in (399, 400, 449, 500):
        known = close[t - 1]
        if kind == "peak":
            expected = 1 - known / np.nanmax(close[t - 252 : t])
        elif kind == "week":
            expected = 1 - known / close[t - 6]
        elif base[t] < 0:
            expected = np.nan
        else:
            expected = 1 - known / close[395]
            if kind == "scaled":
                expected /= market.fear[395] / 100 / np.sqrt(252)
        assert np.isclose(loss[t], expected, rtol=TOLERANCE, equal_nan=True), t


@pytest.mark.parametrize("cut", [350, 500, 640])
def test_no_look_ahead(market, rules, cut):
    """Cutting the record never changes an earlier score's scale, nor any earlier predictor."""
    short = Market(market.close[:cut], market.fear[:cut], market.rate[:cut], market.weekday[:cut])
    masked = np.zeros(700, bool)
    masked[[300, 301]] = True
    for kind in ("fear", "ewma", "none"):
        whole = scores(market, masked, rules.reaction, window=(0, 0), scale=kind).z
        part = scores(short, masked[:cut], rules.reaction, window=(0, 0), scale=kind).z
        assert np.allclose(whole[:cut], part, equal_nan=True, rtol=TOLERANCE)
    base = np.full(700, -1)
    base[320:] = 310
    for kind in ("threat", "peak", "week", "scaled"):
        whole, part = drawdown(market, kind, base, rules.decision), drawdown(short, kind, base[:cut], rules.decision)
        assert np.array_equal(whole[:cut], part, equal_nan=True)
    assert np.array_equal(prior_return(market, 5)[:cut], prior_return(short, 5), equal_nan=True)


def test_predictors_of_a_session_ignore_that_session(market, rules):
    """Changing the close of t leaves drawdown, prior return and the score's scale at t alone."""
    t = 600
    close = market.close.copy()
    close[t] *= 1.5
    other = Market(close, market.fear, market.rate, market.weekday)
    base = np.full(700, 590)
    for kind in ("threat", "peak", "week", "scaled"):
        assert drawdown(market, kind, base, rules.decision)[t] == drawdown(other, kind, base, rules.decision)[t]
    assert prior_return(market, 5)[t] == prior_return(other, 5)[t]
    masked = np.zeros(700, bool)
    for kind in ("fear", "ewma"):
        one, two = (scores(m, masked, rules.reaction, window=(0, 0), scale=kind) for m in (market, other))
        assert np.isclose(one.car[t] / one.z[t], two.car[t] / two.z[t], rtol=TOLERANCE)
