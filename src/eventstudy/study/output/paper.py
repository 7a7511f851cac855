"""A table for a paper: windows by mean, median, share positive and tests, groups side by side."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.abnormal.models.linear import FactorModel, MarketAdjusted, MarketModel, MeanAdjusted
from eventstudy.errors import StudyError
from eventstudy.inference.registry import TESTS
from eventstudy.inference.to_report import in_order
from eventstudy.pages.document import Table
from eventstudy.pages.formats import MISSING, shown
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.paths import split
from eventstudy.study.tables.returns import car, cut_sentence
from eventstudy.study.tables.significance import all_tests, one_test
from eventstudy.study.window_sample import refuse_nothing, window_sample

SIDE_BY_SIDE = 2  # groups
USUAL = 2  # tests of a table, where none is named
OF_THE_MEAN = {"return": 0, "standardized": 1}  # units of tests of a mean, the mean that is printed first
DOUBTED = "†"
STARS = ((0.01, "***"), (0.05, "**"), (0.10, "*"))


def paper_table(
    result: Fitted,
    *,
    windows: Sequence[Window],
    tests: Sequence[str] | None,
    by: str | None,
    stars: bool,
    title: str,
    seed: int,
) -> Table:
    """Make the table: a row a window; mean, median, share positive, tests and n of each group."""
    refuse_nothing(result)
    groups = {"": result} if by is None else {_named(by, value): own for value, own in split(result, by)}
    chosen = tuple(tests) if tests is not None else _believed(list(groups.values()), windows[0], seed)
    strange = [name for name in chosen if name not in TESTS]
    if strange:
        msg = f"there is no test {strange[0]!r}; the tests are {', '.join(TESTS)}"
        raise StudyError(msg)
    names = list(groups)
    rows = {
        name: [_row(own, window, chosen, stars=stars, seed=seed) for window in windows] for name, own in groups.items()
    }
    said_windows = [window_text(window) for window in windows]
    if len(names) <= SIDE_BY_SIDE:
        frame = pd.DataFrame({"window": said_windows})
        for name in names:
            own = pd.DataFrame(rows[name])
            frame = frame.join(own if by is None else own.add_prefix(f"{name}: "))
    else:  # below each other: the text of a page is not wide enough
        parts = [pd.DataFrame(rows[name]).assign(group=name, window=said_windows) for name in names]
        frame = pd.concat(parts, ignore_index=True)
        frame = frame[["group", "window", *(name for name in frame.columns if name not in {"group", "window"})]]
    said = (
        f" Stars: p of {chosen[0]}{_of_what(result, chosen[0], windows[0], seed)} below "
        f"{', '.join(f'{level:g} ({mark})' for level, mark in reversed(STARS))}."
        if stars and chosen
        else ""
    )
    tested = f" In parentheses: p-values of {', '.join(chosen)}." if chosen else ""
    doubted = (
        f" {DOUBTED}: not to be believed on this sample; tests() says why."
        if any(DOUBTED in str(cell) for cell in frame.to_numpy().ravel())
        else ""
    )
    units = {str(name): "number" for name in frame.columns if name not in {"group", "window"}}
    estimated = result.study.estimation_words or f"estimation {result.study.estimation_window.said}"
    caption = (
        f"Average cumulative abnormal returns; {in_words(result.study.model)}; {estimated}; positive: share of positive values."
        f"{said}{tested}{doubted}{cut_sentence(result, windows)}"
    )
    return Table("reactions", title, caption, frame, units)


def _named(by: str, value: Any) -> str:
    """Return what a group is called: a number or a truth value says of what."""
    return f"{by} = {value}" if isinstance(value, (bool, numbers.Number)) else str(value)


def in_words(model: object) -> str:
    """Return the commonest models as a paper names them; others as they are called here."""
    if isinstance(model, MarketModel) and isinstance(model.market, str):
        return f"market model on {model.market}"
    if isinstance(model, MarketModel) and isinstance(model.market, Mapping):
        return f"market model, each security on its own index ({', '.join(sorted(set(model.market.values())))})"
    if isinstance(model, MeanAdjusted) and model.volatility is None:
        return "mean-adjusted returns"
    if isinstance(model, MarketAdjusted) and isinstance(model.market, str):
        return f"market-adjusted returns on {model.market}"
    if isinstance(model, FactorModel):
        return f"factor model of {', '.join(model.factors)}" + (
            f", in excess of {model.risk_free}" if model.risk_free else ""
        )
    return repr(model)


def _believed(groups: Sequence[Fitted], window: Window, seed: int) -> tuple[str, ...]:
    """Name the test that is reported of most groups, and next to it the one that most groups believe.

    Where none is to be believed of any, the one to report stands there alone, marked.
    """
    tables = [all_tests(own, window, alternative="two-sided", level=0.95, seed=seed) for own in groups]
    first = Counter(name for table in tables for name in table.loc[table["report"] != "", "name"]).most_common(1)
    if not first:
        return ("cross_sectional",)
    sure = Counter(name for table in tables for name in table.loc[table["valid"], "name"])
    rest = in_order(window_sample(groups[0], window), (name for name in TESTS if name in sure and name != first[0][0]))
    return (first[0][0], *sorted(rest, key=lambda name: -sure[name]))[:USUAL]


def _of_what(result: Fitted, name: str, window: Window, seed: int) -> str:
    """Say what the test of the stars is about, where it is not the mean that they mark."""
    rank = OF_THE_MEAN.get(one_test(result, name, window, seed=seed).unit, 2)
    return ("", " (of the mean in standard errors)", " (which is no test of the mean)")[rank]


def _row(result: Fitted, window: Window, tests: Sequence[str], *, stars: bool, seed: int) -> dict[str, str]:
    mean = caar(result, window, 0.95).iloc[0]
    value = car(result, window, result.study.missing)
    value = value["car"].to_numpy()[np.isfinite(value["car"].to_numpy())]
    found = [one_test(result, name, window, seed=seed) for name in tests]
    mark = next((mark for level, mark in STARS if found and found[0].pvalue < level), "") if stars else ""
    cells = {
        "mean": shown(mean["caar"], "percent") + mark,
        "median": shown(float(np.median(value)), "percent") if value.size else MISSING,
        "positive": f"{100 * float((value > 0).mean()):.0f}%" if value.size else MISSING,
    }
    for name, test in zip(tests, found, strict=True):
        cells[name] = (
            f"{test.statistic:.2f} ({shown(test.pvalue, 'pvalue')}){'' if test.valid else DOUBTED}".replace("-", "−")
            if test.applicable
            else MISSING
        )
    return cells | {"n": shown(int(mean["n"]), "count")}
