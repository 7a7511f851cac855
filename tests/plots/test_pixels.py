"""What stands where in the picture itself: colours read from the drawn pixels at the places that the numbers say.

Sturdier than pictures to compare with: it holds under every version of matplotlib and of its fonts.
"""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from eventstudy import plots

NEAR = 0.12  # of each colour channel: edges are smoothed, and some marks are not quite opaque


class Picture:
    """A drawn figure whose pixels are asked by data coordinates of one of its axes."""

    def __init__(self, drawn, axes=0):
        figure = drawn if isinstance(drawn, Figure) else drawn.figure
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        self.pixels = np.asarray(canvas.buffer_rgba())[:, :, :3] / 255
        self.to_pixels = figure.axes[axes].transData.transform

    def at(self, x, y):
        column, row = np.floor(self.to_pixels((float(x), float(y)))).astype(int)
        return self.pixels[self.pixels.shape[0] - 1 - row, column]

    def near(self, x, y, color, reach=2):
        """Say whether a pixel within `reach` of the place has the colour."""
        column, row = np.floor(self.to_pixels((float(x), float(y)))).astype(int)
        row = self.pixels.shape[0] - 1 - row
        patch = self.pixels[row - reach : row + reach + 1, column - reach : column + reach + 1]
        return bool((np.abs(patch - to_rgb(color)).max(axis=2) < NEAR).any())


def corner(picture, column, row):
    """Give the colour of a cell beside its number."""
    return picture.at(column + 0.1, row + 0.12)


def test_heat_map_cells_stand_in_their_row_and_column_and_show_their_sign():
    frame = pd.DataFrame(
        {
            "event": ["first", "first", "second", "second", "third", "third"],
            "symbol": ["A", "B"] * 3,
            "estimate": [0.05, -0.05, 0.0, np.nan, -0.01, 0.01],
        }
    )
    picture = Picture(plots.heatmap(frame))
    red, _, blue = corner(picture, 0, 0)
    assert blue - red > 0.3, "a gain is blue, and the first event is the row on top"
    red, _, blue = corner(picture, 1, 0)
    assert red - blue > 0.3, "a loss is orange"
    np.testing.assert_allclose(corner(picture, 0, 1), 1, atol=NEAR)
    np.testing.assert_allclose(corner(picture, 1, 1), to_rgb("#D8D8D8"), atol=NEAR)
    assert corner(picture, 0, 0).mean() < corner(picture, 1, 2).mean() < 1, "the larger the darker"


def test_size_map_is_white_at_the_nominal_level_orange_above_and_blue_below():
    frame = pd.DataFrame(
        {"test": ["t", "t", "t"], "scenario": ["over", "right", "under"], "size": [0.2, 0.05, 0.0125], "nominal": 0.05}
    )
    frame = frame.assign(low=frame["size"] - 0.001, high=frame["size"] + 0.001)
    picture = Picture(plots.size_map(frame))
    over, right, under = (corner(picture, column, 0) for column in range(3))
    assert over[0] - over[2] > 0.3
    assert under[2] - under[0] > 0.3
    np.testing.assert_allclose(right, 1, atol=NEAR)


def test_forest_bars_reach_from_low_to_high_and_no_farther():
    frame = pd.DataFrame({"label": ["a", "b"], "estimate": [0.02, -0.01], "low": [0.01, -0.04], "high": [0.05, 0.02]})
    picture = Picture(plots.forest(frame))
    for row, (low, high, estimate) in enumerate(zip(frame["low"], frame["high"], frame["estimate"], strict=True)):
        bar = [
            picture.near(x, row, "#4A6785", 1)
            for x in np.linspace(low + 0.002, high - 0.002, 9)
            if abs(x - estimate) > 0.004
        ]
        assert all(bar)
        assert picture.near(estimate, row, "#1F3A57", 1)
        assert not any(picture.near(x, row, "#4A6785", 1) for x in (low - 0.002, high + 0.002))


@pytest.mark.parametrize("day", [0, 1, 3, 7])
def test_overlay_lines_run_through_their_levels_and_the_band_lies_below_them(day):
    days = np.arange(-3, 9)
    levels = {"April": 100.0 - 4 * np.clip(days + 1, 0, 4), "October": 100.0 - 0.5 * np.clip(days + 1, 0, 4)}
    frame = pd.concat(
        [pd.DataFrame({"episode": e, "relative_day": days, "level": v}) for e, v in levels.items()], ignore_index=True
    )
    band = pd.DataFrame({"relative_day": days, "low": -0.08, "middle": -0.05, "high": -0.03})
    ax = plots.overlay(frame, band=band)
    picture = Picture(ax)
    lines = {
        gid: line.get_color() for line in ax.lines for gid in [line.get_gid()] if str(gid).startswith("overlay.line")
    }
    assert picture.near(day, levels["April"][day + 3] / 100 - 1, lines["overlay.line.april"])
    assert picture.near(-3, 0, lines["overlay.line.october"]), "each starts from the close before its day 0"
    red, green, blue = picture.at(day + 0.3, -0.035)
    assert red == pytest.approx(green, abs=0.02)
    assert red == pytest.approx(blue, abs=0.02)
    assert 0.5 < red < 0.95, "grey between low and high"
    np.testing.assert_allclose(picture.at(-2.7, -0.107), 1, atol=0.02)


def test_market_events_are_marked_on_the_line_in_the_colour_of_their_stance(levels, events):
    figure = plots.market(levels, events)
    upper = Picture(figure, 0)
    for _, event in events[events["session"] <= levels.index[-1]].drop_duplicates("session").iterrows():
        mark = plots.STANCES[event["stance"]]
        day = plots.style.days([event["session"]])[0]
        assert upper.near(day, levels[event["session"]], mark.color, 4), event["name"]
    lower = Picture(figure, 1)
    drawdown = levels / levels.cummax() - 1
    deepest = plots.style.days([drawdown.idxmin()])[0]
    np.testing.assert_allclose(lower.at(deepest, drawdown.min() / 2), lower.at(deepest, drawdown.min() / 4), atol=0.02)
    assert lower.at(deepest, drawdown.min() / 2).mean() < 0.85, "filled down to the drawdown"
    assert lower.at(deepest, drawdown.min() * 1.05).mean() > 0.95, "and no farther"
