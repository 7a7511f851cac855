"""A result as a part of a page: the average, each event, and behind them the tests and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.pages.document import Document, Fact, Part, Section, Table
from eventstudy.pages.frames import as_table
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.forest import forest_finding
from eventstudy.plots.paths import caar_finding
from eventstudy.study.charts import Figures
from eventstudy.study.design import EstimationWindow
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import (
    day0_labels,
    headline,
    one_series,
    own_windows,
    sessions,
    studied_rows,
    usual_windows,
    window_text,
)
from eventstudy.study.tables.averages import caar
from eventstudy.study.tables.believed import believed
from eventstudy.study.tables.exclusions import excluded
from eventstudy.study.tables.paths import groups_of, split, usual_group
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
    question, counts = _question(result)
    results = {**part.results, **counts}
    return Document(
        title, part.answer, results, part.charts, part.tables, part.sections, facts=part.facts, question=question
    )


def _question(result: Fitted) -> tuple[str, dict[str, int]]:
    """Ask what the page answers, with who was studied and when; and the counts that it names."""
    rows = car(result, result.study.window, result.study.missing)
    if rows.empty:
        return "", {}
    who, events = rows["symbol"].unique(), int(rows["event_id"].nunique())
    name = str(who[0]) if len(who) == 1 else f"{len(who):,} securities"
    ends = min(rows["session"]), max(rows["session"])
    first, last = (f"{day:%Y-%m-%d}" if hasattr(day, "year") else f"bar {day}" for day in ends)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    what = "one event" if events == 1 else f"{events:,} events"
    return f"How far did {name} move at {what} {when}, beyond what was expected?", {
        "events": events,
        "securities": len(who),
    }


def result_part(result: Fitted, *, seed: int = 0) -> Part:
    """Say what a result found."""
    figures = Figures(result)
    windows = usual_windows(result.study)
    by = usual_group(result)
    means, tests = means_and_tests(result, windows, by, seed)
    of = () if by is None else (by,)
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
    tables = (
        Table("means", "Mean reaction by window", "The interval is that of the test named, the best of those to believe; believe “no”: none of these has an interval.",
              means, dict.fromkeys(("caar", "se", "low", "high"), "percent"), main=(*of, "window", "caar", "low", "high", "n", "n_sessions", "test", "believe")),
        Table("cars", f"{quantity[:1].upper()}{quantity[1:]}, event by event", "", *_given(car(result, windows[-2 if len(windows) > 1 else 0], result.study.missing)), open=False),
        Table("tests", "Every test, and whether to believe it", "", *_given(tests), filters=(*of, "window", "believe"), open=False,
              main=(*of, "window", "name", "believe", "estimate", "statistic", "pvalue", "why")),
        Table("excluded", "Security-events that were not studied", "", excluded(result), open=False),
    )  # fmt: skip
    doubted, held, figures_of_doubt = _counterfactual(result)
    parts = (
        Section(
            "On average",
            (*doubted, *_shared(result, by)),
            charts=tuple(one.name for one in charts[:1]),
            tables=("means",),
        ),
        Section("Each event", charts=tuple(one.name for one in charts[1:]), tables=("cars",)),
        Section("Tests", (_how(result), *held), tables=("tests",), behind=True),
        Section("What was left out", (headline(result),), tables=("excluded",), behind=True),
    )
    results = {"level": LEVEL, "n": result.n, "means": means.to_dict("records"), "model": repr(result.study.model),
               "counterfactual": figures_of_doubt}  # fmt: skip
    answer, facts = answer_of(means, by)
    return Part(parts, charts, tables, results, facts, answer)


def _given(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    table = as_table(frame)
    return table.frame, dict(table.units)


def _tests(result: Fitted, window: Window, seed: int) -> pd.DataFrame:
    """Return every test on a window; none where a sample is too large to keep its estimation windows."""
    if not 0 < result.n <= ADVISED:
        return short_first(pd.DataFrame())
    return short_first(all_tests(result, window, alternative="two-sided", level=LEVEL, seed=seed), full=True)


def means_and_tests(
    result: Fitted, windows: Sequence[Window], by: str | None, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mean of each group and window with the interval of the best test to believe, and every test.

    Without `by` there is one group, and no column that names it.
    """
    means, tests = [], []
    groups: list[tuple[Any, Fitted]] = [("", result)] if by is None or not result.n else split(result, by)
    for name, group in groups:
        named = {} if by is None else {by: str(name)}
        for window in windows:
            own = _tests(group, window, seed)
            mean = caar(group, window, LEVEL)
            mean = believed(mean, own) if len(own) and len(mean) else mean.assign(believe="")
            means.append(mean.assign(**named, window=window_text(window)))
            tests.append(own.assign(**named, window=window_text(window)))
    found = [pd.concat(tables, ignore_index=True) for tables in (means, tests)]
    first = [] if by is None else [by]
    return found[0][[*first, *found[0].columns.difference(first, sort=False)]], found[1]


