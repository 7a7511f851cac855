"""Average abnormal returns: AAR and CAAR with their intervals, equally weighted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from eventstudy._typing import Floats
from eventstudy.border import said
from eventstudy.checks import level as check_level
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Errors, Fitted, Window
from eventstudy.study.rows import one_series, studied_rows, subset
from eventstudy.study.tables.explain import explain_cars
from eventstudy.study.tables.inside_day import is_inside, mean_inside, refuse_inside
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.paths import MISSING, head_of, split
from eventstudy.study.tables.returns import car
from eventstudy.words import brief

if TYPE_CHECKING:
    from eventstudy.inference.core.average import Average  # only those who test load it


def caar(result: Fitted, window: Window, level: float, weights: Any = None, by: str | None = None) -> pd.DataFrame:
    """See `StudyResult.caar`."""
    check_level(level)
    if by is not None and result.n:
        return _by_group(result, window, level, weights, by)
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


def _by_group(result: Fitted, window: Window, level: float, weights: Any, by: str) -> pd.DataFrame:
    own = None if weights is None or isinstance(weights, (str, pd.Series)) else _weights(result, weights)
    place, rows, tables = studied_rows(result), [], []
    for value, group in split(result, by):
        some = None if own is None else own[np.searchsorted(place, studied_rows(group))]
        tables.append(caar(group, window, level, weights if own is None else some))
        rows.append(value)
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, head_of(by, table.columns), pd.Series(rows).infer_objects())
    return table


COMPARED = (
    *("group", "against", "first", "last", "mean", "mean_against", "difference", "se", "low", "high", "statistic", "df", "pvalue"),
    *("n", "n_against", "errors"),
)  # fmt: skip
"""Columns of a table of differences."""


def compare(result: Fitted, window: Window, by: str, errors: Errors | None, level: float) -> pd.DataFrame:
    """See `StudyResult.compare`."""
    check_level(level)
    groups = [(value, group) for value, group in split(result, by) if value is not MISSING] if result.n else []
    if result.n and len(groups) < 2:
        msg = (
            f"by={by!r} has the group {brief(repr(groups[0][0]))} alone; two are needed to compare"
            if groups
            else f"by={by!r} is empty"
        )
        raise StudyError(msg)
    place, rows = studied_rows(result), []
    value = car(result, window, result.study.missing)["car"].to_numpy()
    once = bool(result.n) and one_series(result)
    seen = [np.searchsorted(place, studied_rows(group)[np.sort(Means(group, once=once).at)]) for _, group in groups]
    for at, (name, _) in enumerate(groups):
        for to, (other, _) in enumerate(groups[at + 1 :], at + 1):
            here, there = seen[at], seen[to]
            both = subset(result, np.isin(np.arange(place.size), np.concatenate([here, there])))
            label = np.isin(studied_rows(both), place[here]).astype(float)
            term = explain_cars(
                both,
                {"difference": label},
                window,
                basis="car",
                weighted=False,
                errors=errors,
                cluster="session",
                level=level,
            ).iloc[1]
            known = [np.isfinite(value[one]) for one in (here, there)]
            means = [float(value[one][some].mean()) for one, some in zip((here, there), known, strict=True)]
            told = (term["estimate"], *(term[column] for column in ("se", "low", "high", "statistic", "df", "pvalue")))
            rows.append((name, other, *window, *means, *told, *(int(some.sum()) for some in known), term["errors"]))
    return pd.DataFrame(rows, columns=list(COMPARED))


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
    if np.iscomplexobj(values):
        msg = f"weights: {what} holds complex numbers; give one number for each"
        raise StudyError(msg)
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as fault:
        msg = f"weights: {what} holds what is no number ({said(fault)}); give one number for each"
        raise StudyError(msg) from fault
