"""A result as a part of a page: the average, each event, and behind them the tests and what was left out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd

from eventstudy.pages.document import Document, Fact, Part, Section, Table
from eventstudy.pages.frames import as_table
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.forest import forest_finding
from eventstudy.plots.paths import caar_finding
from eventstudy.study.charts import Figures
from eventstudy.study.design import EstimationWindow
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import headline, own_windows, window_text
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.believed import believed
from eventstudy.study.tables.exclusions import excluded
from eventstudy.study.tables.returns import car
from eventstudy.study.tables.significance import all_tests, short_first
from eventstudy.study.tables.summary import ADVISED
from eventstudy.words import percent, signed, typeset

LEVEL = 0.95


def result_document(result: Fitted, *, title: str, seed: int, more: Part | None = None) -> Document:
    """Make the page of a result; its sections are "On average", "Each event", "Tests" and "What was left out"; then `more`."""
    part = result_part(result, seed=seed)
    if more is not None:
        part = replace(part, sections=(*part.sections, *more.sections), charts=(*part.charts, *more.charts))
    return Document(title, part.answer, dict(part.results), part.charts, part.tables, part.sections, facts=part.facts)


def result_part(result: Fitted, *, seed: int = 0) -> Part:
    """Say what a result found."""
    figures = Figures(result)
    windows = usual_windows(result)
    tested = {window: _tests(result, window, seed) for window in windows}
    means = pd.concat([_mean(result, window, tested[window]) for window in windows], ignore_index=True)
    cars, quantity = figures.rows(None, LEVEL)
    path = figures.path(level=LEVEL)
    charts: tuple[Chart, ...] = ()
    if result.n:
        charts = (
            chart(
                "caar", f"Average cumulative abnormal return, {window_text(result.study.window)}", caar_finding(path.rename(columns={"group": "stance"})),
                partial(figures.caar, level=LEVEL), path, caption=f"{percent(LEVEL)} pointwise bands.",
            ),
            chart(
                "each", f"{quantity[:1].upper()}{quantity[1:]} of each security-event", forest_finding(cars),
                partial(figures.forest, level=LEVEL), cars, caption=f"{percent(LEVEL)} intervals; events of one session are one mark.",
            ),
        )  # fmt: skip
    tests = pd.concat([table.assign(window=window_text(window)) for window, table in tested.items()], ignore_index=True)
    tables = (
        Table("means", "Mean reaction by window", "The interval is that of the test named, the best of those to believe; believe “no”: none of these has an interval.",
              means, dict.fromkeys(("caar", "se", "low", "high"), "percent"), main=("window", "caar", "low", "high", "n", "n_sessions", "test", "believe")),
        Table("cars", f"{quantity[:1].upper()}{quantity[1:]}, event by event", "", *_given(car(result, windows[-2 if len(windows) > 1 else 0], result.study.missing)), open=False),
        Table("tests", "Every test, and whether to believe it", "", *_given(tests), filters=("window", "believe"), open=False,
              main=("window", "name", "believe", "estimate", "statistic", "pvalue", "why")),
        Table("excluded", "Security-events that were not studied", "", excluded(result), open=False),
    )  # fmt: skip
    sections = (
        Section("On average", charts=tuple(one.name for one in charts[:1]), tables=("means",)),
        Section("Each event", charts=tuple(one.name for one in charts[1:]), tables=("cars",)),
        Section("Tests", (_how(result),), tables=("tests",), behind=True),
        Section("What was left out", (headline(result),), tables=("excluded",), behind=True),
    )
    results = {"level": LEVEL, "n": result.n, "means": means.to_dict("records"), "model": repr(result.study.model)}
    answer, facts = _answer(means)
    return Part(sections, charts, tables, results, facts, answer)


def _given(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    table = as_table(frame)
    return table.frame, dict(table.units)


def usual_windows(result: Fitted) -> tuple[Window, ...]:
    """Return day 0, the window of the charts, and the whole event window, each once."""
    begin, end = result.study.window
    day0 = [(0, 0)] if begin <= 0 <= end else []
    return tuple(dict.fromkeys([*day0, Figures(result).window(None), (begin, end)]))


def _tests(result: Fitted, window: Window, seed: int) -> pd.DataFrame:
    """Return every test on a window; none where a sample is too large to keep its estimation windows."""
    if not 0 < result.n <= ADVISED:
        return short_first(pd.DataFrame())
    return short_first(all_tests(result, window, alternative="two-sided", level=LEVEL, seed=seed), full=True)


def _mean(result: Fitted, window: Window, tests: pd.DataFrame) -> pd.DataFrame:
    mean = caar(result, window, LEVEL)
    mean = believed(mean, tests) if len(tests) and len(mean) else mean.assign(believe="")
    return mean.assign(window=window_text(window))


def _answer(means: pd.DataFrame) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    if means.empty:
        return ("Nothing could be studied.",), ()
    facts = tuple(
        Fact(
            row["window"],
            typeset(signed(row["caar"])),
            typeset(
                f"{percent(LEVEL)} interval {signed(row['low'])} to {signed(row['high'])}, n = {row['n']}, {row['test']}"
            ),
        )
        for _, row in means.iterrows()
    )
    first = means.iloc[0]
    clear = first["low"] > 0 or first["high"] < 0
    words = f"The average abnormal return was {signed(first['caar'])} on {first['window']}; its {percent(LEVEL)} interval {'leaves out' if clear else 'holds'} zero."
    return (typeset(words),), facts


def _estimated(window: EstimationWindow) -> str:
    """Say on which bars was estimated."""
    where = f"that ends on day {window.end}" if window.after is None else f"on {window.said}"
    return f"estimation window of {window.length} bars {where}, at least {window.minimum} usable"


def _how(result: Fitted) -> str:
    study = result.study
    where = f"estimated on {study.estimation_words}" if study.estimation_words else _estimated(study.estimation_window)
    return typeset(f"Model {study.model!r}; {where}{own_windows(result)}.")
