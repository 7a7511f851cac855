"""Which interval to show beside a mean: that of the best test to believe on its sample."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from eventstudy.inference.registry import TESTS


def preferred(names: Iterable[str], own: str, n: int) -> list[str]:
    """Put tests to believe in the order in which one is reported: the mean's own, those that do not draw, those that bear most."""
    return sorted(names, key=lambda name: (name != own, TESTS[name].draws, -len(TESTS[name].bears(n))))


def believed(mean: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Give a mean the interval of the best test to believe, and say in `believe` whether there is one.

    The interval that the mean came with stays where its test is to be believed, or none that is has an interval. Only a
    test that estimates the same mean has an interval of it.
    """
    same = (
        np.isclose(tests["estimate"].astype(float), float(mean["caar"].iloc[0]), rtol=1e-9, atol=1e-15)
        if len(mean)
        else False
    )
    sure = tests[tests["valid"] & (tests["unit"] == "return") & same]
    sure = sure[sure["low"].notna() & sure["high"].notna()]
    own = mean["test"].iloc[0] if len(mean) else ""
    if sure.empty or own in set(sure["name"]):
        return mean.assign(believe="no" if sure.empty else "yes")
    bears = {name: len(TESTS[name].bears(int(mean["n"].iloc[0]))) for name in sure["name"]}
    best = sure.loc[max(sure.index, key=lambda at: bears[sure.loc[at, "name"]])]
    shown = {"se": best["se"], "low": best["low"], "high": best["high"], "test": best["name"]}
    return mean.assign(**shown, df=best.get("df", np.nan), believe="yes")
