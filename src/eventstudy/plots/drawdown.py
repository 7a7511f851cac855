"""What hangs on the drawdown: the reaction to an event, and the chance that policy softens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, legible, scaled, tint
from eventstudy.plots.save import tell
from eventstudy.plots.style import (
    change,
    clean,
    fitted,
    headline,
    in_order,
    mark_of,
    named,
    need,
    nothing_to_draw,
    percent,
    percent_axis,
    slug,
    value_axis,
)

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
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw each event's reaction against how far the market stood below its last high before it.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`reaction_by_drawdown_data`.
    fit : pandas.DataFrame, optional
        A line fitted elsewhere, with its band: columns ``drawdown``, ``fit``, ``low``, ``high``, and ``stance`` if there
        is a line for each. Nothing is fitted here.
    quantity : str
        What the reaction is, for the axis.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

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
    stances = in_order(known["stance"])
    with canvas(ax, style, (1.0, 1.0), options) as target:
        counts = ", ".join(f"{clean(s)} n = {int((known['stance'] == s).sum())}" for s in stances)
        missing = f"; {len(tidy) - len(known)} without a figure" if len(tidy) > len(known) else ""
        headline(
            target,
            drawdown_finding(known) if title is None else title,
            f"{clean(quantity, 60)} and the drawdown before it; {counts}{missing}" if subtitle is None else subtitle,
        )
        if known.empty:
            nothing_to_draw(target, "events")
            return target
        for stance in stances:
            mark, own = mark_of(stance, stances), known[known["stance"] == stance]
            usual = drawn(
                options, linestyle="none", marker=mark.marker, color=mark.color, markersize=scaled(0.6), alpha=0.85,
                markerfacecolor=mark.color if mark.filled else ground(), label=named(stance),
            )  # fmt: skip
            (points,) = target.plot(own["drawdown"], own["estimate"], gid=f"drawdown.events.{slug(stance)}", **usual)
            texts = [
                f"{named(n, 60)}: {change(e)} at {percent(d)}"
                for n, e, d in zip(own["name"], own["estimate"], own["drawdown"], strict=True)
            ]
            tell(points, texts, list(own["event_id"].astype(str)))
        if fit is not None:
            _fits(target, fit, stances)
        target.axhline(0, color=ink(0.8), linewidth=0.9, gid="drawdown.zero")
        percent_axis(target.yaxis)
        percent_axis(target.xaxis)
        fitted(target.yaxis, quantity)
        fitted(target.xaxis, "index below its last high at the close before the event")
        target.legend(loc="best", handletextpad=0.2)
    return target


def drawdown_finding(known: pd.DataFrame) -> str:
    """Say the rank correlation of reaction and drawdown, by stance.

    Examples
    --------
    >>> drawdown_finding(pd.DataFrame({"stance": "talks", "drawdown": [-0.1, -0.2, 0.0], "estimate": [0.1, 0.2, 0.0]}))
    'Rank correlation of reaction and drawdown: talks −1.00'
    """
    said = []
    for stance in in_order(known["stance"]):
        own = known.loc[known["stance"] == stance, ["drawdown", "estimate"]]
        rank = float(own["drawdown"].rank().corr(own["estimate"].rank())) if len(own) > 2 else np.nan
        said += [f"{named(stance, 24)} {rank:.2f}".replace("-", "−").strip()] if np.isfinite(rank) else []
    return f"Rank correlation of reaction and drawdown: {', '.join(said)}" if said else "Too few events to compare"


def _fits(ax: Axes, fit: pd.DataFrame, stances: list[str]) -> None:
    fit = need(fit, ["drawdown", "fit", "low", "high"], "reaction_by_drawdown, its fit")
    groups = fit["stance"].astype(str) if "stance" in fit.columns else pd.Series("", index=fit.index)
    for stance, own in fit.groupby(groups, sort=True):
        color = mark_of(str(stance), stances).color if stance else ink(0.85)
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
    frame = need(frame, columns, "hazard")
    tidy = frame[columns + [c for c in ("n", "events") if c in frame.columns]].copy()
    tidy["kind"] = frame["kind"].astype(str).to_numpy() if "kind" in frame.columns else "observed"
    return tidy.sort_values(["kind", "drawdown"], ignore_index=True)


@checked(InputError)
def hazard(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    band: str = "lines: intervals",
    quantity: str = "drawdown",
    unit: str = "percent",
    outcome: str = "softening",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw the chance of softening in a session by the drawdown before it: observed in bins, fitted as a curve.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`hazard_data`.
    band : str
        What ``low`` and ``high`` are, in words.
    quantity, unit : str
        What is on the lower axis, and in what: ``"percent"`` for decimals.
    outcome : str
        What may happen in a session.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

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
    seen, line = tidy[tidy["kind"] == "observed"], tidy[tidy["kind"] == "fitted"]
    with canvas(ax, style, (1.0, 1.0), options) as target:
        at_risk = f"n = {seen['n'].sum():.0f} sessions at risk; " if "n" in seen else ""
        events = f"{seen['events'].sum():.0f} with {outcome}; " if "events" in seen else ""
        headline(
            target,
            hazard_finding(seen) if title is None else title,
            f"Chance of {outcome} in a session, by {clean(quantity, 60)}; {at_risk}{events}{band}"
            if subtitle is None
            else subtitle,
        )
        if tidy["hazard"].dropna().empty:
            nothing_to_draw(target, "sessions at risk")
            return target
        if len(line):
            target.plot(
                line["drawdown"],
                line["hazard"],
                color=legible("#0072B2"),
                label="fitted",
                gid="hazard.fitted",
            )
            target.fill_between(
                line["drawdown"],
                line["low"],
                line["high"],
                color=legible("#0072B2"),
                alpha=0.15,
                linewidth=0,
                gid="hazard.band",
            )
        target.vlines(seen["drawdown"], seen["low"], seen["high"], color=ink(0.8), linewidth=1.4, gid="hazard.interval")
        # not clipped: a chance of zero stands on the axis
        usual = drawn(
            options, linestyle="none", marker="o", color=tint(ink(0.9)), markersize=scaled(0.6), clip_on=False, zorder=3
        )
        target.plot(seen["drawdown"], seen["hazard"], label="observed", gid="hazard.observed", **usual)
        _counts(target, seen)
        top = float(np.nanmax(tidy[["hazard", "high"]].to_numpy(float)))
        target.set_ylim(0, top * 1.16 or 1.0)
        percent_axis(target.yaxis)
        fitted(target.yaxis, f"chance of {outcome} in a session")
        value_axis(target.xaxis, quantity, unit)
        if len(line) and len(seen):
            target.legend(loc="upper left")
    return target


def hazard_finding(seen: pd.DataFrame) -> str:
    """Say the chance at both ends of the drawdown.

    Examples
    --------
    >>> hazard_finding(pd.DataFrame({"drawdown": [-0.1, 0.0], "hazard": [0.04, 0.06]}))
    '4.0% a session at −10.0%, 6.0% at 0.0%'
    """
    known = seen.dropna(subset=["hazard"]).sort_values("drawdown")
    if known.empty:
        return "No session at risk"
    low, high = known.iloc[0], known.iloc[-1]
    return f"{percent(low['hazard'])} a session at {percent(low['drawdown'])}, {percent(high['hazard'])} at {percent(high['drawdown'])}"


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
            color=ink(0.7),
            gid="hazard.count",
        )
