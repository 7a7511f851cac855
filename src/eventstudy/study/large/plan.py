"""The plan of a study: which rows belong to which share, and what every share must know of the whole.

A share holds whole securities. Its size depends on what is asked, never on the workers, so that the parts of a study are the
same wherever, and in whatever order, they are made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.abnormal.engine.kernel import compiled
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.abnormal.models.markets import Markets
from eventstudy.calendars import AUTO
from eventstudy.errors import StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.returns.scan.scanned import ScannedPanel
from eventstudy.returns.tables.names import label_text, plain
from eventstudy.study.aligned import Placed
from eventstudy.study.design import Design
from eventstudy.study.fit.align import align
from eventstudy.study.fit.donors import pool_names
from eventstudy.study.fit.fit import Whole, calendars_of, lumped_or_not, place_events, rows_asked, settled
from eventstudy.study.fit.mask import days_shared
from eventstudy.study.fit.overlap import first_of_overlaps, heads_of_chains
from eventstudy.study.fit.splits import NAMES
from eventstudy.study.pairs.pairs import refuse_few
from eventstudy.study.provenance import config_of
from eventstudy.study.request import Request, read_request

ROWS: Final = 100_000
"""Security-events of a share from which on no further security is added."""

CELLS: Final = 1 << 22
"""Returns of a share's securities, all bars: 32 MB, of which a fit holds a few copies."""

SENT: Final = ("announced_at", "bar", "precision", "earliest", "latest")
"""Columns of the events that a fit reads, beside the id and the symbol."""

