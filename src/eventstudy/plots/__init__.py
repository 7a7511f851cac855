"""Charts as functions of tidy frames: a frame and perhaps an Axes in, an Axes (a Figure for a composite) out."""

from __future__ import annotations

from eventstudy.plots.canvas import Style, styled
from eventstudy.plots.chart import Chart
from eventstudy.plots.coefficients import coefficients, coefficients_data
from eventstudy.plots.drawdown import hazard, hazard_data, reaction_by_drawdown, reaction_by_drawdown_data
from eventstudy.plots.episodes import overlay, overlay_data, tariff_ladder, tariff_ladder_data
from eventstudy.plots.forest import attrition, attrition_data, forest, forest_data
from eventstudy.plots.heatmaps import (
    heatmap,
    heatmap_data,
    quality_calendar,
    quality_calendar_data,
    size_map,
    size_map_data,
)
from eventstudy.plots.industries import industries, industries_data
from eventstudy.plots.market import market, market_data
from eventstudy.plots.paths import caar, caar_data
from eventstudy.plots.placebo_and_power import placebo, placebo_data, power_curve, power_curve_data
from eventstudy.plots.reactions import reactions, reactions_data
from eventstudy.plots.save import render, render_each, save
from eventstudy.plots.specifications import specification_curve, specification_curve_data
from eventstudy.plots.style import STANCES, Mark, mark_of
from eventstudy.plots.within_day.charts import clock, clock_data, moment, moment_data, moments, moments_data

__all__ = [
    "STANCES",
    "Chart",
    "Mark",
    "Style",
    "attrition",
    "attrition_data",
    "caar",
    "caar_data",
    "clock",
    "clock_data",
    "coefficients",
    "coefficients_data",
    "forest",
    "forest_data",
    "hazard",
    "hazard_data",
    "heatmap",
    "heatmap_data",
    "industries",
    "industries_data",
    "mark_of",
    "market",
    "market_data",
    "moment",
    "moment_data",
    "moments",
    "moments_data",
    "overlay",
    "overlay_data",
    "placebo",
    "placebo_data",
    "power_curve",
    "power_curve_data",
    "quality_calendar",
    "quality_calendar_data",
    "reaction_by_drawdown",
    "reaction_by_drawdown_data",
    "reactions",
    "reactions_data",
    "render",
    "render_each",
    "save",
    "size_map",
    "size_map_data",
    "specification_curve",
    "specification_curve_data",
    "styled",
    "tariff_ladder",
    "tariff_ladder_data",
]
