"""Bands that hold for a whole path of CAAR at once, not day by day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked


@dataclass(frozen=True, slots=True)
class Band:
    """A path with a simultaneous band.

    Attributes
    ----------
    relative_day : (L,) int
    path, se : (L,) float
        Mean cumulative abnormal return since the first day, decimals, and its standard error by session.
    low, high : (L,) float
        The sup-t band: it holds the whole true path with probability `level`.
    critical, pointwise : float
        The sup-t critical value, and that of a single day.
    level : float
    reason : str
        Why there is no band; empty if there is one.
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


@checked()
def caar_band(
    sample: WindowSample, *, level: float = 0.95, draws: int = 1999, seed: int | np.random.Generator | None = None
) -> Band:
    """Return the CAAR path of a window with its sup-t band.

    Parameters
    ----------
    sample : WindowSample
        One tested window; missing bars add nothing to an event's path.
    level : float
        Coverage of the whole path.
    draws : int
        Draws of the multiplier bootstrap, one sign a session.
    seed : int, Generator or None
        Source of chance.

    Returns
    -------
    Band
        With fewer than two sessions there is no band, and ``reason`` says so.

    Notes
    -----
    The critical value is the quantile of max over days of |path* - path| / se, path* from the deviations of whole
    sessions with random signs, and never below that of a single day, t(G - 1).

    References
    ----------
    Montiel Olea and Plagborg-Møller (2019); Freyaldenhoven, Hansen, Pérez Pérez and Shapiro (2021) for event studies.

    Examples
    --------
    >>> import numpy as np
    >>> from eventstudy.inference.core.sample_of import sample_of
    >>> rng = np.random.default_rng(0)
    >>> band = caar_band(sample_of(ar=rng.normal(0, 0.01, (40, 5))), seed=1)
    >>> bool(band.critical > band.pointwise), bool((band.low < 0).all() and (band.high > 0).all())
    (True, True)
    """
    used = np.isfinite(sample.car)
    ar = sample.ar[used]
    paths = np.cumsum(np.where(np.isfinite(ar), ar, 0.0), axis=1)
    n, length = paths.shape
    _, code = np.unique(sample.day0[used], return_inverse=True)
    groups = int(code.max(initial=-1)) + 1
    missing = np.full(length, np.nan)
    if groups < 2:
        centre = paths.mean(axis=0) if n else missing
        reason = f"a band needs two sessions, the sample has {groups}"
        return Band(sample.relative_day, centre, missing, missing, missing, np.nan, np.nan, level, reason)
    centre = paths.mean(axis=0)
    sums = np.zeros((groups, length))
    np.add.at(sums, code, paths - centre)
    score = sums / n
    se = np.sqrt((score**2).sum(axis=0) * groups / (groups - 1))
    rng = np.random.default_rng(seed)
    signs = 1.0 - 2.0 * rng.integers(0, 2, (draws, groups))
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.nanmax(np.abs(signs @ score) / np.where(se > 0, se, np.nan), axis=1, initial=0.0)
    pointwise = float(special.stdtrit(groups - 1, 0.5 + level / 2))
    # signs of few sessions have thinner tails than t: never narrower than a single day's interval
    critical = max(float(np.quantile(largest, level)) * pointwise / float(special.ndtri(0.5 + level / 2)), pointwise)
    return Band(
        sample.relative_day, centre, se, centre - critical * se, centre + critical * se, critical, pointwise, level
    )
