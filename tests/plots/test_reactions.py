import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import reactions, reactions_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def make(count, seed=1):
    rng = np.random.default_rng(seed)
    estimate = rng.normal(0, 0.01, count)
    return pd.DataFrame(
        {
            "event_id": [f"e{i:03d}" for i in range(count)],
            "name": [f"Event number {i} with a name" for i in range(count)],
            "stance": [("softening", "escalation", "talks")[i % 3] for i in range(count)],
            "session": pd.date_range("2024-11-06", periods=count, freq="D", unit="us"),
            "estimate": estimate,
            "low": estimate - 0.02,
            "high": estimate + 0.02,
        }
    )


@pytest.mark.parametrize("count", [9, 130])
def test_what_is_drawn_is_the_frame(count):
    frame = make(count)
    ax = reactions(frame)
    rows = count < 41
    for stance in ("escalation", "softening", "talks"):
        own = frame[frame["stance"] == stance]
        (points,) = by_gid(ax, f"reactions.estimate.{stance}")
        drawn = points.get_xdata() if rows else points.get_ydata()
        np.testing.assert_array_equal(drawn, own["estimate"])
        (bars,) = by_gid(ax, f"reactions.interval.{stance}")
        ends = np.array([segment[:, 0 if rows else 1] for segment in bars.get_segments()])
        np.testing.assert_array_equal(ends, own[["low", "high"]])


def test_few_events_are_named_rows_and_many_are_columns_with_the_largest_named():
    few = reactions(make(6))
    assert any("Event number 3" in t.get_text() and "2024-11-09" in t.get_text() for t in few.get_yticklabels())
    frame = make(120)
    many = reactions(frame, max_labels=5)
    names = by_gid(many, "reactions.name")
    assert 1 <= len(names) <= 5
    largest = frame.loc[frame["estimate"].abs().idxmax()]
    assert any(f"Event number {largest.name}" in t.get_text() for t in names)


def test_names_cover_neither_each_other_nor_any_interval():
    ax = reactions(make(120), max_labels=12)
    ax.figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in by_gid(ax, "reactions.name")]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    for stance in ("escalation", "softening", "talks"):
        for segment in by_gid(ax, f"reactions.interval.{stance}")[0].get_segments():
            (x, y0), (_, y1) = ax.transData.transform(segment)
            assert not any(b.x0 < x < b.x1 and min(y0, y1) < b.y1 and max(y0, y1) > b.y0 for b in boxes)


def test_groups_come_in_the_order_of_stances_with_their_n():
    tidy = reactions_data(make(9))
    assert list(pd.unique(tidy["stance"])) == ["escalation", "softening", "talks"]
    assert list(tidy["place"]) == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    texts = [t.get_text() for t in by_gid(reactions(make(9)), "reactions.group.talks")]
    assert texts == ["talks, n = 3"]


def test_a_missing_estimate_keeps_its_row_and_says_so():
    frame = make(6)
    frame.loc[2, ["estimate", "low", "high"]] = np.nan
    ax = reactions(frame)
    assert len(reactions_data(frame)) == 6
    assert [t.get_text().strip() for t in by_gid(ax, "reactions.missing")] == ["no figure"]
    assert "n = 5 events on 5 sessions; 1 without a figure" in by_gid(ax, "subtitle")[0].get_text()


def test_the_subtitle_counts_intervals_that_leave_out_zero():
    frame = make(4).assign(low=[0.001, -0.2, -0.2, -0.2], high=[0.2, -0.001, 0.2, 0.2])
    assert reactions(frame).get_title(loc="left").startswith("2 of 4 intervals leave out zero")


@pytest.mark.slow
def test_empty_and_one_event_and_all_missing():
    assert by_gid(reactions(make(3).iloc[:0]), "empty")[0].get_text() == "no events"
    (points,) = by_gid(reactions(make(1)), "reactions.estimate.softening")
    assert len(points.get_xdata()) == 1
    frame = make(60).assign(estimate=np.nan, low=np.nan, high=np.nan)
    assert by_gid(reactions(frame, layout="rows"), "reactions.missing")
    assert not by_gid(reactions(frame), "reactions.name")


def test_names_are_shown_as_they_are_even_if_they_look_like_formulas():
    frame = make(2).assign(name=["$x^2$ and \\frac", "a\u202eb\nc"])
    ax = reactions(frame)
    texts = " ".join(t.get_text() for t in ax.get_yticklabels())
    assert "$x^2$" in texts
    assert "\u202e" not in texts
    ax.figure.draw_without_rendering()


def test_an_axes_given_is_drawn_on_and_percent_is_on_the_axis():
    given = Figure().subplots()
    ax = reactions(make(5), ax=given)
    assert ax is given
    ax.figure.draw_without_rendering()
    assert all(t.get_text().endswith("%") for t in ax.get_xticklabels())


def test_wrong_input():
    with pytest.raises(InputError, match="low"):
        reactions(make(3).drop(columns="low"))
    with pytest.raises(InputError, match="layout"):
        reactions(make(3), layout="sideways")
