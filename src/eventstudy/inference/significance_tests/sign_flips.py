"""Wild bootstraps of the mean CAR: the signs of events, or of whole sessions, are turned at random or in all ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import Statistic, coarse
from eventstudy.inference.core.wild_cluster import Weights, drawn
from eventstudy.inference.significance_tests.draws import from_draws, no_draws

ENUMERATED = 20
"""Up to this many units all 2^n sign flips are tried in place of random ones: a million of them, in a twentieth of a second."""

LOST = 1e-6
"""A variance below this share of the squares it is a difference of is worked out directly: ten digits are left above."""


@checked()
def wild_bootstrap(
    car: Floats, *, rng: np.random.Generator, draws: int = 1999, weights: Weights = "rademacher"
) -> Statistic:
    """Test the mean CAR by flipping signs at random: the null is imposed, and variances may all differ.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    rng : Generator
        Source of chance.
    draws : int
        Flips B; with 20 security-events or fewer all 2^N are tried.
    weights : {"rademacher", "webb"}
        ±1, or Webb's six points.

    Returns
    -------
    Statistic
        The statistic is the cross-sectional t. Exact for CARs symmetric about 0.

    References
    ----------
    Liu (1988); Davidson and Flachaire (2008); Webb (2023).
    """
    x = car[np.isfinite(car)]
    return cluster_bootstrap(x, np.arange(x.size), rng=rng, draws=draws, weights=weights)


@checked()
def cluster_bootstrap(
    car: Floats,
    cluster: Ints,
    *,
    rng: np.random.Generator,
    draws: int = 1999,
    weights: Weights = "rademacher",
) -> Statistic:
    """Test the mean CAR by flipping the signs of whole clusters: one draw a session.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    cluster : (N,) int
        Session of each; security-events with the same value are flipped together.
    rng, draws, weights
        As in `wild_bootstrap`; all 2^G flips are tried for 20 clusters or fewer.

    Returns
    -------
    Statistic
        The statistic is the mean over its cluster-robust standard error. NaN for one cluster.

    References
    ----------
    Cameron, Gelbach and Miller (2008), wild cluster bootstrap-t with the null imposed.
    """
    used = np.isfinite(car)
    x = car[used]
    _, code = np.unique(cluster[used], return_inverse=True)
    sums, sizes = np.bincount(code, x), np.bincount(code)
    groups, n = sums.size, x.size
    if groups < 2:
        return no_draws(n)
    observed, error = _cluster_t(sums[None, :], sizes, n)
    if not np.isfinite(observed[0]):
        return no_draws(n)
    exhaustive = weights == "rademacher" and groups <= ENUMERATED
    if exhaustive:
        found = _every_flip(sums, sizes, n)
    else:
        flips = drawn(groups, draws, rng, weights)
        found = np.concatenate([_flipped_t(flip, sums, sizes, n, weights) for flip in flips])
    label = f"sign flips of {groups} clusters" + (", all of them" if exhaustive else "")
    outcome = from_draws(
        observed[0], found, label, n=n, estimate=float(x.mean()), se=float(error[0]), studentized=True, whole=exhaustive
    )
    return replace(outcome, warnings=(*outcome.warnings, *coarse(groups, "clusters")))


def _cluster_t(sums: NDArray[Any], sizes: Ints, n: int) -> tuple[Floats, Floats]:
    """Return mean / se and se of rows of cluster sums, se² = G/(G-1) sum_g (sum_g - n_g mean)² / n²."""
    g = sizes.size
    centre = sums.sum(axis=1) / n
    left = sums - sizes * centre[:, None]
    error = np.sqrt((left**2).sum(axis=1) * g / (g - 1)) / n
    error = np.where(error > 1e-12 * np.abs(sums).max(axis=1, initial=0.0) / n, error, np.nan)
    return centre / error, error


def _flipped_t(flip: Floats, sums: NDArray[Any], sizes: Ints, n: int, weights: Weights) -> Floats:
    """Return mean / se of each row of multipliers of the cluster sums, shape (rows,)."""
    total, crossed = (flip @ np.column_stack([sums, sums * sizes])).T
    squares = np.full(len(flip), sums @ sums) if weights == "rademacher" else (flip * flip) @ (sums * sums)
    return _t_of_totals(total, crossed, squares, sums, sizes, n, lambda rows: flip[rows])


def _every_flip(sums: NDArray[Any], sizes: Ints, n: int) -> Floats:
    """Return mean / se for all 2^G flips of cluster sums, shape (2^G,).

    The t of a flip hangs on two sums over the clusters, which are put together from all flips of either half of them.
    """
    groups = sums.size
    low = (groups - 1) // 2  # the last cluster keeps its sign: its flips are the others' with every t turned
    weights = np.column_stack([sums, sums * sizes])
    first, second = (_signs(np.arange(2 ** len(part)), len(part)) @ part for part in (weights[:low], weights[low:-1]))
    both = second[:, None, :] + first[None, :, :] + weights[-1]
    total, crossed = both[..., 0].ravel(), both[..., 1].ravel()

    def flips(code: Ints) -> Floats:
        return np.column_stack([_signs(code, groups - 1), np.ones(code.size)])

    value = _t_of_totals(total, crossed, np.full(total.size, sums @ sums), sums, sizes, n, flips)
    return np.asarray(np.concatenate([value, -value]), dtype=np.float64)


def _t_of_totals(
    total: Floats,
    crossed: Floats,
    squares: Floats,
    sums: NDArray[Any],
    sizes: Ints,
    n: int,
    flips: Callable[[Ints], Floats],
) -> Floats:
    """Return mean / se from sum s_g, sum s_g n_g and sum s_g² of flipped cluster sums; `flips` gives rows for a second look."""
    groups = sums.size
    left = squares - 2 * total * crossed / n + (sizes @ sizes) * (total / n) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.asarray(total / np.sqrt(left * groups / (groups - 1)))
    close = np.flatnonzero(left < LOST * squares)  # digits were lost in the difference
    if close.size:
        value[close] = _cluster_t(flips(close) * sums, sizes, n)[0]
    return value


def _signs(code: Ints, width: int) -> Floats:
    """Return the bits of each code as signs, (codes, width): 1 for 0 and -1 for 1."""
    return np.asarray(1.0 - 2.0 * ((code[:, None] >> np.arange(width)) & 1), dtype=np.float64)


def _wild(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, weights: Weights = "rademacher"
) -> Statistic:
    return wild_bootstrap(sample.car, rng=rng, draws=draws, weights=weights)


def _cluster(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, weights: Weights = "rademacher"
) -> Statistic:
    return cluster_bootstrap(sample.car, sample.day0, rng=rng, draws=draws, weights=weights)


_flipped = partial(
    TestSpec,
    draws=True,
    discrete=True,
    exact=True,
    holds_under=ALWAYS | {"event variance", "fat tails", "volatility clustering", "few"},
)

SPECS = (
    _flipped(
        name="wild_bootstrap",
        title="Wild bootstrap of events (sign flips)",
        mean=True,
        null="CARs lie symmetrically about 0",
        assumptions=("CARs independent across security-events", "CARs symmetric, or many of them"),
        reference="Liu (1988); Davidson and Flachaire (2008)",
        compute=_wild,
        undefined="the CARs have no variance across the security-events",
    ),
    _flipped(
        name="cluster_bootstrap",
        title="Wild bootstrap of sessions",
        mean=True,
        null="mean CAR = 0",
        assumptions=("CARs of different sessions independent",),
        reference="Cameron, Gelbach and Miller (2008)",
        compute=_cluster,
        undefined="the CARs have no variance across the sessions",
        needs=("two dates",),
    ),
)
