"""One regression a security with the dummies of all its events: abnormal returns where event windows overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.orthonormal import orthonormal
from eventstudy.errors import StudyError


@dataclass(frozen=True, slots=True)
class JointPath:
    """The average path of one security over its events.

    Attributes
    ----------
    gamma : (L,) float
        Abnormal return of each relative day, common to the events; decimals.
    covariance : (L, L) float
        Of gamma.
    df, events : int
        Residual degrees of freedom, and events.
    """

    gamma: Floats
    covariance: Floats
    df: int
    events: int


def joint_paths(
    response: Floats,
    regressors: Floats,
    groups: Sequence[tuple[Ints, Floats]],
    window: tuple[int, int],
    estimation: Sequence[tuple[int, int]],
    masked: Bools,
) -> list[JointPath]:
    """Regress R = a + b'x + sum_e sum_tau gamma_tau D_{e,tau} + e, the gamma shared by the events of a group, each with its weight.

    Unbiased for the average path if reactions to overlapping events add up. With one event it is the two-step estimate
    (Salkever 1976; Karafiath 1988): gamma_tau = AR_tau, its standard error sigma sqrt(1 + h).

    Shapes: response (B,), regressors (K, B), each of groups (E,) days 0 and (E,) weights, masked (B,).
    """
    bars, length = response.size, window[1] - window[0] + 1
    dummies = np.zeros((length * len(groups), bars))
    sampled = np.zeros(bars, dtype=bool)
    for group, day, weight in [(at, *pair) for at, own in enumerate(groups) for pair in zip(*own, strict=True)]:
        for first, last in estimation:
            sampled[max(0, day + first) : max(0, day + last + 1)] = True
        at = day + np.arange(window[0], window[1] + 1)
        inside = (at >= 0) & (at < bars)
        dummies[group * length + np.flatnonzero(inside), at[inside]] += weight
    covered = dummies.any(axis=0)
    usable = (covered | (sampled & ~masked)) & np.isfinite(response) & np.isfinite(regressors).all(axis=0)
    design = np.vstack([np.ones(bars), regressors, dummies])[:, usable]
    k = design.shape[0]
    df = int(usable.sum()) - k
    basis = orthonormal(design[None].copy())
    if df < 1 or not basis.full_rank[0]:
        msg = f"the joint regression on {int(usable.sum())} bars and {k} columns is singular, for its events share bars; shorten the event window, or tell them apart by a shape: result.attribute()"
        raise StudyError(msg)
    y = response[usable]
    share = basis.q[0] @ y
    residual = y - share @ basis.q[0]
    coef = basis.to_coef[0] @ (share + basis.q[0] @ residual)
    root = basis.to_coef[0][-len(dummies) :]
    covariance = residual @ residual / df * (root @ root.T)
    parts = [slice(at * length, (at + 1) * length) for at in range(len(groups))]
    gamma = coef[-len(dummies) :]
    return [
        JointPath(gamma[own], covariance[own, own], df, days.size) for own, (days, _) in zip(parts, groups, strict=True)
    ]
