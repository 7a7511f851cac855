"""Paths over the event window: the cumulative average abnormal return, with its bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, legible, look, scaled
from eventstudy.plots.labels import slot
from eventstudy.plots.save import tell
from eventstudy.plots.style import (
    STANCES,
    change,
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

MOST_GROUPS = 8
_MORE = ("low_simultaneous", "high_simultaneous", "median", "share_positive")


def caar_data(frame: pd.DataFrame | Sequence[Any]) -> pd.DataFrame:
    """Give the tidy frame that :func:`caar` draws: the input's columns, by stance and relative day.

    Parameters
    ----------
    frame : pandas.DataFrame or sequence
        Columns ``relative_day``, ``caar``, ``low``, ``high``, ``n``, and optionally ``stance`` or ``group`` (a path for
        each), ``low_simultaneous`` and ``high_simultaneous``, ``median``, ``share_positive``. The frame of
        ``result.aar()`` is one: the interval of its average is ``caar_low`` and ``caar_high``. Several results or frames
        are laid over each other.

    Returns
    -------
    pandas.DataFrame
        The same columns, ``stance`` first (``""`` if there is none).

    Raises
    ------
    InputError
        If a column is missing, or a day stands twice in a path.
    """
    if isinstance(frame, list | tuple):
        return _laid_over(frame)
    own = need(frame, ["relative_day", "caar"], "caar")
    if {"caar_low", "caar_high"} <= set(own.columns):  # of result.aar(): low and high are those of each single day
        own = own.assign(low=own["caar_low"], high=own["caar_high"])
    columns = ["relative_day", "caar", "low", "high", "n"]
    need(own, columns, "caar")
    tidy = own[columns + [c for c in _MORE if c in own.columns]].copy()
    group = next((name for name in ("stance", "group") if name in own.columns), None)
    tidy.insert(0, "stance", "" if group is None else own[group].astype(str).to_numpy())
    twice = tidy.duplicated(["stance", "relative_day"])
    if twice.any():
        day = tidy.loc[twice, "relative_day"].iloc[0]
        msg = f"caar: relative day {day} stands twice in one path; name what tells the paths apart in a column 'group'"
        raise InputError(msg)
    order = {stance: i for i, stance in enumerate(STANCES)}
    tidy = tidy.assign(rank=tidy["stance"].map(order).fillna(len(order)))
    return tidy.sort_values(["rank", "stance", "relative_day"], ignore_index=True).drop(columns="rank")


def _laid_over(several: Sequence[Any]) -> pd.DataFrame:
    """Give the paths of several results or frames in one frame, each under its name in the labels, else its number."""
    names = look().labels
    called = list(names) if isinstance(names, Sequence) else [str(i + 1) for i in range(len(several))]
    if len(called) != len(several):
        msg = f"caar: {len(several)} results and {len(called)} labels; give one for each"
        raise InputError(msg)
    parts = [caar_data(one.aar() if hasattr(one, "aar") else one) for one in several]
    for name, part in zip(called, parts, strict=True):
        part["stance"] = [f"{name}, {group}" if group else name for group in part["stance"]]
    return pd.concat(parts, ignore_index=True)


def caar_finding(tidy: pd.DataFrame) -> str:
    """Say what the paths show: the average of day 0, and of one path how much of it came before.

    Examples
    --------
    >>> frame = pd.DataFrame({"stance": "", "relative_day": [-1, 0, 1], "caar": [-0.01, -0.03, -0.02], "low": 0, "high": 0, "n": 9})
    >>> caar_finding(frame)
    '−2.00% on day 0; −1.00% came before it'
    """
    parts = []
    for stance, own in tidy.groupby("stance", sort=False):
        at = own.set_index("relative_day")["caar"]
        if not {-1, 0} <= set(at.index) or at[[-1, 0]].isna().any():
            last = at.dropna()
            found = f"{change(float(last.iloc[-1]))} by day {_day(last.index[-1])}" if len(last) else "no figure"
        else:
            found = f"{change(at[0] - at[-1])} on day 0"
            found += f"; {change(at[-1])} came before it" if len(own) == len(tidy) else ""
        parts.append(f"{named(stance, 24)} {found}".strip())
    return ", ".join(parts[:3]) + (", …" if len(parts) > 3 else "")


def _day(day: Any) -> str:
    return f"{day:+.0f}".replace("-", "−").replace("+0", "0")


@checked(InputError)
def caar(
    frame: pd.DataFrame | Sequence[Any],
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    band: str = "pointwise band",
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw one CAAR path a stance or group over the event window, each with its band.

    Parameters
    ----------
    frame : pandas.DataFrame or sequence
        As in :func:`caar_data`: decimals by relative day (sessions from the event; 0 = the first that could react). A
        sequence of results or frames is laid over each other, under the names ``labels=["before", "after"]``.
    ax : matplotlib.axes.Axes, optional
        Where to draw, in the colours of its style. By default a new figure, which a notebook shows by itself.
    title, subtitle : str
        By default what the numbers say, and what is drawn with its n.
    band : str
        What ``low`` and ``high`` are, in words.
    style : {"screen", "paper"}
        Only for a figure of its own.
    figsize : (float, float)
        Inches of a figure of its own.
    color : str, sequence or mapping
        One for all, in the order of the groups, or by group.
    labels : mapping
        What groups, events or securities are called: name in the frame to name in the chart.
    **options
        Anything else goes to the main artist, here the lines: ``linewidth=3``.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``caar.line.STANCE``, ``caar.band.STANCE`` and, if the frame has them,
        ``caar.simultaneous.STANCE``, ``caar.median.STANCE`` and ``caar.share.STANCE``; ``caar.event`` is the event-day
        line and ``caar.zero`` the zero line.

    Raises
    ------
    InputError
        If a column is missing, or a day stands twice in a path.
    """
    with canvas(ax, style, (1.0, 1.0), options) as target:
        tidy = caar_data(frame)
        if tidy.empty:
            headline(target, "No event to average")
            nothing_to_draw(target, "events")
            return target
        stances = list(pd.unique(tidy["stance"]))
        largest = tidy.groupby("stance")["n"].max().sort_values(ascending=False, kind="stable").index[:MOST_GROUPS]
        shown = [stance for stance in stances if stance in set(largest)]
        small = _subtitle(tidy, shown, band) + (
            f"; the {MOST_GROUPS} largest of {len(stances)}" if len(stances) > len(shown) else ""
        )
        tidy = tidy[tidy["stance"].isin(shown)]
        headline(target, caar_finding(tidy) if title is None else title, small if subtitle is None else subtitle)
        target.axhline(0, color=ink(0.8), linewidth=0.9, gid="caar.zero", zorder=1.5)
        target.axvline(0, color=ink(0.8), linewidth=0.9, linestyle=(0, (2, 2)), gid="caar.event", zorder=1.5)
        for i, stance in enumerate(shown):
            _path(target, tidy[tidy["stance"] == stance], shown, i, options)
        percent_axis(target.yaxis)
        fitted(target.xaxis, "trading sessions from the event (0 = first session that could react)")
        fitted(target.yaxis, "cumulative abnormal return")
        days = tidy["relative_day"]
        _whole_days(target, int(days.min()), int(days.max()))
        if len(shown) > 1 or shown[0]:
            wide, high = slot(target)
            tight = wide < 300 or high < 280
            size: Any = {"fontsize": scaled(0.72), "borderpad": 0.2, "labelspacing": 0.2} if tight else {}
            target.legend(loc="best", handlelength=1.8 if tight else 3.2, **size)
    return target


