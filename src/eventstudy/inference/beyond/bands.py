"""Bands that hold for a whole path of CAAR at once, not day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.beyond.average import MOST, average
from eventstudy.inference.core.average import Average
from eventstudy.inference.core.car_covariance import residual_covariance

MANY = 60
"""Degrees of freedom beyond which the standard errors of a draw have one scale: the bars of a path then hardly differ."""

FROM_SAMPLE = 30
"""Security-events of their own sessions from which the correlation of the path is taken from the paths themselves."""


@dataclass(frozen=True, slots=True)
class Band:
    """A path with a simultaneous band.

    Attributes
    ----------
    relative_day : (L,) int
    path, se : (L,) float
        Mean cumulative abnormal return since the first day, decimals, and its standard error, as that of
        `eventstudy.inference.beyond.average.average`.
    low, high : (L,) float
        The sup-t band: it holds the whole true path with probability `level`.
    critical, pointwise : float
        The sup-t critical value, and that of a single day (the widest).
    level : float
    reason : str
        Why there is no band; empty if there is one.
    how : str
        What the standard error of the last day is.
    """

    relative_day: NDArray[np.int64]
    path: Floats
    se: Floats
    low: Floats
    high: Floats
    critical: float
    pointwise: float
    level: float
    reason: str = ""
    how: str = ""


@checked()
def caar_band(
    sample: WindowSample, *, level: float = 0.95, draws: int = 9999, seed: int | np.random.Generator | None = None
) -> Band:
    """Return the CAAR path of a window with its sup-t band.

    Parameters
    ----------
    sample : WindowSample
        One tested window; missing bars add nothing to an event's path. With its estimation windows where windows overlap.
    level : float
        Coverage of the whole path.
    draws : int
        Draws of the studentised path.
    seed : int, Generator or None
        Source of chance.

    Returns
    -------
    Band
        Without a standard error there is no band, and ``reason`` says so.

    Notes
    -----
    The critical value is the quantile of max over days of |t| of normal paths, each draw studentised by standard errors
    of its own, with as many degrees of freedom as those of the sample have: the draws know that few sessions tell each
    day's variance badly. The correlation of the path over days is that of the paths of 30 security-events or more that
    stand apart; else that of sums of independent bars, those that the windows of different sessions share counted as
    shared. Never below that of a single day.

    References
    ----------
    Montiel Olea and Plagborg-Møller (2019), the plug-in sup-t band; Freyaldenhoven, Hansen, Pérez Pérez and Shapiro (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> rng = np.random.default_rng(0)
    >>> band = caar_band(sample_of(ar=rng.normal(0, 0.01, (40, 5))), seed=1)
    >>> bool(band.critical > band.pointwise), bool((band.low < 0).all() and (band.high > 0).all())
    (True, True)
    """
    return band_around(path_of(sample), sample, level=level, draws=draws, seed=seed)


def path_of(sample: WindowSample) -> list[Average]:
    """Return the mean since the first day of the window, day by day, for one sample or each of a batch."""
    return [average(_until(sample, at)) for at in range(1, sample.relative_day.size + 1)]


def band_around(
    found: list[Average], sample: WindowSample, *, level: float, draws: int, seed: int | np.random.Generator | None
) -> Band:
    """Return the band around the path of one sample; see `caar_band`."""
    days = sample.relative_day
    path, se, df = (np.array([float(getattr(one, name)) for one in found]) for name in ("mean", "se", "df"))
    missing = np.full(days.size, np.nan)
    if not np.isfinite(se).any():
        reason = (
            f"a band needs two sessions or the estimation windows; the sample has {int(found[-1].sessions)} session"
        )
        return Band(days, path, missing, missing, missing, np.nan, np.nan, level, reason)
    known = np.isfinite(se)
    least = float(df[known].min())
    correlation = _correlation(sample, found[-1])[np.ix_(known, known)]
    pointwise = float(special.stdtrit(least, 0.5 + level / 2))
    if isinstance(seed, int):  # few patterns recur: those of events apart depend on their number only
        drawn = _sup_t(correlation.tobytes(), len(correlation), least, level, draws, seed)
    else:
        drawn = _draw(correlation, least, level, draws, np.random.default_rng(seed))
    critical = max(drawn, pointwise)
    reach = critical * se
    return Band(days, path, se, path - reach, path + reach, critical, pointwise, level, how=str(found[-1].how))


def _until(sample: WindowSample, days: int) -> WindowSample:
    """Return the first days of a window as a window."""
    ar = sample.ar[..., :days]
    there = np.isfinite(ar)
    bars, whole = there.sum(axis=-1), np.isfinite(sample.ar).sum(axis=-1)
    record = sample.estimation
    kept = np.isfinite(sample.car)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = sample.car_se * np.sqrt(bars / whole)
    return replace(
        sample,
        relative_day=sample.relative_day[:days],
        bar=sample.bar[..., :days],
        ar=ar,
        ar_se=sample.ar_se[..., :days],
        car=np.where(kept, np.where(there, ar, 0.0).sum(axis=-1), np.nan),
        car_se=np.where(bars > 0, error, 0.0),
        estimation=None if record is None else replace(record, window_design=record.window_design[..., :days, :]),
    )


def _correlation(sample: WindowSample, last: Average) -> Floats:
    """Return the correlation of the path over days, (L, L)."""
    length = sample.relative_day.size
    used = np.isfinite(sample.car)
    if last.how == "cross_sectional" and int(last.n) >= FROM_SAMPLE:
        ar = sample.ar[used]
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.corrcoef(np.cumsum(np.where(np.isfinite(ar), ar, 0.0), axis=1), rowvar=False).reshape(
                length, length
            )
        return np.where(np.isfinite(found), found, np.eye(length))
    shift: Ints = np.zeros(1, dtype=np.int64)
    weight: Floats = np.ones(1)
    if last.how == "covariance" and sample.estimation is not None and int(used.sum()) <= MOST:
        day0, sigma = sample.day0[used], residual_covariance(sample)[np.ix_(used, used)]
        apart = day0[None, :] - day0[:, None]
        near = np.abs(apart) < length
        shift, code = np.unique(apart[near], return_inverse=True)
        weight = np.asarray(np.bincount(code, sigma[near]), dtype=float)
    day = np.arange(length)
    # bars that the first s + 1 of one window share with the first t + 1 of another that begins `shift` later
    first, end = np.maximum(0, shift), np.minimum(day[:, None, None], day[None, :, None] + shift)
    shared = np.maximum(end - first + 1, 0) @ weight
    spread = np.sqrt(np.maximum(np.diag(shared), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = shared / spread[:, None] / spread[None, :]
    return found if np.isfinite(found).all() else _correlation(sample, replace(last, how=np.asarray("")))


@lru_cache(maxsize=256)
def _sup_t(correlation: bytes, days: int, df: float, level: float, draws: int, seed: int) -> float:
    matrix = np.frombuffer(correlation).reshape(days, days)
    return _draw(matrix, df, level, draws, np.random.default_rng(seed))


def _draw(correlation: Floats, df: float, level: float, draws: int, rng: np.random.Generator) -> float:
    """Return the quantile of the largest |t| of studentised normal paths."""
    value, vector = np.linalg.eigh((correlation + correlation.T) / 2)
    root = (vector * np.sqrt(np.maximum(value, 0.0))).T
    z = rng.standard_normal((draws, len(root))) @ root
    if df > MANY:
        scale = np.sqrt(rng.chisquare(df, (draws, 1)) / df)
    else:
        scale = np.sqrt(_mean_squares(root, max(round(df), 1), draws, rng))
    return float(np.quantile(np.abs(z / scale).max(axis=1), level))


def _mean_squares(root: Floats, free: int, draws: int, rng: np.random.Generator) -> Floats:
    """Return, for each draw, the mean square of each day over `free` normal paths, (draws, L).

    The diagonal of a Wishart matrix; where there are more paths than days by Bartlett's decomposition, which draws fewer numbers.
    """
    days = len(root)
    if free <= days:
        square = np.zeros((draws, days))
        for _ in range(free):
            square += (rng.standard_normal((draws, days)) @ root) ** 2
        return square / free
    lower = np.zeros((draws, days, days))
    rows, columns = np.tril_indices(days, -1)
    lower[:, rows, columns] = rng.standard_normal((draws, rows.size))
    every = np.arange(days)
    lower[:, every, every] = np.sqrt(rng.chisquare(free - every, (draws, days)))
    return np.asarray(((root.T @ lower) ** 2).sum(axis=-1) / free)
