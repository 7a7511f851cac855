"""The words of a study: estimation window, missing returns, overlaps, announcements out of session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pandas.api.types import is_hashable

from eventstudy.abnormal.engine.inputs import FLOOR
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.abnormal.models.protocol import Model
from eventstudy.errors import StudyError
from eventstudy.events.catalog import EventCatalog
from eventstudy.words import brief

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


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        msg = f"{name}={value!r} is not one of {', '.join(map(repr, allowed))}"
        raise StudyError(msg)


def _whole_days(name: str, value: Any) -> tuple[int, int]:
    try:
        whole = not isinstance(value, str) and [float(day).is_integer() for day in value] == [True, True]
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        msg = f"{name}={brief(repr(value))} is not two whole relative days; give (first, last), such as {name}=(0, 1)"
        raise StudyError(msg)
    first, last = value
    return int(first), int(last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a study is, as data; `EventStudy` describes the fields."""

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
            first, last = _whole_days(name, getattr(self, name))
            object.__setattr__(self, name, (first, last))
            if first > last:
                msg = f"{name}=({first}, {last}) runs backwards; give the first relative day first"
                raise StudyError(msg)
        estimation, calendar = cast("object", self.estimation), cast("object", self.calendar)
        if not isinstance(estimation, EstimationWindow):
            msg = f"estimation={brief(repr(estimation))} is no window; give EstimationWindow(length=120, end=-11)"
            raise StudyError(msg)
        if calendar is not None and not isinstance(calendar, (str, Mapping)):
            msg = f"calendar={brief(repr(calendar))} names no calendar; give a name such as 'XNYS', None, or a mapping by symbol"
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
        strange = [name for name in given.symbols if not is_hashable(name)]
        if strange:
            msg = f"model={brief(repr(given))}: {brief(repr(strange[0]))} is no symbol; name one, such as '^GSPC'"
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
