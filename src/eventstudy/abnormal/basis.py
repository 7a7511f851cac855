"""An orthonormal basis of each design matrix, so that every later step is a dot product.

Gram-Schmidt, each column orthogonalised twice ("twice is enough", Giraud, Langou and Rozloznik 2005): as exact as
Householder's QR, and it runs over thousands of designs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Basis", "orthonormal"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RANK_TOLERANCE: Final = 1e-11
"""A column of which less than this share is left after the others are taken out adds no rank: with 1e-16 relative
precision fewer than five digits of its coefficient would be figures, not rounding."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Orthonormal bases of D designs of T bars and k columns.

    Attributes
    ----------
    q : (D, k, T) float
        Orthonormal rows; zero where a bar is not used.
    ahead : (D, k, L) float
        The rows of the event window in the same coordinates; NaN where a regressor is missing.
    to_coef : (D, k, k) float
        Takes coordinates c to coefficients of the design's own columns: theta = to_coef @ c.
    full_rank : (D,) bool
    """

    q: Floats
    ahead: Floats
    to_coef: Floats
    full_rank: Bools


def orthonormal(design: Floats, ahead: Floats) -> Basis:
    """Orthonormalise the columns of each design and express the event window's rows in the same coordinates.

    Parameters
    ----------
    design : (D, k, T) float
        Columns of each design as rows, zero where a bar is not used. Overwritten: it becomes the basis.
    ahead : (D, k, L) float
        The same columns over the event window; NaN where missing. Overwritten.
    """
    designs, k, _ = design.shape
    to_coef = np.zeros((designs, k, k))
    full_rank = np.ones(designs, dtype=bool)
    for j in range(k):
        column, image, coef = design[:, j], ahead[:, j], to_coef[:, j]
        coef[:, j] = 1.0
        size = np.vecdot(column, column)
        left = size
        for _ in range(2 if j else 0):
            share = np.vecdot(design[:, :j], column[:, None])
            for i in range(j):
                part = share[:, i, None]
                column -= part * design[:, i]
                image -= part * ahead[:, i]
                coef -= part * to_coef[:, i]
            left = np.vecdot(column, column)
        full_rank &= left > RANK_TOLERANCE**2 * size
        scale = (1.0 / np.sqrt(np.where(left > 0, left, np.inf)))[:, None]
        column *= scale
        image *= scale
        coef *= scale
    return Basis(design, ahead, np.swapaxes(to_coef, 1, 2), full_rank)
