"""What one does with the cache: fill it, list it, verify it, clear it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.calendars import AUTO
from eventstudy.errors import told
from eventstudy.returns.adjust import adjusted_close
from eventstudy.returns.bars import Bars
from eventstudy.returns.cache.store import Key, Store, default_folder
from eventstudy.returns.load import load_prices
from eventstudy.returns.panel import PricePanel
from eventstudy.returns.remote.remote import RemoteSource
from eventstudy.returns.sources.registry import remote_source

LISTED: Final = ("source", "adjustment", "symbol", "rows", "first", "last", "covered", "currency", "timezone", "as_of")
BASIS_POINT: Final = 1e-4


def fetch(
    symbols: Iterable[str],
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    *,
    source: str = "yahoo",
    cache: str | os.PathLike[str] | bool = True,
    calendar: str | None = AUTO,
    progress: Callable[[int, int, str, str], None] | None = None,
    **options: Any,
) -> PricePanel:
    """Fill the cache with what it lacks of `symbols`, and return the panel.

    Parameters
    ----------
    symbols : iterable of str
    start, end : str or date
        Both included.
    source : str
        The name of a source over the network.
    cache : path or bool
        True: the user's cache folder.
    calendar : str or None
        Of the panel.
    progress : callable, optional
        Called after each symbol: done, total, symbol, "ok" or the reason.
    **options
        Of the source: ``offline=True``, ``refresh=True``, ``give_up=``, …

    Returns
    -------
    PricePanel
        `.failures` names each symbol that did not come, and why; run the same again and only those are asked for.

    Raises
    ------
    eventstudy.errors.SourceError
        If every symbol failed.
    """
    made = remote_source(source, {"cache": cache, "progress": progress, **options})
    return load_prices(symbols, start, end, source=made, calendar=calendar)


def cache_entries(folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """List what the cache holds: one row an entry, in the order of source, adjustment, symbol.

    Returns
    -------
    pandas.DataFrame
        source, adjustment, symbol, rows, first, last, covered, currency, timezone, as_of.
    """
    store = _store(folder)
    rows = []
    for key in store.keys():  # noqa: SIM118  a store is no mapping
        manifest = store.manifest(key)
        said, covered = manifest.get("meta"), manifest.get("covered")
        meta = said if isinstance(said, dict) else {}  # a damaged entry is listed too
        days = covered if isinstance(covered, list) and len(covered) == 2 else ["", ""]
        rows.append(
            {
                "source": key.source,
                "adjustment": key.adjustment,
                "symbol": key.symbol,
                "rows": manifest.get("rows", 0),
                "first": manifest.get("first", ""),
                "last": manifest.get("last", ""),
                "covered": f"{days[0]}..{days[1]}",
                "currency": meta.get("currency", ""),
                "timezone": meta.get("timezone", ""),
                "as_of": manifest.get("as_of", ""),
            }
        )
    return pd.DataFrame(rows, columns=list(LISTED))


def cache_verify(
    folder: str | os.PathLike[str] | None = None,
    *,
    source: str | RemoteSource | None = None,
    progress: Callable[[int, int, str, str], None] | None = None,
) -> pd.DataFrame:
    """Check every entry's checksum and, given a source, by how much its returns have changed since.

    Parameters
    ----------
    folder : path, optional
        By default the user's cache folder.
    source : str or RemoteSource, optional
        A source to ask again; entries of others are only checked. Nothing in the cache is changed.
    progress : callable, optional
        As for `fetch`.

    Returns
    -------
    pandas.DataFrame
        source, adjustment, symbol, state ("ok", "damaged", "revised", "not comparable") and detail; with a source also
        max_change (largest difference of a day's return, decimal) and max_change_day.
    """
    store = _store(folder)
    rows: list[dict[str, Any]] = []
    for key in store.keys():  # noqa: SIM118  a store is no mapping
        damage = store.damage(key)
        state = (
            {"state": "damaged", "detail": f"{damage}; it will be fetched anew"}
            if damage
            else {"state": "ok", "detail": ""}
        )
        rows.append({"source": key.source, "adjustment": key.adjustment, "symbol": key.symbol, **state})
    table = pd.DataFrame(rows, columns=["source", "adjustment", "symbol", "state", "detail"])
    if source is None:
        return table
    made = remote_source(source, {"cache": None, "progress": progress}) if isinstance(source, str) else source
    return _compared(table, store, made)


def cache_clear(
    folder: str | os.PathLike[str] | None = None,
    *,
    symbols: Iterable[str] | None = None,
    source: str | None = None,
) -> int:
    """Remove entries: all, or those of some symbols or one source. What the cache did not write stays.

    Returns
    -------
    int
        How many there were.
    """
    store = _store(folder)
    wanted = None if symbols is None else {symbols} if isinstance(symbols, str) else set(symbols)
    gone = 0
    for key in list(store.keys()):
        if (wanted is None or key.symbol in wanted) and source in (None, key.source):
            store.remove(key)
            gone += 1
    store.tidy()
    return gone


def _compared(table: pd.DataFrame, store: Store, source: RemoteSource) -> pd.DataFrame:
    """Fetch every sound entry of the source anew, within its own dates, and compare returns."""
    found = table.assign(max_change=np.nan, max_change_day="")
    source.store = None  # what is kept must not answer for itself
    windows: dict[tuple[pd.Timestamp, pd.Timestamp], dict[str, tuple[int, Bars]]] = {}
    for place, row in enumerate(found.to_dict("records")):
        if (row["state"], row["source"], row["adjustment"]) != ("ok", source.name, source.kept):
            continue
        entry = store.read(Key(row["source"], row["adjustment"], row["symbol"]))
        if entry is not None and len(entry.bars.frame):
            days = entry.bars.frame.index
            window = windows.setdefault((pd.Timestamp(days[0]), pd.Timestamp(days[-1])), {})
            window[row["symbol"]] = place, entry.bars
    for (first, last), kept in sorted(windows.items()):
        got = source._gather(list(kept), first, last)  # noqa: SLF001  the bars themselves, not a panel of them
        for symbol, (place, bars) in kept.items():
            if symbol not in got.results:
                found.loc[place, ["state", "detail"]] = ["not comparable", told(got.failures[symbol])]
                continue
            for name, value in _comparison(bars, got.results[symbol], source.kept).items():
                found.loc[place, name] = value
    return found


def _comparison(kept: Bars, now: Bars, holds: str) -> dict[str, Any]:
    """Say how one entry compares: its largest change of a return, and whether that is a revision."""
    old, new = _returns(kept, holds), _returns(now, holds)
    change = new.reindex(old.index) - old
    lost = int((change.isna() & old.notna()).sum())
    worst = change.abs().max()
    words = [f"a return moved by up to {worst * 1e4:.1f} basis points"] if worst > BASIS_POINT else []
    words += [f"{lost} returns are gone"] if lost else []
    said: dict[str, Any] = {"state": "revised", "detail": "; ".join(words)} if words else {}
    if change.notna().any():
        said |= {"max_change": worst, "max_change_day": f"{change.abs().idxmax():%Y-%m-%d}"}
    return said


def _returns(bars: Bars, holds: str) -> pd.Series:
    """Return the total returns of bars, or the returns that they hold.

    Returns are compared, not levels: every earlier adjusted close moves with a later dividend, its returns do not.
    """
    if holds == "returns":
        return bars.frame["close"]
    close = adjusted_close(bars, "total")
    return close / close.shift(1) - 1.0


def _store(folder: str | os.PathLike[str] | None) -> Store:
    return Store(default_folder() if folder is None else folder)
