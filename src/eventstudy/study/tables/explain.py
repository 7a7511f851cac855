"""Why CARs differ: their regression on columns of the events, labels in and labels out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import numpy as np
import pandas as pd
from pandas.api.types import is_hashable

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Errors, Fitted, Part, Window
from eventstudy.study.rows import gather, studied_rows
from eventstudy.study.tables.means import Means
from eventstudy.study.tables.returns import car
from eventstudy.words import brief, in_a_row

Plain = Literal["HC3", "cluster", "wild_cluster", "nonrobust", "portfolio"]

COLUMNS = (
    *("term", "estimate", "se", "statistic", "pvalue", "low", "high", "df"),
    *("n", "n_clusters", "left_out", "r_squared", "errors", "doubt", "unit"),
    *("pvalue_pre_event", "pvalue_joint", "design_effect"),
)

JUDGED: Final = ("long_run", "pre_event", "scaled")

WITHIN: Final = ("portfolio", *JUDGED, "split")
"""Errors that the history of a slope tells."""

INDEPENDENT = 1.2
"""Design effect up to which firms of one date are taken for independent."""

IGNORED = (
    "events share sessions, and these errors take them for independent: where a factor that was left out loads on the "
    "characteristic they rejected half of the true nulls; errors='portfolio' bears it"
)

OVERLAP = "windows of different sessions share bars, and these errors take sessions for independent; errors='portfolio' bears it"


def explain_cars(
    result: Fitted,
    characteristics: Sequence[str] | Mapping[str, Any],
    window: Window,
    *,
    basis: str,
    weighted: bool,
    errors: Errors | None,
    cluster: str,
    level: float,
    gls: bool = False,
    draws: int = 9999,
    seed: int | np.random.Generator | None = 0,
) -> pd.DataFrame:
    """See `StudyResult.explain`."""
    if cluster not in ("session", "symbol"):
        msg = f"cluster is {cluster!r}; it is 'session' or 'symbol'"
        raise StudyError(msg)
    if gls and weighted:
        msg = "gls=True and weighted=True are two sets of weights; choose one"
        raise StudyError(msg)
    table = car(result, window, result.study.missing)
    given = {name: _column(result, name) for name in _names(characteristics)} | (
        dict(characteristics) if isinstance(characteristics, Mapping) else {}
    )
    columns = {name: _cells(one_a_row(result, name, values, len(table))) for name, values in given.items()}
    if not len(table):
        return pd.DataFrame(columns=list(COLUMNS))
    from eventstudy.inference.beyond.cross_sectional_regression import (  # noqa: PLC0415  slow to import
        MOST_PAIRS,
        CrossSection,
        explain,
        usual_errors,
    )

    day = table.loc[table[basis].notna(), "session"]
    shared = bool(day.duplicated().any())
    crossing = bool(table.loc[day.index, "flag"].str.contains("overlap|same_bar").any()) or _windows_meet(
        result, window
    )
    asked: Errors = errors or usual_errors(shared=shared, crossing=crossing, sessions=day.nunique(), n=len(day))
    about = None
    if shared and (gls or asked in WITHIN or (asked == "HC3" and bool((day == day.iloc[0]).all()))):
        about = within_dates(
            result, window, table, columns, basis=basis, weighted=weighted, gls=gls, level=level,
            kind=errors if errors in WITHIN else None,
        )  # fmt: skip
    if about is None and (gls or asked in (*JUDGED, "split")):
        msg = f"{'gls=True' if gls else f'errors={asked!r}'} needs dates with more security-events each than coefficients, and two to spare; errors='portfolio' needs none"
        raise StudyError(msg)
    unit = "standardized" if basis == "scar" else "return"
    if about is not None and asked != "HC3":
        return about.frame.assign(unit=unit)[list(COLUMNS)]

    def fitted(kind: Errors) -> CrossSection:
        return explain(
            table[basis].to_numpy(),
            columns,
            errors=cast("Plain", kind),
            covariance=_covariance(result, window, table, basis) if kind == "portfolio" else None,
            cluster=pd.factorize(table[cluster])[0],
            car_se=table["se"].to_numpy() if weighted else None,
            level=level,
            draws=draws,
            seed=seed,
        )

    found = fitted(asked)
    if errors is None and asked == "cluster" and np.isnan(found.se).any() and len(day) <= MOST_PAIRS:
        asked = "portfolio"  # one session alone determines a coefficient
        found = fitted(asked)
    same = {"n": found.n, "n_clusters": found.n_clusters, "left_out": found.left_out}
    ignored, overlap = shared and asked in ("HC3", "nonrobust"), crossing and asked != "portfolio"
    doubt = "; ".join(text for text in (IGNORED if ignored else OVERLAP if overlap else "", found.note) if text)
    frame = pd.DataFrame(found.rows()).assign(
        **same, r_squared=found.r_squared, errors=found.errors, doubt=doubt, unit=unit
    )
    blank = {"pvalue_pre_event": np.nan, "pvalue_joint": np.nan, "design_effect": np.nan}
    frame = frame.assign(**blank)
    if about is not None:
        effect = about.frame["design_effect"].to_numpy()
        frame = frame.assign(design_effect=effect, pvalue_pre_event=about.frame["pvalue_pre_event"].to_numpy())
        frame["doubt"] = [
            ""
            if value <= INDEPENDENT
            else f"{IGNORED}; on the days before this event they reject {100 * share:.0f} % at 5 %"
            for value, share in zip(effect, about.rejected, strict=True)
        ]
    return frame[list(COLUMNS)]


def _cells(column: pd.Series[Any]) -> Any:
    """Return a column as numbers, or as words with None for what is missing."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    return column.astype(object).where(column.notna(), None).to_numpy()


