"""Means of a result by hand: which events count, with which weights, in which groups, and what is said of none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.abnormal.window_sample import take
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.bands import caar_band
from eventstudy.inference.core.sample_of import sample_of
from eventstudy.study.tables import means as means_module
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.paths import groups_of, head_of, path, split, usual_group
from eventstudy.study.window_sample import window_sample

RTOL = 1e-9  # float64 on both sides
BARS = 220
WINDOW = (-2, 3)


def world(rows, names="A", seed=0, markets=None, **columns):
    """Events on given bars of one security each in turn, market-adjusted: an abnormal return is a difference."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(0, 0.01, (BARS, 6)), columns=["M", "N", *"ABCD"])
    symbols = [names[at % len(names)] for at in range(len(rows))]
    events = pd.DataFrame(
        {"event_id": [f"e{at}" for at in range(len(rows))], "symbol": symbols, "bar": rows, **columns}
    )
    study = es.EventStudy(
        model=es.MarketAdjusted(markets or "M"), window=WINDOW, estimation=es.EstimationWindow(40, end=-4), calendar=None,
        mask_events=False,
    )  # fmt: skip
    return study.fit(events, frame), frame


def with_column(result, **columns):
    """Return what was fitted with other columns of the events: nothing is fitted again."""
    fitted = result._fitted
    return replace(fitted, request=replace(fitted.request, frame=fitted.request.frame.assign(**columns)))


APART = list(range(50, 50 + 16 * 9, 9))  # sixteen events, no window of which meets another


# -------------------------------------------------------------------------------------------------------------- averages


def test_the_mean_of_events_apart_has_the_error_of_their_spread():
    result, frame = world(APART, "ABCD")
    car = [(frame[s] - frame["M"]).iloc[bar : bar + 2].sum() for s, bar in zip("ABCD" * 4, APART, strict=True)]
    row = result.caar((0, 1), level=0.9).iloc[0]
    error = np.std(car, ddof=1) / 4
    assert (row["first"], row["last"], row["n"], row["n_sessions"], row["df"]) == (0, 1, 16, 16, 15)
    assert row["test"] == "cross_sectional"
    margin = stats.t.ppf(0.95, 15) * error
    np.testing.assert_allclose(
        row[["caar", "se", "low", "high"]].astype(float),
        [np.mean(car), error, np.mean(car) - margin, np.mean(car) + margin],
        rtol=RTOL,
    )


def test_each_day_has_its_own_mean_and_that_of_the_path_up_to_it():
    result, frame = world(APART, "ABCD")
    table = result.aar(level=0.9)
    assert table["relative_day"].tolist() == [-2, -1, 0, 1, 2, 3]
    ar = np.array([(frame[s] - frame["M"]).iloc[bar - 2 : bar + 4] for s, bar in zip("ABCD" * 4, APART, strict=True)])
    t = stats.t.ppf(0.95, 15)
    for prefix, values in (("", ar), ("caar_", ar.cumsum(axis=1))):
        mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / 4
        np.testing.assert_allclose(table["caar" if prefix else "aar"], mean, rtol=RTOL)
        np.testing.assert_allclose(table[f"{prefix}se"], error, rtol=RTOL)
        np.testing.assert_allclose(table[f"{prefix}low"], mean - t * error, rtol=1e-8)
        np.testing.assert_allclose(table[f"{prefix}high"], mean + t * error, rtol=1e-8)
    assert table[["n", "n_sessions"]].to_numpy().tolist() == [[16, 16]] * 6
    assert set(table["test"]) == set(table["caar_test"]) == {"cross_sectional"}


WEIGHTS = np.array([0.5, 0.0, 2.0, 1.0] * 4)  # by security A, B, C, D


