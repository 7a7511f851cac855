"""Each chart of a verdict draws the verdict's own frame."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from eventstudy.hypothesis.verdict.charts import overlay, placebo_draws


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


def test_tables_and_charts_of_a_link_have_one_sign(flagship):
    """Each estimate is the market's own, as its sentence says; without the worst sessions it is that of `leave_out`."""
    verdict = flagship[2]
    tables = verdict.tables()
    observed = verdict.frame("placebos").groupby(["sample", "link", "scheme"])["observed"].first()
    for row in tables["placebos"].itertuples():
        test = verdict.samples[row.sample].links[row.link]
        if row.link != "H2" and test.applicable:
            assert row.observed == pytest.approx(test.estimate)
            assert observed.get((row.sample, row.link, row.scheme), row.observed) == pytest.approx(test.estimate)
    left = tables["leave_out"]
    for (sample, link, scheme), value in observed.items():
        if scheme == "left_out":
            own = left[(left["sample"] == sample) & (left["link"] == link)]["estimate"]
            assert np.isclose(own, value).any()


@pytest.mark.parametrize("link", ["H1", "H2", "H3"])
def test_placebo_shows_the_scheme_behind_the_p_value(flagship, link):
    verdict = flagship[2]
    test = verdict.samples[verdict.headline].links[link]
    ax = verdict.plot.placebo(link)
    _, draws, observed, pvalue = placebo_draws(verdict, link)
    assert f"p = {pvalue:.3f}" in by_gid(ax, "placebo.label")[0].get_text()
    # the p-value is that of the draws shown; H2's larger one may be that of the hazard, which has none to show
    beyond = draws <= observed if link == "H1" else draws >= observed  # H1 says that the index falls
    assert pvalue == pytest.approx((1 + beyond.sum()) / (1 + len(draws)))
    assert test.pvalue == (max(pvalue, test.details["p_hazard"]) if link == "H2" else pvalue)
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


def test_the_overlay_is_of_the_threats_that_are_named(flagship):
    verdict = flagship[2]
    assert verdict.definitions.overlay_pair == (("E06", "April 2025"), ("E19", "October 2025"))
    frame = overlay(verdict).data
    assert list(frame["episode"].unique()) == ["April 2025", "October 2025"]
    paths = verdict.tables()["paths"]
    for name, words in verdict.definitions.overlay_pair:
        own = paths[paths["id"] == name].set_index("day")["path"]
        drawn = frame[frame["episode"] == words].dropna().set_index("relative_day")["level"]
        np.testing.assert_allclose(drawn, 1 + own.loc[drawn.index])
    # the others, and only they, make the band
    others = paths[~paths["id"].isin(["E06", "E19"]) & (paths["day"] == 0)]["path"]
    band = verdict.frames()["overlay"].set_index("day").loc[0]
    assert band["others"] == len(others)
    assert band["middle"] == pytest.approx(others.median())
    assert "October 2025 laid over April 2025" in overlay(verdict).caption
