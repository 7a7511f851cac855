"""Bootstraps of the mean CAR: chance is drawn from the CARs themselves, with a seed, in pieces that fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eventstudy.errors import StudyError
from eventstudy.inference.spec import ALWAYS, TestSpec
from eventstudy.inference.statistic import Statistic, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from eventstudy.abnormal.sample import WindowSample

__all__ = ["SPECS", "bootstrap_t", "cluster_bootstrap", "hall", "skewness_adjusted", "wild_bootstrap"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Weights = Literal["rademacher", "webb"]

CELLS = 2_000_000
"""Numbers drawn at once: 16 MB."""
ENUMERATED = 12
"""Up to this many units all 2^n sign flips are tried in place of random ones (4,096 of them)."""
WEBB = np.sqrt(np.array([0.5, 1.0, 1.5]))


def hall(x: Floats) -> Floats:
    """Return Hall's skewness-adjusted t of each sample: sqrt(N) (S + g S²/3 + g² S³/27 + g/(6N)), S = mean / sd.

    Parameters
    ----------
    x : (..., N) float
        Values; NaN is left out.

    Returns
    -------
    (...) float
        g = N/((N-1)(N-2)) sum ((x - mean)/sd)³. NaN for N < 3 or no variance.

    References
    ----------
    Hall (1992); Johnson (1978) without the cubic term.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(hall(np.array([-1.0, 0.0, 1.0, 4.0]))), 4)
    1.2055
    """
    n, centre, spread = moments(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (x - centre[..., None]) / spread[..., None]
        cube = z * z * z  # a power would be ten times slower
        g = n / ((n - 1.0) * (n - 2.0)) * np.where(np.isfinite(cube), cube, 0.0).sum(axis=-1)
        s = centre / spread
        value = np.sqrt(n) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * n))
    return np.where(n >= 3, value, np.nan)


def _t(x: Floats) -> Floats:
    n, centre, spread = moments(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(centre / (spread / np.sqrt(n)))


def skewness_adjusted(
    car: Floats, *, rng: np.random.Generator, draws: int = 1999, size: int | None = None
) -> Statistic:
    """Test the mean CAR by Hall's transformed t with bootstrapped critical values.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    rng : Generator
        Source of chance.
    draws : int
        Resamples B.
    size : int, optional
        Security-events in a resample; N if not given (Lyon, Barber and Tsai use N/4).

    Returns
    -------
    Statistic
        The statistic is Hall's; p from resamples of the centred CARs.

    References
    ----------
    Hall (1992); Lyon, Barber and Tsai (1999), eq. 5.
    """
    return _percentile(car, hall, "Hall's t", rng=rng, draws=draws, size=size)


def bootstrap_t(car: Floats, *, rng: np.random.Generator, draws: int = 1999) -> Statistic:
    """Test the mean CAR by the percentile-t bootstrap: t* = (mean* - mean)/(sd*/sqrt N) of resampled events.

    Parameters
    ----------
    car : (N,) float
        Cumulative abnormal returns; NaN is left out.
    rng, draws
        As in `skewness_adjusted`.

    Returns
    -------
    Statistic
        The interval is mean - t* quantiles · se, which need not be symmetric.

    References
    ----------
    Efron and Tibshirani (1993), ch. 12.5; Hall (1992).
    """
    return _percentile(car, _t, "percentile-t", rng=rng, draws=draws, size=None)


def _percentile(
    car: Floats,
    measure: Callable[[Floats], Floats],
    label: str,
    *,
    rng: np.random.Generator,
    draws: int,
    size: int | None,
) -> Statistic:
    x = car[np.isfinite(car)]
    n, centre, spread = moments(x)
    observed = measure(x)
    if not np.isfinite(observed):
        return _none(int(n))
    centred = x - centre
    take = x.size if size is None else size
    drawn = np.concatenate([measure(centred[rng.integers(0, x.size, (rows, take))]) for rows in _pieces(draws, take)])
    error = float(spread / np.sqrt(n))
    return _from_draws(observed, drawn, label, n=int(n), estimate=float(centre), se=error, studentized=measure is _t)


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
        Flips B; with 12 security-events or fewer all 2^N are tried.
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
        As in `wild_bootstrap`; all 2^G flips are tried for 12 clusters or fewer.

    Returns
    -------
    Statistic
        The statistic is the mean over its cluster-robust standard error. NaN for one cluster.

    References
    ----------
    Cameron, Gelbach and Miller (2008), wild cluster bootstrap-t with the null imposed.
    """
    if weights not in get_args(Weights):
        msg = f"weights {weights!r} is not one of {', '.join(get_args(Weights))}"
        raise StudyError(msg)
    used = np.isfinite(car)
    x = car[used]
    _, code = np.unique(cluster[used], return_inverse=True)
    sums, sizes = np.bincount(code, x), np.bincount(code)
    groups, n = sums.size, x.size
    if groups < 2:
        return _none(n)
    observed, error = _cluster_t(sums[None, :], sizes, n)
    if not np.isfinite(observed[0]):
        return _none(n)
    exhaustive = weights == "rademacher" and groups <= ENUMERATED
    flips = _flips(groups, draws, rng, weights, exhaustive=exhaustive)
    drawn = np.concatenate([_cluster_t(flip * sums, sizes, n)[0] for flip in flips])
    label = f"sign flips of {groups} clusters" + (", all of them" if exhaustive else "")
    return _from_draws(
        observed[0], drawn, label, n=n, estimate=float(x.mean()), se=float(error[0]), studentized=True, whole=exhaustive
    )


