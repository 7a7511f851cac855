"""Where events are put: bars by moments and by labels, at the ends of the data and between sessions."""

import numpy as np
import pandas as pd
import pytest

import eventstudy as es
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.calendars import hours, sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.study.fit.align import _check_index, _matched, _refuse_within, align, for_model, place_bars
from eventstudy.study.fit.moments import (
    _period_of,
    bounds_of,
    place_moments,
    placed_at,
    refuse_contradiction,
    refuse_ends,
    session_uncertain,
)
from panels import small_panel

DAYS = pd.DatetimeIndex(
    ["2024-03-01", "2024-03-04", "2024-03-05", "2024-03-08"]
)  # a Wednesday and a Thursday are missing
HOURS = pd.date_range("2024-03-01 09:00", periods=4, freq="h", tz="America/New_York")


@pytest.mark.parametrize(
    ("moment", "bar"),
    [
        ("2024-02-29 23:00", -1),  # before the data
        ("2024-03-01 00:00", 0),
        ("2024-03-01 23:59", 0),  # no close is known: the bar of its day
        ("2024-03-02 10:00", 1),  # a Saturday: the next bar
        ("2024-03-05 10:00", 2),
        ("2024-03-06 10:00", 3),
        ("2024-03-08 20:00", 3),
        ("2024-03-09 00:00", -1),  # after the data
    ],
)
def test_moments_without_a_calendar_go_to_the_bar_of_their_day_or_the_next(moment, bar):
    placed = place_moments(pd.DatetimeIndex([moment]).tz_localize("America/New_York"), DAYS, None)
    assert placed.position.tolist() == [bar]
    assert placed.label.tolist() == [pd.Timestamp(moment).normalize()]
    assert placed.status.tolist() == [Exclusion.OUTSIDE_DATA if bar < 0 else Exclusion.STUDIED]
    assert placed.moved.tolist() == [False]


@pytest.mark.parametrize(
    ("moment", "bar"),
    [
        ("2024-03-01 08:59", -1),
        ("2024-03-01 09:00", 0),
        ("2024-03-01 09:59", 0),
        ("2024-03-01 10:00", 1),  # news at the very end of a bar belongs to the next
        ("2024-03-01 12:59", 3),
        ("2024-03-01 13:00", -1),
    ],
)
def test_moments_within_days_go_to_the_bar_that_they_fall_in(moment, bar):
    given = pd.DatetimeIndex([moment]).tz_localize("America/New_York").tz_convert("Asia/Tokyo")
    assert place_moments(given, HOURS, None).position.tolist() == [bar]
    shuffled = place_moments(given, HOURS.tz_convert("UTC"), None)
    assert shuffled.position.tolist() == [bar]


def test_moments_need_dates_and_zones():
    with pytest.raises(StudyError, match="give the column 'bar'"):
        place_moments(HOURS, pd.Index([1, 2, 3]), None)
    with pytest.raises(StudyError, match="time zone"):
        place_moments(HOURS.tz_localize(None), DAYS, None)


@pytest.mark.parametrize(
    ("label", "after", "before"),
    [
        ("2024-02-28", 0, -1),
        ("2024-03-01", 0, 0),
        ("2024-03-02", 1, 0),
        ("2024-03-06", 3, 2),
        ("2024-03-07", 3, 2),
        ("2024-03-08", 3, 3),
        ("2024-03-11", -1, 3),
    ],
)
def test_labels_that_are_no_bar_follow_the_policy_to_either_side(label, after, before):
    there = pd.Timestamp(label) in DAYS
    wanted = pd.Index([label])
    for policy, bar in (("next", after), ("previous", before)):
        placed = place_bars(wanted, DAYS, None, policy)
        assert placed.position.tolist() == [bar]
        assert placed.moved.tolist() == [not there]
        assert placed.label.tolist() == [DAYS[bar] if bar >= 0 else pd.Timestamp(label)]
        assert placed.status.tolist() == [Exclusion.OUTSIDE_DATA if bar < 0 else Exclusion.STUDIED]
    dropped = place_bars(wanted, DAYS, None, "drop")
    assert dropped.position.tolist() == [after if there else -1]
    assert dropped.status.tolist() == [Exclusion.STUDIED if there else Exclusion.NOT_A_SESSION]
    assert dropped.moved.tolist() == [False]
    if not there:
        with pytest.raises(StudyError, match=f"bar {label} is no session of the panel"):
            place_bars(wanted, DAYS, None, "error")


