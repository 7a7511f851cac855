"""The mean of the CARs of a window, and the one variance that every interval around it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample, take
from eventstudy.inference.core.average import Average
from eventstudy.inference.core.car_covariance import car_covariance, scaled_covariance
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.significance_tests.common_date import one_date

SESSIONS = 10.0
"""Satterthwaite degrees of freedom from which the spread between sessions tells their variance itself."""

MOST = 1_000
"""Security-events among which all pairs are formed; of more, so many evenly spaced ones stand for all."""


def average(
    sample: WindowSample,
    *,
    weights: Floats | None = None,
    values: Floats | None = None,
    among: tuple[Ints, WindowSample] | None = None,
) -> Average:
    """Return the mean CAR of a window with its standard error, for one sample or each of a batch.

    Parameters
    ----------
    sample : WindowSample
        With its estimation windows where `manner` asks for them; without, only the spread of the window is known.
    weights : (..., N) float, optional
        Not negative; equal if not given. NaN leaves a security-event out.
    values : (..., N) float, optional
        Averaged in place of the CARs: buy-and-hold returns. They covary as the CARs do, but for a scale.
    among : ((m,) int, WindowSample), optional
        Rows of very many security-events, and the sample of those with its estimation windows: they stand for all.

    Returns
    -------
    Average
        ``how`` says what the standard error is. ``cross_sectional``: each security-event on a session of its own, no two
        windows share a bar: s/sqrt(N), t(N - 1). ``clustered``: no two sessions' windows share a bar, and they are many
        (10 degrees of freedom or more): CR2, Bell-McCaffrey degrees of freedom. ``portfolio`` (``time_series`` for models
        that are not least squares): one session; the portfolio's own regression. ``covariance``: everything else;
        w'Vw with V the covariances of all pairs told by the estimation windows, scaled to the spread of the window.

    References
    ----------
    Bell and McCaffrey (2002); Kolari and Pynnönen (2010); Kolari, Pape and Pynnönen (2018).

    Examples
    --------
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> found = average(sample_of(car=[0.01, 0.03, -0.01, 0.02, 0.0]))
    >>> round(float(found.mean), 4), round(float(found.se), 4), float(found.df), str(found.how)
    (0.01, 0.0071, 4.0, 'cross_sectional')
    """
    x = sample.car if values is None else np.asarray(values, dtype=float)
    used = np.isfinite(x) if weights is None else np.isfinite(x) & (weights > 0)
    weight = np.where(used, 1.0 if weights is None else weights, 0.0)
    n = used.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = weight / weight.sum(axis=-1)[..., None]
        mean = np.asarray((weight * np.where(used, x, 0.0)).sum(axis=-1))  # NaN without an event, as its weights
    sessions, _ = sessions_of(sample, used)
    se, df = cr2_mean(np.where(used, x, np.nan), sample.day0)
    how = manner(sample, weights=weights, values=values)
    known = sample.estimation is not None or among is not None
    if not known and weights is None:  # nothing but the window itself is known
        how = np.where((how == "covariance") & (sessions > 1), "clustered", how)
    spread = np.isin(how, ("cross_sectional", "clustered"))
    found = Average(mean, np.where(spread, se, np.nan), np.where(spread, df, np.nan), n, sessions, how)
    if sample.estimation is not None and np.isin(how, ("portfolio", "time_series")).any():
        found = _one_session(found, sample, None if weights is None else weight)
    if known and (how == "covariance").any():
        found = _covariance(found, sample, x, weight, among)
    return found


def manner(sample: WindowSample, *, weights: Floats | None = None, values: Floats | None = None) -> NDArray[np.str_]:
    """Return what the standard error of the mean of a sample will be, as `Average.how` (...); see `average`.

    Parameters
    ----------
    sample, weights, values
        As in `average`. No estimation windows are looked at.

    Returns
    -------
    (...) str
        ``cross_sectional`` and ``clustered`` need no estimation windows, the others do.
    """
    x = sample.car if values is None else values
    used = np.isfinite(x) if weights is None else np.isfinite(x) & (weights > 0)
    n = used.sum(axis=-1)
    sessions, overlap = sessions_of(sample, used)
    apart = ~overlap & (weights is None)
    df = cr2_mean(np.where(used, x, np.nan), sample.day0)[1]
    alone = ""
    if values is None and (sample.least_squares or weights is None):
        alone = "portfolio" if sample.least_squares else "time_series"
    return manner_of(n, sessions, apart, df, alone)


def manner_of(n: Ints, sessions: Ints, apart: Any, df: Floats, alone: str) -> NDArray[np.str_]:
    """Return the same from the number of security-events and sessions, whether windows share no bar, and CR2's df, each (...).

    `alone`: what the standard error is where there is one session; empty if that is as any other number.
    """
    how = np.where(apart & (df >= SESSIONS), "clustered", "covariance")
    how = np.where(apart & (sessions == n) & (n > 1), "cross_sectional", how)
    if alone:
        how = np.where(sessions == 1, alone, how)
    return np.where(n > 0, how, "")


def sessions_of(sample: WindowSample, used: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """Return how many sessions there are, and whether windows of different ones share a bar, each (...)."""
    day = np.sort(np.where(used, sample.day0, np.iinfo(np.int64).max), axis=-1)
    gap = np.where(day[..., 1:] == np.iinfo(np.int64).max, 0, np.diff(day, axis=-1))
    overlap = ((gap > 0) & (gap < sample.relative_day.size)).any(axis=-1)
    return np.asarray(used.any(axis=-1) + (gap > 0).sum(axis=-1)), np.asarray(overlap)


def _one_session(found: Average, sample: WindowSample, weight: Floats | None) -> Average:
    """Put in what the portfolio's own regression says of samples of one session."""
    outcome = one_date(sample, weight)
    here = np.isin(found.how, ("portfolio", "time_series"))
    told = {"mean": outcome.estimate, "se": outcome.se, "df": outcome.df}
    fields: dict[str, Any] = {name: np.where(here, value, getattr(found, name)) for name, value in told.items()}
    return replace(found, **fields)


