"""Where events are put: bars by moments and by labels, at the ends of the data and between sessions."""

import numpy as np
import pandas as pd
import pytest

from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.errors import StudyError
from eventstudy.study.fit.align import _refuse_within, place_bars
from eventstudy.study.fit.moments import place_moments

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
