"""The figures that come with the package: small extracts, so that the flagship study runs anywhere, offline."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import pandas as pd

from eventstudy._shipped import shipped
from eventstudy.returns._index import normal_index

BUNDLED: Final = "bundled"
PRICE_SYMBOLS: Final = ("^GSPC", "^VIX", "UST10Y")
INDUSTRIES: Final = (
    "NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other",
)  # fmt: skip
FACTORS: Final = ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "Mom", "RF")
RETURN_SYMBOLS: Final = (*INDUSTRIES, *FACTORS)
PERCENT: Final = 100.0  # the library's files are in percent, and stay so on disk


def bundled_prices(symbols: Sequence[str] = PRICE_SYMBOLS) -> pd.DataFrame:
    """Return the S&P 500 close, the VIX close and the 10-year yield, sessions x 3, 2016-01-04 .. 2026-08-20, or some of them.

    No file is read of which nothing is asked: one that is missing stops only those who need it.
    """
    return _read("market")[list(symbols)].copy() if symbols else pd.DataFrame()


def bundled_returns(symbols: Sequence[str] = RETURN_SYMBOLS) -> pd.DataFrame:
    """Return the 12 industry portfolios and 7 factors as decimal returns, sessions x 19, 2024-06-03 .. 2026-04-30, or some."""
    files = [
        name for name, known in (("industries", INDUSTRIES), ("factors", FACTORS)) if not set(known).isdisjoint(symbols)
    ]
    if not files:
        return pd.DataFrame()
    frames = [_read(name) for name in files]
    whole = frames[0] if len(frames) == 1 else frames[0].join(frames[1], how="outer")
    return (whole / PERCENT)[list(symbols)]


@lru_cache(maxsize=8)
def _read(name: str) -> pd.DataFrame:
    with shipped("eventstudy.returns", f"figures/{name}.csv").open(encoding="utf-8") as file:
        frame = pd.read_csv(file, index_col="date", parse_dates=["date"])
    frame = frame.astype(float)
    frame.index = normal_index(pd.DatetimeIndex(frame.index))
    return frame
