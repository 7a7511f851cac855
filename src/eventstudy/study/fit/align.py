"""Labels into positions: the panel on the bars of a calendar, and events on those bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.control_portfolios import MatchedPortfolio
from eventstudy.abnormal.models.intraday import IntradayModel, base_of
from eventstudy.abnormal.models.lumped import spans_of
from eventstudy.calendars import SESSION_UNIT, known_years, outside, refuse_sparse, sessions
from eventstudy.dates import read_stamp
from eventstudy.errors import DataError, StudyError
from eventstudy.returns import ReturnPanel
from eventstudy.returns._index import at_midnight, stamped_days
from eventstudy.returns._sessions import SessionNotes, compounded, refuse_misfit
from eventstudy.returns.tables.cells import cell
from eventstudy.returns.tables.names import label_text, label_texts
from eventstudy.study.aligned import Aligned, Placed, _rows
from eventstudy.study.design import Design
from eventstudy.study.fit.clock_bars import lay_on_clock
from eventstudy.study.fit.moments import placed_at
from eventstudy.study.panels import LumpedReturns
from eventstudy.words import a_few, nearest


def align(study: Design, panel: ReturnPanel, calendar: str | None, symbols: Sequence[str] | None = None) -> Aligned:
    """Put the returns of `symbols` (all of them by default), and the model's own series, on the bars of `calendar`."""
    _check_index(panel.frame.index)
    if panel.frame.empty:
        msg = "the panel of returns is empty: it needs at least one bar and one symbol"
        raise DataError(msg)
    given = panel
    hours = None
    if isinstance(study.model, IntradayModel):
        panel, hours, strange = lay_on_clock(panel, calendar, study.label, study.model)
        bars = panel.frame.index
    else:
        panel, bars, strange = _lay(panel, calendar, symbols)
    frame = panel.frame
    rows = None if len(bars) == len(frame.index) and bool((bars == frame.index).all()) else bars
    if symbols is None:
        chosen = frame
    else:  # a label that is a number is asked for by its text
        place = {name: at for at, name in enumerate(label_texts(frame.columns))}
        chosen = frame.iloc[:, [place[name] for name in label_texts(symbols)]]
    symbols = [str(name) for name in chosen.columns.tolist()]
    if rows is not None:
        chosen = chosen.reindex(rows)
    returns = np.ascontiguousarray(chosen.to_numpy(dtype=np.float64).T)
    wanted = study.model.symbols
    base = base_of(study.model)
    if isinstance(base, MatchedPortfolio):
        matched = _matched(base, frame, rows, symbols)
        each = [base.members(name) for name in symbols]
        off = _off(panel, bars, symbols, (), each) if calendar is not None else None
        laid = None if panel is given else panel
        return Aligned(calendar, bars, tuple(symbols), returns, matched, None, strange, off=off, laid=laid, hours=hours)
    series = _series(study, panel, rows)
    spans = spans_of(returns) if isinstance(panel, LumpedReturns) else None
    off = _off(panel, bars, symbols, wanted) if calendar is not None else None
    laid = None if panel is given else panel
    level = _level(study, panel, rows)
    return Aligned(
        calendar,
        bars,
        tuple(symbols),
        returns,
        series,
        level,
        strange,
        spans,
        off,
        laid,
        panel.notes.zone,
        panel.notes.closed.get(str(calendar)),
        hours,
    )


def for_model(aligned: Aligned, study: Design, panel: ReturnPanel) -> Aligned:
    """Return the same returns on the same bars with the series of another model of its kind."""
    laid = aligned.laid or panel
    same = len(aligned.bars) == len(laid.frame.index) and bool((aligned.bars == laid.frame.index).all())
    off = None if aligned.off is None else _off(laid, aligned.bars, aligned.symbols, study.model.symbols)
    return replace(aligned, series=_series(study, laid, None if same else aligned.bars), off=off)