@pytest.mark.parametrize("kind", ["array", "list", "column", "series", "series in another order"])
@pytest.mark.parametrize("by", [None, "half"])
def test_weights_may_be_nought_and_below_one_and_belong_to_their_own_rows(kind, by):
    """Each mean by hand: all, and the halves into which a column cuts them, every other event."""
    half = np.array(["x", "y", "y", "x"] * 4)
    result, _ = world(APART, "ABCD", half=half, w=WEIGHTS)
    one = pd.Series(WEIGHTS[:4], index=list("ABCD"))
    weights = {
        "array": WEIGHTS,
        "list": WEIGHTS.tolist(),
        "column": "w",
        "series": one,
        "series in another order": one.iloc[::-1],
    }
    table = result.caar((0, 1), weights=weights[kind], by=by)
    car = result.car((0, 1))["car"].to_numpy()
    groups = [np.ones(16, bool)] if by is None else [half == "x", half == "y"]
    expected = [np.average(car[some], weights=WEIGHTS[some]) for some in groups]
    np.testing.assert_allclose(table["caar"], expected, rtol=RTOL)
    assert table["n"].tolist() == [int((WEIGHTS[some] > 0).sum()) for some in groups]
    if by:
        assert table.columns[0] == by
        assert table[by].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.zeros(16), "one at least must be positive"),
        (np.r_[-1.0, np.ones(15)], "must not be negative"),
        (-np.ones(16), "must not be negative"),
        (np.ones(15), r"shape \(15,\); give one for each of the 16 rows"),
        (np.ones((16, 1)), "give one for each of the 16 rows"),
        (pd.Series([1.0, 2.0], index=["A", "A"]), "symbol 'A' stands twice"),
        (["a"] * 16, "the array holds what is no number"),
        ("word", "column 'word' holds what is no number"),
        ("none", "names no column"),
    ],
)
def test_weights_that_weigh_nothing_are_refused(weights, words):
    result, _ = world(APART, "ABCD", word=["heavy"] * 16)
    with pytest.raises(StudyError, match=words):
        result.caar((0, 1), weights=weights)


def test_weights_that_miss_a_security_leave_it_out():
    result, _ = world(APART, "ABCD")
    row = result.caar((0, 1), weights=pd.Series({"A": 1.0, "C": 3.0})).iloc[0]
    car = result.car((0, 1))["car"].to_numpy().reshape(4, 4)
    assert row["caar"] == pytest.approx((car[:, 0].sum() + 3 * car[:, 2].sum()) / 16, rel=RTOL)
    assert row["n"] == 8


def test_three_groups_are_compared_two_by_two_and_the_unknown_with_none():
    kind = ["low", "mid", "top", None] * 4
    result, _ = world(APART, "ABCD", kind=kind)
    table = result.compare((0, 1), by="kind", level=0.9)
    assert table[["group", "against"]].to_numpy().tolist() == [["low", "mid"], ["low", "top"], ["mid", "top"]]
    assert table[["first", "last"]].to_numpy().tolist() == [[0, 1]] * 3
    car = result.car((0, 1))["car"].to_numpy().reshape(4, 4)
    for row, (one, other) in zip(table.to_dict("records"), [(0, 1), (0, 2), (1, 2)], strict=True):
        a, b = car[:, one], car[:, other]
        assert (row["n"], row["n_against"]) == (4, 4)
        # HC3 of two groups: the variance of each with the divisor n - 1, once more over n - 1
        error = np.sqrt(a.var() * 4 / 9 + b.var() * 4 / 9)
        np.testing.assert_allclose(
            [row["mean"], row["mean_against"], row["difference"], row["se"], row["statistic"]],
            [a.mean(), b.mean(), a.mean() - b.mean(), error, (a.mean() - b.mean()) / error],
            rtol=RTOL,
        )
        assert row["high"] - row["low"] == pytest.approx(2 * stats.t.ppf(0.95, row["df"]) * error, rel=1e-8)


def test_of_several_securities_each_event_of_a_session_counts_in_a_comparison():
    result, _ = world([60, 60, 60, 60, 90, 90, 90, 90], "ABCD", kind=["x", "y", "y", "x"] * 2)
    row = result.compare((0, 1), by="kind").iloc[0]
    assert (row["n"], row["n_against"]) == (4, 4)
    car = result.car((0, 1))["car"].to_numpy()
    assert row["mean"] == pytest.approx(car[[0, 3, 4, 7]].mean(), rel=RTOL)
    assert row["difference"] == pytest.approx(car[[0, 3, 4, 7]].mean() - car[[1, 2, 5, 6]].mean(), rel=RTOL)


def test_a_comparison_wants_two_groups():
    result, _ = world(APART, "ABCD", one=["x", None] * 8, none=[None] * 16)
    with pytest.raises(StudyError, match="has the group 'x' alone; two are needed"):
        result.compare((0, 1), by="one")
    with pytest.raises(StudyError, match="by='none' is empty"):
        result.compare((0, 1), by="none")


def test_a_missing_car_is_in_no_mean_of_a_comparison():
    result, frame = world(APART, "ABCD", kind=["x", "y"] * 8)
    frame.loc[[50, 51], "A"] = np.nan
    table = result.study.fit(result._fitted.request.frame, frame)
    row = table.compare((0, 1), by="kind").iloc[0]
    car = table.car((0, 1))["car"].to_numpy()
    assert (row["n"], row["n_against"]) == (7, 8)
    np.testing.assert_allclose([row["mean"], row["mean_against"]], [np.nanmean(car[::2]), car[1::2].mean()], rtol=RTOL)


