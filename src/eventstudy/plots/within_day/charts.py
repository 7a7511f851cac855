"""Around a moment, in minutes: the path with the band of other days, many moments on one sheet, volatility by time of day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ink, scaled, sheet, tint
from eventstudy.plots.save import tell
from eventstudy.plots.style import change, fitted, headline, mark_of, named, need, nothing_to_draw, percent_axis, slug

USUAL = "#1f5f99"
COLUMNS = 4  # of a contact sheet
MOST_MOMENTS = 40


def moment_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`moment` draws: ``minutes``, ``path``, ``low``, ``high``.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a bar: minutes from the moment, cumulated abnormal return after it, and the band of placebo paths.

    Returns
    -------
    pandas.DataFrame
        The same columns, in the order of the minutes.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["minutes", "path", "low", "high"]
    tidy = need(frame, columns, "moment")[columns].copy()
    return tidy.sort_values("minutes", ignore_index=True)


def moment_finding(tidy: pd.DataFrame) -> str:
    """Say what a path shows: where it ends, and when it left the band of other days.

    Examples
    --------
    >>> frame = pd.DataFrame({"minutes": [0, 5], "path": [-0.01, -0.02], "low": [-0.005, -0.03], "high": [0.005, 0.03]})
    >>> moment_finding(frame)
    '−2.00% after 5 minutes; beyond other days from minute 0'
    """
    known = tidy.dropna(subset=["path"])
    if known.empty:
        return "No return after the moment"
    last = known.iloc[-1]
    beyond = known[(known["path"] < known["low"]) | (known["path"] > known["high"])]
    when = (
        f"beyond other days from minute {beyond['minutes'].iloc[0]:g}"
        if len(beyond)
        else "within the band of other days"
    )
    return f"{change(float(last['path']))} after {last['minutes']:g} minutes; {when}"


@checked(InputError)
def moment(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw the cumulated abnormal return around a moment, with the band of the same clock on other days.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`moment_data`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    title, subtitle : str
        By default what the numbers say, and what is drawn.
    style : {"screen", "paper"}
        Only for a figure of its own.
    **options
        ``figsize``, ``color``; anything else goes to the main artist, the line.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``moment.line``, ``moment.band``, ``moment.event`` and ``moment.zero``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    with canvas(ax, style, (1.0, 1.0), options) as target:
        tidy = moment_data(frame)
        if tidy["path"].isna().all():
            headline(target, "No moment to draw")
            nothing_to_draw(target, "returns")
            return target
        small = "Cumulated abnormal return by minute; band: the same clock on other, event-free days"
        headline(target, moment_finding(tidy) if title is None else title, small if subtitle is None else subtitle)
        _draw(target, tidy, options)
        fitted(target.xaxis, "minutes from the bar of the moment (0 = first bar that could react)")
        fitted(target.yaxis, "cumulated abnormal return")
    return target


def _draw(ax: Axes, tidy: pd.DataFrame, options: dict[str, Any], *, name: str = "") -> None:
    end = f".{name}" if name else ""
    ax.axhline(0, color=ink(0.8), linewidth=0.9, gid=f"moment.zero{end}", zorder=1.5)
    ax.axvline(0, color=ink(0.8), linewidth=0.9, linestyle=(0, (2, 2)), gid=f"moment.event{end}", zorder=1.5)
    minutes = tidy["minutes"].to_numpy(float)
    low, high = tidy["low"].to_numpy(float), tidy["high"].to_numpy(float)
    ax.fill_between(minutes, low, high, color=ink(0.35), alpha=0.3, linewidth=0, gid=f"moment.band{end}", zorder=1)
    usual = drawn(options, color=tint(USUAL), linewidth=1.6, marker="o", markersize=scaled(0.3), zorder=3)
    (line,) = ax.plot(minutes, tidy["path"].to_numpy(float), gid=f"moment.line{end}", **usual)
    tell(line, moment_finding(tidy))
    percent_axis(ax.yaxis)


def moments_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`moments` draws: `moment_data` with an ``event`` in front, and ``when`` if there is one.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["event", "minutes", "path", "low", "high"]
    return need(frame, columns, "moments")[[*columns, *({"when"} & set(frame.columns))]].copy()


@checked(InputError)
def moments(
    frame: pd.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Figure:
    """Draw a contact sheet of moments: each path with its own band.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`moments_data`; events in the order in which they stand, the first 40. A column ``when`` (text) stands
        beneath the name.
    title, subtitle : str
        By default how many paths end outside their band, and what is drawn.
    style : {"screen", "paper"}
    **options
        ``figsize``, ``color``; anything else goes to the lines.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = moments_data(frame)
    events = list(pd.unique(tidy["event"]))[:MOST_MOMENTS]
    rows = max(1, -(-len(events) // COLUMNS))
    with sheet(style, (1.5, 0.42 * rows + 0.25), options) as figure:
        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for ax in axes.ravel()[len(events) :]:
            ax.set_axis_off()
        for ax, event in zip(axes.ravel(), events, strict=False):
            rows_of = tidy[tidy["event"] == event]
            _draw(ax, moment_data(rows_of), options, name=slug(event))
            when = f"\n{rows_of['when'].iloc[0]}" if "when" in rows_of else ""
            ax.set_title(f"{named(event, 34)}{when}", fontsize=scaled(0.65))
            ax.tick_params(labelsize=scaled(0.65))
        if not events:
            nothing_to_draw(axes[0, 0], "moments")
        said = moments_finding(tidy) if title is None else title
        small = "Cumulated abnormal return by minute from each moment; band: the same clock on other days"
        figure.suptitle(f"{said}\n{small if subtitle is None else subtitle}", fontsize=scaled(0.95))
    return figure


def moments_finding(tidy: pd.DataFrame) -> str:
    """Say how many of the paths end outside their band: one look each, of which the band's level speaks.

    Examples
    --------
    >>> one = {"event": "a", "minutes": [0, 5], "path": [0.01, 0.02], "low": -0.005, "high": 0.005}
    >>> moments_finding(pd.DataFrame(one))
    '1 of 1 moment ends outside the band of other days'
    """
    last = tidy.dropna(subset=["path"]).groupby("event", sort=False).last()
    out = int(((last["path"] < last["low"]) | (last["path"] > last["high"])).sum())
    return f"{out} of {len(last)} moment{'s' if len(last) != 1 else ''} end{'s' if out == 1 else ''} outside the band of other days"


def clock_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`clock` draws: ``symbol``, ``time`` (HH:MM of the exchange), ``volatility``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    columns = ["symbol", "time", "volatility"]
    return need(frame, columns, "clock")[columns].copy()


@checked(InputError)
def clock(
    frame: pd.DataFrame,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw volatility by time of day, 1 is the mean of the session.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`clock_data`; that of ``result.clock_pattern()`` is one.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    title, subtitle : str
        By default the largest and the smallest, and what is drawn.
    style : {"screen", "paper"}
        Only for a figure of its own.
    **options
        ``figsize``, ``color``; anything else goes to the lines.

    Returns
    -------
    matplotlib.axes.Axes
        Lines carry the ids ``clock.line.SYMBOL``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    with canvas(ax, style, (1.0, 0.8), options) as target:
        tidy = clock_data(frame)
        if tidy.empty:
            headline(target, "No clock to draw")
            nothing_to_draw(target, "bars")
            return target
        small = "Volatility of a bar by time of the exchange; 1 is the mean of the session"
        headline(target, clock_finding(tidy) if title is None else title, small if subtitle is None else subtitle)
        times = sorted(pd.unique(tidy["time"]))
        place = {time: at for at, time in enumerate(times)}
        symbols = list(pd.unique(tidy["symbol"]))
        for symbol in symbols[:8]:
            own = tidy[tidy["symbol"] == symbol]
            mark = mark_of(str(symbol), [str(name) for name in symbols])
            color = tint(USUAL) if len(symbols) == 1 else mark.color
            usual = drawn(options, color=color, linestyle=mark.line, label=named(symbol), zorder=3)
            target.plot(own["time"].map(place), own["volatility"], gid=f"clock.line.{slug(symbol)}", **usual)
        target.axhline(1, color=ink(0.6), linewidth=0.8, gid="clock.mean", zorder=1)
        ticks = np.unique(np.linspace(0, len(times) - 1, min(len(times), 8)).round().astype(int))
        target.set_xticks(ticks, [times[at] for at in ticks])
        target.set_ylim(bottom=0)
        fitted(target.xaxis, "time of day at the exchange")
        fitted(target.yaxis, "volatility, mean of the session = 1")
        if len(symbols) > 1:
            target.legend(loc="best")
    return target


def clock_finding(tidy: pd.DataFrame) -> str:
    """Say when the market moves most and least.

    Examples
    --------
    >>> clock_finding(pd.DataFrame({"symbol": "A", "time": ["09:30", "12:00"], "volatility": [1.6, 0.64]}))
    'most at 09:30, 2.5 times as much as at 12:00'
    """
    mean = tidy.groupby("time")["volatility"].mean()
    most, least = int(mean.to_numpy().argmax()), int(mean.to_numpy().argmin())
    ratio = mean.iloc[most] / mean.iloc[least]
    return f"most at {mean.index[most]}, {ratio:.1f} times as much as at {mean.index[least]}"
