"""Abnormal returns with all that their variances need, for any window inside the event window without a refit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Bools, Floats, Ints
from eventstudy.abnormal.engine.coordinates import Coordinates, leverage
from eventstudy.abnormal.engine.estimation_record import estimation_record
from eventstudy.abnormal.engine.factor_fit import FactorFit
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.engine.mixture_fit import MixtureFit, mixture_record
from eventstudy.abnormal.engine.per_window import own_record
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.protocol import Model, is_own
from eventstudy.abnormal.window_sample import ClockRecord, EstimationRecord, WindowSample
from eventstudy.abnormal.windows import bars_of
from eventstudy.checks import checked
from eventstudy.errors import StudyError

Missing = Literal["available", "strict", "lump"]

CELLS: Final = 100_000
"""Doubles of one array that a step over all security-events holds beside its output: what the caches of a core hold."""


class InsideDay(Protocol):
    """What a fit inside the day keeps beside its abnormal returns."""

    def take(self, rows: Ints) -> InsideDay:
        """Return the security-events `rows`."""
        ...

    def record(self, first: int, last: int) -> ClockRecord:
        """Return what the tests see of relative bars `first` .. `last`."""
        ...


@dataclass(frozen=True, slots=True)
class AbnormalReturns:
    """The abnormal returns of N security-events over L bars.

    Attributes
    ----------
    ar : (N, L) float
        Abnormal returns, decimals; NaN where a return or regressor is missing, and for the excluded.
    sigma : (N,) float
        Residual standard deviation, divisor M - k.
    m, df : (N,) int
        Usable estimation bars M, and M - k.
    status : (N,) int8
        `Exclusion` values; 0 is studied.
    degenerate : (N,) bool
        The residual variance is zero for all that the figures can tell (a price that does not move): the abnormal
        returns stand, standardised ones are NaN.
    coordinates : Coordinates
        The fitted normal returns; `coef` and `car` read them.
    variance : (N, L) float or None
        Variance of the disturbance at each bar, where the model has one that moves; None: sigma^2.
    flat : bool
        `variance` at a bar is that of every bar of a window that begins there.
    suspect : (N,) bool
        A return of the event window is ten or more in absolute value (1000 %): kept, and to be looked at.
    fallback : (N,) bool
        Ordinary least squares stands in for an estimator that found nothing.
    inputs : Inputs
        What was estimated on.
    model : Model
        The normal-return model.
    level : (B,) float or None
        The level series that its variance reads.
    pool : FactorFit, MixtureFit or None
        What was found in the donors of each date, where the model has donors.
    inside : InsideDay or None
        What is known of other sessions at the same clock times, where the model is that of bars within a day.
    """

    ar: Floats
    sigma: Floats
    m: Ints
    df: Ints
    status: NDArray[np.int8]
    degenerate: Bools
    coordinates: Coordinates
    variance: Floats | None
    flat: bool
    suspect: Bools
    fallback: Bools
    inputs: Inputs
    model: Model
    level: Floats | None
    pool: FactorFit | MixtureFit | None = None
    inside: InsideDay | None = None

    @property
    def k(self) -> int:
        """Mean parameters of the model."""
        return self.inputs.k

    @property
    def security(self) -> Ints:
        """(N,) row of each security in the panel."""
        return self.inputs.security

    @property
    def day0(self) -> Ints:
        """(N,) bar of relative day 0."""
        return self.inputs.day0

    @property
    def relative_day(self) -> Ints:
        """(L,) relative days of the event window."""
        return np.arange(self.inputs.window[0], self.inputs.window[1] + 1)

    @property
    def coef(self) -> Floats:
        """(N, k) coefficients of the normal-return model, the constant first; NaN for the excluded.

        Of mixtures of donors their weights, (N, J).
        """
        return self.pool.coef if isinstance(self.pool, MixtureFit) else self.coordinates.coef

    @property
    def studied(self) -> Bools:
        """(N,) whether the security-event is studied."""
        return np.equal(self.status, Exclusion.STUDIED)

    def take(self, rows: Ints) -> AbnormalReturns:
        """Return the security-events `rows`, in that order."""
        inputs = replace(self.inputs, security=self.security[rows], day0=self.day0[rows])
        return replace(
            self,
            ar=self.ar[rows],
            sigma=self.sigma[rows],
            m=self.m[rows],
            df=self.df[rows],
            status=self.status[rows],
            degenerate=self.degenerate[rows],
            suspect=self.suspect[rows],
            fallback=self.fallback[rows],
            coordinates=self.coordinates.take(rows),
            variance=None if self.variance is None else self.variance[rows],
            inputs=inputs,
            pool=None if self.pool is None else self.pool.take(rows),
            inside=None if self.inside is None else self.inside.take(rows),
        )

    def ar_se(self) -> Floats:
        """Return (N, L): the forecast standard error of each abnormal return, sigma sqrt(1 + h_t); NaN where missing."""
        n, length = self.ar.shape
        fit = self.coordinates
        if fit.mix is None and self.variance is None:  # one factor a design serves all its security-events
            error: Floats = np.sqrt(1.0 + leverage(fit.ahead))[fit.design]
            error *= self.sigma[:, None]
            error[np.isnan(self.ar)] = np.nan
            return error
        error = np.empty((n, length))
        step = max(1, CELLS // max(1, self.k * length))
        for low in range(0, n, step):
            rows = slice(low, low + step)
            part = fit.take(rows)
            ratio = leverage(part.ahead[part.design], part.mix)
            if self.variance is None:
                error[rows] = np.sqrt(1.0 + ratio) * self.sigma[rows, None]
            else:
                error[rows] = np.sqrt(self.variance[rows] + self.sigma[rows, None] ** 2 * ratio)
        error[~np.isfinite(self.ar)] = np.nan
        return error

    def sar(self) -> Floats:
        """Return (N, L): the standardized abnormal returns AR / (sigma sqrt(1 + h_t)); NaN where sigma is degenerate."""
        error = self.ar_se()
        with np.errstate(invalid="ignore", divide="ignore"):
            np.divide(self.ar, error, out=error)
        error[self.degenerate] = np.nan
        return error

    @checked()
    def car(self, first: int, last: int, missing: Missing = "available") -> tuple[Floats, Floats, Ints]:
        """Return CAR, its standard error and its number of bars over relative days `first` .. `last`.

        Parameters
        ----------
        first, last : int
            Both included, inside the event window.
        missing : {"available", "strict", "lump"}
            ``"available"``: the sum over the finite bars, and the variance of exactly those; ``"strict"``: NaN unless
            every bar is finite; ``"lump"``: as ``"available"``, on returns that reach over the missing bars.

        Notes
        -----
        Var(g'AR) = sigma^2 (g'g + g'X*(X'X)^-1 X*'g), g the indicator of the bars that are there (METHODS: VC).
        """
        columns, fit = self.columns(first, last), self.coordinates
        ar = self.ar[:, columns]
        total = ar.sum(axis=1)
        count = np.full(len(ar), ar.shape[1], dtype=np.int64)
        weight = fit.ahead[:, :, columns].sum(axis=2)[fit.design]
        rows = np.flatnonzero(np.isnan(total))
        step = max(1, CELLS // max(1, self.k * ar.shape[1]))
        for low in range(0, rows.size, step):
            part = rows[low : low + step]
            there = np.isfinite(ar[part])
            count[part] = there.sum(axis=1)
            total[part] = np.where(there, ar[part], 0.0).sum(axis=1)
            ahead = np.where(there[:, None, :], fit.ahead[fit.design[part]][:, :, columns], 0.0)
            weight[part] = ahead.sum(axis=2)
        if fit.mix is not None:
            weight = np.matvec(fit.mix, weight)
        square = self.sigma**2
        spread = np.sqrt(self._noise(columns, ar, count, square) + square * np.vecdot(weight, weight))
        gone = (count < ar.shape[1]) if missing == "strict" else (count == 0)
        total[gone] = np.nan
        spread[gone] = np.nan
        return total, spread, count

    def _noise(self, columns: slice, ar: Floats, count: Ints, square: Floats) -> Floats:
        """Return the variance of the summed disturbances over the bars that are there."""
        if self.variance is None:
            return count * square
        if self.flat:
            return count * self.variance[:, columns.start]
        inside = self.variance[:, columns]
        total: Floats = np.where(np.isfinite(ar), inside, 0.0).sum(axis=1)
        return total

    @checked()
    def sample(
        self, first: int, last: int, missing: Missing = "available", *, estimation: bool = False
    ) -> WindowSample:
        """Return one tested window as the input of the significance tests.

        Parameters
        ----------
        first, last : int
            Relative days, both included, inside the event window.
        missing : {"available", "strict", "lump"}
            As in `car`.
        estimation : bool
            Whether to keep the estimation windows; they are N x T and computed for this call.
        """
        columns = self.columns(first, last)
        car, car_se, _ = self.car(first, last, missing)
        return WindowSample(
            relative_day=np.arange(first, last + 1),
            bar=bars_of(self.day0, first, last, self.inputs.bars),
            security=self.security,
            day0=self.day0,
            ar=self.ar[:, columns],
            ar_se=self.ar_se()[:, columns],
            car=car,
            car_se=car_se,
            sigma=self.sigma,
            m=self.m,
            df=self.df,
            k=self.k,
            estimation=self.record(first, last) if estimation and self.inside is None else None,
            clock=None if self.inside is None or not estimation else self.inside.record(first, last),
            within_day=self.inside is not None,
            degenerate=self.degenerate,
            least_squares=not is_own(self.model),
            study_ar=self.ar if estimation else None,
            study_first=self.inputs.window[0],
        )

    @checked()
    def record(self, first: int, last: int) -> EstimationRecord:
        """Return the estimation windows, and the design of the tested window ``first`` .. ``last``."""
        if self.inside is not None:
            msg = "inside the day each session has an estimation of its own; its tests read sample.clock, not sample.estimation"
            raise StudyError(msg)
        whole, kept = self.whole_record(first, last), self.inputs.kept
        if kept is None:
            return whole
        cut = {name: getattr(whole, name)[:, kept] for name in ("residual", "leverage", "bar", "design")}
        return replace(whole, **cut)

    @checked()
    def whole_record(self, first: int, last: int) -> EstimationRecord:
        """Return the same with the bars between two estimation windows, where nothing is used."""
        if isinstance(self.pool, MixtureFit):
            return mixture_record(self.inputs, self.pool, first, last)
        if is_own(self.model):
            return own_record(self.inputs, self.model, self.coordinates.share, self.coordinates.mix, (first, last))
        return estimation_record(self.inputs, first, last, None if self.pool is None else self.pool.columns)

    @checked()
    def columns(self, first: int, last: int) -> slice:
        """Return where relative days `first` .. `last` stand in the event window; an error if they do not."""
        begin, end = self.inputs.window
        if not begin <= first <= last <= end:
            msg = f"window ({first}, {last}) must lie inside the event window ({begin}, {end}) of the study"
            raise StudyError(msg)
        return slice(first - begin, last - begin + 1)
