"""Placebo firms of a long horizon, their pairs and the averages, against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import eventstudy as es
from eventstudy.study.firms.long_horizon import _mean, _series, _traits, closest

ROUNDED = 1e-12  # sums of a few numbers
SUMS = 1e-10  # sums and products over many bars
FIRMS = [f"F{at:02d}" for at in range(14)]
BARS, LENGTH, END, LEAST = 130, 40, -6, 30


def world(seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(0, 0.01, (BARS, len(FIRMS))) * rng.uniform(0.7, 1.5, len(FIRMS)), columns=FIRMS)
    frame.iloc[20:31, 13] = np.nan  # 29 usable bars before bar 60: too few
    frame.iloc[20:30, 12] = np.nan  # thirty: enough
    return frame


def fit(frame, events, window, **options):
    """The return itself is the abnormal return: a market that never moves is taken off."""
    study = es.EventStudy(
        model=es.MarketAdjusted("M"),
        window=window,
        estimation=es.EstimationWindow(LENGTH, END, LEAST),
        calendar=None,
        mask_events=False,
        **options,
    )
    rows = pd.DataFrame(events, columns=["event_id", "symbol", "bar"])
    return study.fit(rows, es.ReturnPanel(frame.assign(M=0.0)[["M", *frame.columns]]))


def traits_of(frame, name, day):
    past = frame[name].iloc[max(day - 45, 0) : day - 5].dropna()
    return [(1 + past).prod() - 1, past.std() if len(past) > 1 else 0.0]


def candidates_of(frame, events, day, window):
    span = window[1] - min(window[0], 0) + 1
    busy = {name for _, name, other in events if abs(other - day) <= span}
    return [
        name
        for name in frame.columns
        if name not in busy
        and frame[name].iloc[max(day - 45, 0) : day - 5].notna().sum() >= LEAST
        and np.isfinite(frame[name].iloc[min(max(day + window[0], 0), BARS - 1)])
    ]


def pairs_of(frame, events, window, within):
    """Each event's matched firm and distance, the closest pair of a date first."""
    found = {}
    for day in sorted({day for *_, day in events}):
        here = [(event, name) for event, name, other in events if other == day]
        free = candidates_of(frame, events, day, window)
        traits = {name: traits_of(frame, name, day) for name in {*free, *(name for _, name in here)}}
        scale = np.std(list(traits.values()), axis=0, ddof=1)
        left = list(here)
        while left and free:
            far = {}
            for event, own in left:
                for name in free:
                    step = (np.array(traits[own]) - traits[name]) / scale
                    if (np.abs(step) <= within).all():
                        far[event, own, name] = np.hypot(*step)
            if not far:
                break
            event, own, name = min(far, key=far.get)
            found[event] = (name, far[event, own, name])
            left.remove((event, own))
            free.remove(name)
    return found


EVENTS = {
    "one date and others near it": [
        ("a", "F00", 60), ("b", "F01", 60), ("c", "F02", 65), ("d", "F03", 66), ("e", "F04", 54), ("f", "F05", 55),
    ],
    "little history": [("a", "F00", 35), ("b", "F01", 36), ("c", "F02", 44), ("d", "F03", 45), ("e", "F04", 46)],
    "more than firms bear": [(f"e{at}", name, 60) for at, name in enumerate(FIRMS[:9])],
}  # fmt: skip


