"""The synthetic panels that every tool works on, the same bytes each time. Needs numpy only: each tool's venv imports it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIRST, LAST, LENGTH, END = -10, 10, 250, -11
"""Event window, and an estimation window of relative days -260 .. -11."""


@dataclass(frozen=True)
class World:
    """Returns (S, B) and factors (4, B) on business days, and security-events."""

    returns: np.ndarray
    factors: np.ndarray
    dates: np.ndarray
    security: np.ndarray
    day0: np.ndarray

    @property
    def names(self) -> list[str]:
        """Symbols of the securities."""
        return [f"S{number:04d}" for number in range(len(self.returns))]


def world(securities: int, bars: int, events: int, *, common: bool = False, holes: float = 0.0) -> World:
    """Make a panel and `events` security-events: random pairs, or (`common`) dates that all securities share."""
    rng = np.random.default_rng(20250402)
    factors = 0.01 * rng.standard_normal((4, bars))
    beta = rng.uniform(0.4, 1.6, (securities, 1))
    returns = 0.0003 + beta * factors[0] + 0.02 * rng.standard_normal((securities, bars))
    if holes:
        returns[rng.random(returns.shape) < holes] = np.nan
    first, last = LENGTH + 20, bars - LAST - 5
    if common:
        days = np.sort(rng.choice(np.arange(first, last), events // securities, replace=False))
        security, day0 = np.tile(np.arange(securities), days.size), np.repeat(days, securities)
    else:
        security, day0 = rng.integers(0, securities, events), rng.integers(first, last, events)
    dates = np.busday_offset("2000-01-03", np.arange(bars)).astype("datetime64[D]")
    return World(returns, factors, dates, security, day0)


def donors_world(donors: int, bars: int, *, studied: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the returns of studied securities and of donors, (S, B) and (J, B), that share three factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0, 0.01, (3, bars))
    pool = rng.normal(1, 0.3, (donors, 3)) @ factors + rng.normal(0, 0.014, (donors, bars))
    own = rng.normal(1, 0.3, (studied, 3)) @ factors + rng.normal(0, 0.014, (studied, bars))
    return own, pool
