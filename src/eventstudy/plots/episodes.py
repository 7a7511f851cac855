"""Two episodes laid over each other, and the ladder of tariff rates with the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, scaled, sheet
from eventstudy.plots.labels import draw_flags
from eventstudy.plots.market import date_axis
from eventstudy.plots.style import (
    clean,
    days,
    fitted,
    headline,
    mark_of,
    named,
    need,
    nothing_to_draw,
    percent,
    percent_axis,
    slug,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def overlay_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`overlay` draws, by episode and relative day.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``episode``, ``relative_day`` and ``level``; optionally ``label``, what happened on that day.

    Returns
    -------
    pandas.DataFrame
        Those columns and ``change`` (decimal): the level over that of the episode's last day before 0, minus 1; if it
        has none, over its first day.

    Raises
    ------
    InputError
        If a column is missing, or a day of an episode stands twice.
    """
    columns = ["episode", "relative_day", "level"]
    frame = need(frame, columns, "overlay")
    tidy = frame[columns].copy()
    tidy["label"] = frame["label"].fillna("").astype(str).to_numpy() if "label" in frame.columns else ""
    if tidy.duplicated(["episode", "relative_day"]).any():
        twice = tidy.loc[tidy.duplicated(["episode", "relative_day"]), ["episode", "relative_day"]].iloc[0].tolist()
        msg = f"overlay: {twice} stands twice"
        raise InputError(msg)
    order = {episode: i for i, episode in enumerate(pd.unique(tidy["episode"]))}
    tidy = tidy.assign(rank=tidy["episode"].map(order)).sort_values(["rank", "relative_day"], ignore_index=True)
    base: dict[object, float] = {}
    for episode, own in tidy[tidy["level"].notna()].groupby("episode", sort=False):
        before = own[own["relative_day"] < 0]
        base[episode] = float((before["level"].iloc[-1:] if len(before) else own["level"].iloc[:1]).iloc[0])
    return tidy.assign(change=tidy["level"] / tidy["episode"].map(base).astype(float) - 1).drop(columns="rank")


def overlay_finding(tidy: pd.DataFrame) -> str:
    """Say how low each episode went, and when.

    Examples
    --------
    >>> overlay_finding(pd.DataFrame({"episode": "April", "relative_day": [0, 1], "change": [-0.05, -0.08]}))
    'April: lowest −8.0% on day 1'
    """
    lows = tidy.loc[tidy.groupby("episode", sort=False)["change"].idxmin().dropna()]
    return "; ".join(
        f"{named(r['episode'])}: lowest {percent(r['change'])} on day {r['relative_day']:.0f}"
        for _, r in lows.iterrows()
    )


