"""Which events enter which link, by rules that never look at a return, and why the others do not.

A catalogue comes in as one table of events with their first sessions; what goes out are positions on the bars of the
price record, one observation a session, and a table that accounts for every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.events.vocabulary import LEAVE_OUT
from eventstudy.hypothesis.record.definitions import Definitions

_OTHER_SCOPE = "aimed at others (runs under 'all targets')"

_REASONS = {
    "session": "no price on the first session that could react",
    "history": "too little history before the session",
    "period": "outside the periods of the definitions",
    "stance": "neither of the two moves",
    "scope": _OTHER_SCOPE,
    "actor": "no policy maker acted",
    "follow": "follow-up news of a decision already counted",
    "level": "in words only; shown apart",
    "tier": "outside the tiers of this run",
    "conflict": "the session carries both moves, or an ambiguous announcement",
    "confound": "macro news or other news in the same session",
    "doubtful": "doubtful label",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A departure from the main sample, for robustness runs.

    Attributes
    ----------
    all_targets, every_row, words_too, no_confounds, no_doubtful, flip_doubtful : bool
        Events aimed at others enter; follow-ups enter; reliefs in words enter; sessions with other news leave; doubtful
        rows leave; doubtful rows take their other label (in the first version, triggers and reliefs swapped).
    tiers : tuple of str
        Only these; empty for all.
    shift_uncertain : int
        Sessions by which events of uncertain session are moved.
    """

    all_targets: bool = False
    every_row: bool = False
    words_too: bool = False
    no_confounds: bool = False
    no_doubtful: bool = False
    flip_doubtful: bool = False
    tiers: tuple[str, ...] = ()
    shift_uncertain: int = 0
    scheduled: bool | None = None


#: The samples of the specification curve by their names in the definitions.
VARIANTS = {
    "main": Variant(),
    "all targets": Variant(all_targets=True),
    "formal acts": Variant(tiers=("A",)),
    "no macro days": Variant(no_confounds=True),
    "no doubtful labels": Variant(no_doubtful=True),
    "doubtful labels flipped": Variant(flip_doubtful=True),
    "every row": Variant(every_row=True),
    "words too": Variant(words_too=True),
}


@dataclass(frozen=True, slots=True)
class LinkSample:
    """The independent sessions of one link.

    Attributes
    ----------
    position : (n,) int
        Bars, ascending, each once.
    ids : tuple of str
        The announcements of each session, joined by a blank.
    announcements : int
        How many announcements stand behind the n sessions.
    """

    position: Ints
    ids: tuple[str, ...]
    announcements: int

    def between(self, first: int, last: int) -> LinkSample:
        """Those with ``first <= position <= last``."""
        keep = (self.position >= first) & (self.position <= last)
        ids = tuple(name for name, kept in zip(self.ids, keep, strict=True) if kept)
        return LinkSample(self.position[keep], ids, sum(len(name.split()) for name in ids))


@dataclass(frozen=True, slots=True)
class Sample:
    """The samples of the three links and the account of every row.

    Attributes
    ----------
    trigger, relief, decision, words, talks, courts : LinkSample
        H1; H3; the decider's formal reliefs of H2 (sessions with other news stay: what counts is the drawdown before);
        reliefs in words; neutral events; rulings in either direction.
    account : pandas.DataFrame
        One row an event: event_id, session, stance, level, used (links, joined by a blank), reason.
    """

    trigger: LinkSample
    relief: LinkSample
    decision: LinkSample
    words: LinkSample
    talks: LinkSample
    courts: LinkSample
    account: pd.DataFrame


def busy_sessions(frame: pd.DataFrame, index: pd.DatetimeIndex, rules: Definitions) -> NDArray[np.bool_]:
    """(B,) sessions on relative days `mask` of any event of the catalogue: no estimation, no placebo there."""
    first, last = rules.reaction.mask
    position = _positions(frame["session"], index)
    busy = np.zeros(len(index), dtype=bool)
    for day in range(first, last + 1):
        hit = position[position >= 0] + day
        busy[hit[(hit >= 0) & (hit < len(index))]] = True
    return busy


