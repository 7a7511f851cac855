"""Abnormal returns while they are computed: arrays that the engine fills, before they are frozen."""

from __future__ import annotations

from threading import Lock

import numpy as np

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.inputs import SUSPECT, Inputs
from eventstudy.abnormal.models.protocol import Model
from eventstudy.abnormal.orthonormal import Basis


class Draft:
    """Abnormal returns while chunks are written into them, in any order of rows."""

    def __init__(self, inputs: Inputs, model: Model, level: Floats | None) -> None:
        n, k = inputs.security.size, inputs.columns
        self.inputs = inputs
        self.model = model
        self.level = level
        self.suspect = np.zeros(n, dtype=bool)
        self.ar = np.empty((n, inputs.length))
        self.share = np.zeros((n, k))
        self.sigma = np.empty(n)
        self.m = np.empty(n, dtype=np.int64)
        self.df = np.empty(n, dtype=np.int64)
        self.status = np.empty(n, dtype=np.int8)
        self.degenerate = np.empty(n, dtype=bool)
        self.design = np.empty(n, dtype=np.int64)
        self.fallback = np.zeros(n, dtype=bool)
        self.mix: Floats | None = None
        self.variance: Floats | None = None
        self._ahead: list[Floats] = []
        self._to_coef: list[Floats] = []
        self._designs = 0
        self._lock = Lock()

    def add_basis(self, basis: Basis) -> int:
        """Keep the event window's rows of a block of designs; return the number of designs before it."""
        base = self._designs
        ahead, to_coef = basis.ahead if self.inputs.forecast else np.zeros_like(basis.ahead), basis.to_coef
        idle = self.inputs.columns - ahead.shape[1]  # columns that these designs lack
        if idle:
            ahead = np.pad(ahead, ((0, 0), (0, idle), (0, 0)))
            to_coef = np.pad(to_coef, ((0, 0), (0, idle), (0, idle)))
        self._ahead.append(ahead)
        self._to_coef.append(to_coef)
        self._designs += len(ahead)
        return base

    def gathered(self) -> tuple[Floats, Floats]:
        """Return the event window's rows and the mapping to coefficients of all designs, in order."""
        k = self.inputs.columns
        ahead = np.concatenate(self._ahead) if self._ahead else np.zeros((0, k, self.inputs.length))
        return ahead, np.concatenate(self._to_coef) if self._to_coef else np.zeros((0, k, k))

    def note_suspects(self, rows: Ints | slice, window: Floats) -> None:
        """Note whose window holds a return of 1000 % or more; the usual chunk has none and pays for one maximum."""
        size = np.abs(window)
        if not size.max(initial=0.0) < SUSPECT:
            self.suspect[rows] = (size >= SUSPECT).any(axis=1)

    def mean(self, rows: slice) -> Floats:
        """Return the (n, 1) constants of a model that has nothing else."""
        designs = np.concatenate(self._to_coef)[self.design[rows]]
        mean: Floats = np.matvec(designs, self.share[rows])[:, :1]
        return mean

    def set_mix(self, rows: Ints | slice, mix: Floats) -> None:
        """Keep the mixing matrices of `rows`."""
        with self._lock:  # chunks of several threads may be the first
            if self.mix is None:
                unit = np.eye(self.inputs.columns)
                self.mix = np.broadcast_to(unit, (self.sigma.size, *unit.shape)).copy()
        self.mix[rows, : mix.shape[1], : mix.shape[1]] = mix

    def set_variance(self, rows: Ints | slice, variance: Floats) -> None:
        """Keep the variances of the disturbances of `rows` at each bar."""
        if self.variance is None:
            self.variance = np.full(self.ar.shape, np.nan)
        self.variance[rows] = variance
