"""Who was at risk when, and what relieved whom: pairs of an episode and a session, and the reliefs among them.

A catalogue that ships stretches and reliefs says so itself; of any other the threats are taken, each open from its
first session to its end, with its end in relief as the one relief that it has.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.record.definitions import Definitions
from eventstudy.hypothesis.record.sections import RiskSet
from eventstudy.hypothesis.record.threats import Spells

_FAR = 10**6  # sessions to a date that nobody stated


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Rows:
    """Episode-days: one row for each session on which one threat was open.

    Attributes
    ----------
    episode, day, age : (R,) int
        Which threat; which session; sessions since the first that could react.
    relieved : (R,) bool
        The threat was relieved in this session, as a whole or in part.
    implemented : (R,) bool
        It took effect with the next session (the competing end).
    base : (R,) int
        Position of the last close before the threat.
    deadline, group : (R,) int
        Of the threat; see :class:`eventstudy.hypothesis.record.threats.Spells`.
    """

    episode: Ints
    day: Ints
    age: Ints
    relieved: Bools
    implemented: Bools
    base: Ints
    deadline: Ints
    group: Ints

    def take(self, keep: Bools | Ints) -> Rows:
        """Those marked."""
        return Rows(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Relief:
    """One relief: its session, the announcement that leads it, and the rows that it relieves."""

    day: int
    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Pairs at risk and the reliefs among them, in the order of sessions.

    Attributes
    ----------
    rows : Rows
    reliefs : tuple of Relief
        Their rows are places in `rows`.
    ids : tuple of str
        The episodes; `rows.episode` are places here.
    in_force : (R,) bool
        The measure was in force, not only threatened.
    whole : frozenset of (str, str)
        Relief and episode, where nothing of the episode was left.
    account : pandas.DataFrame
        Reliefs of the decider that enter no risk set: relief, session, episode, reason.
    """

    rows: Rows
    reliefs: tuple[Relief, ...]
    ids: tuple[str, ...]
    in_force: Bools
    whole: frozenset[tuple[str, str]]
    account: pd.DataFrame

    @property
    def decision(self) -> Ints:
        """(D,) sessions of reliefs, each once."""
        return np.unique(np.asarray([relief.day for relief in self.reliefs], dtype=np.int64))

    def within(self, spans: Sequence[tuple[int, int]]) -> RiskSets:
        """Those of the sessions in any of the spans."""
        keep = np.zeros(self.rows.day.shape, dtype=bool)
        for first, last in spans:
            keep |= (self.rows.day >= first) & (self.rows.day <= last)
        return self._take(keep)

    def with_losses(self, close: Floats) -> RiskSets:
        """Those whose loss can be measured: the (B,) closes before the episode and before the session are there.

        The account names the reliefs that are left out.
        """
        keep = np.isfinite(close[self.rows.base]) & np.isfinite(close[self.rows.day - 1])
        if keep.all():
            return self
        lost = [
            (one.name, self.ids[self.rows.episode[row]]) for one in self.reliefs for row in one.rows if not keep[row]
        ]
        account = pd.DataFrame(
            [(name, pd.NaT, episode, "no close to measure its loss by") for name, episode in lost],
            columns=self.account.columns,
        )
        kept = self._take(keep)
        return replace(kept, account=pd.concat([self.account, account], ignore_index=True) if lost else self.account)

    def _take(self, keep: Bools) -> RiskSets:
        place = np.cumsum(keep) - 1
        found = [Relief(one.day, one.name, tuple(int(place[r]) for r in one.rows if keep[r])) for one in self.reliefs]
        reliefs = tuple(one for one in found if one.rows)
        return RiskSets(self.rows.take(keep), reliefs, self.ids, self.in_force[keep], self.whole, self.account)


def shipped_risk_sets(
    stretches: pd.DataFrame, reliefs: pd.DataFrame, index: pd.DatetimeIndex, rules: Definitions, kind: RiskSet = "main"
) -> RiskSets:
    """Put tables of stretches and of reliefs on the bars: the decider's own, of the scopes.

    The limit of 60 days and the era of the definitions hold, unless `kind` asks for more or for less. Nothing is
    carried past the end of the tables or of the prices.
    """
    longer, older, words = kind == "beyond 60 days too", kind == "older episodes too", kind == "words too"
    acts = {rules.sample.decider, "both"}
    own = stretches[stretches["actor"].isin(acts) & _inside(stretches["scope"], rules)]
    own = own[own["from_session"].notna() & (longer | ~own["open_only"])]
    if kind == "threatened alone":
        own = own[own["state"] == "threatened"]
    era = pd.Timestamp(rules.decision.era) if rules.decision.era and not older else None
    ids = tuple(dict.fromkeys(own["episode"]))
    parts, states = [], []
    for row in own.to_dict("records"):
        start = int(index.searchsorted(row["start_first_session"]))
        first = int(index.searchsorted(row["from_session"]))
        last = int(index.searchsorted(row["to_session"], side="right")) - 1
        if era is not None and row["start_first_session"] < era:
            last = min(last, int(index.searchsorted(era)) - 1)
        if start < 1 or last < first:
            continue
        day = np.arange(first, last + 1)
        due = int(index.searchsorted(row["deadline"])) if pd.notna(row["deadline"]) else len(index) + _FAR
        takes = row["end_kind"] == "taking effect" and row["to_session"] <= index[-1]
        ones = np.ones(day.size, dtype=np.int64)
        parts.append(
            Rows(
                episode=ids.index(row["episode"]) * ones,
                day=day,
                age=day - start,
                relieved=ones == 0,
                implemented=(day == last) & takes & (row["state"] == "threatened"),
                base=(start - 1) * ones,
                deadline=due * ones,
                group=int(row["target"] == rules.sample.rival_actor.lower()) * ones,
            )
        )
        states.append(np.full(day.size, row["state"] == "in force"))
    rows, in_force = _joined(parts), np.concatenate([*states, np.zeros(0, dtype=bool)])
    order = np.lexsort((rows.episode, rows.day))
    rows, in_force = rows.take(order), in_force[order]
    found, account, whole = _place_reliefs(_chains(reliefs, rules, acts, words=words), rows, ids, index, longer=longer)
    relieved = np.zeros(rows.day.shape, dtype=bool)
    relieved[[place for one in found for place in one.rows]] = True
    marked = Rows(**{f.name: getattr(rows, f.name) for f in fields(rows) if f.name != "relieved"}, relieved=relieved)
    return RiskSets(marked, found, ids, in_force, whole, account)


