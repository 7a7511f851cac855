"""The cross-section: named events side by side over the securities, and each security's mean reaction by stance."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from eventstudy import plots
from eventstudy.abnormal import MarketModel
from eventstudy.errors import told
from eventstudy.inference.significance_tests.parametric import cross_sectional
from eventstudy.pages.document import Part, Section, Table
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.industries import industries_finding
from eventstudy.report.parts.overview import heatmap_chart
from eventstudy.report.parts.part import LEVEL, Inputs, records, told_apart
from eventstudy.returns import ReturnPanel
from eventstudy.study import EventStudy, StudyResult
from eventstudy.study.rows import window_text
from eventstudy.study.study_file import CrossSectionPart
from eventstudy.words import percent

FEWEST = 2  # sessions that a mean is tested on
CHARTED = "industries"  # the group that the chart of named events shows: complete in every source


def securities_part(inputs: Inputs) -> Part:
    """Study each security of the cross-section against its benchmark."""
    part, panel = inputs.study.cross_section, inputs.securities
    if part is None or panel is None:
        return Part()
    lacking = _lacking(part, panel)
    have = {name: [s for s in symbols if s in panel.frame.columns] for name, symbols in part.groups.items()}
    have = {name: symbols for name, symbols in have.items() if symbols}
    if not have:
        return _none(lacking)
    study = EventStudy(
        model=MarketModel(part.benchmark),
        estimation=inputs.estimation,
        window=inputs.study.windows.event,
        calendar=inputs.study.calendar,
        mask_events=inputs.catalog,
    )
    every = study.fit(inputs.sample, panel, symbols="all")
    cars = every.car(part.window).merge(_group_frame(have), on="symbol")
    named = _named(inputs, part, cars, every)
    means = _means(inputs, cars, have)
    said = window_text(part.window)
    caption = (
        f"Market model against {part.benchmark}, {said}; {percent(LEVEL)} intervals with the exact forecast variance."
    )
    charts = _charts(named, have, said, caption)
    names = {event.id: inputs.study.market.labels.get(event.id, event.name) for event in inputs.sample}
    heat = heatmap_chart(cars, names, _labels(part), group=CHARTED, said=said, caption=caption)
    charts += (heat,) if heat is not None else ()
    tables = (
        Table("securities", "Each security on the named events", caption, named,
              units={"return": "percent", "estimate": "percent", "low": "percent", "high": "percent", "pvalue": "pvalue"}, filters=("group", "event"), open=False,
              main=("event", "group", "label", "return", "estimate", "low", "high", "pvalue")),
        Table("securities_means", "Mean reaction of each security, by stance", f"{caption} n counts sessions. Exploratory: by chance alone {percent(1 - LEVEL)} of the rows have p below {1 - LEVEL:.2f}.", means,
              units={"caar": "percent", "low": "percent", "high": "percent", "pvalue": "pvalue"}, filters=("group", "stance"), open=False,
              main=("group", "symbol", "stance", "caar", "low", "high", "pvalue", "n")),
        _lacking_table(lacking),
        Table("securities_excluded", "Security-events that could not be studied", "Counted by reason; each is listed in the results of the library's `excluded`.",
              _counted(every), units={"security_events": "count"}, open=False),
    )  # fmt: skip
    section = Section(
        "Across securities",
        (_words(have, lacking, every),),
        charts=tuple(chart.name for chart in charts),
        tables=tuple(table.name for table in tables if len(table.frame)),
    )
    results = {
        "named_events": {f"{row['event_id']} {row['symbol']}": row for row in records(named.drop(columns=["event"]))},
        "means": {f"{row['symbol']} {row['stance']}": row for row in records(means)},
        "lacking": sorted(lacking["symbol"]),
        "studied": every.n,
        "not_studied": len(every.excluded),
    }
    return Part(
        sections=(section,),
        charts=charts,
        tables=tuple(table for table in tables if len(table.frame)),
        results={"securities": results},
    )


def _none(lacking: pd.DataFrame) -> Part:
    """Say that there is no security to study: none is named, or the source has none of them."""
    words = (
        "The study file names no security." if lacking.empty else "The source has none of the study file's securities."
    )
    tables = () if lacking.empty else (_lacking_table(lacking),)
    results = {"named_events": {}, "means": {}, "lacking": sorted(lacking["symbol"]), "studied": 0}
    section = Section("Across securities", (words,), tables=tuple(table.name for table in tables))
    return Part(sections=(section,), tables=tables, results={"securities": results})


def _lacking_table(lacking: pd.DataFrame) -> Table:
    caption = "Asked for by the study file; a source with them adds them."
    return Table("securities_lacking", "Securities that this source does not have", caption, lacking, open=False)


def _labels(part: CrossSectionPart) -> dict[str, str]:
    """Symbol -> what charts call it."""
    return told_apart({s: part.labels.get(s, s) for symbols in part.groups.values() for s in symbols})


def _group_frame(have: dict[str, list[str]]) -> pd.DataFrame:
    return pd.DataFrame([(s, name) for name, symbols in have.items() for s in symbols], columns=["symbol", "group"])


def _lacking(part: CrossSectionPart, panel: ReturnPanel) -> pd.DataFrame:
    rows = [
        (name, symbol, told(panel.failures[symbol]) if symbol in panel.failures else "not delivered")
        for name, symbols in part.groups.items()
        for symbol in symbols
        if symbol not in panel.frame.columns
    ]
    return pd.DataFrame(rows, columns=["group", "symbol", "reason"])


def _named(inputs: Inputs, part: CrossSectionPart, cars: pd.DataFrame, every: StudyResult) -> pd.DataFrame:
    """Take the named events, in the study file's order: raw return of day 0, abnormal return over the window, interval."""
    from scipy.stats import t as student  # noqa: PLC0415  slow to import

    own = cars[cars["event_id"].isin(part.events)].copy()
    order = {event: i for i, event in enumerate(part.events)}
    own = own.assign(place=own["event_id"].map(order)).sort_values(["place", "group", "symbol"], kind="stable")
    half = student.ppf(0.5 + LEVEL / 2, own["df"]) * own["se"]
    chosen = [event for event in inputs.sample if event.id in part.events]
    names = told_apart({event.id: inputs.study.market.labels.get(event.id, event.name) for event in chosen})
    labels = _labels(part)
    frame = every.panel.frame
    raw = [frame.loc[session, symbol] for session, symbol in zip(own["session"], own["symbol"], strict=True)]
    return pd.DataFrame(
        {
            "event_id": own["event_id"],
            "event": [names[event] for event in own["event_id"]],
            "session": own["session"],
            "group": own["group"],
            "symbol": own["symbol"],
            "label": [labels[s] for s in own["symbol"]],
            "return": raw,
            "estimate": own["car"],
            "low": own["car"] - half,
            "high": own["car"] + half,
            "pvalue": own["pvalue"],
        }
    ).reset_index(drop=True)


