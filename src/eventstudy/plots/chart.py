"""A chart as a value: its title, its caption, its numbers, and its figure, which is drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure


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
        drawn = self.draw()
        figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
        assert figure is not None  # noqa: S101  what was drawn has a figure
        return figure


def chart(name: str, title: str, drawn: Axes | Figure, data: pd.DataFrame, *, alt: str, caption: str) -> Chart:
    """Make a chart of what a plot function drew: an Axes, or the Figure of a composite."""
    return Chart(name=name, title=title, alt=alt, drawn=drawn, data=data, caption=caption)
