"""A table for a paper: windows by mean, median, share positive and tests, groups side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from eventstudy.abnormal.models.linear import FactorModel, MarketModel
from eventstudy.errors import StudyError
from eventstudy.inference.registry import TESTS
from eventstudy.pages.document import Table
from eventstudy.pages.formats import MISSING, shown
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.believed import preferred
from eventstudy.study.tables.paths import split
from eventstudy.study.tables.returns import car, cut_sentence
from eventstudy.study.tables.significance import all_tests, one_test

SIDE_BY_SIDE = 2  # groups
USUAL = 2  # tests of a table, where none is named
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
    chosen = tuple(tests) if tests is not None else _believed(result, windows[0], seed)
    strange = [name for name in chosen if name not in TESTS]
    if strange:
        msg = f"there is no test {strange[0]!r}; the tests are {', '.join(TESTS)}"
        raise StudyError(msg)
    groups = {"": result} if by is None else {str(value): own for value, own in split(result, by)}
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
        f" Stars: p of {chosen[0]} below {', '.join(f'{level:g} ({mark})' for level, mark in reversed(STARS))}."
        if stars and chosen
        else ""
    )
    tested = f" In parentheses: p-values of {', '.join(chosen)}." if chosen else ""
    units = {str(name): "number" for name in frame.columns if name not in {"group", "window"}}
    estimated = result.study.estimation_words or f"estimation {result.study.estimation_window.said}"
    caption = (
        f"Average cumulative abnormal returns; {in_words(result.study.model)}; {estimated}; positive: share of positive values."
        f"{said}{tested}{cut_sentence(result, windows)}"
    )
    return Table("reactions", title, caption, frame, units)


def in_words(model: object) -> str:
    """Return the commonest models as a paper names them; others as they are called here."""
    if isinstance(model, MarketModel) and isinstance(model.market, str):
        return f"market model on {model.market}"
    if isinstance(model, MarketModel) and isinstance(model.market, Mapping):
        return f"market model, each security on its own index ({', '.join(sorted(set(model.market.values())))})"
    if isinstance(model, FactorModel):
        return f"factor model of {', '.join(model.factors)}" + (
            f", in excess of {model.risk_free}" if model.risk_free else ""
        )
    return repr(model)


def _believed(result: Fitted, window: Window, seed: int) -> tuple[str, ...]:
    """Name the tests that bear most of those to believe on the first window; the usual t-test where there is none."""
    table = all_tests(result, window, alternative="two-sided", level=0.95, seed=seed)
    sure = [name for name in table.loc[table["valid"], "name"] if name in TESTS]
    own = str(caar(result, window, 0.95)["test"].iloc[0])
    return tuple(preferred(sure, own, result.n)[:USUAL]) or ("cross_sectional",)


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
            f"{test.statistic:.2f} ({shown(test.pvalue, 'pvalue')})".replace("-", "−") if test.applicable else MISSING
        )
    return cells | {"n": shown(int(mean["n"]), "count")}
