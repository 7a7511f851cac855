"""Charts that are tables of colour: abnormal returns by event and security, size by test and scenario, data by month.

Colour never stands alone: cells carry their number where there is room, and a mark for the sign where there is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize, TwoSlopeNorm

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import ROWS_NAMED, Style, canvas, drawn, ends_only, ground, named_rows, row_edges, scaled
from eventstudy.plots.labels import letters, rows_named, slot
from eventstudy.plots.save import drawn_on
from eventstudy.plots.style import (
    PercentTicks,
    all_named,
    change,
    clean,
    headline,
    named,
    need,
    nothing_to_draw,
    percent,
    say_step,
)
from eventstudy.words import stripped

#: Orange to white to blue: both ends dark, told apart with any colour vision; the sign is marked besides.
_DIVERGING = LinearSegmentedColormap.from_list("eventstudy", ["#8A3100", "#E8935A", "#FFFFFF", "#6DB1DC", "#004B7A"])
_SEQUENTIAL = LinearSegmentedColormap.from_list("eventstudy.share", ["#7A2B00", "#F3C9A5", "#F7FAFC", "#DCEBF5"])
_NUMBERS_AT_MOST = 400  # cells; more numbers than these are not legible
_NO_FIGURE = "#D8D8D8"


def _twice(frame: pd.DataFrame, keys: list[str], chart: str) -> None:
    if (twice := frame.duplicated(keys)).any():
        msg = f"{chart}: {frame.loc[twice, keys].iloc[0].tolist()} stands twice"
        raise InputError(msg)


def _wide(tidy: pd.DataFrame, rows: str, columns: str, values: str) -> pd.DataFrame:
    return tidy.pivot(index=rows, columns=columns, values=values)  # noqa: PD010  # pairs are unique; nothing to average


def _matrix(
    ax: Axes,
    table: pd.DataFrame,
    texts: pd.DataFrame | None,
    colors: tuple[LinearSegmentedColormap, Normalize],
    names: tuple[str, str],
    options: dict[str, Any],
) -> Any:
    """Draw a table of numbers as cells with a text in each; rows from the top down.

    Of more than 60 rows or columns those between the ends stand closer, without names; their cells are one picture.
    """
    values = np.ma.masked_invalid(table.to_numpy(float))
    ax.set_facecolor(_NO_FIGURE)
    rows, columns = values.shape
    across, down = row_edges(columns), row_edges(rows)
    many = max(rows, columns) > ROWS_NAMED
    lines = {"edgecolors": "none", "linewidth": 0} if many else {"edgecolors": ground(), "linewidth": 0.6}
    usual = drawn(options, cmap=colors[0], norm=colors[1], rasterized=many, **lines)
    mesh = ax.pcolormesh(across, down, values, gid=f"{names[0]}.cells", **usual)
    ax.set_xlim(0, across[-1])
    ax.set_ylim(down[-1], 0)
    right, below = ((edges[:-1] + edges[1:]) / 2 for edges in (across, down))
    ax.grid(visible=False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    kept = named_rows(rows)
    points, step = rows_named(ax, below[kept], scaled(0.8))
    room = letters(ax, points, 42)
    say_step(ax, step)
    ax.set_yticks(below[kept[::step]], all_named(table.index[kept[::step]], room))
    slant: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if _crowded(table) else {}
    wide = slot(ax)[0] * (0.9 if max(map(len, map(str, table.index)), default=0) < 8 else 0.5) / float(across[-1])
    some = named_rows(columns)[:: max(1, int(np.ceil(1.15 * scaled(0.8) / wide)))]
    ax.set_xticks(right[some], all_named(table.columns[some], 24), **slant)
    for label in ax.get_xticklabels():
        label.set(parse_math=False, fontsize=scaled(0.8))
    for label in ax.get_yticklabels():
        label.set(parse_math=False, fontsize=points)
    if texts is not None and rows * columns <= _NUMBERS_AT_MOST and step == 1 and wide > 2.2 * scaled(0.7):
        shade = colors[0](colors[1](values.filled(np.nan))).reshape(-1, 4)
        lightness = [0.35 * r + 0.55 * g + 0.1 * b for r, g, b, _ in shade]
        empty = "" if names[1] == "share" else "–"  # where nothing is expected nothing is missing
        for (i, j), light in zip(np.ndindex(rows, columns), lightness, strict=True):
            missing = np.ma.getmaskarray(values)[i, j]
            ax.text(
                j + 0.5,
                i + 0.5,
                empty if missing else str(texts.iloc[i, j]),
                ha="center",
                va="center",
                fontsize=min(points, scaled(0.7)),
                color="#222222" if missing or light > 0.5 else "white",
                gid=f"{names[0]}.text",
            ).set_in_layout(False)  # inside its cell: some hundred texts need no measuring
    elif names[1] == "sign" and not many:
        i, j = np.nonzero(np.ma.filled(values, 0) < 0)
        minus: dict[str, Any] = {"linestyle": "none", "marker": "_", "color": "#222222", "markersize": 2, "mew": 0.5}
        ax.plot(right[j], below[i], gid="heatmap.minus", **minus)
    return mesh


def _crowded(table: pd.DataFrame) -> bool:
    """Say whether the names of columns would run into each other if they stood level."""
    longest = max((len(str(name)) for name in table.columns), default=0)
    return longest > 10 or longest * len(table.columns) > 80


def _bar(ax: Axes, mesh: Any, label: str, *, in_percent: bool) -> None:
    bar = drawn_on(ax).colorbar(mesh, ax=ax, fraction=0.03, pad=0.015)
    bar.outline.set_visible(False)
    bar.set_label(stripped(label), parse_math=False, fontsize=scaled(0.85), gid="label")
    bar.ax.tick_params(labelsize=scaled(0.78))
    if in_percent:
        bar.ax.yaxis.set_major_formatter(PercentTicks())


def _size(rows: int, columns: int) -> tuple[float, float]:
    wide, high = float(row_edges(columns)[-1]), float(row_edges(rows)[-1])
    return max(0.75, 0.42 + 0.05 * min(wide, 20 if columns <= ROWS_NAMED else 36)), max(0.72, 0.38 + 0.052 * high)


def heatmap_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`heatmap` draws: one row an event and security, in the order drawn.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``event`` (a row, named), ``symbol`` (a column), ``estimate`` (decimal, NaN if there is none).

    Returns
    -------
    pandas.DataFrame
        Those columns, events and symbols in the order in which they first come.

    Raises
    ------
    InputError
        If a column is missing, or a pair stands twice.
    """
    tidy = need(frame, ["event", "symbol", "estimate"], "heatmap")[["event", "symbol", "estimate"]]
    _twice(tidy, ["event", "symbol"], "heatmap")
    return tidy.reset_index(drop=True)


