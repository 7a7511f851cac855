"""The regression of CARs on characteristics where events share dates: coefficients, errors by their history, one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.inference.beyond.date_slopes import Portfolios, Regression, portfolios
from eventstudy.inference.core import history

Kind = Literal["portfolio", "long_run", "pre_event", "scaled", "split"]


@dataclass(frozen=True, slots=True)
class Slopes:
    """Coefficients of CARs on characteristics within dates, each (p,), judged by their history.

    Attributes
    ----------
    estimate, se, df, pvalue, low, high : (p,) float
        df NaN where the p-value is a rank.
    pre_event : (p,) float
        The rank of the estimate among the windows before the event; NaN where these are too few.
    errors : tuple of str
        By what each was judged.
    joint : (float, (int, int), float)
        F of all slopes, on one date; NaN on several.
    design_effect : (p,) float
        Variance of the portfolio over the mean White variance on the bars before: 1 where firms are independent.
    rejected : (p,) float
        How often HC3 rejects at 5 % on the windows before the event.
    r_squared : float
        Of the regression within dates.
    n, dates : int
    """

    estimate: Floats
    se: Floats
    df: Floats
    pvalue: Floats
    low: Floats
    high: Floats
    pre_event: Floats
    errors: tuple[str, ...]
    joint: tuple[float, tuple[int, int], float]
    design_effect: Floats
    rejected: Floats
    r_squared: float
    n: int
    dates: int


def slopes(
    sample: WindowSample, given: Regression, dates: Sequence[Ints], *, kind: Kind | None = None, level: float = 0.95
) -> Slopes:
    """Regress CARs on characteristics within dates; see `Portfolios` for shapes and `history.variance` for the errors.

    Parameters
    ----------
    sample : WindowSample
        With its estimation windows.
    given : Regression
    dates : sequence of (n_d,) int
        Rows that share a date, each with all bars of the window.
    kind : {"portfolio", "long_run", "pre_event", "scaled", "split"}, optional
        By default ``"portfolio"`` on one bar and ``"long_run"`` on more; ``"scaled"`` where squares have a first autocorrelation
        above 0.10. ``"split"`` bears a variance that the event raised: the part that firms share is told by the history, the
        part of their own by the cross-section of the event.
    level : float
        Of the intervals.

    Notes
    -----
    Variances add up over dates, with 2 cov(p_d, p_e) for each bar that two windows share; degrees of freedom by Welch and
    Satterthwaite.

    References
    ----------
    Sefcik and Thompson (1986); Cohn, Johnson, Liu and Wardlaw (2026), "Past is Prologue", for the history as the reference.
    """
    laid = portfolios(sample, given, dates)
    past = [one.history for one in laid]
    total = np.sum([one.estimate for one in laid], axis=0)
    by: list[str] = list(history.default(past)) if kind is None else [kind] * total.size
    parts = [_variances(one, by) for one in laid]
    each, free = np.stack([part[0] for part in parts]), np.stack([part[1] for part in parts])
    square = each.sum(axis=0)
    for at, one in enumerate(past):
        for other in past[:at]:
            square = square + history.shared_variance(one, other)
    square = np.where(square > 0, square, each.sum(axis=0))
    df = each.sum(axis=0) ** 2 / (each**2 / free).sum(axis=0)
    error = np.sqrt(square)
    before = _aligned(past)
    rank = history.rank_pvalue(total, before) if len(before) else np.full(total.size, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        pvalue = 2 * special.stdtr(df, -np.abs(total / error))
        plain = np.sum([history.variance(one, "portfolio")[0] for one in past], axis=0)
        effect = plain / np.sum([one.hc0 * _free(one.history) * one.history.factor for one in laid], axis=0)
    reach = special.stdtrit(df, 0.5 + level / 2) * error
    if kind == "pre_event":
        pvalue, df = rank, np.full(total.size, np.nan)
        size = np.abs(before - np.nanmean(before, axis=0))
        reach = np.nanquantile(size, level, axis=0, method="higher")
    if min(one.m / one.length for one in past) < history.ENOUGH:
        rank = np.full(total.size, np.nan)
    return Slopes(
        estimate=total,
        se=error,
        df=df,
        pvalue=pvalue,
        low=total - reach,
        high=total + reach,
        pre_event=rank,
        errors=tuple(by),
        joint=history.joint_f(total[1:], _of_slopes(past[0])) if len(past) == 1 else (np.nan, (0, 0), np.nan),
        design_effect=effect,
        rejected=np.mean([one.rejected for one in laid], axis=0),
        r_squared=_r_squared(sample, given, laid, total),
        n=sum(one.rows.size for one in laid),
        dates=len(laid),
    )


def _free(past: history.History) -> float:
    return past.m / max(past.m - past.k, 1)


def _variances(one: Portfolios, by: Sequence[str]) -> tuple[Floats, Floats]:
    """Return the variance and degrees of freedom of each coefficient on one date, each judged in its own way."""
    found = np.empty((2, len(by)))
    for kind in set(by):
        how: history.Judged = "portfolio" if kind == "split" else kind  # type: ignore[assignment]
        square, df = history.variance(one.history, how)
        if kind == "split":
            common = square - one.hc0 * _free(one.history) * one.history.factor
            square = np.maximum(common, 0.0) + one.hc3
        which = np.array([name == kind for name in by])
        found[:, which] = np.stack([square, df])[:, which]
    return found[0], found[1]


def _aligned(past: Sequence[history.History]) -> Floats:
    """Return the sums before the event, added up over dates at the same distance from it."""
    every = [history.sums(one.series, one.length) for one in past]
    least = min(len(one) for one in every)
    found: Floats = np.sum([one[len(one) - least :] for one in every], axis=0)
    return found[np.isfinite(found).all(axis=1)]


def _of_slopes(past: history.History) -> history.History:
    return history.History(past.series[:, 1:], past.gap[:, 1:], past.bars, past.window_bars, past.factor, past.k)


def _r_squared(sample: WindowSample, given: Regression, laid: Sequence[Portfolios], total: Floats) -> float:
    left, whole = 0.0, 0.0
    for one in laid:
        y = sample.ar[one.rows].sum(axis=1) * given.scale[one.rows]
        x = given.x[one.rows][:, 1:]
        y, x = y - y.mean(), x - x.mean(axis=0)
        left, whole = left + float(((y - x @ total[1:]) ** 2).sum()), whole + float((y**2).sum())
    return 1 - left / whole if whole > 0 else np.nan
