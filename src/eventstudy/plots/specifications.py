"""Every way in which the question could have been asked, from the lowest estimate to the highest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eventstudy._lazy import renamed
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.canvas import Style, drawn, ground, ink, scaled, sheet
from eventstudy.plots.style import clean, headline, need, nothing_to_draw, percent, say, value_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CLEAR, _DIM = "#0072B2", "#9A9A9A"


def specification_curve_data(frame: pd.DataFrame, choices: Sequence[str]) -> pd.DataFrame:
    """Give the tidy frame that :func:`specification_curve` draws, sorted by estimate.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a specification: ``estimate``, ``pvalue``, and the columns that say what was chosen; optionally ``low``
        and ``high``.
    choices : sequence of str
        Those columns.

    Returns
    -------
    pandas.DataFrame
        ``place`` (0 = the lowest estimate), ``estimate``, ``low``, ``high``, ``pvalue``, and the choices as text.
        Specifications without an estimate come last, with a NaN place.

    Raises
    ------
    InputError
        If a column is missing.
    """
    frame = need(frame, ["estimate", "pvalue", *choices], "specification_curve")
    tidy = frame[["estimate"]].copy()
    for side in ("low", "high"):
        tidy[side] = frame[side].to_numpy(float) if side in frame.columns else np.nan
    tidy["pvalue"] = frame["pvalue"].to_numpy(float)
    for choice in choices:
        tidy[choice] = frame[choice].astype(str).to_numpy()
    tidy = tidy.sort_values(["estimate", *choices], ignore_index=True)
    tidy.insert(0, "place", np.where(tidy["estimate"].notna(), np.arange(len(tidy)), np.nan))
    return tidy


@renamed(level="alpha")
@checked(InputError)
def specification_curve(
    frame: pd.DataFrame,
    choices: Sequence[str],
    *,
    alpha: float = 0.05,
    quantity: str = "estimate",
    unit: str = "percent",
    title: str | None = None,
    subtitle: str | None = None,
    style: Style = "screen",
    **options: Any,
) -> Figure:
    """Draw all specifications by their estimate, and below which choices each is made of.

    Parameters
    ----------
    frame, choices
        As in :func:`specification_curve_data`.
    alpha : float
        p-values below it are marked as filled points.
    quantity, unit : str
        What was estimated and in what: ``"percent"`` for decimals, or a unit in words.
    title, subtitle, style, figsize, color, labels, **options
        As in :func:`caar`; the main artist are the points.

    Returns
    -------
    matplotlib.figure.Figure
        A composite of two Axes: ``specification.clear``, ``specification.dim`` (p below the alpha, or not) and
        ``specification.interval`` above, ``specification.choice`` below.

    Raises
    ------
    InputError
        If a column is missing.
    """
    tidy = specification_curve_data(frame, choices)
    known = tidy[tidy["estimate"].notna()]
    rows = [(choice, option) for choice in choices for option in sorted(known[choice].unique())]
    with sheet(style, (1.1, max(1.1, 0.9 + 0.045 * len(rows))), options) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.5, max(0.5, 0.115 * len(rows))])
        if known.empty:
            headline(upper, "No specification")
            nothing_to_draw(upper, "specifications")
            lower.set_axis_off()
            return figure
        missing = f"; {len(tidy) - len(known)} without an estimate" if len(tidy) > len(known) else ""
        found = specification_finding(known, alpha, unit)
        small = f"{clean(quantity, 60)} in every specification{missing}"
        headline(upper, found if title is None else title, small if subtitle is None else subtitle)
        _curve(upper, known, alpha, options)
        value_axis(upper.yaxis, quantity, unit)
        _dots(lower, known, rows, alpha)
    return figure


def specification_finding(tidy: pd.DataFrame, alpha: float, unit: str = "percent") -> str:
    """Say how many specifications are clear of zero, and where the middle one lies.

    Examples
    --------
    >>> import pandas as pd
    >>> specification_finding(pd.DataFrame({"estimate": [0.1, 0.3], "pvalue": [0.2, 0.01]}), 0.05, "sd")
    '50% of 2 specifications have p < 0.05; the median is 0.20 sd'
    """
    known = tidy.dropna(subset=["estimate"])
    if known.empty:
        return "no specification"
    share, middle = float((known["pvalue"] < alpha).mean()), float(known["estimate"].median())
    return (
        f"{percent(share, 0)} of {len(known)} specifications have p < {alpha:g}; the median is {say(middle, unit, 2)}"
    )


def _curve(ax: Axes, known: pd.DataFrame, alpha: float, options: dict[str, Any]) -> None:
    if known["low"].notna().any():
        _bars(
            ax,
            known["place"],
            known["low"],
            known["high"],
            color="#C9D2DA",
            linewidth=0.8,
            gid="specification.interval",
        )
    clear = known["pvalue"] < alpha
    size = scaled(float(np.clip(12 / np.sqrt(len(known)), 0.22, 0.55)))
    for own, gid, color, face, label in (
        (known[~clear], "dim", _DIM, ground(), f"p ≥ {alpha:g}, or no p-value"),
        (known[clear], "clear", _CLEAR, _CLEAR, f"p < {alpha:g}"),
    ):
        usual = drawn(
            options,
            linestyle="none",
            marker="o",
            color=color,
            markerfacecolor=face,
            markersize=size,
            markeredgewidth=0.7,
            label=label,
        )
        ax.plot(own["place"], own["estimate"], gid=f"specification.{gid}", **usual)
    ax.axhline(0, color=ink(0.8), linewidth=0.9, gid="specification.zero")
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.legend(loc="upper left", handletextpad=0.2)


def _bars(ax: Axes, x: pd.Series, low: Any, high: Any, **look: Any) -> None:
    """Draw upright bars as one line with gaps: some hundred specifications times their choices are one path each row."""
    points = np.full((len(x), 3, 2), np.nan)
    points[:, :2, 0] = x.to_numpy(float)[:, None]
    points[:, 0, 1], points[:, 1, 1] = low, high
    if len(x):
        ax.plot(*points.reshape(-1, 2).T, solid_capstyle="butt", **look)


def _dots(ax: Axes, known: pd.DataFrame, options: list[tuple[str, str]], alpha: float) -> None:
    row, labels, rows = 0.0, [], []
    for i, (choice, option) in enumerate(options):
        if i and choice != options[i - 1][0]:
            row += 0.6
            ax.axhline(row - 0.8, color=ink(0.15), linewidth=0.6)
        own = known[known[choice] == option]
        clear = own["pvalue"] < alpha
        width = float(np.clip(260 / len(known), 0.5, 3))
        for place, color in ((own.loc[~clear, "place"], _DIM), (own.loc[clear, "place"], _CLEAR)):
            _bars(ax, place, row - 0.34, row + 0.34, color=color, linewidth=width, gid="specification.choice")
        labels.append(f"{clean(choice, 18)}: {clean(option, 30)}")
        rows.append(row)
        row += 1
    ax.set_yticks(rows, labels)
    for text in ax.get_yticklabels():
        text.set(fontsize=scaled(0.76), parse_math=False)
    ax.set_ylim(row - 0.4, -0.6)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.set_xticks([])
    ax.set_xlabel("specifications, from the lowest estimate to the highest")