@pytest.mark.parametrize("events", EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("window", [(0, 4), (-2, 4), (1, 5)])
def test_matches_are_those_of_a_loop_and_random_firms_are_candidates(events, window):
    frame = world()
    frame.loc[60 + window[0], "F11"] = np.nan  # no return where the window begins: no placebo firm of that date
    result = fit(frame, events, window)
    for within in (0.8, 3.0):
        found = result.long_horizon(within=within)
        expected = pairs_of(frame, events, window, within)
        assert set(found.pairs["event_id"]) == set(expected)
        assert set(found.unmatched["event_id"]) == {event for event, *_ in events} - set(expected)
        for row in found.pairs.itertuples():
            name, far = expected[row.event_id]
            assert row.matched == name
            assert row.distance == pytest.approx(far, abs=SUMS)
            assert row.random in candidates_of(frame, events, row.session, window)
        assert found.unmatched["reason"].str.startswith(f"no firm within {within:g} standard dev").all()
        balance = found.balance.set_index("characteristic")
        days = dict(zip(found.pairs["event_id"], found.pairs["session"], strict=True))
        symbols = dict(zip(found.pairs["event_id"], found.pairs["symbol"], strict=True))
        own = np.mean([traits_of(frame, symbols[event], day) for event, day in days.items()], axis=0)
        other = np.mean([traits_of(frame, expected[event][0], day) for event, day in days.items()], axis=0)
        every = [
            np.mean([traits_of(frame, name, day) for name in candidates_of(frame, events, day, window)], axis=0)
            for day in days.values()
        ]
        told = balance.loc[["runup", "volatility"], ["events", "matches", "candidates"]].to_numpy().T
        np.testing.assert_allclose(told, [own, other, np.mean(every, axis=0)], atol=SUMS)


def test_random_firms_are_used_once_a_date_while_there_are_enough():
    frame, firms = world(), 0
    for seed in range(4):
        pairs = fit(frame, EVENTS["more than firms bear"], (0, 4)).long_horizon(within=9.0, seed=seed).pairs
        firms = len(candidates_of(frame, EVENTS["more than firms bear"], 60, (0, 4)))
        assert len(pairs) == firms == 4
        assert pairs["matched"].nunique() == 4
    few = [(f"e{at}", name, 60) for at, name in enumerate(FIRMS[:3])]
    drawn = [tuple(fit(frame, few, (0, 4)).long_horizon(within=9.0, seed=seed).pairs["random"]) for seed in range(8)]
    assert all(len(set(three)) == 3 for three in drawn)
    assert len(set(drawn)) > 4  # the seed decides


def test_a_window_beyond_an_end_of_the_panel_is_looked_at_from_the_bar_at_that_end():
    frame = world(1)
    frame.loc[BARS - 1, "F12"] = np.nan
    ends = [("a", "F00", BARS - 2), ("b", "F01", 90), ("c", "F02", 90)]
    found = fit(frame, ends, (0, 5)).long_horizon((3, 5), within=99.0)
    assert found.unmatched["event_id"].tolist() == ["a"]
    frame.loc[0, "F12"] = np.nan
    study = es.EventStudy(
        model=es.MarketAdjusted("M"),
        window=(-2, 2),
        estimation=es.EstimationWindow(after=(6, 40)),
        calendar=None,
        mask_events=False,
    )
    events = pd.DataFrame({"event_id": [f"e{at}" for at in range(6)], "symbol": FIRMS[:6], "bar": 1})
    pairs = study.fit(events, es.ReturnPanel(frame.assign(M=0.0))).long_horizon(within=99.0).pairs
    assert len(pairs) == 6
    assert set(pairs["matched"]) <= set(FIRMS[6:]) - {"F12"}


def test_without_any_history_there_is_nothing_to_be_like():
    frame = world(1)
    study = es.EventStudy(
        model=es.MarketAdjusted("M"), window=(0, 2), estimation=es.EstimationWindow(LENGTH, END, 0), calendar=None
    )
    events = pd.DataFrame({"event_id": ["a", "b", "c"], "symbol": ["F00", "F01", "F02"], "bar": [3, 60, 90]})
    found = study.fit(events, es.ReturnPanel(frame.assign(M=0.0))).long_horizon((0, 2), within=9.0)
    assert found.unmatched["event_id"].tolist() == ["a"]
    assert found.pairs["event_id"].tolist() == ["b", "c"]


def test_pairs_whose_placebo_firm_has_no_return_in_the_window_are_left_out_and_told():
    frame = world()
    frame["F08"] = frame["F00"]  # the closest there can be
    frame.loc[62, "F08"] = np.nan
    found = fit(frame, [("a", "F00", 60), ("b", "F01", 80)], (0, 4), missing="strict").long_horizon(within=9.0)
    assert found.pairs["event_id"].tolist() == ["b"]
    assert found.unmatched[["event_id", "reason"]].to_numpy().tolist() == [
        ["a", "a placebo firm has no abnormal return in the window"]
    ]
    assert (found.table["n"].iloc[:3] == 1).all()


def test_all_measures_and_averages_by_calendar_are_those_of_loops():
    frame = world()
    events = [("a", "F00", 60), ("b", "F01", 62), ("c", "F02", 62), ("d", "F03", 85), ("e", "F04", 100)]
    found = fit(frame, events, (-1, 3)).long_horizon((0, 3), within=9.0, level=0.9)
    pairs = found.pairs
    assert pairs["event_id"].tolist() == list("abcde")

    def path(name, day):
        return frame[name].iloc[day : day + 4].to_numpy()

    kinds = {
        kind: np.array([path(row[kind], row["session"]) for _, row in pairs.iterrows()])
        for kind in ("symbol", "random", "matched")
    }
    size = {
        "sum": lambda r: r.sum(axis=1),
        "log": lambda r: np.log(1 + r).sum(axis=1),  # less that of a market that stands still
        "bhar": lambda r: (1 + r).prod(axis=1) - 1,
    }
    session = pairs["session"].to_numpy()
    for measure, of in size.items():
        t, r, m = (of(kinds[kind]) for kind in ("symbol", "random", "matched"))
        rows = found.table[found.table["measure"] == measure].set_index("part")
        assert list(rows.index) == ["naive", "mechanical", "reversion", "corrected"]
        for part, x in {"naive": t, "mechanical": r, "reversion": m - r, "corrected": t - m}.items():
            row = rows.loc[part]
            assert row["estimate"] == pytest.approx(x.mean(), abs=SUMS)
            assert row[["n", "n_sessions"]].tolist() == [5, 4]
            left = x - x.mean()
            score = sum(left[session == one].sum() ** 2 / (1 - (session == one).mean()) for one in np.unique(session))
            assert row["se"] == pytest.approx(np.sqrt(score) / 5, abs=SUMS)
            reach = stats.t.ppf(0.95, row["df"]) * row["se"]
            assert (row["low"], row["high"]) == pytest.approx((x.mean() - reach, x.mean() + reach), abs=SUMS)
            assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(x.mean()) / row["se"], row["df"]), rel=1e-9)
    parts = {
        "naive": kinds["symbol"],
        "mechanical": kinds["random"],
        "reversion": kinds["matched"] - kinds["random"],
        "corrected": kinds["symbol"] - kinds["matched"],
    }
    rows = found.table[found.table["measure"] == "calendar_time"].set_index("part")
    assert len(found.table) == 16
    for part, values in parts.items():
        by_bar = {}
        for day, own in zip(session, values, strict=True):
            for shift, value in enumerate(own):
                by_bar.setdefault(day + shift, []).append(value)
        mean = np.array([np.mean(of) for of in by_bar.values()])
        row, error = rows.loc[part], 4 * mean.std(ddof=1) / np.sqrt(mean.size)
        assert row[["n", "n_sessions", "df"]].tolist() == [14, 14, 13]  # bars 60 to 65, 85 to 88, 100 to 103
        assert (row["estimate"], row["se"]) == pytest.approx((4 * mean.mean(), error), abs=SUMS)
        reach = stats.t.ppf(0.95, 13) * error
        assert (row["low"], row["high"]) == pytest.approx((4 * mean.mean() - reach, 4 * mean.mean() + reach), abs=SUMS)
        assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(4 * mean.mean()) / error, 13), rel=1e-9)
    assert found.paths["relative_day"].tolist() == [0, 1, 2, 3]
    sums = {
        name: kinds[kind].mean(axis=0).cumsum()
        for name, kind in (("events", "symbol"), ("random", "random"), ("matched", "matched"))
    }
    for name, expected in {**sums, "corrected": sums["events"] - sums["matched"]}.items():
        np.testing.assert_allclose(found.paths[name], expected, atol=SUMS)
    lines = {line.get_label(): line for line in found.plot().lines}
    for name in ("events", "random", "matched", "corrected"):
        np.testing.assert_allclose(lines[name].get_ydata(), 100 * found.paths[name], atol=SUMS)
    assert lines["corrected"].get_linewidth() > lines["events"].get_linewidth()


