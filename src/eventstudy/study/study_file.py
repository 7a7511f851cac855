"""Study files: what is studied and shown, in TOML.

A study file names a catalogue, the prices, the market index, the windows, the cross-section and the hypothesis. Studies
shipped with the package are found by name; one's own by path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import ErrorDetails

from eventstudy._shipped import shipped_text
from eventstudy.border import existing_file, is_there, parse_toml, read_text
from eventstudy.calendars import FIRST_YEAR, LAST_YEAR, known_years
from eventstudy.checks import not_one_of, words_of
from eventstudy.dates import read_stamp
from eventstudy.errors import LISTED, StudyError
from eventstudy.events.moments import parse_date
from eventstudy.study.design import EstimationWindow
from eventstudy.words import brief, nearest, visible

FAR = 10_000  # sessions, forty years: what lies further is a slip of the hand

P = TypeVar("P", bound=BaseModel)

STUDIES: Final = ("fomc", "us-china")  # named here, as the shipped catalogues are


def _ordered(window: tuple[int, int]) -> tuple[int, int]:
    if window[0] > window[1]:
        msg = f"a window that runs forward, such as [{window[1]}, {window[0]}]"
        raise ValueError(msg)
    return window


def _dated(text: str) -> str:
    parse_date(text)
    return text


def _read(text: str) -> str:
    try:
        known = FIRST_YEAR <= read_stamp(text).year <= LAST_YEAR
    except ValueError:
        known = False
    if not known:
        msg = f"a date such as 2025-04-03, of the years {known_years()}"
        raise ValueError(msg)
    return text


Count = Annotated[int, Field(strict=True, gt=0, le=FAR)]
Session = Annotated[int, Field(strict=True, ge=-FAR, le=FAR)]
Window = Annotated[tuple[Session, Session], AfterValidator(_ordered)]
Day = Annotated[str, AfterValidator(_dated)]
Moment = Annotated[str, AfterValidator(_read)]


class StudyPart(BaseModel):
    """A table of a study file: no key but those that it names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogPart(StudyPart):
    """The catalogue and the selection made from it; keys as in `EventCatalog.select`.

    `timezone` is that of a file whose times have none.
    """

    source: str
    timezone: str | None = None
    scope: list[str] | None = None
    actor: list[str] | None = None
    target: list[str] | None = None
    stance: list[str] | None = None
    since: Day | None = None
    until: Day | None = None

    def selection(self) -> dict[str, Any]:
        """Return what is passed to `EventCatalog.select`."""
        return self.model_dump(exclude={"source", "timezone"}, exclude_none=True)


class PricesPart(StudyPart):
    """Where prices come from, and which symbols the market study needs."""

    source: str = "bundled"
    symbols: list[str] = Field(min_length=1)
    start: Moment | None = None
    end: Moment | None = None


class MarketPart(StudyPart):
    """The index that is studied, its name, the index of its expected volatility, and short labels of events in charts."""

    symbol: str
    name: str = ""
    fear: str | None = None
    labels: dict[str, str] = {}

    @property
    def title(self) -> str:
        """What charts call the index."""
        return self.name or self.symbol


class EstimationPart(StudyPart):
    """The estimation window, as in `EstimationWindow`: its length and end, or windows before and after the event."""

    length: Count = 250
    end: Session = -11
    minimum: Count | None = None
    before: Window | None = None
    after: Window | None = None

    def asked(self) -> EstimationWindow:
        """Return the window that the keys ask for."""
        if self.before is None and self.after is None:
            return EstimationWindow(length=self.length, end=self.end, minimum=self.minimum)
        return EstimationWindow(before=self.before, after=self.after, minimum=self.minimum)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a window given twice, and what `EstimationWindow` refuses."""
        if (self.before or self.after) and self.model_fields_set & {"length", "end"}:
            msg = "give before and after, or length and end, not both"
            raise ValueError(msg)
        try:
            self.asked()
        except StudyError as error:
            raise ValueError(str(error)) from error
        return self

    @model_serializer(mode="wrap")
    def _as_given(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the keys that count: a window in words, or its length and end."""
        left_out = {"before", "after"} if self.before is None and self.after is None else {"length", "end"}
        kept = {name: value for name, value in usual(self).items() if name not in left_out}
        return kept | {"minimum": self.asked().minimum}


