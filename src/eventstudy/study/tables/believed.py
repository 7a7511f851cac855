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
    best = tests[tests["report"] != ""].head(1)
    if mean["test"].iloc[0] == "covariance":
        return mean.assign(believe="yes" if best["valid"].any() else "no")
    same = np.isclose(best["estimate"].astype(float), float(mean["caar"].iloc[0]), rtol=1e-9, atol=1e-15)
    if not (len(best) and (best["unit"] == "return").all() and same.all() and best["low"].notna().all()):
        sure = set(tests.loc[tests["valid"], "name"])
        return mean.assign(believe="yes" if mean["test"].iloc[0] in sure else "no")
    row = best.iloc[0]
    believe = "yes" if row["valid"] else "no"
    if row["name"] == mean["test"].iloc[0]:
        return mean.assign(believe=believe)
    shown = {"se": row["se"], "low": row["low"], "high": row["high"], "test": row["name"]}
    return mean.assign(**shown, df=row.get("df", np.nan), believe=believe)
