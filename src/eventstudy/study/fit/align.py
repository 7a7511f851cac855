"""Labels into positions: the panel on the bars of a calendar, and events on those bars."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_hashable

from eventstudy._typing import Floats
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.abnormal.models.lumped import spans_of
from eventstudy.calendars import SESSION_UNIT, first_sessions, known_years, outside, refuse_sparse, sessions
from eventstudy.dates import read_stamp
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.returns._index import stamped_days
from eventstudy.returns.tables.cells import cell
from eventstudy.study.aligned import Aligned, Placed, _rows, _some
from eventstudy.study.design import Design, Label
from eventstudy.study.panels import LumpedReturns


def align(study: Design, panel: ReturnPanel, calendar: str | None, symbols: Sequence[str] | None = None) -> Aligned:
    """Put the returns of `symbols` (all of them by default), and the model's own series, on the bars of `calendar`."""
    frame = panel.frame
    _check_index(frame.index)
    if frame.empty:
        msg = "the panel of returns is empty: it needs at least one bar and one symbol"
        raise DataError(msg)
    bars, strange = _bars(frame.index, calendar)
    rows = None if strange == 0 and len(bars) == len(frame.index) else bars
    chosen = frame if symbols is None else frame[list(symbols)]
    symbols = [str(name) for name in chosen.columns.tolist()]
    if rows is not None:
        chosen = chosen.reindex(rows)
    returns = np.ascontiguousarray(chosen.to_numpy(dtype=np.float64).T)
    wanted = study.model.symbols
    if isinstance(study.model, MatchedPortfolio):
        matched = _matched(study.model, frame, rows, symbols)
        return Aligned(calendar, bars, tuple(symbols), returns, matched, None, strange)
    series = None
    if wanted:
        source = frame if all(name in frame.columns for name in wanted) else frame.join(panel.levels)
        missing = [name for name in wanted if name not in source.columns]
        if missing:
            why = f" ({panel.failures[missing[0]]})" if missing[0] in panel.failures else ""
            msg = (
                f"the model {study.model!r} needs {missing[0]!r}, which the panel does not hold{why}; load it along "
                f"(the panel has {_some(source.columns)})"
            )
            raise StudyError(msg)
        series = _rows(source, wanted, rows)
        if np.isinf(series).any():
            name = wanted[int(np.flatnonzero(np.isinf(series).any(axis=1))[0])]
            msg = f"the regressor {name!r} holds an infinite value; mend it or make it missing (NaN)"
            raise DataError(msg)
    spans = spans_of(returns) if isinstance(panel, LumpedReturns) else None
    return Aligned(calendar, bars, tuple(symbols), returns, series, _level(study, panel, rows), strange, spans)


def _matched(model: MatchedPortfolio, frame: pd.DataFrame, rows: pd.Index | None, symbols: Sequence[str]) -> Floats:
    """Return (S, 1, B): the mean return of the match of each symbol."""
    members = {name: model.members(name) for name in symbols}
    missing = sorted({to for match in members.values() for to in match} - set(frame.columns))
    if missing:
        msg = f"match= names {missing[0]!r}, which the panel does not hold (it has {_some(frame.columns)})"
        raise StudyError(msg)
    bars = len(frame.index if rows is None else rows)
    means = [_rows(frame, members[name], rows).mean(axis=0)[None] for name in symbols]
    return np.stack(means) if means else np.empty((0, 1, bars))


def _level(study: Design, panel: ReturnPanel, rows: pd.Index | None) -> Floats | None:
    name = getattr(study.model, "volatility", None)
    if name is None or name == "ewma":
        return None
    for frame in (panel.levels, panel.frame):
        if name in frame.columns:
            values: Floats = _rows(frame, [name], rows)[0]
            return values
    msg = f"the model reads its variance from {name!r}, which the panel does not hold; load it along as a level"
    raise StudyError(msg)


