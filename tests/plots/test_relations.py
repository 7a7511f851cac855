import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy.errors import InputError
from eventstudy.plots import hazard, hazard_data, reaction_by_drawdown


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


EVENTS = pd.DataFrame(
    {
        "event_id": list("abcd"),
        "name": list("ABCD"),
        "stance": ["softening", "escalation", "softening", "escalation"],
        "drawdown": [-0.1, -0.02, -0.05, np.nan],
        "estimate": [0.09, -0.03, 0.01, 0.0],
    }
)
FIT = pd.DataFrame({"drawdown": [-0.1, 0.0], "fit": [0.05, 0.0], "low": [0.02, -0.01], "high": [0.08, 0.01]})


def test_points_are_the_frame_and_the_fit_is_as_given():
    ax = reaction_by_drawdown(EVENTS, fit=FIT.iloc[::-1])
    (points,) = by_gid(ax, "drawdown.events.softening")
    np.testing.assert_array_equal(points.get_xydata(), [[-0.1, 0.09], [-0.05, 0.01]])
    (line,) = by_gid(ax, "drawdown.fit")
    np.testing.assert_array_equal(line.get_xydata(), FIT[["drawdown", "fit"]])
    assert by_gid(ax, "subtitle")[0].get_text() == (
        "abnormal return and the drawdown before it; escalation n = 1, softening n = 2; 1 without a figure"
    )


def test_nothing_is_fitted_unless_given_and_each_stance_may_have_its_own():
    assert not by_gid(reaction_by_drawdown(EVENTS), "drawdown.fit")
    both = pd.concat([FIT.assign(stance="escalation"), FIT.assign(stance="softening")])
    lines = by_gid(reaction_by_drawdown(EVENTS, fit=both), "drawdown.fit")
    assert len({line.get_color() for line in lines}) == 2


RISK = pd.DataFrame(
    {
        "drawdown": [-0.01, -0.1, -0.1, 0.0],
        "hazard": [0.03, 0.1, 0.11, 0.03],
        "low": [0.01, 0.04, 0.05, 0.01],
        "high": [0.06, 0.2, 0.3, 0.05],
        "n": [200, 40, np.nan, np.nan],
        "events": [6, 4, np.nan, np.nan],
        "kind": ["observed", "observed", "fitted", "fitted"],
    }
)


def test_hazard_draws_points_and_curve():
    ax = hazard(RISK)
    (points,) = by_gid(ax, "hazard.observed")
    np.testing.assert_array_equal(points.get_xydata(), [[-0.1, 0.1], [-0.01, 0.03]])
    (curve,) = by_gid(ax, "hazard.fitted")
    np.testing.assert_array_equal(curve.get_xydata(), [[-0.1, 0.11], [0.0, 0.03]])
    assert [t.get_text() for t in by_gid(ax, "hazard.count")] == ["4 of 40", "6 of 200"]
    said = " ".join(by_gid(ax, "subtitle")[0].get_text().split())
    assert (
        said
        == "Chance of softening in a session, by drawdown; n = 240 sessions at risk; 10 with softening; lines: intervals"
    )
    assert ax.get_ylim()[0] == 0


def test_hazard_without_counts_and_with_another_axis():
    plain = RISK.iloc[:2].drop(columns=["n", "events", "kind"])
    assert list(hazard_data(plain)["kind"].unique()) == ["observed"]
    ax = hazard(plain, quantity="loss of five sessions", unit="sd")
    assert ax.get_xlabel() == "loss of five sessions, sd"
    assert not by_gid(ax, "hazard.count")


@pytest.mark.parametrize(("draw", "frame"), [(reaction_by_drawdown, EVENTS), (hazard, RISK)])
def test_empty_one_row_given_axes_and_wrong_input(draw, frame):
    assert by_gid(draw(frame.iloc[:0]), "empty")
    assert not by_gid(draw(frame.iloc[:1]), "empty")
    given = Figure().subplots()
    assert draw(frame, ax=given) is given
    with pytest.raises(InputError, match="drawdown"):
        draw(frame.drop(columns="drawdown"))
