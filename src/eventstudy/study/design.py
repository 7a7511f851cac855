"""The words of a study: estimation window, missing returns, overlaps, announcements out of session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pandas.api.types import is_hashable

from eventstudy.abnormal.engine.inputs import FLOOR
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.abnormal.models.protocol import Model
from eventstudy.calendars import AUTO
from eventstudy.checks import check_fields, count, whole, window
from eventstudy.errors import StudyError
from eventstudy.returns._sessions import Label
from eventstudy.words import brief

if TYPE_CHECKING:
    from eventstudy.events.catalog import EventCatalog  # a study is only words

NonSession = Literal["next", "previous", "drop", "error"]

Missing = Literal["available", "strict", "lump"]

Overlap = Literal["flag", "first", "merge"]

SHARE = 0.4  # of the window's bars that must be usable unless said otherwise: 100 of 250


@dataclass(frozen=True, slots=True, init=False)
class EstimationWindow:
    """The bars on which the normal return is estimated: `length` bars up to relative day `end`, both ends included.

    Parameters
    ----------
    length : int, optional
        Planned bars; 250 unless `start` is given.
    end : int
        The last relative day; the default leaves a gap of nothing before the window (-10, 10).
    minimum : int, optional
        Usable bars (return and regressors finite, not masked) below which a security-event is excluded. By default two
        fifths of the length, 100 of 250; never below 30, or the whole window where that is shorter.
    start : int, optional
        The first relative day, in place of `length`.

    Raises
    ------
    StudyError
        If the length is not positive, `start` and `length` disagree, or the minimum is larger than the length.

    Examples
    --------
    >>> EstimationWindow(length=250, end=-11).days, EstimationWindow(start=-250, end=-11).length
    ((-260, -11), 240)
    """

    length: int
    end: int
    minimum: int

    def __init__(
        self, length: int | None = None, end: int = -11, minimum: int | None = None, *, start: int | None = None
    ) -> None:
        end = count(end, "estimation end")
        if start is not None:
            first, last = window((count(start, "start"), end), "estimation")
            if length is not None and length != last - first + 1:
                msg = f"estimation: {start} to {end} are {last - first + 1} bars, not length={length}; give start or length"
                raise StudyError(msg)
            length = last - first + 1
        length = 250 if length is None else count(length, "length")
        if length < 1:
            msg = f"an estimation window of length {length} has no bars; the default is 250"
            raise StudyError(msg)
        least = (
            min(length, max(FLOOR, round(SHARE * length))) if minimum is None else count(minimum, "minimum", least=0)
        )
        if least > length:
            msg = f"minimum={minimum} usable bars cannot be met by an estimation window of {length} bars"
            raise StudyError(msg)
        for name, value in (("length", length), ("end", end), ("minimum", least)):
            object.__setattr__(self, name, value)

    @property
    def start(self) -> int:
        """First relative day."""
        return self.end - self.length + 1

    @property
    def days(self) -> tuple[int, int]:
        """First and last relative day, both included."""
        return self.start, self.end


_USUAL = EstimationWindow()


def _estimation_window(given: Any) -> EstimationWindow:
    """Return an estimation window from what a study was given: one, or its first and last relative day."""
    if isinstance(given, EstimationWindow):
        return given
    if whole(given) is not None:
        msg = f"estimation={given!r} is not a window; give EstimationWindow(length={given}, end=-11) or its days, such as (-250, -11)"
        raise StudyError(msg)
    first, last = window(given, "estimation")
    return EstimationWindow(start=first, end=last)


def part_of(study: Design, given: Any) -> tuple[int, int]:
    """Return a window of a result: what was given, or the whole event window."""
    return study.window if given is None else window(given, within=study.window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a study is, as data; `EventStudy` describes the fields."""

    model: Model = field(default_factory=lambda: MarketModel("^GSPC"))
    estimation: EstimationWindow | tuple[int, int] | None = _USUAL
    window: tuple[int, int] = (-10, 10)
    calendar: str | Mapping[str, str] | None = AUTO
    mask_events: bool | EventCatalog | Any = True
    mask: tuple[int, int] = (0, 1)
    non_session: NonSession = "next"
    missing: Missing = "available"
    overlap: Overlap = "flag"
    label: Label | None = None

    def __post_init__(self) -> None:
        overlap: Any = self.overlap
        if isinstance(overlap, str) and overlap == "joint":
            msg = (
                "overlap='joint' gives no abnormal return of each event: fit with overlap='flag' and ask result.joint()"
            )
            raise StudyError(msg)
        check_fields(self)
        for name in ("window", "mask"):
            object.__setattr__(self, name, window(getattr(self, name), name))
        if isinstance(self.model, IntradayModel):
            if self.estimation is not None and self.estimation is not _USUAL:
                msg = (
                    f"estimation={self.estimation!r} counts bars, and an IntradayModel is estimated on the last {self.model.days} event-free "
                    "sessions; leave estimation= out, or change IntradayModel(days=…)"
                )
                raise StudyError(msg)
            object.__setattr__(self, "estimation", None)
        elif self.estimation is None:
            msg = "estimation=None says no window; give EstimationWindow(length=250, end=-11), or leave it out"
            raise StudyError(msg)
        else:
            object.__setattr__(self, "estimation", _estimation_window(self.estimation))
        if self.estimation is not None and self.estimation_window.end >= self.window[0]:
            msg = (
                f"the estimation window ends on relative day {self.estimation_window.end}, but the event window begins on "
                f"{self.window[0]}: end it on {self.window[0] - 1} or before"
            )
            raise StudyError(msg)
        named: Any = self.calendar
        if not (named is None or isinstance(named, str | Mapping)):
            msg = f"calendar={brief(repr(named))} is no name of a calendar; use one such as 'XNYS' or '24/7', a mapping by symbol, or None"
            raise StudyError(msg)
        given: Any = self.model
        if not isinstance(given, Model):
            msg = f"model={self.model!r} is no normal-return model; use MeanAdjusted(), MarketModel('^GSPC') or another"
            raise StudyError(msg)
        strange = [name for name in given.symbols if not is_hashable(name)]
        if strange:
            msg = f"model={brief(repr(given))}: {brief(repr(strange[0]))} is no symbol; name one, such as '^GSPC'"
            raise StudyError(msg)

    @property
    def estimation_window(self) -> EstimationWindow:
        """`estimation`, whichever way it was given; inside the day, which counts sessions, the usual one."""
        return _USUAL if self.estimation is None else _estimation_window(self.estimation)

    @property
    def estimation_words(self) -> str:
        """Where a model inside the day is estimated, for a reader; empty of the others, whose window is `estimation`."""
        if not isinstance(self.model, IntradayModel):
            return ""
        return f"the last {self.model.days} event-free sessions, at least {self.model.least} of them"
