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

LEFT_OUT = 0.006
"""Standard deviation of a day of the factor that a model leaves out."""

SPREAD_SESSIONS = 60
"""Sessions over which staggered events fall."""

GROUPS = {"two": 2, "three": 3}
"""Dates of equal size, 30 bars apart."""


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
        Of the residuals of two securities on one session; 1: all events are of one security.
    event_variance : float
        Factor of the variance in the event window.
    raised : float
        Share of the security-events whose variance it raises.
    missing : float
        Share of returns that are missing.
    dates : {"apart", "common", "staggered", "unequal", "consecutive", "two", "three"}
        Where the events stand. ``unequal``: five in six on one date, the others in pairs on dates 30 bars apart;
        ``consecutive``: four on each of consecutive dates; ``two``, ``three``: as many dates of equal size, 30 bars apart.
    sessions : int
        Over which staggered events fall.
    blocks : int
        Factors of the residuals, each of a block of securities.
    dispersion : float
        Standard deviation of the logarithm of the securities' residual standard deviations.
    thin : float
        Share of security-days without a trade: the return is 0, and the next one is that of all days since.
    loading : float
        Mean loading of the securities on a factor of 0.6 % a day that the model leaves out.
    chosen : bool
        Whether the date was chosen for that factor: day 0 has the largest of some 20 days.
    shared_volatility : float
        Standard deviation of the logarithm of a volatility that all securities of a session share (autocorrelation 0.95).
    told : bool
        Whether `conditions` tell all that departs; where they do not, no test is claimed.
    """

    name: str
    title: str
    conditions: frozenset[Condition]
    noise: Callable[[np.random.Generator, tuple[int, ...]], Floats]
    correlation: float = 0.0
    event_variance: float = 1.0
    raised: float = 1.0
    missing: float = 0.0
    dates: str = "apart"
    sessions: int = SPREAD_SESSIONS
    blocks: int = 1
    dispersion: float = 0.0
    thin: float = 0.0
    loading: float = 0.0
    chosen: bool = False
    shared_volatility: float = 0.0
    told: bool = True

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
        spread = self.sessions if self.dates == "staggered" else 1 + int(fixed.max(initial=0))
        bars = geometry.before + spread + geometry.reach
        if self.dates in FIXED:
            day0 = np.broadcast_to(geometry.before + fixed, (studies, n)).copy()
        else:
            day0 = geometry.before + rng.integers(0, spread, (studies, n))
        market = MARKET_SIGMA * rng.standard_normal(bars)
        noise = self.noise(rng, (studies, n, bars))
        if self.correlation:
            factor = self.noise(rng, (studies, self.blocks, bars))
            if self.blocks > 1:
                factor = factor[:, np.arange(n) % self.blocks]
            noise *= np.sqrt(1 - self.correlation)
            noise += np.sqrt(self.correlation) * factor
        if self.loading:
            noise = self._left_out(rng, noise, day0)
        if self.shared_volatility:
            noise *= _shared_volatility(rng, (studies, 1, bars), self.shared_volatility)
        if self.event_variance != 1:
            distance = np.abs(np.arange(bars) - day0[..., None])
            some = rng.random((studies, n, 1)) < self.raised if self.raised < 1 else True
            noise *= np.where((distance <= geometry.reach) & some, np.sqrt(self.event_variance), 1.0)
        if self.dispersion:
            noise *= np.exp(self.dispersion * rng.standard_normal((studies, n, 1)))
        beta = 1 + BETA_SPREAD * rng.standard_normal((studies, 1 if self.correlation == 1 else n, 1))
        returns = SIGMA * noise + beta * market
        if self.thin:
            returns = _thinly(rng, returns, self.thin)
        if self.missing:
            returns[rng.random(returns.shape) < self.missing] = np.nan
        return Draw(returns.reshape(studies * n, bars), market[None], day0, self.dates == "apart")

    def _left_out(self, rng: np.random.Generator, noise: Floats, day0: Ints) -> Floats:
        """Add a factor that the model leaves out, 0.6 % a day; `chosen`: the largest of some 20 days is moved to day 0."""
        studies, n, bars = noise.shape
        factor = rng.standard_normal((studies, 1, bars))
        if self.chosen:
            at = day0[:, 0]
            near = factor[np.arange(studies)[:, None], 0, at[:, None] - np.arange(30, 50)]
            factor[np.arange(studies), 0, at] = near.max(axis=1)
        loading = self.loading * (1 + 0.3 * rng.standard_normal((studies, n, 1)))
        return noise + (LEFT_OUT / SIGMA) * loading * factor


FIXED = ("unequal", "consecutive", *GROUPS)


def _fixed_dates(dates: str, n: int) -> Ints:
    """Return how many bars after the first date each of n events stands, where that is not left to chance."""
    if dates == "unequal":
        most = 5 * n // 6
        return np.concatenate([np.zeros(most, dtype=np.int64), 30 * (1 + np.arange(n - most) // 2)])
    if dates in GROUPS:
        return 30 * (np.arange(n) * GROUPS[dates] // n)
    return np.arange(n) // 4 if dates == "consecutive" else np.zeros(n, dtype=np.int64)


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw standard normal noise."""
    return rng.standard_normal(shape)


