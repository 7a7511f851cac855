"""Placebo draws: where else the events could have fallen. Everything is a look-up in an array over sessions.

Three schemes, each with its own idea of "like other days": draws without replacement from a pool that holds the event
sessions too (exchangeability; Nguyen and Wolf 2023), draws from sessions matched in state, and a circular shift of the
whole calendar, which keeps its clustering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["draw_without", "matched_draws", "pvalue", "rotation_sums", "rotations"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def pvalue(observed: float, null: Floats) -> float:
    """Share of the null, the observation counted in, that is at least as large: (1 + #) / (B + 1).

    Ties count against the observation, up to rounding in the last digits of a sum.

    Examples
    --------
    >>> pvalue(2.0, np.array([0.0, 1.0, 2.0]))
    0.5
    """
    if not np.isfinite(observed) or not null.size:
        return float("nan")
    slack = 1e-12 * max(1.0, abs(observed))
    return float((1 + np.count_nonzero(null >= observed - slack)) / (null.size + 1))


def draw_without(pool: Ints, n: int, draws: int, rng: np.random.Generator) -> Ints:
    """(draws, n) members of `pool`, each row without replacement.

    Examples
    --------
    >>> rows = draw_without(np.arange(5), 3, 4, np.random.default_rng(0))
    >>> rows.shape, all(len(set(row)) == 3 for row in rows.tolist())
    ((4, 3), True)
    """
    if n == 0:
        return np.zeros((draws, 0), dtype=np.int64)
    keys = rng.random((draws, len(pool)))
    chosen = np.argpartition(keys, n - 1, axis=1)[:, :n] if n < len(pool) else np.argsort(keys, axis=1)
    return pool[chosen]


def matched_draws(candidates: Sequence[Ints], draws: int, rng: np.random.Generator) -> Ints:
    """(draws, n) one candidate for each of n events, independent of one another."""
    columns = [cell[rng.integers(0, len(cell), draws)] for cell in candidates]
    return np.stack(columns, axis=1) if columns else np.zeros((draws, 0), dtype=np.int64)


def rotation_sums(values: Floats, position: Ints, first: int, last: int) -> tuple[Floats, Floats]:
    """Sum and count of finite `values` at the positions, for every circular shift within ``first .. last``.

    Returns
    -------
    sums, counts : (last - first + 1,) float
        Entry k belongs to a shift by k sessions; entry 0 is the calendar as it was.

    Examples
    --------
    >>> rotation_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1]), 0, 2)[0].tolist()
    [3.0, 6.0, 5.0]
    """
    length = last - first + 1
    shifts = np.arange(length)[:, None]
    hit = values[first + (position[None, :] - first + shifts) % length]
    finite = np.isfinite(hit)
    return np.where(finite, hit, 0.0).sum(axis=1), finite.sum(axis=1).astype(float)


def rotations(parts: Sequence[tuple[Floats, Floats]], draws: int, rng: np.random.Generator) -> Floats:
    """Means under circular shifts: every shift of a single stratum, random combinations of several.

    Parameters
    ----------
    parts : sequence of (sums, counts)
        From :func:`rotation_sums`, one a stratum.
    draws : int
        Combinations to draw where there are several strata.
    rng : numpy.random.Generator

    Returns
    -------
    (R,) float
        Without the identity.
    """
    if len(parts) == 1:
        sums, counts = parts[0]
        total, number = sums[1:], counts[1:]
    else:
        chosen = [rng.integers(0, len(sums), draws) for sums, _ in parts]
        total = np.sum([sums[k] for (sums, _), k in zip(parts, chosen, strict=True)], axis=0)
        number = np.sum([counts[k] for (_, counts), k in zip(parts, chosen, strict=True)], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(number > 0, total / number, np.nan)
    return means[np.isfinite(means)]
