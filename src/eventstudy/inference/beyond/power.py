"""What the data could have shown: power and the smallest detectable effect, by formula and by injecting effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.core.result import Alternative
from eventstudy.inference.registry import TESTS
from eventstudy.inference.significance_tests.placebo import Scheme, placebo_dates


@checked()
def caar_se(sigma: float, n: int, *, bars: int = 1, m: float = math.inf, correlation: float = 0.0) -> float:
    """Return the standard error of CAAR: (sigma/sqrt N) sqrt(L + L²/M) sqrt(1 + (N - 1) r).

    Parameters
    ----------
    sigma : float
        Daily residual standard deviation, decimals.
    n : int
        Security-events.
    bars : int
        Bars of the window, L.
    m : float
        Estimation bars M; infinity leaves the estimation error out.
    correlation : float
        Mean pairwise correlation r of the abnormal returns.

    Returns
    -------
    float

    Examples
    --------
    >>> round(caar_se(0.02, 50), 6)
    0.002828
    """
    return sigma / math.sqrt(n) * math.sqrt(bars + bars**2 / m) * math.sqrt(1 + (n - 1) * correlation)


@checked()
def power(
    effect: float,
    se: float,
    *,
    alpha: float = 0.05,
    df: float = math.inf,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the probability of rejecting no effect when the effect is what is given.

    Parameters
    ----------
    effect, se : float
        True mean and its standard error, in one unit.
    alpha : float
        Size of the test.
    df : float
        Degrees of freedom: the noncentral t; infinity is the normal.
    alternative : {"two-sided", "less", "greater"}
        The side.

    Returns
    -------
    float

    References
    ----------
    MacKinlay (1997), section 7 and Table 2.

    Examples
    --------
    >>> round(power(0.01, caar_se(0.02, 50)), 2)  # 50 events, 1 % effect, 2 % a day
    0.94
    """
    d = effect / se
    if alternative == "less":
        d = -d
    tail = alpha / 2 if alternative == "two-sided" else alpha
    if math.isinf(df):
        critical = special.ndtri(1 - tail)
        found = special.ndtr(d - critical)
        return float(found + special.ndtr(-d - critical) if alternative == "two-sided" else found)
    edge = float(special.stdtrit(df, 1 - tail))
    beyond = float(stats.nct.sf(edge, df, d))
    # the other tail as the upper one of -d: scipy's lower tail is NaN where it is very small
    return beyond + float(stats.nct.sf(edge, df, -d)) if alternative == "two-sided" else beyond


