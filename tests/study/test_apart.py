"""Horizons, groups and comparisons against loops; one fit, so that no group changes the abnormal return of an event."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.errors import StudyError
from eventstudy.study.apart import horizons as horizons_module
from panels import small_panel

TIGHT = 1e-10  # two ways to one number, in doubles
WINDOW = (-3, 5)


@pytest.fixture(scope="module")
def study():
    return es.EventStudy(model=es.MarketModel("M"), estimation=es.EstimationWindow(120, end=-5), window=WINDOW)


@pytest.fixture(scope="module")
def panel():
    return small_panel(bars=420, symbols=("M", "A", "B", "C", "D"))


@pytest.fixture(scope="module")
def result(study, panel):
    rng = np.random.default_rng(3)
    rows = [(f"e{at}", "ABCD"[at % 4], panel.index[150 + 9 * at]) for at in range(20)]
    frame = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"])
    frame["beat"] = rng.random(20) > 0.5
    frame["size"] = ["small", "large", "middle", None] * 5
    frame["exact"] = rng.normal(size=20)
    return study.fit(frame, es.ReturnPanel(panel))


def cars(panel, result, window, estimation=(-124, -5)):
    """The CAR of each security-event by statsmodels, one after the other; own event days left out of the estimation."""
    frame, found = result._fitted.request.frame, []
    for row in frame.itertuples():
        at = panel.index.get_loc(row.bar)
        own = [panel.index.get_loc(bar) for bar in frame.loc[frame["symbol"] == row.symbol, "bar"]]
        days = [day for day in range(at + estimation[0], at + estimation[1] + 1) if day >= 0]
        days = [day for day in days if not any(day - one in (0, 1) for one in own)]
        fit = sm.OLS(panel[row.symbol].iloc[days], sm.add_constant(panel["M"].iloc[days])).fit()
        event = slice(at + window[0], at + window[1] + 1)
        found.append(
            (panel[row.symbol].iloc[event] - fit.params["const"] - fit.params["M"] * panel["M"].iloc[event]).sum()
        )
    return np.array(found)


@pytest.mark.parametrize("window", [(-1, -1), (0, 0), (0, 1), (0, 5), (0, 12)])
def test_horizons_are_those_of_a_loop(panel, result, window):
    row = result.horizons([window], draws=9).iloc[0]
    car = cars(panel, result, window)
    for name, value in {
        "mean": car.mean(),
        "median": np.median(car),
        "positive": (car > 0).mean(),
        "n": len(car),
    }.items():
        assert row[name] == pytest.approx(value, abs=TIGHT)
    assert (row["first"], row["last"]) == window


def test_the_columns_and_what_reaches_beyond_the_window_is_stated(result):
    table = result.horizons([(0, 0), (0, 12)], draws=9)
    assert list(table.columns) == [
        "first",
        "last",
        "n",
        "mean",
        "median",
        "positive",
        "base_rate",
        "placebo_mean",
        "test",
        "pvalue",
    ]
    assert "(0, 12)" in table.attrs["stated"]
    assert "−124 to −5" in table.attrs["stated"]
    assert "(0, 0)" not in table.attrs["stated"].split("reach")[0]
    assert "stated" not in result.horizons([(0, 0)], draws=9).attrs


def test_the_horizons_that_are_asked_for_by_default(result):
    table = result.horizons(draws=1)
    assert list(zip(table["first"], table["last"], strict=True)) == [(-1, -1), (0, 0), (0, 1), (0, 5), (0, 20), (0, 60)]


def test_placebo_dates_are_ordinary_days_of_the_same_security(study, panel):
    """A security that rises on every day but the event: its base rate is that of its own days, not of the others'."""
    rising = panel.assign(A=0.02 * (np.arange(len(panel)) % 4 > 0) - 0.01 + 0.0 * panel["M"])
    pairs = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [panel.index[300]]})
    row = study.fit(pairs, es.ReturnPanel(rising)).horizons([(0, 0)]).iloc[0]
    assert row["base_rate"] == pytest.approx(0.75, abs=0.05)  # 999 draws: a standard error of 0.014
    assert abs(row["placebo_mean"]) < 0.002