def _cluster_t(sums: NDArray[Any], sizes: Ints, n: int) -> tuple[Floats, Floats]:
    """Return mean / se and se of rows of cluster sums, se² = G/(G-1) sum_g (sum_g - n_g mean)² / n²."""
    g = sizes.size
    centre = sums.sum(axis=-1) / n
    left = sums - sizes * centre[:, None]
    error = np.sqrt((left**2).sum(axis=-1) * g / (g - 1)) / n
    error = np.where(error > 1e-12 * np.abs(sums).max(axis=-1, initial=0.0) / n, error, np.nan)
    return centre / error, error


def _flips(
    groups: int, draws: int, rng: np.random.Generator, weights: Weights, *, exhaustive: bool
) -> Iterator[NDArray[Any]]:
    if exhaustive:
        codes = np.arange(2**groups)[:, None] >> np.arange(groups)
        yield 1.0 - 2.0 * (codes & 1)
        return
    for rows in _pieces(draws, groups):
        sign = 1.0 - 2.0 * rng.integers(0, 2, (rows, groups))
        yield sign if weights == "rademacher" else sign * WEBB[rng.integers(0, 3, (rows, groups))]


def _pieces(draws: int, width: int) -> Iterator[int]:
    """Yield how many draws to make at a time."""
    step = max(1, CELLS // max(1, width))
    for start in range(0, draws, step):
        yield min(step, draws - start)


def _from_draws(
    observed: Floats | float,
    drawn: Floats,
    label: str,
    *,
    n: int,
    estimate: float,
    se: float,
    studentized: bool,
    whole: bool = False,
    level: float = 0.95,
) -> Statistic:
    """Turn draws under the null into p-values: (1 + #)/(B + 1), or # / 2^n where all flips were made."""
    value = float(observed)
    # a resample of copies of one value has no variance: its t is infinite, which counts against rejection
    known = np.where(np.isfinite(drawn), drawn, np.inf)
    size, more = known.size, 0 if whole else 1
    edge = abs(value) * (1 - 1e-9)  # flips that repeat the sample must count as ties, whatever the order of summation
    finite = np.isfinite(drawn)
    low_tail = np.where(finite, known <= value + abs(value) * 1e-9, True)
    high_tail = known >= value - abs(value) * 1e-9
    two, less, greater = (
        np.asarray((more + int(hits.sum())) / (size + more)) for hits in (np.abs(known) >= edge, low_tail, high_tail)
    )
    low = high = np.nan
    if studentized and finite.any():
        quantiles = np.quantile(drawn[finite], [0.5 + level / 2, 0.5 - level / 2])
        low, high = estimate - quantiles[0] * se, estimate - quantiles[1] * se
    lost = int((~finite).sum())
    return Statistic(
        np.asarray(value),
        two,
        less,
        greater,
        f"{label}, {size} draws",
        np.asarray(n),
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        warnings=(f"{lost} of {size} draws have no variance and count against rejection",) if lost else (),
        details={"draws": size},
    )


def _none(n: int) -> Statistic:
    none = np.asarray(np.nan)
    return Statistic(none, none, none, none, "", np.asarray(n))


def _skewness_adjusted(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, size: int | None = None
) -> Statistic:
    return skewness_adjusted(sample.car, rng=rng, draws=draws, size=size)


def _bootstrap_t(sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999) -> Statistic:
    return bootstrap_t(sample.car, rng=rng, draws=draws)


def _wild(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, weights: Weights = "rademacher"
) -> Statistic:
    return wild_bootstrap(sample.car, rng=rng, draws=draws, weights=weights)


def _cluster(
    sample: WindowSample, *, rng: np.random.Generator, draws: int = 1999, weights: Weights = "rademacher"
) -> Statistic:
    return cluster_bootstrap(sample.car, sample.day0, rng=rng, draws=draws, weights=weights)


SPECS = (
    TestSpec(
        name="skewness_adjusted",
        title="Skewness-adjusted t (Hall), bootstrapped",
        null="mean CAR = 0",
        assumptions=("CARs independent across security-events", "30 security-events or more"),
        reference="Hall (1992); Lyon, Barber and Tsai (1999), eq. 5",
        compute=_skewness_adjusted,
        undefined="the CARs have no variance across the security-events",
        minimum=3,
        draws=True,
        holds_under=ALWAYS | {"event variance", "skewness", "fat tails", "volatility clustering"},
        smallest=50,
    ),
    TestSpec(
        name="bootstrap_t",
        title="Percentile-t bootstrap of events",
        null="mean CAR = 0",
        assumptions=("CARs independent and identically distributed", "30 security-events or more"),
        reference="Efron and Tibshirani (1993), ch. 12.5; Hall (1992)",
        compute=_bootstrap_t,
        undefined="the CARs have no variance across the security-events",
        minimum=3,
        draws=True,
        holds_under=ALWAYS | {"event variance", "skewness", "fat tails", "volatility clustering"},
        smallest=50,
    ),
    TestSpec(
        name="wild_bootstrap",
        title="Wild bootstrap of events (sign flips)",
        null="CARs lie symmetrically about 0",
        assumptions=("CARs independent across security-events", "CARs symmetric, or many of them"),
        reference="Liu (1988); Davidson and Flachaire (2008)",
        compute=_wild,
        undefined="the CARs have no variance across the security-events",
        draws=True,
        discrete=True,
        holds_under=ALWAYS | {"event variance", "fat tails", "volatility clustering", "few"},
    ),
    TestSpec(
        name="cluster_bootstrap",
        title="Wild bootstrap of sessions",
        null="mean CAR = 0",
        assumptions=("CARs of different sessions independent",),
        reference="Cameron, Gelbach and Miller (2008)",
        compute=_cluster,
        undefined="the CARs have no variance across the sessions",
        needs=("two dates",),
        draws=True,
        discrete=True,
        holds_under=ALWAYS | {"event variance", "fat tails", "volatility clustering", "few"},
    ),
)
