"""The market and its events: what the index did on each, and on average by stance."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy import plots
from eventstudy.abnormal import MeanAdjusted
from eventstudy.pages.document import Fact, Part, Section, Table
from eventstudy.plots.chart import Chart, chart
from eventstudy.plots.market import market_finding
from eventstudy.plots.paths import caar_finding
from eventstudy.plots.reactions import reactions_finding
from eventstudy.report.parts.overview import attrition_chart
from eventstudy.report.parts.part import LEVEL, Inputs, records
from eventstudy.study import EventStudy, StudyResult
from eventstudy.study.output.page import interval_words
from eventstudy.study.rows import window_text
from eventstudy.study.tables.believed import believed
from eventstudy.words import percent, signed

OF_EVENTS = ("session_uncertain", "off_calendar")  # doubts that the table of events shows event by event

MEAN_COLUMNS = ("stance", "window", "first", "last", "caar", "se", "low", "high", "n", "n_sessions", "test", "believe")
NUMBERS = ("estimate", "unit", "statistic", "distribution", "pvalue", "n", "sessions")
TEST_COLUMNS = ("stance", "window", "test", "believe", *NUMBERS, "doubts")
PATH_COLUMNS = ("stance", "relative_day", "caar", "low", "high", "n")
SPELL_GAP = pd.Timedelta(days=365)  # a year without events parts two spells
AROUND = pd.Timedelta(days=60)  # of prices shown before the first and after the last event of a spell
BOTH = "two directions"  # sessions with news of both, or a mixed announcement: no single reaction can be read from them
AVERAGED = (
    "Announcements that share a session are one observation. Sessions with news of both directions are left out and listed. "
    "Which tests hold for this sample, and why others do not, stands in the table of tests."
)


def market_study(inputs: Inputs) -> EventStudy:
    """Return how the index is studied."""
    return EventStudy(
        model=MeanAdjusted(volatility=inputs.study.market.fear or "ewma"),
        estimation=inputs.estimation,
        window=inputs.study.windows.event,
        calendar=inputs.study.calendar,
        mask_events=inputs.catalog,
    )


def market_part(inputs: Inputs, *, seed: int) -> Part:
    """Study the index on every event, and its mean reaction by stance."""
    study = market_study(inputs)
    panel = inputs.market.select([inputs.study.market.symbol])
    every = study.fit(inputs.catalog, panel, symbols="all")
    by_event = _reactions(inputs, every)
    dropped = _without_direction(inputs)
    groups = _groups(inputs, study, panel, dropped)
    averages, tests, paths = _averages(inputs, groups, seed)

    studied = by_event[by_event["in_sample"]]
    shown = studied.rename(columns={"ar": "estimate"})
    both = shown["session"].isin(dropped["session"])
    shown["stance"] = shown["stance"].where(~both, BOTH)
    # one name a session, the one that everyone knows it by: else the first row of a session would name it
    labels = inputs.study.market.labels
    known = {s: labels[e] for s, e in zip(shown["session"], shown["event_id"], strict=True) if e in labels}
    shown["name"] = [known.get(s, name) for s, name in zip(shown["session"], shown["name"], strict=True)]
    estimation = inputs.estimation
    caption = (
        f"{inputs.study.market.symbol}; expected return: the mean of {estimation.length} sessions {estimation.where}"
        f", without days 0 and +1 of every event of the catalogue; variance from "
        f"{inputs.study.market.fear or 'an EWMA'} at the last close before."
    ).replace("-", "−")
    markets = _market_charts(inputs)
    level = percent(LEVEL)
    tidy, path = plots.reactions_data(shown, spread=True), plots.caar_data(paths)
    over = window_text(inputs.study.windows.event)
    reactions = chart(
        "reactions",
        f"Abnormal return of {inputs.study.market.title} on the first session of each event",
        reactions_finding(tidy),
        partial(plots.reactions, shown, quantity="abnormal return, day 0"),
        tidy,
        caption=f"{level} intervals; one mark a session. {caption}",
    )
    averaged = chart(
        "caar",
        f"Average cumulative abnormal return of {inputs.study.market.title} by stance, {over}",
        caar_finding(path),
        partial(plots.caar, paths, band=f"{level} pointwise band"),
        path,
        caption=f"{level} pointwise bands, one observation a session; sessions of two directions left out. {caption}",
    )
    attrition = attrition_chart(len(inputs.catalog), len(inputs.sample), len(studied), int((~both).sum()))
    charts = (*markets, averaged, reactions, attrition)
    tables = (
        _events_table(by_event),
        Table("stance_means", "Mean reaction by stance", f"n counts sessions, not announcements. The {level} interval is that of the test named, the best of those to believe on this sample; believe “no”: none of these has an interval, so take it with doubt. {caption}", averages,
              units={"caar": "percent", "se": "percent", "low": "percent", "high": "percent", "n_sessions": "count"},
              main=("stance", "window", "caar", "low", "high", "n_sessions", "test", "believe")),
        Table("stance_tests", "Tests of the mean reaction, by stance and window", "estimate: in the unit of its test (percent, standard deviations, scaled ranks, share of events). believe: whether the test is claimed to hold for a sample like this one; doubts: why not, why it does not apply, or what to bear in mind.",
              tests, units={"pvalue": "pvalue", "estimate": "@unit", "n": "count", "sessions": "count"}, filters=("stance", "window", "test", "believe"), open=False,
              main=("stance", "window", "test", "believe", "estimate", "statistic", "pvalue", "doubts")),
        Table("no_direction", "Sessions left out of the means", "They carry news of two directions, or one announcement that does both; nothing is averaged away.",
              dropped, open=False),
        Table("excluded", "Events without a reaction", "Every event of the catalogue that could not be studied, with the reason.", every.excluded, open=False),
    )  # fmt: skip
    sections = (
        Section(
            "The market and its events", (_market_words(inputs, every),), charts=tuple(chart.name for chart in markets)
        ),
        Section("On average", (AVERAGED,), charts=("caar",), tables=("stance_means",)),
        Section("Each event", (_count_words(by_event),), charts=("reactions",), tables=("events",)),
        Section(
            "Tests, and what was left out",
            (AVERAGED,),
            charts=("attrition",),
            tables=("stance_tests", "no_direction", "excluded"),
            behind=True,
        ),
    )
    results = {
        "level": LEVEL,
        "counts": {"announcements": len(inputs.catalog), "in_sample": len(inputs.sample), "studied": every.n},
        "events": {row["event_id"]: row for row in records(by_event.drop(columns=["name", "low", "high"]))},
        "stances": {
            stance: {row["window"]: row for row in records(own.drop(columns="stance"))}
            for stance, own in averages.groupby("stance", sort=True)
        },
        "tests": {f"{row['stance']} {row['window']} {row['test']}": row for row in records(tests)},
        "excluded": {f"{row['event_id']} {row['symbol']}": row for row in records(every.excluded)},
    }
    return Part(
        sections=sections,
        charts=charts,
        tables=tables,
        results={"market": results},
        facts=_facts(averages),
        answer=_average_words(averages, inputs),
    )


def _reactions(inputs: Inputs, result: StudyResult) -> pd.DataFrame:
    """One row an event that was studied: what the index did, what was abnormal of it, and how sure that is."""
    symbol = inputs.study.market.symbol
    sessions = inputs.catalog.sessions(inputs.study.calendar)
    day0, days01 = (result.car(window).set_index("event_id") for window in ((0, 0), (0, 1)))
    half = stats.t.ppf(0.5 + LEVEL / 2, day0["df"]) * day0["se"]
    flag = result.car().set_index("event_id")[
        "flag"
    ]  # of the whole event window: one cut by the end of the data says so
    own = sessions.loc[day0.index]
    sources = {event.id: event.source for event in inputs.catalog}
    return pd.DataFrame(
        {
            "session": own["session"],
            "event_id": day0.index,
            "name": own["name"],
            "stance": own["stance"],
            "level": own["level"],
            "scope": own["scope"],
            "source": [sources.get(event, "") for event in day0.index],
            "in_sample": day0.index.isin([event.id for event in inputs.sample]),
            "return": inputs.market.frame[symbol].reindex(own["session"]).to_numpy(),
            "ar": day0["car"],
            "low": day0["car"] - half,
            "high": day0["car"] + half,
            "sar": day0["scar"],
            "pvalue": day0["pvalue"],
            "car_0_1": days01["car"],
            "conflict": own["conflict"],
            "session_certain": own["session_certain"],
            "flag": flag,
        }
    ).reset_index(drop=True)


def _events_table(by_event: pd.DataFrame) -> Table:
    return Table(
        "events",
        "Reaction on the first session of each event",
        f"return: of the index before any adjustment. ar: abnormal return of day 0 with its {percent(LEVEL)} interval; sar: in units of its standard error. "
        "conflict: the session carries news of both directions, so no single reaction can be read from it. flag: cut, the event "
        "window reaches beyond the data; same_bar, another event has the same session; overlap, event windows overlap.",
        by_event,
        units={"return": "percent", "ar": "percent", "low": "percent", "high": "percent", "car_0_1": "percent", "pvalue": "pvalue", "sar": "number"},
        filters=("stance", "scope"),
        labels={"car_0_1": "CAR (0, +1)", "ar": "AR", "sar": "SAR"},
        open=False,
        main=("session", "event_id", "name", "stance", "return", "ar", "low", "high"),
    )  # fmt: skip


def _without_direction(inputs: Inputs) -> pd.DataFrame:
    """List the sessions of the sample that carry both directions, or an announcement that does both."""
    sessions, both = inputs.sample_sessions()
    out = sessions[both]
    reason = np.where(out["conflict"], f"{' and '.join(inputs.moves)} on one session", "an announcement that does both")
    return pd.DataFrame(
        {
            "session": out["session"],
            "event_id": out.index,
            "name": out["name"],
            "stance": out["stance"],
            "reason": reason,
        }
    ).reset_index(drop=True)


def _groups(inputs: Inputs, study: EventStudy, panel: Any, dropped: pd.DataFrame) -> dict[str, StudyResult]:
    """One study a stance: the announcements of its directed sessions. A session with news of a move is the move's."""
    sessions = inputs.sample.sessions(inputs.study.calendar)
    clear = sessions[~sessions["session"].isin(dropped["session"])]
    moved = set(clear.loc[clear["stance"].isin(inputs.moves), "session"])
    groups = {}
    for stance in inputs.averaged:
        own = clear[clear["stance"] == stance]
        if stance not in inputs.moves:
            own = own[~own["session"].isin(moved)]
        if len(own):
            groups[stance] = study.fit(inputs.sample.select(event_id=list(own.index)), panel, symbols="all")
    return groups


