"""What a study is, before any data: the model, the windows, the calendar, the mask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from eventstudy.abnormal.inputs import FLOOR
from eventstudy.abnormal.models import MarketModel, Model
from eventstudy.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    import pandas as pd

    from eventstudy.events import EventCatalog
    from eventstudy.returns import ReturnPanel
    from eventstudy.study.result import StudyResult

__all__ = ["EstimationWindow", "EventStudy"]

NonSession = Literal["next", "previous", "drop", "error"]
Missing = Literal["available", "strict", "lump"]
Overlap = Literal["flag", "first", "merge"]
Label = Literal["start", "end"]

SHARE = 0.4  # of the window's bars that must be usable unless said otherwise: 100 of 250


@dataclass(frozen=True, slots=True)
class EstimationWindow:
    """The bars on which the normal return is estimated: `length` bars up to relative day `end`, both ends included.

    Parameters
    ----------
    length : int
        Planned bars.
    end : int
        The last relative day; the default leaves a gap of nothing before the window (-10, 10).
    minimum : int, optional
        Usable bars (return and regressors finite, not masked) below which a security-event is excluded. By default two
        fifths of the length, 100 of 250; never below 30, or the whole window where that is shorter.

    Raises
    ------
    StudyError
        If the length is not positive, or the minimum is larger than the length.

    Examples
    --------
    >>> EstimationWindow(length=250, end=-11).days
    (-260, -11)
    """

    length: int = 250
    end: int = -11
    minimum: int | None = None

    def __post_init__(self) -> None:
        if self.length < 1:
            msg = f"an estimation window of length {self.length} has no bars; the default is 250"
            raise StudyError(msg)
        if self.minimum is None:
            object.__setattr__(self, "minimum", min(self.length, max(FLOOR, round(SHARE * self.length))))
        elif not 0 <= self.minimum <= self.length:
            msg = f"minimum={self.minimum} usable bars cannot be met by an estimation window of {self.length} bars"
            raise StudyError(msg)

    @property
    def days(self) -> tuple[int, int]:
        """First and last relative day, both included."""
        return self.end - self.length + 1, self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStudy:
    """An event study: a normal-return model, its windows, and how events meet the calendar.

    Parameters
    ----------
    model : Model
        ``MeanAdjusted()``, ``MarketAdjusted(m)``, ``MarketModel(m)``, ``FactorModel(factors)``, …
    estimation : EstimationWindow
        Where the model is estimated; it must end before the event window begins.
    window : (int, int)
        First and last relative day of the event window, both included.
    calendar : str, mapping of symbol to str, or None
        The exchange calendar whose sessions are the bars. None: the panel's own index is the calendar.
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
        Without a calendar: whether the moments that label the bars are their starts or their ends. Bars within days are
        labelled with their start unless said; days that carry an hour, such as 16:00, must say.

    Raises
    ------
    StudyError
        If the windows contradict each other.

    Examples
    --------
    >>> from eventstudy.abnormal import MarketModel
    >>> study = EventStudy(model=MarketModel("^GSPC"), window=(0, 5), estimation=EstimationWindow(120, end=-1))
    >>> study.estimation.minimum
    48
    """

    model: Model = field(default_factory=lambda: MarketModel("^GSPC"))
    estimation: EstimationWindow = field(default_factory=EstimationWindow)
    window: tuple[int, int] = (-10, 10)
    calendar: str | Mapping[str, str] | None = "XNYS"
    mask_events: bool | EventCatalog | Any = True
    mask: tuple[int, int] = (0, 1)
    non_session: NonSession = "next"
    missing: Missing = "available"
    overlap: Overlap = "flag"
    label: Label | None = None

    def __post_init__(self) -> None:
        for name in ("window", "mask"):
            first, last = getattr(self, name)
            object.__setattr__(self, name, (int(first), int(last)))
            if first > last:
                msg = f"{name}=({first}, {last}) runs backwards; give the first relative day first"
                raise StudyError(msg)
        if self.estimation.end >= self.window[0]:
            msg = (
                f"the estimation window ends on relative day {self.estimation.end}, but the event window begins on "
                f"{self.window[0]}: end it on {self.window[0] - 1} or before"
            )
            raise StudyError(msg)
        given: Any = self.model
        if not isinstance(given, Model):
            msg = f"model={self.model!r} is no normal-return model; use MeanAdjusted(), MarketModel('^GSPC') or another"
            raise StudyError(msg)
        _one_of("non_session", self.non_session, ("next", "previous", "drop", "error"))
        _one_of("missing", self.missing, ("available", "strict", "lump"))
        if str(self.overlap) == "joint":
            msg = (
                "overlap='joint' gives no abnormal return of each event: fit with overlap='flag' and ask result.joint()"
            )
            raise StudyError(msg)
        _one_of("overlap", self.overlap, ("flag", "first", "merge"))
        if self.label is not None:
            _one_of("label", self.label, ("start", "end"))

    def fit(
        self,
        events: EventCatalog | pd.DataFrame,
        returns: ReturnPanel | pd.DataFrame,
        *,
        executor: Executor | None = None,
    ) -> StudyResult:
        """Study the events on the returns.

        Parameters
        ----------
        events : EventCatalog or DataFrame
            A catalogue (every event with every symbol of the panel), or a frame with ``event_id`` and either
            ``announced_at`` (time-zone aware) or ``bar`` (a label of the panel's index, relative day 0), and perhaps
            ``symbol``: then each row is one security-event.
        returns : ReturnPanel or DataFrame
            Bars x symbols, decimals.
        executor : Executor, optional
            Where chunks of security-events are estimated; any `concurrent.futures.Executor`, or a Dask client's.

        Returns
        -------
        StudyResult

        Raises
        ------
        StudyError, DataError
            If the study, the events or the panel cannot be used as they are.
        """
        from eventstudy.study.fit import fit_study  # noqa: PLC0415  the fit needs pandas; a study is only words

        return fit_study(self, events, returns, executor=executor)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        msg = f"{name}={value!r} is not one of {', '.join(map(repr, allowed))}"
        raise StudyError(msg)
