"""Charts of a result that other packages add, by the entry point ``eventstudy.charts``."""

from __future__ import annotations

from typing import Any

from eventstudy import plugins
from eventstudy.pages.document import Part, Section
from eventstudy.plots.chart import Chart

HEADING = "From other packages"


def added_part(result: Any) -> Part | None:
    """Return the section of charts that other packages make of a `StudyResult`; None where there are none."""
    charts: list[Chart] = []
    for point in plugins.points(plugins.CHARTS):
        make = plugins.load(point)
        if not callable(make):
            raise plugins.fault(point, "is no function of a StudyResult")
        with plugins.blaming(point, "failed"):
            made = make(result)
        for one in made if isinstance(made, (list, tuple)) else [] if made is None else [made]:
            if not isinstance(one, Chart):
                raise plugins.fault(point, f"gives {type(one).__name__}, not a Chart")
            if one.name in {other.name for other in charts}:
                raise plugins.fault(point, f"names its chart {one.name!r}, as another is")
            with plugins.blaming(point, "cannot be drawn"):
                _ = one.figure
            charts.append(one)
    if not charts:
        return None
    return Part(sections=(Section(HEADING, charts=tuple(one.name for one in charts)),), charts=tuple(charts))
