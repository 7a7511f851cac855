"""Sources: anything with one `fetch` method.

A source of one's own is ten lines::

    class Vendor:
        name = "vendor"

        def fetch(self, symbols, start, end):
            return pd.DataFrame({symbol: closes_of(symbol, start, end) for symbol in symbols})

Leave a column out for a symbol that the vendor does not have: `load_prices` then looks in the bundled figures. A fetch may
also return a `PricePanel` or a `ReturnPanel`, which can say more: failures with reasons, calendars, quality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pandas as pd

from eventstudy import plugins
from eventstudy.calendars import AUTO
from eventstudy.errors import DataError, EventStudyError, NoSuchTicker
from eventstudy.frames import with_bars
from eventstudy.returns._index import in_order_of_bars, normal_index
from eventstudy.returns._price_returns import simple_returns
from eventstudy.returns._sessions import Label, SessionNotes, zone_of
from eventstudy.returns.bundled import BUNDLED, PRICE_SYMBOLS, RETURN_SYMBOLS, bundled_prices, bundled_returns
from eventstudy.returns.panel import PricePanel, ReturnPanel
from eventstudy.returns.quality.quality import knowledge
from eventstudy.words import nearest

ALL: str = "*"  # among symbols: everything that the source has


@runtime_checkable
class PriceSource(Protocol):
    """What `load_prices` asks of a source."""

    def fetch(
        self, symbols: Sequence[str] | None, start: pd.Timestamp | None, end: pd.Timestamp | None
    ) -> PricePanel | ReturnPanel | pd.DataFrame:
        """Return what there is of `symbols` (None: of everything) from `start` to `end`, both included."""
        ...


@runtime_checkable
class LocalSource(Protocol):
    """A source of this package that answers in the common form at once."""

    name: str

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols` (None: of everything), whatever the dates."""
        ...


@runtime_checkable
class RemoteLike(Protocol):
    """A source over the network of this package: days as they came, before any calendar."""

    def _deliver_between(
        self, symbols: Sequence[str], start: pd.Timestamp | None, end: pd.Timestamp | None
    ) -> Delivery:
        """Return what there is of `symbols` from `start` to `end`."""
        ...


@dataclass(slots=True)
class Delivery:
    """What one source delivered: prices and returns side by side, and what did not come.

    Attributes
    ----------
    prices, returns : pandas.DataFrame
        Days x symbols, as delivered: not yet on the sessions of a calendar. Returns are decimals, simple ones unless `log`.
    failures : dict of str to EventStudyError
        By symbol; `NoSuchTicker` for one that the source does not have.
    sources, calendars : dict of str to str
        By symbol.
    quality : pandas.DataFrame or None
        What the source knows beyond the prices.
    places : dict of Timestamp to str
        Where single days stand in the source, for messages.
    notes : SessionNotes
        The time zone in which the source labels days, and what became of days that are no session, if it says so.
    calendar : str or None
        The calendar of the symbols that `calendars` does not name, where the caller asks for none; ``"auto"`` if the source does not say.
    label : {"start", "end"} or None
        What the labels of bars are, if it says so.
    log : bool
        Whether `returns` are logs.
    """

    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    returns: pd.DataFrame = field(default_factory=pd.DataFrame)
    failures: dict[str, EventStudyError] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    calendars: dict[str, str] = field(default_factory=dict)
    quality: pd.DataFrame | None = None
    places: dict[pd.Timestamp, str] = field(default_factory=dict)
    notes: SessionNotes = field(default_factory=SessionNotes)
    calendar: str | None = AUTO
    label: Label | None = None
    log: bool = False

    @property
    def symbols(self) -> list[str]:
        """What came."""
        return [*self.prices.columns, *self.returns.columns]


