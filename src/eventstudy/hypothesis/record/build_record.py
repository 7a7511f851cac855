"""From labels to positions: a catalogue, its episodes and a price panel become arrays on one set of sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.calendars import first_sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.events import EventCatalog, load_episodes, load_macro_calendar
from eventstudy.frames import as_pandas
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.market import Market
from eventstudy.hypothesis.record.record import Record
from eventstudy.hypothesis.record.sample import Sample, Variant, build_sample, busy_sessions
from eventstudy.hypothesis.record.threats import Spells, episodes_by_rule, place_episodes
from eventstudy.returns import PricePanel

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
    _varied: dict[Variant, Sample] = field(default_factory=dict, repr=False, compare=False)

    def vary(self, variant: Variant) -> Sample:
        """Return the sample under a departure from the definitions; each is built once."""
        if variant not in self._varied:
            self._varied[variant] = build_sample(self.events, self.index, self.rules, variant)
        return self._varied[variant]


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
    frame = prices.frame
    for symbol in (market, fear):
        if symbol is not None and symbol not in frame.columns:
            msg = f"symbol {symbol!r} is not among the prices ({', '.join(map(str, frame.columns))}); load it, or name another"
            raise DataError(msg)
    index = pd.DatetimeIndex(frame.index)
    events = _events(catalog, calendar)
    sample = build_sample(events, index, rules)
    table = _episodes(events, rules) if episodes is None else as_pandas(episodes)
    spells, rival, account = place_episodes(table, events, index, rules, calendar)
    record = Record(
        market=_market(frame, market, fear, calendar),
        busy=busy_sessions(events, index, rules),
        trigger=sample.trigger.position,
        relief=sample.relief.position,
        decision=sample.decision.position,
        spells=spells,
    )
    releases = _releases(calendar)
    employment = index.get_indexer(pd.DatetimeIndex(releases.loc[releases["event"] == "employment report", "session"]))
    reports = employment[employment >= 0].astype(np.int64)
    return StudyRecord(index, events, sample, record, rival, account, table, catalog, reports, rules)


def _events(catalog: EventCatalog, calendar: str) -> pd.DataFrame:
    events = catalog.sessions(calendar).drop(columns=["conflict", "conflict_with", "same_session"], errors="ignore")
    details = catalog.to_frame()
    for column in ("confound", "instrument", "rate_before", "rate_after", "effective_date"):
        events[column] = details[column]
    events["macro"] = events["session"].isin(_releases(calendar)["session"])
    return events


@cache
def _releases(calendar: str) -> pd.DataFrame:
    """Give each macro release's kind (event) and the first session of `calendar` that could react to it."""
    macro = load_macro_calendar()
    return macro.assign(session=first_sessions(pd.DatetimeIndex(macro["announced_at"]), calendar))


def _episodes(events: pd.DataFrame, rules: Definitions) -> pd.DataFrame:
    """Take the shipped episodes of the events at hand; where there are none, those that the rule finds."""
    if rules.episodes.source == "shipped":
        shipped = load_episodes("us-china")
        known = shipped[shipped["start_event"].isin(events.index)]
        if len(known):
            return known.reset_index(drop=True)
    return episodes_by_rule(events, rules)


def _market(frame: pd.DataFrame, market: str, fear: str | None, calendar: str) -> Market:
    def column(symbol: str | None) -> NDArray[np.float64]:
        if symbol is None or symbol not in frame.columns:
            return np.full(len(frame), np.nan)
        return np.asarray(frame[symbol].to_numpy(dtype=float, copy=True), dtype=np.float64)

    weekday = np.asarray(pd.DatetimeIndex(frame.index).day_of_week, dtype=np.int64)
    # a yield is empty when the bond market was closed: what was known then is the last one quoted
    rate = np.asarray(pd.Series(column(_RATE)).ffill(), dtype=np.float64)
    return Market(column(market), column(fear), rate, weekday, macro=_macro(pd.DatetimeIndex(frame.index), calendar))


def _macro(index: pd.DatetimeIndex, calendar: str) -> NDArray[np.int64]:
    """1 on sessions of a macro release, 0 on others, -1 in years that the macro calendar does not hold."""
    released = pd.DatetimeIndex(_releases(calendar)["session"])
    code = index.isin(released).astype(np.int64)
    return np.where((index.year < released.year.min()) | (index.year > released.year.max()), -1, code)
