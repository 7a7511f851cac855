"""Who a security was on a day: PERMNO by ticker, CUSIP or GVKEY through time, its share code and its exchange."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Bools
from eventstudy.errors import LISTED, DataError
from eventstudy.returns.crsp.reading import dates, read_columns, whole
from eventstudy.words import brief

OPEN: Final = pd.Timestamp("2262-01-01")

NAMES: Final = {
    "permno": ("permno",),
    "start": ("namedt", "secinfostartdt"),
    "end": ("nameendt", "nameenddt", "secinfoenddt"),
    "ticker": ("ticker",),
    "cusip": ("ncusip", "cusip"),
    "name": ("comnam", "issuernm"),
    "share_code": ("shrcd",),
    "exchange": ("exchcd",),
    "class": ("shrcls", "shareclass"),
}

LINKS: Final = {
    "gvkey": ("gvkey",),
    "permno": ("lpermno", "permno"),
    "start": ("linkdt",),
    "end": ("linkenddt",),
    "type": ("linktype",),
    "primary": ("linkprim",),
}

TYPES: Final = ("LC", "LU", "LS")
PRIMARY: Final = ("P", "C")
"""Links of CCM that research takes: by CUSIP or checked by hand, the company's primary security."""


def read_names(given: Any) -> pd.DataFrame:
    """Return the history of names, ``start`` to ``end``, both included."""
    optional = ("ticker", "cusip", "name", "share_code", "exchange", "class")
    frame, place = read_columns(given, "names", NAMES, optional=optional)
    frame = _periods(frame, place)
    for code in ("share_code", "exchange"):
        if code in frame:
            frame[code] = pd.to_numeric(frame[code], errors="coerce")
    for text in ("ticker", "cusip"):
        if text in frame:
            frame[text] = frame[text].astype("string").str.strip().str.upper()
    return frame.sort_values(["permno", "start"], ignore_index=True)


def read_links(given: Any, types: Collection[str], primary: Collection[str]) -> pd.DataFrame:
    """Return the links of CCM in use, ``start`` to ``end``, both included; GVKEY as six digits."""
    frame, place = read_columns(_without_empty(given), "links", LINKS, optional=("type", "primary"))
    if "type" in frame:
        frame = frame[frame["type"].astype("string").str.strip().isin(list(types))]
    if "primary" in frame:
        frame = frame[frame["primary"].astype("string").str.strip().isin(list(primary))]
    frame = _periods(frame.reset_index(drop=True), place)
    frame["gvkey"] = gvkeys(frame["gvkey"])
    return frame.sort_values(["gvkey", "start"], ignore_index=True)


def _without_empty(given: Any) -> Any:
    """Leave out the links of a frame that lead to no security: CCM lists research done without result."""
    if isinstance(given, pd.DataFrame):
        column = next((name for name in given.columns if str(name).lower() == "lpermno"), None)
        return given if column is None else given[given[column].notna()]
    return given


def gvkeys(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return GVKEYs as text of six digits."""
    text = column.astype("string").str.strip().str.removesuffix(".0")
    return text.where(~text.str.fullmatch(r"\d{1,5}").fillna(value=False), text.str.zfill(6))


def _periods(frame: pd.DataFrame, place: str) -> pd.DataFrame:
    frame["permno"] = whole(frame["permno"], place, "PERMNO")
    frame["start"] = dates(frame["start"], place, "start", empty=True).fillna(pd.Timestamp("1800-01-01"))
    frame["end"] = dates(frame["end"], place, "end", empty=True).fillna(OPEN)
    bad = np.flatnonzero((frame["end"] < frame["start"]).to_numpy())
    if bad.size:
        row = frame.iloc[int(bad[0])]
        msg = f"{place}, row {int(bad[0])}: PERMNO {row['permno']} has a period that ends on {row['end']:%Y-%m-%d}, before it begins on {row['start']:%Y-%m-%d}"
        raise DataError(msg)
    return frame


def on_days(history: pd.DataFrame, key: str, values: pd.Series[Any], days: pd.Series[Any]) -> pd.DataFrame:
    """Return each row of the history whose key and period hold, with ``row``: the position among `values`."""
    asked = pd.DataFrame({key: values.to_numpy(), "day": days.to_numpy(), "row": np.arange(len(values))})
    met = asked.merge(history, on=key, how="inner")
    return met[(met["day"] >= met["start"]) & (met["day"] <= met["end"])]


def permnos_on(
    histories: dict[str, pd.DataFrame | None], by: str, ids: pd.Series[Any], days: pd.Series[Any]
) -> pd.Series[Any]:
    """Return the PERMNO of each identifier on its day; what is not found or means two securities is one error."""
    table = histories["links" if by == "gvkey" else "names"]
    if table is None or by not in table:
        need = "links=" if by == "gvkey" else "names="
        msg = f"nothing says which PERMNO a {by} was on a day: give load_crsp(…, {need}…) a table with that column"
        raise DataError(msg)
    keys = gvkeys(ids) if by == "gvkey" else ids.astype("string").str.strip().str.upper()
    if by == "cusip":
        keys = keys.str[:8]
    keys = keys.reset_index(drop=True)
    met = on_days(table, by, keys, days).drop_duplicates(["row", "permno"])
    problems = []
    for row in np.unique(met.loc[met.duplicated("row", keep=False), "row"]):
        several = met[met["row"] == row]
        both = " and ".join(str(one) for one in several["permno"])
        problems.append(f"row {row}: {by} {keys[row]!r} on {days.iloc[row]:%Y-%m-%d} is PERMNO {both}")
    gone = np.setdiff1d(np.arange(len(keys)), met["row"])
    problems += [f"row {row}: no PERMNO has {by} {brief(repr(keys[row]))} on {days.iloc[row]:%Y-%m-%d}" for row in gone]
    if problems:
        more = f"\n  and {len(problems) - LISTED:,} more" if len(problems) > LISTED else ""
        msg = f"{len(problems)} events do not name one security; write PERMNO there, or drop them:\n  "
        raise DataError(msg + "\n  ".join(problems[:LISTED]) + more)
    return met.set_index("row")["permno"].sort_index()


def allowed(frame: pd.DataFrame, names: pd.DataFrame | None, code: str, wanted: Collection[int]) -> Bools:
    """Return which rows of the daily file had one of the codes `wanted` on their day."""
    if names is None or code not in names:
        if code not in frame:
            msg = f"nothing says the {code.replace('_', ' ')}s: give names= with SHRCD and EXCHCD, or a daily file that has them"
            raise DataError(msg)
        return np.asarray(pd.to_numeric(frame[code], errors="coerce").isin(list(wanted)))
    met = on_days(names[names[code].isin(list(wanted))], "permno", frame["permno"], frame["date"])
    return np.isin(np.arange(len(frame)), met["row"])