def test_a_session_that_the_data_lack_is_not_moved():
    """Of New York's sessions the 6th and 7th of March are missing here: they are outside the data, and a Sunday moves."""
    placed = place_bars(pd.Index(["2024-03-06", "2024-03-10", "2024-03-03", "2023-06-01"]), DAYS, "XNYS", "previous")
    assert placed.position.tolist() == [-1, 3, 0, -1]
    assert placed.moved.tolist() == [False, True, True, False]
    assert placed.label[0] == pd.Timestamp("2024-03-06")
    assert [int(code) for code in placed.status] == [Exclusion.OUTSIDE_DATA, 0, 0, Exclusion.OUTSIDE_DATA]


def test_labels_take_the_zone_of_the_bars():
    naive = pd.Index(["2024-03-01 10:00", "2024-03-01 11:00"])
    assert place_bars(naive, HOURS, None, "next").position.tolist() == [1, 2]
    aware = pd.DatetimeIndex(naive).tz_localize("America/New_York").tz_convert("UTC")
    assert place_bars(aware, HOURS, None, "previous").position.tolist() == [1, 2]
    assert place_bars(pd.DatetimeIndex(["2024-03-04"]).tz_localize("UTC"), DAYS, None, "error").position.tolist() == [1]
    with pytest.raises(StudyError, match="column 'bar' is empty in row 1"):
        place_bars(pd.Index(["2024-03-04", None]), DAYS, None, "error")
    numbers = place_bars(pd.Index([7, 3]), pd.Index([1, 3, 5]), None, "next")
    np.testing.assert_array_equal(numbers.position, [-1, 1])


@pytest.mark.parametrize(
    ("minutes", "refused"), [(-1, False), (0, False), (1, True), (59, True), (60, False), (200, False)]
)
def test_between_the_first_and_the_second_of_two_bars_is_no_label(minutes, refused):
    bars = HOURS[:2]
    label = bars[:1] + pd.Timedelta(minutes=minutes)
    strange = np.array([label[0] not in bars])
    if refused:
        with pytest.raises(StudyError, match="lies between the bars"):
            _refuse_within(label, label, bars, strange)
    else:
        _refuse_within(label, label, bars, strange)


NEW_YORK = "America/New_York"


def moments(*texts, zone=NEW_YORK):
    return pd.DatetimeIndex(list(texts)).tz_localize(zone)


def test_positions_below_zero_are_outside_the_data_and_nothing_is_moved_or_unsure_unless_said():
    placed = placed_at([3, -1, 0], DAYS[:3])
    assert placed.position.tolist() == [3, -1, 0]
    assert placed.status.tolist() == [Exclusion.STUDIED, Exclusion.OUTSIDE_DATA, Exclusion.STUDIED]
    assert (placed.moved.tolist(), placed.uncertain.tolist()) == ([False] * 3, [False] * 3)
    flags = np.array([True, False, True])
    assert placed_at([0, 0, 0], DAYS[:3], flags, uncertain=~flags).moved.tolist() == flags.tolist()
    assert placed_at([0, 0, 0], DAYS[:3], flags, uncertain=~flags).uncertain.tolist() == (~flags).tolist()


def test_news_of_a_closed_session_goes_to_the_next_bar():
    bars = pd.DatetimeIndex(["2024-03-01", "2024-03-04", "2024-03-06", "2024-03-07"])
    shut = pd.DatetimeIndex(["2024-03-05", "2024-03-08"])
    given = moments("2024-03-04 10:00", "2024-03-05 10:00", "2024-03-04 17:00", "2024-03-08 10:00", "2024-03-11 10:00")
    assert place_moments(given, bars, "XNYS", shut=shut).position.tolist() == [1, 2, 2, 3, -1]
    assert place_moments(given, bars, "XNYS").position.tolist() == [1, -1, -1, -1, -1]


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2024-03-01 07:59", -1, -1),
        ("2024-03-01 08:00", -1, 0),
        ("2024-03-01 08:59", -1, 0),
        ("2024-03-01 09:00", 0, 1),
        ("2024-03-01 11:59", 2, 3),
        ("2024-03-01 12:00", 3, -1),
        ("2024-03-01 13:00", -1, -1),
    ],
)
def test_bars_within_days_labelled_with_either_end(moment, start, end):
    assert place_moments(moments(moment), HOURS, None, "start").position.tolist() == [start]
    assert place_moments(moments(moment), HOURS, None, "end").position.tolist() == [end]


def test_a_single_bar_within_days_has_no_length():
    for side in ("start", "end"):
        assert place_moments(moments("2024-03-01 09:00"), HOURS[:1], None, side).position.tolist() == [-1]
    assert place_moments(moments("2024-03-01 08:59"), HOURS[:1], None).position.tolist() == [-1]


