"""A function that makes a chart, as a method of what it is about: where the report shows it, and what may be chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import Any, Literal, Protocol
from warnings import warn

from matplotlib.axes import Axes

from eventstudy.hypothesis.verdict.findings import Findings
from eventstudy.plots.chart import Chart

Where = Literal["chain", "alike", "detail"]
"""Where the report shows a chart: with the answer, beside other episodes, or behind the fold."""


class Owner(Protocol):
    """What has charts."""

    findings: Findings


class Drawn:
    """The function that makes a chart, as a method that draws it; `shown` are the choices that the report shows, `where` it does."""

    def __init__(
        self, make: Callable[..., Chart], shown: Sequence[Mapping[str, str]] = ({},), where: Where = "detail"
    ) -> None:
        self.make, self.shown, self.where, self.choices = make, shown, where, signature(make).parameters

    def __get__(self, owner: Owner, kind: type[Owner]) -> Callable[..., Any]:
        """Give the method: it takes the choices, the ``ax`` to draw on and the options of the plot function."""

        @wraps(self.make)
        def draw(*given: Any, **options: Any) -> Any:
            if given and isinstance(given[-1], Axes):
                warn("give ax by its name: ax=…", DeprecationWarning, stacklevel=2)
                options["ax"], given = given[-1], given[:-1]
            named = {name: options.pop(name) for name in self.choices if name in options}
            return self.make(owner.findings, *given, **named).draw(**options)

        return draw
