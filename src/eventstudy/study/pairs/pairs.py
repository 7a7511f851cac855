"""`load_pairs`: a table of firms and dates as the pairs that a study is fitted on, whatever it was called and however written."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from os import PathLike
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from eventstudy.calendars import AUTO, USUAL, sessions
from eventstudy.errors import DataError
from eventstudy.events.moments import parse_moment, parse_zone
from eventstudy.events.vocabulary import DATE_ONLY
from eventstudy.returns import ReturnPanel
from eventstudy.returns.exchanges import calendar_of, calendar_zone
from eventstudy.returns.tables.cells import without_points
from eventstudy.returns.tables.names import label_text
from eventstudy.study.pairs.characteristics import characteristics
from eventstudy.study.pairs.columns import Columns, find_columns
from eventstudy.study.pairs.dates import read_dates
from eventstudy.study.pairs.reading import Table, read_table
from eventstudy.study.pairs.timing import read_timing, said
from eventstudy.words import brief, nearest

MARK: Final = "pairs"  # what the frame's attrs say of where it came from
ENOUGH: Final = 0.9  # share of the tickers that the prices must hold
NAMED: Final = 5  # tickers that a message names

Calendar = str | Mapping[str, str] | None


def load_pairs(
    source: str | PathLike[str] | pd.DataFrame | Any,
    *,
    symbol: str | None = None,
    date: str | None = None,
    date_format: str | None = None,
    timing: str | None = None,
    timezone: str | None = None,
    event_id: str | None = None,
    calendar: Calendar = AUTO,
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str = "utf-8-sig",
) -> pd.DataFrame:
    """Load a table of firm events: one row a firm and a date.

    Parameters
    ----------
    source : path or frame
        A ``.csv``, ``.tsv``, ``.xlsx``, ``.parquet``, ``.feather`` or ``.dta`` file, or any frame (pandas, polars, Arrow, …).
    symbol, date : str, optional
        The columns of the firm's symbol and of the date, or moment, of the news. By default the one column that is called
        after a ticker (or holds nothing but tickers), and the one that holds dates; what was taken is printed. Two that could
        be meant are refused.
    date_format : str, optional
        As for `datetime.strptime`, such as ``"%m/%d/%Y"``. By default the year stands first, or one format alone reads every
        row; where ``05/06/2024`` may be May or June in all rows it is refused.
    timing : str, optional
        The column that says when on the day: ``bmo``, ``amc``, ``during`` (before open, after close, …), or a time such as
        ``16:20`` or ``4:20 PM``. By default the one that holds such. A row without it is a date alone: its session is taken, and
        flagged ``session_uncertain``. Without a column the day itself is day 0, and flagged so, too (``precision`` says why).
    timezone : str, optional
        Of times and moments that carry none; by default that of each firm's exchange.
    event_id : str, optional
        The column that names the event; by default one of that name, else symbol and date make an id.
    calendar : str, mapping of symbol to str, or None
        The exchange of the firms, whose time ``bmo`` and ``amc`` mean. ``"auto"``: by the ending of the symbol (``SAP.DE``), else XNYS.
    sep, decimal, encoding : str, optional
        Of text: the mark between cells (told from the header), the decimal mark (a comma where semicolons part the cells), and how
        letters are written (``"cp1252"`` of an older Excel).

    Returns
    -------
    pandas.DataFrame
        ``event_id``, ``symbol``, then ``announced_at`` (moments, where timing or a clock is known) or ``bar`` (dates), then all other
        columns as they were: characteristics, which `StudyResult.caar`, `compare`, `explain` and the charts take by name. Rows that
        repeat another in every cell are left out, and counted in what is printed. `EventStudy.fit` takes the frame; it
        refuses one of which less than 90 % of the tickers are in the returns.

    Raises
    ------
    DataError
        Two columns that could be meant, or none; dates that no single format reads; an empty symbol or date; timing that is none:
        with file, row, column, value and the way out.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"Ticker": ["NVDA", "AMD"], "Event Date": ["05/22/2024", "07/30/2024"], "When": ["AMC", "bmo"], "beat": [1, 0]})
    >>> pairs = load_pairs(table, symbol="Ticker", date="Event Date", date_format="%m/%d/%Y", timing="When")
    >>> pairs[["event_id", "symbol", "announced_at", "beat"]]  # doctest: +NORMALIZE_WHITESPACE
              event_id symbol              announced_at  beat
    0  NVDA 2024-05-22   NVDA 2024-05-22 23:00:00-04:00     1
    1   AMD 2024-07-30    AMD 2024-07-30 06:00:00-04:00     0
    """
    asked: dict[str, Any] = {
        "symbol": symbol,
        "date": date,
        "date_format": date_format,
        "timing": timing,
        "timezone": timezone,
    }
    for option, value in {**asked, "event_id": event_id, "sep": sep, "decimal": decimal, "encoding": encoding}.items():
        if value is not None and not (isinstance(value, str) and value):
            msg = f"{option}={brief(repr(value))} is no text; pass {option}='…', or leave it out"
            raise DataError(msg)
    table = read_table(source, sep=sep, decimal=decimal, encoding=encoding)
    pairs = pairs_of(table, **asked, event_id=event_id, calendar=calendar)
    if pairs.attrs[MARK]["guessed"]:
        tell(pairs.attrs[MARK]["said"])
    return pairs


def tell(lines: Iterable[str]) -> None:
    """Print what was taken for what: a guess is told."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def pairs_of(
    table: Table,
    *,
    symbol: str | None,
    date: str | None,
    date_format: str | None,
    timing: str | None,
    timezone: str | None,
    event_id: str | None,
    calendar: Calendar = AUTO,
    held: Collection[str] = (),
) -> pd.DataFrame:
    """Return the pairs of a table; `held` are the symbols of the prices, where known."""
    columns = find_columns(table, symbol=symbol, date=date, timing=timing, event_id=event_id, held=held)
    table, repeated = _once(table, columns)
    symbols = _symbols(table, columns.symbol)
    if timezone is not None:
        _zone(timezone)
    stamps, form = read_dates(table.frame[columns.date].tolist(), lambda at: table.place(at, columns.date), date_format)
    when, clocked, open_ended = _when(table, columns, stamps, symbols, timezone, calendar)
    ids = _ids(table, columns, symbols, stamps)
    taken = [columns.symbol, columns.date, columns.event_id]
    rest = characteristics(table, [name for name in table.frame.columns if name not in taken])
    first = pd.DataFrame(
        {"event_id": ids, "symbol": pd.array(symbols, dtype="str"), "announced_at" if clocked else "bar": when}
    )
    clash = [name for name in rest.columns if name in first.columns or name == ("bar" if clocked else "announced_at")]
    if clash:
        msg = f"{table.name}: column {clash[0]!r} stands beside {columns.date!r}, and only one may say so; rename or drop it"
        raise DataError(msg)
    pairs = first.join(rest)
    if not clocked and "precision" not in pairs.columns:
        pairs.insert(3, "precision", DATE_ONLY)
    pairs.attrs[MARK] = {
        "source": table.name,
        "guessed": bool(set(columns.guessed) - {"event_id"}) or (date_format is None and form.startswith("%")),
        "said": _said(table, columns, pairs, form, (repeated, open_ended), (timezone, calendar)),
    }
    return pairs


