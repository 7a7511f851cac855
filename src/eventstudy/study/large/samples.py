"""Windows of stored parts as the significance tests want them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.window_sample import EstimationRecord, WindowSample, take
from eventstudy.errors import StudyError
from eventstudy.study.design import Design
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.tables.marks import counts_of, doubts_of

CELLS: Final = 30_000_000
"""Abnormal returns of a window up to which its tests are done: their arrays take 16 bytes each."""

Kept = tuple[AbnormalReturns, EstimationRecord]

FIELDS: Final = (
    "bar",
    "day0",
    "security",
    "ar",
    "ar_se",
    "car",
    "car_se",
    "sigma",
    "m",
    "df",
    "degenerate",
    "study_ar",
)


def sample_of_kept(kept: list[Kept], study: Design, window: Window) -> WindowSample:
    """Return a window of the security-events whose estimation windows are kept, of one calendar."""
    return _joined([_with_record(one, study, window) for one in kept])


def _with_record(kept: Kept, study: Design, window: Window) -> WindowSample:
    abnormal, record = kept
    first = window[0] - study.window[0]
    ahead = record.window_design[:, first : first + window[1] - window[0] + 1]
    sample = abnormal.sample(*window, study.missing)
    return replace(
        sample, estimation=replace(record, window_design=ahead), study_ar=abnormal.ar, study_first=study.window[0]
    )


def _joined(pieces: list[WindowSample]) -> WindowSample:
    """Put samples on the bars of one calendar together; each has securities of its own."""
    base = np.cumsum([0, *(int(piece.security.max(initial=-1)) + 1 for piece in pieces)])
    pieces = [replace(piece, security=piece.security + low) for piece, low in zip(pieces, base, strict=False)]
    given: dict[str, Any] = {
        name: np.concatenate([getattr(piece, name) for piece in pieces])
        for name in FIELDS
        if getattr(pieces[0], name) is not None
    }
    records = [piece.estimation for piece in pieces if piece.estimation is not None]
    if records:
        names = [field.name for field in fields(EstimationRecord)]
        joined = {name: np.concatenate([getattr(record, name) for record in records]) for name in names}
        given["estimation"] = EstimationRecord(**joined)
    return replace(pieces[0], **given)


def sample(parts: Iterable[tuple[Fitted, Ints, list[Kept]]], study: Design, window: Window) -> WindowSample:
    """Return a window of all parts as the tests want it, in the order of the request.

    With the estimation windows where those of all security-events of one calendar are kept, else without.
    """
    pieces, places, bars = [], [], []
    symbols: set[str] = set()
    whole, cells, n = True, 0, 0
    wrong: Counter[str] = Counter()
    for result, rows, kept in parts:
        symbols.update(result.symbols)
        wrong += counts_of(result, window)
        n += result.n
        whole = whole and sum(one.m.size for one, _ in kept) == result.n
        held = iter(kept)  # where all are kept: one for each calendar that has a row, in their order
        for part in result.parts:
            cells += part.rows.size * (window[1] - window[0] + 1)
            if cells > CELLS:
                msg = (
                    f"the tests of window {window} would hold its abnormal returns of every security-event, more than {CELLS:,} in "
                    "all: take a shorter window, or caar() and aar()"
                )
                raise StudyError(msg)
            if part.rows.size:
                there = next(held) if whole else None
                one = (
                    part.abnormal.sample(*window, study.missing)
                    if there is None
                    else _with_record(there, study, window)
                )
                chosen = np.flatnonzero(np.isfinite(one.car))
                pieces.append(take(one, chosen))
                places.append(rows[part.rows[chosen]])
                bars.append(part.aligned.bars)
    if not (whole and all(one.equals(bars[0]) for one in bars)):
        pieces = [replace(piece, estimation=None, study_ar=None) for piece in pieces]
    found = take(_joined(_on_all(pieces, bars)), np.argsort(np.concatenate(places), kind="stable"))
    found = replace(found, doubts=doubts_of(wrong, n))
    if len(symbols) > 1:
        return found
    once = ~pd.Series(found.day0).duplicated().to_numpy()  # events of one session of one series are one observation
    return take(found, np.flatnonzero(once))


def _on_all(pieces: list[WindowSample], bars: list[pd.Index]) -> list[WindowSample]:
    """Return samples of several calendars with positions on the bars of all of them."""
    every = bars[0]
    if all(one.equals(every) for one in bars):
        return pieces
    for one in bars[1:]:
        every = every.union(one)
    moved = []
    for piece, one in zip(pieces, bars, strict=True):
        place = every.get_indexer(one)
        moved.append(replace(piece, day0=place[piece.day0], bar=np.where(piece.bar >= 0, place[piece.bar], -1)))
    return moved
