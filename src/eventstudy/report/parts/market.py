"""The market and its events: what the index did on each, and on average by stance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eventstudy import plots
from eventstudy.abnormal import MeanAdjusted
from eventstudy.plots.chart import Chart, chart
from eventstudy.report.document import Section, Table
from eventstudy.report.parts.overview import attrition_chart
from eventstudy.report.parts.part import Inputs, Part, records, window_text
from eventstudy.study import EventStudy, StudyResult

LEVEL = 0.95
MEAN_COLUMNS = ("stance", "window", "first", "last", "caar", "se", "low", "high", "n", "n_sessions", "test")
NUMBERS = ("estimate", "statistic", "distribution", "pvalue", "n", "sessions")
OF_EVENTS = ("session_uncertain", "off_calendar")  # doubts that the table of events shows event by event

TEST_COLUMNS = ("stance", "window", "test", "believe", *NUMBERS, "doubts")
PATH_COLUMNS = ("stance", "relative_day", "caar", "low", "high", "n")
SPELL_GAP = pd.Timedelta(days=365)  # a year without events parts two spells
AROUND = pd.Timedelta(days=60)  # of prices shown before the first and after the last event of a spell
BOTH = "two directions"  # sessions with news of both, or a mixed announcement: no single reaction can be read from them
AVERAGED = (
    "One observation a session: announcements that share a session are one. Sessions with news of both directions are left "
    "out and listed. Which tests hold for this sample, and why others do not, stands in the table of tests."
)


def market_part(inputs: Inputs, *, seed: int) -> Part:
    """Study the index on every event, and its mean reaction by stance."""
    study = EventStudy(
        model=MeanAdjusted(volatility=inputs.study.market.fear or "ewma"),
        estimation=inputs.estimation,
        window=inputs.study.windows.event,
        calendar=inputs.study.calendar,
        mask_events=inputs.catalog,
    )
    panel = inputs.market.select([inputs.study.market.symbol])
    every = study.fit(inputs.catalog, panel)
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
    caption = (
        f"{inputs.study.market.symbol}; constant mean over 250 sessions ending 11 before the event, days 0 and +1 of every "
        f"event of the catalogue left out; variance from {inputs.study.market.fear or 'an EWMA'} at the last close before."
    )
    markets = _market_charts(inputs)
    charts = (
        *markets,
        attrition_chart(len(inputs.catalog), len(inputs.sample), len(studied), int((~both).sum())),
        chart("reactions", "What the index did on the first session of each event", plots.reactions(shown), plots.reactions_data(shown),
               alt=f"Abnormal return of the index on the first session of {len(shown)} events, grouped by stance, with 95% intervals.",
               caption=f"95% intervals. {caption}"),
        chart("caar", "Average cumulative abnormal return by stance", plots.caar(paths), plots.caar_data(paths),
               alt="Cumulative average abnormal return of the index from ten sessions before to ten after, one line a stance, with bands.",
               caption=f"One observation a session; sessions of two directions left out. {caption}"),
    )  # fmt: skip
    tables = (
        _events_table(by_event),
        Table("stance_tests", "Tests of the mean reaction, by stance and window", "believe: whether the test is claimed to hold for a sample like this one; doubts: why not, why it does not apply, or what to bear in mind.",
              tests, units={"pvalue": "pvalue", "estimate": "percent", "n": "count", "sessions": "count"}, filters=("stance", "window", "test", "believe"), open=False),
        Table("stance_means", "Mean reaction by stance", f"n counts sessions, not announcements. The interval is that of the test named; the table of tests says which to believe. {caption}", averages,
              units={"caar": "percent", "se": "percent", "low": "percent", "high": "percent", "n_sessions": "count"}),
        Table("no_direction", "Sessions left out of the means", "They carry news of two directions, or one announcement that does both; nothing is averaged away.",
              dropped, open=False),
        Table("excluded", "Events without a reaction", "Every event of the catalogue that could not be studied, with the reason.", every.excluded, open=False),
    )  # fmt: skip
    sections = (
        Section(
            "The market and its events", (_market_words(inputs, every),), charts=tuple(chart.name for chart in markets)
        ),
        Section("Each event", (_count_words(by_event),), charts=("reactions",), tables=("events",)),
        Section(
            "On average",
            (_average_words(averages),),
            charts=("caar",),
            tables=("stance_means", "stance_tests", "no_direction"),
        ),
        Section(
            "What could not be studied",
            ("Nothing is dropped in silence.",),
            charts=("attrition",),
            tables=("excluded",),
        ),
    )
    results = {
        "events": {row["event_id"]: row for row in records(by_event.drop(columns=["name", "low", "high"]))},
        "stances": {
            stance: {row["window"]: row for row in records(own.drop(columns="stance"))}
            for stance, own in averages.groupby("stance", sort=True)
        },
        "tests": {f"{row['stance']} {row['window']} {row['test']}": row for row in records(tests)},
        "excluded": {f"{row['event_id']} {row['symbol']}": row for row in records(every.excluded)},
    }
    return Part(
        sections=sections, charts=charts, tables=tables, results={"market": results}, answer=(_average_words(averages),)
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
    return pd.DataFrame(
        {
            "session": own["session"],
            "event_id": day0.index,
            "name": own["name"],
            "stance": own["stance"],
            "level": own["level"],
            "scope": own["scope"],
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
        "return: of the index before any adjustment. ar: abnormal return with its 95% interval; sar: in units of its standard error. "
        "conflict: the session carries news of both directions, so no single reaction can be read from it. flag: cut, the event "
        "window reaches beyond the data; same_bar, another event has the same session; overlap, event windows overlap.",
        by_event,
        units={"return": "percent", "ar": "percent", "low": "percent", "high": "percent", "car_0_1": "percent", "pvalue": "pvalue", "sar": "number"},
        filters=("stance", "scope"),
        labels={"car_0_1": "CAR (0, +1)", "ar": "AR", "sar": "SAR"},
        open=False,
    )  # fmt: skip


def _without_direction(inputs: Inputs) -> pd.DataFrame:
    """List the sessions of the sample that carry both directions, or an announcement that does both."""
    sessions, both = inputs.sample_sessions()
    out = sessions[both]
    words = inputs.stances
    reason = np.where(
        out["conflict"], f"{words.trigger} and {words.relief} on one session", "an announcement that does both"
    )
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
    """One study a stance: the announcements of its directed sessions. A session with talks beside another stance is the other's."""
    sessions = inputs.sample.sessions(inputs.study.calendar)
    clear = sessions[~sessions["session"].isin(dropped["session"])]
    words = inputs.stances
    moved = set(clear.loc[clear["stance"].isin([words.trigger, words.relief]), "session"])
    groups = {}
    for stance in (words.trigger, words.relief, words.neutral):
        own = clear[clear["stance"] == stance]
        if stance == words.neutral:
            own = own[~own["session"].isin(moved)]
        if len(own):
            groups[stance] = study.fit(inputs.sample.select(event_id=list(own.index)), panel)
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
            means.append(result.caar(window).assign(stance=stance, window=said))
            tests.append(result.tests(window, seed=seed).assign(stance=stance, window=said))
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
    test["believe"] = test["valid"].map({True: "yes", False: "no"}).where(test["applicable"], "")
    test["doubts"] = [
        "; ".join([doubt for doubt in doubts if not doubt.startswith(OF_EVENTS)] or warnings) or why
        for doubts, warnings, why in zip(test["doubts"], test["warnings"], test["reason"], strict=True)
    ]
    return mean, test[list(TEST_COLUMNS)], pd.concat(paths, ignore_index=True)


