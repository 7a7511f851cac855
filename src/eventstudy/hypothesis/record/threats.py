"""Threats as spells on the bars: when each began, from which close its selloff is measured, and how it ended.

Episodes come with a catalogue as a table, or are read off its events by a rule that never looks at prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Ints
from eventstudy.calendars import first_sessions
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.sections import Stances

OUTCOMES = ("softened", "implemented", "censored")


def outcomes_said(stances: Stances) -> tuple[str, ...]:
    """Return what tables call the outcomes: a threat that ended in relief by the catalogue's own word for it."""
    return (OUTCOMES[0] if stances.relief == "softening" else stances.relief, *OUTCOMES[1:])


@dataclass(frozen=True, slots=True)
class Spells:
    """Threats on the bars.

    Attributes
    ----------
    start : (E,) int
        Session that could react first; the selloff is measured from the close before it.
    last : (E,) int
        Last session at risk; for a softened threat the first session that could react to the relief.
    outcome : (E,) int
        0 softened, 1 implemented, 2 censored (also where the prices end first).
    deadline : (E,) int
        First session at or after the announced date of effect; a number beyond the record if none is stated.
    group : (E,) int
        1 where the target is the rival.
    ids : tuple of str
    """

    start: Ints
    last: Ints
    outcome: Ints
    deadline: Ints
    group: Ints
    ids: tuple[str, ...]

    def take(self, keep: Bools) -> Spells:
        """Those marked."""
        ids = tuple(name for name, kept in zip(self.ids, keep, strict=True) if kept)
        return Spells(self.start[keep], self.last[keep], self.outcome[keep], self.deadline[keep], self.group[keep], ids)

    def within(self, first: int, last: int) -> Spells:
        """Those that begin in ``first .. last``, cut (censored) at `last`."""
        inside = self.take((self.start >= first) & (self.start <= last))
        cut = inside.last > last
        return Spells(
            inside.start,
            np.where(cut, last, inside.last),
            np.where(cut, 2, inside.outcome),
            inside.deadline,
            inside.group,
            inside.ids,
        )


def place_episodes(
    episodes: pd.DataFrame, sessions: pd.DataFrame, index: pd.DatetimeIndex, rules: Definitions, calendar: str
) -> tuple[Spells, Spells, pd.DataFrame]:
    """Put a table of episodes on the bars: the decider's threats within the scopes, the rival's, and an account of each.

    The episodes: id, start_event, target, actor, start_et, deadline, end, end_et; moments aware. `sessions` is the
    catalogue: index ``event_id``, columns session and scope. The account: id, actor, target, start, last, outcome,
    used, reason.
    """
    table = episodes.copy()
    start = _reacting(table["start_et"], calendar)
    end = _reacting(table["end_et"], calendar)
    softened = (table["end"] == "softened").to_numpy(dtype=bool)
    size = len(index)
    position = np.asarray(index.get_indexer(pd.DatetimeIndex(start)), dtype=np.int64)
    reach = np.asarray(index.searchsorted(pd.DatetimeIndex(end)), dtype=np.int64)
    # implemented and censored threats end at a moment: the session that could react to it is no longer at risk
    until = np.where(softened, reach, reach - 1)
    ended = table["end"].map({name: i for i, name in enumerate(OUTCOMES)}).to_numpy(dtype=np.int64)
    code: Ints = np.where(until >= size, 2, ended).astype(np.int64)
    last: Ints = np.minimum(until, size - 1).astype(np.int64)
    due = pd.DatetimeIndex(pd.to_datetime(table["deadline"])).as_unit("us")
    deadline = np.where(due.isna(), size + 10**6, index.searchsorted(due.fillna(index[-1]))).astype(np.int64)
    scope = table["start_event"].map(sessions["scope"])
    everywhere = not rules.sample.scopes
    inside = scope.isin(rules.sample.scopes).to_numpy(dtype=bool) | everywhere
    placed = (position >= 0) & (last > position)
    group = np.asarray(table["target"] == rules.sample.rival_actor.lower()).astype(np.int64)
    everyone = Spells(position, last, code, deadline, group, tuple(table["id"]))
    decider = table["actor"].isin([rules.sample.decider, "both"]).to_numpy(dtype=bool)
    rival = (table["actor"] == rules.sample.rival_actor).to_numpy(dtype=bool)
    reason = np.select(
        [~placed & (position < 0), ~placed, ~inside, rival, ~decider],
        [
            "no price at its start",
            "over before a close could follow it",
            "aimed at others",
            "the rival's threat",
            "another actor",
        ],
        default="",
    )
    account = pd.DataFrame(
        {
            "id": table["id"].to_numpy(),
            "actor": table["actor"].to_numpy(),
            "target": table["target"].to_numpy(),
            "start": [index[p] if p >= 0 else pd.NaT for p in position],
            "last": [index[p] for p in last],
            "outcome": [outcomes_said(rules.stances)[c] for c in code],
            "used": reason == "",
            "reason": reason,
        }
    )
    return everyone.take(placed & inside & decider), everyone.take(placed & rival), account


