"""Average abnormal returns: AAR, CAAR, and weighted CAAR with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.models.protocol import is_own
from eventstudy.border import said
from eventstudy.errors import StudyError
from eventstudy.inference.core.statistic import refuse_level
from eventstudy.study.fitted import Fitted
from eventstudy.study.rows import _clusters, gather, some, studied_rows
from eventstudy.study.tables.regressions import Window
from eventstudy.study.tables.returns import car
from eventstudy.study.tables.significance import one_test


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean and its interval.

    Attributes
    ----------
    mean, se, low, high : float
        NaN where there are too few independent observations.
    n, clusters : int
        Values, and sessions among them.
    """

    mean: float
    se: float
    low: float
    high: float
    n: int
    clusters: int


def clustered_mean(value: Floats, cluster: Ints, level: float = 0.95) -> Mean:
    """Return the mean of the finite values with a standard error robust to correlation inside clusters.

    se^2 = G/(G-1) sum_g (sum_{i in g} (x_i - mean))^2 / N^2 with t(G-1): the sandwich of a regression on a constant.
    With one value a cluster it is s/sqrt(N), the ordinary cross-sectional standard error.

    Shapes: value (N,), cluster (N,).

    Examples
    --------
    >>> import numpy as np
    >>> found = clustered_mean(np.array([1.0, 2.0, 3.0]), np.arange(3))
    >>> round(found.mean, 3), round(found.se, 3), found.clusters
    (2.0, 0.577, 3)
    """
    from scipy.special import stdtrit  # noqa: PLC0415  a tenth of the import time of scipy.stats

    refuse_level(level)
    there = np.isfinite(value)
    x, code = value[there], cluster[there]
    n, groups = x.size, np.unique(code).size
    if n == 0:
        return Mean(np.nan, np.nan, np.nan, np.nan, 0, 0)
    mean = float(x.mean())
    if groups < 2:
        return Mean(mean, np.nan, np.nan, np.nan, n, groups)
    sums = np.bincount(code, weights=x - mean)
    se = float(np.sqrt(groups / (groups - 1) * (sums @ sums)) / n)
    reach = float(stdtrit(groups - 1, 0.5 + level / 2)) * se
    return Mean(mean, se, mean - reach, mean + reach, n, groups)


def weighted_caar(result: Fitted, window: Window, weights: Any, level: float) -> pd.DataFrame:
    """Return the weighted CAAR, its variance sum w^2 V / (sum w)^2, and a normal interval; see `StudyResult.caar`."""
    from scipy.special import ndtri  # noqa: PLC0415  a tenth of the import time of scipy.stats

    refuse_level(level)
    if not result.n:
        return caar(result, window, level)
    table = car(result, window, result.study.missing)
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


def aar(result: Fitted, level: float) -> pd.DataFrame:
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


def caar(result: Fitted, window: tuple[int, int], level: float) -> pd.DataFrame:
    """See `StudyResult.caar`."""
    cluster, once = _clusters(result)
    value = gather(result, [part.abnormal.car(*window, result.study.missing)[0] for part in result.parts])[once]
    mean = clustered_mean(value, cluster, level)
    if mean.clusters == 1 and mean.n > 1:
        # the portfolio's regression is the mean of its members' only where each is least squares on the same design
        own = any(is_own(part.abnormal.model) for part in result.parts)
        name = "time_series" if own else "portfolio"
        test = one_test(result, name, window)
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
