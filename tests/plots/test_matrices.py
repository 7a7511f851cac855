import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import heatmap, quality_calendar, quality_calendar_data, size_map, size_map_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def cells(count_events, count_symbols):
    rng = np.random.default_rng(4)
    rows = [(f"e{i}", f"s{j}", rng.normal(0, 0.02)) for i in range(count_events) for j in range(count_symbols)]
    return pd.DataFrame(rows, columns=["event", "symbol", "estimate"])


def test_cells_are_the_frame_with_events_down_and_securities_across():
    frame = cells(3, 4)
    ax = heatmap(frame)
    (mesh,) = by_gid(ax, "heatmap.cells")
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).ravel(), frame["estimate"])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["e0", "e1", "e2"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["s0", "s1", "s2", "s3"]
    texts = [t.get_text() for t in by_gid(ax, "heatmap.text")]
    assert texts[0] == f"{100 * frame['estimate'][0]:.1f}".replace("-", "−")
    low, high = mesh.get_clim()
    assert low == -high, "zero is white"


def test_many_cells_carry_a_mark_for_the_sign_instead_of_numbers():
    frame = cells(30, 20)
    ax = heatmap(frame)
    assert not by_gid(ax, "heatmap.text")
    (minus,) = by_gid(ax, "heatmap.minus")
    drawn = {(int(y), int(x)) for x, y in minus.get_xydata()}
    negative = np.argwhere(frame["estimate"].to_numpy().reshape(30, 20) < 0)
    assert drawn == {tuple(map(int, pair)) for pair in negative}


def test_a_pair_without_a_figure_is_grey_not_zero():
    frame = cells(3, 3).drop(index=4)
    ax = heatmap(frame)
    (mesh,) = by_gid(ax, "heatmap.cells")
    assert np.ma.getmaskarray(mesh.get_array()).ravel().sum() == 1
    assert [t.get_text() for t in by_gid(ax, "heatmap.text")].count("–") == 1
    assert "1 without a figure" in by_gid(ax, "subtitle")[0].get_text()


def test_texts_on_dark_cells_are_white():
    ax = heatmap(pd.DataFrame({"event": ["a", "a"], "symbol": ["x", "y"], "estimate": [-0.1, 0.0]}))
    assert [t.get_color() for t in by_gid(ax, "heatmap.text")] == ["white", "#222222"]


SIZES = pd.DataFrame(
    {
        "test": ["bmp", "bmp", "patell", "patell"],
        "scenario": ["iid", "variance", "iid", "variance"],
        "size": [0.05, 0.02, 0.31, np.nan],
        "low": [0.04, 0.01, 0.28, np.nan],
        "high": [0.06, 0.03, 0.34, np.nan],
        "nominal": 0.05,
    }
)


def test_size_map_says_which_tests_reject_too_often():
    assert list(size_map_data(SIZES)["verdict"]) == ["ok", "too seldom", "too often", ""]
    ax = size_map(SIZES)
    assert [t.get_text() for t in by_gid(ax, "size.text")] == ["5.0", "2.0▼", "31.0▲", "–"]
    values = np.ma.filled(by_gid(ax, "size.cells")[0].get_array(), np.nan).ravel()
    np.testing.assert_allclose(values, [0, np.log2(0.4), 2, np.nan])
    assert "nominal level 5%" in by_gid(ax, "subtitle")[0].get_text()


QUALITY = pd.DataFrame(
    {
        "symbol": ["NVDA", "NVDA", "ARM", "ARM"],
        "period": ["2025-02", "2025-01", "2025-01", "2025-02"],
        "expected": [19, 20, 0, 19],
        "present": [17, 20, 0, 19],
    }
)


def test_quality_calendar_counts_what_is_missing():
    np.testing.assert_allclose(quality_calendar_data(QUALITY)["share"], [17 / 19, 1, np.nan, 1])
    ax = quality_calendar(QUALITY)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2025-01", "2025-02"]
    assert [t.get_text() for t in by_gid(ax, "quality.text")] == ["", "2", "", ""], "grey says that none is expected"
    assert ax.get_title(loc="left") == "2 of 58 sessions have no figure"


@pytest.mark.parametrize(("draw", "frame"), [(heatmap, cells(2, 2)), (size_map, SIZES), (quality_calendar, QUALITY)])
def test_empty_one_row_given_axes_and_wrong_input(draw, frame):
    assert by_gid(draw(frame.iloc[:0]), "empty")
    assert len(by_gid(draw(frame.iloc[:1]), "empty")) == 0
    given = Figure(layout="constrained").subplots()
    assert draw(frame, ax=given) is given
    with pytest.raises(InputError, match="stands twice"):
        draw(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(InputError, match="needs the columns"):
        draw(frame.iloc[:, 1:])


@pytest.mark.parametrize(("columns", "slanted"), [(["2016", "2017"] * 6, False), (["Business equipment", "x"], True)])
def test_names_of_columns_slant_only_where_they_would_meet(columns, slanted):
    frame = pd.DataFrame(
        {"symbol": "A", "period": [f"{i}{name}"[:18] for i, name in enumerate(columns)], "expected": 9, "present": 9}
    )
    assert all((label.get_rotation() > 0) is slanted for label in quality_calendar(frame).get_xticklabels())