def test_days_that_carry_an_hour_need_a_side():
    closes = pd.DatetimeIndex(["2024-03-01 16:00", "2024-03-04 16:00", "2024-03-05 16:00"]).tz_localize(NEW_YORK)
    with pytest.raises(StudyError, match="days that carry an hour"):
        place_moments(moments("2024-03-04 10:00"), closes, None)
    assert place_moments(moments("2024-03-05 10:00"), closes, None, "end").position.tolist() == [2]
    assert place_moments(moments("2024-03-04 17:00"), closes, None, "start").position.tolist() == [1]


def test_news_on_days_is_unsure_where_no_close_is_known():
    placed = place_moments(moments("2024-03-01 10:00", "2024-03-02 10:00", "2024-03-04"), DAYS, None)
    assert placed.uncertain.tolist() == [True, False, True]


@pytest.mark.parametrize(("lacking", "whole"), [(0, True), (2, True), (3, False)])
def test_bars_of_nine_in_ten_days_are_whole_days_of_their_zone(lacking, whole):
    """Of twenty-one days from the first to the last two may be missing; then a moment is of the day in the bars' own zone."""
    days = pd.date_range("2024-03-01", periods=21).delete(list(range(5, 5 + lacking)))
    given = moments("2024-03-15 21:00")  # in UTC the next day
    placed = place_moments(given, days, None, zone="UTC")
    day = pd.Timestamp("2024-03-16" if whole else "2024-03-15")
    assert placed.position.tolist() == [days.get_loc(day)]
    assert placed.label.tolist() == [day]
    assert placed.uncertain.tolist() == [not whole]
    assert place_moments(given, days, None).label.tolist() == [pd.Timestamp("2024-03-15")]  # no zone: by the date


def test_news_that_may_lie_after_a_close_is_refused_where_the_days_are_plainly_an_exchange_s():
    days = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-03-28"))
    late, early = moments("2024-02-06 17:00"), moments("2024-02-06 10:00")
    with pytest.raises(StudyError, match="calendar='XNYS' fits the panel"):
        place_moments(late, days, None)
    assert place_moments(late, days, None, strict=False).position.tolist() == [days.get_loc(pd.Timestamp("2024-02-06"))]
    assert place_moments(early, days, None).uncertain.tolist() == [True]
    assert place_moments(moments("2024-02-06"), days, None).position.tolist() == [
        days.get_loc(pd.Timestamp("2024-02-06"))
    ]
    with pytest.raises(StudyError, match="2024-02-06 17:00"):
        place_moments(early.append(late), days, None)
    at = days.get_loc(pd.Timestamp("2024-02-06"))
    assert place_moments(late, days[at - 20 : at + 9], None).position.tolist() == [20]  # of 29 days nobody can tell
    with pytest.raises(StudyError, match="may lie after the close"):
        place_moments(late, days[at - 20 : at + 10], None)


WEEKS = {
    "end": pd.date_range("2024-01-05", periods=12, freq="W-FRI"),
    "start": pd.date_range("2024-01-01", periods=12, freq="W-MON"),
}


@pytest.mark.parametrize(
    ("day", "week", "unsure"),
    [
        ("2023-12-29", -1, False),  # the week before the data
        ("2023-12-30", 0, None),  # a Saturday: of the week that begins on Monday
        ("2024-01-01", 0, False),
        ("2024-01-04", 0, False),
        ("2024-01-05", 0, True),  # a Friday: after its close it would be the next week
        ("2024-01-06", 1, None),
        ("2024-01-07", 1, None),
        ("2024-01-08", 1, False),
        ("2024-03-21", 11, False),
        ("2024-03-22", 11, True),
        ("2024-03-23", -1, None),
        ("2024-03-25", -1, False),
    ],
)
def test_news_of_a_week_by_either_label(day, week, unsure):
    """The week from Monday to Friday, whichever of the two is its label; news of a week-end is of the next Monday."""
    for side, bars in WEEKS.items():
        placed = place_moments(moments(f"{day} 10:00"), bars, None, side)
        assert placed.position.tolist() == [week]
        if unsure is not None and not (side == "end" and day == "2024-03-22"):  # the week after is not in the data
            assert placed.uncertain.tolist() == [unsure]
        assert placed.label.tolist() == [pd.Timestamp(day)]


