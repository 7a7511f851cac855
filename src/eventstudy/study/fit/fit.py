"""The one place where labels become positions, the engine runs, and the security-events get their fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy._typing import Bools, Ints
from eventstudy.abnormal import AbnormalReturns
from eventstudy.abnormal.engine.engine import estimate
from eventstudy.abnormal.engine.kernel import Kernel
from eventstudy.abnormal.engine.parallel import estimate_spread
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.abnormal.models.donor_pool import DonorEvents
from eventstudy.abnormal.models.intraday import IntradayModel, base_of
from eventstudy.abnormal.models.lumped import TradeToTrade
from eventstudy.calendars import AUTO, USUAL, sessions
from eventstudy.errors import StudyError
from eventstudy.events.vocabulary import DATE_ONLY
from eventstudy.frames import with_bars
from eventstudy.returns import PricePanel, ReturnPanel
from eventstudy.returns._index import is_intraday
from eventstudy.returns._sessions import auto_calendars, bar_kind, refuse_misfit
from eventstudy.returns.tables.cells import without_points
from eventstudy.returns.tables.names import label_texts
from eventstudy.study.aligned import Aligned, Placed
from eventstudy.study.design import Design
from eventstudy.study.fit.align import align, for_model, place_bars
from eventstudy.study.fit.donors import donor_events, pool_names
from eventstudy.study.fit.enough import long_enough, regressors_known
from eventstudy.study.fit.inside_day import fit_inside, free_sessions, place_inside
from eventstudy.study.fit.mask import masked_bars
from eventstudy.study.fit.moments import bounds_of, place_moments, refuse_contradiction, refuse_ends, session_uncertain
from eventstudy.study.fit.overlap import first_of_overlaps, heads_of_chains
from eventstudy.study.fit.splits import Splits, splits_of
from eventstudy.study.fitted import Fitted, Part
from eventstudy.study.pairs.pairs import refuse_few
from eventstudy.study.panels import LumpedReturns
from eventstudy.study.request import Request, moments_of, read_request
from eventstudy.study.who import refuse_lost_zeros
from eventstudy.words import writable


@dataclass(frozen=True, slots=True)
class Whole:
    """What a share of a study must know of the whole, so that its numbers are those of the whole to the last bit.

    Attributes
    ----------
    kernel : {"auto", "numpy", "numba"}
        What the size of the whole study decides.
    own_masks : bool
        Whether some security lacks an event day that others have, so that each has a mask of its own.
    """

    kernel: Kernel = "auto"
    own_masks: bool = False


How = tuple[Any, Mapping[str | None, Whole]]


def fit_study(
    study: Design,
    events: Any,
    returns: Any,
    *,
    symbols: Any = None,
    executor: Any = None,
    whole: Mapping[str | None, Whole] | None = None,
) -> Fitted:
    """Fit `study`; see `EventStudy.fit`. Of a share, `whole` says by calendar what it must know."""
    panel = panel_of(returns)
    auto, unsaid = study.calendar == AUTO, study.label is None
    study = settled(study, panel)
    lumped_or_not(study, panel)
    held = set(label_texts(panel.frame.columns))
    request = read_request(events, held, symbols)
    if unsaid and study.label == "start" and request.moments is not None:
        refuse_ends(panel.frame.index)
    if whole is None and isinstance(events, pd.DataFrame):  # of a share few symbols may be known
        refuse_few(events, held)
    return fit_request(study, panel, request, auto=auto, executor=executor, whole=whole)


def fit_request(
    study: Design,
    panel: ReturnPanel,
    request: Request,
    *,
    auto: bool = False,
    executor: Any = None,
    whole: Mapping[str | None, Whole] | None = None,
) -> Fitted:
    """Fit a study whose calendar is settled on events that were read; `auto`: whether every symbol of the panel has its calendar."""
    _pool(study)
    held = label_texts(panel.frame.columns)
    symbols, event, symbol = rows_asked(request, held)
    groups = calendars_of(study, symbols, set(panel.frame.columns) if auto else set(symbols))
    column = {name: at for at, name in enumerate(held)}
    code = np.array([column.get(name, -1) for name in symbols], dtype=np.int64)
    fate = np.where(code < 0, Exclusion.UNKNOWN_SYMBOL, Exclusion.STUDIED).astype(np.int8)
    splits = splits_of(study, request, panel, symbols, (event, symbol))
    # a donor that is asked for by name is studied, and left out of the pool on its dates
    if not (request.symbol is not None and pool_names(study.model)):
        others = [at for at, name in enumerate(symbols) if name in splits.benchmarks and code[at] >= 0]
        fate[others] = Exclusion.BENCHMARK
    status = fate[symbol]
    parts: list[Part] = []
    merged: dict[int, list[int]] = {}
    for calendar, members in groups.items():
        inside = fate == Exclusion.STUDIED
        if members is not None:
            inside &= np.array([name in members for name in symbols])
            code[inside] = np.arange(int(inside.sum()))
        kept = None if members is None else [name for name, keep in zip(symbols, inside, strict=True) if keep]
        if not inside.any():
            continue
        aligned = align(splits.studies[0], panel, calendar, kept)
        long_enough(min(splits.studies, key=lambda one: one.estimation_window.length), aligned)
        placed = place_events(study, request, aligned)
        rows = np.arange(event.size) if inside.all() else np.flatnonzero(inside[symbol])
        own = np.where(fate[symbol] == Exclusion.BENCHMARK, -1, placed.position[event])
        asked = (rows, event[rows], code[symbol[rows]], donor_events(study, aligned, symbols, symbol, own))
        parts += _fit_calendar(study, splits, panel, aligned, placed, asked, (status, merged), (executor, whole or {}))
    if not parts:  # nobody whom the panel knows: a part without rows, so that every table has its columns
        aligned = align(splits.studies[0], panel, next(iter(groups)), [])
        none = np.empty(0, dtype=np.int64)
        placed = place_events(study, request, aligned)
        parts += _fit_calendar(
            study, splits, panel, aligned, placed, (none, none, none, None), (status, merged), (None, {})
        )
    return Fitted(
        study=study,
        request=request,
        panel=panel,
        symbols=tuple(symbols),
        event=event,
        symbol=symbol,
        status=status,
        parts=tuple(parts),
        merged=merged,
    )


def _fit_calendar(
    study: Design,
    splits: Splits,
    panel: ReturnPanel,
    aligned: Aligned,
    placed: Placed,
    asked: tuple[Ints, Ints, Ints, DonorEvents | None],
    fates: tuple[NDArray[np.int8], dict[int, list[int]]],
    how: How,
) -> list[Part]:
    """Estimate the security-events of one calendar, those of each split together, and note their fates.

    `how`: the executor, and what a share must know of the whole.
    """
    known = how[1].get(aligned.calendar, Whole())
    rows, event, security, donors = asked
    status, merged = fates
    status[rows] = placed.status[event]
    found = placed.position[event] >= 0
    keep = slice(None) if found.all() else np.flatnonzero(found)
    rows, event, security = rows[keep], event[keep], security[keep]
    if study.overlap != "flag":
        stay = displaced(study, rows, (event, security), placed, status, merged)
        rows, event, security = rows[stay], event[stay], security[stay]
    if isinstance(study.model, IntradayModel):
        free = free_sessions(aligned, placed, _pool(study), asked[1:3])
        abnormal, real = fit_inside(study, aligned, free, security, placed.position[event])
        return [_part(aligned, placed, (rows, asked[0]), abnormal, status, real)]
    code = np.zeros(rows.size, dtype=np.int64) if splits.code is None else splits.code[rows]
    parts = []
    for at in np.unique(code).tolist() if rows.size else [0]:
        own = splits.studies[at]
        laid = aligned if at == 0 else for_model(aligned, own, panel)
        regressors_known(own, laid, panel.sources.get(getattr(own.model, "risk_free", None) or "", ""))
        here = slice(None) if splits.code is None else np.flatnonzero(code == at)
        mine = here if splits.code is None else np.isin(security, security[here])  # its events of other splits, too
        days = placed.position[event[mine]]
        marks = masked_bars(study, aligned, placed, _pool(study), security[mine], days, own=known.own_masks)
        chosen = (rows[here], event[here], security[here], donors, asked[0])
        parts.append(_fit_part(own, laid, placed, marks, chosen, status, (how[0], known.kernel)))
    return parts


def _fit_part(
    study: Design,
    aligned: Aligned,
    placed: Placed,
    marks: tuple[Bools | None, Bools],
    asked: tuple[Ints, Ints, Ints, DonorEvents | None, Ints],
    status: NDArray[np.int8],
    how: tuple[Any, Kernel],
) -> Part:
    """Estimate security-events of one calendar, market and estimation window; `how`: executor and kernel."""
    executor, kernel = how
    rows, event, security, donors, everyone = asked
    masked, real = marks
    estimation = study.estimation_window
    arguments: dict[str, Any] = {
        "security": security,
        "day0": placed.position[event],
        "window": study.window,
        "estimation": estimation.before,
        "after": estimation.after,
        "model": study.model,
        "minimum": estimation.minimum,
        "masked": masked,
        "level": aligned.level,
        "spans": aligned.spans,
        "donors": donors,
        "codes": _codes(aligned) if hasattr(study.model, "seed") else None,
        "kernel": kernel,
    }
    if executor is None or pool_names(study.model):  # the work of a pool is shared by date
        abnormal = estimate(aligned.returns, aligned.series, **arguments)
    else:
        abnormal = estimate_spread(executor, aligned.returns, aligned.series, **arguments)
    return _part(aligned, placed, (rows, everyone), abnormal, status, real)


def _part(
    aligned: Aligned,
    placed: Placed,
    which: tuple[Ints, Ints],
    abnormal: AbnormalReturns,
    status: NDArray[np.int8],
    real: Any,
) -> Part:
    """Return the security-events that are studied, and note the fate of all."""
    rows, asked = which
    status[rows] = abnormal.status
    good = abnormal.studied
    if not good.all():
        chosen = np.flatnonzero(good)
        return Part(aligned, placed, rows[chosen], abnormal.take(chosen), abnormal, rows, asked, real)
    return Part(aligned, placed, rows, abnormal, abnormal, rows, asked, real)


def _codes(aligned: Aligned) -> Ints:
    """Return what random streams are seeded with: the name of a security, so that its column does not matter."""
    return np.array([crc32(name.encode()) for name in aligned.symbols])


def displaced(
    study: Design,
    rows: Ints,
    who: tuple[Ints, Ints],
    placed: Placed,
    status: NDArray[np.int8],
    merged: dict[int, list[int]],
) -> Ints:
    """Return which security-events stay under the overlap policy; note the fate of the others."""
    event, security = who
    length = study.window[1] - study.window[0] + 1
    rule = first_of_overlaps if study.overlap == "first" else heads_of_chains
    head = rule(security, placed.position[event], length)
    gone = np.flatnonzero(head != np.arange(head.size))
    status[rows[gone]] = Exclusion.OVERLAP if study.overlap == "first" else Exclusion.MERGED
    if study.overlap == "merge":
        for at in gone[np.argsort(placed.position[event[gone]], kind="stable")].tolist():
            merged.setdefault(int(rows[head[at]]), []).append(int(event[at]))
    return np.flatnonzero(head == np.arange(head.size))


def panel_of(returns: Any) -> ReturnPanel:
    """Return what a fit was given as returns, as a panel."""
    returns = with_bars(returns, StudyError)
    if isinstance(returns, pd.DataFrame):
        return ReturnPanel(returns)
    if isinstance(returns, PricePanel):
        return ReturnPanel.from_prices(returns)
    if not isinstance(returns, ReturnPanel):
        msg = f"returns must be a ReturnPanel, a PricePanel or a DataFrame, not {type(returns).__name__}"
        raise StudyError(msg)
    return returns


def settled(study: Design, panel: ReturnPanel, columns: Sequence[Any] | None = None) -> Design:
    """Return the study with the calendar and the meaning of labels that the panel gives it, where it asks for them.

    `columns`: the labels of all its columns, where `panel` holds only some.
    """
    columns = panel.frame.columns.tolist() if columns is None else columns
    if study.label is None and panel.label is not None:
        study = replace(study, label=panel.label)
    if not isinstance(study.calendar, str) or study.calendar != AUTO:
        return study
    calendar, own = panel.calendar, dict(panel.calendars)
    if calendar is None and not own:
        if panel.bars != "sessions" or panel.frame.index.empty or getattr(panel.frame.index, "tz", None) is not None:
            return replace(study, calendar=None)
        calendar, own = auto_calendars(AUTO, {}, columns)
        if calendar == USUAL and not own and not is_intraday(panel.frame.index):
            index = pd.DatetimeIndex(panel.frame.index)
            strange = index.difference(sessions(USUAL, index[0], index[-1]))
            refuse_misfit(USUAL, index, len(strange), guessed=True)
    if not own:
        return replace(study, calendar=calendar)
    names: dict[str, Any] = {name: own.get(name, calendar) for name in label_texts(columns)}
    return replace(study, calendar=names)


def lumped_or_not(study: Design, panel: ReturnPanel) -> None:
    """Lumped returns and plain ones look alike: refuse the wrong kind rather than give wrong numbers."""
    wants = study.missing == "lump" or isinstance(study.model, TradeToTrade)
    if wants and not isinstance(panel, LumpedReturns):
        msg = f"missing={study.missing!r} with {study.model!r} needs returns over missing prices: fit eventstudy.study.lumped_returns(prices)"
        raise StudyError(msg)
    if not wants and isinstance(panel, LumpedReturns):
        msg = "these returns reach over missing prices; study them with missing='lump' or the model TradeToTrade"
        raise StudyError(msg)


def rows_asked(request: Request, held: Sequence[str]) -> tuple[list[str], Ints, Ints]:
    """Return the symbols, and for each row asked for the event and the symbol; `held` are the symbols of the panel."""
    if request.symbol is None:
        symbols = list(request.crossed) or list(held)
        events = len(request.event_id)
        return symbols, np.repeat(np.arange(events), len(symbols)), np.tile(np.arange(len(symbols)), events)
    try:
        code, unique = pd.factorize(request.symbol)
    except (TypeError, NotImplementedError) as fault:  # lists and the like, of Python and of Arrow
        msg = f"column 'symbol' holds what is no symbol ({fault}); give one text a row"
        raise StudyError(msg) from fault
    texts = without_points(label_texts(unique.tolist()))
    symbols = list(dict.fromkeys(texts))
    strange = next((name for name in symbols if not writable(name)), None)
    if strange is not None:
        msg = f"column 'symbol' holds {strange!r}, which is no text that can be written; mend it"
        raise StudyError(msg)
    refuse_lost_zeros(symbols, set(held))
    place = {text: -1 if text == "" else at for at, text in enumerate(symbols)}
    code = np.array([*(place[text] for text in texts), -1])[code]
    if (code < 0).any():
        msg = f"column 'symbol' is empty in row {int(np.flatnonzero(code < 0)[0])}"
        raise StudyError(msg)
    return symbols, np.arange(len(request.event_id)), code.astype(np.int64)


def calendars_of(study: Design, symbols: list[str], known: set[str]) -> dict[str | None, set[str] | None]:
    """Return the symbols of each calendar; None: all of the panel. Each symbol that is `known` must have one."""
    if study.calendar is None or isinstance(study.calendar, str):
        # a match is made for each symbol, so that only those asked for may be there
        return {study.calendar: set(symbols) if isinstance(base_of(study.model), MatchedPortfolio) else None}
    groups: dict[str | None, set[str]] = {}
    for name in symbols:
        if name not in study.calendar and name not in study.model.symbols and name in known:
            msg = f"calendar= names no calendar for {name!r}; add it to the mapping"
            raise StudyError(msg)
        groups.setdefault(study.calendar.get(name), set()).add(name)
    return dict(groups)


def place_events(study: Design, request: Request, aligned: Aligned) -> Placed:
    """Find the bars of all events of a request on one calendar."""
    if aligned.hours is not None:
        return place_inside(study, request, aligned)
    if request.bars is not None:
        placed = place_bars(request.bars, aligned.bars, aligned.calendar, study.non_session, aligned.shut, aligned.zone)
        if "announced_at" in request.frame.columns:
            refuse_contradiction(request.bars, request.frame["announced_at"], placed, aligned.bars, aligned.calendar)
        if "precision" in request.frame.columns and bar_kind(aligned.bars) == "sessions":
            dated = request.frame["precision"].eq(DATE_ONLY).to_numpy(dtype=bool)
            placed = replace(placed, uncertain=dated & ~placed.moved)
        return placed
    assert request.moments is not None  # noqa: S101  a request has bars or moments
    placed = place_moments(request.moments, aligned.bars, aligned.calendar, study.label, aligned.zone, aligned.shut)
    if aligned.calendar is None:
        return placed
    bounds = bounds_of(request.moments, request.frame)
    return replace(placed, uncertain=placed.uncertain | session_uncertain(bounds, aligned.calendar))


def _pool(study: Design) -> Any:
    """Return the moments of the events that are masked, where those are not the events of the call."""
    if isinstance(study.mask_events, bool):
        return study.mask_events
    if not hasattr(study.mask_events, "to_frame"):
        msg = f"mask_events must be True, False or an EventCatalog, not {type(study.mask_events).__name__}"
        raise StudyError(msg)
    return moments_of(study.mask_events.to_frame()["announced_at"])