def _series(study: Design, panel: ReturnPanel, rows: pd.Index | None) -> Floats | None:
    """Return the (K, B) series that the model reads."""
    wanted, frame = study.model.symbols, panel.frame
    if not wanted:
        return None
    source = frame if all(name in frame.columns for name in wanted) else frame.join(panel.levels)
    named = dict(
        zip(label_texts(source.columns), source.columns.tolist(), strict=True)
    )  # 10001 as a number and as text are one
    wanted = tuple(name if name in source.columns else named.get(label_text(name), name) for name in wanted)
    missing = [name for name in wanted if name not in source.columns]
    if missing:
        why = f" ({panel.failures[missing[0]]})" if missing[0] in panel.failures else ""
        near = nearest(missing[0], list(map(str, source.columns)))
        msg = (
            f"the model {study.model!r} needs {missing[0]!r}, which the panel does not hold{why}{near}; load it with the firms "
            f"(the panel has {a_few(source.columns)})"
        )
        raise StudyError(msg)
    series = _rows(source, wanted, rows)
    if np.isinf(series).any():
        name = wanted[int(np.flatnonzero(np.isinf(series).any(axis=1))[0])]
        msg = f"the regressor {name!r} holds an infinite value; mend it or make it missing (NaN)"
        raise DataError(msg)
    return series


def _matched(model: MatchedPortfolio, frame: pd.DataFrame, rows: pd.Index | None, symbols: Sequence[str]) -> Floats:
    """Return (S, 1, B): the mean return of the match of each symbol."""
    members = {name: model.members(name) for name in symbols}
    missing = sorted({to for match in members.values() for to in match} - set(frame.columns))
    if missing:
        msg = f"match= names {missing[0]!r}, which the panel does not hold (it has {a_few(frame.columns)})"
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


def _lay(panel: ReturnPanel, calendar: str | None, symbols: Sequence[str] | None) -> tuple[ReturnPanel, pd.Index, int]:
    """Return the panel with the days that `calendar` lacks put together with the next, the bars, and how many days those are."""
    index = panel.frame.index
    if calendar is None:
        return panel, index, 0
    if not isinstance(index, pd.DatetimeIndex):
        msg = (
            f"the panel's index ({type(index).__name__}) holds no dates, so that calendar={calendar!r} cannot be laid "
            "over it; pass calendar=None to count its own rows"
        )
        raise StudyError(msg)
    if index.tz is not None:
        msg = (
            f"the panel's bars are moments within days; study them with model=IntradayModel(base=…), which knows the hours of {calendar!r}, or "
            "pass calendar=None to count them"
        )
        raise StudyError(msg)
    if not at_midnight(index).all():
        msg = (
            f"the panel's bars carry an hour ({index[0]}); if they are days take their dates, frame.index.normalize(), else pass "
            f"calendar=None to count them (not calendar={calendar!r})"
        )
        raise StudyError(msg)
    refuse_sparse(calendar, index)
    if panel.bars != "sessions":
        msg = f"the panel's bars are {panel.bars}, not the sessions of {calendar}; pass calendar=None to count them"
        raise DataError(msg)
    known = _sessions(calendar, index[0], index[-1])
    days = known if calendar not in panel.notes.closed else known.difference(panel.notes.closed[calendar])
    if len(days) == len(index) and bool((days == index).all()):
        return panel, index, 0
    strange = ~index.isin(known)
    own = panel.frame if symbols is None else panel.frame[list(symbols)]
    given = panel.frame.loc[strange].notna()
    given = given.loc[own.loc[strange].notna().any(axis=1)]
    refuse_misfit(calendar, index, len(given))
    if not len(given):
        return panel, days, int(strange.sum())
    there = panel.frame.loc[
        ~strange | index.isin(given.index)
    ]  # not what other exchanges alone had on days of their own
    frame = compounded(there, days, log=panel.kind == "log")
    notes = panel.notes.joined(SessionNotes(given))
    return (
        replace(panel, frame=frame, levels=panel.levels.reindex(days), notes=notes, check=False),
        days,
        int(strange.sum()),
    )


def _off(
    panel: ReturnPanel,
    bars: pd.Index,
    symbols: Sequence[str],
    regressors: Sequence[str],
    each: Sequence[Sequence[str]] | None = None,
) -> Bools | None:
    """Return (S, B): bars in which a day that is no session is put together with a session, of the security or a regressor.

    `each`: what each security is compared with besides.
    """
    off = panel.notes.off
    if off.empty or not len(bars):
        return None
    at = bars.searchsorted(pd.DatetimeIndex(off.index))
    inside = (at < len(bars)) & np.asarray(off.index > bars[0]) & ~off.index.isin(bars)
    marked = np.zeros((len(symbols), len(bars)), dtype=bool)
    shared = off.reindex(columns=list(regressors)).eq(True).any(axis=1).to_numpy()
    for row, name in enumerate(symbols):
        names = [one for one in (name, *(each[row] if each is not None else ())) if one in off.columns]
        there = shared | off[names].any(axis=1).to_numpy()
        marked[row, at[inside & there]] = True
    return marked if marked.any() else None


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