# ---------------------------------------------------------------------------------------------------------------- groups


def test_numbers_are_groups_up_to_a_bound_that_grows_with_the_events_and_words_always_are():
    """Eight at least, half of the events, thirty at most."""
    for n, most in ((12, 8), (16, 8), (17, 8), (18, 9), (30, 15)):
        result, _ = world(list(range(50, 50 + 5 * n, 5)), "ABCD")
        label = np.arange(n) % most
        assert len(split(with_column(result, x=label), "x")) == most
        more = np.where(np.arange(n) == n - 1, most, label)
        with pytest.raises(StudyError, match=f"has {most + 1} different numbers, which make no groups; cut it first"):
            split(with_column(result, x=more), "x")
        words = more.astype(object)
        words[0] = "a word"
        assert len(split(with_column(result, x=words), "x")) > most
        holes = more.astype(float)
        holes[: n - most] = np.nan  # the unknown are a group beside the numbers and make them no words
        if len(set(holes[n - most :])) == most:
            with pytest.raises(StudyError, match="cut it first"):
                split(with_column(result, x=holes), "x")


def test_of_many_events_thirty_numbers_are_groups_and_one_more_is_none():
    result, _ = world(list(range(50, 130)), "ABCD")
    assert len(split(with_column(result, x=np.arange(80) % 30), "x")) == 30
    with pytest.raises(StudyError, match="has 31 different numbers"):
        split(with_column(result, x=np.arange(80) % 31), "x")


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([10, 2, 2, 1], [1, 2, 10]),
        (["b", "a", "b", "c"], ["a", "b", "c"]),
        ([2.0, None, 1.0, 2.0], [1.0, 2.0, "(missing)"]),
        ([10, "a", 2, "a"], [10, 2, "a"]),  # numbers and words: as texts
        ([True, False, True, None], [False, True, "(missing)"]),
    ],
)
def test_groups_stand_in_the_order_of_their_values_and_the_unknown_last(values, order):
    result, _ = world(APART[:4], "AB")
    found = split(with_column(result, x=pd.Series(values, dtype=object)), "x")
    assert [value for value, _ in found] == order
    told = [None if value == "(missing)" else value for value in order]
    assert [group.n for _, group in found] == [sum(one == value for one in values) for value in told]


def test_groups_by_symbol_and_none():
    result, _ = world(APART[:4], "BA")
    assert groups_of(result._fitted, "symbol").tolist() == ["B", "A", "B", "A"]
    assert groups_of(result._fitted, None).tolist() == [""] * 4
    assert [value for value, _ in split(result._fitted, "symbol")] == ["A", "B"]
    with pytest.raises(StudyError, match="is no column of the fitted events"):
        groups_of(result._fitted, "sy")


def test_a_head_is_the_name_of_the_characteristic_unless_a_column_is_called_so():
    assert head_of("size", ["n", "caar"]) == "size"
    assert head_of("n", ["n", "caar"]) == "group"


def test_stances_are_told_apart_where_there_are_two():
    result, _ = world(APART[:4], "A")
    assert usual_group(result._fitted) is None
    assert usual_group(with_column(result, stance=["talks"] * 4)) is None
    assert usual_group(with_column(result, stance=["talks", "mixed"] * 2)) == "stance"


# ----------------------------------------------------------------------------------------------------------------- paths


def cumulated(result):
    return result.tidy()["ar"].to_numpy().reshape(-1, 6).cumsum(axis=1)


def test_a_path_has_the_mean_the_median_and_the_share_of_each_group():
    """One security is the market itself on its days: a return of exactly nought is not positive."""
    result, frame = world(APART, "ABCD")
    frame.loc[48:60, "A"] = frame.loc[48:60, "M"]
    result = result.study.fit(result._fitted.request.frame.assign(kind=["x", "y", "y", "y"] * 4), frame)
    table = path(result._fitted, window=WINDOW, by="kind")
    sums = cumulated(result)
    assert (sums[0] == 0).all()
    for name, rows in {"x": [0, 4, 8, 12], "y": [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15]}.items():
        own = table[table["group"] == name]
        assert own["relative_day"].tolist() == [-2, -1, 0, 1, 2, 3]
        np.testing.assert_allclose(own["caar"], sums[rows].mean(axis=0), rtol=RTOL)
        np.testing.assert_allclose(own["median"], np.median(sums[rows], axis=0), rtol=RTOL)
        np.testing.assert_allclose(own["share_positive"], (sums[rows] > 0).mean(axis=0), rtol=RTOL)
        assert own["n"].tolist() == [len(rows)] * 6
        error = sums[rows].std(axis=0, ddof=1) / np.sqrt(len(rows))
        np.testing.assert_allclose(own["high"] - own["caar"], stats.t.ppf(0.975, len(rows) - 1) * error, rtol=1e-8)


