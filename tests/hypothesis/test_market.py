"""Scores and drawdowns against loops that do what the docstring says, one session at a time."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.market import Market, _ewma, drawdown, known_before, prior_return, scores

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


def test_a_gauge_with_holes_is_still_the_scale(market, rules):
    """A session whose gauge the day before is missing has no score; the others have theirs."""
    fear = market.fear.copy()
    fear[400] = np.nan
    holed = Market(market.close, fear, market.rate, market.weekday)
    masked = np.zeros(700, bool)
    whole, part = (scores(m, masked, rules.reaction, window=(0, 0)).z for m in (market, holed))
    assert np.isnan(part[401])
    np.testing.assert_array_equal(np.delete(part, 401), np.delete(whole, 401))
    ago = prior_return(holed, 5)
    assert np.isnan(ago[406])  # by the gauge before the five sessions
    np.testing.assert_array_equal(np.delete(ago, 406), np.delete(prior_return(market, 5), 406))
    base = np.full(700, 390)
    base[450:] = 400
    deep = drawdown(holed, "scaled", base, rules.decision)
    assert np.isnan(deep[450:]).all()
    np.testing.assert_array_equal(deep[:450], drawdown(market, "scaled", base, rules.decision)[:450])


def test_without_a_gauge_prior_returns_and_losses_are_plain(market, rules):
    blind = Market(market.close, np.full(700, np.nan), market.rate, market.weekday)
    close = market.close
    assert prior_return(blind, 5)[500] == pytest.approx(close[499] / close[494] - 1)
    assert prior_return(market, 5)[500] == pytest.approx(
        (close[499] / close[494] - 1) / (market.fear[494] / 100 * np.sqrt(5 / 252))
    )
    base = np.zeros(700, dtype=int)
    for kind in ("threat", "scaled"):
        loss = drawdown(blind, kind, base, rules.decision)
        assert loss[500] == pytest.approx(1 - close[499] / close[0])
    assert drawdown(market, "scaled", base, rules.decision)[500] == pytest.approx(
        (1 - close[499] / close[0]) / (market.fear[0] / 100 / np.sqrt(252))
    )


def test_returns_that_are_given_are_taken_and_others_made(market):
    given = np.arange(700) / 1000
    assert Market(market.close, market.fear, market.rate, market.weekday, given).returns is given
    made = market.returns
    assert np.isnan(made[[0, 333, 334]]).all()
    assert made[1] == pytest.approx(market.close[1] / market.close[0] - 1)


@pytest.mark.parametrize(("least", "told"), [(30, True), (31, False)])
def test_so_many_sessions_are_needed_to_estimate_from(market, least, told):
    """Forty sessions before the gap of ten, ten of them masked."""
    own = load_definitions({"reaction": {"estimation_length": 40, "estimation_minimum": least}}).reaction
    masked = np.zeros(700, bool)
    masked[460:470] = True
    t = 500  # sessions 450 to 489
    found = scores(market, masked, own, window=(0, 0))
    assert found.m[t] == 30
    assert np.isfinite([found.car[t], found.z[t], found.raw[t]]).all() == told
    if told:
        days = [*range(450, 460), *range(470, 490)]
        mean, var = market.returns[days].mean(), market.returns[days].var(ddof=1)
        assert found.car[t] == pytest.approx(market.returns[t] - mean)
        assert found.z[t] == pytest.approx(found.car[t] / np.sqrt((market.fear[t - 1] / 100) ** 2 / 252 + var / 30))
        percent = scores(market, masked, own, window=(0, 1), scale="none")
        two = market.returns[t] + market.returns[t + 1]
        assert (percent.z[t], percent.raw[t]) == pytest.approx((100 * (two - 2 * mean), 100 * two))


def test_the_variance_forecast_begins_with_the_first_square_and_stands_over_holes():
    x = np.array([np.nan, 0.02, np.nan, -0.04, 0.01])
    first = 0.02**2
    second = 0.9 * first + 0.1 * 0.04**2
    third = 0.9 * second + 0.1 * 0.01**2
    np.testing.assert_allclose(_ewma(x, 0.9), [np.nan, first, first, second, third])
    assert np.isnan(_ewma(np.full(3, np.nan), 0.9)).all()


def test_what_is_known_before_a_session_is_of_the_one_before():
    np.testing.assert_array_equal(known_before(np.array([1.0, 2.0, 3.0])), [np.nan, 1.0, 2.0])


def test_the_peak_is_that_of_so_many_sessions_and_not_over_holes():
    own = load_definitions({"decision": {"peak_sessions": 3, "week_sessions": 2}}).decision
    close = np.array([10.0, 8.0, 9.0, np.nan, 6.0, 5.0, 7.0])
    blank = np.full(7, np.nan)
    small = Market(close, blank, blank, np.arange(7) % 5)
    base = np.full(7, -1)
    peak = drawdown(small, "peak", base, own)
    # of the three sessions to the close before: 10; 10; 10 and 8 and 9; nothing after a hole; then 9, 6, 6, 7
    np.testing.assert_allclose(peak, [np.nan, 0.0, 1 - 8 / 10, 1 - 9 / 10, np.nan, 1 - 6 / 9, 1 - 5 / 6])
    np.testing.assert_allclose(
        drawdown(small, "week", base, own), [np.nan, np.nan, np.nan, 1 - 9 / 10, np.nan, 1 - 6 / 9, np.nan]
    )
