"""Earnings: the calendar read, and the table against loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import eventstudy as es
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, SourceError
from eventstudy.study.firms.earnings import hit_rate, median_interval, surprise_slope
from loopback import Security, YahooServer, curl_session, requests_session

FIRMS = [f"F{at}" for at in range(8)]


@pytest.fixture(scope="module")
def season():
    """Two hundred announcements of eight firms on sessions of New York, with opens, closes and volumes."""
    rng = np.random.default_rng(0)
    days = pd.DatetimeIndex(sessions("XNYS", pd.Timestamp("2019-01-02"), pd.Timestamp("2023-12-29")))
    returns = pd.DataFrame(rng.normal(0.0005, 0.01, (len(days), 8)), index=days, columns=FIRMS)
    closes = 50 * np.exp(np.log1p(returns).cumsum())
    opens = closes.shift(1).fillna(50) * np.exp(rng.normal(0, 0.005, closes.shape))
    volume = pd.DataFrame(rng.integers(1e5, 1e6, closes.shape), index=days, columns=FIRMS).astype(float)
    rows = [
        (name, days[at], ["bmo", "amc"][at % 2], rng.normal(1, 0.2), 1.0)
        for shift, name in enumerate(FIRMS)
        for at in range(300 + 3 * shift, 1150, 80)
    ]
    rows.append(("F0", days[1180], "", 1.0, 1.0))
    frame = pd.DataFrame(rows, columns=["ticker", "date", "time", "eps", "estimate"])
    return es.load_earnings(frame), es.ReturnPanel(returns, calendar="XNYS"), opens, closes, volume


@pytest.fixture(scope="module")
def result(season):
    events, panel = season[:2]
    study = es.EventStudy(model=es.MeanAdjusted(), window=(-1, 60), estimation=es.EstimationWindow(200, -11))
    return study.fit(events, panel)


@pytest.fixture(scope="module")
def found(result, season):
    _, _, opens, closes, volume = season
    return result.earnings(opens=opens, closes=closes, volume=volume, by="timing", draws=199)


def row_of(found, window, group="all"):
    table = found.table
    return table[(table["group"] == group) & (table["first"] == window[0]) & (table["last"] == window[1])].iloc[0]


def test_sessions_are_those_in_which_the_market_could_react(season, result):
    events = season[0].merge(result.car()[["event_id", "session"]], on="event_id")
    day = events["announced_at"].dt.tz_localize(None).dt.normalize()
    before = events["timing"] == "before"
    assert (events.loc[before, "session"] == day[before]).all()
    assert (events.loc[events["timing"] == "after", "session"] > day[events["timing"] == "after"]).all()


def test_rows_are_those_asked_for_and_groups_stand_beside_all(found):
    assert found.table["window"].nunique() == 7
    assert set(found.table["group"]) == {"all", "before", "after", "unknown"}
    assert row_of(found, (0, 1))["n"] == row_of(found, (0, 0))["n"] + 1  # a day alone counts in (0, 1) only
    assert row_of(found, (0, 0))["left_out"] == 1
    assert row_of(found, (0, 0), "unknown")["n"] == 0


def test_mean_and_p_are_those_of_caar(found, result):
    row = row_of(found, (0, 1))
    mean = result.caar((0, 1)).iloc[0]
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((mean["caar"], mean["low"], mean["high"]), rel=1e-12)
    assert row["pvalue"] == pytest.approx(2 * stats.t.sf(abs(mean["caar"] / mean["se"]), mean["df"]), rel=1e-9)
    own = found.table[found.table["group"] == "all"]
    order = np.argsort(own["pvalue"].to_numpy())
    holm = np.minimum(1, np.maximum.accumulate(own["pvalue"].to_numpy()[order] * np.arange(7, 0, -1)))
    np.testing.assert_allclose(own["pvalue_holm"].to_numpy()[order], holm, rtol=1e-12)


def test_gap_and_session_move_add_up_to_the_return(found, season, result):
    _, panel, opens, closes, volume = season
    car = result.car()
    for at in (0, 17, 60):
        name, day = car.loc[at, "symbol"], car.loc[at, "session"]
        place = closes.index.get_loc(day)
        row = found.events.iloc[at]
        assert row["gap"] == pytest.approx(np.log(opens[name].iloc[place] / closes[name].iloc[place - 1]), abs=1e-12)
        total = np.log1p(panel.frame.loc[day, name])
        assert row["gap"] + row["session_move"] == pytest.approx(total, abs=1e-10)
        usual = np.log1p(volume[name].iloc[place - 65 : place - 5])
        assert row["volume"] == pytest.approx(np.log1p(volume[name].iloc[place]) - usual.mean(), abs=1e-10)
        assert row["volume_sd"] == pytest.approx(row["volume"] / usual.std(ddof=1), abs=1e-10)
    assert np.isnan(found.events.loc[found.events["timing"] == "unknown", "gap"]).all()
    known = found.events["timing"] != "unknown"
    assert row_of(found, (0, 0))["gap"] == pytest.approx(found.events.loc[known, "gap"].mean(), abs=1e-12)
    longer = found.table[(found.table["first"] != 0) | (found.table["last"] != 0)]
    assert len(longer)
    assert longer[["gap", "session_move"]].isna().all(axis=None)  # they are of day 0


def test_median_and_hit_rate_are_exact():
    x = np.random.default_rng(1).normal(size=25)
    middle, low, high = median_interval(x, 0.95)
    ordered = np.sort(x)
    k = max(k for k in range(1, 13) if 2 * sum(stats.binom.pmf(i, 25, 0.5) for i in range(k)) <= 0.05)
    assert (middle, low, high) == (np.median(x), ordered[k - 1], ordered[25 - k])
    assert median_interval(x[:5], 0.95)[1:] == (-np.inf, np.inf)
    told = hit_rate(np.array([1.0, 2.0, -1.0, 0.0, 3.0]), 0.95)
    interval = stats.binomtest(3, 4).proportion_ci(0.95, "exact")
    assert (told["hits"], told["hit_rate"]) == (3, 0.75)
    assert (told["hit_low"], told["hit_high"]) == pytest.approx((interval.low, interval.high), abs=1e-10)


@pytest.mark.slow
def test_the_base_rate_is_that_of_ordinary_days(found, season, result):
    """Over all admissible days: the draws scatter about the loop's mean."""
    panel = season[1]
    frame = panel.frame
    car = result.car()
    rates = []
    for name, own in car.groupby("symbol"):
        at = [frame.index.get_loc(day) for day in own["session"]]
        ordinary = [d for d in range(210, len(frame) - 1) if min(abs(d - one) for one in at) > 5]
        hits = []
        for d in ordinary:
            past = frame[name].iloc[d - 210 : d - 10]
            hidden = [p for p in range(d - 210, d - 10) if any(p - one in (0, 1) for one in at)]
            usual = past.drop(frame.index[hidden]).mean()
            hits.append((frame[name].iloc[d : d + 2] - usual).sum() > 0)
        rates.append((np.mean(hits), len(own)))
    mean, n = np.array(rates).T
    expected = (mean * n).sum() / n.sum()
    assert row_of(found, (0, 1))["base_rate"] == pytest.approx(expected, abs=0.02)
    assert 0 < row_of(found, (0, 1))["hit_pvalue"] <= 1


