"""A source of single symbols over the network: patience, pool and cache, the same for all of them.

A new one says how to get one symbol's bars, once; everything else is here.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

import pandas as pd

from eventstudy.checks import checked
from eventstudy.errors import (
    DataError,
    EventStudyError,
    InputError,
    NoDataInWindow,
    NoSuchTicker,
    SourceError,
    Unreachable,
    kept,
)
from eventstudy.returns._sessions import unbuildable
from eventstudy.returns.adjust import Adjustment, adjusted_close
from eventstudy.returns.bars import MINOR, Bars, day_of_note
from eventstudy.returns.cache.store import Entry, Key, Store, default_folder
from eventstudy.returns.exchanges import calendar_of, calendar_zone, last_complete_session
from eventstudy.returns.panel import PricePanel
from eventstudy.returns.protocol import Delivery
from eventstudy.returns.quality.possible import NAMED, judged, spacing
from eventstudy.returns.remote.pool import gather
from eventstudy.returns.remote.retries import Deadline, Gate, Patience, persist
from eventstudy.returns.remote.yahoo_errors import as_source_error

EARLIEST: Final = pd.Timestamp("1900-01-01")
OVERLAP: Final = pd.Timedelta(days=10)  # fetched again when a range is extended, to see whether the basis has changed
SMALL_DIVIDEND: Final = 5e-4  # of a close in pence, below which a dividend is perhaps in pounds
SAME: Final = 1e-3  # relative difference of a close beyond which the source has rescaled its history (a split since)


class RemoteSource:
    """What all sources over the network share.

    Parameters
    ----------
    cache : path, bool or None
        A folder; True: the user's cache folder; None or False: nothing is kept.
    offline : bool
        Answer from the cache alone.
    refresh : bool
        Ask again for what the cache has.
    adjustment : {"total", "price", "none", "source"}
        Which close: total return, price return, as traded, or the source's own adjusted close.
    patience : Patience, optional
        Tries, waits, and when to give up; single values can be given by name: ``tries=``, ``wait=``, ``give_up=`` (30 s for
        a symbol), ``spacing=``, ``stop_after=``.
    workers : int
        Symbols at a time.
    progress : callable, optional
        Called after each symbol: done, total, symbol, "ok" or the reason.
    now : callable, optional
        The present moment (aware); for tests.
    """

    name: ClassVar[str] = ""
    network: ClassVar[bool] = True  # what it fails to deliver is a failure, a symbol that it does not know too
    kept: ClassVar[str] = "raw"  # what the cache keeps: prices; "returns" and "level" (any number) are judged as such

    @checked(DataError)
    def __init__(
        self,
        *,
        cache: str | os.PathLike[str] | bool | None = None,
        offline: bool = False,
        refresh: bool = False,
        adjustment: Adjustment = "total",
        patience: Patience | None = None,
        workers: int = 3,
        progress: Callable[[int, int, str, str], None] | None = None,
        now: Callable[[], pd.Timestamp] | None = None,
        **single: Any,
    ) -> None:
        folder = default_folder() if cache is True or (offline and not cache) else cache
        self.store = Store(folder) if folder else None
        self.offline, self.refresh, self.adjustment = offline, refresh, adjustment
        self.patience = replace(patience or Patience(), **single)
        self.workers, self.progress = workers, progress
        self.now = now or (lambda: pd.Timestamp.now("UTC"))

    def one(self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, deadline: Deadline) -> Bars:
        """Get one symbol from the source, once, from `start` to `end`, both included; raise a `SourceError` if it cannot."""
        raise NotImplementedError

    def _between_tries(self) -> None:
        """Forget what the last try left behind."""

    def fetch(self, symbols: Sequence[str] | None, start: pd.Timestamp | None, end: pd.Timestamp | None) -> PricePanel:
        """Return what there is of `symbols` from `start` to `end`, both included."""
        if symbols is None:
            msg = f"{self.name} has more symbols than anyone wants; name those that you want"
            raise DataError(msg)
        got = self._deliver_between(symbols, start, end)
        return PricePanel(
            got.prices,
            calendars=got.calendars,
            sources=got.sources,
            failures=got.failures,
            quality=got.quality,
            span=(start, end) if start is not None and end is not None and len(got.prices) else None,
        )

    def _deliver_between(
        self, symbols: Sequence[str], start: pd.Timestamp | None, end: pd.Timestamp | None
    ) -> Delivery:
        """Return the days of every symbol as they came, each on those of its exchange, in the order asked for."""
        got = self._gather(symbols, start, end)
        bars = {symbol: got.results[symbol] for symbol in symbols if symbol in got.results}
        failures: dict[str, EventStudyError] = {s: one.failure for s, one in bars.items() if one.failure is not None}
        failures |= got.failures
        closes: dict[str, pd.Series] = {}
        for symbol in list(bars):
            try:
                closes[symbol] = self._close(symbol, bars[symbol])
            except (DataError, SourceError) as error:  # as this adjustment needs them, they are not
                failures[symbol] = kept(error)
                del bars[symbol]
        calendars = {symbol: calendar_of(symbol, one.meta) for symbol, one in bars.items()}
        failures |= (broken := _unbuildable(calendars, closes))
        for symbol in broken:
            del bars[symbol], closes[symbol], calendars[symbol]
        usual = Counter(one.meta.get("currency", "") for one in bars.values()).most_common(1)
        facts = {
            symbol: {**one.meta, "note": "; ".join(_notes(one, calendars[symbol], usual)), **_counts(one)}
            for symbol, one in bars.items()
        }
        return Delivery(
            prices=pd.DataFrame(closes).sort_index() if closes else pd.DataFrame(),
            failures={symbol: failures[symbol] for symbol in symbols if symbol in failures},
            sources=dict.fromkeys(bars, self.name),
            calendars={symbol: name for symbol, name in calendars.items() if name is not None},
            quality=pd.DataFrame(list(facts.values()), index=list(facts)),
        )

    def _gather(self, symbols: Sequence[str], start: pd.Timestamp | None, end: pd.Timestamp | None) -> Any:
        """Return the bars of every symbol that came, and why the others did not."""
        first = EARLIEST if start is None else start
        last = self.now().tz_localize(None).normalize() + pd.Timedelta(days=1) if end is None else end

        def one(symbol: str, gate: Gate, stop: threading.Event) -> Bars:
            return self._through_cache(symbol, first, last, gate, stop)

        return gather(list(symbols), one, patience=self.patience, workers=self.workers, progress=self.progress)

    def _close(self, symbol: str, bars: Bars) -> pd.Series:
        """Return the closes that the panel holds: adjusted as asked, above zero."""
        close = adjusted_close(bars, self.adjustment)
        return close.where(bars.frame["close"].notna()).rename(symbol)

    def _through_cache(
        self, symbol: str, start: pd.Timestamp, end: pd.Timestamp, gate: Gate, stop: threading.Event
    ) -> Bars:
        calendar = calendar_of(symbol) or "XNYS"
        try:
            last = last_complete_session(calendar, end, self.now())
        except InputError as error:  # of this exchange alone; the others of the load go on
            msg = f"its exchange has no calendar here: {error}"
            raise NoDataInWindow(msg) from error
        if last is None or last < start:
            msg = f"no session of {calendar} has ended between {start:%Y-%m-%d} and {end:%Y-%m-%d}; ask for other dates"
            raise NoDataInWindow(msg)

        def once(low: pd.Timestamp, deadline: Deadline) -> Bars:
            try:
                return judged(self.one(symbol, low, last, deadline), symbol, self.kept, self.name)
            except SourceError:
                raise
            except Exception as error:  # of one symbol, whatever it was: the others come all the same
                raise as_source_error(error, symbol, source=self.name) from error

        def ask(low: pd.Timestamp) -> Bars:
            bars = persist(partial(once, low), self.patience, gate, stop, between=self._between_tries)
            return bars.between(low, last)

        if self.store is None:
            return ask(start)
        key = Key(self.name, self.kept, symbol)
        if self.offline:
            return _offline(symbol, self.store, key, start, last)
        entry = self.store.read(key)
        if entry is not None and not self.refresh and entry.first <= start and entry.last >= last:
            return entry.bars.between(start, last)
        return self._extended(key, entry, start, last, ask)

    def _extended(
        self,
        key: Key,
        entry: Entry | None,
        start: pd.Timestamp,
        last: pd.Timestamp,
        ask: Callable[[pd.Timestamp], Bars],
    ) -> Bars:
        """Fetch what the entry lacks and keep it; a source that fails leaves the reader what was kept before."""
        reaches = entry is not None and entry.first <= start <= entry.last and not self.refresh
        try:
            fresh = ask(max(start, entry.last - OVERLAP) if reaches and entry is not None else start)
            if reaches and entry is not None and _rescaled(entry.bars, fresh):
                fresh, start, reaches = ask(entry.first), entry.first, False
        except (NoDataInWindow, NoSuchTicker) as error:
            if entry is None or not reaches:
                raise
            return entry.bars.between(start, last).noting(f"nothing newer than {entry.last:%Y-%m-%d}: {error}")
        except SourceError as error:
            if entry is None or not reaches:
                raise
            why = type(error)(f"{error} (what was kept, up to {entry.last:%Y-%m-%d}, is there)")
            return replace(entry.bars.between(start, last), failure=why)
        as_of = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        store = self.store
        assert store is not None  # noqa: S101  the caller has looked

        def merged(present: Entry | None) -> Entry:
            both = _merged(present, fresh, start, last, as_of, anew=not reaches)
            return replace(both, bars=judged(both.bars, key.symbol, self.kept, self.name))

        kept = store.update(key, merged)
        return kept.bars.between(start, last)


def _offline(symbol: str, store: Store, key: Key, start: pd.Timestamp, last: pd.Timestamp) -> Bars:
    try:
        entry = store.read(key, mend=False)
    except (OSError, ValueError) as error:
        msg = f"what the cache has of {symbol!r} is damaged ({error}), and offline=True; fetch it anew: eventstudy fetch {symbol}"
        raise Unreachable(msg) from error
    if entry is None:
        msg = f"{symbol!r} is not in the cache, and offline=True; fetch it once: eventstudy fetch {symbol}"
        raise Unreachable(msg)
    bars = entry.bars.between(start, last)
    if bars.frame.empty:
        msg = f"the cache has {symbol!r} from {entry.first:%Y-%m-%d} to {entry.last:%Y-%m-%d} only, and offline=True"
        raise Unreachable(msg)
    if entry.first > start or entry.last < last:
        return bars.noting(f"offline: the cache has {entry.first:%Y-%m-%d} .. {entry.last:%Y-%m-%d} only")
    return bars


def _rescaled(old: Bars, new: Bars) -> bool:
    """Whether the closes of the days that both have differ, or their currency: a split or a redefinition since."""
    currencies = {bars.meta.get("currency", "") for bars in (old, new)} - {""}
    if len(currencies) > 1:
        return True
    both = pd.concat([old.frame["close"], new.frame["close"]], axis=1, keys=["old", "new"], join="inner").dropna()
    return bool(((both["new"] / both["old"] - 1.0).abs() > SAME).any())


def _merged(
    present: Entry | None, fresh: Bars, start: pd.Timestamp, last: pd.Timestamp, as_of: str, *, anew: bool
) -> Entry:
    """Add fresh bars to an entry: fresh values win, a value once seen is not lost to a hole."""
    frame, first, end, notes = fresh.frame, start, last, fresh.notes
    apart = present is not None and (present.last + OVERLAP < start or last < present.first - OVERLAP)
    if present is not None and not (apart or (anew and _rescaled(present.bars, fresh))):
        old = present.bars.frame
        if "adj_close" in old and "adj_close" in frame:  # an older adjusted close is on an older basis
            common = old["adj_close"].index.intersection(frame["adj_close"].dropna().index)
            ratio = (frame["adj_close"].loc[common] / old["adj_close"].loc[common]).dropna()
            old = old.assign(adj_close=old["adj_close"] * (ratio.iloc[0] if len(ratio) else 1.0))
        frame = frame.combine_first(old)[list(frame.columns)].sort_index()
        first, end = min(present.first, start), max(present.last, last)
        asked = f"{start:%Y-%m-%d}" if anew else f"{max(start, present.last - OVERLAP):%Y-%m-%d}"
        before = [
            note
            for note in present.bars.notes
            if "" < day_of_note(note) < asked or day_of_note(note) > f"{last:%Y-%m-%d}"
        ]
        notes = tuple(dict.fromkeys((*before, *notes)))
    seen = frame.index[frame["close"].notna()]
    end = min(end, pd.Timestamp(seen[-1])) if len(seen) else first  # a bar that has not come yet is asked for again
    return Entry(Bars(frame, fresh.meta, notes), first, end, as_of)


def _unbuildable(calendars: Mapping[str, str | None], closes: Mapping[str, pd.Series]) -> dict[str, EventStudyError]:
    days = [day for close in closes.values() if len(close) for day in (close.index[0], close.index[-1])]
    return unbuildable(calendars, min(days), max(days)) if days else {}


def _notes(bars: Bars, calendar: str | None, usual: list[tuple[str, int]]) -> list[str]:
    """List what the reader should know of a symbol beside its numbers."""
    notes = [*bars.notes, *filter(None, [spacing(bars.frame)])]
    currency, zone = bars.meta.get("currency", ""), bars.meta.get("timezone", "")
    notes += _small_dividends(bars, currency)
    if currency and usual[0][0] and currency != usual[0][0]:
        notes.append(f"in {currency}, most of the panel in {usual[0][0]}")
    if calendar is not None and zone and zone != calendar_zone(calendar):
        notes.append(f"the source says {zone}, calendar {calendar} is {calendar_zone(calendar)}")
    return notes


def _small_dividends(bars: Bars, currency: str) -> list[str]:
    """Note dividends that seem to be in the whole currency where prices are in its hundredth: their units are multiplied as they come."""
    if currency not in MINOR or "dividend" not in bars.frame:
        return []
    cash, before = bars.frame["dividend"], bars.frame["close"].ffill().shift(1)
    small = cash.index[(cash > 0) & (cash < SMALL_DIVIDEND * before)]
    return [
        f"{day:%Y-%m-%d}: dividend {cash[day]:g} beside a close of {before[day]:g} {currency} is perhaps in {MINOR[currency]}; taken as it stands"
        for day in small[:NAMED]
    ]


def _counts(bars: Bars) -> dict[str, int]:
    close = bars.frame["close"]
    found = {"null_prices": int(close.isna().sum())}
    if "volume" in bars.frame:
        found["zero_volume"] = int(((bars.frame["volume"] == 0) & close.notna()).sum())
    return found
