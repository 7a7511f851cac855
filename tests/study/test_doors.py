"""The doors of a study: labels of bars, hours of daily bars, symbols, and a study in which nothing is left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal import FactorModel, MarketAdjusted, MarketModel, MeanAdjusted
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.calendars import sessions
from eventstudy.errors import DataError, InputError, StudyError
from eventstudy.returns._sessions import SessionNotes

DAYS = sessions("XNYS", pd.Timestamp("2023-06-01"), pd.Timestamp("2024-12-31"))
DAY = pd.Timestamp("2024-06-12")
RNG = np.random.default_rng(11)
RETURNS = pd.DataFrame(RNG.normal(0, 0.01, (len(DAYS), 3)), index=DAYS, columns=["M", "A", "B"])
RETURNS.loc[DAY, "A"] = 0.25  # what the news of that day did
WINDOWS = {"estimation": es.EstimationWindow(120, end=-11), "window": (-5, 5)}


def study(model=None, **options):
    return es.EventStudy(model=model or MeanAdjusted(), **WINDOWS, **options)


def events(**columns):
    return pd.DataFrame({"event_id": ["e"], "symbol": ["A"], **columns})


# -------------------------------------------------------------------------------------------------- the label of relative day 0


@pytest.mark.parametrize(
    "bar",
    [
        20240612,
        20240612.0,
        np.int64(20240612),
        "20240612",
        "2024-06-12",
        dt.date(2024, 6, 12),
        np.datetime64("2024-06-12"),
        pd.Period("2024-06-12", "D"),
    ],
)
@pytest.mark.parametrize("calendar", ["XNYS", None])
def test_every_spelling_of_a_day_is_that_bar(bar, calendar):
    table = study(calendar=calendar).fit(events(bar=[bar]), RETURNS).car((0, 0))
    assert table["session"].tolist() == [DAY]
    assert table["car"].iloc[0] > 0.2


@pytest.mark.parametrize(
    "bar",
    [
        45455,
        1718150400,
        20241301,
        0,
        1.5,
        "03/04/2024",
        "tomorrow",
        True,
        [1],
        pytest.param(10**5000, id="huge"),
        pytest.param("9" * 5000, id="long"),
    ],
)
@pytest.mark.parametrize("calendar", ["XNYS", None])
def test_a_label_that_is_no_day_is_refused_with_its_row(bar, calendar):
    frame = events(bar=pd.Series([bar], dtype=object))
    with pytest.raises(
        StudyError, match=r"column 'bar', row 0: .* is no date; write it as 2025-04-03 or 20250403"
    ) as caught:
        study(calendar=calendar).fit(frame, RETURNS)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("bar", [None, np.nan, pd.NaT])
def test_a_missing_label_is_refused_with_its_row(bar):
    frame = pd.DataFrame({"event_id": ["d", "e"], "symbol": "A", "bar": pd.Series([DAY, bar], dtype=object)})
    with pytest.raises(StudyError, match=r"column 'bar' is empty in row 1"):
        study(calendar=None).fit(frame, RETURNS)


@pytest.mark.parametrize(
    ("index", "bar", "words"),
    [
        (
            DAYS.strftime("%Y-%m-%d"),
            DAY,
            r"holds dates such as 2024-06-12.*bars are text such as '2023-06-01'.*pd.to_datetime",
        ),
        (pd.RangeIndex(len(DAYS)), DAY, r"holds dates .*bars are numbers such as 0"),
        (DAYS.strftime("%Y%m%d").astype(int), DAY, r"holds dates .*bars are numbers such as 20230601"),
        (pd.period_range("1990-01", periods=len(DAYS), freq="M"), DAY, r"holds dates .*bars are periods"),
        (DAYS.strftime("%Y-%m-%d"), 7, r"holds numbers .*bars are text"),
        (pd.RangeIndex(len(DAYS)), "7", r"holds text .*bars are numbers"),
    ],
)
def test_labels_of_another_kind_than_the_bars_are_refused(index, bar, words):
    with pytest.raises(StudyError, match=words):
        study(calendar=None).fit(events(bar=[bar]), RETURNS.set_axis(index, axis=0))


def test_labels_of_the_kind_of_the_bars_are_found_whatever_it_is():
    expected = study(calendar=None).fit(events(bar=[DAY]), RETURNS).car()["car"].iloc[0]
    place = DAYS.get_loc(DAY)
    kinds = {
        "text": (DAYS.strftime("%Y-%m-%d"), "2024-06-12"),
        "numbers": (pd.RangeIndex(len(DAYS)), place),
        "days as numbers": (DAYS.strftime("%Y%m%d").astype(int), 20240612),
        "dates as objects": (pd.Index([day.date() for day in DAYS], dtype=object), DAY),
        "periods of days": (DAYS.to_period("D"), DAY),
        "months": (pd.period_range("1990-01", periods=len(DAYS), freq="M"), pd.Period("1990-01", "M") + place),
    }
    for name, (index, bar) in kinds.items():
        result = study(calendar=None).fit(events(bar=pd.Series([bar])), RETURNS.set_axis(index, axis=0))
        assert result.car()["car"].tolist() == [expected], name


@pytest.mark.parametrize("moment", [20240612, 1.7e18])
def test_a_number_is_no_moment(moment):
    with pytest.raises(StudyError, match=r"column 'announced_at', row 0: .* is a number, not a moment"):
        study().fit(events(announced_at=[moment]), RETURNS)


# ------------------------------------------------------------------------------------------------------ days that carry an hour


@pytest.mark.parametrize(
    ("hour", "zone", "side", "news"),
    [
        (16, "America/New_York", "end", "2024-06-12 10:00"),
        (16, "America/New_York", "end", "2024-06-12 15:59"),
        (16, "America/New_York", "end", "2024-06-11 16:00"),  # the close belongs to the next bar
        (15, "Asia/Tokyo", "end", "2024-06-12 09:00"),
        (9, "America/New_York", "start", "2024-06-12 10:00"),
        (9, "Europe/Berlin", "start", "2024-06-12 09:00"),
    ],
)
def test_daily_bars_with_an_hour_must_say_what_it_is(hour, zone, side, news):
    index = (DAYS + pd.Timedelta(hours=hour)).tz_localize(zone)
    frame = RETURNS.set_axis(index, axis=0)
    told = events(announced_at=[pd.Timestamp(news, tz=zone)])
    with pytest.raises(StudyError, match=r"days that carry an hour.*label='start'\) or label='end'"):
        study(calendar=None).fit(told, frame)
    result = study(calendar=None, label=side).fit(told, frame)
    assert result.car((0, 0))["car"].iloc[0] > 0.2
    assert result.car()["session"].iloc[0].tz_convert(zone).strftime("%Y-%m-%d %H") == f"2024-06-12 {hour:02}"
    assert result.provenance["config"]["label"] == side


def test_news_before_the_first_bar_is_in_no_bar():
    index = (DAYS + pd.Timedelta(hours=16)).tz_localize("America/New_York")
    early = events(announced_at=[pd.Timestamp("2023-05-30 10:00", tz="America/New_York")])
    result = study(calendar=None, label="end").fit(early, RETURNS.set_axis(index, axis=0))
    assert result.excluded["reason"].tolist() == ["outside_data"]


def test_naive_hours_and_midnights_are_the_day_of_the_news_as_before():
    told = events(announced_at=[pd.Timestamp("2024-06-12 10:00", tz="America/New_York")])
    for index in (DAYS, DAYS + pd.Timedelta(hours=16), DAYS.tz_localize("Asia/Tokyo")):
        assert study(calendar=None).fit(told, RETURNS.set_axis(index, axis=0)).car((0, 0))["car"].iloc[0] > 0.2


def test_bars_within_days_are_labelled_with_their_start_unless_said():
    index = pd.date_range("2024-06-12 13:30", periods=len(DAYS), freq="5min", tz="UTC")
    frame = RETURNS.set_axis(index, axis=0)
    told = events(announced_at=[index[200] + pd.Timedelta(minutes=2)])
    assert study(calendar=None).fit(told, frame).car()["session"].iloc[0] == index[200]
    assert study(calendar=None, label="end").fit(told, frame).car()["session"].iloc[0] == index[201]
    with pytest.raises(StudyError, match="label='middle' is not one of start, end"):
        study(label="middle")


def test_a_calendar_is_not_laid_over_hours():
    with pytest.raises(StudyError, match=r"carry an hour .*normalize"):
        study().fit(events(bar=[DAY]), RETURNS.set_axis(DAYS + pd.Timedelta(hours=16), axis=0))


# ------------------------------------------------------------------------------------------------------------------- wrong years


@pytest.mark.parametrize("year", ["2105", "1950"])
def test_a_wrong_year_in_the_panel_is_refused_where_a_calendar_is_laid_over_it(year):
    frame = pd.concat([RETURNS, RETURNS.iloc[:1].set_axis(pd.DatetimeIndex([f"{year}-02-24"]))])
    with pytest.raises(DataError, match=f"the row of {year}-02-24"):
        study().fit(events(bar=[DAY]), frame)


@pytest.mark.parametrize("year", [1500, 1677, 2262, 2300, 9000])
@pytest.mark.parametrize("column", ["bar", "announced_at"])
def test_events_of_years_that_no_calendar_knows_are_refused(year, column):
    moment = pd.Timestamp(f"{year}-06-12", tz=None if column == "bar" else "UTC")
    with pytest.raises(InputError, match=rf"{year}-06-12 lies outside the years 1678 to 2261"):
        study().fit(events(**{column: [moment]}), RETURNS)


# ----------------------------------------------------------------------------------------------------------------------- symbols


@pytest.mark.parametrize("given", [10001, 10001.0, "10001", " 10001 "])
@pytest.mark.parametrize("held", [10001, 10001.0, "10001"])
def test_a_number_and_its_text_are_one_symbol(given, held):
    result = study(calendar=None).fit(events(bar=[DAY]).assign(symbol=[given]), RETURNS.rename(columns={"A": held}))
    assert result.car()["symbol"].tolist() == ["10001"]


@pytest.mark.parametrize("blank", [None, np.nan, "", "  "])
def test_a_blank_symbol_is_refused_with_its_row(blank):
    frame = pd.DataFrame({"event_id": ["d", "e"], "symbol": pd.Series(["A", blank], dtype=object), "bar": DAY})
    with pytest.raises(StudyError, match="column 'symbol' is empty in row 1"):
        study().fit(frame, RETURNS)


def test_doubled_columns_and_two_rows_of_names_of_events_are_refused():
    frame = events(bar=[DAY])
    for column in ("event_id", "symbol", "bar"):
        with pytest.raises(StudyError, match=f"events: column '{column}' stands twice"):
            study().fit(pd.concat([frame, frame[[column]]], axis=1), RETURNS)
    with pytest.raises(StudyError, match="one row of column names"):
        study().fit(pd.concat({"x": frame}, axis=1), RETURNS)


# --------------------------------------------------------------------------------------------------------------- nothing studied

NOTHING = {
    "an unknown symbol": events(bar=[DAY]).assign(symbol="ZZZ"),
    "a bar outside": events(bar=[pd.Timestamp("2030-06-12")]),
    "too little before": events(bar=[DAYS[3]]),
}
MODELS = {
    "mean": MeanAdjusted(),
    "market": MarketModel("M"),
    "adjusted": MarketAdjusted("M"),
    "factors": FactorModel(["M", "B"]),
    "matched": MatchedPortfolio({"A": ["B"]}),
}
TABLES = {
    "tidy": ["event_id", "symbol", "relative_day", "session", "ar", "se", "sar"],
    "car": ["event_id", "symbol", "session", "car", "se", "scar", "t", "df", "pvalue", "n_bars", "flag"],
    "aar": [
        *("relative_day", "aar", "se", "low", "high", "n", "n_sessions", "test"),
        *("caar", "caar_se", "caar_low", "caar_high", "caar_test"),
    ],
    "caar": ["first", "last", "caar", "se", "low", "high", "n", "n_sessions", "df", "test"],
    "bhar": ["event_id", "symbol", "session", "bhar", "se", "t", "df", "pvalue", "n_bars"],
    "abhar": ["abhar", "se", "low", "high", "n", "n_sessions", "df", "test"],
    "abnormal_variance": ["relative_day", "u", "z", "n", "pvalue_single"],
    "joint": ["symbol", "relative_day", "ar", "se", "t", "df", "pvalue", "events", "sign"],
}


@pytest.mark.parametrize("why", NOTHING)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("calendar", ["XNYS", None])
def test_where_nothing_is_studied_every_table_is_empty_and_the_tests_say_why(why, model, calendar):
    result = study(MODELS[model], calendar=calendar).fit(NOTHING[why], RETURNS)
    assert result.n == result.n_sessions == 0
    reason = result.excluded["reason"].tolist()
    assert len(reason) == 1
    for name, columns in TABLES.items():
        if name != "joint" or model in ("mean", "market", "factors"):
            table = getattr(result, name)()
            assert list(table.columns) == columns, name
            assert len(table) == 0, name
    assert len(result.diagnostics()) == len(result.caar(weights=[])) == 0
    assert result.summary().startswith("StudyResult: 0 security-events in 0 sessions, 1 excluded")
    assert "0 security-events" in result._repr_html_()
    assert len(result.events) == 1
    with pytest.raises(StudyError, match=rf"no security-event was studied \(1 {reason[0]}\)"):
        result.tests()
    with pytest.raises(StudyError, match="no security-event was studied"):
        result.test("portfolio")


def test_a_catalogue_of_calendars_with_nothing_studied():
    result = study(calendar={"ZZZ": "XHKG", "A": "XNYS"}).fit(NOTHING["an unknown symbol"], RETURNS)
    assert result.car().empty
    assert result.excluded["reason"].tolist() == ["unknown_symbol"]


# --------------------------------------------------------------------------------------------------- further of each kind


def _daily(names=("M", "A", "B")):
    rng = np.random.default_rng(0)
    days = sessions("XNYS", pd.Timestamp("2024-06-03"), pd.Timestamp("2024-12-31"))
    return pd.DataFrame(rng.normal(0, 0.01, (len(days), len(names))), index=days, columns=list(names))


def _study(market="M", **options):
    return es.EventStudy(model=es.MarketModel(market), estimation=(-65, -6), window=(-5, 5), **options)


@pytest.mark.parametrize("value", [9999.0, 57.3, -0.99999, -0.995])
@pytest.mark.parametrize("column", ["A", "M"])
def test_a_return_out_of_all_measure_is_flagged_wherever_it_stands(value, column):
    returns = _daily()
    event = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [returns.index[-20]]})
    assert _study().fit(event, returns).car((0, 1))["flag"].tolist() == [""]
    returns.loc[returns.index[-60], column] = value
    result = _study().fit(event, returns)
    assert result.car((0, 1))["flag"].tolist() == ["suspect_return"]
    assert any("flagged suspect_return" in doubt for doubt in result.sample((0, 1)).doubts)


def test_a_number_and_its_text_are_one_market():
    returns = _daily((99, 10001, "B"))
    event = pd.DataFrame({"event_id": ["e"], "symbol": ["10001"], "bar": [returns.index[-20]]})
    one, other = (_study(market).fit(event, returns).car((0, 1))["car"].tolist() for market in (99, "99"))
    assert one == other
    crossed = _study(99).fit(event.drop(columns="symbol"), returns, symbols="all")
    assert crossed.excluded.set_index("symbol")["reason"].to_dict() == {"99": "benchmark"}
    with pytest.raises(es.EventStudyError, match="stands twice"):
        es.ReturnPanel(_daily(("M", 10001, "10001")))


def test_a_clock_without_a_zone_is_that_of_the_panel_or_refused():
    opens = _daily().index[-60:] + pd.Timedelta("9h30min")
    index = pd.DatetimeIndex([t for day in opens for t in pd.date_range(day, periods=13, freq="30min")])
    rng = np.random.default_rng(1)
    returns = pd.DataFrame(rng.normal(0, 0.001, (len(index), 2)), index=index.tz_localize("America/New_York"), columns=["M", "A"])  # fmt: skip
    at = returns.index[-100]
    event = pd.DataFrame({"event_id": ["e"], "symbol": ["A"], "bar": [at]})
    study = _study(calendar=None)
    assert study.fit(event, returns).car((0, 1))["session"].tolist() == [at.tz_convert("UTC")]
    for naive in (at.tz_localize(None), f"{at.tz_localize(None)}"):
        own = study.fit(event.assign(bar=[naive]), returns)
        assert own.car((0, 1))["session"].tolist() == [at.tz_convert("UTC")]
        assert own.car((0, 1))["flag"].tolist() == [""]
    returns = es.ReturnPanel(returns, check=False)
    object.__setattr__(returns, "notes", SessionNotes())  # as of a source that does not say
    for naive in (at.tz_localize(None), f"{at.tz_localize(None)}"):
        with pytest.raises(es.EventStudyError, match=r"column 'bar', row 0: .* has no time zone"):
            study.fit(event.assign(bar=[naive]), returns)


@pytest.mark.slow
@pytest.mark.parametrize("calendar", ["XSAU", "XSES"])
def test_the_calendar_that_fits_is_named(calendar):
    days = sessions(calendar, pd.Timestamp("2024-06-03"), pd.Timestamp("2025-03-31"))
    prices = pd.DataFrame({"A": np.arange(len(days)) + 100.0}, index=days)
    with pytest.raises(es.EventStudyError, match=f"calendar='{calendar}' fits them"):
        es.load_prices(source=prices)
