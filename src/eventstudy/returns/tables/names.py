"""What columns are usually called, and how a name is compared: without its case, blanks and marks."""

from __future__ import annotations

import numbers
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy.returns.tables.cells import cell, whole_text

DATE_NAMES: Final = (
    "date", "dates", "datetime", "timestamp", "datadate", "tradedate", "tradingdate", "pricedate", "exchangedate", "caldt",
    "dlycaldt", "observationdate", "datum",
)  # fmt: skip
FIRST_DATE_NAMES: Final = ("time", "day", "session", "bar", "index", "")
SYMBOL_NAMES: Final = (
    "symbol", "ticker", "sym", "asset", "security", "permno", "ric", "isin", "cusip", "ncusip", "cusip8", "cusip9", "gvkey",
    "figi", "sedol", "secid", "securityid", "assetid", "tickersymbol", "tic", "oftic", "stkcd", "tscode", "stockcode",
    "secucode", "wkn", "lei", "permid", "instrument", "stock", "sid", "identifier", "code", "id",
)  # fmt: skip
CHANGE_HANDS: Final = frozenset({"symbol", "ticker", "sym", "tickersymbol", "tic", "oftic"})
PERMANENT: Final = ("permno", "lpermno", "gvkey", "figi", "permid", "secid", "sid")
TICKERS_TOO: Final = frozenset({"SYM", "RIC", "TIC", "SID", "CODE", "ID", "STOCK", "ASSET", "LEI", "WKN", "FIGI"})
ADJUSTED: Final = (
    "adjclose", "adjustedclose", "adjusted", "adjcloseprice", "adjustedcloseprice", "adjclosingprice", "adjustedclosingprice",
    "adjprice", "adjustedprice", "closeadj", "closeadjusted", "priceadj", "priceadjusted", "adjprc", "prcadj", "adjlast",
    "adjustedlast", "adj", "adjpx", "pxadj", "adjclosing",
)  # fmt: skip
CLOSES: Final = (
    *ADJUSTED,
    "close",
    "closeprice",
    "closingprice",
    "priceclose",
    "closelast",
    "close/last",
    "dlyclose",
    "prccd",
)
NO_TICKERS: Final = frozenset(
    {*CLOSES, "price", "lastprice", "pxlast", "trdprc1", "dlyprc", "lasttradeprice", "priceusd"}
)
"""Words for a price that no security is called."""
PRICE_NAMES: Final = (
    *CLOSES, "price", "value", "prc", "dlyprc", "last", "lastprice", "px", "pxlast", "trdprc1", "settle", "nav",
)  # fmt: skip
RETURN_NAMES: Final = ("return", "ret", "returns", "dlyret", "dailyreturn", "value")
OTHERS: Final = frozenset({
    "open", "high", "low", "volume", "vol", "vwap", "transactions", "trades", "tradecount", "numberoftrades", "n", "dividends",
    "dividend", "stocksplits", "splits", "splitfactor", "splitcoefficient", "divcash", "capitalgains", "change", "change%",
    "changepct", "changepercent", "pctchange", "amount", "turnover", "adjopen", "adjhigh", "adjlow", "adjvolume", "openinterest",
    "unadjustedvolume", "label", "changeovertime", "currency", "bid", "ask", "vwretd",
    "count", "acvoluns", "nummoves", "openprc", "high1", "low1", "blkcount", "cvol",
})  # fmt: skip
UNADJUSTED_BESIDE: Final = frozenset({
    "cfacpr", "cfacshr", "dlycumfacpr", "dlycumfacshr", "ajexdi", "ajpm", "adjfactor", "adjustmentfactor", "cumadjfactor",
    "ri", "tri", "returnindex", "totalreturnindex", "totreturnindex", "totreturnindexgrossdvds", "totreturnindexnetdvds",
})  # fmt: skip
"""Columns that say, beside a price, that it is not adjusted."""
RANGE: Final = frozenset({"open", "high", "low"})
NO_SECURITY: Final = frozenset({"volume", "vwap", "openinterest", "stocksplits", "dividends"})
MARKETS: Final = ("vwretd", "vwretx", "ewretd", "ewretx", "sprtrn", "mktrf", "smb", "hml", "rmw", "cma", "umd", "rf")
_INDEX = r"(mkt|market|index|idx|s&p|sp500)"
MARKET_LIKE: Final = re.compile(rf"bench|{_INDEX}.*ret|ret.*{_INDEX}|^(rm|mret|market|mkt)$")
"""Names, made plain, of columns of a long table that hold the market's return."""
COUNTERS: Final = frozenset(
    {
        "",
        "x",
        "1",
        "rownames",
        "rowname",
        "rn",
        "v1",
        "index",
        "idx",
        "row",
        "rowid",
        "no",
        "nr",
        "#",
        "level0",
        "c0",
        "obs",
    }
)
MARKS: Final = re.compile(r"[\s_.\-*\ufeff]")
UNNAMED: Final = re.compile(r"Unnamed: \d+(_level_\d+)?(\.\d+)?")
ENDINGS: Final = (
    ".gz", ".bz2", ".xz", ".zip", ".zst", ".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq", ".xlsx", ".xls", ".dta", ".feather",
)  # fmt: skip


def plain(column: Any) -> str:
    """Return a column's name as it is looked for: small letters, without blanks and marks."""
    return MARKS.sub("", str(column).lower())


def fields_of(holds: str) -> tuple[str, ...]:
    """Return the names of columns that hold what is asked for, the best first."""
    return PRICE_NAMES if holds == "prices" else (*RETURN_NAMES, *PRICE_NAMES)


def is_field(word: Any) -> bool:
    """Whether a label is one of the words for what a column holds; a ticker may be one too."""
    return plain(word) in PRICE_NAMES or plain(word) in RETURN_NAMES or plain(word) in OTHERS


def stem_of(name: str) -> str:
    """Return a file's name without its folder and the endings of its format: a symbol may have dots.

    Examples
    --------
    >>> stem_of("data/0700.HK.csv.gz"), stem_of("BRK.B.parquet"), stem_of("the frame")
    ('0700.HK', 'BRK.B', 'the frame')
    """
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in ENDINGS:
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    return stem


@lru_cache(maxsize=1 << 16)
def _bare(label: str) -> str:
    """Return a text without what stands around it; a study asks it of every column of its panel, time and again."""
    text = label.strip().lstrip("\ufeff").strip()
    return "" if UNNAMED.fullmatch(text) else text


def label_texts(labels: Iterable[Any]) -> list[str]:
    """Return labels as text, each as `label_text` does."""
    cells = labels.tolist() if isinstance(labels, pd.Index) else labels
    return [_bare(label) if type(label) is str else label_text(label) for label in cells]


def label_text(label: Any) -> str:
    """Return a column's label as text: without blanks around it, 10001.0 as 10001, a missing one as nothing."""
    if isinstance(label, str):
        return _bare(label)
    if isinstance(label, (numbers.Real, Decimal)) and not isinstance(label, numbers.Integral):
        return "" if np.isnan(float(label)) else whole_text(label) or str(label)
    if label is None or label is pd.NaT or label is pd.NA:
        return ""
    return (
        (whole_text(label) or cell(label))
        if type(label) is not bool and isinstance(label, numbers.Integral)
        else str(label)
    )
