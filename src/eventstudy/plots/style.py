"""How every chart looks: the two style sheets, the marks of a stance, axes in percent, titles with their n below.

Nothing global is left behind: a style is in force only while a function draws into a figure of its own making. Into
an Axes that was given, a function draws with whatever style its owner has set.
"""

from __future__ import annotations

import re
import textwrap
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from eventstudy._shipped import shipped
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.words import stripped

#: The names of the shipped style sheets; matplotlib loads them as ``eventstudy.plots.NAME`` too.
Style = Literal["screen", "paper"]

_LOCK = threading.RLock()  # rcParams are one per process: two threads must not draw under each other's style


@dataclass(frozen=True, slots=True)
class Mark:
    """How one kind of event is told from the others: colour, and without colour.

    Attributes
    ----------
    color : str
        Of the Okabe-Ito set, which readers with any colour vision tell apart.
    marker, line : str
        matplotlib's marker and line style: the difference that survives a grey printer.
    filled : bool
        Markers filled or open.
    """

    color: str
    marker: str
    line: str
    filled: bool = True


#: Stance -> its mark. Escalation points down and softening up, as the claim about their markets goes.
STANCES: Mapping[str, Mark] = {
    "escalation": Mark("#C44601", "v", "-"),
    "softening": Mark("#0072B2", "^", "--"),
    "talks": Mark("#00805C", "o", "-.", filled=False),
    "mixed": Mark("#7A4E7A", "D", ":", filled=False),
}

_OTHERS = (
    Mark("#333333", "s", "-"),
    Mark("#B07C00", "P", "--"),
    Mark("#5A6ACF", "X", "-.", filled=False),
    Mark("#777777", "h", ":", filled=False),
)


def mark_of(stance: str, among: Sequence[str] = ()) -> Mark:
    """Give the mark of a stance, or of any other group by its place among the groups shown.

    Examples
    --------
    >>> mark_of("softening").marker, mark_of("placebo", among=["placebo"]).marker
    ('^', 's')
    """
    if stance in STANCES:
        return STANCES[stance]
    strangers = [name for name in among if name not in STANCES]
    place = strangers.index(stance) if stance in strangers else 0
    return _OTHERS[place % len(_OTHERS)]


@contextmanager
@checked(InputError)
def styled(style: Style) -> Iterator[None]:
    """Draw under a shipped style, whatever the user's own settings, and put those back afterwards."""
    sheet = str(shipped("eventstudy.plots", f"{style}.mplstyle"))
    with _LOCK, mpl_style.context(sheet, after_reset=True):
        yield


@contextmanager
def canvas(ax: Axes | None, style: Style, size: tuple[float, float] = (1.0, 1.0)) -> Iterator[Axes]:
    """Give the Axes to draw on: the one given, or one on a new figure, ``size`` times the style's figure size."""
    if ax is not None:
        with _LOCK, mpl.rc_context({"text.parse_math": False}):  # a name with dollars is no formula, in any style
            yield ax
        return
    with styled(style):
        yield new_figure(size).subplots()


def new_figure(size: tuple[float, float] = (1.0, 1.0)) -> Figure:
    """Make a figure without pyplot (no global state, nothing leaks in a loop), ``size`` times the style's own size."""
    width, height = mpl.rcParams["figure.figsize"]
    return Figure(figsize=(width * size[0], height * size[1]), layout="constrained")


def scaled(factor: float) -> float:
    """Give the style's font size times a factor, in points."""
    return float(mpl.rcParams["font.size"]) * factor


def headline(ax: Axes, title: str, subtitle: str = "") -> None:
    """Set a title with small print below it, both above the axes and flush left."""
    title, subtitle = stripped(title), stripped(subtitle)
    lines = textwrap.wrap(subtitle, max(40, int(_width_in_points(ax) / scaled(0.49)))) if subtitle else []
    small = scaled(0.88)
    ax.set_title(title, loc="left", pad=6 + 1.32 * small * len(lines), parse_math=False, gid="title")
    if lines:
        ax.annotate(
            "\n".join(lines),
            xy=(0, 1),
            xycoords="axes fraction",
            xytext=(0, 5),
            textcoords="offset points",
            va="bottom",
            fontsize=small,
            color="#555555",
            parse_math=False,
            gid="subtitle",
        )


def _width_in_points(ax: Axes) -> float:
    width = drawn_on(ax).get_size_inches()[0]
    return float(width * 72 * ax.get_position().width * 1.15)  # the layout widens the axes later


def drawn_on(ax: Axes) -> Figure:
    """Give the whole figure that an Axes is on, whatever subfigures lie between."""
    figure = ax.get_figure(root=True)
    if figure is None:
        msg = "the Axes given is on no figure any more; give one that is"
        raise InputError(msg)
    return figure


