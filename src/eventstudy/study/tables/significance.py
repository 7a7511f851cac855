"""The significance tests on one window of a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from eventstudy.abnormal import WindowSample
from eventstudy.inference import TestResult
from eventstudy.study.fitted import Alternative, Fitted, Window
from eventstudy.study.window_sample import window_sample

SHORT = ("name", "statistic", "pvalue", "believe", "why")


def every_test(sample: WindowSample, **asked: Any) -> pd.DataFrame:
    """Return every test on a sample, a row each; ``valid`` are those to believe."""
    from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

    table = pd.DataFrame([result.to_dict() for result in inference.run_all(sample, **asked)])
    return table.assign(valid=table["valid"].eq(True))  # a mask; what does not apply is not valid


def short_first(table: pd.DataFrame, *, full: bool = False) -> pd.DataFrame:
    """Open the table of tests with what a reader asks: the test, its numbers, whether to believe it, and why not."""
    if table.empty:
        return pd.DataFrame(columns=[*SHORT, *table.columns])
    why = [
        "; ".join(doubts or warnings) or reason
        for doubts, warnings, reason in zip(table["doubts"], table["warnings"], table["reason"], strict=True)
    ]
    believe = table["valid"].map({True: "yes", False: "no"}).where(table["applicable"], "")
    table = table.assign(believe=believe, why=why)
    return table[[*SHORT, *(name for name in table.columns if full and name not in SHORT)]]


def one_test(
    result: Fitted,
    name: str,
    window: Window,
    *,
    alternative: Alternative = "two-sided",
    seed: int | np.random.Generator | None = None,
    **options: Any,
) -> TestResult:
    """See `StudyResult.test`."""
    from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

    needs = inference.TESTS[name].needs if name in inference.TESTS else ()
    sample = window_sample(result, window, placebo="refit" in needs)
    return inference.run(name, sample, alternative=alternative, seed=seed, **options)