def test_the_slope_is_that_of_statsmodels():
    rng = np.random.default_rng(2)
    sue, session = rng.normal(size=120), np.arange(120) // 3
    x = 0.02 * stats.rankdata(sue) / 120 + rng.normal(0, 0.02, 120)
    slope, error, p = surprise_slope(x, sue, session, 199, rng)
    z = (stats.rankdata(sue) - 1) / 119 - 0.5
    fit = sm.OLS(x, sm.add_constant(z)).fit(cov_type="cluster", cov_kwds={"groups": session}, use_t=True)
    assert (slope, error) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-10)
    assert p == pytest.approx(2 * stats.t.sf(abs(fit.tvalues[1]), 39), rel=1e-9)
    few = surprise_slope(x[:60], sue[:60], session[:60], 999, np.random.default_rng(0))
    assert 0.001 <= few[2] <= 1


def test_bins_and_plot(found):
    assert found.bins["n"].sum() == found.events["sue"].notna().sum()
    assert found.bins["sue"].is_monotonic_increasing
    assert found.plot().get_xlabel().startswith("surprise")


FRAME = pd.DataFrame(
    {
        "Ticker": ["A", "A", "A", "A"],
        "Earnings Date": ["2024-02-01 16:30", "2024-05-02 07:00", "2024-08-01 11:00", "2024-11-01"],
        "EPS Estimate": [1.0, 1.1, 1.2, np.nan],
        "Reported EPS": [1.1, 1.0, 1.3, 1.4],
    }
)