def _means(inputs: Inputs, cars: pd.DataFrame, have: dict[str, list[str]]) -> pd.DataFrame:
    """Each security's mean reaction by stance; sessions with both directions, or a mixed announcement, are left out."""
    from scipy.stats import t as student  # noqa: PLC0415  slow to import

    sessions, both = inputs.sample_sessions()
    clear = sessions[~both]
    rows = []
    for stance in inputs.moves or inputs.averaged:
        mine = cars[cars["event_id"].isin(clear.index[clear["stance"] == stance])]
        # the announcements of one session are one observation: their CARs are the same
        mine = mine.drop_duplicates(["symbol", "session"])
        of = {str(symbol): own for symbol, own in mine.groupby("symbol")}
        for group, symbols in have.items():
            for symbol in symbols:
                own = of.get(symbol, mine.iloc[:0])
                test = cross_sectional(own["car"].to_numpy(dtype=float))
                n, mean, error = int(test.n), float(np.asarray(test.estimate)), float(np.asarray(test.se))
                half = float(student.ppf(0.5 + LEVEL / 2, max(n - 1, 1))) * error
                rows.append(
                    {
                        "group": group,
                        "symbol": symbol,
                        "stance": stance,
                        "caar": mean,
                        "low": mean - half,
                        "high": mean + half,
                        "pvalue": float(np.asarray(test.p_two)),
                        "n": n,
                        "reason": "" if n >= FEWEST else f"needs {FEWEST} sessions, has {n}",
                    }
                )
    return pd.DataFrame(rows)


def _charts(named: pd.DataFrame, have: dict[str, list[str]], said: str, caption: str) -> tuple[Chart, ...]:
    charts = []
    for group in have:
        own = named[named["group"] == group]
        if own.empty or (group != CHARTED and own["symbol"].nunique() < 2):
            continue
        days = own.drop_duplicates("event")
        when = ", ".join(f"{e} {d:%Y-%m-%d}" for e, d in zip(days["event"], days["session"], strict=True))
        name = "industries" if group == CHARTED else f"securities-{group}"
        data = plots.industries_data(own)
        charts.append(
            chart(
                name,
                f"{group[:1].upper()}{group[1:]}: the named events side by side, {said}",
                industries_finding(data),
                partial(plots.industries, own, quantity=f"abnormal return, {said}"),
                data,
                caption=f"First sessions: {when}. {caption}",
            )
        )
    return tuple(charts)


def _counted(every: StudyResult) -> pd.DataFrame:
    out = every.excluded
    return out.groupby("reason", sort=True).size().rename("security_events").reset_index()


def _words(have: dict[str, list[str]], lacking: pd.DataFrame, every: StudyResult) -> str:
    count = sum(len(symbols) for symbols in have.values())
    text = f"{count} securities in {len(have)} group{'' if len(have) == 1 else 's'} ({', '.join(have)}); {every.n} security-events studied, {len(every.excluded)} not."
    if len(lacking):
        text += f" The source lacks {len(lacking)} of the study file's securities ({', '.join(sorted(set(lacking['group'])))})."
    return text