def _counted(row: pd.Series[Any]) -> str:
    """Say of how many a mean is: of one index, sessions are what is averaged."""
    return sessions(int(row["n"])) if row["n"] == row["n_sessions"] else f"n = {row['n']}"


def answer_of(means: pd.DataFrame, by: str | None) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    """Return a sentence a group on the first window, and the cards: each window of one group, the first of several."""
    if means.empty:
        return ("Nothing could be studied.",), ()
    first = means[means["window"] == means["window"].iloc[0]]
    facts = tuple(
        Fact(
            f"{'' if by is None else f'{row[by]}, ' if by == 'stance' else f'{by} {row[by]}, '}{row['window']}",
            typeset(signed(row["caar"])),
            typeset(f"{interval_words(row)}, {_counted(row)}"),
        )
        for _, row in (means if by is None else first).iterrows()
    )
    return tuple(_sentence(row, by) for _, row in first.iterrows()), facts


def interval_words(row: pd.Series[Any]) -> str:
    """Say the interval of a mean, of which test it is, and whether that is doubtful."""
    if not np.isfinite(row["low"]):
        return "no interval"
    doubt = " (doubtful)" if row["believe"] == "no" else ""
    return f"{percent(LEVEL)} interval {signed(row['low'])} to {signed(row['high'])} by {row['test']}{doubt}"


def _sentence(row: pd.Series[Any], by: str | None) -> str:
    """Say the mean of a group, and where its interval lies."""
    of = "" if by is None else f"{row[by]}: " if by == "stance" else f"{by} {row[by]}: "
    lead = f"{of}the average abnormal return was {signed(row['caar'])} on {row['window']}"
    lead = lead[:1].upper() + lead[1:]
    if not np.isfinite(row["low"]):
        return typeset(f"{lead}; it has no interval.")
    where = "lies above zero" if row["low"] > 0 else "lies below zero" if row["high"] < 0 else "includes zero"
    doubt = ", but no test can be believed without doubt" if row["believe"] == "no" else ""
    return typeset(f"{lead}; its {percent(LEVEL)} interval {where}{doubt}.")


def _shared(result: Fitted, by: str | None) -> tuple[str, ...]:
    """Say how many sessions have events of several groups: their return counts in the mean of each."""
    if by is None or not one_series(result):
        return ()
    rows = pd.DataFrame({"session": day0_labels(result, studied_rows(result)), "group": groups_of(result, by)})
    both = int(rows.drop_duplicates().duplicated("session").sum())
    way = " In Python, catalog.without_conflicts() leaves out those of opposed stances." if by == "stance" else ""
    have = "has" if both == 1 else "have"
    return (
        (
            f"{sessions(both)} {have} events of more than one {by}, and {'is' if both == 1 else 'are'} in the mean of each.{way}",
        )
        if both
        else ()
    )


def _counterfactual(result: Fitted) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]:
    """Say what untreated securities tell of the model: a doubt, for the first section, else a line for the tests; and its figures."""
    if not 0 < result.n <= ADVISED:
        return (), (), {}
    from eventstudy.study.doubt import counterfactual_of  # noqa: PLC0415  slow to import: only those who test pay

    found = counterfactual_of(result, result.study.window)
    figures = asdict(found)
    if found.status == "withdrawn":
        return (typeset(f"The model of normal returns is doubtful: {found.reason}."),), (), figures
    if found.status == "unknown":
        return (
            (),
            (f"Whether the model of normal returns misses something on these dates is unknown: {found.reason}.",),
            figures,
        )
    dates = f"{found.dates} date{'' if found.dates == 1 else 's'}"
    said = f"The model of normal returns holds as far as {found.donors} untreated securities can tell, looked at on {dates}."
    return (), (said,), figures


def _estimated(window: EstimationWindow) -> str:
    """Say on which bars was estimated."""
    where = f"that ends on day {window.end}" if window.after is None else f"on {window.said}"
    return f"estimation window of {window.length} bars {where}, at least {window.minimum} usable"


def _how(result: Fitted) -> str:
    study = result.study
    where = f"estimated on {study.estimation_words}" if study.estimation_words else _estimated(study.estimation_window)
    return typeset(f"Model {study.model!r}; {where}{own_windows(result)}.")
