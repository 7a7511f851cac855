"""One window of a result as the tests want it: arrays, with what only some tests need."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.placebo_refit import Again, admissible
from eventstudy.abnormal.window_sample import ClockRecord, EstimationRecord, WindowSample, take
from eventstudy.errors import StudyError
from eventstudy.study import rows
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.tables.exclusions import excluded
from eventstudy.study.tables.marks import data_doubts


def window_sample(
    result: Fitted, window: tuple[int, int], *, estimation: bool = True, placebo: bool = True, empty: bool = False
) -> WindowSample:
    """Return the sample of `result` over `window`; see `StudyResult.sample`. `empty`: also one in which nothing has a return."""
    refuse_nothing(result)
    once = rows.one_series(result)
    chosen = [
        observations(part.abnormal, part.abnormal.car(*window, result.study.missing)[0], once=once)
        for part in result.parts
    ]
    if not sum(rows.size for rows in chosen):
        if not empty:
            msg = f"no security-event has a return in the window {window}, so that there is nothing to test"
            raise StudyError(msg)
        chosen = [observations(part.abnormal, np.zeros(part.rows.size), once=once) for part in result.parts]
    return sample_of_rows(result, chosen, window, estimation=estimation, placebo=placebo)


def refuse_nothing(result: Fitted) -> None:
    """Stop where no security-event was studied, with the reasons."""
    if result.n == 0:
        reasons = ", ".join(f"{count} {reason}" for reason, count in excluded(result)["reason"].value_counts().items())
        msg = f"no security-event was studied ({reasons}), so that there is nothing to test; result.excluded says more"
        raise StudyError(msg)


def sample_of_rows(
    result: Fitted, chosen: list[Ints], window: tuple[int, int], *, estimation: bool, placebo: bool = False
) -> WindowSample:
    """Return the sample of chosen rows of each part."""
    pieces = [
        _part_sample(result, part, rows, window, (estimation, placebo))
        for part, rows in zip(result.parts, chosen, strict=True)
        if rows.size
    ]
    doubts = data_doubts(result, window)
    within = result.panel.bars == "minutes"
    if len(pieces) == 1:
        return replace(pieces[0], doubts=doubts, within_day=within) if doubts or within else pieces[0]
    parts = [part for part, rows in zip(result.parts, chosen, strict=True) if rows.size]
    every = parts[0].aligned.bars
    for part in parts[1:]:
        every = every.union(part.aligned.bars)
    return replace(_joined(pieces, parts, every, placebo=placebo), doubts=doubts, within_day=within)


def _part_sample(
    result: Fitted, part: Part, chosen: Ints, window: tuple[int, int], keep: tuple[bool, bool]
) -> WindowSample:
    missing = result.study.missing
    abnormal = part.abnormal if chosen.size == part.rows.size else part.abnormal.take(chosen)
    sample = abnormal.sample(*window, missing, estimation=keep[0])
    if not keep[1] or part.aligned.hours is not None:
        return sample

    return replace(sample, refit=Again(abnormal, *window, missing), admissible=admissible(abnormal, *window, part.real))


def observations(abnormal: AbnormalReturns, car: NDArray[np.float64], *, once: bool) -> Ints:
    """Return the rows with a return in the window; of those of one session, the first where one series is studied."""
    rows = np.flatnonzero(np.isfinite(car))
    if once:
        rows = rows[~pd.Series(abnormal.day0[rows]).duplicated().to_numpy()]
    return rows


def _joined(pieces: list[WindowSample], parts: list[Part], every: pd.Index, *, placebo: bool) -> WindowSample:
    """Put samples of several parts together: positions become those of all their bars in one order.

    A security has one code, in whichever parts it is. A placebo event of one that is in several has the model and the
    estimation window of the first.
    """
    to_all = [every.get_indexer(part.aligned.bars) for part in parts]
    codes: dict[str, int] = {}
    to_code, home = [], []
    for at, (piece, part) in enumerate(zip(pieces, parts, strict=True)):
        own = np.unique(piece.security)
        place = np.full(len(part.aligned.symbols), -1)
        for code in own.tolist():
            name = part.aligned.symbols[code]
            if name not in codes:
                codes[name] = len(codes)
                home.append((at, code))
            place[code] = codes[name]
        to_code.append(place)
    simple = ("ar", "ar_se", "car", "car_se", "sigma", "m", "df")
    joined: dict[str, Any] = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in simple}
    moved = list(zip(pieces, to_all, strict=True))
    degenerate = [np.zeros(piece.m.size, bool) if piece.degenerate is None else piece.degenerate for piece in pieces]
    records = [(piece.estimation, place) for piece, place in moved if piece.estimation is not None]
    sample = WindowSample(
        relative_day=pieces[0].relative_day,
        bar=np.concatenate([_moved(piece.bar, place) for piece, place in moved]),
        security=np.concatenate([place[piece.security] for piece, place in zip(pieces, to_code, strict=True)]),
        day0=np.concatenate([place[piece.day0] for piece, place in moved]),
        k=pieces[0].k,
        estimation=_joined_records(records) if records else None,
        degenerate=np.concatenate(degenerate),
        least_squares=pieces[0].least_squares,
        study_ar=np.concatenate([piece.ar if piece.study_ar is None else piece.study_ar for piece in pieces])
        if records
        else None,
        study_first=pieces[0].study_first,
        clock=_joined_clocks([piece.clock for piece in pieces if piece.clock is not None]),
        **joined,
    )
    if not placebo:
        return sample
    where = np.array(home, dtype=np.int64).reshape(-1, 2)
    allowed = np.zeros((len(where), len(every)), dtype=bool)
    for code, (at, own_code) in enumerate(where.tolist()):
        there = pieces[at].admissible
        if there is not None:
            allowed[code, to_all[at]] = there[own_code]

    def refit(security: Ints, day0: Ints) -> WindowSample:
        again, order = [], []
        for at, (piece, place) in enumerate(moved):
            rows = np.flatnonzero(where[security, 0] == at)
            if rows.size and piece.refit is not None:
                back = np.full(len(every), -1)
                back[place] = np.arange(place.size)
                again.append((at, piece.refit(where[security[rows], 1], back[day0[rows]])))
                order.append(rows)
        found = _joined([piece for _, piece in again], [parts[at] for at, _ in again], every, placebo=False)
        rank = np.argsort(np.concatenate(order), kind="stable")
        return take(replace(found, security=security[np.concatenate(order)]), rank)

    return replace(sample, refit=refit, admissible=allowed)


def _joined_clocks(clocks: list[ClockRecord]) -> ClockRecord | None:
    """Put the clock records of several exchanges together; what is of one security-event only is left out."""
    if not clocks:
        return None
    names = ("score", "session", "placebo", "day", "before", "after", "scale")
    joined = {name: np.concatenate([getattr(one, name) for one in clocks]) for name in names}
    none = np.empty((joined["score"].size, 0))
    return ClockRecord(**joined, past=none, around=none, within=none, session_bars=clocks[0].session_bars)


def _joined_records(records: list[tuple[EstimationRecord, Ints]]) -> EstimationRecord:
    """Put the records one below the other; a shorter estimation window is filled up with bars that are not used."""
    most = max(record.residual.shape[1] for record, _ in records)

    def filled(array: NDArray[Any], nothing: Any) -> NDArray[Any]:
        width = [(0, 0), (0, most - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]
        return np.pad(array, width, constant_values=nothing) if array.shape[1] < most else array

    joined = {
        field.name: np.concatenate([filled(getattr(record, field.name), np.nan) for record, _ in records])
        for field in fields(EstimationRecord)
        if field.name in ("residual", "leverage", "design")
    }
    joined |= {
        name: np.concatenate([getattr(record, name) for record, _ in records]) for name in ("window_design", "mean")
    }
    joined["bar"] = np.concatenate([filled(_moved(record.bar, place), -1) for record, place in records])
    return EstimationRecord(**joined)


def _moved(bar: Ints, place: Ints) -> Ints:
    return np.where(bar >= 0, place[bar], -1)
