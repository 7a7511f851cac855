"""Which bar: every day of the data counts once, news lands where it could act, and what is unsure says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.calendars import fitting, sessions
from eventstudy.errors import DataError, EventStudyError, StudyError
from eventstudy.returns import freeze
from eventstudy.returns._sessions import bar_kind, label_side
from eventstudy.returns.bars import Bars
from eventstudy.returns.remote import RemoteSource

WINDOW = {"estimation": es.EstimationWindow(120, end=-6), "window": (-5, 5)}


def days(n, end, calendar="XNYS"):
    last = pd.Timestamp(end)
    return sessions(calendar, last - pd.Timedelta(days=int(n * 1.7) + 30), last)[-n:]


def world(index, seed=0, **jumps):
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.008, len(index))
    frame = pd.DataFrame({"M": market, "A": market + rng.normal(0, 0.01, len(index))}, index=index)
    for day, jump in jumps.items():
        frame.loc[day.strip("_").replace("_", "-"), "A"] += jump
    return frame


def announced(moment, zone="America/New_York", **more):
    return pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "announced_at": [pd.Timestamp(moment, tz=zone)], **more})


def fit(events, returns, **options):
    return es.EventStudy(model=es.MarketModel("M"), **{**WINDOW, **options}).fit(events, returns)


def by_hand(frame, day0, first, last, length=120, end=-6):
    """Market-model CAR by plain numpy."""
    at = frame.index.get_loc(pd.Timestamp(day0))
    used, tested = slice(at + end - length + 1, at + end + 1), slice(at + first, at + last + 1)
    slope, constant = np.polyfit(frame["M"].to_numpy()[used], frame["A"].to_numpy()[used], 1)
    return float((frame["A"] - constant - slope * frame["M"]).to_numpy()[tested].sum())


# ------------------------------------------------------------------------------------------------- days that are no session


@pytest.mark.parametrize(
    ("calendar", "day", "session", "end"),
    [
        ("XBOM", "2025-02-01", "2025-02-03", "2025-02-28"),  # the budget, a Saturday
        ("XNYS", "2025-05-24", "2025-05-27", "2025-06-30"),  # a Saturday before a long week-end
        ("XTKS", "2025-05-03", "2025-05-07", "2025-06-16"),  # within Golden Week
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_a_return_of_a_day_that_is_no_session_is_put_together_with_the_next(calendar, day, session, end, log):
    index = days(200, end, calendar).union([pd.Timestamp(day)])
    frame = world(index)
    frame.loc[day, "A"] += 0.05
    result = fit(announced(f"{day} 11:00"), es.ReturnPanel(frame, kind="log" if log else "simple"), calendar=calendar)
    row = result.car((0, 1)).iloc[0]
    joined = frame.drop(pd.Timestamp(day))
    both = frame.loc[day] + frame.loc[session] if log else (1 + frame.loc[day]) * (1 + frame.loc[session]) - 1
    joined.loc[session] = both
    assert (row["session"], row["flag"]) == (pd.Timestamp(session), "off_calendar")
    assert row["car"] == pytest.approx(by_hand(joined, session, 0, 1), abs=1e-12)
    assert result.car((2, 3))["flag"].item() == ""
    assert (
        any(text.startswith("off_calendar: 1 of 1") for text in result.test("cross_sectional").doubts) or result.n == 1
    )


def test_the_doubts_of_the_tests_and_the_excluded_name_it():
    index = days(200, "2025-02-28", "XBOM").union([pd.Timestamp("2025-02-01")])
    frame = world(index).assign(B=lambda table: table["A"] * 1.1 + 0.001, C=np.nan)
    pairs = (
        announced("2025-02-01 11:00")
        .drop(columns="symbol")
        .merge(pd.DataFrame({"symbol": ["A", "B", "C"]}), how="cross")
    )
    table = fit(pairs, frame, calendar="XBOM")
    doubts = table.tests((0, 1), full=True).query("applicable")["doubts"]
    assert len(doubts)
    assert all(any("off_calendar: 2 of 2" in text for text in one) for one in doubts)
    assert table.excluded["detail"].str.contains("missing in the panel").any()


def test_a_calendar_that_lacks_one_day_in_twenty_is_refused_with_the_one_that_fits():
    every = pd.date_range("2024-01-01", "2024-08-31")
    with pytest.raises(DataError, match="calendar='24/7' fits them"):
        fit(announced("2024-07-19 11:00"), world(every), calendar="XNYS")
    with pytest.raises(DataError, match="calendar='24/7' fits them"):
        es.load_returns(source=world(every).add(1).cumprod())
    tokyo = world(days(300, "2025-06-30", "XTKS"))
    with pytest.raises(DataError, match="calendar='XTKS' fits them"):  # nobody named one: New York's fits less well
        fit(announced("2025-05-20 11:00"), tokyo)
    assert fitting(tokyo.index) == "XTKS"


def test_a_file_takes_the_exchange_that_its_symbols_name(tmp_path):
    index = days(60, "2025-07-11", "XTKS")
    prices = pd.DataFrame({"7203.T": np.linspace(100, 120, 60)}, index=index.rename("date"))
    prices.to_csv(tmp_path / "p.csv")
    for source in (prices, tmp_path / "p.csv"):
        panel = es.load_returns(source=source)
        assert panel.calendar == "XTKS"
        assert panel.frame["7203.T"]["2025-07-07"] == pytest.approx(
            prices["7203.T"].pct_change()["2025-07-07"], rel=1e-12
        )
    mixed = es.load_prices(source=prices.join(pd.Series(1.0, days(60, "2025-07-11"), name="NVDA"), how="outer"))
    assert (mixed.calendar, mixed.calendars) == ("XNYS", {"7203.T": "XTKS"})


def test_a_panel_hands_its_calendar_to_the_study():
    index = days(200, "2025-06-16", "XTKS")
    panel = es.ReturnPanel(world(index), calendar="XTKS")
    result = fit(announced("2025-05-19 16:30", "Asia/Tokyo"), panel)
    assert result.study.calendar == "XTKS"
    assert result.car()["session"].item() == pd.Timestamp("2025-05-20")
    assert fit(announced("2025-05-19 11:00"), world(days(200, "2025-06-16"))).study.calendar == "XNYS"


@pytest.mark.parametrize(
    ("shut", "reacts"), [(["2023-09-01"], "2023-09-04"), (["2023-09-07", "2023-09-08"], "2023-09-11")]
)
def test_a_day_that_all_symbols_lack_was_no_session(shut, reacts, tmp_path):
    index = days(200, "2023-09-29", "XHKG").difference(pd.DatetimeIndex(shut))
    returns = world(index, **{f"_{reacts.replace('-', '_')}": 0.10}).assign(B=lambda table: table["M"])
    prices = es.load_prices(source=100 * (1 + returns).cumprod(), calendar="XHKG")
    assert not prices.frame.index.isin(pd.DatetimeIndex(shut)).any()
    assert (prices.quality["missing"] == 0).all()
    panel = es.ReturnPanel.from_prices(prices)
    for moment in (f"{shut[0]} 10:00", f"{shut[-1]} 12:00"):
        row = fit(announced(moment, "Asia/Hong_Kong"), panel, calendar="XHKG").car((0, 0)).iloc[0]
        assert (row["session"], row["n_bars"]) == (pd.Timestamp(reacts), 1)
        assert row["car"] == pytest.approx(by_hand(returns.iloc[1:], reacts, 0, 0), abs=1e-12)
    again = es.load_prices(source=freeze(prices, tmp_path / "kept"), calendar="XHKG")
    assert again.digest == prices.digest


def test_a_day_that_one_symbol_lacks_is_a_hole():
    index = days(60, "2025-06-30")
    prices = (1 + world(index)).cumprod()
    prices.loc["2025-06-10", "A"] = np.nan
    assert es.load_returns(source=prices).frame["A"].isna().to_numpy().nonzero()[0].tolist() == [0, 46, 47]
    alone = prices[["M"]].drop(pd.Timestamp("2025-06-10"))
    assert es.load_returns(source=alone).frame["M"].isna().sum() == 3  # of one symbol nobody can tell


# ------------------------------------------------------------------------------------------------------ calendars that fail


class Fake(RemoteSource):
    name = "fake"

    def one(self, symbol, start, end, deadline):  # noqa: ARG002  what a source is asked
        index = pd.DatetimeIndex(days(100, "2025-06-30"), name="date")
        return Bars(pd.DataFrame({"close": np.linspace(100.0, 120.0, len(index))}, index=index).loc[start:end], {})


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["HTO.AT", "TEVA.TA"])
def test_an_exchange_without_a_calendar_fails_by_itself(broken):
    made = Fake(cache=None, now=lambda: pd.Timestamp("2025-07-15", tz="UTC"))
    try:
        sessions({"HTO.AT": "ASEX", "TEVA.TA": "XTAE"}[broken], pd.Timestamp("2025-03-03"), pd.Timestamp("2025-06-30"))
    except EventStudyError:
        panel = es.load_prices(["NVDA", broken], start="2025-03-03", end="2025-06-30", source=made)
        assert panel.symbols == ["NVDA"]
        assert "calendar" in str(panel.failures[broken])
        frame = pd.DataFrame({"NVDA": 1.0, broken: 2.0}, index=days(60, "2025-06-30"))
        assert list(es.load_prices(source=frame).failures) == [broken]
        with pytest.raises(EventStudyError, match="calendar"):
            es.load_prices(source=frame[[broken]])


# ------------------------------------------------------------------------------------------------------------- kinds of bars


@pytest.mark.parametrize(
    ("index", "kind", "side"),
    [
        (pd.date_range("2024-01-01", periods=30, freq="W-MON"), "weeks", "start"),
        (pd.date_range("2024-01-05", periods=30, freq="W-FRI"), "weeks", "end"),
        (pd.date_range("2024-01-05", periods=30, freq="W-SUN"), "weeks", None),
        (pd.date_range("2020-01-01", periods=30, freq="MS"), "months", "start"),
        (pd.date_range("2020-01-01", periods=30, freq="ME"), "months", "end"),
        (pd.date_range("2020-01-01", periods=30, freq="BME"), "months", "end"),
        (pd.date_range("2020-01-15", periods=30, freq="31D"), "months", None),
        (pd.bdate_range("2024-01-01", periods=30), "sessions", None),
        (pd.date_range("2024-01-01", periods=30, freq="h", tz="UTC"), "minutes", "start"),
        (pd.RangeIndex(30), "rows", None),
    ],
)
def test_a_panel_knows_what_its_bars_are(index, kind, side):
    assert (bar_kind(index), label_side(index)) == (kind, side)
    panel = es.ReturnPanel(world(index))
    assert (panel.bars, panel.label) == (kind, side)
    if side is None:
        assert es.ReturnPanel(world(index), label="end").label == "end"


@pytest.mark.parametrize(
    ("freq", "moment", "bar"),
    [
        ("W-MON", "2024-06-05 16:30", "2024-06-03"),
        ("W-MON", "2024-06-08 11:00", "2024-06-10"),  # a Saturday: the next week could react
        ("W-FRI", "2024-06-05 16:30", "2024-06-07"),
        ("W-FRI", "2024-06-08 11:00", "2024-06-14"),
        ("MS", "2024-06-05 16:30", "2024-06-01"),
        ("ME", "2024-06-05 16:30", "2024-06-30"),
    ],
)
def test_news_lands_on_the_week_or_month_that_holds_it(freq, moment, bar):
    index = pd.date_range("2012-01-01", "2025-06-30", freq=freq)
    frame = world(index)
    frame.loc[bar, "A"] += 0.3
    options = {"estimation": es.EstimationWindow(52, end=-3), "window": (-2, 2)}
    for returns in (frame, es.ReturnPanel(frame)):
        row = fit(announced(moment), returns, **options).car((0, 0)).iloc[0]
        assert row["car"] > 0.2


def test_a_week_whose_label_does_not_tell_is_asked_for():
    frame = world(pd.date_range("2020-07-05", periods=260, freq="W-SUN"))
    options = {"estimation": es.EstimationWindow(52, end=-3), "window": (-2, 2)}
    with pytest.raises(StudyError, match="label='start'"):
        fit(announced("2024-06-05 11:00"), frame, **options)
    for side, bar in (("start", "2024-06-02"), ("end", "2024-06-09")):
        told = [fit(announced("2024-06-05 11:00"), frame, label=side, **options)]
        told.append(fit(announced("2024-06-05 11:00"), es.ReturnPanel(frame, label=side), **options))
        assert [one._fitted.parts[0].placed.position[0] for one in told] == [frame.index.get_loc(bar)] * 2


@pytest.mark.parametrize("freq", ["W-FRI", "ME"])
def test_weeks_and_months_are_not_laid_over_a_daily_calendar(freq):
    frame = world(pd.date_range("2020-07-03", periods=60, freq=freq))
    for act in (
        lambda: es.load_returns(source=frame.add(1).cumprod()),
        lambda: es.load_prices(source=frame.add(1).cumprod()),
        lambda: fit(announced("2022-06-05 11:00"), frame, calendar="XNYS"),
    ):
        with pytest.raises(EventStudyError, match="calendar=None"):
            act()


@pytest.mark.parametrize("freq", ["1min", "5min", "30min", "1h"])
def test_moments_without_a_zone_are_refused_at_both_doors(freq):
    index = pd.DatetimeIndex(
        [
            moment
            for day in days(20, "2025-06-30")
            for moment in pd.date_range(day + pd.Timedelta("9h30min"), periods=6, freq=freq)
        ]
    )
    frame = world(index)
    for act in (
        lambda: es.ReturnPanel(frame),
        lambda: es.PricePanel(frame.add(1).cumprod(), calendar=None),
        lambda: es.load_returns(source=frame.add(1).cumprod(), calendar=None),
        lambda: fit(announced("2025-06-25 13:18"), frame, calendar=None),
    ):
        with pytest.raises(EventStudyError, match="zone"):
            act()
    aware = frame.tz_localize("America/New_York")
    aware.iloc[70, 1] += 0.5
    news = announced(aware.index[70].tz_localize(None) + pd.Timedelta(seconds=20))
    row = fit(news, aware, estimation=es.EstimationWindow(50, end=-3), window=(-2, 2)).car((0, 0)).iloc[0]
    assert (row["session"], row["car"] > 0.4) == (aware.index[70], True)


# ------------------------------------------------------------------------------------------------- days without a calendar


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_whole_days_are_those_of_their_own_zone(zone):
    index = pd.date_range("2024-01-01", "2024-08-31", tz=zone)
    frame = world(index)
    moment = pd.Timestamp("2024-07-20 21:00", tz="America/New_York")
    day = moment.tz_convert(zone).normalize()
    frame.loc[day, "A"] += 0.3
    for returns in (frame, es.load_returns(source=frame.add(1).cumprod(), calendar=None)):
        row = fit(announced("2024-07-20 21:00"), returns, calendar=None).car((0, 0)).iloc[0]
        assert row["car"] > 0.2
        assert row["flag"] == ""


def test_news_after_a_close_that_nobody_named_is_refused():
    frame = world(days(300, "2025-06-30"))
    for moment in ("2025-06-02 16:30", "2025-06-02 20:00"):
        with pytest.raises(StudyError, match="calendar='XNYS' fits the panel"):
            fit(announced(moment), frame, calendar=None)
    row = fit(announced("2025-06-02 11:00"), frame, calendar=None).car((0, 0)).iloc[0]
    assert (row["session"], row["flag"]) == (pd.Timestamp("2025-06-02"), "session_uncertain")


# --------------------------------------------------------------------------------------------------------------- how sure


@pytest.mark.parametrize(
    ("moment", "flag"),
    [
        ("2025-06-02", "session_uncertain"),
        ("2025-06-02 09:45", ""),
        ("2025-06-02 16:30", ""),
        ("2025-05-31", ""),  # a Saturday: whatever the hour, Monday reacts
    ],
)
def test_a_date_without_a_time_is_uncertain(moment, flag):
    result = fit(announced(moment), world(days(300, "2025-06-30")))
    assert result.car((0, 0))["flag"].item() == flag


def test_the_precision_of_a_catalogue_reaches_the_result():
    told = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "name": ["A", "B", "C"],
            "announced_at": ["2025-06-02", "2025-06-03 15:40", "2025-06-04 11:00"],
            "precision": ["date_only", "approx_30min", "exact_min"],
            "stance": ["talks"] * 3,
        }
    )
    catalog = es.load_events(told, timezone="America/New_York")
    result = fit(catalog, world(days(300, "2025-06-30"))[["M", "A"]], overlap="flag")
    certain = catalog.sessions("XNYS")["session_certain"]
    flags = result.car((0, 0)).set_index("event_id")["flag"]
    assert {name: "session_uncertain" not in flag for name, flag in flags.items()} == certain.to_dict()
    doubts = result.tests((0, 1), full=True).query("applicable")["doubts"]
    assert all(any(text.startswith("session_uncertain: 2 of 3") for text in one) for one in doubts)


@pytest.mark.parametrize(
    ("bar", "moment", "agrees"),
    [
        ("2025-06-02", "2025-03-03 10:00", False),
        ("2025-06-02", "2025-06-02 10:00", True),
        ("2025-06-03", "2025-06-02 16:30", True),
        ("2025-06-02", "2025-06-02 16:30", False),
        ("2025-06-03", "2025-06-02 10:00", False),  # the hour says which: not its day or the next
        ("2025-06-03", "2025-06-02", True),  # a date alone: its day or the next session
        ("2025-06-04", "2025-06-02", False),
        ("2025-06-01", "2025-06-01 10:00", True),  # a Sunday moves on
    ],
)
@pytest.mark.parametrize("calendar", ["XNYS", "auto"])
def test_a_bar_and_a_moment_that_contradict_each_other_are_refused(bar, moment, agrees, calendar):
    frame = world(days(300, "2025-06-30"))
    events = announced(moment, bar=[bar])
    if agrees:
        assert fit(events, frame, calendar=calendar).n == 1
    else:
        with pytest.raises(StudyError, match="not the same session"):
            fit(events, frame, calendar=calendar)


@pytest.mark.parametrize(
    ("bar", "agrees"), [("2025-05-30", False), ("2025-06-02", True), ("2025-06-03", True), ("2025-06-04", False)]
)
def test_without_hours_of_trading_a_moment_means_its_day_or_the_next(bar, agrees):
    frame = world(days(300, "2025-06-30"))
    events = announced("2025-06-02 16:30", zone=None, bar=[bar])
    if agrees:
        assert fit(events, frame, calendar=None).n == 1
    else:
        with pytest.raises(StudyError, match="not the same session"):
            fit(events, frame, calendar=None)


def test_a_moment_is_no_label_of_bars_within_days():
    stamps = [
        day + pd.Timedelta("9h30min") + at * pd.Timedelta("5min") for day in days(40, "2025-06-30") for at in range(78)
    ]
    frame = world(pd.DatetimeIndex(stamps).tz_localize("America/New_York"))
    options = {"estimation": es.EstimationWindow(300, end=-6), "window": (-5, 5), "calendar": None}
    inside = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [frame.index[-100] + pd.Timedelta("2min")]})
    with pytest.raises(StudyError, match=r"column 'bar', row 0: .* lies between the bars labelled .*'announced_at'"):
        fit(inside, frame, **options)
    night = inside.assign(bar=[frame.index[-78] - pd.Timedelta("3h")])  # no bar holds it: the next
    assert fit(night, frame, **options).car((0, 0))["flag"].item() == "moved"
