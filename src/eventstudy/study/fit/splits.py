"""Which security-events are fitted together: those of one market and of one estimation window."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.abnormal.models.markets import Markets
from eventstudy.checks import whole
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.returns.tables.names import label_text, label_texts, plain
from eventstudy.study.design import Design, EstimationWindow, refuse_inside, usual_minimum
from eventstudy.study.request import Request
from eventstudy.words import brief, nearest

NAMES = ("estimation_start", "estimation_end")


@dataclass(frozen=True, slots=True)
class Splits:
    """The security-events of a study by what is fitted together.

    Attributes
    ----------
    studies : list of Design
        The study with each market and each estimation window that occurs.
    code : (N,) int or None
        Which of them each row of the request has; None: the only one.
    benchmarks : collection of str
        Symbols that are markets of others and have none of their own.
    """

    studies: list[Design]
    code: Ints | None
    benchmarks: Collection[str]


def splits_of(
    study: Design, request: Request, panel: ReturnPanel, symbols: list[str], where: tuple[Ints, Ints]
) -> Splits:
    """Split the rows asked for; `where` are event (N,) and symbol (N,) of each."""
    held = label_texts(panel.frame.columns)
    markets = _markets(study, request, panel, held, symbols, where)
    windows = _windows(study, request)
    if markets is None and windows is None:
        return Splits([study], None, set(map(label_text, study.model.symbols)))
    event = where[0]
    name = np.full(event.size, "", dtype=object) if markets is None else markets[0]
    piece = np.zeros(event.size, dtype=np.int64) if windows is None else windows[0][event]
    market, names = pd.factorize(name)
    code, distinct = pd.factorize(market * (piece.max(initial=0) + 1) + piece)
    studies = []
    for one in distinct.tolist():
        at, own = divmod(one, int(piece.max(initial=0)) + 1)
        part, model = study, cast("Any", study.model)
        if markets is not None:
            chosen = names[at] or model.symbols[0]  # who has no market is not studied
            part = replace(part, model=replace(model, market=chosen))
        if windows is not None and windows[1][own] is not None:
            part = replace(part, estimation=windows[1][own])
        studies.append(part)
    benchmarks = set(map(label_text, study.model.symbols)) if markets is None else markets[1]
    return Splits(studies or [study], code.astype(np.int64), benchmarks)


def _markets(
    study: Design,
    request: Request,
    panel: ReturnPanel,
    held: list[str],
    symbols: list[str],
    where: tuple[Ints, Ints],
) -> tuple[NDArray[np.object_], set[str]] | None:
    """Return the market of each row, "" where it has none, and who is only a market; None where all rows have one."""
    given = getattr(study.model, "market", None)
    event, symbol = where
    column = _column(request.frame, "market") if isinstance(given, str | Markets) else None
    if given is None or (column is None and not isinstance(given, Markets)):
        return None
    known = {*held, *panel.levels.columns}
    by_symbol: Mapping[str, str] = {}
    if isinstance(given, Markets):
        by_symbol = _by_symbol(given, known, panel, symbols)
    usual = "" if isinstance(given, Markets) else given
    mapped = np.array([by_symbol.get(name, usual) for name in symbols], dtype=object)[symbol]
    stated = np.full(event.size, "", dtype=object)
    if column is not None:
        stated = _stated(request.frame[column], str(column), known)[event]
        mixed = np.flatnonzero(
            (stated != "") & (stated != mapped) & np.array([n in by_symbol for n in symbols])[symbol]
        )
        if mixed.size:
            row, name = mixed[0], symbols[symbol[mixed[0]]]
            msg = f"column {column!r}, row {event[row]}: the market of {name!r} is {stated[row]!r} there and {mapped[row]!r} in the model; keep one"
            raise StudyError(msg)
    market = np.where(stated != "", stated, mapped)
    markets = {*by_symbol.values(), *(name for name in (*np.unique(stated.astype(str)), usual) if name)}
    alone = [symbols[at] for at in np.unique(symbol[market == ""]).tolist()]
    lost = next((name for name in alone if name in known and name not in markets), None)
    if lost is not None:
        msg = (
            f"market= names no market for {lost!r}{nearest(lost, by_symbol)}; add it: {{…, {lost!r}: {min(markets)!r}}}"
        )
        raise StudyError(msg)
    itself = {symbols[at] for at in np.unique(symbol[market == np.array(symbols, dtype=object)[symbol]]).tolist()}
    placed = {*by_symbol, *(symbols[at] for at in np.unique(symbol[stated != ""]).tolist())}
    return market, (markets - placed) | itself


def _by_symbol(given: Markets, known: set[str], panel: ReturnPanel, symbols: list[str]) -> Mapping[str, str]:
    """Return the market of each symbol; a name that nobody knows is refused with the nearest."""
    came = {*known, *panel.failures, *symbols}
    for name, market in given.items():
        if name not in came:
            msg = f"market= names {brief(name)!r}, which the panel does not hold{nearest(name, sorted(known))}; mend or drop it"
            raise StudyError(msg)
        if market not in known:
            why = f" ({panel.failures[market]})" if market in panel.failures else ""
            msg = f"the market of {name!r} is {brief(market)!r}, which the panel does not hold{why}{nearest(market, sorted(known))}; load it along"
            raise StudyError(msg)
    return given


def _stated(column: pd.Series[Any], name: str, known: set[str]) -> NDArray[np.object_]:
    """Return the markets that a column states, "" where it is empty."""
    code, distinct = pd.factorize(column)
    texts = [label_text(value) for value in distinct.tolist()]
    for at, market in enumerate(texts):
        if market and market not in known:
            msg = (
                f"column {name!r}, row {int((code == at).argmax())}: {brief(market)!r} is no symbol of the panel{nearest(market, sorted(known))}; "
                "the column says on which market each row is estimated: load it along, or give the column another name"
            )
            raise StudyError(msg)
    return np.array([*texts, ""], dtype=object)[code]


def _column(frame: pd.DataFrame, name: str) -> Any:
    """Return the column of that name, however it is spelt; None if there is none."""
    found = [one for one in frame.columns if plain(one) == plain(name)]
    if len(found) > 1:
        msg = f"events: columns {found[0]!r} and {found[1]!r} are both {name!r}; keep one"
        raise StudyError(msg)
    return found[0] if found else None


def _windows(study: Design, request: Request) -> tuple[Ints, list[EstimationWindow | None]] | None:
    """Return which estimation window each event has, and the windows, None for that of the study; None: all have that."""
    columns = [_column(request.frame, name) for name in NAMES]
    if columns == [None, None]:
        return None
    if None in columns:
        msg = f"events: a window of its own needs both columns, {NAMES[0]!r} and {NAMES[1]!r}; only one is there"
        raise StudyError(msg)
    days = [_days(request.frame[column], str(column)) for column in columns]
    codes: list[int] = []
    windows: list[EstimationWindow | None] = []
    seen: dict[tuple[int | None, int | None], int] = {}
    for row, (first, last) in enumerate(zip(*days, strict=True)):
        if (first is None) != (last is None):
            msg = f"events, row {row}: {NAMES[0]} and {NAMES[1]} must both be there or both be empty"
            raise StudyError(msg)
        if (first, last) not in seen:
            seen[first, last] = len(windows)
            windows.append(None if first is None or last is None else _window(study, row, first, last))
        codes.append(seen[first, last])
    return np.array(codes, dtype=np.int64), windows


def _window(study: Design, row: int, first: int, last: int) -> EstimationWindow:
    """Return the window of one pair: before the event window or after it; a stated minimum counts where it can be met."""
    usual = study.estimation_window
    bars = last - first + 1
    least = min(usual.minimum, bars) if usual.minimum != usual_minimum(usual.length) else None
    try:
        if first > study.window[1]:
            return EstimationWindow(after=(first, last), minimum=least)
        found = EstimationWindow(before=(first, last), minimum=least)
        refuse_inside(found, study.window)
    except StudyError as fault:
        msg = f"events, row {row}, {NAMES[0]} {first} and {NAMES[1]} {last}: {fault}"
        raise StudyError(msg) from fault
    return found


def _days(column: pd.Series[Any], name: str) -> list[int | None]:
    """Return relative days, None where a cell is empty."""
    found: list[int | None] = []
    for row, value in enumerate(column.tolist()):
        if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            found.append(None)
            continue
        day = whole(value)
        if day is None:
            msg = f"column {name!r}, row {row}: {brief(repr(value))} is no relative day; give a whole number, such as -250"
            raise StudyError(msg)
        found.append(day)
    return found
