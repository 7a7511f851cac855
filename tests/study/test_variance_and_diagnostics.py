"""Abnormal variance by hand and by scipy's F, and diagnostics of an estimation window in two pieces."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.stattools import jarque_bera

import eventstudy as es
from eventstudy.errors import StudyError

RTOL = 1e-8  # float64 on both sides, through squares and sums
BARS = 160


def world(seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(0, 0.01, (BARS, 4)), columns=[*"MABC"])


def fit(frame, rows, estimation=None, window=(-2, 3), model=None):
    events = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"])
    study = es.EventStudy(
        model=model or es.MeanAdjusted(), window=window, calendar=None, mask_events=False,
        estimation=estimation or es.EstimationWindow(40, end=-5, minimum=30),
    )  # fmt: skip
    return study.fit(events, frame)


def by_hand(frame, rows, day, length=40, end=-5):
    """Return U of each event on a relative day, and its degrees of freedom, from the raw returns."""
    u, df = [], []
    for _, name, bar in rows:
        past = frame[name].iloc[bar + end - length + 1 : bar + end + 1].dropna()
        m = len(past)
        u.append((frame[name].iloc[bar + day] - past.mean()) ** 2 / (past.var(ddof=1) * (1 + 1 / m)))
        df.append(m - 1)
    return np.array(u), np.array(df)


ROWS = [("a", "A", 60), ("b", "B", 90), ("c", "C", 120), ("d", "A", 150)]


@pytest.mark.parametrize("window", [(-2, 3), (0, 0), (-2, -2), (3, 3), (-1, 2)])
def test_the_ratio_of_each_day_against_the_moments_of_f(window):
    """Unequal degrees of freedom, and one return missing on day +1."""
    frame = world()
    frame.loc[70:75, "B"] = np.nan
    frame.loc[121, "C"] = np.nan
    table = fit(frame, ROWS).abnormal_variance(window)
    assert table["relative_day"].tolist() == list(range(window[0], window[1] + 1))
    for row in table.to_dict("records"):
        u, df = by_hand(frame, ROWS, row["relative_day"])
        there = np.isfinite(u)
        assert row["n"] == there.sum() == (3 if row["relative_day"] == 1 else 4)
        mean, variance = stats.f.mean(1, df[there]), stats.f.var(1, df[there])
        assert row["u"] == pytest.approx((u[there] / mean).mean(), rel=RTOL)
        assert row["z"] == pytest.approx((u[there] - mean).sum() / np.sqrt(variance.sum()), rel=RTOL)
        assert np.isnan(row["pvalue_single"])


def test_one_event_alone_is_judged_by_f_itself():
    frame = world()
    row = fit(frame, ROWS[:1]).abnormal_variance((2, 2)).iloc[0]
    u, df = by_hand(frame, ROWS[:1], 2)
    assert row["n"] == 1
    assert row["pvalue_single"] == pytest.approx(stats.f.sf(u[0], 1, df[0]), rel=RTOL)
    frame.loc[62, "A"] = np.nan
    none = fit(frame, ROWS[:1]).abnormal_variance((2, 2)).iloc[0]
    assert none["n"] == 0
    assert none[["u", "z", "pvalue_single"]].isna().all()
    left = fit(frame, ROWS[:2]).abnormal_variance((2, 2)).iloc[0]  # of two the one that has a return
    u, df = by_hand(frame, ROWS[1:2], 2)
    assert left["pvalue_single"] == pytest.approx(stats.f.sf(u[0], 1, df[0]), rel=RTOL)


@pytest.mark.parametrize(("length", "has_score"), [(4, False), (5, False), (6, True), (7, True)])
def test_a_score_wants_more_than_four_degrees_of_freedom(length, has_score):
    frame = world()
    row = fit(frame, ROWS[:1], es.EstimationWindow(length, end=-5)).abnormal_variance((0, 0)).iloc[0]
    u, df = by_hand(frame, ROWS[:1], 0, length)
    assert df[0] == length - 1
    assert row["u"] == pytest.approx(u[0] / stats.f.mean(1, df[0]), rel=RTOL)
    if has_score:
        assert row["z"] == pytest.approx((u[0] - stats.f.mean(1, df[0])) / stats.f.std(1, df[0]), rel=RTOL)
    else:
        assert np.isnan(row["z"])


@pytest.mark.parametrize("window", [(-3, 0), (0, 4), (-3, 4)])
def test_days_beyond_the_event_window_are_refused(window):
    with pytest.raises(StudyError, match=r"event window|\(-2, 3\)"):
        fit(world(), ROWS).abnormal_variance(window)


def test_diagnostics_of_two_pieces_are_those_of_their_bars_alone():
    """Days -40 to -5 and +5 to +24 of bar 100: what lies between them is not looked at."""
    frame = world()
    frame.loc[96:104, "A"] = 0.5  # around the event: of neither piece
    frame.loc[[70, 110], "A"] = np.nan
    frame.loc[[80, 112, 113], "A"] = 0.0
    both = es.EstimationWindow(before=(-40, -5), after=(5, 24))
    row = fit(frame, [("e", "A", 100)], both, model=es.MarketModel("M")).diagnostics().iloc[0]
    at = np.r_[60:96, 105:125]
    y, x = frame["A"].to_numpy()[at], sm.add_constant(frame["M"].to_numpy()[at])
    there = np.isfinite(y)
    ols = sm.OLS(y[there], x[there]).fit()
    assert row["m"] == 54
    assert row["missing_share"] == pytest.approx(2 / 56)
    assert row["zero_share"] == pytest.approx(3 / 54)
    assert row["r_squared"] == pytest.approx(ols.rsquared, rel=RTOL)
    _, pvalue, skew, kurtosis = jarque_bera(ols.resid)
    np.testing.assert_allclose(
        row[["jarque_bera_pvalue", "skewness", "kurtosis"]].astype(float), [pvalue, skew, kurtosis], rtol=1e-7
    )
