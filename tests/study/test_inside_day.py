"""Tables inside the day, against loops over the placebo sessions that they rest on."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calibration import simulate_bars
from eventstudy.errors import StudyError

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
    with pytest.raises(StudyError, match="there is no security-event 3; the result has 3"):
        result.moment_path(3)


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
