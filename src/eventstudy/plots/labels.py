"""Labels that never collide: flags on poles above a line, each on the lowest level that is free.

A flag is a text to the right (or the left) of its pole; the pole goes from the text down to the point. Two flags of
one level must not overlap, and no pole may run through a flag below its own. Both are checked in pixels, for the
font in use, so that what holds on paper holds on a screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from eventstudy.plots.canvas import lay_out
from eventstudy.plots.save import drawn_on

_SHARE = 0.42  # of the width of a chart, for the names of its rows
_SMALLEST = 5.0  # points of a letter
_AROUND = 120.0  # points of height that titles and the axis below take at least in a narrow chart


def slot(ax: Axes) -> tuple[float, float]:
    """Give the room of an Axes with all that stands around it, in points: its part of the figure's grid."""
    figure, spec = drawn_on(ax), ax.get_subplotspec()
    width, height = (72 * float(side) for side in figure.get_size_inches())
    if spec is None or ax.figure is not figure:
        box = ax.get_position()
        return 1.15 * width * box.width, 1.15 * height * box.height
    rows, columns = spec.get_gridspec().get_geometry()
    return width * len(spec.colspan) / columns, height * len(spec.rowspan) / rows


def letters(ax: Axes, size: float, most: int = 40, share: float = _SHARE) -> int:
    """Give how many letters of a size in points a name beside an Axes may have, so that room is left for what is drawn."""
    return max(8, min(most, int(share * slot(ax)[0] / (0.55 * size))))


def rows_named(ax: Axes, places: Sequence[float], size: float) -> tuple[float, int]:
    """Give the size in points, and the step, in which names of rows do not meet: each row, or one of so many."""
    at = np.sort(np.asarray(places, dtype=float))
    if len(at) < 2:
        return size, 1
    whole = slot(ax)[1]
    height = min(0.6 * whole, max(0.25 * whole, whole - _AROUND))  # less titles and the axis below
    pitch = float(np.diff(at).min()) * height / (float(at[-1] - at[0]) + 1.6)
    fits = min(size, pitch / 1.15)
    return (fits, 1) if fits >= _SMALLEST else (_SMALLEST, int(np.ceil(1.15 * _SMALLEST / pitch)))


@dataclass(frozen=True, slots=True)
class Flag:
    """Where a label goes.

    Attributes
    ----------
    index : int
        Position in the input.
    level : int
        0 is the lowest.
    side : int
        +1: text to the right of the pole; -1: to the left.
    """

    index: int
    level: int
    side: int


def arrange(
    x: Sequence[float], width: Sequence[float], *, bounds: tuple[float, float], levels: int, gap: float = 4.0
) -> list[Flag]:
    """Give each label a level and a side so that no text meets a text or a pole.

    Poles are set from the right to the left, each text to the right of its pole where it fits: a crowd of events
    becomes a staircase. A label is given up if the more important ones would not all find room with it.

    Examples
    --------
    >>> [(f.index, f.level, f.side) for f in arrange([10, 20], [50, 50], bounds=(0, 200), levels=3)]
    [(0, 1, 1), (1, 0, 1)]
    """
    best: list[Flag] = []
    for index in range(len(x)):
        order = sorted([*(flag.index for flag in best), index], key=lambda i: (-x[i], i))
        trial = _stairs(order, x, width, bounds, levels, gap)
        if len(trial) == len(order):
            best = trial
    return sorted(best, key=lambda flag: flag.index)


def _stairs(
    order: list[int],
    x: Sequence[float],
    width: Sequence[float],
    bounds: tuple[float, float],
    levels: int,
    gap: float,
) -> list[Flag]:
    """Set labels in the order given, each on the lowest level that is free."""
    placed: list[tuple[Flag, float, float, float]] = []
    for index in order:
        pole, wide = x[index], width[index]
        for side, level in ((side, level) for side in (1, -1) for level in range(levels)):
            left, right = (pole, pole + wide) if side > 0 else (pole - wide, pole)
            if left < bounds[0] or right > bounds[1]:
                continue
            reach = (pole, right + gap) if side > 0 else (left - gap, pole)
            if all(_apart((level, *reach, pole), other) for other in placed):
                placed.append((Flag(index, level, side), left, right, pole))
                break
    return [flag for flag, *_ in placed]


def _apart(new: tuple[int, float, float, float], old: tuple[Flag, float, float, float]) -> bool:
    level, left, right, pole = new
    flag, old_left, old_right, old_pole = old
    if level == flag.level:
        return right <= old_left or left >= old_right
    if level > flag.level:  # my pole runs past the old flag
        return not old_left - 2 <= pole <= old_right + 2
    return not left <= old_pole <= right  # the old pole runs past my flag


def draw_flags(
    ax: Axes,
    x: Sequence[float],
    y: Sequence[float],
    texts: Sequence[str],
    *,
    colors: Sequence[str],
    fontsize: float,
    share: float = 0.42,
) -> list[int]:
    """Draw labels on poles above what is in the axes, and make room for them at the top."""
    if not len(texts):
        return []
    figure = drawn_on(ax)
    lay_out(figure)
    box = ax.get_window_extent()
    widths, height = [], fontsize
    for text in texts:
        probe = ax.text(0, 0, text, fontsize=fontsize, transform=None, parse_math=False)
        extent = probe.get_window_extent()
        widths.append(float(extent.width) + 6)
        height = float(max(height, extent.height))
        probe.remove()
    step = height * 1.35
    levels = max(1, int(box.height * share / step))
    pixels = [float(p) for p in ax.transData.transform(np.column_stack([np.asarray(x, float), np.zeros(len(x))]))[:, 0]]
    flags = arrange(pixels, widths, bounds=(box.x0, box.x1), levels=levels)
    used = 1 + max((flag.level for flag in flags), default=-1)
    low, high = ax.get_ylim()
    free = box.height - (used + 0.6) * step
    ax.set_ylim(low, low + (high - low) * box.height / free)
    for flag in flags:
        i = flag.index
        # heights count in points from the top of the axes: they stay right at any dpi
        drop = -(used - flag.level) * step * 72 / figure.dpi
        ax.annotate(
            texts[i],
            xy=(x[i], 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(3 * flag.side, drop),
            textcoords="offset points",
            ha="left" if flag.side > 0 else "right",
            va="center",
            fontsize=fontsize,
            color=colors[i],
            parse_math=False,
            gid=f"label.{i}",
        )
        pole = ax.annotate(
            "",
            xy=(x[i], y[i]),
            xytext=(x[i], 1),
            textcoords=offset_copy(ax.get_xaxis_transform(), figure, y=drop, units="points"),
            arrowprops={"arrowstyle": "-", "color": colors[i], "lw": 0.7, "alpha": 0.7, "shrinkA": 0, "shrinkB": 2},
            gid=f"pole.{i}",
        )
        pole.set_in_layout(False)
    return [flag.index for flag in flags]