def _windows_meet(result: Fitted, window: Window) -> bool:
    """Whether windows of different sessions share bars."""
    length = window[1] - window[0] + 1
    steps = [np.diff(np.unique(part.abnormal.day0)) for part in result.parts]
    return any(bool((step < length).any()) for step in steps)


def _covariance(result: Fitted, window: Window, table: pd.DataFrame, basis: str) -> tuple[Floats, Floats]:
    """Return the covariances of the CARs (or SCARs) of the studied rows, and their degrees of freedom."""
    from eventstudy.inference.core.car_covariance import car_covariance  # noqa: PLC0415  slow to import

    sample = Means(result, once=False).sample(window)
    error = table["se"].to_numpy() if basis == "scar" else np.ones(len(table))
    with np.errstate(invalid="ignore", divide="ignore"):
        return car_covariance(sample) / np.outer(error, error), table["df"].to_numpy(dtype=float)


def _names(characteristics: Sequence[str] | Mapping[str, Any]) -> list[str]:
    if isinstance(characteristics, str):
        return [characteristics]
    if isinstance(characteristics, Mapping):
        return []
    given: object = characteristics
    if not isinstance(given, Iterable):
        msg = f"characteristics={brief(repr(given))} names no columns; give their names, or a mapping of name to values"
        raise StudyError(msg)
    return list(characteristics)


def _column(result: Fitted, name: str) -> Any:
    """Return a column of what was fitted, one value for each studied row."""
    frame = result.request.frame
    if not is_hashable(name) or name not in frame.columns:
        msg = f"the fitted events have no column {brief(repr(name))}; they have {in_a_row(frame.columns)}"
        raise StudyError(msg)
    return frame[name].to_numpy()[result.event[studied_rows(result)]]


def one_a_row(result: Fitted, name: str, values: Any, rows: int) -> pd.Series[Any]:
    """Return values that a caller gives, one for each studied row: an array, or a Series by symbol."""
    if isinstance(values, pd.Series) and not pd.api.types.is_integer_dtype(values.index):
        symbols = np.asarray(result.symbols, dtype=object)[result.symbol[studied_rows(result)]]
        return values.reindex(symbols).reset_index(drop=True)
    column = pd.Series(np.asarray(values))
    if len(column) != rows:
        msg = f"{name!r} has {len(column)} values; give one for each of the {rows} rows of car(), or a Series by symbol"
        raise StudyError(msg)
    return column


