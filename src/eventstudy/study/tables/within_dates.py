"""Explaining CARs within dates: labels and estimation windows for `eventstudy.inference.beyond.common_dates`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted, Part, Window
from eventstudy.study.rows import gather
from eventstudy.study.tables.means import Means

JUDGED: Final = ("long_run", "pre_event", "scaled")

WITHIN: Final = ("portfolio", *JUDGED, "split")
"""Errors that the history of a slope tells."""


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
    from eventstudy.inference.beyond.date_slopes import Regression, can_be_told  # noqa: PLC0415

    named = {key: cells for name, values in columns.items() for key, cells in as_columns(name, values).items()}
    sample = Means(result, once=False).sample(window)
    x = np.column_stack([np.ones(len(table)), *named.values()])
    error = table["se"].to_numpy()
    used = (
        np.isfinite(sample.ar).all(axis=1)
        & np.isfinite(x).all(axis=1)
        & (table[basis].notna() & (error > 0)).to_numpy()
    )
    dates = [np.flatnonzero(used & (sample.day0 == day)) for day in np.unique(sample.day0[used])]
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
    said = [f"{', '.join(same)} constant"] * bool(same) + [f"{', '.join(told)} told by the others"] * bool(told)
    msg = f"the characteristics {', '.join(names)} are collinear (or constant) over the {n} security-events used: {'; '.join(said)}; leave out"
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
