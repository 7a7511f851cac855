"""Average abnormal returns: AAR and CAAR with their intervals, equally weighted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.border import said
from eventstudy.checks import level as check_level
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Window
from eventstudy.study.rows import studied_rows
from eventstudy.study.tables.inside_day import is_inside, mean_inside, refuse_inside
from eventstudy.study.tables.means import Means

if TYPE_CHECKING:
    from eventstudy.inference.core.average import Average  # only those who test load it


def caar(result: Fitted, window: Window, level: float, weights: Any = None) -> pd.DataFrame:
    """See `StudyResult.caar`."""
    check_level(level)
    if not result.n:
        return pd.DataFrame(columns=["first", "last", *AVERAGED["caar"]])
    if is_inside(result):
        if weights is not None:
            refuse_inside(result, "a weighted average")
        return pd.DataFrame([{"first": window[0], "last": window[1], **mean_inside(result, window, level)}])
    given = None if weights is None else _weights(result, weights)
    if given is not None and (np.less(given, 0).any() or not np.greater(given, 0).any()):
        msg = "weights must not be negative, and one at least must be positive"
        raise StudyError(msg)
    found = Means(result).over(window, weights=given)
    return pd.DataFrame([{"first": window[0], "last": window[1], **told(found, "caar", level)}])


AVERAGED = {name: (name, "se", "low", "high", "n", "n_sessions", "df", "test") for name in ("caar", "abhar")}
"""Columns of a table of one mean."""


def told(found: Average, name: str, level: float) -> dict[str, Any]:
    """Return a mean as the cells of a row."""
    low, high = found.interval(level)
    values = (found.mean, found.se, low, high, found.n, found.sessions, found.df, found.how)
    return dict(zip(AVERAGED[name], (value.item() for value in map(np.asarray, values)), strict=True))


def aar(result: Fitted, level: float) -> pd.DataFrame:
    """See `StudyResult.aar`."""
    check_level(level)
    first, last = result.study.window
    table: list[list[Any]] = []
    inside = is_inside(result)
    means = Means(result) if result.n and not inside else None
    for day in range(first, last + 1) if inside and result.n else ():
        own, sofar = mean_inside(result, (day, day), level), mean_inside(result, (first, day), level)
        cells = [own[name] for name in ("caar", "se", "low", "high", "n", "n_sessions", "test")]
        table.append([day, *cells, *(sofar[name] for name in ("caar", "se", "low", "high", "test"))])
    for day in range(first, last + 1):
        if means is None:
            break
        one, path = means.over((day, day)), means.over((first, day))
        low, high = one.interval(level)
        path_low, path_high = path.interval(level)
        of_day = (one.mean, one.se, low, high, one.n, one.sessions, one.how)
        of_path = (path.mean, path.se, path_low, path_high, path.how)
        table.append([day, *(np.asarray(value).item() for value in (*of_day, *of_path))])
    names = ("relative_day", "aar", "se", "low", "high", "n", "n_sessions", "test")
    return pd.DataFrame(table, columns=[*names, "caar", "caar_se", "caar_low", "caar_high", "caar_test"])


def _weights(result: Fitted, weights: Any) -> Floats:
    """Return one weight a studied row: a column of the pairs, a value a symbol, or an array."""
    rows = studied_rows(result)
    if isinstance(weights, str):
        if result.request.symbol is None or weights not in result.request.frame.columns:
            msg = f"weights={weights!r} names no column of the pairs that were fitted"
            raise StudyError(msg)
        return _numbers(result.request.frame[weights], f"column {weights!r}")[result.event[rows]]
    if isinstance(weights, pd.Series):
        symbols = np.asarray(result.symbols, dtype=object)[result.symbol[rows]]
        if not weights.index.is_unique:
            msg = f"weights: symbol {weights.index[weights.index.duplicated()][0]!r} stands twice; keep one weight a symbol"
            raise StudyError(msg)
        return _numbers(weights.reindex(symbols), "the Series")
    values = _numbers(weights, "the array")
    if values.shape != (rows.size,):
        msg = f"weights have shape {values.shape}; give one for each of the {rows.size} rows of car(), or a Series by symbol"
        raise StudyError(msg)
    return values


def _numbers(values: Any, what: str) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as fault:
        msg = f"weights: {what} holds what is no number ({said(fault)}); give one number for each"
        raise StudyError(msg) from fault