@pytest.mark.parametrize("reference", [-2, 0, 3])
@pytest.mark.parametrize("by", [None, "kind"])
def test_a_path_from_a_day_on_is_nought_there_and_the_sum_of_the_days_between(reference, by):
    result, _ = world(APART, "ABCD", kind=["x", "y"] * 8)
    table = path(result._fitted, window=WINDOW, by=by, reference=reference, level=0.9)
    sums = cumulated(result)
    moved = sums - sums[:, [reference + 2]]
    for name, rows in ({"": slice(None)} if by is None else {"x": slice(0, None, 2), "y": slice(1, None, 2)}).items():
        own, values = table[table["group"] == name].set_index("relative_day"), moved[rows]
        n = len(values)
        for at, day in enumerate(range(-2, 4)):
            row = own.loc[day]
            assert row["n"] == n
            if day == reference:
                assert (row["caar"], row["median"]) == (0, 0)
                assert row[["low", "high", "share_positive"]].isna().all()
                continue
            value = values[:, at]
            margin = stats.t.ppf(0.95, n - 1) * value.std(ddof=1) / np.sqrt(n)
            np.testing.assert_allclose(
                row[["caar", "low", "high", "median"]].astype(float),
                [value.mean(), value.mean() - margin, value.mean() + margin, np.median(value)],
                atol=1e-14, rtol=1e-7,
            )  # fmt: skip


def test_all_events_of_a_session_are_in_a_path_but_of_one_series_the_first():
    shared, _ = world([60, 60, 90, 90], "ABCD")
    table = path(shared._fitted, window=WINDOW)
    np.testing.assert_allclose(table["caar"], cumulated(shared).mean(axis=0), rtol=RTOL)
    assert table["n"].tolist() == [4] * 6
    assert list(table.columns) == ["relative_day", "caar", "low", "high", "n", "median", "share_positive", "group"]
    once, _ = world([60, 60, 90, 120, 120], "A", kind=["y", "x", "x", "x", "y"])
    assert path(once._fitted, window=WINDOW)["n"].tolist() == [3] * 6
    groups = path(once._fitted, window=WINDOW, by="kind")  # the first of each group's own sessions
    assert groups["n"].tolist() == [2] * 6 + [3] * 6
    assert groups.index.tolist() == list(range(12))
    sums = cumulated(once)
    np.testing.assert_allclose(groups["median"], np.r_[np.median(sums[[0, 4]], 0), np.median(sums[1:4], 0)], rtol=RTOL)


@pytest.mark.parametrize("reference", [-3, 4])
def test_a_path_begins_on_a_day_of_its_window(reference):
    result, _ = world(APART, "ABCD")
    with pytest.raises(StudyError, match=rf"reference={reference} lies outside the window \(-2, 3\)"):
        path(result._fitted, window=WINDOW, reference=reference)


def test_the_band_of_a_group_is_that_of_its_own_events():
    result, _ = world(APART, "ABCD", kind=["x", "y"] * 8)
    table = path(result._fitted, window=(-1, 2), by="kind", simultaneous=True, level=0.9, seed=5)
    whole = window_sample(result._fitted, (-1, 2))
    for name, first in (("x", 0), ("y", 1)):
        band = caar_band(take(whole, np.arange(first, 16, 2)), level=0.9, seed=5)
        own = table[table["group"] == name]
        np.testing.assert_allclose(own["low_simultaneous"], band.low, rtol=RTOL)
        np.testing.assert_allclose(own["high_simultaneous"], band.high, rtol=RTOL)


def test_the_band_from_a_day_on_is_that_of_the_moved_paths():
    result, _ = world(APART, "ABCD")
    table = path(result._fitted, window=WINDOW, reference=-1, simultaneous=True, level=0.9, seed=5)
    sums = cumulated(result)
    moved = sums - sums[:, [1]]
    steps = np.column_stack([moved[:, 0], *(moved[:, at] - moved[:, at - 1] for at in range(1, 6))])
    band = caar_band(sample_of(ar=steps, day0=result.car()["session"].to_numpy()), level=0.9, seed=5)
    np.testing.assert_allclose(table["low_simultaneous"], band.low, rtol=1e-7, atol=1e-14)
    np.testing.assert_allclose(table["high_simultaneous"], band.high, rtol=1e-7, atol=1e-14)


