import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import market, market_data
from eventstudy.plots.market import date_axis


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def test_the_line_is_the_levels_and_the_panel_below_their_drawdown(levels, events):
    figure = market(levels, events)
    upper, lower = figure.axes
    (line,) = by_gid(upper, "market.level")
    np.testing.assert_array_equal(line.get_ydata(), levels.to_numpy())
    np.testing.assert_array_equal(line.get_xdata(), mdates.date2num(levels.index.to_numpy()))
    (below,) = by_gid(lower, "market.drawdown.line")
    highest = [max(levels.iloc[: i + 1]) for i in range(len(levels))]
    np.testing.assert_allclose(below.get_ydata(), [x / h - 1 for x, h in zip(levels, highest, strict=True)], rtol=1e-12)


def test_events_stand_on_their_level_by_stance_and_the_legend_counts_them(levels, events):
    figure = market(levels, events)
    (falls,) = by_gid(figure, "market.events.escalation")
    assert list(falls.get_ydata()) == [levels.iloc[23], levels.iloc[23]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "escalation (2)",
        "softening (1)",
        "talks (1)",
    ]
    markers = {by_gid(figure, f"market.events.{s}")[0].get_marker() for s in ("escalation", "softening", "talks")}
    assert len(markers) == 3, "stances are told apart without colour"


def test_the_subtitle_counts_events_sessions_and_what_lies_outside(levels, events):
    (subtitle,) = by_gid(market(levels, events), "subtitle")
    assert "n = 4 events on 3 sessions; 1 more on days without a level" in subtitle.get_text()


def test_tidy_data_keeps_every_event_and_every_session(levels, events):
    tidy = market_data(levels, events)
    assert sorted(tidy.loc[tidy["event_id"] != "", "event_id"]) == sorted(events["event_id"])
    assert set(levels.index) <= set(tidy["date"])
    assert np.isnan(tidy.iloc[-1]["level"]), "an event after the prices has no level, and is not dropped"
    assert tidy.iloc[-1]["event_id"] == "later"
    jump = tidy[tidy["event_id"] == "pause"].iloc[0]
    assert jump["move"] == pytest.approx(450 / levels.iloc[26])


def test_labels_do_not_touch_each_other_nor_any_other_pole(levels):
    crowd = pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(30)],
            "name": [f"An event with a rather long name {i}" for i in range(30)],
            "session": levels.index[20:50],
            "stance": ["escalation", "softening"] * 15,
        }
    )
    figure = market(levels, crowd, max_labels=12)
    figure.draw_without_rendering()
    upper = figure.axes[0]
    texts = [t for t in upper.texts if str(t.get_gid()).startswith("label.")]
    assert len(texts) >= 5
    boxes = [t.get_window_extent() for t in texts]
    frame = upper.get_window_extent()
    for i, box in enumerate(boxes):
        assert frame.x0 - 1 <= box.x0 <= box.x1 <= frame.x1 + 1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    for i, text in enumerate(texts):
        pole = upper.transData.transform((text.xy[0], 0))[0]
        for j, box in enumerate(boxes):
            crosses = box.x0 < pole < box.x1 and box.y1 < boxes[i].y0
            assert i == j or not crosses, "a pole runs down from its label; no lower label may lie in its way"


def test_the_largest_moves_are_named_first_and_chosen_labels_are_respected(levels, events):
    named = events.assign(label=["Day one", None, "", "Talks", "x"])
    texts = [t.get_text() for t in market(levels, named).axes[0].texts]
    assert "Day one" in texts
    assert "Talks" in texts
    assert not any("pause" in text for text in texts), "an empty label asks for none"
    one = [
        t.get_text() for t in market(levels, events, max_labels=1).axes[0].texts if str(t.get_gid()).startswith("label")
    ]
    assert one == ["90-day pause"], "the session with the largest move"


def test_no_events_and_no_levels_still_make_a_chart_that_says_so(levels, events):
    assert not market(levels, events.iloc[:0]).legends
    empty = market(levels.iloc[:0], events)
    assert by_gid(empty, "empty")[0].get_text() == "no levels"


def test_one_event(levels, events):
    (mark,) = by_gid(market(levels, events.iloc[[2]]), "market.events.softening")
    assert list(mark.get_ydata()) == [levels.iloc[27]]


def test_given_axes_are_used_and_nothing_global_is_touched(levels, events):
    before = dict(mpl.rcParams)
    figure = Figure()
    axes = tuple(figure.subplots(2))
    assert market(levels, events, axes=axes) is figure
    assert by_gid(axes[0], "market.level")
    assert dict(mpl.rcParams) == before


def test_wrong_input_says_what_is_missing(levels, events):
    with pytest.raises(InputError, match="stance"):
        market(levels, events.drop(columns="stance"))
    with pytest.raises(InputError, match="stands twice"):
        market(pd.concat([levels, levels.iloc[:1]]), events)
    with pytest.raises(InputError, match="style='loud' is not one of screen, paper"):
        market(levels, events, style="loud")


def test_input_is_not_changed(levels, events):
    kept = events.copy(deep=True)
    market(levels, events)
    pd.testing.assert_frame_equal(events, kept)


@pytest.mark.parametrize(
    ("first", "last", "some"),
    [
        ("2025-03-03", "2025-03-20", "3 Mar\n2025"),
        ("2024-11-10", "2025-06-01", "Jan\n2025"),
        ("1990-01-01", "2025-01-01", "2010"),
    ],
)
def test_dates_are_named_in_english_and_never_crowd(first, last, some):
    ax = Figure().subplots()
    date_axis(ax, mdates.date2num(np.datetime64(first)), mdates.date2num(np.datetime64(last)))
    texts = [text.get_text() for text in ax.get_xticklabels()]
    assert some in texts
    assert 2 <= len(texts) <= 14
