"""Panels of prices and of returns: bars down, symbols across, NaN where there is nothing.

A panel's rows are the sessions of its exchange calendar, also those for which a source had no row, so that a return
is always between neighbouring sessions: a hole is missing bars, and no return crosses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import ClassVar

import pandas as pd

from eventstudy.calendars import AUTO
from eventstudy.checks import check_fields, checked
from eventstudy.errors import DataError, EventStudyError
from eventstudy.frames import Leaving
from eventstudy.returns._describe import content_digest, html_of, line_of
from eventstudy.returns._given import HandedOut, errors_of, labelled, widened
from eventstudy.returns._index import refuse_no_name
from eventstudy.returns._join import joined
from eventstudy.returns._price_returns import Kind, price_returns
from eventstudy.returns._sessions import (
    Label,
    SessionNotes,
    auto_calendars,
    bar_kind,
    label_side,
    lay_on_sessions,
    zone_of,
)
from eventstudy.returns.quality.plausible import plausible_returns
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS
from eventstudy.returns.quality.quality import assess
from eventstudy.returns.tables.columns import by_symbol, symbol_list, symbol_set
from eventstudy.returns.tables.names import RETURN_NAMES
from eventstudy.returns.tables.one_security import refuse_bars
from eventstudy.words import brief, in_a_row


@dataclass(frozen=True, eq=False)
class PricePanel(Leaving):
    """Prices of several symbols on one set of bars.

    Parameters
    ----------
    frame : pandas.DataFrame
        Bars x symbols, prices or levels; NaN where missing. Rows that are no session of the calendar are kept out and
        counted in `quality`; sessions without a row become rows of NaN.
    calendar : str or None, default "auto"
        The exchange calendar of the symbols that `calendars` does not name; None: the rows are the bars as they are
        (intraday bars, weeks, months). ``"auto"``: of each symbol the one that its ending names (``7203.T``), else XNYS.
    calendars : mapping of str to str, optional
        Calendars of single symbols. The rows are then the sessions of all of them, and each symbol has prices, and
        later returns, on its own.
    sources : mapping of str to str, optional
        Where each symbol came from.
    failures : mapping of str to EventStudyError, optional
        Symbols that were asked for and did not come, each with its error (or a text that says it).
    quality : pandas.DataFrame, optional
        What a source knows about each symbol beyond the prices; its columns are added to the table.
    span : (Timestamp, Timestamp), optional
        The dates that were asked for, both included; by default the first and the last row.
    label : {"start", "end"}, optional
        Whether the labels of bars that are no sessions are their starts or their ends, where the index does not tell.
    notes : SessionNotes, optional
        What became of days that are no session; by default of the rows of `frame`.

    Attributes
    ----------
    frame : pandas.DataFrame
        Bars x symbols. The index is a naive midnight for each session, or UTC bar starts for intraday bars.
    quality : pandas.DataFrame
        One row a symbol: source, calendar, first, last, expected, present, missing, missing_dates, …

    Raises
    ------
    eventstudy.errors.DataError
        If the index holds no dates, a date stands twice, or a column twice.

    Examples
    --------
    >>> frame = pd.DataFrame({"A": [10.0, 11.0]}, index=pd.to_datetime(["2025-01-08", "2025-01-13"]))
    >>> panel = PricePanel(frame)  # the exchange was closed on the 9th
    >>> panel.frame.index.strftime("%d").tolist()
    ['08', '10', '13']
    >>> print(panel.quality.loc["A", ["expected", "present", "missing_dates"]].to_string())
    expected                  3
    present                   2
    missing_dates    2025-01-10
    """

    frame: HandedOut = HandedOut()
    _: KW_ONLY
    calendar: str | None = AUTO
    calendars: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, EventStudyError] = field(default_factory=dict)
    quality: HandedOut = HandedOut(None)  # a frame from __post_init__ on
    span: tuple[pd.Timestamp, pd.Timestamp] | None = None
    label: Label | None = None
    notes: SessionNotes = field(default_factory=SessionNotes)

    def __post_init__(self) -> None:
        check_fields(self, DataError)
        given = labelled(self.frame)
        if vars(self)["_quality"] is None and not by_symbol(self.sources, "sources"):  # a user's own frame
            refuse_bars(given, "the frame", "; if they are securities: load_prices([…], source=frame)", prices=True)
        if not isinstance(found := vars(self)["notes"], SessionNotes):
            msg = f"notes={brief(repr(found))} are not the notes of a panel; leave them out"
            raise DataError(msg)
        guessed = self.calendar == AUTO
        calendar, named = auto_calendars(self.calendar, by_symbol(self.calendars, "calendars"), given.columns)
        own = {str(s): c for s, c in named.items() if c != calendar}
        frame, notes = lay_on_sessions(given, calendar, own, self.span, notes=self.notes, guessed=guessed)
        notes = _noted(self.notes, self.frame.index).joined(notes)
        sources = {symbol: by_symbol(self.sources, "sources").get(symbol, "given") for symbol in frame.columns}
        quality = assess(frame, calendar=calendar, calendars=own, sources=sources, notes=notes, span=self.span)
        if vars(self)["_quality"] is not None:
            quality = widened(quality, self.quality)
        for name, value in {
            "frame": frame,
            "calendar": calendar,
            "notes": notes,
            "label": self.label or label_side(frame.index),
            "calendars": {symbol: own[symbol] for symbol in frame.columns if symbol in own},
            "sources": sources,
            "failures": errors_of(self.failures),
            "quality": quality,
        }.items():
            object.__setattr__(self, name, value)

    @property
    def bars(self) -> str:
        """What the bars are: ``sessions``, ``weeks``, ``months``, ``minutes`` (within days) or ``rows`` without dates."""
        return bar_kind(self.frame.index)

    @property
    def symbols(self) -> list[str]:
        """The symbols, in the order of the columns."""
        return list(self.frame.columns)

    @property
    def digest(self) -> str:
        """SHA-256 of the content: symbols, bars, values (hex)."""
        return content_digest("prices", self.frame)

    def __repr__(self) -> str:
        return line_of("PricePanel", self.frame, self.failures)

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.quality)


@dataclass(frozen=True, eq=False)
class ReturnPanel(Leaving):
    """Returns of several symbols on one set of bars, and the levels that stand beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Bars x symbols, decimal returns (0.01 is one percent); NaN where missing. Any ordered index of bars.
    levels : pandas.DataFrame, optional
        Bars x level symbols (``^VIX`` in points, ``UST10Y`` in percent), on the same bars or on some of them.
    kind : {"simple", "log"}
        What the returns are.
    quality : pandas.DataFrame, optional
        The quality table of the prices; by default one of the returns themselves.
    sources : mapping of str to str, optional
        Where each symbol came from.
    failures : mapping of str to EventStudyError, optional
        Symbols that did not come, each with its error (or a text that says it).
    calendar : str or None, optional
        The exchange calendar whose sessions the rows are; None: the index is the calendar.
    calendars : mapping of str to str, optional
        Calendars of single symbols, where they differ.
    label : {"start", "end"}, optional
        Whether the labels of bars that are no sessions are their starts or their ends, where the index does not tell.
    notes : SessionNotes, optional
        What became of days that are no session of their calendar.
    check : bool, default True
        Refuse prices and what can only be percent; warn about what looks like percent.

    Attributes
    ----------
    frame, levels : pandas.DataFrame
        Bars x symbols. `levels` has the rows of `frame`, and no column if there are no levels.

    Raises
    ------
    eventstudy.errors.DataError
        If a label stands twice, values are not numbers, or the values are prices.

    Examples
    --------
    >>> frame = pd.DataFrame({"A": [0.01, -0.02]}, index=pd.to_datetime(["2025-01-08", "2025-01-10"]))
    >>> ReturnPanel(frame)
    ReturnPanel: 2 bars x 1 symbol, 2025-01-08 .. 2025-01-10
    """

    frame: HandedOut = HandedOut()
    _: KW_ONLY
    levels: HandedOut = HandedOut(None)  # a frame from __post_init__ on, like `quality`
    kind: Kind = "simple"
    quality: HandedOut = HandedOut(None)
    sources: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, EventStudyError] = field(default_factory=dict)
    calendar: str | None = None
    calendars: Mapping[str, str] = field(default_factory=dict)
    label: Label | None = None
    notes: SessionNotes = field(default_factory=SessionNotes)
    check: bool = True

    reaches_over: ClassVar[bool] = False
    """Whether a return after missing ones holds them too."""

    def __post_init__(self) -> None:
        check_fields(self, DataError)
        refuse_no_name(self.calendar, "calendar")
        frame = labelled(self.frame, RETURN_NAMES)
        codes: dict[str, str] = {}
        if self.check:
            refuse_bars(frame, "the frame", "; check=False if they are securities", prices=False)
            frame, codes = plausible_returns(frame, simple=self.kind == "simple")
        given: pd.DataFrame | None = vars(self)["_levels"]
        levels = pd.DataFrame(index=frame.index) if given is None else labelled(given)
        both = frame.columns.intersection(levels.columns)
        if not both.empty:
            msg = f"symbol {both[0]!r} stands among the returns and among the levels; name it once"
            raise DataError(msg)
        levels = levels.reindex(frame.index).rename_axis(columns="symbol")
        everything = [*frame.columns, *levels.columns]
        sources = {symbol: by_symbol(self.sources, "sources").get(symbol, "given") for symbol in everything}
        quality: pd.DataFrame | None = vars(self)["_quality"]
        if quality is None:
            quality = assess(frame.join(levels), calendar=self.calendar, calendars={}, sources=sources, prices=False)
        if codes:
            found = pd.Series(codes).reindex(quality.index).fillna("")
            before = quality["codes"].fillna("") if "codes" in quality else ""
            quality = quality.assign(codes=(before + " " + found).str.strip())
        for name, value in {
            "frame": frame,
            "label": self.label or label_side(frame.index),
            "notes": _noted(self.notes, self.frame.index),
            "levels": levels,
            "sources": sources,
            "failures": errors_of(self.failures),
            "calendars": dict(by_symbol(self.calendars, "calendars")),
            "quality": quality,
        }.items():
            object.__setattr__(self, name, value)

    @classmethod
    @checked(DataError)
    def from_prices(
        cls,
        prices: PricePanel | pd.DataFrame,
        kind: Kind = "simple",
        *,
        levels: Iterable[str] | None = None,
        calendar: str | None = AUTO,
    ) -> ReturnPanel:
        """Turn prices into returns; levels stay levels.

        Parameters
        ----------
        prices : PricePanel or pandas.DataFrame
            Bars x symbols. Of a frame, `calendar` says whose sessions its rows are.
        kind : {"simple", "log"}
            ``p[t] / p[t-1] - 1`` or ``log(p[t] / p[t-1])``.
        levels : iterable of str, optional
            Symbols to keep as levels; by default those of `LEVEL_SYMBOLS`. ``levels=()``: everything is a return.
        calendar : str or None
            For a frame; a panel knows its own.

        Returns
        -------
        ReturnPanel
            A return is missing where either of its two prices is.

        Raises
        ------
        eventstudy.errors.DataError
            If a price that is no level is zero, negative or infinite.

        Examples
        --------
        >>> frame = pd.DataFrame(
        ...     {"A": [100.0, 102.0, None, 104.0, 105.04]},
        ...     index=pd.to_datetime(["2025-02-03", "2025-02-04", "2025-02-05", "2025-02-06", "2025-02-07"]),
        ... )
        >>> ReturnPanel.from_prices(frame).frame["A"].round(4).tolist()
        [nan, 0.02, nan, nan, 0.01]
        """
        panel = prices if isinstance(prices, PricePanel) else PricePanel(prices, calendar=calendar)
        wanted = LEVEL_SYMBOLS if levels is None else symbol_set(levels, "levels")
        state = [symbol for symbol in panel.frame.columns if symbol in wanted]
        held = panel.frame.drop(columns=state)
        return cls(
            price_returns(held, kind, _groups(held, panel)),
            levels=panel.frame[state],
            kind=kind,
            quality=panel.quality,
            sources=panel.sources,
            failures=panel.failures,
            calendar=panel.calendar,
            calendars=panel.calendars,
            label=panel.label,
            notes=panel.notes,
            check=False,
        )

    def select(self, symbols: Iterable[str]) -> ReturnPanel:
        """Return the panel of some of its symbols, in the order asked for, with all levels.

        Raises
        ------
        eventstudy.errors.DataError
            If the panel has no returns of a symbol.

        Examples
        --------
        >>> frame = pd.DataFrame({"A": [0.01], "B": [0.02]}, index=pd.to_datetime(["2025-01-08"]))
        >>> ReturnPanel(frame).select(["B"]).symbols
        ['B']
        """
        wanted = symbol_list(symbols, "symbols")
        unknown = [symbol for symbol in wanted if symbol not in self.frame.columns]
        if unknown:
            msg = f"no returns of {unknown[0]!r} in the panel; it has {in_a_row(self.frame.columns)}"
            raise DataError(msg)
        return replace(self, frame=self.frame[wanted], check=False)

    def join(self, other: ReturnPanel) -> ReturnPanel:
        """Return the panel of the symbols of both, on the bars of both, each with its source and calendar.

        Raises
        ------
        eventstudy.errors.DataError
            If a symbol stands in both, or the panels hold other kinds of returns or of bars.

        Examples
        --------
        >>> day = pd.to_datetime(["2025-01-08"])
        >>> one, other = (ReturnPanel(pd.DataFrame({name: [0.01]}, index=day), sources={name: "mine"}) for name in "AB")
        >>> one.join(other).sources
        {'A': 'mine', 'B': 'mine'}
        """
        return replace(self, **joined(self, other), check=False)

    @property
    def bars(self) -> str:
        """What the bars are: ``sessions``, ``weeks``, ``months``, ``minutes`` (within days) or ``rows`` without dates."""
        return bar_kind(self.frame.index)

    @property
    def symbols(self) -> list[str]:
        """The symbols that have returns, in the order of the columns."""
        return list(self.frame.columns)

    @property
    def digest(self) -> str:
        """SHA-256 of the content: kind, symbols, bars, returns, levels (hex)."""
        return content_digest(self.kind, self.frame, self.levels)

    def __repr__(self) -> str:
        return line_of("ReturnPanel", self.frame, self.failures)

    def _repr_html_(self) -> str:
        return html_of(repr(self), self.quality)


def _groups(held: pd.DataFrame, panel: PricePanel) -> list[tuple[list[str], pd.DatetimeIndex | None]]:
    """Symbols by calendar, when the rows are the sessions of more than one."""
    if not panel.calendars or held.empty:
        return []
    by_calendar: dict[str | None, list[str]] = {}
    for symbol in held.columns:
        by_calendar.setdefault(panel.calendars.get(symbol, panel.calendar), []).append(symbol)
    first, last = pd.Timestamp(held.index[0]), pd.Timestamp(held.index[-1])
    return [
        (symbols, None if name is None else panel.notes.days(name, first, last))
        for name, symbols in by_calendar.items()
    ]


def _noted(notes: SessionNotes, index: pd.Index) -> SessionNotes:
    """Return notes with the zone of an index of days."""
    return notes.joined(SessionNotes(zone=zone_of(index)))
