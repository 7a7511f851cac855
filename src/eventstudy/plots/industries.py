"""A few named events side by side over the same securities: small multiples that share their rows and their scale."""

from __future__ import annotations

import textwrap
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import (
    ROWS_NAMED,
    Style,
    drawn,
    ends_only,
    ink,
    legible,
    look,
    named_rows,
    row_edges,
    scaled,
    sheet,
)
from eventstudy.plots.labels import letters, slot
from eventstudy.plots.save import tell
from eventstudy.plots.style import all_named, change, clean, named, need, nothing_to_draw, percent_axis, slug, wrapped
from eventstudy.words import stripped

_UP, _DOWN = "#0072B2", "#C44601"
_PANELS = 8  # events side by side; of more, those that moved most


@checked(InputError)
def industries_data(frame: pd.DataFrame, *, order: Literal["first", "given"] = "first") -> pd.DataFrame:
    """Give the tidy frame that :func:`industries` draws, with the row of each security.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``event``, ``symbol``, ``estimate``, ``low``, ``high`` (decimals), and optionally ``label``, what a
        symbol is called.
    order : {"first", "given"}
        Rows by the estimate of the first event, the largest on top, or as they come.

    Returns
    -------
    pandas.DataFrame
        One row an event and symbol: the same columns, ``label`` and ``row`` (0 on top). Of more than 8 events those with
        the largest mean absolute estimate.

    Raises
    ------
    InputError
        If a column is missing, or a pair stands twice.
    """
    columns = ["event", "symbol", "estimate", "low", "high"]
    tidy = need(frame, columns, "industries")[columns].copy()
    tidy["label"] = frame["label"].astype(str).to_numpy() if "label" in frame.columns else tidy["symbol"].astype(str)
    twice = tidy.duplicated(["event", "symbol"])
    if twice.any():
        msg = f"industries: {tidy.loc[twice, ['event', 'symbol']].iloc[0].tolist()} stands twice"
        raise InputError(msg)
    tidy = _moved_most(tidy, _PANELS)
    symbols = list(pd.unique(tidy["symbol"]))
    if order == "first" and len(tidy):
        first = tidy[tidy["event"] == tidy["event"].iloc[0]].set_index("symbol")["estimate"]
        symbols.sort(key=lambda s: -first.get(s, np.nan) if pd.notna(first.get(s, np.nan)) else np.inf)
    return tidy.assign(row=tidy["symbol"].map({symbol: row for row, symbol in enumerate(symbols)}))


def _moved_most(tidy: pd.DataFrame, count: int) -> pd.DataFrame:
    """Give the rows of the events that moved most, in the order in which they come."""
    if tidy["event"].nunique() <= count:
        return tidy
    size = tidy["estimate"].abs().groupby(tidy["event"], sort=False).mean().sort_values(ascending=False, kind="stable")
    return tidy[tidy["event"].isin(size.index[:count])].reset_index(drop=True)


def industries_finding(tidy: pd.DataFrame) -> str:
    """Say which security rose and which fell most, and on what.

    Examples
    --------
    >>> industries_finding(pd.DataFrame({"event": "Truce", "label": ["A", "B"], "estimate": [-0.01, 0.02]}))
    'From −1.00% (A, Truce) to +2.00% (B, Truce)'
    """
    known = tidy.dropna(subset=["estimate"])
    if known.empty:
        return "No figure"
    low, high = (
        known.iloc[int(np.asarray(known["estimate"]).argmin())],
        known.iloc[int(np.asarray(known["estimate"]).argmax())],
    )
    said = [f"{change(row['estimate'])} ({named(row['label'], 24)}, {named(row['event'], 30)})" for row in (low, high)]
    return f"From {said[0]} to {said[1]}" if len(known) > 1 else f"{said[0]}"


