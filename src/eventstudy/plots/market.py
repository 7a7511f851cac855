"""The market with its events marked by stance, and how far it stood below its last high."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, scaled, sheet, tint
from eventstudy.plots.labels import draw_flags
from eventstudy.plots.save import drawn_on, tell
from eventstudy.plots.style import (
    clean,
    days,
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
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_NARROW = 6  # inches


def market_data(levels: pd.Series | pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`market` draws.

    Parameters
    ----------
    levels : pandas.Series or pandas.DataFrame
        A series of levels by session, or a frame with columns ``date`` and ``level``.
    events : pandas.DataFrame
        Columns ``event_id``, ``name``, ``session``, ``stance``, and ``label`` if labels are chosen by hand
        (empty or missing: none). Without ``label`` the name is the label.

    Returns
    -------
    pandas.DataFrame
        One row a session without an event, one an event otherwise: ``date``, ``level``, ``drawdown`` (decimal, 0 or
        less: level over the highest level so far, minus 1), ``move`` (decimal: level over the session before, minus
        1), ``event_id``, ``name``, ``stance``, ``label`` (empty texts where there is no event). Events on a day that
        has no level are the last rows, with NaN.

    Raises
    ------
    InputError
        If a column is missing, or a date stands twice.

    Examples
    --------
    >>> levels = pd.Series([100.0, 90.0], index=pd.to_datetime(["2025-04-02", "2025-04-03"]))
    >>> events = pd.DataFrame({"event_id": ["a"], "name": ["Liberation Day"], "session": ["2025-04-03"],
    ...                        "stance": ["escalation"]})
    >>> market_data(levels, events)[["drawdown", "stance"]].round(3).to_dict("records")
    [{'drawdown': 0.0, 'stance': ''}, {'drawdown': -0.1, 'stance': 'escalation'}]
    """
    if isinstance(levels, pd.Series):
        levels = pd.DataFrame({"date": levels.index, "level": levels.to_numpy(dtype=float)})
    path = need(levels, ["date", "level"], "market")[["date", "level"]].reset_index(drop=True)
    path = path.assign(date=pd.to_datetime(path["date"]).astype("datetime64[us]")).sort_values("date")
    if path["date"].duplicated().any():
        msg = f"market: {path.loc[path['date'].duplicated(), 'date'].iloc[0].date()} stands twice among the levels"
        raise InputError(msg)
    path = path.assign(drawdown=path["level"] / path["level"].cummax() - 1)
    path = path.assign(move=path["level"] / path["level"].shift() - 1)
    events = need(events, ["event_id", "name", "session", "stance"], "market")
    marked = pd.DataFrame(
        {
            "date": pd.to_datetime(events["session"]).astype("datetime64[us]").to_numpy(),
            **{column: events[column].astype("str").to_numpy() for column in ("event_id", "name", "stance")},
            "label": events["label" if "label" in events.columns else "name"].astype("object").fillna("").to_numpy(),
        }
    )
    tidy = path.merge(marked, on="date", how="outer", sort=True)
    text = ["event_id", "name", "stance", "label"]
    tidy[text] = tidy[text].astype("object").where(tidy[text].notna(), "").astype("str")
    return pd.concat([tidy[tidy["level"].notna()], tidy[tidy["level"].isna()]], ignore_index=True)


