"""The significance tests on one window of a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy.study.fitted import Alternative, Fitted, Window
from eventstudy.study.tables.returns import off_days
from eventstudy.study.window_sample import window_sample

if TYPE_CHECKING:
    from eventstudy.inference import TestResult  # only those who test load it

SHORT = ("name", "statistic", "pvalue", "believe", "why", "report", "size")


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
    # a word, so that the table fits a terminal; the sentence is in `full`, and in why where it is a doubt
    if not full and "counterfactual" in table.columns:
        table["counterfactual"] = [said.partition(":")[0] for said in table["counterfactual"]]
    beside = [name for name in table.columns if name not in SHORT and (full or name == "counterfactual")]
    return table[[*SHORT, *beside]]


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

    given: object = name  # what is no name at all is refused in `run`
    needs = inference.TESTS[name].needs if isinstance(given, str) and name in inference.TESTS else ()
    sample = window_sample(result, window, placebo="refit" in needs, empty=True)
    found = inference.run(name, sample, alternative=alternative, seed=seed, **options)
    return with_doubts((found,), result, window)[0]


def all_tests(
    result: Fitted,
    window: Window,
    *,
    alternative: Alternative,
    level: float,
    seed: int | np.random.Generator | None,
) -> pd.DataFrame:
    """See `StudyResult.tests`."""
    from eventstudy import inference  # noqa: PLC0415  slow to import: only those who test pay

    sample = window_sample(result, window)
    results = inference.run_all(sample, alternative=alternative, level=level, seed=seed)
    return told(with_doubts(results, result, window), inference.reported(sample, results))


def told(results: Sequence[TestResult], report: str) -> pd.DataFrame:
    """Return tests as a table, one row each; `report` names the one to report."""
    table = pd.DataFrame([found.to_dict() for found in results])
    table["report"] = ["" if one.name != report else "yes" if one.valid else "doubtful" for one in results]
    ends = pd.DataFrame(table.pop("ci").tolist(), columns=["low", "high"])
    table[["low", "high"]] = ends
    return table.assign(valid=table["valid"].eq(True))  # a mask; what does not apply is not valid


def with_doubts(results: Sequence[TestResult], result: Fitted, window: Window) -> list[TestResult]:
    """Return the tests with what is doubtful about the data of their window; it speaks against none of them alone."""
    bar = "bar" if result.panel.bars == "minutes" else "session"
    return doubting(results, placing_of(result, window), result.n, bar)


def placing_of(result: Fitted, window: Window) -> tuple[int, int]:
    """Return how many security-events may belong to another session, and how many hold a day that is none."""
    uncertain = sum(int(part.placed.uncertain[result.event[part.rows]].sum()) for part in result.parts)
    off = sum(int(off_days(part.aligned, part.abnormal, window).sum()) for part in result.parts)
    return uncertain, off


def doubting(results: Sequence[TestResult], placing: tuple[int, int], n: int, bar: str) -> list[TestResult]:
    """Return the same from the two counts among n security-events; `bar` is what news may belong to."""
    uncertain, off = placing
    said = [
        f"{name}: {count} of {n} security-events: {why}"
        for name, count, why in (
            (
                "session_uncertain",
                uncertain,
                f"what is known of the moment leaves another {bar} open; a window that holds both is safe",
            ),
            ("off_calendar", off, "a day of the data that is no session is put together with the next"),
        )
        if count
    ]
    return [replace(one, doubts=(*one.doubts, *said)) if said and one.applicable else one for one in results]
