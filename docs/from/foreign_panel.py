"""The panel that every program was given: twelve firms and a market, two event dates; made of uniform draws, the same on every machine."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

FIRMS, BARS, ESTIMATION, WINDOW = 12, 220, (-130, -11), (-2, 3)
DATES = (150, 185)  # bars of the two events: six firms each


def panel() -> pd.DataFrame:
    """Return simple returns (bars x symbols), the market first."""
    draws = ndtri(np.random.Generator(np.random.PCG64(20250402)).random((FIRMS + 1, BARS)))
    market = 0.0004 + 0.009 * draws[0]
    firms = (
        0.0002 + np.linspace(0.5, 1.6, FIRMS)[:, None] * market + np.linspace(0.01, 0.025, FIRMS)[:, None] * draws[1:]
    )
    for firm in range(FIRMS):  # something happens on day 0
        firms[firm, DATES[firm % 2]] += 0.015 + 0.002 * firm
    days = pd.bdate_range("2023-01-02", periods=BARS)
    names = ["M", *(f"F{firm:02d}" for firm in range(FIRMS))]
    return pd.DataFrame(np.vstack([market, firms]).T, index=days, columns=names)


def events(*, common: bool = False) -> pd.DataFrame:
    """Return one row a firm; `common`: all on the first date."""
    days = pd.bdate_range("2023-01-02", periods=BARS)
    bars = [days[DATES[0] if common else DATES[firm % 2]] for firm in range(FIRMS)]
    return pd.DataFrame({"event_id": [f"e{firm}" for firm in range(FIRMS)], "symbol": [f"F{firm:02d}" for firm in range(FIRMS)], "bar": bars})  # fmt: skip