@checked(InputError)
def market(
    levels: pd.Series | pd.DataFrame,
    events: pd.DataFrame,
    *,
    axes: tuple[Axes, Axes] | None = None,
    max_labels: int = 14,
    level_name: str = "index",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Figure:
    """Draw an index with its events marked by stance and labelled without collisions, its drawdown below.

    Parameters
    ----------
    levels, events : pandas.DataFrame
        As in :func:`market_data`.
    axes : (Axes, Axes), optional
        Where to draw, the index and the drawdown. By default a new figure.
    max_labels : int
        At most so many events are labelled: those with a ``label`` on the days of the largest moves (one label a
        session, "+2" for two more events). All events are marked, labelled or not.
    level_name : str
        What the index is called; its unit is index points.
    title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the line of the level.

    Returns
    -------
    matplotlib.figure.Figure
        A composite: its first Axes is the index, its second the drawdown. Artists carry the ids ``market.level``,
        ``market.drawdown``, ``market.events.STANCE`` and ``market.rug.STANCE``.

    Raises
    ------
    InputError
        As :func:`market_data`.
    """
    tidy = market_data(levels, events)
    if axes is not None:
        with canvas(axes[0], style, (1.0, 1.0), options):
            return _draw(tidy, axes, max_labels, level_name, (title, subtitle), options, own=False)
    with sheet(style, (1.1, 1.22), options) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3.4, 1])
        return _draw(tidy, (upper, lower), max_labels, level_name, (title, subtitle), options, own=True)


def market_finding(path: pd.DataFrame, level_name: str = "index") -> str:
    """Say how far the index fell from its last high, and when, and where it ended.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-04-02", "2025-04-08", "2025-05-12"])
    >>> market_finding(pd.DataFrame({"date": days, "level": [100.0, 90.0, 110.0], "drawdown": [0.0, -0.1, 0.0]}))
    'The index fell 10.0% below its high by 2025-04-08 and ended 10.0% above the start'
    """
    if not len(path):
        return f"No session of the {clean(level_name, 40)}"
    worst, moved = (
        path.iloc[int(np.asarray(path["drawdown"]).argmin())],
        path["level"].iloc[-1] / path["level"].iloc[0] - 1,
    )
    end = f"{percent(abs(moved))} {'above' if moved >= 0 else 'below'} the start"
    if worst["drawdown"] == 0:
        return f"The {clean(level_name, 40)} never fell below its high and ended {end}"
    return f"The {clean(level_name, 40)} fell {percent(-worst['drawdown'])} below its high by {worst['date']:%Y-%m-%d} and ended {end}"


def _draw(
    tidy: pd.DataFrame,
    axes: tuple[Axes, Axes],
    max_labels: int,
    level_name: str,
    heads: tuple[str | None, str | None],
    options: dict[str, Any],
    *,
    own: bool,
) -> Figure:
    upper, lower = axes
    figure = drawn_on(upper)
    path = tidy[tidy["level"].notna()].drop_duplicates("date")
    if path.empty:
        headline(upper, "No level")
        nothing_to_draw(upper, "levels")
        lower.set_axis_off()
        return figure
    day = days(path["date"])
    upper.plot(day, path["level"], gid="market.level", **drawn(options, color=tint(ink(0.9)), linewidth=1.2))
    fitted(upper.yaxis, f"{level_name}, index points")
    lower.fill_between(day, path["drawdown"], 0, color=ink(0.4), linewidth=0, alpha=0.55, gid="market.drawdown")
    lower.plot(day, path["drawdown"], color=ink(0.8), linewidth=0.8, gid="market.drawdown.line")
    lower.set_ylabel("Below last high")
    percent_axis(lower.yaxis)
    lower.set_ylim(min(1.08 * path["drawdown"].min(), -0.01), 0)
    upper.set_xlim(day[0] - 0.01 * (day[-1] - day[0]) - 1, day[-1] + 0.01 * (day[-1] - day[0]) + 1)
    low, high = path["level"].min(), path["level"].max()
    pad = 0.06 * (high - low) or 1.0
    upper.set_ylim(low - pad, high + pad)
    date_axis(lower, day[0], day[-1])
    upper.tick_params(axis="x", length=0, labelbottom=False)

    events = tidy[(tidy["event_id"] != "") & tidy["level"].notna()]
    groups = in_order(events["stance"])
    for stance in groups:
        mark, group = mark_of(stance, groups), events[events["stance"] == stance]
        (marks,) = upper.plot(
            days(group["date"]),
            group["level"],
            linestyle="none",
            marker=mark.marker,
            markersize=scaled(0.56),
            color=mark.color,
            markerfacecolor=mark.color if mark.filled else ground(),
            markeredgewidth=0.9,
            label=f"{named(stance)} ({len(group)})",
            gid=f"market.events.{slug(stance)}",
            zorder=3,
        )
        texts = [
            f"{named(name, 60)}, {day:%Y-%m-%d}: {level:,.1f}"
            for name, day, level in zip(group["name"], group["date"], group["level"], strict=True)
        ]
        tell(marks, texts, list(group["event_id"].astype(str)))
    outside = int((tidy["level"].isna() & (tidy["event_id"] != "")).sum())
    headline(
        upper,
        market_finding(path, level_name) if heads[0] is None else heads[0],
        heads[1] if heads[1] is not None else _counts(events, path, outside),
    )
    if len(events):
        if own:
            columns = 4 if figure.get_size_inches()[0] > _NARROW else 2
            figure.legend(
                *upper.get_legend_handles_labels(), loc="outside lower center", ncols=columns, handletextpad=0.2
            )
        else:
            upper.legend(loc="lower right", ncols=2, handletextpad=0.2)
        ticks = [tick for tick in upper.get_yticks() if low - pad <= tick <= high + pad]
        _label(upper, events, max_labels)
        upper.set_yticks(ticks)  # none beside the labels, where no level is
    return figure