def _once(table: Table, columns: Columns) -> tuple[Table, int]:
    """Leave out rows that repeat another in every cell; with ids of their own the same id twice is refused by the fit."""
    if columns.event_id is not None:
        return table, 0
    twice = table.frame.map(str).duplicated().to_numpy()
    if not twice.any():
        return table, 0
    rows = [row for row, again in zip(table.rows, twice, strict=True) if not again]
    frame = table.frame.loc[~twice].reset_index(drop=True)
    return Table(frame, table.name, rows, table.text, table.decimal), int(twice.sum())


def _symbols(table: Table, column: str) -> list[str]:
    texts = [label_text(value) for value in table.frame[column].tolist()]
    if "" in texts:
        msg = f"{table.place(texts.index(''), column)}: there is no symbol; fill it in or drop the row"
        raise DataError(msg)
    return without_points(texts)


def _ids(table: Table, columns: Columns, symbols: list[str], stamps: list[pd.Timestamp]) -> Any:
    """Return the ids of the table, or make them of symbol and date; a second of one day is #2."""
    if columns.event_id is not None:
        given = table.frame[columns.event_id]
        if given.isna().any():
            msg = f"{table.place(int(given.isna().to_numpy().argmax()), columns.event_id)}: there is no id; fill it in"
            raise DataError(msg)
        return pd.array([label_text(value) for value in given.tolist()], dtype="str")
    made = [f"{name} {stamp:%Y-%m-%d}" for name, stamp in zip(symbols, stamps, strict=True)]
    seen: Counter[str] = Counter()
    for at, name in enumerate(made):
        seen[name] += 1
        made[at] = name if seen[name] == 1 else f"{name} #{seen[name]}"
    return pd.array(made, dtype="str")


