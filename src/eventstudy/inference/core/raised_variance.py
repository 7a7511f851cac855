"""Whether the event raised the variance: what the spread of scores says, with the error that few events and fat tails give it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.core.car_covariance import forecast_weights
from eventstudy.inference.core.sample_facts import SampleFacts
from eventstudy.inference.core.spec import Condition
from eventstudy.inference.core.statistic import moments

MEASURED = 2_000
"""Security-events, evenly spaced, on which the shape of the residuals is measured: half a million bars settle it."""

SURELY = 0.98
"""The same as a probability, for estimates whose law is that of a variance (gamma)."""

RANKED = 0.99
"""That of the second estimate of a rise of variance, by ranks, which is asked only where tails are fat."""

LIKELY = 0.7
"""A doubling of the variance that is found less often than this is said to be out of sight: that is so below 24 security-events."""

HISTORIES = 30
"""Lengths of the tested window that the estimation window must hold for a CAR to be ranked among its sums."""

SCALED = 0.01
"""Relative difference of the standard errors of a CAR from which the model is said to scale the variance of the window."""


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
    past = forecast_weights(record, there.astype(float)) if record.forecast else np.zeros(1)
    error = sample.sigma * np.sqrt(there.sum(axis=-1) + (past**2).sum(axis=-1))
    if np.allclose(error[used], sample.car_se[used], rtol=SCALED, equal_nan=True):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, sample.car / error, np.nan)


def find_event_variance(
    sample: WindowSample,
    facts: SampleFacts,
    score: Floats,
    present: dict[Condition, str],
    unseen: dict[Condition, str],
) -> None:
    """Put into `present` that the variance of (N,) scores is above what is expected, or into `unseen` that none could tell."""
    n, centre, spread = moments(score)
    kurtosis = 3.0
    if sample.clock is not None:
        _, _, usual = moments(sample.clock.placebo.ravel())
        known = sample.clock.placebo[np.isfinite(sample.clock.placebo)]
        if usual > 0:
            spread = spread / usual  # by the same clock on other days, whose tails are known
            kurtosis = float((known**4).mean() / (known**2).mean() ** 2)
    if sample.estimation is not None:  # fat tails alone make the spread of few events unsteady
        z = facts.estimation.standardized[:: max(1, sample.car.size // MEASURED)]
        square = z[np.isfinite(z)] ** 2
        if square.any():
            kurtosis += max(float((square * square).mean() / square.mean() ** 2) - 3, 0.0) / sample.relative_day.size
    error = float(np.sqrt((kurtosis - 1) / max(int(n), 1)))
    df = np.asarray(sample.df, dtype=float)
    df = df[np.isfinite(score) & (df > 4)]
    if n >= 3 and np.isfinite(spread) and df.size:
        r = float(facts.correlation)
        expected = float((df / (df - 2)).mean()) * (1 - max(r, 0.0) if np.isfinite(r) else 1.0)
        ratio = float(spread**2) / expected
        if ratio > limit(error):
            present["event variance"] = f"the variance in the window is x{ratio:.2f} that of the estimation window"
            return
        if sample.estimation is not None and kurtosis > 3 and spread > 0:
            ranked, error = _ranked_variance(sample, facts, (score - centre) / np.sqrt(expected * (1 - 1 / n)), error)
            if ranked > limit(error, RANKED):
                present["event variance"] = (
                    f"the variance in the window, by ranks, is x{ranked:.2f} that of the estimation window"
                )
                return
    if special.ndtr((2 - limit(error)) / (2 * error)) < LIKELY:
        events = f"{n} security-event{'' if n == 1 else 's'}"
        unseen["event variance"] = f"{events} could hardly show it if the event doubled the variance"


def _ranked_variance(sample: WindowSample, facts: SampleFacts, score: Floats, error: float) -> tuple[float, float]:
    """Return a ratio of variances whose error no tail can raise, with that error; 1 and `error` where there is no such ratio.

    The mean square of normal scores of the ranks that scores have in size among the sums of their own estimation windows (Klotz
    1962; Fligner and Killeen 1976).
    """
    bars = sample.relative_day.size
    rows = np.flatnonzero(np.isfinite(score))
    rows = rows[:: max(1, rows.size // MEASURED)]
    z = facts.estimation.standardized[rows]
    if z.shape[-1] < HISTORIES * bars:
        return 1.0, error
    if bars > 1:
        total = np.cumsum(np.pad(z, ((0, 0), (1, 0))), axis=-1)
        z = (total[:, bars:] - total[:, :-bars]) / np.sqrt(bars)
    own, size = np.abs(score[rows, None]), np.abs(z)
    there = np.isfinite(size).sum(axis=-1)
    if not there.any():  # no window of them is whole
        return 1.0, error
    rank = (size < own).sum(axis=-1) + 0.5 * (size == own).sum(axis=-1) + 0.5
    square = special.ndtri(0.5 + 0.5 * rank / (there + 1)) ** 2
    return float(square[there > 0].mean()), float(np.sqrt(2 / max(rows.size, 1)))