# ----------------------------------------------------------------------------------------------------------------- means

CLOSE = [60, 62, 64, 120, 121, 125, 126, 180, 181, 185]  # windows that share bars: every covariance is asked for


@pytest.mark.parametrize("window", [(-2, 3), (-1, 1), (0, 0), (3, 3)])
@pytest.mark.parametrize("markets", [None, {"A": "M", "B": "N", "C": "M", "D": "N"}])
def test_a_mean_of_any_window_rests_on_that_windows_own_sample(window, markets):
    """Estimation windows are looked at once for all windows: the samples are those that are made for each of them."""
    result, _ = world(CLOSE, "BACD", markets=markets)
    fitted = result._fitted
    kept, made = Means(fitted).sample(window), window_sample(fitted, window, placebo=False)
    order = np.argsort(np.concatenate([part.rows for part in fitted.parts]))
    made = take(made, order)
    for name in ("ar", "car", "car_se", "day0", "m"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))
    for name in ("residual", "bar", "design", "window_design"):
        np.testing.assert_array_equal(getattr(kept.estimation, name), getattr(made.estimation, name))


def test_of_one_series_events_of_one_session_are_one_observation_unless_all_are_asked_for():
    result, _ = world([60, 60, 90, 120, 120, 120], "A")
    assert Means(result._fitted).at.tolist() == [0, 2, 3]
    assert Means(result._fitted, once=False).at.tolist() == [0, 1, 2, 3, 4, 5]
    both, _ = world([60, 60, 90], "AB")
    assert Means(both._fitted).at.tolist() == [0, 1, 2]
    assert Means(both._fitted, once=True).at.tolist() == [0, 2]


def test_values_and_weights_of_rows_take_the_place_of_cars():
    result, _ = world(APART, "ABCD")
    values = np.arange(16.0)
    found = Means(result._fitted).over((0, 1), values=values)
    assert (float(found.mean), int(found.n)) == (7.5, 16)
    assert float(found.se) == pytest.approx(values.std(ddof=1) / 4)
    weighed = Means(result._fitted).over((0, 1), values=values, weights=np.r_[np.zeros(14), 1.0, 3.0])
    assert float(weighed.mean) == pytest.approx((14 + 3 * 15) / 4)


@pytest.mark.parametrize("markets", [None, {"A": "M", "B": "N", "C": "M", "D": "N"}])
def test_of_very_many_events_evenly_spaced_ones_stand_for_all(markets, monkeypatch):
    result, _ = world(CLOSE, "BACD", markets=markets)
    monkeypatch.setattr(means_module, "KEPT", 4)
    means = Means(result._fitted)
    some, sample = means._some
    assert some.tolist() == [0, 3, 6, 9]  # of ten, the first and the last
    pieces = means._thinned(some)
    ends = np.cumsum([chosen.size for chosen in means._chosen])
    everything = [(part, row) for part, chosen in enumerate(means._chosen) for row in chosen.tolist()]
    assert [(part, row) for part, rows in enumerate(pieces) for row in rows.tolist()] == [everything[at] for at in some]
    assert ends[-1] == 10
    assert sample.estimation is not None
    assert sample.car.size == 4
    if len(pieces) == 2:
        first, second = means._thinned(np.array([0, 4, 5, 9]))  # the last of one part, and the first of the next
        assert [len(first), len(second)] == [
            sum(at < ends[0] for at in (0, 4, 5, 9)),
            sum(at >= ends[0] for at in (0, 4, 5, 9)),
        ]
    one_date, _ = world([90] * 6, "ABCD", seed=4)
    portfolio = Means(one_date._fitted).over((0, 1))
    assert str(portfolio.how) == "portfolio"
    monkeypatch.setattr(means_module, "KEPT", 10)  # as many as there are: all are looked at
    whole = Means(result._fitted).over((0, 1))
    assert float(Means(one_date._fitted).over((0, 1)).se) == float(portfolio.se) > 0
    monkeypatch.undo()
    assert str(whole.how) == "covariance"
    assert float(Means(result._fitted).over((0, 1)).se) == float(whole.se)
    assert float(whole.mean) == pytest.approx(result.car((0, 1))["car"].mean(), rel=RTOL)