class WindowsPart(StudyPart):
    """The event window, the windows reported, the estimation window."""

    event: Window = (-10, 10)
    reported: list[Window] = Field(default=[(0, 0), (0, 1)], min_length=1)
    estimation: EstimationPart = EstimationPart()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse windows that cannot be studied together: the report shows days 0 and +1 of every event."""
        first, last = self.event
        outside = [list(window) for window in ((0, 1), *self.reported) if window[0] < first or window[1] > last]
        if outside:
            msg = f"event {list(self.event)} must hold every window reported and days 0 and +1, but not {outside[0]}"
            raise ValueError(msg)
        return self


class CrossSectionPart(StudyPart):
    """Securities in groups, their short names, and the events shown side by side."""

    benchmark: str
    window: Window = (0, 1)
    events: list[str] = []
    groups: dict[str, list[str]] = {}
    labels: dict[str, str] = {}


class HypothesisPart(StudyPart):
    """The hypothesis tested: its seed, and what differs from the shipped definitions (a shipped example's name, or a file)."""

    seed: int = Field(default=0, strict=True, ge=0, lt=2**63)
    definitions: str | None = None


class StudyFile(StudyPart):
    """One study, read from a file; see the module's docstring.

    Attributes
    ----------
    name : str
        The shipped name, or the stem of the file.
    ladder : dict
        Rates (percent) to draw above the index: series -> steps of (date, rate).
    folder : Path or None
        Where the file lies; None for a shipped study. It is no part of what the study is.
    """

    name: str
    folder: Path | None = Field(default=None, exclude=True)
    title: str
    question: str = ""
    calendar: str = "XNYS"
    catalog: CatalogPart
    prices: PricesPart
    market: MarketPart
    windows: WindowsPart = WindowsPart()
    cross_section: CrossSectionPart | None = None
    ladder: dict[str, list[tuple[Day, FiniteFloat]]] = {}
    hypothesis: HypothesisPart | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a window of the cross-section that the event window does not hold."""
        event, part = self.windows.event, self.cross_section
        if part is not None and not event[0] <= part.window[0] <= part.window[1] <= event[1]:
            msg = f"cross_section.window {list(part.window)} lies outside windows.event {list(event)}"
            raise ValueError(msg)
        return self

    def beside(self, source: str) -> str:
        """Return a source as it should be opened: a relative path is meant from the study file's folder."""
        return beside_file(self.folder, source)


def beside_file(folder: Path | None, source: str) -> str:
    """Return a source as it should be opened: a relative path is meant from `folder`."""
    if folder is not None and is_there((folder / source).is_file):
        return str(folder / source)
    return source


def shipped_studies() -> list[str]:
    """Return the names of the studies shipped with the package.

    Examples
    --------
    >>> "us-china" in shipped_studies()
    True
    """
    return list(STUDIES)


def read_study(source: str | Path, kind_of: Callable[[dict[str, Any]], type[P]]) -> P:
    """Read a study file, shipped or by its path; `kind_of` tells from its content which kind of study it is."""
    if str(source) in shipped_studies():
        text = shipped_text("eventstudy.study", f"studies/{source}.toml")
        return _parse(text, kind_of, name=str(source), place=f"study {source}")
    try:
        path = existing_file(Path(source), StudyError)
    except TypeError:
        msg = f"a study is a shipped name or a path, not {type(source).__name__} {brief(source)}"
        raise StudyError(msg) from None
    except StudyError as error:
        msg = f"no study {brief(source)!r}: give the path of a .toml file or one of: {', '.join(shipped_studies())} ({error})"
        raise StudyError(msg) from error
    return _parse(read_text(path, StudyError), kind_of, name=path.stem, place=visible(str(path)), folder=path.parent)


def _parse(
    text: str, kind_of: Callable[[dict[str, Any]], type[P]], *, name: str, place: str, folder: Path | None = None
) -> P:
    content = parse_toml(text, place, StudyError)
    if "folder" in content:
        msg = f"{place}: there is no key folder; paths are meant from where the study file lies"
        raise StudyError(msg)
    try:
        kind = kind_of(content)
    except StudyError as error:
        msg = f"{place}: {error}"
        raise StudyError(msg) from error
    try:
        return kind(**{"name": name, **content, "folder": folder})
    except ValidationError as error:
        problems = error.errors(include_url=False)
        more = f"; and {len(problems) - LISTED:,} more" if len(problems) > LISTED else ""
        told: set[str] = set()
        said = [_said(problem, told, kind) for problem in problems[:LISTED]]
        msg = f"{place}: {'; '.join(said)}{more}"
        raise StudyError(msg) from error


def _said(problem: ErrorDetails, told: set[str], kind: type[BaseModel]) -> str:
    """Return one problem of a study file in a line: the key, what is wrong, the way out; `told` lists are not told again."""
    key = _key(problem)
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "extra_forbidden":
        known = _keys(problem["loc"][:-1], kind)
        way_out = nearest(problem["loc"][-1], known)[2:] or f"the keys are {', '.join(known)}"
        if way_out in told:
            return f"there is no key {key}"
        told.add(way_out)
        return f"there is no key {key}; {way_out}"
    return wrong_value(problem)


def wrong_value(problem: ErrorDetails) -> str:
    """Return what is wrong with one value that was checked: its key, what was expected, what it holds."""
    held = problem["input"]
    if problem["type"] == "literal_error":
        return f"{_key(problem)}: {not_one_of(held, words_of(problem))}"
    if isinstance(held, dict):  # a rule about several keys names them itself
        return ": ".join([*([_key(problem)] if problem["loc"] else []), problem["msg"].removeprefix("Value error, ")])
    return f"{_key(problem)}: {problem['msg'].removeprefix('Value error, ')} (it holds {brief(repr(held) if isinstance(held, str) else held)})"


def _key(problem: ErrorDetails) -> str:
    return ".".join(brief(part) for part in problem["loc"])


def _keys(place: Sequence[int | str], kind: type[BaseModel]) -> list[str]:
    """Return the keys that a table of a study file may have."""
    part: Any = kind
    for step in place:
        annotation = part.model_fields[str(step)].annotation
        part = next(
            kind
            for kind in (annotation, *get_args(annotation))
            if kind is not type(None) and hasattr(kind, "model_fields")
        )
    return [name for name, field in part.model_fields.items() if not field.exclude]
