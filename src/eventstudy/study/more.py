"""Further tables of a result: buy-and-hold returns, weighted means, abnormal variance, diagnostics, joint regressions."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eventstudy.abnormal.buyhold import After, buy_and_hold, delisted, expected_returns
from eventstudy.abnormal.diagnostics import Diagnostics, diagnose
from eventstudy.abnormal.joint import joint_path
from eventstudy.abnormal.own import is_own
from eventstudy.abnormal.windows import cut
from eventstudy.errors import StudyError
from eventstudy.study import tables
from eventstudy.study.means import clustered_mean

if TYPE_CHECKING:
    from eventstudy.study.result import Part, StudyResult

__all__ = ["bhar", "diagnostics", "joint", "variance_ratio", "weighted_caar"]

Floats = NDArray[np.float64]
Window = tuple[int, int]


def bhar(result: StudyResult, window: Window, benchmark: str | None, after: After) -> pd.DataFrame:
    """See `StudyResult.bhar`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    rows = tables.studied_rows(result)
    made = [_part_bhar(result, part, window, benchmark, after) for part in result.parts]
    value, error, count = (tables.gather(result, [piece[at] for piece in made]) for at in range(3))
    df = tables.gather(result, [part.abnormal.df for part in result.parts])
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(error > 0, value / error, np.nan)
    frame = tables.keys(result, rows)
    return frame.assign(bhar=value, se=error, t=t, df=df, pvalue=2.0 * stdtr(df, -np.abs(t)), n_bars=count)


def _part_bhar(
    result: StudyResult, part: Part, window: Window, benchmark: str | None, after: After
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    abnormal, returns = part.abnormal, part.aligned.returns
    columns = abnormal.columns(*window)
    start, length = abnormal.day0 + window[0], window[1] - window[0] + 1
    own = cut(returns, abnormal.security, start, length)
    if benchmark is None:
        expected = expected_returns(abnormal)[:, columns]
        sigma = abnormal.sigma
    else:
        series = part.aligned.one(result.panel, benchmark)
        nothing = np.zeros_like(abnormal.security)
        expected = cut(series[None], nothing, start, length)
        begin, planned = abnormal.day0 + abnormal.inputs.estimation[0], abnormal.inputs.planned
        difference = cut(returns, abnormal.security, begin, planned) - cut(series[None], nothing, begin, planned)
        sigma = np.nanstd(difference, axis=1, ddof=1)
    gone = delisted(returns, abnormal.security, start, length)
    value = buy_and_hold(own, expected, gone, log=result.panel.kind == "log", after=after)
    count = np.isfinite(own).sum(axis=1)
    return value, sigma * np.sqrt(np.maximum(count, 1)), count


def weighted_caar(result: StudyResult, window: Window, weights: Any, level: float) -> pd.DataFrame:
    """Return the weighted CAAR, its variance sum w^2 V / (sum w)^2, and a normal interval; see `StudyResult.caar`."""
    from scipy.special import ndtri  # noqa: PLC0415  a tenth of the import time of scipy.stats

    if not result.n:
        return tables.caar(result, window, level)
    table = result.car(window)
    weight = _weights(result, weights)
    there = np.isfinite(table["car"].to_numpy()) & np.isfinite(weight)
    w, value, error = weight[there], table["car"].to_numpy()[there], table["se"].to_numpy()[there]
    if not (w >= 0).all() or not w.sum() > 0:
        msg = "weights must not be negative, and one at least must be positive"
        raise StudyError(msg)
    mean = float(w @ value / w.sum())
    se = float(np.sqrt(((w * error) ** 2).sum()) / w.sum())
    reach = float(ndtri(0.5 + level / 2)) * se
    sessions = len(table["session"][there].unique())
    return pd.DataFrame(
        {
            "first": [window[0]],
            "last": [window[1]],
            "caar": [mean],
            "se": [se],
            "low": [mean - reach],
            "high": [mean + reach],
            "n": [int(there.sum())],
            "n_sessions": [sessions],
            "test": ["weighted, independent"],
        }
    )


def _weights(result: StudyResult, weights: Any) -> Floats:
    """Return one weight a studied row: a column of the pairs, a value a symbol, or an array."""
    rows = tables.studied_rows(result)
    if isinstance(weights, str):
        if result.request.symbol is None or weights not in result.request.frame.columns:
            msg = f"weights={weights!r} names no column of the pairs that were fitted"
            raise StudyError(msg)
        return np.asarray(result.request.frame[weights].to_numpy(dtype=np.float64)[result.event[rows]])
    if isinstance(weights, pd.Series):
        symbols = np.asarray(result.symbols, dtype=object)[result.symbol[rows]]
        return np.asarray(weights.reindex(symbols).to_numpy(dtype=np.float64))
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (rows.size,):
        msg = f"weights have shape {values.shape}; give one for each of the {rows.size} rows of car(), or a Series by symbol"
        raise StudyError(msg)
    return values


def variance_ratio(result: StudyResult, window: Window) -> pd.DataFrame:
    """See `StudyResult.abnormal_variance`."""
    from scipy.special import fdtrc  # noqa: PLC0415  a tenth of the import time of scipy.stats

    tidy = result.tidy()
    rows = tables.studied_rows(result)
    df = tables.gather(result, [part.abnormal.df for part in result.parts]).astype(np.float64)
    length = result.study.window[1] - result.study.window[0] + 1
    u = tidy["sar"].to_numpy().reshape(rows.size, length) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):  # F(1, df) has a mean above 2 and a variance above 4
        mean = np.where(df > 2, df / (df - 2), np.nan)
        variance = np.where(df > 4, 2 * df**2 * (df - 1) / ((df - 2) ** 2 * (df - 4)), np.nan)
    table = []
    for day in range(window[0], window[1] + 1):
        value = u[:, day - result.study.window[0]]
        there = np.isfinite(value) & np.isfinite(mean)
        n = int(there.sum())
        z = (value[there] - mean[there]).sum() / np.sqrt(variance[there].sum()) if n else np.nan
        single = float(fdtrc(1.0, df[there][0], value[there][0])) if n == 1 else np.nan
        average = float((value[there] / mean[there]).mean()) if n else np.nan
        table.append({"relative_day": day, "u": average, "z": float(z), "n": n, "pvalue_single": single})
    return tables.some(result, pd.DataFrame(table))


