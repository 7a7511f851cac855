"""Evidence that is watched as it grows: new sessions and events are appended, and what was decided is never decided again.

A folder keeps what was seen: prices as they first came, the events and reliefs that counted, and the evidence after every
session. Definitions and record are frozen by their digests: other ones start again, at 1, in another folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eventstudy.calendars import sessions as sessions_of
from eventstudy.errors import SourceError, StudyError
from eventstudy.events import EventCatalog, load_events, load_reliefs, load_stretches, record_ends
from eventstudy.hypothesis.links.e_values import Evidence, reaction_evidence, relief_evidence, weakest
from eventstudy.hypothesis.record.build_record import market_of, table_of_events
from eventstudy.hypothesis.record.definitions import Definitions, load_definitions
from eventstudy.hypothesis.record.market import known_before, prior_return, scores
from eventstudy.hypothesis.record.risk_sets import Relief, Rows
from eventstudy.hypothesis.record.sample import build_sample, busy_sessions
from eventstudy.replace import write_whole
from eventstudy.returns import PricePanel, PriceSource, load_prices
from eventstudy.returns.bundled import BUNDLED
from eventstudy.returns.sources.registry import HOMES

RECORD = "us-china"
SYMBOLS = ("^GSPC", "^VIX")
STATE, PRICES, PATH = "watch.json", "prices.csv", "evidence.csv"
LINKS = ("H1", "H2", "H3")
_OPEN_DAYS = 60  # a new threat is open so long without a new word


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known after a look.

    Attributes
    ----------
    path : pandas.DataFrame
        One row a session since the start: session, H1, H2, H3, chain.
    notes : tuple of str
        What is new, what is missing, what came late or was corrected.
    deadlines : pandas.DataFrame
        Dated steps ahead: deadline, episode, target, rate.
    needed : float
    """

    path: pd.DataFrame
    notes: tuple[str, ...]
    deadlines: pd.DataFrame
    needed: float

    def sentence(self) -> str:
        """Say the evidence so far."""
        if self.path.empty:
            return f"evidence so far 1.0 : 1; {self.needed:.0f} : 1 needed (no session since the start)"
        last = self.path.iloc[-1]
        links = ", ".join(f"{name} {last[name]:.1f}" for name in LINKS)
        return f"evidence so far {last['chain']:.1f} : 1 for the chain ({links}), after {len(self.path)} sessions to {last['session']:%Y-%m-%d}; {self.needed:.0f} : 1 needed"


@dataclass(slots=True)
class _Kept:
    digests: dict[str, str]
    events: list[str] = field(default_factory=list)
    reliefs: list[list[str]] = field(default_factory=list)
    decided: str = ""


def watch(
    folder: str | Path,
    *,
    source: str | Path | PriceSource = "yahoo",
    events: str | Path | None = None,
    reliefs: str | Path | None = None,
    until: str | None = None,
) -> Watched:
    """Append what is new and say how strong the evidence is.

    Parameters
    ----------
    folder : path
        What was seen so far; made if it is not there.
    source : str, path or PriceSource
        Where prices of ^GSPC and ^VIX come from, as `load_prices` takes it. A source over the network is asked for all of them
        again, so that a close that it corrected is seen; give ``refresh=True`` to a source object of your own.
    events : path, optional
        A catalogue of events after the shipped record, coded by its rubric (docs/events.md).
    reliefs : path, optional
        A CSV file that says which episodes an event relieves: relief_event, episode, whole (1 or 0). Episodes are those
        of the record that are open at its end, and the ids of new threats.
    until : str, optional
        The last day that is looked at; by default the last of the prices.

    Raises
    ------
    StudyError
        If the folder was begun under other definitions or another record, or a file names what is not there.
    SourceError
        If the source gives no prices of one of the two; the folder stays as it was.
    """
    place, rules = Path(folder), load_definitions()
    kept = _kept(place, _digests(rules))
    notes: list[str] = []
    frame = _prices(place, source, until, notes)
    catalog, fresh = _catalog(events, kept, frame, notes)
    relieved = _reliefs(reliefs, kept, fresh, notes)
    links = _evidence(catalog, fresh, relieved, frame, rules)
    start = pd.Timestamp(rules.evidence.start)
    days = frame.index[(frame.index >= start) & frame["^GSPC"].notna()]
    position = np.asarray(frame.index.get_indexer(days), dtype=np.int64)
    path = pd.DataFrame({"session": days} | {name: one.at(position) for name, one in links.items()})
    path = _appended(place, path, kept, notes)
    kept.events, kept.reliefs = sorted(fresh), [list(pair) for pair in relieved]
    if len(path):
        kept.decided = f"{path['session'].iloc[-1]:%Y-%m-%d}"
    _write(place, kept, frame, path)
    today = frame.index[-1]
    return Watched(path, tuple(notes), _deadlines(today), rules.evidence.needed)


