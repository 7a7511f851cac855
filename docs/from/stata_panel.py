"""The panel that Stata was given by the tests of StatsPAI 1.40.2 (MIT, Bryce Wang): twelve securities with an event each, made from a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

BARS, FIRMS = 320, 12
HOLES = {"s03": ("2021-02-01", "2021-02-02", "2021-07-12")}


def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the simple returns (bars x symbols, the three factors first) and the events, one a security."""
    draw = np.random.default_rng(20261007)
    days = pd.bdate_range("2021-01-04", periods=BARS)
    factors = [draw.normal(mean, sd, BARS) for mean, sd in ((0.0004, 0.010), (0.0, 0.006), (0.0, 0.006))]
    bars = 250 + draw.permutation(np.arange(0, 40, 3))[:FIRMS]
    returns = pd.DataFrame(np.column_stack(factors), days, ["mkt", "smb", "hml"])
    for firm, bar in enumerate(bars):
        alpha = draw.normal(0, 0.0003)
        loadings = (draw.uniform(0.6, 1.5), draw.normal(0, 0.4), draw.normal(0, 0.4))
        noise = draw.normal(0, draw.uniform(0.008, 0.02), BARS)
        noise[bar] *= np.sqrt(2.0)
        own = alpha + sum(loading * factor for loading, factor in zip(loadings, factors, strict=True)) + noise
        own[bar] += 0.02 if firm < FIRMS // 2 else 0.0
        returns[f"s{firm + 1:02d}"] = own
    for symbol, gone in HOLES.items():
        returns.loc[list(gone), symbol] = np.nan
    symbols = returns.columns[3:]
    return returns.round(10), pd.DataFrame({"event_id": symbols, "symbol": symbols, "bar": days[bars]})