def _when(
    table: Table,
    columns: Columns,
    stamps: list[pd.Timestamp],
    symbols: list[str],
    timezone: str | None,
    calendar: Calendar,
) -> tuple[Any, bool, int]:
    """Return dates, or moments where timing or a clock is known; whether they are moments; and how many have a date alone."""
    clocks = [
        stamp.tz_localize(None) != stamp.tz_localize(None).normalize() or stamp.tzinfo is not None for stamp in stamps
    ]
    if columns.timing is None and not any(clocks):
        return pd.DatetimeIndex(stamps).as_unit("us"), False, 0
    if columns.timing is not None and any(clocks):
        at = clocks.index(True)
        msg = (
            f"{table.place(at, columns.date)}: {stamps[at]} carries a clock, and column {columns.timing!r} says when, too; only one may: "
            "drop the column that is not meant"
        )
        raise DataError(msg)
    given = None if timezone is None else _zone(timezone)
    moments, unknown = [], 0
    for at, (stamp, name) in enumerate(zip(stamps, symbols, strict=True)):
        own = ZoneInfo(_market_zone(name, calendar)) if given is None or columns.timing is not None else given
        if stamp.tzinfo is not None:
            moments.append(stamp)
            continue
        clock, of_market = None, True
        if columns.timing is not None:
            clock, of_market = _timing(table, columns.timing, at)
            unknown += clock is None
        elif clocks[at]:
            clock, of_market = stamp.time(), False
        zone = own if of_market or given is None or clock is None else given
        text = f"{stamp:%Y-%m-%d}" if clock is None else f"{stamp:%Y-%m-%d} {clock:%H:%M:%S}"
        try:
            moments.append(parse_moment(text, zone)[0])
        except ValueError as fault:
            msg = f"{table.place(at, columns.date)}: {text} is not {fault}"
            raise DataError(msg) from fault
    zones = {str(moment.tzinfo) for moment in moments}
    return (
        (pd.DatetimeIndex(moments).as_unit("us") if len(zones) == 1 else pd.Series(moments, dtype=object)),
        True,
        unknown,
    )


def _timing(table: Table, column: str, at: int) -> tuple[Any, bool]:
    value = table.frame[column].iloc[at]
    try:
        return read_timing(value, column)
    except ValueError as fault:
        msg = f"{table.place(at, column)}: {said(value)} is not {fault}; leave the cell empty where it is not known"
        raise DataError(msg) from fault


def _zone(name: str) -> ZoneInfo:
    try:
        return parse_zone(name)
    except ValueError as fault:
        msg = f"timezone={brief(name)!r} is not {fault}"
        raise DataError(msg) from fault


def calendar_for(symbol: str, calendar: Calendar) -> str:
    """Return the calendar of a symbol: the one given, or that of its ending."""
    if isinstance(calendar, Mapping):
        return str(calendar.get(symbol, USUAL))
    return calendar_of(symbol) or USUAL if calendar in (AUTO, None) else str(calendar)


def _market_zone(symbol: str, calendar: Calendar) -> str:
    return _zone_of_calendar(calendar_for(symbol, calendar))


@lru_cache(maxsize=64)
def _zone_of_calendar(name: str) -> str:
    return calendar_zone(name)


