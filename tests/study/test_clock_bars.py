"""Bars on the hours of an exchange made by hand: what is in hours, which bars there should be, ends, half days and holes."""

import warnings

import numpy as np
import pandas as pd
import pytest

from eventstudy.abnormal import IntradayModel, MeanAdjusted
from eventstudy.abnormal.intraday.clock import Clock
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import DataWarning, ReturnPanel
from eventstudy.study.fit.clock_bars import (
    _by_date,
    _clock,
    _grid,
    _Hours,
    _kept,
    _opening,
    _side,
    _step,
    _utc,
    _warn_of_labels,
    _without,
    lay_on_clock,
)

MINUTE = 60_000_000
DAY = 1440 * MINUTE
FIRST = 19_724 * DAY  # 2024-01-02
SHIFT = -300  # the exchange's clock is five hours behind UTC


def hours_of(sessions, shift=SHIFT):
    """Hours from (day, open, lunch, back, close) in minutes of the exchange's clock; without a break both its ends are the close."""
    table = np.array([(d, o, c if le is None else le, c if b is None else b, c) for d, o, le, b, c in sessions])
    at = FIRST + table[:, 0] * DAY
    opened, lunch, back, close = (at + (table[:, column] - shift) * MINUTE for column in range(1, 5))
    label = pd.DatetimeIndex(at.astype("M8[us]"))
    return _Hours(label, opened, lunch, back, close, np.full(len(table), shift * MINUTE))


def stamp(day, minute, shift=SHIFT):
    return FIRST + day * DAY + (minute - shift) * MINUTE


def stamps(*bars):
    return np.array([stamp(day, minute) for day, minute in bars], dtype=np.int64)


LUNCH = [(0, 570, 720, 780, 960), (1, 570, 720, 780, 960), (3, 570, None, None, 780)]


@pytest.mark.parametrize("step", [10, 30, 60])
def test_bars_lie_in_hours_just_before_they_begin_or_outside(step):
    known = hours_of(LUNCH)
    every = np.arange(stamp(-1, 0), stamp(4, 1440), 10 * MINUTE)
    day = np.searchsorted(known.open - step * MINUTE, every, side="right") - 1
    expected = []
    for bar, at in zip(every, day, strict=True):
        if at < 0:
            expected.append(2)
            continue
        number, opened, lunch, back, closed = LUNCH[at]
        local = (bar - stamp(number, 0)) // MINUTE
        pause = lunch is not None and lunch <= local < back
        if opened <= local < closed and not pause:
            expected.append(0)
        else:
            expected.append(1 if local == opened - step or (pause and local == back - step) else 2)
    assert _side(every, day, known, step * MINUTE).tolist() == expected


@pytest.mark.parametrize(("minutes", "fine"), [(0.5, False), (1, True), (30, True), (60, True), (61, False)])
def test_the_length_of_a_bar_is_the_most_frequent_step_of_a_minute_to_an_hour(minutes, fine):
    at = np.r_[0, np.cumsum([minutes, minutes, 7, minutes, 1440, minutes])] * MINUTE
    utc = _utc(at.astype(np.int64))
    if fine:
        assert _step(utc) == minutes * MINUTE
    else:
        with pytest.raises(DataError, match="bars of 1 to 60 minutes"):
            _step(utc)


@pytest.mark.parametrize("label", [None, "start", "end"])
@pytest.mark.parametrize(
    ("at_open", "at_close"), [(0, 4), (1, 3), (1, 2), (2, 3), (2, 2), (3, 1), (4, 0), (3, 2), (2, 1)]
)
def test_labels_look_like_the_other_end_where_more_than_half_of_the_sessions_say_so(label, at_open, at_close):
    """`at_open` and `at_close` of four sessions have a label at the open and one at the close."""
    known = hours_of([(d, 570, None, None, 960) for d in range(4)])
    step = 30 * MINUTE
    labels = [(d, 570) for d in range(at_open)] + [(d, 960) for d in range(at_close)]
    labels += [(d, 700) for d in range(4)]
    start = np.sort(stamps(*labels)) - (step if label == "end" else 0)
    day = np.searchsorted(known.open - step, start, side="right") - 1
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _warn_of_labels(start, day, known, step, label)
    ends = at_open < 2 and at_close > 2
    starts = at_open > 2 and at_close < 2
    assert len(told) == (starts if label == "end" else ends)
    if told:
        assert f"labelled with their {'starts' if label == 'end' else 'ends'}" in str(told[0].message)
        assert f"{at_close / 4:.0%} of the sessions have one at the close and {at_open / 4:.0%}" in str(told[0].message)


