"""The regression form: the mean of all abnormal returns with standard errors clustered by session and by security."""

from __future__ import annotations

from typing import Literal

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.window_sample import WindowSample
from eventstudy.checks import checked
from eventstudy.inference.core.few_clusters import cr2_mean
from eventstudy.inference.core.spec import ALWAYS, TestSpec
from eventstudy.inference.core.statistic import NEGLIGIBLE, Statistic, from_t
from eventstudy.inference.significance_tests.calendar_time import bartlett, session_sums

FEW_CLUSTERS = 30


def clustered_mean(y: Floats, *clusters: Ints) -> tuple[float, float, tuple[int, ...]]:
    """Return the mean, its cluster-robust standard error, and the numbers of clusters.

    Parameters
    ----------
    y : (n,) float
        Values, finite.
    *clusters : (n,) int
        One or two memberships. With two, V = V_1 + V_2 - V_12.

    Returns
    -------
    mean, se : float
        Each V_c is sum_g (sum_{i in g} u_i)² / n² · G/(G - 1), as in statsmodels' OLS on a constant; where the two-way
        variance is not positive, the larger one-way variance is used.
    groups : tuple of int
        G of each membership.

    References
    ----------
    Liang and Zeger (1986); Cameron, Gelbach and Miller (2011).

    Examples
    --------
    >>> import numpy as np
    >>> centre, se, groups = clustered_mean(np.array([1.0, 2.0, 3.0, 6.0]), np.array([0, 0, 1, 1]))
    >>> centre, round(se, 6), groups
    (3.0, 1.5, (2,))
    """
    n = y.size
    left = y - y.mean()
    variance, groups = zip(*(_cluster_variance(left, c) for c in clusters), strict=True)
    if len(clusters) == 1:
        return float(y.mean()), float(np.sqrt(variance[0])), groups
    both = np.unique(np.column_stack(clusters), axis=0, return_inverse=True)[1].ravel()
    total = sum(variance) - _cluster_variance(left, both)[0]
    if not total > NEGLIGIBLE * np.abs(y).max(initial=0.0) ** 2 / n:
        total = np.max(variance)  # NaN of one cluster stays NaN
    return float(y.mean()), float(np.sqrt(total)), groups


def _cluster_variance(left: Floats, cluster: Ints) -> tuple[float, int]:
    _, code = np.unique(cluster, return_inverse=True)
    sums = np.bincount(code.ravel(), left)
    g = sums.size
    return (float((sums**2).sum() / left.size**2 * g / (g - 1)) if g > 1 else np.nan), g


@checked()
def driscoll_kraay_mean(y: Floats, when: Ints, lag: int) -> tuple[float, float, int]:
    """Return the mean with Driscoll-Kraay standard errors: Bartlett-weighted covariances of the session sums.

    Parameters
    ----------
    y : (n,) float
        Values, finite.
    when : (n,) int
        Calendar positions; sessions without a value count as zero scores between the first and the last.
    lag : int
        Truncation, at least L - 1 for windows of L bars.

    Returns
    -------
    mean, se : float
    sessions : int

    References
    ----------
    Driscoll and Kraay (1998).
    """
    left = y - y.mean()
    score = np.asarray(np.bincount(when - when.min(), left), dtype=np.float64)
    total = bartlett(score, lag)
    days = int(np.unique(when).size)
    factor = days / (days - 1) if days > 1 else np.nan
    return float(y.mean()), float(np.sqrt(max(total, 0.0) * factor)) / y.size, days


Errors = Literal["date", "security", "two-way", "hac"]