def heatmap_finding(tidy: pd.DataFrame) -> str:
    """Say the smallest and the largest cell.

    Examples
    --------
    >>> heatmap_finding(pd.DataFrame({"event": "Truce", "symbol": ["A", "B"], "estimate": [-0.01, 0.02]}))
    'From −1.00% (A, Truce) to +2.00% (B, Truce)'
    """
    known = tidy.dropna(subset=["estimate"])
    if known.empty:
        return "No figure"
    ends = [
        known.iloc[int(np.asarray(known["estimate"]).argmin())],
        known.iloc[int(np.asarray(known["estimate"]).argmax())],
    ]
    low, high = (f"{change(row['estimate'])} ({named(row['symbol'], 24)}, {named(row['event'], 30)})" for row in ends)
    return f"From {low} to {high}"


@checked(InputError)
def heatmap(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    quantity: str = "abnormal return",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw events by securities as a table of colour.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`heatmap_data`. Grey cells have no figure.
    quantity : str
        What was estimated, for the colour bar.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the cells.

    Returns
    -------
    matplotlib.axes.Axes
        ``heatmap.cells`` is the mesh, ``heatmap.text`` the numbers of its cells in percent (up to 400 cells),
        ``heatmap.minus`` the marks of negative cells beyond that. The scale is symmetric and ends at the 99th
        percentile of the absolute values, so that one cell does not wash out the others.

    Raises
    ------
    InputError
        As :func:`heatmap_data`.
    """
    tidy = heatmap_data(frame)
    table = _wide(tidy, "event", "symbol", "estimate")
    table = table.reindex(index=pd.unique(tidy["event"]), columns=pd.unique(tidy["symbol"]))
    with canvas(ax, style, _size(*table.shape), options) as target:
        known = tidy["estimate"].abs().dropna()
        missing = int(table.isna().sum().sum())
        small = f"n = {table.shape[0]} events, {table.shape[1]} securities" + (
            f"; {missing} without a figure" if missing else ""
        )
        if max(table.shape) > ROWS_NAMED:  # what is named at the ends should be the largest and the smallest
            rows, columns = (table.mean(axis=axis).sort_values(ascending=False, kind="stable").index for axis in (1, 0))
            table = table.loc[
                rows if len(rows) > ROWS_NAMED else table.index, columns if len(columns) > ROWS_NAMED else table.columns
            ]
        sorted_too = ends_only(
            max(table.shape),
            "rows and columns by their mean are" if min(table.shape) > ROWS_NAMED else "the long side by its mean is",
        )
        said = heatmap_finding(tidy) if title is None else title
        headline(target, said, f"{clean(quantity, 60)}, {small}{sorted_too}" if subtitle is None else subtitle)
        if known.empty:
            nothing_to_draw(target, "events")
            return target
        reach = float(np.quantile(known, 0.99)) or 0.01
        texts = table.map(lambda value: percent(value, 1).removesuffix("%")) if max(table.shape) <= ROWS_NAMED else None
        mesh = _matrix(target, table, texts, (_DIVERGING, TwoSlopeNorm(0, -reach, reach)), ("heatmap", "sign"), options)
        _bar(target, mesh, f"{quantity}, %", in_percent=True)
    return target


def size_map_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`size_map` draws.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``test``, ``scenario``, ``size`` (share of rejections under a true null), ``low`` and ``high`` (its
        interval), ``nominal`` (the level asked for).

    Returns
    -------
    pandas.DataFrame
        Those columns and ``verdict``: ``"ok"`` if the interval holds the nominal level, ``"too often"`` or ``"too
        seldom"`` if not, ``""`` if there is no figure.

    Raises
    ------
    InputError
        If a column is missing, or a pair stands twice.
    """
    columns = ["test", "scenario", "size", "low", "high", "nominal"]
    tidy = need(frame, columns, "size_map")[columns].reset_index(drop=True)
    _twice(tidy, ["test", "scenario"], "size_map")
    words = np.select(
        [tidy["size"].isna(), tidy["low"] > tidy["nominal"], tidy["high"] < tidy["nominal"]],
        ["", "too often", "too seldom"],
        "ok",
    )
    return tidy.assign(verdict=words)


@checked(InputError)
def size_map(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw the size of tests by scenario: what a test of level 5 % does on data without any effect.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`size_map_data`.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the cells.

    Returns
    -------
    matplotlib.axes.Axes
        ``size.cells`` is the mesh, ``size.text`` the sizes in percent: ▲ rejects too often, ▼ too seldom (the interval
        leaves out the nominal level). The colour is the ratio to the nominal level, on a logarithmic scale from a
        quarter to four times.

    Raises
    ------
    InputError
        As :func:`size_map_data`.
    """
    tidy = size_map_data(frame)
    order: dict[str, Any] = {"index": pd.unique(tidy["test"]), "columns": pd.unique(tidy["scenario"])}
    with canvas(ax, style, _size(len(order["index"]), len(order["columns"])), options) as target:
        levels = ", ".join(percent(level, 0) for level in sorted(tidy["nominal"].dropna().unique()))
        small = f"Share of true nulls rejected, in %; nominal level {levels}; ▲ too often, ▼ too seldom: the interval leaves it out"
        wrong = [int((tidy["verdict"] == word).sum()) for word in ("too often", "too seldom")]
        found = f"{wrong[0]} of {int(tidy['size'].notna().sum())} cells reject too often, {wrong[1]} too seldom"
        headline(target, found if title is None else title, small if subtitle is None else subtitle)
        if tidy["size"].dropna().empty:
            nothing_to_draw(target, "tests")
            return target
        ratio = tidy.assign(ratio=np.log2(tidy["size"].clip(lower=1e-6) / tidy["nominal"]).clip(-2, 2))
        table = _wide(ratio, "test", "scenario", "ratio").reindex(**order)
        marks = tidy["verdict"].map({"too often": "▲", "too seldom": "▼"}).fillna("")
        words = tidy.assign(text=[f"{100 * size:.1f}{mark}" for size, mark in zip(tidy["size"], marks, strict=True)])
        texts = _wide(words, "test", "scenario", "text").reindex(**order)
        mesh = _matrix(
            target, table, texts, (_DIVERGING.reversed(), TwoSlopeNorm(0, -2, 2)), ("size", "ratio"), options
        )
        _bar(target, mesh, "times the nominal level", in_percent=False)
        drawn_on(target).axes[-1].set_yticks([-2, -1, 0, 1, 2], ["≤ ¼", "½", "1", "2", "≥ 4"])
    return target


def quality_calendar_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`quality_calendar` draws.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``symbol``, ``period`` (a month or a year, as text that sorts), ``expected`` and ``present`` (sessions).

    Returns
    -------
    pandas.DataFrame
        Those columns and ``share``: present over expected, NaN where none is expected.

    Raises
    ------
    InputError
        If a column is missing, or a pair stands twice.
    """
    columns = ["symbol", "period", "expected", "present"]
    tidy = need(frame, columns, "quality_calendar")[columns].reset_index(drop=True)
    _twice(tidy, ["symbol", "period"], "quality_calendar")
    return tidy.assign(share=tidy["present"] / tidy["expected"].where(tidy["expected"] > 0))


@checked(InputError)
def quality_calendar(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw for each symbol and month the sessions that have a price, of those that should.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`quality_calendar_data`.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the cells.

    Returns
    -------
    matplotlib.axes.Axes
        ``quality.cells`` is the mesh; a number in a cell (``quality.text``) is the count of missing sessions, a blank
        cell has them all, a grey one none that could be expected.

    Raises
    ------
    InputError
        As :func:`quality_calendar_data`.
    """
    tidy = quality_calendar_data(frame)
    order: dict[str, Any] = {"index": pd.unique(tidy["symbol"]), "columns": sorted(tidy["period"].unique())}
    with canvas(ax, style, _size(len(order["index"]), len(order["columns"])), options) as target:
        missing, expected = int((tidy["expected"] - tidy["present"]).sum()), int(tidy["expected"].sum())
        numbers = (
            "; numbers: missing sessions"
            if missing and len(order["index"]) * len(order["columns"]) <= _NUMBERS_AT_MOST
            else ""
        )
        small = f"Sessions with a figure, n = {len(order['index'])} symbols{numbers}"
        found = f"{missing:,} of {expected:,} sessions have no figure"
        headline(target, found if title is None else title, small if subtitle is None else subtitle)
        if tidy["share"].dropna().empty:
            nothing_to_draw(target, "data")
            return target
        gaps = [f"{gap:.0f}" if gap > 0 else "" for gap in tidy["expected"] - tidy["present"]]
        table = _wide(tidy, "symbol", "period", "share").reindex(**order)
        texts = _wide(tidy.assign(text=gaps), "symbol", "period", "text").reindex(**order).fillna("")
        mesh = _matrix(target, table, texts, (_SEQUENTIAL, Normalize(0, 1)), ("quality", "share"), options)
        _bar(target, mesh, "sessions present, %", in_percent=True)
    return target
