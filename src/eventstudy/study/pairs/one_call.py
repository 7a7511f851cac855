"""A study in one call: a table of firms and dates, prices, a market; what was taken for what is said in three lines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

import pandas as pd

from eventstudy import checks
from eventstudy.abnormal.models.linear import MarketModel
from eventstudy.calendars import AUTO, USUAL
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import PricePanel, ReturnPanel, load_returns
from eventstudy.returns.tables.csv_files import Reading
from eventstudy.returns.tables.options import TableOptions
from eventstudy.study.design import EstimationWindow
from eventstudy.study.pairs.pairs import MARK, Calendar, as_in_prices, calendar_for, pairs_of, tell
from eventstudy.study.pairs.prices import firm_returns, from_where, is_source
from eventstudy.study.pairs.reading import read_table
from eventstudy.study.study import EventStudy
from eventstudy.words import nearest

if TYPE_CHECKING:
    from eventstudy.study.result import StudyResult  # heavy: loads with the first fit

USUAL_MARKET = "^GSPC"
DAYS = 1.6  # calendar days a session, at most


def study(
    events: Any,
    prices: Any,
    *,
    market: Any = None,
    symbol: str | None = None,
    date: str | None = None,
    date_format: str | None = None,
    timing: str | None = None,
    timezone: str | None = None,
    event_id: str | None = None,
    model: Any = None,
    factors: Any = None,
    factors_holds: str | None = None,
    window: tuple[int, int] = (-10, 10),
    estimation: EstimationWindow | tuple[int, int] | None = None,
    calendar: Calendar = AUTO,
    prices_date_format: str | None = None,
    quiet: bool = False,
    encoding: str = "utf-8-sig",
    **options: Any,
) -> StudyResult:
    """Study a table of firm events on prices: the four steps of a study in one call, with stated defaults.

    Three printed lines say what was taken for what: the column of firms, the column of dates with its format and timing, and
    the benchmark with its calendar and windows. What is doubtful is refused.

    Parameters
    ----------
    events : path, frame, or pairs
        As in `load_pairs`, or what it gave.
    prices : path, frame, source or panel
        A file or frame of prices (wide or long), a `PricePanel` or `ReturnPanel`, or a named source such as ``"yahoo"``.
    market : str or mapping, optional
        The index of the market model; or an index for each firm, or for each exchange, such as ``{"XETR": "^GDAXI", "XPAR": "^FCHI"}``. By
        default ``"^GSPC"`` where every firm is American; else it must be said.
    symbol, date, date_format, timing, timezone, event_id, encoding : str, optional
        As in `load_pairs`.
    model : Model, optional
        Another model than the market model, such as ``FactorModel(("Mkt-RF", "SMB", "HML"), risk_free="RF")``.
    factors : path, frame, source or panel, optional
        Where the series of the model come from; by default what the prices do not hold is taken from the bundled figures. Returns in
        decimals or in percent (told from their size, and printed), or prices.
    factors_holds : {"prices", "returns", "log", "percent"}, optional
        What the numbers of a file or frame of factors are, where it is not to be told from their size.
    window : (int, int)
        The event window.
    estimation : EstimationWindow or (int, int), optional
        By default 250 sessions that end on day -11, or before a wider event window.
    calendar : str, mapping or None
        As in `EventStudy`.
    prices_date_format : str, optional
        How the dates of a file of prices are written; by default the year stands first, or one format alone reads them all.
    quiet : bool
        Print nothing; ``summary()`` says it all the same.
    **options
        Of the study, as in `EventStudy` (``mask_events=False``, ``missing="strict"`` …), and of a file or frame of prices, as in
        `load_returns` (``holds="returns"``, ``column=``, ``sep=``, ``decimal=`` …).

    Returns
    -------
    StudyResult
        What ``EventStudy(…).fit(pairs, returns)`` gives.

    Raises
    ------
    DataError, StudyError
        As `load_pairs`, `load_returns` and `EventStudy.fit`.

    Examples
    --------
    >>> import eventstudy as es
    >>> result = es.study("earnings.csv", "prices.parquet", market="^GSPC")  # doctest: +SKIP
    >>> result.caar((0, 1))  # doctest: +SKIP
    """
    of_study = {name: options.pop(name) for name in signature(EventStudy).parameters if name in options}
    if not is_source(prices):
        _refuse_unknown(options)
    marks = {name: options[name] for name in ("sep", "decimal") if name in options}
    asked: dict[str, Any] = {
        "symbol": symbol, "date": date, "date_format": date_format, "timing": timing, "timezone": timezone, "event_id": event_id,
    }  # fmt: skip
    if not isinstance(prices, (str, os.PathLike)):  # how text is written says nothing of a frame
        options = {name: value for name, value in options.items() if name not in marks}
    if prices_date_format is not None:
        options["date_format"] = prices_date_format
    held: list[str] = []
    if isinstance(prices, (ReturnPanel, PricePanel)):
        held = [str(name) for name in prices.frame.columns]
    pairs = _pairs(events, asked, {"sep": None, "decimal": None, "encoding": encoding} | marks, calendar, held)
    firms = list(dict.fromkeys(pairs["symbol"].tolist()))
    design = _design(market_of_each(market, firms, calendar), model, window, estimation, calendar, of_study)
    if market is None and model is None:
        refuse_abroad(pairs, calendar)
    pairs, panel = with_prices(design, pairs, prices, factors=factors, factors_holds=factors_holds, **options)
    if not quiet:
        tell(pairs.attrs[MARK]["said"])
    return design.fit(pairs, panel)


def with_prices(
    design: EventStudy, pairs: pd.DataFrame, prices: Any, *, factors: Any, factors_holds: str | None, **options: Any
) -> tuple[pd.DataFrame, ReturnPanel]:
    """Load what a design needs for its pairs; return the pairs as the prices write them, with all that was taken for what, and the panel."""
    panel, left_out = firm_returns(
        prices,
        list(dict.fromkeys(pairs["symbol"].tolist())),
        needed(design.model, pairs),
        factors=factors,
        factors_holds=factors_holds,
        span=span_of(pairs, design),
        calendar=index_calendars(design.model, pairs, design.calendar),
        **options,
    )
    pairs, absent = as_in_prices(pairs, panel)
    against = said_against(design, panel, design.calendar, pairs, "; ".join(filter(None, (left_out, absent))))
    pairs.attrs[MARK] = {**pairs.attrs[MARK], "said": (*pairs.attrs[MARK]["said"], against)}
    return pairs, panel


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    """Refuse a word that neither the call, nor the study, nor the reader of prices knows."""
    doors = {
        name for door in (study, load_returns, EventStudy, TableOptions, Reading) for name in signature(door).parameters
    }
    known = sorted(doors - {"events", "prices", "options", "symbols", "source"})
    strange = next((name for name in options if name not in known), None)
    if strange is not None:
        msg = f"{strange}= is no option of a study in one call{nearest(strange, known)}; there are {', '.join(known)}"
        raise StudyError(msg)


def _design(
    market: Any, model: Any, window: tuple[int, int], estimation: Any, calendar: Calendar, more: Mapping[str, Any]
) -> EventStudy:
    if model is not None and market is not None:
        msg = f"market={market!r} and model={model!r} both say what is expected; give one of them"
        raise StudyError(msg)
    chosen = model if model is not None else MarketModel(USUAL_MARKET if market is None else market)
    if estimation is None:
        first, _ = checks.window(window)
        estimation = EstimationWindow(length=250, end=min(-11, first - 1))
    return EventStudy(model=chosen, window=window, estimation=estimation, calendar=calendar, **more)


def _pairs(
    events: Any, asked: Mapping[str, Any], written: Mapping[str, Any], calendar: Calendar, held: list[str]
) -> pd.DataFrame:
    if isinstance(events, pd.DataFrame) and MARK in events.attrs:
        given = [name for name, value in asked.items() if value is not None]
        if given:
            msg = f"{given[0]}= belongs to load_pairs, which has read these pairs already; leave it out"
            raise DataError(msg)
        return events.copy(deep=False)  # what is said of this study is not said of the caller's frame
    return pairs_of(read_table(events, **written), **asked, calendar=calendar, held=held)


def market_of_each(market: Any, firms: list[str], calendar: Calendar) -> Any:
    """Return the index of each firm, where it was said by exchange; what names an index or firms stays as it is."""
    if not isinstance(market, Mapping) or all(name in firms for name in market):
        return market
    found = {}
    for name in firms:
        place = calendar_for(name, calendar)
        if name not in market and place not in market:
            known = [str(key) for key in market]
            msg = f"market= names no index for {name!r}, which trades on {place}{nearest(place, known)}; name one for {place}, too"
            raise StudyError(msg)
        found[name] = market.get(name, market.get(place))
    idle = [key for key in market if key not in firms and key not in {calendar_for(name, calendar) for name in firms}]
    if idle:
        msg = f"market= names {idle[0]!r}, which is no firm of the events and no exchange of theirs{nearest(str(idle[0]), firms)}; mend or drop it"
        raise StudyError(msg)
    return found


def needed(model: Any, pairs: pd.DataFrame) -> list[str]:
    """Return the series that a model needs, and the indices that a column of the pairs names."""
    if not by_column(model, pairs):
        return list(model.symbols)
    stated = [str(name) for name in pairs["market"].dropna().unique()]
    own = [] if pairs["market"].notna().all() else model.symbols
    return list(dict.fromkeys([*own, *stated]))


def by_column(model: Any, pairs: pd.DataFrame) -> bool:
    """Whether a column of the pairs names the index of each firm, and the model has one."""
    return "market" in pairs.columns and hasattr(model, "market")


def index_calendars(model: Any, pairs: pd.DataFrame, calendar: Calendar) -> Calendar:
    """Return the calendars by symbol where indices are of other exchanges: an index has the sessions of the firms that it is for."""
    if calendar != AUTO:
        return calendar
    firms, given = pairs["symbol"].tolist(), getattr(model, "market", None)
    usual = [given.get(name) if isinstance(given, Mapping) else given for name in firms]
    stated = pairs["market"].tolist() if "market" in pairs.columns else [None] * len(firms)
    places: dict[str, set[str]] = {}
    for name, own, other in zip(firms, stated, usual, strict=True):
        index = own if isinstance(own, str) and own else other
        if isinstance(index, str):
            places.setdefault(index, set()).add(calendar_for(name, calendar))
    return {index: next(iter(of)) for index, of in places.items() if len(of) == 1 and of != {USUAL}} or AUTO


def refuse_abroad(pairs: pd.DataFrame, calendar: Calendar) -> None:
    """Refuse the usual index for firms of other exchanges; a column of the pairs may say another."""
    if "market" in pairs.columns:
        return
    abroad = next((name for name in pairs["symbol"] if calendar_for(name, calendar) != USUAL), None)
    if abroad is not None:
        msg = f"{abroad!r} trades on {calendar_for(abroad, calendar)}, where {USUAL_MARKET} is not the market; say which index is: market='^GDAXI' or another"
        raise StudyError(msg)


def span_of(pairs: pd.DataFrame, design: EventStudy) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day that the windows can reach."""
    moments = [pd.Timestamp(value).tz_localize(None) for value in pairs["bar" if "bar" in pairs else "announced_at"]]
    back, ahead = -design.estimation_window.start, max(design.window[1], 1)
    first = min(moments).normalize() - pd.Timedelta(days=int(DAYS * back) + 10)
    return first, max(moments).normalize() + pd.Timedelta(days=int(DAYS * ahead) + 10)


