"""Windows cut out of panels, bar by bar: wherever they begin, the same numbers, and none from outside the data."""

import numpy as np
import pytest

from eventstudy.abnormal.windows import bars_of, cut, cut_flags

BARS = 6
STARTS = {
    "inside, from the first to the last bar": [0, 3, 1],
    "from before the data": [-1, 2],
    "wholly before and wholly after": [-9, 6, 3],
    "beyond the end by one": [4, 0],
    "none": [],
}


def by_bar(panel, row, start, length, outside):
    """What each window holds, one bar at a time."""
    return [
        [panel[who, at] if 0 <= at < panel.shape[1] else outside for at in range(begin, begin + length)]
        for who, begin in zip(row, start, strict=True)
    ]


@pytest.mark.parametrize("length", [1, 3, 6, 7])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_window_holds_its_bars_and_nothing_from_outside_the_data(start, length):
    row = np.arange(len(start)) % 2
    at = np.array(start, dtype=np.int64)
    panel = np.arange(2.0 * BARS).reshape(2, BARS) + 1
    expected = np.array(by_bar(panel, row, start, length, np.nan)).reshape(len(start), length)
    np.testing.assert_array_equal(cut(panel, row, at, length), expected)
    flags = np.array([[True, False, True, True, False, True], [True, True, False, False, True, True]])
    told = np.array(by_bar(flags, row, start, length, False), dtype=bool).reshape(len(start), length)
    np.testing.assert_array_equal(cut_flags(flags, row, at, length), told)


def test_a_window_is_a_copy_and_the_panel_stays_as_it_is():
    panel = np.arange(8.0).reshape(2, 4)
    before = panel.copy()
    for start in ([0, 1], [0, 3]):
        window = cut(panel, np.array([0, 1]), np.array(start), 2)
        window += 100.0
    np.testing.assert_array_equal(panel, before)


@pytest.mark.parametrize("panel", [np.arange(24.0).reshape(4, 6)[:, ::2], np.arange(24.0).reshape(6, 4).T])
def test_windows_of_panels_that_lie_otherwise_in_memory(panel):
    row, start = np.array([3, 0]), np.array([0, 1])
    np.testing.assert_array_equal(cut(panel, row, start, 2), [panel[3, 0:2], panel[0, 1:3]])


@pytest.mark.parametrize(("first", "last"), [(0, 0), (-2, 1), (1, 3), (-7, 7)])
@pytest.mark.parametrize("day0", [[2, 3], [0, 5], [5], [1], [4], []])
def test_positions_of_relative_days_are_counted_from_day_0(day0, first, last):
    expected = [[d + shift if 0 <= d + shift < BARS else -1 for shift in range(first, last + 1)] for d in day0]
    found = bars_of(np.array(day0, dtype=np.int64), first, last, BARS)
    assert found.shape == (len(day0), last - first + 1)
    assert found.tolist() == expected
