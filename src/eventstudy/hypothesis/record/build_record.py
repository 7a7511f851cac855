"""From labels to positions: a catalogue, its episodes and a price panel become arrays on one set of sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.calendars import first_sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.events import (
    EventCatalog,
    load_episodes,
    load_macro_calendar,
    load_reliefs,
    load_stretches,
    record_ends,
)
from eventstudy.events.episodes import EPISODES, STRETCHES
from eventstudy.frames import as_pandas
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.risk_sets import RiskSets, risk_sets_of, shipped_risk_sets
from eventstudy.hypothesis.record.sample import LinkSample, Sample, Variant, build_sample, busy_sessions
from eventstudy.hypothesis.record.sections import RiskSet
from eventstudy.hypothesis.record.threats import Spells, episodes_by_rule, place_episodes
from eventstudy.returns import PricePanel
from eventstudy.words import in_a_row

_RATE = "UST10Y"


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """What the study is about, once the labels are resolved.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        The sessions.
    events : pandas.DataFrame
        The catalogue with sessions and macro flags; index ``event_id``.
    rival : Spells
        The rival's threats.
    episodes : pandas.DataFrame
        One row a threat: how it enters, or why not.
    threats : pandas.DataFrame
        The threats as they came, also those without a price.
    employment : (m,) int
        Sessions of employment reports.
    ends : mapping of str to pandas.Timestamp
        The last day of each table.
    """

    index: pd.DatetimeIndex
    events: pd.DataFrame
    sample: Sample
    record: Record
    rival: Spells
    episodes: pd.DataFrame
    threats: pd.DataFrame
    catalog: EventCatalog
    employment: NDArray[np.int64]
    rules: Definitions
    ends: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    shipped: tuple[pd.DataFrame, pd.DataFrame] | None = None
    _varied: dict[Variant, Sample] = field(default_factory=dict, repr=False, compare=False)
    _risks: dict[str, RiskSets] = field(default_factory=dict, repr=False, compare=False)

    def vary(self, variant: Variant) -> Sample:
        """Return the sample under a departure from the definitions; each is built once."""
        if variant not in self._varied:
            self._varied[variant] = build_sample(self.events, self.index, self.rules, variant)
        return self._varied[variant]

    def risk_sets(self, kind: RiskSet) -> RiskSets | None:
        """Return the risk sets under a departure from the definitions; None where the record has no such table."""
        if kind == "main":
            return self.record.risk
        if self.shipped is None or self.record.risk is None:
            return None
        if kind not in self._risks:
            found = shipped_risk_sets(*self.shipped, self.index, self.rules, kind)
            self._risks[kind] = found.with_losses(self.record.market.close)
        return self._risks[kind]


def build_record(
    catalog: EventCatalog,
    prices: PricePanel,
    rules: Definitions,
    *,
    market: str,
    fear: str | None,
    calendar: str,
    episodes: pd.DataFrame | None = None,
) -> StudyRecord:
    """Resolve a catalogue and a price panel, which holds `market`, `fear` if that is not None, and perhaps UST10Y.

    `episodes` are the threats of the catalogue; by default those that ship, else read off the events by rule.
    """
    if not len(catalog):
        msg = f"catalogue {catalog.name!r} holds no event: nothing to test"
        raise StudyError(msg)
    name = catalog.name if catalog.name in EPISODES else STRETCHES[0]
    ends = record_ends(catalog.name)
    whole = prices.frame
    for symbol in (market, fear):
        if symbol is not None and symbol not in whole.columns:
            msg = f"symbol {symbol!r} is not among the prices ({in_a_row(whole.columns)}); load it, or name another"
            raise DataError(msg)
    # beyond the end of the record no session is known to be quiet, and beyond the market's last close (a yield from
    # elsewhere may go on) there is no loss to measure
    frame = whole.loc[: ends["events"]] if "events" in ends else whole
    frame = frame.loc[: frame[market].last_valid_index()]
    index = pd.DatetimeIndex(frame.index)
    events = table_of_events(catalog, calendar)
    sample = build_sample(events, index, rules)
    table = _episodes(events, rules, name) if episodes is None else as_pandas(episodes)
    spells, rival, account = place_episodes(table, events, index, rules, calendar)
    shipped = _stretches(events, rules, name) if episodes is None else None
    state, risk = market_of(frame, market, fear, calendar), None
    if rules.decision.table == "reliefs":
        risk = risk_sets_of(spells) if shipped is None else shipped_risk_sets(*shipped, index, rules)
        risk = risk.with_losses(state.close)
        sample = replace(sample, decision=_decisions(risk), account=_accounted(sample.account, risk))
    record = Record(
        market=state,
        busy=busy_sessions(events, index, rules),
        trigger=sample.trigger.position,
        relief=sample.relief.position,
        decision=sample.decision.position,
        spells=spells,
        risk=risk,
    )
    releases = _releases(calendar)
    employment = index.get_indexer(pd.DatetimeIndex(releases.loc[releases["event"] == "employment report", "session"]))
    reports = employment[employment >= 0].astype(np.int64)
    known = {symbol: whole[symbol].dropna() for symbol in (market, fear, _RATE) if symbol in whole.columns}
    last = {str(symbol): pd.Timestamp(values.index.max()) for symbol, values in known.items() if len(values)}
    return StudyRecord(
        index,
        events,
        sample,
        record,
        rival,
        account,
        table,
        catalog,
        reports,
        rules,
        last | ends,
        shipped,
    )


def _decisions(risk: RiskSets) -> LinkSample:
    """Take the reliefs of the risk sets: one observation a session, the reliefs of a session together."""
    days = risk.decision
    ids = [" ".join(one.name for one in risk.reliefs if one.day == day) for day in days]
    return LinkSample(days, tuple(ids), len(risk.reliefs))


def _accounted(account: pd.DataFrame, risk: RiskSets) -> pd.DataFrame:
    """Say of each row whether it leads a relief of H2."""
    leads = {one.name for one in risk.reliefs}
    parts = [
        [name for name in str(used).split() if name != "H2"] + (["H2"] if event in leads else [])
        for event, used in zip(account["event_id"], account["used"], strict=True)
    ]
    return account.assign(used=[" ".join(sorted(part)) for part in parts])


def table_of_events(catalog: EventCatalog, calendar: str) -> pd.DataFrame:
    """Tabulate events with their first sessions, their rates, and whether a macro release fell on the session."""
    events = catalog.sessions(calendar).drop(columns=["conflict", "conflict_with", "same_session"], errors="ignore")
    details = catalog.to_frame()
    for column in ("confound", "instrument", "alternative", "summary", "rate_before", "rate_after", "effective_date"):
        events[column] = details[column]
    events["macro"] = events["session"].isin(_releases(calendar)["session"])
    return events


@cache
def _releases(calendar: str) -> pd.DataFrame:
    """Give each macro release's kind (event) and the first session of `calendar` that could react to it."""
    macro = load_macro_calendar()
    return macro.assign(session=first_sessions(pd.DatetimeIndex(macro["announced_at"]), calendar))