def kept(bars, sessions=LUNCH, step=30):
    known = hours_of(sessions)
    start = stamps(*bars)
    day = np.searchsorted(known.open - step * MINUTE, start, side="right") - 1
    side = _side(start, day, known, step * MINUTE)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        keep, gap = _kept(start, day, side, known, step * MINUTE)
    return keep.tolist(), gap.tolist(), [str(one.message) for one in told]


def test_bars_off_the_grid_are_left_out_and_counted_save_those_of_the_open_and_after_lunch():
    usual = [(0, minute) for minute in (600, 630, 660, 690, 810, 840)]
    bars = sorted([(0, 570), (0, 780), *usual, (0, 617), (0, 843)])
    keep, gap, told = kept(bars)
    assert keep == [minute not in (617, 843) for _, minute in bars]
    assert not any(gap)
    assert len(told) == 1
    assert told[0].startswith("2 rows within the session stand between two bars (2024-01-02 15:17:00 UTC)")
    _, _, told = kept([(0, 600), (0, 615), (0, 630), (0, 660)])
    assert told[0].startswith("1 row within the session stands between two bars")
    shifted = [(0, minute) for minute in (585, 615, 645)]  # the grid is where most bars are
    keep, _, told = kept(sorted([(0, 570), *shifted, (0, 600)]))
    assert keep == [True, True, False, True, True]
    assert len(told) == 1


def test_a_return_over_a_closure_has_a_bar_of_its_own_unless_more_bars_lie_before_it():
    night = [(0, 540), (0, 570), (0, 600), (0, 750), (0, 780), (1, 540), (1, 570)]
    keep, gap, told = kept(night)
    assert keep == [True] * 7
    assert gap == [True, False, False, True, False, True, False]
    assert not told
    extended = [(0, 510), (0, 540), (0, 570), (0, 600), (1, 510), (1, 540), (1, 570)]
    keep, gap, _ = kept(extended)
    assert keep == [False, False, True, True, False, False, True]
    assert not any(gap)
    half = [(0, 510), (0, 540), (0, 570), (1, 540), (1, 570)]  # before one of two: half of them are enough to tell
    assert not any(kept(half)[1])
    third = [(0, 510), (0, 540), (0, 570), (1, 540), (1, 570), (3, 540), (3, 570)]
    assert kept(third)[1] == [False, True, False, True, False, True, False]


def test_the_close_of_one_session_that_is_a_step_before_the_next_is_no_gap():
    known = [(0, 570, None, None, 600), (0, 630, None, None, 700)]
    keep, gap, _ = kept([(0, 570), (0, 600), (0, 630), (0, 660)], known)
    assert keep == [True, False, True, True]
    assert not any(gap)


def test_bars_outside_hours_belong_to_the_session_of_their_date():
    known = hours_of(LUNCH)
    start = stamps((-1, 700), (0, 0), (0, 500), (0, 1439), (1, 1000), (2, 600), (3, 100), (3, 900), (4, 10))
    place, there = _by_date(start, known)
    assert there.tolist() == [False, True, True, True, True, False, True, True, False]
    assert place[there].tolist() == [0, 0, 0, 1, 2, 2]