def place_bars(
    wanted: pd.Index,
    bars: pd.Index,
    calendar: str | None,
    policy: str,
    shut: pd.DatetimeIndex | None = None,
    zone: str | None = None,
) -> Placed:
    """Find the bars asked for by label; what is no session, or was `shut`, goes where `policy` says."""
    label = _comparable(wanted, bars, calendar, zone)
    position = bars.get_indexer(label)
    known = _around(label, bars, calendar, shut) if (position < 0).any() else bars
    at = position if known is bars else known.get_indexer(label)
    strange = at < 0
    if strange.any():
        _refuse_within(wanted, label, bars, strange)
        if policy == "error":
            msg = f"bar {wanted[strange][0]!s} is no session of {calendar or 'the panel'}; set non_session='next' or another"
            raise StudyError(msg)
        side = known.searchsorted(label[strange])
        at[strange] = side if policy == "next" else side - 1
        beyond = strange & ((at < 0) | (at >= len(known)))
        found = known.take(at.clip(0, len(known) - 1))
        label = label.where(~strange | beyond, found) if policy != "drop" else label
        position = np.where(beyond, -1, bars.get_indexer(label))
    placed = placed_at(position, label, strange & (policy != "drop"))
    if policy == "drop":
        placed.position[strange] = -1
        placed.status[strange] = Exclusion.NOT_A_SESSION
    return placed


def _refuse_within(wanted: pd.Index, label: pd.Index, bars: pd.Index, strange: Bools) -> None:
    """Stop at what lies between two labels of bars within days: it is a moment, and which bar holds it depends on what labels mean."""
    if not isinstance(bars, pd.DatetimeIndex) or bars.tz is None or len(bars) < 2:
        return
    after = np.asarray(bars.searchsorted(label)).clip(1, len(bars) - 1)
    step = pd.Series(bars).diff().median()
    within = strange & np.asarray((label > bars[after - 1]) & (label < bars[after - 1] + step))
    if within.any():
        row = int(within.argmax())
        msg = (
            f"column 'bar', row {row}: {cell(wanted[row])} lies between the bars labelled {bars[after[row] - 1]} and {bars[after[row]]}; give "
            "the label of one, or the moment in a column 'announced_at'"
        )
        raise StudyError(msg)


def _around(label: pd.Index, bars: pd.Index, calendar: str | None, shut: pd.DatetimeIndex | None) -> pd.Index:
    """Return the sessions from well before to well after all of the labels and bars."""
    if calendar is None or not isinstance(label, pd.DatetimeIndex):
        return bars
    margin = pd.Timedelta(days=31)
    known = sessions(calendar, min(label.min(), bars[0]) - margin, max(label.max(), bars[-1]) + margin)
    return known if shut is None else known.difference(shut)


def _comparable(wanted: pd.Index, bars: pd.Index, calendar: str | None, zone: str | None) -> pd.Index:
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
    if label.tz is None:
        label = _on_the_clock(wanted, label, bars, zone)
    return label.tz_convert(bars.tz).as_unit(SESSION_UNIT)


def _on_the_clock(
    wanted: pd.Index, label: pd.DatetimeIndex, bars: pd.DatetimeIndex, zone: str | None
) -> pd.DatetimeIndex:
    """Return labels without a zone as moments: on the clock in which the panel's own labels were given."""
    known = zone or (bars.tz if str(bars.tz) != "UTC" or stamped_days(bars) else None)
    way = "localise the column, such as with .dt.tz_localize('America/New_York')"
    if known is None:
        msg = f"column 'bar', row 0: {cell(wanted[0])} has no time zone, and the bars are moments in one; {way}"
        raise StudyError(msg)
    try:
        return label.tz_localize(known)
    except ValueError as error:
        msg = f"column 'bar': a label is no single moment in {known} ({error}); {way}"
        raise StudyError(msg) from error


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
    codes, distinct = pd.factorize(pd.Series([_plain(label) for label in wanted], dtype=object))  # no guess at kinds
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
