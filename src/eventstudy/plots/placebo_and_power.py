"""What chance alone does: an observed value among placebos, and the power of a test by the size of an effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from eventstudy._lazy import renamed
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, canvas, drawn, ground, ink, legible, scaled, tint
from eventstudy.plots.style import (
    chance,
    clean,
    fitted,
    headline,
    mark_of,
    named,
    need,
    nothing_to_draw,
    percent,
    percent_axis,
    say,
    slug,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@checked(InputError)
def placebo_data(
    draws: Sequence[float] | np.ndarray | pd.Series,
    observed: float,
    *,
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
) -> pd.DataFrame:
    """Give the tidy frame that :func:`placebo` draws.

    Parameters
    ----------
    draws : sequence of float (B,)
        The statistic on placebo dates.
    observed : float
        The statistic on the events.
    alternative : {"two-sided", "less", "greater"}
        Which placebos count as at least as extreme; two-sided: by distance from the placebos' median.

    Returns
    -------
    pandas.DataFrame
        Bins: ``left``, ``right``, ``count``, ``beyond`` (how many of the count are at least as extreme), and ``observed``,
        the same in each row. At most 60 bins of one width, which hold the observed value too.

    Raises
    ------
    InputError
        If the alternative is an unknown one, or the observed value is not finite.

    Examples
    --------
    >>> table = placebo_data([0.0, 1.0, 2.0, 3.0], 2.5, alternative="greater")
    >>> int(table["count"].sum()), int(table["beyond"].sum())
    (4, 1)
    """
    if not np.isfinite(observed):
        msg = f"placebo: the observed value must be a number, not {observed}"
        raise InputError(msg)
    values = np.asarray(draws, dtype=float)
    values = values[np.isfinite(values)]
    columns = ["left", "right", "count", "beyond", "observed"]
    if not values.size:
        return pd.DataFrame({column: pd.Series(dtype=float) for column in columns})
    ends = (min(values.min(), observed), max(values.max(), observed))
    edges = (
        np.linspace(*ends, 1 + int(np.clip(2 * np.sqrt(values.size), 10, 60)))
        if ends[0] < ends[1]
        else np.array([ends[0] - 0.5, ends[0] + 0.5])
    )
    middle = float(np.median(values))
    far = {
        "greater": values >= observed,
        "less": values <= observed,
        "two-sided": np.abs(values - middle) >= abs(observed - middle),
    }[alternative]
    count, _ = np.histogram(values, edges)
    beyond, _ = np.histogram(values[far], edges)
    return pd.DataFrame(dict(zip(columns, (edges[:-1], edges[1:], count, beyond, observed), strict=True)))


def placebo_finding(bins: pd.DataFrame, observed: float, unit: str = "percent") -> str:
    """Say how many of the chance values lie as far out as the observed one.

    Examples
    --------
    >>> placebo_finding(placebo_data([0.0, 1.0, 2.0, 3.0], 2.5, alternative="greater"), 2.5, "sd")
    '25% of 4 chance values are as extreme as the observed 2.50 sd'
    """
    total = int(bins["count"].sum())
    if not total:
        return "No chance value to compare with"
    return f"{percent(bins['beyond'].sum() / total, 0)} of {total:,} chance values are as extreme as the observed {say(observed, unit, 2)}"


@checked(InputError)
def placebo(
    draws: Sequence[float] | np.ndarray | pd.Series,
    observed: float,
    *,
    alternative: Literal["two-sided", "less", "greater"] = "two-sided",
    pvalue: float | None = None,
    ax: Axes | None = None,
    quantity: str = "mean reaction on placebo dates",
    unit: str = "percent",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw what the statistic does on dates without news, and where the observed value lies among that.

    Parameters
    ----------
    draws, observed, alternative
        As in :func:`placebo_data`.
    pvalue : float, optional
        Of the test, for the label; it is not computed here.
    quantity, unit : str
        What the statistic is and in what: ``"percent"`` for decimals, or a unit in words.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the bars.

    Returns
    -------
    matplotlib.axes.Axes
        ``placebo.count`` and ``placebo.beyond`` are the bars (the latter hatched), ``placebo.observed`` the line.

    Raises
    ------
    InputError
        As :func:`placebo_data`.
    """
    bins = placebo_data(draws, observed, alternative=alternative)
    with canvas(ax, style, (1.0, 0.9), options) as target:
        total, beyond = int(bins["count"].sum()), int(bins["beyond"].sum())
        small = f"n = {total:,} draws, {beyond:,} of them {_EXTREME[alternative]} (hatched)"
        said = placebo_finding(bins, observed, unit) if title is None else title
        headline(target, said, f"{clean(quantity, 90)}; {small}" if subtitle is None else subtitle)
        if bins.empty:
            nothing_to_draw(target, "draws")
            return target
        width = bins["right"] - bins["left"]
        target.bar(
            bins["left"],
            bins["count"],
            width,
            align="edge",
            gid="placebo.count",
            **drawn(options, color=tint("#B9C4CE"), edgecolor=ground(), linewidth=0.4),
        )
        target.bar(
            bins["left"], bins["beyond"], width, align="edge", color="#E3A27C", edgecolor="#8A3100", linewidth=0.4,
            hatch="////", gid="placebo.beyond",
        )  # fmt: skip
        target.axvline(observed, color=legible("#C44601"), linewidth=2.2, gid="placebo.observed")
        left = observed > (bins["left"].iloc[0] + bins["right"].iloc[-1]) / 2
        small = "" if pvalue is None else f"\n{chance(pvalue)}"
        target.annotate(
            f"observed\n{say(observed, unit, 2)}{small}",
            xy=(observed, 1),
            xycoords=target.get_xaxis_transform(),
            xytext=(-6 if left else 6, -4),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=scaled(0.9),
            color=legible("#8A3100"),
            gid="placebo.label",
        )
        target.set_ylim(0, bins["count"].max() * 1.25)
        target.set_ylabel("number of draws")
        value_axis(target.xaxis, quantity, unit)
    return target


