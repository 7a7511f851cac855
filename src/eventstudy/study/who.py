"""Which security a row of events is about: the column that says so, found by its name and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

import pandas as pd

from eventstudy.errors import StudyError
from eventstudy.returns.tables.names import SYMBOL_NAMES, label_text, label_texts, plain
from eventstudy.words import brief

#: Words of the trade that may mean something else in a table of events: they name securities where they hold symbols of the panel.
PERHAPS: Final = frozenset(
    {"asset", "security", "instrument", "stock", "identifier", "code", "id", "sid", "sym", "name", "firm", "company", "issuer",
     "underlying", "share", "co", "conm", "firmid", "companyid", "securityname", "bbg", "bbgticker", "target", "acquirer"}
)  # fmt: skip
SURE: Final = (frozenset(SYMBOL_NAMES) | {"symbols", "tickers", "permnos", "isins"}) - PERHAPS
READ: Final = ("event_id", "bar", "announced_at")
#: What a column that says when on its day the news came is called.
TIMED: Final = frozenset(
    {"timing", "when", "time", "hour", "announcementtime", "anntims", "releasetime", "reporttime", "eventtime", "timeofday", "bmoamc",
     "ampm", "markettiming", "announcementtiming", "earningstime", "afterclose"}
)  # fmt: skip
LATE: Final = re.compile(r"(time)?(amc|after|post|nach|après)|\d{1,2}:\d{2}")  # after the close, or a time of day
MOST: Final = (
    0.5  # share of a column's cells, each counted once, that are symbols of the panel: then it names securities
)


def security_column(frame: pd.DataFrame, held: Collection[str], *, crossed: bool) -> str | None:
    """Return the column that names each row's security; None: there is none, and every event meets every symbol.

    `crossed`: whether the caller has asked for that.
    """
    unread = [name for name in frame.columns if name not in READ]
    named = [name for name in unread if plain(name) in SURE]
    if "symbol" in named:
        named = ["symbol"]
    if crossed:
        if named:
            msg = f"symbols= crosses each event with symbols, but column {named[0]!r} says which: leave out one of the two"
            raise StudyError(msg)
        return None
    if len(named) == 1 and holds_symbols(frame[named[0]], held):  # as is usual: nothing else needs a look
        return str(named[0])
    known = [name for name in unread if holds_symbols(frame[name], held)]
    if len(named) > 1:
        known_named = [name for name in named if name in known]
        if len(known_named) != 1:
            both = " and ".join(map(repr, named[:3]))
            msg = f"events: columns {both} may each name the security; rename the one to be read to 'symbol'"
            raise StudyError(msg)
        named = known_named
    if named and (named[0] in known or not known):
        return str(named[0])
    meant = [name for name in known if plain(name) in PERHAPS]
    if not named and len(known) == len(meant) == 1:
        return str(meant[0])
    _refuse_unread(frame, known, held, named)
    return None


def refuse_timing(frame: pd.DataFrame) -> None:
    """Refuse a column that says when on its day the news came, beside bars, which are read alone."""
    for name in frame.columns:
        if plain(name) not in TIMED or pd.api.types.is_numeric_dtype(frame[name].dtype):
            continue
        late = [value for value in frame[name].dropna().unique() if LATE.match(plain(value).lstrip("'"))]
        if late:
            msg = (
                f"column {name!r} says {brief(repr(late[0]))}, and bar is the session itself: news after the close moves the next one. Read "
                f"both: load_pairs(frame, date='bar', timing={name!r}); or, if each bar is right, rename the column"
            )
            raise StudyError(msg)


def refuse_lost_zeros(names: Sequence[str], held: Collection[str]) -> None:
    """Refuse a number that is perhaps a symbol of the panel without the zeros before it: 1 for 000001."""
    lost = [name for name in names if name not in held and name.isdecimal()]
    if not lost:
        return
    padded = {name.lstrip("0"): name for name in held if name.isdecimal() and name.startswith("0")}
    found = next((name for name in lost if name in padded), None)
    if found is not None:
        msg = f"column 'symbol': {found} is perhaps {padded[found]!r}, without its zeros; read that column as text: dtype=str"
        raise StudyError(msg)


def _refuse_unread(frame: pd.DataFrame, known: Sequence[Any], held: Collection[str], named: Sequence[Any]) -> None:
    """Refuse a column or row labels that name symbols of the panel and would not be read."""
    ids = frame["event_id"] if "event_id" in frame.columns else None
    texts = ids is not None and all(isinstance(value, str) for value in ids)
    if known:
        what, way = f"column {known[0]!r}", "rename it to 'symbol'"
    elif frame.index.name is None and not isinstance(frame.index, pd.RangeIndex) and holds_symbols(frame.index, held):
        what, way = "the row labels", "call them so: frame.rename_axis('symbol')"
    elif texts and not named and ids is not None and holds_symbols(ids, held):
        what, way = "column 'event_id'", "copy it into a column 'symbol'"
    else:
        return
    beside = f" (and {named[0]!r}, which is read, does not)" if named else ""
    msg = (
        f"events: {what} holds symbols of the panel{beside}, and is not read; {way}, or study each event with every symbol: "
        "fit(…, symbols='all')"
    )
    raise StudyError(msg)


def holds_symbols(values: Any, held: Collection[str]) -> bool:
    """Whether most of what stands in a column are symbols of the panel."""
    if isinstance(values, pd.MultiIndex):
        return False
    column = pd.Series(values)
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return False
    try:
        cells = label_texts(column.dropna().unique().tolist())
    except (TypeError, NotImplementedError):  # lists and the like, of Python and of Arrow
        return False
    return bool(cells) and sum(cell in held for cell in cells) > MOST * len(cells)


def wanted_symbols(symbols: Any) -> tuple[str, ...] | None:
    """Return what `fit(symbols=)` asks for: None where it is left out, nothing for all, or their names."""
    if symbols is None:
        return None
    if isinstance(symbols, str):
        if symbols == "all":
            return ()
        msg = f"symbols={brief(repr(symbols))} is not 'all' or a list of symbols; one symbol is symbols=[{brief(repr(symbols))}]"
        raise StudyError(msg)
    try:
        names = tuple(dict.fromkeys(label_text(name) for name in symbols))
    except TypeError as fault:
        msg = f"symbols={brief(repr(symbols))} is not 'all' or a list of symbols"
        raise StudyError(msg) from fault
    if not names or "" in names:
        msg = f"symbols={brief(repr(symbols))} names no symbol; name them, or say symbols='all'"
        raise StudyError(msg)
    return names