def said_against(design: EventStudy, panel: ReturnPanel, calendar: Calendar, pairs: pd.DataFrame, left_out: str) -> str:
    """Return in a line what the firms are measured against, on which calendar and windows."""
    names, firms = needed(design.model, pairs), pairs["symbol"].unique()
    column = by_column(design.model, pairs)
    model = type(design.model).__name__ if column and pairs["market"].notna().all() else repr(design.model)
    model += ", each firm by column 'market'" if column else ""
    own = {str(panel.calendars.get(name, panel.calendar)) for name in firms if name in panel.frame.columns}
    known = (
        ", ".join(sorted(own)[:4])
        if calendar == AUTO
        else "as given"
        if isinstance(calendar, Mapping)
        else str(calendar)
    )
    estimation, (first, last) = design.estimation_window, design.window
    days = f"{first:+d} to {last:+d}".replace("-", "−")
    rest = "; ".join(filter(None, (said_of_closed_days(panel, [*firms, *names]), left_out)))
    return (
        f"against: {model}{from_where(panel, names)}, calendar {known or USUAL}; estimation {estimation.said}, event "
        f"window {days}{rest and '; ' + rest}"
    )


def said_of_closed_days(panel: ReturnPanel, names: Iterable[str]) -> str:
    """Say how many days of the data are no sessions of their exchange: they are put together with the next session."""
    quality = panel.quality
    there = quality[quality.index.isin(list(names)) & (quality["non_session"] > 0)]
    if there.empty:
        return ""
    most = there["non_session"].astype(int).groupby(there["calendar"]).max()
    told = [f"{count} of {place}" for place, count in most.items()]
    return f"days of the prices that are no sessions ({', '.join(told)}) are put together with the next"
