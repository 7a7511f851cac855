"""Security-events compared with mixtures of donors: the pool once a date, the weights for each security-event."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eventstudy._typing import Floats, Ints
from eventstudy.abnormal.engine.draft import Draft
from eventstudy.abnormal.engine.grams import Bars, bars_of_date
from eventstudy.abnormal.engine.inputs import Inputs
from eventstudy.abnormal.exclusion import Exclusion
from eventstudy.abnormal.models.donor_pool import Donor
from eventstudy.abnormal.models.synthetic_control import (
    DonorWindows,
    Mixture,
    SyntheticControl,
    SyntheticDiD,
    donor_windows,
    mixture,
)
from eventstudy.abnormal.orthonormal import Basis
from eventstudy.abnormal.window_sample import EstimationRecord
from eventstudy.abnormal.windows import bars_of

Mixed = SyntheticControl | SyntheticDiD


@dataclass(frozen=True, slots=True)
class MixtureFit:
    """The mixtures of N security-events on D dates.

    Attributes
    ----------
    day0 : (D,) int
        Bar of relative day 0 of each date, ascending.
    state : (D, J) int8
        `Donor` values.
    found : tuple of N Mixture or None
        None for the excluded.
    bars : tuple of N (M,) int
        Estimation bars used, as places in the estimation window.
    donors : tuple of N (a,) int
        Donors with a positive weight.
    """

    day0: Ints
    state: NDArray[np.int8]
    found: tuple[Mixture | None, ...]
    bars: tuple[Ints, ...]
    donors: tuple[Ints, ...]

    def take(self, rows: Ints) -> MixtureFit:
        """Return the security-events `rows`, in that order."""
        parts = (tuple(part[row] for row in rows.tolist()) for part in (self.found, self.bars, self.donors))
        return MixtureFit(self.day0, self.state, *parts)

    @property
    def coef(self) -> Floats:
        """(N, J) weights of all donors; NaN for the excluded."""
        dense = np.zeros((len(self.found), self.state.shape[1]))
        for row, (found, donors) in enumerate(zip(self.found, self.donors, strict=True)):
            if found is None:
                dense[row] = np.nan
            else:
                dense[row, donors] = found.weights.weight
        return dense


@dataclass(frozen=True, slots=True)
class DatePool:
    """The donors of one date and the bars on which they are read.

    Attributes
    ----------
    bars : Bars
    donor : (U,) int
        Donors in use.
    windows : DonorWindows
    """

    bars: Bars
    donor: Ints
    windows: DonorWindows


def date_pool(inputs: Inputs, model: Mixed, day0: int, studied: Ints) -> tuple[NDArray[np.int8], DatePool | None]:
    """Return what became of each donor (J,) on a date, and the pool; None with fewer than two donors or no bars."""
    pool = inputs.pool
    assert pool is not None  # noqa: S101  the engine makes one for every model with donors
    bars = bars_of_date(inputs, pool, day0)
    state = pool.state(day0, studied, bars.estimation, bars.window, 0.0)
    donor = np.flatnonzero(state == Donor.USED)
    if donor.size < 2 or not bars.window.size or bars.estimation.size < inputs.minimum:
        return state, None
    windows = donor_windows(
        model, pool.returns[np.ix_(donor, bars.estimation)], pool.returns[np.ix_(donor, bars.window)]
    )
    return state, DatePool(bars, donor, windows)


def estimate_mixtures(inputs: Inputs, model: Mixed) -> tuple[Draft, Floats, MixtureFit]:
    """Fit every security-event of `inputs`; return the draft, the (N, L) normal returns, and the mixtures."""
    n = inputs.day0.size
    dates, code = np.unique(inputs.day0, return_inverse=True)
    pool = inputs.pool
    assert pool is not None  # noqa: S101  the engine makes one for every model with donors
    states = np.zeros((dates.size, len(pool.returns)), dtype=np.int8)
    found: list[Mixture | None] = [None] * n
    none = np.empty(0, dtype=np.int64)
    used, donors = [none] * n, [none] * n
    out_status, m = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int64)
    tallest = np.zeros(n)
    expected = np.full((n, inputs.length), np.nan)
    order = np.argsort(code, kind="stable")
    for at, rows in enumerate(np.split(order, np.flatnonzero(np.diff(code[order])) + 1) if n else []):
        states[at], date = date_pool(inputs, model, int(dates[at]), inputs.security[rows])
        for row in rows.tolist():
            who = np.array([row])
            y, there = estimation_bars(inputs, inputs.security[who], inputs.day0[who])
            if date is not None:
                there = there[date.bars.place]
                y = y[date.bars.place]
            m[row] = there.sum()
            if np.isinf(y).any():
                out_status[row] = Exclusion.INFINITE_RETURN
            elif m[row] < inputs.minimum:
                out_status[row] = Exclusion.TOO_FEW_BARS
            elif date is None:
                out_status[row] = Exclusion.FEW_DONORS
            else:
                windows = date.windows
                if not there.all():
                    windows = donor_windows(model, windows.estimation[:, there], windows.window)
                one = mixture(y[there], windows)
                if not one.weights.optimal or one.df < 1:
                    out_status[row] = Exclusion.NO_CONVERGENCE
                    continue
                found[row], used[row] = one, date.bars.place[there]
                donors[row] = date.donor[one.weights.donor]
                expected[row, date.bars.window_place] = one.expected
                tallest[row] = np.abs(y[there]).max()
    fit = MixtureFit(dates, states, tuple(found), tuple(used), tuple(donors))
    draft = _written(inputs, model, fit, expected, (out_status, m, tallest), code, dates)
    kept = (one if status == Exclusion.STUDIED else None for one, status in zip(found, draft.status, strict=True))
    return draft, expected, replace(fit, found=tuple(kept))


def estimation_bars(inputs: Inputs, security: Ints, day0: Ints) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the (T,) response of one security-event over its estimation window, and which bars can be used."""
    begin = day0 + inputs.estimation[0]
    y = inputs.response(security, begin, inputs.planned)
    there = ~np.isnan(y) & inputs.unmasked_at(security, begin, inputs.planned)
    return np.where(there, y, 0.0)[0], np.asarray(there[0])


