"""Standard errors by cluster that hold for few and unequal clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.inference.core.statistic import NEGLIGIBLE

LOST = 1e-10
"""1 - s² up to which a direction of the regressors lies in one cluster alone."""

FAINT = 1e-6
"""Share of a coefficient along such a direction that is rounding."""


def cr2_mean(x: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    """Return the CR2 standard error of a mean and its Bell-McCaffrey degrees of freedom, each (...).

    Parameters
    ----------
    x : (..., N) float
        NaN is left out.
    cluster : (..., N) int
        Membership.

    Returns
    -------
    se, df : (...) float
        se² = sum_g (sum_{i in g} x_i - mean)² / (1 - n_g/N) / N²; df by Satterthwaite if the values are independent and
        of one variance. With clusters of one size both are those of CR1 and t(G - 1); NaN for one cluster.

    References
    ----------
    Bell and McCaffrey (2002); Imbens and Kolesár (2016); Pustejovsky and Tipton (2018).

    Examples
    --------
    >>> import numpy as np
    >>> se, df = cr2_mean(np.array([1.0, 2.0, 3.0, 6.0]), np.array([0, 0, 1, 1]))
    >>> round(float(se), 6), round(float(df), 6)
    (1.5, 1.0)
    """
    used = np.isfinite(x)
    n = used.sum(axis=-1)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        left = x - np.where(used, x, 0.0).sum(axis=-1)[..., None] / n
        sums, sizes = _sums(left, used, cluster)
    scale = np.abs(np.where(used, x, 0.0)).max(axis=-1, initial=0.0)
    return cr2_of_sums(sums, sizes, scale)


def cr2_of_sums(sums: Floats, sizes: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Return what `cr2_mean` returns, from what each cluster adds up to.

    Parameters
    ----------
    sums, sizes : (..., G) float
        Of each cluster, the sum of its values less the mean of all, and their number; 0 and 0 for none.
    scale : (...) float
        The largest value in size: a spread that is rounding beside it is none.
    """
    n = sizes.sum(axis=-1)[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = 1 - sizes / n
        there = rest > 0
        score = np.where(there, sums**2 / rest, 0.0).sum(axis=-1)
        spread = np.sqrt(score) / n[..., 0]
        part = np.where(there, sizes**2 / rest, 0.0)
        squares = (sizes**2).sum(axis=-1) / n[..., 0] ** 2
        squares = squares + (part.sum(axis=-1) ** 2 - (part**2).sum(axis=-1)) / n[..., 0] ** 4
        return np.where(spread > NEGLIGIBLE * scale, spread, np.nan), 1 / squares  # none of one cluster, which is all


def _sums(left: Floats, used: NDArray[np.bool_], cluster: Ints) -> tuple[Floats, Floats]:
    """Return the sums of `left` and the counts by cluster, (..., N): at the first place of each cluster in the order."""
    order = np.argsort(np.where(used, cluster, np.iinfo(np.int64).max), axis=-1, kind="stable")
    code = np.take_along_axis(cluster, order, -1)
    value, there = np.take_along_axis(left, order, -1), np.take_along_axis(used, order, -1)
    rank = np.cumsum(np.diff(code, axis=-1, prepend=code[..., :1]) != 0, axis=-1)
    size = rank.size
    flat = (np.arange(size).reshape(rank.shape)[..., :1] + rank).ravel()
    sums = np.bincount(flat, np.where(there, value, 0.0).ravel(), minlength=size).reshape(rank.shape)
    counts = np.bincount(flat, there.ravel().astype(float), minlength=size)
    return np.asarray(sums, dtype=float), np.asarray(counts, dtype=float).reshape(rank.shape)


def effective_clusters(sizes: ArrayLike) -> float:
    """Return (sum n²)² / sum n⁴, as how many clusters of one size those of unlike sizes count at the worst.

    References
    ----------
    Carter, Schnepel and Steigerwald (2017), with perfect correlation inside a cluster.
    """
    size = np.asarray(sizes, dtype=float)
    return float((size**2).sum() ** 2 / (size**4).sum())


def by_cluster(values: Floats, cluster: Ints) -> Floats:
    """Return the sums of values (N, ...) by cluster, (G, ...); codes 0, 1, ...."""
    sums = np.zeros((int(cluster.max()) + 1, *values.shape[1:]))
    np.add.at(sums, cluster, values)
    return sums


def _rows(cluster: Ints) -> list[Ints]:
    """Return the rows of each cluster, of codes 0, 1, ...."""
    return np.split(np.argsort(cluster, kind="stable"), np.cumsum(np.bincount(cluster))[:-1])


def without_leverage(values: Floats, x: Floats, cluster: Ints, power: float) -> Floats:
    """Return (I - H_gg)^-power times the values (N, k) of each cluster g; H that of regressors x (N, p).

    Applied to residuals, power 1/2 makes the scores of CR2, 1 those of the jackknife (CR3).
    """
    root = np.linalg.cholesky(np.linalg.inv(x.T @ x))
    found = np.empty(values.shape)
    for rows in _rows(cluster):
        # I - H_gg has the eigenvalues 1 - s² along u and 1 elsewhere; a direction that is lost is left out
        u, s, _ = np.linalg.svd(x[rows] @ root, full_matrices=False)
        rest = 1 - s**2
        change = np.where(rest > LOST, np.maximum(rest, LOST) ** -power, 0.0) - 1
        found[rows] = values[rows] + (u * change) @ (u.T @ values[rows])
    return found


def rests_on_one(x: Floats, cluster: Ints) -> NDArray[np.bool_]:
    """Return which coefficients of regressors x (N, p) some one cluster alone determines, (p,): no spread tells their error."""
    root = np.linalg.cholesky(np.linalg.inv(x.T @ x))
    length = np.sqrt((root**2).sum(axis=1))
    found = np.zeros(x.shape[1], dtype=bool)
    for rows in _rows(cluster):
        _, s, right = np.linalg.svd(x[rows] @ root, full_matrices=False)
        lost = right[1 - s**2 <= LOST]  # directions that the other clusters do not see
        found |= (np.abs(root @ lost.T) > FAINT * length[:, None]).any(axis=1)
    return found


def cr2(x: Floats, left: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    """Return the CR2 standard errors of least-squares coefficients and their Bell-McCaffrey degrees of freedom, each (p,).

    NaN for a coefficient that one cluster alone determines: its residuals there are 0 by construction.

    Parameters
    ----------
    x : (N, p) float
        Regressors, of full rank; weighted ones for weighted least squares.
    left : (N,) float
        Residuals, weighted alike.
    cluster : (N,) int
        Codes 0, 1, ...

    References
    ----------
    Bell and McCaffrey (2002); Pustejovsky and Tipton (2018) for regressors that are constant within clusters.
    """
    inverse = np.linalg.inv(x.T @ x)
    forms = without_leverage(x, x, cluster, 0.5) @ inverse  # the coefficients' weights on the residuals
    score = by_cluster(forms * np.asarray(left)[:, None], cluster)
    moved = by_cluster(x[:, :, None] * forms[:, None, :], cluster)
    spread = np.einsum("gap,ab,hbp->pgh", moved, inverse, moved)
    inner = by_cluster(forms**2, cluster).T[:, :, None] * np.eye(len(score)) - spread
    trace = np.trace(inner, axis1=1, axis2=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        told = np.sqrt((score**2).sum(axis=0)), trace**2 / (inner**2).sum(axis=(1, 2))
    return tuple(np.where(rests_on_one(x, cluster), np.nan, one) for one in told)  # type: ignore[return-value]
