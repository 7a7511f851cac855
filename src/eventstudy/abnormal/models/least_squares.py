"""Least squares of one security on a design, where the batched engine does not serve."""

from __future__ import annotations

import numpy as np

from eventstudy._typing import Bools, Floats
from eventstudy.abnormal.models.protocol import OwnFit
from eventstudy.abnormal.orthonormal import orthonormal


def least_squares(y: Floats, x: Floats, usable: Bools, k: int) -> OwnFit:
    """Fit n windows by least squares, each with its own bars.

    Shapes: y (n, T), x (n, c, T), usable (n, T).
    """
    n, c, _ = x.shape
    basis = orthonormal(x.copy(), np.broadcast_to(np.eye(c), (n, c, c)).copy())
    share = np.matvec(basis.q, y)
    residual = y - np.vecmat(share, basis.q)
    again = np.matvec(basis.q, residual)  # what rounding left of the mean
    residual -= np.vecmat(again, basis.q)
    m = usable.sum(axis=1)
    sigma = np.sqrt(np.vecdot(residual, residual) / (m - k))
    return OwnFit(np.matvec(basis.to_coef, share + again), basis.ahead, sigma, m, m - k, basis.full_rank)