@checked(InputError)
def overlay(
    frame: pd.DataFrame,
    *,
    band: pd.DataFrame | None = None,
    ax: Axes | None = None,
    quantity: str = "level against the close before",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw episodes over each other, each from the close before its day 0.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`overlay_data`.
    band : pandas.DataFrame, optional
        What other episodes did: columns ``relative_day``, ``low``, ``middle``, ``high`` (changes, decimals).
    quantity : str
        What is drawn, for the axis.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the lines.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``overlay.line.EPISODE`` and ``overlay.band``; labels stand at their days.

    Raises
    ------
    InputError
        As :func:`overlay_data`.
    """
    tidy = overlay_data(frame)
    episodes = list(pd.unique(tidy["episode"]))
    with canvas(ax, style, (1.0, 1.0), options) as target:
        if tidy["change"].dropna().empty:
            headline(target, "No episode")
            nothing_to_draw(target, "episodes")
            return target
        headline(
            target,
            overlay_finding(tidy) if title is None else title,
            f"{clean(quantity, 60)}, from day 0 of each episode" if subtitle is None else subtitle,
        )
        target.axhline(0, color=ink(0.8), linewidth=0.9, gid="overlay.zero")
        target.axvline(0, color=ink(0.8), linewidth=0.9, linestyle=(0, (2, 2)), gid="overlay.event")
        if band is not None:
            day = need(band, ["relative_day", "low", "middle", "high"], "overlay")["relative_day"]
            target.fill_between(
                day,
                band["low"],
                band["high"],
                color=ink(0.4),
                alpha=0.3,
                linewidth=0,
                label="other episodes",
                gid="overlay.band",
            )
            target.plot(day, band["middle"], color=ink(0.55), linewidth=0.9, linestyle=":", gid="overlay.middle")
        for episode in episodes:
            mark, own = mark_of(str(episode), [str(e) for e in episodes]), tidy[tidy["episode"] == episode]
            usual = drawn(
                options, color=mark.color, linestyle=mark.line, marker=mark.marker, markersize=scaled(0.4),
                markerfacecolor=mark.color if mark.filled else ground(), markevery=max(1, len(own) // 12), label=named(episode),
            )  # fmt: skip
            target.plot(own["relative_day"], own["change"], gid=f"overlay.line.{slug(episode)}", **usual)
        percent_axis(target.yaxis)
        fitted(target.yaxis, quantity)
        target.set_xlabel("trading sessions from day 0")
        target.legend(loc="lower right")
        flags = tidy[(tidy["label"] != "") & tidy["change"].notna()]
        flags = flags.assign(size=flags["change"].abs()).sort_values("size", ascending=False, kind="stable")
        ticks = target.get_yticks()
        low, high = target.get_ylim()
        target.set_xlim(*target.get_xlim())
        draw_flags(
            target, list(flags["relative_day"].astype(float)), list(flags["change"]), [clean(text, 30) for text in flags["label"]],
            colors=[mark_of(str(e), [str(x) for x in episodes]).color for e in flags["episode"]], fontsize=scaled(0.8),
        )  # fmt: skip
        target.set_yticks([tick for tick in ticks if low <= tick <= high])
    return target


def tariff_ladder_data(rates: pd.DataFrame, levels: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Give the tidy frame that :func:`tariff_ladder` draws: one row a session, with the rate in force or announced.

    Parameters
    ----------
    rates : pandas.DataFrame
        Columns ``date`` and ``rate`` (percent), a row whenever it changes; optionally ``series`` (whose rate it is) and
        ``label``.
    levels : pandas.Series or pandas.DataFrame
        The index by session, or columns ``date`` and ``level``.

    Returns
    -------
    pandas.DataFrame
        ``date``, ``level``, and a column of rates in percent for each series (named as the series; ``rate`` if there is
        none). NaN before its first change.

    Raises
    ------
    InputError
        If a column is missing.
    """
    rates = need(rates, ["date", "rate"], "tariff_ladder")
    if isinstance(levels, pd.Series):
        levels = pd.DataFrame({"date": levels.index, "level": levels.to_numpy(dtype=float)})
    levels = need(levels, ["date", "level"], "tariff_ladder")
    steps = rates.assign(date=pd.to_datetime(rates["date"]).astype("datetime64[us]"))
    series = steps["series"].astype(str) if "series" in steps.columns else pd.Series("rate", index=steps.index)
    path = (
        levels[["date", "level"]]
        .assign(date=pd.to_datetime(levels["date"]).astype("datetime64[us]"))
        .sort_values("date")
    )
    for name in pd.unique(series):
        own = steps[series == name].sort_values("date", kind="stable").drop_duplicates("date", keep="last")
        path = pd.merge_asof(path, own[["date", "rate"]].rename(columns={"rate": name}), on="date")
    return path.reset_index(drop=True)


def ladder_finding(path: pd.DataFrame) -> str:
    """Say the highest rate and the last of each series.

    Examples
    --------
    >>> ladder_finding(pd.DataFrame({"date": [1, 2], "level": [1.0, 1.0], "on China": [145.0, 30.0]}))
    'on China: 145% at the highest, 30% at the end'
    """
    rates = path.drop(columns=["date", "level"]).dropna(axis="columns", how="all")
    return "; ".join(
        f"{named(name, 24)}: {own.max():g}% at the highest, {own.iloc[-1]:g}% at the end" for name, own in rates.items()
    )


@checked(InputError)
def tariff_ladder(
    rates: pd.DataFrame,
    levels: pd.DataFrame | pd.Series,
    *,
    level_name: str = "index",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Figure:
    """Draw the tariff rate step by step above, the index below, on one calendar.

    Parameters
    ----------
    rates, levels
        As in :func:`tariff_ladder_data`. Steps with a ``label`` are labelled.
    level_name : str
        What the index is called; its unit is index points.
    title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the steps.

    Returns
    -------
    matplotlib.figure.Figure
        A composite of two Axes: ``ladder.rate.SERIES`` above, ``ladder.level`` below.

    Raises
    ------
    InputError
        If a column is missing.
    """
    path = tariff_ladder_data(rates, levels)
    names = [column for column in path.columns if column not in {"date", "level"}]
    with sheet(style, (1.1, 1.2), options) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.5, 1])
        if path.empty or not names:
            headline(upper, "No rate")
            nothing_to_draw(upper, "rates")
            lower.set_axis_off()
            return figure
        day = days(path["date"])
        highest = float(np.nanmax(path[names].to_numpy(float))) if path[names].notna().any(axis=None) else 0.0
        headline(
            upper,
            f"Highest {highest:g}%; "
            + ", ".join(f"{named(name, 24)} ends at {path[name].iloc[-1]:g}%" for name in names)
            if title is None
            else title,
            f"Rates step by step, and the {clean(level_name, 40)}; n = {len(rates)} steps"
            if subtitle is None
            else subtitle,
        )
        for name in names:
            mark = mark_of(name, names)
            usual = drawn(options, color=mark.color, linestyle=mark.line, label=named(name))
            upper.step(day, path[name], where="post", gid=f"ladder.rate.{slug(name)}", **usual)
        upper.set_ylabel("tariff rate, %")
        upper.set_ylim(0, 1.08 * highest or 1.0)
        upper.set_xlim(day[0], day[-1])
        upper.tick_params(axis="x", length=0, labelbottom=False)
        if len(names) > 1:
            figure.legend(loc="outside lower center", ncols=4)
        lower.plot(day, path["level"], color=ink(0.9), linewidth=1.2, gid="ladder.level")
        fitted(lower.yaxis, f"{level_name}, index points")
        date_axis(lower, day[0], day[-1])
        if "label" in rates.columns:
            _steps(upper, rates, names)
    return figure


def _steps(ax: Axes, rates: pd.DataFrame, names: list[str]) -> None:
    first, last = ax.get_xlim()
    at = days(pd.to_datetime(rates["date"]))
    inside = (at >= first) & (at <= last) & (rates["label"].fillna("").astype(str).str.strip() != "").to_numpy()
    own = rates[inside].assign(at=at[inside]).sort_values("rate", ascending=False, kind="stable")
    series = own["series"].astype(str) if "series" in own.columns else pd.Series(names[0], index=own.index)
    ticks = [tick for tick in ax.get_yticks() if tick <= ax.get_ylim()[1]]
    draw_flags(
        ax, list(own["at"]), list(own["rate"].astype(float)), [clean(text, 30) for text in own["label"]],
        colors=[mark_of(name, names).color for name in series], fontsize=scaled(0.8),
    )  # fmt: skip
    ax.set_yticks(ticks)
