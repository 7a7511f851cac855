"""How fast a price adjusts, and how much of it is taken back: a path against the paths of other days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.checks import checked
from eventstudy.inference.beyond.leakage import fieller


def half_time(path: Floats) -> Ints:
    """Return (...): the first bar of cumulated paths (..., L) from which half of the last value is never left again.

    Examples
    --------
    >>> half_time(np.array([[0.2, 1.2, 0.4, 0.8, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0]])).tolist()
    [3, 0]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = path / path[..., -1:] >= 0.5
    stays = np.logical_and.accumulate(beyond[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray(stays.argmax(axis=-1))


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one security-event adjusted, in bars from relative bar 0.

    Attributes
    ----------
    half : float
        First bar from which the cumulated abnormal return stays beyond half of its total; NaN where the total fails its test.
    low, high : float
        Interval: the path with the noise of other days added.
    at_once : float
        What noise alone would show of a reaction that is complete in its first bar: the upper quantile. A `half` beyond it is slow.
    """

    half: float
    low: float
    high: float
    at_once: float


@checked()
def speed_of(ar: Floats, placebo: Floats, *, passes: bool, level: float = 0.95) -> Speed:
    """Return the time to half of the move.

    Parameters
    ----------
    ar : (L,) float
        Abnormal returns from relative bar 0; NaN counts as no move.
    placebo : (B, L) float
        The same of other days at the same clock, at the event's level of volatility.
    passes : bool
        Whether the total passes its test; nothing is said of the speed of noise.
    level : float
        Of the interval.

    Examples
    --------
    >>> jump = np.array([0.02, 0.0, 0.0, 0.0])
    >>> speed_of(jump, np.zeros((99, 4)), passes=True)
    Speed(half=0.0, low=0.0, high=0.0, at_once=0.0)
    """
    known = placebo[np.isfinite(placebo).any(axis=1)]
    if not passes or not known.size:
        return Speed(np.nan, np.nan, np.nan, np.nan)
    path, noise = np.nancumsum(ar), np.nancumsum(known, axis=1)
    around = half_time(path + noise)
    at_once = half_time(path[-1] + noise)
    low, high = np.quantile(around, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    limit = np.quantile(at_once, level, method="inverted_cdf")
    return Speed(float(half_time(path)), float(low), float(high), float(limit))


@dataclass(frozen=True, slots=True)
class Reversal:
    """How much of a move was taken back later in the session.

    Attributes
    ----------
    first, later : float
        Mean cumulated abnormal returns of both windows.
    ratio : float
        -later/first: 1 is all of it, negative a drift in the same direction.
    sets : tuple of (low, high)
        Fieller's confidence set: an interval, or more where `first` does not differ from 0.
    """

    first: float
    later: float
    ratio: float
    sets: tuple[tuple[float, float], ...]


@checked()
def reversal_of(moves: Floats, placebo: Floats, session: Ints, *, level: float = 0.95) -> Reversal:
    """Return the ratio of a later to a first move, with Fieller's set.

    Parameters
    ----------
    moves : (N, 2) float
        First and later cumulated abnormal return.
    placebo : (N, B, 2) float
        The same on other days.
    session : (N,) int
        Security-events of one session move together.
    level : float
        Of the set.

    References
    ----------
    Fieller (1954).
    """
    first, later = moves.mean(axis=0)
    covariance = np.zeros((2, 2))
    for day in np.unique(session):
        total = placebo[session == day].sum(axis=0)
        total = total[np.isfinite(total).all(axis=1)]
        covariance += np.cov(total.T) if len(total) > 1 else np.nan
    covariance /= len(moves) ** 2
    sign = np.array([-1.0, 1.0])  # of -later, first
    sets = fieller(-float(later), float(first), sign[:, None] * covariance[::-1, ::-1] * sign, level=level)
    return Reversal(float(first), float(later), float(-later / first), sets)
