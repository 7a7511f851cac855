"""Whether the event raised the variance: what the spread of scores says, with the error that few events and fat tails give it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.core.car_covariance import forecast_weights
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import Condition
from eventstudy.inference.core.statistic import moments

MEASURED = 2_000
"""Security-events, evenly spaced, on which the shape of the residuals is measured: half a million bars settle it."""

SURELY = 0.98
"""Probability with which an estimated variance stays below the limit from which it counts as raised; its law is gamma."""

LIKELY = 0.7
"""Chance to show a doubling of the variance that a number of normal security-events must have: 25 of them have it."""

ALMOST_SURELY = 0.95
"""Chance from which a sample that shows no raised variance is said to have none: that of 57 normal security-events."""

TOLD = 10_000
"""Sums of residuals, evenly spaced in size, that tell what a doubling does to ranks."""

HISTORIES = 30
"""Lengths of the tested window that the estimation window must hold for a CAR to be ranked among its sums."""

UNSTEADY: frozenset[Condition] = frozenset({"fat tails", "volatility clustering"})
"""Conditions under which ranks tell whether the variance rose."""

SCALED = 0.01
"""Relative difference of the standard errors of a CAR from which the model is said to scale the variance of the window."""


class Unseen(NamedTuple):
    """What a sample that shows no raised variance could show: how likely it shows a doubling, and whether too few normal ones would."""

    chance: float
    blind: bool


def limit(error: float, surely: float = SURELY) -> float:
    """Return what a ratio of variances that is 1, with this standard error, stays below with that probability: gamma."""
    shape = 1 / error**2
    return float(special.gammaincinv(shape, surely) / shape)


def unscaled(sample: WindowSample, used: NDArray[np.bool_]) -> Floats | None:
    """Return the CARs in units of the estimation window's own variance, (N,); None where SCARs are just that."""
    record = sample.estimation
    if record is None or sample.clock is not None or sample.within_day or not used.any():
        return None
    there = np.isfinite(sample.ar) & used[:, None]
    past = forecast_weights(record, there.astype(float)) if record.forecast else np.zeros((1, 1))
    error = sample.sigma * np.sqrt(there.sum(axis=1) + (past**2).sum(axis=1))
    if np.allclose(error[used], sample.car_se[used], rtol=SCALED, equal_nan=True):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, sample.car / error, np.nan)


def find_event_variance(
    sample: WindowSample,
    facts: SampleFacts,
    score: Floats,
    present: dict[Condition, str],
    unseen: dict[Condition, Unseen],
) -> None:
    """Put into `present` that the variance of (N,) scores is above what is expected, or into `unseen` that a doubling may not show.

    By the spread of the scores, which is best where residuals are normal; by their ranks where tails or moving volatility make a
    spread unsteady, and the mean of a ratio of variances more than 1.
    """
    n, centre, spread = moments(score)
    kurtosis = 3.0
    if sample.clock is not None:
        _, _, usual = moments(sample.clock.placebo.ravel())
        known = sample.clock.placebo[np.isfinite(sample.clock.placebo)]
        if np.isfinite(usual):
            spread = spread / usual  # by the same clock on other days, whose tails are known
            kurtosis = float((known**4).mean() / (known**2).mean() ** 2)
    rows = np.flatnonzero(np.isfinite(score))
    rows = rows[:: max(1, rows.size // MEASURED)]
    past = None if sample.estimation is None else _past(facts, rows, sample.relative_day.size)
    if sample.estimation is not None:  # fat tails alone make the spread of few events unsteady
        z = facts.estimation.standardized[rows] if past is None else past
        square = z[np.isfinite(z)] ** 2
        if square.any():
            excess = max(float((square * square).mean() / square.mean() ** 2) - 3, 0.0)
            kurtosis += excess / (sample.relative_day.size if past is None else 1)
    error = float(np.sqrt((kurtosis - 1) / max(int(n), 1)))
    bound, shown = limit(error), (2.0, 2 * error)
    df = np.asarray(sample.df, dtype=float)
    df = df[np.isfinite(score) & (df > 4)]
    if n >= 3 and np.isfinite(spread) and df.size:
        r = float(facts.correlation)
        expected = float((df / (df - 2)).mean()) * (1 - max(r, 0.0) if np.isfinite(r) else 1.0)
        ratio, how = float(spread**2) / expected, ""
        if past is not None and UNSTEADY & present.keys():
            how = ", by ranks,"
            own = (score[rows] - centre) / np.sqrt(expected * (1 - 1 / n))
            bound = limit(float(np.sqrt(2 / rows.size)))
            ratio, shown = _ranked_variance(own, past)
        if ratio > bound:
            present["event variance"] = f"the variance in the window{how} is x{ratio:.2f} that of the estimation window"
            return
    found = _chance(bound, *shown)
    if found < ALMOST_SURELY:
        least = error if past is None else float(np.sqrt(2 / rows.size))  # ranks know no tails
        unseen["event variance"] = Unseen(found, _chance(limit(least), 2.0, 2 * least) < LIKELY)


def _chance(bound: float, mean: float, sd: float) -> float:
    """Return the probability that an estimated variance of this mean and standard deviation is above a limit: gamma."""
    return float(special.gammaincc((mean / sd) ** 2, bound * mean / sd**2)) if sd > 0 else float(mean > bound)


def _past(facts: SampleFacts, rows: Ints, bars: int) -> Floats | None:
    """Return the standardized sums of all runs of the window's length in some estimation windows, (m, P); None if they are too few."""
    z = facts.estimation.standardized[rows]
    if z.shape[1] < HISTORIES * bars:
        return None
    if bars > 1:
        z = np.lib.stride_tricks.sliding_window_view(z, bars, axis=1).sum(axis=-1) / np.sqrt(bars)
    return z if np.isfinite(z).any() else None  # no window of them is whole


def _ranked_variance(score: Floats, past: Floats) -> tuple[float, tuple[float, float]]:
    """Return a ratio of variances whose error, sqrt(2 / m), no tail can raise, and its mean and error if the variance doubles.

    The mean square of normal scores of the ranks that scores (m,) have in size among the sums of their own estimation windows, (m, P)
    (Klotz 1962; Fligner and Killeen 1976). What a doubling does to it is told by the sums themselves, each made larger by sqrt(2).
    """
    own, size = np.abs(score[:, None]), np.abs(past)
    there = np.isfinite(size).sum(axis=1)
    rank = (size < own).sum(axis=1) + 0.5 * (size == own).sum(axis=1) + 0.5
    square = special.ndtri(0.5 + 0.5 * rank / (there + 1)) ** 2
    pooled = np.sort(size[np.isfinite(size)])
    higher = np.searchsorted(pooled, np.sqrt(2) * pooled[:: max(1, pooled.size // TOLD)]) / (pooled.size + 1)
    doubled = special.ndtri(0.5 + 0.5 * higher) ** 2
    return float(square[there > 0].mean()), (float(doubled.mean()), float(doubled.std() / np.sqrt(score.size)))