@pytest.mark.parametrize(
    ("side", "labels", "inside", "outside"),
    [
        ("start", ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"], ["2024-01-01", "2024-04-30"], ["2023-12-29", "2024-05-01"]),
        ("start", ["2024-01-02", "2024-02-01", "2024-03-01", "2024-06-03"], ["2024-06-28"], ["2024-01-01", "2024-07-01"]),
        ("end", ["2024-02-29", "2024-03-29", "2024-04-30", "2024-05-31"], ["2024-02-01", "2024-05-31"], ["2024-01-31", "2024-01-30", "2024-06-03"]),
        ("end", ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"], ["2024-01-01", "2024-12-31"], ["2023-12-29", "2025-01-01"]),
        ("start", ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"], ["2024-01-01", "2024-12-31"], ["2023-12-29", "2025-01-01"]),
        ("end", ["2024-01-19", "2024-01-26", "2024-02-02", "2024-02-09"], ["2024-01-15", "2024-02-09"], ["2024-01-12", "2024-02-12"]),
        ("start", ["2024-03-18", "2024-03-25", "2024-04-01", "2024-04-08"], ["2024-03-18", "2024-04-12"], ["2024-03-15", "2024-04-15"]),
        ("end", ["2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01"], ["2024-01-15", "2024-02-01"], ["2023-12-29", "2024-05-02"]),
    ],
)  # fmt: skip
def test_the_first_and_the_last_period_are_whole_weeks_months_or_quarters(side, labels, inside, outside):
    """A day beyond the last month of the data belongs to no bar, though 31 days from its first reach it."""
    bars = pd.DatetimeIndex(labels)
    for day in inside:
        assert _period_of(pd.DatetimeIndex([day]), bars, side)[0] >= 0
    for day in outside:
        assert _period_of(pd.DatetimeIndex([day]), bars, side)[0] == -1


def test_months_by_either_label_and_zone():
    ends, starts = pd.date_range("2024-01-31", periods=6, freq="ME"), pd.date_range("2024-01-01", periods=6, freq="MS")
    for text, month, unsure in [
        ("2024-01-10 10:00", 0, False),
        ("2024-01-31 10:00", 0, True),  # a Wednesday, the last day
        ("2024-02-01 00:30", 1, False),
        ("2024-03-29 10:00", 2, True),  # a Friday: the Monday after is in April
        ("2024-03-30 10:00", 3, True),  # a Saturday: on its own day it is of March
        ("2023-12-29 10:00", -1, False),
        ("2023-12-31 10:00", 0, None),  # a Sunday: in January
        ("2024-06-28 10:00", 5, True),
        ("2024-06-30 10:00", -1, None),  # a Sunday: in July
        ("2024-07-01 10:00", -1, False),
    ]:
        for side, bars in (("start", starts), ("end", ends)):
            placed = place_moments(moments(text), bars, None, side)
            assert placed.position.tolist() == [month]
            if unsure is not None:
                assert placed.uncertain.tolist() == [unsure]
    for side, bars in (("start", starts), ("end", ends)):
        assert place_moments(moments("2024-01-31 20:00"), bars, None, side, "UTC").position.tolist() == [1]
    with pytest.raises(StudyError, match="labelled 2024-01-31, 2024-02-29"):
        place_moments(moments("2024-01-10 10:00"), ends, None)


@pytest.mark.parametrize("days", [29, 30])
@pytest.mark.parametrize(("at_open", "at_close"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.5), (0.4, 0.6), (1.0, 0.0)])
def test_labels_look_like_ends_where_most_sessions_have_one_at_the_close_and_none_at_the_open(at_open, at_close, days):
    known = sessions("XNYS", pd.Timestamp("2024-01-02"), pd.Timestamp("2024-03-28"))[:days]
    table = hours("XNYS", known[0], known[-1])
    table = table.loc[table.index.isin(known)]
    opens, closes = (pd.DatetimeIndex(table[side]) for side in ("open", "close"))
    inner = opens + pd.Timedelta(minutes=60)
    bars = inner.append(
        [inner + pd.Timedelta(minutes=60), opens[: round(at_open * days)], closes[: round(at_close * days)]]
    )
    bars = bars.sort_values()
    if days >= 30 and at_open < 0.5 < at_close:
        with pytest.raises(StudyError, match="look labelled with their ends"):
            refuse_ends(bars)
    else:
        refuse_ends(bars)
    refuse_ends(bars.tz_localize(None))  # without a zone it is not known which hours those are


def frame_of(given, **columns):
    return pd.DataFrame({"announced_at": given, **columns})


def test_bounds_are_those_of_the_precision_the_day_of_a_date_and_what_is_stated():
    given = moments("2024-03-05 10:00", "2024-03-05 10:00", "2024-03-05 10:00", "2024-03-10 12:00", "2024-03-05 10:00")
    words = ["exact_min", "approx_hour", "approx_5min", "date_only", "whoever"]
    low, high = bounds_of(given.tz_convert("UTC"), frame_of(given, precision=words))
    half = [pd.Timedelta(0), pd.Timedelta(hours=1), pd.Timedelta(minutes=5), None, pd.Timedelta(0)]
    for at, width in enumerate(half):
        if width is None:  # a day of 23 hours: the clocks change
            assert low[at] == pd.Timestamp("2024-03-10 05:00", tz="UTC")
            assert high[at] == pd.Timestamp("2024-03-11 04:00", tz="UTC") - pd.Timedelta(microseconds=1)
        else:
            assert (low[at], high[at]) == (given[at] - width, given[at] + width)
    plain = moments("2024-03-05 10:00", "2024-03-05")
    low, high = bounds_of(plain, frame_of(plain))
    assert (low[0], high[0]) == (plain[0], plain[0])
    assert (low[1], high[1]) == (plain[1], pd.Timestamp("2024-03-06", tz=NEW_YORK) - pd.Timedelta(microseconds=1))
    mixed = pd.Series(
        [pd.Timestamp("2024-03-05 10:00", tz=NEW_YORK), pd.Timestamp("2024-03-05", tz="Asia/Tokyo")], dtype=object
    )
    low, high = bounds_of(pd.DatetimeIndex([one.tz_convert("UTC") for one in mixed]), frame_of(mixed))
    assert low[0] == high[0] == mixed[0]
    assert (low[1], high[1] - low[1]) == (mixed[1], pd.Timedelta(days=1) - pd.Timedelta(microseconds=1))


def test_stated_bounds_take_the_place_of_those_of_the_precision():
    given = moments("2024-03-05 10:00", "2024-03-05 11:00", "2024-03-05")
    early = [pd.Timestamp("2024-03-05 09:00", tz=NEW_YORK), None, pd.Timestamp("2024-03-04 08:00", tz="UTC")]
    late = [None, "2024-03-05 11:30-05:00", None]
    low, high = bounds_of(
        given, frame_of(given, earliest=early, latest=late, precision=["approx_5min"] * 2 + ["date_only"])
    )
    assert low.tolist() == [early[0], given[1] - pd.Timedelta(minutes=5), early[2]]
    end = pd.Timestamp("2024-03-06", tz=NEW_YORK) - pd.Timedelta(microseconds=1)
    assert high.tolist() == [given[0] + pd.Timedelta(minutes=5), given[1] + pd.Timedelta(minutes=30), end]
    for wrong in ("soon", "2024-03-05 11:30"):
        with pytest.raises(StudyError, match=r"column 'latest', row 1: .* is no moment with a time zone"):
            bounds_of(given, frame_of(given, latest=[None, wrong, None]))


def test_a_session_is_unsure_where_the_bounds_lie_in_two():
    low = moments("2024-03-05 10:00", "2024-03-05 10:00", "2024-03-05 15:59", "2024-03-05 16:00", "2024-03-08 17:00")
    high = moments("2024-03-05 10:00", "2024-03-05 15:59", "2024-03-05 16:00", "2024-03-06 10:00", "2024-03-11 09:00")
    assert session_uncertain((low, high), "XNYS").tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("bar", "moment", "calendar", "fine"),
    [
        ("2024-03-04", "2024-03-04 10:00", "XNYS", True),
        ("2024-03-05", "2024-03-04 10:00", "XNYS", False),
        ("2024-03-05", "2024-03-04 17:00", "XNYS", True),  # after the close
        ("2024-03-04", "2024-03-04 17:00", "XNYS", False),
        ("2024-03-04", "2024-03-02 10:00", "XNYS", True),
        ("2024-03-04", "2024-03-04", "XNYS", True),  # a date alone: its day, or the next session
        ("2024-03-05", "2024-03-04", "XNYS", True),
        ("2024-03-06", "2024-03-04", "XNYS", False),
        ("2024-03-01", "2024-03-04", "XNYS", False),
        ("2024-03-04", "2024-03-04 17:00", None, True),  # no close is known
        ("2024-03-05", "2024-03-04 10:00", None, True),
        ("2024-03-06", "2024-03-04 10:00", None, False),
        ("2024-03-01", "2024-03-04 10:00", None, False),
    ],
)
def test_a_bar_and_a_moment_of_one_row_are_of_one_session(bar, moment, calendar, fine):
    days = pd.DatetimeIndex(["2024-03-01", "2024-03-04", "2024-03-05", "2024-03-06"])
    wanted = pd.Index(["2024-03-04", "2024-03-04", bar])
    placed = place_bars(wanted, days, calendar, "error")
    column = pd.Series([pd.NaT, pd.Timestamp("2024-03-04 11:00", tz=NEW_YORK), pd.Timestamp(moment, tz=NEW_YORK)])
    if fine:
        refuse_contradiction(wanted, column, placed, days, calendar)
    else:
        with pytest.raises(StudyError, match=f"row 2: bar {bar} and announced_at {moment}.* are not the same session"):
            refuse_contradiction(wanted, column, placed, days, calendar)
        outside = placed_at([1, 1, -1], wanted)
        refuse_contradiction(wanted, column, outside, days, calendar)  # a bar that the data lack contradicts nothing


def test_bars_within_days_and_moments_of_one_row():
    wanted = HOURS[[1, 2]]
    placed = place_bars(wanted, HOURS, None, "error")
    good = pd.Series([HOURS[1] + pd.Timedelta(minutes=5), HOURS[2]])
    refuse_contradiction(wanted, good, placed, HOURS, None)
    refuse_contradiction(wanted, good.dt.tz_localize(None), placed, HOURS, None)  # of no known clock
    with pytest.raises(StudyError, match="row 0: bar"):
        refuse_contradiction(wanted, good + pd.Timedelta(hours=1), placed, HOURS, None)
    refuse_contradiction(wanted, pd.Series([pd.NaT, pd.NaT]), placed, HOURS, None)


def test_labels_of_bars_that_were_shut_follow_the_policy():
    bars = pd.DatetimeIndex(["2024-03-01", "2024-03-04", "2024-03-06"])
    shut = pd.DatetimeIndex(["2024-03-05"])
    for policy, bar in (("next", 2), ("previous", 1)):
        placed = place_bars(pd.Index(["2024-03-05"]), bars, "XNYS", policy, shut)
        assert (placed.position.tolist(), placed.moved.tolist()) == ([bar], [True])
    kept = place_bars(pd.Index(["2024-03-05", "2024-03-04"]), bars, "XNYS", "next")
    assert (kept.position.tolist(), kept.moved.tolist()) == ([-1, 1], [False, False])


@pytest.mark.parametrize(("policy", "position"), [("next", -1), ("previous", 3)])
def test_a_week_end_at_the_end_of_the_data_moves_out_of_it_or_into_it(policy, position):
    """The sessions are known for a month beyond: the Monday after is one, though the data end before."""
    placed = place_bars(pd.Index(["2024-03-09"]), DAYS, "XNYS", policy)
    assert placed.position.tolist() == [position]
    assert placed.moved.tolist() == [True]
    assert placed.label.tolist() == [pd.Timestamp("2024-03-11" if policy == "next" else "2024-03-08")]


def test_labels_of_another_kind_are_refused_and_dates_are_read_from_text_and_numbers():
    with pytest.raises(StudyError, match=r"holds text such as .*but the panel's bars are numbers"):
        place_bars(pd.Index(["a"]), pd.Index([1, 2]), None, "error")
    with pytest.raises(StudyError, match=r"holds dates .*but the panel's bars are numbers"):
        place_bars(DAYS[:1], pd.Index([20240301, 20240304]), None, "error")
    with pytest.raises(StudyError, match=r"holds periods .*but the panel's bars are text"):
        place_bars(pd.period_range("2024-03", periods=1, freq="M"), pd.Index(["2024-03"]), None, "error")
    assert place_bars(pd.Index([1.0]), pd.Index([0, 1]), None, "error").position.tolist() == [1]
    for wanted in (
        pd.Index([20240304]),
        pd.Index(["2024-03-04"]),
        pd.PeriodIndex(["2024-03-04"], freq="D"),
    ):
        assert place_bars(wanted, DAYS, None, "error").position.tolist() == [1]
    with pytest.raises(StudyError, match=r"column 'bar', row 2: .* is no date"):
        place_bars(pd.Index(["2024-03-04", "2024-03-05", "x", "y"]), DAYS, None, "error")
    with pytest.raises(StudyError, match=r"row 1: .*lies outside the years"):
        place_bars(pd.DatetimeIndex(["2024-03-04", "1650-01-03"]), DAYS, "XNYS", "error")
    with pytest.raises(StudyError, match=r"row 1: .* has a time of day, and the bars are days"):
        place_bars(pd.DatetimeIndex(["2024-03-04", "2024-03-05 10:00"]), DAYS, None, "error")


def test_naive_labels_on_bars_in_universal_time_need_a_clock():
    bars = HOURS.tz_convert("UTC")
    with pytest.raises(StudyError, match="has no time zone, and the bars are moments in one"):
        place_bars(pd.Index(["2024-03-01 10:00"]), bars, None, "error")
    known = place_bars(pd.Index(["2024-03-01 10:00"]), bars, None, "error", zone=NEW_YORK)
    assert known.position.tolist() == [1]
    days = pd.date_range("2024-03-01 21:00", periods=4, tz="UTC")
    assert place_bars(pd.Index(["2024-03-02 21:00"]), days, None, "error").position.tolist() == [1]
    spring = pd.date_range("2024-03-10 00:00", periods=9, freq="h", tz=NEW_YORK)
    with pytest.raises(StudyError, match="a label is no single moment in America/New_York"):
        place_bars(pd.Index(["2024-03-10 02:30"]), spring, None, "error")


@pytest.mark.parametrize(
    ("at", "refused"), [(-60, False), (30, True), (210, False), (150, True), (179, True), (180, False), (330, False)]
)
def test_what_lies_between_two_labels_within_days_is_refused_save_where_the_bars_stop(at, refused):
    """Bars at 9, 10 and 11, then at 14: of the three hours after 11 only the first belongs to a bar."""
    bars = HOURS[:3].append(HOURS[:1] + pd.Timedelta(hours=5))
    label = HOURS[:1] + pd.Timedelta(minutes=at)
    if refused:
        with pytest.raises(StudyError, match="lies between the bars labelled"):
            _refuse_within(label, label, bars, np.array([True]))
    else:
        _refuse_within(label, label, bars, np.array([True]))
    _refuse_within(label, label, bars.tz_localize(None), np.array([True]))  # days, or of no clock
    _refuse_within(label, label, bars[:1], np.array([True]))
    two = bars[1:2].append(label)
    if refused:
        with pytest.raises(StudyError, match="column 'bar', row 1: "):
            _refuse_within(two, two, bars, np.array([False, True]))


def test_labels_far_beyond_the_data_move_to_sessions_that_the_data_lack():
    placed = place_bars(pd.Index(["2023-12-30", "2024-05-04"]), DAYS, "XNYS", "next")
    assert placed.label.tolist() == [pd.Timestamp("2024-01-02"), pd.Timestamp("2024-05-06")]
    assert (placed.position.tolist(), placed.moved.tolist()) == ([-1, -1], [True, True])


def test_a_clock_is_fine_where_the_bars_have_one():
    bars = pd.DatetimeIndex(["2024-03-01", "2024-03-01 12:00"])
    assert place_bars(pd.DatetimeIndex(["2024-03-01 12:00"]), bars, None, "error").position.tolist() == [1]


def test_news_is_of_its_day_or_of_the_monday_after_and_may_act_on_the_next_weekday():
    """Days around the ends of the months of 2024, on each day of the week: their month, and whether the next may be meant."""
    ends, starts = (
        pd.date_range("2024-01-31", periods=12, freq="ME"),
        pd.date_range("2024-01-01", periods=12, freq="MS"),
    )
    for day, month, unsure in [
        ("2024-09-30", 9, True),  # a Monday, the last day
        ("2024-04-30", 4, True),
        ("2024-01-31", 1, True),
        ("2024-10-31", 10, True),
        ("2024-05-31", 5, True),  # a Friday
        ("2024-08-31", 9, True),  # a Saturday: it acts in September, and its own day is of August
        ("2024-06-30", 7, True),
        ("2024-04-29", 4, False),  # a Monday, the last day but one
        ("2024-01-30", 1, False),
        ("2024-10-30", 10, False),
        ("2024-05-30", 5, False),
        ("2024-09-27", 9, False),  # Friday, Saturday and Sunday before Monday the 30th
        ("2024-09-28", 9, False),
        ("2024-09-29", 9, False),
    ]:
        for side, bars in (("start", starts), ("end", ends)):
            placed = place_moments(moments(f"{day} 10:00"), bars, None, side)
            assert (placed.position.tolist(), placed.uncertain.tolist()) == ([month - 1], [unsure])


@pytest.mark.parametrize("kind", ["simple", "log"])
def test_a_panel_as_long_as_its_calendar_is_laid_on_it_all_the_same(kind):
    """A session is missing and an empty Saturday is there: as many rows as sessions, and other ones."""
    panel = small_panel(bars=30)
    at = panel.index[9:11]
    saturday = next(day for day in pd.date_range(panel.index[12], periods=7) if day.day_name() == "Saturday")
    odd = panel.drop(at[0])
    odd.loc[saturday] = np.nan
    odd = odd.sort_index()
    study = es.EventStudy(
        model=es.MarketModel("M"), calendar="XNYS", window=(0, 1), estimation=es.EstimationWindow(20, end=-6)
    )
    laid = align(study, es.ReturnPanel(odd, kind=kind), "XNYS", ["A", "B"])
    pd.testing.assert_index_equal(laid.bars, panel.index, check_names=False)
    assert (laid.strange, laid.off) == (1, None)
    gap = panel.copy()
    gap.loc[at[0]] = np.nan
    np.testing.assert_array_equal(laid.returns, gap[["A", "B"]].to_numpy().T)
    np.testing.assert_array_equal(laid.series, gap[["M"]].to_numpy().T)
    other = es.EventStudy(
        model=es.MarketModel("B"), calendar="XNYS", window=(0, 1), estimation=es.EstimationWindow(20, end=-6)
    )
    again = for_model(laid, other, es.ReturnPanel(odd, kind=kind))
    np.testing.assert_array_equal(again.series, gap[["B"]].to_numpy().T)


def test_days_that_are_no_session_are_put_together_with_the_next_for_who_was_asked_for():
    panel = small_panel(bars=60)
    friday = next(
        day for day in panel.index[20:] if day.day_name() == "Friday" and day + pd.Timedelta(days=3) in panel.index
    )
    saturday, monday = friday + pd.Timedelta(days=1), friday + pd.Timedelta(days=3)
    extra = panel.copy()
    extra.loc[saturday] = [np.nan, 0.01, np.nan]  # of A alone
    extra = extra.sort_index()
    study = es.EventStudy(
        model=es.MarketModel("M"), calendar="XNYS", window=(0, 1), estimation=es.EstimationWindow(20, end=-6)
    )
    laid = align(study, es.ReturnPanel(extra, kind="log"), "XNYS", ["A", "B"])
    pd.testing.assert_index_equal(laid.bars, panel.index, check_names=False)
    at = panel.index.get_loc(monday)
    expected = panel[["A", "B"]].to_numpy().T.copy()
    expected[0, at] += 0.01
    np.testing.assert_allclose(laid.returns, expected, rtol=1e-12)
    assert np.argwhere(laid.off).tolist() == [[0, at]]
    assert laid.strange == 1
    others = align(study, es.ReturnPanel(extra, kind="log"), "XNYS", ["B"])  # who is not asked for moves nothing
    np.testing.assert_array_equal(others.returns, panel[["B"]].to_numpy().T)
    assert (others.off, others.strange, others.laid) == (None, 1, None)
    other = es.EventStudy(model=es.MarketModel("B"), calendar="XNYS", window=(0, 1), estimation=study.estimation)
    again = for_model(others, other, es.ReturnPanel(extra, kind="log"))
    np.testing.assert_array_equal(again.series, panel[["B"]].to_numpy().T)
    whole = align(study, es.ReturnPanel(panel), "XNYS", ["B"])
    pd.testing.assert_index_equal(whole.bars, panel.index, check_names=False)
    assert (whole.strange, whole.laid) == (0, None)


def test_the_series_of_a_model_are_named_where_they_are_wrong():
    panel = small_panel(bars=60)
    panel.loc[panel.index[7], "B"] = np.inf
    study = es.EventStudy(
        model=es.FactorModel(("M", "B")), calendar=None, window=(0, 1), estimation=es.EstimationWindow(20, end=-6)
    )
    with pytest.raises(DataError, match="the regressor 'B' holds an infinite value"):
        align(study, es.ReturnPanel(panel, check=False), None)
    missing = es.EventStudy(
        model=es.FactorModel(("M", "Bb")), calendar=None, window=(0, 1), estimation=es.EstimationWindow(20, end=-6)
    )
    with pytest.raises(StudyError, match=r"needs 'Bb', which the panel does not hold.*did you mean 'B'"):
        align(missing, es.ReturnPanel(small_panel(bars=60)), None)


def test_matches_of_nobody_have_the_bars_of_the_panel():
    panel = small_panel(bars=60)
    model = es.MatchedPortfolio({"A": ("M", "B")})
    assert _matched(model, panel, None, []).shape == (0, 1, 60)
    assert _matched(model, panel, panel.index[3:9], []).shape == (0, 1, 6)
    np.testing.assert_allclose(
        _matched(model, panel, panel.index[3:9], ["A"]), panel[["M", "B"]].mean(axis=1)[3:9].to_numpy()[None, None]
    )
    with pytest.raises(StudyError, match="match= names 'Z'"):
        _matched(es.MatchedPortfolio({"A": "Z"}), panel, None, ["A"])


def test_bars_must_stand_in_order_each_once():
    with pytest.raises(DataError, match="the bar 2 more than once"):
        _check_index(pd.Index([1, 2, 2]))
    with pytest.raises(DataError, match="not in order"):
        _check_index(pd.Index([1, 3, 2]))
    _check_index(pd.Index([1, 2, 3]))