@checked()
def minimum_detectable(
    se: float,
    *,
    target: float = 0.80,
    alpha: float = 0.05,
    df: float = math.inf,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the smallest effect that would be found with the target probability, positive.

    Parameters
    ----------
    se : float
        Standard error of the mean.
    target : float
        Power asked for.
    alpha, df, alternative
        As in `power`.

    Returns
    -------
    float
        In the unit of `se`; 2.8016 se for 80 % at 5 % and the normal.

    Examples
    --------
    >>> round(minimum_detectable(1.0), 4), round(minimum_detectable(1.0, target=0.9), 4)
    (2.8016, 3.2415)
    """
    if target <= alpha:
        msg = f"the target power is {target}; it must lie between the size {alpha} and 1"
        raise StudyError(msg)
    side: Alternative = "two-sided" if alternative == "two-sided" else "greater"

    def gap(d: float) -> float:
        return power(d, 1.0, alpha=alpha, df=df, alternative=side) - target

    top = 4.0
    while gap(top) < 0:
        top *= 2
    return float(se * optimize.brentq(gap, 0.0, top, xtol=1e-12))


@checked()
def events_needed(
    effect: float,
    sigma: float,
    *,
    bars: int = 1,
    m: float = math.inf,
    target: float = 0.80,
    alpha: float = 0.05,
) -> int:
    """Return how many independent security-events would find an effect: ((z_{1-a/2} + z_power) sigma/mu)² (L + L²/M).

    Parameters
    ----------
    effect : float
        Mean CAR, decimals.
    sigma, bars, m
        As in `caar_se`.
    target, alpha : float
        Power and two-sided size.

    Returns
    -------
    int
        Rounded up. The test is normal, as where `sigma` comes from long estimation windows; a t that takes its variance
        from the N CARs themselves needs one to three more: ask `power` with ``df=N - 1``.

    Examples
    --------
    >>> events_needed(0.01, 0.02)
    32
    """
    if not effect:
        msg = "no number of security-events finds an effect of 0"
        raise StudyError(msg)
    z = special.ndtri(1 - alpha / 2) + special.ndtri(target)
    return math.ceil((z * sigma / effect) ** 2 * (bars + bars**2 / m))


@dataclass(frozen=True, slots=True)
class InjectedPower:
    """How often a test finds effects that were put on placebo dates.

    Attributes
    ----------
    effect : (E,) float
        Injected mean CARs, decimals.
    power : (E,) float
        Shares of rejections.
    error : (E,) float
        Their Monte-Carlo standard errors.
    draws : int
        Placebo studies.
    """

    effect: Floats
    power: Floats
    error: Floats
    draws: int

    @checked()
    def detectable(self, target: float = 0.80) -> float:
        """Return the smallest effect with that power, between the effects tried; infinity if none reached it.

        Parameters
        ----------
        target : float
            Power asked for.

        Returns
        -------
        float
        """
        order = np.argsort(np.abs(self.effect))
        size, found = np.abs(self.effect)[order], np.maximum.accumulate(self.power[order])
        at = int(np.searchsorted(found, target))
        if at == found.size:
            return math.inf
        if at == 0:
            return float(size[0])
        share = (target - found[at - 1]) / (found[at] - found[at - 1])
        return float(size[at - 1] + share * (size[at] - size[at - 1]))


@checked()
def inject_power(
    sample: WindowSample,
    effects: Sequence[float],
    *,
    test: str = "bmp",
    draws: int = 500,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    scheme: Scheme = "auto",
    seed: int | np.random.Generator | None = None,
) -> InjectedPower:
    """Measure the power of a test on these very data: put effects on placebo dates and see how often it finds them.

    Parameters
    ----------
    sample : WindowSample
        With ``refit`` and ``admissible``.
    effects : sequence of float
        Mean CARs to inject, decimals; 0 measures the size.
    test : str
        A test of CARs or SCARs that does not draw.
    draws : int
        Placebo studies.
    alpha, alternative
        Size and side.
    scheme : str
        How placebo dates are drawn, as in `permutation`.
    seed : int, Generator or None
        Source of chance.

    Returns
    -------
    InjectedPower

    Raises
    ------
    StudyError
        A sample without placebo dates, or a test that needs more than CARs.

    References
    ----------
    Brown and Warner (1980, 1985), the design of their simulations.
    """
    spec = TESTS.get(test)
    if spec is None or spec.draws or spec.needs or spec.facts:
        usable = [s.name for s in TESTS.values() if not (s.draws or s.needs or s.facts)]
        msg = f"power by injection takes a test of CARs or SCARs: {', '.join(usable)}; not {test!r}"
        raise StudyError(msg)
    if sample.refit is None or sample.admissible is None:
        msg = "power by injection needs the returns of other dates (refit and admissible), which this sample does not carry"
        raise StudyError(msg)
    used = np.isfinite(sample.car)
    security, day0 = sample.security[used], sample.day0[used]
    rng = np.random.default_rng(seed)
    dates, _ = placebo_dates(
        security, day0, sample.admissible, bars=sample.relative_day.size, draws=draws, scheme=scheme, rng=rng
    )
    if isinstance(dates, str):
        msg = f"power by injection: {dates}"
        raise StudyError(msg)
    placebo = _fold(sample.refit(np.tile(security, len(dates)), dates.ravel()), dates.shape)
    found = []
    for effect in effects:
        moved = replace(placebo, car=placebo.car + effect, ar=placebo.ar + effect / placebo.ar.shape[-1])
        p = spec.compute(moved).pvalue(alternative)
        found.append(float((p[np.isfinite(p)] <= alpha).mean()))
    rate = np.array(found)
    return InjectedPower(np.asarray(effects, dtype=float), rate, np.sqrt(rate * (1 - rate) / len(dates)), len(dates))


def _fold(flat: WindowSample, shape: tuple[int, ...]) -> WindowSample:
    names = ("bar", "security", "day0", "ar", "ar_se", "car", "car_se", "sigma", "m", "df")
    parts = {name: getattr(flat, name).reshape(*shape, *getattr(flat, name).shape[1:]) for name in names}
    degenerate = None if flat.degenerate is None else flat.degenerate.reshape(shape)
    return replace(flat, **parts, degenerate=degenerate, estimation=None, refit=None, admissible=None)
