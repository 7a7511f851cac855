"""Stretches of sessions and the macro calendar on the bars, by dates."""

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions
from eventstudy.errors import DataError
from eventstudy.events import load_events, load_macro_calendar, record_ends
from eventstudy.hypothesis.record.build_record import _macro, build_record, market_of, table_of_events
from eventstudy.hypothesis.record.definitions import load_definitions
from eventstudy.hypothesis.record.sample import Variant
from eventstudy.hypothesis.record.strata import Stratum, inside, strata_of
from eventstudy.returns import PricePanel

INDEX = sessions("XNYS", pd.Timestamp("2019-01-02"), pd.Timestamp("2020-12-31"))


def position(day):
    return INDEX.get_loc(pd.Timestamp(day))


@pytest.mark.parametrize(("gap", "joined"), [(1, True), (7, True), (8, False), (60, False)])
def test_periods_within_a_week_of_one_another_are_one_stretch(rules, gap, joined):
    start = pd.Timestamp("2020-03-02") + pd.Timedelta(days=gap)
    periods = {
        "a": ("2020-01-06", "2020-03-02"),
        "b": (f"{start:%Y-%m-%d}", "2020-06-01"),
        "none": ("2022-01-03", "2022-02-01"),
    }
    busy = np.zeros(len(INDEX), dtype=bool)
    busy[[position("2020-01-06"), position("2019-12-20")]] = True
    found = strata_of(periods, INDEX, busy, rules.placebo.pool_before)
    assert [s.name for s in found] == (["a and b"] if joined else ["a", "b"])
    assert INDEX[found[0].first] == pd.Timestamp("2020-01-06")
    assert INDEX[found[-1].last] == pd.Timestamp("2020-06-01")
    if not joined:
        assert INDEX[found[0].last] == pd.Timestamp("2020-03-02")
        assert INDEX[found[1].first] == INDEX[start <= INDEX][0]
    for s in found:  # its own quiet sessions and those of the history before it
        history = range(max(0, s.first - rules.placebo.pool_before), s.last + 1)
        assert s.pool.tolist() == [t for t in history if not busy[t]]


def test_the_history_of_a_pool_ends_where_the_record_begins(rules):
    busy = np.zeros(len(INDEX), dtype=bool)
    (found,) = strata_of({"a": ("2019-01-14", "2019-01-31")}, INDEX, busy, rules.placebo.pool_before)
    assert found.pool.tolist() == list(range(found.last + 1))


def test_sessions_of_releases_and_years_without_a_calendar():
    known = load_macro_calendar()["announced_at"].dt.year
    years = pd.DatetimeIndex([f"{year}-06-12" for year in range(known.min() - 2, known.max() + 3)])
    assert (_macro(years, "XNYS") == -1).tolist() == [not known.min() <= day.year <= known.max() for day in years]
    code = _macro(INDEX, "XNYS")
    assert set(code) == {0, 1}
    # an employment report at 08:30 in New York is known in that day's session
    assert code[position("2020-01-10")] == 1


def test_positions_in_any_of_several_stretches():
    strata = [Stratum("a", 3, 5, np.arange(0)), Stratum("b", 8, 8, np.arange(0))]
    at = np.arange(10)
    assert at[inside(at, strata)].tolist() == [3, 4, 5, 8]
    assert not inside(at, []).any()


def test_periods_that_come_long_after_or_before_are_apart():
    """Only the distance counts: a period that lies years before the one named first is no neighbour of it."""
    busy = np.zeros(len(INDEX), dtype=bool)
    periods = {"later": ("2020-06-01", "2020-06-30"), "earlier": ("2019-03-01", "2019-03-29")}
    assert [s.name for s in strata_of(periods, INDEX, busy, 10)] == ["later", "earlier"]


def test_a_stretch_of_one_session_and_one_of_none():
    busy = np.zeros(len(INDEX), dtype=bool)
    day = INDEX[50]
    (one,) = strata_of(
        {"a": (f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}"), "weekend": ("2020-05-02", "2020-05-03")}, INDEX, busy, 3
    )
    assert (one.first, one.last, one.pool.tolist()) == (50, 50, [47, 48, 49, 50])


def test_a_market_from_a_table_of_prices():
    """A yield stands over days on which none was quoted, and ends with its table."""
    index = pd.bdate_range("2025-03-03", periods=7).as_unit("us")
    nan = np.nan
    frame = pd.DataFrame(
        {"M": [1.0, 2, nan, 4, 5, 6, 7], "F": [9.0] * 7, "UST10Y": [nan, 4.0, nan, nan, 4.5, nan, nan]}, index=index
    )
    found = market_of(frame, "M", "F", "XNYS")
    np.testing.assert_array_equal(found.close, frame["M"])
    assert found.fear.tolist() == [9.0] * 7
    np.testing.assert_array_equal(found.rate, [nan, 4.0, 4.0, 4.0, 4.5, nan, nan])
    assert found.weekday.tolist() == [0, 1, 2, 3, 4, 0, 1]
    assert found.macro.tolist() == _macro(index, "XNYS").tolist()
    bare = market_of(frame[["M"]], "M", None, "XNYS")
    assert np.isnan(bare.fear).all()
    assert np.isnan(bare.rate).all()
    found.close[0] = 99.0
    assert frame["M"].iloc[0] == 1.0


def test_the_macro_calendar_ends_on_its_day():
    end = record_ends("")["macro calendar"]
    days = pd.DatetimeIndex([end - pd.Timedelta(days=1), end, end + pd.Timedelta(days=1)])
    assert (_macro(days, "XNYS") < 0).tolist() == [False, False, True]


@pytest.fixture(scope="module")
def small():
    """Half a year of made-up prices around the tariffs of April 2025, one yield going on after the last close."""
    index = sessions("XNYS", pd.Timestamp("2025-01-02"), pd.Timestamp("2025-07-31"))
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "M": 100 * np.cumprod(1 + 0.01 * rng.standard_normal(len(index))),
            "F": 15 + rng.random(len(index)),
            "UST10Y": 4.0,
        },
        index=index,
    )
    frame.loc["2025-07-25":, "M"] = np.nan
    return frame


