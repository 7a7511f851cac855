"""Paths over the event window: the cumulative average abnormal return, with its bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import (
    STANCES,
    Style,
    canvas,
    clean,
    headline,
    mark_of,
    need,
    nothing_to_draw,
    percent_axis,
    scaled,
    slug,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def caar_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`caar` draws: the input's columns, by stance and relative day.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``relative_day``, ``caar``, ``low``, ``high``, ``n``, and optionally ``stance`` (or any other grouping
        under that name), ``low_simultaneous`` and ``high_simultaneous``.

    Returns
    -------
    pandas.DataFrame
        The same columns, ``stance`` first (``""`` if there is none).

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["relative_day", "caar", "low", "high", "n"]
    need(frame, columns, "caar")
    extra = [c for c in ("low_simultaneous", "high_simultaneous") if c in frame.columns]
    tidy = frame[columns + extra].copy()
    tidy.insert(0, "stance", frame["stance"].astype(str).to_numpy() if "stance" in frame.columns else "")
    order = {stance: i for i, stance in enumerate(STANCES)}
    tidy = tidy.assign(rank=tidy["stance"].map(order).fillna(len(order)))
    return tidy.sort_values(["rank", "stance", "relative_day"], ignore_index=True).drop(columns="rank")


@checked(InputError)
def caar(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str = "Cumulative average abnormal return",
    subtitle: str | None = None,
    band: str = "95% pointwise band",
    style: Style = "screen",
) -> Axes:
    """Draw one CAAR path a stance over the event window, each with its band.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`caar_data`: decimals by relative day (sessions from the event; 0 = the first that could react).
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure.
    title, subtitle : str
        The subtitle defaults to n of each stance and ``band``.
    band : str
        What ``low`` and ``high`` are, in words.
    style : {"screen", "paper"}
        Only for a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``caar.line.STANCE``, ``caar.band.STANCE`` and, if the frame has simultaneous bands,
        ``caar.simultaneous.STANCE``; ``caar.event`` is the event-day line and ``caar.zero`` the zero line.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = caar_data(frame)
    with canvas(ax, style) as target:
        if tidy.empty:
            headline(target, title)
            nothing_to_draw(target, "events")
            return target
        stances = list(pd.unique(tidy["stance"]))
        headline(target, title, _subtitle(tidy, stances, band) if subtitle is None else subtitle)
        target.axhline(0, color="#444444", linewidth=0.9, gid="caar.zero", zorder=1.5)
        target.axvline(0, color="#444444", linewidth=0.9, linestyle=(0, (2, 2)), gid="caar.event", zorder=1.5)
        for i, stance in enumerate(stances):
            _path(target, tidy[tidy["stance"] == stance], stances, i)
        percent_axis(target.yaxis)
        target.set_xlabel("trading sessions from the event (0 = first session that could react)")
        target.set_ylabel("cumulative abnormal return")
        days = tidy["relative_day"]
        _whole_days(target, int(days.min()), int(days.max()))
        if len(stances) > 1 or stances[0]:
            target.legend(loc="best", handlelength=3.2)
    return target


def _path(ax: Axes, own: pd.DataFrame, stances: list[str], number: int) -> None:
    stance = stances[number]
    mark = mark_of(stance, stances)
    day = own["relative_day"].to_numpy(float)
    low, high = own["low"].to_numpy(float), own["high"].to_numpy(float)
    ax.fill_between(
        day, low, high, color=mark.color, alpha=0.16, linewidth=0, gid=f"caar.band.{slug(stance)}", zorder=1
    )
    for edge in (low, high):  # edges keep a band visible in grey, where fills of two stances look alike
        ax.plot(day, edge, color=mark.color, linewidth=0.7, linestyle=mark.line, alpha=0.65, gid="caar.edge")
    if "low_simultaneous" in own:
        for side in ("low_simultaneous", "high_simultaneous"):
            ax.plot(
                day, own[side], color=mark.color, linewidth=0.8, linestyle=":", gid=f"caar.simultaneous.{slug(stance)}"
            )
    n = own["n"].max()
    ax.plot(
        day,
        own["caar"].to_numpy(float),
        color=mark.color,
        linestyle=mark.line,
        marker=mark.marker,
        markerfacecolor=mark.color if mark.filled else "white",
        markersize=scaled(0.46),
        markevery=max(1, len(day) // 11),
        label=f"{clean(stance)}, n = {n:.0f}" if stance else None,
        gid=f"caar.line.{slug(stance)}",
        zorder=3,
    )


def _subtitle(tidy: pd.DataFrame, stances: list[str], band: str) -> str:
    counts = []
    for stance in stances:
        n = tidy.loc[tidy["stance"] == stance, "n"]
        span = f"{n.max():.0f}" if n.min() == n.max() else f"{n.min():.0f} to {n.max():.0f}"
        counts.append(f"{clean(stance)} n = {span}" if stance else f"n = {span}")
    more = "; dotted: simultaneous band" if "low_simultaneous" in tidy else ""
    return f"{', '.join(counts)}; {band}{more}"


def _whole_days(ax: Axes, first: int, last: int) -> None:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 250, 1000) if (last - first) / step <= 14)
    ticks = np.arange(-(-first // step) * step, last + 1, step)
    ax.set_xticks(ticks, [str(tick).replace("-", "−") for tick in ticks])
    ax.set_xlim(first - 0.4, last + 0.4)