def test_days_that_no_pair_has_add_nothing_to_the_path():
    frame = world()
    frame.loc[62] = np.nan
    found = fit(frame, [("a", "F00", 60), ("b", "F01", 60)], (0, 3)).long_horizon(within=9.0)
    own = frame.loc[60:63, ["F00", "F01"]].mean(axis=1).fillna(0.0).cumsum()
    np.testing.assert_allclose(found.paths["events"], own, atol=SUMS)
    log = np.log1p(frame.loc[60:63, ["F00", "F01"]]).sum().mean()
    row = found.table[(found.table["measure"] == "log") & (found.table["part"] == "naive")].iloc[0]
    assert row["estimate"] == pytest.approx(log, abs=SUMS)


def test_log_returns_have_sums_alone():
    frame = world()
    study = es.EventStudy(
        model=es.MarketAdjusted("M"), window=(0, 3), estimation=es.EstimationWindow(LENGTH, END), calendar=None
    )
    events = pd.DataFrame({"event_id": ["a", "b"], "symbol": ["F00", "F01"], "bar": [60, 90]})
    panel = es.ReturnPanel(frame.assign(M=0.0), kind="log")
    found = study.fit(events, panel).long_horizon(within=9.0)
    assert list(dict.fromkeys(found.table["measure"])) == ["sum", "calendar_time"]