def test_placebos_are_seeded_and_keep_clear_of_events(result, panel):
    one, other = (result.horizons([(0, 1)], seed=seed) for seed in (0, 1))
    pd.testing.assert_frame_equal(one, result.horizons([(0, 0), (0, 1)]).iloc[[1]].reset_index(drop=True))
    assert one["placebo_mean"].iloc[0] != other["placebo_mean"].iloc[0]
    leap = panel.copy()
    frame = result._fitted.request.frame
    for row in frame.itertuples():
        leap.loc[row.bar, row.symbol] += 5.0  # were an event drawn, the mean of the placebos would show it
    found = result.study.fit(frame, es.ReturnPanel(leap, check=False)).horizons([(0, 1)]).iloc[0]
    assert found["mean"] > 4
    assert abs(found["placebo_mean"]) < 0.01


def test_the_p_value_is_that_of_the_test_it_names(result):
    row = result.horizons([(0, 1)], draws=9).iloc[0]
    name = row["test"].removesuffix(" (doubtful)")
    mean = result.caar((0, 1)).iloc[0]
    if name == mean["test"]:
        assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(mean["caar"] / mean["se"]), mean["df"]), abs=TIGHT)
    else:
        assert row["pvalue"] == pytest.approx(result.test(name, (0, 1)).pvalue, abs=TIGHT)


@pytest.mark.parametrize("by", ["beat", "size", "symbol"])
def test_groups_are_those_of_a_loop_and_change_no_car(panel, result, by):
    car = cars(panel, result, (0, 1))
    label = result._fitted.request.frame[by]
    table = result.caar((0, 1), by=by)
    assert table.columns[0] == by
    for row in table.to_dict("records"):
        own = label.isna() if row[by] == "(missing)" else label == row[by]
        assert row["caar"] == pytest.approx(car[own.to_numpy()].mean(), abs=TIGHT)
        assert row["n"] == own.sum()
    assert table["n"].sum() == len(car)
    np.testing.assert_allclose(result.car((0, 1))["car"], car, atol=TIGHT)
    several = result.horizons([(0, 1)], by=by, draws=9)
    np.testing.assert_allclose(several["mean"], table["caar"], atol=TIGHT)


def test_a_characteristic_called_as_a_column_of_the_table_makes_a_column_group(study, panel):
    rows = [(f"e{at}", "ABCD"[at % 4], panel.index[150 + 9 * at], at % 2) for at in range(20)]
    result = study.fit(pd.DataFrame(rows, columns=["event_id", "symbol", "bar", "n"]), es.ReturnPanel(panel))
    for table in (result.caar((0, 1), by="n"), result.horizons([(0, 1)], by="n", draws=9)):
        assert table["group"].tolist() == [0, 1]
        assert table["n"].tolist() == [10, 10]


def test_two_groups_are_compared_as_by_a_regression(panel, result):
    car, beat = cars(panel, result, (0, 1)), result._fitted.request.frame["beat"].to_numpy()
    row = result.compare((0, 1), by="beat").iloc[0]
    fit = sm.OLS(car, sm.add_constant((~beat).astype(float))).fit(cov_type="HC3")
    assert (row["group"], row["against"]) == (False, True)
    assert row["difference"] == pytest.approx(car[~beat].mean() - car[beat].mean(), abs=TIGHT)
    assert row["errors"] == "HC3"
    assert row["se"] == pytest.approx(fit.bse[1], abs=TIGHT)
    assert (row["n"], row["n_against"]) == ((~beat).sum(), beat.sum())
    assert len(result.compare((0, 1), by="size")) == 3  # pairs of three; the missing are left out


def test_a_chart_has_a_line_a_group(result):
    axes = result.plot.caar(by="beat")
    said = " ".join(text.get_text() for text in axes.findobj(lambda one: hasattr(one, "get_text")))
    counts = result._fitted.request.frame["beat"].value_counts()
    assert all(f"{name}, n = {counts[name]}" in said for name in (True, False))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.caar((0, 1), by="baet"), "did you mean 'beat'"),
        (lambda r: r.compare((0, 1), by="one"), "alone; two are needed"),
        (lambda r: r.caar((0, 1), by="many"), "cut it first"),
        (lambda r: r.caar((0, 1), by=["beat"]), "is no column"),
        (lambda r: r.horizons([]), "names no window"),
        (lambda r: r.horizons("0,1"), "are no windows"),
        (lambda r: r.horizons([(1, 0)]), "runs backwards"),
        (lambda r: r.horizons([(-9, 0)]), "estimation window ends on relative day -5"),
    ],
)
def test_what_cannot_be_meant_is_refused(study, panel, ask, words):
    rows = [(f"e{at}", "ABCD"[at % 4], panel.index[150 + 5 * at]) for at in range(40)]
    frame = pd.DataFrame(rows, columns=["event_id", "symbol", "bar"]).assign(beat=True, one=1, many=np.arange(40) / 7)
    with pytest.raises(StudyError, match=words):
        ask(study.fit(frame, es.ReturnPanel(panel)))


