"""A few named events side by side over the same securities: small multiples that share their rows and their scale."""

from __future__ import annotations

import textwrap
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import (
    Style,
    clean,
    need,
    new_figure,
    nothing_to_draw,
    percent_axis,
    scaled,
    styled,
)
from eventstudy.words import stripped

_UP, _DOWN = "#0072B2", "#C44601"


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
        One row an event and symbol: the same columns, ``label`` and ``row`` (0 on top).

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
    symbols = list(pd.unique(tidy["symbol"]))
    if order == "first" and len(tidy):
        first = tidy[tidy["event"] == tidy["event"].iloc[0]].set_index("symbol")["estimate"]
        symbols.sort(key=lambda s: -first.get(s, np.nan) if pd.notna(first.get(s, np.nan)) else np.inf)
    return tidy.assign(row=tidy["symbol"].map({symbol: row for row, symbol in enumerate(symbols)}))


@checked(InputError)
def industries(
    frame: pd.DataFrame,
    *,
    order: Literal["first", "given"] = "first",
    quantity: str = "abnormal return",
    title: str = "Four events, industry by industry",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Figure:
    """Draw events side by side, a panel each, over the same securities and on one scale.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`industries_data`. One panel an event, in the order in which they come; four read well.
    order : {"first", "given"}
        Rows by the estimate of the first event, or as they come.
    quantity : str
        What was estimated, for the axes.
    title, subtitle : str
        The subtitle defaults to the number of securities.
    style : {"screen", "paper"}

    Returns
    -------
    matplotlib.figure.Figure
        A composite: an Axes an event. In each, ``industries.estimate`` and ``industries.interval`` are the ids of the
        points and their bars.

    Raises
    ------
    InputError
        As :func:`industries_data`.
    """
    tidy = industries_data(frame, order=order)
    events = list(pd.unique(tidy["event"]))
    with styled(style):
        panels = max(1, len(events))
        rows = tidy["row"].max() + 1 if len(tidy) else 4
        figure = new_figure((max(0.7, 0.18 + 0.24 * panels), max(0.5, 0.4 + 0.05 * rows)))
        axes = figure.subplots(1, panels, sharey=True, sharex=True, squeeze=False)[0]
        text = f"n = {tidy['symbol'].nunique()} securities; lines are intervals" if subtitle is None else subtitle
        head = figure.suptitle(
            f"{stripped(title)}\n",
            x=0.01,
            ha="left",
            fontsize=scaled(1.18),
            fontweight="bold",
            parse_math=False,
            gid="title",
        )
        axes[0].annotate(
            stripped(text),
            (0, 0.06),
            xycoords=head,
            fontsize=scaled(0.88),
            color="#555555",
            parse_math=False,
            gid="subtitle",
        ).set_in_layout(False)
        if not len(tidy):
            nothing_to_draw(axes[0], "events")
            return figure
        figure.supxlabel(stripped(quantity), fontsize=scaled(1), color="#333333", parse_math=False)
        for ax, event in zip(axes, events, strict=True):
            _panel(ax, tidy[tidy["event"] == event], str(event))
        names = tidy.drop_duplicates("row").sort_values("row")
        axes[0].set_yticks(names["row"], [clean(name, 26) for name in names["label"]])
        axes[0].set_ylim(len(names) - 0.4, -0.6)
    return figure


def _panel(ax: Axes, own: pd.DataFrame, event: str) -> None:
    row, value = own["row"].to_numpy(float), own["estimate"].to_numpy(float)
    colors = [_UP if v >= 0 else _DOWN for v in np.nan_to_num(value)]
    ax.barh(row, value, height=0.62, color=colors, alpha=0.35, gid="industries.bar")
    ax.hlines(row, own["low"], own["high"], color=colors, linewidth=1.6, gid="industries.interval")
    ax.plot(
        value, row, linestyle="none", marker="o", color="#222222", markersize=scaled(0.4), gid="industries.estimate"
    )
    for missing in row[np.isnan(value)]:
        ax.text(0, missing, " no figure", va="center", fontsize=scaled(0.75), color="#777777", gid="industries.missing")
    ax.axvline(0, color="#444444", linewidth=0.9, gid="industries.zero")
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.set_title("\n".join(textwrap.wrap(clean(event, 44), 22)), fontsize=scaled(0.95), parse_math=False)
    percent_axis(ax.xaxis)
    ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