@checked()
def panel(ar: Floats, bar: Ints, security: Ints, *, errors: Errors) -> Statistic:
    """Test the mean of all abnormal returns of the window by the regression of the stacked AR on a constant.

    Parameters
    ----------
    ar : (N, L) float
        Abnormal returns; NaN is left out. The coefficient is CAAR / L where nothing is missing.
    bar : (N, L) int
        Calendar positions.
    security : (N,) int
        Codes.
    errors : {"date", "security", "two-way", "hac"}
        Clusters of the standard error; ``hac`` is Driscoll-Kraay with lag L - 1.

    Returns
    -------
    Statistic
        ``date`` and ``security``: CR2, t with Bell-McCaffrey degrees of freedom; else t(G - 1), G the smallest number of
        clusters. NaN for one cluster or no variance.

    References
    ----------
    Karafiath (1988) for the regression; Bell and McCaffrey (2002); Cameron, Gelbach and Miller (2011); Driscoll and Kraay
    (1998).
    """
    row, column = np.nonzero(np.isfinite(ar) & (bar >= 0))
    y, when, who = ar[row, column], bar[row, column], security[row]
    events = np.asarray(np.unique(row).size)
    if y.size == 0:
        return from_t(np.nan, np.nan, events)
    df: Floats | float | None = None
    if errors == "hac":
        centre, error, g = driscoll_kraay_mean(y, when, ar.shape[1] - 1)
    elif errors == "two-way":
        centre, error, groups = clustered_mean(y, when, who)
        g = min(groups)
    else:
        cluster = when if errors == "date" else who
        centre, g = float(y.mean()), int(np.unique(cluster).size)
        found, df = cr2_mean(y, cluster)
        error = float(found)
    error = error if error > NEGLIGIBLE * np.abs(y).max() / np.sqrt(y.size) else np.nan
    text = f"{g} clusters: below {FEW_CLUSTERS} clustered errors are too small; see cluster_bootstrap"
    return from_t(
        centre / error,
        g - 1 if df is None else df,
        events,
        estimate=centre,
        se=error,
        warnings=(text,) if g < FEW_CLUSTERS else (),
        details={"clusters": g, "observations": int(y.size)},
    )


def _panel(sample: WindowSample, *, errors: Errors) -> Statistic:
    if sample.car.ndim == 1:
        return panel(sample.ar, sample.bar, sample.security, errors=errors)
    return _batch(sample, two_way=errors == "two-way")


def _batch(sample: WindowSample, *, two_way: bool) -> Statistic:
    """Cluster every sample of a batch at once; its securities must not recur, so that a cell holds one value."""
    shape = sample.car.shape[:-1]
    y = sample.ar.reshape(-1, *sample.ar.shape[-2:])
    used = np.isfinite(y)
    n = used.sum(axis=(-1, -2))
    events = np.isfinite(sample.car).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(used, y, 0.0).sum(axis=(-1, -2)) / n
        if not two_way:
            error, df = cr2_mean(y.reshape(len(y), -1), sample.bar.reshape(len(y), -1))
            return from_t((centre / error).reshape(shape), df.reshape(shape), events)
        left = np.where(used, y - centre[:, None, None], np.nan)
        sums, number = session_sums(left, sample.bar.reshape(y.shape))
        days, firms = (number > 0).sum(axis=1), used.any(axis=2).sum(axis=1)
        variance = (sums**2).sum(axis=1) / n**2 * days / (days - 1)
        own = (np.nansum(left, axis=2) ** 2).sum(axis=1) / n**2 * firms / (firms - 1)
        cell = np.nansum(left**2, axis=(-1, -2)) / n**2 * n / (n - 1)
        joint = variance + own - cell
        variance = np.where(joint > 0, joint, np.maximum(variance, own))
        g = np.minimum(days, firms)
        value = np.where((g > 1) & (variance > 0), centre / np.sqrt(variance), np.nan)
    return from_t(value.reshape(shape), (g - 1).reshape(shape), events)


def _panel_date(sample: WindowSample, *, errors: Errors = "date") -> Statistic:
    return _panel(sample, errors=errors)


def _panel_two_way(sample: WindowSample) -> Statistic:
    return _panel(sample, errors="two-way")


SPECS = (
    TestSpec(
        name="panel_date",
        title="Regression form, errors clustered by session",
        null="mean abnormal return of the window = 0",
        assumptions=("abnormal returns of different sessions independent", "30 sessions or more"),
        reference="Karafiath (1988); Bell and McCaffrey (2002)",
        compute=_panel_date,
        undefined="there is one session only, or the abnormal returns have no variance",
        minimum=1,
        holds_under=(ALWAYS - {"few clusters"}) | {"staggered dependence", "event variance"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
        longest=5,
        smallest=50,
    ),
    TestSpec(
        name="panel_two_way",
        title="Regression form, errors clustered by session and security",
        null="mean abnormal return of the window = 0",
        assumptions=(
            "abnormal returns that share neither session nor security independent",
            "30 clusters or more of each",
        ),
        reference="Karafiath (1988); Cameron, Gelbach and Miller (2011)",
        compute=_panel_two_way,
        undefined="there is one session or one security only, or the abnormal returns have no variance",
        minimum=2,
        holds_under=(ALWAYS - {"few clusters"}) | {"staggered dependence", "event variance"},
        holds_with_many=frozenset({"fat tails", "volatility clustering"}),
        smallest=50,
        withdrawn=(frozenset({"staggered dependence"}),),  # 5.7 % at 200 events and 21 bars
    ),
)
