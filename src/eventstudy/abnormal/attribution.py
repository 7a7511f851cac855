"""One regression a security that tells its events apart where they overlap: what each contributed, and which cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.orthonormal import orthonormal

SINGULAR: Final = 1e-4
"""A singular value of the normalised event columns below this share of the largest: a direction that the bars do not tell."""

TOGETHER: Final = 1e-6
"""Entry of the projection on those directions from which on two columns belong together."""

LEAST_DF: Final = 5
"""Residual degrees of freedom below which no t is told."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the events of one security contributed.

    Attributes
    ----------
    effect : (E,) float
        Contribution of each event; of events that cannot be told apart that of all of them together; NaN where not even
        the sum is known.
    se : (E,) float
        Exact standard error.
    covariance : (E, E) float
        Of the contributions' errors; NaN where an event has none.
    share_left : (E,) float
        Share of an event's variation that the other events leave to it, 1/VIF; 0 where it cannot be told apart.
    group : (E,) int
        Events of one number, where it is not negative, cannot be told apart.
    df : int
        Residual degrees of freedom.
    bars : int
        Bars used.
    """

    effect: Floats
    se: Floats
    covariance: Floats
    share_left: Floats
    group: Ints
    df: int
    bars: int


def attribute(
    response: Floats,
    regressors: Floats,
    nuisance: Floats,
    columns: Floats,
    total: Floats,
    usable: Bools,
    *,
    hac: bool = False,
) -> Attribution:
    """Regress R = a + b'x + nuisance + sum_j gamma_j d_j + e and return the contributions total @ gamma.

    Ordinary least squares, Var = s²(Z'Z)^-1, t(n - columns): exact for normal errors (Binder 1985; Salkever 1976). With `hac` the
    variance is that of Newey and West (1987) over the bars used, lag 4(n/100)^(2/9), times n/(n - columns).

    Shapes: response (B,), regressors (K, B), nuisance (Q, B), columns (M, B), total (E, M), usable (B,).

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0, 0.001, 200)
    >>> days = np.eye(200)[[150, 152]]
    >>> found = attribute(noise + 0.05 * days[0] - 0.04 * days[1], np.zeros((0, 200)), np.zeros((0, 200)), days, np.eye(2), noise < 1)
    >>> found.effect.round(2).tolist(), found.df
    ([0.05, -0.04], 197)
    """
    y, q = response[usable], _basis(np.vstack([np.ones(response.size), regressors, nuisance])[:, usable])
    own = columns[:, usable]
    y = y - (q @ y) @ q
    left = own
    for _ in range(2):  # twice is enough: a column that the regressors hold almost whole
        left = left - (left @ q.T) @ q
    size = np.linalg.norm(left, axis=1)
    there = size > SINGULAR * np.linalg.norm(own, axis=1)
    size[~there] = 1.0
    scaled = np.where(there[:, None], left / size[:, None], 0.0)
    u, s, vt = np.linalg.svd(scaled, full_matrices=False)
    known = s > SINGULAR * s.max(initial=1.0)  # columns of length 1: the largest is 1 at least
    # directions that are not known, among all columns: u has as many columns as there are columns or bars
    blind = np.eye(len(own)) - u[:, known] @ u[:, known].T
    inverse = (u[:, known] / s[known] ** 2) @ u[:, known].T
    coef = (u[:, known] / s[known]) @ (vt[known] @ y)
    df = int(usable.sum()) - len(q) - int(known.sum())
    residual = y - coef @ scaled
    if df < LEAST_DF:
        variance = np.full_like(inverse, np.nan)
    elif hac:
        variance = _newey_west((u[:, known] / s[known]) @ vt[known] * residual) * (residual.size / df)
    else:
        variance = float(residual @ residual) / df * inverse
    weight = total / size
    group = _groups(total != 0, np.abs(blind) > TOGETHER)
    whole = np.stack(
        [
            weight[group == own_group].sum(axis=0) if own_group >= 0 else row
            for own_group, row in zip(group, weight, strict=True)
        ]
    )
    lost = np.linalg.norm(whole @ blind, axis=1) > TOGETHER * np.linalg.norm(whole, axis=1)
    lost |= ((whole != 0) & ~there).any(axis=1)
    covariance = np.where(lost[:, None] | lost, np.nan, whole @ variance @ whole.T)
    share = np.zeros(len(total))
    for event in np.flatnonzero(~lost & (group < 0)):
        mine = np.flatnonzero(total[event])
        alone = np.linalg.pinv(scaled[mine] @ scaled[mine].T)
        share[event] = float(
            weight[event, mine] @ alone @ weight[event, mine] / (whole[event] @ inverse @ whole[event])
        )
    effect = np.where(lost, np.nan, whole @ coef)
    return Attribution(effect, np.sqrt(covariance.diagonal()), covariance, share, group, df, int(usable.sum()))


def _newey_west(scores: Floats) -> Floats:
    """Return the sum of the scores' covariances with Bartlett's weights; scores are (M, n), in the order of time."""
    n = scores.shape[1]
    beyond = 1 + int(4 * (n / 100) ** (2 / 9))
    found = scores @ scores.T
    for lag in range(1, beyond):
        across = scores[:, lag:] @ scores[:, : n - lag].T
        found += (1 - lag / beyond) * (across + across.T)
    return np.asarray(found)


def _basis(design: Floats) -> Floats:
    """Return orthonormal rows that span those of a design; rows that others hold are left out."""
    u, s, vt = np.linalg.svd(design / np.linalg.norm(design, axis=1).clip(1e-300)[:, None], full_matrices=False)
    if (s > 1e-10 * s[0]).all():
        return np.asarray(orthonormal(design[None].copy()).q[0])
    del u
    return np.asarray(vt[s > 1e-10 * s[0]])


def _groups(holds: Bools, together: Bools) -> Ints:
    """Return the group of each event that shares a direction which the bars do not tell; -1 for the others.

    Shapes: holds (E, M), together (M, M).
    """
    link = holds.astype(int) @ together.astype(int) @ holds.T.astype(int) > 0
    caught = link.diagonal()
    link = link & caught[:, None] & caught[None, :]
    group = np.where(caught, np.arange(len(link)), len(link))
    while ((spread := np.where(link, group, len(link)).min(axis=1)) != group).any():
        group = spread  # the smallest number spreads over what is linked
    return np.asarray(np.where(caught, group, -1))
