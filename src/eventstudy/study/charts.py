"""The charts of a result: tables of the result handed to the functions of `eventstudy.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy._lazy import ax_by_name
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.tables.averages import aar
from eventstudy.study.tables.exclusions import events
from eventstudy.study.tables.explain import explain_cars
from eventstudy.study.tables.returns import car

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


EXPLAINED = {
    "weighted": False,
    "errors": "HC3",
    "cluster": "session",
    "level": 0.95,
}  # as `StudyResult.explain` has them


class Figures:
    """Charts of one result; each takes ``ax=None`` and returns the Axes.

    Parameters
    ----------
    result : Fitted
    """

    def __init__(self, result: Fitted) -> None:
        self._result = result

    @ax_by_name
    def caar(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the cumulative average abnormal return over the event window, with its band."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table = aar(self._result, 0.95)
        frame = pd.DataFrame(
            {
                "relative_day": table["relative_day"],
                "caar": table["caar"],
                "low": table["caar_low"],
                "high": table["caar_high"],
                "n": table["n"],
            }
        )
        axes: Axes = plots.caar(frame, ax=ax, **options)
        return axes

    @ax_by_name
    def reactions(self, window: Window | None = None, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the cumulative abnormal return of each event with its 95 % interval (one series only)."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        axes: Axes = plots.reactions(self._cars(window), ax=ax, **options)
        return axes

    @ax_by_name
    def forest(self, window: Window | None = None, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw each security-event's cumulative abnormal return with its 95 % interval, in rows by event."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table = self._cars(window)
        frame = table.assign(group=table["event"], label=table["symbol"])
        axes: Axes = plots.forest(frame, ax=ax, **options)
        return axes

    @ax_by_name
    def heatmap(self, window: Window | None = None, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the cumulative abnormal returns as a table of colour, events by securities."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        axes: Axes = plots.heatmap(self._cars(window), ax=ax, **options)
        return axes

    def industries(self, window: Window | None = None, **options: Any) -> Figure:
        """Draw a few events side by side over the same securities; a composite, so it gives a Figure."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        return plots.industries(self._cars(window), **options)

    @ax_by_name
    def coefficients(
        self,
        characteristics: Sequence[str] | Mapping[str, Any],
        window: Window | None = None,
        *,
        ax: Axes | None = None,
        explain: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Axes:
        """Draw the regression of the abnormal returns on characteristics; ``explain`` are options of `StudyResult.explain`."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        chosen = part_of(self._result.study, window)
        asked = dict(explain or {})
        if asked.get("standardized"):
            options = {"unit": "standard errors", **options}
        basis = "scar" if asked.pop("standardized", False) else "car"
        table = explain_cars(self._result, characteristics, chosen, basis=basis, **{**EXPLAINED, **asked})
        axes: Axes = plots.coefficients(table, ax=ax, **options)
        return axes

    def _cars(self, window: Window | None) -> pd.DataFrame:
        """Give one row a security-event: its names, estimate and 95 % interval."""
        from scipy.special import stdtrit  # noqa: PLC0415  slow to import

        table = car(self._result, part_of(self._result.study, window), self._result.study.missing)
        known = events(self._result).drop_duplicates("event_id").set_index("event_id")
        reach = stdtrit(table["df"], 0.975) * table["se"]
        frame = pd.DataFrame(
            {
                "event_id": table["event_id"],
                "symbol": table["symbol"],
                "name": table["event_id"].map(known["name"]) if "name" in known else table["event_id"],
                "stance": table["event_id"].map(known["stance"]) if "stance" in known else "",
                "session": table["session"],
                "estimate": table["car"],
                "low": table["car"] - reach,
                "high": table["car"] + reach,
            }
        )
        twice = frame.groupby("name")["event_id"].transform("nunique") > 1  # two events may have one name, never one id
        return frame.assign(event=frame["name"].where(~twice, frame["event_id"]))