def _averages(
    inputs: Inputs, groups: dict[str, StudyResult], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    means, tests, paths = [], [], []
    for stance, result in groups.items():
        if not result.n:
            continue
        for window in inputs.study.windows.reported:
            said = window_text(window)
            tested = result.tests(window, seed=seed, full=True)
            means.append(believed(result.caar(window), tested).assign(stance=stance, window=said))
            tests.append(tested.assign(stance=stance, window=said))
        path = result.aar()
        paths.append(
            pd.DataFrame(
                {
                    "stance": stance,
                    "relative_day": path["relative_day"],
                    "caar": path["caar"],
                    "low": path["caar_low"],
                    "high": path["caar_high"],
                    "n": path["n_sessions"],
                }
            )
        )
    first = ["stance", "window"]
    if not paths:  # no event of one direction was studied
        return _nothing(MEAN_COLUMNS), _nothing(TEST_COLUMNS), _nothing(PATH_COLUMNS)
    mean = pd.concat(means, ignore_index=True)
    mean = mean[[*first, *(c for c in mean.columns if c not in first)]]
    test = pd.concat(tests, ignore_index=True)
    test = test.rename(columns={"name": "test", "n_clusters": "sessions"})
    test["doubts"] = [
        "; ".join([doubt for doubt in doubts if not doubt.startswith(OF_EVENTS)] or warnings) or why
        for doubts, warnings, why in zip(test["doubts"], test["warnings"], test["reason"], strict=True)
    ]
    return mean, test[list(TEST_COLUMNS)], pd.concat(paths, ignore_index=True)


def _nothing(columns: tuple[str, ...]) -> pd.DataFrame:
    texts = {"stance", "window", "unit", "test", "believe", "distribution", "doubts"}
    return pd.DataFrame({name: pd.Series(dtype="str" if name in texts else "float64") for name in columns})


def _market_charts(inputs: Inputs) -> tuple[Chart, ...]:
    """One chart a spell of events, the last one first: years without events would only squeeze the others."""
    symbol = inputs.study.market.symbol
    sessions = inputs.sample.sessions(inputs.study.calendar).reset_index().sort_values("session")
    close = inputs.prices.frame[symbol].dropna()
    sessions = sessions[sessions["session"] <= close.index[-1]]
    spell = (sessions["session"].diff() > SPELL_GAP).cumsum()
    charts = []
    for _, own in sorted(sessions.groupby(spell), reverse=True):
        first, last = own["session"].iloc[0], own["session"].iloc[-1]
        levels = close[(close.index >= first - AROUND) & (close.index <= last + AROUND)]
        events = own[["event_id", "name", "session", "stance"]].copy()
        events["label"] = [inputs.study.market.labels.get(event, "") for event in own["event_id"]]
        years = f"{first.year}" if first.year == last.year else f"{first.year}-{last.year}"
        data = plots.market_data(levels, events)
        path = data[data["level"].notna()].drop_duplicates("date")
        charts.append(
            chart(
                f"market-{years}",
                f"{inputs.study.market.title} and its events, {years.replace('-', '–')}",
                market_finding(path, inputs.study.market.title),
                partial(plots.market, levels, events, level_name=inputs.study.market.title),
                data,
                caption="Marks: first session that could react. Below: how far under the highest close shown so far.",
            )
        )
    return tuple(charts)


def _market_words(inputs: Inputs, result: StudyResult) -> str:
    close = inputs.prices.frame[inputs.study.market.symbol].dropna()
    return (
        f"{inputs.study.market.symbol} from {close.index[0]:%Y-%m-%d} to {close.index[-1]:%Y-%m-%d}; catalogue "
        f"“{inputs.catalog.name}” with {len(inputs.catalog)} announcements, of which {len(inputs.sample)} are in the sample "
        f"({', '.join(inputs.sample.selection) or 'all'}). {result.n} have a price on their first session and enough history."
    )


def _count_words(by_event: pd.DataFrame) -> str:
    sample = by_event[by_event["in_sample"]]
    sure = int((sample["pvalue"] < 1 - LEVEL).sum())
    return (
        f"{len(sample)} announcements of the sample on {sample['session'].nunique()} sessions; the abnormal return of the "
        f"first session differs from zero at {percent(1 - LEVEL)} in {sure} of them, one at a time (by chance alone it would in "
        f"{percent(1 - LEVEL)}). "
        f"{int(sample['conflict'].sum())} stand on a session with news of both directions, and "
        f"{int((~sample['session_certain']).sum())} have a time too rough to be sure of the session."
    )


def _said(averages: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Give the means of the window that the answer is about: day 0, or the first of those reported."""
    window = window_text((0, 0))
    window = window if window in set(averages["window"]) else averages["window"].iloc[0]
    return averages[averages["window"] == window], "on the first session" if window == window_text(
        (0, 0)
    ) else f"over {window}"


def _average_words(averages: pd.DataFrame, inputs: Inputs) -> tuple[str, ...]:
    if averages.empty:
        return ("No event of one direction could be studied, so there is no mean reaction.",)
    said, where = _said(averages)
    parts = [f"{signed(row['caar'])} on {row['stance']} events" for _, row in said.iterrows()]
    lead = f"The average abnormal return of {inputs.study.market.title} {where} was {_listed(parts)}."
    clear = [row["stance"] for _, row in said.iterrows() if row["low"] > 0 or row["high"] < 0]
    rest = [stance for stance in said["stance"] if stance not in clear]
    sure = (
        f"The {percent(LEVEL)} interval leaves out zero for {_listed(clear)}{f', not for {_listed(rest)}' if rest else ''}."
        if clear
        else f"No {percent(LEVEL)} interval leaves out zero."
    )
    doubt = [row["stance"] for _, row in said.iterrows() if row["believe"] != "yes"]
    more = f" No test can be believed without doubt for {_listed(doubt)}." if doubt else ""
    return tuple(line.replace("-", "−") for line in (lead, sure + more))


def _listed(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]


def _facts(averages: pd.DataFrame) -> tuple[Fact, ...]:
    """Give a card a stance: the mean reaction, its interval, its test and n."""
    if averages.empty:
        return ()
    said, where = _said(averages)
    return tuple(
        Fact(
            f"{row['stance']}, {where}, all dates",
            signed(row["caar"]).replace("-", "−"),
            f"{interval_words(row)}, {row['n_sessions']:.0f} sessions".replace("-", "−"),
        )
        for _, row in said.iterrows()
    )
