"""What a portfolio did before its event: four ways to judge a sum of its abnormal returns, one of them by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special

from eventstudy._typing import Floats, Ints

Judged = Literal["portfolio", "long_run", "pre_event", "scaled"]

CLUSTERED: Final = 0.10
"""First autocorrelation of squares above which the level of volatility before the event is taken into account."""

DECAY: Final = 0.97
BURN_IN: Final = 30
"""Weight of the day before in the level of volatility, and bars until it is believed."""

ENOUGH: Final = 40
"""Windows that the history must hold, one beside the other, for a rank among them at 5 %."""


@dataclass(frozen=True, slots=True)
class History:
    """Abnormal returns of p portfolios before their event.

    Attributes
    ----------
    series : (B, p) float
        On the bars of the estimation window; NaN on bars left out.
    gap : (G, p) float
        From its end to the tested window; NaN where not known.
    bars, window_bars : (B,) and (L,) int
        Calendar positions.
    factor : float
        Var(sum of L forecast errors)/sigma^2, L + 1'X*(X'X)^-1X*'1.
    k : int
        Mean parameters of the model.
    """

    series: Floats
    gap: Floats
    bars: Ints
    window_bars: Ints
    factor: float
    k: int

    @property
    def length(self) -> int:
        """Bars of the tested window, L."""
        return int(self.window_bars.size)

    @property
    def m(self) -> int:
        """Bars of the history in use, M."""
        return int(np.isfinite(self.series).all(axis=1).sum())


def sums(series: Floats, length: int) -> Floats:
    """Return the sums (B - L + 1, p) of L bars in a row; NaN where one is missing, nothing where B < L."""
    if len(series) < length:
        return series[:0]
    return np.asarray(np.lib.stride_tricks.sliding_window_view(series, length, axis=0).sum(axis=-1))


def product(one: Floats, other: Floats, lag: int = 0) -> Floats:
    """Return the sum over bars of one_t other_(t - lag), each (p,), over the bars where both are there."""
    pairs = one[lag:] * other[: len(other) - lag]
    return np.asarray(np.where(np.isfinite(pairs), pairs, 0.0).sum(axis=0))


def variance(past: History, how: Judged) -> tuple[Floats, Floats]:
    """Return the variance of the sum over the window, and its degrees of freedom, each (p,).

    Notes
    -----
    ``portfolio``: s^2 f, t(M - k): exact if serially independent and normal. ``long_run``: (L g_0 + 2 sum (L - j) g_j) f/L, the
    autocovariances g with divisor M - k; ``scaled``: mean square of the history's L-sums over the level of volatility known before
    their first bar, times that before the window and f/L. Both with nu = (M - L + 1) 3L/(2L^2 + 1) - 1, the effective number of
    overlapping sums (METHODS-2, section 7). ``pre_event``: that of the L-sums themselves.
    """
    length, m = past.length, past.m
    free = max(m - past.k, 1)
    plain = product(past.series, past.series) / free
    nu = np.maximum((m - length + 1) * 3 * length / (2 * length**2 + 1) - 1, 1.0)
    if how == "portfolio":
        return plain * past.factor, np.full(plain.shape, float(free))
    if how == "long_run":
        lagged = [2 * (length - j) * product(past.series, past.series, j) / free for j in range(1, length)]
        total = length * plain + np.sum(lagged, axis=0) if lagged else length * plain
        # total is a sum of squares, that of the history moved by 0 to L - 1 bars
        return total * past.factor / length, np.full(plain.shape, nu)
    if how == "scaled":
        level = levels(past)
        scaled = sums(past.series, length) / np.sqrt(level[: len(past.series) - length + 1])
        scaled = scaled[BURN_IN:]
        return np.nanmean(scaled**2, axis=0) * level[-1] * past.factor / length, np.full(plain.shape, nu)
    every = sums(past.series, length)
    return np.nanvar(every, axis=0, ddof=1), np.full(plain.shape, np.nan)


def levels(past: History) -> Floats:
    """Return the level of volatility known before each bar of the history and of the gap, and last before the window."""
    square = np.vstack([past.series, past.gap]) ** 2
    usual = np.nanmean(past.series**2, axis=0)
    found = np.empty((len(square) + 1, square.shape[1]))
    found[0] = usual
    for at, value in enumerate(square):
        found[at + 1] = np.where(np.isfinite(value), DECAY * found[at] + (1 - DECAY) * value, found[at])
    return found


def rank_pvalue(total: Floats, past: Floats) -> Floats:
    """Return (1 + windows of the history (B, p), none missing, as far from their mean)/(B + 1), (p,)."""
    centre = past.mean(axis=0)
    beyond = (np.abs(past - centre) >= np.abs(total - centre) * (1 - 1e-12)).sum(axis=0)
    return np.asarray((1 + beyond) / (len(past) + 1))


def default(past: list[History]) -> list[Judged]:
    """Return by what each of the p sums is judged: its level where squares cluster, else the autocovariances of longer windows."""
    found = []
    plain: Judged = "portfolio" if past[0].length == 1 else "long_run"
    if min(one.m for one in past) < 2 * BURN_IN + past[0].length:
        return [plain] * past[0].series.shape[1]  # too short to know a level of volatility
    for one in past:
        square = one.series**2 - np.nanmean(one.series**2, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(product(square, square, 1) / product(square, square))
    return ["scaled" if value > CLUSTERED else plain for value in np.median(found, axis=0)]


def shared_variance(one: History, other: History) -> Floats:
    """Return twice the covariance of two dates' sums over the bars that their windows share, (p,)."""
    both = np.intersect1d(one.window_bars, other.window_bars).size
    if not both:
        return np.zeros(one.series.shape[1])
    bars = np.intersect1d(one.bars, other.bars)
    left, right = one.series[bars - one.bars[0]], other.series[bars - other.bars[0]]
    count = np.isfinite(left * right).all(axis=1).sum()
    return np.asarray(2 * both * product(left, right) / max(count - one.k, 1))


def joint_f(total: Floats, past: History) -> tuple[float, tuple[int, int], float]:
    """Return F of the hypothesis that all p sums are zero, its degrees of freedom and its p; NaN with too few bars."""
    p = total.size
    free = past.m - past.k
    df = (p, free - p + 1)
    if df[1] < 1:
        return np.nan, df, np.nan
    series = past.series[np.isfinite(past.series).all(axis=1)]
    square = total @ np.linalg.solve(series.T @ series / free, total) / past.factor
    value = df[1] / (p * free) * square
    return float(value), df, float(special.fdtrc(*df, value))