class BundledSource:
    """The figures that come with the package: no network, no options."""

    name = BUNDLED

    def symbols(self) -> list[str]:
        """Return every symbol, prices and levels first."""
        return [*PRICE_SYMBOLS, *RETURN_SYMBOLS]

    def deliver(self, symbols: Sequence[str] | None) -> Delivery:
        """Return what there is of `symbols`."""
        wanted = self.symbols() if symbols is None else list(symbols)
        return Delivery(
            prices=bundled_prices([name for name in wanted if name in PRICE_SYMBOLS]),
            returns=bundled_returns([name for name in wanted if name in RETURN_SYMBOLS]),
            failures={name: lacks(name, BUNDLED, self.symbols()) for name in wanted if name not in self.symbols()},
            sources=dict.fromkeys(wanted, BUNDLED),
        )


Source: TypeAlias = PriceSource | LocalSource


def ask(
    source: Source,
    symbols: Sequence[str] | None,
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
) -> Delivery:
    """Ask a source and bring its answer, whatever its form, into one."""
    name = str(getattr(source, "name", type(source).__name__))
    if isinstance(source, LocalSource):
        return source.deliver(symbols)
    if isinstance(source, RemoteLike) and symbols is not None:
        return source._deliver_between(symbols, start, end)  # noqa: SLF001  of this room
    with plugins.blaming_maker(source, "failed"):
        answer: Any = with_bars(source.fetch(symbols, start, end), DataError)
    if isinstance(answer, PricePanel):
        got = Delivery(prices=answer.frame, **_said(answer))
    elif isinstance(answer, ReturnPanel):
        got = Delivery(returns=simple_returns(answer.frame, answer.kind), prices=answer.levels, **_said(answer))
    elif isinstance(answer, pd.DataFrame):
        notes = SessionNotes(zone=zone_of(answer.index))
        got = Delivery(prices=in_order_of_bars(answer.set_axis(normal_index(answer.index))), notes=notes)
    else:
        msg = f"source {name!r} returned {type(answer).__name__}; fetch must return a DataFrame (bars x symbols) or a panel"
        raise DataError(msg)
    said = {} if isinstance(answer, pd.DataFrame) else dict(answer.sources or {})
    got.sources = {symbol: said.get(symbol, name).replace("given", name) for symbol in got.symbols}
    got.failures = {} if isinstance(answer, pd.DataFrame) else dict(answer.failures or {})
    if symbols is not None:
        there = set(got.symbols)
        for symbol in symbols:
            if symbol not in there:
                got.failures.setdefault(symbol, lacks(symbol, name, got.symbols))
        got.prices = got.prices[[symbol for symbol in got.prices.columns if symbol in set(symbols)]]
        got.returns = got.returns[[symbol for symbol in got.returns.columns if symbol in set(symbols)]]
    return got


def _said(panel: PricePanel | ReturnPanel) -> dict[str, Any]:
    """Return what a panel knows beside its values, as a delivery holds it."""
    return {
        "calendars": dict(panel.calendars),
        "quality": knowledge(panel.quality),
        "notes": panel.notes,
        "calendar": panel.calendar,
        "label": panel.label,
    }


def side_by_side(left: pd.DataFrame | None, right: pd.DataFrame | None) -> pd.DataFrame:
    """Return two frames as one, on the bars of those that have a column."""
    frames = [frame for frame in (left, right) if frame is not None and frame.shape[1]]
    if len(frames) == 2:
        return frames[0].join(frames[1], how="outer").sort_index()
    return frames[0] if frames else pd.DataFrame()


def lacks(symbol: str, source: str, known: Sequence[str]) -> NoSuchTicker:
    """Return the error of a symbol that a source does not have, with near matches."""
    return NoSuchTicker(f"{source} does not have {symbol!r}{near(symbol, known)}")


def near(symbol: str, known: Sequence[str]) -> str:
    """Return "; did you mean …?" for a misspelt symbol, or nothing.

    Examples
    --------
    >>> near("NDVA", ["NVDA", "AMD", "MRVL"])
    "; did you mean 'NVDA'?"
    """
    return nearest(symbol, known, 3, cutoff=0.5)
