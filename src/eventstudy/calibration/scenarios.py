"""Data with known truth: returns in which nothing happens, but which depart from the textbook in one named way each.

Every scenario draws a market model with beta about 1 and a residual standard deviation of 2 % a day. Events stand on
dates of their own unless the scenario says otherwise. "On dates of their own" means that each security is simulated on a
stretch of calendar of its own, and the stretches are laid one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.checks import check_fields, checked
from eventstudy.inference.core.measured_size import SCENARIOS as MEASURED
from eventstudy.inference.core.spec import Condition

SIGMA = 0.02

MARKET_SIGMA = 0.01

BETA_SPREAD = 0.3

CORRELATION = 0.1
"""Of residuals that share a factor; within an industry daily residuals have about 0.04 (Bernard 1987)."""

VARIANCE_FACTOR = 2.0

MISSING_SHARE = 0.05

SPREAD_SESSIONS = 60
"""Sessions over which staggered events fall."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How long everything is, in bars.

    Attributes
    ----------
    estimation : int
        Bars of the estimation window.
    gap : int
        Bars between it and relative day 0 (it ends on relative day -gap - 1).
    reach : int
        The event window is relative days -reach .. reach.
    history : int
        Bars before the estimation window, where placebo events can be put.
    """

    estimation: int = 250
    gap: int = 10
    reach: int = 10
    history: int = 0

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def before(self) -> int:
        """Bars before relative day 0 of the first event."""
        return self.history + self.estimation + self.gap


@dataclass(frozen=True, slots=True)
class Draw:
    """One batch of simulated studies.

    Attributes
    ----------
    returns : (R * N, B) float
        Returns of R studies of N securities each, decimals.
    market : (1, B) float
        The market, shared by the batch.
    day0 : (R, N) int
        Relative day 0 in `returns`.
    apart : bool
        Whether each event stands on a stretch of calendar of its own.
    """

    returns: Floats
    market: Floats
    day0: Ints
    apart: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way in which data depart from independent normal abnormal returns.

    Attributes
    ----------
    name, title : str
        Name for the command line; name in words.
    conditions : frozenset of str
        What a test must hold under to be claimed here.
    noise : callable
        ``noise(rng, (R, N, B)) -> array`` of unit variance.
    correlation : float
        Of the residuals of two securities on one session.
    event_variance : float
        Factor of the variance in the event window.
    missing : float
        Share of returns that are missing.
    dates : {"apart", "common", "staggered", "unequal", "consecutive"}
        Where the events stand. ``unequal``: five in six on one date, the others in pairs on dates 30 bars apart;
        ``consecutive``: four on each of consecutive dates.
    blocks : int
        Factors of the residuals, each of a block of securities.
    dispersion : float
        Standard deviation of the logarithm of the securities' residual standard deviations.
    """

    name: str
    title: str
    conditions: frozenset[Condition]
    noise: Callable[[np.random.Generator, tuple[int, ...]], Floats]
    correlation: float = 0.0
    event_variance: float = 1.0
    missing: float = 0.0
    dates: str = "apart"
    blocks: int = 1
    dispersion: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self)

    @checked()
    def draw(self, rng: np.random.Generator, studies: int, n: int, geometry: Geometry) -> Draw:
        """Simulate a batch of studies in which nothing happens.

        Parameters
        ----------
        rng : Generator
            Source of chance.
        studies, n : int
            R studies of N security-events.
        geometry : Geometry
            Lengths.

        Returns
        -------
        Draw

        Examples
        --------
        >>> import numpy as np
        >>> drawn = SCENARIOS["common"].draw(np.random.default_rng(0), 3, 4, Geometry())
        >>> drawn.returns.shape, drawn.day0[0].tolist()
        ((12, 271), [260, 260, 260, 260])
        """
        fixed = _fixed_dates(self.dates, n)
        spread = SPREAD_SESSIONS if self.dates == "staggered" else 1 + int(fixed.max(initial=0))
        bars = geometry.before + spread + geometry.reach
        if self.dates in FIXED:
            day0 = np.broadcast_to(geometry.before + fixed, (studies, n)).copy()
        else:
            day0 = geometry.before + rng.integers(0, spread, (studies, n))
        market = MARKET_SIGMA * rng.standard_normal(bars)
        noise = self.noise(rng, (studies, n, bars))
        if self.correlation:
            factor = rng.standard_normal((studies, self.blocks, bars))
            if self.blocks > 1:
                factor = factor[:, np.arange(n) % self.blocks]
            noise *= np.sqrt(1 - self.correlation)
            noise += np.sqrt(self.correlation) * factor
        if self.event_variance != 1:
            distance = np.abs(np.arange(bars) - day0[..., None])
            noise *= np.where(distance <= geometry.reach, np.sqrt(self.event_variance), 1.0)
        if self.dispersion:
            noise *= np.exp(self.dispersion * rng.standard_normal((studies, n, 1)))
        beta = 1 + BETA_SPREAD * rng.standard_normal((studies, n, 1))
        returns = SIGMA * noise + beta * market
        if self.missing:
            returns[rng.random(returns.shape) < self.missing] = np.nan
        return Draw(returns.reshape(studies * n, bars), market[None], day0, self.dates == "apart")


