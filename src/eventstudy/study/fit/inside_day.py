"""Moments on bars within the day, refused where they are known too coarsely or were read from the price; and the fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from eventstudy._typing import Bools, Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.intraday.estimate import estimate_intraday
from eventstudy.abnormal.models.intraday import IntradayModel
from eventstudy.calendars import SESSION_UNIT, first_sessions
from eventstudy.errors import StudyError
from eventstudy.events.vocabulary import DATE_ONLY
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.fit.align import place_bars
from eventstudy.study.fit.moments import bounds_of, placed_at, refuse_contradiction
from eventstudy.study.request import Request

CIRCULAR = "approx_5min"
"""The precision of moments that were found from the price's own break (docs/events.md)."""


def place_inside(study: Design, request: Request, aligned: Aligned) -> Placed:
    """Find the first bar that could react to each event, and refuse what is known too coarsely for the window."""
    if request.bars is not None:
        placed = place_bars(_starts(request.bars, study, aligned), aligned.bars, None, study.non_session)
        if "announced_at" in request.frame.columns:
            refuse_contradiction(request.bars, request.frame["announced_at"], placed, aligned.bars, None)
        return placed
    assert request.moments is not None  # noqa: S101  a request has bars or moments
    placed = place_on_hours(request.moments, aligned)
    low, high = bounds_of(request.moments, request.frame)
    first, last = place_on_hours(low, aligned).position, place_on_hours(high, aligned).position
    window = study.window
    open_ = np.asarray((first < placed.position + window[0]) | (last > placed.position + window[1]))
    refused = _refused(study, request, aligned, np.asarray(high - low))
    if (refused != Exclusion.STUDIED).all():
        _refuse_all(study, request, aligned, refused)
    position = np.where(refused == Exclusion.STUDIED, placed.position, -1)
    status = np.where(refused == Exclusion.STUDIED, placed.status, refused).astype(np.int8)
    uncertain = open_ & np.asarray(low != high)
    return replace(placed, position=position, status=status, uncertain=uncertain, asked=placed.position)


def place_on_hours(moments: pd.DatetimeIndex, aligned: Aligned) -> Placed:
    """Return the first bar that ends after each moment; -1 where its session is not in the data."""
    hours, bars = aligned.hours, aligned.bars
    assert hours is not None  # noqa: S101  a fit inside the day has them
    utc = moments.tz_convert("UTC").as_unit(SESSION_UNIT)
    stamp, start = utc.asi8, pd.DatetimeIndex(bars).asi8
    position = np.searchsorted(hours.end, stamp, side="right")
    found = position < hours.end.size
    at = position.clip(0, hours.end.size - 1)
    before = stamp < start[at]
    outside = before | ~found | ~hours.clock.regular[hours.clock.slot[at]]
    rows = np.flatnonzero(before | ~found)  # news between sessions, or of a session that the data lack
    if rows.size:
        session = first_sessions(utc[rows], str(aligned.calendar)).as_unit(SESSION_UNIT).asi8
        day = 24 * 60 * 60_000_000
        own = hours.clock.date[hours.clock.day[at[rows]]] == session // day
        within = hours.clock.regular[hours.clock.slot[at[rows]]] & ~own  # before a later session than the moment's own
        found[rows[within]] = False
    return replace(placed_at(np.where(found, position, -1), utc), outside=outside)


def _starts(wanted: pd.Index, study: Design, aligned: Aligned) -> pd.Index:
    """Return labels of bars as their starts."""
    if study.label != "end" or aligned.hours is None:
        return wanted
    stamps = pd.DatetimeIndex(pd.to_datetime(wanted, utc=True))
    return stamps - pd.Timedelta(minutes=aligned.hours.clock.minutes)