def _bars(index: pd.Index, calendar: str | None) -> tuple[pd.Index, int]:
    """Return the bars, and how many labels of `index` are none of them."""
    if calendar is None:
        return index, 0
    if not isinstance(index, pd.DatetimeIndex):
        msg = (
            f"the panel's index ({type(index).__name__}) holds no dates, so that calendar={calendar!r} cannot be laid "
            "over it; pass calendar=None to count its own rows"
        )
        raise StudyError(msg)
    if index.tz is not None:
        msg = f"the panel's bars are moments within days; pass calendar=None to count them (not calendar={calendar!r})"
        raise StudyError(msg)
    if bool((index != index.normalize()).any()):
        msg = (
            f"the panel's bars carry an hour ({index[0]}); if they are days take their dates, frame.index.normalize(), else pass "
            f"calendar=None to count them (not calendar={calendar!r})"
        )
        raise StudyError(msg)
    refuse_sparse(calendar, index)
    days = _sessions(calendar, index[0], index[-1])
    if len(days) == len(index) and bool((days == index).all()):
        return index, 0
    return days, int((~index.isin(days)).sum())


@lru_cache(maxsize=32)
def _sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    return sessions(calendar, first, last)


def _check_index(index: pd.Index) -> None:
    if not index.is_unique:
        msg = f"the panel has the bar {index[index.duplicated()][0]} more than once; keep one row a bar"
        raise DataError(msg)
    if not index.is_monotonic_increasing:
        msg = "the panel's bars are not in order; sort them: frame.sort_index()"
        raise DataError(msg)


def place_moments(moments: pd.DatetimeIndex, bars: pd.Index, calendar: str | None, side: Label | None = None) -> Placed:
    """Find the first bar whose close could hold each piece of news; `side` is what labels of moments mean."""
    if calendar is not None:
        label: pd.Index = first_sessions(moments, calendar)
        return _placed(bars.get_indexer(label), label, np.zeros(len(moments), dtype=bool))
    if not isinstance(bars, pd.DatetimeIndex):
        msg = "moments cannot be found on bars that are no dates; give the column 'bar' instead of 'announced_at'"
        raise StudyError(msg)
    if moments.tz is None:
        msg = "announcement moments must carry a time zone: use .tz_localize('America/New_York') or the like"
        raise StudyError(msg)
    if bars.tz is None:
        # without a calendar no close is known: the bar of the day of the news where it was made, or the next
        label = pd.DatetimeIndex(moments.tz_localize(None).normalize()).as_unit(SESSION_UNIT)
        position = bars.as_unit(SESSION_UNIT).searchsorted(label)
        floor = bars[0]
    else:
        if side is None and stamped_days(bars):
            msg = (
                f"the panel's bars are days that carry an hour ({bars[0]}); say whether that is the start or the end of a bar: "
                "EventStudy(…, label='start') or label='end'"
            )
            raise StudyError(msg)
        # a bar ends one typical step after its start; news at its very end belongs to the next
        step = pd.Series(bars).diff().median() if len(bars) > 1 else pd.Timedelta(0)
        start = bars.tz_convert("UTC").as_unit(SESSION_UNIT) - (step if side == "end" else pd.Timedelta(0))
        label = moments.tz_convert("UTC").as_unit(SESSION_UNIT)
        position = (start + step).searchsorted(label, side="right")
        floor = start[0]
    inside = (position < len(bars)) & np.asarray(label >= floor)  # earlier news belongs to no bar of the data
    return _placed(np.where(inside, position, -1), label, np.zeros(len(moments), dtype=bool))


def place_bars(wanted: pd.Index, bars: pd.Index, calendar: str | None, policy: str) -> Placed:
    """Find the bars asked for by label; what is no session goes where `policy` says."""
    label = _comparable(wanted, bars, calendar)
    position = bars.get_indexer(label)
    known = _around(label, bars, calendar) if (position < 0).any() else bars
    at = position if known is bars else known.get_indexer(label)
    strange = at < 0
    if strange.any():
        if policy == "error":
            msg = f"bar {wanted[strange][0]!s} is no session of {calendar or 'the panel'}; set non_session='next' or another"
            raise StudyError(msg)
        side = known.searchsorted(label[strange])
        at[strange] = side if policy == "next" else side - 1
        beyond = strange & ((at < 0) | (at >= len(known)))
        found = known.take(at.clip(0, len(known) - 1))
        label = label.where(~strange | beyond, found) if policy != "drop" else label
        position = np.where(beyond, -1, bars.get_indexer(label))
    placed = _placed(position, label, strange & (policy != "drop"))
    if policy == "drop":
        placed.position[strange] = -1
        placed.status[strange] = Exclusion.NOT_A_SESSION
    return placed