FIXED = ("unequal", "consecutive")


def _fixed_dates(dates: str, n: int) -> Ints:
    """Return how many bars after the first date each of n events stands, where that is not left to chance."""
    if dates == "unequal":
        most = 5 * n // 6
        return np.concatenate([np.zeros(most, dtype=np.int64), 30 * (1 + np.arange(n - most) // 2)])
    return np.arange(n) // 4 if dates == "consecutive" else np.zeros(n, dtype=np.int64)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return rng.standard_normal(shape)


def _student(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """t(4), whose variance is 2."""
    return np.asarray(rng.standard_t(4, shape) / np.sqrt(2))


def _skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Gamma of shape 4, centred: skewness 1, as of daily stock returns (Brown and Warner 1985)."""
    return np.asarray((rng.standard_gamma(4, shape) - 4) / 2)


def _garch(rng: np.random.Generator, shape: tuple[int, ...], burn: int = 100) -> Floats:
    """GARCH(1,1) with coefficients 0.10 and 0.85 and unit variance, started in the mean and run in."""
    shock = rng.standard_normal((*shape[:-1], shape[-1] + burn))
    variance = np.ones(shape[:-1])
    for t in range(shock.shape[-1]):
        shock[..., t] *= np.sqrt(variance)
        variance = 0.05 + 0.10 * shock[..., t] ** 2 + 0.85 * variance
    return shock[..., burn:]


_ALL = (
    Scenario("normal", "normal, dates apart", MEASURED["normal"], _normal),
    Scenario("t4", "t(4), dates apart", MEASURED["t4"], _student),
    Scenario("skewed", "skewness 1, dates apart", MEASURED["skewed"], _skewed),
    Scenario("garch", "GARCH(1,1), dates apart", MEASURED["garch"], _garch),
    Scenario(
        "event_variance",
        "variance x2 in the event window, dates apart",
        MEASURED["event_variance"],
        _normal,
        event_variance=VARIANCE_FACTOR,
    ),
    Scenario(
        "common",
        "one common date, correlation 0.1",
        MEASURED["common"],
        _normal,
        correlation=CORRELATION,
        dates="common",
    ),
    Scenario(
        "common_event_variance",
        "one common date, correlation 0.1, variance x2",
        MEASURED["common_event_variance"],
        _normal,
        correlation=CORRELATION,
        event_variance=VARIANCE_FACTOR,
        dates="common",
    ),
    Scenario(
        "staggered",
        "dates within 60 sessions, windows overlap, correlation 0.1",
        MEASURED["staggered"],
        _normal,
        correlation=CORRELATION,
        dates="staggered",
    ),
    Scenario("missing", "5 % of returns missing, dates apart", MEASURED["missing"], _normal, missing=MISSING_SHARE),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _ALL})
"""The scenarios by name, in the order of the tables."""

_FURTHER = (
    Scenario(
        "unequal",
        "five in six on one date, the others in pairs; correlation 0.3",
        frozenset({"staggered dependence", "few clusters"}),
        _normal,
        correlation=0.3,
        dates="unequal",
    ),
    Scenario(
        "consecutive",
        "four a day on consecutive days, correlation 0.3",
        frozenset({"staggered dependence"}),
        _normal,
        correlation=0.3,
        dates="consecutive",
    ),
    Scenario(
        "blocks",
        "one common date, two industries with correlation 0.5",
        frozenset({"dependence"}),
        _normal,
        correlation=0.5,
        dates="common",
        blocks=2,
    ),
    Scenario("dispersed", "normal, sigmas unlike, dates apart", frozenset(), _normal, dispersion=0.5),
)

FURTHER: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _FURTHER})
"""Scenarios that are measured when they are asked for by name."""
