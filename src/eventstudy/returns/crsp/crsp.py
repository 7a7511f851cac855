"""`load_crsp`: the daily stock file of CRSP as returns, delisting returns in their place, securities by PERMNO."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.calendars import sessions
from eventstudy.checks import checked
from eventstudy.errors import DataError, EventStudyError, NoSuchTicker
from eventstudy.frames import as_pandas
from eventstudy.returns._join import joined
from eventstudy.returns.asked import dates_asked
from eventstudy.returns.crsp.histories import PRIMARY, TYPES, allowed, on_days, permnos_on, read_links, read_names
from eventstudy.returns.crsp.reading import dates, read_columns, returns
from eventstudy.returns.panel import ReturnPanel
from eventstudy.words import in_a_row

Tabular: TypeAlias = str | os.PathLike[str] | pd.DataFrame

DAILY: Final = {
    "permno": ("permno",),
    "date": ("date", "dlycaldt", "caldt"),
    "ret": ("ret", "dlyret"),
    "retx": ("retx", "dlyretx"),
    "share_code": ("shrcd",),
    "exchange": ("exchcd",),
    "delisted": ("dlydelflg",),
}

DELISTINGS: Final = {
    "permno": ("permno",),
    "day": ("dlstdt", "delistingdt"),
    "code": ("dlstcd",),
    "dlret": ("dlret", "delret"),
    "dlretx": ("dlretx", "delretx"),
    "successor": ("nwperm",),
}

PERFORMANCE: Final = (500, *range(520, 585))
"""Delistings for want of performance (Shumway 1997)."""

SHUMWAY: Final = {1: -0.30, 2: -0.30, 3: -0.55}
"""What is taken for the missing return of such a delisting, by exchange: New York and American (Shumway 1997), Nasdaq (Shumway and
Warther 1999)."""

ACTIVE: Final = range(100, 200)
"""Codes of securities that still trade."""


@dataclass(frozen=True, eq=False, repr=False)
class CrspPanel(ReturnPanel):
    """Returns by PERMNO, with what CRSP knows of the securities.

    Attributes
    ----------
    names, links : DataFrame or None
        Names, tickers and codes of each PERMNO by period; links of GVKEY to PERMNO by period.
    delisted : DataFrame
        One row a delisting within the panel: ``permno``, ``date``, ``code``, ``dlret`` (what was put in, or NaN), ``how`` (``"DLRET"``,
        ``"Shumway"``, ``"missing"``, ``"in RET"``), ``ret`` (of that day, with it), ``successor``.
    left_out : DataFrame
        ``reason`` and ``rows`` of the daily file that are not in the panel.
    """

    names: pd.DataFrame | None = None
    links: pd.DataFrame | None = None
    delisted: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)

    HOLDS: ClassVar[str] = "ReturnPanel"

    def join(self, other: ReturnPanel) -> CrspPanel:
        """Return the panel of the symbols of both, such as the factors beside the securities; see `ReturnPanel.join`."""
        found = {**joined(self, other), "check": False}
        if isinstance(other, CrspPanel):
            for name in ("names", "links", "delisted", "left_out"):
                both = [part for part in (getattr(self, name), getattr(other, name)) if part is not None and len(part)]
                found[name] = pd.concat(both, ignore_index=True).drop_duplicates() if both else getattr(self, name)
        return replace(self, **found)

    @checked(DataError)
    def permnos(self, ids: Any, on: Any, *, by: Literal["ticker", "cusip", "gvkey"]) -> pd.Series[Any]:
        """Return the PERMNO, as text, that each identifier was on a day: tickers are reused, securities change theirs.

        Parameters
        ----------
        ids : sequence of str or int
        on : sequence of dates, or one
        by : {"ticker", "cusip", "gvkey"}

        Raises
        ------
        DataError
            An identifier that no security had on its day, or two; all rows are listed.
        """
        given = pd.Series(ids).reset_index(drop=True)
        days = pd.Series(np.broadcast_to(np.asarray(on, dtype=object), given.shape) if np.ndim(on) == 0 else list(on))
        days = dates(days if len(days) else days.astype("datetime64[ns]"), "events", "date", empty=False)
        found = permnos_on({"names": self.names, "links": self.links}, by, given, days)
        return found.astype(str).reset_index(drop=True)

    @checked(DataError)
    def pairs(
        self, events: pd.DataFrame, *, by: Literal["ticker", "cusip", "gvkey"] = "ticker", on: str = "bar"
    ) -> pd.DataFrame:
        """Return a frame of events with a column ``symbol``: the PERMNO of its column `by` on the day of its column `on`."""
        events = as_pandas(events, DataError)
        for name in (by, on):
            if name not in events.columns:
                msg = f"the events have no column {name!r}; they have {in_a_row(events.columns)}"
                raise DataError(msg)
        symbol = self.permnos(events[by].to_numpy(), events[on].to_numpy(), by=by).to_numpy()
        return events.assign(symbol=symbol).drop(columns=by)


@checked(DataError)
def load_crsp(
    daily: Tabular,
    *,
    delistings: Tabular | None = None,
    links: Tabular | None = None,
    names: Tabular | None = None,
    permnos: Collection[int] | None = None,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    dividends: bool = True,
    share_codes: Collection[int] | None = None,
    exchanges: Collection[int] | None = None,
    shumway: bool = False,
    link_types: Collection[str] = TYPES,
    link_primary: Collection[str] = PRIMARY,
) -> CrspPanel:
    """Load returns from the files of CRSP that one has: by PERMNO, with delisting returns.

    Parameters
    ----------
    daily : path or DataFrame
        The daily stock file (``dsf``; also of the format of 2022, ``DlyRet``): Parquet, a folder of Parquet files, or CSV (also
        compressed). Only the columns, dates and securities that are needed are read of Parquet.
    delistings : path or DataFrame, optional
        ``dsedelist``: PERMNO, DLSTDT, DLSTCD, DLRET.
    links : path or DataFrame, optional
        CCM's table of links: GVKEY, LPERMNO, LINKDT, LINKENDDT, LINKTYPE, LINKPRIM.
    names : path or DataFrame, optional
        ``dsenames`` or ``stocknames``: PERMNO, NAMEDT, NAMEENDT, TICKER, NCUSIP, SHRCD, EXCHCD.
    permnos : collection of int, optional
        Which securities; by default all.
    start, end : str or date, optional
        First and last day, both included.
    dividends : bool
        RET, with dividends, or RETX (and DLRETX) without.
    share_codes, exchanges : collection of int, optional
        Keep the days on which the security had one of them, such as ``(10, 11)`` for ordinary shares and ``(1, 2, 3)`` for New York,
        American and Nasdaq; by default all.
    shumway : bool
        Where a delisting for want of performance (codes 500, 520 to 584) has no DLRET, take -30 % (New York, American) or -55 %
        (Nasdaq). By default nothing is taken; ``.delisted`` says ``"missing"``.
    link_types, link_primary : collection of str
        Links in use.

    Returns
    -------
    CrspPanel
        A `ReturnPanel` whose symbols are PERMNOs as text, with ``permnos(ids, on, by="ticker")`` and ``pairs(events)`` for who was
        who on a day, ``delisted`` and ``left_out``.

    Raises
    ------
    DataError
        A column that is missing, a cell that is neither a return nor a code, two returns of a security for one day.

    Notes
    -----
    CRSP's codes for a missing return are missing. A delisting return is compounded with the return of the delisting day,
    (1 + RET)(1 + DLRET) - 1, or stands alone where that is missing; afterwards there is nothing. RET is adjusted for splits and
    distributions by CRSP. A return after days without a price is that since the last price, as CRSP states it.

    References
    ----------
    Shumway (1997); Shumway and Warther (1999).

    Examples
    --------
    >>> daily = pd.DataFrame({"PERMNO": [10001] * 3, "date": ["2020-01-02", "2020-01-03", "2020-01-06"], "RET": ["0.01", "C", "-0.02"]})
    >>> gone = pd.DataFrame({"PERMNO": [10001], "DLSTDT": ["2020-01-06"], "DLSTCD": [574], "DLRET": [-0.5]})
    >>> load_crsp(daily, delistings=gone).frame["10001"].round(6).tolist()
    [0.01, nan, -0.51]
    """
    between = dates_asked(start, end)
    column = "ret" if dividends else "retx"
    wanted = {key: known for key, known in DAILY.items() if key not in {"ret", "retx"} - {column}}
    optional = ["share_code", "exchange", "delisted"]
    if exchanges is None and not shumway:
        del wanted["exchange"]
    if share_codes is None:
        del wanted["share_code"]
    frame, place = read_columns(daily, "daily", wanted, optional=optional, between=between, permnos=permnos)
    if frame.empty:
        msg = f"{place}: no row of the securities and dates asked for"
        raise DataError(msg)
    known = None if names is None else read_names(names)
    value, code = returns(frame[column], place, column.upper())
    frame = frame.assign(value=value, code=code)
    frame, said = _each_once(frame, place)
    for name, asked in (("share_code", share_codes), ("exchange", exchanges)):
        if asked is not None:
            kept = allowed(frame, known, name, asked)
            said[f"{name.replace('_', ' ')} is none of {', '.join(map(str, sorted(asked)))}"] = int((~kept).sum())
            frame = frame[kept]
    gone = _delistings(delistings, frame, known, dividends=dividends, shumway=shumway, between=between, permnos=permnos)
    panel = _wide(frame)
    panel, gone = _put(panel, gone, frame)
    said |= {
        f"code {key}: no return": count for key, count in frame.loc[frame["code"] != "", "code"].value_counts().items()
    }
    days = pd.DatetimeIndex(panel.index)
    known_days = sessions("XNYS", days[0], days[-1])
    return CrspPanel(
        panel,
        calendar="XNYS" if days.isin(known_days).all() else None,
        sources=dict.fromkeys(panel.columns, "CRSP"),
        failures=_absent(permnos, panel),
        names=known,
        links=None if links is None else read_links(links, link_types, link_primary),
        delisted=gone,
        left_out=pd.DataFrame({"reason": list(said), "rows": list(said.values())}),
        check=False,
    )


def _absent(permnos: Collection[int] | None, panel: pd.DataFrame) -> dict[str, EventStudyError]:
    wanted = [] if permnos is None else [str(int(one)) for one in permnos]
    return {name: NoSuchTicker(f"CRSP has no row of PERMNO {name}") for name in wanted if name not in panel.columns}


def _each_once(frame: pd.DataFrame, place: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return one row a security and day: CRSP repeats a day once for each of its distributions."""
    twice = frame.duplicated(["permno", "date"], keep=False)
    if not twice.any():
        return frame, {}
    some = frame[twice]
    spread = some.groupby(["permno", "date"])["value"].agg(lambda one: one.nunique(dropna=False))
    if (spread > 1).any():
        permno, day = spread.index[int(np.flatnonzero((spread > 1).to_numpy())[0])]
        both = some.loc[(some["permno"] == permno) & (some["date"] == day), "value"].unique()
        msg = f"{place}: PERMNO {permno} has two returns on {day:%Y-%m-%d}, {both[0]:g} and {both[1]:g}; keep one"
        raise DataError(msg)
    kept = frame.drop_duplicates(["permno", "date"])
    return kept, {"the day again, with the same return": len(frame) - len(kept)}


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return days x PERMNO as text, in the order of the numbers."""
    days, row = np.unique(frame["date"].to_numpy(), return_inverse=True)
    who, at = np.unique(frame["permno"].to_numpy(), return_inverse=True)
    values: Floats = np.full((who.size, days.size), np.nan)
    values[at, row] = frame["value"].to_numpy()
    return pd.DataFrame(
        values.T, index=pd.DatetimeIndex(days, name="date").as_unit("us"), columns=[str(one) for one in who]
    )


def _delistings(
    given: Tabular | None,
    frame: pd.DataFrame,
    names: pd.DataFrame | None,
    *,
    dividends: bool,
    shumway: bool,
    between: tuple[pd.Timestamp | None, pd.Timestamp | None],
    permnos: Collection[int] | None,
) -> pd.DataFrame:
    """Return the delistings of the securities and dates at hand, with the return that stands for each."""
    columns = ["permno", "date", "code", "dlret", "how", "successor"]
    if given is None:
        return pd.DataFrame(columns=columns)
    column = "dlret" if dividends else "dlretx"
    wanted = {key: known for key, known in DELISTINGS.items() if key not in {"dlret", "dlretx"} - {column}}
    table, place = read_columns(given, "delistings", wanted, optional=("code", "successor"), permnos=permnos)
    table = table.rename(columns={"day": "date"})
    table["date"] = dates(table["date"], place, "DLSTDT", empty=True)
    table["code"] = pd.to_numeric(table["code"], errors="coerce") if "code" in table else np.nan
    table["successor"] = pd.to_numeric(table["successor"], errors="coerce") if "successor" in table else np.nan
    table["dlret"], _ = returns(table[column], place, column.upper())
    low, high = between
    inside = table["date"].notna() & ~table["code"].isin(ACTIVE) & table["permno"].isin(frame["permno"].unique())
    inside &= (table["date"] >= (low or frame["date"].min())) & (table["date"] <= (high or pd.Timestamp.max))
    table = table[inside].reset_index(drop=True)
    twice = table[table.duplicated(["permno", "date"], keep=False)]
    if len(twice):
        msg = (
            f"{place}: PERMNO {twice['permno'].iloc[0]} is delisted twice on {twice['date'].iloc[0]:%Y-%m-%d}; keep one"
        )
        raise DataError(msg)
    table["how"] = np.where(table["dlret"].notna(), "DLRET", "missing")
    rule = table["dlret"].isna() & table["code"].isin(PERFORMANCE)
    if shumway and rule.any():
        stood = _exchange(table, frame, names)
        taken = stood.map(SHUMWAY)
        unknown = np.flatnonzero((rule & taken.isna()).to_numpy())
        if unknown.size:
            row = table.iloc[int(unknown[0])]
            msg = f"{place}: the exchange of PERMNO {row['permno']} on {row['date']:%Y-%m-%d} is not known (or none of 1, 2, 3), so that Shumway's rule has no number; give names= with EXCHCD, or shumway=False"
            raise DataError(msg)
        table.loc[rule, "dlret"] = taken[rule]
        table.loc[rule, "how"] = "Shumway"
    return table[columns]


def _exchange(table: pd.DataFrame, frame: pd.DataFrame, names: pd.DataFrame | None) -> pd.Series[Any]:
    """Return the exchange of each delisted security: on its last named day, or on its last day of the daily file."""
    if names is not None and "exchange" in names:
        met = on_days(names, "permno", table["permno"], table["date"])
        found = met.drop_duplicates("row", keep="last").set_index("row")["exchange"].reindex(range(len(table)))
        last = names.drop_duplicates("permno", keep="last").set_index("permno")["exchange"]
        return found.fillna(table["permno"].map(last))
    if "exchange" in frame:
        last = frame.sort_values("date").drop_duplicates("permno", keep="last").set_index("permno")["exchange"]
        return pd.to_numeric(table["permno"].map(last), errors="coerce")
    return pd.Series(np.nan, index=table.index)


def _put(panel: pd.DataFrame, gone: pd.DataFrame, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the panel with delisting returns compounded on their days, and the table with what came of each."""
    if gone.empty:
        return panel, gone.assign(ret=pd.Series(dtype=float))
    told = set()
    if "delisted" in frame:
        flagged = frame[frame["delisted"].astype("string").str.upper() == "Y"]
        told = set(zip(flagged["permno"], flagged["date"], strict=True))
    new = pd.DatetimeIndex(gone.loc[gone["dlret"].notna(), "date"]).difference(pd.DatetimeIndex(panel.index))
    panel = panel.reindex(panel.index.union(new).rename("date"))
    values = panel.to_numpy(copy=True)
    rows, columns = (
        panel.index.get_indexer(pd.Index(gone["date"])),
        panel.columns.get_indexer(pd.Index(gone["permno"].astype(str))),
    )
    how, final = gone["how"].tolist(), np.full(len(gone), np.nan)
    for at, (row, column, more) in enumerate(zip(rows, columns, gone["dlret"].to_numpy(dtype=float), strict=True)):
        permno, day = int(gone["permno"].iloc[at]), pd.Timestamp(gone["date"].iloc[at])
        if (permno, day) in told:
            how[at] = "in RET"
        elif not np.isnan(more):
            old = values[row, column]
            values[row, column] = more if np.isnan(old) else (1 + old) * (1 + more) - 1
        final[at] = values[row, column] if row >= 0 else np.nan
        after = np.flatnonzero(np.isfinite(values[:, column]) & (panel.index > day))
        if after.size:
            msg = f"PERMNO {permno} is delisted on {day:%Y-%m-%d} but has a return on {panel.index[after[0]]:%Y-%m-%d}; mend DLSTDT, or leave the delisting out"
            raise DataError(msg)
    return pd.DataFrame(values, index=panel.index, columns=panel.columns), gone.assign(how=how, ret=final)