def _written(
    inputs: Inputs,
    model: Mixed,
    fit: MixtureFit,
    expected: Floats,
    facts: tuple[NDArray[np.int8], Ints, Floats],
    code: Ints,
    dates: Ints,
) -> Draft:
    """Return the mixtures as the engine's own arrays; each security-event has a design of its own."""
    status, m, tallest = facts
    columns = max((len(one.ahead) for one in fit.found if one is not None), default=0)
    out = Draft(replace(inputs, columns=columns), model, None)
    n = status.size
    ahead = np.zeros((n, columns, inputs.length))
    ar = inputs.response(inputs.security, inputs.day0 + inputs.window[0], inputs.length)
    out.note_suspects(slice(None), np.nan_to_num(ar, posinf=np.inf, neginf=np.inf))
    empty = ~np.isfinite(ar).any(axis=1)
    infinite = np.isinf(ar).any(axis=1)
    ar -= expected
    out.sigma[:], out.df[:] = np.nan, m - inputs.k
    pool = inputs.pool
    assert pool is not None  # noqa: S101  the same
    place = [bars_of_date(inputs, pool, int(day)).window_place for day in dates]
    for row, one in enumerate(fit.found):
        if one is not None:
            out.sigma[row], out.df[row] = one.sigma, one.df
            ahead[row, : len(one.ahead), place[code[row]]] = one.ahead.T
    known = status == Exclusion.STUDIED
    status[known & (empty | ~np.isfinite(ar).any(axis=1))] = Exclusion.NO_RETURNS_IN_WINDOW
    status[known & infinite] = Exclusion.INFINITE_RETURN
    bad = status != Exclusion.STUDIED
    ar[bad] = out.sigma[bad] = np.nan
    out.ar[:], out.m[:], out.status[:] = ar, m, status
    out.degenerate[:] = ~bad & ~(out.sigma > 1e-10 * tallest)
    out.share[:] = 0.0
    out.design[:] = np.arange(n)
    out.add_basis(Basis(np.empty((n, columns, 0)), ahead, np.zeros((n, 0, columns)), np.ones(n, dtype=bool)))
    return out


def mixture_record(inputs: Inputs, fit: MixtureFit, first: int, last: int) -> EstimationRecord:
    """Return residuals and leverages of the estimation windows; the design is the constant alone."""
    n = inputs.day0.size
    residual = np.full((n, inputs.planned), np.nan)
    leverage = residual.copy()
    for row, one in enumerate(fit.found):
        if one is not None:
            residual[row, fit.bars[row]] = one.residual
            leverage[row, fit.bars[row]] = np.minimum(np.vecdot(one.basis.T, one.basis.T), 1 - 1e-9)
    return EstimationRecord(
        residual=residual,
        leverage=leverage,
        bar=bars_of(inputs.day0, *inputs.estimation, inputs.bars),
        design=np.where(np.isfinite(residual), 1.0, np.nan)[:, :, None],
        window_design=np.ones((n, last - first + 1, 1)),
    )
