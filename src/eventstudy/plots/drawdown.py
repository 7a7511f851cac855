"""What hangs on the drawdown: the reaction to an event, and the chance that policy softens."""

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
    value_axis,
)
from eventstudy.words import stripped

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def reaction_by_drawdown_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`reaction_by_drawdown` draws: rows by stance and drawdown.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``event_id``, ``name``, ``stance``, ``drawdown`` (decimal, 0 or less, before the event), ``estimate``.

    Returns
    -------
    pandas.DataFrame
        Those columns. An event without one of the two figures stays, and is counted in the subtitle.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["event_id", "name", "stance", "drawdown", "estimate"]
    tidy = need(frame, columns, "reaction_by_drawdown")[columns]
    return tidy.sort_values(["stance", "drawdown", "event_id"], ignore_index=True)


@checked(InputError)
def reaction_by_drawdown(
    frame: pd.DataFrame,
    *,
    fit: pd.DataFrame | None = None,
    ax: Axes | None = None,
    quantity: str = "abnormal return",
    title: str = "Reaction and the drawdown before it",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw each event's reaction against how far the market stood below its last high before it.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`reaction_by_drawdown_data`.
    fit : pandas.DataFrame, optional
        A line fitted elsewhere, with its band: columns ``drawdown``, ``fit``, ``low``, ``high``, and ``stance`` if there
        is a line for each. Nothing is fitted here.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure.
    quantity : str
        What the reaction is, for the axis.
    title, subtitle : str
        The subtitle defaults to n by stance.
    style : {"screen", "paper"}
        Only for a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``drawdown.events.STANCE``, ``drawdown.fit`` and ``drawdown.band``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = reaction_by_drawdown_data(frame)
    known = tidy.dropna(subset=["drawdown", "estimate"])
    found = set(known["stance"].astype(str))
    stances = [s for s in STANCES if s in found] + sorted(found - set(STANCES))
    with canvas(ax, style) as target:
        counts = ", ".join(f"{clean(s)} n = {int((known['stance'] == s).sum())}" for s in stances)
        missing = f"; {len(tidy) - len(known)} without a figure" if len(tidy) > len(known) else ""
        headline(target, title, (counts + missing) if subtitle is None else subtitle)
        if known.empty:
            nothing_to_draw(target, "events")
            return target
        for stance in stances:
            mark, own = mark_of(stance, stances), known[known["stance"] == stance]
            target.plot(
                own["drawdown"],
                own["estimate"],
                linestyle="none",
                marker=mark.marker,
                color=mark.color,
                markerfacecolor=mark.color if mark.filled else "white",
                markersize=scaled(0.6),
                alpha=0.85,
                label=clean(stance),
                gid=f"drawdown.events.{slug(stance)}",
            )
        if fit is not None:
            _fits(target, fit, stances)
        target.axhline(0, color="#444444", linewidth=0.9, gid="drawdown.zero")
        percent_axis(target.yaxis)
        percent_axis(target.xaxis)
        target.set_ylabel(stripped(quantity), parse_math=False)
        target.set_xlabel("index below its last high at the close before the event")
        target.legend(loc="best", handletextpad=0.2)
    return target


def _fits(ax: Axes, fit: pd.DataFrame, stances: list[str]) -> None:
    need(fit, ["drawdown", "fit", "low", "high"], "reaction_by_drawdown, its fit")
    groups = fit["stance"].astype(str) if "stance" in fit.columns else pd.Series("", index=fit.index)
    for stance, own in fit.groupby(groups, sort=True):
        color = mark_of(str(stance), stances).color if stance else "#333333"
        line = own.sort_values("drawdown")
        ax.plot(line["drawdown"], line["fit"], color=color, linewidth=1.4, gid="drawdown.fit")
        ax.fill_between(
            line["drawdown"], line["low"], line["high"], color=color, alpha=0.13, linewidth=0, gid="drawdown.band"
        )


def hazard_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`hazard` draws, by drawdown.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``drawdown`` (where the point stands: the middle of a bin, or a grid of a fitted curve), ``hazard`` (chance
        a session), ``low``, ``high``; optionally ``n`` (sessions at risk), ``events`` (softenings) and ``kind``
        (``"observed"`` points, ``"fitted"`` a line).

    Returns
    -------
    pandas.DataFrame
        Those columns; ``kind`` is ``"observed"`` if there is none.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["drawdown", "hazard", "low", "high"]
    need(frame, columns, "hazard")
    tidy = frame[columns + [c for c in ("n", "events") if c in frame.columns]].copy()
    tidy["kind"] = frame["kind"].astype(str).to_numpy() if "kind" in frame.columns else "observed"
    return tidy.sort_values(["kind", "drawdown"], ignore_index=True)


@checked(InputError)
def hazard(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    band: str = "95% interval",
    quantity: str = "drawdown",
    unit: str = "percent",
    title: str = "Does softening come sooner the deeper the drawdown?",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw the chance of softening in a session by the drawdown before it: observed in bins, fitted as a curve.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`hazard_data`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure.
    band : str
        What ``low`` and ``high`` are, in words.
    quantity, unit : str
        What is on the lower axis, and in what: ``"percent"`` for decimals.
    title, subtitle : str
        The subtitle defaults to the numbers of sessions at risk and of softenings, and ``band``.
    style : {"screen", "paper"}
        Only for a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``hazard.observed``, ``hazard.interval``, ``hazard.fitted``, ``hazard.band``,
        ``hazard.count``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = hazard_data(frame)
    seen, fitted = tidy[tidy["kind"] == "observed"], tidy[tidy["kind"] == "fitted"]
    with canvas(ax, style) as target:
        at_risk = f"n = {seen['n'].sum():.0f} sessions at risk; " if "n" in seen else ""
        events = f"{seen['events'].sum():.0f} softenings; " if "events" in seen else ""
        headline(target, title, f"{at_risk}{events}{band}" if subtitle is None else subtitle)
        if tidy["hazard"].dropna().empty:
            nothing_to_draw(target, "sessions at risk")
            return target
        if len(fitted):
            target.plot(fitted["drawdown"], fitted["hazard"], color="#0072B2", label="fitted", gid="hazard.fitted")
            target.fill_between(
                fitted["drawdown"],
                fitted["low"],
                fitted["high"],
                color="#0072B2",
                alpha=0.15,
                linewidth=0,
                gid="hazard.band",
            )
        target.vlines(
            seen["drawdown"], seen["low"], seen["high"], color="#444444", linewidth=1.4, gid="hazard.interval"
        )
        target.plot(
            seen["drawdown"],
            seen["hazard"],
            "o",
            color="#222222",
            markersize=scaled(0.6),
            label="observed",
            gid="hazard.observed",
            clip_on=False,  # a chance of zero stands on the axis
            zorder=3,
        )
        _counts(target, seen)
        top = float(np.nanmax(tidy[["hazard", "high"]].to_numpy(float)))
        target.set_ylim(0, top * 1.16 or 1.0)
        percent_axis(target.yaxis)
        target.set_ylabel("chance of softening in a session")
        value_axis(target.xaxis, quantity, unit)
        if len(fitted) and len(seen):
            target.legend(loc="upper left")
    return target


def _counts(ax: Axes, seen: pd.DataFrame) -> None:
    if not {"n", "events"} <= set(seen.columns):
        return
    for _, row in seen.dropna(subset=["hazard"]).iterrows():
        top = row["high"] if pd.notna(row["high"]) else row["hazard"]
        ax.annotate(
            f"{row['events']:.0f} of {row['n']:.0f}",
            xy=(row["drawdown"], top),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=scaled(0.75),
            color="#555555",
            gid="hazard.count",
        )
