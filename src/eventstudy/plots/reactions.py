"""What each event did, with its interval: a row an event while they fit, a column an event when there are many."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import (
    STANCES,
    Style,
    canvas,
    clean,
    drawn_on,
    headline,
    lay_out,
    mark_of,
    name_rows,
    need,
    nothing_to_draw,
    percent,
    percent_axis,
    scaled,
    slug,
)
from eventstudy.words import stripped

_ROWS_AT_MOST = 40  # more rows than these do not stay legible on one page


def reactions_data(frame: pd.DataFrame, *, spread: bool = False) -> pd.DataFrame:
    """Give the tidy frame that :func:`reactions` draws: the input, in the order drawn, with its place.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``event_id``, ``name``, ``stance``, ``session``, ``estimate``, ``low``, ``high`` (decimals).
    spread : bool
        Give a stance with few events as much room as its name needs, as the columns do.

    Returns
    -------
    pandas.DataFrame
        Those columns and ``place`` (0, 1, … with a place or more left free between stances), by stance, then session,
        then id. An event without an estimate keeps its place.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["event_id", "name", "stance", "session", "estimate", "low", "high"]
    tidy = need(frame, columns, "reactions")[columns].copy()
    tidy = tidy.assign(session=pd.to_datetime(tidy["session"]))
    found = list(pd.unique(tidy["stance"].astype(str)))
    order = {s: i for i, s in enumerate([s for s in STANCES if s in found] + sorted(set(found) - set(STANCES)))}
    rank = tidy["stance"].astype(str).map(order)
    tidy = tidy.assign(rank=rank).sort_values(["rank", "session", "event_id"], ignore_index=True)
    room = 0.075 * len(tidy) if spread else 0
    start, places = 0.0, np.empty(len(tidy))
    for _, own in tidy.groupby("rank", sort=True):
        spare = max(0.0, room - len(own))
        places[own.index] = start + spare / 2 + np.arange(len(own))
        start += len(own) + spare + 1
    return tidy.assign(place=places).drop(columns="rank")


