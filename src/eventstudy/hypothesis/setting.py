"""From labels to positions: a catalogue, its episodes and a price panel become arrays on one set of sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from eventstudy.calendars import first_sessions
from eventstudy.errors import DataError, StudyError
from eventstudy.events import load_episodes, load_macro_calendar
from eventstudy.hypothesis.chain import Record
from eventstudy.hypothesis.market import Market
from eventstudy.hypothesis.reactions import Stratum
from eventstudy.hypothesis.sample import Sample, Variant, build_sample, busy_sessions
from eventstudy.hypothesis.spells import Spells, episodes_by_rule, place_episodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eventstudy.events import EventCatalog
    from eventstudy.hypothesis.definitions import Definitions
    from eventstudy.returns import PricePanel

__all__ = ["Setting", "build_setting", "strata_of"]

_RATE = "UST10Y"
_ADJACENT = pd.Timedelta(days=7)  # two periods so close form one stretch of sessions


@dataclass(frozen=True, slots=True)
class Setting:
    """What the study is about, once the labels are resolved.

    Attributes
    ----------
    index : pandas.DatetimeIndex
        The sessions.
    events : pandas.DataFrame
        The catalogue with sessions and macro flags; index ``event_id``.
    sample : Sample
    record : Record
    rival : Spells
        The rival's threats.
    episodes : pandas.DataFrame
        One row a threat: how it enters, or why not.
    threats : pandas.DataFrame
        The threats as they came, also those without a price.
    catalog : EventCatalog
        As it came.
    employment : (m,) int
        Sessions of employment reports.
    rules : Definitions
        By which all of it was resolved.
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


def build_setting(
    catalog: EventCatalog,
    prices: PricePanel,
    rules: Definitions,
    *,
    market: str,
    fear: str | None,
    calendar: str,
    episodes: pd.DataFrame | None = None,
) -> Setting:
    """Resolve a catalogue and a price panel.

    Parameters
    ----------
    catalog : EventCatalog
    prices : PricePanel
        Holds `market`, and `fear` if that is not None; may hold UST10Y.
    rules : Definitions
    market, fear : str
    calendar : str
    episodes : pandas.DataFrame, optional
        Threats of the catalogue; by default those that ship, else read off the events by rule.

    Raises
    ------
    eventstudy.errors.DataError
        If a symbol is missing from the prices.
    eventstudy.errors.StudyError
        If the catalogue is empty.
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
    table = _episodes(events, rules) if episodes is None else episodes
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
    return Setting(index, events, sample, record, rival, account, table, catalog, reports, rules)


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


def strata_of(
    periods: dict[str, tuple[str, str]], index: pd.DatetimeIndex, busy: NDArray[np.bool_], rules: Definitions
) -> list[Stratum]:
    """Stretches of sessions for some periods; adjacent periods form one. A period without a session gives none.

    The placebo pool of a stretch is made of its own quiet sessions and of those of the history before it.
    """
    spans: list[tuple[str, pd.Timestamp, pd.Timestamp]] = []
    for name, (start, end) in periods.items():
        first, last = pd.Timestamp(start), pd.Timestamp(end)
        if spans and abs(first - spans[-1][2]) <= _ADJACENT:
            spans[-1] = (f"{spans[-1][0]} and {name}", spans[-1][1], last)
        else:
            spans.append((name, first, last))
    found = []
    for name, first, last in spans:
        low, high = int(index.searchsorted(first)), int(index.searchsorted(last, side="right")) - 1
        if high >= low:
            pool = np.arange(max(0, low - rules.placebo.pool_before), high + 1)
            found.append(Stratum(name, low, high, pool[~busy[pool]]))
    return found