def _stretches(events: pd.DataFrame, rules: Definitions, name: str) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """Take the shipped stretches and reliefs of the events at hand, if there are any."""
    if rules.episodes.source != "shipped" or name not in STRETCHES:
        return None
    stretches, reliefs = load_stretches(name), load_reliefs(name)
    stretches = stretches[stretches["start_event"].isin(events.index)]
    reliefs = reliefs[reliefs["relief_event"].isin(events.index)]
    return (stretches, reliefs) if len(stretches) else None


def _episodes(events: pd.DataFrame, rules: Definitions, name: str) -> pd.DataFrame:
    """Take the shipped episodes of the events at hand; where there are none, those that the rule finds."""
    if rules.episodes.source == "shipped":
        shipped = load_episodes(name)
        known = shipped[shipped["start_event"].isin(events.index)]
        if len(known):
            return known.reset_index(drop=True)
    return episodes_by_rule(events, rules)


def market_of(frame: pd.DataFrame, market: str, fear: str | None, calendar: str) -> Market:
    """Take the market from a table of prices; no table is carried past its own end."""

    def column(symbol: str | None) -> NDArray[np.float64]:
        if symbol is None or symbol not in frame.columns:
            return np.full(len(frame), np.nan)
        return np.asarray(frame[symbol].to_numpy(dtype=float, copy=True), dtype=np.float64)

    weekday = np.asarray(pd.DatetimeIndex(frame.index).day_of_week, dtype=np.int64)
    # a yield is empty when the bond market was closed: what was known then is the last one quoted
    quoted = pd.Series(column(_RATE))
    # and not past its last: a table that ends says nothing of the days after
    rate = np.asarray(quoted.ffill().where(quoted[::-1].notna().cummax()[::-1]), dtype=np.float64)
    return Market(column(market), column(fear), rate, weekday, macro=_macro(pd.DatetimeIndex(frame.index), calendar))


def _macro(index: pd.DatetimeIndex, calendar: str) -> NDArray[np.int64]:
    """1 on sessions of a macro release, 0 on others, -1 on days that the macro calendar does not hold."""
    released = pd.DatetimeIndex(_releases(calendar)["session"])
    code = index.isin(released).astype(np.int64)
    beyond = (index.year < released.year.min()) | (index > record_ends("")["macro calendar"])
    return np.where(beyond, -1, code)
