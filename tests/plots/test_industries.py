import numpy as np
import pandas as pd
import pytest

from eventstudy.errors import InputError
from eventstudy.plots import industries, industries_data


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


@pytest.fixture
def frame():
    rows = [
        (event, symbol, value, value - 0.01, value + 0.01)
        for event, values in (("Liberation Day", (-0.05, 0.01, -0.02)), ("Pause", (0.09, 0.04, 0.06)))
        for symbol, value in zip(("BusEq", "NoDur", "Enrgy"), values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["event", "symbol", "estimate", "low", "high"])


def test_a_panel_an_event_over_the_same_rows_and_scale(frame):
    figure = industries(frame)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["Liberation Day", "Pause"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["NoDur", "Enrgy", "BusEq"]
    (points,) = by_gid(figure.axes[1], "industries.estimate.pause")
    drawn = dict(zip(points.get_ydata(), points.get_xdata(), strict=True))
    assert drawn == {2.0: 0.09, 0.0: 0.04, 1.0: 0.06}
    (bars,) = by_gid(figure.axes[1], "industries.interval")
    np.testing.assert_allclose(sorted(s[0][0] for s in bars.get_segments()), [0.03, 0.05, 0.08])


def test_rows_can_stay_as_given_and_have_names(frame):
    tidy = industries_data(frame.assign(label=["Chips", "Food", "Oil"] * 2), order="given")
    assert list(tidy["row"]) == [0, 1, 2, 0, 1, 2]
    figure = industries(frame.assign(label=["Chips", "Food", "Oil"] * 2), order="given")
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["Chips", "Food", "Oil"]


def test_a_missing_estimate_says_so_and_comes_last(frame):
    frame.loc[1, ["estimate", "low", "high"]] = np.nan
    figure = industries(frame)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()][-1] == "NoDur"
    assert len(by_gid(figure, "industries.missing")) == 1


def test_empty_and_one_event(frame):
    assert by_gid(industries(frame.iloc[:0]), "empty")
    assert len(industries(frame[frame["event"] == "Pause"]).axes) == 1


def test_n_is_in_the_small_print(frame):
    assert (
        by_gid(industries(frame), "subtitle")[0].get_text() == "abnormal return, n = 3 securities; lines are intervals"
    )


def test_wrong_input(frame):
    with pytest.raises(InputError, match="stands twice"):
        industries(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(InputError, match="symbol"):
        industries(frame.drop(columns="symbol"))
