"""The coefficients of a regression with their intervals: what abnormal returns hang on, a row a term."""

from __future__ import annotations

from typing import TYPE_CHECKING
from warnings import warn

import pandas as pd

from eventstudy._lazy import renamed
from eventstudy.checks import checked
from eventstudy.errors import InputError
from eventstudy.plots.style import (
    Style,
    canvas,
    chance,
    clean,
    headline,
    name_rows,
    need,
    nothing_to_draw,
    say,
    scaled,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ERRORS = {
    "HC3": "standard errors HC3",
    "cluster": "standard errors clustered",
    "nonrobust": "standard errors of independent terms with one variance",
}


def coefficients_data(frame: pd.DataFrame, *, constant: bool = False) -> pd.DataFrame:
    """Give the tidy frame that :func:`coefficients` draws, with the row of each term.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``term``, ``estimate``, ``low``, ``high``, ``pvalue``, as ``StudyResult.explain`` gives them;
        optionally ``n``, ``n_clusters``, ``errors`` (the kind of standard errors) and ``r_squared``, alike in all rows.
    constant : bool
        Keep the term ``const``, too: its size is of another kind and would squeeze the others.

    Returns
    -------
    pandas.DataFrame
        ``term``, ``estimate``, ``low``, ``high``, ``pvalue`` and ``row`` (0 on top), in the order given.

    Raises
    ------
    InputError
        If a column is missing.
    """
    if {"ci_low", "ci_high"} <= set(getattr(frame, "columns", ())) and "low" not in frame.columns:
        warn("the columns ci_low and ci_high are called low and high", DeprecationWarning, stacklevel=2)
        frame = frame.rename(columns={"ci_low": "low", "ci_high": "high"})
    columns = ["term", "estimate", "low", "high", "pvalue"]
    tidy = need(frame, columns, "coefficients")[columns]
    if not constant:
        tidy = tidy[tidy["term"] != "const"]
    tidy = tidy.reset_index(drop=True)
    return tidy.assign(row=tidy.index.to_numpy(float))


@renamed(level="alpha")
@checked(InputError)
def coefficients(
    frame: pd.DataFrame,
    *,
    constant: bool = False,
    alpha: float = 0.05,
    ax: Axes | None = None,
    quantity: str = "abnormal return for one unit of the term",
    unit: str = "percent",
    title: str = "What the reactions hang on",
    subtitle: str | None = None,
    style: Style = "screen",
) -> Axes:
    """Draw the coefficients of a regression of abnormal returns, a row a term, each with its interval.

    Parameters
    ----------
    frame, constant
        As in :func:`coefficients_data`.
    alpha : float
        p-values below it are marked as filled points.
    ax : matplotlib.axes.Axes, optional
        Where to draw. By default a new figure, as high as the rows need.
    quantity, unit : str
        What a coefficient is and in what: ``"percent"`` for decimals, or a unit in words (``"standard deviations"``).
    title, subtitle : str
        The subtitle defaults to n, the clusters, the kind of standard errors and R², as far as the frame says.
    style : {"screen", "paper"}
        Only for a figure of its own.

    Returns
    -------
    matplotlib.axes.Axes
        ``coefficients.interval`` are the bars; ``coefficients.clear`` and ``coefficients.dim`` the points with p below the
        level, and the others; ``coefficients.value`` the texts at the right.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"term": ["const", "rate"], "estimate": [0.01, -0.002], "low": [0.0, -0.003],
    ...                       "high": [0.02, -0.001], "pvalue": [0.05, 0.001], "n": 40, "errors": "HC3"})
    >>> [label.get_text() for label in coefficients(frame).get_yticklabels()]
    ['rate']
    """
    tidy = coefficients_data(frame, constant=constant)
    known = tidy.dropna(subset=["estimate"])
    with canvas(ax, style, (1.0, max(0.42, 0.3 + 0.07 * len(tidy)))) as target:
        headline(target, title, _subtitle(frame, alpha) if subtitle is None else subtitle)
        if tidy.empty:
            nothing_to_draw(target, "terms")
            return target
        target.hlines(
            known["row"], known["low"], known["high"], color="#4A6785", linewidth=1.8, gid="coefficients.interval"
        )
        clear = known["pvalue"] < alpha
        for own, gid, face in ((known[~clear], "dim", "white"), (known[clear], "clear", "#1F3A57")):
            target.plot(
                own["estimate"], own["row"], linestyle="none", marker="o", color="#1F3A57", markerfacecolor=face,
                markersize=scaled(0.6), gid=f"coefficients.{gid}", zorder=3,
            )  # fmt: skip
        target.axvline(0, color="#444444", linewidth=0.9, gid="coefficients.zero")
        for _, term in tidy.iterrows():
            figure = (
                "no figure"
                if pd.isna(term["estimate"])
                else f"{say(term['estimate'], unit, 2)}, {chance(term['pvalue'])}"
            )
            target.annotate(
                figure,
                xy=(1.015, term["row"]),
                xycoords=target.get_yaxis_transform(),
                va="center",
                fontsize=scaled(0.82),
                color="#333333",
                annotation_clip=False,
                gid="coefficients.value",
            )
        name_rows(target, tidy["row"], [clean(term, 40) for term in tidy["term"]], 0.9)
        target.set_ylim(len(tidy) - 0.4, -0.6)
        value_axis(target.xaxis, quantity, unit)
    return target


def _subtitle(frame: pd.DataFrame, alpha: float) -> str:
    if frame.empty:
        return ""
    first = frame.iloc[0]
    parts = [f"n = {first['n']:,.0f}"] if "n" in frame.columns else []
    if "n_clusters" in frame.columns and first["n_clusters"] > 0:
        parts[-1:] = [f"{' '.join(parts[-1:])} in {first['n_clusters']:,.0f} clusters".strip()]
    if "errors" in frame.columns:
        parts.append(_ERRORS.get(str(first["errors"]), clean(first["errors"])))
    if "r_squared" in frame.columns:
        parts.append(f"R² = {first['r_squared']:.2f}")
    return "; ".join([*parts, f"filled: p < {alpha:g}"])
