"""The charts of a result: tables of the result handed to the functions of `eventstudy.plots`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy import checks
from eventstudy._lazy import ax_by_name
from eventstudy.checks import checked
from eventstudy.study.design import part_of
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import short_window, window_text
from eventstudy.study.tables.exclusions import events
from eventstudy.study.tables.explain import explain_cars
from eventstudy.study.tables.inside_day import clock_pattern, paths
from eventstudy.study.tables.paths import groups_of, path, usual_group
from eventstudy.study.tables.returns import car

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AUTO = "auto"
EXPLAINED = {
    "weighted": False,
    "errors": None,
    "cluster": "session",
    "level": 0.95,
}  # as `StudyResult.explain` has them


class Figures:
    """Charts of one result; each takes ``ax=None`` and returns the Axes, which a notebook shows.

    Every option of the function in `eventstudy.plots` goes through: ``title``, ``figsize``, ``color``, ``labels``, ``style``
    and those of its main artist.

    Parameters
    ----------
    result : Fitted
    """

    def __init__(self, result: Fitted) -> None:
        self._result = result

    def __repr__(self) -> str:
        names = ", ".join(
            name for name in vars(type(self)) if not name.startswith("_") and name not in {"path", "rows", "window"}
        )
        return f"charts of a result: {names}"

    def path(self, **asked: Any) -> pd.DataFrame:
        """Return the frame that `caar` draws; the same options."""
        window = self.window(asked.pop("window", None) or self._result.study.window)
        checks.level(asked.get("level", 0.95))
        by = asked.pop("by", AUTO)
        by = usual_group(self._result) if by == AUTO else by or None
        return path(self._result, window=window, by=by, **asked)

    @ax_by_name
    @checked()
    def caar(
        self,
        *,
        by: str | None = AUTO,
        window: Window | None = None,
        level: float = 0.95,
        reference: int | None = None,
        simultaneous: bool = False,
        median: bool = False,
        share: bool = False,
        seed: int = 0,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw the cumulative average abnormal return over the event window, with its band.

        Parameters
        ----------
        by : str or None
            A column of the fitted events, or ``"symbol"``: a line for each. By default a line a stance where there are
            several; None averages over all.
        window : (int, int), optional
            Relative days drawn; the event window by default.
        level : float
            Coverage of the band.
        reference : int, optional
            The day on which the path is zero, such as -1: what came after the close before the event.
        simultaneous : bool
            Add the band that holds the whole path (sup-t), dotted; ``seed`` is that of its draws.
        median, share : bool
            Add the median, and the share of positive values at the foot.
        """
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        frame = self.path(by=by, window=window, level=level, reference=reference, simultaneous=simultaneous, seed=seed)
        frame = frame.drop(columns=[name for name, on in (("median", median), ("share_positive", share)) if not on])
        options["labels"] = _labels(by, frame, options.get("labels"))
        axes: Axes = plots.caar(frame, ax=ax, **{"band": f"{100 * level:g}% pointwise band"} | options)
        return axes

    @ax_by_name
    def reactions(
        self,
        window: Window | None = None,
        *,
        level: float = 0.95,
        by: str | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw the cumulative abnormal return of each event with its interval, in groups by stance or by a column."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table, quantity = self.rows(window, level, by)
        if len(set(self._result.symbols)) > 1:
            table["name"] = _with_symbol(table["name"], table["symbol"], " · ")
        axes: Axes = plots.reactions(table, ax=ax, **{"quantity": quantity} | options)
        return axes

    @checked()
    def moment(self, row: int = 0, *, level: float = 0.95, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw one row of `car` inside the day: its path by minute, with the band of the same clock on other days."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        return plots.moment(paths(self._result, row, self._result.study.window, level), ax=ax, **options)

    @checked()
    def moments(self, *, level: float = 0.95, **options: Any) -> Figure:
        """Draw a contact sheet of all security-events inside the day, each with its own band."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        window = self._result.study.window
        table = car(self._result, window, self._result.study.missing)
        names = [f"{event} · {symbol}" for event, symbol in zip(table["event_id"], table["symbol"], strict=True)]
        pieces = [paths(self._result, row, window, level).assign(event=name) for row, name in enumerate(names)]
        return plots.moments(pd.concat(pieces, ignore_index=True), **options)

    def clock(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw volatility by time of day, the mean pattern of each security."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        return plots.clock(clock_pattern(self._result), ax=ax, **options)

    @ax_by_name
    def forest(
        self,
        window: Window | None = None,
        *,
        level: float = 0.95,
        by: str | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Axes:
        """Draw each security-event's cumulative abnormal return with its interval, in rows by event or by a column."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table, quantity = self._once(window, level, by)
        alone = _of_one_firm(table)  # a head above each row would say it twice
        label = table["symbol"] if by is None and not alone else _with_symbol(table["event"], table["symbol"], " ")
        group = table["stance"] if by is not None else "" if alone else table["event"]
        frame = table.assign(group=group, label=label)
        axes: Axes = plots.forest(frame, ax=ax, **{"quantity": quantity} | options)
        return axes

    @ax_by_name
    def heatmap(self, window: Window | None = None, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the cumulative abnormal returns as a table of colour, events by securities."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table, quantity = self._once(window)
        axes: Axes = plots.heatmap(table, ax=ax, **{"quantity": quantity} | options)
        return axes

    def industries(self, window: Window | None = None, *, level: float = 0.95, **options: Any) -> Figure:
        """Draw a few events side by side over the same securities; a composite, so it gives a Figure."""
        from eventstudy import plots  # noqa: PLC0415  matplotlib is slow to import

        table, quantity = self._once(window, level)
        return plots.industries(table, **{"quantity": quantity} | options)

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

        asked, chosen = dict(explain or {}), self.window(window)
        what = {"quantity": f"abnormal return, {window_text(chosen)}, for one unit of the term"}
        if asked.get("standardized"):
            what["unit"] = "standard errors"
        basis = "scar" if asked.pop("standardized", False) else "car"
        table = explain_cars(self._result, characteristics, chosen, basis=basis, **{**EXPLAINED, **asked})
        axes: Axes = plots.coefficients(table, ax=ax, **what | options)
        return axes

    def window(self, window: Window | None) -> Window:
        """Return the window asked for; by default days 0 and +1, as far as the event window has them."""
        return short_window(self._result) if window is None else part_of(self._result.study, window)

    def rows(self, window: Window | None, level: float = 0.95, by: str | None = None) -> tuple[pd.DataFrame, str]:
        """Give one row a security-event, its names, estimate and interval, and what it is in words."""
        from scipy.special import stdtrit  # noqa: PLC0415  slow to import

        checks.level(level)
        chosen = self.window(window)
        table = car(self._result, chosen, self._result.study.missing)
        known = events(self._result).drop_duplicates("event_id").set_index("event_id")
        reach = stdtrit(table["df"], 0.5 + level / 2) * table["se"]
        stance = table["event_id"].map(known["stance"]) if "stance" in known else ""
        frame = pd.DataFrame(
            {
                "event_id": table["event_id"],
                "symbol": table["symbol"],
                "name": table["event_id"].map(known["name"]) if "name" in known else table["event_id"],
                "stance": stance if by is None else groups_of(self._result, by),
                "session": table["session"],
                "estimate": table["car"],
                "low": table["car"] - reach,
                "high": table["car"] + reach,
            }
        )
        twice = frame.groupby("name")["event_id"].transform("nunique") > 1  # two events may have one name, never one id
        return frame.assign(
            event=frame["name"].where(~twice, frame["event_id"])
        ), f"abnormal return, {window_text(chosen)}"

    def _once(self, *given: Any) -> tuple[pd.DataFrame, str]:
        """Give `rows` with one row for each session of a security: events that share one have its return."""
        frame, quantity = self.rows(*given)
        more = frame.groupby(["symbol", "session"])["event"].transform("nunique") - 1
        # the same name in the rows of every security, unless each has events of its own
        named = ["symbol", "session"] if _of_one_firm(frame) else ["session"]
        first = frame.groupby(named)["event"].transform("first")
        frame["event"] = [f"{name} +{count}" if count else name for name, count in zip(first, more, strict=True)]
        return frame.drop_duplicates(["symbol", "session"]), quantity


def _of_one_firm(frame: pd.DataFrame) -> bool:
    """Whether every event is of one security, of several: a table of firms."""
    pairs = frame[["event_id", "symbol"]].drop_duplicates()
    return len(set(pairs["symbol"])) > 1 and not pairs["event_id"].duplicated().any()


def _labels(by: str | None, frame: pd.DataFrame, given: Any) -> Any:
    """Return the labels of groups: values that are numbers say of what (``beat = 1``), unless the caller names them."""
    if given is not None and not isinstance(given, Mapping):
        return given
    column = next((name for name in ("stance", "group") if name in frame.columns), None)
    values = [] if column is None or by in (None, AUTO) else list(pd.unique(frame[column].astype(str)))
    bare = bool(values) and all(re.fullmatch(r"-?[\d.]+|True|False", value) for value in values)
    named = {str(value): label for value, label in (given or {}).items()}
    return {**({value: f"{by} = {value}" for value in values} if bare else {}), **named}


def _with_symbol(names: pd.Series, symbols: pd.Series, mark: str) -> list[str]:
    """Return the names of events with their symbols, where a name does not say it."""
    return [
        str(name) if str(symbol) in str(name).split() else f"{name}{mark}{symbol}"
        for name, symbol in zip(names, symbols, strict=True)
    ]
