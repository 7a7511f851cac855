"""Estimates with intervals in named rows: events and groups in one forest, and what became of the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import (
    ENDS_NAMED,
    ROWS_NAMED,
    Style,
    canvas,
    drawn,
    ends_only,
    ground,
    ink,
    named_rows,
    row_edges,
    scaled,
    tint,
)
from eventstudy.plots.labels import letters
from eventstudy.plots.save import tell
from eventstudy.plots.style import (
    all_named,
    change,
    clean,
    headline,
    name_rows,
    named,
    need,
    nothing_to_draw,
    say,
    slug,
    value_axis,
)

_CROWD = 1000  # estimates; of more, the mean intervals between the ends are one band, the points one picture


def forest_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`forest` draws, with the row of each estimate.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``label``, ``estimate``, ``low``, ``high``; optionally ``group`` (rows of a group stand together under
        its name), ``n`` (shown at the right) and ``summary`` (bool: a diamond, the group's own estimate).

    Returns
    -------
    pandas.DataFrame
        ``group``, ``label``, ``estimate``, ``low``, ``high``, ``n``, ``summary`` and ``row`` (0 on top; a group's name
        takes the row above its first). More than 60 estimates are sorted, the largest on top, and those between the
        ends stand closer.

    Raises
    ------
    InputError
        If a column is missing.
    """
    frame = need(frame, ["label", "estimate", "low", "high"], "forest")
    tidy = frame[["label", "estimate", "low", "high"]].reset_index(drop=True)
    tidy.insert(0, "group", frame["group"].astype(str).to_numpy() if "group" in frame.columns else "")
    tidy["n"] = frame["n"].to_numpy(float) if "n" in frame.columns else np.nan
    tidy["summary"] = frame["summary"].to_numpy(bool) if "summary" in frame.columns else False
    if len(tidy) > ROWS_NAMED:
        edges = row_edges(len(tidy))
        tidy = tidy.sort_values("estimate", ascending=False, kind="stable", ignore_index=True)
        return tidy.assign(row=(edges[:-1] + edges[1:]) / 2)
    groups = {group: i for i, group in enumerate(pd.unique(tidy["group"]))}
    tidy = tidy.assign(rank=tidy["group"].map(groups).astype(int)).sort_values("rank", kind="stable", ignore_index=True)
    heads = tidy["rank"] + 1 if any(groups) else 0
    gaps = 0.4 * tidy["rank"]
    return tidy.assign(row=np.arange(len(tidy)) + heads + gaps).drop(columns="rank")


def forest_finding(tidy: pd.DataFrame, unit: str = "percent") -> str:
    """Say how many intervals leave out zero, and where the middle estimate lies.

    Examples
    --------
    >>> forest_finding(pd.DataFrame({"estimate": [0.01, 0.03], "low": [-0.01, 0.01], "high": [0.03, 0.05]}))
    '1 of 2 intervals leave out zero; the median estimate is +2.00%'
    """
    known = tidy["estimate"].dropna()
    if known.empty:
        return "No estimate"
    clear = int(((tidy["low"] > 0) | (tidy["high"] < 0)).sum())
    middle = float(known.median())
    said = change(middle) if unit == "percent" else say(middle, unit, 2)
    return f"{clear} of {len(known)} intervals leave out zero; the median estimate is {said}"