def _digests(rules: Definitions) -> dict[str, str]:
    tables = load_stretches(RECORD).to_csv() + load_reliefs(RECORD).to_csv()
    record = load_events(RECORD).digest + hashlib.sha256(tables.encode()).hexdigest()
    return {"definitions": rules.digest, "record": hashlib.sha256(record.encode()).hexdigest()}


def _kept(place: Path, digests: dict[str, str]) -> _Kept:
    file = place / STATE
    if not file.exists():
        return _Kept(digests)
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        kept = _Kept(**state)
    except (ValueError, TypeError) as error:
        msg = f"{file}: not what eventstudy watch wrote ({error}); name another folder"
        raise StudyError(msg) from None
    for name, digest in digests.items():
        if kept.digests.get(name) != digest:
            msg = f"{file}: {name} changed since the watching began (digest {digest[:12]}, not {str(kept.digests.get(name))[:12]}); changed ones start again at 1 in a new folder"
            raise StudyError(msg)
    return kept


def _prices(place: Path, source: str | Path | PriceSource, until: str | None, notes: list[str]) -> pd.DataFrame:
    """Keep every close as it first came; what is new comes after the last kept session."""
    first = load_prices(list(SYMBOLS), start="2016-01-04", source="bundled").frame
    file = place / PRICES
    old = pd.read_csv(file, index_col="session", parse_dates=["session"]) if file.exists() else first.iloc[:0]
    base = pd.concat([first, old])
    new = _asked(source, until, notes)
    both = new.index.intersection(base.index)
    for day in both:
        for symbol in SYMBOLS:
            was, now = base.loc[day, symbol], new.loc[day, symbol]
            if pd.notna(was) and pd.notna(now) and abs(was - now) > 1e-9:
                notes.append(
                    f"{day:%Y-%m-%d}: {symbol} closed at {was:g} when it was seen first, now at {now:g}; the evidence so far stands"
                )
            elif pd.isna(was) and pd.notna(now):
                notes.append(f"{day:%Y-%m-%d}: {symbol} came late; the session stays without it")
    known = new.dropna(how="any").index
    added = new[(new.index > base.index[-1]) & (new.index <= (known[-1] if len(known) else base.index[-1]))]
    whole: pd.DataFrame = pd.concat([base, added])
    due = sessions_of("XNYS", first.index[0], whole.index[-1])
    whole = whole.reindex(due)
    for day in added.index.union(due[due > base.index[-1]]):
        if whole.loc[day].isna().any():
            lacks = ", ".join(s for s in SYMBOLS if pd.isna(whole.loc[day, s]))
            notes.append(f"{day:%Y-%m-%d}: no price of {lacks}; an event of that session cannot count")
    notes.append(f"{len(added)} new sessions" + (f", to {whole.index[-1]:%Y-%m-%d}" if len(added) else ""))
    return whole


def _asked(source: str | Path | PriceSource, until: str | None, notes: list[str]) -> pd.DataFrame:
    """Ask the source for every close after the record, not its cache: what it kept would hide what was corrected since."""
    anew: Mapping[str, Any] = {"refresh": True} if isinstance(source, str) and source in HOMES else {}
    panel: PricePanel = load_prices(list(SYMBOLS), start="2026-08-21", end=until, source=source, **anew)
    for symbol in SYMBOLS:
        why = panel.failures.get(symbol, "it has none")
        if symbol not in panel.frame.columns or (panel.sources[symbol] == BUNDLED and source != BUNDLED):
            msg = f"{getattr(source, 'name', source)}: no prices of {symbol} ({why}); both of {' and '.join(SYMBOLS)} are needed, nothing was added"
            raise SourceError(msg) if isinstance(why, SourceError) else StudyError(msg)
        if symbol in panel.failures:
            notes.append(f"{symbol}: {why}")
    return panel.frame[list(SYMBOLS)]