def test_moments_tell_the_session(tmp_path):
    found = es.load_earnings(FRAME)
    assert found["timing"].tolist() == ["after", "before", "in", "unknown"]
    assert found["surprise"].tolist() == pytest.approx([0.1, -0.1, 0.1, np.nan], nan_ok=True)
    assert str(found["announced_at"].dt.tz) == "America/New_York"
    said = es.load_earnings(
        pd.DataFrame(
            {"Ticker": "A", "date": ["2024-02-01", "2024-05-02", "2024-08-01"], "timing": ["bmo", "dmh", "amc"]}
        )
    )
    assert said["announced_at"].dt.hour.tolist() == [8, 12, 17]
    FRAME.to_csv(tmp_path / "e.csv", index=False)
    FRAME.to_parquet(tmp_path / "e.parquet")
    for name in ("e.csv", "e.parquet"):
        pd.testing.assert_frame_equal(es.load_earnings(tmp_path / name), found)
    assert len(es.load_earnings(FRAME, "A", start="2024-05-01", end="2024-08-01")) == 2
    aware = FRAME.assign(**{"Earnings Date": pd.to_datetime(["2024-02-01 21:30Z"] * 4)}).head(1)
    assert es.load_earnings(aware)["timing"].tolist() == ["after"]


def test_seasonal_surprises_know_only_the_past():
    rng = np.random.default_rng(0)
    eps = rng.normal(1, 0.2, 14)
    frame = pd.DataFrame({"symbol": "A", "date": pd.date_range("2020-01-15", periods=14, freq="QS"), "actual": eps})
    found = es.load_earnings(frame)["seasonal"].to_numpy()
    step = eps[4:] - eps[:-4]
    for at in range(14):
        past = step[: max(at - 4, 0)]
        expected = step[at - 4] / past.std(ddof=1) if len(past) >= 4 else np.nan
        assert found[at] == pytest.approx(expected, rel=1e-12, nan_ok=True)


WRONG = {
    "a date": (FRAME.assign(**{"Earnings Date": ["soon"] * 4}), "row 0, column 'announced_at': 'soon' is no date"),
    "a word": (FRAME.assign(time=["amc", "bmo", "teatime", ""]), "row 2, column 'time': 'teatime' is no word for a time"),
    "a number": (FRAME.assign(**{"Reported EPS": ["1", "x", "2", "3"]}), "row 1, column 'actual': 'x' is no number"),
    "no symbol": (FRAME.drop(columns="Ticker"), "no column 'symbol'"),
    "twice": (pd.concat([FRAME, FRAME.tail(1)]), "A 2024-11-01 is announced twice"),
    "nothing": (FRAME.head(0), "no announcement"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_one_line(name):
    frame, said = WRONG[name]
    with pytest.raises(DataError, match=said):
        es.load_earnings(frame)


@pytest.mark.parametrize("session", [curl_session, requests_session])
def test_yahoos_calendar_comes_through_the_fetcher(session):
    """The real yfinance against a server on this machine; what failed is told, with the reason of the fetcher."""
    rows = [
        ("May 2, 2024 at 7 AM EDT", "1.10", "1.00", "-9.09"),
        ("February 1, 2024 at 4 PM EST", "1.00", "1.10", "+10.0"),
    ]
    ahead = ("July 30, 2099 at 4 PM EDT", "1.20", "-", "-")
    securities = [Security("A", announcements=[ahead, *rows]), Security("B", announcements=rows), Security("GONE")]
    with YahooServer(securities) as server:
        options = {"session": session(server), "tries": 1, "wait": 0.0}
        found = es.load_earnings("yahoo", ["A", "B"], end="2024-12-31", **options)
        assert found["event_id"].tolist() == ["A 2024-02-01", "B 2024-02-01", "A 2024-05-02", "B 2024-05-02"]
        assert found["announced_at"].dt.hour.tolist() == [16, 16, 7, 7]
        assert found["actual"].tolist() == [1.1, 1.1, 1.0, 1.0]
        assert found["consensus"].tolist() == [1.0, 1.0, 1.1, 1.1]
        with pytest.warns(
            es.returns.DataWarning, match="1 of 2 symbols: GONE: NoDataInWindow: Yahoo knows no announcement"
        ):
            assert len(es.load_earnings("yahoo", ["B", "GONE"], **options)) == 2
        with pytest.raises(SourceError, match="no announcement of 'GONE'"):
            es.load_earnings("yahoo", "GONE", **options)
        assert all("finance.yahoo.com/calendar/earnings" in asked for asked in server.requests if "calendar" in asked)
    with pytest.raises(DataError, match="name those that you want"):
        es.load_earnings()
