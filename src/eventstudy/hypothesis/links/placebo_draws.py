"""Placebo draws: where else the events could have fallen. Everything is a look-up in an array over sessions.

Three schemes, each with its own idea of "like other days": draws without replacement from a pool that holds the event
sessions too (exchangeability; Nguyen and Wolf 2023), draws from sessions matched in state, and a circular shift of the
whole calendar, which keeps its clustering.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eventstudy._typing import Floats, Ints


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


def critical(null: Floats, alpha: float) -> float:
    """Find the value that an estimate must exceed for a p-value of at most `alpha`; infinite if even the largest is too few.

    Examples
    --------
    >>> null = np.arange(1.0, 20.0)
    >>> critical(null, 0.05), pvalue(19.5, null)
    (19.0, 0.05)
    """
    allowed = int(np.floor(alpha * (null.size + 1) + 1e-9)) - 1
    return float(np.sort(null)[::-1][allowed]) if allowed >= 0 else float("inf")


def limits(estimate: float, null: Floats, level: float) -> tuple[float, float]:
    """Interval of an estimate from what chance gives: it leaves out zero exactly when a one-sided p-value is at most (1 - level) / 2.

    Examples
    --------
    >>> null = np.arange(-9.5, 10.0)
    >>> limits(9.0, null, 0.9), pvalue(9.0, null) <= 0.05
    ((-0.5, 18.5), False)
    """
    alpha = (1 - level) / 2
    found = estimate - critical(null, alpha), estimate + critical(-null, alpha)
    slack = 1e-12 * max(1.0, abs(estimate))  # a tie counts against the observation, in the interval too
    return (0.0 if abs(found[0]) <= slack else found[0]), (0.0 if abs(found[1]) <= slack else found[1])


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


def differences(x: Floats, n: int, draws: int, rng: np.random.Generator) -> Floats:
    """(draws,) mean of n values of x drawn at random less that of the others: the null of a difference of means."""
    sums = x[draw_without(np.arange(x.size), n, draws, rng)].sum(axis=1)
    return np.asarray(sums / n - (x.sum() - sums) / (x.size - n), dtype=float)


def matched_draws(candidates: Sequence[Ints], draws: int, rng: np.random.Generator) -> Ints:
    """(draws, n) one candidate for each of n events, independent of one another."""
    columns = [cell[rng.integers(0, len(cell), draws)] for cell in candidates]
    return np.stack(columns, axis=1) if columns else np.zeros((draws, 0), dtype=np.int64)


def turned(place: Ints, turns: Ints, size: int) -> Ints:
    """Give (turns, n) places along a ring of `size` after each turn.

    Examples
    --------
    >>> turned(np.array([0, 3]), np.arange(2), 4).tolist()
    [[0, 3], [1, 0]]
    """
    return (place[None, :] + turns[:, None]) % size


def rotation_sums(values: Floats, position: Ints, first: int, last: int) -> tuple[Floats, Floats]:
    """Give sums and counts of finite `values` at the positions, for every circular shift within ``first .. last``.

    Entry k belongs to a shift by k sessions; entry 0 is the calendar as it was.

    Examples
    --------
    >>> rotation_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1]), 0, 2)[0].tolist()
    [3.0, 6.0, 5.0]
    """
    length = last - first + 1
    hit = values[first + turned(position - first, np.arange(length), length)]
    finite = np.isfinite(hit)
    return np.where(finite, hit, 0.0).sum(axis=1), finite.sum(axis=1).astype(float)


def rotations(parts: Sequence[tuple[Floats, Floats]], draws: int, rng: np.random.Generator) -> Floats:
    """Means under circular shifts, without the identity: every shift of one stratum, `draws` combinations of several.

    The parts are the sums and counts of :func:`rotation_sums`, one pair a stratum.
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