def test_the_traits_are_the_compounded_return_and_the_standard_deviation():
    past = np.array([[0.1, 0.2, np.nan], [0.1, -0.1, 0.3], [np.nan, np.nan, 0.5], [np.nan] * 3])
    expected = [
        [1.1 * 1.2 - 1, np.std([0.1, 0.2], ddof=1)],
        [1.1 * 0.9 * 1.3 - 1, np.std([0.1, -0.1, 0.3], ddof=1)],
        [0.5, 0.0],
        [0.0, 0.0],
    ]
    np.testing.assert_allclose(_traits(past), expected, atol=ROUNDED)


def test_a_pair_may_lie_exactly_as_far_apart_as_is_allowed_and_of_two_as_close_the_first_is_taken():
    own, others = np.array([[0.0, 0.0], [4.0, 4.0]]), np.array([[1.0, 0.0], [-1.0, 0.0], [4.0, 2.0]])
    found = closest(own, others, np.array([1.0, 2.0]), 1.0)
    assert found == [(0, 0, 1.0), (1, 2, 1.0)]
    assert closest(own, others, np.array([1.0, 2.0]), 0.99) == []
    assert closest(own[:1], np.zeros((1, 2)), np.array([0.0, 1.0]), 1.0) == []  # nothing to measure by
    twice = closest(np.array([[0.0], [0.1]]), np.array([[0.0], [5.0]]), np.array([1.0]), 1.0)
    assert twice == [(0, 0, 0.0)]  # a firm is used once


def test_of_one_session_firms_are_taken_for_independent():
    x = np.array([0.01, 0.03, 0.02, 0.06])
    for session, df in ((np.zeros(4, dtype=int), 3.0), (np.array([0, 0, 1, 1]), 1.0)):
        row = _mean(x, session, 0.9)
        error = x.std(ddof=1) / 2 if df == 3 else np.sqrt(2 * (x[:2] - 0.03).sum() ** 2 / (1 / 2)) / 4
        assert (row["estimate"], row["se"], row["df"]) == pytest.approx((0.03, error, df), abs=SUMS)
        reach = stats.t.ppf(0.95, df) * error
        assert (row["low"], row["high"]) == pytest.approx((0.03 - reach, 0.03 + reach), abs=SUMS)
        assert row["pvalue"] == pytest.approx(2 * stats.t.sf(0.03 / error, df), rel=1e-9)
        assert row["n_sessions"] == (1 if df == 3 else 2)
    gap = _mean(np.array([0.01, np.nan, 0.03]), np.array([0, 1, 2]), 0.9)
    assert (gap["estimate"], gap["n"], gap["n_sessions"]) == (pytest.approx(0.02), 2, 3)