def _path(ax: Axes, own: pd.DataFrame, stances: list[str], number: int, options: Mapping[str, Any]) -> None:
    stance = stances[number]
    mark = mark_of(stance, stances)
    day = own["relative_day"].to_numpy(float)
    low, high = own["low"].to_numpy(float), own["high"].to_numpy(float)
    ax.fill_between(
        day, low, high, color=mark.color, alpha=0.16, linewidth=0, gid=f"caar.band.{slug(stance)}", zorder=1
    )
    for edge in (low, high):  # edges keep a band visible in grey, where fills of two stances look alike
        ax.plot(day, edge, color=mark.color, linewidth=0.7, linestyle=mark.line, alpha=0.65, gid="caar.edge")
    for column, part, dash in (
        ("low_simultaneous", "simultaneous", ":"),
        ("high_simultaneous", "simultaneous", ":"),
        ("median", "median", (0, (6, 1.5, 1, 1.5))),
    ):
        if column in own:
            ax.plot(
                day, own[column], color=mark.color, linewidth=0.9, linestyle=dash, gid=f"caar.{part}.{slug(stance)}"
            )
    if "share_positive" in own:
        _shares(ax, own, stances, number)
    n = own["n"].max()
    usual = drawn(
        options,
        color=mark.color,
        linestyle=mark.line,
        marker=mark.marker,
        markerfacecolor=mark.color if mark.filled else ground(),
        markersize=scaled(0.46),
        markevery=max(1, len(day) // 11),
        label=f"{named(stance)}, n = {n:,.0f}" if stance else None,
        zorder=3,
    )
    (line,) = ax.plot(day, own["caar"].to_numpy(float), gid=f"caar.line.{slug(stance)}", **usual)
    tell(line, caar_finding(own))


def _shares(ax: Axes, own: pd.DataFrame, stances: list[str], number: int) -> None:
    """Write the share of positive values at some days along the foot of the chart, a row a group."""
    step = max(1, len(own) // 6)
    for _, row in own[own["share_positive"].notna()].iloc[::step].iterrows():
        ax.annotate(
            percent(row["share_positive"], 0),
            xy=(row["relative_day"], 0),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 4 + 1.2 * scaled(0.75) * (len(stances) - 1 - number)),
            textcoords="offset points",
            ha="center",
            fontsize=scaled(0.72),
            color=legible(mark_of(stances[number], stances).color),
            gid=f"caar.share.{slug(stances[number])}",
        )


def _subtitle(tidy: pd.DataFrame, stances: list[str], band: str) -> str:
    counts = []
    for stance in stances:
        n = tidy.loc[tidy["stance"] == stance, "n"]
        span = f"{n.max():,.0f}" if n.min() == n.max() else f"{n.min():,.0f} to {n.max():,.0f}"
        counts.append(f"{named(stance)} n = {span}" if stance else f"n = {span}")
    what = band if tidy[["low", "high"]].notna().any(axis=None) else "too few sessions for a band"
    more = ["dotted: band for the whole path"] if "low_simultaneous" in tidy else []
    more += ["thin: median"] if "median" in tidy else []
    more += ["at the foot: share of positive values"] if "share_positive" in tidy else []
    return "; ".join(["Cumulative average abnormal return", ", ".join(counts), what, *more])


def _whole_days(ax: Axes, first: int, last: int) -> None:
    most = min(14, int(slot(ax)[0] / 32))
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 250, 1000) if (last - first) / step <= most)
    ticks = np.arange(-(-first // step) * step, last + 1, step)
    ax.set_xticks(ticks, [str(tick).replace("-", "−") for tick in ticks])
    ax.set_xlim(first - 0.4, last + 0.4)