def _inside(scope: pd.Series[Any], rules: Definitions) -> pd.Series[bool]:
    return scope.isin(rules.sample.scopes) | (not rules.sample.scopes)


def _chains(reliefs: pd.DataFrame, rules: Definitions, acts: set[str], *, words: bool) -> pd.DataFrame:
    """Rows of the chains that hold a formal row by the decider, of the scopes; with `words` of those in words too."""
    mine = reliefs["actor"].isin(acts) & _inside(reliefs["scope"], rules)
    formal = mine if words else mine & (reliefs["formal_or_words"] == "formal")
    own = reliefs[reliefs["measure_actor"].isin(acts)]  # a joint act relieves the rival's measures too: another story
    return own[own["relief_cluster"].isin(reliefs.loc[formal, "relief_cluster"])]


def _place_reliefs(
    table: pd.DataFrame, rows: Rows, ids: Sequence[str], index: pd.DatetimeIndex, *, longer: bool
) -> tuple[tuple[Relief, ...], pd.DataFrame, frozenset[tuple[str, str]]]:
    """Find the rows of each relief; the account names what enters no risk set."""
    place = {(ids[e], int(t)): at for at, (e, t) in enumerate(zip(rows.episode, rows.day, strict=True))}
    found, account, whole = [], [], set()
    chains: dict[str, list[dict[Hashable, Any]]] = {}
    for row in table.to_dict("records"):
        chains.setdefault(row["relief_cluster"], []).append(row)
    for chain in chains.values():
        session, name = chain[0]["relief_session"], str(chain[0]["chain_lead_event"])
        at = np.flatnonzero(index == session)
        hit: list[int] = []
        for row in chain:
            pair = place.get((row["episode"], int(at[0]))) if at.size and row["counts"] else None
            if pair is not None and (longer or not row["open_only"]):
                hit.append(pair)
                if not row["partial"]:
                    whole.add((name, row["episode"]))
            elif row["counts"] or not row["episode"]:
                reason = row["note"] or ("no price on its session" if not at.size else "not at risk on its session")
                account.append((name, session, row["episode"] or row["measure"], reason))
        if hit:
            found.append(Relief(int(at[0]), name, tuple(hit)))
    found.sort(key=lambda one: (one.day, one.name))
    frame = pd.DataFrame(account, columns=["relief", "session", "episode", "reason"]).drop_duplicates(
        ["relief", "episode"]
    )
    return tuple(found), frame, frozenset(whole)


def spread_over_sessions(spells: Spells, first: int) -> Rows:
    """Spread threats over their sessions, from the one of age `first` to the last; age 0 is the first that could react."""
    lengths = np.maximum(spells.last - spells.start + 1 - first, 0)
    episode = np.repeat(np.arange(len(lengths)), lengths)
    age = np.concatenate([_none(), *(np.arange(first, first + n) for n in lengths)]).astype(np.int64)
    day = spells.start[episode] + age
    ending = day == spells.last[episode]
    return Rows(
        episode=episode,
        day=day,
        age=age,
        relieved=ending & (spells.outcome[episode] == 0),
        implemented=ending & (spells.outcome[episode] == 1),
        base=spells.start[episode] - 1,
        deadline=spells.deadline[episode],
        group=spells.group[episode],
    )


def risk_sets_of(spells: Spells) -> RiskSets:
    """Take threats as they are: each open from its first session to its last, relieved there if it was softened."""
    rows = spread_over_sessions(spells, first=0)
    rows = rows.take(np.lexsort((rows.episode, rows.day)))
    reliefs = tuple(
        Relief(int(t), spells.ids[rows.episode[at[0]]], tuple(int(a) for a in at))
        for t in np.unique(rows.day[rows.relieved])
        if (at := np.flatnonzero(rows.relieved & (rows.day == t))).size
    )
    whole = frozenset((one.name, spells.ids[rows.episode[at]]) for one in reliefs for at in one.rows)
    account = pd.DataFrame(columns=["relief", "session", "episode", "reason"])
    return RiskSets(rows, reliefs, spells.ids, np.zeros(rows.day.shape, dtype=bool), whole, account)


def _joined(parts: Sequence[Rows]) -> Rows:
    kinds = {"relieved": bool, "implemented": bool}
    return Rows(
        **{
            field.name: np.concatenate(
                [np.zeros(0, dtype=kinds.get(field.name, np.int64)), *(getattr(p, field.name) for p in parts)]
            )
            for field in fields(Rows)
        }
    )