def _refused(study: Design, request: Request, aligned: Aligned, open_: Any) -> Ints:
    """Return why each event is refused, `Exclusion` values."""
    model, hours = study.model, aligned.hours
    assert isinstance(model, IntradayModel)  # noqa: S101  the caller has looked
    assert hours is not None  # noqa: S101  a fit inside the day has them
    length = pd.Timedelta(minutes=(study.window[1] - max(study.window[0], 0) + 1) * hours.clock.minutes)
    frame = request.frame
    words = (
        frame["precision"].astype(str).to_numpy(dtype=object)
        if "precision" in frame.columns
        else np.full(len(frame), "")
    )
    named = np.isin(words.astype(str), model.allow) | _named(request, model)
    out = np.full(len(frame), int(Exclusion.STUDIED))
    out[(pd.to_timedelta(open_) / 2 > length) | (words == DATE_ONLY)] = Exclusion.TOO_COARSE
    out[(words == CIRCULAR) & ~named] = Exclusion.CIRCULAR
    return out


def _named(request: Request, model: IntradayModel) -> Bools:
    """Return which events are named among those that are studied all the same."""
    if not model.allow:
        return np.zeros(len(request.event_id), dtype=bool)
    return np.isin(np.array([str(one) for one in request.event_id]), model.allow)


def _refuse_all(study: Design, request: Request, aligned: Aligned, refused: Ints) -> None:
    """Stop where not one event can be studied."""
    hours = aligned.hours
    assert hours is not None  # noqa: S101  the caller has them
    moment = request.frame["announced_at"].iloc[0]
    precision = request.frame["precision"].iloc[0] if "precision" in request.frame.columns else "a date without a time"
    length = (study.window[1] - max(study.window[0], 0) + 1) * hours.clock.minutes
    which = f"event {request.event_id[0]!r} ({moment}, {precision})"
    if refused[0] == Exclusion.CIRCULAR:
        msg = (
            f"{which}: its moment was read from the price itself, so that a test of that price is circular; to study it all the same name "
            f"it: IntradayModel(…, allow=({CIRCULAR!r},)) or allow=({str(request.event_id[0])!r},)"
        )
    else:
        msg = (
            f"{which}: its moment is known less well than the window of {length:g} minutes is long; study a longer window, or its day with "
            "the base itself"
        )
    raise StudyError(msg if len(refused) == 1 else f"not one of {len(refused)} events can be studied; {msg}")


def free_sessions(aligned: Aligned, placed: Placed, pool: Any, asked: tuple[Ints, Ints]) -> Bools:
    """Return (1, D) or (S, D): the sessions without an event of the call or of the catalogue that is masked.

    `asked` are the events and securities of all rows asked for.
    """
    hours = aligned.hours
    assert hours is not None  # noqa: S101  a fit inside the day has them
    days, count = hours.clock.days, aligned.returns.shape[0]
    if isinstance(pool, pd.DatetimeIndex):
        position = place_on_hours(pool, aligned).position
        free = np.ones((1, days), dtype=bool)
        free[0, hours.clock.day[position[position >= 0]]] = False
        return free
    if not pool:
        return np.ones((1, days), dtype=bool)
    event, security = asked
    position = (placed.position if placed.asked is None else placed.asked)[event]
    there = (position >= 0) & (security >= 0)
    free = np.ones((count, days), dtype=bool)
    free[security[there], hours.clock.day[position[there]]] = False
    studied = np.unique(security[there])
    same = studied.size and bool((free[studied] == free[studied[0]]).all())
    return free[studied[:1]] if same else free


def fit_inside(
    study: Design, aligned: Aligned, free: Bools, security: Ints, day0: Ints
) -> tuple[AbnormalReturns, Bools]:
    """Return the abnormal returns, and at which bars real events begin."""
    model, hours = study.model, aligned.hours
    assert isinstance(model, IntradayModel)  # noqa: S101  the caller has looked
    assert hours is not None  # noqa: S101  a fit inside the day has them
    real = np.zeros(len(aligned.bars), dtype=bool)
    real[day0] = True
    fitted = estimate_intraday(
        aligned.returns,
        aligned.series,
        clock=hours.clock,
        security=security,
        day0=day0,
        window=study.window,
        model=model,
        free=free,
    )
    return fitted, real
