"""Study files: what is studied and shown, in TOML.

A study file names a catalogue, the prices, the market index, the windows, the cross-section and the hypothesis. Studies
shipped with the package are found by name; one's own by path.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from eventstudy.border import is_there
from eventstudy.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

__all__ = ["StudyFile", "load_study", "shipped_studies"]


def _ordered(window: tuple[int, int]) -> tuple[int, int]:
    if window[0] > window[1]:
        msg = f"a window that runs forward, such as [{window[1]}, {window[0]}]"
        raise ValueError(msg)
    return window


Window = Annotated[tuple[int, int], AfterValidator(_ordered)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogPart(_Part):
    """The catalogue and the selection made from it; keys as in `EventCatalog.select`.

    `timezone` is that of a file whose times have none.
    """

    source: str
    timezone: str | None = None
    scope: list[str] | None = None
    actor: list[str] | None = None
    target: list[str] | None = None
    stance: list[str] | None = None
    since: str | None = None
    until: str | None = None

    def selection(self) -> dict[str, Any]:
        """Return what is passed to `EventCatalog.select`."""
        return self.model_dump(exclude={"source", "timezone"}, exclude_none=True)


class PricesPart(_Part):
    """Where prices come from, and which symbols the market study needs."""

    source: str = "bundled"
    symbols: list[str] = Field(min_length=1)
    start: str | None = None
    end: str | None = None


class MarketPart(_Part):
    """The index that is studied, its name, the index of its expected volatility, and short labels of events in charts."""

    symbol: str
    name: str = ""
    fear: str | None = None
    labels: dict[str, str] = {}

    @property
    def title(self) -> str:
        """What charts call the index."""
        return self.name or self.symbol


class EstimationPart(_Part):
    """The estimation window, as in `EstimationWindow`."""

    length: int = Field(default=250, gt=0)
    end: int = -11
    minimum: int = Field(default=100, gt=0)


class WindowsPart(_Part):
    """The event window, the windows reported, the estimation window."""

    event: Window = (-10, 10)
    reported: list[Window] = [(0, 0), (0, 1)]
    estimation: EstimationPart = EstimationPart()


class CrossSectionPart(_Part):
    """Securities in groups, their short names, and the events shown side by side."""

    benchmark: str
    window: Window = (0, 1)
    events: list[str] = []
    groups: dict[str, list[str]] = {}
    labels: dict[str, str] = {}


class HypothesisPart(_Part):
    """The hypothesis tested: its seed, and what differs from the shipped definitions (a shipped example's name, or a file)."""

    seed: int = 0
    definitions: str | None = None


class StudyFile(_Part):
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
    ladder: dict[str, list[tuple[str, float]]] = {}
    hypothesis: HypothesisPart | None = None

    def beside(self, source: str) -> str:
        """Return a source as it should be opened: a relative path is meant from the study file's folder."""
        if self.folder is not None and is_there((self.folder / source).is_file):
            return str(self.folder / source)
        return source


def shipped_studies() -> list[str]:
    """Return the names of the studies shipped with the package.

    Examples
    --------
    >>> "us-china" in shipped_studies()
    True
    """
    folder = resources.files("eventstudy.study") / "studies"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_study(source: str | Path) -> StudyFile:
    """Read a study file.

    Parameters
    ----------
    source : str or Path
        A shipped name, such as ``"us-china"``, or the path of a TOML file.

    Raises
    ------
    StudyError
        If there is no such study, or the file cannot be read; every wrong key is named at once.

    Examples
    --------
    >>> load_study("us-china").market.symbol
    '^GSPC'
    """
    if str(source) in shipped_studies():
        text = (resources.files("eventstudy.study") / "studies" / f"{source}.toml").read_text(encoding="utf-8")
        return _parse(text, name=str(source), place=f"study {source}")
    path = Path(source)
    if not path.is_file():
        msg = f"no study {str(source)!r}: give the path of a .toml file or one of: {', '.join(shipped_studies())}"
        raise StudyError(msg)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        msg = f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        raise StudyError(msg) from error
    return _parse(text, name=path.stem, place=str(path), folder=path.parent)


def _parse(text: str, *, name: str, place: str, folder: Path | None = None) -> StudyFile:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{place}: not a TOML file: {error}"
        raise StudyError(msg) from error
    try:
        return StudyFile(**{"name": name, **content, "folder": folder})
    except ValidationError as error:
        msg = f"{place}: {'; '.join(_said(problem) for problem in error.errors())}"
        raise StudyError(msg) from error


def _said(problem: ErrorDetails) -> str:
    """Return one problem of a study file in a line: the key, what is wrong, the way out."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "extra_forbidden":
        known = _keys(problem["loc"][:-1])
        near = get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"there is no key {key}; " + (f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}")
    return f"{key}: {problem['msg']} (it holds {problem['input']!r})"


def _keys(place: Sequence[int | str]) -> list[str]:
    """Return the keys that a table of a study file may have."""
    part: Any = StudyFile
    for step in place:
        annotation = part.model_fields[str(step)].annotation
        part = next(
            kind
            for kind in (annotation, *get_args(annotation))
            if kind is not type(None) and hasattr(kind, "model_fields")
        )
    return [name for name, field in part.model_fields.items() if not field.exclude]