@dataclass(frozen=True, slots=True)
class Within:
    """A table of coefficients, and how often HC3 would reject on the days before."""

    frame: pd.DataFrame
    rejected: Floats


def within_dates(
    result: Fitted,
    window: Window,
    table: pd.DataFrame,
    columns: dict[str, Any],
    *,
    basis: str,
    weighted: bool,
    gls: bool,
    level: float,
    kind: Any,
) -> Within | None:
    """Return the regression within dates; None where the dates do not determine it by themselves."""
    from eventstudy.inference.beyond.common_dates import slopes  # noqa: PLC0415  slow to import
    from eventstudy.inference.beyond.cross_sectional_regression import as_columns  # noqa: PLC0415
    from eventstudy.inference.beyond.date_slopes import Regression, can_be_told, dates_of  # noqa: PLC0415

    named = {key: cells for name, values in columns.items() for key, cells in as_columns(name, values).items()}
    sample = Means(result, once=False).sample(window)
    x = np.column_stack([np.ones(len(table)), *named.values()])
    error = table["se"].to_numpy()
    used = np.isfinite(x).all(axis=1) & (table[basis].notna() & (error > 0)).to_numpy()
    dates = dates_of(sample, used)
    if len(dates) == 1:
        _determined(x[dates[0]], list(named))
    if not dates or not can_be_told(x, dates):
        return None
    given = Regression(
        x=x,
        scale=1 / error if basis == "scar" else np.ones(error.size),
        weight=1 / error**2 if weighted else np.ones(error.size),
        gls=gls,
        gap=_gap(result, window),
    )
    found = slopes(sample, given, dates, kind=kind, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = found.estimate / found.se
    numbers = {
        "term": ["const", *named],
        "estimate": found.estimate,
        "se": found.se,
        "statistic": statistic,
        "pvalue": found.pvalue,
        "low": found.low,
        "high": found.high,
        "df": found.df,
        "n": found.n,
        "n_clusters": found.dates,
        "left_out": len(table) - found.n,
        "r_squared": found.r_squared,
        "errors": list(found.errors),
        "doubt": "",
        "pvalue_pre_event": found.pre_event,
        "pvalue_joint": found.joint[2],
        "design_effect": found.design_effect,
    }
    return Within(pd.DataFrame(numbers), found.rejected)


def _determined(x: Floats, names: list[str]) -> None:
    """Refuse what does not vary, or is told by the others; with the names."""
    n, p = x.shape
    if n <= p + 1:
        msg = f"{n} security-events with all values on the one date cannot determine {p} coefficients and their spread"
        raise StudyError(msg)
    if np.linalg.matrix_rank(x) == p:
        return
    same = [name for name, column in zip(names, x[:, 1:].T, strict=True) if np.ptp(column) == 0]
    kept = [0]
    told = []
    for at in range(1, p):
        if np.linalg.matrix_rank(x[:, [*kept, at]]) == len(kept) + 1:
            kept.append(at)
        elif names[at - 1] not in same:
            told.append(names[at - 1])
    said = [f"{in_a_row(same)} constant"] * bool(same) + [f"{in_a_row(told)} told by the others"] * bool(told)
    msg = f"the characteristics {in_a_row(names)} are collinear (or constant) over the {n} security-events used: {'; '.join(said)}; leave out"
    raise StudyError(msg)


def _gap(result: Fitted, window: Window) -> Floats:
    """Return the abnormal returns (N, G) between the estimation window and the tested one; NaN where not known."""
    pieces = [_part_gap(part, window) for part in result.parts]
    return np.asarray(gather(result, pieces))


def _part_gap(part: Part, window: Window) -> Floats:
    abnormal, inputs = part.abnormal, part.abnormal.inputs
    first = inputs.estimation[1] + 1
    length = max(window[0] - first, 0)
    if not length or is_own(abnormal.model) or inputs.pool is not None:
        return np.full((part.rows.size, length), np.nan)
    start: Ints = inputs.day0 + first
    expected = np.einsum("nk,nkt->nt", abnormal.coef, inputs.columns_at(inputs.security, start, length))
    gone: Floats = inputs.response(inputs.security, start, length) - (expected if inputs.forecast else 0.0)
    return gone