def test_a_series_of_one_session_has_no_error_and_of_no_spread_no_p_value():
    one = _series(pd.Series([0.02]), 0.95, (0, 4))
    assert one["estimate"] == pytest.approx(0.1)
    assert (one["df"], one["n"], one["n_sessions"]) == (0, 1, 1)
    assert np.isnan([one["se"], one["low"], one["high"], one["pvalue"]]).all()
    two = _series(pd.Series([0.01, 0.03]), 0.95, (-1, 3))
    error = 5 * 0.02 / np.sqrt(2) / np.sqrt(2)  # five days; the sd of two is their distance over the root of two
    assert (two["estimate"], two["se"]) == pytest.approx((0.1, error), abs=ROUNDED)
    assert two["high"] - two["estimate"] == pytest.approx(stats.t.ppf(0.975, 1) * error, rel=1e-9)
    assert two["pvalue"] == pytest.approx(2 * stats.t.sf(0.1 / error, 1), rel=1e-9)
    flat = _series(pd.Series([0.25, 0.25]), 0.95, (0, 0))
    assert (flat["estimate"], flat["se"]) == (0.25, 0.0)
    assert np.isnan(flat["pvalue"])


def test_events_without_a_firm_like_theirs_are_in_no_average_and_stand_apart():
    frame = world()
    frame.loc[10:70, ["F01", "F03"]] *= 40.0  # nobody else is as wild
    events = [("a", "F00", 60), ("b", "F01", 60), ("c", "F02", 62), ("d", "F03", 62), ("e", "F04", 90)]
    found = fit(frame, events, (-1, 3)).long_horizon((0, 3), within=3.0)
    names = ["event_id", "symbol", "session"]
    assert found.pairs[names].to_numpy().tolist() == [["a", "F00", 60], ["c", "F02", 62], ["e", "F04", 90]]
    assert found.unmatched[[*names]].to_numpy().tolist() == [["b", "F01", 60], ["d", "F03", 62]]
    for table, columns in (
        (found.pairs, [*names, "random", "matched", "distance"]),
        (found.unmatched, [*names, "reason"]),
    ):
        assert table.columns.tolist() == columns
        assert table.index.tolist() == list(range(len(table)))
    kinds = {
        kind: np.array([frame[row[kind]].iloc[row["session"] :][:4] for _, row in found.pairs.iterrows()])
        for kind in ("symbol", "random", "matched")
    }
    for name, kind in (("events", "symbol"), ("random", "random"), ("matched", "matched")):
        np.testing.assert_allclose(found.paths[name], kinds[kind].mean(axis=0).cumsum(), atol=SUMS)
    by_bar = {}
    for day, own in zip((60, 62, 90), kinds["symbol"], strict=True):
        for shift, value in enumerate(own):
            by_bar.setdefault(day + shift, []).append(value)
    row = found.table[(found.table["measure"] == "calendar_time") & (found.table["part"] == "naive")].iloc[0]
    assert row["n"] == len(by_bar) == 10  # bars 60 to 65 and 90 to 93
    assert row["estimate"] == pytest.approx(4 * np.mean([np.mean(one) for one in by_bar.values()]), abs=SUMS)


def test_a_logarithm_is_taken_off_that_of_what_was_to_be_expected():
    """A mean that does not vanish: of returns r with expectation m the sum of ln(1 + r) - ln(1 + m)."""
    frame = world() + 0.004
    study = es.EventStudy(
        model=es.MeanAdjusted(), window=(0, 3), estimation=es.EstimationWindow(LENGTH, END, LEAST), calendar=None
    )
    events = pd.DataFrame({"event_id": ["a", "b"], "symbol": ["F00", "F01"], "bar": [60, 90]})
    found = study.fit(events, es.ReturnPanel(frame)).long_horizon(within=9.0)

    def log(name, day):
        expected = frame[name].iloc[day - 45 : day - 5].mean()
        return sum(np.log1p(frame[name].iloc[day + shift]) - np.log1p(expected) for shift in range(4))

    for part, kind in (("naive", "symbol"), ("mechanical", "random")):
        row = found.table[(found.table["measure"] == "log") & (found.table["part"] == part)].iloc[0]
        of = [log(pair[kind], pair["session"]) for _, pair in found.pairs.iterrows()]
        assert row["estimate"] == pytest.approx(np.mean(of), abs=SUMS)