def student(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw t(4), whose variance is 2, over its standard deviation."""
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


def _thinly(rng: np.random.Generator, returns: Floats, share: float) -> Floats:
    """Return what is seen of securities that do not trade on a share of days."""
    trades = rng.random(returns.shape) >= share
    trades[..., 0] = True
    seen = np.where(trades, np.cumsum(returns, axis=-1), -np.inf)  # prices in logarithms
    last = np.maximum.accumulate(np.where(trades, np.arange(returns.shape[-1]), 0), axis=-1)
    level = np.take_along_axis(seen, last, axis=-1)
    return np.diff(level, axis=-1, prepend=0.0)


def _shared_volatility(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> Floats:
    """Return exp(x) with x an autoregression of standard deviation `spread`, its mean square 1."""
    shock = rng.standard_normal(shape)
    level = np.empty(shape)
    level[..., 0] = shock[..., 0]
    for t in range(1, shape[-1]):
        level[..., t] = 0.95 * level[..., t - 1] + np.sqrt(1 - 0.95**2) * shock[..., t]
    return np.exp(spread * level - spread**2)


_ALL = (
    Scenario("normal", "normal, dates apart", MEASURED["normal"], normal),
    Scenario("t4", "t(4), dates apart", MEASURED["t4"], student),
    Scenario("skewed", "skewness 1, dates apart", MEASURED["skewed"], _skewed),
    Scenario("garch", "GARCH(1,1), dates apart", MEASURED["garch"], _garch),
    Scenario(
        "event_variance",
        "variance x2 in the event window, dates apart",
        MEASURED["event_variance"],
        normal,
        event_variance=VARIANCE_FACTOR,
    ),
    Scenario(
        "common",
        "one common date, correlation 0.1",
        MEASURED["common"],
        normal,
        correlation=CORRELATION,
        dates="common",
    ),
    Scenario(
        "common_event_variance",
        "one common date, correlation 0.1, variance x2",
        MEASURED["common_event_variance"],
        normal,
        correlation=CORRELATION,
        event_variance=VARIANCE_FACTOR,
        dates="common",
    ),
    Scenario(
        "staggered",
        "dates within 60 sessions, windows overlap, correlation 0.1",
        MEASURED["staggered"],
        normal,
        correlation=CORRELATION,
        dates="staggered",
    ),
    Scenario("missing", "5 % of returns missing, dates apart", MEASURED["missing"], normal, missing=MISSING_SHARE),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.name: scenario for scenario in _ALL})
"""The scenarios by name, in the order of the tables."""
