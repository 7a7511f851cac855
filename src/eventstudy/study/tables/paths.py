"""The path of the average over the event window: by group, from a reference day, with a band for the whole path."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable

from eventstudy.abnormal.window_sample import take
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import day0_labels, gather, one_series, studied_rows, subset
from eventstudy.study.tables.means import Means
from eventstudy.words import brief, in_a_row, nearest


def groups_of(result: Fitted, by: Any) -> np.ndarray:
    """Return what each studied row belongs to: a column of the fitted events, or the symbol; one group without `by`."""
    rows = studied_rows(result)
    if by is None:
        return np.full(rows.size, "", dtype=object)
    if by is not pd.NA and by == "symbol":
        return np.asarray(result.symbols, dtype=object)[result.symbol[rows]]
    frame = result.request.frame
    if by not in frame.columns:
        names = list(map(str, frame.columns))
        msg = (
            f"by={by!r} is no column of the fitted events{nearest(by, names)}; they have {in_a_row(names)}, and symbol"
        )
        raise StudyError(msg)
    column: pd.Series[Any] = frame[by]
    try:
        texts = column.astype(str)
    except ValueError as fault:  # half of a surrogate pair, a number of thousands of digits
        msg = f"by={by!r}: that column holds what cannot be written as a text ({brief(fault)}); mend it"
        raise StudyError(msg) from fault
    return texts.where(column.notna(), MISSING).to_numpy(dtype=object)[result.event[rows]]


MISSING = "(missing)"
"""The group of those of whom a characteristic is not known: nobody is left out without a word."""

FEW = 8
"""Groups up to which numbers are labels, however few events there are."""

MANY = 30
"""Groups above which a characteristic of numbers is no label: it wants to be cut, or regressed on."""


PATH = ("relative_day", "caar", "low", "high", "n", "median", "share_positive")
"""Columns of a path."""


def split(result: Fitted, by: Any) -> list[tuple[Any, Fitted]]:
    """Return each group's value and its part of the fit, in the order of the values; no abnormal return is estimated again."""
    if not is_hashable(by):
        msg = f"by={brief(repr(by))} is no column; name one, such as by='symbol'"
        raise StudyError(msg)
    name_of: Any = by
    label = groups_of(result, name_of)
    if by is not pd.NA and by == "symbol":
        value: dict[Any, Any] = {name: name for name in label}
    else:
        column = result.request.frame[by].to_numpy(dtype=object)[result.event[studied_rows(result)]]
        value = {name: MISSING if name == MISSING else own for name, own in zip(label, column, strict=True)}
    if len(value) > min(MANY, max(FEW, label.size // 2)) and all(
        isinstance(own, numbers.Real) for own in value.values() if own is not MISSING
    ):
        msg = (
            f"by={by!r} has {len(value)} different numbers, which make no groups; cut it first (pandas.qcut(pairs[{by!r}], 3, labels=…)), or "
            f"regress on it: result.explain([{by!r}])"
        )
        raise StudyError(msg)
    try:
        names = sorted((name for name in value if name != MISSING), key=lambda name: value[name])
    except TypeError:  # numbers and words in one column
        names = sorted(name for name in value if name != MISSING)
    names += [MISSING] if MISSING in value else []
    return [(value[name], subset(result, label == name)) for name in names]


def head_of(by: str, columns: Iterable[str]) -> str:
    """Return what the column of the groups is called: as the characteristic, or "group" where a column of the table is called so."""
    return "group" if str(by) in columns else str(by)


def usual_group(result: Fitted) -> str | None:
    """Return "stance" where events of several stances were fitted: what they did is not one average."""
    if "stance" not in result.request.frame.columns:
        return None
    return "stance" if len(set(groups_of(result, "stance"))) > 1 else None


def path(
    result: Fitted,
    *,
    window: Window,
    by: str | None = None,
    level: float = 0.95,
    reference: int | None = None,
    simultaneous: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Return the average path of each group: what `eventstudy.plots.caar` draws.

    With a reference day the path is what came after (or before) its close: zero on that day, without an interval. The
    simultaneous band holds the whole path.
    """
    first, last = window
    if reference is not None and not first <= reference <= last:
        msg = f"reference={reference} lies outside the window ({first}, {last}) of the chart; name a day inside"
        raise StudyError(msg)
    if not result.n:
        return pd.DataFrame(columns=[*PATH, "group"])
    days = range(first, last + 1)
    code, _ = pd.factorize(day0_labels(result, studied_rows(result)))
    pieces = [[part.abnormal.car(first, day, result.study.missing)[0] for day in days] for part in result.parts]
    paths = gather(result, [np.stack(piece, axis=1) for piece in pieces])
    if reference is not None:
        paths = paths - paths[:, [reference - first]]
    group, tables = groups_of(result, by), []
    means = Means(result, once=False)
    for name in dict.fromkeys(group):
        rows = np.flatnonzero(group == name)
        if one_series(result):
            rows = rows[np.sort(np.unique(code[rows], return_index=True)[1])]
        own = _one(means, paths, rows, (days, reference), level)
        if simultaneous:
            own = _with_band(own, means, paths[rows], rows, (days, reference), level, seed)
        tables.append(own.assign(group=name))
    return pd.concat(tables, ignore_index=True)


def _one(
    means: Means, paths: np.ndarray, rows: np.ndarray, place: tuple[range, int | None], level: float
) -> pd.DataFrame:
    """Return the path of some rows, each mean with the one variance of `eventstudy.inference.beyond.average`."""
    days, reference = place
    table = []
    for at, day in enumerate(days):
        own = paths[rows, at]
        known = own[np.isfinite(own)]
        if day == reference:
            table.append((day, 0.0, np.nan, np.nan, known.size, 0.0, np.nan))
            continue
        value = np.full(len(paths), np.nan)
        value[rows] = own
        before = days[0] if reference is None else min(day, reference) + 1
        everyone = reference is None and rows.size == len(paths)  # then the mean of `StudyResult.aar`
        found = means.over(
            (before, day if reference is None else max(day, reference)), values=None if everyone else value
        )
        low, high = found.interval(level)
        share = float((known > 0).mean()) if known.size else np.nan
        median = float(np.median(known)) if known.size else np.nan
        table.append((day, float(found.mean), float(low), float(high), int(found.n), median, share))
    return pd.DataFrame(table, columns=list(PATH))


def _with_band(
    table: pd.DataFrame,
    means: Means,
    paths: np.ndarray,
    rows: np.ndarray,
    place: tuple[range, int | None],
    level: float,
    seed: int,
) -> pd.DataFrame:
    from eventstudy.inference.beyond.bands import caar_band  # noqa: PLC0415  slow to import: only those who ask pay
    from eventstudy.inference.core.sample_of import sample_of  # noqa: PLC0415  the same

    days, reference = place
    sample = take(means.sample((days[0], days[-1])), rows)
    if reference is not None:
        sample = sample_of(ar=np.diff(paths, axis=1, prepend=0.0), day0=sample.day0)
    band = caar_band(sample, level=level, seed=seed)
    return table.assign(low_simultaneous=band.low, high_simultaneous=band.high)
