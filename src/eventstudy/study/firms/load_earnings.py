"""Announcements of earnings from Yahoo's calendar, from files and from frames, as pairs to study."""

from __future__ import annotations

import datetime as dt
import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.border import existing_file, guarded
from eventstudy.dates import zone_called
from eventstudy.errors import DataError, told
from eventstudy.frames import as_pandas
from eventstudy.returns.asked import dates_asked
from eventstudy.returns.quality.plausible import DataWarning
from eventstudy.returns.tables.names import plain
from eventstudy.words import brief, in_a_row

NAMES: Final = {
    "symbol": ("symbol", "ticker", "permno", "act_symbol", "code"),
    "announced_at": ("announcedat", "earningsdate", "date", "anndate", "anndats", "rdq", "reportdate", "datetime", "timestamp", "startdatetime"),
    "time": ("time", "timing", "when", "hour", "session", "callday", "beforeaftermarket"),
    "actual": ("actual", "reportedeps", "epsactual", "eps", "act"),
    "consensus": ("consensus", "epsestimate", "estimate", "epsmean", "meanest", "meanestimate"),
    "price": ("price", "prc"),
}  # fmt: skip

WORDS: Final = {
    **dict.fromkeys(("bmo", "before", "beforeopen", "beforemarket", "beforemarketopen", "premarket", "am", "btmo"), "before"),
    **dict.fromkeys(("amc", "after", "afterclose", "aftermarket", "aftermarketclose", "afterhours", "postmarket", "pm"), "after"),
    **dict.fromkeys(("dmh", "dmt", "during", "in", "duringmarket", "intraday"), "in"),
    **dict.fromkeys(("", "tns", "tas", "unknown", "timenotsupplied", "nan", "none", "nat", "na"), "unknown"),
}  # fmt: skip

CLOCK: Final = {
    "before": pd.Timedelta(hours=8),
    "in": pd.Timedelta(hours=12),
    "after": pd.Timedelta(hours=17),
    "unknown": pd.Timedelta(hours=12),
}
"""Where a day with a word for the time is put."""

OPEN, CLOSE = pd.Timedelta(hours=9, minutes=30), pd.Timedelta(hours=16)


def load_earnings(
    source: str | os.PathLike[str] | pd.DataFrame = "yahoo",
    symbols: str | Iterable[str] | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    *,
    timezone: str = "America/New_York",
    **options: Any,
) -> pd.DataFrame:
    """Load announcements of earnings, one row each, as `EventStudy.fit` takes them.

    Parameters
    ----------
    source : str, path or DataFrame
        ``"yahoo"``, a file (.csv, .parquet), or a frame with ``symbol``, a date or moment, and perhaps a word for the time
        (``bmo``, ``amc``, ``before market open`` …), ``actual``, ``consensus``, ``price``; usual names of other vendors are known.
    symbols : str or iterable of str, optional
        Which; needed for Yahoo.
    start, end : str or date, optional
        First and last day, both included.
    timezone : str
        IANA name of the zone of moments and days that carry none, and of the exchange's hours, 9:30 to 16:00.
    **options
        For Yahoo: the parameters of `YahooSource`.

    Returns
    -------
    DataFrame
        ``event_id``, ``symbol``, ``announced_at``, ``timing`` (``"before"`` the open, ``"in"`` the session, ``"after"`` the close,
        ``"unknown"``: a day alone, put at noon), ``actual``, ``consensus``, ``surprise`` (actual less consensus, over ``price`` where there
        is one), ``seasonal`` (actual less that of four announcements before, over the standard deviation of such differences before).

    Raises
    ------
    DataError
        A column that is missing; a cell that is no date, number or word for a time, with its row; an announcement that stands twice.

    Notes
    -----
    Symbols that Yahoo does not deliver are a `DataWarning`, and an error if none came.

    Examples
    --------
    >>> frame = pd.DataFrame({"ticker": ["AAA", "AAA"], "date": ["2024-02-01", "2024-05-02"], "time": ["amc", ""], "eps": [1.0, 1.2]})
    >>> load_earnings(frame)[["event_id", "timing", "actual"]].values.tolist()
    [['AAA 2024-02-01', 'after', 1.0], ['AAA 2024-05-02', 'unknown', 1.2]]
    """
    wanted = None if symbols is None else [symbols] if isinstance(symbols, str) else [str(name) for name in symbols]
    between = dates_asked(start, end)
    frame, place = _read(source, wanted, options)
    table = _columns(frame, place)
    found = pd.DataFrame({"symbol": _text(table["symbol"], place)})
    local, timing = _moments(table, place, timezone)
    found = found.assign(announced_at=local, timing=timing)
    for name in ("actual", "consensus", "price"):
        found[name] = _numbers(table[name], place, name) if name in table else np.nan
    day = found["announced_at"].dt.tz_localize(None).dt.normalize()
    kept = pd.Series(data=True, index=found.index) if wanted is None else found["symbol"].isin(wanted)
    kept &= (day >= between[0]) if between[0] is not None else True
    kept &= (day <= between[1]) if between[1] is not None else True
    found = found.assign(event_id=found["symbol"].astype("str") + " " + day.dt.strftime("%Y-%m-%d").astype("str"))
    found["seasonal"] = _seasonal(found)
    found = found[kept].sort_values(["announced_at", "symbol"], kind="stable", ignore_index=True)
    if found.empty:
        msg = f"{place}: no announcement of these symbols and dates"
        raise DataError(msg)
    if found["event_id"].duplicated().any():
        twice = found.loc[found["event_id"].duplicated(), "event_id"].iloc[0]
        msg = f"{place}: {twice} is announced twice; keep one row"
        raise DataError(msg)
    price = found.pop("price")
    found["surprise"] = (found["actual"] - found["consensus"]) / price.where(
        price > 0, 1.0 if price.isna().all() else np.nan
    )
    return found[["event_id", "symbol", "announced_at", "timing", "actual", "consensus", "surprise", "seasonal"]]