def _nothing(columns: tuple[str, ...]) -> pd.DataFrame:
    texts = {"stance", "window", "test", "believe", "distribution", "doubts"}
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
        charts.append(
            Chart(
                name=f"market-{years}",
                title=f"The market and its events, {years.replace('-', '–')}",
                alt=f"Level of {symbol} with {len(events)} events marked by stance, and its drawdown below.",
                drawn=plots.market(
                    levels,
                    events,
                    level_name=inputs.study.market.title,
                    title=f"The market and its events, {years.replace('-', '–')}",
                ),
                data=plots.market_data(levels, events),
                caption="Marks: first session that could react. Drawdown: against the highest close shown so far.",
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
        f"first session differs from zero at 5% in {sure} of them, one at a time (a twentieth would by chance alone). "
        f"{int(sample['conflict'].sum())} stand on a session with news of both directions, and "
        f"{int((~sample['session_certain']).sum())} have a time too rough to be sure of the session."
    )


def _average_words(averages: pd.DataFrame) -> str:
    if averages.empty:
        return "No event of one direction could be studied, so there is no mean reaction."
    window = window_text((0, 0))
    window = window if window in set(averages["window"]) else averages["window"].iloc[0]
    said = averages[averages["window"] == window]
    where = "the first session" if window == window_text((0, 0)) else window
    parts = [
        f"{row['stance']}: {row['caar'] * 100:+.2f}% on {row['n_sessions']:.0f} sessions "
        f"(95% interval {row['low'] * 100:+.2f} to {row['high'] * 100:+.2f}%)"
        for _, row in said.iterrows()
    ]
    lead = f"Over all periods together, the mean abnormal return on {where}, one observation a session: "
    return (lead + "; ".join(parts) + ".").replace("-", "−")
