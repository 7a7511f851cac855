"""How every chart reads: the marks of a stance, axes in percent, titles with their n below, names fit for a label."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import Formatter

from eventstudy.errors import InputError
from eventstudy.frames import as_pandas
from eventstudy.plots.canvas import ink, legible, look, scaled
from eventstudy.plots.labels import rows_named
from eventstudy.plots.save import drawn_on, set_head
from eventstudy.words import stripped


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
    strangers = [name for name in among if name not in STANCES]
    place = strangers.index(stance) if stance in strangers else 0
    mark = STANCES.get(stance, _OTHERS[place % len(_OTHERS)])
    asked = look().color
    if isinstance(asked, Mapping):
        asked = asked.get(stance)
    elif asked is not None and not isinstance(asked, str):
        asked = asked[list(among).index(stance) % len(asked)] if stance in among else asked[0]
    return replace(mark, color=asked or legible(mark.color))


def named(name: object, limit: int = 40) -> str:
    """Write a name as the chart calls it, fit for a label."""
    labels = look().labels
    return clean(labels.get(name, name) if isinstance(labels, Mapping) else name, limit)


def all_named(names: Iterable[object], limit: int) -> list[str]:
    """Write the names of rows, each in so many letters; those that would be cut alike lose their middle, not their end.

    Examples
    --------
    >>> all_named(["Consolidated Industries A", "Consolidated Industries B", "Union Pacific"], 14)
    ['Consol…tries A', 'Consol…tries B', 'Union Pacific']
    """
    asked = list(names)
    whole, cut = [named(name, 10_000) for name in asked], [named(name, limit) for name in asked]
    many = Counter(cut)
    head = (limit - 1) // 2
    return [
        f"{full[:head].rstrip()}…{full[head + 1 - limit :].lstrip()}"
        if many[short] > 1 and len(full) > limit
        else short
        for full, short in zip(whole, cut, strict=True)
    ]


def headline(ax: Axes, title: str, subtitle: str = "") -> None:
    """Set a title with small print below it, both above the axes and flush left."""
    title, subtitle = stripped(title[:1].upper() + title[1:]), stripped(subtitle)
    small, wide = scaled(0.88), _width_in_points(ax)
    head = "\n".join(wrapped(title, wide, mpl.rcParams["axes.titlesize"], bold=True))
    set_head(ax, head, "\n".join(wrapped(subtitle, wide, small)), small, ink(0.7))


def wrapped(text: str, points: float, fontsize: Any, *, bold: bool = False) -> list[str]:
    """Break a text into lines of a width in points; no line has fewer than 24 letters."""
    size = FontProperties(size=fontsize).get_size_in_points()
    return textwrap.wrap(text, max(24, int(points / (size * (0.62 if bold else 0.53))))) if text else []


def _width_in_points(ax: Axes) -> float:
    width = drawn_on(ax).get_size_inches()[0]
    return float(width * 72 * ax.get_position().width * 1.15)  # the layout widens the axes later


def days(moments: object) -> np.ndarray:
    """Give matplotlib's day numbers of sessions, as an array of floats."""
    return np.asarray(mdates.date2num(np.asarray(moments, dtype="datetime64[us]")), dtype=float)  # type: ignore[no-untyped-call]


def nothing_to_draw(ax: Axes, what: str) -> None:
    """Say in an empty chart that it is empty, so that nobody takes it for a broken one."""
    ax.text(0.5, 0.5, f"no {what}", transform=ax.transAxes, ha="center", va="center", color=ink(0.7), gid="empty")
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
    return f"{100 * value:z.{places}f}%".replace("-", "−")


def change(value: float, places: int = 2) -> str:
    """Write a change with its sign, in percent.

    Examples
    --------
    >>> change(0.0057), change(-0.0085)
    ('+0.57%', '−0.85%')
    """
    return "no figure" if not np.isfinite(value) else ("+" if value > 0 else "") + percent(value, places)


def percent_axis(axis: Axis) -> None:
    """Label an axis of decimals in percent."""
    axis.set_major_formatter(PercentTicks())


def in_order(stances: pd.Series) -> list[str]:
    """Give the stances of a chart, those that have a mark of their own first."""
    found = set(stances.astype(str))
    return [s for s in STANCES if s in found] + sorted(found - set(STANCES))


def say_step(ax: Axes, step: int) -> None:
    """Say in the small print that not every row has its name."""
    note = next((text for text in ax.texts if text.get_gid() == "subtitle"), None)
    if step > 1 and note is not None:
        note.set_text(f"{note.get_text()}; one row in {step} named")


def name_rows(ax: Axes, places: Any, names: Sequence[str], size: float) -> tuple[float, int]:
    """Name rows at the left of an axes whose values run across: no ticks, lines only along the values.

    Where the axes is too low for all names, they are smaller, and of very many each second, third, … is written, which
    the small print says. Gives that size in points, and the step.
    """
    points, step = rows_named(ax, places, scaled(size))
    ax.set_yticks(list(places)[::step], list(names)[::step])
    for text in ax.get_yticklabels():
        text.set(fontsize=points, parse_math=False)
    say_step(ax, step)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    return points, step


def fitted(axis: Axis, text: str) -> None:
    """Label an axis, in as many lines as it takes beside it."""
    figure = drawn_on(axis.axes)
    side = 0 if axis is axis.axes.xaxis else 1
    points = figure.get_size_inches()[side] * 72 * axis.axes.get_position().bounds[2 + side] * 1.15
    lines = wrapped(stripped(text), points, mpl.rcParams["axes.labelsize"])
    axis.set_label_text("\n".join(lines[:3]), parse_math=False, gid="label")


def value_axis(axis: Axis, quantity: str, unit: str = "percent") -> None:
    """Label an axis with its quantity and unit: decimals shown in percent, or numbers with the unit in words."""
    quantity, unit = stripped(quantity), stripped(unit)
    if unit == "percent":
        percent_axis(axis)
        fitted(axis, quantity)
    else:
        said = unit and unit not in quantity and _IN_WORDS.get(unit, unit) not in quantity
        fitted(axis, f"{quantity}, {unit}" if said else quantity)


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
    return f"{value:z.{places}f} {unit}".replace("-", "−").strip()


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
    frame = as_pandas(frame)
    if not isinstance(frame, pd.DataFrame):
        msg = f"{chart} needs a DataFrame with columns {list(columns)}, not {type(frame).__name__}"
        raise InputError(msg)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"{chart} needs the columns {missing}, too; the frame has {list(frame.columns)}"
        raise InputError(msg)
    return frame