def _covariance(
    found: Average, sample: WindowSample, x: Floats, weight: Floats, among: tuple[Ints, WindowSample] | None
) -> Average:
    """Put in the scaled covariance of all pairs."""
    used = weight > 0
    left = np.where(used, sample.df, 0).sum(axis=-1) / np.maximum(used.sum(axis=-1), 1)
    own: Floats | None = None
    counted = replace(sample, car=np.where(used, sample.car, np.nan))
    if x.ndim == 1 and int(used.sum()) > MOST:
        rows, part = among or (np.arange(x.size), counted)
        error = weight * sample.car_se
        own = variance_of_all(np.nansum(error**2), np.nansum(error), part)
        se, df = spread_of_some(part, x[rows], weight[rows], left, own)
    else:
        se, df = scaled_covariance(x, weight, car_covariance(counted), left, own)
    here = found.how == "covariance"
    return replace(found, se=np.where(here, se, found.se), df=np.where(here, df, found.df))


def spread_of_some(
    part: WindowSample, x: Floats, weight: Floats, left: Floats, own: Floats | None
) -> tuple[Floats, Floats]:
    """Return the standard error of a mean of very many events and its df, from some of them and their estimation windows.

    Shapes: x, weight (m,) of the m events of `part`; `own` is w'Vw of all events (None: these are all), `left` their mean df.
    """
    some = np.flatnonzero(weight > 0)
    if some.size > MOST:
        some = some[np.linspace(0, some.size - 1, MOST).astype(np.int64)]
    covariance = car_covariance(take(part, some))
    return scaled_covariance(x[some], weight[some] / weight[some].sum(), covariance, left, own)


def variance_of_all(squares: Any, total: Any, sample: WindowSample) -> Floats:
    """Return w'Vw of very many events from the mean correlation of some.

    `squares` and `total` are the sums of the squares and of weight times standard error.
    """
    r = max(float(SampleFacts(sample).correlation), 0.0)
    return np.asarray(squares + r * (total**2 - squares))
