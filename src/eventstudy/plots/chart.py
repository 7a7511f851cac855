"""A chart as a value: its title, its caption, its numbers, and its figure, which is drawn when it is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eventstudy.plots.canvas import lay_out
from eventstudy.plots.save import figure_of

NARROW = 4.4  # inches: the width of a phone at which its letters are read


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart and what it draws.

    Attributes
    ----------
    name : str
        The stem of its files; see :func:`safe_name`.
    title : str
        One line above it: what it shows.
    alt : str
        What a reader who cannot see it should know, in a sentence or two.
    drawn : Axes, Figure or callable
        What a plot function drew, or how it is drawn: a call with the options of the plot function, among them ``ax``.
    data : pandas.DataFrame
        The tidy frame of what is drawn, written to ``tables/chart-NAME.csv``.
    caption : str
        Small print below it: sample, n, bands, units.
    """

    name: str
    title: str
    alt: str
    drawn: Axes | Figure | Callable[..., Axes | Figure]
    data: pd.DataFrame
    caption: str = ""

    def draw(self, **options: Any) -> Axes | Figure:
        """Draw it: an Axes, or the Figure of a composite. What is drawn already takes no options."""
        if isinstance(self.drawn, Axes | Figure):
            return self.drawn
        return self.drawn(**options)

    @property
    def figure(self) -> Figure:
        """The figure, not yet saved."""
        return figure_of(self.draw())

    @property
    def narrow(self) -> Figure | None:
        """The figure for a phone; None if it is drawn already, or does not fit."""
        if isinstance(self.drawn, Axes | Figure):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # "axes sizes collapsed": no room for what it shows
            try:
                figure = figure_of(self.draw(figsize=(NARROW, None)))
                lay_out(figure)
            except UserWarning:
                return None
        return figure


def chart(
    name: str,
    subject: str,
    finding: str,
    drawn: Axes | Figure | Callable[..., Axes | Figure],
    data: pd.DataFrame,
    *,
    caption: str,
) -> Chart:
    """Make a chart that is titled by what it finds; a reader who cannot see it is told its subject and the finding."""
    said = finding[:1].upper() + finding[1:]
    return Chart(
        name=name, title=said, alt=f"{subject}. {said}.", drawn=drawn, data=data, caption=f"{subject}. {caption}"
    )