def grid(bars, sessions=LUNCH, step=30, gaps=()):
    known = hours_of(sessions)
    start = stamps(*bars)
    day = np.searchsorted(known.open - step * MINUTE, start, side="right") - 1
    gap = np.isin(np.arange(start.size), gaps)
    made, of = _grid(start, day, gap, known, step * MINUTE)
    local = [(int(at // DAY - FIRST // DAY), int(at % DAY // MINUTE)) for at in made + SHIFT * MINUTE]
    return local, of.tolist()


def test_every_session_with_a_bar_gets_all_bars_of_its_hours():
    made, of = grid([(0, 600), (0, 630), (3, 570)])
    morning, afternoon = list(range(570, 720, 30)), list(range(780, 960, 30))
    assert made == [(0, m) for m in morning + afternoon] + [(3, m) for m in range(570, 780, 30)]
    assert of == [0] * 11 + [2] * 7


def test_bars_stand_on_the_grid_of_most_of_them_and_at_the_open_and_after_lunch():
    made, of = grid([(0, 600), (0, 660), (0, 840)], step=60)
    assert made == [(0, m) for m in (570, 600, 660, 780, 840, 900)]
    assert of == [0] * 6
    made, _ = grid([(0, 570), (0, 630), (0, 690), (0, 870)], step=60)
    assert made == [(0, m) for m in (570, 630, 690, 780, 810, 870, 930)]


def test_bars_of_the_night_are_kept_beside_those_of_the_hours_and_have_no_say_in_the_grid():
    made, of = grid([(3, 545), (3, 600), (3, 660)], step=60, gaps=(0,))
    assert made == [(3, m) for m in (545, 570, 600, 660, 720)]
    assert of == [2] * 5


def clock(sessions, step=30, lacking=(), extra=()):
    """The clock of all bars of the sessions, and of some besides; `lacking` are bars that the data do not have."""
    known = hours_of(sessions)
    bars = [
        (at, d, m)
        for at, (d, o, le, b, c) in enumerate(sessions)
        for m in range(o, c, step)
        if le is None or not le <= m < b
    ]
    bars = sorted([*bars, *extra], key=lambda one: (one[1], one[2]))
    made = stamps(*[(d, m) for _, d, m in bars])
    of = np.array([at for at, _, _ in bars])
    held = np.array([(d, m) not in lacking for _, d, m in bars])
    return bars, made, _clock(made, of, known, step * MINUTE, held)


def test_slots_are_clock_times_and_days_are_sessions():
    bars, made, found = clock(LUNCH, extra=[(1, 1, 540)])
    times = sorted({m for _, _, m in bars})
    assert found.clock.time.tolist() == times
    assert found.clock.slot.tolist() == [times.index(m) for _, _, m in bars]
    assert found.clock.day.tolist() == [at for at, _, _ in bars]
    assert found.clock.regular.tolist() == [m != 540 for m in times]
    assert found.clock.date.tolist() == [19_724, 19_725, 19_727]
    assert found.clock.minutes == 30
    assert found.first.tolist() == hours_of(LUNCH).open.tolist()
    assert found.end.tolist() == (made + 30 * MINUTE).tolist()


@pytest.mark.parametrize("shift", [540, -600, 0])
def test_clock_times_are_those_of_the_exchange_wherever_it_is(shift):
    """A session from 9 to 11 of Tokyo begins at midnight of UTC, one of Honolulu at 19 h."""
    known = hours_of([(0, 540, None, None, 660), (1, 540, None, None, 660)], shift)
    made = np.concatenate([known.open[:, None] + np.arange(4) * 30 * MINUTE]).ravel()
    found = _clock(made, np.repeat([0, 1], 4), known, 30 * MINUTE, np.ones(8, dtype=bool))
    assert found.clock.time.tolist() == [540, 570, 600, 630]
    assert found.clock.slot.tolist() == [0, 1, 2, 3] * 2
    assert found.clock.date.tolist() == [19_724, 19_725]
    place, there = _by_date(made, known)
    assert there.all()
    assert place.tolist() == [0] * 4 + [1] * 4
    grid, of = _grid(made[[1, 6]], np.array([0, 1]), np.zeros(2, dtype=bool), known, 30 * MINUTE)
    np.testing.assert_array_equal(grid, made)
    assert of.tolist() == [0] * 4 + [1] * 4


def test_a_bar_ends_with_the_morning_or_the_session_at_the_latest():
    """Bars of 50 minutes on 570 .. 720 and 780 .. 970: the last of each is cut."""
    bars, made, found = clock([(0, 570, 720, 780, 970)], step=50, extra=[(0, 0, 500)])
    assert [m for _, _, m in bars] == [500, 570, 620, 670, 820, 870, 920]
    length = (found.end - made) // MINUTE
    assert length.tolist() == [50, 50, 50, 50, 50, 50, 50]
    _, made, found = clock([(0, 570, 710, 780, 950)], step=50)
    assert ((found.end - made) // MINUTE).tolist() == [50, 50, 40, 50, 50, 30]


@pytest.mark.parametrize(("short", "unusual"), [(19, True), (20, False)])
def test_hours_of_twenty_sessions_are_usual_ones(short, unusual):
    sessions = [(d, 570, None, None, 780 if d < short else 960) for d in range(short + 25)]
    _, _, found = clock(sessions, step=60)
    assert found.clock.half.tolist() == [unusual] * short + [False] * 25


def test_a_change_of_clocks_changes_no_usual_hours():
    """Twenty-five sessions in winter and three in summer, when the same hours lie an hour earlier in UTC."""
    winter = hours_of([(d, 570, None, None, 960) for d in range(25)], -300)
    summer = hours_of([(d, 570, None, None, 960) for d in range(25, 28)], -240)
    both = [
        np.concatenate([getattr(one, name) for one in (winter, summer)])
        for name in ("open", "lunch", "back", "close", "shift")
    ]
    known = _Hours(winter.label.append(summer.label), *both)
    made = (known.open[:, None] + np.arange(13) * 30 * MINUTE).ravel()
    of = np.repeat(np.arange(28), 13)
    found = _clock(made, of, known, 30 * MINUTE, np.ones(made.size, dtype=bool))
    assert not found.clock.half.any()
    assert found.clock.time.tolist() == list(range(570, 960, 30))


def test_of_a_short_sample_the_most_frequent_hours_are_usual():
    sessions = [(d, 570, None, None, 780 if d in (1, 4) else 960) for d in range(7)]
    _, _, found = clock(sessions, step=60)
    assert found.clock.half.tolist() == [False, True, False, False, True, False, False]
    later = [
        (d, 630 if d == 2 else 570, None, None, 1020 if d == 2 else 960) for d in range(5)
    ]  # as long, an hour later
    assert clock(later, step=60)[2].clock.half.tolist() == [False, False, True, False, False]
    each = [(d, 570, None, None, 780 + 60 * d) for d in range(3)]  # none is more usual than another
    assert clock(each, step=60)[2].clock.half.tolist() == [False] * 3


def test_a_session_that_lacks_more_than_a_quarter_of_its_bars_is_no_usual_day():
    sessions = [(d, 570, None, None, 810) for d in range(3)]  # eight bars each
    lacking = [(1, 570), (1, 600), (2, 570), (2, 600), (2, 690)]
    extra = [(0, 0, 500), (0, 0, 530), (0, 0, 480)]
    _, _, found = clock(sessions, lacking=[*lacking, (0, 500), (0, 530), (0, 480)], extra=extra)
    assert found.clock.half.tolist() == [False, False, True]  # bars outside hours do not count


def without(held, day, slot, regular=(True,) * 4, overnight="bar", *, extended=False):
    made = Clock(np.array(day), np.array(slot), np.array(regular), np.zeros(max(day) + 1, dtype=bool), 30.0,
                 np.arange(max(day) + 1), np.arange(4))  # fmt: skip
    index = pd.date_range("2024-01-02 14:30", periods=len(day), freq="30min", tz="UTC")
    frame = pd.DataFrame({"A": np.arange(1.0, len(day) + 1)}, index=index)
    frame.loc[~np.array(held)] = np.nan
    model = IntradayModel(base=MeanAdjusted(), overnight=overnight, extended=extended)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = _without(frame, made, np.array(held), model)
    return np.flatnonzero(found["A"].isna() & np.array(held)).tolist(), [str(one.message) for one in told]


DAYS, SLOTS = np.repeat([0, 1, 2], 4).tolist(), [0, 1, 2, 3] * 3


def test_the_return_after_a_hole_within_a_session_is_left_out():
    held = [True] * 12
    assert without(held, DAYS, SLOTS) == ([], [])
    for holes, gone in [
        ([1], [2]),
        ([1, 2], [3]),
        ([0], []),  # the first of a session: the return reaches over the night
        ([3], []),  # the last: the next is of another session
        ([3, 4], []),
        ([4, 5], []),  # a late begin
        ([0, 1], []),
        ([5, 9, 10], [6, 11]),
        ([4, 6], [7]),
    ]:
        there = [at not in holes for at in range(12)]
        found, told = without(there, DAYS, SLOTS)
        assert found == gone
        assert len(told) == bool(gone)
        if gone:
            sessions = len({at // 4 for at in gone})
            words = f"{len(holes)} bars are missing within {sessions} session{'s' if sessions > 1 else ''};"
            assert told[0].startswith(words)
            assert (
                f"(first {pd.Timestamp('2024-01-02 14:30') + pd.Timedelta(minutes=30 * gone[0]):%Y-%m-%d %H:%M} UTC)"
                in told[0]
            )


def test_the_night_is_left_out_by_option_in_its_own_bar_or_in_the_opening_one():
    held, night = [True] * 12, (False, True, True, True)
    assert without(held, DAYS, SLOTS, overnight="drop")[0] == [0, 4, 8]
    assert without(held, DAYS, SLOTS, night, overnight="drop")[0] == [0, 4, 8]
    assert without(held, DAYS, SLOTS, night, overnight="drop", extended=True)[0] == [1, 5, 9]
    assert without(held, DAYS, SLOTS, night)[0] == []
    holed = [at != 6 for at in range(12)]
    assert without(holed, DAYS, SLOTS, overnight="drop")[0] == [0, 4, 7, 8]


def test_the_opening_bar_is_the_first_in_trading_hours_of_each_session():
    made = Clock(np.array(DAYS), np.array(SLOTS), np.array([False, True, True, True]), np.zeros(3, dtype=bool), 30.0,
                 np.arange(3), np.arange(4))  # fmt: skip
    assert np.flatnonzero(_opening(made)).tolist() == [1, 5, 9]


def panel_of(index, **columns):
    return ReturnPanel(pd.DataFrame(columns or {"A": np.arange(1.0, len(index) + 1) / 1000}, index=index), check=False)


def xnys(days, step=30, first="09:30", last="15:59"):
    dates = pd.bdate_range("2024-01-16", periods=days)
    times = pd.date_range(f"2024-01-16 {first}", f"2024-01-16 {last}", freq=f"{step}min") - pd.Timestamp("2024-01-16")
    return pd.DatetimeIndex([d + t for d in dates for t in times]).tz_localize("America/New_York")


def test_a_panel_is_laid_on_all_bars_of_its_sessions():
    index = xnys(3)
    keep = np.ones(len(index), dtype=bool)
    keep[[4, 14]] = False
    outside = pd.DatetimeIndex(["2024-01-16 17:00", "2024-01-17 04:00"]).tz_localize("America/New_York")
    given = index[keep].union(outside)
    panel = panel_of(given)
    with pytest.warns(DataWarning, match="2 bars are missing within 2 sessions"):
        laid, hours, strange = lay_on_clock(panel, "XNYS", None, IntradayModel(base=MeanAdjusted()))
    assert strange == 2
    assert (laid.label, len(laid.frame), str(laid.frame.index.tz)) == ("start", 39, "UTC")
    pd.testing.assert_index_equal(laid.frame.index, index.tz_convert("UTC").as_unit("us"), check_names=False)
    values = panel.frame["A"].reindex(index).to_numpy(copy=True)
    values[[5, 15]] = np.nan  # returns over a hole
    np.testing.assert_array_equal(laid.frame["A"].to_numpy(), values)
    assert hours.clock.day.tolist() == np.repeat([0, 1, 2], 13).tolist()
    assert hours.clock.time.tolist() == list(range(570, 960, 30))
    ends = index.tz_convert("UTC").as_unit("us").asi8 + 30 * MINUTE
    assert hours.end.tolist() == ends.tolist()


def test_ends_are_laid_as_starts_and_extended_hours_by_option():
    index = xnys(2, first="08:30", last="16:59")
    panel = panel_of(index)
    model = IntradayModel(base=MeanAdjusted(), extended=True)
    laid, hours, strange = lay_on_clock(panel, "XNYS", None, model)
    assert (strange, len(laid.frame)) == (0, len(index))
    assert hours.clock.day.tolist() == np.repeat([0, 1], 17).tolist()
    assert np.flatnonzero(~hours.clock.regular).tolist() == [0, 1, 15, 16]
    live = panel_of(index.union([index[20] + pd.Timedelta(minutes=17)]))
    with pytest.warns(DataWarning, match="1 row within the session stands between two bars"):
        again, _, strange = lay_on_clock(live, "XNYS", None, model)
    assert (strange, len(again.frame)) == (1, len(index))
    usual, _, left = lay_on_clock(panel, "XNYS", None, IntradayModel(base=MeanAdjusted()))
    assert (left, len(usual.frame)) == (8, 26)
    inside = xnys(2)
    ended = panel_of(inside + pd.Timedelta(minutes=30))
    laid, _, strange = lay_on_clock(ended, "XNYS", "end", IntradayModel(base=MeanAdjusted()))
    assert strange == 0
    pd.testing.assert_index_equal(laid.frame.index, inside.tz_convert("UTC").as_unit("us"), check_names=False)
    np.testing.assert_array_equal(laid.frame["A"].to_numpy(), ended.frame["A"].to_numpy())


def test_a_panel_out_of_hours_or_of_one_bar_is_refused():
    night = pd.date_range("2024-01-16 20:00", periods=6, freq="30min", tz="America/New_York")
    with pytest.raises(DataError, match="no row of the panel lies in the trading hours of XNYS"):
        lay_on_clock(panel_of(night), "XNYS", None, IntradayModel(base=MeanAdjusted()))
    with pytest.raises(StudyError, match="needs bars within days"):
        lay_on_clock(panel_of(xnys(1)[:1]), "XNYS", None, IntradayModel(base=MeanAdjusted()))
    two, _, _ = lay_on_clock(panel_of(xnys(1)[3:5]), "XNYS", None, IntradayModel(base=MeanAdjusted()))
    assert len(two.frame) == 13
