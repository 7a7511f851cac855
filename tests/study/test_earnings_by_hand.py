"""The table of an earnings season on made-up firms whose answers are written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.study.firms.earnings import (
    _at,
    _moves,
    _rank,
    hit_rate,
    median_interval,
    placebo_rates,
    surprise_slope,
)

ROUNDED = 1e-12  # sums of a few numbers


def raw(frame, events, window=(0, 0)):
    """Fit with the return itself as the abnormal return: a market that never moves is taken off."""
    study = es.EventStudy(
        model=es.MarketAdjusted("M"), window=window, estimation=es.EstimationWindow(20, -11), calendar=None
    )
    rows = pd.DataFrame(events, columns=["event_id", "symbol", "bar", "sue"][: len(events[0])])
    return study.fit(rows, es.ReturnPanel(frame.assign(M=0.0)))


def noise(firms, bars=160, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(0, 0.01, (bars, len(firms))), columns=list(firms))


def test_windows_are_those_of_the_table():
    frame = noise("A")
    own = raw(frame, [("e", "A", 60)], (-1, 60)).earnings(draws=9).table
    days = list(zip(own["first"], own["last"], strict=True))
    assert days == [(-1, -1), (0, 0), (0, 1), (2, 5), (0, 5), (0, 20), (2, 60)]
    for window, inside in (((-1, 5), 5), ((0, 4), 2), ((0, 59), 5), ((0, 60), 6), ((-2, -1), 1), ((7, 9), 0)):
        table = raw(frame, [("e", "A", 60)], window).earnings(draws=9).table
        assert len(table) == inside, window


def test_one_announcement_is_judged_by_its_own_estimation_window_and_no_error_is_no_p_value():
    frame = noise("ABCD")
    row = raw(frame, [("e", "A", 60)]).earnings(draws=9).table.iloc[0]
    assert row[["n", "n_sessions", "left_out"]].tolist() == [1, 1, 0]
    t = frame.loc[60, "A"] / frame.loc[30:49, "A"].std() / np.sqrt(1 + 1 / 20)  # the mean of the twenty is estimated
    assert row["pvalue"] == row["pvalue_holm"] == pytest.approx(2 * stats.t.sf(abs(t), 19), rel=1e-9)
    for name, bar in zip("ABCD", range(60, 100, 10), strict=True):
        frame.loc[bar, name] = 0.25  # all the same to the last bit: the mean has no error
    rows = raw(frame, [(name, name, bar) for name, bar in zip("ABCD", range(60, 100, 10), strict=True)])
    row = rows.earnings(draws=9).table.iloc[0]
    assert row["mean"] == 0.25
    assert np.isnan(row["pvalue"])


def test_ordinary_days_are_those_further_than_five_sessions_from_an_announcement():
    bar = np.arange(160)
    far = np.abs(bar[:, None] - np.array([60, 100])).min(axis=1)
    size = np.abs(noise("A")["A"].to_numpy()) + 0.001
    events = [("a", "A", 60), ("b", "A", 100)]
    rates = {}
    for limit in (5, 6):
        frame = pd.DataFrame({"A": np.where(far <= limit, size, -size)})
        found = placebo_rates(raw(frame, events)._fitted, (0, 0), np.array([True, True]), 200, np.random.default_rng(0))
        rates[limit] = found
    assert rates[5].shape == (200,)
    assert (rates[5] == 0).all()  # every day that rises is too near
    assert 0 < rates[6].mean() < 0.2


def test_the_base_rate_counts_each_announcement_and_leaves_out_days_that_did_not_move():
    size = np.abs(noise("AB")) + 0.001
    frame = pd.DataFrame({"A": size["A"], "B": -size["B"], "C": size["A"]})
    frame.loc[frame.index % 2 == 1, "C"] = 0.0
    events = [("a", "A", 60), ("b", "A", 100), ("c", "B", 70), ("d", "C", 80)]
    result, draw = raw(frame, events), np.random.default_rng
    found = placebo_rates(result._fitted, (0, 0), np.array([True, True, True, False]), 50, draw(0))
    assert found == pytest.approx(np.full(50, 2 / 3), abs=ROUNDED)
    found = placebo_rates(result._fitted, (0, 0), np.array([True, False, True, False]), 50, draw(0))
    assert found == pytest.approx(np.full(50, 1 / 2), abs=ROUNDED)
    found = placebo_rates(result._fitted, (0, 0), np.array([False, False, False, True]), 50, draw(0))
    assert 10 < found.size < 40  # half of its days stand still, and tell nothing
    assert (found == 1).all()
    assert not placebo_rates(result._fitted, (0, 0), np.zeros(4, dtype=bool), 50, draw(0)).size
    # a firm without one ordinary day tells nothing, the others are told all the same
    near = frame["A"].where((frame.index >= 40) & (frame.index <= 78))
    result = raw(frame[["B"]].assign(A=near), [("a1", "A", 72), ("a2", "A", 77), ("b", "B", 60)])
    assert (placebo_rates(result._fitted, (0, 0), np.array([True, True, True]), 20, draw(0)) == 0).all()


def test_the_table_tells_hits_beside_the_base_rate():
    size = np.abs(noise("AB")) + 0.001
    frame = pd.DataFrame({"A": size["A"], "B": -size["B"]})
    frame.loc[70, "B"] = 0.01  # its announcement rose, its other days fall
    row = raw(frame, [("a", "A", 60), ("c", "B", 70)]).earnings(draws=99).table.iloc[0]
    assert (row["hits"], row["hit_rate"]) == (2, 1.0)
    assert row["base_rate"] == pytest.approx(0.5, abs=ROUNDED)
    assert row["hit_pvalue"] == pytest.approx(1 / 100, abs=ROUNDED)
    same = raw(frame, [("a", "A", 60), ("c", "B", 80)]).earnings(draws=99).table.iloc[0]
    assert same["hit_pvalue"] == 1.0


def test_the_rank_of_a_rate_is_two_sided_about_the_mean_and_counts_itself():
    base = np.array([0.1, 0.5, 0.9, 0.5])
    assert _rank(0.9, base) == pytest.approx(3 / 5)  # as far off: 0.1 and 0.9
    assert _rank(0.1, base) == pytest.approx(3 / 5)
    assert _rank(0.95, base) == pytest.approx(1 / 5)
    assert _rank(0.5, base) == 1.0
    assert np.isnan(_rank(0.5, np.array([])))
    assert np.isnan(_rank(np.nan, base))


def test_hit_rates_at_both_ends():
    up, down = hit_rate(np.array([0.1, 0.2, 0.3]), 0.9), hit_rate(np.array([-0.1, -0.2, 0.0]), 0.9)
    # none of n, or all of them, ends at the n-th root of half of what is left out
    assert (up["hits"], up["hit_rate"], up["hit_high"]) == (3, 1.0, 1.0)
    assert up["hit_low"] == pytest.approx(0.05 ** (1 / 3), rel=1e-9)
    assert (down["hits"], down["hit_rate"], down["hit_low"]) == (0, 0.0, 0.0)
    assert down["hit_high"] == pytest.approx(1 - 0.05 ** (1 / 2), rel=1e-9)
    nothing = hit_rate(np.array([0.0]), 0.9)
    assert nothing["hits"] == 0
    assert np.isnan(nothing["hit_rate"])
    assert (nothing["hit_low"], nothing["hit_high"]) == (0.0, 1.0)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 8, 9, 12, 17, 30])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.96875, 0.95])
def test_the_interval_of_the_median_is_the_narrowest_pair_of_ranks_that_covers(n, level):
    x = np.arange(1.0, n + 1)[::-1]  # ranks themselves, unsorted
    fits = [k for k in range(1, n // 2 + 1) if 2 * stats.binom.cdf(k - 1, n, 0.5) <= 1 - level]
    middle, low, high = median_interval(x, level)
    assert middle == (n + 1) / 2
    assert (low, high) == ((max(fits), n + 1 - max(fits)) if fits else (-np.inf, np.inf))
    assert np.isnan(median_interval(np.array([]), level)).all()


def regressed(x, sue, session):
    z = stats.rankdata(sue)
    z = (z - 1) / (len(z) - 1) - 0.5
    fit = sm.OLS(x, sm.add_constant(z)).fit(cov_type="cluster", cov_kwds={"groups": session}, use_t=True)
    return fit.params[1], fit.bse[1], fit.tvalues[1]


def test_below_thirty_sessions_the_slope_is_judged_by_the_wild_cluster_bootstrap():
    rng = np.random.default_rng(5)
    for groups in (6, 29, 30):
        sue, session = rng.normal(size=40).round(1), np.arange(40) % groups
        x = (-1) ** groups * 0.008 * stats.rankdata(sue) / 40 + rng.normal(0, 0.01, 40)  # one falls
        slope, error, p = surprise_slope(x, sue, session + 7, 49, np.random.default_rng(1))
        expected = regressed(x, sue, session)
        assert (slope, error) == pytest.approx(expected[:2], rel=1e-9)
        if groups == 30:
            assert p == pytest.approx(2 * stats.t.sf(abs(expected[2]), 29), rel=1e-9)
            continue
        flips = np.random.default_rng(1).choice([-1.0, 1.0], (49, groups))
        beyond = 0
        for flip in flips:  # the null imposed: the mean stays, what is left changes sign session by session
            again = regressed(x.mean() + (x - x.mean()) * flip[session], sue, session)
            beyond += abs(again[2]) >= abs(expected[2]) - 1e-9
        assert p == pytest.approx((1 + beyond) / 50, abs=ROUNDED)


def test_the_slope_needs_four_announcements_two_sessions_and_surprises_that_differ():
    x, sue, session = np.array([0.1, 0.3, 0.2, 0.5]), np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 1, 1])
    rng = np.random.default_rng(0)
    assert surprise_slope(x, sue, session, 9, rng)[:2] == pytest.approx(regressed(x, sue, session)[:2], rel=1e-9)
    assert np.isnan(surprise_slope(x[:3], sue[:3], session[:3], 9, rng)).all()
    assert np.isnan(surprise_slope(x, sue, np.zeros(4, dtype=int), 9, rng)).all()
    assert np.isnan(surprise_slope(x, np.ones(4), session, 9, rng)).all()
    assert np.isnan(surprise_slope(np.array([]), np.array([]), np.array([], dtype=int), 9, rng)).all()
    flat = surprise_slope(np.zeros(4), sue, session, 9, rng)  # no error, so no p-value
    assert flat[0] == 0
    assert np.isnan(flat[1:]).all()


def test_usual_volume_ends_six_sessions_before_and_needs_half_of_sixty():
    names = ["A", "B", "C", "D", "E", "F"]
    events = [("a", "A", 100), ("b", "B", 100), ("c", "C", 100), ("d", "D", 40), ("e", "E", 159), ("f", "F", 100)]
    result = raw(noise(names), events)
    rng = np.random.default_rng(0)
    volume = pd.DataFrame(rng.integers(10, 99, (160, 5)).astype(float), columns=names[:5])  # F has no volume
    volume.loc[35 : 35 + 29, "A"] = np.nan  # 30 of the sixty sessions 35 to 94 are left
    volume.loc[35 : 35 + 30, "B"] = np.nan  # 29 are
    volume["C"] = 50.0
    volume.loc[100, "C"] = 80.0
    found = _moves(result._fitted, None, None, volume, np.array([False] * 6))
    v = np.log(1 + volume)
    usual = {"A": (65, 94), "C": (35, 94), "D": (0, 34), "E": (94, 153)}
    expected = [
        v[name][day] - v.loc[slice(*usual[name]), name].mean() if name in usual else np.nan for _, name, day in events
    ]
    assert found["volume"] == pytest.approx(expected, abs=1e-10, nan_ok=True)
    spread = [
        v.loc[slice(*usual[name]), name].std() if name in usual and name != "C" else np.nan for _, name, _ in events
    ]
    assert found["volume_sd"] == pytest.approx(np.array(expected) / spread, abs=1e-10, nan_ok=True)
    hidden = _moves(result._fitted, None, None, volume, np.array([True, *[False] * 5]))
    assert np.isnan(hidden["volume"][0])
    assert hidden["volume"][2] == found["volume"][2]


def test_bars_are_looked_up_by_date_and_symbol_and_are_missing_beyond_the_panel():
    result = raw(noise("AB"), [("a", "A", 40), ("b", "B", 159)])
    frame = pd.DataFrame({"B": np.arange(160.0) + 1000, "A": np.arange(160.0)})
    np.testing.assert_array_equal(
        _at(result._fitted, frame, [-41, -40, -1, 0, 1]),
        [[np.nan, 0.0, 39.0, 40.0, 41.0], [1118.0, 1119.0, 1158.0, 1159.0, np.nan]],
    )
    assert np.isnan(_at(result._fitted, frame[["B"]], [0])[0, 0])
    assert _at(result._fitted, frame.iloc[40:50], [0, 1])[0].tolist() == [40.0, 41.0]
    assert np.isnan(_at(result._fitted, frame.iloc[40:50], [0, 1])[1]).all()
    with pytest.raises(es.EventStudyError, match="no row of the frame is a bar of the study"):
        _at(result._fitted, frame.set_index(frame.index + 1000), [0])
    with pytest.raises(es.EventStudyError, match="need both"):
        _moves(result._fitted, frame, None, None, np.array([False, False]))
    with pytest.raises(es.EventStudyError, match="need both"):
        _moves(result._fitted, None, frame, None, np.array([False, False]))


def spread_out(firms, **columns):
    names = [f"S{at}" for at in range(firms)]
    study = es.EventStudy(
        model=es.MarketAdjusted("M"), window=(0, 1), estimation=es.EstimationWindow(20, -11), calendar=None
    )
    events = pd.DataFrame({"event_id": names, "symbol": names, "bar": [60 + at for at in range(firms)], **columns})
    frame = noise(names)
    return study.fit(events, es.ReturnPanel(frame.assign(M=0.0))), frame, events


def test_the_surprise_is_the_column_sue_else_of_the_consensus_else_as_loaded():
    rng = np.random.default_rng(1)
    actual, consensus, later, season = rng.normal(size=(4, 5))
    closes = pd.DataFrame(np.exp(rng.normal(3, 0.1, (160, 5))), columns=[f"S{at}" for at in range(5)])
    before = np.array([closes.iloc[59 + at, at] for at in range(5)])
    nothing = np.full(5, np.nan)
    prices = {"opens": closes, "closes": closes}

    def told(prices, **columns):
        return spread_out(5, **columns)[0].earnings(draws=3, **prices).events["sue"].to_numpy()

    forecast = {"actual": actual, "consensus": consensus}
    given = [str(value) for value in later]
    assert told(prices, sue=given, **forecast) == pytest.approx(later)
    assert told(prices, surprise=later, **forecast) == pytest.approx((actual - consensus) / before)
    assert told({}, surprise=later, **forecast) == pytest.approx(later)  # no close to divide by
    assert told(prices, surprise=later, actual=actual) == pytest.approx(later)
    assert told(prices, surprise=later, actual=nothing, consensus=consensus) == pytest.approx(later)
    assert told({}, surprise=nothing, seasonal=season) == pytest.approx(season)
    assert np.isnan(told({}, surprise=nothing)).all()


def test_fifths_of_the_surprise_are_of_days_0_and_1_and_need_ten_announcements():
    rng = np.random.default_rng(4)
    sue = rng.normal(size=11)
    sue[3] = np.nan
    result, frame, events = spread_out(11, sue=sue)
    found = result.earnings(draws=9)
    car = np.array(
        [frame.iloc[bar : bar + 2][name].sum() for name, bar in zip(events["symbol"], events["bar"], strict=True)]
    )
    order = [at for at in np.argsort(sue) if np.isfinite(sue[at])]
    pairs = np.array(order).reshape(5, 2)
    assert found.bins["bin"].tolist() == [1, 2, 3, 4, 5]
    assert found.bins["n"].tolist() == [2] * 5
    assert found.bins["sue"].to_numpy() == pytest.approx(sue[pairs].mean(axis=1), abs=ROUNDED)
    assert found.bins["car"].to_numpy() == pytest.approx(car[pairs].mean(axis=1), abs=ROUNDED)
    row = found.table[found.table["last"] == 1].iloc[0]
    told = np.isfinite(sue)
    expected = regressed(car[told], sue[told], np.arange(10))
    assert (row["slope"], row["slope_se"]) == pytest.approx(expected[:2], rel=1e-9)
    sue[4] = np.nan
    assert spread_out(11, sue=sue)[0].earnings(draws=9).bins.empty
    line = found.plot().lines[0]
    assert line.get_ydata() == pytest.approx(100 * car[pairs].mean(axis=1), abs=1e-10)
    assert found.table.index.tolist() == [0, 1]
    assert found.table.columns[0] == "group"
    zero = found.plot().lines[-1]
    assert (set(zero.get_ydata()), zero.get_linewidth() < line.get_linewidth()) == ({0.0}, True)
    bars = found.plot().collections[0].get_segments()
    assert [ends[:, 1].tolist() for ends in bars] == [
        pytest.approx([100 * one.low, 100 * one.high], abs=1e-10) for one in found.bins.itertuples()
    ]


@pytest.mark.parametrize(("window", "days"), [((0, 0), (0, 0)), ((-1, 1), (0, 1)), ((1, 5), (2, 5)), ((1, 3), (1, 3))])
def test_where_days_0_and_1_are_not_both_studied_fifths_are_of_the_first_window(window, days):
    names = [f"S{at}" for at in range(10)]
    frame = noise(names)
    result = raw(frame, [(name, name, 60 + at, at) for at, name in enumerate(names)], window)
    bins = result.earnings(draws=9).bins
    car = [frame.loc[60 + at + days[0] : 60 + at + days[1], name].sum() for at, name in enumerate(names)]
    assert bins["car"].to_numpy() == pytest.approx(np.reshape(car, (5, 2)).mean(axis=1), abs=ROUNDED)


def test_groups_are_told_apart_and_a_column_that_is_not_there_is_refused():
    result, frame, events = spread_out(6, kind=["x", "y", None, "x", "y", "x"])
    table = result.earnings(by="kind", draws=9).table.set_index(["group", "last"])
    car = np.array([frame.loc[bar, name] for name, bar in zip(events["symbol"], events["bar"], strict=True)])
    for group, rows in (("all", range(6)), ("x", (0, 3, 5)), ("y", (1, 4))):
        row = table.loc[(group, 0)]
        assert row["mean"] == pytest.approx(car[list(rows)].mean(), abs=ROUNDED)
        assert row["median"] == pytest.approx(np.median(car[list(rows)]), abs=ROUNDED)
        assert row["n"] == len(rows)
    assert list(dict.fromkeys(table.index.get_level_values(0))) == ["all", "x", "y"]
    with pytest.raises(es.EventStudyError, match="is no column of the fitted events"):
        result.earnings(by="colour")