@checked(InputError)
def industries(
    frame: pd.DataFrame,
    *,
    order: Literal["first", "given"] = "first",
    quantity: str = "abnormal return",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Figure:
    """Draw events side by side, a panel each, over the same securities and on one scale.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`industries_data`. One panel an event, in the order in which they come; of more than 8 events those
        that moved most, of more than 60 securities only the 15 at each end are named.
    order : {"first", "given"}
        Rows by the estimate of the first event, or as they come.
    quantity : str
        What was estimated, for the axes.
    title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

    Returns
    -------
    matplotlib.figure.Figure
        A composite: an Axes an event. In each, ``industries.estimate.EVENT`` and ``industries.interval`` are the ids of the
        points and their bars.

    Raises
    ------
    InputError
        As :func:`industries_data`.
    """
    tidy = (
        industries_data(frame, order="first" if frame["symbol"].nunique() > ROWS_NAMED else order)
        if "symbol" in frame
        else industries_data(frame)
    )
    width = options["figsize"][0] if options.get("figsize") else None
    shown = (
        _PANELS if width is None else max(1, min(_PANELS, int((float(width) - 1) / 1.1)))
    )  # an inch a panel, and names
    if tidy["event"].nunique() > shown:
        tidy = industries_data(_moved_most(tidy, shown), order="given" if order == "given" else "first")
    events, asked = list(pd.unique(tidy["event"])), frame["event"].nunique() if "event" in frame else 0
    panels, rows = max(1, len(events)), int(tidy["row"].max()) + 1 if len(tidy) else 4
    edges = row_edges(rows)
    middle = (edges[:-1] + edges[1:]) / 2 - 0.5
    with sheet(style, (max(0.7, 0.18 + 0.24 * panels), max(0.5, 0.4 + 0.05 * edges[-1])), options) as figure:
        axes = figure.subplots(1, panels, sharey=True, sharex=True, squeeze=False)[0]
        few = f"; the {len(events)} of {asked} events that moved most" if asked > len(events) else ""
        text = (
            f"{clean(quantity, 60)}, n = {tidy['symbol'].nunique()} securities; lines are intervals{few}{ends_only(rows, 'rows')}"
            if subtitle is None
            else subtitle
        )
        points = 72 * float(figure.get_size_inches()[0])
        head = "\n".join(
            wrapped(stripped(industries_finding(tidy) if title is None else title), points, scaled(1.18), bold=True)
        )
        small = wrapped(stripped(text), points, scaled(0.88))
        title_text = figure.suptitle(
            head + "\n" * len(small),
            x=0.01,
            ha="left",
            fontsize=scaled(1.18),
            fontweight="bold",
            parse_math=False,
            gid="title",
        )
        axes[0].annotate(
            "\n".join(small),
            (0, 0.02),
            xycoords=title_text,
            fontsize=scaled(0.88),
            color=ink(0.7),
            parse_math=False,
            gid="subtitle",
        ).set_in_layout(False)
        if not len(tidy):
            nothing_to_draw(axes[0], "events")
            return figure
        figure.supxlabel(stripped(quantity), fontsize=scaled(1), color=ink(0.85), parse_math=False)
        for ax, event in zip(axes, events, strict=True):
            _panel(
                ax,
                tidy[tidy["event"] == event].assign(at=lambda own: middle[own["row"]]),
                str(event),
                options,
                thin=rows > ROWS_NAMED,
            )
        names = tidy.drop_duplicates("row").sort_values("row").iloc[named_rows(rows)]
        axes[0].set_yticks(
            middle[names["row"]],
            all_named(names["label"], letters(axes[0], scaled(1), 26, 0.3 * panels)),
        )
        axes[0].set_ylim(edges[-1] - 0.4, -0.6)
    return figure


def _panel(ax: Axes, own: pd.DataFrame, event: str, options: dict[str, Any], *, thin: bool) -> None:
    row, value = own["at"].to_numpy(float), own["estimate"].to_numpy(float)
    asked = look().color
    up, down = (asked, asked) if isinstance(asked, str) else (legible(_UP), legible(_DOWN))
    colors = [up if v >= 0 else down for v in np.nan_to_num(value)]
    if not thin:
        ax.barh(row, value, height=0.62, color=colors, alpha=0.35, gid="industries.bar")
    ax.hlines(row, own["low"], own["high"], color=colors, linewidth=0.6 if thin else 1.6, gid="industries.interval")
    usual = drawn(options, linestyle="none", marker="o", color=ink(0.9), markersize=scaled(0.15 if thin else 0.4))
    (points,) = ax.plot(value, row, gid=f"industries.estimate.{slug(event)}", **usual)
    known = own[own["estimate"].notna()]
    tell(
        points,
        [
            f"{named(n, 60)}, {clean(event, 60)}: {change(e)}"
            for n, e in zip(known["label"], known["estimate"], strict=True)
        ],
    )
    for missing in () if thin else row[np.isnan(value)]:
        ax.text(0, missing, " no figure", va="center", fontsize=scaled(0.75), color=ink(0.55), gid="industries.missing")
    ax.axvline(0, color=ink(0.8), linewidth=0.9, gid="industries.zero")
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    wide = slot(ax)[0]
    lines = textwrap.wrap(named(event, 44), max(8, min(22, int(0.8 * wide / (0.6 * scaled(0.95))))))
    ax.set_title("\n".join(lines), fontsize=scaled(0.95), parse_math=False)
    percent_axis(ax.xaxis)
    ax.xaxis.set_major_locator(MaxNLocator(max(2, min(5, int(wide / 30))), steps=[1, 2, 5, 10]))
