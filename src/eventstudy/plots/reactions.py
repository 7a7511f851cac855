"""What each event did, with its interval: a row an event while they fit, a column an event when there are many."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, lay_out, scaled
from eventstudy.plots.labels import letters, slot
from eventstudy.plots.save import drawn_on, tell
from eventstudy.plots.style import (
    all_named,
    change,
    clean,
    fitted,
    headline,
    in_order,
    mark_of,
    name_rows,
    named,
    need,
    nothing_to_draw,
    percent,
    percent_axis,
    slug,
)

_ROWS_AT_MOST = 40  # more rows than these do not stay legible on one page
_MANY = 200  # columns; more are drawn by size, their intervals as one band
_TOLD = 2000  # marks of a stance that say in words what they are


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
        then id. An event without an estimate keeps its place. Events of one stance and session with one estimate are one
        row: its name counts the others (``"Geneva +2"``), and ``events`` says how many it stands for.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["event_id", "name", "stance", "session", "estimate", "low", "high"]
    tidy = need(frame, columns, "reactions")[columns].copy()
    tidy = tidy.assign(session=pd.to_datetime(tidy["session"]))
    order = {stance: i for i, stance in enumerate(in_order(tidy["stance"]))}
    rank = tidy["stance"].astype(str).map(order)
    tidy = _once(tidy.assign(rank=rank).sort_values(["rank", "session", "event_id"], ignore_index=True))
    if len(tidy) > _MANY:
        tidy = tidy.sort_values(["rank", "estimate"], kind="stable", ignore_index=True)
    room = 0.075 * len(tidy) if spread else 0
    start, places = 0.0, np.empty(len(tidy))
    for _, own in tidy.groupby("rank", sort=True):
        spare = max(0.0, room - len(own))
        places[own.index] = start + spare / 2 + np.arange(len(own))
        start += len(own) + spare + 1
    return tidy.assign(place=places).drop(columns="rank")


def _once(tidy: pd.DataFrame) -> pd.DataFrame:
    """Draw what is one observation once: events that share a session have its return."""
    keys = ["rank", "session", "estimate", "low", "high"]
    same = tidy["estimate"].notna() & tidy["session"].notna()
    own = tidy[same].groupby(keys, sort=False)["event_id"].transform("size")
    tidy = tidy.assign(events=own.reindex(tidy.index).fillna(1).astype(int))
    tidy = tidy[~(same & tidy.duplicated(keys))].reset_index(drop=True)
    more = [
        f"{name} +{count - 1}" if count > 1 else name for name, count in zip(tidy["name"], tidy["events"], strict=True)
    ]
    return tidy.assign(name=more)


def reactions_finding(tidy: pd.DataFrame) -> str:
    """Say in how many sessions the interval leaves out zero, and which reaction is the largest.

    Examples
    --------
    >>> frame = pd.DataFrame({"name": ["Truce", "Tweet"], "estimate": [0.03, -0.01], "low": [0.01, -0.03], "high": [0.05, 0.01]})
    >>> reactions_finding(frame)
    '1 of 2 intervals leave out zero; the largest reaction: Truce, +3.00%'
    """
    known = tidy.dropna(subset=["estimate"])
    if known.empty:
        return "No event has a figure"
    top = known.iloc[int(np.asarray(known["estimate"].abs()).argmax())]
    clear = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    return f"{clear} of {len(known)} intervals leave out zero; the largest reaction: {named(top['name'], 32)}, {change(top['estimate'])}"


@checked(InputError)
def reactions(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    layout: Literal["auto", "rows", "columns"] = "auto",
    max_labels: int = 10,
    quantity: str = "abnormal return",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw each event's reaction with its interval, grouped by stance.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`reactions_data`: estimates and intervals are decimals.
    layout : {"auto", "rows", "columns"}
        One named row an event (up to 40 events), or one column an event in which the largest are named.
    max_labels : int
        Names shown in the columns: those of the largest estimates in absolute value.
    quantity : str
        What was estimated, for the axis.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

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
    with canvas(ax, style, size, options) as target:
        small = _subtitle(tidy, quantity) if subtitle is None else subtitle
        headline(target, reactions_finding(tidy) if title is None else title, small)
        if not len(tidy):
            nothing_to_draw(target, "events")
        elif rows:
            _rows(target, tidy, quantity, options)
        else:
            _columns(target, tidy, quantity, max_labels, options)
    return target


def _subtitle(tidy: pd.DataFrame, quantity: str) -> str:
    known = tidy["estimate"].notna()
    missing = f"; {int((~known).sum())} without a figure" if (~known).any() else ""
    n, sessions = int(tidy.loc[known, "events"].sum()), tidy.loc[known, "session"].nunique()
    shared = "; a mark a session" if n > int(known.sum()) else ""
    many = "; sorted by size" if len(tidy) > _MANY else ""
    days = "session" if sessions == 1 else "sessions"
    of = tidy.loc[known, "event_id"].nunique()
    what = (
        f"event{'' if n == 1 else 's'}"
        if of == int(known.sum())
        else f"reactions to {of} event{'' if of == 1 else 's'}"
    )
    return f"{clean(quantity, 60)} with intervals, n = {n} {what} on {sessions} {days}{shared}{many}{missing}"


def _points(ax: Axes, own: pd.DataFrame, options: dict[str, Any], *, rows: bool, stances: list[str]) -> None:
    """One stance: intervals as bars, estimates as markers."""
    stance = str(own["stance"].iloc[0])
    mark = mark_of(stance, stances)
    place, value = own["place"].to_numpy(float), own["estimate"].to_numpy(float)
    low, high = own["low"].to_numpy(float), own["high"].to_numpy(float)
    width = 1.6 if rows else 1.0
    if len(own) > _MANY:
        ax.fill_between(
            place, low, high, color=mark.color, alpha=0.3, linewidth=0, gid=f"reactions.interval.{slug(stance)}"
        )
    else:
        draw = ax.hlines if rows else ax.vlines
        draw(place, low, high, color=mark.color, linewidth=width, alpha=0.75, gid=f"reactions.interval.{slug(stance)}")
    x, y = (value, place) if rows else (place, value)
    usual = drawn(
        options,
        linestyle="none",
        marker=mark.marker,
        color=mark.color,
        markerfacecolor=mark.color if mark.filled else ground(),
        markeredgecolor=ground() if mark.filled else mark.color,
        markeredgewidth=0.4 if mark.filled else 0.9,
        markersize=scaled(0.6 if rows else 0.2 if len(own) > _MANY else 0.45),
        zorder=3,
        rasterized=len(own) > _TOLD,
    )
    (points,) = ax.plot(x, y, gid=f"reactions.estimate.{slug(stance)}", **usual)
    known = own[own["estimate"].notna()].iloc[:_TOLD]
    texts = [
        f"{named(name, 60)}, {_day(session)}: {change(estimate)} ({change(lowest)} to {change(highest)})"
        for name, session, estimate, lowest, highest in zip(
            *(known[column] for column in ("name", "session", "estimate", "low", "high")), strict=True
        )
    ]
    if len(own) <= _TOLD:
        tell(points, texts, list(known["event_id"].astype(str)))


def _rows(ax: Axes, tidy: pd.DataFrame, quantity: str, options: dict[str, Any]) -> None:
    stances = list(pd.unique(tidy["stance"].astype(str)))
    for stance in stances:
        group = tidy[tidy["stance"].astype(str) == stance]
        _points(ax, group, options, rows=True, stances=stances)
        ax.annotate(
            f"{named(stance)}, n = {int(group['estimate'].notna().sum())}".removeprefix(", "),
            xy=(1, group["place"].min() - 0.75),
            xycoords=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=scaled(0.82),
            fontweight="bold",
            color=mark_of(stance, stances).color,
            gid=f"reactions.group.{slug(stance)}",
        )
    ax.axvline(0, color=ink(0.8), linewidth=0.9, gid="reactions.zero")
    room = letters(ax, scaled(0.8), 50) - 12  # the date and its space
    short = all_named(tidy["name"], max(8, min(38, room)))
    names = [f"{name}  {_day(session)}" for name, session in zip(short, tidy["session"], strict=True)]
    name_rows(ax, tidy["place"], names, 0.8)
    ax.set_ylim(tidy["place"].max() + 0.7, -1.3)
    for place in tidy.loc[tidy["estimate"].isna(), "place"]:
        ax.text(0, place, " no figure", va="center", fontsize=scaled(0.75), color=ink(0.55), gid="reactions.missing")
    percent_axis(ax.xaxis)
    fitted(ax.xaxis, f"{quantity}, with its interval")


def _day(session: Any) -> str:
    return "" if pd.isna(session) else f"{session:%Y-%m-%d}"


def _columns(ax: Axes, tidy: pd.DataFrame, quantity: str, max_labels: int, options: dict[str, Any]) -> None:
    stances = list(pd.unique(tidy["stance"].astype(str)))
    ticks: list[tuple[float, str]] = []
    edge = 0.0
    narrow = drawn_on(ax).get_size_inches()[0] < 6
    for number, stance in enumerate(stances):
        group = tidy[tidy["stance"].astype(str) == stance]
        _points(ax, group, options, rows=False, stances=stances)
        first, last = group["place"].min(), group["place"].max()
        ax.annotate(
            f"{named(stance, 16)}\nn = {int(group['estimate'].notna().sum())}".strip(),
            xy=((first + last) / 2, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, -2 - 2.2 * scaled(0.82) * (narrow and number % 2)),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=scaled(0.82),
            fontweight="bold",
            color=mark_of(stance, stances).color,
            gid=f"reactions.group.{slug(stance)}",
        )
        if ticks:
            ax.axvline((first + edge) / 2, color=ink(0.3), linewidth=0.7, linestyle=":")
        ticks += (
            []
            if len(tidy) > _MANY
            else _years(group, 0.03 * (tidy["place"].max() + 1), ticks[-1][0] if ticks else -np.inf)
        )
        edge = last
    ax.axhline(0, color=ink(0.8), linewidth=0.9, gid="reactions.zero")
    ax.set_xticks([x for x, _ in ticks], [text for _, text in ticks])
    ax.set_xlim(-1.5, tidy["place"].max() + 1.5)
    low, high = tidy[["low", "estimate"]].min().min(), tidy[["high", "estimate"]].max().max()
    low, high = (0.0, 0.0) if pd.isna(low) or pd.isna(high) else (float(low), float(high))
    pad = 0.12 * (high - low) or 0.01
    ax.set_ylim(low - pad, high + 2 * pad)
    percent_axis(ax.yaxis)
    fitted(ax.yaxis, f"{quantity}, with its interval")
    many = len(tidy) > _MANY
    fitted(
        ax.xaxis,
        "events from the smallest to the largest"
        if many
        else "events in the order of their sessions; a mark where a year begins",
    )
    wide = slot(ax)[0]  # a name is some 150 points wide; the title names the largest
    _names(ax, tidy, max_labels if wide > 400 else 0)


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
        for x, y0, y1 in zip(
            *(some.iloc[:: max(1, len(known) // _TOLD)] for some in (known["place"], low, high)), strict=True
        )
    ]
    order = known["estimate"].abs().sort_values(ascending=False, kind="stable").index
    for i in order[:count]:
        value = float(known.loc[i, "estimate"])
        text = f"{named(known.loc[i, 'name'], 30)}: {percent(value)}"
        _place(ax, text, float(known.loc[i, "place"]), (float(low[i]), value, float(high[i])), (box, bars, taken))


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
            color=ink(0.9),
            parse_math=False,
            gid="reactions.name",
        )
        extent = note.get_window_extent()
        inside = extent.x0 >= box.x0 and extent.x1 <= box.x1 and extent.y0 >= box.y0 and extent.y1 <= box.y1
        if inside and not any(extent.overlaps(other) for other in (*taken, *bars)):
            taken.append(extent)
            return
        note.remove()
