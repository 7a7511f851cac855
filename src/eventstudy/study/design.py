"""The words of a study: estimation window, missing returns, overlaps, announcements out of session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pandas.api.types import is_hashable

from eventstudy import plugins
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


@dataclass(frozen=True, slots=True, init=False, repr=False)
class EstimationWindow:
    """The bars on which the normal return is estimated: before the event, or where asked for in words after or around it.

    Parameters
    ----------
    length : int, optional
        Planned bars; 250 unless `start` is given.
    end : int
        The last relative day; the default, -11, leaves a gap of nothing before the window (-10, 10).
    minimum : int, optional
        Usable bars (return and regressors finite, not masked) below which a security-event is excluded. By default two
        fifths of the length, 100 of 250; never below 30, or the whole window where that is shorter. ``minimum=0`` lets a
        market-adjusted return stand without any: it has no standard error then, and the flag ``no_history``.
    start : int, optional
        The first relative day, in place of `length`.
    before, after : (int, int) or None
        In place of the others: first and last relative day of a window before the event window and of one after it. Either
        may be None; two are pooled.

    Raises
    ------
    StudyError
        If the length is not positive, `start` and `length` disagree, the minimum is larger than the length, or the windows
        overlap.

    Examples
    --------
    >>> EstimationWindow(length=250, end=-11).days, EstimationWindow(start=-250, end=-11).length
    ((-260, -11), 240)
    >>> both = EstimationWindow(before=(-250, -11), after=(11, 120))
    >>> both.length, both.said
    (350, 'days −250 to −11 and +11 to +120')
    """

    length: int
    end: int
    minimum: int
    after: tuple[int, int] | None

    def __init__(
        self,
        length: int | None = None,
        end: int | None = None,
        minimum: int | None = None,
        *,
        start: int | None = None,
        before: tuple[int, int] | None = None,
        after: tuple[int, int] | None = None,
    ) -> None:
        if before is None and after is None:
            before = _one_window(length, -11 if end is None else end, start)
        elif (length, end, start) != (None, None, None):
            msg = "an estimation window is given by before= and after=, or by length, end and start; leave one of the two out"
            raise StudyError(msg)
        else:
            before, after = (
                None if given is None else window(given, name) for name, given in (("before", before), ("after", after))
            )
        if before is not None and after is not None and before[1] >= after[0]:
            msg = f"the estimation windows before={before} and after={after} overlap; the event lies between them"
            raise StudyError(msg)
        pieces = [one for one in (before, after) if one is not None]
        bars = sum(last - first + 1 for first, last in pieces)
        least = usual_minimum(bars) if minimum is None else count(minimum, "minimum", least=0)
        if least > bars:
            msg = f"minimum={minimum} usable bars cannot be met by an estimation window of {bars} bars"
            raise StudyError(msg)
        found = {"length": bars, "end": pieces[0][1], "minimum": least, "after": after}
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        if self.after is None:
            return f"EstimationWindow(length={self.length}, end={self.end}, minimum={self.minimum})"
        return f"EstimationWindow(before={self.before}, after={self.after}, minimum={self.minimum})"

    @property
    def before(self) -> tuple[int, int] | None:
        """First and last relative day of the window before the event; None where there is none."""
        bars = self.length - (0 if self.after is None else self.after[1] - self.after[0] + 1)
        return (self.end - bars + 1, self.end) if bars else None

    @property
    def start(self) -> int:
        """First relative day."""
        return self.pieces[0][0]

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """The windows, one or two: first and last relative day of each."""
        return tuple(one for one in (self.before, self.after) if one is not None)

    @property
    def days(self) -> tuple[int, int]:
        """First and last relative day, both included; of two windows those of the first."""
        return self.pieces[0]

    @property
    def said(self) -> str:
        """The relative days in words."""
        return days_said(self.pieces)

    @property
    def described(self) -> str:
        """The window in words, with the usable bars that it needs."""
        return f"{self.length} bars {self.where}, at least {self.minimum} usable"

    @property
    def where(self) -> str:
        """Where its bars lie, in words that follow their number."""
        if self.after is None:
            return f"that end on day {self.end}".replace("-", "−")
        return f"on {self.said}, after the event" if self.before is None else f"on {self.said}, pooled"


def days_said(pieces: Iterable[tuple[int, int]]) -> str:
    """Write windows of relative days in words."""
    return f"days {' and '.join(f'{first:+d} to {last:+d}' for first, last in pieces)}".replace("-", "−")


def usual_minimum(bars: int) -> int:
    """Return how many of so many planned bars must be usable unless said otherwise."""
    return min(bars, max(FLOOR, round(SHARE * bars)))


def _one_window(length: int | None, end: int, start: int | None) -> tuple[int, int]:
    """Return the first and last relative day of a window given by its length or start, and its end."""
    end = count(end, "estimation end")
    if start is not None:
        first, last = window((count(start, "start"), end), "estimation")
        if length is not None and length != last - first + 1:
            msg = f"estimation: {start} to {end} are {last - first + 1} bars, not length={length}; give start or length"
            raise StudyError(msg)
        return first, last
    length = 250 if length is None else count(length, "length")
    if length < 1:
        msg = f"an estimation window of length {length} has no bars; the default is 250"
        raise StudyError(msg)
    return window((end - length + 1, end), "estimation")


def _estimation_window(given: Any, event: tuple[int, int]) -> EstimationWindow:
    """Return an estimation window from what a study was given: one, its first and last relative day, or None."""
    if isinstance(given, EstimationWindow):
        return given
    if given is None:
        return EstimationWindow(end=min(-11, event[0] - 1), minimum=0)
    if whole(given) is not None:
        msg = f"estimation={given!r} is not a window; give EstimationWindow(length={given}, end=-11) or its days, such as (-250, -11)"
        raise StudyError(msg)
    first, last = window(given, "estimation")
    return EstimationWindow(start=first, end=last)


def refuse_inside(estimation: EstimationWindow, event: tuple[int, int]) -> None:
    """Refuse an estimation window that reaches into the event window, or lies after it without a word."""
    before, after = estimation.before, estimation.after
    if before is not None and before[1] >= event[0]:
        way_out = f"end it on {event[0] - 1} or before"
        if before[0] > event[1]:
            way_out += f", or ask for a window after the event in words: EstimationWindow(before=None, after={before})"
        msg = f"the estimation window ends on relative day {before[1]}, but the event window begins on {event[0]}: {way_out}"
        raise StudyError(msg)
    if after is not None and after[0] <= event[1]:
        msg = (
            f"the estimation window after={after} begins on relative day {after[0]}, but the event window ends on {event[1]}: begin it on "
            f"{event[1] + 1} or later"
        )
        raise StudyError(msg)


_USUAL = EstimationWindow()


def part_of(study: Design, given: Any) -> tuple[int, int]:
    """Return a window of a result: what was given, or the whole event window."""
    return study.window if given is None else window(given, within=study.window)


def _added_model(name: str) -> Model:
    """Return the model that another package gives this name by the entry point ``eventstudy.models``."""
    point = plugins.named(plugins.MODELS, name)
    if point is None:
        added = [one.name for one in plugins.points(plugins.MODELS)]
        more = f" or, of other packages, {', '.join(map(repr, added))}" if added else " or another"
        msg = f"model={brief(repr(name))} is no normal-return model; use MeanAdjusted(), MarketModel('^GSPC'){more}"
        raise StudyError(msg)
    made = plugins.load(point)
    if callable(made):
        with plugins.blaming(point, "cannot be made without arguments"):
            made = made()
    if not isinstance(made, Model):
        raise plugins.fault(
            point, f"is no normal-return model but {type(made).__name__}: it needs symbols, k, forecast and split"
        )
    return made


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
            self._refuse_bars(self.model)
        elif self.estimation is None and getattr(self.model, "forecast", True):
            msg = f"estimation=None: {self.model!r} has to be estimated; only a market-adjusted return can do without"
            raise StudyError(msg)
        if not isinstance(self.model, IntradayModel):
            object.__setattr__(self, "estimation", _estimation_window(self.estimation, self.window))
            refuse_inside(self.estimation_window, self.window)
        named: Any = self.calendar
        if not (named is None or isinstance(named, str | Mapping)):
            msg = f"calendar={brief(repr(named))} is no name of a calendar; use one such as 'XNYS' or '24/7', a mapping by symbol, or None"
            raise StudyError(msg)
        given: Any = self.model
        if isinstance(given, str):
            given = _added_model(given)
            object.__setattr__(self, "model", given)
        if isinstance(given, type) or not isinstance(given, Model):
            made = (
                f"make one of that class: {given.__name__}(…)"
                if isinstance(given, type)
                else "use MeanAdjusted(), MarketModel('^GSPC') or another"
            )
            msg = f"model={self.model!r} is no normal-return model; {made}"
            raise StudyError(msg)
        strange = [name for name in given.symbols if not is_hashable(name)]
        if strange:
            msg = f"model={brief(repr(given))}: {brief(repr(strange[0]))} is no symbol; name one, such as '^GSPC'"
            raise StudyError(msg)

    @property
    def estimation_window(self) -> EstimationWindow:
        """`estimation`, whichever way it was given; inside the day, which counts sessions, none that is used."""
        return _estimation_window(self.estimation, self.window)

    @property
    def estimation_words(self) -> str:
        """Where a model inside the day is estimated, for a reader; empty of the others, whose window is `estimation`."""
        if not isinstance(self.model, IntradayModel):
            return ""
        return f"the last {self.model.days} event-free sessions, at least {self.model.least} of them"

    def _refuse_bars(self, model: IntradayModel) -> None:
        """Refuse an estimation window in bars beside a model that is estimated on sessions."""
        if self.estimation is not None and self.estimation is not _USUAL:
            msg = (
                f"estimation={self.estimation!r} counts bars, and an IntradayModel is estimated on the last {model.days} event-free "
                "sessions; leave estimation= out, or change IntradayModel(days=…)"
            )
            raise StudyError(msg)
        object.__setattr__(self, "estimation", None)