def _said(
    table: Table,
    columns: Columns,
    pairs: pd.DataFrame,
    form: str,
    counts: tuple[int, int],
    place: tuple[str | None, Calendar],
) -> tuple[str, str]:
    """Return in two lines what was taken for what."""
    repeated, open_ended = counts
    timezone, calendar = place
    firms = f"firms: column {columns.symbol!r} of {table.name}, {_counted(len(pairs), 'event')} of {_counted(pairs['symbol'].nunique(), 'firm')}"
    firms += (
        f"; {repeated} {'row that repeats' if repeated == 1 else 'rows that repeat'} another in every cell left out"
        if repeated
        else ""
    )
    day = "bar" if "bar" in pairs else "announced_at"
    twice = int(pairs.duplicated(["symbol", day]).sum())
    firms += f"; {twice} share firm and day with another" if twice else ""
    dates = f"dates: column {columns.date!r}" + (f" read as {form}" if form.startswith("%") else "")
    zones = sorted({_market_zone(name, calendar) for name in pairs["symbol"].unique()})
    where = timezone or (zones[0] if len(zones) == 1 else "the time of each firm's exchange")
    if columns.timing is not None:
        dates += f", timing by column {columns.timing!r} in {where}"
        dates += f"; {open_ended} without timing are dates alone" if open_ended else ""
    elif day == "announced_at":
        dates += f", moments in {where}"
    else:
        dates += ", without timing: the day itself is day 0, flagged session_uncertain"
    return firms, dates + _said_of_closed_days(pairs, day, calendar)


def _said_of_closed_days(pairs: pd.DataFrame, day: str, calendar: Calendar) -> str:
    """Say how many dates are no session of their firm's exchange: their day 0 is the next one."""
    if calendar is None:
        return ""
    dates = pd.DatetimeIndex([pd.Timestamp(value).tz_localize(None).normalize() for value in pairs[day]])
    places = np.array([calendar_for(name, calendar) for name in pairs["symbol"]])
    closed = np.zeros(len(pairs), dtype=bool)
    for place in np.unique(places):
        own = places == place
        try:
            closed[own] = ~dates[own].isin(sessions(str(place), dates[own].min(), dates[own].max()))
        except DataError:  # an exchange whose calendar cannot be built is told by the fit
            continue
    if not closed.any():
        return ""
    first = pairs["event_id"].iloc[int(closed.argmax())]
    many = int(closed.sum())
    return f"; {_counted(many, 'date')} on a day without a session ({first}{' …' if many > 1 else ''}): the next session is day 0"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def as_in_prices(pairs: pd.DataFrame, panel: ReturnPanel) -> tuple[pd.DataFrame, str]:
    """Return the pairs with their tickers as the prices write them, and in words which were written otherwise or are not there.

    A ticker in other letters is the same firm where one ticker alone is meant; nine in ten must be there (`refuse_few`).
    """
    held = dict.fromkeys(label_text(name) for name in panel.frame.columns)
    names = list(dict.fromkeys(pairs["symbol"]))
    folded = Counter(name.casefold() for name in held)
    written = {name.casefold(): name for name in held if folded[name.casefold()] == 1}
    other = {name: written[name.casefold()] for name in names if name not in held and name.casefold() in written}
    absent = [name for name in names if name not in held and name not in other]
    told = [f"{name} read as {own}, as the prices have it" for name, own in list(other.items())[:NAMED]]
    if absent:
        told.append(
            f"{len(absent)} of {len(names)} tickers {'is' if len(absent) == 1 else 'are'} not in the prices: {_named(absent, held)}"
        )
    if other:
        attrs, pairs = pairs.attrs, pairs.assign(symbol=pairs["symbol"].replace(other))
        pairs.attrs = attrs
    return pairs, "; ".join(told)


def _named(absent: Sequence[str], held: Collection[str]) -> str:
    """Name some tickers that are not there, each with the one that may be meant."""
    near = {name: nearest(name, held, cutoff=0.8).removeprefix("; ") for name in absent[:NAMED]}
    shown = ", ".join(f"{name} ({hint})" if hint else name for name, hint in near.items())
    return shown + (f" and {len(absent) - NAMED} more" if len(absent) > NAMED else "")


def refuse_few(pairs: pd.DataFrame, held: Collection[str]) -> None:
    """Refuse pairs of which fewer than nine in ten tickers are in the prices: they are other tickers, or other prices."""
    if MARK not in pairs.attrs or "symbol" not in pairs.columns:
        return
    names = list(dict.fromkeys(label_text(name) for name in pairs["symbol"]))
    absent = [name for name in names if name not in held]
    if len(names) - len(absent) >= ENOUGH * len(names):
        return
    msg = (
        f"{pairs.attrs[MARK]['source']}: only {len(names) - len(absent)} of {len(names)} tickers are in the returns; not {_named(absent, held)}; load them, "
        "write the tickers as the prices do, or leave those rows out of the table"
    )
    raise DataError(msg)