def _reacting(moments: pd.Series[Any], calendar: str) -> pd.DatetimeIndex:
    return first_sessions(pd.DatetimeIndex(pd.to_datetime(moments)), calendar)


def open_base(spells: Spells, size: int) -> Ints:
    """(B,) position of the last close before the latest threat open at session t; -1 where none is open.

    A threat is at risk from the session after the first that could react, so that the close before t knows the
    reaction.
    """
    base = np.full(size, -1, dtype=np.int64)
    for i in np.argsort(spells.start, kind="stable"):
        base[spells.start[i] + 1 : spells.last[i] + 1] = spells.start[i] - 1
    return base


def episodes_by_rule(frame: pd.DataFrame, rules: Definitions) -> pd.DataFrame:
    """Read episodes off a catalogue that ships none.

    A threat opens at a leading trigger of an actor (with ``join``: while none of that actor's is open), and ends at
    that actor's first formal relief, or after the censoring days. Joint acts count for both sides.

    The frame: index ``event_id``, ordered by moment; columns announced_at, stance, level, actor, lead, scope, target.
    The table is as :func:`place_episodes` takes it.
    """
    names, levels = rules.stances, rules.sample.relief_levels
    limit = pd.Timedelta(days=rules.episodes.censor_days)
    actors: Sequence[str] = sorted({str(a) for a in frame["actor"]} - {"both", *rules.sample.actors_dropped})
    rows = []
    for actor in actors:
        own = frame[frame["actor"].isin([actor, "both"])]
        ends = own[(own["stance"] == names.relief) & (own["level"].isin(levels) | (not levels))]
        closed = pd.Timestamp.min.tz_localize("UTC")
        for event, row in own[(own["stance"] == names.trigger) & own["lead"].astype(bool)].iterrows():
            begun = row["announced_at"]
            if rules.episodes.join and begun <= closed:
                continue
            later = ends[(ends["announced_at"] > begun) & (ends["announced_at"] <= begun + limit)]
            relieved = len(later) > 0
            closed = later["announced_at"].iloc[0] if relieved else begun + limit
            rows.append(
                {
                    "id": f"rule:{event}",
                    "start_event": event,
                    "target": row["target"],
                    "actor": actor,
                    "start_et": begun,
                    "deadline": pd.NaT,
                    "formal_soft_et": closed if relieved else pd.NaT,
                    "end_et": closed,
                    "end": "softened" if relieved else "censored",
                }
            )
    columns = ["id", "start_event", "target", "actor", "start_et", "deadline", "formal_soft_et", "end", "end_et"]
    table = pd.DataFrame(rows, columns=columns)
    for name in ("start_et", "formal_soft_et", "end_et"):  # moments also where there is no row, or no relief
        table[name] = pd.to_datetime(table[name], utc=True).astype(frame["announced_at"].dtype)
    return table
