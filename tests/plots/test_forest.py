import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import attrition, attrition_data, forest, forest_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "group": ["escalation", "softening", "escalation", "softening"],
            "label": ["Tariff Man", "Pause", "All escalations", "All softenings"],
            "estimate": [-0.03, 0.09, -0.01, 0.01],
            "low": [-0.05, 0.07, -0.02, -0.01],
            "high": [-0.01, 0.11, -0.001, 0.03],
            "n": [1, 1, 53, 35],
            "summary": [False, False, True, True],
        }
    )


def test_rows_stand_by_group_with_diamonds_for_summaries(frame):
    ax = forest(frame)
    (points,) = by_gid(ax, "forest.estimate")
    assert list(points.get_xdata()) == [-0.03, 0.09]
    (bars,) = by_gid(ax, "forest.interval")
    assert [tuple(s[:, 0]) for s in bars.get_segments()] == [(-0.05, -0.01), (0.07, 0.11)]
    diamonds = [d.get_xy() for d in by_gid(ax, "forest.summary")]
    assert [(d[:, 0].min(), d[:, 0].max()) for d in diamonds] == [(-0.02, -0.001), (-0.01, 0.03)]
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels == ["Tariff Man", "All escalations", "Pause", "All softenings"]
    assert [t.get_text() for t in by_gid(ax, "forest.group.softening")] == ["softening"]
    rows = forest_data(frame)["row"].to_numpy()
    assert (np.diff(rows) >= 1).all()
    assert rows[2] - rows[1] > 1, "a group's name has a row of its own"


def test_values_and_units_are_written_beside(frame):
    texts = [t.get_text() for t in by_gid(forest(frame), "forest.value")]
    assert texts[0] == "−3.00%  (n = 1)"
    ax = forest(frame.drop(columns=["n", "group", "summary"]), unit="standard deviations", quantity="mean reaction")
    assert by_gid(ax, "forest.value")[0].get_text() == "−0.03 standard deviations"
    assert ax.get_xlabel() == "mean reaction, standard deviations"
    assert ax.get_title(loc="left").startswith("3 of ")


def test_a_missing_estimate_keeps_its_row(frame):
    frame.loc[0, ["estimate", "low", "high"]] = np.nan
    assert by_gid(forest(frame), "forest.value")[0].get_text().startswith("no figure")


STAGES = pd.DataFrame(
    {"stage": ["catalogue", "priced", "studied"], "n": [173, 156, 156], "reason": [None, "after the figures", ""]}
)


def test_attrition_shows_what_was_lost_and_why():
    assert list(attrition_data(STAGES)["lost"]) == [0, 17, 0]
    ax = attrition(STAGES)
    assert [bar.get_width() for bar in by_gid(ax, "attrition.kept")] == [173, 156, 156]
    assert [bar.get_width() for bar in by_gid(ax, "attrition.lost")] == [0, 17, 0]
    texts = [t.get_text() for t in by_gid(ax, "attrition.text")]
    assert texts == ["173", "156   −17: after the figures", "156"]
    assert ax.get_title(loc="left").startswith("156 of 173 events remain")


def test_empty_one_row_given_axes_and_wrong_input(frame):
    for draw, data in ((forest, frame), (attrition, STAGES)):
        assert by_gid(draw(data.iloc[:0]), "empty")
        assert not by_gid(draw(data.iloc[:1]), "empty")
        given = Figure().subplots()
        assert draw(data, ax=given) is given
        with pytest.raises(InputError, match="needs the columns"):
            draw(data.drop(columns=[data.columns[1]]))
