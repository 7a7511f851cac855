"""Estimates with intervals in named rows: events and groups in one forest, and what became of the sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import (
    Style,
    canvas,
    clean,
    headline,
    name_rows,
    need,
    nothing_to_draw,
    say,
    scaled,
    slug,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
        takes the row above its first).

    Raises
    ------
    InputError
        If a column is missing.
    """
    need(frame, ["label", "estimate", "low", "high"], "forest")
    tidy = frame[["label", "estimate", "low", "high"]].reset_index(drop=True)
    tidy.insert(0, "group", frame["group"].astype(str).to_numpy() if "group" in frame.columns else "")
    tidy["n"] = frame["n"].to_numpy(float) if "n" in frame.columns else np.nan
    tidy["summary"] = frame["summary"].to_numpy(bool) if "summary" in frame.columns else False
    groups = {group: i for i, group in enumerate(pd.unique(tidy["group"]))}
    tidy = tidy.assign(rank=tidy["group"].map(groups)).sort_values("rank", kind="stable", ignore_index=True)
    heads = tidy["rank"] + 1 if any(groups) else 0
    gaps = 0.4 * tidy["rank"]
    return tidy.assign(row=np.arange(len(tidy)) + heads + gaps).drop(columns="rank")


@checked(InputError)
def forest(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    quantity: str = "cumulative abnormal return",
    unit: str = "percent",
    title: str = "Estimates with their intervals",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw a forest plot: a row an estimate, by group, with a diamond for what sums a group up.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`forest_data`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure, as high as the rows need.
    quantity, unit : str
        What was estimated and in what: ``"percent"`` for decimals, or a unit in words (``"standard deviations"``).
    title, subtitle : str
        The subtitle defaults to the number of estimates and of intervals that leave out zero.
    style : {"screen", "paper"}
        Only for a figure of its own.

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
    with canvas(ax, style, (1.05, max(0.5, 0.3 + 0.058 * last))) as target:
        clear = int(((tidy["low"] > 0) | (tidy["high"] < 0)).sum())
        small = f"n = {int(tidy['estimate'].notna().sum())} estimates; the interval leaves out zero in {clear}"
        headline(target, title, small if subtitle is None else subtitle)
        if tidy.empty:
            nothing_to_draw(target, "estimates")
            return target
        single, whole = tidy[~tidy["summary"]], tidy[tidy["summary"]]
        target.hlines(
            single["row"], single["low"], single["high"], color="#4A6785", linewidth=1.6, gid="forest.interval"
        )
        target.plot(
            single["estimate"], single["row"], "s", color="#1F3A57", markersize=scaled(0.46), gid="forest.estimate"
        )
        for _, row in whole.iterrows():
            corners = [(row["low"], row["row"]), (row["estimate"], row["row"] - 0.3), (row["high"], row["row"])]
            target.fill(
                *zip(*corners, (row["estimate"], row["row"] + 0.3), strict=True), color="#222222", gid="forest.summary"
            )
        target.axvline(0, color="#444444", linewidth=0.9, gid="forest.zero")
        _names(target, tidy, unit)
        target.set_ylim(last + 0.8, -0.8)
        value_axis(target.xaxis, f"{quantity}, with its interval", unit)
    return target


def _names(ax: Axes, tidy: pd.DataFrame, unit: str) -> None:
    name_rows(ax, tidy["row"], [clean(label, 40) for label in tidy["label"]], 0.82)
    for text, whole in zip(ax.get_yticklabels(), tidy["summary"], strict=True):
        text.set_fontweight("bold" if whole else "normal")
    right: dict[str, Any] = {
        "xycoords": ax.get_yaxis_transform(),
        "va": "center",
        "fontsize": scaled(0.78),
        "annotation_clip": False,
    }
    for _, row in tidy.iterrows():
        known = f"{say(row['estimate'], unit, 2)}" if pd.notna(row["estimate"]) else "no figure"
        n = f"  (n = {row['n']:.0f})" if pd.notna(row["n"]) else ""
        ax.annotate(f"{known}{n}", xy=(1.015, row["row"]), ha="left", color="#333333", gid="forest.value", **right)
    for group, own in tidy.groupby("group", sort=False):
        if group:
            at = own["row"].min() - 1
            ax.annotate(
                clean(group),
                xy=(0.005, at),
                ha="left",
                fontweight="bold",
                parse_math=False,
                gid=f"forest.group.{slug(group)}",
                **right,
            )


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
    need(frame, ["stage", "n"], "attrition")
    tidy = frame[["stage", "n"]].reset_index(drop=True)
    tidy["reason"] = frame["reason"].fillna("").astype(str).to_numpy() if "reason" in frame.columns else ""
    return tidy.assign(lost=(tidy["n"].shift() - tidy["n"]).fillna(0).astype(int))


@checked(InputError)
def attrition(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str = "From all events to those studied",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw what became of the sample: a bar a stage, with what was lost on the way and why.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`attrition_data`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure.
    title, subtitle : str
        The subtitle defaults to the first and the last number.
    style : {"screen", "paper"}
        Only for a figure of its own.

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
    with canvas(ax, style, (1.0, max(0.42, 0.24 + 0.1 * len(tidy)))) as target:
        if tidy.empty:
            headline(target, title)
            nothing_to_draw(target, "events")
            return target
        first, last = tidy["n"].iloc[0], tidy["n"].iloc[-1]
        headline(target, title, f"n = {last:,} of {first:,}" if subtitle is None else subtitle)
        row = np.arange(len(tidy))
        before = tidy["n"].shift().fillna(first)
        target.barh(row, tidy["n"], height=0.56, color="#3B6C94", gid="attrition.kept")
        target.barh(
            row, before - tidy["n"], left=tidy["n"], height=0.56, color="white", edgecolor="#999999", hatch="////",
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
        target.set_yticks(row, [clean(stage, 36) for stage in tidy["stage"]])
        target.set_ylim(len(tidy) - 0.4, -0.6)
        target.set_xlim(0, first * 1.55)
        target.tick_params(axis="y", length=0)
        target.grid(visible=False)
        target.spines["bottom"].set_visible(False)
        target.set_xticks([])
        target.set_xlabel("number of events", fontsize=scaled(0.9))
    return target
