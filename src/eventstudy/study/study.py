"""What a study is, before any data: the model, the windows, the calendar, the mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from eventstudy import plugins
from eventstudy.returns import PricePanel, ReturnPanel
from eventstudy.study.design import Design

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame  # pandas, polars, Arrow, DuckDB, …

    from eventstudy.events import EventCatalog  # the same
    from eventstudy.returns import ScannedPanel  # the same
    from eventstudy.study.large.large import LargeResult  # the same
    from eventstudy.study.result import StudyResult  # a study is only words: what a fit needs loads with the first fit


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStudy(Design):
    """An event study: a normal-return model, its windows, and how events meet the calendar.

    Parameters
    ----------
    model : Model or str
        A name: that of a model which another package adds (docs/plugins.md).
        ``MeanAdjusted()``, ``MarketAdjusted(m)``, ``MarketModel(m)``, ``FactorModel(factors)``, …
    estimation : EstimationWindow or (int, int)
        Where the model is estimated: a window of so many bars, or its first and last relative day. It must end before the
        event window begins.
    window : (int, int)
        First and last relative day of the event window, both included.
    calendar : str, mapping of symbol to str, or None
        The exchange calendar whose sessions are the bars. ``"auto"``: that of the panel; of one that says none XNYS, or its own
        index where its bars are no days. None: the panel's own index is the calendar. Days of the data that the calendar
        lacks are put together with the next session and flagged; more than one in twenty are refused.
    mask_events : bool or EventCatalog
        Whose days are left out of estimation windows: those of the events in the call (True), nobody's (False), or
        those of a catalogue, so that selecting events from it does not change the abnormal returns of any.
    mask : (int, int)
        Which relative days of those events.
    non_session : {"next", "previous", "drop", "error"}
        What becomes of a ``bar`` that is no session of the calendar. The whole estimation window moves along.
    missing : {"available", "strict", "lump"}
        Missing returns in a tested window: sum what is there (the variance belongs to the same bars), give none, or let
        the return after a hole stand for the bars it covers (needs a panel of `lumped_returns`).
    overlap : {"flag", "first", "merge"}
        Event windows of one security that overlap: flag them; keep the first and exclude the others; or take a chain of
        them for one event, dated at its first. The joint regression that tells them apart is a method,
        `StudyResult.joint`: it has one average path a security, no abnormal return of each event.
    label : {"start", "end"}, optional
        Without a calendar: whether the labels of the bars are their starts or their ends; by default as the panel says. Bars
        within days are labelled with their start unless said; weeks and months say it by their weekday or day of the month;
        days that carry an hour, such as 16:00, must say.

    Raises
    ------
    StudyError
        If the windows contradict each other.

    Examples
    --------
    >>> from eventstudy.abnormal import MarketModel
    >>> from eventstudy.study import EstimationWindow
    >>> study = EventStudy(model=MarketModel("^GSPC"), window=(0, 5), estimation=EstimationWindow(120, end=-1))
    >>> study.estimation_window.minimum
    48
    """

    @overload
    def fit(
        self,
        events: EventCatalog | IntoFrame,
        returns: ReturnPanel | PricePanel | IntoFrame,
        *,
        symbols: Literal["all"] | Iterable[str] | None = None,
        executor: Any = None,
    ) -> StudyResult: ...

    @overload
    def fit(
        self,
        events: EventCatalog | IntoFrame,
        returns: ScannedPanel,
        *,
        symbols: Literal["all"] | Iterable[str] | None = None,
        executor: Any = None,
    ) -> StudyResult | LargeResult: ...

    def fit(
        self,
        events: EventCatalog | IntoFrame,
        returns: ReturnPanel | PricePanel | IntoFrame | ScannedPanel,
        *,
        symbols: Literal["all"] | Iterable[str] | None = None,
        executor: Any = None,
    ) -> StudyResult | LargeResult:
        """Study the events on the returns.

        Parameters
        ----------
        events : EventCatalog or DataFrame
            A catalogue (every event with every symbol of the panel, or with its own where it has a column ``symbol``), or a frame with ``event_id``, either
            ``announced_at`` (time-zone aware) or ``bar`` (a label of the panel's index, relative day 0), and ``symbol`` (or
            another usual name, such as ``Ticker`` or ``PERMNO``): each row is one security-event.
        returns : ReturnPanel, PricePanel, DataFrame or ScannedPanel
            Bars x symbols, decimals. Prices in a panel are turned into simple returns. Frames here and above may be those of
            pandas, polars (also lazy), Arrow, DuckDB or Modin; one without row labels has its bars in the column of dates. Of a
            panel on disk (`eventstudy.scan_returns`) the columns that the study needs are read.
        symbols : "all" or iterable of str, optional
            Of events that name no security: study each with all symbols of the panel, or with these. Of a catalogue it goes
            before the symbols that its events name.
        executor : Executor, optional
            Where shares of security-events are estimated: any `concurrent.futures.Executor`, a client of Dask
            `distributed`, or the module ``ray``. Shares that are lost with a worker are done again.

        Returns
        -------
        StudyResult
            Of a panel on disk whose study would need more than ``scan_returns(memory=…)`` bytes a `LargeResult`, whose
            ``to_parquet(folder)`` does the study part by part.

        Raises
        ------
        StudyError, DataError
            If the study, the events or the panel cannot be used as they are.
        """
        from eventstudy.study.fit.fit import fit_study  # noqa: PLC0415  the fit needs pandas; a study is only words
        from eventstudy.study.fitted import Fitted  # noqa: PLC0415  the same
        from eventstudy.study.result import StudyResult  # noqa: PLC0415  the same

        with plugins.blaming_maker(self.model, "failed"):
            if type(returns).__name__ == "ScannedPanel":  # its class loads what reads Parquet
                from eventstudy.study.large.large import fit_scanned  # noqa: PLC0415  the same

                given: Any = returns
                found = fit_scanned(self, events, given, symbols=symbols, executor=executor)
                return StudyResult(found) if isinstance(found, Fitted) else found
            return StudyResult(fit_study(self, events, returns, symbols=symbols, executor=executor))
