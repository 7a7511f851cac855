"""A study of firms as a file: a table ``[pairs]`` in place of a catalogue; and reading either kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from eventstudy.calendars import AUTO
from eventstudy.checks import window
from eventstudy.errors import StudyError
from eventstudy.study.study_file import EstimationPart, StudyFile, StudyPart, Window, beside_file, read_study


class PairsPart(StudyPart):
    """The table of firms and dates, read as by `load_pairs`; `by` are characteristics whose groups the report compares."""

    source: str
    symbol: str | None = None
    date: str | None = None
    date_format: str | None = None
    timing: str | None = None
    timezone: str | None = None
    event_id: str | None = None
    sep: str | None = None
    decimal: str | None = None
    encoding: str = "utf-8-sig"
    by: list[str] = Field(default=[])

    def columns(self) -> dict[str, Any]:
        """Return what says which column is which, and how dates are written."""
        return self.model_dump(include={"symbol", "date", "date_format", "timing", "timezone", "event_id"})


class FirmPricesPart(StudyPart):
    """Where the prices of the firms come from, and how the file is written, as in `load_returns`."""

    source: str
    holds: Literal["prices", "returns", "log", "percent"] = "prices"
    date_format: str | None = None
    column: str | None = None
    sep: str | None = None
    decimal: str | None = None

    def options(self) -> dict[str, Any]:
        """Return what is passed to `load_returns`."""
        written = self.model_dump(exclude={"source", "holds"}, exclude_none=True)
        return written if self.holds == "prices" else {"holds": self.holds, **written}


class BenchmarkPart(StudyPart):
    """What firms are measured against: an index, one for each firm or exchange, or factors with their risk-free rate, and where these come from."""

    symbol: str | dict[str, str] | None = None
    factors: list[str] = Field(default=[])
    risk_free: str | None = None
    source: str | None = None
    holds: Literal["prices", "returns", "log", "percent"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        """Refuse an index and factors side by side: they are two models."""
        if self.symbol is not None and self.factors:
            msg = "symbol (a market model) or factors, not both"
            raise ValueError(msg)
        if self.risk_free is not None and not self.factors:
            msg = "risk_free belongs to factors, which are missing"
            raise ValueError(msg)
        if self.holds is not None and self.source is None:
            msg = "holds says what the file of source holds, which is missing"
            raise ValueError(msg)
        return self


class FirmWindowsPart(StudyPart):
    """The event window, the horizons reported, the estimation window."""

    event: Window = (-10, 10)
    horizons: list[Window] = Field(default=[(-1, -1), (0, 0), (0, 1), (0, 5), (0, 20), (0, 60)], min_length=1)
    estimation: EstimationPart = EstimationPart()


class FirmFile(StudyPart):
    """A study of firms: a table of tickers and dates in place of a catalogue.

    Attributes
    ----------
    name : str
        The stem of the file.
    folder : Path or None
        Where the file lies. It is no part of what the study is.
    """

    name: str
    folder: Path | None = Field(default=None, exclude=True)
    title: str = ""
    question: str = ""
    calendar: str = AUTO
    pairs: PairsPart
    prices: FirmPricesPart
    market: BenchmarkPart = BenchmarkPart()
    windows: FirmWindowsPart = FirmWindowsPart()
    seed: int = Field(default=0, strict=True, ge=0, lt=2**63)

    def beside(self, source: str) -> str:
        """Return a source as it should be opened: a relative path is meant from the study file's folder."""
        return beside_file(self.folder, source)


def load_study(source: str | Path) -> StudyFile | FirmFile:
    """Read a study file.

    Parameters
    ----------
    source : str or Path
        A shipped name, such as ``"us-china"``, or the path of a TOML file.

    Returns
    -------
    StudyFile or FirmFile
        The latter of a file that has a table ``[pairs]``.

    Raises
    ------
    StudyError
        If there is no such study, or the file cannot be read; every wrong key is named at once.

    Examples
    --------
    >>> load_study("us-china").market.symbol
    '^GSPC'
    """
    return read_study(source, _kind)


def _kind(content: dict[str, Any]) -> type[StudyFile | FirmFile]:
    if "pairs" in content and "catalog" in content:
        msg = "there are [pairs] and [catalog]; a study is of firms or of a catalogue: leave out one of the two"
        raise StudyError(msg)
    return FirmFile if "pairs" in content else StudyFile


def firm_study(
    name: str, *, pairs: dict[str, Any], prices: dict[str, Any], market: dict[str, Any], horizons: Sequence[str] = ()
) -> FirmFile:
    """Return the study of firms that options name, as ``eventstudy run --events`` has it."""
    windows: dict[str, Any] = {"horizons": [window_of_text(text) for text in horizons]} if horizons else {}
    try:
        return FirmFile(
            name=name,
            pairs=PairsPart(**pairs),
            prices=FirmPricesPart(**prices),
            market=BenchmarkPart(**{**market, "symbol": _index(market.get("symbol") or [])}),
            windows=FirmWindowsPart(**windows),
        )
    except ValidationError as fault:
        msg = "; ".join(str(error["msg"]).removeprefix("Value error, ") for error in fault.errors())
        raise StudyError(msg) from fault


def _index(given: Sequence[str]) -> str | dict[str, str] | None:
    """Return one index, or one for each exchange or firm: ``XETR=^GDAXI``, given again for the next."""
    named = [text.partition("=") for text in given]
    if len(given) == 1 and not named[0][1]:
        return given[0]
    wrong = next((text for text, (_, mark, index) in zip(given, named, strict=True) if not (mark and index)), None)
    if wrong is not None:
        msg = f"--market {wrong} stands beside another; say for which exchange or firm each is: --market XETR=^GDAXI --market XPAR=^FCHI"
        raise StudyError(msg)
    twice = next((name for name, count in Counter(name for name, _, _ in named).items() if count > 1), None)
    if twice is not None:
        msg = f"--market names {twice} twice; leave out one of the two"
        raise StudyError(msg)
    return {name: index for name, _, index in named} or None


def window_of_text(text: str) -> tuple[int, int]:
    """Return a window that is written as two relative days, such as ``0,5`` or ``-1,1``."""
    first, mark, last = text.strip(" ()[]").partition(",")
    try:
        found = (int(first), int(last if mark else first))
    except ValueError as fault:
        msg = f"--horizon {text} is no window; write its first and last relative day, such as --horizon=-1,1"
        raise StudyError(msg) from fault
    return window(found, "--horizon")