def build_sample(
    frame: pd.DataFrame, index: pd.DatetimeIndex, rules: Definitions, variant: Variant | None = None
) -> Sample:
    """Sort the rows of a catalogue into links, by the main rules or a departure from them.

    The frame: index ``event_id``, ordered by announcement; columns session, stance, level, tier, actor, scope, cluster,
    lead, scheduled, doubtful, session_certain, confound, macro (bool: macro release in that session). `index` are the
    sessions of the price record.
    """
    kind = variant or Variant()
    table = _resolved(frame, index, rules, kind)
    conflict = _conflicts(table, rules, kind)
    reason = _reasons(table, rules, kind, conflict)
    stance, live = table["stance"], reason == ""
    words = _REASONS["level"]
    trigger = live & (stance == rules.stances.trigger)
    relief = live & (stance == rules.stances.relief)
    decision = _is_decision(table, rules, kind)
    spoken = (reason == words) & ~table["position"].isin(conflict)
    talks = (stance == rules.stances.neutral) & _in_scope(table, rules, kind) & table["placed"] & table["leads"]
    courts = (table["actor"] == "court") & _in_scope(table, rules, kind) & table["placed"] & table["leads"]
    used = [
        " ".join(name for name, flag in (("H1", a), ("H2", b), ("H3", c)) if flag)
        for a, b, c in zip(trigger, decision, relief, strict=True)
    ]
    account = table[["session", "stance", "level", "actor", "tier"]].copy()
    account["used"] = used
    account["reason"] = np.where(trigger | relief, "", reason)
    return Sample(
        trigger=_collapse(table[trigger]),
        relief=_collapse(table[relief]),
        decision=_collapse(table[decision]),
        words=_collapse(table[spoken]),
        talks=_collapse(table[talks]),
        courts=_collapse(table[courts]),
        account=account.reset_index(),
    )


def _resolved(frame: pd.DataFrame, index: pd.DatetimeIndex, rules: Definitions, kind: Variant) -> pd.DataFrame:
    """Add position, the highest level of each chain of news, and whether the row leads."""
    table = frame.copy()
    position = _positions(table["session"], index)
    if kind.shift_uncertain:
        moved = ~table["session_certain"].to_numpy(dtype=bool) & (position >= 0)
        position = np.where(moved, np.clip(position + kind.shift_uncertain, 0, len(index) - 1), position)
    table["position"] = position
    table["placed"] = position >= 0
    table["level"] = table["level"].fillna("").astype(str)
    same = table.groupby(["cluster", "stance"])["level"].transform("max") if len(table) else table["level"]
    table["level"] = np.where(table["lead"], same, table["level"])
    table["leads"] = table["lead"].to_numpy(dtype=bool) | kind.every_row | (not rules.sample.lead_only)
    if kind.flip_doubtful and rules.sample.doubtful == "alternative":
        _relabel(table)
    elif kind.flip_doubtful:
        swap = {rules.stances.trigger: rules.stances.relief, rules.stances.relief: rules.stances.trigger}
        flipped = table["stance"].map(swap).fillna(table["stance"])
        doubtful = table["doubtful"].to_numpy(dtype=bool)
        table["level"] = np.where(doubtful & (flipped == rules.stances.relief), "S2", table["level"])
        table["stance"] = np.where(doubtful, flipped, table["stance"])
    return table


def _relabel(table: pd.DataFrame) -> None:
    """Give each doubtful row the other label that the catalogue states for it; one without another is left out."""
    doubtful = table["doubtful"].to_numpy(dtype=bool)
    other = table["alternative"].where(table["alternative"] != "", LEAVE_OUT) if doubtful.any() else table["stance"]
    named = set(table["stance"])  # a stance may hold a blank; what is no stance by itself ends in its level
    split = [(text, "") if text in named or " " not in text else text.rsplit(" ", 1) for text in other.astype(str)]
    stance, level = ([part[side] for part in split] for side in (0, 1))
    out = doubtful & (other == LEAVE_OUT).to_numpy()
    table["stance"] = np.where(doubtful & ~out, stance, table["stance"])
    table["level"] = np.where(doubtful & ~out, level, table["level"])
    table.loc[out, ["placed", "position"]] = [False, -1]


