"""The tables of a result: positions back to labels."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.abnormal.own import is_own
from eventstudy.abnormal.status import Exclusion
from eventstudy.study.means import clustered_mean

if TYPE_CHECKING:
    from eventstudy.study.result import Part, StudyResult

__all__ = ["aar", "caar", "car", "day0_labels", "escape", "events", "excluded", "studied_rows", "summary", "tidy"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def studied_rows(result: StudyResult) -> Ints:
    """Return the rows of the request that are studied, in the order asked for."""
    if len(result.parts) == 1:
        return result.parts[0].rows
    return np.sort(np.concatenate([part.rows for part in result.parts]))


def gather(result: StudyResult, pieces: list[Any]) -> Any:
    """Return per-part arrays as one, in the order of the request."""
    if len(pieces) == 1:
        return pieces[0]
    order = np.argsort(np.concatenate([part.rows for part in result.parts]), kind="stable")
    return np.concatenate(pieces)[order]


def day0_labels(result: StudyResult, rows: Ints) -> pd.Index:
    """Return the label of relative day 0 of each of the studied rows `rows`."""
    if len(result.parts) == 1:
        part = result.parts[0]
        label: pd.Index = part.aligned.bars.take(part.abnormal.day0)
        return label
    labels = np.concatenate([part.aligned.bars.to_numpy()[part.abnormal.day0] for part in result.parts])
    at = np.concatenate([part.rows for part in result.parts])
    joined: pd.Index = pd.Index(labels[np.argsort(at, kind="stable")][: rows.size])
    return joined


def tidy(result: StudyResult) -> pd.DataFrame:
    """See `StudyResult.tidy`."""
    rows = studied_rows(result)
    first, last = result.study.window
    length = last - first + 1
    error = gather(result, [part.abnormal.ar_se() for part in result.parts])
    ar = gather(result, [part.abnormal.ar for part in result.parts])
    degenerate = gather(result, [part.abnormal.degenerate for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        sar = np.where(degenerate[:, None], np.nan, ar / error)
    labels = [part.aligned.bars for part in result.parts]
    session = gather(
        result, [_bar_labels(part, bars, first, length) for part, bars in zip(result.parts, labels, strict=True)]
    )
    return pd.DataFrame(
        {
            "event_id": _event_ids(result, rows).repeat(length),
            "symbol": _symbols(result, rows).repeat(length),
            "relative_day": np.tile(np.arange(first, last + 1), rows.size),
            "session": session.ravel(),
            "ar": ar.ravel(),
            "se": error.ravel(),
            "sar": sar.ravel(),
        }
    )


def car(result: StudyResult, window: tuple[int, int], missing: Any) -> pd.DataFrame:
    """See `StudyResult.car`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    rows = studied_rows(result)
    made = [part.abnormal.car(*window, missing) for part in result.parts]
    value, error, count = (gather(result, [piece[at] for piece in made]) for at in range(3))
    df = gather(result, [part.abnormal.df for part in result.parts])
    degenerate = gather(result, [part.abnormal.degenerate for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        scar = np.where(degenerate | ~(error > 0), np.nan, value / error)
    numbers = {"car": value, "se": error, "scar": scar, "t": scar, "df": df, "pvalue": 2.0 * stdtr(df, -np.abs(scar))}
    flag = _flags(result, rows, window, count)
    return pd.DataFrame(_keys(result, rows) | numbers | {"n_bars": count, "flag": flag}, copy=False)


def aar(result: StudyResult, level: float) -> pd.DataFrame:
    """See `StudyResult.aar`."""
    first, last = result.study.window
    cluster, once = _clusters(result)
    ar = gather(result, [part.abnormal.ar for part in result.parts])[once]
    table = []
    for at, day in enumerate(range(first, last + 1)):
        mean = clustered_mean(ar[:, at], cluster, level)
        path = clustered_mean(
            gather(result, [part.abnormal.car(first, day, result.study.missing)[0] for part in result.parts])[once],
            cluster,
            level,
        )
        table.append(
            {
                "relative_day": day,
                "aar": mean.mean,
                "se": mean.se,
                "low": mean.low,
                "high": mean.high,
                "n": mean.n,
                "n_sessions": mean.clusters,
                "caar": path.mean,
                "caar_se": path.se,
                "caar_low": path.low,
                "caar_high": path.high,
            }
        )
    return some(result, pd.DataFrame(table))


def caar(result: StudyResult, window: tuple[int, int], level: float) -> pd.DataFrame:
    """See `StudyResult.caar`."""
    cluster, once = _clusters(result)
    value = gather(result, [part.abnormal.car(*window, result.study.missing)[0] for part in result.parts])[once]
    mean = clustered_mean(value, cluster, level)
    if mean.clusters == 1 and mean.n > 1:
        # the portfolio's regression is the mean of its members' only where each is least squares on the same design
        own = any(is_own(part.abnormal.model) for part in result.parts)
        name = "time_series" if own else "portfolio"
        test = result.test(name, window)
        row: tuple[float, float, float, float, str]
        if test.applicable:
            from scipy.special import stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

            reach = float(stdtrit(float(cast("float", test.df)), 0.5 + level / 2)) * test.se
            row = (test.estimate, test.se, test.estimate - reach, test.estimate + reach, name)
        else:
            row = (mean.mean, np.nan, np.nan, np.nan, name)
    else:
        row = (mean.mean, mean.se, mean.low, mean.high, "cross_sectional" if mean.clusters == mean.n else "clustered")
    table = pd.DataFrame(
        {
            "first": [window[0]],
            "last": [window[1]],
            "caar": [row[0]],
            "se": [row[1]],
            "low": [row[2]],
            "high": [row[3]],
            "n": [mean.n],
            "n_sessions": [mean.clusters],
            "test": [row[4]],
        }
    )
    return some(result, table)


def some(result: StudyResult, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of averages; without its rows where nothing was studied."""
    return table if result.n else table.iloc[:0]


def excluded(result: StudyResult) -> pd.DataFrame:
    """See `StudyResult.excluded`."""
    rows = np.flatnonzero(result.status != Exclusion.STUDIED)
    detail = np.array([Exclusion(code).meaning for code in result.status[rows]], dtype=object)
    place = np.full(result.status.size, -1)
    place[rows] = np.arange(rows.size)
    for part in result.parts:
        attempted = part.attempted
        planned, minimum = attempted.inputs.planned, attempted.inputs.minimum
        for at in np.flatnonzero(attempted.status == Exclusion.TOO_FEW_BARS):
            usable = attempted.m[at]
            detail[place[part.attempted_rows[at]]] = f"{usable} of {planned} estimation bars usable, {minimum} needed"
        for at in np.flatnonzero((attempted.status == Exclusion.TOO_FEW_BARS) & (attempted.m == 0)):
            if not np.isfinite(attempted.inputs.returns[attempted.security[at]]).any():
                detail[place[part.attempted_rows[at]]] = "all its returns are missing in the panel"
        ends = f"the data run from {_text(part.aligned.bars[0])} to {_text(part.aligned.bars[-1])}"
        outside = part.asked[result.status[part.asked] == Exclusion.OUTSIDE_DATA]
        labels = part.placed.label
        for row in outside:
            detail[place[row]] = f"relative day 0 would be {_text(labels[result.event[row]])}; {ends}"
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


def _unknown(result: StudyResult, symbol: str) -> str:
    """Return why the panel has no returns of `symbol`."""
    panel = result.panel
    if symbol in panel.failures:
        return f"its prices did not come: {panel.failures[symbol]}"
    if panel.levels is not None and symbol in panel.levels.columns:
        return "the panel holds it as a level, not as a return"
    return Exclusion.UNKNOWN_SYMBOL.meaning


def events(result: StudyResult) -> pd.DataFrame:
    """See `StudyResult.events`."""
    frames = []
    for part in result.parts:
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


def summary(result: StudyResult) -> str:
    """See `StudyResult.summary`."""
    study = result.study
    lines = [
        repr(result),
        f"model {study.model!r}; event window {study.window}; calendar {study.calendar or 'the index of the panel'}",
        f"estimation window {study.estimation.days}, at least {study.estimation.minimum} usable bars",
    ]
    strange = sum(part.aligned.strange for part in result.parts)
    if strange:
        lines.append(f"{strange} rows of the panel are no sessions of the calendar and were left out")
    counts = np.bincount(result.status, minlength=len(Exclusion))
    lines += [f"excluded, {code.reason}: {counts[code]}" for code in Exclusion if code and counts[code]]
    if result.n:
        row = caar(result, study.window, 0.95).iloc[0]
        lines.append(
            f"CAAR {study.window}: {100 * row['caar']:.2f}% [{100 * row['low']:.2f}, {100 * row['high']:.2f}], "
            f"n = {row['n']} in {sessions(row['n_sessions'])} ({row['test']})"
        )
        lines += _advice(result)
    return "\n".join(lines)


def sessions(count: int) -> str:
    """Write a number of sessions."""
    return f"{count} session" if count == 1 else f"{count} sessions"


ADVISED = 20_000
"""Security-events above which a summary does not keep the estimation windows to judge the tests on: `tests` does."""


def _advice(result: StudyResult) -> tuple[str, ...]:
    """Return which tests to believe on the event window, and what speaks against the others."""
    if result.n > ADVISED:
        return (f"{result.n} security-events: tests() says which tests to believe",)
    from eventstudy.inference import advice  # noqa: PLC0415  slow to import: only those who test pay

    return advice(result.sample(result.study.window))


def one_series(result: StudyResult) -> bool:
    """Whether all that is studied is one series, so that events of one session are one observation."""
    return np.unique(result.symbol[studied_rows(result)]).size == 1


def _clusters(result: StudyResult) -> tuple[Ints, Any]:
    """Return the session code of each observation, and which rows are observations."""
    labels = day0_labels(result, studied_rows(result))
    code, _ = pd.factorize(labels)
    if one_series(result):
        _, once = np.unique(code, return_index=True)
        return code[np.sort(once)].astype(np.int64), np.sort(once)
    return code.astype(np.int64), slice(None)


def _flags(result: StudyResult, rows: Ints, window: tuple[int, int], count: Ints) -> Any:
    """Return what a reader must know of each security-event, as words joined by spaces."""
    length = window[1] - window[0] + 1
    near = [_neighbours(part, length) for part in result.parts]
    marks: dict[str, NDArray[np.bool_]] = {
        "same_bar": gather(result, [pair[0] for pair in near]),
        "overlap": gather(result, [pair[1] for pair in near]),
        "cut": gather(result, [_cut(part, window) for part in result.parts]),
        "missing": count < length,
        "moved": gather(result, [part.placed.moved[result.event[part.rows]] for part in result.parts]),
        "degenerate_sigma": gather(result, [part.abnormal.degenerate for part in result.parts]),
        "suspect_return": gather(result, [part.abnormal.suspect for part in result.parts]),
        "ols_fallback": gather(result, [part.abnormal.fallback for part in result.parts]),
    }
    code = np.zeros(rows.size, dtype=np.int64)
    for at, mark in enumerate(marks.values()):
        if mark.any():
            code |= mark.astype(np.int64) << at
    present = np.flatnonzero(np.bincount(code, minlength=1 << len(marks)))
    words = [" ".join(name for at, name in enumerate(marks) if value >> at & 1) for value in present.tolist()]
    return pd.array(words, dtype="str").take(np.searchsorted(present, code))


def _neighbours(part: Part, length: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which security-events share their bar, and whose windows meet those of another bar, within a security."""
    bars = part.aligned.returns.shape[1]
    # securities laid end to end, too far apart for windows to meet
    key = part.abnormal.security * (bars + length) + part.abnormal.day0
    order = np.argsort(key)
    gap = np.diff(key[order])
    same, near = gap == 0, (gap > 0) & (gap < length)
    if not same.any() and not near.any():
        return np.zeros(key.size, dtype=bool), np.zeros(key.size, dtype=bool)
    group = np.concatenate([[0], np.cumsum(~same)])  # security-events of one bar
    size = int(group[-1]) + 1
    many, touched = np.bincount(group, minlength=size) > 1, np.zeros(size, dtype=bool)
    touched[group[1:][near]] = True
    touched[group[:-1][near]] = True
    shared, meets = np.empty(key.size, dtype=bool), np.empty(key.size, dtype=bool)
    shared[order], meets[order] = many[group], touched[group]
    return shared, meets


def _cut(part: Part, window: tuple[int, int]) -> NDArray[np.bool_]:
    day0 = part.abnormal.day0
    return np.asarray((day0 + window[0] < 0) | (day0 + window[1] >= part.aligned.returns.shape[1]))


def _bar_labels(part: Part, bars: pd.Index, first: int, length: int) -> Any:
    at = part.abnormal.day0[:, None] + np.arange(first, first + length)
    inside = (at >= 0) & (at < len(bars))
    values = bars.to_numpy()[at.clip(0, len(bars) - 1)]
    if isinstance(bars, pd.DatetimeIndex):
        # in the unit of the bars: from numpy 2.5 on a NaT without a unit warns
        return np.where(inside, values, np.array("NaT", values.dtype)) if bars.tz is None else _aware(values, inside)
    return np.where(inside, values, None)


def _aware(values: Any, inside: NDArray[np.bool_]) -> Any:
    stamps = values.astype(object)
    stamps[~inside] = pd.NaT
    return stamps


def keys(result: StudyResult, rows: Ints) -> pd.DataFrame:
    """Return event_id, symbol and session of the studied rows `rows`: what each table by security-event begins with."""
    return pd.DataFrame(_keys(result, rows))


def _keys(result: StudyResult, rows: Ints) -> dict[str, Any]:
    return {
        "event_id": _event_ids(result, rows),
        "symbol": _symbols(result, rows),
        "session": day0_labels(result, rows),
    }


def _event_ids(result: StudyResult, rows: Ints) -> Any:
    """Return the ids of events; those merged into one are joined by a plus sign."""
    found = result.request.event_id.take(result.event[rows])
    if not result.merged:
        return found
    names = np.array(found, dtype=object)
    for at, row in enumerate(rows.tolist()):
        if row in result.merged:
            parts = [result.event[row], *result.merged[row]]
            names[at] = "+".join(dict.fromkeys(str(result.request.event_id[part]) for part in parts))
    return pd.array(names, dtype="str")


def _symbols(result: StudyResult, rows: Ints) -> Any:
    return pd.array(list(result.symbols), dtype="str").take(result.symbol[rows])


def _text(label: Any) -> str:
    if isinstance(label, pd.Timestamp) and label == label.normalize():
        return f"{label:%Y-%m-%d}"
    return str(label)