def test_of_one_series_groups_are_compared_by_sessions_as_they_are_averaged(panel, study):
    """Two events of one group on one session are one observation, in both tables."""
    rows = [(f"e{at}", "A", panel.index[150 + 9 * (at // 2)], at // 2 % 2) for at in range(40)]
    result = study.fit(pd.DataFrame(rows, columns=["event_id", "symbol", "bar", "n"]), es.ReturnPanel(panel))
    means = result.caar((0, 1), by="n")
    row = result.compare((0, 1), by="n").iloc[0]
    assert [row["mean"], row["mean_against"]] == pytest.approx(means["caar"].tolist(), abs=TIGHT)
    assert [row["n"], row["n_against"]] == means["n_sessions"].tolist() == [10, 10]
    car = result.car((0, 1)).drop_duplicates("session")["car"].to_numpy()
    first = np.arange(20) % 2 == 0
    assert row["difference"] == pytest.approx(car[first].mean() - car[~first].mean(), abs=TIGHT)


def test_what_is_not_said_is_999_draws_seed_0_and_95_per_cent(result):
    pd.testing.assert_frame_equal(result.horizons([(0, 1)]), result.horizons([(0, 1)], draws=999, seed=0))
    row = result.compare((0, 1), by="beat").iloc[0]
    reach = stats.t.ppf(0.975, row["df"]) * row["se"]
    assert (row["low"], row["high"]) == pytest.approx((row["difference"] - reach, row["difference"] + reach), abs=TIGHT)
    narrow = result.compare((0, 1), by="beat", level=0.5).iloc[0]
    assert narrow["high"] - narrow["difference"] == pytest.approx(stats.t.ppf(0.75, row["df"]) * row["se"], abs=TIGHT)
    table, explicit = result.attribute(shape="flat"), result.attribute(shape="flat", level=0.95, shrink=False)
    pd.testing.assert_frame_equal(table, explicit)


BARS = 160


def raw(frame, events, window=(0, 0)):
    """Fit with the return itself as the abnormal return: a market that never moves is taken off."""
    study = es.EventStudy(
        model=es.MarketAdjusted("Z"), window=window, estimation=es.EstimationWindow(20, -11), calendar=None
    )
    rows = pd.DataFrame(events, columns=["event_id", "symbol", "bar"])
    return study.fit(rows, es.ReturnPanel(frame.assign(Z=0.0)))


def test_ordinary_days_lie_further_than_five_sessions_from_an_event():
    far = np.abs(np.arange(BARS)[:, None] - np.array([60, 100])).min(axis=1)
    size = np.abs(np.random.default_rng(0).normal(0, 0.01, BARS)) + 0.001
    events = [("a", "A", 60), ("b", "A", 100)]
    share = {}
    for limit in (5, 6):
        frame = pd.DataFrame({"A": np.where(far <= limit, size, -size)})
        share[limit] = raw(frame, events).horizons([(0, 0)], draws=200).iloc[0]
    assert share[5]["base_rate"] == 0.0  # every day that rises is too near
    assert 0 < share[6]["base_rate"] < 0.2
    assert share[5]["positive"] == 1.0


def test_every_event_draws_as_many_ordinary_days_of_its_own_security():
    size = np.abs(np.random.default_rng(0).normal(0, 0.01, (BARS, 2))) + 0.001
    frame = pd.DataFrame({"A": size[:, 0], "B": -size[:, 1]})
    events = [("a", "A", 60), ("b", "A", 100), ("c", "B", 70), ("d", "A", 140)]
    row = raw(frame, events).horizons([(0, 0)], draws=50).iloc[0]
    assert row["base_rate"] == pytest.approx(3 / 4, abs=TIGHT)
    assert row["placebo_mean"] < size[:, 0].max()
    flat = frame.assign(A=np.where(np.arange(BARS) % 2 == 1, 0.0, frame["A"]))
    half = raw(flat, [("a", "A", 60), ("b", "A", 101)]).horizons([(0, 0)], draws=400).iloc[0]
    assert half["positive"] == 0.5  # a day that does not move has not risen
    assert half["base_rate"] == pytest.approx(0.5, abs=0.1)


def test_a_security_without_an_ordinary_day_has_no_base_rate():
    frame = pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (BARS, 1)), columns=["A"])
    frame.loc[(frame.index < 40) | (frame.index > 78)] = np.nan
    result = raw(frame, [("a", "A", 72), ("b", "A", 77)])
    assert result.n == 2
    row = result.horizons([(0, 0)]).iloc[0]
    assert np.isnan([row["base_rate"], row["placebo_mean"]]).all()
    assert row["mean"] == pytest.approx(frame["A"][[72, 77]].mean(), abs=TIGHT)


def test_a_horizon_without_an_abnormal_return_is_a_row_of_nothing():
    gone = raw(pd.DataFrame({"A": np.full(BARS, np.nan)}), [("a", "A", 60)])
    row = gone.horizons([(0, 0)]).iloc[0]
    assert (row["first"], row["last"], row["n"], row["test"]) == (0, 0, 0, "")
    assert row[["mean", "median", "positive", "base_rate", "placebo_mean", "pvalue"]].isna().all()
    frame = pd.DataFrame(np.random.default_rng(0).normal(0, 0.01, (BARS, 1)), columns=["A"])
    frame.loc[61:] = np.nan
    row = raw(frame, [("a", "A", 60)], (0, 2)).horizons([(1, 2)]).iloc[0]
    assert (row["n"], row["test"]) == (0, "")


def test_placebos_are_the_same_in_pieces(result, monkeypatch):
    whole = result.horizons([(0, 1)], draws=13)
    monkeypatch.setattr(horizons_module, "CHUNK", 7)
    pd.testing.assert_frame_equal(result.horizons([(0, 1)], draws=13), whole)


def test_of_more_events_than_are_judged_the_test_is_that_of_the_interval_and_doubtful(result, monkeypatch):
    judged = result.horizons([(0, 1)], draws=9).iloc[0]
    monkeypatch.setattr(horizons_module, "JUDGED", 20)  # as many as there are
    assert result.horizons([(0, 1)], draws=9).iloc[0]["test"] == judged["test"]
    monkeypatch.setattr(horizons_module, "JUDGED", 19)
    row, mean = result.horizons([(0, 1)], draws=9).iloc[0], result.caar((0, 1)).iloc[0]
    assert row["test"] == f"{mean['test']} (doubtful)"
    assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(mean["caar"] / mean["se"]), mean["df"]), rel=1e-9)


