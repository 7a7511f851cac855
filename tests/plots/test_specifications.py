import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.plots import specification_curve, specification_curve_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "window": ["0", "0..1", "0", "0..1", "0"],
            "scale": ["ewma", "ewma", "vix", "vix", "none"],
            "estimate": [0.3, -0.1, 0.2, 0.5, np.nan],
            "pvalue": [0.01, 0.6, 0.2, 0.001, np.nan],
        }
    )


def test_points_go_up_and_are_filled_where_clear(frame):
    figure = specification_curve(frame, ["window", "scale"], unit="sd")
    np.testing.assert_array_equal(by_gid(figure, "specification.dim")[0].get_xydata(), [[0, -0.1], [1, 0.2]])
    np.testing.assert_array_equal(by_gid(figure, "specification.clear")[0].get_xydata(), [[2, 0.3], [3, 0.5]])
    assert by_gid(figure, "subtitle")[0].get_text() == "estimate in every specification; 1 without an estimate"
    said = " ".join(by_gid(figure, "title")[0].get_text().split())
    assert said == "50% of 4 specifications have p < 0.05; the median is 0.25 sd"


def test_each_specification_has_one_mark_in_every_choice(frame):
    lower = specification_curve(frame, ["window", "scale"]).axes[1]
    assert [t.get_text() for t in lower.get_yticklabels()] == ["window: 0", "window: 0..1", "scale: ewma", "scale: vix"]
    rows = {}
    for line in by_gid(lower, "specification.choice"):
        x, y = line.get_data()
        rows.setdefault(np.nanmean(y).round(6), []).extend(x[::3])
    assert [sorted(rows[row]) for row in sorted(rows)] == [[1, 2], [0, 3], [0, 2], [1, 3]]


def test_intervals_are_drawn_when_given(frame):
    figure = specification_curve(frame.assign(low=frame["estimate"] - 1, high=frame["estimate"] + 1), ["window"])
    (bars,) = by_gid(figure, "specification.interval")
    ends = bars.get_ydata().reshape(-1, 3)[:, :2]
    np.testing.assert_allclose(ends, [[-1.1, 0.9], [-0.8, 1.2], [-0.7, 1.3], [-0.5, 1.5]])


def test_empty_one_row_and_wrong_input(frame):
    assert by_gid(specification_curve(frame.iloc[:0], ["window"]), "empty")
    assert len(by_gid(specification_curve(frame.iloc[:1], ["window"]), "specification.clear")[0].get_xdata()) == 1
    assert np.isnan(specification_curve_data(frame, ["window"])["place"].iloc[-1])
    with pytest.raises(InputError, match="nothing"):
        specification_curve(frame, ["nothing"])
