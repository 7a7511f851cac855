"""Each chart of a result draws the result's own table."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

import eventstudy as es
from eventstudy import plots
from eventstudy.errors import InputError
from eventstudy.plots.canvas import _contrast

RTOL = 1e-12  # the same numbers by another quantile function


def by_gid(parent, gid):
    return parent.findobj(lambda artist: artist.get_gid() == gid)


@pytest.fixture(scope="module")
def result():
    returns = es.load_returns(["^GSPC", "BusEq", "NoDur"], source="bundled")
    study = es.EventStudy(
        model=es.MarketModel("^GSPC"),
        estimation=es.EstimationWindow(length=120, end=-11, minimum=60),
        window=(-2, 2),
    )
    return study.fit(es.load_events("us-china").select(tier="A", since="2025-04-01", until="2025-05-15"), returns)


def once(table):
    """Give one row a session of a security: events that share it are one mark."""
    return table.drop_duplicates(["symbol", "session"])


def test_forest_has_a_row_a_session_of_a_security_with_its_interval(result):
    table = once(result.car((0, 1)))
    (bars,) = by_gid(result.plot.forest(window=(0, 1)), "forest.interval")
    half = stats.t.ppf(0.975, table["df"]) * table["se"]
    drawn = sorted((segment[0, 0], segment[1, 0]) for segment in bars.get_segments())
    np.testing.assert_allclose(drawn, sorted(zip(table["car"] - half, table["car"] + half, strict=True)), rtol=RTOL)


def test_heat_map_has_every_car(result):
    table = once(result.car((0, 1)))  # the default of every chart of reactions
    (mesh,) = by_gid(result.plot.heatmap(), "heatmap.cells")
    values = np.ma.filled(mesh.get_array(), np.nan).ravel()
    np.testing.assert_allclose(np.sort(values[np.isfinite(values)]), np.sort(table["car"].dropna()), rtol=RTOL)


def test_industries_have_a_panel_an_event(result):
    figure = result.plot.industries((0, 0))
    assert (
        len(figure.axes) == 8 < result.car()["session"].nunique()
    )  # those that moved most, of the 12 sessions of the facts
    assert "the 8 of 12 events that moved most" in by_gid(figure, "subtitle")[0].get_text()


def test_coefficients_are_those_of_explain(result):
    share = {"share": pd.Series({"BusEq": 0.3, "NoDur": 0.1})}
    table = result.explain(share, (0, 1), errors="cluster")
    ax = result.plot.coefficients(share, (0, 1), explain={"errors": "cluster"})
    (bars,) = by_gid(ax, "coefficients.interval")
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], table.loc[1, ["low", "high"]].astype(float), rtol=RTOL)
    assert ax.get_title(loc="left") == "None of 1 terms differs from zero with p < 0.05"
    standardized = result.plot.coefficients(share, explain={"standardized": True})
    assert standardized.get_xlabel().endswith("standard errors")


def test_axes_given_are_used(result):
    for draw in (result.plot.caar, result.plot.forest, result.plot.heatmap):
        given = Figure(layout="constrained").subplots()
        assert draw(ax=given) is given


def test_events_without_names_go_by_their_ids():
    days = pd.bdate_range("2022-01-03", periods=300, unit="us")
    rng = np.random.default_rng(1)
    panel = es.ReturnPanel(pd.DataFrame({"A": rng.normal(0, 0.01, 300)}, index=days))
    pairs = pd.DataFrame({"event_id": ["x", "y"], "symbol": "A", "bar": days[[280, 290]]})
    study = es.EventStudy(model=es.MeanAdjusted(), window=(0, 1), calendar=None)
    labels = [t.get_text() for t in study.fit(pairs, panel).plot.heatmap().get_yticklabels()]
    assert labels == ["x", "y"]


@pytest.fixture(scope="module")
def index():
    study = es.EventStudy(model=es.MeanAdjusted(), window=(-3, 3))
    return study.fit(es.load_events("us-china"), es.load_returns(["^GSPC"], source="bundled"))


def test_the_path_of_all_events_is_that_of_aar(index):
    path, table = index.plot.path(by=None, level=0.9), index.aar(level=0.9)
    np.testing.assert_allclose(path[["caar", "low", "high"]], table[["caar", "caar_low", "caar_high"]], rtol=RTOL)


@pytest.mark.slow
def test_stances_are_a_line_each_and_a_pooled_line_is_asked_for(index):
    lines = [
        name for name in ("escalation", "softening", "talks", "mixed") if by_gid(index.plot.caar(), f"caar.line.{name}")
    ]
    assert lines == ["escalation", "softening", "talks", "mixed"]
    assert by_gid(index.plot.caar(by=None), "caar.line.x")


def test_a_reference_day_is_zero_and_the_rest_is_what_came_after_it(index):
    """By hand: the mean over sessions of the sum of abnormal returns from day 0 on, and of those between, turned, before."""
    path = index.plot.path(by=None, reference=-1).set_index("relative_day")
    tidy = index.tidy()
    session = tidy[tidy["relative_day"] == 0].set_index("event_id")["session"]
    by_day = tidy.assign(at=tidy["event_id"].map(session)).pivot_table("ar", index="at", columns="relative_day")

    def mean_sum(*days):
        """A window that the data cut counts with the days that it has."""
        return by_day[list(days)].sum(axis=1).mean()

    assert by_day.loc["2026-08-20", [1, 2, 3]].isna().all()  # the last event is on the last day of the figures
    assert path.loc[-1, "caar"] == 0
    assert path.loc[0, "caar"] == pytest.approx(mean_sum(0), rel=RTOL)
    assert path.loc[2, "caar"] == pytest.approx(mean_sum(0, 1, 2), rel=RTOL)
    assert path.loc[-3, "caar"] == pytest.approx(-mean_sum(-2, -1), rel=RTOL)


def test_the_band_for_the_whole_path_is_wider_than_that_of_a_day(index):
    path = index.plot.path(by=None, simultaneous=True)
    assert (path["low_simultaneous"] < path["low"]).all()
    assert (path["high_simultaneous"] > path["high"]).all()
    assert by_gid(index.plot.caar(by=None, simultaneous=True), "caar.simultaneous.x")


def test_results_are_laid_over_each_other_under_their_names(index, result):
    ax = plots.caar([index, result], labels=["index", "industries"])
    assert by_gid(ax, "caar.line.index")
    assert by_gid(ax, "caar.line.industries")


def test_the_average_of_a_table_has_its_own_interval(index):
    """A path drawn of `aar` once had the interval of each single day round the cumulated average."""
    table = index.aar()
    (band,) = by_gid(plots.caar(table), "caar.band.x")
    assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(table["caar_low"].min())


def test_a_day_that_stands_twice_in_a_path_is_refused(index):
    table = pd.concat([index.aar(), index.aar()])
    with pytest.raises(InputError, match="relative day -3 stands twice"):
        plots.caar(table)
    assert len(plots.caar(table.assign(group=["a"] * 7 + ["b"] * 7)).get_legend().texts) == 2


def test_charts_of_reactions_say_their_window_and_begin_with_the_event(index, result):
    for draw in (index.plot.reactions, result.plot.forest):
        axes = draw()
        said = f"{axes.get_xlabel()} {axes.get_ylabel()} {by_gid(axes, 'subtitle')[0].get_text()}"
        assert "days 0 to +1" in said
    assert "day 0" in index.plot.reactions(window=(0, 0)).get_ylabel()
    marks = sum(
        len(line.get_xdata())
        for line in index.plot.reactions().lines
        if str(line.get_gid()).startswith("reactions.estimate")
    )
    stances = index.car()["event_id"].map(index.events.set_index("event_id")["stance"])
    assert marks == len(set(zip(index.car()["session"], stances, strict=True)))  # a mark a session and stance


@pytest.mark.slow
def test_a_notebook_shows_a_chart_by_itself(index, result):
    """What is returned is an Axes and carries its own picture: no pyplot, no backend, no magic."""
    for drawn in (index.plot.caar(), result.plot.industries((0, 0))):
        content, size = drawn._repr_png_()
        assert content.startswith(b"\x89PNG")
        assert size["width"] > 300
    assert isinstance(index.plot.caar(), Axes)
    given = Figure().subplots()
    assert type(index.plot.caar(ax=given)) is type(given)  # an Axes of the user's own is left to who made it


@pytest.mark.parametrize("background", ["black", "white", "#555555"])
def test_a_chart_is_seen_on_whatever_it_is_drawn(index, background):
    """A figure made under a dark style that is in force no more: lines and texts stand out from its background."""
    given = Figure().subplots()
    given.set_facecolor(background)
    index.plot.caar(by=None, ax=given)
    for color in (by_gid(given, "caar.line.x")[0].get_color(), by_gid(given, "caar.zero")[0].get_color()):
        assert _contrast(color, background) > 2.5


def test_every_chart_takes_the_size_the_colour_the_names_and_the_artist_s_options(index, result):
    ax = result.plot.forest(figsize=(5, 4), color="#CC0000", labels={"BusEq": "Computers"}, markersize=3, title="Mine")
    assert tuple(ax.figure.get_size_inches()) == (5, 4)
    points = by_gid(ax, "forest.estimate")[0]
    assert (points.get_color(), points.get_markersize()) == ("#CC0000", 3)
    assert "Computers" in [text.get_text() for text in ax.get_yticklabels()]
    line = by_gid(index.plot.caar(color={"talks": "#123456"}, linewidth=4), "caar.line.talks")[0]
    assert (line.get_color(), line.get_linewidth()) == ("#123456", 4)
    with pytest.raises(InputError, match="'lineheight'"):
        index.plot.caar(lineheight=3)