def _counts(events: pd.DataFrame, path: pd.DataFrame, outside: int) -> str:
    sessions = events["date"].nunique()
    span = f"{path['date'].iloc[0]:%Y-%m-%d} to {path['date'].iloc[-1]:%Y-%m-%d}"
    missing = f"; {outside} more on days without a level" if outside else ""
    return f"{span}, n = {len(events)} events on {sessions} sessions{missing}"


def _label(ax: Axes, events: pd.DataFrame, max_labels: int) -> None:
    wanted = events[events["label"].str.strip() != ""]
    wanted = wanted.assign(size=wanted["move"].abs().fillna(0.0))
    more = wanted.groupby("date")["label"].transform("size") - 1
    wanted = wanted.assign(more=[f" +{k}" if k else "" for k in more])
    wanted = wanted.sort_values(["size", "date"], ascending=[False, True], kind="stable").drop_duplicates("date")
    wanted = wanted.head(max_labels)
    groups = in_order(events["stance"])
    draw_flags(
        ax,
        list(days(wanted["date"])),
        list(wanted["level"]),
        [clean(text, 32) + more for text, more in zip(wanted["label"], wanted["more"], strict=True)],
        colors=[mark_of(stance, groups).color for stance in wanted["stance"]],
        fontsize=scaled(0.8),
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_axis(ax: Axes, first: float, last: float) -> None:
    """Mark months or years in English, whatever the locale; the year stands at its first mark."""
    start, end = (pd.Timestamp("1970-01-01") + pd.Timedelta(days=int(day)) for day in (first, last))
    months = max(1.0, (last - first) / 30.4)
    if months <= 2:
        marks: Sequence[pd.Timestamp] = list(
            pd.date_range(start, end, periods=min(6, 1 + int(last - first))).normalize()
        )
        texts = [f"{mark.day} {_MONTHS[mark.month - 1]}\n{mark.year}" for mark in marks]
    else:
        step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if months / step <= 13)
        marks = [
            mark
            for mark in pd.date_range(start, end + pd.Timedelta(days=1), freq="MS")
            if (mark.month - 1) % min(step, 12) == 0 and (step <= 12 or mark.year % (step // 12) == 0)
        ]
        texts = []
        for i, mark in enumerate(marks):
            new_year = i == 0 or mark.year != marks[i - 1].year
            texts.append(
                str(mark.year) if step >= 12 else _MONTHS[mark.month - 1] + (f"\n{mark.year}" if new_year else "")
            )
    ax.set_xticks(days(marks), texts)