def _catalog(
    file: str | Path | None, kept: _Kept, frame: pd.DataFrame, notes: list[str]
) -> tuple[EventCatalog, set[str]]:
    """Join the shipped record and the new events; one whose session is decided already comes too late."""
    shipped = load_events(RECORD)
    if file is None:
        if kept.events:
            msg = f"the events {', '.join(kept.events[:3])} counted before; give their file again (--events)"
            raise StudyError(msg)
        return shipped, set()
    own = load_events(file)
    sessions = own.sessions("XNYS")["session"]
    ends = record_ends(RECORD)["events"]
    lost = [name for name in kept.events if name not in own]
    if lost:
        msg = (
            f"{file}: {', '.join(lost[:3])} counted before and is not there now; what was decided is not decided again"
        )
        raise StudyError(msg)
    counted = []
    for event in own:
        day = sessions[event.id]
        if event.id in shipped or day <= ends:
            notes.append(f"{event.id}: of the record's own time (to {ends:%Y-%m-%d}); not counted")
        elif event.id not in kept.events and kept.decided and day <= pd.Timestamp(kept.decided):
            notes.append(f"{event.id}: came after its session {day:%Y-%m-%d} was decided; not counted")
        elif day > frame.index[-1]:
            notes.append(f"{event.id}: its session {day:%Y-%m-%d} has no price yet")
        else:
            counted.append(event)
    joined = EventCatalog((*shipped, *counted), RECORD, timezone=shipped.timezone, vocabulary=shipped.vocabulary)
    return joined, {event.id for event in counted}


def _reliefs(file: str | Path | None, kept: _Kept, fresh: set[str], notes: list[str]) -> list[tuple[str, str, str]]:
    """Read which episodes the new reliefs relieve; those that counted stay as they were."""
    before = {(a, b): (a, b, c) for a, b, c in kept.reliefs}
    if file is None:
        return list(before.values())
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    missing = [column for column in ("relief_event", "episode", "whole") if column not in table.columns]
    if missing:
        msg = f"{file}: the column {missing[0]} is missing (needed: relief_event, episode, whole)"
        raise StudyError(msg)
    found = dict(before)
    for number, row in enumerate(table.to_dict("records"), 2):
        if row["whole"] not in {"0", "1"}:
            msg = f"{file}, line {number}, column 'whole': {row['whole']!r} is neither 1 (nothing is left) nor 0"
            raise StudyError(msg)
        pair = (str(row["relief_event"]), str(row["episode"]))
        if pair in before:
            continue
        if pair[0] not in fresh:
            notes.append(f"{file}, line {number}: {pair[0]} is no event that counts; not a relief")
        elif pair[0] in kept.events:
            notes.append(f"{file}, line {number}: {pair[0]} is decided already; not counted")
        else:
            found[pair] = (*pair, str(row["whole"]))
    return list(found.values())


def _evidence(
    catalog: EventCatalog,
    fresh: set[str],
    relieved: Sequence[tuple[str, str, str]],
    frame: pd.DataFrame,
    rules: Definitions,
) -> dict[str, Evidence]:
    """Follow the three links from the start of the definitions."""
    index = pd.DatetimeIndex(frame.index)
    events = table_of_events(catalog, "XNYS")
    market = market_of(frame, SYMBOLS[0], SYMBOLS[1], "XNYS")
    busy = busy_sessions(events, index, rules)
    first = int(index.searchsorted(pd.Timestamp(rules.evidence.start)))
    gap = int(index.searchsorted(record_ends(RECORD)["events"], side="right"))
    busy[gap : min(first, len(index))] = True  # between the record and the start nobody looked: not quiet, not an event
    sample = build_sample(events, index, rules)
    raw = scores(market, busy, rules.reaction).raw
    quiet = np.flatnonzero(~busy)
    quiet = quiet[quiet >= max(0, gap - rules.placebo.pool_before)]
    rule = rules.evidence
    rows, given = _risk(events.loc[sorted(fresh)], relieved, index, rules)
    loss = -np.log(market.close[rows.day - 1] / market.close[rows.base]) if rows.day.size else np.zeros(0)
    prior = prior_return(market, rules.placebo.prior_sessions)
    found = {
        "H1": reaction_evidence(-raw, sample.trigger.position, quiet, known_before(market.fear), first, rule),
        "H2": relief_evidence(loss, rows, given, first, rule),
        "H3": reaction_evidence(raw, sample.relief.position, quiet, prior, first, rule),
    }
    return found | {"chain": weakest(found)}


