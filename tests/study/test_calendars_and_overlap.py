"""Several calendars in one study, overlapping windows, and the policies for both."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import eventstudy as es
from eventstudy.abnormal import (
    DimsonSum,
    GarchMarketModel,
    MarketAdjusted,
    MarketModel,
    MatchedPortfolio,
    MeanAdjusted,
    RobustMarketModel,
)
from eventstudy.calendars import sessions
from eventstudy.errors import StudyError
from eventstudy.study.fit.fit import settled

RTOL = 1e-10  # float64 least squares on both sides
CALENDARS = {"US": "XNYS", "HK": "XHKG", "TK": "XTKS"}


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(6)
    span = (pd.Timestamp("2023-06-01"), pd.Timestamp("2025-06-30"))
    own = {name: sessions(code, *span) for name, code in {**CALENDARS, "M": "XNYS"}.items()}
    every = own["US"].union(own["HK"]).union(own["TK"])
    frame = pd.DataFrame(np.nan, index=every, columns=["M", *CALENDARS])
    for name, days in own.items():
        frame.loc[days, name] = rng.normal(0, 0.01, len(days))
    return frame, own


def events_frame():
    moments = pd.to_datetime(["2025-04-02 16:26", "2025-04-09 13:18", "2025-05-12 03:00"]).tz_localize(
        "America/New_York"
    )
    return pd.DataFrame({"event_id": ["liberation", "pause", "geneva"], "announced_at": moments})


STUDY = {"window": (-1, 3), "estimation": es.EstimationWindow(length=200, end=-5)}


def test_one_announcement_has_a_first_session_in_each_market(world):
    frame, _ = world
    study = es.EventStudy(model=MarketModel("M"), calendar=CALENDARS, **STUDY)
    table = (
        study.fit(events_frame(), frame, symbols="all")
        .car()
        .pivot_table(index="event_id", columns="symbol", values="session", aggfunc="first")
    )
    days = {
        # 16:26 in New York is past the close there and before the open of the 3rd in Asia
        "liberation": {"US": "2025-04-03", "HK": "2025-04-03", "TK": "2025-04-03"},
        # 13:18 in New York is 01:18 and 02:18 of the 10th in Hong Kong and Tokyo
        "pause": {"US": "2025-04-09", "HK": "2025-04-10", "TK": "2025-04-10"},
        # 03:00 in New York is 15:00 in Hong Kong, an hour before its close, and 16:00 in Tokyo, after its own
        "geneva": {"US": "2025-05-12", "HK": "2025-05-12", "TK": "2025-05-13"},
    }
    for event, row in days.items():
        assert {name: f"{table.loc[event, name]:%Y-%m-%d}" for name in row} == row


def test_each_security_is_aligned_on_its_own_sessions(world):
    frame, own = world
    study = es.EventStudy(model=MarketModel("M"), calendar=CALENDARS, mask_events=False, **STUDY)
    table = study.fit(events_frame(), frame, symbols="all").car((0, 2)).set_index(["event_id", "symbol"])
    for (_, symbol), row in table.iterrows():
        local = frame.reindex(own[symbol])
        day0 = local.index.get_loc(row["session"])
        used = local.iloc[day0 - 204 : day0 - 4][["M", symbol]].dropna()  # no bar where New York was closed
        fit = sm.OLS(used[symbol].to_numpy(), sm.add_constant(used["M"].to_numpy())).fit()
        window = local.iloc[day0 : day0 + 3][["M", symbol]].dropna()
        ar = window[symbol] - fit.params[0] - fit.params[1] * window["M"]
        assert row["df"] == len(used) - 2
        assert row["n_bars"] == len(window)
        np.testing.assert_allclose(row["car"], ar.sum(), rtol=RTOL)


def test_tests_see_sessions_of_several_calendars_as_dates(world):
    frame, own = world
    result = es.EventStudy(model=MarketModel("M"), calendar=CALENDARS, **STUDY).fit(
        events_frame(), frame, symbols="all"
    )
    sample = result.sample((0, 1))
    every = own["US"].union(own["HK"]).union(own["TK"])
    by_part = [part.aligned.symbols[0] for part in result._fitted.parts]
    labels = every[sample.day0]
    expected = result.car().set_index(["symbol", "event_id"])["session"]
    assert list(labels) == [
        expected[symbol, event] for symbol in by_part for event in ("liberation", "pause", "geneva")
    ]
    assert result.n_sessions == len(set(labels))
    again = sample.refit(sample.security, sample.day0)
    np.testing.assert_array_equal(again.car, sample.car)
    np.testing.assert_array_equal(again.day0, sample.day0)
    assert sample.admissible.shape == (3, len(every))
    for at, symbol in enumerate(by_part):
        assert not sample.admissible[at, ~every.isin(own[symbol])].any()
    shuffle = np.random.default_rng(0).permutation(sample.m.size)
    mixed = sample.refit(sample.security[shuffle], sample.day0[shuffle])
    np.testing.assert_array_equal(mixed.car, sample.car[shuffle])
    assert result.test("permutation", (0, 1), seed=3).applicable
    assert result.test("bmp", (0, 1)).n == 9


def test_a_symbol_without_a_calendar_is_an_error(world):
    frame, _ = world
    with pytest.raises(StudyError, match="no calendar for 'TK'"):
        es.EventStudy(model=MarketModel("M"), calendar={"US": "XNYS", "HK": "XHKG"}, **STUDY).fit(
            events_frame(), frame, symbols="all"
        )


@pytest.fixture
def plain():
    rng = np.random.default_rng(9)
    bars = 360
    market = rng.normal(0, 0.01, bars)
    values = {"M": market} | {
        name: b * market + rng.normal(0, 0.01, bars) for name, b in zip("ABCD", (0.6, 0.9, 1.1, 1.4), strict=True)
    }
    return pd.DataFrame(values, index=sessions("XNYS", pd.Timestamp("2023-01-03"), pd.Timestamp("2024-12-31"))[:bars])


def bars(frame, rows, symbols=("A", "B")):
    return pd.DataFrame(
        [(f"e{at}", name, frame.index[at]) for at in rows for name in symbols], columns=["event_id", "symbol", "bar"]
    )


def test_overlap_flag_marks_both_and_only_where_windows_meet(plain):
    study = es.EventStudy(model=MarketModel("M"), window=(0, 4), estimation=es.EstimationWindow(end=-1))
    result = study.fit(bars(plain, [300, 303, 330], symbols=("A",)), plain)
    assert result.car()["flag"].tolist() == ["overlap", "overlap", ""]
    assert result.car((0, 2))["flag"].tolist() == ["", "", ""]


def test_overlap_first_keeps_the_first_and_says_so(plain):
    study = es.EventStudy(
        model=MarketModel("M"), window=(0, 4), overlap="first", estimation=es.EstimationWindow(end=-1)
    )
    result = study.fit(bars(plain, [306, 303, 300, 330]), plain)
    assert result.car()["event_id"].tolist() == ["e306", "e306", "e300", "e300", "e330", "e330"]
    assert result.excluded[["event_id", "reason"]].to_numpy().tolist() == [["e303", "overlap"], ["e303", "overlap"]]


def test_overlap_merge_takes_a_chain_for_one_event(plain):
    study = es.EventStudy(
        model=MarketModel("M"), window=(0, 4), overlap="merge", estimation=es.EstimationWindow(end=-1)
    )
    result = study.fit(bars(plain, [300, 303, 306, 330], symbols=("A",)), plain)
    assert result.car()["event_id"].tolist() == ["e300+e303+e306", "e330"]
    assert result.tidy()["event_id"].unique().tolist() == ["e300+e303+e306", "e330"]
    assert result.excluded["reason"].tolist() == ["merged", "merged"]
    alone = es.EventStudy(model=MarketModel("M"), window=(0, 4), estimation=es.EstimationWindow(end=-1)).fit(
        bars(plain, [300, 330], symbols=("A",)), plain
    )
    np.testing.assert_array_equal(result.car()["car"], alone.car()["car"])


def test_joint_regression_of_one_event_is_the_two_step_estimate(plain):
    study = es.EventStudy(model=MarketModel("M"), window=(-1, 3), estimation=es.EstimationWindow(end=-2))
    result = study.fit(bars(plain, [300], symbols=("A",)), plain)
    tidy, joint = result.tidy(), result.joint()
    np.testing.assert_allclose(joint["ar"], tidy["ar"], rtol=RTOL)
    np.testing.assert_allclose(joint["se"], tidy["se"], rtol=RTOL)


def test_joint_regression_of_overlapping_events_is_ols_with_summed_dummies(plain):
    study = es.EventStudy(
        model=MarketModel("M"), window=(0, 4), mask_events=False, estimation=es.EstimationWindow(length=200, end=-1)
    )
    joint = study.fit(bars(plain, [300, 302, 320], symbols=("B",)), plain).joint()
    x = np.zeros((len(plain), 7))
    x[:, 0], x[:, 1] = 1, plain["M"]
    for day in (300, 302, 320):
        for tau in range(5):
            x[day + tau, 2 + tau] += 1
    at = np.arange(100, 325)
    fit = sm.OLS(plain["B"].to_numpy()[at], x[at]).fit()
    np.testing.assert_allclose(joint["ar"], fit.params[2:], rtol=RTOL)
    np.testing.assert_allclose(joint["se"], fit.bse[2:], rtol=RTOL)
    assert (joint["df"] == fit.df_resid).all()
    np.testing.assert_allclose(joint["pvalue"], fit.pvalues[2:], rtol=1e-8)


def test_the_joint_regression_is_a_method_and_for_linear_models(plain):
    with pytest.raises(StudyError, match=r"overlap='flag' and ask result.joint\(\)"):
        es.EventStudy(overlap="joint")
    options = {"window": (0, 4), "estimation": es.EstimationWindow(end=-1)}
    for model in (RobustMarketModel("M"), MarketAdjusted("M"), DimsonSum("M")):
        result = es.EventStudy(model=model, **options).fit(bars(plain, [300, 302], symbols=("A",)), plain)
        with pytest.raises(StudyError, match="linear models whose regressors all securities share"):
            result.joint()


def test_a_match_is_subtracted_from_its_own_security_only(plain):
    study = es.EventStudy(
        model=MatchedPortfolio({"A": "C", "B": ("C", "D")}), window=(0, 2), estimation=es.EstimationWindow(end=-1)
    )
    table = study.fit(bars(plain, [320]), plain).car().set_index("symbol")
    window = plain.iloc[320:323]
    np.testing.assert_allclose(table.loc["A", "car"], (window["A"] - window["C"]).sum(), rtol=RTOL)
    np.testing.assert_allclose(table.loc["B", "car"], (window["B"] - (window["C"] + window["D"]) / 2).sum(), rtol=RTOL)
    difference = (plain["A"] - plain["C"]).iloc[70:320]
    np.testing.assert_allclose(table.loc["A", "se"], difference.std(ddof=1) * np.sqrt(3), rtol=RTOL)
    with pytest.raises(StudyError, match="no match for 'D'"):
        study.fit(bars(plain, [320], symbols=("D",)), plain)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        MarketModel("M"),
        MeanAdjusted(volatility="ewma"),
        DimsonSum("M"),
        GarchMarketModel("M", kind="egarch", minimum=150),
    ],
)
@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_workers_change_no_bit(plain, model, pool):
    holed = plain.copy()
    holed.iloc[250, 1] = np.nan
    study = es.EventStudy(model=model, window=(0, 4), estimation=es.EstimationWindow(length=200, end=-1))
    events = bars(plain, [240, 305, 270, 350], symbols=("D", "A"))
    alone = study.fit(events, holed)
    with pool(2) as workers:
        spread = study.fit(events, holed, executor=workers)
    pd.testing.assert_frame_equal(alone.car(), spread.car(), check_exact=True)
    pd.testing.assert_frame_equal(alone.tidy(), spread.tidy(), check_exact=True)
    pd.testing.assert_frame_equal(alone.excluded, spread.excluded)
    np.testing.assert_array_equal(alone.test("bmp").statistic, spread.test("bmp").statistic)


@pytest.mark.parametrize("strange", [0, 2])
def test_two_days_that_are_no_sessions_speak_against_no_calendar(strange):
    """Of forty days a few are Saturdays: the first day of the data is a day like the others."""
    days = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-06-28"))[: 40 - strange]
    saturdays = [day + pd.Timedelta(days=1) for day in days if day.day_of_week == 4][:strange]
    index = days.union(pd.DatetimeIndex(saturdays))
    panel = es.ReturnPanel(pd.DataFrame({"A": np.linspace(-0.01, 0.01, 40)}, index=index), calendar=None)
    assert settled(es.EventStudy(model=es.MeanAdjusted()), panel).calendar == "XNYS"
