"""Each chart of a verdict draws the verdict's own frame."""

import numpy as np
import pytest
from matplotlib.figure import Figure


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


def test_links_are_those_of_the_samples(flagship):
    verdict = flagship[2]
    (points,) = by_gid(verdict.plot.links(), "forest.estimate")
    expected = [
        sample.links[link].estimate
        for link in ("H1", "H3")
        for sample in verdict.samples.values()
        if np.isfinite(sample.links[link].estimate)
    ]
    np.testing.assert_allclose(points.get_xdata(), expected)


@pytest.mark.parametrize("link", ["H1", "H2", "H3"])
def test_placebo_shows_the_scheme_behind_the_p_value(flagship, link):
    verdict = flagship[2]
    test = verdict.samples[verdict.headline].links[link]
    ax = verdict.plot.placebo(link)
    assert f"p = {test.pvalue:.3f}" in by_gid(ax, "placebo.label")[0].get_text() or link == "H2"
    assert by_gid(ax, "placebo.observed")


def test_the_others_are_drawn_where_asked(flagship):
    plot = flagship[2].plot
    for draw in (plot.reaction_by_drawdown, plot.hazard, plot.power, plot.overlay, plot.links):
        given = Figure().subplots()
        assert draw(ax=given) is given
        assert not by_gid(given, "empty")
    assert isinstance(plot.curve("H3", "all"), Figure)


def test_options_go_through(flagship):
    assert flagship[2].plot.power(title="Mine").get_title(loc="left") == "Mine"