def test_windows_up_to_the_ends_of_the_event_window_are_not_fitted_again(result):
    assert "stated" not in result.horizons([WINDOW, (-3, -3), (5, 5)], draws=3).attrs
    for beyond in ((-4, 0), (0, 6)):
        assert str(beyond) in result.horizons([beyond], draws=3).attrs["stated"]


def test_a_test_is_doubtful_where_the_data_are_and_else_where_it_says_so_itself():
    """Forty securities on days of their own; then a third of them had prices that stood still over the window."""
    rng = np.random.default_rng(7)
    names = [f"S{at:02d}" for at in range(40)]
    frame = pd.DataFrame(rng.normal(0, 0.01, (BARS, 40)), columns=names)
    events = [(name, name, 60 + 2 * at) for at, name in enumerate(names)]
    fine = raw(frame, events, (0, 2))
    for _, name, bar in events[::3]:
        frame.loc[bar - 12 : bar + 2, name] = 0.0
    still = raw(frame, events, (0, 2))
    for result, doubts in ((fine, False), (still, True)):
        assert bool(result.sample((0, 2)).doubts) == doubts
        row = result.horizons([(0, 2)], draws=3).iloc[0]
        assert row["test"].endswith(" (doubtful)") == doubts
        assert row["pvalue"] == pytest.approx(result.test(row["test"].removesuffix(" (doubtful)"), (0, 2)).pvalue)