def lay_out(figure: Figure) -> None:
    """Give everything its place, without drawing it: sizes in pixels are known only then."""
    engine = figure.get_layout_engine()
    if engine is None:
        figure.draw_without_rendering()
    else:
        engine.execute(figure)


def days(moments: object) -> np.ndarray:
    """Give matplotlib's day numbers of sessions, as an array of floats."""
    return np.asarray(mdates.date2num(np.asarray(moments, dtype="datetime64[us]")), dtype=float)  # type: ignore[no-untyped-call]


def nothing_to_draw(ax: Axes, what: str) -> None:
    """Say in an empty chart that it is empty, so that nobody takes it for a broken one."""
    ax.text(0.5, 0.5, f"no {what}", transform=ax.transAxes, ha="center", va="center", color="#555555", gid="empty")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)


class PercentTicks(Formatter):
    """Decimals shown as percent, with as many places as the ticks are apart and a true minus sign."""

    def __call__(self, x: float, pos: int | None = None) -> str:  # noqa: ARG002  # matplotlib's signature
        """Format one value, as under the mouse."""
        return percent(x, 2)

    def format_ticks(self, values: Any) -> list[str]:
        """Format all ticks of an axis alike."""
        apart = np.diff(np.unique(np.asarray(values, dtype=float)))
        step = 100 * float(apart.min()) if len(apart) else 1.0
        places = next((p for p in range(5) if abs(step - round(step, p)) < 1e-6 * step), 4)
        return [percent(float(value), places) for value in values]


def percent(value: float, places: int = 1) -> str:
    """Write a decimal as percent with a true minus sign.

    Examples
    --------
    >>> percent(-0.0484), percent(0.5, 0)
    ('−4.8%', '50%')
    """
    text = f"{100 * value:.{places}f}%"
    zero = f"-{0:.{places}f}%"
    return text.replace("-", "" if text == zero else "−")


def percent_axis(axis: Axis) -> None:
    """Label an axis of decimals in percent."""
    axis.set_major_formatter(PercentTicks())


def name_rows(ax: Axes, places: Any, names: Sequence[str], size: float) -> None:
    """Name rows at the left of an axes whose values run across: no ticks, lines only along the values."""
    ax.set_yticks(places, names)
    for text in ax.get_yticklabels():
        text.set(fontsize=scaled(size), parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")


def value_axis(axis: Axis, quantity: str, unit: str = "percent") -> None:
    """Label an axis with its quantity and unit: decimals shown in percent, or numbers with the unit in words."""
    quantity, unit = stripped(quantity), stripped(unit)
    if unit == "percent":
        percent_axis(axis)
        axis.set_label_text(quantity, parse_math=False)
    else:
        said = unit and unit not in quantity and _IN_WORDS.get(unit, unit) not in quantity
        axis.set_label_text(f"{quantity}, {unit}" if said else quantity, parse_math=False)


_IN_WORDS = {"sd": "standard deviation"}


def say(value: float, unit: str = "percent", places: int = 1) -> str:
    """Write a value for a label, in percent or in its own unit.

    Examples
    --------
    >>> say(-0.0484), say(-0.194, "sd", 2)
    ('−4.8%', '−0.19 sd')
    """
    if unit == "percent":
        return percent(value, places)
    return f"{value:.{places}f} {unit}".replace("-", "−").strip()


def chance(pvalue: float) -> str:
    """Write a p-value for a label.

    Examples
    --------
    >>> chance(0.0312), chance(0.0002), chance(float("nan"))
    ('p = 0.031', 'p < 0.001', 'no p-value')
    """
    if np.isnan(pvalue):
        return "no p-value"
    return "p < 0.001" if pvalue < 0.001 else f"p = {pvalue:.3f}"


def clean(text: object, limit: int = 40) -> str:
    r"""Make any text fit for a label: one line, no control or direction marks, cut at ``limit``.

    Examples
    --------
    >>> clean("90-day\u202e pause\n", 40), clean("x" * 50, 10)
    ('90-day pause', 'xxxxxxxxx…')
    """
    kept = "".join(" " if c in "\t\n\r" else c for c in str(text) if c in "\t\n\r" or unicodedata.category(c)[0] != "C")
    line = re.sub(r"\s+", " ", kept).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def slug(text: object) -> str:
    """Make any text fit for an artist's id in an SVG file."""
    return re.sub(r"[^a-z0-9]+", "-", str(text).lower()[:60]).strip("-") or "x"


def need(frame: Any, columns: Sequence[str], chart: str) -> pd.DataFrame:
    """Give the frame back if it has the columns that a chart needs."""
    if not isinstance(frame, pd.DataFrame):
        msg = f"{chart} needs a DataFrame with columns {list(columns)}, not {type(frame).__name__}"
        raise InputError(msg)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"{chart} needs the columns {missing}, too; the frame has {list(frame.columns)}"
        raise InputError(msg)
    return frame