def _risk(
    fresh: pd.DataFrame, relieved: Sequence[tuple[str, str, str]], index: pd.DatetimeIndex, rules: Definitions
) -> tuple[Rows, tuple[Relief, ...]]:
    """Pairs of the episodes that the record leaves open, and of new threats, from the start on; and the new reliefs."""
    start, size = int(index.searchsorted(pd.Timestamp(rules.evidence.start))), len(index)
    acts, limit = {rules.sample.decider, "both"}, pd.Timedelta(days=_OPEN_DAYS)
    spans: dict[str, tuple[int, int]] = {}
    for row in _open(rules).to_dict("records"):
        until = (
            None
            if row["state"] == "in force"
            else max(row["from_session"], row["deadline"] if pd.notna(row["deadline"]) else row["from_session"]) + limit
        )
        last = size - 1 if until is None else int(index.searchsorted(until, side="right")) - 1
        spans[row["episode"]] = (int(index.searchsorted(row["start_first_session"])), last)
    for row in fresh.reset_index(names="event_id").to_dict("records"):
        mine = row["stance"] == rules.stances.trigger and row["lead"] and row["actor"] in acts
        if mine and row["scope"] in rules.sample.scopes:
            begin = int(index.searchsorted(row["session"]))
            due = row["effective_date"] if pd.notna(row["effective_date"]) else row["session"]
            last = int(index.searchsorted(max(due, row["session"]) + limit, side="right")) - 1
            spans[str(row["event_id"])] = (begin, min(last, size - 1))
    strangers = [episode for _, episode, _ in relieved if episode not in spans]
    if strangers:
        msg = f"reliefs: {strangers[0]!r} is neither an episode that the record leaves open nor a new threat"
        raise StudyError(msg)
    heard = index.searchsorted(pd.DatetimeIndex(fresh["session"]))
    days = {str(event): int(at) for event, at in zip(fresh.index, heard, strict=True)}
    for event, taken, whole in relieved:
        if whole == "1" and event in days:
            spans[taken] = (spans[taken][0], min(spans[taken][1], days[event]))
    names = list(spans)
    parts = [(i, np.arange(max(a, start), b + 1), a) for i, (a, b) in enumerate(spans.values())]
    episode = np.concatenate([np.full(day.size, i) for i, day, _ in parts]).astype(np.int64)
    day = np.concatenate([day for _, day, _ in parts]).astype(np.int64)
    base = np.concatenate([np.full(own.size, a - 1) for _, own, a in parts]).astype(np.int64)
    order = np.lexsort((episode, day))
    episode, day, base = episode[order], day[order], base[order]
    place = {(names[e], int(t)): at for at, (e, t) in enumerate(zip(episode, day, strict=True))}
    marks, blank = np.zeros(day.size, dtype=bool), np.zeros(day.size, dtype=np.int64)
    rows = Rows(episode, day, day - base - 1, marks, marks, base, blank, blank)
    given = []
    for event in dict.fromkeys(event for event, _, _ in relieved):
        if event in days:
            own = [place[e, days[event]] for name, e, _ in relieved if name == event and (e, days[event]) in place]
            given += [Relief(days[event], event, tuple(own))] if own else []
    return rows, tuple(sorted(given, key=lambda one: (one.day, one.name)))


def _open(rules: Definitions) -> pd.DataFrame:
    """Take the stretches of the decider that the record leaves open, of the scopes and the era."""
    table = load_stretches(RECORD)
    keep = (table["end_kind"] == "end of the record") & ~table["open_only"]
    keep &= table["actor"].isin([rules.sample.decider, "both"]) & table["scope"].isin(rules.sample.scopes)
    if rules.decision.era:
        keep &= table["start_first_session"] >= pd.Timestamp(rules.decision.era)
    return table[keep]


def _deadlines(today: pd.Timestamp) -> pd.DataFrame:
    """List dated steps of the record that lie ahead."""
    table = load_stretches(RECORD)
    ahead = table[(table["end_kind"] == "end of the record") & (table["deadline"] > today)]
    return ahead[["deadline", "episode", "actor", "target", "rate"]].sort_values("deadline", ignore_index=True)


def _appended(place: Path, path: pd.DataFrame, kept: _Kept, notes: list[str]) -> pd.DataFrame:
    """Keep the rows that were decided as they were, and add those after them."""
    file = place / PATH
    if not file.exists() or not kept.decided:
        return path
    old = pd.read_csv(file, parse_dates=["session"])
    later = path[path["session"] > pd.Timestamp(kept.decided)]
    again = path[path["session"].isin(old["session"])].reset_index(drop=True)
    if len(again) == len(old) and not np.allclose(again["chain"], old["chain"]):
        notes.append("the past would come out otherwise now; it stands as it was decided")
    return pd.concat([old, later], ignore_index=True)


def _write(place: Path, kept: _Kept, frame: pd.DataFrame, path: pd.DataFrame) -> None:
    place.mkdir(parents=True, exist_ok=True)
    own = frame.loc[frame.index > record_ends(RECORD)["events"]].rename_axis("session")
    write_whole(place / PRICES, own.to_csv(lineterminator="\n").encode())
    write_whole(place / PATH, path.to_csv(index=False, lineterminator="\n").encode())
    state: Mapping[str, Any] = {key: getattr(kept, key) for key in ("digests", "events", "reliefs", "decided")}
    write_whole(place / STATE, (json.dumps(state, indent=1) + "\n").encode())