def _in_scope(table: pd.DataFrame, rules: Definitions, kind: Variant) -> pd.Series[bool]:
    scopes = rules.sample.scopes
    everyone = kind.all_targets or not scopes
    return pd.Series(everyone, index=table.index) | table["scope"].isin(scopes)


def _conflicts(table: pd.DataFrame, rules: Definitions, kind: Variant) -> set[int]:
    """Positions whose session carries both moves, or an ambiguous row, among all rows of the scopes."""
    inside = table[_in_scope(table, rules, kind) & (table["actor"] != "none") & table["placed"]]
    names = rules.stances
    held = {
        stance: set(inside["position"][inside["stance"] == stance].tolist())
        for stance in (names.trigger, names.relief, names.ambiguous)
    }
    return (held[names.trigger] & held[names.relief]) | held[names.ambiguous]


def _reasons(table: pd.DataFrame, rules: Definitions, kind: Variant, conflict: set[int]) -> pd.Series[Any]:
    """Name the first rule that keeps a row out of H1 and H3; empty if none does."""
    names = rules.stances
    is_relief = table["stance"] == names.relief
    levels = rules.sample.relief_levels if not kind.words_too else ()
    wrong_level = (is_relief & bool(levels) & ~table["level"].isin(levels)) | (
        (table["stance"] == names.trigger)
        & bool(rules.sample.trigger_levels)
        & ~table["level"].isin(rules.sample.trigger_levels)
    )
    noisy = (table["confound"].fillna("").astype(str) != "") | table["macro"].astype(bool)
    tests = [
        ("session", ~table["placed"]),
        ("stance", ~table["stance"].isin([names.trigger, names.relief])),
        ("scope", ~_in_scope(table, rules, kind)),
        ("actor", table["actor"].isin(rules.sample.actors_dropped)),
        ("follow", ~table["leads"]),
        ("tier", bool(kind.tiers) & ~table["tier"].isin(kind.tiers)),
        ("confound", kind.no_confounds & noisy),
        ("doubtful", kind.no_doubtful & table["doubtful"].astype(bool)),
        ("conflict", table["position"].isin(conflict)),
        ("level", wrong_level),
    ]
    if kind.scheduled is not None:
        tests.append(("stance", table["scheduled"].astype(bool) != kind.scheduled))
    first = np.select([np.broadcast_to(hit, len(table)) for _, hit in tests], [_REASONS[key] for key, _ in tests], "")
    return pd.Series(first, index=table.index, dtype=object)


def _is_decision(table: pd.DataFrame, rules: Definitions, kind: Variant) -> pd.Series[bool]:
    acts = {rules.sample.decider, "both"} if rules.sample.decider else set(table["actor"])
    levels = rules.sample.relief_levels
    formal = pd.Series(not levels or kind.words_too, index=table.index) | table["level"].isin(levels)
    keep = (table["stance"] == rules.stances.relief) & formal & _in_scope(table, rules, kind) & table["placed"]
    if kind.tiers:
        keep &= table["tier"].isin(kind.tiers)
    if kind.no_doubtful:
        keep &= ~table["doubtful"].astype(bool)
    return keep & table["actor"].isin(acts - set(rules.sample.actors_dropped)) & table["leads"]


def _collapse(rows: pd.DataFrame) -> LinkSample:
    """One observation a session; the announcements of a session stand together."""
    position = rows["position"].to_numpy(dtype=np.int64)
    unique = np.unique(position)
    names = np.asarray(rows.index, dtype=object)
    ids: Sequence[str] = [" ".join(str(name) for name in names[position == p]) for p in unique]
    return LinkSample(unique, tuple(ids), len(rows))


def _positions(session: pd.Series[Any], index: pd.DatetimeIndex) -> Ints:
    """Position of each session in the record; -1 outside."""
    labels = pd.DatetimeIndex(session).as_unit("us")
    return np.asarray(index.as_unit("us").get_indexer(labels), dtype=np.int64)
