"""Identification through heteroskedasticity: what news does to an asset, from days on which there is more news."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from eventstudy._typing import Floats
from eventstudy.checks import checked
from eventstudy.errors import StudyError
from eventstudy.inference.beyond.leakage import quadratic_set

Interval = tuple[float, float]

STRONG = 10.0
"""A first-stage F below this leaves Wald intervals unreliable (Staiger and Stock 1997)."""

LEAST = 3


@dataclass(frozen=True, slots=True)
class Identification:
    """The effect of a news proxy on an asset.

    Attributes
    ----------
    effect, se : float
        gamma = (cov_E - cov_C)/(var_E - var_C), and its heteroskedasticity-robust standard error.
    pvalue : float
        Of gamma = 0 by the Anderson-Rubin statistic: right however weak the identification, and for few event days.
    robust_set : tuple of (low, high)
        All effects that the Anderson-Rubin statistic does not reject: one interval, two rays, the whole line, or nothing.
    level : float
        Coverage of the set.
    first_stage : float
        F of var_E = var_C.
    weak : bool
        Whether that F is below 10, or the variance falls on event days: read the set, not the standard error.
    effect_asset : float
        The other instrument's estimate, (var_E(s) - var_C(s))/(cov_E - cov_C); far from `effect`, the assumption fails.
    ols : float
        The slope on event days alone, to which the estimate comes down where control days carry no variance.
    n_event, n_control : int
        Days.
    """

    effect: float
    se: float
    pvalue: float
    robust_set: tuple[Interval, ...]
    level: float
    first_stage: float
    weak: bool
    effect_asset: float
    ols: float
    n_event: int
    n_control: int


@checked()
def rigobon_sack(policy: Floats, asset: Floats, event: NDArray[np.bool_], *, level: float = 0.95) -> Identification:
    """Estimate the effect of policy news on an asset from the rise of their covariance on event days.

    Parameters
    ----------
    policy : (D,) float
        Change of the policy or news proxy p on event and control days.
    asset : (D,) float
        Return of the asset s on the same days. Days with a NaN in either are left out.
    event : (D,) bool
        Event days; the others are the control days (same weekdays, no news).
    level : float
        Coverage of the robust set.

    Returns
    -------
    Identification
        The set is {g: |T(g)| <= t}, T(g) = [cov_E(p, s - g p) - cov_C(p, s - g p)] / se(g), solved exactly: the
        inequality is quadratic in g. The critical value is Student's, with Satterthwaite's degrees of freedom at the
        estimate, a quarter of the days of either kind: products of returns have long tails, so that few of them tell their
        own variance badly. The nominal 95 % set covers 94 % with 5, 8, 20, 40 and 60 event days where news and returns move
        one another, and 95 to 98 % where returns only follow (the normal value covers 76, 85 and 93 % with 5, 8 and 40).

    Raises
    ------
    StudyError
        Arrays of different lengths, or fewer than three days of either kind.

    Notes
    -----
    Assumes that only the variance of the news differs between event and control days.

    References
    ----------
    Rigobon (2003); Rigobon and Sack (2004); Anderson and Rubin (1949); Nakamura and Steinsson (2018).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> event = np.arange(400) < 200
    >>> news = rng.normal(0, np.where(event, 2.0, 0.2), 400)
    >>> found = rigobon_sack(news + rng.normal(0, 0.5, 400), -1.5 * news + rng.normal(0, 0.5, 400), event)
    >>> round(found.effect, 1), found.weak
    (-1.5, False)
    """
    p, s = np.asarray(policy, dtype=float), np.asarray(asset, dtype=float)
    flag = np.asarray(event, dtype=bool)
    if not p.shape == s.shape == flag.shape or p.ndim != 1:
        msg = f"policy, asset and event must be of one length; got {p.shape}, {s.shape}, {flag.shape}"
        raise StudyError(msg)
    known = np.isfinite(p) & np.isfinite(s)
    sides = [_moments(p[known & side], s[known & side]) for side in (flag, ~flag)]
    if min(side.days for side in sides) < LEAST:
        msg = f"needs {LEAST} days of either kind; {sides[0].days} event and {sides[1].days} control days have both values"
        raise StudyError(msg)
    on, off = sides
    rise_pp, rise_ps, rise_ss = on.pp - off.pp, on.ps - off.ps, on.ss - off.ss
    gamma = rise_ps / rise_pp
    # T(g)² <= z²: (ps - g pp)² <= z² (v_ss - 2 g v_sp + g² v_pp), a quadratic in g
    v_pp, v_sp, v_ss = on.v_pp + off.v_pp, on.v_sp + off.v_sp, on.v_ss + off.v_ss
    z2 = float(special.stdtrit(_freedom(on, off, gamma), 0.5 + level / 2)) ** 2
    region = quadratic_set(rise_pp**2 - z2 * v_pp, -2 * (rise_pp * rise_ps - z2 * v_sp), rise_ps**2 - z2 * v_ss)
    first = rise_pp**2 / v_pp
    return Identification(
        effect=gamma,
        se=float(np.sqrt(v_ss - 2 * gamma * v_sp + gamma**2 * v_pp) / abs(rise_pp)),
        pvalue=float(2 * special.stdtr(_freedom(on, off, 0.0), -abs(rise_ps) / np.sqrt(v_ss))),
        robust_set=region,
        level=level,
        first_stage=first,
        weak=bool(rise_pp <= 0 or first < STRONG),  # a variance that falls on event days identifies nothing
        effect_asset=rise_ss / rise_ps,
        ols=on.ps / on.pp,
        n_event=on.days,
        n_control=off.days,
    )


WORTH = 4.0
"""Days that tell the variance of a mean product as well as one normal value would: the product of two independent normal values
has a fourth moment of 9, so that the variance of its variance is (9 - 1) / 2 times that of a normal one."""


def _freedom(on: _Moments, off: _Moments, gamma: float) -> float:
    """Return Satterthwaite's degrees of freedom of the variance of T at an effect."""
    parts = [(side.v_ss - 2 * gamma * side.v_sp + gamma**2 * side.v_pp, side.days / WORTH) for side in (on, off)]
    return float(sum(v for v, _ in parts) ** 2 / sum(v**2 / df for v, df in parts))


@dataclass(frozen=True, slots=True)
class _Moments:
    """Second moments of one kind of days, and the sampling variances of p² and ps."""

    days: int
    pp: float
    ps: float
    ss: float
    v_pp: float
    v_sp: float
    v_ss: float


def _moments(p: Floats, s: Floats) -> _Moments:
    days = p.size
    if days < LEAST:
        return _Moments(days, *[float("nan")] * 6)
    x, y = p - p.mean(), s - s.mean()
    square, cross = x * x, x * y
    spread = np.cov(np.vstack([square, cross])) / days
    return _Moments(
        days,
        float(square.sum() / (days - 1)),
        float(cross.sum() / (days - 1)),
        float((y * y).sum() / (days - 1)),
        float(spread[0, 0]),
        float(spread[0, 1]),
        float(spread[1, 1]),
    )
