"""Tables inside the day, against loops over the placebo sessions that they rest on."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration import simulate_bars
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.adjustment import fieller, speed_of

WINDOW = (-1, 4)
MOMENTS = ("2024-04-09 11:00", "2024-04-10 15:45", "2024-04-11 13:30")  # the second ends with its session


@pytest.fixture(scope="module")
def result():
    frame = simulate_bars(symbols=2, days=80, event_every=10_000, jumps_a_day=0).frame
    for moment in MOMENTS[:2]:
        frame.loc[pd.Timestamp(moment, tz="America/New_York"), "A"] += 0.01
    pairs = pd.DataFrame(
        {
            "event_id": list("efg"),
            "symbol": list("AAB"),
            "announced_at": [pd.Timestamp(moment, tz="America/New_York") for moment in MOMENTS],
        }
    )
    study = es.EventStudy(model=es.IntradayModel(base=es.MarketModel("MKT"), days=40), window=WINDOW, calendar="XNYS")
    return study.fit(pairs, es.ReturnPanel(frame, kind="log"))


def inside(result, row):
    return result._fitted.parts[0].abnormal.inside.take(np.array([row]))


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_path_and_its_band_are_those_of_the_placebo_sessions(result, row, level):
    table, ar = result.moment_path(row, level=level), result.tidy().query("event_id == 'efg'[@row]")["ar"].to_numpy()
    assert table["bar"].tolist() == list(range(-1, 5))
    np.testing.assert_array_equal(table["minutes"], 5 * table["bar"])
    there = np.isfinite(ar)
    assert there.all() == (row != 1)
    placebo = [day for day in inside(result, row).placebo_paths(*WINDOW)[0] if np.isfinite(day).any()]
    assert table["placebos"].tolist() == [len(placebo)] * 6
    for at in range(6):
        if not there[at]:  # after the close there is neither
            assert table.loc[at, ["path", "low", "high"]].isna().all()
            continue
        sums = [np.nansum(day[: at + 1]) for day in placebo]
        wanted = [ar[: at + 1].sum(), *np.quantile(sums, [0.5 - level / 2, 0.5 + level / 2])]
        np.testing.assert_allclose(table.loc[at, ["path", "low", "high"]].astype(float), wanted, atol=1e-12)


def test_a_row_that_is_not_there_is_refused(result):
    for row in (3, -1):
        with pytest.raises(StudyError, match=f"there is no security-event {row}; the result has 3, counted from 0"):
            result.moment_path(row)


def test_means_by_bar_are_the_means_of_each_window(result):
    table = result.aar()
    assert table["relative_day"].tolist() == list(range(-1, 5))
    for row in table.to_dict("records"):
        one, path = (result.caar((first, row["relative_day"])).iloc[0] for first in (row["relative_day"], -1))
        for mine, other in (("aar", "caar"), ("se", "se"), ("low", "low"), ("high", "high"), ("n", "n")):
            assert row[mine] == one[other]
        for mine, other in (("caar", "caar"), ("caar_se", "se"), ("caar_low", "low"), ("caar_high", "high")):
            assert row[mine] == path[other]
        car = result.car((row["relative_day"], row["relative_day"]))["car"]
        assert row["aar"] == pytest.approx(car.mean(), abs=1e-12)
        assert row["n"] == car.notna().sum()


@pytest.mark.parametrize("window", [(0, 4), (0, 1)])
def test_scores_are_ranked_among_those_of_the_placebo_sessions(result, window):
    table, speed = result.shift_24h(window), result.speed(window)
    assert table["event_id"].tolist() == speed["event_id"].tolist() == list("efg")
    for row in range(3):
        record = inside(result, row).record(*window)
        known = [abs(value) for value in record.placebo[0] if np.isfinite(value)]
        for name in ("score", "before", "after"):
            own = abs(getattr(record, name)[0])
            assert table[name].iloc[row] == pytest.approx(getattr(record, name)[0], nan_ok=True)
            if np.isfinite(own):
                rank = (1 + sum(value >= own for value in known)) / (len(known) + 1)
                assert table[f"p_{name}"].iloc[row] == pytest.approx(rank)
            else:
                assert np.isnan(table[f"p_{name}"].iloc[row])
        ar = result.tidy().query("event_id == 'efg'[@row] and 0 <= relative_day <= @window[1]")["ar"]
        assert speed["total"].iloc[row] == pytest.approx(ar.sum(), abs=1e-12)
        assert speed["pvalue"].iloc[row] == table["p_score"].iloc[row]
    with pytest.raises(StudyError, match="a window that begins with 0"):
        result.speed((1, 4))


@pytest.mark.parametrize(("later", "count"), [((1, 4), 3), ((3, 4), 2)])  # the close cuts one off
def test_a_reversal_is_of_the_events_that_have_both_windows(result, later, count):
    row = result.reversal((0, 0), later).iloc[0]
    both = [result.car(window)["car"] for window in ((0, 0), later)]
    there = both[0].notna() & both[1].notna()
    assert row["n"] == there.sum() == count
    first, later = (one[there].mean() for one in both)
    np.testing.assert_allclose(
        row[["first", "later", "ratio"]].astype(float), [first, later, -later / first], atol=1e-12
    )
    with pytest.raises(StudyError, match="must begin after"):
        result.reversal((0, 1), (1, 4))


def test_the_pattern_of_each_security_has_a_mean_square_of_one(result):
    table = result.clock_pattern()
    assert table["symbol"].tolist() == ["A"] * 78 + ["B"] * 78
    assert table.index.tolist() == list(range(156))
    assert (table["time"].iloc[0], table["time"].iloc[77]) == ("09:30", "15:55")
    part = result._fitted.parts[0]
    for name, rows in {"A": [0, 1], "B": [2]}.items():
        own = [part.abnormal.inside.take(np.array([row])) for row in rows]
        phi = np.mean([one.fits.held["phi"][one.own_rows()[0]] for one in own], axis=0)
        mine = table.loc[table["symbol"] == name, "volatility"].to_numpy()
        np.testing.assert_allclose(mine, phi)
        assert np.mean(mine**2) == pytest.approx(1, abs=0.05)


def test_what_is_scaled_of_other_sessions_begins_with_the_data(result):
    """Bars before the data are none; the first bar, whose return nobody knows, is none; those after it are."""
    one = inside(result, 0)
    start = -int(one.day0[0])
    found = one.scaled(start - 2, start + 3)[0]
    returns = result.panel.frame["A"].to_numpy()[:4]
    assert np.isfinite(found).tolist() == [False, False, *np.isfinite(returns)]
    assert np.isfinite(found).sum() >= 2
    assert np.unique(found[np.isfinite(found)]).size == np.isfinite(found).sum()
    assert np.isnan(one.scaled(start, start + 3, own=True)).all()  # they are of another session


@pytest.mark.parametrize("level", [0.8, 0.999])
def test_the_speed_of_each_event_is_told_in_minutes_from_its_own_placebo_paths(result, level):
    table = result.speed((0, 3), level=level)
    for row in range(3):
        ar = result.tidy().query("event_id == 'efg'[@row] and 0 <= relative_day <= 3")["ar"].to_numpy()
        noise = inside(result, row).placebo_paths(0, 3)[0]
        one = speed_of(ar, noise, passes=bool(table["pvalue"].iloc[row] <= 1 - level), level=level)
        np.testing.assert_allclose(
            table.loc[row, ["minutes", "low", "high", "at_once"]].astype(float),
            [5 * one.half, 5 * one.low, 5 * one.high, 5 * one.at_once],
        )
    passing = table["pvalue"] <= 1 - level
    assert table["minutes"].notna().tolist() == passing.tolist()
    assert passing.any() == (level == 0.8)
    assert list(table.columns) == ["event_id", "symbol", "total", "pvalue", "minutes", "low", "high", "at_once"]
    assert table["symbol"].tolist() == list("AAB")


@pytest.mark.parametrize(("first", "later"), [((0, 0), (1, 4)), ((0, 1), (2, 2)), ((-1, -1), (1, 2))])
def test_the_set_of_a_reversal_rests_on_the_same_windows_of_other_days(result, first, later):
    """By loops: sums over both windows of each placebo session, their covariance on each event's own day, and Fieller's set."""
    row = result.reversal(first, later, level=0.9).iloc[0]
    both = np.stack([result.car(window)["car"].to_numpy() for window in (first, later)], axis=1)
    there = np.flatnonzero(np.isfinite(both).all(axis=1))
    covariance = np.zeros((2, 2))
    for event in there.tolist():  # each on a day of its own
        pairs = []
        paths = [inside(result, event).placebo_paths(*window)[0] for window in (first, later)]
        for one, other in zip(*paths, strict=True):
            if not np.isnan(one).all():
                pairs.append((np.nansum(one), np.nansum(other)))
        covariance += np.cov(np.transpose(pairs))
    covariance /= there.size**2
    a, b = both[there].mean(axis=0)
    turned = [[covariance[1, 1], -covariance[0, 1]], [-covariance[0, 1], covariance[0, 0]]]
    sets = fieller(-b, a, np.array(turned), level=0.9)
    expected = sets[0] if len(sets) == 1 else (-np.inf, np.inf)
    np.testing.assert_allclose(row[["low", "high"]].astype(float), expected, rtol=1e-9)
    assert row["set"] == " or ".join(f"{low:.3g} to {high:.3g}" for low, high in sets)
    assert row["n"] == there.size


def test_the_usual_coverage_is_95_percent_and_the_usual_row_the_first(result):
    pairs = [
        (result.speed((0, 3)), result.speed((0, 3), level=0.95)),
        (result.reversal((0, 0), (1, 2)), result.reversal((0, 0), (1, 2), level=0.95)),
        (result.moment_path(), result.moment_path(0, level=0.95)),
        (result.aar(), result.aar(level=0.95)),
    ]
    for usual, asked in pairs:
        pd.testing.assert_frame_equal(usual, asked)


def test_windows_of_a_reversal_follow_one_another(result):
    for first, later in (((0, 1), (1, 2)), ((0, 2), (1, 1)), ((1, 1), (0, 0))):
        with pytest.raises(StudyError, match="must begin after the first one"):
            result.reversal(first, later)
    assert result.reversal((0, 1), (2, 2))["n"].item() == 3


def test_a_mean_inside_the_day_has_the_interval_of_the_same_clock(result):
    row, test = result.caar((0, 1), level=0.9).iloc[0], result.test("matched_clock", (0, 1), level=0.9)
    assert (row["first"], row["last"], row["test"]) == (0, 1, "matched_clock")
    assert row[["caar", "se", "low", "high"]].tolist() == [test.estimate, test.se, *test.ci]
    assert (row["n"], row["n_sessions"]) == (3, 3)
    assert np.isnan(row["df"])
    for ask in (lambda: result.caar(weights=np.ones(3)), result.diagnostics, result.abhar):
        with pytest.raises(StudyError, match="needs one estimation window an event"):
            ask()


def test_windows_that_end_with_the_session_are_flagged_and_those_that_end_before_it_are_not(result):
    """The second event has the bars of 15:45, 15:50 and 15:55: three from its moment on."""
    for window, cut in (((0, 1), False), ((0, 2), False), ((0, 3), True), ((-1, 4), True), ((4, 4), True)):
        flags = result.car(window)["flag"].str.contains("to_close").tolist()
        assert flags == [False, cut, False], window


def test_bars_after_the_close_have_no_mean_where_no_event_has_them(result):
    alone = result.study.fit(result._fitted.request.frame.iloc[[1]], result.panel)
    table = alone.aar()
    assert table["n"].tolist() == [1, 1, 1, 1, 0, 0]
    assert table["aar"].notna().tolist() == [True] * 4 + [False] * 2
    assert table["relative_day"].tolist() == list(range(-1, 5))
    assert (len(alone.reversal((0, 0), (3, 4))), alone.reversal((0, 0), (1, 2))["n"].item()) == (0, 1)


def test_each_part_has_its_own_rows_of_paths_and_speeds():
    """Two securities on exchanges of their own are two parts: a row is the row of the pairs that were asked for."""
    frame = simulate_bars(symbols=2, days=60, event_every=10_000, jumps_a_day=0).frame
    days = ("2024-03-20 11:00", "2024-03-21 12:00", "2024-03-22 13:00")
    moments = [pd.Timestamp(day, tz="America/New_York") for day in days]
    pairs = pd.DataFrame({"event_id": list("efg"), "symbol": list("ABA"), "announced_at": moments})

    def fit(calendar, rows=pairs):
        model = es.IntradayModel(base=es.MarketModel("MKT"), days=30)
        study = es.EventStudy(model=model, window=WINDOW, calendar=calendar, mask_events=False)
        return study.fit(rows, es.ReturnPanel(frame, kind="log"))

    both = fit({"A": "XNYS", "B": "XNAS"})
    assert len(both._fitted.parts) == 2
    alone = {name: fit(one, pairs[pairs["symbol"] == name]) for name, one in {"A": "XNYS", "B": "XNAS"}.items()}
    speed, shift = both.speed((0, 4)), both.shift_24h((0, 4))
    place = dict.fromkeys("AB", 0)
    for row, name in enumerate(pairs["symbol"]):
        own, at = alone[name], place[name]
        place[name] += 1
        pd.testing.assert_series_equal(speed.loc[row], own.speed((0, 4)).loc[at], check_names=False)
        pd.testing.assert_series_equal(shift.loc[row], own.shift_24h((0, 4)).loc[at], check_names=False)
    for row, (name, at) in enumerate((("A", 0), ("B", 0), ("A", 1))):
        pd.testing.assert_frame_equal(both.moment_path(row), alone[name].moment_path(at))
    mean = both.reversal((0, 0), (1, 4)).iloc[0]
    assert mean["first"] == pytest.approx(both.car((0, 0))["car"].mean(), abs=1e-15)


def test_other_studies_have_no_tables_inside_the_day():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(0, 0.01, (60, 2)), columns=["M", "A"])
    pairs = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [50]})
    study = es.EventStudy(
        model=es.MarketModel("M"), window=(0, 2), estimation=es.EstimationWindow(30, end=-2), calendar=None
    )
    result = study.fit(pairs, frame)
    for ask in (
        result.speed,
        result.shift_24h,
        result.clock_pattern,
        result.moment_path,
        lambda: result.reversal((0, 0), (1, 1)),
    ):
        with pytest.raises(StudyError, match="is of bars within days: study them with model=IntradayModel"):
            ask()