@checked(InputError)
def forest(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    quantity: str = "cumulative abnormal return",
    unit: str = "percent",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw a forest plot: a row an estimate, by group, with a diamond for what sums a group up.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`forest_data`. Of more than 60 estimates only the 15 at each end are named.
    quantity, unit : str
        What was estimated and in what: ``"percent"`` for decimals, or a unit in words (``"standard deviations"``).
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

    Returns
    -------
    matplotlib.axes.Axes
        ``forest.interval`` and ``forest.estimate`` are the single ones, ``forest.summary`` the diamonds,
        ``forest.value`` the texts at the right.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = forest_data(frame)
    last = float(tidy["row"].max()) if len(tidy) else 4.0
    many = len(tidy) > ROWS_NAMED
    with canvas(ax, style, (1.05, max(0.5, 0.3 + 0.058 * last)), options) as target:
        small = f"{clean(quantity, 60)} with intervals, n = {int(tidy['estimate'].notna().sum())} estimates{ends_only(len(tidy), 'they are')}"
        headline(
            target, forest_finding(tidy, unit) if title is None else title, small if subtitle is None else subtitle
        )
        if tidy.empty:
            nothing_to_draw(target, "estimates")
            return target
        single, whole = tidy[~tidy["summary"]], tidy[tidy["summary"]]
        color = tint("#1F3A57")
        bars, crowd = single, len(single) > _CROWD
        if crowd:
            between = single.iloc[ENDS_NAMED - 1 : len(single) - ENDS_NAMED + 1][["row", "low", "high"]]
            between = between.groupby(np.arange(len(between)) * 400 // len(between)).mean()
            target.fill_betweenx(
                between["row"],
                between["low"],
                between["high"],
                color=tint("#4A6785"),
                alpha=0.4,
                linewidth=0,
                gid="forest.between",
            )
            bars = single.iloc[named_rows(len(single))]
        target.hlines(
            bars["row"],
            bars["low"],
            bars["high"],
            color=tint("#4A6785"),
            linewidth=0.6 if many else 1.6,
            gid="forest.interval",
        )
        usual = drawn(
            options,
            linestyle="none",
            marker="s",
            color=color,
            markersize=scaled(0.2 if many else 0.46),
            rasterized=crowd,
        )
        (points,) = target.plot(single["estimate"], single["row"], gid="forest.estimate", **usual)
        if not crowd:
            known = single[single["estimate"].notna()]
            tell(points, [_told(row, unit) for _, row in known.iterrows()])
        for _, row in whole.iterrows():
            corners = [(row["low"], row["row"]), (row["estimate"], row["row"] - 0.3), (row["high"], row["row"])]
            target.fill(
                *zip(*corners, (row["estimate"], row["row"] + 0.3), strict=True), color=ink(0.9), gid="forest.summary"
            )
        target.axvline(0, color=ink(0.8), linewidth=0.9, gid="forest.zero")
        _names(target, tidy.iloc[named_rows(len(tidy))], unit, many=many)
        target.set_ylim(last + 0.8, -0.8)
        value_axis(target.xaxis, quantity, unit)
    return target


def _told(row: pd.Series[Any], unit: str) -> str:
    group = f"{named(row['group'], 60)}, " if row["group"] else ""
    low, high = (say(row[side], unit, 2) for side in ("low", "high"))
    return f"{group}{named(row['label'], 60)}: {say(row['estimate'], unit, 2)} ({low} to {high})"


def _names(ax: Axes, tidy: pd.DataFrame, unit: str, *, many: bool) -> None:
    room = letters(ax, scaled(0.82))
    grouped = [
        f"{label} · {named(group, 24)}" if many and group else label
        for group, label in zip(tidy["group"], all_named(tidy["label"], room), strict=True)
    ]
    points, step = name_rows(ax, tidy["row"], grouped, 0.82)
    for text, whole in zip(ax.get_yticklabels(), tidy["summary"][::step], strict=True):
        text.set_fontweight("bold" if whole else "normal")
    right: dict[str, Any] = {
        "xycoords": ax.get_yaxis_transform(),
        "va": "center",
        "fontsize": min(points, scaled(0.78)),
        "annotation_clip": False,
    }
    for _, row in tidy[::step].iterrows():
        known = f"{say(row['estimate'], unit, 2)}" if pd.notna(row["estimate"]) else "no figure"
        n = f"  (n = {row['n']:.0f})" if pd.notna(row["n"]) else ""
        ax.annotate(f"{known}{n}", xy=(1.015, row["row"]), ha="left", color=ink(0.85), gid="forest.value", **right)
    for group, own in () if many else tidy.groupby("group", sort=False):
        if group:
            ax.annotate(
                named(group), xy=(0.005, own["row"].min() - 1), ha="left", fontweight="bold", parse_math=False,
                bbox={"facecolor": ground(), "edgecolor": "none", "pad": 0.5}, gid=f"forest.group.{slug(group)}", **right,
            )  # fmt: skip


def attrition_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`attrition` draws.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``stage`` and ``n``, from all to those studied, and optionally ``reason``: why some were lost on the way
        to this stage.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``n``, ``reason``, ``lost`` (against the stage before).

    Raises
    ------
    InputError
        If a column is missing.
    """
    frame = need(frame, ["stage", "n"], "attrition")
    tidy = frame[["stage", "n"]].reset_index(drop=True)
    tidy["reason"] = frame["reason"].fillna("").astype(str).to_numpy() if "reason" in frame.columns else ""
    return tidy.assign(lost=(tidy["n"].shift() - tidy["n"]).fillna(0).astype(int))


def attrition_finding(tidy: pd.DataFrame) -> str:
    """Say how many are left, and where most were lost.

    Examples
    --------
    >>> attrition_finding(attrition_data(pd.DataFrame({"stage": ["all", "priced"], "n": [9, 7], "reason": ["", "no price"]})))
    '7 of 9 events remain; most fell away for: no price'
    """
    first, last = tidy["n"].iloc[0], tidy["n"].iloc[-1]
    most = tidy.iloc[int(np.asarray(tidy["lost"]).argmax())]
    why = f"; most fell away for: {clean(most['reason'], 60)}" if most["lost"] and most["reason"] else ""
    return f"{last:,} of {first:,} events remain{why}"


@checked(InputError)
def attrition(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw what became of the sample: a bar a stage, with what was lost on the way and why.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`attrition_data`.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the bars.

    Returns
    -------
    matplotlib.axes.Axes
        ``attrition.kept`` are the bars, ``attrition.lost`` what fell away, ``attrition.text`` the words.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = attrition_data(frame)
    with canvas(ax, style, (1.0, max(0.42, 0.24 + 0.1 * len(tidy))), options) as target:
        if tidy.empty:
            headline(target, "No event")
            nothing_to_draw(target, "events")
            return target
        first = tidy["n"].iloc[0]
        headline(
            target,
            attrition_finding(tidy) if title is None else title,
            "From all events to those studied" if subtitle is None else subtitle,
        )
        row = np.arange(len(tidy))
        before = tidy["n"].shift().fillna(first)
        target.barh(row, tidy["n"], gid="attrition.kept", **drawn(options, height=0.56, color=tint("#3B6C94")))
        target.barh(
            row, before - tidy["n"], left=tidy["n"], height=0.56, color=ground(), edgecolor=ink(0.4), hatch="////",
            linewidth=0.6, gid="attrition.lost",
        )  # fmt: skip
        for i, stage in tidy.iterrows():
            why = f": {clean(stage['reason'], 60)}" if stage["reason"] else ""
            lost = f"   −{stage['lost']:,}{why}" if stage["lost"] else ""
            target.annotate(
                f"{stage['n']:,}{lost}",
                xy=(before.iloc[int(str(i))], float(str(i))),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=scaled(0.85),
                parse_math=False,
                gid="attrition.text",
            )
        target.set_yticks(row, [named(stage, 36) for stage in tidy["stage"]])
        target.set_ylim(len(tidy) - 0.4, -0.6)
        target.set_xlim(0, first * 1.55)
        target.tick_params(axis="y", length=0)
        target.grid(visible=False)
        target.spines["bottom"].set_visible(False)
        target.set_xticks([])
        target.set_xlabel("number of events", fontsize=scaled(0.9))
    return target
