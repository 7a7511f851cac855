"""`load_prices` and `load_returns`: one question, whatever the source, and sources in layers."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy.calendars import AUTO, USUAL, lone, refuse_sparse
from eventstudy.checks import checked
from eventstudy.errors import DataError, InputError, NoDataInWindow, NoSuchTicker, SourceError, told
from eventstudy.returns._index import is_intraday, refuse_no_name
from eventstudy.returns._price_returns import Kind, as_kind, simple_returns
from eventstudy.returns._sessions import SessionNotes, auto_calendars, bar_kind, lay_on_sessions, unbuildable, zone_of
from eventstudy.returns.asked import dates_asked, in_order, refuse_factor_or_share, source_first, wanted_symbols
from eventstudy.returns.bundled import BUNDLED
from eventstudy.returns.panel import PricePanel, ReturnPanel
from eventstudy.returns.policies import convert_currency, rate_symbols
from eventstudy.returns.protocol import ALL, BundledSource, Delivery, LocalSource, PriceSource, ask, near, side_by_side
from eventstudy.returns.quality.possible import LEVEL_SYMBOLS, possible_frame
from eventstudy.returns.sources.registry import resolve
from eventstudy.returns.tables.columns import by_symbol, symbol_set
from eventstudy.words import FEW, brief, in_a_row

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame  # pandas, polars, Arrow, DuckDB, …

PAD_DAYS = 14  # longer than any closure of an exchange in peace: holds the close before the first return


@checked(DataError)
def load_prices(
    symbols: str | Iterable[str] | Mapping[str, str] | IntoFrame | os.PathLike[str] | PriceSource | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    source: str | os.PathLike[str] | IntoFrame | PriceSource = BUNDLED,
    calendar: str | None = AUTO,
    *,
    calendars: Mapping[str, str] | None = None,
    currency: str | None = None,
    currencies: Mapping[str, str] | None = None,
    **options: Any,
) -> PricePanel:
    """Load prices and levels.

    Parameters
    ----------
    symbols : str, iterable or mapping of str, frame or path, optional
        Which; None or ``"*"``: all that the source has. ``"bundled:RF"``, or a mapping such as ``{"RF": "bundled", "NVDA": None}``:
        that symbol comes from the bundled figures, whatever the source has of that name. A frame, a path or a source
        object in this place is the source.
    start, end : str or date, optional
        First and last day, both included; by default all that there is.
    source : str, path, DataFrame or PriceSource
        ``"bundled"``, ``"yahoo"``, ``"french"``, ``"fred"``, ``"stooq"``, the name of a plugin, a path (.csv, .parquet, compressed
        or not; or a folder that `freeze` wrote), a frame (bars x symbols, or long; of pandas, polars, Arrow, DuckDB or Modin), or
        any object with `fetch`.
    calendar : str or None, default "auto"
        The exchange whose sessions the rows are; None: the rows as they are (intraday bars, weeks, months). ``"auto"``: of
        each symbol the exchange that its ending names (``0700.HK``), else XNYS.
    calendars : mapping of str to str, optional
        Calendars of single symbols, such as ``{"^HSI": "XHKG"}``; Yahoo's symbols know their own.
    currency : str, optional
        Convert into it, such as ``"USD"``, with rates of the same source (`convert_currency`); by default prices stay in
        their own currency.
    currencies : mapping of str to str, optional
        In which currency single symbols are, where the source does not say, such as ``{"VOD.L": "GBp"}`` for pence.
    **options
        For files and frames: see `FileSource`. For named sources: the parameters of their class. ``interval="5m"`` with
        ``source="yahoo"``: bars within days (1m for the last 30 days, a week at a time; 2m to 30m for 60 days; 60m for 730).

    Returns
    -------
    PricePanel
        A hole never raises: see `.quality`, `.failures`. Symbols that the source does not have come from the bundled
        figures if they are there, and `.sources` says so.

    Raises
    ------
    eventstudy.errors.DataError
        If a file cannot be read, or a local source has none of the symbols.
    eventstudy.errors.SourceError
        If every symbol failed; the message names each.

    Examples
    --------
    >>> prices = load_prices(["^GSPC", "^VIX"], start="2025-04-01", end="2025-04-04")
    >>> prices.frame.loc["2025-04-03"].tolist()
    [5396.52, 30.02]
    """
    symbols, source = source_first(symbols, source)
    first, last = dates_asked(start, end)
    calendar = _of_bars(calendar, options)
    got = _layered(symbols, first, last, source, options, returns=False)
    if not got.prices.shape[1] and got.returns.shape[1]:
        msg = f"{in_a_row(got.returns.columns)}: these come as returns, not as prices; use load_returns"
        raise DataError(msg)
    for symbol in got.returns.columns:
        got.failures[symbol] = DataError(
            f"{got.sources[symbol]} has returns of {symbol!r}, not prices; use load_returns"
        )
    calendar = got.calendar if calendar == AUTO else calendar
    panel = _prices(got, first, last, calendar, calendars)
    return panel if currency is None else _converted(panel, (currency, currencies), source, options, (first, last))


@checked(DataError)
def load_returns(
    symbols: str | Iterable[str] | Mapping[str, str] | IntoFrame | os.PathLike[str] | PriceSource | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    source: str | os.PathLike[str] | IntoFrame | PriceSource = BUNDLED,
    calendar: str | None = AUTO,
    *,
    kind: Kind = "simple",
    levels: Iterable[str] | None = None,
    calendars: Mapping[str, str] | None = None,
    currency: str | None = None,
    currencies: Mapping[str, str] | None = None,
    **options: Any,
) -> ReturnPanel:
    """Load returns: prices of a source turned into returns, and sources that have returns already.

    Parameters
    ----------
    symbols, start, end, source, calendar, calendars, currency, currencies, **options
        As for `load_prices`. The return of `start` itself is there if the source has the close before it. A file of
        returns says so with ``holds="returns"`` or ``holds="percent"``.
    kind : {"simple", "log"}
        Which return.
    levels : iterable of str, optional
        Symbols to keep as levels; by default ``^VIX``, ``UST10Y`` and their like.

    Returns
    -------
    ReturnPanel

    Raises
    ------
    eventstudy.errors.EventStudyError
        As `load_prices`.

    Examples
    --------
    >>> returns = load_returns(["^GSPC", "BusEq"], start="2025-04-03", end="2025-04-09")
    >>> (returns.frame.loc["2025-04-03"] * 100).round(2).tolist()
    [-4.84, -6.62]
    """
    symbols, source = source_first(symbols, source)
    first, last = dates_asked(start, end)
    within_days, calendar = _within_days(options), _of_bars(calendar, options)
    padded = first if first is None or within_days else first - pd.Timedelta(days=PAD_DAYS)
    if levels is not None:
        levels = symbol_set(levels, "levels")
        options["levels"] = levels
    got = _layered(symbols, padded, last, source, options, returns=True)
    calendar = got.calendar if calendar == AUTO else calendar
    panel = _prices(got, padded, last, calendar, calendars)
    if currency is not None:
        panel = _converted(panel, (currency, currencies), source, options, (padded, last))
    priced = ReturnPanel.from_prices(panel, kind, levels=levels)
    ready = as_kind(got.returns, kind, log=got.log)
    state = [symbol for symbol in ready.columns if symbol in (LEVEL_SYMBOLS if levels is None else levels)]
    frame = side_by_side(priced.frame, ready.drop(columns=state))
    level = side_by_side(priced.levels, ready[state])
    everything = side_by_side(frame, level)
    bars = everything.index
    daily = getattr(bars, "tz", None) is None
    span = None if not daily or (first is None and last is None) else (first or bars[0], last or bars[-1])
    usual, own = auto_calendars(calendar, {**got.calendars, **by_symbol(calendars, "calendars")}, got.symbols)
    own = {symbol: name for symbol, name in own.items() if name != usual}
    rows, notes = lay_on_sessions(
        everything,
        usual,
        own,
        span,
        returns=kind,
        levels=level.columns,
        notes=panel.notes,
        guessed=calendar == AUTO,
    )
    order = [symbol for symbol in in_order(wanted_symbols(symbols)[0], got.symbols) if symbol in rows.columns]
    quality = _quality(panel, got, rows[order], first, last)
    return ReturnPanel(
        rows[[symbol for symbol in order if symbol in frame.columns]],
        levels=rows[[symbol for symbol in order if symbol in level.columns]],
        kind=kind,
        quality=quality,
        sources=got.sources,
        failures=got.failures,
        calendar=usual,
        calendars={symbol: name for symbol, name in own.items() if symbol in rows.columns},
        label=panel.label,
        notes=panel.notes.joined(notes),
    )


def _of_bars(calendar: str | None, options: Mapping[str, Any]) -> str | None:
    """Return the calendar of what is asked for: bars within days are bars as they are."""
    refuse_no_name(calendar, "calendar")
    return None if calendar == AUTO and _within_days(options) else calendar


def _within_days(options: Mapping[str, Any]) -> bool:
    interval = options.get("interval", "1d")
    return not isinstance(interval, str) or interval != "1d"


def _layered(
    symbols: Any,
    first: pd.Timestamp | None,
    last: pd.Timestamp | None,
    source: Any,
    options: dict[str, Any],
    *,
    returns: bool,
) -> Delivery:
    """Ask the named source, then the bundled figures for the symbols that it does not have."""
    wanted, bundled = wanted_symbols(symbols)
    named = resolve(source, options)
    zone = zone_of(source.index) if isinstance(source, pd.DataFrame) else None
    everything = wanted is None or ALL in wanted
    own = None if everything or wanted is None else [name for name in wanted if name not in bundled]
    got = Delivery() if own == [] else ask(named, own, first, last)
    if bundled:
        _without(got, bundled)
    got.notes = got.notes.joined(SessionNotes(zone=zone))
    if not isinstance(named, LocalSource):
        _take_out_what_cannot_be(got, named, options, returns=returns)
    if everything and wanted is not None:
        extra = [symbol for symbol in wanted if symbol not in {ALL, *got.symbols}]
        got.failures.update(dict.fromkeys(extra, NoSuchTicker(f"not in {source}")))
    if not isinstance(named, BundledSource):
        absent = [symbol for symbol, why in got.failures.items() if isinstance(why, NoSuchTicker)]
        known = BundledSource().symbols()
        below = BundledSource().deliver([symbol for symbol in (*absent, *bundled) if symbol in known])
        refuse_factor_or_share(
            own,
            got.symbols,
            (name for name in below.symbols if name in absent),
            str(getattr(named, "name", "the source")),
        )
        if below.symbols and got.calendar is not AUTO:  # it is that of the source's own symbols
            got.calendars |= dict.fromkeys(below.symbols, USUAL)
        if below.returns.shape[1] and got.log:
            got.returns, got.log = simple_returns(got.returns, "log"), False
        got.prices = side_by_side(got.prices, below.prices)
        got.returns = side_by_side(got.returns, below.returns)
        for symbol in below.symbols:
            got.sources[symbol] = BUNDLED
            got.failures.pop(symbol, None)
    _refuse_nothing(got)
    return got


def _without(got: Delivery, symbols: Sequence[str]) -> None:
    """Leave out what the source has of symbols that are asked of the bundled figures."""
    got.prices, got.returns = (
        frame.drop(columns=[name for name in symbols if name in frame.columns]) for frame in (got.prices, got.returns)
    )


def _take_out_what_cannot_be(got: Delivery, source: Any, options: dict[str, Any], *, returns: bool) -> None:
    """Judge what a source that is no file delivered: one bad value must not stop the other symbols.

    A source of levels (FRED) may deliver any number, as long as nobody wants returns of it.
    """
    name = str(getattr(source, "name", type(source).__name__))
    levels = options.get("levels", LEVEL_SYMBOLS)
    if not returns and getattr(source, "kept", "") == "level":
        levels = got.prices.columns
    got.prices, refused, notes = possible_frame(got.prices, name, levels)
    got.returns, also, more = possible_frame(got.returns, name, levels, returns=True)
    got.failures |= refused | also
    for symbol, words in (notes | more).items():
        table = got.quality if got.quality is not None else pd.DataFrame()
        known = table["note"].dropna().to_dict() if "note" in table else {}
        table = table.reindex([*table.index, *({symbol} - set(table.index))])
        table.loc[symbol, "note"] = "; ".join(filter(None, [known.get(symbol), words]))
        got.quality = table


def _refuse_nothing(got: Delivery) -> None:
    if got.symbols:
        return
    if not got.failures:
        msg = "the source holds no symbol at all; name the symbols that you want"
        raise DataError(msg)
    known = BundledSource().symbols()
    reasons = [
        f"{told(why)}{near(symbol, known) if isinstance(why, NoSuchTicker) and 'did you mean' not in str(why) else ''}"
        for symbol, why in islice(got.failures.items(), FEW)
    ]
    reasons += [f"and {len(got.failures) - FEW:,} more"] if len(got.failures) > FEW else []
    local = all(isinstance(why, (NoSuchTicker, InputError)) for why in got.failures.values())
    msg = f"no symbol could be had: {' · '.join(reasons)}"
    raise (DataError if local else SourceError)(msg)


def _prices(
    got: Delivery,
    first: pd.Timestamp | None,
    last: pd.Timestamp | None,
    calendar: str | None,
    calendars: Mapping[str, str] | None,
) -> PricePanel:
    frame = got.prices
    if len(frame) and (first is not None or last is not None) and isinstance(frame.index, pd.DatetimeIndex):
        zone = frame.index.tz
        low = frame.index[0] if first is None else first.tz_localize(zone)
        high = frame.index[-1] if last is None else last.tz_localize(zone) + pd.Timedelta(days=1, microseconds=-1)
        inside = frame.loc[(frame.index >= low) & (frame.index <= high)]
        empty = [name for name in frame.columns if inside[name].notna().sum() == 0]
        for symbol in empty:
            got.failures[symbol] = NoDataInWindow(
                f"{got.sources[symbol]} has no bar of {symbol!r} in the dates asked for"
            )
        frame = inside.drop(columns=empty)
        got.prices = frame
        _refuse_nothing(got)
    span = None
    if len(frame) and isinstance(frame.index, pd.DatetimeIndex) and frame.index.tz is None:
        span = (first or frame.index[0], last or frame.index[-1])
        if calendar is not None and not is_intraday(frame.index):
            usual, own = auto_calendars(calendar, {**got.calendars, **by_symbol(calendars, "calendars")}, got.symbols)
            got.failures |= (broken := unbuildable({name: own.get(name) for name in got.symbols}, *span))
            frame = got.prices = frame.drop(columns=[name for name in broken if name in frame.columns])
            got.returns = got.returns.drop(columns=[name for name in broken if name in got.returns.columns])
            _refuse_nothing(got)
            if bar_kind(frame.index) == "sessions":
                days = pd.DatetimeIndex(frame.index)
                refuse_sparse(usual or USUAL, days, got.places.get(lone(days), ""))
    return PricePanel(
        frame,
        calendar=calendar,
        calendars={**got.calendars, **by_symbol(calendars, "calendars")},
        sources=got.sources,
        failures=got.failures,
        quality=got.quality,
        span=span,
        notes=replace(got.notes, traded=pd.DatetimeIndex(got.returns.index) if got.returns.shape[1] else None),
        label=got.label,
    )


def _converted(
    panel: PricePanel,
    money: tuple[str, Mapping[str, str] | None],
    source: Any,
    options: dict[str, Any],
    dates: tuple[pd.Timestamp | None, pd.Timestamp | None],
) -> PricePanel:
    """Convert a panel with the rates of its own source, from a few days before it on."""
    given: object = money[0]
    if not isinstance(given, str):
        msg = f"currency={brief(repr(given))} is no currency; give its code, such as 'USD'"
        raise DataError(msg)
    table = panel.quality
    currency, stated = money[0], by_symbol(money[1], "currencies")
    known = {} if "currency" not in table else table["currency"].dropna().to_dict()
    all_said: dict[Any, Any] = {**known, **stated}
    known = {symbol: name for symbol, name in all_said.items() if symbol in panel.symbols}
    needed = rate_symbols({str(s): str(known[s]) for s in known if s not in LEVEL_SYMBOLS}, currency)
    first = None if dates[0] is None else dates[0] - pd.Timedelta(days=PAD_DAYS)
    rates = ask(resolve(source, options), needed, first, dates[1]).prices if needed else pd.DataFrame()
    return convert_currency(panel, currency, rates, currencies=stated)


def _quality(
    panel: PricePanel,
    got: Delivery,
    rows: pd.DataFrame,
    first: pd.Timestamp | None,
    last: pd.Timestamp | None,
) -> pd.DataFrame:
    """Assess the prices from `start` on, and of the returns that came as returns."""
    cut = panel.frame
    if first is not None and not panel.frame.empty:
        zone = getattr(panel.frame.index, "tz", None)  # of bars within days
        cut = panel.frame.loc[panel.frame.index >= first.tz_localize(zone)]
    span = None if not len(cut) else (first or cut.index[0], last or cut.index[-1])
    common: dict[str, Any] = {
        "notes": panel.notes,
        "calendar": panel.calendar,
        "calendars": panel.calendars,
        "sources": got.sources,
    }
    daily = isinstance(cut.index, pd.DatetimeIndex) and cut.index.tz is None
    priced = PricePanel(cut, quality=got.quality, span=span if daily else None, **common).quality
    ready = [symbol for symbol in got.returns.columns if symbol in rows.columns]
    parts = [priced] if cut.shape[1] else []
    if ready:
        parts.append(PricePanel(rows[ready].dropna(how="all"), quality=got.quality, **common).quality)
    return pd.DataFrame(pd.concat(parts).reindex(list(rows.columns)))