@pytest.fixture(scope="module")
def record(small):
    return build_record(
        load_events("us-china"), PricePanel(small), load_definitions(), market="M", fear="F", calendar="XNYS"
    )


def test_a_record_ends_with_its_market(record, small):
    assert record.index[-1] == pd.Timestamp("2025-07-24")
    assert record.ends["M"] == pd.Timestamp("2025-07-24")
    assert record.ends["UST10Y"] == record.ends["F"] == small.index[-1]
    assert record.ends["events"] == record_ends("us-china")["events"]
    macro = load_macro_calendar()
    reports = macro.loc[macro["event"] == "employment report", "date"]
    assert record.index[record.employment].tolist() == [day for day in reports if day in set(record.index)]


def test_decisions_are_the_reliefs_of_the_risk_sets(record):
    risk = record.record.risk
    assert (
        record.sample.decision.position.tolist()
        == record.record.decision.tolist()
        == sorted({one.day for one in risk.reliefs})
    )
    assert (
        record.sample.decision.announcements == len(risk.reliefs) == len(" ".join(record.sample.decision.ids).split())
    )
    leads = {one.name for one in risk.reliefs}
    account = record.sample.account
    assert set(account.loc[account["used"].str.contains("H2"), "event_id"]) == leads
    own = record.vary(Variant())
    for used, plain in zip(account["used"], own.account["used"], strict=True):
        assert used.replace("H2", "").split() == plain.replace("H2", "").split()
    assert record.risk_sets("main") is risk
    assert record.risk_sets("words too") is record.risk_sets("words too")


def test_risk_sets_of_a_record_without_tables_are_its_threats(small):
    catalog = load_events("us-china")
    own = catalog.to_frame()
    threats = pd.DataFrame(
        {"id": ["t"], "start_event": ["2025-04-02_liberation"], "target": ["china"], "actor": ["US"], "start_et": [own.loc["2025-04-02_liberation", "announced_at"]],
         "deadline": [pd.NaT], "end": ["softened"], "end_et": [own.loc["2025-04-09_pause", "announced_at"]]}
    )  # fmt: skip
    made = build_record(
        catalog, PricePanel(small), load_definitions(), market="M", fear=None, calendar="XNYS", episodes=threats
    )
    assert made.shipped is None
    assert made.risk_sets("words too") is None
    assert [one.name for one in made.record.risk.reliefs] == ["t"]
    assert made.index[made.record.risk.rows.day].tolist() == list(
        made.index[(made.index >= "2025-04-03") & (made.index <= "2025-04-09")]
    )
    assert np.isnan(made.record.market.fear).all()
    first = build_record(
        catalog, PricePanel(small), load_definitions("us-china-v1"), market="M", fear="F", calendar="XNYS"
    )
    assert first.record.risk is None
    assert first.risk_sets("words too") is None
    ruled = build_record(
        catalog,
        PricePanel(small),
        load_definitions({"episodes": {"source": "rule"}}),
        market="M",
        fear="F",
        calendar="XNYS",
    )
    assert ruled.shipped is None
    assert ruled.threats["id"].str.startswith("rule:").all()
    assert not first.threats["id"].str.startswith("rule:").any()


def test_what_a_record_cannot_be_made_of(small):
    catalog = load_events("us-china")
    with pytest.raises(DataError, match="symbol 'X' is not among the prices"):
        build_record(catalog, PricePanel(small), load_definitions(), market="M", fear="X", calendar="XNYS")


def test_events_with_a_release_on_their_session():
    catalog = load_events("us-china")
    table = table_of_events(catalog, "XNYS")
    macro = load_macro_calendar()
    # releases of the morning and of the afternoon in New York: known in that day's session
    own = table["session"].isin(macro["date"])
    assert table.loc[own, "macro"].all()
    assert own.sum() <= table["macro"].sum() <= own.sum() + 2  # a report on a holiday is known on the next session
    assert "conflict" not in table