@checked(InputError)
def reactions(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    layout: Literal["auto", "rows", "columns"] = "auto",
    max_labels: int = 10,
    quantity: str = "abnormal return",
    title: str = "Reaction to each event",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw each event's reaction with its interval, grouped by stance.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`reactions_data`: estimates and intervals are decimals.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure, as high as the rows need.
    layout : {"auto", "rows", "columns"}
        One named row an event (up to 40 events), or one column an event in which the largest are named.
    max_labels : int
        Names shown in the columns: those of the largest estimates in absolute value.
    quantity : str
        What was estimated, for the axis.
    title, subtitle : str
        The subtitle defaults to n, and how many intervals exclude zero.
    style : {"screen", "paper"}
        Only for a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``reactions.estimate.STANCE`` and ``reactions.interval.STANCE``.

    Raises
    ------
    InputError
        If a column is missing or the layout is an unknown one.
    """
    rows = layout == "rows" or (layout == "auto" and len(frame) <= _ROWS_AT_MOST)
    tidy = reactions_data(frame, spread=not rows)
    span = 1 + (tidy["place"].max() if len(tidy) else 0)
    size = (1.0, max(0.45, 0.24 + 0.052 * span)) if rows else (1.15, 1.15)
    with canvas(ax, style, size) as target:
        headline(target, title, _subtitle(tidy) if subtitle is None else subtitle)
        if not len(tidy):
            nothing_to_draw(target, "events")
        elif rows:
            _rows(target, tidy, quantity)
        else:
            _columns(target, tidy, quantity, max_labels)
    return target


def _subtitle(tidy: pd.DataFrame) -> str:
    known = tidy["estimate"].notna()
    clear = int(((tidy["low"] > 0) | (tidy["high"] < 0)).sum())
    missing = f"; {int((~known).sum())} without a figure" if (~known).any() else ""
    n, sessions = int(known.sum()), tidy.loc[known, "session"].nunique()
    return f"n = {n} events on {sessions} sessions{missing}; the interval leaves out zero in {clear}"


def _points(ax: Axes, own: pd.DataFrame, *, rows: bool, stances: list[str]) -> None:
    """One stance: intervals as bars, estimates as markers."""
    stance = str(own["stance"].iloc[0])
    mark = mark_of(stance, stances)
    place, value = own["place"].to_numpy(float), own["estimate"].to_numpy(float)
    low, high = own["low"].to_numpy(float), own["high"].to_numpy(float)
    width = 1.6 if rows else 1.0
    draw = ax.hlines if rows else ax.vlines
    draw(place, low, high, color=mark.color, linewidth=width, alpha=0.75, gid=f"reactions.interval.{slug(stance)}")
    x, y = (value, place) if rows else (place, value)
    ax.plot(
        x,
        y,
        linestyle="none",
        marker=mark.marker,
        color=mark.color,
        markerfacecolor=mark.color if mark.filled else "white",
        markeredgecolor="white" if mark.filled else mark.color,
        markeredgewidth=0.4 if mark.filled else 0.9,
        markersize=scaled(0.6 if rows else 0.45),
        gid=f"reactions.estimate.{slug(stance)}",
        zorder=3,
    )


def _rows(ax: Axes, tidy: pd.DataFrame, quantity: str) -> None:
    stances = list(pd.unique(tidy["stance"].astype(str)))
    for stance in stances:
        group = tidy[tidy["stance"].astype(str) == stance]
        _points(ax, group, rows=True, stances=stances)
        ax.annotate(
            f"{clean(stance)}, n = {int(group['estimate'].notna().sum())}",
            xy=(1, group["place"].min() - 0.75),
            xycoords=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=scaled(0.82),
            fontweight="bold",
            color=mark_of(stance, stances).color,
            gid=f"reactions.group.{slug(stance)}",
        )
    ax.axvline(0, color="#444444", linewidth=0.9, gid="reactions.zero")
    names = [f"{clean(n, 38)}  {_day(s)}" for n, s in zip(tidy["name"], tidy["session"], strict=True)]
    name_rows(ax, tidy["place"], names, 0.8)
    ax.set_ylim(tidy["place"].max() + 0.7, -1.3)
    for place in tidy.loc[tidy["estimate"].isna(), "place"]:
        ax.text(0, place, " no figure", va="center", fontsize=scaled(0.75), color="#777777", gid="reactions.missing")
    percent_axis(ax.xaxis)
    ax.set_xlabel(f"{stripped(quantity)}, with its interval", parse_math=False)


def _day(session: Any) -> str:
    return "" if pd.isna(session) else f"{session:%Y-%m-%d}"


def _columns(ax: Axes, tidy: pd.DataFrame, quantity: str, max_labels: int) -> None:
    stances = list(pd.unique(tidy["stance"].astype(str)))
    ticks: list[tuple[float, str]] = []
    edge = 0.0
    for stance in stances:
        group = tidy[tidy["stance"].astype(str) == stance]
        _points(ax, group, rows=False, stances=stances)
        first, last = group["place"].min(), group["place"].max()
        ax.annotate(
            f"{clean(stance, 16)}\nn = {int(group['estimate'].notna().sum())}",
            xy=((first + last) / 2, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, -2),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=scaled(0.82),
            fontweight="bold",
            color=mark_of(stance, stances).color,
            gid=f"reactions.group.{slug(stance)}",
        )
        if ticks:
            ax.axvline((first + edge) / 2, color="#BBBBBB", linewidth=0.7, linestyle=":")
        ticks += _years(group, 0.03 * (tidy["place"].max() + 1), ticks[-1][0] if ticks else -np.inf)
        edge = last
    ax.axhline(0, color="#444444", linewidth=0.9, gid="reactions.zero")
    ax.set_xticks([x for x, _ in ticks], [text for _, text in ticks])
    ax.set_xlim(-1.5, tidy["place"].max() + 1.5)
    low, high = tidy[["low", "estimate"]].min().min(), tidy[["high", "estimate"]].max().max()
    low, high = (0.0, 0.0) if pd.isna(low) or pd.isna(high) else (float(low), float(high))
    pad = 0.12 * (high - low) or 0.01
    ax.set_ylim(low - pad, high + 2 * pad)
    percent_axis(ax.yaxis)
    ax.set_ylabel(f"{stripped(quantity)}, with its interval", parse_math=False)
    ax.set_xlabel("events in the order of their sessions; a mark where a year begins")
    _names(ax, tidy, max_labels)


def _years(group: pd.DataFrame, least: float, before: float) -> list[tuple[float, str]]:
    """Mark where a year begins, unless it would run into the one before."""
    ticks: list[tuple[float, str]] = []
    known = group[group["session"].notna()]
    for year, place in known.groupby(known["session"].dt.strftime("%y"))["place"].min().sort_values().items():
        if place - (ticks[-1][0] if ticks else before) >= least:
            ticks.append((float(place), f"’{year}"))
    return ticks


def _names(ax: Axes, tidy: pd.DataFrame, count: int) -> None:
    """Name the largest, each where it covers no other name, no marker and no interval."""
    known = tidy[tidy["estimate"].notna()]
    if known.empty:
        return
    lay_out(drawn_on(ax))
    box = ax.get_window_extent()
    taken = [text.get_window_extent() for text in ax.texts if str(text.get_gid()).startswith("reactions.group")]
    low, high = known[["low", "estimate"]].min(axis=1), known[["high", "estimate"]].max(axis=1)
    to_pixels = ax.transData.transform
    bars = [
        Bbox([to_pixels((x, y0)) - 4, to_pixels((x, y1)) + 4])
        for x, y0, y1 in zip(known["place"], low, high, strict=True)
    ]
    order = known["estimate"].abs().sort_values(ascending=False, kind="stable").index
    seen: set[tuple[pd.Timestamp, float]] = set()
    for i in order:
        same = (known.loc[i, "session"], float(known.loc[i, "estimate"]))
        if len(seen) >= count or same in seen:
            continue
        more = int(((known["session"] == same[0]) & (known["estimate"] == same[1])).sum()) - 1
        text = f"{clean(known.loc[i, 'name'], 28)}{f' (+{more})' if more else ''}: {percent(same[1])}"
        seen.add(same)
        _place(ax, text, float(known.loc[i, "place"]), (float(low[i]), same[1], float(high[i])), (box, bars, taken))


def _place(
    ax: Axes, text: str, x: float, bar: tuple[float, float, float], room: tuple[Bbox, list[Bbox], list[Bbox]]
) -> None:
    """Write a name at the first of several places that is free, and remember it as taken; else not at all."""
    box, bars, taken = room
    low, value, high = bar
    up = value >= 0
    end, out = (high, 1) if up else (low, -1)
    vertical = "bottom" if up else "top"
    places = [(end, 0, 5 * out, "center", vertical)]
    places += [(end, 4 * s, 4 * out, "left" if s > 0 else "right", vertical) for s in (1, -1)]
    places += [(y, 6 * s, 0, "left" if s > 0 else "right", "center") for y in (value, end) for s in (1, -1)]
    for y, dx, dy, across, along in places:
        note = ax.annotate(
            text,
            xy=(x, y),
            xytext=(dx, dy),
            textcoords="offset points",
            ha=across,
            va=along,
            fontsize=scaled(0.74),
            color="#222222",
            parse_math=False,
            gid="reactions.name",
        )
        extent = note.get_window_extent()
        inside = extent.x0 >= box.x0 and extent.x1 <= box.x1 and extent.y0 >= box.y0 and extent.y1 <= box.y1
        if inside and not any(extent.overlaps(other) for other in (*taken, *bars)):
            taken.append(extent)
            return
        note.remove()