def _read(source: Any, wanted: list[str] | None, options: dict[str, Any]) -> tuple[pd.DataFrame, str]:
    if isinstance(source, str) and source == "yahoo":
        return _of_yahoo(wanted, options), "Yahoo"
    if options:
        msg = f"option {min(options)!r} is one of Yahoo's calendar; a file or a frame takes none"
        raise DataError(msg)
    if isinstance(source, (str, os.PathLike)):
        path = existing_file(Path(source), DataError)
        parquet = path.suffix.lower() in (".parquet", ".pq")
        with guarded(path.name, "Parquet" if parquet else "CSV", DataError, "check the file, or write it anew"):
            return (
                pd.read_parquet(path) if parquet else pd.read_csv(path, dtype=str, keep_default_na=False)
            ), path.name
    frame = as_pandas(source, DataError)
    if not isinstance(frame, pd.DataFrame):
        msg = f"earnings come from 'yahoo', a path or a DataFrame, not {brief(repr(source))}"
        raise DataError(msg)
    return (
        frame.reset_index() if any(name is not None for name in frame.index.names) else frame.reset_index(drop=True)
    ), "earnings"


def _of_yahoo(wanted: list[str] | None, options: dict[str, Any]) -> pd.DataFrame:
    from eventstudy.returns.sources.yahoo_earnings import YahooEarnings  # noqa: PLC0415  slow to import

    if not wanted:
        msg = "Yahoo has more symbols than anyone wants; name those that you want: load_earnings(symbols=['AAPL'])"
        raise DataError(msg)
    got = YahooEarnings(**options).tables(wanted)
    if not got.results:
        raise next(iter(got.failures.values()))
    if got.failures:
        said = "; ".join(f"{name}: {told(error)}" for name, error in got.failures.items())
        warnings.warn(
            f"no announcements of {len(got.failures)} of {len(wanted)} symbols: {said}", DataWarning, stacklevel=4
        )
    return pd.concat(
        [table.reset_index().assign(symbol=name) for name, table in got.results.items()], ignore_index=True
    )


