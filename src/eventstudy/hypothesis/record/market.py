"""What the market was doing: returns, standardized abnormal returns of every session, drawdowns, and states.

Everything is an array over the B sessions of the price record, computed once and for every session, so that a placebo
is a look-up. What is said of session t as a predictor uses closes up to t-1 only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.hypothesis.record.sections import DecisionRules, Drawdown, Pair, ReactionRules, Scale

_YEAR = 252


@dataclass(frozen=True, slots=True)
class Market:
    """The record of one market.

    Attributes
    ----------
    close : (B,) float
        Level of the index; NaN where missing.
    fear : (B,) float
        Level of the fear gauge in annual percent; all NaN if there is none.
    rate : (B,) float
        10-year yield in percent; all NaN if there is none.
    weekday : (B,) int
        0 is Monday.
    given : (B,) float or None
        Returns, where they are what is known and `close` was made of them.
    macro : (B,) int or None
        1 where a macro release was due, 0 where none, -1 where no calendar says; None: nobody asks.
    """

    close: Floats
    fear: Floats
    rate: Floats
    weekday: Ints
    given: Floats | None = None
    macro: Ints | None = None

    @property
    def returns(self) -> Floats:
        """(B,) simple returns, decimals; NaN for the first session and over holes."""
        if self.given is not None:
            return self.given
        result = np.full(self.close.shape, np.nan)
        result[1:] = self.close[1:] / self.close[:-1] - 1.0
        return result


@dataclass(frozen=True, slots=True)
class Scores:
    """The abnormal return of every session, as if an event had happened there.

    Attributes
    ----------
    car : (B,) float
        Sum over the window less the constant mean, decimals; NaN where a bar or the history is missing.
    z : (B,) float
        The same over its forecast standard deviation (with scale ``"none"``: over one percent).
    m : (B,) int
        Usable estimation sessions.
    raw : (B,) float
        The return over its forecast standard deviation, no mean taken off; NaN where `z` is.
    """

    car: Floats
    z: Floats
    m: Ints
    raw: Floats


def scores(
    market: Market, masked: Bools, rule: ReactionRules, *, window: Pair | None = None, scale: Scale | None = None
) -> Scores:
    """Standardized abnormal return of the index over `window` around every session, by default that of the rule, as is `scale`.

    Constant mean over the estimation sessions that are not masked, (B,) bool; daily variance h known at the last close
    before the window and before day 0, flat over the window: Var = L h + L^2 s^2 / M (volatility-scaled constant mean;
    Campbell, Lo and MacKinlay 1997, 4.4, with h in the place of the estimation variance).

    Examples
    --------
    >>> from eventstudy.hypothesis.record.definitions import load_definitions
    >>> rng = np.random.default_rng(1)
    >>> close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(600))
    >>> market = Market(close, np.full(600, 16.0), np.full(600, np.nan), np.arange(600) % 5)
    >>> z = scores(market, np.zeros(600, bool), load_definitions().reaction).z
    >>> int(np.isfinite(z).sum()), round(float(np.nanstd(z)), 2)
    (489, 0.96)
    """
    returns = market.returns
    mean, variance, m = _estimation(returns, masked, rule)
    first, last = window or rule.window
    length = last - first + 1
    plain = _rolled_sum(returns, first, last)
    car = plain - length * mean
    kind = scale or rule.scale
    if kind == "none":
        return Scores(car, car * 100.0, m, np.where(np.isfinite(car), plain * 100.0, np.nan))
    if kind == "fear" and np.isnan(market.fear).all():
        kind = "ewma"
    daily = (market.fear / 100.0) ** 2 / _YEAR if kind == "fear" else _ewma(returns - mean, rule.ewma_lambda)
    known = _shifted(daily, min(first, 0) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(length * known + length**2 * variance / m)
        z = np.where(spread > 0, car / spread, np.nan)
        raw = np.where(np.isfinite(z), plain / np.sqrt(length * known), np.nan)
    return Scores(car, z, m, raw)


def _estimation(returns: Floats, masked: Bools, rule: ReactionRules) -> tuple[Floats, Floats, Ints]:
    """Mean, variance (divisor M-1) and count over relative days end-length+1 .. end, for every session."""
    use = np.isfinite(returns) & ~masked
    values = np.where(use, returns, 0.0)
    total, squares, count = (
        _windowed(x, rule.estimation_length, rule.estimation_end) for x in (values, values**2, use)
    )
    m = np.rint(count).astype(np.int64)
    enough = m >= rule.estimation_minimum
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(enough, total / m, np.nan)
        variance = np.where(enough, (squares - total**2 / m) / (m - 1), np.nan)
    return mean, variance, m


def _windowed(values: NDArray[np.generic], length: int, end: int) -> Floats:
    """Sum over positions t+end-length+1 .. t+end, clipped to the record, for every t."""
    n = len(values)
    running = np.concatenate([[0.0], np.cumsum(values, dtype=float)])
    t = np.arange(n)
    high = np.clip(t + end + 1, 0, n)
    low = np.clip(t + end - length + 1, 0, n)
    return np.asarray(running[high] - running[low], dtype=float)


def _rolled_sum(values: Floats, first: int, last: int) -> Floats:
    return np.asarray(np.sum([_shifted(values, j) for j in range(first, last + 1)], axis=0), dtype=float)


def _shifted(values: Floats, by: int) -> Floats:
    """Take the value `by` sessions later (earlier if negative); NaN outside the record."""
    result = np.full(values.shape, np.nan)
    if by >= 0:
        result[: len(values) - by] = values[by:]
    else:
        result[-by:] = values[:by]
    return result


def _ewma(abnormal: Floats, decay: float) -> Floats:
    """(B,) h_{t+1|t}: the variance forecast at the close of t; missing returns leave it as it was."""
    finite = np.isfinite(abnormal)
    result = np.full(abnormal.shape, np.nan)
    squares = abnormal[finite] ** 2
    if not squares.size:
        return result
    filtered, _ = lfilter([1.0 - decay], [1.0, -decay], squares, zi=[decay * squares[0]])
    result[finite] = filtered
    positions = np.maximum.accumulate(np.where(finite, np.arange(len(abnormal)), -1))
    return np.where(positions >= 0, result[positions], np.nan)


def known_before(values: Floats) -> Floats:
    """(B,) the value of the session before: what is known when a session begins."""
    return _shifted(values, -1)


def prior_return(market: Market, sessions: int) -> Floats:
    """(B,) return over `sessions` sessions to the close of t-1, in standard deviations by the fear gauge before them.

    Where there is no fear gauge, the return itself.
    """
    ago = _shifted(market.close, -sessions - 1)
    change = _shifted(market.close, -1) / ago - 1.0
    if np.isnan(market.fear).all():
        return change
    spread = _shifted(market.fear, -sessions - 1) / 100.0 * np.sqrt(sessions / _YEAR)
    return np.asarray(change / spread, dtype=float)


def drawdown(market: Market, kind: Drawdown, base: Ints, rule: DecisionRules) -> Floats:
    """(B,) loss of the index known before session t (closes to t-1), decimals; positive is a loss.

    "threat": since the last close before the threat open at t, (B,) `base`, -1 where none is; "peak": from the running
    maximum; "week": over the last week; "scaled": as "threat", in daily standard deviations by the fear gauge at that
    close.
    """
    before = _shifted(market.close, -1)
    if kind == "week":
        return np.asarray(1.0 - before / _shifted(market.close, -1 - rule.week_sessions), dtype=float)
    if kind == "peak":
        top = _running_max(market.close, rule.peak_sessions)
        return np.asarray(1.0 - before / _shifted(top, -1), dtype=float)
    start = np.where(base >= 0, market.close[np.maximum(base, 0)], np.nan)
    loss = 1.0 - before / start
    if kind == "scaled" and not np.isnan(market.fear).all():
        loss = loss / (np.where(base >= 0, market.fear[np.maximum(base, 0)], np.nan) / 100.0 / np.sqrt(_YEAR))
    return np.asarray(loss, dtype=float)


def _running_max(close: Floats, sessions: int) -> Floats:
    padded = np.concatenate([np.full(sessions - 1, -np.inf), np.where(np.isfinite(close), close, -np.inf)])
    top = np.lib.stride_tricks.sliding_window_view(padded, sessions).max(axis=1)
    return np.where(np.isfinite(close), top, np.nan)
