"""What a caller asks for: symbols, where each comes from, and dates."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from eventstudy.border import is_there
from eventstudy.calendars import known_years, outside
from eventstudy.dates import read_stamp
from eventstudy.errors import DataError
from eventstudy.frames import as_pandas
from eventstudy.returns.bundled import BUNDLED, FACTORS, PRICE_SYMBOLS, RETURN_SYMBOLS
from eventstudy.returns.protocol import ALL
from eventstudy.returns.tables.names import ENDINGS
from eventstudy.words import brief

FROM_BUNDLED: Final = f"{BUNDLED}:"
TICKERS_TOO: Final = frozenset({*(name.upper() for name in FACTORS), "UMD"})  # RF is Regions Financial, CMA Comerica


def source_first(symbols: Any, source: Any) -> tuple[Any, Any]:
    """Return the symbols and the source, where a frame, a file or a source stands in the place of the symbols."""
    symbols, source = as_pandas(symbols, DataError), as_pandas(source, DataError)
    if not _is_source(symbols, source):
        return symbols, source
    if not (isinstance(source, str) and source == BUNDLED):
        what = "a frame" if isinstance(symbols, pd.DataFrame) else brief(repr(symbols))
        msg = f"{what} stands in the place of the symbols, and source= is given too: pass one of them, and symbols by name"
        raise DataError(msg)
    return None, symbols


def _is_source(symbols: Any, source: Any) -> bool:
    if isinstance(symbols, (pd.DataFrame, os.PathLike)) or hasattr(symbols, "fetch"):
        return True
    if not isinstance(symbols, str) or not (isinstance(source, str) and source == BUNDLED):
        return False
    if symbols in (*PRICE_SYMBOLS, *RETURN_SYMBOLS):
        return False
    path = Path(symbols)
    return symbols.lower().endswith(ENDINGS) or is_there(path.exists)


def wanted_symbols(symbols: Any) -> tuple[list[str] | None, list[str]]:
    """Return the names of the symbols, None for all, and those of them that are asked of the bundled figures alone.

    Examples
    --------
    >>> wanted_symbols(["NVDA", "bundled:RF"]), wanted_symbols({"RF": "bundled", "NVDA": None})
    ((['NVDA', 'RF'], ['RF']), (['RF', 'NVDA'], ['RF']))
    """
    if symbols is None:
        return None, []
    if isinstance(symbols, Mapping):
        strange = next((where for where in symbols.values() if where not in (None, BUNDLED)), None)
        if strange is not None:
            msg = (
                f"symbols={{…: {brief(repr(strange))}}}: only 'bundled' (or None, for source=) can be named for single symbols; load the others "
                "apart and put the panels together: one.join(other)"
            )
            raise DataError(msg)
        symbols = [f"{FROM_BUNDLED}{name}" if where == BUNDLED else name for name, where in symbols.items()]
    if not isinstance(symbols, (str, int, Iterable)):
        msg = f"symbols={brief(repr(symbols))} names no symbols; give one name or a list of them"
        raise DataError(msg)
    given = [str(symbols)] if isinstance(symbols, (str, int)) else [str(symbol) for symbol in symbols]
    if not given:
        msg = "no symbol was named; name at least one, or leave symbols out for all that the source has"
        raise DataError(msg)
    names = list(dict.fromkeys(name.removeprefix(FROM_BUNDLED) for name in given))
    bundled = list(dict.fromkeys(name.removeprefix(FROM_BUNDLED) for name in given if name.startswith(FROM_BUNDLED)))
    unknown = [name for name in bundled if name not in (*PRICE_SYMBOLS, *RETURN_SYMBOLS)]
    if unknown:
        msg = (
            f"the bundled figures do not have {unknown[0]!r}; they have {', '.join((*PRICE_SYMBOLS, *RETURN_SYMBOLS))}"
        )
        raise DataError(msg)
    return names, bundled


def refuse_factor_or_share(
    wanted: Sequence[str] | None, found: Iterable[str], below: Iterable[str], source: str
) -> None:
    """Refuse a factor's name that the source has, where other factors asked for are not in it: it is perhaps a share."""
    if wanted is None:
        return
    factors = [name for name in below if name in FACTORS]
    shares = [name for name in found if name.upper() in TICKERS_TOO and name in wanted]
    if factors and shares:
        msg = (
            f"{source} has {shares[0]!r} and not {factors[0]!r}: there {shares[0]!r} may be a share, not the factor. Say which: "
            f"'bundled:{shares[0]}' or {{{shares[0]!r}: 'bundled'}} for the factor; for the share load the factors apart and put the panels "
            "together: one.join(other)"
        )
        raise DataError(msg)


def dates_asked(
    start: str | dt.date | None, end: str | dt.date | None
) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Return the first and the last day asked for."""
    first, last = (_date(name, value) for name, value in (("start", start), ("end", end)))
    if first is not None and last is not None and first > last:
        msg = f"start {first:%Y-%m-%d} is after end {last:%Y-%m-%d}; swap them"
        raise DataError(msg)
    return first, last


def _date(name: str, value: str | dt.date | None) -> pd.Timestamp | None:
    if value is None:
        return None
    try:
        moment = read_stamp(value)
    except ValueError as fault:
        msg = f"{name} {brief(repr(value))} is not a date; write it as 2025-04-03"
        raise DataError(msg) from fault
    if outside(pd.DatetimeIndex([moment]))[0]:
        msg = f"{name} {brief(repr(value))} lies outside the years {known_years()}; check the date"
        raise DataError(msg)
    return moment.tz_localize(None).normalize().as_unit("us")


def in_order(wanted: Sequence[str] | None, came: Sequence[str]) -> Sequence[str]:
    """Return the symbols in the order asked for."""
    return came if wanted is None or ALL in wanted else wanted