def _columns(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    known = {plain(str(name)).replace("_", ""): name for name in reversed(list(frame.columns))}
    taken = {}
    for name, usual in NAMES.items():
        there = [known[one] for one in usual if one in known]
        if there:
            taken[name] = there[0]
        elif name in ("symbol", "announced_at"):
            msg = f"{place}: no column {name!r}; there are {in_a_row(frame.columns)}"
            raise DataError(msg)
    return frame[list(taken.values())].set_axis(list(taken), axis=1)


def _refuse(place: str, bad: Any, column: str, values: pd.Series[Any], what: str) -> None:
    rows = np.flatnonzero(np.asarray(bad, dtype=bool))
    if rows.size:
        msg = f"{place}, row {int(rows[0])}, column {column!r}: {brief(str(values.iloc[int(rows[0])]))!r} is {what}"
        raise DataError(msg)


def _text(column: pd.Series[Any], place: str) -> pd.Series[Any]:
    text = column.astype("string").str.strip().fillna("")
    _refuse(place, text == "", "symbol", text, "no symbol")
    return text.astype(object)


def _numbers(column: pd.Series[Any], place: str, name: str) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float)
    text = column.astype("string").str.strip().fillna("")
    empty = text.isin(["", "-", "--", "nan", "NaN", "N/A", "."])
    found = pd.to_numeric(text.mask(empty), errors="coerce")
    _refuse(place, found.isna() & ~empty, name, text, "no number")
    return found.astype(float)


def _moments(table: pd.DataFrame, place: str, timezone: str) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return moments in the zone, and whether they lie before, in or after the session."""
    given = table["announced_at"]
    try:
        zone = zone_called(timezone)
        if isinstance(given.dtype, pd.DatetimeTZDtype):
            local = given.dt.tz_convert(zone)
        else:
            read = pd.to_datetime(
                given, errors="coerce", format=None if pd.api.types.is_datetime64_any_dtype(given) else "mixed"
            )
            _refuse(place, read.isna(), "announced_at", given, "no date; write 2024-02-01, or 2024-02-01 16:30")
            local = (
                read.dt.tz_convert(zone) if isinstance(read.dtype, pd.DatetimeTZDtype) else read.dt.tz_localize(zone)
            )
    except (ValueError, TypeError, KeyError) as fault:
        msg = f"{place}, column 'announced_at': the moments cannot be read in {brief(timezone)!r} ({' '.join(str(fault).split())[:200]})"
        raise DataError(msg) from fault
    _refuse(place, local.isna(), "announced_at", given, "no date; write 2024-02-01, or 2024-02-01 16:30")
    clock = local.dt.tz_localize(None) - local.dt.tz_localize(None).dt.normalize()
    told_by = pd.Series("unknown", index=local.index).mask(clock > pd.Timedelta(0), "in")
    told_by = told_by.mask((clock > pd.Timedelta(0)) & (clock < OPEN), "before").mask(clock >= CLOSE, "after")
    if "time" in table:
        words = table["time"].astype("string").str.lower().str.replace(r"[^a-z0-9:]", "", regex=True).fillna("")
        at = pd.to_timedelta(
            words.where(words.str.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?")).map(_seconds, na_action="ignore")
        )
        known = words.map(WORDS)
        _refuse(
            place,
            known.isna() & at.isna(),
            "time",
            table["time"],
            f"no word for a time; write {', '.join(sorted(set(WORDS.values())))}, bmo or amc",
        )
        plainly = clock == pd.Timedelta(0)
        clock = clock.where(~(plainly & at.notna()), at)
        of_clock = pd.Series("in", index=at.index).mask(at < OPEN, "before").mask(at >= CLOSE, "after")
        told_by = told_by.where(~plainly, known.where(at.isna(), of_clock))
    rest = (clock == pd.Timedelta(0)) | (told_by == "unknown")
    clock = clock.where(~rest, told_by.map(CLOCK))
    moment = (local.dt.tz_localize(None).dt.normalize() + clock).dt.tz_localize(zone)
    return moment, told_by


def _seconds(text: str) -> str:
    return text if text.count(":") == 2 else f"{text}:00"


def _seasonal(found: pd.DataFrame) -> pd.Series[Any]:
    """Return actual less that of four announcements before, over the sd of such differences known before; four are needed."""
    pieces = []
    for _, own in found.sort_values("announced_at", kind="stable").groupby("symbol"):
        step = own["actual"] - own["actual"].shift(4)
        usual = step.shift(1).expanding(min_periods=4).std(ddof=1)
        pieces.append(step / usual.where(usual > 0))
    return pd.concat(pieces).reindex(found.index) if pieces else pd.Series(dtype=float)
