"""What a chart is drawn on: its figure, made without pyplot, and the colours and sizes of the style in force.

Nothing global is left behind: a style is in force only while a function draws into a figure of its own making. Into
an Axes that was given, a function draws with whatever style its owner has set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from eventstudy._shipped import shipped
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.save import LOCK, ChartAxes, ChartFigure, Headed, broken_to_fit, drawn_on

#: The names of the shipped style sheets; matplotlib loads them as ``eventstudy.plots.NAME`` too.
Style = Literal["screen", "paper"]


@checked(InputError)
@contextmanager
def styled(style: Style) -> Iterator[None]:
    """Draw under a shipped style, whatever the user's own settings, and put those back afterwards."""
    sheet = str(shipped("eventstudy.plots", f"{style}.mplstyle"))
    with LOCK, mpl_style.context(sheet, after_reset=True):
        yield


@dataclass(frozen=True, slots=True)
class Look:
    """What every chart takes: the size of its figure in inches, its colours, and what its names are called.

    ``color`` is one for all, a sequence in the order of the groups, or a mapping by group; ``labels`` by name, or in order.
    """

    figsize: tuple[float, float | None] | None = None
    color: str | Sequence[str] | Mapping[str, str] | None = None
    labels: Mapping[Any, str] | Sequence[str] = field(default_factory=dict)


_LOOK: ContextVar[Look] = ContextVar("look", default=Look())  # noqa: B039  it is frozen


def look() -> Look:
    """Give the look asked for of the chart that is being drawn."""
    return _LOOK.get()


@contextmanager
def _looking(options: dict[str, Any]) -> Iterator[None]:
    """Take the look out of the options of a chart; what is left goes to its main artist."""
    own = Look(**{name: options.pop(name) for name in ("figsize", "color", "labels") if options.get(name) is not None})
    before = _LOOK.set(own)
    try:
        yield
    except AttributeError as fault:
        if "unexpected keyword argument" not in str(fault):
            raise
        wrong = str(fault).rpartition("argument ")[2]
        msg = f"neither the chart nor its main artist has an option {wrong}; the chart's own stand in its docstring"
        raise InputError(msg) from fault
    finally:
        _LOOK.reset(before)


@contextmanager
def canvas(
    ax: Axes | None, style: Style, size: tuple[float, float], options: dict[str, Any] | None = None
) -> Iterator[Axes]:
    """Give the Axes to draw on: the one given, or one on a new figure, ``size`` times the style's figure size."""
    with _looking({} if options is None else options):
        if ax is None:
            with styled(style):
                yield new_figure(size).add_subplot(axes_class=ChartAxes)
            return
        behind = ax.get_facecolor()
        front = mpl.rcParams["text.color"]
        if _contrast(front, behind) < _LEGIBLE:  # made under a style that is in force no more
            front = max(("black", "white"), key=lambda color: _contrast(color, behind))
        # a name with dollars is no formula, in any style
        settings: Any = {"text.parse_math": False, "text.color": front, "axes.facecolor": to_hex(behind)}
        with LOCK, mpl.rc_context(settings):
            yield ax
            figure = drawn_on(ax)
            if figure.get_layout_engine() is not None:
                lay_out(figure)
            broken_to_fit(figure)


@contextmanager
def sheet(style: Style, size: tuple[float, float], options: dict[str, Any]) -> Iterator[Figure]:
    """Give a new figure for a composite, ``size`` times the style's figure size."""
    with _looking(options), styled(style):
        yield new_figure(size)


MOST_INCHES = 24.0  # of a side of a figure


def new_figure(size: tuple[float, float] = (1.0, 1.0)) -> Figure:
    """Make a figure without pyplot (no global state, nothing leaks in a loop), ``size`` times the style's own size."""
    width, height = mpl.rcParams["figure.figsize"]
    usual = (width * size[0], height * size[1])
    wanted = (
        _LOOK.get().figsize or usual
    )  # a height of None is the chart's own, with more lines of a title if it is narrow
    own = usual[1] + 0.85 * max(0.0, usual[0] / float(wanted[0]) - 1)
    inches = (min(float(wanted[0]), MOST_INCHES), min(float(wanted[1] or own), MOST_INCHES))
    return ChartFigure(figsize=inches, layout=Headed())


