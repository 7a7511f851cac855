"""Made-up firms: a messy table of their earnings and their prices, as a user has them on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from eventstudy.calendars import sessions

FIRMS = tuple(f"F{letter}" for letter in "ABCDEFGHIJKL")
EARNINGS = """Ticker,Event Date,Deal Type,When,beat,size
FA,05/22/2024,Cash,AMC,1,1.5
FB,07/30/2024,Stock,bmo,0,0.5
FC ,10/31/2024,Stock,16:20,0,0.7
FD,03/13/2024,Cash,AMC,1,2.1
FE,04/24/2024,Cash,BMO,1,1.1
FF,06/12/2024,Stock,after close,0,0.4
FG,08/28/2024,Cash,before open,1,0.9
FH,09/18/2024,Stock,7:30 AM,0,1.3
FI,11/13/2024,Cash,during,1,0.8
FJ,02/21/2024,Stock,amc,0,0.6
FK,05/15/2024,Cash,bmo,1,1.9
FL,07/17/2024,Stock,amc,0,1.0
FA,08/21/2024,Cash,AMC,1,1.6
FB,10/29/2024,Stock,bmo,0,0.3
"""


def firm_prices(seed: int = 7, firms: tuple[str, ...] = FIRMS) -> pd.DataFrame:
    """Return made-up closes of the firms and the index, 2022 to 2024."""
    rng = np.random.default_rng(seed)
    days = sessions("XNYS", pd.Timestamp("2022-01-03"), pd.Timestamp("2024-12-31"))
    market = rng.normal(0.0004, 0.009, len(days))
    returns = {"^GSPC": market} | {
        name: beta * market + rng.normal(0, 0.015, len(days))
        for name, beta in zip(firms, np.linspace(0.6, 1.4, len(firms)), strict=True)
    }
    frame = pd.DataFrame(returns, index=pd.DatetimeIndex(days, name="date"))
    return (100 * (1 + frame).cumprod()).round(4)


def write_firm_files(folder: Path) -> tuple[Path, Path]:
    """Write ``earnings.csv`` and ``prices.parquet``; return their paths."""
    events, prices = folder / "earnings.csv", folder / "prices.parquet"
    events.write_text(EARNINGS)
    firm_prices().to_parquet(prices)
    return events, prices
