"""Charts in little room: an Axes of somebody else's grid, a narrow column, long names, many rows."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from eventstudy import plots
from texts import collisions, shown_texts

NAME = "tariffs announced on a great many product"


def frame(count):
    rng = np.random.default_rng(2)
    estimate = rng.normal(0, 0.02, count)
    names = [f"{at:03d} {NAME}" for at in range(count)]
    return pd.DataFrame(
        {
            "event_id": names,
            "event": names,
            "name": names,
            "label": names,
            "symbol": "A",
            "stance": "talks",
            "session": pd.bdate_range("2020-01-02", periods=count),
            "estimate": estimate,
            "low": estimate - 0.02,
            "high": estimate + 0.02,
        }
    )


DRAWN = {"forest": plots.forest, "heatmap": plots.heatmap, "reactions": plots.reactions}


@pytest.mark.parametrize("count", [30, *(pytest.param(count, marks=pytest.mark.slow) for count in (3, 60, 300))])
@pytest.mark.parametrize("name", DRAWN)
def test_names_of_rows_do_not_meet_in_a_grid_of_somebody_else(name, count):
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    for ax in figure.subplots(2, 2)[0]:
        DRAWN[name](frame(count), ax=ax)
    met = [said for said in collisions(figure) if "tariffs" in said and "meets" in said]
    assert met == []


@pytest.mark.parametrize("name", DRAWN)
def test_half_of_a_small_chart_is_left_for_what_is_drawn(name):
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    ax = figure.subplots(2, 2)[0, 0]
    DRAWN[name](frame(20), ax=ax)
    figure.draw_without_rendering()
    assert ax.get_window_extent().width > 0.3 * figure.bbox.width / 2
    own = DRAWN[name](frame(20), figsize=(3.4, None))
    own.figure.draw_without_rendering()
    assert own.get_window_extent().width > 0.3 * own.figure.bbox.width


@pytest.mark.parametrize("name", DRAWN)
def test_a_title_stays_in_its_column(name):
    figure = Figure(figsize=(10, 7.5), layout="constrained")
    grid = figure.subplots(2, 2)
    for ax in grid[0]:
        DRAWN[name](frame(8), ax=ax)
    middle = 72 * figure.get_size_inches()[0] / 2
    titles = [
        box for text, box in shown_texts(figure) if text.get_gid() in {"title", "subtitle"} and text.axes in grid[:, 0]
    ]
    assert titles
    assert max(box[2] for box in titles) <= middle + 4


def test_a_chart_that_names_not_every_row_says_so():
    ax = Figure(figsize=(6, 3), layout="constrained").subplots()
    plots.forest(frame(50), ax=ax)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    (said,) = [text.get_text() for text in ax.texts if text.get_gid() == "subtitle"]
    step = -(-50 // len(labels))
    assert len(labels) < 50
    assert f"one row in {step} named" in " ".join(said.split())


def test_panels_are_as_many_as_the_width_holds():
    whole = pd.concat([frame(4).assign(symbol=symbol) for symbol in "ABC"])
    assert len(plots.industries(whole, figsize=(3.4, None)).axes) == 2
    assert len(plots.industries(whole).axes) == 4
