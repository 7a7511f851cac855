"""An orthonormal basis of each design matrix, so that every later step is a dot product.

Gram-Schmidt, a column orthogonalised a second time where the first pass took out half of its square ("twice is enough",
Giraud, Langou and Rozloznik 2005; the criterion is that of Kahan and Parlett and of Daniel, Gragg, Kaufman and Stewart
1976): as exact as Householder's QR, and it runs over thousands of designs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from eventstudy._typing import Bools, Floats

RANK_TOLERANCE: Final = 1e-11
"""A column of which less than this share is left after the others are taken out adds no rank: with 1e-16 relative
precision fewer than five digits of its coefficient would be figures, not rounding."""

KEPT: Final = 0.5
"""Share of a column's square that must be left after one pass, for rounding to stay below two units in the last place."""


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


def orthonormal(design: Floats, ahead: Floats | None = None, *, whole: bool = False) -> Basis:
    """Orthonormalise the columns of each design and express the event window's rows, if any, in the same coordinates.

    Shapes: design (D, k, T), ahead (D, k, L).

    Notes
    -----
    Whether a column needs a second pass is asked of each design by itself, so that a design has the same bits whatever is
    beside it.
    """
    designs, k, length = design.shape
    if ahead is None:
        ahead = np.empty((designs, k, 0))
    to_coef = np.zeros((designs, k, k))
    full_rank = np.ones(designs, dtype=bool)
    for j in range(k):
        column, image, coef = design[:, j], ahead[:, j], to_coef[:, j]
        coef[:, j] = 1.0
        if whole and j == 0:
            column[:] = scale = 1.0 / np.sqrt(float(length))
            image *= scale
            coef *= scale
            continue
        size = np.vecdot(column, column)
        left = size
        if j:
            _take_out(design, ahead, to_coef, j, whole=whole)
            left = np.vecdot(column, column)
            again = np.flatnonzero(~(left > KEPT * size))
            if again.size:
                part = (design[again, : j + 1], ahead[again, : j + 1], to_coef[again, : j + 1])
                _take_out(*part, j, whole=whole)
                column[again], image[again], coef[again] = (array[:, j] for array in part)
                left[again] = np.vecdot(column[again], column[again])
        full_rank &= left > RANK_TOLERANCE**2 * size
        stretch = (1.0 / np.sqrt(np.where(left > 0, left, np.inf)))[:, None]
        column *= stretch
        image *= stretch
        coef *= stretch
    return Basis(design, ahead, np.swapaxes(to_coef, 1, 2), full_rank)


def _take_out(design: Floats, ahead: Floats, to_coef: Floats, j: int, *, whole: bool) -> None:
    """Take the columns before `j` out of column `j`, in place."""
    share = np.vecdot(design[:, :j], design[:, j, None])
    for i in range(j):
        part = share[:, i, None]
        design[:, j] -= part * (design[:, i, :1] if whole and i == 0 else design[:, i])
        ahead[:, j] -= part * ahead[:, i]
        to_coef[:, j] -= part * to_coef[:, i]
