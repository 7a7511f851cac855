"""Each chart of a result draws the result's own table."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

import eventstudy as es

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


def test_forest_has_a_row_a_security_event_with_its_interval(result):
    table = result.car((0, 1))
    (bars,) = by_gid(result.plot.forest(window=(0, 1)), "forest.interval")
    half = stats.t.ppf(0.975, table["df"]) * table["se"]
    drawn = sorted((segment[0, 0], segment[1, 0]) for segment in bars.get_segments())
    np.testing.assert_allclose(drawn, sorted(zip(table["car"] - half, table["car"] + half, strict=True)), rtol=RTOL)


def test_heat_map_has_every_car(result):
    table = result.car()
    (mesh,) = by_gid(result.plot.heatmap(), "heatmap.cells")
    values = np.ma.filled(mesh.get_array(), np.nan).ravel()
    np.testing.assert_allclose(np.sort(values[np.isfinite(values)]), np.sort(table["car"].dropna()), rtol=RTOL)


def test_industries_have_a_panel_an_event(result):
    figure = result.plot.industries((0, 0))
    assert len(figure.axes) == result.car()["event_id"].nunique()


def test_coefficients_are_those_of_explain(result):
    share = {"share": pd.Series({"BusEq": 0.3, "NoDur": 0.1})}
    table = result.explain(share, (0, 1), errors="cluster")
    ax = result.plot.coefficients(share, (0, 1), explain={"errors": "cluster"})
    (bars,) = by_gid(ax, "coefficients.interval")
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], table.loc[1, ["low", "high"]].astype(float), rtol=RTOL)
    assert ax.get_title(loc="left") == "What the reactions hang on"
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
