"""What was not studied and why, and the events with their sessions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.errors import told
from eventstudy.study.fitted import Fitted
from eventstudy.study.rows import _event_ids, _symbols, _text, calendars, estimated_on
from eventstudy.study.tables.marks import attempted_flags
from eventstudy.study.tables.returns import off_days
from eventstudy.words import nearest


def excluded(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.excluded`."""
    rows = np.flatnonzero(result.status != Exclusion.STUDIED)
    detail = np.array([Exclusion(code).meaning for code in result.status[rows]], dtype=object)
    place = np.full(result.status.size, -1)
    place[rows] = np.arange(rows.size)
    days_of = estimated_on(result) or [""] * len(result.parts)
    for part, days in zip(result.parts, days_of, strict=True):
        attempted = part.attempted
        planned, minimum = sum(last - first + 1 for first, last in attempted.inputs.pieces), attempted.inputs.minimum
        window = f" ({days})" if days else ""
        way_out = "" if attempted.inputs.forecast else "; estimation=None studies it without a standard error"
        for at in np.flatnonzero(attempted.status == Exclusion.TOO_FEW_BARS):
            usable = attempted.m[at]
            bars = f"{usable} of {planned} estimation bars{window} usable, {minimum} needed{way_out}"
            detail[place[part.attempted_rows[at]]] = _few_sessions(result, usable, minimum) or bars
        for at in np.flatnonzero((attempted.status == Exclusion.TOO_FEW_BARS) & (attempted.m == 0)):
            if not np.isfinite(attempted.inputs.returns[attempted.security[at]]).any():
                detail[place[part.attempted_rows[at]]] = "all its returns are missing in the panel"
        for at in np.flatnonzero(off_days(part.aligned, attempted, result.study.window) & ~attempted.studied):
            detail[place[part.attempted_rows[at]]] += "; off_calendar: its window holds a day that is no session"
        ends = f"the data run from {_text(part.aligned.bars[0])} to {_text(part.aligned.bars[-1])}"
        outside = part.asked[result.status[part.asked] == Exclusion.OUTSIDE_DATA]
        labels = part.placed.label
        for row in outside:
            detail[place[row]] = f"relative day 0 would be {_text(labels[result.event[row]])}; {ends}"
    for part, found in zip(result.parts, attempted_flags(result), strict=True):
        gone = np.flatnonzero(part.attempted.status != Exclusion.STUDIED)
        for at in gone[np.any([mark[gone] for mark in found.values()], axis=0)] if found else ():
            words = ", ".join(kind for kind, mark in found.items() if mark[at])
            detail[place[part.attempted_rows[at]]] += f"; it rests on bars flagged {words}"
    for row in np.flatnonzero(result.status == Exclusion.UNKNOWN_SYMBOL):
        detail[place[row]] = _unknown(result, result.symbols[result.symbol[row]])
    return pd.DataFrame(
        {
            "event_id": _event_ids(result, rows),
            "symbol": _symbols(result, rows),
            "reason": np.array([Exclusion(code).reason for code in result.status[rows]], dtype=object),
            "detail": detail,
        }
    )


def _few_sessions(result: Fitted, usable: int, minimum: int) -> str:
    """Return the words for too short a past inside the day; empty for any other study."""
    model = result.study.model
    if not isinstance(model, IntradayModel):
        return ""
    return f"{usable} event-free sessions before it, of {model.days} wanted; {minimum} needed"


def _unknown(result: Fitted, symbol: str) -> str:
    """Return why the panel has no returns of `symbol`."""
    panel = result.panel
    if symbol in panel.failures:
        return f"its prices did not come: {told(panel.failures[symbol])}"
    if symbol in panel.levels.columns:
        return "the panel holds it as a level, not as a return"
    return f"{Exclusion.UNKNOWN_SYMBOL.meaning}{nearest(symbol, panel.frame.columns, cutoff=0.8)}"


def events(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.events`."""
    frames = []
    for part in calendars(result):
        placed = part.placed
        frame = pd.DataFrame(
            {
                "event_id": result.request.event_id,
                "calendar": part.aligned.calendar or "",
                "session": placed.label,
                "in_data": placed.position >= 0,
                "moved": placed.moved,
            }
        )
        frames.append(frame)
    base = pd.concat(frames, ignore_index=True)
    known = [name for name in ("name", "stance", "announced_at") if name in result.request.frame.columns]
    extra = result.request.frame[known].reset_index(drop=True)
    return base.join(pd.concat([extra] * len(frames), ignore_index=True))
