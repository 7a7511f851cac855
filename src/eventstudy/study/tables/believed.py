"""Which interval to show beside a mean: that of the test to report of its sample."""

from __future__ import annotations

import numpy as np
import pandas as pd


def believed(mean: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Give a mean the interval of the test to report, and say in `believe` whether that is one to believe.

    Only a test that estimates the same mean has an interval of it; of any other the mean keeps the interval that it came with, and
    is believed only if the test of that is. ``covariance`` knows overlapping windows and few sessions: it stays.
    """
    if mean.empty:
        return mean.assign(believe="no")
    reported = tests[tests["report"] != ""]
    best = None if reported.empty else reported.iloc[0]
    own = mean["test"].iloc[0]
    if own == "covariance":
        return mean.assign(believe="yes" if best is not None and best["valid"] else "no")
    if best is None or best["unit"] != "return" or pd.isna(best["low"]) or not _same(best["estimate"], mean):
        sure = set(tests.loc[tests["valid"], "name"])
        return mean.assign(believe="yes" if own in sure else "no")
    believe = "yes" if best["valid"] else "no"
    if best["name"] == own:
        return mean.assign(believe=believe)
    shown = {"se": best["se"], "low": best["low"], "high": best["high"], "test": best["name"]}
    return mean.assign(**shown, df=best.get("df", np.nan), believe=believe)


def _same(estimate: float, mean: pd.DataFrame) -> bool:
    return bool(np.isclose(float(estimate), float(mean["caar"].iloc[0]), rtol=1e-9, atol=1e-15))
