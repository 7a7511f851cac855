"""Fitted normal returns in the orthonormal coordinates of their designs: one basis serves all security-events of a date."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eventstudy._typing import Floats, Ints


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The fits of N security-events on D designs of k columns.

    Attributes
    ----------
    share : (N, k) float
        The fitted mean in the coordinates of the design's basis; NaN for the excluded.
    ahead : (D, k, L) float
        Rows of the event window in the coordinates of each design; zero if nothing is forecast.
    to_coef : (D, k, k) float
        Takes those coordinates to coefficients of the design's own columns.
    design : (N,) int
        Row of `ahead` of each security-event.
    mix : (N, k, k) float or None
        Takes those coordinates to the security-event's own, where holes of its own give it a basis of its own.
    """

    share: Floats
    ahead: Floats
    to_coef: Floats
    design: Ints
    mix: Floats | None

    @property
    def coef(self) -> Floats:
        """(N, k) coefficients of the design's own columns."""
        coef: Floats = np.matvec(self.to_coef[self.design], self.share)
        return coef

    @property
    def expected(self) -> Floats:
        """(N, L) normal returns, also where the security has no return of its own."""
        expected: Floats = np.einsum("nk,nkl->nl", self.share, self.ahead[self.design])
        return expected

    def take(self, rows: Ints | slice) -> Coordinates:
        """Return the security-events `rows`, in that order."""
        mix = None if self.mix is None else self.mix[rows]
        return replace(self, share=self.share[rows], design=self.design[rows], mix=mix)


def leverage(ahead: Floats, mix: Floats | None = None) -> Floats:
    """Return (n, L): h_t = |mix x*_t|^2, summed in the same order with and without `mix`."""
    columns = ahead.shape[1]
    total = np.zeros((ahead.shape[0], ahead.shape[2]))
    for i in range(columns):
        part = ahead[:, i]
        if mix is not None:  # of least squares lower triangular
            part = mix[:, i, 0, None] * ahead[:, 0]
            for j in range(1, columns):
                if mix[:, i, j].any():
                    part += mix[:, i, j, None] * ahead[:, j]
        total += part * part
    return total