def diagnostics(result: StudyResult) -> pd.DataFrame:
    """See `StudyResult.diagnostics`."""
    pieces = []
    for part in result.parts:
        inputs = part.abnormal.inputs
        record = part.abnormal.record(*result.study.window)
        begin = inputs.day0 + inputs.estimation[0]
        response = inputs.response(inputs.security, begin, inputs.planned)
        pieces.append(diagnose(response, record.residual, record.design))
    columns = {
        field.name: tables.gather(result, [getattr(piece, field.name) for piece in pieces])
        for field in fields(Diagnostics)
    }
    frame = tables.keys(result, tables.studied_rows(result))
    frame["m"] = tables.gather(result, [part.abnormal.m for part in result.parts])
    return frame.assign(**columns)


def joint(result: StudyResult) -> pd.DataFrame:
    """See `StudyResult.joint`."""
    from scipy.special import stdtr  # noqa: PLC0415  a tenth of the import time of scipy.stats

    frames = []
    for part in result.parts:
        inputs = part.abnormal.inputs
        linear = inputs.forecast and inputs.spans is None and not is_own(part.abnormal.model)
        if not linear or inputs.own_design:
            msg = "the joint regression is for linear models whose regressors all securities share"
            raise StudyError(msg)
        rows = inputs.design_rows()
        regressors = np.concatenate(rows) if rows else np.zeros((0, inputs.bars))
        for code in np.unique(part.abnormal.security):
            day0 = np.unique(part.abnormal.day0[part.abnormal.security == code])
            response = inputs.response(np.array([code]), np.array([0]), inputs.bars)[0]
            masked = np.zeros(inputs.bars, dtype=bool)
            if inputs.masked is not None:
                masked = inputs.masked if inputs.masked.ndim == 1 else inputs.masked[code]
            path = joint_path(response, regressors, day0, inputs.window, inputs.estimation, masked)
            error = np.sqrt(np.diag(path.covariance))
            t = path.gamma / error
            frames.append(
                pd.DataFrame(
                    {
                        "symbol": part.aligned.symbols[code],
                        "relative_day": part.abnormal.relative_day,
                        "ar": path.gamma,
                        "se": error,
                        "t": t,
                        "df": path.df,
                        "pvalue": 2.0 * stdtr(path.df, -np.abs(t)),
                        "events": path.events,
                    }
                )
            )
    if not frames:
        return pd.DataFrame(columns=["symbol", "relative_day", "ar", "se", "t", "df", "pvalue", "events"])
    return pd.concat(frames, ignore_index=True)


def abhar(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the mean of buy-and-hold abnormal returns with an interval that is robust to sessions in common."""
    code, _ = pd.factorize(table["session"])
    mean = clustered_mean(table["bhar"].to_numpy(), code.astype(np.int64), level)
    found = pd.DataFrame(
        {
            "abhar": [mean.mean],
            "se": [mean.se],
            "low": [mean.low],
            "high": [mean.high],
            "n": [mean.n],
            "n_sessions": [mean.clusters],
        }
    )
    return found if len(table) else found.iloc[:0]
