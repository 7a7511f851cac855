"""Charts as functions of tidy frames: a frame and perhaps an Axes in, an Axes (a Figure for a composite) out."""

from __future__ import annotations

from eventstudy.plots.industries import industries, industries_data
from eventstudy.plots.market import market, market_data
from eventstudy.plots.paths import caar, caar_data
from eventstudy.plots.reactions import reactions, reactions_data
from eventstudy.plots.save import render, save
from eventstudy.plots.style import STANCES, Mark, Style, mark_of, styled

__all__ = [
    "STANCES",
    "Mark",
    "Style",
    "caar",
    "caar_data",
    "industries",
    "industries_data",
    "mark_of",
    "market",
    "market_data",
    "reactions",
    "reactions_data",
    "render",
    "save",
    "styled",
]
