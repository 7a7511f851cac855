"""Scale inside the day: sigma of a bar = level of the day v_d x pattern of the clock phi_s, mean phi^2 = 1.

The pattern is the weighted standard deviation of Boudt, Croux and Laurent (2011), or the Fourier form of Andersen and
Bollerslev (1997); the level is bipower, so that a jump does not lift the day.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from eventstudy._typing import Bools, Floats

Periodic = Literal["robust", "fourier"]

SHORT_HALF: Final = 0.741  # makes the shortest half of a normal its standard deviation
KEPT: Final = 6.635  # chi-squared(1), 99 %: what lies beyond is taken for a jump
WEIGHTED: Final = 1.081  # 1 / the variance of a normal cut at that point
FEWEST: Final = 20  # values below which a slot takes the mean of its neighbours
ALTERNATIONS: Final = 3
WAVES: Final = 4  # sines and cosines of the Fourier form
LOG_NORMAL: Final = -0.6351814227307391  # mean of ln|z| of a standard normal


def day_level(e: Floats, phi: Floats, regular: Bools) -> Floats:
    """Return v (..., n): sqrt(pi/2 mean |u_s u_{s-1}|), u = e/phi, of e (..., K, n) and phi (..., K)."""
    return Level(e, regular)(phi)


class Level:
    """The level of the day of residuals e (..., K, n) for one pattern after another: products are made once."""

    def __init__(self, e: Floats, regular: Bools) -> None:
        size = np.abs(e if regular.all() else e[..., regular, :])
        pairs = size[..., 1:, :] * size[..., :-1, :]
        self._regular = regular
        self._size = size
        self._count: Floats | float = max(float(pairs.shape[-2]), 1.0)
        there = np.isfinite(pairs)
        if not there.all():
            self._count = there.sum(axis=-2).astype(float)
            pairs[~there] = 0.0
        self._pairs = pairs

    def __call__(self, phi: Floats) -> Floats:
        """Return v (..., n) for a pattern (..., K); NaN where nothing moved."""
        own = phi[..., self._regular]
        with np.errstate(invalid="ignore", divide="ignore"):
            weight = 1.0 / (own[..., 1:] * own[..., :-1])
            square = np.pi / 2 * np.matmul(weight[..., None, :], self._pairs)[..., 0, :] / self._count
            flat = ~(square > 0)  # a security that hardly trades: the plain mean square, if there is one
            if flat.any():
                u = self._size / own[..., None]
                there = np.isfinite(u)
                square = np.where(flat, np.where(there, u * u, 0.0).sum(axis=-2) / there.sum(axis=-2), square)
        return np.sqrt(np.where(square > 0, square, np.nan))


def shortest_half(z: Floats) -> Floats:
    """Return (...,): 0.741 x the shortest interval that holds half of the values z (..., n); NaN is left out.

    Source: Rousseeuw and Leroy (1988), as in Boudt, Croux and Laurent (2011, eq. 2.9).

    Examples
    --------
    >>> float(shortest_half(np.array([9.0, 1.0, 2.0, 2.5, -4.0])).round(4))
    1.1115
    """
    ordered = np.sort(z, axis=-1)
    size = z.shape[-1]
    if size > 1 and bool(np.isfinite(ordered[..., -1]).all()):  # NaN would stand last
        h = size // 2 + 1
        return np.asarray(SHORT_HALF * (ordered[..., h - 1 :] - ordered[..., : size - h + 1]).min(axis=-1))
    count = np.isfinite(ordered).sum(axis=-1)
    out = np.full(count.shape, np.nan)
    for n in np.unique(count).tolist():
        if n < 2:
            continue
        rows = count == n
        held, h = (ordered if rows.all() else ordered[rows])[..., :n], n // 2 + 1
        out[rows] = (SHORT_HALF * (held[..., h - 1 :] - held[..., : n - h + 1]).min(axis=-1)).ravel()
    return out


def pattern(z: Floats, regular: Bools, periodic: Periodic = "robust") -> Floats:
    """Return phi (..., K) of returns in units of their day, z (..., K, n); mean phi^2 of the regular slots is 1."""
    enough = np.count_nonzero(np.isfinite(z), axis=-1) >= FEWEST
    if periodic == "fourier":
        return normalised(_fourier(z, enough, regular), regular)
    short = normalised(_smooth(shortest_half(z), enough), regular)
    square = z * z
    with np.errstate(invalid="ignore", divide="ignore"):
        keep = square <= KEPT * (short * short)[..., None]
        square[~keep] = 0.0
        count = np.count_nonzero(keep, axis=-1)
        spread = np.sqrt(WEIGHTED * square.sum(axis=-1) / count)
    return normalised(_smooth(spread, enough & (count > 1)), regular)


def normalised(phi: Floats, regular: Bools) -> Floats:
    """Return the pattern with mean square 1 over the regular slots."""
    square = phi[..., regular] ** 2
    return np.asarray(phi / np.sqrt(square.mean(axis=-1))[..., None])


def _smooth(phi: Floats, enough: Bools) -> Floats:
    """Return the pattern with the mean of its neighbours where a slot has too few values, or does not move."""
    known = enough & (phi > 0)
    if known.all():
        return phi
    out = np.ones_like(phi)
    at = np.arange(phi.shape[-1])
    for row in np.ndindex(phi.shape[:-1]):
        there = known[row]
        if there.any():
            out[row] = np.interp(at, at[there], phi[row][there])
    return out


def _fourier(z: Floats, enough: Bools, regular: Bools) -> Floats:
    """Return the flexible Fourier form of Andersen and Bollerslev (1997, appendix B): ln|z| on a parabola and waves.

    Slots that are not regular keep their own mean of ln|z|.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(np.where(z == 0, np.nan, z)))
    there = np.isfinite(logs)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, logs, 0.0).sum(axis=-1) / there.sum(axis=-1) - LOG_NORMAL
    mean = np.where(enough & there.any(axis=-1), mean, np.nan)
    t = np.cumsum(regular) / max(int(regular.sum()), 1)
    angle = 2 * np.pi * np.arange(1, WAVES + 1)[:, None] * t
    design = np.vstack([np.ones_like(t), t, t * t, np.cos(angle), np.sin(angle)]).T
    out = np.exp(np.where(np.isfinite(mean), mean, 0.0))
    for row in np.ndindex(mean.shape[:-1]):
        used = regular & np.isfinite(mean[row])
        if used.sum() > design.shape[1]:
            fitted = np.linalg.lstsq(design[used], mean[row][used], rcond=None)[0]
            out[row] = np.where(regular, np.exp(design @ fitted), out[row])
    return out


def level_and_pattern(
    e: Floats, regular: Bools, periodic: Periodic = "robust", phi: Floats | None = None, times: int = ALTERNATIONS
) -> tuple[Floats, Floats]:
    """Return v (..., n) and phi (..., K) of residuals e (..., K, n): each is estimated given the other, in turn.

    Examples
    --------
    >>> g = np.random.default_rng(0)
    >>> clock = np.array([2.0, 1.0, 0.5, 1.0, 2.0])
    >>> e = clock[:, None] * g.standard_normal((5, 4000))
    >>> (level_and_pattern(e, np.ones(5, dtype=bool))[1] / np.sqrt(np.mean(clock**2)) ** -1).round(1).tolist()
    [2.0, 1.0, 0.5, 1.0, 2.0]
    """
    phi = np.ones(e.shape[:-1]) if phi is None else phi
    level = Level(e, regular)
    for _ in range(times):
        phi = pattern(e / level(phi)[..., None, :], regular, periodic)
    return level(phi), phi
