"""Tests of the median: sign and signed rank, with exact p-values."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from eventstudy._typing import Floats
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, coarse

EXACT_SIGNED_RANK = 200
"""Up to this many values the signed-rank distribution is counted out; above, the normal error is below 1e-4."""


@checked()
def sign(car: Floats, *, level: float = 0.95) -> Statistic:
    """Test that positive and negative CARs are equally likely: w ~ Binomial(n, 1/2), zeros left out.

    Parameters
    ----------
    car : (..., N) float
        Cumulative abnormal returns; NaN and zeros are left out.
    level : float
        Coverage of the Clopper-Pearson interval of the share.

    Returns
    -------
    Statistic
        ``value`` is z = (w - n/2)/(sqrt(n)/2) for the reader; the p-values are exact. NaN for n = 0.

    References
    ----------
    Conover (1999), ch. 3.4.

    Examples
    --------
    >>> import numpy as np
    >>> outcome = sign(np.array([0.01, 0.02, 0.03, -0.01, 0.02, 0.04]))
    >>> round(float(outcome.p_two), 5), outcome.details["positive"].item()
    (0.21875, 5)
    """
    used = np.isfinite(car) & (car != 0)
    n = used.sum(axis=-1)
    positive = (used & (car > 0)).sum(axis=-1)
    return _binomial(positive, n, level)


def _binomial(positive: NDArray[np.int64], n: NDArray[np.int64], level: float) -> Statistic:
    some = n > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(some, (positive - n / 2) / (np.sqrt(n) / 2), np.nan)
        share = np.where(some, positive / n, np.nan)
        error = np.where(some, 0.5 / np.sqrt(n), np.nan)
        tail = (1 - level) / 2
        low = np.where(positive > 0, special.betaincinv(np.maximum(positive, 1), n - positive + 1, tail), 0.0)
        high = np.where(positive < n, special.betaincinv(positive + 1, np.maximum(n - positive, 1), 1 - tail), 1.0)
    less = np.where(some, stats.binom.cdf(positive, n, 0.5), np.nan)
    greater = np.where(some, stats.binom.sf(positive - 1, n, 0.5), np.nan)
    return Statistic(
        value,
        np.minimum(1.0, 2 * np.minimum(less, greater)),
        less,
        greater,
        "binomial, exact",
        n,
        estimate=share,
        se=error,
        low=np.where(some, low, np.nan),
        high=np.where(some, high, np.nan),
        unit="share",
        warnings=coarse(int(n), "values") if n.ndim == 0 else (),
        details={"positive": positive},
    )


def wilcoxon(car: Floats) -> Statistic:
    """Test that CARs lie symmetrically about 0: W = sum of the ranks of |CAR| that belong to positive CARs.

    Parameters
    ----------
    car : (..., N) float
        Cumulative abnormal returns; NaN and zeros are left out; ties share the average rank.

    Returns
    -------
    Statistic
        ``value`` is z = (W - E W)/sd(W) with the tie correction; the p-values are exact, given the ranks, up to 200
        values and normal above. ``estimate`` is the Hodges-Lehmann median for one sample of at most 2,000 values.

    References
    ----------
    Wilcoxon (1945); Pratt and Gibbons (1981), ch. 3 for ties.

    Examples
    --------
    >>> import numpy as np
    >>> outcome = wilcoxon(np.array([0.01, 0.02, 0.03, -0.015, 0.025, 0.04]))
    >>> round(float(outcome.p_two), 5), float(outcome.details["w"])
    (0.09375, 19.0)
    """
    used = np.isfinite(car) & (car != 0)
    n = used.sum(axis=-1).ravel()
    flat = np.where(used, car, np.nan).reshape(n.size, car.shape[-1])
    rank = stats.rankdata(np.abs(flat), axis=1, nan_policy="omit") if flat.size else flat
    w = np.where(flat > 0, rank, 0.0).sum(axis=1)
    variance = np.nansum(rank**2, axis=1) / 4  # the tie correction is contained: average ranks have fewer squares
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (w - n * (n + 1) / 4) / np.sqrt(variance)
    less, greater = special.ndtr(value), special.ndtr(-value)
    for row in np.flatnonzero((n > 0) & (n <= EXACT_SIGNED_RANK)):
        less[row], greater[row] = _exact_tails(rank[row], float(w[row]), int(n[row]))
    shape = used.shape[:-1]
    exact = "signed rank, exact" if n.size == 0 or n.max() <= EXACT_SIGNED_RANK else "normal"
    two = np.minimum(1.0, 2 * np.minimum(less, greater))
    return Statistic(
        value.reshape(shape),
        two.reshape(shape),
        less.reshape(shape),
        greater.reshape(shape),
        exact,
        n.reshape(shape),
        estimate=_hodges_lehmann(car) if not shape else np.full(shape, np.nan),
        warnings=() if shape else coarse(int(n[0]), "values"),
        details={"w": w.reshape(shape)},
    )


def _exact_tails(rank: Floats, w: float, n: int) -> tuple[float, float]:
    """Return P(W <= w) and P(W >= w) over all 2^n signs of these ranks."""
    doubled = np.rint(2 * rank[np.isfinite(rank)]).astype(np.int64)  # average ranks are multiples of a half
    untied = np.unique(doubled).size == n  # the ranks are 1, 2, ..., n
    law = _law_untied(n) if untied else _law(doubled)
    at = round(w) if untied else round(2 * w)
    return float(min(1.0, law[: at + 1].sum())), float(min(1.0, law[at:].sum()))


@lru_cache(maxsize=64)
def _law_untied(n: int) -> Floats:
    return _law(np.arange(1, n + 1))


def _law(weights: NDArray[np.int64]) -> Floats:
    """Return the probabilities of sum(weights * fair 0/1), index = value of the sum."""
    law = np.zeros(int(weights.sum()) + 1)
    law[0] = 1.0
    for weight in np.sort(weights):
        law[weight:] = 0.5 * law[weight:] + 0.5 * law[: law.size - weight]
        law[:weight] *= 0.5
    return law


def _hodges_lehmann(car: Floats, most: int = 2000) -> Floats:
    x = car[np.isfinite(car)]
    if not 0 < x.size <= most:
        return np.asarray(np.nan)
    upper = np.triu_indices(x.size)
    return np.asarray(np.median((x[upper[0]] + x[upper[1]]) / 2))


def _sign(sample: WindowSample) -> Statistic:
    return sign(sample.car)


def _wilcoxon(sample: WindowSample) -> Statistic:
    return wilcoxon(sample.car)


SPECS = (
    TestSpec(
        name="sign",
        title="Sign, exact",
        null="the median CAR is 0",
        assumptions=(
            "CARs independent across security-events",
            "abnormal returns are symmetric: their median is their mean",
        ),
        reference="Conover (1999), ch. 3.4",
        compute=_sign,
        undefined="every CAR is exactly zero",
        discrete=True,
        days=True,
        holds_under=ALWAYS | {"event variance", "fat tails", "volatility clustering", "few"},
        exact=True,
    ),
    TestSpec(
        name="wilcoxon",
        title="Wilcoxon signed rank, exact",
        null="CARs lie symmetrically about 0",
        assumptions=("CARs independent across security-events", "CARs symmetric"),
        reference="Wilcoxon (1945); Pratt and Gibbons (1981)",
        compute=_wilcoxon,
        undefined="every CAR is exactly zero",
        discrete=True,
        days=True,
        holds_under=ALWAYS | {"event variance", "fat tails", "volatility clustering", "few"},
        exact=True,
    ),
)
