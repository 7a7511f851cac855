"""Stretches of sessions and the macro calendar on the bars, by dates."""

import numpy as np
import pandas as pd
import pytest

from eventstudy.calendars import sessions
from eventstudy.events import load_macro_calendar
from eventstudy.hypothesis.record.build_record import _macro
from eventstudy.hypothesis.record.strata import strata_of

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