_EXTREME = {
    "greater": "as large or larger",
    "less": "as low or lower",
    "two-sided": "as far from their median or farther",
}


def power_curve_data(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the tidy frame that :func:`power_curve` draws, by test and effect.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``effect`` and ``power`` (share of rejections), optionally ``test`` (or any group), ``low``, ``high`` and
        ``n``.

    Returns
    -------
    pandas.DataFrame
        ``test`` (``""`` if there is none), ``effect``, ``power``, ``low``, ``high`` (NaN if there are none).

    Raises
    ------
    InputError
        If a column is missing.
    """
    frame = need(frame, ["effect", "power"], "power_curve")
    tidy = frame[["effect", "power"]].reset_index(drop=True)
    tidy.insert(0, "test", frame["test"].astype(str).to_numpy() if "test" in frame.columns else "")
    for side in ("low", "high"):
        tidy[side] = frame[side].to_numpy(float) if side in frame.columns else np.nan
    return tidy.sort_values(["test", "effect"], ignore_index=True)


@renamed(level="alpha")
@checked(InputError)
def power_curve(
    frame: pd.DataFrame,
    *,
    alpha: float = 0.05,
    target: float = 0.8,
    ax: Axes | None = None,
    effect: str = "true effect",
    unit: str = "percent",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Axes:
    """Draw power against the size of the true effect, a line a test.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in :func:`power_curve_data`.
    alpha, target : float
        The level of the test, where power starts, and the power wished for: a line each.
    effect, unit : str
        What the effect is and in what: ``"percent"`` for decimals, or a unit in words.
    ax, title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the lines.

    Returns
    -------
    matplotlib.axes.Axes
        Artists carry the ids ``power.line.TEST``, ``power.band.TEST``, ``power.level`` and ``power.target``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = power_curve_data(frame)
    tests = list(pd.unique(tidy["test"]))
    with canvas(ax, style, (1.0, 1.0), options) as drawing:
        n = _span(frame["n"]) if "n" in frame.columns and len(frame) else ""
        small = "; ".join(part for part in (n, f"level {100 * alpha:g}%; dotted: {100 * target:g}% power") if part)
        said = power_finding(tidy) if title is None else title
        headline(drawing, said, f"Power by {clean(effect, 60)}; {small}" if subtitle is None else subtitle)
        if tidy["power"].dropna().empty:
            nothing_to_draw(drawing, "effects")
            return drawing
        for test in tests:
            mark, own = mark_of(test, tests), tidy[tidy["test"] == test]
            usual = drawn(
                options, color=mark.color, linestyle=mark.line, marker=mark.marker, markersize=scaled(0.46),
                markevery=max(1, len(own) // 10), label=named(test),
            )  # fmt: skip
            drawing.plot(own["effect"], own["power"], gid=f"power.line.{slug(test)}", **usual)
            if own["low"].notna().any():
                drawing.fill_between(
                    own["effect"],
                    own["low"],
                    own["high"],
                    color=mark.color,
                    alpha=0.13,
                    linewidth=0,
                    gid=f"power.band.{slug(test)}",
                )
        drawing.axhline(alpha, color=ink(0.8), linewidth=0.9, gid="power.level")
        drawing.axhline(target, color=ink(0.8), linewidth=0.9, linestyle=":", gid="power.target")
        drawing.set_ylim(0, 1.03)
        percent_axis(drawing.yaxis)
        fitted(drawing.yaxis, "power: chance that the test rejects")
        value_axis(drawing.xaxis, effect, unit)
        if any(tests):
            drawing.legend(loc="best")
    return drawing


def power_finding(tidy: pd.DataFrame) -> str:
    """Say the power of each test at the largest effect drawn.

    Examples
    --------
    >>> power_finding(pd.DataFrame({"test": "", "effect": [0.5, 1.0], "power": [0.1, 0.62]}))
    'Power reaches 62% at the largest effect'
    """
    last = tidy.dropna(subset=["power"]).groupby("test", sort=False)["power"].last()
    said = [f"{named(test, 24)} {percent(value, 0)}".strip() for test, value in list(last.items())[:3]]
    return f"Power reaches {', '.join(said)} at the largest effect" if said else "No effect to find"


def _span(n: pd.Series) -> str:
    low, high = n.min(), n.max()
    return f"n = {low:.0f}" if low == high else f"n = {low:.0f} to {high:.0f}"
