"""What the estimation windows say: diagnostics and variance ratios."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd

from eventstudy.abnormal.diagnostics import Diagnostics, diagnose
from eventstudy.errors import StudyError
from eventstudy.study.fitted import Fitted
from eventstudy.study.rows import gather, keys, some, studied_rows
from eventstudy.study.tables.inside_day import refuse_inside
from eventstudy.study.tables.returns import tidy

Window = tuple[int, int]


def variance_ratio(result: Fitted, window: Window) -> pd.DataFrame:
    """See `StudyResult.abnormal_variance`."""
    from scipy.special import fdtrc  # noqa: PLC0415  a tenth of the import time of scipy.stats

    begin, end = result.study.window
    if not begin <= window[0] <= window[1] <= end:
        msg = f"window ({window[0]}, {window[1]}) must lie inside the event window ({begin}, {end}) of the study"
        raise StudyError(msg)
    table_of_days = tidy(result)
    rows = studied_rows(result)
    df = gather(result, [part.abnormal.df for part in result.parts]).astype(np.float64)
    length = end - begin + 1
    u = table_of_days["sar"].to_numpy().reshape(rows.size, length) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):  # F(1, df) has a mean above 2 and a variance above 4
        mean = np.where(df > 2, df / (df - 2), np.nan)
        variance = np.where(df > 4, 2 * df**2 * (df - 1) / ((df - 2) ** 2 * (df - 4)), np.nan)
    table = []
    for day in range(window[0], window[1] + 1):
        value = u[:, day - begin]
        there = np.isfinite(value) & np.isfinite(mean)
        n = int(there.sum())
        z = (value[there] - mean[there]).sum() / np.sqrt(variance[there].sum()) if n else np.nan
        single = float(fdtrc(1.0, df[there][0], value[there][0])) if n == 1 else np.nan
        average = float((value[there] / mean[there]).mean()) if n else np.nan
        table.append({"relative_day": day, "u": average, "z": float(z), "n": n, "pvalue_single": single})
    return some(result, pd.DataFrame(table))


def diagnostics(result: Fitted) -> pd.DataFrame:
    """See `StudyResult.diagnostics`."""
    refuse_inside(result, "diagnostics()")
    pieces = []
    for part in result.parts:
        inputs = part.abnormal.inputs
        record = part.abnormal.record(*result.study.window)
        begin = inputs.day0 + inputs.estimation[0]
        response = inputs.response(inputs.security, begin, inputs.planned)
        response = response if inputs.kept is None else response[:, inputs.kept]
        pieces.append(diagnose(response, record.residual, record.design))
    columns = {
        field.name: gather(result, [getattr(piece, field.name) for piece in pieces]) for field in fields(Diagnostics)
    }
    frame = keys(result, studied_rows(result))
    frame["m"] = gather(result, [part.abnormal.m for part in result.parts])
    return frame.assign(**columns)