_LEGIBLE = 4.5  # contrast of small text, as WCAG 2 asks for
_SEEN = 3.0  # contrast of a line or a mark


def _contrast(one: Any, other: Any) -> float:
    """Give the contrast of two colours, 1 to 21 (WCAG 2)."""
    bright = []
    for color in (one, other):
        parts = np.asarray(to_rgb(color))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        bright.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(bright) + 0.05) / (min(bright) + 0.05)


def ink(strength: float = 1.0) -> str:
    """Give the foreground of the style in force, mixed with its background: 1 is text, 0.2 a hairline."""
    front, behind = np.asarray(to_rgb(mpl.rcParams["text.color"])), np.asarray(to_rgb(ground()))
    return _hex(strength * front + (1 - strength) * behind)


def _hex(color: np.ndarray) -> str:
    red, green, blue = color.tolist()
    return to_hex((red, green, blue))


def ground() -> str:
    """Give the background that a chart is drawn on."""
    return to_hex(mpl.rcParams["axes.facecolor"])


def legible(color: str) -> str:
    """Give a colour that is seen on the background: itself, or as much nearer to the foreground as it takes."""
    here = np.asarray(to_rgb(color))
    front = np.asarray(to_rgb(mpl.rcParams["text.color"]))
    for step in np.linspace(0, 1, 11):
        mixed = (1 - step) * here + step * front
        if _contrast(mixed, ground()) >= _SEEN:
            return _hex(mixed)
    return _hex(front)


def tint(usual: str) -> str:
    """Give the colour of a chart's only group: the one asked for, or the usual one."""
    asked = _LOOK.get().color
    if asked is None:
        return legible(usual)
    return asked if isinstance(asked, str) else next(iter(asked.values() if isinstance(asked, Mapping) else asked))


def drawn(options: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """Give the settings of a chart's main artist: the usual ones, and what was asked for instead."""
    aliases = {"lw": "linewidth", "ls": "linestyle", "ms": "markersize", "c": "color", "mfc": "markerfacecolor"}
    return usual | {aliases.get(name, name): value for name, value in options.items()}


ROWS_NAMED = 60  # rows up to which each has its name and its figures
ENDS_NAMED = 15  # of more, so many at each end are named


def row_edges(count: int) -> np.ndarray:
    """Give the edges of rows (count + 1): of one height up to `ROWS_NAMED`; of more, those between the two ends share thirty."""
    if count <= ROWS_NAMED:
        return np.arange(count + 1, dtype=float)
    between = count - 2 * ENDS_NAMED
    heights = np.concatenate([np.ones(ENDS_NAMED), np.full(between, 30 / between), np.ones(ENDS_NAMED)])
    return np.concatenate([[0.0], np.cumsum(heights)])


def named_rows(count: int) -> np.ndarray:
    """Give which of the rows have their name written."""
    rows = np.arange(count)
    return rows if count <= ROWS_NAMED else rows[(rows < ENDS_NAMED) | (rows >= count - ENDS_NAMED)]


def ends_only(count: int, what: str) -> str:
    """Say that of many rows only the ends are named."""
    return f"; {what} sorted, the {ENDS_NAMED} at each end named" if count > ROWS_NAMED else ""


def scaled(factor: float) -> float:
    """Give the style's font size times a factor, in points."""
    return float(mpl.rcParams["font.size"]) * factor


def lay_out(figure: Figure) -> None:
    """Give everything its place, without drawing it: sizes in pixels are known only then."""
    engine = figure.get_layout_engine()
    if engine is None:
        figure.draw_without_rendering()
    else:
        engine.execute(figure)