def _around(label: pd.Index, bars: pd.Index, calendar: str | None) -> pd.Index:
    """Return the sessions from well before to well after all of the labels and bars."""
    if calendar is None or not isinstance(label, pd.DatetimeIndex):
        return bars
    margin = pd.Timedelta(days=31)
    return sessions(calendar, min(label.min(), bars[0]) - margin, max(label.max(), bars[-1]) + margin)


def _comparable(wanted: pd.Index, bars: pd.Index, calendar: str | None) -> pd.Index:
    """Return labels of the kind that the bars have."""
    missing = np.asarray(wanted.isna())
    if missing.any():
        msg = f"column 'bar' is empty in row {int(missing.argmax())}; give a label of the panel's index"
        raise StudyError(msg)
    if not isinstance(bars, pd.DatetimeIndex):
        one, other = _kind(wanted), _kind(bars)
        if one != other:
            msg = (
                f"column 'bar' holds {one} such as {cell(wanted[0])}, but the panel's bars are {other} such as {cell(bars[0])}; bring both "
                "to dates: frame.index = pd.to_datetime(frame.index.astype(str))"
            )
            raise StudyError(msg)
        return wanted
    label = _dates_of(wanted, months=calendar is None)
    _days_only(wanted, label, bars)
    far = outside(label)
    if far.any():
        row = int(far.argmax())
        msg = f"column 'bar', row {row}: {str(label[row])[:10]} lies outside the years {known_years()}; check the date"
        raise StudyError(msg)
    if bars.tz is None:
        return (label if label.tz is None else label.tz_localize(None)).as_unit(SESSION_UNIT)
    return (label.tz_localize(bars.tz) if label.tz is None else label.tz_convert(bars.tz)).as_unit(SESSION_UNIT)


def _kind(index: pd.Index) -> str:
    if isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex)) or index.inferred_type in (
        "date",
        "datetime",
        "datetime64",
    ):
        return "periods" if isinstance(index, pd.PeriodIndex) else "dates"
    if index.inferred_type in ("integer", "floating", "mixed-integer-float"):
        return "numbers"
    return "text" if index.inferred_type == "string" else index.inferred_type


def _dates_of(wanted: pd.Index, *, months: bool) -> pd.DatetimeIndex:
    """Return labels as dates: timestamps, ISO text, whole numbers such as 20250403; never nanoseconds, never a guess."""
    if isinstance(wanted, pd.PeriodIndex) and wanted.freqstr in ("D", "B"):
        wanted = wanted.to_timestamp()
    if isinstance(wanted, pd.DatetimeIndex):
        return wanted
    codes, distinct = pd.factorize(wanted.map(_plain))
    stamps = []
    for code, value in enumerate(distinct):
        try:
            stamps.append(read_stamp(value, months=months))
        except ValueError as error:
            row = int((codes == code).argmax())
            msg = (
                f"column 'bar', row {row}: {cell(wanted[row])} is no date; write it as 2025-04-03 or 20250403, or give a label of the "
                "panel's index"
            )
            raise StudyError(msg) from error
    try:
        return pd.DatetimeIndex(stamps).take(codes)
    except (ValueError, TypeError) as error:
        msg = f"column 'bar' mixes kinds of dates ({error}); bring them to one"
        raise StudyError(msg) from error


def _days_only(wanted: pd.Index, label: pd.DatetimeIndex, bars: pd.DatetimeIndex) -> None:
    """Refuse a clock where the bars are days: it says a moment, which may belong to the next bar."""
    wall = label.tz_localize(None)
    clock = np.asarray(wall != wall.normalize())
    if bars.tz is None and clock.any() and bool((bars == bars.normalize()).all()):
        row = int(clock.argmax())
        msg = (
            f"column 'bar', row {row}: {cell(wanted[row])} has a time of day, and the bars are days; give the day, or the moment with its "
            "time zone in a column 'announced_at'"
        )
        raise StudyError(msg)


def _plain(value: Any) -> Any:
    """Return a label that can be told from others: what is none is no date either."""
    return value if is_hashable(value) and not isinstance(value, bool) else repr(value)


def _placed(position: Any, label: pd.Index, moved: NDArray[np.bool_]) -> Placed:
    at = np.array(position, dtype=np.int64)
    status = np.where(at < 0, Exclusion.OUTSIDE_DATA, Exclusion.STUDIED).astype(np.int8)
    return Placed(at, status, label, moved)