OVERLAPS: Final = {"first": first_of_overlaps, "merge": heads_of_chains}


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be done, in shares.

    Attributes
    ----------
    study : Design
        Settled: with the calendar that the panel gives it.
    request : Request
    symbols : list of str
        The symbols asked for.
    order : (N,) int or None
        Rows by symbol; None where every event meets every symbol.
    blocks : tuple of (int, int)
        For each share, the first of its symbols in the order of their names and the one after its last.
    ends : (S + 1,) int
        Where the rows of each symbol begin in `order`.
    """

    study: Design
    request: Request
    symbols: list[str]
    order: Ints | None
    blocks: tuple[tuple[int, int], ...]
    ends: Ints
    by_name: Ints

    @property
    def size(self) -> int:
        """Security-events asked for."""
        return int(self.ends[-1])

    def names(self, share: int) -> list[str]:
        """Return the symbols of a share."""
        first, last = self.blocks[share]
        return [self.symbols[at] for at in self.by_name[first:last].tolist()]

    def rows(self, share: int) -> Ints:
        """Return the rows of the request that belong to a share, ascending."""
        first, last = self.blocks[share]
        if self.order is not None:
            return np.sort(self.order[self.ends[first] : self.ends[last]])
        events = np.arange(len(self.request.event_id))[:, None] * len(self.symbols)
        return np.asarray((events + np.sort(self.by_name[first:last])).ravel())

    def events(self, rows: Ints) -> pd.DataFrame:
        """Return the events of some rows, each with its symbol."""
        frame, crossed = self.request.frame, self.order is None
        event = rows // len(self.symbols) if crossed else rows
        known = [name for name in SENT if name in frame.columns]
        some = frame[known].iloc[event].reset_index(drop=True)
        some["event_id"] = self.request.event_id.take(event)
        if crossed:
            names = np.array(self.symbols, dtype=object)[rows % len(self.symbols)]
        else:
            assert self.request.symbol is not None  # noqa: S101  rows that are not crossed name their symbol
            names = np.array([label_text(name) for name in self.request.symbol.iloc[rows].tolist()], dtype=object)
        return some.assign(symbol=pd.array(names, dtype="str"))

    def digest(self) -> str:
        """SHA-256 of the study and of what is asked of it (hex)."""
        request = self.request
        total = hashlib.sha256(json.dumps([config_of(self.study), self.symbols, self.blocks]).encode())
        when = request.moments if request.moments is not None else request.bars
        for column in (request.event_id, when, request.symbol):
            if column is not None:
                total.update(_hashed(pd.Series(column)).tobytes())
        return total.hexdigest()


def _hashed(column: pd.Series[Any]) -> Any:
    try:
        return pd.util.hash_pandas_object(column, index=False).to_numpy()
    except TypeError:  # of several kinds
        return pd.util.hash_pandas_object(column.astype(str), index=False).to_numpy()


def planned(study: Design, request: Request, symbols: list[str], symbol: Ints | None, bars: int) -> Plan:
    """Cut a study into shares; `symbol` (N,) are the codes of rows, or None where every event meets every symbol."""
    by_name = np.array(sorted(range(len(symbols)), key=symbols.__getitem__), dtype=np.int64)
    if symbol is None:
        counts, order = np.full(len(symbols), len(request.event_id)), None
    else:
        rank = np.empty(len(symbols), dtype=np.int32)
        rank[by_name] = np.arange(len(symbols))
        ranked = rank[symbol]
        counts, order = np.bincount(ranked, minlength=len(symbols)), np.argsort(ranked, kind="stable")
    ends = np.concatenate([[0], np.cumsum(counts)])
    most = 1 << max(0, (CELLS // max(1, bars)).bit_length() - 1)  # a power of two: a few bars more do not move it
    blocks, first = [], 0
    for at in range(1, len(symbols) + 1):
        full = ends[at] - ends[first] >= ROWS or at - first >= most
        if full or at == len(symbols):
            blocks.append((first, at))
            first = at
    return Plan(study, request, symbols, order, tuple(blocks), ends, by_name)


@dataclass(frozen=True, eq=False)
class ScannedPlan:
    """A plan on a scanned panel, and what every share must know.

    Attributes
    ----------
    plan : Plan
    given : Design
        The study as it was given, which every share settles as the whole does.
    scan : ScannedPanel
    whole : mapping of calendar to Whole
    beside : list of str
        Symbols that every share reads: those of the model.
    """

    plan: Plan
    given: Design
    scan: ScannedPanel
    whole: dict[str | None, Whole]
    beside: list[str]

    def columns(self, share: int) -> list[str]:
        """Return the symbols whose returns a share reads, beside those of the model."""
        names = self.plan.names(share)
        found = [*names, *matches(self.plan.study, names)]
        if not self.beside and set(found).isdisjoint(self.scan.symbols):
            found += self.scan.frame_columns[:1]  # a panel has a column
        return found

    @property
    def bytes(self) -> int:
        """Return about what an ordinary result would hold in memory."""
        length = self.plan.study.window[1] - self.plan.study.window[0] + 1
        known = set(self.scan.symbols)
        columns = len({*(name for name in self.plan.symbols if name in known), *self.beside})
        return 32 * columns * len(self.scan.index) + self.plan.size * (24 * length + 300)


def matches(study: Design, names: Sequence[str]) -> list[str]:
    """Return the securities with which each of `names` is matched."""
    model = study.model
    return [to for name in names for to in model.members(name)] if isinstance(model, MatchedPortfolio) else []


def plan_scanned(study: Design, events: Any, scan: ScannedPanel, symbols: Any) -> ScannedPlan:
    """Plan a study of a scanned panel: events are placed on its bars, and no return but those of the model is read."""
    beside = [*study.model.symbols]
    volatility = getattr(study.model, "volatility", None)
    beside += [volatility] if isinstance(volatility, str) and volatility != "ewma" else []
    held = scan.frame_columns
    panel = scan.only([*beside, *held[:1]]).load()  # one at least: a panel has a column
    lumped_or_not(study, panel)
    request = read_request(events, set(held), symbols)
    if isinstance(events, pd.DataFrame):
        refuse_few(events, set(held))
    if request.symbol is None:
        names, symbol = list(request.crossed) or list(held), None
    else:
        names, _, symbol = rows_asked(request, held)
    plan = planned(settled(study, panel, held), request, names, symbol, len(scan.index))
    whole = _whole(plan, panel, held, symbol, auto=study.calendar == AUTO)
    return ScannedPlan(plan, study, scan, whole, beside)


def is_split(study: Design, request: Request) -> bool:
    """Say whether rows may have a market or an estimation window of their own, or one after the event: done in memory."""
    own = {plain(name) for name in ("market", *NAMES)}
    named = not set(map(plain, request.frame.columns)).isdisjoint(own)
    inside = bool(study.estimation_words) or hasattr(study.model, "base")  # bars within days: matched sessions, hours
    markets = isinstance(getattr(study.model, "market", None), Markets)
    return named or inside or markets or study.estimation_window.after is not None


def refuse_split(study: Design, request: Request) -> None:
    """Refuse a study whose rows are not all fitted alike."""
    if is_split(study, request):
        msg = (
            "markets or estimation windows of single rows, and windows after the event, are fitted in memory and not written as "
            "Parquet: fit(events, scan.load())"
        )
        raise StudyError(msg)


def refuse_donors(study: Design) -> None:
    """Refuse models whose work is shared by date, over all securities."""
    if pool_names(study.model):
        msg = (
            f"{study.model!r} is fitted date by date over all securities, which shares of securities cannot be; load the panel: "
            "fit(events, scan.load())"
        )
        raise StudyError(msg)


def _whole(
    plan: Plan, panel: ReturnPanel, held: Sequence[str], symbol: Ints | None, *, auto: bool
) -> dict[str | None, Whole]:
    """Return, by calendar, what every share must know: the kernel, and whether securities have masks of their own."""
    study, names, known = plan.study, plan.symbols, set(held)
    benchmarks = set(map(label_text, study.model.symbols))
    there = np.array([name in known and name not in benchmarks for name in names], dtype=bool)
    found: dict[str | None, Whole] = {}
    for calendar, members in calendars_of(study, names, known if auto else set(names)).items():
        inside = there if members is None else there & np.array([name in members for name in names], dtype=bool)
        aligned = align(study, panel, calendar, [])
        placed = place_events(study, plan.request, aligned)
        if symbol is None:
            count, own = int(inside.sum()) * int((placed.position >= 0).sum()), False
        else:
            count, own = _pairs(study, placed, inside, symbol, len(aligned.bars))
        found[calendar] = Whole("numba" if compiled("auto", count) else "numpy", own)
    return found


def _pairs(study: Design, placed: Placed, inside: Any, symbol: Ints, bars: int) -> tuple[int, bool]:
    """Return how many rows are estimated, and whether securities have days of their own."""
    rows = np.flatnonzero(inside[symbol] & (placed.position >= 0))
    who, day0 = symbol[rows], placed.position[rows]
    if study.overlap in OVERLAPS:
        head = OVERLAPS[study.overlap](who, day0, study.window[1] - study.window[0] + 1)
        stay = head == np.arange(head.size)
        who, day0 = who[stay], day0[stay]
    return who.size, len(days_shared(who, day0, (inside.size, bars))) == 2
